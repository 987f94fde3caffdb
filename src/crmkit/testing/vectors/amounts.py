"""Amounts and points to the last unit, and what floats or a hasty ledger made of them."""

from datetime import date
from typing import Any

from crmkit.testing.vectors.vector import Vector

__all__ = ["ALLOCATION", "MULTIPLIED_POINTS", "POINTS", "ROUNDING"]

_HALVES = ("-0.015", "-0.011", "-0.005", "0.005", "0.011", "0.015", "0.025")
_RULES = {
    "half-even": ("-0.02", "-0.01", "0.00", "0.00", "0.01", "0.02", "0.02"),
    "half-up": ("-0.02", "-0.01", "-0.01", "0.01", "0.01", "0.02", "0.03"),
    "half-down": ("-0.01", "-0.01", "0.00", "0.00", "0.01", "0.01", "0.02"),
    "up": ("-0.02", "-0.02", "-0.01", "0.01", "0.02", "0.02", "0.03"),
    "down": ("-0.01", "-0.01", "0.00", "0.00", "0.01", "0.01", "0.02"),
    "ceiling": ("-0.01", "-0.01", "0.00", "0.01", "0.02", "0.02", "0.03"),
    "floor": ("-0.02", "-0.02", "-0.01", "0.00", "0.01", "0.01", "0.02"),
}

ROUNDING = tuple(
    Vector(
        name=f"{amount} by {rule}",
        asks="rounded",
        source="General Decimal Arithmetic Specification",
        inputs={"amount": amount, "currency": "EUR", "rounding": rule},
        expected=rounded,
    )
    for rule, results in _RULES.items()
    for amount, rounded in zip(_HALVES, results, strict=True)
)
"""Halves of a cent, below and above nothing, by every rule."""

ALLOCATION = tuple(
    Vector(
        name=f"{amount} {currency} by {', '.join(map(str, weights))}",
        asks="allocate",
        source="largest remainder, the earlier part first; wrong: each part rounded by itself",
        inputs={"amount": amount, "currency": currency, "weights": weights},
        expected=parts,
        wrong=wrong,
    )
    for amount, currency, weights, parts, wrong in (
        ("100.00", "EUR", (1, 1, 1), ("33.34", "33.33", "33.33"), (("33.33",) * 3,)),
        ("-100.00", "EUR", (1, 1, 1), ("-33.34", "-33.33", "-33.33"), (("-33.33",) * 3,)),
        ("0.05", "EUR", (3, 7), ("0.02", "0.03"), (("0.02", "0.04"), ("0.01", "0.03"))),
        ("0.01", "EUR", (1, 1), ("0.01", "0.00"), (("0.00", "0.00"), ("0.01", "0.01"))),
        ("100", "JPY", (1, 1, 1), ("34", "33", "33"), (("33", "33", "33"),)),
        ("1.000", "KWD", (1, 1, 1), ("0.334", "0.333", "0.333"), (("0.333",) * 3,)),
        ("10.00", "EUR", (0, 5, 0), ("0.00", "10.00", "0.00"), ()),
    )
)
"""Parts of an amount, which add up to it."""

MULTIPLIED_POINTS = tuple(
    Vector(
        name=f"{amount} at a point each, times {factor}",
        asks="points",
        source="exact product; wrong: the product of floats, rounded down",
        inputs={"amount": amount, "factor": factor},
        expected=points,
        wrong=wrong,
    )
    for amount, factor, points, wrong in (
        ("10.00", "1.1", 11, ()),
        ("30.00", "1.1", 33, ()),
        ("100.00", "2.3", 230, (229,)),
        ("100.00", "1.15", 115, (114,)),
    )
)
"""Points for an amount where a multiplier holds."""


def _points(name: str, expected: Any, *wrong: Any, as_of: str, **inputs: Any) -> Vector:
    return Vector(
        name=name,
        asks="lots",
        source="points programs in use" if wrong else "counted by hand",
        inputs={**inputs, "as_of": date.fromisoformat(as_of)},
        expected=expected,
        wrong=wrong,
    )


def _earned(points: int, on: str, through: str | None) -> tuple[str, int, date, date | None]:
    last = None if through is None else date.fromisoformat(through)
    return "earned", points, date.fromisoformat(on), last


def _spent(points: int, on: str) -> tuple[str, int, date, None]:
    return "spent", points, date.fromisoformat(on), None


POINTS = (
    _points(
        "what is left", (70,), as_of="2026-01-02",
        entries=(_earned(100, "2026-01-01", None), _spent(30, "2026-01-02")),
    ),
    _points(
        "what expires first is spent first, whenever it came", (100, 0), (0, 100),
        as_of="2026-01-03",
        entries=(
            _earned(100, "2026-01-01", "2026-06-27"),
            _earned(100, "2026-01-02", "2026-01-27"),
            _spent(100, "2026-01-03"),
        ),
    ),
    _points(
        "what never expires is spent last", (100, 0), (0, 100), as_of="2026-01-03",
        entries=(
            _earned(100, "2026-01-01", None),
            _earned(100, "2026-01-02", "2026-01-27"),
            _spent(100, "2026-01-03"),
        ),
    ),
    _points(
        "the later lot keeps the rest", (0, 30), as_of="2026-01-03",
        entries=(
            _earned(50, "2026-01-01", None),
            _earned(50, "2026-01-02", None),
            _spent(70, "2026-01-03"),
        ),
    ),
    _points(
        "what was spent before it expired is not taken again", (0, 40), (0, -20), (0, 0),
        as_of="2026-02-01",
        entries=(
            _earned(60, "2026-01-01", "2026-01-31"),
            _earned(40, "2026-01-02", None),
            _spent(60, "2026-01-03"),
        ),
    ),
    _points(
        "an expired lot is gone whether or not a job has run", (0, 40), (60, 40),
        as_of="2026-02-01",
        entries=(_earned(60, "2026-01-01", "2026-01-31"), _earned(40, "2026-01-02", None)),
    ),
)  # fmt: skip
"""What is left of each lot of points on a day, in the order they were earned."""
