"""Cadences as data: which days they give, where those go, and when each may be done."""

from datetime import date, datetime, timedelta
from enum import StrEnum

import pytest
from attrs import evolve

from crmkit.business_time import BusinessCalendar, Closure, Opening
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.followups import (
    Age,
    Anchor,
    Cadence,
    CadenceStep,
    ClosedDays,
    ExactAge,
    Occurrence,
)
from crmkit.period import Period, Unit
from crmkit.recurrence import Every, MonthEnd, RecurrenceRule

DAILY, WEEKLY = Every(1, Unit.DAY), Every(1, Unit.WEEK)
MONTHLY, YEARLY = Every(1, Unit.MONTH), Every(1, Unit.YEAR)
OFFICE = BusinessCalendar.on_weekdays("09:00-18:00", zone="Europe/Berlin")
# 1 May 2026 is a Friday.
MAY_DAY = BusinessCalendar.on_weekdays(
    "09:00-18:00", zone="Europe/Berlin", closures=[Closure(date(2026, 5, 1), "Labour Day")]
)


def cadence(*steps, anchor="purchase", **terms):
    """A cadence of which only the steps matter."""
    told = [step if isinstance(step, CadenceStep) else CadenceStep(step) for step in steps]
    return Cadence(name="calls", anchor=anchor, steps=told, purpose="keeping in touch", **terms)


def nominal(cadence, anchor, until, **more):
    """The days that it gives up to a day, as texts."""
    found = cadence.due_within(Period.through(anchor, until), anchor=anchor, **more)
    return [str(one.nominal_on) for one in found]


def on(text):
    return date.fromisoformat(text)


class TestAfterHandOver:
    """FUP-01: from hand-over on, within a year monthly, over a year quarterly, by telephone."""

    def test_twelve_calls_in_the_first_year_and_four_in_each_later_one(self):
        assert nominal(Cadence.after_hand_over(), on("2025-03-15"), on("2027-03-15")) == [
            *(f"2025-{month:02}-15" for month in range(4, 13)),
            *(f"2026-{month:02}-15" for month in range(1, 4)),
            *("2026-06-15", "2026-09-15", "2026-12-15", "2027-03-15"),
        ]

    def test_the_hand_over_itself_is_no_follow_up(self):
        found = Cadence.after_hand_over().next_due(on("2025-03-15"), anchor=on("2025-03-15"))
        assert found is not None
        assert found.due_on == on("2025-04-15")

    def test_it_says_what_for_and_how(self):
        found = Cadence.after_hand_over().next_due(on("2026-05-04"), anchor=on("2025-03-15"))
        assert found == Occurrence(
            cadence="after-hand-over",
            step=1,
            purpose="return-visit",
            channel="telephone",
            nominal_on=on("2026-06-15"),
            due_on=on("2026-06-15"),
            not_before=on("2026-06-15"),
            not_after=on("2026-06-15"),
        )
        assert str(found) == "due 2026-06-15"
        assert not found.is_moved

    def test_from_31_january_each_month_end_is_counted_from_the_hand_over(self):
        """The 31st comes back after February: nothing is worn down."""
        assert nominal(Cadence.after_hand_over(), on("2025-01-31"), on("2026-07-31")) == [
            *("2025-02-28", "2025-03-31", "2025-04-30", "2025-05-31", "2025-06-30", "2025-07-31"),
            *("2025-08-31", "2025-09-30", "2025-10-31", "2025-11-30", "2025-12-31", "2026-01-31"),
            *("2026-04-30", "2026-07-31"),
        ]

    @pytest.mark.parametrize(
        ("month_end", "around_the_anniversary"),
        [
            (MonthEnd.CLAMP, ["2025-01-29", "2025-02-28", "2025-05-29", "2025-08-29"]),
            (MonthEnd.SKIP, ["2025-01-29", "2025-05-29", "2025-08-29"]),
            (MonthEnd.LAST_DAY, ["2025-01-31", "2025-02-28", "2025-05-31", "2025-08-31"]),
        ],
    )
    def test_from_29_february_by_each_policy(self, month_end, around_the_anniversary):
        returns = Cadence.after_hand_over(month_end=month_end)
        days = nominal(returns, on("2024-02-29"), on("2025-08-31"))
        assert [day for day in days if day > "2025-01"] == around_the_anniversary

    def test_29_february_comes_back_after_four_years(self):
        found = Cadence.after_hand_over().next_due(on("2028-02-01"), anchor=on("2024-02-29"))
        assert found is not None
        assert found.due_on == on("2028-02-29")

    @pytest.mark.parametrize("hand_over", ["2025-01-31", "2024-02-29", "2023-02-28", "2025-08-31"])
    @pytest.mark.parametrize("month_end", [MonthEnd.CLAMP, MonthEnd.LAST_DAY])
    @pytest.mark.parametrize(("exact_age", "step"), [(ExactAge.WITHIN, 0), (ExactAge.BEYOND, 1)])
    def test_the_exact_anniversary_has_its_call_in_either_reading(
        self, exact_age, step, month_end, hand_over
    ):
        """N-11: within the first year or beyond it, twelve months are a multiple of both."""
        returns = Cadence.after_hand_over(exact_age=exact_age, month_end=month_end)
        anchor = on(hand_over)
        anniversary = YEARLY if month_end is MonthEnd.CLAMP else evolve(YEARLY, month_end=month_end)
        day = anniversary.nth(1, since=anchor)
        assert day is not None
        found = returns.next_due(day, anchor=anchor)
        assert found is not None
        assert (found.due_on, found.step) == (day, step)

    def test_a_hand_over_that_is_still_to_come_is_followed_up_after_it(self):
        found = Cadence.after_hand_over().next_due(on("2026-05-04"), anchor=on("2026-07-31"))
        assert found is not None
        assert found.due_on == on("2026-08-31")


