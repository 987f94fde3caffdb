"""How many complaints came from where, counted so that any two counts can be added up."""

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

from attrs import field, frozen

from crmkit.errors import InvalidValue
from crmkit.identifiers import check_identifier
from crmkit.period import Period, check_date

__all__ = [
    "MAX_COUNT",
    "MAX_EXPOSURE",
    "ComplaintCounts",
    "Counted",
    "CountedCase",
    "Dimension",
    "Exposure",
    "as_word",
    "summarize_complaints",
]

MAX_COUNT = 10**8
"""The largest number of cases that statistics are made of."""

MAX_EXPOSURE = 10**15
"""The largest number of customers, orders or units that cases are held against."""

ItemT = TypeVar("ItemT")
Table = Mapping[str, Mapping[str, ItemT]]


class Dimension(StrEnum):
    """What complaints are compared by; a host may bring further words of its own."""

    REGION = "region"
    PRODUCT = "product"
    UNIT = "unit"
    EMPLOYEE = "employee"
    CHANNEL = "channel"
    CAUSE = "cause"


def as_word(word: str) -> str:
    """A member of an enumeration as the plain word it stands for."""
    return str(word) if isinstance(word, str) else word


def _as_word_or_none(word: str | None) -> str | None:
    return None if word is None else as_word(word)


