"""The tier of a member from day to day: only the days on which something can change are looked at.

Positions count the tiers of the ladder from the entry, which is 0.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from attrs import frozen

from crmkit.loyalty.policies.tier_tally import TierRules, WindowTally, earlier
from crmkit.loyalty.policies.tier_terms import AfterReturn
from crmkit.loyalty.records.manual_tier import AfterManual, ManualTier
from crmkit.loyalty.records.qualification import Qualification
from crmkit.tiering import Tier, TierChange, TierHistory

__all__ = ["Step", "TierWalk"]

_ONE_DAY = timedelta(days=1)


@frozen
class Step:
    """A change of tier by the terms: on which day, from which position to which."""

    on: date
    before: int | None
    after: int
    words: str


class TierWalk:
    """Walks through the days of a member and holds their tier by the terms.

    It begins at the last change of ``history``, as if each day had been decided through ``after``.
    """

    def __init__(
        self,
        rules: TierRules,
        joined_on: date,
        qualifications: Iterable[Qualification],
        history: TierHistory,
        manual: Iterable[ManualTier],
        after: date | None,
    ) -> None:
        self._rules = rules
        self._first = joined_on if after is None else max(joined_on, after + _ONE_DAY)
        self._falling = [each for each in manual if each.then is AfterManual.FALL]
        self.tally = WindowTally(rules, joined_on, qualifications)
        self.held: int | None = None
        self.since: date | None = None
        self.fell = False
        self.below_since: date | None = None
        self.falls_on: date | None = None
        if history.tier is not None:
            self._look_back(history, history.tier, self._first - _ONE_DAY)

    def steps(self, until: date) -> Iterator[Step]:
        """The changes through a day, each as if every day had been decided."""
        day: date | None = self._first
        while day is not None and day <= until:
            outcome, before = self.decide(day), self.held
            if outcome != before:
                words = self._words() if outcome or before else ""
                self._hold(day, outcome)
                yield Step(day, before, outcome, words)
            day = self._next_day(day)

    def decide(self, day: date) -> int:
        """The tier to hold from a day on."""
        reached = self._watch(day)
        outcome = reached
        if self.held is not None and reached < self.held:
            outcome = self._short(day, self.held, reached)
        return max(outcome, self._given_until(day)) if self._falling else outcome

    @property
    def is_undone(self) -> bool:
        """Whether only a return of the day takes the tier away, and the terms let it."""
        return (
            self.held is not None
            and self._rules.returns is AfterReturn.AT_ONCE
            and self.tally.reached < self.held <= self.tally.reached_without_returns()
        )

    def _short(self, day: date, held: int, reached: int) -> int:
        """What becomes of a tier that is not earned on the day."""
        if self.is_undone:
            return reached
        if self.falls_on is None or self.falls_on > day:
            return held
        tiers = self._rules.ladder.tiers
        return tiers.index(self.tally.retiering.lowered(tiers[held], tiers[reached]))

    def _watch(self, day: date) -> int:
        """Move to a day, and note since when the tier is not earned."""
        reached = self.tally.to(day)
        if self.held is None or reached >= self.held:
            self.below_since = self.falls_on = None
        elif self.below_since is None:
            self._is_below(day)
        return reached

    def _is_below(self, day: date) -> None:
        self.below_since = day
        self.falls_on = self.tally.retiering.earliest_fall(self.since or day, day, fell=self.fell)

    def _hold(self, day: date, position: int) -> None:
        """Hold another tier from a day on."""
        is_change = self.held is not None or position > 0
        self.fell = self.held is not None and position < self.held
        self.held, self.since = position, day
        self._begin(day, is_change=is_change)

    def _begin(self, day: date, *, is_change: bool) -> None:
        below = self.tally.reached < (self.held or 0)
        if is_change and self._rules.restarts:
            self.tally.restart(day)
        self.below_since = self.falls_on = None
        if below:
            self._is_below(day)

    def _given_until(self, day: date) -> int:
        """The highest tier given by hand that ends with the day and then falls under the terms."""
        position = self._rules.ladder.position
        return max((position(e.tier) for e in self._falling if e.until == day), default=0)

    def _next_day(self, day: date) -> date | None:
        soonest = self.tally.next_day(day)
        if self.falls_on is not None and self.falls_on > day:
            soonest = earlier(soonest, self.falls_on)
        for each in self._falling:
            if each.until > day:
                soonest = earlier(soonest, each.until)
        return soonest

    def _words(self) -> str:
        """What the member had on the day of a change, in words they may see."""
        steps = self._rules.steps
        amounts = (
            f"{steps.amount(basis, number)} {basis}"
            for basis, number in zip(steps.bases, self.tally.sums, strict=True)
        )
        return f": {', '.join(amounts)} from {self.tally.start.isoformat()}"

    # --- where a kept history goes on ---

    def _look_back(self, history: TierHistory, tier: Tier, through: date) -> None:
        """Take up the tier that is held, and watch since when it is not earned, up to a day."""
        last = history.changes[-1]
        self.held, self.since = self._rules.ladder.position(tier), last.on
        self.fell = history.fell
        earlier_ones = [change for change in history.changes if change.on < last.on]
        before = [change.on for change in earlier_ones if self._is_change(change)]
        if before and self._rules.restarts:
            self.tally.restart(before[-1])
        self.tally.to(last.on)
        self._begin(last.on, is_change=self._is_change(last))
        day = self._next_day(last.on)
        while day is not None and day <= through:
            self._watch(day)
            if self._given_until(day) > self.held:
                self._hold(day, self._given_until(day))
            day = self._next_day(day)

    def _is_change(self, change: TierChange) -> bool:
        """Coming in at the entry tier is no change, and leaving is none."""
        entered = change.from_tier is None and change.to_tier == self._rules.ladder.lowest
        return not entered and change.to_tier is not None
