"""What winning back costs and brings, before it is tried and after it was measured."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import CurrencyMismatch, InvalidMoney, InvalidPolicy, InvalidValue
from crmkit.identifiers import CustomerId
from crmkit.money import Money, Rounding
from crmkit.retention import (
    Analysed,
    Declined,
    Recovered,
    RecoveryUplift,
    Targeted,
    UpliftFacts,
    UpliftTest,
    UpliftVerdict,
    WinBackAccount,
    WinBackBenefits,
    WinBackCosts,
    WinBackEconomics,
    WinBackOutlook,
    recovery_uplift,
)
from tests.retention.cases import DAY, LOST_ON, go, held_out, opened

TODAY = date(2026, 5, 31)


def euro(amount):
    return Money(amount, "EUR")


def account(cost="20.00", benefit="160.00"):
    """All of the cost as staff, all of the benefit as purchases."""
    return WinBackAccount(
        WinBackCosts(staff=euro(cost), communication=euro(0), overhead=euro(0)),
        WinBackBenefits(
            repurchase=euro(benefit),
            avoided_replacement=euro(0),
            communication=euro(0),
            information=euro(0),
        ),
    )


cents = st.integers(0, 10**6).map(lambda minor: Money.of_minor(minor, "EUR"))
signed = st.integers(-(10**6), 10**6).map(lambda minor: Money.of_minor(minor, "EUR"))
accounts = st.builds(
    WinBackAccount,
    st.builds(WinBackCosts, staff=cents, communication=cents, overhead=cents),
    st.builds(
        WinBackBenefits,
        repurchase=signed,
        avoided_replacement=cents,
        communication=signed,
        information=cents,
    ),
)
rates = st.fractions(0, 1, max_denominator=1000)


def outlook(found, rate):
    return WinBackOutlook(customer=CustomerId("C-7"), as_of=TODAY, account=found, success_rate=rate)


class TestAccount:
    """CHU-09: staff, communication, overhead against repurchase, avoided replacement,
    communication, information; the net decides."""

    @given(accounts)
    def test_the_net_is_all_that_comes_in_less_all_that_goes_out(self, found):
        costs, benefits = found.costs, found.benefits
        assert found.net.minor == (
            benefits.repurchase.minor
            + benefits.avoided_replacement.minor
            + benefits.communication.minor
            + benefits.information.minor
            - costs.staff.minor
            - costs.communication.minor
            - costs.overhead.minor
        )

    @given(accounts, rates)
    def test_above_the_break_even_rate_it_pays_and_below_it_does_not(self, found, rate):
        exact = rate * found.benefits.total.minor - found.costs.total.minor
        if found.break_even is None:
            assert exact <= 0
        else:
            assert (rate > found.break_even) == (exact > 0)
            assert found.break_even * found.benefits.total.minor == found.costs.total.minor

    @given(accounts, rates)
    def test_what_is_expected_is_exact_to_the_cent(self, found, rate):
        exact = rate * found.benefits.total.minor - found.costs.total.minor
        low = found.expected(rate, rounding=Rounding.FLOOR).minor
        high = found.expected(rate, rounding=Rounding.CEILING).minor
        assert low <= exact <= high
        assert high - low == (0 if exact.denominator == 1 else 1)

    def test_by_hand(self):
        found = account()
        assert found.break_even == Fraction(1, 8)
        assert found.net == euro(140)
        assert found.expected(1, rounding=Rounding.HALF_EVEN) == found.net
        assert found.expected(0, rounding=Rounding.HALF_EVEN) == euro(-20)

    @pytest.mark.parametrize("benefit", ["0", "-0.01"])
    def test_where_a_success_brings_nothing_no_rate_is_enough(self, benefit):
        assert account(benefit=benefit).break_even is None

    def test_a_break_even_above_1_can_never_be_reached(self):
        assert account(benefit="10.00").break_even == 2

    @pytest.mark.parametrize("part", ["staff", "communication", "overhead"])
    def test_a_cost_is_not_below_0(self, part):
        costs = account().costs
        with pytest.raises(InvalidValue, match="0 or more"):
            evolve(costs, **{part: euro("-0.01")})
        with pytest.raises(CurrencyMismatch):
            evolve(costs, **{part: Money(1, "USD")})

    def test_currencies_are_not_mixed(self):
        dollars = WinBackCosts(
            staff=Money(1, "USD"), communication=Money(1, "USD"), overhead=Money(1, "USD")
        )
        with pytest.raises(CurrencyMismatch):
            WinBackAccount(dollars, account().benefits)
        with pytest.raises(CurrencyMismatch):
            evolve(account().benefits, information=Money(1, "USD"))


class TestEconomics:
    @given(accounts, rates, st.sampled_from(Rounding))
    def test_the_outcome_can_be_worked_out_from_the_evidence(self, found, rate, rounding):
        decision = WinBackEconomics(rounding=rounding)(outlook(found, rate))
        amounts: dict[str, Any] = {e.criterion: e.observed for e in decision.evidence}
        costs = [amounts[name].minor for name in ("staff", "communication", "overhead")]
        benefits = [
            amounts[name].minor
            for name in ("repurchase", "avoided-replacement", "word-of-the-customer", "information")
        ]
        exact = Fraction(amounts["success-rate"]) * sum(benefits) - sum(costs)
        assert abs(amounts["expected-net"].minor - exact) < 1
        assert decision.outcome.expected == amounts["expected-net"]
        assert decision.outcome.pays == (decision.outcome.expected > euro(0))

    @pytest.mark.parametrize(
        ("rate", "text"),
        [
            ("0.125", "does not pay, 0.00 EUR expected"),
            ("0.1251", "pays, 0.02 EUR expected"),
            ("0.12", "does not pay, -0.80 EUR expected"),
        ],
    )
    def test_it_has_to_bring_more_than_it_costs(self, rate, text):
        assert str(WinBackEconomics()(outlook(account(), rate)).outcome) == text

    def test_no_rate_is_told_where_none_is_enough(self):
        decision = WinBackEconomics()(outlook(account(benefit="0"), 1))
        assert decision.evidence[-2].observed == "none"
        assert not decision.outcome.pays

    @given(st.lists(st.builds(outlook, accounts, rates), max_size=4))
    def test_many_are_decided_as_one_by_one(self, facts):
        policy = WinBackEconomics()
        assert policy.outcomes(facts) == [policy(each).outcome for each in facts]

    @pytest.mark.parametrize("rate", ["-0.01", "1.01"])
    def test_a_rate_is_from_0_to_1(self, rate):
        with pytest.raises(InvalidValue, match="from 0 to 1"):
            outlook(account(), rate)
        with pytest.raises(InvalidValue, match="from 0 to 1"):
            account().expected(rate, rounding=Rounding.FLOOR)

    def test_no_float_comes_near_money(self):
        with pytest.raises(InvalidMoney, match="a success rate is a float"):
            outlook(account(), 0.5)


def targeted(id, *, back=None, held=False, on=LOST_ON):
    """A case that was decided on a day, and came back so many days later."""
    decision = held_out(on) if held else Targeted(on=on, measures=["explain"])
    case = go(opened(id=id), Analysed(on=LOST_ON), decision)
    return case if back is None else go(case, Recovered(on + back * DAY))


class TestUplift:
    """CHU-09: who would have come back by themselves was not won back."""

    def test_both_groups_are_counted_by_who_came_back_in_time(self):
        cases = [
            targeted("1", back=30),
            targeted("2", back=31),
            targeted("3"),
            targeted("4", back=0),
            targeted("5", back=3, held=True),
            targeted("6", held=True),
        ]
        measured = recovery_uplift(cases, within_days=30, as_of=LOST_ON + 30 * DAY)
        assert measured == RecoveryUplift(
            treated=4, treated_recovered=2, held_out=2, held_out_recovered=1
        )
        assert measured.uplift == 0

    @pytest.mark.parametrize(("days", "counted"), [(29, 0), (30, 1)])
    def test_only_cases_count_whose_time_is_over(self, days, counted):
        measured = recovery_uplift(
            [targeted("1", back=1)], within_days=30, as_of=LOST_ON + days * DAY
        )
        assert measured.treated == measured.treated_recovered == counted

    def test_who_was_to_be_won_back_counts_even_if_nobody_got_round_to_it(self):
        case = go(targeted("1"), Declined(LOST_ON + DAY))
        assert recovery_uplift([case], within_days=1, as_of=TODAY).treated == 1

    def test_who_was_back_before_the_decision_is_nobodys_success(self):
        case = targeted("1", on=LOST_ON + 5 * DAY, back=-1)
        measured = recovery_uplift([case, opened()], within_days=1, as_of=TODAY)
        assert measured.treated == 0
        assert measured.uplift is None

    @given(
        st.lists(
            st.tuples(st.none() | st.integers(0, 40), st.booleans(), st.integers(0, 20)), max_size=8
        ),
        st.randoms(use_true_random=False),
    )
    def test_the_order_of_cases_does_not_matter(self, drawn, chance):
        cases = [
            targeted(f"W-{n}", back=back, held=held, on=LOST_ON + late * DAY)
            for n, (back, held, late) in enumerate(drawn)
        ]
        mixed = list(cases)
        chance.shuffle(mixed)
        one, other = (recovery_uplift(x, within_days=15, as_of=TODAY) for x in (cases, mixed))
        assert one == other

    @pytest.mark.parametrize(
        "counts", [(1, 2, 0, 0), (0, 0, 1, 2), (-1, 0, 0, 0), (1, -1, 0, 0), (1, True, 0, 0)]
    )
    def test_no_more_came_back_than_there_were(self, counts):
        treated, treated_back, held, held_back = counts
        with pytest.raises(InvalidValue, match="no more came back"):
            RecoveryUplift(
                treated=treated,
                treated_recovered=treated_back,
                held_out=held,
                held_out_recovered=held_back,
            )

    @pytest.mark.parametrize("days", [0, -1, 1.5, True])
    def test_days_are_whole_and_from_1(self, days):
        with pytest.raises(InvalidValue, match="1 to 36,525 days"):
            recovery_uplift([], within_days=days, as_of=TODAY)

    def test_one_empty_group_leaves_it_open(self):
        for counts in ((3, 0), (0, 3)):
            measured = RecoveryUplift(
                treated=counts[0], treated_recovered=0, held_out=counts[1], held_out_recovered=0
            )
            assert measured.uplift is None


def judged(treated, back, held, held_back, *, cost="20.00", benefit="160.00", confidence="0.95"):
    measured = RecoveryUplift(
        treated=treated, treated_recovered=back, held_out=held, held_out_recovered=held_back
    )
    facts = UpliftFacts(
        program="spring", as_of=TODAY, measured=measured, account=account(cost, benefit)
    )
    return UpliftTest(confidence=confidence)(facts)


class TestUpliftTest:
    """It pays when even the lower end of what is likely is above the break-even rate."""

    @pytest.mark.parametrize(
        ("counts", "verdict"),
        [
            ((800, 400, 200, 40), "pays"),
            ((800, 160, 200, 40), "does-not-pay"),
            ((8, 4, 2, 0), "open"),
            ((0, 0, 0, 0), "open"),
        ],
    )
    def test_the_verdict(self, counts, verdict):
        assert judged(*counts).outcome == verdict

    @given(
        st.integers(0, 200).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))),
        st.integers(0, 200).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))),
        st.sampled_from(["0", "20.00", "80.00", "200.00"]),
        st.sampled_from(["-5.00", "0", "160.00"]),
    )
    def test_the_outcome_can_be_worked_out_from_the_evidence(self, one, other, cost, benefit):
        (m, a), (n, b) = one, other
        decision = judged(m, a, n, b, cost=cost, benefit=benefit)
        found = {e.criterion: e for e in decision.evidence}
        if not found["benefits"].met or found["does-not-pay"].met:
            expected = "does-not-pay"
        else:
            expected = "pays" if found["pays"].met else "open"
        assert decision.outcome == expected

    def test_at_the_break_even_rate_it_stays_open(self):
        """Newcombe's first example: the interval is from 0.0524 to 0.3339."""
        counts = (70, 56, 80, 48)
        assert judged(*counts, cost="5.23", benefit="100.00").outcome is UpliftVerdict.PAYS
        assert judged(*counts, cost="5.25", benefit="100.00").outcome is UpliftVerdict.OPEN
        assert judged(*counts, cost="33.38", benefit="100.00").outcome is UpliftVerdict.OPEN
        fails = judged(*counts, cost="33.40", benefit="100.00")
        assert fails.outcome is UpliftVerdict.DOES_NOT_PAY

    def test_where_a_success_brings_nothing_it_does_not_pay(self):
        assert judged(800, 800, 200, 0, benefit="0").outcome is UpliftVerdict.DOES_NOT_PAY

    def test_less_confidence_is_sooner_sure(self):
        counts = (80, 40, 20, 4)
        assert judged(*counts, confidence="0.99").outcome is UpliftVerdict.OPEN
        assert judged(*counts, confidence="0.5").outcome is UpliftVerdict.PAYS

    @pytest.mark.parametrize("confidence", [0, 1])
    def test_a_confidence_is_inside_0_and_1(self, confidence):
        with pytest.raises(InvalidPolicy, match="confidence"):
            UpliftTest(confidence=confidence)
