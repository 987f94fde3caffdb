"""Programs: cadences that are ready to use, each with the rule that asks for it.

>>> from datetime import date
>>> from crmkit.period import Period
>>> calls = executive_calls()
>>> [str(one.due_on) for one in calls.due_within(Period.year(2026))]
['2026-01-01', '2026-04-01', '2026-07-01', '2026-10-01']
"""

from datetime import date
from enum import StrEnum

from crmkit.errors import InvalidPolicy
from crmkit.followups.facts import Anchor
from crmkit.followups.policies.cadence import Cadence
from crmkit.followups.policies.steps import CadenceStep
from crmkit.period import Unit
from crmkit.recurrence import Every

__all__ = [
    "KEY_AREA",
    "TOP_SPENDER",
    "UpkeepTask",
    "before_warranty_ends",
    "executive_calls",
    "key_area_visits",
    "post_sale_call",
    "upkeep_round",
]

KEY_AREA = "key-area"
"""The segment of customers in key regions, and of key customers, who are visited regularly."""

TOP_SPENDER = "top-spender"
"""The segment of customers who are called by senior managers; ``TopSpenders`` says who they are."""

_FIRST_DAY = date(1970, 1, 1)
# Rounds begin with the units of the calendar. The shortest quarter has 90 days: the first one.
_QUARTERLY = Every(1, Unit.QUARTER)
_REST_OF_QUARTER = 89


class UpkeepTask(StrEnum):
    """What keeps the files of customers in order."""

    SALES_ANALYSIS = "sales-analysis"
    """Look at what was sold to them, and how that develops."""
    GRADING = "grading"
    """Give each of them a grade anew."""
    NAME_REGISTER = "name-register"
    """Look whether names, addresses and people are still right."""
    AREA_ANALYSIS = "area-analysis"
    """Look at the area that they come from."""
    VISIT_PLAN = "visit-plan"
    """Plan the visits."""


def post_sale_call(*, days_after: int = 7, days_late: int = 3) -> Cadence:
    """A call after each purchase: is everything as it should be? The outbound centre makes it.

    It counts from the last purchase, so that one call does for purchases in quick succession.
    Source: FUP-06 of the requirements. That it comes a week after the purchase, and up to three
    days later, is our choice.

    :raises InvalidPolicy: if it may be done later than 366 days after its day.
    :raises InvalidValue: if ``days_after`` is no whole number from 1 to 1,000.
    """
    return Cadence(
        name="post-sale-call",
        anchor=Anchor.PURCHASE,
        steps=(CadenceStep(Every(days_after, Unit.DAY), times=1),),
        purpose="post-sale-call",
        channel="telephone",
        days_late=days_late,
    )


def executive_calls(
    *,
    every: Every = _QUARTERLY,
    days_late: int = _REST_OF_QUARTER,
    begins_on: date = _FIRST_DAY,
) -> Cadence:
    """Senior managers call those who spend most, regularly; ``CallFeedback`` is what comes of it.

    Source: FUP-07 of the requirements. That it is once a quarter, on any day of it, is our choice.

    :raises InvalidPolicy: if a term is out of range.
    """
    return Cadence(
        name="executive-calls",
        anchor=begins_on,
        steps=(CadenceStep(every),),
        purpose="executive-call",
        channel="telephone",
        days_late=days_late,
        segments=(TOP_SPENDER,),
    )


def key_area_visits(
    *,
    every: Every = _QUARTERLY,
    days_late: int = _REST_OF_QUARTER,
    begins_on: date = _FIRST_DAY,
) -> Cadence:
    """Visits to key regions and key customers, for their opinions; ``OpinionSheet`` takes them.

    Source: FUP-05 of the requirements. That it is once a quarter, on any day of it, is our choice.

    :raises InvalidPolicy: if a term is out of range.
    """
    return Cadence(
        name="key-area-visits",
        anchor=begins_on,
        steps=(CadenceStep(every),),
        purpose="opinions",
        channel="visit",
        days_late=days_late,
        segments=(KEY_AREA,),
    )


def before_warranty_ends(*, months: int, months_before: int = 1, days_late: int = 14) -> Cadence:
    """A look at what was sold before its warranty ends, while repairs are still free.

    It counts from the hand-over, and is due so many months before the warranty of so many months
    ends. That a repair is free within the warranty is SVC-02 of the requirements; how long a
    warranty lasts is for the contract to say. That somebody looks a month before is our choice.

    :raises InvalidPolicy: if nobody could look before the end and after the hand-over.

    >>> check = before_warranty_ends(months=24)
    >>> print(check.next_due(date(2026, 5, 4), anchor=date(2024, 7, 31)))
    due 2026-06-30
    """
    if not all(type(count) is int and count > 0 for count in (months, months_before)):
        raise InvalidPolicy("a warranty lasts whole months, and the look comes whole months before")
    if months_before >= months:
        raise InvalidPolicy("look before the warranty ends and after it began: fewer months before")
    return Cadence(
        name="before-warranty-ends",
        anchor=Anchor.HAND_OVER,
        steps=(CadenceStep(Every(months - months_before, Unit.MONTH), times=1),),
        purpose="warranty-check",
        channel="visit",
        days_late=days_late,
    )


def upkeep_round(
    *,
    every: Every = _QUARTERLY,
    days_late: int = _REST_OF_QUARTER,
    begins_on: date = _FIRST_DAY,
) -> tuple[Cadence, ...]:
    """The five tasks that keep the files of customers in order, as rounds without a contact.

    They stand in the order in which they are done: the plan of visits comes from the others.
    Source: CUS-12 of the requirements. That it is once a quarter, on any day of it, is our choice.

    :raises InvalidPolicy: if a term is out of range.
    """
    return tuple(
        Cadence(
            name=f"upkeep-{task}",
            anchor=begins_on,
            steps=(CadenceStep(every),),
            purpose=task,
            days_late=days_late,
        )
        for task in UpkeepTask
    )
