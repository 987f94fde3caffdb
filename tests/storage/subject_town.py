"""A shop in which two people have done everything there is, through the desks that shops use.

Whatever is in Ida's own words, or her number, has the word *canary* in it, and what is Ben's the
word *foreign*.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import count
from typing import TypeVar

from crmkit import complaints, followups, lifetime_value, loyalty, retention, segmentation
from crmkit.complaints import (
    CASE_STUDIES,
    COMPLAINTS,
    CORRECTIVE_ACTIONS,
    GIVEN_REMEDIES,
    IDEAS,
    INTERNAL_NOTICES,
    ROOT_CAUSES,
    TRAIL_SEALS,
    ActionKind,
    CaseStudy,
    ComplaintDesk,
    Contacted,
    CorrectiveAction,
    EffectivenessCheck,
    FactsRecorded,
    GivenRemedy,
    Idea,
    InternalNotice,
    Noted,
    Override,
    PromiseMade,
    Receipt,
    RecourseExhausted,
    RootCause,
    Satisfaction,
    SatisfactionChecked,
    seal_complaint,
)
from crmkit.decision import Decision
from crmkit.followups import FollowUp, FollowUpDesk, MissedEscalation, MissedLevel
from crmkit.identifiers import Actor, ComplaintId, CustomerId, FollowUpId, PromiseId
from crmkit.lifetime_value import FITTED_MODELS, ContributionReport, FittedModel
from crmkit.loyalty import COUPONS, Coupon, CouponId, LoyaltyDesk, ManualTier, Reward, RewardCatalog
from crmkit.money import Money
from crmkit.period import Period, Unit
from crmkit.records import Direction
from crmkit.retention import WIN_BACK_CASES, Declined, WinBackCase
from crmkit.segmentation import RfmScale, SegmentationDesk
from crmkit.segmentation.policies.rfm import TieBreaks
from crmkit.storage import Collection, Store, UnitOfWork
from crmkit.storage.subjects import SubjectData
from crmkit.tiering import Grace, RetieringPolicy, TierLadder
from tests.followups.builders import contact, planned
from tests.loyalty.shop import BASE, FRIENDS, GOLD, bought, euros, program

IDA, BEN = CustomerId("canary-7@mail.example"), CustomerId("foreign-8@mail.example")
CANARY, FOREIGN = "canary", "foreign"
PSEUDONYM = CustomerId("x-4711")
NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)
MAY = datetime(2026, 5, 4, 9, tzinfo=UTC)
DAY = date(2026, 5, 4)
CLERK, LEAD = Actor("anna"), Actor("lead")

DATA: tuple[SubjectData, ...] = (
    *segmentation.SUBJECT_DATA,
    *lifetime_value.SUBJECT_DATA,
    *loyalty.SUBJECT_DATA,
    *retention.SUBJECT_DATA,
    *complaints.SUBJECT_DATA,
    *followups.SUBJECT_DATA,
)

T = TypeVar("T")

Does = Callable[[UnitOfWork], object]


def salts() -> Callable[[], str]:
    numbers: Iterator[int] = count(1)
    return lambda: f"{next(numbers):032x}"


def in_a_unit(store: Store, *works: Does) -> None:
    with store.unit_of_work() as unit:
        for work in works:
            work(unit)
        unit.commit()


def keep(store: Store, collection: Collection[T], record: T) -> None:
    in_a_unit(store, lambda unit: unit.repository(collection).add(record))


def says(who: CustomerId, what: str) -> str:
    """Somebody's words, which can be told."""
    return f"{CANARY if who == IDA else FOREIGN} says: {what}"


# --- points ---------------------------------------------------------------------------------------


def club(store: Store) -> LoyaltyDesk:
    mug = RewardCatalog((Reward("mug", 10, stock=9),))
    return LoyaltyDesk(store=store, program=program(BASE, FRIENDS, rewards=mug), snapshot_every=3)


def fill_club(store: Store) -> None:
    desk = club(store)
    for who in (IDA, BEN):
        desk.join(who, on=DAY)
        reason = says(who, "sorry")
        desk.credit(who, 100, on=DAY, key=f"sorry {who}", reason=reason)
        manual = ManualTier(
            tier=GOLD, from_on=DAY, until=date(2026, 8, 1), reason=says(who, "match"), by=CLERK
        )
        desk.give_tier(who, manual)
    # Each was brought by the other, in the order of the days.
    for who, by in ((BEN, IDA), (IDA, BEN)):
        order = f"order:{who}:1"
        facts = bought(who, DAY, "1200.00", referred_by=by, is_first_purchase=True)
        desk.purchase(facts, key=order, source=order, reason=says(who, "bought"))
    for one, other in ((IDA, BEN), (BEN, IDA)):
        desk.transfer(one, other, 40, on=DAY, key=f"gift/{one}", reason=f"from {one}")
        desk.redeem_reward(one, "mug", on=DAY, key=f"mug {one}")
        desk.redeem(other, 900, on=DAY, key=f"spent {other}", reason=says(other, "spent"))
        keep(store, COUPONS, coupon(one))


