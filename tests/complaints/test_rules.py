"""The rules: asked beforehand they say what happens, and what they refuse changes nothing."""

from __future__ import annotations

import copy
import pickle
from enum import Enum
from itertools import product
from typing import Any

import pytest
from attrs import evolve, frozen
from hypothesis import given
from hypothesis import strategies as st

from crmkit.complaints.lifecycle import COMPLAINT_LIFECYCLE, Action, Status
from crmkit.complaints.policies.guards import (
    AssessmentFirst,
    ChildrenBeforeParent,
    DoerIsNotChecker,
    FactsBeforeLiability,
    FactsBeforeResponse,
    Proposal,
    RecourseBeforeClosing,
    ReopeningWindow,
    SatisfactionBeforeClosing,
    WrittenPromiseNeedsOverride,
)
from crmkit.complaints.policies.rules import ActionRefused, ComplaintRules
from crmkit.complaints.records.complaint import Complaint
from crmkit.complaints.records.events import (
    Absorbed,
    Assessed,
    Event,
    FactsRecorded,
    LiabilityStated,
    LifecycleAdopted,
    Merged,
    Noted,
    RecourseExhausted,
    Released,
    Severity,
    StatusChanged,
    Unmerged,
    WaitingEnded,
    WaitingStarted,
)
from crmkit.decision import Evidence, equals
from crmkit.errors import CrmkitError, IllegalTransition, InvalidPolicy, InvalidValue
from crmkit.identifiers import ComplaintId
from crmkit.lifecycle import Lifecycle
from crmkit.serialization import make_converter
from crmkit.testing.strategies import lifecycles
from tests.complaints.builders import (
    ANNA,
    ASKED,
    BEN,
    CARLA,
    DAY,
    MATRIX,
    MONDAY,
    RULES,
    act,
    entry,
    go,
    note,
    proposal,
    receipt,
    received,
    standing,
)

CONVERTER = make_converter(Complaint)
END = ("open", "finish", "done")
FACTS = FactsRecorded("the parcel was lost")
LIABLE = LiabilityStated(accepted=True)
MERGED = Merged(ComplaintId("K-0"))


def succeeds(do: Any, complaint: Complaint, *args: Any, **terms: Any) -> bool:
    """Whether something can be done; if not, the complaint is what it was, to the last byte."""
    before, trail = copy.deepcopy(complaint), complaint.trail
    text = CONVERTER.dumps(complaint)
    try:
        after = do(complaint, *args, **terms)
    except CrmkitError:
        done = False
    else:
        assert after.trail[:-1] == before.trail
        done = True
    assert complaint == before
    assert complaint.trail is trail
    assert (complaint.status, complaint.lifecycle) == (before.status, before.lifecycle)
    assert (complaint.owner, complaint.waiting_on) == (before.owner, before.waiting_on)
    assert CONVERTER.dumps(complaint) == text
    return done


# --- histories ------------------------------------------------------------------------------------

NOTES: tuple[Event, ...] = (
    FACTS,
    LIABLE,
    Assessed(Severity()),
    ASKED,
    RecourseExhausted(),
    WaitingStarted("complainant"),
    WaitingEnded(),
    Noted("weather"),
)
TRIES = st.tuples(
    st.sampled_from([*Action, *NOTES]),
    st.sampled_from([ANNA, BEN]),
    st.integers(-2, 200),
)


@st.composite
def histories(draw: Any) -> Complaint:
    """A complaint with something done to it, whatever of that was possible."""
    complaint = standing(draw(st.sampled_from(Status)))
    for what, by, days in draw(st.lists(TRIES, max_size=8)):
        try:
            if isinstance(what, Action):
                complaint = act(complaint, what, by=by, at=MONDAY + days * DAY)
            else:
                complaint = note(complaint, what, by=by, at=MONDAY + days * DAY)
        except CrmkitError:
            continue
    return complaint


