"""How working time was counted, day by day, for people to read."""

from datetime import UTC, date, datetime, timedelta

from attrs import frozen

__all__ = ["Trace", "TraceDay"]


@frozen
class TraceDay:
    """What one date gave: the spans that counted, and what made the date an exception."""

    on: date
    spans: tuple[tuple[datetime, datetime], ...]
    """From when to when working time ran, on the wall clock of the calendar."""
    counted: timedelta
    total: timedelta
    """What had been counted by the end of this date."""
    exceptions: tuple[str, ...] = ()
    """The names of closures and openings on this date."""

    def __str__(self) -> str:
        spans = ", ".join(f"{_clock(start)}-{_end(start, end)}" for start, end in self.spans)
        because = f"  ({', '.join(self.exceptions)})" if self.exceptions else ""
        day = f"{self.on:%a} {self.on.isoformat()}"
        if not self.spans:
            return f"{day}  closed{because}"
        return f"{day}  {spans}  {_text(self.counted)}, {_text(self.total)} in all{because}"


@frozen
class Trace:
    """The working time between two instants, day by day.

    ``str(trace)`` is one line a day.
    """

    start: datetime
    end: datetime
    days: tuple[TraceDay, ...]

    @property
    def counted(self) -> timedelta:
        """All working time between the two."""
        return self.days[-1].total if self.days else timedelta()

    def __str__(self) -> str:
        return "\n".join(map(str, self.days))


def _clock(at: datetime) -> str:
    text = at.time().isoformat()
    return text.removesuffix(":00") if text.count(":") == 2 else text


def _end(start: datetime, end: datetime) -> str:
    """When a span ends by the clock that it began by, which may jump at that very instant.

    So the hours of a day add up to what is counted. What ends at midnight ends at 24:00.
    """
    by_the_same_clock = start.replace(tzinfo=None) + (end.astimezone(UTC) - start.astimezone(UTC))
    return "24:00" if by_the_same_clock.date() > start.date() else _clock(by_the_same_clock)


def _text(duration: timedelta) -> str:
    """Hours and minutes, and what is below them if there is any."""
    minutes, rest = divmod(duration, timedelta(minutes=1))
    hours, minutes = divmod(minutes, 60)
    seconds = f"{rest.seconds}.{rest.microseconds:06d}".rstrip("0").removesuffix(".")
    return f"{hours} h {minutes:02d} min" + (f" {seconds} s" if rest else "")
