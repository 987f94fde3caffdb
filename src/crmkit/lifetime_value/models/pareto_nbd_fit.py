"""The fit of Pareto/NBD: Newton's method on counted rows.

A customer is silent since the age t_x, either because they left at some age since then, or because
they have not bought for a while. The likelihood of a row is therefore a sum over the ages at which
they may have left, and one term for not having left at all: an integral over (t_x, T), and a point
at T. All rows with the same number of purchases have the same integrand, so one running integral
over their ages serves them all. It is summed from the highest age down, where the integrand is
small: the other way round, a row would need the small difference of two large numbers.

The derivatives are integrals too. Those of second order are not taken for each row: their sum over
the rows is one integral over all ages, weighted by the rows whose silence covers an age.

Source: Schmittlein, Morrison and Colombo (1987), Counting Your Customers, Management Science
33 (1); Fader and Hardie (2005), A Note on Deriving the Pareto/NBD Model and Related Expressions,
equation (18) before its integral over the time of leaving is solved.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, chain, combinations_with_replacement, pairwise, repeat
from operator import mul, sub, truediv

from crmkit.lifetime_value.facts import CountedFacts, Row
from crmkit.lifetime_value.models.fitting import FitReport, check_fittable, climb
from crmkit.lifetime_value.numerics.decaying import Decay, nodes_down
from crmkit.lifetime_value.numerics.newton import Evaluation, Vector, maximize
from crmkit.lifetime_value.numerics.rising import RisingFactorials

__all__ = ["ParetoNbdLikelihood", "fit_pareto_nbd"]

_NAMES = ("r", "alpha", "s", "beta")
_LOWEST, _HIGHEST = 1e-6, 1e6
_FEWEST = 0.01
_COARSE_FROM = 3_000
_COARSE_STEPS = 24
_COARSE_GAIN = 0.1
# The most that an integrand may fall within a group of rows, as a logarithm: twice as much is still
# far above the smallest float.
_DEEPEST = 300.0
_FAINTEST = 1e-280


def fit_pareto_nbd(facts: CountedFacts) -> FitReport:
    """Find the parameters under which the facts are most likely.

    :raises NothingToFit: if there is no customer.
    :raises CannotFit: if the facts cannot tell the parameters.
    """
    warnings = check_fittable(facts)
    rows = facts.rows
    customers = sum(rows.values())
    scale = sum(count * age for (_, _, age), count in rows.items()) / customers
    lower = [_LOWEST * unit for unit in (1.0, scale, 1.0, scale)]
    upper = [_HIGHEST * unit for unit in (1.0, scale, 1.0, scale)]
    # As many purchases as there were, customers who differ a good deal, and half of them gone.
    purchases = sum(count * x for (x, _, _), count in rows.items()) / customers
    start: Sequence[float] = (1.0, scale / max(purchases, _FEWEST), 1.0, scale)
    if len(rows) > _COARSE_FROM:
        coarse = maximize(
            ParetoNbdLikelihood(_coarser(rows), shortest=lower[1]),
            [math.log(x) for x in start],
            lower=[math.log(x) for x in lower],
            upper=[math.log(x) for x in upper],
            gain=_COARSE_GAIN,
        )
        start = [math.exp(x) for x in coarse.point]
    return climb(
        _NAMES,
        ParetoNbdLikelihood(rows, shortest=lower[1]),
        start,
        lower=lower,
        upper=upper,
        customers=customers,
        rows=len(rows),
        warnings=warnings,
    )


def _coarser(rows: Mapping[Row, int]) -> Mapping[Row, int]:
    """The same customers with ages rounded to a few steps: quick to climb, and close to the top."""
    step = max(age for _, _, age in rows) / _COARSE_STEPS
    coarse: Counter[Row] = Counter()
    for (x, t_x, age), count in rows.items():
        coarse[x, step * round(t_x / step), step * round(age / step)] += count
    return coarse


class ParetoNbdLikelihood:
    """The log-likelihood of counted rows in the logarithms of r, alpha, s and beta.

    ``shortest`` is the lowest alpha that will be asked for.
    """

    def __init__(self, rows: Mapping[Row, int], *, shortest: float) -> None:
        counts: Counter[int] = Counter()
        silences: defaultdict[int, list[_Silence]] = defaultdict(list)
        for (x, t_x, age), count in rows.items():
            counts[x] += count
            silences[x].append((t_x, age, count))
        self._purchases = sum(x * count for x, count in counts.items())
        self._rises = RisingFactorials(counts)
        self._groups = [
            _Group(x, part)
            for x, group in silences.items()
            for part in _split(x, sorted(group), shortest)
        ]

    def __call__(self, point: Vector) -> Evaluation:
        """The log-likelihood with its gradient and its matrix of second derivatives.

        It is minus infinity where a row is so unlikely that its derivatives have no digits left.
        """
        r, alpha, s, beta = map(math.exp, point)
        rise, slope, bend = self._rises(r)
        total = _Total(rise - self._purchases * point[1])
        total.gradient[0] = r * slope
        total.gradient[1] = -float(self._purchases)
        total.hessian[0, 0] = r * slope + r * r * bend
        for group in self._groups:
            group.add_to(total, r, alpha, s, beta)
            if total.value == -math.inf:
                break
        return total.evaluation()


_Silence = tuple[float, float, int]
"""Age at the last purchase, age of the customer, and how many customers."""
_ORDER = range(len(_NAMES))
_PAIRS = tuple(combinations_with_replacement(_ORDER, 2))


def _split(x: int, silences: list[_Silence], shortest: float) -> Iterator[list[_Silence]]:
    """Cut ascending silences where the integrand has fallen too far for one scale."""
    part: list[_Silence] = []
    for silence in silences:
        if part:
            growth = (silence[0] - part[0][0]) / (shortest + part[0][0])
            if x * math.log1p(growth) > _DEEPEST:
                yield part
                part = []
        part.append(silence)
    yield part


class _Total:
    """A sum with its derivatives in the logarithms of the parameters."""

    def __init__(self, value: float) -> None:
        self.value = value
        self.gradient = [0.0] * len(_NAMES)
        self.hessian = dict.fromkeys(_PAIRS, 0.0)

    def evaluation(self) -> Evaluation:
        """The sum as Newton's method wants it."""
        hessian = tuple(tuple(self.hessian[min(i, j), max(i, j)] for j in _ORDER) for i in _ORDER)
        return self.value, tuple(self.gradient), hessian


