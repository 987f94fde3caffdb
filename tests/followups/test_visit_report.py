"""FUP-04: listen, search, solve, and tell the news last."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidValue
from crmkit.followups import ProtocolStep, VisitPoint, VisitReport
from tests.followups.builders import COMPLETE

OPEN = VisitPoint(text="the pump drips")
SOLVED = VisitPoint(text="the pump drips", solution="new seal")
LATER = VisitPoint(text="the pump drips", next_step="bring a seal")

points = st.sampled_from([OPEN, SOLVED, LATER])
steps = st.one_of(st.none(), st.lists(points, max_size=3).map(tuple))
news = st.one_of(st.none(), st.just(()), st.just(("spring prices",)))


def is_in_order(heard, found, told):
    """The protocol, step by step: what was taken needs all before it."""
    every = (*(heard or ()), *(found or ()))
    listened = heard is not None
    searched = listened and found is not None
    settled = searched and all(each.solution or each.next_step for each in every)
    if found is not None and not listened:
        return False
    if any(each.solution for each in every) and not searched:
        return False
    return told is None or settled


class TestOrder:
    """Nothing is told before the customer was heard, and nothing solved before a search."""

    @given(steps, steps, news)
    def test_a_report_is_refused_if_and_only_if_it_is_out_of_order(self, heard, found, told):
        if not is_in_order(heard, found, told):
            with pytest.raises(InvalidValue):
                VisitReport(heard=heard, found=found, told=told)
            return
        report = VisitReport(heard=heard, found=found, told=told)
        every = (*(heard or ()), *(found or ()))
        assert report.points == every
        assert report.still_open == tuple(each for each in every if not each.solution)
        assert report.is_complete == (told is not None)
        assert (ProtocolStep.LISTEN in report.missing) == (heard is None)
        assert (ProtocolStep.SEARCH in report.missing) == (found is None)
        assert (ProtocolStep.BRIEF in report.missing) == (told is None)
        unsettled = any(not (each.solution or each.next_step) for each in every)
        assert (ProtocolStep.SOLVE in report.missing) == (found is None or unsettled)

    @pytest.mark.parametrize(
        ("terms", "problem"),
        [
            ({"told": ["spring prices"]}, "listen before you tell the news"),
            ({"told": []}, "listen before you tell the news"),
            ({"found": [OPEN]}, "listen before you search"),
            ({"heard": [SOLVED]}, "search before you solve"),
            ({"heard": [], "told": ["prices"]}, "the news come last"),
            ({"heard": [OPEN], "found": [], "told": ["prices"]}, "a solution or a next_step first"),
            ({"heard": [], "found": [OPEN], "told": ["prices"]}, "a solution or a next_step first"),
        ],
    )
    def test_what_comes_first_is_said(self, terms, problem):
        with pytest.raises(InvalidValue, match=problem):
            VisitReport(**terms)


class TestCompleteness:
    """What was heard or found is put right, or it stays open with a next step."""

    def test_before_the_visit_everything_is_missing(self):
        assert VisitReport().missing == tuple(ProtocolStep)

    def test_what_nobody_deals_with_is_missing(self):
        assert VisitReport(heard=[OPEN], found=[]).missing == (
            ProtocolStep.SOLVE,
            ProtocolStep.BRIEF,
        )

    def test_a_next_step_settles_a_point_and_leaves_it_open(self):
        report = VisitReport(heard=[SOLVED], found=[LATER], told=[])
        assert report.is_complete
        assert report.still_open == (LATER,)

    def test_a_visit_on_which_all_was_well_is_complete_too(self):
        assert VisitReport(heard=[], found=[], told=[]).is_complete

    def test_a_report_with_news_is_complete(self):
        assert COMPLETE.is_complete
        assert COMPLETE.told == ("spring prices",)


class TestPoints:
    def test_a_point_is_put_right_or_stays_open(self):
        with pytest.raises(InvalidValue, match="put right or stays open"):
            VisitPoint(text="drips", solution="new seal", next_step="bring another")
        assert [each.is_settled for each in (OPEN, SOLVED, LATER)] == [False, True, True]
        assert [each.is_open for each in (OPEN, SOLVED, LATER)] == [True, False, True]

    @pytest.mark.parametrize("terms", [{"text": " "}, {"solution": ""}, {"next_step": "\t"}])
    def test_whatever_is_said_says_something(self, terms):
        with pytest.raises(InvalidValue, match="is said in words"):
            VisitPoint(**{"text": "drips", **terms})

    @pytest.mark.parametrize(
        "terms",
        [{"heard": "drips"}, {"heard": OPEN}, {"heard": [], "found": ["drips"]}],
    )
    def test_points_are_points(self, terms):
        with pytest.raises(InvalidValue, match="what was heard or found are points"):
            VisitReport(**terms)

    @pytest.mark.parametrize("told", ["prices", [" "]])
    def test_news_are_a_list_of_topics(self, told):
        with pytest.raises(InvalidValue):
            VisitReport(heard=[], found=[], told=told)
