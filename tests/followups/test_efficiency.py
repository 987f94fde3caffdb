"""CUS-12: how well the plan was worked off, and where it got stuck."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidValue, NaiveDatetime
from crmkit.followups import (
    Assigned,
    Cancelled,
    FollowUpStatus,
    Missed,
    Unassigned,
    contact_efficiency,
)
from crmkit.period import Period
from tests.followups.builders import (
    ANNA,
    BEN,
    DAY,
    FRIDAY,
    HOUR,
    MONDAY,
    NAIVE,
    NOON,
    at,
    done,
    go,
    planned,
)
from tests.followups.test_overdue import lists

MAY = Period.month(2026, 5)
SATURDAY = FRIDAY + DAY
JUNE = at(MAY.end)
ZERO = timedelta(0)


def total(*follow_ups, when=JUNE):
    return contact_efficiency(follow_ups, MAY, when).total


class TestCounts:
    @given(lists)
    def test_every_one_that_is_due_in_the_period_counts_once_with_its_owner(self, every):
        found = contact_efficiency(every, MAY, JUNE)
        due = [each for each in every if each.due_on in MAY]
        assert found.total.total == len(due)
        for owner, one in found.by_owner.items():
            mine = [each for each in due if each.owner == owner]
            assert dict(one.counts) == {
                status: sum(each.status is status for each in mine)
                for status in FollowUpStatus
                if any(each.status is status for each in mine)
            }
            assert one.in_time == sum(each.days_late == 0 for each in mine)

    @given(lists, st.integers(0, 8), st.randoms())
    def test_parts_make_the_whole_in_any_order(self, every, cut, chance):
        whole = contact_efficiency(every, MAY, JUNE)
        first = contact_efficiency(every[:cut], MAY, JUNE).total
        rest = contact_efficiency(every[cut:], MAY, JUNE).total
        assert first.merge(rest) == rest.merge(first) == whole.total
        mixed = [*every, *every]
        chance.shuffle(mixed)
        assert contact_efficiency(mixed, MAY, JUNE) == whole

    def test_what_is_due_before_or_after_the_period_does_not_count(self):
        calls = [
            planned(f"F-{n}", due_on=day, not_before=day, not_after=day)
            for n, day in enumerate([MAY.start - DAY, MAY.start, MAY.last, MAY.end])
        ]
        assert total(*calls).total == 2

    def test_what_was_called_off_is_not_asked_for(self):
        found = total(
            go(planned("F-1"), done()),
            go(planned("F-2"), done(SATURDAY), on=SATURDAY),
            go(planned("F-3"), Missed(SATURDAY)),
            go(planned("F-4"), Cancelled()),
        )
        assert (found.share_done, found.share_in_time) == (Fraction(2, 3), Fraction(1, 3))

    def test_where_nothing_is_asked_for_there_is_no_share(self):
        for found in (total(), total(go(planned(), Cancelled()))):
            assert found.share_done is found.share_in_time is None
        assert total().bottleneck is None

    def test_owners_stand_in_order_and_nobody_first(self):
        found = contact_efficiency(
            [planned("F-1", owner=BEN), planned("F-2"), planned("F-3", owner=ANNA)], MAY, JUNE
        )
        assert list(found.by_owner) == [None, ANNA, BEN]
        assert (found.period, found.at) == (MAY, JUNE)


class TestWaiting:
    """The bottleneck is where follow-ups stand longest before they are done."""

    def test_it_adds_up_how_long_they_stood_where(self):
        call = planned(at=NOON)
        for event, days in (
            (Assigned(ANNA), 2),
            (Unassigned(), 3),
            (Assigned(BEN), 7),
            (done(), 8),
        ):
            call = call.after(event, by=BEN, at=NOON + days * DAY, reason="so it was")
        found = total(call)
        assert dict(found.waited) == {"planned": 6 * DAY, "assigned": 2 * DAY}
        assert found.bottleneck is FollowUpStatus.PLANNED

    def test_what_waits_still_waits_until_now(self):
        assert dict(total(planned(at=NOON), when=NOON + DAY).waited) == {"planned": DAY}
        missed = planned(at=NOON).after(Missed(SATURDAY), by=BEN, at=NOON + DAY, reason="over")
        assert dict(total(missed, when=NOON + 3 * DAY).waited) == {
            "planned": DAY,
            "missed": 2 * DAY,
        }

    def test_what_is_over_waits_no_longer(self):
        for event in (done(), Cancelled()):
            call = planned(at=NOON).after(event, by=BEN, at=NOON + HOUR, reason="so it was")
            assert dict(total(call).waited) == {"planned": HOUR}

    def test_what_was_recorded_late_makes_no_time_run_backwards(self):
        call = planned(at=NOON).after(Assigned(ANNA), by=BEN, at=NOON - DAY, reason="late")
        assert dict(total(call, when=NOON + DAY).waited) == {"assigned": DAY}
        assert dict(total(call, when=NOON - DAY).waited) == {}

    @given(lists)
    def test_nobody_waits_for_less_than_nothing(self, every):
        for one in contact_efficiency(every, MAY, NOON).by_owner.values():
            assert all(time > ZERO for time in one.waited.values())


class TestTerms:
    def test_a_period_is_a_period_and_an_instant_an_instant(self):
        with pytest.raises(InvalidValue, match="within a Period"):
            contact_efficiency([], MONDAY, JUNE)  # type: ignore[arg-type]
        with pytest.raises(NaiveDatetime):
            contact_efficiency([], MAY, NAIVE)
