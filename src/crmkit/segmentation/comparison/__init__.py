"""What another policy would change, and what would change a decision.

:func:`compare_policies` asks two policies about the same customers: who moves, from where to where,
and why. :func:`smallest_change` asks one policy about one customer: how much of what is missing.

>>> from datetime import date
>>> from crmkit.decision import Comparison
>>> from crmkit.money import Money
>>> from crmkit.segmentation.facts import CustomerValue
>>> from crmkit.segmentation.policies.conditions import Condition
>>> from crmkit.segmentation.policies.rules import RuleSegments, SegmentRule
>>> def gold_from(amount):
...     worth = Condition("value", Comparison.AT_LEAST, Money(amount, "EUR"))
...     return RuleSegments((SegmentRule("gold", worth),))
>>> facts = CustomerValue(customer="C-7", as_of=date(2026, 6, 30), value=Money("4200.00", "EUR"))
>>> print(smallest_change(gold_from("5000.00"), facts))
value: 800.00 EUR more (5000.00 EUR instead of 4200.00 EUR) gives gold
>>> comparison = compare_policies(gold_from("5000.00"), gold_from("4000.00"), [facts])
>>> comparison.moved, comparison.count("rest", "gold")
(1, 1)
"""

from crmkit.segmentation.comparison.changes import Change, possible_changes, smallest_change
from crmkit.segmentation.comparison.moves import (
    Mover,
    MoveReasons,
    PolicyComparison,
    compare_policies,
)

__all__ = [
    "Change",
    "MoveReasons",
    "Mover",
    "PolicyComparison",
    "compare_policies",
    "possible_changes",
    "smallest_change",
]
