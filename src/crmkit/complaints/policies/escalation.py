"""Escalation: who is told when a case stays without what it needs, exactly once each.

>>> from attrs import evolve
>>> from crmkit.complaints.facts.history import Mark
>>> from crmkit.identifiers import ComplaintId
>>> policy = EscalationPolicy(
...     calendars={"desk": BusinessCalendar.on_weekdays("09:00-18:00", zone="Europe/Berlin")},
...     rules=[
...         EscalationRule(
...             name="unanswered",
...             calendar="desk",
...             levels=[
...                 EscalationLevel(
...                     level=1, after=Delay(4, DelayUnit.WORKING_HOURS), role="team lead"
...                 ),
...                 EscalationLevel(
...                     level=2, after=Delay(2, DelayUnit.BUSINESS_DAYS), target="quality"
...                 ),
...             ],
...         )
...     ],
... )
>>> friday = datetime(2026, 5, 8, 14, 0, tzinfo=UTC)
>>> history = CaseHistory(complaint=ComplaintId("K-1"), marks=(Mark("receive", friday),))
>>> monday = datetime(2026, 5, 11, 12, 0, tzinfo=UTC)
>>> for due in policy.due(history, monday):
...     print(due.rule, due.level, due.role, due.fell_due_at)
unanswered 1 team lead 2026-05-11 09:00:00+00:00
>>> told = evolve(history, fired=tuple(due.fired for due in policy.due(history, monday)))
>>> policy.due(told, monday)
()
>>> print(policy.next_due(told, monday))
2026-05-12 22:00:00+00:00
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import permutations
from types import MappingProxyType

from attrs import field, frozen

from crmkit.business_time import BusinessCalendar
from crmkit.complaints.facts.history import CaseHistory, FiredEscalation
from crmkit.complaints.policies.escalation_hidden import hides
from crmkit.complaints.policies.escalation_reach import unreachable
from crmkit.complaints.policies.escalation_schedule import (
    Occurrence,
    RuleClock,
    occurrences,
    stops_of,
)
from crmkit.complaints.policies.escalation_terms import (
    Delay,
    DelayUnit,
    EscalationLevel,
    EscalationRule,
)
from crmkit.decision import Decision, Evidence, all_of, at_least, equals, noted
from crmkit.errors import InvalidPolicy
from crmkit.identifiers import ComplaintId, check_identifier
from crmkit.period import check_instant

__all__ = [
    "Delay",
    "DelayUnit",
    "DueEscalation",
    "EscalationLevel",
    "EscalationPolicy",
    "EscalationRule",
]

_BY_THE_CLOCK = BusinessCalendar.round_the_clock()


@frozen(kw_only=True)
class DueEscalation:
    """An escalation that has fallen due and is not on record: tell whom it goes to, and record it.

    ``fell_due_at`` is in UTC; together with rule and level it is the identity of an escalation.
    ``repeat`` counts the repeats of the highest level from 1. ``handled_at`` is set if what the
    rule waits for has come in the meantime: then there is nobody to hurry any more, but it did fall
    due, and belongs on record.
    """

    complaint: ComplaintId
    rule: str
    level: int
    fell_due_at: datetime
    role: str | None = None
    target: str | None = None
    repeat: int = 0
    handled_at: datetime | None = None

    @property
    def fired(self) -> FiredEscalation:
        """What is recorded once it has been carried out."""
        return FiredEscalation(self.rule, self.level, self.fell_due_at)


def _rules(rules: Iterable[EscalationRule]) -> tuple[EscalationRule, ...]:
    return tuple(rules)


def _by_name(calendars: Mapping[str, BusinessCalendar]) -> Mapping[str, BusinessCalendar]:
    return MappingProxyType(dict(calendars))


def _words(words: Iterable[str]) -> frozenset[str]:
    if isinstance(words, str):
        raise InvalidPolicy("a vocabulary is a set of texts")
    return frozenset(words)


@frozen(kw_only=True)
class EscalationPolicy:
    """Rules by category, level, time, role and target; every rule that fits a case applies to it.

    Asked at any time, it says what has fallen due and is not on record yet. What falls due follows
    from the history alone, so an escalation is found at the same instant however late it is asked
    for, and once recorded it is never reported again. One that fell due before the answer came and
    was not asked for in time is still reported, with the instant of the answer beside it.
    A case that gets another category or severity is held against the rules for it from its receipt
    on.

    The name of a rule and the number of a level are what an escalation goes by: under other terms
    or another calendar it stays the same, and is not told twice. A rule with another name is a new
    one; it finds in open cases what it would have found from their receipt on.

    ``calendars`` are those that the rules name. ``categories`` is the vocabulary of the host: if
    given, a rule for any other word is refused; the same for ``severities``, and for ``marks``:
    the actions and the kinds of messages that rules begin and end with. ``resting`` are the marks
    with which a case comes to rest whatever a rule waits for.

    :raises InvalidPolicy: naming the rule, if there is none, two share a name, one names a calendar
        that is not given or has no weekly hours, or a category, severity or mark that does not
        exist; if a rule can never fire, because the mark from which it counts also ends it; if it
        has always stopped before one of its levels falls due; or if it is hidden by another.

    A rule is hidden by another that is for all its cases, runs from the same marks by the same
    calendar until the same marks or longer, standing still no oftener, and that tells everybody
    whom the rule would tell, as often and never later.
    """

    rules: tuple[EscalationRule, ...] = field(converter=_rules)
    calendars: Mapping[str, BusinessCalendar] = field(factory=dict, converter=_by_name, hash=False)
    categories: frozenset[str] = field(default=frozenset(), converter=_words)
    severities: frozenset[str] = field(
        default=frozenset({"low", "medium", "high", "critical"}), converter=_words
    )
    marks: frozenset[str] = field(default=frozenset(), converter=_words)
    resting: frozenset[str] = field(
        default=frozenset({"close", "withdraw", "merge"}), converter=_words
    )

    def __attrs_post_init__(self) -> None:
        if not self.rules:
            raise InvalidPolicy("there is no escalation rule: name at least one")
        vocabularies = (self.categories, self.severities, self.marks, self.resting)
        for words in (self.calendars, *vocabularies):
            for word in sorted(words):
                check_identifier(word, "a word of an escalation policy")
        names = set()
        for rule in self.rules:
            if rule.name in names:
                raise _refused(rule, "there are two rules of this name")
            names.add(rule.name)
            self._check_calendar(rule)
            self._check_vocabulary(rule)
            self._check_marks(rule)
            self._check_reach(rule)
        for rule, other in permutations(self.rules, 2):
            if hides(other, rule):
                raise _refused(
                    rule,
                    f"hidden by rule {other.name!r}, which tells the same no later in all its "
                    f"cases: leave it out",
                )

    # --- what falls due ---

    def due(self, history: CaseHistory, at: datetime) -> tuple[DueEscalation, ...]:
        """What has fallen due by an instant and is not on record, in the order of falling due.

        :raises NaiveDatetime: if the instant has no time zone.
        """
        check_instant(at, "the instant asked about")
        asked = at.astimezone(UTC)
        found = [
            _due(history, rule, each)
            for rule in self.rules_for(history)
            for each in self._occurrences(rule, history, asked)
            if not each.recorded and each.fell_due_at <= asked
        ]
        # The sort keeps the order of rules and levels for what falls due at one instant.
        return tuple(sorted(found, key=lambda due: due.fell_due_at))

    def next_due(self, history: CaseHistory, at: datetime) -> datetime | None:
        """The earliest instant, in UTC, at which something falls or fell due that is not on record.

        So it lies before ``at`` while an escalation is overdue. None if nothing more falls due as
        things stand: ask again once something has happened to the case, such as the end of a wait.

        :raises NaiveDatetime: if the instant has no time zone.
        """
        check_instant(at, "the instant asked about")
        asked = at.astimezone(UTC)
        instants = (
            each.fell_due_at
            for rule in self.rules_for(history)
            for each in self._occurrences(rule, history, asked)
            if not each.recorded
        )
        return min(instants, default=None)

    def __call__(
        self, history: CaseHistory, at: datetime, /
    ) -> Decision[tuple[DueEscalation, ...]]:
        """What :meth:`due` gives, with the evidence: all that each rule looked at.

        :raises NaiveDatetime: if the instant has no time zone.
        """
        outcome = self.due(history, at)
        asked = at.astimezone(UTC)
        evidence = [item for rule in self.rules for item in self._evidence(rule, history, asked)]
        return Decision(outcome, "escalation", at, tuple(evidence), subject=history.complaint)

    def rules_for(self, history: CaseHistory) -> tuple[EscalationRule, ...]:
        """The rules that apply to a case, by its category and severity."""
        return tuple(
            rule for rule in self.rules if rule.applies_to(history.category, history.severity)
        )

    def calendar_of(self, rule: EscalationRule) -> BusinessCalendar:
        """The calendar that a rule names; round the clock if it names none."""
        return _BY_THE_CLOCK if rule.calendar is None else self.calendars[rule.calendar]

    def _occurrences(
        self, rule: EscalationRule, history: CaseHistory, asked: datetime
    ) -> Iterator[Occurrence]:
        clock = RuleClock.of(rule, self.calendar_of(rule), history)
        return occurrences(rule, clock, history, self.resting, asked)

    def _evidence(
        self, rule: EscalationRule, history: CaseHistory, asked: datetime
    ) -> Iterator[Evidence]:
        if not rule.applies_to(history.category, history.severity):
            yield noted(rule.name, "for other cases")
            return
        for each in self._occurrences(rule, history, asked):
            yield all_of(
                f"{rule.name}, level {each.level.level}",
                at_least("instant asked about", asked, each.fell_due_at),
                equals("already on record", each.recorded, False),
            )

    # --- checks ---

    def _check_calendar(self, rule: EscalationRule) -> None:
        if rule.calendar is not None and rule.calendar not in self.calendars:
            given = ", ".join(sorted(self.calendars)) or "none"
            raise _refused(rule, f"its calendar {rule.calendar!r} is not given; there is {given}")
        if not self.calendar_of(rule).hours:
            raise _refused(rule, f"its calendar {rule.calendar!r} has no weekly hours")

    def _check_vocabulary(self, rule: EscalationRule) -> None:
        for what, named, known in (
            ("categories", rule.categories, self.categories),
            ("severities", rule.severities, self.severities),
            ("marks", rule.since | rule.until | _one(rule.counted_from), self.marks),
        ):
            unknown = sorted(named - known) if known else []
            if unknown:
                raise _refused(
                    rule,
                    f"no such {what}: {', '.join(unknown)}; there are {', '.join(sorted(known))}",
                )

    def _check_marks(self, rule: EscalationRule) -> None:
        begins = rule.since if rule.counted_from is None else {*rule.since, rule.counted_from}
        both = sorted(begins & stops_of(rule, self.resting))
        if both:
            raise _refused(
                rule,
                f"it can never fire from {', '.join(both)} on: that begins it and ends it at once",
            )

    def _check_reach(self, rule: EscalationRule) -> None:
        level = unreachable(rule, self.calendar_of(rule))
        if level is not None:
            raise _refused(
                rule,
                f"level {level.level} can never fire: by its calendar, {rule.stops_after} are "
                f"always over before {level.after}",
            )


def _one(mark: str | None) -> frozenset[str]:
    return frozenset() if mark is None else frozenset({mark})


def _refused(rule: EscalationRule, message: str) -> InvalidPolicy:
    return InvalidPolicy(f"escalation rule {rule.name!r}: {message}")


def _due(history: CaseHistory, rule: EscalationRule, each: Occurrence) -> DueEscalation:
    return DueEscalation(
        complaint=history.complaint,
        rule=rule.name,
        level=each.level.level,
        fell_due_at=each.fell_due_at,
        role=each.level.role,
        target=each.level.target,
        repeat=each.repeat,
        handled_at=each.stop,
    )
