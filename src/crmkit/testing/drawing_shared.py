"""What the shared modules need beyond the annotations of their classes, to draw values of them."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from crmkit.business_time import BusinessCalendar, CaseClock, ClockTerms, Pause
from crmkit.contact import Contact, ContactCap, DoNotContact, MinimumGap, QuietHours
from crmkit.decision import Decision, Evidence
from crmkit.errors import MissingExtra
from crmkit.identifiers import Actor, CustomerId
from crmkit.lifecycle import Lifecycle
from crmkit.money import ExchangeRates, Money, Rounding
from crmkit.ownership import Ownership, OwnershipAct, OwnershipChange
from crmkit.period import Period, Rate, Unit
from crmkit.records import Promise, Purchase
from crmkit.recurrence import RecurrenceRule, WallTime
from crmkit.serialization import Schema
from crmkit.testing.drawing import (
    EVERYDAY,
    Maker,
    by_fields,
    drawn_from,
    values_in,
    with_fields,
)
from crmkit.tiering import (
    Downgrade,
    MigrationMatrix,
    RetieringFacts,
    RetieringPolicy,
    Tier,
    TierChange,
    TierHistory,
    TierLadder,
)

try:
    from hypothesis import strategies as st
except ImportError:
    raise MissingExtra("hypothesis", "testing") from None

__all__ = ["LADDER", "MAKERS", "earned_tiers"]

Strategy = st.SearchStrategy
Draw = Callable[[Strategy[Any]], Any]

_DAYS = drawn_from(date, "EUR")
_KEYS = drawn_from(str, "EUR")

LADDER = tuple(Tier(name, rank) for rank, name in enumerate(["base", "silver", "gold"], 1))
"""Tiers that customers climb and fall between."""


# --- money and time -------------------------------------------------------------------------------


def _money(currency: str) -> Strategy[Money]:
    return st.builds(Money.of_minor, st.integers(0, 10**7), st.just(currency))


def _exchange_rates(currency: str) -> Strategy[ExchangeRates]:
    others = [code for code in EVERYDAY if code != currency]
    worth = st.fractions(Fraction(1, 1000), 1000, max_denominator=1000)
    return st.builds(
        ExchangeRates,
        to=st.just(currency),
        rates=st.dictionaries(st.sampled_from(others), worth),
        rounding=st.sampled_from(Rounding),
    )


def _periods(currency: str) -> Strategy[Period]:
    years = st.integers(2023, 2027)
    return st.one_of(
        st.builds(Period.month, years, st.integers(1, 12)),
        st.builds(Period.quarter, years, st.integers(1, 4)),
        st.builds(Period.year, years),
        st.builds(
            lambda start, days: Period(start, start + timedelta(days=days)),
            _DAYS,
            st.integers(1, 400),
        ),
    )


def _rates(currency: str) -> Strategy[Rate]:
    parts = st.decimals(Decimal(0), Decimal("0.30"), places=3)
    units = st.sampled_from([Unit.YEAR, Unit.QUARTER, Unit.MONTH])
    return st.one_of(st.builds(Rate.of, parts, units), st.builds(Rate.continuous, parts, units))


_RULES = st.one_of(
    st.builds("FREQ=MONTHLY;BYDAY={}{}".format, st.integers(1, 4), st.sampled_from(["MO", "TU"])),
    st.builds("FREQ=WEEKLY;INTERVAL={};BYDAY=MO,TH".format, st.integers(1, 8)),
    st.builds("FREQ=MONTHLY;BYMONTHDAY={}".format, st.integers(1, 31)),
    st.builds("FREQ=DAILY;COUNT={}".format, st.integers(1, 30)),
    st.builds("FREQ=YEARLY;BYMONTH={};BYMONTHDAY=1".format, st.integers(1, 12)),
)


@st.composite
def _clocks(draw: Draw, currency: str) -> CaseClock:
    """Terms that take over one after the other, and pauses of which the last may be open."""
    since = sorted(draw(st.lists(_INSTANTS, min_size=1, max_size=2, unique=True)))
    terms = [ClockTerms(since=at, calendar=draw(_CALENDARS), target=draw(_TARGETS)) for at in since]
    begins = [since[-1] + timedelta(hours=hours) for hours in draw(_HOURS_ON)]
    pauses = [Pause(begin, begin + draw(_TARGETS)) for begin in begins]
    if pauses and draw(st.booleans()):
        pauses[-1] = Pause(begins[-1])
    answered = draw(st.none() | _TARGETS)
    stopped_at = None if answered is None else since[0] + answered
    return CaseClock(terms=terms, pauses=pauses, stopped_at=stopped_at)


_INSTANTS = drawn_from(datetime, "EUR")
_CALENDARS = st.deferred(lambda: values_in(BusinessCalendar, "EUR"))
_TARGETS = st.timedeltas(timedelta(minutes=1), timedelta(days=9))
_HOURS_ON = st.lists(st.integers(0, 300), max_size=2, unique=True).map(sorted)


def _calendars(currency: str) -> Strategy[BusinessCalendar]:
    from crmkit.testing.shared import business_calendars

    return business_calendars()


def _lifecycles(currency: str) -> Strategy[Lifecycle[str, str]]:
    from crmkit.testing.shared import lifecycles

    return lifecycles()


def _evidence(currency: str) -> Strategy[Evidence]:
    from crmkit.testing.shared import evidence

    return evidence(max_leaves=3)


def _decisions(currency: str) -> Strategy[Decision[str]]:
    from crmkit.testing.shared import decisions

    return decisions()


# --- records --------------------------------------------------------------------------------------


def _purchases(currency: str) -> Strategy[Purchase]:
    """Purchases, refunds of an order among them."""
    bought = by_fields(Purchase, currency, refund_of=st.none())
    back = st.integers(-(10**7), -1).map(lambda minor: Money.of_minor(minor, currency))
    return bought | by_fields(Purchase, currency, amount=back)


def _promises(currency: str) -> Strategy[Promise]:
    from crmkit.testing.shared import promises

    return promises()


def _ownerships(currency: str) -> Strategy[Ownership]:
    actors = st.sampled_from([Actor("anna"), Actor("ben"), Actor("客")])
    pairs = st.lists(actors, max_size=2, unique=True)
    return pairs.map(lambda pair: Ownership(*pair))


def _ownership_changes(currency: str) -> Strategy[OwnershipChange]:
    to_somebody = st.sampled_from([OwnershipAct.OFFER, OwnershipAct.REASSIGN])
    others = st.sampled_from([act for act in OwnershipAct if act not in _TO_SOMEBODY])
    return st.one_of(
        by_fields(OwnershipChange, currency, act=others, to=st.none()),
        by_fields(OwnershipChange, currency, act=to_somebody, to=_KEYS.map(Actor)),
    )


_TO_SOMEBODY = (OwnershipAct.OFFER, OwnershipAct.REASSIGN)


# --- tiers ----------------------------------------------------------------------------------------


def _tier_changes(currency: str) -> Strategy[TierChange]:
    pairs = st.permutations([None, *LADDER])
    return pairs.flatmap(
        lambda tiers: by_fields(
            TierChange, currency, from_tier=st.just(tiers[0]), to_tier=st.just(tiers[1])
        )
    )


@st.composite
def _tier_histories(draw: Draw, currency: str) -> TierHistory:
    """Up and down the ladder, on days that follow one another, at times without a tier."""
    history = TierHistory(CustomerId(draw(_KEYS)))
    on = draw(_DAYS)
    for _ in range(draw(st.integers(0, 4))):
        to = draw(st.sampled_from([tier for tier in (*LADDER, None) if tier != history.tier]))
        history = history.changed(to, on=on, reason=draw(_KEYS))
        on += timedelta(days=draw(st.integers(0, 200)))
    return history


def earned_tiers(customer: str, on: date) -> Strategy[Decision[Tier]]:
    """Decisions of a day about the tier of a customer."""
    return st.builds(
        lambda tier: Decision(tier, "points-tier", on, (), subject=CustomerId(customer)),
        st.sampled_from(LADDER),
    )


@st.composite
def _retiering_facts(draw: Draw, currency: str) -> RetieringFacts:
    customer, on = draw(_KEYS), draw(_DAYS)
    earned = draw(earned_tiers(customer, on))
    held = draw(st.none() | st.sampled_from(LADDER))
    ago = st.integers(0, 800).map(lambda days: on - timedelta(days=days))
    is_below = held is not None and earned.outcome.rank < held.rank
    return RetieringFacts(
        customer=CustomerId(customer),
        earned=earned,
        held=held,
        held_since=None if held is None else draw(ago),
        below_since=draw(st.none() | ago) if is_below else None,
        fell=held is not None and draw(st.booleans()),
    )


@st.composite
def _migrations(draw: Draw, currency: str) -> MigrationMatrix:
    begin = draw(_DAYS)
    end = begin + timedelta(days=draw(st.integers(1, 400)))
    table = with_fields(MigrationMatrix, from_on=st.just(begin), to_on=st.just(end))
    return draw(table(currency))  # type: ignore[no-any-return]


def _retiering_policies(currency: str) -> Strategy[RetieringPolicy]:
    """Tiers that never fall need no grace, no reviews and no landing."""
    never = with_fields(
        RetieringPolicy,
        downgrade=st.just(Downgrade.NEVER),
        **dict.fromkeys(("grace", "reviews", "landing"), st.none()),
    )
    falls = st.sampled_from([each for each in Downgrade if each is not Downgrade.NEVER])
    return never(currency) | with_fields(RetieringPolicy, downgrade=falls)(currency)


# --- contacts -------------------------------------------------------------------------------------


def _caps(currency: str) -> Strategy[ContactCap]:
    return st.one_of(
        by_fields(ContactCap, currency, per=st.none(), days=st.integers(1, 366)),
        by_fields(ContactCap, currency, days=st.none(), per=st.sampled_from(Unit)),
    )


def _kept_schemas(currency: str) -> Strategy[Schema]:
    return st.sampled_from([Purchase, Promise, Contact, Money, DoNotContact]).map(Schema)


MAKERS: Mapping[type, Maker] = {
    Money: _money,
    ExchangeRates: _exchange_rates,
    Period: _periods,
    Rate: _rates,
    RecurrenceRule: lambda currency: _RULES.map(RecurrenceRule),
    WallTime: lambda currency: st.times().map(lambda at: WallTime(f"{at:%H:%M}")),
    BusinessCalendar: _calendars,
    CaseClock: _clocks,
    Lifecycle: _lifecycles,
    Evidence: _evidence,
    Decision: _decisions,
    Purchase: _purchases,
    Promise: _promises,
    Ownership: _ownerships,
    OwnershipChange: _ownership_changes,
    TierLadder: lambda currency: st.integers(1, 3).map(lambda count: TierLadder(LADDER[:count])),
    TierChange: _tier_changes,
    TierHistory: _tier_histories,
    RetieringFacts: _retiering_facts,
    MigrationMatrix: _migrations,
    RetieringPolicy: _retiering_policies,
    ContactCap: _caps,
    MinimumGap: with_fields(MinimumGap, gap=_TARGETS),
    ClockTerms: with_fields(ClockTerms, target=_TARGETS),
    QuietHours: with_fields(
        QuietHours,
        windows=st.sampled_from(["20:00-08:00", "00:00-24:00", "12:00-13:30"]).map(lambda w: (w,)),
    ),
    Schema: _kept_schemas,
}
