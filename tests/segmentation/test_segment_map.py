"""Names for scores: every score there is has exactly one, or the map is not built."""

from __future__ import annotations

import json
from itertools import product

import pytest
from attrs import evolve
from hypothesis import assume, given
from hypothesis import strategies as st

from crmkit.decision import Comparison, Decision, explain
from crmkit.errors import InvalidDocument, InvalidPolicy, InvalidSegmentMap
from crmkit.segmentation import (
    CUSTOMARY_SEGMENTS,
    NestedRfmScale,
    RfmScale,
    RfmScore,
    RfmSegmentation,
    Segment,
    SegmentMap,
    Ties,
    summarize_rfm,
)
from crmkit.serialization import make_converter
from tests.segmentation.builders import days, facts, histories, populations
from tests.segmentation.documents import in_toml

CONVERTER = make_converter(SegmentMap, RfmSegmentation, RfmScale, NestedRfmScale)


def every_score(bins=5):
    return [RfmScore(*parts) for parts in product(range(1, bins + 1), repeat=3)]


def codes(scores):
    return " ".join(map(str, scores))


class TestCustomarySegments:
    """The eleven names in wide use, each score in exactly one."""

    def test_it_has_the_eleven_names(self):
        assert CUSTOMARY_SEGMENTS.names == (
            "champions",
            "loyal",
            "potential loyalist",
            "new",
            "promising",
            "need attention",
            "about to sleep",
            "can't lose",
            "at risk",
            "hibernating",
            "lost",
        )

    def test_every_score_is_in_exactly_one(self):
        for score in every_score():
            covering = [s.name for s in CUSTOMARY_SEGMENTS.segments if s.covers(score)]
            assert covering == [CUSTOMARY_SEGMENTS.name_of(score)]

    @pytest.mark.parametrize(
        ("score", "name"),
        [
            *(
                ("555", "champions"),
                ("441", "champions"),
                ("343", "loyal"),
                ("425", "potential loyalist"),
            ),
            *(
                ("511", "new"),
                ("415", "promising"),
                ("333", "need attention"),
                ("321", "about to sleep"),
            ),
            *(("155", "can't lose"), ("251", "can't lose"), ("145", "at risk"), ("231", "at risk")),
            *(("222", "hibernating"), ("111", "lost"), ("125", "lost")),
        ],
    )
    def test_who_is_who(self, score, name):
        assert CUSTOMARY_SEGMENTS.name_of(RfmScore(*map(int, score))) == name

    def test_money_makes_no_difference(self):
        for recency, frequency in product(range(1, 6), repeat=2):
            names = {
                CUSTOMARY_SEGMENTS.name_of(RfmScore(recency, frequency, m)) for m in range(1, 6)
            }
            assert len(names) == 1


def with_rows(rows):
    return SegmentMap(segments=tuple(rows))


ROWS = CUSTOMARY_SEGMENTS.segments
each_row = pytest.mark.parametrize("place", range(len(ROWS)), ids=[row.name for row in ROWS])


def changed(place, **terms):
    return [evolve(row, **terms) if n == place else row for n, row in enumerate(ROWS)]


def bounds(row, name):
    return getattr(row, name) or (1, 5)