class TestDecemberRound:
    """FUP-02: each December the gift for the new year, and the question about the next one."""

    ROUND = Cadence.december_round()

    @pytest.mark.parametrize(
        ("day", "due"),
        [
            ("2026-05-04", "2026-12-01"),
            ("2026-12-01", "2026-12-01"),
            ("2026-12-31", "2026-12-01"),
            ("2027-01-01", "2027-12-01"),
        ],
    )
    def test_it_is_open_all_december(self, day, due):
        found = self.ROUND.next_due(on(day))
        assert found is not None
        assert found.due_on == on(due)
        assert (found.not_before, found.not_after) == (on(due), on(due).replace(day=31))

    def test_who_had_theirs_is_asked_again_next_year(self):
        found = self.ROUND.next_due(on("2026-12-10"), handled=on("2026-12-01"))
        assert found is not None
        assert found.due_on == on("2027-12-01")

    def test_it_stays_within_december_when_the_first_is_closed(self):
        """1 December 2029 is a Saturday."""
        found = self.ROUND.next_due(on("2029-05-04"), calendar=OFFICE)
        assert found is not None
        assert (str(found.due_on), str(found.not_after)) == ("2029-12-03", "2029-12-31")


class TestOtherPrograms:
    """What else is followed up can be told as data."""

    def test_a_post_sale_call_a_week_after_the_purchase(self):
        """FUP-06."""
        call = cadence(CadenceStep(WEEKLY, times=1))
        assert nominal(call, on("2026-05-04"), on("2027-05-04")) == ["2026-05-11"]
        assert call.next_due(on("2026-05-12"), anchor=on("2026-05-04")) is None

    def test_an_executive_call_on_the_second_tuesday_of_each_quarter(self):
        """FUP-07."""
        rule = RecurrenceRule("FREQ=MONTHLY;INTERVAL=3;BYDAY=2TU")
        calls = cadence(rule, anchor=date(2026, 1, 1), tiers=["top"])
        found = calls.due_within(Period.year(2026))
        days = ["2026-01-13", "2026-04-14", "2026-07-14", "2026-10-13"]
        assert [str(one.due_on) for one in found] == days

    def test_a_visit_to_a_key_region_in_march_and_september(self):
        """FUP-05."""
        rule = RecurrenceRule("FREQ=YEARLY;BYMONTH=3,9;BYDAY=1MO")
        visits = cadence(rule, anchor="policy-date", segments=["key region"])
        days = ["2026-09-07", "2027-03-01", "2027-09-06"]
        assert nominal(visits, on("2026-05-04"), on("2027-12-31")) == days

    def test_a_birthday_on_29_february(self):
        greeting = cadence(YEARLY, anchor=Anchor.BIRTHDAY)
        days = nominal(greeting, on("2000-02-29"), on("2004-03-01"))
        assert days == ["2001-02-28", "2002-02-28", "2003-02-28", "2004-02-29"]


