"""What a model is fitted to knows nothing of what it is then held against."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import CurrencyMismatch, InvalidIdentifier, InvalidValue
from crmkit.lifetime_value.summary import (
    HoldoutFacts,
    HoldoutSplit,
    RepeatPurchaseSummary,
    split_holdout,
    summarize_repeat_purchases,
)
from crmkit.lifetime_value.tally import RefundRule
from crmkit.money import Money
from crmkit.period import Unit
from tests.lifetime_value.builders import (
    ANNA,
    DAYS_IN,
    all_rules,
    bought,
    cdnow_sample,
    cents,
    columns_of,
    day,
    days,
    euro,
    histories,
    noon,
    purchases,
    splits,
    summarize,
    x_tx_age,
)
from tests.shared_data import shared_file

CALIBRATION_END, OBSERVATION_END = day("2024-06-30"), day("2024-12-31")
SPANS = st.tuples(days(), st.integers(1, 400)).map(
    lambda span: (span[0], span[0] + timedelta(days=span[1]))
)


def split(records, ends=(CALIBRATION_END, OBSERVATION_END), **terms):
    return split_holdout(records, *ends, **({"unit": Unit.DAY} | terms))


def bought_on(records, customer):
    """The days on which a customer bought something; what was paid back is no purchase."""
    own = (p for p in records if p.customer == customer and p.amount.minor >= 0)
    return {p.on for p in own}


def first_of(records, customer):
    return min(bought_on(records, customer))


def bought_between(records, customer, after, until):
    """Whether a customer bought so many days after the first purchase, the last one included."""
    first = first_of(records, customer)
    return any(after < (on - first).days <= until for on in bought_on(records, customer))


def split_by(rules, records, ends):
    return split(
        records,
        ends,
        unit=rules.unit,
        whole_units=rules.whole_units,
        refunds=rules.refunds,
        days_in_year=rules.days_in_year,
    )


class TestLaws:
    """Calibration is the summary of its day; the holdout is what the same customers did later."""

    @given(records=histories(), ends=SPANS, rules=all_rules())
    def test_the_calibration_is_the_summary_as_of_its_end(self, records, ends, rules):
        assert split_by(rules, records, ends).calibration == summarize(records, ends[0], rules)

    @given(records=histories(), ends=SPANS, rules=all_rules())
    def test_both_parts_make_the_summary_of_all(self, records, ends, rules):
        assert split_by(rules, records, ends).observed == summarize(records, ends[1], rules)

    @given(records=histories(), ends=SPANS, rules=all_rules())
    def test_what_is_repeated_over_all_is_repeated_in_one_of_the_parts(self, records, ends, rules):
        parts = split_by(rules, records, ends)
        observed = parts.observed
        for customer, facts in parts.calibration.items():
            repeats = facts.repeat_purchases + parts.holdout[customer].purchases
            assert observed[customer].repeat_purchases == repeats

    @given(records=histories(), ends=SPANS, rules=all_rules())
    def test_the_holdout_is_what_can_be_counted_by_hand(self, records, ends, rules):
        parts = split_by(rules, records, ends)
        assert list(parts.holdout) == list(parts.calibration)
        for customer, facts in parts.holdout.items():
            own = [p for p in records if p.customer == customer and ends[0] < p.on <= ends[1]]
            if rules.refunds is RefundRule.IGNORE:
                own = [p for p in own if p.amount.minor >= 0]
            assert facts.purchases == len({p.on for p in own if p.amount.minor >= 0})
            assert facts.spend.minor == sum(p.amount.minor for p in own)
            assert (facts.customer, facts.unit) == (customer, rules.unit)
        assert list(parts.holdout_purchases) == [f.purchases for f in parts.holdout.values()]

    @given(records=histories(), ends=SPANS, rules=all_rules())
    def test_opportunities_taken_are_what_can_be_counted_by_hand(self, records, ends, rules):
        """Span by span of days, each as long as a unit of time, from the first purchase on."""
        parts, length = split_by(rules, records, ends), DAYS_IN[rules.unit]
        assert parts.opportunities == (ends[1] - ends[0]).days // length
        assert list(parts.opportunities_taken) == [
            sum(
                bought_between(records, customer, number * length, (number + 1) * length)
                for number in range(met, met + parts.opportunities)
            )
            for customer, met in (
                (c, (ends[0] - first_of(records, c)).days // length) for c in parts.calibration
            )
        ]

    @given(records=histories(), ends=SPANS, rules=all_rules())
    def test_opportunities_go_on_where_those_of_the_calibration_end(self, records, ends, rules):
        parts = split_by(rules, records, ends)
        known, all_of_them = parts.calibration.opportunities(), parts.observed.opportunities()
        for (customer, before), taken in zip(known.items(), parts.opportunities_taken, strict=True):
            both = all_of_them[customer]
            left = int(both.customer_age - before.customer_age) - parts.opportunities
            assert left in (0, 1)
            assert 0 <= both.repeat_purchases - before.repeat_purchases - taken <= left

    @given(records=histories(), ends=SPANS)
    def test_each_day_is_an_opportunity(self, records, ends):
        parts = split(records, ends)
        assert parts.opportunities == parts.duration
        assert parts.opportunities_taken == parts.holdout_purchases

    @given(records=histories(), ends=SPANS)
    def test_newcomers_are_left_out_and_counted(self, records, ends):
        parts = split(records, ends)
        assert len(parts.calibration) + parts.newcomers == len(parts.observed)

    @given(records=histories(), ends=SPANS)
    def test_nothing_of_the_holdout_reaches_the_calibration(self, records, ends):
        known = [p for p in records if p.on <= ends[0]]
        assert dict(split(records, ends).calibration) == dict(split(known, ends).calibration)

    @given(data=st.data(), records=histories(), ends=SPANS, rules=all_rules())
    def test_splits_of_parts_merge_to_the_split_of_all(self, data, records, ends, rules):
        a, b, c, d = (split_by(rules, part, ends) for part in data.draw(splits(records)))
        merged, whole = d.merge(c.merge(b.merge(a))), split_by(rules, records, ends)
        assert (merged.calibration, merged.later) == (whole.calibration, whole.later)
        assert dict(merged.holdout) == dict(whole.holdout)
        assert merged.newcomers == whole.newcomers

    @given(records=histories(), ends=SPANS, known_by=days())
    def test_what_was_recorded_later_is_left_out(self, records, ends, known_by):
        limit = noon(known_by)
        known = [p for p in records if p.recorded_at is None or p.recorded_at <= limit]
        parts = split(records, ends, known_by=limit)
        assert (parts.calibration, parts.later) == (
            split(known, ends).calibration,
            split(known, ends).later,
        )


class TestBorders:
    """The last day of the calibration is in it; that of the holdout is in the holdout."""

    @pytest.mark.parametrize(
        ("on", "repeats", "later"),
        [
            ("2024-06-30", 1, 0),
            ("2024-07-01", 0, 1),
            ("2024-12-31", 0, 1),
            ("2025-01-01", 0, 0),
        ],
    )
    def test_each_day_is_in_one_part(self, on, repeats, later):
        parts = split(bought(anna=f"2024-01-01 {on}"))
        assert parts.calibration[ANNA].repeat_purchases == repeats
        assert parts.holdout[ANNA].purchases == later

    def test_the_first_purchase_in_the_holdout_is_a_repeat(self):
        """Not so for a newcomer."""
        parts = split(bought(anna="2024-06-30 2024-07-01", bert="2024-07-01 2024-07-02"))
        assert parts.holdout[ANNA].purchases == 1
        assert (list(parts.holdout), parts.newcomers) == ([ANNA], 1)

    def test_purchases_of_one_day_count_once(self):
        parts = split(purchases("2024-01-01 1 EUR", "2024-07-01 2 EUR", "2024-07-01 3 EUR"))
        assert (parts.holdout[ANNA].purchases, parts.holdout[ANNA].spend) == (1, euro(5))

    @pytest.mark.parametrize(
        ("unit", "duration"), [(Unit.DAY, 184), (Unit.WEEK, 184 / 7), (Unit.YEAR, 184 / 360)]
    )
    @pytest.mark.parametrize("whole_units", [True, False])
    def test_the_duration_is_not_rounded(self, unit, duration, whole_units):
        parts = split(
            bought(anna="2024-01-01"),
            unit=unit,
            whole_units=whole_units,
            days_in_year=Decimal(360),
        )
        assert parts.duration == pytest.approx(duration, rel=1e-15)
        assert parts.holdout[ANNA].duration == parts.duration

    @pytest.mark.parametrize(
        ("on", "taken"),
        [
            ("2024-01-31", 0),
            ("2024-02-01", 1),
            ("2024-02-29", 1),
            ("2024-03-01", 1),
            ("2024-02-01 2024-03-01", 1),
            ("2024-03-02", 0),
        ],
    )
    def test_the_month_that_runs_at_the_end_of_the_calibration_is_of_the_holdout(self, on, taken):
        """A twelfth of 365.25 days each: the second one after 1 January ends on 1 March."""
        ends = day("2024-02-29"), day("2024-03-31")
        parts = split(
            bought(anna=f"2024-01-01 {on}"),
            ends,
            unit=Unit.MONTH,
            days_in_year=Decimal("365.25"),
        )
        assert parts.calibration.opportunities()[ANNA].customer_age == 1
        assert (parts.opportunities, parts.opportunities_taken) == (1, (taken,))

    @pytest.mark.parametrize(("last", "opportunities"), [("2024-07-06", 0), ("2024-07-07", 1)])
    def test_an_opportunity_is_one_that_is_over(self, last, opportunities):
        parts = split(
            bought(anna="2024-06-30 2024-07-01"), (CALIBRATION_END, day(last)), unit=Unit.WEEK
        )
        assert parts.opportunities == opportunities
        assert parts.opportunities_taken == (opportunities,)

    def test_opportunities_of_newcomers_are_left_out(self):
        parts = split(bought(anna="2024-06-30", bert="2024-07-01 2024-07-02"))
        assert parts.opportunities_taken == (0,)

    def test_a_generator_will_do(self):
        listed = bought(anna="2024-06-30 2024-07-01")
        assert dict(split(iter(listed)).holdout) == dict(split(listed).holdout)

    def test_nobody_bought_anything(self):
        parts = split([])
        assert (dict(parts.holdout), parts.holdout_purchases, parts.newcomers) == ({}, (), 0)

    def test_the_holdout_cannot_be_changed(self):
        with pytest.raises(TypeError):
            split(bought(anna="2024-06-30")).holdout[ANNA] = None


class TestRefusals:
    """A split that makes no sense is refused."""

    @pytest.mark.parametrize("end", [CALIBRATION_END, day("2024-01-01")])
    def test_the_holdout_ends_later(self, end):
        with pytest.raises(InvalidValue, match="ends on a later day"):
            split([], (CALIBRATION_END, end))

    @pytest.mark.parametrize("place", [0, 1])
    def test_ends_are_plain_days(self, place):
        ends = [CALIBRATION_END, OBSERVATION_END]
        ends[place] = datetime(2024, 8, 1, tzinfo=UTC)
        with pytest.raises(InvalidValue, match=r"\.date\(\)"):
            split([], ends)

    def test_both_parts_follow_the_same_rules(self):
        parts = split([])
        other = summarize_repeat_purchases([], as_of=OBSERVATION_END, unit=Unit.WEEK)
        with pytest.raises(InvalidValue, match="rules"):
            HoldoutSplit(parts.calibration, other)

    def test_both_parts_are_in_one_currency(self):
        with pytest.raises(CurrencyMismatch):
            split(purchases("2024-01-01 1 EUR", "2024-07-01 1 USD"))

    def test_only_splits_of_the_same_days_merge(self):
        with pytest.raises(InvalidValue, match="rolled_to"):
            split([]).merge(split([], (CALIBRATION_END, day("2025-01-01"))))

    @pytest.mark.parametrize(
        ("terms", "error"),
        [
            ({"customer": ""}, InvalidIdentifier),
            ({"purchases": -1}, InvalidValue),
            ({"purchases": 1.0}, InvalidValue),
            ({"purchases": True}, InvalidValue),
            ({"duration": 0}, InvalidValue),
            ({"duration": float("nan")}, InvalidValue),
            ({"duration": None}, InvalidValue),
        ],
    )
    def test_facts_of_a_holdout_make_sense(self, terms, error):
        usual = {
            "customer": ANNA,
            "purchases": 1,
            "spend": euro(1),
            "duration": 39.0,
            "unit": Unit.WEEK,
        }
        with pytest.raises(error):
            HoldoutFacts(**(usual | terms))


class TestMeanSpend:
    """What was spent on a purchase day of the holdout."""

    @given(minor=st.integers(-(10**9), 10**9), number=st.integers(1, 1000))
    def test_the_mean_is_rounded_half_to_even(self, minor, number):
        facts = HoldoutFacts(
            customer=ANNA,
            purchases=number,
            spend=Money.of_minor(minor, "EUR"),
            duration=39,
            unit=Unit.WEEK,
        )
        assert facts.mean_spend == Money.of_minor(round(Fraction(minor, number)), "EUR")

    def test_who_did_not_buy_has_no_mean(self):
        assert split(bought(anna="2024-01-01")).holdout[ANNA].mean_spend is None


class TestColumns:
    """Columns are split by the host, and summed up apart."""

    def test_two_summaries_make_a_split(self):
        listed = bought(anna="2024-06-01 2024-06-30 2024-07-01", bert="2024-07-02")
        later = [p for p in listed if p.on > CALIBRATION_END]
        made = HoldoutSplit(
            *(
                RepeatPurchaseSummary.from_columns(
                    *columns_of(part), as_of=end, currency="EUR", unit=Unit.DAY
                )
                for part, end in ((listed, CALIBRATION_END), (later, OBSERVATION_END))
            )
        )
        assert dict(made.holdout) == dict(split(listed).holdout)


@pytest.fixture(scope="module")
def sample():
    ends = day("1997-09-30"), day("1998-06-30")
    return split_holdout(cdnow_sample(), *ends, unit=Unit.WEEK)


class TestCdnow:
    """The published sample: 39 weeks of calibration, 39 weeks held out."""

    def test_customers_by_repeats(self, sample):
        counts = sample.calibration.counted().customers_by_repeats()
        heads: Counter[int] = Counter()
        for repeats, customers in counts.items():
            heads[min(repeats, 7)] += customers
        assert sum(counts.values()) == len(sample.calibration) == 2_357
        assert [heads[n] for n in range(8)] == [1411, 439, 214, 100, 62, 38, 29, 64]

    def test_customer_one(self, sample):
        published = [2, 30.428571, 38.857143]
        assert list(x_tx_age(sample.calibration["1"])) == pytest.approx(published, abs=5e-7)

    def test_every_customer_of_the_published_summary(self, sample):
        published = shared_file("cdnow_sample_summary_with_spend.csv").read_text("ascii")
        rows = [line.split(",") for line in published.splitlines()[1:]]
        assert len(rows) == 2_357
        for customer, repeats, at_last, age, mean in rows:
            facts = sample.calibration[customer]
            assert facts.repeat_purchases == int(repeats)
            assert facts.age_at_last_purchase == pytest.approx(float(at_last), abs=0.0051)
            assert facts.customer_age == pytest.approx(float(age), abs=0.0051)
            exact_mean = cents(facts)[0] / (100 * max(facts.repeat_purchases, 1))
            assert exact_mean == pytest.approx(float(mean), abs=0.0051)

    def test_the_946_customers_with_spend(self, sample):
        spend = sample.calibration.counted_spend()
        assert (spend.customers, spend.left_out, spend.without_repeats) == (946, 0, 1411)
        assert spend.currency == "USD"

    def test_half_of_the_time_is_held_out(self, sample):
        assert sample.duration == 39
        assert sample.newcomers == 0
        assert sum(sample.holdout_purchases) == sum(
            facts.purchases for facts in sample.holdout.values()
        )

    def test_everybody_came_in_the_first_quarter(self, sample):
        first = sample.calibration.first_days
        assert (min(first), max(first)) == (day("1997-01-01"), day("1997-03-25"))

    def test_columns_and_weeks_give_the_same(self, sample):
        summary = RepeatPurchaseSummary.from_columns(
            *columns_of(list(cdnow_sample())),
            as_of=day("1997-09-30"),
            currency="USD",
            unit=Unit.WEEK,
        )
        assert summary == sample.calibration
