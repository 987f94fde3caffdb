"""Special customers have a named person who looks after them."""

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum

from attrs import field, frozen

from crmkit.decision import Decision, Evidence, equals, one_of
from crmkit.errors import InvalidPolicy
from crmkit.identifiers import Actor, CustomerId, check_identifier
from crmkit.period import check_date
from crmkit.segmentation.policies.ladder import as_names, check_names
from crmkit.segmentation.policies.service_level import check_every_class, read_only

__all__ = ["LATER_PREFERENCES", "CareFacts", "LaterStage", "NamedOwner", "OwnerNeed"]


class OwnerNeed(StrEnum):
    """Whether somebody has to be named."""

    NOT_NEEDED = "not-needed"
    """The customer is not special."""
    IN_PLACE = "in-place"
    """The customer is special, and somebody is named."""
    MISSING = "missing"
    """The customer is special, and nobody is named yet."""


class LaterStage(StrEnum):
    """Stages of an established relationship, when preferences change."""

    CONSOLIDATION = "consolidation"
    DISTANCING = "distancing"


LATER_PREFERENCES: Mapping[LaterStage, tuple[str, ...]] = read_only(
    {
        LaterStage.CONSOLIDATION: ("brand range", "staff service", "value consistency"),
        LaterStage.DISTANCING: ("indirect contact",),
    }
)
"""What customers look for in later stages, for the named person to know."""


def _as_word(word: str) -> str:
    # A member of an enumeration is taken as the plain word it stands for.
    return str(word) if isinstance(word, str) else word


@frozen(kw_only=True)
class CareFacts:
    """The class that another policy gave a customer, and who looks after it, if anybody."""

    customer: CustomerId
    as_of: date
    customer_class: str = field(converter=_as_word)
    owner: Actor | None = None

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.as_of, "as_of")
        check_identifier(self.customer_class, "customer_class")
        if self.owner is not None:
            check_identifier(self.owner, "owner")


def _as_preferences(
    preferences: Mapping[LaterStage, Iterable[str]],
) -> Mapping[LaterStage, tuple[str, ...]]:
    return read_only({stage: tuple(words) for stage, words in preferences.items()})


@frozen(kw_only=True)
class NamedOwner:
    """Special customers get a person with a name; the decision says who lacks one.

    Special are the customers of the classes named, given by whatever policy.

    :raises InvalidPolicy: if no class is special, one stands twice, or a later stage lacks its
        preferences.

    >>> policy = NamedOwner(special=["platinum", "gold"])
    >>> policy(CareFacts(customer="C-7", as_of=date(2026, 6, 30), customer_class="gold")).outcome
    <OwnerNeed.MISSING: 'missing'>
    """

    special: tuple[str, ...] = field(converter=as_names)
    preferences: Mapping[LaterStage, tuple[str, ...]] = field(
        default=LATER_PREFERENCES, converter=_as_preferences, hash=False
    )

    def __attrs_post_init__(self) -> None:
        check_names(self.special)
        check_every_class(self.preferences, LaterStage, "the preferences")
        if not self.special:
            raise InvalidPolicy("name at least one class whose customers get a person")

    def preferences_in(self, stage: LaterStage) -> tuple[str, ...]:
        """What customers look for in a later stage."""
        return self.preferences[stage]

    def __call__(self, facts: CareFacts, /) -> Decision[OwnerNeed]:
        """Say whether one customer needs a named person, and has one."""
        special = one_of("class", facts.customer_class, self.special)
        named = equals("somebody-is-named", facts.owner is not None, True)
        outcome = _need(special, named)
        evidence = (special, named)
        return Decision(outcome, "named-owner", facts.as_of, evidence, subject=facts.customer)

    def outcomes(self, facts: Iterable[CareFacts]) -> list[OwnerNeed]:
        """The needs of many customers, as the call gives them one by one."""
        return [self(item).outcome for item in facts]


def _need(special: Evidence, named: Evidence) -> OwnerNeed:
    if not special.met:
        return OwnerNeed.NOT_NEEDED
    return OwnerNeed.IN_PLACE if named.met else OwnerNeed.MISSING
