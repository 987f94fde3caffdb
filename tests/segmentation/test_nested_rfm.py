"""Scores within scores: frequency among equals in recency, money among equals in both."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crmkit.decision import explain
from crmkit.errors import CurrencyMismatch, InvalidPolicy, NothingToFit
from crmkit.money import Money
from crmkit.segmentation import NestedRfmScale, RfmScale, RfmScore, Ties, summarize_rfm
from crmkit.serialization import make_converter
from tests.segmentation.builders import days, euro, facts, histories, populations
from tests.segmentation.documents import in_toml
from tests.segmentation.evidence import (
    assert_judged_rightly,
    assert_tells_what_is_missing,
    score_from,
)

CONVERTER = make_converter(NestedRfmScale)
BINS = st.integers(2, 6)
TIES = st.sampled_from([Ties.SAME_SCORE, Ties.DENSE_RANK])


def naive_score(value, values, bins, ties):
    if ties is Ties.DENSE_RANK:
        values = set(values)
    return 1 + bins * sum(other < value for other in values) // len(values)


def naive_scores(people, bins, ties):
    """Each dimension scored among those who are equal in all dimensions before."""
    scores: list[tuple[int, ...]] = [()] * len(people)
    for value in (lambda p: -p.recency_days, lambda p: p.frequency, lambda p: p.monetary.minor):
        scores = [
            (
                *scores[n],
                naive_score(
                    value(person),
                    [value(p) for p, s in zip(people, scores, strict=True) if s == scores[n]],
                    bins,
                    ties,
                ),
            )
            for n, person in enumerate(people)
        ]
    return [RfmScore(r, f, m) for r, f, m in scores]


class TestNestedScores:
    """Within each recency score the frequency is scored anew, and within both the money."""

    @given(people=populations(max_size=24), bins=BINS, ties=TIES)
    def test_the_naive_way_gives_the_same(self, people, bins, ties):
        scale = NestedRfmScale.fit(people, bins=bins, ties=ties)
        assert [scale(person).outcome for person in people] == naive_scores(people, bins, ties)
        assert scale.bins == bins

    @given(people=populations(), bins=BINS, ties=TIES)
    def test_recency_is_scored_as_without_nesting(self, people, bins, ties):
        nested = NestedRfmScale.fit(people, bins=bins, ties=ties).outcomes(people)
        independent = RfmScale.fit(people, bins=bins, ties=ties).outcomes(people)
        assert [s.recency for s in nested] == [s.recency for s in independent]

    @given(people=populations(), ties=TIES)
    def test_fitting_does_not_depend_on_the_order_of_customers(self, people, ties):
        assert NestedRfmScale.fit(people[::-1], ties=ties) == NestedRfmScale.fit(people, ties=ties)

    def test_every_cell_is_about_equally_full(self):
        """27 customers, no two of them equal, in 27 cells."""
        people = [
            facts(f"c{n}", days_ago=n, times=1 + n * 7 % 27, spent=n * 11 % 27) for n in range(27)
        ]
        scores = NestedRfmScale.fit(people, bins=3).outcomes(people)
        assert set(Counter(scores).values()) == {1}
        assert len(scores) == 27

    def test_a_frequency_means_something_else_among_recent_customers(self):
        """Three purchases are many among those who stayed away and few among those who did not."""
        people = [
            facts("a", days_ago=90, times=1),
            facts("b", days_ago=80, times=3),
            facts("c", days_ago=20, times=3),
            facts("d", days_ago=10, times=9),
        ]
        scores = NestedRfmScale.fit(people, bins=2).outcomes(people)
        assert [(s.recency, s.frequency) for s in scores] == [(1, 1), (1, 2), (2, 1), (2, 2)]

    @pytest.mark.parametrize("ties", [Ties.SAME_SCORE, Ties.DENSE_RANK])
    def test_equals_are_all_scored_alike(self, ties):
        people = [facts(f"c{n}", days_ago=3, times=4, spent=100) for n in range(7)]
        assert set(NestedRfmScale.fit(people, ties=ties).outcomes(people)) == {RfmScore(1, 1, 1)}

    @given(people=populations(), by=st.integers(1, 9), spent=st.integers(-1, 9), ties=TIES)
    def test_more_money_never_lowers_a_score(self, people, by, spent, ties):
        """Money is last: it moves nobody to another group."""
        scale = NestedRfmScale.fit(people, ties=ties)
        for person in people:
            terms = {"days_ago": person.recency_days, "times": person.frequency}
            less = scale(facts(spent=spent, **terms)).outcome
            more = scale(facts(spent=spent + by, **terms)).outcome
            assert (less.recency, less.frequency) == (more.recency, more.frequency)
            assert less.monetary <= more.monetary


class TestEmptyGroups:
    """A group that was empty when the scale was fitted is scored by the whole population."""

    # All are equal in recency, so nobody has a recency score above 1.
    PEOPLE = [facts(f"c{n}", days_ago=50, times=n + 1, spent=10 * n) for n in range(5)]

    def test_in_recency(self):
        scale = NestedRfmScale.fit(self.PEOPLE)
        whole = RfmScale.fit(self.PEOPLE)
        newcomer = facts("new", days_ago=1, times=3, spent=30)
        assert scale.frequency_at_least[4] == whole.frequency_at_least
        assert scale(newcomer).outcome == RfmScore(5, 3, whole(newcomer).outcome.monetary)

    def test_in_frequency(self):
        people = [facts(f"c{n}", days_ago=n, times=1, spent=n) for n in range(10)]
        scale = NestedRfmScale.fit(people)
        regular = facts("new", days_ago=9, times=8, spent=4)
        whole = RfmScale.fit(people)
        assert scale.monetary_at_least[0][4] == whole.monetary_at_least
        assert scale(regular).outcome == RfmScore(1, 5, whole(regular).outcome.monetary)


class TestFitting:
    """Fitting takes a summary or facts, in one currency."""

    @given(records=histories(), as_of=days(), bins=BINS, ties=TIES, scored=histories())
    def test_a_summary_its_facts_and_one_by_one_agree(self, records, as_of, bins, ties, scored):
        population = summarize_rfm(records, as_of=as_of)
        assume(population)
        scale = NestedRfmScale.fit(population, bins=bins, ties=ties)
        assert NestedRfmScale.fit(population.values(), bins=bins, ties=ties) == scale
        for summary in (population, summarize_rfm(scored, as_of=as_of)):
            one_by_one = [scale(facts_).outcome for facts_ in summary.values()]
            assert scale.outcomes(summary) == one_by_one
            assert scale.outcomes(iter(summary.values())) == one_by_one

    @pytest.mark.parametrize("nobody", [[], summarize_rfm([], as_of=facts().as_of)])
    def test_nobody_is_nothing_to_fit_to(self, nobody):
        with pytest.raises(NothingToFit):
            NestedRfmScale.fit(nobody)

    def test_a_scale_has_at_least_two_bins(self):
        with pytest.raises(InvalidPolicy, match="at least two bins"):
            NestedRfmScale.fit([facts()], bins=1)

    def test_ties_go_by_value(self):
        with pytest.raises(InvalidPolicy, match="same-score and dense-rank"):
            NestedRfmScale.fit([facts()], ties=Ties.BY_CUSTOMER_ID)

    def test_nobody_gets_no_score(self):
        assert TWO_BY_TWO.outcomes([]) == []

    def test_money_in_another_currency_is_refused(self):
        dollars = facts(spent=Money(100, "USD"))
        with pytest.raises(CurrencyMismatch):
            TWO_BY_TWO(dollars)
        with pytest.raises(CurrencyMismatch):
            TWO_BY_TWO.outcomes([dollars])


CELLS = (
    ((euro(10),), (euro(20),)),
    ((euro(30),), (euro(40),)),
)
TWO_BY_TWO = NestedRfmScale(
    recency_at_most=(30,), frequency_at_least=((2,), (5,)), monetary_at_least=CELLS
)


class TestFixedCutPoints:
    """Each group has thresholds of its own, and a score is reached at its threshold."""

    @pytest.mark.parametrize(
        ("days_ago", "times", "spent", "score"),
        [
            *((31, 1, 9_99, "111"), (31, 1, 10_00, "112"), (31, 1, 10_01, "112")),
            *((31, 2, 19_99, "121"), (31, 2, 20_00, "122")),
            *((30, 4, 29_99, "211"), (30, 4, 30_00, "212")),
            *((30, 5, 39_99, "221"), (30, 5, 40_00, "222"), (29, 6, 40_01, "222")),
        ],
    )
    def test_a_unit_more_or_less(self, days_ago, times, spent, score):
        person = facts(days_ago=days_ago, times=times, spent=spent)
        assert str(TWO_BY_TWO(person).outcome) == score
        assert list(map(str, TWO_BY_TWO.outcomes([person]))) == [score]

    @pytest.mark.parametrize(
        "terms",
        [
            {"frequency_at_least": ((2,),)},
            {"frequency_at_least": ((2,), (5,), (7,))},
            {"frequency_at_least": ((2,), (5, 6))},
            {"monetary_at_least": CELLS[:1]},
            {"monetary_at_least": (CELLS[0], CELLS[1][:1])},
            {"monetary_at_least": (CELLS[0], ((euro(30), euro(31)), (euro(40),)))},
            {"monetary_at_least": (CELLS[0], ((euro(30),), (Money(40, "USD"),)))},
            {"recency_at_most": (60, 30)},
            {"recency_at_most": ()},
        ],
    )
    def test_thresholds_that_make_no_scale_are_refused(self, terms):
        good = {
            "recency_at_most": (30,),
            "frequency_at_least": ((2,), (5,)),
            "monetary_at_least": CELLS,
        }
        with pytest.raises(InvalidPolicy):
            NestedRfmScale(**(good | terms))

    def test_thresholds_of_every_group_run_upwards(self):
        group = ((2, 5), (2, 5), (5, 2))
        cell = (euro(1), euro(2))
        with pytest.raises(InvalidPolicy, match="upwards"):
            NestedRfmScale(
                recency_at_most=(60, 30),
                frequency_at_least=group,
                monetary_at_least=((cell,) * 3,) * 3,
            )


class TestEvidence:
    """The outcome is computed from the evidence: the thresholds of the customer's own group."""

    @given(people=populations(), bins=BINS, ties=TIES)
    def test_the_score_can_be_read_off_the_evidence(self, people, bins, ties):
        scale = NestedRfmScale.fit(people, bins=bins, ties=ties)
        for person in people:
            decision = scale(person)
            assert score_from(decision.evidence) == decision.outcome
            assert_judged_rightly(decision.evidence)
            assert_tells_what_is_missing(
                decision.evidence, decision.outcome, person.recency_days, scale.recency_at_most
            )

    def test_a_decision_says_by_which_policy_it_was_made(self):
        anna = facts(days_ago=30, times=5, spent=39_99)
        assert explain(TWO_BY_TWO(anna)).splitlines() == [
            "221 for anna, by nested rfm scale, as of 2026-06-30",
            "- met: recency days for a score of 2 is 30; at most 30 allowed",
            "- met: frequency for a score of 2 is 5; at least 5 required",
            "- not met: monetary for a score of 2 is 39.99 EUR; at least 40.00 EUR required",
        ]


class TestAScaleIsData:
    """Any policy can be written to and read from JSON and TOML, and decides the same after."""

    @given(people=populations(), bins=BINS, ties=TIES)
    def test_the_same_decisions_after_json_and_toml(self, people, bins, ties):
        scale = NestedRfmScale.fit(people, bins=bins, ties=ties)
        text = CONVERTER.dumps(scale)
        for again in (CONVERTER.loads(text), CONVERTER.loads_toml(in_toml(text))):
            assert again == scale
            assert [again(person) for person in people] == [scale(person) for person in people]
