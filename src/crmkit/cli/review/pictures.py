"""The pictures of a review, drawn with matplotlib and inlined as SVG.

Nothing here decides anything: it puts figures on paper.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate, groupby
from typing import Any

from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from crmkit.cli.drawing import ACCENT, DOWN, INK, LINE, MUTED, SECOND, UP, Paper, drawn, room
from crmkit.cli.review.figures import Group
from crmkit.cli.review.words import count, percent
from crmkit.lifetime_value import FrequencyFit, Tracking
from crmkit.segmentation import Histogram, ParetoReport
from crmkit.tiering import MigrationMatrix, Tier

__all__ = [
    "alive",
    "concentration",
    "frequency",
    "grid",
    "migrations",
    "sizes",
    "tracked",
]

_POINTS = 200
"""So many points of a curve are drawn; more cannot be seen."""

_FEW_PLACES = 6
"""A matrix of more tiers takes the whole width of the page."""

_EXPECTED: Any = {"color": SECOND, "linewidth": 2.2, "dashes": (4, 2)}
"""How a line is drawn that was expected and not observed."""

_COLUMNS = 60
"""So many steps of days are told apart; equal ones beside each other are one band."""

_STRONGEST = 0.6
"""How much of the color the fullest cell has: what is written on it stays readable."""


# --- the pictures ---------------------------------------------------------------------------------


def concentration(revenue: Histogram, pareto: ParetoReport) -> str:
    """How much of the revenue the best so many percent of customers bring."""
    heads, value = _curve(revenue)

    def draw(axes: Any) -> None:
        axes.plot([0, 100], [0, 100], color=LINE, linewidth=1.2)
        axes.fill_between(heads, value, heads, color=ACCENT, alpha=0.12, linewidth=0)
        axes.plot(heads, value, color=ACCENT, linewidth=2.4)
        at = float(pareto.share_of_customers) * 100, float(pareto.share_of_value) * 100
        axes.plot([at[0], at[0], 0], [0, at[1], at[1]], color=MUTED, linewidth=1, dashes=(3, 3))
        axes.plot(*at, "o", color=ACCENT, markersize=7)
        axes.annotate(
            f"{percent(pareto.share_of_customers)} of customers\nbring "
            f"{percent(pareto.share_of_value)}",
            at,
            xytext=(14, -8),
            textcoords="offset points",
            va="top",
        )
        _percent_axes(axes, "customers, the best first", "revenue")

    return drawn(Paper(height=4.6, left=0.8, bottom=0.6, right=0.25), draw)


def _curve(revenue: Histogram) -> tuple[list[float], list[float]]:
    """The concentration curve in percent, as far as it can be seen.

    ``concentration_curve`` gives it exactly, point for point; that takes longer than the drawing.
    """
    brought = [(value, heads) for value, heads in revenue.descending() if value > 0]
    heads_so_far = list(accumulate((heads for _, heads in brought), initial=0))
    value_so_far = list(accumulate((value * heads for value, heads in brought), initial=0))
    last = len(brought)
    drawn = dict.fromkeys(last * point // _POINTS for point in range(_POINTS + 1))
    customers, total = revenue.customers, value_so_far[-1] or 1
    return (
        [*(100 * heads_so_far[at] / customers for at in drawn), 100.0],
        [*(100 * value_so_far[at] / total for at in drawn), 100.0],
    )


def grid(
    counts: Mapping[tuple[int, int], int], bins: int, names: Mapping[tuple[int, int], str]
) -> str:
    """How many customers have each recency score (across) and frequency score (upwards)."""
    most = max(counts.values())
    scores = range(1, bins + 1)

    def draw(axes: Any) -> None:
        for column, recency in enumerate(scores):
            for row, frequency in enumerate(scores):
                here = counts.get((recency, frequency), 0)
                _cell(axes, column, row, ACCENT, here / most)
                name = names.get((recency, frequency), "")
                _label(axes, column, row, count(here) if here else "", name)
        _matrix_axes(axes, bins)
        axes.set_xticks(range(bins), scores)
        axes.set_yticks(range(bins), scores)
        axes.set_xlabel("recency score (the last purchase: long ago to just now)")
        axes.set_ylabel("frequency score (purchases: few to many)")

    return drawn(Paper(height=5.0, left=0.6, bottom=0.6), draw)


def sizes(groups: Sequence[Group]) -> str:
    """Each group's share of the customers beside its share of the revenue."""
    names = [group.name for group in groups]
    heads = [float(group.share_of_customers) * 100 for group in groups]
    value = [float(group.share_of_revenue) * 100 for group in groups]

    def draw(axes: Any) -> None:
        places = range(len(groups))
        axes.barh([y - 0.19 for y in places], heads, height=0.34, color=SECOND)
        axes.barh([y + 0.19 for y in places], value, height=0.34, color=ACCENT)
        for y, group in enumerate(groups):
            for offset, width, part in (
                (-0.19, heads[y], group.share_of_customers),
                (0.19, value[y], group.share_of_revenue),
            ):
                axes.annotate(
                    percent(part),
                    (max(width, 0), y + offset),
                    xytext=(5, 0),
                    textcoords="offset points",
                    va="center",
                    fontsize=10.5,
                )
        axes.set_yticks(places, names, color=INK)
        axes.set_ylim(len(groups) - 0.5, -0.5)
        axes.set_xlim(min(0, *value), max(*heads, *value) * 1.14)
        axes.set_xticks([])
        axes.spines["bottom"].set_visible(False)

    return drawn(Paper(height=0.2 + 0.47 * len(groups), left=room(names)), draw)


