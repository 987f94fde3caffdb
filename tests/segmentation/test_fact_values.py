"""How policies that are told by name which fact to look at read it."""

from __future__ import annotations

from decimal import Context, Decimal, localcontext
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import CurrencyMismatch, InvalidMoney, InvalidPolicy, InvalidValue
from crmkit.money import Money
from crmkit.segmentation.policies.fact_values import (
    as_quantities,
    check_one_kind,
    criterion_of,
    exact_decimal,
    magnitude,
    read_fact,
    read_quantity,
    read_word,
)


def facts(**values: Any) -> Any:
    """Facts of a host's own making."""
    return SimpleNamespace(**values)


class TestTerms:
    """What a policy measures by is exact, and of one kind."""

    def test_texts_become_decimals_and_the_rest_stays(self):
        money = Money(5, "EUR")
        assert as_quantities(["2.5", 3, Decimal("4.0"), money]) == (Decimal("2.5"), 3, 4, money)

    @pytest.mark.parametrize("value", [0.5, True, Decimal("NaN"), "1e3", None])
    def test_what_is_not_exact_is_refused(self, value):
        with pytest.raises(InvalidMoney):
            as_quantities([value])

    def test_money_counts_in_minor_units(self):
        assert [magnitude(v) for v in (Money("1.50", "EUR"), 2, Decimal("0.1"))] == [
            150,
            2,
            Decimal("0.1"),
        ]

    @pytest.mark.parametrize("values", [[1, Money(1, "EUR")], [Money(1, "EUR"), Money(1, "USD")]])
    def test_two_kinds_are_refused(self, values):
        with pytest.raises(InvalidPolicy, match="cuts are all plain numbers, or all money of one"):
            check_one_kind(values, "cuts")

    @pytest.mark.parametrize("values", [[], [1, Decimal(2)], [Money(1, "EUR"), Money(2, "EUR")]])
    def test_one_kind_is_fine(self, values):
        check_one_kind(values, "cuts")

    def test_a_criterion_is_written_with_hyphens(self):
        assert criterion_of("relative_strength") == "relative-strength"

    @given(st.integers(-(10**12), 10**12), st.integers(0, 6))
    def test_units_become_a_decimal_whatever_the_context(self, units, digits):
        with localcontext(Context(prec=1)):
            number = exact_decimal(units, digits)
        assert number * 10**digits == units
        assert str(number) == f"{units / 10**digits:.{digits}f}"


class TestReading:
    """A fact is read by its name, exactly, or refused with what would have worked."""

    def test_a_fact_that_is_not_there(self):
        with pytest.raises(InvalidValue, match="these facts have no visits"):
            read_fact(facts(customer="C-1"), "visits")

    @pytest.mark.parametrize(
        ("value", "like"), [(3, Decimal("2.5")), (Decimal("2.5"), 3), (Money(3, "EUR"),) * 2]
    )
    def test_a_fact_of_the_kind_of_the_term(self, value, like):
        assert read_quantity(facts(visits=value), "visits", like) == value

    @pytest.mark.parametrize(
        ("value", "like", "why"),
        [
            (2.5, 1, "visits is a float: pass an int or a Decimal"),
            (True, 1, "visits is a bool: pass an int or a Decimal"),
            (None, 1, "visits is a NoneType: pass an int or a Decimal"),
            (Money(3, "EUR"), 1, "visits is a Money: pass an int or a Decimal"),
            (3, Money(3, "EUR"), "visits is a int: pass Money"),
            (Decimal("NaN"), 1, "visits is not a finite decimal"),
        ],
    )
    def test_a_fact_of_another_kind(self, value, like, why):
        with pytest.raises(InvalidValue, match=why):
            read_quantity(facts(visits=value), "visits", like)

    def test_a_fact_in_another_currency(self):
        with pytest.raises(CurrencyMismatch) as caught:
            read_quantity(facts(spend=Money(3, "USD")), "spend", Money(3, "EUR"))
        assert (caught.value.left, caught.value.right) == ("USD", "EUR")

    def test_a_word(self):
        assert read_word(facts(mood="fine"), "mood") == "fine"

    def test_what_is_no_word(self):
        with pytest.raises(InvalidValue, match="mood is a int: pass a word"):
            read_word(facts(mood=5), "mood")
