"""What the parts of the contract of a store share: what they derive from, and what they keep."""

from crmkit.money import Money
from crmkit.storage import Message, Store
from crmkit.testing.samples import CARDS, Card

__all__ = ["Promises", "card_of", "ignore", "keep"]


class Promises:
    """Promises of a store: derived classes say how a new, empty one is made."""

    max_examples: int | None = None
    """How many random histories are tried; None leaves it to the Hypothesis profile."""

    def new_store(self) -> Store:
        """Make a new, empty store."""
        raise NotImplementedError("derive from StoreContract and make a new, empty store here")


def card_of(key: str, value: int = 0, tag: str = "x") -> Card:
    """A record under a key."""
    return Card(key, "anna", None, Money("1.00", "EUR"), (tag,), value)


def keep(store: Store, *cards: Card) -> None:
    """Keep some records, and commit."""
    with store.unit_of_work() as unit:
        for card in cards:
            unit.repository(CARDS).add(card)
        unit.commit()


def ignore(_: Message) -> None:
    """Take a message and do nothing about it."""
