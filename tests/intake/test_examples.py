"""The example shop: it tells its story, and can be written anew at any time."""

from __future__ import annotations

import importlib.util
from collections import Counter
from datetime import date
from pathlib import Path
from types import ModuleType

import pytest

from crmkit.examples import shop_path
from crmkit.intake import IntakeReport, read_purchases
from crmkit.records import Purchase

TOOL = Path(__file__).resolve().parent.parent.parent / "tools" / "make_shop.py"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_shop", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def shop() -> tuple[list[Purchase], IntakeReport]:
    reader = read_purchases(shop_path())
    return list(reader), reader.report


class TestTheExampleShop:
    """It is small, in euro, from 2023 to 2025, and holds what real files hold."""

    def test_it_is_what_the_tool_writes(self, tool):
        assert shop_path().read_text(encoding="utf-8") == tool.shop()

    def test_it_is_small_and_covers_three_years(self, shop):
        purchases, report = shop
        assert 250 <= report.lines_read <= 400
        assert {purchase.on.year for purchase in purchases} == {2023, 2024, 2025}
        assert {purchase.amount.currency for purchase in purchases} == {"EUR"}
        assert 40 <= len({purchase.customer for purchase in purchases}) <= 60

    def test_a_few_lines_are_bad_each_in_its_own_way(self, shop):
        _, report = shop
        assert report.rejects == 8
        assert len(report.reasons) == 7
        assert report.blank_lines == 1
        assert report.accounted_lines == report.lines_read

    def test_it_has_refunds_free_samples_and_identical_lines(self, shop):
        purchases, _ = shop
        assert any(purchase.refund_of for purchase in purchases)
        assert any(purchase.amount.is_zero for purchase in purchases)
        assert 2 in Counter(purchases).values()

    def test_it_has_ties(self, shop):
        purchases, _ = shop
        histories: dict[str, tuple[tuple[date, int], ...]] = {}
        for purchase in purchases:
            line = (purchase.on, purchase.amount.minor)
            histories[purchase.customer] = (*histories.get(purchase.customer, ()), line)
        assert max(Counter(histories.values()).values()) == 4

    def test_the_biggest_spender_stayed_away_since_spring_2024(self, shop):
        purchases, _ = shop
        spent: Counter[str] = Counter()
        for purchase in purchases:
            spent[purchase.customer] += purchase.amount.minor
        ((biggest, _),) = spent.most_common(1)
        assert max(p.on for p in purchases if p.customer == biggest) < date(2024, 4, 1)

    def test_somebody_has_nothing_but_a_refund(self, shop):
        purchases, _ = shop
        assert all(p.is_refund for p in purchases if p.customer == "C-060")
