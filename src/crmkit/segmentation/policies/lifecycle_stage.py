"""The stage of a relationship, and the task that is central in it."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from attrs import field, frozen

from crmkit.decision import Decision, all_of, at_least
from crmkit.errors import InvalidPolicy
from crmkit.segmentation.policies.decline import DeclineDetector, RelationshipFacts
from crmkit.segmentation.policies.ladder import first_met
from crmkit.segmentation.policies.service_level import check_every_class, read_only

__all__ = ["CENTRAL_TASKS", "LifecycleStage", "LifecycleStages"]


class LifecycleStage(StrEnum):
    """The periods of a customer's lifecycle."""

    INVESTIGATION = "investigation"
    """Both sides still find out whether they suit each other."""
    DEVELOPMENT = "development"
    """They do, and trade more and more."""
    STABILITY = "stability"
    """They trade steadily, and mean to go on."""
    DECLINE = "decline"
    """The level of the relationship reverses; this can happen at any time."""


CENTRAL_TASKS: Mapping[LifecycleStage, tuple[str, ...]] = read_only(
    {
        LifecycleStage.INVESTIGATION: ("attract", "build the relationship"),
        LifecycleStage.DEVELOPMENT: (
            "keep the customer",
            "raise its value",
            "strengthen ties",
            "raise retention",
        ),
        LifecycleStage.STABILITY: ("satisfy", "prolong the stage"),
        LifecycleStage.DECLINE: ("spot the signs", "judge the worth", "restore or end"),
    }
)
"""What a shop works at in each stage; a policy can name tasks of its own."""


def _as_tasks(
    tasks: Mapping[LifecycleStage, Iterable[str]],
) -> Mapping[LifecycleStage, tuple[str, ...]]:
    return read_only({stage: tuple(words) for stage, words in tasks.items()})


@frozen(kw_only=True)
class LifecycleStages:
    """Investigation, development, stability or decline: where a relationship stands.

    A relationship that declines (see :class:`DeclineDetector`) is in decline, whatever its age.
    Else it is stable from ``stability_from_purchases`` purchases and ``stability_from_days`` days
    on, developing from ``development_from_purchases`` purchases on, and before that under
    investigation. How many are many depends on the trade, so these have no defaults.

    :raises InvalidPolicy: if a stage lacks its tasks, or the numbers do not rise.

    >>> from datetime import date
    >>> from crmkit.money import Money
    >>> stages = LifecycleStages(
    ...     development_from_purchases=2, stability_from_purchases=12, stability_from_days=730,
    ...     decline=DeclineDetector(shrinks_by="0.20"),
    ... )
    >>> facts = RelationshipFacts(
    ...     customer="C-7", as_of=date(2026, 6, 30), since=date(2026, 1, 5), purchases=4,
    ...     trading_before=Money(100, "EUR"), trading_now=Money(180, "EUR"),
    ... )
    >>> stages.tasks_for(stages(facts).outcome)
    ('keep the customer', 'raise its value', 'strengthen ties', 'raise retention')
    """

    development_from_purchases: int
    stability_from_purchases: int
    stability_from_days: int
    decline: DeclineDetector
    tasks: Mapping[LifecycleStage, tuple[str, ...]] = field(
        default=CENTRAL_TASKS, converter=_as_tasks, hash=False
    )

    def __attrs_post_init__(self) -> None:
        check_every_class(self.tasks, LifecycleStage, "the central tasks")
        if not 1 <= self.development_from_purchases <= self.stability_from_purchases:
            raise InvalidPolicy("development begins with 1 purchase or more, stability not before")
        if self.stability_from_days < 0:
            raise InvalidPolicy("the days of a relationship count from 0")

    def tasks_for(self, stage: LifecycleStage) -> tuple[str, ...]:
        """What is central in a stage."""
        return self.tasks[stage]

    def __call__(self, facts: RelationshipFacts, /) -> Decision[LifecycleStage]:
        """Name the stage of one relationship, and what the others would have taken."""
        evidence = (
            self.decline.evidence(facts),
            all_of(
                "stability",
                at_least("purchases", facts.purchases, self.stability_from_purchases),
                at_least("days-of-relationship", facts.days, self.stability_from_days),
            ),
            all_of(
                "development",
                at_least("purchases", facts.purchases, self.development_from_purchases),
            ),
        )
        outcome = first_met(tuple(reversed(LifecycleStage)), evidence)
        return Decision(outcome, "lifecycle-stage", facts.as_of, evidence, subject=facts.customer)

    def outcomes(self, facts: Iterable[RelationshipFacts]) -> list[LifecycleStage]:
        """The stages of many relationships, as the call gives them one by one."""
        return [self(item).outcome for item in facts]
