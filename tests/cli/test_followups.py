"""``crmkit followups``: the plan of a month, by owner and day."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from datetime import date, timedelta

import pytest
import vobject
from dateutil.relativedelta import relativedelta

from crmkit.cli import main
from crmkit.followups import Cadence
from crmkit.serialization import make_converter
from tests.cli.running import purchases, run
from tests.reliability import chosen_size
from tests.shared_data import shared_file

DAY = timedelta(days=1)
SHOP = ("--currency", "EUR", "--zone", "Europe/Berlin")


def followups(*arguments):
    return run("followups", *arguments)


def refused(*arguments):
    """The one line that says why it cannot be done."""
    result = followups(*arguments)
    assert (result.status, result.out) == (2, "")
    (line,) = result.err.splitlines()
    return line


def placed(plan):
    return [one for owner in plan["owners"] for one in owner["placed"]]


def unplaced(plan):
    return [one for owner in plan["owners"] for one in owner["unplaced"]]


@pytest.fixture
def shop(here):
    """Three customers: one of last month, one of more than a year ago, one of last spring."""
    return purchases(
        here / "shop.csv", "C-1 2026-02-10 90", "C-2 2024-12-16 20", "C-3 2025-03-27 10"
    )


class TestThePlanOfAMonth:
    def test_each_customer_is_called_on_the_day_of_the_cadence(self, shop):
        """A month after, a year and a quarter after, and a year after the last purchase."""
        plan = followups(shop, *SHOP, "--json").json
        assert (plan["as_of"], plan["for"], plan["from"], plan["to"]) == (
            *("2026-02-10", "2026-03"),
            *("2026-03-01", "2026-03-31"),
        )
        assert [(one["customer"], one["on"], one["step"]) for one in placed(plan)] == [
            ("C-1", "2026-03-10", 0),
            ("C-2", "2026-03-16", 1),
            ("C-3", "2026-03-27", 0),
        ]
        assert (plan["placed"], plan["unplaced"], plan["customers_without_follow_up"]) == (3, 0, 0)

    def test_every_follow_up_is_placed_or_listed_with_a_reason(self, here):
        """Four customers of one day, and room for one."""
        shop = purchases(
            here / "shop.csv", *(f"C-{n} 2026-02-10 {900 if n == 4 else 10}" for n in range(1, 5))
        )
        plan = followups(shop, *SHOP, "--json", "--capacity", 1).json
        assert [one["customer"] for one in placed(plan)] == ["C-4"]
        assert {one["customer"]: one["why"] for one in unplaced(plan)} == {
            "C-1": "full",
            "C-2": "full",
            "C-3": "full",
        }
        counts = (plan["placed"], plan["unplaced"], plan["customers_without_follow_up"])
        assert counts == (1, 3, 0)
        assert {one["can_wait"] for one in unplaced(plan)} == {False}
        text = followups(shop, *SHOP, "--capacity", 1).out
        assert "1 placed, 3 not placed; nothing to do for 0 of 4 customers" in text
        assert "3 full: its days are full with what comes first" in text

    def test_planning_twice_says_the_same(self, shop):
        assert followups(shop, *SHOP).out == followups(shop, *SHOP).out

    def test_who_has_nothing_to_do_is_counted(self, shop):
        plan = followups(shop, *SHOP, "--json", "--for", "2026-04").json
        assert [one["customer"] for one in placed(plan)] == ["C-1"]
        assert plan["customers_without_follow_up"] == 2

    def test_purchases_after_the_day_are_left_out(self, shop):
        plan = followups(shop, *SHOP, "--json", "--as-of", "2025-04-01").json
        assert (plan["for"], plan["customers"], plan["purchases_after_as_of"]) == ("2025-05", 2, 1)

    def test_the_first_purchase_can_stand_for_the_hand_over(self, here):
        shop = purchases(here / "shop.csv", "C-1 2025-11-05 10", "C-1 2026-02-10 90")
        days = {
            choice: [
                one["on"]
                for one in placed(followups(shop, *SHOP, "--json", "--hand-over", choice).json)
            ]
            for choice in ("first", "last")
        }
        assert days == {"first": ["2026-03-05"], "last": ["2026-03-10"]}

    @pytest.mark.parametrize(
        ("asked", "first", "last"),
        [
            ("2026-03", "2026-03-01", "2026-03-31"),
            ("2026-Q2", "2026-04-01", "2026-06-30"),
            ("2026q4", "2026-10-01", "2026-12-31"),
            ("2027", "2027-01-01", "2027-12-31"),
        ],
    )
    def test_a_month_a_quarter_or_a_year(self, shop, asked, first, last):
        plan = followups(shop, *SHOP, "--json", "--for", asked).json
        assert (plan["from"], plan["to"]) == (first, last)

    def test_after_december_comes_january(self, here):
        shop = purchases(here / "shop.csv", "C-1 2026-12-10 10")
        assert followups(shop, *SHOP, "--json").json["for"] == "2027-01"

    def test_what_could_only_be_done_before_is_listed(self, shop):
        """Planned in the middle of the month, for the month: that call was due on the 10th."""
        plan = followups(shop, *SHOP, "--json", "--as-of", "2026-03-20", "--for", "2026-03").json
        assert [one["on"] for one in placed(plan)] == ["2026-03-27"]
        assert {one["customer"]: one["why"] for one in unplaced(plan)} == {
            "C-1": "over",
            "C-2": "over",
        }
        text = followups(shop, *SHOP, "--as-of", "2026-03-20", "--for", "2026-03").out
        assert "2 over: no day is left in this time" in text

    def test_the_last_day_of_a_month_is_not_over(self, shop):
        plan = followups(shop, *SHOP, "--json", "--as-of", "2026-03-27", "--for", "2026-03").json
        assert [(one["customer"], one["on"]) for one in placed(plan)] == [("C-3", "2026-03-27")]
        assert followups(shop, *SHOP, "--as-of", "2026-03-31", "--for", "2026-03").status == 0

    def test_who_only_got_money_back_is_counted(self, here):
        shop = purchases(here / "shop.csv", "C-1 2026-02-10 -5", "C-2 2026-02-10 5")
        plan = followups(shop, *SHOP, "--json").json
        assert (plan["customers"], plan["customers_without_purchase"]) == (1, 1)
        text = followups(shop, *SHOP, "--report", "plan.html").out
        assert "1 customer to whom money was given back and who bought nothing, left out" in text
        page = (here / "plan.html").read_text(encoding="utf-8")
        assert "1 customer\nto whom money was given back" in page

    def test_money_given_back_counts_in_the_tier(self, here):
        """All of what C-1 brought was given back: the best is C-2."""
        lines = ("C-1 2026-02-10 900", "C-1 2026-02-11 -900", "C-2 2026-02-10 300")
        shop = purchases(here / "shop.csv", *lines)
        plan = followups(shop, *SHOP, "--json", "--capacity", 1).json
        assert [one["customer"] for one in placed(plan)] == ["C-2"]

    def test_a_purchase_that_stands_twice_changes_nothing(self, here):
        once = purchases(here / "once.csv", "C-1 2026-02-10 5")
        twice = purchases(here / "twice.csv", *["C-1 2026-02-10 5"] * 2)
        assert placed(followups(once, *SHOP, "--json").json) == placed(
            followups(twice, *SHOP, "--json").json
        )

    def test_a_new_purchase_begins_anew(self, here):
        shop = purchases(here / "shop.csv", "C-1 2025-11-05 10", "C-1 2026-02-10 90")
        plan = followups(shop, *SHOP, "--json", "--for", "2026-04").json
        assert [one["nominal_on"] for one in placed(plan)] == ["2026-04-10"]

    def test_the_working_time_is_what_the_hours_say(self, shop):
        plan = followups(shop, *SHOP, "--json", "--hours", "10:30-12:00, 13:00-17:00").json
        assert {one["at"] for one in placed(plan)} == {
            "2026-03-10T10:30:00+01:00",
            "2026-03-16T10:30:00+01:00",
            "2026-03-27T10:30:00+01:00",
        }
        assert plan["hours"] == ["10:30-12:00", "13:00-17:00"]

    def test_holidays_hold_after_the_time_that_is_planned(self, here):
        """What falls on New Year's Day may be for the last day of the year before."""
        shop = purchases(here / "shop.csv", "C-1 2026-11-27 10")
        text = TestCadencesOfTheirOwn.TOML
        text = text.replace("purpose =", 'closed_days = "previous-open"\npurpose =')
        (here / "own.toml").write_text(text, encoding="utf-8")
        asked = (shop, *SHOP, "--json", "--cadence", "own.toml", "--for", "2026-12")
        days = [
            [one["on"] for one in placed(followups(*asked, *more).json)]
            for more in ([], ["--holidays", "DE"])
        ]
        assert days == [[], ["2026-12-31"]]

    def test_holidays_hold_before_the_time_that_is_planned(self, here):
        """What comes next may be due long before the plan begins, on New Year's Day or so."""
        shop = purchases(here / "shop.csv", "C-1 2024-12-01 10")
        asked = (shop, *SHOP, "--explain", "C-1", "--json", "--for", "2027-01")
        due = [
            followups(*asked, "--as-of", "2025-01-01", *more).json["next"]["due_on"]
            for more in ([], ["--holidays", "DE"])
        ]
        assert due == ["2025-01-01", "2025-01-02"]

    def test_holidays_move_what_falls_on_them(self, here):
        """3 October 2025 is a holiday in Germany, and a Friday."""
        shop = purchases(here / "shop.csv", "C-1 2025-09-03 10")
        plain, holidays = (
            placed(followups(shop, *SHOP, "--json", *more).json)[0]["on"]
            for more in ([], ["--holidays", "DE"])
        )
        assert (plain, holidays) == ("2025-10-03", "2025-10-06")

    @pytest.mark.parametrize(
        ("place", "day"), [("DE-BE", "2026-03-09"), ("DE", "2026-03-08"), ("DE-BY", "2026-03-08")]
    )
    def test_a_region_has_holidays_of_its_own(self, here, place, day):
        """8 March is one in Berlin; of 2027 it is a Monday."""
        shop = purchases(here / "shop.csv", "C-1 2027-02-08 10")
        plan = followups(shop, *SHOP, "--json", "--holidays", place).json
        assert [one["on"] for one in placed(plan)] == [day.replace("2026", "2027")]

    def test_there_are_holidays_up_to_the_last_year_that_can_be_planned(self, shop):
        named = ("--holidays", "DE", "--for", "2100-12")
        assert followups(shop, *SHOP, *named).status == 0

    def test_a_plan_can_be_spread_evenly(self, here):
        shop = purchases(
            here / "shop.csv", *(f"C-{number} 2025-11-20 10" for number in range(1, 24))
        )
        loads = {
            way: followups(
                *(shop, *SHOP, "--json", "--for", "2025-12", "--capacity", 50),
                *("--smoothing", way, "--cadence", december(here)),
            ).json["owners"][0]["loads"]
            for way in ("due-day", "even")
        }
        assert loads["due-day"] == {"2025-12-01": 23}
        assert set(loads["even"].values()) == {1}


