"""Spans of days follow the calendar, and a rate means the same in every unit."""

from __future__ import annotations

import decimal
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from crmkit.errors import InvalidMoney, InvalidValue, NaiveDatetime
from crmkit.period import (
    MEAN_GREGORIAN_YEAR,
    Period,
    Rate,
    Unit,
    add_units,
    check_date,
    check_instant,
)
from crmkit.testing.strategies import days, periods, rates, units

NAIVE = datetime(2026, 3, 1, 9, 30)  # noqa: DTZ001 - a naive datetime, to be refused
AWARE = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
NO_DATES: list[Any] = [NAIVE, AWARE, "2026-03-01", 20260301, None]


def day(text: str) -> date:
    return date.fromisoformat(text)


class TestDays:
    """A day is a plain date: a datetime is one only in a named zone."""

    def test_a_date_is_a_day(self):
        check_date(day("2026-03-01"), "as_of")

    def test_a_datetime_is_told_to_say_in_which_zone(self):
        for value in (NAIVE, AWARE):
            with pytest.raises(InvalidValue) as caught:
                check_date(value, "as_of")
            assert str(caught.value) == (
                "as_of is a datetime, not a date: say which day it is, for example "
                "at.astimezone(ZoneInfo('Europe/Berlin')).date()"
            )

    @pytest.mark.parametrize(
        ("value", "kind"), [("2026-03-01", "str"), (20260301, "int"), (None, "NoneType")]
    )
    def test_anything_else_is_told_what_to_pass(self, value, kind):
        with pytest.raises(InvalidValue) as caught:
            check_date(value, "as_of")
        assert str(caught.value) == f"as_of is a {kind}, not a date: pass a datetime.date"


class TestInstants:
    """Instants are aware datetimes; a naive one is refused everywhere with a clear error."""

    @pytest.mark.parametrize(
        "zone", [UTC, ZoneInfo("Europe/Berlin"), timezone(timedelta(hours=-3, minutes=-30))]
    )
    def test_an_aware_datetime_is_an_instant(self, zone):
        check_instant(datetime(2026, 3, 1, tzinfo=zone), "at")

    def test_a_naive_one_names_no_instant(self):
        with pytest.raises(NaiveDatetime) as caught:
            check_instant(NAIVE, "recorded_at")
        assert caught.value.what == "recorded_at"
        assert str(caught.value) == (
            "recorded_at needs a time zone: pass an aware datetime, such as "
            "datetime(2026, 3, 1, 9, 30, tzinfo=ZoneInfo('Europe/Berlin'))"
        )

    def test_a_zone_that_knows_no_offset_is_none(self):
        class Nowhere(timezone.__base__):  # type: ignore[name-defined,misc]
            def utcoffset(self, _):
                return None

        with pytest.raises(NaiveDatetime):
            check_instant(datetime(2026, 3, 1, tzinfo=Nowhere()), "at")

    @pytest.mark.parametrize("value", [day("2026-03-01"), "2026-03-01T00:00:00Z", 0, None])
    def test_anything_else_is_told_what_to_pass(self, value):
        with pytest.raises(InvalidValue) as caught:
            check_instant(value, "at")
        assert str(caught.value) == f"at is a {type(value).__name__}: pass an aware datetime"


