"""A rule that is called hidden tells nobody anything, in any case that can be found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Any

from attrs import evolve
from hypothesis import assume, event, given
from hypothesis import strategies as st

from crmkit.complaints.facts.history import CaseHistory
from crmkit.complaints.policies.escalation import EscalationPolicy, EscalationRule
from crmkit.complaints.policies.escalation_hidden import hides
from crmkit.errors import InvalidPolicy
from tests.complaints.escalation_cases import CALENDARS, MINUTES, cases, delays, instant, rules

END = instant(MINUTES - 1)


@st.composite
def pairs(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Any:
    """A rule, and another one that is much like it: some levels, later, or pausing oftener."""
    other = draw(rules("first"))
    levels = [
        evolve(level, after=draw(st.just(level.after) | delays()))
        for level in other.levels
        if draw(st.booleans())
    ]
    terms: dict[str, Any] = {
        "until": draw(st.sampled_from([other.until, other.until, {"assess", "respond"}])),
        "paused_by": draw(st.sampled_from([other.paused_by, {"complainant", "supplier"}])),
        "stops_after": draw(st.sampled_from([other.stops_after, None]) | delays(least=1)),
    }
    if draw(st.booleans()):
        terms |= {"cool_down": None, "cap": None}
    elif other.cool_down is not None:
        cool_down = draw(st.just(other.cool_down) | delays(least=1))
        terms |= {"cool_down": cool_down, "cap": len(levels) + draw(st.integers(1, 6))}
    try:
        rule = evolve(other, name="second", levels=levels, **terms)
        for each in (other, rule):
            EscalationPolicy(rules=[each], calendars=CALENDARS)
    except InvalidPolicy:
        assume(False)
    return other, rule


def tellings(rule: EscalationRule, history: CaseHistory) -> dict[Any, list[datetime]]:
    """When a rule tells whom, in order."""
    policy = EscalationPolicy(rules=[rule], calendars=CALENDARS)
    told: dict[Any, list[datetime]] = defaultdict(list)
    for due in policy.due(history, END):
        told[due.role, due.target].append(due.fell_due_at)
    return told


class TestHidden:
    """What hides a rule tells everybody whom the rule tells, as often and never later."""

    @given(pairs(), cases())
    def test_a_hidden_rule_could_as_well_be_left_out(self, pair, history):
        other, rule = pair
        event(f"hidden: {hides(other, rule)}")
        if hides(other, rule):
            first = tellings(other, history)
            for whom, instants in tellings(rule, history).items():
                assert len(first[whom]) >= len(instants)
                assert all(a <= b for a, b in zip(first[whom], instants, strict=False))
