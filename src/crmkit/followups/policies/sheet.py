"""The sheet on which the plan of one owner is worked out."""

from collections import Counter, OrderedDict
from collections.abc import Iterable, Sequence
from datetime import date

from attrs import define, field

from crmkit.business_time import BusinessCalendar
from crmkit.contact import Contact, ContactPolicy
from crmkit.errors import InvalidValue
from crmkit.followups.facts import FollowUpFacts
from crmkit.followups.policies.asking import Asking
from crmkit.followups.policies.board import Board
from crmkit.followups.policies.cadence import Cadence
from crmkit.followups.policies.owners import FollowUpOwner
from crmkit.followups.policies.placement import Placement, Unplaced, WhyUnplaced, order_of
from crmkit.followups.policies.plan import OwnerPlan, PlanCase, Smoothing
from crmkit.followups.policies.priority import Priority, PriorityVerdict
from crmkit.followups.policies.working_days import Approach, Leeway, Moments, WorkingDays
from crmkit.followups.records.occurrence import Occurrence
from crmkit.period import Period

__all__ = ["Calendars", "Sheet"]

_MOST_CALENDARS = 8


@define(eq=False)
class Calendars:
    """What owners with the same calendar share: the working days, and what cadences ask for."""

    cadences: tuple[Cadence, ...]
    period: Period
    _known: OrderedDict[BusinessCalendar, tuple[WorkingDays, Asking]] = field(factory=OrderedDict)

    def of(self, calendar: BusinessCalendar) -> tuple[WorkingDays, Asking]:
        """Those of a calendar; only the last few asked for are kept in mind."""
        found = self._known.pop(calendar, None)
        if found is None:
            if len(self._known) >= _MOST_CALENDARS:
                self._known.popitem(last=False)
            found = (
                WorkingDays.of(calendar, self.period),
                Asking(self.cadences, calendar, self.period),
            )
        self._known[calendar] = found
        return found


@define(eq=False)
class Job:
    """A follow-up that looks for a day."""

    case: PlanCase
    occurrence: Occurrence
    score: int
    channel: str
    exempt: bool
    """Whether caps and gaps do not matter to it: then it comes first, and others keep away."""
    apart: bool
    """Whether contact rules may keep it apart from other follow-ups of the customer."""
    window: int = 0
    """The working days on which it may be done."""
    moments: Moments = field(factory=dict)
    """By working day, from when on the customer may be contacted."""

    @property
    def order(self) -> tuple[bool, int, date, date, str, str, date]:
        """What comes first: the most important, then what has the least time."""
        one = self.occurrence
        key = (self.case.facts.customer, one.cadence, one.nominal_on)
        return (not self.exempt, -self.score, one.not_after, one.due_on, *key)


