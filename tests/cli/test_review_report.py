"""The report is one page that needs nothing else, and shows data as data."""

from __future__ import annotations

import re
from datetime import date
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from crmkit.cli.review.pictures import _curve
from crmkit.intake import read_purchases
from crmkit.segmentation import CUSTOMARY_SEGMENTS, concentration_curve, summarize_rfm
from tests.cli.running import purchases, refused, review

HOSTILE = '<script>alert("1")</script>&{{7*7}}'
VOID = {"meta", "path", "rect", "use", "br"}


class Page(HTMLParser):
    """What a browser would find: tags with their attributes, and texts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    @property
    def text(self) -> str:
        """All texts, as one."""
        return " ".join(" ".join(self.texts).split())

    def attributes(self, name: str) -> list[str | None]:
        """What every tag says of one thing."""
        return [attrs[name] for _, attrs in self.tags if name in attrs]


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """The report about the example shop, made once."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    assert review("--example", "--report", path, "--no-store", "--quiet").status == 0
    return path.read_text(encoding="utf-8")


class TestSelfContained:
    """No script, no font and no picture from anywhere else: it opens anywhere, also offline."""

    def test_nothing_is_loaded(self, example):
        page = Page(example)
        tags = {tag for tag, _ in page.tags}
        assert tags.isdisjoint({"script", "link", "img", "iframe", "object", "embed", "base"})
        assert page.attributes("src") == []
        assert all(link and link.startswith("#") for link in page.attributes("href"))

    def test_no_address_stands_in_it_at_all(self, example):
        assert re.findall(r"https?:|//\w|url\((?!#)|@import", example) == []

    def test_every_reference_in_a_picture_leads_somewhere(self, example):
        page = Page(example)
        names = set(page.attributes("id"))
        clips = re.findall(r"url\(#([^)]+)\)", example)
        assert clips
        assert {f"#{clip}" for clip in clips} | set(page.attributes("href")) <= {
            f"#{name}" for name in names
        }

    def test_the_page_is_well_formed(self, example):
        assert Page(example).open == []
        assert example.startswith("<!DOCTYPE html>")


class TestPictures:
    """Concentration, the RFM grid, the sizes of segments, tiers and layers, and what lies ahead."""

    def test_there_are_eight_and_each_can_be_read_aloud(self, example):
        page = Page(example)
        pictures = [attrs for _, attrs in page.tags if attrs.get("role") == "img"]
        assert [tag for tag, _ in page.tags].count("svg") == len(pictures) == 8
        assert all(attrs["aria-label"] for attrs in pictures)
        assert "9 of 47 customers (19.1 %) bring" in str(pictures[0]["aria-label"])

    def test_the_curve_that_is_drawn_is_the_exact_one(self, here):
        bought = [f"c{n} 2026-01-05 {n * n}.00" for n in range(40)]
        reader = read_purchases(purchases(here / "shop.csv", *bought), currency="EUR")
        revenue = summarize_rfm(reader, as_of=date(2026, 1, 5)).monetary_histogram()
        exact = concentration_curve(revenue)
        heads, value = _curve(revenue)
        assert heads == pytest.approx([float(point.customers) * 100 for point in exact])
        assert value == pytest.approx([float(point.value) * 100 for point in exact])

    def test_texts_in_pictures_are_texts(self, example):
        drawn = re.findall(r"<text[^>]*>([^<]*)</text>", example)
        assert {"champions", "platinum", "100 %"} <= set(drawn)

    def test_pictures_follow_the_colors_of_the_page(self, example):
        assert "var(--accent)" in example
        assert "#0a0b" not in example
        assert "prefers-color-scheme: dark" in example

    def test_the_same_figures_draw_the_same_page(self, here, example):
        review("--example", "--report", "again.html", "--no-store", "--quiet")
        assert (here / "again.html").read_text(encoding="utf-8") == example

    def test_the_grid_counts_every_customer(self, example):
        (grid,) = re.findall(r"A grid of recency scores.*?</svg>", example, flags=re.DOTALL)
        drawn = re.findall(r"<text[^>]*>([^<]*)</text>", grid)
        names = {segment.name for segment in CUSTOMARY_SEGMENTS.segments}
        counts = [int(a) for a, b in pairwise(drawn) if a.isdigit() and unescape(b) in names]
        assert sum(counts) == 47


