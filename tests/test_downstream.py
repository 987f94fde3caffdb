"""The downstream sample does what it says; ``make lint`` checks its types as a user would."""

from __future__ import annotations

from crmkit.lifetime_value import RepeatPurchaseFacts
from tests.downstream import flower_shop


def test_a_host_decides_with_a_policy_of_its_own():
    assert flower_shop.main().splitlines() == [
        "member for ada, by bouquet club, as of 2026-06-30",
        "- met: total spend is 64.80 EUR; at least 50.00 EUR required",
        "{'member': 1}, half off: 12.45 EUR, illegal-transition",
        "worth 20.05 EUR next year",
    ]


def test_a_host_sees_whether_a_fit_can_be_trusted():
    regulars = [RepeatPurchaseFacts(x, 3.0 * x, 40.0) for x in (1, 1, 2, 3, 5)]
    once = [RepeatPurchaseFacts(0, 0.0, float(age)) for age in range(10, 60)]
    assert not flower_shop.fits_alike([*regulars, *once], [*regulars, *once])
