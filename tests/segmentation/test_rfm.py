"""Scores of recency, frequency and money, each dimension for itself."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from crmkit.decision import explain
from crmkit.errors import CurrencyMismatch, InvalidPolicy, NothingToFit
from crmkit.money import Money
from crmkit.segmentation import (
    Histogram,
    MonetaryMeasure,
    RfmScale,
    RfmScore,
    SummaryRules,
    TieBreaks,
    Ties,
    summarize_rfm,
)
from crmkit.serialization import make_converter
from tests.segmentation.builders import (
    CDNOW_AS_OF,
    cdnow_master,
    days,
    euro,
    facts,
    histories,
    populations,
    purchases,
    summarize,
)
from tests.segmentation.documents import in_toml
from tests.segmentation.evidence import (
    assert_judged_rightly,
    assert_tells_what_is_missing,
    score_from,
)

CONVERTER = make_converter(RfmScale)
BINS = st.integers(2, 12)


def goodness(person):
    """The three values of a customer, turned so that more is better."""
    return (-person.recency_days, person.frequency, person.monetary.minor)


def dimensions(score):
    return (score.recency, score.frequency, score.monetary)


def naive_score(value, values, bins, ties):
    """``1 + bins * below // n``, below being the customers, or the distinct values, below."""
    if ties is Ties.DENSE_RANK:
        values = set(values)
    return 1 + bins * sum(other < value for other in values) // len(values)


def naive_scores(people, bins, ties):
    columns = list(zip(*map(goodness, people), strict=True))
    return [
        RfmScore(
            *(
                naive_score(value, column, bins, ties)
                for value, column in zip(goodness(person), columns, strict=True)
            )
        )
        for person in people
    ]


class TestScoresOfAPopulation:
    """score = 1 + bins * below // n, where below counts who is strictly below, and n all."""

    @given(
        people=populations(), bins=BINS, ties=st.sampled_from([Ties.SAME_SCORE, Ties.DENSE_RANK])
    )
    def test_the_formula_gives_the_same(self, people, bins, ties):
        scale = RfmScale.fit(people, bins=bins, ties=ties)
        assert [scale(person).outcome for person in people] == naive_scores(people, bins, ties)
        assert scale.bins == bins

    def test_quintiles_are_what_happens_when_nothing_is_said(self):
        people = [facts(f"c{n}", days_ago=n, times=n + 1, spent=n) for n in range(10)]
        scores = [str(RfmScale.fit(people)(person).outcome) for person in people]
        assert scores == ["511", "511", "422", "422", "333", "333", "244", "244", "155", "155"]

    @pytest.mark.parametrize("ties", [Ties.BY_CUSTOMER_ID.value, "some", None])
    def test_what_only_looks_like_a_rule_for_ties_is_refused(self, ties):
        with pytest.raises(InvalidPolicy, match="a rule for ties is one of Ties"):
            RfmScale.fit([facts()], ties=ties)

    @given(people=populations(), bins=BINS, ties=st.sampled_from(Ties))
    def test_fitting_does_not_depend_on_the_order_of_customers(self, people, bins, ties):
        scale = RfmScale.fit(people, bins=bins, ties=ties)
        assert RfmScale.fit(people[::-1], bins=bins, ties=ties) == scale

    @given(
        people=populations(), bins=BINS, ties=st.sampled_from([Ties.SAME_SCORE, Ties.DENSE_RANK])
    )
    def test_equal_facts_get_equal_scores(self, people, bins, ties):
        scale = RfmScale.fit(people, bins=bins, ties=ties)
        seen: dict[object, int] = {}
        for person in people:
            score = scale(person).outcome
            for key in enumerate(zip(goodness(person), dimensions(score), strict=True)):
                dimension, (value, part) = key
                assert seen.setdefault((dimension, value), part) == part

    @given(people=populations(min_size=2), bins=BINS, ties=st.sampled_from(Ties))
    def test_more_is_never_scored_lower(self, people, bins, ties):
        scale = RfmScale.fit(people, bins=bins, ties=ties)
        scored = [(goodness(p), dimensions(scale(p).outcome)) for p in people]
        for dimension in range(3):
            by_value = sorted((g[dimension], s[dimension]) for g, s in scored)
            for (less, low), (more, high) in pairwise(by_value):
                assert less == more or low <= high

    @given(
        people=populations(),
        ties=st.sampled_from(Ties),
        change=st.sampled_from(["recency", "frequency", "monetary"]),
        by=st.integers(1, 9),
        person=st.tuples(st.integers(0, 9), st.integers(1, 9), st.integers(-1, 9)),
    )
    def test_doing_better_in_one_dimension_never_lowers_it_nor_touches_the_others(
        self, people, ties, change, by, person
    ):
        scale = RfmScale.fit(people, ties=ties)
        ago, times, spent = person
        before = scale(facts("x", days_ago=ago + by, times=times, spent=spent)).outcome
        after = scale(
            facts(
                "x",
                days_ago=ago if change == "recency" else ago + by,
                times=times + by if change == "frequency" else times,
                spent=spent + by if change == "monetary" else spent,
            )
        ).outcome
        for dimension in ("recency", "frequency", "monetary"):
            was, is_now = getattr(before, dimension), getattr(after, dimension)
            assert was <= is_now if dimension == change else was == is_now

    def test_scores_of_nearly_equal_bins_fill_evenly(self):
        """Where no two customers are equal, five scores hold a fifth of them each."""
        people = [facts(f"c{n}", days_ago=n, times=n + 1, spent=n) for n in range(100)]
        scored = RfmScale.fit(people).outcomes(people)
        for part in zip(*map(dimensions, scored), strict=True):
            assert Counter(part) == {1: 20, 2: 20, 3: 20, 4: 20, 5: 20}

    def test_a_large_tie_leaves_a_score_empty(self):
        """Half of all customers bought once: they are all at the bottom, and nobody is at 2."""
        people = [facts(f"c{n}", times=1 if n < 5 else n) for n in range(10)]
        scores = [s.frequency for s in RfmScale.fit(people).outcomes(people)]
        assert scores == [1, 1, 1, 1, 1, 3, 4, 4, 5, 5]

    def test_dense_ranks_are_not_pushed_up_by_a_large_tie(self):
        people = [facts(f"c{n}", times=1 if n < 6 else n) for n in range(10)]
        dense = RfmScale.fit(people, ties=Ties.DENSE_RANK)
        assert [s.frequency for s in dense.outcomes(people)] == [1] * 6 + [2, 3, 4, 5]


