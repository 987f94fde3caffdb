"""How well a plan was worked off, and where it got stuck."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from fractions import Fraction
from types import MappingProxyType

from attrs import field, frozen

from crmkit.business_time.zones import in_utc
from crmkit.errors import InvalidValue
from crmkit.followups.lifecycle import FollowUpStatus
from crmkit.followups.records.follow_up import FollowUp
from crmkit.followups.records.state import Terms, begin, step
from crmkit.followups.tally.overdue import told_apart
from crmkit.identifiers import Actor
from crmkit.period import Period, check_instant

__all__ = ["ContactEfficiency", "WorkedOff", "contact_efficiency"]

_WAITING = (
    FollowUpStatus.PLANNED,
    FollowUpStatus.ASSIGNED,
    FollowUpStatus.CONFIRMED,
    FollowUpStatus.RESCHEDULED,
    FollowUpStatus.MISSED,
)


def _counts(counts: Mapping[FollowUpStatus, int]) -> Mapping[FollowUpStatus, int]:
    return MappingProxyType({status: counts[status] for status in FollowUpStatus if counts[status]})


def _times(times: Mapping[FollowUpStatus, timedelta]) -> Mapping[FollowUpStatus, timedelta]:
    """The times at which something was waited for: what is done or called off waits no more."""
    found = {status: times.get(status, timedelta(0)) for status in _WAITING}
    return MappingProxyType({status: time for status, time in found.items() if time})


@frozen(kw_only=True)
class WorkedOff:
    """How many follow-ups stand where, how many were done in time, and how long they waited where.

    ``waited`` adds up over all of them how long they stood at each status before they were done or
    called off, or up to the instant asked about.
    """

    counts: Mapping[FollowUpStatus, int] = field(converter=_counts, hash=False)
    in_time: int
    waited: Mapping[FollowUpStatus, timedelta] = field(converter=_times, hash=False)

    @property
    def total(self) -> int:
        """How many there are."""
        return sum(self.counts.values())

    @property
    def share_done(self) -> Fraction | None:
        """The share that was done, of all that nobody called off; None if there is none."""
        return self._share(self.counts.get(FollowUpStatus.DONE, 0))

    @property
    def share_in_time(self) -> Fraction | None:
        """The share that was done by its last day, of all that nobody called off."""
        return self._share(self.in_time)

    def _share(self, count: int) -> Fraction | None:
        wanted = self.total - self.counts.get(FollowUpStatus.CANCELLED, 0)
        return Fraction(count, wanted) if wanted else None

    @property
    def bottleneck(self) -> FollowUpStatus | None:
        """Where they waited longest in all; None if they did not wait."""
        return max(self.waited, key=self.waited.__getitem__, default=None)

    def merge(self, other: "WorkedOff") -> "WorkedOff":
        """Both together, as if they had been summed up at once."""
        times = (self.waited, other.waited)
        return WorkedOff(
            counts=Counter(self.counts) + Counter(other.counts),
            in_time=self.in_time + other.in_time,
            waited={
                s: sum((t.get(s, timedelta(0)) for t in times), timedelta(0)) for s in _WAITING
            },
        )


@frozen(kw_only=True)
class ContactEfficiency:
    """How well the follow-ups of a period were worked off, by owner and in all, as of an instant.

    What waits for an owner stands under None.
    """

    period: Period
    at: datetime
    by_owner: Mapping[Actor | None, WorkedOff] = field(hash=False)

    @property
    def total(self) -> WorkedOff:
        """All owners together."""
        total = WorkedOff(counts=Counter(), in_time=0, waited={})
        for each in self.by_owner.values():
            total = total.merge(each)
        return total


def contact_efficiency(
    follow_ups: Iterable[FollowUp], period: Period, at: datetime
) -> ContactEfficiency:
    """How well the follow-ups that are due in a period were worked off, and where they got stuck.

    They stand as they were handed in; ``at`` ends the waiting of those that still wait. Order and
    duplicates make no difference. Source: CUS-12 of the requirements.

    :raises InvalidValue: if the period is no Period, or one number stands for two follow-ups.
    :raises NaiveDatetime: if the instant has no time zone.
    """
    if not isinstance(period, Period):
        raise InvalidValue("follow-ups are due within a Period, such as Period.month(2026, 5)")
    check_instant(at, "the instant asked about")
    found: dict[Actor | None, WorkedOff] = {}
    for each in told_apart(follow_ups):
        if each.due_on in period:
            one = _worked_off(each, at)
            found[each.owner] = found[each.owner].merge(one) if each.owner in found else one
    ordered = dict(sorted(found.items(), key=lambda item: item[0] or ""))
    return ContactEfficiency(period=period, at=at, by_owner=MappingProxyType(ordered))


def _worked_off(follow_up: FollowUp, at: datetime) -> WorkedOff:
    waited: dict[FollowUpStatus, timedelta] = {}
    for status, time in _stretches(follow_up, at):
        waited[status] = waited.get(status, timedelta(0)) + time
    is_done = follow_up.done is not None
    return WorkedOff(
        counts=Counter([follow_up.status]),
        in_time=int(is_done and not follow_up.is_late),
        waited=waited,
    )


def _stretches(follow_up: FollowUp, at: datetime) -> Iterator[tuple[FollowUpStatus, timedelta]]:
    """How long it stood where; what was recorded late makes no time run backwards."""
    state = begin(follow_up.trail)
    since = in_utc(follow_up.trail[0].at)
    terms = Terms(follow_up.customer, follow_up.needs)
    for entry in follow_up.trail[1:]:
        until = max(in_utc(entry.at), since)
        yield state.status, until - since
        state, since = step(terms, state, entry), until
    yield state.status, max(in_utc(at) - since, timedelta(0))
