"""What one purchase counts for a tier."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from crmkit.errors import InvalidValue
from crmkit.loyalty import Qualification
from crmkit.money import Money

MARCH = date(2026, 3, 1)


class TestQualification:
    """A purchase counts points, spend and visits; a return counts below zero."""

    def test_a_purchase_counts_for_the_day_on_which_it_is_known(self):
        bought = Qualification(MARCH, points=120, spend=Money("120.00", "EUR"), visits=1)
        assert bought.counts_for == MARCH
        assert not bought.is_return

    def test_a_return_counts_for_the_day_of_what_it_takes_back(self):
        returned = Qualification(MARCH, points=-20, earned_on=date(2025, 12, 30))
        assert returned.counts_for == date(2025, 12, 30)

    @pytest.mark.parametrize(
        "less", [{"points": -1}, {"visits": -1}, {"spend": Money("-0.01", "EUR")}]
    )
    def test_whatever_is_below_zero_is_a_return(self, less: dict[str, Any]):
        assert Qualification(MARCH, **less).is_return

    def test_who_hears_of_it_later_knows_it_from_then_on_and_for_the_same_day(self):
        bought = Qualification(MARCH, points=120, key="order-1")
        heard = bought.known_from(date(2026, 4, 1))
        assert (heard.on, heard.counts_for) == (date(2026, 4, 1), MARCH)
        assert (heard.points, heard.key) == (120, "order-1")
        assert bought.known_from(MARCH) is bought

    def test_what_counts_nothing_is_no_return(self):
        assert not Qualification(MARCH, spend=Money("0.00", "EUR")).is_return

    @pytest.mark.parametrize(
        ("wrong", "message"),
        [
            ({"on": datetime(2026, 3, 1, tzinfo=UTC)}, "not a date"),
            ({"points": 1.5}, "whole numbers"),
            ({"points": True}, "whole numbers"),
            ({"visits": "1"}, "whole numbers"),
            ({"spend": 12}, "qualifying spend is money"),
            ({"earned_on": date(2026, 3, 2)}, "known on, or before"),
            ({"earned_on": datetime(2026, 2, 1, tzinfo=UTC)}, "not a date"),
            ({"key": ""}, "key of a qualification"),
        ],
    )
    def test_what_cannot_be_counted_is_refused(self, wrong: dict[str, Any], message: str):
        with pytest.raises(InvalidValue, match=message):
            Qualification(**({"on": MARCH} | wrong))
