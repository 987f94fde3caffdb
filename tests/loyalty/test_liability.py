"""What open points will cost, for the accountant: in money, to the cent."""

from __future__ import annotations

from datetime import date
from decimal import Context, Inexact, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import CannotFit, InvalidPolicy, InvalidValue
from crmkit.identifiers import CustomerId
from crmkit.loyalty import (
    STORED_TYPES,
    Breakage,
    ExpiresAfter,
    LedgerTerms,
    LiabilityFacts,
    Lock,
    PointsByMonth,
    PointsCohort,
    PointsLedger,
    PointsLiability,
    PointValue,
    estimate_breakage,
    merge_members,
    points_by_month,
    transfer,
)
from crmkit.money import Money, Rounding
from crmkit.serialization import make_converter

NEW_YEAR = date(2026, 1, 1)
FEBRUARY, MARCH = date(2026, 2, 1), date(2026, 3, 1)
CENT_EACH = PointValue(Money("1.00", "EUR"), per=100)
THIRTY_DAYS = LedgerTerms(ExpiresAfter(30))
cohorts = st.builds(
    lambda redeemed, expired, withdrawn, left: PointsCohort(
        redeemed + expired + withdrawn + left, redeemed, expired, withdrawn
    ),
    *[st.integers(0, 10_000)] * 4,
)
months = st.integers(1, 12).map(lambda month: date(2026, month, 1))
by_month = st.dictionaries(months, cohorts, max_size=6).map(
    lambda found: PointsByMonth(date(2026, 12, 31), found)
)


def ledger(name: str = "anna", terms: LedgerTerms = THIRTY_DAYS) -> PointsLedger:
    return PointsLedger(CustomerId(name), terms)


class TestPointValue:
    """What points cost when they are redeemed is exact, and rounded once."""

    @pytest.mark.parametrize(("points", "cost"), [(0, "0.00"), (1, "0.01"), (250, "2.50")])
    def test_points_cost_their_share(self, points, cost):
        assert CENT_EACH.of(points) == Money(cost, "EUR")

    def test_rounding_is_named(self):
        third = PointValue(Money("0.01", "EUR"), per=3)
        assert third.of(1, rounding=Rounding.CEILING) == Money("0.01", "EUR")
        assert third.of(1) == Money("0.00", "EUR")

    @pytest.mark.parametrize(
        "terms",
        [
            (Money("0.00", "EUR"), 1),
            (Money("-1.00", "EUR"), 1),
            ("1.00", 1),
            (Money("1.00", "EUR"), 0),
            (Money("1.00", "EUR"), 1.5),
            (Money("1.00", "EUR"), True),
        ],
    )
    def test_points_that_cost_nothing_are_refused(self, terms):
        with pytest.raises(InvalidPolicy):
            PointValue(terms[0], per=terms[1])


