"""Several models of the same customers side by side."""

from __future__ import annotations

import math

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidValue, NothingToFit, UnitMismatch
from crmkit.lifetime_value.comparison import Criterion, ModelComparison, compare_models, holdout_fit
from crmkit.lifetime_value.facts import CountedFacts
from crmkit.lifetime_value.models.bg_bb import BgBb
from crmkit.lifetime_value.models.bg_nbd import BgNbd
from crmkit.lifetime_value.models.mbg_nbd import MbgNbd
from crmkit.period import Unit
from tests.lifetime_value.judging import Nbd, cdnow_split

BASE = CountedFacts({(0, 0.0, 10.0): 30, (2, 5.0, 10.0): 5})

OPPORTUNITIES = BgBb(alpha=0.6, beta=11.2, gamma=0.66, delta=12.0, unit=Unit.WEEK)

shapes = st.floats(0.05, 20.0)
models = st.dictionaries(
    st.text(max_size=5), st.builds(Nbd, r=shapes, alpha=shapes), min_size=1, max_size=5
)


@pytest.fixture(scope="module")
def cdnow() -> ModelComparison:
    split = cdnow_split()
    fitted = [BgNbd.fit(split.calibration), MbgNbd.fit(split.calibration)]
    return compare_models([*fitted, Nbd(r=0.385, alpha=12.072)], split.calibration, split=split)


class TestRankings:
    """By each criterion the least is the best, and the ranking names every model once."""

    @given(models=models, criterion=st.sampled_from([Criterion.AIC, Criterion.BIC]))
    def test_a_ranking_ascends(self, models, criterion):
        comparison = compare_models(models, BASE)
        ranking = comparison.ranking(criterion)
        assert sorted(ranking) == sorted(models)
        scores = [comparison[name].by(criterion) for name in ranking]
        assert scores == sorted(scores)
        assert comparison.best(criterion).name == ranking[0]

    @given(models=models)
    def test_of_models_of_one_size_the_likeliest_is_the_best(self, models):
        comparison = compare_models(models, BASE)
        best = max(comparison.standings, key=lambda standing: standing.log_likelihood)
        for criterion in (Criterion.AIC, Criterion.BIC):
            assert comparison.best(criterion).by(criterion) == best.by(criterion)

    def test_equals_stay_in_the_order_handed_in(self):
        same = Nbd(r=1.0, alpha=1.0)
        assert compare_models({"z": same, "a": same}, BASE).ranking(Criterion.AIC) == ("z", "a")

    def test_a_further_parameter_has_to_earn_its_place(self):
        """Without a likelihood to gain, the smaller model is the better one."""
        report = compare_models([Nbd(r=1.0, alpha=1.0)], BASE)["Nbd"]
        assert report.parameters == 2
        assert report.aic == pytest.approx(2 * 2 - 2 * report.log_likelihood)
        assert report.bic == pytest.approx(2 * math.log(35) - 2 * report.log_likelihood)

    def test_parameters_that_were_given_were_not_fitted_well_or_badly(self, cdnow):
        assert cdnow["Nbd"].is_trustworthy is None
        assert cdnow["BgNbd"].is_trustworthy is True


class TestCdnow:
    """CDNOW's sample in weeks."""

    def test_the_published_likelihoods(self, cdnow):
        """Fader, Hardie and Lee (2005), Table 2, and Batislam et al. (2007) for MBG/NBD."""
        assert cdnow["BgNbd"].log_likelihood == pytest.approx(-9582.429, abs=1e-3)
        assert cdnow["MbgNbd"].log_likelihood == pytest.approx(-9582.1, abs=0.1)
        assert cdnow["Nbd"].log_likelihood == pytest.approx(-9763.66, abs=0.05)

    def test_a_fitted_model_says_of_itself_what_the_comparison_says(self, cdnow):
        model = BgNbd.fit(cdnow_split().calibration)
        assert model.fitted is not None
        assert cdnow["BgNbd"].aic == pytest.approx(model.fitted.aic)
        assert cdnow["BgNbd"].bic == pytest.approx(model.fitted.bic)

    @pytest.mark.parametrize("criterion", list(Criterion))
    def test_leaving_is_worth_its_parameters_by_every_criterion(self, cdnow, criterion):
        assert cdnow.ranking(criterion)[-1] == "Nbd"

    def test_the_holdout_is_judged_as_for_one_model(self, cdnow):
        split = cdnow_split()
        assert cdnow["BgNbd"].holdout == holdout_fit(BgNbd.fit(split.calibration), split)


class TestOpportunities:
    """Models of opportunities among themselves, on CDNOW's sample by the week."""

    def test_the_fitted_parameters_are_likelier_and_foresee_better_than_others(self):
        split = cdnow_split()
        fitted = BgBb.fit(split.calibration.opportunities())
        comparison = compare_models(
            {"rare": evolve(OPPORTUNITIES, beta=50.0), "fitted": fitted},
            split.calibration.opportunities(),
            split=split,
        )
        for criterion in Criterion:
            assert comparison.ranking(criterion) == ("fitted", "rare")
        assert comparison["fitted"].holdout == holdout_fit(fitted, split)


class TestRefusals:
    """Bad input says what would have worked."""

    def test_no_model(self):
        with pytest.raises(InvalidValue, match="at least one"):
            compare_models([], BASE)

    def test_two_models_of_one_name(self):
        model = Nbd(r=1.0, alpha=1.0)
        with pytest.raises(InvalidValue, match="two models are called Nbd: pass a mapping"):
            compare_models([model, evolve(model, r=2.0)], BASE)

    def test_no_customer(self):
        with pytest.raises(NothingToFit):
            compare_models([Nbd(r=1.0, alpha=1.0)], [])

    def test_a_model_in_another_unit_than_the_facts(self):
        with pytest.raises(UnitMismatch):
            compare_models(
                [Nbd(r=1.0, alpha=1.0, unit=Unit.DAY)], CountedFacts(BASE.rows, Unit.WEEK)
            )

    def test_opportunities_taken_and_days_of_purchase_in_one_holdout(self):
        """Their errors are of different things; without a holdout, nobody ranks by it."""
        split = cdnow_split()
        mixed = [OPPORTUNITIES, Nbd(r=0.385, alpha=12.072)]
        opportunities = split.calibration.opportunities()
        assert len(compare_models(mixed, opportunities).standings) == 2
        with pytest.raises(InvalidValue, match="compare the ones without the others"):
            compare_models(mixed, opportunities, split=split)

    def test_a_ranking_by_a_holdout_that_there_was_not(self):
        with pytest.raises(InvalidValue, match="without a holdout"):
            compare_models([Nbd(r=1.0, alpha=1.0)], BASE).ranking(Criterion.HOLDOUT)

    def test_a_ranking_by_a_word(self):
        with pytest.raises(InvalidValue, match="member of Criterion"):
            compare_models([Nbd(r=1.0, alpha=1.0)], BASE).ranking("aic")  # type: ignore[arg-type]

    def test_a_model_that_was_not_compared(self):
        with pytest.raises(InvalidValue, match="only Nbd"):
            compare_models([Nbd(r=1.0, alpha=1.0)], BASE)["BgNbd"]