class TestNoRowOfTheTableCanBeWrong:
    """A row deleted, doubled, widened or narrowed leaves a gap or an overlap, which is told."""

    @each_row
    def test_deleted(self, place):
        with pytest.raises(InvalidSegmentMap) as told:
            with_rows([*ROWS[:place], *ROWS[place + 1 :]])
        assert list(told.value.gaps) == [s for s in every_score() if ROWS[place].covers(s)]
        assert told.value.overlaps == ()

    @each_row
    def test_doubled_under_another_name(self, place):
        with pytest.raises(InvalidSegmentMap) as told:
            with_rows([*ROWS, evolve(ROWS[place], name="another")])
        assert list(told.value.overlaps) == [s for s in every_score() if ROWS[place].covers(s)]
        assert told.value.gaps == ()

    @each_row
    @pytest.mark.parametrize("dimension", ["recency", "frequency", "monetary"])
    @pytest.mark.parametrize("change", [(-1, 0), (0, 1), (1, 0), (0, -1)])
    def test_widened_or_narrowed(self, place, dimension, change):
        row = ROWS[place]
        low, high = bounds(row, dimension)
        new = (low + change[0], high + change[1])
        if not 1 <= new[0] <= new[1]:
            with pytest.raises(InvalidPolicy, match="from low to high"):
                evolve(row, **{dimension: new})
            return
        with pytest.raises(InvalidSegmentMap) as told:
            with_rows(changed(place, **{dimension: new}))
        now = evolve(row, **{dimension: new})
        moved = [s for s in every_score() if now.covers(s) != row.covers(s)]
        assert [*told.value.gaps, *told.value.overlaps] == moved
        if not moved:
            assert "from 1 to 5 only" in str(told.value)

    @each_row
    def test_open_to_every_score(self, place):
        wide = changed(place, recency=None, frequency=None, monetary=None)
        with pytest.raises(InvalidSegmentMap) as told:
            with_rows(wide)
        assert list(told.value.overlaps) == [s for s in every_score() if not ROWS[place].covers(s)]


RANGES = st.none() | st.sampled_from([(1, 1), (1, 2), (1, 3), (2, 2), (2, 3), (3, 3)])
SEGMENTS = st.lists(st.tuples(RANGES, RANGES, RANGES), max_size=5).map(
    lambda rows: tuple(
        Segment(name=f"s{n}", recency=r, frequency=f, monetary=m)
        for n, (r, f, m) in enumerate(rows)
    )
)


def reached(segments):
    """The segments that some score reaches first, and one for all that are left over."""
    ladder = (*segments, Segment(name="others"))
    first = {next(g.name for g in ladder if naive_covers(g, s)) for s in every_score(3)}
    return tuple(segment for segment in ladder if segment.name in first)


class TestTotalAndDisjoint:
    """A map is checked when built: every uncovered or doubly covered score is in the error."""

    @given(segments=SEGMENTS)
    def test_it_is_built_exactly_when_every_score_has_one_name(self, segments):
        covering = {s: [g.name for g in segments if naive_covers(g, s)] for s in every_score(3)}
        gaps = [score for score, names in covering.items() if not names]
        overlaps = [score for score, names in covering.items() if len(names) > 1]
        if not gaps and not overlaps:
            built = SegmentMap(segments=segments, bins=3)
            assert {s: [built.name_of(s)] for s in every_score(3)} == covering
            return
        with pytest.raises(InvalidSegmentMap) as told:
            SegmentMap(segments=segments, bins=3)
        assert (list(told.value.gaps), list(told.value.overlaps)) == (gaps, overlaps)
        assert all(str(score) in str(told.value) for score in gaps + overlaps)

    @given(segments=SEGMENTS)
    def test_with_first_match_only_gaps_and_hidden_segments_are_errors(self, segments):
        first = {
            score: next((g.name for g in segments if naive_covers(g, score)), None)
            for score in every_score(3)
        }
        gaps = [score for score, name in first.items() if name is None]
        hidden = [segment.name for segment in segments if segment.name not in first.values()]
        if not gaps and not hidden:
            built = SegmentMap(segments=segments, bins=3, first_match=True)
            assert {s: built.name_of(s) for s in every_score(3)} == first
            return
        with pytest.raises(InvalidSegmentMap) as told:
            SegmentMap(segments=segments, bins=3, first_match=True)
        assert (list(told.value.gaps), told.value.overlaps) == (gaps, ())
        if hidden:
            assert f"never reached behind earlier segments: {', '.join(hidden)}" in str(told.value)

    def test_one_segment_for_all_is_a_map(self):
        everyone = SegmentMap(segments=(Segment(name="everyone"),))
        assert {everyone.name_of(score) for score in every_score()} == {"everyone"}

    def test_no_segment_is_no_map(self):
        with pytest.raises(InvalidSegmentMap) as told:
            SegmentMap(segments=())
        assert len(told.value.gaps) == 125

    def test_the_message_names_scores_and_segments(self):
        with pytest.raises(InvalidSegmentMap) as told:
            SegmentMap(
                bins=2,
                segments=(
                    Segment(name="regulars", frequency=(2, 2)),
                    Segment(name="new", recency=(2, 2)),
                ),
            )
        assert str(told.value) == (
            "2 scores have no segment: 111, 112; "
            "2 scores have several: 221 (regulars, new), 222 (regulars, new)"
        )

    def test_names_are_told_apart(self):
        with pytest.raises(InvalidSegmentMap, match="share one name"):
            SegmentMap(
                bins=2,
                segments=(
                    Segment(name="all", recency=(1, 1)),
                    Segment(name="all", recency=(2, 2)),
                ),
            )

    @pytest.mark.parametrize("first_match", [True, False])
    @pytest.mark.parametrize("beyond", [{"recency": (1, 3)}, {"frequency": (1, 5)}])
    def test_a_score_that_the_bins_do_not_have_is_a_mistake(self, beyond, first_match):
        rest = () if "frequency" in beyond else (Segment(name="none", recency=(2, 2)),)
        with pytest.raises(InvalidSegmentMap, match="from 1 to 2 only: regulars"):
            SegmentMap(
                bins=2,
                segments=(*rest, Segment(name="regulars", **beyond)),
                first_match=first_match,
            )

    @pytest.mark.parametrize("bins", [1, 0, -1])
    def test_a_map_has_at_least_two_bins(self, bins):
        with pytest.raises(InvalidPolicy, match="at least two bins"):
            SegmentMap(segments=(Segment(name="everyone"),), bins=bins)

    @pytest.mark.parametrize("bins", [2, 3, 4, 10, 11])
    def test_any_number_of_bins(self, bins):
        built = SegmentMap(
            bins=bins,
            segments=(
                Segment(name="best", recency=(bins, bins)),
                Segment(name="others", recency=(1, bins - 1)),
            ),
        )
        assert built.name_of(RfmScore(bins, 1, 1)) == "best"
        assert built.name_of(RfmScore(bins - 1, bins, bins)) == "others"


