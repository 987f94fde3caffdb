"""Nobody is forgotten: what triggers propose for a customer, without calling anybody twice."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Self

from attrs import field, frozen

from crmkit.business_time import BusinessCalendar
from crmkit.decision import Decision, Evidence, noted
from crmkit.errors import InvalidPolicy
from crmkit.followups.policies.steps import shifted
from crmkit.followups.policies.triggers import (
    FallingSales,
    LongSilence,
    Response,
    Trigger,
    Unanswered,
)
from crmkit.followups.records.proposal import Cause, Proposal, Proposals
from crmkit.followups.summary import CareEvent, NeglectFacts, OpenFollowUp
from crmkit.identifiers import check_identifier

__all__ = ["NeglectPolicy"]

_KINDS = (FallingSales, LongSilence, Unanswered)


def _triggers(triggers: Iterable[Trigger]) -> tuple[Trigger, ...]:
    found = tuple(triggers)
    if not found or not all(isinstance(trigger, _KINDS) for trigger in found):
        raise InvalidPolicy("neglect shows by triggers, such as (FallingSales(), LongSilence())")
    if len({trigger.name for trigger in found}) < len(found):
        raise InvalidPolicy(
            "two triggers have the same name: causes are told apart by it, so keep one of them"
        )
    check_identifier(", ".join(trigger.name for trigger in found), "the names of all triggers")
    return found


@frozen
class NeglectPolicy:
    """Unplanned follow-ups, from what the facts of a customer give cause for.

    Every trigger is asked; the first ones are the weightiest. Of all that they ask for, there is
    one proposal for each channel: as soon as the soonest, for the purpose of the weightiest.
    Nothing is proposed through a channel with an open follow-up that is due by then, or was due
    before: somebody has that on their list already.

    :raises InvalidPolicy: if there is no trigger, or two have the same name.
    :raises InvalidIdentifier: if their names together are too long to be kept with a follow-up.

    >>> from crmkit.decision import explain
    >>> from crmkit.identifiers import CustomerId
    >>> facts = NeglectFacts(
    ...     customer=CustomerId("C-7"),
    ...     as_of=date(2026, 5, 8),
    ...     since=date(2024, 1, 1),
    ...     last_outbound_on=date(2026, 1, 12),
    ...     events={CareEvent.COMPLAINT: date(2026, 5, 7)},
    ... )
    >>> print(explain(NeglectPolicy.usual()(facts)))
    care by telephone, due 2026-05-08 for C-7, by neglect, as of 2026-05-08
    - met: unanswered complaint; all of these are needed
      - met: complaint is 2026-05-07
      - met: last contact of ours is 2026-01-12; 2026-05-07 or earlier required
    - not met: promise broken is not known; a day required
    - not met: falling sales; all of these are needed
      - not met: periods known is 0; at least 35 required
    - met: long silence; all of these are needed
      - met: last contact is 2026-01-12
      - met: day of silence is 2026-05-08; later than 2026-04-12 required
    """

    triggers: tuple[Trigger, ...] = field(converter=_triggers)

    @classmethod
    def usual(cls) -> Self:
        """A complaint and a broken promise that nobody answered, falling sales, long silence."""
        return cls(
            (
                Unanswered(event=CareEvent.COMPLAINT),
                Unanswered(event=CareEvent.PROMISE_BROKEN),
                FallingSales(),
                LongSilence(),
            )
        )

    def __call__(
        self, facts: NeglectFacts, /, *, calendar: BusinessCalendar | None = None
    ) -> Decision[Proposals]:
        """What is proposed for a customer, and why; without a ``calendar``, all days are open.

        :raises InvalidValue: if the calendar does not open any more.
        """
        found = list[tuple[Trigger, Cause]]()
        evidence = list[Evidence]()
        for trigger in self.triggers:
            decision = trigger(facts)
            evidence.extend(decision.evidence)
            if decision.outcome is not None:
                found.append((trigger, Cause(trigger.name, decision.outcome)))
        proposals = list[Proposal]()
        for proposal in _by_channel(facts, found, calendar):
            open_ones = [each for each in facts.open_follow_ups if _covers(each, proposal)]
            if open_ones:
                evidence.append(noted(f"open-by-{proposal.channel}", open_ones[0].due_on))
            else:
                proposals.append(proposal)
        # Of two that are due on one day, the weightier one stays in front.
        proposals.sort(key=lambda proposal: proposal.due_on)
        return Decision(
            Proposals(tuple(proposals)),
            "neglect",
            facts.as_of,
            tuple(evidence),
            subject=facts.customer,
        )

    def proposals(
        self, customers: Iterable[NeglectFacts], *, calendar: BusinessCalendar | None = None
    ) -> Iterator[Proposal]:
        """What is proposed for many customers, one after the other: the list of the neglected."""
        for facts in customers:
            yield from self(facts, calendar=calendar).outcome


def _covers(open_one: OpenFollowUp, proposal: Proposal) -> bool:
    return open_one.channel == proposal.channel and open_one.due_on <= proposal.not_after


def _by_channel(
    facts: NeglectFacts,
    found: list[tuple[Trigger, Cause]],
    calendar: BusinessCalendar | None,
) -> Iterator[Proposal]:
    """One proposal for each channel, in the order in which the triggers name them."""
    asked = dict[str, list[tuple[Response, Cause]]]()
    for trigger, cause in found:
        for response in trigger.responses:
            asked.setdefault(response.channel, []).append((response, cause))
    for channel, wanted in asked.items():
        spans = [_span(response, facts.as_of, calendar) for response, _ in wanted]
        due = min(due for due, _ in spans)
        yield Proposal(
            customer=facts.customer,
            purpose=wanted[0][0].purpose,
            target=wanted[0][0].target,
            channel=channel,
            due_on=due,
            not_before=due,
            not_after=min(last for _, last in spans),
            causes=tuple(dict.fromkeys(cause for _, cause in wanted)),
        )


def _span(response: Response, as_of: date, calendar: BusinessCalendar | None) -> tuple[date, date]:
    """The day on which it is due, and the last one on which it may be done."""
    if calendar is None:
        due = shifted(as_of, response.after)
        return due, shifted(due, response.days_late)
    due = calendar.business_day_after(calendar.business_day_after(as_of, 0), response.after)
    return due, calendar.business_day_after(due, response.days_late)
