"""``crmkit loyalty``: a purchase file through a program, and what another program would change."""

from __future__ import annotations

import csv
import gc
import json
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import date, timedelta
from io import StringIO
from xml.etree import ElementTree

import pytest
from dateutil.relativedelta import relativedelta

from crmkit.cli import main
from crmkit.loyalty import Program
from crmkit.serialization import make_converter
from tests.cli.running import purchases, run
from tests.shared_data import shared_file

DAY = timedelta(days=1)
EURO = ("--currency", "EUR")

PROGRAM = """
kind = "program"
version = 1

[data]
name = "club"

[data.terms]
lock = { count = 14, unit = "day" }
expiry = { kind = "expires-after", count = 12, unit = "month" }

[[data.earning.rules]]
name = "base"
priority = 1
gives = { kind = "base-rate", points = 1, per = "1.00 EUR" }

[[data.earning.rules]]
name = "silver"
priority = 2
gives = { kind = "multiplier", factor = "1.5" }
when = { tiers = ["silver"] }

[[data.earning.rules]]
name = "gold"
priority = 2
gives = { kind = "multiplier", factor = "2" }
when = { tiers = ["gold"] }

[data.tiers]
entry = { name = "blue", rank = 1 }
window = { kind = "rolling-window", count = 12, unit = "month" }

[[data.tiers.thresholds]]
tier = { name = "silver", rank = 2 }
points = 100

[[data.tiers.thresholds]]
tier = { name = "gold", rank = 3 }
points = 500

[data.point_value]
cost = "1.00 EUR"
per = 100
"""


def loyalty(*arguments):
    return run("loyalty", *arguments)


def refused(*arguments):
    """The one line that says why it cannot be done."""
    result = loyalty(*arguments)
    assert (result.status, result.out) == (2, "")
    (line,) = result.err.splitlines()
    return line


@pytest.fixture
def club(here):
    path = here / "club.toml"
    path.write_text(PROGRAM, encoding="utf-8")
    return ("--program", path)


@pytest.fixture
def shop(here):
    """One who is silver and came back, one of a year ago, and a new one."""
    return purchases(
        here / "shop.csv",
        *("C-1 2026-02-01 120", "C-1 2026-02-02 10", "C-2 2025-02-10 20.99", "C-3 2026-02-28 8"),
    )


