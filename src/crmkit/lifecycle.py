"""Lifecycles as tables.

A :class:`Lifecycle` is a table of moves (from a status, by an action, to a status) and nothing
else: a condition such as "only after 14 days" is a policy that is asked before the action. The
table is checked when it is built, and it prints itself as a table or a diagram.

>>> door = Lifecycle(initial="closed", moves=[
...     ("closed", "open", "open"), ("open", "close", "closed"), ("closed", "wall up", "walled up"),
... ])
>>> door.after("closed", "open")
'open'
>>> door.allowed("open")
('close',)
>>> sorted(door.final)
['walled up']
"""

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Generic, TypeVar

from attrs import field, frozen

from crmkit.errors import IllegalTransition, InvalidPolicy
from crmkit.identifiers import check_identifier

__all__ = ["Lifecycle", "Move"]

StatusT = TypeVar("StatusT", bound=str)
ActionT = TypeVar("ActionT", bound=str)

Move = tuple[StatusT, ActionT, StatusT]
"""One row of the table: (from, by, to)."""


def _as_moves(
    moves: Iterable[Move[StatusT, ActionT]],
) -> tuple[Move[StatusT, ActionT], ...]:
    return tuple((source, action, target) for source, action, target in moves)


def _as_final(statuses: Iterable[StatusT]) -> frozenset[StatusT]:
    return frozenset(statuses)


@frozen(kw_only=True)
class Lifecycle(Generic[StatusT, ActionT]):
    """What may happen to a record, and what it is then.

    ``initial`` is the status every record begins in. ``final`` names the statuses in which it may
    rest for ever; left out, they are those without a way out. ``name`` and ``version`` are what a
    record keeps to say which table it follows: raise the version whenever the table changes.

    :raises InvalidPolicy: if two rows begin alike, a status cannot be reached, a status without a
        way out is not declared final, a status can never reach a final one, or the version is
        below 1.
    :raises InvalidIdentifier: if the name could not serve as a key.
    """

    initial: StatusT
    moves: tuple[Move[StatusT, ActionT], ...] = field(converter=_as_moves)
    final: frozenset[StatusT] = field(converter=_as_final)
    name: str = "lifecycle"
    version: int = 1
    # Plain dicts, so that a lifecycle can be copied and sent to another process.
    _targets: Mapping[tuple[StatusT, ActionT], StatusT] = field(init=False, repr=False, eq=False)
    _ways: Mapping[StatusT, tuple[ActionT, ...]] = field(init=False, repr=False, eq=False)

    @final.default
    def _without_a_way_out(self) -> frozenset[StatusT]:
        sources = {source for source, _, _ in self.moves}
        return frozenset(target for _, _, target in self.moves if target not in sources)

    def __attrs_post_init__(self) -> None:
        targets = {(source, action): target for source, action, target in self.moves}
        object.__setattr__(self, "_targets", targets)
        ways = {status: self._ways_out(status) for status in self.statuses}
        object.__setattr__(self, "_ways", ways)
        check_identifier(self.name, "the name of a lifecycle")
        if type(self.version) is not int or self.version < 1:
            raise InvalidPolicy("the version of a lifecycle counts from 1")
        if not self.moves:
            raise InvalidPolicy("a lifecycle needs at least one move: (from, by, to)")
        if len(targets) != len(self.moves):
            raise InvalidPolicy(
                f"two moves begin alike, so the next status is open: {self._repeated()}"
            )
        self._check_reach()

    def _ways_out(self, status: StatusT) -> tuple[ActionT, ...]:
        return tuple(action for source, action, _ in self.moves if source == status)

    def _repeated(self) -> str:
        starts = [f"{source} by {action}" for source, action, _ in self.moves]
        return ", ".join(sorted({start for start in starts if starts.count(start) > 1}))

    def _check_reach(self) -> None:
        forward = {status: [t for s, _, t in self.moves if s == status] for status in self.statuses}
        backward = {status: [s for s, _, t in self.moves if t == status] for status in forward}
        self._refuse(forward.keys() - _reach({self.initial}, forward), "can never be reached")
        dead_ends = {status for status, ways in forward.items() if not ways}
        self._refuse(dead_ends - self.final, "has no way out: declare it final, or add a move")
        self._refuse(self.final - forward.keys(), "is declared final but stands in no move")
        if self.final:
            self._refuse(
                forward.keys() - _reach(self.final, backward),
                "can never come to an end",
            )

    def _refuse(self, statuses: Iterable[StatusT], reason: str) -> None:
        names = sorted(str(status) for status in statuses)
        if names:
            raise InvalidPolicy(f"lifecycle: {', '.join(names)} {reason}")

    # --- questions ---

    @property
    def statuses(self) -> tuple[StatusT, ...]:
        """Every status, the initial one first, in the order of the table."""
        order = [self.initial]
        for source, _, target in self.moves:
            order += [source, target]
        return tuple(dict.fromkeys(order))

    @property
    def actions(self) -> tuple[ActionT, ...]:
        """Every action, in the order of the table."""
        return tuple(dict.fromkeys(action for _, action, _ in self.moves))

    def allowed(self, status: StatusT) -> tuple[ActionT, ...]:
        """The actions that are possible from a status, in the order of the table.

        :raises InvalidPolicy: if the lifecycle does not know the status.
        """
        ways = self._ways.get(status)
        if ways is None:
            raise InvalidPolicy(
                f"unknown status; this lifecycle knows {', '.join(map(str, self.statuses))}"
            )
        return ways

    def after(self, status: StatusT, action: ActionT) -> StatusT:
        """The status after an action.

        :raises IllegalTransition: if the action is not allowed from there; it lists those that are.
        """
        target = self._targets.get((status, action))
        if target is None:
            raise IllegalTransition(status, action, self.allowed(status))
        return target

    def is_final(self, status: StatusT) -> bool:
        """Whether a record may rest in the status for ever."""
        return status in self.final

    # --- pictures ---

    def to_table(self) -> str:
        """The table as Markdown, for the documentation."""
        rows = ["| " + " | ".join(_name(cell) for cell in row) + " |" for row in self.moves]
        return "\n".join(["| from | by | to |", "|---|---|---|", *rows])

    def to_mermaid(self) -> str:
        """The diagram in the Mermaid language, for the documentation."""
        ids = {status: f"s{number}" for number, status in enumerate(self.statuses)}
        lines = [f'    state "{_quoted(status)}" as {i}' for status, i in ids.items()]
        lines.append(f"    [*] --> {ids[self.initial]}")
        lines += [f"    {ids[s]} --> {ids[t]}: {_quoted(a)}" for s, a, t in self.moves]
        lines += [f"    {i} --> [*]" for status, i in ids.items() if status in self.final]
        return "\n".join(["stateDiagram-v2", *lines])


def _name(word: str) -> str:
    """The word as it is stored; a stroke would end a cell of the table."""
    text = str(word.value) if isinstance(word, Enum) else str(word)
    return text.replace("|", "\\|")


def _quoted(word: str) -> str:
    """The word as Mermaid reads it; quotes and strokes have a meaning there."""
    return _name(word).replace("\\|", "|").replace('"', "#quot;")


def _reach(start: Iterable[StatusT], ways: Mapping[StatusT, list[StatusT]]) -> set[StatusT]:
    """Every status that can be reached, the start included."""
    seen: set[StatusT] = set()
    waiting = list(start)
    while waiting:
        status = waiting.pop()
        if status not in seen:
            seen.add(status)
            waiting += ways[status]
    return seen
