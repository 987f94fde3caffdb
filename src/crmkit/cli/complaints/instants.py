"""From the texts of a file to instants, on the wall clock of a zone."""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from attrs import define, field

from crmkit.cli.complaints.rows import Rejected
from crmkit.cli.refusal import Refusal
from crmkit.intake.dates import ISO, DateFormat
from crmkit.intake.rejects import Refused

__all__ = ["Clock", "end_of"]

_FIRST_YEAR, _LAST_YEAR = 1900, 2100
"""What lies outside is a slip of the pen, and would move everything that is as of the last day."""

_DAYS_REMEMBERED = 10_000

_ISO_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)?", re.ASCII
)


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """The end of a day: the beginning of the next.

    :raises Refusal: if the day is beyond all that is reckoned with.
    """
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise Refusal(f"--as-of names a day from {_FIRST_YEAR} to {_LAST_YEAR}")
    return datetime.combine(day + timedelta(days=1), time(), zone)


def _check_year(day: date, column: str) -> None:
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        message = f"not a day of the years {_FIRST_YEAR} to {_LAST_YEAR}"
        raise Rejected("bad-date", message, column)


@define
class Clock:
    """Reads days and times in one format, on the clock on the wall of one place.

    A day without a time stands for its beginning, or is refused where a time is needed. Where
    clocks are put back, a time that came twice is read as the first of the two; one that was left
    out, where they are put forward, as if they had not been yet. Both are counted.
    """

    zone: ZoneInfo
    date_format: str = "iso"
    needs_time: bool = False
    ambiguous: int = 0
    skipped: int = 0
    _format: DateFormat = field(init=False)
    _days: dict[str, datetime] = field(init=False, factory=dict)

    def __attrs_post_init__(self) -> None:
        self._format = DateFormat.named(self.date_format, self.zone)

    def __call__(self, text: str, column: str) -> datetime:
        """The instant that a text means.

        :raises Rejected: if it means none.
        """
        # Most days stand in a file many times.
        known = self._days.get(text)
        return self._read(text, column) if known is None else known

    def _read(self, text: str, column: str) -> datetime:
        if self.date_format == ISO and _ISO_INSTANT.fullmatch(text):
            with suppress(ValueError):  # 30 February, or 25 o'clock: the format says what is wrong.
                return self._placed(datetime.fromisoformat(text), column)
        day = self._day(text, column)
        match = self._format.pattern.fullmatch(text)
        parts = {} if match is None else {k: v for k, v in match.groupdict().items() if v}
        if "H" in parts:
            return self._at(text, day, parts)
        if self.needs_time:
            raise Rejected("bad-date", "a day without a time", column)
        begins = datetime.combine(day, time(), self.zone)
        if len(self._days) < _DAYS_REMEMBERED:
            self._days[text] = begins
        return begins

    def _day(self, text: str, column: str) -> date:
        try:
            day = date.fromordinal(self._format(text))
        except Refused as refused:
            message = re.sub(r"date_format='([^']*)'", r"the date_format \1", refused.message)
            raise Rejected(refused.reason.value, message, column) from None
        _check_year(day, column)
        return day

    def _at(self, text: str, day: date, parts: Mapping[str, str]) -> datetime:
        hour, minute, second = (int(parts.get(name, "0")) for name in "HMS")
        if "z" not in parts:
            return self._local(datetime.combine(day, time(hour, minute, second), self.zone))
        offset = datetime.fromisoformat(f"2000-01-01T00:00{parts['z']}").tzinfo
        # The day where the offset holds, which may be another one than here.
        there = DateFormat(self._format.text, offset, self._format.pattern).read(text)
        on = date.fromordinal(there or day.toordinal())
        return datetime.combine(on, time(hour, minute, second), offset).astimezone(UTC)

    def _placed(self, at: datetime, column: str) -> datetime:
        _check_year(at, column)
        return self._local(at.replace(tzinfo=self.zone)) if at.tzinfo is None else at

    def _local(self, at: datetime) -> datetime:
        late = at.replace(fold=1)
        if at.utcoffset() != late.utcoffset():
            exists = at.astimezone(UTC).astimezone(self.zone).replace(fold=0) == at
            self.ambiguous += exists
            self.skipped += not exists
        return at.astimezone(UTC)
