"""The figures of a file of complaints, for people to read."""

from collections.abc import Iterator

from crmkit.cli.complaints.cases import REFUSED_TOPIC, CaseFile
from crmkit.cli.complaints.figures import ALARM, Figures, Overdue
from crmkit.cli.complaints.happened import allowed
from crmkit.cli.complaints.keeping import Keeper
from crmkit.cli.complaints.options import LONGEST_LIST, ComplaintOptions
from crmkit.cli.complaints.page import as_of, due
from crmkit.cli.page import page, table
from crmkit.cli.refusal import one_line
from crmkit.cli.review.words import counted
from crmkit.complaints.policies.obligations import Standing

__all__ = ["text_of"]

_SHOWN_REJECTS = 5
_SHOWN_CASES = 5


def text_of(
    file: CaseFile, figures: Figures, options: ComplaintOptions, keeper: Keeper | None
) -> str:
    """Everything there is to say of all cases, section by section."""
    return page(
        (
            *_account(file, figures, options),
            *_terms(file, figures, options),
            *_kept(options, keeper),
        ),
        _statuses(file, figures),
        _done(figures, options),
        _refused(figures, options),
        _deadlines(figures, file),
        _overdue(file, figures, options),
        _causes(file, figures, options),
        _hot_spots(file, figures),
    )


# --- what was read --------------------------------------------------------------------------------


def _account(file: CaseFile, figures: Figures, options: ComplaintOptions) -> Iterator[str]:
    account, replay = file.account, file.replay
    yield (
        f"{file.name}: {account.lines:,} lines = {account.header_lines} header + "
        f"{account.blank_lines:,} blank + {account.continued_lines:,} continued + "
        f"{account.rows:,} rows used + {len(account.rejects):,} rejected"
    )
    for reason, number in account.reasons.items():
        yield f"  rejected, {reason}: {number:,}"
    for reject in account.rejects[:_SHOWN_REJECTS]:
        yield f"  {one_line(str(reject))}"
    more = len(account.rejects) - _SHOWN_REJECTS
    if more > 0:
        where = "--rejects FILE writes" if options.rejects is None else f"{options.rejects} has"
        yield f"  and {more:,} more; {where} all of them with what stood there"
    if replay is None:
        yield f"{counted(figures.cases, 'case')}, one a row"
    else:
        yield (
            f"{replay.events:,} events = {replay.moves:,} moves + {replay.refused:,} refused by "
            f"the lifecycle + {replay.later:,} after the day asked about"
        )
        later = replay.cases_later
        yield f"{counted(figures.cases, 'case')}; begin later and are left out: {later:,}"
    if account.unread:
        yield f"columns not read: {', '.join(map(one_line, account.unread))}"


def _terms(file: CaseFile, figures: Figures, options: ComplaintOptions) -> Iterator[str]:
    lifecycle = file.rules.lifecycle
    yield f"lifecycle {lifecycle.name}, version {lifecycle.version}; {as_of(file)}"
    hours = f", Monday to Friday {', '.join(options.hours)}" if options.hours else ""
    days = "" if options.holidays is None else f", closed on holidays of {options.holidays}"
    yield f"clocks of {file.zone.key}{hours}{days}"
    for number, what in (
        (file.ambiguous, "came twice when clocks were put back, read as the first"),
        (file.skipped, "left out when clocks were put forward, read as if they were not"),
        (file.disordered, _disordered(file)),
    ):
        if number:
            yield f"times {what}: {number:,}"
    if figures.undated:
        yield (
            f"not dated in the file: {counted(figures.undated, 'entry', 'entries')}; they stand at "
            f"the end of its last day"
        )
    if file.as_of > file.taken_at:
        yield f"what was done after {file.last} the file does not say"


def _disordered(file: CaseFile) -> str:
    if file.is_log:
        return "after a later event of the same case, put in order"
    return "before the receipt, or before what was done before, left as they are"


def _kept(options: ComplaintOptions, keeper: Keeper | None) -> Iterator[str]:
    if keeper is None:
        yield "nothing is kept; --store FILE would keep the cases"
        return
    yield (
        f"kept in {options.store}: {keeper.new:,} new + {keeper.unchanged:,} as before + "
        f"{keeper.continued:,} gone on ({counted(keeper.added, 'entry', 'entries')}) + "
        f"{len(keeper.contradicted):,} contradicted"
    )
    if keeper.contradicted:
        shown = ", ".join(keeper.contradicted[:_SHOWN_CASES])
        more = ", ..." if len(keeper.contradicted) > _SHOWN_CASES else ""
        yield (
            f"  what the file says does not go on from what is kept; the store keeps what it has, "
            f"shown is the file: {shown}{more}"
        )
    if keeper.redescribed:
        yield f"  described otherwise than before, kept as first described: {keeper.redescribed:,}"


# --- all cases ------------------------------------------------------------------------------------


def _statuses(file: CaseFile, figures: Figures) -> Iterator[str]:
    yield f"Where they stand ({figures.open_cases:,} open)"
    final = file.rules.lifecycle.final
    yield from table(
        (name, f"{number:,}", "final" if name in final else "open")
        for name, number in figures.statuses.items()
    )


