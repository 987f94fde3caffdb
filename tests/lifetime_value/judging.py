"""A model simple enough to know by heart, to prove the judgement of models apart from them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache
from typing import Any

from attrs import field, frozen

from crmkit.identifiers import CustomerId
from crmkit.intake import read_purchases
from crmkit.lifetime_value.facts import CountedFacts
from crmkit.lifetime_value.models.base import RepeatPurchaseModel
from crmkit.lifetime_value.models.fitting import FitReport
from crmkit.lifetime_value.summary import (
    HoldoutSplit,
    RepeatPurchaseSummary,
    split_holdout,
    summarize_repeat_purchases,
)
from crmkit.money import Money
from crmkit.period import Unit
from crmkit.records import Purchase
from tests.shared_data import shared_file


@frozen
class GammaPoisson:
    """Purchases at a rate that is gamma distributed; nobody ever leaves."""

    r: float
    alpha: float

    def expected(self, t: float, /) -> float:
        return self.r / self.alpha * t

    def pmf(self, n: int, t: float, /) -> float:
        if t == 0.0:
            return float(n == 0)
        return math.exp(
            math.lgamma(self.r + n)
            - math.lgamma(self.r)
            - math.lgamma(n + 1)
            + self.r * math.log(self.alpha / (self.alpha + t))
            + n * math.log(t / (self.alpha + t))
        )

    def discounted(self, force: float, /) -> float:
        return self.r / self.alpha / force


@frozen(kw_only=True)
class Nbd(RepeatPurchaseModel):
    """The negative binomial model of Ehrenberg (1959); a share may never come back at all."""

    PARAMETERS = ("r", "alpha")

    r: float
    alpha: float
    stays: float = 1.0
    unit: Unit | None = None
    fitted: FitReport | None = field(default=None, eq=False, repr=False)

    @classmethod
    def _fit(cls, facts: CountedFacts) -> FitReport:
        raise NotImplementedError

    def _log_likelihood_while_there(self, x: int, age: float) -> float:
        return (
            math.lgamma(self.r + x)
            - math.lgamma(self.r)
            + self.r * math.log(self.alpha)
            - (self.r + x) * math.log(self.alpha + age)
            + math.log(self.stays)
        )

    def _log_odds_of_having_left(self, x: int, t_x: float, age: float) -> float:
        if x or self.stays == 1.0:
            return -math.inf
        here = self.stays * GammaPoisson(self.r, self.alpha).pmf(0, age)
        return math.log((1.0 - self.stays) / here)

    def _ever_buys(self, age: float) -> float:
        return self.stays * (1.0 - GammaPoisson(self.r, self.alpha).pmf(0, age))

    def _future(self, x: int, age: float) -> Any:
        return GammaPoisson(self.r + x, self.alpha + age)

    def _newcomer(self) -> Any:
        return self.stays, 1.0 - self.stays, GammaPoisson(self.r, self.alpha)


def published_sample() -> CountedFacts:
    """CDNOW's sample as published: in weeks to 30 September 1997, rounded to two decimals."""
    text = shared_file("cdnow_sample_summary.csv").read_text(encoding="ascii")
    lines = (line.split(",") for line in text.splitlines()[1:])
    return CountedFacts(Counter((int(x), float(t_x), float(age)) for _, x, t_x, age in lines))


CALIBRATED, HELD_OUT = date(1997, 9, 30), date(1998, 6, 30)
"""The last days of the calibration and of the holdout of CDNOW."""


@cache
def cdnow_split() -> HoldoutSplit:
    """CDNOW's sample of 2,357 customers in weeks: 39 to calibrate a model, and 39 held out."""
    purchases = read_purchases(shared_file("cdnow_sample.csv"), currency="USD")
    return split_holdout(purchases, CALIBRATED, HELD_OUT, unit=Unit.WEEK)


FIRST = date(2026, 1, 1)


def bought(history: Iterable[tuple[str, int]]) -> list[Purchase]:
    """Purchases of one euro by customers on days counted from the first of January 2026."""
    euro = Money("1.00", "EUR")
    return [Purchase(CustomerId(who), FIRST + timedelta(day), euro) for who, day in history]


def summed_up(
    history: Iterable[tuple[str, int]], *, last: int, unit: Unit = Unit.WEEK, **rules: Any
) -> RepeatPurchaseSummary:
    """Sum such purchases up to so many days after the first of January."""
    as_of = FIRST + timedelta(last)
    return summarize_repeat_purchases(bought(history), as_of=as_of, unit=unit, **rules)


def split_after(
    history: Iterable[tuple[str, int]], calibrated: int, last: int, **rules: Any
) -> HoldoutSplit:
    """Split such purchases after so many days."""
    ends = FIRST + timedelta(calibrated), FIRST + timedelta(last)
    return split_holdout(bought(history), *ends, **{"unit": Unit.WEEK, **rules})
