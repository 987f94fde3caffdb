"""Expected value: purchases or renewals from a model, times money, discounted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from attrs import evolve, frozen
from hypothesis import given
from hypothesis import strategies as st

from crmkit.decision import explain
from crmkit.errors import CurrencyMismatch, InvalidPolicy, InvalidValue, UnitMismatch
from crmkit.identifiers import CustomerId
from crmkit.lifetime_value.facts import RepeatPurchaseFacts
from crmkit.lifetime_value.models.beta_discrete_weibull import BetaDiscreteWeibull
from crmkit.lifetime_value.models.bg_bb import BgBb
from crmkit.lifetime_value.models.bg_nbd import BgNbd
from crmkit.lifetime_value.models.fitting import FitReport
from crmkit.lifetime_value.models.gamma_gamma import GammaGamma
from crmkit.lifetime_value.models.mbg_nbd import MbgNbd
from crmkit.lifetime_value.models.pareto_nbd import ParetoNbd
from crmkit.lifetime_value.models.renewal import RenewalFacts
from crmkit.lifetime_value.models.shifted_beta_geometric import ShiftedBetaGeometric
from crmkit.lifetime_value.policies.expected import ExpectedValue
from crmkit.lifetime_value.policies.horizon import Horizon, PaidWithin
from crmkit.lifetime_value.policies.payback import ExpectedPayback
from crmkit.lifetime_value.policies.renewals import RenewalValue
from crmkit.money import Money, Rounding
from crmkit.period import Rate, Unit
from tests.lifetime_value.value_laws import (
    DAY,
    a_few,
    added_up,
    annual_rates,
    assert_value_laws,
    euros,
    noted_in,
    shares,
    written_and_read,
)

ANNA = CustomerId("anna")
YEAR = Horizon(1, Unit.YEAR)
WEEK_BG = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426, unit=Unit.WEEK)
SPEND = GammaGamma(p=6.25, q=3.74, v=15.44, currency="USD")
MODELS = [
    WEEK_BG,
    MbgNbd(r=0.525, alpha=6.183, a=0.891, b=1.614, unit=Unit.WEEK),
    ParetoNbd(r=0.553, alpha=10.578, s=0.606, beta=11.668, unit=Unit.WEEK),
]


@frozen
class Steady:
    """A host's own model: everybody buys so often a unit of time, and nobody leaves."""

    a_unit: float
    unit: Unit | None = Unit.WEEK
    fitted: FitReport | None = None

    def probability_alive(self, facts: RepeatPurchaseFacts, /) -> float:
        return 1.0

    def expected_purchases_each(
        self, facts: Sequence[RepeatPurchaseFacts], t: float, /
    ) -> list[float]:
        return [self.a_unit * t for _ in facts]

    def residual_transactions(self, facts: RepeatPurchaseFacts, rate: Rate, /) -> float:
        return self.a_unit / float(rate.force_per(Unit.WEEK))


def history(x: int, t_x: float, age: float, spend: int | str | None = None) -> RepeatPurchaseFacts:
    mean = None if spend is None else Money(spend, "USD")
    return RepeatPurchaseFacts(
        x, t_x, age, mean, unit=Unit.WEEK, customer=ANNA, as_of=date(1997, 9, 30)
    )


@st.composite
def histories(draw: st.DrawFn) -> RepeatPurchaseFacts:
    """Anybody in a base of less than two years, with what they spent."""
    age = draw(st.integers(0, 100))
    x = draw(st.integers(0, min(age, 30)))
    at_last = draw(st.integers(1, age)) if x else 0
    spend = draw(st.integers(100, 10_000)) if x else None
    facts = history(x, at_last, age)
    return facts if spend is None else evolve(facts, mean_repeat_spend=Money.of_minor(spend, "USD"))


def worth(model: Any = WEEK_BG, **terms: Any) -> ExpectedValue[Any, Any]:
    return ExpectedValue(
        **{
            "purchases": model,
            "spend": SPEND,
            "margin": "0.25",
            "discount": Rate.annual("0.12"),
            "horizon": YEAR,
        }
        | terms
    )


