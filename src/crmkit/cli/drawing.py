"""How pictures of a report are drawn: with matplotlib, inlined as SVG.

Colors are placeholders that the page fills in, so that a picture follows the colors of the page, in
daylight and at night.
"""

import re
import warnings
from collections.abc import Callable, Iterable
from io import StringIO
from typing import Any
from unicodedata import east_asian_width

import matplotlib
from attrs import frozen
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

__all__ = [
    "ACCENT",
    "DOWN",
    "INK",
    "LINE",
    "MUTED",
    "SECOND",
    "UP",
    "Paper",
    "drawn",
    "room",
]

# What a color is for, and the placeholder that stands for it in the drawing.
INK, MUTED, LINE, ACCENT, SECOND, UP, DOWN = (f"#0a0b{number:02x}" for number in range(1, 8))
_VARIABLES = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    LINE: "var(--line)",
    ACCENT: "var(--accent)",
    SECOND: "var(--second)",
    UP: "var(--up)",
    DOWN: "var(--down)",
}
_STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 12,
    "svg.fonttype": "none",  # Texts stay texts: to be read aloud, searched and copied.
    "svg.hashsalt": "crmkit",  # Equal figures give an equal file.
    "text.parse_math": False,  # A name with dollar signs is a name.
    "text.color": INK,
    "axes.edgecolor": LINE,
    "axes.labelcolor": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "grid.color": LINE,
    "grid.linewidth": 0.8,
}


@frozen(kw_only=True)
class Paper:
    """How large a picture is, and how much room its labels need around it, all in inches."""

    width: float = 6.2
    height: float
    left: float = 0.1
    right: float = 0.1
    top: float = 0.1
    bottom: float = 0.1

    @property
    def margins(self) -> dict[str, float]:
        """The same as matplotlib asks for it: as parts of the whole."""
        return {
            "left": self.left / self.width,
            "right": 1 - self.right / self.width,
            "bottom": self.bottom / self.height,
            "top": 1 - self.top / self.height,
        }


def drawn(paper: Paper, draw: Callable[[Any], None], panels: int = 1) -> str:
    """Draw on one pair of axes, or several below each other, and give an SVG element for a page."""
    text = StringIO()
    with matplotlib.rc_context(_STYLE), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # The font that measures lacks letters that a page has.
        figure = Figure(figsize=(paper.width, paper.height))
        figure.subplots_adjust(**paper.margins)
        FigureCanvasSVG(figure)
        draw(figure.subplots(panels, sharex=True))
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    return _inlined(text.getvalue())


def room(names: Iterable[str]) -> float:
    """How much room names take beside a picture."""
    return 0.2 + 0.095 * max(map(_letters, names))


def _letters(name: str) -> int:
    """How many letters wide a name is; one of a Chinese name is as wide as two others."""
    return sum(1 + (east_asian_width(letter) in "WF") for letter in name)


def _inlined(svg: str) -> str:
    """Leave out what only a file of its own needs, and let the page choose fonts and colors."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r' xmlns(:\w+)?="[^"]*"| version="1.1"', "", svg)
    svg = svg.replace("xlink:href", "href")
    svg = re.sub(r'<svg[^>]*viewBox="([^"]*)"[^>]*>', r'<svg viewBox="\1">', svg, count=1)
    svg = re.sub(r"'DejaVu Sans'[^;\"]*", "inherit", svg)
    for color, variable in _VARIABLES.items():
        svg = svg.replace(color, variable)
    return svg
