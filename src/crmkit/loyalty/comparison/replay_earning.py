"""What a member earns by a program, and what returns take back, purchase by purchase.

The points of a purchase depend on the tier held on the day before, and the tier on the points of
earlier purchases. So the tiers are guessed first, all is reckoned with them, and again with the
tiers that follow from it, until the same tiers follow again. Only the tiers that the terms give
follow from themselves: each round settles at least one more day, however wrong the guess was, and
most guesses are right.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from attrs import define, field, frozen

from crmkit.identifiers import CustomerId
from crmkit.loyalty.comparison.replay_events import (
    Basket,
    UnmatchedRefund,
    baskets,
    in_order_of_days,
)
from crmkit.loyalty.comparison.replay_returns import (
    Back,
    Bought,
    Earned,
    come_back,
    facts_of,
    return_key,
)
from crmkit.loyalty.comparison.replay_tiers import TierGuess, TierShortcuts
from crmkit.loyalty.facts.earning import BasketLine, Credited, ReturnFacts
from crmkit.loyalty.policies.program import Program
from crmkit.loyalty.policies.tier_policy import TierPolicy
from crmkit.loyalty.policies.tier_replay import replay_tiers
from crmkit.loyalty.records.accrued import Accrued
from crmkit.loyalty.records.qualification import Qualification
from crmkit.loyalty.records.shares import RuleShare
from crmkit.money import sum_money
from crmkit.records import Purchase
from crmkit.tiering import TierChange, TierHistory

__all__ = ["Earner", "Reckoned"]

_ONE_DAY = timedelta(days=1)
_MOST_KEPT = 50_000
"""So many different baskets are remembered with what they earn."""


@frozen(kw_only=True)
class Reckoned:
    """All that a member earned and gave back, and the tiers that follow from it."""

    member: CustomerId
    joined_on: date
    earned: Sequence[Earned]
    postings: Sequence[Earned | Back]
    unmatched: tuple[UnmatchedRefund, ...]
    tiers: TierHistory | None


@define
class _Books:
    """What is known of a member in one round."""

    earned: list[Earned] = field(factory=list)
    postings: list[Earned | Back] = field(factory=list)
    bought: list[Bought] = field(factory=list)
    unmatched: list[UnmatchedRefund] = field(factory=list)
    returns: int = 0

    def history(self) -> Iterator[tuple[date, tuple[RuleShare, ...]]]:
        """The shares of each posting, under the day of its purchase."""
        for each in self.postings:
            if isinstance(each, Earned):
                yield each.on, each.accrued.shares
            else:
                yield each.of.on, each.taken.shares


class Earner:
    """Reckons by the terms of one program; it remembers what equal baskets earn."""

    def __init__(self, program: Program) -> None:
        self._rules = program.earning
        self._taking_back = program.taking_back
        self._policy = program.tiers
        self._entry = None if program.tiers is None else program.tiers.entry.name
        self._shortcuts = None if program.tiers is None else TierShortcuts(program.tiers)
        asked = [rule.when for rule in program.earning.rules]
        self._tiers_asked = frozenset[str]().union(*(when.tiers for when in asked))
        self._asks_for_first = any(when.first_purchase for when in asked)
        self._looks_back = program.earning.looks_back
        asks_for_day = any(when.weekdays or when.days for when in asked)
        self._is_same_every_day = not (asks_for_day or self._looks_back)
        self._kept = dict[tuple[Any, ...], Accrued]()
        self._in_at = dict[date, tuple[TierChange, ...]]()

    def reckon(
        self, purchases: Sequence[Purchase], refunds: Sequence[Purchase], until: date
    ) -> Reckoned | None:
        """Reckon what one member bought and gave back through a day; None if nothing was bought."""
        if not purchases:
            return None
        bought, refunds = baskets(purchases), in_order_of_days(refunds)
        held, before, tiers = dict[date, str](), _Books(), None
        guess = None
        if self._shortcuts is not None and self._tiers_asked and len(bought) > 1:
            guess = TierGuess(self._shortcuts, bought[0].on)
        while True:
            books = self._round(bought, refunds, held, before, guess)
            guess = None
            tiers = self._tiers(books, before, tiers, until)
            then = self._held(bought, tiers)
            if then == held:
                break
            held, before = then, books
        return Reckoned(
            member=purchases[0].customer,
            joined_on=bought[0].on,
            earned=books.earned,
            postings=books.postings,
            unmatched=tuple(books.unmatched),
            tiers=tiers,
        )

    def _round(
        self,
        bought: Sequence[Basket],
        refunds: Sequence[Purchase],
        held: dict[date, str],
        before: _Books,
        guess: TierGuess | None,
    ) -> _Books:
        books, waiting = _Books(), list(reversed(refunds))
        for at, basket in enumerate(bought):
            while waiting and waiting[-1].on < basket.on:
                self._refund(books, waiting.pop())
            if guess is not None and (name := guess.before(basket.on)) is not None:
                held[basket.on] = name
            # Nobody holds a tier on the day before they join.
            tier = held.get(basket.on, self._entry) if basket.on > bought[0].on else None
            earned = before.earned[at] if before.earned else None
            if earned is None or earned.tier != tier or self._looks_back:
                earned = self._purchase(books, basket, tier)
            books.earned.append(earned)
            books.postings.append(earned)
            if guess is not None:
                guess.add(earned)
            if refunds:
                books.bought.append(Bought.of(earned))
        while waiting:
            self._refund(books, waiting.pop())
        return books

    # --- a purchase ---

    def _purchase(self, books: _Books, basket: Basket, tier: str | None) -> Earned:
        number = len(books.earned) + 1
        credited: tuple[Credited, ...] = ()
        if self._looks_back:
            credited = self._rules.credited(books.history(), basket.on)
        accrued = self._accrued(basket, tier, number, credited)
        return Earned(number, basket, tier, credited, accrued)

    def _accrued(
        self, basket: Basket, tier: str | None, number: int, credited: tuple[Credited, ...]
    ) -> Accrued:
        if not self._is_same_every_day:
            return self._rules.outcomes((facts_of(basket, tier, number, credited),))[0]
        key = self._likeness(basket, tier, number)
        found = self._kept.get(key)
        if found is None:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            found = self._rules.outcomes((facts_of(basket, tier, number, credited),))[0]
            self._kept[key] = found
        return found

    def _likeness(self, basket: Basket, tier: str | None, number: int) -> tuple[Any, ...]:
        """All that rules which ask for no day look at."""
        lines = basket.lines
        asked = (
            lines[0].channel,
            tier if tier in self._tiers_asked else None,
            number == 1 and self._asks_for_first,
        )
        amount = lines[0].amount
        if len(lines) == 1:
            return *asked, amount.minor, amount.currency, lines[0].product
        return *asked, *[(line.amount, line.product) for line in lines]

    # --- a refund ---

    def _refund(self, books: _Books, refund: Purchase) -> None:
        found, unmatched = come_back(refund, books.bought)
        for bought, lines in found:
            books.returns += 1
            books.postings.append(self._back(books.returns, bought, lines, refund.on))
        if unmatched is not None:
            books.unmatched.append(unmatched)

    def _back(self, number: int, bought: Bought, lines: tuple[BasketLine, ...], on: date) -> Back:
        earned = bought.earned
        facts = ReturnFacts(
            purchase=bought.facts,
            on=on,
            earned=earned.accrued.shares,
            returned=lines,
            before=bought.before,
            taken=bought.taken,
        )
        taken = self._taking_back(facts).outcome
        bought.before += lines
        bought.taken += taken.shares
        counted = Qualification(
            on,
            -taken.qualifying_points,
            -sum_money((line.amount for line in lines), bought.facts.currency),
            -1 if facts.is_everything else 0,
            earned_on=None if earned.on == on else earned.on,
            key=return_key(number),
        )
        return Back(number, earned, on, taken, counted)

    # --- tiers ---

    def _tiers(
        self, books: _Books, before: _Books, tiers: TierHistory | None, until: date
    ) -> TierHistory | None:
        policy, first = self._policy, books.earned[0].basket
        if policy is None or self._shortcuts is None:
            return None
        if _counts_the_same(books, before):
            return tiers
        member = first.lines[0].customer
        if self._shortcuts.never_rises(books.postings):
            return TierHistory(member, self._stays(policy, member, first.on))
        counted = [posting.qualification() for posting in books.postings]
        return replay_tiers(policy, member, first.on, counted, until)

    def _stays(
        self, policy: TierPolicy, member: CustomerId, joined_on: date
    ) -> tuple[TierChange, ...]:
        """What there is to say of who comes in on a day and never rises."""
        found = self._in_at.get(joined_on)
        if found is None:
            found = replay_tiers(policy, member, joined_on, (), joined_on).changes
            self._in_at[joined_on] = found
        return found

    def _held(self, bought: Sequence[Basket], tiers: TierHistory | None) -> dict[date, str]:
        """The tier on the day before each purchase, where it is not the entry tier."""
        held = dict[date, str]()
        if not self._tiers_asked or tiers is None:
            return held
        steps = [(each.on, str(each.to_tier)) for each in tiers.changes]
        if len(steps) == 1 and steps[0][1] == self._entry:
            return held
        for basket in bought:
            names = [name for on, name in steps if on < basket.on]
            if names and names[-1] != self._entry:
                held[basket.on] = names[-1]
        return held


def _counts_the_same(books: _Books, before: _Books) -> bool:
    """Whether nothing counts otherwise for the tier than in the round before."""
    if len(books.postings) != len(before.earned):
        return False
    rows = zip(books.earned, before.earned, strict=True)
    return all(
        one.accrued.qualifying_points == other.accrued.qualifying_points for one, other in rows
    )
