"""Values of any public class of crmkit, drawn field by field from its annotations.

The fields of one value belong together: its amounts are of one currency, its days of the same few
years. A room says in a table what its own classes need beyond that, and whoever asks for a value
may say it for single fields.
"""

import types
import typing
from collections import abc
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from functools import cache
from importlib import import_module
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import attrs

from crmkit.errors import CrmkitError, MissingExtra

try:
    from hypothesis import reject
    from hypothesis import strategies as st
except ImportError:
    raise MissingExtra("hypothesis", "testing") from None

__all__ = [
    "EVERYDAY",
    "Maker",
    "NotDrawable",
    "by_fields",
    "drawn_from",
    "values",
    "values_in",
    "with_fields",
]

T = TypeVar("T")
Strategy = st.SearchStrategy

Maker = Callable[[str], Strategy[Any]]
"""What makes the values of a class, given the currency of their amounts."""

EVERYDAY = ("EUR", "CNY", "JPY", "KWD", "CLF")
"""Currencies of no, two, three and four decimal digits."""

_FIRST, _LAST = date(2023, 1, 1), date(2027, 12, 31)


class NotDrawable(CrmkitError):
    """A class of which no value can be drawn from annotations alone.

    :param what: the class or annotation.
    """

    code = "not-drawable"

    def __init__(self, what: object) -> None:
        super().__init__(f"cannot draw {what!r} from its annotations: pass a strategy for it")
        self.what = what


# --- single values --------------------------------------------------------------------------------

_KEY = st.text("abcXYZ0189-_äÄ客", min_size=1, max_size=6)
_ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Asia/Shanghai"]
)
_INSTANTS = st.datetimes(
    datetime(_FIRST.year, 1, 1),  # noqa: DTZ001 - Hypothesis adds the zone
    datetime(_LAST.year, 12, 31),  # noqa: DTZ001
    timezones=st.just(timezone.utc) | _ZONES.map(ZoneInfo),  # noqa: UP017
)
_PLAIN: Mapping[Any, Strategy[Any]] = {
    type(None): st.none(),
    bool: st.booleans(),
    int: st.integers(0, 100),
    float: st.floats(0, 1, allow_subnormal=False),
    str: _KEY,
    Decimal: st.decimals(0, 1, places=3),
    Fraction: st.fractions(0, 1, max_denominator=20),
    date: st.dates(_FIRST, _LAST),
    datetime: _INSTANTS,
    time: st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    timedelta: st.integers(0, 24 * 60).map(lambda minutes: timedelta(minutes=minutes)),
    ZoneInfo: _ZONES.map(ZoneInfo),
    tzinfo: _ZONES.map(ZoneInfo),
    object: _KEY,
    Any: _KEY,
}
_MANY = (tuple, list, abc.Iterable, abc.Sequence, abc.Collection)
_SETS = (set, frozenset, abc.Set)
_MAPPINGS = (dict, abc.Mapping)


_WINDOWS = st.sampled_from(
    ["09:00-18:00", "09:00-12:30", "13:30-17:00", "22:00-06:00", "00:00-24:00", "18:30-20:00"]
)
# What the name of a field says that its annotation does not.
_NAMED: Mapping[tuple[Any, str], Strategy[Any]] = {
    (str, "zone"): _ZONES,
    (str | None, "zone"): st.none() | _ZONES,
    (str, "hours"): _WINDOWS,
    (str, "digest"): st.integers(0, 2**256 - 1).map(lambda number: f"{number:064x}"),
}


def _currency(currency: str | None) -> Strategy[str]:
    return st.sampled_from(EVERYDAY) if currency is None else st.just(currency)


def drawn_from(hint: Any, currency: str) -> Strategy[Any]:
    """Values of an annotation.

    :raises NotDrawable: if it is a function or another thing that only its owner can make.
    """
    if hint in _PLAIN:
        return _PLAIN[hint]
    if isinstance(hint, typing.NewType):
        return drawn_from(hint.__supertype__, currency)
    if isinstance(hint, TypeVar):
        return drawn_from(hint.__bound__ or str, currency)
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin is not None:
        return _composed(hint, origin, parts, currency)
    if isinstance(hint, type):
        return values_in(hint, currency)
    raise NotDrawable(hint)


def _composed(hint: Any, origin: Any, parts: tuple[Any, ...], currency: str) -> Strategy[Any]:
    if origin in (typing.Union, types.UnionType):
        nothing_first = sorted(parts, key=lambda part: part is not type(None))
        return st.one_of([drawn_from(part, currency) for part in nothing_first])
    if origin is typing.Literal:
        return st.sampled_from(parts)
    if origin is tuple and parts[-1:] != (...,):
        return st.tuples(*(drawn_from(part, currency) for part in parts))
    if origin in _MANY and parts[0] is str:
        return st.lists(_KEY, min_size=1, max_size=3, unique=True).map(tuple)
    if origin in _MANY:
        return st.lists(drawn_from(parts[0], currency), min_size=1, max_size=3).map(tuple)
    if origin in _SETS:
        return st.frozensets(drawn_from(parts[0], currency), min_size=1, max_size=3)
    if origin in _MAPPINGS:
        key, value = (drawn_from(part, currency) for part in parts)
        return st.dictionaries(key, value, min_size=1, max_size=3)
    if isinstance(origin, type) and attrs.has(origin):
        return values_in(origin, currency)
    raise NotDrawable(hint)


