"""A guarantee that keeps itself: a promise, a deadline, and the remedy if it is missed."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from fractions import Fraction

from attrs import field, frozen

from crmkit.decision import Decision, Evidence, at_most, noted
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.identifiers import check_identifier
from crmkit.money import Money, Rounding, as_fraction
from crmkit.period import check_instant

__all__ = ["GuaranteeFacts", "GuaranteeState", "Remedy", "ServiceGuarantee"]


class GuaranteeState(StrEnum):
    """How a promise under guarantee stands."""

    PENDING = "pending"
    """The deadline has not passed, and the promise is not kept yet."""
    KEPT = "kept"
    """It was kept by the deadline."""
    BROKEN = "broken"
    """It was not kept by the deadline, however soon afterwards."""


@frozen
class Remedy:
    """What the customer gets without asking: the state, the money, and what else was promised."""

    state: GuaranteeState
    money: Money
    measures: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Write the remedy as a person reads it."""
        return f"{self.state}, {self.money} back"


@frozen(kw_only=True)
class GuaranteeFacts:
    """One promise: the fee paid, when it was due, and when it was kept, if it was.

    ``at`` is the instant of the question; what is kept later than that is not known yet. The due
    instant comes from a calendar of the host, such as 10:30 on the next day.

    :raises InvalidValue: if the fee is below 0.
    :raises NaiveDatetime: if an instant has no time zone.
    """

    promise: str
    fee: Money
    due_at: datetime
    kept_at: datetime | None
    at: datetime

    def __attrs_post_init__(self) -> None:
        check_identifier(self.promise, "promise")
        check_instant(self.due_at, "due_at")
        check_instant(self.at, "at")
        if self.kept_at is not None:
            check_instant(self.kept_at, "kept_at")
        if self.fee.is_negative:
            raise InvalidValue("a fee is nothing or more")

    @property
    def known_kept_at(self) -> datetime | None:
        """When the promise was kept, as known at the instant of the question."""
        if self.kept_at is None or _utc(self.kept_at) > _utc(self.at):
            return None
        return self.kept_at


def _as_share(share: "int | str | Fraction") -> Fraction:
    return as_fraction(share, "the share of the fee")


@frozen(kw_only=True)
class ServiceGuarantee:
    """Not kept in time: the fee is waived, in full or in part, and nobody has to ask.

    Kept at the very instant of the deadline is kept. ``grace`` moves the deadline, for a clock that
    is not exact. FedEx made it known: not delivered by 10:30 the next day, and the fee is waived.

    :raises InvalidPolicy: if the share is not between 0 and 1, the grace is below zero, or a broken
        promise would cost nothing.

    >>> from zoneinfo import ZoneInfo
    >>> by = datetime(2026, 5, 5, 10, 30, tzinfo=ZoneInfo("America/Chicago"))
    >>> facts = GuaranteeFacts(
    ...     promise="parcel-17", fee=Money("24.50", "USD"),
    ...     due_at=by, kept_at=by + timedelta(minutes=4), at=by + timedelta(hours=1),
    ... )
    >>> print(ServiceGuarantee(waived=1)(facts).outcome)
    broken, 24.50 USD back
    """

    waived: Fraction = field(converter=_as_share)
    measures: tuple[str, ...] = ()
    grace: timedelta = timedelta(0)
    rounding: Rounding = Rounding.HALF_UP

    def __attrs_post_init__(self) -> None:
        if not 0 <= self.waived <= 1:
            raise InvalidPolicy("the share of the fee that is waived lies between 0 and 1")
        if self.grace < timedelta(0):
            raise InvalidPolicy("a grace is zero or more: it never moves the deadline forward")
        if not self.waived and not self.measures:
            raise InvalidPolicy("a guarantee has a remedy: waive a share, or name a measure")

    def __call__(self, facts: GuaranteeFacts, /) -> Decision[Remedy]:
        """Say how the promise stands, and what the customer is owed."""
        deadline = _utc(facts.due_at) + self.grace
        kept = facts.known_kept_at
        if kept is not None:
            judged = at_most("kept-at", _utc(kept), deadline)
            state = GuaranteeState.KEPT if judged.met else GuaranteeState.BROKEN
        else:
            judged = at_most("still-open-at", _utc(facts.at), deadline)
            state = GuaranteeState.PENDING if judged.met else GuaranteeState.BROKEN
        return self._decide(facts, state, judged)

    def _decide(
        self, facts: GuaranteeFacts, state: GuaranteeState, judged: Evidence
    ) -> Decision[Remedy]:
        if state is GuaranteeState.BROKEN:
            money = facts.fee.times(self.waived, rounding=self.rounding)
            remedy = Remedy(state, money, self.measures)
        else:
            remedy = Remedy(state, Money.zero(facts.fee.currency))
        evidence = (judged, noted("fee", facts.fee), noted("grace", self.grace))
        return Decision(remedy, "service-guarantee", facts.at, evidence, subject=facts.promise)


def _utc(at: datetime) -> datetime:
    # Wall times of one zone are compared without their offset, which is wrong in a fold.
    return at.astimezone(UTC)
