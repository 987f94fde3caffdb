"""Six levels of loyalty, and what is missing to the next one."""

from collections.abc import Iterable
from enum import StrEnum
from itertools import pairwise

from attrs import field, frozen
from attrs.converters import optional

from crmkit.decision import Comparison, Decision, Evidence, all_of, at_least, equals
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.identifiers import check_identifier
from crmkit.loyalty.facts.loyal import LoyaltyFacts, RepeatPurchasing, Span
from crmkit.loyalty.records.answers import AnswerScale, as_word, as_words

__all__ = [
    "LevelStandard",
    "LoyaltyLevel",
    "LoyaltyLevels",
    "NextLevel",
    "check_span",
    "repeats_at_least",
]


class LoyaltyLevel(StrEnum):
    """How loyal a customer is, in six levels from the ordinary buyer up; source: LOY-03.

    Levels compare by their rank and not by their letters.

    >>> LoyaltyLevel.GENERAL < LoyaltyLevel.ACTIVE < LoyaltyLevel.ADVOCATE
    True
    """

    ORDINARY = "ordinary"
    """Buys, and nothing speaks for more."""
    POTENTIAL = "potential"
    GENERAL = "general"
    ACTIVE = "active"
    ADVOCATE = "advocate"
    PARTNER = "partner"

    @property
    def rank(self) -> int:
        """The ordinary buyer is 0, the partner 5."""
        return _RANKS[self]

    # A level is a text as well, and texts would compare by the alphabet.
    def __lt__(self, other: str, /) -> bool:
        return self.rank < _rank_of(other)

    def __le__(self, other: str, /) -> bool:
        return self.rank <= _rank_of(other)

    def __gt__(self, other: str, /) -> bool:
        return self.rank > _rank_of(other)

    def __ge__(self, other: str, /) -> bool:
        return self.rank >= _rank_of(other)


_LEVELS = tuple(LoyaltyLevel)
_RANKS = {str(level): rank for rank, level in enumerate(_LEVELS)}


def _rank_of(other: str) -> int:
    rank = _RANKS.get(other)
    if rank is None:
        raise InvalidValue(f"a level is held against a level: one of {', '.join(_LEVELS)}")
    return rank


def check_span(repeat: RepeatPurchasing | None, over: Span) -> None:
    """Refuse repeat purchases that were counted over another span than the policy speaks of.

    :raises InvalidValue: naming both spans.
    """
    if repeat is not None and repeat.over != over:
        raise InvalidValue(
            f"repeat purchases were counted over {repeat.over} and are held against a number for "
            f"{over}: count them over the same span"
        )


def repeats_at_least(repeat: RepeatPurchasing | None, least: int) -> Evidence:
    """Evidence that is met when somebody came back so often; what is unknown reaches nothing."""
    if repeat is None:
        return Evidence("repeat-purchases", None, least, False, Comparison.AT_LEAST)
    return at_least("repeat-purchases", repeat.repeats, least)


def _as_signs(signs: Iterable[str]) -> frozenset[str]:
    return frozenset(as_words(signs))


@frozen(kw_only=True)
class LevelStandard:
    """What a level asks for: an attachment, a number of repeat purchases, signs, or several.

    :raises InvalidPolicy: if it asks for nothing, or is for the ordinary buyer, who needs nothing.
    """

    level: LoyaltyLevel
    attachment: str | None = field(default=None, converter=optional(as_word))
    repeats: int = 0
    signs: frozenset[str] = field(default=frozenset(), converter=_as_signs)

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.level, LoyaltyLevel) or self.level is LoyaltyLevel.ORDINARY:
            raise InvalidPolicy("a standard is for a LoyaltyLevel above the ordinary buyer")
        if type(self.repeats) is not int or self.repeats < 0:
            raise InvalidPolicy(f"{self.level} asks for a whole number of repeat purchases, from 0")
        if self.attachment is None and not self.repeats and not self.signs:
            raise InvalidPolicy(f"{self.level} asks for something, or everybody would be there")
        for sign in self.signs:
            check_identifier(sign, "a sign")

    def evidence(self, facts: LoyaltyFacts, scale: AnswerScale) -> Evidence:
        """Hold the facts against all that the level asks for."""
        parts: list[Evidence] = []
        if self.attachment is not None:
            parts.append(scale.at_least("attachment", facts.attachment, self.attachment))
        if self.repeats:
            parts.append(repeats_at_least(facts.repeat, self.repeats))
        parts += [equals(sign, sign in facts.signs, True) for sign in sorted(self.signs)]
        return all_of(self.level, *parts)


@frozen
class NextLevel:
    """The level above, and what is missing to it."""

    level: LoyaltyLevel
    missing: tuple[Evidence, ...]


def _as_standards(standards: Iterable[LevelStandard]) -> tuple[LevelStandard, ...]:
    return tuple(standards)


