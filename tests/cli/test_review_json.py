"""``--json`` is for programs: stable keys, exact amounts, and nothing else on standard output."""

from __future__ import annotations

from decimal import Decimal

from tests.cli.running import purchases, review

KEYS = [
    "file",
    "as_of",
    "currency",
    "lines",
    "header_lines",
    "blank_lines",
    "continued_lines",
    "purchases",
    "rejects",
    "rejects_by_reason",
    "purchases_after_as_of",
    "refunds",
    "purchases_of_zero",
    "first_purchase_on",
    "last_purchase_on",
    "customers",
    "customers_without_purchase",
    "revenue",
    "segments",
    "tiers",
    "pyramid",
    "pareto",
    "best",
    "lifetime_value",
    "policy",
    "migrations",
    "files",
]
GROUP_KEYS = [
    "name",
    "customers",
    "share_of_customers",
    "revenue",
    "share_of_revenue",
    "median_recency_days",
    "median_spend",
]


class TestTheKeys:
    """A program that reads them today reads them tomorrow."""

    def test_the_keys_are_these(self):
        shown = review("--example", "--json").json
        assert list(shown) == KEYS
        assert {tuple(group) for group in shown["segments"]} == {tuple(GROUP_KEYS)}

    def test_every_name_is_there_even_if_it_has_no_customers(self):
        shown = review("--example", "--json").json
        assert [tier["name"] for tier in shown["tiers"]] == ["A", "B", "C"]
        layers = [layer["name"] for layer in shown["pyramid"]]
        assert layers == ["platinum", "gold", "iron", "lead"]
        (empty,) = [group for group in shown["segments"] if group["name"] == "can't lose"]
        assert empty == {
            "name": "can't lose",
            "customers": 0,
            "share_of_customers": "0.0000",
            "revenue": "0.00",
            "share_of_revenue": "0.0000",
            "median_recency_days": None,
            "median_spend": None,
        }

    def test_a_median_lies_half_way_between_the_two_in_the_middle(self, here):
        path = purchases(here / "shop.csv", "a 2026-01-05 1.00", "b 2026-01-08 1.01")
        options = ("--currency", "EUR", "--as-of", "2026-01-10", "--json")
        (_, _, lowest) = review(path, *options).json["tiers"]
        assert lowest["customers"] == 0
        (first, _, _) = review(path, *options).json["tiers"]
        assert (first["median_recency_days"], first["median_spend"]) == (3.5, "1.00")

    def test_shares_of_a_shop_that_gave_back_more_than_it_took_are_zero(self, here):
        path = purchases(
            here / "shop.csv", "a 2026-01-05 1.00", "a 2026-01-06 -3.00", "b 2026-01-05 1.00"
        )
        shown = review(path, "--currency", "EUR", "--json").json
        assert shown["revenue"] == "-1.00"
        assert {tier["share_of_revenue"] for tier in shown["tiers"]} == {"0.0000"}

    def test_amounts_are_exact_texts_in_the_digits_of_the_currency(self, here):
        path = purchases(here / "shop.csv", "a 2026-01-05 1200")
        shown = review(path, "--currency", "JPY", "--json").json
        assert (shown["revenue"], shown["best"][0]["revenue"]) == ("1200", "1200")
        assert Decimal(shown["revenue"]) == 1200


class TestNothingElse:
    """Only what is named is written, and only the figures are printed."""

    def test_no_file_is_written_that_was_not_named(self, here):
        assert review("--example", "--json").json["files"] == {}
        assert list(here.iterdir()) == []

    def test_what_is_named_is_written(self, here):
        shown = review("--example", "--json", "--output-dir", "out").json
        assert shown["files"] == {"report": "out/report.html", "store": "out/review.sqlite"}
        assert {path.name for path in (here / "out").iterdir()} == {"report.html", "review.sqlite"}

    def test_a_letter_that_the_terminal_lacks_is_no_error(self, here):
        path = purchases(here / "shop.csv", "顾客 2026-01-05 1.00")
        run = review(path, "--currency", "EUR", "--json")
        assert run.out.isascii()
        assert run.json["best"][0]["customer"] == "顾客"
