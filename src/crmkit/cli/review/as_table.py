"""The figures of a review for people: tables on a terminal, plain text in a pipe."""

from collections.abc import Iterable, Iterator
from typing import TextIO

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from crmkit.cli.review.figures import BestCustomer, Group
from crmkit.cli.review.kept import Migrations, Moves
from crmkit.cli.review.lifetime import LifetimeFigures, ValueGroup, Without
from crmkit.cli.review.reasons import short_reasons
from crmkit.cli.review.result import Result
from crmkit.cli.review.terms import MODELS
from crmkit.cli.review.wording import in_options
from crmkit.cli.review.words import (
    amount,
    chance,
    count,
    counted,
    days,
    expected,
    money,
    percent,
    plain,
)
from crmkit.lifetime_value import GammaGamma
from crmkit.money import NO_CURRENCY
from crmkit.tiering import Movement

__all__ = ["print_review"]

_FEW_REJECTS = 3
_WIDEST = 1000


def print_review(result: Result, out: TextIO) -> None:
    """Print a review; colors only where a person sees them."""
    # What stands in the file is data: nothing in it is read as markup, or colored by its looks.
    console = Console(file=out, highlight=False, markup=False, emoji=False)
    # A figure that is cut off is another figure: a narrow terminal wraps the lines instead.
    unbounded = console.options.update(width=_WIDEST)
    table = console.measure(_groups(result), options=unbounded)
    console.width = max(console.width, table.maximum)
    with console.capture() as captured:
        for part in _parts(result):
            console.print(part)
    lines = captured.get().splitlines()
    out.write("".join(f"{line.rstrip()}\n" for line in lines))


def _parts(result: Result) -> Iterator[RenderableType]:
    figures = result.figures
    yield Text(f"Review of {result.file.name}, as of {figures.as_of}", style="bold")
    yield ""
    yield _pairs(_read(result))
    yield ""
    yield _groups(result)
    yield ""
    yield _pareto(result)
    yield ""
    if result.lifetime is not None:
        yield from _lifetime(result.lifetime)
        yield ""
    yield from _best(result)
    if result.migrations is not None:
        yield ""
        yield from _migrations(result.migrations)
    if result.files:
        yield ""
        yield _pairs((name, str(path)) for name, path in result.files.items())


# --- pieces ---------------------------------------------------------------------------------------


def _pairs(pairs: Iterable[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in pairs:
        table.add_row(name, Text(text))
    return table


def _read(result: Result) -> Iterator[tuple[str, str]]:
    file, figures = result.file, result.figures
    report = file.report
    others = [
        counted(number, noun)
        for number, noun in (
            (report.rejects, "reject"),
            (report.header_lines, "header line"),
            (report.blank_lines, "blank line"),
            (report.continued_lines, "continued line"),
        )
        if number
    ]
    lines = ", ".join([counted(report.purchases, "purchase"), *others])
    yield "read", f"{counted(report.lines_read, 'line')}: {lines}"
    if report.rejects:
        reasons = sorted(report.reasons.items(), key=lambda item: (-item[1], item[0]))
        yield "rejects", ", ".join(f"{count(number)} {why}" for why, number in reasons)
        for reject in report.first_rejects[:_FEW_REJECTS]:
            yield "", in_options(str(reject))
        if report.rejects > _FEW_REJECTS and "rejects" not in result.files:
            yield (
                "",
                f"{count(report.rejects - _FEW_REJECTS)} more: --rejects FILE writes all of them",
            )
    special = [
        f"{counted(file.refunds, 'refund')}" if file.refunds else "",
        f"{counted(file.free, 'purchase')} of {money(figures.revenue * 0)}" if file.free else "",
        f"{counted(file.later, 'purchase')} after that day, left out" if file.later else "",
    ]
    if any(special):
        yield "among them", ", ".join(filter(None, special))
    yield "customers", _customers(result)
    yield "period", f"{file.first_on} to {file.last_on}"
    yield "revenue", money(figures.revenue)
    if figures.revenue.currency == NO_CURRENCY:
        yield "currency", f"the file names none ({NO_CURRENCY}): add --currency USD, say"
    yield "decided by", _POLICY[result.policy_source]


_POLICY = {
    "fitted": "cut-points fitted to these customers",
    "given": "the policy that was given",
    "given-and-fitted": "the policy that was given, and cut-points fitted to these customers",
    "kept": "the policy of the last review",
}


def _customers(result: Result) -> str:
    without = len(result.file.summary.without_purchase)
    more = f", and {count(without)} without a purchase" if without else ""
    return f"{count(result.figures.customers)}{more}"


def _groups(result: Result) -> Table:
    """Segments, tiers and layers, one below the other in the same columns."""
    figures = result.figures
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 0, 0, 1), pad_edge=False)
    table.add_column("", min_width=20, no_wrap=True)
    for heading in ("customers", "%", f"revenue {figures.revenue.currency}", "%"):
        table.add_column(heading, justify="right", no_wrap=True)
    for heading in ("median\nrecency", "median\nspend"):
        table.add_column(heading, justify="right", no_wrap=True)
    for title, groups in (
        ("Segments by RFM", figures.segments),
        ("Tiers by ABC", figures.tiers),
        ("Pyramid by revenue", figures.pyramid),
    ):
        table.add_row(Text(title, style="bold"))
        for group in groups:
            table.add_row(*_cells(group), style="" if group.customers else "dim")
        table.add_section()
    return table


