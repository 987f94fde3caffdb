"""A purchase file through a program: what members would have earned, and what it would have cost.

>>> from crmkit.loyalty.policies.earning import EarningRules
>>> from crmkit.loyalty.policies.earning_terms import BaseRate, EarningRule
>>> from crmkit.loyalty.records.terms import ExpiresAfter, LedgerTerms
>>> from crmkit.money import Money
>>> from crmkit.period import Unit
>>> club = Program(
...     name="club",
...     terms=LedgerTerms(ExpiresAfter(12, Unit.MONTH)),
...     earning=EarningRules((
...         EarningRule("one a euro", BaseRate(1, per=Money("1.00", "EUR")), priority=1),
...     )),
... )
>>> bought = [
...     Purchase(CustomerId("C-7"), date(2025, 1, 5), Money("40.00", "EUR")),
...     Purchase(CustomerId("C-7"), date(2026, 3, 1), Money("12.50", "EUR")),
... ]
>>> replay = replay_program(club, bought, as_of=date(2026, 3, 31))
>>> balance = replay.members[CustomerId("C-7")].balance
>>> balance.accrued, balance.expired, balance.available
(52, 40, 12)
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cached_property
from operator import attrgetter
from types import MappingProxyType

from attrs import field, fields_dict, frozen

from crmkit.decision import Decision
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.identifiers import CustomerId
from crmkit.loyalty.comparison.replay_earning import Earner, Reckoned
from crmkit.loyalty.comparison.replay_events import (
    PointsRedeemed,
    RefusedRedemption,
    UnmatchedRefund,
    by_day,
    in_order_of_days,
    parted,
)
from crmkit.loyalty.comparison.replay_ledger import Months, SimpleBalances, ledger_of
from crmkit.loyalty.policies.liability import Breakage, LiabilityFacts, PointsLiability
from crmkit.loyalty.policies.program import Program
from crmkit.loyalty.tally.balance import Balance
from crmkit.loyalty.tally.cohorts import PointsByMonth, PointsCohort, points_by_month
from crmkit.money import Money
from crmkit.period import check_date
from crmkit.records import Purchase
from crmkit.tiering import Migration, MigrationMatrix, Tier, TierHistory

__all__ = ["MemberReplay", "ProgramReplay", "TierGroup", "replay_program"]


@frozen(kw_only=True)
class MemberReplay:
    """A member after the replay: since when, what they have, and through which tiers they went.

    ``purchases`` are their baskets. ``tiers`` is None in a program without tiers.
    """

    member: CustomerId
    joined_on: date
    purchases: int
    balance: Balance
    tiers: TierHistory | None = None

    @property
    def tier(self) -> Tier | None:
        """The tier held in the end."""
        return None if self.tiers is None else self.tiers.tier


@frozen(kw_only=True)
class TierGroup:
    """The members who hold a tier in the end, and all their points; without tiers, everybody."""

    tier: Tier | None
    members: int
    points: Balance


def _read_only(members: Mapping[CustomerId, MemberReplay]) -> Mapping[CustomerId, MemberReplay]:
    return MappingProxyType(dict(sorted(members.items())))


@frozen(kw_only=True)
class ProgramReplay:
    """What became of all members of a program, as of a day.

    ``points`` are the points by the month they were earned in. Of the lines that were read,
    ``purchases`` and ``refunds`` were looked at and ``later`` ones left out. ``unmatched`` is money
    that was given back for nothing known, ``refused`` what was redeemed without the points for it:
    nothing is lost, it is all in here. Replays of different members merge: ``a | b`` in any order
    is what one replay of all of them gives.
    """

    program: Program
    as_of: date
    members: Mapping[CustomerId, MemberReplay] = field(converter=_read_only)
    points: PointsByMonth
    purchases: int = 0
    refunds: int = 0
    later: int = 0
    unmatched: tuple[UnmatchedRefund, ...] = ()
    refused: tuple[RefusedRedemption, ...] = ()

    @cached_property
    def total(self) -> Balance:
        """All points of all members."""
        return _total(self.as_of, self.members.values())

    def by_tier(self) -> tuple[TierGroup, ...]:
        """The members of each tier, the highest first, tiers with nobody in them too."""
        ladder = [None] if self.program.tiers is None else self.program.tiers.ladder.tiers
        found: dict[Tier | None, list[MemberReplay]] = {tier: [] for tier in reversed(ladder)}
        for member in self.members.values():
            found[member.tier].append(member)
        return tuple(
            TierGroup(tier=tier, members=len(each), points=_total(self.as_of, each))
            for tier, each in found.items()
        )

    def tier_flow(self, from_on: date, to_on: date) -> MigrationMatrix:
        """Who went from which tier to which between the ends of two days.

        :raises InvalidPolicy: if the program has no tiers.
        """
        if self.program.tiers is None:
            raise InvalidPolicy("the program has no tiers to move between: give it a TierPolicy")
        ways = Counter(
            (_held(each.tiers, from_on), _held(each.tiers, to_on)) for each in self.members.values()
        )
        return matrix_of(ways, from_on, to_on)

    def liability(self, breakage: Breakage | None = None) -> Decision[Money]:
        """What the points that are open will cost.

        :raises InvalidPolicy: if the program does not say what points cost.
        """
        if self.program.point_value is None:
            raise InvalidPolicy("the program does not say what points cost: give it a PointValue")
        policy = PointsLiability(self.program.point_value, breakage or Breakage(0))
        return policy(LiabilityFacts.of(self.points))

    def __or__(self, other: "ProgramReplay") -> "ProgramReplay":
        """The members of both.

        :raises InvalidValue: if a member is in both, or they are of two programs or days.
        """
        if (other.program, other.as_of) != (self.program, self.as_of):
            raise InvalidValue("replays merge if they are of one program and one day")
        if self.members.keys() & other.members.keys():
            raise InvalidValue("a member is in both: hand all lines of a member to one replay")
        return ProgramReplay(
            program=self.program,
            as_of=self.as_of,
            members={**self.members, **other.members},
            points=self.points.merge(other.points),
            purchases=self.purchases + other.purchases,
            refunds=self.refunds + other.refunds,
            later=self.later + other.later,
            unmatched=tuple(sorted((*self.unmatched, *other.unmatched), key=_of_member)),
            refused=tuple(
                sorted((*self.refused, *other.refused), key=lambda each: each.redemption.member)
            ),
        )


def matrix_of(
    ways: Mapping[tuple[Tier | None, Tier | None], int], from_on: date, to_on: date
) -> MigrationMatrix:
    """How many members went which way, the highest tiers first."""
    migrations = [Migration(before, after, number) for (before, after), number in ways.items()]
    migrations.sort(key=lambda each: (_place(each.from_tier), _place(each.to_tier)))
    return MigrationMatrix(from_on=from_on, to_on=to_on, migrations=tuple(migrations))


def _place(tier: Tier | None) -> tuple[bool, int, str]:
    return (True, 0, "") if tier is None else (False, -tier.rank, tier.name)


def _held(tiers: TierHistory | None, day: date) -> Tier | None:
    """What :meth:`TierHistory.tier_on` says, without a history of its own for each question."""
    tier = None
    for change in () if tiers is None else tiers.changes:
        if change.on > day:
            break
        tier = change.to_tier
    return tier


_SUMMED = tuple(name for name in fields_dict(Balance) if name != "as_of")
_FIGURES = attrgetter(*_SUMMED)


def _total(as_of: date, members: Iterable[MemberReplay]) -> Balance:
    rows = [_FIGURES(each.balance) for each in members]
    sums = map(sum, zip(*rows, strict=True)) if rows else [0] * len(_SUMMED)
    return Balance(as_of=as_of, **dict(zip(_SUMMED, sums, strict=True)))


def _of_member(refund: UnmatchedRefund) -> CustomerId:
    return refund.member


# --- the replay -----------------------------------------------------------------------------------


def replay_program(
    program: Program,
    purchases: Iterable[Purchase],
    *,
    as_of: date,
    redeemed: Iterable[PointsRedeemed] = (),
) -> ProgramReplay:
    """Replay purchases through a program, member by member, up to and including a day.

    Members join with their first purchase. The lines of one order on one day are one basket; a line
    without an order is one of its own. A basket earns by the tier that its member held on the day
    before, on the day of joining by none, and counts for the tier even if it earns no points. A
    refund takes points back from the order that it names, or else from the latest earlier
    purchases. What ``redeemed`` says is redeemed if the member has the points for it.

    The order of the lines does not matter; hand in all lines of a member at once. No clock is
    asked, and expiry follows from the day.

    :raises InvalidValue: if the day is no plain date.
    :raises CurrencyMismatch: if tiers go by spend and somebody paid in another currency.
    """
    check_date(as_of, "as_of")
    run, lines = _Run(program, as_of), dict[CustomerId, list[Purchase]]()
    for line in purchases:
        if line.on <= as_of:
            lines.setdefault(line.customer, []).append(line)
        else:
            run.later += 1
    asked = dict[CustomerId, list[PointsRedeemed]]()
    for each in redeemed:
        if each.on <= as_of:
            asked.setdefault(each.member, []).append(each)
    for member in sorted(lines.keys() | asked.keys()):
        run.take(lines.get(member, []), asked.get(member, []))
    return run.replay()


class _Run:
    """One replay while it runs."""

    def __init__(self, program: Program, as_of: date) -> None:
        self._program, self._as_of = program, as_of
        self._earner = Earner(program)
        self._months: Months = {}
        self._simple = SimpleBalances(program.terms, as_of, self._months)
        self._members = dict[CustomerId, MemberReplay]()
        self._purchases = self._refunds = self.later = 0
        self._unmatched = list[UnmatchedRefund]()
        self._refused = list[RefusedRedemption]()

    def take(self, lines: Sequence[Purchase], asked: Sequence[PointsRedeemed]) -> None:
        """Replay one member."""
        bought, refunds = parted(lines)
        self._purchases += len(bought)
        self._refunds += len(refunds)
        reckoned = self._earner.reckon(bought, refunds, self._as_of)
        if reckoned is None:
            self._unmatched += [UnmatchedRefund.all_of(each) for each in in_order_of_days(refunds)]
            self._refused += [RefusedRedemption(each, 0) for each in by_day(asked)]
            return
        self._unmatched += reckoned.unmatched
        if asked or len(reckoned.postings) > len(reckoned.earned):
            balance = self._by_ledger(reckoned, asked)
        else:
            balance = self._simple.of(reckoned.earned)
        self._members[reckoned.member] = MemberReplay(
            member=reckoned.member,
            joined_on=reckoned.joined_on,
            purchases=len(reckoned.earned),
            balance=balance,
            tiers=reckoned.tiers,
        )

    def _by_ledger(self, reckoned: Reckoned, asked: Sequence[PointsRedeemed]) -> Balance:
        ledger, refused = ledger_of(self._program.terms, reckoned, asked)
        self._refused += refused
        for first, cohort in points_by_month((ledger,), self._as_of).months.items():
            month = self._months.setdefault((first.year, first.month), [0, 0, 0, 0])
            month[0] += cohort.earned
            month[1] += cohort.redeemed
            month[2] += cohort.expired
            month[3] += cohort.withdrawn
        return ledger.balance(self._as_of)

    def replay(self) -> ProgramReplay:
        """What came of it."""
        months = {date(*month, 1): PointsCohort(*sums) for month, sums in self._months.items()}
        return ProgramReplay(
            program=self._program,
            as_of=self._as_of,
            members=self._members,
            points=PointsByMonth(self._as_of, months),
            purchases=self._purchases,
            refunds=self._refunds,
            later=self.later,
            unmatched=tuple(self._unmatched),
            refused=tuple(self._refused),
        )
