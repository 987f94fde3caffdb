"""Hypothesis strategies for money, time, purchases and decisions: what all rooms share."""

import itertools
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from crmkit.business_time import BusinessCalendar, Closure, Opening, Weekday
from crmkit.decision import Comparison, Decision, Evidence, all_of, any_of, none_of
from crmkit.errors import MissingExtra
from crmkit.identifiers import CustomerId, InteractionId, OrderId, ProductId, PromiseId
from crmkit.lifecycle import Lifecycle
from crmkit.lifetime_value.facts import RepeatPurchaseFacts
from crmkit.money import CURRENCIES, ExchangeRates, Money, Rounding
from crmkit.period import Period, Rate, Unit
from crmkit.records import Direction, Interaction, Promise, Purchase

try:
    from hypothesis import strategies as st
except ImportError:
    raise MissingExtra("hypothesis", "testing") from None

__all__ = [
    "business_calendars",
    "currencies",
    "days",
    "decisions",
    "evidence",
    "evidence_values",
    "exchange_rates",
    "identifiers",
    "instants",
    "interactions",
    "lifecycles",
    "money",
    "periods",
    "promises",
    "purchase_histories",
    "purchases",
    "rates",
    "ratios",
    "repeat_purchase_facts",
    "roundings",
    "texts",
    "units",
    "weights",
]

T = TypeVar("T")
Strategy = st.SearchStrategy

FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2099, 12, 31)
_LARGEST = 10**15

# Whole hours, half hours, three quarters, across the date line, and two with summer time.
_ZONES = [
    "UTC",
    "America/New_York",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Asia/Shanghai",
    "Europe/Berlin",
    "Pacific/Apia",
]
# The clock strikes the hour twice, leaves it out, or has just done either.
_CLOCK_CHANGES = [
    datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin")),
    datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=1),
    datetime(2026, 3, 29, 2, 30, tzinfo=ZoneInfo("Europe/Berlin")),
    datetime(2026, 3, 29, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=1),
    datetime(2026, 11, 1, 1, 0, tzinfo=ZoneInfo("America/New_York"), fold=1),
]
_MONTH_ENDS = [date(2023, 2, 28), date(2024, 2, 29), date(2024, 12, 31), date(2025, 1, 1)]

# --- single values --------------------------------------------------------------------------------


def currencies() -> Strategy[str]:
    """ISO 4217 codes; the everyday ones, of no, two and three decimal digits, come first."""
    return st.sampled_from(["EUR", "USD", "CNY", "JPY", "KWD", *sorted(CURRENCIES)])


def roundings() -> Strategy[Rounding]:
    """The ways to round."""
    return st.sampled_from(Rounding)


def units() -> Strategy[Unit]:
    """The units of time."""
    return st.sampled_from(Unit)


def texts(max_size: int = 30) -> Strategy[str]:
    """Texts in any script that can be stored: no control characters, no lone surrogates."""
    return st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=max_size)


def identifiers(prefix: str = "") -> Strategy[str]:
    """Keys that :func:`~crmkit.identifiers.check_identifier` accepts, most of them short."""
    word = st.text("abcXYZ0189-_äß客", min_size=1, max_size=8)
    return word.map(lambda text: f"{prefix}{text}")


def days(min_value: date = FIRST_DAY, max_value: date = LAST_DAY) -> Strategy[date]:
    """Days, the ends of months among them."""
    ends = [day for day in _MONTH_ENDS if min_value <= day <= max_value]
    every = st.dates(min_value, max_value)
    return st.one_of(every, st.sampled_from(ends)) if ends else every


def instants() -> Strategy[datetime]:
    """Aware datetimes, in named zones and at fixed offsets, in and around clock changes."""
    zones = st.one_of(
        st.sampled_from(_ZONES).map(ZoneInfo),
        st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
    )
    every = st.datetimes(
        min_value=datetime(1970, 1, 1),  # noqa: DTZ001 - Hypothesis adds the zone
        max_value=datetime(2099, 12, 31),  # noqa: DTZ001
        timezones=zones,
    )
    return st.one_of(every, st.sampled_from(_CLOCK_CHANGES))