class TestSteps:
    """Steps that change with age; everything is counted from the anchor."""

    def test_a_step_that_changes_in_the_middle_of_a_quarter(self):
        """After 14 months quarters go on from the anchor: month 15 is one, and comes a month on."""
        calls = cadence(
            CadenceStep(MONTHLY, until=Age(14, Unit.MONTH)), CadenceStep(Every(3, Unit.MONTH))
        )
        days = nominal(calls, on("2025-01-15"), on("2026-12-31"))
        assert days[-5:] == ["2026-02-15", "2026-03-15", "2026-04-15", "2026-07-15", "2026-10-15"]

    @pytest.mark.parametrize(
        ("exact_age", "days"),
        [
            (ExactAge.WITHIN, ["2026-05-07", "2026-05-08", "2026-05-14"]),
            (ExactAge.BEYOND, ["2026-05-07", "2026-05-14"]),
        ],
    )
    def test_the_exact_age_matters_where_only_one_step_gives_the_day(self, exact_age, days):
        """Daily up to four days, then every ten: the fourth day is within the four, or not."""
        calls = cadence(
            CadenceStep(DAILY, until=Age(4, Unit.DAY)),
            CadenceStep(Every(10, Unit.DAY)),
            exact_age=exact_age,
        )
        assert nominal(calls, on("2026-05-04"), on("2026-05-14"))[2:] == days

    def test_so_many_times_and_then_another_step(self):
        calls = cadence(
            CadenceStep(Every(3, Unit.DAY), times=1),
            CadenceStep(WEEKLY, times=2),
            CadenceStep(MONTHLY, until=Age(2, Unit.MONTH)),
            CadenceStep(Every(3, Unit.MONTH), times=2),
        )
        assert nominal(calls, on("2026-05-04"), on("2027-12-31")) == [
            *("2026-05-07", "2026-05-11", "2026-05-18", "2026-06-04", "2026-07-04"),
            *("2026-08-04", "2026-11-04"),
        ]

    def test_what_is_counted_begins_where_the_step_before_ended(self):
        """However old the customer is: the two calls of the second year were made in it."""
        calls = cadence(
            CadenceStep(MONTHLY, until=Age(1, Unit.YEAR)),
            CadenceStep(Every(6, Unit.MONTH), times=2),
        )
        assert calls.next_due(on("2026-05-05"), anchor=on("2024-05-04")) is None
        found = calls.next_due(on("2026-05-04"), anchor=on("2024-05-04"))
        assert found is not None
        assert found.due_on == on("2026-05-04")

    def test_the_count_of_a_rule_begins_at_the_anchor(self):
        rule = RecurrenceRule("FREQ=WEEKLY;COUNT=4")
        calls = cadence(CadenceStep(DAILY, until=Age(10, Unit.DAY)), rule)
        assert nominal(calls, on("2026-05-04"), on("2026-12-31"))[-2:] == [
            "2026-05-18",
            "2026-05-25",
        ]

    def test_a_rule_that_has_ended_makes_way_for_the_next_step(self):
        rule = RecurrenceRule("FREQ=WEEKLY;COUNT=3")
        calls = cadence(CadenceStep(rule, times=9), CadenceStep(MONTHLY))
        days = ["2026-05-11", "2026-05-18", "2026-06-04", "2026-07-04"]
        assert nominal(calls, on("2026-05-04"), on("2026-07-31")) == days

    def test_a_step_that_has_no_day_for_a_customer_is_passed_over(self):
        """Monthly up to 30 days: from 1 May there is none, from 1 April there is one."""
        calls = cadence(CadenceStep(MONTHLY, until=Age(30, Unit.DAY)), CadenceStep(YEARLY))
        assert nominal(calls, on("2026-05-01"), on("2027-05-01")) == ["2027-05-01"]
        assert nominal(calls, on("2026-04-01"), on("2027-04-01")) == ["2026-05-01", "2027-04-01"]

    def test_a_step_that_was_overtaken_is_passed_over(self):
        """Nothing else before the first Christmas, and half a year may be over by then."""
        christmas = RecurrenceRule("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24")
        calls = cadence(
            CadenceStep(christmas, times=1),
            CadenceStep(MONTHLY, until=Age(6, Unit.MONTH)),
            CadenceStep(YEARLY),
        )
        assert nominal(calls, on("2026-01-15"), on("2027-12-31")) == ["2026-12-24", "2027-01-15"]
        assert nominal(calls, on("2026-09-15"), on("2027-12-31")) == [
            *("2026-12-24", "2027-01-15", "2027-02-15", "2027-03-15", "2027-09-15")
        ]

    @pytest.mark.parametrize(
        ("anchor", "unit", "last"),
        [
            ("2026-07-31", Unit.MONTH, "2026-08-31"),
            ("2026-07-31", Unit.QUARTER, "2026-10-31"),
            ("2027-03-01", Unit.YEAR, "2028-03-01"),
            ("2026-05-04", Unit.WEEK, "2026-05-11"),
            ("2026-05-04", Unit.DAY, "2026-05-05"),
        ],
    )
    def test_a_step_lasts_until_the_very_day_however_long_the_unit(self, anchor, unit, last):
        """The longest month, quarter and year there are."""
        calls = cadence(CadenceStep(DAILY, until=Age(1, unit)), CadenceStep(Every(10, Unit.YEAR)))
        days = nominal(calls, on(anchor), on("2029-12-31"))
        assert days[-1] == last

    def test_which_of_two_ages_is_reached_first_depends_on_the_anchor(self):
        """A month is more than 30 days or fewer. What a step has had, no later one takes."""
        calls = cadence(
            CadenceStep(WEEKLY, until=Age(1, Unit.MONTH)),
            CadenceStep(DAILY, until=Age(30, Unit.DAY)),
            CadenceStep(MONTHLY),
        )
        assert nominal(calls, on("2026-01-01"), on("2026-03-31")) == [
            *("2026-01-08", "2026-01-15", "2026-01-22", "2026-01-29", "2026-03-01")
        ]
        assert nominal(calls, on("2026-02-01"), on("2026-04-30")) == [
            *("2026-02-08", "2026-02-15", "2026-02-22", "2026-03-01"),
            *("2026-03-02", "2026-03-03", "2026-04-01"),
        ]

    @pytest.mark.parametrize(
        ("step", "text"),
        [
            (CadenceStep(MONTHLY), "every month"),
            (CadenceStep(MONTHLY, until=Age(1, Unit.YEAR)), "every month up to 1 year"),
            (CadenceStep(WEEKLY, until=Age(6, Unit.MONTH)), "every week up to 6 months"),
            (CadenceStep(WEEKLY, times=1), "every week, once"),
            (CadenceStep(WEEKLY, times=3), "every week, 3 times"),
            (CadenceStep(RecurrenceRule("FREQ=MONTHLY;BYDAY=2TU")), "FREQ=MONTHLY;BYDAY=2TU"),
        ],
    )
    def test_it_reads_as_one_would_say_it(self, step, text):
        assert str(step) == text

    @pytest.mark.parametrize(
        ("steps", "problem"),
        [
            ([], "a cadence has steps"),
            ([MONTHLY], "a cadence has steps"),
            ([CadenceStep(MONTHLY), CadenceStep(YEARLY)], "'every month' goes on for ever"),
            (
                [CadenceStep(YEARLY, until=Age(6, Unit.MONTH))],
                "'every year up to 6 months' never gives a day",
            ),
            (
                [
                    CadenceStep(WEEKLY, until=Age(1, Unit.YEAR)),
                    CadenceStep(MONTHLY, until=Age(1, Unit.YEAR)),
                ],
                "'every month up to 1 year' never gives a day",
            ),
            (
                [CadenceStep(RecurrenceRule("FREQ=WEEKLY;UNTIL=19991231"))],
                "never gives a day: let it happen more often, or end at a later age",
            ),
        ],
    )
    def test_steps_that_never_happen_are_refused(self, steps, problem):
        with pytest.raises(InvalidPolicy, match=problem):
            Cadence(name="calls", anchor="purchase", steps=steps, purpose="keeping in touch")

    def test_a_day_that_only_some_months_have_is_a_day(self):
        assert cadence(RecurrenceRule("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=31"))

    @pytest.mark.parametrize(
        ("wrong", "problem"),
        [
            ({"repeat": "monthly"}, "a step says how often"),
            ({"repeat": MONTHLY, "until": YEARLY}, "a step ends at an age such as"),
            ({"repeat": MONTHLY, "times": 0}, "a step happens 1 to 100 times"),
            ({"repeat": MONTHLY, "times": 101}, "a step happens 1 to 100 times"),
            ({"repeat": MONTHLY, "times": True}, "a step happens 1 to 100 times"),
            ({"repeat": MONTHLY, "times": 2, "until": Age(1, Unit.YEAR)}, "say one of the two"),
        ],
    )
    def test_a_step_that_makes_no_sense_is_refused(self, wrong, problem):
        with pytest.raises(InvalidPolicy, match=problem):
            CadenceStep(**wrong)

    @pytest.mark.parametrize("count", [0, -1, 1_001, 1.0, True])
    def test_an_age_is_a_whole_number_of_units(self, count):
        with pytest.raises(InvalidValue, match="whole number of units, from 1 to 1,000"):
            Age(count, Unit.YEAR)

    def test_an_age_has_a_unit(self):
        with pytest.raises(InvalidValue, match=r"such as Age\(1, Unit.YEAR\)"):
            Age(1, "year")  # type: ignore[arg-type]


