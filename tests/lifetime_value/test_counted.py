"""Equal customers are one row with a count: that is all that fitting a model needs."""

from __future__ import annotations

import math
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import CurrencyMismatch, InvalidMoney, InvalidValue
from crmkit.identifiers import CustomerId
from crmkit.lifetime_value.facts import (
    CountedFacts,
    CountedSpend,
    RepeatPurchaseColumns,
    RepeatPurchaseFacts,
    counted,
    counted_spend,
)
from crmkit.money import Money
from crmkit.period import Unit
from crmkit.testing.strategies import repeat_purchase_facts
from tests.lifetime_value.builders import euro, x_tx_age
from tests.lifetime_value.strategies import customer_bases

ROWS = {(0, 0, 38.86): 2, (2, 30.43, 38.86): 1, (2, 30.43, 35): 4}
ANNA = RepeatPurchaseFacts(2, 30.43, 38.86, unit=Unit.WEEK)
BERT = RepeatPurchaseFacts(0, 0, 38.86, unit=Unit.WEEK)
NAN, INFINITY = math.nan, math.inf


class Array:
    """Numbers as numpy has them: Python's own only out of ``tolist``."""

    def __init__(self, values):
        self.values = values

    def __iter__(self):
        raise AssertionError("one by one, they are numbers of another kind")

    def tolist(self):
        return list(self.values)


def columns_of(base: list[RepeatPurchaseFacts]) -> tuple[list[int], list[float], list[float]]:
    rows = list(map(x_tx_age, base))
    return [x for x, _, _ in rows], [t_x for _, t_x, _ in rows], [age for _, _, age in rows]


class TestEveryForm:
    """Facts come one by one, by customer, with a number, as columns, or counted already."""

    @given(base=customer_bases())
    def test_all_forms_give_the_same_rows(self, base):
        expected = Counter(map(x_tx_age, base))
        numbers = Counter(base)
        forms = [
            base,
            tuple(base),
            iter(base),
            {CustomerId(f"C-{number}"): facts for number, facts in enumerate(base)},
            numbers.items(),
            [*numbers.items()],
            RepeatPurchaseColumns(*columns_of(base), unit=Unit.WEEK),
            CountedFacts(expected, Unit.WEEK),
        ]
        for form in forms:
            rows = counted(form)
            assert dict(rows.rows) == expected
            assert rows.customers == len(base)
            assert rows.unit is Unit.WEEK or not base

    @given(base=customer_bases())
    def test_counting_what_is_counted_changes_nothing(self, base):
        rows = counted(base)
        assert counted(rows) is rows
        assert CountedFacts.of(rows) is rows
        assert CountedFacts.of(base) == rows

    @given(base=customer_bases())
    def test_rows_give_the_facts_back(self, base):
        rows = counted(base)
        assert counted(rows.facts()).rows == rows.rows
        for facts, _ in rows.facts():
            assert facts.unit is Unit.WEEK

    def test_one_customer_is_counted_alone(self):
        assert counted(ANNA).rows == {(2, 30.43, 38.86): 1}

    def test_facts_and_pairs_may_be_mixed(self):
        assert counted([ANNA, (ANNA, 3), BERT]).rows == {(2, 30.43, 38.86): 4, (0, 0, 38.86): 1}

    def test_nobody_is_counted_as_nobody(self):
        assert counted([]) == CountedFacts({})
        assert counted({}).customers == 0
        assert RepeatPurchaseColumns([], [], []).counted().customers == 0

    @pytest.mark.parametrize(
        "facts",
        [
            7,
            None,
            "anna",
            [7],
            ["anna"],
            [(ANNA, "3")],
            [(7, ANNA)],
            [(ANNA,)],
            [(2, 30.43, 38.86)],
        ],
    )
    def test_anything_else_is_refused_with_what_would_have_worked(self, facts):
        with pytest.raises(InvalidValue, match="summarize_repeat_purchases"):
            counted(facts)

    @pytest.mark.parametrize("number", [0, -1])
    def test_nobody_has_facts(self, number):
        with pytest.raises(InvalidValue, match="above zero"):
            counted([(ANNA, number)])

    @pytest.mark.parametrize(
        "other",
        [
            RepeatPurchaseFacts(2, 30, 38, unit=Unit.DAY),
            RepeatPurchaseFacts(2, 30, 38),
            RepeatPurchaseFacts(2, 30, 38, unit=Unit.WEEK, whole_units=True),
        ],
        ids=["another unit", "no unit", "rounded down"],
    )
    def test_ages_of_different_measure_do_not_mix(self, other):
        with pytest.raises(InvalidValue, match="one unit and one whole_units"):
            counted([ANNA, other])
        with pytest.raises(InvalidValue, match="one unit and one whole_units"):
            counted(ANNA).merge(counted(other))


