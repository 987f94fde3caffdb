"""Who is about to leave: signals that confirm each other, and what each of them weighs."""

from __future__ import annotations

import math
from datetime import date
from itertools import permutations

import pytest
from attrs import evolve
from hypothesis import assume, given
from hypothesis import strategies as st
from mpmath import mp

from crmkit.decision import Comparison, explain
from crmkit.errors import InvalidIdentifier, InvalidPolicy, InvalidValue
from crmkit.retention import (
    ActivityTrend,
    ChurnFacts,
    ChurnWarning,
    ChurnWeights,
    Level,
    PastCustomer,
    Signal,
    WarningLevel,
)
from tests.retention.signals import (
    C7,
    DAY,
    LEVELS,
    about,
    activity,
    complaints,
    known,
    service,
    weights,
    with_signals,
    word_weights,
)

RANK = {level: rank for rank, level in enumerate(WarningLevel)}


def warning(found=None, *, watch_from=0.2, warn_from=0.4, agreeing=1):
    return ChurnWarning(
        weights=found or weights(), watch_from=watch_from, warn_from=warn_from, agreeing=agreeing
    )


@st.composite
def warnings(draw):
    found = draw(word_weights())
    low, high = sorted([draw(st.floats(0.001, 1)), draw(st.floats(0.001, 1))])
    agreeing = draw(st.integers(0, len(found.kinds)))
    return warning(found, watch_from=low, warn_from=high, agreeing=agreeing)


def exact_probability(found, facts):
    """The same chance in fifty digits: odds are multiplied, where the policy adds logarithms."""
    with mp.workdps(50):
        base = mp.mpf(found.base_rate)
        odds = base / (1 - base)
        for kind in {signal.kind for signal in found.signals}:
            ratios = [
                mp.exp(next(x.weight for x in s.levels if x.name == facts.signals[s.name]))
                for s in found.signals
                if s.kind == kind and s.name in facts.signals
            ]
            odds *= max(ratios, key=lambda ratio: (max(ratio, 1 / ratio), ratio), default=1)
        return float(odds / (1 + odds))


def read_again(decision):
    """The outcome, worked out from nothing but the evidence."""
    base, *others = decision.evidence
    *signals, watch, warn = others
    counted = [
        item.parts[0].observed
        for item in signals
        if item.parts and len(item.parts) == 1 and item.parts[0].observed != "none"
    ]
    odds = base.observed / (1 - base.observed) * math.exp(math.fsum(counted))
    probability = watch.parts[0].observed
    assert probability == pytest.approx(odds / (1 + odds), rel=1e-9)
    needed, agree = warn.parts[0].required, warn.parts[1]
    assert agree.observed == sum(weight > 0 for weight in counted)
    if probability >= needed and agree.observed >= agree.required:
        return "warn"
    return "watch" if probability >= watch.parts[0].required else "none"