class TestAnchors:
    """What everything is counted from."""

    def test_a_date_is_the_first_day_itself(self):
        audit = cadence(YEARLY, anchor=date(2026, 12, 1))
        found = audit.due_within(Period(date(2020, 1, 1), date(2028, 1, 1)))
        assert [str(one.due_on) for one in found] == ["2026-12-01", "2027-12-01"]

    def test_a_date_that_its_rule_does_not_give_is_none(self):
        calls = cadence(RecurrenceRule("FREQ=MONTHLY;BYDAY=2TU"), anchor=date(2026, 5, 4))
        found = calls.next_due(on("2026-01-01"))
        assert found is not None
        assert found.due_on == on("2026-05-12")

    def test_a_recall_on_one_day_for_everybody(self):
        recall = cadence(CadenceStep(DAILY, times=1), anchor=date(2026, 6, 1))
        found = recall.next_due(on("2026-05-04"))
        assert found is not None
        assert found.due_on == on("2026-06-01")
        assert recall.next_due(on("2026-06-02")) is None

    def test_the_host_has_words_of_its_own(self):
        class Event(StrEnum):
            INSTALLED = "installed"

        visits = cadence(MONTHLY, anchor=Event.INSTALLED, channel=Event.INSTALLED)
        assert (type(visits.anchor), type(visits.channel)) == (str, str)
        assert visits.anchor == "installed"

    @pytest.mark.parametrize("wrong", [5, None, "2026-12-01", "20261201", ("purchase",)])
    def test_an_anchor_is_a_name_or_a_date(self, wrong):
        """A date in quotes would be the name of a day that nobody has."""
        with pytest.raises(InvalidPolicy, match="counts from a day of the customer by its name"):
            cadence(MONTHLY, anchor=wrong)

    def test_an_anchor_has_no_time_of_day(self):
        with pytest.raises(InvalidValue, match="the anchor of a cadence is a datetime"):
            cadence(MONTHLY, anchor=datetime(2026, 5, 4))  # noqa: DTZ001

    def test_who_counts_from_a_day_of_the_customer_needs_it(self):
        with pytest.raises(InvalidValue, match="calls counts from a day of the customer: pass an"):
            cadence(MONTHLY).next_due(on("2026-05-04"))

    def test_who_counts_from_a_date_needs_no_other(self):
        with pytest.raises(
            InvalidValue, match="december-round counts from a date of its own: leave anchor"
        ):
            Cadence.december_round().next_due(on("2026-05-04"), anchor=on("2026-05-04"))


