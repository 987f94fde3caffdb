"""A sample of everything of segmentation that is kept, with facts for the policies to decide on.

Where a term has a default, some sample has another value. It is one table, and so it is long.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from attrs import frozen

from crmkit.decision import Comparison, Decision
from crmkit.identifiers import Actor, CustomerId
from crmkit.money import Money
from crmkit.period import Unit
from crmkit.segmentation import (
    CENTRAL_TASKS,
    LATER_PREFERENCES,
    AbcTiers,
    BuyerClasses,
    BuyerFacts,
    CareFacts,
    CompanyScores,
    Condition,
    CreditFacts,
    CreditGrades,
    CustomerLists,
    CustomerMatrix,
    CustomerPyramid,
    CutConvention,
    DeclineDetector,
    DemandFacts,
    DemandLevel,
    FixedBounds,
    Focus,
    GradeStandard,
    Known,
    LaterStage,
    LifecycleStage,
    LifecycleStages,
    ListGround,
    Listing,
    MatrixAxis,
    MatrixCell,
    MatrixWordAxis,
    MissingFactor,
    NamedOwner,
    NestedRfmScale,
    OneOf,
    OrdinalScale,
    ParetoFocus,
    ParetoReport,
    PartnerAbc,
    PartnerClass,
    PartnerFacts,
    PartnerRole,
    ProductLevel,
    RankCuts,
    RelationshipFacts,
    RfmFacts,
    RfmScale,
    RfmSegmentation,
    RuleSegments,
    ScoreStep,
    Segment,
    SegmentDimensions,
    SegmentMap,
    SegmentPlan,
    SegmentRule,
    ServiceChannel,
    ServiceChannels,
    ServiceLevel,
    ServiceOffer,
    SpendingReview,
    StepTable,
    Ties,
    TwoScores,
    ValueFactor,
    ValueScale,
    ValueSegment,
    ValueSegments,
    WordParts,
)
from crmkit.tiering import (
    Downgrade,
    Grace,
    RetieringFacts,
    RetieringPolicy,
    ReviewCycle,
    Tier,
    TierHistory,
    TierLadder,
)
from tests.segmentation.policy_laws import DAY, euros, worth

WHO = CustomerId("C-1")
NOTHING = Money(0, "EUR")


@frozen
class Sample:
    """A value that is kept and, where it is a policy, facts on which it does not always agree."""

    value: Any
    facts: tuple[Any, ...] = ()


@frozen(kw_only=True)
class MemberFacts:
    """What an airline knows of a member."""

    customer: CustomerId = WHO
    as_of: date = DAY
    flights: int = 0
    revenue: Money = NOTHING
    share_of_wallet: Decimal | None = None
    attitude: str = "low"
    since: date | None = None


WORTH = tuple(worth(amount) for amount in euros(-5, 0, 49, 50, 500, 90_000))
MEMBERS = (
    MemberFacts(),
    MemberFacts(flights=12, share_of_wallet=Decimal("0.4"), attitude="middle"),
    MemberFacts(flights=60, revenue=Money(9000, "EUR"), attitude="high", since=date(2001, 2, 3)),
)
BUYERS = tuple(
    RfmFacts(
        customer=CustomerId(f"C-{n}"),
        as_of=DAY,
        first_purchase_on=date(2025, 1, 1),
        last_purchase_on=DAY - timedelta(days=n * n),
        frequency=1 + n % 4,
        monetary=Money(n * 7, "EUR"),
        total=Money(n * 7, "EUR"),
    )
    for n in range(12)
)
FAMILIAR = OrdinalScale(("a stranger", "seen before", "a friend", "family"))


def serving(classes: Iterable[Any]) -> dict[Any, ServiceLevel]:
    """Service that gets less from class to class."""
    return {
        name: ServiceLevel(priority=n, contacts_per_year=24 // n, support=("a visit", "a gift"))
        for n, name in enumerate(classes, start=1)
    }


def partner(
    role: PartnerRole, *sales: int, cooperation: str = "a friend", loyalty: str = "sworn"
) -> PartnerFacts:
    """A partner with the sales of the years up to 2025."""
    amounts = {2025 - n: Money(amount, "CNY") for n, amount in enumerate(reversed(sales))}
    return PartnerFacts(
        customer=WHO,
        as_of=DAY,
        role=role,
        year=2025,
        sales=amounts,
        cooperation=cooperation,
        loyalty=loyalty,
    )


def relationship(*cracks: str, now: int = 100, purchases: int = 1) -> RelationshipFacts:
    """Two years with a customer who brought 100 euro in the span before."""
    return RelationshipFacts(
        customer=WHO,
        as_of=DAY,
        since=date(2024, 6, 30),
        purchases=purchases,
        trading_before=Money(100, "EUR"),
        trading_now=Money(now, "EUR"),
        cracks=frozenset(cracks),
    )


def dimensions(**known: Any) -> SegmentDimensions:
    return SegmentDimensions(customer=WHO, as_of=DAY, **known)


LADDER = TierLadder((Tier("bronze", 10), Tier("silver", 20), Tier("gold", 35)))
HISTORY = (
    TierHistory(WHO)
    .changed(
        LADDER.tier("gold"),
        on=date(2026, 1, 5),
        reason="spent 5,000 EUR",
        policy="yearly-spend",
        recorded_at=datetime(2026, 1, 6, 9, 30, tzinfo=UTC),
    )
    .changed(LADDER.tier("bronze"), on=date(2026, 4, 1), reason="spent little since")
    .changed(None, on=date(2026, 5, 1), reason="moved away")
)


def retierings() -> tuple[RetieringFacts, ...]:
    """Silver is earned by somebody new, by a bronze customer, and by one long and one just gold."""
    earned = Decision(LADDER.tier("silver"), "yearly-spend", DAY, subject=WHO)
    return tuple(
        RetieringFacts(
            customer=WHO,
            earned=earned,
            held=None if tier is None else LADDER.tier(tier),
            held_since=None if tier is None else date(2024, 3, 1),
            below_since=since,
        )
        for tier, since in [
            (None, None),
            ("bronze", None),
            ("gold", date(2024, 3, 1)),
            ("gold", DAY - timedelta(days=3)),
        ]
    )


SCALE = RfmScale.fit(BUYERS, bins=3, ties=Ties.BY_CUSTOMER_ID)
NESTED = NestedRfmScale.fit(BUYERS, bins=2, ties=Ties.DENSE_RANK)
BY_RANGES = SegmentMap(
    segments=(
        Segment(name="best", recency=(2, 3), frequency=(2, 3), monetary=(3, 3)),
        Segment(name="recent", recency=(2, 3)),
        Segment(name="others", recency=(1, 3)),
    ),
    bins=3,
    first_match=True,
)
BY_CODES = SegmentMap.from_codes(
    {"best": ["222", "221"], "lost": ["111", "112"], "between": ["121", "122", "211", "212"]},
    bins=2,
)

RECENT = Condition("recency_days", Comparison.AT_MOST, 9)
OFTEN = Condition("frequency", Comparison.ABOVE, 2)
RICH = Condition("monetary", Comparison.AT_LEAST, Money("30.50", "EUR"))
LONG_AGO = Condition("last_purchase_on", Comparison.BELOW, date(2026, 5, 1))

SAMPLES = (
    Sample(
        AbcTiers.fit(
            euros(1000, 400, 60, 50, 20, 2),
            cuts=("0.70", "0.90", "0.99"),
            names=("top", "good", "fair", "rest"),
            convention=CutConvention.SHARE_INCLUDING_AT_MOST,
        ),
        WORTH,
    ),
    Sample(
        BuyerClasses(scale=FAMILIAR, intent_from="family", potential_from="a friend"),
        (
            BuyerFacts(customer=WHO, as_of=DAY, inclination="family", purchases=2),
            BuyerFacts(customer=WHO, as_of=DAY, inclination="family"),
            BuyerFacts(customer=WHO, as_of=DAY, inclination="a stranger"),
        ),
    ),
    Sample(
        CompanyScores(
            as_of=DAY, customers=7, present=Money("12.30", "EUR"), potential=Money(50, "EUR")
        )
    ),
    Sample(
        CreditGrades(
            standing=FAMILIAR,
            standards=[
                GradeStandard(grade="1", volume_from=Money(90, "EUR"), standing_from="family"),
                GradeStandard(grade="2", volume_from=Money(20, "EUR"), standing_from="a friend"),
            ],
            rest="none",
        ),
        tuple(
            CreditFacts(customer=WHO, as_of=DAY, volume=Money(volume, "EUR"), standing=standing)
            for volume, standing in [(95, "family"), (95, "a friend"), (10, "family")]
        ),
    ),
    Sample(
        CustomerLists(
            good=[ListGround("buys much", RICH & OFTEN), ListGround("just bought", RECENT)],
            poor=[ListGround("gone", LONG_AGO | ~Known("monetary"))],
            service=serving(Listing),
        ),
        BUYERS,
    ),
    Sample(
        CustomerMatrix(
            name="flights-by-attitude",
            rows=MatrixAxis("flights", (10, 50), ("few", "some", "many")),
            columns=MatrixWordAxis("attitude", OrdinalScale(("low", "middle", "high")), ["high"]),
            cells=[
                MatrixCell(row, column, f"{row}, {column}")
                for row in ("few", "some", "many")
                for column in ("low", "high")
            ],
        ),
        MEMBERS,
    ),
    Sample(
        CustomerMatrix(
            name="revenue-by-attitude",
            rows=MatrixAxis("revenue", (Money("0.50", "EUR"),)),
            columns=MatrixWordAxis(
                "attitude", OrdinalScale(("low", "middle", "high")), ["middle"], ["cold", "warm"]
            ),
            cells=[
                MatrixCell(row, column, f"{row}, {column}")
                for row in ("low", "high")
                for column in ("cold", "warm")
            ],
        ),
        MEMBERS,
    ),
    Sample(
        CustomerPyramid.fit(
            euros(900, 80, 60, 50, 40, 2),
            platinum="0.10",
            gold="0.2",
            iron=Fraction(1, 3),
            convention=CutConvention.SHARE_INCLUDING_AT_MOST,
        ),
        WORTH,
    ),
    Sample(
        CustomerPyramid(
            platinum_from=Money("499.99", "EUR"),
            gold_from=Money(50, "EUR"),
            iron_from=Money(0, "EUR"),
        ),
        WORTH,
    ),
    Sample(
        DeclineDetector(
            shrinks_by="0.125", cracks_from=2, signs=frozenset({"late", "silent", "rude"})
        ),
        (relationship("late", "rude", now=80), relationship("late", "merry", now=80)),
    ),
    Sample(
        LifecycleStages(
            development_from_purchases=3,
            stability_from_purchases=9,
            stability_from_days=700,
            decline=DeclineDetector(shrinks_by=Fraction(1, 3)),
            tasks={**CENTRAL_TASKS, LifecycleStage.DECLINE: ("call", "visit")},
        ),
        (
            relationship(),
            relationship(purchases=4),
            relationship(purchases=9),
            relationship("late", now=1),
        ),
    ),
    Sample(
        NamedOwner(
            special=["gold", "platinum"],
            preferences={**LATER_PREFERENCES, LaterStage.DISTANCING: ("letters",)},
        ),
        (
            CareFacts(customer=WHO, as_of=DAY, customer_class="gold"),
            CareFacts(customer=WHO, as_of=DAY, customer_class="gold", owner=Actor("M. Li")),
            CareFacts(customer=WHO, as_of=DAY, customer_class="lead"),
        ),
    ),
    Sample(NESTED, BUYERS),
    Sample(ParetoFocus.fit(euros(70, 10, 5), service=serving(Focus), share="0.85"), WORTH),
    Sample(ParetoReport.of(euros(70, 10, 5), share="0.5")),
    Sample(
        PartnerAbc(
            a_from=Money("500.50", "CNY"),
            support=serving(PartnerClass),
            top_share="0.3",
            a_roles=frozenset({PartnerRole.AGENT, PartnerRole.FRANCHISEE}),
            growth="0.05",
            growth_years=3,
            cooperation_scale=FAMILIAR,
            cooperation_from="a friend",
            loyalty_scale=OrdinalScale(("fickle", "sworn")),
            loyalty_from="sworn",
        ),
        (
            partner(PartnerRole.AGENT, 1),
            partner(PartnerRole.DISTRIBUTOR, 600),
            partner(PartnerRole.DISTRIBUTOR, 100, 110, 120, 130),
            partner(PartnerRole.DISTRIBUTOR, 100, 110, 120, 130, loyalty="fickle"),
        ),
    ),
    Sample(
        RetieringPolicy(
            LADDER,
            downgrade=Downgrade.ONE_STEP,
            grace=Grace(90, Unit.DAY),
            landing=Grace(30, Unit.DAY),
            reviews=ReviewCycle(date(2024, 1, 31), 1, Unit.QUARTER),
        ),
        retierings(),
    ),
    Sample(SCALE, BUYERS),
    Sample(RfmSegmentation(scale=SCALE, segments=BY_RANGES), BUYERS),
    Sample(RfmSegmentation(scale=NESTED, segments=BY_CODES), BUYERS),
    Sample(
        RuleSegments(
            (
                SegmentRule("core", RICH & RECENT, strategy="keep", actions=("call", "invite")),
                SegmentRule("steady", OFTEN & ~RECENT),
                SegmentRule("one of us", OneOf("customer", ("C-4", "C-5"))),
            ),
            otherwise="everybody else",
        ),
        BUYERS,
    ),
    Sample(
        RuleSegments(
            (
                SegmentRule("old hand", Condition("since", Comparison.BELOW, date(2010, 1, 1))),
                SegmentRule(
                    "ours",
                    Condition("share_of_wallet", Comparison.AT_LEAST, Decimal("0.35"))
                    & Condition("since", Comparison.AT_LEAST, date(2010, 1, 1)),
                ),
            ),
            exclusive=True,
        ),
        MEMBERS,
    ),
    Sample(BY_RANGES, tuple(SCALE(facts) for facts in BUYERS)),
    Sample(BY_CODES, tuple(NESTED(facts) for facts in BUYERS)),
    Sample(
        ServiceChannels(
            offers=[
                ServiceOffer(demand, ProductLevel.COMMON, ServiceChannel.CLIENT_MANAGER)
                for demand in reversed(DemandLevel)
            ]
        ),
        tuple(DemandFacts(customer=WHO, as_of=DAY, demand=demand) for demand in DemandLevel),
    ),
    Sample(
        SpendingReview(contribution_below=Money("49.99", "EUR")),
        (
            dimensions(profit_contribution=Money(8, "EUR"), responsive=False),
            dimensions(profit_contribution=Money(8, "EUR")),
        ),
    ),
    Sample(HISTORY),
    Sample(LADDER),
    Sample(
        TwoScores(customer=WHO, as_of=DAY, present=Money("-1.50", "EUR"), potential=Money(7, "EUR"))
    ),
    Sample(
        ValueScale(
            factors=[
                ValueFactor("flights", 3, FixedBounds(worst=0, best="40.5")),
                ValueFactor(
                    "revenue", "2.5", RankCuts(cuts=euros(10, 500), smaller_is_better=True)
                ),
                ValueFactor(
                    "share_of_wallet",
                    Fraction(1, 3),
                    StepTable(steps=[ScoreStep("0.1", "0.5"), ScoreStep("0.4", 1)], below="0.2"),
                ),
                ValueFactor(
                    "attitude", 1, WordParts(parts={"low": 0, "middle": Fraction(1, 7), "high": 1})
                ),
            ],
            out_of=40,
            digits=1,
            missing=MissingFactor.LEFT_OUT,
        ),
        MEMBERS,
    ),
    Sample(
        ValueSegments(
            segments=[
                ValueSegment(
                    "local",
                    OneOf("region", ("north", "south")) & Condition("age", Comparison.AT_MOST, 30),
                    SegmentPlan(
                        strategy="grow",
                        actions=["greet by name"],
                        also_at={"call center": ["answer first"], "web": []},
                    ),
                ),
            ],
            rest="others",
            rest_plan=SegmentPlan(strategy="serve by automation"),
        ),
        (dimensions(region="north", age=30), dimensions(region="north")),
    ),
)
