"""A review decides by the policy that is given, and writes down the one that it has fitted."""

from __future__ import annotations

import json

import pytest

from tests.cli.running import purchases, refused, review

IN_EURO = ("--currency", "EUR", "--json")

SCALE = """
kind = "rfm-scale"
version = 1
[data]
recency_at_most = [365, 180, 90, 30]
frequency_at_least = [2, 3, 5, 8]
monetary_at_least = ["20.00 EUR", "50.00 EUR", "100.00 EUR", "200.00 EUR"]
"""
TWO_TIERS = """
kind = "abc-tiers"
version = 1
[data]
names = ["gold", "base"]
thresholds = ["100.00 EUR"]
"""
TWO_SEGMENTS = """
kind = "segment-map"
version = 1
[data]
bins = 2
segments = [{name = "here", recency = [2, 2]}, {name = "away", recency = [1, 1]}]
"""


@pytest.fixture
def shop(here):
    """Three customers: a bought today and for much, b long ago, c long ago and for little."""
    return purchases(
        here / "shop.csv", "a 2026-06-30 150.00", "b 2025-01-01 120.00", "c 2025-01-01 3.00"
    )


def names(shown, kind):
    """Count the customers of every group that has some."""
    return {group["name"]: group["customers"] for group in shown[kind] if group["customers"]}


class TestGivenPolicies:
    """What is laid down is used as it is; what it leaves open is fitted to the file."""

    def test_fixed_thresholds_score_everybody(self, here, shop):
        (here / "scale.toml").write_text(SCALE)
        shown = review(shop, "--policy", "scale.toml", *IN_EURO).json
        assert names(shown, "segments") == {"new": 1, "lost": 2}
        assert shown["policy"]["source"] == "given-and-fitted"

    def test_tiers_may_have_names_of_their_own(self, here, shop):
        (here / "tiers.toml").write_text(TWO_TIERS)
        shown = review(shop, "--policy", "tiers.toml", *IN_EURO).json
        assert names(shown, "tiers") == {"gold": 2, "base": 1}

    def test_a_map_of_other_segments_gets_a_scale_that_fits(self, here, shop):
        (here / "map.toml").write_text(TWO_SEGMENTS)
        shown = review(shop, "--policy", "map.toml", *IN_EURO).json
        assert names(shown, "segments") == {"here": 1, "away": 2}

    def test_segments_may_ask_for_money_too(self, here, shop):
        """Then a cell of recency and frequency can hold two segments, and is drawn without one."""
        (here / "map.toml").write_text(
            TWO_SEGMENTS.replace("recency", "monetary").replace("here", "rich")
        )
        options = ("--policy", "map.toml", "--report", "r.html")
        shown = review(shop, *options, *IN_EURO).json
        assert names(shown, "segments") == {"rich": 1, "away": 2}
        grid = (here / "r.html").read_text().partition("A grid of recency")[2].partition("</svg>")
        assert ">rich<" not in grid[0]

    def test_several_documents_go_together_and_the_last_one_wins(self, here, shop):
        (here / "tiers.toml").write_text(TWO_TIERS)
        (here / "more.toml").write_text(TWO_TIERS.replace("100.00 EUR", "1.00 EUR"))
        (here / "scale.toml").write_text(SCALE)
        policies = ("--policy", "tiers.toml", "--policy", "scale.toml", "--policy", "more.toml")
        shown = review(shop, *policies, *IN_EURO).json
        assert names(shown, "tiers") == {"gold": 3}
        assert names(shown, "segments") == {"new": 1, "lost": 2}

    def test_a_scale_and_a_map_that_do_not_fit_are_refused(self, here, shop):
        (here / "map.toml").write_text(TWO_SEGMENTS)
        (here / "scale.toml").write_text(SCALE)
        line = refused(shop, "--policy", "map.toml", "--policy", "scale.toml", *IN_EURO)
        assert "fit one to the other" in line

    def test_another_currency_is_refused(self, here, shop):
        (here / "tiers.toml").write_text(TWO_TIERS.replace("EUR", "USD"))
        line = refused(shop, "--policy", "tiers.toml", *IN_EURO)
        assert line.endswith("the policy is in USD and the purchases are not: name a policy in EUR")

    def test_a_file_without_a_currency_needs_that_of_the_policy(self, here, shop):
        (here / "tiers.toml").write_text(TWO_TIERS)
        line = refused(shop, "--policy", "tiers.toml", "--json")
        assert line.endswith("add --currency EUR")


