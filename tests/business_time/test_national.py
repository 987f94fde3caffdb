"""A shop closes on the holidays of its country and region, and works when its country does."""

import sys
from datetime import date, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import pytest

from crmkit.business_time import BusinessCalendar, Closure
from crmkit.business_time.national import national_holidays, national_workdays
from crmkit.errors import InvalidValue, MissingExtra

BERLIN = ZoneInfo("Europe/Berlin")


def days_of(closures):
    return [closure.on for closure in closures]


class TestHolidays:
    """Holidays are closures: named, in the order of their days, whole unless they are half."""

    def test_a_region_has_holidays_that_the_country_has_not(self):
        country = set(days_of(national_holidays("DE", years=[2026])))
        berlin = set(days_of(national_holidays("DE", subdivision="BE", years=[2026])))
        bavaria = set(days_of(national_holidays("DE", subdivision="BY", years=[2026])))
        assert berlin - country == {date(2026, 3, 8)}
        assert bavaria - country >= {date(2026, 1, 6), date(2026, 6, 4), date(2026, 11, 1)}
        assert country == berlin & bavaria

    def test_they_are_named_and_in_order_for_all_years(self):
        holidays = national_holidays("DE", years=[2028, 2026, 2027, 2026])
        assert days_of(holidays) == sorted(set(days_of(holidays)))
        assert {day.year for day in days_of(holidays)} == {2026, 2027, 2028}
        assert holidays[0] == Closure(date(2026, 1, 1), "Neujahr")
        assert all(holiday.name for holiday in holidays)

    def test_no_years_have_no_holidays(self):
        assert national_holidays("DE", years=[]) == ()

    def test_no_categories_have_no_holidays(self):
        assert national_holidays("DE", years=[2026], categories=[]) == ()

    def test_a_deadline_steps_over_them(self):
        """Received on Christmas Eve 2026 at 17:00; Friday and Saturday are holidays in Berlin."""
        office = BusinessCalendar.on_weekdays(
            "09:00-18:00", zone="Europe/Berlin", closures=national_holidays("DE", years=[2026])
        )
        received = datetime(2026, 12, 24, 17, tzinfo=BERLIN)
        assert office.due(received, timedelta(hours=2)) == datetime(2026, 12, 28, 10, tzinfo=BERLIN)

    @pytest.mark.parametrize(("language", "name"), [("de", "Neujahr"), ("en_US", "New Year's Day")])
    def test_names_come_in_the_language_asked_for(self, language, name):
        assert national_holidays("DE", years=[2026], language=language)[0].name == name

    @pytest.mark.parametrize("machine", ["C", "fr_FR.UTF-8", "th"])
    def test_the_language_of_the_machine_changes_nothing(self, machine, monkeypatch):
        monkeypatch.setenv("LANGUAGE", machine)
        assert national_holidays("DE", years=[2026])[0].name == "Neujahr"


class TestHalfHolidays:
    """The package says which days are half holidays; the shop says which half."""

    def test_a_half_holiday_closes_the_hours_named(self):
        """On New Year's Eve, Curaçao works in the morning only."""
        holidays = national_holidays(
            "CW", years=[2026], categories=["public", "half_day"], half_day_hours="12:00-24:00"
        )
        assert holidays[-1].on == date(2026, 12, 31)
        assert holidays[-1].hours == "12:00-24:00"
        assert {holiday.hours for holiday in holidays[:-1]} == {"00:00-24:00"}

    def test_a_day_that_is_a_whole_holiday_as_well_is_closed_all_day(self):
        """In 2026 Women's Day, half a holiday in China, is a Sunday; Youth Day is in the week of
        Labour Day, which is a whole holiday until the 5th of May.
        """
        both = national_holidays(
            "CN", years=[2026], categories=["public", "half_day"], half_day_hours="13:00-18:00"
        )
        half = national_holidays(
            "CN", years=[2026], categories=["half_day"], half_day_hours="13:00-18:00"
        )
        whole = national_holidays("CN", years=[2026])
        assert date(2026, 5, 4) in days_of(whole)
        assert date(2026, 5, 4) in days_of(half)
        assert {holiday.hours for holiday in half} == {"13:00-18:00"}
        assert set(whole) <= set(both)
        assert len(both) == len({*days_of(half), *days_of(whole)})

    def test_without_hours_they_are_refused(self):
        with pytest.raises(InvalidValue, match="half_day_hours='12:00-24:00'"):
            national_holidays("CW", years=[2026], categories=["half_day"])

    def test_hours_that_are_no_window_are_refused_even_if_no_day_needs_them(self):
        with pytest.raises(InvalidValue, match="hours are written like"):
            national_holidays("DE", years=[2026], half_day_hours="afternoon")


class TestWorkdays:
    """Some countries work on a day of a weekend so that a holiday gets longer."""

    def test_china_works_on_a_saturday_before_the_spring_festival(self):
        """Published by the State Council for 2025: 26 January, 8 February, 27 April, 28 September
        and 11 October are working days.
        """
        openings = national_workdays("CN", years=[2025], hours="09:00-18:00")
        assert days_of(openings) == [
            *(date(2025, 1, 26), date(2025, 2, 8), date(2025, 4, 27)),
            *(date(2025, 9, 28), date(2025, 10, 11)),
        ]
        assert {opening.hours for opening in openings} == {"09:00-18:00"}
        assert {opening.name for opening in openings} == {"working day in exchange"}

    @pytest.mark.parametrize(("country", "years"), [("DE", [2026]), ("CN", [])])
    def test_most_countries_have_none(self, country, years):
        assert national_workdays(country, years=years, hours="09:00-18:00") == ()

    def test_their_hours_are_a_window(self):
        with pytest.raises(InvalidValue, match="hours are written like"):
            national_workdays("CN", years=[2025], hours="all day")


class TestRefusals:
    """Whatever the package does not know is refused, with what there is."""

    @pytest.mark.parametrize("country", ["XX", "", "de", "Germany", "__class__", 49, None])
    def test_an_unknown_country_lists_those_there_are(self, country):
        with pytest.raises(InvalidValue, match=r"no such country: use one of .*\bDE\b.*\bFR\b"):
            national_holidays(country, years=[2026])

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"subdivision": "XX"}, r"not among the subdivisions .*: use .*BE, BW, BY"),
            ({"categories": ["half"]}, "not among the categories .*: use catholic, public"),
            ({"language": "tlh"}, "not among the languages .*: use de, en_US"),
            ({"categories": "public"}, r"write \('public',\)"),
            ({"years": [2026, 1066]}, r"from \d{4} to 2100: pass such years"),
            ({"years": count(2090)}, r"from \d{4} to 2100: pass such years"),
            ({"years": [True]}, "pass such years"),
            ({"years": ["2026"]}, "pass such years"),
        ],
    )
    def test_what_is_not_known_lists_what_is(self, options, message):
        with pytest.raises(InvalidValue, match=message):
            national_holidays("DE", **{"years": [2026], **options})

    def test_a_country_without_subdivisions_says_so(self):
        with pytest.raises(InvalidValue, match="subdivisions of the country: it has none"):
            national_holidays("CN", subdivision="BJ", years=[2026])

    @pytest.mark.parametrize(
        "ask",
        [
            lambda: national_holidays("DE", years=[2026]),
            lambda: national_workdays("CN", years=[2026], hours="09:00-18:00"),
        ],
    )
    def test_without_the_package_the_extra_is_named(self, ask, monkeypatch):
        monkeypatch.setitem(sys.modules, "holidays", None)
        with pytest.raises(MissingExtra, match=r"pip install 'crmkit\[holidays\]'"):
            ask()
