"""crmkit is held to the numbers that it hands out for the tests of others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from attrs.exceptions import FrozenInstanceError

from crmkit.business_time import BusinessCalendar, Closure
from crmkit.identifiers import CustomerId
from crmkit.lifetime_value import (
    BgBb,
    BgNbd,
    FirstMargin,
    GammaGamma,
    MarkovValue,
    MbgNbd,
    ParetoNbd,
    RepeatPurchaseFacts,
    RetentionValue,
    ShiftedBetaGeometric,
    summarize_repeat_purchases,
)
from crmkit.loyalty import (
    BaseRate,
    EarningFacts,
    EarningRule,
    EarningRules,
    ExpiresAfter,
    LedgerTerms,
    Multiplier,
    NeverExpires,
    PointsLedger,
)
from crmkit.money import Money, Rounding
from crmkit.period import Rate, Unit, add_units
from crmkit.records import Purchase
from crmkit.recurrence import Every, InFold, InGap, WallTime
from crmkit.retention.numerics import share_bounds
from crmkit.segmentation import AbcTiers, CutConvention
from crmkit.testing import vectors
from crmkit.testing.vectors import Vector
from tests.lifetime_value.cdnow import calibration_sample
from tests.segmentation.policy_laws import worth

ANNA = CustomerId("anna")
GROUPS: dict[str, tuple[Vector, ...]] = {
    name: getattr(vectors, name) for name in vectors.__all__ if name.isupper()
}


def euros(amount: str | int) -> Money:
    return Money(amount, "EUR")


# --- how crmkit answers ---------------------------------------------------------------------------


def ask_a_model(kind: Any, parameters: tuple[str, ...]) -> Callable[[Vector], Any]:
    """Ask a model for the quantity that a vector names, or for its fit."""

    def answer(vector: Vector) -> Any:
        inputs = dict(vector.inputs)
        if vector.asks in ("fit", "log_likelihood", "correlation"):
            fitted = kind.fit(inputs.get("survivors") or calibration_sample())
            if vector.asks == "fit":
                return tuple(getattr(fitted, name) for name in parameters)
            if vector.asks == "correlation":
                return fitted.independence.correlation
            return fitted.fitted.log_likelihood
        model = kind(**{name: inputs.pop(name) for name in parameters})
        if "rate" in inputs:
            model = evolve(model, unit=Unit.WEEK)
        asked = getattr(model, vector.asks)
        if "history" in inputs:
            inputs["history"] = RepeatPurchaseFacts(*inputs["history"])
        if "rate" in inputs:
            inputs["rate"] = Rate.continuous(inputs["rate"], Unit.WEEK)
        if "repeats" in inputs:
            return asked(RepeatPurchaseFacts(inputs["repeats"], 30.0, 40.0, inputs["mean"]))
        return asked(*inputs.values()) if callable(asked) else asked

    return answer


def ask_for_retention_value(vector: Vector) -> Any:
    inputs = dict(vector.inputs)
    terms: dict[str, Any] = {
        "margin": euros(inputs["margin"]),
        "retention": inputs["retention"],
        "discount": Rate.annual(inputs["discount"]),
        "periods": inputs.get("periods"),
    }
    if vector.asks == "value_with_first_margin":
        terms["first_margin"] = FirstMargin.AT_ONCE
    policy = RetentionValue(**terms)
    return policy.multiple if vector.asks == "multiple" else policy.exact


def ask_for_markov_value(vector: Vector) -> Any:
    inputs = vector.inputs
    return MarkovValue(
        margin=euros(inputs["margin"]),
        contact_cost=euros(inputs["contact_cost"]),
        discount=Rate.annual(inputs["discount"]),
        purchase_probabilities=inputs["purchase_probabilities"],
        periods=inputs["periods"],
    ).exact


def ask_for_a_summary(vector: Vector) -> Any:
    days, spend = vector.inputs["days"], vector.inputs["spend"]
    bought = [Purchase(ANNA, day, euros(paid)) for day, paid in zip(days, spend, strict=True)]
    facts = summarize_repeat_purchases(bought, as_of=vector.inputs["until"], unit=Unit.DAY)[ANNA]
    mean = facts.mean_repeat_spend
    assert isinstance(mean, Money)
    return (
        facts.repeat_purchases,
        facts.age_at_last_purchase,
        facts.customer_age,
        Fraction(mean.minor, 100),
    )


def ask_for_classes(vector: Vector) -> str:
    values = [euros(value) for value in vector.inputs["values"]]
    abc = AbcTiers.fit(values, cuts=vector.inputs["cuts"], convention=CutConvention(vector.asks))
    return "".join(abc.outcomes(worth(value) for value in values))


def calendar_of(vector: Vector) -> BusinessCalendar:
    inputs = vector.inputs
    closures = [Closure(day) for day in inputs.get("closed", ())]
    make: Any = (
        BusinessCalendar.on_weekdays
        if inputs.get("days") == "mon-fri"
        else BusinessCalendar.every_day
    )
    calendar: BusinessCalendar = make(*inputs["windows"], zone=inputs["zone"], closures=closures)
    return calendar


def ask_for_a_deadline(vector: Vector) -> datetime:
    return calendar_of(vector).due(vector.inputs["start"], vector.inputs["budget"])


def ask_for_elapsed_time(vector: Vector) -> timedelta:
    zone = ZoneInfo(vector.inputs["zone"])
    start, end = (
        datetime.combine(vector.inputs["day"], time(hour), zone).astimezone(UTC) for hour in (0, 6)
    )
    return calendar_of(vector).elapsed(start, end)


def ask_for_an_instant(vector: Vector) -> str:
    inputs = vector.inputs
    at = WallTime(inputs["at"], InGap(inputs["gap"]), InFold(inputs["fold"]))
    return at.on(inputs["day"], inputs["zone"]).isoformat()


def ask_for_another_day(vector: Vector) -> Any:
    since, count = vector.inputs["since"], vector.inputs["count"]
    unit = Unit(vector.inputs["unit"])
    if count > 0:
        assert Every(count, unit).nth(1, since=since) == vector.expected
        assert Every(1, unit).nth(count, since=since) == vector.expected
    return add_units(since, count, unit)


def ask_to_round(vector: Vector) -> str:
    inputs = vector.inputs
    rounded = Money.rounded(
        inputs["amount"], inputs["currency"], rounding=Rounding(inputs["rounding"])
    )
    return str(rounded.amount)


def ask_to_allocate(vector: Vector) -> tuple[str, ...]:
    inputs = vector.inputs
    parts = Money(inputs["amount"], inputs["currency"]).allocate(inputs["weights"])
    return tuple(str(part.amount) for part in parts)


def ask_for_multiplied_points(vector: Vector) -> int:
    rules = EarningRules(
        (
            EarningRule("base", BaseRate(1, per=euros(1)), priority=1),
            EarningRule("more", Multiplier(vector.inputs["factor"]), priority=2),
        )
    )
    facts = EarningFacts.single(ANNA, date(2026, 3, 1), euros(vector.inputs["amount"]))
    return rules(facts).outcome.points


def ask_for_lots(vector: Vector) -> tuple[int, ...]:
    ledger = PointsLedger(ANNA, LedgerTerms())
    earned = []
    for number, (what, points, on, last) in enumerate(vector.inputs["entries"]):
        key = f"entry-{number}"
        expiry = NeverExpires() if last is None else ExpiresAfter((last - on).days)
        if what == "earned":
            earned.append(key)
            ledger = evolve(ledger, terms=LedgerTerms(expiry)).accrue(points, on=on, key=key)
        else:
            ledger = ledger.redeem(points, on=on, key=key)
    day = vector.inputs["as_of"]
    assert ledger.balance(day).is_conserved
    left = {lot.id: lot.points for lot in ledger.as_of(day).account.as_of(day).lots}
    return tuple(left.get(key, 0) for key in earned)


ANSWERS: dict[str, Callable[[Vector], Any]] = {
    "BG_NBD": ask_a_model(BgNbd, ("r", "alpha", "a", "b")),
    "MBG_NBD": ask_a_model(MbgNbd, ("r", "alpha", "a", "b")),
    "PARETO_NBD": ask_a_model(ParetoNbd, ("r", "alpha", "s", "beta")),
    "GAMMA_GAMMA": ask_a_model(GammaGamma, ("p", "q", "v")),
    "BG_BB": ask_a_model(BgBb, ("alpha", "beta", "gamma", "delta")),
    "SHIFTED_BETA_GEOMETRIC": ask_a_model(ShiftedBetaGeometric, ("alpha", "beta")),
    "RETENTION_VALUE": ask_for_retention_value,
    "MARKOV_VALUE": ask_for_markov_value,
    "PURCHASE_SUMMARIES": ask_for_a_summary,
    "ABC": ask_for_classes,
    "SHARES": lambda vector: share_bounds(*vector.inputs.values()),
    "BUSINESS_TIME": ask_for_a_deadline,
    "DST": ask_for_elapsed_time,
    "WALL_TIMES": ask_for_an_instant,
    "MONTH_ENDS": ask_for_another_day,
    "ROUNDING": ask_to_round,
    "ALLOCATION": ask_to_allocate,
    "MULTIPLIED_POINTS": ask_for_multiplied_points,
    "POINTS": ask_for_lots,
}


class TestCrmkit:
    """Whatever is handed out to hold others to holds for crmkit itself."""

    @pytest.mark.parametrize(
        ("group", "vector"),
        [
            pytest.param(name, vector, id=f"{name}-{vector}")
            for name, group in GROUPS.items()
            for vector in group
        ],
    )
    def test_it_gives_the_published_answer(self, group, vector):
        found = ANSWERS[group](vector)
        assert vector.agrees(found), found

    def test_no_group_is_left_out(self):
        assert ANSWERS.keys() == GROUPS.keys()


class TestVectors:
    """The data are data: frozen, told apart by their names, and a wrong answer is wrong."""

    @pytest.mark.parametrize("group", GROUPS.values(), ids=list(GROUPS))
    def test_each_says_where_it_comes_from(self, group):
        assert all(vector.source and vector.asks for vector in group)
        assert len({str(vector) for vector in group}) == len(group) > 0

    def test_the_right_answer_agrees_and_no_wrong_one_does(self):
        every = [vector for group in GROUPS.values() for vector in group]
        assert all(vector.agrees(vector.expected) for vector in every)
        wrong = [(vector, answer) for vector in every for answer in vector.wrong]
        assert len(wrong) > 30
        assert not any(vector.agrees(answer) for vector, answer in wrong)

    def test_nobody_can_change_them(self):
        vector = vectors.BG_NBD[0]
        with pytest.raises(FrozenInstanceError):
            vector.expected = 1.0  # type: ignore[misc]
        with pytest.raises(TypeError):
            vector.inputs["r"] = 1.0  # type: ignore[index]

    @pytest.mark.parametrize(
        ("found", "agrees"), [(100.0, True), (100.5, True), (99, False), (100.51, False)]
    )
    def test_an_answer_may_be_as_far_off_as_it_was_published(self, found, agrees):
        vector = evolve(vectors.BG_NBD[0], expected=100.0, relative=0.001, absolute=0.5)
        assert vector.agrees(found) is agrees
        by_far = evolve(vectors.BG_NBD[0], expected=100.0, relative=0.005, absolute=0.0)
        assert by_far.agrees(found) is agrees

    @pytest.mark.parametrize("found", [(1, 2.0), [1, Fraction(2)], (1, 2.0, 3), (2, 2.0), 1, None])
    def test_of_several_numbers_each_must_agree(self, found):
        vector = evolve(vectors.BG_NBD[0], expected=(1, 2.0))
        assert vector.agrees(found) is (found in ((1, 2.0), [1, Fraction(2)]))
