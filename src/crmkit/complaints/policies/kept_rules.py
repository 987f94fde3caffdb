"""The rules of complaints handling as data, so that a shop can write them down."""

from collections.abc import Iterable
from typing import Any, Self

from attrs import field, frozen

from crmkit.complaints.lifecycle import COMPLAINT_LIFECYCLE, word_of
from crmkit.complaints.policies.guards import (
    DEFAULT_GUARDS,
    AssessmentFirst,
    ChildrenBeforeParent,
    DoerIsNotChecker,
    FactsBeforeLiability,
    FactsBeforeResponse,
    Guard,
    RecourseBeforeClosing,
    ReopeningWindow,
    SatisfactionBeforeClosing,
    WrittenPromiseNeedsOverride,
)
from crmkit.complaints.policies.rules import ComplaintRules
from crmkit.errors import InvalidPolicy
from crmkit.lifecycle import Lifecycle

__all__ = ["KeptRules", "ReadyGuard"]

ReadyGuard = (
    FactsBeforeLiability
    | AssessmentFirst
    | FactsBeforeResponse
    | WrittenPromiseNeedsOverride
    | SatisfactionBeforeClosing
    | DoerIsNotChecker
    | RecourseBeforeClosing
    | ReopeningWindow
    | ChildrenBeforeParent
)
"""The conditions that come with crmkit; a closed union, so that they can be written down."""

Table = Lifecycle[str, str]


def _in_words(table: Lifecycle[Any, Any]) -> Table:
    """A table in plain words, as it comes back from a document."""
    return Lifecycle(
        name=table.name,
        version=table.version,
        initial=word_of(table.initial),
        moves=[(word_of(a), word_of(by), word_of(b)) for a, by, b in table.moves],
        final=map(word_of, table.final),
    )


def _all_in_words(tables: Iterable[Lifecycle[Any, Any]]) -> tuple[Table, ...]:
    return tuple(map(_in_words, tables))


def _ready(guards: Iterable[Guard]) -> tuple[ReadyGuard, ...]:
    ready, own = [], []
    for guard in guards:
        if isinstance(guard, ReadyGuard):
            ready.append(guard)
        else:
            own.append(type(guard).__name__)
    if own:
        raise InvalidPolicy(
            f"only conditions of crmkit are data; add {', '.join(own)} after reading, with "
            f"evolve(rules, guards=(*rules.guards, ...))"
        )
    return tuple(ready)


@frozen(kw_only=True)
class KeptRules:
    """The rules of complaints handling as data: the tables, and those conditions that apply.

    What is a status or an action is a plain word in it. A condition that a host wrote itself is
    code, and joins the rules after they were read.

    :raises InvalidPolicy: if a condition is none of crmkit's, or the rules do not hold together.

    >>> from datetime import timedelta
    >>> from crmkit.serialization import make_converter
    >>> converter = make_converter(KeptRules)
    >>> kept = KeptRules(guards=[ReopeningWindow(within=timedelta(days=30)), DoerIsNotChecker()])
    >>> rules = converter.loads(converter.dumps(kept)).rules
    >>> rules == ComplaintRules(guards=kept.guards)
    True
    """

    lifecycle: Table = field(default=COMPLAINT_LIFECYCLE, converter=_in_words)
    guards: tuple[ReadyGuard, ...] = field(default=DEFAULT_GUARDS, converter=_ready)
    former: tuple[Table, ...] = field(default=(), converter=_all_in_words)
    rules: ComplaintRules = field(init=False, repr=False, eq=False)

    @rules.default
    def _together(self) -> ComplaintRules:
        return ComplaintRules(lifecycle=self.lifecycle, guards=self.guards, former=self.former)

    @classmethod
    def of(cls, rules: ComplaintRules) -> Self:
        """The rules of a desk, to be written down.

        :raises InvalidPolicy: if a condition is none of crmkit's.
        """
        return cls(lifecycle=rules.lifecycle, guards=rules.guards, former=rules.former)
