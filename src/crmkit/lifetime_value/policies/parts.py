"""What a customer's value is made of: transactions, growth, and any further part (CLV-04)."""

from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction
from typing import Self

from attrs import field, frozen

from crmkit.decision import Decision, Evidence, noted
from crmkit.errors import InvalidPolicy, InvalidValue, NothingToFit
from crmkit.identifiers import CustomerId, ProductId, check_identifier
from crmkit.lifetime_value.policies.exact import (
    as_ratio,
    check_money,
    check_probability,
    check_rate,
    check_rounding,
    discount_factor,
    exact,
    note_factor,
    note_number,
    note_rate,
    read_only,
    split_money,
    to_money,
)
from crmkit.money import Money, Rounding, sum_money
from crmkit.period import Rate, Unit, check_date

__all__ = [
    "GROWTH",
    "TRANSACTIONS",
    "CrossSellChance",
    "CrossSellFacts",
    "CrossSellValue",
    "SumOfParts",
    "ValueParts",
]

TRANSACTIONS = "transaction-value"
"""The core of a value: what the customer buys anyway."""

GROWTH = "growth-value"
"""What cross-selling and the like are expected to add."""


def _as_parts(parts: Mapping[str, Money]) -> Mapping[str, Money]:
    return read_only(parts)


@frozen(kw_only=True)
class ValueParts:
    """The named parts of one customer's value; whatever they are, they add up exactly.

    :raises InvalidValue: if the day is not a plain date, a name could not serve as a key, or a part
        is not Money.
    :raises NothingToFit: if there is no part.
    :raises CurrencyMismatch: if the parts are of two currencies.

    >>> parts = ValueParts.of(
    ...     customer="C-7", as_of=date(2026, 6, 30),
    ...     transactions=Money("210.00", "EUR"), growth=Money("45.50", "EUR"),
    ...     further={"referral-value": Money("12.00", "EUR")},
    ... )
    >>> parts.value
    Money('267.50', 'EUR')
    """

    customer: CustomerId
    as_of: date
    parts: Mapping[str, Money] = field(converter=_as_parts, hash=False)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.as_of, "as_of")
        if not self.parts:
            raise NothingToFit("a value has at least one part, such as its transaction value")
        for name, amount in self.parts.items():
            check_identifier(name, "the name of a part")
            check_money(amount, "a part of a value")
        sum_money(self.parts.values(), self.currency)

    @classmethod
    def of(
        cls,
        *,
        customer: CustomerId,
        as_of: date,
        transactions: Money,
        growth: Money,
        further: Mapping[str, Money] | None = None,
    ) -> Self:
        """Take the two parts that every value has, and further ones by name.

        :raises InvalidValue: if a further part has the name of one of the two.
        """
        more = further or {}
        if more.keys() & {TRANSACTIONS, GROWTH}:
            raise InvalidValue(f"{TRANSACTIONS} and {GROWTH} have arguments of their own")
        parts = {TRANSACTIONS: transactions, GROWTH: growth, **more}
        return cls(customer=customer, as_of=as_of, parts=parts)

    @property
    def currency(self) -> str:
        """The currency of every part."""
        return next(iter(self.parts.values())).currency

    @property
    def value(self) -> Money:
        """The sum of the parts."""
        return sum_money(self.parts.values(), self.currency)

    def share(self, part: str) -> Fraction | None:
        """What share of the value a part is; None where the value is not above zero.

        :raises InvalidValue: if there is no such part.
        """
        if part not in self.parts:
            raise InvalidValue(f"no such part; there are: {', '.join(self.parts)}")
        return self.parts[part].ratio_to(self.value) if self.value.minor > 0 else None


def _as_names(names: Iterable[str]) -> frozenset[str]:
    if isinstance(names, str):
        # A text is an iterable of its letters, of which none is the name of a part.
        raise InvalidPolicy("name the parts to leave out in a set, such as {'growth-value'}")
    return frozenset(names)


@frozen(kw_only=True)
class SumOfParts:
    """A customer's value as the sum of its named parts, but for those that are left out.

    :raises InvalidPolicy: if one name stands for the set of those left out.

    >>> from crmkit.decision import explain
    >>> parts = ValueParts.of(
    ...     customer="C-7", as_of=date(2026, 6, 30),
    ...     transactions=Money("210.00", "EUR"), growth=Money("45.50", "EUR"),
    ... )
    >>> print(explain(SumOfParts()(parts)))
    255.50 EUR for C-7, by sum of parts, as of 2026-06-30
    - noted: transaction value is 210.00 EUR
    - noted: growth value is 45.50 EUR
    """

    leaving_out: frozenset[str] = field(default=frozenset(), converter=_as_names)

    def __call__(self, facts: ValueParts, /) -> Decision[Money]:
        """Add up the parts of one customer's value."""
        evidence = tuple(noted(name, amount) for name, amount in self._counted(facts))
        return Decision(
            self._outcome(facts), "sum-of-parts", facts.as_of, evidence, subject=facts.customer
        )

    def outcomes(self, facts: Iterable[ValueParts]) -> list[Money]:
        """The sums for many customers, as the call gives them one by one."""
        return [self._outcome(item) for item in facts]

    def _outcome(self, facts: ValueParts) -> Money:
        return sum_money((amount for _, amount in self._counted(facts)), facts.currency)

    def _counted(self, facts: ValueParts) -> list[tuple[str, Money]]:
        return [item for item in facts.parts.items() if item[0] not in self.leaving_out]


