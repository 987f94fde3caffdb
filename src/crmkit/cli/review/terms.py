"""In which terms the value of a customer is told."""

from decimal import Decimal

from attrs import frozen

__all__ = ["MODELS", "LifetimeTerms"]

MODELS = {"mbg-nbd": "MBG/NBD", "bg-nbd": "BG/NBD"}
"""The models of repeat purchases that there are to choose from, the usual one first."""


@frozen(kw_only=True)
class LifetimeTerms:
    """What a value is: what is left of revenue, how later money counts, how far one looks."""

    model: str
    """``mbg-nbd`` or ``bg-nbd``."""
    margin: Decimal
    discount: Decimal
    """A year, compounded yearly."""
    days: int
