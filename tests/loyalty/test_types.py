"""LOY-04: seven types of loyalty, by attachment, repeat purchases and the reason (note N-03)."""

from itertools import product

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.decision import explain
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.loyalty import (
    AnswerScale,
    LatentConvention,
    LoyaltyReason,
    LoyaltyType,
    LoyaltyTypePolicy,
    RepeatPurchasing,
    Span,
)
from crmkit.period import Unit
from crmkit.serialization import make_converter
from tests.loyalty.loyal import SCALE, WORDS, YEAR, anybody, loyal

SOURCE = LoyaltyTypePolicy(attachment=SCALE, attachment_from="strong", over=YEAR, repeats_from=4)
DICK_BASU = evolve(SOURCE, latent=LatentConvention.HIGH_ATTACHMENT)
policies = st.sampled_from([SOURCE, DICK_BASU])

LOW, HIGH = ("some", "strong")
FEW, MANY = (3, 4)

# The table of LOY-04, written down once more: attachment, repeat purchases, reason, type.
TABLE = [
    (LOW, MANY, "no-choice", "monopoly"),
    (LOW, MANY, "habit", "inertia"),
    (LOW, FEW, "blocked", "latent"),
    (LOW, MANY, "convenience", "convenience"),
    (LOW, FEW, "lowest-price", "price"),
    (LOW, MANY, "reward", "incentive"),
    (HIGH, MANY, "preference", "super-value"),
]
IN_DICK_BASU = [(HIGH, FEW, *row[2:]) if row[3] == "latent" else row for row in TABLE]


def types_at(table, attachment, repeats):
    """Who stands in a place of the table; None for what is not known."""
    return tuple(
        kind for a, r, _, kind in table if attachment in (None, a) and repeats in (None, r)
    )


def open_ones(policy, *known):
    return policy(loyal(*known)).outcome.candidates


def asked(verdict):
    """The question of a verdict, which has one."""
    assert verdict.question is not None
    return verdict.question


class TestLoyaltyType:
    """Seven types, each named by one reason."""

    def test_there_are_seven_and_a_reason_names_each(self):
        assert [str(kind) for kind in LoyaltyType] == [row[3] for row in TABLE]
        assert [LoyaltyType.of(kind.reason) for kind in LoyaltyType] == list(LoyaltyType)
        assert {str(kind.reason) for kind in LoyaltyType} == set(LoyaltyReason)


class TestWithoutTheReason:
    """Two axes say what the type can be, and not what it is."""

    @pytest.mark.parametrize(("policy", "table"), [(SOURCE, TABLE), (DICK_BASU, IN_DICK_BASU)])
    @pytest.mark.parametrize("known", [*product([LOW, HIGH, None], [FEW, MANY, None])], ids=str)
    def test_the_candidates_are_those_of_the_table(self, policy, table, known):
        assert open_ones(policy, *known) == types_at(table, *known)

    def test_four_types_share_a_place(self):
        assert len(open_ones(SOURCE, LOW, MANY)) == 4

    def test_latent_and_price_share_a_place_by_the_source_and_not_by_the_literature(self):
        assert open_ones(SOURCE, LOW, FEW) == (LoyaltyType.LATENT, LoyaltyType.PRICE)
        assert open_ones(SOURCE, HIGH, FEW) == ()
        assert open_ones(DICK_BASU, LOW, FEW) == (LoyaltyType.PRICE,)
        assert open_ones(DICK_BASU, HIGH, FEW) == (LoyaltyType.LATENT,)

    def test_only_super_value_is_named_by_the_axes(self):
        assert SOURCE(loyal(HIGH, MANY)).outcome.type is LoyaltyType.SUPER_VALUE
        for policy, *known in product([SOURCE, DICK_BASU], [LOW, None, HIGH], [FEW, None, MANY]):
            found = policy(loyal(*known)).outcome
            assert (found.type is not None) is (known == [HIGH, MANY])

    def test_high_attachment_alone_is_not_enough_for_it(self):
        """Nobody knows whether this fan ever comes back."""
        found = SOURCE(loyal(HIGH)).outcome
        assert (found.type, found.candidates) == (None, (LoyaltyType.SUPER_VALUE,))

    def test_one_type_left_is_asked_for_all_the_same(self):
        """Few purchases without liking can be the lowest price, or no loyalty at all."""
        found = DICK_BASU(loyal(LOW, FEW)).outcome
        assert found.type is None
        assert asked(found).answers == (LoyaltyReason.LOWEST_PRICE,)

    @pytest.mark.parametrize(
        ("known", "text"),
        [
            ((LOW, MANY), "what brings you back to us?"),
            ((LOW, FEW), "what keeps you from buying from us more often?"),
            ((LOW, None), "why do you buy from us, or why not?"),
            ((None, None), "why do you buy from us, or why not?"),
        ],
    )
    def test_the_question_is_about_what_they_do(self, known, text):
        assert asked(SOURCE(loyal(*known)).outcome).text == text

    def test_where_no_type_stands_nothing_is_asked(self):
        found = SOURCE(loyal(HIGH, FEW)).outcome
        assert (found.type, found.candidates, found.question) == (None, (), None)
        assert str(found) == "none of the seven types"


