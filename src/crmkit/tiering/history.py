"""The tiers that a customer holds and held, each change with its day and its reason."""

from collections.abc import Iterator
from datetime import date, datetime

from attrs import frozen

from crmkit.decision import Comparison, Decision, Evidence
from crmkit.errors import InvalidValue
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.period import check_date, check_instant
from crmkit.tiering.ladder import Tier

__all__ = ["TierChange", "TierHistory", "retier"]


@frozen(kw_only=True)
class TierChange:
    """One change of a tier: on which day, from where to where, and for what reason.

    ``from_tier`` is None when the customer came in, ``to_tier`` is None when they left. ``policy``
    names what decided it, if a policy did. ``recorded_at`` says when the change was written down,
    where that can be later than the day it counts from.

    :raises InvalidValue: if nothing changes, the reason is empty, or the day is not a plain date.
    :raises NaiveDatetime: if ``recorded_at`` has no time zone.
    """

    on: date
    from_tier: Tier | None = None
    to_tier: Tier | None = None
    reason: str
    policy: str | None = None
    recorded_at: datetime | None = None

    def __attrs_post_init__(self) -> None:
        check_date(self.on, "the day of a tier change")
        if self.recorded_at is not None:
            check_instant(self.recorded_at, "recorded_at")
        if self.from_tier == self.to_tier:
            raise InvalidValue("a tier change leads to another tier: record nothing if none does")
        if not self.reason.strip():
            raise InvalidValue("a tier change has a reason: say why, in words the customer may see")


@frozen
class TierHistory:
    """The tiers that a customer has held, each change with its day and reason.

    It only grows: :meth:`changed` and :meth:`after` give the next one. What was decided wrongly is
    put right by a further change, never by editing an earlier one.

    :raises InvalidValue: if a change does not begin at the tier that the one before led to, is
        dated or recorded before it, or the customer could not serve as a key.

    >>> gold = Tier("gold", 3)
    >>> history = TierHistory(CustomerId("C-7")).changed(gold, on=date(2026, 3, 1), reason="earned")
    >>> history.tier_on(date(2026, 2, 28)) is None, str(history.tier), history.since
    (True, 'gold', datetime.date(2026, 3, 1))
    """

    customer: CustomerId
    changes: tuple[TierChange, ...] = ()

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        tier: Tier | None = None
        on = date.min
        recorded_at: datetime | None = None
        for change in self.changes:
            if change.from_tier != tier:
                raise InvalidValue(
                    "a tier change begins at the tier that is held: use history.changed(...)"
                )
            if change.on < on:
                raise InvalidValue(
                    "tier changes run forward in time: date a change on or after the last one, and "
                    "say with recorded_at when it was written down"
                )
            if recorded_at is not None and (change.recorded_at or recorded_at) < recorded_at:
                raise InvalidValue("a tier change is recorded after the ones before it")
            tier, on, recorded_at = change.to_tier, change.on, change.recorded_at or recorded_at

    # --- the next one ---

    def after(self, change: TierChange) -> "TierHistory":
        """The history with one more change.

        :raises InvalidValue: if the change does not continue the history.
        """
        return TierHistory(self.customer, (*self.changes, change))

    def changed(
        self,
        to: Tier | None,
        *,
        on: date,
        reason: str,
        policy: str | None = None,
        recorded_at: datetime | None = None,
    ) -> "TierHistory":
        """The history after a change from the tier that is held now; None means the customer left.

        :raises InvalidValue: if that tier is held already, or the day lies before the last change.
        """
        return self.after(
            TierChange(
                on=on,
                from_tier=self.tier,
                to_tier=to,
                reason=reason,
                policy=policy,
                recorded_at=recorded_at,
            )
        )

    # --- questions ---

    @property
    def tier(self) -> Tier | None:
        """The tier after the last change, None for a customer without one."""
        return self.changes[-1].to_tier if self.changes else None

    @property
    def since(self) -> date | None:
        """Since which day the tier is held, None for a customer without one."""
        return self.changes[-1].on if self.tier is not None else None

    @property
    def fell(self) -> bool:
        """Whether the tier held was reached from a higher one."""
        last = self.changes[-1] if self.changes else None
        if last is None or last.from_tier is None or last.to_tier is None:
            return False
        return last.to_tier < last.from_tier

    def as_of(self, day: date, *, known_by: datetime | None = None) -> "TierHistory":
        """The history up to a day, that day included, or as it was known by an instant.

        A change without ``recorded_at`` counts as known unless one before it was not.

        :raises NaiveDatetime: if ``known_by`` has no time zone.
        """
        check_date(day, "as_of")
        if known_by is not None:
            check_instant(known_by, "known_by")
        for position, change in enumerate(self.changes):
            unknown = known_by is not None and (change.recorded_at or known_by) > known_by
            if change.on > day or unknown:
                return TierHistory(self.customer, self.changes[:position])
        return self

    def tier_on(self, day: date, *, known_by: datetime | None = None) -> Tier | None:
        """The tier held at the end of a day, None before the first and after the customer left."""
        return self.as_of(day, known_by=known_by).tier


def retier(
    history: TierHistory, decision: Decision[Tier], *, recorded_at: datetime | None = None
) -> TierHistory:
    """Write a decision into the history: the change with its reason, or nothing if there is none.

    Deciding twice is deciding once: the same decision again leaves the history as it is.

    :raises InvalidValue: if the decision is about somebody else, is as of an instant instead of a
        day, or as of a day before the last change.
    """
    check_date(decision.as_of, "the as_of of a decision about a tier")
    if decision.subject not in (None, history.customer):
        raise InvalidValue("the decision is about another customer than the history")
    if history.changes and decision.as_of < history.changes[-1].on:
        raise InvalidValue(
            "the decision is as of a day before the last change: ask history.as_of(day) about the "
            "past, and decide forward in time"
        )
    if decision.outcome == history.tier:
        return history
    return history.changed(
        decision.outcome,
        on=decision.as_of,
        reason=_reason(history.tier, decision),
        policy=decision.policy,
        recorded_at=recorded_at,
    )


def _reason(held: Tier | None, decision: Decision[Tier]) -> str:
    """Say in one line which way it went, by what, and what was met or missing."""
    down = held is not None and decision.outcome < held
    direction = "in at" if held is None else "down to" if down else "up to"
    leaves = [leaf for item in decision.evidence for leaf in _leaves(item)]
    telling = dict.fromkeys(leaf.criterion for leaf in leaves if leaf.met is not down)
    words = ", ".join(name.replace("-", " ") for name in telling)
    verdict = f": {words} {'not met' if down else 'met'}" if words else ""
    day = decision.as_of.isoformat()
    return f"{direction} {decision.outcome} by {decision.policy}, as of {day}{verdict}"


def _leaves(item: Evidence) -> Iterator[Evidence]:
    """The pieces that were judged; what stands below a *not* would read the wrong way round."""
    if item.parts and item.comparison is not Comparison.NONE_OF:
        for part in item.parts:
            yield from _leaves(part)
    elif item.met is not None:
        yield item
