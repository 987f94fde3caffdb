"""What a fit has to say for itself: how it ended, how sure it is, and what is wrong with it."""

import math
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from statistics import NormalDist
from types import MappingProxyType

from attrs import field, frozen

from crmkit.errors import CannotFit, InvalidValue, NothingToFit
from crmkit.lifetime_value.facts import CountedFacts
from crmkit.lifetime_value.numerics.newton import (
    SMALLEST_GAIN,
    Ending,
    Evaluation,
    Matrix,
    Optimum,
    Vector,
    inverse,
    maximize,
)

__all__ = [
    "Ending",
    "FitReport",
    "FitWarning",
    "Interval",
    "check_fittable",
    "climb",
    "in_logarithms",
    "reach_of",
    "report_on",
]

_FEW_REPEATS = 30
# A standard error of 3 in the logarithm: the 95 % interval spans a factor of 130,000.
_WIDEST_SPREAD = 3.0
# exp(700) is near the largest float.
_LARGEST_EXPONENT = 700.0


class FitWarning(StrEnum):
    """Why a fit is to be used with care, or not at all."""

    NOT_CONVERGED = "not-converged"
    """The search used up its steps: the parameters are not the best ones."""
    AT_BOUNDARY = "at-boundary"
    """A parameter ran to an extreme: the data fit a simpler model, or no customer ever left."""
    NOT_IDENTIFIED = "not-identified"
    """The data leave a parameter open: other values fit as well."""
    FEW_REPEATS = "few-repeats"
    """Fewer than thirty customers came back: the figures hang on very few people."""
    SPEND_FOLLOWS_FREQUENCY = "spend-follows-frequency"
    """Who buys more often spends more (or less) each time: the spend model assumes neither."""


@frozen
class Interval:
    """The range in which a parameter lies with the stated probability."""

    low: float
    high: float


def _read_only(parameters: Mapping[str, float]) -> Mapping[str, float]:
    return MappingProxyType(dict(parameters))


@frozen(kw_only=True)
class FitReport:
    """How a fit came about and how far to trust it.

    ``information`` is the observed Fisher information of the logarithms of the parameters: the
    second derivatives of the log-likelihood at its top, with the sign turned. Standard errors and
    intervals come from its inverse when they are asked for; the intervals are symmetric in the
    logarithm, so none reaches below zero.
    """

    parameters: Mapping[str, float] = field(converter=_read_only, hash=False)
    log_likelihood: float
    customers: int
    rows: int
    """How many distinct rows there were after counting equal ones."""
    iterations: int
    ending: Ending
    information: tuple[tuple[float, ...], ...] = field(repr=False)
    warnings: tuple[FitWarning, ...] = ()
    names: tuple[str, ...] = field(repr=False)
    """The parameters in the order of the rows of the information, which a document may not keep."""

    @names.default
    def _as_given(self) -> tuple[str, ...]:
        return tuple(self.parameters)

    def __attrs_post_init__(self) -> None:
        if sorted(self.names) != sorted(self.parameters):
            raise InvalidValue("the names of a fit are those of its parameters, each once")

    @property
    def converged(self) -> bool:
        """Whether the search ended at a top."""
        return self.ending is Ending.CONVERGED

    @property
    def is_trustworthy(self) -> bool:
        """Whether there is no warning."""
        return not self.warnings

    @property
    def aic(self) -> float:
        """Akaike's information criterion: the lower, the better the model for its size."""
        return 2.0 * len(self.parameters) - 2.0 * self.log_likelihood

    @property
    def bic(self) -> float:
        """The Bayesian information criterion, which asks more of every further parameter."""
        return math.log(self.customers) * len(self.parameters) - 2.0 * self.log_likelihood

    def standard_errors(self) -> Mapping[str, float] | None:
        """The standard error of each parameter; None if the data leave one open."""
        spreads = _spreads(self.information)
        if spreads is None:
            return None
        return {
            name: self.parameters[name] * spread
            for name, spread in zip(self.names, spreads, strict=True)
        }

    def intervals(self, level: float = 0.95) -> Mapping[str, Interval] | None:
        """The interval of each parameter at a level; None if the data leave one open.

        The upper end is infinite where it lies beyond the largest float.

        :raises InvalidValue: if the level does not lie between 0 and 1.
        """
        reach, spreads = reach_of(level), _spreads(self.information)
        if spreads is None:
            return None
        return {
            name: _around(self.parameters[name], reach * spread)
            for name, spread in zip(self.names, spreads, strict=True)
        }