class TestWithTheReason:
    """The reason names the type, unless an axis speaks against it."""

    @pytest.mark.parametrize(
        ("policy", "row"),
        [*product([SOURCE], TABLE), *product([DICK_BASU], IN_DICK_BASU)],
        ids=str,
    )
    def test_the_type_is_that_of_the_table(self, policy, row):
        attachment, repeats, reason, kind = row
        told = LoyaltyReason(reason)
        for known in product([attachment, None], [repeats, None]):
            found = policy(loyal(*known, told)).outcome
            assert found.type == kind
            assert found.candidates == (kind,)
            assert found.question is None
            assert found.contradicted is None

    @given(policies, anybody)
    def test_a_reason_that_an_axis_speaks_against_names_no_type(self, policy, facts):
        found = policy(facts).outcome
        told = None if facts.reason is None else LoyaltyType.of(facts.reason)
        left = policy(evolve(facts, reason=None)).outcome.candidates
        assert found.contradicted == (None if told in (None, *left) else told)
        if found.contradicted:
            assert found.type is None
            assert found.candidates == left

    def test_captive_and_devoted_is_asked_again(self):
        decision = SOURCE(loyal(HIGH, MANY, LoyaltyReason.NO_CHOICE))
        found = decision.outcome
        assert (found.type, found.contradicted) == (None, LoyaltyType.MONOPOLY)
        assert asked(found).answers == (LoyaltyReason.NO_CHOICE, LoyaltyReason.PREFERENCE)
        assert explain(decision).splitlines() == [
            "super value by the axes, monopoly by the reason for anna, by loyalty type, "
            "as of 2026-06-30",
            "- met: attachment is strong; one of strong required",
            "- met: repeat purchases is 4; at least 4 required",
            "- noted: latent convention is low-attachment",
            "- noted: reason is no-choice",
            "- not met: monopoly; all of these are needed",
            "  - not met: attachment is high; low required",
            "  - met: repeat purchases is high; high required",
        ]

    def test_the_latent_type_of_the_literature_is_nowhere_in_the_source(self):
        facts = loyal(HIGH, FEW, LoyaltyReason.BLOCKED)
        assert DICK_BASU(facts).outcome.type is LoyaltyType.LATENT
        found = SOURCE(facts).outcome
        assert (found.type, found.contradicted) == (None, LoyaltyType.LATENT)
        assert found.question is None
        assert str(found) == "none of the seven types by the axes, latent by the reason"

    def test_the_latent_type_of_the_source_is_nowhere_in_the_literature(self):
        facts = loyal(LOW, FEW, LoyaltyReason.BLOCKED)
        assert SOURCE(facts).outcome.type is LoyaltyType.LATENT
        assert DICK_BASU(facts).outcome.contradicted is LoyaltyType.LATENT