class TestAsking:
    """What the rules say beforehand is what happens."""

    @pytest.mark.parametrize(("status", "action"), list(product(Status, Action)))
    @pytest.mark.parametrize("ready", [True, False])
    def test_every_pair_of_a_status_and_an_action(self, status, action, ready):
        complaint = standing(status)
        if ready:
            complaint = note(complaint, Assessed(Severity()), FACTS, ASKED, RecourseExhausted())
        verdict = RULES(proposal(complaint, action, by=CARLA))
        assert succeeds(act, complaint, action, by=CARLA) is verdict.outcome
        in_table = action in MATRIX[status]
        assert verdict.evidence[0].met is in_table
        needs = {Action.ASSESS, Action.INVESTIGATE, Action.RESPOND, Action.CLOSE}
        if ready or action not in needs:
            assert verdict.outcome is in_table

    @given(histories(), st.sampled_from(Action), st.sampled_from([ANNA, BEN]), st.integers(0, 1))
    def test_whatever_has_happened(self, complaint, action, by, children):
        at = MONDAY + 190 * DAY
        asked = proposal(complaint, action, by=by, at=at, open_children=children)
        done = succeeds(act, complaint, action, by=by, at=at, open_children=children)
        assert RULES(asked).outcome is done
        assert RULES(asked) == RULES(asked)

    @given(histories(), st.sampled_from([FACTS, LIABLE, ASKED, Noted("weather")]))
    def test_notes_as_well(self, complaint, what):
        asked = Proposal(complaint, entry(what))
        assert RULES(asked).outcome is succeeds(note, complaint, what)

    @given(histories())
    def test_a_history_holds_up_to_the_table(self, complaint):
        RULES.verify(complaint)
        assert RULES.allowed(complaint) == tuple(MATRIX[complaint.status])
        assert RULES.is_final(complaint) is (complaint.status in ("closed", "withdrawn"))

    def test_it_is_a_decision_about_one_complaint(self):
        verdict = RULES(proposal(received(), "acknowledge", at=MONDAY + DAY))
        assert (verdict.outcome, verdict.policy) == (True, "complaint-rules")
        assert (verdict.subject, verdict.as_of) == ("K-1", MONDAY + DAY)
        (evidence,) = verdict.evidence
        assert (evidence.criterion, evidence.observed, evidence.required) == (
            "action",
            "acknowledge",
            "acknowledge, refer, withdraw",
        )


class TestActing:
    """Every action has an actor, a time and a reason, and a refusal says what would be allowed."""

    def test_all_of_it_is_on_the_trail(self):
        after = RULES.act(
            received(),
            Action.ACKNOWLEDGE,
            by=BEN,
            at=MONDAY + DAY,
            reason="wrote to them",
            role="clerk",
            recorded_at=MONDAY + 2 * DAY,
        )
        last = after.trail[-1]
        assert last.what == StatusChanged("acknowledge", "received", "acknowledged")
        assert type(last.what.action) is type(last.what.to) is str
        assert (last.by, last.at, last.reason) == (BEN, MONDAY + DAY, "wrote to them")
        assert (last.role, last.recorded_at) == ("clerk", MONDAY + 2 * DAY)

    def test_what_the_table_does_not_have_names_what_it_has(self):
        with pytest.raises(IllegalTransition) as caught:
            act(received(), "close")
        assert str(caught.value) == (
            "cannot close from received; allowed: acknowledge, refer, withdraw"
        )
        with pytest.raises(IllegalTransition, match="cannot shout from closed; allowed: reopen"):
            act(standing(Status.CLOSED), "shout")

    def test_there_is_no_action_without_a_reason(self):
        with pytest.raises(InvalidValue, match="has a reason"):
            RULES.act(received(), "acknowledge", by=ANNA, at=MONDAY, reason=" ")

    def test_a_change_of_status_is_no_note(self):
        moved = StatusChanged("close", "received", "closed")
        with pytest.raises(InvalidValue, match="a change of status is an action: use act"):
            note(received(), moved)

    @pytest.mark.parametrize(
        "what", [MERGED, Unmerged(), Absorbed(ComplaintId("K-2")), Released(ComplaintId("K-2"))]
    )
    def test_neither_is_a_merging(self, what):
        with pytest.raises(InvalidValue, match="both complaints say that they were merged"):
            note(received(), what)

    def test_receiving_can_be_done_for_another(self):
        complaint = RULES.receive(receipt(), by=BEN, reason="from the letter box")
        assert (complaint.trail[0].by, complaint.trail[0].reason) == (BEN, "from the letter box")
        assert complaint.owner == ANNA