def naive_covers(segment, score):
    def inside(value, allowed):
        return allowed is None or value in range(allowed[0], allowed[1] + 1)

    return (
        inside(score.recency, segment.recency)
        and inside(score.frequency, segment.frequency)
        and inside(score.monetary, segment.monetary)
    )


class TestFirstMatch:
    """First-match maps are allowed if said so; a segment that no score reaches is an error."""

    ROWS = (
        Segment(name="best", recency=(5, 5), frequency=(5, 5)),
        Segment(name="recent", recency=(4, 5)),
        Segment(name="others"),
    )

    def test_the_order_decides(self):
        ladder = SegmentMap(segments=self.ROWS, first_match=True)
        assert [ladder.name_of(RfmScore(*s)) for s in [(5, 5, 1), (5, 4, 1), (3, 5, 5)]] == [
            "best",
            "recent",
            "others",
        ]

    def test_it_has_to_be_said(self):
        with pytest.raises(InvalidSegmentMap, match="have several"):
            SegmentMap(segments=self.ROWS)

    def test_a_segment_behind_all_others_is_told(self):
        with pytest.raises(
            InvalidSegmentMap, match=r"never reached behind earlier segments: best$"
        ):
            SegmentMap(segments=(*self.ROWS[1:], self.ROWS[0]), first_match=True)

    def test_the_evidence_says_why_the_earlier_ones_did_not_match(self):
        ladder = SegmentMap(segments=self.ROWS, first_match=True)
        decision = ladder(Decision(RfmScore(4, 5, 1), "rfm-scale", facts().as_of))
        assert explain(decision).splitlines() == [
            "recent, by segment map, as of 2026-06-30",
            "- noted: rfm score is 451",
            "- not met: segment best; all of these are needed",
            "  - not met: recency score is 4; at least 5 required",
            "  - met: frequency score is 5; at least 5 required",
            "- met: segment recent; all of these are needed",
            "  - met: recency score is 4; at least 4 required",
        ]


