"""A win-back: a customer who was lost, and the trail of what was done about it."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Self

from attrs import evolve, field, frozen

from crmkit.errors import InvalidValue
from crmkit.identifiers import Actor, CustomerId, check_identifier
from crmkit.retention.lifecycle import WIN_BACK_LIFECYCLE, WinBackAction, WinBackStatus
from crmkit.retention.records.win_back_events import (
    Analysed,
    Contacted,
    Declined,
    Failed,
    Lost,
    Recovered,
    Targeted,
    WinBackEntry,
    WinBackEvent,
    WinBackRefused,
)

__all__ = ["WinBackCase"]

_ACTIONS: Mapping[type, WinBackAction] = {
    Analysed: WinBackAction.ANALYSE,
    Declined: WinBackAction.DECLINE,
    Targeted: WinBackAction.TARGET,
    Contacted: WinBackAction.CONTACT,
    Recovered: WinBackAction.RECOVER,
    Failed: WinBackAction.FAIL,
}


def _trail(entries: Iterable[WinBackEntry]) -> tuple[WinBackEntry, ...]:
    return tuple(entries)


@frozen(kw_only=True)
class WinBackCase:
    """A customer who was lost, and what was done to win them back: one case for each loss.

    Where it stands is read off the trail, which only grows, in the order in which things were
    recorded.

    :raises InvalidValue: if the trail does not begin with ``Lost``.
    :raises IllegalTransition: if the trail leaves the table.
    :raises WinBackRefused: if something on the trail cannot be true of this win-back.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 5, 4, 12, tzinfo=UTC)
    >>> case = WinBackCase.opened(
    ...     id="W-1", customer=CustomerId("C-7"), lost_on=date(2026, 5, 3), by=Actor("centre"),
    ...     at=noon, reason="contract ended",
    ... )
    >>> case = case.after(
    ...     Analysed(on=date(2026, 5, 4), causes=["weak-service"]), by=Actor("centre"), at=noon,
    ...     reason="called the branch",
    ... )
    >>> str(case.status), [str(action) for action in case.allowed]
    ('analysed', ['decline', 'target', 'recover'])
    """

    id: str
    customer: CustomerId
    trail: tuple[WinBackEntry, ...] = field(converter=_trail)
    _status: WinBackStatus = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.id, "win-back")
        check_identifier(self.customer, "customer")
        if not self.trail or not isinstance(self.trail[0].what, Lost):
            raise InvalidValue("a trail begins with Lost: open it with WinBackCase.opened(...)")
        status = WIN_BACK_LIFECYCLE.initial
        for number, entry in enumerate(self.trail[1:], start=1):
            action = _ACTIONS.get(type(entry.what))
            if action is None:
                raise InvalidValue("a customer is lost once in a case: open another one")
            status = WIN_BACK_LIFECYCLE.after(status, action)
            _check(self.trail[:number], entry.what, action)
        object.__setattr__(self, "_status", status)

    @classmethod
    def opened(
        cls,
        *,
        id: str,
        customer: CustomerId,
        lost_on: date,
        by: Actor,
        at: datetime,
        reason: str,
    ) -> Self:
        """Open a case for a customer who was lost on a day."""
        entry = WinBackEntry(what=Lost(lost_on), by=by, at=at, reason=reason)
        return cls(id=id, customer=customer, trail=[entry])

    def after(self, event: WinBackEvent, *, by: Actor, at: datetime, reason: str) -> Self:
        """The case after something happened, recorded by somebody, at an instant.

        :raises IllegalTransition: if the lifecycle does not have it from there.
        :raises WinBackRefused: if it cannot be true: a contact with somebody who is held out, on a
            day on which none may be made, or anything on a day before.
        """
        entry = WinBackEntry(what=event, by=by, at=at, reason=reason)
        return evolve(self, trail=(*self.trail, entry))

    # --- where it stands ---

    @property
    def status(self) -> WinBackStatus:
        """Where it stands."""
        return self._status

    @property
    def allowed(self) -> tuple[WinBackAction, ...]:
        """What may be done next."""
        return WIN_BACK_LIFECYCLE.allowed(self._status)

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done: neither declined nor recovered nor failed."""
        return not WIN_BACK_LIFECYCLE.is_final(self._status)

    @property
    def lost_on(self) -> date:
        """The day on which the customer was lost."""
        return self.trail[0].what.on

    @property
    def analysis(self) -> Analysed | None:
        """What was found out last; None before the first analysis."""
        return next((e.what for e in self.trail[::-1] if isinstance(e.what, Analysed)), None)

    @property
    def target(self) -> Targeted | None:
        """The last decision to win the customer back or to hold them out; None without one."""
        return _target(self.trail)

    @property
    def targeted_on(self) -> date | None:
        """The day of the first such decision, from which the return of customers is measured."""
        return next((e.what.on for e in self.trail if isinstance(e.what, Targeted)), None)

    @property
    def held_out(self) -> bool:
        """Whether the customer is left alone, to measure who comes back by themselves."""
        target = self.target
        return target is not None and target.held_out

    @property
    def attempts(self) -> tuple[date, ...]:
        """The days on which somebody turned to the customer."""
        return tuple(e.what.on for e in self.trail if isinstance(e.what, Contacted))

    @property
    def contact_from(self) -> date | None:
        """The first day of the next contact; None while or once there is none to be made."""
        if self._status not in (WinBackStatus.TARGETED, WinBackStatus.CONTACTED):
            return None
        return _contact_from(self.trail)

    @property
    def recovered_on(self) -> date | None:
        """The day on which the customer came back; None if they did not."""
        last = self.trail[-1].what
        return last.on if isinstance(last, Recovered) else None


def _target(trail: tuple[WinBackEntry, ...]) -> Targeted | None:
    return next((e.what for e in trail[::-1] if isinstance(e.what, Targeted)), None)


def _contact_from(trail: tuple[WinBackEntry, ...]) -> date | None:
    """The day that the last decision or contact names for the next one."""
    last = next(e.what for e in trail[::-1] if isinstance(e.what, Targeted | Contacted))
    if isinstance(last, Contacted):
        return last.again_from
    return None if last.held_out else last.contact_from or last.on


def _check(before: tuple[WinBackEntry, ...], what: WinBackEvent, action: WinBackAction) -> None:
    """Refuse what cannot be true of a case with such a trail.

    A return may come to light late, so it may lie before what was recorded last.
    """
    earliest = before[0].what.on if isinstance(what, Recovered) else _last_day(before)
    if what.on < earliest:
        raise WinBackRefused(action, "it lies before what it follows", f"not before {earliest}")
    target = _target(before)
    if isinstance(what, Targeted) and target is not None and target.held_out != what.held_out:
        raise WinBackRefused(
            action, "they were held out before, or were not", "nobody changes sides in a case"
        )
    if isinstance(what, Contacted):
        if target is not None and target.held_out:
            raise WinBackRefused(action, "the customer is held out", "leave them alone")
        free = _contact_from(before)
        if free is None:
            raise WinBackRefused(action, "that was the last attempt", "record Failed(...)")
        if what.on < free:
            raise WinBackRefused(action, "it is too soon", f"wait until {free}")


def _last_day(before: tuple[WinBackEntry, ...]) -> date:
    return max(entry.what.on for entry in before)
