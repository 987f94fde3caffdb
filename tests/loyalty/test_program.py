"""A program is one document: what does not go together is found when it is made."""

from __future__ import annotations

import pytest
from attrs import evolve

from crmkit.errors import InvalidIdentifier, InvalidPolicy
from crmkit.loyalty import (
    EarningRules,
    ExpiresAtMonthEnd,
    InvalidEarningRules,
    LedgerTerms,
    Lock,
    PointsReturn,
    Program,
    ProgramCaution,
    ReturnBasis,
    TierPolicy,
    TierThreshold,
)
from tests.loyalty.shop import BASE, GOLD_DOUBLES, SILVER, TIERS, program


class TestProgram:
    """Rules, tiers and ledger of a program agree with each other."""

    def test_a_rule_for_a_tier_that_nobody_can_reach_is_refused(self):
        no_gold = TierPolicy(TIERS.entry, (TierThreshold(tier=SILVER, points=1),), TIERS.window)
        with pytest.raises(InvalidEarningRules, match="gold"):
            program(BASE, GOLD_DOUBLES, tiers=no_gold)

    def test_without_tiers_rules_may_name_what_the_host_hands_in(self):
        assert program(BASE, GOLD_DOUBLES, tiers=None).tiers is None

    def test_returns_go_by_the_terms_of_the_program(self):
        rules = EarningRules((BASE,))
        by_line = Program(name="club", earning=rules, returns=ReturnBasis.BY_LINE)
        assert by_line.taking_back == PointsReturn(rules, ReturnBasis.BY_LINE)

    def test_a_text_is_no_basis_of_returns(self):
        with pytest.raises(InvalidPolicy, match="ReturnBasis"):
            evolve(program(), returns="by-line")  # type: ignore[arg-type]

    def test_a_program_has_a_name(self):
        with pytest.raises(InvalidIdentifier):
            program(name=" ")


class TestCautions:
    """What is allowed and hardly meant is said."""

    def test_a_lock_that_outlasts_the_expiry(self):
        careless = program(terms=LedgerTerms(ExpiresAtMonthEnd(), lock=Lock(14)))
        (caution,) = careless.cautions()
        # The last fourteen days of each of twelve months.
        assert caution == ProgramCaution(
            168, "points earned on 168 days of the year expire before their lock ends"
        )

    def test_a_month_more_mends_it(self):
        mended = program(terms=LedgerTerms(ExpiresAtMonthEnd(1), lock=Lock(14)))
        assert mended.cautions() == ()