class TestSegments:
    """A segment is told by ranges that include both ends, or by codes, and has a name."""

    @pytest.mark.parametrize("allowed", [(0, 3), (3, 2), (-1, 1)])
    @pytest.mark.parametrize("dimension", ["recency", "frequency", "monetary"])
    def test_a_range_runs_from_low_to_high(self, dimension, allowed):
        with pytest.raises(InvalidPolicy, match="from low to high"):
            Segment(name="odd", **{dimension: allowed})

    @pytest.mark.parametrize("name", ["", "  "])
    def test_it_has_a_name(self, name):
        with pytest.raises(InvalidPolicy, match="needs a name"):
            Segment(name=name)

    def test_it_is_not_told_by_both(self):
        with pytest.raises(InvalidPolicy, match="not by both"):
            Segment(name="odd", recency=(1, 2), codes=("111",))


class TestMapsOfCodes:
    """A map can list single scores: ``{"champions": ["555", "554"], ...}``."""

    def test_lists_of_scores_make_a_map(self):
        wanted = {score: "best" if score.recency == 2 else "rest" for score in every_score(2)}
        by_name = {
            name: [str(score) for score, other in wanted.items() if other == name]
            for name in ("best", "rest")
        }
        built = SegmentMap.from_codes(by_name, bins=2)
        assert {score: built.name_of(score) for score in every_score(2)} == wanted
        assert built.names == ("best", "rest")

    def test_a_list_that_is_missing_one_and_has_one_twice(self):
        listed = [str(score) for score in every_score(2)]
        with pytest.raises(InvalidSegmentMap) as told:
            SegmentMap.from_codes({"most": listed[1:], "few": listed[-1:]}, bins=2)
        assert (codes(told.value.gaps), codes(told.value.overlaps)) == ("111", "222")

    @pytest.mark.parametrize("typo", ["333", "22", "2222", "2-2-2", ""])
    def test_a_code_that_is_no_score_is_a_mistake(self, typo):
        listed = [str(score) for score in every_score(2)]
        with pytest.raises(InvalidSegmentMap, match="from 1 to 2 only: few"):
            SegmentMap.from_codes({"most": listed[1:], "few": [listed[0], typo]}, bins=2)

    def test_an_empty_list_does_not_stand_for_everyone(self):
        with pytest.raises(InvalidSegmentMap, match="list no score: nobody"):
            SegmentMap.from_codes({"nobody": []})

    def test_with_ten_bins_codes_have_dashes(self):
        listed = [str(score) for score in every_score(10)]
        built = SegmentMap.from_codes({"all": listed}, bins=10)
        assert built.name_of(RfmScore(10, 1, 10)) == "all"

    def test_the_evidence_is_the_list(self):
        listed = [str(score) for score in every_score(2)]
        built = SegmentMap.from_codes({"low": listed[:2], "high": listed[2:]}, bins=2)
        decision = built(Decision(RfmScore(1, 1, 2), "rfm-scale", facts().as_of))
        evidence = decision.evidence[-1]
        assert (evidence.observed, evidence.required, evidence.comparison, evidence.met) == (
            "112",
            "111, 112",
            Comparison.ONE_OF,
            True,
        )


def published(names, recency, frequency, monetary):
    """A map as the R package writes it: two rows of bounds for each dimension."""
    ranges = zip(*recency, *frequency, *monetary, strict=True)
    return tuple(
        Segment(name=name, recency=(r1, r2), frequency=(f1, f2), monetary=(m1, m2))
        for name, (r1, r2, f1, f2, m1, m2) in zip(names, ranges, strict=True)
    )


R_NAMES = (
    "Champions",
    "Potential Loyalist",
    "Loyal Customers",
    "Promising",
    "New Customers",
    "Can't Lose Them",
    "At Risk",
    "Need Attention",
    "About To Sleep",
    "Lost",
)
PYMC_DEFAULT = {
    "Premium Customer": "334 443 444 344 434 433 343 333",
    "Repeat Customer": "244 234 232 332 143 233 243",
    "Top Spender": "424 414 144 314 324 124 224 423 413 133 323 313 134",
    "At Risk Customer": "422 223 212 122 222 132 322 312 412 123 214",
    "Inactive Customer": "411 111 113 114 112 211 311",
}


