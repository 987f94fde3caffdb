"""From purchases to the plan of every owner."""

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

from attrs import frozen

from crmkit.business_time import BusinessCalendar
from crmkit.cli.documents import read_document
from crmkit.cli.followups.options import FollowUpOptions, Span
from crmkit.cli.followups.owners_file import read_owners
from crmkit.cli.refusal import Refusal
from crmkit.cli.review.figures import decide
from crmkit.cli.review.policy import ReviewPolicy, Terms
from crmkit.cli.review.reading import PurchaseFile
from crmkit.cli.working_time import working_calendar, zone_of
from crmkit.errors import CrmkitError
from crmkit.followups import (
    Anchor,
    AssignmentFacts,
    AssignmentPolicy,
    Cadence,
    Capacity,
    FollowUpFacts,
    FollowUpOwner,
    FollowUpPlanner,
    OwnerPlan,
    PlanCase,
    PortfolioOwner,
    Priority,
)
from crmkit.identifiers import Actor, CustomerId
from crmkit.period import Period, Unit, add_units
from crmkit.segmentation import PyramidLayer
from crmkit.serialization import make_converter

__all__ = ["ShopPlan", "plan_of"]

_CADENCES = make_converter(Cadence)

IMPORTANCE = {"A": 3, "B": 2, "C": 1}
"""How much depends on a customer of each ABC tier; the tiers are fitted to the purchases."""


@frozen(kw_only=True)
class ShopPlan:
    """The follow-ups of a shop in a span of time: by owner, each with its day or a reason why not.

    ``facts`` are those of each customer, in the order of the file. ``strangers`` are the customers
    whose owner was named, and who have no purchase in the file: nothing is planned for them.
    """

    file: PurchaseFile
    span: Span
    planner: FollowUpPlanner
    owners: tuple[FollowUpOwner, ...]
    plans: tuple[OwnerPlan, ...]
    facts: Mapping[CustomerId, FollowUpFacts]
    strangers: tuple[CustomerId, ...] = ()

    @property
    def as_of(self) -> date:
        """The day that is planned on."""
        return self.file.summary.as_of

    @property
    def calendar(self) -> BusinessCalendar:
        """When the owners work."""
        return self.owners[0].calendar

    @property
    def needs_hand_over(self) -> bool:
        """Whether a purchase has to stand for the hand-over."""
        return any(each.anchor == Anchor.HAND_OVER for each in self.planner.cadences)

    @property
    def placed(self) -> int:
        """How many follow-ups have a day."""
        return sum(len(plan.placements) for plan in self.plans)

    @property
    def unplaced(self) -> int:
        """How many have none."""
        return sum(len(plan.unplaced) for plan in self.plans)

    @property
    def without(self) -> int:
        """How many customers there is nothing to do for."""
        asked = {one.customer for plan in self.plans for one in plan.placements}
        asked |= {one.customer for plan in self.plans for one in plan.unplaced}
        return len(self.facts) - len(asked)


def plan_of(options: FollowUpOptions, file: PurchaseFile) -> ShopPlan:
    """Plan the follow-ups of every customer who has bought.

    :raises Refusal: if something that the options name cannot be used.
    :raises MissingExtra: if national holidays are wanted and their library is not there.
    """
    as_of = file.summary.as_of
    span = options.span or _month_after(as_of)
    _check_span(span, as_of)
    calendar = _calendar(options, span, as_of)
    policy = Terms().fitted_to(file.summary)
    planner = FollowUpPlanner(
        cadences=_cadences(options.cadences, policy),
        priority=Priority(importance=IMPORTANCE),
        smoothing=options.smoothing,
    )
    owners = tuple(
        FollowUpOwner(actor=Actor(name), calendar=calendar, capacity=Capacity(a_day))
        for name, a_day in options.owners
    )
    facts = _facts(options, file, policy)
    actors = [owner.actor for owner in owners]
    named = {} if options.owners_of is None else read_owners(options.owners_of, actors)
    portfolios = _portfolios(owners, facts, named)
    try:
        plans = tuple(planner.plans(portfolios, span.period))
    except CrmkitError as error:
        raise Refusal(f"this cannot be planned: {error}") from error
    return ShopPlan(
        file=file,
        span=span,
        planner=planner,
        owners=owners,
        plans=plans,
        facts=facts,
        strangers=tuple(customer for customer in named if customer not in facts),
    )


def _month_after(day: date) -> Span:
    following = add_units(date(day.year, day.month, 1), 1, Unit.MONTH)
    return Span(f"{following:%Y-%m}", Period.month(following.year, following.month))


