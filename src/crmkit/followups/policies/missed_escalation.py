"""Who is told when a follow-up was missed, and after how long.

>>> policy = MissedEscalation(
...     levels=[
...         MissedLevel(1, after_days=1, to="team lead"),
...         MissedLevel(2, after_days=3, to="head of sales", importance=["platinum"]),
...     ],
...     calendar=BusinessCalendar.on_weekdays("09:00-18:00", zone="Europe/Berlin"),
... )
>>> from crmkit.decision import explain
>>> from crmkit.identifiers import FollowUpId
>>> print(explain(policy(MissedFacts(
...     follow_up=FollowUpId("F-1"), as_of=date(2026, 5, 12), last_day=date(2026, 5, 8),
...     importance="platinum",
... ))))
tell team lead for F-1, by missed escalation, as of 2026-05-12
- met: as of, for level 1 is 2026-05-12; 2026-05-11 or later required
- not met: as of, for level 2 is 2026-05-12; 2026-05-13 or later required
"""

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import combinations

from attrs import field, frozen

from crmkit.business_time import BusinessCalendar
from crmkit.decision import Comparison, Decision, Evidence, at_least, noted
from crmkit.errors import InvalidPolicy
from crmkit.followups.facts import as_names, as_text
from crmkit.followups.policies.steps import shifted
from crmkit.followups.tally.overdue import MissedFacts
from crmkit.identifiers import check_identifier

__all__ = ["DueLevel", "DueLevels", "MissedEscalation", "MissedLevel"]

_MOST_DAYS = 366


@frozen
class MissedLevel:
    """Who is told so many days after the last day of a follow-up that was missed.

    ``importance`` says for which follow-ups it is, by the words of the host; naming none means all.
    The number of the level is what it goes by: each is told once.

    :raises InvalidPolicy: if the level is below 1, or the days are no whole number from 1 to 366.
    :raises InvalidIdentifier: if whom it goes to could not serve as a key.
    """

    level: int
    after_days: int = field(kw_only=True)
    to: str = field(kw_only=True, converter=as_text)
    importance: tuple[str, ...] = field(default=(), kw_only=True, converter=as_names)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.to, "whom an escalation goes to")
        if type(self.level) is not int or self.level < 1:
            raise InvalidPolicy("the levels of an escalation count from 1")
        if type(self.after_days) is not int or not 1 <= self.after_days <= _MOST_DAYS:
            raise InvalidPolicy(
                f"an escalation goes out 1 to {_MOST_DAYS} days after the last day of a follow-up"
            )

    def is_for(self, importance: str | None) -> bool:
        """Whether it is for follow-ups of this importance."""
        return not self.importance or importance in self.importance

    def _meets(self, other: "MissedLevel") -> bool:
        """Whether both can be for one follow-up."""
        both = bool(self.importance) and bool(other.importance)
        return not both or not set(self.importance).isdisjoint(other.importance)


@frozen
class DueLevel:
    """Somebody is to be told now: of which level, whom, and since which day it was due."""

    level: int
    to: str
    fell_due_on: date


@frozen
class DueLevels:
    """Everybody who is to be told now, level by level; it may be nobody."""

    found: tuple[DueLevel, ...] = ()

    def __iter__(self) -> Iterator[DueLevel]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)

    def __str__(self) -> str:
        return "tell " + (", ".join(each.to for each in self.found) or "nobody")


def _levels(levels: Iterable[MissedLevel]) -> tuple[MissedLevel, ...]:
    found = tuple(levels)
    if not found or not all(isinstance(level, MissedLevel) for level in found):
        raise InvalidPolicy(
            "an escalation has levels, such as (MissedLevel(1, after_days=1, ...),)"
        )
    return tuple(sorted(found, key=lambda each: (each.level, each.after_days, each.to)))


@frozen(kw_only=True)
class MissedEscalation:
    """A follow-up that was missed goes up level by level until somebody makes up for it.

    Days are counted from its last day, which does not count; with a ``calendar`` only those on
    which it opens. What falls due follows from the facts alone, so each level is found with the
    same day however late somebody asks. Once another follow-up has done what it was for, nobody is
    told any more. Source: FUP-11 of the requirements.

    :raises InvalidPolicy: if there is no level, or two that can be for one follow-up have the same
        number, or the higher one falls due no later than the lower one.
    """

    levels: tuple[MissedLevel, ...] = field(converter=_levels)
    calendar: BusinessCalendar | None = None

    def __attrs_post_init__(self) -> None:
        for low, high in combinations(self.levels, 2):
            if low._meets(high) and (low.level == high.level or low.after_days >= high.after_days):
                raise InvalidPolicy(
                    f"level {high.level} comes after level {low.level}: give each a number of its "
                    f"own and more days, or another importance"
                )

    def __call__(self, facts: MissedFacts, /) -> Decision[DueLevels]:
        """Who is to be told now, and why: level by level, with the day on which each falls due."""
        due = []
        evidence: list[Evidence] = []
        if facts.made_up_on is not None:
            evidence.append(Evidence("made up for", facts.made_up_on, "no such day", False))
        for level in self.levels:
            if not level.is_for(facts.importance):
                evidence.append(self._not_for(level, facts))
            elif level.level in facts.told:
                evidence.append(noted(f"level {level.level} was told", True))
            else:
                day = self._due_on(level, facts.last_day)
                evidence.append(at_least(f"as of, for level {level.level}", facts.as_of, day))
                if evidence[-1].met and facts.made_up_on is None:
                    due.append(DueLevel(level.level, level.to, day))
        return Decision(
            DueLevels(tuple(due)),
            "missed-escalation",
            facts.as_of,
            tuple(evidence),
            subject=facts.follow_up,
        )

    def next_due(self, facts: MissedFacts) -> date | None:
        """The day on which the next level falls due; it may be over. None if there is none left."""
        if facts.made_up_on is not None:
            return None
        left = (
            self._due_on(level, facts.last_day)
            for level in self.levels
            if level.is_for(facts.importance) and level.level not in facts.told
        )
        return min(left, default=None)

    def _due_on(self, level: MissedLevel, last_day: date) -> date:
        if self.calendar is None:
            return shifted(last_day, level.after_days)
        return self.calendar.business_day_after(last_day, level.after_days)

    @staticmethod
    def _not_for(level: MissedLevel, facts: MissedFacts) -> Evidence:
        wanted = ", ".join(level.importance)
        criterion = f"importance (for level {level.level})"
        return Evidence(criterion, facts.importance, wanted, False, Comparison.ONE_OF)
