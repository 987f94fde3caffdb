"""One case for people to read: its whole trail, and how each deadline was counted."""

from collections.abc import Iterator

from crmkit.cli.complaints.cases import IMPORTER, CaseFile
from crmkit.cli.complaints.figures import is_unknown
from crmkit.cli.complaints.happened import told
from crmkit.cli.complaints.page import as_of, day_ended, when
from crmkit.cli.page import page
from crmkit.cli.refusal import one_line
from crmkit.complaints.facts.case import summarize_case
from crmkit.complaints.policies.profiles import ObligationProfile
from crmkit.complaints.records.complaint import Complaint
from crmkit.complaints.records.entry import Entry

__all__ = ["case_text"]


def case_text(case: Complaint, file: CaseFile, profile: ObligationProfile | None) -> str:
    """The whole trail of one case, and how each deadline was counted."""
    return page(_head(case, file), _trail(case, file), *_deadlines(case, file, profile))


def _head(case: Complaint, file: CaseFile) -> Iterator[str]:
    name, version = case.lifecycle
    yield f"{case.id}: {case.status}, by {name}, version {version}, {as_of(file)}"
    about = case.receipt.about
    for what, value in (
        ("product", about.product),
        ("unit", about.unit),
        ("region", about.region),
        ("channel", case.receipt.channel),
        ("cause", about.category),
        ("content", case.receipt.content),
    ):
        if value is not None:
            yield f"  {what}: {one_line(value)}"


def _trail(case: Complaint, file: CaseFile) -> Iterator[str]:
    yield "Trail"
    dates = [_date(entry, file) for entry in case.trail]
    width = max(map(len, dates))
    for date, entry in zip(dates, case.trail, strict=True):
        who = entry.role or (None if entry.by == IMPORTER else entry.by)
        by = "" if who is None else f", {one_line(who)}"
        yield f"  {date.ljust(width)}  {told(entry.what)}{by}; {one_line(entry.reason)}"
    if any(map(file.is_undated, case.trail)):
        yield "  by a day: not dated in the file, and so at the end of that day"


def _date(entry: Entry, file: CaseFile) -> str:
    if not file.is_undated(entry):
        return when(entry.at, file)
    return f"by {day_ended(entry.at, file)}"


def _deadlines(
    case: Complaint, file: CaseFile, profile: ObligationProfile | None
) -> Iterator[list[str]]:
    if profile is None:
        return
    history, undated = summarize_case(case, file.rules.lifecycle), file.undated_instants(case)
    states = profile.agenda(history, file.as_of)
    for obligation in profile.obligations:
        lines = str(profile.trace(history, obligation.name, file.as_of)).splitlines()
        last = [state for state in states if state.obligation == obligation.name][-1]
        if is_unknown(last, undated):
            lines[-1] = "unknown: the file does not say when"
        yield lines
