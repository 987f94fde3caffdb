"""The desk of a loyalty program: load, ask the pure part, keep, in one transaction.

(The module is long because what each command promises stands here, once.)
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from typing import TypeVar, Unpack

from attrs import evolve, frozen

from crmkit.decision import Decision
from crmkit.errors import CrmkitError, IdempotencyMismatch, InvalidPolicy, InvalidValue
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.loyalty.facts.earning import Credited, EarningFacts
from crmkit.loyalty.facts.tier_facts import TierFacts
from crmkit.loyalty.kept import (
    MEMBERSHIPS,
    POINTS_ACCOUNT,
    POINTS_LEDGERS,
    POSTED_KEYS,
    QUALIFICATIONS,
    Absorbed,
    Membership,
    PostedKey,
    posted_key,
)
from crmkit.loyalty.policies.program import Program
from crmkit.loyalty.policies.tier_policy import TierPolicy
from crmkit.loyalty.policies.tier_replay import replay_terms
from crmkit.loyalty.records.accrued import Accrued
from crmkit.loyalty.records.entries import (
    Accrual,
    LedgerEntry,
    MergedFrom,
    Qualified,
    Reversal,
)
from crmkit.loyalty.records.manual_tier import ManualTier
from crmkit.loyalty.records.qualification import Qualification
from crmkit.loyalty.records.shares import RuleShare
from crmkit.loyalty.tally.account import PointsAccount
from crmkit.loyalty.tally.balance import Balance, Expiring
from crmkit.loyalty.tally.joining import merge_members, transfer
from crmkit.loyalty.tally.ledger import EntryNote, EntryStamp, PointsLedger, entry_counts
from crmkit.period import check_date
from crmkit.storage import Page, Store, Stored, UnitOfWork, retry_on_conflict
from crmkit.tiering import Tier, TierHistory

__all__ = ["TIER_CHANGED_TOPIC", "LoyaltyDesk", "NotAMember", "Posted", "Purchased"]

TIER_CHANGED_TOPIC = "program-tier-changed"
"""The topic of the messages that a change of tier leaves in the outbox; their text is the member,
the tier they had and the tier they have now, one a line; the second is empty on joining."""

ResultT = TypeVar("ResultT")
Command = Callable[[PointsLedger], PointsLedger]

_ONE_DAY = timedelta(days=1)


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
class Purchased:
    """What a purchase earned: the decision that says why, what was posted to the member, and what
    to whoever had referred them. The decision is None if the purchase had been posted before."""

    decision: Decision[Accrued] | None
    posted: Posted
    referral: Posted | None = None


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

        def work(unit: UnitOfWork) -> Membership:
            members = unit.repository(MEMBERSHIPS)
            known = members.find(member)
            if known is not None:
                return known.record
            stored = members.add(Membership(member, on, TierHistory(member)))
            return self._tiered(unit, stored, on)

        return self._done(work, unit)

    def membership(self, member: CustomerId, *, unit: UnitOfWork | None = None) -> Membership:
        """Since when somebody is a member, and their tiers.

        :raises NotAMember: if they are none.
        """
        return self._done(lambda unit: self._member(unit, member).record, unit)

    def members_of(
        self,
        tier: Tier,
        *,
        limit: int = 100,
        after: str | None = None,
        unit: UnitOfWork | None = None,
    ) -> Page[Membership]:
        """Who holds a tier by the terms, the longest standing first, page by page."""

        def work(unit: UnitOfWork) -> Page[Membership]:
            kept = unit.repository(MEMBERSHIPS)
            return kept.query("by-tier", prefix=(tier.name,), limit=limit, after=after)

        return self._done(work, unit)

    # --- what is asked ---

    def balance(self, member: CustomerId, on: date, *, unit: UnitOfWork | None = None) -> Balance:
        """What a member has on a day, past or future, and where every point went.

        On the day of the last entry or later the snapshot tells; for a day before it the whole
        ledger is read.

        :raises NotAMember: if they are none.
        """

        def work(unit: UnitOfWork) -> Balance:
            self._member(unit, member)
            account = unit.stream(POINTS_LEDGERS).fold(member, POINTS_ACCOUNT)
            if account.on is None or account.on <= on:
                return account.balance(on)
            return self._whole(unit, member).balance(on)

        return self._done(work, unit)

    def expiring(
        self, member: CustomerId, on: date, through: date, *, unit: UnitOfWork | None = None
    ) -> tuple[Expiring, ...]:
        """What of a member's points is gone unless it is spent, from a day through another.

        :raises NotAMember: if they are none.
        """

        def work(unit: UnitOfWork) -> tuple[Expiring, ...]:
            self._member(unit, member)
            return self._whole(unit, member).expiring(on, through)

        return self._done(work, unit)

    def ledger(self, member: CustomerId, *, unit: UnitOfWork | None = None) -> PointsLedger:
        """The whole ledger of a member, with those of members who were merged into this one.

        :raises NotAMember: if they are none.
        """

        def work(unit: UnitOfWork) -> PointsLedger:
            self._member(unit, member)
            return self._whole(unit, member)

        return self._done(work, unit)

    def verify(self, member: CustomerId, *, unit: UnitOfWork | None = None) -> PointsAccount:
        """Hold the snapshot of a member's ledger against all its entries.

        :raises NotAMember: if they are none.
        :raises CorruptStore: if the snapshot says something else.
        """

        def work(unit: UnitOfWork) -> PointsAccount:
            self._member(unit, member)
            return unit.stream(POINTS_LEDGERS).verify(member, POINTS_ACCOUNT)

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
        a referral is settled if it was before. Whoever referred the member gets their points too,
        if they are a member. A purchase that lifts a member to another tier does so at once.

        :raises NotAMember: if the customer is none.
        :raises IdempotencyMismatch: if the key was used for something else.
        :raises LedgerRefused: if the day is before the last entry of the ledger.
        """
        posted_on = facts.on if on is None else on

        def work(unit: UnitOfWork) -> Purchased:
            stored = self._member(unit, facts.member)
            ledger = self._seen(unit, facts.member, key)
            known = ledger.entry(key)
            if known is not None:
                _check_same_purchase(known, facts)
                return Purchased(None, self._known(unit, facts.member, known))
            asked = self._filled_in(unit, facts, stored.record)
            decision = self.program.earning(asked)
            accrued = decision.outcome
            counted = _counted(accrued, asked, posted_on, key)
            posted = self._keep(
                unit, key, ledger, _earned(ledger, accrued, counted, key, source, note)
            )
            referral = self._referred(unit, facts.member, accrued, posted_on, note)
            self._tiered(unit, self._member(unit, facts.member), posted_on)
            return Purchased(decision, posted, referral)

        return self._done(work, unit)

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
        if that member was merged into this one."""
        return self._command(
            member,
            key,
            lambda led: led.roll_back(redemption, points, on=on, key=key, member=of, **note),
            unit,
            whole=True,
        )

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

        def work(unit: UnitOfWork) -> Posted:
            posted = self._posted(unit, member, key, command, whole=True)
            self._tiered(unit, self._member(unit, member), on)
            return posted

        return self._done(work, unit)

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

        def work(unit: UnitOfWork) -> tuple[Posted, Posted]:
            self._member(unit, sender)
            self._member(unit, to)
            gives, gets = self._seen(unit, sender, key), self._seen(unit, to, key)
            given, got = transfer(gives, gets, points, on=on, key=key, **note)
            return self._keep(unit, key, gives, given), self._keep(unit, key, gets, got)

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
        tier of one counts for both.
        """

        def work(unit: UnitOfWork) -> Posted:
            kept, gone = self._member(unit, survivor), self._member(unit, other)
            stays, goes = self._seen(unit, survivor, key), self._seen(unit, other, key)
            stayed, went = merge_members(stays, goes, on=on, key=key, **note)
            self._keep(unit, key, goes, went)
            posted = self._keep(unit, key, stays, stayed)
            if posted.is_new:
                members = unit.repository(MEMBERSHIPS)
                members.replace(evolve(gone.record, survivor=survivor), gone.version)
                joined_on = min(kept.record.joined_on, gone.record.joined_on)
                absorbed = (*kept.record.absorbed, Absorbed(other, on))
                both = evolve(kept.record, joined_on=joined_on, absorbed=absorbed)
                self._tiered(unit, members.replace(both, kept.version), on)
            return posted

        return self._done(work, unit)

    # --- tiers ---

    def give_tier(
        self, member: CustomerId, manual: ManualTier, *, unit: UnitOfWork | None = None
    ) -> Membership:
        """A tier is given by hand, for a time; it ends by its date. Given twice is given once.

        :raises InvalidValue: if the tier is not on the ladder of the program.
        :raises NotAMember: if they are none.
        """
        self._tiers.ladder.position(manual.tier)

        def work(unit: UnitOfWork) -> Membership:
            stored = self._member(unit, member)
            if manual in stored.record.manual:
                return stored.record
            after = evolve(stored.record, manual=(*stored.record.manual, manual))
            return unit.repository(MEMBERSHIPS).replace(after, stored.version).record

        return self._done(work, unit)

    def tier(
        self, member: CustomerId, on: date, *, unit: UnitOfWork | None = None
    ) -> Decision[Tier]:
        """Which tier a member holds on a day, those given by hand included, and why.

        :raises NotAMember: if they are none.
        """
        policy = self._tiers
        return self._done(lambda unit: policy(self.tier_facts(member, on, unit=unit)), unit)

    def tier_facts(
        self, member: CustomerId, on: date, *, unit: UnitOfWork | None = None
    ) -> TierFacts:
        """What a decision about the tier of a member looks at: for :meth:`TierPolicy.standing`.

        :raises NotAMember: if they are none.
        """

        def work(unit: UnitOfWork) -> TierFacts:
            record = self._member(unit, member).record
            counted = self._counts(unit, record)
            history = record.tiers.as_of(on)
            return TierFacts.of(member, record.joined_on, counted, on, history, record.manual)

        return self._done(work, unit)

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

        def work(unit: UnitOfWork) -> tuple[tuple[Membership, ...], str | None]:
            page = unit.repository(MEMBERSHIPS).page(limit=limit, after=after)
            changed = []
            for stored in page.items:
                then = self._tiered(unit, stored, on)
                if then.tiers != stored.record.tiers:
                    changed.append(then)
            return tuple(changed), page.next

        return self._done(work, unit)

    # --- inside ---

    @property
    def _tiers(self) -> TierPolicy:
        if self.program.tiers is None:
            raise InvalidValue("this program has no tiers: pass Program(tiers=TierPolicy(...))")
        return self.program.tiers

    def _done(self, work: Callable[[UnitOfWork], ResultT], unit: UnitOfWork | None) -> ResultT:
        """In the unit of the host, or in one of our own that is committed."""
        if unit is not None:
            return work(unit)
        return retry_on_conflict(self.store, work, attempts=self.attempts)

    def _member(self, unit: UnitOfWork, member: CustomerId) -> Stored[Membership]:
        stored = unit.repository(MEMBERSHIPS).find(member)
        if stored is None:
            raise NotAMember
        return stored

    def _command(
        self,
        member: CustomerId,
        key: str,
        command: Command,
        unit: UnitOfWork | None,
        *,
        whole: bool = False,
    ) -> Posted:
        return self._done(lambda unit: self._posted(unit, member, key, command, whole=whole), unit)

    def _posted(
        self, unit: UnitOfWork, member: CustomerId, key: str, command: Command, *, whole: bool
    ) -> Posted:
        self._member(unit, member)
        before = self._seen(unit, member, key, whole=whole)
        return self._keep(unit, key, before, command(before))

    def _seen(
        self, unit: UnitOfWork, member: CustomerId, key: str, *, whole: bool = False
    ) -> PointsLedger:
        """The ledger that a command goes to: with the entry of its key, if that was posted before,
        or else the newest snapshot, or all of it."""
        log = unit.stream(POINTS_LEDGERS)
        used = unit.repository(POSTED_KEYS).find(posted_key(member, key))
        if used is not None:
            number = used.record.number
            entries = log.read(member, number - 1, number)
            return PointsLedger(member, self.program.terms, entries=entries, account=_UNUSED)
        if whole:
            return self._whole(unit, member)
        account = log.fold(member, POINTS_ACCOUNT)
        return PointsLedger.continued(member, self.program.terms, account)

    def _whole(self, unit: UnitOfWork, member: CustomerId) -> PointsLedger:
        entries = unit.stream(POINTS_LEDGERS).read(member)
        merged = tuple(
            self._whole(unit, entry.posting.member)
            for entry in entries
            if isinstance(entry.posting, MergedFrom)
        )
        return PointsLedger(member, self.program.terms, entries=entries, merged=merged)

    def _known(self, unit: UnitOfWork, member: CustomerId, entry: LedgerEntry) -> Posted:
        """What was posted before, and what the member has now."""
        account = unit.stream(POINTS_LEDGERS).fold(member, POINTS_ACCOUNT)
        return Posted(entry, False, account.balance(account.on or entry.on))

    def _keep(
        self, unit: UnitOfWork, key: str, before: PointsLedger, after: PointsLedger
    ) -> Posted:
        """Write what a command posted, if it posted anything."""
        known = before.entry(key)
        if known is not None:
            return self._known(unit, before.member, known)
        entry = after.entries[-1]
        log, number = unit.stream(POINTS_LEDGERS), after.account.entries
        log.append(after.member, (entry,), before.account.entries)
        unit.repository(POSTED_KEYS).add(PostedKey(after.member, key, number))
        if number % self.snapshot_every == 0:
            log.snapshot(after.member, POINTS_ACCOUNT)
            log.snapshot(after.member, QUALIFICATIONS)
        return Posted(entry, True, after.account.balance(entry.on))

    # --- what a purchase needs to know ---

    def _filled_in(
        self, unit: UnitOfWork, facts: EarningFacts, membership: Membership
    ) -> EarningFacts:
        tier = facts.tier
        if tier is None and self.program.tiers is not None and facts.on > membership.joined_on:
            held = self.tier(facts.member, facts.on - _ONE_DAY, unit=unit)
            tier = held.outcome.name
        credited = facts.credited or self._used_up(unit, facts.member, facts.on)
        settled = facts.referral_settled
        referrer_credited = facts.referrer_credited
        if facts.referred_by is not None:
            referral = posted_key(facts.referred_by, _referral_key(facts.member))
            settled = settled or unit.repository(POSTED_KEYS).find(referral) is not None
            referrer_credited = referrer_credited or self._used_up(
                unit, facts.referred_by, facts.on
            )
        return evolve(
            facts,
            tier=tier,
            credited=credited,
            referral_settled=settled,
            referrer_credited=referrer_credited,
        )

    def _used_up(self, unit: UnitOfWork, member: CustomerId, on: date) -> tuple[Credited, ...]:
        """What the caps of the rules have let through; nothing is read if no cap looks back."""
        rules = self.program.earning
        if not rules.looks_back:
            return ()
        return rules.credited(_shares(unit.stream(POINTS_LEDGERS).read(member)), on)

    def _referred(
        self,
        unit: UnitOfWork,
        referred: CustomerId,
        accrued: Accrued,
        on: date,
        note: EntryNote,
    ) -> Posted | None:
        """The points of whoever brought the member: once, whichever purchase it was for."""
        credit = accrued.referral
        if credit is None or unit.repository(MEMBERSHIPS).find(credit.referrer) is None:
            return None
        key = _referral_key(referred)
        ledger = self._seen(unit, credit.referrer, key)
        if ledger.entry(key) is not None or ledger.account.merged_into is not None:
            return None
        # The referrer may have been here since: their ledger does not go back for it.
        day = max(on, ledger.account.on or on)
        after = ledger.accrue(
            credit.points, on=day, key=key, earned_on=on, breakdown=credit.shares, **note
        )
        return self._keep(unit, key, ledger, after)

    # --- what the tier follows from ---

    def _counts(self, unit: UnitOfWork, membership: Membership) -> tuple[Qualification, ...]:
        log = unit.stream(POINTS_LEDGERS)
        own = log.fold(membership.member, QUALIFICATIONS).items
        others = [
            each.known_from(absorbed.on)
            for absorbed in membership.absorbed
            for each in self._counts(unit, self._member(unit, absorbed.member).record)
        ]
        return tuple(sorted((*own, *others), key=_known_on))

    def _tiered(self, unit: UnitOfWork, stored: Stored[Membership], on: date) -> Membership:
        """Write the tiers of a member up to a day; the record itself if they stand there already.

        A day is decided when it is over. Until then it may be decided again, and days before it
        never are: new terms of the program do not reach back.
        """
        record, policy = stored.record, self.program.tiers
        decided = record.decided_through or record.joined_on - _ONE_DAY
        if policy is None or record.survivor is not None or on < max(decided, record.joined_on):
            return record
        before = min(decided, on - _ONE_DAY)
        tiers = replay_terms(
            policy,
            record.member,
            record.joined_on,
            self._counts(unit, record),
            on,
            manual=record.manual,
            history=record.tiers.as_of(before),
            decided_through=before,
        )
        after = evolve(record, tiers=tiers, decided_through=on)
        if after == record:
            return record
        unit.repository(MEMBERSHIPS).replace(after, stored.version)
        for was, now in _moves(record.tiers, tiers):
            unit.outbox.add(TIER_CHANGED_TOPIC, f"{record.member}\n{was}\n{now}")
        return after