def _cells(group: Group) -> Iterator[Text]:
    recency, spend = group.median_recency_days, group.median_spend
    yield Text(f"  {group.name}")
    yield Text(count(group.customers))
    yield Text(percent(group.share_of_customers).removesuffix(" %"))
    yield Text(amount(group.revenue))
    yield Text(percent(group.share_of_revenue).removesuffix(" %"))
    yield Text("" if recency is None else f"{days(recency)} d")
    yield Text("" if spend is None else amount(spend))


def _pareto(result: Result) -> Text:
    pareto = result.figures.pareto
    if not pareto.customers:
        return Text("Nobody brought anything, so there is nothing to rank.")
    return Text.assemble(
        "80 % of revenue comes from ",
        (f"{percent(pareto.share_of_customers)} of customers", "bold"),
        f" ({count(pareto.customers)} of {count(pareto.of_customers)}).",
    )


def _lifetime(lifetime: LifetimeFigures | Without) -> Iterator[RenderableType]:
    if isinstance(lifetime, Without):
        yield Text("What customers will bring", style="bold")
        yield _pairs([("not told", lifetime.reason)])
        return
    terms, total = lifetime.terms, lifetime.total
    spend = "Gamma-Gamma" if isinstance(lifetime.spend, GammaGamma) else "the mean spend"
    yield Text(f"What customers will bring in the next {counted(terms.days, 'day')}", style="bold")
    yield _pairs(
        [
            ("told by", f"{MODELS[terms.model]} and {spend}, fitted to these customers"),
            (
                "value",
                f"purchases x spend x margin {plain(terms.margin)}, {plain(terms.discount)} "
                f"discount a year",
            ),
            *(("with caution", caution) for caution in lifetime.cautions),
        ]
    )
    yield ""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 0, 0, 1), pad_edge=False)
    table.add_column("", min_width=20, no_wrap=True)
    for heading in ("customers", "still there", "purchases", f"value {total.value.currency}", "%"):
        table.add_column(heading, justify="right", no_wrap=True)
    for title, ladder in (("Segments by RFM", "segment"), ("Tiers by ABC", "abc")):
        table.add_row(Text(title, style="bold"))
        for group in lifetime.groups[ladder]:
            table.add_row(*_value_cells(group), style="" if group.customers else "dim")
        table.add_section()
    table.add_row(*_value_cells(total), style="bold")
    yield table


def _value_cells(group: ValueGroup) -> Iterator[Text]:
    part = group.share_of_value
    yield Text(f"  {group.name}")
    yield Text(count(group.customers))
    yield Text(expected(group.alive))
    yield Text(expected(group.purchases))
    yield Text(amount(group.value))
    yield Text("" if part is None else percent(part).removesuffix(" %"))


def _best(result: Result) -> Iterator[RenderableType]:
    yield Text("The best customers, by revenue", style="bold")
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right", style="dim")
    table.add_column(overflow="fold")
    for place, customer in enumerate(result.figures.best, start=1):
        segment, *others = (str(decision.outcome) for decision in customer.decisions)
        outcomes = ", ".join([f"{segment} ({customer.score})", *others])
        revenue = money(customer.facts.total)
        head = Text.assemble((customer.facts.customer, "bold"), f"  {revenue}  {outcomes}")
        table.add_row(str(place), head)
        table.add_row("", Text("; ".join(short_reasons(customer)), style="dim"))
        if isinstance(result.lifetime, LifetimeFigures):
            table.add_row("", Text(_ahead(result, result.lifetime, customer), style="dim"))
    yield table


def _ahead(result: Result, lifetime: LifetimeFigures, customer: BestCustomer) -> str:
    """What is expected of one of the best."""
    one = lifetime.prospects[result.file.summary.columns.rows[customer.facts.customer]]
    return (
        f"in the next {counted(lifetime.terms.days, 'day')}: {expected(one.purchases)} purchases, "
        f"{money(one.value)}; still there: {chance(one.alive)}"
    )


def _migrations(migrations: Migrations) -> Iterator[RenderableType]:
    yield Text.assemble((f"Who moved since {migrations.since}", "bold"))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), show_edge=False)
    table.add_column("", min_width=20)
    for heading in ("up", "down", "stayed", "entered", "left", "by cut-points only"):
        table.add_column(heading, justify="right")
    for moves in migrations.ladders:
        table.add_row(_LADDERS[moves.ladder], *map(count, _counts(moves)))
    yield table


_LADDERS = {"segment": "segments", "abc": "tiers", "pyramid": "pyramid"}


def _counts(moves: Moves) -> Iterator[int]:
    for movement in (
        Movement.UP,
        Movement.DOWN,
        Movement.STAYED,
        Movement.ENTERED,
        Movement.LEFT,
    ):
        yield moves.matrix.total(movement)
    yield moves.by_cut_points
