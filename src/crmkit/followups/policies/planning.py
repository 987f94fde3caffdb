"""The planner: follow-ups of many customers onto the days of their owners."""

from collections.abc import Callable, Iterable, Iterator

from attrs import field, frozen

from crmkit.contact import ContactPolicy
from crmkit.decision import Decision
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.followups.policies.cadence import Cadence
from crmkit.followups.policies.following import told_apart
from crmkit.followups.policies.owners import FollowUpOwner
from crmkit.followups.policies.placement import Placement, Unplaced
from crmkit.followups.policies.plan import OwnerPlan, PlanCase, Smoothing
from crmkit.followups.policies.planning_why import Why
from crmkit.followups.policies.priority import Priority
from crmkit.followups.policies.sheet import Calendars, Sheet
from crmkit.followups.policies.working_days import WorkingDays
from crmkit.identifiers import Actor, CustomerId
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
    >>> [f"{one.customer} {one}" for one in plan.placements]
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

    def hand_over(
        self,
        leaver: FollowUpOwner,
        cases: Iterable[PlanCase],
        receivers: Iterable[tuple[FollowUpOwner, Iterable[PlanCase]]],
        owner_of: Callable[[CustomerId], Actor | None],
        period: Period,
    ) -> Iterator[OwnerPlan]:
        """The plans of a period in which somebody leaves: first theirs, then those of the others.

        ``cases`` are the customers of the leaver, with what was kept; ``owner_of`` says who gets
        each of them, as :meth:`Assignment.owner_of` does. Until the last day, the leaver does what
        was planned. What was planned for later goes to the new owner, is planned anew there, and
        stands in that plan, placed or not. A customer whom nobody gets stays in the plan of the
        leaver: what cannot be done before stands there with the reason, and what was agreed with
        the customer for later among the ``clashes``.

        :raises InvalidValue: if the leaver stays, or somebody gets a customer who is no receiver.
        """
        last_day = leaver.leaves_on
        if last_day is None:
            raise InvalidValue("whoever hands over leaves: say when, by leaves_on")
        receivers = tuple(receivers)
        given: dict[Actor, list[PlanCase]] = {owner.actor: [] for owner, _ in receivers}
        stays: list[PlanCase] = []
        for case in cases:
            to = owner_of(case.facts.customer)
            if to is None or to == leaver.actor:
                stays.append(case.left_by(leaver.actor, last_day))
            elif to not in given:
                raise InvalidValue("somebody gets a customer and has no plan: add a receiver")
            else:
                given[to].append(case.left_by(leaver.actor, last_day, to))
                stays.append(case.until(last_day))
        calendars = Calendars(self.cadences, period)
        yield self._plan(leaver, stays, period, calendars)
        for owner, own in receivers:
            yield self._plan(owner, (*own, *given[owner.actor]), period, calendars)

    def why(
        self, plan: OwnerPlan, owner: FollowUpOwner, case: PlanCase
    ) -> tuple[Decision[Placement | Unplaced], ...]:
        """Why the new follow-ups of a customer have the day they have in a plan, or none.

        The days are told in the order of how near they are to the day it is due, up to the one that
        was chosen.
        """
        customer = case.facts.customer
        days = WorkingDays.of(owner.calendar, plan.period)
        why = Why(plan, owner, case, self.priority, self.contact, days)
        found: tuple[Placement | Unplaced, ...] = (*plan.placements, *plan.unplaced)
        return tuple(
            Decision(one, self.name, case.facts.as_of, tuple(why.evidence(one)), subject=customer)
            for one in found
            if one.customer == customer
        )

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
