"""Planners, priorities and assignments as documents that a shop can write."""

from datetime import UTC, date, datetime, timedelta

import pytest

from crmkit.business_time import Weekday
from crmkit.contact import ContactCap, ContactPolicy, MinimumGap, QuietHours
from crmkit.errors import InvalidDocument
from crmkit.followups import (
    STORED_TYPES,
    AssignmentPolicy,
    Cadence,
    Capacity,
    FollowUpMethod,
    FollowUpOwner,
    FollowUpPlanner,
    OwnerChange,
    OwnerChangeReason,
    OwnerHistory,
    PortfolioOwner,
    Priority,
    Smoothing,
    Stop,
    TravelTimes,
    UrgencyBand,
    plan_route,
)
from crmkit.identifiers import Actor, CustomerId
from crmkit.serialization import make_converter
from tests.followups.planning_cases import MAY, OFFICE, asked, case, owner

CONVERTER = make_converter(*STORED_TYPES)
PRIORITY = Priority(importance={"gold": 3}, bands=[UrgencyBand(0, 5)], urgent_from=5)
CONTACT = ContactPolicy(
    caps=[ContactCap(most=2, days=7)],
    gaps=[MinimumGap(gap=timedelta(hours=48))],
    quiet_hours=[QuietHours("20:00-08:00")],
)
SAMPLES = [
    PRIORITY,
    CONTACT,
    FollowUpPlanner(cadences=[]).plan(
        owner(1), [case("C-7", asked(4), asked(5, late=1, cadence="visit"), asked(3))], MAY
    ),
    plan_route(
        [Stop("C-7", timedelta(hours=1)), Stop("C-8", timedelta(hours=9), "C-7")],
        TravelTimes({("depot", "C-7"): timedelta(minutes=20)}),
        start="depot",
        leaves_at=datetime(2026, 5, 4, 9, 0, tzinfo=UTC),
        ends_by=datetime(2026, 5, 4, 17, 0, tzinfo=UTC),
    ).outcome,
    FollowUpPlanner(
        cadences=[Cadence.after_hand_over(), Cadence.december_round()],
        priority=PRIORITY,
        contact=CONTACT,
        smoothing=Smoothing.EVEN,
    ),
    FollowUpOwner(
        actor=Actor("anna"),
        calendar=OFFICE,
        capacity=Capacity(
            12, weekdays={Weekday.FRIDAY: 6}, dates={date(2026, 5, 29): 0, date(2026, 6, 1): 3}
        ),
        leaves_on=date(2026, 6, 30),
    ),
    AssignmentPolicy(
        owners=[PortfolioOwner(actor=Actor("anna"), most=9, leaves_on=date(2026, 5, 31))],
        tiers=["gold"],
    ),
    OwnerHistory(
        customer=CustomerId("C-7"),
        changes=[
            OwnerChange(
                on=date(2026, 6, 1),
                to=Actor("anna"),
                reason=OwnerChangeReason.ASSIGNED,
                by=Actor("head of sales"),
            )
        ],
    ),
]

SHOP = """
kind = "priority"
version = 1

[data]
importance = { gold = 3, silver = 2 }
bands = [{ days_left = 0, urgency = 3 }, { days_left = 7, urgency = 2 }]
urgent = { strength = "today", channel = "telephone" }
"""

OWNER = """
kind = "follow-up-owner"
version = 1

[data]
actor = "anna"
calendar = { zone = "Europe/Berlin", hours = { monday = ["09:00-18:00"] } }
capacity = { a_day = 12, weekdays = { monday = 6 }, dates = { 2026-05-25 = 0 } }
"""


class TestDocuments:
    @pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: type(sample).__name__)
    def test_what_is_written_is_read_back_the_same(self, sample):
        text = CONVERTER.dumps(sample)
        assert CONVERTER.loads(text) == sample
        assert CONVERTER.dumps(CONVERTER.loads(text)) == text

    def test_a_shop_writes_toml(self):
        assert CONVERTER.loads_toml(SHOP, Priority) == Priority(
            importance={"gold": 3, "silver": 2},
            bands=[UrgencyBand(0, 3), UrgencyBand(7, 2)],
            urgent=FollowUpMethod("today", "telephone"),
        )

    def test_an_owner_too_with_the_days_of_other_work(self):
        capacity = CONVERTER.loads_toml(OWNER, FollowUpOwner).capacity
        assert [capacity.on(date(2026, 5, day)) for day in (18, 19, 25)] == [6, 12, 0]
        with pytest.raises(InvalidDocument, match="does not exist"):
            CONVERTER.loads_toml(OWNER.replace("2026-05-25", "2026-05-32"), FollowUpOwner)
        with pytest.raises(InvalidDocument, match="expected a day"):
            CONVERTER.loads_toml(OWNER.replace("2026-05-25", "May"), FollowUpOwner)