def december(here):
    path = here / "december.json"
    path.write_text(make_converter(Cadence).dumps(Cadence.december_round()), encoding="utf-8")
    return path


class TestOwners:
    def test_customers_are_shared_out_by_room_and_the_best_first(self, here):
        shop = purchases(
            here / "shop.csv", *(f"C-{number} 2026-02-10 {number}" for number in range(10, 22))
        )
        plan = followups(shop, *SHOP, "--json", "--owner", "anna=4", "--owner", "ben=8").json
        shares = {
            owner["owner"]: len(owner["placed"]) + len(owner["unplaced"])
            for owner in plan["owners"]
        }
        assert shares == {"anna": 4, "ben": 8}

    def test_a_customer_keeps_the_owner_that_a_file_names(self, shop, here):
        (here / "owners.csv").write_text("customer,owner\nC-1,ben\nC-3,ben\n", encoding="utf-8")
        named = ("--owner", "anna", "--owner", "ben", "--owners-of", "owners.csv")
        plan = followups(shop, *SHOP, "--json", *named).json
        found = {
            owner["owner"]: [one["customer"] for one in owner["placed"]] for owner in plan["owners"]
        }
        assert found == {"anna": ["C-2"], "ben": ["C-1", "C-3"]}

    def test_without_a_name_it_is_the_shop(self, shop):
        assert [one["owner"] for one in followups(shop, *SHOP, "--json").json["owners"]] == ["shop"]

    def test_a_spreadsheet_writes_the_file_in_its_own_way(self, shop, here):
        """With a mark at its beginning, columns in another order and more of them, and blanks."""
        rows = "owner,since,customer\nben,2020, C-1 \n\n ben ,2021,C-3,x\n"
        (here / "owners.csv").write_text(rows, encoding="utf-8-sig")
        named = ("--owner", "anna", "--owner", "ben", "--owners-of", "owners.csv")
        anna, ben = followups(shop, *SHOP, "--json", *named).json["owners"]
        assert [one["customer"] for one in anna["placed"]] == ["C-2"]
        assert [one["customer"] for one in ben["placed"]] == ["C-1", "C-3"]

    def test_an_owner_keeps_more_than_a_share(self, shop, here):
        rows = "customer,owner\nC-1,ben\nC-2,ben\nC-3,ben\n"
        (here / "owners.csv").write_text(rows, encoding="utf-8")
        named = ("--owner", "anna=9", "--owner", "ben=1", "--owners-of", "owners.csv")
        anna, ben = followups(shop, *SHOP, "--json", *named).json["owners"]
        assert (anna["placed"], len(ben["placed"])) == ([], 3)

    def test_who_has_an_owner_and_no_purchase_is_told(self, shop, here):
        """A slip in a key would be lost otherwise; C-1 has bought, but not by that day."""
        rows = "customer,owner\nC-01,anna\nC-1,anna\nC-2,anna\n"
        (here / "owners.csv").write_text(rows, encoding="utf-8")
        named = ("--owner", "anna", "--owners-of", "owners.csv", "--as-of", "2025-12-31")
        assert followups(shop, *SHOP, "--json", *named).json["owned_without_purchase"] == [
            "C-01",
            "C-1",
        ]
        text = followups(shop, *SHOP, *named, "--report", "plan.html").out
        assert "2 customers with an owner and no purchase, left out: C-01, C-1\n" in text
        page = (here / "plan.html").read_text(encoding="utf-8")
        assert "2 customers with an owner and no purchase" in page

    def test_of_many_without_a_purchase_a_few_are_named(self, shop, here):
        rows = "".join(f"X-{number},shop\n" for number in range(7))
        (here / "owners.csv").write_text(f"customer,owner\n{rows}", encoding="utf-8")
        text = followups(shop, *SHOP, "--owners-of", "owners.csv").out
        assert (
            "7 customers with an owner and no purchase, left out: X-0, X-1, X-2, X-3, X-4, ..."
            in (text)
        )

    def test_an_owner_has_a_number_of_their_own_or_the_usual_one(self, shop):
        named = ("--owner", "anna", "--owner", "o'b\"c=3", "--owner", "a=b=4", "--capacity", 5)
        plan = followups(shop, *SHOP, "--json", *named).json
        assert [(one["owner"], one["capacity"]) for one in plan["owners"]] == [
            ("anna", 5),
            ("o'b\"c", 3),
            ("a=b", 4),
        ]

    def test_each_owner_gets_some_of_the_best_customers(self, here):
        """Two of tier A and two of tier C, for two owners."""
        lines = ("C-1 2026-02-10 900", "C-2 2026-02-10 1", "C-3 2026-02-10 900", "C-4 2026-02-10 1")
        shop = purchases(here / "shop.csv", *lines)
        named = ("--owner", "anna", "--owner", "ben")
        for owner in followups(shop, *SHOP, "--json", *named).json["owners"]:
            customers = {one["customer"] for one in owner["placed"]}
            assert len(customers & {"C-1", "C-3"}) == 1
            assert len(customers) == 2

    @pytest.mark.parametrize(
        ("rows", "why"),
        [
            ("C-1,carl", "line 2: carl is no owner: add --owner carl"),
            ("\nC-1,carl", "line 3: carl is no owner: add --owner carl"),
            ("C-1,carl b", "carl b is no owner: add --owner 'carl b'"),
            ("C-1,\n", "write a customer and an owner in each"),
            ("C-1\n", "write a customer and an owner in each"),
            (",anna\n", "write a customer and an owner in each"),
            ("C-1,anna\nC-1,ben", "C-1 has two owners: leave one of them out"),
        ],
    )
    def test_a_file_of_owners_that_cannot_be_used(self, shop, here, rows, why):
        (here / "owners.csv").write_text(f"customer,owner\n{rows}\n", encoding="utf-8")
        named = ("--owner", "anna", "--owner", "ben", "--owners-of", "owners.csv")
        assert why in refused(shop, *SHOP, *named)

    @pytest.mark.parametrize("text", ["", "customer;owner\nC-1;anna\n", "C-1,anna\n"])
    def test_a_file_of_owners_without_its_columns(self, shop, here, text):
        (here / "owners.csv").write_text(text, encoding="utf-8")
        why = refused(shop, *SHOP, "--owner", "anna", "--owners-of", "owners.csv")
        assert "write customer,owner in its first line, with a comma between columns" in why

    def test_a_file_of_owners_that_is_not_there(self, shop):
        assert "cannot read gone.csv" in refused(shop, *SHOP, "--owners-of", "gone.csv")

    def test_a_file_of_owners_that_is_no_text(self, shop, here):
        (here / "owners.csv").write_bytes(b"customer,owner\n\xff,anna\n")
        assert "no CSV in UTF-8" in refused(shop, *SHOP, "--owners-of", "owners.csv")