# --- values of classes ----------------------------------------------------------------------------

_TABLES: Mapping[str, str] = {
    room: f"crmkit.testing.drawing_{room}"
    for room in (
        *("complaints", "followups", "lifetime_value", "loyalty", "playbooks", "retention"),
        *("segmentation", "warehouse"),
    )
}


def _maker_of(cls: type) -> Maker | None:
    """What the room of a class says about it."""
    room = cls.__module__.split(".")[1] if cls.__module__.startswith("crmkit.") else ""
    table = import_module(_TABLES.get(room, "crmkit.testing.drawing_shared"))
    found: Maker | None = table.MAKERS.get(cls)
    return found


def values_in(cls: type[T], currency: str) -> Strategy[T]:
    """Values of a class whose amounts are of one currency."""
    key: Any = cls
    made: Strategy[T] = _values_in(key, currency)
    return made


@cache
def _values_in(cls: Any, currency: str) -> Strategy[Any]:
    maker = _maker_of(cls)
    if maker is not None:
        return st.deferred(lambda: maker(currency))
    if issubclass(cls, Enum):
        return st.sampled_from(cls)
    if attrs.has(cls):
        return st.deferred(lambda: by_fields(cls, currency))
    if issubclass(cls, dict) or (issubclass(cls, tuple) and hasattr(cls, "_fields")):
        return st.deferred(lambda: _by_items(cls, currency))
    raise NotDrawable(cls)


def _by_items(cls: Any, currency: str) -> Strategy[Any]:
    """Values of a named tuple, or dictionaries with the keys of a class."""
    hints = typing.get_type_hints(cls)
    items = {name: drawn_from(hint, currency) for name, hint in hints.items()}
    if issubclass(cls, tuple):
        return st.fixed_dictionaries(items).map(lambda given: cls(**given))
    return st.fixed_dictionaries({}, optional=items)


def by_fields(cls: type[T], currency: str, /, **fields: Strategy[Any]) -> Strategy[T]:
    """Values of a class, from the annotations of its fields but for those that are given."""
    hints = typing.get_type_hints(cls)
    terms: dict[str, Strategy[Any]] = {}
    left: dict[str, Strategy[Any]] = {}
    for each in attrs.fields(cls):  # type: ignore[arg-type]
        if not each.init:
            continue
        if each.alias in fields:
            terms[each.alias] = fields[each.alias]
            continue
        if (hints[each.name], each.name) == (str, "currency"):
            terms[each.alias] = st.just(currency)
            continue
        try:
            named = _NAMED.get((hints[each.name], each.name))
            terms[each.alias] = drawn_from(hints[each.name], currency) if named is None else named
        except NotDrawable:
            if each.default is attrs.NOTHING:
                raise
            continue
        if each.default is not attrs.NOTHING:
            left[each.alias] = terms.pop(each.alias)
    return st.fixed_dictionaries(terms, optional=left).map(lambda given: _made(cls, given))


def with_fields(cls: type[T], /, **fields: Strategy[Any] | Maker) -> Maker:
    """A maker of a class, of which some fields are drawn as told, given the currency or without."""

    def make(currency: str) -> Strategy[T]:
        told = {
            name: each if isinstance(each, Strategy) else each(currency)
            for name, each in fields.items()
        }
        return by_fields(cls, currency, **told)

    return make


def _made(cls: type[T], given: Mapping[str, Any]) -> T:
    """Make the value; one that contradicts itself in a common way is put right first."""
    for mend in (dict, _counted_from_one, _in_order, _both):
        try:
            return cls(**mend(given))
        except CrmkitError:
            continue
    reject()


def _counted_from_one(given: Mapping[str, Any]) -> dict[str, Any]:
    """No number is zero."""
    numbers = (int, float, Decimal, Fraction)
    return {
        name: type(value)(1) if type(value) in numbers and not value else value
        for name, value in given.items()
    }


def _in_order(given: Mapping[str, Any]) -> dict[str, Any]:
    """Days, instants and numbers rise, from field to field."""
    ordered = dict(given)
    for kind in (date, datetime, int, Decimal):
        names = [name for name, value in given.items() if type(value) is kind]
        ordered |= zip(names, sorted(given[name] for name in names), strict=True)
    return ordered


def _both(given: Mapping[str, Any]) -> dict[str, Any]:
    return _in_order(_counted_from_one(given))


def values(
    cls: type[T], currency: str | None = None, /, **fields: Strategy[Any] | Maker
) -> Strategy[T]:
    """Values of a public class, in one currency or in any.

    ``fields`` are strategies for single fields, by name; the others are then drawn one by one from
    their annotations. Values that contradict themselves are put right or left out.

    >>> from crmkit.contact import ContactCap
    >>> from hypothesis import find
    >>> caps = values(ContactCap, days=st.integers(7, 30), per=st.none())
    >>> find(caps, lambda cap: cap.most > 2).days
    7
    """
    if fields:
        return _currency(currency).flatmap(with_fields(cls, **fields))
    return _currency(currency).flatmap(lambda code: values_in(cls, code))
