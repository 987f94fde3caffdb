"""The whole domain that the models promise, drawn at random but the same each time.

Parameters are log-uniform between a millionth and a million, ages and horizons up to a million,
repeat purchases up to 100,000; one case in three stands on an edge: parameters of exactly one or
equal to each other, ``a + b + x`` of one, no purchase, no horizon, a last purchase today or an
instant after the first, everything at an extreme at once.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from decimal import Decimal

from attrs import frozen

from crmkit.lifetime_value.facts import MAX_AGE, MAX_REPEAT_PURCHASES, RepeatPurchaseFacts
from crmkit.period import Rate, Unit

MOST = 100_000
LARGEST = 1_000_000
EXTREMES = (1e-6, 1e-3, 1.0, 2.0, 1e3, 1e6)

assert MAX_AGE >= LARGEST
assert MAX_REPEAT_PURCHASES >= MOST


def cases_from_environment(name: str, default: int) -> int:
    return int(os.environ.get(name, str(default)))


@frozen
class Case:
    """A model's parameters, a customer, and what is asked."""

    parameters: tuple[float, ...]
    x: int
    t_x: float
    age: float
    horizon: float
    n: int
    force: Decimal

    @property
    def facts(self) -> RepeatPurchaseFacts:
        return RepeatPurchaseFacts(self.x, self.t_x, self.age, unit=Unit.WEEK)

    @property
    def rate(self) -> Rate:
        return Rate.continuous(self.force, Unit.WEEK)


class _Draw(random.Random):
    def power(self, low: float, high: float) -> float:
        return float(10.0 ** self.uniform(low, high))

    def edge(self) -> bool:
        return self.random() < 1.0 / 12.0


def cases(seed: int, count: int, *, parameters: int, whole: bool = False) -> Iterator[Case]:
    """So many cases for a model of so many parameters; with whole ages if it counts periods."""
    draw = _Draw(seed)
    for _ in range(count):
        x, t_x, age = _whole_history(draw) if whole else _history(draw)
        horizon: float = draw.choice((0.0, 1e-6, 1.0, 1e6)) if draw.edge() else draw.power(-6, 6)
        if whole:
            horizon = float(int(draw.choice((0, 1, LARGEST)) if draw.edge() else draw.power(0, 6)))
        yield Case(
            _parameters(draw, parameters, x),
            x,
            t_x,
            age,
            horizon,
            draw.choice((0, 1, MOST)) if draw.edge() else int(draw.power(0, 5)),
            Decimal(draw.power(-6, 1)).quantize(Decimal("1e-9")),
        )


def _parameters(draw: _Draw, count: int, x: int) -> tuple[float, ...]:
    found = [draw.power(-6, 6) for _ in range(count)]
    if draw.edge():
        found[draw.randrange(count)] = 1.0
    if draw.edge():
        one, other = draw.sample(range(count), 2)
        found[one] = found[other]
    if draw.edge():
        found = [draw.choice(EXTREMES) for _ in range(count)]
    if draw.edge() and x <= 1:
        # a + b + x = 1, where the closed forms divide by zero; exactly, with shares of a half.
        found[-2:] = [0.5, 0.5] if x == 0 else [2.0**-20, 2.0**-20]
    return tuple(found)


def _history(draw: _Draw) -> tuple[int, float, float]:
    age = draw.choice((1e-6, 1.0, 1e6)) if draw.edge() else draw.power(-6, 6)
    if draw.edge():
        return 0, 0.0, 0.0 if draw.edge() else age
    x = draw.choice((1, MOST)) if draw.edge() else int(draw.power(0, 5))
    if draw.edge():
        return x, age, age
    if draw.edge():
        return x, age * 1e-12, age
    # As often close to the end as anywhere.
    t_x = age * (1.0 - draw.power(-9, 0)) if draw.random() < 0.5 else age * draw.random()
    return (x, t_x, age) if t_x > 0.0 else (0, 0.0, age)


def _whole_history(draw: _Draw) -> tuple[int, float, float]:
    age = draw.choice((0, 1, LARGEST)) if draw.edge() else int(draw.power(0, 6))
    if not age or draw.edge():
        return 0, 0.0, float(age)
    t_x = max(1, age if draw.edge() else age - int(age * draw.power(-6, 0)))
    x = min(t_x, MOST) if draw.edge() else min(t_x, int(draw.power(0, 5)))
    return x, float(t_x), float(age)
