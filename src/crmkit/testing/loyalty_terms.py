"""Hypothesis strategies for the terms of loyalty programs: whatever a shop may agree on."""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from typing import Any

from crmkit.business_time import Weekday
from crmkit.errors import MissingExtra
from crmkit.identifiers import CustomerId, ProductId
from crmkit.loyalty import (
    AfterReturn,
    AnniversaryWindow,
    AtReset,
    BaseRate,
    BasketLine,
    CalendarWindow,
    CapPeriod,
    EarningCap,
    EarningCondition,
    EarningFacts,
    EarningRule,
    EarningRules,
    ExpiresAfter,
    ExpiresAtMonthEnd,
    ExpiresAtYearEnd,
    FixedBonus,
    InvalidEarningRules,
    LedgerTerms,
    Lock,
    Multiplier,
    Multiplying,
    NeverExpires,
    OverReturn,
    PointValue,
    Program,
    Reaching,
    ReferralBonus,
    ReturnBasis,
    RollingWindow,
    SinceJoining,
    SinceLastChange,
    Stacking,
    TierPolicy,
    TierThreshold,
    TierWindow,
)
from crmkit.money import Money, Rounding
from crmkit.period import Period, Unit
from crmkit.testing.shared import days, identifiers
from crmkit.tiering import Downgrade, Grace, ReviewCycle, Tier, TierLadder

try:
    from hypothesis import strategies as st
except ImportError:
    raise MissingExtra("hypothesis", "testing") from None

__all__ = [
    "FIRST",
    "LAST",
    "earning_facts",
    "earning_rules",
    "ledger_terms",
    "programs",
    "tier_policies",
]

Strategy = st.SearchStrategy
Draw = Callable[[Strategy[Any]], Any]

FIRST, LAST = date(2020, 1, 1), date(2030, 12, 31)
_LADDER = TierLadder.of("bronze", "silver", "gold", "platinum")
_PRODUCTS = [ProductId("tea"), ProductId("pot"), ProductId("delivery")]
_CHANNELS = ["web", "till"]
_CURRENCIES = ["EUR", "EUR", "EUR", "USD", "JPY"]
_ONE_DAY = timedelta(days=1)


# A strategy that is made anew with each example costs more than the example: those that are drawn
# from inside others are made once.


# --- how long points last -------------------------------------------------------------------------


def ledger_terms() -> Strategy[LedgerTerms]:
    """Terms of ledgers: every kind of expiry, with a lock and without, debts and clamps.

    Among them are locks that are longer than the points last.
    """
    units = st.sampled_from([Unit.DAY, Unit.WEEK, Unit.MONTH, Unit.YEAR])
    expiries = st.one_of(
        st.builds(NeverExpires),
        st.builds(ExpiresAfter, st.integers(1, 40), units),
        st.builds(ExpiresAtMonthEnd, st.integers(0, 14)),
        st.builds(ExpiresAtYearEnd, st.integers(0, 3), st.integers(1, 12)),
    )
    short = st.sampled_from([Unit.DAY, Unit.WEEK])
    return st.builds(
        LedgerTerms,
        expiries,
        lock=st.none() | st.builds(Lock, st.integers(1, 20), short),
        over_return=st.sampled_from(OverReturn),
    )


# --- how points are earned ------------------------------------------------------------------------


@cache
def _amounts(most: int = 3_000) -> Strategy[Money]:
    return st.builds(Money.of_minor, st.integers(1, most), st.sampled_from(_CURRENCIES))


def _some(words: Iterable[Any]) -> Strategy[frozenset[Any]]:
    """Mostly any of the words, sometimes one or two of them."""
    return st.just(frozenset()) | st.frozensets(st.sampled_from([*words]), min_size=1, max_size=2)


