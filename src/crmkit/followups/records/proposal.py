"""Follow-ups that no cadence asks for: what is proposed, and what gave cause for it."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime

from attrs import field, frozen
from attrs.converters import optional

from crmkit.errors import InvalidValue
from crmkit.followups.records.follow_up import FollowUp, follow_up_id
from crmkit.followups.records.visit_report import check_said
from crmkit.followups.records.words import as_names, as_text
from crmkit.identifiers import Actor, CustomerId, FollowUpId, check_identifier
from crmkit.period import check_date

__all__ = ["Cause", "Proposal", "Proposals"]


@frozen
class Cause:
    """What gave cause for a follow-up, by the name of the trigger, and since which day it does.

    :raises InvalidValue: if the day is no plain date, or the name could not serve as a key.
    """

    trigger: str = field(converter=as_text)
    since: date

    def __attrs_post_init__(self) -> None:
        check_identifier(self.trigger, "the name of a trigger")
        if "," in self.trigger:
            raise InvalidValue("the name of a trigger has no comma: several are listed with one")
        check_date(self.since, "the day since which there is cause")

    def __str__(self) -> str:
        return f"{self.trigger} since {self.since}"


def _causes(causes: Iterable[Cause]) -> tuple[Cause, ...]:
    found = tuple(causes)
    if not found or not all(isinstance(cause, Cause) for cause in found):
        raise InvalidValue(
            "a proposal has causes, such as (Cause('falling-sales', date(2026, 5, 4)),)"
        )
    return found


@frozen(kw_only=True)
class Proposal:
    """One follow-up that is proposed for a customer, and why.

    It is due on ``due_on`` and may be done from ``not_before`` to ``not_after``, both included.
    ``target`` says what is to be reached with it, and ``about`` tells several of one cause apart.
    ``needs`` names the papers that have to be in before it counts as done, such as the report of a
    field service. The first of the ``causes`` is the weightiest.

    :raises InvalidValue: if it is not due within the days on which it may be done, nothing gave
        cause for it, the target is blank, or a word could not serve as a key.
    """

    customer: CustomerId
    purpose: str = field(converter=as_text)
    target: str = field(repr=False, metadata={"personal": True})
    channel: str | None = field(default=None, converter=optional(as_text))
    due_on: date
    not_before: date
    not_after: date
    causes: tuple[Cause, ...] = field(converter=_causes)
    about: str | None = field(default=None, converter=optional(as_text))
    needs: tuple[str, ...] = field(default=(), converter=as_names)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_identifier(self.purpose, "purpose")
        check_said(self.target, "the target of a follow-up")
        for word in (self.channel, self.about):
            if word is not None:
                check_identifier(word, "a word of a proposal")
        for day in (self.due_on, self.not_before, self.not_after):
            check_date(day, "a day of a proposal")
        if not self.not_before <= self.due_on <= self.not_after:
            raise InvalidValue("a follow-up is due within the days on which it may be done")

    @property
    def id(self) -> FollowUpId:
        """The number of the follow-up that it becomes: proposed again, it has the same one."""
        first = self.causes[0]
        name = f"{first.trigger}/{self.channel or ''}/{self.about or ''}"
        return follow_up_id(self.customer, name, first.since)

    def follow_up(
        self,
        *,
        by: Actor,
        at: datetime,
        owner: Actor | None = None,
        importance: str | None = None,
    ) -> FollowUp:
        """The follow-up that it becomes once somebody has agreed to it, as planned at an instant.

        ``owner`` assigns it as well.
        """
        return FollowUp.planned(
            id=self.id,
            customer=self.customer,
            purpose=self.purpose,
            target=self.target,
            channel=self.channel,
            due_on=self.due_on,
            not_before=self.not_before,
            not_after=self.not_after,
            proposed_by=", ".join(cause.trigger for cause in self.causes),
            owner=owner,
            importance=importance,
            needs=self.needs,
            by=by,
            at=at,
            reason="; ".join(map(str, self.causes)),
        )

    def __str__(self) -> str:
        """What is to be done, how, and by when."""
        by = f" by {self.channel}" if self.channel is not None else ""
        return f"{self.purpose}{by}, due {self.due_on}"


@frozen
class Proposals:
    """All that is proposed for one customer, in the order in which it is due; it may be nothing."""

    found: tuple[Proposal, ...] = ()

    def __iter__(self) -> Iterator[Proposal]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)

    def __str__(self) -> str:
        return "; ".join(map(str, self.found)) or "nothing to propose"
