"""Whether an escalation rule is hidden by another, so that it could as well be left out."""

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
        and other.until <= rule.until
        and other.paused_by <= rule.paused_by
        and other.stops_after in (None, rule.stops_after)
    )


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
