"""How long points are locked, and how long they can be spent, to the day."""

from datetime import date, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.loyalty import (
    ExpiresAfter,
    ExpiresAtMonthEnd,
    ExpiresAtYearEnd,
    LedgerTerms,
    Lock,
    NeverExpires,
    OverReturn,
)
from crmkit.period import Unit
from crmkit.serialization import make_converter
from tests.loyalty.ledger_model import first_day, last_day

earned = st.dates(date(1999, 1, 1), date(2110, 12, 31))
counts = st.integers(1, 40)
units = st.sampled_from(Unit)
after = st.builds(ExpiresAfter, counts, units)
month_end = st.builds(ExpiresAtMonthEnd, st.integers(0, 30))
year_end = st.builds(ExpiresAtYearEnd, st.integers(0, 5), st.integers(1, 12))
expiries = after | month_end | year_end | st.just(NeverExpires())
locks = st.none() | st.builds(Lock, counts, units)
terms = st.builds(LedgerTerms, expiries, lock=locks, over_return=st.sampled_from(OverReturn))


def through(expiry, *day):
    """The last day of points that were earned on a day."""
    return expiry.last_day(date(*day))


class TestLastDays:
    """A last day is a day on which points can still be spent."""

    @given(terms=terms, day=earned)
    @example(LedgerTerms(ExpiresAfter(1, Unit.MONTH)), date(2024, 1, 31))
    @example(LedgerTerms(ExpiresAfter(1, Unit.YEAR)), date(2024, 2, 29))
    @example(LedgerTerms(ExpiresAtYearEnd(last_month=2)), date(2024, 2, 29))
    def test_walking_through_the_calendar_comes_to_the_same_days(self, terms, day):
        assert terms.lasts(day) == (first_day(terms, day), last_day(terms, day))

    @given(terms=terms, day=earned, lock=locks)
    def test_a_lock_never_moves_the_last_day(self, terms, day, lock):
        locked = LedgerTerms(terms.expiry, lock=lock)
        assert locked.lasts(day)[1] == terms.lasts(day)[1]

    @given(terms=terms, day=earned)
    def test_never_spendable_is_what_expires_before_it_unlocks(self, terms, day):
        unlocks, last = terms.lasts(day)
        assert terms.never_spendable(day) == (last is not None and not unlocks <= last)

    @pytest.mark.parametrize(
        ("expiry", "day", "last"),
        [
            (ExpiresAfter(30), (2026, 1, 1), (2026, 1, 31)),
            (ExpiresAfter(1), (2026, 12, 31), (2027, 1, 1)),
            (ExpiresAfter(60), (2024, 1, 1), (2024, 3, 1)),
            (ExpiresAfter(60), (2026, 1, 1), (2026, 3, 2)),
            (ExpiresAfter(1, Unit.WEEK), (2026, 2, 25), (2026, 3, 4)),
            (ExpiresAfter(1, Unit.MONTH), (2026, 1, 31), (2026, 2, 28)),
            (ExpiresAfter(1, Unit.MONTH), (2024, 1, 31), (2024, 2, 29)),
            (ExpiresAfter(2, Unit.MONTH), (2026, 1, 31), (2026, 3, 31)),
            (ExpiresAfter(3, Unit.MONTH), (2026, 1, 31), (2026, 4, 30)),
            (ExpiresAfter(1, Unit.QUARTER), (2025, 11, 30), (2026, 2, 28)),
            (ExpiresAfter(1, Unit.YEAR), (2024, 2, 29), (2025, 2, 28)),
            (ExpiresAfter(4, Unit.YEAR), (2024, 2, 29), (2028, 2, 29)),
            (ExpiresAfter(4, Unit.YEAR), (2096, 2, 29), (2100, 2, 28)),
            (ExpiresAfter(1, Unit.YEAR), (2026, 3, 1), (2027, 3, 1)),
        ],
    )
    def test_so_long_after_the_day_earned(self, expiry, day, last):
        assert through(expiry, *day) == date(*last)

    @pytest.mark.parametrize(
        ("months", "day", "last"),
        [
            (0, (2026, 1, 1), (2026, 1, 31)),
            (0, (2026, 1, 31), (2026, 1, 31)),
            (0, (2024, 2, 29), (2024, 2, 29)),
            (0, (2023, 2, 1), (2023, 2, 28)),
            (1, (2026, 1, 31), (2026, 2, 28)),
            (1, (2024, 1, 31), (2024, 2, 29)),
            (1, (2026, 12, 31), (2027, 1, 31)),
            (11, (2026, 1, 1), (2026, 12, 31)),
            (12, (2026, 1, 1), (2027, 1, 31)),
            (24, (2026, 2, 3), (2028, 2, 29)),
        ],
    )
    def test_at_the_end_of_a_month(self, months, day, last):
        assert through(ExpiresAtMonthEnd(months), *day) == date(*last)

    @pytest.mark.parametrize(
        ("expiry", "day", "last"),
        [
            (ExpiresAtYearEnd(), (2026, 1, 1), (2026, 12, 31)),
            (ExpiresAtYearEnd(), (2026, 12, 31), (2026, 12, 31)),
            (ExpiresAtYearEnd(1), (2026, 12, 31), (2027, 12, 31)),
            (ExpiresAtYearEnd(last_month=3), (2026, 3, 31), (2026, 3, 31)),
            (ExpiresAtYearEnd(last_month=3), (2026, 4, 1), (2027, 3, 31)),
            (ExpiresAtYearEnd(2, 3), (2026, 4, 1), (2029, 3, 31)),
            (ExpiresAtYearEnd(last_month=2), (2027, 3, 1), (2028, 2, 29)),
            (ExpiresAtYearEnd(last_month=1), (2026, 1, 31), (2026, 1, 31)),
            (ExpiresAtYearEnd(last_month=1), (2026, 2, 1), (2027, 1, 31)),
        ],
    )
    def test_at_the_end_of_a_year(self, expiry, day, last):
        assert through(expiry, *day) == date(*last)

    def test_never(self):
        assert through(NeverExpires(), 2026, 1, 1) is None
        assert LedgerTerms().lasts(date(2026, 1, 1)) == (date(2026, 1, 1), None)
        assert not LedgerTerms(lock=Lock(99, Unit.YEAR)).never_spendable(date(2026, 1, 1))