class TestClosedDays:
    """Where a follow-up goes that falls on a closed day: 1 May 2026 is a Friday, and a holiday."""

    @pytest.mark.parametrize(
        ("closed_days", "goes_to"),
        [
            (ClosedDays.NEXT_OPEN, {"1": "4", "2": "4", "3": "4"}),
            (ClosedDays.PREVIOUS_OPEN, {"1": "30", "2": "30", "3": "30"}),
            # Saturday is two days from Thursday and two from Monday.
            (ClosedDays.NEAREST_OPEN, {"1": "30", "2": "4", "3": "4"}),
            (ClosedDays.STAY, {"1": "1", "2": "2", "3": "3"}),
        ],
    )
    def test_by_each_policy(self, closed_days, goes_to):
        for day, expected in goes_to.items():
            once = cadence(
                CadenceStep(DAILY, times=1),
                anchor=date(2026, 5, int(day)),
                closed_days=closed_days,
            )
            found = once.next_due(on("2026-04-01"), calendar=MAY_DAY)
            assert found is not None
            assert found.nominal_on == date(2026, 5, int(day))
            assert str(found.due_on.day) == expected
            assert found.is_moved is (expected != day)

    def test_asked_on_monday_the_call_of_saturday_is_due(self):
        weekly = cadence(WEEKLY, anchor=date(2026, 4, 18))
        for day in ("2026-05-01", "2026-05-02", "2026-05-03", "2026-05-04"):
            found = weekly.next_due(on(day), calendar=MAY_DAY)
            assert found is not None
            assert (str(found.nominal_on), str(found.due_on)) == ("2026-05-02", "2026-05-04")

    @pytest.mark.parametrize(
        ("closed_days", "nominal_on", "due_on"),
        [
            (ClosedDays.NEXT_OPEN, "2026-05-04", "2026-05-04"),
            (ClosedDays.PREVIOUS_OPEN, "2026-05-03", "2026-04-30"),
        ],
    )
    def test_days_that_go_to_the_same_one_are_one_follow_up(self, closed_days, nominal_on, due_on):
        """Daily over a long weekend: nobody is called four times on one day."""
        daily = cadence(DAILY, closed_days=closed_days)
        asked = {"anchor": on("2026-04-01"), "calendar": MAY_DAY}
        found = daily.next_due(on(due_on), **asked)
        assert found is not None
        assert (str(found.nominal_on), str(found.due_on)) == (nominal_on, due_on)
        for handled in (nominal_on, due_on):
            following = daily.next_due(on(due_on), handled=on(handled), **asked)
            assert following is not None
            assert following.due_on == on(due_on) + timedelta(days=1 if due_on > "2026-05" else 4)

    def test_daily_the_week_has_five_follow_ups(self):
        daily = cadence(DAILY)
        found = daily.due_within(
            Period(on("2026-05-04"), on("2026-05-18")), anchor=on("2026-04-01"), calendar=OFFICE
        )
        assert [one.due_on.weekday() for one in found] == [0, 1, 2, 3, 4] * 2

    def test_what_is_moved_across_the_edge_of_a_period_belongs_where_it_is_due(self):
        """31 May 2026 is a Sunday."""
        monthly = cadence(MONTHLY)
        asked = {"anchor": on("2026-03-31"), "calendar": OFFICE}
        may, june = Period.month(2026, 5), Period.month(2026, 6)
        assert list(monthly.due_within(may, **asked)) == []
        assert [str(one.due_on) for one in monthly.due_within(june, **asked)] == [
            *("2026-06-01", "2026-06-30")
        ]
        earlier = evolve(monthly, closed_days=ClosedDays.PREVIOUS_OPEN)
        assert [str(one.due_on) for one in earlier.due_within(may, **asked)] == ["2026-05-29"]

    def test_without_a_calendar_all_days_are_open(self):
        found = cadence(WEEKLY).next_due(on("2026-05-02"), anchor=on("2026-04-18"))
        assert found is not None
        assert found.due_on == on("2026-05-02")

    def test_a_calendar_that_does_not_open_any_more_is_told(self):
        once_open = BusinessCalendar(
            zone="UTC", hours={}, openings=[Opening(on("2026-05-04"), "09:00-17:00")]
        )
        daily = cadence(DAILY)
        with pytest.raises(InvalidValue, match="no further opening"):
            daily.next_due(on("2026-05-05"), anchor=on("2026-04-01"), calendar=once_open)
        with pytest.raises(InvalidValue, match="nobody works in the 366 days before"):
            daily.next_due(on("2027-05-06"), anchor=on("2026-04-01"), calendar=once_open)
        stays = evolve(daily, closed_days=ClosedDays.STAY)
        assert stays.next_due(on("2027-05-06"), anchor=on("2026-04-01"), calendar=once_open)


