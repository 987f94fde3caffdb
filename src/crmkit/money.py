"""Exact sums of money.

A ``Money`` is a whole number of minor units (cents, fils) and an ISO 4217 currency. There is no
float anywhere near it, no result depends on the caller's decimal context, and currencies never mix.
Whatever has to be rounded names how.

>>> price = Money("12.30", "EUR")
>>> price * 3
Money('36.90', 'EUR')
>>> [str(part) for part in Money("100.00", "EUR").allocate([1, 1, 1])]
['33.34 EUR', '33.33 EUR', '33.33 EUR']
>>> Money("1.00", "EUR") == Money("1.00", "USD")
False
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import total_ordering
from types import MappingProxyType
from typing import Self

from attrs import field, frozen

from crmkit.errors import CurrencyMismatch, InvalidMoney

__all__ = [
    "CURRENCIES",
    "MAX_MINOR",
    "NO_CURRENCY",
    "ExchangeRates",
    "Money",
    "Rounding",
    "as_fraction",
    "digits_of",
    "parse_decimal",
    "round_fraction",
    "sum_money",
]

_TWO_DIGITS = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD "
    "CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS "
    "GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD "
    "LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB "
    "PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP "
    "SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW "
    "ZWG"
)
_NO_DIGITS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE_DIGITS = "BHD IQD JOD KWD LYD OMR TND"
_FOUR_DIGITS = "CLF UYW"
# Replaced by another currency, but still found in the books of the years before.
_HISTORICAL = "ANG BGN CUC HRK SLL ZWL"

NO_CURRENCY = "XXX"
"""ISO 4217's own code for amounts in no currency; here they have two digits. It stands for what a
file does not say: amounts in it add to each other and to nothing else."""

CURRENCIES: Mapping[str, int] = MappingProxyType(
    dict.fromkeys(_TWO_DIGITS.split(), 2)
    | dict.fromkeys(_NO_DIGITS.split(), 0)
    | dict.fromkeys(_THREE_DIGITS.split(), 3)
    | dict.fromkeys(_FOUR_DIGITS.split(), 4)
    | dict.fromkeys(_HISTORICAL.split(), 2)
    | {NO_CURRENCY: 2}
)
"""How many decimal digits the minor unit of each currency has (ISO 4217, list one)."""

MAX_MINOR = 10**18 - 1
"""The largest amount, in minor units: it fits the 64-bit integers of every database."""

# At most eighteen digits before the point: longer texts are refused before anything is computed.
_DECIMAL_TEXT = re.compile(r"([+-]?)([0-9]{1,18})(?:\.([0-9]{1,18}))?", re.ASCII)
_MAX_EXPONENT = 18


class Rounding(StrEnum):
    """What happens to the part of an amount that is smaller than the minor unit."""

    HALF_EVEN = "half-even"
    """To the nearest; exactly half goes to the even neighbour (bankers' rounding)."""
    HALF_UP = "half-up"
    """To the nearest; exactly half goes away from zero (as taught in school)."""
    HALF_DOWN = "half-down"
    """To the nearest; exactly half goes towards zero."""
    UP = "up"
    """Away from zero."""
    DOWN = "down"
    """Towards zero."""
    CEILING = "ceiling"
    """Towards more money."""
    FLOOR = "floor"
    """Towards less money."""


_RULES = frozenset(Rounding)


def digits_of(currency: str) -> int:
    """Say how many decimal digits a currency has: EUR 2, JPY 0, KWD 3.

    :raises InvalidMoney: if the code is not an ISO 4217 currency in capital letters.
    """
    try:
        return CURRENCIES[currency]
    except (KeyError, TypeError):
        raise InvalidMoney(
            "unknown currency: pass an ISO 4217 code in capital letters, such as 'EUR'"
        ) from None


def parse_decimal(text: str) -> Decimal:
    """Read a plain decimal number such as ``-12.30`` exactly.

    Only ASCII digits, an optional sign and one decimal point are read; no exponent, no blanks, no
    grouping, no NaN. At most 18 digits stand on each side of the point.

    :raises InvalidMoney: for any other text.
    """
    if type(text) is not str or _DECIMAL_TEXT.fullmatch(text) is None:
        raise InvalidMoney(
            "not a plain decimal number: write it like '12.30', with ASCII digits, at most 18 of "
            "them on each side of the point, no exponent and no grouping"
        )
    return Decimal(text)


def as_fraction(number: "int | str | Decimal | Fraction", what: str = "number") -> Fraction:
    """Take an exact number in any of its exact forms; a float or a bool is refused.

    :raises InvalidMoney: for a float, a bool, NaN, infinity or an absurd exponent.
    """
    match number:
        case bool():
            pass
        case int() | Fraction():
            return Fraction(number)
        case str():
            return Fraction(parse_decimal(number))
        case Decimal():
            return _fraction_of_decimal(number, what)
    raise InvalidMoney(
        f"{what} is a {type(number).__name__}: pass an int, a str such as '0.19', a Decimal or a "
        f"Fraction, which are exact"
    )


def _fraction_of_decimal(number: Decimal, what: str) -> Fraction:
    _, digits, exponent = number.as_tuple()
    # The exponent is looked at before any arithmetic: 1E+999999 would take minutes to expand.
    if (
        not isinstance(exponent, int)
        or abs(exponent) > _MAX_EXPONENT
        or len(digits) > 2 * _MAX_EXPONENT
    ):
        raise InvalidMoney(
            f"{what} is not a finite decimal of usual size: at most 18 digits on each side of the "
            f"point"
        )
    return Fraction(number)


def round_fraction(number: Fraction, rounding: Rounding) -> int:
    """Round an exact number to a whole one by the named rule.

    :raises InvalidMoney: if there is no such rule.
    """
    if rounding not in _RULES:
        raise InvalidMoney(f"a rounding is one of: {', '.join(Rounding)}")
    below = number.numerator // number.denominator
    rest = number - below
    if not rest:
        return below
    return below + _goes_up(rest, below, rounding)


def _goes_up(rest: Fraction, below: int, rounding: Rounding) -> bool:
    """Say whether a number ``rest`` above ``below`` (0 < rest < 1) goes to the whole above."""
    negative = below < 0
    match rounding:
        case Rounding.FLOOR:
            return False
        case Rounding.CEILING:
            return True
        case Rounding.DOWN:
            return negative
        case Rounding.UP:
            return not negative
    twice = 2 * rest
    if twice != 1:
        return twice > 1
    match rounding:
        case Rounding.HALF_UP:
            return not negative
        case Rounding.HALF_DOWN:
            return negative
        case _:  # HALF_EVEN
            return below % 2 == 1


@total_ordering
@frozen(init=False, repr=False, order=False, eq=True)
class Money:
    """A sum of money: what a customer paid, is owed, or is worth.

    ``Money("12.30", "EUR")`` is exact. The amount is a ``str``, an ``int`` (of major units) or a
    ``Decimal``; a float or a bool is refused, and so are more decimal digits than the currency has
    (use :meth:`rounded` and name the rule). Different currencies never add and never compare equal;
    ordering them raises.

    :raises InvalidMoney: if the amount is not exact, not finite, too large, finer than the minor
        unit, or the currency is not in ISO 4217.
    """

    minor: int
    """The amount in whole minor units of the currency: 1230 for 12.30 EUR."""
    currency: str
    """The ISO 4217 code, in capital letters."""

    def __init__(self, amount: str | int | Decimal, currency: str) -> None:
        digits = digits_of(currency)
        written = _DECIMAL_TEXT.fullmatch(amount) if type(amount) is str else None
        if written is not None and len(written[3] or "") <= digits:
            # The everyday text, read without a fraction.
            sign, whole, after_point = written.groups("")
            minor = int(f"{sign}{whole}{after_point:0<{digits}}")
            self.__attrs_init__(_checked_size(minor), currency)
            return
        exact = as_fraction(amount, "amount") * 10**digits
        if exact.denominator != 1:
            raise InvalidMoney(
                f"{currency} has {digits} decimal digits and the amount has more: "
                f"use Money.rounded(amount, {currency!r}, rounding=...) and name the rule"
            )
        self.__attrs_init__(_checked_size(exact.numerator), currency)

    # --- other ways to make one ---

    @classmethod
    def of_minor(cls, minor: int, currency: str) -> Self:
        """Make money from whole minor units: ``Money.of_minor(1230, "EUR")`` is 12.30 EUR.

        :raises InvalidMoney: if the count is not an int, too large, or the currency is unknown.
        """
        if type(minor) is not int:
            raise InvalidMoney(f"minor units are a {type(minor).__name__}: pass an int")
        digits_of(currency)
        return cls._raw(minor, currency)

    @classmethod
    def zero(cls, currency: str) -> Self:
        """Nothing, in the given currency."""
        return cls.of_minor(0, currency)

    @classmethod
    def rounded(
        cls,
        amount: str | int | Decimal | Fraction,
        currency: str,
        *,
        rounding: Rounding,
    ) -> Self:
        """Make money from a finer amount, rounded to the minor unit by the named rule.

        >>> Money.rounded("0.125", "EUR", rounding=Rounding.HALF_EVEN)
        Money('0.12', 'EUR')
        """
        exact = as_fraction(amount, "amount") * 10 ** digits_of(currency)
        return cls._raw(round_fraction(exact, rounding), currency)

    @classmethod
    def _raw(cls, minor: int, currency: str) -> Self:
        """Make money from parts whose currency is known to be good."""
        new = cls.__new__(cls)
        new.__attrs_init__(_checked_size(minor), currency)
        return new

    # --- what it is ---

    @property
    def amount(self) -> Decimal:
        """The amount in major units, with the digits of the currency: ``Decimal('12.30')``."""
        sign = 1 if self.minor < 0 else 0
        digits = tuple(int(digit) for digit in str(abs(self.minor)))
        return Decimal((sign, digits, -digits_of(self.currency)))

    @property
    def is_zero(self) -> bool:
        """Whether there is nothing."""
        return self.minor == 0

    @property
    def is_negative(self) -> bool:
        """Whether it is owed rather than owned, such as a refund."""
        return self.minor < 0

    def __str__(self) -> str:
        digits = digits_of(self.currency)
        text = f"{abs(self.minor):0{digits + 1}}"
        sign = "-" if self.is_negative else ""
        point = f".{text[-digits:]}" if digits else ""
        return f"{sign}{text[: len(text) - digits]}{point} {self.currency}"

    def __repr__(self) -> str:
        return f"Money('{self.amount!s}', {self.currency!r})"

    # --- arithmetic ---

    def _same_currency(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(self.currency, other.currency)

    def __add__(self, other: "Money") -> "Money":
        if not isinstance(other, Money):
            return NotImplemented
        self._same_currency(other)
        return Money._raw(self.minor + other.minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        if not isinstance(other, Money):
            return NotImplemented
        self._same_currency(other)
        return Money._raw(self.minor - other.minor, self.currency)

    def __neg__(self) -> "Money":
        return Money._raw(-self.minor, self.currency)

    def __abs__(self) -> "Money":
        return Money._raw(abs(self.minor), self.currency)

    def __mul__(self, count: int) -> "Money":
        """Take a whole number of times; ``times`` takes a ratio and a rounding."""
        if type(count) is not int:
            return NotImplemented
        return Money._raw(self.minor * count, self.currency)

    __rmul__ = __mul__

    def __lt__(self, other: "Money") -> bool:
        if not isinstance(other, Money):
            return NotImplemented
        self._same_currency(other)
        return self.minor < other.minor

    def times(self, ratio: int | str | Decimal | Fraction, *, rounding: Rounding) -> "Money":
        """Take an exact ratio of the amount, such as a tax or a share, rounded as named.

        >>> Money("19.99", "EUR").times("0.19", rounding=Rounding.HALF_UP)
        Money('3.80', 'EUR')
        """
        exact = as_fraction(ratio, "ratio") * self.minor
        return Money._raw(round_fraction(exact, rounding), self.currency)

    def ratio_to(self, other: "Money") -> Fraction:
        """Say, exactly, how many times the other amount this one is.

        :raises CurrencyMismatch: if the currencies differ.
        :raises InvalidMoney: if the other amount is zero.
        """
        self._same_currency(other)
        if other.minor == 0:
            raise InvalidMoney("nothing is a ratio of zero: compare with an amount other than zero")
        return Fraction(self.minor, other.minor)

    def allocate(
        self, weights: Sequence[int | Decimal | Fraction] | Sequence[str]
    ) -> tuple["Money", ...]:
        """Split by weights so that not one minor unit is lost: the parts add up to the whole.

        Each part is within one minor unit of its exact share. The units left over go to the largest
        remainders; among equal ones to the earlier part.

        :raises InvalidMoney: if there is no weight, one is negative or not exact, or all are zero.
        """
        if isinstance(weights, str):
            raise InvalidMoney("weights are a str: pass a list of them, such as ['0.7', '0.3']")
        shares = [as_fraction(weight, "weight") for weight in weights]
        whole = sum(shares, Fraction(0))
        if whole <= 0 or min(shares) < 0:
            raise InvalidMoney(
                "cannot allocate by these weights: pass at least one, none of them negative, "
                "and not all of them zero"
            )
        # Shares of the absolute amount, so that a refund splits as the purchase did.
        exact = [share * abs(self.minor) / whole for share in shares]
        parts = [round_fraction(part, Rounding.FLOOR) for part in exact]
        by_remainder = sorted(range(len(parts)), key=lambda i: parts[i] - exact[i])
        for i in by_remainder[: abs(self.minor) - sum(parts)]:
            parts[i] += 1
        sign = -1 if self.minor < 0 else 1
        return tuple(Money._raw(sign * part, self.currency) for part in parts)


def _checked_size(minor: int) -> int:
    if not -MAX_MINOR <= minor <= MAX_MINOR:
        raise InvalidMoney(
            f"amount out of range: at most {MAX_MINOR} minor units, which is what a 64-bit column "
            f"keeps"
        )
    return minor


def sum_money(amounts: Iterable[Money], currency: str) -> Money:
    """Add up amounts of one currency; no amounts at all make zero of it.

    :raises CurrencyMismatch: if an amount is of another currency.
    """
    digits_of(currency)
    total = 0
    for money in amounts:
        if money.currency != currency:
            raise CurrencyMismatch(currency, money.currency)
        total += money.minor
    return Money._raw(total, currency)


def _positive_rates(
    rates: Mapping[str, str | int | Decimal | Fraction],
) -> Mapping[str, Fraction]:
    exact = {code: as_fraction(rate, "exchange rate") for code, rate in rates.items()}
    for code, rate in exact.items():
        digits_of(code)
        if rate <= 0:
            raise InvalidMoney("an exchange rate is above zero: how much one unit is worth")
    return MappingProxyType(exact)


@frozen(kw_only=True)
class ExchangeRates:
    """The rates at which a shop converts its takings into one currency of account.

    ``rates`` says what one unit of each other currency is worth in the currency ``to``. The policy
    is the host's: crmkit knows no rates of its own. Calling it converts one amount.

    :raises InvalidMoney: if a currency is unknown or a rate is not exact and above zero.

    >>> in_euro = ExchangeRates(to="EUR", rates={"USD": "0.92"})
    >>> in_euro(Money("10.00", "USD"))
    Money('9.20', 'EUR')
    """

    to: str
    rates: Mapping[str, Fraction] = field(converter=_positive_rates, hash=False)
    rounding: Rounding = Rounding.HALF_EVEN

    def __attrs_post_init__(self) -> None:
        digits_of(self.to)

    def __call__(self, money: Money, /) -> Money:
        """Convert one amount; an amount in the currency of account stays as it is.

        :raises CurrencyMismatch: if there is no rate for the currency.
        """
        if money.currency == self.to:
            return money
        rate = self.rates.get(money.currency)
        if rate is None:
            raise CurrencyMismatch(self.to, money.currency)
        major = Fraction(money.minor, 10 ** digits_of(money.currency)) * rate
        return Money.rounded(major, self.to, rounding=self.rounding)
