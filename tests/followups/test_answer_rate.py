"""KPI-05: of the calls that are offered, at least nine in ten are answered; and the trend."""

from datetime import date
from fractions import Fraction

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.decision import explain
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.followups import AnswerRateFacts, AnswerRateGoal, AnswerTrend, CallsIn
from crmkit.period import Period

MONTHS = [Period.month(2026, month) for month in range(1, 13)]
AS_OF = date(2026, 12, 31)


def facts_of(*calls):
    """Months with so many calls offered and answered, the last one at the end."""
    points = [CallsIn(month, *each) for month, each in zip(MONTHS, calls, strict=False)]
    return AnswerRateFacts(as_of=AS_OF, points=points)


calls = st.integers(0, 30).flatmap(
    lambda offered: st.tuples(st.just(offered), st.integers(0, offered))
)
histories = st.lists(calls, min_size=1, max_size=5).map(lambda told: facts_of(*told))


class TestAnswerRate:
    """Answered by offered, held against the goal exactly."""

    @pytest.mark.parametrize(
        ("offered", "answered", "reaches"),
        [(10, 9, True), (10, 8, False), (11, 9, False), (11, 10, True), (1_000, 899, False)],
    )
    def test_nine_in_ten_are_enough(self, offered, answered, reaches):
        found = AnswerRateGoal()(facts_of((offered, answered))).outcome
        assert found.reaches_goal is reaches
        assert found.rate == Fraction(answered, offered)

    def test_where_nobody_called_there_is_no_rate(self):
        decision = AnswerRateGoal()(facts_of((10, 9), (0, 0)))
        found = decision.outcome
        assert (found.rate, found.reaches_goal, found.trend) == (None, None, None)
        assert explain(decision).splitlines()[0] == "no calls, by answer rate, as of 2026-12-31"
        assert not decision.unmet

    @given(histories, st.integers(1, 100))
    def test_the_goal_is_met_exactly_when_the_rate_reaches_it(self, facts, percent):
        goal = AnswerRateGoal(goal=Fraction(percent, 100))
        found = goal(facts)
        rate = facts.points[-1].rate
        assert found.outcome.reaches_goal == (None if rate is None else rate >= goal.goal)
        assert bool(found.unmet) is (found.outcome.reaches_goal is False)

    @given(histories)
    def test_the_order_of_the_periods_does_not_matter(self, facts):
        again = evolve(facts, points=facts.points[::-1])
        assert AnswerRateGoal()(again) == AnswerRateGoal()(facts)

    def test_it_is_shown_rounded_down(self):
        """No 89.996 % looks like the goal."""
        found = AnswerRateGoal()(facts_of((100_000, 89_996))).outcome
        assert str(found) == "89.99 % answered"
        assert str(AnswerRateGoal()(facts_of((1, 1))).outcome) == "100.00 % answered"
        assert str(AnswerRateGoal()(facts_of((1_000, 51))).outcome) == "5.10 % answered"


class TestTrend:
    """The last period against all calls of those before."""

    @pytest.mark.parametrize(
        ("answered", "trend"),
        [
            (911, AnswerTrend.RISING),
            (910, AnswerTrend.STEADY),
            (890, AnswerTrend.STEADY),
            (889, AnswerTrend.FALLING),
        ],
    )
    def test_a_point_more_or_less_is_steady(self, answered, trend):
        assert AnswerRateGoal()(facts_of((1_000, 900), (1_000, answered))).outcome.trend is trend

    def test_many_calls_weigh_more_than_few(self):
        facts = facts_of((10, 0), (990, 990), (100, 98))
        assert AnswerRateGoal()(facts).outcome.trend is AnswerTrend.STEADY

    @pytest.mark.parametrize("before", [[], [(0, 0)]])
    def test_it_takes_calls_before(self, before):
        assert AnswerRateGoal()(facts_of(*before, (10, 9))).outcome.trend is None

    @given(histories)
    def test_it_is_turned_round_when_answered_and_lost_change_places(self, facts):
        turned = evolve(
            facts,
            points=[evolve(each, answered=each.offered - each.answered) for each in facts.points],
        )
        opposite: dict[AnswerTrend | None, AnswerTrend | None] = {
            AnswerTrend.RISING: AnswerTrend.FALLING,
            AnswerTrend.FALLING: AnswerTrend.RISING,
        }
        trend = AnswerRateGoal()(facts).outcome.trend
        found = AnswerRateGoal()(turned).outcome.trend
        assert found is opposite.get(trend, trend)

    def test_the_evidence_says_against_what(self):
        text = explain(AnswerRateGoal()(facts_of((10, 10), (20, 17), (30, 20))))
        assert text.splitlines() == [
            "66.66 % answered, falling, by answer rate, as of 2026-12-31",
            "- noted: calls is 30",
            "- not met: calls answered is 20; at least 27 required",
            "- noted: calls before is 30",
            "- noted: calls answered before is 27",
        ]


class TestWhatCannotBe:
    """Calls that do not add up are refused."""

    @pytest.mark.parametrize(
        ("offered", "answered"), [(1, 2), (-1, -1), (1, -1), (1.0, 1), (True, 1), (10**13, 1)]
    )
    def test_counts(self, offered, answered):
        with pytest.raises(InvalidValue):
            CallsIn(MONTHS[0], offered, answered)

    def test_a_month_is_a_period(self):
        with pytest.raises(InvalidValue):
            CallsIn("May", 1, 1)  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        "points",
        [
            (),
            ("May",),
            (CallsIn(MONTHS[0], 1, 1), CallsIn(MONTHS[0], 1, 1)),
            (CallsIn(Period.month(2027, 1), 1, 1),),
        ],
    )
    def test_periods(self, points):
        with pytest.raises(InvalidValue):
            AnswerRateFacts(as_of=AS_OF, points=points)

    @pytest.mark.parametrize(
        "wrong", [{"goal": 0}, {"goal": "1.1"}, {"steady_within": -1}, {"steady_within": 1}]
    )
    def test_terms(self, wrong):
        with pytest.raises(InvalidPolicy):
            AnswerRateGoal(**wrong)
