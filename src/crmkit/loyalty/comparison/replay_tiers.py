"""Short ways to the tiers of a member: what is certain without a replay, and what is likely."""

from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from datetime import date, timedelta

from crmkit.errors import CurrencyMismatch
from crmkit.loyalty.comparison.replay_returns import Back, Earned
from crmkit.loyalty.policies.tier_policy import TierPolicy
from crmkit.loyalty.policies.tier_terms import TierBasis

__all__ = ["TierGuess", "TierShortcuts"]

_ONE_DAY = timedelta(days=1)


class TierShortcuts:
    """The terms of a tier policy, looked up once for many members."""

    def __init__(self, policy: TierPolicy) -> None:
        lowest = policy.thresholds[0]
        self.window = policy.window
        self.least = [(basis, lowest.number(basis)) for basis in lowest.bases]
        self.basis = lowest.bases[0]
        self.numbers = [each.number(self.basis) for each in policy.thresholds]
        self.names = [each.tier.name for each in policy.thresholds]
        self._currency = None if lowest.spend is None else lowest.spend.currency

    def never_rises(self, postings: Sequence[Earned | Back]) -> bool:
        """Whether all that was ever counted for a member, in any window, is too little to rise.

        :raises CurrencyMismatch: if tiers go by spend and somebody paid in another currency.
        """
        return all(self._most(postings, basis) < number for basis, number in self.least)

    def _most(self, postings: Sequence[Earned | Back], basis: TierBasis) -> int:
        most = 0
        for posting in postings:
            if isinstance(posting, Earned):
                most += self.counted(posting, basis)
            elif basis is TierBasis.POINTS:
                # By line, what stays may count more points of one rule, and fewer of another.
                most += max(0, posting.counted.points)
        return most

    def counted(self, earned: Earned, basis: TierBasis) -> int:
        """What a purchase counts, as a whole number."""
        if basis is TierBasis.POINTS:
            return earned.accrued.qualifying_points
        if basis is TierBasis.VISITS:
            return 1
        amount = earned.basket.spend
        if self._currency is not None and amount.currency != self._currency:
            raise CurrencyMismatch(self._currency, amount.currency)
        return amount.minor


class TierGuess:
    """Guesses the tier held on the day before a purchase: what is in the window by then.

    Reviews, grace and returns are left out, and only the first amount of a threshold is looked at:
    a guess may be wrong, and whoever uses it looks again.
    """

    def __init__(self, terms: TierShortcuts, joined_on: date) -> None:
        self._terms = terms
        self._joined_on = joined_on
        self._known = deque[tuple[date, int]]()
        self._today: list[tuple[date, int]] = []
        self._sum = 0

    def add(self, earned: Earned) -> None:
        """Count a purchase from the day after it on; the earlier ones come first."""
        self._today.append((earned.basket.on, self._terms.counted(earned, self._terms.basis)))

    def before(self, on: date) -> str | None:
        """The tier above the entry that is likely on the day before; None for the entry."""
        if self._today and self._today[0][0] < on:
            self._sum += sum(number for _, number in self._today)
            self._known += self._today
            self._today = []
        terms = self._terms
        if self._sum < terms.numbers[0]:
            return None
        start = terms.window.start(on - _ONE_DAY, self._joined_on)
        while self._known and self._known[0][0] < start:
            self._sum -= self._known.popleft()[1]
        reached = bisect_right(terms.numbers, self._sum)
        return terms.names[reached - 1] if reached else None