class TestRowsFromOutside:
    """A database may count; what it hands in is checked once for each row."""

    def test_a_mapping_or_pairs(self):
        assert CountedFacts(ROWS, Unit.WEEK) == CountedFacts(ROWS.items(), Unit.WEEK)

    def test_equal_rows_among_pairs_add_up(self):
        pairs = [((0, 0, 5), 2), ((1, 1, 5), 1), ((0, 0.0, 5.0), 3)]
        assert CountedFacts(pairs).rows == {(0, 0, 5): 5, (1, 1, 5): 1}

    def test_what_was_handed_in_may_change_later(self):
        rows = dict(ROWS)
        counts = CountedFacts(rows)
        rows.clear()
        assert counts.customers == 7
        with pytest.raises(TypeError):
            counts.rows[0, 0, 1] = 1  # type: ignore[index]

    def test_nothing_of_the_rows_is_shown(self):
        assert repr(CountedFacts(ROWS, Unit.WEEK)) == (
            "CountedFacts(unit=<Unit.WEEK: 'week'>, whole_units=False)"
        )

    @pytest.mark.parametrize(
        ("row", "reason"),
        [
            ((2, 39, 38.86), "lies after the end"),
            ((2, 0, 38.86), "repeat purchases without an age"),
            ((0, 30.43, 38.86), "without a repeat"),
            ((-1, 0, 38.86), "zero or more"),
            ((1_000_001, 1, 2), "at most 1000000"),
            ((3.0, 30.43, 38.86), "a float: pass a whole"),
            ((True, 30.43, 38.86), "a bool: pass a whole"),
            (("2", 30.43, 38.86), "a str: pass a whole"),
            ((2, NAN, 38.86), "is a finite"),
            ((2, 30.43, NAN), "is a finite"),
            ((0, 0, NAN), "is a finite"),
            ((0, NAN, 5), "is a finite"),
            ((2, 30.43, INFINITY), "is a finite"),
            ((2, -1, 38.86), "is a finite"),
            ((0, 0, -1), "is a finite"),
            ((2, 1, 1e13), "at most 1e[+]12"),
            ((0, 0, 1e13), "at most 1e[+]12"),
            ((2, True, 38.86), "is a bool"),
            ((2, "1", 38.86), "is a str"),
            ((2, Decimal(1), 38.86), "is a Decimal"),
            ((2, 30.43), "counted facts map rows"),
            ((2, 30.43, 38.86, 1), "counted facts map rows"),
            ((), "counted facts map rows"),
            (7, "counted facts map rows"),
            (frozenset({1, 2.5, 3.5}), "counted facts map rows"),
        ],
    )
    @pytest.mark.parametrize("among", [{}, ROWS], ids=["alone", "among others"])
    def test_an_impossible_row_is_refused_with_the_reason(self, row, reason, among):
        with pytest.raises(InvalidValue, match=reason):
            CountedFacts({**among, row: 1})

    @pytest.mark.parametrize("count", [0, -1, 1.0, True, "1", None, Fraction(1)])
    def test_counts_are_whole_and_above_zero(self, count):
        with pytest.raises(InvalidValue, match="a whole number above zero"):
            CountedFacts({(2, 30.43, 38.86): count})

    def test_there_are_no_more_customers_than_people(self):
        """A number that no float can hold would end the arithmetic of a model."""
        assert CountedFacts({(2, 30.43, 38.86): 10**12}).customers == 10**12
        for rows in ({(2, 30.43, 38.86): 10**400}, {(0, 0, 1): 10**12, (0, 0, 2): 1}):
            with pytest.raises(InvalidValue, match="at most 1,000,000,000,000 in all"):
                CountedFacts(rows)
        with pytest.raises(InvalidValue, match="at most 1,000,000,000,000 in all"):
            counted([(RepeatPurchaseFacts(2, 30.43, 38.86), 10**400)])

    @pytest.mark.parametrize(
        "rows",
        [
            7,
            None,
            "rows",
            [7],
            [((2, 30.43, 38.86),)],
            [([2, 30.43, 38.86], 1)],
            [((0, 0, 1), "1")],
        ],
    )
    def test_rows_are_a_mapping_or_pairs(self, rows):
        with pytest.raises(InvalidValue, match="counted facts map rows"):
            CountedFacts(rows)

    @given(facts=repeat_purchase_facts(unit=None), count=st.integers(1, 9))
    def test_every_possible_customer_is_a_row(self, facts, count):
        assert CountedFacts({x_tx_age(facts): count}).customers == count

    @given(facts=repeat_purchase_facts(unit=Unit.DAY, whole_units=True))
    def test_every_possible_customer_in_whole_units_is_a_row(self, facts):
        rows = CountedFacts({x_tx_age(facts): 1}, Unit.DAY, whole_units=True)
        assert [x_tx_age(each) for each, _ in rows.facts()] == [x_tx_age(facts)]

    def test_back_in_the_first_week_is_possible_in_whole_weeks_only(self):
        assert CountedFacts({(2, 0, 5): 1}, Unit.WEEK, whole_units=True).customers == 1
        with pytest.raises(InvalidValue, match="without an age"):
            CountedFacts({(2, 0, 5): 1}, Unit.WEEK)

    @pytest.mark.parametrize("row", [(2, 1.5, 5), (2, 1, 5.5)])
    def test_parts_are_not_whole(self, row):
        with pytest.raises(InvalidValue, match="is not whole"):
            CountedFacts({row: 1}, whole_units=True)

    @pytest.mark.parametrize("terms", [{"unit": "week"}, {"whole_units": 1}])
    def test_the_measure_is_checked(self, terms):
        with pytest.raises(InvalidValue):
            CountedFacts(ROWS, **terms)

    def test_ages_of_a_kind_of_float_will_do(self):
        class Float64(float):
            pass

        assert CountedFacts({(2, Float64(1.5), Float64(2)): 1}).customers == 1


