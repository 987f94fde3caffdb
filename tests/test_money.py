"""A sum of money is exact, keeps its currency, and never loses a cent."""

from __future__ import annotations

import decimal
import itertools
import operator
import pickle
from collections.abc import Callable, Iterator
from decimal import ROUND_UP, Context, Decimal, localcontext
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crmkit.errors import CurrencyMismatch, InvalidMoney
from crmkit.money import (
    CURRENCIES,
    MAX_MINOR,
    NO_CURRENCY,
    ExchangeRates,
    Money,
    Rounding,
    as_fraction,
    digits_of,
    parse_decimal,
    round_fraction,
    sum_money,
)
from crmkit.testing.strategies import currencies, exchange_rates, money, ratios, roundings, weights
from tests.patience import refused_soon

SIGNALS = [
    decimal.Clamped,
    decimal.DivisionByZero,
    decimal.FloatOperation,
    decimal.Inexact,
    decimal.InvalidOperation,
    decimal.Overflow,
    decimal.Rounded,
    decimal.Subnormal,
    decimal.Underflow,
]
# What a host, or another library in the process, may have set.
HOSTILE_CONTEXTS = {
    "three digits, rounded up": Context(prec=3, rounding=ROUND_UP),
    "one digit": Context(prec=1),
    "every signal is an error": Context(prec=3, traps=SIGNALS),
    "no signal is an error": Context(prec=3, traps=[]),
    "small exponents only": Context(prec=3, Emin=-3, Emax=3, clamp=1),
    "exponents in lower case": Context(capitals=0),
}


def hostile() -> Any:
    return pytest.mark.parametrize("context", HOSTILE_CONTEXTS.values(), ids=list(HOSTILE_CONTEXTS))


def euro(text: str) -> Money:
    return Money(text, "EUR")


class TestAmounts:
    """``Money("12.30", "EUR")`` is exact: whole minor units of a currency."""

    @pytest.mark.parametrize(
        ("amount", "currency", "minor", "text"),
        [
            ("12.30", "EUR", 1230, "12.30 EUR"),
            ("12.3", "EUR", 1230, "12.30 EUR"),
            ("12", "EUR", 1200, "12.00 EUR"),
            ("+12.30", "EUR", 1230, "12.30 EUR"),
            ("-12.30", "EUR", -1230, "-12.30 EUR"),
            ("0.01", "EUR", 1, "0.01 EUR"),
            ("-0.01", "EUR", -1, "-0.01 EUR"),
            ("007.00", "EUR", 700, "7.00 EUR"),
            ("12.300", "EUR", 1230, "12.30 EUR"),
            (12, "EUR", 1200, "12.00 EUR"),
            (Decimal("12.3"), "EUR", 1230, "12.30 EUR"),
            (Decimal("1E+3"), "EUR", 100_000, "1000.00 EUR"),
            ("5000", "JPY", 5000, "5000 JPY"),
            ("5000.0", "JPY", 5000, "5000 JPY"),
            ("1.234", "KWD", 1234, "1.234 KWD"),
            ("1.2345", "CLF", 12345, "1.2345 CLF"),
        ],
    )
    def test_an_amount_is_kept_to_the_minor_unit(self, amount, currency, minor, text):
        made = Money(amount, currency)
        assert (made.minor, made.currency, str(made)) == (minor, currency, text)

    @given(money())
    def test_the_amount_makes_the_same_money_again(self, any_money):
        for amount in (any_money.amount, str(any_money.amount)):
            assert Money(amount, any_money.currency) == any_money

    @given(money())
    def test_the_repr_makes_the_same_money_again(self, any_money):
        assert eval(repr(any_money), {"Money": Money}) == any_money  # noqa: S307 - our own repr

    @given(st.from_regex(r"[+-]?[0-9]{1,17}(\.[0-9]{1,6})?", fullmatch=True), currencies())
    def test_a_text_is_what_decimal_reads_in_it(self, text, currency):
        exact = Fraction(Decimal(text)) * 10 ** digits_of(currency)
        if exact.denominator == 1 and abs(exact) <= MAX_MINOR:
            assert Money(text, currency) == Money.of_minor(exact.numerator, currency)
        else:
            with pytest.raises(InvalidMoney):
                Money(text, currency)

    @given(money())
    def test_it_is_written_as_decimal_writes_it(self, any_money):
        assert str(any_money) == f"{any_money.amount:f} {any_money.currency}"

    @given(money())
    def test_the_amount_shows_all_digits_of_the_currency_and_no_more(self, any_money):
        assert -any_money.amount.as_tuple().exponent == digits_of(any_money.currency)

    def test_the_amount_is_a_decimal(self):
        assert repr(euro("12.30").amount) == "Decimal('12.30')"
        assert repr(euro("-12.30").amount) == "Decimal('-12.30')"
        assert repr(euro("0.05").amount) == "Decimal('0.05')"
        assert repr(Money(7, "JPY").amount) == "Decimal('7')"

    @pytest.mark.parametrize("nothing", ["-0", "-0.00", "+0", Decimal("-0.00"), Decimal("-0E+3")])
    def test_there_is_no_negative_nothing(self, nothing):
        for made in (euro("0"), Money(nothing, "EUR"), -Money(nothing, "EUR"), euro("1") * 0):
            assert str(made) == "0.00 EUR"
            assert repr(made) == "Money('0.00', 'EUR')"

    def test_a_loss_that_rounds_to_nothing_shows_no_sign(self):
        assert str(Money.rounded("-0.004", "EUR", rounding=Rounding.HALF_UP)) == "0.00 EUR"

    def test_zero_is_nothing_of_a_currency(self):
        assert Money.zero("JPY") == Money(0, "JPY")
        assert Money.zero("EUR").is_zero
        assert not euro("0.01").is_zero
        assert not euro("-0.01").is_zero

    def test_what_is_below_nothing_is_negative(self):
        assert euro("-0.01").is_negative
        assert not euro("0.00").is_negative
        assert not euro("0.01").is_negative

    def test_minor_units_are_whole(self):
        assert Money.of_minor(1230, "EUR") == euro("12.30")
        for wrong in (12.0, "12", True, Decimal(12), None):
            with pytest.raises(InvalidMoney, match=f"are a {type(wrong).__name__}: pass an int"):
                Money.of_minor(wrong, "EUR")  # type: ignore[arg-type]

    def test_minor_units_are_of_a_currency_that_exists(self):
        with pytest.raises(InvalidMoney, match="unknown currency"):
            Money.of_minor(1, "XYZ")
        with pytest.raises(InvalidMoney, match="unknown currency"):
            Money.zero("XYZ")

    def test_money_is_frozen_hashable_and_travels(self):
        price = euro("12.30")
        with pytest.raises(AttributeError):
            price.minor = 5  # type: ignore[misc]
        assert {price, Money.of_minor(1230, "EUR")} == {price}
        assert pickle.loads(pickle.dumps(price)) == price  # noqa: S301 - our own bytes

    def test_more_digits_than_the_currency_has_are_refused(self):
        with pytest.raises(InvalidMoney) as caught:
            euro("12.305")
        assert str(caught.value) == (
            "EUR has 2 decimal digits and the amount has more: "
            "use Money.rounded(amount, 'EUR', rounding=...) and name the rule"
        )
        too_fine: list[tuple[Any, str]]
        too_fine = [("0.5", "JPY"), ("1.0005", "KWD"), (Decimal("0.001"), "EUR")]
        for amount, currency in too_fine:
            with pytest.raises(InvalidMoney, match=f"{currency} has {digits_of(currency)}"):
                Money(amount, currency)

    def test_a_fraction_is_no_amount_until_it_is_rounded(self):
        with pytest.raises(InvalidMoney, match=r"use Money\.rounded"):
            Money(Fraction(1, 3), "EUR")  # type: ignore[arg-type]
        third = Money.rounded(Fraction(1, 3), "EUR", rounding=Rounding.HALF_UP)
        assert third == euro("0.33")


