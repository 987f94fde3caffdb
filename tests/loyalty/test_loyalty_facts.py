"""LOY-01: attitude and lasting repeat behaviour, kept apart, each with its scale."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidIdentifier, InvalidValue
from crmkit.identifiers import CustomerId
from crmkit.loyalty import LoyaltyFacts, LoyaltyReason, RepeatPurchasing, Span
from crmkit.money import Money
from crmkit.period import Period, Unit
from crmkit.records import Purchase
from crmkit.serialization import make_converter
from tests.loyalty.loyal import ANNA, DAY, SCALE, YEAR, anybody, loyal

CONVERTER = make_converter(LoyaltyFacts)


def bought(*days, amount=20, customer="anna"):
    """One purchase on each of the days, counted from the end of June 2026 backwards."""
    return [Purchase(customer, DAY - timedelta(ago), Money(amount, "EUR")) for ago in days]


class TestSpan:
    """How far back something is counted."""

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            (Span(1, Unit.YEAR), Span(12, Unit.MONTH)),
            (Span(2, Unit.QUARTER), Span(6, Unit.MONTH)),
            (Span(3, Unit.WEEK), Span(21, Unit.DAY)),
        ],
    )
    def test_the_same_length_in_other_words_is_the_same(self, one, other):
        assert one == other

    def test_days_and_months_are_never_the_same(self):
        assert Span(1, Unit.MONTH) != Span(30, Unit.DAY)
        assert str(Span(1, Unit.MONTH)) == "1 month"
        assert str(Span(2, Unit.WEEK)) == "14 days"

    def test_the_last_day_belongs_to_it(self):
        assert Span(1, Unit.MONTH).until(DAY) == Period(date(2026, 6, 1), date(2026, 7, 1))

    @pytest.mark.parametrize("count", [0, -1, True, "1", 10**9 + 1])
    def test_a_span_has_units(self, count):
        with pytest.raises(InvalidValue, match="whole number"):
            Span(count, Unit.DAY)

    @pytest.mark.parametrize("unit", ["day", None])
    def test_a_unit_is_a_unit(self, unit):
        with pytest.raises(InvalidValue, match="member of Unit"):
            Span(1, unit)


class TestRepeatPurchasing:
    """How often somebody came back, with the span it was counted over."""

    @given(st.lists(st.integers(-30, 900), max_size=12), st.integers(1, 400))
    def test_it_counts_the_days_of_the_span_but_for_the_very_first(self, ago, length):
        found = RepeatPurchasing.of(bought(*ago), as_of=DAY, over=Span(length, Unit.DAY))
        known = {day for day in ago if day >= 0}
        later = known - {max(known)} if known else set()
        assert found.repeats == len({day for day in later if day < length})

    def test_the_first_day_of_the_span_counts_and_the_day_before_does_not(self):
        span = Span(10, Unit.DAY)
        assert RepeatPurchasing.of(bought(50, 9), as_of=DAY, over=span).repeats == 1
        assert RepeatPurchasing.of(bought(50, 10), as_of=DAY, over=span).repeats == 0

    def test_a_first_purchase_within_the_span_repeats_nothing(self):
        assert RepeatPurchasing.of(bought(3), as_of=DAY, over=YEAR).repeats == 0
        assert RepeatPurchasing.of([], as_of=DAY, over=YEAR).repeats == 0

    def test_giving_back_is_not_coming_back(self):
        days = [*bought(40, 20), *bought(10, amount=-20)]
        assert RepeatPurchasing.of(days, as_of=DAY, over=YEAR).repeats == 1

    def test_two_customers_are_refused(self):
        both = [*bought(3), *bought(2, customer="bert")]
        with pytest.raises(InvalidValue, match="one customer at a time"):
            RepeatPurchasing.of(both, as_of=DAY, over=YEAR)

    @pytest.mark.parametrize("number", [-1, True, "3", 10**9 + 1])
    def test_it_is_a_whole_number(self, number):
        with pytest.raises(InvalidValue, match="whole numbers"):
            RepeatPurchasing(number, YEAR)

    @pytest.mark.parametrize("over", [12, None])
    def test_a_number_without_its_span_is_refused(self, over):
        with pytest.raises(InvalidValue, match="over a Span"):
            RepeatPurchasing(3, over)


class TestLoyaltyFacts:
    """Either side may be unknown, and neither is made from the other."""

    @given(anybody)
    def test_they_are_kept_as_a_document(self, facts):
        assert CONVERTER.loads(CONVERTER.dumps(facts)) == facts

    def test_nothing_at_all_may_be_known(self):
        facts = LoyaltyFacts(customer=ANNA, as_of=DAY)
        assert (facts.attachment, facts.repeat, facts.reason) == (None, None, None)
        assert facts.signs == frozenset()

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("attachment", "strong"),
            ("attachment", 8),
            ("repeat", 9),
            ("reason", "habit"),
            ("as_of", datetime(2026, 6, 30, tzinfo=UTC)),
        ],
    )
    def test_a_bare_number_or_word_is_refused(self, name, value):
        """N-06: a score carries its scale."""
        with pytest.raises(InvalidValue):
            LoyaltyFacts(**{"customer": "anna", "as_of": DAY, name: value})

    @pytest.mark.parametrize("signs", [[""], [7]])
    def test_signs_are_words(self, signs):
        with pytest.raises(InvalidIdentifier):
            loyal(signs=signs)

    def test_a_customer_has_a_key(self):
        with pytest.raises(InvalidIdentifier):
            LoyaltyFacts(customer=CustomerId(""), as_of=DAY)

    def test_both_sides_stand_side_by_side(self):
        facts = loyal("none", 9, LoyaltyReason.NO_CHOICE)
        assert (facts.attachment, facts.repeat) == (SCALE.answer("none"), RepeatPurchasing(9, YEAR))
