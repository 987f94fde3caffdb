"""Purchases and returns at the desk of a program: what the rules have to know, and what follows."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import takewhile

from attrs import evolve, frozen

from crmkit.decision import Decision
from crmkit.errors import IdempotencyMismatch
from crmkit.identifiers import CustomerId
from crmkit.loyalty.desk.ledgers import Ledgers, Posted
from crmkit.loyalty.desk.standing import bring_up, tier_of
from crmkit.loyalty.facts.earning import BasketLine, Credited, EarningFacts, ReturnFacts
from crmkit.loyalty.kept import MEMBERSHIPS, referral_key
from crmkit.loyalty.policies.earning import EarningRules
from crmkit.loyalty.policies.earning_terms import ReferralBonus
from crmkit.loyalty.records.accrued import Accrued, TakenBack
from crmkit.loyalty.records.entries import Accrual, LedgerEntry, Qualified, Reversal
from crmkit.loyalty.records.qualification import Qualification
from crmkit.loyalty.records.shares import RuleShare
from crmkit.loyalty.tally.account import LedgerRefused
from crmkit.loyalty.tally.ledger import EntryNote, PointsLedger, entry_counts
from crmkit.money import Money, sum_money

__all__ = ["GivenBack", "Purchased", "buy", "give_back"]

_ONE_DAY = timedelta(days=1)


@frozen
class Purchased:
    """What a purchase earned: the decision that says why, what was posted to the member, and what
    to whoever had referred them. The decision is None if the purchase had been posted before."""

    decision: Decision[Accrued] | None
    posted: Posted
    referral: Posted | None = None


@frozen
class GivenBack:
    """What goods that came back took with them: the decision that says why, and what was posted.

    The decision is None if the return had been posted before.
    """

    decision: Decision[TakenBack] | None
    posted: Posted


# --- what is bought -------------------------------------------------------------------------------


def buy(
    ledgers: Ledgers,
    facts: EarningFacts,
    key: str,
    on: date,
    source: str | None,
    note: EntryNote,
) -> Purchased:
    """Post what a purchase earns, to the member and to whoever referred them."""
    ledgers.member(facts.member)
    ledger = ledgers.seen(facts.member, key)
    known = ledger.entry(key)
    if known is not None:
        _check_same(known, facts.on, facts.total)
        return Purchased(None, ledgers.known(facts.member, known))
    asked = _filled_in(ledgers, facts)
    decision = ledgers.program.earning(asked)
    counted = _counted(decision.outcome, asked, on, key)
    after = _earned(ledger, decision.outcome, counted, key, source, note)
    posted = ledgers.keep(key, ledger, after)
    referral = _referred(ledgers, facts, decision.outcome, on, note)
    _settle(ledgers, facts, decision.outcome)
    bring_up(ledgers, ledgers.member(facts.member), on)
    return Purchased(decision, posted, referral)


def _filled_in(ledgers: Ledgers, facts: EarningFacts) -> EarningFacts:
    """What the host left out of the facts, as the ledgers know it."""
    return evolve(
        facts,
        tier=facts.tier or _tier_before(ledgers, facts),
        credited=facts.credited or _used_up(ledgers, facts.member, facts.on),
        referral_settled=facts.referral_settled or _is_settled(ledgers, facts),
        referrer_credited=facts.referrer_credited or _used_up(ledgers, facts.referred_by, facts.on),
    )


def _tier_before(ledgers: Ledgers, facts: EarningFacts) -> str | None:
    """The tier held on the day before: that of the day itself is decided when it is over."""
    joined_on = ledgers.member(facts.member).record.joined_on
    if ledgers.program.tiers is None or facts.on <= joined_on:
        return None
    return tier_of(ledgers, facts.member, facts.on - _ONE_DAY).outcome.name


def _is_settled(ledgers: Ledgers, facts: EarningFacts) -> bool:
    return ledgers.member(facts.member).record.referred_by is not None


def _settle(ledgers: Ledgers, facts: EarningFacts, accrued: Accrued) -> None:
    """Both sides had their points for it, whoever is named as the referrer from now on."""
    if accrued.referral is None and not _has_referral(ledgers.program.earning, accrued.shares):
        return
    stored = ledgers.member(facts.member)
    settled = evolve(stored.record, referred_by=facts.referred_by)
    ledgers.unit.repository(MEMBERSHIPS).replace(settled, stored.version)


def _has_referral(rules: EarningRules, shares: Iterable[RuleShare]) -> bool:
    names = {rule.name for rule in rules.rules if isinstance(rule.gives, ReferralBonus)}
    return any(share.rule in names for share in shares)


def _used_up(ledgers: Ledgers, member: CustomerId | None, on: date) -> tuple[Credited, ...]:
    """What the caps of the rules have let through; nothing is read if no cap looks back."""
    rules = ledgers.program.earning
    if member is None or not rules.looks_back:
        return ()
    return rules.credited(_shares(ledgers.entries(member)), on)


def _shares(
    entries: Iterable[tuple[CustomerId, LedgerEntry]],
) -> Iterator[tuple[date, tuple[RuleShare, ...]]]:
    """What rules gave, and what returns took of it, by the day of the purchase."""
    earned_on = dict[tuple[CustomerId, str], date]()
    for whose, entry in entries:
        what = entry.posting
        if isinstance(what, Accrual):
            earned_on[whose, entry.key] = what.lot.earned_on
            yield what.lot.earned_on, what.breakdown
        elif isinstance(what, Reversal):
            yield earned_on[whose, what.accrual], what.breakdown


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


def _referred(
    ledgers: Ledgers, facts: EarningFacts, accrued: Accrued, on: date, note: EntryNote
) -> Posted | None:
    """The points of whoever brought the member: once, whichever purchase it was for."""
    credit = accrued.referral
    if credit is None or ledgers.unit.repository(MEMBERSHIPS).find(credit.referrer) is None:
        return None
    key = referral_key(facts.member)
    ledger = ledgers.seen(credit.referrer, key)
    if ledger.account.merged_into is not None:
        return None
    # The referrer may have been here since: their ledger does not go back for it.
    day = max(on, ledger.account.on or on)
    # What was written about the purchase of somebody else is none of the referrer's business.
    note = note.copy()
    note.pop("reason", None)
    after = ledger.accrue(
        credit.points, on=day, key=key, earned_on=facts.on, breakdown=credit.shares, **note
    )
    return ledgers.keep(key, ledger, after)


# --- what comes back ------------------------------------------------------------------------------


def give_back(
    ledgers: Ledgers,
    bought: EarningFacts,
    purchase: str,
    returned: tuple[BasketLine, ...],
    before: tuple[BasketLine, ...],
    key: str,
    on: date,
    note: EntryNote,
) -> GivenBack:
    """Post what goods that come back take with them."""
    # A return that was posted before a merge stands in the ledger of whoever had bought.
    known_before = ledgers.number_of(bought.member, key) is not None
    member = bought.member if known_before else ledgers.home(bought.member)
    ledger = ledgers.seen(member, key, whole=True)
    known = ledger.entry(key)
    back = -sum_money((line.amount for line in returned), bought.currency)
    if known is not None:
        _check_same(known, bought.on, back)
        return GivenBack(None, ledgers.known(member, known))
    theirs = [each for each in ledgers.entries(member) if each[0] == bought.member]
    earned = _breakdown_of(theirs, purchase)
    facts = ReturnFacts(
        purchase=_as_bought(ledgers, bought, purchase, earned),
        on=on,
        earned=earned,
        returned=returned,
        before=before,
        taken=_taken_of(theirs, purchase),
    )
    decision = ledgers.program.taking_back(facts)
    after = _taken_back(
        ledger,
        decision.outcome,
        _uncounted(facts, decision.outcome, back),
        key,
        purchase,
        bought.member,
        note,
    )
    posted = ledgers.keep(key, ledger, after)
    bring_up(ledgers, ledgers.member(member), on)
    return GivenBack(decision, posted)


def _as_bought(
    ledgers: Ledgers, bought: EarningFacts, purchase: str, earned: tuple[RuleShare, ...]
) -> EarningFacts:
    """The facts of a purchase as they were filled in on its day: goods that stay earn by them."""
    rules, credited = ledgers.program.earning, bought.credited
    if rules.looks_back and not credited:
        earlier = takewhile(
            lambda each: (each[0], each[1].key) != (bought.member, purchase),
            ledgers.entries(bought.member),
        )
        credited = rules.credited(_shares(earlier), bought.on)
    return evolve(
        bought,
        tier=bought.tier or _tier_before(ledgers, bought),
        credited=credited,
        referral_settled=bought.referral_settled or not _has_referral(rules, earned),
    )


def _breakdown_of(
    entries: Iterable[tuple[CustomerId, LedgerEntry]], purchase: str
) -> tuple[RuleShare, ...]:
    for _, entry in entries:
        if entry.key == purchase and isinstance(entry.posting, Accrual | Qualified):
            return entry.posting.breakdown if isinstance(entry.posting, Accrual) else ()
    raise LedgerRefused("no purchase was posted under that key: name the key it was posted by")


def _taken_of(
    entries: Iterable[tuple[CustomerId, LedgerEntry]], purchase: str
) -> tuple[RuleShare, ...]:
    return tuple(
        share
        for _, entry in entries
        if isinstance(entry.posting, Reversal) and entry.posting.accrual == purchase
        for share in entry.posting.breakdown
    )


def _uncounted(facts: ReturnFacts, taken: TakenBack, back: Money) -> Qualification:
    """What no longer counts for the tier: the visit does as long as something stays."""
    bought_on = facts.purchase.on
    # What was free may come back after all the rest: the visit goes once.
    earlier = sum(line.amount.minor for line in facts.before)
    went_before = bool(facts.before) and earlier == facts.returned_minor
    return Qualification(
        facts.on,
        points=-taken.qualifying_points,
        spend=back,
        visits=-1 if facts.is_everything and not went_before else 0,
        earned_on=None if bought_on == facts.on else bought_on,
    )


def _taken_back(
    ledger: PointsLedger,
    taken: TakenBack,
    uncounted: Qualification,
    key: str,
    purchase: str,
    member: CustomerId,
    note: EntryNote,
) -> PointsLedger:
    if not taken.points:
        return ledger.qualify(uncounted, on=uncounted.on, key=key, source=purchase, **note)
    return ledger.reverse(
        purchase,
        taken.points,
        on=uncounted.on,
        key=key,
        member=member,
        qualification=uncounted,
        breakdown=taken.shares,
        **note,
    )


def _check_same(known: LedgerEntry, counts_for: date, spend: Money) -> None:
    """A purchase or a return that comes again is the same by its day and its total."""
    counted = entry_counts(known)
    if counted is None or (counted.counts_for, counted.spend) != (counts_for, spend):
        raise IdempotencyMismatch(
            "the key was used for another command of this member: give each command its own"
        )