class TestLoyaltyTypePolicy:
    """What holds whatever is known."""

    @given(policies, anybody)
    def test_a_type_that_is_certain_is_the_only_candidate(self, policy, facts):
        found = policy(facts).outcome
        if found.type is not None:
            assert found.candidates == (found.type,)
            assert found.question is None
            assert str(found) == str(found.type)

    @given(policies, anybody)
    def test_who_is_not_certain_is_asked_and_each_candidate_could_be_the_answer(
        self, policy, facts
    ):
        found = policy(evolve(facts, reason=None)).outcome
        if found.type is None and found.candidates:
            told = [
                policy(evolve(facts, reason=answer)).outcome.type for answer in asked(found).answers
            ]
            assert sorted(told) == sorted(found.candidates)

    @given(policies, anybody, st.sampled_from(WORDS), st.integers(0, 9))
    def test_to_know_an_axis_rules_types_out_and_never_in(self, policy, facts, word, repeats):
        less = evolve(facts, reason=None, attachment=None)
        more = evolve(less, attachment=SCALE.answer(word))
        assert set(policy(more).outcome.candidates) <= set(policy(less).outcome.candidates)
        less = evolve(facts, reason=None, repeat=None)
        more = evolve(less, repeat=RepeatPurchasing(repeats, YEAR))
        assert set(policy(more).outcome.candidates) <= set(policy(less).outcome.candidates)

    @given(policies, anybody)
    def test_signs_of_loyalty_do_not_change_the_type(self, policy, facts):
        assert policy(evolve(facts, signs=())).outcome == policy(facts).outcome

    @given(policies, anybody)
    def test_the_outcome_follows_from_the_evidence(self, policy, facts):
        decision = policy(facts)
        high, many = (item.met for item in decision.evidence[:2])
        left = policy.candidates(high, many)
        reason = decision.evidence[3].observed
        if decision.outcome.type is None:
            assert decision.outcome.candidates == left
        elif reason != "unknown":
            assert decision.outcome.type is LoyaltyType.of(LoyaltyReason(reason))
            assert decision.evidence[4].met
        assert (decision.outcome.contradicted is not None) is bool(
            [item for item in decision.evidence[4:] if not item.met]
        )

    @given(policies, st.lists(anybody, max_size=8))
    def test_a_batch_gives_what_one_by_one_gives(self, policy, many):
        assert policy.outcomes(iter(many)) == [policy(item).outcome for item in many]

    def test_what_is_unknown_is_noted_and_not_judged(self):
        assert explain(SOURCE(loyal())).splitlines() == [
            "monopoly or inertia or latent or convenience or price or incentive or super value "
            "for anna, by loyalty type, as of 2026-06-30",
            "- noted: attachment is not known; one of strong required",
            "- noted: repeat purchases is not known; at least 4 required",
            "- noted: latent convention is low-attachment",
            "- noted: reason is unknown",
        ]

    @pytest.mark.parametrize("policy", [SOURCE, DICK_BASU])
    def test_a_policy_is_kept_as_a_document(self, policy):
        converter = make_converter(LoyaltyTypePolicy)
        assert converter.loads(converter.dumps(policy)) == policy

    @given(policies, anybody)
    def test_a_verdict_is_kept_as_a_document(self, policy, facts):
        found = policy(facts).outcome
        assert VERDICTS.loads(VERDICTS.dumps(found)) == found

    def test_other_scales_and_spans_are_refused(self):
        other = evolve(loyal(), repeat=RepeatPurchasing(9, Span(1, Unit.MONTH)))
        liking = evolve(loyal(), attachment=AnswerScale("liking", WORDS).answer("strong"))
        for facts in (other, liking):
            with pytest.raises(InvalidValue, match=r"(on|over) the same"):
                SOURCE(facts)
            with pytest.raises(InvalidValue, match=r"(on|over) the same"):
                SOURCE.outcomes([facts])

    @pytest.mark.parametrize(
        "terms",
        [
            {"attachment_from": "none"},
            {"repeats_from": 0},
            {"repeats_from": True},
            {"repeats_from": "4"},
            {"latent": "low-attachment"},
        ],
    )
    def test_terms_that_cannot_be_are_refused(self, terms):
        with pytest.raises(InvalidPolicy):
            evolve(SOURCE, **terms)

    def test_a_word_off_the_scale_is_refused(self):
        with pytest.raises(InvalidValue, match="one of none, some, strong"):
            evolve(SOURCE, attachment_from="high")


VERDICTS = make_converter(type(SOURCE(loyal()).outcome))
