"""The desk of a loyalty program: load, ask the pure part, keep, in one transaction."""

from crmkit.loyalty.desk.front import LoyaltyDesk
from crmkit.loyalty.desk.ledgers import NotAMember, Posted
from crmkit.loyalty.desk.purchases import GivenBack, Purchased
from crmkit.loyalty.desk.rewards import Rewarded
from crmkit.loyalty.desk.standing import TIER_CHANGED_TOPIC

__all__ = [
    "TIER_CHANGED_TOPIC",
    "GivenBack",
    "LoyaltyDesk",
    "NotAMember",
    "Posted",
    "Purchased",
    "Rewarded",
]
