"""From purchases to the plan of every owner."""

import csv
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

from attrs import frozen

from crmkit.business_time import BusinessCalendar
from crmkit.cli.followups.options import FollowUpOptions, Span
from crmkit.cli.refusal import Refusal
from crmkit.cli.review.figures import decide
from crmkit.cli.review.policy import Terms
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
from crmkit.serialization import make_converter

__all__ = ["ShopPlan", "plan_of"]

_CADENCES = make_converter(Cadence)

IMPORTANCE = {"A": 3, "B": 2, "C": 1}
"""How much depends on a customer of each ABC tier; the tiers are fitted to the purchases."""


@frozen(kw_only=True)
class ShopPlan:
    """The follow-ups of a shop in a span of time: by owner, each with its day or a reason why not.

    ``facts`` are those of each customer, in the order of the file.
    """

    file: PurchaseFile
    span: Span
    planner: FollowUpPlanner
    owners: tuple[FollowUpOwner, ...]
    plans: tuple[OwnerPlan, ...]
    facts: Mapping[CustomerId, FollowUpFacts]

    @property
    def as_of(self) -> date:
        """The day that is planned on."""
        return self.file.summary.as_of

    @property
    def calendar(self) -> BusinessCalendar:
        """When the owners work."""
        return self.owners[0].calendar

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
    span = options.span or _month_after(file.summary.as_of)
    calendar = _calendar(options, span)
    planner = FollowUpPlanner(
        cadences=_cadences(options.cadences),
        priority=Priority(importance=IMPORTANCE),
        smoothing=options.smoothing,
    )
    owners = tuple(
        FollowUpOwner(actor=Actor(name), calendar=calendar, capacity=Capacity(a_day))
        for name, a_day in options.owners
    )
    facts = _facts(options, file)
    portfolios = _portfolios(options, owners, facts)
    try:
        plans = tuple(planner.plans(portfolios, span.period))
    except CrmkitError as error:
        raise Refusal(f"this cannot be planned: {error}") from error
    return ShopPlan(file=file, span=span, planner=planner, owners=owners, plans=plans, facts=facts)


def _month_after(day: date) -> Span:
    following = add_units(date(day.year, day.month, 1), 1, Unit.MONTH)
    return Span(f"{following:%Y-%m}", Period.month(following.year, following.month))


def _calendar(options: FollowUpOptions, span: Span) -> BusinessCalendar:
    # What falls on a holiday may go to a day of the year before, or of the year after.
    years = (span.period.start.year - 1, span.period.last.year + 1)
    return working_calendar(options.hours, zone_of(options.zone), options.holidays, years)


# --- cadences -------------------------------------------------------------------------------------


def _cadences(paths: Iterable[Path]) -> tuple[Cadence, ...]:
    named = tuple(_read(path) for path in paths)
    return named or (Cadence.after_hand_over(), Cadence.december_round())


def _read(path: Path) -> Cadence:
    try:
        text = path.read_text(encoding="utf-8")
        is_toml = path.suffix.lower() == ".toml"
        found: Cadence = _CADENCES.loads_toml(text) if is_toml else _CADENCES.loads(text)
    except OSError as error:
        why = (error.strerror or "not a usable path").lower()
        raise Refusal(f"cannot read the cadence {path}: {why}") from error
    except (CrmkitError, ValueError) as error:
        why = str(error) if isinstance(error, CrmkitError) else "it is not UTF-8 text"
        raise Refusal(f"the cadence {path} cannot be used: {why}") from error
    _check_anchor(found, path)
    return found


def _check_anchor(cadence: Cadence, path: Path) -> None:
    known = (Anchor.HAND_OVER, Anchor.PURCHASE)
    if isinstance(cadence.anchor, str) and cadence.anchor not in known:
        raise Refusal(
            f"{path} counts from {cadence.anchor}, which a file of purchases does not say: count "
            f"from {' or '.join(known)}, or from a date"
        )


# --- customers ------------------------------------------------------------------------------------


def _facts(options: FollowUpOptions, file: PurchaseFile) -> dict[CustomerId, FollowUpFacts]:
    """What is known of each customer: the days that cadences count from, the tier, the segment."""
    summary = file.summary
    columns = summary.columns
    outcomes = decide(Terms().fitted_to(summary), summary)
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
    options: FollowUpOptions,
    owners: tuple[FollowUpOwner, ...],
    facts: Mapping[CustomerId, FollowUpFacts],
) -> list[tuple[FollowUpOwner, list[PlanCase]]]:
    """Every customer with an owner: the one they have, or else by the room that owners have."""
    named = {owner.actor: owner for owner in owners}
    of = {} if options.owners_of is None else _owners_of(options.owners_of, named)
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


def _owners_of(path: Path, named: Iterable[Actor]) -> dict[CustomerId, Actor]:
    known = set(named)
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except OSError as error:
        why = (error.strerror or "not a usable path").lower()
        raise Refusal(f"cannot read {path}: {why}") from error
    except (csv.Error, UnicodeError) as error:
        raise Refusal(f"{path} is no CSV in UTF-8: write the columns customer and owner") from error
    found: dict[CustomerId, Actor] = {}
    for number, row in enumerate(rows, start=2):
        customer, owner = row.get("customer"), row.get("owner")
        if not customer or not owner:
            raise Refusal(f"{path}, row {number}: write a customer and an owner in each")
        if owner not in known:
            raise Refusal(f"{path}, row {number}: {owner} is no owner: add --owner {owner}")
        if found.setdefault(CustomerId(customer), Actor(owner)) != owner:
            raise Refusal(f"{path}, row {number}: {customer} has two owners: leave one of them out")
    return found
