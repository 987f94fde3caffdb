"""What is done so that a complaint does not come again: causes, actions, notices, case studies."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum

from attrs import evolve, field, frozen

from crmkit.errors import InvalidValue
from crmkit.identifiers import Actor, ComplaintId, check_identifier
from crmkit.ownership import same_actor
from crmkit.period import check_date

__all__ = [
    "ActionKind",
    "ActionState",
    "CaseStudy",
    "CorrectiveAction",
    "EffectivenessCheck",
    "InternalNotice",
    "Recurrence",
    "RootCause",
    "check_complaints",
    "check_text",
]


def check_complaints(complaints: tuple[ComplaintId, ...]) -> None:
    """Refuse what comes from no complaint, or names one twice.

    :raises InvalidValue: saying so.
    """
    if not complaints or len(set(complaints)) < len(complaints):
        raise InvalidValue("name one complaint or more, each once")
    for complaint in complaints:
        check_identifier(complaint, "complaint")


def check_text(text: str, what: str) -> None:
    """Refuse a text that says nothing.

    :raises InvalidValue: saying what is empty.
    """
    if not text.strip():
        raise InvalidValue(f"{what} is empty: say it in a sentence")


@frozen(kw_only=True)
class RootCause:
    """Why it happened, and who answers for it: the person at work, and the head of the unit.

    ``cause`` is a word of the shop's taxonomy. Both the person and the head are named; where the
    head was at work, the two are the same.
    """

    id: str
    complaints: tuple[ComplaintId, ...]
    cause: str
    unit: str
    person: Actor
    head: Actor
    found_on: date
    explanation: str = field(repr=False, metadata={"personal": True})

    def __attrs_post_init__(self) -> None:
        check_identifier(self.id, "the key of a root cause")
        check_complaints(self.complaints)
        check_identifier(self.cause, "cause")
        check_identifier(self.unit, "unit")
        check_identifier(self.person, "person")
        check_identifier(self.head, "head")
        check_date(self.found_on, "found_on")
        check_text(self.explanation, "an explanation")

    @property
    def accountable(self) -> tuple[Actor, ...]:
        """Everybody who answers for it, each once."""
        return (self.person,) if same_actor(self.person, self.head) else (self.person, self.head)


class ActionKind(StrEnum):
    """What an action is against."""

    CORRECTIVE = "corrective"
    """Against the cause of what has happened."""
    PREVENTIVE = "preventive"
    """Against what could happen elsewhere."""


class ActionState(StrEnum):
    """How an action stands on a day."""

    OPEN = "open"
    OVERDUE = "overdue"
    """Its due date has passed, and it is not done."""
    DONE = "done"
    """Done; whether it helps is not known yet."""
    CHECK_OVERDUE = "check-overdue"
    """Done, and the day of the check has passed without one."""
    EFFECTIVE = "effective"
    INEFFECTIVE = "ineffective"
    """Judged to be of no use, or the same happened again after it was done."""


@frozen(kw_only=True)
class EffectivenessCheck:
    """After when and how it is judged whether an action has helped, and what came of it.

    :raises InvalidValue: if the result is said in part: day, person and verdict go together.
    """

    due_on: date
    judged_by_what: str
    checked_on: date | None = None
    checked_by: Actor | None = None
    effective: bool | None = None

    def __attrs_post_init__(self) -> None:
        check_date(self.due_on, "due_on")
        check_text(self.judged_by_what, "how it is judged")
        missing = [part is None for part in (self.checked_on, self.checked_by, self.effective)]
        if any(missing) and not all(missing):
            raise InvalidValue("a result has a day, a person and a verdict: name all three")
        if self.checked_on is not None:
            check_date(self.checked_on, "checked_on")
        if self.checked_by is not None:
            check_identifier(self.checked_by, "checked_by")


@frozen
class Recurrence:
    """A later complaint about the same matter."""

    complaint: ComplaintId
    on: date

    def __attrs_post_init__(self) -> None:
        check_identifier(self.complaint, "complaint")
        check_date(self.on, "on")


def _by_day(recurrences: Iterable[Recurrence]) -> tuple[Recurrence, ...]:
    return tuple(sorted(recurrences, key=lambda each: (each.on, each.complaint)))


@frozen(kw_only=True)
class CorrectiveAction:
    """Something somebody does by a day so that it does not happen again, and the proof of it.

    The one who checks is not the one who did it. ``recurrences`` are put in order of their days.

    :raises InvalidValue: if the check comes before the work, or by its owner, or if a recurrence is
        linked twice.

    >>> action = CorrectiveAction(
    ...     id="A-1", complaints=("K-1",), kind=ActionKind.CORRECTIVE,
    ...     what="pad the corners of the box", owner="E-7", due_on=date(2026, 6, 15),
    ...     check=EffectivenessCheck(
    ...         due_on=date(2026, 9, 1), judged_by_what="no blemish in 500 deliveries"
    ...     ),
    ... )
    >>> str(action.state(date(2026, 6, 16)))
    'overdue'
    >>> done = action.done(date(2026, 6, 20)).recurred("K-9", date(2026, 7, 3))
    >>> str(done.state(date(2026, 7, 3)))
    'ineffective'
    """

    id: str
    complaints: tuple[ComplaintId, ...]
    kind: ActionKind
    what: str
    owner: Actor
    due_on: date
    check: EffectivenessCheck
    done_on: date | None = None
    recurrences: tuple[Recurrence, ...] = field(default=(), converter=_by_day)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.id, "the key of an action")
        check_complaints(self.complaints)
        check_text(self.what, "what is done")
        check_identifier(self.owner, "owner")
        check_date(self.due_on, "due_on")
        if self.done_on is not None:
            check_date(self.done_on, "done_on")
        if len(set(self.recurrences)) < len(self.recurrences):
            raise InvalidValue("a recurrence is linked twice: link each complaint of a day once")
        if same_actor(self.check.checked_by, self.owner):
            raise InvalidValue("the one who checks an action is not its owner")
        checked = self.check.checked_on
        if checked is not None and (self.done_on is None or checked < self.done_on):
            raise InvalidValue("an action is checked after it is done")

    def done(self, on: date) -> "CorrectiveAction":
        """The action, done on a day."""
        return evolve(self, done_on=on)

    def checked(self, on: date, by: Actor, *, effective: bool) -> "CorrectiveAction":
        """The action, with the result of its check."""
        result = evolve(self.check, checked_on=on, checked_by=by, effective=effective)
        return evolve(self, check=result)

    def recurred(self, complaint: ComplaintId, on: date) -> "CorrectiveAction":
        """The action, with a later complaint about the same matter linked to it.

        One that the action comes from can come again as well: when it is reopened. To link the same
        once more changes nothing.
        """
        if Recurrence(complaint, on) in self.recurrences:
            return self
        return evolve(self, recurrences=(*self.recurrences, Recurrence(complaint, on)))

    def state(self, as_of: date) -> ActionState:
        """How the action stands, as known on a day, that day included."""
        if self.done_on is None or self.done_on > as_of:
            return ActionState.OVERDUE if as_of > self.due_on else ActionState.OPEN
        if any(self.done_on < again.on <= as_of for again in self.recurrences):
            return ActionState.INEFFECTIVE
        if self.check.checked_on is not None and self.check.checked_on <= as_of:
            return ActionState.EFFECTIVE if self.check.effective else ActionState.INEFFECTIVE
        return ActionState.CHECK_OVERDUE if as_of > self.check.due_on else ActionState.DONE


@frozen(kw_only=True)
class InternalNotice:
    """A notice to units within the shop about what happened, and what they are to mind."""

    id: str
    complaints: tuple[ComplaintId, ...]
    to_units: tuple[str, ...]
    by: Actor
    on: date
    text: str = field(repr=False, metadata={"personal": True})

    def __attrs_post_init__(self) -> None:
        check_identifier(self.id, "the key of a notice")
        check_complaints(self.complaints)
        if not self.to_units:
            raise InvalidValue("a notice goes to one unit or more")
        for unit in self.to_units:
            check_identifier(unit, "unit")
        check_identifier(self.by, "by")
        check_date(self.on, "on")
        check_text(self.text, "a notice")


@frozen(kw_only=True)
class CaseStudy:
    """An entry of the case library: a problem, its evidence, who answers for it, and the lesson.

    ``evidence`` names texts and pictures where the host keeps them; ``area`` is the group under
    which designers look for it.
    """

    id: str
    complaints: tuple[ComplaintId, ...]
    area: str
    problem: str
    evidence: tuple[str, ...]
    responsible_unit: str
    lesson: str
    written_on: date

    def __attrs_post_init__(self) -> None:
        check_identifier(self.id, "the key of a case study")
        check_complaints(self.complaints)
        check_identifier(self.area, "area")
        check_text(self.problem, "a problem")
        check_text(self.lesson, "a lesson")
        if not self.evidence:
            raise InvalidValue("a case study names its evidence: a text, a picture, a report")
        check_identifier(self.responsible_unit, "responsible_unit")
        check_date(self.written_on, "written_on")
