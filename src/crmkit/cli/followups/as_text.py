"""The plan for people to read."""

from collections import Counter
from collections.abc import Iterable, Iterator

from crmkit.cli.followups.options import LONGEST_LIST, FollowUpOptions
from crmkit.cli.followups.planning import ShopPlan
from crmkit.cli.page import page, table
from crmkit.cli.refusal import Refusal, one_line
from crmkit.cli.review.wording import in_options
from crmkit.cli.review.words import counted
from crmkit.decision import Decision, explain
from crmkit.followups import (
    Occurrence,
    OwnerPlan,
    Placement,
    PlanCase,
    Smoothing,
    Unplaced,
    WhyUnplaced,
    next_follow_up,
)
from crmkit.identifiers import CustomerId
from crmkit.money import NO_CURRENCY

__all__ = ["WHY", "decision_on", "explanation", "most_important", "text_of", "whys_of"]

WHY = {
    WhyUnplaced.OVER: "no day is left in this time",
    WhyUnplaced.CLOSED: "nobody works on its days",
    WhyUnplaced.OWNER_LEAVES: "the owner has left by then",
    WhyUnplaced.CONTACT_RULES: "the customer may not be contacted on its days",
    WhyUnplaced.FULL: "its days are full with what comes first",
}
"""Why a follow-up has no day, for people."""

_FEW = 5


def text_of(plan: ShopPlan, options: FollowUpOptions) -> str:
    """The plan of each owner, day by day."""
    return page(
        (*_account(plan, options), *_terms(plan, options), *_written(options)),
        *(_owner(each, options) for each in plan.plans),
        _unplaced(plan, options),
    )


# --- what was read, and how it was planned --------------------------------------------------------


def _account(plan: ShopPlan, options: FollowUpOptions) -> Iterator[str]:
    file, report = plan.file, plan.file.report
    yield (
        f"{file.name}: {counted(report.lines_read, 'line')}, "
        f"{counted(report.purchases, 'purchase')}, {counted(report.rejects, 'reject')}; "
        f"as of {plan.as_of}"
    )
    for reject in report.first_rejects[:_FEW]:
        yield f"  {one_line(in_options(str(reject)))}"
    if report.rejects > _FEW and options.reading.rejects is None:
        yield f"  and {report.rejects - _FEW:,} more; --rejects FILE writes all of them"
    if file.later:
        yield f"  {counted(file.later, 'purchase')} after that day, left out"
    if file.summary.without_purchase:
        without = counted(len(file.summary.without_purchase), "customer")
        yield f"  {without} to whom money was given back and who bought nothing, left out"
    if plan.strangers:
        yield f"  {_strangers(plan)}"
    if file.summary.currency == NO_CURRENCY:
        yield f"  the file names no currency ({NO_CURRENCY}): add --currency USD, say"
    yield (
        f"Follow-ups of {plan.span.name}: {plan.placed:,} placed, {plan.unplaced:,} not placed; "
        f"nothing to do for {plan.without:,} of {counted(len(plan.facts), 'customer')}"
    )


def _strangers(plan: ShopPlan) -> str:
    """Whose owner was named in vain: a slip in a key would show here."""
    shown = ", ".join(plan.strangers[:_FEW])
    more = ", ..." if len(plan.strangers) > _FEW else ""
    customers = counted(len(plan.strangers), "customer")
    return f"{customers} with an owner and no purchase, left out: {one_line(shown)}{more}"


def _terms(plan: ShopPlan, options: FollowUpOptions) -> Iterator[str]:
    for cadence in plan.planner.cadences:
        steps = ", then ".join(map(str, cadence.steps))
        yield f"{cadence.name}: {steps}, from {cadence.anchor}"
    if plan.needs_hand_over:
        yield f"the {options.hand_over} purchase stands for the hand-over"
    days = "" if options.holidays is None else f", closed on holidays of {options.holidays}"
    hours = ", ".join(options.hours)
    yield f"Monday to Friday {hours}, clocks of {plan.calendar.zone}{days}"
    is_even = options.smoothing is Smoothing.EVEN
    how = "as evenly as windows allow" if is_even else "as near to its day as there is room"
    yield f"each {how}; the most urgent and important first"


