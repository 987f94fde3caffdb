"""How far the probabilities of a churn warning can be trusted, on customers it never saw."""

import math
from collections.abc import Iterable, Mapping
from itertools import pairwise
from types import MappingProxyType

from attrs import field, frozen

from crmkit.errors import InvalidValue, NothingToFit
from crmkit.retention.facts.signals import PastCustomer
from crmkit.retention.numerics import share_bounds
from crmkit.retention.policies.warning import ChurnWarning, WarningLevel

__all__ = ["CalibrationBand", "CalibrationReport", "Warned", "calibration_report"]

BANDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
CONFIDENCE = 0.95


@frozen(kw_only=True)
class CalibrationBand:
    """The customers whose probability lay in a band, from ``start`` on and below ``end``.

    The last band includes its end. ``predicted`` is the mean of their probabilities; None where
    there is nobody.
    """

    start: float
    end: float
    customers: int
    left: int
    predicted: float | None

    @property
    def observed(self) -> float | None:
        """The share of them that left; None where there is nobody."""
        return self.left / self.customers if self.customers else None

    @property
    def likely(self) -> tuple[float, float]:
        """Where the true share lies with 95 % confidence (Wilson 1927)."""
        return share_bounds(self.left, self.customers, CONFIDENCE)

    @property
    def fits(self) -> bool:
        """Whether what was predicted is among what is likely; nobody contradicts nothing."""
        low, high = self.likely
        return self.predicted is None or low <= self.predicted <= high


@frozen(kw_only=True)
class Warned:
    """How many customers got a level of the warning, and how many of them left."""

    customers: int
    left: int


def _by_level(table: Mapping[WarningLevel, Warned]) -> Mapping[WarningLevel, Warned]:
    return MappingProxyType(dict(table))


@frozen(kw_only=True)
class CalibrationReport:
    """What a churn warning said of customers, against what they did.

    ``brier`` is the mean squared distance between the probability and what happened (Brier 1950):
    0 is perfect, 0.25 is a coin. ``brier_of_base_rate`` is that of always saying the base rate of
    the weights, which a warning that is worth having stays below.
    """

    customers: int
    left: int
    brier: float
    brier_of_base_rate: float
    bands: tuple[CalibrationBand, ...]
    by_level: Mapping[WarningLevel, Warned] = field(converter=_by_level, hash=False)

    @property
    def skill(self) -> float:
        """How much better than the base rate: 1 is perfect, 0 no better, below 0 worse."""
        return 1 - self.brier / self.brier_of_base_rate

    @property
    def misfits(self) -> tuple[CalibrationBand, ...]:
        """The bands in which more or fewer left than can be luck; one in twenty is luck anyway."""
        return tuple(band for band in self.bands if not band.fits)


def calibration_report(
    warning: ChurnWarning, held_out: Iterable[PastCustomer], *, bands: Iterable[float] = BANDS
) -> CalibrationReport:
    """Hold a warning against past customers that its weights were not counted from.

    ``bands`` are the probabilities at which a new band begins; the first one begins at 0.

    :raises NothingToFit: if there is nobody.
    :raises InvalidValue: if the bands do not rise inside 0 and 1.
    """
    edges = (0.0, *(float(edge) for edge in bands), 1.0)
    if any(low >= high for low, high in pairwise(edges)):
        raise InvalidValue("bands begin at probabilities that rise, above 0 and below 1")
    past = list(held_out)
    if not past:
        raise NothingToFit("without customers nothing can be held against the warning")
    base = warning.weights.base_rate
    chances = [warning.probability(each.facts) for each in past]
    levels = warning.outcomes(each.facts for each in past)
    said = list(zip(chances, (each.left for each in past), strict=True))
    return CalibrationReport(
        customers=len(past),
        left=sum(left for _, left in said),
        brier=_mean((chance - left) ** 2 for chance, left in said),
        brier_of_base_rate=_mean((base - left) ** 2 for _, left in said),
        bands=tuple(_band(start, end, said) for start, end in pairwise(edges)),
        by_level={
            level: Warned(
                customers=levels.count(level),
                left=sum(e.left for e, got in zip(past, levels, strict=True) if got is level),
            )
            for level in WarningLevel
        },
    )


def _band(start: float, end: float, said: list[tuple[float, bool]]) -> CalibrationBand:
    inside = [(p, left) for p, left in said if start <= p < end or (p == 1.0 == end)]
    return CalibrationBand(
        start=start,
        end=end,
        customers=len(inside),
        left=sum(left for _, left in inside),
        predicted=_mean(p for p, _ in inside) if inside else None,
    )


def _mean(numbers: Iterable[float]) -> float:
    found = list(numbers)
    return math.fsum(found) / len(found)
