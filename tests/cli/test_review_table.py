"""Without an option, a review prints a readable table and writes a report and a store."""

from __future__ import annotations

import pytest

from tests.cli.running import purchases, review


@pytest.fixture(scope="module")
def shown():
    """The table of the example shop, made once."""
    return review("--example", "--no-report", "--no-store").out


def unspaced(text):
    """Give the lines of a text, however its columns are spaced."""
    return [" ".join(line.split()) for line in text.splitlines()]


class TestTheTable:
    """Segments and tiers with head count, revenue share, median recency and spend."""

    @pytest.mark.parametrize(
        "line",
        [
            "champions 11 23.4 6,647.80 35.7 19 d 547.00",
            "loyal 2 4.3 3,248.20 17.4 59.5 d 1,624.10",
            "can't lose 0 0.0 0.00 0.0",
            "A 9 19.1 14,978.60 80.4 28 d 858.60",
            "platinum 1 2.1 6,510.90 34.9 665 d 6,510.90",
        ],
    )
    def test_a_line_for_each_name(self, shown, line):
        assert line in unspaced(shown)

    def test_what_was_read_adds_up(self, shown):
        assert "356 lines: 346 purchases, 8 rejects, 1 header line, 1 blank line" in shown
        assert "2 bad-date, 1 bad-amount" in shown
        assert "5 more: --rejects FILE writes all of them" in shown
        assert "8 refunds, 2 purchases of 0.00 EUR" in shown
        assert "47, and 1 without a purchase" in shown

    def test_the_pareto_line(self, shown):
        assert "\n80 % of revenue comes from 19.1 % of customers (9 of 47).\n" in shown

    def test_the_ten_best_with_their_reasons(self, shown):
        best = shown.partition("The best customers, by revenue\n")[2]
        assert best.startswith(
            " 1  C-002  6,510.90 EUR  at risk (145), A, platinum\n"
            "    last bought 665 days ago (more than 409), 10 times (at least 3), spent at\n"
            "    least 358.21 EUR; A from 547.00 EUR; platinum from 6,510.90 EUR\n"
        )
        assert "\n10  C-004  358.20 EUR  champions (554), B, iron\n" in best

    def test_no_line_ends_in_blanks_or_is_longer_than_a_terminal(self, shown):
        assert all(line == line.rstrip() and len(line) <= 80 for line in shown.splitlines())

    def test_names_are_data_and_no_markup(self, here):
        path = purchases(here / "shop.csv", "[red]:smile:[/red] 2026-01-05 7.00")
        run = review(path, "--currency", "EUR", "--no-report", "--no-store")
        assert "[red]:smile:[/red]  7.00 EUR" in run.out

    def test_a_narrow_terminal_cuts_no_figure_off(self, monkeypatch, shown):
        monkeypatch.setenv("COLUMNS", "20")
        narrow = review("--example", "--no-report", "--no-store").out
        assert "A 9 19.1 14,978.60 80.4 28 d 858.60" in unspaced(narrow)

    def test_purchases_after_the_day_are_counted(self, here):
        path = purchases(here / "shop.csv", "a 2026-01-05 7.00", "a 2026-02-05 7.00")
        day = ("--as-of", "2026-01-31", "--no-report", "--no-store")
        run = review(path, "--currency", "EUR", *day)
        assert "1 purchase after that day, left out" in run.out

    def test_rejects_that_are_written_are_not_advertised(self, here):
        run = review("--example", "--no-report", "--no-store", "--rejects", "rejects.csv")
        assert "--rejects FILE" not in run.out
        assert "rejects  rejects.csv" in run.out
        assert len((here / "rejects.csv").read_text().splitlines()) == 9


class TestPlaces:
    """A plain run writes into a folder named after the file, unless a place is named."""

    def test_the_folder_has_the_name_of_the_file(self, here):
        path = purchases(here / "shop.csv", "a 2026-01-05 7.00")
        run = review(path, "--currency", "EUR")
        written = {str(p.relative_to(here)) for p in here.rglob("*") if p.is_file()}
        assert written == {"shop.csv", "shop-review/report.html", "shop-review/review.sqlite"}
        assert run.out.endswith(
            "report  shop-review/report.html\nstore   shop-review/review.sqlite\n"
        )

    def test_each_file_can_have_a_place_of_its_own(self, here):
        review("--example", "--report", "r.html", "--output-dir", "out", "--quiet")
        written = {str(p.relative_to(here)) for p in here.rglob("*") if p.is_file()}
        assert written == {"r.html", "out/review.sqlite"}

    def test_nothing_has_to_be_written(self, here):
        review("--example", "--no-report", "--no-store")
        assert list(here.iterdir()) == []

    def test_quiet_writes_and_says_nothing(self, here):
        run = review("--example", "--quiet")
        assert (run.status, run.out, run.err) == (0, "", "")
        assert (here / "example-review" / "report.html").is_file()


class TestExplain:
    """``--explain`` prints one customer's decisions with their evidence."""

    def test_each_decision_comes_with_evidence_and_the_nearest_change(self):
        run = review("--example", "--explain", "C-008")
        first, segment, tier, layer, value = run.out.split("\n\n")
        assert (
            first == "C-008 bought 26 times from 2023-01-19 to 2025-12-04, for 876.20 EUR in all."
        )
        assert segment.startswith("champions for C-008, by RFM segment, as of 2025-12-23\n")
        assert "- met: recency days for a score of 5 is 19; at most 34 allowed" in segment
        assert "- not met: value for platinum is 876.20 EUR" in layer
        assert "678.60 EUR more" in layer
        assert tier.startswith("A for C-008, by ABC tier")
        assert value.startswith("268.64 EUR for C-008, by expected value, as of 2025-12-23\n")

    def test_nothing_is_written_and_nothing_is_kept(self, here):
        assert "kept:" not in review("--example", "--explain", "C-008").out
        assert list(here.iterdir()) == []

    def test_as_json_the_evidence_is_data(self):
        shown = review("--example", "--explain", "C-008", "--json").json
        assert shown["customer"] == "C-008"
        outcomes = [decision["outcome"] for decision in shown["decisions"]]
        assert outcomes == ["champions", "A", "iron"]
        assert shown["decisions"][1]["evidence"][0]["met"] is True