class TestLargestAmount:
    """At most 18 digits of minor units: what the 64-bit integers of every database keep."""

    def test_the_largest_amount_fits_a_64_bit_integer(self):
        assert MAX_MINOR == 999_999_999_999_999_999 < 2**63

    def test_the_largest_amount_is_allowed_and_one_more_is_not(self):
        for minor in (MAX_MINOR, -MAX_MINOR):
            assert Money.of_minor(minor, "EUR").minor == minor
        for minor in (MAX_MINOR + 1, -MAX_MINOR - 1):
            with pytest.raises(InvalidMoney) as caught:
                Money.of_minor(minor, "EUR")
            assert str(caught.value) == (
                "amount out of range: at most 999999999999999999 minor units, which is what a "
                "64-bit column keeps"
            )

    @pytest.mark.parametrize(
        "too_much",
        [
            lambda: Money(10**16, "EUR"),
            lambda: Money("9999999999999999.99", "EUR") + euro("0.01"),
            lambda: Money("-9999999999999999.99", "EUR") - euro("0.01"),
            lambda: Money.of_minor(MAX_MINOR, "EUR") * 2,
            lambda: Money.of_minor(MAX_MINOR, "EUR").times(2, rounding=Rounding.DOWN),
            lambda: Money.rounded(10**16, "EUR", rounding=Rounding.DOWN),
            lambda: sum_money([Money.of_minor(MAX_MINOR, "EUR")] * 2, "EUR"),
        ],
    )
    def test_no_way_leads_to_more(self, too_much):
        with pytest.raises(InvalidMoney, match="amount out of range"):
            too_much()

    @pytest.mark.parametrize(
        "number", [10**5000, -(10**5000), Fraction(10**5000, 7)], ids=[1, 2, 3]
    )
    def test_thousands_of_digits_are_refused_at_once(self, number):
        with pytest.raises(InvalidMoney, match="amount out of range"):
            Money.rounded(number, "EUR", rounding=Rounding.DOWN)
        refused_soon(InvalidMoney, lambda: Money.rounded(number, "EUR", rounding=Rounding.DOWN))

    def test_a_sum_may_pass_the_limit_on_its_way(self):
        largest = Money.of_minor(MAX_MINOR, "EUR")
        assert sum_money([largest, largest, -largest], "EUR") == largest


