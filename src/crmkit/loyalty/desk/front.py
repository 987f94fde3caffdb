"""The desk of a loyalty program: load, ask the pure part, keep, in one transaction.

(The module is long because what each command promises stands here, once.)
"""

from collections.abc import Callable, Iterable
from datetime import date
from typing import TypeVar, Unpack

from attrs import frozen

from crmkit.decision import Decision
from crmkit.errors import InvalidPolicy
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.loyalty.desk.ledgers import Command, Ledgers, NotAMember, Posted
from crmkit.loyalty.desk.purchases import GivenBack, Purchased, buy, give_back
from crmkit.loyalty.desk.rewards import Rewarded, catalog_of, give, put_back, restock, reward_facts
from crmkit.loyalty.desk.standing import (
    TIER_CHANGED_TOPIC,
    bring_up,
    bring_up_given,
    facts_of,
    merge_memberships,
    tier_of,
    tiers_of,
)
from crmkit.loyalty.facts.earning import BasketLine, EarningFacts
from crmkit.loyalty.facts.tier_facts import TierFacts
from crmkit.loyalty.kept import (
    MEMBERSHIPS,
    POINTS_ACCOUNT,
    POINTS_LEDGERS,
    QUALIFICATIONS,
    Membership,
)
from crmkit.loyalty.policies.program import Program
from crmkit.loyalty.policies.rewards import RewardVerdict
from crmkit.loyalty.records.manual_tier import ManualTier
from crmkit.loyalty.records.qualification import Qualification
from crmkit.loyalty.records.reward import RewardStock
from crmkit.loyalty.records.shares import RuleShare
from crmkit.loyalty.tally.account import PointsAccount
from crmkit.loyalty.tally.balance import Balance, Expiring
from crmkit.loyalty.tally.joining import merge_members, transfer
from crmkit.loyalty.tally.ledger import EntryNote, EntryStamp, PointsLedger
from crmkit.period import check_date
from crmkit.storage import Page, Store, UnitOfWork, retry_on_conflict
from crmkit.tiering import Tier, TierHistory

__all__ = [
    "TIER_CHANGED_TOPIC",
    "GivenBack",
    "LoyaltyDesk",
    "NotAMember",
    "Posted",
    "Purchased",
    "Rewarded",
]

ResultT = TypeVar("ResultT")


