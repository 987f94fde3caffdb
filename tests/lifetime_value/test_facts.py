"""What models of lifetime value know of a customer cannot contradict itself."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crmkit.errors import CurrencyMismatch, InvalidIdentifier, InvalidValue
from crmkit.identifiers import CustomerId
from crmkit.lifetime_value.facts import MAX_AGE, MAX_REPEAT_PURCHASES, RepeatPurchaseFacts
from crmkit.money import Money
from crmkit.period import Unit
from crmkit.serialization import make_converter
from crmkit.testing.strategies import repeat_purchase_facts
from tests.lifetime_value.builders import ANNA, day, euro

CONVERTER = make_converter(RepeatPurchaseFacts)
NAN, INFINITY = math.nan, math.inf


class TestImpossibleFacts:
    """What nobody can have done is refused with the reason."""

    @pytest.mark.parametrize(
        ("x", "t_x", "age", "reason"),
        [
            pytest.param(2, 39, 38.86, "lies after the end", id="last above age"),
            pytest.param(2, math.nextafter(10, 11), 10, "lies after the end", id="just above age"),
            pytest.param(2, 0, 38.86, "repeat purchases without an age", id="no age"),
            pytest.param(1, 0, 0, "repeat purchases without an age", id="no age, new customer"),
            pytest.param(0, 30.43, 38.86, "without a repeat", id="age without repeats"),
            pytest.param(0, 5e-324, 38.86, "without a repeat", id="tiny age without repeats"),
            pytest.param(-1, 0, 38.86, "zero or more", id="fewer than none"),
            pytest.param(MAX_REPEAT_PURCHASES + 1, 1, 2, "at most 1000000", id="very many"),
            pytest.param(10**400, 1, 2, "at most 1000000", id="beyond any"),
            pytest.param(2.0, 30.43, 38.86, "a float: pass a whole", id="repeats as float"),
            pytest.param(2.5, 30.43, 38.86, "a float: pass a whole", id="half a repeat"),
            pytest.param(True, 30.43, 38.86, "a bool: pass a whole", id="whether they came back"),
            pytest.param("2", 30.43, 38.86, "a str: pass a whole", id="repeats as text"),
            pytest.param(None, 30.43, 38.86, "a NoneType: pass a whole", id="no repeats"),
            pytest.param(2, NAN, 38.86, "age_at_last_purchase is a finite", id="last NaN"),
            pytest.param(2, 30.43, NAN, "customer_age is a finite", id="age NaN"),
            pytest.param(2, INFINITY, INFINITY, "age_at_last_purchase is a finite", id="endless"),
            pytest.param(2, 30.43, INFINITY, "customer_age is a finite", id="endless age"),
            pytest.param(2, -1, 38.86, "age_at_last_purchase is a finite", id="last below zero"),
            pytest.param(0, 0, -1, "customer_age is a finite", id="age below zero"),
            pytest.param(2, 1, 10**13, "at most 1e[+]12", id="very old"),
            pytest.param(2, 1, 10**400, "at most 1e[+]12", id="older than any float"),
            pytest.param(2, -(10**400), 1, "zero or more", id="younger than any float"),
            pytest.param(2, True, 38.86, "age_at_last_purchase is a bool", id="last as bool"),
            pytest.param(2, 1, True, "customer_age is a bool", id="age as bool"),
            pytest.param(2, "1", 38.86, "age_at_last_purchase is a str", id="last as text"),
            pytest.param(2, 1, None, "customer_age is a NoneType", id="no age of the customer"),
            pytest.param(2, Decimal(1), 38.86, "Decimal: pass an int or a float", id="Decimal"),
        ],
    )
    def test_the_reason_is_told(self, x, t_x, age, reason):
        with pytest.raises(InvalidValue, match=reason):
            RepeatPurchaseFacts(x, t_x, age)

    @pytest.mark.parametrize(
        ("x", "t_x", "age"),
        [
            pytest.param(0, 0, 0, id="first purchase today"),
            pytest.param(0, 0, 38.86, id="never came back"),
            pytest.param(1, 38.86, 38.86, id="back today"),
            pytest.param(1, 5e-324, 1, id="back at once"),
            pytest.param(100_000, 1, 2, id="more repeats than units of time"),
            pytest.param(MAX_REPEAT_PURCHASES, MAX_AGE, MAX_AGE, id="all limits"),
        ],
    )
    def test_the_limits_are_possible(self, x, t_x, age):
        facts = RepeatPurchaseFacts(x, t_x, age)
        assert (facts.repeat_purchases, facts.age_at_last_purchase, facts.customer_age) == (
            x,
            t_x,
            age,
        )

    @given(
        x=st.integers(-1, 3),
        t_x=st.floats(-1, 4) | st.just(0.0) | st.just(NAN),
        age=st.floats(-1, 4) | st.just(NAN),
    )
    def test_what_is_not_refused_is_possible(self, x, t_x, age):
        possible = x >= 0 <= t_x <= age and (x > 0) == (t_x > 0)
        if possible:
            RepeatPurchaseFacts(x, t_x, age)
        else:
            with pytest.raises(InvalidValue):
                RepeatPurchaseFacts(x, t_x, age)

    def test_days_since_the_last_purchase_are_hinted_at(self):
        """The commonest mistake: the other recency."""
        with pytest.raises(InvalidValue, match="both ages count from the first purchase"):
            RepeatPurchaseFacts(3, 400, 52)


class TestWholeUnits:
    """Ages that were rounded down are whole, and may have come to 0."""

    def test_a_customer_may_have_come_back_in_the_first_week(self):
        assert RepeatPurchaseFacts(2, 0, 5, whole_units=True).age_at_last_purchase == 0

    @pytest.mark.parametrize(("t_x", "age", "which"), [(1.5, 5, "last"), (1, 5.5, "customer")])
    def test_parts_of_a_week_are_refused(self, t_x, age, which):
        with pytest.raises(InvalidValue, match=f"{which}.* is not whole"):
            RepeatPurchaseFacts(2, t_x, age, whole_units=True)

    def test_an_age_without_a_repeat_is_none_of_them(self):
        with pytest.raises(InvalidValue, match="without a repeat"):
            RepeatPurchaseFacts(0, 1, 5, whole_units=True)

    @pytest.mark.parametrize("whole", [1, None, "yes"])
    def test_whole_units_are_so_or_not(self, whole):
        with pytest.raises(InvalidValue, match="whole_units"):
            RepeatPurchaseFacts(2, 1, 5, whole_units=whole)


class TestUnit:
    """The unit of time is named, or there is none."""

    @pytest.mark.parametrize("unit", ["week", "W", 7, 7.0])
    def test_a_unit_is_no_text_and_no_number(self, unit):
        with pytest.raises(InvalidValue, match=r"Unit\.WEEK"):
            RepeatPurchaseFacts(2, 1, 5, unit=unit)

    @given(unit=st.sampled_from(Unit) | st.none())
    def test_every_unit_is_kept(self, unit):
        assert RepeatPurchaseFacts(2, 1, 5, unit=unit).unit is unit

    @given(age=st.integers(1, 10**12))
    def test_ages_are_floats_however_they_came(self, age):
        facts = RepeatPurchaseFacts(1, age, age)
        assert facts == RepeatPurchaseFacts(1, float(age), float(age))
        assert (type(facts.age_at_last_purchase), type(facts.customer_age)) == (float, float)

    def test_ages_of_a_kind_of_float_are_floats(self):
        class Float64(float):
            pass

        facts = RepeatPurchaseFacts(1, Float64(1.5), Float64(2.5))
        assert (type(facts.age_at_last_purchase), type(facts.customer_age)) == (float, float)


class TestCustomer:
    """Whose facts they are, and as of when, may be told; it has to make sense then."""

    def test_both_are_kept(self):
        facts = RepeatPurchaseFacts(2, 1, 5, customer=ANNA, as_of=day("2024-01-05"))
        assert (facts.customer, facts.as_of) == (ANNA, day("2024-01-05"))

    @pytest.mark.parametrize("customer", ["", " anna", "an\x00na", 7])
    def test_a_customer_is_an_identifier(self, customer):
        with pytest.raises(InvalidIdentifier):
            RepeatPurchaseFacts(2, 1, 5, customer=customer)

    @pytest.mark.parametrize("as_of", [datetime(2024, 1, 5, tzinfo=UTC), "2024-01-05", 738_000])
    def test_a_day_is_a_plain_date(self, as_of):
        with pytest.raises(InvalidValue, match="as_of"):
            RepeatPurchaseFacts(2, 1, 5, as_of=as_of)

    def test_no_refusal_names_the_customer(self):
        with pytest.raises(InvalidValue) as refusal:
            RepeatPurchaseFacts(2, 9, 5, customer=CustomerId("anna-maria"))
        assert "anna" not in str(refusal.value)


class TestSpend:
    """The mean is that of the repeats, and agrees with the exact total."""

    @given(total=st.integers(-(10**9), 10**9), repeats=st.integers(1, 100_000))
    def test_a_mean_rounded_to_the_nearest_agrees_with_its_total(self, total, repeats):
        mean = round(Fraction(total, repeats))
        spent = Money.of_minor(total, "EUR")
        RepeatPurchaseFacts(repeats, 1, 5, Money.of_minor(mean, "EUR"), repeat_spend=spent)
        for other in (mean - 1, mean + 1):
            assume(abs(total - other * repeats) * 2 != repeats)  # Half goes either way.
            with pytest.raises(InvalidValue, match="is not repeat_spend by repeat purchase"):
                RepeatPurchaseFacts(repeats, 1, 5, Money.of_minor(other, "EUR"), repeat_spend=spent)

    @pytest.mark.parametrize("mean", [euro("22.35"), 22.35, 22, 0, 0.0, euro(0), None])
    def test_a_mean_is_money_or_a_bare_number(self, mean):
        assert RepeatPurchaseFacts(2, 1, 5, mean).mean_repeat_spend == mean

    @pytest.mark.parametrize("mean", [0, 0.0, euro(0), None])
    def test_who_never_came_back_spent_nothing_on_it(self, mean):
        assert RepeatPurchaseFacts(0, 0, 5, mean).mean_repeat_spend == mean

    def test_nothing_was_spent_on_no_repeat_exactly(self):
        facts = RepeatPurchaseFacts(0, 0, 5, euro(0), repeat_spend=euro(0))
        assert facts.repeat_spend == euro(0)

    @pytest.mark.parametrize("terms", [{"mean_repeat_spend": 1.0}, {"mean_repeat_spend": euro(1)}])
    def test_money_without_a_repeat_is_refused(self, terms):
        with pytest.raises(InvalidValue, match="no repeat purchase"):
            RepeatPurchaseFacts(0, 0, 5, **terms)

    @pytest.mark.parametrize("total", [euro("0.01"), euro(-5)])
    def test_a_total_without_a_repeat_is_refused(self, total):
        with pytest.raises(InvalidValue):
            RepeatPurchaseFacts(0, 0, 5, euro(0), repeat_spend=total)

    def test_a_mean_below_zero_needs_a_total(self):
        with pytest.raises(InvalidValue, match="net of refunds"):
            RepeatPurchaseFacts(2, 1, 5, euro(-1))
        facts = RepeatPurchaseFacts(2, 1, 5, euro(-1), repeat_spend=euro(-2))
        assert facts.mean_repeat_spend == euro(-1)

    @pytest.mark.parametrize("mean", [-0.01, -1, NAN, INFINITY])
    def test_a_bare_mean_is_finite_and_zero_or_more(self, mean):
        with pytest.raises(InvalidValue, match="finite number, zero or more"):
            RepeatPurchaseFacts(2, 1, 5, mean)

    @pytest.mark.parametrize("mean", ["22.35", True, Decimal(22), Fraction(22)])
    def test_a_mean_is_nothing_else(self, mean):
        with pytest.raises(InvalidValue, match="pass Money, or a bare number"):
            RepeatPurchaseFacts(2, 1, 5, mean)

    @pytest.mark.parametrize("mean", [None, 1.0])
    def test_a_total_goes_with_a_mean_of_money(self, mean):
        with pytest.raises(InvalidValue, match="mean_repeat_spend as Money"):
            RepeatPurchaseFacts(2, 1, 5, mean, repeat_spend=euro(2))

    def test_a_total_is_money(self):
        with pytest.raises(InvalidValue, match="as Money"):
            RepeatPurchaseFacts(2, 1, 5, euro(1), repeat_spend=2.0)  # type: ignore[arg-type]

    def test_both_are_in_one_currency(self):
        with pytest.raises(CurrencyMismatch):
            RepeatPurchaseFacts(2, 1, 5, euro(1), repeat_spend=Money(2, "USD"))


class TestAsValues:
    """Facts are values: equal ones are one key, and the strategy for them keeps its word."""

    @given(facts=repeat_purchase_facts())
    def test_equal_facts_are_one_key(self, facts):
        again = RepeatPurchaseFacts(
            facts.repeat_purchases,
            facts.age_at_last_purchase,
            facts.customer_age,
            facts.mean_repeat_spend,
            unit=facts.unit,
            repeat_spend=facts.repeat_spend,
        )
        assert again == facts
        assert hash(again) == hash(facts)

    @given(facts=repeat_purchase_facts() | st.just(RepeatPurchaseFacts(2, 1.5, 5, 22.35)))
    def test_facts_can_be_kept_as_a_document(self, facts):
        document = CONVERTER.unstructure(facts)
        assert CONVERTER.structure(document, RepeatPurchaseFacts) == facts

    @given(data=st.data(), whole=st.booleans(), currency=st.sampled_from([None, "EUR", "JPY"]))
    def test_the_strategy_keeps_to_what_is_asked_for(self, data, whole, currency):
        strategy = repeat_purchase_facts(
            unit=Unit.DAY, whole_units=whole, currency=currency, max_repeats=7, max_age=9
        )
        facts = data.draw(strategy)
        assert (facts.unit, facts.whole_units) == (Unit.DAY, whole)
        assert facts.repeat_purchases <= 7
        assert facts.customer_age <= 9
        assert (facts.repeat_spend is None) == (currency is None)
