"""Points and record together or not at all, once a complaint, and never above the cap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.complaints import (
    ActionRefused,
    Assessed,
    ComplaintDesk,
    ComplaintRules,
    Level,
    Noted,
    PromiseMade,
    RedressGiven,
    Severity,
)
from crmkit.decision import equals, explain
from crmkit.errors import (
    InvalidPolicy,
    InvalidValue,
    NaiveDatetime,
    NotKept,
    StoreFull,
    VersionConflict,
)
from crmkit.identifiers import Actor, ComplaintId, CustomerId, PromiseId
from crmkit.loyalty import LoyaltyDesk, NotAMember
from crmkit.playbooks import RECOVERY_TOPIC, GoodwillCap, given_goodwill
from crmkit.storage.memory import MemoryStore
from crmkit.tiering import TierLadder
from tests.playbooks.club import (
    ANNA,
    K1,
    MEMBER,
    MONDAY,
    PROGRAM,
    complained,
    desks,
    is_worth,
    joined,
    points_of,
    policy,
)

DAY = timedelta(days=1)
OTHER = CustomerId("M-8")


class FailingStore(MemoryStore):
    """A store that is full, once it is told to be."""

    fails = False

    def _apply(self, changes):
        if self.fails:
            raise StoreFull("no room left")
        super()._apply(changes)


class CrowdedStore(MemoryStore):
    """A store in which somebody else is quicker, as often as there are rivals."""

    rivals: Sequence[Callable[[], object]] = ()

    def _apply(self, changes):
        if self.rivals:
            rival, *self.rivals = self.rivals
            left, self.rivals = self.rivals, ()
            rival()
            self.rivals = left
        super()._apply(changes)


class Refuses:
    """A condition of a host: nothing of one kind goes on record."""

    remedy = "ask the boss"

    def __init__(self, kind):
        self.kind = kind

    def watches(self, proposal):
        return isinstance(proposal.entry.what, self.kind)

    def __call__(self, proposal):
        return equals("boss-asked", False, True)


def recover(recovery, number=K1, **more):
    return recovery.carry_out(number, **{"by": ANNA, "at": MONDAY} | more)


def everything(recovery, member=MEMBER):
    """All that is kept of a member and the complaint."""
    return recovery.loyalty.ledger(member), recovery.complaints.get(K1)


class TestCarriedOut:
    """What was decided stands in the ledger and on the trail, each with a reason."""

    def test_points_and_record(self, store):
        recovery = desks(store)
        joined(recovery)
        before = complained(recovery)
        done = recover(recovery, before)
        assert done.is_new
        assert done.posted.balance.available == points_of(recovery) == 5_500
        entry = recovery.loyalty.ledger(MEMBER).entries[-1]
        assert (entry.key, entry.on, entry.by) == ("goodwill:K-1", MONDAY.date(), ANNA)
        assert (entry.reason, entry.recorded_at) == ("win-back for a complaint", MONDAY)
        kept = recovery.complaints.get(K1)
        assert kept == done.complaint
        assert [(e.what, e.reason) for e in kept.trail[-3:]] == [
            (
                Noted(RECOVERY_TOPIC, "win-back: call by the manager, replacement at once"),
                "recovery of a member: win-back, 500 points",
            ),
            (RedressGiven(kind="goodwill-points"), "500 points of goodwill"),
            (
                PromiseMade(id=PromiseId("member-recovery-call"), due_on=MONDAY.date()),
                "manager calls back",
            ),
        ]
        assert {(e.by, e.at) for e in kept.trail[-3:]} == {(ANNA, MONDAY)}

    def test_the_plan_is_what_is_carried_out(self, store):
        recovery = desks(store)
        joined(recovery, "silver")
        complained(recovery, severity="medium", cause="late")
        planned = recovery.plan(K1, at=MONDAY, value=is_worth("1000.00"))
        assert planned.outcome.level == "amends"
        before = everything(recovery)
        assert recovery.plan(K1, at=MONDAY, value=is_worth("1000.00")) == planned
        assert everything(recovery) == before
        assert recover(recovery, value=is_worth("1000.00")).decision == planned
        assert "points for silver is 1,000; at least 1,000 required" in explain(planned)

    def test_without_points_and_call_there_is_only_the_record(self, store):
        recovery = desks(store)
        joined(recovery, "bronze")
        complained(recovery, severity="low")
        done = recover(recovery)
        assert (done.posted, points_of(recovery)) == (None, 10)
        assert [type(e.what) for e in done.complaint.trail[-1:]] == [Noted]
        assert len(recovery.loyalty.ledger(MEMBER).entries) == 1

    def test_the_call_is_promised_for_the_shops_day(self, store):
        recovery = desks(store)
        joined(recovery)
        friday = datetime(2026, 5, 8, 16, 30, tzinfo=UTC)  # Later than the office is open.
        complained(recovery, at=friday)
        done = recover(recovery, at=friday)
        assert done.complaint.promises[0].made.due_on == date(2026, 5, 11)

    def test_a_ledger_that_is_ahead_does_not_go_back(self, store):
        recovery = desks(store)
        joined(recovery)
        recovery.loyalty.credit(MEMBER, 1, on=date(2026, 5, 5), key="early", reason="posted early")
        complained(recovery)
        assert recover(recovery).posted.entry.on == date(2026, 5, 5)


class TestOnce:
    """Run twice is run once, whoever runs it and however it went the first time."""

    def test_twice_is_once(self, store):
        recovery = desks(store)
        joined(recovery)
        complained(recovery)
        first = recover(recovery)
        before = everything(recovery)
        again = recover(recovery, by=Actor("ben"), at=MONDAY + DAY, value=is_worth("5000.00"))
        assert (again.is_new, again.decision, again.posted) == (False, None, None)
        assert again.complaint == first.complaint
        assert everything(recovery) == before

    def test_a_plan_afterwards_gives_no_points(self, store):
        recovery = desks(store)
        joined(recovery)
        complained(recovery)
        recover(recovery)
        assert recovery.plan(K1, at=MONDAY).outcome.goodwill_points == 0

    def test_it_is_once_though_the_complaint_turned_out_worse(self, store):
        recovery = desks(store)
        joined(recovery)
        complained(recovery, severity="low")
        recover(recovery)
        worse = Assessed(Severity(safety=Level.CRITICAL))
        recovery.complaints.record(K1, worse, by=ANNA, at=MONDAY, reason="looked again")
        assert not recover(recovery).is_new

    def test_points_that_were_given_by_hand_are_not_given_again(self, store):
        recovery = desks(store)
        joined(recovery)
        complained(recovery)
        recovery.loyalty.credit(
            MEMBER, 20, on=MONDAY.date(), key="goodwill:K-1", reason="asked for at the counter"
        )
        done = recover(recovery)
        assert (done.is_new, done.posted, points_of(recovery)) == (True, None, 5_020)

    def test_of_two_at_a_time_one_carries_it_out(self, store):
        """The one who comes second looks again, and finds it done."""
        recovery = desks(store)
        joined(recovery)
        complained(recovery)
        with store.unit_of_work() as late:
            assert recover(recovery, unit=late).is_new
            assert recover(recovery).is_new
            with pytest.raises(VersionConflict):
                late.commit()
        assert not recover(recovery).is_new
        assert points_of(recovery) == 5_500

    def test_somebody_who_was_quicker_makes_it_begin_again(self):
        store = CrowdedStore()
        recovery = desks(store)
        joined(recovery)
        complained(recovery)
        store.rivals = [
            lambda: recovery.loyalty.credit(
                MEMBER, 7, on=MONDAY.date(), key="rival", reason="was there first"
            ),
            lambda: recovery.complaints.record(
                K1, Noted("call"), by=ANNA, at=MONDAY, reason="called again"
            ),
        ]
        assert recover(recovery).is_new
        assert points_of(recovery) == 5_507
        assert len(given_goodwill(recovery.loyalty.ledger(MEMBER))) == 1
        assert [note.topic for note in recovery.complaints.get(K1).events(Noted)] == [
            *("call", RECOVERY_TOPIC)
        ]

    def test_two_complaints_at_a_time_do_not_pass_the_cap(self):
        store = CrowdedStore()
        recovery = desks(store, cap=GoodwillCap(600))
        joined(recovery)
        complained(recovery)
        complained(recovery, "K-2")
        store.rivals = [lambda: recover(recovery, ComplaintId("K-2"))]
        assert recover(recovery).decision.outcome.goodwill_points == 100
        assert points_of(recovery) == 5_600

    def test_attempts_come_to_an_end(self):
        store = CrowdedStore()
        recovery = evolve(desks(store), attempts=1)
        joined(recovery)
        complained(recovery)
        store.rivals = [
            lambda: recovery.complaints.record(
                K1, Noted("call"), by=ANNA, at=MONDAY, reason="called again"
            )
        ]
        with pytest.raises(VersionConflict):
            recover(recovery)
        assert points_of(recovery) == 5_000


class TestAllOrNothing:
    """Nothing is half done, wherever it breaks off."""

    def test_a_store_that_fails_keeps_neither(self):
        store = FailingStore()
        recovery = desks(store)
        joined(recovery)
        complained(recovery)
        before = everything(recovery)
        store.fails = True
        with pytest.raises(StoreFull):
            recover(recovery)
        assert everything(recovery) == before
        store.fails = False
        assert recover(recovery).is_new
        assert points_of(recovery) == 5_500

    @pytest.mark.parametrize("kind", [Noted, RedressGiven, PromiseMade])
    def test_what_the_complaints_refuse_gives_no_points(self, store, kind):
        recovery = desks(store, rules=ComplaintRules(guards=(Refuses(kind),)))
        joined(recovery)
        complained(recovery)
        before = everything(recovery)
        with pytest.raises(ActionRefused):
            recover(recovery)
        assert everything(recovery) == before

    @pytest.mark.parametrize("kind", [Noted, RedressGiven, PromiseMade])
    def test_nor_in_a_unit_that_the_host_commits_all_the_same(self, store, kind):
        """Refused is refused before anything is written."""
        recovery = desks(store, rules=ComplaintRules(guards=(Refuses(kind),)))
        joined(recovery)
        complained(recovery)
        before = everything(recovery)
        with store.unit_of_work() as unit:
            with pytest.raises(ActionRefused):
                recover(recovery, unit=unit)
            unit.commit()
        assert everything(recovery) == before

    def test_what_the_ledger_refuses_leaves_no_record(self, store, monkeypatch):
        """However it comes: the second half never stands alone."""
        recovery = desks(store)
        joined(recovery)
        complained(recovery)
        before = everything(recovery)

        def broken(*_, **__):
            raise StoreFull("no room for points")

        with monkeypatch.context() as patched:
            patched.setattr(LoyaltyDesk, "credit", broken)
            with store.unit_of_work() as unit:
                with pytest.raises(StoreFull):
                    recover(recovery, unit=unit)
                unit.commit()
            with pytest.raises(StoreFull):
                recover(recovery)
        assert everything(recovery) == before

    def test_a_record_that_fails_after_the_points_undoes_them(self, store, monkeypatch):
        recovery = desks(store)
        joined(recovery)
        complained(recovery)
        before = everything(recovery)

        def broken(*_, **__):
            raise StoreFull("no room for a record")

        with monkeypatch.context() as patched:
            patched.setattr(ComplaintDesk, "record", broken)
            with pytest.raises(StoreFull):
                recover(recovery)
        assert everything(recovery) == before

    def test_a_unit_of_the_host_is_joined_and_not_committed(self, store):
        recovery = desks(store)
        joined(recovery)
        complained(recovery)
        before = everything(recovery)
        with store.unit_of_work() as unit:
            assert recover(recovery, unit=unit).is_new
            assert not recover(recovery, unit=unit).is_new
            assert recovery.plan(K1, at=MONDAY, unit=unit).outcome.goodwill_points == 0
        assert everything(recovery) == before


class TestCap:
    """At most so many points in a year, however many complaints there are."""

    def test_the_next_complaint_gets_what_is_left(self, store):
        recovery = desks(store)
        joined(recovery)
        got = []
        for number in ("K-1", "K-2", "K-3", "K-4"):
            complained(recovery, number)
            got.append(recover(recovery, ComplaintId(number)).decision.outcome.goodwill_points)
        assert got == [500, 500, 0, 0]
        assert points_of(recovery) == 6_000

    @given(
        st.lists(
            st.tuples(st.integers(0, 300), st.sampled_from(["low", "medium", "high", "critical"])),
            max_size=8,
        )
    )
    def test_no_year_has_more(self, story):
        """Any complaints on any days: no window of a year, wherever it begins, passes the cap."""
        recovery = desks(MemoryStore(), cap=GoodwillCap(700))
        joined(recovery)
        at = MONDAY
        for number, (days, severity) in enumerate(story):
            at += days * DAY
            complaint = complained(recovery, f"K-{number}", severity, at=at)
            recover(recovery, complaint, at=at)
        given_then = given_goodwill(recovery.loyalty.ledger(MEMBER))
        for first in given_then:
            year = [e.points for e in given_then if timedelta(0) <= e.on - first.on < 365 * DAY]
            assert sum(year) <= 700


class TestHistory:
    """Who complained before is known by the desk, under whatever name."""

    def test_earlier_complaints_count(self, store):
        recovery = desks(store)
        joined(recovery)
        complained(recovery, "K-0", "low", at=MONDAY - 100 * DAY, cause="late")
        complained(recovery, "K-9", "low", at=MONDAY + DAY, cause="late")
        complained(recovery, "K-5", "low", at=MONDAY - DAY, cause="late", member=OTHER)
        complained(recovery, severity="medium", cause="late")
        found = explain(recovery.plan(K1, at=MONDAY))
        assert "met: same cause before is 1; at least 1 required" in found
        assert "complaints before is 1;" in found

    def test_many_earlier_complaints_are_all_found(self):
        recovery = desks(MemoryStore())
        joined(recovery)
        for number in range(120):  # More than one page.
            complained(recovery, f"K-0{number}", "low", at=MONDAY - DAY)
        complained(recovery, severity="medium")
        assert "complaints before is 120;" in explain(recovery.plan(K1, at=MONDAY))

    def test_a_member_who_was_merged_is_recovered_as_the_one_they_are_now(self, store):
        recovery = desks(store)
        joined(recovery)
        joined(recovery, "bronze", OTHER)
        complained(recovery, "K-0", "low", cause="late", member=OTHER)
        old = complained(recovery, severity="medium", cause="late", member=OTHER)
        recovery.loyalty.merge(MEMBER, OTHER, on=date(2026, 5, 4), key="merge")
        complained(recovery, "K-2", "medium", cause="late")
        for number in (old, ComplaintId("K-2")):
            planned = recovery.plan(number, at=MONDAY)
            assert planned.subject == MEMBER
            assert "tier is gold" in explain(planned)
            assert "same cause before is 2;" in explain(planned)
        assert recover(recovery, old).posted.balance.available == 5_510
        assert recovery.loyalty.ledger(MEMBER).entry("goodwill:K-1") is not None

    def test_what_was_given_before_the_merge_counts(self, store):
        recovery = desks(store)
        joined(recovery)
        joined(recovery, "gold", OTHER)
        complained(recovery, "K-0", member=OTHER)
        recover(recovery, ComplaintId("K-0"))
        recovery.loyalty.merge(MEMBER, OTHER, on=MONDAY.date(), key="merge")
        complained(recovery)
        assert recovery.plan(K1, at=MONDAY).outcome.goodwill_points == 500
        assert not recover(recovery, ComplaintId("K-0")).is_new


class TestOneMatter:
    """Complaints that go on in another are one matter, and it is recovered once."""

    def merged(self, recovery, number="K-0", into="K-1"):
        recovery.complaints.merge(
            ComplaintId(number), ComplaintId(into), by=ANNA, at=MONDAY, reason="the same parcel"
        )

    def test_the_one_that_goes_on_is_recovered(self, store):
        recovery = desks(store)
        joined(recovery)
        complained(recovery, "K-0")
        complained(recovery)
        self.merged(recovery)
        for asked in (recover, lambda desk, number: desk.plan(number, at=MONDAY)):
            with pytest.raises(InvalidValue, match="recover that one"):
                asked(recovery, ComplaintId("K-0"))
        assert "complaints before is 0;" in explain(recover(recovery).decision)

    def test_a_part_that_was_recovered_is_the_whole(self, store):
        recovery = desks(store)
        joined(recovery)
        for number in ("K-00", "K-0", "K-1"):
            complained(recovery, number)
        done = recover(recovery, ComplaintId("K-00"))
        self.merged(recovery, "K-00", "K-0")
        self.merged(recovery, "K-0", "K-1")
        assert not recover(recovery).is_new
        assert points_of(recovery) == done.posted.balance.available


class TestRefused:
    def test_a_complaint_that_nobody_knows(self, store):
        with pytest.raises(NotKept):
            recover(desks(store))

    def test_a_complainant_who_is_no_member(self, store):
        recovery = desks(store)
        complained(recovery)
        with pytest.raises(NotAMember):
            recover(recovery)

    @pytest.mark.parametrize("nobody", [None, "(erased)"])
    def test_a_complainant_whom_nobody_knows(self, store, nobody):
        recovery = desks(store)
        complained(recovery, member=nobody)
        with pytest.raises(InvalidValue, match="nobody knows who complained"):
            recovery.plan(K1, at=MONDAY)

    def test_an_instant_without_a_zone(self, store):
        recovery = desks(store)
        for asked in (recovery.plan, lambda *a, **k: recover(recovery, **k)):
            with pytest.raises(NaiveDatetime):
                asked(K1, at=datetime(2026, 5, 4, 9, 30))  # noqa: DTZ001

    def test_two_stores(self):
        one = desks(MemoryStore())
        with pytest.raises(InvalidPolicy, match="in one store"):
            evolve(one, complaints=ComplaintDesk(store=MemoryStore()))

    def test_two_ladders(self):
        one = desks(MemoryStore())
        swapped = TierLadder.of("silver", "bronze", "gold")
        with pytest.raises(InvalidPolicy, match="one ladder for both"):
            evolve(one, policy=policy(tiers=swapped))
        without = LoyaltyDesk(store=one.loyalty.store, program=evolve(PROGRAM, tiers=None))
        with pytest.raises(InvalidPolicy, match="one ladder for both"):
            evolve(one, loyalty=without)

    @pytest.mark.parametrize("attempts", [0, True])
    def test_no_attempt(self, attempts):
        with pytest.raises(InvalidPolicy, match="attempts"):
            evolve(desks(MemoryStore()), attempts=attempts)
