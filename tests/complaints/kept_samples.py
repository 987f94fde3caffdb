"""A sample of everything of complaints that is kept, and what the policies among them decide.

Where a term of a policy has a default, some sample has another value. It is one table, and so it is
long.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

from attrs import frozen

from crmkit.business_time import BusinessCalendar
from crmkit.complaints import (
    COCA_COLA_1981,
    FCA_DISP,
    GUIDANCE,
    READY_PROFILES,
    RG_271,
    ActionKind,
    AgendaEntry,
    Assessed,
    AssessmentFirst,
    BarrierFacts,
    BarrierRemoval,
    Baseline,
    BusinessDays,
    CalendarDays,
    CaseHistory,
    CaseStudy,
    CauseTaxonomy,
    ChildrenBeforeParent,
    ComplainantType,
    ComplaintCounts,
    ComplaintRate,
    ConductFacts,
    ConductPenalty,
    Content,
    Correction,
    CorrectiveAction,
    Counted,
    CountedCase,
    CountIn,
    DayCount,
    DayEnd,
    Delay,
    DelayUnit,
    Dimension,
    DoerIsNotChecker,
    EffectivenessCheck,
    EscalationLevel,
    EscalationPolicy,
    EscalationRule,
    Excuse,
    Exposure,
    FactsBeforeLiability,
    FactsBeforeResponse,
    FormerTerms,
    GivenRemedy,
    GuaranteeFacts,
    Guidance,
    HandlingGuide,
    HotSpotAlarm,
    Idea,
    IdeaAction,
    IdeaStep,
    InternalNotice,
    KeptRules,
    Listeners,
    Mark,
    Measure,
    Months,
    Obligation,
    ObligationProfile,
    Place,
    PlacesFacts,
    RateFacts,
    RecourseBeforeClosing,
    RecoveryFacts,
    RecoveryLevel,
    RecoveryTerm,
    RedesignAlarm,
    ReopeningWindow,
    RisingComplaints,
    RootCause,
    SatisfactionBeforeClosing,
    SealAnchor,
    SeriesFacts,
    ServiceGuarantee,
    Severity,
    ShirkingFacts,
    ShirkingPenalty,
    SiblingFacts,
    SilentDissatisfied,
    Status,
    SupervisionFacts,
    ValueBasedRecovery,
    Weeks,
    Window,
    WordOfMouth,
    WordOfMouthFacts,
    WorkingHours,
    WrittenPromiseNeedsOverride,
    WrongMove,
    WrongMoveNote,
    Years,
    seal_complaint,
    verify_complaint,
)
from crmkit.identifiers import Actor, ComplaintId, CustomerId
from crmkit.lifecycle import Lifecycle
from crmkit.money import Money, Rounding
from crmkit.period import Period
from tests.complaints.builders import ANNA, BEN, DAY, HOUR, MONDAY, note, proposal, standing

MAY = Period.month(2026, 5)
LAST_DAY = date(2026, 5, 31)
K1, K2, K9 = ComplaintId("K-1"), ComplaintId("K-2"), ComplaintId("K-9")
OFFICE = BusinessCalendar.on_weekdays("09:00-18:00", zone="Europe/Berlin")
DESK = BusinessCalendar.on_weekdays("08:00-20:00", zone="Asia/Shanghai")

CASE = CaseHistory(
    complaint=K1,
    marks=(Mark("receive", MONDAY), Mark("reply", MONDAY + HOUR, frozenset({"facts"}))),
    category="delivery",
    severity="high",
)
LATER = MONDAY + 90 * DAY


@frozen
class Sample:
    """Something that is kept, and if it is a policy, what it is asked."""

    value: Any
    asked: tuple[Callable[[Any], Any], ...] = ()

    @property
    def name(self) -> str:
        """The name of its type."""
        return type(self.value).__name__

    def answers(self, policy: Any) -> list[Any]:
        """What a policy decides when it is asked the questions of this sample."""
        return [question(policy) for question in self.asked]


def on(*facts: Any) -> tuple[Callable[[Any], Any], ...]:
    """The question is the call with these facts."""
    return tuple(lambda policy, each=each: policy(each) for each in facts)


# --- records --------------------------------------------------------------------------------------

COMPLAINT = standing(
    Status.CLOSED, complainant=CustomerId("C-7"), content="wet", remedy_sought="a new one"
)


def _salts() -> Callable[[], str]:
    numbers = iter(range(99))
    return lambda: f"{next(numbers):032x}"


SEAL = seal_complaint(COMPLAINT, _salts())
ACTION = CorrectiveAction(
    id="A-1",
    complaints=(K1, K2),
    kind=ActionKind.PREVENTIVE,
    what="pad the corners of the box",
    owner=ANNA,
    due_on=date(2026, 6, 15),
    check=EffectivenessCheck(due_on=date(2026, 9, 1), judged_by_what="no blemish in 500"),
)
CAUSE = RootCause(
    id="R-1",
    complaints=(K1, K2),
    cause="packaging",
    unit="dispatch",
    person=ANNA,
    head=BEN,
    found_on=date(2026, 5, 20),
    explanation="there was no padding left",
)
NOTICE = InternalNotice(
    id="N-1",
    complaints=(K1,),
    to_units=("dispatch", "sales"),
    by=BEN,
    on=date(2026, 5, 21),
    text="no box leaves without padding",
)
STUDY = CaseStudy(
    id="S-1",
    complaints=(K1, K9),
    area="packaging",
    problem="corners are crushed",
    evidence=("photo-17",),
    responsible_unit="dispatch",
    lesson="drop every new box once",
    written_on=date(2026, 6, 1),
)
IDEA = Idea(
    id="I-1",
    complaints=(K1, K2),
    text="a sofa that is taken apart",
    by=ANNA,
    on=LAST_DAY,
    trail=(IdeaStep(action=IdeaAction.REVIEW, by=BEN, on=LAST_DAY, reason="two cases"),),
)
COUNTS = ComplaintCounts(
    period=MAY,
    total=Counted(12, 3),
    by={Dimension.REGION: {"north": Counted(9, 1)}, "store": {"S-12": Counted(2)}},
    outside=4,
)
PLACES = PlacesFacts(
    as_of=LAST_DAY, dimension="region", places=(Place("north", 40, 820), Place("south", 4, 900))
)
CALM = PlacesFacts(
    as_of=LAST_DAY,
    dimension="region",
    places=(Place("north", 4, 820), Place("south", 4, 900)),
    measure=Measure.PRAISE,
    at_most_once=True,
)

# --- policies -------------------------------------------------------------------------------------

ALARM = HotSpotAlarm(
    false_alarm="0.05", correction=Correction.BONFERRONI, minimum_count=5, least_ratio="1.5"
)
RATE = ComplaintRate(confidence="0.95", per=1_000)
FEW = RateFacts(as_of=LAST_DAY, count=3, exposure=820)
MANY = RateFacts(as_of=LAST_DAY, count=120, exposure=820, of="orders")

MONTH = SupervisionFacts(
    counts=COUNTS,
    closed=10,
    overdue=1,
    repeat_contacts=3,
    satisfied=7,
    asked=9,
    prepared_by=Actor("service"),
    checked_by=Actor("sales"),
    rates=(RATE(FEW).outcome,),
    hot_spots=(ALARM(PLACES).outcome,),
)

OWN_RULES = KeptRules(
    lifecycle=Lifecycle(
        name="walk-in",
        version=2,
        initial="new",
        moves=[
            ("new", "look", "looked-at"),
            ("looked-at", "settle", "settled"),
            ("settled", "return", "new"),
        ],
        final=["settled"],
    ),
    guards=[
        FactsBeforeLiability(),
        AssessmentFirst(actions=("look",), anew_after=("return",)),
        FactsBeforeResponse(actions=("settle",), anew_after=("return",)),
        WrittenPromiseNeedsOverride(types=frozenset({ComplainantType.STUBBORN})),
        SatisfactionBeforeClosing(actions=("settle",), anew_after=("look",)),
        DoerIsNotChecker(doing=("look",), checking=("settle",)),
        RecourseBeforeClosing(statuses=("new",), actions=("settle",), anew_after=("return",)),
        ReopeningWindow(within=timedelta(days=30), roles=("lead",), actions=("return",)),
        ChildrenBeforeParent(actions=("settle",)),
    ],
    former=[Lifecycle(name="walk-in", initial="new", moves=[("new", "settle", "settled")])],
)

OWN_COMPLAINT = note(
    OWN_RULES.rules.receive(COMPLAINT.receipt), Assessed(Severity()), rules=OWN_RULES.rules
)

PROFILE = ObligationProfile(
    name="house-rules",
    jurisdiction="DE",
    obligations=[
        Obligation(
            name="update",
            starts_with=("receive", "reopen"),
            starts_within=Weeks(2, counting=DayCount.INCLUDING),
            met_by=("reply", "respond"),
            early_counts=True,
            within=WorkingHours(4),
            calendar="desk",
            content=[
                Content(
                    message="reply",
                    items=frozenset({"facts"}),
                    one_of=frozenset({"accepts", "rejects"}),
                )
            ],
            suspended_by=frozenset({"complainant"}),
            excused_by=[Excuse(("withdraw",), within=Months(1, counting=DayCount.INCLUDING))],
            repeats_every=CalendarDays(7, counting=DayCount.INCLUDING),
            repeats_until=("respond",),
            consequence="the manager calls",
            source="house rules 4",
        ),
        Obligation(
            name="call",
            met_by=("call",),
            within=WorkingHours(9),
            calendar="desk",
            former=[
                FormerTerms(
                    until=MONDAY - DAY, within=WorkingHours(timedelta(minutes=90)), calendar="state"
                )
            ],
        ),
        Obligation(
            name="letter",
            met_by=("respond",),
            within=BusinessDays(2, counting=DayCount.INCLUDING, until=DayEnd.CLOSE_OF_BUSINESS),
            calendar="state",
        ),
    ],
    windows=[
        Window(
            name="appeal", starts_with=("respond",), within=Months(6), calendar="state", source="7"
        )
    ],
    retention=Window(
        name="retention", within=Years(3, counting=DayCount.INCLUDING), calendar="state"
    ),
    calendars={"desk": DESK, "state": OFFICE},
    source="house rules",
    source_date=date(2026, 1, 1),
)

ESCALATION = EscalationPolicy(
    calendars={"desk": OFFICE},
    categories={"delivery", "billing"},
    marks={"receive", "respond", "answer"},
    severities={"high", "grave"},
    resting={"close", "withdraw", "merge", "settle"},
    rules=[
        EscalationRule(
            name="unanswered",
            calendar="desk",
            categories={"delivery"},
            severities={"high"},
            since={"receive"},
            counted_from="receive",
            until={"respond", "answer"},
            stops_after=Delay(40, DelayUnit.BUSINESS_DAYS),
            paused_by={"complainant"},
            levels=[
                EscalationLevel(level=1, after=Delay(4, DelayUnit.WORKING_HOURS), role="lead"),
                EscalationLevel(level=3, after=Delay(9, DelayUnit.WORKING_HOURS), target="board"),
            ],
            cool_down=Delay(2, DelayUnit.BUSINESS_DAYS),
            cap=5,
        ),
    ],
)


def _bound(profile: ObligationProfile) -> ObligationProfile:
    return profile.with_calendars(**dict.fromkeys(profile.missing_calendars, OFFICE))


_AMENDS = RecoveryLevel("amends", ["call by the manager", "replacement at once"])
_FEE = Money("24.50", "USD")
_BY = datetime(2026, 5, 5, 10, 30, tzinfo=UTC)


def _promise(kept_at: datetime | None) -> GuaranteeFacts:
    return GuaranteeFacts(promise="P-1", fee=_FEE, due_at=_BY, kept_at=kept_at, at=_BY + DAY)


_REMEDY = GivenRemedy(
    promise="P-1",
    customer=CustomerId("C-7"),
    due_at=_BY,
    given_at=_BY + DAY,
    money=_FEE,
    measures=("a call",),
)


def _shirked(before: int) -> ShirkingFacts:
    return ShirkingFacts(employee=BEN, as_of=LAST_DAY, before=before, verified_by=ANNA)


def _barriers(minutes: int) -> BarrierFacts:
    return BarrierFacts(
        as_of=LAST_DAY,
        encouraged_by=["guarantee", "thanks"],
        publicized_in=["receipt"],
        channels=["phone", "e-mail"],
        minutes=minutes,
        steps=3,
        cost=_FEE,
    )


def _customer(group: str, severity: str) -> RecoveryFacts:
    return RecoveryFacts(
        customer=CustomerId("C-7"), as_of=LAST_DAY, customer_class=group, severity=severity
    )


def _series(count: int) -> SeriesFacts:
    return SeriesFacts(
        as_of=LAST_DAY,
        place="north",
        reference=Baseline(24, 4_900),
        points=(CountIn(MAY, count, 820),),
    )


def _report(verified_by: Actor | None) -> ConductFacts:
    return ConductFacts(
        employee=ANNA, as_of=LAST_DAY, misconduct="shouting", verified_by=verified_by
    )


SAMPLES: list[Sample] = [
    # What happened, and what is known of it.
    Sample(COMPLAINT),
    Sample(
        AgendaEntry(
            complaint=K1,
            owner=ANNA,
            due_at=MONDAY,
            profile="house-rules",
            obligation="letter",
            escalates_at=MONDAY + HOUR,
        )
    ),
    Sample(SEAL),
    Sample(SealAnchor(3, "0" * 64)),
    Sample(verify_complaint(COMPLAINT, SEAL)),
    Sample(verify_complaint(standing(Status.REFERRED), SEAL, anchor=SEAL.anchor)),
    Sample(ACTION.done(LAST_DAY).checked(LAST_DAY, BEN, effective=True).recurred(K9, LAST_DAY)),
    Sample(CAUSE),
    Sample(NOTICE),
    Sample(STUDY),
    Sample(IDEA),
    Sample(
        CountedCase(
            on=LAST_DAY,
            region="north",
            product="P-1",
            unit="dispatch",
            employee="E-7",
            channel="phone",
            cause="late",
            praise=True,
            others={"store": "S-12"},
        )
    ),
    Sample(COUNTS),
    Sample(Exposure(of="customers", total=900, by={Dimension.REGION: {"north": 820}})),
    Sample(MONTH),
    # The words of the shop.
    Sample(CauseTaxonomy({"quality": ("late", "broken"), "service": ("attitude",)})),
    Sample(
        HandlingGuide(
            {
                **GUIDANCE.guides,
                ComplainantType.STUBBORN: Guidance(steps=("listen",), beware=("arguing",)),
            }
        )
    ),
    Sample(WrongMoveNote(WrongMove.ARGUING, "being right", "being kind")),
    # The rules, the deadlines, the escalation.
    Sample(
        OWN_RULES,
        (
            lambda kept: kept.rules(proposal(OWN_COMPLAINT, "look")),
            lambda kept: kept.rules(proposal(OWN_COMPLAINT, "settle")),
        ),
    ),
    Sample(
        PROFILE,
        (
            lambda policy: policy(CASE, at=MONDAY + HOUR),
            lambda policy: policy(CASE, at=LATER),
        ),
    ),
    *(
        Sample(
            _bound(profile),
            (
                lambda policy: policy(CASE, at=MONDAY),
                lambda policy: policy(CASE, at=LATER),
            ),
        )
        for profile in (FCA_DISP, RG_271)
    ),
    *(Sample(profile) for profile in READY_PROFILES),
    Sample(
        ESCALATION,
        (lambda policy: policy(CASE, MONDAY), lambda policy: policy(CASE, LATER)),
    ),
    # What complaints teach.
    Sample(RATE, on(FEW, MANY)),
    Sample(SilentDissatisfied(least="0.04", most="0.10"), on(FEW, MANY)),
    Sample(ALARM, on(PLACES, CALM)),
    Sample(
        RedesignAlarm(ALARM),
        on(
            SiblingFacts(product="north", siblings=PLACES),
            SiblingFacts(product="south", siblings=PLACES),
        ),
    ),
    Sample(
        RisingComplaints(
            false_alarm="0.01",
            correction=Correction.BENJAMINI_HOCHBERG,
            minimum_count=5,
            places=2,
        ),
        on(_series(4), _series(40)),
    ),
    Sample(
        WordOfMouth(
            satisfied_tell=Listeners(1, 2),
            satisfied_buy_more="0.10",
            unresolved_tell=Listeners(3, 4),
            unresolved_boycott=Fraction(1, 3),
            unresolved_buy_less="0.45",
            tell_many_share="0.12",
            many=20,
        ),
        on(
            WordOfMouthFacts(as_of=LAST_DAY, satisfied=9, unresolved=3),
            WordOfMouthFacts(as_of=LAST_DAY, satisfied=0, unresolved=3, between=1),
        ),
    ),
    Sample(COCA_COLA_1981),
    # What is given, and what follows.
    Sample(
        ValueBasedRecovery(
            terms=[RecoveryTerm(classes=["gold"], severities=["high"], level=_AMENDS)],
            rest=RecoveryLevel("apology", ["written apology"]),
        ),
        on(_customer("gold", "high"), _customer("gold", "low")),
    ),
    Sample(
        ServiceGuarantee(
            waived="0.5",
            measures=("a call",),
            grace=timedelta(minutes=5),
            rounding=Rounding.DOWN,
            exclusions=("weather",),
            most_remedies=2,
            most_money=_FEE,
            per=30 * DAY,
        ),
        on(_promise(_BY), _promise(None)),
    ),
    Sample(_REMEDY),
    Sample(
        ConductPenalty(penalized=("shouting",), major_demerits=2), on(_report(BEN), _report(None))
    ),
    Sample(ShirkingPenalty(disciplined_after=2), on(_shirked(1), _shirked(2))),
    Sample(
        BarrierRemoval(
            encouraged_by=("guarantee", "thanks"),
            least_channels=2,
            least_places=1,
            most_minutes=5,
            most_steps=3,
            most_cost=_FEE,
        ),
        on(_barriers(5), _barriers(6)),
    ),
]