def coupon(who: CustomerId) -> Coupon:
    return Coupon.issue(
        CouponId("Q-1" if who == IDA else "Q-2"),
        DAY,
        Money("5.00", "EUR"),
        valid=Period.month(2026, 5),
        member=who,
        source=f"mug {who}",
    )


# --- complaints -----------------------------------------------------------------------------------


def number_of(who: CustomerId) -> ComplaintId:
    return ComplaintId("K-1" if who == IDA else "K-2")


def fill_complaints(store: Store) -> None:
    for who in (IDA, BEN):
        complain(store, who)
        in_a_unit(store, *(partial(work, who=who) for work in _LEARNT))


def complain(store: Store, who: CustomerId) -> None:
    desk, number = ComplaintDesk(store=store), number_of(who)
    desk.receive(
        Receipt(
            id=number,
            received_at=MAY,
            channel="phone",
            received_by=CLERK,
            complainant=who,
            content=says(who, "it leaks"),
            remedy_sought=says(who, "a new one"),
        )
    )
    happened = (
        FactsRecorded(says(who, "a worn ring")),
        Contacted(channel="phone", direction=Direction.INBOUND, summary=says(who, "hello")),
        PromiseMade(id=PromiseId(f"P-{number}"), due_on=DAY, content=says(who, "you call")),
        Noted("mood", says(who, "calm")),
        SatisfactionChecked(
            outcome=Satisfaction.SATISFIED,
            process=Satisfaction.SATISFIED,
            comment=says(who, "fine"),
        ),
        RecourseExhausted(says(who, "nothing left")),
    )
    allowed = Override(by=LEAD, reason=says(who, "the board"))
    for what in happened:
        reason = says(who, "so it was")
        desk.record(number, what, by=CLERK, at=MAY, reason=reason, override=allowed)

    def seal(unit: UnitOfWork) -> None:
        complaint = unit.repository(COMPLAINTS).get(number).record
        unit.repository(TRAIL_SEALS).add(seal_complaint(complaint, salts()))

    in_a_unit(store, seal)


def _root_cause(unit: UnitOfWork, who: CustomerId) -> None:
    number = number_of(who)
    cause = RootCause(
        id=f"R-{number}",
        complaints=(number,),
        cause="ring",
        unit="kettles",
        person=CLERK,
        head=LEAD,
        found_on=DAY,
        explanation=says(who, "nobody looked"),
    )
    unit.repository(ROOT_CAUSES).add(cause)


def _notice(unit: UnitOfWork, who: CustomerId) -> None:
    number = number_of(who)
    notice = InternalNotice(
        id=f"N-{number}",
        complaints=(number,),
        to_units=("kettles",),
        by=LEAD,
        on=DAY,
        text=says(who, "mind the ring"),
    )
    unit.repository(INTERNAL_NOTICES).add(notice)


def _prevention(unit: UnitOfWork, who: CustomerId) -> None:
    number = number_of(who)
    check = EffectivenessCheck(due_on=date(2026, 9, 1), judged_by_what="no leak in 500")
    unit.repository(CORRECTIVE_ACTIONS).add(
        CorrectiveAction(
            id=f"A-{number}",
            complaints=(number,),
            kind=ActionKind.CORRECTIVE,
            what="another ring",
            owner=CLERK,
            due_on=DAY,
            check=check,
        )
    )
    unit.repository(CASE_STUDIES).add(
        CaseStudy(
            id=f"S-{number}",
            complaints=(number,),
            area="kettles",
            problem="it leaks",
            evidence=("photo",),
            responsible_unit="kettles",
            lesson="look",
            written_on=DAY,
        )
    )
    idea = Idea(id=f"I-{number}", complaints=(number,), text="no ring", by=CLERK, on=DAY)
    unit.repository(IDEAS).add(idea)


def _remedy(unit: UnitOfWork, who: CustomerId) -> None:
    remedy = GivenRemedy(
        promise=f"P-{number_of(who)}",
        customer=who,
        due_at=MAY,
        given_at=MAY,
        money=Money("5.00", "EUR"),
    )
    unit.repository(GIVEN_REMEDIES).add(remedy)


