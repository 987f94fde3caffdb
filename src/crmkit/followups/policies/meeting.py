"""The meeting of the week: when it is, and what lies on the table."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import pairwise

from attrs import field, frozen

from crmkit.business_time import BusinessCalendar, Weekday
from crmkit.business_time.zones import in_utc
from crmkit.contact.records import zone_name
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.followups.policies.cadence import Cadence
from crmkit.followups.policies.closed_days import ClosedDays
from crmkit.followups.policies.steps import CadenceStep
from crmkit.followups.records.follow_up import FollowUp
from crmkit.identifiers import Actor
from crmkit.period import Period, Unit, check_instant
from crmkit.records import Direction, Interaction
from crmkit.recurrence import Every, WallTime

__all__ = ["MeetingPack", "MeetingTopic", "MeetingWeek", "WeeklyMeeting"]

# 5 January 1970 was a Monday. Who is closed for longer than a year has no meeting worth the name.
_A_MONDAY = date(1970, 1, 5)
_FAR = timedelta(days=400)


@frozen
class MeetingWeek:
    """From one meeting to the next: what happens in between lies on the table of the next one.

    What happens at the very instant of a meeting belongs to the one after.

    :raises InvalidValue: if the meeting is not after the one before.
    :raises NaiveDatetime: if an instant has no time zone.
    """

    begins_at: datetime
    meets_at: datetime

    def __attrs_post_init__(self) -> None:
        check_instant(self.begins_at, "the instant of a meeting")
        check_instant(self.meets_at, "the instant of a meeting")
        if in_utc(self.meets_at) <= in_utc(self.begins_at):
            raise InvalidValue("a meeting is after the one before")

    def __contains__(self, at: datetime) -> bool:
        check_instant(at, "the instant looked for in a week")
        return in_utc(self.begins_at) <= in_utc(at) < in_utc(self.meets_at)

    @property
    def days(self) -> Period:
        """The days from the one after a meeting to that of the next: all there are, each once."""
        day = timedelta(days=1)
        return Period(self.begins_at.date() + day, self.meets_at.date() + day)


@frozen(kw_only=True)
class WeeklyMeeting:
    """Each week, on Friday afternoon, what the week has brought is looked at.

    The time is that of a clock in the ``zone``. If nobody works on the day, the meeting is moved as
    ``closed_days`` says; two that are moved to one day are one meeting, of two weeks.

    Friday afternoon is FUP-10 of the requirements. That it is at two, and on the working day before
    if Friday is closed, is our choice.

    :raises InvalidPolicy: if a term is no member of its enumeration, or no time of day.
    :raises InvalidValue: if there is no such zone.

    >>> from zoneinfo import ZoneInfo
    >>> berlin = ZoneInfo("Europe/Berlin")
    >>> week = WeeklyMeeting(zone="Europe/Berlin").week_of(
    ...     datetime(2026, 5, 5, 9, 0, tzinfo=berlin)
    ... )
    >>> week.begins_at.isoformat(), week.meets_at.isoformat()
    ('2026-05-01T14:00:00+02:00', '2026-05-08T14:00:00+02:00')
    """

    zone: str = field(converter=zone_name)
    weekday: Weekday = Weekday.FRIDAY
    at: WallTime = field(default=WallTime("14:00"))
    closed_days: ClosedDays = ClosedDays.PREVIOUS_OPEN

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.weekday, Weekday) or not isinstance(self.closed_days, ClosedDays):
            raise InvalidPolicy(
                "a meeting is on a Weekday such as Weekday.FRIDAY, and is moved by a member of "
                "ClosedDays"
            )
        if not isinstance(self.at, WallTime):
            raise InvalidPolicy("a meeting is at a time of day, such as WallTime('14:00')")

    @cached_property
    def _cadence(self) -> Cadence:
        return Cadence(
            name="weekly-meeting",
            anchor=_A_MONDAY + timedelta(days=list(Weekday).index(self.weekday)),
            steps=(CadenceStep(Every(1, Unit.WEEK)),),
            purpose="weekly-meeting",
            closed_days=self.closed_days,
        )

    def week_of(self, at: datetime, *, calendar: BusinessCalendar | None = None) -> MeetingWeek:
        """The week to which an instant belongs; without a ``calendar``, all days are open.

        :raises InvalidValue: if there is no meeting within a year before it or after, or it lies
            before 1971 or at the end of the calendar.
        :raises NaiveDatetime: if the instant has no time zone.
        """
        check_instant(at, "the instant asked about")
        try:
            around = Period(at.date() - _FAR, at.date() + _FAR)
        except OverflowError:
            around = Period(date.min, date.min + _FAR)
        due = self._cadence.due_within(around, calendar=calendar)
        meetings = [self.at.on(one.due_on, self.zone) for one in due]
        weeks = (MeetingWeek(begins_at, meets_at) for begins_at, meets_at in pairwise(meetings))
        for week in weeks:
            if at in week:
                return week
        raise InvalidValue("there is no meeting within a year before that instant, and after it")

    def pack(
        self,
        week: MeetingWeek,
        *,
        interactions: Iterable[Interaction],
        follow_ups: Iterable[FollowUp],
        owners: Iterable[Actor] = (),
        handed_in: Mapping[Actor, datetime] | None = None,
        calendar: BusinessCalendar | None = None,
    ) -> "MeetingPack":
        """What lies on the table of a meeting, from all records in any order.

        ``owners`` are those who report each week, ``handed_in`` says when they last did. Follow-ups
        count as they stand.
        """
        told = {each.id: each for each in interactions}
        before = self.week_of(in_utc(week.begins_at) - timedelta.resolution, calendar=calendar)
        after = self.week_of(week.meets_at, calendar=calendar)
        owed = [each for each in follow_ups if each.is_owed]
        reported = handed_in or {}
        return MeetingPack(
            week=week,
            topics=_topics(told.values(), week, before),
            interactions=_in_time(each for each in told.values() if each.at in week),
            owed=_by_day(each for each in owed if each.due_on < week.days.end),
            coming=_by_day(each for each in owed if each.due_on in after.days),
            reports_missing=tuple(
                owner
                for owner in sorted(set(owners))
                if owner not in reported or reported[owner] not in week
            ),
        )


@frozen(kw_only=True)
class MeetingTopic:
    """How often there was talk of one thing in a week, and how often in the week before.

    Inbound is what customers reported, outbound the service that they were given.
    """

    direction: Direction
    purpose: str | None
    count: int
    before: int

    @property
    def change(self) -> int:
        """How many more than in the week before."""
        return self.count - self.before

    def __str__(self) -> str:
        about = self.purpose if self.purpose is not None else "without a purpose"
        return f"{self.direction}, {about}: {self.count:,} ({self.change:+,})"


@frozen(kw_only=True)
class MeetingPack:
    """What lies on the table of a weekly meeting.

    ``topics`` counts what customers reported and what was done for them, by purpose, against the
    week before: what customers reported first, and of that what grew most. ``interactions`` are
    those that are counted. ``owed`` are the follow-ups that were due by the day of the meeting and
    are neither done nor cancelled, ``coming`` those that are due by the next one. Whoever has not
    handed in the report of this week is in ``reports_missing``.
    """

    week: MeetingWeek
    topics: tuple[MeetingTopic, ...]
    interactions: tuple[Interaction, ...]
    owed: tuple[FollowUp, ...]
    coming: tuple[FollowUp, ...]
    reports_missing: tuple[Actor, ...]

    def to_text(self) -> str:
        """The pack as a page of plain text, without anything that a customer said."""
        lines = [f"week from {self.week.begins_at} to {self.week.meets_at}"]
        lines.extend(f"- {topic}" for topic in self.topics)
        lines.append(f"- owed: {len(self.owed):,}; coming: {len(self.coming):,}")
        lines.extend(f"- no report by {owner}" for owner in self.reports_missing)
        return "\n".join(lines)


def _topics(
    interactions: Iterable[Interaction], week: MeetingWeek, before: MeetingWeek
) -> tuple[MeetingTopic, ...]:
    now, then = Counter[tuple[Direction, str | None]](), Counter[tuple[Direction, str | None]]()
    for each in interactions:
        topic = (each.direction, each.purpose)
        now[topic] += each.at in week
        then[topic] += each.at in before
    found = [
        MeetingTopic(direction=topic[0], purpose=topic[1], count=now[topic], before=then[topic])
        for topic in now
        if now[topic] or then[topic]
    ]
    return tuple(
        sorted(found, key=lambda one: (one.direction, -one.change, -one.count, one.purpose or ""))
    )


def _in_time(interactions: Iterable[Interaction]) -> tuple[Interaction, ...]:
    return tuple(sorted(interactions, key=lambda each: (in_utc(each.at), each.id)))


def _by_day(follow_ups: Iterable[FollowUp]) -> tuple[FollowUp, ...]:
    return tuple(sorted(follow_ups, key=lambda each: (each.due_on, each.id)))
