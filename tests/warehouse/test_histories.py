"""Models of lifetime value on counted facts: what the embedded library says, each history once."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve, field, frozen
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidValue, UnitMismatch
from crmkit.lifetime_value import BgNbd, ExpectedValue, GammaGamma, Horizon
from crmkit.money import Money
from crmkit.period import Rate, Unit
from crmkit.warehouse import (
    count_histories,
    count_spends,
    counted_facts,
    counted_spend,
    repeat_facts,
    rfm_facts,
    summarize_lines,
    value_summaries,
)
from tests.warehouse.histories import AS_OF, TODAY, as_repeats, as_rfm, histories

UNITS = st.sampled_from(Unit)
MODEL = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426, unit=Unit.WEEK)
SPEND = GammaGamma(p=6.25, q=3.74, v=15.44, currency="EUR")
VALUE: ExpectedValue[Any, Any] = ExpectedValue(
    purchases=MODEL,
    spend=Money(40, "EUR"),
    margin="0.25",
    discount=Rate.annual("0.12"),
    horizon=Horizon(1, Unit.YEAR, step=Unit.QUARTER),
)
# A year, for ever, and with a model of spend.
FOR_EVER = evolve(VALUE, horizon=None)
WITH_MODEL = ExpectedValue(
    purchases=MODEL,
    spend=SPEND,
    margin="0.25",
    discount=Rate.annual("0.12"),
    horizon=Horizon(1, Unit.YEAR, step=Unit.QUARTER),
)
VALUES: list[ExpectedValue[Any, Any]] = [VALUE, FOR_EVER, WITH_MODEL]


def positive(lines):
    """Without gifts and refunds: a model of spend wants a spend above zero."""
    return [(customer, day, abs(minor) % 10_000 + 1) for customer, day, minor in lines]


def summaries_of(lines):
    return summarize_lines(lines, as_of=AS_OF)


@frozen
class Counted:
    """A model that counts how often it is asked for a history."""

    model: BgNbd
    asked: Counter = field(factory=Counter)
    fitted = None
    unit = Unit.WEEK

    def probability_alive(self, facts, /):
        return self.model.probability_alive(facts)

    def _note(self, facts, what):
        self.asked[
            what, facts.repeat_purchases, facts.age_at_last_purchase, facts.customer_age
        ] += 1

    def expected_purchases_each(self, facts, t, /):
        for item in facts:
            self._note(item, t)
        return self.model.expected_purchases_each(facts, t)

    def residual_transactions(self, facts, rate, /):
        self._note(facts, "for ever")
        return self.model.residual_transactions(facts, rate)


class TestLaws:
    @given(histories(), UNITS, st.booleans())
    def test_counted_facts_are_those_of_the_embedded_summary(self, lines, unit, whole_units):
        embedded = as_repeats(lines, unit=unit, whole_units=whole_units)
        counted = count_histories(summaries_of(lines))
        found = counted_facts(counted, unit=unit, whole_units=whole_units)
        assert found == embedded.counted()

    @given(histories())
    def test_counted_spend_is_that_of_the_embedded_summary(self, lines):
        found = counted_spend(count_spends(summaries_of(lines)), "EUR")
        embedded = as_repeats(lines).counted_spend()
        assert (found.rows, found.left_out, found.without_repeats) == (
            embedded.rows,
            embedded.left_out,
            embedded.without_repeats,
        )

    @given(histories(), UNITS)
    def test_the_facts_of_a_customer_are_those_of_the_embedded_summaries(self, lines, unit):
        rfm, repeats = as_rfm(lines), as_repeats(lines, unit=unit)
        for summary in summaries_of(lines):
            customer = summary.customer_id
            assert (
                repeat_facts(summary, as_of=AS_OF, currency="EUR", unit=unit) == repeats[customer]
            )
            without_years = evolve(rfm[customer], yearly_totals={})
            assert rfm_facts(summary, as_of=AS_OF, currency="EUR") == without_years

    @given(histories().map(positive), st.sampled_from(VALUES), st.integers(1, 5))
    def test_values_are_those_of_the_embedded_policy(self, lines, value, batch):
        facts = as_repeats(lines, unit=Unit.WEEK)
        amounts = zip(facts, value.outcomes(facts), strict=True)
        expected = {customer: amount.minor for customer, amount in amounts}
        found = value_summaries(
            summaries_of(lines), value, as_of=AS_OF, unit=Unit.WEEK, batch=batch
        )
        assert dict(found) == expected

    @given(histories().map(positive), st.sampled_from(VALUES), st.integers(1, 3))
    def test_a_model_is_asked_once_for_each_history(self, lines, value, batch):
        counting = Counted(MODEL)
        summaries = summaries_of(lines)
        asked_of = evolve(value, purchases=counting)
        list(value_summaries(summaries, asked_of, as_of=AS_OF, unit=Unit.WEEK, batch=batch))
        assert set(counting.asked.values()) <= {1}
        assert {key[1:] for key in counting.asked} == set(
            counted_facts(count_histories(summaries), unit=Unit.WEEK).rows
        )

    @pytest.mark.parametrize("batch", [1, 2])
    def test_customers_of_one_history_who_spent_differently_are_one_question(self, batch):
        counting = Counted(MODEL)
        lines = [(customer, TODAY - ago, 5) for customer in ("anna", "bert") for ago in (70, 7)]
        summaries = summaries_of([*lines, ("bert", TODAY - 7, 100)])
        for value in (VALUE, FOR_EVER):
            asked_of = evolve(value, purchases=counting)
            list(value_summaries(summaries, asked_of, as_of=AS_OF, unit=Unit.WEEK, batch=batch))
        assert counting.asked == dict.fromkeys(counting.asked, 1)
        assert len(counting.asked) == 5  # Four quarters, and for ever.


class TestUnits:
    HISTORIES = {(1, 213, 272): 2, (1, 212, 272): 1}

    def test_whole_units_bring_histories_together(self):
        found = counted_facts(self.HISTORIES, unit=Unit.WEEK, whole_units=True)
        assert found.rows == {(1, 30, 38): 3}
        assert found.whole_units

    def test_a_year_has_as_many_days_as_the_shop_says(self):
        found = counted_facts({(0, 0, 730): 1}, unit=Unit.YEAR, days_in_year=Decimal(365))
        assert found.rows == {(0, 0, 2): 1}

    def test_the_facts_of_a_customer_follow_the_same_terms(self):
        (summary,) = summaries_of([("anna", TODAY - 272, 1), ("anna", TODAY - 59, 1)])
        facts = repeat_facts(summary, as_of=AS_OF, currency="EUR", unit=Unit.WEEK, whole_units=True)
        assert (facts.age_at_last_purchase, facts.customer_age) == (30, 38)


class TestRefusals:
    ANNA = summaries_of([("anna", TODAY, 1)])

    def test_a_summary_of_another_day_has_no_facts_of_this_one(self):
        tomorrow = AS_OF + timedelta(days=1)
        with pytest.raises(InvalidValue, match="as of another day"):
            rfm_facts(*self.ANNA, as_of=tomorrow, currency="EUR")
        with pytest.raises(InvalidValue, match="as of another day"):
            list(value_summaries(self.ANNA, VALUE, as_of=tomorrow, unit=Unit.WEEK))

    @pytest.mark.parametrize("batch", [0, -1, 1.5, True])
    def test_a_batch_has_customers(self, batch):
        with pytest.raises(InvalidValue, match="a batch is a whole number"):
            value_summaries(self.ANNA, VALUE, as_of=AS_OF, unit=Unit.WEEK, batch=batch)

    def test_a_model_in_weeks_is_not_asked_in_days(self):
        with pytest.raises(UnitMismatch):
            list(value_summaries(self.ANNA, VALUE, as_of=AS_OF, unit=Unit.DAY))

    def test_who_spent_nothing_on_repeats_is_left_out_and_counted(self):
        found = counted_spend({(2, 0): 3, (1, -500): 1, (0, 0): 5, (1, 500): 1}, "EUR")
        assert (dict(found.rows), found.left_out, found.without_repeats) == ({(1, 5.0): 1}, 4, 5)

    def test_nobody_spends_on_repeats_without_any(self):
        with pytest.raises(InvalidValue, match="no repeat purchase"):
            counted_spend({(0, 100): 1}, "EUR")