horizons = st.builds(
    Horizon,
    st.integers(1, 2),
    st.sampled_from([Unit.YEAR, Unit.QUARTER]),
    step=st.sampled_from([None, Unit.QUARTER, Unit.MONTH]),
    paid=st.sampled_from(PaidWithin),
    days_in_year=st.sampled_from([Decimal("365.2425"), Decimal(364)]),
)


class TestExpectedValue:
    """Purchases expected, times what one brings, times margin, discounted, step by step."""

    @a_few
    @given(st.sampled_from(MODELS), horizons, st.lists(histories(), max_size=3))
    def test_it_keeps_the_laws_of_policies(self, model, horizon, facts):
        policy = worth(model, horizon=horizon)
        assert_value_laws(policy, facts)
        assert policy.outcomes(
            {CustomerId(str(n)): item for n, item in enumerate(facts)}
        ) == policy.outcomes(facts)

    @given(st.sampled_from(MODELS), horizons, histories(), st.sampled_from(Rounding))
    def test_the_steps_in_the_evidence_add_up(self, model, horizon, facts, rounding):
        decision = worth(model, horizon=horizon, rounding=rounding)(facts)
        steps = [f"{horizon.step_unit} "]
        assert added_up(decision.evidence, of=steps, currency="USD") == decision.outcome

    @given(st.sampled_from(MODELS), histories(), shares)
    def test_the_value_can_be_had_again_from_the_evidence(self, model, facts, margin):
        """Discounted purchases, times mean spend, times margin, rounded once."""
        decision = worth(model, margin=margin)(facts)
        purchases = Fraction(noted_in(decision.evidence, "discounted-purchases"))
        spend = Fraction(noted_in(decision.evidence, "mean-spend"))
        again = Money.rounded(purchases * spend * margin, "USD", rounding=Rounding.HALF_EVEN)
        assert again == decision.outcome

    @given(st.sampled_from(MODELS), histories())
    def test_a_year_at_once_and_in_steps_expects_the_same_purchases(self, model, facts):
        without_interest = {"discount": Rate.annual(0)}
        whole = worth(model, **without_interest)
        in_months = worth(model, horizon=Horizon(1, Unit.YEAR, step=Unit.MONTH), **without_interest)
        (one,), (many,) = (p.discounted_purchases([facts]) for p in (whole, in_months))
        assert many == pytest.approx(one, rel=1e-9, abs=1e-12)
        (until,) = model.expected_purchases_each([facts], 365.2425 / 7)
        assert one == pytest.approx(until, rel=1e-12)

    @a_few
    @given(st.sampled_from(MODELS), histories(), st.integers(1, 5))
    def test_looking_further_ahead_is_never_worth_less(self, model, facts, years):
        sooner = worth(model, horizon=Horizon(years, Unit.YEAR))(facts).outcome
        assert worth(model, horizon=Horizon(years + 1, Unit.YEAR))(facts).outcome >= sooner

    @a_few
    @given(histories(), annual_rates)
    def test_later_payment_is_never_worth_more(self, facts, rate):
        start, middle, end = (
            worth(horizon=Horizon(1, Unit.YEAR, step=Unit.MONTH, paid=paid), discount=rate)
            for paid in PaidWithin
        )
        assert start(facts).outcome >= middle(facts).outcome >= end(facts).outcome

    def test_a_long_horizon_comes_close_to_for_ever(self):
        """Weeks paid half way through nearly are purchases discounted to their own day."""
        model = WEEK_BG
        facts, rate = history(5, 30, 39, 40), Rate.annual("0.5")
        policy = worth(model, discount=rate, horizon=None)
        (for_ever,) = policy.discounted_purchases([facts])
        assert for_ever == model.residual_transactions(facts, rate)
        weeks = evolve(policy, horizon=Horizon(1200, Unit.WEEK))
        assert weeks.discounted_purchases([facts])[0] == pytest.approx(for_ever, rel=1e-3)
        decision = policy(facts)
        assert noted_in(decision.evidence, "horizon") == "for ever"
        assert noted_in(decision.evidence, "discounted-purchases") == for_ever

    def test_a_host_brings_its_own_model_and_a_fixed_spend(self):
        """Two purchases a week of 10.00, a half of it margin: 520 in a year of 52 weeks."""
        policy = ExpectedValue(
            purchases=Steady(2.0),
            spend=euros(10),
            margin="0.5",
            discount=Rate.annual(0),
            horizon=Horizon(1, Unit.YEAR, days_in_year=Decimal(364)),
        )
        decision = policy(evolve(history(1, 1, 2), as_of=DAY))
        assert decision.outcome == euros(520)
        assert noted_in(decision.evidence, "purchase-model") == "Steady"
        assert noted_in(decision.evidence, "mean-spend") == euros(10)

    def test_no_month_is_hidden(self):
        """Twelve months are a year and 52 weeks are not, whatever the unit of the model."""
        steady = {"spend": euros(10), "margin": 1, "discount": Rate.annual(0)}
        for unit, a_unit in [(Unit.DAY, 1.0), (Unit.WEEK, 7.0)]:
            model = Steady(a_unit, unit)
            facts = RepeatPurchaseFacts(0, 0, 1, unit=unit, as_of=DAY)
            year = Horizon(12, Unit.MONTH, days_in_year=Decimal("365.25"))
            assert worth(model, horizon=year, **steady)(facts).outcome == euros("3652.50")
            weeks = worth(model, horizon=Horizon(52, Unit.WEEK), **steady)(facts)
            assert weeks.outcome == euros(3640)

    def test_equal_customers_are_computed_once(self):
        asked: list[int] = []

        @frozen
        class Counting(Steady):
            def expected_purchases_each(
                self, facts: Sequence[RepeatPurchaseFacts], t: float, /
            ) -> list[float]:
                asked.append(len(facts))
                return [1.0 for _ in facts]

        base = [evolve(history(2, 5, 9, 20), customer=CustomerId(f"C-{n}")) for n in range(50)]
        values = worth(Counting(1.0)).outcomes([*base, history(3, 5, 9, 20)])
        assert len(values) == 51
        assert asked == [2]

    def test_customers_who_differ_in_spend_only_are_not_equal(self):
        low, high = history(2, 5, 9, 20), history(2, 5, 9, 40)
        assert worth().outcomes([low, high]) == [worth()(low).outcome, worth()(high).outcome]
        assert worth()(low).outcome < worth()(high).outcome

    def test_nobody_is_worth_nothing_at_all(self):
        assert worth().outcomes([]) == []

    def test_opportunities_come_in_whole_numbers(self):
        """BG/BB counts opportunities: a horizon in steps of its own unit asks for whole ones."""
        model = BgBb(alpha=1.20, beta=0.75, gamma=0.66, delta=2.78, unit=Unit.YEAR)
        facts = RepeatPurchaseFacts(3, 4, 6, unit=Unit.YEAR, customer=ANNA, as_of=DAY)
        policy = worth(model, spend=euros(50), horizon=Horizon(5, Unit.YEAR))
        assert policy.discounted_purchases([facts])[0] > 0
        assert_value_laws(policy, [facts])

    def test_a_fit_is_told_with_what_it_warns_of(self):
        facts = [history(x, x and 10 + x, 30 + age) for x in (0, 1, 2, 5) for age in range(9)]
        model = BgNbd.fit(facts)
        decision = worth(model)(history(2, 5, 9, 20))
        assert noted_in(decision.evidence, "customers-fitted-to") == len(facts)
        assert "few-repeats" in noted_in(decision.evidence, "fit-warnings")
        again = written_and_read(worth(model))
        assert again.purchases.fitted == model.fitted
        assert again(history(2, 5, 9, 20)) == decision

    def test_the_explanation_names_the_model_and_its_parameters(self):
        text = explain(worth()(history(2, 30.43, 38.86, "22.35")))
        assert "purchase model is BgNbd" in text
        assert "alpha is 4.414" in text
        assert "probability alive is 0.726579" in text

    def test_facts_need_a_day_and_time_a_unit(self):
        with pytest.raises(InvalidValue, match="name no day"):
            worth()(RepeatPurchaseFacts(2, 3, 4, 10.0, unit=Unit.WEEK))
        timeless = evolve(WEEK_BG, unit=None)
        with pytest.raises(InvalidValue, match="the unit of time is not known"):
            worth(timeless)(evolve(history(2, 3, 4, 10), unit=None))
        mixed = [history(2, 3, 4, 10), evolve(history(2, 3, 4, 10), unit=Unit.DAY)]
        with pytest.raises(InvalidValue, match="the unit of time is not known"):
            worth(timeless).outcomes(mixed)
        with pytest.raises(UnitMismatch):
            worth()(evolve(history(2, 3, 4, 10), unit=Unit.DAY))

    def test_a_model_that_gives_no_number_is_refused(self):
        with pytest.raises(InvalidValue, match="the expected purchases: the model gives no finite"):
            worth(Steady(math.nan))(history(2, 3, 4, 10))

    def test_money_that_grows_beyond_any_number_is_refused(self):
        growing = Rate.of("-0.09", Unit.DAY)
        with pytest.raises(InvalidValue, match="grows beyond any amount"):
            worth(discount=growing, horizon=Horizon(9, Unit.YEAR))(history(2, 3, 4, 10))
        contract = contract_value(discount=growing, periods=9)
        with pytest.raises(InvalidValue, match="grows beyond any amount"):
            contract(RenewalFacts(2, active=True, as_of=DAY))

    def test_currencies_do_not_mix(self):
        with pytest.raises(CurrencyMismatch):
            worth()(evolve(history(2, 3, 4), mean_repeat_spend=euros(10)))
        in_dollars = worth(spend=Money("10.00", "USD"))
        assert (
            in_dollars(evolve(history(2, 3, 4), mean_repeat_spend=None)).outcome.currency == "USD"
        )
        with pytest.raises(CurrencyMismatch):
            in_dollars(evolve(history(2, 3, 4), mean_repeat_spend=euros(10)))

    @pytest.mark.parametrize(
        ("terms", "message"),
        [
            ({"discount": 0.12}, "not a bare number"),
            ({"margin": "-0.1"}, "zero or more"),
            ({"spend": evolve(SPEND, currency=None)}, "the spend names no currency"),
            ({"spend": 25}, "a spend is Money"),
        ],
    )
    def test_terms_that_mean_nothing_are_refused(self, terms, message):
        with pytest.raises(InvalidPolicy, match=message):
            worth(**terms)


