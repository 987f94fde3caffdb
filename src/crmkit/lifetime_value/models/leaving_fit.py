"""The fit of BG/NBD and MBG/NBD: Newton's method on counted rows.

The log-likelihood falls into three sums: over the numbers of repeat purchases (rising factorials,
which need no gamma function when x is whole), over the distinct ages, and over the distinct rows of
those who may have left. Only the last is long, and each of its terms takes one exponential and one
logarithm; all derivatives come from the same two.
"""

import math
from collections import defaultdict
from collections.abc import Mapping
from operator import itemgetter, mul
from typing import NamedTuple

from crmkit.lifetime_value.facts import CountedFacts, Row
from crmkit.lifetime_value.models.fitting import (
    FitReport,
    FitWarning,
    check_fittable,
    climb,
    in_logarithms,
)
from crmkit.lifetime_value.numerics.newton import SMALLEST_GAIN, Evaluation, Vector
from crmkit.lifetime_value.numerics.rising import RisingFactorials

__all__ = ["fit_leaving"]

_COUNT = itemgetter(2)
_NAMES = ("r", "alpha", "a", "b")
_COARSE_FROM = 3_000
_COARSE_STEPS = 24
# The top of the coarse rows is a hundredth away from the top anyhow.
_NEAR = 1e-3
# Where the exponential is so large that one more makes no difference.
_CERTAIN = 36.0


def fit_leaving(facts: CountedFacts, *, at_start: int) -> FitReport:
    """Find the parameters under which the facts are most likely.

    :raises NothingToFit: if there is no customer.
    :raises CannotFit: if the facts cannot tell the parameters.
    """
    warnings = check_fittable(facts)
    population = _LogLikelihood(facts.rows, at_start)
    start = population.guess()
    if len(facts.rows) > _COARSE_FROM:
        near = _climb(population.coarser(_COARSE_STEPS), start, [], gain=_NEAR)
        start = tuple(near.parameters.values())
    return _climb(population, start, warnings)


def _climb(
    population: "_LogLikelihood",
    start: Vector,
    warnings: list[FitWarning],
    *,
    gain: float = SMALLEST_GAIN,
) -> FitReport:
    scale = population.oldest
    return climb(
        _NAMES,
        population,
        start,
        lower=(1e-6, 1e-6 * scale, 1e-6, 1e-6),
        upper=(1e6, 1e6 * scale, 1e6, 1e6),
        customers=population.customers,
        rows=population.rows,
        warnings=warnings,
        gain=gain,
    )


