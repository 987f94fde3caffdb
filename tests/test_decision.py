"""Every verdict can say why, in words that the customer it concerns could be shown."""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Context, Decimal, localcontext
from enum import Enum, StrEnum
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.decision import (
    Comparison,
    Decision,
    Evidence,
    Policy,
    above,
    all_of,
    any_of,
    at_least,
    at_most,
    below,
    equals,
    explain,
    none_of,
    noted,
    one_of,
)
from crmkit.errors import CurrencyMismatch, InvalidValue, NaiveDatetime
from crmkit.money import Money
from crmkit.testing.strategies import decisions, evidence, evidence_values
from crmkit.tiering import Tier

TODAY = date(2026, 6, 30)
NAIVE = datetime(2026, 3, 1, 9, 30)  # noqa: DTZ001 - a naive datetime, to be refused
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Segment(StrEnum):
    AT_RISK = "at-risk"


class Grade(Enum):
    TOP = "top-grade"


def euro(amount: str | int) -> Money:
    return Money(amount, "EUR")


def lines(*items: Evidence) -> list[str]:
    """What explain says below the first line."""
    return explain(Decision("gold", "tiers", TODAY, items)).splitlines()[1:]


class TestComparisons:
    """The helpers compute the verdict themselves, and both values stay to be seen."""

    @pytest.mark.parametrize(
        ("judge", "comparison", "short", "reached", "over"),
        [
            (at_least, Comparison.AT_LEAST, False, True, True),
            (at_most, Comparison.AT_MOST, True, True, False),
            (above, Comparison.ABOVE, False, False, True),
            (below, Comparison.BELOW, True, False, False),
            (equals, Comparison.EQUALS, False, True, False),
        ],
    )
    @pytest.mark.parametrize(
        "values",
        [
            (999, 1000, 1001),
            (euro("4999.99"), euro("5000.00"), euro("5000.01")),
            (Decimal("0.19"), Decimal("0.2"), Decimal("0.21")),
            (date(2026, 3, 30), date(2026, 3, 31), date(2026, 4, 1)),
            (NOON - timedelta(seconds=1), NOON, NOON + timedelta(seconds=1)),
            (timedelta(days=13), timedelta(days=14), timedelta(days=15)),
            (0.5, 1.0, 1.5),
            ("a", "b", "c"),
        ],
        ids=lambda values: type(values[1]).__name__,
    )
    def test_the_border_is_where_the_word_puts_it(
        self, judge, comparison, short, reached, over, values
    ):
        required = values[1]
        for observed, met in zip(values, (short, reached, over), strict=True):
            assert judge("spend", observed, required) == Evidence(
                "spend", observed, required, met, comparison
            )

    @given(st.integers(), st.integers())
    def test_at_most_is_not_above_and_at_least_not_below(self, observed, required):
        assert at_most("n", observed, required).met is not above("n", observed, required).met
        assert at_least("n", observed, required).met is not below("n", observed, required).met

    def test_the_requirement_is_met_by_one_of_the_words(self):
        assert one_of("grade", "A", ["A", "B"]) == Evidence(
            "grade", "A", "A, B", True, Comparison.ONE_OF
        )
        assert one_of("grade", "C", iter(["A", "B"])).met is False
        assert one_of("grade", "A, B", ["A", "B"]).met is False
        segment = one_of("segment", Segment.AT_RISK, Segment)
        assert (segment.observed, segment.required, segment.met) == ("at-risk", "at-risk", True)
        assert type(segment.observed) is str

    def test_what_is_noted_is_not_judged(self):
        assert noted("alpha", Decimal("4.414")) == Evidence("alpha", Decimal("4.414"))
        assert noted("alpha", 1).met is None

    def test_amounts_of_two_currencies_are_not_compared(self):
        for judge in (at_least, at_most, above, below):
            with pytest.raises(CurrencyMismatch):
                judge("spend", euro(5), Money(5, "USD"))
        assert equals("spend", euro(5), Money(5, "USD")).met is False


