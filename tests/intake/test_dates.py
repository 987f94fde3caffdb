"""Days are read by a format that somebody named; a text that could be two days is neither."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidValue
from crmkit.intake import RejectReason, read_purchases
from crmkit.intake.dates import DateFormat
from crmkit.intake.rejects import Refused
from tests.intake.builders import HEADER, lines, read, rejects, the_reject

BERLIN = ZoneInfo("Europe/Berlin")
instants = st.datetimes(
    min_value=datetime(2, 1, 1),  # noqa: DTZ001 - Hypothesis adds the zone
    timezones=st.timezones(),
)


def day(text: str, date_format: str = "iso", zone: ZoneInfo | None = None) -> date | None:
    """Read one date."""
    ordinal = DateFormat.named(date_format, zone).read(text)
    return None if ordinal is None else date.fromordinal(ordinal)


class TestIsoDates:
    """ISO 8601 calendar dates, extended or basic, are what is read if no format is named."""

    @given(on=st.dates())
    def test_both_forms_say_the_same_day(self, on):
        assert day(on.isoformat()) == day(f"{on:%Y%m%d}".rjust(8, "0")) == on

    @given(text=st.text(alphabet="0123456789-TZ:+ .", max_size=30))
    def test_whatever_is_read_is_one_of_the_two_forms(self, text):
        found = day(text)
        if found is not None:
            assert text in {found.isoformat(), found.isoformat().replace("-", "")}

    @pytest.mark.parametrize(
        "text",
        [
            *("2026-02-29", "2026-13-01", "2026-00-10", "2026-01-00", "0000-01-01", "20260231"),
            *(
                "2026-1-1",
                "26-01-01",
                "2026-0101",
                "202601",
                "2026-W01-1",
                "2026-001",
                "2026/01/01",
            ),
            *("01.02.2026", "02/01/2026", "today", "20260101 ", "２０２６-01-01", "2026-01-01x"),
        ],
    )
    def test_nothing_else_is_a_day(self, text):
        assert day(text) is None


class TestInstants:
    """An instant belongs to the day that it was in the zone of the shop."""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("2026-03-01T23:30:00Z", date(2026, 3, 2)),
            ("2026-03-01T23:30:00+01:00", date(2026, 3, 1)),
            ("2026-03-01 23:30:00.123456 +0100", date(2026, 3, 1)),
            ("2026-03-01T00:30:00+05", date(2026, 2, 28)),
            ("20260301T23:30Z", date(2026, 3, 2)),
            ("2026-03-01T23:30", date(2026, 3, 1)),
            ("2026-03-01", date(2026, 3, 1)),
            ("2026-03-29T02:30:00", date(2026, 3, 29)),  # a time that clocks skipped there
        ],
    )
    def test_the_day_is_that_in_the_zone(self, text, expected):
        assert day(text, "iso", BERLIN) == expected

    @given(at=instants)
    def test_every_instant_falls_on_the_day_of_the_shop(self, at):
        shown = at.astimezone(UTC).isoformat()
        assert day(shown, "iso", BERLIN) == at.astimezone(BERLIN).date()

    @pytest.mark.parametrize(
        "text",
        [
            *("2026-03-01T24:00:00Z", "2026-03-01T12:60:00Z", "2026-03-01T12:00:60Z"),
            *("2026-03-01T12Z", "2026-03-01T12:00:00+24:00", "2026-03-01T12:00:00CET"),
            *("0001-01-01T00:00:00+10:00", "9999-12-31T23:59:59-10:00"),
        ],
    )
    def test_what_is_no_time_is_no_day(self, text):
        assert day(text, "iso", BERLIN) is None

    @pytest.mark.parametrize("text", ["2026-03-01T23:30:00Z", "2026-03-01 12:00"])
    def test_without_a_zone_nobody_knows_the_day(self, text):
        reject = the_reject(f"C-7,{text},1")
        assert (reject.column, reject.reason) == ("date", RejectReason.NO_ZONE)
        assert "pass zone='Europe/Berlin'" in reject.message

    def test_a_zone_can_be_named(self):
        assert lines(f"{HEADER}C-7,2026-03-01T23:30:00Z,1\n", zone="Europe/Berlin") == [
            "C-7 2026-03-02 1.00 EUR"
        ]


class TestNamedFormats:
    """A format says the day, the month and the year once each, as strftime writes them."""

    @pytest.mark.parametrize(
        ("date_format", "text"),
        [
            ("%Y%m%d", "20260301"),
            ("%d.%m.%Y", "01.03.2026"),
            ("%d.%m.%Y", "1.3.2026"),
            ("%m/%d/%Y", "3/1/2026"),
            ("%d%m%Y", "01032026"),
            ("%d.%m.%y", "01.03.26"),
            ("%d-%b-%Y", "01-Mar-2026"),
            ("%B %d, %Y", "march 1, 2026"),
            ("%Y年%m月%d日", "2026年3月1日"),
            ("%d%%%m%%%Y", "01%03%2026"),
            ("[%Y] %d (%m)", "[2026] 1 (3)"),
            ("day %d of %b%Y", "day 1 of MAR2026"),
        ],
    )
    def test_the_day_is_read(self, date_format, text):
        assert day(text, date_format) == date(2026, 3, 1)

    @given(on=st.dates(min_value=date(1000, 1, 1)))
    @pytest.mark.parametrize(
        "date_format", ["%Y%m%d", "%d%m%Y", "%d.%m.%Y", "%m/%d/%Y", "%d %B %Y", "%b %d, %Y"]
    )
    def test_what_was_written_in_a_format_is_read_in_it(self, date_format, on):
        assert day(on.strftime(date_format), date_format) == on

    @pytest.mark.parametrize(
        ("date_format", "text"),
        [
            ("%Y%m%d", "2026301"),  # strptime reads 1 March or 30 January, as it happens
            ("%d%m%Y", "1032026"),
            ("%Y%m%d", "2026-03-01"),
            ("%d.%m.%Y", "01.03.26"),
            ("%d.%m.%Y", "2026.03.01"),
            ("%d-%b-%Y", "01-Mrz-2026"),
            ("%d.%m.%Y", "30.02.2026"),
            ("%m/%d/%Y", "13/01/2026"),
            ("%d.%m.%Y", " 01.03.2026"),
            ("%Y%m-%d", "20261-05"),
            ("%d%m-%Y", "015-2026"),
            ("no.1%d/%m/%Y", "no.11/3/2026"),
            ("%Y/%m/%d0", "2026/3/10"),
        ],
    )
    def test_nothing_else_is(self, date_format, text):
        assert day(text, date_format) is None

    @pytest.mark.parametrize(
        ("text", "year"), [("69", 1969), ("99", 1999), ("00", 2000), ("68", 2068)]
    )
    def test_years_of_two_digits_are_those_of_posix(self, text, year):
        assert day(f"01.03.{text}", "%d.%m.%y") == date(year, 3, 1)

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("01.03.2026 23:30:00 +0000", date(2026, 3, 2)),
            ("01.03.2026 23:30:00 Z", date(2026, 3, 2)),
            ("01.03.2026 0:30:00 +02:00", date(2026, 2, 28)),
        ],
    )
    def test_a_format_can_say_the_time_and_its_offset(self, text, expected):
        assert day(text, "%d.%m.%Y %H:%M:%S %z", BERLIN) == expected

    def test_a_time_without_an_offset_is_that_on_the_clock_of_the_shop(self):
        assert day("1.3.2026 23:59", "%d.%m.%Y %H:%M", BERLIN) == date(2026, 3, 1)

    def test_fractions_of_a_second_do_not_matter(self):
        assert day("1.3.2026 9:59:59.5", "%d.%m.%Y %H:%M:%S.%f", BERLIN) == date(2026, 3, 1)

    @pytest.mark.parametrize(
        "date_format",
        [
            *("", "%", "%Y", "%d.%m.", "%Y-%m-%d-%d", "%Y-%y-%m-%d", "%b %m %d %Y", "%x", "%j %Y"),
            *("%Y-%m-%d %M", "%Y-%m-%d%z", "%Y-%m-%d %", "%-d.%m.%Y", "ISO"),
        ],
    )
    def test_a_format_that_does_not_say_one_day_is_refused(self, date_format):
        with pytest.raises(InvalidValue, match="date_format is 'iso', or says the day"):
            read_purchases("x.csv", date_format=date_format, zone="UTC")

    def test_a_format_is_text(self):
        with pytest.raises(InvalidValue, match="date_format is 'iso'"):
            read_purchases("x.csv", date_format=None)  # type: ignore[arg-type]

    def test_a_format_with_a_time_needs_a_zone(self):
        with pytest.raises(InvalidValue, match=r"says a time of day.*pass zone"):
            read_purchases("x.csv", date_format="%Y-%m-%d %H:%M")


class TestAdvice:
    """A date in another format is a reject that says which format would have read it."""

    @pytest.mark.parametrize(
        ("text", "advice"),
        [
            ("31.01.2026", "date_format='%d.%m.%Y' would have read it"),
            ("2026/01/31", "date_format='%Y/%m/%d' would have read it"),
            ("01/31/2026", "date_format='%m/%d/%Y' would have read it"),
            (
                "05/06/2026",
                "date_format='%d/%m/%Y' or date_format='%m/%d/%Y' would have read it",
            ),
            ("31.01.2026 14:30", "date_format='%d.%m.%Y %H:%M' would have read it"),
            ("31012026", "date_format='%d%m%Y' would have read it"),
        ],
    )
    def test_the_formats_that_fit_are_named_all_of_them(self, text, advice):
        reject = the_reject(f"C-7,{text},1")
        assert (reject.column, reject.reason) == ("date", RejectReason.BAD_DATE)
        assert reject.message == f"not a day written as YYYY-MM-DD or YYYYMMDD: {advice}"

    def test_iso_is_among_what_is_named(self):
        text = f"{HEADER}C-0,1.1.2026,1\nC-7,20260131,1\n"
        (reject,) = rejects(text, date_format="%d.%m.%Y")
        assert reject.message == (
            "not a day written as %d.%m.%Y: date_format='iso' would have read it"
        )

    def test_what_no_format_reads_gets_no_advice(self):
        assert the_reject("C-7,soon,1").message == "not a day written as YYYY-MM-DD or YYYYMMDD"

    def test_a_missing_date_is_missing(self):
        reject = the_reject("C-7, ,1")
        assert (reject.column, reject.reason) == ("date", RejectReason.MISSING)

    def test_the_same_bad_date_is_bad_every_time(self):
        _, report = read(f"{HEADER}C-7,2026-01-01,1\n" + 3 * "C-7,soon,1\n")
        assert report.reasons == {RejectReason.BAD_DATE: 3}


def test_a_date_longer_than_any_is_refused_without_delay():
    with pytest.raises(Refused):
        DateFormat.named("iso", None)("2" * 100_000)
