"""The lifecycle of a follow-up, as one table.

What else has to hold, such as "nothing is missed before its last day is over", is not in the table:
:meth:`FollowUp.after <crmkit.followups.FollowUp.after>` looks to it.

>>> FOLLOW_UP_LIFECYCLE.after(FollowUpStatus.PLANNED, FollowUpAction.ASSIGN)
<FollowUpStatus.ASSIGNED: 'assigned'>
>>> [str(action) for action in FOLLOW_UP_LIFECYCLE.allowed(FollowUpStatus.MISSED)]
['assign', 'unassign', 'reschedule', 'do', 'cancel']
"""

from enum import StrEnum

from crmkit.lifecycle import Lifecycle

__all__ = ["FOLLOW_UP_LIFECYCLE", "FollowUpAction", "FollowUpStatus"]


class FollowUpStatus(StrEnum):
    """Where a follow-up stands."""

    PLANNED = "planned"
    """It is to be done, and nobody has it yet."""
    ASSIGNED = "assigned"
    """Somebody has it."""
    CONFIRMED = "confirmed"
    """The customer has an appointment."""
    RESCHEDULED = "rescheduled"
    """It was put on other days, and what was agreed before does not hold any more."""
    DONE = "done"
    """The contact has happened."""
    MISSED = "missed"
    """Its last day went by without it. It may rest there, or be made up for."""
    CANCELLED = "cancelled"
    """It is not to be done any more."""


class FollowUpAction(StrEnum):
    """What is done with a follow-up."""

    ASSIGN = "assign"
    UNASSIGN = "unassign"
    CONFIRM = "confirm"
    RESCHEDULE = "reschedule"
    DO = "do"
    MISS = "miss"
    CANCEL = "cancel"


_S, _A = FollowUpStatus, FollowUpAction

FOLLOW_UP_LIFECYCLE = Lifecycle(
    name="follow-up",
    version=1,
    initial=_S.PLANNED,
    final=(_S.DONE, _S.MISSED, _S.CANCELLED),
    moves=[
        # from             by             to
        (_S.PLANNED, _A.ASSIGN, _S.ASSIGNED),
        (_S.PLANNED, _A.RESCHEDULE, _S.RESCHEDULED),
        (_S.PLANNED, _A.DO, _S.DONE),
        (_S.PLANNED, _A.MISS, _S.MISSED),
        (_S.PLANNED, _A.CANCEL, _S.CANCELLED),
        (_S.ASSIGNED, _A.ASSIGN, _S.ASSIGNED),
        (_S.ASSIGNED, _A.UNASSIGN, _S.PLANNED),
        (_S.ASSIGNED, _A.CONFIRM, _S.CONFIRMED),
        (_S.ASSIGNED, _A.RESCHEDULE, _S.RESCHEDULED),
        (_S.ASSIGNED, _A.DO, _S.DONE),
        (_S.ASSIGNED, _A.MISS, _S.MISSED),
        (_S.ASSIGNED, _A.CANCEL, _S.CANCELLED),
        # Whoever comes and goes in the company, the customer's appointment stands.
        (_S.CONFIRMED, _A.ASSIGN, _S.CONFIRMED),
        (_S.CONFIRMED, _A.UNASSIGN, _S.CONFIRMED),
        (_S.CONFIRMED, _A.RESCHEDULE, _S.RESCHEDULED),
        (_S.CONFIRMED, _A.DO, _S.DONE),
        (_S.CONFIRMED, _A.MISS, _S.MISSED),
        (_S.CONFIRMED, _A.CANCEL, _S.CANCELLED),
        (_S.RESCHEDULED, _A.ASSIGN, _S.ASSIGNED),
        (_S.RESCHEDULED, _A.UNASSIGN, _S.PLANNED),
        (_S.RESCHEDULED, _A.CONFIRM, _S.CONFIRMED),
        (_S.RESCHEDULED, _A.RESCHEDULE, _S.RESCHEDULED),
        (_S.RESCHEDULED, _A.DO, _S.DONE),
        (_S.RESCHEDULED, _A.MISS, _S.MISSED),
        (_S.RESCHEDULED, _A.CANCEL, _S.CANCELLED),
        # What was missed is handed over with the rest, and stays missed until it is made up for.
        (_S.MISSED, _A.ASSIGN, _S.MISSED),
        (_S.MISSED, _A.UNASSIGN, _S.MISSED),
        (_S.MISSED, _A.RESCHEDULE, _S.RESCHEDULED),
        (_S.MISSED, _A.DO, _S.DONE),
        (_S.MISSED, _A.CANCEL, _S.CANCELLED),
    ],
)
"""The table that every follow-up follows."""
