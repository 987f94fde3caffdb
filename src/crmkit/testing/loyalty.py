"""Hypothesis strategies for loyalty: programs, what members do with points, and memberships.

A ledger is walked from command to command, so it is one that could have come about: points are
earned late, held, captured, rolled back, reversed beyond what is left, given away, and taken over.

>>> from hypothesis import given
>>> @given(points_ledgers())
... def not_one_point_is_lost(ledger):
...     assert ledger.account.on is None or ledger.balance(ledger.account.on).is_conserved
>>> not_one_point_is_lost()
"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import cache
from typing import Any

from attrs import field, frozen

from crmkit.errors import MissingExtra
from crmkit.identifiers import Actor, CustomerId
from crmkit.loyalty import (
    Absorbed,
    Accrual,
    AfterManual,
    Capture,
    LedgerTerms,
    ManualTier,
    ManualWins,
    Membership,
    PointsLedger,
    Qualification,
    Redemption,
    Reversal,
    Rollback,
    RuleShare,
    TierPolicy,
    merge_members,
    replay_terms,
    transfer,
)
from crmkit.money import Money
from crmkit.testing.loyalty_terms import (
    FIRST,
    earning_facts,
    earning_rules,
    ledger_terms,
    programs,
    tier_policies,
)
from crmkit.testing.shared import days, identifiers, texts
from crmkit.tiering import TierHistory

try:
    from hypothesis import strategies as st
except ImportError:
    raise MissingExtra("hypothesis", "testing") from None

__all__ = [
    "LedgerCommand",
    "LedgerWalk",
    "earning_facts",
    "earning_rules",
    "ledger_commands",
    "ledger_terms",
    "ledger_walks",
    "memberships",
    "points_ledgers",
    "programs",
    "qualifications",
    "tier_policies",
]

Strategy = st.SearchStrategy
Draw = Callable[[Strategy[Any]], Any]
Command = Callable[[PointsLedger], PointsLedger]

_DAY = timedelta(days=1)
_LATEST = date(2029, 12, 31)


@frozen
class LedgerCommand:
    """Something that is done with the points of a member, by its name, under a key, on a day.

    Called with the ledger it was drawn for, it gives the next one; called with that one, it changes
    nothing, because the key is known there.
    """

    name: str
    key: str
    on: date
    command: Command = field(repr=False)

    def __call__(self, ledger: PointsLedger) -> PointsLedger:
        """Do it."""
        return self.command(ledger)


@frozen
class LedgerWalk:
    """A ledger and how it came about: ``ledgers`` holds it before the first command, and after
    each."""

    ledgers: tuple[PointsLedger, ...] = field(repr=False)
    commands: tuple[LedgerCommand, ...]

    @property
    def ledger(self) -> PointsLedger:
        """The ledger in the end."""
        return self.ledgers[-1]

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Hypothesis shows the story, and not every ledger on the way."""
        printer.text(repr(self))


# --- what can be done with a ledger ---------------------------------------------------------------


@cache
def _counts() -> Strategy[tuple[int, int | None, int, int]]:
    return st.tuples(
        st.integers(-500, 3_000),
        st.none() | st.integers(-20_000, 300_000),
        st.integers(-1, 3),
        st.sampled_from([0, 0, 0, 1, 14, 40]),
    )


def qualifications(on: date) -> Strategy[Qualification]:
    """What a purchase known on a day counts for a tier, or takes back; spend is in euros."""

    def counted(parts: tuple[int, int | None, int, int]) -> Qualification:
        points, minor, visits, ago = parts
        return Qualification(
            on,
            points=points,
            spend=None if minor is None else Money.of_minor(minor, "EUR"),
            visits=visits,
            earned_on=on - ago * _DAY if ago else None,
        )

    return _counts().map(counted)


