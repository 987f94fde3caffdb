"""Instants and deadlines as people say them, on the clock of a file of complaints."""

from datetime import date, datetime, time, timedelta

from crmkit.cli.complaints.cases import CaseFile

__all__ = ["as_of", "day_ended", "due", "end_of_day", "when"]


def when(at: datetime, file: CaseFile) -> str:
    """An instant on the clock on the wall; a table of days knows no other."""
    local = at.astimezone(file.zone)
    if not file.is_log and local.time() == time():
        return f"{local:%Y-%m-%d}"
    return f"{local:%Y-%m-%d %H:%M:%S}" if local.second else f"{local:%Y-%m-%d %H:%M}"


def day_ended(at: datetime, file: CaseFile) -> date:
    """The day that ends at an instant."""
    return at.astimezone(file.zone).date() - timedelta(days=1)


def end_of_day(at: datetime, file: CaseFile) -> str:
    """The end of a day, said by its day and not by the one that begins then."""
    return f"the end of {day_ended(at, file)}"


def due(at: datetime, file: CaseFile) -> str:
    """Until when something may be done."""
    local = at.astimezone(file.zone)
    return f"by {end_of_day(at, file)}" if local.time() == time() else when(at, file)


def as_of(file: CaseFile) -> str:
    """As of when all is shown, and who says so."""
    day = end_of_day(file.as_of, file)
    return f"as of {day}, the last in the file" if file.as_of == file.taken_at else f"as of {day}"
