"""Loyalty: the points of a program, its tiers, and how loyal customers really are."""

__all__: list[str] = []
