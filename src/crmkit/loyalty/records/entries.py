"""The entries of a points ledger: what can happen to the points of a member.

An entry is written once and never changed. It says how many points moved, and which lots they came
from or went to, so that what an entry did does not depend on what is known or decided later.
"""

from collections.abc import Iterable
from datetime import date, datetime

from attrs import field, frozen

from crmkit.errors import InvalidValue
from crmkit.identifiers import Actor, CustomerId, check_identifier
from crmkit.loyalty.records.lots import Lot, check_points, points_in
from crmkit.loyalty.records.qualification import Qualification
from crmkit.loyalty.records.shares import RuleShare
from crmkit.period import check_date, check_instant

__all__ = [
    "Accrual",
    "Capture",
    "Credit",
    "Debit",
    "Hold",
    "LedgerEntry",
    "MergedFrom",
    "MergedInto",
    "Posting",
    "Qualified",
    "Redemption",
    "Release",
    "Reversal",
    "Rollback",
    "TransferIn",
    "TransferOut",
]


def _as_lots(lots: Iterable[Lot]) -> tuple[Lot, ...]:
    return tuple(lots)


def _as_shares(shares: Iterable[RuleShare]) -> tuple[RuleShare, ...]:
    return tuple(shares)


def _check_some(lots: tuple[Lot, ...], what: str) -> None:
    if not lots:
        raise InvalidValue(f"{what} moves at least one point")


def _check_within(part: tuple[Lot, ...], points: int) -> None:
    if points_in(part) > points:
        raise InvalidValue("a deficit is settled from the points that came in, not from more")


# --- points come in -------------------------------------------------------------------------------


@frozen(kw_only=True)
class Accrual:
    """Points that a member earned, as one lot.

    ``breakdown`` says which rule gave how many of them, ``qualification`` what counts for the tier,
    ``source`` what they were earned with, such as an order. ``settled`` went to pay a deficit at
    once.
    """

    lot: Lot
    settled: tuple[Lot, ...] = field(default=(), converter=_as_lots)
    breakdown: tuple[RuleShare, ...] = field(default=(), converter=_as_shares)
    qualification: Qualification | None = None
    source: str | None = None

    def __attrs_post_init__(self) -> None:
        if self.source is not None:
            check_identifier(self.source, "the source of points")
        if self.settled:
            _check_within(self.settled, self.lot.points)
        if self.breakdown and sum(share.points for share in self.breakdown) != self.lot.points:
            raise InvalidValue("the breakdown of an accrual adds up to its points")


@frozen(kw_only=True)
class Qualified:
    """Something that counts for the tier and moves no points: a purchase that earned none."""

    qualification: Qualification
    source: str | None = None

    def __attrs_post_init__(self) -> None:
        if self.source is not None:
            check_identifier(self.source, "the source of a qualification")


@frozen(kw_only=True)
class Credit:
    """Points given by hand: a goodwill gesture, a correction. The entry says why."""

    lot: Lot
    settled: tuple[Lot, ...] = field(default=(), converter=_as_lots)

    def __attrs_post_init__(self) -> None:
        _check_within(self.settled, self.lot.points)


@frozen(kw_only=True)
class TransferIn:
    """Points that another member gave; they expire when they would have there."""

    sender: CustomerId
    lots: tuple[Lot, ...] = field(converter=_as_lots)
    settled: tuple[Lot, ...] = field(default=(), converter=_as_lots)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.sender, "sender")
        _check_some(self.lots, "a transfer")
        _check_within(self.settled, points_in(self.lots))


@frozen(kw_only=True)
class MergedFrom:
    """Everything that another member had, who turned out to be the same customer."""

    member: CustomerId
    lots: tuple[Lot, ...] = field(default=(), converter=_as_lots)
    deficit: int = 0
    settled: tuple[Lot, ...] = field(default=(), converter=_as_lots)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.member, "member")
        check_points(self.deficit, "a deficit", least=0)


# --- points go out --------------------------------------------------------------------------------


@frozen(kw_only=True)
class Redemption:
    """Points that were spent, and on what."""

    lots: tuple[Lot, ...] = field(converter=_as_lots)
    reward: str | None = None

    def __attrs_post_init__(self) -> None:
        _check_some(self.lots, "a redemption")
        if self.reward is not None:
            check_identifier(self.reward, "reward")


@frozen(kw_only=True)
class Rollback:
    """A redemption or a capture was cancelled: its points are back in the lots they came from.

    A lot whose last day is over by then is expired at once: to redeem and cancel does not make
    points live longer. ``member`` names whose redemption it was, if that member was merged into
    this one.
    """

    redemption: str
    lots: tuple[Lot, ...] = field(converter=_as_lots)
    member: CustomerId | None = None
    settled: tuple[Lot, ...] = field(default=(), converter=_as_lots)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.redemption, "redemption")
        _check_some(self.lots, "a rollback")
        _check_within(self.settled, points_in(self.lots))


