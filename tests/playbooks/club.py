"""A club whose members complain: its program, its terms of recovery, and words to tell stories."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from crmkit.business_time import BusinessCalendar
from crmkit.complaints import (
    Assessed,
    CauseFound,
    ComplaintDesk,
    ComplaintRules,
    Event,
    Level,
    Receipt,
    RecoveryLevel,
    RecoveryTerm,
    Severity,
    ValueBasedRecovery,
)
from crmkit.decision import Decision, at_least
from crmkit.identifiers import Actor, ComplaintId, CustomerId
from crmkit.loyalty import (
    BaseRate,
    EarningFacts,
    EarningRule,
    EarningRules,
    LoyaltyDesk,
    Program,
    RollingWindow,
    TierPolicy,
    TierThreshold,
)
from crmkit.money import Money
from crmkit.period import Unit
from crmkit.playbooks import (
    GivenGoodwill,
    GoodwillCap,
    MemberClass,
    MemberComplaintFacts,
    MemberRecovery,
    MemberRecoveryPolicy,
    PastComplaint,
    RecoveryOffer,
    RepeatTerms,
    ValueClasses,
    goodwill_key,
)
from crmkit.tiering import TierLadder

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 5, 4, 9, 30, tzinfo=BERLIN)
TODAY = MONDAY.date()
ANNA = Actor("anna")
MEMBER = CustomerId("M-7")
K1 = ComplaintId("K-1")

LADDER = TierLadder.of("bronze", "silver", "gold")
VALUES = ValueClasses(["low", "high"], [Money("1000.00", "EUR")])
APOLOGY = RecoveryLevel("apology", ["written apology"])
AMENDS = RecoveryLevel("amends", ["written apology", "replacement at once"])
WIN_BACK = RecoveryLevel("win-back", ["call by the manager", "replacement at once"])
BOARD = RecoveryLevel("board", ["visit by the director"])
SEVERITIES = tuple(Level)
OFFICE = BusinessCalendar.on_weekdays("09:00-18:00", zone="Europe/Berlin")

CLASSES = (
    MemberClass(name="many", tiers=["bronze", "silver"], values=["low"]),
    MemberClass(name="good", tiers=["bronze", "silver"], values=["high"]),
    MemberClass(name="best", tiers=["gold"], values=["low", "high"]),
)
RECOVERY = ValueBasedRecovery(
    terms=[
        RecoveryTerm(classes=["best"], severities=["high", "critical"], level=WIN_BACK),
        RecoveryTerm(classes=["good", "best"], severities=["medium", "high"], level=AMENDS),
        RecoveryTerm(classes=["many", "good"], severities=["critical"], level=AMENDS),
    ],
    rest=APOLOGY,
)
OFFERS = (
    RecoveryOffer(level=APOLOGY),
    RecoveryOffer(
        level=AMENDS, goodwill_points=300, caller="agent", call_within=timedelta(hours=9)
    ),
    RecoveryOffer(
        level=WIN_BACK, goodwill_points=500, caller="manager", call_within=timedelta(hours=2)
    ),
    RecoveryOffer(
        level=BOARD, goodwill_points=900, caller="director", call_within=timedelta(hours=2)
    ),
)
REPEATS = RepeatTerms(complaints=3, severe=2, same_cause=1, reopened=True)


def policy(**terms: Any) -> MemberRecoveryPolicy:
    """The terms of the club, some of them changed."""
    usual: dict[str, Any] = {
        "tiers": LADDER,
        "values": VALUES,
        "classes": CLASSES,
        "recovery": RECOVERY,
        "offers": OFFERS,
        "cap": GoodwillCap(1_000),
        "calendar": OFFICE,
        "repeats": REPEATS,
    }
    return MemberRecoveryPolicy(**usual | terms)


CLUB = policy()


def holds(tier: str, points: int = 1_200, as_of: date = TODAY) -> Decision[Any]:
    """The decision of the loyalty program."""
    evidence = (at_least("points-for-gold", points, 5_000),)
    return Decision(LADDER.tier(tier), "tier-policy", as_of, evidence, subject=MEMBER)


def is_worth(value: str, as_of: date = TODAY) -> Decision[Any]:
    """The decision of another room: an amount in euros, or a class."""
    evidence = (at_least("purchases", 4, 2),)
    worth = Money(value, "EUR") if value[0].isdigit() else value
    return Decision(worth, "lifetime-value", as_of, evidence, subject=MEMBER)


def facts(
    tier: str = "gold",
    value: str | None = "low",
    severity: str = "high",
    *,
    at: datetime = MONDAY,
    as_of: date = TODAY,
    **more: Any,
) -> MemberComplaintFacts:
    """A complaint of the member."""
    return MemberComplaintFacts(
        member=MEMBER,
        complaint=K1,
        at=at,
        as_of=as_of,
        severity=Level(severity),
        tier=holds(tier),
        value=None if value is None else is_worth(value),
        **more,
    )


def past(number: str, on: str, severity: str | None = None, cause: str | None = None) -> Any:
    """Another complaint of the member."""
    return PastComplaint(
        complaint=ComplaintId(number),
        on=date.fromisoformat(on),
        severity=None if severity is None else Level(severity),
        cause=cause,
    )


def goodwill(number: str, on: str, points: int) -> GivenGoodwill:
    """What the member was given for another complaint."""
    return GivenGoodwill(goodwill_key(ComplaintId(number)), date.fromisoformat(on), points)


# --- made at random -------------------------------------------------------------------------------

_days = st.integers(0, 500).map(lambda ago: TODAY - timedelta(days=ago))
_past = st.builds(
    PastComplaint,
    complaint=st.integers(2, 99).map(lambda n: ComplaintId(f"K-{n}")),
    on=_days,
    severity=st.none() | st.sampled_from(Level),
    cause=st.none() | st.sampled_from(["late", "broken"]),
    reopened=st.booleans(),
)
_given = st.builds(
    lambda number, on, points: GivenGoodwill(f"goodwill:K-{number}", on, points),
    st.integers(1, 9),
    _days,
    st.integers(1, 700),
)
histories = st.fixed_dictionaries(
    {
        "cause": st.none() | st.sampled_from(["late", "broken"]),
        "reopened": st.booleans(),
        "past": st.lists(_past, max_size=4, unique_by=lambda each: each.complaint),
        "goodwill": st.lists(_given, max_size=3, unique_by=lambda each: each.key),
    }
)
tiers = st.sampled_from([tier.name for tier in LADDER])
values = st.sampled_from([None, "low", "high", "999.99", "1000.00"])
severities = st.sampled_from([level.value for level in Level])


# --- the desks ------------------------------------------------------------------------------------

_DOUBLE = (
    TierThreshold(tier=LADDER.tier("silver"), points=1_000),
    TierThreshold(tier=LADDER.tier("gold"), points=5_000),
)
PROGRAM = Program(
    name="club",
    earning=EarningRules((EarningRule("base", BaseRate(1, per=Money("1.00", "EUR")), priority=1),)),
    tiers=TierPolicy(LADDER.tier("bronze"), _DOUBLE, RollingWindow(12, Unit.MONTH)),
)


def desks(store: Any, *, rules: ComplaintRules | None = None, **terms: Any) -> MemberRecovery:
    """Both desks over one store, and the playbook that introduces them."""
    return MemberRecovery(
        loyalty=LoyaltyDesk(store=store, program=PROGRAM),
        complaints=ComplaintDesk(store=store, rules=rules or ComplaintRules()),
        policy=policy(**terms),
    )


def joined(recovery: MemberRecovery, tier: str = "gold", member: CustomerId = MEMBER) -> None:
    """Somebody is a member and holds a tier."""
    spent = {"bronze": "10.00", "silver": "1000.00", "gold": "5000.00"}[tier]
    recovery.loyalty.join(member, on=date(2026, 1, 5))
    bought = EarningFacts.single(member, date(2026, 2, 2), Money(spent, "EUR"))
    recovery.loyalty.purchase(bought, key="order-1")


def complained(
    recovery: MemberRecovery,
    number: str = "K-1",
    severity: str | None = "high",
    *,
    member: CustomerId | None = MEMBER,
    at: datetime = MONDAY - timedelta(hours=1),
    cause: str | None = None,
) -> ComplaintId:
    """Somebody complained, and how severe it is has been assessed."""
    complaint = ComplaintId(number)
    recovery.complaints.receive(
        Receipt(id=complaint, received_at=at, channel="phone", complainant=member, received_by=ANNA)
    )
    events: list[Event] = [
        *([] if severity is None else [Assessed(Severity(impact=Level(severity)))]),
        *([] if cause is None else [CauseFound(cause=cause)]),
    ]
    for what in events:
        recovery.complaints.record(complaint, what, by=ANNA, at=at, reason="looked at it")
    return complaint


def points_of(recovery: MemberRecovery, member: CustomerId = MEMBER, on: date | None = None) -> int:
    """What the member can spend."""
    day = on or (MONDAY + timedelta(days=1)).astimezone(UTC).date()
    return recovery.loyalty.balance(member, day).available
