"""The fit of BG/BB: Newton's method on counted rows of opportunities.

A customer's likelihood is a sum over when they may have left. From the last opportunity back to the
last purchase, one pass carries the logarithm of that sum with the mean and the covariance of the
derivatives of its terms, weighted by the terms: they are the derivatives of the whole. Nothing is
subtracted, and customers who differ only in their last purchase share the pass.
"""

import math
from collections import defaultdict
from itertools import accumulate
from typing import NamedTuple

from crmkit.errors import CannotFit
from crmkit.lifetime_value.facts import CountedFacts
from crmkit.lifetime_value.models.fitting import FitReport, check_fittable, climb, in_logarithms
from crmkit.lifetime_value.numerics.newton import Evaluation, Vector
from crmkit.lifetime_value.numerics.special import log_add

__all__ = ["fit_opportunities"]

_NAMES = ("alpha", "beta", "gamma", "delta")
_LOWEST, _HIGHEST = 1e-6, 1e6
_MOST_OPPORTUNITIES = 100_000
_LEAVING = (0.02, 0.1, 0.3)
_PAIRS = tuple((i, j) for i in range(4) for j in range(i + 1))


def fit_opportunities(facts: CountedFacts) -> FitReport:
    """Find the parameters under which the facts are most likely.

    The time that it takes grows with the number of opportunities times the number of different
    (x, n).

    :raises NothingToFit: if there is no customer.
    :raises CannotFit: if the facts cannot tell the parameters, or there are more opportunities than
        anybody counts.
    """
    warnings = check_fittable(facts)
    if max(age for _, _, age in facts.rows) > _MOST_OPPORTUNITIES:
        raise CannotFit(
            f"there are customers with more than {_MOST_OPPORTUNITIES} opportunities",
            "count opportunities in a longer unit of time, or fit Pareto/NBD or BG/NBD",
        )
    function = _LogLikelihood(facts)
    return climb(
        _NAMES,
        function,
        max(_guesses(facts), key=lambda start: function(tuple(map(math.log, start)))[0]),
        lower=[_LOWEST] * 4,
        upper=[_HIGHEST] * 4,
        customers=facts.customers,
        rows=len(facts.rows),
        warnings=warnings,
    )


def _guesses(facts: CountedFacts) -> list[Vector]:
    """Places to start: as many purchases as up to the last ones, and several ways to leave."""
    taken = sum(count * x for (x, _, _), count in facts.rows.items())
    met = sum(count * t_x for (_, t_x, _), count in facts.rows.items())
    buying = taken / (met + facts.customers)
    return [(2.0 * buying, 2.0 * (1.0 - buying), 2.0 * p, 2.0 * (1.0 - p)) for p in _LEAVING]


class _Rise(NamedTuple):
    """log (z)_k for each k, with its first derivative in z and minus its second one."""

    log: list[float]
    slope: list[float]
    bend: list[float]

    @classmethod
    def of(cls, z: float, length: int) -> "_Rise":
        factors = [z + k for k in range(length)]
        slopes = [1.0 / factor for factor in factors]
        return cls(
            list(accumulate(map(math.log, factors), initial=0.0)),
            list(accumulate(slopes, initial=0.0)),
            list(accumulate((s * s for s in slopes), initial=0.0)),
        )


class _LogLikelihood:
    """The log-likelihood of counted rows in the logarithms of the parameters (equation 5)."""

    def __init__(self, facts: CountedFacts) -> None:
        groups: defaultdict[tuple[int, int], dict[int, int]] = defaultdict(dict)
        for (x, t_x, age), count in facts.rows.items():
            groups[x, int(age)][int(t_x)] = count
        self._groups = list(groups.items())
        self._longest = max(age for _, age in groups) + 1

    def __call__(self, point: Vector) -> Evaluation:
        scale = tuple(map(math.exp, point))
        alpha, beta, gamma, delta = scale
        rises = [
            _Rise.of(z, self._longest) for z in (alpha, beta, alpha + beta, delta, gamma + delta)
        ]
        value, g, h = 0.0, [0.0] * 4, [[0.0] * 4 for _ in range(4)]
        for (x, age), counts in self._groups:
            value += _add_group(_Terms(x, gamma, delta, *rises), age, counts, g, h)
        return in_logarithms(value, scale, g, h)


class _Terms(NamedTuple):
    """The terms of the likelihood of customers with so many purchases."""

    x: int
    gamma: float
    delta: float
    buy: _Rise
    skip: _Rise
    either: _Rise
    stay: _Rise
    be: _Rise

    def stayed(self, t: int) -> tuple[float, list[float], list[float]]:
        """There after t opportunities: the log probability and its derivatives.

        The second ones come in the order of the pairs: those of alpha and beta, then those of gamma
        and delta, with the four mixed ones between them zero.
        """
        buy, skip, either, stay, be = self[3:]
        x, rest = self.x, t - self.x
        log = buy.log[x] + skip.log[rest] - either.log[t] + stay.log[t] - be.log[t]
        slopes = [
            buy.slope[x] - either.slope[t],
            skip.slope[rest] - either.slope[t],
            -be.slope[t],
            stay.slope[t] - be.slope[t],
        ]
        bend, bent = either.bend[t], be.bend[t]
        bends = [bend - buy.bend[x], bend, bend - skip.bend[rest]]
        bends += [0.0, 0.0, bent, 0.0, 0.0, bent, bent - stay.bend[t]]
        return log, slopes, bends

    def left(self, t: int) -> tuple[float, list[float], list[float]]:
        """There after t opportunities and gone before the next one."""
        log, slopes, bends = self.stayed(t)
        share = 1.0 / (self.gamma + self.delta + t)
        log += math.log(self.gamma * share)
        slopes[2] += 1.0 / self.gamma - share
        slopes[3] -= share
        square = share * share
        bends[5] += square - 1.0 / (self.gamma * self.gamma)
        bends[8] += square
        bends[9] += square
        return log, slopes, bends


def _add_group(
    terms: _Terms, age: int, counts: dict[int, int], g: list[float], h: list[list[float]]
) -> float:
    """Go back from the last opportunity; add the derivatives, and return the value.

    ``bends`` holds the weighted mean of the second derivatives plus the weighted covariance of the
    first ones, which is the second derivative of the logarithm of the sum.
    """
    value = 0.0
    total, slopes, bends = terms.stayed(age)
    for t in range(age, min(counts) - 1, -1):
        if t < age:
            log, more, more_bends = terms.left(t)
            total = log_add(total, log)
            w = math.exp(log - total)
            away = [new - old for new, old in zip(more, slopes, strict=True)]
            v = 1.0 - w
            bends = [
                old + w * (new - old + v * away[i] * away[j])
                for (i, j), new, old in zip(_PAIRS, more_bends, bends, strict=True)
            ]
            slopes = [old + w * step for old, step in zip(slopes, away, strict=True)]
        count = counts.get(t, 0)
        if count:
            value += count * total
            for i in range(4):
                g[i] += count * slopes[i]
            for (i, j), bend in zip(_PAIRS, bends, strict=True):
                h[i][j] += count * bend
    return value