class TestPointsByMonth:
    """Every point stands in the month it was earned in, wherever it went."""

    def test_what_became_of_the_points_of_a_month(self):
        anna = ledger().accrue(100, on=NEW_YEAR, key="o-1").accrue(50, on=FEBRUARY, key="o-2")
        found = points_by_month([anna], FEBRUARY)
        assert found.months == {
            NEW_YEAR: PointsCohort(earned=100, expired=100),
            FEBRUARY: PointsCohort(earned=50),
        }
        assert list(found.months) == [NEW_YEAR, FEBRUARY]

    def test_redeemed_and_cancelled(self):
        anna = ledger().accrue(100, on=NEW_YEAR, key="o-1").redeem(60, on=NEW_YEAR, key="r")
        assert points_by_month([anna], NEW_YEAR).total == PointsCohort(100, redeemed=60)
        anna = anna.roll_back("r", 20, on=NEW_YEAR, key="b")
        assert points_by_month([anna], NEW_YEAR).total == PointsCohort(100, redeemed=40)

    def test_a_checkout_counts_when_it_is_captured(self):
        anna = ledger().credit(100, on=NEW_YEAR, key="o-1", reason="hello")
        anna = anna.hold(60, on=NEW_YEAR, key="h")
        assert points_by_month([anna], NEW_YEAR).total.open == 100
        anna = anna.capture("h", 50, on=NEW_YEAR, key="c")
        assert points_by_month([anna], NEW_YEAR).total == PointsCohort(100, redeemed=50)

    def test_what_goes_back_with_goods_or_pays_a_deficit_is_withdrawn(self):
        anna = ledger().accrue(100, on=NEW_YEAR, key="o-1").redeem(80, on=NEW_YEAR, key="r")
        anna = anna.reverse("o-1", on=NEW_YEAR, key="b").accrue(90, on=NEW_YEAR, key="o-2")
        anna = anna.debit(5, on=NEW_YEAR, key="d", reason="a mistake")
        total = points_by_month([anna], NEW_YEAR).total
        assert total == PointsCohort(190, redeemed=80, withdrawn=20 + 80 + 5)
        assert total.open == anna.balance(NEW_YEAR).available == 5

    def test_points_that_move_stay_in_their_month(self):
        anna, ben = ledger().accrue(100, on=NEW_YEAR, key="o"), ledger("ben")
        anna, ben = transfer(anna, ben, 40, on=date(2026, 1, 20), key="t")
        ben, anna = merge_members(ben, anna, on=date(2026, 1, 25), key="m")
        ben = ben.redeem(30, on=date(2026, 1, 31), key="r")
        found = points_by_month([anna, ben], FEBRUARY)
        assert found.months == {NEW_YEAR: PointsCohort(100, redeemed=30, expired=70)}

    def test_points_that_wait_stand_in_the_month_they_were_earned_in(self):
        locked = LedgerTerms(ExpiresAfter(90), lock=Lock(14))
        anna = ledger(terms=locked).accrue(100, on=date(2026, 1, 25), key="o")
        assert points_by_month([anna], FEBRUARY).months == {NEW_YEAR: PointsCohort(100)}

    def test_days_before_see_less(self):
        anna = ledger().accrue(100, on=NEW_YEAR, key="o").redeem(40, on=date(2026, 1, 9), key="r")
        assert points_by_month([anna], date(2026, 1, 8)).total == PointsCohort(100)

    @given(a=by_month, b=by_month, c=by_month)
    def test_shards_merge_in_any_order(self, a, b, c):
        assert a.merge(b).merge(c) == c.merge(a.merge(b)) == b.merge(c).merge(a)
        assert a.merge(b).total == a.total + b.total

    def test_tallies_of_different_days_do_not_merge(self):
        with pytest.raises(InvalidValue, match="one day"):
            PointsByMonth(NEW_YEAR).merge(PointsByMonth(FEBRUARY))


class TestBreakage:
    """The share of points that is never redeemed is seen in months that are settled."""

    def test_only_settled_months_count(self):
        found = PointsByMonth(
            MARCH,
            {
                NEW_YEAR: PointsCohort(2_000, redeemed=1_200, expired=400, withdrawn=400),
                FEBRUARY: PointsCohort(2_000, redeemed=1_999),
            },
        )
        assert estimate_breakage(found) == Breakage(Fraction(1, 4), 1_600)

    def test_a_young_month_that_happens_to_be_redeemed_says_nothing(self):
        found = PointsByMonth(
            MARCH,
            {
                NEW_YEAR: PointsCohort(1_000, redeemed=500, expired=500),
                FEBRUARY: PointsCohort(1_000, redeemed=999),
                MARCH: PointsCohort(50_000, redeemed=50_000),
            },
        )
        assert estimate_breakage(found) == Breakage(Fraction(1, 2), 1_000)

    @pytest.mark.parametrize(("least", "enough"), [(1_600, True), (1_601, False)])
    def test_few_points_say_little(self, least, enough):
        found = PointsByMonth(MARCH, {NEW_YEAR: PointsCohort(1_600, redeemed=1_600)})
        if enough:
            assert estimate_breakage(found, at_least=least).share == 0
        else:
            with pytest.raises(CannotFit, match="1600 points"):
                estimate_breakage(found, at_least=least)

    @pytest.mark.parametrize("share", ["-0.01", "1.01", "2"])
    def test_a_share_lies_between_nought_and_one(self, share):
        with pytest.raises(InvalidPolicy):
            Breakage(share)


