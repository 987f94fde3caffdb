"""Answers in words that have an order."""

from __future__ import annotations

import pytest

from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.segmentation.policies.ordinal import LOW_MIDDLE_HIGH, OrdinalScale


class TestOrdinalScale:
    """Words from the least to the most."""

    @pytest.mark.parametrize(("word", "met"), [("low", False), ("middle", True), ("high", True)])
    def test_reaching_the_word_is_enough(self, word, met):
        evidence = LOW_MIDDLE_HIGH.at_least("loyalty", word, "middle")
        assert (evidence.criterion, evidence.observed, evidence.met) == ("loyalty", word, met)
        assert evidence.required == "middle, high"

    def test_words_count_from_the_least(self):
        assert [LOW_MIDDLE_HIGH.position(word) for word in LOW_MIDDLE_HIGH.words] == [0, 1, 2]

    @pytest.mark.parametrize(
        ("word", "least", "what"), [("huge", "low", "size"), ("low", "huge", "least size")]
    )
    def test_a_word_off_the_scale_is_refused_without_repeating_it(self, word, least, what):
        with pytest.raises(InvalidValue) as caught:
            LOW_MIDDLE_HIGH.at_least("size", word, least)
        assert str(caught.value) == f"{what} is not on its scale: one of low, middle, high"

    @pytest.mark.parametrize("words", [[], ["only"], ["low", "rather, high"], ["low", "low"]])
    def test_a_scale_has_two_words_or_more_that_can_be_listed(self, words):
        with pytest.raises(InvalidPolicy):
            OrdinalScale(words)