@frozen(kw_only=True)
class LoyaltyLevels:
    """The level of a customer: the highest whose standard the facts meet.

    There is a standard for each level above the ordinary buyer, the lowest first, and each asks for
    all that the one below asks for and more. So everybody has a level, nobody skips one, and facts
    that grow stronger never lower it. What is unknown counts as not reached: to ask can only help.

    The source (LOY-03) names the levels and not what they take, so the standards are the shop's.

    :raises InvalidPolicy: if a level has no standard or two, or asks for less than the one below.
    :raises InvalidValue: if a word is not on the scale.

    >>> from datetime import date
    >>> from crmkit.decision import explain
    >>> from crmkit.period import Unit
    >>> levels = LoyaltyLevels(
    ...     attachment=AnswerScale("attachment", ["none", "some", "strong"]),
    ...     over=Span(1, Unit.YEAR),
    ...     standards=[
    ...         LevelStandard(level=LoyaltyLevel.POTENTIAL, repeats=1),
    ...         LevelStandard(level=LoyaltyLevel.GENERAL, repeats=3),
    ...         LevelStandard(level=LoyaltyLevel.ACTIVE, repeats=6, attachment="some"),
    ...         LevelStandard(level=LoyaltyLevel.ADVOCATE, repeats=6, attachment="strong",
    ...                       signs=["recommends us"]),
    ...         LevelStandard(level=LoyaltyLevel.PARTNER, repeats=6, attachment="strong",
    ...                       signs=["recommends us", "develops with us"]),
    ...     ],
    ... )
    >>> anna = LoyaltyFacts(
    ...     customer="anna", as_of=date(2026, 6, 30), repeat=RepeatPurchasing(7, Span(1, Unit.YEAR))
    ... )
    >>> str(levels(anna).outcome)
    'general'
    >>> levels.next_level(anna).level, [item.criterion for item in levels.next_level(anna).missing]
    (<LoyaltyLevel.ACTIVE: 'active'>, ['attachment'])
    """

    attachment: AnswerScale
    over: Span
    standards: tuple[LevelStandard, ...] = field(converter=_as_standards)

    def __attrs_post_init__(self) -> None:
        if [standard.level for standard in self.standards] != list(_LEVELS[1:]):
            raise InvalidPolicy(
                f"one standard for each level, the lowest first: {', '.join(_LEVELS[1:])}"
            )
        for lower, higher in pairwise(self.standards):
            less, more = self._asks(lower), self._asks(higher)
            if less == more or less[0] > more[0] or less[1] > more[1] or not less[2] <= more[2]:
                raise InvalidPolicy(
                    f"{higher.level} asks for all that {lower.level} asks for, and for more"
                )

    def _asks(self, standard: LevelStandard) -> tuple[int, int, frozenset[str]]:
        """What a standard takes, as steps of the scale (-1: need not be asked), number, signs."""
        word = standard.attachment
        return (
            -1 if word is None else self.attachment.position(word),
            standard.repeats,
            standard.signs,
        )

    def __call__(self, facts: LoyaltyFacts, /) -> Decision[LoyaltyLevel]:
        """The level of one customer, with every standard that is met and not met.

        :raises InvalidValue: if the attachment is on another scale, or the repeat purchases were
            counted over another span.
        """
        evidence = self._evidence(facts)
        level = _LEVELS[sum(item.met is True for item in evidence)]
        return Decision(level, "loyalty-level", facts.as_of, evidence, subject=facts.customer)

    def next_level(self, facts: LoyaltyFacts) -> NextLevel | None:
        """The level above that of a customer, with what is missing to it; None for a partner."""
        pairs = zip(self.standards, self._evidence(facts), strict=True)
        for standard, item in pairs:
            if not item.met:
                missing = tuple(part for part in item.parts if not part.met)
                return NextLevel(standard.level, missing)
        return None

    def outcomes(self, facts: Iterable[LoyaltyFacts]) -> list[LoyaltyLevel]:
        """The levels of many customers, as the call gives them one by one."""
        asked = [self._asks(standard) for standard in self.standards]
        return [self._level(item, asked) for item in facts]

    def _level(
        self, facts: LoyaltyFacts, asked: list[tuple[int, int, frozenset[str]]]
    ) -> LoyaltyLevel:
        check_span(facts.repeat, self.over)
        step = self.attachment.step_of(facts.attachment)
        at, repeats = -1 if step is None else step, facts.repeat.repeats if facts.repeat else 0
        met = (
            at >= word and repeats >= least and signs <= facts.signs for word, least, signs in asked
        )
        return _LEVELS[sum(met)]

    def _evidence(self, facts: LoyaltyFacts) -> tuple[Evidence, ...]:
        check_span(facts.repeat, self.over)
        self.attachment.step_of(facts.attachment)
        return tuple(standard.evidence(facts, self.attachment) for standard in self.standards)
