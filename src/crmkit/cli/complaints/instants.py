"""From the texts of a file to instants, on the wall clock of a zone."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from attrs import define

from crmkit.cli.complaints.rows import Rejected
from crmkit.cli.refusal import Refusal
from crmkit.errors import InvalidValue
from crmkit.intake.dates import DateFormat, zone_named
from crmkit.intake.rejects import Refused

__all__ = ["Clock", "Days", "end_of", "zone_of"]

_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d)?", re.ASCII
)


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


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """The end of a day: the beginning of the next.

    :raises Refusal: if the calendar ends before.
    """
    try:
        return datetime.combine(day + timedelta(days=1), time(), zone)
    except OverflowError:
        raise Refusal("the last day is beyond the calendar: name a day before 9999") from None


class Days:
    """Reads days in one format; each stands for its beginning, for the file knows no time."""

    def __init__(self, date_format: str, zone: ZoneInfo) -> None:
        self._zone = zone
        self._read = DateFormat.named(date_format, zone)

    def __call__(self, text: str, column: str) -> datetime:
        """The beginning of the day.

        :raises Rejected: if the text is no day in the format.
        """
        try:
            day = date.fromordinal(self._read(text))
        except Refused as refused:
            message = re.sub(r"date_format='([^']*)'", r"the date_format \1", refused.message)
            raise Rejected(refused.reason.value, message, column) from None
        return datetime.combine(day, time(), self._zone)


@define
class Clock:
    """Reads times on the clock on the wall of one place.

    Where clocks are put back, a time that came twice is read as the first of the two; one that was
    left out, where they are put forward, as if they had not been yet. Both are counted.
    """

    zone: ZoneInfo
    ambiguous: int = 0
    skipped: int = 0

    def __call__(self, text: str, column: str) -> datetime:
        """The instant that a text means.

        :raises Rejected: if it means none.
        """
        if not text:
            raise Rejected("missing", "there is no time", column)
        try:
            at = datetime.fromisoformat(text) if _INSTANT.fullmatch(text) else None
        except ValueError:
            at = None  # 30 February, or 25 o'clock.
        if at is None:
            raise Rejected("bad-date", "not a time written as 2026-03-31 14:05:00", column)
        return at if at.tzinfo is not None else self._local(at.replace(tzinfo=self.zone))

    def _local(self, at: datetime) -> datetime:
        late = at.replace(fold=1)
        if at.utcoffset() != late.utcoffset():
            exists = at.astimezone(UTC).astimezone(self.zone).replace(fold=0) == at
            self.ambiguous += exists
            self.skipped += not exists
        return at.astimezone(UTC)
