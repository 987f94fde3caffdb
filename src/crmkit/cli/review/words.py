"""How figures are written for people."""

from decimal import Decimal
from fractions import Fraction

from crmkit.money import Money, Rounding, round_fraction

__all__ = [
    "amount",
    "chance",
    "count",
    "counted",
    "days",
    "expected",
    "money",
    "percent",
    "plain",
    "share",
]


def count(number: int) -> str:
    """A whole number, with its thousands grouped."""
    return f"{number:,}"


def counted(number: int, noun: str, nouns: str = "") -> str:
    """A number of things: ``1 line``, ``2 lines``, ``3 days``."""
    return f"{count(number)} {noun if number == 1 else nouns or noun + 's'}"


def amount(value: Money) -> str:
    """An amount without its currency: ``1,234.50``."""
    whole, point, rest = str(abs(value.amount)).partition(".")
    return f"{'-' if value.minor < 0 else ''}{int(whole):,}{point}{rest}"


def money(value: Money) -> str:
    """An amount with its currency."""
    return f"{amount(value)} {value.currency}"


def percent(part: Fraction) -> str:
    """A share of a whole, to a tenth of a percent: ``27.4 %``."""
    whole, tenths = divmod(abs(round_fraction(part * 1000, Rounding.HALF_EVEN)), 10)
    return f"{'-' if part < 0 and (whole or tenths) else ''}{whole:,}.{tenths} %"


def chance(probability: float) -> str:
    """A probability in whole percent: ``97 %``; what is not certain never reads 0 or 100."""
    if 0.0 < probability < 0.01:
        return "<1 %"
    if 0.99 < probability < 1.0:
        return ">99 %"
    return f"{probability * 100:.0f} %"


def expected(number: float) -> str:
    """An expected number of things, to a tenth: ``21,353.7``."""
    return f"{number:,.1f}"


def plain(number: Decimal) -> str:
    """A share in percent with the digits it has: ``10 %``, ``12.5 %``."""
    return f"{(number * 100).normalize():f} %"


def share(part: Fraction) -> str:
    """A share as a decimal number of four digits, for programs: ``0.2737``."""
    rounded = round_fraction(part * 10_000, Rounding.HALF_EVEN)
    whole, rest = divmod(abs(rounded), 10_000)
    return f"{'-' if rounded < 0 else ''}{whole}.{rest:04}"


def days(number: Fraction) -> str:
    """A number of days that may end on a half."""
    whole, half = divmod(number, 1)
    return f"{whole:,}.5" if half else f"{whole:,}"
