"""What segmentation needs beyond the annotations of its classes, to draw values of them."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from crmkit.decision import Comparison
from crmkit.errors import MissingExtra
from crmkit.identifiers import CustomerId
from crmkit.money import Money
from crmkit.segmentation import (
    AbcTiers,
    AllOf,
    AnyOf,
    BuyerClasses,
    Condition,
    CreditGrades,
    CustomerLists,
    CustomerMatrix,
    CustomerPyramid,
    DeclineDetector,
    FixedBounds,
    Focus,
    GradeStandard,
    Histogram,
    Known,
    LifecycleStage,
    LifecycleStages,
    ListGround,
    Listing,
    MatrixAxis,
    MatrixCell,
    MatrixWordAxis,
    NestedRfmScale,
    Not,
    OneOf,
    OrdinalScale,
    ParetoFocus,
    PartnerAbc,
    PartnerClass,
    PartnerFacts,
    PolicyComparison,
    RankCuts,
    RelationshipFacts,
    RfmColumns,
    RfmFacts,
    RfmScale,
    RfmSegmentation,
    RfmSummary,
    RuleSegments,
    ScoreStep,
    Segment,
    SegmentMap,
    SegmentRule,
    ServiceChannels,
    ServiceLevel,
    StepTable,
    ValueFactor,
    ValueScale,
    ValueSegment,
    ValueSegments,
    compare_policies,
    summarize_rfm,
)
from crmkit.testing.drawing import Maker, drawn_from, values_in, with_fields
from crmkit.testing.shared import purchase_histories

try:
    from hypothesis import strategies as st
except ImportError:
    raise MissingExtra("hypothesis", "testing") from None

__all__ = ["MAKERS"]

Strategy = st.SearchStrategy
Draw = Callable[[Strategy[Any]], Any]

_DAYS = drawn_from(date, "EUR")
_KEYS = drawn_from(str, "EUR")
_FIELDS = st.sampled_from(["recency_days", "frequency", "monetary", "customer"])
_SHARES = st.fractions(Fraction(1, 20), 1, max_denominator=20)
_WORDS = st.lists(_KEYS, min_size=2, max_size=4, unique=True).map(tuple)
_SCALES = st.just(OrdinalScale(("low", "middle", "high"))) | _WORDS.map(OrdinalScale)


def _amounts(currency: str, least: int = 1) -> Strategy[Money]:
    return st.integers(least, 10**7).map(lambda minor: Money.of_minor(minor, currency))


def _rising(elements: Strategy[Any], count: int) -> Strategy[tuple[Any, ...]]:
    """As many values as asked for, each above the last."""
    return st.lists(elements, min_size=count, max_size=count, unique=True).map(
        lambda found: tuple(sorted(found))
    )


def _each(members: Iterable[Any], values: Strategy[Any]) -> Strategy[dict[Any, Any]]:
    """A table that names each member once."""
    return st.fixed_dictionaries(dict.fromkeys(members, values))


# --- facts ----------------------------------------------------------------------------------------


@st.composite
def _rfm_facts(draw: Draw, currency: str) -> RfmFacts:
    """A customer who bought once or often, and nothing after the day of the facts."""
    as_of = draw(_DAYS)
    recency = draw(st.integers(0, 900))
    frequency = draw(st.integers(1, 5) | st.integers(1, 500))
    last = as_of - timedelta(days=recency)
    first = last - timedelta(days=draw(st.integers(0, 900))) if frequency > 1 else last
    total = draw(_amounts(currency, 0))
    return RfmFacts(
        customer=CustomerId(draw(_KEYS)),
        as_of=as_of,
        first_purchase_on=first,
        last_purchase_on=last,
        frequency=frequency,
        monetary=total,
        total=total,
    )


@st.composite
def _partner_facts(draw: Draw, currency: str) -> PartnerFacts:
    as_of = draw(_DAYS)
    year = as_of.year - draw(st.integers(0, 1))
    years = range(year - draw(st.integers(0, 3)), year + 1)
    table = with_fields(
        PartnerFacts,
        as_of=st.just(as_of),
        year=st.just(year),
        sales=_each(years, _amounts(currency, 0)),
        cooperation=st.sampled_from(["low", "middle", "high"]),
        loyalty=st.sampled_from(["low", "middle", "high"]),
    )
    return draw(table(currency))  # type: ignore[no-any-return]


@st.composite
def _relationship_facts(draw: Draw, currency: str) -> RelationshipFacts:
    as_of = draw(_DAYS)
    since = as_of - timedelta(days=draw(st.integers(0, 2_000)))
    table = with_fields(RelationshipFacts, as_of=st.just(as_of), since=st.just(since))
    return draw(table(currency))  # type: ignore[no-any-return]


@st.composite
def _summaries(draw: Draw, currency: str) -> RfmSummary:
    last_day = date(2026, 6, 30)
    lines = draw(purchase_histories(currency=currency, last_day=last_day, max_customers=3))
    return summarize_rfm(lines, as_of=last_day)


def _histograms(currency: str) -> Strategy[Histogram]:
    counts = st.dictionaries(st.integers(0, 10**6), st.integers(1, 99), max_size=5)
    return st.builds(Histogram, counts, st.none() | st.just(currency))


# --- conditions and rules -------------------------------------------------------------------------


def _tests(currency: str) -> Strategy[Condition]:
    compared = [each for each in Comparison if not each.value.endswith("-of")]
    comparison, counted = st.sampled_from(compared), st.sampled_from(["recency_days", "frequency"])
    return st.one_of(
        st.builds(Condition, counted, comparison, st.integers(0, 500)),
        st.builds(Condition, st.just("monetary"), comparison, _amounts(currency)),
    )


def _one_of(currency: str) -> Strategy[OneOf]:
    return st.builds(
        OneOf, st.just("customer"), st.lists(_KEYS, min_size=1, max_size=3, unique=True).map(tuple)
    )


def _conditions(currency: str) -> Strategy[Any]:
    leaves = _tests(currency) | _one_of(currency) | st.builds(Known, _FIELDS)
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=2).map(tuple).map(AllOf),
            st.lists(inner, min_size=1, max_size=2).map(tuple).map(AnyOf),
            inner.map(Not),
        ),
        max_leaves=3,
    )


def _joined(cls: type[AllOf] | type[AnyOf]) -> Maker:
    return lambda currency: (
        st.lists(_conditions(currency), min_size=1, max_size=2).map(tuple).map(cls)
    )


def _rule_segments(currency: str) -> Strategy[RuleSegments]:
    rules = with_fields(SegmentRule, condition=_conditions)(currency)
    named = st.lists(rules, min_size=1, max_size=3, unique_by=lambda rule: rule.name).map(tuple)
    return st.builds(RuleSegments, named, st.just("rest"), exclusive=st.just(False))


# --- classes --------------------------------------------------------------------------------------


@st.composite
def _abc(draw: Draw, currency: str) -> AbcTiers:
    count = draw(st.integers(1, 3))
    names = draw(st.lists(_KEYS, min_size=count + 1, max_size=count + 1, unique=True))
    thresholds = draw(_rising(_amounts(currency), count))[::-1]
    cuts = draw(st.just(()) | _rising(_SHARES, count))
    return AbcTiers(thresholds=thresholds, names=tuple(names), cuts=cuts)


def _pyramids(currency: str) -> Strategy[CustomerPyramid]:
    return _rising(_amounts(currency), 3).map(
        lambda found: CustomerPyramid(
            platinum_from=found[2], gold_from=found[1], iron_from=found[0]
        )
    )


@st.composite
def _credit_grades(draw: Draw, currency: str) -> CreditGrades:
    """Each grade asks for less than the one before it."""
    standing = OrdinalScale(("poor", "fair", "good"))
    count = draw(st.integers(1, 3))
    volumes = draw(_rising(_amounts(currency), count))[::-1]
    names = draw(st.lists(_KEYS, min_size=count + 1, max_size=count + 1, unique=True))
    standards = tuple(
        GradeStandard(grade=name, volume_from=volume, standing_from=word)
        for name, volume, word in zip(names, volumes, ("good", "fair", "poor"), strict=False)
    )
    return CreditGrades(standing=standing, standards=standards, rest=names[-1])


def _focus(currency: str) -> Strategy[ParetoFocus]:
    """The key customers come first, and are contacted more than the others."""
    service = {
        Focus.KEY: ServiceLevel(priority=1, contacts_per_year=12),
        Focus.OTHER: ServiceLevel(priority=2, contacts_per_year=2),
    }
    return with_fields(ParetoFocus, service=st.just(service), share=_SHARES)(currency)


def _partner_abc(currency: str) -> Strategy[PartnerAbc]:
    service = {
        each: ServiceLevel(priority=number, contacts_per_year=12 // number)
        for number, each in enumerate(PartnerClass, 1)
    }
    return st.builds(
        PartnerAbc,
        a_from=st.none() | _amounts(currency),
        support=st.just(service),
        top_share=_SHARES,
    )


def _lists(currency: str) -> Strategy[CustomerLists]:
    """Grounds with names of their own, on either list."""
    grounds = st.lists(
        values_in(ListGround, currency), min_size=2, max_size=4, unique_by=lambda each: each.ground
    )
    return st.builds(
        lambda found, service: CustomerLists(
            good=tuple(found[::2]), poor=tuple(found[1::2]), service=service
        ),
        grounds,
        _each(Listing, values_in(ServiceLevel, currency)),
    )


def _stages(currency: str) -> Strategy[LifecycleStages]:
    words = st.lists(_KEYS, min_size=1, max_size=2, unique=True).map(tuple)
    rising = _rising(st.integers(1, 50), 2)
    return rising.flatmap(
        lambda counts: with_fields(
            LifecycleStages,
            development_from_purchases=st.just(counts[0]),
            stability_from_purchases=st.just(counts[1]),
            tasks=_each(LifecycleStage, words),
        )(currency)
    )


_DECLINES = with_fields(
    DeclineDetector, shrinks_by=_SHARES, cracks_from=st.integers(1, 3), signs=st.just(frozenset())
)


@st.composite
def _buyer_classes(draw: Draw, currency: str) -> BuyerClasses:
    """Intent takes a stronger inclination than mere interest, and that more than none."""
    words = draw(st.lists(_KEYS, min_size=3, max_size=5, unique=True))
    interest, intent = draw(_rising(st.integers(1, len(words) - 1), 2))
    scale = OrdinalScale(tuple(words))
    return BuyerClasses(scale=scale, intent_from=words[intent], potential_from=words[interest])


# --- scores and matrices --------------------------------------------------------------------------


@st.composite
def _scales(draw: Draw, currency: str, count: int | None = None) -> RfmScale:
    """As many thresholds for each of the three, each better than the last."""
    size = draw(st.integers(1, 5)) if count is None else count
    days, counts = st.integers(0, 900), st.integers(1, 500)
    return RfmScale(
        recency_at_most=draw(_rising(days, size))[::-1],
        frequency_at_least=draw(_rising(counts, size)),
        monetary_at_least=draw(_rising(_amounts(currency), size)),
    )


@st.composite
def _nested_scales(draw: Draw, currency: str) -> NestedRfmScale:
    size = draw(st.integers(1, 2))
    bins = range(size + 1)
    counts, amounts = _rising(st.integers(1, 99), size), _rising(_amounts(currency), size)
    return NestedRfmScale(
        recency_at_most=draw(_rising(st.integers(0, 900), size))[::-1],
        frequency_at_least=tuple(draw(counts) for _ in bins),
        monetary_at_least=tuple(tuple(draw(amounts) for _ in bins) for _ in bins),
    )


@st.composite
def _maps(draw: Draw, currency: str, bins: int | None = None) -> SegmentMap:
    """Every score has a segment: the recency is cut in two, or in three."""
    size = draw(st.integers(2, 6)) if bins is None else bins
    cuts = sorted(draw(st.sets(st.integers(1, size - 1), min_size=1, max_size=2)))
    spans = zip([1, *(cut + 1 for cut in cuts)], [*cuts, size], strict=True)
    names = draw(st.lists(_KEYS, min_size=3, max_size=3, unique=True))
    return SegmentMap(
        segments=tuple(
            Segment(name=name, recency=span) for name, span in zip(names, spans, strict=False)
        ),
        bins=size,
    )


@st.composite
def _segmentations(draw: Draw, currency: str) -> RfmSegmentation:
    size = draw(st.integers(1, 5))
    return RfmSegmentation(
        scale=draw(_scales(currency, size)), segments=draw(_maps(currency, size + 1))
    )


def _segments(currency: str) -> Strategy[Segment]:
    spans = st.none() | st.lists(st.integers(1, 9), min_size=2, max_size=2).map(sorted).map(tuple)
    ranged = st.builds(Segment, name=_KEYS, recency=spans, frequency=spans, monetary=spans)
    codes = st.lists(st.sampled_from(["555", "111", "345"]), min_size=1, unique=True).map(tuple)
    return ranged | st.builds(Segment, name=_KEYS, codes=codes)


def _numbers(currency: str) -> Strategy[Any]:
    """Kinds of values that can be compared with one another."""
    tenths = st.decimals(Decimal(0), Decimal(1000), places=1)
    return st.sampled_from([st.integers(0, 10**6), tenths, _amounts(currency)])


def _bounds(currency: str) -> Strategy[FixedBounds]:
    pairs = _numbers(currency).flatmap(
        lambda each: st.lists(each, min_size=2, max_size=2, unique=True)
    )
    return pairs.map(lambda pair: FixedBounds(worst=pair[0], best=pair[1]))


def _cuts(currency: str) -> Strategy[RankCuts]:
    cuts = _numbers(currency).flatmap(lambda each: _rising(each, 3))
    return st.builds(RankCuts, cuts=cuts, smaller_is_better=st.booleans())


@st.composite
def _axes(draw: Draw, currency: str) -> MatrixAxis:
    cuts = draw(_numbers(currency).flatmap(lambda each: _rising(each, 2)))
    cuts = cuts[: draw(st.integers(1, 2))]
    return MatrixAxis(draw(_FIELDS), cuts, ("low", "middle", "high")[: len(cuts) + 1])


@st.composite
def _word_axes(draw: Draw, currency: str) -> MatrixWordAxis:
    scale = draw(_SCALES)
    return MatrixWordAxis(draw(_FIELDS), scale, (draw(st.sampled_from(scale.words[1:])),))


@st.composite
def _matrices(draw: Draw, currency: str) -> CustomerMatrix:
    rows, columns = (draw(_axes(currency) | _word_axes(currency)) for _ in range(2))
    pairs = [(row, column) for row in rows.bands for column in columns.bands]
    names = draw(st.lists(_KEYS, min_size=len(pairs), max_size=len(pairs), unique=True))
    cells = tuple(MatrixCell(*pair, name) for pair, name in zip(pairs, names, strict=True))
    return CustomerMatrix(name="matrix", rows=rows, columns=columns, cells=cells)


@st.composite
def _comparisons(draw: Draw, currency: str) -> PolicyComparison[Any, Any]:
    old, new = (draw(_abc(currency)) for _ in range(2))
    facts = draw(st.lists(_rfm_facts(currency), max_size=4, unique_by=lambda each: each.customer))
    return compare_policies(old, new, facts)


def _step_tables(currency: str) -> Strategy[StepTable]:
    """Steps that rise in value, and in what they are worth."""
    steps = _numbers(currency).flatmap(lambda each: _rising(each, 3))
    return st.builds(
        lambda values, parts: StepTable(steps=tuple(map(ScoreStep, values, parts))),
        steps,
        _rising(_SHARES, 3),
    )


def _value_scales(currency: str) -> Strategy[ValueScale]:
    factors = st.lists(
        values_in(ValueFactor, currency), min_size=1, max_size=3, unique_by=lambda each: each.fact
    )
    return st.builds(
        ValueScale,
        factors=factors.map(tuple),
        out_of=st.sampled_from([10, 100]),
        digits=st.integers(0, 4),
    )


def _named_once(field: str, of: type[Any]) -> Maker:
    """Some values of a class, each with a name of its own."""
    return lambda currency: st.lists(
        values_in(of, currency),
        min_size=1,
        max_size=3,
        unique_by=lambda each: getattr(each, field),
    ).map(tuple)


MAKERS: Mapping[type, Maker] = {
    RfmFacts: _rfm_facts,
    PartnerFacts: _partner_facts,
    RelationshipFacts: _relationship_facts,
    RfmSummary: _summaries,
    RfmColumns: lambda currency: _summaries(currency).map(lambda summary: summary.columns),
    Histogram: _histograms,
    OrdinalScale: lambda currency: _SCALES,
    Known: with_fields(Known, field=_FIELDS),
    Condition: _tests,
    OneOf: _one_of,
    AllOf: _joined(AllOf),
    AnyOf: _joined(AnyOf),
    Not: lambda currency: _conditions(currency).map(Not),
    RuleSegments: _rule_segments,
    AbcTiers: _abc,
    CustomerPyramid: _pyramids,
    CreditGrades: _credit_grades,
    ParetoFocus: _focus,
    PartnerAbc: _partner_abc,
    CustomerLists: _lists,
    DeclineDetector: _DECLINES,
    LifecycleStages: _stages,
    BuyerClasses: _buyer_classes,
    ServiceChannels: lambda currency: st.just(ServiceChannels()),
    StepTable: _step_tables,
    ValueFactor: with_fields(ValueFactor, fact=_FIELDS, weight=_SHARES),
    ValueScale: _value_scales,
    ValueSegments: with_fields(
        ValueSegments, segments=_named_once("name", ValueSegment), rest=st.just("rest")
    ),
    RfmScale: _scales,
    NestedRfmScale: _nested_scales,
    Segment: _segments,
    SegmentMap: _maps,
    RfmSegmentation: _segmentations,
    FixedBounds: _bounds,
    RankCuts: _cuts,
    MatrixAxis: _axes,
    MatrixWordAxis: _word_axes,
    CustomerMatrix: _matrices,
    PolicyComparison: _comparisons,
}