class TestWindows:
    """On which days a follow-up may be done."""

    def test_as_many_days_early_and_late_as_it_says(self):
        visits = cadence(MONTHLY, days_early=3, days_late=7)
        found = visits.next_due(on("2026-05-20"), anchor=on("2026-01-15"))
        assert found is not None
        assert (str(found.not_before), str(found.not_after)) == ("2026-05-12", "2026-05-22")

    def test_what_is_past_and_may_still_be_done_comes_first(self):
        visits = cadence(MONTHLY, days_late=7)
        due = {}
        for day in ("2026-05-15", "2026-05-22", "2026-05-23"):
            found = visits.next_due(on(day), anchor=on("2026-01-15"))
            assert found is not None
            due[day] = str(found.due_on)
        assert due == {
            "2026-05-15": "2026-05-15",
            "2026-05-22": "2026-05-15",
            "2026-05-23": "2026-06-15",
        }

    def test_it_is_due_in_one_period_only(self):
        """Due on the 1st and the 15th, and each may be done two weeks late."""
        visits = cadence(RecurrenceRule("FREQ=MONTHLY;BYMONTHDAY=1,15"), days_late=14)
        found = visits.due_within(
            Period(on("2026-05-05"), on("2026-06-01")), anchor=on("2026-01-01")
        )
        assert [str(one.due_on) for one in found] == ["2026-05-15"]

    @pytest.mark.parametrize(
        ("closed_days", "window"),
        [
            # Its own day is Saturday the 2nd.
            (ClosedDays.NEXT_OPEN, ("2026-05-01", "2026-05-04")),
            (ClosedDays.PREVIOUS_OPEN, ("2026-04-30", "2026-05-03")),
            (ClosedDays.STAY, ("2026-05-01", "2026-05-03")),
        ],
    )
    def test_it_is_counted_from_its_own_day_and_holds_the_day_it_is_due(self, closed_days, window):
        visits = cadence(WEEKLY, closed_days=closed_days, days_early=1, days_late=1)
        found = visits.next_due(on("2026-05-01"), anchor=on("2026-04-25"), calendar=MAY_DAY)
        assert found is not None
        assert (str(found.not_before), str(found.not_after)) == window

    def test_without_one_it_is_done_on_the_day_it_is_due(self):
        visits = cadence(WEEKLY, closed_days=ClosedDays.PREVIOUS_OPEN)
        found = visits.next_due(on("2026-04-30"), anchor=on("2026-04-25"), calendar=MAY_DAY)
        assert found is not None
        assert found.not_before == found.due_on == found.not_after == on("2026-04-30")

    def test_it_opens_after_the_anchor_and_closes_at_the_end(self):
        visits = cadence(WEEKLY, days_early=30, days_late=30)
        asked = {"anchor": on("2026-05-04"), "ends_on": on("2026-05-20")}
        found = visits.next_due(on("2026-05-04"), **asked)
        assert found is not None
        assert (str(found.not_before), str(found.not_after)) == ("2026-05-05", "2026-05-20")

    def test_a_date_as_the_anchor_is_within_the_window(self):
        visits = cadence(WEEKLY, anchor=on("2026-05-04"), days_early=30)
        found = visits.next_due(on("2026-01-01"))
        assert found is not None
        assert found.not_before == on("2026-05-04")

    @pytest.mark.parametrize("wrong", [-1, 367, 1.5, True])
    @pytest.mark.parametrize("side", ["days_early", "days_late"])
    def test_a_window_that_makes_no_sense_is_refused(self, side, wrong):
        with pytest.raises(InvalidPolicy, match="may be done 0 to 366 days early"):
            cadence(MONTHLY, **{side: wrong})

    def test_an_occurrence_is_due_within_its_window(self):
        found = Cadence.december_round().next_due(on("2026-05-04"))
        assert found is not None
        for wrong in ({"not_before": on("2026-12-02")}, {"not_after": on("2026-11-30")}):
            with pytest.raises(InvalidValue, match="due within the days in which it may be done"):
                evolve(found, **wrong)


