"""Complaints that belong together: nothing is closed over an open part, and nothing is trapped."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.complaints.desk import ComplaintDesk
from crmkit.complaints.lifecycle import Action, Status
from crmkit.complaints.policies.relatives import come_back, whole_matter
from crmkit.complaints.policies.rules import ActionRefused
from crmkit.complaints.records.complaint import Complaint
from crmkit.complaints.records.events import Absorbed, Contacted, Event, Merged, ParentNamed
from crmkit.errors import CrmkitError, InvalidValue, NotKept
from crmkit.identifiers import ComplaintId
from crmkit.records import Direction
from crmkit.storage.memory import MemoryStore
from tests.complaints.builders import (
    ANNA,
    ASKED,
    BEN,
    HOUR,
    MONDAY,
    allowed_by,
    entry,
    note,
    received,
    standing,
)

CALLED = Contacted(channel="phone", direction=Direction.INBOUND)
ANSWERED = Contacted(channel="phone", direction=Direction.OUTBOUND)
NUMBERS = [ComplaintId(f"K-{n}") for n in range(4)]


def desk_of(*complaints: Complaint) -> ComplaintDesk:
    desk = ComplaintDesk(store=MemoryStore())
    for complaint in complaints:
        desk.keep(complaint)
    return desk


def received_by_turns(count: int = 4, **terms: Any) -> list[Complaint]:
    """One complaint an hour, of one complainant."""
    given: dict[str, Any] = {"complainant": "C-1"} | terms
    return [received(f"K-{n}", received_at=MONDAY + n * HOUR, **given) for n in range(count)]


def record(desk: ComplaintDesk, number: int, what: Event) -> Complaint:
    return desk.record(NUMBERS[number], what, by=ANNA, at=MONDAY + 9 * HOUR, reason="as it is")


def part_of(desk: ComplaintDesk, number: int, parent: int | None) -> Complaint:
    return record(desk, number, ParentNamed(None if parent is None else NUMBERS[parent]))


def merge(desk: ComplaintDesk, number: int, into: int, **terms: Any) -> None:
    given: dict[str, Any] = {"by": ANNA, "at": MONDAY + 9 * HOUR, "reason": "one matter"}
    desk.merge(NUMBERS[number], NUMBERS[into], **(given | {"override": allowed_by(BEN)} | terms))


def close(desk: ComplaintDesk, number: int) -> Complaint:
    at = MONDAY + 10 * HOUR
    return desk.act(NUMBERS[number], Action.CLOSE, by=BEN, at=at, reason="done")


def ready(number: int) -> Complaint:
    """A complaint that only its parts keep from being closed."""
    complaint = standing(Status.ACCEPTED, f"K-{number}", complainant="C-1")
    return note(complaint, ASKED)


class TestParts:
    """A complaint with parts is closed after its parts, whatever is done with either."""

    @pytest.mark.parametrize("parent", [0, 1, 2])
    def test_no_complaint_is_a_part_of_itself(self, parent):
        desk = desk_of(*received_by_turns())
        part_of(desk, 1, 0)
        part_of(desk, 2, 1)
        before = desk.get(NUMBERS[0])
        with pytest.raises(InvalidValue, match="no part of itself or of its parts"):
            part_of(desk, 0, parent)
        assert desk.get(NUMBERS[0]) == before

    def test_the_whole_is_there(self):
        desk = desk_of(received("K-0"))
        with pytest.raises(InvalidValue, match="is not kept: keep that first"):
            part_of(desk, 0, 1)
        with pytest.raises(NotKept):
            part_of(desk, 1, 0)

    def test_a_part_can_be_taken_out_and_put_elsewhere(self):
        desk = desk_of(ready(0), *received_by_turns()[1:])
        part_of(desk, 1, 0)
        with pytest.raises(ActionRefused, match="open-children"):
            close(desk, 0)
        assert part_of(desk, 1, None).parent is None
        assert part_of(desk, 1, 2).parent == "K-2"
        assert close(desk, 0).status == "closed"

    def test_a_circle_that_was_kept_elsewhere_is_a_trap_for_nobody(self):
        one, other = (
            received(mine).after(entry(ParentNamed(ComplaintId(theirs))))
            for mine, theirs in (("K-0", "K-1"), ("K-1", "K-0"))
        )
        desk = desk_of(one, other, received("K-2"))
        with pytest.raises(InvalidValue, match="no part of itself or of its parts"):
            part_of(desk, 2, 0)
        assert part_of(desk, 0, None).parent is None
        assert part_of(desk, 2, 0).parent == "K-0"

    def test_one_that_was_kept_as_a_part_of_itself_can_be_closed(self):
        desk = desk_of(ready(0).after(entry(ParentNamed(NUMBERS[0]))))
        assert close(desk, 0).status == "closed"

    def test_a_whole_that_is_merged_takes_its_open_parts_along(self):
        """Otherwise a complaint could be closed over an open part by way of another one."""
        desk = desk_of(ready(0), *received_by_turns()[1:3])
        part_of(desk, 2, 1)
        merge(desk, 1, 0)
        with pytest.raises(ActionRefused, match="open-children"):
            close(desk, 0)
        desk.act(NUMBERS[2], Action.WITHDRAW, by=ANNA, at=MONDAY, reason="they called it off")
        record(desk, 0, ASKED)
        assert close(desk, 0).status == "closed"

    def test_through_a_chain_of_merged_ones_too(self):
        desk = desk_of(ready(0), *received_by_turns()[1:])
        part_of(desk, 3, 2)
        merge(desk, 2, 1)
        merge(desk, 1, 0)
        record(desk, 0, ASKED)
        with pytest.raises(ActionRefused, match="open-children"):
            close(desk, 0)

    @pytest.mark.parametrize(("child", "parent"), [(1, 0), (0, 1)])
    def test_part_and_whole_can_be_merged(self, child, parent):
        desk = desk_of(ready(0), received_by_turns()[1])
        part_of(desk, child, parent)
        merge(desk, 1, 0)
        record(desk, 0, ASKED)
        assert close(desk, 0).status == "closed"

    @given(
        st.lists(st.tuples(st.integers(0, 3), st.none() | st.integers(0, 3)), max_size=12),
        st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=4),
    )
    def test_whatever_is_put_together_everything_can_be_closed(self, parts, merged):
        """From below, in some order: no arrangement locks two complaints against each other."""
        desk = desk_of(*map(ready, range(4)))
        for child, parent in parts:
            try:
                part_of(desk, child, parent)
            except CrmkitError:
                continue
        for number, into in merged:
            try:
                merge(desk, number, into)
            except CrmkitError:
                continue
        open_ones = {n for n in range(4) if desk.get(NUMBERS[n]).merged_into is None}
        for number in open_ones:
            record(desk, number, ASKED)
        for _ in NUMBERS:
            for number in sorted(open_ones):
                try:
                    close(desk, number)
                except ActionRefused:
                    continue
                open_ones.discard(number)
        assert open_ones == set()


class TestWholeMatter:
    """No second call: whoever has to come back is counted, wherever it was noted."""

    def test_further_contacts_count_whichever_complaint_they_are_noted_in(self):
        desk = desk_of(*received_by_turns(3))
        for number in (0, 1, 1):
            record(desk, number, CALLED)
        record(desk, 1, ANSWERED)
        assert [desk.repeat_contacts(number) for number in NUMBERS[:3]] == [1, 2, 0]
        merge(desk, 1, 0)
        assert desk.repeat_contacts(NUMBERS[0]) == 1 + 2 + 1
        record(desk, 1, CALLED)
        record(desk, 0, CALLED)
        assert desk.repeat_contacts(NUMBERS[0]) == 6
        merge(desk, 2, 0)
        assert desk.repeat_contacts(NUMBERS[0]) == 7
        desk.unmerge(NUMBERS[1], by=ANNA, at=MONDAY + 9 * HOUR, reason="two matters")
        assert [desk.repeat_contacts(number) for number in NUMBERS[:3]] == [3, 3, 0]

    def test_those_of_a_chain_count_once(self):
        desk = desk_of(*received_by_turns())
        for number in range(4):
            record(desk, number, CALLED)
        merge(desk, 3, 2)
        merge(desk, 2, 1)
        merge(desk, 1, 0)
        assert desk.repeat_contacts(NUMBERS[0]) == 4 + 3

    @pytest.mark.parametrize("theirs", ["C-2", None])
    def test_the_complaint_of_another_is_no_repeated_contact(self, theirs):
        other = received("K-1", received_at=MONDAY + HOUR, complainant=theirs)
        desk = desk_of(received("K-0", complainant=theirs and "C-1"), other)
        merge(desk, 1, 0)
        record(desk, 1, CALLED)
        assert desk.repeat_contacts(NUMBERS[0]) == 1

    def test_a_complaint_that_is_not_there_does_not_count(self):
        alone = received_by_turns(1)[0]
        assert whole_matter(alone, lambda number: None) == (alone,)
        assert come_back((note(alone, CALLED),)) == 1
        desk = desk_of(*received_by_turns(2))
        merge(desk, 1, 0)
        elsewhere = ComplaintDesk(store=MemoryStore())
        elsewhere.keep(desk.get(NUMBERS[0]))
        assert elsewhere.repeat_contacts(NUMBERS[0]) == 0

    def test_nobody_takes_in_what_does_not_know_of_it(self):
        """A complaint that was kept elsewhere may claim whatever it likes."""
        claiming = received("K-0", complainant="C-1").after(entry(Absorbed(NUMBERS[1])))
        itself = received("K-2", complainant="C-1").after(entry(Absorbed(NUMBERS[2])))
        desk = desk_of(claiming, received_by_turns()[1], itself)
        part_of(desk, 0, 1)
        assert [desk.repeat_contacts(number) for number in NUMBERS[:3]] == [0, 0, 0]
        assert whole_matter(claiming, lambda number: desk.get(number)) == (claiming,)

    def test_two_that_are_forged_into_each_other_are_two(self):
        one, other = (
            received(mine).after(entry(Absorbed(theirs))).after(entry(Merged(theirs)))
            for mine, theirs in (("K-0", NUMBERS[1]), ("K-1", NUMBERS[0]))
        )
        forged = {one.id: one, other.id: other}
        assert whole_matter(one, forged.get) == (one, other)

    def test_an_unknown_number_is_told(self):
        with pytest.raises(NotKept):
            desk_of().repeat_contacts(NUMBERS[0])
