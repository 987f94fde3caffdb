"""The calendar of the tutorial shows the plan that the tutorial comes to."""

import re
from xml.etree import ElementTree

from tools.draw_year_plan import PLACE, in_words, year_plan


def test_the_picture_of_the_year_tells_the_plan():
    """After a change of the plan, ``python tools/draw_year_plan.py`` draws it anew."""
    text = PLACE.read_text(encoding="utf-8")
    said = ElementTree.fromstring(text).findtext("{http://www.w3.org/2000/svg}desc")  # noqa: S314
    assert said == in_words(year_plan())


def test_the_picture_stands_alone():
    text = PLACE.read_text(encoding="utf-8")
    assert "var(--" not in text
    assert {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"} == set(
        re.findall(r"https?://[^\"' <]*", text)
    )