class TestLaws:
    """CHU-04: signals that are independent of each other are put together."""

    @given(warnings(), known)
    def test_the_probability_is_the_one_of_exact_arithmetic(self, policy, signals):
        facts = with_signals(signals)
        expected = exact_probability(policy.weights, facts)
        assert policy.probability(facts) == pytest.approx(expected, rel=1e-12, abs=1e-300)

    @given(warnings(), known, st.randoms(use_true_random=False))
    def test_the_order_of_signals_does_not_matter(self, policy, signals, chance):
        mixed, order = list(signals.items()), list(policy.weights.signals)
        chance.shuffle(mixed)
        chance.shuffle(order)
        other = evolve(policy, weights=evolve(policy.weights, signals=order))
        facts, again = with_signals(signals), with_signals(dict(mixed))
        assert policy(facts) == policy(again)
        assert policy.probability(facts) == other.probability(again)
        assert policy(facts).outcome is other(again).outcome

    @given(warnings(), known, st.data())
    def test_more_evidence_of_leaving_never_lowers_the_warning(self, policy, signals, data):
        signal = data.draw(st.sampled_from(policy.weights.signals))
        before = signals.get(signal.name)
        now = data.draw(st.sampled_from(LEVELS))
        was = signal.level_of(before).weight if before else 0
        assume(signal.level_of(now).weight >= was)
        less = with_signals(signals)
        more = with_signals({**signals, signal.name: now})
        assert policy.probability(more) >= policy.probability(less)
        assert RANK[policy(more).outcome] >= RANK[policy(less).outcome]

    @given(warnings(), known)
    def test_the_outcome_can_be_worked_out_from_the_evidence(self, policy, signals):
        decision = policy(with_signals(signals))
        assert read_again(decision) == decision.outcome

    @given(warnings(), st.lists(known, max_size=5))
    def test_many_are_decided_as_one_by_one(self, policy, customers):
        facts = [with_signals(signals) for signals in customers]
        assert policy.outcomes(facts) == [policy(each).outcome for each in facts]

    @given(warnings(), known)
    def test_what_is_not_known_weighs_nothing_and_is_noted(self, policy, signals):
        facts = with_signals(signals)
        unknown = {signal.name for signal in policy.weights.signals} - signals.keys()
        names = {e.criterion for e in policy(facts).evidence if e.observed == "not known"}
        assert names == unknown
        rest = [s for s in policy.weights.signals if s.name in signals]
        assume(rest)
        fewer = evolve(policy, agreeing=0, weights=evolve(policy.weights, signals=rest))
        assert fewer.probability(facts) == policy.probability(facts)

    @given(warnings(), known)
    def test_a_lower_threshold_never_makes_the_warning_quieter(self, policy, signals):
        facts = with_signals(signals)
        lower = evolve(policy, watch_from=policy.watch_from / 2, warn_from=policy.warn_from / 2)
        assert RANK[lower(facts).outcome] >= RANK[policy(facts).outcome]


class TestByHand:
    """Numbers that can be checked on paper."""

    def test_with_nothing_known_it_is_the_base_rate(self):
        assert warning().probability(about()) == pytest.approx(0.08, rel=1e-15)

    def test_a_weight_of_the_logarithm_of_two_doubles_the_odds(self):
        found = ChurnWeights(
            base_rate=0.2, signals=[Signal("x", {"yes": math.log(2), "no": -math.log(2)})]
        )
        assert warning(found).probability(about(x=True)) == pytest.approx(1 / 3)
        assert warning(found).probability(about(x=False)) == pytest.approx(1 / 9)

    def test_the_order_does_not_show_in_the_last_digit(self):
        """Added up from left to right, (100 + 0.1) - 100 is not (100 - 100) + 0.1."""
        signals = [Signal(n, {"yes": w, "no": 0}) for n, w in (("a", 100), ("b", 0.1), ("c", -100))]
        facts = about(a=True, b=True, c=True)
        chances = {
            warning(ChurnWeights(base_rate=0.5, signals=order)).probability(facts)
            for order in permutations(signals)
        }
        assert chances == {1 / (1 + math.exp(-0.1))}

    def test_far_out_it_stays_a_probability(self):
        found = ChurnWeights(
            base_rate=0.5,
            signals=[Signal(n, {"yes": 100, "no": -100}) for n in ("a", "b", "c", "d", "e", "f")],
        )
        yes, no = (dict.fromkeys("abcdef", value) for value in (True, False))
        assert warning(found).probability(about(**yes)) == 1
        assert 0 < warning(found).probability(about(**no)) < 1e-200


class TestThresholds:
    """The levels are named by thresholds that are enough when reached."""

    even = ChurnWeights(base_rate=0.5, signals=[Signal("x", {"yes": 0, "no": 0.1})])

    @pytest.mark.parametrize(
        ("watch_from", "warn_from", "level"),
        [
            (0.5, 0.5, "warn"),
            (0.5, math.nextafter(0.5, 1), "watch"),
            (math.nextafter(0.5, 1), 0.6, "none"),
        ],
    )
    def test_reaching_a_threshold_is_enough(self, watch_from, warn_from, level):
        policy = warning(self.even, watch_from=watch_from, warn_from=warn_from, agreeing=0)
        assert policy(about(x=True)).outcome == level

    @pytest.mark.parametrize(
        ("watch_from", "warn_from"), [(0, 0.5), (0.5, 0.4), (0.5, 1.1), (math.nan, 0.5), (-1, 0.5)]
    )
    def test_thresholds_rise_from_above_0_to_at_most_1(self, watch_from, warn_from):
        with pytest.raises(InvalidPolicy, match="thresholds are probabilities"):
            warning(watch_from=watch_from, warn_from=warn_from)
        assert warning(watch_from=1, warn_from=1).warn_from == 1


