"""What policies measure by: whole numbers, decimals and money, exact and of one kind."""

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from crmkit.errors import InvalidPolicy
from crmkit.money import Money, as_fraction, parse_decimal

__all__ = [
    "Quantity",
    "as_quantities",
    "as_quantity",
    "check_one_kind",
    "exact_decimal",
    "magnitude",
]

Quantity = int | Decimal | Money
"""What can be measured and compared exactly: a count, a decimal number, or a sum of money."""


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
