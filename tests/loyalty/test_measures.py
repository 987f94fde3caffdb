"""LOY-02: five measures as a profile, and as one index that says what each of them added."""

from decimal import Decimal
from fractions import Fraction

import pytest
from attrs import evolve
from hypothesis import assume, given
from hypothesis import strategies as st

from crmkit.decision import explain
from crmkit.errors import InvalidIdentifier, InvalidMoney, InvalidPolicy, InvalidValue
from crmkit.loyalty import (
    AnswerParts,
    AnswerScale,
    LoyaltyIndex,
    LoyaltyMeasure,
    LoyaltyScore,
    MeasureProfile,
    MeasureRange,
    MeasureTerm,
    MissingMeasure,
    Reading,
    RepeatPurchasing,
)
from crmkit.serialization import make_converter
from tests.loyalty.loyal import ANNA, DAY, YEAR

BOUGHT, CHOOSING, PRICE, RIVALS, FAULTS = LoyaltyMeasure
WARM = AnswerScale("warmth", ["cold", "cool", "warm"])
TOLERANT = AnswerScale("tolerance", ["none", "some", "much"])
PURCHASES = "purchases in 12 months"

INDEX = LoyaltyIndex(
    terms=[
        MeasureTerm(BOUGHT, 4, MeasureRange(low=0, high=12, unit=PURCHASES)),
        MeasureTerm(CHOOSING, 1, MeasureRange(low=5, high=65, unit="minutes")),
        MeasureTerm(PRICE, "1.5", MeasureRange(low=0, high="2.5", unit="elasticity")),
        MeasureTerm(
            RIVALS, 2, AnswerParts(scale=WARM, parts={"cold": 0, "cool": "0.5", "warm": 1})
        ),
        MeasureTerm(
            FAULTS,
            Fraction(3, 2),
            AnswerParts(scale=TOLERANT, parts={"none": 0, "some": "0.25", "much": 1}),
        ),
    ],
    missing=MissingMeasure.REFUSE,
)
REWEIGHT = evolve(INDEX, missing=MissingMeasure.REWEIGHT)


def profile(measured):
    return MeasureProfile(customer=ANNA, as_of=DAY, measured=measured)


exact = st.fractions(-20, 80, max_denominator=12)
measured_all = st.fixed_dictionaries(
    {
        BOUGHT: exact.map(lambda number: Reading(number, PURCHASES)),
        CHOOSING: exact.map(lambda number: Reading(number, "minutes")),
        PRICE: exact.map(lambda number: Reading(number, "elasticity")),
        RIVALS: st.sampled_from(WARM.words).map(WARM.answer),
        FAULTS: st.sampled_from(TOLERANT.words).map(TOLERANT.answer),
    }
)
some = st.sets(st.sampled_from(LoyaltyMeasure))
BEST = {
    BOUGHT: Reading(12, PURCHASES),
    CHOOSING: Reading(5, "minutes"),
    PRICE: Reading(0, "elasticity"),
    RIVALS: WARM.answer("cold"),
    FAULTS: TOLERANT.answer("much"),
}
WORST = {
    BOUGHT: Reading(0, PURCHASES),
    CHOOSING: Reading(65, "minutes"),
    PRICE: Reading("2.5", "elasticity"),
    RIVALS: WARM.answer("warm"),
    FAULTS: TOLERANT.answer("none"),
}


def without(measured, left_out):
    return profile({each: value for each, value in measured.items() if each not in left_out})


def points(index, facts):
    found = index(facts).outcome
    assert found is not None
    return found.points


