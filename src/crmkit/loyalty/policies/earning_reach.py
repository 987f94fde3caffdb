"""Which purchases a rule can reach: whether two rules can meet, and whether one hides another.

Every condition is a list of things that must all hold, each by itself. So two rules can meet if
each thing can hold for both at once, and one covers the other if each of its things holds wherever
that of the other does: both answers are exact.
"""

from collections.abc import Set as AbstractSet
from datetime import date, timedelta

from crmkit.business_time import Weekday
from crmkit.loyalty.policies.earning_terms import EarningCondition, EarningRule, ReferralBonus
from crmkit.period import Period

__all__ = ["WEEK", "can_meet", "contradiction", "covers"]

WEEK = tuple(Weekday)
"""The days of the week, as ``date.weekday()`` counts them."""


def contradiction(rule: EarningRule) -> str | None:
    """Why no purchase can ever meet the condition; None if one can."""
    when = rule.when
    if when.products and not when.products - when.except_products:
        return "every product that it names is left out again"
    if when.days is not None and not _days_of(when):
        return "none of its weekdays lies within its days"
    if len(rule.currencies) > 1:
        return "its minimum is in another currency than its rate"
    return None


def can_meet(one: EarningRule, other: EarningRule, *, on_a_line: bool) -> bool:
    """Whether one purchase can meet both; ``on_a_line`` asks for one line that both cover."""
    a, b = one.when, other.when
    return (
        _share(a.tiers, b.tiers)
        and _share(a.channels, b.channels)
        and _share_a_day(a, b)
        and len(one.currencies | other.currencies) <= 1
        and (not on_a_line or _share_a_product(a, b))
    )


def covers(wider: EarningRule, narrower: EarningRule) -> bool:
    """Whether each line that the narrower rule covers is one that the wider covers, too."""
    a, b = wider.when, narrower.when
    return (
        _includes(a.tiers, b.tiers)
        and _includes(a.channels, b.channels)
        and _includes_products(a, b)
        and _includes_days(a, b)
        and _asks_no_more(wider, narrower)
    )


# --- words ----------------------------------------------------------------------------------------


def _share(one: AbstractSet[str], other: AbstractSet[str]) -> bool:
    return not one or not other or bool(one & other)


def _includes(wider: AbstractSet[str], narrower: AbstractSet[str]) -> bool:
    return not wider or (bool(narrower) and narrower <= wider)


def _share_a_product(one: EarningCondition, other: EarningCondition) -> bool:
    left_out = one.except_products | other.except_products
    if one.products and other.products:
        return bool((one.products & other.products) - left_out)
    named = one.products or other.products
    return not named or bool(named - left_out)


def _includes_products(wider: EarningCondition, narrower: EarningCondition) -> bool:
    if not narrower.products:
        return not wider.products and wider.except_products <= narrower.except_products
    meant = narrower.products - narrower.except_products
    return _includes(wider.products, meant) and not meant & wider.except_products


# --- days -----------------------------------------------------------------------------------------


def _weekdays(when: EarningCondition) -> AbstractSet[Weekday]:
    return when.weekdays or frozenset(WEEK)


def _weekdays_in(first: date, end: date) -> set[Weekday]:
    """The days of the week that a span has; after seven days it has them all."""
    length = min((end - first).days, len(WEEK))
    return {WEEK[(first + timedelta(days=n)).weekday()] for n in range(length)}


def _days_of(when: EarningCondition) -> AbstractSet[Weekday]:
    """The weekdays on which the rule can apply at all."""
    if when.days is None:
        return _weekdays(when)
    return _weekdays(when) & _weekdays_in(when.days.start, when.days.end)


def _share_a_day(one: EarningCondition, other: EarningCondition) -> bool:
    both = _weekdays(one) & _weekdays(other)
    spans = [when.days for when in (one, other) if when.days is not None]
    if not spans:
        return bool(both)
    first, end = max(span.start for span in spans), min(span.end for span in spans)
    return first < end and bool(both & _weekdays_in(first, end))


def _includes_days(wider: EarningCondition, narrower: EarningCondition) -> bool:
    span = narrower.days
    if wider.days is None:
        return _days_of(narrower) <= _weekdays(wider)
    if span is None:
        return False
    missing = _outside(span, wider.days)
    within = _weekdays_in(max(span.start, wider.days.start), min(span.end, wider.days.end))
    return not missing & _weekdays(narrower) and within & _weekdays(narrower) <= _weekdays(wider)


def _outside(span: Period, other: Period) -> set[Weekday]:
    """The weekdays of those days of a span that lie outside of another."""
    before = _weekdays_in(span.start, min(span.end, other.start))
    return before | _weekdays_in(max(span.start, other.end), span.end)


# --- amounts and members --------------------------------------------------------------------------


def _asks_no_more(wider: EarningRule, narrower: EarningRule) -> bool:
    a, b = wider.when, narrower.when
    least = 0 if b.minimum is None else b.minimum.minor
    return (
        wider.currencies <= narrower.currencies
        and (a.minimum is None or a.minimum.minor <= least)
        and (not a.first_purchase or b.first_purchase)
        and (
            isinstance(narrower.gives, ReferralBonus) or not isinstance(wider.gives, ReferralBonus)
        )
    )
