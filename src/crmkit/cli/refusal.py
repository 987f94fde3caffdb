"""What a user of the command line can put right, in one line."""

__all__ = ["Refusal", "one_line"]


class Refusal(Exception):
    """The command cannot do what it was asked for; the message says what would have worked."""


def one_line(text: str) -> str:
    """Put a message on one line, and show what a terminal would act upon instead of showing it."""
    words = " ".join(text.split())
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in words
    )