def _accrue(draw: Draw, ledger: PointsLedger, on: date, key: str) -> Command:
    points = draw(_points())
    ago = draw(st.sampled_from([0, 0, 0, 1, 10, 40, 400]))
    terms: dict[str, Any] = {"earned_on": on - ago * _DAY if ago else None}
    if draw(st.booleans()):
        share = draw(st.integers(0, points))
        shares = [RuleShare("base", share), RuleShare("bonus", points - share)]
        terms["breakdown"] = [each for each in shares if each.points]
    if draw(st.booleans()):
        terms["qualification"] = draw(qualifications(on))
    terms["source"] = draw(st.none() | identifiers("order-"))
    return lambda then: then.accrue(points, on=on, key=key, **terms)


def _credit(draw: Draw, ledger: PointsLedger, on: date, key: str) -> Command:
    points, reason = draw(_points()), f"sorry: {draw(texts(8))}"
    return lambda then: then.credit(points, on=on, key=key, reason=reason)


def _qualify(draw: Draw, ledger: PointsLedger, on: date, key: str) -> Command:
    counted = draw(qualifications(on))
    return lambda then: then.qualify(counted, on=on, key=key)


def _redeem(draw: Draw, ledger: PointsLedger, on: date, key: str) -> Command:
    points = draw(_part(ledger.balance(on).available))
    reward = draw(st.none() | identifiers())
    return lambda then: then.redeem(points, on=on, key=key, reward=reward)


def _debit(draw: Draw, ledger: PointsLedger, on: date, key: str) -> Command:
    there = ledger.balance(on)
    points = draw(_part(there.available + there.pending))
    return lambda then: then.debit(points, on=on, key=key, reason="a correction")


def _hold(draw: Draw, ledger: PointsLedger, on: date, key: str) -> Command:
    points = draw(_part(ledger.balance(on).available))
    lapses_on = draw(st.none() | st.integers(1, 30).map(lambda n: on + n * _DAY))
    return lambda then: then.hold(points, on=on, key=key, lapses_on=lapses_on)


def _capture(draw: Draw, ledger: PointsLedger, on: date, key: str) -> Command:
    held = draw(st.sampled_from(ledger.account.as_of(on).holds))
    points = draw(st.none() | _part(held.points))
    return lambda then: then.capture(held.key, points, on=on, key=key)


def _release(draw: Draw, ledger: PointsLedger, on: date, key: str) -> Command:
    held = draw(st.sampled_from(ledger.account.as_of(on).holds))
    return lambda then: then.release(held.key, on=on, key=key)


def _roll_back(draw: Draw, ledger: PointsLedger, on: date, key: str) -> Command:
    redemption, left = draw(st.sampled_from([*_redeemed(ledger)]))
    points = draw(st.none() | _part(left))
    return lambda then: then.roll_back(redemption, points, on=on, key=key)


def _reverse(draw: Draw, ledger: PointsLedger, on: date, key: str) -> Command:
    accrual, left = draw(st.sampled_from([*_accrued(ledger)]))
    points = draw(st.none() | _part(left))
    return lambda then: then.reverse(accrual, points, on=on, key=key)


def _other(draw: Draw, ledger: PointsLedger, on: date) -> PointsLedger:
    """Another member of the same program, who has some points that can be spent, or cannot yet."""
    name = CustomerId(f"{ledger.member}+{len(ledger.entries)}")
    earned_on = on - draw(st.integers(0, 60)) * _DAY
    other = PointsLedger(name, ledger.terms)
    return other.accrue(draw(_points()), on=on, key="theirs", earned_on=earned_on)


def _give(draw: Draw, ledger: PointsLedger, on: date, key: str) -> Command:
    other, points = _other(draw, ledger, on), draw(_part(ledger.balance(on).available))
    return lambda then: transfer(then, other, points, on=on, key=key)[0]


def _receive(draw: Draw, ledger: PointsLedger, on: date, key: str) -> Command:
    other = _other(draw, ledger, on)
    most = other.balance(on).available
    if not most:  # Theirs are locked, or have expired: then they cannot give any.
        return _credit(draw, ledger, on, key)
    points = draw(_part(most))
    return lambda then: transfer(other, then, points, on=on, key=key)[1]