class TestAddUnits:
    """Months, quarters and years are those of the calendar, and no month has thirty days."""

    @pytest.mark.parametrize(
        ("start", "count", "unit", "end"),
        [
            ("2026-03-01", 1, Unit.DAY, "2026-03-02"),
            ("2026-02-28", 1, Unit.DAY, "2026-03-01"),
            ("2024-02-28", 1, Unit.DAY, "2024-02-29"),
            ("2026-12-31", 1, Unit.WEEK, "2027-01-07"),
            ("2026-01-31", 1, Unit.MONTH, "2026-02-28"),
            ("2024-01-31", 1, Unit.MONTH, "2024-02-29"),
            ("2026-01-31", 2, Unit.MONTH, "2026-03-31"),
            ("2026-03-31", -1, Unit.MONTH, "2026-02-28"),
            ("2026-05-31", 1, Unit.MONTH, "2026-06-30"),
            ("2026-12-15", 1, Unit.MONTH, "2027-01-15"),
            ("2026-11-30", 1, Unit.QUARTER, "2027-02-28"),
            ("2026-01-01", -1, Unit.QUARTER, "2025-10-01"),
            ("2024-02-29", 1, Unit.YEAR, "2025-02-28"),
            ("2024-02-29", 4, Unit.YEAR, "2028-02-29"),
            ("2024-02-29", -1, Unit.YEAR, "2023-02-28"),
            ("1900-01-31", 1, Unit.MONTH, "1900-02-28"),
            ("2000-01-31", 1, Unit.MONTH, "2000-02-29"),
            ("2026-03-01", 0, Unit.YEAR, "2026-03-01"),
            ("9999-12-30", 1, Unit.DAY, "9999-12-31"),
            ("0001-01-02", -1, Unit.DAY, "0001-01-01"),
        ],
    )
    def test_the_table_of_the_calendar(self, start, count, unit, end):
        assert add_units(day(start), count, unit) == day(end)

    @given(days(), st.integers(-500, 500))
    def test_a_week_is_seven_days_and_a_quarter_three_months_and_a_year_twelve(self, start, count):
        assert add_units(start, count, Unit.WEEK) == add_units(start, 7 * count, Unit.DAY)
        assert add_units(start, count, Unit.QUARTER) == add_units(start, 3 * count, Unit.MONTH)
        assert add_units(start, count, Unit.YEAR) == add_units(start, 12 * count, Unit.MONTH)

    @given(days(), st.integers(-1200, 1200))
    def test_a_month_later_is_the_same_day_or_the_last_of_the_month(self, start, count):
        """Counted by hand: the month is right, and no later day of it would have been nearer."""
        end = add_units(start, count, Unit.MONTH)
        assert end.year * 12 + end.month == start.year * 12 + start.month + count
        assert end.day == start.day or (end.day < start.day and (end + timedelta(days=1)).day == 1)

    @given(days(), days(), st.integers(-500, 500), units())
    def test_the_order_of_days_stays(self, one, other, count, unit):
        assume(one <= other)
        assert add_units(one, count, unit) <= add_units(other, count, unit)

    @pytest.mark.parametrize(
        ("start", "count", "unit"),
        [
            ("9999-12-31", 1, Unit.DAY),
            ("9999-12-01", 1, Unit.MONTH),
            ("9999-01-01", 1, Unit.YEAR),
            ("0001-01-01", -1, Unit.DAY),
            ("0001-01-31", -1, Unit.MONTH),
            ("2026-01-01", 10**6, Unit.YEAR),
            ("2026-01-01", 10**400, Unit.DAY),
            ("2026-01-01", -(10**400), Unit.MONTH),
        ],
    )
    def test_beyond_the_calendar_there_is_no_day(self, start, count, unit):
        with pytest.raises(InvalidValue, match="outside the calendar: stay within the years 1 to"):
            add_units(day(start), count, unit)

    def test_the_message_says_how_far_was_asked(self):
        with pytest.raises(InvalidValue) as caught:
            add_units(day("9999-12-31"), 2, Unit.MONTH)
        assert str(caught.value) == (
            "2 months from there is outside the calendar: stay within the years 1 to 9999"
        )

    @pytest.mark.parametrize("count", [1.5, 1.0, True, "1", Decimal(1), Fraction(1), None])
    def test_units_are_counted_in_whole_numbers(self, count):
        with pytest.raises(InvalidValue) as caught:
            add_units(day("2026-01-01"), count, Unit.MONTH)
        assert str(caught.value) == f"the count of units is a {type(count).__name__}: pass an int"

    @pytest.mark.parametrize("start", NO_DATES)
    def test_units_are_counted_from_a_day(self, start):
        with pytest.raises(InvalidValue, match=r"^the day to count from is a"):
            add_units(start, 1, Unit.MONTH)