class TestPauses:
    """During a pause nobody follows up."""

    AUGUST = Period.month(2026, 8)

    def test_what_falls_into_a_pause_is_left_out(self):
        monthly = cadence(MONTHLY)
        asked = {"anchor": on("2026-05-12"), "pauses": [self.AUGUST]}
        days = [one.due_on.month for one in monthly.due_within(Period.year(2026), **asked)]
        assert days == [6, 7, 9, 10, 11, 12]
        found = monthly.next_due(on("2026-07-13"), **asked)
        assert found is not None
        assert found.due_on == on("2026-09-12")

    def test_it_may_be_a_pause_of_the_whole_program(self):
        monthly = cadence(MONTHLY, pauses=[self.AUGUST])
        days = nominal(monthly, on("2026-05-12"), on("2026-10-31"), pauses=[Period.month(2026, 6)])
        assert days == ["2026-07-12", "2026-09-12", "2026-10-12"]

    def test_what_would_be_moved_into_a_pause_is_left_out_too(self):
        """1 August 2026 is a Saturday."""
        pause = Period.through(on("2026-08-03"), on("2026-08-07"))
        weekly = cadence(WEEKLY)
        asked = {"anchor": on("2026-07-25"), "calendar": OFFICE, "pauses": [pause]}
        found = weekly.next_due(on("2026-07-28"), **asked)
        assert found is not None
        assert (str(found.nominal_on), str(found.due_on)) == ("2026-08-08", "2026-08-10")

    def test_what_would_be_moved_out_of_a_pause_is_left_out_as_well(self):
        """Its own day is what counts: 1 August 2026 is the Saturday on which the pause ends."""
        pause = Period.through(on("2026-07-27"), on("2026-08-01"))
        weekly = cadence(WEEKLY)
        asked = {"anchor": on("2026-07-18"), "calendar": OFFICE, "pauses": [pause]}
        found = weekly.next_due(on("2026-07-28"), **asked)
        assert found is not None
        assert (str(found.nominal_on), str(found.due_on)) == ("2026-08-08", "2026-08-10")

    def test_what_may_be_done_later_waits_for_the_first_working_day_after_it(self):
        """The round of December is not lost because a customer is away on its first day."""
        pause = Period.through(on("2026-11-25"), on("2026-12-04"))
        found = Cadence.december_round().next_due(on("2026-11-01"), calendar=OFFICE, pauses=[pause])
        assert found is not None
        # 4 December is a Friday.
        assert (str(found.nominal_on), str(found.due_on)) == ("2026-12-01", "2026-12-07")
        assert str(found.not_after) == "2026-12-31"

    def test_one_pause_after_another(self):
        away = Period.through(on("2026-11-25"), on("2026-12-04"))
        ill = Period.through(on("2026-12-07"), on("2026-12-08"))
        found = Cadence.december_round().next_due(
            on("2026-11-01"), calendar=OFFICE, pauses=[ill, away]
        )
        assert found is not None
        assert str(found.due_on) == "2026-12-09"

    @pytest.mark.parametrize(
        ("last", "due"),
        [("2026-12-30", "2026-12-31"), ("2026-12-31", "2027-12-01")],
    )
    def test_it_waits_no_longer_than_it_may_be_done(self, last, due):
        pause = Period.through(on("2026-12-01"), on(last))
        found = Cadence.december_round().next_due(on("2026-12-01"), pauses=[pause])
        assert found is not None
        assert str(found.due_on) == due

    def test_the_working_day_after_it_may_come_too_late(self):
        """Thursday 31 December is closed as well."""
        closed = BusinessCalendar.on_weekdays(
            "09:00-18:00", zone="UTC", closures=[Closure(on("2026-12-31"))]
        )
        pause = Period.through(on("2026-12-01"), on("2026-12-30"))
        found = Cadence.december_round().next_due(on("2026-11-01"), calendar=closed, pauses=[pause])
        assert found is not None
        assert str(found.due_on) == "2027-12-01"

    def test_who_stays_on_closed_days_goes_on_with_the_day_after_it(self):
        december = evolve(Cadence.december_round(), closed_days=ClosedDays.STAY)
        pause = Period.through(on("2026-11-25"), on("2026-12-04"))
        found = december.next_due(on("2026-11-01"), calendar=OFFICE, pauses=[pause])
        assert found is not None
        assert str(found.due_on) == "2026-12-05"

    def test_all_that_wait_for_the_same_day_are_one(self):
        weekly = cadence(WEEKLY, days_late=14)
        pause = Period.through(on("2026-05-05"), on("2026-05-25"))
        days = nominal(weekly, on("2026-04-27"), on("2026-06-10"), pauses=[pause])
        # Those of 11, 18 and 25 May could wait until the 26th, and that of the 25th stands for all.
        assert days == ["2026-05-04", "2026-05-25", "2026-06-01", "2026-06-08"]

    @pytest.mark.parametrize("wrong", [[on("2026-08-01")], Period.month(2026, 8), 8])
    def test_pauses_are_periods(self, wrong):
        with pytest.raises(InvalidValue, match="pauses are periods, such as"):
            cadence(MONTHLY, pauses=wrong)


