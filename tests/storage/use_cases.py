"""What a host does with a store: a use case of each kind that the rooms have, and plain units.

Each begins with a shop in which something has happened already, and does one thing. Done again it
changes nothing: the command has a key, or says that it was done before.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from attrs import frozen

from crmkit.business_time import BusinessCalendar
from crmkit.complaints.desk import ComplaintDesk
from crmkit.complaints.policies.allowances import CalendarDays
from crmkit.complaints.policies.escalation import (
    Delay,
    DelayUnit,
    EscalationLevel,
    EscalationPolicy,
    EscalationRule,
)
from crmkit.complaints.policies.obligations import Obligation
from crmkit.complaints.policies.profiles import ObligationProfile
from crmkit.complaints.records.receipt import Receipt
from crmkit.decision import Decision
from crmkit.errors import AlreadyKept, IllegalTransition
from crmkit.followups import FollowUp, FollowUpDesk, MissedEscalation, MissedLevel
from crmkit.identifiers import Actor, ComplaintId, CustomerId, FollowUpId
from crmkit.loyalty import LoyaltyDesk
from crmkit.segmentation.desk import SegmentationDesk
from crmkit.storage import Store
from crmkit.tiering import RetieringPolicy, TierLadder
from tests.followups.builders import MONDAY, done, planned
from tests.loyalty.shop import ANNA, BEN, DAY, JANUARY, bought, program
from tests.storage.sqlite_files import ACCOUNTS, LEDGER, Account, Earned, earn

MAY = datetime(2026, 5, 4, 9, tzinfo=UTC)
CLERK = Actor("anna")
OFFICE = BusinessCalendar.on_weekdays("09:00-18:00", zone="Europe/Berlin")


def nothing(_: Store) -> None:
    """An empty store."""


@frozen
class UseCase:
    """Something a host does, in a shop where something has happened ``before``.

    ``settled`` are the errors by which a command says that it was carried out already.
    """

    name: str
    act: Callable[[Store], object]
    before: Callable[[Store], object] = nothing
    settled: tuple[type[Exception], ...] = ()

    def again(self, store: Store) -> None:
        """Do it once more, as a host that does not know whether it was done."""
        try:
            self.act(store)
        except self.settled:
            return


# --- plain units ----------------------------------------------------------------------------------


def open_account(store: Store) -> None:
    with store.unit_of_work() as unit:
        unit.repository(ACCOUNTS).add(Account("a"))
        unit.repository(ACCOUNTS).add(Account("b", 7))
        unit.commit()


def command(store: Store) -> None:
    with store.unit_of_work() as unit:
        earn(unit, "command")
        unit.commit()


def move_points(store: Store) -> None:
    """Two records, one goes, and messages; without a key, but a second time it finds nothing."""
    with store.unit_of_work() as unit:
        accounts = unit.repository(ACCOUNTS)
        gone = accounts.find("b")
        if gone is None:
            return
        kept = accounts.get("a")
        accounts.remove("b", gone.version)
        accounts.replace(Account("a", kept.record.points + gone.record.points), kept.version)
        unit.stream(LEDGER).append("a", [Earned(gone.record.points)], 0)
        unit.outbox.add("merged", "b")
        unit.commit()


def in_two_units(store: Store) -> None:
    """The control: what belongs together is kept in two pieces."""
    with store.unit_of_work() as unit:
        stored = unit.repository(ACCOUNTS).get("a")
        if stored.record.points:
            return
        unit.repository(ACCOUNTS).replace(Account("a", 1), stored.version)
        unit.commit()
    with store.unit_of_work() as unit:
        unit.stream(LEDGER).append("a", [Earned()], 0)
        unit.commit()


# --- complaints -----------------------------------------------------------------------------------


SOON = Obligation(
    name="acknowledge", met_by=("acknowledge",), within=CalendarDays(1), calendar="desk"
)


def complaints(store: Store) -> ComplaintDesk:
    level = EscalationLevel(level=1, after=Delay(6, DelayUnit.HOURS), role="lead")
    return ComplaintDesk(
        store=store,
        profiles=(
            ObligationProfile(name="house", obligations=(SOON,)).with_calendars(desk=OFFICE),
        ),
        escalation=EscalationPolicy(rules=[EscalationRule(name="unanswered", levels=[level])]),
    )


def receive(store: Store) -> None:
    complaints(store).receive(
        Receipt(id=ComplaintId("K-1"), received_at=MAY, channel="phone", received_by=CLERK)
    )


def acknowledge(store: Store) -> None:
    complaints(store).act(
        ComplaintId("K-1"), "acknowledge", by=CLERK, at=MAY, reason="wrote to them"
    )


def acknowledge_once(store: Store) -> None:
    """The way a host makes a command without a key safe to repeat."""
    with store.unit_of_work() as unit:

        def act() -> str:
            after = complaints(store).act(
                ComplaintId("K-1"), "acknowledge", by=CLERK, at=MAY, reason="told them", unit=unit
            )
            return after.status

        assert unit.once("key", "{}", act, at=MAY) == "acknowledged"
        unit.commit()


def escalate_complaint(store: Store) -> None:
    complaints(store).escalate(MAY + timedelta(days=1), by=CLERK)


# --- follow-ups -----------------------------------------------------------------------------------


def follow_ups(store: Store) -> FollowUpDesk:
    levels = MissedEscalation(levels=[MissedLevel(1, after_days=1, to="team lead")])
    return FollowUpDesk(store=store, escalation=levels)


def plan(store: Store) -> None:
    follow_ups(store).plan([visit("F-1"), visit("F-2")])


def visit(number: str) -> FollowUp:
    return planned(number, owner=CLERK)


def do(store: Store) -> None:
    follow_ups(store).act(
        FollowUpId("F-1"), done(), by=CLERK, at=MAY + timedelta(days=1), reason="was there"
    )


def miss(store: Store) -> None:
    follow_ups(store).miss(MONDAY + 7 * DAY, by=CLERK, at=MAY + timedelta(days=7))


def escalate_miss(store: Store) -> None:
    follow_ups(store).escalate(MONDAY + 9 * DAY, by=CLERK, at=MAY + timedelta(days=9))


# --- loyalty --------------------------------------------------------------------------------------


def loyalty(store: Store) -> LoyaltyDesk:
    return LoyaltyDesk(store=store, program=program(), snapshot_every=2)


def members(store: Store) -> None:
    desk = loyalty(store)
    for member in (ANNA, BEN):
        desk.join(member, on=JANUARY)
        desk.credit(member, 100, on=JANUARY, key="welcome", reason="welcome")


def purchase(store: Store) -> None:
    """A purchase that lifts the member to another tier: the ledger, the tier and a message."""
    loyalty(store).purchase(bought(ANNA, JANUARY, "1000.00"), key="order")


def redeem(store: Store) -> None:
    loyalty(store).redeem(ANNA, 30, on=JANUARY, key="coffee")


def hold(store: Store) -> None:
    loyalty(store).hold(ANNA, 30, on=JANUARY, key="basket")


def transfer(store: Store) -> None:
    loyalty(store).transfer(ANNA, BEN, 40, on=JANUARY, key="gift")


def merge(store: Store) -> None:
    loyalty(store).merge(ANNA, BEN, on=JANUARY, key="same person")


# --- segmentation ---------------------------------------------------------------------------------

TIERS = TierLadder.of("base", "silver", "gold")


def earned_tiers(tier: str, on: date) -> list[Decision]:
    return [
        Decision(TIERS.tier(tier), "yearly-spend", on, subject=CustomerId(f"C-{number}"))
        for number in range(2)
    ]


def tier(store: Store) -> None:
    desk = SegmentationDesk(store=store, retiering=RetieringPolicy(TIERS))
    desk.retier(earned_tiers("silver", date(2026, 3, 1)))


def retier(store: Store) -> None:
    desk = SegmentationDesk(store=store, retiering=RetieringPolicy(TIERS))
    desk.retier(earned_tiers("gold", date(2026, 4, 1)))


def both(*steps: Callable[[Store], object]) -> Callable[[Store], None]:
    """One thing after the other."""

    def all_of_them(store: Store) -> None:
        for step in steps:
            step(store)

    return all_of_them


USE_CASES: tuple[UseCase, ...] = (
    UseCase("a first record", open_account, settled=(AlreadyKept,)),
    UseCase("a command with a key", command, before=open_account),
    UseCase("two records become one", move_points, before=open_account),
    UseCase("a complaint comes in", receive, settled=(AlreadyKept,)),
    UseCase("a complaint is acted on", acknowledge, before=receive, settled=(IllegalTransition,)),
    UseCase("a complaint is acted on once", acknowledge_once, before=receive),
    UseCase("a complaint is escalated", escalate_complaint, before=receive),
    UseCase("follow-ups are planned", plan),
    UseCase("a follow-up is done", do, before=plan, settled=(IllegalTransition,)),
    UseCase("follow-ups are missed", miss, before=plan),
    UseCase("misses are escalated", escalate_miss, before=both(plan, miss)),
    UseCase("a purchase earns points", purchase, before=members),
    UseCase("points are redeemed", redeem, before=members),
    UseCase("points are put aside", hold, before=members),
    UseCase("points are given away", transfer, before=members),
    UseCase("two members become one", merge, before=members),
    UseCase("customers get their first tier", tier),
    UseCase("customers get another tier", retier, before=tier),
)

HALF_DONE = UseCase("a command in two units", in_two_units, before=open_account)