def _check_span(span: Span, as_of: date) -> None:
    if span.period.last < as_of:
        raise Refusal(
            f"{span.name} is over on {as_of}, the day that is planned on: name a later time with "
            f"--for, or an earlier day with --as-of"
        )


def _calendar(options: FollowUpOptions, span: Span, as_of: date) -> BusinessCalendar:
    # What comes next for a customer is asked as of the day that is planned on; and what falls on a
    # holiday may go to a day of the year before, or of the year after.
    years = (min(as_of, span.period.start).year - 1, span.period.last.year + 1)
    return working_calendar(options.hours, zone_of(options.zone), options.holidays, years)


# --- cadences -------------------------------------------------------------------------------------


def _cadences(paths: Iterable[Path], policy: ReviewPolicy) -> tuple[Cadence, ...]:
    named = tuple(_read(path, policy) for path in paths)
    return named or (Cadence.after_hand_over(), Cadence.december_round())


def _read(path: Path, policy: ReviewPolicy) -> Cadence:
    found: Cadence = read_document(path, _CADENCES, "cadence")
    _check_anchor(found, path)
    _check_groups(found, path, policy)
    return found


def _check_anchor(cadence: Cadence, path: Path) -> None:
    known = (Anchor.HAND_OVER, Anchor.PURCHASE)
    if isinstance(cadence.anchor, str) and cadence.anchor not in known:
        raise Refusal(
            f"{path} counts from {cadence.anchor}, which a file of purchases does not say: count "
            f"from {' or '.join(known)}, or from a date"
        )


def _check_groups(cadence: Cadence, path: Path, policy: ReviewPolicy) -> None:
    """Refuse a tier or a segment that nobody can ever be in: the cadence would be for nobody."""
    layers = [layer.value for layer in PyramidLayer]
    known = {
        "tier": (cadence.tiers, policy.abc.names),
        "segment": (cadence.segments, (*policy.segmentation.segments.names, *layers)),
    }
    for kind, (wanted, names) in known.items():
        for name in wanted:
            if name not in names:
                raise Refusal(
                    f"{path} is for {name}, which is no {kind} here: use one of {', '.join(names)}"
                )


# --- customers ------------------------------------------------------------------------------------


def _facts(
    options: FollowUpOptions, file: PurchaseFile, policy: ReviewPolicy
) -> dict[CustomerId, FollowUpFacts]:
    """What is known of each customer: the days that cadences count from, the tier, the segment."""
    summary = file.summary
    columns = summary.columns
    outcomes = decide(policy, summary)
    handed_over = columns.last_days if options.hand_over == "last" else columns.first_days
    rows = zip(
        columns.customers,
        columns.last_days,
        handed_over,
        outcomes.abc,
        outcomes.segments,
        outcomes.pyramid,
        strict=True,
    )
    return {
        customer: FollowUpFacts(
            customer=customer,
            as_of=summary.as_of,
            anchors={
                Anchor.HAND_OVER: date.fromordinal(hand_over),
                Anchor.PURCHASE: date.fromordinal(last),
            },
            tier=tier,
            segments={segment, layer},
        )
        for customer, last, hand_over, tier, segment, layer in rows
    }


# --- whose they are -------------------------------------------------------------------------------


def _portfolios(
    owners: tuple[FollowUpOwner, ...],
    facts: Mapping[CustomerId, FollowUpFacts],
    of: Mapping[CustomerId, Actor],
) -> list[tuple[FollowUpOwner, list[PlanCase]]]:
    """Every customer with an owner: the one they have, or else by the room that owners have."""
    named = {owner.actor: owner for owner in owners}
    room = sum(owner.capacity.a_day for owner in owners)
    policy = AssignmentPolicy(
        owners=[
            # Rounded up, so that there is always room for everybody.
            PortfolioOwner(actor=owner.actor, most=-(-len(facts) * owner.capacity.a_day // room))
            for owner in owners
        ]
    )
    assignment = policy.assign(
        AssignmentFacts(
            customer=customer,
            as_of=each.as_of,
            owner=of.get(customer),
            tier=each.tier,
            score=IMPORTANCE.get(str(each.tier), 0),
        )
        for customer, each in facts.items()
    )
    portfolios: dict[Actor, list[PlanCase]] = {actor: [] for actor in named}
    for one in assignment.assigned:
        portfolios[one.to].append(PlanCase(facts=facts[one.customer]))
    return [(owner, portfolios[actor]) for actor, owner in named.items()]
