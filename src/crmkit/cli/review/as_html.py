"""The report: one page that needs nothing else, no network, no script, no font."""

from collections.abc import Iterator, Mapping
from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from crmkit.cli.review import pictures, words
from crmkit.cli.review.lifetime import LifetimeFigures, Prospect, Without
from crmkit.cli.review.policy import ReviewPolicy
from crmkit.cli.review.reasons import short_reasons
from crmkit.cli.review.result import Result
from crmkit.cli.review.terms import MODELS
from crmkit.cli.review.wording import in_options
from crmkit.lifetime_value import GammaGamma
from crmkit.money import NO_CURRENCY
from crmkit.segmentation import RfmScale, RfmScore
from crmkit.tiering import Movement

__all__ = ["html_of"]

_LADDERS = {"segment": "Segments", "abc": "ABC tiers", "pyramid": "Customer pyramid"}

_SOURCES = {
    "fitted": "The cut-points were fitted to these customers.",
    "given": "The cut-points are those of the policy that was given.",
    "given-and-fitted": "Some cut-points are those of the policy that was given, the others were "
    "fitted to these customers.",
    "kept": "The cut-points are those of the last review.",
}


def html_of(result: Result) -> str:
    """Write the report; whatever comes from the file is escaped."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(
        count=words.count,
        counted=words.counted,
        amount=words.amount,
        money=words.money,
        percent=words.percent,
        days=words.days,
        chance=words.chance,
        expected=words.expected,
        plain=words.plain,
        in_options=lambda reject: in_options(reject.message),
    )
    template = environment.from_string(_text("report.html"))
    return template.render(
        result=result,
        file=result.file,
        figures=result.figures,
        css=_text("report.css"),
        pictures=_pictures(result),
        cuts=_cuts(result.policy),
        reasons=[short_reasons(best) for best in result.figures.best],
        prospects=_prospects(result),
        without=result.lifetime.reason if isinstance(result.lifetime, Without) else None,
        lifetime=_lifetime(result),
        models=MODELS,
        has_spend_model=_has_spend_model(result),
        ladders=_LADDERS,
        sources=_SOURCES,
        Movement=Movement,
        no_currency=NO_CURRENCY,
    )


def _text(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _lifetime(result: Result) -> LifetimeFigures | None:
    return result.lifetime if isinstance(result.lifetime, LifetimeFigures) else None


def _has_spend_model(result: Result) -> bool:
    lifetime = _lifetime(result)
    return lifetime is not None and isinstance(lifetime.spend, GammaGamma)


def _prospects(result: Result) -> list[Prospect] | None:
    """What is expected of the best customers."""
    lifetime, rows = _lifetime(result), result.file.summary.columns.rows
    if lifetime is None:
        return None
    return [lifetime.prospects[rows[best.facts.customer]] for best in result.figures.best]


def _pictures(result: Result) -> dict[str, str]:
    figures = result.figures
    revenue = result.file.summary.monetary_histogram()
    segments = result.policy.segmentation.segments
    # What matplotlib draws is markup in which every text is escaped already.
    drawn = {
        "concentration": pictures.concentration(revenue, figures.pareto),
        "grid": pictures.grid(figures.grid, segments.bins, _names_of_cells(result.policy)),
        "segments": pictures.sizes(figures.segments),
        "tiers": pictures.sizes(figures.tiers),
        "pyramid": pictures.sizes(figures.pyramid),
    }
    for moves in result.migrations.ladders if result.migrations is not None else ():
        drawn[f"moves-{moves.ladder}"] = pictures.migrations(moves.matrix)
    return {**drawn, **_pictures_ahead(_lifetime(result))}


_FEWEST_ROWS, _MOST_ROWS = 6, 24
"""The picture of who is alive has at least and at most so many repeat purchases."""


def _pictures_ahead(lifetime: LifetimeFigures | None) -> dict[str, str]:
    if lifetime is None:
        return {}
    rows = min(max(lifetime.usual_repeats, _FEWEST_ROWS), _MOST_ROWS)
    drawn = {
        "frequency": pictures.frequency(lifetime.frequency),
        "alive": pictures.alive(lifetime.alive_after, lifetime.days_known, rows),
    }
    if lifetime.tracking is not None:
        drawn["tracking"] = pictures.tracked(lifetime.tracking)
    return drawn


def _names_of_cells(policy: ReviewPolicy) -> Mapping[tuple[int, int], str]:
    """The segment of each cell of the grid, where money does not make a difference."""
    segments = policy.segmentation.segments
    scores = range(1, segments.bins + 1)
    names: dict[tuple[int, int], str] = {}
    for recency in scores:
        for frequency in scores:
            found = {segments.name_of(RfmScore(recency, frequency, money)) for money in scores}
            if len(found) == 1:
                names[recency, frequency] = found.pop()
    return names


def _cuts(policy: ReviewPolicy) -> list[tuple[str, list[str]]]:
    """The cut-points that were decided by, the best first, as rows of equal length."""
    rows = list(_rows_of_cuts(policy))
    longest = max(len(values) for _, values in rows)
    return [(title, values + [""] * (longest - len(values))) for title, values in rows]


def _rows_of_cuts(policy: ReviewPolicy) -> Iterator[tuple[str, list[str]]]:
    scale = policy.segmentation.scale
    if isinstance(scale, RfmScale):
        yield "recency, days at most", [words.count(n) for n in reversed(scale.recency_at_most)]
        yield "frequency, at least", [words.count(n) for n in reversed(scale.frequency_at_least)]
        yield "money, at least", [words.money(m) for m in reversed(scale.monetary_at_least)]
    for title, thresholds in (
        (f"ABC ({', '.join(policy.abc.names[:-1])}), at least", policy.abc.thresholds),
        ("pyramid (platinum, gold, iron), at least", policy.pyramid.thresholds),
    ):
        yield title, ["nobody" if m is None else words.money(m) for m in thresholds]
