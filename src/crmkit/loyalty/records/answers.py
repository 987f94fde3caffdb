"""What customers answer in words: on a scale that says which words there are, and in which order.

People answer in words; numbers from 1 to 10 only look exact. And a score without its scale says
nothing: four points more are much out of five and little out of a hundred. So an answer is kept as
a word together with the scale it was given on (notes N-06 and N-07 of the requirements).
"""

from collections.abc import Iterable

from attrs import field, frozen

from crmkit.decision import Comparison, Evidence, one_of
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.identifiers import check_identifier

__all__ = ["AnswerScale", "ScaledAnswer", "as_word", "as_words"]


def as_word(word: str) -> str:
    """A member of an enumeration as the plain word it stands for."""
    return str(word) if isinstance(word, str) else word


def as_words(words: Iterable[str]) -> tuple[str, ...]:
    """Take words as plain texts, in their order.

    :raises InvalidPolicy: if one text stands in the place of several.
    """
    if isinstance(words, str):
        raise InvalidPolicy("words are a tuple of texts: write ('low', 'high'), not 'low'")
    return tuple(as_word(word) for word in words)


@frozen
class AnswerScale:
    """The words in which a question is answered, from the least to the most.

    The name tells scales apart that share words: an intention to buy again and a liking can both be
    "strong".

    :raises InvalidPolicy: if there are fewer than two words, one stands twice, or has a comma.
    :raises InvalidIdentifier: if a word could not serve as a key.

    >>> scale = AnswerScale("attachment", ["none", "some", "strong"])
    >>> print(scale.answer("some"))
    some (of none, some, strong)
    """

    name: str = field(converter=as_word)
    words: tuple[str, ...] = field(converter=as_words)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.name, "the name of a scale")
        for word in self.words:
            check_identifier(word, "a word of a scale")
        if len(self.words) < 2 or any("," in word for word in self.words):
            raise InvalidPolicy("a scale has two words or more, none with a comma: low, high")
        if len(set(self.words)) != len(self.words):
            raise InvalidPolicy("each step of a scale has a word of its own: one stands twice")

    def answer(self, word: str) -> "ScaledAnswer":
        """An answer on this scale.

        :raises InvalidValue: if the word is not on it.
        """
        return ScaledAnswer(self, word)

    def position(self, word: str) -> int:
        """Which step a word is, the least being 0.

        :raises InvalidValue: if the word is not on the scale.
        """
        if word not in self.words:
            raise InvalidValue(
                f"a word is not on the scale {self.name}: one of {', '.join(self.words)}"
            )
        return self.words.index(word)

    def step_of(self, answer: "ScaledAnswer | None") -> int | None:
        """Which step an answer is, None if there is none.

        :raises InvalidValue: if it was given on another scale, which nothing can be held against.
        """
        if answer is None:
            return None
        if answer.scale != self:
            raise InvalidValue(
                f"an answer was given on the scale {answer.scale.name} "
                f"({', '.join(answer.scale.words)}) and is held against {self.name} "
                f"({', '.join(self.words)}): ask on the same scale"
            )
        return self.words.index(answer.word)

    def at_least(self, criterion: str, answer: "ScaledAnswer | None", least: str) -> Evidence:
        """Evidence that is met when an answer reaches a word; none reaches nothing.

        :raises InvalidValue: if the word is not on the scale, or the answer is on another one.
        """
        enough = self.words[self.position(least) :]
        self.step_of(answer)
        if answer is None:
            return Evidence(criterion, None, ", ".join(enough), False, Comparison.ONE_OF)
        return one_of(criterion, answer.word, enough)


@frozen
class ScaledAnswer:
    """What somebody answered: a word, and the scale that it stands on.

    :raises InvalidValue: if the word is not on the scale.
    """

    scale: AnswerScale
    word: str = field(converter=as_word)

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.scale, AnswerScale):
            raise InvalidValue("an answer carries its AnswerScale: write scale.answer('some')")
        self.scale.position(self.word)

    def __str__(self) -> str:
        return f"{self.word} (of {', '.join(self.scale.words)})"
