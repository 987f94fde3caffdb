"""N-07: answers are counted as words, and become numbers only in a report."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidMoney, InvalidPolicy, InvalidValue
from crmkit.loyalty import AnswerCounts, AnswerScale
from crmkit.serialization import make_converter

WORDS = ("no", "perhaps", "surely")
AGAIN = AnswerScale("buys again", WORDS)
POINTS = {"no": 1, "perhaps": 2, "surely": 3}
told = st.lists(st.sampled_from(WORDS), max_size=12)


def counted(words):
    return AnswerCounts.of(AGAIN, [AGAIN.answer(word) for word in words])


class TestAnswerCounts:
    """How many gave each answer."""

    @given(told, told)
    def test_counts_add_up(self, some, others):
        assert counted(some).merge(counted(others)) == counted([*some, *others])

    @given(told)
    def test_every_word_has_its_count(self, words):
        found = counted(words)
        assert dict(found.counts) == {word: words.count(word) for word in WORDS}
        assert found.answers == len(words)
        assert CONVERTER.loads(CONVERTER.dumps(found)) == found

    @given(told, st.sampled_from(WORDS))
    def test_the_share_is_of_those_who_answered_so_or_more(self, words, least):
        share = counted(words).share_from(least)
        enough = [word for word in words if WORDS.index(word) >= WORDS.index(least)]
        assert share == (Fraction(len(enough), len(words)) if words else None)

    @given(told.filter(bool))
    def test_the_mean_is_that_of_the_numbers(self, words):
        found = counted(words).mean(POINTS)
        assert found is not None
        assert found.mean == Fraction(sum(POINTS[word] for word in words), len(words))
        assert (found.lowest, found.highest, found.answers) == (1, 3, len(words))

    def test_nobody_has_no_mean(self):
        assert counted([]).mean(POINTS) is None

    @pytest.mark.parametrize(
        ("words", "points", "text"),
        [
            (["no", "surely", "surely"], POINTS, "2.33 on 1 to 3, by 3 answers"),
            (["no"], {"no": -1, "perhaps": 0, "surely": 1}, "-1.00 on -1 to 1, by 1 answer"),
            (
                ["no"],
                {"no": "-0.005", "perhaps": 0, "surely": 1},
                "0.00 on -1/200 to 1, by 1 answer",
            ),
            (
                ["no"],
                {"no": "0.015", "perhaps": 1, "surely": 2},
                "0.02 on 3/200 to 2, by 1 answer",
            ),
        ],
    )
    def test_a_mean_is_shown_with_its_scale(self, words, points, text):
        assert str(counted(words).mean(points)) == text

    @pytest.mark.parametrize(
        "points",
        [
            {"no": 1, "perhaps": 2},
            {"no": 1, "perhaps": 1, "surely": 2},
            {"no": 3, "perhaps": 2, "surely": 1},
            {**POINTS, "never": 0},
        ],
    )
    def test_numbers_rise_with_the_words(self, points):
        with pytest.raises(InvalidPolicy):
            counted(["no"]).mean(points)

    def test_numbers_are_exact(self):
        points = dict(POINTS, surely=3.5)
        with pytest.raises(InvalidMoney):
            counted(["no"]).mean(points)

    def test_two_scales_do_not_add_up(self):
        other = AnswerCounts(AnswerScale("recommends", WORDS), {"no": 1})
        with pytest.raises(InvalidValue, match="buys again and recommends"):
            counted(["no"]).merge(other)
        with pytest.raises(InvalidValue, match="same scale"):
            AnswerCounts.of(AGAIN, [other.scale.answer("no")])

    @pytest.mark.parametrize("counts", [{"never": 1}, {"no": -1}, {"no": True}, {"no": "1"}])
    def test_counts_are_whole_numbers_by_word(self, counts):
        with pytest.raises(InvalidValue):
            AnswerCounts(AGAIN, counts)

    def test_a_share_of_a_word_off_the_scale_is_refused(self):
        with pytest.raises(InvalidValue, match="one of no, perhaps, surely"):
            counted(["no"]).share_from("never")


CONVERTER = make_converter(AnswerCounts)
