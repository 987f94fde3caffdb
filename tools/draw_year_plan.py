"""Draw the calendar of the tutorial: the follow-ups of the example shop in 2026.

Run after a change of the tutorial's shop, of its terms or of how calendars are drawn:
``python tools/draw_year_plan.py``. The picture says in words what it shows, and a test holds these
words against the plan.
"""

import re
import sys
from collections import Counter
from datetime import date
from pathlib import Path

from attrs import evolve

from crmkit.business_time import BusinessCalendar
from crmkit.cli.followups.pictures import calendar_of
from crmkit.examples import shop_path
from crmkit.followups import (
    Anchor,
    Cadence,
    Capacity,
    FollowUpFacts,
    FollowUpOwner,
    FollowUpPlanner,
    OwnerPlan,
    PlanCase,
    Priority,
)
from crmkit.identifiers import Actor
from crmkit.intake import read_purchases
from crmkit.period import Period
from crmkit.segmentation import AbcTiers, CustomerValue, summarize_rfm

PLACE = Path(__file__).resolve().parent.parent / "docs" / "tutorial" / "year-plan.svg"
AS_OF = date(2025, 12, 31)
YEAR = Period.year(2026)
A_DAY = 3

# The page of a report gives the colors; a picture of its own brings them.
COLORS = {
    "--ink": "#1d2129",
    "--muted": "#7b828c",
    "--line": "#d5d8dd",
    "--accent": "#3f7fc4",
    "--second": "#d9a441",
    "--up": "#2c7d58",
    "--down": "#bf5540",
}


def year_plan() -> OwnerPlan:
    """The plan that the tutorial comes to."""
    summary = summarize_rfm(list(read_purchases(shop_path())), as_of=AS_OF)
    classes = AbcTiers.fit(summary.monetary_histogram())
    cases = [
        PlanCase(
            facts=FollowUpFacts(
                customer=customer,
                as_of=AS_OF,
                anchors={Anchor.HAND_OVER: facts.last_purchase_on},
                tier=classes(
                    CustomerValue(customer=customer, as_of=AS_OF, value=facts.total)
                ).outcome,
            )
        )
        for customer, facts in summary.items()
    ]
    anna = FollowUpOwner(
        actor=Actor("anna"),
        calendar=BusinessCalendar.on_weekdays("09:00-17:00", zone="Europe/Berlin"),
        capacity=Capacity(A_DAY),
    )
    planner = FollowUpPlanner(
        cadences=(evolve(Cadence.after_hand_over(), days_late=7), Cadence.december_round()),
        priority=Priority(importance={"A": 3, "B": 2}),
    )
    return planner.plan(anna, cases, YEAR)


def in_words(plan: OwnerPlan) -> str:
    """What the picture shows: how many follow-ups there are in each month."""
    months = Counter(f"{one.on:%Y-%m}" for one in plan.schedule)
    told = ", ".join(f"{month}: {number}" for month, number in sorted(months.items()))
    return f"{plan}; at most {max(plan.loads.values())} a day; {told}"


def picture() -> str:
    """The calendar as a picture that stands alone."""
    plan = year_plan()
    svg = calendar_of(plan.loads, YEAR, A_DAY, A_DAY)
    for name, color in COLORS.items():
        svg = svg.replace(f"var({name})", color)
    svg = re.sub("inherit", "sans-serif", svg)
    head = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    svg = svg.replace("<svg", head, 1)
    return svg.replace(">", f"><desc>{in_words(plan)}</desc>", 1).rstrip() + "\n"


if __name__ == "__main__":
    PLACE.write_text(picture(), encoding="utf-8", newline="\n")
    sys.stdout.write(f"{PLACE}\n")