_UNUSED = PointsAccount()


def _known_on(qualification: Qualification) -> date:
    return qualification.on


def _moves(known: TierHistory, now: TierHistory) -> Iterator[tuple[str, str]]:
    """From which tier to which a member moved since it was looked at last, each with its name."""
    held = known.tier
    news = [change for change in now.changes if change.on > (known.since or date.min)]
    then = now.as_of(known.since).tier if known.since is not None else None
    for tier in (then, *(change.to_tier for change in news)):
        if tier != held:
            yield ("" if held is None else held.name), ("" if tier is None else tier.name)
        held = tier


def _referral_key(referred: CustomerId) -> str:
    """One key for each member who was referred, so that nobody is paid for twice."""
    return posted_key(referred, "referral")


def _shares(entries: Iterable[LedgerEntry]) -> Iterator[tuple[date, tuple[RuleShare, ...]]]:
    """What rules gave, and what returns took of it, by the day of the purchase."""
    earned_on = dict[str, date]()
    for entry in entries:
        what = entry.posting
        if isinstance(what, Accrual):
            earned_on[entry.key] = what.lot.earned_on
            yield what.lot.earned_on, what.breakdown
        elif isinstance(what, Reversal) and what.accrual in earned_on:
            yield earned_on[what.accrual], what.breakdown


