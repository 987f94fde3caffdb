"""A key is a text on which stores, screens and people agree."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit import identifiers as module
from crmkit.errors import InvalidIdentifier, InvalidValue
from crmkit.identifiers import MAX_IDENTIFIER_LENGTH, CustomerId, check_identifier
from crmkit.testing.strategies import identifiers

GOOD = [
    *(
        "C-1017",
        "7",
        "0007",
        "a",
        "A b",
        "O'Neil & Söhne",
        "客户-17",
        "Ελένη",
        "Жуков",
        "سارة",
        "शर्मा",
    ),
    *(
        "a_b.c/d\\e:f@g",
        "😀",
        "e\u0301",
        "x" * 255,
        "客" * 255,
        "a\u00a0b",
        "½",
        "-",
        "'; DROP TABLE --",
    ),
]
# Each with the reason: what looks empty, what begins or ends unseen, what no eye can tell apart.
BAD = {
    "empty": "",
    "a blank": " ",
    "a no-break space": "\u00a0",
    "a blank before": " C-7",
    "a blank after": "C-7 ",
    "a tab after": "C-7\t",
    "an ideographic space before": "\u3000C-7",
    "a newline within": "C\n7",
    "a tab within": "C\t7",
    "NUL within": "C\x007",
    "DEL within": "C\x7f7",
    "a C1 control within": "C\x857",
    "a zero-width space": "C\u200b7",
    "a zero-width joiner": "C\u200d7",
    "a byte order mark": "\ufeffC7",
    "a right-to-left override": "C\u202e7",
    "a soft hyphen": "C\u00ad7",
    "a line separator": "C\u20287",
    "a paragraph separator": "C\u20297",
    "a lone surrogate": "C\ud8007",
    "the other half": "C\udc007",
    "a private character": "C\ue0007",
    "an unassigned character": "C\u03787",
    "a tag character": "C\U000e00417",
    "too long": "x" * 256,
    "far too long": "x" * 1_000_000,
}


class TestGoodKeys:
    """Any visible text of any script, up to 255 characters."""

    @pytest.mark.parametrize("text", GOOD)
    def test_it_is_a_key(self, text):
        check_identifier(text)

    @given(identifiers())
    def test_what_the_strategy_gives_is_a_key(self, text):
        check_identifier(text)

    def test_a_typed_key_is_a_text(self):
        check_identifier(CustomerId("C-7"), "customer")
        assert CustomerId("C-7") == "C-7"

    def test_every_kind_of_key_is_in_the_open(self):
        kinds = {name for name in dir(module) if name.endswith("Id")} | {"Actor"}
        assert kinds <= set(module.__all__)


class TestBadKeys:
    """Keys that look the same and are not, or that one database keeps and another refuses."""

    @pytest.mark.parametrize("text", BAD.values(), ids=list(BAD))
    def test_it_is_refused(self, text):
        with pytest.raises(InvalidIdentifier, match=r"^customer (is|has|holds|begins)"):
            check_identifier(text, "customer")

    @pytest.mark.parametrize("value", [7, None, b"C-7", ["C-7"], 1.5, True])
    def test_only_a_text_is_a_key(self, value):
        with pytest.raises(InvalidIdentifier) as caught:
            check_identifier(value, "order")
        assert str(caught.value) == f"order is a {type(value).__name__}: pass a str"

    def test_a_subclass_of_text_is_not_taken_for_one(self):
        class Key(str):
            __slots__ = ()

        with pytest.raises(InvalidIdentifier, match="identifier is a Key: pass a str"):
            check_identifier(Key("C-7"))

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "customer is empty: pass at least one visible character"),
            ("x" * 256, "customer has 256 characters: at most 255 are allowed"),
            ("ß" * 300, "customer has 300 characters: at most 255 are allowed"),
            (" C", "customer begins or ends with white space: strip it first"),
            (
                "Anna\u200bMüller",
                "customer holds an invisible or unassigned character "
                "(U+200B at position 4): remove it first",
            ),
            (
                "a\x00b\x00",
                "customer holds an invisible or unassigned character "
                "(U+0000 at position 1): remove it first",
            ),
        ],
    )
    def test_the_message_says_what_to_do_and_not_whose_key_it_was(self, text, message):
        with pytest.raises(InvalidIdentifier) as caught:
            check_identifier(text, "customer")
        assert str(caught.value) == message
        assert isinstance(caught.value, InvalidValue)

    @pytest.mark.parametrize("character", ["x", "7", "ß", "客", "-"])
    def test_255_characters_are_allowed_and_one_more_is_not(self, character):
        check_identifier(character * MAX_IDENTIFIER_LENGTH)
        with pytest.raises(InvalidIdentifier):
            check_identifier(character * (MAX_IDENTIFIER_LENGTH + 1))

    @given(st.text(max_size=6))
    def test_a_key_is_accepted_if_and_only_if_every_character_can_be_seen(self, text):
        """By the categories of Unicode: letters, marks, numbers, punctuation, symbols, blanks."""
        categories = [unicodedata.category(character) for character in text]
        visible = all(each[0] in "LMNPS" or each == "Zs" for each in categories)
        framed = bool(text) and not (text[0].isspace() or text[-1].isspace())
        try:
            check_identifier(text)
        except InvalidIdentifier:
            assert not (visible and framed)
        else:
            assert visible
            assert framed
