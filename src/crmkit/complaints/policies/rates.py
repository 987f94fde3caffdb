"""How often customers complain, and how many stay silent: with limits, never as a bare number."""

from datetime import date
from decimal import (
    ROUND_CEILING,
    ROUND_FLOOR,
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
)
from fractions import Fraction
from math import ceil, floor

from attrs import field, frozen

from crmkit.complaints.facts.counts import MAX_COUNT, MAX_EXPOSURE
from crmkit.complaints.numerics import poisson_mean_bounds
from crmkit.decision import Decision, at_most, noted
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.identifiers import check_identifier
from crmkit.money import as_fraction
from crmkit.period import check_date

__all__ = [
    "ONE_IN_26",
    "ComplaintRate",
    "RateEstimate",
    "RateFacts",
    "SilentDissatisfied",
    "SilentEstimate",
    "check_share",
    "decimal_of",
]

_DIGITS = 6


def decimal_of(number: Fraction, rounding: str = ROUND_HALF_EVEN) -> Decimal:
    """A number to six significant digits, for people to read."""
    context = Context(
        prec=_DIGITS,
        rounding=rounding,
        Emin=-999_999,
        Emax=999_999,
        capitals=1,
        clamp=0,
        flags=[],
        traps=[DivisionByZero, InvalidOperation, Overflow],
    )
    return context.divide(Decimal(number.numerator), Decimal(number.denominator))


def check_share(share: Fraction, what: str) -> None:
    """Refuse a share or chance that is not between 0 and 1, both left out.

    :raises InvalidPolicy: for any other number.
    """
    if not 0 < share < 1:
        raise InvalidPolicy(f"{what} is above 0 and below 1")


def _as_exact(number: int | str | Decimal | Fraction) -> Fraction:
    return as_fraction(number, "a term of a rate")


@frozen(kw_only=True)
class RateFacts:
    """How many complained out of how many, and whom or what was counted.

    :raises InvalidValue: if a number is not whole or below 0, or nobody could have complained.
    """

    as_of: date
    count: int
    exposure: int
    of: str = "customers"

    def __attrs_post_init__(self) -> None:
        check_date(self.as_of, "as_of")
        check_identifier(self.of, "what an exposure counts")
        if type(self.count) is not int or not 0 <= self.count <= MAX_COUNT:
            raise InvalidValue(f"a count is a whole number from 0 to {MAX_COUNT:,}")
        if type(self.exposure) is not int or not 0 < self.exposure <= MAX_EXPOSURE:
            raise InvalidValue(
                f"a rate needs somebody who could have complained: pass an exposure from 1 to "
                f"{MAX_EXPOSURE:,}"
            )


@frozen(kw_only=True)
class RateEstimate:
    """A rate of complaints, exact, with the limits between which the true rate may lie."""

    count: int
    exposure: int
    of: str
    per: int
    rate: Fraction
    low: Decimal
    high: Decimal
    confidence: Fraction

    def __str__(self) -> str:
        """Write the rate as a person reads it."""
        return (
            f"{decimal_of(self.rate):f} per {self.per:,} {self.of}, between {self.low:f} and "
            f"{self.high:f} with {decimal_of(self.confidence * 100):f} % confidence"
        )


