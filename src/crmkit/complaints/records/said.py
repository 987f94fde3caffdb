"""Texts that people say: what counts as said, and what stands where one was erased."""

import re
import unicodedata

__all__ = ["ERASED", "is_said"]

ERASED = "(erased)"
"""What stands where a personal text was erased."""

_PLAIN = re.compile("[!-~]")
_READ = frozenset("LNPS")  # Letters, numbers, punctuation, symbols: no marks, blanks or controls.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # Letters and a symbol that show nothing.


def is_said(text: str) -> bool:
    """Whether there is anything in a text that can be read.

    >>> is_said("told her"), is_said("\\u6536\\u5230"), is_said(" \\u200b")
    (True, True, False)
    """
    if _PLAIN.search(text) is not None:  # Most texts are settled here.
        return True
    return any(c not in _BLANK and unicodedata.category(c)[0] in _READ for c in text)
