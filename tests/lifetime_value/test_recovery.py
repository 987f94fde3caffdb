"""Customers drawn from a model give its parameters back.

Twenty shops of 1,500 customers each are made up for every model, by coins and waiting times and not
by its formulas, and the model is fitted to each. With fixed seeds nothing here is left to chance;
the bands are those that chance alone would miss less than once in a thousand times a parameter.
"""

from __future__ import annotations

import math
from datetime import date, timedelta
from functools import cache
from random import Random
from typing import Any

import pytest
from attrs import frozen

from crmkit.lifetime_value.facts import CountedSpend, RepeatPurchaseFacts
from crmkit.lifetime_value.models.beta_discrete_weibull import BetaDiscreteWeibull
from crmkit.lifetime_value.models.bg_bb import BgBb
from crmkit.lifetime_value.models.bg_nbd import BgNbd
from crmkit.lifetime_value.models.fitting import FitReport
from crmkit.lifetime_value.models.gamma_gamma import GammaGamma
from crmkit.lifetime_value.models.mbg_nbd import MbgNbd
from crmkit.lifetime_value.models.pareto_nbd import ParetoNbd
from crmkit.lifetime_value.models.renewal import RenewalFacts
from crmkit.lifetime_value.models.shifted_beta_geometric import ShiftedBetaGeometric
from crmkit.lifetime_value.simulation import (
    simulate_contracts,
    simulate_customers,
    simulate_purchases,
    simulate_spend,
)
from crmkit.lifetime_value.summary import summarize_repeat_purchases
from crmkit.period import Unit

SEEDS = range(20)
CUSTOMERS = 1500

MODELS: dict[str, Any] = {
    "BG/NBD": BgNbd(r=0.8, alpha=6.0, a=0.8, b=2.5),
    "MBG/NBD": MbgNbd(r=0.8, alpha=6.0, a=0.8, b=2.5),
    "Pareto/NBD": ParetoNbd(r=0.8, alpha=6.0, s=0.8, beta=15.0),
    "BG/BB": BgBb(alpha=1.20, beta=0.75, gamma=0.66, delta=2.78),
    "sBG": ShiftedBetaGeometric(alpha=0.668, beta=3.806),
    "BdW": BetaDiscreteWeibull(alpha=0.7, beta=6.0, c=1.4),
    "Gamma-Gamma": GammaGamma(p=6.25, q=3.74, v=15.44),
}


def repeat_customers(model: Any, random: Random) -> list[RepeatPurchaseFacts]:
    """Won over half a year, and all looked at on one day, a year after the first of them."""
    ages = [26.0 + number % 27 for number in range(CUSTOMERS)]
    return [customer.facts() for customer in simulate_customers(model, ages, random=random)]


def customers_at_opportunities(model: Any, random: Random) -> list[RepeatPurchaseFacts]:
    ages = [6.0 + number % 7 for number in range(CUSTOMERS)]
    return [customer.facts() for customer in simulate_customers(model, ages, random=random)]


def contracts(model: Any, random: Random) -> list[RenewalFacts]:
    periods = [6 + number % 7 for number in range(CUSTOMERS)]
    return [contract.facts() for contract in simulate_contracts(model, periods, random=random)]


def spenders(model: Any, random: Random) -> CountedSpend:
    """A third each of the customers came back once, twice and three times."""
    repeats = [1 + number % 3 for number in range(CUSTOMERS)]
    spends: list[Any] = [simulate_spend(model, x, random=random) for x in repeats]
    return CountedSpend.of_means(repeats, [sum(own) / len(own) for own in spends])


CUSTOMERS_OF: dict[str, Any] = {
    "BG/NBD": repeat_customers,
    "MBG/NBD": repeat_customers,
    "Pareto/NBD": repeat_customers,
    "BG/BB": customers_at_opportunities,
    "sBG": contracts,
    "BdW": contracts,
    "Gamma-Gamma": spenders,
}


@frozen
class Recovery:
    """What the twenty fits say of one parameter, next to the truth."""

    name: str
    truth: float
    estimates: tuple[float, ...]
    errors: tuple[float, ...]
    """The standard errors that the fits claim."""

    @property
    def scaled(self) -> list[float]:
        """How many standard errors each estimate lies off, in logarithms."""
        return [
            math.log(estimate / self.truth) * estimate / error
            for estimate, error in zip(self.estimates, self.errors, strict=True)
        ]


