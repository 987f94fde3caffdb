"""The strategies for follow-ups lead into every corner, and never out of what is lawful."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any, get_args

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from crmkit.errors import InvalidValue, MissingExtra
from crmkit.followups import (
    STORED_TYPES,
    VISIT_REPORT,
    ContactFile,
    FollowUpEvent,
    FollowUpStatus,
    ProtocolStep,
    VisitReport,
    booked_appointments,
)
from crmkit.serialization import make_converter
from crmkit.testing import follow_ups as public
from crmkit.testing.follow_ups import appointments, follow_ups, visit_reports

# Found is found: the smallest example is not asked for.
REACH = settings(max_examples=3_000, phases=[Phase.generate], database=None)
CONVERTER = make_converter(*STORED_TYPES, VisitReport)


def finds(strategy: st.SearchStrategy[Any], condition: Callable[[Any], object]) -> None:
    """There is an example that meets the condition: the strategy reaches that corner."""
    find(strategy, lambda drawn: bool(condition(drawn)), settings=REACH)


def finds_all(
    strategy: st.SearchStrategy[Any], tell: Callable[[Any], Iterable[Any]], wanted: Iterable[Any]
) -> None:
    """Examples in which, taken together, everything that is wanted occurs."""
    left = set(wanted)

    def nothing_is_left(drawn: Any) -> bool:
        left.difference_update(tell(drawn))
        return not left

    finds(strategy, nothing_is_left)


class TestCorners:
    def test_follow_ups_in_every_status(self):
        finds_all(follow_ups(), lambda follow_up: [follow_up.status], FollowUpStatus)

    def test_trails_that_hold_everything_that_can_happen(self):
        def kinds(follow_up: Any) -> set[type]:
            return {type(entry.what) for entry in follow_up.trail}

        finds_all(follow_ups(max_steps=20), kinds, get_args(FollowUpEvent))

    @pytest.mark.parametrize(
        "corner",
        [
            lambda follow_up: follow_up.is_late,
            lambda follow_up: follow_up.status == "confirmed" and follow_up.owner is None,
            lambda follow_up: len(follow_up.told) > 1,
            lambda follow_up: follow_up.cadence and follow_up.nominal_on,
            lambda follow_up: follow_up.proposed_by,
            lambda follow_up: len(follow_up.trail) == 1,
            lambda follow_up: len(follow_up.trail) > 8,
            lambda follow_up: follow_up.done and VISIT_REPORT in follow_up.needs,
            lambda follow_up: follow_up.done and follow_up.done.on < follow_up.not_before,
            lambda follow_up: len(booked_appointments([follow_up])) > 1,
            lambda follow_up: any(not entry.reason.isascii() for entry in follow_up.trail),
        ],
        ids=[
            *("late", "nobody's appointment", "told twice", "of a cadence", "proposed", "new"),
            *("long", "a report", "early", "two appointments", "in any script"),
        ],
    )
    def test_follow_ups_with_all_that_makes_them_hard(self, corner):
        finds(follow_ups(max_steps=20), corner)

    def test_reports_that_stop_at_every_step(self):
        finds_all(
            visit_reports(), lambda report: [report.missing[:1]], [(s,) for s in ProtocolStep]
        )
        finds(visit_reports(), lambda report: report.is_complete)
        finds(visit_reports(), lambda report: report.is_complete and report.still_open)


class TestLaws:
    @pytest.mark.parametrize("status", FollowUpStatus)
    def test_only_those_that_stand_where_they_are_asked_for(self, status):
        @given(follow_ups(status=status))
        def they_stand_there(follow_up: Any) -> None:
            assert follow_up.status is status

        they_stand_there()

    def test_there_is_no_other_status(self):
        with pytest.raises(InvalidValue, match="a follow-up is one of planned, assigned"):
            follow_ups(status="forgotten")

    @given(follow_ups())
    def test_what_is_written_is_read_back_the_same(self, follow_up):
        text = CONVERTER.dumps(follow_up)
        assert CONVERTER.loads(text) == follow_up
        assert CONVERTER.dumps(CONVERTER.loads(text)) == text

    @given(follow_ups())
    def test_where_it_stands_is_read_off_the_trail(self, follow_up):
        again = CONVERTER.loads(CONVERTER.dumps(follow_up))
        for name in ("status", "owner", "due_on", "not_before", "not_after", "told", "days_late"):
            assert getattr(again, name) == getattr(follow_up, name)
        assert follow_up.not_before <= follow_up.due_on <= follow_up.not_after
        assert follow_up.appointment is None or (
            follow_up.not_before <= follow_up.appointment.on <= follow_up.not_after
        )

    @given(follow_ups(max_steps=0))
    def test_without_steps_it_is_new(self, follow_up):
        assert len(follow_up.trail) == (1 if follow_up.owner is None else 2)

    @given(follow_ups())
    def test_every_one_has_a_file(self, follow_up):
        file = ContactFile.of(follow_up.customer, [follow_up])
        assert len(file.process) == len(follow_up.trail)
        assert len(file.plan) + len(file.results) == (follow_up.status != "cancelled")

    @given(visit_reports(complete=True))
    def test_complete_reports_are_complete(self, report):
        assert report.is_complete

    @given(visit_reports())
    def test_reports_are_read_back_the_same(self, report):
        assert CONVERTER.loads(CONVERTER.dumps(report)) == report

    @given(appointments(date(2026, 5, 4), date(2026, 5, 5)))
    def test_appointments_lie_on_the_days_asked_for(self, appointment):
        assert date(2026, 5, 4) <= appointment.on <= date(2026, 5, 5)
        assert appointment.length > timedelta(0)


def test_without_hypothesis_it_says_which_extra_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    spec = importlib.util.spec_from_file_location("fresh", public.__file__)
    assert spec is not None
    assert spec.loader is not None
    with pytest.raises(MissingExtra, match=r"hypothesis is not installed"):
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
