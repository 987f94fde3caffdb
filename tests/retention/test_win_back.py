"""Whom to win back, by what, and when: the gate, its questions, and nobody pressed."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from attrs import evolve
from hypothesis import assume, given
from hypothesis import strategies as st

from crmkit.errors import CurrencyMismatch, InvalidIdentifier, InvalidPolicy, InvalidValue
from crmkit.identifiers import CustomerId
from crmkit.money import Money
from crmkit.retention import (
    Analysed,
    Contacted,
    Declined,
    HoldOut,
    LostClass,
    Measure,
    Targeted,
    WinBackFacts,
    WinBackMeasure,
    WinBackPolicy,
    WinBackStatus,
    WinBackStep,
    WinBackVerdict,
)
from tests.retention.cases import go, opened

LOST_ON = date(2026, 4, 1)
TODAY = date(2026, 5, 31)
DAY = timedelta(days=1)
C7 = CustomerId("C-7")


def euro(amount):
    return Money(amount, "EUR")


def usual(**terms):
    parts = {"unit": "centre", "worth_from": euro(200), "better_terms_from": euro(500)}
    return WinBackPolicy.usual(**{**parts, **terms})


def known(**parts):
    """A customer who passes every question of the usual policy."""
    usually = {
        "customer": C7,
        "as_of": TODAY,
        "lost_on": LOST_ON,
        "asked_not_to": False,
        "present_value": euro(120),
        "future_value": euro(80),
        "causes": ["weak-service"],
        "lost_class": LostClass.UNINTENTIONALLY_PUSHED,
    }
    return WinBackFacts(**{**usually, **parts})


amounts = st.none() | st.integers(-100, 900).map(euro)
facts = st.builds(
    known,
    customer=st.integers(1, 50).map(lambda number: CustomerId(f"C-{number}")),
    asked_not_to=st.booleans(),
    present_value=amounts,
    future_value=amounts,
    causes=st.frozensets(st.sampled_from(["weak-service", "died", "new-temptation"])),
    lost_class=st.none() | st.sampled_from(LostClass),
    attempts=st.lists(st.integers(0, 200).map(lambda ago: TODAY - ago * DAY), max_size=5),
)
hold_outs = st.none() | st.builds(
    HoldOut, share=st.sampled_from(["0", "0.3", "0.9"]), key=st.sampled_from(["a", "b"])
)
policies = st.builds(
    usual,
    unit=st.sampled_from([None, "centre"]),
    hopeless_causes=st.sampled_from([(), ("died",)]),
    cool_down=st.integers(1, 90),
    most_attempts=st.integers(1, 4),
    hold_out=hold_outs,
    others=st.sampled_from([(), (WinBackMeasure(LostClass.MOVED, Measure.RETURN_OFFER),)]),
)

# Each question, by its first word in the evidence, and the step it leads to where it is not met.
STEPS = {
    "asked-not-to": "leave-alone",
    "preconditions": "prepare",
    "analysis": "analyse",
    "worth-regaining": "decline",
    "measures": "no-measure",
    "place-in-the-draw": "hold-out",
    "attempts": "give-up",
    "day": "wait",
}


class TestLaws:
    """CHU-07: preconditions, then value and cause, then the class, then the measure."""

    @given(facts, policies)
    def test_the_first_question_that_is_not_met_decides(self, each, policy):
        decision = policy(each)
        asked = [item.criterion for item in decision.evidence]
        assert asked == [name for name in STEPS if policy.hold_out or name != "place-in-the-draw"]
        unmet = [STEPS[item.criterion] for item in decision.unmet]
        assert decision.outcome.step == (unmet[0] if unmet else "contact")

    @given(facts, policies)
    def test_who_asked_not_to_be_contacted_never_is(self, each, policy):
        asked = evolve(each, asked_not_to=True)
        assert policy(asked).outcome == WinBackVerdict(step=WinBackStep.LEAVE_ALONE)

    @given(st.lists(facts, max_size=4), policies)
    def test_many_are_decided_as_one_by_one(self, each, policy):
        assert policy.outcomes(each) == [policy(one).outcome for one in each]

    @given(facts, policies)
    def test_measures_and_days_are_named_just_for_those_who_are_to_be_contacted(self, each, policy):
        verdict = policy(each).outcome
        if verdict.step in (WinBackStep.CONTACT, WinBackStep.WAIT):
            assert verdict.measures
            assert verdict.contact_from is not None
            assert (verdict.contact_from == TODAY) == (verdict.step is WinBackStep.CONTACT)
            assert (verdict.again_from is None) == (
                each.attempts_since_loss + 1 == policy.most_attempts
            )
        else:
            assert verdict == WinBackVerdict(step=verdict.step)

    @given(facts, policies)
    def test_who_has_to_be_left_in_peace_may_be_contacted_from_the_day_named(self, each, policy):
        verdict = policy(each).outcome
        if verdict.step is WinBackStep.WAIT:
            free = verdict.contact_from
            assert policy(evolve(each, as_of=free)).outcome.step is WinBackStep.CONTACT
            assert policy(evolve(each, as_of=free - DAY)).outcome.step is WinBackStep.WAIT

    @given(facts, policies, st.integers(0, 1000))
    def test_who_is_held_out_is_held_out_on_every_day(self, each, policy, days):
        later = evolve(each, as_of=TODAY + days * DAY)
        held = policy(each).outcome.step is WinBackStep.HOLD_OUT
        assert held == (policy(later).outcome.step is WinBackStep.HOLD_OUT)

    @given(facts, policies, st.integers(0, 500).map(euro))
    def test_more_value_never_shuts_the_gate(self, each, policy, more):
        before = policy(each).outcome
        assume(each.future_value is not None)
        after = policy(evolve(each, future_value=each.future_value + more)).outcome
        order = [*STEPS.values(), "contact"]
        assert order.index(after.step) >= order.index(before.step)
        assert set(before.measures) <= set(after.measures)


class TestSequences:
    """Whatever is tried on whatever days, the cap and the cool-down hold."""

    @given(policies, st.lists(st.integers(0, 60), max_size=40), st.integers(1, 50))
    def test_cap_and_cool_down_are_never_exceeded(self, policy, steps, number):
        policy = evolve(policy, unit="centre")
        day, made, customer = TODAY, list[date](), CustomerId(f"C-{number}")
        for step in steps:
            day += step * DAY
            verdict = policy(known(customer=customer, as_of=day, attempts=made)).outcome
            if verdict.step is WinBackStep.CONTACT:
                made.append(day)
        assert len(made) <= policy.most_attempts
        gaps = [(late - soon).days for soon, late in pairwise(made)]
        assert all(gap >= policy.cool_down for gap in gaps)
        held = policy.hold_out is not None and policy.hold_out.holds(customer)
        assert not (held and made)

    @given(policies, st.lists(st.integers(0, 60), max_size=30))
    def test_the_case_and_the_policy_agree(self, policy, steps):
        """What the policy allows, the case records; what the case refuses, the policy forbids."""
        policy = evolve(policy, unit="centre")
        case = go(
            opened(on=LOST_ON),
            Analysed(
                on=TODAY,
                causes=["weak-service"],
                lost_class=LostClass.UNINTENTIONALLY_PUSHED,
                present_value=euro(120),
                future_value=euro(80),
            ),
        )
        decided = policy(WinBackFacts.of(case, TODAY, asked_not_to=False)).outcome
        event = decided.recorded_on(TODAY)
        assert event is not None
        case, day = go(case, event), TODAY
        for step in steps:
            day += step * DAY
            verdict = policy(WinBackFacts.of(case, day, asked_not_to=False)).outcome
            free = case.contact_from is not None and case.contact_from <= day
            assert free == (verdict.step is WinBackStep.CONTACT)
            if free:
                case = go(
                    case,
                    Contacted(on=day, channel="telephone", again_from=verdict.again_from),
                )
        assert len(case.attempts) <= policy.most_attempts


class TestPreconditions:
    """CHU-07: a full file that shows present and future value, and a unit of its own."""

    @pytest.mark.parametrize(
        ("terms", "parts"),
        [
            ({"unit": None}, {}),
            ({}, {"present_value": None}),
            ({}, {"future_value": None}),
        ],
    )
    def test_without_one_of_them_nobody_is_won_back(self, terms, parts):
        assert usual(**terms)(known(**parts)).outcome.step is WinBackStep.PREPARE

    @pytest.mark.parametrize("parts", [{"causes": []}, {"lost_class": None}])
    def test_cause_and_class_are_found_out_first(self, parts):
        assert usual()(known(**parts)).outcome.step is WinBackStep.ANALYSE

    def test_with_all_of_them_it_goes_on(self):
        assert usual()(known()).outcome.step is WinBackStep.CONTACT


class TestWorth:
    @pytest.mark.parametrize(
        ("present", "future", "step"),
        [
            ("120.00", "80.00", "contact"),
            ("120.00", "79.99", "decline"),
            ("0", "200.00", "contact"),
        ],
    )
    def test_present_and_future_value_together_reach_the_threshold(self, present, future, step):
        each = known(present_value=euro(present), future_value=euro(future))
        assert usual()(each).outcome.step == step

    def test_a_cause_that_cannot_be_mended_ends_it(self):
        policy = usual(hopeless_causes=["died"])
        assert policy(known(causes=["weak-service", "died"])).outcome.step is WinBackStep.DECLINE
        assert policy(known()).outcome.step is WinBackStep.CONTACT

    def test_currencies_are_not_mixed(self):
        with pytest.raises(CurrencyMismatch):
            usual()(known(present_value=Money(1, "USD"), future_value=Money(1, "USD")))
        with pytest.raises(CurrencyMismatch):
            known(present_value=Money(1, "USD"))
        with pytest.raises(CurrencyMismatch):
            usual(better_terms_from=Money(1, "USD"))


class TestMeasures:
    """CHU-08: a measure for each class."""

    def test_who_was_pushed_unintentionally_is_owed_clarity_an_explanation_and_a_proposal(self):
        assert usual()(known()).outcome.measures == ("clarify", "explain", "propose")

    @pytest.mark.parametrize(
        ("future", "measures"),
        [
            ("379.99", ("study-rivals-edge",)),
            ("380.00", ("study-rivals-edge", "better-terms")),
        ],
    )
    def test_better_terms_only_if_the_value_justifies_them(self, future, measures):
        each = known(lost_class=LostClass.PULLED_AWAY, future_value=euro(future))
        assert usual()(each).outcome.measures == measures

    @pytest.mark.parametrize(
        "lost_class", [LostClass.DELIBERATELY_PUSHED, LostClass.BOUGHT_AWAY, LostClass.MOVED]
    )
    def test_for_the_others_the_shop_names_its_own(self, lost_class):
        each = known(lost_class=lost_class)
        assert usual()(each).outcome.step is WinBackStep.NO_MEASURE
        own = usual(others=[WinBackMeasure(lost_class, "gift")])
        assert own(each).outcome.measures == ("gift",)

    def test_a_measure_stands_once_for_a_class(self):
        again = WinBackMeasure(LostClass.PULLED_AWAY, Measure.BETTER_TERMS)
        with pytest.raises(InvalidPolicy, match="twice for one class"):
            usual(others=[again])

    def test_a_measure_can_serve_as_a_key(self):
        with pytest.raises(InvalidIdentifier):
            WinBackMeasure(LostClass.MOVED, "")
        with pytest.raises(InvalidIdentifier):
            usual(unit=" ")


class TestPeace:
    """Attempts are few and far between."""

    @pytest.mark.parametrize(("days", "step"), [(59, "wait"), (60, "contact")])
    def test_after_the_cool_down_it_may_be_tried_again(self, days, step):
        each = known(lost_on=TODAY - 100 * DAY, attempts=[TODAY - days * DAY])
        verdict = usual()(each).outcome
        assert verdict.step == step
        assert verdict.contact_from == TODAY + (60 - days) * DAY

    @pytest.mark.parametrize(("count", "step"), [(2, "contact"), (3, "give-up")])
    def test_after_the_last_attempt_it_is_given_up(self, count, step):
        first = TODAY - 400 * DAY
        each = known(lost_on=first, attempts=[first + 70 * n * DAY for n in range(count)])
        assert usual()(each).outcome.step == step

    def test_attempts_after_an_earlier_loss_count_for_the_cool_down_alone(self):
        before = [LOST_ON - n * DAY for n in (1, 2, 3)]
        assert usual(cool_down=61)(known(attempts=before)).outcome.step is WinBackStep.CONTACT
        assert usual(cool_down=62)(known(attempts=before)).outcome.step is WinBackStep.WAIT
        on_the_day = known(attempts=[LOST_ON] * 3)
        assert usual()(on_the_day).outcome.step is WinBackStep.GIVE_UP

    def test_the_day_after_the_calendar_is_its_last(self):
        each = known(lost_on=date.max, as_of=date.max)
        assert usual()(each).outcome.again_from == date.max

    @pytest.mark.parametrize("number", [0, -1, 1.5, True, 36_526])
    def test_terms_are_whole_numbers_from_1(self, number):
        with pytest.raises(InvalidPolicy, match="whole numbers"):
            usual(cool_down=number)
        with pytest.raises(InvalidPolicy, match="whole numbers"):
            usual(most_attempts=number)


class TestFacts:
    @pytest.mark.parametrize("parts", [{"lost_on": TODAY + DAY}, {"attempts": [TODAY + DAY]}])
    def test_nothing_lies_after_the_day(self, parts):
        with pytest.raises(InvalidValue, match="on as_of or before"):
            known(**parts)

    def test_somebody_has_looked_whether_the_customer_may_be_contacted(self):
        with pytest.raises(InvalidValue, match="True or False"):
            known(asked_not_to=None)

    def test_a_case_without_an_analysis_has_no_value(self):
        each = WinBackFacts.of(opened(on=LOST_ON), TODAY, asked_not_to=False)
        assert each.value is None
        assert usual()(each).outcome.step is WinBackStep.PREPARE

    def test_earlier_attempts_are_those_of_other_cases(self):
        earlier = [LOST_ON - 9 * DAY]
        case = opened(on=LOST_ON)
        each = WinBackFacts.of(case, TODAY, asked_not_to=False, earlier_attempts=earlier)
        assert each.attempts == (LOST_ON - 9 * DAY,)
        assert each.attempts_since_loss == 0


class TestVerdict:
    """What comes of a verdict is what a case records."""

    @pytest.mark.parametrize(
        ("verdict", "event", "text"),
        [
            (
                WinBackVerdict(
                    step=WinBackStep.WAIT, measures=("explain",), contact_from=TODAY + DAY
                ),
                Targeted(on=TODAY, measures=["explain"], contact_from=TODAY + DAY),
                "wait from 2026-06-01: explain",
            ),
            (
                WinBackVerdict(step=WinBackStep.CONTACT, measures=("explain", "propose")),
                Targeted(on=TODAY, measures=["explain", "propose"]),
                "contact: explain, propose",
            ),
            (
                WinBackVerdict(step=WinBackStep.HOLD_OUT),
                Targeted(on=TODAY, held_out=True),
                "hold-out",
            ),
            (WinBackVerdict(step=WinBackStep.DECLINE), Declined(TODAY), "decline"),
            (WinBackVerdict(step=WinBackStep.LEAVE_ALONE), Declined(TODAY), "leave-alone"),
            (WinBackVerdict(step=WinBackStep.ANALYSE), None, "analyse"),
            (WinBackVerdict(step=WinBackStep.GIVE_UP), None, "give-up"),
        ],
    )
    def test_it_is_recorded_and_read(self, verdict, event, text):
        assert verdict.recorded_on(TODAY) == event
        assert str(verdict) == text

    def test_who_is_held_out_is_targeted_and_left_alone(self):
        policy = usual(hold_out=HoldOut(share="0.5", key="spring"))
        held = next(
            each
            for number in range(20)
            if policy(each := known(customer=CustomerId(f"C-{number}"))).outcome.step
            is WinBackStep.HOLD_OUT
        )
        event = policy(held).outcome.recorded_on(TODAY)
        assert event is not None
        case = go(opened(held.customer, on=LOST_ON), Analysed(on=LOST_ON), event)
        assert case.status is WinBackStatus.TARGETED
        assert case.held_out
