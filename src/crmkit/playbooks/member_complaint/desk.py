"""Carrying out the recovery of a member: points and complaint in one unit of work, or neither."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TypeVar

from attrs import field, frozen

from crmkit.complaints import (
    COMPLAINTS,
    ERASED,
    Complaint,
    ComplaintDesk,
    Event,
    Noted,
    PromiseMade,
    RedressGiven,
)
from crmkit.decision import Decision
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.identifiers import Actor, ComplaintId, CustomerId, PromiseId
from crmkit.loyalty import LoyaltyDesk, Membership, PointsLedger, Posted
from crmkit.money import Money
from crmkit.period import check_instant
from crmkit.playbooks.member_complaint.facts import MemberComplaintFacts, goodwill_key
from crmkit.playbooks.member_complaint.policy import MemberRecoveryPlan, MemberRecoveryPolicy
from crmkit.storage import Page, UnitOfWork, retry_on_conflict, walk

__all__ = ["RECOVERY_TOPIC", "MemberRecovered", "MemberRecovery"]

RECOVERY_TOPIC = "member-recovery"
"""The topic under which the trail of a complaint says that its recovery was carried out."""

_GOODWILL = "goodwill-points"
_CALL = PromiseId("member-recovery-call")

ResultT = TypeVar("ResultT")
Value = Decision[Money] | Decision[str] | None


@frozen
class MemberRecovered:
    """What became of a complaint: the decision that says why, and what was done.

    Both ``decision`` and ``posted`` are None if the recovery had been carried out before; without
    points there is no posting either.
    """

    complaint: Complaint
    decision: Decision[MemberRecoveryPlan] | None
    posted: Posted | None

    @property
    def is_new(self) -> bool:
        """Whether it was carried out now, and not before."""
        return self.decision is not None


@frozen(kw_only=True)
class MemberRecovery:
    """Recovers members who complained: the points through one desk, the record through the other.

    Both desks keep their records in one store, so that all of a recovery happens or none of it. A
    complaint is recovered once, together with those that were merged into it, however often it is
    asked for. A method takes an open unit of work of the host, which it joins and never commits;
    without one it opens its own, commits it, and begins again if somebody else was quicker, up to
    ``attempts`` times.

    :raises InvalidPolicy: if the desks have two stores, or the program has other tiers than the
        policy.
    """

    loyalty: LoyaltyDesk
    complaints: ComplaintDesk
    policy: MemberRecoveryPolicy
    attempts: int = field(default=20)

    def __attrs_post_init__(self) -> None:
        if self.loyalty.store is not self.complaints.store:
            raise InvalidPolicy("both desks keep their records in one store, or half could be done")
        tiers = self.loyalty.program.tiers
        if tiers is None or tiers.ladder != self.policy.tiers:
            raise InvalidPolicy("the policy has the tiers of the program: one ladder for both")
        if type(self.attempts) is not int or self.attempts < 1:
            raise InvalidPolicy("attempts are counted from 1")

    def plan(
        self,
        number: ComplaintId,
        *,
        at: datetime,
        value: Value = None,
        unit: UnitOfWork | None = None,
    ) -> Decision[MemberRecoveryPlan]:
        """What would be done for a member who complained, and why; nothing is done.

        :raises NotKept: if there is no such complaint.
        :raises NotAMember: if the complainant is none.
        :raises InvalidValue: if the complaint goes on in another, nobody knows who complained, or
            how severe it is.
        """
        check_instant(at, "the instant of a recovery")

        def work(unit: UnitOfWork) -> Decision[MemberRecoveryPlan]:
            decision, _ = self._decided(unit, self._complaint(unit, number), at, value)
            return decision

        return self._done(work, unit)

    def carry_out(
        self,
        number: ComplaintId,
        *,
        by: Actor,
        at: datetime,
        value: Value = None,
        unit: UnitOfWork | None = None,
    ) -> MemberRecovered:
        """Decide, credit the goodwill points, and put on the complaint's record what is done.

        The trail notes the level and its measures, the points as redress, and the call as a promise
        by a day. What one of the rooms refuses is refused before anything is written.

        :raises NotKept: if there is no such complaint.
        :raises NotAMember: if the complainant is none.
        :raises ActionRefused: if a condition of the complaints does not hold.
        :raises InvalidValue: if the complaint goes on in another, nobody knows who complained, or
            how severe it is.
        """
        check_instant(at, "the instant of a recovery")

        def work(unit: UnitOfWork) -> MemberRecovered:
            complaint = self._complaint(unit, number)
            if self._was_recovered(unit, complaint):
                return MemberRecovered(complaint, None, None)
            decision, ledger = self._decided(unit, complaint, at, value)
            events = tuple(self._events(decision.outcome))
            self._check_records(complaint, events, by, at)
            posted = self._credit(unit, ledger, number, decision.outcome, by, at)
            for what, reason in events:
                complaint = self.complaints.record(
                    number, what, by=by, at=at, reason=reason, unit=unit
                )
            return MemberRecovered(complaint, decision, posted)

        return self._done(work, unit)

    # --- load ---

    def _done(self, work: Callable[[UnitOfWork], ResultT], unit: UnitOfWork | None) -> ResultT:
        if unit is not None:
            return work(unit)
        return retry_on_conflict(self.loyalty.store, work, attempts=self.attempts)

    def _complaint(self, unit: UnitOfWork, number: ComplaintId) -> Complaint:
        complaint = self.complaints.get(number, unit=unit)
        if complaint.merged_into is not None:
            raise InvalidValue("the matter goes on in another complaint: recover that one")
        return complaint

    def _was_recovered(self, unit: UnitOfWork, complaint: Complaint) -> bool:
        """Whether it was carried out before, for this complaint or one that goes on in it."""
        if any(note.topic == RECOVERY_TOPIC for note in complaint.events(Noted)):
            return True
        inside = (self.complaints.get(each, unit=unit) for each in complaint.absorbed)
        return any(self._was_recovered(unit, each) for each in inside)

    def _membership(self, unit: UnitOfWork, complaint: Complaint) -> Membership:
        """Who complained, by the name under which they have everything today."""
        complainant = complaint.receipt.complainant
        if complainant is None or complainant == ERASED:
            raise InvalidValue("nobody knows who complained, so there is no member to recover")
        membership = self.loyalty.membership(complainant, unit=unit)
        while membership.survivor is not None:
            membership = self.loyalty.membership(membership.survivor, unit=unit)
        return membership

    def _names(self, unit: UnitOfWork, membership: Membership) -> Iterator[CustomerId]:
        """All names of a member, those of whoever was merged into them included."""
        yield membership.member
        for each in membership.absorbed:
            yield from self._names(unit, self.loyalty.membership(each.member, unit=unit))

    def _complaints_of(self, unit: UnitOfWork, membership: Membership) -> Iterator[Complaint]:
        for name in self._names(unit, membership):
            yield from _complaints_by(unit, name)

    # --- decide ---

    def _decided(
        self, unit: UnitOfWork, complaint: Complaint, at: datetime, value: Value
    ) -> tuple[Decision[MemberRecoveryPlan], PointsLedger]:
        membership = self._membership(unit, complaint)
        member, on = membership.member, self.policy.day_of(at)
        ledger = self.loyalty.ledger(member, unit=unit)
        facts = MemberComplaintFacts.of(
            complaint,
            at=at,
            zone=self.policy.zone,
            tier=self.loyalty.tier(member, on, unit=unit),
            ledger=ledger,
            value=value,
            others=self._complaints_of(unit, membership),
            rules=self.complaints.rules,
        )
        return self.policy(facts), ledger

    # --- carry out ---

    def _events(self, plan: MemberRecoveryPlan) -> Iterator[tuple[Event, str]]:
        """What goes on the record of the complaint, and why."""
        measures = ", ".join(plan.measures)
        yield Noted(RECOVERY_TOPIC, f"{plan.level}: {measures}"), f"recovery of a member: {plan}"
        if plan.goodwill_points:
            yield RedressGiven(kind=_GOODWILL), f"{plan.goodwill_points} points of goodwill"
        if plan.call_by is not None:
            due_on = self.policy.day_of(plan.call_by)
            yield PromiseMade(id=_CALL, due_on=due_on), f"{plan.caller} calls back"

    def _check_records(
        self, complaint: Complaint, events: tuple[tuple[Event, str], ...], by: Actor, at: datetime
    ) -> None:
        """Try everything on the rules first: what they refuse, they refuse before the points."""
        for what, reason in events:
            complaint = self.complaints.rules.record(complaint, what, by=by, at=at, reason=reason)

    def _credit(
        self,
        unit: UnitOfWork,
        ledger: PointsLedger,
        number: ComplaintId,
        plan: MemberRecoveryPlan,
        by: Actor,
        at: datetime,
    ) -> Posted | None:
        if not plan.goodwill_points:
            return None
        on = self.policy.day_of(at)
        return self.loyalty.credit(
            ledger.member,
            plan.goodwill_points,
            # A ledger does not go back: where its last entry is of a later day, that day counts.
            on=max(on, ledger.account.on or on),
            key=goodwill_key(number),
            reason=f"{plan.level} for a complaint",
            recorded_at=at,
            by=by,
            unit=unit,
        )


def _complaints_by(unit: UnitOfWork, complainant: CustomerId) -> Iterator[Complaint]:
    kept = unit.repository(COMPLAINTS)

    def fetch(after: str | None) -> Page[Complaint]:
        return kept.query("by-complainant", prefix=(complainant,), after=after)

    return (stored.record for stored in walk(fetch))
