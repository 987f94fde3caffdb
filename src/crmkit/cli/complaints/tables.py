"""From a table with one complaint a row to complaints with their trails."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import accumulate
from zoneinfo import ZoneInfo

from attrs import frozen

from crmkit.cli.complaints.cases import IMPORTER, CaseFile, rules_of
from crmkit.cli.complaints.instants import Clock, end_of
from crmkit.cli.complaints.layout import CaseLifecycle, ComplaintTable, Step
from crmkit.cli.complaints.options import ComplaintOptions
from crmkit.cli.complaints.rows import Account, Rejected, Row, name_of, rows_of
from crmkit.cli.refusal import Refusal
from crmkit.cli.working_time import zone_of
from crmkit.complaints.policies.rules import ComplaintRules
from crmkit.complaints.records.complaint import Complaint
from crmkit.complaints.records.events import CauseFound, Noted
from crmkit.complaints.records.receipt import Receipt, Subject
from crmkit.errors import IllegalTransition, InvalidIdentifier
from crmkit.identifiers import ComplaintId, ProductId, check_identifier

__all__ = ["read_table"]


@frozen
class _Entry:
    """What one step says about one complaint; without an instant, the file does not say when."""

    step: Step
    value: str
    on: datetime | None
    action: str | None


@frozen
class _Read:
    """A row that was understood, before the end of the file is known."""

    line: int
    receipt: Receipt
    entries: tuple[_Entry, ...]

    @property
    def dates(self) -> Iterator[datetime]:
        """Every instant that the row names, in the order of the trail."""
        yield self.receipt.received_at
        yield from (entry.on for entry in self.entries if entry.on is not None)


def read_table(options: ComplaintOptions, table: ComplaintTable) -> CaseFile:
    """Read a table; every row becomes a complaint or a reject.

    :raises Refusal: if the file cannot be read as the options say, or has no complaint.
    """
    zone = zone_of(options.zone)
    account = Account(keeps_raw=options.rejects is not None)
    reader = _TableReader(table, Clock(zone, table.date_format))
    read: dict[str, _Read] = {}
    for row in rows_of(options.file, table.header, options.encoding, account):
        try:
            reader.read(row, read)
        except Rejected as why:
            account.reject(row.line, why, row.raw)
    if not read:
        raise Refusal("there is not one complaint in the file that can be read")
    last = max(at.astimezone(UTC) for each in read.values() for at in each.dates)
    last_day = last.astimezone(zone).date()
    as_of, taken_at = end_of(options.as_of or last_day, zone), end_of(last_day, zone)
    if as_of < taken_at:
        raise Refusal(
            f"--as-of lies before the last day of the file, {last_day}: a table says how things "
            f"stand at its end, not how they stood before"
        )
    return CaseFile(
        name=name_of(options.file),
        account=account,
        rules=table.rules,
        zone=zone,
        last=last_day,
        taken_at=taken_at,
        as_of=as_of,
        first_at=min(each.receipt.received_at for each in read.values()),
        cases=_TableCases(read, rules_of(table.rules), taken_at),
        disordered=sum(_disordered(each, zone) for each in read.values()),
        ambiguous=reader.clock.ambiguous,
        skipped=reader.clock.skipped,
        places=table.places,
    )


def _disordered(read: _Read, zone: ZoneInfo) -> int:
    """How many dates lie on a day before one that stands before them, such as the receipt."""
    days = [at.astimezone(zone).date() for at in read.dates]
    return sum(day < latest for day, latest in zip(days, accumulate(days, max), strict=True))


# --- understanding rows ---------------------------------------------------------------------------


class _TableReader:
    """Understands one row after the other."""

    def __init__(self, table: ComplaintTable, clock: Clock) -> None:
        self.clock = clock
        self._table = table
        self._said: dict[str, str] = {}

    def read(self, row: Row, known: dict[str, _Read]) -> None:
        """Understand a row, and put it with those that are known.

        :raises Rejected: if it is no complaint, with the reason.
        """
        number = self._number(row)
        if number in known:
            raise Rejected(
                "repeated",
                f"the same number as on line {known[number].line}",
                self._table.columns.id,
            )
        receipt = self._receipt(number, row)
        entries = tuple(self._entries(row))
        _replay(entries, self._table.rules)
        known[number] = _Read(row.line, receipt, entries)

    def _number(self, row: Row) -> str:
        number = row[self._table.columns.id]
        if not number:
            raise Rejected("missing", "there is no number", self._table.columns.id)
        self._check(number, self._table.columns.id)
        return number

    def _receipt(self, number: str, row: Row) -> Receipt:
        columns = self._table.columns
        product = self._key(row, columns.product)
        return Receipt(
            id=ComplaintId(number),
            received_at=self.clock(row[columns.received], columns.received),
            channel=self._key(row, columns.channel) or "unknown",
            about=Subject(
                product=None if product is None else ProductId(product),
                unit=self._key(row, columns.unit),
                region=self._key(row, columns.region),
                category=self._key(row, columns.cause),
            ),
            content=None if columns.content is None else row[columns.content] or None,
        )

    def _key(self, row: Row, column: str | None) -> str | None:
        """What stands in a column that cases are found and compared by, None if nothing does."""
        if column is None or not row[column]:
            return None
        text = self._once(row[column])
        self._check(text, column)
        return text

    def _check(self, text: str, column: str) -> None:
        try:
            check_identifier(text, "what stands there")
        except InvalidIdentifier as error:
            raise Rejected("bad-identifier", str(error), column) from None

    def _once(self, text: str) -> str:
        """The same text for the same letters: of a million rows, most say the same few words."""
        return self._said.setdefault(text, text) if len(self._said) < _WORDS else text

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
                if not action:
                    continue
            on = None if step.at is None else self.clock(row[step.at], step.at)
            yield _Entry(step, self._once(value), on, action)


_WORDS = 10_000


def _replay(entries: tuple[_Entry, ...], rules: CaseLifecycle) -> None:
    """See whether the lifecycle has what a row says.

    :raises Rejected: if it has not.
    """
    status = rules.lifecycle.initial
    for entry in entries:
        if entry.action is not None:
            try:
                status = rules.lifecycle.after(status, entry.action)
            except IllegalTransition as error:
                column = entry.step.column
                raise Rejected("refused-by-lifecycle", str(error), column) from None


# --- building complaints --------------------------------------------------------------------------


@frozen
class _TableCases:
    """The complaints of a table, each with its trail as far as the file tells it."""

    _read: dict[str, _Read]
    _rules: ComplaintRules
    _taken_at: datetime

    def __len__(self) -> int:
        return len(self._read)

    def __iter__(self) -> Iterator[Complaint]:
        return map(self._complaint, self._read.values())

    def find(self, number: str) -> Complaint | None:
        """The complaint of a number."""
        read = self._read.get(number)
        return None if read is None else self._complaint(read)

    def _complaint(self, read: _Read) -> Complaint:
        receipt, says = read.receipt, f"line {read.line} of the file"
        complaint = self._rules.receive(receipt, by=IMPORTER, reason=says)
        if receipt.about.category is not None:
            complaint = self._rules.record(
                complaint,
                CauseFound(cause=receipt.about.category, unit=receipt.about.unit),
                by=IMPORTER,
                at=receipt.received_at,
                reason=says,
                recorded_at=self._taken_at,
            )
        for entry in read.entries:
            complaint = self._after(complaint, entry, read.line)
        return complaint

    def _after(self, complaint: Complaint, entry: _Entry, line: int) -> Complaint:
        step, says = entry.step, f"line {line}: {entry.step.column}"
        # An entry without a date stands at the end of the file; it has no other time of recording.
        undated = entry.on is None
        at = self._taken_at if entry.on is None else entry.on
        recorded_at = None if undated else self._taken_at
        if entry.action is None:
            return self._rules.record(
                complaint,
                Noted(step.note or "", entry.value),
                by=IMPORTER,
                at=at,
                reason=says,
                role=step.role,
                recorded_at=recorded_at,
            )
        return self._rules.act(
            complaint,
            entry.action,
            by=IMPORTER,
            at=at,
            reason=f"{says} is {entry.value!r}",
            role=step.role,
            recorded_at=recorded_at,
        )
