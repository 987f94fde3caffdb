"""The table of a program: which tier takes how much, and the words for its terms."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import pairwise

from attrs import frozen

from crmkit.errors import CurrencyMismatch, InvalidPolicy
from crmkit.loyalty.records.qualification import Qualification
from crmkit.money import Money
from crmkit.tiering import Tier

__all__ = ["AfterReturn", "AtReset", "Reaching", "TierBasis", "TierThreshold"]


class TierBasis(StrEnum):
    """What is counted for a tier."""

    POINTS = "points"
    """Qualifying points, which are not the points that can be spent."""
    SPEND = "spend"
    """Money spent on what qualifies."""
    VISITS = "visits"
    """Visits, nights, flights: whatever the program counts one by one."""


class Reaching(StrEnum):
    """Which of the amounts of a threshold must be reached, where there are several."""

    ALL = "all"
    """Every one, such as 5,000 points and 12 visits."""
    ANY = "any"
    """One is enough, such as 5,000 points or 12 visits."""


class AfterReturn(StrEnum):
    """When a tier falls that is not earned any more because something was returned."""

    UNDER_TERMS = "under-terms"
    """As any other: at the next review, after the grace period, one step at a time."""
    AT_ONCE = "at-once"
    """On the day of the return, straight to what is earned without it, if only the return undoes
    the tier. A tier that was waiting to fall already waits on."""


@frozen
class AtReset:
    """Review tiers on the day on which the window begins anew, member by member.

    The review looks at the window that has just ended, before anything is reset.
    """


@frozen(kw_only=True)
class TierThreshold:
    """From how many points, how much spend, how many visits on a tier is reached.

    Reaching the amount is enough. An amount left out is not looked at.

    :raises InvalidPolicy: if no amount is named, or one is not above zero.
    """

    tier: Tier
    points: int | None = None
    spend: Money | None = None
    visits: int | None = None

    def __attrs_post_init__(self) -> None:
        if not self.bases:
            raise InvalidPolicy("a threshold names points, spend or visits")
        whole = (self.points, self.visits)
        if any(each is not None and (type(each) is not int or each < 1) for each in whole):
            raise InvalidPolicy("points and visits of a threshold are whole numbers above zero")
        if self.spend is not None and not (isinstance(self.spend, Money) and self.spend.minor > 0):
            raise InvalidPolicy("the spend of a threshold is money above zero")

    @property
    def bases(self) -> tuple[TierBasis, ...]:
        """What it looks at."""
        return tuple(basis for basis in TierBasis if getattr(self, basis) is not None)

    def required(self, basis: TierBasis) -> int | Money:
        """The amount of a basis that it names."""
        amount: int | Money = getattr(self, basis)
        return amount

    def number(self, basis: TierBasis) -> int:
        """The same as a whole number: points, visits, or minor units of the currency."""
        amount = self.required(basis)
        return amount.minor if isinstance(amount, Money) else amount


def table_findings(
    entry: Tier, thresholds: Sequence[TierThreshold], reaching: Reaching
) -> Iterator[str]:
    """Everything that is wrong with a table, so that not every amount has exactly one tier."""
    if not thresholds:
        yield "there is no tier above the entry"
        return
    tiers = (entry, *(each.tier for each in thresholds))
    yield from _finding_of_names(tiers)
    for lower, higher in pairwise(thresholds):
        if lower.bases != higher.bases:
            yield (f"gap: {lower.tier} takes {_words(lower)}, {higher.tier} takes {_words(higher)}")
        elif not _same_currency(lower, higher):
            yield f"{lower.tier} and {higher.tier} are in two currencies"
        else:
            yield from _finding_of_pair(lower, higher, reaching)


def _finding_of_names(tiers: tuple[Tier, ...]) -> Iterator[str]:
    if len({tier.name for tier in tiers}) < len(tiers):
        yield "a tier stands in it twice"
    for lower, higher in pairwise(tiers):
        if not lower.rank < higher.rank:
            yield f"unsorted: {higher} stands after {lower} and does not rank above it"


def _finding_of_pair(
    lower: TierThreshold, higher: TierThreshold, reaching: Reaching
) -> Iterator[str]:
    numbers = [(basis, lower.number(basis), higher.number(basis)) for basis in lower.bases]
    for basis, below, above in numbers:
        if below > above:
            yield f"unsorted: {higher.tier} takes less {basis} than {lower.tier}"
    equal = [basis for basis, below, above in numbers if below == above]
    if equal and (reaching is Reaching.ANY or len(equal) == len(numbers)):
        yield f"overlap: {lower.tier} and {higher.tier} take the same {', '.join(equal)}"


def _same_currency(lower: TierThreshold, higher: TierThreshold) -> bool:
    left, right = lower.spend, higher.spend
    return left is None or right is None or left.currency == right.currency


def _words(threshold: TierThreshold) -> str:
    return " and ".join(threshold.bases)


@frozen
class Steps:
    """A table made ready for counting: how many tiers up what a member has leads."""

    bases: tuple[TierBasis, ...]
    numbers: tuple[tuple[int, ...], ...]
    currency: str | None
    reaching: Reaching

    @classmethod
    def of(cls, thresholds: Sequence[TierThreshold], reaching: Reaching) -> "Steps":
        """Sort the amounts by what they count."""
        first = thresholds[0]
        return cls(
            bases=first.bases,
            numbers=tuple(
                tuple(each.number(basis) for each in thresholds) for basis in first.bases
            ),
            currency=None if first.spend is None else first.spend.currency,
            reaching=reaching,
        )

    def reached(self, sums: Sequence[int]) -> int:
        """How many tiers above the entry these sums lead; each table rises, so one look will do."""
        if len(sums) == 1:
            return bisect_right(self.numbers[0], sums[0])
        steps = [bisect_right(row, each) for row, each in zip(self.numbers, sums, strict=True)]
        return min(steps) if self.reaching is Reaching.ALL else max(steps)

    def counted(self, qualification: Qualification) -> tuple[int, ...]:
        """What a purchase or a return counts, in whole numbers.

        :raises CurrencyMismatch: if it was paid in another currency than the table names.
        """
        if len(self.bases) == 1:  # The usual program, and the shortest way.
            return (self._number(qualification, self.bases[0]),)
        return tuple(self._number(qualification, basis) for basis in self.bases)

    def _number(self, qualification: Qualification, basis: TierBasis) -> int:
        if basis is TierBasis.POINTS:
            return qualification.points
        if basis is TierBasis.VISITS:
            return qualification.visits
        spend = qualification.spend
        if spend is None:
            return 0
        if self.currency is not None and spend.currency != self.currency:
            raise CurrencyMismatch(self.currency, spend.currency)
        return spend.minor

    def amount(self, basis: TierBasis, number: int) -> int | Money:
        """A whole number as what it counts."""
        if basis is TierBasis.SPEND and self.currency is not None:
            return Money.of_minor(number, self.currency)
        return number
