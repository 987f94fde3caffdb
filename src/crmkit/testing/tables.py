"""Mutation of transition tables: would the tests notice if a row were wrong?

Mutation tools change code and leave tables alone, so a lifecycle could lose a row and every test
still pass. :func:`surviving_mutants` changes a table in every small way and says which changes
nobody noticed.

>>> from crmkit.lifecycle import Lifecycle
>>> door = Lifecycle(initial="closed", moves=[
...     ("closed", "open", "open"), ("open", "close", "closed"), ("closed", "wall up", "walled up"),
... ])
>>> def check(door):
...     assert door.after("closed", "open") == "open"
...     assert door.after("closed", "wall up") == "walled up"
>>> surviving_mutants(door, check)[:2]
['open may close, to walled up', 'closed may also close, to closed']
"""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any, TypeVar

from attrs import frozen

from crmkit.lifecycle import Lifecycle, Move

__all__ = ["TableMutant", "surviving_mutants", "table_mutants"]

StatusT = TypeVar("StatusT", bound=str)
ActionT = TypeVar("ActionT", bound=str)


@frozen
class TableMutant:
    """One small change of a lifecycle: what it is, in words, and the terms after it."""

    change: str
    initial: str
    moves: tuple[Move[str, str], ...]
    final: frozenset[str]

    def build(self) -> Lifecycle[str, str]:
        """The lifecycle after the change.

        :raises InvalidPolicy: if it does not hold together, which is one way of being noticed.
        """
        return Lifecycle(initial=self.initial, moves=self.moves, final=self.final)


def table_mutants(lifecycle: Lifecycle[Any, Any]) -> Iterator[TableMutant]:
    """Every small change of a table: a row lost, redirected or added, another begin or end."""
    initial, moves, final = lifecycle.initial, lifecycle.moves, lifecycle.final
    for place, (source, action, target) in enumerate(moves):
        others = (*moves[:place], *moves[place + 1 :])
        yield TableMutant(f"{source} may not {action}", initial, others, final)
        for other in lifecycle.statuses:
            if other != target:
                changed = (*moves[:place], (source, action, other), *moves[place + 1 :])
                yield TableMutant(f"{source} may {action}, to {other}", initial, changed, final)
    begins = {(source, action) for source, action, _ in moves}
    for source, action in product(lifecycle.statuses, lifecycle.actions):
        for target in lifecycle.statuses if (source, action) not in begins else ():
            added = (*moves, (source, action, target))
            yield TableMutant(f"{source} may also {action}, to {target}", initial, added, final)
    for status in lifecycle.statuses:
        if status != initial:
            yield TableMutant(f"it begins {status}", status, moves, final)
        change = "does not end" if status in final else "may end"
        yield TableMutant(f"{status} {change}", initial, moves, final ^ {status})


def surviving_mutants(
    lifecycle: Lifecycle[StatusT, ActionT], check: Callable[[Lifecycle[StatusT, ActionT]], object]
) -> list[str]:
    """The changes of a table that a check does not notice, in words; none is what you want.

    ``check`` takes a lifecycle and fails, as a test does, if anything is wrong with it. A change
    after which the table does not hold together counts as noticed.
    """
    check(lifecycle)  # A check that refuses the table as it is would notice everything.
    return [mutant.change for mutant in table_mutants(lifecycle) if not _noticed(mutant, check)]


def _noticed(mutant: TableMutant, check: Callable[..., object]) -> bool:
    try:
        check(mutant.build())
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # What pytest raises for a failure is no Exception.
        return True
    return False
