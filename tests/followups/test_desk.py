"""The desk keeps follow-ups, and nothing that was planned gets out of sight."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import (
    CrmkitError,
    IllegalTransition,
    InvalidIdentifier,
    InvalidValue,
    NotKept,
    VersionConflict,
)
from crmkit.followups import (
    FOLLOW_UP_ESCALATED_TOPIC,
    FOLLOW_UP_MISSED_TOPIC,
    FOLLOW_UPS,
    MISSED_AGENDAS,
    Assigned,
    Cancelled,
    Confirmed,
    Escalated,
    FollowUp,
    FollowUpAction,
    FollowUpDesk,
    Missed,
    MissedAgenda,
    MissedEscalation,
    MissedLevel,
    Rescheduled,
    overdue,
)
from crmkit.identifiers import Actor, CustomerId, FollowUpId
from crmkit.storage import Store
from crmkit.storage.memory import MemoryStore
from tests.followups.builders import (
    ANNA,
    BEN,
    C7,
    CLARA,
    DAY,
    FRIDAY,
    MONDAY,
    NOON,
    at,
    done,
    event_for,
    go,
    planned,
    visit,
)
from tests.followups.test_overdue import lists

SATURDAY = FRIDAY + DAY
LEVELS = MissedEscalation(
    levels=[
        MissedLevel(1, after_days=1, to="team lead"),
        MissedLevel(2, after_days=4, to="head of sales"),
        MissedLevel(3, after_days=9, to="manager", importance=["platinum"]),
    ]
)


@pytest.fixture
def desk(store):
    return FollowUpDesk(store=store, escalation=LEVELS)


def in_memory(**terms: Any) -> FollowUpDesk:
    return FollowUpDesk(store=MemoryStore(), **terms)


def messages(store: Store) -> list[tuple[str, str]]:
    """What is in the outbox, taken out of it."""
    found: list[tuple[str, str]] = []
    while store.deliver(lambda message: found.append((message.topic, message.payload))):
        pass
    return found


def numbers(found: Any) -> list[str]:
    return [getattr(each, "record", each).id for each in found]


def queue(desk: FollowUpDesk, **terms: Any) -> list[str]:
    return numbers(desk.due(**terms).items)


def act(desk: FollowUpDesk, number: str, event: Any) -> FollowUp:
    return desk.act(FollowUpId(number), event, by=BEN, at=at(SATURDAY), reason="so it was")


def agenda(desk: FollowUpDesk) -> dict[str, Any]:
    with desk.store.unit_of_work() as unit:
        page = unit.repository(MISSED_AGENDAS).query("by-escalation")
    return {entry.record.follow_up: entry.record.escalates_on for entry in page.items}


class TestPlanning:
    """Planning twice changes nothing."""

    @given(lists, lists)
    def test_what_is_kept_stays_as_it_is(self, first, more):
        desk = in_memory(escalation=LEVELS)
        kept = desk.plan(first)
        assert (numbers(kept.added), kept.known) == (sorted(numbers(first)), ())
        known = {each.id: each for each in first}
        more = [each for each in more if each.id not in known]
        again = desk.plan([*more, *first, *more])
        assert numbers(again.known) == sorted(numbers(first))
        assert [each == known[each.id] for each in again.known] == [True] * len(first)
        assert {*numbers(again.added)} == {*numbers(more)} - {*known}
        assert desk.plan([*first, *more]).added == ()

    @pytest.mark.parametrize("action", FollowUpAction)
    def test_nothing_that_was_done_or_called_off_comes_back(self, desk, action):
        desk.plan([planned(owner=ANNA)])
        event = event_for(action, planned(owner=ANNA))
        after = desk.act(FollowUpId("F-1"), event, by=BEN, at=at(SATURDAY), reason="so it was")
        again = desk.plan([planned(owner=ANNA)])
        assert (again.added, again.known) == ((), (after,))
        assert desk.get(FollowUpId("F-1")) == after

    def test_a_plan_that_contradicts_itself_is_not_kept(self, desk):
        with pytest.raises(InvalidValue, match="two follow-ups have one number"):
            desk.plan([planned("F-0"), planned(), planned(target="something else")])
        assert queue(desk) == []


class TestActing:
    def test_what_happened_is_kept(self, desk):
        desk.plan([planned()])
        after = act(desk, "F-1", Assigned(ANNA))
        assert desk.get(FollowUpId("F-1")) == after
        assert after.owner == ANNA

    def test_what_cannot_be_leaves_everything_as_it_was(self, desk):
        desk.plan([planned()])
        with pytest.raises(IllegalTransition):
            act(desk, "F-1", Confirmed(visit()))
        assert desk.get(FollowUpId("F-1")) == planned()

    def test_what_is_not_kept_cannot_be_acted_on(self, desk):
        for call in (lambda: act(desk, "F-1", Cancelled()), lambda: desk.get(FollowUpId("F-1"))):
            with pytest.raises(NotKept):
                call()

    def test_nobody_escalates_by_hand(self, desk):
        """It would be on record, and nobody would be told."""
        desk.plan([go(planned(), Missed(SATURDAY))])
        with pytest.raises(InvalidValue, match=r"carried out by escalate\("):
            act(desk, "F-1", Escalated(level=1, to="team lead", fell_due_on=SATURDAY))

    def test_of_two_who_act_at_the_same_time_one_looks_again(self, desk):
        desk.plan([planned()])
        with desk.store.unit_of_work() as unit:
            desk.act(FollowUpId("F-1"), Assigned(ANNA), by=BEN, at=NOON, reason="hers", unit=unit)
            act(desk, "F-1", Assigned(CLARA))
            with pytest.raises(VersionConflict):
                unit.commit()
        assert desk.get(FollowUpId("F-1")).owner == CLARA

    def test_a_unit_of_the_host_is_the_hosts_to_commit(self, desk):
        with desk.store.unit_of_work() as unit:
            desk.plan([planned(owner=ANNA)], unit=unit)
            assert numbers(desk.due(unit=unit).items) == ["F-1"]
            assert len(desk.overdue(SATURDAY, unit=unit)) == 1
            desk.hand_over(ANNA, BEN, by=BEN, at=NOON, reason="left", unit=unit)
            assert desk.get(FollowUpId("F-1"), unit=unit).owner == BEN
            assert len(desk.miss(SATURDAY, by=BEN, at=NOON, unit=unit)) == 1
            assert len(desk.escalate(SATURDAY, by=BEN, at=NOON, unit=unit)) == 1
            assert desk.refresh(SATURDAY, unit=unit) == 0
            assert len(desk.of_customer(C7, unit=unit)) == 1
            assert desk.without_owner(unit=unit).items == ()
        assert queue(desk) == []
        assert messages(desk.store) == []


class TestQueue:
    def test_the_earliest_comes_first_and_what_is_over_is_gone(self, desk):
        desk.plan(
            [
                planned("F-3", due_on=FRIDAY, owner=ANNA),
                planned("F-2", owner=ANNA),
                planned("F-1", due_on=FRIDAY, owner=BEN),
                planned("F-4"),
                go(planned("F-5"), Cancelled()),
                go(planned("F-6", owner=ANNA), done()),
                go(planned("F-7", owner=ANNA), Missed(SATURDAY)),
            ]
        )
        assert queue(desk) == ["F-2", "F-4", "F-1", "F-3"]
        assert queue(desk, owner=ANNA) == ["F-2", "F-3"]
        assert queue(desk, before=FRIDAY) == ["F-2", "F-4"]
        assert queue(desk, owner=ANNA, before=FRIDAY) == ["F-2"]
        assert numbers(desk.without_owner().items) == ["F-4"]
        assert numbers(desk.without_owner(before=MONDAY).items) == []

    def test_page_by_page(self, desk):
        desk.plan([planned(f"F-{n}", owner=ANNA) for n in range(5)])
        first = desk.due(owner=ANNA, limit=3)
        assert numbers(first.items) == ["F-0", "F-1", "F-2"]
        assert numbers(desk.due(owner=ANNA, limit=3, after=first.next).items) == ["F-3", "F-4"]

    def test_what_is_moved_moves_in_the_queue(self, desk):
        desk.plan([planned("F-1"), planned("F-2", due_on=FRIDAY)])
        act(desk, "F-1", Rescheduled(SATURDAY))
        assert queue(desk) == ["F-2", "F-1"]

    def test_everything_of_a_customer_is_found(self, desk):
        desk.plan(
            [
                planned("F-2", due_on=FRIDAY),
                go(planned("F-1"), Cancelled()),
                planned("F-3", customer=CustomerId("C-8")),
            ]
        )
        assert numbers(desk.of_customer(C7)) == ["F-1", "F-2"]


class TestOverdue:
    """FUP-11: the list of those whom nobody contacted."""

    @given(lists, st.integers(-2, 45), st.integers(-2, 45) | st.none())
    def test_the_desk_finds_what_a_look_at_everything_finds(self, every, days, back):
        desk, on = in_memory(), MONDAY + days * DAY
        since = None if back is None else MONDAY + back * DAY
        desk.plan(every)
        found = desk.overdue(on, since=since)
        wanted = [
            item
            for item in overdue(every, on)
            if since is None or item.follow_up.not_after >= since
        ]
        assert list(found) == wanted

    def test_a_day_is_a_day(self, desk):
        for call in (
            lambda: desk.overdue(NOON),
            lambda: desk.miss(NOON, by=BEN, at=NOON),
            lambda: desk.escalate(NOON, by=BEN, at=NOON),
            lambda: desk.refresh(NOON),
        ):
            with pytest.raises(InvalidValue, match="not a date"):
                call()


class TestHandOver:
    """CHU-10: customers belong to the company; who leaves hands over all of them."""

    def everything(self) -> list[FollowUp]:
        return [
            planned("F-1", owner=ANNA),
            go(planned("F-2", owner=ANNA), Confirmed(visit(FRIDAY))),
            go(planned("F-3", owner=ANNA), Rescheduled(SATURDAY)),
            go(planned("F-4", owner=ANNA), Missed(SATURDAY)),
            go(planned("F-5", owner=ANNA), done()),
            go(planned("F-6", owner=ANNA), Cancelled()),
            planned("F-7", owner=BEN),
            planned("F-8"),
        ]

    def test_all_that_is_owed_goes_to_the_successor(self, desk):
        desk.plan(self.everything())
        over = desk.hand_over(ANNA, CLARA, by=BEN, at=at(SATURDAY), reason="Anna left")
        assert sorted(numbers(over.given)) == ["F-1", "F-2", "F-3", "F-4"]
        assert over.waiting == ()
        assert {each.owner for each in over.given} == {CLARA}
        assert {each.trail[-1].reason for each in over.given} == {"Anna left"}
        kept = {n: desk.get(FollowUpId(f"F-{n}")) for n in range(1, 9)}
        assert kept[2].appointment == visit(FRIDAY)
        assert [str(kept[n].status) for n in (2, 3, 4)] == ["confirmed", "assigned", "missed"]
        assert kept[3].due_on == SATURDAY
        # What is over stays with whom it was.
        assert [kept[n].owner for n in (5, 6, 7, 8)] == [ANNA, ANNA, BEN, None]
        assert queue(desk, owner=ANNA) == []

    def test_each_may_go_to_somebody_else_and_what_nobody_gets_waits(self, desk):
        desk.plan(self.everything())
        heirs = {"F-1": BEN, "F-4": CLARA}
        over = desk.hand_over(
            ANNA, lambda each: heirs.get(each.id), by=BEN, at=at(SATURDAY), reason="Anna left"
        )
        assert {each.id: each.owner for each in over.given} == heirs
        assert sorted(numbers(over.waiting)) == ["F-2", "F-3"]
        assert sorted(numbers(desk.without_owner().items)) == ["F-2", "F-3", "F-8"]
        assert desk.get(FollowUpId("F-2")).appointment == visit(FRIDAY)

    @given(lists)
    def test_nothing_is_lost(self, every):
        desk = in_memory()
        desk.plan(every)
        over = desk.hand_over(ANNA, None, by=BEN, at=at(SATURDAY), reason="Anna left")
        owed = {each.id for each in every if each.owner == ANNA and each.is_owed}
        assert {*numbers(over.waiting)} == owed
        for each in every:
            now = desk.get(each.id)
            assert now.trail[: len(each.trail)] == each.trail
            assert now == each or each.id in owed
            assert now.is_owed == each.is_owed
        again = desk.hand_over(ANNA, None, by=BEN, at=at(SATURDAY), reason="Anna left")
        assert again.given == again.waiting == ()

    def test_whoever_leaves_keeps_nothing(self, desk):
        desk.plan(self.everything())
        before = [desk.get(FollowUpId(f"F-{n}")) for n in range(1, 9)]
        heirs = iter([CLARA, ANNA])
        for to in (ANNA, lambda each: next(heirs)):
            with pytest.raises(InvalidValue, match="keeps nothing"):
                desk.hand_over(ANNA, to, by=BEN, at=at(SATURDAY), reason="Anna left")
        assert [desk.get(FollowUpId(f"F-{n}")) for n in range(1, 9)] == before

    def test_somebody_has_a_name(self, desk):
        with pytest.raises(InvalidIdentifier):
            desk.hand_over(Actor(""), BEN, by=BEN, at=NOON, reason="left")

    def test_more_than_a_page_of_them(self, desk):
        desk.plan([planned(f"F-{n:03}", owner=ANNA) for n in range(250)])
        over = desk.hand_over(ANNA, BEN, by=BEN, at=NOON, reason="Anna left")
        assert len(over.given) == 250
        assert queue(desk, owner=ANNA) == []


class TestMissing:
    """What nobody did until its last day is on record as missed, and told, once."""

    def test_when_the_last_day_is_over(self, desk):
        desk.plan([planned("F-1", owner=ANNA), planned("F-2"), planned("F-3", not_after=SATURDAY)])
        assert desk.miss(FRIDAY, by=BEN, at=NOON) == ()
        missed = desk.miss(SATURDAY, by=BEN, at=NOON)
        assert numbers(missed) == ["F-1", "F-2"]
        assert [each.status for each in missed] == ["missed", "missed"]
        assert missed[0].trail[-1].what == Missed(SATURDAY)
        assert desk.get(FollowUpId("F-1")) == missed[0]
        assert desk.miss(SATURDAY, by=BEN, at=NOON) == ()
        assert messages(desk.store) == [
            (FOLLOW_UP_MISSED_TOPIC, "F-1\nanna"),
            (FOLLOW_UP_MISSED_TOPIC, "F-2\n"),
        ]

    def test_page_by_page_the_longest_first(self, desk):
        desk.plan([planned(f"F-{n}", due_on=FRIDAY - n * DAY, not_after=None) for n in range(5)])
        found = []
        while page := desk.miss(SATURDAY, by=BEN, at=NOON, limit=2):
            found.append(numbers(page))
        assert found == [["F-4", "F-3"], ["F-2", "F-1"], ["F-0"]]

    def test_a_miss_by_hand_is_told_as_well(self, desk):
        desk.plan([planned(owner=ANNA)])
        act(desk, "F-1", Missed(SATURDAY))
        assert messages(desk.store) == [(FOLLOW_UP_MISSED_TOPIC, "F-1\nanna")]
        act(desk, "F-1", Assigned(BEN))
        assert messages(desk.store) == []


class TestEscalating:
    """Each level is told once, however often and however late somebody asks."""

    def run(self, every: list[FollowUp], days: list[int], limit: int) -> list[Any]:
        """What is told in all, if the desk is looked after on some days only."""
        desk, found = in_memory(escalation=LEVELS), list[Any]()
        desk.plan(every)
        for day in days:
            on = MONDAY + day * DAY
            while desk.miss(on, by=BEN, at=NOON, limit=limit):
                pass
            while told := desk.escalate(on, by=BEN, at=NOON, limit=limit):
                found += [(each.follow_up, each.level) for each in told]
        escalated = [text for topic, text in messages(desk.store) if "escalated" in topic]
        assert escalated == [f"{number}\n{one.level}\n{one.to}" for number, one in found]
        assert {
            (each.id, one.what.level)
            for each in every
            for one in desk.get(each.id).trail
            if isinstance(one.what, Escalated)
        } == {(number, one.level) for number, one in found}
        return found

    @given(
        st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=5),
        st.lists(st.integers(0, 40), max_size=6, unique=True).map(sorted),
        st.integers(1, 4),
    )
    def test_the_same_is_told_daily_or_now_and_then(self, starts, days, limit):
        every = [
            planned(
                f"F-{n}",
                due_on=MONDAY + start * DAY,
                not_after=None,
                # Each customer has one, so nothing is made up for.
                customer=CustomerId(f"C-{n}"),
                importance="platinum" if is_dear else None,
            )
            for n, (start, is_dear) in enumerate(starts)
        ]
        now_and_then = self.run(every, [*days, 40], limit)
        assert sorted(now_and_then, key=str) == sorted(self.run(every, [*range(41)], 100), key=str)
        assert len(set(now_and_then)) == len(now_and_then)
        assert len(now_and_then) == sum(3 if is_dear else 2 for _, is_dear in starts)

    def test_once_it_is_done_nobody_is_told(self, desk):
        desk.plan([planned()])
        desk.miss(SATURDAY, by=BEN, at=NOON)
        assert len(desk.escalate(SATURDAY, by=BEN, at=NOON)) == 1
        assert agenda(desk) == {"F-1": FRIDAY + 4 * DAY}
        act(desk, "F-1", done(SATURDAY))
        assert agenda(desk) == {}
        assert desk.escalate(FRIDAY + 30 * DAY, by=BEN, at=NOON) == ()

    def test_nor_once_another_contact_made_up_for_it(self, desk):
        desk.plan([planned("F-1"), planned("F-2", due_on=SATURDAY, not_after=None)])
        desk.miss(SATURDAY, by=BEN, at=NOON)
        act(desk, "F-2", done(SATURDAY))
        other = planned("F-3", customer=CustomerId("C-8"))
        desk.plan([other])
        desk.miss(SATURDAY, by=BEN, at=NOON)
        # The first page holds nothing to be told any more, and what comes after it is found.
        messages(desk.store)
        told = desk.escalate(SATURDAY, by=BEN, at=NOON, limit=1)
        assert [each.follow_up for each in told] == ["F-3"]
        assert messages(desk.store) == [(FOLLOW_UP_ESCALATED_TOPIC, "F-3\n1\nteam lead")]
        assert agenda(desk) == {"F-3": FRIDAY + 4 * DAY}

    def test_missed_again_it_is_told_again(self, desk):
        desk.plan([planned()])
        desk.miss(SATURDAY, by=BEN, at=NOON)
        desk.escalate(SATURDAY, by=BEN, at=NOON)
        act(desk, "F-1", Rescheduled(SATURDAY))
        assert agenda(desk) == {}
        desk.miss(SATURDAY + DAY, by=BEN, at=NOON)
        told = desk.escalate(SATURDAY + DAY, by=BEN, at=NOON)
        assert [each.level.fell_due_on for each in told] == [SATURDAY + DAY]

    def test_after_new_rules_what_was_missed_is_looked_at_again(self, desk):
        quiet = FollowUpDesk(store=desk.store)
        quiet.plan([planned("F-1"), planned("F-2", customer=CustomerId("C-8"))])
        quiet.miss(SATURDAY, by=BEN, at=NOON)
        assert agenda(desk) == {}
        with pytest.raises(InvalidValue, match="this desk has no escalation"):
            quiet.escalate(SATURDAY, by=BEN, at=NOON)
        assert desk.refresh(SATURDAY) == 2
        assert desk.refresh(SATURDAY) == 0
        assert agenda(desk) == {"F-1": SATURDAY, "F-2": SATURDAY}
        later = evolve(
            desk, escalation=MissedEscalation(levels=[MissedLevel(1, after_days=2, to="x")])
        )
        assert later.refresh(SATURDAY) == 2
        assert later.escalate(SATURDAY, by=BEN, at=NOON) == ()
        assert quiet.refresh(SATURDAY) == 2
        assert agenda(desk) == {}

    def test_what_a_host_changed_without_the_desk_leaves_the_agenda(self, desk):
        desk.plan([planned()])
        with desk.store.unit_of_work() as unit:
            unit.repository(MISSED_AGENDAS).add(MissedAgenda(FollowUpId("F-1"), MONDAY))
            unit.commit()
        assert desk.escalate(SATURDAY, by=BEN, at=NOON) == ()
        assert agenda(desk) == {}

    def test_if_one_cannot_be_told_nobody_is(self, desk, monkeypatch):
        desk.plan([planned(f"F-{n}", customer=CustomerId(f"C-{n}")) for n in range(3)])
        desk.miss(SATURDAY, by=BEN, at=NOON)
        messages(desk.store)
        with desk.store.unit_of_work() as unit:
            kept = unit.repository(FOLLOW_UPS)
            kept.remove("F-2", kept.get("F-2").version)
            unit.commit()
        with pytest.raises(CrmkitError):
            desk.escalate(SATURDAY, by=BEN, at=NOON)
        assert messages(desk.store) == []
        assert desk.get(FollowUpId("F-0")).told == ()

    def test_an_agenda_has_a_day_and_a_number(self):
        with pytest.raises(InvalidValue):
            MissedAgenda(FollowUpId("F-1"), NOON)
        with pytest.raises(InvalidIdentifier):
            MissedAgenda(FollowUpId(""), MONDAY)

    def test_the_topics_are_told_apart(self):
        assert FOLLOW_UP_ESCALATED_TOPIC != FOLLOW_UP_MISSED_TOPIC
