"""Answers in words that have an order, such as low, middle, high.

People answer in words; numbers from 1 to 10 only look exact. A scale keeps the words and their
order, and a policy says from which word on is enough.
"""

from attrs import field, frozen

from crmkit.decision import Evidence, one_of
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.segmentation.policies.ladder import as_names, check_names

__all__ = ["LOW_MIDDLE_HIGH", "OrdinalScale"]


@frozen
class OrdinalScale:
    """Words from the least to the most, such as ``("low", "middle", "high")``.

    :raises InvalidPolicy: if there are fewer than two words, one stands twice, or has a comma.

    >>> OrdinalScale(("low", "middle", "high")).at_least("loyalty", "low", "middle").met
    False
    """

    words: tuple[str, ...] = field(converter=as_names)

    def __attrs_post_init__(self) -> None:
        check_names(self.words, "the steps of a scale")
        if len(self.words) < 2 or any("," in word for word in self.words):
            raise InvalidPolicy("a scale has two words or more, none with a comma: low, high")

    def position(self, word: str, what: str = "the answer") -> int:
        """Which step a word is, the least being 0.

        :raises InvalidValue: if the word is not on the scale.
        """
        if word not in self.words:
            raise InvalidValue(f"{what} is not on its scale: one of {', '.join(self.words)}")
        return self.words.index(word)

    def at_least(self, criterion: str, word: str, least: str) -> Evidence:
        """Evidence that is met when the word reaches the required one.

        :raises InvalidValue: if either word is not on the scale.
        """
        self.position(word, criterion)
        return one_of(criterion, word, self.words[self.position(least, f"least {criterion}") :])


LOW_MIDDLE_HIGH = OrdinalScale(("low", "middle", "high"))
"""The plainest scale of all."""