class TestCompositions:
    """And, or, not: the verdict is read off the parts."""

    YES, NO, NOTED = at_least("a", 2, 1), at_least("b", 1, 2), noted("c", 1)

    @pytest.mark.parametrize(
        ("parts", "every", "some", "none"),
        [
            ((), True, False, True),
            ((YES,), True, True, False),
            ((NO,), False, False, True),
            ((YES, YES), True, True, False),
            ((YES, NO), False, True, False),
            ((NO, YES), False, True, False),
            ((NO, NO), False, False, True),
            ((NOTED,), False, False, True),
            ((YES, NOTED), False, True, False),
        ],
    )
    def test_the_table_of_and_or_not(self, parts, every, some, none):
        for join, comparison, met in (
            (all_of, Comparison.ALL_OF, every),
            (any_of, Comparison.ANY_OF, some),
            (none_of, Comparison.NONE_OF, none),
        ):
            assert join("rule", *parts) == Evidence("rule", None, None, met, comparison, parts)

    @given(st.lists(evidence(max_leaves=2), max_size=4))
    def test_neither_is_the_opposite_of_either(self, parts):
        assert none_of("rule", *parts).met is not any_of("rule", *parts).met

    @pytest.mark.parametrize("join", [all_of, any_of, none_of])
    @pytest.mark.parametrize("parts", [(), (YES,), (NO,), (YES, NO), (NOTED,)])
    def test_a_verdict_that_contradicts_the_parts_is_refused(self, join, parts):
        right = join("rule", *parts)
        for wrong in {True, False, None} - {right.met}:
            with pytest.raises(InvalidValue) as caught:
                Evidence("rule", None, None, wrong, right.comparison, parts)
            assert str(caught.value) == (
                f"evidence {right.comparison} contradicts its parts: build it with all_of, any_of "
                f"or none_of, which read the verdict off the parts"
            )

    def test_other_evidence_may_carry_parts_without_being_judged_by_them(self):
        earned = Evidence("earned-tier", "silver", "gold", False, Comparison.AT_LEAST, (self.YES,))
        assert earned.parts == (self.YES,)


ALLOWED: list[Any] = [
    *(None, True, 0, -5, 10**60 - 1, -(10**60) + 1, "text", "", Segment.AT_RISK),
    *(Decimal("-0.00"), Decimal("9E+59"), Decimal("-9E+59"), Decimal("1E-999999")),
    *(0.0, -0.0, 5e-324, 1.7976931348623157e308, -1.7976931348623157e308),
    *(TODAY, NOON, datetime.max.replace(tzinfo=UTC), timedelta.min, timedelta.max, euro("-0.01")),
]
REFUSED: list[Any] = [
    *(Fraction(1, 3), 1j, b"text", [1], (1,), {}, {1}, object(), Tier("gold", 3), Grade.TOP, int),
    *(float("nan"), float("inf"), float("-inf")),
    *(Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), Decimal("-Infinity")),
    *(10**60, -(10**60), 10**5000, Decimal("1E+60"), Decimal("-1E+60"), Decimal("1E+999999")),
    type("NumpyFloat", (float,), {})(1.0),
    type("SomeInt", (int,), {})(1),
    type("SomeText", (str,), {})("text"),
]


class TestClosedUnion:
    """Evidence is made of bool, int, str, Decimal, finite float, date, instant, duration, Money."""

    @pytest.mark.parametrize("value", ALLOWED, ids=repr)
    def test_what_can_be_written_down_is_allowed(self, value):
        assert Evidence("criterion", value).observed is value
        assert Evidence("criterion", 1, value).required is value

    @pytest.mark.parametrize("value", REFUSED, ids=lambda value: type(value).__name__)
    def test_anything_else_is_refused(self, value):
        with pytest.raises(InvalidValue, match=r"^observed evidence is "):
            Evidence("criterion", value)
        with pytest.raises(InvalidValue, match=r"^required evidence is "):
            Evidence("criterion", 1, value)

    def test_a_naive_datetime_is_refused(self):
        for build, what in (
            (lambda: Evidence("seen", NAIVE), "observed evidence"),
            (lambda: Evidence("seen", NOON, NAIVE), "required evidence"),
            (lambda: noted("seen", NAIVE), "observed evidence"),
            (lambda: equals("seen", NAIVE, NAIVE), "observed evidence"),
            (lambda: at_least("seen", NAIVE, NAIVE), "observed evidence"),
            (lambda: Decision("gold", "tiers", NAIVE), "as_of"),
        ):
            with pytest.raises(NaiveDatetime) as caught:
                build()
            assert caught.value.what == what

    def test_the_message_says_what_to_pass(self):
        with pytest.raises(InvalidValue) as caught:
            noted("share", Fraction(1, 3))  # type: ignore[arg-type]
        assert str(caught.value) == (
            "observed evidence is a Fraction: pass a bool, int, str, Decimal, finite float, date, "
            "aware datetime, timedelta or Money"
        )
        with pytest.raises(InvalidValue) as caught:
            noted("share", float("nan"))
        assert str(caught.value) == (
            "observed evidence is not a finite number of at most 60 digits before the point: note "
            "it as a str, or leave it out"
        )


