"""The report of a replay: one page that needs nothing else, no network, no script, no font."""

from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from crmkit.cli.loyalty import pictures
from crmkit.cli.loyalty.options import LoyaltyOptions
from crmkit.cli.loyalty.replaying import ShopReplay
from crmkit.cli.review import words

__all__ = ["html_of"]

_MOST_ROWS = 500
"""A page lists so many members of a kind: more nobody reads."""


def html_of(shop: ShopReplay, options: LoyaltyOptions) -> str:
    """Write the report; whatever comes from the file is escaped."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(count=words.count, counted=words.counted, money=words.money)
    template = environment.from_string(_text(__package__, "program.html"))
    tiers, flow = shop.replay.program.tiers, shop.flow
    # What matplotlib draws is markup in which every text is escaped already.
    return template.render(
        shop=shop,
        replay=shop.replay,
        options=options,
        css=_text("crmkit.cli.review", "report.css"),
        ages=pictures.points_by_age(shop.replay.points) if shop.replay.points.months else None,
        flow=flow,
        flow_picture=pictures.tier_flow(flow, tiers.ladder.tiers) if tiers and flow else None,
        most_rows=_MOST_ROWS,
    )


def _text(package: str, name: str) -> str:
    return files(package).joinpath(name).read_text(encoding="utf-8")
