"""How members, their points and the terms of a program are kept, and found again."""

from collections.abc import Iterable
from datetime import date
from hashlib import sha256
from typing import Self

from attrs import evolve, frozen

from crmkit.errors import InvalidValue
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.loyalty.facts.figures import ProgramFigures
from crmkit.loyalty.facts.loyal import LoyaltyFacts
from crmkit.loyalty.facts.profile import MeasureProfile
from crmkit.loyalty.policies.coupons import CouponPolicy
from crmkit.loyalty.policies.development import LoyaltyDevelopment
from crmkit.loyalty.policies.drivers import DriverOrder
from crmkit.loyalty.policies.earning_returns import PointsReturn
from crmkit.loyalty.policies.levels import LoyaltyLevels
from crmkit.loyalty.policies.liability import Breakage, PointsLiability
from crmkit.loyalty.policies.maintenance import MaintenancePlan
from crmkit.loyalty.policies.measures import LoyaltyIndex
from crmkit.loyalty.policies.point_value import PointValue
from crmkit.loyalty.policies.program import Program
from crmkit.loyalty.policies.rewards import RewardCatalog
from crmkit.loyalty.policies.tier_policy import TierPolicy
from crmkit.loyalty.policies.types import LoyaltyTypePolicy
from crmkit.loyalty.records.coupon import Coupon
from crmkit.loyalty.records.entries import LedgerEntry
from crmkit.loyalty.records.manual_tier import ManualTier
from crmkit.loyalty.records.qualification import Qualification
from crmkit.loyalty.records.reward import RewardStock
from crmkit.loyalty.records.roll import IntentionAnswer, ProfitEntry, ProgramMember
from crmkit.loyalty.tally.account import PointsAccount
from crmkit.loyalty.tally.ledger import entry_counts
from crmkit.money import Money
from crmkit.period import check_date
from crmkit.serialization import make_converter
from crmkit.storage import Collection, Fold, Index, IndexValue, Stream
from crmkit.storage.subjects import ERASED, SubjectData, without_personal
from crmkit.tiering import TierHistory

__all__ = [
    "COUPONS",
    "MEMBERSHIPS",
    "POINTS_ACCOUNT",
    "POINTS_LEDGERS",
    "POSTED_KEYS",
    "QUALIFICATIONS",
    "REWARD_STOCKS",
    "STORED_TYPES",
    "SUBJECT_DATA",
    "Absorbed",
    "Counted",
    "Membership",
    "PostedKey",
    "posted_key",
    "referral_key",
]


@frozen
class Absorbed:
    """Who was merged into a member, and on which day."""

    member: CustomerId
    on: date


@frozen
class Membership:
    """A member of a program: since when, which tiers by the terms, and which by hand.

    ``tiers`` is what the terms of the program gave, each day through ``decided_through``; what was
    given by hand is kept beside it, so that it leaves no trace when it ends. ``survivor`` is
    who has everything since the member was merged, ``absorbed`` are those merged into this one.
    ``referred_by`` is who brought the member, once that was paid for: it is never paid for again.

    :raises InvalidValue: if the history is that of somebody else, or begins before the member
        joined.
    """

    member: CustomerId
    joined_on: date
    tiers: TierHistory
    manual: tuple[ManualTier, ...] = ()
    decided_through: date | None = None
    survivor: CustomerId | None = None
    absorbed: tuple[Absorbed, ...] = ()
    referred_by: CustomerId | None = None

    def __attrs_post_init__(self) -> None:
        check_identifier(self.member, "member")
        check_date(self.joined_on, "the day a member joined")
        if self.tiers.customer != self.member:
            raise InvalidValue("the tiers of a membership are those of its member")
        if self.tiers.changes and self.tiers.changes[0].on < self.joined_on:
            raise InvalidValue("a member holds a tier from the day of joining on, not before")

    def manual_from(self, day: date) -> tuple[ManualTier, ...]:
        """The tiers given by hand that last until a day or longer, as they are from that day on."""
        return tuple(
            evolve(each, from_on=max(each.from_on, day))
            for each in self.manual
            if each.until >= day
        )


@frozen
class PostedKey:
    """Under which number of a member's ledger a command was posted: none is posted twice."""

    member: CustomerId
    key: str
    number: int


def posted_key(member: CustomerId, key: str) -> str:
    """The key of a command of a member: neither can be read off it.

    :raises InvalidIdentifier: if one of them could not serve as a key.
    """
    check_identifier(member, "member")
    check_identifier(key, "the key of a command")
    # With its length before it, the member ends where it ends, and no two pairs read the same.
    return sha256(f"{len(member)}:{member}{key}".encode()).hexdigest()


def referral_key(referred: CustomerId) -> str:
    """The key of a referral in the ledger of the referrer: one for each member who was referred, so
    that nobody is paid for twice."""
    return posted_key(referred, "referral")


def _as_row(counted: Qualification) -> str:
    spend = counted.spend
    money = "- -" if spend is None else f"{spend.minor} {spend.currency}"
    days = f"{counted.on.toordinal()} {counted.counts_for.toordinal()}"
    return f"{days} {counted.points} {counted.visits} {money}"


