"""What retention needs beyond the annotations of its classes, to draw values of them."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from crmkit.errors import MissingExtra
from crmkit.retention import (
    ActivityDecline,
    ActivityFacts,
    ChurnCause,
    ChurnWarning,
    ChurnWeights,
    Level,
    LostClass,
    LostClassPolicy,
    LostMapping,
    LostType,
    PreventionPlan,
    RecoveryUplift,
    Signal,
    Targeted,
    WinBackCase,
    WinBackFacts,
    WinBackPolicy,
)
from crmkit.testing.drawing import Maker, by_fields, drawn_from, with_fields
from crmkit.testing.retention import win_backs

try:
    from hypothesis import strategies as st
except ImportError:
    raise MissingExtra("hypothesis", "testing") from None

__all__ = ["MAKERS"]

Strategy = st.SearchStrategy
Draw = Callable[[Strategy[Any]], Any]

_DAYS = drawn_from(date, "EUR")
_KEYS = drawn_from(str, "EUR")
_COUNTS = st.integers(0, 500)
_SHARES = st.fractions(Fraction(1, 20), 1, max_denominator=20)


def _before(draw: Draw, day: date, most: int = 900) -> date:
    return day - timedelta(days=draw(st.integers(0, most)))


@st.composite
def _activity(draw: Draw, currency: str) -> ActivityFacts:
    """The days of purchase, none after the day of the facts."""
    as_of = draw(_DAYS)
    ago = draw(st.lists(st.integers(0, 900), max_size=6))
    days = tuple(sorted(as_of - timedelta(days=count) for count in ago))
    table = with_fields(ActivityFacts, as_of=st.just(as_of), bought_on=st.just(days))
    return draw(table(currency))  # type: ignore[no-any-return]


@st.composite
def _win_back_facts(draw: Draw, currency: str) -> WinBackFacts:
    as_of = draw(_DAYS)
    lost_on = _before(draw, as_of)
    since = (as_of - lost_on).days
    ago = draw(st.lists(st.integers(0, since), max_size=3, unique=True))
    tried = tuple(sorted(as_of - timedelta(days=days) for days in ago))
    table = with_fields(
        WinBackFacts, as_of=st.just(as_of), lost_on=st.just(lost_on), attempts=st.just(tried)
    )
    return draw(table(currency))  # type: ignore[no-any-return]


def _levels(currency: str) -> Strategy[Level]:
    """A weight by itself, or one that was counted from both who left and who stayed."""
    weight = st.floats(-4, 4, allow_subnormal=False)
    return st.builds(Level, _KEYS, weight) | st.builds(
        Level, _KEYS, weight, left=st.integers(1, 500), stayed=st.integers(1, 500)
    )


@st.composite
def _signals(draw: Draw, currency: str, name: str | None = None) -> Signal:
    """Two levels or more, each with a name of its own, which cuts may part."""
    names = draw(st.lists(_KEYS, min_size=2, max_size=4, unique=True))
    levels = tuple(Level(each, draw(st.floats(-4, 4, allow_subnormal=False))) for each in names)
    cuts: tuple[float, ...] = ()
    if draw(st.booleans()):
        size = len(levels) - 1
        whole = draw(st.lists(st.integers(0, 500), min_size=size, max_size=size, unique=True))
        cuts = tuple(map(float, sorted(whole)))
    return Signal(draw(_KEYS) if name is None else name, levels, cuts=cuts)


@st.composite
def _weights(draw: Draw, currency: str) -> ChurnWeights:
    names = draw(st.lists(_KEYS, min_size=1, max_size=3, unique=True))
    signals = tuple(draw(_signals(currency, name)) for name in names)
    return ChurnWeights(base_rate=draw(st.floats(0.01, 0.9)), signals=signals)


@st.composite
def _warnings(draw: Draw, currency: str) -> ChurnWarning:
    weights = draw(_weights(currency))
    watch, warn = sorted(draw(st.lists(st.integers(1, 99), min_size=2, max_size=2)))
    kinds = len({signal.kind for signal in weights.signals})
    return ChurnWarning(
        weights=weights,
        watch_from=watch / 100,
        warn_from=warn / 100,
        agreeing=draw(st.integers(0, kinds)),
    )


@st.composite
def _mappings(draw: Draw, currency: str) -> LostMapping:
    """Each of the five classes has a type, and all four types are used."""
    types = [*LostType, draw(st.sampled_from(LostType))]
    return LostMapping(dict(zip(LostClass, draw(st.permutations(types)), strict=True)))


def _targets(currency: str) -> Strategy[Targeted]:
    """Who is held out is left alone; for the others there is a measure."""
    return by_fields(
        Targeted,
        currency,
        held_out=st.just(value=True),
        measures=st.just(()),
        contact_from=st.none(),
    ) | by_fields(
        Targeted,
        currency,
        held_out=st.just(value=False),
        measures=st.lists(_KEYS, min_size=1, max_size=3, unique=True).map(tuple),
    )


@st.composite
def _uplifts(draw: Draw, currency: str) -> RecoveryUplift:
    treated, held_out = draw(_COUNTS), draw(_COUNTS)
    return RecoveryUplift(
        treated=treated,
        treated_recovered=draw(st.integers(0, treated)),
        held_out=held_out,
        held_out_recovered=draw(st.integers(0, held_out)),
    )


_MEASURES = st.lists(_KEYS, min_size=1, max_size=2, unique=True).map(tuple)

MAKERS: Mapping[type, Maker] = {
    ActivityFacts: _activity,
    ActivityDecline: with_fields(
        ActivityDecline,
        factor=st.fractions(1, 5, max_denominator=4),
        falls_by=_SHARES,
    ),
    WinBackFacts: _win_back_facts,
    WinBackCase: lambda currency: win_backs(),
    WinBackPolicy: with_fields(WinBackPolicy, unit=_KEYS),
    Targeted: _targets,
    Level: _levels,
    Signal: _signals,
    ChurnWeights: _weights,
    ChurnWarning: _warnings,
    LostMapping: _mappings,
    LostClassPolicy: with_fields(
        LostClassPolicy, order=st.permutations(list(LostClass)).map(tuple)
    ),
    PreventionPlan: with_fields(
        PreventionPlan, by_cause=st.fixed_dictionaries(dict.fromkeys(ChurnCause, _MEASURES))
    ),
    RecoveryUplift: _uplifts,
}
