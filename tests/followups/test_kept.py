"""Cadences written down and read back."""

from datetime import date

import pytest
from hypothesis import given

from crmkit.decision import Decision
from crmkit.errors import InvalidDocument
from crmkit.followups import (
    STORED_TYPES,
    Age,
    Cadence,
    CadenceStep,
    ClosedDays,
    FollowUpFacts,
    Occurrence,
    next_follow_up,
)
from crmkit.period import Period, Unit
from crmkit.recurrence import Every, MonthEnd, RecurrenceRule
from crmkit.serialization import make_converter
from tests.followups.strategies import cadences, calendars, customers

CONVERTER = make_converter(*STORED_TYPES)
DECISIONS = make_converter(Decision[Occurrence | None], FollowUpFacts)

SHOP_PLAN = """
kind = "cadence"
version = 1

[data]
name = "key-account-visits"
anchor = "hand-over"
purpose = "opinions on design and assembly"
channel = "visit"
closed_days = "nearest-open"
days_late = 5
tiers = ["platinum"]
pauses = [{ start = 2026-08-01, end = 2026-09-01 }]

[[data.steps]]
repeat = { kind = "every", interval = 1, unit = "month", month_end = "last-day" }
until = { count = 1, unit = "year" }

[[data.steps]]
repeat = { kind = "recurrence-rule", text = "FREQ=MONTHLY;INTERVAL=3;BYDAY=2TU" }
"""


class TestDocuments:
    @given(cadences())
    def test_what_is_written_is_read_back_the_same(self, cadence):
        text = CONVERTER.dumps(cadence)
        assert CONVERTER.loads(text) == cadence
        assert CONVERTER.dumps(CONVERTER.loads(text)) == text

    @pytest.mark.parametrize("cadence", [Cadence.after_hand_over(), Cadence.december_round()])
    def test_the_ready_ones_too(self, cadence):
        assert CONVERTER.loads(CONVERTER.dumps(cadence)) == cadence

    @given(cadences(), customers(), calendars())
    def test_facts_and_decisions_too(self, cadence, facts, calendar):
        for value in (facts, next_follow_up(facts, [cadence], calendar=calendar)):
            assert DECISIONS.loads(DECISIONS.dumps(value)) == value

    def test_a_shop_writes_toml(self):
        assert CONVERTER.loads_toml(SHOP_PLAN, Cadence) == Cadence(
            name="key-account-visits",
            anchor="hand-over",
            steps=[
                CadenceStep(Every(1, Unit.MONTH, MonthEnd.LAST_DAY), until=Age(1, Unit.YEAR)),
                CadenceStep(RecurrenceRule("FREQ=MONTHLY;INTERVAL=3;BYDAY=2TU")),
            ],
            purpose="opinions on design and assembly",
            channel="visit",
            closed_days=ClosedDays.NEAREST_OPEN,
            days_late=5,
            tiers=["platinum"],
            pauses=[Period.month(2026, 8)],
        )

    def test_a_date_has_no_quotes_in_toml(self):
        fixed = SHOP_PLAN.replace('anchor = "hand-over"', "anchor = 2026-12-01")
        assert CONVERTER.loads_toml(fixed, Cadence).anchor == date(2026, 12, 1)
        quoted = SHOP_PLAN.replace('anchor = "hand-over"', 'anchor = "2026-12-01"')
        with pytest.raises(InvalidDocument, match="in TOML a date has no quotes"):
            CONVERTER.loads_toml(quoted, Cadence)

    @pytest.mark.parametrize(
        ("right", "wrong", "problem"),
        [
            ("nearest-open", "nearest", "expected one of next-open, previous-open, nearest-open"),
            ('kind = "every"', 'kind = "each"', "expected one of every, recurrence-rule"),
            ("interval = 1,", "interval = 0,", "whole number from 1 to 1,000"),
            ("BYDAY=2TU", "BYDAY=2XX", "BYDAY"),
            ("count = 1,", "count = 0,", "an age is a whole number of units"),
            ("days_late = 5", "days_late = -5", "may be done 0 to 366 days early"),
            ('until = { count = 1, unit = "year" }', "", "goes on for ever"),
            ("count = 1,", "count = 1, counted = 1,", "has a field that is not known"),
        ],
    )
    def test_what_is_wrong_is_said(self, right, wrong, problem):
        with pytest.raises(InvalidDocument, match=problem):
            CONVERTER.loads_toml(SHOP_PLAN.replace(right, wrong), Cadence)