class TestProfile:
    """What was measured, each with its unit or scale."""

    def test_two_measures_speak_for_loyalty_and_three_against_it(self):
        assert [str(each) for each in LoyaltyMeasure if each.speaks_for_loyalty] == [
            "repeat-purchases",
            "fault-tolerance",
        ]
        assert [str(each) for each in LoyaltyMeasure if not each.speaks_for_loyalty] == [
            "choosing-time",
            "price-sensitivity",
            "warmth-to-rivals",
        ]

    @given(measured_all, some)
    def test_what_was_not_measured_is_named(self, measured, left_out):
        assert set(without(measured, left_out).missing) == left_out

    @given(measured_all, some)
    def test_it_is_kept_as_a_document(self, measured, left_out):
        facts = without(measured, left_out)
        assert PROFILES.loads(PROFILES.dumps(facts)) == facts

    @pytest.mark.parametrize(
        "measured", [{BOUGHT: 9}, {CHOOSING: "12 minutes"}, {"choosing-time": BEST[CHOOSING]}]
    )
    def test_a_bare_number_is_refused(self, measured):
        """N-06: a score carries its scale."""
        with pytest.raises(InvalidValue, match="Reading"):
            profile(measured)

    @pytest.mark.parametrize("number", [1.5, True, None, Decimal("NaN")])
    def test_a_reading_is_exact(self, number):
        with pytest.raises(InvalidMoney):
            Reading(number, "minutes")

    @pytest.mark.parametrize("number", [10**18 + 1, -(10**18) - 1, Fraction(1, 10**18 + 1)])
    def test_a_reading_is_of_usual_size(self, number):
        with pytest.raises(InvalidValue, match="18 digits"):
            Reading(number, "minutes")
        assert Reading(10**18, "minutes").value == 10**18
        assert Reading(Fraction(1, 10**18), "minutes").value == Fraction(1, 10**18)

    @pytest.mark.parametrize("unit", ["", None])
    def test_a_reading_has_a_unit(self, unit):
        with pytest.raises(InvalidIdentifier):
            Reading(3, unit)

    @pytest.mark.parametrize(
        ("number", "text"),
        [
            ("12.50", "12.5"),
            (12, "12"),
            (0, "0"),
            (-3, "-3"),
            ("-0.25", "-0.25"),
            (Fraction(1, 3), "1/3"),
        ],
    )
    def test_a_reading_is_shown_as_it_is(self, number, text):
        assert str(Reading(number, "minutes")) == f"{text} minutes"

    def test_repeat_purchases_are_a_reading(self):
        assert Reading.of(RepeatPurchasing(9, YEAR)) == Reading(9, PURCHASES)