class TestHorizon:
    """How far ahead one looks, in steps of exact length."""

    @given(horizons)
    def test_the_steps_fill_the_horizon(self, horizon):
        ends = horizon.ends_in_days
        assert ends[-1] == horizon.days
        assert all(a < b for a, b in pairwise(ends))

    @given(horizons, annual_rates)
    def test_money_is_paid_within_its_step(self, horizon, rate):
        early, late = (
            evolve(horizon, paid=paid).discount_factors(rate)
            for paid in (PaidWithin.START, PaidWithin.END)
        )
        middle = evolve(horizon, paid=PaidWithin.MIDDLE).discount_factors(rate)
        assert early[0] == 1
        assert all(a > b > c for a, b, c in zip(early, middle, late, strict=True))

    def test_what_does_not_fill_the_horizon_is_a_shorter_step(self):
        assert Horizon(10, Unit.DAY, step=Unit.WEEK).ends_in_days == (Fraction(7), Fraction(10))

    def test_it_can_be_said(self):
        assert [str(YEAR), str(Horizon(2, Unit.YEAR))] == ["1 year", "2 years"]

    @pytest.mark.parametrize(
        ("terms", "message"),
        [
            ({"count": 0}, "from 1 on"),
            ({"count": 1.5}, "from 1 on"),
            ({"unit": "year"}, "a unit of time is one of Unit"),
            ({"step": "month"}, "a unit of time is one of Unit"),
            ({"step": Unit.DAY, "count": 4}, "at most 1,200 steps"),
            ({"paid": "middle"}, "one of PaidWithin: start, middle, end"),
            ({"days_in_year": Decimal(0)}, "a year has days"),
        ],
    )
    def test_terms_that_mean_nothing_are_refused(self, terms, message):
        with pytest.raises(InvalidValue, match=message):
            Horizon(**{"count": 1, "unit": Unit.YEAR} | terms)

    def test_a_bare_number_is_no_rate(self):
        with pytest.raises(InvalidPolicy, match="not a bare number"):
            YEAR.discount_factors(0.1)  # type: ignore[arg-type]


