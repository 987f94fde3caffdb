"""What was read from a file: the cases, and what became of every row."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from attrs import field, frozen

from crmkit.cli.complaints.layout import CaseLifecycle
from crmkit.cli.complaints.rows import Account
from crmkit.complaints.policies.rules import ComplaintRules
from crmkit.complaints.records.complaint import Complaint
from crmkit.complaints.records.entry import Entry
from crmkit.complaints.records.events import LifecycleAdopted
from crmkit.identifiers import Actor

__all__ = ["IMPORTER", "REFUSED_TOPIC", "CaseFile", "Cases", "Replay", "rules_of"]

IMPORTER = Actor("import")
"""Who records what comes from a file: the file does not say who did it."""

REFUSED_TOPIC = "refused-by-lifecycle"
"""The topic under which an event that the lifecycle does not have stands on the trail."""


class Cases(Protocol):
    """The cases of a file, built one by one as they are asked for: a file may have very many."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Complaint]: ...

    def find(self, number: str) -> Complaint | None:
        """The case of a number, None if the file has none."""
        ...


@frozen(kw_only=True)
class Replay:
    """What became of the events of a log: each was a move, refused, or after the day asked about.

    ``cases_later`` begin after that day and are left out.
    """

    events: int
    moves: int
    refused: int
    later: int
    cases_later: int


@frozen(kw_only=True)
class CaseFile:
    """The cases of a file, as of the end of a day.

    ``last`` is the last day in the file, ``taken_at`` its end: there stands what the file does not
    date. ``disordered`` entries lie before the one that stands before them, ``ambiguous`` and
    ``skipped`` are times that came twice or not at all when clocks were changed.
    """

    name: str
    account: Account
    rules: CaseLifecycle
    zone: ZoneInfo
    last: date
    taken_at: datetime
    as_of: datetime
    first_at: datetime
    cases: Cases
    disordered: int
    ambiguous: int
    skipped: int
    places: Mapping[str, str] = field(factory=dict)
    """The columns by which the cases of a table are compared."""
    replay: Replay | None = None

    @property
    def is_log(self) -> bool:
        """Whether it is a log with one event a row, of which each is dated."""
        return self.replay is not None

    def is_undated(self, entry: Entry) -> bool:
        """Whether a file said that something happened, and not when."""
        return (
            not self.is_log
            and entry.recorded_at is None
            and entry.by == IMPORTER
            and not isinstance(entry.what, LifecycleAdopted)
        )

    def undated_instants(self, case: Complaint) -> frozenset[datetime]:
        """Where entries of a case stand that no file dates."""
        return frozenset(entry.at.astimezone(UTC) for entry in case.trail if self.is_undated(entry))


def rules_of(table: CaseLifecycle) -> ComplaintRules:
    """The rules of a host's own table; what a file tells has happened: nothing is asked first."""
    return ComplaintRules(lifecycle=table.lifecycle, guards=())
