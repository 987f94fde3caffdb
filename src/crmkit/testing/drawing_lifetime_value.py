"""What lifetime value needs beyond the annotations of its classes, to draw values of them."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from crmkit.errors import MissingExtra
from crmkit.lifetime_value import (
    BetaDiscreteWeibull,
    BgBb,
    BgNbd,
    CountedFacts,
    CountedRenewals,
    CountedSpend,
    CrossSellChance,
    CrossSellFacts,
    EquityDrivers,
    ExpectedLoss,
    ExpectedPayback,
    ExpectedValue,
    FitReport,
    FittedModel,
    GammaGamma,
    HoldoutSplit,
    Horizon,
    MarkovTable,
    MarkovValue,
    MbgNbd,
    ParetoNbd,
    PaybackTime,
    RenewalSplit,
    RenewalValue,
    RepeatPurchaseColumns,
    RepeatPurchaseFacts,
    RepeatPurchaseSummary,
    RetentionValue,
    RiskAdjustedValue,
    ShiftedBetaGeometric,
    StopContacting,
    split_holdout,
    summarize_repeat_purchases,
)
from crmkit.money import Money
from crmkit.period import Rate, Unit
from crmkit.testing.drawing import Maker, by_fields, drawn_from, values_in, with_fields
from crmkit.testing.shared import purchase_histories, repeat_purchase_facts

try:
    from hypothesis import strategies as st
except ImportError:
    raise MissingExtra("hypothesis", "testing") from None

__all__ = ["MAKERS"]

Strategy = st.SearchStrategy
Draw = Callable[[Strategy[Any]], Any]

_DAYS = drawn_from(date, "EUR")
_KEYS = drawn_from(str, "EUR")
_UNITS = st.none() | st.sampled_from(Unit)
_SHARES = st.fractions(0, 1, max_denominator=20)
_ABOVE_ZERO = st.floats(0.05, 20, allow_subnormal=False)
_YEARLY = st.fractions(Fraction(1, 100), Fraction(1, 5), max_denominator=100).map(Rate.annual)


# --- facts ----------------------------------------------------------------------------------------


@st.composite
def _counted_facts(draw: Draw, currency: str) -> CountedFacts:
    """Rows of how often, until when and how long, and how many customers have them."""
    whole = draw(st.booleans())
    unit = draw(_UNITS)
    rows: dict[tuple[int, float, float], int] = {}
    each = repeat_purchase_facts(
        unit=unit, whole_units=whole, currency=None, max_repeats=50, max_age=200
    )
    for facts in draw(st.lists(each, min_size=1, max_size=4)):
        row = (facts.repeat_purchases, facts.age_at_last_purchase, facts.customer_age)
        rows[row] = draw(st.integers(1, 1_000))
    return CountedFacts(rows, unit=unit, whole_units=whole)


def _counted_spend(currency: str) -> Strategy[CountedSpend]:
    rows = st.tuples(st.integers(1, 50), st.floats(0.01, 10_000))
    return st.builds(
        CountedSpend,
        st.dictionaries(rows, st.integers(1, 1_000), min_size=1, max_size=4),
        currency=st.none() | st.just(currency),
        left_out=st.integers(0, 9),
        without_repeats=st.integers(0, 9),
    )


_RENEWED = st.dictionaries(st.integers(0, 12), st.integers(1, 1_000), min_size=1, max_size=4)


def _counted_renewals(currency: str) -> Strategy[CountedRenewals]:
    return st.builds(CountedRenewals, churned=_RENEWED, active=_RENEWED, unit=_UNITS)


@st.composite
def _renewal_splits(draw: Draw, currency: str) -> RenewalSplit:
    """What is left of the active customers never rises."""
    known = draw(_counted_renewals(currency))
    periods = draw(st.integers(1, 4))
    later = {
        since: tuple(sorted((draw(st.integers(0, most)) for _ in range(periods)), reverse=True))
        for since, most in known.active.items()
    }
    return RenewalSplit(calibration=known, later=later, periods=periods)


@st.composite
def _summaries(draw: Draw, currency: str) -> RepeatPurchaseSummary:
    last_day = date(2026, 6, 30)
    lines = draw(purchase_histories(currency=currency, last_day=last_day, max_customers=3))
    unit = draw(st.sampled_from([Unit.DAY, Unit.WEEK]))
    return summarize_repeat_purchases(lines, as_of=last_day, unit=unit)


@st.composite
def _splits(draw: Draw, currency: str) -> HoldoutSplit:
    """A history cut in two, somewhere before its end."""
    last_day = date(2026, 6, 30)
    lines = draw(purchase_histories(currency=currency, last_day=last_day, max_customers=3))
    first = min(line.on for line in lines)
    end = min(first + timedelta(days=draw(st.integers(0, 400))), last_day - timedelta(days=30))
    return split_holdout(lines, max(first, end), last_day, unit=Unit.WEEK)


@st.composite
def _cross_sell(draw: Draw, currency: str) -> CrossSellFacts:
    """What a customer may come to buy, on the day of the facts or later."""
    as_of = draw(_DAYS)
    on = st.integers(0, 800).map(lambda days: as_of + timedelta(days=days))
    chances = st.lists(by_fields(CrossSellChance, currency, on=on), min_size=1, max_size=3)
    return draw(  # type: ignore[no-any-return]
        by_fields(CrossSellFacts, currency, as_of=st.just(as_of), chances=chances.map(tuple))
    )


# --- models ---------------------------------------------------------------------------------------


def _reports(*names: str) -> Strategy[FitReport]:
    """Reports of a fit, for the parameters of a model."""
    size = len(names)
    return by_fields(
        FitReport,
        "EUR",
        parameters=st.fixed_dictionaries(dict.fromkeys(names, _ABOVE_ZERO)),
        names=st.just(names),
        information=st.lists(
            st.lists(_ABOVE_ZERO, min_size=size, max_size=size).map(tuple),
            min_size=size,
            max_size=size,
        ).map(tuple),
    )


def _model(cls: type[Any], *names: str, **others: Strategy[Any] | Maker) -> Maker:
    """A model with its parameters, put in by hand."""
    parameters = dict.fromkeys(names, _ABOVE_ZERO)
    return with_fields(cls, fitted=st.none(), **parameters, **others)


# --- policies -------------------------------------------------------------------------------------


@st.composite
def _drivers(draw: Draw, currency: str) -> EquityDrivers:
    """Three shares that add up to one."""
    whole = 20
    value = draw(st.integers(0, whole))
    brand = draw(st.integers(0, whole - value))
    return EquityDrivers(
        value=Fraction(value, whole),
        brand=Fraction(brand, whole),
        relationship=Fraction(whole - value - brand, whole),
    )


@st.composite
def _tables(draw: Draw, currency: str) -> MarkovTable:
    """One row for each state, which adds up to one; who leaves has a state."""
    from crmkit.lifetime_value import MarkovState

    size = draw(st.integers(1, 3))
    states = draw(
        st.lists(
            values_in(MarkovState, currency),
            min_size=size,
            max_size=size,
            unique_by=lambda state: state.name,
        )
    )
    rows = []
    for _ in states:
        parts = draw(st.lists(st.integers(0, 9), min_size=size, max_size=size))
        parts[-1] += 1
        rows.append(tuple(Fraction(part, sum(parts)) for part in parts))
    return MarkovTable(
        states=tuple(states),
        transitions=tuple(rows),
        discount=draw(_YEARLY),
        periods=draw(st.none() | st.integers(1, 20)),
    )


_HORIZONS = st.builds(Horizon, st.integers(1, 20), st.sampled_from([Unit.MONTH, Unit.YEAR]))


def _expected(currency: str) -> Strategy[ExpectedValue[Any, Any]]:
    """A model of when, and one of how much or an amount that is known."""
    models = (BgNbd, MbgNbd, ParetoNbd)
    weekly = [
        with_fields(model, unit=st.just(Unit.WEEK), fitted=st.none(), **_parameters(model))(
            currency
        )
        for model in models
    ]
    return with_fields(
        ExpectedValue,
        purchases=st.one_of(weekly),
        spend=lambda code: values_in(Money, code),
        discount=_YEARLY,
        horizon=_HORIZONS,
    )(currency)


def _parameters(model: type[Any]) -> dict[str, Strategy[float]]:
    return dict.fromkeys(_NAMES[model], _ABOVE_ZERO)


_NAMES: Mapping[type, tuple[str, ...]] = {
    BgNbd: ("r", "alpha", "a", "b"),
    MbgNbd: ("r", "alpha", "a", "b"),
    ParetoNbd: ("r", "alpha", "s", "beta"),
    BgBb: ("alpha", "beta", "gamma", "delta"),
    ShiftedBetaGeometric: ("alpha", "beta"),
    BetaDiscreteWeibull: ("alpha", "beta", "c"),
    GammaGamma: ("p", "q", "v"),
}

_RETENTION = with_fields(
    RetentionValue,
    retention=st.fractions(0, Fraction(99, 100), max_denominator=100),
    discount=_YEARLY,
    unit=st.just(Unit.YEAR),
)
_RENEWALS = st.builds(
    ShiftedBetaGeometric, alpha=_ABOVE_ZERO, beta=_ABOVE_ZERO, unit=st.just(Unit.YEAR)
)

MAKERS: Mapping[type, Maker] = {
    RepeatPurchaseFacts: lambda currency: repeat_purchase_facts(currency=currency, max_age=2_000),
    RepeatPurchaseSummary: _summaries,
    RepeatPurchaseColumns: lambda currency: _summaries(currency).map(
        lambda each: each.repeat_columns()
    ),
    CountedFacts: _counted_facts,
    CountedSpend: _counted_spend,
    CountedRenewals: _counted_renewals,
    RenewalSplit: _renewal_splits,
    HoldoutSplit: _splits,
    CrossSellFacts: _cross_sell,
    FitReport: lambda currency: _reports("alpha", "beta"),
    **{model: _model(model, *names) for model, names in _NAMES.items() if model is not GammaGamma},
    GammaGamma: _model(
        GammaGamma,
        *_NAMES[GammaGamma],
        currency=lambda code: st.none() | st.just(code),
        independence=st.none(),
    ),
    FittedModel: with_fields(
        FittedModel, model=lambda code: values_in(BgNbd, code) | values_in(GammaGamma, code)
    ),
    EquityDrivers: _drivers,
    Horizon: lambda currency: _HORIZONS,
    MarkovTable: _tables,
    MarkovValue: with_fields(MarkovValue, discount=_YEARLY, unit=st.just(Unit.YEAR)),
    StopContacting: lambda currency: _tables(currency).map(StopContacting),
    RetentionValue: _RETENTION,
    PaybackTime: with_fields(PaybackTime, value=_RETENTION),
    ExpectedValue: _expected,
    RiskAdjustedValue: with_fields(
        RiskAdjustedValue, method=lambda code: values_in(ExpectedLoss, code)
    ),
    ExpectedPayback: with_fields(ExpectedPayback, value=_expected),
    RenewalValue: with_fields(RenewalValue, renewals=_RENEWALS, discount=_YEARLY),
}