class TestMerging:
    """Counts of parts merge to the count of the whole, in any order."""

    @given(one=customer_bases(min_size=1), other=customer_bases(min_size=1))
    def test_parts_make_the_whole(self, one, other):
        whole = counted([*one, *other])
        assert counted(one).merge(counted(other)) == whole == counted(other).merge(counted(one))
        assert hash(counted(one).merge(counted(other))) == hash(whole)

    @given(base=customer_bases())
    def test_customers_by_repeats(self, base):
        counts = counted(base).customers_by_repeats()
        assert counts == Counter(facts.repeat_purchases for facts in base)
        assert list(counts) == sorted(counts)


class TestColumns:
    """Columns out of a database or a data frame are counted as they are."""

    def test_arrays_and_iterators_will_do(self):
        x, t_x, age = [2, 0, 2], [30.43, 0, 30.43], [38.86] * 3
        form: Any
        for form in (list, tuple, iter, Array):
            rows = RepeatPurchaseColumns(form(x), form(t_x), form(age), Unit.WEEK)
            assert rows.counted().rows == {(2, 30.43, 38.86): 2, (0, 0, 38.86): 1}
            assert counted(rows) == rows.counted()

    def test_the_measure_is_kept(self):
        rows = RepeatPurchaseColumns([2], [0], [5], Unit.MONTH, whole_units=True).counted()
        assert (rows.unit, rows.whole_units) == (Unit.MONTH, True)

    @pytest.mark.parametrize("longer", [0, 1, 2])
    def test_columns_are_equally_long(self, longer):
        columns: list[Any] = [[2], [30.43], [38.86]]
        columns[longer] *= 2
        with pytest.raises(InvalidValue, match="differ in length"):
            RepeatPurchaseColumns(*columns).counted()

    @pytest.mark.parametrize("column", [7, None])
    def test_a_column_is_no_number(self, column):
        with pytest.raises(InvalidValue, match="a column is a list"):
            RepeatPurchaseColumns(column, [1], [2])

    def test_what_cannot_be_counted_is_no_number(self):
        with pytest.raises(InvalidValue, match="no number"):
            RepeatPurchaseColumns([[2]], [1], [2]).counted()

    def test_an_impossible_row_is_found_among_many(self):
        with pytest.raises(InvalidValue, match="lies after the end"):
            RepeatPurchaseColumns([1] * 9, [1] * 9, [2] * 8 + [0.5]).counted()


