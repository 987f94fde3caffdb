"""What loyalty needs beyond the annotations of its classes, to draw values of them."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from attrs import evolve

from crmkit.errors import MissingExtra
from crmkit.identifiers import Actor, CustomerId, OrderId
from crmkit.loyalty import (
    Accrual,
    Accrued,
    AnswerCounts,
    AnswerParts,
    AnswerScale,
    Balance,
    BaseRate,
    CalendarWindow,
    CapPeriod,
    Coupon,
    CouponAction,
    CouponEvent,
    CouponFacts,
    CouponId,
    Credit,
    EarningFacts,
    EarningRule,
    EarningRules,
    ExpiresAtYearEnd,
    GivenBack,
    LedgerEntry,
    LedgerTerms,
    LevelStandard,
    Lot,
    LoyaltyDevelopment,
    LoyaltyIndex,
    LoyaltyLevel,
    LoyaltyLevels,
    LoyaltyTypePolicy,
    ManualTier,
    MeasureRange,
    MeasureTerm,
    MemberLedger,
    MemberReplay,
    Membership,
    MonthFigures,
    Multiplier,
    PieceMoved,
    PieceReserved,
    PointsAccount,
    PointsLedger,
    PointValue,
    Posted,
    Program,
    ProgramFigures,
    ProgramReplay,
    Purchased,
    Qualification,
    ReferralBonus,
    ReferralCredit,
    ReservationAction,
    ReturnFacts,
    Reversal,
    RewardFacts,
    RewardLimit,
    RewardStock,
    Rollback,
    RuleShare,
    ScaledAnswer,
    ShareOff,
    SinceLastChange,
    Span,
    TakenBack,
    TierCosts,
    TierFacts,
    TierPolicy,
    TierThreshold,
    TransferIn,
    replay_program,
)
from crmkit.money import Money
from crmkit.period import Period, Unit
from crmkit.testing.drawing import Maker, by_fields, drawn_from, values_in, with_fields
from crmkit.testing.loyalty import (
    earning_facts,
    earning_rules,
    ledger_terms,
    memberships,
    points_ledgers,
    programs,
    qualifications,
    tier_policies,
)
from crmkit.tiering import Tier

try:
    from hypothesis import strategies as st
except ImportError:
    raise MissingExtra("hypothesis", "testing") from None

__all__ = ["MAKERS"]

Strategy = st.SearchStrategy
Draw = Callable[[Strategy[Any]], Any]

_DAYS = drawn_from(date, "EUR")
_KEYS = drawn_from(str, "EUR")
_SHARES = st.fractions(Fraction(1, 20), 1, max_denominator=20)
_POINTS = st.integers(1, 10_000)
_LEDGERS = points_ledgers(max_steps=6)
_SCALES = st.builds(
    AnswerScale, _KEYS, st.lists(_KEYS, min_size=2, max_size=4, unique=True).map(tuple)
)


def _amounts(currency: str) -> Strategy[Money]:
    return st.integers(1, 10**6).map(lambda minor: Money.of_minor(minor, currency))


# --- points ---------------------------------------------------------------------------------------


@st.composite
def _came_in(draw: Draw, currency: str) -> dict[str, Any]:
    """A lot, and how much of it settled what was owed before."""
    lot = draw(values_in(Lot, currency))
    part = draw(st.integers(0, lot.points))
    settled = (evolve(lot, points=part),) if part else ()
    return {"lot": lot, "settled": settled}


@st.composite
def _accruals(draw: Draw, currency: str) -> Accrual:
    """What the rules gave adds up to the points."""
    came_in = draw(_came_in(currency))
    shares = draw(st.just(()) | _shares(came_in["lot"].points))
    source = draw(st.none() | _KEYS)
    counted = draw(st.none() | qualifications(came_in["lot"].earned_on))
    return Accrual(**came_in, breakdown=shares, source=source, qualification=counted)


@st.composite
def _shares(draw: Draw, points: int) -> tuple[RuleShare, ...]:
    if points < 2 or draw(st.booleans()):
        return (RuleShare("base", points),)
    first = draw(st.integers(1, points - 1))
    return RuleShare("base", first), RuleShare("bonus", points - first)


@st.composite
def _accrued(draw: Draw, currency: str) -> Accrued:
    points = draw(_POINTS)
    return Accrued(
        points,
        shares=draw(_shares(points)),
        qualifying_points=draw(st.integers(0, points)),
        referral=draw(st.none() | _referrals(currency)),
    )


def _referrals(currency: str) -> Strategy[ReferralCredit]:
    return _POINTS.flatmap(
        lambda points: st.builds(ReferralCredit, _KEYS, st.just(points), _shares(points))
    )


def _entries(currency: str) -> Strategy[LedgerEntry]:
    """Lines of a ledger that came about, step by step."""
    return _LEDGERS.filter(lambda ledger: bool(ledger.entries)).flatmap(
        lambda ledger: st.sampled_from(ledger.entries)
    )


@st.composite
def _balances(draw: Draw, currency: str) -> Balance:
    ledger: PointsLedger = draw(_LEDGERS)
    on = ledger.account.on or draw(_DAYS)
    return ledger.balance(on + timedelta(days=draw(st.integers(0, 400))))


def _posted(currency: str) -> Strategy[Posted]:
    return st.builds(Posted, _entries(currency), st.booleans(), _balances(currency))


# --- members and programs -------------------------------------------------------------------------


@st.composite
def _replays(draw: Draw, currency: str) -> ProgramReplay:
    """A purchase file led through a program."""
    from crmkit.testing.shared import purchase_histories

    lines = draw(purchase_histories(currency="EUR", max_customers=2))
    return replay_program(draw(_PLAIN_PROGRAMS), lines, as_of=date(2026, 6, 30))


_PLAIN_PROGRAMS = st.builds(
    Program,
    name=_KEYS,
    earning=st.builds(
        lambda points: EarningRules(
            (EarningRule("base", BaseRate(points, Money(1, "EUR")), priority=1),)
        ),
        st.integers(1, 10),
    ),
)


def _member_replays(currency: str) -> Strategy[MemberReplay]:
    return st.builds(
        MemberReplay,
        member=_KEYS,
        joined_on=_DAYS,
        purchases=st.integers(0, 99),
        balance=_balances(currency),
        tiers=st.none() | memberships().map(lambda each: each.tiers),
    )


@st.composite
def _tier_facts(draw: Draw, currency: str) -> TierFacts:
    """A member with a history, of which all is known on the day decided on."""
    member = draw(memberships())
    days = [member.joined_on, *(change.on for change in member.tiers.changes)]
    as_of = max(days) + timedelta(days=draw(st.integers(0, 400)))
    counted = draw(st.lists(qualifications(member.joined_on), max_size=2))
    return TierFacts(
        member=member.member,
        joined_on=member.joined_on,
        as_of=as_of,
        qualifications=tuple(counted),
        history=member.tiers,
        manual=member.manual,
    )


def _by_hand(currency: str) -> Strategy[ManualTier]:
    return st.builds(
        lambda begin, days, **terms: ManualTier(
            from_on=begin, until=begin + timedelta(days=days), **terms
        ),
        _DAYS,
        st.integers(0, 400),
        tier=values_in(Tier, currency),
        reason=_KEYS,
        by=_KEYS.map(Actor),
    )


# --- returns --------------------------------------------------------------------------------------


@st.composite
def _returns(draw: Draw, currency: str) -> ReturnFacts:
    """Some of the lines of a purchase, given back on its day or later."""
    purchase = draw(earning_facts())
    points = draw(_POINTS)
    return ReturnFacts(
        purchase=purchase,
        on=purchase.on + timedelta(days=draw(st.integers(0, 60))),
        earned=draw(_shares(points)),
        returned=tuple(purchase.lines[: draw(st.integers(1, len(purchase.lines)))]),
    )


def _reversals(currency: str) -> Strategy[Reversal]:
    """Points of an accrual that are taken back, from what was left of it and beyond."""
    return st.builds(
        Reversal,
        accrual=_KEYS,
        lots=_LOTS.map(tuple),
        expired=st.integers(0, 50),
        deficit=st.integers(0, 50),
        waived=st.integers(1, 50),
    )


_LOTS = st.deferred(
    lambda: st.lists(values_in(Lot, "EUR"), max_size=2, unique_by=lambda lot: lot.id)
)


def _taken(currency: str) -> Strategy[TakenBack]:
    return st.builds(
        lambda points, qualifying: TakenBack(
            points, (RuleShare("base", -points),) if points else (), qualifying
        ),
        st.integers(0, 500),
        st.integers(0, 500),
    )


# --- rewards --------------------------------------------------------------------------------------


@st.composite
def _stocks(draw: Draw, currency: str) -> RewardStock:
    """Pieces that are reserved, taken or put back, day after day."""
    stock = RewardStock(draw(_KEYS), draw(st.none() | st.integers(3, 50)))
    on = draw(_DAYS)
    moves: list[Any] = []
    for number in range(draw(st.integers(0, 3))):
        on += timedelta(days=draw(st.integers(0, 5)))
        moves.append(PieceReserved(f"R-{number}", on))
        action = draw(st.none() | st.sampled_from(ReservationAction))
        if action is not None:
            moves.append(PieceMoved(f"R-{number}", action, on))
    return evolve(stock, moves=tuple(moves))


@st.composite
def _reward_facts(draw: Draw, currency: str) -> RewardFacts:
    on = draw(_DAYS)
    since = on - timedelta(days=draw(st.integers(0, 900)))
    table = with_fields(
        RewardFacts, on=st.just(on), member_since=st.just(since), redeemed=st.just(())
    )
    return draw(table(currency))  # type: ignore[no-any-return]


# --- coupons --------------------------------------------------------------------------------------


@st.composite
def _coupons(draw: Draw, currency: str) -> Coupon:
    """A coupon that is issued before its last day is over, and perhaps used."""
    valid = draw(values_in(Period, currency))
    on = valid.start + timedelta(days=draw(st.integers(0, valid.days - 1)))
    used = CouponEvent(CouponAction.USE_UP, on, draw(_KEYS.map(OrderId)))
    active = CouponEvent(CouponAction.ACTIVATE, on)
    return Coupon(
        id=CouponId(draw(_KEYS)),
        issued_on=valid.start - timedelta(days=draw(st.integers(0, 30))),
        value=draw(_amounts(currency) | _SHARES_OFF),
        valid=valid,
        member=draw(st.none() | _KEYS.map(CustomerId)),
        minimum=draw(st.none() | _amounts(currency)),
        trail=draw(st.sampled_from([(), (active,), (active, used)])),
    )


_SHARES_OFF = _SHARES.map(ShareOff)


def _coupon_events(currency: str) -> Strategy[CouponEvent]:
    """A coupon is used and restored for an order, and only then."""
    used = st.sampled_from([CouponAction.USE, CouponAction.USE_UP, CouponAction.RESTORE])
    alone = st.sampled_from([CouponAction.ACTIVATE, CouponAction.CANCEL])
    return st.builds(CouponEvent, alone, _DAYS) | st.builds(
        CouponEvent, used, _DAYS, _KEYS.map(OrderId)
    )


# --- answers, levels and measures -----------------------------------------------------------------


def _answers(scales: Strategy[AnswerScale] = _SCALES) -> Strategy[ScaledAnswer]:
    return scales.flatmap(
        lambda scale: st.sampled_from(scale.words).map(lambda word: ScaledAnswer(scale, word))
    )


def _answer_counts(currency: str) -> Strategy[AnswerCounts]:
    return _SCALES.flatmap(
        lambda scale: st.dictionaries(st.sampled_from(scale.words), st.integers(1, 99)).map(
            lambda counts: AnswerCounts(scale, counts)
        )
    )


@st.composite
def _answer_parts(draw: Draw, currency: str) -> AnswerParts:
    """A part for each word; the worst answer earns nothing, the best everything."""
    scale = draw(_SCALES)
    steps = len(scale.words) - 1
    return AnswerParts(
        scale=scale, parts={word: Fraction(at, steps) for at, word in enumerate(scale.words)}
    )


def _ranges(currency: str) -> Strategy[MeasureRange]:
    pairs = st.lists(st.integers(0, 100), min_size=2, max_size=2, unique=True).map(sorted)
    return pairs.flatmap(
        lambda pair: st.builds(
            MeasureRange,
            low=st.just(Fraction(pair[0])),
            high=st.just(Fraction(pair[1])),
            unit=_KEYS,
        )
    )


def _indices(currency: str) -> Strategy[LoyaltyIndex]:
    terms = st.lists(
        values_in(MeasureTerm, currency),
        min_size=1,
        max_size=3,
        unique_by=lambda each: each.measure,
    )
    return with_fields(LoyaltyIndex, terms=terms.map(tuple), least_known=st.just(1))(currency)


@st.composite
def _type_policies(draw: Draw, currency: str) -> LoyaltyTypePolicy:
    """Attachment is high from a word above the least one of its scale."""
    scale = draw(_SCALES)
    high = st.sampled_from(scale.words[1:])
    return draw(  # type: ignore[no-any-return]
        by_fields(LoyaltyTypePolicy, currency, attachment=st.just(scale), attachment_from=high)
    )


@st.composite
def _months(draw: Draw, currency: str) -> MonthFigures:
    """Figures of a month, in which no part is more than its whole."""
    members = draw(st.integers(0, 500))
    customers = draw(st.integers(0, 500))
    days = customers + draw(st.integers(0, 500))
    return MonthFigures(
        month=Period.month(draw(st.integers(2023, 2026)), draw(st.integers(1, 12))),
        function=draw(st.none() | _KEYS),
        members=members,
        new_members=draw(st.integers(0, members)),
        active_members=draw(st.integers(0, members)),
        members_with_email=draw(st.integers(0, members)),
        customers=customers,
        repeat_customers=draw(st.integers(0, customers)),
        purchase_days=days,
        profit=draw(_amounts(currency)),
        known_profit=Money.zero(currency),
        repurchase=draw(st.lists(_answer_counts(currency), max_size=1).map(tuple)),
    )


_ABOVE_ORDINARY = list(LoyaltyLevel)[1:]


@st.composite
def _levels(draw: Draw, currency: str) -> LoyaltyLevels:
    """One standard for each level, each asking for no less than the one before."""
    return LoyaltyLevels(
        attachment=AnswerScale("attachment", ("none", "some", "strong")),
        over=draw(values_in(Span, currency)),
        standards=tuple(
            LevelStandard(level=level, attachment=word, repeats=draw(_REPEATS) + 10 * number)
            for number, (level, word) in enumerate(
                zip(_ABOVE_ORDINARY, ("some", "some", "some", "strong", "strong"), strict=False)
            )
        ),
    )


_REPEATS = st.integers(1, 9)

_LIMITS = [
    per
    for per in CapPeriod
    if per in (CapPeriod.DAY, CapPeriod.MONTH, CapPeriod.YEAR, CapPeriod.PROGRAM)
]

MAKERS: Mapping[type, Maker] = {
    Accrual: _accruals,
    Credit: lambda currency: _came_in(currency).map(lambda given: Credit(**given)),
    Accrued: _accrued,
    ReferralCredit: _referrals,
    LedgerEntry: _entries,
    LedgerTerms: lambda currency: ledger_terms(),
    PointsLedger: lambda currency: _LEDGERS,
    PointsAccount: lambda currency: _LEDGERS.map(lambda ledger: ledger.account),
    Balance: _balances,
    Posted: _posted,
    GivenBack: with_fields(GivenBack, posted=_posted),
    Purchased: with_fields(Purchased, posted=_posted, referral=st.none()),
    Qualification: lambda currency: _DAYS.flatmap(qualifications),
    Membership: lambda currency: memberships(),
    MemberReplay: _member_replays,
    MemberLedger: with_fields(
        MemberLedger,
        ledger=_LEDGERS,
        tiers=st.none() | memberships().map(lambda each: each.tiers),
    ),
    Program: lambda currency: programs(),
    ProgramReplay: _replays,
    TierPolicy: lambda currency: tier_policies(),
    TierThreshold: lambda currency: tier_policies().flatmap(
        lambda policy: st.sampled_from(policy.thresholds)
    ),
    EarningRules: lambda currency: earning_rules(),
    EarningRule: lambda currency: earning_rules().flatmap(
        lambda rules: st.sampled_from(rules.rules)
    ),
    EarningFacts: lambda currency: earning_facts(),
    BaseRate: with_fields(BaseRate, per=_amounts),
    Multiplier: lambda currency: st.fractions(Fraction(5, 4), 10, max_denominator=4).map(
        Multiplier
    ),
    ReferralBonus: lambda currency: st.builds(
        ReferralBonus, referrer=_POINTS, referred=st.integers(0, 500)
    ),
    CalendarWindow: lambda currency: st.builds(
        CalendarWindow,
        st.sampled_from([Unit.MONTH, Unit.QUARTER, Unit.YEAR]),
        st.integers(1, 12),
    ),
    ExpiresAtYearEnd: with_fields(
        ExpiresAtYearEnd, years=st.integers(0, 5), last_month=st.integers(1, 12)
    ),
    TierFacts: _tier_facts,
    ManualTier: _by_hand,
    TierCosts: with_fields(TierCosts, point_value=st.decimals("0.001", "0.1", places=3)),
    ReturnFacts: _returns,
    Reversal: _reversals,
    TakenBack: _taken,
    Rollback: with_fields(Rollback, settled=st.just(())),
    TransferIn: with_fields(TransferIn, settled=st.just(())),
    RewardStock: _stocks,
    RewardFacts: _reward_facts,
    RewardLimit: with_fields(RewardLimit, times=st.integers(1, 9), per=st.sampled_from(_LIMITS)),
    SinceLastChange: lambda currency: (
        st.just(SinceLastChange())
        | st.builds(SinceLastChange, st.integers(1, 24), st.sampled_from(Unit))
    ),
    Coupon: _coupons,
    CouponEvent: _coupon_events,
    CouponFacts: with_fields(CouponFacts, coupon=_coupons),
    ScaledAnswer: lambda currency: _answers(),
    AnswerScale: lambda currency: _SCALES,
    AnswerCounts: _answer_counts,
    AnswerParts: _answer_parts,
    MeasureRange: _ranges,
    LoyaltyIndex: _indices,
    LoyaltyLevels: _levels,
    LevelStandard: with_fields(
        LevelStandard, level=st.sampled_from(_ABOVE_ORDINARY), repeats=_REPEATS
    ),
    LoyaltyTypePolicy: _type_policies,
    MonthFigures: _months,
    ProgramFigures: lambda currency: st.lists(
        _months(currency).map(lambda each: evolve(each, function=each.function or "sales")),
        max_size=3,
        unique_by=lambda each: (each.month.start, each.function),
    ).map(lambda rows: ProgramFigures(tuple(rows))),
    PointValue: with_fields(PointValue, cost=_amounts),
    LoyaltyDevelopment: lambda currency: st.just(LoyaltyDevelopment()),
}
