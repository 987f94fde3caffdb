"""Arguments that several commands take, and how their help is laid out."""

import argparse
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation

__all__ = ["Help", "day", "number_up_to", "share", "windows"]

_LONGEST_SHARE = 40


class Help(argparse.RawDescriptionHelpFormatter):
    """Options at the left, what they do beside them, as wide as this page."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30, width=98)


def day(text: str) -> date:
    """A day, as the type of an option."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("not a day written as 2026-03-31") from None


def share(text: str) -> Decimal:
    """A share from 0 to 1 exactly as written, as the type of an option."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal(-1)
    # Comparing with a NaN would raise.
    if not number.is_finite() or not 0 <= number <= 1 or len(text) > _LONGEST_SHARE:
        raise argparse.ArgumentTypeError("not a share from 0 to 1 such as 0.30")
    return number


def windows(text: str) -> tuple[str, ...]:
    """Hours of a day, as the type of an option: 09:00-13:00,14:00-18:00."""
    return tuple(window.strip() for window in text.split(","))


def number_up_to(most: int) -> Callable[[str], int]:
    """A whole number from 1 to another one, as the type of an option."""

    def number(text: str) -> int:
        is_number = text.isdecimal() and text.isascii() and len(text) < 6
        found = int(text) if is_number else 0
        if not 1 <= found <= most:
            raise argparse.ArgumentTypeError(f"not a whole number from 1 to {most:,}")
        return found

    return number