@define(eq=False)
class Sheet:
    """The days of an owner, and what is put on them."""

    owner: FollowUpOwner
    period: Period
    days: WorkingDays
    asking: Asking
    priority: Priority
    contact: ContactPolicy
    smoothing: Smoothing
    _verdicts: dict[tuple[int, str | None, frozenset[str]], PriorityVerdict] = field(factory=dict)
    _leeway: Leeway = field(init=False)
    _apart: dict[str, list[Contact]] = field(factory=dict)
    """By customer, the follow-ups placed that contact rules keep apart from others."""

    def __attrs_post_init__(self) -> None:
        self._leeway = Leeway.of(self.contact)

    def filled(self, cases: Iterable[PlanCase]) -> OwnerPlan:
        """The plan for some customers."""
        told_apart = _told_apart(cases)
        kept = sorted(
            (one for case in told_apart for one in case.kept if self._is_ours(one)), key=order_of
        )
        jobs = sorted(
            (job for case in told_apart for job in self._jobs(case)), key=lambda job: job.order
        )
        board = self._board(kept, jobs)
        reasons = [self._placed(board, number, job) for number, job in enumerate(jobs)]
        unplaced = [
            self._unplaced(job, why)
            for job, why in zip(jobs, reasons, strict=True)
            if why is not None
        ]
        if self.smoothing is Smoothing.EVEN:
            board.level()
        else:
            board.settle()
        placements = [self._placement(jobs[number], at) for number, at in board.where.items()]
        return OwnerPlan(
            owner=self.owner.actor,
            period=self.period,
            placements=tuple(sorted(placements, key=order_of)),
            unplaced=tuple(unplaced),
            kept=tuple(kept),
            clashes=tuple(one for one in kept if not self._works_on(one.on)),
        )

    # --- what there is to do ---

    def _is_ours(self, one: Placement) -> bool:
        return one.owner == self.owner.actor and one.on in self.period

    def _works_on(self, day: date) -> bool:
        return self.owner.is_there_on(day) and self.days.within(day, day) != 0

    def _jobs(self, case: PlanCase) -> Iterable[Job]:
        """The follow-ups of a customer that have no day yet."""
        found = tuple(self.asking.of(case.facts))
        if case.more or case.kept or case.settled:
            by_key = {(one.cadence, one.nominal_on): one for one in (*found, *case.more)}
            has_a_day = {(one.occurrence.cadence, one.occurrence.nominal_on) for one in case.kept}
            found = tuple(
                one
                for key, one in by_key.items()
                if one.due_on < self.period.end and key not in has_a_day | case.settled
            )
        apart = len(found) > 1 and bool(self.contact.caps or self.contact.gaps)
        return [self._job(case, one, apart) for one in found]

    def _job(self, case: PlanCase, one: Occurrence, apart: bool) -> Job:
        verdict = self._verdict(case.facts, one)
        exempt = one.purpose in self.contact.exempt_purposes
        return Job(case, one, verdict.score, one.channel or verdict.channel, exempt, apart)

    def _verdict(self, facts: FollowUpFacts, one: Occurrence) -> PriorityVerdict:
        key = ((one.not_after - facts.as_of).days, facts.tier, facts.segments)
        found = self._verdicts.get(key)
        if found is None:
            found = self._verdicts[key] = self.priority.verdict(*key)
        return found

    # --- onto the days ---

    def _board(self, kept: Iterable[Placement], jobs: Sequence[Job]) -> Board:
        loads = Counter(one.on for one in kept)
        load = [loads[day] for day in self.days.days]
        capacity = self.owner.capacity
        room = [capacity.on(day) - loads[day] for day in self.days.days]
        ordinals = [day.toordinal() for day in self.days.days]
        due = [job.occurrence.due_on.toordinal() for job in jobs]
        return Board(
            load,
            room,
            lambda number, place: abs(ordinals[place] - due[number]),
            even=self.smoothing is Smoothing.EVEN,
        )

    def _placed(self, board: Board, number: int, job: Job) -> WhyUnplaced | None:
        """Put a follow-up on a day; if there is none, say why."""
        one = job.occurrence
        first = max(one.not_before, job.case.facts.as_of, self.period.start)
        last = min(one.not_after, self.period.last)
        if first > last:
            return WhyUnplaced.OVER
        leaves = self.owner.leaves_on
        if leaves is not None and leaves < last:
            if not self.days.within(first, last):
                return WhyUnplaced.CLOSED
            if leaves < first or not self.days.within(first, leaves):
                return WhyUnplaced.OWNER_LEAVES
            last = leaves
        job.window = self.days.within(first, last)
        if not job.window:
            return WhyUnplaced.CLOSED
        mask = self._look_for_moments(job, job.window)
        if not mask:
            return WhyUnplaced.CONTACT_RULES
        if not board.put(number, mask, stays=job.apart):
            return WhyUnplaced.FULL
        if job.apart:
            contact = Contact(job.moments[board.where[number]], job.channel, one.purpose)
            self._apart.setdefault(job.case.facts.customer, []).append(contact)
        return None

    # --- when the customer may be contacted ---

    def _look_for_moments(self, job: Job, window: int) -> int:
        """Note from when on the customer may be contacted; give the days of a window that do."""
        case = job.case
        if job.apart or case.contacts or case.kept or case.do_not_contact:
            mask, job.moments = self.days.moments(
                self.contact, self._leeway, self._approach(job), window
            )
            return mask
        mask, job.moments = self.days.usual_moments(
            self.contact, job.channel, job.occurrence.purpose, self._zone_of(case)
        )
        return mask & window

    def _approach(self, job: Job) -> Approach:
        """How the customer would be contacted, next to what happened, was kept and is placed."""
        case = job.case
        kept = (self._contact_of(one, case) for one in case.kept)
        placed = self._apart.get(case.facts.customer, ())
        contacts = (*case.contacts, *kept, *placed)
        purpose = job.occurrence.purpose
        return Approach(job.channel, purpose, self._zone_of(case), contacts, case.do_not_contact)

    def _contact_of(self, one: Placement, case: PlanCase) -> Contact:
        """The contact that something kept will be; at the beginning of its day, if that is open."""
        occurrence = one.occurrence
        channel = one.channel or occurrence.channel or self._verdict(case.facts, occurrence).channel
        return Contact(
            one.at or self.days.begin_of(one.on, self.owner.calendar), channel, occurrence.purpose
        )

    def _zone_of(self, case: PlanCase) -> str:
        return case.zone or self.days.zone

    # --- what came of it ---

    def _placement(self, job: Job, place: int) -> Placement:
        return Placement(
            self.owner.actor,
            job.case.facts.customer,
            job.occurrence,
            self.days.days[place],
            job.moments[place],
            job.channel,
            job.score,
        )

    def _unplaced(self, job: Job, why: WhyUnplaced) -> Unplaced:
        one = job.occurrence
        if why is WhyUnplaced.FULL and job.apart and not self._look_for_moments(job, job.window):
            # Since its turn, others of the customer have been placed that it has to keep away from.
            why = WhyUnplaced.CONTACT_RULES
        can_wait = one.not_after >= self.period.end
        customer = job.case.facts.customer
        return Unplaced(self.owner.actor, customer, one, why, can_wait, job.score)


def _told_apart(cases: Iterable[PlanCase]) -> Iterable[PlanCase]:
    """Each customer once."""
    found: dict[str, PlanCase] = {}
    for case in cases:
        if not isinstance(case, PlanCase):
            raise InvalidValue("a customer is planned for as PlanCase(facts=...)")
        known = found.setdefault(case.facts.customer, case)
        if known is not case and known != case:
            raise InvalidValue("a customer comes twice with different facts: pass one of the two")
    return found.values()
