"""The ledgers of a program within one unit of work: read as little as will do, write once."""

from collections.abc import Callable, Iterator

from attrs import frozen

from crmkit.errors import CrmkitError
from crmkit.identifiers import CustomerId
from crmkit.loyalty.kept import (
    MEMBERSHIPS,
    POINTS_ACCOUNT,
    POINTS_LEDGERS,
    POSTED_KEYS,
    QUALIFICATIONS,
    Membership,
    PostedKey,
    posted_key,
)
from crmkit.loyalty.policies.program import Program
from crmkit.loyalty.records.entries import LedgerEntry, MergedFrom, Reversal, Rollback
from crmkit.loyalty.tally.account import PointsAccount
from crmkit.loyalty.tally.balance import Balance
from crmkit.loyalty.tally.ledger import PointsLedger
from crmkit.storage import Stored, UnitOfWork

__all__ = ["Command", "Ledgers", "NotAMember", "Posted"]

Command = Callable[[PointsLedger], PointsLedger]

_UNUSED = PointsAccount()


class NotAMember(CrmkitError):
    """A command for somebody who has not joined the program."""

    code = "not-a-member"

    def __init__(self) -> None:
        """The customer is left out, because the key may identify a person."""
        super().__init__("this customer is no member: join(member, on=...) first")


@frozen
class Posted:
    """What a command posted, and what the member has after the last entry of the ledger.

    ``is_new`` is False if the same command had been posted before.
    """

    entry: LedgerEntry
    is_new: bool
    balance: Balance


@frozen
class Ledgers:
    """The ledgers of a program, as one unit of work sees them."""

    unit: UnitOfWork
    program: Program
    snapshot_every: int

    def member(self, member: CustomerId) -> Stored[Membership]:
        """The membership of somebody.

        :raises NotAMember: if they have none.
        """
        stored = self.unit.repository(MEMBERSHIPS).find(member)
        if stored is None:
            raise NotAMember
        return stored

    def account(self, member: CustomerId) -> PointsAccount:
        """What a member has, from the newest snapshot on."""
        return self.unit.stream(POINTS_LEDGERS).fold(member, POINTS_ACCOUNT)

    def number_of(self, member: CustomerId, key: str) -> int | None:
        """Under which number a command was posted, None if it was not."""
        used = self.unit.repository(POSTED_KEYS).find(posted_key(member, key))
        return None if used is None else used.record.number

    def seen(self, member: CustomerId, key: str, *, whole: bool = False) -> PointsLedger:
        """The ledger that a command goes to: with the entry of its key, if that was posted before,
        or else the newest snapshot, or all of it."""
        number = self.number_of(member, key)
        if number is not None:
            entries = self.unit.stream(POINTS_LEDGERS).read(member, number - 1, number)
            return PointsLedger(member, self.program.terms, entries=entries, account=_UNUSED)
        if whole:
            return self.whole(member)
        return PointsLedger.continued(member, self.program.terms, self.account(member))

    def whole(self, member: CustomerId) -> PointsLedger:
        """All entries of a member, with those of members who were merged into this one."""
        entries = self.unit.stream(POINTS_LEDGERS).read(member)
        merged = tuple(
            self.whole(entry.posting.member)
            for entry in entries
            if isinstance(entry.posting, MergedFrom)
        )
        return PointsLedger(member, self.program.terms, entries=entries, merged=merged)

    def home(self, member: CustomerId) -> CustomerId:
        """Who has everything of a member now: whoever they were merged into, or they themselves.

        :raises NotAMember: if they have no membership.
        """
        survivor = self.member(member).record.survivor
        return member if survivor is None else self.home(survivor)

    def entries(self, member: CustomerId) -> Iterator[tuple[CustomerId, LedgerEntry]]:
        """Every entry of a member, with those of members who were merged into this one from then
        on, each with whose it is: a return or a rollback is of whoever had bought or redeemed."""
        for entry in self.unit.stream(POINTS_LEDGERS).read(member):
            what, whose = entry.posting, member
            if isinstance(what, MergedFrom):
                yield from self.entries(what.member)
            elif isinstance(what, Reversal | Rollback):
                whose = what.member or member
            yield whose, entry

    def post(
        self, member: CustomerId, key: str, command: Command, *, whole: bool = False
    ) -> Posted:
        """Carry a command out, and write what it posted."""
        self.member(member)
        before = self.seen(member, key, whole=whole)
        return self.keep(key, before, command(before))

    def keep(self, key: str, before: PointsLedger, after: PointsLedger) -> Posted:
        """Write what a command posted, if it posted anything."""
        known = before.entry(key)
        if known is not None:
            return self.known(before.member, known)
        entry = after.entries[-1]
        log, number = self.unit.stream(POINTS_LEDGERS), after.account.entries
        log.append(after.member, (entry,), before.account.entries)
        self.unit.repository(POSTED_KEYS).add(PostedKey(after.member, key, number))
        if number % self.snapshot_every == 0:
            log.snapshot(after.member, POINTS_ACCOUNT)
            log.snapshot(after.member, QUALIFICATIONS)
        return Posted(entry, True, after.account.balance(entry.on))

    def known(self, member: CustomerId, entry: LedgerEntry) -> Posted:
        """What was posted before, and what the member has now."""
        account = self.account(member)
        return Posted(entry, False, account.balance(account.on or entry.on))