class TestTheMembersOfAShop:
    def test_each_tier_with_its_members_and_points(self, shop, club):
        found = loyalty(shop, *EURO, *club, "--json").json
        assert (found["as_of"], found["members"], found["program"]) == ("2026-02-28", 3, "club")
        assert [(each["tier"], each["members"]) for each in found["tiers"]] == [
            ("gold", 0),
            ("silver", 1),
            ("blue", 2),
        ]
        assert found["points"] == {
            "issued": 120 + 15 + 20 + 8,
            "available": 135,
            "pending": 8,
            "open": 143,
            "redeemed": 0,
            "expired": 20,
            "taken_back": 0,
            "deficit": 0,
        }
        assert found["liability"] == {"amount": "1.43", "currency": "EUR"}

    def test_the_same_for_people(self, shop, club):
        text = loyalty(shop, *EURO, *club).out
        rows = [line.split() for line in text.splitlines()]
        assert ["silver", "1", "135", "0", "135", "0"] in rows
        assert ["blue", "2", "0", "8", "28", "20"] in rows
        assert "Points: 163 issued, 0 redeemed, 20 expired, 0 taken back, 143 open" in text
        assert "Liability: 1.43 EUR" in text

    def test_points_by_the_month_they_were_earned_in(self, shop, club):
        months = loyalty(shop, *EURO, *club, "--json").json["points_by_month"]
        assert {month: (each["earned"], each["open"]) for month, each in months.items()} == {
            "2025-02-01": (20, 0),
            "2026-02-01": (143, 143),
        }

    def test_the_last_day_of_points_is_still_one(self, shop, club):
        """Earned on 10 February 2025, they are good through 10 February 2026."""
        for day, expired in (("2026-02-10", 0), ("2026-02-11", 20)):
            found = loyalty(shop, *EURO, *club, "--json", "--as-of", day).json
            assert (found["points"]["expired"], found["purchases_after_as_of"]) == (expired, 1)

    def test_later_purchases_are_told(self, shop, club):
        text = loyalty(shop, *EURO, *club, "--as-of", "2026-02-11").out
        assert "1 purchase after that day, left out" in text

    def test_twice_it_says_the_same(self, shop, club):
        assert loyalty(shop, *EURO, *club).out == loyalty(shop, *EURO, *club).out

    def test_breakage_lessens_the_liability(self, shop, club):
        found = loyalty(shop, *EURO, *club, "--json", "--breakage", "0.5").json
        # 71.5 cents, half to even.
        assert found["liability"]["amount"] == "0.72"
        assert (
            "Liability: 0.72 EUR, less 50" in loyalty(shop, *EURO, *club, "--breakage", "0.5").out
        )

    def test_a_program_without_a_value_costs_nothing_that_is_known(self, shop, here):
        text, _, _ = PROGRAM.partition("[data.point_value]")
        (here / "own.toml").write_text(text, encoding="utf-8")
        asked = (shop, *EURO, "--program", "own.toml")
        assert loyalty(*asked, "--json").json["liability"] is None
        assert "add point_value to the program" in loyalty(*asked).out

    def test_a_program_without_tiers(self, shop, here):
        head, tail = PROGRAM.partition('[[data.earning.rules]]\nname = "silver"')[::2]
        (here / "own.toml").write_text(head, encoding="utf-8")
        assert tail
        found = loyalty(shop, *EURO, "--program", "own.toml", "--json").json
        assert [(each["tier"], each["members"]) for each in found["tiers"]] == [(None, 3)]
        assert found["tier_flow"] == []
        result = loyalty(shop, *EURO, "--program", "own.toml", "--report", "own.html")
        assert (result.status, "From tier to tier" in (here / "own.html").read_text()) == (0, False)


class TestTheExample:
    def test_it_works_without_anything_else(self):
        found = loyalty("--example", "--json").json
        assert (found["file"], found["purchases"], found["rejects"]) == ("the example shop", 346, 8)
        points = found["points"]
        gone = points["redeemed"] + points["expired"] + points["taken_back"]
        assert points["issued"] == points["available"] + points["pending"] + gone
        assert points["open"] == points["available"] + points["pending"]
        assert min(each["members"] for each in found["tiers"]) > 0

    def test_its_refund_of_an_order_before_the_file_is_listed(self):
        """Of the other refunds each names an order of the file."""
        found = loyalty("--example", "--json").json
        assert found["unmatched_refunds"] == [
            {
                "member": "C-060",
                "on": "2023-01-05",
                "amount": {"amount": "89.00", "currency": "EUR"},
                "order": "A-0998",
            }
        ]
        assert "2023-01-05  C-060  89.00 EUR, order A-0998" in loyalty("--example").out

    def test_its_program_is_one_to_begin_with(self, here):
        """It can be written down, and replayed from there; what is written says the same."""
        for name in ("club.toml", "club.json"):
            assert loyalty("--example", "--save-program", name).status == 0
            again = loyalty("--example", "--program", name, "--json").json
            assert again == loyalty("--example", "--json").json
        assert (here / "club.toml").read_text(encoding="utf-8").startswith("# A loyalty program")