# --- money, periods and rates ---------------------------------------------------------------------


def money(
    currency: str | None = None, *, min_minor: int = -_LARGEST, max_minor: int = _LARGEST
) -> Strategy[Money]:
    """Sums of money, in one currency or in any; the bounds are in minor units."""
    minor = st.integers(min_minor, max_minor)
    codes = currencies() if currency is None else st.just(currency)
    return st.builds(Money.of_minor, minor, codes)


def ratios(max_value: int = 10**6) -> Strategy[Fraction | Decimal | int]:
    """Exact numbers of zero and more, in each of the forms that crmkit takes."""
    return st.one_of(
        st.integers(0, max_value),
        st.fractions(0, max_value, max_denominator=10**6),
        st.decimals(0, max_value, places=4),
    )


def weights(max_size: int = 8) -> Strategy[list[Fraction | Decimal | int]]:
    """Weights for ``Money.allocate``: none negative, not all of them zero."""
    return st.lists(ratios(10**4), min_size=1, max_size=max_size).filter(any)


def exchange_rates(to: str = "EUR") -> Strategy[ExchangeRates]:
    """Rates into one currency, from up to four others."""
    others = currencies().filter(lambda code: code != to)
    worth = st.fractions(Fraction(1, 10**4), 10**4, max_denominator=10**4)
    return st.builds(
        ExchangeRates,
        to=st.just(to),
        rates=st.dictionaries(others, worth, max_size=4),
        rounding=roundings(),
    )


def periods(max_days: int = 1500) -> Strategy[Period]:
    """Spans of days: any, and whole months, quarters and years."""
    years = st.integers(FIRST_DAY.year, LAST_DAY.year)
    return st.one_of(
        st.builds(
            lambda start, length: Period(start, start + timedelta(days=length)),
            days(),
            st.integers(1, max_days),
        ),
        st.builds(Period.month, years, st.integers(1, 12)),
        st.builds(Period.quarter, years, st.integers(1, 4)),
        st.builds(Period.year, years),
    )


def rates() -> Strategy[Rate]:
    """Rates of growth, discount and churn, from the loss of 99 % to doubling, a unit."""
    parts = st.decimals(Decimal("-0.99"), Decimal(1), places=6)
    return st.one_of(st.builds(Rate.of, parts, units()), st.builds(Rate.continuous, parts, units()))


# --- working time ---------------------------------------------------------------------------------


def _window(start: int, length: int) -> str:
    end = (start + length) % 1440
    return f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"


# These are made once: making a strategy takes longer than drawing from it.
_WINDOWS = st.one_of(
    st.sampled_from(["09:00-18:00", "09:00-12:30", "13:30-17:00", "22:00-06:00", "00:00-24:00"]),
    st.builds(_window, st.integers(0, 1439), st.integers(1, 1439)),
)
_WEEKS = st.dictionaries(
    st.sampled_from(Weekday), st.lists(_WINDOWS, min_size=1, max_size=2).map(tuple), min_size=1
)
_DAYS_OFF = st.lists(st.tuples(st.integers(-30, 30), st.just("00:00-24:00") | _WINDOWS), max_size=3)
_DAYS_ON = st.lists(st.tuples(st.integers(-30, 30), _WINDOWS), max_size=2)


@st.composite
def business_calendars(
    draw: Callable[[Strategy[Any]], Any],
    *,
    zone: str | None = None,
    around: date = date(2026, 3, 29),
) -> BusinessCalendar:
    """Calendars that open every week, with holidays and openings within a month of a day.

    Hours run past midnight, overlap, or are round the clock; holidays may take a part of a day.
    """
    return BusinessCalendar(
        zone=draw(st.sampled_from(_ZONES)) if zone is None else zone,
        hours=draw(_WEEKS),
        closures=[
            Closure(around + timedelta(days=count), "holiday", hours)
            for count, hours in draw(_DAYS_OFF)
        ],
        openings=[
            Opening(around + timedelta(days=count), hours) for count, hours in draw(_DAYS_ON)
        ],
    )


