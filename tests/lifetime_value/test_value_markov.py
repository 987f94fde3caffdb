"""Value by state: the Markov chain of Pfeifer and Carraway (2000), and when to stop contacting."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import CurrencyMismatch, InvalidPolicy, InvalidValue
from crmkit.identifiers import CustomerId
from crmkit.lifetime_value.facts import RepeatPurchaseFacts
from crmkit.lifetime_value.policies.linear import solve
from crmkit.lifetime_value.policies.markov import MarkovState, MarkovTable, StateFacts
from crmkit.lifetime_value.policies.markov_value import MarkovValue, RecencyFacts
from crmkit.lifetime_value.policies.retention import FirstMargin, RetentionValue
from crmkit.lifetime_value.policies.stopping import ContactVerdict, StopContacting
from crmkit.money import Money
from crmkit.period import Rate, Unit
from tests.lifetime_value.value_laws import (
    DAY,
    a_few,
    added_up,
    annual_rates,
    assert_value_laws,
    euros,
    shares,
)

FIFTH = Rate.annual("0.2")
ANNA = CustomerId("anna")


def catalogue(**terms: Any) -> MarkovValue:
    """Margin 40, contact 4, discount 20 %, probabilities .3 .2 .15 .05: the paper's example."""
    published: dict[str, Any] = {
        "margin": euros(40),
        "contact_cost": euros(4),
        "discount": FIFTH,
        "purchase_probabilities": ("0.3", "0.2", "0.15", "0.05"),
    }
    return MarkovValue(**published | terms)


def recency(state: int, unit: Unit | None = None) -> RecencyFacts:
    return RecencyFacts(customer=ANNA, as_of=DAY, recency_state=state, unit=unit)


def in_state(name: str) -> StateFacts:
    return StateFacts(customer=ANNA, as_of=DAY, state=name)


chances = st.lists(shares, min_size=1, max_size=4).map(tuple)
few_euros = st.integers(0, 100).map(euros)
horizons = st.none() | st.integers(0, 12)
markov_values = st.builds(
    MarkovValue,
    margin=few_euros,
    contact_cost=few_euros,
    discount=annual_rates,
    purchase_probabilities=chances,
    unit=st.sampled_from([Unit.YEAR, Unit.MONTH]),
    periods=horizons,
)


@st.composite
def tables(draw: st.DrawFn) -> MarkovTable:
    """Any small table of transitions."""
    size = draw(st.integers(1, 4))
    weights = st.lists(st.integers(0, 9), min_size=size, max_size=size).filter(any)
    rows = [draw(weights) for _ in range(size)]
    return MarkovTable(
        states=[
            MarkovState(f"s{n}", draw(st.integers(-50, 50).map(euros)), draw(few_euros))
            for n in range(size)
        ],
        transitions=[[Fraction(w, sum(row)) for w in row] for row in rows],
        discount=draw(annual_rates),
        periods=draw(horizons),
    )


def next_values(table: MarkovTable, values: list[Fraction], *, may_stop: bool) -> list[Fraction]:
    """One step of the recursion, as it stands in the paper; the oracle of the tests."""
    factor = 1 / (1 + per_year(table))
    going_on = [
        factor * sum((p * v for p, v in zip(row, values, strict=True)), Fraction(0))
        - Fraction(state.cost.minor, 100)
        for row, state in zip(table.transitions, table.states, strict=True)
    ]
    kept = [max(g, Fraction(0)) for g in going_on] if may_stop else going_on
    return [Fraction(s.income.minor, 100) + g for s, g in zip(table.states, kept, strict=True)]


def per_year(table: MarkovTable) -> Fraction:
    return Fraction(round(table.discount.per(table.unit), 28))


