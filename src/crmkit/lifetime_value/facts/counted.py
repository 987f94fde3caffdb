"""Facts of many customers, counted: equal ones are one row.

Fitting asks the same of every customer with the same facts, so it asks once for each row. All that
runs over each customer or each row here is a loop within Python's own functions.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain
from operator import itemgetter
from types import MappingProxyType
from typing import Any, Protocol, Self, runtime_checkable

from attrs import field, frozen

from crmkit.errors import InvalidValue
from crmkit.identifiers import CustomerId
from crmkit.lifetime_value.facts.repeat import (
    MAX_AGE,
    MAX_CUSTOMERS,
    MAX_REPEAT_PURCHASES,
    RepeatPurchaseFacts,
    check_history,
    check_unit,
)
from crmkit.period import Unit

__all__ = ["Countable", "CountedFacts", "RepeatPurchaseColumns", "Row", "counted"]

Row = tuple[int, float, float]
"""Repeat purchases, age at the last one, and age of the customer (an age may be an int)."""


@runtime_checkable
class Counts(Protocol):
    """Whatever can count its customers itself: counted facts, columns, and summaries."""

    def counted(self) -> "CountedFacts":
        """Its customers as counted rows."""


Entry = RepeatPurchaseFacts | tuple[RepeatPurchaseFacts, int]
"""A customer, or the facts of several customers with their number."""

Countable = Counts | RepeatPurchaseFacts | Iterable[Entry] | Mapping[CustomerId, Entry]
"""Facts in any form that a model can be fitted to."""


def add_up(rows: Mapping[Any, int] | Iterable[tuple[Any, int]], shape: str) -> Mapping[Any, int]:
    """Rows with their counts, of pairs the equal ones added up; as a mapping that is read only."""
    if isinstance(rows, Mapping):
        return MappingProxyType(dict(rows))
    counts: dict[Any, int] = {}
    try:
        for row, count in rows:
            counts[row] = counts.get(row, 0) + count
    except (TypeError, ValueError):
        raise InvalidValue(shape) from None
    return MappingProxyType(counts)


def _rows(rows: Mapping[Any, int] | Iterable[tuple[Row, int]]) -> Mapping[Row, int]:
    return add_up(rows, _SHAPE)


_SHAPE = (
    "counted facts map rows (repeat_purchases, age_at_last_purchase, customer_age) to how many "
    "customers have them, a whole number above zero"
)
_TOO_MANY = f"counted customers are at most {MAX_CUSTOMERS:,} in all: check the counts"


def check_customers(counts: Collection[int], shape: str) -> None:
    """Refuse counts that are not whole numbers above zero, or more customers than there can be."""
    if {*map(type, counts)} - {int} or min(counts, default=1) < 1:
        raise InvalidValue(shape)
    if sum(counts) > MAX_CUSTOMERS:
        raise InvalidValue(_TOO_MANY)


@frozen
class CountedFacts:
    """How many customers have which facts: all that fitting a model needs.

    ``rows`` map (repeat purchases, age at the last one, customer age) to a number of customers.
    They can be handed in from outside, as a mapping or as pairs (of which equal rows add up), so a
    database can do the counting. Counted facts of parts of the base merge to those of the whole.

    :raises InvalidValue: if a row could not be the facts of a customer, or a count is not a whole
        number above zero, or there are more customers than people.

    >>> rows = {(0, 0, 38.86): 2, (2, 30.43, 38.86): 1}
    >>> CountedFacts(rows, Unit.WEEK).customers
    3
    """

    rows: Mapping[Row, int] = field(converter=_rows, hash=False, repr=False)
    unit: Unit | None = None
    whole_units: bool = False
    """Whether the ages were rounded down to whole units."""

    def __attrs_post_init__(self) -> None:
        check_unit(self.unit, whole_units=self.whole_units)
        check_customers(self.rows.values(), _SHAPE)
        if not _are_possible(self.rows, whole_units=self.whole_units):
            raise _why_not(self.rows, whole_units=self.whole_units)

    @classmethod
    def of(cls, facts: "Countable") -> "CountedFacts":
        """Count facts in any form, as :func:`counted` does."""
        return counted(facts)

    def counted(self) -> Self:
        """Themselves: they are counted already."""
        return self

    @property
    def customers(self) -> int:
        """How many customers are counted."""
        return sum(self.rows.values())

    def customers_by_repeats(self) -> Mapping[int, int]:
        """How many customers came back how often, the fewest repeats first."""
        counts: Counter[int] = Counter()
        for (repeats, _, _), count in self.rows.items():
            counts[repeats] += count
        return dict(sorted(counts.items()))

    def facts(self) -> Iterator[tuple[RepeatPurchaseFacts, int]]:
        """The facts of each row, with how many customers have them."""
        for row, count in self.rows.items():
            yield RepeatPurchaseFacts(*row, unit=self.unit, whole_units=self.whole_units), count

    def merge(self, other: "CountedFacts") -> "CountedFacts":
        """Count both parts of the base together.

        :raises InvalidValue: if their ages are in different units, or rounded in one part only.
        """
        _one_measure({_measure(self), _measure(other)})
        rows = Counter(self.rows)
        rows.update(other.rows)
        return CountedFacts(rows, self.unit, self.whole_units)


def _are_possible(rows: Mapping[Row, int], *, whole_units: bool) -> bool:
    """Whether every row could be the facts of a customer; the quick way, which gives no reason."""
    # After the first day comes the smallest age above 0, or 0 itself where ages were rounded down.
    least = 0.0 if whole_units else math.ulp(0.0)
    try:
        return (
            {*map(type, map(itemgetter(0), rows))} <= {int}
            and are_numbers(chain.from_iterable(rows))
            # A NaN is neither below nor above anything, so that it is not let through.
            and all(
                (0 < repeats <= MAX_REPEAT_PURCHASES and least <= at_last <= age <= MAX_AGE)
                or repeats == 0 == at_last <= age <= MAX_AGE
                for repeats, at_last, age in rows
            )
            and not (whole_units and any(map(_has_parts, rows)))
        )
    except (TypeError, ValueError, LookupError):
        return False


def are_numbers(values: Iterable[object]) -> bool:
    """Whether there are only whole numbers and floats, of whatever kind; a bool is none."""
    return all(kind is int or issubclass(kind, float) for kind in {*map(type, values)})


def _has_parts(row: Row) -> bool:
    _, at_last, age = row
    return at_last != int(at_last) or age != int(age)


def _why_not(rows: Iterable[Row], *, whole_units: bool) -> InvalidValue:
    """The reason why some row could not be the facts of a customer."""
    try:
        for repeats, at_last, age in rows:
            check_history(repeats, at_last, age, whole_units=whole_units)
    except InvalidValue as reason:
        return reason
    except (TypeError, ValueError):
        pass
    return InvalidValue(_SHAPE)


def _plain(column: Iterable[Any]) -> Any:
    """A column that can be read again; of an array the numbers as Python's own."""
    if hasattr(column, "tolist"):
        return column.tolist()
    try:
        return column if isinstance(column, list | tuple) else list(column)
    except TypeError:
        raise InvalidValue("a column is a list, an array, or can be made a list of") from None