# Whatever a file, a form or a careless caller could hand in.
BAD_TEXTS = [
    *("", " ", "12.30 ", " 12.30", "12 30", "12\t", "12\n", "\n12", "12\u00a0", "1\u200b2"),
    *(
        "1_000",
        "1,000",
        "1,50",
        "1.000,50",
        "1'000",
        "1 000",
        "\ufeff12",
        "12\x00",
        "12.30€",
        "€12",
    ),
    *("12.", ".5", "-.5", ".", "-", "+", "--1", "+-1", "1-", "- 1", "1.2.3", "−12", "1٫5", "EUR"),
    *("1e3", "1E3", "1e999999", "-1E999999", "1e-999999", "0x10", "0b1", "1/2", "True", "None"),
    *("NaN", "nan", "sNaN", "-NaN", "NaN123", "Infinity", "-Infinity", "inf", "INF", "∞"),
    *("١٢", "１２", "१२", "१.५", "²", "½", "Ⅻ"),
    *("1" * 19, "-" + "1" * 19, "0." + "0" * 18 + "1", "9" * 5_000, "1e" + "9" * 1000),
    *("1" * 100_000, "0." + "1" * 100_000, "1" * 50_000 + "x"),
]
BAD_OBJECTS: list[Any] = [
    *(0.1, 12.0, -0.0, 1e308, float("nan"), float("inf"), float("-inf"), 1j),
    *(True, False, None, b"12", (1, 2), [12], {}, object()),
    *(Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), Decimal("-Infinity")),
    *(Decimal("1E+999999"), Decimal("-1E+999999"), Decimal("1E-999999"), Decimal("0E+999999")),
    *(Decimal("0E-19"), Decimal("1E+19"), Decimal("1" * 37), Decimal((0, (1,) * 50_000, -18))),
]


def token_id(token: object) -> str:
    return f"{type(token).__name__} {repr(token)[:20]}"


class TestBadAmounts:
    """No float, bool, NaN, infinity, exponent bomb or foreign digit ever becomes money."""

    def test_the_corpus_is_large(self):
        assert len(BAD_TEXTS) + len(BAD_OBJECTS) >= 60

    @pytest.mark.parametrize("token", [*BAD_TEXTS, *BAD_OBJECTS], ids=token_id)
    def test_it_is_refused_at_once(self, token):
        for take in (
            lambda: Money(token, "EUR"),
            lambda: Money.rounded(token, "EUR", rounding=Rounding.DOWN),
            lambda: euro("1.00").times(token, rounding=Rounding.DOWN),
            lambda: ExchangeRates(to="EUR", rates={"USD": token}),
            lambda: ExchangeRates(to="EUR", rates={"USD": token})(Money(1, "USD")),
        ):
            refused_soon(InvalidMoney, take)

    @pytest.mark.parametrize(
        "token", ["1" * 10**6, "1_" * 10**6, "-" * 10**6, " " * 10**6], ids=token_id
    )
    def test_a_million_characters_are_refused_soon(self, token):
        refused_soon(InvalidMoney, lambda: Money(token, "EUR"))

    @pytest.mark.parametrize("token", BAD_TEXTS, ids=token_id)
    def test_the_message_does_not_repeat_it(self, token):
        with pytest.raises(InvalidMoney) as caught:
            parse_decimal(token)
        assert str(caught.value) == (
            "not a plain decimal number: write it like '12.30', with ASCII digits, at most 18 of "
            "them on each side of the point, no exponent and no grouping"
        )

    def test_a_text_that_only_pretends_to_be_one_is_refused(self):
        class Amount(str):
            __slots__ = ()

        with pytest.raises(InvalidMoney):
            parse_decimal(Amount("12"))
        with pytest.raises(InvalidMoney):
            parse_decimal(12)  # type: ignore[arg-type]

    def test_a_float_is_told_what_is_exact(self):
        with pytest.raises(InvalidMoney) as caught:
            Money(0.1, "EUR")  # type: ignore[arg-type]
        assert str(caught.value) == (
            "amount is a float: pass an int, a str such as '0.19', a Decimal or a Fraction, "
            "which are exact"
        )
        with pytest.raises(InvalidMoney, match=r"^ratio is a float"):
            euro("1").times(0.5, rounding=Rounding.DOWN)  # type: ignore[arg-type]
        with pytest.raises(InvalidMoney, match=r"^weight is a bool"):
            euro("1").allocate([True])
        with pytest.raises(InvalidMoney, match=r"^number is a float"):
            as_fraction(0.5)  # type: ignore[arg-type]
        with pytest.raises(InvalidMoney, match=r"^exchange rate is a float"):
            ExchangeRates(to="EUR", rates={"USD": 0.5})  # type: ignore[dict-item]

    def test_an_absurd_decimal_is_told_the_usual_size(self):
        with pytest.raises(InvalidMoney) as caught:
            as_fraction(Decimal("1E+999999"), "discount")
        assert str(caught.value) == (
            "discount is not a finite decimal of usual size: at most 18 digits on each side of the "
            "point"
        )

    @pytest.mark.parametrize(
        ("number", "exact"),
        [
            ("9" * 18 + "." + "9" * 18, Fraction(10**36 - 1, 10**18)),
            (Decimal("1E+18"), Fraction(10**18)),
            (Decimal("1E-18"), Fraction(1, 10**18)),
            (Decimal("1" * 36), Fraction(int("1" * 36))),
            (Fraction(1, 3), Fraction(1, 3)),
            (10**40, Fraction(10**40)),
        ],
    )
    def test_the_usual_size_is_allowed_to_its_last_digit(self, number, exact):
        assert as_fraction(number) == exact