class TestPfeiferAndCarraway2000:
    """The example of the paper: a catalogue with four recency states."""

    def test_the_value_over_four_periods(self):
        assert float(catalogue(periods=4).exact) == pytest.approx(50.114969, abs=5e-7)

    def test_the_value_for_ever(self):
        assert float(catalogue().exact) == pytest.approx(52.319609, abs=5e-7)
        assert catalogue().value == euros("52.32")

    def test_the_last_state_is_not_worth_the_contact(self):
        """The firm does better to give up a customer one period earlier."""
        values = catalogue().by_state
        assert values["recency-4"].is_negative
        assert catalogue().contact_until == 3
        earlier = catalogue(purchase_probabilities=("0.3", "0.2", "0.15"))
        assert earlier.exact > catalogue().exact

    def test_the_right_to_stop_is_worth_what_giving_up_in_time_brings(self):
        earlier = catalogue(purchase_probabilities=("0.3", "0.2", "0.15"))
        with_the_right = catalogue().table.exact_values(may_stop=True)
        assert with_the_right["recency-1"] == earlier.exact

    def test_who_bought_long_ago_is_a_former_customer(self):
        for state in (5, 6, 100):
            assert catalogue()(recency(state)).outcome == euros(0)


class TestMarkovValue:
    """What a customer is worth who is contacted every period, and is given up one day."""

    @a_few
    @given(markov_values, st.lists(st.integers(1, 7).map(recency), max_size=2))
    def test_it_keeps_the_laws_of_policies(self, policy, several):
        assert_value_laws(policy, several)

    @given(markov_values, st.integers(1, 6))
    def test_the_amounts_in_the_evidence_add_up(self, policy, state):
        decision = policy(recency(state))
        assert added_up(decision.evidence, of=["income", "cost", "next"]) == decision.outcome

    @given(markov_values)
    def test_a_higher_margin_is_never_worth_less(self, policy):
        richer = evolve(policy, margin=policy.margin + euros(1))
        assert richer.exact >= policy.exact + 1

    @given(markov_values, st.integers(0, 3), shares)
    def test_a_higher_chance_in_the_first_state_is_worth_more_where_coming_back_is(
        self, policy, at, chance
    ):
        """With the right to stop, a state that is worth more is reached more surely."""
        policy = evolve(policy, periods=None)
        table = policy.table.exact_values(may_stop=True)
        names = list(table)
        at = min(at, len(names) - 2)
        if table[names[0]] >= table[names[at + 1]] and chance >= policy.purchase_probabilities[at]:
            better = list(policy.purchase_probabilities)
            better[at] = chance
            again = evolve(policy, purchase_probabilities=better).table
            assert again.exact_values(may_stop=True)[names[0]] >= table[names[0]]

    @given(shares, annual_rates, few_euros, st.none() | st.integers(0, 9))
    def test_one_state_is_the_retention_formula(self, chance, rate, margin, periods):
        """Who does not buy in a period is gone, and the margin is net of the contact."""
        markov = MarkovValue(
            margin=margin, contact_cost=euros(0), discount=rate,
            purchase_probabilities=[chance], periods=periods,
        )  # fmt: skip
        simple = RetentionValue(
            margin=margin, retention=chance, discount=rate, periods=periods,
            first_margin=FirstMargin.AT_ONCE,
        )  # fmt: skip
        assert markov.exact == simple.exact

    def test_facts_in_another_unit_are_refused(self):
        assert catalogue()(recency(1, Unit.YEAR)).outcome == euros("52.32")
        with pytest.raises(InvalidValue, match="counts in years and the facts in weeks"):
            catalogue()(recency(1, Unit.WEEK))

    def test_facts_are_counted_from_repeat_purchases(self):
        facts = RepeatPurchaseFacts(3, 2.0, 4.0, unit=Unit.YEAR, customer=ANNA, as_of=DAY)
        assert RecencyFacts.of(facts) == recency(3, Unit.YEAR)
        with pytest.raises(InvalidValue, match="name no customer or no day"):
            RecencyFacts.of(RepeatPurchaseFacts(0, 0, 4.0))

    @pytest.mark.parametrize("state", [0, -1, 1.0, True])
    def test_recency_states_are_counted_from_one(self, state):
        with pytest.raises(InvalidValue, match="counted from 1"):
            recency(state)

    @pytest.mark.parametrize(
        ("terms", "message"),
        [
            ({"discount": 0.2}, "not a bare number"),
            ({"margin": 40}, "a margin is Money"),
            ({"contact_cost": 4}, "a contact cost is Money"),
            ({"contact_cost": euros(-4)}, "a cost is zero or more"),
            ({"purchase_probabilities": ()}, "at least one probability"),
            ({"purchase_probabilities": ("1.2",)}, "the probability of a purchase lies between"),
            ({"discount": Rate.annual(0)}, "a discount above zero; or name the periods"),
            ({"unit": "year"}, "a unit of time is one of Unit"),
        ],
    )
    def test_terms_that_mean_nothing_are_refused(self, terms, message):
        with pytest.raises(InvalidPolicy, match=message):
            catalogue(**terms)

    def test_currencies_do_not_mix(self):
        with pytest.raises(CurrencyMismatch):
            catalogue(contact_cost=Money(4, "USD"))

    def test_without_a_discount_the_periods_are_named(self):
        value = catalogue(discount=Rate.annual(0), purchase_probabilities=(1,), periods=3)
        assert value.value == euros(36 * 4)


