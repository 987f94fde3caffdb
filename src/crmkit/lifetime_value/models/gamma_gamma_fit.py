"""Fitting the Gamma-Gamma model by Newton's method to counted spend.

The customers who came back equally often share the digamma and trigamma functions; each distinct
spend costs one logarithm and one division a step.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from operator import mul

from attrs import frozen

from crmkit.errors import CannotFit, NothingToFit
from crmkit.lifetime_value.facts import CountedSpend, SpendRow
from crmkit.lifetime_value.models.fitting import FitReport, FitWarning, climb
from crmkit.lifetime_value.numerics.newton import Evaluation, Vector
from crmkit.lifetime_value.numerics.special import digamma, log_beta, trigamma

__all__ = ["PARAMETERS", "check_spend_fittable", "correlation_of", "fit_spend"]

PARAMETERS = ("p", "q", "v")

_FEW_REPEATS = 30
_SMALLEST, _LARGEST = 1e-6, 1e6
_APART = 8.0
# The scale of spend follows the shapes: a mean of p v / (q - 1) = 1 may need any v up to here.
_SCALES = 1e13


def check_spend_fittable(spend: CountedSpend) -> list[FitWarning]:
    """Refuse spend that the model cannot be fitted to; warn of too few customers.

    :raises NothingToFit: if no customer with a spend has come back.
    :raises CannotFit: if all of them spend the same, or they are fewer than the parameters.
    """
    if not spend.rows:
        raise NothingToFit(
            "no customer with a repeat spend to fit to: pass facts of a longer time, in which some "
            "customers came back and paid"
        )
    if len({mean for _, mean in spend.rows}) == 1:
        raise CannotFit(
            "all customers who came back spend the same each time, or there is only one",
            "take that amount as the expected spend",
        )
    if spend.customers < len(PARAMETERS):
        raise CannotFit(
            "there are two customers who came back, and three parameters",
            "pass the facts of more customers, or of a longer time",
        )
    return [FitWarning.FEW_REPEATS] if spend.customers < _FEW_REPEATS else []


def correlation_of(spend: CountedSpend) -> float | None:
    """Pearson's correlation of repeat purchases and mean spend, over customers."""
    counts = list(spend.rows.values())
    customers = sum(counts)
    repeats, means = zip(*spend.rows, strict=True)
    largest = max(means)
    away_x, away_m = (
        _centred(column, counts, customers) for column in (repeats, [m / largest for m in means])
    )
    xx = sum(map(mul, counts, map(mul, away_x, away_x)))
    mm = sum(map(mul, counts, map(mul, away_m, away_m)))
    xm = sum(map(mul, counts, map(mul, away_x, away_m)))
    return min(max(xm / math.sqrt(xx) / math.sqrt(mm), -1.0), 1.0) if xx > 0.0 else None


def _centred(column: Iterable[float], counts: list[int], customers: int) -> list[float]:
    values = list(column)
    mean = sum(map(mul, counts, values)) / customers
    return [value - mean for value in values]


@frozen
class _Block:
    """Totals of customers who came back equally often; equally many customers have each total."""

    count: int
    totals: list[float]
    inverses: list[float]


@frozen
class _Group:
    """The customers who came back equally often, with what they spent in total, scaled."""

    x: int
    customers: int
    blocks: list[_Block]
    logs: float
    """The sum of the logarithms of the totals."""


def fit_spend(spend: CountedSpend, warnings: list[FitWarning]) -> FitReport:
    """Find p, q and v under which the spend is most likely."""
    rows, customers = spend.rows, spend.customers
    logs = [math.log(mean) for _, mean in rows]
    center = sum(map(mul, rows.values(), logs)) / customers
    spread = sum(c * (log - center) ** 2 for c, log in zip(rows.values(), logs, strict=True))
    # Half of the variance of the logarithms to either shape: trigamma(z) is about 1/z + 1/z^2.
    half = max(spread / (2.0 * customers), _APART / _LARGEST)
    shape = min((0.5 + math.sqrt(0.25 + half)) / half, _LARGEST)
    scale = math.exp(center)
    likelihood = _likelihood(_grouped(rows, scale), center, customers)
    # Few customers can make a second, lower top: it is looked for from both sides as well.
    factors = (1.0, _APART, 1.0 / _APART) if customers < _FEW_REPEATS else (1.0,)
    return max(
        (
            climb(
                PARAMETERS,
                likelihood,
                (shape * factor, shape / factor, scale / factor**2),
                lower=(_SMALLEST, _SMALLEST, scale / _SCALES),
                upper=(_LARGEST, _LARGEST, scale * _SCALES),
                customers=customers,
                rows=len(rows),
                warnings=warnings,
            )
            for factor in factors
        ),
        key=lambda report: report.log_likelihood,
    )