class TestSmallPopulations:
    """One customer, all-equal populations and fewer customers than bins work."""

    @pytest.mark.parametrize("ties", Ties)
    def test_one_customer_is_above_nobody(self, ties):
        anna = facts(days_ago=3, times=4, spent=100)
        scale = RfmScale.fit([anna], ties=ties)
        assert str(scale(anna).outcome) == "111"
        assert scale.outcomes([anna]) == [RfmScore(1, 1, 1)]

    @pytest.mark.parametrize("ties", [Ties.SAME_SCORE, Ties.DENSE_RANK])
    @pytest.mark.parametrize("size", [1, 2, 5, 100])
    def test_equals_are_all_scored_alike(self, size, ties):
        people = [facts(f"c{n}", days_ago=3, times=4, spent=100) for n in range(size)]
        scale = RfmScale.fit(people, ties=ties)
        assert set(scale.outcomes(people)) == {RfmScore(1, 1, 1)}

    def test_equals_who_have_to_be_told_apart_are_told_by_their_names(self):
        people = [facts(f"c{n}", days_ago=3, times=4, spent=100) for n in range(5)]
        scale = RfmScale.fit(people, ties=Ties.BY_CUSTOMER_ID)
        assert [str(score) for score in scale.outcomes(people)] == [
            "111",
            "222",
            "333",
            "444",
            "555",
        ]

    def test_fewer_customers_than_bins_are_spread_over_them(self):
        people = [facts("a", times=1), facts("b", times=2), facts("c", times=3)]
        assert [s.frequency for s in RfmScale.fit(people).outcomes(people)] == [1, 2, 4]

    def test_customers_of_today_are_equals_too(self):
        """Nobody can have bought less than 0 days ago, and the scale says so without breaking."""
        people = [facts(f"c{n}", days_ago=0) for n in range(3)]
        scale = RfmScale.fit(people)
        assert scale.outcomes(people)[0].recency == 1
        assert scale(people[0]).outcome.recency == 1

    @pytest.mark.parametrize("ties", Ties)
    @pytest.mark.parametrize("nobody", [[], summarize_rfm([], as_of=facts().as_of)])
    def test_nobody_is_nothing_to_fit_to(self, nobody, ties):
        with pytest.raises(NothingToFit):
            RfmScale.fit(nobody, ties=ties)

    @pytest.mark.parametrize("ties", Ties)
    @pytest.mark.parametrize("bins", [1, 0, -1])
    def test_a_scale_has_at_least_two_bins(self, bins, ties):
        with pytest.raises(InvalidPolicy, match="at least two bins"):
            RfmScale.fit([facts()], bins=bins, ties=ties)

    @pytest.mark.parametrize("ties", Ties)
    def test_two_bins_are_enough(self, ties):
        people = [facts(f"c{n}", days_ago=n, times=n + 1, spent=n) for n in range(4)]
        scores = RfmScale.fit(people, bins=2, ties=ties).outcomes(people)
        assert [str(score) for score in scores] == ["211", "211", "122", "122"]

    @pytest.mark.parametrize("ties", Ties)
    def test_two_currencies_are_not_one_population(self, ties):
        with pytest.raises(CurrencyMismatch):
            RfmScale.fit([facts(spent=1), facts("bert", spent=Money(1, "USD"))], ties=ties)


