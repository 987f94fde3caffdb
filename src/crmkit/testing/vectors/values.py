"""Published figures of what customers are worth, how they are ranked, and how sure a share is."""

from datetime import date

from crmkit.testing.vectors.vector import Vector

__all__ = ["ABC", "MARKOV_VALUE", "PURCHASE_SUMMARIES", "RETENTION_VALUE", "SHARES"]

_TERMS = {"margin": "100", "retention": "0.8", "discount": "0.1"}
_FIELD = "as introductions to lifetime value compute it"


def _retained(periods: int | None, expected: float) -> Vector:
    return Vector(
        name=f"paid at the end of {periods or 'all'} periods",
        asks="value",
        source=_FIELD,
        inputs={**_TERMS, "periods": periods},
        expected=expected,
        absolute=5e-7,
    )


RETENTION_VALUE = (
    _retained(1, 72.727273),
    _retained(2, 125.619835),
    _retained(3, 164.087153),
    _retained(5, 212.409734),
    _retained(None, 266.666667),
    Vector(
        name="with a first margin at once",
        asks="value_with_first_margin",
        source=_FIELD,
        inputs=_TERMS,
        expected=366.666667,
        absolute=5e-7,
    ),
    Vector(
        name="margin multiple at 90 % retention",
        asks="multiple",
        source="Gupta and Lehmann (2003)",
        inputs={"margin": "100", "retention": "0.9", "discount": "0.1"},
        expected=4.5,
    ),
)
"""What a customer is worth who stays with a fixed probability. Discount and retention a period."""

_CATALOGUE = {
    "margin": "40",
    "contact_cost": "4",
    "discount": "0.2",
    "purchase_probabilities": ("0.3", "0.2", "0.15", "0.05"),
}
_MARKOV = "Pfeifer and Carraway (2000)"

MARKOV_VALUE = (
    Vector(
        name="a catalogue over four periods",
        asks="value",
        source=_MARKOV,
        inputs={**_CATALOGUE, "periods": 4},
        expected=50.114969,
        absolute=5e-7,
    ),
    Vector(
        name="a catalogue for ever",
        asks="value",
        source=_MARKOV,
        inputs={**_CATALOGUE, "periods": None},
        expected=52.319609,
        absolute=5e-7,
    ),
)
"""What a customer is worth whose probability to buy depends on how long ago the last time was."""

_END = date(2015, 2, 7)


def _january(*days: int) -> tuple[date, ...]:
    return tuple(date(2015, 1, day) for day in days)


_HISTORIES = (
    ("a long pause", (*_january(1), date(2015, 2, 6)), (1, 2), (1, 36, 37, 2.0)),
    ("one purchase", _january(1), (2,), (0, 0, 37, 0.0)),
    ("three in a week", _january(1, 2, 5), (3, 1, 5), (2, 4, 37, 3.0)),
    (
        "three in a month",
        (*_january(16), date(2015, 2, 2), date(2015, 2, 5)),
        (6, 3, 3),
        (2, 20, 22, 3.0),
    ),
    ("three in three days", _january(16, 17, 18), (3, 1, 8), (2, 2, 22, 4.5)),
    ("a new customer", (date(2015, 2, 2),), (5,), (0, 0, 5, 0.0)),
    ("three on one day", _january(1, 1, 1), (1, 1, 1), (0, 0, 37, 0.0)),
)

PURCHASE_SUMMARIES = tuple(
    Vector(
        name=name,
        asks="summary",
        source="lifetimes and BTYD: purchases of one day count once, the first day is no repeat",
        inputs={"days": days, "spend": spend, "until": _END},
        expected=expected,
    )
    for name, days, spend, expected in _HISTORIES
)
"""Repeat purchases, age at the last one, age of the customer, all in days, and mean of repeats."""

_TEN = (500, 200, 100, 80, 50, 30, 20, 10, 6, 4)
_CUTS = "both conventions are in use, cuts at 80 % and 95 %"

ABC = (
    Vector(
        name="the share before is below the cut",
        asks="share-before-is-below-the-cut",
        source=_CUTS,
        inputs={"values": _TEN, "cuts": ("0.80", "0.95")},
        expected="AAABBBCCCC",
    ),
    Vector(
        name="the share including is at most the cut",
        asks="share-including-is-at-most-the-cut",
        source=_CUTS,
        inputs={"values": _TEN, "cuts": ("0.80", "0.95")},
        expected="AAABBCCCCC",
    ),
)
"""Classes of ten customers by their share of the whole."""


def _wilson(count: int, total: int, low: float, high: float, absolute: float) -> Vector:
    return Vector(
        name=f"{count} of {total}",
        asks="wilson",
        source="Newcombe (1998), table I" if absolute > 1e-6 else "Wilson (1927)",
        inputs={"count": count, "total": total, "confidence": 0.95},
        expected=(low, high),
        absolute=absolute,
    )


SHARES = (
    _wilson(8, 10, 0.4901625, 0.9433178, 5e-8),
    _wilson(81, 263, 0.2553, 0.3662, 5e-5),
    _wilson(15, 148, 0.0624, 0.1605, 5e-5),
    _wilson(0, 20, 0.0, 0.1611, 5e-5),
    _wilson(1, 29, 0.0061, 0.1718, 5e-5),
)
"""Between which bounds a share lies with 95 % confidence, given how many were counted."""
