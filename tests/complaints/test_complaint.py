"""A complaint is its receipt and its trail: nothing beside them can contradict them."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import date, datetime, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

import attrs
import pytest
from attrs.exceptions import FrozenInstanceError
from hypothesis import given
from hypothesis import strategies as st

from crmkit.complaints.lifecycle import Action, Status
from crmkit.complaints.records.complainant import ComplainantType
from crmkit.complaints.records.complaint import Complaint, PromiseOnRecord
from crmkit.complaints.records.entry import Entry, Override
from crmkit.complaints.records.events import (
    Absorbed,
    Assessed,
    CauseFound,
    ComplainantAppraised,
    Contacted,
    Escalated,
    Event,
    FactsRecorded,
    Level,
    LiabilityStated,
    LifecycleAdopted,
    Merged,
    MessageSent,
    Noted,
    ParentNamed,
    PromiseKept,
    PromiseMade,
    RecourseExhausted,
    RedressGiven,
    RedressOffered,
    Released,
    Satisfaction,
    SatisfactionChecked,
    Severity,
    StatusChanged,
    Unmerged,
    WaitingEnded,
    WaitingStarted,
)
from crmkit.complaints.records.receipt import Receipt, Subject
from crmkit.errors import (
    CrmkitError,
    InvalidDocument,
    InvalidIdentifier,
    InvalidValue,
    NaiveDatetime,
)
from crmkit.identifiers import ComplaintId, ProductId, PromiseId
from crmkit.money import Money
from crmkit.ownership import OwnershipAct, OwnershipChange
from crmkit.records import Direction
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
    receipt,
    received,
    standing,
)

CONVERTER = make_converter(Complaint)
FRIDAY = date(2026, 5, 8)
NAIVE = datetime(2026, 5, 4, 9, 30)  # noqa: DTZ001 - what has to be refused
PROMISE = PromiseMade(id=PromiseId("P-1"), due_on=FRIDAY, content="a call on Friday")
KEPT = PromiseKept(PromiseId("P-1"), FRIDAY)
CALLED = Contacted(channel="phone", direction=Direction.INBOUND, summary="still nothing")

# One of each that can stand on a trail at any time, with all that it can hold.
ANY_TIME: tuple[Event, ...] = (
    LifecycleAdopted("complaint", 1, "received"),
    OwnershipChange(OwnershipAct.OFFER, BEN),
    Assessed(Severity(safety=Level.HIGH, urgency=Level.CRITICAL)),
    FactsRecorded("the parcel was lost"),
    LiabilityStated(accepted=True),
    CauseFound(cause="delivery", unit="depot", person=CARLA, head=BEN),
    ComplainantAppraised(ComplainantType.EMOTIONAL),
    CALLED,
    MessageSent(kind="final-response", contains=frozenset({"leaflet", "reasons"}), channel="mail"),
    PROMISE,
    RedressOffered(kind="refund", amount=Money("12.30", "EUR")),
    RedressGiven(kind="flowers"),
    SatisfactionChecked(
        outcome=Satisfaction.VERY_SATISFIED, process=Satisfaction.NEITHER, comment="quick"
    ),
    RecourseExhausted("the ombudsman has ruled"),
    WaitingStarted("complainant"),
    Escalated(rule="late", level=2, fell_due_at=MONDAY, to="head"),
    Absorbed(ComplaintId("K-2")),
    Released(ComplaintId("K-2")),
    ParentNamed(ComplaintId("K-0")),
    ParentNamed(None),
    Noted("weather", "it rained"),
    Merged(ComplaintId("K-9")),
)


# What looks like nothing: no width, a filler, a blank of Braille, a mark without its letter.
UNREADABLE = ("\u200b", "\u2060\ufeff", "\u3164", "\u2800", "\u0301", "\u00a0\u3000")


def _pickled(complaint: Complaint) -> Any:
    return pickle.loads(pickle.dumps(complaint))  # noqa: S301 - our own


def put(complaint: Complaint, *events: Event, **terms: Any) -> Complaint:
    """Put things on the trail without asking any rules."""
    for what in events:
        complaint = complaint.after(entry(what, **terms))
    return complaint


class TestTrail:
    """The trail only grows, in the order in which things were recorded."""

    def test_it_begins_with_the_lifecycle_that_the_complaint_follows(self):
        (first,) = received().trail
        assert first.what == LifecycleAdopted("complaint", 1, "received")
        assert (first.by, first.at, first.reason) == (ANNA, MONDAY, "received")

    def test_it_keeps_when_a_late_one_was_entered(self):
        late = received(recorded_at=MONDAY + DAY)
        assert late.trail[0].recorded_at == MONDAY + DAY

    def test_somebody_received_it(self):
        with pytest.raises(InvalidValue, match="somebody received the complaint: pass by="):
            Complaint.received(receipt(received_by=None))
        noted = Complaint.received(receipt(received_by=None), by=BEN, reason="from the letter box")
        assert (noted.trail[0].by, noted.trail[0].reason) == (BEN, "from the letter box")
        assert noted.owner is None

    def test_there_is_no_complaint_without_one(self):
        with pytest.raises(InvalidValue, match="a complaint has a trail: make it with"):
            Complaint(receipt(), ())

    def test_it_begins_with_nothing_else(self):
        with pytest.raises(InvalidValue, match="a trail begins with LifecycleAdopted"):
            Complaint(receipt(), (entry(Noted("weather")),))

    @given(st.lists(st.sampled_from(ANY_TIME[2:9]), max_size=5))
    def test_what_is_there_stays_there(self, events):
        complaint = received()
        for what in events:
            before = complaint.trail
            complaint = put(complaint, what)
            assert complaint.trail[:-1] == before

    def test_a_list_that_was_handed_in_is_not_the_trail(self):
        handed_in: Any = list(received().trail)
        complaint = Complaint(receipt(), handed_in)
        handed_in.append(entry(Noted("weather")))
        assert len(complaint.trail) == 1
        assert hash(complaint) == hash(received())

    @pytest.mark.parametrize(
        "other",
        [{"received_at": MONDAY + DAY}, {"received_at": MONDAY - DAY}, {"recorded_at": MONDAY}],
    )
    def test_it_begins_with_its_receipt(self, other):
        """Otherwise a complaint could be made to have come later, and its deadlines with it."""
        trail = go(received(), "acknowledge").trail
        with pytest.raises(InvalidValue, match="begins when the complaint came, as its receipt"):
            Complaint(receipt(**other), trail)

    def test_the_zone_in_which_it_came_does_not_matter(self):
        tokyo = MONDAY.astimezone(ZoneInfo("Asia/Tokyo"))
        complaint = Complaint(receipt(received_at=tokyo), received().trail)
        assert complaint.received_at == MONDAY
        late = received(recorded_at=MONDAY + DAY)
        assert Complaint(receipt(recorded_at=MONDAY + DAY), late.trail) == late

    @pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, _pickled])
    def test_a_copy_stands_where_it_stood(self, copied):
        complaint = note(standing(Status.CLOSED), WaitingStarted("supplier"))
        again = copied(complaint)
        assert again == complaint
        assert (again.status, again.owner, again.waiting_on) == ("closed", ANNA, "supplier")
        assert act(again, "reopen").status == "reopened"

    def test_nobody_can_change_it(self):
        complaint = standing(Status.RESPONDED)
        for name in ("receipt", "trail", "status", "_state"):
            with pytest.raises((FrozenInstanceError, AttributeError)):
                setattr(complaint, name, None)
        with pytest.raises(FrozenInstanceError):
            complaint.trail[0].reason = "another"  # type: ignore[misc]

    def test_grown_or_replayed_it_is_the_same(self):
        for status in Status:
            grown = standing(status)
            replayed = Complaint(grown.receipt, grown.trail)
            assert replayed == grown
            assert hash(replayed) == hash(grown)
            assert (replayed.status, replayed.owner) == (grown.status, grown.owner)

    def test_clocks_may_run_backwards(self):
        complaint = go(received(), "acknowledge", at=MONDAY + DAY)
        complaint = go(complaint, "assess", at=MONDAY - DAY)
        assert complaint.status == "assessed"
        assert [each.at for each in complaint.trail] == [
            MONDAY,
            MONDAY + DAY,
            MONDAY - DAY,
            MONDAY - DAY,
        ]

    def test_an_entry_goes_on_from_where_the_complaint_stands(self):
        with pytest.raises(InvalidValue, match="the complaint stands at received, not at assessed"):
            put(received(), StatusChanged("investigate", "assessed", "under-investigation"))


class TestStanding:
    """Status, lifecycle and version are read off the trail."""

    def test_status_is_that_of_the_last_change(self):
        complaint = put(received(), StatusChanged("acknowledge", "received", "acknowledged"))
        assert complaint.status == "acknowledged"
        assert put(complaint, Noted("weather")).status == "acknowledged"

    def test_so_are_name_and_version_of_the_lifecycle(self):
        complaint = put(received(), LifecycleAdopted("tickets", 3, "new"))
        assert (complaint.status, complaint.lifecycle) == ("new", ("tickets", 3))

    def test_number_and_time_are_those_of_the_receipt(self):
        complaint = received("K-7")
        assert (complaint.id, complaint.received_at) == ("K-7", MONDAY)

    def test_an_empty_trail_tells_nothing(self):
        complaint = received()
        assert complaint.severity is None
        assert complaint.cause is None
        assert complaint.complainant_type is None
        assert complaint.satisfaction is None
        assert complaint.waiting_on is None
        assert complaint.merged_into is None
        assert complaint.parent is None
        assert complaint.promises == ()
        assert complaint.escalations == ()
        assert complaint.absorbed == ()
        assert complaint.repeat_contacts == 0

    def test_a_later_word_replaces_an_earlier_one(self):
        first = (
            Assessed(Severity()),
            CauseFound(cause="unknown"),
            ComplainantAppraised(ComplainantType.STUBBORN),
            ASKED,
            ParentNamed(ComplaintId("K-0")),
        )
        again = SatisfactionChecked(outcome=Satisfaction.NO_ANSWER, process=Satisfaction.NO_ANSWER)
        then = (
            Assessed(Severity(impact=Level.MEDIUM)),
            CauseFound(cause="delivery"),
            ComplainantAppraised(ComplainantType.EMOTIONAL),
            again,
            ParentNamed(None),
        )
        complaint = put(received(), *first)
        assert complaint.parent == "K-0"
        complaint = put(complaint, *then)
        assert complaint.severity == Severity(impact=Level.MEDIUM)
        assert complaint.cause == CauseFound(cause="delivery")
        assert complaint.complainant_type is ComplainantType.EMOTIONAL
        assert complaint.satisfaction == again
        assert complaint.parent is None

    def test_escalations_are_told_in_order(self):
        steps = [Escalated(rule="late", level=n, fell_due_at=MONDAY, to="head") for n in (1, 2)]
        assert put(received(), *steps).escalations == tuple(steps)


class TestSeverity:
    """A complaint is as severe as its worst side."""

    @pytest.mark.parametrize("side", ["safety", "complexity", "impact", "urgency"])
    @pytest.mark.parametrize("level", Level)
    def test_one_side_is_enough(self, side, level):
        assert Severity(**{side: level}).level is level

    @given(st.lists(st.sampled_from(Level), min_size=4, max_size=4))
    def test_no_side_is_worse(self, levels):
        order = list(Level)
        worst = order[max(order.index(level) for level in levels)]
        sides = dict(zip(("safety", "complexity", "impact", "urgency"), levels, strict=True))
        assert Severity(**sides).level is worst


class TestKnownBy:
    """What was on record at an instant, whatever has been recorded since."""

    def test_later_entries_are_not_known_yet(self):
        complaint = go(received(), "acknowledge", at=MONDAY + HOUR)
        complaint = go(complaint, "assess", at=MONDAY + 2 * HOUR)
        assert complaint.known_by(MONDAY) == received()
        known = complaint.known_by(MONDAY + HOUR)
        assert known is not None
        assert known.status == "acknowledged"
        assert complaint.known_by(MONDAY + 2 * HOUR) == complaint

    def test_what_was_entered_late_was_not_known(self):
        complaint = go(received(), "acknowledge", at=MONDAY + HOUR)
        late = note(complaint, CALLED, at=MONDAY, recorded_at=MONDAY + DAY)
        assert late.trail[-1].known_at == MONDAY + DAY
        assert late.known_by(MONDAY + 2 * HOUR) == complaint
        assert late.known_by(MONDAY + DAY) == late

    def test_it_ends_before_the_first_that_was_not_known(self):
        """What follows may build on it, even if a clock had been put back."""
        ahead = go(received(), "acknowledge", at=MONDAY + DAY)
        back = go(ahead, "assess", at=MONDAY)
        assert back.known_by(MONDAY + HOUR) == received()

    def test_before_it_was_recorded_there_is_none(self):
        assert received().known_by(MONDAY - HOUR) is None
        late = received(recorded_at=MONDAY + DAY)
        assert late.known_by(MONDAY + HOUR) is None
        assert late.known_by(MONDAY + DAY) == late

    def test_an_hour_that_the_clock_repeats_comes_twice(self):
        zone = ZoneInfo("Europe/Berlin")
        first = datetime(2026, 10, 25, 2, 30, tzinfo=zone)
        second = first.replace(minute=10, fold=1)
        complaint = note(received(received_at=first), CALLED, at=second)
        assert complaint.known_by(first) == received(received_at=first)
        assert complaint.known_by(second) == complaint

    def test_an_instant_has_a_time_zone(self):
        with pytest.raises(NaiveDatetime):
            received().known_by(NAIVE)


class TestPromises:
    """What was promised is on record until it was kept, and after."""

    def test_a_promise_is_made_and_kept(self):
        complaint = note(received(), PROMISE)
        assert complaint.promises == (PromiseOnRecord(PROMISE),)
        assert note(complaint, KEPT).promises == (PromiseOnRecord(PROMISE, KEPT),)

    def test_each_has_a_number_of_its_own(self):
        with pytest.raises(InvalidValue, match="each has a number of its own"):
            note(received(), PROMISE, PROMISE)
        other = PromiseMade(id=PromiseId("P-2"), due_on=FRIDAY)
        complaint = note(received(), PROMISE, other, PromiseKept(PromiseId("P-2"), FRIDAY))
        assert [each.kept is not None for each in complaint.promises] == [False, True]

    def test_nobody_keeps_what_nobody_promised(self):
        with pytest.raises(InvalidValue, match="no such promise was made"):
            note(received(), KEPT)

    def test_it_is_kept_on_one_day(self):
        """A later entry cannot make a promise punctual that was kept late."""
        late = PromiseKept(PromiseId("P-1"), date(2026, 5, 20))
        complaint = note(received(), PROMISE, late)
        with pytest.raises(InvalidValue, match="on record as kept: the day stands"):
            note(complaint, KEPT)
        assert complaint.promises == (PromiseOnRecord(PROMISE, late),)

    def test_it_can_be_kept_while_the_matter_goes_on_elsewhere(self):
        merged = put(note(received(), PROMISE), Merged(ComplaintId("K-0")))
        assert note(merged, KEPT).promises == (PromiseOnRecord(PROMISE, KEPT),)

    def test_they_outlast_a_change_of_status(self):
        complaint = go(note(received(), PROMISE), "acknowledge")
        assert note(complaint, KEPT).promises == (PromiseOnRecord(PROMISE, KEPT),)


class TestContacts:
    """Requirement SVC-10: no second call, so those that come are counted."""

    def test_only_what_the_complainant_begins_is_counted(self):
        called_back = Contacted(channel="phone", direction=Direction.OUTBOUND)
        complaint = note(received(), CALLED, called_back, CALLED)
        assert complaint.repeat_contacts == 2


class TestWaiting:
    """A case waits for one at a time."""

    def test_it_waits_until_it_does_not(self):
        waiting = note(received(), WaitingStarted("supplier"))
        assert waiting.waiting_on == "supplier"
        assert go(waiting, "acknowledge").waiting_on == "supplier"
        assert note(waiting, WaitingEnded()).waiting_on is None

    def test_not_twice_at_once(self):
        waiting = note(received(), WaitingStarted("supplier"))
        with pytest.raises(InvalidValue, match="the case is waiting already"):
            note(waiting, WaitingStarted("complainant"))
        with pytest.raises(InvalidValue, match="the case is not waiting"):
            note(received(), WaitingEnded())


class TestOwnership:
    """Requirement SVC-08: whoever is asked first owns it until a hand-over is accepted."""

    def test_who_received_it_owns_it(self):
        assert received().owner == ANNA
        assert received().ownership.offered_to is None

    def test_an_offer_is_not_yet_a_hand_over(self):
        offered = note(received(), OwnershipChange(OwnershipAct.OFFER, BEN), by=ANNA)
        assert (offered.owner, offered.ownership.offered_to) == (ANNA, BEN)
        taken = note(offered, OwnershipChange(OwnershipAct.ACCEPT), by=BEN)
        assert (taken.owner, taken.ownership.offered_to) == (BEN, None)
        assert go(taken, "acknowledge").owner == BEN

    def test_nobody_accepts_for_another(self):
        offered = note(received(), OwnershipChange(OwnershipAct.OFFER, BEN), by=ANNA)
        with pytest.raises(CrmkitError):
            note(offered, OwnershipChange(OwnershipAct.ACCEPT), by=CARLA)
        with pytest.raises(CrmkitError):
            note(received(), OwnershipChange(OwnershipAct.ACCEPT), by=BEN)

    def test_what_came_by_letter_is_taken(self):
        letter = Complaint.received(receipt(received_by=None), by=BEN)
        assert note(letter, OwnershipChange(OwnershipAct.TAKE), by=CARLA).owner == CARLA


class TestRelatives:
    """Complaints can be merged, taken apart, and be parts of another."""

    def test_the_merged_ones_inside(self):
        two, three = ComplaintId("K-2"), ComplaintId("K-3")
        complaint = put(received(), Absorbed(two), Absorbed(three))
        assert complaint.absorbed == (two, three)
        assert put(complaint, Released(two)).absorbed == (three,)
        assert put(complaint, Released(ComplaintId("K-4"))).absorbed == (two, three)

    @pytest.mark.parametrize("what", [*ANY_TIME, StatusChanged("refer", "received", "referred")])
    def test_while_merged_a_complaint_rests(self, what):
        merged = put(received(), Merged(ComplaintId("K-0")))
        if isinstance(what, Noted | Contacted | Escalated):
            assert put(merged, what).merged_into == "K-0"
        else:
            with pytest.raises(InvalidValue, match="merged into another: act on that one"):
                put(merged, what)

    def test_it_is_its_own_again(self):
        merged = put(standing(Status.RESPONDED), Merged(ComplaintId("K-0")))
        apart = put(merged, Unmerged())
        assert (merged.merged_into, apart.merged_into) == ("K-0", None)
        assert merged.status == apart.status == "responded"
        with pytest.raises(InvalidValue, match="the complaint is not merged"):
            put(apart, Unmerged())


class TestWrittenDown:
    """Written down and read back it is the same; a document that was tampered with is refused."""

    def full(self) -> Complaint:
        about = Subject(
            product=ProductId("A-1"),
            unit="depot",
            region="north",
            employee=CARLA,
            category="delivery",
        )
        complaint = received(
            about=about,
            complainant="C-1",
            content="late",
            remedy_sought="refund",
            recorded_at=MONDAY,
        )
        whole = put(complaint, *ANY_TIME, role="clerk", override=allowed_by(BEN))
        return put(whole, Unmerged(), KEPT, WaitingEnded(), recorded_at=MONDAY + DAY)

    def test_every_kind_of_entry_is_tried(self):
        kinds = {type(each.what) for each in self.full().trail} | {StatusChanged}
        assert kinds == set(get_args(Event))

    def test_it_survives_being_written_down(self):
        complaint = self.full()
        text = CONVERTER.dumps(complaint)
        assert CONVERTER.loads(text) == complaint
        assert CONVERTER.dumps(CONVERTER.loads(text)) == text

    @pytest.mark.parametrize("status", Status)
    def test_wherever_it_stands(self, status):
        complaint = standing(status)
        again = CONVERTER.loads(CONVERTER.dumps(complaint))
        assert again == complaint
        assert again.status == status
        assert (
            go(again, *standing_moves(again)).status
            == go(complaint, *standing_moves(complaint)).status
        )

    @pytest.mark.parametrize("lost", range(4))
    def test_a_trail_with_a_piece_missing_is_refused(self, lost):
        complaint = act(go(received(), "acknowledge"), "withdraw")
        complaint = act(complaint, "reopen")
        document = json.loads(CONVERTER.dumps(complaint))
        del document["data"]["trail"][lost]
        if lost == 3:  # The end of a trail is not missed: for that it is sealed.
            assert CONVERTER.loads(json.dumps(document)).status == "withdrawn"
        else:
            with pytest.raises(InvalidDocument):
                CONVERTER.loads(json.dumps(document))

    def test_a_status_that_was_changed_by_hand_is_refused(self):
        document = json.loads(CONVERTER.dumps(act(go(received(), "acknowledge"), "withdraw")))
        document["data"]["trail"][1]["what"]["to"] = "closed"
        with pytest.raises(InvalidDocument):
            CONVERTER.loads(json.dumps(document))

    def test_an_unknown_kind_of_entry_is_refused(self):
        document = json.loads(CONVERTER.dumps(received()))
        document["data"]["trail"][0]["what"]["kind"] = "forgotten"
        with pytest.raises(InvalidDocument):
            CONVERTER.loads(json.dumps(document))

    def test_an_empty_trail_is_refused(self):
        document = json.loads(CONVERTER.dumps(received()))
        document["data"]["trail"] = []
        with pytest.raises(InvalidDocument):
            CONVERTER.loads(json.dumps(document))


def standing_moves(complaint: Complaint) -> tuple[Action, ...]:
    """Somewhere to go from there."""
    return (Action.REOPEN,) if complaint.status in ("closed", "withdrawn") else ()


class TestPersonalData:
    """What people said and why stays out of what is printed by accident."""

    SECRETS = (
        *(
            "too late",
            "refund me",
            "C-1",
            "the parcel was lost",
            "a call on Friday",
            "still nothing",
        ),
        *("quick", "the ombudsman has ruled", "it rained", "because", "the board wants it"),
    )

    def test_it_stays_out_of_what_is_printed(self):
        complaint = received(complainant="C-1", content="too late", remedy_sought="refund me")
        shown = repr(put(complaint, *ANY_TIME, override=allowed_by(BEN)))
        assert [secret for secret in self.SECRETS if repr(secret) in shown] == []
        assert "K-1" in shown

    @pytest.mark.parametrize("kind", [*get_args(Event), Entry, Override, Receipt])
    def test_free_text_is_marked(self, kind):
        texts = {"facts", "summary", "content", "comment", "how", "text", "reason"}
        texts |= {"remedy_sought", "complainant"}
        for each in attrs.fields(kind):
            assert (each.name in texts) is bool(each.metadata.get("personal"))
            assert each.repr is not (each.name in texts)


class TestMeaning:
    """What could not mean anything is refused."""

    @pytest.mark.parametrize(
        "make",
        [
            lambda: receipt(""),
            lambda: receipt(channel=""),
            lambda: receipt(complainant=""),
            lambda: receipt(received_by=" "),
            lambda: Subject(product=ProductId("")),
            lambda: Subject(unit=""),
            lambda: Subject(region=""),
            lambda: Subject(employee=ANNA[:0]),  # type: ignore[arg-type]
            lambda: Subject(category=""),
            lambda: entry(Noted("weather"), by=ANNA[:0]),  # type: ignore[arg-type]
            lambda: entry(Noted("weather"), role=""),
            lambda: allowed_by(ANNA[:0]),  # type: ignore[arg-type]
            lambda: LifecycleAdopted("", 1, "new"),
            lambda: LifecycleAdopted("tickets", 1, ""),
            lambda: StatusChanged("", "new", "done"),
            lambda: StatusChanged("go", "", "done"),
            lambda: StatusChanged("go", "new", ""),
            lambda: CauseFound(cause=""),
            lambda: CauseFound(cause="delivery", unit=""),
            lambda: Contacted(channel="", direction=Direction.INBOUND),
            lambda: MessageSent(kind=""),
            lambda: MessageSent(kind="letter", contains=frozenset({""})),
            lambda: MessageSent(kind="letter", channel=""),
            lambda: PromiseMade(id=PromiseId(""), due_on=FRIDAY),
            lambda: PromiseKept(PromiseId(""), FRIDAY),
            lambda: RedressOffered(kind=""),
            lambda: RedressGiven(kind=""),
            lambda: WaitingStarted(""),
            lambda: Escalated(rule="", level=1, fell_due_at=MONDAY, to="head"),
            lambda: Escalated(rule="late", level=1, fell_due_at=MONDAY, to=""),
            lambda: Merged(ComplaintId("")),
            lambda: Absorbed(ComplaintId("")),
            lambda: Released(ComplaintId("")),
            lambda: ParentNamed(ComplaintId("")),
            lambda: Noted(""),
        ],
    )
    def test_a_key_can_serve_as_one(self, make):
        with pytest.raises(InvalidIdentifier):
            make()

    @pytest.mark.parametrize(
        "make",
        [
            lambda: receipt(received_at=NAIVE),
            lambda: receipt(recorded_at=NAIVE),
            lambda: entry(Noted("weather"), at=NAIVE),
            lambda: entry(Noted("weather"), recorded_at=NAIVE),
            lambda: Escalated(rule="late", level=1, fell_due_at=NAIVE, to="head"),
        ],
    )
    def test_an_instant_has_a_time_zone(self, make):
        with pytest.raises(NaiveDatetime):
            make()

    @pytest.mark.parametrize("kind", [PromiseMade, PromiseKept])
    def test_a_day_is_a_day(self, kind):
        day: Any = MONDAY
        with pytest.raises(InvalidValue):
            kind(id=PromiseId("P-1"), due_on=day) if kind is PromiseMade else kind("P-1", day)

    @pytest.mark.parametrize("version", [0, -1, True, "2"])
    def test_versions_count_from_one(self, version):
        with pytest.raises(InvalidValue, match="counts from 1"):
            LifecycleAdopted("tickets", version, "new")

    @pytest.mark.parametrize("reason", ["", " ", "\n", None, *UNREADABLE])
    def test_whatever_is_done_has_a_reason(self, reason):
        with pytest.raises(InvalidValue, match="has a reason: say it in a few words"):
            entry(Noted("weather"), reason=reason)
        with pytest.raises(InvalidValue, match="has a reason"):
            Override(by=BEN, reason=reason)

    @pytest.mark.parametrize("reason", [".", "5", "\u6536\u5230", "\u00e9", "\U0001f44d"])
    def test_a_short_reason_is_one(self, reason):
        assert entry(Noted("weather"), reason=reason).reason == reason

    @pytest.mark.parametrize("facts", ["", "  ", *UNREADABLE])
    def test_facts_say_something_or_stand_elsewhere(self, facts):
        with pytest.raises(InvalidValue, match="facts are said in a sentence, or left out"):
            FactsRecorded(facts)
        assert FactsRecorded().facts is None

    def test_nobody_pretends_that_a_reason_was_erased(self):
        """Erased it would look like any other: nobody could say whether there ever was one."""
        for complain in (
            lambda: received().after(entry(Noted("weather"), reason="(erased)")),
            lambda: RULES.receive(receipt(), reason="(erased)"),
            lambda: note(received(), PROMISE, override=Override(by=BEN, reason="(erased)")),
        ):
            with pytest.raises(InvalidValue, match="where a reason was erased: say the reason"):
                complain()

    def test_nothing_is_entered_before_it_happens(self):
        tick = timedelta(microseconds=1)
        for make in (
            lambda at: receipt(recorded_at=at),
            lambda at: entry(Noted("weather"), recorded_at=at),
        ):
            assert make(MONDAY).recorded_at == MONDAY
            with pytest.raises(InvalidValue, match="nothing is entered before it happens"):
                make(MONDAY - tick)

    def test_an_hour_that_the_clock_repeats_is_in_order(self):
        first = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
        second = first.replace(minute=10, fold=1)
        assert entry(Noted("weather"), at=first, recorded_at=second).known_at == second
        with pytest.raises(InvalidValue, match="nothing is entered before it happens"):
            entry(Noted("weather"), at=second, recorded_at=first)

    def test_a_receipt_can_be_bare(self):
        bare = Receipt(id=ComplaintId("K-1"), received_at=MONDAY, channel="mail")
        assert bare.about == Subject()
        assert (bare.complainant, bare.received_by, bare.recorded_at) == (None, None, None)
