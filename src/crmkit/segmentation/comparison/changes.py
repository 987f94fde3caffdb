"""One policy, one customer: what single change of a fact would change the decision."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import fields as dataclass_fields
from dataclasses import is_dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Generic, TypeVar, cast

import attrs
from attrs import frozen

from crmkit.decision import Evidence, Policy
from crmkit.errors import InvalidMoney
from crmkit.money import Money

__all__ = ["Change", "Sizable", "possible_changes", "smallest_change"]

FactsT = TypeVar("FactsT")
OutcomeT = TypeVar("OutcomeT")

Sizable = int | Decimal | Money | date | timedelta
"""What can be a little more or a little less; words, yes and no cannot."""


@frozen
class Change(Generic[OutcomeT]):
    """A change of one fact that changes a decision: from what was observed to what is needed.

    ``fact`` names the field of the facts that was varied to find out, where that was done.
    """

    criterion: str
    observed: Sizable
    needed: Sizable
    outcome: OutcomeT
    fact: str | None = None

    @property
    def difference(self) -> int | Decimal | Money | timedelta:
        """How much more is needed; below zero where it is less."""
        needed: Any = self.needed
        difference: int | Decimal | Money | timedelta = needed - self.observed
        return difference

    @property
    def relative_size(self) -> Fraction:
        """How large the change is beside the larger of the two values, beside a year for days."""
        observed, needed = _number(self.observed), _number(self.needed)
        whole = _DAYS_IN_YEAR if isinstance(self.needed, date) else max(abs(observed), abs(needed))
        return abs(needed - observed) / whole

    def __str__(self) -> str:
        size: Any = self.difference
        less = _number(self.needed) < _number(self.observed)
        more_or_less = ("earlier", "later") if isinstance(self.needed, date) else ("less", "more")
        return (
            f"{self.criterion.replace('-', ' ')}: {_text(abs(size))} "
            f"{more_or_less[not less]} ({_text(self.needed)} instead of {_text(self.observed)}) "
            f"gives {self.outcome}"
        )


def smallest_change(
    policy: Policy[FactsT, OutcomeT], facts: FactsT, *, to: OutcomeT | None = None
) -> Change[OutcomeT] | None:
    """Find the smallest change of one fact that would change the decision about a customer.

    ``to`` asks for one outcome; left out, any other will do, also a worse one. Changes of different
    facts are compared by their relative size. None means that it cannot be said: no single fact
    decides, what decides has no size, or the facts cannot be varied.
    """
    changes = (each for each in possible_changes(policy, facts) if to in (None, each.outcome))
    return min(changes, key=lambda change: change.relative_size, default=None)


def possible_changes(
    policy: Policy[FactsT, OutcomeT], facts: FactsT
) -> tuple[Change[OutcomeT], ...]:
    """List the changes of one fact that would change the decision about a customer.

    For each fact and each outcome it is the smallest one. They are read off the thresholds in the
    evidence, and each is tried: the policy is asked again about facts with that one value changed,
    and must come to another outcome. Facts that are attrs or dataclass instances can be varied so;
    a number of days is also varied by moving a date. A policy that knows better offers
    ``possible_changes(facts)`` itself.
    """
    own = getattr(policy, "possible_changes", None)
    if own is not None:
        return tuple(own(facts))
    decision = policy(facts)
    found: dict[tuple[str, OutcomeT], Change[OutcomeT]] = {}
    for item in _items(decision.evidence):
        for needed in _turning_points(item):
            for change in _tried(policy, facts, item, needed):
                if change.outcome != decision.outcome:
                    way = (str(change.fact), change.outcome)
                    found[way] = min(found.get(way, change), change, key=_distance)
    return tuple(found.values())


def _distance(change: Change[OutcomeT]) -> Fraction:
    return abs(_number(change.needed) - _number(change.observed))


def _items(evidence: Iterable[Evidence]) -> Iterator[Evidence]:
    for item in evidence:
        yield item
        yield from _items(item.parts)


def _turning_points(item: Evidence) -> Iterator[Sizable]:
    """The values at which and beside which a verdict, and with it the decision, can turn."""
    required: Any = item.required
    kind = type(required)
    if kind is not type(item.observed) or kind not in _SIZABLE or item.comparison is None:
        return
    yield required
    if kind in _STEPS:
        step = _STEPS[kind](required)
        for difference in (step, -step):
            # The last day and the largest amount have nothing beyond them.
            with suppress(OverflowError, InvalidMoney):
                yield required + difference


# Between two whole numbers, amounts or days there is nothing; between two decimals there is.
_STEPS: Mapping[type, Callable[[Any], Any]] = MappingProxyType(
    {
        int: lambda _: 1,
        Money: lambda money: Money.of_minor(1, money.currency),
        date: lambda _: timedelta(days=1),
    }
)
_SIZABLE = frozenset({int, Decimal, Money, date, timedelta})


def _tried(
    policy: Policy[FactsT, OutcomeT], facts: FactsT, item: Evidence, needed: Sizable
) -> Iterator[Change[OutcomeT]]:
    """What comes of facts in which this one criterion has the needed value, if there are any.

    Which fact a criterion is about is found by trying: it is the one that moves it.
    """
    for name, value in _candidates(facts, item.observed, needed):
        # Facts refuse what would contradict the rest of them, or what cannot be given to them at
        # all; a policy refuses what it cannot judge.
        with suppress(ValueError, TypeError):
            decision = policy(_replaced(facts, name, value))
            if any(_shows(other, item.criterion, needed) for other in _items(decision.evidence)):
                observed = cast("Sizable", item.observed)
                yield Change(item.criterion, observed, needed, decision.outcome, name)


def _shows(item: Evidence, criterion: str, value: Sizable) -> bool:
    return (item.criterion, item.observed) == (criterion, value)


def _candidates(facts: object, observed: Any, needed: Any) -> Iterator[tuple[str, object]]:
    """The facts that could be the one observed, each with the value it would then need."""
    for name in _names(facts):
        present = getattr(facts, name)
        if type(present) is type(observed) and present == observed:
            yield name, needed
        elif type(present) is date and type(observed) is int:
            # A number of days is counted from a date, or up to one.
            for days in (needed - observed, observed - needed):
                with suppress(OverflowError):
                    yield name, present + timedelta(days=days)


def _names(facts: Any) -> list[str]:
    """The fields that can be given another value; the day that the facts are of stays."""
    fields: Iterable[Any] = ()
    if attrs.has(type(facts)):
        fields = attrs.fields(type(facts))
    elif is_dataclass(facts):
        fields = dataclass_fields(facts)
    return [each.name for each in fields if each.name != "as_of"]


def _replaced(facts: Any, name: str, value: object) -> Any:
    change = attrs.evolve if attrs.has(type(facts)) else replace
    return change(facts, **{name: value})


# --- sizes ----------------------------------------------------------------------------------------

_DAYS_IN_YEAR = 365


def _number(value: Sizable) -> Fraction:
    """A value as an exact number: minor units, days since the first, microseconds."""
    match value:
        case Money():
            return Fraction(value.minor)
        case date():
            return Fraction(value.toordinal())
        case timedelta():
            return Fraction(value // timedelta(microseconds=1))
        case _:
            return Fraction(value)


def _text(value: Sizable) -> str:
    match value:
        case int():
            return f"{value:,}"
        case timedelta() if value == timedelta(days=1):
            return "1 day"
        case timedelta() if not value % timedelta(days=1):
            return f"{value.days:,} days"
        case _:
            return str(value)