class _Moments:
    """Weighted sums of what the derivatives are made of: of 1, of each slope, and of each pair."""

    def __init__(self, weights: Sequence[float], slopes: Sequence[Sequence[float]]) -> None:
        self.whole = sum(weights)
        self.slopes: list[float] = []
        self.pairs: dict[tuple[int, int], float] = {}
        for i, slope in enumerate(slopes):
            weighted = list(map(mul, weights, slope))
            self.slopes.append(sum(weighted))
            for j in range(i, len(slopes)):
                self.pairs[i, j] = sum(map(mul, weighted, slopes[j]))


class _Cloud:
    """How likely what a row shows is, for each age at which a customer may have left.

    With ``leaving`` at 1 these are the ages of leaving in the integral; with 0 they are the ages of
    customers who have not left. ``slopes`` are the derivatives of the logarithm of the density in
    the logarithms of r, alpha, s and beta.
    """

    def __init__(
        self,
        ages: Sequence[float],
        weights: Iterator[float],
        decay: Decay,
        r: float,
        offset: float,
        leaving: int,
    ) -> None:
        p, alpha, q, beta = decay.p, decay.a, decay.q, decay.b
        exp, log1p = math.exp, math.log1p
        s = q - leaving
        a = [log1p(age / alpha) for age in ages]
        b = [log1p(age / beta) for age in ages]
        self.density = [
            w * exp(offset - p * la - q * lb) for w, la, lb in zip(weights, a, b, strict=False)
        ]
        self.slopes = (
            [-r * la for la in a],
            [p * age / (alpha + age) for age in ages],
            [leaving - s * lb for lb in b],
            [q * age / (beta + age) - leaving for age in ages],
        )
        self._r, self._p, self._s, self._q, self._leaving = r, p, s, q, leaving

    def columns(self) -> Iterator[list[float]]:
        """The density, and its derivatives."""
        yield self.density
        for slope in self.slopes:
            yield list(map(mul, self.density, slope))

    def bend(self, total: _Total, weights: Sequence[float]) -> None:
        """Add the second derivatives of the weighted density."""
        moments = _Moments(list(map(mul, weights, self.density)), self.slopes)
        h = total.hessian
        for pair, moment in moments.pairs.items():
            h[pair] += moment
        # The derivatives of the slopes, in terms of the slopes themselves.
        d_r, d_alpha, d_s, d_beta = moments.slopes
        left = self._leaving * moments.whole
        h[0, 0] += d_r
        h[0, 1] += self._r / self._p * d_alpha
        h[1, 1] += moments.pairs[1, 1] / self._p - d_alpha
        h[2, 2] += d_s - left
        h[2, 3] += self._s / self._q * (d_beta + left)
        squares = moments.pairs[3, 3] + 2.0 * self._leaving * d_beta + left
        h[3, 3] += squares / self._q - d_beta - left


