"""Four steps to keep customers, each built on the one below; and how far to go for whom."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum

from attrs import field, frozen

from crmkit.decision import Decision, Evidence, noted, one_of
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.loyalty.records.answers import as_word, as_words
from crmkit.period import check_date

__all__ = [
    "MAINTENANCE_LADDER",
    "Maintenance",
    "MaintenanceFacts",
    "MaintenancePlan",
    "MaintenanceStep",
    "MaintenanceStepNote",
    "MaintenanceTerm",
]


class MaintenanceStep(StrEnum):
    """A way to keep customers, the first one first; source: LOY-07."""

    FINANCIAL_REWARD = "financial-reward"
    SOCIAL_BOND = "social-bond"
    PERSONAL_SERVICE = "personal-service"
    STRUCTURAL_LINK = "structural-link"

    @property
    def note(self) -> "MaintenanceStepNote":
        """What the step is made of, and what is to be expected of it."""
        return MAINTENANCE_LADDER[_STEPS.index(self)]

    @property
    def builds_on(self) -> tuple["MaintenanceStep", ...]:
        """The steps below."""
        return _STEPS[: _STEPS.index(self)]


_STEPS = tuple(MaintenanceStep)


@frozen(kw_only=True)
class MaintenanceStepNote:
    """What a step is made of, and what is to be expected of it.

    ``effectiveness`` is a rank: of two steps the higher one keeps more customers.
    """

    step: MaintenanceStep
    means: tuple[str, ...]
    effectiveness: int
    easily_copied: bool = False
    draws_few: bool = False
    """Whether it keeps old customers and draws few new ones."""


MAINTENANCE_LADDER: tuple[MaintenanceStepNote, ...] = (
    MaintenanceStepNote(
        step=MaintenanceStep.FINANCIAL_REWARD,
        means=("a lower price for many", "a lower price for long"),
        effectiveness=1,
        easily_copied=True,
        draws_few=True,
    ),
    MaintenanceStepNote(
        step=MaintenanceStep.SOCIAL_BOND,
        means=("staying in touch", "a personal relation", "help"),
        effectiveness=2,
    ),
    MaintenanceStepNote(
        step=MaintenanceStep.PERSONAL_SERVICE,
        means=("service for the whole need", "service one to one"),
        effectiveness=3,
    ),
    MaintenanceStepNote(
        step=MaintenanceStep.STRUCTURAL_LINK,
        means=(
            "service by the delivery system",
            "technology",
            "methods",
            "investment",
            "joined information systems",
        ),
        effectiveness=4,
    ),
)
"""The four steps. The source says that the first is easily copied and draws few new customers, and
that the last works best; the ranks between follow the ladder."""


def _as_steps(steps: Iterable[MaintenanceStep]) -> frozenset[MaintenanceStep]:
    found = frozenset(steps)
    if not all(isinstance(step, MaintenanceStep) for step in found):
        raise InvalidValue("steps are members of MaintenanceStep")
    return found


@frozen(kw_only=True)
class MaintenanceFacts:
    """The segment or tier of a customer, as another policy gave it, and the steps taken already.

    :raises InvalidIdentifier: if the segment could not serve as a key.
    :raises InvalidValue: if a step is none.
    """

    customer: CustomerId
    as_of: date
    segment: str = field(converter=as_word)
    in_place: frozenset[MaintenanceStep] = field(default=frozenset(), converter=_as_steps)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.as_of, "as_of")
        check_identifier(self.segment, "segment")


@frozen(kw_only=True)
class Maintenance:
    """How far to go for a customer, the first step first, and which of the steps comes next."""

    steps: tuple[MaintenanceStep, ...]
    next_step: MaintenanceStep | None
    """The lowest that is not in place, because each is built on those below; None if all are."""

    def __str__(self) -> str:
        return ", ".join(self.steps) or "no steps"


@frozen(kw_only=True)
class MaintenanceTerm:
    """For these segments or tiers: all steps up to this one; None for no step at all.

    :raises InvalidPolicy: if no segment is named, or the step is none.
    """

    segments: tuple[str, ...] = field(converter=as_words)
    up_to: MaintenanceStep | None

    def __attrs_post_init__(self) -> None:
        for segment in self.segments:
            check_identifier(segment, "a segment")
        if not self.segments:
            raise InvalidPolicy("a term is for one segment or more")
        _check_step(self.up_to)


def _check_step(step: MaintenanceStep | None) -> None:
    if not isinstance(step, MaintenanceStep | None):
        raise InvalidPolicy("a term goes up to a MaintenanceStep, or None for no step")


def _as_terms(terms: Iterable[MaintenanceTerm]) -> tuple[MaintenanceTerm, ...]:
    return tuple(terms)


@frozen(kw_only=True)
class MaintenancePlan:
    """Which steps of the ladder a segment or tier gets, and which of them is the next to take.

    A segment stands in one term, and gets all steps up to the one named there, because each is
    built on those below: nobody gets a structural link without a personal relation. Segments that
    no term names go up to ``rest``. Source: LOY-07; which segment goes how far is the shop's.

    :raises InvalidPolicy: if a segment stands in two terms.

    >>> plan = MaintenancePlan(
    ...     terms=[
    ...         MaintenanceTerm(segments=["gold"], up_to=MaintenanceStep.STRUCTURAL_LINK),
    ...         MaintenanceTerm(segments=["silver"], up_to=MaintenanceStep.SOCIAL_BOND),
    ...     ],
    ...     rest=MaintenanceStep.FINANCIAL_REWARD,
    ... )
    >>> anna = MaintenanceFacts(
    ...     customer="anna", as_of=date(2026, 6, 30), segment="silver",
    ...     in_place=[MaintenanceStep.FINANCIAL_REWARD],
    ... )
    >>> print(plan(anna).outcome, "- next:", plan(anna).outcome.next_step)
    financial-reward, social-bond - next: social-bond
    """

    terms: tuple[MaintenanceTerm, ...] = field(converter=_as_terms)
    rest: MaintenanceStep | None = None

    def __attrs_post_init__(self) -> None:
        named = [segment for term in self.terms for segment in term.segments]
        if len(set(named)) < len(named):
            raise InvalidPolicy("a segment stands in one term: one of them stands twice")
        _check_step(self.rest)

    def steps_for(self, segment: str) -> tuple[MaintenanceStep, ...]:
        """All steps that a segment gets, the first one first."""
        reached = (term.up_to for term in self.terms if segment in term.segments)
        last = next(reached, self.rest)
        return () if last is None else (*last.builds_on, last)

    def __call__(self, facts: MaintenanceFacts, /) -> Decision[Maintenance]:
        """How far to go for one customer, which term says so, and what is in place."""
        terms = (one_of("segment", facts.segment, term.segments) for term in self.terms)
        outcome = self._maintenance(facts)
        far = str(outcome.steps[-1]) if outcome.steps else "no step"
        return Decision(
            outcome,
            "maintenance-plan",
            facts.as_of,
            (*terms, noted("up-to", far), *self._in_place(facts)),
            subject=facts.customer,
        )

    def outcomes(self, facts: Iterable[MaintenanceFacts]) -> list[Maintenance]:
        """The plans for many customers, as the call gives them one by one."""
        return [self._maintenance(item) for item in facts]

    def _maintenance(self, facts: MaintenanceFacts) -> Maintenance:
        steps = self.steps_for(facts.segment)
        missing = (step for step in steps if step not in facts.in_place)
        return Maintenance(steps=steps, next_step=next(missing, None))

    def _in_place(self, facts: MaintenanceFacts) -> Iterable[Evidence]:
        """What is in place, beyond the plan as well: nothing of it is lost sight of."""
        return (noted("in-place", str(step)) for step in _STEPS if step in facts.in_place)
