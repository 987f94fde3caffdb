"""Which collections stand still while something is written to them."""

from attrs import frozen
from sqlalchemy import Connection, Dialect

from crmkit.storage.sqlalchemy.statements import Statements
from crmkit.storage.unit.changes import Shelf

__all__ = ["Hold", "hold_shelves", "holding_text"]


@frozen
class Hold:
    """Some collections, by name and in order; ``alone``: nobody else may write there meanwhile."""

    names: tuple[str, ...]
    alone: bool = False


def hold_shelves(connection: Connection, ask: Statements, hold: Hold) -> dict[str, Shelf]:
    """What is known of some collections, and stays so until the transaction ends."""
    if not hold.names:
        return {}
    if len(hold.names) == 1:
        (name,) = hold.names
        found = connection.execute(ask.hold_shelf[hold.alone], {"at_collection": name})
    else:
        found = connection.execute(ask.hold_shelves[hold.alone], {"names": list(hold.names)})
    return {name: Shelf(floor, signature) for name, floor, signature in found.fetchall()}


def holding_text(ask: Statements, dialect: Dialect, hold: Hold) -> str:
    """The same question as a text; the name of a collection has only letters and hyphens."""
    if len(hold.names) == 1:
        question = ask.hold_shelf[hold.alone].params(at_collection=hold.names[0])
    else:
        question = ask.hold_shelves[hold.alone].params(names=list(hold.names))
    return str(question.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
