"""Earning rules and purchases drawn at random: few words and small numbers, so that rules meet."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from crmkit.business_time import Weekday
from crmkit.identifiers import CustomerId, ProductId
from crmkit.loyalty import (
    BaseRate,
    BasketLine,
    CapPeriod,
    Credited,
    EarningCap,
    EarningCondition,
    EarningFacts,
    EarningRule,
    EarningRules,
    FixedBonus,
    InvalidEarningRules,
    Multiplier,
    Multiplying,
    ReferralBonus,
    Stacking,
)
from crmkit.money import Money, Rounding
from crmkit.period import Period

TIERS, CHANNELS = ["gold", "silver"], ["web", "till"]
PRODUCTS = [ProductId("tea"), ProductId("pot"), ProductId("delivery")]
FIRST = date(2026, 1, 26)


def eur(amount: str | int) -> Money:
    """An amount in euros."""
    return Money(amount, "EUR")


def some(words: list[Any]) -> st.SearchStrategy[frozenset[Any]]:
    """Mostly any of the words, sometimes one or two of them."""
    return st.just(frozenset()) | st.frozensets(st.sampled_from(words), min_size=1, max_size=2)


def days() -> st.SearchStrategy[date]:
    """Days around the turn of a month, so that weekdays, months and spans all change."""
    return st.integers(0, 12).map(lambda n: FIRST + timedelta(days=n))


def spans() -> st.SearchStrategy[Period]:
    """Spans of one to nine of these days."""
    return st.builds(lambda day, n: Period(day, day + timedelta(days=n)), days(), st.integers(1, 9))


def conditions() -> st.SearchStrategy[EarningCondition]:
    """Conditions of all kinds."""
    return st.builds(
        EarningCondition,
        tiers=some(TIERS),
        products=some(PRODUCTS),
        except_products=some(PRODUCTS),
        channels=some(CHANNELS),
        weekdays=some([*Weekday]),
        days=st.none() | spans(),
        minimum=st.none() | st.integers(1, 3000).map(lambda n: Money.of_minor(n, "EUR")),
        first_purchase=st.sampled_from([False, False, True]),
    )


def base_rates() -> st.SearchStrategy[BaseRate]:
    """Rates by the euro mostly, some by the dollar, of amounts that do not divide evenly."""
    amounts = st.builds(
        Money.of_minor, st.sampled_from([1, 30, 100, 700]), st.sampled_from(["EUR", "EUR", "USD"])
    )
    return st.builds(BaseRate, st.integers(1, 5), per=amounts)


def multipliers() -> st.SearchStrategy[Multiplier]:
    """Factors above one."""
    parts = st.fractions(min_value=Fraction(1, 7), max_value=3, max_denominator=7)
    return parts.map(lambda more: Multiplier(1 + more))


def effects() -> st.SearchStrategy[Any]:
    """Whatever a rule can give."""
    referrals = st.builds(ReferralBonus, referrer=st.integers(0, 9), referred=st.integers(1, 9))
    return base_rates() | multipliers() | st.integers(1, 50).map(FixedBonus) | referrals


def caps() -> st.SearchStrategy[tuple[EarningCap, ...]]:
    """No cap, or one or two of different periods."""
    one = st.builds(EarningCap, st.integers(1, 60), per=st.sampled_from(CapPeriod))
    return st.lists(one, max_size=2, unique_by=lambda cap: cap.per).map(tuple)


@st.composite
def rules(draw: st.DrawFn, name: str = "rule", priority: int = 1) -> EarningRule:
    """One rule."""
    gives = draw(effects())
    stacking = draw(st.sampled_from(Stacking))
    group = None
    if stacking is Stacking.BEST_OF_GROUP:
        group = f"best {type(gives).__name__}"
    return EarningRule(
        name,
        gives,
        priority=priority,
        when=draw(conditions() | st.just(EarningCondition())),
        stacking=stacking,
        group=group,
        caps=draw(st.just(()) | caps()),
        qualifies=draw(st.booleans()),
    )


@st.composite
def rule_sets(draw: st.DrawFn, with_base: bool = True) -> EarningRules:
    """A set in which nothing is wrong: what is found is left out until nothing is."""
    count = draw(st.integers(1, 5))
    priorities = draw(st.permutations(range(count)))
    drawn = [draw(rules(f"rule {n}", priorities[n])) for n in range(count)]
    if with_base:
        place = draw(st.sampled_from([-1, 9]))
        drawn.append(EarningRule("base", draw(base_rates()), priority=place))
    else:
        drawn.append(EarningRule("thanks", FixedBonus(1), priority=9))
    return build(
        drawn,
        caps=draw(st.just(()) | caps()),
        rounding=draw(st.sampled_from(Rounding)),
        multipliers=draw(st.sampled_from(Multiplying)),
    )


def build(drawn: list[EarningRule], **terms: Any) -> EarningRules:
    """Build a set of the rules, without those in which something is found."""
    while True:
        try:
            return EarningRules(tuple(drawn), **terms)
        except InvalidEarningRules as invalid:
            wrong = {finding.rules[0] for finding in invalid.findings}
            drawn = [rule for rule in drawn if rule.name not in wrong]
            if not drawn:
                drawn = [EarningRule("thanks", FixedBonus(1), priority=9)]


def lines(currency: str = "EUR") -> st.SearchStrategy[BasketLine]:
    """Lines of nothing to thirty."""
    return st.builds(
        BasketLine,
        st.integers(0, 3000).map(lambda n: Money.of_minor(n, currency)),
        st.none() | st.sampled_from(PRODUCTS),
    )


@st.composite
def facts(draw: st.DrawFn, of: EarningRules | None = None) -> EarningFacts:
    """A purchase, with something used of the caps of the rules, if there are any."""
    currency = draw(st.sampled_from(["EUR", "EUR", "EUR", "USD"]))
    names = [None, *(rule.name for rule in of.rules)] if of is not None else [None]
    credited = st.builds(
        Credited,
        st.sampled_from(CapPeriod),
        st.integers(0, 70),
        st.sampled_from(names),
    )
    return EarningFacts(
        CustomerId("M-7"),
        draw(days()),
        tuple(draw(st.lists(lines(currency), min_size=1, max_size=4))),
        tier=draw(st.none() | st.sampled_from(TIERS)),
        channel=draw(st.none() | st.sampled_from(CHANNELS)),
        is_first_purchase=draw(st.booleans()),
        referred_by=draw(st.none() | st.just(CustomerId("M-1"))),
        referral_settled=draw(st.booleans()),
        credited=tuple(draw(st.lists(credited, max_size=3))),
        referrer_credited=tuple(draw(st.lists(credited, max_size=3))),
    )


@st.composite
def cases(draw: st.DrawFn) -> tuple[EarningRules, EarningFacts]:
    """A set of rules and a purchase."""
    of = draw(rule_sets())
    return of, draw(facts(of))
