"""What happens after a commit: letters for the messages that complaints have left in the outbox."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, Engine, insert

from crmkit.storage import Message, UnitOfWork
from crmkit.storage.inbox import Inbox
from crmkit.storage.sqlalchemy import SqlAlchemyStore
from examples.complaint_desk_flask.app import RECEIVED_TOPIC
from examples.complaint_desk_flask.tables import letters
from examples.complaint_desk_flask.transactions import Transactions

__all__ = ["write_letters"]

_INBOX = Inbox("complaint-desk")


def write_letters(engine: Engine, clock: Callable[[], datetime]) -> int:
    """Write the letters that are due, and say how many messages were taken; call it every minute.

    A message can come twice, as when this process dies before the outbox has forgotten it. The
    letter and the note that it was written are one transaction, so there is one letter all the
    same.
    """
    transactions = Transactions(engine)

    def take(message: Message) -> None:
        def work(connection: Connection, unit: UnitOfWork) -> None:
            _INBOX.receive(unit, message, lambda: _write(connection, message), at=clock())

        transactions.together(work)

    return SqlAlchemyStore(engine).deliver(take)


def _write(connection: Connection, message: Message) -> None:
    if message.topic == RECEIVED_TOPIC:
        text = f"We have received your complaint. Its number is {message.payload}."
        connection.execute(insert(letters), {"complaint": message.payload, "text": text})