def _grouped(rows: Mapping[SpendRow, int], scale: float) -> list[_Group]:
    totals: defaultdict[int, defaultdict[int, list[float]]]
    totals = defaultdict(lambda: defaultdict(list))
    for (x, mean), count in rows.items():
        totals[x][count].append(x * (mean / scale))
    return [
        _group(x, [_Block(c, each, [1.0 / z for z in each]) for c, each in totals[x].items()])
        for x in sorted(totals)
    ]


def _group(x: int, blocks: list[_Block]) -> _Group:
    customers = sum(block.count * len(block.totals) for block in blocks)
    logs = sum(block.count * sum(map(math.log, block.totals)) for block in blocks)
    return _Group(x, customers, blocks, logs)


@frozen
class _Sums:
    """What the likelihood needs of the totals z of one group: sums over its customers."""

    over_total: float
    """Of log((z + v) / z)."""
    over_scale: float
    """Of log((z + v) / v)."""
    share: float
    """Of v / (z + v)."""
    square: float
    """Of its square."""


def _sums(group: _Group, v: float) -> _Sums:
    logs = share = square = 0.0
    inverse = 1.0 / v
    for block in group.blocks:
        shares = [v / (z + v) for z in block.totals]
        # The smaller of the two logarithms is summed: it is the one that a large shape multiplies.
        ratios = [v * i for i in block.inverses] if v < 1.0 else [z * inverse for z in block.totals]
        logs += block.count * sum(map(math.log1p, ratios))
        share += block.count * sum(shares)
        square += block.count * sum(map(mul, shares, shares))
    apart = group.logs - group.customers * math.log(v)
    over_total, over_scale = (logs, logs + apart) if v < 1.0 else (logs - apart, logs)
    return _Sums(over_total, over_scale, share, square)


def _likelihood(
    groups: list[_Group], center: float, customers: int
) -> Callable[[Vector], Evaluation]:
    """The log-likelihood of log p, log q and log v, with its derivatives.

    Spend is measured in its geometric mean (``center`` is the logarithm of that), so that a shop
    that counts in yen is fitted as one that counts in dollars.
    """

    def evaluate(point: Vector) -> Evaluation:
        p, q, v = math.exp(point[0]), math.exp(point[1]), math.exp(point[2] - center)
        value = -customers * center
        by_p = by_q = by_v = by_pp = by_pq = by_pv = by_qq = by_qv = by_vv = 0.0
        slope_q, bend_q = digamma(q), trigamma(q)
        for group in groups:
            x, n, own = group.x, group.customers, p * group.x
            both = own + q
            all_of, slope, bend = _sums(group, v), digamma(both), trigamma(both)
            value -= n * log_beta(own, q) + own * all_of.over_total + q * all_of.over_scale
            by_p += x * (n * (slope - digamma(own)) - all_of.over_total)
            by_q += n * (slope - slope_q) - all_of.over_scale
            by_v += n * q - both * all_of.share
            by_pp += n * x * x * (bend - trigamma(own))
            by_pq += n * x * bend
            by_pv -= x * all_of.share
            by_qq += n * (bend - bend_q)
            by_qv += n - all_of.share
            by_vv -= both * (all_of.share - all_of.square)
        gradient = (by_p * p, by_q * q, by_v)
        hessian = (
            (by_pp * p * p + by_p * p, by_pq * p * q, by_pv * p),
            (by_pq * p * q, by_qq * q * q + by_q * q, by_qv * q),
            (by_pv * p, by_qv * q, by_vv),
        )
        return value, gradient, hessian

    return evaluate