class TestWordsOfThePage:
    """What the table says, the page says too."""

    def test_it_says_what_was_read_and_what_came_out(self, example):
        text = Page(example).text
        assert "80 % of revenue comes from 19.1 % of customers (9 of 47)." in text
        assert "356 lines: 346 purchases, 8 rejects, 1 header line, 1 blank line." in text
        assert "8 purchases give money back." in text
        assert "Without a purchase, and left out: 1 customer." in text

    def test_the_best_customers_come_with_their_reasons(self, example):
        text = Page(example).text
        assert "C-002 at risk A platinum 6,510.90 EUR last bought 665 days ago" in text

    def test_rejects_say_which_option_would_have_helped(self, example):
        assert "--date-format %d.%m.%Y would have read it" in Page(example).text

    def test_the_language_is_named(self, example):
        assert Page(example).attributes("lang") == ["en"]

    def test_purchases_that_are_left_out_are_counted(self, here):
        path = purchases(here / "shop.csv", "a 2026-01-05 1.00", "a 2026-02-06 3.00")
        day = ("--as-of", "2026-01-31")
        review(path, "--currency", "EUR", *day, "--report", "r.html", "--no-store", "--quiet")
        assert (
            "1 purchase after 2026-01-31 are left out" in Page((here / "r.html").read_text()).text
        )

    def test_a_file_that_names_no_currency_is_said_to_name_none(self, here):
        path = purchases(here / "shop.csv", "a 2026-01-05 1.00")
        review(path, "--report", "r.html", "--no-store", "--quiet")
        assert "The file names no currency (XXX)." in Page((here / "r.html").read_text()).text

    def test_a_shop_where_nobody_brought_anything(self, here):
        path = purchases(here / "shop.csv", "a 2026-01-05 0.00", "b 2026-01-06 0.00")
        run = review(path, "--currency", "EUR", "--report", "r.html", "--no-store")
        assert "Nobody brought anything" in run.out
        assert "Nobody brought anything" in (here / "r.html").read_text()

    def test_a_shop_with_one_customer(self, here):
        path = purchases(here / "shop.csv", "a 2026-01-05 7.00")
        review(path, "--currency", "EUR", "--report", "r.html", "--no-store", "--quiet")
        assert "100.0 % of customers (1 of 1)" in Page((here / "r.html").read_text()).text


class TestHostileData:
    """Whatever a customer or a segment is called, it is shown and never run."""

    def test_a_customer_named_like_a_script_is_a_name(self, here):
        path = here / "shop.csv"
        name = HOSTILE.replace('"', '""')
        path.write_text(f'customer,date,amount\n"{name}",2026-01-05,7.00\n')
        review(path, "--currency", "EUR", "--report", "r.html", "--no-store", "--quiet")
        page = Page((here / "r.html").read_text())
        assert HOSTILE in page.text
        assert "script" not in {tag for tag, _ in page.tags}

    def test_so_is_the_name_of_the_file(self, here):
        path = purchases(here / "<b onclick=x>.csv", "a 2026-01-05 7.00")
        review(path, "--currency", "EUR", "--report", "r.html", "--no-store", "--quiet")
        page = Page((here / "r.html").read_text())
        assert "<b onclick=x>.csv" in page.text
        assert page.attributes("onclick") == []

    def test_a_segment_named_like_markup_or_mathematics_is_drawn_as_it_is(self, here):
        (here / "p.toml").write_text(
            'kind = "abc-tiers"\nversion = 1\n[data]\nthresholds = ["5.00 EUR"]\n'
            'names = ["<i>$x^2$</i>", "顾客 \'DejaVu Sans\'; x"]\n'
        )
        path = purchases(here / "shop.csv", "a 2026-01-05 7.00", "b 2026-01-05 1.00")
        options = ("--policy", "p.toml", "--report", "r.html", "--no-store", "--quiet")
        assert review(path, "--currency", "EUR", *options).status == 0
        page = Page((here / "r.html").read_text())
        assert page.open == []
        assert "i" not in {tag for tag, _ in page.tags}
        drawn = [text.strip() for text in page.texts]
        assert drawn.count("<i>$x^2$</i>") >= 2
        assert drawn.count("顾客 'DejaVu Sans'; x") >= 2


class TestWriting:
    """A report is whole, or as it was before."""

    def test_a_report_is_replaced(self, here):
        (here / "r.html").write_text("old")
        review("--example", "--report", "r.html", "--no-store", "--quiet")
        assert (here / "r.html").read_text() != "old"
        assert [path.name for path in here.iterdir()] == ["r.html"]

    def test_nothing_is_left_behind_when_something_fails(self, here):
        (here / "place").mkdir()
        (here / "r.html").write_text("old")
        refused("--example", "--save-policy", "new.json", "--report", "place", "--no-store")
        assert sorted(path.name for path in here.iterdir()) == ["place", "r.html"]
        assert (here / "r.html").read_text() == "old"

    def test_folders_are_made(self, here):
        review("--example", "--report", "a/b/r.html", "--no-store", "--quiet")
        assert (here / "a" / "b" / "r.html").is_file()

    @pytest.mark.parametrize("option", ["--report", "--store", "--rejects", "--save-policy"])
    def test_the_file_that_is_read_is_never_overwritten(self, here, option):
        path = purchases(here / "shop.csv", "a 2026-01-05 7.00")
        before = path.read_text()
        line = refused(path, "--currency", "EUR", option, here / "x" / ".." / "shop.csv")
        assert "would overwrite" in line
        assert path.read_text() == before

    def test_two_things_in_one_place_are_refused(self):
        assert "would overwrite a" in refused("--example", "--report", "a", "--store", "a")
