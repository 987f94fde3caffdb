"""The plan for programs: JSON with stable keys."""

import json
from typing import Any

from crmkit.cli.followups.as_text import decision_on, whys_of
from crmkit.cli.followups.options import FollowUpOptions
from crmkit.cli.followups.planning import ShopPlan
from crmkit.decision import Decision, Evidence
from crmkit.followups import FollowUpOwner, Occurrence, OwnerPlan, Placement, Unplaced
from crmkit.serialization import make_converter

__all__ = ["explanation_json", "json_of"]

_EVIDENCE = make_converter(Evidence)


def json_of(plan: ShopPlan, options: FollowUpOptions) -> str:
    """The whole plan as one JSON object."""
    report = plan.file.report
    found = {
        "file": plan.file.name,
        "as_of": plan.as_of.isoformat(),
        "for": plan.span.name,
        "from": plan.span.period.start.isoformat(),
        "to": plan.span.period.last.isoformat(),
        "lines": report.lines_read,
        "purchases": report.purchases,
        "rejects": report.rejects,
        "rejects_by_reason": {str(why): number for why, number in report.reasons.items()},
        "purchases_after_as_of": plan.file.later,
        "customers": len(plan.facts),
        "customers_without_purchase": len(plan.file.summary.without_purchase),
        "customers_without_follow_up": plan.without,
        "owned_without_purchase": list(plan.strangers),
        "zone": plan.calendar.zone,
        "hours": list(options.hours),
        "holidays": options.holidays,
        "hand_over": options.hand_over,
        "smoothing": str(options.smoothing),
        "cadences": [
            {"name": each.name, "anchor": str(each.anchor), "steps": list(map(str, each.steps))}
            for each in plan.planner.cadences
        ],
        "placed": plan.placed,
        "unplaced": plan.unplaced,
        "owners": [_owner(*each) for each in zip(plan.plans, plan.owners, strict=True)],
    }
    return json.dumps(found, indent=2)


def _owner(plan: OwnerPlan, owner: FollowUpOwner) -> dict[str, Any]:
    return {
        "owner": plan.owner,
        "capacity": owner.capacity.a_day,
        "loads": {day.isoformat(): number for day, number in plan.loads.items()},
        "placed": [_placed(one) for one in plan.placements],
        "unplaced": [_unplaced(one) for one in plan.unplaced],
    }


def _placed(one: Placement) -> dict[str, Any]:
    return {
        "on": one.on.isoformat(),
        "at": None if one.at is None else one.at.isoformat(),
        "customer": one.customer,
        **_occurrence(one.occurrence),
        "channel": one.channel,
        "score": one.score,
    }


def _unplaced(one: Unplaced) -> dict[str, Any]:
    return {
        "customer": one.customer,
        **_occurrence(one.occurrence),
        "why": str(one.why),
        "can_wait": one.can_wait,
        "score": one.score,
    }


def _occurrence(one: Occurrence) -> dict[str, Any]:
    return {
        "cadence": one.cadence,
        "step": one.step,
        "purpose": one.purpose,
        "nominal_on": one.nominal_on.isoformat(),
        "due_on": one.due_on.isoformat(),
        "not_before": one.not_before.isoformat(),
        "not_after": one.not_after.isoformat(),
    }


def explanation_json(plan: ShopPlan, customer: str) -> str:
    """What comes next for a customer, the evidence, and where it is in the plan."""
    decision = decision_on(plan, customer)
    found = {
        "customer": customer,
        "as_of": plan.as_of.isoformat(),
        "next": None if decision.outcome is None else _occurrence(decision.outcome),
        "evidence": _evidence(decision),
        "planned": [_planned(why) for why in whys_of(plan, customer)],
    }
    return json.dumps(found, indent=2)


def _planned(why: Decision[Placement | Unplaced]) -> dict[str, Any]:
    one = why.outcome
    said = _placed(one) if isinstance(one, Placement) else _unplaced(one)
    return {"owner": one.owner, **said, "evidence": _evidence(why)}


def _evidence(decision: Decision[Any]) -> list[dict[str, Any]]:
    return [_EVIDENCE.unstructure(item) for item in decision.evidence]
