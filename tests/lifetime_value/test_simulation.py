"""Made-up customers: an independent way to what the models claim.

The simulators toss the coins that the models assume and know none of their formulas. So what the
formulas say is held against what happened: within four and a half standard errors of the
simulation, which by chance alone is missed once in 150,000 times (the seeds are fixed).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from random import Random
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crmkit.errors import CrmkitError, InvalidMoney, InvalidValue
from crmkit.lifetime_value.facts import RepeatPurchaseFacts
from crmkit.lifetime_value.models.beta_discrete_weibull import BetaDiscreteWeibull
from crmkit.lifetime_value.models.bg_bb import BgBb
from crmkit.lifetime_value.models.bg_nbd import BgNbd
from crmkit.lifetime_value.models.gamma_gamma import GammaGamma
from crmkit.lifetime_value.models.mbg_nbd import MbgNbd
from crmkit.lifetime_value.models.pareto_nbd import ParetoNbd
from crmkit.lifetime_value.models.renewal import MAX_RENEWALS, RenewalFacts
from crmkit.lifetime_value.models.shifted_beta_geometric import ShiftedBetaGeometric
from crmkit.lifetime_value.simulation import (
    ContractModel,
    PurchaseModel,
    RandomSource,
    SimulatedContract,
    SimulatedCustomer,
    simulate_contracts,
    simulate_customers,
    simulate_purchases,
    simulate_spend,
)
from crmkit.lifetime_value.summary import summarize_repeat_purchases
from crmkit.money import Money
from crmkit.period import Unit

CUSTOMERS = 3000
STANDARD_ERRORS = 4.5

# The published parameters, and each model with many who leave and with rates that differ little.
MODELS: dict[str, PurchaseModel] = {
    "BG/NBD of CDNOW": BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426),
    "BG/NBD, busy": BgNbd(r=3.0, alpha=12.0, a=1.0, b=4.0),
    "MBG/NBD of CDNOW": MbgNbd(r=0.525, alpha=6.183, a=0.891, b=1.614),
    "MBG/NBD, busy": MbgNbd(r=3.0, alpha=12.0, a=1.0, b=4.0),
    "Pareto/NBD of CDNOW": ParetoNbd(r=0.553, alpha=10.578, s=0.606, beta=11.668),
    "Pareto/NBD, busy": ParetoNbd(r=3.0, alpha=12.0, s=2.0, beta=50.0),
    "BG/BB of the donors": BgBb(alpha=1.20, beta=0.75, gamma=0.66, delta=2.78),
    "BG/BB, leaving": BgBb(alpha=2.0, beta=3.0, gamma=2.0, delta=8.0),
}
CONTRACTS: dict[str, ContractModel] = {
    "sBG": ShiftedBetaGeometric(alpha=0.668, beta=3.806),
    "BdW, churn rising": BetaDiscreteWeibull(alpha=0.7, beta=6.0, c=1.4),
    "BdW, churn falling": BetaDiscreteWeibull(alpha=2.0, beta=3.0, c=0.6),
}
NOW, END = 16.0, 32.0
"""The age at which customers are looked at, and that up to which they are followed."""

KINDS: list[type[Any]] = [BgNbd, MbgNbd, ParetoNbd, BgBb]

every_model = pytest.mark.parametrize("name", MODELS)
every_contract = pytest.mark.parametrize("name", CONTRACTS)


@cache
def customers_of(name: str) -> tuple[SimulatedCustomer, ...]:
    return simulate_customers(MODELS[name], [END] * CUSTOMERS, random=Random(f"{name} 1"))


@cache
def contracts_of(name: str) -> tuple[SimulatedContract, ...]:
    return simulate_contracts(CONTRACTS[name], [8] * CUSTOMERS, random=Random(f"{name} 1"))


def within_chance(observed: Sequence[float], expected: Sequence[float]) -> None:
    """What happened to each is what was expected of each, but for chance."""
    misses = [seen - claimed for seen, claimed in zip(observed, expected, strict=True)]
    mean = math.fsum(misses) / len(misses)
    spread = math.sqrt(math.fsum((miss - mean) ** 2 for miss in misses) / len(misses))
    assert abs(mean) <= STANDARD_ERRORS * spread / math.sqrt(len(misses)) + 1e-12


def as_often_as(happened: int, of: int, probability: float) -> None:
    """Something of a probability happened so often, but for chance."""
    error = math.sqrt(of * probability * (1.0 - probability)) + 1.0
    assert abs(happened - of * probability) <= STANDARD_ERRORS * error


class TestPurchasesOfNewCustomers:
    """What a model expects of new customers is what they do."""

    @every_model
    @pytest.mark.parametrize("age", [1.0, NOW, END])
    def test_the_expected_number(self, name, age):
        bought = [float(customer.repeat_purchases(until=age)) for customer in customers_of(name)]
        within_chance(bought, [MODELS[name].expected_purchases_new(age)] * CUSTOMERS)

    @every_model
    @pytest.mark.parametrize("age", [4.0, END])
    def test_the_distribution(self, name, age):
        counts = Counter(customer.repeat_purchases(until=age) for customer in customers_of(name))
        for n in range(8):
            as_often_as(counts[n], CUSTOMERS, MODELS[name].pmf(n, age))


class TestGivenCustomers:
    """What a model expects of customers with a history is what they do afterwards."""

    @every_model
    @pytest.mark.parametrize("now", [0.0, 1.0, NOW, END])
    def test_as_many_are_alive_as_it_says(self, name, now):
        alive = [float(customer.is_alive(now)) for customer in customers_of(name)]
        facts = [customer.facts(now) for customer in customers_of(name)]
        within_chance(alive, MODELS[name].probability_alive_each(facts))

    @every_model
    def test_its_probabilities_are_calibrated(self, name):
        """Of those it gives 30 to 40 % there are 30 to 40 %, and so on."""
        claimed = MODELS[name].probability_alive_each([c.facts(NOW) for c in customers_of(name)])
        for tenth in range(10):
            group = [
                (float(customer.is_alive(NOW)), probability)
                for customer, probability in zip(customers_of(name), claimed, strict=True)
                if min(int(probability * 10), 9) == tenth
            ]
            if len(group) >= 30:
                alive, claims = zip(*group, strict=True)
                within_chance(alive, claims)

    @every_model
    def test_they_buy_as_often_as_it_says(self, name):
        bought = [float(c.repeat_purchases(NOW, END)) for c in customers_of(name)]
        facts = [customer.facts(NOW) for customer in customers_of(name)]
        within_chance(bought, MODELS[name].expected_purchases_each(facts, END - NOW))

    @every_model
    @pytest.mark.parametrize("repeats", [0, 1, 2, 3])
    def test_they_do_so_whatever_their_history(self, name, repeats):
        """Also apart for those who never came back, came back once, and so on."""
        group = [c for c in customers_of(name) if c.facts(NOW).repeat_purchases == repeats]
        bought = [float(customer.repeat_purchases(NOW, END)) for customer in group]
        facts = [customer.facts(NOW) for customer in group]
        within_chance(bought, MODELS[name].expected_purchases_each(facts, END - NOW))

    @every_model
    def test_they_never_buy_again_as_often_as_it_says(self, name):
        group = customers_of(name)[:300]
        silent = [float(customer.repeat_purchases(NOW, END) == 0) for customer in group]
        claimed = [MODELS[name].conditional_pmf(c.facts(NOW), 0, END - NOW) for c in group]
        within_chance(silent, claimed)

    @every_model
    def test_nobody_buys_after_leaving(self, name):
        for customer in customers_of(name):
            last = customer.facts().age_at_last_purchase
            assert customer.left_at is None or last <= customer.left_at <= END
            assert customer.is_alive() is (customer.left_at is None or customer.left_at > END)

    @every_model
    def test_purchases_come_one_after_the_other(self, name):
        for customer in customers_of(name)[:500]:
            ages = customer.purchase_ages
            assert list(ages) == sorted({*ages})
            assert all(0.0 < age <= END for age in ages)


class TestContracts:
    """What a model expects of customers with a contract is what they do."""

    @every_contract
    @pytest.mark.parametrize("t", range(1, 9))
    def test_as_many_survive_as_it_says(self, name, t):
        surviving = sum(contract.is_active(t) for contract in contracts_of(name))
        as_often_as(surviving, CUSTOMERS, CONTRACTS[name].survival(t))

    @every_contract
    def test_those_who_are_left_survive_as_it_says(self, name):
        left = [contract for contract in contracts_of(name) if contract.is_active(4)]
        claimed = CONTRACTS[name].conditional_survival(left[0].facts(4), 4)
        as_often_as(sum(contract.is_active(8) for contract in left), len(left), claimed)

    def test_facts_are_what_a_shop_knows(self):
        contract = SimulatedContract(renewals=2, observed_for=5, unit=Unit.YEAR)
        assert contract.facts() == RenewalFacts(2, active=False, unit=Unit.YEAR)
        assert contract.facts(3) == RenewalFacts(2, active=False, unit=Unit.YEAR)
        assert contract.facts(2) == RenewalFacts(2, active=True, unit=Unit.YEAR)
        assert contract.facts(0) == RenewalFacts(0, active=True, unit=Unit.YEAR)
        assert not contract.is_active()

    def test_contracts_have_the_unit_of_the_model(self):
        yearly = ShiftedBetaGeometric(alpha=0.668, beta=3.806, unit=Unit.YEAR)
        assert simulate_contracts(yearly, [1], random=Random(1))[0].unit is Unit.YEAR

    @given(
        alpha=st.floats(-6.0, 6.0).map(lambda z: 10.0**z),
        beta=st.floats(-6.0, 6.0).map(lambda z: 10.0**z),
        c=st.floats(-6.0, 6.0).map(lambda z: 10.0**z),
        seed=st.integers(0, 1000),
    )
    @example(alpha=1e-6, beta=1e6, c=1e-6, seed=1)
    @example(alpha=1e6, beta=1e-6, c=1e6, seed=1)
    def test_extreme_customers_renew_a_number_of_times(self, alpha, beta, c, seed):
        model = BetaDiscreteWeibull(alpha=alpha, beta=beta, c=c)
        for contract in simulate_contracts(model, [3] * 5, random=Random(seed)):
            assert 0 <= contract.renewals <= MAX_RENEWALS

    @pytest.mark.parametrize("periods", [[-1], [1.5], 3, [True]])
    def test_periods_are_whole(self, periods):
        with pytest.raises(InvalidValue):
            simulate_contracts(CONTRACTS["sBG"], periods, random=Random(1))

    def test_a_model_of_silent_customers_renews_nothing(self):
        with pytest.raises(InvalidValue, match="renews no contract"):
            simulate_contracts(wrong(MODELS["BG/NBD of CDNOW"]), [3], random=Random(1))


def wrong(anything: object) -> Any:
    """What the type checker would refuse, for the tests of what happens without one."""
    return anything


class TestSpend:
    """What customers spend is what Gamma-Gamma says."""

    MODEL = GammaGamma(p=6.25, q=5.0, v=20.0)

    def test_the_mean_of_all_is_that_of_the_model(self):
        random = Random(11)
        first = [simulate_spend(self.MODEL, 1, random=random)[0] for _ in range(8000)]
        within_chance(wrong(first), [self.MODEL.population_mean] * len(first))

    def test_the_next_purchase_is_what_is_expected_of_the_customer(self):
        """Given the mean of three purchases, of each customer, and apart for those of high mean."""
        random = Random(12)
        drawn = [wrong(simulate_spend(self.MODEL, 4, random=random)) for _ in range(8000)]
        rows = [(sum(spends[:3]) / 3, spends[3]) for spends in drawn]
        for low, high in ((0.0, 15.0), (15.0, 30.0), (30.0, math.inf)):
            group = [(mean, following) for mean, following in rows if low <= mean < high]
            facts = [RepeatPurchaseFacts(3, 30.0, 40.0, mean) for mean, _ in group]
            within_chance(
                [following for _, following in group], self.MODEL.expected_mean_spend_each(facts)
            )

    def test_the_mean_of_two_has_the_density_of_the_model(self):
        """The share below 20, against the density added up over the logarithm of the spend."""
        random = Random(13)
        means = [
            sum(wrong(simulate_spend(self.MODEL, 2, random=random))) / 2 for _ in range(20_000)
        ]
        step = 1 / 128
        points = [math.log(20.0) - (k + 0.5) * step for k in range(2500)]
        below = sum(math.exp(z) * self.MODEL.density(math.exp(z), 2) * step for z in points)
        as_often_as(sum(mean < 20.0 for mean in means), len(means), below)

    def test_money_is_in_the_currency_of_the_model(self):
        in_yen = GammaGamma(p=6.25, q=3.74, v=1544.0, currency="JPY")
        spends = simulate_spend(in_yen, 3, random=Random(1))
        assert len(spends) == 3
        assert all(isinstance(spend, Money) and spend.currency == "JPY" for spend in spends)

    def test_no_purchase_no_spend(self):
        assert simulate_spend(self.MODEL, 0, random=Random(1)) == ()

    @pytest.mark.parametrize("purchases", [-1, 1.0, True, 1_000_001])
    def test_purchases_are_counted(self, purchases):
        with pytest.raises(InvalidValue, match="number of purchases"):
            simulate_spend(self.MODEL, purchases, random=Random(1))

    def test_only_a_model_of_spend_knows_spend(self):
        with pytest.raises(InvalidValue, match="GammaGamma"):
            simulate_spend(wrong(MODELS["BG/NBD of CDNOW"]), 1, random=Random(1))

    def test_more_than_any_money_is_an_error(self):
        boundless = GammaGamma(p=1e6, q=1e-6, v=1e6, currency="EUR")
        with pytest.raises(InvalidMoney):
            simulate_spend(boundless, 1, random=Random(1))


class TestStories:
    """A made-up customer can be looked at on any day of their life."""

    STORY = SimulatedCustomer(
        purchase_ages=(2.0, 5.5, 9.0),
        observed_for=20.0,
        left_at=12.0,
        spends=tuple(Money(amount, "EUR") for amount in ("5.00", "10.00", "20.00", "0.01")),
        unit=Unit.WEEK,
    )

    def test_facts_are_what_a_shop_would_know_by_then(self):
        assert self.STORY.facts(6.0) == RepeatPurchaseFacts(
            2, 5.5, 6.0, Money("15.00", "EUR"), unit=Unit.WEEK, repeat_spend=Money("30.00", "EUR")
        )
        assert self.STORY.facts(1.0) == RepeatPurchaseFacts(0, 0.0, 1.0, unit=Unit.WEEK)

    def test_the_mean_is_rounded_half_to_even_and_the_total_exact(self):
        facts = self.STORY.facts()
        assert facts.mean_repeat_spend == Money("10.00", "EUR")
        assert facts.repeat_spend == Money("30.01", "EUR")

    def test_a_purchase_on_the_day_counts(self):
        assert self.STORY.facts(5.5).repeat_purchases == 2
        assert self.STORY.repeat_purchases(5.5) == 1
        assert self.STORY.repeat_purchases(2.0, 5.5) == 1
        assert self.STORY.repeat_purchases(9.0, 2.0) == 0

    @pytest.mark.parametrize(("age", "alive"), [(0, True), (11.9, True), (12, False), (20, False)])
    def test_who_has_left_is_gone_from_then_on(self, age, alive):
        assert self.STORY.is_alive(age) is alive

    @pytest.mark.parametrize("age", [-1.0, 20.1, math.nan])
    def test_nothing_is_known_beyond_the_end(self, age):
        for ask in (self.STORY.is_alive, self.STORY.facts, self.STORY.repeat_purchases):
            with pytest.raises(InvalidValue):
                ask(age)

    def test_customers_of_different_ages(self):
        ages = [1.0, 30.0, 7.5]
        made = simulate_customers(MODELS["BG/NBD, busy"], ages, random=Random(1))
        assert [customer.observed_for for customer in made] == ages
        assert [customer.facts().customer_age for customer in made] == ages

    @every_model
    def test_one_seed_makes_one_shop(self, name):
        again = simulate_customers(MODELS[name], [END] * 50, random=Random(f"{name} 1"))
        assert again == customers_of(name)[:50]

    def test_spend_comes_with_each_purchase(self):
        spend = GammaGamma(p=6.25, q=3.74, v=15.44)
        made = simulate_customers(
            MODELS["BG/NBD, busy"], [20.0] * 50, random=Random(1), spend=spend
        )
        for customer in made:
            assert customer.spends is not None
            assert len(customer.spends) == len(customer.purchase_ages) + 1
            facts = customer.facts()
            assert (facts.mean_repeat_spend is None) is (facts.repeat_purchases == 0)
            if facts.repeat_purchases:
                own = wrong(customer.spends[1:])
                assert facts.mean_repeat_spend == pytest.approx(sum(own) / len(own), rel=1e-12)

    def test_opportunities_are_whole(self):
        with pytest.raises(InvalidValue, match="opportunities"):
            simulate_customers(MODELS["BG/BB, leaving"], [2.5], random=Random(1))
        facts = simulate_customers(MODELS["BG/BB, leaving"], [6], random=Random(1))[0].facts()
        assert facts.whole_units

    @pytest.mark.parametrize("age", [-1.0, math.inf, math.nan, "8"])
    def test_ages_are_finite_and_not_below_zero(self, age):
        with pytest.raises(InvalidValue):
            simulate_customers(MODELS["BG/NBD, busy"], [age], random=Random(1))

    def test_one_age_for_all_is_written_out(self):
        with pytest.raises(InvalidValue, match=r"\* 1000"):
            simulate_customers(MODELS["BG/NBD, busy"], wrong(39.0), random=Random(1))

    def test_a_model_of_contracts_makes_no_purchases(self):
        with pytest.raises(InvalidValue, match="makes no repeat purchases"):
            simulate_customers(wrong(CONTRACTS["sBG"]), [1.0], random=Random(1))

    def test_chance_comes_from_outside(self):
        assert isinstance(Random(1), RandomSource)
        for simulate in (simulate_customers, simulate_contracts):
            with pytest.raises(InvalidValue, match="Random"):
                simulate(wrong(MODELS["BG/NBD, busy"]), [1], random=wrong(7))


class Least:
    """A source of randomness that always gives the least it may."""

    def random(self) -> float:
        return 0.0

    def gammavariate(self, alpha: float, beta: float, /) -> float:
        return 0.0


class TestExtremes:
    """Whatever the parameters, a simulation ends: with customers, or an error that says why."""

    @given(
        kind=st.sampled_from(KINDS),
        logs=st.lists(st.floats(-6.0, 6.0), min_size=4, max_size=4),
        age=st.floats(0.0, 6.0).map(lambda z: float(int(10.0**z))),
        seed=st.integers(0, 1000),
    )
    @example(kind=BgNbd, logs=[6.0, -6.0, -6.0, 6.0], age=1e6, seed=1)
    @example(kind=BgNbd, logs=[-6.0, 6.0, -6.0, -6.0], age=1e6, seed=1)
    @example(kind=BgBb, logs=[6.0, -6.0, -6.0, 6.0], age=1e6, seed=1)
    def test_it_ends(self, kind, logs, age, seed):
        model = kind(**dict(zip(kind.PARAMETERS, (10.0**z for z in logs), strict=True)))
        try:
            made = simulate_customers(model, [age] * 3, random=Random(seed), most_purchases=500)
        except InvalidValue as error:
            assert "most_purchases" in str(error)  # noqa: PT017
        else:
            for customer in made:
                facts = customer.facts()
                assert facts.repeat_purchases <= 500
                assert 0.0 <= model.probability_alive(facts) <= 1.0

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("parameter", [1e-300, 1e300])
    def test_parameters_beyond_measure_make_customers_or_an_error(self, kind, parameter):
        model = kind(**dict.fromkeys(kind.PARAMETERS, parameter))
        try:
            made = simulate_customers(model, [10.0] * 20, random=Random(1), most_purchases=100)
        except InvalidValue:
            return
        assert len(made) == 20

    def test_a_source_that_only_gives_zeros_makes_valid_facts(self):
        """A wait of nothing at all: the repeat purchase still comes after the first one."""
        model = BgNbd(r=2.0, alpha=1.0, a=1.0, b=1.0)
        customer = simulate_customers(model, [1.0], random=Least())[0]
        assert customer.left_at == customer.purchase_ages[0] > 0.0
        assert customer.facts().repeat_purchases == 1
        at_once = MbgNbd(r=0.5, alpha=1.0, a=1.0, b=1.0)
        assert simulate_customers(at_once, [1.0], random=Least())[0].left_at == 0.0

    def test_as_many_purchases_as_allowed_are_no_error(self):
        model = BgBb(alpha=1e6, beta=1e-6, gamma=1e-6, delta=1e6)
        made = simulate_customers(model, [8], random=Random(1), most_purchases=8)
        assert made[0].purchase_ages == (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0)
        with pytest.raises(InvalidValue, match="more than 7"):
            simulate_customers(model, [8], random=Random(1), most_purchases=7)

    @pytest.mark.parametrize("most", [0, -1, 1.5, True])
    def test_the_most_purchases_are_counted(self, most):
        with pytest.raises(InvalidValue, match="most_purchases"):
            simulate_customers(MODELS["BG/NBD, busy"], [1.0], random=Random(1), most_purchases=most)

    def test_a_coin_of_two_tiny_parameters_shows_heads_as_often_as_tails(self):
        """Beta(1e-6, 2e-6): a third always leave, the others never do."""
        model = MbgNbd(r=1.0, alpha=1.0, a=1e-6, b=2e-6)
        made = simulate_customers(model, [5.0] * CUSTOMERS, random=Random(1))
        as_often_as(sum(not customer.is_alive() for customer in made), CUSTOMERS, 1 / 3)


class TestShops:
    """The books of a made-up shop lead back to its customers."""

    SPEND = GammaGamma(p=6.25, q=3.74, v=15.44, currency="USD")
    START, AS_OF = date(2025, 1, 6), date(2026, 1, 4)

    def shop(self, model: PurchaseModel, customers: int = 60) -> Any:
        firsts = [self.START + timedelta(n) for n in range(customers)]
        return simulate_purchases(model, self.SPEND, firsts, as_of=self.AS_OF, random=Random(5))

    def test_summed_up_they_are_the_customers(self):
        """But for the part of a day, and for purchases that fall on one day."""
        shop = self.shop(BgNbd(r=3.0, alpha=120.0, a=1.0, b=4.0, unit=Unit.DAY))
        summary = summarize_repeat_purchases(shop.purchases, as_of=self.AS_OF, unit=Unit.DAY)
        assert {*summary} == {*shop.customers}
        for name, customer in shop.customers.items():
            known, true = summary[name], customer.facts()
            days = {math.ceil(age) for age in customer.purchase_ages}
            assert known.repeat_purchases == len(days)
            assert known.customer_age == true.customer_age
            assert 0.0 <= known.age_at_last_purchase - true.age_at_last_purchase < 1.0
            assert known.repeat_spend == (true.repeat_spend or Money(0, "USD"))

    def test_purchases_lie_between_the_first_day_and_the_last(self):
        shop = self.shop(ParetoNbd(r=3.0, alpha=2.0, s=0.5, beta=50.0, unit=Unit.WEEK))
        assert {purchase.on for purchase in shop.purchases} <= {
            self.START + timedelta(n) for n in range((self.AS_OF - self.START).days + 1)
        }
        assert len(shop.purchases) == sum(len(c.purchase_ages) + 1 for c in shop.customers.values())

    def test_opportunities_are_summed_up_as_opportunities(self):
        shop = self.shop(BgBb(alpha=1.2, beta=0.75, gamma=0.66, delta=12.78, unit=Unit.WEEK))
        summary = summarize_repeat_purchases(
            shop.purchases, as_of=self.AS_OF, unit=Unit.WEEK, whole_units=True
        )
        for name, customer in shop.customers.items():
            known, true = summary[name], customer.facts()
            assert known.repeat_purchases == true.repeat_purchases
            assert known.age_at_last_purchase == true.age_at_last_purchase
            assert known.customer_age == true.customer_age

    @pytest.mark.parametrize("unit", list(Unit))
    def test_each_opportunity_is_taken_within_its_unit_of_time(self, unit):
        """A month, quarter or year ends in the middle of a day, which is of the next one."""
        model = BgBb(alpha=1.2, beta=0.75, gamma=0.66, delta=12.78, unit=unit)
        firsts = [date(2015, 1, 6) + timedelta(n) for n in range(60)]
        shop = simulate_purchases(model, self.SPEND, firsts, as_of=self.AS_OF, random=Random(5))
        summary = summarize_repeat_purchases(shop.purchases, as_of=self.AS_OF, unit=unit)
        for name, known in summary.opportunities().items():
            true = shop.customers[name].facts()
            assert known.repeat_purchases == true.repeat_purchases
            assert known.age_at_last_purchase == true.age_at_last_purchase
            assert known.customer_age == true.customer_age

    def test_customers_are_numbered(self):
        shop = self.shop(BgNbd(r=0.2, alpha=4.0, a=0.8, b=2.4, unit=Unit.WEEK), customers=3)
        assert list(shop.customers) == ["C-1", "C-2", "C-3"]
        assert shop.as_of == self.AS_OF

    def test_a_customer_of_today_has_one_purchase(self):
        model = BgNbd(r=0.2, alpha=4.0, a=0.8, b=2.4, unit=Unit.WEEK)
        shop = simulate_purchases(
            model, self.SPEND, [self.AS_OF], as_of=self.AS_OF, random=Random(1)
        )
        assert [purchase.on for purchase in shop.purchases] == [self.AS_OF]

    def test_a_purchase_at_the_very_end_is_one_of_the_last_day(self):
        """Weeks of a seventh are no floats; back in days they do not run over the end."""
        always = BgBb(alpha=1e6, beta=1e-6, gamma=1e-6, delta=1e6, unit=Unit.MONTH)
        shop = simulate_purchases(
            always, self.SPEND, [self.START], as_of=date(2025, 7, 7), random=Random(1)
        )
        assert max(purchase.on for purchase in shop.purchases) <= date(2025, 7, 7)

    @pytest.mark.parametrize(
        ("terms", "message"),
        [
            ({"model": BgNbd(r=1.0, alpha=1.0, a=1.0, b=1.0)}, "unit of time"),
            ({"model": 7}, "unit of time"),
            ({"model": ShiftedBetaGeometric(alpha=1.0, beta=1.0, unit=Unit.WEEK)}, "purchases"),
            ({"spend": GammaGamma(p=1.0, q=2.0, v=1.0)}, "names no currency"),
            ({"spend": Money(1, "USD")}, "GammaGamma"),
            ({"first_purchases": [date(2026, 1, 5)]}, "after as_of"),
            ({"first_purchases": date(2026, 1, 1)}, "a day for each"),
            ({"first_purchases": ["2026-01-01"]}, "not a date"),
            ({"as_of": "2026-01-01"}, "not a date"),
        ],
    )
    def test_what_cannot_be_simulated_is_refused(self, terms, message):
        usual = {
            "model": BgNbd(r=1.0, alpha=4.0, a=1.0, b=1.0, unit=Unit.WEEK),
            "spend": self.SPEND,
            "first_purchases": [self.START],
            "as_of": self.AS_OF,
            "random": Random(1),
        }
        with pytest.raises(CrmkitError, match=message):
            simulate_purchases(**wrong(usual | terms))