class TestMarkovTable:
    """Any table of transitions, solved exactly."""

    @a_few
    @given(tables(), st.integers(0, 3))
    def test_it_keeps_the_laws_of_policies(self, table, at):
        name = table.states[min(at, len(table.states) - 1)].name
        assert_value_laws(table, [in_state(name)])
        decision = table(in_state(name))
        assert added_up(decision.evidence, of=["income", "cost", "next"]) == decision.outcome

    @given(tables(), st.booleans())
    def test_a_finite_value_is_the_recursion_of_the_paper(self, table, may_stop):
        periods = 3 if table.periods is None else table.periods
        values = [Fraction(0)] * len(table.states)
        for _ in range(periods + 1):
            values = next_values(table, values, may_stop=may_stop)
        found = evolve(table, periods=periods).exact_values(may_stop=may_stop)
        assert list(found.values()) == values

    @given(tables(), st.booleans())
    def test_the_value_for_ever_is_a_fixed_point(self, table, may_stop):
        """One more period changes nothing; with a right to stop, this makes it the best."""
        for_ever = evolve(table, periods=None).exact_values(may_stop=may_stop)
        values = list(for_ever.values())
        assert next_values(table, values, may_stop=may_stop) == values

    @given(tables())
    def test_the_finite_value_comes_close_to_that_for_ever(self, table):
        """The largest gap shrinks by the discount factor each period."""
        for_ever = list(evolve(table, periods=None).exact_values().values())
        finite = list(evolve(table, periods=200).exact_values().values())
        start = max(abs(v) for v in for_ever)
        gap = max(abs(a - b) for a, b in zip(for_ever, finite, strict=True))
        assert gap <= start / (1 + per_year(table)) ** 201

    @given(tables())
    def test_the_right_to_stop_is_never_worth_less_than_nothing(self, table):
        bound, free = table.exact_values(), table.exact_values(may_stop=True)
        assert all(free[name] >= bound[name] for name in bound)

    @given(tables())
    def test_no_other_rule_does_better(self, table):
        """Every set of states to stop in is tried."""
        endless = evolve(table, periods=None)
        best = endless.exact_values(may_stop=True)
        going_on = endless.value_of_going_on()
        for name, worth in going_on.items():
            income = Fraction(endless.state(name).income.minor, 100)
            assert best[name] == income + max(worth, Fraction(0))
        for stops in product([True, False], repeat=len(table.states)):
            assert all(
                value <= best[state.name]
                for value, state in zip(value_of(endless, stops), endless.states, strict=True)
            )

    def test_a_table_contradicts_itself(self):
        good = catalogue().table
        one = good.transitions
        with pytest.raises(InvalidPolicy, match="adds up to 1"):
            evolve(good, transitions=[["0.5"] + ["0"] * 4, *one[1:]])
        with pytest.raises(InvalidPolicy, match="a transition lies between 0 and 1"):
            evolve(good, transitions=[["2", "-1", 0, 0, 0], *one[1:]])
        with pytest.raises(InvalidPolicy, match="one row for each state"):
            evolve(good, transitions=one[1:])
        with pytest.raises(InvalidPolicy, match="share a name"):
            evolve(good, states=[good.states[0]] * 5)
        with pytest.raises(InvalidPolicy, match="1 to 60 states"):
            evolve(good, states=[], transitions=[])
        other = MarkovState("former", Money(0, "USD"), Money(0, "USD"))
        with pytest.raises(CurrencyMismatch):
            evolve(good, states=[*good.states[:-1], other])

    def test_an_unknown_state_is_refused_with_those_there_are(self):
        with pytest.raises(InvalidValue, match="there are: recency-1, recency-2"):
            catalogue().table(in_state("recency-9"))

    def test_a_state_has_money_of_one_currency(self):
        with pytest.raises(InvalidPolicy, match="an income is Money"):
            MarkovState("gold", 50, euros(5))  # type: ignore[arg-type]
        with pytest.raises(CurrencyMismatch):
            MarkovState("gold", euros(50), Money(5, "USD"))

    def test_equations_are_solved_without_rounding(self):
        third = Fraction(1, 3)
        assert solve([[third, Fraction(0)], [third, third]], [third, Fraction(1)]) == [1, 2]


