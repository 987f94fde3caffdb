"""The other end of an outbox: messages that come more than once take effect once.

An outbox hands each message over at least once, so a receiver hears some of them again. It notes in
its own store, in the unit of work in which the message takes effect, that it has heard it. There is
no delivery that happens exactly once; there is an *effect* that does.

>>> from datetime import UTC
>>> from crmkit.storage.memory import MemoryStore
>>> warehouse, inbox = MemoryStore(), Inbox("orders")
>>> order = Message(7, "order-placed", "3 chairs")
>>> def hear(message):
...     with warehouse.unit_of_work() as unit:
...         is_new = inbox.receive(
...             unit, message, lambda: unit.outbox.add("reserve", message.payload),
...             at=datetime(2026, 3, 1, 9, tzinfo=UTC),
...         )
...         unit.commit()
...     return is_new
>>> hear(order), hear(order)
(True, False)
>>> warehouse.deliver(lambda message: None)
1
"""

from collections.abc import Callable
from datetime import datetime

from attrs import frozen

from crmkit.identifiers import check_identifier
from crmkit.storage import Message, UnitOfWork

__all__ = ["Inbox"]


@frozen
class Inbox:
    """What was heard from one sender, by the numbers of its messages.

    ``sender`` tells senders apart whose numbers are the same. What was heard is kept among the
    answers to commands: ``store.forget_answers`` forgets it, so let it reach back further than any
    message can come again.

    :raises InvalidIdentifier: if the sender could not serve as a key.
    """

    sender: str

    def __attrs_post_init__(self) -> None:
        check_identifier(self.sender, "the sender of messages")

    def receive(
        self, unit: UnitOfWork, message: Message, work: Callable[[], object], *, at: datetime
    ) -> bool:
        """Let a message take effect, unless it has before; say whether it does now.

        ``work`` writes into the same unit of work, which the caller commits. Nothing is noted of
        work that raises.

        :raises IdempotencyMismatch: if another message came under this number before: two senders
            share one inbox, or one has lost its memory.
        """
        heard: list[Message] = []

        def take() -> str:
            work()
            heard.append(message)
            return ""

        key = f"inbox {self.sender} {message.id}"
        unit.once(key, f"{message.topic}\n{message.payload}", take, at=at)
        return bool(heard)
