"""After a conflict work is done again, with growing random pauses, up to a deadline."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidValue, StoreBusy, VersionConflict
from crmkit.storage import StoreUnavailable
from crmkit.storage.memory import MemoryStore
from crmkit.storage.retrying import retry, retry_action


class Time:
    """A clock that moves when somebody sleeps, and no further."""

    def __init__(self, take=0.0):
        self.now = 100.0
        self.slept: list[float] = []
        self.take = take

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


def longest(_, high):
    return high


def meets(count, error):
    """Work that meets an error so many times before it succeeds."""
    left = iter(range(count))

    def work(unit):
        unit.outbox.add("tried", "")
        if next(left, None) is not None:
            raise error
        return "done"

    return work


BUSY = StoreBusy("busy")


class TestPauses:
    """Who met once does not meet again at the same moment."""

    def test_they_double_up_to_the_longest(self):
        time, store = Time(), MemoryStore()
        done = retry(
            store,
            meets(6, BUSY),
            first_pause=timedelta(milliseconds=100),
            longest_pause=timedelta(milliseconds=500),
            clock=time,
            sleep=time.sleep,
            draw=longest,
        )
        assert done == "done"
        assert time.slept == [0.1, 0.2, 0.4, 0.5, 0.5, 0.5]
        assert store.deliver(lambda _: None) == 1

    @given(st.randoms(use_true_random=False))
    def test_each_is_drawn_from_nothing_up_to_that(self, dice):
        time, bounds = Time(), iter([0.005, 0.01, 0.02, 0.04])

        def draw(low, high):
            assert (low, high) == (0.0, next(bounds))
            return dice.uniform(low, high)

        retry(MemoryStore(), meets(4, BUSY), clock=time, sleep=time.sleep, draw=draw)
        assert len(time.slept) == 4

    def test_without_a_conflict_there_is_none(self):
        time = Time()
        assert retry(MemoryStore(), meets(0, BUSY), clock=time, sleep=time.sleep) == "done"
        assert time.slept == []

    def test_by_default_time_passes(self):
        assert retry(MemoryStore(), meets(2, BUSY)) == "done"


class TestTheEnd:
    """Two who are always in each other's way hear of it, and do not try for ever."""

    @pytest.mark.parametrize("attempts", [1, 2, 5])
    def test_it_ends_with_the_last_conflict(self, attempts):
        time, store = Time(), MemoryStore()
        conflict = VersionConflict("notes", 1, 2)
        with pytest.raises(VersionConflict):
            retry(store, meets(99, conflict), attempts=attempts, clock=time, sleep=time.sleep)
        assert len(time.slept) == attempts - 1
        assert store.deliver(lambda _: None) == 0

    def test_no_attempt_begins_after_the_deadline(self):
        time = Time()
        with pytest.raises(StoreBusy):
            retry(
                MemoryStore(),
                meets(99, BUSY),
                attempts=100,
                deadline=timedelta(seconds=1),
                first_pause=timedelta(milliseconds=300),
                longest_pause=timedelta(milliseconds=300),
                clock=time,
                sleep=time.sleep,
                draw=longest,
            )
        assert len(time.slept) == 3
        assert time.now <= 101.0

    def test_an_attempt_may_begin_at_the_deadline_itself(self):
        time = Time()
        done = retry(
            MemoryStore(),
            meets(1, BUSY),
            deadline=timedelta(seconds=1),
            first_pause=timedelta(seconds=1),
            clock=time,
            sleep=time.sleep,
            draw=longest,
        )
        assert (done, time.slept) == ("done", [1.0])

    def test_other_errors_come_through_at_once(self):
        time = Time()
        with pytest.raises(StoreUnavailable):
            retry(MemoryStore(), meets(1, StoreUnavailable("gone")), clock=time, sleep=time.sleep)
        assert time.slept == []

    def test_a_host_may_name_what_another_attempt_can_mend(self):
        time = Time()
        gone = StoreUnavailable("gone")
        errors = (StoreUnavailable,)
        done = retry(MemoryStore(), meets(1, gone), errors=errors, clock=time, sleep=time.sleep)
        assert done == "done"

    @pytest.mark.parametrize("attempts", [0, -1, True, 1.5])
    def test_there_is_at_least_one_attempt(self, attempts):
        with pytest.raises(InvalidValue, match="1 or more"):
            retry(MemoryStore(), meets(0, BUSY), attempts=attempts)

    @pytest.mark.parametrize(
        "times",
        [
            (timedelta(seconds=-1), timedelta(), timedelta()),
            (timedelta(), timedelta(seconds=-1), timedelta()),
            (timedelta(), timedelta(), timedelta(microseconds=-1)),
        ],
    )
    def test_no_time_is_negative(self, times):
        deadline, first, longest = times
        with pytest.raises(InvalidValue, match="not negative"):
            retry(
                MemoryStore(),
                meets(0, BUSY),
                deadline=deadline,
                first_pause=first,
                longest_pause=longest,
            )


class TestATransactionOfTheHost:
    """Whoever opens the transaction tries all of it again."""

    def test_it_is_done_again_from_its_beginning(self):
        time = Time()
        began: list[int] = []

        def action():
            began.append(len(began))
            if len(began) < 3:
                raise KeyError("serialization failure")
            return "done"

        assert retry_action(action, errors=(KeyError,), clock=time, sleep=time.sleep) == "done"
        assert (began, len(time.slept)) == ([0, 1, 2], 2)
