"""Customers and how loyal they are, in few words and drawn at random."""

from datetime import date

from hypothesis import strategies as st

from crmkit.identifiers import CustomerId
from crmkit.loyalty import (
    AnswerScale,
    LevelStandard,
    LoyaltyFacts,
    LoyaltyLevel,
    LoyaltyLevels,
    LoyaltyReason,
    RepeatPurchasing,
    Span,
)
from crmkit.period import Unit

ANNA = CustomerId("anna")
DAY = date(2026, 6, 30)
YEAR = Span(1, Unit.YEAR)
WORDS = ("none", "some", "strong")
SCALE = AnswerScale("attachment", WORDS)
RECOMMENDS, DEVELOPS = "recommends us", "develops with us"

LEVELS = LoyaltyLevels(
    attachment=SCALE,
    over=YEAR,
    standards=[
        LevelStandard(level=LoyaltyLevel.POTENTIAL, repeats=1),
        LevelStandard(level=LoyaltyLevel.GENERAL, repeats=3),
        LevelStandard(level=LoyaltyLevel.ACTIVE, repeats=6, attachment="some"),
        LevelStandard(
            level=LoyaltyLevel.ADVOCATE, repeats=6, attachment="strong", signs=[RECOMMENDS]
        ),
        LevelStandard(
            level=LoyaltyLevel.PARTNER,
            repeats=6,
            attachment="strong",
            signs=[RECOMMENDS, DEVELOPS],
        ),
    ],
)


def loyal(attachment=None, repeats=None, reason=None, signs=()):
    """Facts about anna: ``loyal("strong", 9)``."""
    return LoyaltyFacts(
        customer=ANNA,
        as_of=DAY,
        attachment=None if attachment is None else SCALE.answer(attachment),
        repeat=None if repeats is None else RepeatPurchasing(repeats, YEAR),
        reason=reason,
        signs=signs,
    )


words = st.none() | st.sampled_from(WORDS)
numbers = st.none() | st.integers(0, 12)
reasons = st.none() | st.sampled_from(LoyaltyReason)
seen = st.sets(st.sampled_from([RECOMMENDS, DEVELOPS, "wears our colours"]))
anybody = st.builds(loyal, words, numbers, reasons, seen)
