"""A later review shows who moved since the last one, because the last one was kept."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date

import pytest

from crmkit.cli.review.kept import REVIEWS, TIER_MOVES, tier_history
from crmkit.identifiers import CustomerId
from crmkit.storage.sqlite import SqliteStore
from tests.cli.running import purchases, refused, review
from tests.shared_data import shared_file

JANUARY = ("a 2026-01-05 900.00", "b 2026-01-06 80.00", "c 2026-01-07 20.00")
FEBRUARY = (*JANUARY, "c 2026-02-07 1500.00", "d 2026-02-08 5.00")
IN_EURO = ("--currency", "EUR", "--store", "out/review.sqlite", "--no-report")


@pytest.fixture
def january(here):
    """The file of January, reviewed and kept."""
    path = purchases(here / "january.csv", *JANUARY)
    assert review(path, *IN_EURO).status == 0
    return path


@pytest.fixture
def february(here):
    """The file of February: c has risen, d is new."""
    return purchases(here / "february.csv", *FEBRUARY)


@contextmanager
def kept(here):
    """Look into the store of the reviews."""
    with SqliteStore.open(here / "out" / "review.sqlite") as store, store.unit_of_work() as unit:
        yield unit


def ways(shown, ladder):
    """Count who went from where to where."""
    moves = shown["migrations"][ladder]["ways"]
    return {(way["from"], way["to"]): way["customers"] for way in moves}


class TestMigrations:
    """Run again at a later date, a review shows the migrations."""

    def test_the_first_review_has_none(self, here):
        path = purchases(here / "january.csv", *JANUARY)
        assert review(path, "--json", *IN_EURO).json["migrations"] is None

    def test_a_later_review_counts_every_way(self, january, february):
        shown = review(february, "--json", *IN_EURO).json
        assert shown["migrations"]["since"] == "2026-01-07"
        assert ways(shown, "tiers") == {
            ("A", "A"): 1,
            ("B", "C"): 1,
            ("C", "A"): 1,
            (None, "C"): 1,
        }

    def test_the_counts_of_movements_add_up(self, january, february):
        moves = review(february, "--json", *IN_EURO).json["migrations"]["tiers"]
        counted = ("up", "down", "stayed", "entered", "left")
        assert [moves[movement] for movement in counted] == [1, 1, 1, 1, 0]

    def test_who_moved_by_cut_points_alone_is_told_apart(self, january, february):
        """b has bought nothing in between and fell from B: the others have risen around them."""
        moves = review(february, "--json", *IN_EURO).json["migrations"]["tiers"]
        assert moves["moved_by_cut_points"] == 1

    def test_under_the_kept_policy_nobody_moves_by_cut_points(self, january, february):
        shown = review(february, "--json", "--keep-policy", *IN_EURO).json
        moves = shown["migrations"]["tiers"]
        assert (moves["moved_by_cut_points"], moves["down"]) == (0, 0)
        assert shown["policy"]["source"] == "kept"

    def test_a_customer_who_is_gone_has_left(self, here, january):
        later = purchases(here / "later.csv", JANUARY[0], "a 2026-03-01 1.00")
        shown = review(later, "--json", *IN_EURO).json
        assert shown["migrations"]["tiers"]["left"] == 2
        assert shown["customers"] == 1

    def test_one_who_left_and_stayed_away_is_not_counted_again(self, here, january):
        review(purchases(here / "later.csv", JANUARY[0], "a 2026-03-01 1.00"), *IN_EURO)
        last = purchases(here / "last.csv", JANUARY[0], "a 2026-04-01 1.00")
        assert review(last, "--json", *IN_EURO).json["migrations"]["tiers"]["left"] == 0

    def test_the_table_and_the_report_show_them(self, here, january, february):
        run = review(february, "--currency", "EUR", "--output-dir", "out")
        assert "Who moved since 2026-01-07" in run.out
        report = (here / "out" / "report.html").read_text()
        assert "Who moved since 2026-01-07" in report
        assert report.count("From the tier at the side to the tier at the top.") == 3
        assert ">none<" in report

    def test_where_nobody_came_or_went_there_is_no_place_for_it(self, here, january):
        later = purchases(here / "later.csv", *JANUARY, "c 2026-02-07 1500.00")
        review(later, "--currency", "EUR", "--output-dir", "out")
        assert ">none<" not in (here / "out" / "report.html").read_text()

    def test_the_best_of_three_tiers_and_the_best_of_two_are_as_high(self, here, january):
        (here / "two.toml").write_text(
            'kind = "abc-tiers"\nversion = 1\n[data]\n'
            'names = ["gold", "base"]\nthresholds = ["100.00 EUR"]\n'
        )
        options = ("--as-of", "2026-02-01", "--policy", "two.toml", "--json", *IN_EURO)
        moves = review(january, *options).json["migrations"]["tiers"]
        # From A to gold and from B to base is as high as before; from C to base is one higher.
        assert (moves["stayed"], moves["up"], moves["down"]) == (2, 1, 0)


class TestTwice:
    """The same review a second time changes nothing."""

    def test_the_same_review_again_keeps_nothing_more(self, here, january):
        with kept(here) as unit:
            before = unit.stream(TIER_MOVES).length("abc")
        review(january, *IN_EURO)
        with kept(here) as unit:
            assert unit.stream(TIER_MOVES).length("abc") == before
            assert unit.repository(REVIEWS).page().items[0].version == 1

    def test_and_shows_the_same_migrations(self, january, february):
        first = review(february, "--json", *IN_EURO).json
        assert review(february, "--json", *IN_EURO).json == first

    def test_another_policy_for_the_same_day_takes_the_place_of_the_first(
        self, here, january, february
    ):
        review(february, *IN_EURO, "--save-policy", "february.json")
        policy = ("--policy", "february.json")
        changed = review(january, "--json", "--as-of", "2026-02-08", *policy, *IN_EURO).json
        # c and d are not in that file with what they bought in February.
        assert ways(changed, "tiers")["C", "C"] == 1
        with kept(here) as unit:
            days = [stored.record.as_of for stored in unit.repository(REVIEWS).page().items]
        assert days == [date(2026, 1, 7), date(2026, 2, 8)]


class TestWhatIsKept:
    """The result is kept in a SQLite file: every change of every customer, and the policy."""

    def test_every_change_has_its_day_and_its_reason(self, here, january, february):
        review(february, *IN_EURO)
        with kept(here) as unit:
            history = tier_history(unit, "abc", CustomerId("c"))
        changes = [(change.on, str(change.to_tier), change.reason) for change in history.changes]
        assert changes == [
            (date(2026, 1, 7), "C", "brought less than 80.00 EUR"),
            (date(2026, 2, 8), "A", "brought 900.00 EUR or more"),
        ]

    def test_the_segment_is_kept_with_the_scores(self, here, january):
        with kept(here) as unit:
            (change,) = tier_history(unit, "segment", CustomerId("a")).changes
        assert change.reason == "scores 1 for recency, 1 for frequency and 4 for money"
        assert (str(change.to_tier), change.policy) == ("lost", "segment")

    def test_the_policy_of_each_review_is_kept(self, here, january):
        with kept(here) as unit:
            (stored,) = unit.repository(REVIEWS).page().items
        assert str(stored.record.policy.abc.thresholds[0]) == "900.00 EUR"
        assert (stored.record.customers, str(stored.record.revenue)) == (3, "1000.00 EUR")

    def test_explain_shows_the_tiers_held_so_far(self, january, february):
        review(february, *IN_EURO)
        run = review(february, *IN_EURO, "--explain", "c")
        assert "- kept: A from 2026-02-08 on, brought 900.00 EUR or more" in run.out
        assert "- kept: C from 2026-01-07 on, brought less than 80.00 EUR" in run.out


class TestTheStoreIsOfOneShop:
    """Reviews run forward, and a store holds those of one shop."""

    def test_an_earlier_day_is_refused(self, january, february):
        review(february, *IN_EURO)
        line = refused(february, "--as-of", "2026-01-31", *IN_EURO)
        assert "a review as of 2026-02-08 already" in line
        assert "--no-store" in line

    def test_an_earlier_day_is_shown_without_the_store(self, january, february):
        review(february, *IN_EURO)
        run = review(february, "--as-of", "2026-01-31", "--no-store", "--currency", "EUR")
        assert run.status == 0

    def test_another_shop_is_refused(self, here, january):
        other = purchases(here / "other.csv", "z 2026-05-01 1.00")
        assert "another shop" in refused(other, *IN_EURO)

    def test_another_currency_is_refused(self, january, february):
        line = refused(february, "--currency", "USD", "--store", "out/review.sqlite")
        assert "another currency" in line

    def test_a_currency_that_was_forgotten_at_first_can_be_named(self, here):
        """The review of the same day takes the place of the one without a currency."""
        path = purchases(here / "january.csv", *JANUARY)
        for options in ((), ("--currency", "EUR")):
            assert review(path, *options).status == 0

    def test_a_policy_to_keep_has_to_be_there(self, january):
        assert "no review in the store yet" in refused(
            january, "--currency", "EUR", "--store", "new.sqlite", "--keep-policy"
        )

    def test_and_a_store_to_take_it_from(self, january):
        line = refused(january, "--currency", "EUR", "--no-store", "--keep-policy")
        assert "name it with --store" in line


class TestCdnow:
    """Two reviews of the real file, half a year apart."""

    def test_all_customers_are_found_again(self):
        path = shared_file("cdnow_master.txt")
        options = ("--currency", "USD", "--store", "cdnow.sqlite", "--no-report", "--json")
        review(path, "--as-of", "1997-12-31", *options)
        shown = review(path, *options).json
        for ladder in ("segments", "tiers", "pyramid"):
            assert sum(ways(shown, ladder).values()) == 23_570
        # There are no refunds in it, so whoever fell in value fell because others rose.
        tiers = shown["migrations"]["tiers"]
        assert tiers["down"] == tiers["moved_by_cut_points"] == 2_537