class TestPeriod:
    """A period is a span of days: ``start`` is in it, ``end`` is not."""

    @pytest.mark.parametrize(
        ("period", "start", "end", "length"),
        [
            (Period.year(2025), "2025-01-01", "2026-01-01", 365),
            (Period.year(2024), "2024-01-01", "2025-01-01", 366),
            (Period.year(1900), "1900-01-01", "1901-01-01", 365),
            (Period.year(2000), "2000-01-01", "2001-01-01", 366),
            (Period.quarter(2026, 1), "2026-01-01", "2026-04-01", 90),
            (Period.quarter(2026, 2), "2026-04-01", "2026-07-01", 91),
            (Period.quarter(2026, 3), "2026-07-01", "2026-10-01", 92),
            (Period.quarter(2026, 4), "2026-10-01", "2027-01-01", 92),
            (Period.month(2026, 2), "2026-02-01", "2026-03-01", 28),
            (Period.month(2024, 2), "2024-02-01", "2024-03-01", 29),
            (Period.month(2026, 12), "2026-12-01", "2027-01-01", 31),
            (Period.through(day("2026-03-01"), day("2026-03-01")), "2026-03-01", "2026-03-02", 1),
            (Period.through(day("2026-03-01"), day("2026-03-31")), "2026-03-01", "2026-04-01", 31),
        ],
    )
    def test_the_usual_ones(self, period, start, end, length):
        assert (period.start, period.end, period.days) == (day(start), day(end), length)

    @given(periods(max_days=60))
    def test_it_holds_as_many_days_as_it_says(self, period):
        around = [period.start + timedelta(days=n) for n in range(-2, period.days + 2)]
        assert sum(each in period for each in around) == period.days

    @given(periods())
    def test_it_holds_its_first_and_last_day_and_not_the_neighbors(self, period):
        assert period.start in period
        assert period.last in period
        assert period.start - timedelta(days=1) not in period
        assert period.end not in period
        assert Period.through(period.start, period.last) == period

    @pytest.mark.parametrize("value", NO_DATES)
    def test_only_a_day_can_lie_in_it(self, value):
        with pytest.raises(InvalidValue, match=r"^the day looked for in a period is a"):
            assert value in Period.year(2026)

    @pytest.mark.parametrize("length", [0, -1, -365])
    def test_it_has_at_least_a_day(self, length):
        start = day("2026-03-01")
        with pytest.raises(InvalidValue) as caught:
            Period(start, start + timedelta(days=length))
        assert str(caught.value) == (
            "a period ends after it starts: its end is the first day not in it"
        )
        with pytest.raises(InvalidValue):
            Period.through(start, start + timedelta(days=length - 1))

    @pytest.mark.parametrize("value", NO_DATES)
    def test_it_begins_and_ends_with_days(self, value):
        with pytest.raises(InvalidValue, match=r"^the start of a period is a"):
            Period(value, day("2026-03-01"))
        with pytest.raises(InvalidValue, match=r"^the end of a period is a"):
            Period(day("2026-03-01"), value)
        with pytest.raises(InvalidValue):
            Period.through(value, day("2026-03-01"))
        with pytest.raises(InvalidValue):
            Period.through(day("2026-03-01"), value)
        with pytest.raises(InvalidValue):
            Period.trailing(value, 1, Unit.MONTH)

    @pytest.mark.parametrize(
        "make",
        [
            lambda: Period.month(2026, 0),
            lambda: Period.month(2026, 13),
            lambda: Period.quarter(2026, 0),
            lambda: Period.quarter(2026, 5),
            lambda: Period.year(0),
            lambda: Period.year(10_000),
        ],
    )
    def test_there_are_twelve_months_and_four_quarters(self, make):
        with pytest.raises(InvalidValue) as caught:
            make()
        assert str(caught.value) == (
            "no such month: years run from 1 to 9999, months from 1 to 12, quarters from 1 to 4"
        )

    @pytest.mark.parametrize(
        "make",
        [
            lambda: Period.year(9999),
            lambda: Period.through(date.max, date.max),
            lambda: Period.trailing(date.max, 1, Unit.DAY),
            lambda: Period.trailing(day("0001-06-30"), 1, Unit.YEAR),
        ],
    )
    def test_its_end_lies_within_the_calendar(self, make):
        with pytest.raises(InvalidValue, match="outside the calendar"):
            make()

    def test_two_overlap_if_they_share_a_day(self):
        march = Period.month(2026, 3)
        assert march.overlaps(march)
        assert march.overlaps(Period.year(2026))
        assert Period.year(2026).overlaps(march)
        assert march.overlaps(Period.through(day("2026-03-31"), day("2026-04-30")))
        assert march.overlaps(Period.through(day("2026-02-01"), day("2026-03-01")))
        assert not march.overlaps(Period.month(2026, 4))
        assert not march.overlaps(Period.month(2026, 2))

    @given(periods(max_days=40), periods(max_days=40))
    def test_overlapping_is_having_a_day_in_common(self, one, other):
        shared = any(one.start + timedelta(days=n) in other for n in range(one.days))
        assert one.overlaps(other) == other.overlaps(one) == shared