@cache
def _conditions(tiers: tuple[str, ...]) -> Strategy[EarningCondition]:
    spans = st.builds(lambda day, n: Period(day, day + n * _ONE_DAY), days(), st.integers(1, 400))
    return st.builds(
        EarningCondition,
        tiers=_some(tiers) if tiers else st.just(frozenset()),
        products=_some(_PRODUCTS),
        except_products=_some(_PRODUCTS),
        channels=_some(_CHANNELS),
        weekdays=_some(Weekday),
        days=st.none() | spans,
        minimum=st.none() | _amounts(),
        first_purchase=st.sampled_from([False, False, True]),
    )


@cache
def _rates() -> Strategy[BaseRate]:
    return st.builds(BaseRate, st.integers(1, 5), per=_amounts(700))


@cache
def _effects() -> Strategy[Any]:
    more = st.fractions(min_value=Fraction(1, 7), max_value=3, max_denominator=7)
    return st.one_of(
        _rates(),
        more.map(lambda part: Multiplier(1 + part)),
        st.integers(1, 50).map(FixedBonus),
        st.builds(ReferralBonus, referrer=st.integers(0, 9), referred=st.integers(1, 9)),
    )


@cache
def _caps() -> Strategy[tuple[EarningCap, ...]]:
    cap = st.builds(EarningCap, st.integers(1, 60), per=st.sampled_from(CapPeriod))
    return st.just(()) | st.lists(cap, max_size=2, unique_by=lambda each: each.per).map(tuple)


@st.composite
def _rule(draw: Draw, name: str, priority: int, tiers: tuple[str, ...]) -> EarningRule:
    gives = draw(_effects())
    stacking = draw(st.sampled_from(Stacking))
    group = f"best {type(gives).__name__}" if stacking is Stacking.BEST_OF_GROUP else None
    return EarningRule(
        name,
        gives,
        priority=priority,
        when=draw(_conditions(tiers) | st.just(EarningCondition())),
        stacking=stacking,
        group=group,
        caps=draw(_caps()),
        qualifies=draw(st.booleans()),
    )


@st.composite
def earning_rules(
    draw: Draw, *, tiers: Iterable[str] = ("silver", "gold"), max_rules: int = 5
) -> EarningRules:
    """Sets of rules in which nothing is wrong, a base rate among them; few words, so rules meet.

    ``tiers`` are those that the rules may ask for.
    """
    words = tuple(tiers)
    count = draw(st.integers(0, max_rules))
    places = draw(st.permutations(range(count)))
    rules = [draw(_rule(f"rule {n}", places[n], words)) for n in range(count)]
    rules.append(EarningRule("base", draw(_rates()), priority=draw(st.sampled_from([-1, 99]))))
    terms = {
        "caps": draw(_caps()),
        "rounding": draw(st.sampled_from(Rounding)),
        "multipliers": draw(st.sampled_from(Multiplying)),
    }
    while True:
        try:
            return EarningRules(tuple(rules), **terms)
        except InvalidEarningRules as invalid:
            wrong = {name for finding in invalid.findings for name in finding.rules[:1]}
            # A rate that is hidden is the base itself, and then it is the others that go.
            others = [rule for rule in rules if rule.name not in wrong and rule.name != "base"]
            rules = [*(others if "base" not in wrong else []), rules[-1]]


@st.composite
def earning_facts(draw: Draw, *, tiers: Iterable[str] = ("silver", "gold")) -> EarningFacts:
    """Purchases of a line or several, with all that rules may ask for, or without."""
    currency = draw(st.sampled_from(_CURRENCIES))
    amounts = st.integers(0, 3_000).map(lambda minor: Money.of_minor(minor, currency))
    lines = st.builds(BasketLine, amounts, st.none() | st.sampled_from(_PRODUCTS))
    words = [*tiers]
    referred_by = draw(st.none() | identifiers("R-").map(CustomerId))
    return EarningFacts(
        CustomerId(draw(identifiers("M-"))),
        draw(days(FIRST, LAST)),
        tuple(draw(st.lists(lines, min_size=1, max_size=4))),
        tier=draw(st.none() | st.sampled_from(words)) if words else None,
        channel=draw(st.none() | st.sampled_from(_CHANNELS)),
        is_first_purchase=draw(st.booleans()),
        referred_by=referred_by,
        referral_settled=draw(st.booleans()),
    )


