"""Hypothesis strategies for complaints: cases with lawful trails, deadlines and escalations.

A complaint is walked through the rules, so its trail is one that could have come about: what the
rules refuse is left out. It may be disputed, reopened, merged and taken apart, handed over, put on
hold, entered late and back-dated.

>>> from hypothesis import given
>>> rules = ComplaintRules()
>>> @given(complaints(status="closed", max_steps=3))
... def what_is_closed_can_be_reopened(complaint):
...     assert rules.allowed(complaint) == ("reopen", "refer")
>>> what_is_closed_can_be_reopened()
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from itertools import permutations, product
from typing import Any

from attrs import define, evolve

from crmkit.complaints import (
    ActionRefused,
    CaseHistory,
    Complaint,
    ComplaintRules,
    Event,
    LifecycleAdopted,
    Override,
    PromiseKept,
    Receipt,
    Together,
    WaitingEnded,
    WaitingStarted,
    merge_complaints,
    summarize_case,
    unmerge_complaint,
)
from crmkit.errors import CrmkitError, InvalidValue, MissingExtra
from crmkit.identifiers import Actor, ComplaintId
from crmkit.ownership import OwnershipAct, OwnershipChange
from crmkit.testing.complaint_parts import (
    ASKED,
    ASSESSED,
    CLERKS,
    CONTACTED,
    NOTED,
    PROMISED,
    causes,
    complaint_events,
    later,
    receipts,
    severities,
)
from crmkit.testing.complaint_terms import (
    WAITS,
    allowances,
    escalation_policies,
    obligation_profiles,
)
from crmkit.testing.complaint_walks import REMEDIES, act_prepared, statuses_before, way_to
from crmkit.testing.shared import texts

try:
    from hypothesis import assume
    from hypothesis import strategies as st
except ImportError:
    raise MissingExtra("hypothesis", "testing") from None

__all__ = [
    "allowances",
    "case_histories",
    "causes",
    "complaint_events",
    "complaints",
    "escalation_policies",
    "obligation_profiles",
    "receipts",
    "severities",
]

Strategy = st.SearchStrategy
Draw = Callable[[Strategy[Any]], Any]

# --- the walk -------------------------------------------------------------------------------------

_EVENT = complaint_events()
_WHILE_MERGED = NOTED | CONTACTED
_RULES = ComplaintRules()
_TWO_CLERKS = st.sampled_from(list(permutations(CLERKS, 2)))
_PAUSE = st.sampled_from(
    [
        *(timedelta(0), timedelta(minutes=5), timedelta(hours=3), timedelta(days=1)) * 2,
        *(timedelta(days=30), timedelta(days=200)),
    ]
)
_REASON = st.sampled_from(["as agreed", "客户要求"]) | texts().filter(str.strip)
# Who, who else, in what capacity, how long before it was entered, and whether it was allowed: in
# one piece, because one draw takes less time than five.
_WAY = st.sampled_from(
    list(
        product(
            permutations(CLERKS, 2),
            [None, "complainant", "supervisor"],
            [timedelta(0), timedelta(0), timedelta(0), timedelta(minutes=1), timedelta(days=3)],
            [False, False, True],
        )
    )
)


@define
class _Walk:
    """A complaint on its way, and another one about the same matter to merge it with."""

    draw: Draw
    rules: ComplaintRules
    complaint: Complaint
    other: Complaint
    goal: str | None
    remedies: Mapping[str, Event]
    at: datetime
    together: bool = False

    def go_on(self) -> None:
        """One step, if the rules have nothing against it."""
        self.at = later(self.at, self.draw(_PAUSE))
        steps = [self.record] if self.complaint.merged_into else [self.act, self.record, self.act]
        steps *= 3
        steps += [self.take_apart] if self.together else [self.merge, self.adopt]
        try:
            self.draw(st.sampled_from(steps))()
        except CrmkitError:
            return  # What is refused has not happened.

    def act(self) -> None:
        """Take an action of the table, well prepared or not."""
        table = self.rules.table_of(self.complaint)
        goals = table.statuses
        if self.goal is not None:
            goals = tuple(statuses_before(self.rules, self.complaint, self.goal))
        here = self.complaint.status
        actions = [each for each in table.allowed(here) if table.after(here, each) in goals]
        if not actions:
            return
        action = self.draw(st.sampled_from(actions))
        if self.draw(st.booleans()):
            self.complaint = self.rules.act(self.complaint, action, **self._said())
        else:
            self.act_prepared(action)

    def act_prepared(self, action: str) -> None:
        """Take an action, and do before what it takes."""
        by, other = self.draw(_TWO_CLERKS)
        self.complaint = act_prepared(
            self.rules,
            self.complaint,
            action,
            by=by,
            other=other,
            at=self.at,
            remedies=self.remedies,
        )

    def record(self) -> None:
        """Put something on record."""
        if self.complaint.merged_into:
            what, by = self.draw(_WHILE_MERGED), None
        elif self.draw(st.booleans()):
            what, by = self.draw(st.sampled_from(self._likely()))
        else:
            what, by = self.draw(_EVENT), None
        self.complaint = self.rules.record(self.complaint, what, **self._said(by))

    def _likely(self) -> list[tuple[Event, Actor | None]]:
        """What somebody is waiting for: a promise, an answer to an offer, the end of a wait."""
        whose = self.complaint.ownership
        promised = [each.made for each in self.complaint.promises if each.kept is None]
        likely: list[tuple[Event, Actor | None]] = [
            (PromiseKept(made.id, made.due_on), None) for made in promised
        ]
        if not promised:
            likely.append((self.draw(PROMISED), None))
        if self.complaint.waiting_on is None:
            likely += [(WaitingStarted(on), None) for on in WAITS]
        else:
            likely.append((WaitingEnded(), None))
        if whose.owner is None:
            likely.append((OwnershipChange(OwnershipAct.TAKE), None))
        elif whose.offered_to is None:
            other = next(clerk for clerk in CLERKS if clerk != whose.owner)
            likely.append((OwnershipChange(OwnershipAct.OFFER, other), whose.owner))
        else:
            likely.append((OwnershipChange(OwnershipAct.ACCEPT), whose.offered_to))
            likely.append((OwnershipChange(OwnershipAct.DECLINE), whose.offered_to))
            likely.append((OwnershipChange(OwnershipAct.RETRACT), whose.owner))
        return likely

    def adopt(self) -> None:
        """Say once more which table it follows, or leave a former one for that of today."""
        table = self.rules.table_of(self.complaint)
        if self.goal is None:
            table = self.draw(st.sampled_from([table, self.rules.lifecycle]))
        here = self.complaint.status
        statuses = [here] if here in table.statuses else table.statuses
        what = LifecycleAdopted(table.name, table.version, self.draw(st.sampled_from(statuses)))
        self.complaint = self.rules.record(self.complaint, what, **self._said())

    def merge(self) -> None:
        """Let it go on in the other one, or the other one in it."""
        pair = [self.complaint, self.other]
        one, into = pair if self.draw(st.booleans()) else reversed(pair)
        by, colleague = self.draw(_TWO_CLERKS)
        allowed = Override(by=colleague, reason="one matter")
        self._keep(
            merge_complaints(
                self.rules, one, into, by=by, at=self.at, reason="one matter", override=allowed
            )
        )

    def take_apart(self) -> None:
        """Take the two out of each other again."""
        pair = [self.complaint, self.other]
        one, into = pair if self.complaint.merged_into else reversed(pair)
        by, _ = self.draw(_TWO_CLERKS)
        self._keep(unmerge_complaint(one, into, by=by, at=self.at, reason="two matters"))

    def arrive(self) -> None:
        """Go the shortest way to the goal, as far as the rules allow."""
        if self.complaint.merged_into:
            self.take_apart()
        way = way_to(self.rules, self.complaint, self.goal) if self.goal else None
        try:
            for action in way or ():
                self.act_prepared(action)
        except ActionRefused:
            return

    def _keep(self, both: Together) -> None:
        mine = both.complaint.id == self.complaint.id
        self.complaint, self.other = (
            (both.complaint, both.into) if mine else (both.into, both.complaint)
        )
        self.together = not self.together

    def _said(self, somebody: Actor | None = None) -> dict[str, Any]:
        """Who did it, when and why; some of it was done a while before it was entered."""
        (by, colleague), role, earlier, is_allowed = self.draw(_WAY)
        reason = self.draw(_REASON)
        return {
            "by": somebody or by,
            "at": later(self.at, -earlier),
            "reason": reason,
            "role": role,
            "override": Override(by=colleague, reason=reason) if is_allowed else None,
            "recorded_at": self.at if earlier else None,
        }


@st.composite
def complaints(
    draw: Draw,
    rules: ComplaintRules | None = None,
    *,
    receipt: Strategy[Receipt] | None = None,
    status: str | None = None,
    max_steps: int = 12,
    remedies: Mapping[str, Event] | None = None,
) -> Complaint:
    """Complaints with lawful trails, in any status or in one, after up to so many steps at random.

    ``rules`` are those of the host, crmkit's if left out; some complaints begin under a former
    lifecycle. For conditions of the host ``remedies`` say what to put on record, by the criterion
    that was not met: ``{"boss-informed": Noted("boss")}``.

    :raises InvalidValue: if the lifecycle does not have the status.
    """
    rules = _RULES if rules is None else rules
    table = rules.lifecycle
    if status is None:
        table = draw(st.sampled_from([table, *rules.former]))
    elif status not in table.statuses:
        raise InvalidValue(f"the lifecycle has no such status; it has {', '.join(table.statuses)}")
    came_in = draw(receipts() if receipt is None else receipt)
    number = ComplaintId("K-1" if came_in.id != "K-1" else "K-2")
    walk = _Walk(
        draw=draw,
        rules=rules,
        complaint=Complaint.received(came_in, lifecycle=table, by=came_in.received_by or CLERKS[0]),
        other=rules.receive(evolve(came_in, id=number), by=CLERKS[0]),
        goal=draw(st.sampled_from(table.statuses)) if status is None else status,
        remedies={
            **REMEDIES,
            "severity-assessed": draw(ASSESSED),
            "satisfaction-checked": draw(ASKED),
            **(remedies or {}),
        },
        at=came_in.recorded_at or came_in.received_at,
    )
    steps = draw(st.integers(0, max_steps))
    # Left to chance alone, most would be withdrawn before they are answered: so they go somewhere
    # in the middle of the walk, and on from there.
    before = steps if status is not None else draw(st.integers(0, steps))
    for _ in range(before):
        walk.go_on()
    walk.arrive()
    walk.goal = None
    for _ in range(steps - before):
        walk.go_on()
    assume(status in (None, walk.complaint.status))
    return walk.complaint


def case_histories(
    rules: ComplaintRules | None = None, *, max_steps: int = 12
) -> Strategy[CaseHistory]:
    """What deadlines and escalations see of such complaints."""
    known = _RULES if rules is None else rules
    return complaints(known, max_steps=max_steps).map(
        lambda complaint: summarize_case(complaint, known.table_of(complaint))
    )