# --- records --------------------------------------------------------------------------------------


def purchases(
    customers: Strategy[str] | None = None, currency: str | None = None
) -> Strategy[Purchase]:
    """Purchases and refunds on their own; for whole customers see :func:`purchase_histories`."""
    return st.builds(
        Purchase,
        (identifiers("C-") if customers is None else customers).map(CustomerId),
        days(),
        money(currency),
        order=st.none() | identifiers("O-").map(OrderId),
        product=st.none() | identifiers("P-").map(ProductId),
        channel=st.none() | st.sampled_from(["shop", "web", "phone"]),
        recorded_at=st.none() | instants(),
    )


@st.composite
def purchase_histories(
    draw: Callable[[Strategy[Any]], Any],
    *,
    currency: str = "EUR",
    first_day: date = date(2024, 1, 1),
    last_day: date = date(2026, 6, 30),
    max_customers: int = 6,
    refunds: bool = True,
) -> list[Purchase]:
    """What a small shop took in, in the order in which it happens to lie in the file.

    Every customer has a manner: they buy once, every so many days until they stop, or on one day
    several times. Prices come from a short list, so that customers tie; some articles are free, and
    some orders are given back, in whole or in part.
    """
    span = (last_day - first_day).days
    prices = draw(st.lists(st.integers(0, 20_000), min_size=1, max_size=4))
    lines: list[Purchase] = []
    for number in range(draw(st.integers(1, max_customers))):
        customer = CustomerId(f"C-{number}")
        begins = draw(st.integers(0, span))
        every = draw(st.sampled_from([0, 1, 7, 30, 90, 365]))
        for count in range(draw(st.integers(1, 8))):
            day = min(begins + count * every, span)
            line = Purchase(
                customer,
                first_day + timedelta(days=day),
                Money.of_minor(draw(st.sampled_from(prices)), currency),
                order=draw(st.none() | st.just(OrderId(f"O-{number}-{count}"))),
            )
            lines.append(line)
            if refunds and draw(st.integers(0, 5)) == 5:
                lines += _given_back(draw, line, last_day)
    return list(draw(st.permutations(lines)))


def _given_back(
    draw: Callable[[Strategy[Any]], Any], line: Purchase, last_day: date
) -> Sequence[Purchase]:
    if line.amount.is_zero:
        return ()
    minor = draw(st.integers(1, line.amount.minor))
    on = min(line.on + timedelta(days=draw(st.integers(0, 60))), last_day)
    amount = Money.of_minor(-minor, line.amount.currency)
    return [Purchase(line.customer, on, amount, refund_of=line.order)]


@st.composite
def repeat_purchase_facts(
    draw: Callable[[Strategy[Any]], Any],
    *,
    unit: Unit | None = Unit.WEEK,
    whole_units: bool = False,
    currency: str | None = "EUR",
    max_repeats: int = 100_000,
    max_age: int = 10**6,
) -> RepeatPurchaseFacts:
    """What models of lifetime value know of a customer, from a day to ages beyond any shop's.

    Some never came back, some did so on the last day, or on the day after the first; some come very
    often. Without a currency nothing is known of their spend.
    """
    ages = st.integers(0, max_age) if whole_units else st.floats(0, max_age, allow_subnormal=False)
    age = draw(st.one_of(ages, st.integers(0, min(max_age, 100))))
    repeats = draw(st.one_of(st.integers(0, min(max_repeats, 5)), st.integers(0, max_repeats)))
    if not age and not whole_units:
        repeats = 0
    before = st.integers(0, int(age)) if whole_units else st.floats(min(age, 1e-6), age)
    at_last = draw(st.one_of(st.just(age), before)) if repeats else 0
    spent = draw(money(currency, min_minor=0)) if currency else None
    total = spent if spent is None or repeats else Money.zero(spent.currency)
    return RepeatPurchaseFacts(
        *(repeats, at_last, age),
        total and total.times(Fraction(1, repeats or 1), rounding=Rounding.HALF_EVEN),
        unit=unit,
        whole_units=whole_units,
        repeat_spend=total,
    )