@frozen(eq=False)
class RepeatPurchaseColumns:
    """The facts of many customers as equally long columns, out of a database or a data frame.

    Columns may be lists, iterables, or arrays that have a ``tolist``. Rows are checked when they
    are counted.

    >>> columns = RepeatPurchaseColumns([0, 2, 0], [0, 30.43, 0], [38.86] * 3, Unit.WEEK)
    >>> columns.counted().rows[0, 0, 38.86]
    2
    """

    repeat_purchases: Iterable[int] = field(converter=_plain, repr=False)
    ages_at_last_purchase: Iterable[float] = field(converter=_plain, repr=False)
    customer_ages: Iterable[float] = field(converter=_plain, repr=False)
    unit: Unit | None = None
    whole_units: bool = False

    def counted(self) -> CountedFacts:
        """Count equal rows.

        :raises InvalidValue: if the columns differ in length, or a row could not be the facts of a
            customer.
        """
        columns = self.repeat_purchases, self.ages_at_last_purchase, self.customer_ages
        return CountedFacts(count_rows(*columns), self.unit, self.whole_units)


def count_rows(*columns: Iterable[Any]) -> Counter[Any]:
    """How often each combination of values stands in equally long columns."""
    try:
        return Counter(zip(*columns, strict=True))
    except ValueError:
        raise InvalidValue("the columns differ in length: pass one value a customer") from None
    except TypeError:
        raise InvalidValue("a column holds what is no number") from None


def counted(facts: Countable) -> CountedFacts:
    """Count facts in any form: a summary, columns, facts one by one, or facts with their number.

    :raises InvalidValue: if their ages are in different units, or rounded for some customers only.

    >>> anna = RepeatPurchaseFacts(2, 30.43, 38.86, unit=Unit.WEEK)
    >>> counted([anna, anna]).rows
    mappingproxy({(2, 30.43, 38.86): 2})
    """
    if isinstance(facts, Counts):
        return facts.counted()
    rows: Counter[Row] = Counter()
    measures = set()
    for fact, count in entries(facts):
        rows[fact.repeat_purchases, fact.age_at_last_purchase, fact.customer_age] += count
        measures.add(_measure(fact))
    return CountedFacts(rows, *_one_measure(measures))


def entries(
    facts: RepeatPurchaseFacts | Iterable[Entry] | Mapping[CustomerId, Entry],
) -> Iterator[tuple[RepeatPurchaseFacts, int]]:
    """The facts of each customer, or of several with their number."""
    if isinstance(facts, RepeatPurchaseFacts):
        yield facts, 1
        return
    for entry in facts.values() if isinstance(facts, Mapping) else _each(facts):
        if isinstance(entry, RepeatPurchaseFacts):
            yield entry, 1
        else:
            yield _pair(entry)


_FORMS = (
    "facts come as what summarize_repeat_purchases gives, as RepeatPurchaseColumns or "
    "CountedFacts, or as RepeatPurchaseFacts one by one or paired with a number of customers"
)


def _each(facts: Iterable[Entry]) -> Iterator[Entry]:
    try:
        return iter(facts)
    except TypeError:
        raise InvalidValue(_FORMS) from None


def _pair(entry: Entry) -> tuple[RepeatPurchaseFacts, int]:
    match entry:
        case (RepeatPurchaseFacts() as fact, int() as count):
            return fact, count
    raise InvalidValue(_FORMS)


Measure = tuple[Unit | None, bool]


def _measure(facts: RepeatPurchaseFacts | CountedFacts) -> Measure:
    return facts.unit, facts.whole_units


def _one_measure(measures: set[Measure]) -> Measure:
    if len(measures) > 1:
        raise InvalidValue(
            "ages in different units of time, or rounded down to whole units for some customers "
            "only: summarize all purchases with one unit and one whole_units"
        )
    return measures.pop() if measures else (None, False)