def value_of(table: MarkovTable, stops: tuple[bool, ...]) -> list[Fraction]:
    """The value for ever of a rule that stops in some states, by plain equations."""
    factor = 1 / (1 + per_year(table))
    size = range(len(table.states))
    matrix = [
        [Fraction(i == j) - (0 if stops[i] else factor * table.transitions[i][j]) for j in size]
        for i in size
    ]
    right = [
        Fraction(s.income.minor - (0 if stops[i] else s.cost.minor), 100)
        for i, s in enumerate(table.states)
    ]
    return solve(matrix, right)


class TestStopContacting:
    """Contact ends where going on is not worth more than it costs."""

    @a_few
    @given(tables(), st.integers(0, 3))
    def test_it_keeps_the_laws_of_policies(self, table, at):
        name = table.states[min(at, len(table.states) - 1)].name
        assert_value_laws(StopContacting(table), [in_state(name)])

    @given(tables())
    def test_the_verdict_is_that_of_the_evidence(self, table):
        stop = StopContacting(table)
        for state in table.states:
            decision = stop(in_state(state.name))
            going_on = decision.outcome is ContactVerdict.CONTINUE
            assert decision.evidence[-1].met is going_on
            assert (state.name in stop.stops_in) is not going_on

    def test_the_states_of_the_catalogue(self):
        stop = catalogue().stopping_in_time()
        states = [catalogue().state_of(recency(n)) for n in range(1, 7)]
        assert stop.outcomes(states) == [ContactVerdict.CONTINUE] * 3 + [ContactVerdict.STOP] * 3

    def test_where_contact_never_pays_it_never_starts(self):
        assert catalogue(contact_cost=euros(39)).contact_until == 0

    def test_worth_less_than_a_cent_is_still_worth_it(self):
        """Going on brings 1/3 of a cent a year: rounded towards zero it would say stop."""
        state = MarkovState("here", euros("0.01"), euros(0))
        table = MarkovTable(states=[state], transitions=[[1]], discount=Rate.annual(3))
        decision = StopContacting(table)(in_state("here"))
        assert decision.outcome is ContactVerdict.CONTINUE
        assert decision.evidence[-1].observed == euros("0.01")
        assert table.exact_values(may_stop=True) == {"here": Fraction(1, 75)}
