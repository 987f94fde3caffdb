"""Whether an escalation rule is hidden by another, so that it could as well be left out."""

from crmkit.complaints.facts.history import RECEIVED_MARK
from crmkit.complaints.policies.escalation_terms import Delay, EscalationRule

__all__ = ["hides"]


def hides(other: EscalationRule, rule: EscalationRule) -> bool:
    """Whether ``rule`` tells nobody anything that ``other`` has not told them by then."""
    return (
        _covers(other.categories, rule.categories)
        and _covers(other.severities, rule.severities)
        and _runs_as_long(other, rule)
        and all(_tells_as_often(other, rule, level.addressee) for level in rule.levels)
        and _repeats_as_often(other, rule)
    )


def _covers(wider: frozenset[str], narrower: frozenset[str]) -> bool:
    return not wider or (bool(narrower) and narrower <= wider)


def _runs_as_long(other: EscalationRule, rule: EscalationRule) -> bool:
    return (
        (other.since, other.counted_from, other.calendar)
        == (rule.since, rule.counted_from, rule.calendar)
        and _has_its_rounds(other, rule)
        and other.paused_by <= rule.paused_by
        and _stops_no_earlier(other, rule)
    )


def _has_its_rounds(other: EscalationRule, rule: EscalationRule) -> bool:
    """Whether each round of the rule begins with one of the other, and ends no later.

    What ends the rule alone lets it begin once more where the other still runs: with a receipt,
    which comes only once, it can not.
    """
    if rule.since == {RECEIVED_MARK}:
        return other.until <= rule.until
    return other.until == rule.until


def _stops_no_earlier(other: EscalationRule, rule: EscalationRule) -> bool:
    if other.stops_after is None:
        return True
    # A pause of the rule alone puts off when it stops, if it stops after working time.
    stands_still = other.stops_after.counts_working_time and other.paused_by != rule.paused_by
    return other.stops_after == rule.stops_after and not stands_still


def _tells_as_often(other: EscalationRule, rule: EscalationRule, addressee: object) -> bool:
    """Whether each level that tells somebody has one of its own, no later, in the other rule."""
    ours = [level.after for level in rule.levels if level.addressee == addressee]
    theirs = [level.after for level in other.levels if level.addressee == addressee]
    return len(theirs) >= len(ours) and all(map(Delay.is_never_later_than, theirs, ours))


def _repeats_as_often(other: EscalationRule, rule: EscalationRule) -> bool:
    if rule.cool_down is None:
        return True
    return (
        other.cool_down is not None
        and other.highest.addressee == rule.highest.addressee
        and other.highest.after.is_never_later_than(rule.highest.after)
        and other.cool_down.is_never_later_than(rule.cool_down)
        and other.repeats >= rule.repeats
    )
