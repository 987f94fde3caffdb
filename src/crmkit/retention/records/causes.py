"""Why customers leave, what loses them, and what is done against it."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Self

from attrs import field, frozen

from crmkit.errors import InvalidPolicy
from crmkit.identifiers import check_identifier
from crmkit.retention.records.words import as_text

__all__ = ["ChurnCause", "LosingBehaviour", "Prevention", "PreventionPlan"]


class ChurnCause(StrEnum):
    """Six causes for which customers leave a company (CHU-01)."""

    NO_INNOVATION = "no-innovation"
    """The offer stays as it was, and the customer's needs do not."""
    WEAK_SERVICE = "weak-service"
    """Nobody cares for the customer as they expect."""
    BLOCKED_CHANNELS = "blocked-channels"
    """The market is not watched: what customers and sellers say does not get through."""
    AGENT_LEFT = "agent-left"
    """Somebody who cared for the customers went, and they went along."""
    NEW_TEMPTATION = "new-temptation"
    """A rival offers something that is new or better."""
    SHORT_TERM_BEHAVIOUR = "short-term-behaviour"
    """The company, or somebody in it, took a quick profit at the cost of the relation."""


class Prevention(StrEnum):
    """Seven ways to keep customers from leaving (CHU-06)."""

    QUALITY = "quality"
    """Deliver what is good, and keep it good."""
    SERVICE = "service"
    """Serve better than is expected."""
    LOWER_CUSTOMER_COST = "lower-customer-cost"
    """Lower what it costs customers to buy: money, time, effort, nerves."""
    COST_OF_THE_LOST = "cost-of-the-lost"
    """Work out what the customers cost who were lost, so that everybody knows."""
    MARKET_WATCH = "market-watch"
    """Watch the market and the rivals, and answer in time."""
    COMPLAINT_SYSTEM = "complaint-system"
    """Have a way for complaints and proposals, and answer them."""
    LINKED_RELATIONS = "linked-relations"
    """Tie customers to the company by more than one person."""


class LosingBehaviour(StrEnum):
    """Five ways of a company to lose its customers by itself (CHU-06)."""

    SELF_EXCUSE = "self-excuse"
    """Finding an excuse where a fault was to be owned."""
    IGNORING_FEEDBACK = "ignoring-feedback"
    """Not listening to what customers say."""
    SLACKNESS = "slackness"
    """Letting things slide once the customer is won."""
    HARMING_RIVALS_NAME = "harming-rivals-name"
    """Speaking ill of rivals, which falls back on the speaker."""
    ASSUMING = "assuming"
    """Taking for granted that one knows what customers want."""


def _as_preventions(
    by_cause: Mapping[str, Iterable[str]],
) -> Mapping[str, tuple[str, ...]]:
    found = dict[str, tuple[str, ...]]()
    for cause, preventions in sorted(by_cause.items()):
        if isinstance(preventions, str):
            raise InvalidPolicy("pass a tuple of preventions for each cause, such as ('service',)")
        # In the order of the shop: the first is tried first.
        found[as_text(cause)] = tuple(dict.fromkeys(as_text(word) for word in preventions))
    return MappingProxyType(found)


@frozen
class PreventionPlan:
    """What the shop does against each cause of churn, the first thing first: data of its own.

    The six causes of :class:`ChurnCause` are all there, each with something against it; causes and
    preventions in the words of the shop may stand beside them.

    :raises InvalidPolicy: if one of the six causes is missing, or a cause has nothing against it.
    :raises InvalidIdentifier: if a word could not serve as a key.

    >>> plan = PreventionPlan.usual().with_cause("late-parcels", ["parcel-insurance", "service"])
    >>> plan.against("late-parcels")
    ('parcel-insurance', 'service')
    >>> plan.against(ChurnCause.AGENT_LEFT)
    ('linked-relations',)
    """

    by_cause: Mapping[str, tuple[str, ...]] = field(converter=_as_preventions, hash=False)

    def __attrs_post_init__(self) -> None:
        missing = [cause for cause in ChurnCause if cause not in self.by_cause]
        if missing:
            raise InvalidPolicy(f"a plan is for all six causes: add {', '.join(missing)}")
        for cause, preventions in self.by_cause.items():
            check_identifier(cause, "a cause")
            for word in preventions:
                check_identifier(word, "a prevention")
            if not preventions:
                raise InvalidPolicy("a cause has one prevention or more against it")

    @classmethod
    def usual(cls) -> Self:
        """A plan to begin with: the source lists causes and preventions, the pairs are ours."""
        return cls(_USUAL)

    def with_cause(self, cause: str, preventions: Iterable[str]) -> "PreventionPlan":
        """The same plan with other preventions for one cause, new or known."""
        return PreventionPlan({**self.by_cause, as_text(cause): preventions})

    def against(self, *causes: str) -> tuple[str, ...]:
        """What to do against causes: of each in turn, and nothing twice.

        :raises InvalidPolicy: if the plan does not know a cause.
        """
        unknown = [cause for cause in causes if cause not in self.by_cause]
        if unknown:
            raise InvalidPolicy(f"no such cause: the plan knows {', '.join(self.by_cause)}")
        return tuple(dict.fromkeys(word for cause in causes for word in self.by_cause[cause]))

    def causes_met_by(self, prevention: str) -> tuple[str, ...]:
        """The causes that a prevention is good against: what is lost if it is cut."""
        return tuple(cause for cause, words in self.by_cause.items() if prevention in words)


_USUAL: Mapping[str, tuple[str, ...]] = {
    ChurnCause.NO_INNOVATION: (Prevention.QUALITY, Prevention.MARKET_WATCH),
    ChurnCause.WEAK_SERVICE: (Prevention.SERVICE, Prevention.COMPLAINT_SYSTEM),
    ChurnCause.BLOCKED_CHANNELS: (Prevention.MARKET_WATCH, Prevention.COMPLAINT_SYSTEM),
    ChurnCause.AGENT_LEFT: (Prevention.LINKED_RELATIONS,),
    ChurnCause.NEW_TEMPTATION: (Prevention.MARKET_WATCH, Prevention.LOWER_CUSTOMER_COST),
    ChurnCause.SHORT_TERM_BEHAVIOUR: (Prevention.COST_OF_THE_LOST, Prevention.QUALITY),
}