@frozen(kw_only=True)
class ComplaintRate:
    """Complaints per 10,000 customers, orders or units sold, with an exact interval.

    The interval is that of Garwood, "Fiducial limits for the Poisson distribution", Biometrika 28
    (1936): whatever the true rate, the interval covers it with at least the confidence asked for,
    also where three complaints are all there are. A customer may complain more than once. The ends
    are rounded outwards to six digits.

    :raises InvalidPolicy: if ``per`` is below 1, or the confidence is not between 0 and 1.

    >>> rate = ComplaintRate(confidence="0.95")
    >>> facts = RateFacts(as_of=date(2026, 5, 31), count=12, exposure=820)
    >>> print(rate(facts).outcome)
    146.341 per 10,000 customers, between 75.6167 and 255.630 with 95 % confidence
    """

    confidence: Fraction = field(converter=_as_exact)
    per: int = 10_000

    def __attrs_post_init__(self) -> None:
        check_share(self.confidence, "a confidence")
        if self.per < 1:
            raise InvalidPolicy("a rate is per 1 or more, such as per=10_000")

    def __call__(self, facts: RateFacts, /) -> Decision[RateEstimate]:
        """Estimate the rate, and say what it was made of."""
        low, high = poisson_mean_bounds(facts.count, float((1 - self.confidence) / 2))
        scale = Fraction(self.per, facts.exposure)
        estimate = RateEstimate(
            count=facts.count,
            exposure=facts.exposure,
            of=facts.of,
            per=self.per,
            rate=facts.count * scale,
            low=decimal_of(Fraction(low) * scale, ROUND_FLOOR),
            high=decimal_of(Fraction(high) * scale, ROUND_CEILING),
            confidence=self.confidence,
        )
        evidence = (
            noted("complaints", facts.count),
            noted(facts.of, facts.exposure),
            noted(f"complaints-per-{self.per}", decimal_of(estimate.rate)),
            noted("interval", "garwood"),
            noted("confidence", decimal_of(self.confidence)),
        )
        return Decision(estimate, "complaint-rate", facts.as_of, evidence)


@frozen(kw_only=True)
class SilentEstimate:
    """How many customers are likely to be dissatisfied in all, and how many of them are silent."""

    dissatisfied_low: int
    dissatisfied_high: int
    silent_low: int
    silent_high: int

    def __str__(self) -> str:
        """Write the estimate as a person reads it."""
        if self.silent_low == self.silent_high:
            return f"{self.silent_low:,} silent dissatisfied"
        return f"between {self.silent_low:,} and {self.silent_high:,} silent dissatisfied"


@frozen(kw_only=True)
class SilentDissatisfied:
    """The iceberg: for every customer who complains, how many are dissatisfied and say nothing.

    Which share of the dissatisfied complain is the shop's to say, as a range from ``least`` to
    ``most``: it differs with the price, the trade, and how easy it is to complain. ``count`` in the
    facts is the number of customers who complained, not of their complaints.

    :raises InvalidPolicy: if a share is not above 0 and at most 1, or the range is upside down.

    >>> iceberg = SilentDissatisfied(least="0.04", most="0.10")
    >>> print(iceberg(RateFacts(as_of=date(2026, 5, 31), count=12, exposure=820)).outcome)
    between 108 and 288 silent dissatisfied
    """

    least: Fraction = field(converter=_as_exact)
    most: Fraction = field(converter=_as_exact)

    def __attrs_post_init__(self) -> None:
        if not 0 < self.least <= self.most <= 1:
            raise InvalidPolicy(
                "a share that complains is above 0 and at most 1, least before most"
            )

    def __call__(self, facts: RateFacts, /) -> Decision[SilentEstimate]:
        """Estimate the silent; the evidence says where the shares cannot be true of the base."""
        low, high = floor(facts.count / self.most), ceil(facts.count / self.least)
        estimate = SilentEstimate(
            dissatisfied_low=low,
            dissatisfied_high=high,
            silent_low=low - facts.count,
            silent_high=high - facts.count,
        )
        evidence = (
            noted("customers-who-complained", facts.count),
            noted("least-share-that-complains", decimal_of(self.least)),
            noted("largest-share-that-complains", decimal_of(self.most)),
            at_most("dissatisfied-customers", high, facts.exposure),
        )
        return Decision(estimate, "silent-dissatisfied", facts.as_of, evidence)


ONE_IN_26 = SilentDissatisfied(least=Fraction(1, 26), most=Fraction(1, 26))
"""For illustration: one of 26 dissatisfied customers complains.

The figure is quoted in many textbooks from the TARP studies for the US Office of Consumer Affairs
(around 1980): a secondary source, of other trades and another time. Put the shop's own survey in
its place.
"""
