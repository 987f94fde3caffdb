"""The decisions on one customer, with their evidence, as text or as JSON."""

import json
from collections.abc import Iterator
from typing import Any

from crmkit.cli.refusal import Refusal
from crmkit.cli.review.figures import decisions_on
from crmkit.cli.review.lifetime import LifetimeFigures, Without
from crmkit.cli.review.policy import ReviewPolicy
from crmkit.cli.review.result import Result
from crmkit.cli.review.words import counted, money
from crmkit.decision import Decision, Evidence, Policy, explain
from crmkit.identifiers import CustomerId
from crmkit.segmentation import Change, RfmFacts, RfmSummary, smallest_change
from crmkit.serialization import make_converter
from crmkit.tiering import TierChange, TierHistory

__all__ = ["explanation", "explanation_json", "facts_on"]

EVIDENCE = make_converter(Evidence, TierChange)
"""Writes evidence and changes for programs."""

WORDS = {
    "segment-map": "RFM segment",
    "abc": "ABC tier",
    "customer-pyramid": "customer pyramid",
    "rfm-score": "RFM score",
    "recency-score": "recency score",
    "frequency-score": "frequency score",
    "monetary-score": "money score",
    "age-at-last-purchase": "weeks from the first to the last purchase",
    "customer-age": "weeks since the first purchase",
    "mean-spend": "mean spend expected",
    "discount a year": "discount rate a year",
}


def facts_on(customer: str, summary: RfmSummary) -> RfmFacts:
    """The facts of one customer.

    :raises Refusal: if nobody of that name has bought anything.
    """
    who = CustomerId(customer)
    if who in summary.columns.rows:
        return summary[who]
    if who in summary.without_purchase:
        raise Refusal("that customer only got money back, and bought nothing: nothing to decide on")
    raise Refusal(
        f"nobody of that name bought anything up to {summary.as_of}: write the customer as in the "
        f"file, with its zeros and in its case"
    )


def explanation(result: Result, facts: RfmFacts, histories: dict[str, TierHistory]) -> str:
    """What was decided on a customer and why, what would change it, and the tiers held so far.

    At the end comes what the customer is expected to bring, if that can be told.
    """
    parts = [_facts_text(facts)]
    for name, decision, change in _decided(result.policy, facts):
        lines = [explain(decision, words=WORDS)]
        if change is not None:
            lines.append(f"- the nearest change: {change}")
        lines += [f"- {line}" for line in _held(histories.get(name))]
        parts.append("\n".join(lines))
    if result.lifetime is not None:
        parts.append(_value_text(result.lifetime, facts))
    return "\n\n".join(parts) + "\n"


def _value_text(lifetime: LifetimeFigures | Without, facts: RfmFacts) -> str:
    if isinstance(lifetime, Without):
        return f"What the customer will bring cannot be told: {lifetime.reason}."
    cautions = [f"- with caution: {caution}" for caution in lifetime.cautions]
    return "\n".join([explain(lifetime.decision_on(facts.customer), words=WORDS), *cautions])


def _facts_text(facts: RfmFacts) -> str:
    times = counted(facts.frequency, "time")
    return (
        f"{facts.customer} bought {times} from {facts.first_purchase_on} to "
        f"{facts.last_purchase_on}, for {money(facts.total)} in all."
    )


def _decided(
    policy: ReviewPolicy, facts: RfmFacts
) -> Iterator[tuple[str, Decision[Any], Change[Any] | None]]:
    asked: tuple[Policy[RfmFacts, Any], ...] = (policy.segmentation, policy.abc, policy.pyramid)
    for name, each, decision in zip(
        policy.ladders, asked, decisions_on(policy, facts), strict=True
    ):
        yield name, decision, smallest_change(each, facts)


def _held(history: TierHistory | None) -> list[str]:
    """The tiers that are kept, the last change first."""
    changes = history.changes if history is not None else ()
    return [
        f"kept: {change.to_tier or 'left'} from {change.on} on, {change.reason}"
        for change in reversed(changes)
    ]


# --- for programs ---------------------------------------------------------------------------------


def explanation_json(result: Result, facts: RfmFacts, histories: dict[str, TierHistory]) -> str:
    """The same as JSON: one entry for each decision, with its evidence."""
    decided = [
        {
            "outcome": str(decision.outcome),
            "policy": decision.policy,
            "as_of": decision.as_of.isoformat(),
            "evidence": [EVIDENCE.unstructure(item) for item in decision.evidence],
            "nearest_change": None if change is None else str(change),
            "history": [EVIDENCE.unstructure(c) for c in _changes(histories.get(name))],
        }
        for name, decision, change in _decided(result.policy, facts)
    ]
    shown = {
        "customer": facts.customer,
        "decisions": decided,
        "value": _value(result.lifetime, facts),
    }
    return json.dumps(shown, indent=2) + "\n"


def _value(lifetime: LifetimeFigures | Without | None, facts: RfmFacts) -> dict[str, Any] | None:
    match lifetime:
        case LifetimeFigures():
            decision = lifetime.decision_on(facts.customer)
            return {
                "missing": None,
                "outcome": str(decision.outcome),
                "policy": decision.policy,
                "as_of": decision.as_of.isoformat(),
                "evidence": [EVIDENCE.unstructure(item) for item in decision.evidence],
                "cautions": list(lifetime.cautions),
            }
        case Without(reason):
            return {"missing": reason}
    return None


def _changes(history: TierHistory | None) -> tuple[TierChange, ...]:
    return history.changes if history is not None else ()