def interactions() -> Strategy[Interaction]:
    """Contacts that have happened, in either direction."""
    return st.builds(
        Interaction,
        id=identifiers("I-").map(InteractionId),
        customer=identifiers("C-").map(CustomerId),
        at=instants(),
        channel=st.sampled_from(["phone", "visit", "letter", "chat"]),
        direction=st.sampled_from(Direction),
        purpose=st.none() | identifiers(),
        actor=st.none() | identifiers(),
        summary=st.none() | texts(),
        recorded_at=st.none() | instants(),
    )


@st.composite
def promises(draw: Callable[[Strategy[Any]], Any]) -> Promise:
    """Promises: kept early, on the day, late, or not yet."""
    given_on = draw(days())
    later = st.integers(0, 40).map(lambda count: given_on + timedelta(days=count))
    return Promise(
        id=PromiseId(draw(identifiers("V-"))),
        customer=CustomerId(draw(identifiers("C-"))),
        given_on=given_on,
        due_on=draw(later),
        kept_on=draw(st.none() | later),
        content=draw(st.none() | texts()),
        actor=draw(st.none() | identifiers()),
    )


# --- decisions ------------------------------------------------------------------------------------


def evidence_values() -> Strategy[Any]:
    """Everything that evidence can be made of."""
    return st.one_of(
        st.booleans(),
        st.integers(-(10**20), 10**20),
        texts(),
        st.decimals(-(10**12), 10**12, places=3),
        st.floats(allow_nan=False, allow_infinity=False),
        days(),
        instants(),
        st.timedeltas(timedelta(days=-9999), timedelta(days=9999)),
        money(),
    )


def _leaves() -> Strategy[Evidence]:
    judged = st.sampled_from([each for each in Comparison if not each.value.endswith("-of")])
    value = evidence_values()
    return st.one_of(
        st.builds(Evidence, identifiers(), value),
        st.builds(Evidence, identifiers(), value, value, st.booleans(), judged),
        st.builds(
            Evidence, identifiers(), texts(), texts(), st.booleans(), st.just(Comparison.ONE_OF)
        ),
    )


def evidence(max_leaves: int = 6) -> Strategy[Evidence]:
    """Evidence of every kind, alone and joined by and / or / not."""
    return st.recursive(
        _leaves(),
        lambda parts: st.builds(
            lambda join, criterion, pieces: join(criterion, *pieces),
            st.sampled_from([all_of, any_of, none_of]),
            identifiers(),
            st.lists(parts, max_size=3),
        ),
        max_leaves=max_leaves,
    )


def decisions(outcomes: Strategy[T] | None = None) -> Strategy[Decision[T]]:
    """Decisions with their evidence; the outcome is a word unless a strategy for it is given."""
    return st.builds(
        Decision,
        outcomes if outcomes is not None else identifiers(),
        identifiers("policy-"),
        days() | instants(),
        st.lists(evidence(), max_size=3).map(tuple),
        subject=st.none() | identifiers("C-"),
        policy_digest=st.none() | st.just("0123456789abcdef"),
    )


# --- lifecycles -----------------------------------------------------------------------------------


@st.composite
def lifecycles(draw: Callable[[Strategy[Any]], Any]) -> Lifecycle[str, str]:
    """Lifecycles that hold together: a way that reaches every status, and some shortcuts."""
    size = draw(st.integers(2, 6))
    statuses = [f"status {number}" for number in range(size)]
    table = {(one, "go on"): other for one, other in itertools.pairwise(statuses)}
    extra = st.tuples(
        st.sampled_from(statuses[:-1]),
        st.sampled_from(["hurry", "go back", "wait"]),
        st.sampled_from(statuses),
    )
    for source, action, target in draw(st.lists(extra, max_size=6)):
        table[source, action] = target
    moves = [(source, action, target) for (source, action), target in table.items()]
    return Lifecycle(initial=statuses[0], moves=draw(st.permutations(moves)))
