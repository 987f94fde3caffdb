"""Calendars of a plan, drawn with matplotlib and inlined as SVG."""

from calendar import Calendar, day_abbr
from collections.abc import Mapping
from datetime import date
from typing import Any

from matplotlib.patches import Rectangle

from crmkit.cli.drawing import ACCENT, INK, LINE, MUTED, Paper, drawn
from crmkit.period import Period, Unit

__all__ = ["calendar_of"]

_STRONGEST = 0.6
"""How much of the color the fullest day has: what is written on it stays readable."""

_LONG = 45
"""A plan for more days than that is drawn as weeks from left to right."""


def calendar_of(loads: Mapping[date, int], period: Period, most: int, a_day: int) -> str:
    """How many follow-ups there are on each day.

    ``most`` is what the strongest color stands for, so that the pictures of several owners can be
    held against each other. A day on which there is no more room has a strong frame.
    """
    if period.days > _LONG:
        return _weeks(loads, period, most, a_day)
    return _months(loads, period, most, a_day)


def _months(loads: Mapping[date, int], period: Period, most: int, a_day: int) -> str:
    """A month as on a wall calendar: weeks from top to bottom."""
    first = period.start
    weeks = Calendar().monthdatescalendar(first.year, first.month)

    def draw(axes: Any) -> None:
        for row, week in enumerate(weeks):
            for column, day in enumerate(week):
                if day in period:
                    _day(axes, column, row, loads.get(day, 0), most, a_day)
                    # On a strong color, what is muted could not be read.
                    color = INK if loads.get(day) else MUTED
                    axes.text(
                        column + 0.06, row + 0.08, str(day.day), fontsize=9, color=color, va="top"
                    )
                    if loads.get(day):
                        axes.text(
                            column + 0.5, row + 0.58, f"{loads[day]:,}", ha="center", va="center"
                        )
        axes.set_xticks([column + 0.5 for column in range(7)], list(day_abbr))
        axes.xaxis.tick_top()
        axes.set_yticks([])
        axes.set_xlim(0, 7)
        axes.set_ylim(len(weeks), 0)
        _without_frame(axes)

    return drawn(Paper(width=8.4, height=0.5 + 0.72 * len(weeks), top=0.35), draw)


def _weeks(loads: Mapping[date, int], period: Period, most: int, a_day: int) -> str:
    """Weeks from left to right, Monday at the top: a year at a glance."""
    monday = period.start.toordinal() - period.start.weekday()
    weeks = (period.last.toordinal() - monday) // 7 + 1

    def draw(axes: Any) -> None:
        for ordinal in range(period.start.toordinal(), period.end.toordinal()):
            column, row = divmod(ordinal - monday, 7)
            _day(axes, column, row, loads.get(date.fromordinal(ordinal), 0), most, a_day)
        months = list(period.split(Unit.MONTH))
        starts = [(each.start.toordinal() - monday) / 7 for each in months]
        axes.set_xticks(starts, [f"{each.start:%b}" for each in months], ha="left", fontsize=10)
        axes.set_yticks([row + 0.5 for row in range(7)], list(day_abbr), fontsize=9)
        axes.set_xlim(0, weeks)
        axes.set_ylim(7, 0)
        axes.set_aspect("equal")
        _without_frame(axes)

    width = 11.0
    height = 0.5 + 7 * (width - 0.7) / max(weeks, 26)
    return drawn(Paper(width=width, height=height, left=0.6, bottom=0.35), draw)


def _day(axes: Any, column: int, row: int, load: int, most: int, a_day: int) -> None:
    strength = _STRONGEST * load / most if most else 0
    is_full = load >= a_day
    axes.add_patch(
        Rectangle(
            (column + 0.03, row + 0.03),
            *(0.94, 0.94),
            facecolor=(ACCENT, strength),
            edgecolor=ACCENT if is_full else LINE,
            linewidth=2 if is_full else 1,
        )
    )


def _without_frame(axes: Any) -> None:
    for spine in axes.spines.values():
        spine.set_visible(False)
