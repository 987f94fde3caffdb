"""The same for programs: JSON with stable keys, instants in ISO 8601."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from crmkit.cli.complaints.cases import CaseFile
from crmkit.cli.complaints.figures import Figures
from crmkit.cli.complaints.happened import told
from crmkit.cli.complaints.options import ComplaintOptions
from crmkit.complaints.facts.case import summarize_case
from crmkit.complaints.policies.hot_spots import HotSpots
from crmkit.complaints.policies.obligations import ObligationState
from crmkit.complaints.policies.profiles import ObligationProfile
from crmkit.complaints.records.complaint import Complaint
from crmkit.decision import Decision

__all__ = ["case_json", "json_of"]


def json_of(file: CaseFile, figures: Figures, options: ComplaintOptions) -> str:
    """Everything there is to say of all cases, as one JSON object."""
    account, lifecycle = file.account, file.rules.lifecycle
    shown = {
        "file": file.name,
        "as_of": file.as_of.isoformat(),
        "lifecycle": {"name": lifecycle.name, "version": lifecycle.version},
        "lines": account.lines,
        "header_lines": account.header_lines,
        "blank_lines": account.blank_lines,
        "continued_lines": account.continued_lines,
        "rows": account.rows,
        "rejects": len(account.rejects),
        "rejects_by_reason": dict(account.reasons),
        "events": _replay(file),
        "cases": len(file.cases),
        "cases_later": file.later,
        "open_cases": figures.open_cases,
        "statuses": dict(figures.statuses),
        "undated_entries": file.undated,
        "undated_at": _iso(file.undated_at),
        "deadlines": [
            {
                "obligation": kept.obligation,
                **{str(which): number for which, number in sorted(kept.standings.items())},
                "undated": kept.undated,
            }
            for kept in figures.deadlines
        ],
        "cases_with_missed_deadline": figures.late_cases,
        "overdue": [
            {
                "case": entry.complaint,
                "obligation": entry.obligation,
                "due_at": _iso(entry.due_at),
            }
            for entry in figures.overdue
        ],
        "counts": {name: dict(places) for name, places in figures.counts.items()},
        "trouble": {"what": figures.trouble, "cases": figures.troubled_cases},
        "hot_spots": {name: _spots(found) for name, found in figures.hot_spots.items()},
        "store": None if options.store is None else str(options.store),
    }
    return _written(shown)


def _replay(file: CaseFile) -> Mapping[str, int] | None:
    replay = file.replay
    if replay is None:
        return None
    return {
        "read": replay.events,
        "moves": replay.moves,
        "refused": replay.refused,
        "later": replay.later,
        "ambiguous_times": replay.ambiguous,
        "skipped_times": replay.skipped,
        "disordered": replay.disordered,
    }


def _spots(found: Decision[HotSpots]) -> list[Mapping[str, Any]]:
    return [
        {
            "place": spot.place,
            "troubled": spot.count,
            "cases": spot.exposure,
            "expected": round(float(spot.expected), 4),
            "upper_limit": spot.upper_limit,
        }
        for spot in found.outcome.spots
    ]


def case_json(case: Complaint, file: CaseFile, profile: ObligationProfile | None) -> str:
    """One case with its trail and its deadlines, as one JSON object."""
    about = case.receipt.about
    states: tuple[ObligationState, ...] = ()
    if profile is not None:
        states = profile.agenda(summarize_case(case, file.rules.lifecycle), file.as_of)
    return _written(
        {
            "case": case.id,
            "status": case.status,
            "as_of": file.as_of.isoformat(),
            "received_at": case.received_at.isoformat(),
            "channel": case.receipt.channel,
            "product": about.product,
            "unit": about.unit,
            "region": about.region,
            "cause": about.category,
            "trail": [
                {
                    "at": entry.at.isoformat(),
                    "dated": entry.at != file.undated_at or entry.recorded_at is not None,
                    "what": told(entry.what),
                    "by": entry.by,
                    "role": entry.role,
                    "reason": entry.reason,
                }
                for entry in case.trail
            ],
            "deadlines": [
                {
                    "obligation": state.obligation,
                    "standing": str(state.standing),
                    "due_at": _iso(state.due_at),
                    "met_at": _iso(state.met_at),
                    "met_by": state.met_by,
                }
                for state in states
            ],
        }
    )


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _written(shown: Mapping[str, Any]) -> str:
    return json.dumps(shown, indent=2, ensure_ascii=True)