class TestCurrencies:
    """The digits of the minor unit are those of ISO 4217: EUR 2, JPY 0, KWD 3."""

    @pytest.mark.parametrize(
        ("code", "digits"),
        [("EUR", 2), ("USD", 2), ("CNY", 2), ("JPY", 0), ("KRW", 0), ("KWD", 3), ("TND", 3),
         ("CLF", 4), ("UYW", 4), ("HRK", 2), ("HUF", 2), ("ISK", 0), ("XOF", 0), ("ZWG", 2)],
    )  # fmt: skip
    def test_a_currency_has_its_digits(self, code, digits):
        assert digits_of(code) == digits == CURRENCIES[code]

    def test_the_table_is_that_of_the_list_published_on_2026_01_01(self):
        """165 currencies of list one have a minor unit; six more were replaced, one is none."""
        replaced = {"ANG", "BGN", "CUC", "HRK", "SLL", "ZWL"}
        assert len(CURRENCIES) == 165 + len(replaced) + len({NO_CURRENCY})
        assert replaced <= CURRENCIES.keys()
        by_digits = {n: sum(digits == n for digits in CURRENCIES.values()) for n in range(5)}
        assert by_digits == {0: 17, 1: 0, 2: 146, 3: 7, 4: 2}

    def test_amounts_in_no_currency_add_only_to_each_other(self):
        """ISO 4217 gives the code XXX to transactions without a currency."""
        assert Money("1.50", NO_CURRENCY) + Money(1, "XXX") == Money("2.50", "XXX")
        with pytest.raises(CurrencyMismatch):
            Money(1, NO_CURRENCY) + Money(1, "EUR")

    def test_codes_are_three_capital_letters(self):
        assert all(len(code) == 3 and code.isascii() and code.isupper() for code in CURRENCIES)

    @pytest.mark.parametrize(
        "code",
        ["eur", "Eur", "EURO", "EU", "", "XYZ", " EUR", "€", "XAU", None, 978, ["EUR"]],
    )
    def test_any_other_code_is_refused(self, code):
        with pytest.raises(InvalidMoney) as caught:
            digits_of(code)
        assert str(caught.value) == (
            "unknown currency: pass an ISO 4217 code in capital letters, such as 'EUR'"
        )
        with pytest.raises(InvalidMoney):
            Money("1", code)
        with pytest.raises(InvalidMoney):
            sum_money([], code)

    def test_nobody_can_change_the_table(self):
        with pytest.raises(TypeError):
            CURRENCIES["EUR"] = 5  # type: ignore[index]


# The rounding rules of ``decimal`` are the independent oracle: quantize goes another way.
DECIMAL_NAMES = {
    Rounding.HALF_EVEN: decimal.ROUND_HALF_EVEN,
    Rounding.HALF_UP: decimal.ROUND_HALF_UP,
    Rounding.HALF_DOWN: decimal.ROUND_HALF_DOWN,
    Rounding.UP: decimal.ROUND_UP,
    Rounding.DOWN: decimal.ROUND_DOWN,
    Rounding.CEILING: decimal.ROUND_CEILING,
    Rounding.FLOOR: decimal.ROUND_FLOOR,
}
NEAR_A_HALF = [
    *("0.00", "0.001", "0.004", "0.005", "0.006", "0.009", "0.010", "0.014", "0.015", "0.016"),
    *("0.025", "0.0249999999999999", "0.0250000000000001", "1.005", "1.995", "2.675", "9.995"),
]