class TestRefundsAndRedemptions:
    def test_a_refund_takes_its_points_back(self, here, club):
        shop = here / "shop.csv"
        shop.write_text(
            "customer,date,amount,order,refund_of\nC-1,2026-02-01,60,A-1,\n"
            "C-1,2026-02-03,70,A-2,\nC-1,2026-02-09,-40,,A-1\nC-2,2026-02-09,-5,,A-1\n",
            encoding="utf-8",
        )
        found = loyalty(shop, *EURO, *club, "--json").json
        assert (found["points"]["issued"], found["points"]["taken_back"]) == (130, 40)
        assert [each["member"] for each in found["unmatched_refunds"]] == ["C-2"]
        assert found["members"] == 1

    def test_lines_of_one_order_are_one_purchase(self, here, club):
        shop = here / "shop.csv"
        shop.write_text(
            "customer,date,amount,order\n" + "C-1,2026-02-01,0.50,A-1\n" * 2, encoding="utf-8"
        )
        assert loyalty(shop, *EURO, *club, "--json").json["points"]["issued"] == 1

    def test_what_was_redeemed_is_replayed_and_refusals_are_listed(self, shop, here, club):
        (here / "redeemed.csv").write_text(
            "date,points,customer\n2026-02-20,100,C-1\n2026-02-21,100,C-1\n\n", encoding="utf-8"
        )
        asked = (shop, *EURO, *club, "--redemptions", "redeemed.csv")
        found = loyalty(*asked, "--json").json
        assert (found["points"]["redeemed"], found["points"]["available"]) == (100, 35)
        assert found["refused_redemptions"] == [
            {"member": "C-1", "on": "2026-02-21", "points": 100, "available": 35}
        ]
        text = loyalty(*asked).out
        assert "1 redemption without the points for it:" in text
        assert "2026-02-21  C-1  100 wanted, 35 there" in text

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("customer,points\nC-1,5\n", "write customer,date,points in its first line"),
            ("customer,date,points\nC-1,soon,5\n", "line 2: 'soon' is no day such as 2026-03-31"),
            ("customer,date,points\nC-1,2026-02-20,1.5\n", "line 2: '1.5' is no whole number"),
            ("customer,date,points\nC-1,2026-02-20,0\n", "line 2: '0' is no whole number"),
            ("customer,date,points\n,2026-02-20,5\n", "line 2: "),
            ("", "write customer,date,points in its first line"),
        ],
    )
    def test_a_list_of_redemptions_that_cannot_be_used(self, shop, here, club, text, why):
        (here / "redeemed.csv").write_text(text, encoding="utf-8")
        assert why in refused(shop, *EURO, *club, "--redemptions", "redeemed.csv")

    def test_a_list_of_redemptions_that_is_not_there(self, shop, club):
        why = refused(shop, *EURO, *club, "--redemptions", "gone.csv")
        assert "cannot read gone.csv: no such file or directory" in why

    def test_points_that_were_spent_before_the_goods_came_back_are_owed(self, here, club):
        shop = purchases(here / "shop.csv", "C-1 2026-02-01 50", "C-1 2026-03-02 -50")
        (here / "redeemed.csv").write_text(
            "customer,date,points\nC-1,2026-02-20,50\n", encoding="utf-8"
        )
        asked = (shop, *EURO, *club, "--redemptions", "redeemed.csv")
        assert loyalty(*asked, "--json").json["points"]["deficit"] == 50
        assert "50 are owed by members who gave back what they had spent" in loyalty(*asked).out

    def test_long_lists_are_cut_and_say_so(self, here, club):
        shop = purchases(
            here / "shop.csv",
            "C-1 2026-02-01 50",
            *(f"C-{number} 2026-02-01 -5" for number in range(2, 6)),
        )
        text = loyalty(shop, *EURO, *club, "--top", 1).out
        assert "4 refunds of nothing that was bought before:" in text
        assert "and 3 more; --top 4 or --json shows them" in text


