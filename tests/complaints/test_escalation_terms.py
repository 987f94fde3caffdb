"""Escalation rules are checked when they are built; what they count is data."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.business_time import BusinessCalendar
from crmkit.complaints.policies.escalation import (
    Delay,
    DelayUnit,
    EscalationLevel,
    EscalationRule,
)
from crmkit.complaints.policies.escalation_schedule import RuleClock
from crmkit.errors import InvalidIdentifier, InvalidPolicy
from tests.complaints.escalation_cases import CALENDARS, MINUTES, delays, instant


def delay(text: str) -> Delay:
    """A delay as people write it: ``delay("4 working-hours")``."""
    count, unit = text.split()
    return Delay(int(count), DelayUnit(unit))


def level(number: int, after: str, role: str | None = "team lead", **terms: Any) -> EscalationLevel:
    return EscalationLevel(level=number, after=delay(after), role=role, **terms)


def rule(*levels: EscalationLevel, **terms: Any) -> EscalationRule:
    terms = {"name": "unanswered", "calendar": "office", **terms}
    return EscalationRule(levels=levels or (level(1, "4 working-hours"),), **terms)


class TestDelay:
    """After how long something falls due."""

    @pytest.mark.parametrize("count", [-1, 100_001, True, 1.5, "4"])
    def test_it_counts_whole_things_from_none_on(self, count):
        with pytest.raises(InvalidPolicy, match="from 0 to 100,000, in whole numbers"):
            Delay(count, DelayUnit.HOURS)

    @pytest.mark.parametrize("count", [0, 100_000])
    def test_none_and_the_most_are_enough(self, count):
        assert Delay(count, DelayUnit.HOURS).count == count

    def test_it_reads_like_a_sentence(self):
        assert str(delay("1500 working-minutes")) == "1,500 working minutes"

    @pytest.mark.parametrize(
        ("one", "other", "never_later"),
        [
            ("60 minutes", "1 hours", True),
            ("61 minutes", "1 hours", False),
            ("60 working-minutes", "1 working-hours", True),
            ("61 working-minutes", "1 working-hours", False),
            ("2 business-days", "2 business-days", True),
            ("3 business-days", "2 business-days", False),
            ("2 calendar-days", "2 calendar-days", True),
            ("3 calendar-days", "2 calendar-days", False),
            # All the time that the doors are open has passed by the clock as well.
            ("4 hours", "4 working-hours", True),
            ("5 hours", "4 working-hours", False),
            ("4 working-hours", "400 hours", False),
            ("0 working-hours", "0 hours", True),
            # A business day is a day.
            ("2 calendar-days", "2 business-days", True),
            ("3 calendar-days", "2 business-days", False),
            ("2 business-days", "9 calendar-days", False),
            # A day that has begun may be over at once, or take all of it.
            ("24 hours", "2 calendar-days", True),
            ("25 hours", "2 calendar-days", False),
            ("0 hours", "0 business-days", True),
            ("1 calendar-days", "72 hours", True),
            ("1 calendar-days", "71 hours", False),
            ("1 calendar-days", "72 working-hours", True),
            ("3 business-days", "20 working-hours", False),
        ],
    )
    def test_what_can_be_said_of_the_order_of_two(self, one, other, never_later):
        assert delay(one).is_never_later_than(delay(other)) is never_later

    @given(delays(), delays(), st.sampled_from(sorted(CALENDARS)), st.integers(0, MINUTES))
    def test_what_is_never_later_is_never_later(self, one, other, calendar, minute):
        clock = RuleClock(CALENDARS[calendar])
        first, second = (clock.after(instant(minute), each) for each in (one, other))
        assert first is not None
        assert second is not None
        assert first <= second or not one.is_never_later_than(other)

    def test_a_day_that_a_zone_leaves_out_counts_as_none(self):
        """On Samoa the 30th of December 2011 did not take place."""

        samoa = RuleClock(BusinessCalendar.every_day("09:00-17:00", zone="Pacific/Apia"))
        jump = datetime(2011, 12, 30, 10, 0, tzinfo=UTC)
        assert samoa.after(jump - timedelta(hours=1), delay("0 calendar-days")) == jump
        assert samoa.after(jump - timedelta(hours=1), delay("1 calendar-days")) == jump
        repeats = samoa.repeats(jump, delay("1 calendar-days"))
        assert [next(repeats) - jump for _ in range(2)] == [timedelta(days=1), timedelta(days=2)]


class TestNobody:
    """A level goes to somebody. With an incumbent one with only a team set never fired."""

    def test_a_level_that_goes_to_nobody_is_refused(self):
        with pytest.raises(InvalidPolicy, match="rule 'unanswered': level 1 goes to nobody"):
            rule(level(1, "4 hours", role=None))

    @pytest.mark.parametrize("what", ["role", "target"])
    @pytest.mark.parametrize("text", ["", " ", "a\u200bb", 7])
    def test_an_empty_or_invisible_one_is_refused(self, what, text):
        terms: dict[str, Any] = {"role": "team lead", what: text}
        with pytest.raises(InvalidPolicy, match=f"rule 'unanswered': the {what} of level 1 "):
            rule(level(1, "4 hours", **terms))

    @pytest.mark.parametrize("terms", [{"role": "team lead"}, {"role": None, "target": "team 4"}])
    def test_a_role_or_a_team_is_enough(self, terms):
        assert rule(level(1, "4 hours", **terms)).highest.addressee != (None, None)


class TestNeverFires:
    """A level that can never fire is an error."""

    def test_a_rule_has_a_level(self):
        with pytest.raises(InvalidPolicy, match="rule 'unanswered': there is no level"):
            EscalationRule(name="unanswered", levels=())

    @pytest.mark.parametrize("numbers", [(0,), (-1, 2), (True,), (1, 1), (2, 1), (1.5,)])
    def test_levels_ascend_from_one(self, numbers):
        levels = [level(n, f"{place + 1} hours") for place, n in enumerate(numbers)]
        with pytest.raises(InvalidPolicy, match="rule 'unanswered': levels "):
            rule(*levels)

    def test_a_rule_may_begin_with_a_higher_level(self):
        assert rule(level(2, "1 hours"), level(5, "2 hours")).highest.level == 5

    @pytest.mark.parametrize(
        ("below", "above"),
        [
            ("4 working-hours", "4 working-hours"),
            ("4 working-hours", "200 working-minutes"),
            ("4 working-hours", "4 hours"),
            ("3 business-days", "2 business-days"),
            ("3 business-days", "3 calendar-days"),
        ],
    )
    def test_a_level_that_is_not_after_the_one_below_is_refused(self, below, above):
        with pytest.raises(InvalidPolicy, match=r"level 2 .* is never later than level 1"):
            rule(level(1, below), level(2, above))

    @pytest.mark.parametrize(
        ("below", "above"),
        [("4 working-hours", "241 working-minutes"), ("20 working-hours", "3 business-days")],
    )
    def test_a_level_that_can_come_after_the_one_below_is_not(self, below, above):
        assert rule(level(1, below), level(2, above)).highest.level == 2

    def test_a_level_that_falls_due_after_the_rule_has_stopped_is_refused(self):
        with pytest.raises(
            InvalidPolicy,
            match="level 2 can never fire: it falls due after 8 hours, and the rule stops after 8",
        ):
            rule(level(1, "4 hours"), level(2, "8 hours"), stops_after=delay("8 hours"))

    def test_a_level_just_before_the_rule_stops_is_not(self):
        assert rule(level(1, "479 minutes"), stops_after=delay("8 hours")).stops_after

    @pytest.mark.parametrize("cap", [1, 2])
    def test_a_level_above_the_cap_is_refused(self, cap):
        levels = [level(n, f"{n} hours") for n in (1, 2, 3)]
        with pytest.raises(InvalidPolicy, match=f"level {cap + 1} can never fire: the cap of"):
            rule(*levels, cap=cap)

    def test_as_many_levels_as_the_cap_allows_are_not(self):
        assert rule(level(1, "1 hours"), level(2, "2 hours"), cap=2).repeats == 0

    @pytest.mark.parametrize("cap", [0, -1, 101, True, 2.0])
    def test_a_cap_is_a_number_from_1_to_100(self, cap):
        with pytest.raises(InvalidPolicy, match="rule 'unanswered': a cap is a whole number"):
            rule(cap=cap)

    def test_the_highest_cap_is_enough(self):
        assert rule(cool_down=delay("1 hours"), cap=100).repeats == 99

    def test_a_cool_down_of_nothing_is_refused(self):
        with pytest.raises(InvalidPolicy, match="a cool-down lasts at least 1"):
            rule(cool_down=delay("0 hours"), cap=3)

    @pytest.mark.parametrize("cap", [None, 1])
    def test_a_cool_down_that_nothing_is_repeated_after_is_refused(self, cap):
        with pytest.raises(InvalidPolicy, match="a cool-down needs a cap that is higher"):
            rule(cool_down=delay("1 hours"), cap=cap)

    def test_a_rule_that_never_begins_is_refused(self):
        with pytest.raises(InvalidPolicy, match="it never begins"):
            rule(since=())


class TestClocks:
    """What is counted needs a calendar, and only working time stands still."""

    @pytest.mark.parametrize(
        "terms",
        [
            {"levels": [level(1, "1 working-minutes")]},
            {"levels": [level(1, "1 working-hours")]},
            {"levels": [level(1, "1 business-days")]},
            {"levels": [level(1, "1 calendar-days")]},
            {"levels": [level(1, "1 hours")], "stops_after": delay("2 calendar-days")},
            {"levels": [level(1, "1 hours")], "cool_down": delay("1 business-days"), "cap": 2},
        ],
    )
    def test_days_and_working_time_need_a_calendar(self, terms):
        with pytest.raises(InvalidPolicy, match="rule 'unanswered': name the calendar by which"):
            EscalationRule(name="unanswered", **terms)

    def test_hours_and_minutes_need_none(self):
        levels = [level(1, "30 minutes"), level(2, "2 hours")]
        assert EscalationRule(name="unanswered", levels=levels).calendar is None

    def test_a_pause_that_nothing_stands_still_for_is_refused(self):
        with pytest.raises(InvalidPolicy, match="only working time stands still"):
            rule(level(1, "2 business-days"), paused_by={"complainant"})

    def test_a_pause_for_any_working_time_is_not(self):
        counted = rule(
            level(1, "2 business-days"),
            paused_by={"complainant"},
            cool_down=delay("4 working-hours"),
            cap=2,
        )
        assert counted.paused_by == {"complainant"}


class TestNames:
    """Names are keys, and sets of names are sets."""

    @pytest.mark.parametrize("what", ["categories", "severities", "since", "until", "paused_by"])
    def test_one_word_is_not_taken_for_its_letters(self, what):
        with pytest.raises(InvalidPolicy, match=r"write \{'respond'\}, not 'respond'"):
            rule(**{what: "respond"})

    @pytest.mark.parametrize("what", ["categories", "severities", "since", "until", "paused_by"])
    def test_a_name_that_is_no_key_is_refused(self, what):
        with pytest.raises(InvalidIdentifier, match="a name in escalation rule 'unanswered'"):
            rule(**{what: {" "}})

    @pytest.mark.parametrize("what", ["name", "calendar"])
    def test_so_is_an_empty_one(self, what):
        with pytest.raises(InvalidIdentifier, match=f"the {what} of"):
            rule(**{what: ""})

    def test_names_are_kept_as_sets(self):
        assert rule(until=["respond", "hold"]) == rule(until=("hold", "respond", "hold"))
        assert evolve(rule(), until=["respond"]) == rule()