class TestTrailing:
    """The last so many units up to and including a day."""

    @pytest.mark.parametrize(
        ("as_of", "count", "unit", "start"),
        [
            ("2026-03-31", 1, Unit.MONTH, "2026-03-01"),
            ("2026-03-15", 1, Unit.MONTH, "2026-02-16"),
            ("2026-02-28", 1, Unit.MONTH, "2026-02-01"),
            ("2024-02-28", 1, Unit.MONTH, "2024-01-29"),
            ("2024-02-29", 1, Unit.YEAR, "2023-03-01"),
            ("2025-02-28", 1, Unit.YEAR, "2024-03-01"),
            ("2026-12-31", 1, Unit.YEAR, "2026-01-01"),
            ("2026-06-30", 2, Unit.QUARTER, "2026-01-01"),
            ("2026-03-30", 1, Unit.MONTH, "2026-02-28"),
            ("2026-03-07", 1, Unit.WEEK, "2026-03-01"),
            ("2026-03-01", 1, Unit.DAY, "2026-03-01"),
            ("2026-03-30", 30, Unit.DAY, "2026-03-01"),
        ],
    )
    def test_the_table_of_windows(self, as_of, count, unit, start):
        assert Period.trailing(day(as_of), count, unit) == Period.through(day(start), day(as_of))

    @given(days(), st.integers(1, 40), units())
    def test_it_ends_with_the_day_and_never_shrinks_when_longer(self, as_of, count, unit):
        window = Period.trailing(as_of, count, unit)
        assert window.last == as_of
        assert Period.trailing(as_of, count + 1, unit).start < window.start

    @pytest.mark.parametrize("count", [0, -1])
    def test_it_looks_back(self, count):
        with pytest.raises(InvalidValue, match="a period ends after it starts"):
            Period.trailing(day("2026-03-31"), count, Unit.MONTH)