class TestPublishedMapsThatLeaveCustomersOut:
    """Default maps of other packages, as documented; customers with these scores fall through."""

    def test_r_package_rfm_0_3_0(self):
        """The example of ``rfm_segment``: 10 scores without a name, 58 with several."""
        segments = published(
            R_NAMES,
            recency=((5, 3, 2, 3, 4, 1, 1, 1, 2, 1), (5, 5, 4, 4, 5, 2, 2, 3, 3, 1)),
            frequency=((5, 3, 2, 1, 1, 3, 2, 3, 1, 1), (5, 5, 4, 3, 3, 4, 5, 5, 3, 5)),
            monetary=((5, 2, 2, 3, 1, 4, 4, 3, 1, 1), (5, 5, 4, 5, 5, 5, 5, 5, 4, 5)),
        )
        with pytest.raises(InvalidSegmentMap) as told:
            SegmentMap(segments=segments)
        assert codes(told.value.gaps) == "215 241 251 252 341 351 441 451 541 551"
        assert len(told.value.overlaps) == 58

    def test_r_package_rfm_0_2_0(self):
        """The example of the earlier release: 36 scores without a name."""
        low, high = (4, 3, 1, 1, 1, 2, 1, 2, 4, 1), (5, 5, 3, 1, 1, 3, 2, 5, 5, 2)
        segments = published(
            R_NAMES,
            recency=((4, 2, 3, 4, 3, 2, 2, 1, 1, 1), (5, 5, 5, 5, 4, 3, 3, 2, 1, 2)),
            frequency=(low, high),
            monetary=(low, high),
        )
        with pytest.raises(InvalidSegmentMap) as told:
            SegmentMap(segments=segments)
        assert len(told.value.gaps) == 36
        with pytest.raises(InvalidSegmentMap) as told:
            SegmentMap(segments=segments, first_match=True)
        assert len(told.value.gaps) == 36

    def test_pymc_marketing_quartiles(self):
        """Its default leaves 18 of 64 codes to "Other", the best who spend little among them."""
        listed = {name: text.split() for name, text in PYMC_DEFAULT.items()}
        with pytest.raises(InvalidSegmentMap) as told:
            SegmentMap.from_codes(listed, bins=4)
        assert len(told.value.gaps) == 18
        assert told.value.overlaps == ()
        assert {"441", "442", "432", "431", "342", "341"} <= {str(s) for s in told.value.gaps}


class TestNamingScores:
    """The outcome is computed from the evidence, alone or for many at once."""

    @given(people=populations(), ties=st.sampled_from(Ties))
    def test_the_name_can_be_read_off_the_evidence(self, people, ties):
        segmentation = RfmSegmentation(
            scale=RfmScale.fit(people, ties=ties), segments=CUSTOMARY_SEGMENTS
        )
        for person in people:
            decision = segmentation(person)
            score = segmentation.scale(person)
            noted, *asked = decision.evidence[: -len(score.evidence)]
            assert noted.observed == str(score.outcome)
            assert decision.evidence[-len(score.evidence) :] == score.evidence
            assert [e.criterion for e in asked if e.met] == [f"segment {decision.outcome}"]

    @given(segments=SEGMENTS.map(reached), score=st.sampled_from(every_score(3)))
    def test_the_first_segment_that_is_met_is_the_name(self, segments, score):
        ladder = SegmentMap(segments=segments, bins=3, first_match=True)
        decision = ladder(Decision(score, "rfm-scale", facts().as_of))
        verdicts = [(e.criterion, e.met) for e in decision.evidence[1:]]
        before = [segment.name for segment in segments[: len(verdicts) - 1]]
        assert verdicts == [
            *((f"segment {name}", False) for name in before),
            (f"segment {decision.outcome}", True),
        ]

    def test_a_decision_reads_like_this(self):
        scale = RfmScale.fit([facts(f"c{n}", days_ago=n, times=n + 1, spent=n) for n in range(10)])
        segmentation = RfmSegmentation(scale=scale, segments=CUSTOMARY_SEGMENTS)
        anna = facts(days_ago=0, times=10, spent=100)
        decision = segmentation(anna)
        assert (decision.subject, decision.policy, decision.as_of) == (
            "anna",
            "segment-map",
            anna.as_of,
        )
        assert explain(decision).splitlines()[:5] == [
            "champions for anna, by segment map, as of 2026-06-30",
            "- noted: rfm score is 555",
            "- met: segment champions; all of these are needed",
            "  - met: recency score is 5; at least 4 required",
            "  - met: frequency score is 5; at least 4 required",
        ]

    @given(scores=st.lists(st.builds(RfmScore, *[st.integers(1, 5)] * 3)))
    def test_many_scores_and_decisions_are_named_as_one_by_one(self, scores):
        names = [CUSTOMARY_SEGMENTS.name_of(score) for score in scores]
        decided = [Decision(score, "rfm-scale", facts().as_of) for score in scores]
        assert CUSTOMARY_SEGMENTS.outcomes(scores) == names
        assert CUSTOMARY_SEGMENTS.outcomes(iter(decided)) == names
        assert [CUSTOMARY_SEGMENTS(decision).outcome for decision in decided] == names

    def test_a_score_outside_the_bins_is_refused(self):
        outside = RfmScore(6, 1, 1)
        for ask in (
            lambda: CUSTOMARY_SEGMENTS.name_of(outside),
            lambda: CUSTOMARY_SEGMENTS.outcomes([RfmScore(1, 1, 1), outside]),
            lambda: CUSTOMARY_SEGMENTS(Decision(outside, "rfm-scale", facts().as_of)),
        ):
            with pytest.raises(InvalidPolicy, match="fit the scale with bins=5"):
                ask()


