"""How cadences are kept."""

from crmkit.followups.policies.cadence import Cadence

__all__ = ["STORED_TYPES"]

STORED_TYPES = (Cadence,)
"""Every type of follow-ups that can be kept: ``make_converter(*STORED_TYPES)``."""
