"""For asynchronous hosts: the same stores, each call in a thread.

There is one tree of stores and desks, and it is synchronous; this wrapper hands whole pieces of
work to a thread, so that the event loop goes on meanwhile.

>>> import asyncio
>>> from crmkit.storage.memory import MemoryStore
>>> async def main():
...     async with AsyncStore(MemoryStore()) as store:
...         await store.run(lambda unit: unit.outbox.add("greeting", "hello"))
...         async def greet(message):
...             print(message.payload)
...         return await store.deliver(greet)
>>> asyncio.run(main())
hello
1
"""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

from attrs import frozen

from crmkit.storage import Message, Store, UnitOfWork
from crmkit.storage.retrying import retry

__all__ = ["AsyncStore"]

P = ParamSpec("P")
ResultT = TypeVar("ResultT")


@frozen
class AsyncStore:
    """A store whose work an event loop can wait for.

    Waiting can be cancelled, the thread cannot: work that has begun goes on and may commit. So give
    a command an idempotency key, and send it again if you do not know what became of it.
    """

    store: Store

    async def run(self, work: Callable[[UnitOfWork], ResultT], **options: Any) -> ResultT:
        """Do some work in a unit and commit it, as :func:`crmkit.storage.retrying.retry` does.

        ``options`` are those of ``retry``.
        """
        return await self.call(lambda: retry(self.store, work, **options))

    async def look(self, work: Callable[[UnitOfWork], ResultT]) -> ResultT:
        """Read in a unit that is not committed."""

        def read() -> ResultT:
            with self.store.unit_of_work() as unit:
                return work(unit)

        return await self.call(read)

    async def call(
        self, function: Callable[P, ResultT], /, *args: P.args, **options: P.kwargs
    ) -> ResultT:
        """Call something that works with the store, such as the method of a desk, in a thread."""
        return await asyncio.to_thread(function, *args, **options)

    async def deliver(
        self, handler: Callable[[Message], Awaitable[object]], *, limit: int = 100
    ) -> int:
        """Hand the oldest messages over to a coroutine function, one after the other."""
        loop = asyncio.get_running_loop()

        async def handle(message: Message) -> None:
            await handler(message)

        def hand_over(message: Message) -> None:
            asyncio.run_coroutine_threadsafe(handle(message), loop).result()

        return await self.call(self.store.deliver, hand_over, limit=limit)

    async def close(self) -> None:
        """Let go of files and connections."""
        await self.call(self.store.close)

    async def __aenter__(self) -> Self:
        """Use the store, and close it."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the store."""
        await self.close()
