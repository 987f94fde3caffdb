"""What became of one lot or one redemption, read off the entries of a ledger."""

from collections.abc import Iterable, Iterator
from datetime import date

from crmkit.identifiers import CustomerId
from crmkit.loyalty.records.entries import Capture, LedgerEntry, Redemption, Reversal, Rollback
from crmkit.loyalty.records.lots import Lot
from crmkit.loyalty.tally.account import Passed, PointsAccount

__all__ = ["expired_of", "redeemed_by", "reversals_of", "rollbacks_of", "statement"]


def statement(entries: Iterable[LedgerEntry], until: date) -> Iterator[LedgerEntry | Passed]:
    """Every line of a ledger, and between them what happened by itself until a day.

    Expiry and lapsed holds are no entries: they follow from the date. A member wants to see them
    all the same.
    """
    account = PointsAccount()
    for entry in entries:
        account, passed = account.passing(entry.on)
        yield from passed
        yield entry
        account, at_once = account.step(entry)
        yield from at_once
    yield from account.passing(until)[1]


def expired_of(lot: str, entries: Iterable[LedgerEntry], until: date) -> int:
    """How many points of a lot had expired by a day."""
    return sum(
        part.points
        for line in statement(entries, until)
        if isinstance(line, Passed)
        for part in line.expired
        if part.id == lot
    )


def reversals_of(
    accrual: str, entries: Iterable[LedgerEntry], member: CustomerId | None
) -> tuple[Reversal, ...]:
    """What returns took back of an accrual; ``member`` earned it, if merged into this one."""
    whats = (entry.posting for entry in entries)
    return tuple(
        what
        for what in whats
        if isinstance(what, Reversal) and (what.accrual, what.member) == (accrual, member)
    )


def rollbacks_of(
    redemption: str, entries: Iterable[LedgerEntry], member: CustomerId | None
) -> tuple[Rollback, ...]:
    """What was put back of a redemption; ``member`` is whose it was, if merged into this one."""
    whats = (entry.posting for entry in entries)
    return tuple(
        what
        for what in whats
        if isinstance(what, Rollback) and (what.redemption, what.member) == (redemption, member)
    )


def redeemed_by(key: str, entries: Iterable[LedgerEntry]) -> tuple[Lot, ...] | None:
    """The lots that a redemption or capture spent; None if there is none of that key."""
    for entry in entries:
        if entry.key == key and isinstance(entry.posting, Redemption | Capture):
            return entry.posting.lots
    return None