class TestRounding:
    """Whatever has to be rounded names how."""

    def test_every_rule_of_decimal_has_its_name(self):
        assert set(DECIMAL_NAMES) == set(Rounding)

    @pytest.mark.parametrize("rounding", ["nearest", "HALF_UP", None])
    def test_an_unknown_rule_is_never_taken_for_another(self, rounding):
        with pytest.raises(InvalidMoney, match="a rounding is one of: half-even, half-up, "):
            Money.rounded("1.00", "EUR", rounding=rounding)

    @pytest.mark.parametrize(
        ("rounding", "results"),
        [
            #                     -0.015 -0.011 -0.005  0.005  0.011  0.015  0.025
            (Rounding.HALF_EVEN, ["-0.02", "-0.01", "0.00", "0.00", "0.01", "0.02", "0.02"]),
            (Rounding.HALF_UP, ["-0.02", "-0.01", "-0.01", "0.01", "0.01", "0.02", "0.03"]),
            (Rounding.HALF_DOWN, ["-0.01", "-0.01", "0.00", "0.00", "0.01", "0.01", "0.02"]),
            (Rounding.UP, ["-0.02", "-0.02", "-0.01", "0.01", "0.02", "0.02", "0.03"]),
            (Rounding.DOWN, ["-0.01", "-0.01", "0.00", "0.00", "0.01", "0.01", "0.02"]),
            (Rounding.CEILING, ["-0.01", "-0.01", "0.00", "0.01", "0.02", "0.02", "0.03"]),
            (Rounding.FLOOR, ["-0.02", "-0.02", "-0.01", "0.00", "0.01", "0.01", "0.02"]),
        ],
        ids=lambda value: value.value if isinstance(value, Rounding) else "",
    )
    def test_the_table_of_the_rules(self, rounding, results):
        amounts = ["-0.015", "-0.011", "-0.005", "0.005", "0.011", "0.015", "0.025"]
        rounded = [Money.rounded(amount, "EUR", rounding=rounding) for amount in amounts]
        assert [str(each.amount) for each in rounded] == results

    @pytest.mark.parametrize("rounding", Rounding)
    @pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD", "CLF"])
    def test_it_rounds_as_decimal_does(self, rounding, currency):
        quantum = Decimal(1).scaleb(-digits_of(currency))
        for text, sign, shift in itertools.product(NEAR_A_HALF, ("", "-"), (-1, 0, 1, 2)):
            amount = Decimal(sign + text).scaleb(shift)
            expected = amount.quantize(quantum, rounding=DECIMAL_NAMES[rounding])
            made = Money.rounded(amount, currency, rounding=rounding)
            assert made.amount == expected, (amount, currency)

    @given(st.decimals(-(10**9), 10**9, places=5), roundings(), currencies())
    def test_it_rounds_every_amount_as_decimal_does(self, amount, rounding, currency):
        quantum = Decimal(1).scaleb(-digits_of(currency))
        expected = amount.quantize(quantum, rounding=DECIMAL_NAMES[rounding])
        assert Money.rounded(amount, currency, rounding=rounding).amount == expected

    @given(st.fractions(max_denominator=50), roundings())
    @example(Fraction(1, 2), Rounding.HALF_EVEN)
    @example(Fraction(3, 2), Rounding.HALF_EVEN)
    @example(Fraction(-1, 2), Rounding.HALF_EVEN)
    @example(Fraction(-3, 2), Rounding.HALF_EVEN)
    def test_the_result_is_less_than_one_away_and_a_half_at_most_for_the_halves(
        self, number, rounding
    ):
        away = abs(round_fraction(number, rounding) - number)
        assert away < 1
        if rounding.value.startswith("half"):
            assert away <= Fraction(1, 2)

    @given(st.integers(), roundings())
    def test_whole_numbers_stay(self, number, rounding):
        assert round_fraction(Fraction(number), rounding) == number

    @given(money(), roundings())
    def test_what_has_no_more_digits_stays(self, any_money, rounding):
        assert Money.rounded(any_money.amount, any_money.currency, rounding=rounding) == any_money

    def test_a_rule_has_no_default(self):
        with pytest.raises(TypeError):
            Money.rounded("1.005", "EUR")  # type: ignore[call-arg]


