"""Segments by rules: the first rule that a customer meets says which segment they are in.

>>> from datetime import date
>>> from crmkit.decision import Comparison, explain
>>> from crmkit.segmentation.facts import RfmFacts
>>> from crmkit.segmentation.policies.conditions import Condition
>>> recent = Condition("recency_days", Comparison.AT_MOST, 30)
>>> often = Condition("frequency", Comparison.AT_LEAST, 5)
>>> policy = RuleSegments((SegmentRule("regular", recent & often), SegmentRule("new", recent)))
>>> facts = RfmFacts(
...     customer="C-7", as_of=date(2026, 6, 30), first_purchase_on=date(2026, 6, 11),
...     last_purchase_on=date(2026, 6, 28), frequency=3,
...     monetary=Money("90.00", "EUR"), total=Money("90.00", "EUR"),
... )
>>> print(explain(policy(facts)))
new for C-7, by rule segments, as of 2026-06-30
- not met: regular; all of these are needed
  - met: recency days is 2; at most 30 allowed
  - not met: frequency is 3; at least 5 required
- met: new; all of these are needed
  - met: recency days is 2; at most 30 allowed
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Context, Decimal
from itertools import combinations, product
from math import prod
from types import MappingProxyType, SimpleNamespace
from typing import Any, Self

from attrs import field, frozen

from crmkit.decision import Decision, Evidence
from crmkit.errors import InvalidMoney, InvalidPolicy, InvalidSegmentMap
from crmkit.identifiers import check_identifier
from crmkit.money import Money
from crmkit.segmentation.policies.conditions import (
    AllOf,
    AnyCondition,
    Condition,
    ConditionValue,
    Known,
    LeafCondition,
)
from crmkit.segmentation.policies.fields import DatedFacts, check_kind

__all__ = ["Overlap", "RuleSegments", "SegmentRule"]


@frozen
class SegmentRule:
    """A segment, who is in it, and what the shop does for them.

    ``strategy`` and ``actions`` are the plan that every touchpoint follows for these customers;
    they take no part in the decision.

    :raises InvalidIdentifier: if the name could not serve as a key.
    """

    name: str
    condition: AnyCondition
    strategy: str | None = field(default=None, kw_only=True)
    actions: tuple[str, ...] = field(default=(), kw_only=True)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.name, "the name of a segment")

    def evidence(self, facts: object) -> Evidence:
        """Whether the customer meets the rule, under the name of the segment."""
        return self.condition.evidence(facts, self.name)


@frozen
class Overlap:
    """Two segments that a customer could be in at once, and the facts of such a customer.

    In ``example``, None stands for a fact that is missing.
    """

    first: str
    second: str
    example: Mapping[str, ConditionValue | None]

    def __str__(self) -> str:
        facts = ", ".join(f"{name} is {_shown(value)}" for name, value in self.example.items())
        return f"{self.first} and {self.second} (where {facts})"


@frozen
class RuleSegments:
    """Put each customer into the segment of the first rule they meet, or into ``otherwise``.

    The evidence shows every rule up to the one that was met, so it also says why it was none of the
    earlier ones. With ``exclusive`` the order must not matter: two rules that some customer could
    meet at once are refused when the policy is built.

    :raises InvalidPolicy: if there is no rule, two segments share a name, or rules hold one field
        against values of different kinds.
    :raises InvalidSegmentMap: if the rules should exclude each other and do not; it lists all
        overlaps with an example of each.
    """

    rules: tuple[SegmentRule, ...]
    otherwise: str = "rest"
    exclusive: bool = field(default=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.otherwise, "the name of a segment")
        names = [rule.name for rule in self.rules]
        if not names:
            raise InvalidPolicy("there is no rule: name at least one segment and its condition")
        if len({*names, self.otherwise}) <= len(names):
            raise InvalidPolicy(
                "segments need names of their own: join two rules for one segment with AnyOf"
            )
        _samples(rule.condition for rule in self.rules)
        overlaps = self.overlaps() if self.exclusive else ()
        if overlaps:
            raise InvalidSegmentMap(
                f"rules overlap: {'; '.join(map(str, overlaps))}; narrow one of each pair, or let "
                f"the first match win with exclusive=False",
                overlaps=overlaps,
            )

    def __call__(self, facts: DatedFacts, /) -> Decision[str]:
        """Name the segment of one customer, and which rules were met or not on the way.

        :raises UnknownField: if a rule asks for a field that the facts do not have.
        :raises FieldMismatch: if a fact is of another kind than the value it is held against.
        """
        evidence: list[Evidence] = []
        outcome = self.otherwise
        for rule in self.rules:
            evidence.append(rule.evidence(facts))
            if evidence[-1].met:
                outcome = rule.name
                break
        subject = getattr(facts, "customer", None)
        return Decision(outcome, "rule-segments", facts.as_of, tuple(evidence), subject=subject)

    def outcomes(self, facts: Iterable[DatedFacts], /) -> list[str]:
        """The segments of many customers, as the call gives them one by one."""
        return [self._outcome(each) for each in facts]

    def _outcome(self, facts: DatedFacts) -> str:
        met = (rule.name for rule in self.rules if rule.condition.holds(facts))
        return next(met, self.otherwise)

    def matching(self, facts: DatedFacts, /) -> tuple[str, ...]:
        """Every segment whose rule the customer meets, the first of which is the outcome."""
        return tuple(rule.name for rule in self.rules if rule.condition.holds(facts))

    # --- the policy itself ---

    def checked_for(self, facts_type: type) -> Self:
        """The policy itself, once every field it asks for is known to be one of those facts.

        :raises UnknownField: for the first field that is not; it lists those that are.
        """
        for rule in self.rules:
            rule.condition.checked_for(facts_type)
        return self

    def rule_of(self, segment: str) -> SegmentRule | None:
        """The rule of a segment, with its strategy and actions; None for ``otherwise``.

        :raises InvalidPolicy: if there is no such segment; it lists those there are.
        """
        for rule in self.rules:
            if rule.name == segment:
                return rule
        if segment == self.otherwise:
            return None
        names = ", ".join([*(rule.name for rule in self.rules), self.otherwise])
        raise InvalidPolicy(f"no such segment; there are {names}")

    def overlaps(self) -> tuple[Overlap, ...]:
        """Every pair of rules that one customer could meet at once, with an example.

        This is exact, because a rule can only change its verdict at a value that it names: trying
        each field at those values, just beside them and missing tries everything. A field that is
        only compared with whole numbers is taken to hold whole numbers.

        :raises InvalidPolicy: if two rules have too many fields and values to try them all.
        """
        found = []
        for one, other in combinations(self.rules, 2):
            both = AllOf((one.condition, other.condition))
            example = next(_examples(both), None)
            if example is not None:
                found.append(Overlap(one.name, other.name, example))
        return tuple(found)

    def unreachable(self) -> tuple[str, ...]:
        """The segments that nobody can be in, because earlier rules take all their customers.

        :raises InvalidPolicy: if the rules have too many fields and values to try them all.
        """
        found = []
        for position, rule in enumerate(self.rules):
            earlier = [before.condition for before in self.rules[:position]]
            free = rule.condition
            if earlier:
                free = AllOf((free, *(~condition for condition in earlier)))
            if next(_examples(free), None) is None:
                found.append(rule.name)
        return tuple(found)


# --- trying every way the facts can fall ----------------------------------------------------------

_MOST_TRIALS = 100_000
# Decimals in conditions have at most 36 digits, so that a sum of two is exact.
_EXACT = Context(prec=80)

_Samples = dict[str, list[ConditionValue | None]]


def _examples(condition: AnyCondition) -> Iterator[Mapping[str, ConditionValue | None]]:
    """Facts that meet a condition, one example of each way in which they can."""
    samples = _samples([condition])
    if prod(len(values) for values in samples.values()) > _MOST_TRIALS:
        raise InvalidPolicy(
            "these rules have too many fields and values to try every combination: leave out "
            "exclusive=True, and ask policy.matching(facts) about the customers there are"
        )
    for values in product(*samples.values()):
        facts = dict(zip(samples, values, strict=True))
        if condition.holds(SimpleNamespace(**facts)):
            yield MappingProxyType(facts)


def _samples(conditions: Iterable[AnyCondition]) -> _Samples:
    """For each field the values at which a verdict can change, those beside them, and missing."""
    named: dict[str, list[ConditionValue]] = {}
    for condition in conditions:
        for leaf in condition.leaves():
            named.setdefault(leaf.field, []).extend(_values_of(leaf))
    return {name: list(dict.fromkeys(_beside(name, values))) for name, values in named.items()}


def _values_of(leaf: LeafCondition) -> Sequence[ConditionValue]:
    if isinstance(leaf, Condition):
        return [leaf.value]
    return () if isinstance(leaf, Known) else leaf.values


def _beside(name: str, values: Sequence[ConditionValue]) -> Iterator[ConditionValue | None]:
    for value in values:
        check_kind(name, value, values[0])
    yield from values
    match values[:1]:
        case []:
            yield "anything"
        case [bool()]:
            yield from (True, False)
        case [str()]:
            yield f"anything but {', '.join(map(str, values))}"
        case _:
            step = _step(values)
            for value in values:
                yield from _neighbours(value, step)
    yield None


def _step(values: Sequence[Any]) -> Any:
    """A difference so small that nothing lies between a value and its neighbour."""
    match values[0]:
        case Money() as money:
            return Money.of_minor(1, money.currency)
        case datetime() | timedelta():
            return timedelta(microseconds=1)
        case date():
            return timedelta(days=1)
    if all(isinstance(value, int) for value in values):
        return 1
    digits = [Decimal(value).as_tuple().exponent for value in values]
    return Decimal((0, (1,), min(int(exponent) for exponent in digits) - 1))


def _neighbours(value: Any, step: Any) -> Iterator[ConditionValue]:
    for difference in (-step, step):
        # The first day and the largest amount have a neighbour on one side only.
        with suppress(OverflowError, InvalidMoney):
            if isinstance(step, Decimal):
                yield _EXACT.add(Decimal(value), difference)
            else:
                yield value + difference


def _shown(value: ConditionValue | None) -> str:
    if value is None:
        return "missing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
