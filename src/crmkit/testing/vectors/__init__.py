"""Published numbers and known failures as data, to hold a program to, crmkit's or one's own.

Each group is a tuple of :class:`Vector`: a question, its answer, how near the answer is meant, and
where it comes from. The models of lifetime value have theirs from the literature; calendars, money
and points have cases that programs in use got wrong, with the wrong answers beside the right one.

>>> from crmkit.period import Unit, add_units
>>> for vector in MONTH_ENDS:
...     since, count, unit = vector.inputs["since"], vector.inputs["count"], vector.inputs["unit"]
...     assert vector.agrees(add_units(since, count, Unit(unit))), vector.name
>>> print(MONTH_ENDS[1].expected, "and not", MONTH_ENDS[1].wrong[0])
2026-03-31 and not 2026-03-28
"""

from crmkit.testing.vectors.amounts import ALLOCATION, MULTIPLIED_POINTS, POINTS, ROUNDING
from crmkit.testing.vectors.models import (
    BG_BB,
    BG_NBD,
    GAMMA_GAMMA,
    MBG_NBD,
    PARETO_NBD,
    SHIFTED_BETA_GEOMETRIC,
)
from crmkit.testing.vectors.times import BUSINESS_TIME, DST, MONTH_ENDS, WALL_TIMES
from crmkit.testing.vectors.values import (
    ABC,
    MARKOV_VALUE,
    PURCHASE_SUMMARIES,
    RETENTION_VALUE,
    SHARES,
)
from crmkit.testing.vectors.vector import Vector

__all__ = [
    "ABC",
    "ALLOCATION",
    "BG_BB",
    "BG_NBD",
    "BUSINESS_TIME",
    "DST",
    "GAMMA_GAMMA",
    "MARKOV_VALUE",
    "MBG_NBD",
    "MONTH_ENDS",
    "MULTIPLIED_POINTS",
    "PARETO_NBD",
    "POINTS",
    "PURCHASE_SUMMARIES",
    "RETENTION_VALUE",
    "ROUNDING",
    "SHARES",
    "SHIFTED_BETA_GEOMETRIC",
    "WALL_TIMES",
    "Vector",
]