class _Group:
    """Rows with the same number of purchases."""

    def __init__(self, x: int, silences: list[_Silence]) -> None:
        starts, ends, counts = zip(*silences, strict=True)
        self._ages = sorted({*starts, *ends}, reverse=True)
        place = {age: i for i, age in enumerate(self._ages)}
        self._x = x
        self._starts = [place[t_x] for t_x in starts]
        self._ends = [place[age] for age in ends]
        self._counts: Sequence[int] = counts
        self._customers = sum(counts)

    def add_to(self, total: _Total, r: float, alpha: float, s: float, beta: float) -> None:
        """Add the logarithm of the likelihood of each row, with its derivatives."""
        first = self._ages[-1]
        p = r + self._x
        offset = p * math.log1p(first / alpha) + (s + 1.0) * math.log1p(first / beta)
        decay = Decay(p, alpha, s + 1.0, beta)
        nodes, weights, above = nodes_down(decay, self._ages)
        rate = s / beta
        left = _Cloud(nodes, iter([rate * w for w in weights]), decay, r, offset, 1)
        there = _Cloud(self._ages, repeat(1.0), Decay(p, alpha, s, beta), r, offset, 0)
        likelihood, *slopes = self._of_rows(left, there, above)
        if min(likelihood) < _FAINTEST:
            total.value = -math.inf
            return
        total.value += sum(map(mul, self._counts, map(math.log, likelihood)))
        total.value -= self._customers * offset
        relative = [list(map(truediv, slope, likelihood)) for slope in slopes]
        moments = _Moments(self._counts, relative)
        for i in _ORDER:
            total.gradient[i] += moments.slopes[i]
        for pair, moment in moments.pairs.items():
            total.hessian[pair] -= moment
        covering, ending = self._weights(likelihood)
        panels = (repeat(w, k - j) for w, (j, k) in zip(covering, pairwise(above), strict=True))
        left.bend(total, list(chain.from_iterable(panels)))
        there.bend(total, ending)

    def _of_rows(self, left: _Cloud, there: _Cloud, above: list[int]) -> Iterator[list[float]]:
        """The likelihood of each row but for its constant, then its derivatives."""
        for leaving, staying in zip(left.columns(), there.columns(), strict=True):
            running = list(accumulate(leaving, initial=0.0))
            since = [running[i] for i in above]
            at_end = list(map(sub, staying, since))
            yield [since[i] + at_end[j] for i, j in zip(self._starts, self._ends, strict=True)]

    def _weights(self, likelihood: list[float]) -> tuple[list[float], list[float]]:
        """What each panel counts, by the rows whose silence covers it, and each age of a customer.

        Added up from the lowest age, where the rows count least.
        """
        ending = [0.0] * len(self._ages)
        change = [0.0] * len(self._ages)
        weights = map(truediv, self._counts, likelihood)
        for start, end, weight in zip(self._starts, self._ends, weights, strict=True):
            ending[end] += weight
            change[start] += weight
        level = accumulate(map(sub, reversed(change), reversed(ending)))
        return list(level)[-2::-1], ending