class TestSplit:
    """Cut into units counted from the start; the last piece may be shorter."""

    @given(periods(), units())
    def test_the_pieces_are_the_whole_in_order(self, period, unit):
        pieces = list(period.split(unit))
        assert pieces[0].start == period.start
        assert pieces[-1].end == period.end
        assert all(one.end == other.start for one, other in pairwise(pieces))

    @given(periods(), units())
    def test_all_but_the_last_are_whole_units_from_the_start(self, period, unit):
        *whole, last = period.split(unit)
        for count, piece in enumerate(whole, start=1):
            assert piece.end == add_units(period.start, count, unit)
        assert last.end <= add_units(period.start, len(whole) + 1, unit)

    def test_a_month_end_is_not_worn_down(self):
        half_year = Period(day("2026-01-31"), day("2026-07-31"))
        starts = [piece.start.isoformat() for piece in half_year.split(Unit.MONTH)]
        assert starts == [
            "2026-01-31",
            "2026-02-28",
            "2026-03-31",
            "2026-04-30",
            "2026-05-31",
            "2026-06-30",
        ]

    def test_a_year_has_twelve_months_and_four_quarters_and_53_weeks(self):
        year = Period.year(2026)
        assert list(year.split(Unit.MONTH)) == [Period.month(2026, m) for m in range(1, 13)]
        assert list(year.split(Unit.QUARTER)) == [Period.quarter(2026, q) for q in range(1, 5)]
        assert list(year.split(Unit.YEAR)) == [year]
        weeks = list(year.split(Unit.WEEK))
        assert (len(weeks), weeks[-1].days) == (53, 1)
        assert len(list(year.split(Unit.DAY))) == 365

    def test_the_last_days_of_the_calendar_can_be_cut(self):
        last_days = Period(day("9999-11-15"), date.max)
        assert list(last_days.split(Unit.MONTH)) == [
            Period(day("9999-11-15"), day("9999-12-15")),
            Period(day("9999-12-15"), date.max),
        ]


def close(one: Decimal, other: Decimal, digits: int = 25) -> bool:
    return abs(one - other) <= Decimal(10) ** -digits * max(Decimal(1), abs(one))


# ln and exp of ``decimal`` at 60 digits, written out as the formulas of a textbook.
_ORACLE = Context(prec=60)
_YEAR = Fraction(MEAN_GREGORIAN_YEAR)
LENGTHS = {
    Unit.DAY: Fraction(1),
    Unit.WEEK: Fraction(7),
    Unit.MONTH: _YEAR / 12,
    Unit.QUARTER: _YEAR / 4,
    Unit.YEAR: _YEAR,
}


def oracle_compounded(rate: Decimal, given_per: Unit, asked_per: Unit) -> Decimal:
    """(1 + r) ** (length asked / length given) - 1."""
    ratio = LENGTHS[asked_per] / LENGTHS[given_per]
    power = _ORACLE.divide(Decimal(ratio.numerator), Decimal(ratio.denominator))
    return _ORACLE.subtract(_ORACLE.power(_ORACLE.add(1, rate), power), 1)