class TestAnotherProgram:
    @pytest.fixture
    def easier(self, here):
        """Silver from 20 points on, and two points a euro for everybody."""
        text = PROGRAM.replace("points = 100\n", "points = 20\n").replace(
            "points = 1,", "points = 2,"
        )
        path = here / "easier.toml"
        path.write_text(text.replace('"club"', '"easier"'), encoding="utf-8")
        return ("--simulate", path)

    def test_who_moves_and_what_it_costs(self, shop, club, easier):
        found = loyalty(shop, *EURO, *club, *easier, "--json").json["simulated"]
        assert found["program"] == "easier"
        was = loyalty(shop, *EURO, *club, "--json").json
        now = loyalty(shop, *EURO, "--program", easier[1], "--json").json
        more = now["points"]["issued"] - was["points"]["issued"]
        assert (found["issued"], more) == (more, 240 + 30 + 41 + 16 - 163)
        assert found["open"] == now["points"]["open"] - was["points"]["open"]
        assert found["cost"] == {"amount": "1.64", "currency": "EUR"}
        assert found["movers"] == []

    def test_movers_are_named_with_both_tiers(self, here, club, easier):
        shop = purchases(here / "shop.csv", "C-1 2026-02-01 15", "C-2 2026-02-01 5")
        found = loyalty(shop, *EURO, *club, *easier, "--json").json["simulated"]
        assert found["movers"] == [{"member": "C-1", "now": "blue", "then": "silver"}]
        text = loyalty(shop, *EURO, *club, *easier, "--report", "both.html").out
        assert "1 member from blue to silver" in text
        assert "1 member in another tier" in text
        page = (here / "both.html").read_text(encoding="utf-8")
        assert "With easier instead" in page
        assert '<th scope="row">C-1</th><td class="text">blue</td><td class="text">silver' in page

    def test_the_same_program_changes_nothing(self, shop, club):
        found = loyalty(shop, *EURO, *club, "--simulate", club[1], "--json").json["simulated"]
        assert (found["issued"], found["open"], found["movers"]) == (0, 0, [])
        assert found["cost"]["amount"] == "0.00"


class TestOneMember:
    def test_points_and_tiers_with_their_reasons(self, shop, club):
        text = loyalty(shop, *EURO, *club, "--explain", "C-1").out
        assert "C-1: member since 2026-02-01, silver, 2 purchases" in text
        assert "2026-02-01  in at silver by tier-policy" in text
        found = loyalty(shop, *EURO, *club, "--explain", "C-1", "--json").json
        assert (found["tier"], found["points"]["issued"]) == ("silver", 135)

    def test_nobody_of_that_name(self, shop, club):
        assert "C-9 bought nothing" in refused(shop, *EURO, *club, "--explain", "C-9")


class TestWhatIsWritten:
    def test_nothing_but_what_is_named(self, shop, here, club):
        loyalty(shop, *EURO, *club)
        assert sorted(path.name for path in here.iterdir()) == ["club.toml", "shop.csv"]

    def test_a_line_for_each_member(self, shop, here, club):
        loyalty(shop, *EURO, *club, "--members", "members.csv")
        text = (here / "members.csv").read_text(encoding="utf-8")
        rows = list(csv.DictReader(StringIO(text)))
        assert [(row["member"], row["tier"], row["available"]) for row in rows] == [
            ("C-1", "silver", "135"),
            ("C-2", "blue", "0"),
            ("C-3", "blue", "0"),
        ]
        assert rows[0]["tier_since"] == "2026-02-01"

    def test_a_page_with_two_pictures_that_needs_nothing_else(self, here, club):
        shop = purchases(
            here / "shop.csv", "C-1 2024-02-01 120", "C-2 2025-02-10 20", "C-1 2026-02-28 8"
        )
        loyalty(shop, *EURO, *club, "--report", "page.html")
        page = (here / "page.html").read_text(encoding="utf-8")
        pictures = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
        assert len(pictures) == 2
        for picture in pictures:
            ElementTree.fromstring(picture)  # noqa: S314
        assert not re.search(r"""(?:src|href)=["'](?!#)""", page)
        assert "<script" not in page
        for day in ("2024-12-31", "2025-12-31", "2026-02-28"):
            assert day in pictures[1]

    def test_what_stands_in_the_file_is_escaped(self, here, club):
        shop = purchases(here / "<b>.csv", "<i>C</i> 2026-02-01 -5", "C-2 2026-02-01 5")
        loyalty(shop, *EURO, *club, "--report", "page.html")
        page = (here / "page.html").read_text(encoding="utf-8")
        assert "<b>.csv" not in page
        assert "&lt;b&gt;.csv" in page

    def test_the_page_is_the_same_each_time(self, shop, here, club):
        for name in ("one.html", "two.html"):
            loyalty(shop, *EURO, *club, "--report", name)
        assert (here / "one.html").read_bytes() == (here / "two.html").read_bytes()

    def test_nothing_is_written_over_what_is_read(self, shop, club):
        for place in (shop, club[1]):
            before = place.read_bytes()
            assert "read already" in refused(shop, *EURO, *club, "--report", place)
            assert place.read_bytes() == before

    def test_two_things_do_not_go_to_one_place(self, shop, club):
        written = ("--report", "x", "--members", "x")
        assert "written twice" in refused(shop, *EURO, *club, *written)

    def test_quiet_is_quiet(self, shop, here, club):
        assert loyalty(shop, *EURO, *club, "--quiet", "--members", "m.csv").out == ""
        assert (here / "m.csv").is_file()


