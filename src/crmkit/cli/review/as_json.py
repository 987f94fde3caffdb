"""The figures of a review for programs: JSON with stable keys."""

import json
from typing import Any

from crmkit.cli.review.figures import BestCustomer, Group
from crmkit.cli.review.kept import Migrations, Moves
from crmkit.cli.review.lifetime import LifetimeFigures, ValueGroup, Without
from crmkit.cli.review.reasons import short_reasons
from crmkit.cli.review.result import Result
from crmkit.cli.review.terms import MODELS
from crmkit.cli.review.words import share
from crmkit.lifetime_value import FitReport, GammaGamma, Tracking
from crmkit.money import Money
from crmkit.tiering import Movement, Tier

__all__ = ["json_of"]


def json_of(result: Result) -> str:
    """Write a review as one JSON object; amounts and shares are texts, so that they stay exact."""
    return json.dumps(_review(result), indent=2) + "\n"


def _review(result: Result) -> dict[str, Any]:
    figures, file = result.figures, result.file
    report, summary = file.report, file.summary
    pareto = figures.pareto
    return {
        "file": file.name,
        "as_of": figures.as_of.isoformat(),
        "currency": figures.revenue.currency,
        "lines": report.lines_read,
        "header_lines": report.header_lines,
        "blank_lines": report.blank_lines,
        "continued_lines": report.continued_lines,
        "purchases": report.purchases,
        "rejects": report.rejects,
        "rejects_by_reason": {str(why): number for why, number in report.reasons.items()},
        "purchases_after_as_of": file.later,
        "refunds": file.refunds,
        "purchases_of_zero": file.free,
        "first_purchase_on": file.first_on.isoformat(),
        "last_purchase_on": file.last_on.isoformat(),
        "customers": figures.customers,
        "customers_without_purchase": len(summary.without_purchase),
        "revenue": _amount(figures.revenue),
        "segments": [_group(group) for group in figures.segments],
        "tiers": [_group(group) for group in figures.tiers],
        "pyramid": [_group(group) for group in figures.pyramid],
        "pareto": {
            "share": share(pareto.share),
            "customers": pareto.customers,
            "share_of_customers": share(pareto.share_of_customers),
            "revenue": _amount(pareto.value),
            "share_of_revenue": share(pareto.share_of_value),
        },
        "best": [_best(best, result) for best in figures.best],
        "lifetime_value": _lifetime(result),
        "policy": {"source": result.policy_source, "fingerprint": result.policy_fingerprint},
        "migrations": _migrations(result.migrations),
        "files": {name: str(path) for name, path in result.files.items()},
    }


def _amount(value: Money) -> str:
    return str(value.amount)


def _group(group: Group) -> dict[str, Any]:
    days, spend = group.median_recency_days, group.median_spend
    return {
        "name": group.name,
        "customers": group.customers,
        "share_of_customers": share(group.share_of_customers),
        "revenue": _amount(group.revenue),
        "share_of_revenue": share(group.share_of_revenue),
        "median_recency_days": None if days is None else _days(days.numerator, days.denominator),
        "median_spend": None if spend is None else _amount(spend),
    }


def _days(halves: int, denominator: int) -> int | float:
    """A number of days, which may end on a half."""
    return halves if denominator == 1 else halves / denominator


def _best(best: BestCustomer, result: Result) -> dict[str, Any]:
    facts = best.facts
    segment, tier, layer = (str(decision.outcome) for decision in best.decisions)
    return {
        "customer": facts.customer,
        "revenue": _amount(facts.total),
        "recency_days": facts.recency_days,
        "frequency": facts.frequency,
        "score": str(best.score),
        "segment": segment,
        "tier": tier,
        "layer": layer,
        "reasons": list(short_reasons(best)),
        "expected": _prospect(result, best),
    }


