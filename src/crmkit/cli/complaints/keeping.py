"""Keeping the cases of a file, with the deadlines that run on them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

from crmkit.business_time import BusinessCalendar, Closure, national_holidays
from crmkit.cli.complaints.cases import CaseFile, rules_of
from crmkit.cli.complaints.options import ComplaintOptions
from crmkit.cli.refusal import Refusal
from crmkit.complaints.desk import ComplaintDesk
from crmkit.complaints.kept import AgendaEntry
from crmkit.complaints.policies.profiles import ObligationProfile
from crmkit.errors import AlreadyKept, CrmkitError, NewerSchema, StoreError
from crmkit.storage import Store, UnitOfWork, walk
from crmkit.storage.memory import MemoryStore
from crmkit.storage.sqlite import SqliteStore

__all__ = ["desk_of", "keep", "open_store", "overdue_of", "profile_of"]

_DESK = "desk"
_ROUND_THE_CLOCK = "round-the-clock"
_PAGE = 1000


def profile_of(options: ComplaintOptions, file: CaseFile) -> ObligationProfile | None:
    """The deadlines of the lifecycle, counted by the calendars that the options describe.

    :raises Refusal: if a deadline is counted in working time and nobody said when that is.
    :raises MissingExtra: if national holidays are wanted and their library is not there.
    """
    if not file.rules.obligations:
        return None
    profile = ObligationProfile(
        name=file.rules.lifecycle.name, obligations=file.rules.obligations, source=file.rules.source
    )
    unknown = sorted(profile.calendar_names - {_DESK, _ROUND_THE_CLOCK})
    if unknown:
        raise Refusal(
            f"a deadline is counted by the calendar {', '.join(unknown)}: write {_DESK} for the "
            f"time of --hours, or {_ROUND_THE_CLOCK}"
        )
    bound = {name: _calendar(name, options, file) for name in sorted(profile.calendar_names)}
    return profile.with_calendars(**bound)


def _calendar(name: str, options: ComplaintOptions, file: CaseFile) -> BusinessCalendar:
    zone = ZoneInfo(options.zone)
    if name == _ROUND_THE_CLOCK:
        return BusinessCalendar.round_the_clock(zone)
    if not options.hours:
        raise Refusal("the deadlines are counted in working time: add --hours 09:00-18:00")
    closures: tuple[Closure, ...] = ()
    if options.holidays is not None:
        first = min(case.received_at for case in file.cases).astimezone(zone).year
        last = file.as_of.astimezone(zone).year
        # What is received at the end falls due later, perhaps in the year after.
        closures = national_holidays(options.holidays, years=range(first, last + 2))
    try:
        return BusinessCalendar.on_weekdays(*options.hours, zone=zone, closures=closures)
    except CrmkitError as error:
        raise Refusal(f"--hours cannot be used: {error}") from error


@contextmanager
def open_store(path: Path | None) -> Iterator[Store]:
    """The store that was named; without one, a store that is forgotten.

    :raises Refusal: if it cannot be used.
    """
    if path is None:
        yield MemoryStore()
        return
    try:
        with SqliteStore.open(path, create=True) as store:
            yield store
    except (StoreError, NewerSchema) as error:
        raise Refusal(f"the store {path}: {error}") from error


def desk_of(store: Store, file: CaseFile, profile: ObligationProfile | None) -> ComplaintDesk:
    """The desk of the file: its lifecycle, its deadlines, and no conditions."""
    profiles = () if profile is None else (profile,)
    return ComplaintDesk(store=store, rules=rules_of(file.rules), profiles=profiles)


def keep(desk: ComplaintDesk, file: CaseFile, unit: UnitOfWork) -> None:
    """Keep every case with its trail.

    :raises Refusal: if the store holds one of them already.
    """
    try:
        for case in file.cases:
            desk.keep(case, unit=unit)
    except AlreadyKept as error:
        raise Refusal(
            "the store holds a case of this file already: name a new one with --store"
        ) from error


def overdue_of(desk: ComplaintDesk, file: CaseFile, unit: UnitOfWork) -> tuple[AgendaEntry, ...]:
    """What is overdue, the longest first, from the index of the store."""
    before = file.as_of.astimezone(UTC)
    pages = walk(lambda after: desk.due(before=before, limit=_PAGE, after=after, unit=unit))
    return tuple(stored.record for stored in pages)
