"""What customers will bring: the review says what the models of the library say, and how far."""

from __future__ import annotations

import csv
import re
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from attrs import evolve

from crmkit.examples import shop_path
from crmkit.intake import OnError, read_purchases
from crmkit.lifetime_value import (
    BgNbd,
    ExpectedValue,
    FitReport,
    FitWarning,
    GammaGamma,
    Horizon,
    MbgNbd,
    RefundRule,
    summarize_repeat_purchases,
)
from crmkit.period import Rate, Unit
from tests.cli.running import purchases, refused, review
from tests.shared_data import shared_file

AS_OF = date(2025, 12, 23)


def values_of(path: Path) -> dict[str, dict[str, str]]:
    """Read what a review wrote for each customer."""
    with path.open(encoding="utf-8", newline="") as file:
        return {row["customer"]: row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """What a review of the example shop says, and what it writes for each customer."""
    path = tmp_path_factory.mktemp("values") / "values.csv"
    shown = review("--example", "--json", "--values", path).json
    return shown, values_of(path)


def a_shop(here: Path, *, spend: str = "", days: int = 300, customers: int = 40) -> Path:
    """Forty customers, of whom most come back now and then, always the same ones."""
    chance = Random(7)
    lines = []
    for number in range(customers):
        first = chance.randrange(days // 2)
        usual = 40 / chance.gammavariate(2.5, 1)
        for day in sorted({first, *(chance.randrange(first, days) for _ in range(number % 5))}):
            amount = spend or f"{usual * chance.uniform(0.7, 1.3):.2f}"
            lines.append(f"c{number} {date(2025, 1, 1) + timedelta(day)} {amount}")
    return purchases(here / "shop.csv", *lines)


def check_against_the_library(values, summary):
    """Ask the models and the policy of the library about each customer, one by one."""
    model = MbgNbd.fit(summary)
    value = ExpectedValue(
        purchases=model,
        spend=GammaGamma.fit(summary),
        margin=1,
        discount=Rate.annual("0.10"),
        horizon=Horizon(365, Unit.DAY, step=Unit.YEAR),
    )
    for customer, row in values.items():
        facts = summary[customer]
        alive, expected = float(row["probability_alive"]), float(row["expected_purchases"])
        assert alive == pytest.approx(model.probability_alive(facts), abs=5.1e-5)
        assert expected == pytest.approx(model.expected_purchases(facts, 365 / 7), abs=5.1e-5)
        assert Decimal(row["value"]) == value(facts).outcome.amount


class TestEachCustomer:
    """The expected purchases, the probability of being alive, and the value of every customer."""

    @pytest.fixture(scope="class")
    @staticmethod
    def summary():
        shop = read_purchases(shop_path(), currency="EUR", on_error=OnError.COLLECT)
        return summarize_repeat_purchases(shop, as_of=AS_OF, unit=Unit.WEEK)

    def test_they_are_those_of_the_library(self, example, summary):
        _, values = example
        check_against_the_library(values, summary)

    def test_customers_of_the_same_days_who_spent_differently_are_worth_differently(self, here):
        path = a_shop(here)
        twins = [f"twin-{spent},2025-0{n}-01,{spent}\n" for spent in (15, 45) for n in (2, 4)]
        path.write_text(path.read_text() + "".join(twins))
        summary = summarize_repeat_purchases(
            read_purchases(path, currency="EUR"), as_of=date(2025, 12, 1), unit=Unit.WEEK
        )
        day = ("--as-of", "2025-12-01")
        review(path, "--currency", "EUR", *day, "--json", "--values", "v.csv")
        values = values_of(here / "v.csv")
        check_against_the_library(values, summary)
        assert Decimal(values["twin-15"]["value"]) < Decimal(values["twin-45"]["value"])

    def test_who_gave_back_the_only_order_is_no_customer_but_others_keep_their_figures(self, here):
        """Orders that are followed leave out who has none left; days of purchase do not."""
        rows = [line.split(",") for line in a_shop(here).read_text().splitlines()[1:]]
        orders = [f"{who},{day},{amount},o{at}," for at, (who, day, amount) in enumerate(rows)]
        gone = ["gone,2025-01-02,5.00,g1,", "gone,2025-01-03,-5.00,,g1"]
        path = here / "orders.csv"
        path.write_text("\n".join(["customer,date,amount,order,refund_of", *gone, *orders, ""]))
        options = ("--currency", "EUR", "--refunds", "cancel-orders", "--json")
        shown = review(path, *options, "--values", "v.csv").json
        values = values_of(here / "v.csv")
        assert shown["customers"] == len(values) == 40
        assert "gone" not in values
        last = max(date.fromisoformat(day) for _, day, _ in rows)
        summary = summarize_repeat_purchases(
            read_purchases(path, currency="EUR"), as_of=last, unit=Unit.WEEK
        )
        check_against_the_library(values, summary)

    def test_everybody_with_a_purchase_is_in_it_once(self, example, summary):
        shown, values = example
        assert len(values) == shown["customers"] == len(summary)
        assert {row["currency"] for row in values.values()} == {"EUR"}

    def test_they_stand_where_the_review_puts_them(self, example):
        shown, values = example
        for best in shown["best"]:
            row = values[best["customer"]]
            assert (row["segment"], row["tier"], row["layer"]) == (
                best["segment"],
                best["tier"],
                best["layer"],
            )
            assert row["value"] == best["expected"]["value"]
            assert float(row["probability_alive"]) == best["expected"]["probability_alive"]

    def test_who_brought_most_and_fell_silent_will_hardly_bring_more(self, example):
        _, values = example
        assert float(values["C-002"]["probability_alive"]) < 0.1
        assert Decimal(values["C-002"]["value"]) < Decimal(values["C-003"]["value"])


class TestCustomerEquity:
    """What the customers of a tier, a layer or a segment are worth together."""

    @pytest.mark.parametrize(
        ("kind", "column"), [("segments", "segment"), ("tiers", "tier"), ("pyramid", "layer")]
    )
    def test_it_is_the_sum_over_its_customers(self, example, kind, column):
        shown, values = example
        for group, sized in zip(shown["lifetime_value"][kind], shown[kind], strict=True):
            members = [row for row in values.values() if row[column] == group["name"]]
            assert (group["name"], group["customers"]) == (sized["name"], len(members))
            assert Decimal(group["value"]) == sum(Decimal(row["value"]) for row in members)
            alive = sum(float(row["probability_alive"]) for row in members)
            assert group["customers_alive"] == pytest.approx(alive, abs=1e-2)
            bought = sum(float(row["expected_purchases"]) for row in members)
            assert group["purchases"] == pytest.approx(bought, abs=1e-2)

    def test_shares_are_those_of_the_equity_of_all(self, example):
        ahead = example[0]["lifetime_value"]
        for group in ahead["tiers"]:
            part = Decimal(group["value"]) / Decimal(ahead["value"])
            assert Decimal(group["share_of_value"]) == pytest.approx(part, abs=Decimal("5.1e-5"))


class TestTerms:
    """What a value is, is said with the option, and said again beside the figures."""

    def shown(self, *options):
        return review("--example", "--json", *options).json["lifetime_value"]

    def test_the_usual_ones_are_said(self, example):
        ahead = example[0]["lifetime_value"]
        terms = (ahead["horizon_days"], ahead["margin"], ahead["discount_rate"])
        assert terms == (365, "1", "0.10")
        assert ahead["purchase_model"]["name"] == "MBG/NBD"
        out = review("--example", "--no-report", "--no-store").out
        assert "What customers will bring in the next 365 days" in out
        assert "purchases x spend x margin 100 %, 10 % discount a year" in out

    def test_a_quarter_of_the_margin_is_a_quarter_of_the_value(self, example):
        ahead = self.shown("--margin", "0.25")
        whole = example[0]["lifetime_value"]
        assert Decimal(ahead["value"]) * 4 == pytest.approx(Decimal(whole["value"]), abs=1)
        assert ahead["purchases"] == whole["purchases"]

    def test_without_discount_later_money_counts_as_much(self, example):
        whole = example[0]["lifetime_value"]
        ahead = self.shown("--discount-rate", "0")
        factor = Decimal(ahead["value"]) / Decimal(whole["value"])
        assert float(factor) == pytest.approx(1.1 ** (182.5 / 365.2425), rel=1e-4)

    def test_further_ahead_there_is_more_to_come(self, example):
        ahead = self.shown("--horizon", "730")
        assert 1.5 < ahead["purchases"] / example[0]["lifetime_value"]["purchases"] < 2.0
        out = review("--example", "--horizon", "1", "--no-report", "--no-store").out
        assert "What customers will bring in the next 1 day\n" in out

    def test_another_model_can_be_chosen(self, example):
        """In BG/NBD nobody has had an occasion to leave who has not come back."""
        ahead = self.shown("--model", "bg-nbd")
        assert ahead["purchase_model"]["name"] == "BG/NBD"
        assert set(ahead["purchase_model"]["parameters"]) == {"r", "alpha", "a", "b"}
        assert ahead["customers_alive"] > example[0]["lifetime_value"]["customers_alive"]

    @pytest.mark.parametrize(
        ("option", "text"),
        [
            *(("--margin", text) for text in ("-0.1", "1.01", "30%", "nan", "inf", "", "0" * 41)),
            *(("--discount-rate", text) for text in ("-0.1", "12", "ten")),
            *(("--horizon", text) for text in ("0", "-1", "1.5", "36526", "١", "1 year")),
            ("--model", "gg"),
        ],
    )
    def test_what_is_none_is_refused_with_an_example(self, option, text):
        line = refused("--example", f"{option}={text}")
        assert option in line
        assert re.search(r"such as|choose from", line)

    def test_refunds_lower_the_spend_or_are_ignored_as_for_revenue(self):
        shop = list(read_purchases(shop_path(), currency="EUR", on_error=OnError.COLLECT))
        for option, rule in (("net", RefundRule.NET), ("ignore", RefundRule.IGNORE)):
            summary = summarize_repeat_purchases(shop, as_of=AS_OF, unit=Unit.WEEK, refunds=rule)
            model = self.shown("--refunds", option)["spend_model"]
            assert model["parameters"] == pytest.approx(GammaGamma.fit(summary).fitted.parameters)  # type: ignore[union-attr]


class TestNotAsked:
    """Who does not want it gets the review without it, and nothing is computed."""

    def test_it_can_be_left_out(self, here, monkeypatch):
        monkeypatch.setattr("crmkit.cli.review.command.lifetime_of", None)
        run = review("--example", "--no-lifetime-value", "--no-store")
        assert "will bring" not in run.out
        assert "will bring" not in (here / "example-review" / "report.html").read_text()
        shown = review("--example", "--no-lifetime-value", "--json").json
        assert shown["lifetime_value"] is None
        assert shown["best"][0]["expected"] is None

    def test_so_can_the_value_of_one_customer(self):
        options = ("--example", "--explain", "C-008", "--no-lifetime-value")
        assert "expected value" not in review(*options).out
        assert review(*options, "--json").json["value"] is None

    def test_values_that_are_not_computed_cannot_be_written(self):
        line = refused("--example", "--no-lifetime-value", "--values", "v.csv")
        assert "drop one of them" in line


class TestTooLittleToTell:
    """Where a fit is impossible or not to be trusted, the review goes on without and says why."""

    @pytest.mark.parametrize(
        ("repeats", "reason"),
        [
            (0, "nobody has come back yet, so there is nothing to tell who will"),
            (1, "only 1 customer came back, and it takes 10 to tell anything from it"),
            (9, "only 9 customers came back, and it takes 10 to tell anything from it"),
        ],
    )
    def test_too_few_came_back(self, here, repeats, reason):
        lines = [f"c{number} 2026-01-0{1 + number % 3} 5.00" for number in range(20)]
        lines += [f"c{number} 2026-02-0{1 + number % 5} 5.00" for number in range(repeats)]
        path = purchases(here / "shop.csv", *lines)
        run = review(path, "--currency", "EUR", "--no-store", "--report", "r.html")
        assert f"not told {reason}" in " ".join(run.out.split())
        assert f"This cannot be told: {reason}." in (here / "r.html").read_text()
        shown = review(path, "--currency", "EUR", "--json", "--values", "v.csv").json
        assert shown["lifetime_value"] == {"missing": reason}
        assert shown["best"][0]["expected"] is None
        assert values_of(here / "v.csv") == {}
        assert (here / "v.csv").read_text().startswith("customer,segment,tier,layer,")
        one = (path, "--currency", "EUR", "--explain", "c1")
        assert f"What the customer will bring cannot be told: {reason}." in review(*one).out
        assert review(*one, "--json").json["value"] == {"missing": reason}

    def test_ten_are_enough(self, here):
        lines = [f"c{number} 2026-01-0{1 + number % 3} 5.00" for number in range(20)]
        lines += [f"c{number} 2026-02-{10 + number} {5 + number}.00" for number in range(10)]
        path = purchases(here / "shop.csv", *lines)
        shown = review(path, "--currency", "EUR", "--json").json
        assert shown["lifetime_value"]["missing"] is None

    def test_all_are_alike(self, here):
        lines = [f"c{number} 2026-01-0{day} 5.00" for number in range(20) for day in (1, 5)]
        path = purchases(here / "shop.csv", *lines)
        shown = review(path, "--currency", "EUR", "--json").json
        assert shown["lifetime_value"]["missing"].startswith("all customers are alike")

    def test_a_search_that_found_nothing_is_not_shown(self, here, monkeypatch):
        monkeypatch.setattr(MbgNbd, "fit", _with(MbgNbd, FitWarning.NOT_CONVERGED))
        shown = review(a_shop(here), "--currency", "EUR", "--json").json
        assert "no parameters were found" in shown["lifetime_value"]["missing"]


def _with(model, warning):
    """Fit as ever, and end with one more warning."""
    fit = model.fit

    def fit_badly(facts):
        fitted = fit(facts)
        report: FitReport = fitted.fitted
        return evolve(fitted, fitted=evolve(report, warnings=(*report.warnings, warning)))

    return fit_badly


class TestCaution:
    """A fit that is to be taken with care says so wherever its figures stand."""

    FEW = "only 26 customers came back, so the figures hang on very few people"

    def test_in_every_output(self, here):
        run = review("--example", "--no-store", "--report", "r.html")
        assert f"with caution {self.FEW} (MBG/NBD and Gamma-Gamma)" in " ".join(run.out.split())
        assert f"With caution: {self.FEW}" in (here / "r.html").read_text()
        shown = review("--example", "--json").json["lifetime_value"]
        assert self.FEW in shown["cautions"][0]
        assert "few-repeats" in shown["purchase_model"]["warnings"]
        one = ("--example", "--explain", "C-008")
        assert f"- with caution: {self.FEW}" in review(*one).out
        assert review(*one, "--json").json["value"]["cautions"] == shown["cautions"]

    def test_no_more_than_there_is(self, here):
        """Who came back often enough gives no reason for any."""
        path = shared_file("cdnow_sample.csv")
        assert review(path, "--currency", "USD", "--json").json["lifetime_value"]["cautions"] == []

    def test_spend_that_follows_frequency(self, here, monkeypatch):
        warning = FitWarning.SPEND_FOLLOWS_FREQUENCY
        monkeypatch.setattr(GammaGamma, "fit", _with(GammaGamma, warning))
        shown = review(a_shop(here), "--currency", "EUR", "--json").json["lifetime_value"]
        assert any("spends more each time" in caution for caution in shown["cautions"])

    def test_where_all_spend_the_same_that_is_what_a_purchase_brings(self, here):
        path = a_shop(here, spend="12.50")
        shown = review(path, "--currency", "EUR", "--json").json["lifetime_value"]
        assert shown["spend_model"] == {"name": "mean", "amount": "12.50"}
        assert shown["cautions"][-1] == (
            "every purchase is taken to bring 12.50 EUR, the mean, as customers do not differ in "
            "what they spend"
        )
        run = review(path, "--currency", "EUR", "--no-store", "--report", "r.html")
        assert "MBG/NBD and the mean spend, fitted" in run.out
        assert "It was told by\nMBG/NBD, fitted" in (here / "r.html").read_text()

    def test_where_nobody_spent_anything_nothing_is_expected(self, here):
        path = a_shop(here, spend="0.00")
        shown = review(path, "--currency", "EUR", "--json").json["lifetime_value"]
        assert shown["value"] == "0.00"
        assert {tier["share_of_value"] for tier in shown["tiers"]} == {None}
        run = review(path, "--currency", "EUR", "--no-store", "--report", "r.html")
        assert run.status == 0

    def test_where_no_mean_exists_the_mean_so_far_has_to_do(self, here, monkeypatch):
        fit = GammaGamma.fit
        uneven = staticmethod(lambda facts: evolve(fit(facts), q=1.0))
        monkeypatch.setattr(GammaGamma, "fit", uneven)
        shown = review(a_shop(here), "--currency", "EUR", "--json").json["lifetime_value"]
        assert shown["spend_model"]["name"] == "mean"
        assert "customers differ too much" in shown["cautions"][-1]


class TestHowWellItFits:
    """Frequencies and tracking, as figures and as pictures."""

    def test_every_customer_has_a_number_of_repeats(self, example):
        shown, _ = example
        rows = shown["lifetime_value"]["frequency"]
        assert sum(row["customers"] for row in rows) == shown["customers"]
        assert sum(row["expected"] for row in rows) == pytest.approx(shown["customers"], abs=1e-3)
        assert rows[-1]["or_more"] is True

    def test_it_is_tracked_week_by_week(self, example):
        rows = example[0]["lifetime_value"]["tracking"]
        assert (rows[0]["from"], rows[0]["to"]) == ("2023-01-11", "2023-01-17")
        assert len(rows) == 154

    def test_after_three_years_by_months(self, here):
        path = a_shop(here, days=1200)
        shown = review(path, "--currency", "EUR", "--json").json["lifetime_value"]
        days = [date.fromisoformat(row["from"]).day for row in shown["tracking"]]
        assert len(set(days)) == 1
        review(path, "--currency", "EUR", "--no-store", "--report", "r.html", "--quiet")
        assert "in each month" in (here / "r.html").read_text()

    @pytest.mark.parametrize(("last", "weeks"), [(13, None), (14, 2)])
    def test_a_shop_is_tracked_from_the_second_week_on(self, here, last, weeks):
        lines = [
            f"c{number} 2026-01-{day:02} {5 + number + day}.00"
            for number in range(24)
            for day in {1 + number % 3, 1 + (number * 5) % last}
        ]
        path = purchases(here / "shop.csv", *lines, f"c0 2026-01-{last} 5.00")
        run = review(path, "--currency", "EUR", "--json", "--report", "r.html")
        tracked = run.json["lifetime_value"]["tracking"]
        assert (None if tracked is None else len(tracked)) == weeks
        assert ("as time goes by" in (here / "r.html").read_text()) is (weeks is not None)

    def test_the_pictures_say_what_they_show(self, here):
        review("--example", "--no-store", "--report", "r.html", "--quiet")
        page = (here / "r.html").read_text()
        assert "first bought 1,077 days ago" in page
        drawn = re.findall(r"<text[^>]*>([^<]*)</text>", page)
        assert {
            "days since the last purchase",
            "repeat purchases so far",
            "repeat purchases of a customer",
            "in each week",
            "all so far",
            "7+",
        } <= set(drawn)


class TestLargeFiles:
    """A file is summed up block by block; where the blocks end makes no difference."""

    def test_blocks_amount_to_the_whole(self, here, monkeypatch):
        path = a_shop(here, customers=3_500)
        assert len(path.read_text().splitlines()) > 9_000
        whole = review(path, "--currency", "EUR", "--json").json
        monkeypatch.setattr("crmkit.cli.review.reading._ROWS", 5_000)
        assert whole["lifetime_value"]["missing"] is None
        assert review(path, "--currency", "EUR", "--json").json == whole


class TestCdnow:
    """CDNOW's sample, a year from the middle of 1998 on."""

    @pytest.mark.parametrize(("name", "model"), [("bg-nbd", BgNbd), ("mbg-nbd", MbgNbd)])
    def test_the_figures_are_those_of_the_library(self, name, model):
        path = shared_file("cdnow_sample.csv")
        options = ("--currency", "USD", "--json", "--model", name)
        shown = review(path, *options).json["lifetime_value"]
        summary = summarize_repeat_purchases(
            read_purchases(path, currency="USD"), as_of=date(1998, 6, 30), unit=Unit.WEEK
        )
        fitted = model.fit(summary)
        assert shown["purchase_model"]["parameters"] == pytest.approx(
            dict(fitted.fitted.parameters)
        )
        expected = sum(fitted.expected_purchases_each(summary, 365 / 7))
        assert shown["purchases"] == pytest.approx(expected, abs=1e-3)