class TestArithmetic:
    """Sums of one currency add up exactly."""

    @given(money("EUR"), money("EUR"), money("EUR"))
    def test_adding_is_counting_minor_units(self, a, b, c):
        assert (a + b).minor == a.minor + b.minor
        assert a + b == b + a
        assert (a + b) + c == a + (b + c)
        assert a + b - b == a
        assert a - b == -(b - a)
        assert a + Money.zero("EUR") == a

    @given(money())
    def test_the_opposite_and_the_size(self, any_money):
        nothing = Money.zero(any_money.currency)
        assert any_money + -any_money == nothing
        assert abs(any_money) == abs(-any_money) >= nothing
        assert abs(any_money) == (-any_money if any_money.is_negative else any_money)

    @given(money(max_minor=10**9, min_minor=-(10**9)), st.integers(-20, 20))
    def test_so_many_times_is_adding_so_often(self, any_money, count):
        added = sum_money([any_money] * abs(count), any_money.currency)
        assert any_money * count == count * any_money == (added if count >= 0 else -added)

    def test_known_sums(self):
        assert euro("0.10") + euro("0.20") == euro("0.30")
        assert euro("12.30") - euro("12.31") == euro("-0.01")
        assert -euro("5.00") == euro("-5.00")
        assert abs(euro("-5.00")) == euro("5.00")
        assert euro("12.30") * 3 == 3 * euro("12.30") == euro("36.90")
        assert sum_money([], "EUR") == euro("0.00")
        assert sum_money([euro("1"), euro("2"), euro("-0.50")], "EUR") == euro("2.50")

    @pytest.mark.parametrize("other", [1, 1.0, "1", None, Decimal(1), True])
    def test_money_adds_to_money_only(self, other):
        for operate in (
            operator.add,
            operator.sub,
            operator.lt,
            operator.le,
            operator.gt,
            operator.ge,
        ):
            with pytest.raises(TypeError):
                operate(euro("1"), other)
            with pytest.raises(TypeError):
                operate(other, euro("1"))

    @pytest.mark.parametrize("other", [1.5, "3", True, Decimal(2), Fraction(1, 2), euro("2"), None])
    def test_only_a_whole_number_of_times_needs_no_rounding(self, other):
        with pytest.raises(TypeError):
            euro("1") * other
        with pytest.raises(TypeError):
            other * euro("1")

    @given(money(), ratios(), roundings())
    def test_a_ratio_is_taken_exactly_and_rounded_once(self, any_money, ratio, rounding):
        exact = Fraction(ratio) * any_money.minor
        if abs(exact) < MAX_MINOR - 1:
            taken = any_money.times(ratio, rounding=rounding)
            assert taken == Money.of_minor(round_fraction(exact, rounding), any_money.currency)

    def test_known_ratios(self):
        assert euro("19.99").times("0.19", rounding=Rounding.HALF_UP) == euro("3.80")
        assert euro("10.00").times(Fraction(1, 3), rounding=Rounding.DOWN) == euro("3.33")
        assert euro("-10.00").times(Fraction(1, 3), rounding=Rounding.FLOOR) == euro("-3.34")
        assert Money(105, "JPY").times(Decimal("0.1"), rounding=Rounding.HALF_EVEN).minor == 10

    @given(money("EUR"), money("EUR").filter(lambda one: not one.is_zero))
    def test_a_share_is_exact(self, part, whole):
        assert part.ratio_to(whole) * whole.minor == part.minor

    def test_a_known_share(self):
        assert euro("5.00").ratio_to(euro("20.00")) == Fraction(1, 4)
        assert euro("-5.00").ratio_to(euro("20.00")) == Fraction(-1, 4)

    def test_nothing_is_a_share_of_nothing(self):
        with pytest.raises(InvalidMoney) as caught:
            euro("5.00").ratio_to(euro("0.00"))
        assert str(caught.value) == (
            "nothing is a ratio of zero: compare with an amount other than zero"
        )

    def test_the_results_of_a_subclass_are_money(self):
        class Price(Money):
            pass

        assert Price("1", "EUR") + Price("2", "EUR") == euro("3")
        assert type(Price.zero("EUR")) is Price


class TestOrder:
    """Amounts of one currency are ordered as their minor units are."""

    @given(money("EUR"), money("EUR"))
    def test_the_order_is_that_of_the_minor_units(self, a, b):
        assert (a < b) == (a.minor < b.minor)
        assert (a <= b) == (a.minor <= b.minor)
        assert (a > b) == (a.minor > b.minor)
        assert (a >= b) == (a.minor >= b.minor)
        assert (a == b) == (a.minor == b.minor)
        assert (a != b) == (a.minor != b.minor)

    def test_at_the_border(self):
        assert euro("5.00") <= euro("5.00") >= euro("5.00")
        assert not euro("5.00") < euro("5.00")
        assert not euro("5.00") > euro("5.00")
        assert euro("4.99") < euro("5.00") > euro("4.99")


BINARY: dict[str, Callable[[Money, Money], Any]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "less": operator.lt,
    "at most": operator.le,
    "more": operator.gt,
    "at least": operator.ge,
    "share of": lambda a, b: a.ratio_to(b),
    "sum": lambda a, b: sum_money([a, b], a.currency),
    "sum of the other": lambda a, b: sum_money([b], a.currency),
    "largest": max,
    "sorted": lambda a, b: sorted([a, b]),
}


class TestCurrenciesNeverMix:
    """Different currencies never add and never compare equal."""

    PAIRS = list(itertools.permutations(["EUR", "USD", "JPY", "KWD", "CLF"], 2))

    @pytest.mark.parametrize("operate", BINARY.values(), ids=list(BINARY))
    @pytest.mark.parametrize("pair", PAIRS, ids="-".join)
    def test_every_operator_refuses_every_pair(self, operate, pair):
        left, right = (Money(5, currency) for currency in pair)
        with pytest.raises(CurrencyMismatch) as caught:
            operate(left, right)
        assert {caught.value.left, caught.value.right} == set(pair)

    def test_every_pair_of_all_currencies_is_told_apart(self):
        for left, right in itertools.permutations(CURRENCIES, 2):
            one, other = Money.of_minor(500, left), Money.of_minor(500, right)
            assert (one == other) is False
            assert (one != other) is True

    @pytest.mark.parametrize("other", [5, 5.0, "5.00 EUR", None, Decimal(5), object()])
    def test_money_is_equal_to_nothing_else(self, other):
        assert (euro("5.00") == other) is False
        assert (euro("5.00") != other) is True

    def test_nothing_of_one_currency_is_not_nothing_of_another(self):
        assert Money.zero("EUR") != Money.zero("USD")

    def test_the_error_says_what_to_do(self):
        with pytest.raises(CurrencyMismatch) as caught:
            euro("1") + Money(1, "USD")
        assert str(caught.value) == (
            "cannot combine EUR with USD: convert one side first, for example with "
            "ExchangeRates(to='EUR', rates={'USD': ...})"
        )