class TestSavedPolicies:
    """Any policy can be written down and gives the same decisions after."""

    def test_the_fitted_policy_decides_the_same_after(self, here):
        fitted = review("--example", "--json", "--save-policy", "policy.json").json
        given = review("--example", "--json", "--policy", "policy.json").json
        assert (fitted["policy"]["source"], given["policy"]["source"]) == ("fitted", "given")
        assert fitted["policy"]["fingerprint"] == given["policy"]["fingerprint"]
        for same in ("segments", "tiers", "pyramid", "best"):
            assert fitted[same] == given[same]

    def test_it_is_a_document_with_a_kind_and_a_version(self, here):
        review("--example", "--json", "--save-policy", "policy.json")
        document = json.loads((here / "policy.json").read_text())
        assert (document["kind"], document["version"]) == ("review-policy", 1)
        assert list(document["data"]) == ["abc", "pyramid", "segmentation"]

    @pytest.mark.parametrize("part", ["segmentation", "abc", "pyramid"])
    def test_a_part_of_it_is_a_policy_too(self, here, part):
        fitted = review("--example", "--json", "--save-policy", "policy.json").json
        data = json.loads((here / "policy.json").read_text())["data"][part]
        kinds = {"segmentation": "rfm-segmentation", "abc": "abc-tiers"}
        kind = kinds.get(part, "customer-pyramid")
        document = {"kind": kind, "version": 1, "data": data}
        (here / "part.json").write_text(json.dumps(document))
        given = review("--example", "--json", "--policy", "part.json").json
        assert given["segments"] == fitted["segments"]
        assert given["policy"]["source"] == "given-and-fitted"

    def test_the_report_shows_nested_scales_without_their_many_cut_points(self, here, shop):
        review("--example", "--json", "--save-policy", "policy.json")
        document = json.loads((here / "policy.json").read_text())
        scale = document["data"]["segmentation"]["scale"]
        frequency, money = scale["frequency_at_least"], scale["monetary_at_least"]
        document["data"]["segmentation"]["scale"] = {
            "kind": "nested-rfm-scale",
            "recency_at_most": scale["recency_at_most"],
            "frequency_at_least": [frequency] * 5,
            "monetary_at_least": [[money] * 5] * 5,
        }
        (here / "nested.json").write_text(json.dumps(document))
        run = review("--example", "--json", "--policy", "nested.json", "--report", "report.html")
        assert run.status == 0
        report = (here / "report.html").read_text()
        assert "frequency, at least" not in report
        assert "ABC (A, B), at least" in report


class TestPoliciesThatCannotBeUsed:
    """What is wrong with a policy is said in one line."""

    @pytest.mark.parametrize(
        ("name", "content", "said"),
        [
            ("p.json", b"{}", "exactly the keys kind, version and data"),
            ("p.json", b"{", "this is not JSON"),
            ("p.toml", b"kind =", "this is not TOML"),
            ("p.toml", SCALE.replace("version = 1", "version = 2").encode(), "upgrade crmkit"),
            ("p.toml", SCALE.replace("rfm-scale", "lottery").encode(), "expected one of"),
            ("p.toml", SCALE.replace("[365, 180, 90, 30]", "[1.5]").encode(), "$.data.recency"),
            ("p.json", b"\xff\xfe", "not UTF-8"),
        ],
    )
    def test_the_file_and_the_reason_are_named(self, here, shop, name, content, said):
        (here / name).write_bytes(content)
        line = refused(shop, "--policy", name, *IN_EURO)
        assert f"the policy {name} cannot be used" in line
        assert said in line

    def test_a_missing_file(self, shop):
        line = refused(shop, "--policy", "nope.json", *IN_EURO)
        assert line.endswith("cannot read the policy nope.json: no such file or directory")

    def test_policies_are_written_as_json(self, shop):
        assert "name a .json file" in refused(shop, "--save-policy", "policy.toml", *IN_EURO)

    def test_a_policy_is_not_overwritten_by_the_one_that_is_saved(self, here, shop):
        (here / "p.json").write_text(SCALE)
        options = ("--policy", "p.json", "--save-policy", "p.json")
        assert "would overwrite p.json" in refused(shop, *options, *IN_EURO)