@cache
def reports(name: str) -> tuple[FitReport, ...]:
    model = MODELS[name]
    return tuple(
        type(model).fit(CUSTOMERS_OF[name](model, Random(f"{name} {seed}"))).fitted
        for seed in SEEDS
    )


def recoveries(name: str) -> list[Recovery]:
    found = []
    for parameter in MODELS[name].PARAMETERS:
        errors = [report.standard_errors() or {} for report in reports(name)]
        found.append(
            Recovery(
                parameter,
                getattr(MODELS[name], parameter),
                tuple(report.parameters[parameter] for report in reports(name)),
                tuple(error[parameter] for error in errors),
            )
        )
    return found


every_model = pytest.mark.parametrize("name", MODELS)


class TestRecovery:
    """Each model finds the parameters that its customers were made with."""

    @every_model
    def test_every_fit_ends_at_a_top_and_without_a_warning(self, name):
        assert len(reports(name)) == 20
        assert all(report.converged and not report.warnings for report in reports(name))

    @every_model
    def test_the_mean_of_the_estimates_is_the_truth(self, name):
        """Their geometric mean is off by 25 % at most, and by four of its standard errors."""
        for found in recoveries(name):
            logs = [math.log(estimate / found.truth) for estimate in found.estimates]
            assert abs(sum(logs) / len(logs)) < math.log(1.25), found.name
            assert abs(sum(found.scaled)) <= 4.0 * math.sqrt(len(logs)), found.name

    @every_model
    def test_the_estimates_scatter_as_the_standard_errors_say(self, name):
        """Chi-squared with 20 degrees of freedom: from 5 to 47, but for once in 1,000 times."""
        for found in recoveries(name):
            assert 5.0 < sum(away * away for away in found.scaled) < 47.0, found.name

    @every_model
    @pytest.mark.parametrize(("level", "fewest", "most"), [(0.95, 15, 20), (0.5, 3, 17)])
    def test_intervals_cover_the_truth_as_often_as_they_say(self, name, level, fewest, most):
        """Of 20 intervals of 95 % at least 15, of those of 50 % three to seventeen."""
        for found in recoveries(name):
            intervals = [(report.intervals(level) or {})[found.name] for report in reports(name)]
            covered = sum(each.low <= found.truth <= each.high for each in intervals)
            assert fewest <= covered <= most, found.name

    @every_model
    def test_the_fit_is_likelier_than_the_truth_but_not_by_much(self, name):
        """Twice the gain is chi-squared with a degree of freedom a parameter (Wilks 1938)."""
        model = MODELS[name]
        gains = []
        for seed, report in zip(SEEDS, reports(name), strict=True):
            facts = CUSTOMERS_OF[name](model, Random(f"{name} {seed}"))
            gains.append(2.0 * (report.log_likelihood - model.log_likelihood(facts)))
        assert min(gains) >= 0.0
        freedom = len(model.PARAMETERS) * len(gains)
        assert abs(sum(gains) - freedom) <= 4.0 * math.sqrt(2.0 * freedom)


class TestFromTheBooks:
    """The whole road: made-up purchases, summed up, give back both models that made them."""

    def test_purchases_lead_back_to_the_models_of_frequency_and_of_spend(self):
        """Every parameter within three and a half standard errors."""
        frequency = BgNbd(r=0.8, alpha=42.0, a=0.8, b=2.5, unit=Unit.DAY)
        spend = GammaGamma(p=6.25, q=3.74, v=15.44, currency="EUR")
        start, as_of = date(2025, 1, 6), date(2026, 1, 4)
        firsts = [start + timedelta(number % 91) for number in range(2 * CUSTOMERS)]
        shop = simulate_purchases(frequency, spend, firsts, as_of=as_of, random=Random(20))
        summary = summarize_repeat_purchases(shop.purchases, as_of=as_of, unit=Unit.DAY)
        fits: list[tuple[Any, Any]] = [
            (frequency, BgNbd.fit(summary)),
            (spend, GammaGamma.fit(summary)),
        ]
        for true, fitted in fits:
            errors = fitted.fitted.standard_errors()
            for name in true.PARAMETERS:
                assert abs(getattr(fitted, name) - getattr(true, name)) <= 3.5 * errors[name], name
        assert fits[1][1].currency == "EUR"
        assert fits[1][1].independence.holds
