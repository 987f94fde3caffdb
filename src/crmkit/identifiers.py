"""The keys by which a shop knows its customers, orders and products.

They are plain text to Python and distinct types to the type checker, so that an order number never
ends up where a customer number belongs. ``check_identifier`` refuses texts that stores and screens
would disagree about.
"""

import unicodedata
from typing import NewType

from crmkit.errors import InvalidIdentifier

__all__ = [
    "MAX_IDENTIFIER_LENGTH",
    "Actor",
    "ComplaintId",
    "CustomerId",
    "FollowUpId",
    "InteractionId",
    "OrderId",
    "ProductId",
    "PromiseId",
    "check_identifier",
]

CustomerId = NewType("CustomerId", str)
"""A customer as the shop knows it: an account or card number, any stable key of the host."""

OrderId = NewType("OrderId", str)
"""An order or receipt; several purchase lines can share one."""

ProductId = NewType("ProductId", str)
"""A product, article or tariff."""

InteractionId = NewType("InteractionId", str)
"""A contact that has happened."""

PromiseId = NewType("PromiseId", str)
"""A promise that was given to a customer."""

ComplaintId = NewType("ComplaintId", str)
"""A complaint."""

FollowUpId = NewType("FollowUpId", str)
"""A contact that is planned."""

Actor = NewType("Actor", str)
"""Who did something: an employee, a unit, or a job of the host."""

MAX_IDENTIFIER_LENGTH = 255
"""The longest identifier, in characters: what the common databases can index."""

# Control (with NUL), surrogate, private use and unassigned code points; format characters carry the
# bidirectional overrides and the zero-width ones that make two different keys look alike.
_REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def check_identifier(text: str, what: str = "identifier") -> None:
    """Refuse a text that could not serve as a key everywhere.

    Stores compare keys as code points, so leading or trailing blanks, invisible characters, lone
    surrogates and NUL would make keys that look the same and are not, or that one database keeps
    and another refuses.

    :raises InvalidIdentifier: if the text is empty, longer than 255 characters, begins or ends with
        white space, or holds an invisible, private or unassigned character.

    >>> check_identifier("C-1017")
    >>> check_identifier("")
    Traceback (most recent call last):
    ...
    crmkit.errors.InvalidIdentifier: identifier is empty: pass at least one visible character
    """
    if type(text) is not str:
        raise InvalidIdentifier(f"{what} is a {type(text).__name__}: pass a str")
    short = 0 < len(text) <= MAX_IDENTIFIER_LENGTH
    if short and text.isascii() and text.isprintable() and text == text.strip():
        return  # The everyday key, settled without a look at each character.
    if not text:
        raise InvalidIdentifier(f"{what} is empty: pass at least one visible character")
    if len(text) > MAX_IDENTIFIER_LENGTH:
        raise InvalidIdentifier(
            f"{what} has {len(text)} characters: at most {MAX_IDENTIFIER_LENGTH} are allowed"
        )
    if text != text.strip():
        raise InvalidIdentifier(f"{what} begins or ends with white space: strip it first")
    for position, character in enumerate(text):
        if unicodedata.category(character) in _REFUSED_CATEGORIES:
            raise InvalidIdentifier(
                f"{what} holds an invisible or unassigned character "
                f"(U+{ord(character):04X} at position {position}): remove it first"
            )