def migrations(matrix: MigrationMatrix) -> str:
    """From which tier (at the side) to which (at the top) customers have moved."""
    places: list[Tier | None] = list(matrix.tiers)
    if matrix.were_in(None) or matrix.are_in(None):
        places.append(None)
    names = [tier.name if tier is not None else "none" for tier in places]
    most = max(
        (way.customers for way in matrix.migrations if way.from_tier != way.to_tier), default=1
    )
    is_wide = len(places) > _FEW_PLACES

    def draw(axes: Any) -> None:
        for row, before in enumerate(places):
            for column, after in enumerate(places):
                here = matrix.count(before, after)
                color = MUTED if row == column else UP if column < row else DOWN
                part = 0.3 if row == column else here / most
                _cell(axes, column, row, color, part if here else 0)
                _label(axes, column, row, count(here) if here else "", "")
        _matrix_axes(axes, len(places))
        slant = {"rotation": 35, "ha": "left"} if is_wide else {}
        axes.xaxis.tick_top()
        axes.set_xticks(range(len(places)), names, **slant)
        axes.set_yticks(range(len(places)), names)
        axes.invert_yaxis()

    paper = Paper(
        width=12.8 if is_wide else 6.2,
        height=0.5 + 0.42 * len(places) + (room(names) * 0.6 if is_wide else 0),
        left=room(names),
        top=room(names) * 0.6 + 0.1 if is_wide else 0.4,
        right=0.9 if is_wide else 0.1,
    )
    return drawn(paper, draw)


def tracked(track: Tracking) -> str:
    """Repeat purchases as time goes by, expected and actual: all so far, and in each week."""
    days: Any = [row.period.last for row in track.rows]
    step = "week" if track.rows[0].period.days == 7 else "month"

    def draw(panels: Any) -> None:
        so_far, each = panels
        so_far.plot(days, [row.actual_so_far for row in track.rows], color=ACCENT, linewidth=2.4)
        so_far.plot(days, [row.expected_so_far for row in track.rows], **_EXPECTED)
        each.plot(days, [row.actual for row in track.rows], color=ACCENT, linewidth=1.4)
        each.plot(days, [row.expected for row in track.rows], **_EXPECTED)
        so_far.set_title("all so far", loc="left", fontsize=11, color=MUTED)
        each.set_title(f"in each {step}", loc="left", fontsize=11, color=MUTED)
        for axes in panels:
            _count_axis(axes)
            axes.set_ylabel("repeat purchases")
        locator = AutoDateLocator(minticks=3, maxticks=7)  # type: ignore[no-untyped-call]
        each.xaxis.set_major_locator(locator)
        names = ConciseDateFormatter(locator, show_offset=False)  # type: ignore[no-untyped-call]
        each.xaxis.set_major_formatter(names)
        each.set_xlim(days[0], days[-1])

    return drawn(Paper(width=12.8, height=5.4, left=0.95, bottom=0.4, top=0.35), draw, panels=2)


