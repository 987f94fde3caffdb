"""From a table with one complaint a row to complaints with their trails."""

from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

from attrs import frozen

from crmkit.cli.complaints.cases import IMPORTER, CaseFile, rules_of
from crmkit.cli.complaints.instants import Days, end_of, zone_of
from crmkit.cli.complaints.layout import ComplaintTable, Step
from crmkit.cli.complaints.options import ComplaintOptions
from crmkit.cli.complaints.rows import Account, Rejected, Row, rows_of
from crmkit.cli.refusal import Refusal
from crmkit.complaints.policies.rules import ComplaintRules
from crmkit.complaints.records.complaint import Complaint
from crmkit.complaints.records.events import CauseFound, Noted
from crmkit.complaints.records.receipt import Receipt, Subject
from crmkit.errors import IllegalTransition, InvalidIdentifier
from crmkit.identifiers import ComplaintId, ProductId

__all__ = ["read_table"]


@frozen
class _Entry:
    """What one step says about one complaint; without a day, the file does not say when."""

    row: Row
    step: Step
    value: str
    on: datetime | None
    action: str | None


@frozen
class _Read:
    """A row that was understood, before the end of the file is known."""

    row: Row
    receipt: Receipt
    cause: str | None
    entries: tuple[_Entry, ...]


def read_table(options: ComplaintOptions, table: ComplaintTable) -> CaseFile:
    """Read a table; every row becomes a complaint or a reject.

    :raises Refusal: if the file cannot be read as the options say, or has no complaint.
    """
    zone = zone_of(options.zone)
    account = Account()
    reader = _TableReader(table, zone)
    read = []
    for row in rows_of(options.file, table.header, options.encoding, account):
        try:
            read.append(reader.read(row))
        except Rejected as why:
            account.reject(row.line, why)
    last = _last_day(read)
    taken_at = end_of(last, zone)
    as_of = end_of(options.as_of or last, zone)
    if as_of < taken_at:
        raise Refusal(
            f"--as-of lies before the last day of the file, {last}: a table says how things stand "
            f"at its end, not how they stood before"
        )
    cases = []
    rules = rules_of(table.rules)
    for each in read:
        try:
            cases.append(_complaint(each, rules, taken_at))
        except Rejected as why:
            account.reject(each.row.line, why)
    undated = sum(
        entry.at == taken_at and entry.recorded_at is None for case in cases for entry in case.trail
    )
    return CaseFile(
        name=options.file.name,
        account=account,
        rules=table.rules,
        as_of=as_of,
        cases=tuple(cases),
        later=0,
        undated=undated,
        undated_at=taken_at if undated else None,
    )


def _last_day(read: list[_Read]) -> date:
    days = [
        at.date()
        for each in read
        for at in (each.receipt.received_at, *(entry.on for entry in each.entries))
        if at is not None
    ]
    if not days:
        raise Refusal("there is not one complaint in the file that can be read")
    return max(days)


class _TableReader:
    """Understands one row after the other."""

    def __init__(self, table: ComplaintTable, zone: ZoneInfo) -> None:
        self._table = table
        self._days = Days(table.date_format, zone)
        self._lines: dict[str, int] = {}

    def read(self, row: Row) -> _Read:
        """Understand a row.

        :raises Rejected: if it is no complaint, with the reason.
        """
        columns = self._table.columns
        receipt = self._receipt(row)
        entries = tuple(self._entries(row))
        if receipt.id in self._lines:
            raise Rejected(
                "repeated", f"the same number as on line {self._lines[receipt.id]}", columns.id
            )
        self._lines[receipt.id] = row.line
        return _Read(row, receipt, _cell(row, columns.cause), entries)

    def _receipt(self, row: Row) -> Receipt:
        columns = self._table.columns
        number = row[columns.id]
        if not number:
            raise Rejected("missing", "there is no number", columns.id)
        product = _cell(row, columns.product)
        received_at = self._days(row[columns.received], columns.received)
        try:
            return Receipt(
                id=ComplaintId(number),
                received_at=received_at,
                channel=_cell(row, columns.channel) or "unknown",
                about=Subject(
                    product=None if product is None else ProductId(product),
                    unit=_cell(row, columns.unit),
                    region=_cell(row, columns.region),
                    category=_cell(row, columns.cause),
                ),
                content=_cell(row, columns.content),
            )
        except InvalidIdentifier as error:
            raise Rejected("bad-identifier", str(error)) from None

    def _entries(self, row: Row) -> Iterator[_Entry]:
        for step in self._table.steps:
            value = row[step.column]
            if not value:
                continue
            action = step.action
            if step.actions:
                if value not in step.actions:
                    raise Rejected(
                        "unknown-value",
                        f"the layout knows {', '.join(map(repr, step.actions))}",
                        step.column,
                    )
                action = step.actions[value]
                if action is None:
                    continue
            yield _Entry(row, step, value, self._on(row, step), action)

    def _on(self, row: Row, step: Step) -> datetime | None:
        return None if step.at is None else self._days(row[step.at], step.at)


def _cell(row: Row, column: str | None) -> str | None:
    return None if column is None else row[column] or None


def _complaint(read: _Read, rules: ComplaintRules, taken_at: datetime) -> Complaint:
    """The complaint with its trail, as far as the file tells it.

    :raises Rejected: if the lifecycle does not have what the row says.
    """
    complaint = rules.receive(read.receipt, by=IMPORTER, reason=f"line {read.row.line} of the file")
    if read.cause is not None:
        complaint = rules.record(
            complaint,
            CauseFound(cause=read.cause, unit=read.receipt.about.unit),
            by=IMPORTER,
            at=read.receipt.received_at,
            reason=f"line {read.row.line} of the file",
            recorded_at=taken_at,
        )
    for entry in read.entries:
        complaint = _after(complaint, entry, rules, taken_at)
    return complaint


def _after(
    complaint: Complaint, entry: _Entry, rules: ComplaintRules, taken_at: datetime
) -> Complaint:
    step, line = entry.step, entry.row.line
    says = f"line {line}: {step.column}"
    # An entry without a day stands at the end of the file; it has no other time of recording.
    at, recorded_at = (taken_at, None) if entry.on is None else (entry.on, taken_at)
    if entry.action is None:
        note = Noted(step.note or "", entry.value)
        return rules.record(
            complaint,
            note,
            by=IMPORTER,
            at=at,
            reason=says,
            role=step.role,
            recorded_at=recorded_at,
        )
    try:
        return rules.act(
            complaint,
            entry.action,
            by=IMPORTER,
            at=at,
            reason=f"{says} is {entry.value!r}",
            role=step.role,
            recorded_at=recorded_at,
        )
    except IllegalTransition as error:
        raise Rejected("refused-by-lifecycle", str(error), step.column) from None