class TestFirstDays:
    """A lock counts from the day the points were earned."""

    @pytest.mark.parametrize(
        ("lock", "day", "first"),
        [
            (None, (2026, 1, 1), (2026, 1, 1)),
            (Lock(1), (2026, 1, 1), (2026, 1, 2)),
            (Lock(14), (2026, 1, 1), (2026, 1, 15)),
            (Lock(2, Unit.WEEK), (2026, 1, 1), (2026, 1, 15)),
            (Lock(1, Unit.MONTH), (2026, 1, 31), (2026, 2, 28)),
            (Lock(1, Unit.YEAR), (2024, 2, 29), (2025, 2, 28)),
        ],
    )
    def test_the_first_day_on_which_points_can_be_spent(self, lock, day, first):
        assert LedgerTerms(lock=lock).lasts(date(*day))[0] == date(*first)

    def test_points_that_unlock_on_their_last_day_can_be_spent_on_it(self):
        terms = LedgerTerms(ExpiresAfter(14), lock=Lock(14))
        assert not terms.never_spendable(date(2026, 1, 1))
        assert LedgerTerms(ExpiresAfter(13), lock=Lock(14)).never_spendable(date(2026, 1, 1))


class TestRefused:
    """Terms that nobody could keep are refused where they are written."""

    @pytest.mark.parametrize("count", [0, -1, 1.0, True, "1", None])
    def test_a_time_is_one_unit_or_more(self, count):
        with pytest.raises(InvalidPolicy):
            ExpiresAfter(count)
        with pytest.raises(InvalidPolicy):
            Lock(count)

    @pytest.mark.parametrize("unit", ["day", None, 1])
    def test_a_unit_is_a_unit(self, unit):
        with pytest.raises(InvalidPolicy):
            ExpiresAfter(1, unit)
        with pytest.raises(InvalidPolicy):
            Lock(1, unit)

    @pytest.mark.parametrize("count", [-1, 0.0, False, None])
    def test_months_and_years_are_none_or_more(self, count):
        with pytest.raises(InvalidPolicy):
            ExpiresAtMonthEnd(count)
        with pytest.raises(InvalidPolicy):
            ExpiresAtYearEnd(count)

    @pytest.mark.parametrize("month", [0, 13, -1, True, 3.0, None])
    def test_a_year_ends_with_a_month(self, month):
        with pytest.raises(InvalidPolicy):
            ExpiresAtYearEnd(last_month=month)

    def test_the_terms_are_those_of_crmkit(self):
        with pytest.raises(InvalidPolicy):
            LedgerTerms(30)  # type: ignore[arg-type]
        with pytest.raises(InvalidPolicy):
            LedgerTerms(over_return="debt")  # type: ignore[arg-type]
        with pytest.raises(InvalidPolicy):
            LedgerTerms(lock=14)  # type: ignore[arg-type]

    def test_a_day_is_a_plain_date(self):
        for ask in (LedgerTerms().lasts, LedgerTerms().never_spendable):
            with pytest.raises(InvalidValue):
                ask(datetime(2026, 1, 1))  # noqa: DTZ001
            with pytest.raises(InvalidValue):
                ask("2026-01-01")  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        "terms",
        [
            LedgerTerms(ExpiresAfter(1)),
            LedgerTerms(ExpiresAtMonthEnd(1)),
            LedgerTerms(ExpiresAtYearEnd(1)),
            LedgerTerms(lock=Lock(1)),
        ],
    )
    def test_nothing_lasts_beyond_the_calendar(self, terms):
        with pytest.raises(InvalidValue):
            terms.lasts(date(9999, 12, 31))

    def test_the_last_day_of_the_calendar_is_a_day(self):
        last = date(9999, 12, 31)
        assert LedgerTerms(ExpiresAtMonthEnd()).lasts(last)[1] == last
        assert LedgerTerms(ExpiresAtYearEnd()).lasts(last)[1] == last


@given(terms=terms)
def test_terms_are_a_document_and_come_back(terms):
    converter = make_converter(LedgerTerms)
    assert converter.loads(converter.dumps(terms), LedgerTerms) == terms