def ntiles(people, bins):
    """What the database of the standard library makes of a population."""
    rows = [(person.customer, *goodness(person)) for person in people]
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("create table facts (id text, r integer, f integer, m integer)")
        connection.executemany("insert into facts values (?, ?, ?, ?)", rows)
        found = connection.execute(
            "select id, ntile(:bins) over (order by r, id), ntile(:bins) over (order by f, id), "
            "ntile(:bins) over (order by m, id) from facts",
            {"bins": bins},
        )
        return {customer: RfmScore(*scores) for customer, *scores in found}


class TestTiesByCustomer:
    """By customer: as ``ntile(5) over (order by value, id)`` of SQL, for comparison."""

    @given(people=populations(), bins=BINS)
    def test_sql_gives_the_same(self, people, bins):
        scale = RfmScale.fit(people, bins=bins, ties=Ties.BY_CUSTOMER_ID)
        expected = ntiles(people, bins)
        assert {p.customer: scale(p).outcome for p in people} == expected
        assert scale.outcomes(people) == [expected[p.customer] for p in people]

    def test_a_new_customer_is_placed_among_the_others_by_name(self):
        people = [facts(name, times=1) for name in "bdfhj"]
        scale = RfmScale.fit(people, ties=Ties.BY_CUSTOMER_ID)
        new = [facts(name, times=1) for name in "acei"]
        assert [score.frequency for score in scale.outcomes(new)] == [1, 1, 2, 4]
        assert scale(facts("a", times=2)).outcome.frequency == 5

    def test_the_evidence_says_that_the_name_decided(self):
        people = [facts(name, days_ago=3, times=1, spent=100) for name in "abcde"]
        scale = RfmScale.fit(people, ties=Ties.BY_CUSTOMER_ID)
        evidence = scale(people[1]).evidence
        assert [(e.criterion, e.met, e.comparison) for e in evidence if "freq" in e.criterion] == [
            ("frequency for a score of 2, in the order of equals", True, None),
            ("frequency for a score of 3, in the order of equals", False, None),
        ]
        assert (evidence[-1].criterion, evidence[-1].observed) == ("ties", "by-customer-id")

    def test_histograms_hold_no_customers(self):
        one = Histogram.of([1])
        with pytest.raises(InvalidPolicy, match="histograms hold no customers"):
            RfmScale.fit_histograms(
                recency=one,
                frequency=one,
                monetary=Histogram.of([1], "EUR"),
                ties=Ties.BY_CUSTOMER_ID,
            )