class TestWhileMerged:
    """The matter goes on elsewhere: here nothing is done."""

    @pytest.mark.parametrize(("status", "action"), list(product(Status, Action)))
    def test_no_action_passes(self, status, action):
        merged = standing(status).after(entry(MERGED))
        verdict = RULES(proposal(merged, action))
        assert verdict.outcome is False
        assert verdict.evidence[0].criterion == "merged"
        assert not succeeds(act, merged, action)
        assert RULES.allowed(merged) == ()

    def test_a_refusal_says_where_to_act(self):
        merged = received().after(entry(MERGED))
        with pytest.raises(ActionRefused) as caught:
            act(merged, "acknowledge")
        assert caught.value.remedies == (
            "act on the complaint that it was merged into, or unmerge it first",
        )
        assert caught.value.allowed == ()
        assert str(caught.value).startswith("refused, not met: merged; act on the complaint")

    def test_it_lists_all_that_is_missing(self):
        merged = standing(Status.ACKNOWLEDGED).after(entry(MERGED))
        with pytest.raises(ActionRefused) as caught:
            act(merged, "assess")
        assert [item.criterion for item in caught.value.decision.unmet] == [
            "merged",
            "severity-assessed",
        ]
        assert len(caught.value.remedies) == 2

    def test_a_call_can_be_noted_all_the_same(self):
        merged = received().after(entry(MERGED))
        assert len(note(merged, Noted("weather")).trail) == 3
        assert not succeeds(note, merged, FACTS)


# --- a table of the host --------------------------------------------------------------------------

TICKETS = Lifecycle(
    name="tickets",
    version=1,
    initial="new",
    final=("done",),
    moves=[
        ("new", "triage", "open"),
        ("open", "answer", "answered"),
        ("answered", "contest", "contested"),
        ("contested", "answer", "answered"),
        ("contested", "finish", "done"),
        ("answered", "finish", "done"),
        ("done", "come back", "open"),
    ],
)
TICKET_GUARDS = (
    FactsBeforeLiability(),
    AssessmentFirst(actions=("triage",), anew_after=("come back",)),
    FactsBeforeResponse(actions=("answer",), anew_after=("contest", "come back")),
    WrittenPromiseNeedsOverride(),
    SatisfactionBeforeClosing(actions=("finish",), anew_after=("answer", "come back")),
    DoerIsNotChecker(doing=("answer",), checking=("finish",)),
    RecourseBeforeClosing(
        statuses=("contested",), actions=("finish",), anew_after=("contest", "come back")
    ),
    ReopeningWindow(within=DAY, actions=("come back",)),
    ChildrenBeforeParent(actions=("finish",)),
)
DESK = ComplaintRules(lifecycle=TICKETS, guards=TICKET_GUARDS)


