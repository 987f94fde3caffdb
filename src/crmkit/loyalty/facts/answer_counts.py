"""How many answered what: kept as words, and turned into numbers only where a report is made."""

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from types import MappingProxyType
from typing import Self

from attrs import field, frozen

from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.loyalty.facts.profile import as_exact
from crmkit.loyalty.records.answers import AnswerScale, ScaledAnswer
from crmkit.money import Rounding, round_fraction

__all__ = ["AnswerCounts", "AnswerMean"]

_SHOWN = 100


@frozen(kw_only=True)
class AnswerMean:
    """A mean for a report, which names the numbers that the least and the most word stand for."""

    mean: Fraction
    lowest: Fraction
    highest: Fraction
    answers: int

    def __str__(self) -> str:
        shown = round_fraction(abs(self.mean) * _SHOWN, Rounding.HALF_EVEN)
        sign = "-" if self.mean < 0 and shown else ""
        whole, rest = divmod(shown, _SHOWN)
        asked = f"{self.answers:,} answer{'' if self.answers == 1 else 's'}"
        return f"{sign}{whole}.{rest:02} on {self.lowest} to {self.highest}, by {asked}"


def _as_counts(counts: Mapping[str, int]) -> Mapping[str, int]:
    return MappingProxyType(dict(counts))


@frozen
class AnswerCounts:
    """How many gave each answer of a scale; counts of the same scale can be added up.

    :raises InvalidValue: if a word is not on the scale, or a number is not whole or below 0.

    >>> again = AnswerScale("buys again", ["no", "perhaps", "surely"])
    >>> counts = AnswerCounts.of(again, [again.answer(w) for w in ("no", "surely", "surely")])
    >>> counts.share_from("perhaps")
    Fraction(2, 3)
    >>> print(counts.mean({"no": 1, "perhaps": 2, "surely": 3}))
    2.33 on 1 to 3, by 3 answers
    """

    scale: AnswerScale
    counts: Mapping[str, int] = field(converter=_as_counts, hash=False)

    def __attrs_post_init__(self) -> None:
        for word, count in self.counts.items():
            self.scale.position(word)
            if type(count) is not int or count < 0:
                raise InvalidValue("answers are counted in whole numbers, from 0")
        every = {word: self.counts.get(word, 0) for word in self.scale.words}
        object.__setattr__(self, "counts", MappingProxyType(every))

    @classmethod
    def of(cls, scale: AnswerScale, answers: Iterable[ScaledAnswer]) -> Self:
        """Count answers.

        :raises InvalidValue: if one is on another scale.
        """
        counted: Counter[str] = Counter()
        for answer in answers:
            scale.step_of(answer)
            counted[answer.word] += 1
        return cls(scale, counted)

    @property
    def answers(self) -> int:
        """How many answered."""
        return sum(self.counts.values())

    def share_from(self, word: str) -> Fraction | None:
        """The share of those who answered so or more; None if nobody did.

        :raises InvalidValue: if the word is not on the scale.
        """
        enough = self.scale.words[self.scale.position(word) :]
        reached = sum(self.counts[each] for each in enough)
        return Fraction(reached, self.answers) if self.answers else None

    def mean(self, points: Mapping[str, "int | str | Decimal | Fraction"]) -> AnswerMean | None:
        """The mean by what a report takes each word for; None if nobody answered.

        :raises InvalidPolicy: if a word has no number, or the numbers do not rise with the words.
        """
        if set(points) != set(self.scale.words):
            raise InvalidPolicy(f"each word has its number: {', '.join(self.scale.words)}")
        exact = [as_exact(points[word]) for word in self.scale.words]
        if any(low >= high for low, high in pairwise(exact)):
            raise InvalidPolicy("the numbers rise from word to word")
        if not self.answers:
            return None
        total = sum(self.counts[w] * x for w, x in zip(self.scale.words, exact, strict=True))
        return AnswerMean(
            mean=Fraction(total, self.answers),
            lowest=exact[0],
            highest=exact[-1],
            answers=self.answers,
        )

    def merge(self, other: Self) -> Self:
        """The answers of two groups together.

        :raises InvalidValue: if they were asked on two scales.
        """
        if self.scale != other.scale:
            raise InvalidValue(
                f"answers on two scales do not add up: {self.scale.name} and {other.scale.name}"
            )
        words = self.scale.words
        return type(self)(self.scale, {w: self.counts[w] + other.counts[w] for w in words})
