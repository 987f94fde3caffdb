"""The replay for programs: JSON with stable keys."""

import json
from typing import Any

from crmkit.cli.loyalty.as_text import member_of
from crmkit.cli.loyalty.options import LoyaltyOptions
from crmkit.cli.loyalty.replaying import ShopReplay
from crmkit.loyalty import Balance, MemberReplay, PointsCohort, ReplayDifference
from crmkit.money import Money
from crmkit.tiering import MigrationMatrix, Tier

__all__ = ["explanation_json", "json_of"]


def json_of(shop: ShopReplay, options: LoyaltyOptions) -> str:
    """All of it as one JSON object."""
    report, replay = shop.report, shop.replay
    liability = shop.liability
    found = {
        "file": shop.name,
        "as_of": replay.as_of.isoformat(),
        "lines": report.lines_read,
        "purchases": report.purchases,
        "rejects": report.rejects,
        "rejects_by_reason": {str(why): number for why, number in report.reasons.items()},
        "purchases_after_as_of": replay.later,
        "currencies_without_points": list(shop.strange),
        "program": replay.program.name,
        "members": len(replay.members),
        "tiers": [
            {"tier": _tier(group.tier), "members": group.members, "points": _points(group.points)}
            for group in replay.by_tier()
        ],
        "points": {**_points(replay.total), "open": replay.points.total.open},
        "points_by_month": {
            month.isoformat(): _cohort(cohort) for month, cohort in replay.points.months.items()
        },
        "liability": None if liability is None else _money(liability.outcome),
        "breakage": None if options.breakage is None else str(options.breakage),
        "tier_flow": [_flow(matrix) for matrix in shop.flow],
        "unmatched_refunds": [
            {
                "member": each.member,
                "on": each.on.isoformat(),
                "amount": _money(each.amount),
                "order": each.order,
            }
            for each in replay.unmatched
        ],
        "refused_redemptions": [
            {
                "member": each.redemption.member,
                "on": each.redemption.on.isoformat(),
                "points": each.redemption.points,
                "available": each.available,
            }
            for each in replay.refused
        ],
        "simulated": None if shop.difference is None else _difference(shop, shop.difference),
    }
    return json.dumps(found, indent=2)


def explanation_json(shop: ShopReplay, customer: str) -> str:
    """One member as a JSON object."""
    return json.dumps(_member(member_of(shop, customer)), indent=2)


def _member(member: MemberReplay) -> dict[str, Any]:
    return {
        "member": member.member,
        "joined_on": member.joined_on.isoformat(),
        "purchases": member.purchases,
        "tier": _tier(member.tier),
        "points": _points(member.balance),
        "tiers": [
            {"on": change.on.isoformat(), "to": _tier(change.to_tier), "reason": change.reason}
            for change in (() if member.tiers is None else member.tiers.changes)
        ],
    }


def _tier(tier: Tier | None) -> str | None:
    return None if tier is None else tier.name


def _money(money: Money) -> dict[str, str]:
    return {"amount": str(money.amount), "currency": money.currency}


def _points(balance: Balance) -> dict[str, int]:
    return {
        "issued": balance.credited,
        "available": balance.available,
        "pending": balance.pending,
        "redeemed": balance.redeemed,
        "expired": balance.expired,
        "taken_back": balance.reversed,
        "deficit": balance.deficit,
    }


def _cohort(cohort: PointsCohort) -> dict[str, int]:
    return {
        "earned": cohort.earned,
        "redeemed": cohort.redeemed,
        "expired": cohort.expired,
        "taken_back": cohort.withdrawn,
        "open": cohort.open,
    }


def _flow(matrix: MigrationMatrix) -> dict[str, Any]:
    return {
        "from": matrix.from_on.isoformat(),
        "to": matrix.to_on.isoformat(),
        "moves": _moves(matrix),
    }


def _moves(matrix: MigrationMatrix) -> list[dict[str, Any]]:
    return [
        {"from": _tier(way.from_tier), "to": _tier(way.to_tier), "members": way.customers}
        for way in matrix.migrations
    ]


def _difference(shop: ShopReplay, difference: ReplayDifference) -> dict[str, Any]:
    cost, liability = difference.cost, difference.liability
    return {
        "program": None if shop.other is None else shop.other.program.name,
        "issued": difference.issued,
        "taken_back": difference.withdrawn,
        "redeemed": difference.redeemed,
        "expired": difference.expired,
        "open": difference.open,
        "cost": None if cost is None else _money(cost),
        "liability": None if liability is None else _money(liability),
        "moves": _moves(difference.tiers),
        "movers": [
            {"member": each.member, "now": _tier(each.current), "then": _tier(each.other)}
            for each in difference.movers
        ],
    }
