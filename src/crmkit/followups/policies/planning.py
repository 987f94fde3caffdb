"""The planner: follow-ups of many customers onto the days of their owners."""

from collections.abc import Iterable, Iterator

from attrs import field, frozen

from crmkit.contact import ContactPolicy
from crmkit.errors import InvalidPolicy
from crmkit.followups.policies.cadence import Cadence
from crmkit.followups.policies.following import told_apart
from crmkit.followups.policies.owners import FollowUpOwner
from crmkit.followups.policies.plan import OwnerPlan, PlanCase, Smoothing
from crmkit.followups.policies.priority import Priority
from crmkit.followups.policies.sheet import Calendars, Sheet
from crmkit.period import Period

__all__ = ["FollowUpPlanner"]


def _cadences(cadences: Iterable[Cadence]) -> tuple[Cadence, ...]:
    found = tuple(cadences)
    if not all(isinstance(cadence, Cadence) for cadence in found):
        raise InvalidPolicy("a planner has cadences, such as (Cadence.after_hand_over(),)")
    return told_apart(found)


@frozen(kw_only=True)
class FollowUpPlanner:
    """Plans who is followed up on which day: each follow-up gets a day, or a reason why not.

    What is planned is what is due in the period, and what was due before and may still be done.
    Each has its window; the owner has working days, with so much room each; the ``contact`` policy
    and the wishes of the customer hold as they do for any contact. What has a day already keeps it,
    so that planning again, or later, changes nothing that was planned.

    If there is not room for all, ``priority`` says what comes first; what the contact policy
    exempts, such as a recall, comes before all else. As many follow-ups are placed
    as can be, and the most important ones: what has no place could only have one instead of
    something more important. This holds as long as no customer has several follow-ups in the period
    that contact rules with caps or gaps keep apart; those are placed one after another, each by its
    priority on the best day that is left, and stay there, and there may be a better plan.

    ``smoothing`` says which days are chosen. With ``DUE_DAY`` nothing lies further from its day
    than a day with room on which it may be done; with ``EVEN`` the sum of the squares of the
    follow-ups a day is the least that windows allow. Follow-ups kept apart as above stay out of
    both.

    :raises InvalidPolicy: if two cadences have the same name, or a part is of another type.

    >>> from datetime import date
    >>> from crmkit.business_time import BusinessCalendar
    >>> from crmkit.followups import (
    ...     Anchor, Cadence, Capacity, FollowUpFacts, FollowUpOwner, PlanCase
    ... )
    >>> anna = FollowUpOwner(
    ...     actor="anna",
    ...     calendar=BusinessCalendar.on_weekdays("09:00-18:00", zone="Europe/Berlin"),
    ...     capacity=Capacity(1),
    ... )
    >>> planner = FollowUpPlanner(cadences=(Cadence.december_round(),))
    >>> cases = [
    ...     PlanCase(facts=FollowUpFacts(customer=customer, as_of=date(2026, 12, 1)))
    ...     for customer in ("C-7", "C-8", "C-9")
    ... ]
    >>> plan = planner.plan(anna, cases, Period.month(2026, 12))
    >>> [str(one) for one in plan.placements]
    ['C-7 on 2026-12-01', 'C-8 on 2026-12-02', 'C-9 on 2026-12-03']
    """

    cadences: tuple[Cadence, ...] = field(converter=_cadences)
    priority: Priority = field(factory=Priority)
    contact: ContactPolicy = field(factory=ContactPolicy)
    smoothing: Smoothing = Smoothing.DUE_DAY
    name: str = "follow-up-planner"

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.priority, Priority):
            raise InvalidPolicy("what comes first is said by a Priority")
        if not isinstance(self.contact, ContactPolicy):
            raise InvalidPolicy("contact rules are a ContactPolicy")
        if not isinstance(self.smoothing, Smoothing):
            raise InvalidPolicy(f"pass a member of Smoothing: {', '.join(Smoothing)}")

    def plan(self, owner: FollowUpOwner, cases: Iterable[PlanCase], period: Period) -> OwnerPlan:
        """The plan of an owner for a period: a month, a quarter, a year, or any other.

        The order of the cases does not matter, and the same one twice counts once. Nothing is
        placed before the ``as_of`` of its facts.

        :raises InvalidValue: if a customer comes twice with different facts, or something is of
            another type.
        """
        return self._plan(owner, cases, period, Calendars(self.cadences, period))

    def plans(
        self, portfolios: Iterable[tuple[FollowUpOwner, Iterable[PlanCase]]], period: Period
    ) -> Iterator[OwnerPlan]:
        """The plans of many owners, one after another: no more is held than that of one owner.

        Each is what :meth:`plan` gives. That nobody is in two portfolios is for the host to see to.
        """
        calendars = Calendars(self.cadences, period)
        for owner, cases in portfolios:
            yield self._plan(owner, cases, period, calendars)

    def _plan(
        self,
        owner: FollowUpOwner,
        cases: Iterable[PlanCase],
        period: Period,
        calendars: Calendars,
    ) -> OwnerPlan:
        days, asking = calendars.of(owner.calendar)
        sheet = Sheet(owner, period, days, asking, self.priority, self.contact, self.smoothing)
        return sheet.filled(cases)
