"""Index values have one order, which every store can keep as plain bytes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crmkit.errors import InvalidIdentifier, InvalidValue, NaiveDatetime
from crmkit.money import Money
from crmkit.storage.ordering import (
    FIRST,
    LAST,
    encode,
    microseconds,
    read_token,
    span,
    write_token,
)
from crmkit.testing.samples import rank

NUMBERS = st.integers(-(2**63), 2**63 - 1)
MONEY = st.builds(
    Money.of_minor, st.integers(-(10**18) + 1, 10**18 - 1), st.sampled_from(["EUR", "KWD"])
)
OFFSETS = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
TEXTS = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=5)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    NUMBERS,
    MONEY,
    st.dates(),
    st.datetimes(timezones=OFFSETS),
    TEXTS,
)
TUPLES = st.lists(VALUES, max_size=3).map(tuple)


def ranks(values):
    """The order of tuples, said without encoding them."""
    return [rank(value) for value in values]


class TestEncode:
    """Nothing, no, yes, numbers, money, days, instants and texts, in this order."""

    @given(TUPLES, TUPLES)
    def test_bytes_sort_as_the_values_do(self, left, right):
        assert (encode(left) < encode(right)) == (ranks(left) < ranks(right))

    @given(VALUES, VALUES)
    def test_values_of_one_place_sort_alike(self, left, right):
        assert (encode((left,)) < encode((right,))) == (rank(left) < rank(right))

    @given(TUPLES, TUPLES)
    def test_equal_bytes_mean_equal_values(self, left, right):
        assert (encode(left) == encode(right)) == (ranks(left) == ranks(right))

    @pytest.mark.parametrize(
        ("lower", "higher"),
        list(
            pairwise(
                [
                    None,
                    False,
                    True,
                    -(2**63),
                    -1,
                    0,
                    1,
                    2**63 - 1,
                    Money("-1.00", "EUR"),
                    Money("0.00", "EUR"),
                    Money("9.99", "EUR"),
                    Money("-5", "JPY"),
                    date.min,
                    date(2026, 3, 1),
                    datetime.min.replace(tzinfo=timezone(timedelta(hours=14))),
                    datetime(2026, 3, 1, 23, tzinfo=timezone(timedelta(hours=1))),
                    datetime(2026, 3, 1, 23, tzinfo=UTC),
                    datetime.max.replace(tzinfo=timezone(timedelta(hours=-12))),
                    "1",
                    "10",
                    "9",
                    "A",
                    "a",
                    "aa",
                    "\uff21",
                    "\U0001d400",
                ]
            )
        ),
    )
    def test_the_published_order(self, lower, higher):
        assert encode((lower,)) < encode((higher,))

    def test_a_member_of_an_enumeration_is_listed_by_its_value(self):
        class Color(StrEnum):
            RED = "red"

        assert encode((Color.RED,)) == encode(("red",))

    def test_an_instant_is_the_same_in_every_zone(self):
        noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
        assert encode((noon,)) == encode((noon.astimezone(timezone(timedelta(hours=9))),))

    @pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**100])
    def test_a_number_that_64_bits_cannot_hold_is_refused(self, number):
        with pytest.raises(InvalidValue, match="64 bits"):
            encode((number,))

    @pytest.mark.parametrize("value", [0.5, Decimal("0.5"), b"bytes", (1,), object()])
    def test_other_types_are_refused(self, value):
        with pytest.raises(InvalidValue, match="an index value is a"):
            encode((value,))

    @pytest.mark.parametrize("text", ["", " a", "a\0", "\ud800", "a" * 256])
    def test_a_text_that_is_no_identifier_is_refused(self, text):
        with pytest.raises(InvalidIdentifier):
            encode((text,))

    def test_a_naive_datetime_is_refused(self):
        with pytest.raises(NaiveDatetime):
            encode((datetime(2026, 3, 1),))  # noqa: DTZ001


class TestSpan:
    """A query fixes the first values of a tuple and ranges over the next."""

    @given(TUPLES, TUPLES)
    def test_a_prefix_reaches_exactly_the_tuples_that_begin_with_it(self, prefix, values):
        low, high = span(prefix, None, None)
        begins = ranks(values)[: len(prefix)] == ranks(prefix)
        assert (low < (encode(values), "key") < high) == begins

    @given(TUPLES, VALUES, VALUES.filter(lambda value: value is not None), VALUES)
    def test_a_range_includes_its_start_and_not_its_end(self, prefix, value, start, end):
        low, high = span(prefix, start, end)
        within = rank(start) <= rank(value) and (end is None or rank(value) < rank(end))
        assert (low < (encode((*prefix, value)), "key") < high) == within

    @given(TUPLES, st.text(min_size=1))
    def test_first_and_last_lie_around_everything(self, values, key):
        assert FIRST < (encode(values), key) < LAST


class TestToken:
    """``page.next`` is a text that a host can put into a link."""

    @given(st.binary(), TEXTS)
    @example(b"", "k")
    def test_a_position_comes_back(self, entry, key):
        token = write_token((entry, key))
        assert read_token(token) == (entry, key)
        assert token.isascii()

    @pytest.mark.parametrize("token", ["", "61", "zz.61", "61.zz", "61.ff", "\0.\0"])
    def test_what_is_no_token_is_refused_without_repeating_it(self, token):
        with pytest.raises(InvalidValue, match=r"^after is not the next of a page: pass page.next"):
            read_token(token)


class TestMicroseconds:
    """Instants are counted from 1970, whatever their zones."""

    def test_they_are_exact(self):
        assert microseconds(datetime(1970, 1, 1, 0, 0, 0, 1, tzinfo=UTC)) == 1
        assert microseconds(datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)) == -1