class TestOwnTable:
    """A host may bring its own table and still get every guarantee."""

    def walk(self, *steps: str | Event, by: Any = ANNA, **terms: Any) -> Complaint:
        complaint = received(rules=DESK)
        for step in steps:
            if isinstance(step, str):
                complaint = act(complaint, step, by=by, rules=DESK, **terms)
            else:
                complaint = note(complaint, step, by=by, rules=DESK)
        return complaint

    ANSWERED: tuple[Any, ...] = (Assessed(Severity()), "triage", FACTS, "answer")

    def test_the_trail_says_which_it_follows(self):
        answered = self.walk(*self.ANSWERED)
        assert (answered.status, answered.lifecycle) == ("answered", ("tickets", 1))
        assert DESK.allowed(answered) == ("contest", "finish")
        DESK.verify(answered)
        assert CONVERTER.loads(CONVERTER.dumps(answered)) == answered

    @pytest.mark.parametrize(
        ("done", "action", "unmet"),
        [
            ((), "triage", "severity-assessed"),
            (ANSWERED[:2], "answer", "facts-recorded"),
            (ANSWERED, "finish", "satisfaction-checked"),
            ((*ANSWERED, ASKED), "finish", "checker"),
            ((*ANSWERED, ASKED, "contest"), "finish", "recourse-exhausted"),
            ((*ANSWERED, "contest"), "answer", "facts-recorded"),
        ],
    )
    def test_every_condition_holds_there(self, done, action, unmet):
        complaint = self.walk(*done)
        with pytest.raises(ActionRefused) as caught:
            act(complaint, action, rules=DESK)
        assert unmet in [item.criterion for item in caught.value.decision.unmet]

    def test_parts_and_the_window_too(self):
        answered = self.walk(*self.ANSWERED, ASKED)
        with pytest.raises(ActionRefused, match="open-children"):
            act(answered, "finish", by=BEN, open_children=1, rules=DESK)
        done = act(answered, "finish", by=BEN, rules=DESK)
        assert DESK.is_final(done)
        assert act(done, "come back", at=MONDAY + DAY, rules=DESK).status == "open"
        with pytest.raises(ActionRefused, match="reopening-window"):
            act(done, "come back", at=MONDAY + 2 * DAY, rules=DESK)
        with pytest.raises(ActionRefused, match="facts-recorded"):
            note(self.walk(), LIABLE, rules=DESK)

    def test_an_enumeration_of_any_kind_will_do(self):
        class Old(str, Enum):  # noqa: UP042 - as hosts of older Pythons have it
            BEGUN = "begun"
            DONE = "done"
            FINISH = "finish"

        table = Lifecycle(initial=Old.BEGUN, moves=[(Old.BEGUN, Old.FINISH, Old.DONE)])
        rules = ComplaintRules(lifecycle=table, guards=(ChildrenBeforeParent(actions=("finish",)),))
        begun = received(rules=rules)
        assert (begun.status, rules.allowed(begun)) == ("begun", ("finish",))
        done = act(begun, Old.FINISH, rules=rules)
        assert (done.status, rules.is_final(done)) == ("done", True)
        assert CONVERTER.loads(CONVERTER.dumps(done)) == done
        rules.verify(done)

    @given(lifecycles(), st.data())
    def test_any_table_is_followed(self, lifecycle, data):
        rules = ComplaintRules(lifecycle=lifecycle, guards=(FactsBeforeLiability(),))
        complaint, status = received(rules=rules), lifecycle.initial
        table = {(source, action): to for source, action, to in lifecycle.moves}
        for action in data.draw(st.lists(st.sampled_from(lifecycle.actions), max_size=8)):
            possible = (status, action) in table
            assert rules(proposal(complaint, action)).outcome is possible
            assert succeeds(act, complaint, action, rules=rules) is possible
            if possible:
                complaint, status = act(complaint, action, rules=rules), table[status, action]
            assert complaint.status == status
        rules.verify(complaint)

    def test_a_guard_of_the_host_is_asked_as_well(self):
        @frozen
        class OnlyCarlaCloses:
            remedy = "ask carla"

            def watches(self, proposal: Proposal, /) -> bool:
                what = proposal.entry.what
                return isinstance(what, StatusChanged) and what.action == "finish"

            def __call__(self, proposal: Proposal, /) -> Evidence:
                return equals("carla", proposal.entry.by == CARLA, True)

        rules = ComplaintRules(lifecycle=TICKETS, guards=(OnlyCarlaCloses(),))
        answered = self.walk(*self.ANSWERED)
        with pytest.raises(ActionRefused, match="not met: carla; ask carla"):
            act(answered, "finish", by=BEN, rules=rules)
        assert act(answered, "finish", by=CARLA, rules=rules).status == "done"


