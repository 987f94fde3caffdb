"""The rows of a database or a data frame become purchases, with the checks that files have."""

from __future__ import annotations

import csv
import sqlite3
from collections import namedtuple
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidMoney, InvalidValue
from crmkit.intake import (
    AmbiguousColumn,
    BadLine,
    MissingColumn,
    NoGoodLine,
    Reject,
    RejectReason,
    purchases_from_rows,
)
from crmkit.money import MAX_MINOR
from crmkit.records import Purchase

DAY = date(2026, 3, 1)
NAMES = ["customer", "date", "amount"]
GOOD = ("C-7", DAY, Decimal("12.30"))
READ = ["C-7 2026-03-01 12.30 EUR"]
instants = st.datetimes(
    min_value=datetime(2, 1, 1),  # noqa: DTZ001 - Hypothesis adds the zone
    timezones=st.timezones(),
)


def taken_in(rows: Any, **options: Any) -> list[str]:
    """Take rows in and show each purchase as ``customer day amount``."""
    reader = purchases_from_rows(rows, **{"currency": "EUR"} | options)
    return [f"{purchase.customer} {purchase.on} {purchase.amount}" for purchase in reader]


def one(customer: Any = "C-7", on: Any = DAY, amount: Any = 1, **options: Any) -> str:
    """Take one row in."""
    (shown,) = taken_in([(customer, on, amount)], names=NAMES, **options)
    return shown


def refused(row: Any, **options: Any) -> Reject:
    """Take in a row behind a good one, and give the reject that it becomes."""
    reader = purchases_from_rows([GOOD, row], **{"currency": "EUR", "names": NAMES} | options)
    assert len(list(reader)) == 1
    report = reader.report
    assert report.accounted_lines == report.lines_read == 2
    (reject,) = report.first_rejects
    assert reject.line == 2
    return reject


class NotAvailable:
    """Behaves as the missing value of pandas does, which will not say whether it equals itself."""

    def __eq__(self, other: object) -> Any:
        return self

    def __ne__(self, other: object) -> Any:
        return self

    def __bool__(self) -> bool:
        raise TypeError("boolean value of NA is ambiguous")

    __hash__ = None  # type: ignore[assignment]


class NotATime(datetime):
    """Behaves as the missing instant of pandas does: a datetime that does not equal itself."""

    def __eq__(self, other: object) -> bool:
        return False

    def __ne__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


class Array(list[int]):
    """Compares as an array does: element by element."""

    def __ne__(self, other: object) -> Any:
        return Array(self)

    def __bool__(self) -> bool:
        raise ValueError("the truth value of an array is ambiguous")