class TestFittingToCounts:
    """Fitting needs only counts of values, which merge: a database or a cluster can count."""

    @given(
        records=histories(),
        as_of=days(),
        bins=BINS,
        ties=st.sampled_from([Ties.SAME_SCORE, Ties.DENSE_RANK]),
        monetary=st.sampled_from(MonetaryMeasure),
    )
    def test_a_summary_its_facts_and_its_counts_fit_alike(
        self, records, as_of, bins, ties, monetary
    ):
        summary = summarize(records, as_of, SummaryRules(monetary=monetary))
        assume(summary)
        scale = RfmScale.fit(summary, bins=bins, ties=ties)
        assert RfmScale.fit(summary.values(), bins=bins, ties=ties) == scale
        counted = RfmScale.fit_histograms(
            recency=summary.recency_histogram(),
            frequency=summary.frequency_histogram(),
            monetary=summary.monetary_histogram(),
            bins=bins,
            ties=ties,
        )
        assert counted == scale

    @given(people=populations(min_size=2), data=st.data())
    def test_parts_counted_apart_fit_like_the_whole(self, people, data):
        place = data.draw(st.integers(1, len(people) - 1))
        parts = [people[:place], people[place:]]
        recency, frequency, monetary = (
            one.merge(other)
            for one, other in zip(
                *(
                    (
                        Histogram.of(p.recency_days for p in part),
                        Histogram.of(p.frequency for p in part),
                        Histogram.of_money(p.monetary for p in part),
                    )
                    for part in parts
                ),
                strict=True,
            )
        )
        scale = RfmScale.fit_histograms(recency=recency, frequency=frequency, monetary=monetary)
        assert scale == RfmScale.fit(people)

    def test_money_has_a_currency(self):
        with pytest.raises(InvalidPolicy, match="needs its currency"):
            RfmScale.fit_histograms(
                recency=Histogram.of([1]), frequency=Histogram.of([1]), monetary=Histogram.of([1])
            )

    @pytest.mark.parametrize("empty", ["recency", "frequency", "monetary"])
    def test_each_dimension_is_counted(self, empty):
        counts = {
            "recency": Histogram.of([1]),
            "frequency": Histogram.of([1]),
            "monetary": Histogram.of([1], "EUR"),
        }
        with pytest.raises(NothingToFit):
            RfmScale.fit_histograms(**(counts | {empty: Histogram.of([], "EUR")}))


FIXED = RfmScale(
    recency_at_most=(365, 180, 90, 30),
    frequency_at_least=(2, 3, 5, 10),
    monetary_at_least=(euro("50.00"), euro("100.00"), euro("250.00"), euro("1000.00")),
)


class TestFixedCutPoints:
    """A score is reached at its threshold: one day, purchase or cent beside it decides."""

    @pytest.mark.parametrize(
        ("days_ago", "score"),
        [
            *((366, 1), (365, 2), (364, 2)),
            *((181, 2), (180, 3), (179, 3)),
            *((91, 3), (90, 4), (89, 4)),
            *((31, 4), (30, 5), (29, 5), (0, 5)),
        ],
    )
    def test_a_day_earlier_or_later(self, days_ago, score):
        assert FIXED(facts(days_ago=days_ago)).outcome.recency == score

    @pytest.mark.parametrize(
        ("times", "score"), [(1, 1), (2, 2), (3, 3), (4, 3), (5, 4), (9, 4), (10, 5), (11, 5)]
    )
    def test_a_purchase_more_or_less(self, times, score):
        assert FIXED(facts(times=times)).outcome.frequency == score

    @pytest.mark.parametrize(
        ("spent", "score"),
        [
            *((-1, 1), (0, 1), (49_99, 1), (50_00, 2), (50_01, 2)),
            *((99_99, 2), (100_00, 3), (100_01, 3)),
            *((249_99, 3), (250_00, 4), (250_01, 4)),
            *((999_99, 4), (1000_00, 5), (1000_01, 5)),
        ],
    )
    def test_a_cent_more_or_less(self, spent, score):
        assert FIXED(facts(spent=spent)).outcome.monetary == score

    def test_equal_thresholds_are_one_step(self):
        scale = RfmScale(
            recency_at_most=(30, 30), frequency_at_least=(2, 2), monetary_at_least=(euro(1),) * 2
        )
        assert str(scale(facts(days_ago=31, times=1, spent=99)).outcome) == "111"
        assert str(scale(facts(days_ago=30, times=2, spent=100)).outcome) == "333"

    @pytest.mark.parametrize(
        "terms",
        [
            {"recency_at_most": (30, 90)},
            {"frequency_at_least": (5, 2)},
            {"monetary_at_least": (euro(100), euro(50))},
            {"monetary_at_least": (euro(50), Money(100, "USD"))},
            {"recency_at_most": (90,)},
            {"frequency_at_least": (2, 3, 4)},
            {"monetary_at_least": ()},
            {"recency_at_most": (), "frequency_at_least": (), "monetary_at_least": ()},
        ],
        ids=[
            "days upwards",
            "purchases downwards",
            "money downwards",
            "two currencies",
            "too few days",
            "too many purchases",
            "no money",
            "nothing",
        ],
    )
    def test_thresholds_that_make_no_scale_are_refused(self, terms):
        good: dict[str, Any] = {
            "recency_at_most": (90, 30),
            "frequency_at_least": (2, 5),
            "monetary_at_least": (euro(50), euro(100)),
        }
        assert RfmScale(**good).bins == 3
        with pytest.raises(InvalidPolicy):
            RfmScale(**(good | terms))

    @pytest.mark.parametrize(
        "breaks",
        [
            {"recency": ("a",)},
            {"frequency": ("a", "b", "c")},
            {"monetary": ()},
            {"recency": ("b", "a")},
        ],
    )
    def test_tie_breaks_go_with_the_thresholds(self, breaks):
        good: dict[str, Any] = dict.fromkeys(("recency", "frequency", "monetary"), ("a", "b"))
        terms: dict[str, Any] = {
            "recency_at_most": (30, 30),
            "frequency_at_least": (2, 5),
            "monetary_at_least": (euro(50), euro(100)),
        }
        assert RfmScale(**terms, tie_breaks=TieBreaks(**good)).tie_breaks
        with pytest.raises(InvalidPolicy, match="tie breaks"):
            RfmScale(**terms, tie_breaks=TieBreaks(**(good | breaks)))

    def test_money_in_another_currency_is_refused(self):
        dollars = facts(spent=Money(100, "USD"))
        with pytest.raises(CurrencyMismatch):
            FIXED(dollars)
        with pytest.raises(CurrencyMismatch):
            FIXED.outcomes([dollars])

    def test_nobody_gets_no_score(self):
        assert FIXED.outcomes([]) == []
        assert FIXED.outcomes(summarize_rfm([], as_of=facts().as_of)) == []