SBG = ShiftedBetaGeometric(alpha=0.668088, beta=3.806095, unit=Unit.YEAR)
RENEWING = [SBG, BetaDiscreteWeibull(alpha=0.7, beta=3.0, c=1.4, unit=Unit.YEAR)]

contracts = st.builds(
    RenewalFacts,
    st.integers(0, 12),
    active=st.booleans(),
    customer=st.just(ANNA),
    as_of=st.just(DAY),
    unit=st.just(Unit.YEAR),
)


def contract_value(model: Any = SBG, **terms: Any) -> RenewalValue[Any]:
    return RenewalValue(
        **{"renewals": model, "margin": euros(60), "discount": Rate.annual("0.1")} | terms
    )


class TestRenewalValue:
    """What customers with a contract are expected to bring: the margins of the renewals to come."""

    @a_few
    @given(
        st.sampled_from(RENEWING), st.none() | st.integers(0, 8), st.lists(contracts, max_size=3)
    )
    def test_it_keeps_the_laws_of_policies(self, model, periods, facts):
        policy = contract_value(model, periods=periods)
        assert_value_laws(policy, facts)
        assert policy.outcomes(
            {CustomerId(str(n)): item for n, item in enumerate(facts)}
        ) == policy.outcomes(facts)

    @given(st.sampled_from(RENEWING), st.integers(0, 8), contracts, st.sampled_from(Rounding))
    def test_the_renewals_in_the_evidence_add_up(self, model, periods, facts, rounding):
        decision = contract_value(model, periods=periods, rounding=rounding)(facts)
        assert added_up(decision.evidence, of=["renewal "]) == decision.outcome

    @given(st.sampled_from(RENEWING), contracts)
    def test_the_value_can_be_had_again_from_the_evidence(self, model, facts):
        decision = contract_value(model)(facts)
        renewals = Fraction(noted_in(decision.evidence, "discounted-renewals"))
        assert decision.outcome == Money.rounded(renewals * 60, "EUR", rounding=Rounding.HALF_EVEN)

    @a_few
    @given(st.sampled_from(RENEWING), contracts, st.integers(0, 8))
    def test_more_renewals_are_never_worth_less_and_never_more_than_for_ever(
        self, model, facts, periods
    ):
        fewer, more, for_ever = (
            contract_value(model, periods=n)(facts).outcome for n in (periods, periods + 1, None)
        )
        assert fewer <= more <= for_ever

    def test_many_periods_come_close_to_for_ever(self):
        facts = RenewalFacts(2, active=True, as_of=DAY)
        for wait in ("0", "0.5", "1"):
            for_ever = contract_value(until_renewal=wait).discounted_renewals(facts)
            finite = contract_value(until_renewal=wait, periods=400).discounted_renewals(facts)
            assert finite == pytest.approx(for_ever, rel=1e-9)

    def test_who_has_left_is_worth_nothing(self):
        gone = RenewalFacts(3, active=False, as_of=DAY)
        assert contract_value()(gone).outcome == euros(0)
        assert contract_value(periods=5)(gone).outcome == euros(0)

    def test_who_is_about_to_renew_is_worth_more_than_who_just_did(self):
        facts = RenewalFacts(2, active=True, as_of=DAY)
        about, just = (contract_value(until_renewal=n)(facts).outcome for n in (0, 1))
        assert about > just

    def test_facts_need_a_day_and_time_a_unit(self):
        with pytest.raises(InvalidValue, match="name no day"):
            contract_value()(RenewalFacts(2, active=True))
        timeless = contract_value(evolve(SBG, unit=None), periods=2)
        with pytest.raises(InvalidValue, match="between two renewals is not known"):
            timeless(RenewalFacts(2, active=True, as_of=DAY))
        assert timeless(RenewalFacts(2, active=True, as_of=DAY, unit=Unit.YEAR)).outcome > euros(0)

    @pytest.mark.parametrize(
        ("terms", "message"),
        [
            ({"discount": 0.1}, "not a bare number"),
            ({"margin": 60}, "a margin is Money"),
            ({"until_renewal": "-1"}, "the next renewal lies ahead"),
            ({"periods": 5000}, "periods are counted"),
        ],
    )
    def test_terms_that_mean_nothing_are_refused(self, terms, message):
        with pytest.raises(InvalidPolicy, match=message):
            contract_value(**terms)


