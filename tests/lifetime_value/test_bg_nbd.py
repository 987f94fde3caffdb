"""BG/NBD: who comes back, how often, and who has left without a word."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crmkit.errors import CannotFit, InvalidValue, NothingToFit, UnitMismatch
from crmkit.lifetime_value.facts import CountedFacts, RepeatPurchaseColumns, RepeatPurchaseFacts
from crmkit.lifetime_value.models.bg_nbd import BgNbd
from crmkit.lifetime_value.models.fitting import Ending, FitWarning
from crmkit.lifetime_value.models.mbg_nbd import MbgNbd
from crmkit.period import Rate, Unit
from tests.lifetime_value.cdnow import calibration_sample
from tests.lifetime_value.reports import report_of

PUBLISHED = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)
REGULAR = RepeatPurchaseFacts(2, 30.43, 38.86)

positive = st.floats(0.01, 100.0)
models = st.one_of(
    [
        st.builds(kind, r=positive, alpha=positive, a=positive, b=positive)
        for kind in (BgNbd, MbgNbd)
    ]
)
ages = st.floats(0.1, 500.0)


@st.composite
def histories(draw):
    age = draw(ages)
    repeats = draw(st.integers(0, 60))
    last = age * draw(st.floats(0.001, 1.0)) if repeats else 0.0
    return RepeatPurchaseFacts(repeats, last, age)


class TestPublishedFigures:
    """Fader, Hardie and Lee (2005), with r .243, alpha 4.414, a .793, b 2.426."""

    @pytest.mark.parametrize(("weeks", "expected"), [(1, 0.0532678912), (39, 1.196723193)])
    def test_expected_purchases_of_a_new_customer(self, weeks, expected):
        assert PUBLISHED.expected_purchases_new(weeks) == pytest.approx(expected, rel=1e-9)

    def test_expected_purchases_of_a_customer_with_a_history(self):
        assert PUBLISHED.expected_purchases(REGULAR, 39) == pytest.approx(1.226028175, rel=1e-9)

    def test_a_customer_who_bought_a_moment_ago_is_probably_there(self):
        busy = RepeatPurchaseFacts(23, 39, 39)
        assert PUBLISHED.probability_alive(busy) == pytest.approx(0.9685554542, rel=1e-9)

    def test_probability_of_no_repeat_purchase(self):
        assert PUBLISHED.pmf(0, 39) == pytest.approx(0.5737863521, rel=1e-9)

    def test_who_has_not_come_back_is_there_by_construction(self):
        assert PUBLISHED.probability_alive(RepeatPurchaseFacts(0, 0, 38.86)) == 1.0


class TestFit:
    """The parameters under which the customers of CDNOW are most likely."""

    def test_bg_nbd_gives_the_published_parameters(self):
        fitted = BgNbd.fit(calibration_sample())
        found = fitted.r, fitted.alpha, fitted.a, fitted.b
        assert found == pytest.approx((0.2426, 4.4136, 0.7930, 2.4260), abs=1.5e-4)
        assert report_of(fitted).log_likelihood == pytest.approx(-9582.429, abs=1e-3)
        assert fitted.unit is Unit.WEEK
        assert report_of(fitted).converged
        assert report_of(fitted).warnings == ()

    def test_mbg_nbd_gives_the_published_parameters(self):
        fitted = MbgNbd.fit(calibration_sample())
        found = fitted.r, fitted.alpha, fitted.a, fitted.b
        assert found == pytest.approx((0.525, 6.183, 0.891, 1.614), abs=5e-4)
        better = (
            report_of(fitted).log_likelihood
            - report_of(BgNbd.fit(calibration_sample())).log_likelihood
        )
        assert better == pytest.approx(0.3, abs=0.05)

    @pytest.mark.parametrize("kind", [BgNbd, MbgNbd])
    def test_the_likelihood_of_the_fit_is_that_of_the_model_fitted(self, kind):
        rows = calibration_sample().counted()
        fitted = kind.fit(rows)
        assert fitted.log_likelihood(rows) == pytest.approx(
            report_of(fitted).log_likelihood, rel=1e-12
        )

    @pytest.mark.parametrize("kind", [BgNbd, MbgNbd])
    @pytest.mark.parametrize("name", ["r", "alpha", "a", "b"])
    @pytest.mark.parametrize("factor", [0.98, 1.02])
    def test_any_other_parameter_is_less_likely(self, kind, name, factor):
        rows = calibration_sample().counted()
        fitted = kind.fit(rows)
        terms = {each: getattr(fitted, each) for each in kind.PARAMETERS}
        terms[name] *= factor
        assert kind(**terms).log_likelihood(rows) < report_of(fitted).log_likelihood

    def test_many_rows_are_first_climbed_in_coarse_ones_and_end_at_the_same_top(self, monkeypatch):
        rows = calibration_sample().counted()
        direct = BgNbd.fit(rows)
        monkeypatch.setattr("crmkit.lifetime_value.models.leaving_fit._COARSE_FROM", 100)
        warm = BgNbd.fit(rows)
        assert report_of(warm).log_likelihood == pytest.approx(
            report_of(direct).log_likelihood, rel=1e-12
        )
        assert report_of(warm).iterations < report_of(direct).iterations

    def test_facts_one_by_one_counted_or_in_columns_give_the_same_fit(self):
        summary = calibration_sample()
        counted = BgNbd.fit(summary.counted())
        facts = list(summary.values())
        columns = RepeatPurchaseColumns(
            [fact.repeat_purchases for fact in facts],
            [fact.age_at_last_purchase for fact in facts],
            [fact.customer_age for fact in facts],
            Unit.WEEK,
        )
        for one_by_one in (facts, columns, summary, iter(facts)):
            fitted = BgNbd.fit(one_by_one)
            assert report_of(fitted).log_likelihood == pytest.approx(
                report_of(counted).log_likelihood, rel=1e-12
            )

    @pytest.mark.parametrize("kind", [BgNbd, MbgNbd])
    def test_standard_errors_are_those_of_the_curvature(self, kind):
        """Observed information by differences of the accurate likelihood, an independent route."""
        rows = calibration_sample().counted()
        fitted = kind.fit(rows)
        terms = {name: getattr(fitted, name) for name in kind.PARAMETERS}
        information = report_of(fitted).information
        step = 1e-3

        def shifted(**moves):
            moved = {n: v * math.exp(moves.get(n, 0) * step) for n, v in terms.items()}
            return kind(**moved).log_likelihood(rows)

        names = kind.PARAMETERS
        for i, first in enumerate(names):
            for j, second in enumerate(names[: i + 1]):
                if i == j:
                    bend = shifted(**{first: 1}) + shifted(**{first: -1}) - 2 * shifted()
                else:
                    bend = (
                        shifted(**{first: 1, second: 1})
                        + shifted(**{first: -1, second: -1})
                        - shifted(**{first: 1, second: -1})
                        - shifted(**{first: -1, second: 1})
                    ) / 4
                assert -bend / step**2 == pytest.approx(information[i][j], rel=2e-3, abs=0.05)


class TestFitsThatCannotBeTrusted:
    """An error or a flag, never silent garbage."""

    @pytest.mark.parametrize("kind", [BgNbd, MbgNbd])
    def test_nobody(self, kind):
        with pytest.raises(NothingToFit):
            kind.fit([])

    @pytest.mark.parametrize("kind", [BgNbd, MbgNbd])
    def test_nobody_came_back(self, kind):
        with pytest.raises(CannotFit, match="nobody in these facts has bought again"):
            kind.fit([RepeatPurchaseFacts(0, 0, age) for age in (10, 20, 30)])

    @pytest.mark.parametrize("kind", [BgNbd, MbgNbd])
    @pytest.mark.parametrize("customers", [1, 1000])
    def test_one_customer_or_all_alike(self, kind, customers):
        with pytest.raises(CannotFit, match="all customers are alike"):
            kind.fit([REGULAR] * customers)

    @pytest.mark.parametrize("kind", [BgNbd, MbgNbd])
    def test_no_time_has_passed(self, kind):
        with pytest.raises(CannotFit, match="no time has passed"):
            kind.fit(CountedFacts({(1, 0, 0): 40, (2, 0, 0): 20}, Unit.WEEK, whole_units=True))

    def test_nobody_ever_leaves(self):
        """Everybody bought on the last day: the chance of leaving runs to its bound."""
        facts = [RepeatPurchaseFacts(x, 30.0, 30.0) for x in range(1, 40)]
        report = report_of(BgNbd.fit(facts))
        assert report.ending is not Ending.GAVE_UP
        assert {FitWarning.AT_BOUNDARY, FitWarning.NOT_IDENTIFIED} & set(report.warnings)
        assert not report.is_trustworthy

    def test_few_customers_who_came_back_are_flagged(self):
        facts = [RepeatPurchaseFacts(0, 0, age) for age in range(10, 60)]
        facts += [RepeatPurchaseFacts(x, 3.0 * x, 40.0) for x in (1, 1, 2, 3, 5)]
        assert FitWarning.FEW_REPEATS in report_of(BgNbd.fit(facts)).warnings

    @given(st.lists(histories(), min_size=2, max_size=30))
    def test_whatever_the_data_the_fit_ends_with_finite_parameters_or_a_clear_error(self, facts):
        for kind in (BgNbd, MbgNbd):
            try:
                fitted = kind.fit(facts)
            except (CannotFit, NothingToFit):
                continue
            report = report_of(fitted)
            assert all(map(math.isfinite, (*report.parameters.values(), report.log_likelihood)))
            errors = report.standard_errors()
            assert errors is None or all(map(math.isfinite, errors.values()))


class TestAlive:
    """The probability that a customer has not left."""

    @given(models, histories(), ages)
    def test_silence_makes_it_less_likely(self, model, facts, more):
        later = RepeatPurchaseFacts(
            facts.repeat_purchases, facts.age_at_last_purchase, facts.customer_age + more
        )
        assert 0 <= model.probability_alive(later) <= model.probability_alive(facts) <= 1

    @given(models, histories(), st.floats(0.0, 1.0))
    def test_a_more_recent_purchase_makes_it_more_likely(self, model, facts, share):
        if facts.repeat_purchases:
            last = facts.age_at_last_purchase
            recent = RepeatPurchaseFacts(
                facts.repeat_purchases,
                min(last + share * (facts.customer_age - last), facts.customer_age),
                facts.customer_age,
            )
            before, after = model.probability_alive(facts), model.probability_alive(recent)
            assert after >= before * (1 - 1e-12)

    def test_the_path_falls_in_silence_and_rises_with_a_purchase(self):
        path = PUBLISHED.probability_alive_path([3.0, 10.0], [0, 2, 3, 9, 10, 30])
        assert path[0] == path[1] == 1.0
        assert path[2] > path[3]
        assert path[4] > path[3]
        assert path[5] < path[4]
        assert path[5] == PUBLISHED.probability_alive(RepeatPurchaseFacts(2, 10.0, 30))

    @pytest.mark.parametrize("purchases", [[3.0, 2.0], [2.0, 2.0], [0.0, 1.0], [-1.0]])
    def test_a_path_along_impossible_purchases_is_refused(self, purchases):
        with pytest.raises(InvalidValue):
            PUBLISHED.probability_alive_path(purchases, [5.0])


class TestExpectedPurchases:
    """What customers will buy."""

    @given(models, histories(), ages)
    @example(BgNbd(r=1, alpha=1, a=1, b=1), REGULAR, 10.0)
    def test_it_starts_at_nothing_and_grows_ever_more_slowly(self, model, facts, t):
        half, whole = model.expected_purchases(facts, t / 2), model.expected_purchases(facts, t)
        assert model.expected_purchases(facts, 0) == 0
        assert 0 <= half <= whole * (1 + 1e-12)
        assert whole <= 2 * half * (1 + 1e-9)

    @settings(max_examples=30)
    @given(
        st.sampled_from([BgNbd, MbgNbd]), st.floats(0.01, 5), positive, positive, st.floats(0.01, 3)
    )
    def test_a_new_customer_is_expected_to_buy_what_the_probabilities_say(self, kind, r, a, b, t):
        """Nobody is so busy here that 400 purchases would not hold all but 1e-15 of them."""
        model = kind(r=r, alpha=1.0, a=a, b=b)
        probabilities = [model.pmf(n, t) for n in range(400)]
        assert math.fsum(probabilities) == pytest.approx(1, abs=1e-12)
        mean = math.fsum(n * probability for n, probability in enumerate(probabilities))
        assert model.expected_purchases_new(t) == pytest.approx(mean, rel=1e-11)

    @settings(max_examples=30)
    @given(models, histories(), st.floats(0.01, 3))
    def test_so_is_a_customer_with_a_history(self, model, facts, share):
        t = share * (model.alpha + facts.customer_age) / (model.r + facts.repeat_purchases)
        probabilities = [model.conditional_pmf(facts, n, t) for n in range(200)]
        assert math.fsum(probabilities) == pytest.approx(1, abs=1e-12)
        mean = math.fsum(n * probability for n, probability in enumerate(probabilities))
        assert model.expected_purchases(facts, t) == pytest.approx(mean, rel=1e-10, abs=1e-300)

    @given(models, histories(), ages, st.sampled_from([7.0, 1 / 7, 365.2425 / 12]))
    def test_the_unit_of_time_makes_no_difference(self, model, facts, t, c):
        scaled = type(model)(r=model.r, alpha=model.alpha * c, a=model.a, b=model.b)
        other = RepeatPurchaseFacts(
            facts.repeat_purchases, facts.age_at_last_purchase * c, facts.customer_age * c
        )
        assert scaled.expected_purchases(other, t * c) == pytest.approx(
            model.expected_purchases(facts, t), rel=1e-10, abs=1e-300
        )

    @given(models, st.lists(histories(), max_size=8), ages)
    def test_many_customers_at_once_are_each_customer_asked(self, model, facts, t):
        twice = facts + facts
        assert model.expected_purchases_each(twice, t) == [
            model.expected_purchases(fact, t) for fact in twice
        ]
        assert model.probability_alive_each(twice) == [
            model.probability_alive(fact) for fact in twice
        ]

    def test_when_they_bought_last_matters_only_to_whether_they_are_there(self):
        facts = [RepeatPurchaseFacts(2, last, 38.86) for last in (1.0, 20.0, 30.43)]
        expected = PUBLISHED.expected_purchases_each(facts, 39)
        alive = PUBLISHED.probability_alive_each(facts)
        per_head = [e / p for e, p in zip(expected, alive, strict=True)]
        assert per_head == pytest.approx([per_head[0]] * 3, rel=1e-12)
        assert len(set(alive)) == 3

    def test_nothing_happens_in_no_time(self):
        assert [PUBLISHED.pmf(n, 0) for n in range(3)] == [1, 0, 0]

    def test_columns_give_what_facts_give(self):
        columns = RepeatPurchaseColumns([0, 2], [0.0, 30.43], [38.86, 38.86])
        assert PUBLISHED.expected_purchases_each(columns, 39) == [
            PUBLISHED.expected_purchases(RepeatPurchaseFacts(0, 0, 38.86), 39),
            PUBLISHED.expected_purchases(REGULAR, 39),
        ]

    def test_a_summary_or_another_mapping_is_asked_customer_by_customer(self):
        summary = calibration_sample()
        model = BgNbd.fit(summary)
        one_by_one = [model.expected_purchases(facts, 39) for facts in summary.values()]
        assert model.expected_purchases_each(summary, 39) == one_by_one
        assert model.expected_purchases_each(dict(summary), 39) == one_by_one


class TestNextToCertainty:
    """What is almost certain leaves all digits to its opposite."""

    def test_the_few_who_have_left_are_told_to_the_last_digit(self):
        model = BgNbd(r=1.0, alpha=1.0, a=1e-6, b=1e3)
        facts = RepeatPurchaseFacts(100, 10.0, 10.0)
        gone = 1e-6 / (1e3 + 99)
        nobody_else_is_silent = model.conditional_pmf(facts, 0, 1e6)
        assert nobody_else_is_silent == pytest.approx(gone / (1 + gone), rel=1e-12)

    @pytest.mark.parametrize(("kind", "stays"), [(BgNbd, 1.0), (MbgNbd, 0.75)])
    def test_so_is_the_likelihood_of_never_coming_back(self, kind, stays):
        model = kind(r=1e-6, alpha=1.0, a=1.0, b=3.0)
        ever = stays * 1e-6 * math.log(2) * (1 - 0.5e-6 * math.log(2))
        assert model.log_likelihood(RepeatPurchaseFacts(0, 0, 1)) == pytest.approx(
            -ever - ever**2 / 2, rel=1e-11
        )


class TestDiscounting:
    """All purchases to come, each discounted to today."""

    RATE = Rate.continuous("0.0027", Unit.WEEK)

    @settings(max_examples=20)
    @given(models, histories())
    def test_it_is_the_discounted_sum_of_what_is_expected(self, model, facts):
        """An independent route: steps of expected purchases, each discounted."""
        force = 0.5
        rate = Rate.continuous("0.5", Unit.WEEK)
        weekly = RepeatPurchaseFacts(
            facts.repeat_purchases,
            facts.age_at_last_purchase,
            facts.customer_age,
            unit=Unit.WEEK,
        )
        width, before = 0.25, 0.0
        low = high = 0.0
        for step in range(1, 200):
            so_far = model.expected_purchases(weekly, step * width)
            low += (so_far - before) * math.exp(-force * step * width)
            high += (so_far - before) * math.exp(-force * (step - 1) * width)
            before = so_far
        found = model.residual_transactions(weekly, rate)
        assert low * (1 - 1e-9) <= found <= high * (1 + 1e-9)

    def test_a_new_customer_is_worth_what_a_customer_of_age_zero_is(self):
        model = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426, unit=Unit.WEEK)
        assert model.discounted_transactions_new(self.RATE) == pytest.approx(
            model.residual_transactions(RepeatPurchaseFacts(0, 0, 0), self.RATE), rel=1e-12
        )

    def test_the_same_rate_by_the_quarter_or_the_year_is_the_same(self):
        facts = RepeatPurchaseFacts(2, 30.43, 38.86, unit=Unit.WEEK)
        by_quarter, by_year = Rate.of("0.1", Unit.QUARTER), Rate.annual("0.4641")
        assert PUBLISHED.residual_transactions(facts, by_quarter) == pytest.approx(
            PUBLISHED.residual_transactions(facts, by_year), rel=1e-12
        )

    @pytest.mark.parametrize("bare", [0.15, "0.15", 1, None])
    def test_a_bare_number_is_no_rate(self, bare):
        with pytest.raises(InvalidValue, match="pass a Rate, which knows its unit of time"):
            PUBLISHED.residual_transactions(REGULAR, bare)

    def test_the_unit_of_time_has_to_be_known(self):
        with pytest.raises(InvalidValue, match="name it in the facts or in the model"):
            PUBLISHED.residual_transactions(REGULAR, self.RATE)

    @pytest.mark.parametrize("nothing", ["0", "-0.1"])
    def test_without_a_discount_for_ever_may_be_without_end(self, nothing):
        facts = RepeatPurchaseFacts(2, 30.43, 38.86, unit=Unit.WEEK)
        with pytest.raises(InvalidValue, match="rate above zero"):
            PUBLISHED.residual_transactions(facts, Rate.annual(nothing))


class TestWhatIsRefused:
    @pytest.mark.parametrize("wrong", [0, -1.0, math.nan, math.inf, "1", True, None, 10**400])
    @pytest.mark.parametrize("name", ["r", "alpha", "a", "b"])
    @pytest.mark.parametrize("kind", [BgNbd, MbgNbd])
    def test_parameters_that_are_no_numbers_above_zero(self, kind, name, wrong):
        terms = {"r": 1.0, "alpha": 1.0, "a": 1.0, "b": 1.0, name: wrong}
        with pytest.raises(InvalidValue, match=name):
            kind(**terms)

    @pytest.mark.parametrize("wrong", [-1, math.nan, math.inf, "1", True, None, 10**400])
    def test_horizons_that_are_no_numbers(self, wrong):
        with pytest.raises(InvalidValue, match="units of time, zero or more"):
            PUBLISHED.expected_purchases_new(wrong)

    @pytest.mark.parametrize("wrong", [-1, 1.0, True, None, 10**13, 10**400])
    def test_numbers_of_purchases_that_are_not_whole(self, wrong):
        with pytest.raises(InvalidValue, match="whole number, zero or more"):
            PUBLISHED.pmf(wrong, 39)

    def test_facts_in_another_unit_than_the_model(self):
        model = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426, unit=Unit.WEEK)
        daily = RepeatPurchaseFacts(2, 213, 272, unit=Unit.DAY)
        for ask in (
            model.probability_alive,
            model.log_likelihood,
            lambda facts: model.expected_purchases_each([facts], 39),
            lambda facts: model.log_likelihood(CountedFacts({(1, 2, 3): 1}, Unit.DAY)),
        ):
            with pytest.raises(UnitMismatch, match="counts in weeks, the other in days"):
                ask(daily)

    @pytest.mark.parametrize("wrong", [None, 7, REGULAR])
    def test_the_facts_of_one_where_those_of_many_are_meant(self, wrong):
        for ask in (
            PUBLISHED.probability_alive_each,
            lambda facts: PUBLISHED.expected_purchases_each(facts, 39),
        ):
            with pytest.raises(InvalidValue, match="pass a summary, or a list"):
                ask(wrong)

    def test_anything_but_facts(self):
        with pytest.raises(InvalidValue, match="pass RepeatPurchaseFacts"):
            PUBLISHED.probability_alive((2, 30.43, 38.86))  # type: ignore[arg-type]


class TestMbgNbd:
    """Customers may leave right after the very first purchase."""

    MODEL = MbgNbd(r=0.525, alpha=6.183, a=0.891, b=1.614)

    def test_who_bought_once_and_long_ago_is_probably_gone(self):
        path = self.MODEL.probability_alive_path([], [0, 10, 100, 1000])
        assert path[0] == pytest.approx(1.614 / (0.891 + 1.614), rel=1e-12)
        assert sorted(path, reverse=True) == path

    def test_some_never_come_back_at_all(self):
        assert self.MODEL.pmf(0, 1e6) >= 0.891 / (0.891 + 1.614)

    @given(positive, positive, positive, positive, ages)
    def test_it_is_bg_nbd_after_one_more_occasion_to_leave(self, r, alpha, a, b, t):
        modified = MbgNbd(r=r, alpha=alpha, a=a, b=b)
        after = BgNbd(r=r, alpha=alpha, a=a, b=b + 1)
        assert modified.expected_purchases_new(t) == pytest.approx(
            b / (a + b) * after.expected_purchases_new(t), rel=1e-12
        )
