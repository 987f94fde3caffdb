"""The lifecycle of a complaint, as one table.

It follows the operation of complaints handling in ISO 10002: receipt, acknowledgement, assessment,
investigation, response, the complainant's answer, closing. Conditions, such as "no closing without
a satisfaction check", are not in the table: they are asked first, by
:class:`~crmkit.complaints.ComplaintRules`.

>>> COMPLAINT_LIFECYCLE.after(Status.RECEIVED, Action.ACKNOWLEDGE)
<Status.ACKNOWLEDGED: 'acknowledged'>
"""

from enum import Enum, StrEnum

from crmkit.lifecycle import Lifecycle

__all__ = ["COMPLAINT_LIFECYCLE", "Action", "Status", "word_of"]


def word_of(word: str) -> str:
    """A status or an action as a trail keeps it: a plain text, whatever a host's table is made of.

    >>> word_of(Status.RECEIVED)
    'received'
    """
    return str(word.value) if isinstance(word, Enum) else str(word)


class Status(StrEnum):
    """Where a complaint stands."""

    RECEIVED = "received"
    ACKNOWLEDGED = "acknowledged"
    """The complainant knows that it has arrived."""
    ASSESSED = "assessed"
    """Its severity is known."""
    UNDER_INVESTIGATION = "under-investigation"
    RESPONDED = "responded"
    """The complainant has the answer and has not said yet what they think of it."""
    ACCEPTED = "accepted"
    DISPUTED = "disputed"
    REFERRED = "referred"
    """An outside body, such as an ombudsman, has it."""
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    REOPENED = "reopened"
    """It came back after it had come to rest, and is assessed anew."""


class Action(StrEnum):
    """What is done with a complaint."""

    ACKNOWLEDGE = "acknowledge"
    ASSESS = "assess"
    INVESTIGATE = "investigate"
    RESPOND = "respond"
    ACCEPT = "accept"
    DISPUTE = "dispute"
    REFER = "refer"
    CLOSE = "close"
    WITHDRAW = "withdraw"
    REOPEN = "reopen"


COMPLAINT_LIFECYCLE = Lifecycle(
    name="complaint",
    version=1,
    initial=Status.RECEIVED,
    final=(Status.CLOSED, Status.WITHDRAWN),
    moves=[
        # from                      by                  to
        (Status.RECEIVED, Action.ACKNOWLEDGE, Status.ACKNOWLEDGED),
        (Status.RECEIVED, Action.REFER, Status.REFERRED),
        (Status.RECEIVED, Action.WITHDRAW, Status.WITHDRAWN),
        (Status.ACKNOWLEDGED, Action.ASSESS, Status.ASSESSED),
        (Status.ACKNOWLEDGED, Action.REFER, Status.REFERRED),
        (Status.ACKNOWLEDGED, Action.WITHDRAW, Status.WITHDRAWN),
        (Status.ASSESSED, Action.INVESTIGATE, Status.UNDER_INVESTIGATION),
        (Status.ASSESSED, Action.REFER, Status.REFERRED),
        (Status.ASSESSED, Action.WITHDRAW, Status.WITHDRAWN),
        (Status.UNDER_INVESTIGATION, Action.RESPOND, Status.RESPONDED),
        (Status.UNDER_INVESTIGATION, Action.REFER, Status.REFERRED),
        (Status.UNDER_INVESTIGATION, Action.WITHDRAW, Status.WITHDRAWN),
        (Status.RESPONDED, Action.ACCEPT, Status.ACCEPTED),
        (Status.RESPONDED, Action.DISPUTE, Status.DISPUTED),
        (Status.RESPONDED, Action.REFER, Status.REFERRED),
        (Status.RESPONDED, Action.WITHDRAW, Status.WITHDRAWN),
        (Status.RESPONDED, Action.CLOSE, Status.CLOSED),
        (Status.ACCEPTED, Action.CLOSE, Status.CLOSED),
        (Status.DISPUTED, Action.INVESTIGATE, Status.UNDER_INVESTIGATION),
        (Status.DISPUTED, Action.REFER, Status.REFERRED),
        (Status.DISPUTED, Action.WITHDRAW, Status.WITHDRAWN),
        (Status.DISPUTED, Action.CLOSE, Status.CLOSED),
        (Status.REFERRED, Action.INVESTIGATE, Status.UNDER_INVESTIGATION),
        (Status.REFERRED, Action.WITHDRAW, Status.WITHDRAWN),
        (Status.REFERRED, Action.CLOSE, Status.CLOSED),
        (Status.CLOSED, Action.REOPEN, Status.REOPENED),
        (Status.CLOSED, Action.REFER, Status.REFERRED),
        (Status.WITHDRAWN, Action.REOPEN, Status.REOPENED),
        (Status.REOPENED, Action.ASSESS, Status.ASSESSED),
        (Status.REOPENED, Action.REFER, Status.REFERRED),
        (Status.REOPENED, Action.WITHDRAW, Status.WITHDRAWN),
    ],
)
"""The table that a complaint follows unless the host brings its own."""
