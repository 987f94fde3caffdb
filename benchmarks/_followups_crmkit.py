"""One round of crmkit in ``followups.py``; prints JSON."""

from collections.abc import Callable
from datetime import date

from benchmarks._business_time_cases import Measured, measured, write
from benchmarks._followups_cases import AGES, AS_OF, RULES, hand_overs, of_age
from crmkit.business_time import BusinessCalendar
from crmkit.followups import (
    Anchor,
    Cadence,
    CadenceStep,
    FollowUpFacts,
    Occurrence,
    next_follow_up,
    next_occurrence,
)
from crmkit.identifiers import CustomerId
from crmkit.period import Unit
from crmkit.recurrence import Every, RecurrenceRule

OFFICE = BusinessCalendar.on_weekdays("09:00-18:00", zone="Europe/Berlin")
RETURNS, DECEMBER = Cadence.after_hand_over(), Cadence.december_round()


def cadence(repeat: Every | RecurrenceRule) -> Cadence:
    """A cadence of one step."""
    steps = (CadenceStep(repeat),)
    return Cadence(name="calls", anchor=Anchor.HAND_OVER, steps=steps, purpose="keeping in touch")


def customer(hand_over: date) -> FollowUpFacts:
    """A customer of whom only the hand-over is known."""
    return FollowUpFacts(
        customer=CustomerId("C-7"), as_of=AS_OF, anchors={Anchor.HAND_OVER: hand_over}
    )


def text(found: Occurrence | None) -> str:
    """What both sides can say."""
    return "" if found is None else found.due_on.isoformat()


def by(*cadences: Cadence) -> Callable[[FollowUpFacts], Occurrence | None]:
    """The question about a customer."""
    return lambda facts: next_occurrence(facts, cadences)


def main() -> None:
    """Measure everything."""
    facts = [customer(day) for day in hand_overs()]
    monthly = by(cadence(Every(1, Unit.MONTH)))
    rules = {name: by(cadence(RecurrenceRule(rule))) for name, rule in RULES.items()}
    questions = {"monthly": monthly, "return visits": by(RETURNS), **rules}
    found = {name: measured(ask, facts, text) for name, ask in questions.items()}
    for years in AGES:
        found[f"monthly, aged {years}"] = measured(monthly, [customer(of_age(years))], text)
    both = (RETURNS, DECEMBER)
    alone: dict[str, Measured] = {
        "two cadences, closed days": measured(
            lambda one: next_occurrence(one, both, calendar=OFFICE), facts, text
        ),
        "the same, with its evidence": measured(
            lambda one: next_follow_up(one, both, calendar=OFFICE).outcome, facts, text
        ),
    }
    write(found | alone)


if __name__ == "__main__":
    main()
