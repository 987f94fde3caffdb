"""The monthly supervision report: what came in, what is late, and what keeps coming back."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from attrs import frozen

from crmkit.complaints.facts.case import count_receipt, each_once, summarize_case
from crmkit.complaints.facts.counts import (
    MAX_COUNT,
    ComplaintCounts,
    CountedCase,
    Dimension,
    summarize_complaints,
)
from crmkit.complaints.facts.month import CaseMonth, summarize_month
from crmkit.complaints.policies.hot_spots import HotSpots
from crmkit.complaints.policies.obligations import Standing
from crmkit.complaints.policies.profiles import ObligationProfile
from crmkit.complaints.policies.rates import RateEstimate, decimal_of
from crmkit.complaints.policies.rules import ComplaintRules
from crmkit.complaints.records.complaint import Complaint
from crmkit.complaints.records.events import Satisfaction
from crmkit.errors import InvalidValue
from crmkit.identifiers import Actor, check_identifier
from crmkit.ownership import same_actor
from crmkit.period import Period

__all__ = ["SupervisionFacts", "supervise"]

_MOVED = ("open_before", "came_in", "reopened", "taken_out", "merged", "open_after")
_TOLD = (*_MOVED, "answered", "satisfied_with_process")
_ADDED = ("closed", "overdue", "repeat_contacts", "satisfied", "asked", *_TOLD)


@frozen(kw_only=True)
class SupervisionFacts:
    """What the management is told at the end of a month about complaints, as data and as text.

    ``prepared_by`` did the work and ``checked_by`` looked at it: two people, or two units. Numbers
    are those of the period of ``counts``: cases closed, cases in which a deadline had passed at its
    end and was still owed, contacts about a matter already known, and, of the complainants who were
    asked, those who are satisfied with the outcome.

    :func:`supervise` reads all numbers off the trails. Then the report says too how many cases were
    open before, came in, were reopened, merged into others and taken out again, and how many were
    open after; and of those who were asked, how many answered, and how many are satisfied with the
    process.

    :raises InvalidValue: if one person prepares and checks, a number is out of range, more are
        satisfied than were asked, or what was open and moved does not add up.

    >>> from crmkit.complaints.facts.counts import Counted
    >>> facts = SupervisionFacts(
    ...     counts=ComplaintCounts(
    ...         period=Period.month(2026, 5), total=Counted(12, 3),
    ...         by={"cause": {"attitude": Counted(2), "packaging": Counted(9)}},
    ...     ),
    ...     closed=10, overdue=1, repeat_contacts=3, satisfied=7, asked=9,
    ...     prepared_by="service", checked_by="sales",
    ... )
    >>> print(facts.to_text())
    complaints from 2026-05-01 to 2026-05-31
    received: 12, praise: 3, closed: 10, overdue: 1
    repeat contacts: 3 (0.25 for each complaint)
    satisfied: 7 of 9 asked
    causes: packaging 9, attitude 2, not known 1
    prepared by service, checked by sales
    """

    counts: ComplaintCounts
    closed: int
    overdue: int
    repeat_contacts: int
    satisfied: int
    asked: int
    prepared_by: Actor
    checked_by: Actor
    rates: tuple[RateEstimate, ...] = ()
    hot_spots: tuple[HotSpots, ...] = ()
    zone: str | None = None
    """The time zone by whose clocks a day, and so the month, begins and ends."""
    open_before: int | None = None
    came_in: int | None = None
    """How many were received, those included that were merged into others by the end."""
    reopened: int | None = None
    taken_out: int | None = None
    merged: int | None = None
    open_after: int | None = None
    answered: int | None = None
    satisfied_with_process: int | None = None

    def __attrs_post_init__(self) -> None:
        check_identifier(self.prepared_by, "prepared_by")
        check_identifier(self.checked_by, "checked_by")
        if same_actor(self.prepared_by, self.checked_by):
            raise InvalidValue("who prepares a report does not check it: name somebody else")
        numbers = [getattr(self, name) for name in _ADDED]
        known = [number for number in numbers if number is not None]
        if any(type(number) is not int or not 0 <= number <= MAX_COUNT for number in known):
            raise InvalidValue(f"numbers of a report are whole, from 0 to {MAX_COUNT:,}")
        if self.satisfied > self.asked:
            raise InvalidValue("no more are satisfied than were asked")
        if len(known) < len(numbers):
            if any(getattr(self, name) is not None for name in (*_TOLD, "zone")):
                raise InvalidValue(f"a report from trails says all: zone, {', '.join(_TOLD)}")
        else:
            self._check_sums()

    def _check_sums(self) -> None:
        came = self._sum("open_before", "came_in", "reopened", "taken_out")
        if self.zone is None or came != self._sum("closed", "merged", "open_after"):
            raise InvalidValue(
                "what was open before and came in was closed, merged or is open after, in a zone"
            )
        if not self._sum("satisfied") <= self._sum("answered") <= self.asked or (
            self._sum("satisfied_with_process") > self.asked
        ):
            raise InvalidValue("no more are satisfied than answered, and no more than were asked")
        if self.counts.total.complaints > self._sum("came_in"):
            raise InvalidValue("no more complaints are counted than came in")

    def _sum(self, *names: str) -> int:
        return sum(getattr(self, name) or 0 for name in names)

    def merge(self, other: "SupervisionFacts") -> "SupervisionFacts":
        """The reports of two branches that have no complaint in common, as one.

        Rates and hot spots do not add up: work them out anew from the counts.

        :raises InvalidValue: if the month, the zone or the people differ, or one report is from
            trails and the other is not.
        """
        if (self.zone, self.prepared_by, self.checked_by) != (
            other.zone,
            other.prepared_by,
            other.checked_by,
        ):
            raise InvalidValue("two reports become one in one zone, by the same two people")
        told = [name for name in _ADDED if getattr(self, name) is not None]
        return SupervisionFacts(
            counts=self.counts.merge(other.counts),
            prepared_by=self.prepared_by,
            checked_by=self.checked_by,
            zone=self.zone,
            **{name: getattr(self, name) + getattr(other, name) for name in told},
        )

    @property
    def repeat_contact_rate(self) -> Fraction | None:
        """Contacts about a known matter for each complaint; None in a month without complaints."""
        received = self.counts.total.complaints
        return Fraction(self.repeat_contacts, received) if received else None

    @property
    def causes(self) -> tuple[tuple[str, int], ...]:
        """The causes and their complaints, the most frequent first."""
        counted = self.counts.by.get(Dimension.CAUSE, {}).items()
        pairs = [(cause, pair.complaints) for cause, pair in counted if pair.complaints]
        return tuple(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))

    def to_text(self) -> str:
        """The report as lines for the management."""
        total, zone = self.counts.total, "" if self.zone is None else f", in {self.zone}"
        return "\n".join(
            [
                f"complaints from {self.counts.period.start} to {self.counts.period.last}{zone}",
                f"received: {total.complaints:,}, praise: {total.praise:,}, "
                f"closed: {self.closed:,}, overdue: {self.overdue:,}",
                *self._moved(),
                self._repeats(),
                self._satisfied(),
                *(f"rate: {rate}" for rate in self.rates),
                self._causes(),
                *(str(spots) for spots in self.hot_spots),
                f"prepared by {self.prepared_by}, checked by {self.checked_by}",
            ]
        )

    def _moved(self) -> list[str]:
        if self.zone is None:
            return []
        return [
            f"open: {self.open_before:,} before, {self.came_in:,} came in, "
            f"{self.reopened:,} reopened, {self.taken_out:,} taken out of others, "
            f"{self.closed:,} closed, {self.merged:,} merged into others, {self.open_after:,} after"
        ]

    def _satisfied(self) -> str:
        outcome = f"satisfied: {self.satisfied:,} of {self.asked:,} asked"
        if self.zone is None:
            return outcome
        process = f"{self.satisfied_with_process:,} with the process"
        return f"{outcome}, {process}; {self.answered:,} answered"

    def _repeats(self) -> str:
        rate = self.repeat_contact_rate
        each = f" ({decimal_of(rate):f} for each complaint)" if rate is not None else ""
        return f"repeat contacts: {self.repeat_contacts:,}{each}"

    def _causes(self) -> str:
        words = [f"{cause} {number:,}" for cause, number in self.causes]
        unknown = self.counts.unknown(Dimension.CAUSE).complaints
        words += [f"not known {unknown:,}"] if unknown else []
        return f"causes: {', '.join(words) or 'none'}"


def supervise(
    complaints: Iterable[Complaint],
    month: Period,
    zone: ZoneInfo,
    *,
    prepared_by: Actor,
    checked_by: Actor,
    rules: ComplaintRules | None = None,
    profiles: tuple[ObligationProfile, ...] = (),
    praise: Iterable[CountedCase] = (),
) -> SupervisionFacts:
    """Read the report of a month off the trails of all complaints, old ones included.

    A day, and so the month, is that of the zone. All numbers are as of the end of the month: what
    happened later changes nothing. What was recorded later counts on the day on which it happened;
    pass each complaint as :meth:`~crmkit.complaints.Complaint.known_by` has it to see what was
    known then. A complaint that is merged into another is no complaint of its own in ``counts``.
    Neither the order of the complaints matters, nor that one is handed in twice.

    ``profiles`` are the deadlines of the desk; without one nothing is overdue. Give the result its
    rates and hot spots with :func:`attrs.evolve`.

    :raises InvalidValue: if the zone has no name, or two complaints bear one number.
    :raises InvalidPolicy: if a complaint follows a lifecycle that the rules do not know, or a
        calendar of a profile has not been bound.

    >>> from crmkit.identifiers import ComplaintId
    >>> from crmkit.complaints.records.receipt import Receipt
    >>> told = ComplaintRules().receive(Receipt(
    ...     id=ComplaintId("K-1"), received_at=datetime(2026, 5, 31, 22, 30, tzinfo=UTC),
    ...     channel="phone", received_by=Actor("anna"),
    ... ))
    >>> for number in (5, 6):
    ...     print(supervise(
    ...         [told], Period.month(2026, number), ZoneInfo("Europe/Berlin"),
    ...         prepared_by=Actor("service"), checked_by=Actor("sales"),
    ...     ).came_in)
    0
    1
    """
    if not isinstance(zone, ZoneInfo) or zone.key is None:
        raise InvalidValue("the zone of a report has a name: pass ZoneInfo('Europe/Berlin')")
    rules = ComplaintRules() if rules is None else rules
    tables = {(table.name, table.version): table for table in (rules.lifecycle, *rules.former)}
    at = _last_instant(month, zone)
    numbers, cases = Counter(dict.fromkeys(_ADDED, 0)), [*praise]
    for complaint in each_once(complaints):
        row = summarize_month(complaint, month, zone, tables)
        if row is None:
            continue
        numbers.update(_numbers_of(row))
        if not row.is_merged:
            cases.append(count_receipt(complaint.receipt, row.cause, zone))
            numbers["overdue"] += _is_overdue(complaint, rules, profiles, at)
    added: dict[str, Any] = dict(numbers)
    return SupervisionFacts(
        counts=summarize_complaints(cases, month),
        prepared_by=prepared_by,
        checked_by=checked_by,
        zone=zone.key,
        **added,
    )


def _last_instant(month: Period, zone: ZoneInfo) -> datetime:
    # A midnight that the clock jumps over is the moment of the jump; one that comes twice counts
    # the second time, when the last day is over for good.
    midnight = datetime.combine(month.end, time.min, tzinfo=zone)
    over = max(midnight.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    return over - timedelta(microseconds=1)


_SATISFIED = (Satisfaction.SATISFIED, Satisfaction.VERY_SATISFIED)


def _numbers_of(row: CaseMonth) -> dict[str, int]:
    numbers = {name: getattr(row, name) for name in (*_MOVED, "closed", "repeat_contacts")}
    if row.asked is not None:
        numbers["asked"] = 1
        numbers["answered"] = int(row.asked.outcome is not Satisfaction.NO_ANSWER)
        numbers["satisfied"] = int(row.asked.outcome in _SATISFIED)
        numbers["satisfied_with_process"] = int(row.asked.process in _SATISFIED)
    return numbers


def _is_overdue(
    complaint: Complaint,
    rules: ComplaintRules,
    profiles: tuple[ObligationProfile, ...],
    at: datetime,
) -> bool:
    if not profiles:
        return False
    history = summarize_case(complaint, rules.table_of(complaint))
    states = (state for profile in profiles for state in profile.agenda(history, at))
    return any(state.standing is Standing.OVERDUE for state in states)
