"""What is wrong with a set of earning rules, found when it is built and not at the till."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import combinations

from attrs import frozen

from crmkit.errors import InvalidPolicy
from crmkit.loyalty.policies.earning_reach import can_meet, contradiction, covers
from crmkit.loyalty.policies.earning_terms import (
    BaseRate,
    EarningCap,
    EarningRule,
    Multiplier,
    ReferralBonus,
    Stacking,
)
from crmkit.tiering import TierLadder

__all__ = [
    "InvalidEarningRules",
    "RuleFinding",
    "RuleFlaw",
    "findings",
    "unknown_tiers",
]


class RuleFlaw(StrEnum):
    """What can be wrong with a rule, or with several together."""

    SAME_NAME = "same-name"
    """Two rules share a name, so a breakdown could not tell them apart."""
    EMPTY_CONDITION = "empty-condition"
    """No purchase can ever meet the condition."""
    CAP_OF_ZERO = "cap-of-zero"
    """The cap lets nothing through."""
    SAME_CAP = "same-cap"
    """Two caps count for one period."""
    MIXED_GROUP = "mixed-group"
    """The rules of a group cannot be held against each other."""
    SAME_PRIORITY = "same-priority"
    """Which of two rules comes first changes the points, and their priority is the same."""
    HIDDEN = "hidden"
    """Another rule always comes before it."""
    NOTHING_TO_MULTIPLY = "nothing-to-multiply"
    """A multiplier meets no base rate."""
    UNKNOWN_TIER = "unknown-tier"
    """The ladder of the program has no such tier."""


@frozen
class RuleFinding:
    """One thing that is wrong: what, with which rules, and why."""

    flaw: RuleFlaw
    rules: tuple[str, ...]
    reason: str

    def __str__(self) -> str:
        names = f"{' and '.join(self.rules)}: " if self.rules else ""
        return f"{names}{self.reason}"


class InvalidEarningRules(InvalidPolicy):
    """Earning rules that contradict each other, or can never do what they promise."""

    code = "invalid-earning-rules"

    def __init__(self, findings: Iterable[RuleFinding]) -> None:
        """Keep every finding, with the names of the rules."""
        self.findings = tuple(findings)
        super().__init__("; ".join(str(finding) for finding in self.findings))


def findings(rules: Sequence[EarningRule], caps: tuple[EarningCap, ...]) -> tuple[RuleFinding, ...]:
    """Everything that is wrong with the rules, and the caps of the whole set."""
    ordered = sorted(rules, key=lambda rule: rule.place)
    return (
        *_same_names(ordered),
        *_empty(ordered),
        *_caps((), caps),
        *(finding for rule in ordered for finding in _caps((rule.name,), rule.caps)),
        *_mixed_groups(ordered),
        *_same_priorities(ordered),
        *_hidden(ordered),
        *_without_base(ordered),
    )


def unknown_tiers(rules: Iterable[EarningRule], ladder: TierLadder) -> Iterator[RuleFinding]:
    """The rules that name a tier which the ladder does not have."""
    known = {tier.name for tier in ladder}
    for rule in sorted(rules, key=lambda rule: rule.place):
        if rule.when.tiers - known:
            unknown = ", ".join(sorted(rule.when.tiers - known))
            reason = f"no tier {unknown} on the ladder; there are {', '.join(map(str, ladder))}"
            yield RuleFinding(RuleFlaw.UNKNOWN_TIER, (rule.name,), reason)


# --- one rule -------------------------------------------------------------------------------------


def _same_names(rules: Sequence[EarningRule]) -> Iterator[RuleFinding]:
    for name, count in Counter(rule.name for rule in rules).items():
        if count > 1:
            reason = f"{count} rules share this name: give each its own"
            yield RuleFinding(RuleFlaw.SAME_NAME, (name,), reason)


def _empty(rules: Sequence[EarningRule]) -> Iterator[RuleFinding]:
    for rule in rules:
        why = contradiction(rule)
        if why is not None:
            reason = f"no purchase can meet the condition: {why}"
            yield RuleFinding(RuleFlaw.EMPTY_CONDITION, (rule.name,), reason)


def _caps(names: tuple[str, ...], caps: tuple[EarningCap, ...]) -> Iterator[RuleFinding]:
    if any(cap.points == 0 for cap in caps):
        reason = "a cap of 0 lets nothing through: leave out the rule, or the cap"
        yield RuleFinding(RuleFlaw.CAP_OF_ZERO, names, reason)
    for period, count in Counter(cap.per for cap in caps).items():
        if count > 1:
            reason = f"{count} caps for one {period}: keep the lowest"
            yield RuleFinding(RuleFlaw.SAME_CAP, names, reason)


# --- several rules --------------------------------------------------------------------------------


def _mixed_groups(rules: Sequence[EarningRule]) -> Iterator[RuleFinding]:
    groups: dict[str, list[EarningRule]] = {}
    for rule in rules:
        if rule.group is not None:
            groups.setdefault(rule.group, []).append(rule)
    for group, members in groups.items():
        kinds = {type(rule.gives) for rule in members}
        if len(kinds) > 1 or ReferralBonus in kinds:
            reason = f"the group {group} holds base rates, or multipliers, or bonuses, not a mix"
            names = tuple(rule.name for rule in members)
            yield RuleFinding(RuleFlaw.MIXED_GROUP, names, reason)


def _same_priorities(rules: Sequence[EarningRule]) -> Iterator[RuleFinding]:
    for one, other in combinations(rules, 2):
        if one.priority != other.priority:
            continue
        exclusive = Stacking.EXCLUSIVE in (one.stacking, other.stacking)
        in_a_group = one.group is not None and one.group == other.group
        on_a_line = exclusive or one.is_by_line
        if (exclusive or in_a_group) and can_meet(one, other, on_a_line=on_a_line):
            reason = f"both can apply to one purchase and have priority {one.priority}"
            yield RuleFinding(RuleFlaw.SAME_PRIORITY, (one.name, other.name), reason)


def _hidden(rules: Sequence[EarningRule]) -> Iterator[RuleFinding]:
    for rule in rules:
        for other in rules:
            if other is rule or not covers(other, rule):
                continue
            if other.stacking is Stacking.EXCLUSIVE and other.priority < rule.priority:
                reason = (
                    f"it never comes to its turn: {other.name} is exclusive and covers all of it"
                )
            elif _always_beats(other, rule, rules):
                reason = f"{other.name} of the same group is always there, and better"
            else:
                continue
            yield RuleFinding(RuleFlaw.HIDDEN, (rule.name, other.name), reason)


def _always_beats(other: EarningRule, rule: EarningRule, rules: Sequence[EarningRule]) -> bool:
    """Whether, wherever both are covered, the group takes the other one."""
    if rule.group is None or other.group != rule.group or type(other.gives) is not type(rule.gives):
        return False
    # An exclusive rule that stands between the two could stop the better one and not this one.
    between = any(
        each.stacking is Stacking.EXCLUSIVE and rule.priority <= each.priority <= other.priority
        for each in rules
    )
    return not between and other.preference < rule.preference


def _without_base(rules: Sequence[EarningRule]) -> Iterator[RuleFinding]:
    bases = [rule for rule in rules if isinstance(rule.gives, BaseRate)]
    for rule in rules:
        if isinstance(rule.gives, Multiplier) and not any(_feeds(base, rule) for base in bases):
            reason = "there is nothing to multiply: no base rate reaches the lines that it covers"
            yield RuleFinding(RuleFlaw.NOTHING_TO_MULTIPLY, (rule.name,), reason)


def _feeds(base: EarningRule, multiplier: EarningRule) -> bool:
    """Whether both can have points from one line: neither takes the line from the other."""
    first, second = sorted((base, multiplier), key=lambda rule: rule.place)
    stopped = first.stacking is Stacking.EXCLUSIVE and first.priority < second.priority
    return not stopped and can_meet(base, multiplier, on_a_line=True)
