"""LOY-03: ordinary buyer < potential < general < active < advocate < partner."""

from itertools import pairwise

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.decision import explain
from crmkit.errors import InvalidIdentifier, InvalidPolicy, InvalidValue
from crmkit.loyalty import (
    AnswerScale,
    LevelStandard,
    LoyaltyLevel,
    RepeatPurchasing,
    Span,
)
from crmkit.period import Unit
from crmkit.serialization import make_converter
from tests.loyalty.loyal import DEVELOPS, LEVELS, RECOMMENDS, WORDS, anybody, loyal

ORDER = ["ordinary", "potential", "general", "active", "advocate", "partner"]


def stronger(facts, repeats, steps, signs):
    """The same customer with more of everything; what was unknown may have become known."""
    word = facts.attachment.word if facts.attachment else None
    at = -1 if word is None else WORDS.index(word)
    higher = min(at + steps, len(WORDS) - 1)
    known = facts.repeat.repeats if facts.repeat else None
    more = known if not repeats else (known or 0) + repeats
    return loyal(None if higher < 0 else WORDS[higher], more, facts.reason, facts.signs | signs)


class TestLoyaltyLevel:
    """Six levels that compare by their rank."""

    def test_there_are_six_in_order(self):
        assert [str(level) for level in LoyaltyLevel] == ORDER
        assert [level.rank for level in LoyaltyLevel] == [0, 1, 2, 3, 4, 5]

    @pytest.mark.parametrize(("lower", "higher"), list(pairwise(LoyaltyLevel)))
    def test_each_is_above_the_one_before(self, lower, higher):
        assert lower < higher
        assert lower <= higher
        assert higher > lower
        assert higher >= lower
        assert not higher < lower
        assert not higher <= lower
        assert not lower > higher
        assert not lower >= higher

    @pytest.mark.parametrize("level", LoyaltyLevel)
    def test_each_is_as_high_as_itself(self, level):
        assert level <= level
        assert level >= level
        assert not level < level
        assert not level > level

    def test_a_word_is_compared_as_the_level_it_names(self):
        assert max(LoyaltyLevel) is LoyaltyLevel.PARTNER
        assert sorted(LoyaltyLevel, reverse=True)[-1] is LoyaltyLevel.ORDINARY
        assert LoyaltyLevel.POTENTIAL > "ordinary"
        with pytest.raises(InvalidValue, match="one of ordinary, potential"):
            assert LoyaltyLevel.POTENTIAL > "gold"


class TestLoyaltyLevels:
    """A customer has the highest level whose standard the facts meet."""

    @given(anybody)
    def test_everybody_has_a_level_and_stands_on_all_below(self, facts):
        decision = LEVELS(facts)
        met = [item.met for item in decision.evidence]
        assert met == [True] * decision.outcome.rank + [False] * (5 - decision.outcome.rank)

    @given(
        anybody,
        st.integers(0, 6),
        st.integers(0, 2),
        st.sets(st.sampled_from([RECOMMENDS, DEVELOPS])),
    )
    def test_stronger_facts_never_lower_the_level(self, facts, repeats, steps, signs):
        more = stronger(facts, repeats, steps, signs)
        assert LEVELS(more).outcome >= LEVELS(facts).outcome

    @given(anybody)
    def test_what_is_missing_leads_to_the_next_level(self, facts):
        above = LEVELS.next_level(facts)
        if above is None:
            assert LEVELS(facts).outcome is LoyaltyLevel.PARTNER
            return
        assert above.level.rank == LEVELS(facts).outcome.rank + 1
        assert above.missing
        assert not any(item.met for item in above.missing)
        standard = LEVELS.standards[above.level.rank - 1]
        lacking = {item.criterion for item in above.missing}
        given_ = loyal(
            standard.attachment if "attachment" in lacking else _word(facts),
            standard.repeats if "repeat-purchases" in lacking else _number(facts),
            facts.reason,
            facts.signs | (lacking & standard.signs),
        )
        assert LEVELS(given_).outcome >= above.level

    @given(st.lists(anybody, max_size=8))
    def test_a_batch_gives_what_one_by_one_gives(self, many):
        assert LEVELS.outcomes(iter(many)) == [LEVELS(item).outcome for item in many]

    @given(anybody)
    def test_the_reason_does_not_matter_for_the_level(self, facts):
        assert LEVELS(evolve(facts, reason=None)).outcome is LEVELS(facts).outcome

    @pytest.mark.parametrize(
        ("facts", "level"),
        [
            (loyal(), "ordinary"),
            (loyal("strong", 0, signs=[RECOMMENDS, DEVELOPS]), "ordinary"),
            (loyal(None, 1), "potential"),
            (loyal("none", 2), "potential"),
            (loyal("none", 3), "general"),
            (loyal("none", 6), "general"),
            (loyal(None, 6), "general"),
            (loyal("strong", 5), "general"),
            (loyal("some", 6), "active"),
            (loyal("some", 6, signs=[RECOMMENDS]), "active"),
            (loyal("strong", 6), "active"),
            (loyal("strong", 6, signs=[DEVELOPS]), "active"),
            (loyal("strong", 6, signs=[RECOMMENDS]), "advocate"),
            (loyal("strong", 6, signs=[RECOMMENDS, DEVELOPS]), "partner"),
        ],
    )
    def test_reaching_the_standard_is_enough(self, facts, level):
        assert str(LEVELS(facts).outcome) == level

    def test_it_says_why_and_what_is_missing(self):
        decision = LEVELS(loyal(None, 6))
        assert explain(decision).splitlines()[:8] == [
            "general for anna, by loyalty level, as of 2026-06-30",
            "- met: potential; all of these are needed",
            "  - met: repeat purchases is 6; at least 1 required",
            "- met: general; all of these are needed",
            "  - met: repeat purchases is 6; at least 3 required",
            "- not met: active; all of these are needed",
            "  - not met: attachment is not known; one of some, strong required",
            "  - met: repeat purchases is 6; at least 6 required",
        ]
        assert "- not met: recommends us is no; yes required" in explain(decision)

    def test_only_what_is_missing_is_named(self):
        above = LEVELS.next_level(loyal("some", 6))
        assert above is not None
        assert [item.criterion for item in above.missing] == ["attachment", RECOMMENDS]

    def test_nobody_is_above_a_partner(self):
        assert LEVELS.next_level(loyal("strong", 9, signs=[RECOMMENDS, DEVELOPS])) is None

    def test_purchases_over_another_span_are_refused(self):
        facts = evolve(loyal(), repeat=RepeatPurchasing(9, Span(3, Unit.YEAR)))
        for asked in (LEVELS, LEVELS.next_level, lambda one: LEVELS.outcomes([one])):
            with pytest.raises(InvalidValue, match=r"over 36 months and .* for 12 months"):
                asked(facts)

    def test_an_answer_on_another_scale_is_refused(self):
        facts = evolve(loyal(), attachment=AnswerScale("liking", WORDS).answer("strong"))
        for asked in (LEVELS, LEVELS.next_level, lambda one: LEVELS.outcomes([one])):
            with pytest.raises(InvalidValue, match="ask on the same scale"):
                asked(facts)

    def test_levels_are_kept_as_a_document(self):
        converter = make_converter(type(LEVELS))
        assert converter.loads(converter.dumps(LEVELS)) == LEVELS