class TestRefusals:
    @pytest.mark.parametrize(
        ("options", "why"),
        [
            ((), "add --currency"),
            ((*EURO, "--breakage", "1.2"), "not a share from 0 to 1"),
            ((*EURO, "--top", "0"), "not a whole number from 1 to 1,000"),
            ((*EURO, "--as-of", "2020-01-01"), "there is no purchase up to 2020-01-01"),
            ((*EURO, "--as-of", "soon"), "not a day written as"),
            ((*EURO, "--example"), "name one file of purchases, or add --example"),
            ((*EURO, "--program", "gone.toml"), "cannot read the program gone.toml"),
            ((*EURO, "--simulate", "gone.toml"), "cannot read the program gone.toml"),
            (("--currency", "Euro"), "currency"),
            ((*EURO, "--explain", "C-1", "--simulate", "x"), "leave one out"),
        ],
    )
    def test_what_would_have_worked(self, shop, club, options, why):
        assert why in refused(shop, *club, *options)

    @pytest.mark.parametrize("collects", [True, False])
    def test_the_process_collects_its_garbage_as_before(self, shop, club, collects):
        was_on = gc.isenabled()
        try:
            (gc.enable if collects else gc.disable)()
            loyalty(shop, *EURO, *club, "--quiet")
            assert gc.isenabled() is collects
            assert "no purchase up to" in refused(shop, *EURO, *club, "--as-of", "2020-01-01")
            assert gc.isenabled() is collects
        finally:
            (gc.enable if was_on else gc.disable)()

    def test_nothing_is_guessed_about_the_program(self, shop):
        assert "name a --program" in refused(shop, *EURO)

    def test_a_program_for_another_currency(self, shop, club):
        why = refused(shop, *club, "--currency", "USD")
        assert "gives points for EUR and the file is in USD" in why

    def test_a_program_read_as_json_is_not_written_as_toml(self, shop, here, club):
        loyalty(shop, *EURO, *club, "--quiet", "--save-program", "club.json")
        asked = (shop, *EURO, "--program", "club.json", "--quiet", "--save-program")
        assert "to a .json file" in refused(*asked, "other.toml")
        assert loyalty(*asked, "other.json").status == 0
        same = [(here / name).read_text(encoding="utf-8") for name in ("club.json", "other.json")]
        assert same[0] == same[1]

    def test_columns_that_rules_ask_for_may_have_any_name(self, here):
        """Double points for books, by a column that goes by another name."""
        rule = '\n[[data.earning.rules]]\nname = "books"\npriority = 9\n'
        rule += 'gives = { kind = "multiplier", factor = "2" }\nwhen = { products = ["book"] }\n'
        text = PROGRAM.replace("[data.tiers]", f"{rule}\n[data.tiers]", 1)
        (here / "own.toml").write_text(text, encoding="utf-8")
        shop = here / "shop.csv"
        shop.write_text("customer,date,amount,thing\nC-1,2026-02-10,10,book\n", encoding="utf-8")
        asked = (shop, *EURO, "--program", "own.toml", "--json")
        plain, told = (loyalty(*asked, *how).json for how in ((), ("--product-column", "thing")))
        assert (plain["points"]["issued"], told["points"]["issued"]) == (10, 20)

    def test_a_share_is_shown_as_it_was_written(self, shop, club):
        assert (
            "less 12.5 % never redeemed" in loyalty(shop, *EURO, *club, "--breakage", "0.125").out
        )

    @pytest.mark.parametrize(
        ("before", "after", "why"),
        [
            ("points = 1,", "points = 1.5,", "$.data.earning.rules[0].gives.points"),
            ('"1.00 EUR" }', '"1.00" }', "$.data.earning.rules[0].gives.per"),
            ('tiers = ["gold"]', 'tiers = ["platinum"]', "platinum"),
            ("points = 500", "points = 50", "gold takes less points than silver"),
            ('kind = "program"', 'kind = "cadence"', "program"),
            ("[data]", "[data", "TOML"),
            ('name = "club"', 'title = "club"', "$.data.name: is missing"),
        ],
    )
    def test_a_program_that_cannot_be_used_says_where(self, shop, here, before, after, why):
        assert before in PROGRAM
        (here / "own.toml").write_text(PROGRAM.replace(before, after), encoding="utf-8")
        line = refused(shop, *EURO, "--program", "own.toml")
        assert "the program own.toml cannot be used" in line
        assert why in line

    def test_tiers_by_spend_in_another_currency(self, shop, here):
        text = PROGRAM.replace("points = 100\n", 'spend = "100.00 USD"\n')
        text = text.replace("points = 500\n", 'spend = "500.00 USD"\n')
        (here / "own.toml").write_text(text, encoding="utf-8")
        why = refused(shop, *EURO, "--program", "own.toml")
        assert "this cannot be replayed" in why
        assert "USD" in why

    def test_programs_whose_points_cost_two_currencies(self, shop, here, club):
        text = PROGRAM.replace('cost = "1.00 EUR"', 'cost = "1.00 USD"')
        (here / "other.toml").write_text(text, encoding="utf-8")
        assert "USD" in refused(shop, *EURO, *club, "--simulate", "other.toml")

    def test_bad_lines_are_shown_and_written_where_they_are_wanted(self, here, club):
        shop = here / "shop.csv"
        bad = "C-2,soon,10\n" * 7
        shop.write_text(f"customer,date,amount\nC-1,2026-02-10,10\n{bad}", encoding="utf-8")
        assert "and 2 more; --rejects FILE writes all of them" in loyalty(shop, *EURO, *club).out
        loyalty(shop, *EURO, *club, "--rejects", "out/bad.csv")
        assert (here / "out/bad.csv").read_text(encoding="utf-8").count("soon") == 7

    def test_a_file_that_is_not_there(self, here, club):
        assert "gone.csv" in refused(here / "gone.csv", *EURO, *club)

    @pytest.mark.parametrize("text", ["", "customer,date,amount\n"])
    def test_a_file_without_a_purchase(self, here, club, text):
        (here / "empty.csv").write_text(text, encoding="utf-8")
        assert refused("empty.csv", *EURO, *club)

    def test_two_currencies_and_no_rate(self, here, club):
        """The program knows the euro only: what is not in it is told, or converted."""
        shop = here / "shop.csv"
        shop.write_text(
            "customer,date,amount,currency\nC-1,2026-02-01,5,EUR\nC-1,2026-02-01,5,USD\n",
            encoding="utf-8",
        )
        assert "gives no points for USD" in loyalty(shop, *club).out
        found = loyalty(shop, *EURO, "--rate", "USD=0.80", *club, "--json").json
        assert (found["points"]["issued"], found["currencies_without_points"]) == (9, [])

    @pytest.mark.parametrize("library", ["jinja2", "matplotlib"])
    def test_what_needs_an_extra_names_it(self, here, club, library, monkeypatch):
        found = sys.modules["importlib.util"].find_spec
        monkeypatch.setattr(
            "crmkit.cli.loyalty.command.find_spec",
            lambda name: None if name == library else found(name),
        )
        why = refused(here / "gone.csv", *EURO, *club, "--report", "page.html")
        assert f"{library} is not installed: pip install 'crmkit[review]'" in why