class SmallInteger:
    """An integer of another library, such as those of numpy."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __index__(self) -> int:
        return self.value


NOTHING = [None, "", "  ", float("nan"), Decimal("NaN"), Decimal("sNaN"), NotAvailable()]


class TestRows:
    """A row is a mapping, a named tuple or a sequence; columns are found as in a file."""

    def test_mappings_have_names(self):
        assert taken_in([{"Amount": Decimal("12.30"), "Customer ID": "C-7", "day": DAY}]) == READ

    def test_named_tuples_have_names(self):
        row = namedtuple("row", ["amount", "customer", "date"])
        assert taken_in([row(Decimal("12.30"), "C-7", DAY)]) == READ

    def test_sequences_have_positions(self):
        columns = {"customer": 1, "date": 2, "amount": 0}
        assert taken_in([[Decimal("12.30"), "C-7", DAY]], columns=columns) == READ

    def test_sequences_can_be_given_names(self):
        assert taken_in([GOOD], names=NAMES) == READ

    def test_a_database_hands_in_its_cursor(self):
        database = sqlite3.connect(":memory:")
        query = "SELECT 'C-7' AS customer, '2026-03-01' AS date, '12.30' AS amount"
        cursor = database.execute(query)
        names = [column[0] for column in cursor.description]
        assert taken_in(cursor, names=names) == READ
        database.row_factory = sqlite3.Row
        assert taken_in(database.execute(query)) == READ
        database.close()

    def test_another_reader_hands_in_its_rows(self):
        rows = csv.reader(["C-7,2026-03-01,12.30", "", "C-8,2026-03-01"])
        reader = purchases_from_rows(rows, names=NAMES, currency="EUR")
        assert len(list(reader)) == 1
        report = reader.report
        assert (report.lines_read, report.blank_lines, report.rejects) == (3, 1, 1)
        assert report.accounted_lines == report.lines_read

    def test_names_of_columns_need_not_be_text(self):
        assert (
            taken_in(
                [{0: "C-7", 1: DAY, "amount": Decimal("12.30")}],
                columns={"customer": "0", "date": 1},
            )
            == READ
        )

    def test_a_list_of_rows_can_be_taken_in_again(self):
        reader = purchases_from_rows([GOOD], names=NAMES, currency="EUR")
        assert list(reader) == list(reader)

    def test_no_rows_at_all_are_a_day_without_sales(self):
        reader = purchases_from_rows([], currency="EUR")
        assert list(reader) == []
        assert reader.report.complete

    def test_columns_come_out_of_rows_too(self):
        (columns,) = purchases_from_rows([GOOD], names=NAMES, currency="EUR").columns()
        assert columns.minor == (1230,)
        assert columns.currency == "EUR"

    def test_everything_that_a_purchase_can_say(self):
        row = {
            "customer": 7,
            "date": DAY,
            "amount": -5,
            "currency": "CHF",
            "order": None,
            "product": 12,
            "channel": "web",
            "refund_of": UUID(int=9),
        }
        (purchase,) = purchases_from_rows([row])
        assert isinstance(purchase, Purchase)
        assert (purchase.customer, purchase.order, purchase.product) == ("7", None, "12")
        assert purchase.refund_of == "00000000-0000-0000-0000-000000000009"
        assert str(purchase.amount) == "-5.00 CHF"

    @pytest.mark.parametrize("row", ["C-7", b"C-7", 7, {"C-7"}, iter("C-7"), None])
    def test_what_is_no_row_is_a_reject(self, row):
        reject = refused(row)
        assert reject.reason is RejectReason.WRONG_TYPE
        assert "pass a mapping, a named tuple or a sequence" in reject.message

    def test_a_row_that_lacks_a_name_is_a_reject(self):
        rows = [dict(zip(NAMES, GOOD, strict=True)), {"customer": "C-8"}, {}]
        reader = purchases_from_rows(rows, currency="EUR")
        assert len(list(reader)) == 1
        assert reader.report.reasons == {RejectReason.TOO_FEW_COLUMNS: 1}
        assert reader.report.blank_lines == 1

    def test_a_row_of_another_width_is_a_reject(self):
        assert refused(("C-8", DAY)).reason is RejectReason.TOO_FEW_COLUMNS
        assert refused((*GOOD, 1)).reason is RejectReason.TOO_MANY_COLUMNS

    def test_columns_that_are_missing_or_ambiguous_are_errors(self):
        with pytest.raises(MissingColumn, match="found by position"):
            taken_in([GOOD])
        with pytest.raises(MissingColumn, match="no position 5"):
            taken_in([GOOD], columns={"customer": 0, "date": 1, "amount": 5})
        with pytest.raises(AmbiguousColumn):
            taken_in([{"price": 1, "total": 1, "customer": "C-7", "date": DAY}])

    def test_the_first_bad_row_can_stop_everything(self):
        with pytest.raises(BadLine, match="line 1, amount"):
            taken_in([("C-7", DAY, 1.5)], names=NAMES, on_error="stop")

    def test_rows_without_one_good_one_are_refused(self):
        with pytest.raises(NoGoodLine):
            taken_in([("C-7", DAY, 1.5)], names=NAMES)

    def test_options_are_checked_at_once(self):
        with pytest.raises(InvalidMoney):
            purchases_from_rows([], currency="EURO")
        with pytest.raises(InvalidValue):
            purchases_from_rows([], columns={"client": 0})


class TestCustomers:
    """A customer, order, product or channel is text, an int or a UUID."""

    @pytest.mark.parametrize(
        ("value", "customer"),
        [
            (" C-7 ", "C-7"),
            (17, "17"),
            (SmallInteger(17), "17"),
            (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ],
    )
    def test_they_become_text(self, value, customer):
        assert one(customer=value).split()[0] == customer

    @pytest.mark.parametrize("value", NOTHING)
    def test_nothing_is_missing(self, value):
        reject = refused((value, DAY, 1))
        assert (reject.column, reject.reason) == ("customer", RejectReason.MISSING)

    @pytest.mark.parametrize("value", [17.0, True, b"C-7", ["C-7"], 10**400, Array([1, 2])])
    def test_anything_else_is_a_reject(self, value):
        """A float: with missing values in the column, data frames turn 17 into 17.0."""
        reject = refused((value, DAY, 1))
        assert (reject.column, reject.reason) == ("customer", RejectReason.WRONG_TYPE)
        assert reject.message == f"a {type(value).__name__}: pass text, an int or a UUID"

    def test_the_check_is_that_of_every_key(self):
        assert refused(("C\u200b7", DAY, 1)).reason is RejectReason.BAD_IDENTIFIER


class TestDays:
    """A day is a date, the day of an instant in a named zone, or text in a named format."""

    @pytest.mark.parametrize("value", [DAY, "2026-03-01", "20260301", 20260301])
    def test_dates_and_text(self, value):
        assert one(on=value).split()[1] == "2026-03-01"

    def test_text_has_the_format_that_was_named(self):
        assert one(on="1.3.2026", date_format="%d.%m.%Y").split()[1] == "2026-03-01"

    @given(at=instants)
    def test_an_instant_becomes_the_day_in_the_zone(self, at):
        zone = ZoneInfo("Asia/Shanghai")
        assert one(on=at, zone=zone).split()[1] == at.astimezone(zone).date().isoformat()

    def test_a_time_without_a_zone_is_that_on_the_clock_of_the_shop(self):
        at = datetime(2026, 3, 1, 23, 59)  # noqa: DTZ001 - what a data frame holds
        assert one(on=at, zone="Asia/Shanghai").split()[1] == "2026-03-01"

    @pytest.mark.parametrize("zone", [None, UTC])
    def test_a_datetime_needs_the_zone_of_the_shop(self, zone):
        reject = refused(("C-7", datetime(2026, 3, 1, tzinfo=zone), 1))
        assert (reject.column, reject.reason) == ("date", RejectReason.NO_ZONE)

    def test_an_instant_beyond_the_calendar_is_a_reject(self):
        at = datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-10)))
        assert refused(("C-7", at, 1), zone="UTC").reason is RejectReason.BAD_DATE

    @pytest.mark.parametrize("value", [*NOTHING, NotATime(2026, 3, 1)])
    def test_nothing_is_missing(self, value):
        reject = refused(("C-7", value, 1))
        assert (reject.column, reject.reason) == ("date", RejectReason.MISSING)

    @pytest.mark.parametrize("value", [46082.0, True, b"2026-03-01", timedelta(1), Array([1, 2])])
    def test_anything_else_is_a_reject(self, value):
        reject = refused(("C-7", value, 1))
        assert (reject.column, reject.reason) == ("date", RejectReason.WRONG_TYPE)


class TestAmounts:
    """An amount is a Decimal or an int of major units, or text; never a float."""

    @pytest.mark.parametrize("value", ["12.30", Decimal("12.30"), Decimal("12.3000")])
    def test_text_and_decimals(self, value):
        assert one(amount=value) == READ[0]

    @pytest.mark.parametrize("value", [12, SmallInteger(12)])
    def test_an_int_is_of_major_units(self, value):
        assert one(amount=value).split(" ", 2)[2] == "12.00 EUR"

    @given(minor=st.integers(-MAX_MINOR, MAX_MINOR))
    def test_every_amount_is_taken_as_it_is(self, minor):
        amount = Decimal(minor).scaleb(-2)
        (columns,) = purchases_from_rows(
            [("C-7", DAY, amount)], names=NAMES, currency="EUR"
        ).columns()
        assert columns.minor == (minor,)

    def test_a_float_is_refused_and_told_how(self):
        reject = refused(("C-7", DAY, 12.3))
        assert (reject.column, reject.reason) == ("amount", RejectReason.WRONG_TYPE)
        assert "pass a Decimal, or text such as f'{x:.2f}'" in reject.message

    def test_a_decimal_that_is_too_fine_is_a_reject_or_rounded(self):
        row = ("C-7", DAY, Decimal("0.125"))
        assert refused(row).reason is RejectReason.TOO_FINE
        assert one(amount=row[2], rounding="half-up").split(" ", 2)[2] == "0.13 EUR"

    @pytest.mark.parametrize("value", [Decimal("Infinity"), Decimal("1E+999999"), 10**17])
    def test_what_is_larger_than_any_amount_is_a_reject(self, value):
        assert refused(("C-7", DAY, value)).reason is RejectReason.BAD_AMOUNT

    @pytest.mark.parametrize("value", NOTHING)
    def test_nothing_is_missing(self, value):
        reject = refused(("C-7", DAY, value))
        assert (reject.column, reject.reason) == ("amount", RejectReason.MISSING)

    @pytest.mark.parametrize(
        "value", [True, pytest.param(10**5_000, id="huge"), 1j, b"5", Array([1, 2])]
    )
    def test_anything_else_is_a_reject(self, value):
        """Also a number that Python itself refuses to write down."""
        reject = refused(("C-7", DAY, value))
        assert (reject.column, reject.reason) == ("amount", RejectReason.WRONG_TYPE)


class TestCurrencies:
    """A currency is text, or that of the rows that name none."""

    def test_a_row_can_name_its_currency(self):
        rows = [(*GOOD, "CHF"), (*GOOD, None)]
        assert taken_in(rows, names=[*NAMES, "currency"]) == [
            "C-7 2026-03-01 12.30 CHF",
            "C-7 2026-03-01 12.30 EUR",
        ]

    def test_anything_else_is_a_reject(self):
        rows = [(*GOOD, "CHF"), (*GOOD, 756), (*GOOD, "sfr.")]
        reader = purchases_from_rows(rows, names=[*NAMES, "currency"])
        assert len(list(reader)) == 1
        assert reader.report.reasons == {
            RejectReason.WRONG_TYPE: 1,
            RejectReason.UNKNOWN_CURRENCY: 1,
        }


class TestNothingPersonal:
    """What a row held is kept for the file of rejects, and shown nowhere else."""

    def test_the_raw_row_stays_out_of_messages(self):
        reject = refused(("Ada Lovelace", DAY, 1.5))
        assert reject.raw == "Ada Lovelace,2026-03-01,1.5"
        assert "Lovelace" not in str(reject) + repr(reject)

    def test_a_number_too_long_to_write_is_shown_by_its_type(self):
        assert refused(("C-7", DAY, 10**5_000)).raw == "C-7,2026-03-01,<int>"

    def test_what_is_no_row_is_kept_as_it_shows_itself(self):
        assert refused("Ada Lovelace").raw == "Ada Lovelace"