def frequency(fit: FrequencyFit) -> str:
    """How many customers came back so and so often, beside how many should have."""
    names = [f"{row.repeat_purchases}{'+' if row.or_more else ''}" for row in fit.rows]

    def draw(axes: Any) -> None:
        places = range(len(fit.rows))
        actual = [row.actual for row in fit.rows]
        axes.bar([x - 0.21 for x in places], actual, width=0.38, color=ACCENT)
        expected = [row.expected for row in fit.rows]
        axes.bar([x + 0.21 for x in places], expected, width=0.38, color=SECOND)
        _count_axis(axes)
        axes.set_xticks(places, names)
        axes.set_xlabel("repeat purchases of a customer")
        axes.set_ylabel("customers")

    return drawn(Paper(height=4.2, left=0.95, bottom=0.6), draw)


def alive(probability: Callable[[int, int], float], days: int, most: int) -> str:
    """How likely a customer is still there, by days since the last purchase and repeat purchases.

    ``probability`` gives it for days and repeats; the picture goes to so many of each.
    """
    step = days / _COLUMNS

    def draw(axes: Any) -> None:
        for repeats in range(most + 1):
            middles = [int((column + 0.5) * step) for column in range(_COLUMNS)]
            tenths = [min(int(probability(day, repeats) * 10), 9) for day in middles]
            start = 0
            for tenth, run in groupby(tenths):
                width = len(list(run))
                _band(axes, start * step, repeats, width * step, tenth)
                start += width
        axes.set_xlim(0, days)
        axes.set_ylim(-0.5, most + 0.5)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=7, integer=True))
        axes.yaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))
        axes.xaxis.set_major_formatter(_grouped)
        axes.set_xlabel("days since the last purchase")
        axes.set_ylabel("repeat purchases so far")
        _key(axes)

    return drawn(Paper(height=4.2, left=0.75, bottom=0.6, right=0.95), draw)


# --- on the axes ----------------------------------------------------------------------------------


def _percent_axes(axes: Any, across: str, upwards: str) -> None:
    ticks = range(0, 101, 20)
    axes.set_xticks(ticks, [f"{tick} %" for tick in ticks])
    axes.set_yticks(ticks, [f"{tick} %" for tick in ticks])
    axes.set_xlim(0, 100.5)
    axes.set_ylim(0, 101)
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    axes.set_xlabel(across)
    axes.set_ylabel(upwards)


def _grouped(number: float, _place: int = 0) -> str:
    return count(round(number))


def _count_axis(axes: Any) -> None:
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axes.yaxis.set_major_formatter(_grouped)
    axes.grid(axis="y")
    axes.set_axisbelow(True)


def _band(axes: Any, left: float, row: int, width: float, tenth: int) -> None:
    axes.add_patch(
        Rectangle(
            (left, row - 0.5),
            width,
            1,
            facecolor=ACCENT,
            alpha=_strength(tenth),
            linewidth=0,
            antialiased=False,
        )
    )


def _strength(tenth: int) -> float:
    return 0.03 + 0.092 * tenth


def _key(axes: Any) -> None:
    """What each strength of the color means, at the right of the picture."""
    for tenth in range(10):
        axes.add_patch(
            Rectangle(
                (1.04, tenth / 10),
                0.04,
                0.1,
                facecolor=ACCENT,
                alpha=_strength(tenth),
                linewidth=0,
                antialiased=False,
                transform=axes.transAxes,
                clip_on=False,
            )
        )
    for part in range(0, 101, 20):
        axes.text(
            1.095,
            part / 100,
            f"{part} %",
            transform=axes.transAxes,
            va="center",
            fontsize=10.5,
            color=MUTED,
        )


def _cell(axes: Any, column: int, row: int, color: str, part: float) -> None:
    axes.add_patch(
        Rectangle(
            (column - 0.47, row - 0.47),
            0.94,
            0.94,
            facecolor=color if part else LINE,
            alpha=max(part, 0.05) * _STRONGEST if part else 0.35,
            linewidth=0,
        )
    )


def _label(axes: Any, column: int, row: int, number: str, name: str) -> None:
    shift = 0.16 if name else 0
    axes.text(column, row + shift, number, ha="center", va="center")
    if name:
        axes.text(column, row - 0.2, name, ha="center", va="center", fontsize=9)


def _matrix_axes(axes: Any, size: int) -> None:
    axes.set_xlim(-0.5, size - 0.5)
    axes.set_ylim(-0.5, size - 0.5)
    for spine in axes.spines.values():
        spine.set_visible(False)