class TestSegmentation:
    """A scale and a map together: what a shop asks for when it says RFM."""

    @given(records=histories(), as_of=days(), kind=st.sampled_from([RfmScale, NestedRfmScale]))
    def test_a_summary_its_facts_and_one_by_one_agree(self, records, as_of, kind):
        summary = summarize_rfm(records, as_of=as_of)
        assume(summary)
        segmentation = RfmSegmentation(scale=kind.fit(summary), segments=CUSTOMARY_SEGMENTS)
        one_by_one = [segmentation(facts_).outcome for facts_ in summary.values()]
        assert segmentation.outcomes(summary) == one_by_one
        assert segmentation.outcomes(iter(summary.values())) == one_by_one

    @pytest.mark.parametrize("kind", [RfmScale, NestedRfmScale])
    def test_scale_and_map_have_equally_many_scores(self, kind):
        with pytest.raises(InvalidPolicy, match="scores up to 4, the map up to 5"):
            RfmSegmentation(scale=kind.fit([facts()], bins=4), segments=CUSTOMARY_SEGMENTS)


class TestMapsAreData:
    """Any policy can be written to and read from JSON and TOML, and decides the same after."""

    @given(
        people=populations(),
        kind=st.sampled_from([RfmScale, NestedRfmScale]),
        segments=st.sampled_from(
            [
                CUSTOMARY_SEGMENTS,
                SegmentMap(segments=TestFirstMatch.ROWS, first_match=True),
                SegmentMap.from_codes({"all": [str(score) for score in every_score()]}),
            ]
        ),
    )
    def test_the_same_decisions_after_json_and_toml(self, people, kind, segments):
        segmentation = RfmSegmentation(scale=kind.fit(people), segments=segments)
        text = CONVERTER.dumps(segmentation)
        for again in (CONVERTER.loads(text), CONVERTER.loads_toml(in_toml(text))):
            assert again == segmentation
            assert [again(p) for p in people] == [segmentation(p) for p in people]

    def test_a_map_stands_for_itself(self):
        again = CONVERTER.loads(CONVERTER.dumps(CUSTOMARY_SEGMENTS))
        assert again == CUSTOMARY_SEGMENTS
        assert len({again, CUSTOMARY_SEGMENTS}) == 1

    def test_a_map_with_a_gap_is_refused_when_it_is_read(self):
        document = json.loads(CONVERTER.dumps(CUSTOMARY_SEGMENTS))
        lost = document["data"]["segments"].pop()
        assert lost["name"] == "lost"
        with pytest.raises(InvalidDocument, match="10 scores have no segment: 111, 112"):
            CONVERTER.load(document)