class TestDecision:
    """What a policy decided, for whom, as of when, and on what evidence."""

    @pytest.mark.parametrize("as_of", ["2026-06-30", None, 20260630, 1.0])
    def test_as_of_is_a_day_or_an_instant(self, as_of):
        with pytest.raises(
            InvalidValue, match=r"^as_of is a \w+, not a date: pass a datetime\.date$"
        ):
            Decision("gold", "tiers", as_of)
        for fine in (TODAY, NOON):
            assert Decision("gold", "tiers", fine).as_of == fine

    def test_what_fell_short_is_what_the_customer_will_ask_about(self):
        met, short = at_least("visits", 5, 3), at_least("spend", euro(4200), euro(5000))
        joined = all_of("both", met, short)
        decision = Decision("silver", "tiers", TODAY, (met, short, noted("alpha", 1), joined))
        assert decision.unmet == (short, joined)

    @given(decisions())
    def test_decisions_are_values(self, decision):
        again = Decision(
            decision.outcome,
            decision.policy,
            decision.as_of,
            decision.evidence,
            decision.subject,
            decision.policy_digest,
        )
        assert again == decision
        assert hash(again) == hash(decision)
        with pytest.raises(AttributeError):
            decision.outcome = "platinum"

    def test_a_function_is_a_policy(self):
        def generous(spent: Money, /) -> Decision[str]:
            return Decision("gold", "generous", TODAY, (noted("spent", spent),))

        policy: Policy[Money, str] = generous
        assert policy(euro(5)).outcome == "gold"


