"""ABC tiers of partners (agents, distributors, franchisees), by volume, growth and attitude."""

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Self

from attrs import field, frozen

from crmkit.decision import Decision, Evidence, above, all_of, any_of, at_least, one_of
from crmkit.errors import CurrencyMismatch, InvalidPolicy, InvalidValue
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.money import Money, Rounding
from crmkit.period import check_date
from crmkit.segmentation.facts import Histogram
from crmkit.segmentation.policies.ladder import (
    ExactNumber,
    as_share,
    check_rising_shares,
    count_money,
    first_met,
    fit_thresholds,
    ladder_evidence,
)
from crmkit.segmentation.policies.ordinal import LOW_MIDDLE_HIGH, OrdinalScale
from crmkit.segmentation.policies.service_level import ServiceLevel, check_every_class, read_only

__all__ = ["PartnerAbc", "PartnerClass", "PartnerFacts", "PartnerRole"]


class PartnerRole(StrEnum):
    """In what capacity a partner sells."""

    AGENT = "agent"
    DISTRIBUTOR = "distributor"
    FRANCHISEE = "franchisee"


class PartnerClass(StrEnum):
    """The tiers: A gets the best policy and operating support, C the plain one."""

    A = "A"
    B = "B"
    C = "C"


def _as_sales(sales: Mapping[int, Money]) -> Mapping[int, Money]:
    return read_only(dict(sorted(sales.items())))


@frozen(kw_only=True)
class PartnerFacts:
    """What a partner sold in each year, and how it is judged as a partner.

    ``year`` is the year that counts, usually the last full one; years left out of ``sales`` are
    years without sales. ``cooperation`` and ``loyalty`` are words of the scales that the policy
    names.

    :raises InvalidValue: if the year lies after ``as_of`` or has no entry in ``sales``.
    :raises CurrencyMismatch: if the sales are of two currencies.
    """

    customer: CustomerId
    as_of: date
    role: PartnerRole
    year: int
    sales: Mapping[int, Money] = field(converter=_as_sales, hash=False)
    cooperation: str
    loyalty: str

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.as_of, "as_of")
        if self.year > self.as_of.year or self.year not in self.sales:
            raise InvalidValue("the year that counts has begun and has its sales, if only zero")
        for amount in self.sales.values():
            if amount.currency != self.volume.currency:
                raise CurrencyMismatch(amount.currency, self.volume.currency)

    @property
    def volume(self) -> Money:
        """What the partner sold in the year that counts."""
        return self.sales[self.year]

    def sales_in(self, year: int) -> Money:
        """What the partner sold in a year; nothing where there is no entry."""
        return self.sales.get(year, Money.zero(self.volume.currency))


def _as_service(
    service: Mapping[PartnerClass, ServiceLevel],
) -> Mapping[PartnerClass, ServiceLevel]:
    return read_only(service)


