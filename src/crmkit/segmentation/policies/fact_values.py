"""How policies that are told by name which fact to look at read it, exactly."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

from crmkit.errors import CurrencyMismatch, InvalidPolicy, InvalidValue
from crmkit.identifiers import CustomerId
from crmkit.money import Money, as_fraction, parse_decimal

__all__ = [
    "DatedFacts",
    "Quantity",
    "as_quantities",
    "as_quantity",
    "check_one_kind",
    "criterion_of",
    "exact_decimal",
    "magnitude",
    "read_fact",
    "read_quantity",
    "read_word",
]

Quantity = int | Decimal | Money
"""What can be measured and compared exactly: a count, a decimal number, or a sum of money."""


class DatedFacts(Protocol):
    """Any facts about one customer as of a day; policies read the others by their names."""

    @property
    def customer(self) -> CustomerId:
        """Whom the facts are about."""

    @property
    def as_of(self) -> date:
        """The last day that they include."""


def as_quantity(value: str | Quantity) -> Quantity:
    """Take a term of a policy exactly: a text such as ``"2.5"`` becomes a decimal number.

    :raises InvalidMoney: for a float, a bool, or a number that is not finite.
    """
    if isinstance(value, str):
        return parse_decimal(value)
    if not isinstance(value, Money):
        as_fraction(value)  # It refuses what is not exact.
    return value


def as_quantities(values: Iterable[str | Quantity]) -> tuple[Quantity, ...]:
    """Take several terms exactly, in their order."""
    return tuple(as_quantity(value) for value in values)


def magnitude(value: Quantity) -> int | Fraction:
    """The size of a quantity as an exact number; money in its minor units."""
    if isinstance(value, Money):
        return value.minor
    return value if isinstance(value, int) else Fraction(value)


def check_one_kind(values: Iterable[Quantity], what: str) -> None:
    """Refuse terms that mix money and plain numbers, or two currencies.

    :raises InvalidPolicy: with what would have worked.
    """
    if len({_kind(value) for value in values}) > 1:
        raise InvalidPolicy(f"{what} are all plain numbers, or all money of one currency")


def _kind(value: Quantity) -> str:
    return value.currency if isinstance(value, Money) else ""


def exact_decimal(units: int, digits: int) -> Decimal:
    """A whole number of units as a decimal, whatever the caller's decimal context."""
    return Decimal((int(units < 0), tuple(int(digit) for digit in str(abs(units))), -digits))


def criterion_of(fact: str) -> str:
    """The key under which a fact stands in the evidence: ``relative-strength``."""
    return fact.replace("_", "-")


# --- reading --------------------------------------------------------------------------------------


def read_fact(facts: DatedFacts, name: str) -> object:
    """What the facts say under a name.

    :raises InvalidValue: if they have nothing of that name.
    """
    try:
        return getattr(facts, name)
    except AttributeError:
        raise InvalidValue(
            f"these facts have no {name}: hand in facts that do, or name another one in the policy"
        ) from None


def read_quantity(facts: DatedFacts, name: str, like: Quantity) -> Quantity:
    """A fact that can be held against a term of the policy.

    :raises InvalidValue: if the fact is missing, or is money where the term is not.
    :raises CurrencyMismatch: if it is money of another currency.
    """
    value = read_fact(facts, name)
    if isinstance(value, Money) and isinstance(like, Money):
        if value.currency != like.currency:
            raise CurrencyMismatch(value.currency, like.currency)
        return value
    if isinstance(like, Money) or type(value) not in (int, Decimal):
        wanted = "Money" if isinstance(like, Money) else "an int or a Decimal"
        raise InvalidValue(f"{name} is a {type(value).__name__}: pass {wanted}")
    if isinstance(value, Decimal):
        as_fraction(value, name)  # It refuses NaN and infinity.
    return value  # type: ignore[return-value]


def read_word(facts: DatedFacts, name: str) -> str:
    """A fact that is an answer in words.

    :raises InvalidValue: if it is missing or no text.
    """
    value = read_fact(facts, name)
    if not isinstance(value, str):
        raise InvalidValue(f"{name} is a {type(value).__name__}: pass a word")
    return str(value)
