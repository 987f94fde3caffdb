"""The same for programs: JSON with stable keys, instants in ISO 8601 on the clock of the zone."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from crmkit.cli.complaints.cases import CaseFile
from crmkit.cli.complaints.figures import Figures, Notes, is_unknown
from crmkit.cli.complaints.happened import told
from crmkit.cli.complaints.keeping import Keeper
from crmkit.cli.complaints.options import ComplaintOptions
from crmkit.complaints.facts.case import summarize_case
from crmkit.complaints.policies.hot_spots import HotSpots
from crmkit.complaints.policies.profiles import ObligationProfile
from crmkit.complaints.records.complaint import Complaint
from crmkit.decision import Decision

__all__ = ["case_json", "json_of"]


def json_of(
    file: CaseFile, figures: Figures, options: ComplaintOptions, keeper: Keeper | None
) -> str:
    """Everything there is to say of all cases, as one JSON object."""
    account, lifecycle = file.account, file.rules.lifecycle
    shown = {
        "file": file.name,
        "last_day": file.last.isoformat(),
        "as_of": file.as_of.isoformat(),
        "zone": file.zone.key,
        "hours": list(options.hours),
        "holidays": options.holidays,
        "lifecycle": {"name": lifecycle.name, "version": lifecycle.version},
        "lines": account.lines,
        "header_lines": account.header_lines,
        "blank_lines": account.blank_lines,
        "continued_lines": account.continued_lines,
        "rows": account.rows,
        "rejects": len(account.rejects),
        "rejects_by_reason": dict(account.reasons),
        "columns_not_read": list(account.unread),
        "disordered": file.disordered,
        "ambiguous_times": file.ambiguous,
        "skipped_times": file.skipped,
        "events": _replay(file),
        "cases": figures.cases,
        "cases_later": 0 if file.replay is None else file.replay.cases_later,
        "open_cases": figures.open_cases,
        "statuses": dict(figures.statuses),
        "actions": dict(figures.actions),
        "notes": {topic: _notes(notes) for topic, notes in figures.notes.items()},
        "undated_entries": figures.undated,
        "undated_at": _iso(file.taken_at, file) if figures.undated else None,
        "deadlines": [
            {
                "obligation": kept.obligation,
                **{str(which): number for which, number in sorted(kept.standings.items())},
                "unknown": kept.unknown,
                "undated": kept.undated,
            }
            for kept in figures.deadlines
        ],
        "cases_with_missed_deadline": figures.late_cases,
        "overdue": [
            {
                "case": each.case,
                "obligation": each.obligation,
                "due_at": _iso(each.due_at, file),
                "status": each.status,
            }
            for each in figures.overdue
        ],
        "counts": {name: dict(places) for name, places in figures.counts.items()},
        "trouble": {"what": figures.trouble, "cases": figures.troubled_cases},
        "hot_spots": {name: _spots(found) for name, found in figures.hot_spots.items()},
        "store": _store(options, keeper),
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
    }


def _notes(notes: Notes) -> Mapping[str, Any]:
    words = notes.words
    return {"number": notes.number, "words": None if words is None else dict(words)}


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


def _store(options: ComplaintOptions, keeper: Keeper | None) -> Mapping[str, Any] | None:
    if keeper is None:
        return None
    return {
        "path": str(options.store),
        **keeper.counts,
        "entries_added": keeper.added,
        "described_otherwise": keeper.redescribed,
        "contradicted_cases": list(keeper.contradicted),
    }


def case_json(case: Complaint, file: CaseFile, profile: ObligationProfile | None) -> str:
    """One case with its trail and its deadlines, as one JSON object."""
    about = case.receipt.about
    return _written(
        {
            "case": case.id,
            "status": case.status,
            "lifecycle": dict(zip(("name", "version"), case.lifecycle, strict=True)),
            "as_of": file.as_of.isoformat(),
            "received_at": _iso(case.received_at, file),
            "channel": case.receipt.channel,
            "product": about.product,
            "unit": about.unit,
            "region": about.region,
            "cause": about.category,
            "content": case.receipt.content,
            "trail": [
                {
                    "at": _iso(entry.at, file),
                    "dated": not file.is_undated(entry),
                    "what": told(entry.what),
                    "by": entry.by,
                    "role": entry.role,
                    "reason": entry.reason,
                }
                for entry in case.trail
            ],
            "deadlines": [] if profile is None else _deadlines(case, file, profile),
        }
    )


def _deadlines(
    case: Complaint, file: CaseFile, profile: ObligationProfile
) -> list[Mapping[str, Any]]:
    undated = file.undated_instants(case)
    return [
        {
            "obligation": state.obligation,
            "standing": "unknown" if is_unknown(state, undated) else str(state.standing),
            "due_at": _iso(state.due_at, file),
            "met_at": _iso(state.met_at, file),
            "met_by": state.met_by,
        }
        for state in profile.agenda(summarize_case(case, file.rules.lifecycle), file.as_of)
    ]


def _iso(at: datetime | None, file: CaseFile) -> str | None:
    return None if at is None else at.astimezone(file.zone).isoformat()


def _written(shown: Mapping[str, Any]) -> str:
    return json.dumps(shown, indent=2, ensure_ascii=True)
