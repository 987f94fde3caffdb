"""Rewards at the desk of a program: who can have which, and how many are left."""

from collections.abc import Iterable
from datetime import date

from attrs import frozen

from crmkit.decision import Decision
from crmkit.errors import IdempotencyMismatch, InvalidValue
from crmkit.identifiers import CustomerId
from crmkit.loyalty.desk.ledgers import Ledgers, Posted
from crmkit.loyalty.desk.standing import tier_of
from crmkit.loyalty.kept import REWARD_STOCKS, posted_key
from crmkit.loyalty.policies.program import Program
from crmkit.loyalty.policies.rewards import Redeemed, RewardCatalog, RewardFacts, RewardVerdict
from crmkit.loyalty.records.entries import Capture, LedgerEntry, Redemption, Rollback
from crmkit.loyalty.records.lots import points_in
from crmkit.loyalty.records.reward import Restocked, RewardStock
from crmkit.loyalty.tally.ledger import EntryNote

__all__ = ["Rewarded", "catalog_of", "give", "put_back", "redeemed_in", "restock", "reward_facts"]


OfMember = tuple[CustomerId, LedgerEntry]
"""An entry, and whose it is."""


@frozen
class Rewarded:
    """Whether a member got a reward: the decision that says why, and what was posted.

    Nothing was posted if the decision refused it. The decision is None if the reward had been given
    before under the same key.
    """

    decision: Decision[RewardVerdict] | None
    posted: Posted | None


def catalog_of(program: Program) -> RewardCatalog:
    """The rewards of a program.

    :raises InvalidValue: if it has none.
    """
    if program.rewards is None:
        raise InvalidValue("this program has no rewards: pass Program(rewards=RewardCatalog(...))")
    return program.rewards


def reward_facts(ledgers: Ledgers, member: CustomerId, on: date) -> RewardFacts:
    """What a decision about rewards looks at."""
    membership, entries = ledgers.member(member).record, tuple(ledgers.entries(member))
    tiers = ledgers.program.tiers
    return RewardFacts(
        member=member,
        on=on,
        points=ledgers.whole(member).balance(on).available,
        member_since=membership.joined_on,
        tier=None if tiers is None else tier_of(ledgers, member, on).outcome.name,
        redeemed=redeemed_in(entries),
        left=_left(ledgers),
    )


def _left(ledgers: Ledgers) -> dict[str, int]:
    catalog, kept = catalog_of(ledgers.program), ledgers.unit.repository(REWARD_STOCKS)
    found = (kept.find(each.name) for each in catalog.rewards)
    stocks = (stored.record for stored in found if stored is not None)
    return {stock.reward: stock.left for stock in stocks if stock.left is not None}


def redeemed_in(entries: Iterable[OfMember]) -> tuple[Redeemed, ...]:
    """Which rewards a member had, and on which days; what was cancelled altogether is left out."""
    every = tuple(entries)
    spent = _left_of_redemptions(every)
    return tuple(
        Redeemed(entry.posting.reward, entry.on)
        for whose, entry in every
        if isinstance(entry.posting, Redemption | Capture)
        if entry.posting.reward is not None and spent[whose, entry.key]
    )


def _left_of_redemptions(entries: Iterable[OfMember]) -> dict[tuple[CustomerId, str], int]:
    """How many points each redemption and capture still holds spent."""
    spent = dict[tuple[CustomerId, str], int]()
    for whose, entry in entries:
        what = entry.posting
        if isinstance(what, Redemption | Capture):
            spent[whose, entry.key] = points_in(what.lots)
        elif isinstance(what, Rollback):
            spent[whose, what.redemption] -= points_in(what.lots)
    return spent


def give(
    ledgers: Ledgers, member: CustomerId, name: str, key: str, on: date, note: EntryNote
) -> Rewarded:
    """Give a reward, if the member can have it: the points and the piece, or neither."""
    catalog = catalog_of(ledgers.program)
    reward = catalog.reward(name)
    ledgers.member(member)
    before = ledgers.seen(member, key)
    known = before.entry(key)
    if known is not None:
        if not isinstance(known.posting, Redemption) or known.posting.reward != name:
            raise IdempotencyMismatch("the key was used for another command of this member")
        return Rewarded(None, ledgers.known(member, known))
    decision = catalog.can_redeem(name, reward_facts(ledgers, member, on))
    if not decision.outcome.allowed:
        return Rewarded(decision, None)
    # A day that the ledger refuses takes no piece either, whatever the host does with its unit.
    after = before.redeem(reward.points, on=on, key=key, reward=name, **note)
    if reward.stock is not None:
        _take(ledgers, name, reward.stock, posted_key(member, key), on)
    return Rewarded(decision, ledgers.keep(key, before, after))


def _take(ledgers: Ledgers, name: str, initial: int, key: str, on: date) -> None:
    kept = ledgers.unit.repository(REWARD_STOCKS)
    stored = kept.find(name)
    if stored is None:
        kept.add(RewardStock(name, initial).reserve(key, on).take(key, on))
    else:
        day = _noted_on(stored.record, on)
        kept.replace(stored.record.reserve(key, day).take(key, day), stored.version)


def put_back(
    ledgers: Ledgers, member: CustomerId, of: CustomerId, redemption: str, on: date
) -> None:
    """A reward that was cancelled altogether is in stock again, if it came from one; ``of`` had
    redeemed it."""
    entries = tuple(ledgers.entries(member))
    if ledgers.program.rewards is None or _left_of_redemptions(entries)[of, redemption]:
        return
    reward = _reward_of(entries, of, redemption)
    kept, key = ledgers.unit.repository(REWARD_STOCKS), posted_key(of, redemption)
    stored = None if reward is None else kept.find(reward)
    if stored is not None and stored.record.has(key):
        kept.replace(stored.record.release(key, _noted_on(stored.record, on)), stored.version)


def _reward_of(entries: Iterable[OfMember], of: CustomerId, redemption: str) -> str | None:
    return next(
        entry.posting.reward
        for whose, entry in entries
        if isinstance(entry.posting, Redemption | Capture)
        if (whose, entry.key) == (of, redemption)
    )


def _noted_on(stock: RewardStock, on: date) -> date:
    """Members are served in any order, while the stock is kept in the order of days."""
    return max(on, stock.moves[-1].on) if stock.moves else on


def restock(ledgers: Ledgers, name: str, pieces: int, key: str, on: date) -> RewardStock:
    """More pieces of a reward came in."""
    reward = catalog_of(ledgers.program).reward(name)
    kept = ledgers.unit.repository(REWARD_STOCKS)
    stored = kept.find(name)
    if stored is None:
        return kept.add(RewardStock(name, reward.stock).restock(key, pieces, on)).record
    for move in stored.record.moves:
        if isinstance(move, Restocked) and move.key == key and move.pieces != pieces:
            raise IdempotencyMismatch("the key was used for another delivery: give each its own")
    after = stored.record.restock(key, pieces, _noted_on(stored.record, on))
    return after if after == stored.record else kept.replace(after, stored.version).record