def _counted(accrued: Accrued, facts: EarningFacts, on: date, key: str) -> Qualification:
    return Qualification(
        on,
        points=accrued.qualifying_points,
        spend=facts.total,
        visits=1,
        earned_on=None if facts.on == on else facts.on,
        key=key,
    )


def _earned(
    ledger: PointsLedger,
    accrued: Accrued,
    counted: Qualification,
    key: str,
    source: str | None,
    note: EntryNote,
) -> PointsLedger:
    """The ledger with what a purchase earned; one that earned nothing counts all the same."""
    if not accrued.points:
        return ledger.qualify(counted, on=counted.on, key=key, source=source, **note)
    return ledger.accrue(
        accrued.points,
        on=counted.on,
        key=key,
        earned_on=counted.counts_for,
        breakdown=accrued.shares,
        qualification=counted,
        source=source,
        **note,
    )


def _check_same_purchase(known: LedgerEntry, facts: EarningFacts) -> None:
    """A purchase that comes again is the same by its day and its total."""
    counted = entry_counts(known)
    is_purchase = isinstance(known.posting, Accrual | Qualified)
    if (
        not is_purchase
        or counted is None
        or (counted.counts_for, counted.spend)
        != (
            facts.on,
            facts.total,
        )
    ):
        raise IdempotencyMismatch(
            "the key was used for another command of this member: give each command its own"
        )
