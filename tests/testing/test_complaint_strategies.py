"""The strategies for complaints lead into every corner, and never out of what is lawful."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, timedelta
from typing import Any, get_args

import pytest
from attrs import evolve, frozen
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from crmkit.business_time import BusinessCalendar
from crmkit.complaints import (
    CAUSES,
    STORED_TYPES,
    Action,
    Allowance,
    CauseTaxonomy,
    Complaint,
    ComplaintRules,
    Event,
    Level,
    LifecycleAdopted,
    MessageSent,
    Noted,
    Proposal,
    Receipt,
    Standing,
    Status,
    StatusChanged,
    WorkingHours,
)
from crmkit.decision import Evidence, equals
from crmkit.errors import InvalidValue, MissingExtra
from crmkit.lifecycle import Lifecycle
from crmkit.serialization import make_converter
from crmkit.testing import complaint_parts, complaint_terms
from crmkit.testing import complaints as public
from crmkit.testing.complaints import (
    allowances,
    case_histories,
    causes,
    complaint_events,
    complaints,
    escalation_policies,
    obligation_profiles,
    receipts,
    severities,
)

# Found is found: the smallest example is not asked for.
REACH = settings(max_examples=3_000, phases=[Phase.generate], database=None)
RULES = ComplaintRules()
CONVERTER = make_converter(*STORED_TYPES, Receipt)


def finds(strategy: st.SearchStrategy[Any], condition: Callable[[Any], object]) -> Any:
    """An example that meets the condition: the strategy reaches that corner."""
    return find(strategy, lambda drawn: bool(condition(drawn)), settings=REACH)


def finds_all(
    strategy: st.SearchStrategy[Any], tell: Callable[[Any], Iterable[Any]], wanted: Iterable[Any]
) -> None:
    """Examples in which, taken together, everything that is wanted occurs."""
    left = set(wanted)

    def nothing_is_left(drawn: Any) -> bool:
        left.difference_update(tell(drawn))
        return not left

    finds(strategy, nothing_is_left)


def kinds(complaint: Complaint) -> set[type]:
    return {type(entry.what) for entry in complaint.trail}


class TestCorners:
    """A random search misses the corners; so the strategies lead into them."""

    def test_complaints_in_every_status(self):
        finds_all(complaints(), lambda complaint: [complaint.status], Status)

    def test_trails_that_hold_everything_that_can_happen(self):
        finds_all(complaints(max_steps=30), kinds, get_args(Event))

    def test_every_action_that_there_is(self):
        def actions(complaint: Complaint) -> list[str]:
            return [each.action for each in complaint.events(StatusChanged)]

        finds_all(complaints(), actions, Action)

    @pytest.mark.parametrize(
        "corner",
        [
            lambda complaint: complaint.merged_into,
            lambda complaint: complaint.absorbed,
            lambda complaint: complaint.waiting_on,
            lambda complaint: complaint.ownership.offered_to,
            lambda complaint: complaint.owner not in (None, complaint.receipt.received_by),
            lambda complaint: any(each.kept for each in complaint.promises),
            lambda complaint: any(entry.recorded_at for entry in complaint.trail[1:]),
            lambda complaint: any(entry.override for entry in complaint.trail),
            lambda complaint: {"complainant", None} <= {entry.role for entry in complaint.trail},
            lambda complaint: (
                [e.at for e in complaint.trail] != sorted(e.at for e in complaint.trail)
            ),
            lambda complaint: len(complaint.trail) > 25,
            lambda complaint: len(complaint.trail) == 1,
            lambda complaint: len([*complaint.events(LifecycleAdopted)]) > 1,
        ],
        ids=[
            *("merged", "absorbed", "waiting", "offered", "handed over", "a promise kept"),
            *("entered late", "overridden", "roles", "back-dated", "long", "new", "adopted"),
        ],
    )
    def test_cases_with_all_that_makes_cases_hard(self, corner):
        finds(complaints(max_steps=30), corner)

    @pytest.mark.parametrize(
        "corner",
        [
            lambda receipt: receipt.received_at.fold,
            lambda receipt: receipt.complainant is None,
            lambda receipt: receipt.received_by is None,
            lambda receipt: receipt.recorded_at,
            lambda receipt: receipt.content and not receipt.content.isascii(),
            lambda receipt: receipt.about.category and receipt.about.employee,
        ],
        ids=["a doubled hour", "anonymous", "from nobody", "late", "in any script", "about much"],
    )
    def test_receipts_of_every_kind(self, corner):
        finds(receipts(), corner)

    def test_severities_of_every_level_and_causes_of_the_taxonomy(self):
        finds_all(severities(), lambda severity: [severity.level], Level)
        finds_all(causes(), lambda found: [found.cause], CAUSES.causes)
        finds(causes(), lambda found: found.person and found.head and found.unit)

    def test_messages_with_and_without_content(self):
        finds(complaint_events(), lambda what: isinstance(what, MessageSent) and what.contains)

    def test_every_allowance_and_all_that_profiles_can_hold(self):
        finds_all(allowances(), lambda time: [type(time)], get_args(Allowance))
        finds(allowances(), lambda time: time == WorkingHours(timedelta(minutes=1)))
        for corner in (
            lambda one: one.content and one.excused_by,
            lambda one: one.repeats_every and one.suspended_by,
            lambda one: one.starts_within and one.early_counts,
        ):
            finds(obligation_profiles(), lambda profile: any(map(corner, profile.obligations)))  # noqa: B023
        finds(obligation_profiles(), lambda profile: profile.windows and profile.retention)
        finds(obligation_profiles(), lambda profile: len(profile.calendars) > 1)

    def test_every_way_to_escalate(self):
        for corner in (
            lambda rule: rule.cool_down and rule.stops_after,
            lambda rule: rule.paused_by and rule.counted_from,
            lambda rule: rule.categories and rule.severities,
            lambda rule: len(rule.levels) > 2,
            lambda rule: rule.calendar is None,
        ):
            finds(escalation_policies(), lambda policy: any(map(corner, policy.rules)))  # noqa: B023
        finds(escalation_policies(), lambda policy: len(policy.rules) > 2 and policy.categories)

    def test_deadlines_that_stand_in_every_way(self):
        def standings(drawn: tuple[Any, Any]) -> set[Standing]:
            profile, history = drawn
            instants = [*(mark.at for mark in history.marks), *(w.start for w in history.waits)]
            at = max(instant.astimezone(UTC) for instant in instants)
            return {state.standing for state in profile.agenda(history, at)}

        profiles = obligation_profiles(st.just(BusinessCalendar.round_the_clock()))
        finds_all(st.tuples(profiles, case_histories()), standings, Standing)


class TestLawful:
    """Whatever is drawn could have come about."""

    @given(complaints())
    def test_a_trail_stays_on_its_table_and_can_be_read_again(self, complaint):
        RULES.verify(complaint)
        assert Complaint(complaint.receipt, complaint.trail) == complaint

    @given(complaints())
    def test_no_action_was_taken_that_the_rules_refuse(self, complaint):
        before = Complaint(complaint.receipt, complaint.trail[:1])
        for entry in complaint.trail[1:]:
            assert RULES(Proposal(before, entry)).outcome
            before = before.after(entry)

    @given(st.data(), st.sampled_from(Status))
    def test_a_status_that_is_asked_for_is_reached(self, data, status):
        assert data.draw(complaints(status=status, max_steps=4)).status == status

    def test_a_status_that_there_is_not_is_refused(self):
        with pytest.raises(InvalidValue, match="no such status; it has received, acknowledged"):
            finds(complaints(status="lost"), lambda _: True)

    @given(complaints(max_steps=0))
    def test_without_steps_it_goes_straight_to_where_it_is(self, complaint):
        assert not complaint.merged_into
        assert len([*complaint.events(StatusChanged)]) <= len(Status)

    @given(complaints(receipt=receipts().map(lambda receipt: evolve(receipt, channel="fax"))))
    def test_what_came_in_can_be_the_host_s(self, complaint):
        assert complaint.receipt.channel == "fax"

    @given(causes(CauseTaxonomy({"delivery": ("late",)})))
    def test_causes_can_be_the_host_s(self, found):
        assert found.cause == "late"

    @given(escalation_policies(), case_histories(), st.integers(0, 400))
    def test_every_escalation_is_carried_out_once(self, policy, history, days):
        at = history.marks[-1].at.astimezone(UTC) + timedelta(days=days)
        due = policy.due(history, at)
        assert [each.fell_due_at for each in due] == sorted(each.fell_due_at for each in due)
        told = evolve(history, fired=(*history.fired, *(each.fired for each in due)))
        assert policy.due(told, at) == ()


class TestDocuments:
    """Everything that is drawn reads back."""

    @pytest.mark.parametrize(
        "strategy",
        [
            receipts(),
            complaints(max_steps=20),
            obligation_profiles(),
            escalation_policies(),
        ],
        ids=["receipts", "complaints", "obligation_profiles", "escalation_policies"],
    )
    def test_it_reads_back(self, strategy):
        @given(strategy)
        def reads_back(drawn: Any) -> None:
            text = CONVERTER.dumps(drawn)
            again = CONVERTER.loads(text)
            assert again == drawn
            assert CONVERTER.dumps(again) == text

        reads_back()


@frozen
class BossInformed:
    """A condition of the host: the boss hears of it before it is settled."""

    remedy = "tell the boss"

    def watches(self, proposal: Proposal, /) -> bool:
        what = proposal.entry.what
        return isinstance(what, StatusChanged) and what.action == "settle"

    def __call__(self, proposal: Proposal, /) -> Evidence:
        notes = proposal.complaint.events(Noted)
        return equals("boss-informed", any(note.topic == "boss" for note in notes), True)


TABLE = Lifecycle(
    name="walk-in",
    version=2,
    initial="new",
    moves=[("new", "look", "looked-at"), ("looked-at", "settle", "settled")],
)
OLD_TABLE = Lifecycle(
    name="walk-in",
    initial="open",
    moves=[("open", "settle", "settled"), ("settled", "return", "open")],
    final=["settled"],
)
OWN = ComplaintRules(lifecycle=TABLE, guards=(BossInformed(),), former=(OLD_TABLE,))


class TestRulesOfTheHost:
    """A host's own table and conditions are walked as well as ours."""

    def test_every_status_of_every_table(self):
        told = {"boss-informed": Noted("boss")}
        walked = complaints(OWN, remedies=told)
        finds_all(
            walked,
            lambda complaint: [(complaint.status, *complaint.lifecycle)],
            [
                ("new", "walk-in", 2),
                ("looked-at", "walk-in", 2),
                ("settled", "walk-in", 2),
                ("open", "walk-in", 1),
                ("settled", "walk-in", 1),
            ],
        )
        finds(case_histories(OWN), lambda history: history.marks[-1].name == "look")

    @given(complaints(OWN, status="settled", remedies={"boss-informed": Noted("boss")}))
    def test_conditions_of_the_host_are_kept_to(self, complaint):
        assert any(note.topic == "boss" for note in complaint.events(Noted))
        OWN.verify(complaint)


def test_everything_public_is_a_strategy_with_a_sentence():
    for name in public.__all__:
        make = getattr(public, name)
        assert make.__doc__[0].isupper()
        assert isinstance(make(), st.SearchStrategy)


@pytest.mark.parametrize("module", [public, complaint_parts, complaint_terms])
def test_without_hypothesis_the_extra_is_named(module, monkeypatch):
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    for name in ("shared", "complaint_parts", "complaint_terms"):
        known = sys.modules[f"crmkit.testing.{name}"]
        monkeypatch.setitem(sys.modules, f"crmkit.testing.{name}", known)
    spec = importlib.util.spec_from_file_location("fresh", module.__file__)
    assert spec is not None
    assert spec.loader is not None
    with pytest.raises(MissingExtra, match=r"hypothesis is not installed"):
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