class TestLiability:
    """Open points times what they cost, less those that will never be redeemed."""

    @pytest.mark.parametrize(
        ("points", "share", "owed"),
        [(1_000_000, "0", "10000.00"), (1_000_000, "0.20", "8000.00"), (1_000_000, "1", "0.00")],
    )
    def test_breakage_lessens_it(self, points, share, owed):
        decision = PointsLiability(CENT_EACH, Breakage(share))(LiabilityFacts(MARCH, points))
        assert decision.outcome == Money(owed, "EUR")
        assert decision.as_of == MARCH

    def test_without_breakage_every_point_counts(self):
        assert PointsLiability(CENT_EACH)(LiabilityFacts(MARCH, 100)).outcome == CENT_EACH.cost

    def test_it_is_rounded_once(self):
        policy = PointsLiability(PointValue(Money("0.01", "EUR"), per=3), Breakage("0.5"))
        assert policy(LiabilityFacts(MARCH, 9)).outcome == Money("0.02", "EUR")

    def test_what_all_points_cost_is_rounded_by_the_same_rule(self):
        third = PointValue(Money("0.01", "EUR"), per=3)
        decision = PointsLiability(third, rounding=Rounding.CEILING)(LiabilityFacts(MARCH, 1))
        shown = {each.criterion: each.observed for each in decision.evidence}
        assert shown["cost-of-all-points"] == decision.outcome == Money("0.01", "EUR")

    def test_points_are_those_of_all_members(self):
        anna = ledger().accrue(100, on=FEBRUARY, key="o").redeem(40, on=FEBRUARY, key="r")
        facts = LiabilityFacts.of(points_by_month([anna], FEBRUARY))
        assert facts == LiabilityFacts(FEBRUARY, 60)

    def test_a_deficit_of_one_does_not_lessen_what_is_owed_to_another(self):
        anna = ledger().accrue(100, on=FEBRUARY, key="o").redeem(100, on=FEBRUARY, key="r")
        anna = anna.reverse("o", on=FEBRUARY, key="b")
        ben = ledger("ben").accrue(70, on=FEBRUARY, key="o")
        assert anna.balance(FEBRUARY).deficit == 100
        both = points_by_month([anna, ben], FEBRUARY)
        assert LiabilityFacts.of(both).open == 70

    @given(points=st.integers(0, 10**9), share=st.fractions(0, 1, max_denominator=1000))
    def test_more_points_are_never_owed_less(self, points, share):
        policy = PointsLiability(CENT_EACH, Breakage(share))
        less, more = (policy(LiabilityFacts(MARCH, each)).outcome for each in (points, points + 1))
        assert less <= more

    def test_the_decimal_context_of_the_caller_does_not_matter(self):
        policy = PointsLiability(CENT_EACH, Breakage(Fraction(1, 3)))
        usual = policy(LiabilityFacts(MARCH, 1_000))
        with localcontext(Context(prec=1, traps=[Inexact])):
            assert policy(LiabilityFacts(MARCH, 1_000)) == usual
        shown = {each.criterion: each.observed for each in usual.evidence}
        assert str(shown["breakage"]) == "0.3333"

    @pytest.mark.parametrize("points", [-1, 1.5, True])
    def test_points_are_whole_and_not_below_zero(self, points):
        with pytest.raises(InvalidValue):
            LiabilityFacts(MARCH, points)

    def test_the_terms_are_kept_as_a_document(self):
        converter = make_converter(*STORED_TYPES)
        kept = PointsLiability(CENT_EACH, Breakage("0.25", 1_600), rounding=Rounding.CEILING)
        assert converter.loads(converter.dumps(kept)) == kept
