"""A schedule that has a bit of everything, as text: run as a program, it prints it.

Cadences of all kinds from month ends and leap days on, moved off the closed days of several
calendars, and the plan of an owner in a zone whose clocks are changed in that time.
"""

import sys
from collections.abc import Iterator
from datetime import date, timedelta

from crmkit.business_time import BusinessCalendar
from crmkit.contact import ContactCap, ContactPolicy, MinimumGap, QuietHours
from crmkit.followups import (
    Age,
    Anchor,
    Cadence,
    CadenceStep,
    Capacity,
    ClosedDays,
    ExactAge,
    FollowUpFacts,
    FollowUpOwner,
    FollowUpPlanner,
    PlanCase,
    Priority,
    Smoothing,
)
from crmkit.identifiers import Actor, CustomerId
from crmkit.period import Period, Unit
from crmkit.recurrence import Every, MonthEnd, RecurrenceRule
from tests.followups.strategies import CALENDARS

ANCHORS = (
    *(date(2023, 12, 29), date(2023, 12, 31), date(2024, 1, 30), date(2024, 2, 29)),
    *(date(2024, 3, 31), date(2024, 5, 4), date(2025, 2, 28)),
)
REPEATS: tuple[Every | RecurrenceRule, ...] = (
    *(Every(1, Unit.MONTH, month_end) for month_end in MonthEnd),
    *(Every(1, Unit.YEAR, month_end) for month_end in MonthEnd),
    Every(3, Unit.WEEK),
    RecurrenceRule("FREQ=MONTHLY;BYDAY=2TU"),
    RecurrenceRule("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"),
    RecurrenceRule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"),
)


def occurrences() -> Iterator[str]:
    """What each cadence asks for in five years."""
    for repeat in REPEATS:
        for closed_days in ClosedDays:
            for exact_age in ExactAge:
                cadence = Cadence(
                    name="all",
                    anchor="purchase",
                    steps=[
                        CadenceStep(Every(1, Unit.WEEK), times=2),
                        CadenceStep(Every(1, Unit.MONTH), until=Age(1, Unit.YEAR)),
                        CadenceStep(repeat),
                    ],
                    purpose="keeping in touch",
                    closed_days=closed_days,
                    exact_age=exact_age,
                    days_late=3,
                )
                for calendar in CALENDARS.values():
                    for anchor in ANCHORS:
                        found = cadence.due_within(
                            Period(date(2024, 1, 1), date(2029, 1, 1)),
                            anchor=anchor,
                            calendar=calendar,
                        )
                        days = " ".join(f"{one.nominal_on}>{one.due_on}" for one in found)
                        yield f"{repeat} {closed_days} {exact_age} {anchor}: {days}"


def plans() -> Iterator[str]:
    """Where sixty customers find a place in March, when clocks are put forward."""
    new_york = FollowUpOwner(
        actor=Actor("anna"),
        calendar=BusinessCalendar.on_weekdays("09:00-17:00", zone="America/New_York"),
        capacity=Capacity(3),
    )
    contact = ContactPolicy(
        caps=(ContactCap(most=2, days=14),),
        gaps=(MinimumGap(gap=timedelta(days=5)),),
        quiet_hours=(QuietHours("20:00-10:30"),),
    )
    zones = ("Europe/Berlin", "Asia/Kolkata", "Pacific/Auckland", None)
    tiers = ("gold", "silver", None)
    cases = [
        PlanCase(
            facts=FollowUpFacts(
                customer=CustomerId(f"C-{number:02}"),
                as_of=date(2026, 2, 27),
                anchors={Anchor.HAND_OVER: date(2025, 1, 1) + number * timedelta(days=7)},
                tier=tiers[number % 3],
            ),
            zone=zones[number % 4],
        )
        for number in range(60)
    ]
    weekly = Cadence(
        name="weekly",
        anchor=Anchor.HAND_OVER,
        steps=[CadenceStep(Every(1, Unit.WEEK))],
        purpose="keeping in touch",
        days_late=6,
    )
    for smoothing in Smoothing:
        planner = FollowUpPlanner(
            cadences=(Cadence.after_hand_over(), weekly),
            priority=Priority(importance={"gold": 3, "silver": 2}),
            contact=contact,
            smoothing=smoothing,
        )
        plan = planner.plan(new_york, cases, Period.month(2026, 3))
        for one in plan.placements:
            yield f"{smoothing} {one.customer} {one.occurrence.due_on} on {one.on} at {one.at}"
        for left in plan.unplaced:
            yield f"{smoothing} {left.customer} {left.occurrence.due_on}: {left.why}"


def schedule() -> str:
    """All of it."""
    return "\n".join([*occurrences(), *plans(), ""])


if __name__ == "__main__":
    sys.stdout.write(schedule())