class TestLoyaltyIndex:
    """Parts between 0 and 1, weighed; exact to the last digit."""

    @given(measured_all)
    def test_it_lies_on_its_scale(self, measured):
        assert 0 <= points(INDEX, profile(measured)) <= 100

    def test_the_best_has_all_points_and_the_worst_none(self):
        assert str(INDEX(profile(BEST)).outcome) == "100.00 of 100"
        assert str(INDEX(profile(WORST)).outcome) == "0.00 of 100"

    @pytest.mark.parametrize(
        ("measure", "weight"),
        [(BOUGHT, 40), (CHOOSING, 10), (PRICE, 15), (RIVALS, 20), (FAULTS, 15)],
    )
    def test_each_measure_is_worth_its_weight(self, measure, weight):
        assert points(INDEX, profile({**WORST, measure: BEST[measure]})) == weight

    @given(measured_all, st.sampled_from([BOUGHT, CHOOSING, PRICE]), st.integers(1, 40))
    def test_more_of_a_measure_moves_it_the_way_of_its_sign(self, measured, measure, more):
        before = measured[measure]
        after = {**measured, measure: Reading(before.value + more, before.unit)}
        gain = points(INDEX, profile(after)) - points(INDEX, profile(measured))
        assert gain >= 0 if measure.speaks_for_loyalty else gain <= 0

    @given(measured_all)
    def test_a_stronger_word_moves_it_the_way_of_its_sign(self, measured):
        by_warmth = [points(INDEX, profile({**measured, RIVALS: w})) for w in each_of(WARM)]
        by_tolerance = [points(INDEX, profile({**measured, FAULTS: w})) for w in each_of(TOLERANT)]
        assert by_warmth == sorted(by_warmth, reverse=True)
        assert by_tolerance == sorted(by_tolerance)

    @given(measured_all, some)
    def test_the_points_in_the_evidence_add_up(self, measured, left_out):
        assume(len(left_out) < 5)
        decision = REWEIGHT(without(measured, left_out))
        known = [item for item in decision.evidence if item.parts]
        shares = [[Fraction(str(part.observed)) for part in item.parts] for item in known]
        assert decision.outcome is not None
        assert sum(told[2] for told in shares) == decision.outcome.points
        assert sum(told[1] for told in shares) == 1
        assert all(told[0] * told[1] * 100 == told[2] for told in shares)

    @given(measured_all, st.integers(1, 9))
    def test_only_the_proportion_of_the_weights_matters(self, measured, times):
        heavier = [evolve(term, weight=term.weight * times) for term in INDEX.terms]
        again = evolve(INDEX, terms=heavier)
        assert points(again, profile(measured)) == points(INDEX, profile(measured))

    @given(measured_all, st.permutations(INDEX.terms))
    def test_the_order_of_the_terms_does_not_matter(self, measured, terms):
        again = evolve(INDEX, terms=terms)
        assert points(again, profile(measured)) == points(INDEX, profile(measured))

    @given(measured_all, st.integers(1, 1_000))
    def test_it_is_shown_on_any_scale(self, measured, out_of):
        again = evolve(INDEX, out_of=out_of)
        facts = profile(measured)
        assert points(again, facts) * 100 == points(INDEX, facts) * out_of

    @given(st.lists(measured_all, max_size=4), some, st.sampled_from([INDEX, REWEIGHT]))
    def test_a_batch_gives_what_one_by_one_gives(self, many, left_out, index):
        facts = [without(measured, left_out) for measured in many]
        assert index.outcomes(iter(facts)) == [index(item).outcome for item in facts]

    @pytest.mark.parametrize(
        ("number", "part"), [(-1, 0), (0, 0), (3, "0.25"), (12, 1), (13, 1), (1, Fraction(1, 12))]
    )
    def test_beyond_its_range_a_measure_counts_no_more(self, number, part):
        range_ = MeasureRange(low=0, high=12, unit=PURCHASES)
        assert range_.part(Reading(number, PURCHASES)) == Fraction(part)

    @pytest.mark.parametrize("index", [INDEX, REWEIGHT])
    def test_it_is_kept_as_a_document(self, index):
        converter = make_converter(LoyaltyIndex)
        assert converter.loads(converter.dumps(index)) == index


def each_of(scale):
    return [scale.answer(word) for word in scale.words]


class TestMissingMeasures:
    """What was not measured leaves no figure, or is said beside it."""

    @given(measured_all, some)
    def test_refused_there_is_no_figure(self, measured, left_out):
        decision = INDEX(without(measured, left_out))
        assert (decision.outcome is None) is bool(left_out)
        assert {item.criterion for item in decision.unmet} == left_out

    @given(measured_all, some)
    def test_reweighted_it_is_the_figure_of_what_is_known(self, measured, left_out):
        assume(len(left_out) < 5)
        facts = without(measured, left_out)
        known = [term for term in INDEX.terms if term.measure not in left_out]
        assert points(REWEIGHT, facts) == points(evolve(INDEX, terms=known), facts)
        assert REWEIGHT(facts).unmet == ()

    def test_the_figure_says_what_it_stands_on(self):
        decision = REWEIGHT(without(BEST, {RIVALS, PRICE}))
        assert str(decision.outcome) == "100.00 of 100, by 3 of 5 measures"
        assert decision.outcome is not None
        assert decision.outcome.measures == (BOUGHT, CHOOSING, FAULTS)
        assert "- noted: price sensitivity is not known; a measurement required" in explain(
            decision
        )

    def test_too_few_are_no_figure(self):
        index = evolve(REWEIGHT, least_known=3)
        assert index(without(BEST, {RIVALS, PRICE})).outcome is not None
        assert index(without(BEST, {RIVALS, PRICE, FAULTS})).outcome is None
        assert REWEIGHT(profile({})).outcome is None
        assert explain(INDEX(profile({}))).startswith("none for anna")

    def test_a_measure_without_a_term_does_not_count(self):
        index = evolve(INDEX, terms=INDEX.terms[:1])
        assert index(profile(WORST)).outcome == index(without(WORST, {CHOOSING})).outcome


