"""The strategies for retention lead into every corner, and never out of what is lawful."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterable
from typing import Any, get_args

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from crmkit.errors import InvalidValue, MissingExtra
from crmkit.retention import LostClass, WinBackCase, WinBackEvent, WinBackStatus
from crmkit.serialization import make_converter
from crmkit.testing import retention as public
from crmkit.testing.retention import win_backs

REACH = settings(max_examples=3_000, phases=[Phase.generate], database=None)
CONVERTER = make_converter(WinBackCase)


def finds(strategy: st.SearchStrategy[Any], condition: Callable[[Any], object]) -> None:
    """There is an example that meets the condition: the strategy reaches that corner."""
    find(strategy, lambda drawn: bool(condition(drawn)), settings=REACH)


def finds_all(tell: Callable[[Any], Iterable[Any]], wanted: Iterable[Any]) -> None:
    """Cases in which, taken together, everything that is wanted occurs."""
    left = set(wanted)

    def nothing_is_left(drawn: Any) -> bool:
        left.difference_update(tell(drawn))
        return not left

    finds(win_backs(max_steps=12), nothing_is_left)


class TestCorners:
    def test_cases_in_every_status(self):
        finds_all(lambda case: [case.status], WinBackStatus)

    def test_trails_that_hold_everything_that_can_happen(self):
        finds_all(lambda case: {type(e.what) for e in case.trail}, get_args(WinBackEvent))

    def test_customers_lost_in_every_way(self):
        classes = {*LostClass, None}
        finds_all(lambda case: [case.analysis.lost_class] if case.analysis else [], classes)

    @pytest.mark.parametrize(
        "corner",
        [
            lambda case: case.held_out and case.status == "recovered",
            lambda case: len(case.attempts) > 1,
            lambda case: case.status == "contacted" and case.contact_from is None,
            lambda case: case.status == "targeted" and case.contact_from is None,
            lambda case: case.status == "failed" and case.attempts,
            lambda case: case.recovered_on and case.recovered_on < case.trail[-2].what.on,
            lambda case: len(case.trail) == 1,
            lambda case: len(case.trail) > 7,
            lambda case: case.analysis and case.analysis.present_value,
            lambda case: sum(type(e.what).__name__ == "Declined" for e in case.trail) > 1,
        ],
        ids=[
            *("came back by themselves", "asked often", "asked for the last time", "left alone"),
            *("in vain", "heard of late", "new", "long", "worth something", "declined twice"),
        ],
    )
    def test_cases_with_all_that_makes_them_hard(self, corner):
        finds(win_backs(max_steps=12), corner)


class TestLaws:
    @pytest.mark.parametrize("status", WinBackStatus)
    def test_only_those_that_stand_where_they_are_asked_for(self, status):
        @given(win_backs(status=status))
        def they_stand_there(case: Any) -> None:
            assert case.status is status

        they_stand_there()

    def test_there_is_no_other_status(self):
        with pytest.raises(InvalidValue, match="a win-back is one of lost, analysed"):
            win_backs(status="forgotten")

    @given(win_backs())
    def test_what_is_written_is_read_back_the_same(self, case):
        text = CONVERTER.dumps(case)
        assert CONVERTER.loads(text) == case
        assert CONVERTER.loads(text).status is case.status
        assert CONVERTER.dumps(CONVERTER.loads(text)) == text

    @given(win_backs())
    def test_nobody_turns_to_who_is_held_out(self, case):
        assert not (case.held_out and case.attempts)
        assert list(case.attempts) == sorted(case.attempts)

    @given(win_backs(max_steps=0))
    def test_without_steps_it_is_new(self, case):
        assert (case.status, len(case.trail)) == ("lost", 1)


def test_without_hypothesis_it_says_which_extra_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    spec = importlib.util.spec_from_file_location("fresh", public.__file__)
    assert spec is not None
    assert spec.loader is not None
    with pytest.raises(MissingExtra, match=r"hypothesis is not installed"):
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
