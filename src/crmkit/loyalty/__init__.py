"""Loyalty: the points of a program, its tiers, and how loyal customers really are."""

from crmkit.loyalty.records.qualification import Qualification

__all__ = [
    "Qualification",
]