class TestCadencesOfTheirOwn:
    TOML = """\
kind = "cadence"
version = 1

[data]
name = "thank-you"
anchor = "purchase"
purpose = "thanks"
steps = [{ repeat = { kind = "every", interval = 5, unit = "week" }, times = 1 }]
"""

    def test_a_cadence_written_by_hand(self, shop, here):
        (here / "own.toml").write_text(self.TOML, encoding="utf-8")
        plan = followups(shop, *SHOP, "--json", "--cadence", "own.toml").json
        assert [(one["customer"], one["on"], one["purpose"]) for one in placed(plan)] == [
            ("C-1", "2026-03-17", "thanks")
        ]

    def test_a_purchase_is_the_last_one_whatever_stands_for_the_hand_over(self, here):
        shop = purchases(here / "shop.csv", "C-1 2025-11-05 10", "C-1 2026-02-10 90")
        (here / "own.toml").write_text(self.TOML, encoding="utf-8")
        named = ("--cadence", "own.toml", "--hand-over", "first")
        plan = followups(shop, *SHOP, "--json", *named).json
        assert [one["on"] for one in placed(plan)] == ["2026-03-17"]

    def test_a_cadence_from_a_file(self, shop, here):
        converter = make_converter(Cadence)
        (here / "own.json").write_text(converter.dumps(Cadence.after_hand_over()), encoding="utf-8")
        plan = followups(shop, *SHOP, "--json", "--cadence", "own.json").json
        assert [each["name"] for each in plan["cadences"]] == ["after-hand-over"]

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("{", "cannot be used"),
            ('{"kind": "follow-up", "version": 1, "data": {}}', "cannot be used"),
        ],
    )
    def test_what_is_no_cadence(self, shop, here, text, why):
        (here / "own.json").write_text(text, encoding="utf-8")
        assert why in refused(shop, *SHOP, "--cadence", "own.json")

    def test_a_day_that_purchases_do_not_tell(self, shop, here):
        text = make_converter(Cadence).dumps(Cadence.after_hand_over())
        (here / "own.json").write_text(text.replace("hand-over", "birthday"), encoding="utf-8")
        assert "which a file of purchases does not say" in refused(
            shop, *SHOP, "--cadence", "own.json"
        )

    @pytest.mark.parametrize(
        ("line", "expected"),
        [
            ('tiers = ["A"]', ["C-4"]),
            ('tiers = ["B", "C"]', ["C-1", "C-2", "C-3"]),
            ('segments = ["platinum", "gold", "iron", "lead"]', ["C-1", "C-2", "C-3", "C-4"]),
            ('segments = ["lost"]', ["C-1"]),
            ('segments = ["champions"]', []),
        ],
    )
    def test_a_cadence_for_some_tiers_or_segments(self, here, line, expected):
        """Four customers of one day, one of whom brought nearly all of the money."""
        shop = purchases(
            here / "shop.csv",
            *(f"C-{n} 2026-02-{10 + n} {900 if n == 4 else 10}" for n in range(1, 5)),
        )
        text = self.TOML.replace("purpose =", f"{line}\npurpose =").replace("5, unit", "4, unit")
        (here / "own.toml").write_text(text, encoding="utf-8")
        plan = followups(shop, *SHOP, "--json", "--cadence", "own.toml").json
        assert sorted(one["customer"] for one in placed(plan)) == expected

    @pytest.mark.parametrize(
        ("line", "why"),
        [
            ('tiers = ["gold"]', "is for gold, which is no tier here: use one of A, B, C"),
            (
                'segments = ["champion"]',
                "champion, which is no segment here: use one of champions,",
            ),
        ],
    )
    def test_a_group_that_nobody_is_ever_in(self, shop, here, line, why):
        text = self.TOML.replace("purpose =", f"{line}\npurpose =")
        (here / "own.toml").write_text(text, encoding="utf-8")
        assert why in refused(shop, *SHOP, "--cadence", "own.toml")

    def test_two_of_one_name(self, shop, here):
        (here / "own.toml").write_text(self.TOML, encoding="utf-8")
        named = ("--cadence", "own.toml", "--cadence", "own.toml")
        assert "two cadences have the same name" in refused(shop, *SHOP, *named)

    def test_no_word_of_a_hand_over_that_nothing_counts_from(self, shop, here):
        (here / "own.toml").write_text(self.TOML, encoding="utf-8")
        said = "purchase stands for the hand-over"
        for cadences in (["--cadence", "own.toml"], ["--cadence", december(here)]):
            text = followups(shop, *SHOP, *cadences, "--report", "plan.html").out
            assert said not in text + (here / "plan.html").read_text(encoding="utf-8")
        assert said in followups(shop, *SHOP, "--report", "plan.html").out
        assert said in (here / "plan.html").read_text(encoding="utf-8")

    def test_a_file_that_is_not_there(self, shop):
        assert "cannot read the cadence gone.toml" in refused(shop, *SHOP, "--cadence", "gone.toml")

    def test_a_file_that_is_no_text(self, shop, here):
        (here / "own.toml").write_bytes(b"\xff")
        assert "not UTF-8 text" in refused(shop, *SHOP, "--cadence", "own.toml")


