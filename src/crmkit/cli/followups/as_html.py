"""The report of a plan: one page that needs nothing else, no network, no script, no font."""

from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from crmkit.cli.followups import pictures
from crmkit.cli.followups.as_text import WHY, most_important
from crmkit.cli.followups.options import FollowUpOptions
from crmkit.cli.followups.planning import ShopPlan
from crmkit.cli.review import words

__all__ = ["html_of"]


def html_of(plan: ShopPlan, options: FollowUpOptions) -> str:
    """Write the report; whatever comes from the file is escaped."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(count=words.count, counted=words.counted)
    template = environment.from_string(_text(__package__, "plan.html"))
    loads = [each.loads for each in plan.plans]
    most = max((load for each in loads for load in each.values()), default=0)
    capacities = [owner.capacity.a_day for owner in plan.owners]
    # What matplotlib draws is markup in which every text is escaped already.
    drawn = [
        pictures.calendar_of(each, plan.span.period, most, a_day)
        for each, a_day in zip(loads, capacities, strict=True)
    ]
    return template.render(
        plan=plan,
        options=options,
        css=_text("crmkit.cli.review", "report.css"),
        owners=list(zip(plan.plans, loads, drawn, capacities, strict=True)),
        unplaced=most_important(one for each in plan.plans for one in each.unplaced),
        why=WHY,
        most_rows=_MOST_ROWS,
    )


_MOST_ROWS = 500
"""A page lists so many follow-ups of an owner: more nobody reads."""


def _text(package: str, name: str) -> str:
    return files(package).joinpath(name).read_text(encoding="utf-8")
