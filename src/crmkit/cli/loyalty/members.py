"""What became of each member, as a table for spreadsheets and programs."""

import csv
from io import StringIO

from crmkit.loyalty import ProgramReplay

__all__ = ["members_csv"]

_HEADER = (
    *("member", "joined_on", "purchases", "tier", "tier_since"),
    *("available", "pending", "issued", "redeemed", "expired", "taken_back", "deficit"),
)


def members_csv(replay: ProgramReplay) -> str:
    """Write one line for each member."""
    text = StringIO()
    write = csv.writer(text, lineterminator="\n")
    write.writerow(_HEADER)
    for each in replay.members.values():
        points, tiers = each.balance, each.tiers
        write.writerow(
            (
                *(each.member, each.joined_on, each.purchases),
                "" if each.tier is None else each.tier.name,
                "" if tiers is None or tiers.since is None else tiers.since,
                *(points.available, points.pending, points.credited, points.redeemed),
                *(points.expired, points.reversed, points.deficit),
            )
        )
    return text.getvalue()