class TestWhatIsShown:
    def test_the_plan_of_each_owner_day_by_day(self, shop):
        text = followups(shop, *SHOP, "--owner", "anna").out
        assert "Follow-ups of 2026-03: 3 placed, 0 not placed" in text
        assert "anna: 3 follow-ups on 3 days, at most 1 a day" in text
        assert re.search(r"Tue 2026-03-10\s+C-1\s+return-visit\s+telephone", text)

    def test_how_days_are_chosen_is_said(self, shop):
        near, even = (followups(shop, *SHOP, "--smoothing", way).out for way in ("due-day", "even"))
        assert "each as near to its day as there is room" in near
        assert "each as evenly as windows allow" in even

    def test_what_has_no_place_is_shown_with_the_most_important_first(self, here):
        """Two owners with a place a day: of those left over, ben has one of tier B."""
        shop = purchases(
            here / "shop.csv",
            *("C-1 2026-02-10 900", "C-2 2026-02-10 1", "C-3 2026-02-10 900", "C-4 2026-02-10 400"),
        )
        owners = ("customer,owner", "C-1,anna", "C-2,anna", "C-3,ben", "C-4,ben")
        (here / "owners.csv").write_text("\n".join(owners), encoding="utf-8")
        named = ("--owner", "anna=1", "--owner", "ben=1", "--owners-of", "owners.csv")
        text = followups(shop, *SHOP, *named, "--top", 1, "--report", "plan.html").out
        _, left = text.split("Not placed")
        assert re.search(r"C-4\s+return-visit\s+ben\s+full, cannot wait", left)
        assert "and 1 more; --top 2 shows them" in left
        page = (here / "plan.html").read_text(encoding="utf-8")
        _, left = page.split("Each of these is due")
        assert left.index("C-4") < left.index("C-2")

    def test_what_can_wait_is_told(self, here):
        """It may be done for two months after its day, and one is planned."""
        text = TestCadencesOfTheirOwn.TOML.replace("purpose =", "days_late = 60\npurpose =")
        (here / "own.toml").write_text(text, encoding="utf-8")
        shop = purchases(here / "shop.csv", *(f"C-{number} 2026-02-24 5" for number in range(9)))
        named = ("--cadence", "own.toml", "--capacity", 1)
        text = followups(shop, *SHOP, *named, "--report", "plan.html").out
        assert re.search(r"C-\d\s+thanks\s+shop\s+full, can wait", text)
        page = (here / "plan.html").read_text(encoding="utf-8")
        assert '<td class="text">yes</td>' in page
        assert '<td class="text">no</td>' not in page

    def test_bad_lines_are_told_in_words_of_the_command(self, here):
        shop = here / "shop.csv"
        rows = "".join(f"C-{n},2026-02-10,1.234\n" for n in range(7))
        shop.write_text(f"customer,date,amount\n{rows}C-8,2026-02-10,1\n", encoding="utf-8")
        text = followups(shop, *SHOP).out
        assert text.count("--rounding half-even would") == 5
        assert "and 2 more; --rejects FILE writes all of them" in text
        assert "writes all of them" not in followups(shop, *SHOP, "--rejects", "bad.csv").out
        assert followups(shop, *SHOP, "--json").json["rejects_by_reason"] == {"too-fine": 7}

    def test_without_a_currency_it_is_said(self, shop):
        text = followups(shop, "--zone", "Europe/Berlin").out
        assert "the file names no currency (XXX): add --currency USD, say" in text

    def test_long_lists_say_that_there_is_more(self, shop):
        text = followups(shop, *SHOP, "--top", 2).out
        assert "and 1 more; --top 3 shows them" in text
        assert re.findall(r"  C-\d  ", text) == ["  C-1  ", "  C-2  "]

    def test_a_very_long_list_is_for_programs(self, here):
        shop = purchases(here / "shop.csv", *(f"C-{n} 2026-02-10 5" for n in range(1001)))
        text = followups(shop, *SHOP, "--capacity", 10_000, "--top", 1000).out
        assert "and 1 more; --json shows them" in text

    def test_what_is_not_done_on_its_day_says_which_it_was(self, here):
        shop = purchases(here / "shop.csv", "C-1 2025-11-20 5", "C-2 2025-11-20 5")
        named = ("--for", "2025-12", "--capacity", 1, "--cadence", december(here))
        text = followups(shop, *SHOP, *named).out
        assert re.search(r"Mon 2025-12-01  C-1  \S+  \S+\n", text)
        assert re.search(r"Tue 2025-12-02  C-2  \S+  \S+ +due 2025-12-01\n", text)

    def test_purchases_left_out_are_told(self, shop):
        text = followups(shop, *SHOP, "--as-of", "2025-04-01").out
        assert "1 purchase after that day, left out" in text

    def test_why_a_customer_is_next(self, shop):
        text = followups(shop, *SHOP, "--explain", "C-1").out
        assert "due 2026-03-10 for C-1" in text
        assert "- noted: step is every month up to 1 year" in text
        assert "return-visit, Tue 2026-03-10 by shop" in text

    def test_why_as_json(self, shop):
        found = followups(shop, *SHOP, "--explain", "C-1", "--json").json
        assert found["next"]["due_on"] == "2026-03-10"
        observed = {one["criterion"]: one["observed"] for one in found["evidence"]}
        assert observed["step"] == "every month up to 1 year"
        (planned,) = found["planned"]
        assert (planned["on"], planned["owner"]) == ("2026-03-10", "shop")
        (room,) = (one for one in planned["evidence"] if "follow-ups on" in one["criterion"])
        assert (room["observed"], room["required"], room["met"]) == (1, 12, True)

    def test_why_somebody_is_not_in_the_plan(self, shop):
        text = followups(shop, *SHOP, "--explain", "C-2", "--for", "2026-04").out
        assert "nothing is due" in text

    def test_why_there_was_no_room(self, here):
        shop = purchases(here / "shop.csv", "C-1 2026-02-10 10", "C-2 2026-02-10 90")
        text = followups(shop, *SHOP, "--explain", "C-1", "--capacity", 1).out
        assert "return-visit, not placed: its days are full" in text

    def test_nobody_of_that_name(self, shop):
        assert "no such customer" in refused(shop, *SHOP, "--explain", "C-9")

    def test_quiet_says_nothing(self, shop):
        assert followups(shop, *SHOP, "--quiet").out == ""

    def test_the_zone_of_the_example_can_be_another(self):
        assert "clocks of Europe/Berlin" in followups("--example").out
        assert "clocks of Asia/Tokyo" in followups("--example", "--zone", "Asia/Tokyo").out

    def test_twelve_a_day_is_the_usual_number(self, shop):
        (owner,) = followups(shop, *SHOP, "--json").json["owners"]
        assert owner["capacity"] == 12

    def test_the_example_needs_no_option(self):
        text = followups("--example").out
        assert "the example shop: 356 lines, 346 purchases, 8 rejects" in text