def _take_over(draw: Draw, ledger: PointsLedger, on: date, key: str) -> Command:
    other = _other(draw, ledger, on)
    return lambda then: merge_members(then, other, on=on, key=key)[0]


def _end(draw: Draw, ledger: PointsLedger, on: date, key: str) -> Command:
    other = _other(draw, ledger, on)
    return lambda then: merge_members(other, then, on=on, key=key)[1]


_COMMANDS: dict[str, Callable[[Draw, PointsLedger, date, str], Command]] = {
    "accrue": _accrue,
    "credit": _credit,
    "qualify": _qualify,
    "receive": _receive,
    "take-over": _take_over,
    "redeem": _redeem,
    "hold": _hold,
    "give": _give,
    "debit": _debit,
    "capture": _capture,
    "release": _release,
    "roll-back": _roll_back,
    "reverse": _reverse,
    "end": _end,
}


def _possible(ledger: PointsLedger, on: date) -> Iterator[str]:
    """What a ledger takes on a day; to be merged into another is the end, so it is left out."""
    then, there = ledger.account.as_of(on), ledger.balance(on)
    yield from ("accrue", "credit", "qualify", "receive", "take-over")
    if not any(_accrued(ledger)):
        yield from ("accrue", "accrue", "accrue")
    if there.available:
        yield from ("redeem", "hold", "give")
    if there.available + there.pending:
        yield "debit"
    if then.holds:
        yield from ("capture", "release")
    if any(_accrued(ledger)):
        yield "reverse"
    if any(_redeemed(ledger)):
        yield "roll-back"
        # What was bought with points, and then given back, is where debts come from.
        yield from ("reverse", "reverse", "reverse") if any(_accrued(ledger)) else ()


def _redeemed(ledger: PointsLedger) -> Iterator[tuple[str, int]]:
    """What can be rolled back, and how many points of it."""
    back: dict[str, int] = {}
    for entry in ledger.entries:
        if isinstance(entry.posting, Rollback):
            key = entry.posting.redemption
            back[key] = back.get(key, 0) + sum(lot.points for lot in entry.posting.lots)
    for entry in ledger.entries:
        if isinstance(entry.posting, Redemption | Capture):
            left = sum(lot.points for lot in entry.posting.lots) - back.get(entry.key, 0)
            if left:
                yield entry.key, left


def _accrued(ledger: PointsLedger) -> Iterator[tuple[str, int]]:
    """What can be given back, and how many points had been earned with it and not taken yet."""
    taken: dict[str, int] = {}
    for entry in ledger.entries:
        if isinstance(entry.posting, Reversal):
            key = entry.posting.accrual
            taken[key] = taken.get(key, 0) + entry.posting.points
    for entry in ledger.entries:
        if isinstance(entry.posting, Accrual):
            left = entry.posting.lot.points - taken.get(entry.key, 0)
            if left:
                yield entry.key, left


@cache
def _points() -> Strategy[int]:
    return st.integers(1, 20) | st.integers(1, 100_000)


def _part(most: int) -> Strategy[int]:
    """Some of so many, often all of them."""
    return st.integers(1, most) | st.just(most)


def ledger_commands(ledger: PointsLedger, on: date | None = None) -> Strategy[LedgerCommand]:
    """Commands that a ledger takes on a day: that of its last entry, unless told.

    The ledger is open, whole, and has no entry of a later day; the key is a new one.
    """
    day = on or ledger.account.on or FIRST
    return st.sampled_from([*_possible(ledger, day)]).flatmap(
        lambda name: _command(ledger, day, name)
    )


@st.composite
def _command(draw: Draw, ledger: PointsLedger, on: date, name: str) -> LedgerCommand:
    key = f"{name}-{len(ledger.entries) + 1}"
    return LedgerCommand(name, key, on, _COMMANDS[name](draw, ledger, on, key))


# --- ledgers --------------------------------------------------------------------------------------