class TestThreeWayMatch:
    """CHU-04: complaints, service and flights together flag who is likely to leave."""

    strict = warning(warn_from=0.1, watch_from=0.1, agreeing=3)

    def test_three_that_agree_are_warned_of(self):
        decision = self.strict(about(complaints=1, service_events=1, activity="falling"))
        assert decision.outcome is WarningLevel.WARN
        assert decision.evidence[-1].met

    def test_two_that_agree_are_watched_however_likely(self):
        decision = self.strict(about(complaints=2, activity="silent"))
        assert decision.outcome is WarningLevel.WATCH
        assert decision.unmet[0].parts[1].observed == 2

    def test_who_speaks_against_does_not_agree(self):
        facts = about(complaints=2, service_events=0, activity="silent")
        assert self.strict(facts).outcome is WarningLevel.WATCH
        assert evolve(self.strict, agreeing=2)(facts).outcome is WarningLevel.WARN

    def test_a_weight_of_nothing_agrees_with_nobody(self):
        found = ChurnWeights(base_rate=0.5, signals=[Signal("x", {"yes": 0, "no": 0})])
        assert warning(found)(about(x=True)).outcome is WarningLevel.WATCH
        assert warning(found, agreeing=0)(about(x=True)).outcome is WarningLevel.WARN

    def test_two_of_one_kind_are_one_voice(self):
        """A silence, and a model that was fitted to the same purchases, say the same."""
        alive = Signal(
            "probability-alive", {"low": 1.2, "high": -1.2}, cuts=(0.5,), kind="purchases"
        )
        found = ChurnWeights(
            base_rate=0.08, signals=[complaints(), activity(kind="purchases"), alive]
        )
        facts = about(activity="silent", probability_alive=0.1)
        one = about(activity="silent")
        policy = warning(found, watch_from=0.1, warn_from=0.2, agreeing=2)
        assert policy.probability(facts) == policy.probability(one)
        assert policy(facts).outcome is WarningLevel.WATCH
        noted = {e.criterion: e for e in policy(facts).evidence}
        assert noted["probability-alive"].parts[1].observed == "activity"
        assert len(noted["activity"].parts) == 1

    def test_of_two_that_contradict_each_other_the_one_for_leaving_counts(self):
        found = ChurnWeights(
            base_rate=0.5,
            signals=[Signal(n, {"yes": w, "no": 0}, kind="k") for n, w in (("a", -1), ("b", 1))],
        )
        assert warning(found).probability(about(a=True, b=True)) > 0.5

    @pytest.mark.parametrize("agreeing", [-1, 4, 1.0, True])
    def test_no_more_can_agree_than_there_are_kinds(self, agreeing):
        with pytest.raises(InvalidPolicy, match="3 kinds of signals"):
            warning(agreeing=agreeing)


