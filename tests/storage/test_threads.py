"""An event loop waits for a store without standing still."""

from __future__ import annotations

import asyncio
import threading

import pytest
from attrs import frozen

from crmkit.errors import NotKept, StoreError, VersionConflict
from crmkit.storage import Collection
from crmkit.storage.sqlite import SqliteStore
from crmkit.storage.threads import AsyncStore


@frozen
class Note:
    """A record."""

    key: str
    count: int = 0


NOTES: Collection[Note] = Collection("notes", Note, lambda note: note.key)


def add(unit):
    unit.repository(NOTES).add(Note("a"))
    unit.outbox.add("noted", "a")


def count_up(unit):
    notes = unit.repository(NOTES)
    stored = notes.get("a")
    notes.replace(Note("a", stored.record.count + 1), stored.version)


def counted(unit):
    return unit.repository(NOTES).get("a").record.count


class TestAsyncStore:
    """Work is done in threads, and the loop goes on."""

    def test_many_at_once_lose_nothing(self, store):
        async def main():
            waits = AsyncStore(store)
            await waits.run(add)
            await asyncio.gather(*[waits.run(count_up, attempts=1_000) for _ in range(20)])
            return await waits.look(counted)

        assert asyncio.run(main()) == 20

    def test_the_options_are_those_of_retry(self, store):
        async def main():
            def conflicts(unit):
                raise VersionConflict("notes", 1, 2)

            await AsyncStore(store).run(conflicts, attempts=1)

        with pytest.raises(VersionConflict):
            asyncio.run(main())

    def test_looking_keeps_nothing(self, store):
        async def main():
            waits = AsyncStore(store)
            await waits.look(add)
            with pytest.raises(NotKept):
                await waits.look(counted)

        asyncio.run(main())

    def test_the_loop_goes_on_while_a_thread_works(self, store):
        async def main():
            goes_on = threading.Event()

            def wait(unit):
                return goes_on.wait(timeout=60)

            work = asyncio.create_task(AsyncStore(store).look(wait))
            await asyncio.sleep(0)
            goes_on.set()
            return await work

        assert asyncio.run(main())

    def test_messages_go_to_a_coroutine_in_the_loop_of_the_caller(self, store):
        async def main():
            waits, told = AsyncStore(store), []
            await waits.run(add)

            async def hear(message):
                await asyncio.sleep(0)
                told.append((message.payload, threading.current_thread()))

            count = await waits.deliver(hear)
            return count, told == [("a", threading.current_thread())], await waits.deliver(hear)

        assert asyncio.run(main()) == (1, True, 0)

    def test_a_message_that_was_not_taken_comes_again(self, store):
        async def main():
            waits = AsyncStore(store)
            await waits.run(add)

            async def fail(message):
                raise ValueError

            with pytest.raises(ValueError):  # noqa: PT011
                await waits.deliver(fail)
            return len(await waits.look(lambda unit: unit.outbox.waiting()))

        assert asyncio.run(main()) == 1

    def test_it_closes_the_store(self, tmp_path):
        async def main():
            async with AsyncStore(SqliteStore.open(tmp_path / "a", create=True)) as waits:
                await waits.run(add)
            with pytest.raises(StoreError, match="closed"):
                await waits.look(counted)

        asyncio.run(main())