class TestEnd:
    """After the end nobody follows up any more."""

    def test_the_last_day_counts(self):
        monthly = cadence(MONTHLY)
        asked = {"anchor": on("2026-01-15")}
        assert monthly.next_due(on("2026-05-04"), ends_on=on("2026-05-15"), **asked)
        assert monthly.next_due(on("2026-05-04"), ends_on=on("2026-05-14"), **asked) is None

    def test_the_earlier_end_counts(self):
        monthly = cadence(MONTHLY, ends_on=on("2026-05-14"))
        asked = {"anchor": on("2026-01-15")}
        assert monthly.next_due(on("2026-05-04"), **asked) is None
        assert monthly.next_due(on("2026-05-04"), ends_on=on("2027-05-04"), **asked) is None
        assert monthly.next_due(on("2026-04-04"), ends_on=on("2026-04-04"), **asked) is None

    def test_nothing_is_moved_beyond_it(self):
        """Saturday 2 May goes to Monday the 4th."""
        weekly = cadence(WEEKLY, anchor=on("2026-04-25"))
        assert weekly.next_due(on("2026-04-29"), calendar=OFFICE, ends_on=on("2026-05-03")) is None
        assert weekly.next_due(on("2026-04-29"), calendar=OFFICE, ends_on=on("2026-05-04"))

    def test_a_last_step_may_have_an_end(self):
        calls = cadence(CadenceStep(MONTHLY, until=Age(3, Unit.MONTH)))
        days = nominal(calls, on("2026-01-31"), on("2027-01-31"))
        assert days == ["2026-02-28", "2026-03-31", "2026-04-30"]

    def test_at_the_end_of_the_calendar_there_is_none_any_more(self):
        yearly = cadence(
            CadenceStep(YEARLY, until=Age(1_000, Unit.YEAR)), days_early=9, days_late=9
        )
        assert yearly.next_due(date.max, anchor=on("9999-12-30")) is None
        found = yearly.next_due(on("9999-12-31"), anchor=on("9990-12-31"))
        assert found is not None
        assert (found.due_on, found.not_after) == (date.max, date.max)
        beyond = evolve(yearly, exact_age=ExactAge.BEYOND)
        assert beyond.next_due(on("9999-12-01"), anchor=on("9990-12-30"))

    @pytest.mark.parametrize("closed_days", ClosedDays)
    def test_at_its_beginning_nothing_lies_before(self, closed_days):
        daily = cadence(DAILY, anchor=date.min, closed_days=closed_days, days_early=5, days_late=5)
        weekends = BusinessCalendar.every_day(
            "09:00-17:00", zone="UTC", closures=[Closure(date.min)]
        )
        found = daily.next_due(date.min, calendar=weekends)
        assert found is not None
        assert found.due_on == date(1, 1, 2)