class TestOutOfReach:
    """A threshold that nobody can reach is not held out to anybody."""

    def test_who_bought_today_is_not_asked_to_buy_later(self):
        scale = RfmScale.fit([facts("a", days_ago=0, times=1, spent=100)])
        assert max(scale.recency_at_most) == -1
        criteria = [item.criterion for item in scale(facts("a", times=1, spent=100)).evidence]
        assert criteria == ["frequency for a score of 5", "monetary for a score of 5"]


class TestEvidence:
    """The outcome is computed from the evidence, and unmet evidence is kept."""

    @given(people=populations(), bins=BINS, ties=st.sampled_from(Ties))
    def test_the_score_can_be_read_off_the_evidence(self, people, bins, ties):
        scale = RfmScale.fit(people, bins=bins, ties=ties)
        for person in people:
            decision = scale(person)
            assert score_from(decision.evidence) == decision.outcome
            assert_judged_rightly(decision.evidence)
            assert_tells_what_is_missing(
                decision.evidence, decision.outcome, person.recency_days, scale.recency_at_most
            )

    def test_a_decision_says_for_whom_by_what_and_as_of_when(self):
        anna = facts(days_ago=100, times=4, spent=99_00)
        decision = FIXED(anna)
        assert (decision.subject, decision.policy, decision.as_of) == (
            "anna",
            "rfm-scale",
            anna.as_of,
        )
        assert explain(decision).splitlines() == [
            "332 for anna, by rfm scale, as of 2026-06-30",
            "- met: recency days for a score of 3 is 100; at most 180 allowed",
            "- not met: recency days for a score of 4 is 100; at most 90 allowed",
            "- met: frequency for a score of 3 is 4; at least 3 required",
            "- not met: frequency for a score of 4 is 4; at least 5 required",
            "- met: monetary for a score of 2 is 99.00 EUR; at least 50.00 EUR required",
            "- not met: monetary for a score of 3 is 99.00 EUR; at least 100.00 EUR required",
        ]

    def test_the_best_has_nothing_more_to_reach_and_the_least_has_reached_nothing(self):
        best = FIXED(facts(days_ago=0, times=99, spent=9999_00))
        least = FIXED(facts(days_ago=999, times=1, spent=0))
        assert [e.met for e in best.evidence] == [True] * 3
        assert [e.met for e in least.evidence] == [False] * 3

    def test_among_equal_thresholds_the_best_score_is_named(self):
        scale = RfmScale(
            recency_at_most=(90, 30, 30),
            frequency_at_least=(2, 2, 5),
            monetary_at_least=(euro(1),) * 3,
        )
        criteria = [e.criterion for e in scale(facts(days_ago=60, times=1)).evidence]
        assert criteria == [
            "recency-days for a score of 2",
            "recency-days for a score of 4",
            "frequency for a score of 3",
            "monetary for a score of 4",
        ]


