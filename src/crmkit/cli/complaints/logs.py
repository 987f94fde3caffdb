"""From a log with one event a row to cases, each replayed by the lifecycle of the host."""

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import pairwise
from operator import attrgetter

from attrs import define, frozen

from crmkit.cli.complaints.cases import IMPORTER, REFUSED_TOPIC, CaseFile, Replay, rules_of
from crmkit.cli.complaints.instants import Clock, end_of, zone_of
from crmkit.cli.complaints.layout import CaseLifecycle, EventLog
from crmkit.cli.complaints.options import ComplaintOptions
from crmkit.cli.complaints.rows import Account, Rejected, Row, rows_of
from crmkit.cli.refusal import Refusal
from crmkit.complaints.policies.rules import ComplaintRules
from crmkit.complaints.records.complaint import Complaint
from crmkit.complaints.records.events import Noted
from crmkit.complaints.records.receipt import Receipt
from crmkit.errors import IllegalTransition, InvalidIdentifier
from crmkit.identifiers import ComplaintId, check_identifier

__all__ = ["read_log"]


@frozen
class _Event:
    line: int
    at: datetime
    activity: str
    action: str


def read_log(options: ComplaintOptions, log: EventLog, table: CaseLifecycle) -> CaseFile:
    """Read a log; every row is a move, refused and noted, later than the day, or a reject.

    A case begins with its first event, the earliest that the log knows of it.

    :raises Refusal: if the file cannot be read as the options say, or has no event.
    """
    zone = zone_of(options.zone)
    account, clock = Account(), Clock(zone)
    by_case: dict[str, list[_Event]] = {}
    for row in rows_of(options.file, log.header, options.encoding, account):
        try:
            case, event = _event(row, log, table, clock)
        except Rejected as why:
            account.reject(row.line, why)
        else:
            by_case.setdefault(case, []).append(event)
    if not by_case:
        raise Refusal("there is not one event in the file that can be read")
    last = max(event.at for events in by_case.values() for event in events)
    day = options.as_of or last.astimezone(zone).date()
    as_of = end_of(day, zone)
    replayed = _Replayed(rules_of(table))
    cases = [replayed.case(name, events, as_of) for name, events in by_case.items()]
    return CaseFile(
        name=options.file.name,
        account=account,
        rules=table,
        as_of=as_of,
        cases=tuple(case for case in cases if case is not None),
        later=cases.count(None),
        replay=Replay(
            events=account.rows,
            moves=replayed.moves,
            refused=replayed.refused,
            later=replayed.later,
            ambiguous=clock.ambiguous,
            skipped=clock.skipped,
            disordered=replayed.disordered,
        ),
    )


def _event(row: Row, log: EventLog, table: CaseLifecycle, clock: Clock) -> tuple[str, _Event]:
    case, activity = row[log.case], row[log.activity]
    try:
        check_identifier(case, "the number of a case")
    except InvalidIdentifier as error:
        raise Rejected("bad-identifier", str(error), log.case) from None
    if not activity:
        raise Rejected("missing", "there is no activity", log.activity)
    action = table.action_of(activity)
    if action is None:
        known = ", ".join(map(repr, table.activities))
        raise Rejected("unknown-value", f"the lifecycle knows {known}", log.activity)
    if action not in table.lifecycle.actions:
        known = ", ".join(table.lifecycle.actions)
        raise Rejected("unknown-value", f"the lifecycle knows {known}", log.activity)
    return case, _Event(row.line, clock(row[log.at], log.at), activity, action)


@define
class _Replayed:
    """Replays one case after the other, and counts what became of the events."""

    rules: ComplaintRules
    moves: int = 0
    refused: int = 0
    later: int = 0
    disordered: int = 0

    def case(self, name: str, events: list[_Event], as_of: datetime) -> Complaint | None:
        """The case as it stood at an instant; None if it had not begun."""
        self.disordered += sum(after.at < before.at for before, after in pairwise(events))
        end = as_of.astimezone(UTC)
        known = [event for event in sorted(events, key=attrgetter("at")) if event.at < end]
        self.later += len(events) - len(known)
        return self._replay(name, known) if known else None

    def _replay(self, name: str, events: Iterable[_Event]) -> Complaint:
        first, *_ = events = list(events)
        complaint = self.rules.receive(
            Receipt(id=ComplaintId(name), received_at=first.at, channel="log"),
            by=IMPORTER,
            reason=f"line {first.line} of the file",
        )
        for event in events:
            complaint = self._after(complaint, event)
        return complaint

    def _after(self, complaint: Complaint, event: _Event) -> Complaint:
        reason = f"line {event.line}: activity {event.activity}"
        try:
            moved = self.rules.act(complaint, event.action, by=IMPORTER, at=event.at, reason=reason)
        except IllegalTransition as error:
            self.refused += 1
            note = Noted(REFUSED_TOPIC, str(error))
            return self.rules.record(complaint, note, by=IMPORTER, at=event.at, reason=reason)
        self.moves += 1
        return moved
