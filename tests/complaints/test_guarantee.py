"""A guarantee keeps itself: exact at the deadline, and nobody has to ask."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.complaints.policies.guarantee import (
    GuaranteeFacts,
    GuaranteeState,
    Remedy,
    ServiceGuarantee,
)
from crmkit.errors import InvalidMoney, InvalidPolicy, InvalidValue, NaiveDatetime
from crmkit.money import Money, Rounding
from crmkit.serialization import make_converter

CHICAGO = ZoneInfo("America/Chicago")
BY = datetime(2026, 5, 5, 10, 30, tzinfo=CHICAGO)
TICK = timedelta(microseconds=1)
FEE = Money("24.50", "USD")
FULL = ServiceGuarantee(waived=1)


def parcel(kept_at: datetime | None, at: datetime = BY + timedelta(days=1), **fields):
    """A parcel due at 10:30 on the next day."""
    facts = {"promise": "parcel-17", "fee": FEE, "due_at": BY, "kept_at": kept_at, "at": at}
    return GuaranteeFacts(**{**facts, **fields})


moments = st.integers(-200, 200).map(lambda minutes: BY + timedelta(minutes=minutes))


class TestAtTheDeadline:
    """By 10:30 the next day, or the fee is waived."""

    @pytest.mark.parametrize(
        ("kept_at", "state", "back"),
        [
            (BY - TICK, GuaranteeState.KEPT, "0.00"),
            (BY, GuaranteeState.KEPT, "0.00"),
            (BY + TICK, GuaranteeState.BROKEN, "24.50"),
            (None, GuaranteeState.BROKEN, "24.50"),
        ],
    )
    def test_kept_at_the_very_instant_is_kept(self, kept_at, state, back):
        decision = FULL(parcel(kept_at))
        assert decision.outcome == Remedy(state, Money(back, "USD"))
        assert decision.subject == "parcel-17"

    @pytest.mark.parametrize(
        ("at", "state"),
        [(BY, GuaranteeState.PENDING), (BY + TICK, GuaranteeState.BROKEN)],
    )
    def test_an_open_promise_is_pending_up_to_the_deadline(self, at, state):
        assert FULL(parcel(None, at)).outcome.state is state

    def test_what_is_kept_at_the_instant_of_the_question_is_known(self):
        assert FULL(parcel(BY, at=BY)).outcome.state is GuaranteeState.KEPT

    def test_a_grace_moves_the_deadline(self):
        kind = ServiceGuarantee(waived=1, grace=timedelta(minutes=5))
        late = BY + timedelta(minutes=5)
        assert kind(parcel(late)).outcome.state is GuaranteeState.KEPT
        assert kind(parcel(late + TICK)).outcome.state is GuaranteeState.BROKEN

    def test_the_same_hour_twice_a_year_is_two_hours(self):
        """01:30 comes twice on the day the clocks go back; the second is an hour late."""
        due = datetime(2026, 11, 1, 1, 30, tzinfo=CHICAGO)
        second = due.replace(fold=1)
        facts = parcel(second, at=second + timedelta(days=1), due_at=due)
        assert FULL(facts).outcome.state is GuaranteeState.BROKEN

    def test_a_grace_runs_on_while_the_clocks_go_back(self):
        """Twenty minutes from 01:50 are over at 01:10, the second time."""
        due = datetime(2026, 11, 1, 1, 50, tzinfo=CHICAGO)
        kind = ServiceGuarantee(waived=1, grace=timedelta(minutes=20))
        over = datetime(2026, 11, 1, 1, 10, tzinfo=CHICAGO, fold=1)
        later = over.astimezone(UTC) + TICK
        for kept_at, state in ((over, GuaranteeState.KEPT), (later, GuaranteeState.BROKEN)):
            facts = parcel(kept_at, at=over + timedelta(days=1), due_at=due)
            assert kind(facts).outcome.state is state

    def test_instants_of_two_zones(self):
        assert FULL(parcel(BY.astimezone(UTC))).outcome.state is GuaranteeState.KEPT


class TestVerdictsStay:
    """A late delivery does not undo a broken promise."""

    @given(moments, moments, st.integers(0, 300))
    def test_once_kept_or_broken_it_stays_so(self, kept_at, at, later):
        verdict = FULL(parcel(kept_at, at)).outcome
        if verdict.state is not GuaranteeState.PENDING:
            again = FULL(parcel(kept_at, at + timedelta(minutes=later))).outcome
            assert again == verdict

    @given(moments, moments)
    def test_what_happens_later_is_not_known_yet(self, kept_at, at):
        if kept_at > at:
            assert FULL(parcel(kept_at, at)) == FULL(parcel(None, at))

    @given(moments, moments)
    def test_the_outcome_can_be_read_off_the_evidence(self, kept_at, at):
        decision = FULL(parcel(kept_at, at))
        assert (decision.outcome.state is GuaranteeState.BROKEN) is bool(decision.unmet)


class TestRemedies:
    """A share of the fee, or a measure, or both."""

    def test_half_of_an_odd_fee_is_rounded_for_the_customer(self):
        half = ServiceGuarantee(waived="0.5", measures=("free next delivery",))
        remedy = half(parcel(None, fee=Money("0.25", "USD"))).outcome
        assert remedy == Remedy(
            GuaranteeState.BROKEN, Money("0.13", "USD"), ("free next delivery",)
        )
        assert str(remedy) == "broken, 0.13 USD back"

    @pytest.mark.parametrize(
        ("rounding", "back"),
        [(Rounding.HALF_UP, "0.13"), (Rounding.DOWN, "0.12"), (Rounding.HALF_EVEN, "0.12")],
    )
    def test_the_rounding_is_the_one_that_was_named(self, rounding, back):
        half = ServiceGuarantee(waived="0.5", rounding=rounding)
        assert half(parcel(None, fee=Money("0.25", "USD"))).outcome.money == Money(back, "USD")

    def test_a_measure_alone(self):
        remedy = ServiceGuarantee(waived=0, measures=("voucher",))(parcel(None)).outcome
        assert (remedy.money.is_zero, remedy.measures) == (True, ("voucher",))

    @given(st.integers(0, 10**6), st.fractions(0, 1, max_denominator=50))
    def test_never_more_than_the_fee(self, cents, share):
        policy = ServiceGuarantee(waived=share, measures=("call",))
        money = policy(parcel(None, fee=Money.of_minor(cents, "USD"))).outcome.money
        assert Money.zero("USD") <= money <= Money.of_minor(cents, "USD")


class TestWhatIsRefused:
    """Promises that could not be judged."""

    @pytest.mark.parametrize(
        "terms",
        [
            {"waived": "1.1"},
            {"waived": Fraction(-1)},
            {"waived": 0},
            {"waived": 1, "grace": -TICK},
        ],
    )
    def test_terms(self, terms):
        with pytest.raises(InvalidPolicy):
            ServiceGuarantee(**terms)

    def test_a_float_share(self):
        with pytest.raises(InvalidMoney):
            ServiceGuarantee(waived=0.5)  # type: ignore[arg-type]

    @pytest.mark.parametrize("name", ["due_at", "kept_at", "at"])
    def test_naive_instants(self, name):
        naive = BY.replace(tzinfo=None)
        with pytest.raises(NaiveDatetime, match=name):
            parcel(
                BY if name != "kept_at" else naive, **({} if name == "kept_at" else {name: naive})
            )

    def test_a_fee_below_nothing(self):
        with pytest.raises(InvalidValue, match="nothing or more"):
            parcel(None, fee=-FEE)


class TestAsData:
    """Guarantees are data."""

    def test_written_and_read_again(self):
        converter = make_converter(ServiceGuarantee, GuaranteeFacts, Remedy)
        policy = ServiceGuarantee(waived="0.5", measures=("call",), grace=timedelta(minutes=5))
        for item in (policy, parcel(BY), policy(parcel(None)).outcome):
            assert converter.loads(converter.dumps(item)) == item