def _done(figures: Figures, options: ComplaintOptions) -> Iterator[str]:
    found = [(number, action) for action, number in figures.actions.items()]
    for topic, notes in figures.notes.items():
        if topic == REFUSED_TOPIC:
            continue
        if notes.words is None:
            found.append((notes.number, topic))
        else:
            found += [(number, f"{topic}: {text}") for text, number in notes.words.items()]
    rows = sorted(found, key=lambda each: -each[0])
    yield "What was done, and what is noted"
    yield from table((f"{number:,}", what) for number, what in rows[: options.top])
    yield from _more(len(rows), options.top)


def _refused(figures: Figures, options: ComplaintOptions) -> Iterator[str]:
    notes = figures.notes.get(REFUSED_TOPIC)
    if notes is None:
        return
    yield f"Refused by the lifecycle: {counted(notes.number, 'event')}"
    rows = [(f"{number:,}", text) for text, number in (notes.words or {}).items()]
    yield from table(rows[: options.top])
    yield from _more(len(rows), options.top)


_SHOWN_STANDINGS = (
    (Standing.MET, "in time"),
    (Standing.MET_LATE, "late"),
    (Standing.OVERDUE, "overdue"),
    (Standing.PENDING, "pending"),
    (Standing.SUSPENDED, "suspended"),
    (Standing.EXCUSED, "excused"),
    (Standing.NOT_STARTED, "not begun"),
)


def _deadlines(figures: Figures, file: CaseFile) -> Iterator[str]:
    if not figures.deadlines:
        yield "Deadlines: the lifecycle names none"
        return
    yield f"Deadlines (missed by {counted(figures.late_cases, 'case')})"
    shown = [
        (standing, word)
        for standing, word in _SHOWN_STANDINGS
        if any(kept.standings.get(standing) for kept in figures.deadlines)
    ]
    unknown = any(kept.unknown for kept in figures.deadlines)
    within = {each.name: allowed(each) for each in file.rules.obligations}
    rows = [("", "within", *(word for _, word in shown), *(["unknown"] if unknown else []))]
    for kept in figures.deadlines:
        numbers = [kept.standings.get(which, 0) for which, _ in shown]
        numbers += [kept.unknown] if unknown else []
        rows.append((kept.obligation, within[kept.obligation], *(f"{n:,}" for n in numbers)))
    yield from table(rows)
    if any(kept.undated for kept in figures.deadlines):
        yield (
            f"  Of answers not dated in the file, in time are those by {file.last}; others are "
            f"unknown."
        )


def _overdue(file: CaseFile, figures: Figures, options: ComplaintOptions) -> Iterator[str]:
    if not figures.deadlines:
        return
    number = len(figures.overdue)
    yield f"Overdue: {counted(number, 'case')}" + (
        ", each with the first deadline that is still to be met" if number else ""
    )
    yield from table(_overdue_row(file, each) for each in figures.overdue[: options.top])
    yield from _more(number, options.top)


def _overdue_row(file: CaseFile, overdue: Overdue) -> tuple[str, ...]:
    return overdue.case, overdue.obligation, f"due {due(overdue.due_at, file)}", overdue.status


def _causes(file: CaseFile, figures: Figures, options: ComplaintOptions) -> Iterator[str]:
    if file.is_log:
        yield "Causes: a log names none"
        return
    causes = figures.counts["cause"]
    known, cases = sum(causes.values()), counted(figures.cases, "case")
    yield f"Causes: {len(causes):,}, known of {known:,} of {cases}"
    yield from table(
        (f"{number:,}", cause) for cause, number in list(causes.items())[: options.top]
    )
    yield from _more(len(causes), options.top)


def _hot_spots(file: CaseFile, figures: Figures) -> Iterator[str]:
    yield (
        f"Hot spots: where {figures.trouble} is more frequent than chance explains "
        f"({counted(figures.troubled_cases, 'case')})"
    )
    for dimension, decision in figures.hot_spots.items():
        places = figures.counts[dimension]
        if not places:
            continue
        column = file.places.get(dimension, dimension)
        is_plain = column.casefold() == dimension
        name = dimension if is_plain else f"{dimension} ({one_line(column)})"
        spots = decision.outcome.spots
        if not spots:
            yield f"  by {name}: none of {len(places):,}{_most(dimension, figures)}"
            continue
        yield f"  by {name}: {len(spots):,} of {len(places):,}"
        for spot in spots:
            yield (
                f"    {one_line(spot.place)}: {spot.count:,} of {spot.exposure:,} cases, "
                f"{float(spot.expected):,.1f} expected, limit {spot.upper_limit:,}"
            )
    yield (
        f"  Named are {ALARM.minimum_count} cases or more, above {float(ALARM.least_ratio):g} "
        f"times the rate elsewhere; by chance in at most {float(ALARM.false_alarm):.0%} of looks."
    )


def _most(dimension: str, figures: Figures) -> str:
    """Where most of the trouble is, for it is asked for even if chance explains it."""
    places, troubled = figures.counts[dimension], figures.troubled[dimension]
    place = max(sorted(places), key=lambda each: troubled[each])
    if not troubled[place]:
        return ""
    return f"; most: {one_line(place)}, {troubled[place]:,} of {places[place]:,} cases"


def _more(number: int, shown: int) -> Iterator[str]:
    if number > shown:
        how = f"--top {number}" if number <= LONGEST_LIST else "--json"
        yield f"  and {number - shown:,} more; {how} shows them"
