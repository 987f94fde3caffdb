"""What a review says about a shop is what one gets by counting."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.running import purchases, refused, review
from tests.shared_data import shared_file

GROUPS = ("segments", "tiers", "pyramid")


def totals_of(path: Path, customer: int, amount: int, separator: str | None) -> dict[str, Decimal]:
    """Sum up each customer of a file with a header, by hand."""
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for line in path.read_text().splitlines()[1:]:
        cells = line.split(separator)
        totals[cells[customer]] += Decimal(cells[amount])
    return totals


def few_who_bring(totals: dict[str, Decimal], share: Decimal) -> int:
    """Count how many of the best bring a share of everything, by hand."""
    wanted = sum(totals.values()) * share
    brought = Decimal()
    for count, total in enumerate(sorted(totals.values(), reverse=True), start=1):
        brought += total
        if brought >= wanted:
            return count
    raise AssertionError("all together bring everything")


class TestTheExampleShop:
    """The shop that ships with the package: refunds, ties, and a few bad lines."""

    def test_every_line_is_accounted_for(self):
        shown = review("--example", "--json").json
        lines = ("header_lines", "blank_lines", "continued_lines", "purchases", "rejects")
        assert shown["lines"] == sum(shown[kind] for kind in lines) == 356
        assert sum(shown["rejects_by_reason"].values()) == shown["rejects"] == 8

    def test_its_figures(self):
        shown = review("--example", "--json").json
        assert (shown["customers"], shown["customers_without_purchase"]) == (47, 1)
        assert (shown["revenue"], shown["currency"]) == ("18640.40", "EUR")
        assert (shown["refunds"], shown["purchases_of_zero"]) == (8, 2)
        assert (shown["first_purchase_on"], shown["as_of"]) == ("2023-01-05", "2025-12-23")
        assert shown["pareto"] == {
            "share": "0.8000",
            "customers": 9,
            "share_of_customers": "0.1915",
            "revenue": "14978.60",
            "share_of_revenue": "0.8036",
        }

    def test_the_best_customer_is_slipping_away_and_the_reasons_say_so(self):
        best = review("--example", "--json").json["best"]
        assert len(best) == 10
        assert best[0] == {
            "customer": "C-002",
            "revenue": "6510.90",
            "recency_days": 665,
            "frequency": 10,
            "score": "145",
            "segment": "at risk",
            "tier": "A",
            "layer": "platinum",
            "reasons": [
                "last bought 665 days ago (more than 409), 10 times (at least 3), "
                "spent at least 358.21 EUR",
                "A from 547.00 EUR",
                "platinum from 6,510.90 EUR",
            ],
            "expected": {"probability_alive": 0.0495, "purchases": 0.1595, "value": "108.38"},
        }


@pytest.fixture(scope="module")
def master():
    """The review of the master file, made once."""
    path = shared_file("cdnow_master.txt")
    return path, review(path, "--currency", "USD", "--json").json


class TestCdnow:
    """The real files, against a count by hand."""

    def test_the_figures_of_the_master_file(self, master):
        _, shown = master
        assert (shown["lines"], shown["purchases"], shown["rejects"]) == (69_660, 69_659, 0)
        assert (shown["customers"], shown["purchases_of_zero"]) == (23_570, 80)
        assert (shown["revenue"], shown["as_of"]) == ("2500315.63", "1998-06-30")

    def test_the_few_who_bring_most_are_as_few_as_counted_by_hand(self, master):
        path, shown = master
        totals = totals_of(path, 0, 3, None)
        assert len(totals) == shown["customers"]
        assert sum(totals.values()) == Decimal(shown["revenue"])
        assert shown["pareto"]["customers"] == few_who_bring(totals, Decimal("0.8"))

    def test_the_best_are_those_who_brought_most(self, master):
        path, shown = master
        totals = totals_of(path, 0, 3, None)
        best = sorted(totals, key=lambda customer: -totals[customer])[:10]
        assert [each["customer"] for each in shown["best"]] == best
        assert [Decimal(each["revenue"]) for each in shown["best"]] == [totals[c] for c in best]

    def test_the_tiers_part_customers_by_what_they_brought(self, master):
        path, shown = master
        totals = sorted(totals_of(path, 0, 3, None).values(), reverse=True)
        start = 0
        for tier in shown["tiers"]:
            members = totals[start : start + tier["customers"]]
            assert sum(members) == Decimal(tier["revenue"])
            assert Decimal(tier["median_spend"]) == round(median(members), 2)
            start += tier["customers"]
        assert start == len(totals)

    def test_the_sample(self):
        path = shared_file("cdnow_sample.csv")
        shown = review(path, "--currency", "USD", "--json").json
        totals = totals_of(path, 0, 4, ",")
        assert (shown["lines"], shown["purchases"]) == (6_920, 6_919)
        assert shown["customers"] == len(totals) == 2_357
        assert shown["revenue"] == str(sum(totals.values())) == "244091.94"


class TestAsOf:
    """The day is included, later purchases are ignored, and without it the last day counts."""

    def test_the_last_day_in_the_file_is_the_default(self, here):
        path = purchases(here / "shop.csv", "a 2026-03-01 5.00", "b 2026-02-01 5.00")
        assert review(path, "--currency", "EUR", "--json").json["as_of"] == "2026-03-01"

    def test_the_day_itself_counts_and_the_next_one_does_not(self, here):
        path = purchases(here / "shop.csv", "a 2026-03-01 5.00", "a 2026-03-02 7.00")
        shown = review(path, "--currency", "EUR", "--as-of", "2026-03-01", "--json").json
        assert (shown["revenue"], shown["purchases"]) == ("5.00", 2)
        assert (shown["purchases_after_as_of"], shown["last_purchase_on"]) == (1, "2026-03-01")

    def test_a_day_before_the_first_purchase_is_refused(self, here):
        path = purchases(here / "shop.csv", "a 2026-03-01 5.00")
        line = refused(path, "--currency", "EUR", "--as-of", "2026-02-28")
        assert line.endswith("up to 2026-02-28: the first one is on 2026-03-01")

    def test_a_review_of_a_past_day_is_that_of_the_file_as_it_was(self, here):
        then = purchases(here / "then.csv", "a 2026-01-01 5.00", "b 2026-01-02 6.00")
        now = purchases(
            here / "now.csv", "a 2026-01-01 5.00", "b 2026-01-02 6.00", "a 2026-02-02 9.00"
        )
        options = ("--currency", "EUR", "--as-of", "2026-01-31", "--json")
        past, present = review(then, *options).json, review(now, *options).json
        of_the_file = {"file", "lines", "purchases", "purchases_after_as_of"}
        assert {k: v for k, v in past.items() if k not in of_the_file} == {
            k: v for k, v in present.items() if k not in of_the_file
        }


class TestRefundsAndOrders:
    """What one purchase is, and what a refund does, is by choice."""

    LINES = (
        "customer,date,amount,order,refund_of",
        "a,2026-01-01,10.00,o-1,",
        "a,2026-01-01,20.00,o-2,",
        "a,2026-01-05,-20.00,,o-2",
        "b,2026-01-02,8.00,o-3,",
        "",
    )

    @pytest.fixture
    def shop(self, here):
        path = here / "shop.csv"
        path.write_text("\n".join(self.LINES))
        return path

    @pytest.mark.parametrize(
        ("options", "revenue", "times"),
        [
            ((), "18.00", 1),
            (("--refunds", "ignore"), "38.00", 1),
            (("--count", "orders"), "18.00", 2),
            (("--count", "orders", "--refunds", "cancel-orders"), "18.00", 1),
        ],
    )
    def test_a_day_or_an_order_net_or_as_charged(self, shop, options, revenue, times):
        shown = review(shop, "--currency", "EUR", "--json", *options).json
        frequency = {each["customer"]: each["frequency"] for each in shown["best"]}
        assert (shown["revenue"], frequency["a"]) == (revenue, times)

    def test_orders_are_converted_too(self, shop):
        lines = [line.split(",") for line in self.LINES[1:-1]]
        rows = [",".join([*cells, "USD" if cells[0] == "b" else "EUR"]) for cells in lines]
        shop.write_text("\n".join([f"{self.LINES[0]},currency", *rows, ""]))
        options = ("--currency", "EUR", "--rate", "USD=0.5", "--count", "orders", "--json")
        assert review(shop, *options).json["revenue"] == "14.00"

    def test_orders_cannot_be_followed_through_a_pipe(self):
        assert "name a file" in refused("-", "--currency", "EUR", "--count", "orders")


class TestLargeFiles:
    """A file is summed up block by block; where the blocks end makes no difference."""

    def test_blocks_amount_to_the_whole(self, here, monkeypatch):
        lines = [f"c{n % 7} 2026-0{1 + n % 3}-{1 + n % 28:02} {n}.00" for n in range(9_000)]
        path = purchases(here / "shop.csv", *lines)
        whole = review(path, "--currency", "EUR", "--json").json
        monkeypatch.setattr("crmkit.cli.review.reading._ROWS", 5_000)
        assert review(path, "--currency", "EUR", "--json").json == whole


amounts = st.integers(-500, 20_000)
lines = st.lists(
    st.tuples(st.integers(1, 9), st.integers(1, 28), amounts), min_size=1, max_size=40
).filter(lambda rows: any(amount >= 0 for _, _, amount in rows))


class TestLaws:
    """Whatever the file: every group adds up to the whole."""

    @given(rows=lines)
    def test_customers_and_revenue_add_up(self, rows):
        with TemporaryDirectory() as folder:
            text = (f"c{who} 2026-01-{day:02} {cents / 100:.2f}" for who, day, cents in rows)
            path = purchases(Path(folder) / "shop.csv", *text)
            shown = review(path, "--currency", "EUR", "--json").json
        assert shown["lines"] == shown["purchases"] + shown["rejects"] + shown["header_lines"]
        for kind in GROUPS:
            assert sum(group["customers"] for group in shown[kind]) == shown["customers"]
            revenue = sum(Decimal(group["revenue"]) for group in shown[kind])
            assert revenue == Decimal(shown["revenue"])

    @given(rows=lines)
    def test_the_order_of_the_lines_makes_no_difference(self, rows):
        shown = []
        with TemporaryDirectory() as folder:
            for order in (rows, rows[::-1]):
                text = (f"c{who} 2026-01-{day:02} {cents / 100:.2f}" for who, day, cents in order)
                path = purchases(Path(folder) / "shop.csv", *text)
                shown.append(review(path, "--currency", "EUR", "--json").json)
        assert shown[0] == shown[1]
