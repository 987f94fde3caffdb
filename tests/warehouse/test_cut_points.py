"""Scores out of counts are those of the embedded policies, for every customer."""

from __future__ import annotations

import pickle
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import CurrencyMismatch, InvalidPolicy, NothingToFit
from crmkit.money import Money
from crmkit.segmentation import AbcTiers, CutConvention, RfmScale, Ties
from crmkit.warehouse import CutPoints, Histograms, summarize_lines
from tests.warehouse.histories import AS_OF, as_rfm, histories

BOUGHT = histories(max_size=25).filter(lambda lines: len(as_rfm(lines)) > 0)
SCALE = RfmScale(
    recency_at_most=(90,), frequency_at_least=(2,), monetary_at_least=(Money(10, "EUR"),)
)
TIERS = AbcTiers(thresholds=(Money(400, "EUR"), Money(100, "EUR")))


def cut_points_of(lines, **terms):
    return CutPoints.fit(Histograms.of(summarize_lines(lines, as_of=AS_OF), "EUR"), **terms)


class TestLaws:
    @given(
        BOUGHT,
        st.sampled_from([2, 3, 5, 10]),
        st.sampled_from([Ties.SAME_SCORE, Ties.DENSE_RANK]),
        st.sampled_from(CutConvention),
    )
    def test_cut_points_and_outcomes_are_those_of_the_embedded_policies(
        self, lines, bins, ties, convention
    ):
        rfm = as_rfm(lines)
        scale = RfmScale.fit(rfm, bins=bins, ties=ties)
        tiers = AbcTiers.fit(rfm.total_histogram(), convention=convention)
        cuts = cut_points_of(lines, bins=bins, ties=ties, convention=convention)
        assert (cuts.scale, cuts.tiers) == (scale, tiers)
        outcomes = zip(scale.outcomes(rfm), tiers.outcomes(rfm), strict=True)
        expected = {
            customer: (score.recency, score.frequency, score.monetary, tier)
            for customer, (score, tier) in zip(rfm, outcomes, strict=True)
        }
        found = cuts.score(summarize_lines(lines, as_of=AS_OF))
        assert {scored.customer_id: tuple(scored[1:]) for scored in found} == expected

    @given(BOUGHT, st.integers(1, 4))
    def test_histograms_of_parts_merge_to_that_of_the_whole(self, lines, parts):
        summaries = summarize_lines(lines, as_of=AS_OF)
        merged = Histograms.of(summaries[::parts], "EUR")
        for part in range(1, parts):
            merged = merged.merge(Histograms.of(summaries[part::parts], "EUR"))
        assert merged == Histograms.of(summaries, "EUR")

    @given(BOUGHT, st.integers(1, 4))
    def test_customers_are_scored_one_by_one(self, lines, size):
        """So parts can be scored wherever they are."""
        summaries = summarize_lines(lines, as_of=AS_OF)
        cuts = pickle.loads(pickle.dumps(cut_points_of(lines)))  # noqa: S301
        batches = (summaries[at : at + size] for at in range(0, len(summaries), size))
        alone = chain.from_iterable(map(cuts.score, batches))
        assert list(alone) == list(cuts.score(summaries))


class TestClasses:
    def test_a_class_without_members_is_nobodys(self):
        """Nobody brought anything, so that only the last class has members."""
        lines = [("anna", 1, 0), ("bert", 1, 0)]
        scored = cut_points_of(lines).score(summarize_lines(lines, as_of=AS_OF))
        assert [customer.tier for customer in scored] == ["C", "C"]

    def test_classes_can_have_any_names_and_shares(self):
        lines = [("anna", 1, 60), ("bert", 1, 40)]
        cuts = cut_points_of(lines, cuts=["0.5"], names=["many", "few"])
        scored = cuts.score(summarize_lines(lines, as_of=AS_OF))
        assert [customer.tier for customer in scored] == ["many", "few"]


class TestRefusals:
    def test_nobody_has_no_cut_points(self):
        with pytest.raises(NothingToFit):
            CutPoints.fit(Histograms.of([], "EUR"))

    def test_customers_do_not_break_ties_row_by_row(self):
        scale = RfmScale.fit(as_rfm([("anna", 1, 5)]), ties=Ties.BY_CUSTOMER_ID)
        with pytest.raises(InvalidPolicy, match="customers break the ties"):
            CutPoints(scale=scale, tiers=TIERS)

    def test_scale_and_classes_are_in_one_currency(self):
        with pytest.raises(CurrencyMismatch):
            CutPoints(scale=SCALE, tiers=AbcTiers(thresholds=(Money(4, "USD"),), names="AB"))

    def test_histograms_of_two_currencies_do_not_merge(self):
        with pytest.raises(CurrencyMismatch):
            Histograms.of([], "EUR").merge(Histograms.of([], "USD"))