paybacks = st.builds(
    lambda cost, periods, model: ExpectedPayback(
        acquisition_cost=Money.of_minor(cost, "EUR"), value=contract_value(model, periods=periods)
    ),
    st.integers(0, 20_000),
    st.integers(0, 6),
    st.sampled_from(RENEWING),
)


class TestExpectedPayback:
    """After how many steps the expected margins have covered what winning the customer cost."""

    @a_few
    @given(paybacks, st.lists(contracts, max_size=2))
    def test_it_keeps_the_laws_of_policies(self, policy, facts):
        assert_value_laws(policy, facts)

    @a_few
    @given(paybacks, contracts)
    def test_it_is_the_first_step_by_which_the_value_covers_the_cost(self, policy, facts):
        """The value over fewer periods is the sum of its steps, but for a cent of rounding."""
        after = policy(facts).outcome
        cost, cent = policy.acquisition_cost, Money.of_minor(1, "EUR")
        values = [
            evolve(policy.value, periods=n)(facts).outcome for n in range(policy.value.periods + 1)
        ]
        if after is None:
            assert values[-1] < cost + cent
        else:
            assert values[after] + cent >= cost
            assert after == 0 or values[after - 1] < cost + cent

    def test_months_of_an_expected_value_are_counted(self):
        steady = ExpectedValue(
            purchases=Steady(1.0, Unit.MONTH),
            spend=euros(10),
            margin="0.5",
            discount=Rate.annual(0),
            horizon=Horizon(1, Unit.YEAR, step=Unit.MONTH),
        )
        newcomer = RepeatPurchaseFacts(0, 0, 0, unit=Unit.MONTH, customer=ANNA, as_of=DAY)
        assert steady.amounts_by_step(newcomer) == (euros(5),) * 12
        pays_back = {
            cost: ExpectedPayback(acquisition_cost=euros(cost), value=steady)(newcomer)
            for cost in (0, 20, 21, 60, 61)
        }
        assert {cost: d.outcome for cost, d in pays_back.items()} == {
            0: 0, 20: 4, 21: 5, 60: 12, 61: None,
        }  # fmt: skip
        assert [d.evidence[-1].met for d in pays_back.values()] == [True] * 4 + [False]

    @pytest.mark.parametrize(
        ("value", "facts"),
        [
            (worth(horizon=None, spend=euros(10)), history(2, 5, 9)),
            (contract_value(), RenewalFacts(2, active=True, as_of=DAY)),
        ],
    )
    def test_for_ever_has_no_steps(self, value, facts):
        payback = ExpectedPayback(acquisition_cost=euros(10), value=value)
        with pytest.raises(InvalidPolicy, match="for ever has no steps"):
            payback(facts)

    def test_terms_and_facts_that_mean_nothing_are_refused(self):
        with pytest.raises(InvalidPolicy, match="an acquisition cost is Money"):
            ExpectedPayback(acquisition_cost=10, value=contract_value())  # type: ignore[arg-type]
        with pytest.raises(InvalidPolicy, match="zero or more"):
            ExpectedPayback(acquisition_cost=euros(-1), value=contract_value())
        with pytest.raises(CurrencyMismatch):
            ExpectedPayback(acquisition_cost=Money(1, "USD"), value=contract_value())
        payback = ExpectedPayback(acquisition_cost=euros(1), value=contract_value(periods=2))
        with pytest.raises(InvalidValue, match="name no day"):
            payback(RenewalFacts(2, active=True))
