"""The figures of a file of complaints, and the trail of one case, for people to read."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from crmkit.cli.complaints.cases import CaseFile
from crmkit.cli.complaints.figures import ALARM, Figures
from crmkit.cli.complaints.happened import told
from crmkit.cli.complaints.options import ComplaintOptions
from crmkit.cli.refusal import one_line
from crmkit.cli.review.words import counted
from crmkit.complaints.facts.case import summarize_case
from crmkit.complaints.kept import AgendaEntry
from crmkit.complaints.policies.obligations import Standing
from crmkit.complaints.policies.profiles import ObligationProfile
from crmkit.complaints.records.complaint import Complaint

__all__ = ["case_text", "text_of"]

_WIDEST = 60
_SHOWN_REJECTS = 5


def text_of(file: CaseFile, figures: Figures, options: ComplaintOptions) -> str:
    """Everything there is to say of all cases, section by section."""
    sections = (
        _head(file, options),
        _statuses(file, figures),
        _deadlines(figures),
        _overdue(file, figures, options),
        _causes(file, figures, options),
        _hot_spots(figures),
    )
    return "\n\n".join("\n".join(lines) for section in sections if (lines := list(section)))


# --- all cases ------------------------------------------------------------------------------------


def _head(file: CaseFile, options: ComplaintOptions) -> Iterator[str]:
    account = file.account
    yield (
        f"{file.name}: {account.lines:,} lines = {account.header_lines} header + "
        f"{account.blank_lines:,} blank + {account.continued_lines:,} continued + "
        f"{account.rows:,} rows used + {len(account.rejects):,} rejected"
    )
    for reason, number in account.reasons.items():
        yield f"  rejected, {reason}: {number:,}"
    for reject in account.rejects[:_SHOWN_REJECTS]:
        yield f"  {one_line(str(reject))}"
    if file.replay is not None:
        yield from _replay(file)
    else:
        yield f"{counted(len(file.cases), 'case')}, one a row"
    lifecycle = file.rules.lifecycle
    yield (
        f"lifecycle {lifecycle.name}, version {lifecycle.version}; as of {_when(file.as_of, file)}"
    )
    if file.undated_at is not None:
        yield (
            f"entries that the file does not date: {file.undated:,}; they stand at "
            f"{_when(file.undated_at, file)}, the end of its last day"
        )
        yield "where it has days and no times, a day stands for its beginning"
    kept = "in memory, and are forgotten" if options.store is None else f"in {options.store}"
    yield f"the cases are kept {kept}"


def _replay(file: CaseFile) -> Iterator[str]:
    replay = file.replay
    if replay is None:
        return
    yield (
        f"{replay.events:,} events = {replay.moves:,} moves + {replay.refused:,} refused by the "
        f"lifecycle + {replay.later:,} after the day asked about"
    )
    yield f"{counted(len(file.cases), 'case')}; begin later and are left out: {file.later:,}"
    for number, what in (
        (replay.ambiguous, "came twice when clocks were put back, read as the first"),
        (replay.skipped, "left out when clocks were put forward, read as if they were not"),
        (replay.disordered, "after a later event of the same case, put in order"),
    ):
        if number:
            yield f"times {what}: {number:,}"


def _statuses(file: CaseFile, figures: Figures) -> Iterator[str]:
    yield f"Where they stand ({figures.open_cases:,} open)"
    final = file.rules.lifecycle.final
    yield from _table(
        (name, f"{number:,}", "final" if name in final else "open")
        for name, number in figures.statuses.items()
    )


_SHOWN_STANDINGS = (
    (Standing.MET, "in time"),
    (Standing.MET_LATE, "late"),
    (Standing.OVERDUE, "overdue"),
    (Standing.PENDING, "pending"),
    (Standing.SUSPENDED, "suspended"),
    (Standing.EXCUSED, "excused"),
    (Standing.NOT_STARTED, "not begun"),
)


def _deadlines(figures: Figures) -> Iterator[str]:
    if not figures.deadlines:
        yield "Deadlines: the lifecycle names none"
        return
    yield f"Deadlines (missed by {counted(figures.late_cases, 'case')})"
    shown = [
        (standing, word)
        for standing, word in _SHOWN_STANDINGS
        if any(kept.standings.get(standing) for kept in figures.deadlines)
    ]
    rows = [("", *(word for _, word in shown))]
    for kept in figures.deadlines:
        rows.append((kept.obligation, *(f"{kept.standings.get(which, 0):,}" for which, _ in shown)))
    yield from _table(rows)
    for kept in figures.deadlines:
        if kept.undated:
            yield (
                f"  {kept.obligation}: {kept.undated:,} answers are not dated in the file, so in "
                f"time means by the end of its last day"
            )


def _overdue(file: CaseFile, figures: Figures, options: ComplaintOptions) -> Iterator[str]:
    if not figures.deadlines:
        return
    overdue = counted(len(figures.overdue), "case")
    yield f"Overdue: {overdue}, each with the first deadline that it missed"
    yield from _table(_overdue_row(file, entry) for entry in figures.overdue[: options.top])
    yield from _more(len(figures.overdue), options.top)


def _overdue_row(file: CaseFile, entry: AgendaEntry) -> tuple[str, ...]:
    due = "" if entry.due_at is None else _when(entry.due_at, file)
    return (entry.complaint, entry.obligation or "", f"due {due}")


def _causes(file: CaseFile, figures: Figures, options: ComplaintOptions) -> Iterator[str]:
    causes = figures.counts.get("cause")
    if causes is None:
        yield "Causes: a log names none"
        return
    known, cases = sum(causes.values()), counted(len(file.cases), "case")
    yield f"Causes: {len(causes):,}, known of {known:,} of {cases}"
    yield from _table(
        (f"{number:,}", cause) for cause, number in list(causes.items())[: options.top]
    )
    yield from _more(len(causes), options.top)


def _hot_spots(figures: Figures) -> Iterator[str]:
    yield (
        f"Hot spots: where {figures.trouble} is more frequent than chance explains "
        f"({counted(figures.troubled_cases, 'case')})"
    )
    for dimension, decision in figures.hot_spots.items():
        places = len(figures.counts[dimension])
        if not places:
            continue
        spots = decision.outcome.spots
        if not spots:
            yield f"  by {dimension}: none of {places:,}"
            continue
        yield f"  by {dimension}: {len(spots):,} of {places:,}"
        for spot in spots:
            yield (
                f"    {one_line(spot.place)}: {spot.count:,} of {spot.exposure:,} cases, "
                f"{float(spot.expected):,.1f} expected, limit {spot.upper_limit:,}"
            )
    yield (
        f"  named are {ALARM.minimum_count} cases or more, above {float(ALARM.least_ratio):g} "
        f"times what is expected; by chance in no more than {float(ALARM.false_alarm):.0%} of looks"
    )


# --- one case -------------------------------------------------------------------------------------


def case_text(case: Complaint, file: CaseFile, profile: ObligationProfile | None) -> str:
    """The whole trail of one case, and how each deadline was counted."""
    return "\n".join(_case(case, file, profile))


def _case(case: Complaint, file: CaseFile, profile: ObligationProfile | None) -> Iterator[str]:
    name, version = case.lifecycle
    yield f"{case.id}: {case.status}, by {name}, version {version}, as of {_when(file.as_of, file)}"
    about = case.receipt.about
    for what, value in (
        ("product", about.product),
        ("unit", about.unit),
        ("region", about.region),
        ("channel", case.receipt.channel),
        ("cause", about.category),
    ):
        if value is not None:
            yield f"  {what}: {one_line(value)}"
    yield ""
    yield "Trail"
    for entry in case.trail:
        undated = entry.at == file.undated_at and entry.recorded_at is None
        mark = "  (not dated in the file)" if undated else ""
        reason = one_line(entry.reason)
        yield f"  {_when(entry.at, file)}  {told(entry.what)}; {reason}{mark}"
    if profile is None:
        return
    history = summarize_case(case, file.rules.lifecycle)
    for obligation in profile.obligations:
        yield ""
        yield str(profile.trace(history, obligation.name, file.as_of))


# --- writing --------------------------------------------------------------------------------------


def _when(at: datetime, file: CaseFile) -> str:
    local = at.astimezone(file.as_of.tzinfo or ZoneInfo("UTC"))
    return f"{local:%Y-%m-%d %H:%M:%S}" if local.second else f"{local:%Y-%m-%d %H:%M}"


def _more(number: int, shown: int) -> Iterator[str]:
    if number > shown:
        yield f"  and {number - shown:,} more; --top {min(number, 1000)} shows them"


def _table(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Columns side by side; numbers to the right."""
    cells = [tuple(_short(one_line(cell)) for cell in row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        placed = (
            cell.rjust(width) if _is_number(cell) else cell.ljust(width)
            for cell, width in zip(row, widths, strict=True)
        )
        yield f"  {'  '.join(placed)}".rstrip()


def _is_number(cell: str) -> bool:
    return cell.replace(",", "").isdecimal()


def _short(text: str) -> str:
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 3]}..."