class TestBuilding:
    """Rules that could not hold what they promise are refused when they are built."""

    @pytest.mark.parametrize(
        ("guard", "unknown"),
        [
            (AssessmentFirst(actions=("asess",)), "asess"),
            (SatisfactionBeforeClosing(actions=("close", "shut")), "shut"),
            (DoerIsNotChecker(doing=("anser",)), "anser"),
            (DoerIsNotChecker(checking=("shut", "end")), "end, shut"),
            (RecourseBeforeClosing(statuses=("contested",)), "contested"),
            (ReopeningWindow(actions=("come back",)), "come back"),
            (AssessmentFirst(anew_after=("reopn",)), "reopn"),
            (FactsBeforeResponse(anew_after=("dispute", "come back")), "come back"),
            (SatisfactionBeforeClosing(anew_after=("answer",)), "answer"),
            (RecourseBeforeClosing(anew_after=("contest",)), "contest"),
        ],
    )
    def test_a_condition_on_what_never_comes_up(self, guard, unknown):
        with pytest.raises(InvalidPolicy) as caught:
            ComplaintRules(guards=(guard,))
        assert str(caught.value).startswith(
            f"{type(guard).__name__} watches {unknown}, which no lifecycle has; there are a"
        )

    def test_the_default_conditions_do_not_go_with_another_table(self):
        with pytest.raises(InvalidPolicy, match="which no lifecycle has"):
            ComplaintRules(lifecycle=TICKETS)

    def test_an_action_of_a_former_table_is_known(self):
        rules = ComplaintRules(former=(TICKETS,), guards=(*RULES.guards, *TICKET_GUARDS))
        assert len(rules.guards) == 18

    def test_two_tables_have_two_names_or_versions(self):
        other = Lifecycle(name="tickets", initial="a", moves=[("a", "go", "b")])
        with pytest.raises(InvalidPolicy, match="two lifecycles share name and version"):
            ComplaintRules(lifecycle=TICKETS, guards=(), former=(other,))
        ComplaintRules(lifecycle=TICKETS, guards=(), former=(evolve(other, version=2),))

    def test_equal_terms_are_equal_rules(self):
        assert ComplaintRules() == RULES
        assert hash(ComplaintRules()) == hash(RULES)
        assert DESK != RULES

    @pytest.mark.parametrize("rules", [RULES, DESK])
    def test_they_can_be_sent_to_another_process(self, rules):
        sent = pickle.loads(pickle.dumps(rules))  # noqa: S301 - our own
        assert sent == copy.deepcopy(rules) == rules
        complaint = sent.receive(receipt())
        assert sent.allowed(complaint) == rules.allowed(complaint)


# --- another version of a table -------------------------------------------------------------------

TICKETS_2 = Lifecycle(
    name="tickets",
    version=2,
    initial="new",
    final=("finished",),
    moves=[
        ("new", "triage", "open"),
        ("open", "answer", "answered"),
        ("answered", "finish", "finished"),
        ("finished", "come back", "open"),
    ],
)
NEXT = ComplaintRules(lifecycle=TICKETS_2, guards=(FactsBeforeLiability(),), former=(TICKETS,))
BOUND = ComplaintRules(lifecycle=TICKETS, guards=())