class TestAllocate:
    """Splitting loses not one minor unit: the parts add up to the whole."""

    @given(money(), weights())
    def test_the_parts_add_up_to_the_whole(self, whole, by):
        assert sum_money(whole.allocate(by), whole.currency) == whole

    @given(money(), weights())
    def test_each_part_is_within_one_minor_unit_of_its_exact_share(self, whole, by):
        total = sum(map(Fraction, by))
        for part, weight in zip(whole.allocate(by), by, strict=True):
            assert abs(part.minor - whole.minor * Fraction(weight) / total) < 1

    @given(money(), weights())
    def test_a_refund_splits_as_the_purchase_did(self, whole, by):
        assert (-whole).allocate(by) == tuple(-part for part in whole.allocate(by))

    @given(money(), weights(), st.integers(1, 1000))
    def test_only_the_proportions_of_the_weights_count(self, whole, by, factor):
        larger = [Fraction(weight) * factor for weight in by]
        assert whole.allocate(by) == whole.allocate(larger)

    @given(money(), weights())
    def test_equal_weights_get_parts_at_most_one_unit_apart_the_earlier_the_larger(self, whole, by):
        sizes: dict[Fraction, list[int]] = {}
        for part, weight in zip(whole.allocate(by), by, strict=True):
            sizes.setdefault(Fraction(weight), []).append(abs(part.minor))
        for same in sizes.values():
            assert same == sorted(same, reverse=True)
            assert same[0] - same[-1] <= 1

    @given(money(), weights())
    def test_who_has_no_weight_gets_nothing(self, whole, by):
        parts = whole.allocate([0, *by])
        assert parts[0].is_zero
        assert parts[1:] == whole.allocate(by)

    @pytest.mark.parametrize(
        ("whole", "by", "parts"),
        [
            ("100.00 EUR", [1, 1, 1], ["33.34", "33.33", "33.33"]),
            ("-100.00 EUR", [1, 1, 1], ["-33.34", "-33.33", "-33.33"]),
            ("0.05 EUR", [3, 7], ["0.02", "0.03"]),
            ("0.01 EUR", [1, 1], ["0.01", "0.00"]),
            ("0.02 EUR", [1, 1, 1], ["0.01", "0.01", "0.00"]),
            ("0.00 EUR", [1, 2], ["0.00", "0.00"]),
            ("10.00 EUR", ["0.7", "0.3"], ["7.00", "3.00"]),
            ("10.00 EUR", [Fraction(1, 3), Fraction(2, 3)], ["3.33", "6.67"]),
            ("10.00 EUR", [0, 5, 0], ["0.00", "10.00", "0.00"]),
            ("10.00 EUR", [Decimal("2.5")], ["10.00"]),
            ("100 JPY", [1, 1, 1], ["34", "33", "33"]),
            ("1 JPY", [1, 1], ["1", "0"]),
            ("1.000 KWD", [1, 1, 1], ["0.334", "0.333", "0.333"]),
            # The unit left over goes to the largest remainder, which is the second.
            ("1.00 EUR", [1, 2, 2, 1], ["0.17", "0.33", "0.33", "0.17"]),
            ("1.00 EUR", [17, 18, 65], ["0.17", "0.18", "0.65"]),
            ("0.10 EUR", [17, 18, 65], ["0.02", "0.02", "0.06"]),
        ],
    )
    def test_known_splits(self, whole, by, parts):
        amount, currency = whole.split()
        split = Money(amount, currency).allocate(by)
        assert [str(part.amount) for part in split] == parts
        assert {part.currency for part in split} == {currency}

    @pytest.mark.parametrize(
        "by", [[], [0], [0, 0], [-1], [1, -1], [2, -1], ["0"], [Fraction(-1, 3), 1], ["0", "-0.5"]]
    )
    def test_weights_that_give_nobody_a_share_are_refused(self, by):
        with pytest.raises(InvalidMoney) as caught:
            euro("1").allocate(by)
        assert str(caught.value) == (
            "cannot allocate by these weights: pass at least one, none of them negative, "
            "and not all of them zero"
        )

    def test_a_text_is_no_list_of_weights(self):
        with pytest.raises(InvalidMoney) as caught:
            euro("1").allocate("112")
        assert str(caught.value) == (
            "weights are a str: pass a list of them, such as ['0.7', '0.3']"
        )


