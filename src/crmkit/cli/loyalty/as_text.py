"""The replay for people to read."""

from collections.abc import Iterator

from crmkit.cli.loyalty.options import LONGEST_LIST, LoyaltyOptions
from crmkit.cli.loyalty.replaying import ShopReplay
from crmkit.cli.page import page, table
from crmkit.cli.refusal import Refusal, one_line
from crmkit.cli.review.wording import in_options
from crmkit.cli.review.words import count, counted, money, plain
from crmkit.identifiers import CustomerId
from crmkit.loyalty import MemberReplay, ReplayDifference
from crmkit.tiering import MigrationMatrix

__all__ = ["explanation", "member_of", "text_of"]

_FEW = 5


def text_of(shop: ShopReplay, options: LoyaltyOptions) -> str:
    """What was read, the members of each tier, their points, and what another program changes."""
    return page(
        (*_account(shop, options), *_written(options)),
        _tiers(shop),
        _points(shop),
        _left_over(shop, options),
        () if shop.difference is None else _difference(shop, shop.difference, options),
    )


def _account(shop: ShopReplay, options: LoyaltyOptions) -> Iterator[str]:
    report, replay = shop.report, shop.replay
    yield (
        f"{shop.name}: {counted(report.lines_read, 'line')}, "
        f"{counted(report.purchases, 'purchase')}, {counted(report.rejects, 'reject')}; "
        f"as of {replay.as_of}"
    )
    for reject in report.first_rejects[:_FEW]:
        yield f"  {one_line(in_options(str(reject)))}"
    if report.rejects > _FEW and options.reading.rejects is None:
        yield f"  and {count(report.rejects - _FEW)} more; --rejects FILE writes all of them"
    if replay.later:
        yield f"  {counted(replay.later, 'purchase')} after that day, left out"
    for currency in shop.strange:
        yield f"  the program gives no points for {currency}: add --currency and --rate, or a rule"
    yield f"Program {replay.program.name}: {counted(len(replay.members), 'member')}"
    for caution in replay.program.cautions():
        yield f"  {caution.reason}"


def _written(options: LoyaltyOptions) -> Iterator[str]:
    for path in options.paths_written:
        yield f"wrote {path}"


def _tiers(shop: ShopReplay) -> Iterator[str]:
    rows: list[tuple[str, ...]] = [("tier", "members", "to spend", "pending", "earned", "expired")]
    for group in shop.replay.by_tier():
        points = group.points
        figures = (group.members, points.available, points.pending, points.accrued, points.expired)
        name = "all" if group.tier is None else group.tier.name
        rows.append((name, *(count(number) for number in figures)))
    return table(rows)


def _points(shop: ShopReplay) -> Iterator[str]:
    total, points = shop.replay.total, shop.replay.points.total
    yield (
        f"Points: {count(total.credited)} issued, {count(total.redeemed)} redeemed, "
        f"{count(total.expired)} expired, {count(points.withdrawn)} taken back, "
        f"{count(points.open)} open"
    )
    if total.deficit:
        yield f"  {count(total.deficit)} are owed by members who gave back what they had spent"
    liability = shop.liability
    if liability is None:
        yield "  what they cost is not said: add point_value to the program"
    else:
        breakage = shop.options.breakage
        less = "" if breakage is None else f", less {plain(breakage)} never redeemed"
        yield f"Liability: {money(liability.outcome)}{less}"


def _left_over(shop: ShopReplay, options: LoyaltyOptions) -> Iterator[str]:
    """What could not be matched: nothing is lost."""
    unmatched, refused = shop.replay.unmatched, shop.replay.refused
    if unmatched:
        yield f"{counted(len(unmatched), 'refund')} of nothing that was bought before:"
        for each in unmatched[: options.top]:
            order = "" if each.order is None else f", order {each.order}"
            yield f"  {each.on}  {one_line(each.member)}  {money(each.amount)}{one_line(order)}"
        yield from _more(len(unmatched), options.top)
    if refused:
        yield f"{counted(len(refused), 'redemption')} without the points for it:"
        for one in refused[: options.top]:
            what = one.redemption
            yield (
                f"  {what.on}  {one_line(what.member)}  {count(what.points)} wanted, "
                f"{count(one.available)} there"
            )
        yield from _more(len(refused), options.top)


def _more(number: int, shown: int) -> Iterator[str]:
    if number > shown:
        how = "--json" if number > LONGEST_LIST else f"--top {number} or --json"
        yield f"  and {count(number - shown)} more; {how} shows them"


# --- another program ------------------------------------------------------------------------------


def _difference(
    shop: ShopReplay, difference: ReplayDifference, options: LoyaltyOptions
) -> Iterator[str]:
    other = shop.other.program.name if shop.other is not None else ""
    yield f"With {one_line(other)} instead:"
    if shop.replay.program.tiers is not None:
        yield from _moves(difference.tiers)
    yield (
        f"  points: {_signed(difference.issued)} issued, {_signed(difference.expired)} expired, "
        f"{_signed(difference.open)} open"
    )
    if difference.cost is not None and difference.liability is not None:
        yield (
            f"  cost of what is issued: {money(difference.cost)} more; "
            f"liability: {money(difference.liability)} more"
        )
    movers = difference.movers
    yield f"{counted(len(movers), 'member')} in another tier"
    if movers:
        rows = [("member", "now", "then")]
        for one in movers[: options.top]:
            rows.append((one.member, str(one.current or "none"), str(one.other or "none")))
        yield from table(rows)
        yield from _more(len(movers), options.top)


def _moves(matrix: MigrationMatrix) -> Iterator[str]:
    for each in matrix.migrations:
        if str(each.from_tier) != str(each.to_tier):
            before, after = each.from_tier or "none", each.to_tier or "none"
            yield f"  {counted(each.customers, 'member')} from {before} to {after}"


def _signed(number: int) -> str:
    return f"{number:+,}"


# --- one member -----------------------------------------------------------------------------------


def member_of(shop: ShopReplay, customer: str) -> MemberReplay:
    """The member of that name.

    :raises Refusal: if nobody of that name bought anything.
    """
    found = shop.replay.members.get(CustomerId(customer))
    if found is None:
        raise Refusal(f"{customer} bought nothing up to {shop.replay.as_of}")
    return found


def explanation(shop: ShopReplay, customer: str) -> str:
    """The points of a member and where they went, and every tier with its reason."""
    member = member_of(shop, customer)
    return page(_of_member(member), _of_tiers(member))


def _of_member(member: MemberReplay) -> Iterator[str]:
    balance = member.balance
    tier = "" if member.tier is None else f", {member.tier}"
    yield (
        f"{one_line(member.member)}: member since {member.joined_on}{tier}, "
        f"{counted(member.purchases, 'purchase')}"
    )
    yield (
        f"{count(balance.available)} points to spend, {count(balance.pending)} pending, as of "
        f"{balance.as_of}"
    )
    yield (
        f"{count(balance.credited)} earned = {count(balance.available)} to spend + "
        f"{count(balance.pending)} pending + {count(balance.redeemed)} redeemed + "
        f"{count(balance.expired)} expired + {count(balance.reversed)} taken back - "
        f"{count(balance.deficit)} owed"
    )


def _of_tiers(member: MemberReplay) -> Iterator[str]:
    for change in () if member.tiers is None else member.tiers.changes:
        yield f"{change.on}  {change.reason}"
