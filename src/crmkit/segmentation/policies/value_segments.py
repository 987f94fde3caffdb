"""Value segments with a strategy and an action plan, and where to stop spending."""

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum

from attrs import field, frozen

from crmkit.decision import Decision, all_of, below, equals
from crmkit.errors import CurrencyMismatch, InvalidPolicy, InvalidValue
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.money import Money
from crmkit.period import check_date
from crmkit.segmentation.policies.conditions import AnyCondition
from crmkit.segmentation.policies.ladder import check_names, first_met
from crmkit.segmentation.policies.service_level import read_only

__all__ = [
    "SegmentDimensions",
    "SegmentPlan",
    "SpendingAdvice",
    "SpendingReview",
    "ValueSegment",
    "ValueSegments",
]


@frozen(kw_only=True)
class SegmentDimensions:
    """The dimensions that customers are segmented by; what is not known is None.

    ``responsive`` says whether the customer responds to what is spent on it (campaigns, gifts,
    visits).

    :raises InvalidValue: if the age is below 0.
    :raises CurrencyMismatch: if the amounts are of two currencies.
    """

    customer: CustomerId
    as_of: date
    region: str | None = None
    consumption: Money | None = None
    value: Money | None = None
    income: Money | None = None
    age: int | None = field(default=None, repr=False, metadata={"personal": True})
    need_type: str | None = None
    profit_contribution: Money | None = None
    responsive: bool | None = None

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.as_of, "as_of")
        if self.age is not None and self.age < 0:
            raise InvalidValue("an age counts from 0")
        amounts = (self.consumption, self.value, self.income, self.profit_contribution)
        known = [amount for amount in amounts if amount is not None]
        for amount in known:
            if amount.currency != known[0].currency:
                raise CurrencyMismatch(known[0].currency, amount.currency)


# --- segments and their plans ---------------------------------------------------------------------


def _as_actions(actions: Iterable[str]) -> tuple[str, ...]:
    return tuple(actions)


def _as_touchpoints(at: Mapping[str, Iterable[str]]) -> Mapping[str, tuple[str, ...]]:
    return read_only({touchpoint: tuple(actions) for touchpoint, actions in at.items()})


@frozen(kw_only=True)
class SegmentPlan:
    """What is done for the customers of a segment: one strategy, valid at every touchpoint.

    ``actions`` are done wherever the customer turns up; ``also_at`` adds what is done at one
    touchpoint, such as the call center.

    :raises InvalidPolicy: if there is no strategy.

    >>> plan = SegmentPlan(
    ...     strategy="keep", actions=["greet by name"], also_at={"call center": ["answer first"]}
    ... )
    >>> plan.actions_at("call center"), plan.actions_at("web")
    (('greet by name', 'answer first'), ('greet by name',))
    """

    strategy: str
    actions: tuple[str, ...] = field(default=(), converter=_as_actions)
    also_at: Mapping[str, tuple[str, ...]] = field(
        factory=dict, converter=_as_touchpoints, hash=False
    )

    def __attrs_post_init__(self) -> None:
        if not self.strategy.strip():
            raise InvalidPolicy("a segment owns a strategy: say what is done for its customers")

    def actions_at(self, touchpoint: str) -> tuple[str, ...]:
        """What is done at a touchpoint; one that the plan does not name is no exception."""
        return self.actions + self.also_at.get(touchpoint, ())


@frozen
class ValueSegment:
    """A group of customers, who belongs to it, and what is done for them."""

    name: str
    when: AnyCondition
    plan: SegmentPlan


def _as_segments(segments: Iterable[ValueSegment]) -> tuple[ValueSegment, ...]:
    return tuple(segments)


@frozen(kw_only=True)
class ValueSegments:
    """The first segment whose condition is met, or the rest: everybody has a strategy and a plan.

    The conditions look at :class:`SegmentDimensions` or at facts of the host's own.

    :raises InvalidPolicy: if a name stands twice.

    >>> from crmkit.decision import Comparison
    >>> from crmkit.segmentation.policies.conditions import Condition
    >>> rich = Condition("profit_contribution", Comparison.AT_LEAST, Money(1000, "EUR"))
    >>> segments = ValueSegments(
    ...     segments=[ValueSegment("core", rich, SegmentPlan(strategy="keep"))],
    ...     rest="others", rest_plan=SegmentPlan(strategy="serve by automation"),
    ... )
    >>> facts = SegmentDimensions(
    ...     customer="C-7", as_of=date(2026, 6, 30), profit_contribution=Money(1200, "EUR")
    ... )
    >>> segments.plan_for(segments(facts).outcome).strategy
    'keep'
    """

    segments: tuple[ValueSegment, ...] = field(converter=_as_segments)
    rest: str
    rest_plan: SegmentPlan

    def __attrs_post_init__(self) -> None:
        check_names(self.names, "segments")

    @property
    def names(self) -> tuple[str, ...]:
        """Every segment, in the order in which they are asked; the rest comes last."""
        return (*(segment.name for segment in self.segments), self.rest)

    def plan_for(self, segment: str) -> SegmentPlan:
        """The strategy and the actions of a segment.

        :raises InvalidValue: if there is no such segment.
        """
        plans = {item.name: item.plan for item in self.segments} | {self.rest: self.rest_plan}
        if segment not in plans:
            raise InvalidValue(f"no such segment: one of {', '.join(self.names)}")
        return plans[segment]

    def __call__(self, facts: SegmentDimensions, /) -> Decision[str]:
        """Name the segment of one customer, and how it stands with every condition."""
        evidence = tuple(all_of(s.name, s.when.evidence(facts)) for s in self.segments)
        outcome = first_met(self.names, evidence)
        return Decision(outcome, "value-segments", facts.as_of, evidence, subject=facts.customer)

    def outcomes(self, facts: Iterable[SegmentDimensions]) -> list[str]:
        """The segments of many customers, as the call gives them one by one."""
        return [self(item).outcome for item in facts]


# --- where to stop spending -----------------------------------------------------------------------


class SpendingAdvice(StrEnum):
    """What to do with the money spent on a customer."""

    KEEP = "keep"
    CUT = "cut"


@frozen(kw_only=True)
class SpendingReview:
    """Cut the spending on customers who contribute little and do not respond to it.

    Both must be known: of whom one is not known, the spending is kept.

    >>> review = SpendingReview(contribution_below=Money(50, "EUR"))
    >>> facts = SegmentDimensions(
    ...     customer="C-7", as_of=date(2026, 6, 30), profit_contribution=Money(8, "EUR"),
    ...     responsive=False,
    ... )
    >>> review(facts).outcome
    <SpendingAdvice.CUT: 'cut'>
    """

    contribution_below: Money

    def __call__(self, facts: SegmentDimensions, /) -> Decision[SpendingAdvice]:
        """Say whether the spending on one customer is cut, and why."""
        contribution = facts.profit_contribution
        low = (
            equals("profit-contribution-known", False, True)
            if contribution is None
            else below("profit-contribution", contribution, self.contribution_below)
        )
        insensitive = (
            equals("response-known", False, True)
            if facts.responsive is None
            else equals("responds-to-spending", facts.responsive, False)
        )
        evidence = (all_of("spending-cut", low, insensitive),)
        outcome = SpendingAdvice.CUT if evidence[0].met else SpendingAdvice.KEEP
        return Decision(outcome, "spending-review", facts.as_of, evidence, subject=facts.customer)

    def outcomes(self, facts: Iterable[SegmentDimensions]) -> list[SpendingAdvice]:
        """The advice on many customers, as the call gives it one by one."""
        return [self(item).outcome for item in facts]
