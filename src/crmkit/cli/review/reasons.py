"""Why a customer stands where they stand, in one line."""

import re
from collections.abc import Iterable, Mapping, Sequence

from crmkit.cli.review.figures import BestCustomer, Outcomes
from crmkit.cli.review.policy import ReviewPolicy
from crmkit.cli.review.words import count, counted, money
from crmkit.decision import Comparison, Decision, Evidence
from crmkit.money import Money
from crmkit.segmentation import PyramidLayer, RfmScore

__all__ = ["GONE", "reasons_of", "short_reasons"]

GONE = "not in the file any more, or without a purchase in it"

# The figure that a criterion is about: recency-days in "recency-days for a score of 5".
_CRITERION = re.compile(r"[ -]for[ -]")

_FACTS = {
    "recency-days": ("last bought {} ago", "day"),
    "frequency": ("{}", "time"),
}
_BOUNDS = {
    (Comparison.AT_LEAST, True): "at least",
    (Comparison.AT_LEAST, False): "less than",
    (Comparison.AT_MOST, True): "at most",
    (Comparison.AT_MOST, False): "more than",
}


# --- for everybody: the cut-points ----------------------------------------------------------------


def reasons_of(policy: ReviewPolicy, outcomes: Outcomes) -> dict[str, Sequence[str]]:
    """Say for each ladder and each customer why they stand there; equal reasons are one text."""
    by_score = {score: _score_reason(score) for score in set(outcomes.scores)}
    abc = value_reasons(policy.abc.names, policy.abc.thresholds)
    pyramid = value_reasons([layer.value for layer in PyramidLayer], policy.pyramid.thresholds)
    return {
        "segment": [by_score[score] for score in outcomes.scores],
        "abc": [abc[name] for name in outcomes.abc],
        "pyramid": [pyramid[name] for name in outcomes.pyramid],
    }


def _score_reason(score: RfmScore) -> str:
    return (
        f"scores {score.recency} for recency, {score.frequency} for frequency and "
        f"{score.monetary} for money"
    )


def value_reasons(names: Sequence[str], thresholds: Iterable[Money | None]) -> Mapping[str, str]:
    """What each class takes: so much or more; the last one takes less than all others."""
    reasons: dict[str, str] = {}
    last = "brought nothing"
    for name, threshold in zip(names, thresholds, strict=False):
        reasons[name] = "nobody" if threshold is None else f"brought {money(threshold)} or more"
        last = last if threshold is None else f"brought less than {money(threshold)}"
    return {**reasons, names[-1]: last}


# --- for the best: their own figures --------------------------------------------------------------


def short_reasons(best: BestCustomer) -> tuple[str, ...]:
    """Why one of the best customers is one: a line for each decision, read off its evidence."""
    segment, *others = best.decisions
    return (
        ", ".join(_telling(segment)),
        *(f"{decision.outcome} {', '.join(_telling(decision))}" for decision in others),
    )


def _telling(decision: Decision[object]) -> Iterable[str]:
    """For each thing that was looked at, the hardest requirement that was met, or else missed."""
    found: dict[str, Evidence] = {}
    for item in decision.evidence:
        if item.comparison not in (Comparison.AT_LEAST, Comparison.AT_MOST):
            continue
        if not isinstance(item.required, Money) and item.criterion.startswith(
            ("customers-in-", "customers in ")
        ):
            continue  # A class that nobody was in when the policy was fitted asks for nothing.
        key = _CRITERION.split(item.criterion)[0]
        if key not in found or (item.met and not found[key].met):
            found[key] = item
    return [_phrase(key, item) for key, item in found.items()]


def _phrase(key: str, item: Evidence) -> str:
    bound = _BOUNDS[item.comparison or Comparison.AT_LEAST, bool(item.met)]
    required = f"{bound} {_value(item.required)}"
    if key == "monetary":
        return f"spent {required}"
    if key not in _FACTS:
        return f"{'from' if item.met else 'below'} {_value(item.required)}"
    text, noun = _FACTS[key]
    return f"{text.format(counted(int(str(item.observed)), noun))} ({required})"


def _value(value: object) -> str:
    if isinstance(value, Money):
        return money(value)
    return count(value) if isinstance(value, int) else str(value)
