"""A guarantee keeps itself: exact at the deadline, and nobody has to ask."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.complaints.policies.guarantee import (
    GuaranteeFacts,
    GuaranteeState,
    Remedy,
    ServiceGuarantee,
)
from crmkit.complaints.records.remedies import GivenRemedy
from crmkit.decision import explain
from crmkit.errors import (
    CurrencyMismatch,
    InvalidIdentifier,
    InvalidMoney,
    InvalidPolicy,
    InvalidValue,
    NaiveDatetime,
)
from crmkit.identifiers import CustomerId
from crmkit.money import Money, Rounding, sum_money
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


def remedied(
    number: str, due_at: datetime = BY, money: str = "24.50", *, given_at: datetime | None = None
) -> GivenRemedy:
    """A remedy that the customer was given, an hour after the promise was due."""
    return GivenRemedy(
        promise=f"parcel-{number}",
        customer=CustomerId("C-7"),
        due_at=due_at,
        given_at=given_at or due_at + timedelta(hours=1),
        money=Money(money, "USD"),
    )


class TestExactlyOnce:
    """A promise has one remedy, however late or often the host asks."""

    def test_asked_again_nothing_more_is_owed(self):
        decision = FULL(parcel(None, given=(remedied("17"),)))
        assert decision.outcome == Remedy(GuaranteeState.REMEDIED, Money.zero("USD"))

    def test_before_it_was_given_it_is_owed(self):
        facts = parcel(None, BY + TICK, given=(remedied("17"),))
        assert FULL(facts).outcome.money == FEE

    def test_a_remedy_given_for_a_promise_that_was_kept_changes_nothing(self):
        assert FULL(parcel(BY, given=(remedied("17"),))).outcome.state is GuaranteeState.KEPT

    def test_a_remedy_for_another_promise_changes_nothing(self):
        assert FULL(parcel(None, given=(remedied("18"),))).outcome.money == FEE

    def test_two_remedies_for_one_promise(self):
        with pytest.raises(InvalidValue, match="one remedy at most"):
            parcel(None, given=(remedied("17"), remedied("17")))

    @given(st.lists(st.integers(1, 50), min_size=1, max_size=8), moments)
    def test_however_often_the_host_asks(self, hours, kept_at):
        given: tuple[GivenRemedy, ...] = ()
        for hour in sorted(hours):
            facts = parcel(kept_at, BY + timedelta(hours=hour), given=given)
            remedy = FULL(facts).outcome
            if remedy.is_owed:
                given += (remedied("17", given_at=facts.at, money=str(remedy.money.amount)),)
        assert [each.money for each in given] == ([FEE] if kept_at > BY else [])


class TestExclusions:
    """What the guarantee does not answer for is said beforehand, and in the evidence."""

    POLICY = ServiceGuarantee(waived=1, exclusions=("weather", "nobody-at-home"))

    @pytest.mark.parametrize(
        ("because_of", "state"),
        [
            ("weather", GuaranteeState.EXCLUDED),
            ("strike", GuaranteeState.BROKEN),
            (None, GuaranteeState.BROKEN),
        ],
    )
    def test_a_word_that_is_left_out_owes_nothing(self, because_of, state):
        decision = self.POLICY(parcel(None, because_of=because_of))
        assert decision.outcome.state is state
        assert decision.outcome.is_owed is (state is GuaranteeState.BROKEN)

    def test_a_promise_that_was_kept_in_spite_of_it_is_kept(self):
        assert self.POLICY(parcel(BY, because_of="weather")).outcome.state is GuaranteeState.KEPT

    def test_it_can_be_explained(self):
        text = explain(self.POLICY(parcel(None, because_of="weather")))
        assert text.startswith("excluded, 0.00 USD back for parcel-17")
        assert "- met: because of is weather; one of weather, nobody-at-home required" in text

    def test_without_exclusions_a_reason_changes_nothing(self):
        assert FULL(parcel(None, because_of="weather")) == FULL(parcel(None))


MONTH = timedelta(days=30)


class TestCaps:
    """One customer gets so much in a month, and no more."""

    TWICE = ServiceGuarantee(waived=1, measures=("a call",), most_remedies=2, per=MONTH)
    FORTY = ServiceGuarantee(waived=1, measures=("a call",), most_money=Money(40, "USD"), per=MONTH)

    def test_the_third_in_a_month_is_one_too_many(self):
        one, two = (remedied(str(day), BY - timedelta(days=day)) for day in (3, 9))
        assert self.TWICE(parcel(None, given=(one,))).outcome.is_owed
        decision = self.TWICE(parcel(None, given=(one, two)))
        assert decision.outcome == Remedy(GuaranteeState.BROKEN, Money.zero("USD"))
        assert not decision.outcome.is_owed
        assert "remedies-with-this-one" in [item.criterion for item in decision.unmet]

    @pytest.mark.parametrize(("apart", "owed"), [(MONTH - TICK, False), (MONTH, True)])
    def test_a_month_later_it_starts_anew(self, apart, owed):
        for due_at in (BY - apart, BY + apart):
            given = tuple(remedied(number, due_at, given_at=BY) for number in "ab")
            assert self.TWICE(parcel(None, given=given)).outcome.is_owed is owed

    @pytest.mark.parametrize(
        ("before", "back"), [("0.00", "24.50"), ("15.50", "24.50"), ("15.51", "24.49"), ("40", "0")]
    )
    def test_money_up_to_the_most(self, before, back):
        remedy = self.FORTY(
            parcel(None, given=(remedied("a", BY - timedelta(days=1), before),))
        ).outcome
        assert remedy.money == Money(back, "USD")
        assert remedy.measures == ("a call",)

    def test_more_was_given_than_the_most(self):
        generous = remedied("a", BY - timedelta(days=1), "99.00")
        assert self.FORTY(parcel(None, given=(generous,))).outcome.money == Money(0, "USD")

    @given(
        st.lists(st.tuples(st.integers(0, 90), st.integers(0, 3_000)), max_size=9),
        st.randoms(use_true_random=False),
    )
    def test_no_month_ever_has_more_in_whatever_order_the_host_asks(self, parcels, random):
        """Every span of thirty days that begins with a promise, added up."""
        policy = evolve(self.FORTY, most_remedies=3)
        asked = [(BY + timedelta(days=day), cents) for day, cents in parcels]
        random.shuffle(asked)
        given: tuple[GivenRemedy, ...] = ()
        for number, (due_at, cents) in enumerate(asked):
            facts = parcel(
                None,
                BY + timedelta(days=365, hours=number),
                promise=f"parcel-{number}",
                fee=Money.of_minor(cents, "USD"),
                due_at=due_at,
                given=given,
            )
            remedy = policy(facts).outcome
            if remedy.is_owed:
                given += (
                    GivenRemedy(
                        promise=facts.promise,
                        customer=CustomerId("C-7"),
                        due_at=due_at,
                        given_at=facts.at,
                        money=remedy.money,
                    ),
                )
        for first in given:
            span = [e for e in given if first.due_at <= e.due_at < first.due_at + MONTH]
            assert len(span) <= 3
            assert sum_money((e.money for e in span), "USD") <= Money(40, "USD")

    def test_it_can_be_explained(self):
        policy = evolve(self.FORTY, most_remedies=3)
        text = explain(policy(parcel(None, given=(remedied("a", BY - TICK, "20"),))))
        assert "- met: remedies with this one is 2; at most 3 allowed" in text
        assert "- noted: most money is 40.00 USD\n- noted: given before is 20.00 USD" in text

    def test_another_currency(self):
        with pytest.raises(CurrencyMismatch):
            self.FORTY(parcel(None, fee=Money(5, "EUR")))

    @pytest.mark.parametrize(
        "terms",
        [
            {"most_remedies": 2},
            {"most_money": FEE},
            {"per": MONTH},
            {"most_remedies": 0, "per": MONTH},
            {"most_money": Money(0, "USD"), "per": MONTH},
            {"most_remedies": 2, "per": timedelta(0)},
        ],
    )
    def test_terms_out_of_range(self, terms):
        with pytest.raises(InvalidPolicy):
            ServiceGuarantee(waived=1, **terms)


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

    @pytest.mark.parametrize("words", ["weather", [""]])
    def test_exclusions_that_are_no_words(self, words):
        with pytest.raises((InvalidPolicy, InvalidIdentifier)):
            ServiceGuarantee(waived=1, exclusions=words)

    def test_a_reason_that_is_no_word(self):
        with pytest.raises(InvalidIdentifier):
            parcel(None, because_of="")

    def test_a_remedy_below_nothing(self):
        with pytest.raises(InvalidValue, match="nothing or more"):
            remedied("a", money="-1.00")

    def test_a_remedy_at_no_instant(self):
        naive = BY.replace(tzinfo=None)
        with pytest.raises(NaiveDatetime, match="due_at"):
            remedied("a", naive)
        with pytest.raises(NaiveDatetime, match="given_at"):
            remedied("a", given_at=naive)

    def test_a_fee_below_nothing(self):
        with pytest.raises(InvalidValue, match="nothing or more"):
            parcel(None, fee=-FEE)


class TestAsData:
    """Guarantees are data."""

    def test_written_and_read_again(self):
        converter = make_converter(ServiceGuarantee, GuaranteeFacts, Remedy)
        policy = ServiceGuarantee(waived="0.5", measures=("call",), grace=timedelta(minutes=5))
        capped = evolve(policy, exclusions=["weather"], most_remedies=2, most_money=FEE, per=MONTH)
        late = parcel(None, because_of="strike", given=[remedied("a")])
        for item in (policy, capped, parcel(BY), late, policy(parcel(None)).outcome):
            assert converter.loads(converter.dumps(item)) == item