class TestFormerTables:
    """A complaint goes by the table whose name and version stand on its trail."""

    def old(self, *actions: str) -> Complaint:
        complaint = received(rules=BOUND)
        for action in actions:
            complaint = act(complaint, action, rules=BOUND)
        return complaint

    def test_an_older_complaint_still_follows_its_own(self):
        answered = self.old("triage", "answer")
        assert NEXT.table_of(answered) is TICKETS
        assert NEXT.allowed(answered) == ("contest", "finish")
        assert act(answered, "contest", rules=NEXT).status == "contested"
        assert NEXT.receive(receipt()).lifecycle == ("tickets", 2)

    def test_one_that_nobody_knows_is_refused(self):
        strange = self.old("triage")
        for ask in (RULES.table_of, RULES.allowed, RULES.is_final, RULES.verify):
            with pytest.raises(InvalidPolicy):
                ask(strange)
        with pytest.raises(InvalidPolicy) as caught:
            act(strange, "answer")
        assert str(caught.value) == (
            "the complaint follows tickets, version 1: pass that table as one of former"
        )

    def test_a_status_that_its_table_does_not_have_is_refused(self):
        lost = received().after(entry(LifecycleAdopted("complaint", 1, "lost")))
        with pytest.raises(InvalidPolicy, match="unknown status; this lifecycle knows received"):
            act(lost, "close")
        with pytest.raises(InvalidPolicy, match="unknown status"):
            RULES.allowed(lost)

    def test_it_can_adopt_the_new_one(self):
        adopted = note(
            self.old("triage", "answer"), LifecycleAdopted("tickets", 2, "answered"), rules=NEXT
        )
        assert (adopted.status, adopted.lifecycle) == ("answered", ("tickets", 2))
        assert NEXT.allowed(adopted) == ("finish",)
        finished = act(adopted, "finish", rules=NEXT)
        assert finished.status == "finished"
        NEXT.verify(finished)
        with pytest.raises(InvalidPolicy):
            DESK.verify(finished)

    def test_it_can_stay_where_it_is(self):
        triaged = self.old("triage")
        again = note(triaged, LifecycleAdopted("tickets", 1, "open"), rules=NEXT)
        assert (again.status, again.lifecycle) == ("open", ("tickets", 1))
        NEXT.verify(again)

    def test_a_status_that_is_gone_gets_a_new_name(self):
        contested = self.old("triage", "answer", "contest")
        adopted = note(contested, LifecycleAdopted("tickets", 2, "open"), rules=NEXT)
        assert adopted.status == "open"
        done = self.old("triage", "answer", "finish")
        adopted = note(done, LifecycleAdopted("tickets", 2, "finished"), rules=NEXT)
        assert NEXT.is_final(adopted)

    @pytest.mark.parametrize(
        ("way", "to", "message"),
        [
            ((), "finished", "the lifecycle knows new as well: adopt it at that status"),
            (("triage",), "answered", "the lifecycle knows open as well"),
            (("triage", "answer", "contest"), "finished", "does not come to rest, or back"),
            (("triage", "answer", "finish"), "open", "does not come to rest, or back"),
        ],
    )
    def test_it_is_no_way_round_the_conditions(self, way, to, message):
        complaint = self.old(*way)
        with pytest.raises(InvalidPolicy, match=message):
            note(complaint, LifecycleAdopted("tickets", 2, to), rules=NEXT)

    def test_nobody_goes_to_and_fro_between_two(self):
        """Received, then open by the new table, then by the old one wherever one likes."""
        table = Lifecycle(name="desk", initial="new", moves=[("new", "do", "open"), END])
        rules = ComplaintRules(lifecycle=table, guards=(), former=(COMPLAINT_LIFECYCLE,))
        moved = note(received(), LifecycleAdopted("desk", 1, "open"), rules=rules)
        back = LifecycleAdopted("complaint", 1, "accepted")
        with pytest.raises(InvalidPolicy) as caught:
            note(moved, back, rules=rules)
        assert str(caught.value) == (
            "a former lifecycle is not taken up again: adopt desk, version 1"
        )
        forged = moved.after(entry(back))
        with pytest.raises(InvalidPolicy, match="a lifecycle that was left is not taken up again"):
            rules.verify(forged)
        rules.verify(note(moved, LifecycleAdopted("desk", 1, "open"), rules=rules))

    def test_nobody_closes_by_adopting_the_same_again(self):
        complaint = received()
        assert not succeeds(note, complaint, LifecycleAdopted("complaint", 1, "closed"))
        assert not succeeds(note, complaint, LifecycleAdopted("complaint", 1, "withdrawn"))
        assert succeeds(note, complaint, LifecycleAdopted("complaint", 1, "received"))

    @pytest.mark.parametrize(
        "what",
        [
            LifecycleAdopted("tickets", 3, "new"),
            LifecycleAdopted("other", 2, "new"),
            LifecycleAdopted("tickets", 2, "contested"),
        ],
    )
    def test_what_the_rules_do_not_know_is_not_adopted(self, what):
        with pytest.raises(InvalidPolicy, match="pass the table"):
            note(self.old(), what, rules=NEXT)


