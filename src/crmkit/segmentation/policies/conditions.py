"""Conditions over facts, joined by and, or and not: data that a shop owner can write.

A condition names a fact by its attribute. A fact that is missing (None) meets no condition; whoever
wants to keep such customers out of a *not* asks for :class:`Known` as well.

>>> from datetime import date
>>> from crmkit.segmentation.facts import CustomerValue
>>> worth = Condition("value", Comparison.AT_LEAST, Money("500.00", "EUR"))
>>> worth.holds(CustomerValue(customer="C-7", as_of=date(2026, 6, 30), value=Money(800, "EUR")))
True
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from operator import eq, ge, gt, le, lt, ne
from types import MappingProxyType
from typing import Any, Self, cast

from attrs import frozen

from crmkit.decision import Comparison, Evidence, all_of, any_of, equals, none_of
from crmkit.errors import InvalidPolicy
from crmkit.money import Money, as_fraction
from crmkit.period import check_instant
from crmkit.segmentation.policies.fields import (
    FieldMismatch,
    UnknownField,
    check_field,
    check_kind,
    criterion_of,
    kind_of_value,
    known_fields,
    read_field,
)
from crmkit.tiering import Tier

__all__ = [
    "AllOf",
    "AnyCondition",
    "AnyOf",
    "Condition",
    "ConditionValue",
    "FieldMismatch",
    "Known",
    "LeafCondition",
    "Not",
    "OneOf",
    "UnknownField",
]

ConditionValue = bool | int | str | Decimal | date | datetime | timedelta | Money
"""What a fact can be held against."""


# --- joining --------------------------------------------------------------------------------------


class _Judging:
    """What every condition can do: judge facts, and be joined by ``&``, ``|`` and ``~``."""

    __slots__ = ()

    def holds(self, facts: object) -> bool:
        """Whether the facts meet the condition: the verdict of the evidence, without the words.

        :raises UnknownField: if the facts lack a field that is asked for.
        :raises FieldMismatch: if a fact is of another kind than the value it is held against.
        :raises CurrencyMismatch: if both are money of different currencies.
        """
        return _holds(cast("AnyCondition", self), facts)

    def evidence(self, facts: object, criterion: str | None = None) -> Evidence:
        """Judge the facts, and say why; it raises what ``holds`` raises.

        Under a ``criterion`` of one's own, such as the name of a segment, the parts of the evidence
        are the conditions that were joined.
        """
        return _evidence(cast("AnyCondition", self), facts, criterion)

    def leaves(self) -> "tuple[LeafCondition, ...]":
        """The conditions on single facts that it is made of."""
        return tuple(_leaves(cast("AnyCondition", self)))

    def checked_for(self, facts_type: type) -> Self:
        """The condition itself, once every field is known to be one of those facts.

        :raises UnknownField: for the first field that is not; it lists those that are.
        """
        known = known_fields(facts_type)
        for leaf in self.leaves():
            if leaf.field not in known:
                raise UnknownField(leaf.field, known)
        return self

    def __and__(self, other: "AnyCondition") -> "AllOf":
        return AllOf((*_joined(self, AllOf), *_joined(other, AllOf)))

    def __or__(self, other: "AnyCondition") -> "AnyOf":
        return AnyOf((*_joined(self, AnyOf), *_joined(other, AnyOf)))

    def __invert__(self) -> "Not":
        return Not(cast("AnyCondition", self))


def _joined(condition: _Judging, how: type) -> tuple["AnyCondition", ...]:
    """Take apart what was joined in the same way before: ``a & b & c`` is one list of three."""
    if isinstance(condition, AllOf | AnyOf) and isinstance(condition, how):
        return condition.conditions
    return (cast("AnyCondition", condition),)


# --- conditions on one fact -----------------------------------------------------------------------

_OPERATORS: Mapping[Comparison, Callable[[Any, Any], bool]] = MappingProxyType(
    {
        Comparison.AT_LEAST: ge,
        Comparison.AT_MOST: le,
        Comparison.ABOVE: gt,
        Comparison.BELOW: lt,
        Comparison.EQUALS: eq,
        Comparison.DIFFERS: ne,
    }
)
_SAMENESS = frozenset({Comparison.EQUALS, Comparison.DIFFERS})
_WITHOUT_ORDER = frozenset({"yes or no", "text"})


@frozen
class Condition(_Judging):
    """One fact held against one value: ``Condition("recency_days", Comparison.AT_MOST, 30)``.

    A missing fact meets no condition, not even that it differs.

    :raises InvalidPolicy: if the field is no public attribute, the value is a float or of another
        kind that no exact comparison could use, or texts are asked for an order.
    :raises InvalidValue: if a Decimal is not finite or absurdly large, or an instant has no zone.
    """

    field: str
    comparison: Comparison
    value: ConditionValue

    def __attrs_post_init__(self) -> None:
        check_field(self.field)
        kind = kind_of_value(self.value)
        if kind is None or isinstance(self.value, Tier):
            raise InvalidPolicy(
                "a condition compares with a bool, int, str, Decimal, date, aware datetime, "
                "timedelta or Money, which are exact; a Decimal stands for a float"
            )
        if isinstance(self.value, datetime):
            check_instant(self.value, "the value of a condition")
        if isinstance(self.value, Decimal):
            as_fraction(self.value, "the value of a condition")
        if self.comparison not in _OPERATORS:
            raise InvalidPolicy(
                f"{self.comparison} joins conditions or lists words: use AllOf, AnyOf, Not or OneOf"
            )
        if kind in _WITHOUT_ORDER and self.comparison not in _SAMENESS:
            raise InvalidPolicy(f"{kind} has no order: ask whether it equals, or is OneOf several")


@frozen
class OneOf(_Judging):
    """One fact among several words: ``OneOf("channel", ("web", "app"))``.

    A missing fact is none of them.

    :raises InvalidPolicy: if the field is no public attribute, or no word is named.
    """

    field: str
    values: tuple[str, ...]

    def __attrs_post_init__(self) -> None:
        check_field(self.field)
        if isinstance(self.values, str) or not self.values:
            raise InvalidPolicy("one of several words: name them in a tuple, ('web', 'app')")


@frozen
class Known(_Judging):
    """One fact that is not missing, whatever it is; the evidence does not show it.

    :raises InvalidPolicy: if the field is no public attribute.
    """

    field: str

    def __attrs_post_init__(self) -> None:
        check_field(self.field)


# --- conditions on conditions ---------------------------------------------------------------------


@frozen
class AllOf(_Judging):
    """All of these: ``AllOf((recent, often))``, or ``recent & often``.

    :raises InvalidPolicy: if no condition is named.
    """

    conditions: tuple["AnyCondition", ...]

    def __attrs_post_init__(self) -> None:
        _check_some(self.conditions)


@frozen
class AnyOf(_Judging):
    """At least one of these: ``AnyOf((recent, often))``, or ``recent | often``.

    :raises InvalidPolicy: if no condition is named.
    """

    conditions: tuple["AnyCondition", ...]

    def __attrs_post_init__(self) -> None:
        _check_some(self.conditions)


@frozen
class Not(_Judging):
    """Not this: ``Not(recent)``, or ``~recent``. A customer of whom it is not known qualifies."""

    condition: "AnyCondition"


def _check_some(conditions: tuple["AnyCondition", ...]) -> None:
    if not conditions:
        raise InvalidPolicy("there is nothing to join: name at least one condition")


LeafCondition = Condition | OneOf | Known
"""A condition on one fact."""

AnyCondition = LeafCondition | AllOf | AnyOf | Not
"""A condition on one fact, or on conditions."""


# --- judging --------------------------------------------------------------------------------------


def _holds(condition: AnyCondition, facts: object) -> bool:
    if isinstance(condition, Not):
        return not _holds(condition.condition, facts)
    if isinstance(condition, AllOf | AnyOf):
        # All of them, even if the first settles it: what the evidence refuses, this refuses too.
        verdicts = [_holds(each, facts) for each in condition.conditions]
        return all(verdicts) if isinstance(condition, AllOf) else any(verdicts)
    return _compare(condition, _observed(condition, facts))


def _evidence(condition: AnyCondition, facts: object, criterion: str | None) -> Evidence:
    if isinstance(condition, Not):
        return none_of(criterion or "exception", _evidence(condition.condition, facts, None))
    if isinstance(condition, AllOf | AnyOf):
        parts = [_evidence(each, facts, None) for each in condition.conditions]
        if isinstance(condition, AllOf):
            return all_of(criterion or "together", *parts)
        return any_of(criterion or "alternatively", *parts)
    leaf = _leaf_evidence(condition, facts)
    return leaf if criterion is None else all_of(criterion, leaf)


def _leaf_evidence(leaf: LeafCondition, facts: object) -> Evidence:
    observed = _observed(leaf, facts)
    met = _compare(leaf, observed)
    name = criterion_of(leaf.field)
    if isinstance(leaf, Condition):
        return Evidence(name, observed, leaf.value, met, leaf.comparison)
    if isinstance(leaf, OneOf):
        return Evidence(name, observed, ", ".join(leaf.values), met, Comparison.ONE_OF)
    return equals(f"{name}-known", met, True)


def _compare(leaf: LeafCondition, observed: Any) -> bool:
    if observed is None or isinstance(leaf, Known):
        return observed is not None
    if isinstance(leaf, OneOf):
        return observed in leaf.values
    return _OPERATORS[leaf.comparison](observed, leaf.value)


def _observed(leaf: LeafCondition, facts: object) -> Any:
    observed = read_field(facts, leaf.field)
    if observed is not None and not isinstance(leaf, Known):
        value = leaf.value if isinstance(leaf, Condition) else leaf.values[0]
        check_kind(leaf.field, observed, value)
    return observed


def _leaves(condition: AnyCondition) -> Iterator[LeafCondition]:
    if isinstance(condition, Not):
        yield from _leaves(condition.condition)
    elif isinstance(condition, AllOf | AnyOf):
        for each in condition.conditions:
            yield from _leaves(each)
    else:
        yield condition
