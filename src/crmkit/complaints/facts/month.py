"""How one complaint went through a month: what came, what went, and how it stood at the end."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, date
from typing import Any
from zoneinfo import ZoneInfo

from attrs import frozen

from crmkit.complaints.records.complaint import Complaint
from crmkit.complaints.records.events import (
    CauseFound,
    Contacted,
    Event,
    LifecycleAdopted,
    Merged,
    SatisfactionChecked,
    StatusChanged,
    Unmerged,
)
from crmkit.errors import InvalidPolicy
from crmkit.lifecycle import Lifecycle
from crmkit.period import Period
from crmkit.records import Direction

__all__ = ["CaseMonth", "Tables", "summarize_month"]

Tables = Mapping[tuple[str, int], Lifecycle[Any, Any]]
"""The lifecycles that complaints follow, by name and version."""


@frozen(kw_only=True)
class CaseMonth:
    """A row behind the report of a month: one complaint, by the days of a zone.

    A complaint is open unless it rests in a final status or goes on in another one. It came in, was
    closed, reopened, merged into another and taken out again so many times: what was open before or
    came in, and was not let go, is open after. ``cause`` and ``is_merged`` are as of the end.
    """

    open_before: int
    came_in: int
    closed: int
    reopened: int
    merged: int
    taken_out: int
    open_after: int
    is_merged: bool
    repeat_contacts: int
    asked: SatisfactionChecked | None
    """What the complainant said last when asked in this month; None if nobody asked."""
    cause: CauseFound | None


@frozen
class _Stand:
    """Where a complaint stands between two entries; before the first, nowhere."""

    table: Lifecycle[Any, Any] | None = None
    is_final: bool = False
    is_merged: bool = False

    @property
    def is_open(self) -> bool:
        return self.table is not None and not (self.is_final or self.is_merged)

    def after(self, what: Event, tables: Tables) -> "_Stand":
        match what:
            case LifecycleAdopted(name, version, status):
                table = _table_of(tables, name, version)
                return _Stand(table, table.is_final(status), self.is_merged)
            case StatusChanged(to=to) if self.table is not None:
                return _Stand(self.table, self.table.is_final(to), self.is_merged)
            case Merged() | Unmerged():
                return _Stand(self.table, self.is_final, isinstance(what, Merged))
            case _:
                return self


def summarize_month(
    complaint: Complaint, month: Period, zone: ZoneInfo, tables: Tables
) -> CaseMonth | None:
    """Sum up how a complaint went through a month; None if it was received later.

    An entry belongs to the day on which it happened, by the clocks of the zone; what another clock
    dated before the receipt, to the day of the receipt.

    :raises InvalidPolicy: if the complaint follows a lifecycle that is not among the tables.
    """
    received = complaint.received_at.astimezone(UTC)
    happened = [(max(received, entry.at.astimezone(UTC)), entry) for entry in complaint.trail]
    told = [(at.astimezone(zone).date(), at, entry) for at, entry in happened]
    told = [each for each in told if each[0] < month.end]
    if not told:
        return None
    in_time = sorted(told, key=lambda each: each[1])
    moves, before, after = _walk([(day, entry.what) for day, _, entry in in_time], month, tables)
    within = [entry.what for day, _, entry in told if day >= month.start]
    contacts = [what.direction for what in within if isinstance(what, Contacted)]
    asked = [what for what in within if isinstance(what, SatisfactionChecked)]
    causes = [entry.what for _, _, entry in told if isinstance(entry.what, CauseFound)]
    return CaseMonth(
        open_before=int(before.is_open),
        came_in=moves["came-in"],
        closed=moves["closed"],
        reopened=moves["reopened"],
        merged=moves["merged"],
        taken_out=moves["taken-out"],
        open_after=int(after.is_open),
        is_merged=after.is_merged,
        repeat_contacts=contacts.count(Direction.INBOUND),
        asked=asked[-1] if asked else None,
        cause=causes[-1] if causes else None,
    )


def _walk(
    told: list[tuple[date, Event]], month: Period, tables: Tables
) -> tuple[Counter[str], _Stand, _Stand]:
    """What moved within the month, and where the complaint stood before and after."""
    moves: Counter[str] = Counter()
    before = stand = _Stand()
    for day, what in told:
        then, stand = stand, stand.after(what, tables)
        if day < month.start:
            before = stand
        else:
            moves.update(_moved(then, stand, what))
    return moves, before, stand


def _moved(then: _Stand, now: _Stand, what: Event) -> Iterator[str]:
    was_open = then.is_open
    if then.table is None:
        yield "came-in"
        was_open = True
    if was_open is not now.is_open:
        by_merging = isinstance(what, Merged | Unmerged)
        yield _MOVES[now.is_open, by_merging]


_MOVES = {
    (False, False): "closed",
    (False, True): "merged",
    (True, False): "reopened",
    (True, True): "taken-out",
}


def _table_of(tables: Tables, name: str, version: int) -> Lifecycle[Any, Any]:
    table = tables.get((name, version))
    if table is None:
        raise InvalidPolicy(
            f"a complaint follows {name}, version {version}: pass that table as one of former"
        )
    return table
