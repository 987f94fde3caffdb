"""Sets of names, however a host writes them."""

from collections.abc import Iterable

from crmkit.errors import InvalidValue

__all__ = ["as_name_set"]


def as_name_set(names: Iterable[str]) -> frozenset[str]:
    """The names as a set that cannot change; a single text is not taken for its letters.

    :raises InvalidValue: if it is one text, or no collection at all.
    """
    if isinstance(names, str):
        raise InvalidValue(f"names are a set of texts: write {{{names!r}}}, not {names!r}")
    try:
        return frozenset(names)
    except TypeError:
        raise InvalidValue("names are a set of texts, such as {'ombudsman-leaflet'}") from None
