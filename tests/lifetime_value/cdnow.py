"""The customers of CDNOW in weeks, by the library's own road from file to facts."""

from __future__ import annotations

from datetime import date
from functools import cache

from crmkit.intake import read_purchases
from crmkit.lifetime_value.summary import RepeatPurchaseSummary, summarize_repeat_purchases
from crmkit.period import Unit
from tests.shared_data import shared_file

END_OF_CALIBRATION = date(1997, 9, 30)


def calibration_sample() -> RepeatPurchaseSummary:
    """The published sample of one customer in ten, up to the end of the calibration."""
    shared_file("cdnow_sample.csv")
    return _sample()


@cache
def _sample() -> RepeatPurchaseSummary:
    purchases = read_purchases(shared_file("cdnow_sample.csv"), currency="USD")
    return summarize_repeat_purchases(purchases, as_of=END_OF_CALIBRATION, unit=Unit.WEEK)
