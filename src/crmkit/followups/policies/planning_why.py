"""Why a follow-up has the day it has in a plan, or none: the days that were looked at, in turn."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from attrs import frozen

from crmkit.contact import Contact, ContactPolicy
from crmkit.decision import Evidence, all_of, at_most, equals, noted
from crmkit.followups.policies.owners import FollowUpOwner
from crmkit.followups.policies.placement import Placement, Unplaced
from crmkit.followups.policies.plan import OwnerPlan, PlanCase
from crmkit.followups.policies.priority import Priority
from crmkit.followups.policies.working_days import Approach, Span, WorkingDays, first_moment

__all__ = ["Why"]


@frozen
class Why:
    """What is needed to tell why the follow-ups of a customer lie where they do."""

    plan: OwnerPlan
    owner: FollowUpOwner
    case: PlanCase
    priority: Priority
    contact: ContactPolicy
    days: WorkingDays

    def evidence(self, one: Placement | Unplaced) -> Iterator[Evidence]:
        """The follow-up, how it ranks, and the days on which it could be done, the best first."""
        occurrence, facts = one.occurrence, self.case.facts
        left = (occurrence.not_after - facts.as_of).days
        verdict = self.priority.verdict(left, facts.tier, facts.segments)
        yield noted("cadence", occurrence.cadence)
        yield noted("due", occurrence.due_on)
        yield noted("urgency", verdict.urgency)
        yield noted("importance", verdict.importance)
        first = max(occurrence.not_before, facts.as_of, self.plan.period.start)
        last = min(occurrence.not_after, self.plan.period.last)
        yield at_most("first day left to do it", first, last)
        for day in self._days_looked_at(one, first, last):
            yield self._on(day, one)

    def _days_looked_at(self, one: Placement | Unplaced, first: date, last: date) -> Iterable[date]:
        due = one.occurrence.due_on
        days = [first + timedelta(days=count) for count in range((last - first).days + 1)]
        days.sort(key=lambda day: (abs(day - due), day))
        return days[: days.index(one.on) + 1] if isinstance(one, Placement) else days

    def _on(self, day: date, one: Placement | Unplaced) -> Evidence:
        """What speaks for or against a day."""
        if not self.owner.is_there_on(day):
            return equals(f"{self.owner.actor} there on {day}", False, True)
        spans = self.days.on(day)
        if not spans:
            return equals(f"working day on {day}", False, True)
        refused = self._refused(one, spans, day)
        if refused is not None:
            return refused
        load, capacity = self.plan.loads.get(day, 0), self.owner.capacity.on(day)
        if isinstance(one, Placement) and one.on == day:
            return at_most(f"follow-ups on {day}", load, capacity)
        if load < capacity:
            return noted(f"follow-ups on {day}, with room for more", load)
        return at_most(f"follow-ups on {day} with this one", load + 1, capacity)

    def _refused(
        self, one: Placement | Unplaced, spans: Iterable[Span], day: date
    ) -> Evidence | None:
        """What contact rules have against the beginning of a day, if they have so all day long."""
        facts, occurrence = self.case.facts, one.occurrence
        left = (occurrence.not_after - facts.as_of).days
        usual = self.priority.verdict(left, facts.tier, facts.segments).channel
        channel = occurrence.channel or usual
        others = (
            other
            for other in self.plan.placements
            if other.customer == facts.customer and other is not one
        )
        contacts = [*self.case.contacts]
        for other in (*self.case.kept, *others):
            at = other.at or self.days.begin_of(other.on, self.owner.calendar)
            contacts.append(Contact(at, other.channel or usual, other.occurrence.purpose))
        zone = self.case.zone or self.owner.calendar.zone
        approach = Approach(
            channel, occurrence.purpose, zone, tuple(contacts), self.case.do_not_contact
        )
        if first_moment(self.contact, approach, spans) is not None:
            return None
        judged = self.contact(approach.facts_at(next(iter(spans))[0])).unmet
        return all_of(f"contact rules on {day}", *judged)
