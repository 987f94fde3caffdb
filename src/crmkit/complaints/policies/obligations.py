"""What has to be done about a complaint, by when, and what it has to say: deadlines as data."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from itertools import pairwise

from attrs import field, frozen

from crmkit.complaints.facts.history import RECEIVED_MARK, Mark
from crmkit.complaints.policies.allowances import Allowance, WorkingHours
from crmkit.complaints.records.names import as_name_set
from crmkit.errors import InvalidPolicy
from crmkit.identifiers import check_identifier
from crmkit.period import check_instant

__all__ = [
    "Content",
    "Excuse",
    "FormerTerms",
    "Obligation",
    "ObligationState",
    "Standing",
    "Window",
]


def _names(names: Iterable[str]) -> tuple[str, ...]:
    if isinstance(names, str):
        raise InvalidPolicy("names are a tuple of texts: write ('respond',), not 'respond'")
    return tuple(names)


def _check_names(names: tuple[str, ...], what: str) -> None:
    for name in names:
        check_identifier(name, what)


@frozen(kw_only=True)
class Content:
    """What a message of one kind has to say before it counts: all items, and one of some others.

    :raises InvalidPolicy: if it asks for nothing, or ``one_of`` leaves no choice.
    :raises InvalidIdentifier: if a name could not serve as a key.

    >>> letter = Content(
    ...     message="final-response",
    ...     items={"ombudsman-leaflet"},
    ...     one_of={"accepts", "rejects-with-reasons"},
    ... )
    >>> letter.missing_in(frozenset({"accepts"}))
    ('ombudsman-leaflet',)
    """

    message: str
    items: frozenset[str] = field(default=frozenset(), converter=as_name_set)
    one_of: frozenset[str] = field(default=frozenset(), converter=as_name_set)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.message, "the kind of a message")
        _check_names(tuple(sorted(self.items | self.one_of)), "an item of content")
        if not self.items and not self.one_of:
            raise InvalidPolicy(f"the content of {self.message} asks for nothing: leave it out")
        if len(self.one_of) == 1:
            raise InvalidPolicy(f"one of one item is no choice in {self.message}: put it in items")

    def missing_in(self, contains: frozenset[str]) -> tuple[str, ...]:
        """What a message lacks; nothing if it says all it has to."""
        lacking = sorted(self.items - contains)
        if self.one_of and not self.one_of & contains:
            lacking.append(" or ".join(sorted(self.one_of)))
        return tuple(lacking)


@frozen
class Excuse:
    """What takes an obligation away: a mark, perhaps only within so long after the receipt.

    It has to come before the obligation is met or missed; afterwards it takes nothing back. It
    holds until the case is taken up again.

    :raises InvalidPolicy: if it names no mark.
    """

    by: tuple[str, ...] = field(converter=_names)
    within: Allowance | None = None

    def __attrs_post_init__(self) -> None:
        if not self.by:
            raise InvalidPolicy("an excuse names the marks that bring it, such as ('withdraw',)")
        _check_names(self.by, "the mark of an excuse")


def _excuses(excuses: Iterable[Excuse]) -> tuple[Excuse, ...]:
    return tuple(excuses)


def _contents(content: Iterable[Content]) -> tuple[Content, ...]:
    return tuple(content)


@frozen(kw_only=True)
class FormerTerms:
    """How many working hours there were until an instant, and by which calendar.

    :raises NaiveDatetime: if the instant has no time zone.
    :raises InvalidIdentifier: if the name of the calendar could not serve as a key.
    """

    until: datetime
    within: WorkingHours
    calendar: str

    def __attrs_post_init__(self) -> None:
        check_instant(self.until, "the end of former terms")
        check_identifier(self.calendar, "the name of a calendar")


def _formers(terms: Iterable[FormerTerms]) -> tuple[FormerTerms, ...]:
    return tuple(terms)


@frozen(kw_only=True)
class Obligation:
    """One thing that has to be done about a complaint, and by when.

    It begins with the first mark named in ``starts_with`` (if ``starts_within`` is given, only with
    one that comes so soon after the receipt) and is met by the first later one of ``met_by`` that
    says what ``content`` asks for; with ``early_counts`` also by one that came before the start. Of
    what begins with the receipt, anything counts: clocks differ, and nothing is done before it.
    ``within`` is counted by the calendar of the name ``calendar``. Waiting for somebody listed in
    ``suspended_by`` stops the clock: working hours and calendar days can be stopped, other
    allowances can not.

    With ``repeats_every`` a further round begins whenever one was met, until a mark of
    ``repeats_until`` has been set; a round that was missed stays missed until it is met. A mark of
    ``anew_with``, such as ``"reopen"``, takes up again what was met or excused: a round begins with
    it that has all of ``within``. What is still owed then goes on as it was.

    When a desk gets other hours, or makes another promise, ``former`` tells what held until when. A
    case that is open then goes on with the working time it has taken, by the hours it took it in;
    what was missed under the former terms stays missed.

    A complaint that is merged into another owes nothing more of its own, for as long as it is; what
    it had missed by then stays missed.

    :raises InvalidPolicy: if no mark starts or meets it, a mark that meets it is not known to
        ``content`` or ``repeats_until``, it repeats without an end, what settles it takes it up
        again, what cannot be suspended is, or former terms are not those of one count of hours.
    :raises InvalidIdentifier: if a name could not serve as a key.
    """

    name: str
    starts_with: tuple[str, ...] = field(default=(RECEIVED_MARK,), converter=_names)
    starts_within: Allowance | None = None
    met_by: tuple[str, ...] = field(converter=_names)
    early_counts: bool = False
    within: Allowance
    calendar: str
    content: tuple[Content, ...] = field(default=(), converter=_contents)
    suspended_by: frozenset[str] = field(default=frozenset(), converter=as_name_set)
    excused_by: tuple[Excuse, ...] = field(default=(), converter=_excuses)
    repeats_every: Allowance | None = None
    repeats_until: tuple[str, ...] = field(default=(), converter=_names)
    anew_with: tuple[str, ...] = field(default=(), converter=_names)
    former: tuple[FormerTerms, ...] = field(default=(), converter=_formers)
    consequence: str = ""
    source: str = ""

    def __attrs_post_init__(self) -> None:
        check_identifier(self.name, "the name of an obligation")
        check_identifier(self.calendar, "the name of a calendar")
        marks = (*self.starts_with, *self.met_by, *self.repeats_until, *self.anew_with)
        _check_names(marks, "the name of a mark")
        _check_names(tuple(sorted(self.suspended_by)), "whom an obligation waits for")
        if not self.starts_with or not self.met_by:
            raise InvalidPolicy(f"{self.name} needs a mark that starts it and one that meets it")
        self._check_content()
        self._check_repetition()
        self._check_taking_up()
        self._check_suspension()
        self._check_former()

    @property
    def calendar_names(self) -> frozenset[str]:
        """The names of the calendars that it is or was counted by."""
        return frozenset({self.calendar, *(terms.calendar for terms in self.former)})

    def _check_content(self) -> None:
        counted = Counter(content.message for content in self.content)
        if any(count > 1 for count in counted.values()):
            raise InvalidPolicy(f"{self.name} says twice what one kind of message has to contain")
        if unknown := sorted(counted.keys() - set(self.met_by)):
            raise InvalidPolicy(
                f"{self.name} asks for content of {', '.join(unknown)}, which cannot meet it: add "
                f"it to met_by"
            )

    def _check_repetition(self) -> None:
        if (self.repeats_every is None) != (not self.repeats_until):
            raise InvalidPolicy(
                f"{self.name} repeats every so often until a mark: give repeats_every and "
                f"repeats_until, or neither"
            )
        if not set(self.repeats_until) <= set(self.met_by):
            raise InvalidPolicy(
                f"what ends the rounds of {self.name} meets the last: add to met_by"
            )

    def _check_taking_up(self) -> None:
        settling = {*self.met_by, *(name for excuse in self.excused_by for name in excuse.by)}
        if both := sorted(settling & set(self.anew_with)):
            raise InvalidPolicy(
                f"{self.name} cannot be taken up again by {', '.join(both)}, which settles it"
            )

    def _check_suspension(self) -> None:
        for allowance in (self.within, self.repeats_every):
            if self.suspended_by and allowance is not None and not allowance.may_be_suspended:
                raise InvalidPolicy(
                    f"{self.name} cannot be suspended: only WorkingHours and CalendarDays can"
                )

    def _check_former(self) -> None:
        if not self.former:
            return
        if not isinstance(self.within, WorkingHours) or self.repeats_every is not None:
            raise InvalidPolicy(
                f"{self.name} cannot have former terms: only WorkingHours that do not repeat go on "
                f"from what was taken"
            )
        ends = [terms.until.astimezone(UTC) for terms in self.former]
        if any(later <= earlier for earlier, later in pairwise(ends)):
            raise InvalidPolicy(f"the former terms of {self.name} end one after the other")

    def missing_in(self, mark: Mark) -> tuple[str, ...]:
        """What a mark lacks to meet the obligation, although it is of the right kind."""
        asked = (content for content in self.content if content.message == mark.name)
        return tuple(item for content in asked for item in content.missing_in(mark.contains))


@frozen(kw_only=True)
class Window:
    """A span of time that nobody has to meet: to refer a complaint, or to keep its records.

    It opens with the first mark named in ``starts_with`` and closes when ``within`` is over; that
    the case is taken up again does not open it anew.

    :raises InvalidPolicy: if no mark opens it.
    :raises InvalidIdentifier: if a name could not serve as a key.
    """

    name: str
    starts_with: tuple[str, ...] = field(default=(RECEIVED_MARK,), converter=_names)
    within: Allowance
    calendar: str
    source: str = ""

    def __attrs_post_init__(self) -> None:
        check_identifier(self.name, "the name of a window")
        check_identifier(self.calendar, "the name of a calendar")
        _check_names(self.starts_with, "the name of a mark")
        if not self.starts_with:
            raise InvalidPolicy(f"{self.name} needs a mark that opens it")


class Standing(StrEnum):
    """How an obligation stands at an instant."""

    NOT_STARTED = "not-started"
    PENDING = "pending"
    SUSPENDED = "suspended"
    """The case waits for somebody: nothing is due until the wait is over."""
    MET = "met"
    MET_LATE = "met-late"
    OVERDUE = "overdue"
    EXCUSED = "excused"

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done by a known instant."""
        return self in (Standing.PENDING, Standing.OVERDUE)

    @property
    def is_breached(self) -> bool:
        """Whether the deadline was missed, be it made up for or not."""
        return self in (Standing.OVERDUE, Standing.MET_LATE)


@frozen(kw_only=True)
class ObligationState:
    """One obligation of one case at an instant; of one that repeats, one of its rounds.

    Instants are on the wall clock of the obligation's calendar. ``missing`` is what the last answer
    lacked, if it did not count for that reason.
    """

    obligation: str
    round: int = 1
    standing: Standing
    started_at: datetime | None = None
    due_at: datetime | None = None
    met_at: datetime | None = None
    met_by: str | None = None
    excused_at: datetime | None = None
    missing: tuple[str, ...] = ()
    consequence: str = ""

    def __attrs_post_init__(self) -> None:
        for at in (self.started_at, self.due_at, self.met_at, self.excused_at):
            if at is not None:
                check_instant(at, "an instant of an obligation")

    @property
    def breached_at(self) -> datetime | None:
        """Since when the deadline has been missed, which a late answer does not change."""
        return self.due_at if self.standing.is_breached else None