class TestExplain:
    """``explain(decision)`` is text a customer could be shown."""

    def test_outcome_policy_day_and_every_piece_of_evidence(self):
        decision = Decision(
            "silver",
            "yearly-spend-tier",
            TODAY,
            (
                at_least("yearly-spend", euro("4200.00"), euro("5000.00")),
                at_least("purchases", 12, 4),
                noted("member-since", date(2019, 5, 1)),
            ),
            subject="C-1017",
        )
        assert explain(decision) == (
            "silver for C-1017, by yearly spend tier, as of 2026-06-30\n"
            "- not met: yearly spend is 4,200.00 EUR; at least 5,000.00 EUR required\n"
            "- met: purchases is 12; at least 4 required\n"
            "- noted: member since is 2019-05-01"
        )

    def test_the_pieces_of_and_or_not_are_indented(self):
        inner = any_of("reachable", equals("mail", True, True), equals("phone", False, True))
        outer = all_of("may-be-asked", inner, none_of("refusals", equals("opted-out", False, True)))
        assert lines(outer) == [
            "- met: may be asked; all of these are needed",
            "  - met: reachable; one of these is enough",
            "    - met: mail is yes; yes required",
            "    - not met: phone is no; yes required",
            "  - met: refusals; none of these may hold",
            "    - not met: opted out is no; yes required",
        ]

    @pytest.mark.parametrize(
        ("comparison", "phrase"),
        [
            (Comparison.AT_LEAST, "at least 5 required"),
            (Comparison.AT_MOST, "at most 5 allowed"),
            (Comparison.ABOVE, "more than 5 required"),
            (Comparison.BELOW, "less than 5 required"),
            (Comparison.EQUALS, "5 required"),
            (Comparison.DIFFERS, "anything but 5 required"),
            (Comparison.ONE_OF, "one of 5 required"),
            (None, "5 required"),
        ],
    )
    def test_each_comparison_has_its_phrase(self, comparison, phrase):
        assert lines(Evidence("visits", 7, 5, True, comparison)) == [
            f"- met: visits is 7; {phrase}"
        ]

    def test_a_composition_may_show_values_of_its_own(self):
        assert lines(Evidence("visits", 7, 5, True, Comparison.ALL_OF)) == [
            "- met: visits is 7; 5 required; all of these are needed"
        ]

    def test_every_comparison_has_a_phrase(self):
        for comparison in Comparison:
            joined = comparison in (Comparison.ALL_OF, Comparison.ANY_OF, Comparison.NONE_OF)
            item = Evidence("x", 7, 5, comparison is not Comparison.ANY_OF, comparison)
            assert len(lines(item)[0].split(";")) == (3 if joined else 2), comparison

    @pytest.mark.parametrize(
        ("comparison", "text"),
        [
            (Comparison.AT_LEAST, "2026-04-01 or later required"),
            (Comparison.AT_MOST, "2026-04-01 or earlier required"),
            (Comparison.ABOVE, "later than 2026-04-01 required"),
            (Comparison.BELOW, "earlier than 2026-04-01 required"),
            (Comparison.EQUALS, "2026-04-01 required"),
            (None, "2026-04-01 required"),
        ],
    )
    def test_days_are_earlier_and_later(self, comparison, text):
        item = Evidence("due on", date(2026, 3, 1), date(2026, 4, 1), False, comparison)
        assert lines(item) == [f"- not met: due on is 2026-03-01; {text}"]

    def test_what_is_not_known_is_said_and_what_is_not_required_left_out(self):
        assert lines(Evidence("address", met=False)) == ["- not met: address"]
        assert lines(Evidence("address", required="any", met=False)) == [
            "- not met: address is not known; any required"
        ]
        assert lines(Evidence("address", observed="Main Street")) == [
            "- noted: address is Main Street"
        ]

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (True, "yes"),
            (False, "no"),
            (0, "0"),
            (-1234567, "-1,234,567"),
            ("at-risk", "at-risk"),
            (Segment.AT_RISK, "at-risk"),
            (euro("1234567.89"), "1,234,567.89 EUR"),
            (euro("-1234.50"), "-1,234.50 EUR"),
            (euro("-0.07"), "-0.07 EUR"),
            (Money(1234567, "JPY"), "1,234,567 JPY"),
            (Money("1234.567", "KWD"), "1,234.567 KWD"),
            (Money.of_minor(10**18 - 1, "EUR"), "9,999,999,999,999,999.99 EUR"),
            (Decimal("0"), "0"),
            (Decimal("-0.00"), "0.00"),
            (Decimal("1234.5678"), "1,234.5678"),
            (Decimal("-1234"), "-1,234"),
            (Decimal("1E+5"), "100,000"),
            (Decimal("1.50"), "1.50"),
            (Decimal("0.00000015"), "0.00000015"),
            (Decimal("1.5E-7"), "0.00000015"),
            (Decimal("1E-19"), "0.0000000000000000001"),
            (Decimal("1E-20"), "1E-20"),
            (Decimal("1E-999"), "1E-999"),
            (Decimal("9E+59"), "900" + ",000" * 19),
            (Decimal("12345678901234567890.123"), "12,345,678,901,234,567,890.123"),
            (0.5, "0.5"),
            (-0.0, "0"),
            (1234.5, "1,234.5"),
            (2 / 3, "0.666667"),
            (1e20, "1e+20"),
            (date(2026, 3, 1), "2026-03-01"),
            (NOON, "2026-03-01 12:00:00+00:00"),
            (
                datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=1),
                "2026-10-25 02:30:00+01:00",
            ),
            (timedelta(0), "0 seconds"),
            (timedelta(microseconds=999_999), "0 seconds"),
            (timedelta(microseconds=-999_999), "0 seconds"),
            (timedelta(seconds=1), "1 second"),
            (timedelta(seconds=-1), "-1 second"),
            (timedelta(seconds=-1, microseconds=-1), "-1 second"),
            (timedelta(seconds=59), "59 seconds"),
            (timedelta(minutes=1), "1 minute"),
            (timedelta(minutes=2, seconds=1), "2 minutes 1 second"),
            (timedelta(hours=1), "1 hour"),
            (timedelta(hours=23, minutes=59, seconds=59), "23 hours 59 minutes 59 seconds"),
            (timedelta(days=1), "1 day"),
            (timedelta(days=14), "14 days"),
            (timedelta(days=1, hours=1, minutes=1, seconds=1), "1 day 1 hour 1 minute 1 second"),
            (timedelta(days=-2, hours=-3), "-2 days 3 hours"),
            (timedelta.max, "999999999 days 23 hours 59 minutes 59 seconds"),
        ],
        ids=repr,
    )
    def test_every_value_is_written_as_a_person_reads_it(self, value, text):
        assert lines(noted("seen", value)) == [f"- noted: seen is {text}"]

    @pytest.mark.parametrize(
        ("outcome", "text"),
        [
            ("silver", "silver"),
            ("at-risk", "at risk"),
            ("top-20-percent", "top 20 percent"),
            ("10-4-5", "10-4-5"),
            (Segment.AT_RISK, "at risk"),
            (Grade.TOP, "top grade"),
            (Tier("gold-plus", 4), "gold plus"),
            (True, "yes"),
            (False, "no"),
            (None, "none"),
            (-5, "-5"),
            (12345, "12,345"),
            (Decimal("-1234.5"), "-1,234.5"),
            (Decimal("1E+59"), "100" + ",000" * 19),
            (Decimal("1E+60"), "1E+60"),
            (Decimal("-1.5E+999999"), "-1.5E+999999"),
            (-0.5, "-0.5"),
            (Fraction(-3, 4), "-3/4"),
            (euro("-1234.50"), "-1,234.50 EUR"),
            (date(2026, 3, 1), "2026-03-01"),
            (NOON, "2026-03-01 12:00:00+00:00"),
            (timedelta(days=-3), "-3 days"),
            (("a", "b-c"), "('a', 'b c')"),
        ],
        ids=repr,
    )
    def test_every_outcome_has_words(self, outcome, text):
        assert explain(Decision(outcome, "rule", TODAY)) == f"{text}, by rule, as of 2026-06-30"

    def test_as_of_may_be_an_instant(self):
        said = explain(Decision("gold", "tiers", NOON))
        assert said == "gold, by tiers, as of 2026-03-01 12:00:00+00:00"

    def test_words_translate_criteria_policies_and_outcomes(self):
        words = {
            "yearly-spend": "Jahresumsatz",
            "tiers": "Stufen",
            "gold": "Gold",
            "no": "nein",
            "none": "keine",
        }
        decision = Decision("gold", "tiers", TODAY, (noted("yearly-spend", 5),), subject="gold")
        assert explain(decision, words=words) == (
            "Gold for gold, by Stufen, as of 2026-06-30\n- noted: Jahresumsatz is 5"
        )
        for outcome, word in ((False, "nein"), (None, "keine"), (True, "yes")):
            said = explain(Decision(outcome, "tiers", TODAY), words=words)
            assert said == f"{word}, by Stufen, as of 2026-06-30"
        said = explain(Decision(Grade.TOP, "tiers", TODAY), words={"top-grade": "Spitze"})
        assert said.startswith("Spitze, by tiers")

    def test_words_reach_the_parts(self):
        item = all_of("rule", at_least("visits", 1, 2))
        said = explain(Decision("x", "p", TODAY, (item,)), words={"visits": "Besuche"})
        assert said.endswith("  - not met: Besuche is 1; at least 2 required")

    def test_a_word_may_be_empty_or_keep_its_hyphens(self):
        said = explain(Decision("e-mail", "p", TODAY), words={"e-mail": "e-mail", "p": ""})
        assert said == "e-mail, by , as of 2026-06-30"

    @pytest.mark.parametrize(
        ("key", "shown"),
        [
            ("yearly-spend", "yearly spend"),
            ("a-b-c", "a b c"),
            ("top-20-percent", "top 20 percent"),
            ("rfm-5-4-5", "rfm 5-4-5"),
            ("-5", "-5"),
            ("2026-03-01", "2026-03-01"),
            ("-lead", "-lead"),
            ("trail-", "trail-"),
            ("a--b", "a--b"),
            ("größte-Schicht", "größte Schicht"),
            ("snake_case", "snake_case"),
        ],
    )
    def test_the_hyphens_between_words_are_blanks(self, key, shown):
        assert lines(Evidence(key)) == [f"- noted: {shown}"]

    def test_values_can_be_written_another_way(self):
        def german(value: object) -> str:
            return str(value).replace(".", ",")

        item = at_least("spend", Decimal("4.5"), Decimal("5.0"))
        decision = Decision(Decimal("1.5"), "p", TODAY, (all_of("all", item),))
        assert explain(decision, value_to_text=german) == (
            "1,5, by p, as of 2026-06-30\n"
            "- not met: all; all of these are needed\n"
            "  - not met: spend is 4,5; at least 5,0 required"
        )

    def test_braces_in_a_text_are_only_text(self):
        assert lines(equals("name", "{0}", "{x!r}")) == ["- not met: name is {0}; {x!r} required"]

    @given(decisions(evidence_values() | st.none() | st.fractions() | st.sampled_from(Segment)))
    def test_it_never_fails_and_gives_every_piece_a_line(self, decision):
        def count(items: tuple[Evidence, ...]) -> int:
            return sum(1 + count(item.parts) for item in items)

        assert explain(decision).count("\n") == count(decision.evidence)

    @given(decisions())
    def test_it_does_not_depend_on_the_decimal_context(self, decision):
        expected = explain(decision)
        for context in (
            Context(prec=2, rounding="ROUND_UP"),
            Context(prec=2, traps=[], capitals=0, Emax=2, Emin=-2),
        ):
            with localcontext(context):
                assert explain(decision) == expected

    @pytest.mark.parametrize("number", ["123456789.123456789", "1E-25", "0E+30", "-0E-30", "5E+59"])
    def test_no_digit_is_lost_in_a_narrow_context(self, number):
        decision = Decision("x", "p", TODAY, (noted("n", Decimal(number)),))
        expected = explain(decision)
        with localcontext(Context(prec=2, rounding="ROUND_UP", capitals=0)):
            assert explain(decision) == expected