@frozen(kw_only=True)
class PartnerAbc:
    """Tier A for agents, distributors and the top franchisees, B for growing loyal ones, else C.

    Tier A takes a role among ``a_roles`` (empty it to rank all by volume), or a volume among the
    top ``top_share`` of franchisees (``a_from``, found by :meth:`fit`; None: no volume is enough).
    Tier B takes sales up by ``growth`` in *each* of the last ``growth_years`` years, and
    co-operation and loyalty from the named words on; a year with no sales before it has no growth.
    ``support`` says what each tier gets. Where co-operation and loyalty are not low, middle or
    high, name their scales.

    :raises InvalidPolicy: if a tier lacks its support, or the terms are out of range.
    :raises InvalidValue: if a required word is not on its scale.

    >>> from crmkit.decision import explain
    >>> support = {
    ...     PartnerClass.A: ServiceLevel(priority=1, contacts_per_year=24, support=("fitting",)),
    ...     PartnerClass.B: ServiceLevel(priority=2, contacts_per_year=12),
    ...     PartnerClass.C: ServiceLevel(priority=3, contacts_per_year=4),
    ... }
    >>> volumes = [Money(n, "CNY") for n in (900, 400, 300, 200, 100)]
    >>> abc = PartnerAbc.fit(volumes, support=support)
    >>> shop = PartnerFacts(
    ...     customer="F-3", as_of=date(2025, 12, 31), role=PartnerRole.FRANCHISEE, year=2025,
    ...     sales={2023: Money(240, "CNY"), 2024: Money(270, "CNY"), 2025: Money(300, "CNY")},
    ...     cooperation="high", loyalty="high",
    ... )
    >>> print(explain(abc(shop)))
    B for F-3, by partner abc, as of 2025-12-31
    - not met: tier A; one of these is enough
      - not met: role is franchisee; one of agent, distributor required
      - not met: value for A is 300.00 CNY; at least 900.00 CNY required
    - met: tier B; all of these are needed
      - met: growth in 2025; all of these are needed
        - met: sales in 2024 is 270.00 CNY; more than 0.00 CNY required
        - met: sales in 2025 is 300.00 CNY; at least 297.00 CNY required
      - met: growth in 2024; all of these are needed
        - met: sales in 2023 is 240.00 CNY; more than 0.00 CNY required
        - met: sales in 2024 is 270.00 CNY; at least 264.00 CNY required
      - met: cooperation is high; one of high required
      - met: loyalty is high; one of high required
    """

    a_from: Money | None = None
    support: Mapping[PartnerClass, ServiceLevel] = field(converter=_as_service, hash=False)
    top_share: Fraction = field(default=Fraction(20, 100), converter=as_share)
    a_roles: frozenset[PartnerRole] = frozenset({PartnerRole.AGENT, PartnerRole.DISTRIBUTOR})
    growth: Fraction = field(default=Fraction(10, 100), converter=as_share)
    growth_years: int = 2
    cooperation_scale: OrdinalScale = LOW_MIDDLE_HIGH
    cooperation_from: str = "high"
    loyalty_scale: OrdinalScale = LOW_MIDDLE_HIGH
    loyalty_from: str = "high"

    def __attrs_post_init__(self) -> None:
        check_rising_shares([self.top_share])
        check_every_class(self.support, PartnerClass, "the support")
        self.cooperation_scale.position(self.cooperation_from, "cooperation_from")
        self.loyalty_scale.position(self.loyalty_from, "loyalty_from")
        if self.growth_years < 1 or self.growth <= -1:
            raise InvalidPolicy("growth is looked at over 1 year or more, and is above -1 (-100 %)")

    @classmethod
    def fit(
        cls,
        volumes: Histogram | Iterable[Money],
        *,
        support: Mapping[PartnerClass, ServiceLevel],
        top_share: ExactNumber = Fraction(20, 100),
    ) -> Self:
        """Find the volume that the top franchisees reach; change further terms by ``attrs.evolve``.

        A franchisee is among the top 20 % when less than 20 % of them sold strictly more.

        :raises NothingToFit: if there is no franchisee.
        :raises CurrencyMismatch: if the volumes are of two currencies.
        """
        counted, currency = count_money(volumes)
        share = as_share(top_share)
        (a_from,) = fit_thresholds(counted.descending(), [share], currency)
        return cls(a_from=a_from, support=support, top_share=share)

    def support_for(self, tier: PartnerClass) -> ServiceLevel:
        """The level of policy and operating support that a tier gets."""
        return self.support[tier]

    def __call__(self, facts: PartnerFacts, /) -> Decision[PartnerClass]:
        """Name the tier of one partner, and what A and B would have taken."""
        evidence = (self._tier_a(facts), self._tier_b(facts))
        outcome = first_met(tuple(PartnerClass), evidence)
        return Decision(outcome, "partner-abc", facts.as_of, evidence, subject=facts.customer)

    def outcomes(self, facts: Iterable[PartnerFacts]) -> list[PartnerClass]:
        """The tiers of many partners, as the call gives them one by one."""
        return [self(item).outcome for item in facts]

    def _tier_a(self, facts: PartnerFacts) -> Evidence:
        volume = ladder_evidence([PartnerClass.A], [self.a_from], facts.volume)
        return any_of("tier-A", one_of("role", facts.role, sorted(self.a_roles)), *volume)

    def _tier_b(self, facts: PartnerFacts) -> Evidence:
        growth = (self._grown(facts, facts.year - back) for back in range(self.growth_years))
        return all_of(
            "tier-B",
            *growth,
            self.cooperation_scale.at_least(
                "cooperation", facts.cooperation, self.cooperation_from
            ),
            self.loyalty_scale.at_least("loyalty", facts.loyalty, self.loyalty_from),
        )

    def _grown(self, facts: PartnerFacts, year: int) -> Evidence:
        before, now = facts.sales_in(year - 1), facts.sales_in(year)
        # Rounded up to the minor unit: whole units cannot tell it from the exact sum.
        required = before.times(1 + self.growth, rounding=Rounding.CEILING)
        return all_of(
            f"growth-in-{year}",
            above(f"sales-in-{year - 1}", before, Money.zero(before.currency)),
            at_least(f"sales-in-{year}", now, required),
        )
