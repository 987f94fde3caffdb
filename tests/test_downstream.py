"""The downstream sample does what it says; ``make lint`` checks its types as a user would."""

from __future__ import annotations

from tests.downstream import flower_shop


def test_a_host_decides_with_a_policy_of_its_own():
    assert flower_shop.main().splitlines() == [
        "member for ada, by bouquet club, as of 2026-06-30",
        "- met: total spend is 64.80 EUR; at least 50.00 EUR required",
        "{'member': 1}, half off: 12.45 EUR, illegal-transition",
    ]
