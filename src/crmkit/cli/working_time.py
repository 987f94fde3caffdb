"""Working time as options describe it: hours of the week, a zone, and whose holidays."""

from zoneinfo import ZoneInfo

from crmkit.business_time import BusinessCalendar, Closure, national_holidays
from crmkit.cli.refusal import Refusal
from crmkit.errors import CrmkitError, InvalidValue, MissingExtra
from crmkit.intake.dates import zone_named

__all__ = ["working_calendar", "zone_of"]

_LAST_YEAR_OF_HOLIDAYS = 2100


def zone_of(name: str) -> ZoneInfo:
    """Find the time zone that an option names.

    :raises Refusal: if there is none of that name.
    """
    try:
        found = zone_named(name)
    except InvalidValue:
        found = None
    if not isinstance(found, ZoneInfo):
        raise Refusal("there is no such time zone: --zone takes one such as Europe/Rome")
    return found


def working_calendar(
    hours: tuple[str, ...], zone: ZoneInfo, holidays: str | None, years: tuple[int, int]
) -> BusinessCalendar:
    """The working time of Mondays to Fridays, with the holidays of the years from one to another.

    :raises Refusal: if hours, country or region cannot be used.
    :raises MissingExtra: if holidays are wanted and their library is not there.
    """
    closures = () if holidays is None else _holidays(holidays, years)
    try:
        return BusinessCalendar.on_weekdays(*hours, zone=zone, closures=closures)
    except CrmkitError as error:
        raise Refusal(f"--hours cannot be used: {error}") from error


def _holidays(place: str, years: tuple[int, int]) -> tuple[Closure, ...]:
    """The holidays of a country such as IT, or of a region such as DE-BE."""
    country, _, region = place.partition("-")
    first, last = years
    spanned = range(first, min(last, _LAST_YEAR_OF_HOLIDAYS) + 1)
    try:
        return national_holidays(country, years=spanned, subdivision=region or None)
    except MissingExtra:
        raise
    except CrmkitError as error:
        raise Refusal(f"--holidays cannot be used: {error}") from error
