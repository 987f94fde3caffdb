"""Two complaints about one matter go on as one, and can be taken apart again without a loss."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.complaints.lifecycle import Status
from crmkit.complaints.policies.guards import FactsBeforeResponse
from crmkit.complaints.policies.merging import (
    MergeConditions,
    MergeProposal,
    Together,
    merge_complaints,
    unmerge_complaint,
)
from crmkit.complaints.policies.rules import ActionRefused, ComplaintRules
from crmkit.complaints.records.complaint import Complaint
from crmkit.complaints.records.events import (
    Absorbed,
    Contacted,
    FactsRecorded,
    Merged,
    Noted,
    Released,
    Unmerged,
    WaitingStarted,
)
from crmkit.complaints.records.said import ERASED
from crmkit.decision import explain
from crmkit.errors import InvalidValue
from crmkit.identifiers import Actor
from crmkit.lifecycle import Lifecycle
from crmkit.records import Direction
from crmkit.serialization import make_converter
from tests.complaints.builders import (
    ANNA,
    BEN,
    DAY,
    HOUR,
    MONDAY,
    RULES,
    act,
    allowed_by,
    go,
    note,
    receipt,
    standing,
)

CONVERTER = make_converter(Complaint)
OPEN = [status for status in Status if status not in (Status.CLOSED, Status.WITHDRAWN)]
TICK = timedelta(microseconds=1)
FACTS = FactsRecorded("the parcel was lost")


def earlier(status: Status = Status.RECEIVED, **terms: Any) -> Complaint:
    """The complaint that goes on: it came an hour before."""
    return standing(status, "K-0", **({"complainant": "C-1", "received_at": MONDAY - HOUR} | terms))


def later(status: Status = Status.RECEIVED, **terms: Any) -> Complaint:
    return standing(status, "K-1", **({"complainant": "C-1"} | terms))


def join(one: Complaint, other: Complaint, **terms: Any) -> Together:
    given: dict[str, Any] = {"by": ANNA, "at": MONDAY + DAY, "reason": "one matter"}
    return merge_complaints(RULES, one, other, **(given | terms))


def part(both: Together, **terms: Any) -> Together:
    given: dict[str, Any] = {"by": BEN, "at": MONDAY + 2 * DAY, "reason": "two matters"}
    return unmerge_complaint(both.complaint, both.into, **(given | terms))


def unmet(one: Complaint, other: Complaint, **terms: Any) -> list[str]:
    """What a refused merging lacks; nothing has changed by it."""
    before = CONVERTER.dumps(one), CONVERTER.dumps(other)
    with pytest.raises(ActionRefused) as caught:
        join(one, other, **terms)
    assert (CONVERTER.dumps(one), CONVERTER.dumps(other)) == before
    assert caught.value.remedies[0].startswith("merge the later complaint into the earlier one")
    return [item.criterion for item in caught.value.decision.unmet]


class TestMerging:
    """Both trails say so, and nothing of either is lost."""

    def test_both_trails_say_so(self):
        one, other = later(), earlier()
        both = join(one, other, override=allowed_by(BEN))
        mine, theirs = both.complaint.trail[-1], both.into.trail[-1]
        assert (mine.what, theirs.what) == (Merged(other.id), Absorbed(one.id))
        for last in (mine, theirs):
            assert (last.by, last.at, last.reason) == (ANNA, MONDAY + DAY, "one matter")
            assert last.override == allowed_by(BEN)
        assert both.complaint.trail[:-1] == one.trail
        assert both.into.trail[:-1] == other.trail
        assert (both.complaint.merged_into, both.into.absorbed) == ("K-0", ("K-1",))

    def test_the_other_goes_on(self):
        both = join(later(), earlier())
        assert go(both.into, "acknowledge").status == "acknowledged"
        with pytest.raises(ActionRefused):
            act(both.complaint, "acknowledge")

    def test_several_can_go_on_in_one(self):
        first = join(later(), earlier())
        third = standing(Status.RECEIVED, "K-2", complainant="C-1")
        assert join(third, first.into).into.absorbed == ("K-1", "K-2")

    def test_while_merged_only_calls_and_notes_are_put_down(self):
        merged = join(later(), earlier()).complaint
        called = Contacted(channel="phone", direction=Direction.INBOUND)
        assert note(merged, called, Noted("weather")).repeat_contacts == 1
        with pytest.raises(InvalidValue, match="merged into another"):
            note(merged, WaitingStarted("supplier"))

    def test_it_can_be_written_down(self):
        both = join(later(), earlier())
        for complaint in (both.complaint, both.into):
            assert CONVERTER.loads(CONVERTER.dumps(complaint)) == complaint
            RULES.verify(complaint)


class TestTakingApart:
    """Unmerged it stands where it stood."""

    @pytest.mark.parametrize("status", Status)
    @pytest.mark.parametrize("other", OPEN)
    def test_it_stands_where_it_stood(self, status, other):
        one = note(later(status), WaitingStarted("supplier"))
        both = join(one, earlier(other), override=allowed_by(BEN))
        assert both.complaint.status == status
        apart = part(both)
        assert (apart.complaint.status, apart.complaint.merged_into) == (status, None)
        assert (apart.complaint.owner, apart.complaint.waiting_on) == (one.owner, "supplier")
        assert RULES.allowed(apart.complaint) == RULES.allowed(one)
        assert (apart.into.status, apart.into.absorbed) == (other, ())

    def test_both_trails_say_so(self):
        both = join(later(), earlier())
        apart = part(both)
        mine, theirs = apart.complaint.trail[-1], apart.into.trail[-1]
        assert (mine.what, theirs.what) == (Unmerged(), Released(both.complaint.id))
        for last in (mine, theirs):
            assert (last.by, last.at, last.reason) == (BEN, MONDAY + 2 * DAY, "two matters")
        assert apart.complaint.trail[:-1] == both.complaint.trail
        assert apart.into.trail[:-1] == both.into.trail

    def test_what_was_noted_meanwhile_stays(self):
        both = join(later(), earlier())
        noted = note(both.complaint, Noted("weather"))
        apart = part(Together(noted, go(both.into, "acknowledge")))
        assert apart.complaint.latest(Noted) == Noted("weather")
        assert apart.into.status == "acknowledged"

    @given(st.integers(1, 4))
    def test_as_often_as_one_likes(self, times):
        one, other = later(Status.RESPONDED), earlier()
        together = Together(one, other)
        for _ in range(times):
            together = part(join(together.complaint, together.into))
        assert together.complaint.status == "responded"
        assert len(together.complaint.trail) == len(one.trail) + 2 * times
        assert len(together.into.trail) == len(other.trail) + 2 * times
        RULES.verify(together.complaint)

    def test_only_out_of_the_one_that_it_is_in(self):
        both = join(later(), earlier())
        stranger = standing(Status.RECEIVED, "K-5")
        for one, other in [(both.complaint, stranger), (later(), both.into), (both.into, later())]:
            with pytest.raises(InvalidValue, match="not merged into this one: pass the one"):
                part(Together(one, other))


class TestConditions:
    """Nothing that is owed to the complainant gets lost by merging."""

    def test_not_into_itself(self):
        assert unmet(earlier(), earlier()) == ["another-complaint"]

    def test_not_twice(self):
        merged = join(later(), earlier()).complaint
        assert unmet(merged, standing(Status.RECEIVED, "K-3", complainant="C-1")) == [
            "merged-already"
        ]

    def test_not_into_one_that_is_merged_itself(self):
        inside = join(later(), earlier()).complaint
        newest = standing(Status.RECEIVED, "K-2", complainant="C-1")
        assert unmet(newest, inside) == ["the-other-is-merged"]

    def test_not_round_in_a_circle(self):
        both = join(later(received_at=MONDAY - HOUR), earlier())
        assert unmet(both.into, both.complaint) == ["the-other-is-merged"]

    @pytest.mark.parametrize("status", [Status.CLOSED, Status.WITHDRAWN])
    def test_not_into_one_that_is_at_rest(self, status):
        assert unmet(later(), earlier(status))[0] == "the-other-is-closed"
        assert unmet(later(), earlier(status), override=allowed_by(BEN)) == ["the-other-is-closed"]

    @pytest.mark.parametrize("ways", [(), ("accept",), ("refer",)])
    def test_not_into_one_that_has_its_answer(self, ways):
        """Nobody would owe an answer to what comes in with the other one, in no queue."""
        answered = go(earlier(Status.RESPONDED), *ways)
        assert unmet(later(), answered) == ["the-other-is-answered"]
        assert unmet(later(), answered, override=allowed_by(Actor("Anna"))) == [
            "the-other-is-answered-or-override"
        ]
        assert join(later(), answered, override=allowed_by(BEN)).into.absorbed == ("K-1",)

    @pytest.mark.parametrize("status", [Status.DISPUTED, Status.REOPENED])
    def test_one_whose_answer_did_not_end_it_takes_another_in(self, status):
        assert join(later(), earlier(status)).into.absorbed == ("K-1",)

    def test_what_is_an_answer_the_rules_say(self):
        table = Lifecycle(
            name="counter",
            initial="told",
            final=("filed",),
            moves=[("told", "settle", "settled"), ("settled", "file", "filed")],
        )
        guard = FactsBeforeResponse(actions=("settle",), anew_after=())
        for guards, refused in [((guard,), True), ((), False)]:
            rules = ComplaintRules(lifecycle=table, guards=guards)
            other = rules.receive(receipt("K-0", complainant="C-1"))
            other = rules.record(other, FACTS, by=ANNA, at=MONDAY, reason="asked")
            other = rules.act(other, "settle", by=ANNA, at=MONDAY, reason="gave a new one")
            one = rules.receive(receipt("K-1", complainant="C-1"))
            terms: dict[str, Any] = {"by": ANNA, "at": MONDAY, "reason": "one matter"}
            if refused:
                with pytest.raises(ActionRefused, match="not met: the-other-is-answered;"):
                    merge_complaints(rules, one, other, **terms)
            else:
                assert merge_complaints(rules, one, other, **terms).into.absorbed == ("K-1",)

    def test_what_came_first_goes_on_so_that_no_deadline_moves_back(self):
        assert unmet(earlier(), later()) == ["received"]
        same = join(later(), earlier(received_at=MONDAY))
        assert same.into.absorbed == ("K-1",)
        assert unmet(later(), earlier(received_at=MONDAY + TICK)) == ["received"]

    def test_first_is_first_though_the_clock_repeats_the_hour(self):
        zone = ZoneInfo("Europe/Berlin")
        first = datetime(2026, 10, 25, 2, 30, tzinfo=zone)
        second = first.replace(minute=10, fold=1)
        assert join(later(received_at=second), earlier(received_at=first)).into.absorbed
        assert unmet(later(received_at=first), earlier(received_at=second)) == ["received"]

    @pytest.mark.parametrize(("mine", "theirs"), [("C-1", "C-2"), (None, None), ("C-1", None)])
    def test_one_complainant_unless_somebody_else_allows_it(self, mine, theirs):
        one, other = later(complainant=mine), earlier(complainant=theirs)
        assert unmet(one, other) == ["same-complainant"]
        assert unmet(one, other, override=allowed_by(ANNA)) == ["same-complainant-or-override"]
        both = join(one, other, override=allowed_by(BEN))
        assert both.into.absorbed == ("K-1",)

    def test_nobody_allows_it_to_themselves_under_another_spelling(self):
        one, other = later(complainant="C-1"), earlier(complainant="C-2")
        same = allowed_by(Actor("Anna"))
        assert unmet(one, other, override=same) == ["same-complainant-or-override"]

    def test_two_whose_names_were_erased_are_not_one(self):
        one, other = later(complainant=ERASED), earlier(complainant=ERASED)
        assert unmet(one, other) == ["same-complainant"]
        assert join(one, other, override=allowed_by(BEN)).into.absorbed == ("K-1",)

    @pytest.mark.parametrize("reason", ["", " ", "\u200b", ERASED])
    def test_a_merging_has_a_reason(self, reason):
        with pytest.raises(InvalidValue, match="reason"):
            join(later(), earlier(), reason=reason)
        with pytest.raises(InvalidValue, match="reason"):
            part(join(later(), earlier()), reason=reason)

    def test_an_override_helps_with_nothing_else(self):
        assert unmet(earlier(), later(), override=allowed_by(BEN)) == ["received"]

    def test_the_verdict_can_be_explained_without_naming_anybody(self):
        facts = MergeProposal(
            complaint=later(complainant="C-77"),
            into=earlier(),
            into_is_final=False,
            into_is_answered=False,
            by=ANNA,
            at=MONDAY,
        )
        verdict = MergeConditions()(facts)
        assert (verdict.outcome, verdict.policy, verdict.subject) == (
            False,
            "merge-conditions",
            "K-1",
        )
        assert "- not met: same complainant is no; yes required" in explain(verdict)
        assert "C-77" not in repr(verdict)

    def test_the_conditions_are_data(self):
        converter = make_converter(MergeConditions)
        assert converter.loads(converter.dumps(MergeConditions())) == MergeConditions()