OPERATORS: dict[Comparison, Callable[[Any, Any], bool]] = {
    Comparison.AT_LEAST: operator.ge,
    Comparison.AT_MOST: operator.le,
    Comparison.ABOVE: operator.gt,
    Comparison.BELOW: operator.lt,
    Comparison.EQUALS: operator.eq,
}
HELPERS: dict[Comparison, Callable[[str, Any, Any], Evidence]] = {
    Comparison.AT_LEAST: at_least,
    Comparison.AT_MOST: at_most,
    Comparison.ABOVE: above,
    Comparison.BELOW: below,
    Comparison.EQUALS: equals,
}


class TestOutcomeFromEvidence:
    """The verdict of every piece can be computed again from what it shows."""

    @pytest.mark.parametrize("comparison", HELPERS)
    @given(data=st.data())
    def test_the_verdict_follows_from_the_two_values(self, comparison, data):
        pairs = st.sampled_from(
            [st.integers(), st.dates(), st.timedeltas(), st.decimals(-99, 99, places=2)]
        )
        values = data.draw(pairs)
        observed, required = data.draw(values), data.draw(values)
        item = HELPERS[comparison]("criterion", observed, required)
        assert item.comparison == comparison
        assert item.met is OPERATORS[comparison](item.observed, item.required)

    @given(st.text(max_size=3), st.lists(st.text(max_size=3), max_size=3))
    def test_the_verdict_of_one_of_follows_from_the_words(self, word, words):
        assert one_of("criterion", word, words).met is (word in words)

    @given(evidence())
    def test_the_verdict_of_a_composition_follows_from_its_parts(self, item):
        for join in (all_of, any_of, none_of):
            again = join(item.criterion, *item.parts)
            if again.comparison is item.comparison:
                assert again == item


def test_a_zone_is_shown_by_its_offset():
    at = datetime(2026, 3, 1, 9, tzinfo=timezone(timedelta(hours=5, minutes=45)))
    assert lines(noted("seen", at)) == ["- noted: seen is 2026-03-01 09:00:00+05:45"]