@st.composite
def ledger_walks(
    draw: Draw,
    *,
    terms: Strategy[LedgerTerms] | None = None,
    max_steps: int = 8,
    may_end: bool = True,
) -> LedgerWalk:
    """Ledgers from the first command to the last, on days that pass now slowly, now quickly.

    A walk may end because the member is merged into another, unless ``may_end`` is False.
    """
    ledger = PointsLedger(
        CustomerId(draw(identifiers("M-"))), draw(ledger_terms() if terms is None else terms)
    )
    ledgers, commands, today = [ledger], list[LedgerCommand](), draw(days(FIRST, _LATEST))
    for _ in range(draw(st.integers(0, max_steps))):
        today += draw(st.sampled_from([0, 0, 1, 7, 31, 365])) * _DAY
        ends = may_end and not draw(st.integers(0, 19)) and not ledger.account.as_of(today).holds
        command = draw(_command(ledger, today, "end") if ends else ledger_commands(ledger, today))
        ledger = command(ledger)
        ledgers.append(ledger)
        commands.append(command)
        if ends:
            break
    return LedgerWalk(tuple(ledgers), tuple(commands))


def points_ledgers(
    *,
    terms: Strategy[LedgerTerms] | None = None,
    max_steps: int = 8,
    may_end: bool = True,
) -> Strategy[PointsLedger]:
    """Ledgers as they may stand after some commands: see :func:`ledger_walks`."""
    walks = ledger_walks(terms=terms, max_steps=max_steps, may_end=may_end)
    return walks.map(lambda walk: walk.ledger)


# --- memberships ----------------------------------------------------------------------------------


@st.composite
def _by_hand(draw: Draw, policy: TierPolicy, joined_on: date) -> ManualTier:
    from_on = joined_on + draw(st.integers(0, 500)) * _DAY
    return ManualTier(
        tier=draw(st.sampled_from(policy.ladder.tiers)),
        from_on=from_on,
        until=from_on + draw(st.integers(0, 200)) * _DAY,
        reason=f"it was {draw(texts(8))}",
        by=Actor("anna"),
        wins=draw(st.sampled_from(ManualWins)),
        then=draw(st.sampled_from(AfterManual)),
    )


@st.composite
def memberships(draw: Draw, *, policy: TierPolicy | None = None) -> Membership:
    """Members with the tiers that a policy gave them: those they were given by hand, those who were
    merged into them, and those who were merged into others among them."""
    policy = draw(tier_policies()) if policy is None else policy
    member = CustomerId(draw(identifiers("M-")))
    joined_on = draw(days(FIRST, _LATEST))
    until = joined_on + draw(st.integers(0, 800)) * _DAY
    manual = tuple(draw(st.lists(_by_hand(policy, joined_on), max_size=2)))
    counted = _counted(draw, policy, joined_on, until)
    tiers = TierHistory(member)
    if draw(st.integers(0, 9)):
        tiers = replay_terms(policy, member, joined_on, counted, until, manual=manual)
    others = st.builds(
        Absorbed, identifiers("O-").map(CustomerId), days(joined_on, joined_on + 900 * _DAY)
    )
    return Membership(
        member,
        joined_on,
        tiers,
        manual=manual,
        survivor=draw(st.none() | st.none() | identifiers("S-").map(CustomerId)),
        absorbed=tuple(draw(st.lists(others, max_size=2, unique_by=lambda each: each.member))),
    )


def _counted(
    draw: Draw, policy: TierPolicy, joined_on: date, until: date
) -> tuple[Qualification, ...]:
    """What counted for the tier of a member, in the currency of the policy."""
    spend = policy.thresholds[0].spend
    currency = "EUR" if spend is None else spend.currency
    found = []
    for on in sorted(draw(st.lists(st.dates(joined_on, until), max_size=6))):
        one = draw(qualifications(on))
        minor = None if one.spend is None else one.spend.minor
        found.append(
            Qualification(
                on,
                points=one.points,
                spend=None if minor is None else Money.of_minor(minor, currency),
                visits=one.visits,
            )
        )
    return tuple(found)