# --- which tiers they lead to ---------------------------------------------------------------------


@cache
def _windows() -> Strategy[TierWindow]:
    calendar = st.sampled_from([Unit.MONTH, Unit.QUARTER, Unit.YEAR])
    return st.one_of(
        st.builds(RollingWindow, st.integers(1, 14), st.sampled_from([Unit.WEEK, Unit.MONTH])),
        st.builds(CalendarWindow, calendar, st.integers(1, 12)),
        st.builds(AnniversaryWindow, st.integers(1, 12), st.sampled_from([Unit.MONTH, Unit.YEAR])),
        st.builds(SinceLastChange),
        st.builds(SinceLastChange, st.integers(2, 6), st.sampled_from([Unit.WEEK, Unit.MONTH])),
        st.builds(SinceJoining),
    )


@cache
def _reviews(resets: bool) -> Strategy[Any]:
    cycles = st.builds(ReviewCycle, days(FIRST, LAST), st.integers(1, 5), st.sampled_from(Unit))
    return st.none() | cycles | st.builds(AtReset) if resets else st.none() | cycles


@cache
def _graces(needed: bool) -> Strategy[Any]:
    graces = st.builds(Grace, st.integers(1, 3), st.sampled_from([Unit.WEEK, Unit.MONTH]))
    return graces if needed else st.none() | graces


@st.composite
def _thresholds(draw: Draw, tiers: tuple[Tier, ...]) -> tuple[TierThreshold, ...]:
    """A table that rises in everything it names."""
    bases = draw(st.sets(st.sampled_from(["points", "spend", "visits"]), min_size=1))
    currency = draw(st.sampled_from(_CURRENCIES))
    rows = []
    sums = dict.fromkeys(sorted(bases), 0)
    for tier in tiers:
        sums = {basis: sums[basis] + draw(st.integers(1, 2_000)) for basis in sums}
        named: dict[str, Any] = dict(sums)
        if "spend" in named:
            named["spend"] = Money.of_minor(named["spend"], currency)
        rows.append(TierThreshold(tier=tier, **named))
    return tuple(rows)


@st.composite
def tier_policies(draw: Draw) -> TierPolicy:
    """Policies of two to four tiers whose terms go together: every window, every way to fall."""
    tiers = _LADDER.tiers[: draw(st.integers(2, len(_LADDER.tiers)))]
    window = draw(_windows())
    downgrade = draw(st.sampled_from(Downgrade))
    restarts = isinstance(window, SinceLastChange)
    waits: dict[str, Any] = {}
    if downgrade is not Downgrade.NEVER:
        waits["reviews"] = draw(_reviews(window.cycle(FIRST) is not None))
        waits["landing"] = draw(_graces(False))
        waits["grace"] = draw(_graces(restarts and waits["reviews"] is None))
    return TierPolicy(
        tiers[0],
        draw(_thresholds(tiers[1:])),
        window,
        reaching=draw(st.sampled_from(Reaching)),
        downgrade=downgrade,
        returns=AfterReturn.UNDER_TERMS if restarts else draw(st.sampled_from(AfterReturn)),
        **waits,
    )


# --- all of it ------------------------------------------------------------------------------------


@st.composite
def programs(draw: Draw, *, with_tiers: bool | None = None) -> Program:
    """Programs with tiers and without, or as ``with_tiers`` says; no rule asks for other tiers."""
    tiered = draw(st.booleans()) if with_tiers is None else with_tiers
    policy = draw(tier_policies()) if tiered else None
    names = [tier.name for tier in policy.ladder] if policy is not None else ["gold"]
    values = st.builds(PointValue, _amounts(500), per=st.integers(1, 100))
    return Program(
        name=draw(identifiers()),
        earning=draw(earning_rules(tiers=names, max_rules=3)),
        terms=draw(ledger_terms()),
        tiers=policy,
        point_value=draw(st.none() | values),
        returns=draw(st.sampled_from(ReturnBasis)),
    )