class TestRate:
    """A rate carries its unit: no conversion has a hidden 30-day month."""

    PARTS = st.decimals(Decimal("-0.99"), 3, places=6)

    def test_the_mean_year_of_the_gregorian_calendar(self):
        assert (date(2400, 1, 1) - date(2000, 1, 1)).days == 146_097
        assert MEAN_GREGORIAN_YEAR * 400 == 146_097

    @given(PARTS, units(), units())
    @example(Decimal("0.12"), Unit.YEAR, Unit.WEEK)
    @example(Decimal("0.000001"), Unit.YEAR, Unit.DAY)
    @example(Decimal("-0.99"), Unit.DAY, Unit.DAY)
    def test_a_rate_in_another_unit_is_what_compounding_makes_of_it(self, part, unit, other):
        assume(part < 1 or LENGTHS[other] <= LENGTHS[unit] * 60)
        assert close(Rate.of(part, unit).per(other), oracle_compounded(part, unit, other))

    @given(PARTS, units(), units())
    def test_there_and_back_it_is_the_same_rate(self, part, unit, other):
        assume(part < 1 or LENGTHS[other] <= LENGTHS[unit] * 60)
        there = Rate.of(part, unit).per(other)
        assume(abs(there) < 10**9 and there > Decimal("-0.999999999"))
        back = Rate.of(Fraction(there), other).per(unit)
        assert close(back, part, digits=15)

    def test_twelve_percent_a_year_in_every_unit(self):
        annual = Rate.annual("0.12")
        rounded = {unit: round(annual.per(unit), 12) for unit in Unit}
        assert rounded == {
            Unit.DAY: Decimal("0.000310331544"),
            Unit.WEEK: Decimal("0.002174344277"),
            Unit.MONTH: Decimal("0.009488792935"),
            Unit.QUARTER: Decimal("0.028737344722"),
            Unit.YEAR: Decimal("0.120000000000"),
        }

    def test_the_continuous_rate_of_15_percent_a_year_is_0027_a_week(self):
        """Fader, Hardie and Lee (2005), "RFM and CLV": 15 % a year, continuous .0027 a week."""
        assert round(Rate.annual("0.15").force_per(Unit.WEEK), 4) == Decimal("0.0027")
        weekly = Rate.continuous("0.0027", Unit.WEEK)
        assert close(weekly.force_per(Unit.WEEK), Decimal("0.0027"))
        assert round(weekly.per(Unit.YEAR), 3) == Decimal("0.151")

    @given(PARTS, units(), units())
    def test_continuous_rates_scale_with_the_length_of_the_unit(self, part, unit, other):
        force = Rate.continuous(part, unit).force_per(other)
        exact = Fraction(part) / LENGTHS[unit] * LENGTHS[other]
        assert abs(Fraction(force) - exact) <= abs(exact) * Fraction(1, 10**30)

    @given(rates(), st.integers(0, 12), st.integers(0, 12), units())
    def test_discounting_twice_is_discounting_over_the_sum(self, rate, one, other, unit):
        assume(abs(rate.force_per(unit)) < 20)
        both = rate.discount_factor(one, unit) * rate.discount_factor(other, unit)
        at_once = rate.discount_factor(one + other, unit)
        assert abs(both - at_once) <= at_once * Decimal("1E-20")

    @given(rates(), units())
    def test_discounting_undoes_growing(self, rate, unit):
        assume(abs(rate.force_per(unit)) < 20)
        assert close(rate.discount_factor(1, unit) * (1 + rate.per(unit)), Decimal(1), digits=20)

    def test_a_hundred_in_a_year_at_twelve_percent_is_worth_less_today(self):
        annual = Rate.annual("0.12")
        assert round(annual.discount_factor(1, Unit.YEAR), 10) == Decimal("0.8928571429")
        assert round(annual.discount_factor("0.5", Unit.YEAR), 10) == Decimal("0.9449111825")
        assert annual.discount_factor(0, Unit.YEAR) == 1

    def test_no_rate_is_none_in_every_unit(self):
        for nothing in (Rate.annual(0), Rate.of("0", Unit.DAY), Rate.continuous(0, Unit.MONTH)):
            assert all(nothing.per(unit) == 0 for unit in Unit)
            assert nothing.discount_factor(100, Unit.YEAR) == 1

    def test_the_length_of_the_year_can_be_named(self):
        by_365 = Rate.annual("0.12", days_in_year=Decimal(365))
        assert close(by_365.per(Unit.YEAR, days_in_year=Decimal(365)), Decimal("0.12"))
        assert by_365 == Rate.of("0.12", Unit.YEAR, days_in_year=Decimal(365))
        assert by_365.per(Unit.DAY) > Rate.annual("0.12").per(Unit.DAY)
        continuous = Rate.continuous("0.365", Unit.YEAR, days_in_year=Decimal(365))
        assert continuous.daily_force == Decimal("0.001")
        assert continuous.force_per(Unit.YEAR, days_in_year=Decimal(360)) == Decimal("0.36")
        month = continuous.discount_factor(12, Unit.MONTH, days_in_year=Decimal(365))
        assert close(month, continuous.discount_factor(365, Unit.DAY))

    @pytest.mark.parametrize("rate", ["-1", -1, "-1.5", Decimal(-2)])
    def test_a_compounded_rate_is_above_minus_one(self, rate):
        with pytest.raises(InvalidValue) as caught:
            Rate.annual(rate)
        assert str(caught.value) == "a rate is above -1: at -1 everything is gone after one unit"

    @pytest.mark.parametrize("rate", [0.12, True, None, "12%", "NaN", Decimal("Infinity"), "1e3"])
    def test_a_rate_is_exact(self, rate):
        for make in (Rate.annual, lambda r: Rate.continuous(r, Unit.WEEK)):
            with pytest.raises(InvalidMoney):
                make(rate)
        with pytest.raises(InvalidMoney, match=r"^count is a float"):
            Rate.annual("0.12").discount_factor(0.5, Unit.YEAR)  # type: ignore[arg-type]

    @pytest.mark.parametrize("length", [Decimal(0), Decimal(-365)])
    def test_a_year_has_days(self, length):
        rate = Rate.annual("0.12")
        for use in (
            lambda: Rate.annual("0.12", days_in_year=length),
            lambda: Rate.of("0.01", Unit.MONTH, days_in_year=length),
            lambda: Rate.continuous("0.01", Unit.QUARTER, days_in_year=length),
            lambda: rate.per(Unit.YEAR, days_in_year=length),
            lambda: rate.discount_factor(1, Unit.YEAR, days_in_year=length),
        ):
            with pytest.raises(InvalidValue) as caught:
                use()
            assert str(caught.value) == "a year has days: days_in_year is above zero"

    def test_a_float_is_no_length_of_a_year(self):
        with pytest.raises(InvalidMoney, match=r"^days_in_year is a float"):
            Rate.annual("0.12", days_in_year=365.25)  # type: ignore[arg-type]

    @pytest.mark.parametrize("force", ["0.12", 0.12, 0, None, Decimal("NaN"), Decimal("Infinity")])
    def test_a_rate_without_its_unit_is_told_how_to_name_it(self, force):
        with pytest.raises(InvalidValue) as caught:
            Rate(force)
        assert str(caught.value) == (
            "a rate is built by Rate.annual('0.12'), Rate.of('0.01', Unit.MONTH) or "
            "Rate.continuous('0.0027', Unit.WEEK), so that its unit of time is known"
        )

    def test_a_rate_is_of_usual_size(self):
        for force in (Decimal(10**18), Decimal(-(10**18))):
            assert Rate(force).daily_force == force
        for force in (Decimal(10**18 + 1), Decimal(-(10**18) - 1), Decimal("1E+999999")):
            with pytest.raises(InvalidValue) as caught:
                Rate(force)
            assert str(caught.value) == "a rate out of range: at most 18 digits before the point"

    def test_growth_beyond_any_number_is_refused(self):
        bomb = Rate.continuous(10**18, Unit.DAY)
        for use in (
            lambda: bomb.per(Unit.YEAR),
            lambda: Rate.continuous(-(10**18), Unit.DAY).discount_factor(1, Unit.DAY),
        ):
            with pytest.raises(InvalidValue) as caught:
                use()
            assert str(caught.value) == (
                "that grows beyond any number: give the rate as a part of one ('0.12', not '12'), "
                "and check the unit"
            )
        assert bomb.discount_factor(10**18, Unit.YEAR) == 0

    @pytest.mark.parametrize(
        "context",
        [
            Context(prec=3, rounding=decimal.ROUND_UP),
            Context(prec=1, traps=[decimal.Inexact, decimal.Rounded, decimal.Subnormal]),
            Context(prec=3, traps=[], Emin=-2, Emax=2, clamp=1),
            Context(capitals=0),
        ],
        ids=["three digits", "every signal", "no signal", "lower case"],
    )
    @given(part=PARTS, unit=units(), other=units())
    def test_no_result_depends_on_the_context_of_the_caller(self, context, part, unit, other):
        assume(part < 1)

        def results() -> list[Decimal]:
            rate, force = Rate.of(part, unit), Rate.continuous(part, unit)
            return [
                rate.daily_force,
                rate.per(other),
                force.force_per(other),
                force.discount_factor("1.5", other),
            ]

        expected = results()
        with localcontext(context):
            assert results() == expected