# --- growth ---------------------------------------------------------------------------------------


@frozen
class CrossSellChance:
    """A product that a customer may come to buy: how probably, when, and what it would bring.

    :raises InvalidPolicy: if the probability is none, or the margin is not Money.
    :raises InvalidValue: if the day is not a plain date.
    """

    product: ProductId
    probability: Fraction = field(converter=as_ratio)
    margin: Money
    on: date

    def __attrs_post_init__(self) -> None:
        check_identifier(self.product, "product")
        check_probability(self.probability, "the probability of a sale")
        check_money(self.margin, "a margin")
        check_date(self.on, "the day of a sale")


def _as_chances(chances: Iterable[CrossSellChance]) -> tuple[CrossSellChance, ...]:
    return tuple(chances)


@frozen(kw_only=True)
class CrossSellFacts:
    """What one customer may come to buy beyond what they buy anyway, as of a day.

    ``currency`` is that of the margins; it is named because there may be no chance at all.

    :raises InvalidValue: if a day is not a plain date, or a sale lies before ``as_of``.
    :raises CurrencyMismatch: if a margin is of another currency.
    """

    customer: CustomerId
    as_of: date
    currency: str
    chances: tuple[CrossSellChance, ...] = field(converter=_as_chances)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.as_of, "as_of")
        sum_money((chance.margin for chance in self.chances), self.currency)
        if any(chance.on < self.as_of for chance in self.chances):
            raise InvalidValue("what a customer may come to buy lies on as_of or later")


@frozen(kw_only=True)
class CrossSellValue:
    """The growth value of a customer: chances of further sales, times margin, discounted.

    :raises InvalidPolicy: if the discount is a bare number.

    >>> facts = CrossSellFacts(customer="C-7", as_of=date(2026, 6, 30), currency="EUR", chances=[
    ...     CrossSellChance("travel cover", "0.25", Money("80.00", "EUR"), date(2026, 12, 30)),
    ...     CrossSellChance("home cover", "0.10", Money("300.00", "EUR"), date(2027, 6, 30)),
    ... ])
    >>> CrossSellValue(discount=Rate.annual("0.10"))(facts).outcome
    Money('46.34', 'EUR')
    """

    discount: Rate
    rounding: Rounding = Rounding.HALF_EVEN

    def __attrs_post_init__(self) -> None:
        check_rate(self.discount)
        check_rounding(self.rounding)

    def __call__(self, facts: CrossSellFacts, /) -> Decision[Money]:
        """Value what one customer may come to buy, product by product."""
        amounts = split_money(self._exact(facts), facts.currency, self.rounding)
        evidence = (
            note_rate("discount", self.discount, Unit.YEAR),
            *(
                Evidence(f"chance {at}", amount, parts=self._terms(chance, facts.as_of))
                for at, (chance, amount) in enumerate(
                    zip(facts.chances, amounts, strict=True), start=1
                )
            ),
        )
        return Decision(
            self._outcome(facts), "cross-sell-value", facts.as_of, evidence, subject=facts.customer
        )

    def outcomes(self, facts: Iterable[CrossSellFacts]) -> list[Money]:
        """The growth values of many customers, as the call gives them one by one."""
        return [self._outcome(item) for item in facts]

    def _terms(self, chance: CrossSellChance, as_of: date) -> tuple[Evidence, ...]:
        return (
            noted("product", chance.product),
            note_number("probability", chance.probability),
            noted("margin", chance.margin),
            noted("on", chance.on),
            note_factor(
                "discount-factor", discount_factor(self.discount, (chance.on - as_of).days)
            ),
        )

    def _outcome(self, facts: CrossSellFacts) -> Money:
        return to_money(sum(self._exact(facts), Fraction(0)), facts.currency, self.rounding)

    def _exact(self, facts: CrossSellFacts) -> list[Fraction]:
        return [
            chance.probability
            * exact(chance.margin)
            * discount_factor(self.discount, (chance.on - facts.as_of).days)
            for chance in facts.chances
        ]
