"""What a call of a senior manager brought back, and what is done about it."""

from collections.abc import Iterable, Mapping
from datetime import date
from types import MappingProxyType

from attrs import field, frozen
from attrs.converters import optional

from crmkit.errors import InvalidValue
from crmkit.followups.records.proposal import Cause, Proposal
from crmkit.followups.records.visit_report import check_said
from crmkit.followups.records.words import as_names, as_text
from crmkit.identifiers import Actor, CustomerId, InteractionId, check_identifier
from crmkit.period import check_date

__all__ = ["CallFeedback", "CallMeasure"]


@frozen(kw_only=True)
class CallMeasure:
    """What is to be done after a call, through which channel the customer hears of it, by when.

    :raises InvalidValue: if it is blank, or the day no plain date.
    """

    what: str = field(repr=False, metadata={"personal": True})
    due_on: date
    channel: str | None = field(default=None, converter=optional(as_text))

    def __attrs_post_init__(self) -> None:
        check_said(self.what, "a measure")
        check_date(self.due_on, "the day by which a measure is due")
        if self.channel is not None:
            check_identifier(self.channel, "channel")


def _measures(measures: Iterable[CallMeasure]) -> tuple[CallMeasure, ...]:
    found = tuple(measures)
    if not all(isinstance(measure, CallMeasure) for measure in found):
        raise InvalidValue("measures are (CallMeasure(what=..., due_on=...),)")
    return found


def _profile(learned: Mapping[str, str]) -> Mapping[str, str]:
    if not isinstance(learned, Mapping):
        raise InvalidValue("the profile learns words by name, such as {'diet': 'vegetarian'}")
    found = {str(name): text for name, text in learned.items()}
    for name, text in found.items():
        check_identifier(name, "a name in the profile")
        check_said(text, "what the profile learns")
    return MappingProxyType(dict(sorted(found.items())))


@frozen(kw_only=True)
class CallFeedback:
    """What somebody who spends much said to a senior manager, and where it goes.

    ``said`` goes to the ``departments``, ``learned`` to the profile of the customer, and each of
    the ``measures`` becomes a follow-up, so that it is not forgotten. ``interaction`` is the call.
    Source: FUP-07 of the requirements, which names the commerce department.

    :raises InvalidValue: if nothing was said, nobody hears of it, or a measure is due before the
        call.
    """

    interaction: InteractionId
    customer: CustomerId
    on: date
    by: Actor
    said: str = field(repr=False, metadata={"personal": True})
    departments: tuple[str, ...] = field(default=("commerce",), converter=as_names)
    learned: Mapping[str, str] = field(
        factory=dict, converter=_profile, hash=False, repr=False, metadata={"personal": True}
    )
    measures: tuple[CallMeasure, ...] = field(default=(), converter=_measures)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.interaction, "interaction")
        check_identifier(self.customer, "customer")
        check_identifier(self.by, "actor")
        check_date(self.on, "the day of a call")
        check_said(self.said, "what the customer said")
        if not self.departments:
            raise InvalidValue("feedback goes to a department, such as ('commerce',)")
        if any(measure.due_on < self.on for measure in self.measures):
            raise InvalidValue("a measure is due on the day of the call, or later")

    def proposals(self) -> tuple[Proposal, ...]:
        """Each measure as a follow-up of the customer, which may be done from the call on."""
        return tuple(
            Proposal(
                customer=self.customer,
                purpose="measure",
                target=measure.what,
                channel=measure.channel,
                due_on=measure.due_on,
                not_before=self.on,
                not_after=measure.due_on,
                causes=(Cause("executive-call", self.on),),
                about=f"{self.interaction}/{number}",
            )
            for number, measure in enumerate(self.measures, start=1)
        )