def _as_words(words: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType({as_word(name): as_word(value) for name, value in words.items()})


def _check_count(number: int, most: int, what: str) -> None:
    if type(number) is not int or not 0 <= number <= most:
        raise InvalidValue(f"{what} is a whole number from 0 to {most:,}")


@frozen(kw_only=True)
class CountedCase:
    """A complaint, or a praise, as statistics see it: a day, and what it was about.

    What is not known is None, and is then counted in the total alone. ``others`` holds dimensions
    of the host's own, such as ``{"store": "S-12"}``.

    :raises InvalidValue: if the day is no plain date, or a further dimension has the name of a
        field.
    :raises InvalidIdentifier: if a word could not serve as a key.
    """

    on: date
    region: str | None = field(default=None, converter=_as_word_or_none)
    product: str | None = field(default=None, converter=_as_word_or_none)
    unit: str | None = field(default=None, converter=_as_word_or_none)
    employee: str | None = field(default=None, converter=_as_word_or_none)
    channel: str | None = field(default=None, converter=_as_word_or_none)
    cause: str | None = field(default=None, converter=_as_word_or_none)
    praise: bool = False
    others: Mapping[str, str] = field(factory=dict, converter=_as_words, hash=False)

    def __attrs_post_init__(self) -> None:
        check_date(self.on, "on")
        if not self.others.keys().isdisjoint(Dimension):
            raise InvalidValue(f"{', '.join(Dimension)} have fields of their own: pass them there")
        for dimension, value in self.places():
            check_identifier(dimension, "a dimension")
            check_identifier(value, dimension)

    def places(self) -> tuple[tuple[str, str], ...]:
        """Each dimension in which something is known of the case, with what is known."""
        known = ((str(dimension), getattr(self, dimension)) for dimension in Dimension)
        return (
            *((name, value) for name, value in known if value is not None),
            *self.others.items(),
        )


@frozen
class Counted:
    """How many complaints there were, and how many praises."""

    complaints: int = 0
    praise: int = 0

    def __attrs_post_init__(self) -> None:
        _check_count(self.complaints, MAX_COUNT, "the number of complaints")
        _check_count(self.praise, MAX_COUNT, "the number of praises")

    def __add__(self, other: "Counted") -> "Counted":
        return Counted(self.complaints + other.complaints, self.praise + other.praise)


def _read_only(table: Table[ItemT]) -> Table[ItemT]:
    return MappingProxyType(
        {
            str(name): MappingProxyType(dict(sorted(values.items())))
            for name, values in sorted(table.items())
        }
    )


def _as_counts(table: Mapping[str, Mapping[str, Counted]]) -> Mapping[str, Mapping[str, Counted]]:
    return _read_only(table)


def _as_parts(table: Mapping[str, Mapping[str, int]]) -> Mapping[str, Mapping[str, int]]:
    return _read_only(table)


@frozen(kw_only=True)
class ComplaintCounts:
    """The complaints and praises of a period, in all and by each dimension.

    ``outside`` is the number of cases that lay outside the period and were not counted, so that
    every case is accounted for. What a dimension lacks towards the total is :meth:`unknown`.

    :raises InvalidValue: if a dimension counts more than the total.
    """

    period: Period
    total: Counted = Counted()
    by: Mapping[str, Mapping[str, Counted]] = field(factory=dict, converter=_as_counts, hash=False)
    outside: int = 0

    def __attrs_post_init__(self) -> None:
        _check_count(self.outside, MAX_COUNT, "the number of cases outside")
        for dimension in self.by:
            known = self._known(dimension)
            if known.complaints > self.total.complaints or known.praise > self.total.praise:
                raise InvalidValue("a case has one value in a dimension: more are counted than are")

    def of(self, dimension: str, value: str) -> Counted:
        """What was counted at one place; nothing at a place that did not occur."""
        return self.by.get(dimension, {}).get(value, Counted())

    def unknown(self, dimension: str) -> Counted:
        """The cases of which this dimension is not known."""
        known = self._known(dimension)
        return Counted(self.total.complaints - known.complaints, self.total.praise - known.praise)

    def _known(self, dimension: str) -> Counted:
        return sum(self.by.get(dimension, {}).values(), Counted())

    def merge(self, other: "ComplaintCounts") -> "ComplaintCounts":
        """Both counts as one, as if one pass had been made over the cases of both.

        :raises InvalidValue: if the periods differ.
        """
        if self.period != other.period:
            raise InvalidValue("counts of two periods stand side by side: merge those of one")
        return ComplaintCounts(
            period=self.period,
            total=self.total + other.total,
            by=_merged(self.by, other.by, Counted()),
            outside=self.outside + other.outside,
        )


def _merged(left: Table[ItemT], right: Table[ItemT], zero: ItemT) -> Table[ItemT]:
    merged = {name: dict(values) for name, values in left.items()}
    for name, values in right.items():
        row = merged.setdefault(name, {})
        for value, item in values.items():
            row[value] = row.get(value, zero) + item  # type: ignore[operator]
    return merged


def summarize_complaints(cases: Iterable[CountedCase], period: Period) -> ComplaintCounts:
    """Count the cases of a period; the order in which they come does not matter.

    >>> cases = [
    ...     CountedCase(on=date(2026, 5, 4), region="north", cause="late"),
    ...     CountedCase(on=date(2026, 5, 6), region="north", employee="E-7", praise=True),
    ...     CountedCase(on=date(2026, 6, 1), region="north"),
    ... ]
    >>> counts = summarize_complaints(cases, Period.month(2026, 5))
    >>> counts.of("region", "north"), counts.outside
    (Counted(complaints=1, praise=1), 1)
    """
    total, outside = [0, 0], 0
    by: dict[str, dict[str, list[int]]] = {}
    for case in cases:
        if case.on not in period:
            outside += 1
            continue
        total[case.praise] += 1
        for dimension, value in case.places():
            by.setdefault(dimension, {}).setdefault(value, [0, 0])[case.praise] += 1
    return ComplaintCounts(
        period=period,
        total=Counted(*total),
        by={
            name: {value: Counted(*pair) for value, pair in values.items()}
            for name, values in by.items()
        },
        outside=outside,
    )


@frozen(kw_only=True)
class Exposure:
    """How many could have complained, as the host knows it: customers, orders or units sold.

    ``by`` gives the part of each place. The parts of a dimension need not add up to the total: a
    customer may buy in two regions.

    :raises InvalidValue: if a number is not whole or below 0, or a part is larger than the total.

    >>> exposure = Exposure(of="customers", total=900, by={"region": {"north": 820, "south": 80}})
    >>> exposure.at("region", "south"), exposure.at("region", "west")
    (80, None)
    """

    of: str
    total: int
    by: Mapping[str, Mapping[str, int]] = field(factory=dict, converter=_as_parts, hash=False)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.of, "what an exposure counts")
        _check_count(self.total, MAX_EXPOSURE, "an exposure")
        for values in self.by.values():
            for part in values.values():
                _check_count(part, self.total, "a part of an exposure, at most the total,")

    def at(self, dimension: str, value: str) -> int | None:
        """The part of one place; None where the host gave none."""
        return self.by.get(dimension, {}).get(value)

    def merge(self, other: "Exposure") -> "Exposure":
        """Two exposures that have nobody in common, such as the orders of two databases.

        :raises InvalidValue: if they count different things.
        """
        if self.of != other.of:
            raise InvalidValue(f"one exposure counts {self.of}, the other {other.of}: add like")
        by = _merged(self.by, other.by, 0)
        return Exposure(of=self.of, total=self.total + other.total, by=by)
