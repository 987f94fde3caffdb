"""What counts in the window of a member, kept up from day to day."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from heapq import heappop, heappush
from operator import attrgetter

from attrs import field, frozen

from crmkit.loyalty.policies.tier_terms import AfterReturn, AtReset, Steps
from crmkit.loyalty.policies.tier_windows import SinceLastChange, TierWindow
from crmkit.loyalty.records.qualification import Qualification
from crmkit.tiering import Downgrade, Grace, RetieringPolicy, ReviewCycle, TierLadder

__all__ = ["TierRules", "WindowTally"]

_ONE_DAY = timedelta(days=1)
_by_day = attrgetter("on")


@frozen(kw_only=True)
class TierRules:
    """The terms of a tier policy, made ready for counting."""

    ladder: TierLadder
    steps: Steps
    window: TierWindow
    downgrade: Downgrade
    grace: Grace | None
    landing: Grace | None
    reviews: ReviewCycle | AtReset | None
    returns: AfterReturn
    restarts: bool = field(init=False)
    """Whether the window restarts at each change of tier."""
    judges_closed: bool = field(init=False)
    """Whether reviews look at a window that was completed."""
    _for_all: RetieringPolicy | None = field(init=False)

    def __attrs_post_init__(self) -> None:
        some_day = date(2000, 1, 1)
        resets = self.window.cycle(some_day) is not None
        retiering = self._retiering(some_day)  # It refuses terms that contradict each other.
        by_member = isinstance(self.reviews, AtReset)
        object.__setattr__(self, "restarts", isinstance(self.window, SinceLastChange))
        object.__setattr__(self, "judges_closed", resets and self.reviews is not None)
        object.__setattr__(self, "_for_all", None if by_member else retiering)

    def retiering(self, anchor: date) -> RetieringPolicy:
        """The rules by which tiers fall, for a member who counts from a day on."""
        return self._for_all or self._retiering(anchor)

    def _retiering(self, anchor: date) -> RetieringPolicy:
        reviews = self.reviews
        if isinstance(reviews, AtReset):
            reviews = self.window.cycle(anchor)
        return RetieringPolicy(
            self.ladder,
            downgrade=self.downgrade,
            grace=self.grace,
            reviews=reviews,
            landing=self.landing,
        )


class WindowTally:
    """What counts for a member's tier on a day, and the next day on which that can change.

    It only moves forward: :meth:`to` takes in what has become known by a day and lets go what has
    left the window. At a review of a window that begins anew, the window that was completed last
    counts as well, if it reaches more: tiers are looked at before anything is reset.
    """

    def __init__(
        self, rules: TierRules, joined_on: date, qualifications: Iterable[Qualification]
    ) -> None:
        self._rules = rules
        self._window = rules.window
        self._judges_closed = rules.judges_closed
        count = rules.steps.counted
        self._waiting = [(each, count(each)) for each in sorted(qualifications, key=_by_day)]
        self._known, self._next = len(self._waiting), 0
        self._can_reach = self._reaches_anything()
        self._inside: list[tuple[date, int, tuple[int, ...]]] = []
        # What has left the window, as long as a review can still look at it.
        self._outside: list[tuple[date, tuple[int, ...]]] = []
        self._returned: list[tuple[date, tuple[int, ...]]] = []
        self._has_returns = False
        self._watches_returns = rules.returns is AfterReturn.AT_ONCE
        self.sums = [0] * len(rules.steps.bases)
        self.reached = 0
        self.start = joined_on
        self.closed_from: date | None = None
        self.restart(joined_on, used_up=False)

    def restart(self, anchor: date, *, used_up: bool = True) -> None:
        """Count from a change on, and forget what was before it: the day itself is used up."""
        self.anchor = anchor
        self.first = anchor + _ONE_DAY if used_up else anchor
        self.retiering = self._rules.retiering(anchor)
        self._outside.clear()
        self._changes_tomorrow = True

    def to(self, day: date) -> int:
        """Move to a day, and say how many tiers above the entry it reaches."""
        self._returned.clear()
        if self._next < self._known:
            self._take_in(day)
        self.start = start = max(self._window.start(day, self.anchor), self.first)
        inside = self._inside
        while inside and inside[0][0] < start:
            counted, _, amounts = heappop(inside)
            _subtract(self.sums, amounts)
            if self._judges_closed:
                self._outside.append((counted, amounts))
        self.reached = in_window = self._rules.steps.reached(self.sums)
        self.closed_from = None
        if self._outside and self._look_at_closed(day):
            self.reached = max(in_window, self._rules.steps.reached(self.closed_sums()))
        self._changes_tomorrow = self.reached != in_window
        return self.reached

    def closed_sums(self) -> list[int]:
        """What the window that was completed last came to, on the day of a review."""
        sums = [0] * len(self.sums)
        for _, amounts in self._outside:
            _add(sums, amounts)
        return sums

    def reached_without_returns(self) -> int:
        """What would be reached on the day without the returns that became known on it."""
        sums, closed = list(self.sums), self.closed_sums()
        for counted, amounts in self._returned:
            if counted >= self.start:
                _subtract(sums, amounts)
            elif self.closed_from is not None and counted >= self.closed_from:
                _subtract(closed, amounts)
        reached = self._rules.steps.reached(sums)
        if self.closed_from is None:
            return reached
        return max(reached, self._rules.steps.reached(closed))

    def next_day(self, day: date) -> date | None:
        """The first later day on which what is reached can change, None if nothing can."""
        if not self._can_reach:
            return None
        soonest = day + _ONE_DAY if self._changes_tomorrow else None
        if self._next < self._known:
            soonest = earlier(soonest, self._waiting[self._next][0].on)
        # Without returns, what leaves takes nothing from a member who reaches nothing.
        if self._inside and (self.reached or self._has_returns):
            soonest = earlier(soonest, self._window.lets_go_on(self._inside[0][0], self.anchor))
        if self._outside and self.retiering.reviews is not None:
            soonest = earlier(soonest, self.retiering.reviews.next_from(day + _ONE_DAY))
        return soonest

    def _take_in(self, day: date) -> None:
        waiting, position, known = self._waiting, self._next, self._known
        while position < known and waiting[position][0].on <= day:
            each, amounts = waiting[position]
            heappush(self._inside, (each.counts_for, position, amounts))
            _add(self.sums, amounts)
            if min(amounts) < 0:
                self._has_returns = True
            if self._watches_returns and each.on == day and each.is_return:
                self._returned.append((each.counts_for, amounts))
            position += 1
        self._next = position

    def _reaches_anything(self) -> bool:
        """Whether all purchases together reach a tier: if not, no window of them ever does."""
        most = [0] * len(self._rules.steps.bases)
        for _, amounts in self._waiting:
            for position, amount in enumerate(amounts):
                if amount > 0:
                    most[position] += amount
        return self._rules.steps.reached(most) > 0

    def _look_at_closed(self, day: date) -> bool:
        """Whether a review on the day looks at the window before; forget what is older."""
        if self.start <= self.first:
            self._outside.clear()
            return False
        closed_from = max(self._window.start(self.start - _ONE_DAY, self.anchor), self.first)
        self._outside = [each for each in self._outside if each[0] >= closed_from]
        if self.retiering.reviews is None or day not in self.retiering.reviews:
            return False
        self.closed_from = closed_from
        return True


def earlier(left: date | None, right: date | None) -> date | None:
    """The earlier of two days, of which None never comes."""
    if left is None or right is None:
        return right if left is None else left
    return min(left, right)


def _add(sums: list[int], amounts: Sequence[int]) -> None:
    for position, amount in enumerate(amounts):
        sums[position] += amount


def _subtract(sums: list[int], amounts: Sequence[int]) -> None:
    for position, amount in enumerate(amounts):
        sums[position] -= amount
