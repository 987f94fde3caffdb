"""One run of ``planning.py``; prints JSON."""

import json
import resource
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from time import process_time

from crmkit.business_time import BusinessCalendar, Closure
from crmkit.contact import Contact, ContactCap, ContactPolicy, DoNotContact, MinimumGap, QuietHours
from crmkit.followups import (
    Anchor,
    Cadence,
    CadenceStep,
    Capacity,
    FollowUpFacts,
    FollowUpOwner,
    FollowUpPlanner,
    PlanCase,
    Priority,
    Smoothing,
)
from crmkit.identifiers import Actor, CustomerId
from crmkit.period import Period, Unit
from crmkit.recurrence import Every

MAY = Period.month(2026, 5)
OFFICE = BusinessCalendar.on_weekdays("09:00-18:00", zone="Europe/Berlin")
GIFT = Cadence(
    name="gift-round",
    anchor=date(2026, 5, 1),
    steps=(CadenceStep(Every(1, Unit.YEAR)),),
    purpose="gift",
    channel="parcel",
    days_late=30,
    tiers=("gold",),
)
PLANNER = FollowUpPlanner(
    cadences=(Cadence.after_hand_over(), GIFT),
    priority=Priority(importance={"gold": 3, "silver": 2}),
    contact=ContactPolicy(
        caps=(ContactCap(most=3, days=7),),
        gaps=(MinimumGap(gap=timedelta(hours=20)),),
        quiet_hours=(QuietHours("20:00-10:00", channels=("telephone",)),),
    ),
)
TIERS = ("gold", "silver", *(None,) * 8)
ZONES = (None, None, None, "Europe/London")
STOP = (DoNotContact(channels=("telephone",)),)


def owner(number: int) -> FollowUpOwner:
    """An owner; every fifth has days off of their own."""
    calendar = OFFICE
    if number % 5 == 0:
        off = Closure(date(2026, 5, 4) + timedelta(days=number // 5 % 26))
        calendar = BusinessCalendar.on_weekdays(
            "09:00-18:00", zone="Europe/Berlin", closures=(off,)
        )
    return FollowUpOwner(
        actor=Actor(f"owner-{number}"), calendar=calendar, capacity=Capacity(30 - number % 10)
    )


def customers(random: Random, owner: int, count: int) -> Iterator[PlanCase]:
    """The customers of an owner."""
    for number in range(count):
        lot = random.getrandbits(40)
        called: tuple[Contact, ...] = ()
        if lot % 3 == 0:
            at = datetime(2026, 4, 1, 8, tzinfo=UTC) + timedelta(hours=(lot >> 8) % 700)
            called = (Contact(at, "telephone", "return-visit"),)
        facts = FollowUpFacts(
            customer=CustomerId(f"C-{owner}-{number}"),
            as_of=MAY.start,
            anchors={Anchor.HAND_OVER: date(2006, 5, 1) + timedelta(days=(lot >> 16) % 7_290)},
            tier=TIERS[lot % 10],
        )
        yield PlanCase(
            facts=facts,
            contacts=called,
            do_not_contact=STOP if lot % 50 == 7 else (),
            zone=ZONES[lot % 4],
        )


def main(count: int, owners: int, smoothing: str) -> None:
    """Plan for everybody."""
    each = count // owners
    planner = FollowUpPlanner(
        cadences=PLANNER.cadences,
        priority=PLANNER.priority,
        contact=PLANNER.contact,
        smoothing=Smoothing(smoothing),
    )
    making = process_time()
    for _ in customers(Random(20260501), 0, min(each * owners, 20_000)):
        pass
    making = (process_time() - making) / min(each * owners, 20_000) * each * owners
    random = Random(20260501)
    placed = unplaced = 0
    begun = process_time()
    portfolios = ((owner(number), customers(random, number, each)) for number in range(owners))
    for plan in planner.plans(portfolios, MAY):
        placed += len(plan.placements)
        unplaced += len(plan.unplaced)
    found = {
        "seconds": process_time() - begun,
        "making": making,
        "placed": placed,
        "unplaced": unplaced,
        "asked": placed + unplaced,
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