class TestVerifying:
    """A trail that was not written by the rules is found out."""

    @pytest.mark.parametrize("status", Status)
    def test_what_the_rules_wrote_holds(self, status):
        RULES.verify(standing(status))

    @pytest.mark.parametrize(("status", "action"), list(product(Status, Action)))
    def test_a_forged_move_is_found(self, status, action):
        """All pairs, and for each all statuses to which it could have been forged."""
        complaint = standing(status)
        for to in Status:
            forged = complaint.after(entry(StatusChanged(action.value, status.value, to.value)))
            if MATRIX[status].get(action) == to:
                RULES.verify(forged)
            else:
                with pytest.raises(IllegalTransition):
                    RULES.verify(forged)

    @pytest.mark.parametrize("status", [each for each in Status if each != Status.RECEIVED])
    def test_a_complaint_that_was_born_half_way_is_found(self, status):
        first = entry(LifecycleAdopted("complaint", 1, status.value))
        with pytest.raises(IllegalTransition) as caught:
            RULES.verify(Complaint(receipt(), (first,)))
        assert str(caught.value) == (
            f"cannot begin at {status} from received; allowed: acknowledge, refer, withdraw"
        )

    @pytest.mark.parametrize(("status", "to"), [p for p in product(Status, Status) if p[0] != p[1]])
    def test_a_step_that_was_skipped_by_an_adoption_is_found(self, status, to):
        forged = standing(status).after(entry(LifecycleAdopted("complaint", 1, to.value)))
        with pytest.raises(InvalidPolicy, match="adopt it at that status"):
            RULES.verify(forged)

    def test_a_trail_that_begins_twice_is_found(self):
        acknowledged = go(received(), "acknowledge")
        forged = acknowledged.after(acknowledged.trail[0])
        assert forged.status == "received"
        with pytest.raises(InvalidPolicy, match="adopt it at that status"):
            RULES.verify(forged)

    def test_an_adoption_that_nobody_knows_is_found(self):
        forged = received().after(entry(LifecycleAdopted("complaint", 1, "settled")))
        with pytest.raises(InvalidPolicy):
            RULES.verify(forged)

    def test_the_table_is_that_of_the_time(self):
        """Closed by the old table, then adopted: each move is held against its own."""
        old = go(received(), "acknowledge")
        rules = ComplaintRules(lifecycle=TICKETS, guards=(), former=(COMPLAINT_LIFECYCLE,))
        adopted = note(old, LifecycleAdopted("tickets", 1, "open"), rules=rules)
        rules.verify(act(adopted, "answer", rules=rules))
        forged = adopted.after(entry(StatusChanged("assess", "open", "assessed")))
        with pytest.raises(IllegalTransition):
            rules.verify(forged)