def _written(options: FollowUpOptions) -> Iterator[str]:
    if options.report is not None:
        yield f"report: {options.report}"
    if options.ics is not None:
        yield f"calendar files: {options.ics}"


# --- owner by owner -------------------------------------------------------------------------------


def _owner(plan: OwnerPlan, options: FollowUpOptions) -> Iterator[str]:
    loads = plan.loads
    most = (
        f" on {counted(len(loads), 'day')}, at most {max(loads.values()):,} a day" if loads else ""
    )
    yield f"{one_line(plan.owner)}: {counted(len(plan.placements), 'follow-up')}{most}"
    shown = plan.placements[: options.top]
    if shown:
        yield from table(_row(one) for one in shown)
    yield from _more(len(plan.placements), options)


def _row(one: Placement) -> tuple[str, ...]:
    return (
        f"{one.on:%a} {one.on}",
        one.customer,
        one.occurrence.purpose,
        one.channel or "",
        f"due {one.occurrence.due_on}" if one.occurrence.due_on != one.on else "",
    )


def _unplaced(plan: ShopPlan, options: FollowUpOptions) -> Iterator[str]:
    left = [one for each in plan.plans for one in each.unplaced]
    if not left:
        return
    yield f"Not placed: {counted(len(left), 'follow-up')}"
    for why, number in Counter(one.why for one in left).most_common():
        yield f"  {number:,} {why}: {WHY[why]}"
    yield from table(map(_unplaced_row, most_important(left)[: options.top]))
    yield from _more(len(left), options)


def most_important(left: Iterable[Unplaced]) -> list[Unplaced]:
    """What has no place, the most important first."""
    return sorted(left, key=lambda one: (-one.score, one.occurrence.due_on, one.key))


def _unplaced_row(one: Unplaced) -> tuple[str, ...]:
    wait = "can wait" if one.can_wait else "cannot wait"
    return (
        f"{one.occurrence.due_on:%a} {one.occurrence.due_on}",
        one.customer,
        one.occurrence.purpose,
        one.owner,
        f"{one.why}, {wait}",
    )


def _more(number: int, options: FollowUpOptions) -> Iterator[str]:
    if number > options.top:
        how = f"--top {number}" if number <= LONGEST_LIST else "--json"
        yield f"  and {number - options.top:,} more; {how} shows them"


# --- one customer ---------------------------------------------------------------------------------


def explanation(plan: ShopPlan, customer: str) -> str:
    """What comes next for a customer and why, and where it is in the plan.

    :raises Refusal: if the file has no such customer.
    """
    decision = decision_on(plan, customer)
    return page(explain(decision).splitlines(), _places(plan, customer))


def decision_on(plan: ShopPlan, customer: str) -> Decision[Occurrence | None]:
    """What comes next for a customer, with the evidence.

    :raises Refusal: if the file has no such customer.
    """
    facts = plan.facts.get(CustomerId(customer))
    if facts is None:
        raise Refusal("the file has no such customer with a purchase: write the key as it stands")
    return next_follow_up(facts, plan.planner.cadences, calendar=plan.calendar)


def _places(plan: ShopPlan, customer: str) -> Iterator[str]:
    yield f"In the plan of {plan.span.name}:"
    found = whys_of(plan, customer)
    for decision in found:
        one = decision.outcome
        yield f"{one.occurrence.purpose}, {_place(one)}"
        yield from explain(decision).splitlines()[1:]
    if not found:
        yield "nothing is due"


def _place(one: Placement | Unplaced) -> str:
    if isinstance(one, Placement):
        return f"{one.on:%a} {one.on} by {one_line(one.owner)}"
    return f"not placed: {WHY[one.why]}"


def whys_of(plan: ShopPlan, customer: str) -> tuple[Decision[Placement | Unplaced], ...]:
    """Why each follow-up of a customer has the day it has, or none."""
    case = PlanCase(facts=plan.facts[CustomerId(customer)])
    return tuple(
        decision
        for each, owner in zip(plan.plans, plan.owners, strict=True)
        for decision in plan.planner.why(each, owner, case)
    )