class TestTerms:
    """Contradictions are found when the index is put together."""

    @pytest.mark.parametrize(
        "terms",
        [
            {"terms": ()},
            {"terms": INDEX.terms[:1] * 2},
            {"missing": "refuse"},
            {"least_known": 0},
            {"least_known": 6},
            {"least_known": True},
            {"out_of": 0},
            {"out_of": 1_000_001},
            {"out_of": "100"},
        ],
    )
    def test_terms_that_cannot_be_are_refused(self, terms):
        with pytest.raises(InvalidPolicy):
            evolve(INDEX, **terms)

    @pytest.mark.parametrize(("low", "high"), [(3, 3), (4, 3)])
    def test_a_range_goes_up(self, low, high):
        with pytest.raises(InvalidPolicy, match="up to a high one"):
            MeasureRange(low=low, high=high, unit="minutes")

    @pytest.mark.parametrize("unit", ["", None])
    def test_a_range_has_a_unit(self, unit):
        with pytest.raises(InvalidIdentifier):
            MeasureRange(low=0, high=3, unit=unit)

    @pytest.mark.parametrize(
        "parts",
        [
            {"cold": 0, "warm": 1},
            {"cold": 0, "cool": "0.5", "warm": "0.4"},
            {"cold": 0, "cool": "0.5", "warm": "1.1"},
            {"cold": -1, "cool": "0.5", "warm": 1},
            {"cold": 0, "cool": "0.5", "warm": 1, "hot": 1},
        ],
    )
    def test_each_word_has_a_part_and_they_do_not_fall(self, parts):
        with pytest.raises(InvalidPolicy):
            AnswerParts(scale=WARM, parts=parts)

    @pytest.mark.parametrize("weight", [0, -1])
    def test_a_measure_weighs_something(self, weight):
        with pytest.raises(InvalidPolicy, match="more than nothing"):
            MeasureTerm(BOUGHT, weight, MeasureRange(low=0, high=1, unit="x"))

    @pytest.mark.parametrize("measure", ["choosing-time", None])
    def test_a_term_is_for_a_measure(self, measure):
        with pytest.raises(InvalidPolicy, match="LoyaltyMeasure"):
            MeasureTerm(measure, 1, MeasureRange(low=0, high=1, unit="x"))

    @pytest.mark.parametrize(
        "measured",
        [
            {CHOOSING: Reading(12, "hours")},
            {CHOOSING: WARM.answer("cool")},
            {RIVALS: Reading(3, "points")},
            {RIVALS: AnswerScale("warmth", ["cold", "warm"]).answer("warm")},
        ],
    )
    def test_other_units_and_scales_are_refused(self, measured):
        facts = profile({**BEST, **measured})
        for asked in (INDEX, lambda one: INDEX.outcomes([one])):
            with pytest.raises(InvalidValue, match="held against"):
                asked(facts)


class TestLoyaltyScore:
    """A figure that carries its scale."""

    @pytest.mark.parametrize(
        ("told", "text"),
        [
            ("62.5", "62.50 of 100"),
            ("0.005", "0.00 of 100"),
            ("0.015", "0.02 of 100"),
            (Fraction(200, 3), "66.67 of 100"),
        ],
    )
    def test_only_its_text_is_rounded(self, told, text):
        score = LoyaltyScore(points=told, out_of=100, measures=(BOUGHT,), of_measures=1)
        assert str(score) == text
        assert score.points == Fraction(told)

    @pytest.mark.parametrize("told", [-1, 101])
    def test_it_lies_on_its_scale(self, told):
        with pytest.raises(InvalidValue, match="out of"):
            LoyaltyScore(points=told, out_of=100, measures=(BOUGHT,), of_measures=1)


PROFILES = make_converter(MeasureProfile)
