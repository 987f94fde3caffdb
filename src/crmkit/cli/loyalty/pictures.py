"""The pictures of a replayed program, drawn with matplotlib and inlined as SVG.

Nothing here decides anything: it puts figures on paper.
"""

from collections.abc import Sequence
from typing import Any

from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.ticker import FuncFormatter, MaxNLocator

from crmkit.cli.drawing import ACCENT, DOWN, LINE, MUTED, SECOND, UP, Paper, drawn, room
from crmkit.loyalty import PointsByMonth, PointsCohort
from crmkit.tiering import MigrationMatrix, Tier

__all__ = ["points_by_age", "tier_flow"]

_WIDTH = 0.12
"""How wide the bar of a tier is, where the way from one day to the next is 1."""

_GAP = 0.03
"""How far apart two tiers of a day stand, where all members are 1."""

_FATES = (
    ("open", ACCENT, 1.0),
    ("redeemed", SECOND, 0.9),
    ("expired", DOWN, 0.45),
    ("taken back", MUTED, 0.45),
)


def points_by_age(points: PointsByMonth) -> str:
    """What became of the points of each month: open, redeemed, expired, or taken back."""
    months = list(points.months)
    rows = [_fates(cohort) for cohort in points.months.values()]

    def draw(axes: Any) -> None:
        below = [0] * len(months)
        for (name, color, alpha), heights in zip(_FATES, zip(*rows, strict=True), strict=True):
            if any(heights):
                axes.bar(
                    range(len(months)), heights, 0.82, below, color=color, alpha=alpha, label=name
                )
            below = [low + height for low, height in zip(below, heights, strict=True)]
        step = -(-len(months) // 12)
        axes.set_xticks(
            range(0, len(months), step), [f"{month:%b}\n{month:%Y}" for month in months[::step]]
        )
        axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        axes.yaxis.grid(visible=True)
        axes.set_axisbelow(True)
        axes.spines["left"].set_visible(False)
        axes.set_ylabel("points earned in the month")
        axes.legend(
            frameon=False, ncols=4, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2
        )

    return drawn(Paper(width=8.4, height=3.6, left=1.0, bottom=0.6, top=0.45), draw)


def _fates(cohort: PointsCohort) -> tuple[int, int, int, int]:
    return cohort.open, cohort.redeemed, cohort.expired, cohort.withdrawn


def tier_flow(matrices: Sequence[MigrationMatrix], ladder: Sequence[Tier]) -> str:
    """How members went from tier to tier between days: bands as wide as there are members.

    Bands that rise are drawn in the color of a rise, those that fall in that of a fall.
    """
    places = [*sorted(ladder, reverse=True), None]
    names = [_name(place) for place in places]

    def draw(axes: Any) -> None:
        for column, matrix in enumerate(matrices):
            _bands(axes, column, matrix, places)
        days = [matrices[0].from_on, *(matrix.to_on for matrix in matrices)]
        for column in range(len(days)):
            held = _held(matrices, column, places)
            _bar(axes, column, held, names if column == len(days) - 1 else None)
        axes.set_xticks(range(len(days)), [f"{day}" for day in days])
        axes.set_yticks([])
        axes.set_xlim(-_WIDTH, len(days) - 1 + _WIDTH)
        for spine in axes.spines.values():
            spine.set_visible(False)

    return drawn(
        Paper(
            width=8.4, height=3.8, right=room([f"{n} 00,000" for n in names]), bottom=0.4, left=0.4
        ),
        draw,
    )


def _name(place: Tier | None) -> str:
    return "not a member" if place is None else place.name


def _held(
    matrices: Sequence[MigrationMatrix], column: int, places: Sequence[Tier | None]
) -> list[int]:
    """How many members each place had on the day of a column, the highest first."""
    if column == 0:
        return [matrices[0].were_in(place) for place in places]
    return [matrices[column - 1].are_in(place) for place in places]


def _tops(held: Sequence[int], customers: int) -> list[float]:
    """Where the bar of each place begins, from 1 downwards."""
    tops, at = [], 1.0
    for members in held:
        tops.append(at)
        at -= members / customers + (_GAP if members else 0)
    return tops


def _bar(axes: Any, column: int, held: Sequence[int], names: Sequence[str] | None) -> None:
    customers = sum(held)
    for number, (top, members) in enumerate(zip(_tops(held, customers), held, strict=True)):
        if not members:
            continue
        height = members / customers
        color = LINE if number == len(held) - 1 else ACCENT
        axes.bar(column, height, _WIDTH, top - height, color=color)
        if names is not None:
            axes.text(
                column + _WIDTH, top - height / 2, f"{names[number]} {members:,}", va="center"
            )


def _bands(axes: Any, column: int, matrix: MigrationMatrix, places: Sequence[Tier | None]) -> None:
    customers = matrix.customers
    left = _tops([matrix.were_in(place) for place in places], customers)
    right = _tops([matrix.are_in(place) for place in places], customers)
    for row, here in enumerate(places):
        for other, there in enumerate(places):
            height = matrix.count(here, there) / customers
            if height:
                color = MUTED if row == other or here is None else UP if other < row else DOWN
                _band(axes, column, left[row], right[other], height, color)
                left[row] -= height
                right[other] -= height


def _band(axes: Any, column: int, left: float, right: float, height: float, color: str) -> None:
    begin, end = column + _WIDTH / 2, column + 1 - _WIDTH / 2
    middle = (begin + end) / 2
    path = Path(
        [
            (begin, left),
            *((middle, left), (middle, right), (end, right)),
            (end, right - height),
            *((middle, right - height), (middle, left - height), (begin, left - height)),
            (begin, left),
        ],
        [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY],
    )
    axes.add_patch(PathPatch(path, facecolor=color, alpha=0.35, linewidth=0))