class TestFilesWritten:
    def test_the_report_shows_a_calendar_for_each_owner(self, shop, here):
        followups(shop, *SHOP, "--owner", "anna", "--owner", "ben", "--report", "plan.html")
        page = (here / "plan.html").read_text(encoding="utf-8")
        assert page.count("<svg") == 2
        assert "A calendar of 2026-03: 2026-03-10 1" in page
        row = [f'<td class="text">{cell}</td>' for cell in ("C-1", "A", "return-visit")]
        assert "\n".join(['<tr><th scope="row">Tue 2026-03-10</th>', *row]) in page
        assert "http" not in page
        assert "xlink" not in page
        followups(shop, *SHOP, "--owner", "anna", "--owner", "ben", "--report", "again.html")
        assert (here / "again.html").read_text(encoding="utf-8") == page

    def test_a_full_day_has_a_strong_frame(self, here):
        """Each of the two days has one; with room for more, neither has."""
        shop = purchases(here / "shop.csv", "C-1 2026-02-10 5", "C-2 2026-02-11 5")
        strong = []
        for capacity in (1, 2):
            followups(shop, *SHOP, "--capacity", capacity, "--report", "plan.html")
            page = (here / "plan.html").read_text(encoding="utf-8")
            strong.append(len(re.findall(r"stroke: var\(--accent\); stroke-width: 2", page)))
        assert strong == [2, 0]

    def test_the_colors_of_two_owners_can_be_compared(self, here):
        """One has four on a day, the other one: that is a quarter of the color."""
        shop = purchases(here / "shop.csv", *(f"C-{n} 2026-02-10 5" for n in range(1, 6)))
        rows = "\n".join(f"C-{n},{'ben' if n == 5 else 'anna'}" for n in range(1, 6))
        (here / "owners.csv").write_text(f"customer,owner\n{rows}\n", encoding="utf-8")
        named = ("--owner", "anna", "--owner", "ben", "--owners-of", "owners.csv")
        followups(shop, *SHOP, *named, "--report", "plan.html")
        page = (here / "plan.html").read_text(encoding="utf-8")
        opacities = re.findall(r"fill: var\(--accent\); fill-opacity: ([\d.]+)", page)
        assert sorted(float(found) for found in opacities if float(found)) == [0.15, 0.6]

    def test_a_year_is_shown_at_a_glance(self, shop, here):
        followups(shop, *SHOP, "--for", "2026", "--report", "plan.html")
        page = (here / "plan.html").read_text(encoding="utf-8")
        assert ">Jan<" in page
        assert ">Dec<" in page

    def test_what_has_no_place_stands_in_the_report(self, here):
        shop = purchases(here / "shop.csv", "C-1 2026-02-10 10", "C-2 2026-02-10 90")
        followups(shop, *SHOP, "--capacity", 1, "--report", "plan.html")
        page = (here / "plan.html").read_text(encoding="utf-8")
        assert "its days are full with what comes first" in page

    def test_what_comes_from_the_file_is_escaped(self, here):
        shop = here / "shop.csv"
        shop.write_text("customer,date,amount\n<b>x</b>,2026-02-10,10\n", encoding="utf-8")
        followups(shop, *SHOP, "--report", "plan.html")
        page = (here / "plan.html").read_text(encoding="utf-8")
        assert "<b>x</b>" not in page
        assert "&lt;b&gt;x&lt;/b&gt;" in page

    def test_a_page_lists_five_hundred_of_an_owner(self, here):
        shop = purchases(here / "shop.csv", *(f"C-{n:03} 2026-02-10 5" for n in range(502)))
        followups(shop, *SHOP, "--capacity", 501, "--report", "plan.html")
        page = (here / "plan.html").read_text(encoding="utf-8")
        assert "the first 500 of 501" in page
        assert page.count('<th scope="row">') == 500 + 1

    def test_each_day_of_a_year_has_its_place(self, here):
        """Weeks from left to right, Monday at the top: 4 January 2027 begins the second one."""
        shop = purchases(here / "shop.csv", "C-1 2026-12-04 5")
        followups(shop, *SHOP, "--for", "2027", "--report", "plan.html")
        page = (here / "plan.html").read_text(encoding="utf-8")
        cell = r'<path d="M ([\d.]+) ([\d.]+) [^"]*" clip-path="[^"]*" style="fill: ([^;]*);'
        cells = [(float(x), float(y), color) for x, y, color in re.findall(cell, page)]
        across = sorted({x for x, _, _ in cells})
        down = sorted({y for _, y, _ in cells})
        places = [(across.index(x), down.index(y)) for x, y, _ in cells]
        first = date(2027, 1, 1)
        assert places == [
            ((number + first.weekday()) // 7, (first + number * DAY).weekday())
            for number in range(365)
        ]
        colored = [number for number, (_, _, color) in enumerate(cells) if "accent" in color]
        assert first + colored[0] * DAY == date(2027, 1, 4)

    def test_what_is_asked_about_one_customer_does_not_keep_files_from_being_written(
        self, shop, here
    ):
        followups(shop, *SHOP, "--explain", "C-1", "--report", "plan.html", "--ics", "out")
        assert (here / "plan.html").is_file()
        assert (here / "out/shop.ics").is_file()

    def test_a_calendar_file_for_each_owner(self, shop, here):
        followups(shop, *SHOP, "--owner", "anna", "--owner", "ben & co", "--ics", "out")
        texts = {path.name: path.read_bytes().decode() for path in (here / "out").iterdir()}
        assert set(texts) == {"anna.ics", "ben---co.ics"}
        events = [text.count("BEGIN:VEVENT") for text in texts.values()]
        assert sum(events) == 3
        assert all(text.endswith("END:VCALENDAR\r\n") for text in texts.values())

    def test_planned_again_the_uids_stay(self, shop, here):
        for folder in ("one", "two"):
            followups(shop, *SHOP, "--ics", folder)
        assert (here / "one/shop.ics").read_bytes() == (here / "two/shop.ics").read_bytes()

    def test_nothing_else_is_written(self, shop, here):
        followups(shop, *SHOP)
        assert [path.name for path in here.iterdir()] == ["shop.csv"]

    def test_bad_lines_are_written_where_they_are_wanted(self, here):
        shop = here / "shop.csv"
        shop.write_text("customer,date,amount\nC-1,2026-02-10,10\nC-2,soon,10\n", encoding="utf-8")
        followups(shop, *SHOP, "--rejects", "out/bad.csv")
        assert "soon" in (here / "out/bad.csv").read_text(encoding="utf-8")

    def test_nothing_is_written_over_what_is_read(self, shop, here):
        before = shop.read_bytes()
        assert "read already" in refused(shop, *SHOP, "--report", shop)
        (here / "shop.ics").write_text("customer,owner\nC-1,shop\n", encoding="utf-8")
        named = ("--owners-of", "shop.ics", "--ics", here)
        assert "read already" in refused(shop, *SHOP, *named)
        assert "read already" in refused(shop, *SHOP, "--cadence", "own", "--report", "own")
        assert shop.read_bytes() == before

    def test_two_things_do_not_go_to_one_place(self, shop):
        named = ("--owner", "a b", "--owner", "a-b", "--ics", "out")
        why = refused(shop, *SHOP, *named)
        assert "written twice" in why
        assert "the calendar file of a-b" in why

    def test_an_owner_cannot_choose_another_folder(self, shop, here):
        followups(shop, *SHOP, "--owner", "../x", "--ics", "out/in")
        assert sorted(path.name for path in here.rglob("*") if path.is_file()) == [
            "---x.ics",
            "shop.csv",
        ]

    def test_an_event_says_what_to_do_and_for_whom(self, here):
        """Another reader than the library that wrote it opens the file."""
        shop = purchases(here / "shop.csv", "王-1 2025-11-10 90")
        followups(shop, *SHOP, "--owner", "王芳", "--for", "2025-12", "--ics", "out")
        text = (here / "out/王芳.ics").read_bytes().decode()
        calendar = vobject.readOne(text)
        assert calendar.x_wr_calname.value == "王芳 2025-12"
        assert [
            (event.dtstart.value, event.summary.value, event.description.value)
            for event in calendar.vevent_list
        ] == [
            (
                date(2025, 12, 1),
                "new-year-gift-and-demand-plan: 王-1",
                "new-year-gift-and-demand-plan (december-round)\nBy visit",
            ),
            (
                date(2025, 12, 10),
                "return-visit: 王-1",
                "return-visit (after-hand-over)\nBy telephone",
            ),
        ]

    def test_planned_on_a_later_day_the_uids_stay(self, shop, here):
        """A program that has the file before takes the one of the later day for the newer one."""
        found = {}
        for day in ("2026-02-10", "2026-02-27"):
            followups(shop, *SHOP, "--as-of", day, "--ics", day)
            calendar = vobject.readOne((here / day / "shop.ics").read_bytes().decode())
            found[day] = {event.uid.value: event.dtstamp.value for event in calendar.vevent_list}
        before, after = found.values()
        assert len(before) == 3
        assert f"{next(iter(before.values())):%Y-%m-%d %H:%M}" == "2026-02-10 00:00"
        assert before.keys() == after.keys()
        assert max(before.values()) < min(after.values())


class TestRefusals:
    @pytest.mark.parametrize(
        ("options", "why"),
        [
            (("--currency", "EUR"), "add --zone"),
            ((*SHOP, "--for", "2026-13"), "not a month such as 2026-03"),
            ((*SHOP, "--for", "March"), "not a month such as 2026-03"),
            ((*SHOP, "--for", "0001"), "from 1900 to 2100"),
            ((*SHOP, "--for", "2101-01"), "from 1900 to 2100"),
            ((*SHOP, "--for", "2026-01"), "2026-01 is over on 2026-02-10"),
            ((*SHOP, "--for", "2026-03-01"), "not a month such as 2026-03"),
            ((*SHOP, "--owner", "=3"), "not an owner such as anna"),
            ((*SHOP, "--owner", "anna=0"), "not a whole number from 1 to 10,000"),
            ((*SHOP, "--owner", "anna=x"), "not a whole number from 1 to 10,000"),
            ((*SHOP, "--owner", "anna=4.5"), "not a whole number from 1 to 10,000"),
            ((*SHOP, "--owner", "anna=123456"), "not a whole number from 1 to 10,000"),
            ((*SHOP, "--owner", "an\nna"), "not the name of an owner"),
            ((*SHOP, "--top", "1001"), "not a whole number from 1 to 1,000"),
            ((*SHOP, "--owner", "anna", "--owner", "anna=3"), "named twice"),
            ((*SHOP, "--capacity", "0"), "not a whole number from 1 to 10,000"),
            ((*SHOP, "--hours", "9-5"), "--hours cannot be used"),
            ((*SHOP, "--holidays", "Atlantis"), "--holidays cannot be used"),
            (("--currency", "EUR", "--zone", "Mars/Olympus"), "--zone takes one such as"),
            ((*SHOP, "--as-of", "2020-01-01"), "there is no purchase up to 2020-01-01"),
            ((*SHOP, "--example"), "name one file of purchases, or add --example"),
        ],
    )
    def test_what_would_have_worked(self, shop, options, why):
        assert why in refused(shop, *options)

    def test_a_zone_that_there_is_not_is_told_before_a_file_is_read(self, here):
        why = refused(here / "gone.csv", "--currency", "EUR", "--zone", "Mars/Olympus")
        assert "--zone takes one such as Europe/Rome" in why

    def test_nothing_named(self):
        assert "name one file of purchases" in refused(*SHOP)

    def test_an_owner_without_a_working_day_left(self, shop):
        assert "cannot" in refused(shop, *SHOP, "--hours", "")

    @pytest.mark.parametrize(
        ("option", "library", "extra"),
        [
            ("--report", "jinja2", "review"),
            ("--report", "matplotlib", "review"),
            ("--ics", "icalendar", "ical"),
            ("--holidays", "holidays", "holidays"),
        ],
    )
    def test_what_needs_an_extra_names_it(self, here, option, library, extra, monkeypatch):
        """At once, and not after a long read: the file is not even looked for."""
        found = sys.modules["importlib.util"].find_spec
        monkeypatch.setattr(
            "crmkit.cli.followups.command.find_spec",
            lambda name: None if name == library else found(name),
        )
        why = refused(here / "gone.csv", *SHOP, option, "IT")
        assert f"{library} is not installed: pip install 'crmkit[{extra}]'" in why


class TestRealData:
    def test_all_customers_of_cdnow_are_planned_for_or_have_nothing_to_do(self, here):
        """Five owners; each purchase and each customer of the file is accounted for."""
        owners = [word for number in range(5) for word in ("--owner", f"owner-{number}=60")]
        file = shared_file("cdnow_master.txt")
        plan = followups(
            *(file, "--currency", "USD", "--zone", "America/New_York", "--json"), *owners
        ).json
        assert (plan["purchases"], plan["customers"]) == (69_659, 23_570)
        found = Counter(one["customer"] for one in (*placed(plan), *unplaced(plan)))
        assert len(found) + plan["customers_without_follow_up"] == 23_570
        assert plan["placed"] + plan["unplaced"] == sum(found.values())
        for owner in plan["owners"]:
            assert max(owner["loads"].values()) <= 60
            assert all(date.fromisoformat(day).weekday() < 5 for day in owner["loads"])
        # What has no place was due on days that were full.
        full = {
            (owner["owner"], day)
            for owner in plan["owners"]
            for day, load in owner["loads"].items()
            if load == 60
        }
        for owner in plan["owners"]:
            assert all((owner["owner"], one["due_on"]) in full for one in owner["unplaced"])


# All customers of CDNOW, counted a second time: one month, and two where there is time for it.
MONTHS = ["1998-12", "1998-07"][: chosen_size().of(1, 2, 2)]


class TestFup01AndFup02:
    """ "Within 1 year monthly, over 1 year quarterly", and "each December", from requirements."""

    @pytest.mark.parametrize("month", MONTHS)
    def test_what_is_due_is_what_counting_by_hand_gives(self, month):
        """Every follow-up of a month of 23,570 customers, by its days: those and no others."""
        file = shared_file("cdnow_master.txt")
        bought: dict[str, date] = {}
        for line in file.read_text(encoding="utf-8").splitlines()[1:]:
            customer, day, *_ = line.split()
            on = date(int(day[:4]), int(day[4:6]), int(day[6:]))
            bought[customer] = max(bought.get(customer, on), on)
        plan = followups(
            *(file, "--currency", "USD", "--zone", "America/New_York", "--json"),
            *("--for", month, "--owner", "a=90", "--owner", "b=60"),
        ).json
        found = Counter(
            (one["customer"], one["due_on"], one["not_after"])
            for one in (*placed(plan), *unplaced(plan))
        )
        assert set(found.values()) == {1}
        months = (*range(1, 13), *range(15, 36, 3))
        due = {
            (customer, str(day), str(day))
            for customer, on in bought.items()
            for day in {monday_after(on + relativedelta(months=count)) for count in months}
            if str(day).startswith(month)
        }
        if month == "1998-12":
            due |= {(customer, "1998-12-01", "1998-12-31") for customer in bought}
        assert set(found) == due


def monday_after(day):
    """A working day, or the Monday after the weekend."""
    return day + DAY * max(7 - day.weekday(), 0) if day.weekday() > 4 else day


def test_a_reader_that_stops_early_is_no_error():
    """As ``head -1`` does."""
    call = [sys.executable, "-m", "crmkit", "followups", "--example", "--json"]
    with subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(1)
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_it_runs_as_a_program(shop):
    """In another time zone, with another hash seed, it says the same."""
    call = [sys.executable, "-m", "crmkit", "followups", str(shop), *SHOP, "--json"]
    found = {
        subprocess.run(
            call,
            env={**os.environ, "TZ": zone, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        ).stdout
        for zone, seed in (("UTC", "1"), ("Pacific/Apia", "2"))
    }
    assert len(found) == 1
    assert json.loads(found.pop())["placed"] == 3


def test_help_says_what_there_is(capsys):
    assert main(["followups", "--help"]) == 0
    assert "--cadence FILE" in capsys.readouterr().out