def work_done() -> Iterator[object]:
    """Every calculation of the module, on amounts that three digits cannot hold."""
    price, fee = Money("123456789.12", "EUR"), Money("-0.07", "EUR")
    yield from (price, price.amount, str(price), repr(price), fee.amount, str(fee))
    yield from (price + fee, price - fee, -price, abs(fee), price * 7, 7 * fee)
    yield from (price < fee, price >= fee, price == fee, price.ratio_to(fee), hash(price) == 0)
    by: list[Any] = [1, Decimal("2.000001"), Fraction(1, 7)]
    yield from (price.allocate(by), sum_money([price], "EUR"))
    yield from (
        Money(Decimal("123456789.12"), "EUR"),
        Money("0.00", "EUR"),
        Money(-3, "KWD").amount,
    )
    for rounding in Rounding:
        yield Money.rounded(Decimal("123456.78500001"), "EUR", rounding=rounding)
        yield price.times(Decimal("0.0123456789"), rounding=rounding)
        in_yen = ExchangeRates(to="JPY", rates={"EUR": Decimal("163.456789")}, rounding=rounding)
        yield from (in_yen, in_yen(price))
    for token in ("1e5", "NaN", Decimal("sNaN"), Decimal("1E+999999"), 0.5, Decimal("0.001")):
        with pytest.raises(InvalidMoney) as caught:
            Money(token, "EUR")  # type: ignore[arg-type]
        yield str(caught.value)


class TestDecimalContext:
    """Arithmetic does not depend on the caller's decimal context."""

    EXPECTED = list(work_done())

    @hostile()
    def test_all_results_are_the_same(self, context):
        with localcontext(context):
            results = list(work_done())
        assert results == self.EXPECTED

    @hostile()
    @given(amount=money(), by=weights(), rounding=roundings())
    def test_every_amount_is_the_same(self, context, amount, by, rounding):
        def results() -> list[object]:
            # A seventh of the amount: in whole minor units it could be beyond the largest one.
            seventh = Fraction(amount.minor, 7 * 10 ** digits_of(amount.currency))
            return [
                str(amount),
                Money(amount.amount, amount.currency),
                amount.allocate(by),
                Money.rounded(seventh, amount.currency, rounding=rounding),
            ]

        expected = results()
        with localcontext(context):
            assert results() == expected

    @hostile()
    def test_the_caller_finds_the_context_as_it_was(self, context):
        with localcontext(context) as mine:
            mine.clear_flags()
            before = repr(mine)
            list(work_done())
            assert repr(mine) == before


class TestExchangeRates:
    """The rates at which a shop converts its takings into one currency of account."""

    def test_known_conversions(self):
        in_euro = ExchangeRates(to="EUR", rates={"USD": "0.92", "JPY": Decimal("0.0061"), "KWD": 3})
        assert in_euro(Money("10.00", "USD")) == euro("9.20")
        assert in_euro(Money(1000, "JPY")) == euro("6.10")
        assert in_euro(Money("0.005", "KWD")) == euro("0.02")
        assert in_euro(euro("5.55")) == euro("5.55")

    def test_rounding_is_half_even_unless_named(self):
        rates = {"USD": "0.5"}
        assert ExchangeRates(to="EUR", rates=rates)(Money("0.01", "USD")) == euro("0.00")
        up = ExchangeRates(to="EUR", rates=rates, rounding=Rounding.HALF_UP)
        assert up(Money("0.01", "USD")) == euro("0.01")

    @given(exchange_rates("EUR"), st.integers(-(10**9), 10**9))
    def test_a_conversion_is_exact_but_for_the_last_unit(self, in_euro, minor):
        for code, rate in in_euro.rates.items():
            converted = in_euro(Money.of_minor(minor, code))
            exact = Fraction(minor, 10 ** digits_of(code)) * rate * 100
            assert converted.currency == "EUR"
            assert abs(converted.minor - exact) < 1

    def test_a_currency_without_a_rate_is_not_guessed(self):
        with pytest.raises(CurrencyMismatch) as caught:
            ExchangeRates(to="EUR", rates={"USD": "0.92"})(Money(1, "CHF"))
        assert (caught.value.left, caught.value.right) == ("EUR", "CHF")

    @pytest.mark.parametrize("rate", [0, -1, "-0.5", Fraction(-1, 2), Decimal(0)])
    def test_a_rate_is_above_zero(self, rate):
        with pytest.raises(InvalidMoney) as caught:
            ExchangeRates(to="EUR", rates={"USD": rate})
        assert str(caught.value) == "an exchange rate is above zero: how much one unit is worth"

    @pytest.mark.parametrize(("to", "other"), [("XYZ", "USD"), ("EUR", "XYZ"), ("eur", "USD")])
    def test_both_currencies_exist(self, to, other):
        with pytest.raises(InvalidMoney, match="unknown currency"):
            ExchangeRates(to=to, rates={other: "1.1"})

    def test_rates_are_exact_and_read_only(self):
        given_rates: dict[str, Any] = {"USD": "0.92"}
        in_euro = ExchangeRates(to="EUR", rates=given_rates)
        given_rates["USD"] = "5"
        assert dict(in_euro.rates) == {"USD": Fraction(23, 25)}
        with pytest.raises(TypeError):
            in_euro.rates["USD"] = Fraction(5)  # type: ignore[index]

    def test_equal_terms_are_equal_whatever_the_order(self):
        one = ExchangeRates(to="EUR", rates={"USD": "0.92", "CHF": "1.05"})
        other = ExchangeRates(to="EUR", rates={"CHF": Fraction(21, 20), "USD": Decimal("0.920")})
        assert one == other
        assert hash(one) == hash(other)
        assert one != ExchangeRates(to="EUR", rates={"USD": "0.92"})