def _word(facts):
    return facts.attachment.word if facts.attachment else None


def _number(facts):
    return facts.repeat.repeats if facts.repeat else None


def with_standard(level, **terms):
    """The levels with one standard in the place of the other."""
    standards = [
        LevelStandard(level=each.level, **terms) if each.level == level else each
        for each in LEVELS.standards
    ]
    return evolve(LEVELS, standards=standards)


class TestStandards:
    """Rules are data, and contradictions are found when they are put together."""

    @pytest.mark.parametrize(
        "terms",
        [
            {"repeats": 1},
            {"repeats": 7},
            {"repeats": 3, "attachment": "strong"},
            {"repeats": 3, "signs": [RECOMMENDS, DEVELOPS, "a third"]},
        ],
    )
    def test_a_level_asks_for_all_of_the_one_below_and_more(self, terms):
        with pytest.raises(InvalidPolicy, match="and for more"):
            with_standard("general", **terms)

    def test_a_harder_word_a_number_or_a_sign_is_more(self):
        assert with_standard("general", repeats=1, attachment="none")
        assert with_standard("general", repeats=2)
        assert with_standard("advocate", repeats=6, attachment="some", signs=[RECOMMENDS])

    def test_a_level_may_ask_for_no_purchase(self):
        """Whoever is attached and has not come back yet has potential."""
        first = LevelStandard(level=LoyaltyLevel.POTENTIAL, attachment="none")
        above = [evolve(each, attachment=each.attachment or "none") for each in LEVELS.standards]
        levels = evolve(LEVELS, standards=[first, *above[1:]])
        facts = [loyal("none"), loyal("strong", 0), loyal(None, 9)]
        assert [str(levels(one).outcome) for one in facts] == ["potential", "potential", "ordinary"]
        assert levels.outcomes(facts) == [levels(one).outcome for one in facts]

    def test_to_be_asked_at_all_is_more_than_nothing(self):
        levels = with_standard("general", repeats=1, attachment="none")
        assert levels(loyal("none", 1)).outcome is LoyaltyLevel.GENERAL
        assert levels(loyal(None, 1)).outcome is LoyaltyLevel.POTENTIAL
        assert levels.outcomes([loyal("none", 1), loyal(None, 1)]) == ["general", "potential"]

    @pytest.mark.parametrize("slots", [slice(1, None), slice(None, None, -1), slice(0, 0)])
    def test_every_level_has_one_standard_the_lowest_first(self, slots):
        with pytest.raises(InvalidPolicy, match="the lowest first: potential, general"):
            evolve(LEVELS, standards=LEVELS.standards[slots])

    def test_a_word_off_the_scale_is_refused(self):
        with pytest.raises(InvalidValue, match="one of none, some, strong"):
            with_standard("general", repeats=3, attachment="high")

    @pytest.mark.parametrize(
        "terms",
        [
            {"level": LoyaltyLevel.ORDINARY, "repeats": 1},
            {"level": "active", "repeats": 1},
            {"level": LoyaltyLevel.ACTIVE},
            {"level": LoyaltyLevel.ACTIVE, "repeats": -1},
            {"level": LoyaltyLevel.ACTIVE, "repeats": True},
        ],
    )
    def test_a_standard_asks_for_something(self, terms):
        with pytest.raises(InvalidPolicy):
            LevelStandard(**terms)

    def test_signs_are_words(self):
        with pytest.raises(InvalidIdentifier):
            LevelStandard(level=LoyaltyLevel.ACTIVE, signs=[""])
        with pytest.raises(InvalidPolicy, match="tuple of texts"):
            LevelStandard(level=LoyaltyLevel.ACTIVE, signs="recommends")