_LEARNT = (_root_cause, _notice, _prevention, _remedy)


def learn_from_both(store: Store) -> None:
    """A cause behind the complaints of both, in words about both."""
    cause = RootCause(
        id="R-both",
        complaints=(number_of(IDA), number_of(BEN)),
        cause="ring",
        unit="kettles",
        person=CLERK,
        head=LEAD,
        found_on=DAY,
        explanation=f"{CANARY} and {FOREIGN} were told nothing",
    )
    keep(store, ROOT_CAUSES, cause)


# --- follow-ups, win-backs, tiers -----------------------------------------------------------------


def visit(who: CustomerId, number: str) -> FollowUp:
    return planned(number, customer=who, target=says(who, "visit me"), owner=CLERK)


def fill_follow_ups(store: Store) -> None:
    levels = MissedEscalation(levels=[MissedLevel(1, after_days=1, to="team lead")])
    desk = FollowUpDesk(store=store, escalation=levels)
    for letter, who in (("A", IDA), ("B", BEN)):
        desk.plan([visit(who, f"F-{letter}{n}") for n in range(3)])
        point = followups.VisitPoint(text=says(who, "it drips"), solution=says(who, "a ring"))
        open_one = followups.VisitPoint(text=says(who, "dust"), next_step=says(who, "bring one"))
        done = followups.Done.through(
            contact(customer=who, summary=says(who, "all told")),
            zone=UTC,
            outcome=says(who, "was there"),
            report=followups.VisitReport(heard=[point], found=[open_one], told=["prices"]),
        )
        number = FollowUpId(f"F-{letter}0")
        later = MAY + timedelta(days=1)
        desk.act(number, done, by=CLERK, at=later, reason=says(who, "went there"))
    desk.miss(DAY + timedelta(days=7), by=CLERK, at=MAY + timedelta(days=7))


def fill_win_backs(store: Store) -> None:
    for letter, who in (("A", IDA), ("B", BEN)):
        for n in range(2):
            case = WinBackCase.opened(
                id=f"W-{letter}{n}",
                customer=who,
                lost_on=DAY,
                by=CLERK,
                at=MAY,
                reason=says(who, "left"),
            )
            if n:
                reason = says(who, "not worth it")
                what = (retention.Analysed(on=DAY, causes=["price"]), Declined(DAY))
                for each in what:
                    case = case.after(each, by=CLERK, at=MAY, reason=reason)
            keep(store, WIN_BACK_CASES, case)


TIERS = TierLadder.of("base", "silver", "gold")


def fill_segments(store: Store) -> None:
    desk = SegmentationDesk(
        store=store, retiering=RetieringPolicy(TIERS, grace=Grace(1, Unit.MONTH))
    )
    for who in (IDA, BEN):
        desk.retier([Decision(TIERS.tier("gold"), "spend", DAY, subject=who)])
    ties = TieBreaks(recency=(IDA,), frequency=(BEN,), monetary=(IDA,))
    scale = RfmScale(
        recency_at_most=(30,),
        frequency_at_least=(3,),
        monetary_at_least=(euros("5.00"),),
        tie_breaks=ties,
    )
    desk.adopt("rfm", scale, valid_from=DAY)


def fill_values(store: Store) -> None:
    values = {IDA: euros("30.00"), BEN: euros("90.00")}
    report = ContributionReport.of(values, Period.quarter(2026, 2))
    model: object = report
    keep(store, FITTED_MODELS, FittedModel(name="contributions", fitted_on=DAY, model=model))


# --- commands, answers, messages ------------------------------------------------------------------


def fill_texts(store: Store) -> None:
    def work(unit: UnitOfWork) -> None:
        for letter, who in (("a", IDA), ("b", BEN)):
            told = f'{{"customer": "{who}", "points": 5}}'
            unit.once(f"command {letter}", told, partial(str, told), at=MAY)
            unit.once(f"pay:{who}:1", told, lambda: "done", at=MAY)
            unit.outbox.add("points", told)
            unit.outbox.add("visit", f"F-{letter.upper()}1")

    in_a_unit(store, work)


PARTS: tuple[Callable[[Store], None], ...] = (
    fill_club,
    fill_complaints,
    fill_follow_ups,
    fill_win_backs,
    fill_segments,
    fill_values,
    fill_texts,
)


def fill(store: Store) -> None:
    """All that there is."""
    for part in PARTS:
        part(store)