def _of_row(row: str) -> Qualification:
    on, counts_for, points, visits, minor, currency = row.split()
    return Qualification(
        date.fromordinal(int(on)),
        int(points),
        None if minor == "-" else Money.of_minor(int(minor), currency),
        int(visits),
        None if counts_for == on else date.fromordinal(int(counts_for)),
    )


@frozen
class Counted:
    """What counts for the tier of a member, in the order of posting; the keys are left out.

    There is a line of text for each, because a member of many years has thousands of them, which
    are read at every purchase: the two days, points, visits and spend.

    >>> bought = Qualification(date(2026, 1, 5), 12, Money("12.50", "EUR"), 1)
    >>> Counted.of([bought]).rows
    ('739621 739621 12 1 1250 EUR',)
    """

    rows: tuple[str, ...] = ()

    @classmethod
    def of(cls, items: Iterable[Qualification]) -> Self:
        """Sum these up."""
        return cls(tuple(map(_as_row, items)))

    @property
    def items(self) -> tuple[Qualification, ...]:
        """Each of them."""
        return tuple(map(_of_row, self.rows))

    def after(self, entry: LedgerEntry) -> "Counted":
        """With what a further entry counts, if it counts anything."""
        counted = entry_counts(entry)
        return self if counted is None else Counted((*self.rows, _as_row(counted)))


POINTS_LEDGERS = Stream(
    "points-ledgers",
    (LedgerEntry,),
    converter=make_converter(LedgerEntry, PointsAccount, Counted),
)
"""The points of each member: every entry that was ever posted."""

POINTS_ACCOUNT = Fold("points-account", PointsAccount, PointsAccount(), PointsAccount.after)
"""What a ledger amounts to; the snapshot that a balance begins with."""

QUALIFICATIONS = Fold("qualifications", Counted, Counted(), Counted.after)
"""What a ledger counts for the tier."""

POSTED_KEYS = Collection(
    "points-posted-keys", PostedKey, key=lambda posted: posted_key(posted.member, posted.key)
)
"""The keys of all commands, each with the number of its entry."""


def _by_tier(membership: Membership) -> list[tuple[IndexValue, ...]]:
    tiers = membership.tiers
    if tiers.tier is None or membership.survivor is not None:
        return []
    return [(tiers.tier.name, tiers.since, membership.member)]


MEMBERSHIPS = Collection(
    "memberships",
    Membership,
    key=lambda membership: membership.member,
    indexes=(Index("by-tier", _by_tier),),
)
"""The members of a program; ``by-tier`` finds those who hold a tier by the terms, the longest
standing first."""


def _by_member(coupon: Coupon) -> list[tuple[IndexValue, ...]]:
    return [] if coupon.member is None else [(coupon.member, coupon.valid.start, coupon.id)]


REWARD_STOCKS = Collection("reward-stocks", RewardStock, key=lambda stock: stock.reward)
"""How many pieces of each reward are left."""

COUPONS = Collection(
    "coupons",
    Coupon,
    key=lambda coupon: coupon.id,
    indexes=(Index("by-member", _by_member),),
)
"""The coupons of members; ``by-member`` finds those of one, the first to begin first."""


def _without_reasons(membership: Membership) -> Membership:
    """Tiers by the terms have no tagged reasons, because they are written by a policy; but a shop
    may have put in its own words."""
    changes = tuple(evolve(each, reason=ERASED) for each in membership.tiers.changes)
    erased: Membership = without_personal(membership)
    return evolve(erased, tiers=evolve(membership.tiers, changes=changes))


_ADDS_UP = "the points of the program and of other members add up with it"

SUBJECT_DATA = (
    SubjectData(
        POINTS_LEDGERS, whose=lambda member: (member,), stays=_ADDS_UP, aliases=(referral_key,)
    ),
    SubjectData(POSTED_KEYS, whose=lambda posted: (posted.member,), stays=_ADDS_UP),
    SubjectData(
        MEMBERSHIPS,
        whose=lambda membership: (membership.member,),
        stays=_ADDS_UP,
        erased=_without_reasons,
    ),
    SubjectData(
        COUPONS,
        whose=lambda coupon: (coupon.member,),
        stays="what coupons are worth adds up with it",
    ),
    SubjectData(REWARD_STOCKS),
)
"""What is kept of a member: all of it stays under the pseudonym, without reasons."""

STORED_TYPES = (
    Breakage,
    Counted,
    Coupon,
    CouponPolicy,
    DriverOrder,
    IntentionAnswer,
    LedgerEntry,
    LoyaltyDevelopment,
    LoyaltyFacts,
    LoyaltyIndex,
    LoyaltyLevels,
    LoyaltyTypePolicy,
    MaintenancePlan,
    ManualTier,
    MeasureProfile,
    Membership,
    PointValue,
    PointsAccount,
    PointsLiability,
    PointsReturn,
    PostedKey,
    ProfitEntry,
    Program,
    ProgramFigures,
    ProgramMember,
    RewardCatalog,
    RewardStock,
    TierHistory,
    TierPolicy,
)
"""Every type of loyalty that can be kept: ``make_converter(*STORED_TYPES)``."""