def reach_of(level: float) -> float:
    """How many standard errors an interval at a level of confidence reaches to either side.

    :raises InvalidValue: if the level does not lie between 0 and 1.
    """
    if not isinstance(level, int | float) or not 0.0 < level < 1.0:
        raise InvalidValue("a level of confidence lies between 0 and 1, such as 0.95")
    return -NormalDist().inv_cdf((1.0 - level) / 2.0)


def _around(value: float, reach: float) -> Interval:
    """The interval around a value that reaches equally far in the logarithm."""
    widest = math.exp(reach) if reach < _LARGEST_EXPONENT else math.inf
    return Interval(value * math.exp(-reach), value * widest)


def _spreads(information: Matrix) -> list[float] | None:
    """The standard errors of the logarithms of the parameters."""
    covariance = inverse(information)
    if covariance is None:
        return None
    return [math.sqrt(covariance[i][i]) for i in range(len(covariance))]


def check_fittable(facts: CountedFacts) -> list[FitWarning]:
    """Refuse facts that no model of repeat purchases can be fitted to; warn of poor ones.

    :raises NothingToFit: if there is no customer.
    :raises CannotFit: if nobody came back, no time has passed, or all customers are alike.
    """
    if not facts.rows:
        raise NothingToFit("no customers to fit to: pass the facts of at least two")
    came_back = sum(count for (x, _, _), count in facts.rows.items() if x > 0)
    if not came_back:
        raise CannotFit(
            "nobody in these facts has bought again",
            "pass facts of a longer time, in which some customers came back",
        )
    if not any(age for _, _, age in facts.rows):
        raise CannotFit(
            "no time has passed for any of these customers",
            "count time in a smaller unit, or pass facts as of a later day",
        )
    if len(facts.rows) == 1:
        raise CannotFit(
            "all customers are alike, or there is only one",
            "pass the facts of customers with different histories",
        )
    return [FitWarning.FEW_REPEATS] if came_back < _FEW_REPEATS else []


def in_logarithms(
    value: float,
    parameters: Sequence[float],
    slopes: Sequence[float],
    bends: Sequence[Sequence[float]],
) -> Evaluation:
    """A value with its derivatives in the logarithms of the parameters, from those in themselves.

    Of the second derivatives, ``bends``, only the lower triangle is read.
    """
    gradient = tuple(p * slope for p, slope in zip(parameters, slopes, strict=True))
    size = range(len(gradient))
    hessian = tuple(
        tuple(
            parameters[i] * parameters[j] * bends[max(i, j)][min(i, j)]
            + (gradient[i] if i == j else 0.0)
            for j in size
        )
        for i in size
    )
    return value, gradient, hessian


def climb(
    names: Sequence[str],
    function: Callable[[Vector], Evaluation],
    start: Sequence[float],
    *,
    lower: Sequence[float],
    upper: Sequence[float],
    customers: int,
    rows: int,
    warnings: Sequence[FitWarning] = (),
    gain: float = SMALLEST_GAIN,
) -> FitReport:
    """Climb to the top of a log-likelihood of log parameters and report on it.

    Starts and bounds are the parameters themselves, not their logarithms.
    """
    top = maximize(
        function,
        [math.log(x) for x in start],
        lower=[math.log(x) for x in lower],
        upper=[math.log(x) for x in upper],
        gain=gain,
    )
    return report_on(names, top, customers=customers, rows=rows, warnings=warnings)


def report_on(
    names: Sequence[str],
    top: Optimum,
    *,
    customers: int,
    rows: int,
    warnings: Sequence[FitWarning] = (),
) -> FitReport:
    """Turn the end of a search into a report."""
    information = tuple(tuple(-entry for entry in row) for row in top.hessian)
    found = list(warnings)
    if top.ending is Ending.GAVE_UP:
        found.append(FitWarning.NOT_CONVERGED)
    if top.ending is Ending.AT_BOUNDARY:
        found.append(FitWarning.AT_BOUNDARY)
    spreads = _spreads(information)
    if spreads is None or max(spreads) > _WIDEST_SPREAD:
        found.append(FitWarning.NOT_IDENTIFIED)
    return FitReport(
        parameters=dict(zip(names, map(math.exp, top.point), strict=True)),
        log_likelihood=top.value,
        customers=customers,
        rows=rows,
        iterations=top.iterations,
        ending=top.ending,
        information=information,
        warnings=tuple(found),
    )
