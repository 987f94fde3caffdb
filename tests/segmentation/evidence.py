"""Scores and segments worked out again from nothing but the evidence of a decision."""

from __future__ import annotations

from collections.abc import Iterable
from operator import ge, le
from typing import Any

from crmkit.decision import Comparison, Evidence
from crmkit.segmentation import RfmScore

AMONG_EQUALS = ", in the order of equals"
DIMENSIONS = ("recency-days", "frequency", "monetary")


def score_from(evidence: Iterable[Evidence]) -> RfmScore:
    """In each dimension the highest score whose threshold was reached; the lowest needs none."""
    reached = dict.fromkeys(DIMENSIONS, 1)
    for item in evidence:
        name, _, score = item.criterion.removesuffix(AMONG_EQUALS).partition(" for a score of ")
        if score and item.met:
            reached[name] = max(reached[name], int(score))
    return RfmScore(*reached.values())


def assert_judged_rightly(evidence: Iterable[Evidence]) -> None:
    """Each verdict follows from what was observed and required; without a rule a tie was broken."""
    judges: dict[object, Any] = {Comparison.AT_LEAST: ge, Comparison.AT_MOST: le}
    for item in evidence:
        if item.comparison in judges:
            assert item.met == judges[item.comparison](item.observed, item.required)
        elif item.met is not None:
            assert item.criterion.endswith(AMONG_EQUALS), "only equals are told by their order"


def assert_tells_what_is_missing(
    evidence: Iterable[Evidence],
    score: RfmScore,
    recency_days: int,
    recency_at_most: tuple[int, ...],
) -> None:
    """Whoever is not at the best score is told what the next one takes, if it can be reached."""
    unmet = {item.criterion.partition(" ")[0] for item in evidence if item.met is False}
    parts = (score.recency, score.frequency, score.monetary)
    best = len(recency_at_most) + 1
    short = {name for name, part in zip(DIMENSIONS, parts, strict=True) if part < best}
    # Nobody buys later than today, though an equal can come first in the order of equals.
    within_reach = any(0 <= days < recency_days for days in recency_at_most)
    assert unmet == short or (not within_reach and unmet == short - {"recency-days"})
