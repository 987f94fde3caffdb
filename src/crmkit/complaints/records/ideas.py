"""Ideas that complaints gave: proposed, reviewed, realized, and linked to where they came from."""

from datetime import date
from enum import StrEnum

from attrs import evolve, frozen

from crmkit.complaints.records.prevention import check_complaints, check_text
from crmkit.errors import InvalidValue
from crmkit.identifiers import Actor, ComplaintId, check_identifier
from crmkit.lifecycle import Lifecycle
from crmkit.period import check_date

__all__ = ["IDEA_LIFECYCLE", "Idea", "IdeaAction", "IdeaStatus", "IdeaStep"]


class IdeaStatus(StrEnum):
    """How far an idea has come."""

    PROPOSED = "proposed"
    UNDER_REVIEW = "under-review"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    REALIZED = "realized"


class IdeaAction(StrEnum):
    """What is done with an idea."""

    REVIEW = "review"
    ACCEPT = "accept"
    REJECT = "reject"
    REALIZE = "realize"
    RECONSIDER = "reconsider"


IDEA_LIFECYCLE = Lifecycle(
    name="complaint-idea",
    version=1,
    initial=IdeaStatus.PROPOSED,
    final=frozenset({IdeaStatus.REJECTED, IdeaStatus.REALIZED}),
    moves=[
        # from                    by                     to
        (IdeaStatus.PROPOSED, IdeaAction.REVIEW, IdeaStatus.UNDER_REVIEW),
        (IdeaStatus.UNDER_REVIEW, IdeaAction.ACCEPT, IdeaStatus.ACCEPTED),
        (IdeaStatus.UNDER_REVIEW, IdeaAction.REJECT, IdeaStatus.REJECTED),
        (IdeaStatus.ACCEPTED, IdeaAction.REALIZE, IdeaStatus.REALIZED),
        (IdeaStatus.ACCEPTED, IdeaAction.REJECT, IdeaStatus.REJECTED),
        (IdeaStatus.REJECTED, IdeaAction.RECONSIDER, IdeaStatus.UNDER_REVIEW),
    ],
)
"""From a complaint to a product: proposed, reviewed, accepted, realized; or rejected, for now."""


@frozen(kw_only=True)
class IdeaStep:
    """Something done with an idea: what, by whom, when, and why."""

    action: IdeaAction
    by: Actor
    on: date
    reason: str

    def __attrs_post_init__(self) -> None:
        check_identifier(self.by, "by")
        check_date(self.on, "on")
        check_text(self.reason, "a reason")


@frozen(kw_only=True)
class Idea:
    """An idea that complaints gave, linked to them, and how far it has come.

    :raises InvalidValue: if it comes from no complaint, is not said, or a step is taken before the
        one above it.
    :raises IllegalTransition: if the trail leaves the table.

    >>> idea = Idea(
    ...     id="I-1", complaints=("K-1", "K-4"), by="E-7", on=date(2026, 5, 4),
    ...     text="a sofa that is taken apart for narrow stairs",
    ... )
    >>> step = IdeaStep(action=IdeaAction.REVIEW, by="E-1", on=date(2026, 5, 6), reason="two cases")
    >>> str(idea.after(step).status)
    'under-review'
    """

    id: str
    complaints: tuple[ComplaintId, ...]
    text: str
    by: Actor
    on: date
    trail: tuple[IdeaStep, ...] = ()

    def __attrs_post_init__(self) -> None:
        check_identifier(self.id, "the key of an idea")
        check_complaints(self.complaints)
        check_text(self.text, "an idea")
        check_identifier(self.by, "by")
        check_date(self.on, "on")
        _ = self.status
        days = [self.on, *(step.on for step in self.trail)]
        if days != sorted(days):
            raise InvalidValue("a step is taken on its day, not before the one above it")

    @property
    def status(self) -> IdeaStatus:
        """How far it has come, read off the trail."""
        status = IDEA_LIFECYCLE.initial
        for step in self.trail:
            status = IDEA_LIFECYCLE.after(status, step.action)
        return status

    @property
    def days_to_realize(self) -> int | None:
        """How many days it took from the idea to its being there; None while it is not."""
        if self.status is not IdeaStatus.REALIZED:
            return None
        return (self.trail[-1].on - self.on).days

    def after(self, step: IdeaStep) -> "Idea":
        """The idea after one more step.

        :raises IllegalTransition: if the step is not possible from where the idea stands.
        """
        return evolve(self, trail=(*self.trail, step))
