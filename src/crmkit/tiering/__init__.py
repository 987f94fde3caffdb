"""Tiers that customers hold, why they changed, and the rules by which they change.

What a customer has *earned* is one question (a policy over facts answers it every day), which tier
they *hold* is another: a shop raises at once, but lowers only at a review, after a grace period, or
one step at a time. A :class:`RetieringPolicy` says how the second follows from the first, and a
:class:`TierHistory` keeps every change with its day and its reason.

>>> from datetime import date
>>> from crmkit.decision import Decision, explain
>>> from crmkit.identifiers import CustomerId
>>> from crmkit.period import Unit
>>> ladder = TierLadder.of("bronze", "silver", "gold")
>>> policy = RetieringPolicy(ladder, reviews=ReviewCycle(date(2026, 1, 1), 1, Unit.QUARTER))
>>> held = TierHistory(CustomerId("C-7")).changed(
...     ladder.tier("gold"), on=date(2025, 10, 3), reason="spent 5,000 EUR in a year"
... )
>>> earned = Decision(ladder.tier("silver"), "yearly-spend", date(2026, 2, 14))
>>> decision = policy(RetieringFacts.of(held, earned))
>>> print(explain(decision))
gold for C-7, by retiering, as of 2026-02-14
- not met: earned tier is silver; at least gold required
- noted: held since is 2025-10-03
- not met: day of decision is 2026-02-14; 2026-04-01 or later required
"""

from crmkit.tiering.history import TierChange, TierHistory, retier
from crmkit.tiering.ladder import Tier, TierLadder
from crmkit.tiering.migration import Migration, MigrationMatrix, Movement, migration_matrix
from crmkit.tiering.retiering import (
    Downgrade,
    Grace,
    RetieringFacts,
    RetieringPolicy,
    ReviewCycle,
)

__all__ = [
    "Downgrade",
    "Grace",
    "Migration",
    "MigrationMatrix",
    "Movement",
    "RetieringFacts",
    "RetieringPolicy",
    "ReviewCycle",
    "Tier",
    "TierChange",
    "TierHistory",
    "TierLadder",
    "migration_matrix",
    "retier",
]
