"""A loyalty program: how points are earned, how long they last, which tiers they lead to."""

from datetime import date, timedelta

from attrs import field, frozen

from crmkit.errors import InvalidPolicy
from crmkit.identifiers import check_identifier
from crmkit.loyalty.policies.earning import EarningRules
from crmkit.loyalty.policies.earning_returns import PointsReturn, ReturnBasis
from crmkit.loyalty.policies.point_value import PointValue
from crmkit.loyalty.policies.rewards import RewardCatalog
from crmkit.loyalty.policies.tier_policy import TierPolicy
from crmkit.loyalty.records.terms import LedgerTerms

__all__ = ["Program", "ProgramCaution"]

_LEAP_YEAR = tuple(date(2024, 1, 1) + timedelta(days=number) for number in range(366))


@frozen
class ProgramCaution:
    """Terms of a program that are allowed and hardly meant, and how many days a year they hit."""

    days: int
    reason: str


@frozen(kw_only=True)
class Program:
    """The terms of a loyalty program, as one document that a shop keeps and changes as a whole.

    ``terms`` say how long points are locked and how long they last, ``earning`` how they are
    earned, ``tiers`` which tiers members reach, ``point_value`` what points cost when they are
    redeemed, ``rewards`` what they can be spent on, ``returns`` by what goods that come back take
    points with them.

    :raises InvalidIdentifier: if the name could not serve as a key.
    :raises InvalidEarningRules: if a rule asks for a tier that the program does not have.
    :raises InvalidPolicy: if a reward does.

    >>> from crmkit.loyalty.policies.earning_terms import BaseRate, EarningRule
    >>> from crmkit.loyalty.records.terms import ExpiresAtMonthEnd, Lock
    >>> from crmkit.money import Money
    >>> program = Program(
    ...     name="club",
    ...     terms=LedgerTerms(ExpiresAtMonthEnd(), lock=Lock(14)),
    ...     earning=EarningRules((
    ...         EarningRule("one a euro", BaseRate(1, per=Money("1.00", "EUR")), priority=1),
    ...     )),
    ... )
    >>> [caution.days for caution in program.cautions()]
    [168]
    """

    name: str
    earning: EarningRules
    terms: LedgerTerms = field(factory=LedgerTerms)
    tiers: TierPolicy | None = None
    point_value: PointValue | None = None
    rewards: RewardCatalog | None = None
    returns: ReturnBasis = ReturnBasis.PROPORTIONAL

    def __attrs_post_init__(self) -> None:
        check_identifier(self.name, "the name of a program")
        if not isinstance(self.returns, ReturnBasis):
            raise InvalidPolicy("returns go by a ReturnBasis, such as ReturnBasis.BY_LINE")
        if self.tiers is not None:
            self.earning.checked_for(self.tiers.ladder)
        if self.tiers is not None and self.rewards is not None:
            self._check_rewards({tier.name for tier in self.tiers.ladder})

    def _check_rewards(self, tiers: set[str]) -> None:
        for reward in self.rewards.rewards if self.rewards else ():
            if not reward.tiers <= tiers:
                names = ", ".join(sorted(reward.tiers - tiers))
                raise InvalidPolicy(
                    f"the reward {reward.name} is for tiers that the program does not have: {names}"
                )

    @property
    def taking_back(self) -> PointsReturn:
        """The policy by which goods that come back take points with them."""
        return PointsReturn(self.earning, self.returns)

    def cautions(self) -> tuple[ProgramCaution, ...]:
        """What is allowed and hardly meant: points that expire before anyone can spend them."""
        lost = sum(map(self.terms.never_spendable, _LEAP_YEAR))
        if not lost:
            return ()
        reason = f"points earned on {lost} days of the year expire before their lock ends"
        return (ProgramCaution(lost, reason),)