class TestRealData:
    """All of CDNOW: 69,659 purchases, counted a second time with nothing but dates and integers."""

    AS_OF = date(1998, 6, 30)

    @pytest.fixture
    def cdnow(self, here):
        (here / "dollar.toml").write_text(PROGRAM.replace("EUR", "USD"), encoding="utf-8")
        return (shared_file("cdnow_master.txt"), "--currency", "USD", "--program", "dollar.toml")

    def by_hand(self):
        """By customer: the points of each purchase, and those in the window of the last day."""
        bought = defaultdict(list)
        text = shared_file("cdnow_master.txt").read_text(encoding="utf-8")
        for line in text.splitlines()[1:]:
            customer, day, _, dollars = line.split()
            cents = int(dollars.replace(".", ""))
            bought[customer].append((date(int(day[:4]), int(day[4:6]), int(day[6:])), cents))
        year = relativedelta(months=12)
        earned = {}
        for customer, rows in bought.items():
            found: list[tuple[date, int]] = []
            for on, cents in sorted(rows):
                before = sum(points for then, points in found if on - year <= then < on)
                # Twice as many points in gold, half as many more in silver.
                halves = 4 if before >= 500 else 3 if before >= 100 else 2
                found.append((on, cents * halves // 200))
            earned[customer] = found
        last = self.AS_OF + DAY - year
        windows = {
            customer: sum(points for on, points in found if on >= last)
            for customer, found in earned.items()
        }
        return earned, windows

    def test_every_point_is_what_counting_by_hand_gives(self, cdnow, here):
        found = loyalty(*cdnow, "--json", "--members", "members.csv").json
        earned, windows = self.by_hand()
        assert (found["purchases"], found["members"]) == (69_659, len(earned) == 23_570 and 23_570)
        tiers = Counter(
            "gold" if points >= 500 else "silver" if points >= 100 else "blue"
            for points in windows.values()
        )
        assert {each["tier"]: each["members"] for each in found["tiers"]} == tiers
        every = [one for rows in earned.values() for one in rows]
        expired = sum(n for on, n in every if on + relativedelta(months=12) < self.AS_OF)
        pending = sum(n for on, n in every if on + 14 * DAY > self.AS_OF)
        total = sum(n for _, n in every)
        assert found["points"] == {
            "issued": total,
            "available": total - expired - pending,
            "pending": pending,
            "open": total - expired,
            "redeemed": 0,
            "expired": expired,
            "taken_back": 0,
            "deficit": 0,
        }
        cents = total - expired
        assert found["liability"]["amount"] == f"{cents // 100}.{cents % 100:02}"
        months = Counter[str]()
        for on, points in every:
            months[f"{on:%Y-%m}-01"] += points
        assert {month: each["earned"] for month, each in found["points_by_month"].items()} == months
        rows = csv.DictReader(StringIO((here / "members.csv").read_text(encoding="utf-8")))
        assert {row["member"]: int(row["issued"]) for row in rows} == {
            customer: sum(n for _, n in each) for customer, each in earned.items()
        }


def test_the_program_of_the_test_is_one():
    """What is written above reads back as it is written down again."""
    converter = make_converter(Program)
    program = converter.loads_toml(PROGRAM)
    assert converter.loads(converter.dumps(program)) == program


def test_it_runs_as_a_program(shop, club):
    """In another time zone, with another hash seed, it says the same."""
    call = [sys.executable, "-m", "crmkit", "loyalty", str(shop), *EURO, "--program", str(club[1])]
    found = {
        subprocess.run(
            [*call, "--json"],
            env={**os.environ, "TZ": zone, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        ).stdout
        for zone, seed in (("UTC", "1"), ("Pacific/Apia", "2"))
    }
    assert len(found) == 1
    assert json.loads(found.pop())["members"] == 3


def test_help_says_what_there_is(capsys):
    assert main(["loyalty", "--help"]) == 0
    assert "--simulate OTHER" in capsys.readouterr().out
