"""From a log with one event a row to cases, each replayed by the lifecycle of the host."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from operator import attrgetter

from attrs import frozen

from crmkit.cli.complaints.cases import IMPORTER, REFUSED_TOPIC, CaseFile, Replay, rules_of
from crmkit.cli.complaints.instants import Clock, end_of
from crmkit.cli.complaints.layout import CaseLifecycle, EventLog
from crmkit.cli.complaints.options import ComplaintOptions
from crmkit.cli.complaints.rows import Account, Rejected, Row, name_of, rows_of
from crmkit.cli.refusal import Refusal
from crmkit.cli.working_time import zone_of
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
    account = Account(keeps_raw=options.rejects is not None)
    clock = Clock(zone, log.date_format, needs_time=True)
    actions = frozenset(table.lifecycle.actions)
    read: dict[str, list[_Event]] = {}
    for row in rows_of(options.file, log.header, options.encoding, account):
        try:
            case, event = _event(row, log, table, actions, clock)
        except Rejected as why:
            account.reject(row.line, why, row.raw)
        else:
            read.setdefault(case, []).append(event)
    if not read:
        raise Refusal("there is not one event in the file that can be read")
    last = max(event.at for events in read.values() for event in events).astimezone(zone).date()
    as_of = end_of(options.as_of or last, zone)
    disordered = sum(_disordered(events) for events in read.values())
    known = _known_before(as_of, read)
    if not known:
        raise Refusal("there is not one case in the file that has begun by that day")
    events = sum(map(len, known.values()))
    refused = sum(_refused(each, table) for each in known.values())
    return CaseFile(
        name=name_of(options.file),
        account=account,
        rules=table,
        zone=zone,
        last=last,
        taken_at=end_of(last, zone),
        as_of=as_of,
        first_at=min(each[0].at for each in known.values()),
        cases=_LogCases(known, rules_of(table)),
        disordered=disordered,
        ambiguous=clock.ambiguous,
        skipped=clock.skipped,
        replay=Replay(
            events=account.rows,
            moves=events - refused,
            refused=refused,
            later=account.rows - events,
            cases_later=len(read) - len(known),
        ),
    )


def _event(
    row: Row, log: EventLog, table: CaseLifecycle, actions: frozenset[str], clock: Clock
) -> tuple[str, _Event]:
    case, activity = row[log.case], row[log.activity]
    try:
        check_identifier(case, "the number of a case")
    except InvalidIdentifier as error:
        raise Rejected("bad-identifier", str(error), log.case) from None
    if not activity:
        raise Rejected("missing", "there is no activity", log.activity)
    action = table.action_of(activity)
    if action is None or action not in actions:
        known = ", ".join(map(repr, table.activities or table.lifecycle.actions))
        raise Rejected("unknown-value", f"the lifecycle knows {known}", log.activity)
    return case, _Event(row.line, clock(row[log.at], log.at), activity, action)


def _disordered(events: list[_Event]) -> int:
    return sum(after.at < before.at for before, after in pairwise(events))


def _known_before(as_of: datetime, read: dict[str, list[_Event]]) -> dict[str, list[_Event]]:
    """The events of each case before an instant, in the order of time."""
    end = as_of.astimezone(UTC)
    known = {}
    for case, events in read.items():
        events.sort(key=attrgetter("at"))
        if before := [event for event in events if event.at < end]:
            known[case] = before
    return known


def _refused(events: list[_Event], table: CaseLifecycle) -> int:
    """How many events of a case the lifecycle does not have from where the case stands."""
    status, number = table.lifecycle.initial, 0
    for event in events:
        try:
            status = table.lifecycle.after(status, event.action)
        except IllegalTransition:
            number += 1
    return number


@frozen
class _LogCases:
    """The cases of a log, each replayed up to the day asked about."""

    _events: dict[str, list[_Event]]
    _rules: ComplaintRules

    def __len__(self) -> int:
        return len(self._events)

    def __iter__(self) -> Iterator[Complaint]:
        return (self._replay(case, events) for case, events in self._events.items())

    def find(self, number: str) -> Complaint | None:
        """The case of a number."""
        events = self._events.get(number)
        return None if events is None else self._replay(number, events)

    def _replay(self, case: str, events: list[_Event]) -> Complaint:
        complaint = self._rules.receive(
            Receipt(id=ComplaintId(case), received_at=events[0].at, channel="log"),
            by=IMPORTER,
            reason=f"line {events[0].line} of the file",
        )
        for event in events:
            complaint = self._after(complaint, event)
        return complaint

    def _after(self, complaint: Complaint, event: _Event) -> Complaint:
        reason = f"line {event.line}: activity {event.activity}"
        act, record = self._rules.act, self._rules.record
        try:
            return act(complaint, event.action, by=IMPORTER, at=event.at, reason=reason)
        except IllegalTransition as error:
            note = Noted(REFUSED_TOPIC, str(error))
            return record(complaint, note, by=IMPORTER, at=event.at, reason=reason)
