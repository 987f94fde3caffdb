"""From the text of an amount to whole minor units of its currency, exactly."""

import re
from fractions import Fraction
from functools import cache
from typing import Self

from attrs import frozen

from crmkit.errors import InvalidValue
from crmkit.intake.rejects import Refused, RejectReason
from crmkit.money import MAX_MINOR, Rounding, digits_of, round_fraction

__all__ = ["AmountFormat"]

# How the signs are written: an apostrophe and a blank stand for their typographic forms as well.
_SIGNS = {",": ",", ".": r"\.", "'": "['’]", " ": "[ \u00a0\u202f]"}
# What a refusal tries, so that it can say which signs would have worked.
_FAMILIAR = ((".", None), (",", None), (".", ","), (",", "."), (",", " "), (".", " "), (".", "'"))


@frozen
class AmountFormat:
    """How amounts are written: the decimal sign, the grouping, and what of too many digits."""

    decimal: str
    thousands: str | None
    rounding: Rounding | None
    pattern: "re.Pattern[str]"

    @classmethod
    def named(cls, decimal: str, thousands: str | None, rounding: Rounding | None) -> Self:
        """Understand the signs.

        :raises InvalidValue: if one is not known, or stands for two things.
        """
        if decimal not in {".", ","}:
            raise InvalidValue("decimal is '.' or ','")
        if thousands is not None and (thousands not in _SIGNS or thousands == decimal):
            raise InvalidValue(
                "thousands is ',', '.', \"'\" or ' ' and not the decimal sign, or None where "
                "thousands are not grouped"
            )
        if rounding is not None and rounding not in list(Rounding):
            raise InvalidValue(f"rounding is None or one of: {', '.join(Rounding)}")
        whole = r"\d{1,18}"
        if thousands is not None:
            whole = rf"\d{{1,3}}(?:{_SIGNS[thousands]}\d{{3}}){{1,5}}|{whole}"
        pattern = rf"([+-]?)({whole})(?:{_SIGNS[decimal]}(\d{{1,18}}))?"
        return cls(decimal, thousands, rounding, re.compile(pattern, re.ASCII))

    def minor(self, text: str, currency: str) -> int:
        """Read an amount of a currency as whole minor units.

        :raises Refused: if the text is no amount, or finer than the minor unit.
        """
        match = self.pattern.fullmatch(text)
        if match is None:
            raise self._refusal(text)
        sign, digits, fraction = match.groups("")
        if self.thousands is not None:
            digits = "".join(filter(str.isdigit, digits))
        decimals = digits_of(currency)
        if len(fraction) <= decimals:
            return _checked_size(int(sign + digits + fraction.ljust(decimals, "0")))
        return self.minor_of(Fraction(f"{sign}{digits}.{fraction}"), currency)

    def minor_of(self, number: Fraction, currency: str) -> int:
        """Take an exact number of major units as whole minor units.

        :raises Refused: if it is finer than the minor unit and no rounding was named, or too large.
        """
        decimals = digits_of(currency)
        exact = number * 10**decimals
        if self.rounding is None and exact.denominator != 1:
            raise Refused(
                RejectReason.TOO_FINE,
                f"{currency} has {decimals} decimal digits and the amount has more: "
                f"rounding='half-even' would round it by that rule",
                "amount",
            )
        return _checked_size(round_fraction(exact, self.rounding or Rounding.HALF_EVEN))

    def _refusal(self, text: str) -> Refused:
        if not text:
            return Refused(RejectReason.MISSING, "there is no amount", "amount")
        fitting: dict[str, str] = {}
        for decimal, thousands in _FAMILIAR:
            if _familiar(decimal, thousands).pattern.fullmatch(text):
                grouped = f" with thousands={thousands!r}" if thousands else ""
                fitting.setdefault(decimal, f"decimal={decimal!r}{grouped}")
        advice = (
            f"{' or '.join(fitting.values())} would have read it"
            if fitting
            else "write it like 12.30, with ASCII digits and nothing else"
        )
        return Refused(RejectReason.BAD_AMOUNT, f"not an amount: {advice}", "amount")


@cache
def _familiar(decimal: str, thousands: str | None) -> AmountFormat:
    return AmountFormat.named(decimal, thousands, None)


def _checked_size(minor: int) -> int:
    if abs(minor) > MAX_MINOR:
        raise Refused(RejectReason.BAD_AMOUNT, f"more than {MAX_MINOR} minor units", "amount")
    return minor
