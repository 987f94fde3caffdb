"""FUP-11: what was missed goes up, level by level, until somebody makes up for it."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.business_time import BusinessCalendar
from crmkit.errors import InvalidIdentifier, InvalidPolicy, InvalidValue
from crmkit.followups import DueLevel, MissedEscalation, MissedFacts, MissedLevel
from crmkit.identifiers import FollowUpId
from tests.followups.builders import DAY, FRIDAY

OFFICE = BusinessCalendar.on_weekdays("09:00-18:00", zone="Europe/Berlin")
LEAD = MissedLevel(1, after_days=1, to="team lead")
HEAD = MissedLevel(2, after_days=3, to="head of sales", importance=["platinum"])
BOSS = MissedLevel(3, after_days=5, to="manager", importance=["gold", "platinum"])
POLICY = MissedEscalation(levels=[LEAD, HEAD, BOSS], calendar=OFFICE)
MISSED = MissedFacts(follow_up=FollowUpId("F-1"), as_of=FRIDAY, last_day=FRIDAY)

spans = st.integers(0, 20).map(lambda count: FRIDAY + count * DAY)
importances = st.sampled_from([None, "iron", "gold", "platinum"])
told = st.frozensets(st.integers(1, 3))
calendars = st.sampled_from([None, OFFICE])


def told_on(policy, facts):
    return [(each.level, each.fell_due_on) for each in policy(facts).outcome]


def slowly(policy, facts):
    """Day after day, counting those on which somebody works."""
    found = []
    for level in policy.levels:
        day, counted = facts.last_day, 0
        while counted < level.after_days:
            day += DAY
            counted += policy.calendar is None or policy.calendar.is_business_day(day)
        meant = not level.importance or facts.importance in level.importance
        if meant and level.level not in facts.told:
            found.append((level.level, day))
    return found


class TestLevels:
    """Each level falls due so many days after the last day, for whom it is meant."""

    @given(calendars, spans, importances, told)
    def test_what_is_due_is_what_a_slow_look_finds(self, calendar, as_of, importance, levels):
        policy = evolve(POLICY, calendar=calendar)
        facts = evolve(MISSED, as_of=as_of, importance=importance, told=levels)
        found = slowly(policy, facts)
        assert told_on(policy, facts) == [each for each in found if each[1] <= as_of]
        assert policy.next_due(facts) == min((day for _, day in found), default=None)

    @given(calendars, spans, importances, told)
    def test_the_outcome_can_be_had_again_from_the_evidence(self, calendar, as_of, word, levels):
        policy = evolve(POLICY, calendar=calendar)
        facts = evolve(MISSED, as_of=as_of, importance=word, told=levels)
        decision = policy(facts)
        due = [item for item in decision.evidence if item.met]
        assert [each.fell_due_on for each in decision.outcome] == [item.required for item in due]
        assert len(decision.evidence) == 3

    @given(calendars, st.lists(spans, min_size=1), importances)
    def test_however_often_somebody_asks_each_level_is_told_once(self, calendar, days, word):
        policy = evolve(POLICY, calendar=calendar)
        facts, found = evolve(MISSED, importance=word), list[tuple[int, object]]()
        for day in sorted(days):
            facts = evolve(facts, as_of=day)
            due = told_on(policy, facts)
            found += due
            facts = evolve(facts, told=facts.told | {level for level, _ in due})
            assert told_on(policy, facts) == []
        assert found == told_on(policy, evolve(facts, told=()))

    @given(spans, importances)
    def test_once_it_is_made_up_for_nobody_is_told(self, as_of, importance):
        facts = evolve(MISSED, as_of=as_of, importance=importance, made_up_on=FRIDAY)
        decision = POLICY(facts)
        assert len(decision.outcome) == 0
        assert POLICY.next_due(facts) is None
        assert decision.unmet[0].criterion == "made up for"
        assert str(decision.outcome) == "tell nobody"

    def test_days_on_which_nobody_works_do_not_count(self):
        saturday, monday = FRIDAY + DAY, FRIDAY + 3 * DAY
        assert told_on(POLICY, evolve(MISSED, as_of=saturday)) == []
        assert told_on(POLICY, evolve(MISSED, as_of=monday)) == [(1, monday)]
        by_the_clock = evolve(POLICY, calendar=None)
        assert told_on(by_the_clock, evolve(MISSED, as_of=saturday)) == [(1, saturday)]

    def test_asked_late_everybody_is_told_in_order(self):
        late = evolve(MISSED, as_of=FRIDAY + 30 * DAY, importance="platinum")
        outcome = POLICY(late).outcome
        assert list(outcome) == [
            DueLevel(1, "team lead", FRIDAY + 3 * DAY),
            DueLevel(2, "head of sales", FRIDAY + 5 * DAY),
            DueLevel(3, "manager", FRIDAY + 7 * DAY),
        ]
        assert str(outcome) == "tell team lead, head of sales, manager"

    def test_at_the_end_of_the_calendar_it_stays_there(self):
        last = MISSED.as_of.max
        assert evolve(POLICY, calendar=None).next_due(evolve(MISSED, last_day=last)) == last


class TestTerms:
    @pytest.mark.parametrize(
        "levels",
        [
            [],
            ["team lead"],
            [LEAD, LEAD],
            [LEAD, evolve(HEAD, level=1)],
            [LEAD, evolve(HEAD, after_days=1)],
            [evolve(LEAD, after_days=4), HEAD],
            [HEAD, evolve(BOSS, level=2)],
            [HEAD, evolve(BOSS, after_days=2)],
        ],
    )
    def test_levels_go_up(self, levels):
        with pytest.raises(InvalidPolicy):
            MissedEscalation(levels=levels)

    def test_what_is_for_others_may_have_its_own_days(self):
        gold = MissedLevel(1, after_days=9, to="x", importance=["gold"])
        iron = MissedLevel(1, after_days=2, to="y", importance=["iron"])
        policy = MissedEscalation(levels=[gold, iron])
        facts = evolve(MISSED, as_of=FRIDAY + 9 * DAY)
        assert [
            str(policy(evolve(facts, importance=word)).outcome) for word in ("gold", "iron")
        ] == [
            "tell x",
            "tell y",
        ]

    def test_the_order_in_which_levels_are_handed_in_makes_no_difference(self):
        assert MissedEscalation(levels=[BOSS, LEAD, HEAD], calendar=OFFICE) == POLICY

    @pytest.mark.parametrize(
        "terms",
        [
            {"level": 0},
            {"level": True},
            {"after_days": 0},
            {"after_days": 367},
            {"after_days": "1"},
        ],
    )
    def test_a_level_counts_from_one(self, terms):
        with pytest.raises(InvalidPolicy):
            evolve(LEAD, **terms)

    def test_it_goes_to_somebody(self):
        with pytest.raises(InvalidIdentifier):
            evolve(LEAD, to="")
        with pytest.raises(InvalidValue):
            evolve(LEAD, importance="platinum")
