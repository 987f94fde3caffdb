"""What cadences ask for in a period, for many customers one after another."""

from collections.abc import Iterable, Iterator
from datetime import date

from attrs import define, field

from crmkit.business_time import BusinessCalendar
from crmkit.followups.facts import FollowUpFacts
from crmkit.followups.policies.cadence import Cadence
from crmkit.followups.policies.following import is_for
from crmkit.followups.records.occurrence import Occurrence
from crmkit.period import Period

__all__ = ["Asking"]

_MOST_KEPT = 50_000

_Found = tuple[Occurrence, ...]


@define(eq=False)
class Asking:
    """What cadences ask for in a period, by one calendar.

    Customers who count from the same day and have no pauses of their own are asked for the same,
    so that is found out once: a million customers have far fewer first days.
    """

    cadences: tuple[Cadence, ...]
    calendar: BusinessCalendar | None
    period: Period
    _known: dict[tuple[str, date | None], _Found] = field(factory=dict)

    def of(self, facts: FollowUpFacts) -> Iterator[Occurrence]:
        """What there is to do for a customer in the period, in no particular order."""
        for cadence in self.cadences:
            if is_for(facts, cadence):
                anchor = facts.anchors[cadence.anchor] if isinstance(cadence.anchor, str) else None
                if facts.pauses or facts.ends_on is not None:
                    found: Iterable[Occurrence] = cadence.open_within(
                        self.period,
                        anchor=anchor,
                        calendar=self.calendar,
                        pauses=facts.pauses,
                        ends_on=facts.ends_on,
                    )
                else:
                    found = self._counted_from(anchor, cadence)
                handled = facts.handled.get(cadence.name)
                for one in found:
                    if handled is None or (one.nominal_on > handled and one.due_on > handled):
                        yield one

    def _counted_from(self, anchor: date | None, cadence: Cadence) -> _Found:
        key = (cadence.name, anchor)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            asked = cadence.open_within(self.period, anchor=anchor, calendar=self.calendar)
            found = self._known[key] = tuple(asked)
        return found