def _prospect(result: Result, best: BestCustomer) -> dict[str, Any] | None:
    if not isinstance(result.lifetime, LifetimeFigures):
        return None
    one = result.lifetime.prospects[result.file.summary.columns.rows[best.facts.customer]]
    return {
        "probability_alive": _float(one.alive),
        "purchases": _float(one.purchases),
        "value": _amount(one.value),
    }


# --- what customers will bring --------------------------------------------------------------------


def _lifetime(result: Result) -> dict[str, Any] | None:
    match result.lifetime:
        case LifetimeFigures() as figures:
            return _figures(figures)
        case Without(reason):
            return {"missing": reason}
    return None


def _figures(figures: LifetimeFigures) -> dict[str, Any]:
    terms, spend = figures.terms, figures.spend
    return {
        "missing": None,
        "horizon_days": terms.days,
        "margin": str(terms.margin),
        "discount_rate": str(terms.discount),
        "cautions": list(figures.cautions),
        "purchase_model": {
            "name": MODELS[terms.model],
            "unit": "week",
            **_fit(figures.model.fitted),
        },
        "spend_model": {"name": "Gamma-Gamma", **_fit(spend.fitted)}
        if isinstance(spend, GammaGamma)
        else {"name": "mean", "amount": _amount(spend)},
        "customers": figures.total.customers,
        **_expected(figures.total),
        "segments": [_value_group(group) for group in figures.groups["segment"]],
        "tiers": [_value_group(group) for group in figures.groups["abc"]],
        "pyramid": [_value_group(group) for group in figures.groups["pyramid"]],
        "frequency": [
            {
                "repeat_purchases": row.repeat_purchases,
                "or_more": row.or_more,
                "customers": row.actual,
                "expected": _float(row.expected),
            }
            for row in figures.frequency.rows
        ],
        "tracking": None if figures.tracking is None else _tracking(figures.tracking),
    }


def _fit(report: FitReport | None) -> dict[str, Any]:
    if report is None:
        return {}
    return {
        "parameters": dict(report.parameters),
        "log_likelihood": report.log_likelihood,
        "customers": report.customers,
        "warnings": [str(warning) for warning in report.warnings],
    }


def _value_group(group: ValueGroup) -> dict[str, Any]:
    part = group.share_of_value
    return {
        "name": group.name,
        "customers": group.customers,
        **_expected(group),
        "share_of_value": None if part is None else share(part),
    }


def _expected(group: ValueGroup) -> dict[str, Any]:
    return {
        "customers_alive": _float(group.alive),
        "purchases": _float(group.purchases),
        "value": _amount(group.value),
    }


def _tracking(track: Tracking) -> list[dict[str, Any]]:
    return [
        {
            "from": row.period.start.isoformat(),
            "to": row.period.last.isoformat(),
            "repeat_purchases": row.actual,
            "expected": _float(row.expected),
        }
        for row in track.rows
    ]


def _float(number: float) -> float:
    """An expectation: what lies beyond four digits is not known anyway."""
    return round(number, 4)


def _migrations(migrations: Migrations | None) -> dict[str, Any] | None:
    if migrations is None:
        return None
    names = {"segment": "segments", "abc": "tiers", "pyramid": "pyramid"}
    return {
        "since": migrations.since.isoformat(),
        **{names[moves.ladder]: _moves(moves) for moves in migrations.ladders},
    }


def _moves(moves: Moves) -> dict[str, Any]:
    return {
        **{movement.value: moves.matrix.total(movement) for movement in _SHOWN},
        "moved_by_cut_points": moves.by_cut_points,
        "ways": [
            {"from": _name(way.from_tier), "to": _name(way.to_tier), "customers": way.customers}
            for way in moves.matrix.migrations
        ],
    }


_SHOWN = (Movement.UP, Movement.DOWN, Movement.STAYED, Movement.ENTERED, Movement.LEFT)


def _name(tier: Tier | None) -> str | None:
    return None if tier is None else tier.name