class TestManyAtOnce:
    """``outcomes`` of a summary, of a list of facts, and one by one are the same."""

    @given(
        records=histories(), as_of=days(), bins=BINS, ties=st.sampled_from(Ties), scored=histories()
    )
    def test_all_three_ways_agree(self, records, as_of, bins, ties, scored):
        population = summarize_rfm(records, as_of=as_of)
        assume(population)
        scale = RfmScale.fit(population, bins=bins, ties=ties)
        for summary in (population, summarize_rfm(scored, as_of=as_of)):
            one_by_one = [scale(facts_).outcome for facts_ in summary.values()]
            assert scale.outcomes(summary) == one_by_one
            assert scale.outcomes(list(summary.values())) == one_by_one
            assert scale.outcomes(iter(summary.values())) == one_by_one

    def test_a_summary_in_another_currency_is_refused(self):
        dollars = summarize_rfm(purchases("2026-01-05 1.00 USD"), as_of=facts().as_of)
        with pytest.raises(CurrencyMismatch):
            FIXED.outcomes(dollars)


class TestScores:
    """A score is three numbers, from 1 to 5 with five bins; its code is written without blanks."""

    def test_its_code(self):
        assert str(RfmScore(5, 4, 3)) == "543"

    def test_with_ten_bins_and_more_the_numbers_are_kept_apart(self):
        assert str(RfmScore(1, 10, 3)) == "1-10-3"
        assert str(RfmScore(11, 1, 3)) != str(RfmScore(1, 11, 3))


class TestAScaleIsData:
    """Any policy can be written to and read from JSON and TOML, and decides the same after."""

    @given(people=populations(), bins=BINS, ties=st.sampled_from(Ties))
    @example(people=[facts()], bins=5, ties=Ties.BY_CUSTOMER_ID)
    def test_the_same_decisions_after_json_and_toml(self, people, bins, ties):
        scale = RfmScale.fit(people, bins=bins, ties=ties)
        text = CONVERTER.dumps(scale)
        for again in (CONVERTER.loads(text), CONVERTER.loads_toml(in_toml(text))):
            assert again == scale
            assert [again(person) for person in people] == [scale(person) for person in people]

    def test_equal_scales_are_one_key(self):
        again = CONVERTER.loads(CONVERTER.dumps(FIXED))
        assert len({FIXED, again}) == 1

    def test_a_scale_reads_like_this_in_toml(self):
        scale = CONVERTER.loads_toml(
            """
            kind = "rfm-scale"
            version = 1
            [data]
            recency_at_most = [180, 30]
            frequency_at_least = [2, 6]
            monetary_at_least = ["50.00 EUR", "500.00 EUR"]
            """
        )
        assert str(scale(facts(days_ago=20, times=4, spent=620_00)).outcome) == "323"


@pytest.fixture(scope="module")
def summary():
    paid = (p for p in cdnow_master() if not p.amount.is_zero)
    return summarize_rfm(paid, as_of=CDNOW_AS_OF)


class TestCdnow:
    """The score that equal customers share, and the one of NTILE, on 23,502 real customers.

    A population of CDNOW in which a purchase day has a positive amount: 11,989 bought once.
    """

    def test_the_population(self, summary):
        assert len(summary) == 23_502
        assert summary.frequency_histogram().counts[1] == 11_989

    def test_equal_customers_share_a_score_at_the_price_of_a_gap(self, summary):
        scores = RfmScale.fit(summary).outcomes(summary)
        by_frequency = set(zip(summary.columns.frequency, scores, strict=True))
        assert {score.frequency for _, score in by_frequency} == {1, 3, 4, 5}
        shared: dict[int, set[int]] = {}
        for frequency, score in by_frequency:
            shared.setdefault(frequency, set()).add(score.frequency)
        assert all(len(scored) == 1 for scored in shared.values())

    def test_ntile_splits_equal_customers(self, summary):
        scores = RfmScale.fit(summary, ties=Ties.BY_CUSTOMER_ID).outcomes(summary)
        split: dict[int, Counter[int]] = {}
        for frequency, score in zip(summary.columns.frequency, scores, strict=True):
            split.setdefault(frequency, Counter())[score.frequency] += 1
        assert split[1].keys() == {1, 2, 3}
        assert sum(c.total() for c in split.values() if len(c) > 1) == 17_464

    def test_ntile_is_what_sql_says(self, summary):
        people = list(summary.values())
        scale = RfmScale.fit(people, ties=Ties.BY_CUSTOMER_ID)
        assert dict(zip(summary, scale.outcomes(people), strict=True)) == ntiles(people, 5)
