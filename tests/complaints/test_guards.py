"""Conditions: what each of them refuses, and what would have worked."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve

from crmkit.complaints.lifecycle import Action, Status
from crmkit.complaints.policies.guards import (
    DEFAULT_GUARDS,
    AssessmentFirst,
    ChildrenBeforeParent,
    DoerIsNotChecker,
    FactsBeforeLiability,
    FactsBeforeResponse,
    Guard,
    Proposal,
    RecourseBeforeClosing,
    ReopeningWindow,
    SatisfactionBeforeClosing,
    WrittenPromiseNeedsOverride,
)
from crmkit.complaints.policies.merging import merge_complaints
from crmkit.complaints.policies.rules import ActionRefused, ComplaintRules
from crmkit.complaints.records.complainant import ComplainantType
from crmkit.complaints.records.complaint import Complaint
from crmkit.complaints.records.entry import Override
from crmkit.complaints.records.events import (
    Assessed,
    ComplainantAppraised,
    Event,
    FactsRecorded,
    LiabilityStated,
    LifecycleAdopted,
    PromiseMade,
    RecourseExhausted,
    Satisfaction,
    SatisfactionChecked,
    Severity,
)
from crmkit.decision import Comparison, explain
from crmkit.errors import CrmkitError, InvalidIdentifier, InvalidPolicy, InvalidValue
from crmkit.identifiers import Actor, PromiseId
from crmkit.lifecycle import Lifecycle
from crmkit.serialization import make_converter
from tests.complaints.builders import (
    ANNA,
    ASKED,
    BEN,
    CARLA,
    DAY,
    HOUR,
    MONDAY,
    RULES,
    act,
    allowed_by,
    entry,
    go,
    note,
    proposal,
    received,
    standing,
)

TICK = timedelta(microseconds=1)
FACTS = FactsRecorded("the parcel was lost")
LIABLE = LiabilityStated(accepted=True)
PROMISE = PromiseMade(id=PromiseId("P-1"), due_on=date(2026, 5, 8), written=True)
PREPARED = ComplainantAppraised(ComplainantType.PREPARED)


def refused(do: Any, *args: Any, **terms: Any) -> ActionRefused:
    """What a refusal says; nothing has changed by it."""
    complaint: Complaint = args[0]
    trail = complaint.trail
    with pytest.raises(ActionRefused) as caught:
        do(*args, **terms)
    assert complaint.trail is trail
    return caught.value


def unmet(error: ActionRefused) -> list[str]:
    return [item.criterion for item in error.decision.unmet]


class TestFactsBeforeLiability:
    """Requirement CMP-05: liability may not be accepted before the facts are recorded."""

    def test_liability_is_not_accepted_without_facts(self):
        error = refused(note, received(), LIABLE)
        assert unmet(error) == ["facts-recorded"]
        assert error.remedies == ("record FactsRecorded(...) first",)

    def test_it_is_accepted_after_the_facts(self):
        complaint = note(received(), FACTS, LIABLE)
        assert complaint.latest(LiabilityStated) == LIABLE

    def test_to_deny_it_is_not_held_back(self):
        denied = LiabilityStated(accepted=False)
        assert note(received(), denied).latest(LiabilityStated) == denied

    def test_facts_stay_facts_after_a_reopening(self):
        complaint = note(standing(Status.REOPENED), LIABLE)
        assert complaint.latest(LiabilityStated) == LIABLE


class TestAssessmentFirst:
    """ISO 10002, initial assessment: severity, safety, complexity, impact, need to act at once."""

    def test_a_complaint_is_assessed_by_saying_how_severe_it_is(self):
        complaint = standing(Status.ACKNOWLEDGED)
        error = refused(act, complaint, "assess")
        assert unmet(error) == ["severity-assessed"]
        assert error.remedies == ("record Assessed(...) first",)
        assert act(note(complaint, Assessed(Severity())), "assess").status == "assessed"

    def test_after_a_reopening_once_more(self):
        reopened = standing(Status.REOPENED)
        assert unmet(refused(act, reopened, "assess")) == ["severity-assessed"]
        assert go(reopened, "assess").status == "assessed"

    def test_the_way_by_an_outside_body_does_not_lead_past_it(self):
        """Referred and taken back at once, a complaint would be investigated unassessed."""
        referred = standing(Status.REFERRED)
        assert unmet(refused(act, referred, "investigate")) == ["severity-assessed"]
        assessed = note(referred, Assessed(Severity()))
        assert act(assessed, "investigate").status == "under-investigation"
        again = act(standing(Status.REOPENED), "refer")
        assert unmet(refused(act, again, "investigate")) == ["severity-assessed"]


class TestFactsBeforeResponse:
    """Nobody answers before the facts are on record."""

    def test_nobody_answers_without_facts(self):
        complaint = standing(Status.UNDER_INVESTIGATION)
        error = refused(act, complaint, "respond")
        assert unmet(error) == ["facts-recorded"]
        assert act(note(complaint, FACTS), "respond").status == "responded"

    @pytest.mark.parametrize("status", [Status.DISPUTED, Status.REOPENED])
    def test_the_facts_are_looked_at_again(self, status):
        ways = {Status.DISPUTED: ("investigate",), Status.REOPENED: ("assess", "investigate")}
        complaint = go(standing(status), *ways[status])
        assert unmet(refused(act, complaint, "respond")) == ["facts-recorded"]
        assert go(complaint, "respond").status == "responded"

    def test_facts_of_before_are_enough_after_an_outside_body(self):
        complaint = go(standing(Status.RESPONDED), "refer", "investigate")
        assert act(complaint, "respond").status == "responded"


class TestWrittenPromise:
    """Requirement CMP-08: a prepared complainant keeps papers, so no written promise in passing."""

    def test_it_needs_the_word_of_a_second_person(self):
        complaint = note(received(), PREPARED)
        error = refused(note, complaint, PROMISE)
        assert unmet(error) == ["complainant-type"]
        assert error.remedies[0].startswith("promise it orally, or pass override=")
        (promise,) = note(complaint, PROMISE, override=allowed_by(BEN)).promises
        assert promise.made == PROMISE

    @pytest.mark.parametrize("alias", [ANNA, Actor("Anna"), Actor("ANNA")])
    def test_nobody_allows_it_to_themselves(self, alias):
        complaint = note(received(), PREPARED)
        error = refused(note, complaint, PROMISE, override=allowed_by(alias))
        assert unmet(error) == ["complainant-type-or-override"]
        (evidence,) = error.decision.unmet
        assert [part.criterion for part in evidence.parts] == [
            "complainant-type",
            "override-by-another",
        ]

    def test_an_oral_promise_is_not_held_back(self):
        complaint = note(received(), PREPARED, evolve(PROMISE, written=False))
        assert len(complaint.promises) == 1

    @pytest.mark.parametrize("others", [(), (ComplainantAppraised(ComplainantType.STUBBORN),)])
    def test_others_can_have_it_in_writing(self, others):
        complaint = note(received(), *others)
        evidence = WrittenPromiseNeedsOverride()(Proposal(complaint, entry(PROMISE)))
        assert evidence.met is None
        assert evidence.observed == ("stubborn" if others else "not appraised")
        assert len(note(complaint, PROMISE).promises) == 1

    def test_a_host_says_which_types(self):
        careful = ComplaintRules(
            guards=(WrittenPromiseNeedsOverride(types=frozenset(ComplainantType)),)
        )
        complaint = note(received(), ComplainantAppraised(ComplainantType.EMOTIONAL))
        refused(note, complaint, PROMISE, rules=careful)


class TestSatisfactionBeforeClosing:
    """Requirement CMP-04: no closing without a satisfaction check."""

    @pytest.mark.parametrize("status", [Status.RESPONDED, Status.ACCEPTED, Status.REFERRED])
    def test_nothing_is_closed_before_they_were_asked(self, status):
        complaint = note(standing(status), RecourseExhausted())
        error = refused(act, complaint, "close", by=BEN)
        assert unmet(error) == ["satisfaction-checked"]
        assert error.remedies == ("record SatisfactionChecked(outcome=..., process=...) first",)
        assert act(note(complaint, ASKED), "close", by=BEN).status == "closed"

    def test_that_they_did_not_say_is_an_answer_too(self):
        silent = SatisfactionChecked(outcome=Satisfaction.NO_ANSWER, process=Satisfaction.NO_ANSWER)
        complaint = note(standing(Status.ACCEPTED), silent)
        assert act(complaint, "close", by=BEN).status == "closed"

    def test_who_was_asked_before_the_answer_is_asked_again(self):
        complaint = note(standing(Status.UNDER_INVESTIGATION), ASKED)
        complaint = go(complaint, "respond", "accept")
        assert unmet(refused(act, complaint, "close", by=BEN)) == ["satisfaction-checked"]

    def test_who_was_asked_before_it_came_back_is_asked_again(self):
        complaint = note(go(standing(Status.REOPENED), "refer"), RecourseExhausted())
        assert unmet(refused(act, complaint, "close", by=BEN)) == ["satisfaction-checked"]

    def test_who_came_back_with_a_complaint_that_was_merged_is_asked_again(self):
        """Or a new complaint would be merged into an old one that is answered, and shut away."""
        old = note(standing(Status.ACCEPTED, "K-0", complainant="C-1"), ASKED)
        both = merge_complaints(
            RULES,
            received(complainant="C-1"),
            old,
            by=ANNA,
            at=MONDAY,
            reason="the same again",
            override=allowed_by(BEN),
        )
        error = refused(act, both.into, "close", by=BEN)
        assert unmet(error) == ["satisfaction-checked"]
        assert act(note(both.into, ASKED), "close", by=BEN).status == "closed"

    def test_a_host_can_ask_it_of_a_withdrawal_too(self):
        careful = ComplaintRules(
            guards=(
                SatisfactionBeforeClosing(actions=("close", "withdraw")),
                DoerIsNotChecker(doing=("acknowledge", "respond"), checking=("close", "withdraw")),
            )
        )
        complaint = standing(Status.ACKNOWLEDGED)
        error = refused(act, complaint, "withdraw", rules=careful)
        assert unmet(error) == ["satisfaction-checked", "checker"]
        asked = note(complaint, ASKED)
        assert act(asked, "withdraw", by=BEN, rules=careful).status == "withdrawn"

    def test_a_check_outlasts_a_dispute(self):
        complaint = note(standing(Status.RESPONDED), ASKED)
        complaint = note(go(complaint, "dispute"), RecourseExhausted())
        assert act(complaint, "close", by=BEN).status == "closed"


class TestDoerIsNotChecker:
    """Requirement SVC-11: the one who does the work is not the one who checks it."""

    def test_who_answered_does_not_close(self):
        complaint = note(standing(Status.ACCEPTED), ASKED)
        error = refused(act, complaint, "close", by=ANNA)
        assert unmet(error) == ["checker"]
        assert error.remedies == ("let somebody else do it",)
        assert act(complaint, "close", by=BEN).status == "closed"

    def test_an_override_does_not_help(self):
        complaint = note(standing(Status.ACCEPTED), ASKED)
        refused(act, complaint, "close", by=ANNA, override=allowed_by(CARLA))

    def test_the_last_to_answer_counts(self):
        complaint = go(standing(Status.DISPUTED), "investigate")
        complaint = note(complaint, FACTS)
        complaint = note(act(complaint, "respond", by=BEN), ASKED)
        assert unmet(refused(act, complaint, "close", by=BEN)) == ["checker"]
        assert act(complaint, "close", by=ANNA).status == "closed"

    @pytest.mark.parametrize("alias", ["Anna", "ANNA", "\uff41nna", "anna\ufe0f"])
    def test_under_another_spelling_it_is_the_same_person(self, alias):
        complaint = note(standing(Status.ACCEPTED), ASKED)
        assert unmet(refused(act, complaint, "close", by=Actor(alias))) == ["checker"]

    def test_an_outside_body_between_makes_no_other_person_of_them(self):
        complaint = note(go(standing(Status.RESPONDED), "refer"), ASKED, RecourseExhausted())
        assert unmet(refused(act, complaint, "close", by=ANNA)) == ["checker"]

    def test_what_nobody_answered_anybody_closes(self):
        complaint = note(standing(Status.REFERRED), ASKED, RecourseExhausted())
        assert act(complaint, "close", by=ANNA).status == "closed"


class TestRecourseBeforeClosing:
    """ISO 10002: a complaint stays open until all reasonable recourse is exhausted."""

    def test_a_disputed_complaint_stays_open(self):
        complaint = note(standing(Status.DISPUTED), ASKED)
        error = refused(act, complaint, "close", by=BEN)
        assert unmet(error) == ["recourse-exhausted"]
        assert error.remedies == ("record RecourseExhausted(...) first",)
        exhausted = note(complaint, RecourseExhausted("the ombudsman has ruled"))
        assert act(exhausted, "close", by=BEN).status == "closed"

    def test_what_was_exhausted_before_the_dispute_does_not_count(self):
        complaint = note(standing(Status.RESPONDED), ASKED, RecourseExhausted())
        complaint = go(complaint, "dispute")
        assert unmet(refused(act, complaint, "close", by=BEN)) == ["recourse-exhausted"]

    def test_the_way_by_an_outside_body_does_not_lead_past_it(self):
        """Disputed and then referred, a complaint could be closed while the body has it."""
        disputed = note(standing(Status.DISPUTED), ASKED, RecourseExhausted("nothing in house"))
        referred = act(disputed, "refer")
        assert unmet(refused(act, referred, "close", by=BEN)) == ["recourse-exhausted"]
        ruled = note(referred, RecourseExhausted("the ombudsman has ruled"))
        assert act(ruled, "close", by=BEN).status == "closed"

    def test_what_was_closed_and_referred_is_closed_again_after_the_ruling(self):
        referred = act(standing(Status.CLOSED), "refer")
        assert unmet(refused(act, referred, "close", by=BEN)) == ["recourse-exhausted"]

    def test_an_accepted_one_needs_no_recourse(self):
        complaint = note(standing(Status.ACCEPTED), ASKED)
        assert act(complaint, "close", by=BEN).status == "closed"


class TestReopening:
    """Requirement CMP-04: reopened with a policy, until when and by whom."""

    RULES = ComplaintRules(guards=(ReopeningWindow(within=30 * DAY, roles=("complainant",)),))
    IN_TIME = MONDAY + 30 * DAY

    @pytest.mark.parametrize("status", [Status.CLOSED, Status.WITHDRAWN])
    def test_the_last_instant_is_in_time(self, status):
        rested = standing(status)
        reopened = act(rested, "reopen", at=self.IN_TIME, role="complainant", rules=self.RULES)
        assert reopened.status == "reopened"

    def test_an_instant_later_is_too_late(self):
        error = refused(
            act,
            standing(Status.CLOSED),
            "reopen",
            at=self.IN_TIME + TICK,
            role="complainant",
            rules=self.RULES,
        )
        (evidence,) = error.decision.unmet
        assert evidence.criterion == "reopening-window"
        assert [(part.criterion, part.met) for part in evidence.parts] == [
            ("time-since-closing", False),
            ("role", True),
        ]
        assert error.remedies[0].startswith("receive it as a new complaint, or pass override=")

    @pytest.mark.parametrize("role", [None, "supplier"])
    def test_not_everybody_may(self, role):
        error = refused(act, standing(Status.CLOSED), "reopen", role=role, rules=self.RULES)
        (evidence,) = error.decision.unmet
        assert evidence.parts[1].observed == (role or "none")

    def test_somebody_else_can_allow_it(self):
        late: dict[str, Any] = {"at": self.IN_TIME + DAY, "rules": self.RULES}
        closed = standing(Status.CLOSED)
        assert act(closed, "reopen", override=allowed_by(BEN), **late).status == "reopened"
        error = refused(act, closed, "reopen", override=allowed_by(ANNA), **late)
        assert unmet(error) == ["reopening-window-or-override"]

    def test_without_a_limit_it_is_noted(self):
        free = ComplaintRules(guards=(ReopeningWindow(within=None),))
        closed = standing(Status.CLOSED)
        assert act(closed, "reopen", at=MONDAY + 9_999 * DAY, rules=free).status == "reopened"
        evidence = ReopeningWindow(within=None)(proposal(closed, "reopen"))
        assert (evidence.met, evidence.observed) == (None, "not limited")

    def test_a_role_can_be_all_that_is_asked(self):
        by_role = ComplaintRules(guards=(ReopeningWindow(within=None, roles=("complainant",)),))
        closed = standing(Status.CLOSED)
        assert act(closed, "reopen", role="complainant", rules=by_role).status == "reopened"
        refused(act, closed, "reopen", rules=by_role)

    def test_half_a_year_unless_a_host_says_otherwise(self):
        closed = standing(Status.CLOSED)
        assert act(closed, "reopen", at=MONDAY + 180 * DAY).status == "reopened"
        refused(act, closed, "reopen", at=MONDAY + 180 * DAY + TICK)

    def test_what_is_noted_after_the_closing_does_not_prolong_it(self):
        closed = note(standing(Status.CLOSED), ASKED, at=MONDAY + 100 * DAY)
        closed = note(closed, LifecycleAdopted("complaint", 1, "closed"), at=MONDAY + 100 * DAY)
        refused(act, closed, "reopen", at=MONDAY + 181 * DAY)

    def test_a_status_to_begin_with_is_rested_in_from_the_beginning(self):
        table = Lifecycle(
            name="tacit",
            initial="settled",
            final=("settled",),
            moves=[("settled", "reopen", "open"), ("open", "settle", "settled")],
        )
        rules = ComplaintRules(lifecycle=table, guards=(ReopeningWindow(within=DAY),))
        settled = received(rules=rules)
        assert act(settled, "reopen", at=MONDAY + DAY, rules=rules).status == "open"
        refused(act, settled, "reopen", at=MONDAY + DAY + TICK, rules=rules)

    def test_an_hour_that_the_clock_repeats_is_an_hour(self):
        """New York, 2026-11-01: from 02:00 the clock is put back to 01:00."""
        zone = ZoneInfo("America/New_York")
        rules = ComplaintRules(guards=(ReopeningWindow(within=HOUR),))
        closed = go(received(), "withdraw", at=datetime(2026, 11, 1, 1, 30, tzinfo=zone))
        late = datetime(2026, 11, 1, 1, 31, fold=1, tzinfo=zone)
        refused(act, closed, "reopen", at=late, rules=rules)
        refused(act, closed, "reopen", at=late.astimezone(UTC), rules=rules)
        in_time = datetime(2026, 11, 1, 1, 30, fold=1, tzinfo=zone)
        assert act(closed, "reopen", at=in_time, rules=rules).status == "reopened"

    @pytest.mark.parametrize("within", [timedelta(), -TICK])
    def test_a_time_is_above_zero(self, within):
        with pytest.raises(InvalidPolicy, match="a timedelta above zero, or None"):
            ReopeningWindow(within=within)
        assert ReopeningWindow(within=TICK).within == TICK


class TestChildrenBeforeParent:
    """Requirement CMP-04: a complaint with parts is closed after its parts."""

    def test_it_waits_for_its_parts(self):
        complaint = note(standing(Status.ACCEPTED), ASKED)
        error = refused(act, complaint, "close", by=BEN, open_children=1)
        assert unmet(error) == ["open-children"]
        assert error.remedies == ("close its parts first, or take them out",)
        assert act(complaint, "close", by=BEN, open_children=0).status == "closed"
        close = proposal(complaint, "close", by=BEN).entry
        assert RULES(Proposal(complaint, close)).outcome is True
        assert RULES(Proposal(complaint, close, open_children=1)).outcome is False

    def test_anything_else_goes_on_meanwhile(self):
        assert act(received(), "acknowledge", open_children=3).status == "acknowledged"


class TestRefusal:
    """A refusal says which conditions do not hold, and what would have worked."""

    def refusal(self) -> ActionRefused:
        return refused(act, standing(Status.DISPUTED), "close", by=ANNA, open_children=2)

    def test_it_lists_all_of_them(self):
        error = self.refusal()
        assert unmet(error) == [
            "satisfaction-checked",
            "checker",
            "recourse-exhausted",
            "open-children",
        ]
        assert error.remedies == (
            "record SatisfactionChecked(outcome=..., process=...) first",
            "let somebody else do it",
            "record RecourseExhausted(...) first",
            "close its parts first, or take them out",
        )
        assert error.allowed == ("investigate", "refer", "withdraw", "close")
        assert str(error) == (
            "refused, not met: satisfaction-checked, checker, recourse-exhausted, open-children; "
            + "; ".join(error.remedies)
        )
        assert error.code == "action-refused"

    def test_its_decision_can_be_explained(self):
        decision = self.refusal().decision
        assert decision.outcome is False
        assert (decision.subject, decision.as_of) == ("K-1", MONDAY)
        assert explain(decision).splitlines()[0] == (
            "no for K-1, by complaint rules, as of 2026-05-04 09:30:00+00:00"
        )
        assert "- not met: satisfaction checked is no; yes required" in explain(decision)

    @pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, pickle.dumps])
    def test_it_travels(self, again):
        error = self.refusal()
        made = again(error)
        other = pickle.loads(made) if isinstance(made, bytes) else made  # noqa: S301 - our own
        assert isinstance(other, ActionRefused)
        assert isinstance(other, CrmkitError)
        assert str(other) == str(error)
        assert vars(other) == vars(error)

    def test_it_tells_nothing_personal(self):
        override = Override(by=ANNA, reason="she is my sister")
        complaint = note(received(complainant="C-77", content="my neighbour"), PREPARED)
        error = refused(note, complaint, PROMISE, override=override)
        for secret in ("C-77", "sister", "neighbour"):
            assert secret not in str(error)
            assert secret not in repr(error.decision)


class TestData:
    """Conditions are data: written down and read back, they are the same."""

    TURNED: tuple[Guard, ...] = (
        AssessmentFirst(actions=("weigh",), anew_after=("come back",)),
        FactsBeforeResponse(actions=("answer",), anew_after=()),
        WrittenPromiseNeedsOverride(types=frozenset(ComplainantType)),
        SatisfactionBeforeClosing(actions=("finish", "drop"), anew_after=("answer",)),
        DoerIsNotChecker(doing=("answer",), checking=("finish",)),
        RecourseBeforeClosing(statuses=("contested",), actions=("finish",), anew_after=("x",)),
        ReopeningWindow(within=None, roles=("complainant",), actions=("come back",)),
        ReopeningWindow(within=timedelta(days=1, microseconds=1)),
        ChildrenBeforeParent(actions=("finish",)),
    )

    @pytest.mark.parametrize("guard", [*DEFAULT_GUARDS, *TURNED], ids=lambda g: type(g).__name__)
    def test_it_survives_being_written_down(self, guard):
        converter: Any = make_converter(type(guard))
        again = converter.loads(converter.dumps(guard))
        assert again == guard
        assert hash(again) == hash(guard)
        assert again.remedy == guard.remedy

    def test_the_default_has_each_once(self):
        kinds = [type(guard) for guard in DEFAULT_GUARDS]
        assert len(kinds) == len(set(kinds)) == 9
        assert RULES.guards == DEFAULT_GUARDS

    def test_the_actions_can_be_an_enumeration(self):
        class Old(str, Enum):  # noqa: UP042 - as hosts of older Pythons have it
            FINISH = "finish"

        assert ChildrenBeforeParent(actions=(Old.FINISH,)) == ChildrenBeforeParent(
            actions=("finish",)
        )
        assert ChildrenBeforeParent(actions=(Action.CLOSE,)) == ChildrenBeforeParent()

    @pytest.mark.parametrize(
        "kind",
        [AssessmentFirst, FactsBeforeResponse, SatisfactionBeforeClosing, ChildrenBeforeParent],
    )
    def test_it_watches_something(self, kind):
        with pytest.raises(InvalidPolicy, match="a guard watches at least one action: name it"):
            kind(actions=())
        with pytest.raises(InvalidIdentifier):
            kind(actions=("",))

    @pytest.mark.parametrize("guard", DEFAULT_GUARDS, ids=lambda g: type(g).__name__)
    def test_it_says_what_would_have_worked(self, guard):
        assert guard.remedy
        assert guard.remedy[0].islower()

    def test_each_says_nothing_about_what_it_does_not_watch(self):
        acknowledged: list[Event] = [FACTS, ASKED, LiabilityStated(accepted=False)]
        for what in acknowledged:
            asked = Proposal(received(), entry(what))
            assert not any(guard.watches(asked) for guard in DEFAULT_GUARDS)
            assert RULES(asked).evidence == ()

    def test_an_override_has_a_reason(self):
        with pytest.raises(InvalidValue, match="has a reason"):
            Override(by=BEN, reason=" ")

    def test_facts_are_the_evidence_of_themselves(self):
        evidence = FactsBeforeLiability()(Proposal(note(received(), FACTS), entry(LIABLE)))
        assert (evidence.criterion, evidence.observed, evidence.required, evidence.met) == (
            "facts-recorded",
            True,
            True,
            True,
        )
        assert evidence.comparison is Comparison.EQUALS