class _LogLikelihood:
    """The log-likelihood of counted rows in the logarithms of r, alpha, a and b.

    Fader, Hardie and Lee (2005), equation (6), as the likelihood of being still there times one
    plus the odds of having left right after the last purchase.
    """

    def __init__(self, rows: Mapping[Row, int], at_start: int) -> None:
        _, last, ages = zip(*rows, strict=True)
        self._ages = sorted({*last, *ages})
        self._customers = [0] * len(self._ages)
        self._purchases = [0] * len(self._ages)
        groups: defaultdict[int, list[tuple[int, int, int]]] = defaultdict(list)
        places = {age: place for place, age in enumerate(self._ages)}
        for (x, t_x, age), count in rows.items():
            end = places[age]
            self._customers[end] += count
            self._purchases[end] += count * x
            groups[x].append((places[t_x], end, count))
        counts = {x: sum(map(_COUNT, group)) for x, group in groups.items()}
        self._at_start = at_start
        self._groups = sorted(groups.items())
        self._rises = RisingFactorials(counts)
        self._occasions = RisingFactorials({x + at_start: n for x, n in counts.items()})
        self.oldest = self._ages[-1]
        self.rows = len(rows)
        self.customers = sum(self._customers)

    def guess(self) -> Vector:
        """A place to start: as many purchases as there were, customers who differ a good deal."""
        age = sum(map(mul, self._ages, self._customers))
        alpha = age / self.customers / 8.0
        return 2.0 * sum(self._purchases) * alpha / age, alpha, 0.8, 2.5

    def coarser(self, steps: int) -> "_LogLikelihood":
        """The same customers in few rows: ages within the same step become their mean."""
        ages, rows = self._ages, {}
        cell_of = [int(age * steps / self.oldest) for age in ages]
        for x, group in self._groups:
            cells: defaultdict[tuple[int, int], list[float]] = defaultdict(lambda: [0, 0.0, 0.0])
            for last, end, count in group:
                cell = cells[cell_of[last], cell_of[end]]
                cell[0] += count
                cell[1] += count * ages[last]
                cell[2] += count * ages[end]
            for number, last_sum, age_sum in cells.values():
                rows[x, last_sum / number, age_sum / number] = int(number)
        return _LogLikelihood(rows, self._at_start)

    def __call__(self, point: Vector) -> Evaluation:
        r, alpha, a, b = map(math.exp, point)
        logs = [math.log(alpha + age) for age in self._ages]
        inverse = [1.0 / (alpha + age) for age in self._ages]
        value, g, h = self._of_those_there(r, alpha, a, b, logs, inverse)
        value += self._of_those_who_left(r, a, b, logs, inverse, g, h)
        return in_logarithms(value, (r, alpha, a, b), g, h)

    def _of_those_there(
        self, r: float, alpha: float, a: float, b: float, logs: list[float], inverse: list[float]
    ) -> tuple[float, list[float], list[list[float]]]:
        """What the likelihood would be if everybody were there, with its derivatives."""
        rise, rise_r, rise_rr = self._rises(r)
        stay, stay_b, stay_bb = self._occasions(b)
        meet, meet_b, meet_bb = self._occasions(a + b)
        customers, purchases = self._customers, self._purchases
        decay = sum(map(mul, customers, logs)) - self.customers * math.log(alpha)
        thinning = sum(map(mul, customers, inverse)) - self.customers / alpha
        squares = list(map(mul, inverse, inverse))
        bend = sum(map(mul, customers, squares)) - self.customers / alpha**2
        value = rise + stay - meet - r * decay - sum(map(mul, purchases, logs))
        g = [
            rise_r - decay,
            -r * thinning - sum(map(mul, purchases, inverse)),
            -meet_b,
            stay_b - meet_b,
        ]
        h = [
            [rise_rr],
            [-thinning, r * bend + sum(map(mul, purchases, squares))],
            [0.0, 0.0, -meet_bb],
            [0.0, 0.0, -meet_bb, stay_bb - meet_bb],
        ]
        return value, g, h

    def _of_those_who_left(
        self,
        r: float,
        a: float,
        b: float,
        logs: list[float],
        inverse: list[float],
        g: list[float],
        h: list[list[float]],
    ) -> float:
        """What the chance of having left adds; the derivatives are added to ``g`` and ``h``."""
        value, log_a = 0.0, math.log(a)
        for x, rows in self._groups:
            if x + self._at_start == 0:
                continue  # Nobody had an occasion to leave.
            n = r + x
            left = b + x + self._at_start - 1
            s = _sums(rows, logs, inverse, n, log_a - math.log(left))
            value += s.value
            g[0] += s.d
            g[1] += n * s.g
            g[2] += s.p / a
            g[3] -= s.p / left
            h[0][0] += s.v_dd
            h[1][0] += n * s.v_dg + s.g
            h[1][1] += n * (n * s.v_gg - s.q)
            h[2][0] += s.v_d / a
            h[2][1] += n * s.v_g / a
            h[2][2] += (s.v - s.p) / a**2
            h[3][0] -= s.v_d / left
            h[3][1] -= n * s.v_g / left
            h[3][2] -= s.v / (a * left)
            h[3][3] += (s.v + s.p) / left**2
        return value


class _Sums(NamedTuple):
    """Sums over the rows of one number of purchases, p being the probability of having left.

    ``d`` is the difference of log(alpha + age) between the end and the last purchase, ``g`` that of
    1 / (alpha + age), ``q`` minus that of its square, and ``v`` stands for p (1 - p).
    """

    value: float
    p: float
    d: float
    g: float
    q: float
    v: float
    v_d: float
    v_g: float
    v_dd: float
    v_dg: float
    v_gg: float


def _sums(
    rows: list[tuple[int, int, int]],
    logs: list[float],
    inverse: list[float],
    n: float,
    constant: float,
) -> _Sums:
    """Go through the rows once: the one loop that all the time of a fit is spent in."""
    exp, log = math.exp, math.log
    value = s_p = s_d = s_g = s_q = s_v = s_vd = s_vg = s_vdd = s_vdg = s_vgg = 0.0
    for last, end, count in rows:
        d = logs[end] - logs[last]
        near, far = inverse[last], inverse[end]
        g = far - near
        odds = constant + n * d
        if odds < _CERTAIN:
            w = exp(odds)
            value += count * log(1.0 + w)
            p = count * w / (1.0 + w)
            v = p / (1.0 + w)
        else:
            value += count * odds
            p = float(count)
            v = 0.0
        p_g = p * g
        v_d = v * d
        v_g = v * g
        s_p += p
        s_d += p * d
        s_g += p_g
        s_q += p_g * (far + near)
        s_v += v
        s_vd += v_d
        s_vg += v_g
        s_vdd += v_d * d
        s_vdg += v_d * g
        s_vgg += v_g * g
    return _Sums(value, s_p, s_d, s_g, s_q, s_v, s_vd, s_vg, s_vdd, s_vdg, s_vgg)