class TestSignals:
    """What a signal says, in numbers or words."""

    @pytest.mark.parametrize(
        ("count", "level"), [(0, "none"), (1, "one"), (2, "several"), (9, "several")]
    )
    def test_a_number_that_reaches_a_cut_is_above_it(self, count, level):
        assert complaints().level_of(count).name == level

    def test_yes_and_no_are_words_as_well(self):
        signal = Signal("x", {"yes": 1, "no": 0})
        assert signal.level_of(True).name == signal.level_of("yes").name == "yes"
        assert signal.level_of(False).name == "no"

    def test_the_trend_of_activity_can_be_handed_in(self):
        assert warning().probability(about(activity=ActivityTrend.FALLING)) > 0.08

    @pytest.mark.parametrize("value", ["several", True])
    def test_a_word_is_no_number(self, value):
        with pytest.raises(InvalidValue, match="service-events is a number here"):
            service().level_of(value)

    @pytest.mark.parametrize("value", ["sleeping", 3])
    def test_a_word_that_no_level_has_is_refused_and_not_repeated(self, value):
        with pytest.raises(InvalidValue, match="activity is one of holding, falling, silent") as e:
            warning()(about(activity=value))
        assert str(value) not in str(e.value)

    @pytest.mark.parametrize(
        ("levels", "cuts", "problem"),
        [
            ({"a": 1}, (), "two levels or more"),
            (["a", "a"], (), "a name of its own"),
            (["a", "b"], (1, 2), "one cut less"),
            (["a", "b", "c"], (2, 1), "rise"),
            (["a", "b", "c"], (1, 1), "rise"),
            (["a", "b"], (math.inf,), "finite"),
            ({"a": 101, "b": 0}, (), "from -100 to 100"),
            ({"a": math.nan, "b": 0}, (), "from -100 to 100"),
            ({"not known": 1, "b": 0}, (), "no level"),
        ],
    )
    def test_levels_that_contradict_each_other_are_refused(self, levels, cuts, problem):
        with pytest.raises(InvalidPolicy, match=problem):
            Signal("x", levels, cuts=cuts)

    @pytest.mark.parametrize(
        ("left", "stayed", "problem"),
        [
            (1, None, "both who left and who stayed"),
            (None, 1, "both who left and who stayed"),
            (-1, 1, "counted from 0"),
            (1, True, "counted from 0"),
        ],
    )
    def test_customers_are_counted_on_both_sides(self, left, stayed, problem):
        with pytest.raises(InvalidPolicy, match=problem):
            Level("a", left=left, stayed=stayed)
        assert Level("a", left=0, stayed=0).weight == 0

    @pytest.mark.parametrize("rate", [0, 1, math.nan, -0.1])
    def test_some_leave_and_some_stay(self, rate):
        with pytest.raises(InvalidPolicy, match="base rate"):
            ChurnWeights(base_rate=rate, signals=[complaints()])

    def test_signals_have_names_of_their_own(self):
        with pytest.raises(InvalidPolicy, match="one name"):
            ChurnWeights(base_rate=0.1, signals=[complaints(), complaints(kind="other")])
        with pytest.raises(InvalidPolicy, match="one signal or more"):
            ChurnWeights(base_rate=0.1, signals=[])
        with pytest.raises(InvalidPolicy, match="the signals are complaints, service-events"):
            weights().signal("churn")


class TestFacts:
    """Unknown is something else than no."""

    def test_none_is_not_known(self):
        assert about(complaints=None) == about()
        assert about(complaints=0) != about()

    def test_a_fact_without_weights_is_noted_and_weighs_nothing(self):
        decision = warning()(about(newsletter="off"))
        assert decision.outcome is warning()(about()).outcome
        assert "- noted: newsletter is off\n  - noted: weight is none" in explain(decision)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("complaints", -1),
            ("complaints", 1.0),
            ("service_events", True),
            ("service_events", "many"),
            ("probability_alive", 1.01),
            ("probability_alive", -0.01),
            ("probability_alive", True),
            ("probability_alive", "high"),
            ("x", math.nan),
            ("x", 10**16),
            ("x", date(2026, 5, 1)),
        ],
    )
    def test_a_signal_that_cannot_say_this_is_refused(self, name, value):
        with pytest.raises(InvalidValue):
            about(**{name: value})

    @pytest.mark.parametrize("value", [0, 0.0, 0.31, 1, 1.0])
    def test_a_probability_is_from_0_to_1(self, value):
        assert about(probability_alive=value).signals["probability-alive"] == value

    def test_names_can_serve_as_keys(self):
        for signals in ({"": 1}, {"x": " "}):
            with pytest.raises(InvalidIdentifier):
                ChurnFacts(customer=C7, as_of=DAY, signals=signals)

    def test_a_customer_left_or_did_not(self):
        with pytest.raises(InvalidValue, match="True or False"):
            PastCustomer(about(), left=1)  # type: ignore[arg-type]

    def test_evidence_is_there_even_when_nothing_is_known(self):
        decision = warning()(about())
        assert decision.outcome is WarningLevel.NONE
        assert [e.comparison for e in decision.evidence[-2:]] == [Comparison.ALL_OF] * 2
        assert decision.subject == C7
        assert decision.as_of == DAY
