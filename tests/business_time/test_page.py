"""A page gives what its spans add up to, and knows where it ends."""

from __future__ import annotations

from datetime import timedelta
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.business_time.page import Page


def us(count):
    return timedelta(microseconds=count)


@st.composite
def spans_and_end(draw):
    """Spans in order, some of which touch, and an end of the page at or after the last of them."""
    steps = draw(st.lists(st.integers(0, 5), max_size=12))
    edges = [edge for edge, step in zip(accumulate(steps), steps, strict=True) if step or edge]
    spans = [(a, b) for a, b in pairwise(edges) if a < b][:: draw(st.integers(1, 2))]
    return spans, max(edges, default=0) + draw(st.integers(0, 3))


@given(spans_and_end())
def test_the_open_time_before_a_moment_is_what_lies_before_it_of_each_span(page):
    spans, end = page
    written = Page.of(spans, end)
    for at in range(end + 1):
        open_time = sum(max(0, min(at, closes) - opens) for opens, closes in spans)
        assert written.before(us(at)) == us(open_time)


@given(spans_and_end())
def test_so_much_has_passed_at_the_earliest_moment_by_which_it_has(page):
    spans, end = page
    written = Page.of(spans, end)
    for at in range(1, end + 1):
        earlier, passed = written.before(us(at - 1)), written.before(us(at))
        if passed > earlier:
            assert written.when(passed) == us(at)


@given(spans_and_end())
def test_of_what_passes_later_a_page_knows_nothing(page):
    spans, end = page
    written = Page.of(spans, end)
    assert written.when(written.before(us(end)) + us(1)) is None


@pytest.mark.parametrize("end", [0, 7])
def test_a_page_without_openings(end):
    assert Page.of([], end).before(us(end)) == us(0)
    assert Page.of([], end).when(us(1)) is None
