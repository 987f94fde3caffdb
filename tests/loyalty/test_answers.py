"""N-06 and N-07: answers are words, and carry the scale on which they were given."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.decision import Decision, explain
from crmkit.errors import InvalidIdentifier, InvalidPolicy, InvalidValue
from crmkit.loyalty import AnswerScale, LoyaltyReason, ScaledAnswer
from tests.loyalty.loyal import DAY, SCALE, WORDS

several = st.lists(st.text("abcdef", min_size=1, max_size=4), min_size=2, max_size=6, unique=True)


class TestAnswerScale:
    """Words from the least to the most, under a name."""

    @given(several)
    def test_an_answer_stands_where_its_word_stands(self, drawn):
        scale = AnswerScale("some scale", drawn)
        assert [scale.step_of(scale.answer(word)) for word in drawn] == list(range(len(drawn)))

    @given(several, st.data())
    def test_an_answer_reaches_its_own_word_and_those_below(self, drawn, data):
        scale = AnswerScale("some scale", drawn)
        word, least = data.draw(st.sampled_from(drawn)), data.draw(st.sampled_from(drawn))
        evidence = scale.at_least("attachment", scale.answer(word), least)
        assert evidence.met is (drawn.index(word) >= drawn.index(least))

    def test_no_answer_reaches_nothing_and_says_that_it_is_not_known(self):
        evidence = SCALE.at_least("attachment", None, "some")
        assert evidence.met is False
        told = explain(Decision("x", "y", DAY, (evidence,))).splitlines()[1]
        assert told == "- not met: attachment is not known; one of some, strong required"

    def test_an_answer_is_shown_with_its_scale(self):
        assert str(SCALE.answer("some")) == "some (of none, some, strong)"

    def test_an_answer_on_another_scale_is_refused(self):
        """Strong of two words is not strong of three, and liking is not attachment."""
        for other in (AnswerScale("attachment", WORDS[1:]), AnswerScale("liking", WORDS)):
            with pytest.raises(InvalidValue, match="ask on the same scale"):
                SCALE.at_least("attachment", other.answer("strong"), "some")

    @pytest.mark.parametrize("word", ["", "Strong", "stronger", None, 2])
    def test_a_word_that_is_not_on_the_scale_is_refused(self, word):
        with pytest.raises(InvalidValue, match="one of none, some, strong"):
            SCALE.answer(word)
        with pytest.raises(InvalidValue, match="one of none, some, strong"):
            SCALE.at_least("attachment", SCALE.answer("some"), word)

    @pytest.mark.parametrize("few", [(), ("one",), ("low", "low"), ("low", "high, very"), "low"])
    def test_what_is_no_scale_is_refused(self, few):
        with pytest.raises(InvalidPolicy):
            AnswerScale("attachment", few)

    @pytest.mark.parametrize(("name", "words"), [("", WORDS), (7, WORDS), ("x", ("a", 7))])
    def test_names_and_words_are_texts(self, name, words):
        with pytest.raises(InvalidIdentifier):
            AnswerScale(name, words)

    def test_members_of_an_enumeration_are_words(self):
        scale = AnswerScale("why", LoyaltyReason)
        assert type(scale.words[0]) is str
        assert scale.answer(LoyaltyReason.HABIT).word == "habit"

    @pytest.mark.parametrize("scale", ["attachment", WORDS, None])
    def test_an_answer_needs_its_scale(self, scale):
        with pytest.raises(InvalidValue, match="carries its AnswerScale"):
            ScaledAnswer(scale, "some")