class TestCountedSpend:
    """Who came back how often and spent how much each time, as a model of spend wants it."""

    @given(base=customer_bases())
    def test_all_forms_give_the_same(self, base):
        rows = Counter(
            (facts.repeat_purchases, float(facts.mean_repeat_spend.amount))
            for facts in base
            if facts.repeat_purchases and facts.repeat_spend.minor
        )
        form: Any
        for form in (base, iter(base), Counter(base).items(), dict(enumerate(base))):
            spend = counted_spend(form)
            assert dict(spend.rows) == rows
            assert spend.customers == sum(rows.values())
            assert spend.without_repeats == sum(not facts.repeat_purchases for facts in base)
            assert spend.customers + spend.without_repeats + spend.left_out == len(base)
            assert counted_spend(spend) is spend

    @given(base=customer_bases(min_size=1))
    def test_columns_give_the_same(self, base):
        repeats = [facts.repeat_purchases for facts in base]
        totals = [facts.repeat_spend.minor for facts in base]
        means = [float(facts.mean_repeat_spend.amount) for facts in base]
        expected = counted_spend(base)
        if expected.currency:
            assert CountedSpend.of_totals(repeats, totals, "EUR") == expected
            assert CountedSpend.of_means(Array(repeats), Array(means), "EUR") == expected

    @given(
        one=customer_bases(min_size=1).filter(lambda base: counted_spend(base).currency),
        other=customer_bases(min_size=1).filter(lambda base: counted_spend(base).currency),
    )
    def test_parts_make_the_whole(self, one, other):
        merged = counted_spend(one).merge(counted_spend(other))
        assert merged == counted_spend([*one, *other])

    def test_one_customer_is_counted_alone(self):
        assert counted_spend(RepeatPurchaseFacts(2, 1, 5, euro("22.35"))).rows == {(2, 22.35): 1}

    def test_the_mean_is_that_of_the_exact_total(self):
        """10 euros over three days are not three times 3.33."""
        facts = RepeatPurchaseFacts(3, 1, 5, euro("3.33"), repeat_spend=euro(10))
        assert counted_spend([facts]).rows == {(3, 10 / 3): 1}
        assert CountedSpend.of_totals([3], [1000], "EUR").rows == {(3, 10 / 3): 1}

    @pytest.mark.parametrize(("currency", "mean"), [("JPY", 500.0), ("EUR", 5.0), ("KWD", 0.5)])
    def test_means_are_in_major_units(self, currency, mean):
        assert CountedSpend.of_totals([2], [1000], currency).rows == {(2, mean): 1}
        facts = RepeatPurchaseFacts(2, 1, 5, Money.of_minor(500, currency))
        assert counted_spend([facts]).rows == {(2, mean): 1}

    def test_bare_numbers_stay_as_they_are(self):
        listed = [RepeatPurchaseFacts(2, 1, 5, 22.35), RepeatPurchaseFacts(0, 0, 5, 0.0)]
        spend = counted_spend(listed)
        assert (dict(spend.rows), spend.currency) == ({(2, 22.35): 1}, None)
        assert CountedSpend.of_means([2, 0], [22.35, 0.0]) == spend

    def test_who_spent_nothing_or_less_is_left_out(self):
        spend = CountedSpend.of_totals([1, 1, 2, 0], [0, -5, 1000, 0], "EUR")
        assert (dict(spend.rows), spend.left_out, spend.without_repeats) == ({(2, 5.0): 1}, 2, 1)

    def test_spend_that_is_not_known_is_refused(self):
        with pytest.raises(InvalidValue, match="is not known"):
            counted_spend([ANNA])
        assert counted_spend([BERT]).without_repeats == 1

    def test_money_and_bare_numbers_do_not_mix(self):
        listed = [RepeatPurchaseFacts(2, 1, 5, 22.35), RepeatPurchaseFacts(2, 1, 5, euro(1))]
        with pytest.raises(InvalidValue, match="some a bare number"):
            counted_spend(listed)

    def test_two_currencies_do_not_mix(self):
        listed = [RepeatPurchaseFacts(2, 1, 5, Money(1, code)) for code in ("EUR", "USD")]
        with pytest.raises(CurrencyMismatch):
            counted_spend(listed)
        with pytest.raises(CurrencyMismatch):
            counted_spend(listed[:1]).merge(counted_spend(listed[1:]))

    @pytest.mark.parametrize(
        ("row", "count"),
        [
            ((0, 1.0), 1),
            ((1_000_001, 1.0), 1),
            ((1.0, 1.0), 1),
            ((True, 1.0), 1),
            ((1, 0.0), 1),
            ((1, -1.0), 1),
            ((1, NAN), 1),
            ((1, INFINITY), 1),
            ((1, "1"), 1),
            ((1, True), 1),
            ((1,), 1),
            ((1, 1.0, 1), 1),
            ((), 1),
            (7, 1),
            ((1, 1.0), 0),
            ((1, 1.0), 1.0),
            ((1, 1.0), True),
        ],
    )
    @pytest.mark.parametrize("among", [{}, {(2, 5.0): 1}], ids=["alone", "among others"])
    def test_an_impossible_row_is_refused(self, row, count, among):
        with pytest.raises(InvalidValue, match="counted spend maps rows"):
            CountedSpend({**among, row: count})

    def test_rows_may_be_pairs(self):
        assert CountedSpend([((1, 1.0), 1), ((1, 1.0), 2)]) == CountedSpend({(1, 1.0): 3})

    @pytest.mark.parametrize("rows", [7, None, [((1, 1.0),)], "rows"])
    def test_rows_are_a_mapping_or_pairs(self, rows):
        with pytest.raises(InvalidValue, match="counted spend maps rows"):
            CountedSpend(rows)

    def test_there_are_no_more_customers_than_people(self):
        with pytest.raises(InvalidValue, match="at most 1,000,000,000,000 in all"):
            CountedSpend({(2, 22.35): 10**400})

    def test_nobody_is_no_row(self):
        assert CountedSpend({}).customers == 0

    @pytest.mark.parametrize("terms", [{"left_out": -1}, {"without_repeats": 0.5}])
    def test_numbers_of_customers_are_whole(self, terms):
        with pytest.raises(InvalidValue, match="whole number"):
            CountedSpend({}, **terms)

    def test_the_currency_is_known(self):
        with pytest.raises(InvalidMoney):
            CountedSpend({}, "euro")
        with pytest.raises(InvalidMoney):
            CountedSpend.of_totals([], [], "euro")

    @pytest.mark.parametrize("total", [5.0, "5", None, 10**19, 10**400, True])
    def test_totals_are_whole(self, total):
        with pytest.raises(InvalidValue, match="whole minor units"):
            CountedSpend.of_totals([1], [total], "EUR")

    @pytest.mark.parametrize("repeats", [1.0, "1", True, -1, 1_000_001])
    def test_repeats_are_whole(self, repeats):
        with pytest.raises(InvalidValue, match="whole numbers, zero or more"):
            CountedSpend.of_totals([repeats], [-5], "EUR")
        with pytest.raises(InvalidValue, match="whole numbers, zero or more"):
            CountedSpend.of_means([repeats], [-5.0])

    @pytest.mark.parametrize("mean", ["5", None, True, Decimal(5)])
    def test_means_are_numbers(self, mean):
        with pytest.raises(InvalidValue, match="a bare number"):
            CountedSpend.of_means([1], [mean])

    @pytest.mark.parametrize("mean", [NAN, INFINITY])
    def test_means_are_finite(self, mean):
        with pytest.raises(InvalidValue, match="counted spend maps rows"):
            CountedSpend.of_means([1], [mean])

    def test_nothing_is_spent_on_no_repeat(self):
        with pytest.raises(InvalidValue, match="no repeat purchase"):
            CountedSpend.of_totals([0], [5], "EUR")
        with pytest.raises(InvalidValue, match="no repeat purchase"):
            CountedSpend.of_means([0], [5.0])

    def test_columns_are_equally_long(self):
        with pytest.raises(InvalidValue, match="differ in length"):
            CountedSpend.of_totals([1, 2], [5], "EUR")
        with pytest.raises(InvalidValue, match="differ in length"):
            CountedSpend.of_means([1, 2], [5.0])