@frozen(kw_only=True)
class LoyaltyDesk:
    """Keeps the members of a program and their points in the store of the host.

    Every command is idempotent by its ``key``, which need only be unique for a member. A method
    takes an open unit of work of the host, which it joins and never commits; without one it opens
    its own, commits it, and begins again if somebody else was quicker, up to ``attempts`` times.
    A snapshot of a ledger is kept at every ``snapshot_every`` entries, so that a balance does not
    read all of them.

    >>> from crmkit.loyalty.policies.earning import EarningRules
    >>> from crmkit.loyalty.policies.earning_terms import BaseRate, EarningRule
    >>> from crmkit.money import Money
    >>> from crmkit.storage.memory import MemoryStore
    >>> base = EarningRule("one a euro", BaseRate(1, per=Money("1.00", "EUR")), priority=1)
    >>> desk = LoyaltyDesk(
    ...     store=MemoryStore(), program=Program(name="club", earning=EarningRules((base,)))
    ... )
    >>> member, monday = CustomerId("M-7"), date(2026, 5, 4)
    >>> _ = desk.join(member, on=monday)
    >>> bought = EarningFacts.single(member, monday, Money("42.50", "EUR"))
    >>> desk.purchase(bought, key="order-1").posted.balance.available
    42
    >>> desk.purchase(bought, key="order-1").posted.is_new
    False
    >>> desk.redeem(member, 30, on=monday, key="coffee").balance.available
    12
    """

    store: Store
    program: Program
    snapshot_every: int = 20
    attempts: int = 20

    def __attrs_post_init__(self) -> None:
        for count in (self.snapshot_every, self.attempts):
            if type(count) is not int or count < 1:
                raise InvalidPolicy("snapshots and attempts are counted from 1")

    # --- members ---

    def join(self, member: CustomerId, *, on: date, unit: UnitOfWork | None = None) -> Membership:
        """A customer becomes a member, from the entry tier on; who is one already stays as is.

        :raises InvalidValue: if the day is no plain date.
        """
        check_identifier(member, "member")
        check_date(on, "the day a member joins")

        def work(ledgers: Ledgers) -> Membership:
            members = ledgers.unit.repository(MEMBERSHIPS)
            known = members.find(member)
            if known is not None:
                return known.record
            stored = members.add(Membership(member, on, TierHistory(member)))
            return bring_up(ledgers, stored, on)

        return self._done(work, unit)

    def membership(self, member: CustomerId, *, unit: UnitOfWork | None = None) -> Membership:
        """Since when somebody is a member, and their tiers.

        :raises NotAMember: if they are none.
        """
        return self._done(lambda ledgers: ledgers.member(member).record, unit)

    def members_of(
        self,
        tier: Tier,
        *,
        limit: int = 100,
        after: str | None = None,
        unit: UnitOfWork | None = None,
    ) -> Page[Membership]:
        """Who holds a tier by the terms, the longest standing first, page by page."""

        def work(ledgers: Ledgers) -> Page[Membership]:
            kept = ledgers.unit.repository(MEMBERSHIPS)
            return kept.query("by-tier", prefix=(tier.name,), limit=limit, after=after)

        return self._done(work, unit)

    # --- what is asked ---

    def balance(self, member: CustomerId, on: date, *, unit: UnitOfWork | None = None) -> Balance:
        """What a member has on a day, past or future, and where every point went.

        On the day of the last entry or later the snapshot tells; for a day before it the whole
        ledger is read.

        :raises NotAMember: if they are none.
        """

        def work(ledgers: Ledgers) -> Balance:
            ledgers.member(member)
            account = ledgers.account(member)
            if account.on is None or account.on <= on:
                return account.balance(on)
            return ledgers.whole(member).balance(on)

        return self._done(work, unit)

    def expiring(
        self, member: CustomerId, on: date, through: date, *, unit: UnitOfWork | None = None
    ) -> tuple[Expiring, ...]:
        """What of a member's points is gone unless it is spent, from a day through another.

        :raises NotAMember: if they are none.
        """

        def work(ledgers: Ledgers) -> tuple[Expiring, ...]:
            ledgers.member(member)
            return ledgers.whole(member).expiring(on, through)

        return self._done(work, unit)

    def ledger(self, member: CustomerId, *, unit: UnitOfWork | None = None) -> PointsLedger:
        """The whole ledger of a member, with those of members who were merged into this one.

        :raises NotAMember: if they are none.
        """

        def work(ledgers: Ledgers) -> PointsLedger:
            ledgers.member(member)
            return ledgers.whole(member)

        return self._done(work, unit)

    def verify(self, member: CustomerId, *, unit: UnitOfWork | None = None) -> PointsAccount:
        """Hold the snapshots of a member's ledger against all its entries: of the points, and of
        what counts for the tier.

        :raises NotAMember: if they are none.
        :raises CorruptStore: if the snapshot says something else.
        """

        def work(ledgers: Ledgers) -> PointsAccount:
            ledgers.member(member)
            log = ledgers.unit.stream(POINTS_LEDGERS)
            log.verify(member, QUALIFICATIONS)
            return log.verify(member, POINTS_ACCOUNT)

        return self._done(work, unit)

    # --- points come in ---

    def purchase(
        self,
        facts: EarningFacts,
        *,
        key: str,
        on: date | None = None,
        source: str | None = None,
        unit: UnitOfWork | None = None,
        **note: Unpack[EntryNote],
    ) -> Purchased:
        """A member bought something: it earns what the rules give, and counts for the tier.

        ``on`` is the day of posting, that of the purchase if left out. Left out of the facts, the
        tier is the one held on the day before, what caps have used up is read off the ledger, and
        a referral is settled if the member's was before, whoever is named now. Whoever referred the
        member gets their points too, if they are a member. A purchase that lifts a member to
        another tier does so at once.

        :raises NotAMember: if the customer is none.
        :raises IdempotencyMismatch: if the key was used for something else.
        :raises LedgerRefused: if the day is before the last entry of the ledger.
        """
        day = facts.on if on is None else on
        check_date(day, "the day of a ledger entry")
        return self._done(lambda ledgers: buy(ledgers, facts, key, day, source, note), unit)

    def credit(
        self,
        member: CustomerId,
        points: int,
        *,
        on: date,
        key: str,
        reason: str,
        unit: UnitOfWork | None = None,
        **stamp: Unpack[EntryStamp],
    ) -> Posted:
        """Points are given by hand; see :meth:`PointsLedger.credit`."""
        return self._command(
            member,
            key,
            lambda led: led.credit(points, on=on, key=key, reason=reason, **stamp),
            unit,
        )

    def debit(
        self,
        member: CustomerId,
        points: int,
        *,
        on: date,
        key: str,
        reason: str,
        unit: UnitOfWork | None = None,
        **stamp: Unpack[EntryStamp],
    ) -> Posted:
        """Points are taken by hand; see :meth:`PointsLedger.debit`."""
        return self._command(
            member, key, lambda led: led.debit(points, on=on, key=key, reason=reason, **stamp), unit
        )

    # --- points go out ---

    def redeem(
        self,
        member: CustomerId,
        points: int,
        *,
        on: date,
        key: str,
        reward: str | None = None,
        unit: UnitOfWork | None = None,
        **note: Unpack[EntryNote],
    ) -> Posted:
        """Points are spent; see :meth:`PointsLedger.redeem`."""
        return self._command(
            member, key, lambda led: led.redeem(points, on=on, key=key, reward=reward, **note), unit
        )

    def hold(
        self,
        member: CustomerId,
        points: int,
        *,
        on: date,
        key: str,
        lapses_on: date | None = None,
        unit: UnitOfWork | None = None,
        **note: Unpack[EntryNote],
    ) -> Posted:
        """Points are put aside for a checkout; see :meth:`PointsLedger.hold`."""
        return self._command(
            member,
            key,
            lambda led: led.hold(points, on=on, key=key, lapses_on=lapses_on, **note),
            unit,
        )

    def capture(
        self,
        member: CustomerId,
        hold: str,
        points: int | None = None,
        *,
        on: date,
        key: str,
        reward: str | None = None,
        unit: UnitOfWork | None = None,
        **note: Unpack[EntryNote],
    ) -> Posted:
        """The checkout went through; see :meth:`PointsLedger.capture`."""
        return self._command(
            member,
            key,
            lambda led: led.capture(hold, points, on=on, key=key, reward=reward, **note),
            unit,
        )

    def release(
        self,
        member: CustomerId,
        hold: str,
        *,
        on: date,
        key: str,
        unit: UnitOfWork | None = None,
        **note: Unpack[EntryNote],
    ) -> Posted:
        """The checkout came to nothing; see :meth:`PointsLedger.release`."""
        return self._command(
            member, key, lambda led: led.release(hold, on=on, key=key, **note), unit
        )

    # --- what comes back ---

    def roll_back(
        self,
        member: CustomerId,
        redemption: str,
        points: int | None = None,
        *,
        on: date,
        key: str,
        of: CustomerId | None = None,
        unit: UnitOfWork | None = None,
        **note: Unpack[EntryNote],
    ) -> Posted:
        """A redemption is cancelled; see :meth:`PointsLedger.roll_back`. ``of`` names whose it was,
        if that member was merged into this one. A reward that is cancelled altogether is in stock
        again."""

        def command(ledger: PointsLedger) -> PointsLedger:
            return ledger.roll_back(redemption, points, on=on, key=key, member=of, **note)

        def work(ledgers: Ledgers) -> Posted:
            posted = ledgers.post(member, key, command, whole=True)
            if posted.is_new:
                put_back(ledgers, member, of or member, redemption, on)
            return posted

        return self._done(work, unit)

    def reverse(
        self,
        member: CustomerId,
        accrual: str,
        points: int | None = None,
        *,
        on: date,
        key: str,
        of: CustomerId | None = None,
        qualification: Qualification | None = None,
        breakdown: Iterable[RuleShare] = (),
        unit: UnitOfWork | None = None,
        **note: Unpack[EntryNote],
    ) -> Posted:
        """A purchase is given back; see :meth:`PointsLedger.reverse`. ``of`` names whose it was, if
        that member was merged into this one."""
        shares = tuple(breakdown)

        def command(ledger: PointsLedger) -> PointsLedger:
            return ledger.reverse(
                accrual,
                points,
                on=on,
                key=key,
                member=of,
                qualification=qualification,
                breakdown=shares,
                **note,
            )

        def work(ledgers: Ledgers) -> Posted:
            posted = ledgers.post(member, key, command, whole=True)
            bring_up(ledgers, ledgers.member(member), on)
            return posted

        return self._done(work, unit)

    def give_back(
        self,
        bought: EarningFacts,
        returned: Iterable[BasketLine],
        *,
        purchase: str,
        on: date,
        key: str,
        before: Iterable[BasketLine] = (),
        unit: UnitOfWork | None = None,
        **note: Unpack[EntryNote],
    ) -> GivenBack:
        """Goods come back: their points go by the ``returns`` of the program.

        ``bought`` are the facts of the purchase, ``purchase`` its key, ``returned``
        what comes back now, ``before`` what earlier returns of the order brought back. What was
        earned and taken before is read off the ledger, and so are tier and caps of the day of the
        purchase if the facts leave them out. Goods that take no points with them no longer count
        for the tier all the same. If whoever bought was merged into another member since, the
        points are those of that member.

        :raises NotAMember: if the customer is none.
        :raises LedgerRefused: if no purchase was posted under that key.
        :raises InvalidValue: if more comes back than was bought.
        :raises IdempotencyMismatch: if the key was used for something else.
        """
        back, earlier = tuple(returned), tuple(before)
        return self._done(
            lambda ledgers: give_back(ledgers, bought, purchase, back, earlier, key, on, note), unit
        )

    # --- two members ---

    def transfer(
        self,
        sender: CustomerId,
        to: CustomerId,
        points: int,
        *,
        on: date,
        key: str,
        unit: UnitOfWork | None = None,
        **note: Unpack[EntryNote],
    ) -> tuple[Posted, Posted]:
        """Points are given to another member; see :func:`transfer`. Both ledgers, or neither."""

        def work(ledgers: Ledgers) -> tuple[Posted, Posted]:
            ledgers.member(sender)
            ledgers.member(to)
            gives, gets = ledgers.seen(sender, key), ledgers.seen(to, key)
            given, got = transfer(gives, gets, points, on=on, key=key, **note)
            return ledgers.keep(key, gives, given), ledgers.keep(key, gets, got)

        return self._done(work, unit)

    def merge(
        self,
        survivor: CustomerId,
        other: CustomerId,
        *,
        on: date,
        key: str,
        unit: UnitOfWork | None = None,
        **note: Unpack[EntryNote],
    ) -> Posted:
        """Two members turn out to be one customer; see :func:`merge_members`.

        The survivor has been a member since the earlier of the two joined, and what counted for the
        tier of one counts for both. A tier that was given to the other by hand goes on for its
        time; a higher one that the other still held by the terms is held on, and falls under the
        terms.
        """

        def work(ledgers: Ledgers) -> Posted:
            kept, gone = ledgers.member(survivor), ledgers.member(other)
            stays, goes = ledgers.seen(survivor, key), ledgers.seen(other, key)
            stayed, went = merge_members(stays, goes, on=on, key=key, **note)
            ledgers.keep(key, goes, went)
            posted = ledgers.keep(key, stays, stayed)
            if posted.is_new:
                merge_memberships(ledgers, kept, gone, on)
            return posted

        return self._done(work, unit)

    # --- tiers ---

    def give_tier(
        self, member: CustomerId, manual: ManualTier, *, unit: UnitOfWork | None = None
    ) -> Membership:
        """A tier is given by hand, for a time; it ends by its date. Given twice is given once.

        :raises InvalidValue: if the tier is not on the ladder of the program, or is to fall under
            the terms on a day that is decided already.
        :raises ClosedLedger: if the member was merged into another one.
        :raises NotAMember: if they are none.
        """
        tiers_of(self.program).ladder.position(manual.tier)

        def work(ledgers: Ledgers) -> Membership:
            stored = ledgers.member(member)
            if manual in stored.record.manual:
                return stored.record
            return bring_up_given(ledgers, stored, manual)

        return self._done(work, unit)

    def tier(
        self, member: CustomerId, on: date, *, unit: UnitOfWork | None = None
    ) -> Decision[Tier]:
        """Which tier a member holds on a day, those given by hand included, and why.

        :raises NotAMember: if they are none.
        """
        tiers_of(self.program)
        return self._done(lambda ledgers: tier_of(ledgers, member, on), unit)

    def tier_facts(
        self, member: CustomerId, on: date, *, unit: UnitOfWork | None = None
    ) -> TierFacts:
        """What a decision about the tier of a member looks at: for :meth:`TierPolicy.standing`.

        :raises NotAMember: if they are none.
        """

        return self._done(lambda ledgers: facts_of(ledgers, member, on), unit)

    def retier(
        self,
        on: date,
        *,
        limit: int = 100,
        after: str | None = None,
        unit: UnitOfWork | None = None,
    ) -> tuple[tuple[Membership, ...], str | None]:
        """Bring the tiers of a page of members up to a day: what fell by time, falls.

        Gives the members whose tier changed, and where the next page begins (None: there is none).
        How often it runs does not matter: each change has the day on which it was due. A change
        leaves a message in the outbox.
        """

        def work(ledgers: Ledgers) -> tuple[tuple[Membership, ...], str | None]:
            page = ledgers.unit.repository(MEMBERSHIPS).page(limit=limit, after=after)
            changed = []
            for stored in page.items:
                then = bring_up(ledgers, stored, on)
                if then.tiers != stored.record.tiers:
                    changed.append(then)
            return tuple(changed), page.next

        return self._done(work, unit)

    # --- rewards ---

    def rewards(
        self, member: CustomerId, on: date, *, unit: UnitOfWork | None = None
    ) -> Decision[tuple[str, ...]]:
        """Which rewards of the program a member can have on a day, and why not the others.

        :raises NotAMember: if they are none.
        :raises InvalidValue: if the program has no rewards.
        """
        catalog = catalog_of(self.program)
        return self._done(lambda ledgers: catalog(reward_facts(ledgers, member, on)), unit)

    def can_redeem(
        self, member: CustomerId, reward: str, on: date, *, unit: UnitOfWork | None = None
    ) -> Decision[RewardVerdict]:
        """Whether a member can have a reward on a day, and everything that is in the way.

        :raises NotAMember: if they are none.
        :raises InvalidValue: if the program has no such reward.
        """
        catalog = catalog_of(self.program)
        return self._done(
            lambda ledgers: catalog.can_redeem(reward, reward_facts(ledgers, member, on)), unit
        )

    def redeem_reward(
        self,
        member: CustomerId,
        reward: str,
        *,
        on: date,
        key: str,
        unit: UnitOfWork | None = None,
        **note: Unpack[EntryNote],
    ) -> Rewarded:
        """A member takes a reward: the points are spent and the piece is gone, or neither.

        Whoever cannot have it gets a decision that says why, and nothing is posted.

        :raises NotAMember: if they are none.
        :raises InvalidValue: if the program has no such reward.
        :raises IdempotencyMismatch: if the key was used for something else.
        """
        return self._done(lambda ledgers: give(ledgers, member, reward, key, on, note), unit)

    def restock(
        self, reward: str, pieces: int, *, on: date, key: str, unit: UnitOfWork | None = None
    ) -> RewardStock:
        """More pieces of a reward came in; under one key a delivery counts once.

        :raises InvalidValue: if the program has no such reward, or the pieces are no whole number
            above 0.
        """
        return self._done(lambda ledgers: restock(ledgers, reward, pieces, key, on), unit)

    # --- inside ---

    def _done(self, work: Callable[[Ledgers], ResultT], unit: UnitOfWork | None) -> ResultT:
        """In the unit of the host, or in one of our own that is committed."""

        def within(unit: UnitOfWork) -> ResultT:
            return work(Ledgers(unit, self.program, self.snapshot_every))

        if unit is not None:
            return within(unit)
        return retry_on_conflict(self.store, within, attempts=self.attempts)

    def _command(
        self, member: CustomerId, key: str, command: Command, unit: UnitOfWork | None
    ) -> Posted:
        return self._done(lambda ledgers: ledgers.post(member, key, command), unit)
