"""What policies measure by."""

from __future__ import annotations

from decimal import Context, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidMoney, InvalidPolicy
from crmkit.money import Money
from crmkit.segmentation.policies.quantities import (
    as_quantities,
    check_one_kind,
    exact_decimal,
    magnitude,
)


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

    @given(st.integers(-(10**12), 10**12), st.integers(0, 6))
    def test_units_become_a_decimal_whatever_the_context(self, units, digits):
        with localcontext(Context(prec=1)):
            number = exact_decimal(units, digits)
        assert number * 10**digits == units
        assert str(number) == f"{units / 10**digits:.{digits}f}"
