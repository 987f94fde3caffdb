"""Finding documents that hold a text, page by page, without reading what does not.

A document is held against the text first, and becomes a record only where it stands in it. Each
page is read in a unit of work of its own, so that memory is bounded by a page and no transaction
stands open for long.
"""

import json
import re
from collections.abc import Callable, Iterator, Set
from typing import Any, cast

from attrs import evolve

from crmkit.serialization import DocumentConverter
from crmkit.storage import Collection, Store, Stream, StreamLog

__all__ = ["Matcher", "holds_quoted", "records_with", "streams_with"]

_PAGE = 500
_KEYS = 100
_FEW = 8
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')

Matcher = Callable[[str], bool]


class _AsTheyAre:
    """Leaves documents as they are."""

    def loads(self, document: str, _: object = None) -> str:
        return document


_RAW = cast("DocumentConverter", _AsTheyAre())


def holds_quoted(texts: Set[str]) -> Matcher:
    """Whether one of the texts stands in a document, as all of a text or of a key."""
    quoted = [json.dumps(text, ensure_ascii=False) for text in texts]
    if len(quoted) <= _FEW:
        return lambda document: any(text in document for text in quoted)
    within = {text[1:-1] for text in quoted}
    return lambda document: not within.isdisjoint(_QUOTED.findall(document))


def records_with(store: Store, collection: Collection[Any], matches: Matcher) -> Iterator[Any]:
    """The records of a collection whose documents match."""
    raw = evolve(collection, converter=_RAW)
    after: str | None = None
    while True:
        with store.unit_of_work() as unit:
            page = unit.repository(raw).page(limit=_PAGE, after=after)
        for each in page.items:
            if matches(each.record):
                yield collection.loads(each.record)
        if page.next is None:
            return
        after = page.next


def streams_with(
    store: Store, stream: Stream[Any], matches: Matcher, matches_key: Matcher
) -> Iterator[str]:
    """The keys of a stream that match, or have an entry that does."""
    raw = evolve(stream, converter=_RAW)
    after: str | None = None
    while True:
        with store.unit_of_work() as unit:
            log = unit.stream(raw)
            page = log.keys(limit=_KEYS, after=after)
            found = [key for key in page if matches_key(key) or _has(log, key, matches)]
        yield from found
        if len(page) < _KEYS:
            return
        after = page[-1]


def _has(log: StreamLog[Any], key: str, matches: Matcher) -> bool:
    after = 0
    while True:
        documents = log.read(key, after, after + _PAGE)
        if any(map(matches, documents)):
            return True
        if len(documents) < _PAGE:
            return False
        after += _PAGE
