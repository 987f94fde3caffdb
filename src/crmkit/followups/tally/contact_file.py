"""The file of a customer: what is planned, what was done, and what came of it."""

from collections.abc import Iterable
from datetime import datetime

from attrs import frozen

from crmkit.business_time.zones import in_utc
from crmkit.errors import InvalidValue
from crmkit.followups.records.events import Done
from crmkit.followups.records.follow_up import FollowUp
from crmkit.followups.tally.overdue import told_apart
from crmkit.identifiers import Actor, CustomerId, FollowUpId, InteractionId, check_identifier
from crmkit.records import Interaction

__all__ = ["ContactFile", "ContactResult", "ContactStep"]


@frozen(kw_only=True)
class ContactStep:
    """One thing that happened: an entry of a follow-up's trail, or a contact.

    ``what`` is the kind of the entry, such as ``"rescheduled"``, or ``"contact"``. A contact
    through which a follow-up was done names both.
    """

    at: datetime
    what: str
    by: Actor | None
    follow_up: FollowUpId | None = None
    interaction: InteractionId | None = None


@frozen
class ContactResult:
    """What came of a follow-up: what was planned beside what happened."""

    follow_up: FollowUp
    done: Done

    @property
    def days_off(self) -> int:
        """How many days after the day it was due it was done; below 0 if before."""
        return (self.done.on - self.follow_up.due_on).days

    @property
    def is_by_owner(self) -> bool:
        """Whether whoever had it did it."""
        return self.done.actor is not None and self.done.actor == self.follow_up.owner

    @property
    def is_as_planned(self) -> bool:
        """Whether it was done in time, by its owner, through the channel that was planned."""
        channel = self.follow_up.channel
        return (
            not self.follow_up.is_late
            and self.done.on >= self.follow_up.not_before
            and self.is_by_owner
            and channel in (None, self.done.channel)
        )


@frozen(kw_only=True)
class ContactFile:
    """Contact plan, contact process and contact result of a customer, read off what is kept.

    ``plan`` is what is still owed, the earliest first; ``process`` everything that happened, in the
    order in which it did; ``results`` what came of what was done; and ``unplanned`` the contacts
    that no follow-up was done through. Source: CUS-12 of the requirements.
    """

    customer: CustomerId
    plan: tuple[FollowUp, ...]
    process: tuple[ContactStep, ...]
    results: tuple[ContactResult, ...]
    unplanned: tuple[Interaction, ...]

    @classmethod
    def of(
        cls,
        customer: CustomerId,
        follow_ups: Iterable[FollowUp],
        interactions: Iterable[Interaction] = (),
    ) -> "ContactFile":
        """The file of a customer; what is handed in of others is left out.

        Order and duplicates make no difference.

        :raises InvalidValue: if one number stands for two that are not the same.
        """
        check_identifier(customer, "customer")
        mine = told_apart(each for each in follow_ups if each.customer == customer)
        contacts = _contacts(each for each in interactions if each.customer == customer)
        results = [ContactResult(each, each.done) for each in mine if each.done is not None]
        done = {result.done.interaction for result in results}
        steps = [
            *(_entry(each, number) for each in mine for number in range(len(each.trail))),
            *(_contact(each) for each in contacts if each.id not in done),
        ]
        return cls(
            customer=customer,
            plan=tuple(sorted((e for e in mine if e.is_owed), key=lambda e: e.due_on)),
            process=tuple(sorted(steps, key=lambda step: in_utc(step.at))),
            results=tuple(sorted(results, key=lambda result: in_utc(result.done.at))),
            unplanned=tuple(each for each in contacts if each.id not in done),
        )


def _contacts(interactions: Iterable[Interaction]) -> tuple[Interaction, ...]:
    found: dict[InteractionId, Interaction] = {}
    for each in interactions:
        if found.setdefault(each.id, each) != each:
            raise InvalidValue("two contacts have one number: give each its own")
    return tuple(sorted(found.values(), key=lambda each: (in_utc(each.at), each.id)))


def _entry(follow_up: FollowUp, number: int) -> ContactStep:
    entry = follow_up.trail[number]
    what = entry.what
    return ContactStep(
        # What was done happened when somebody was there, not when it was written down.
        at=what.at if isinstance(what, Done) else entry.at,
        what=type(what).__name__.lower(),
        by=entry.by,
        follow_up=follow_up.id,
        interaction=what.interaction if isinstance(what, Done) else None,
    )


def _contact(interaction: Interaction) -> ContactStep:
    return ContactStep(
        at=interaction.at, what="contact", by=interaction.actor, interaction=interaction.id
    )
