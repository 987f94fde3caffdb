"""The lifecycles of coupons and of reserved rewards, each as one table.

That a coupon expires is in no table: it follows from the date, and no job has to run for it.

>>> COUPON_LIFECYCLE.after(CouponStatus.REDEEMED, CouponAction.RESTORE)
<CouponStatus.ACTIVE: 'active'>
"""

from enum import StrEnum

from crmkit.lifecycle import Lifecycle

__all__ = [
    "COUPON_LIFECYCLE",
    "RESERVATION_LIFECYCLE",
    "CouponAction",
    "CouponStatus",
    "ReservationAction",
    "ReservationStatus",
]


class CouponStatus(StrEnum):
    """Where a coupon stands, whatever the day."""

    ISSUED = "issued"
    """The member has it, and has to activate it before it can be used."""
    ACTIVE = "active"
    """It can be used, within its validity."""
    REDEEMED = "redeemed"
    """All its uses are used up."""
    CANCELLED = "cancelled"
    """It was taken back by the shop."""


class CouponAction(StrEnum):
    """What is done with a coupon."""

    ACTIVATE = "activate"
    USE = "use"
    """It is used, and can be used again."""
    USE_UP = "use-up"
    """It is used for the last time."""
    RESTORE = "restore"
    """The order it was used for is cancelled, and the use comes back."""
    CANCEL = "cancel"


_S, _A = CouponStatus, CouponAction

COUPON_LIFECYCLE = Lifecycle(
    name="coupon",
    version=1,
    initial=_S.ISSUED,
    # Whatever is never used expires by the date, so a coupon may rest anywhere.
    final=tuple(_S),
    moves=[
        # from           by            to
        (_S.ISSUED, _A.ACTIVATE, _S.ACTIVE),
        (_S.ISSUED, _A.CANCEL, _S.CANCELLED),
        (_S.ACTIVE, _A.USE, _S.ACTIVE),
        (_S.ACTIVE, _A.USE_UP, _S.REDEEMED),
        (_S.ACTIVE, _A.RESTORE, _S.ACTIVE),
        (_S.ACTIVE, _A.CANCEL, _S.CANCELLED),
        (_S.REDEEMED, _A.RESTORE, _S.ACTIVE),
        # An order may be cancelled after its coupon was: the use is undone, the coupon stays gone.
        (_S.CANCELLED, _A.RESTORE, _S.CANCELLED),
    ],
)
"""The table that every coupon follows."""


class ReservationStatus(StrEnum):
    """Where one piece of a reward stands, from the moment somebody asks for it."""

    RESERVED = "reserved"
    """It is put aside for a member."""
    TAKEN = "taken"
    """The member has it."""
    RELEASED = "released"
    """It is back in stock."""


class ReservationAction(StrEnum):
    """What is done with a piece that was reserved."""

    TAKE = "take"
    RELEASE = "release"


RESERVATION_LIFECYCLE = Lifecycle(
    name="reward-reservation",
    version=1,
    initial=ReservationStatus.RESERVED,
    final=(ReservationStatus.TAKEN, ReservationStatus.RELEASED),
    moves=[
        # from                      by                         to
        (ReservationStatus.RESERVED, ReservationAction.TAKE, ReservationStatus.TAKEN),
        (ReservationStatus.RESERVED, ReservationAction.RELEASE, ReservationStatus.RELEASED),
        # What was taken can come back.
        (ReservationStatus.TAKEN, ReservationAction.RELEASE, ReservationStatus.RELEASED),
    ],
)
"""The table that every reserved piece follows."""
