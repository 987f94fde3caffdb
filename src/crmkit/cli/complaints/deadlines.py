"""The deadlines of a lifecycle, counted by the working time that the options describe."""

from crmkit.business_time import BusinessCalendar
from crmkit.cli.complaints.cases import CaseFile
from crmkit.cli.complaints.layout import DESK, ROUND_THE_CLOCK
from crmkit.cli.complaints.options import ComplaintOptions
from crmkit.cli.refusal import Refusal
from crmkit.cli.working_time import working_calendar
from crmkit.complaints.policies.profiles import ObligationProfile

__all__ = ["profile_of"]


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
    unknown = sorted(profile.calendar_names - {DESK, ROUND_THE_CLOCK})
    if unknown:
        raise Refusal(
            f"a deadline is counted by the calendar {', '.join(unknown)}: write {DESK} for the "
            f"time of --hours, or {ROUND_THE_CLOCK}"
        )
    bound = {name: _calendar(name, options, file) for name in sorted(profile.calendar_names)}
    return profile.with_calendars(**bound)


def _calendar(name: str, options: ComplaintOptions, file: CaseFile) -> BusinessCalendar:
    if name == ROUND_THE_CLOCK:
        return BusinessCalendar.round_the_clock(file.zone)
    if not options.hours:
        raise Refusal("the deadlines are counted in working time: add --hours 09:00-18:00")
    first = file.first_at.astimezone(file.zone).year
    # What is received at the end falls due later, perhaps in the year after.
    last = file.as_of.astimezone(file.zone).year + 1
    return working_calendar(options.hours, file.zone, options.holidays, (first, last))