@frozen(kw_only=True)
class Reversal:
    """A purchase was given back, and the points that it had earned with it.

    ``lots`` is what was taken back: the lot of the accrual first, then others in the order of
    spending. ``expired`` had expired unspent, so that there was nothing to take. ``deficit`` is
    owed, ``waived`` is forgiven. ``member`` names who had earned them, if that member was merged
    into this one. ``qualification`` is what no longer counts for the tier, ``breakdown`` says from
    which rules points were taken back, below zero.
    """

    accrual: str
    lots: tuple[Lot, ...] = field(default=(), converter=_as_lots)
    expired: int = 0
    deficit: int = 0
    waived: int = 0
    member: CustomerId | None = None
    qualification: Qualification | None = None
    breakdown: tuple[RuleShare, ...] = field(default=(), converter=_as_shares)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.accrual, "accrual")
        if self.breakdown and sum(share.points for share in self.breakdown) != -self.points:
            raise InvalidValue("the breakdown of a reversal adds up to its points, below zero")
        for points in (self.expired, self.deficit, self.waived):
            check_points(points, "the parts of a reversal", least=0)
        if not self.points:
            raise InvalidValue("a reversal takes back at least one point")

    @property
    def points(self) -> int:
        """How many of the points that were earned are accounted for by this reversal."""
        return points_in(self.lots) + self.expired + self.deficit + self.waived


@frozen(kw_only=True)
class Debit:
    """Points taken by hand: a correction. The entry says why."""

    lots: tuple[Lot, ...] = field(converter=_as_lots)

    def __attrs_post_init__(self) -> None:
        _check_some(self.lots, "a debit")


@frozen(kw_only=True)
class TransferOut:
    """Points that were given to another member."""

    to: CustomerId
    lots: tuple[Lot, ...] = field(converter=_as_lots)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.to, "to")
        _check_some(self.lots, "a transfer")


@frozen(kw_only=True)
class MergedInto:
    """The member turned out to be the same customer as another, who has everything now."""

    survivor: CustomerId
    lots: tuple[Lot, ...] = field(default=(), converter=_as_lots)
    deficit: int = 0

    def __attrs_post_init__(self) -> None:
        check_identifier(self.survivor, "survivor")
        check_points(self.deficit, "a deficit", least=0)


# --- points are put aside -------------------------------------------------------------------------


@frozen(kw_only=True)
class Hold:
    """Points put aside while a checkout is under way: nobody can spend them, nor do they expire.

    From ``lapses_on`` on the hold is void, and the points are back where they came from.
    """

    lots: tuple[Lot, ...] = field(converter=_as_lots)
    lapses_on: date | None = None

    def __attrs_post_init__(self) -> None:
        _check_some(self.lots, "a hold")
        if self.lapses_on is not None:
            check_date(self.lapses_on, "lapses_on")


@frozen(kw_only=True)
class Capture:
    """The checkout went through: held points are spent, what is left of the hold is released."""

    hold: str
    lots: tuple[Lot, ...] = field(converter=_as_lots)
    reward: str | None = None
    settled: tuple[Lot, ...] = field(default=(), converter=_as_lots)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.hold, "hold")
        _check_some(self.lots, "a capture")
        if self.reward is not None:
            check_identifier(self.reward, "reward")


@frozen(kw_only=True)
class Release:
    """The checkout came to nothing: held points are back in the lots they came from."""

    hold: str
    settled: tuple[Lot, ...] = field(default=(), converter=_as_lots)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.hold, "hold")


Posting = (
    Accrual
    | Qualified
    | Credit
    | TransferIn
    | MergedFrom
    | Redemption
    | Rollback
    | Reversal
    | Debit
    | TransferOut
    | MergedInto
    | Hold
    | Capture
    | Release
)
"""What an entry of a ledger does."""


@frozen
class LedgerEntry:
    """One line of a ledger: under which key, on which day, and what was done.

    The ``key`` makes a command idempotent: the same key is never posted twice. ``on`` is the day of
    posting, which never goes back; the day that points count from is that of their lot.
    ``recorded_at`` is when the entry was written down, ``by`` whom, and ``reason`` why.

    :raises InvalidValue: if an identifier could not serve as a key, or the day is no plain date.
    :raises NaiveDatetime: if ``recorded_at`` has no time zone.
    """

    key: str
    on: date
    posting: Posting
    recorded_at: datetime | None = field(default=None, kw_only=True)
    by: Actor | None = field(default=None, kw_only=True)
    reason: str | None = field(default=None, kw_only=True, repr=False, metadata={"personal": True})

    def __attrs_post_init__(self) -> None:
        check_identifier(self.key, "the key of a ledger entry")
        check_date(self.on, "the day of a ledger entry")
        if self.recorded_at is not None:
            check_instant(self.recorded_at, "recorded_at")
        if self.by is not None:
            check_identifier(self.by, "by")
        if isinstance(self.posting, Credit | Debit) and not (self.reason or "").strip():
            raise InvalidValue("points given or taken by hand have a reason: say why")
