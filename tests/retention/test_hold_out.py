"""Who is left alone to measure what winning back brings: drawn once and for ever."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidIdentifier, InvalidMoney, InvalidPolicy
from crmkit.identifiers import CustomerId
from crmkit.retention import HoldOut
from crmkit.testing.strategies import identifiers

customers = identifiers().map(CustomerId)
shares = st.fractions(0, Fraction(999, 1000), max_denominator=1000)
MANY = [CustomerId(f"C-{number}") for number in range(20_000)]


def held(share, key="win-back-2026"):
    return HoldOut(share=share, key=key)


class TestLaws:
    """CHU-07, CHU-09: the group that is held out is what a success is measured against."""

    @given(customers, shares, identifiers())
    def test_the_same_customer_gets_the_same_answer(self, customer, share, key):
        assert held(share, key).holds(customer) == held(share, key).holds(customer)
        assert held(share, key).place(customer) == held("0.5", key).place(customer)

    @given(customers, shares, shares)
    def test_a_larger_share_holds_out_the_same_customers_and_more(self, customer, one, other):
        small, large = sorted([one, other])
        assert held(large).holds(customer) or not held(small).holds(customer)

    @given(customers, shares)
    def test_the_evidence_says_the_same(self, customer, share):
        hold_out = held(share)
        assert hold_out.evidence(customer).met is not hold_out.holds(customer)

    @given(customers)
    def test_a_share_of_nothing_holds_out_nobody(self, customer):
        assert not held(0).holds(customer)
        assert 0 <= held(0).place(customer) < 1_000_000


class TestDraw:
    def test_the_place_is_read_off_a_hash_that_others_can_compute(self):
        """printf '13:win-back-2026C-7' | sha256sum, its first 16 digits of 16^16 to a millionth."""
        assert held(0).place(CustomerId("C-7")) == 0x4C95908BAB005BB3 * 10**6 // 16**16

    @pytest.mark.parametrize("share", ["0.01", "0.1", "0.5", "0.9"])
    def test_of_many_the_named_share_is_held_out(self, share):
        count = sum(held(share).holds(customer) for customer in MANY)
        expected = float(Fraction(share)) * len(MANY)
        spread = (expected * (1 - float(Fraction(share)))) ** 0.5
        assert abs(count - expected) < 4 * spread

    def test_places_are_spread_evenly(self):
        """Chi-square with 99 degrees of freedom is above 149 in one of a thousand draws."""
        counts = [0] * 100
        for customer in MANY:
            counts[held(0).place(customer) // 10_000] += 1
        expected = len(MANY) / 100
        assert sum((count - expected) ** 2 / expected for count in counts) < 149

    def test_another_key_is_another_draw(self):
        both = sum(held("0.5").holds(c) and held("0.5", "other").holds(c) for c in MANY)
        assert abs(both - len(MANY) / 4) < 4 * (len(MANY) * 3 / 16) ** 0.5

    def test_the_key_ends_where_it_ends(self):
        assert held(0, "a").place(CustomerId("bc")) != held(0, "ab").place(CustomerId("c"))

    def test_who_has_the_place_of_the_share_is_not_held_out(self):
        place = held(0).place(CustomerId("C-7"))
        assert not held(Fraction(place, 10**6)).holds(CustomerId("C-7"))
        assert held(Fraction(place + 1, 10**6)).holds(CustomerId("C-7"))
        assert held(Fraction(2 * place + 1, 2 * 10**6)).holds(CustomerId("C-7"))


class TestTerms:
    @pytest.mark.parametrize("share", [-1, 1, "1.5"])
    def test_somebody_is_always_treated(self, share):
        with pytest.raises(InvalidPolicy, match="below 1"):
            held(share)

    def test_a_share_is_exact(self):
        with pytest.raises(InvalidMoney, match="a share is a float"):
            held(0.1)

    def test_keys_and_customers_can_serve_as_such(self):
        with pytest.raises(InvalidIdentifier):
            held(0, "")
        with pytest.raises(InvalidIdentifier):
            held(0).place(CustomerId(" "))
