"""The windows of time in which a member qualifies: first day in, last day out."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidPolicy
from crmkit.loyalty import (
    AnniversaryWindow,
    CalendarWindow,
    RollingWindow,
    SinceJoining,
    SinceLastChange,
)
from crmkit.period import Unit
from tests.loyalty.tier_words import window_of, windows

days = st.dates(date(2023, 12, 1), date(2025, 4, 30))
LONG_AGO = date(2000, 1, 1)


def iso(text: str) -> date:
    """A day."""
    return date.fromisoformat(text)


class TestWindowLaws:
    """When a window lets go is the inverse of where it starts."""

    @given(windows, days, days)
    def test_a_window_starts_where_counting_up_says(self, window, left, right):
        anchor, on = min(left, right), max(left, right)
        assert window.start(on, anchor) == window_of(window, on, anchor, None)

    @given(windows, days, days)
    def test_it_lets_go_on_the_first_day_that_starts_later(self, window, left, right):
        anchor, counted = min(left, right), max(left, right)
        leaves = window.lets_go_on(counted, anchor)
        if leaves is None:
            assert window.start(date(2999, 12, 31), anchor) <= counted
        else:
            assert window.start(leaves, anchor) > counted
            assert window.start(leaves - timedelta(days=1), anchor) <= counted

    @given(windows, days, days)
    def test_it_never_starts_earlier_again(self, window, anchor, on):
        on = max(anchor, on)
        assert anchor <= window.start(on, anchor) <= window.start(on + timedelta(days=1), anchor)


class TestWindows:
    """Month ends, leap days, and the ends of the calendar."""

    @pytest.mark.parametrize(
        ("count", "unit", "counted", "leaves"),
        [
            (1, Unit.DAY, "2026-03-01", "2026-03-02"),
            (30, Unit.DAY, "2026-03-10", "2026-04-09"),
            (1, Unit.MONTH, "2026-01-30", "2026-02-28"),
            (1, Unit.MONTH, "2026-01-31", "2026-02-28"),
            (1, Unit.MONTH, "2026-02-28", "2026-03-31"),
            (12, Unit.MONTH, "2024-02-29", "2025-02-28"),
            (12, Unit.MONTH, "2024-02-28", "2025-02-28"),
            (1, Unit.YEAR, "2023-03-01", "2024-03-01"),
            (12, Unit.MONTH, "2025-12-31", "2026-12-31"),
        ],
    )
    def test_what_is_in_a_rolling_window_leaves_it(self, count, unit, counted, leaves):
        window = RollingWindow(count, unit)
        assert window.lets_go_on(iso(counted), LONG_AGO) == iso(leaves)

    @pytest.mark.parametrize(
        ("window", "on", "start"),
        [
            (CalendarWindow(), "2026-12-31", "2026-01-01"),
            (CalendarWindow(), "2027-01-01", "2027-01-01"),
            (CalendarWindow(Unit.QUARTER), "2026-03-31", "2026-01-01"),
            (CalendarWindow(Unit.QUARTER), "2026-04-01", "2026-04-01"),
            (CalendarWindow(Unit.MONTH), "2024-02-29", "2024-02-01"),
            (CalendarWindow(Unit.YEAR, 4), "2026-03-31", "2025-04-01"),
            (CalendarWindow(Unit.YEAR, 4), "2026-04-01", "2026-04-01"),
            (CalendarWindow(Unit.QUARTER, 2), "2026-01-31", "2025-11-01"),
        ],
    )
    def test_a_calendar_window_opens_with_its_month(self, window, on, start):
        assert window.start(iso(on), LONG_AGO) == iso(start)

    @pytest.mark.parametrize(
        ("joined", "on", "start"),
        [
            ("2024-02-29", "2025-02-27", "2024-02-29"),
            ("2024-02-29", "2025-02-28", "2025-02-28"),
            ("2024-02-29", "2028-02-28", "2027-02-28"),
            ("2024-02-29", "2028-02-29", "2028-02-29"),
        ],
    )
    def test_an_anniversary_on_a_leap_day_comes_back_to_it(self, joined, on, start):
        assert AnniversaryWindow().start(iso(on), iso(joined)) == iso(start)

    def test_an_anniversary_on_the_31st_is_not_worn_down(self):
        monthly = AnniversaryWindow(1, Unit.MONTH)
        starts = [monthly.start(date(2026, month, 30), iso("2026-01-31")) for month in (4, 5, 6)]
        assert starts == [iso("2026-04-30"), iso("2026-04-30"), iso("2026-06-30")]
        assert monthly.start(iso("2026-05-31"), iso("2026-01-31")) == iso("2026-05-31")

    def test_a_window_with_a_length_begins_anew_so_long_after_the_change(self):
        window = SinceLastChange(12, Unit.MONTH)
        changed = iso("2026-03-15")
        assert window.start(iso("2027-03-14"), changed) == changed
        assert window.start(iso("2027-03-15"), changed) == iso("2027-03-15")
        assert SinceLastChange().start(iso("2029-03-15"), changed) == changed

    def test_at_the_ends_of_the_calendar_a_window_does_not_break(self):
        assert RollingWindow(12, Unit.MONTH).start(date(1, 3, 1), date.min) == date.min
        assert RollingWindow(1, Unit.YEAR).lets_go_on(date(9998, 6, 1), LONG_AGO) is None
        assert RollingWindow(1, Unit.YEAR).lets_go_on(date(9999, 6, 1), LONG_AGO) is None
        assert CalendarWindow(first_month=4).start(date(1, 3, 1), date.min) == date.min
        assert CalendarWindow(first_month=4).cycle(date(1, 3, 1)).first_on == date.min
        assert CalendarWindow().lets_go_on(date(9999, 6, 1), LONG_AGO) is None
        assert AnniversaryWindow().lets_go_on(date(9999, 6, 1), date(9990, 1, 1)) is None

    @pytest.mark.parametrize(
        "window", [RollingWindow(1, Unit.DAY), SinceJoining(), SinceLastChange()]
    )
    def test_some_windows_never_begin_anew_by_themselves(self, window):
        assert window.cycle(LONG_AGO) is None

    @pytest.mark.parametrize(
        "build",
        [
            lambda: RollingWindow(0, Unit.DAY),
            lambda: RollingWindow(True, Unit.DAY),
            lambda: RollingWindow(1, "day"),  # type: ignore[arg-type]
            lambda: AnniversaryWindow(-1),
            lambda: SinceLastChange(0, Unit.DAY),
            lambda: SinceLastChange(12),
            lambda: SinceLastChange(None, Unit.DAY),
            lambda: CalendarWindow(Unit.WEEK),
            lambda: CalendarWindow(first_month=0),
            lambda: CalendarWindow(first_month=13),
            lambda: CalendarWindow(first_month=True),
        ],
    )
    def test_a_window_without_a_length_is_refused(self, build):
        with pytest.raises(InvalidPolicy):
            build()
