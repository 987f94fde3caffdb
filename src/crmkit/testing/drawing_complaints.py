"""What complaints need beyond the annotations of their classes, to draw values of them."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from crmkit.complaints import (
    CaseHistory,
    CauseTaxonomy,
    Commitment,
    ComplainantType,
    Complaint,
    ComplaintCounts,
    ComplaintRate,
    ComplaintRules,
    Content,
    CorrectiveAction,
    Counted,
    CountIn,
    EffectivenessCheck,
    Entry,
    EscalationPolicy,
    EscalationRule,
    Exposure,
    Guidance,
    HandlingGuide,
    HotSpotAlarm,
    Idea,
    IdeaAction,
    IdeaStep,
    KeptRules,
    Listeners,
    Obligation,
    ObligationProfile,
    Place,
    PlacesFacts,
    Receipt,
    RisingComplaints,
    SealAnchor,
    SealLink,
    SeriesFacts,
    ServiceGuarantee,
    SiblingFacts,
    SilentDissatisfied,
    SupervisionFacts,
    TrailSeal,
    WordOfMouth,
    WorkingHours,
    seal_complaint,
)
from crmkit.errors import MissingExtra
from crmkit.identifiers import Actor
from crmkit.period import Period
from crmkit.testing.complaint_parts import receipts
from crmkit.testing.complaint_terms import escalation_policies, obligation_profiles
from crmkit.testing.complaints import case_histories, complaints
from crmkit.testing.drawing import Maker, by_fields, drawn_from, values_in, with_fields

try:
    from hypothesis import strategies as st
except ImportError:
    raise MissingExtra("hypothesis", "testing") from None

__all__ = ["MAKERS"]

Strategy = st.SearchStrategy
Draw = Callable[[Strategy[Any]], Any]

_DAYS = drawn_from(date, "EUR")
_KEYS = drawn_from(str, "EUR")
_WORDS = st.lists(_KEYS, min_size=1, max_size=3, unique=True).map(tuple)
_CHANCES = st.fractions(Fraction(1, 100), Fraction(99, 100), max_denominator=100)
_TRAILS = complaints(max_steps=5)


# --- trails and seals -----------------------------------------------------------------------------


def _seals(currency: str) -> Strategy[TrailSeal]:
    """Seals of complaints, with a salt of its own for each text."""

    def sealed(complaint: Complaint, first: int) -> TrailSeal:
        salts = iter(range(first, first + 10_000))
        return seal_complaint(complaint, lambda: f"{next(salts):064x}")

    return st.builds(sealed, _TRAILS, st.integers(0, 2**200))


def _links(currency: str) -> Strategy[SealLink]:
    return _seals(currency).flatmap(lambda each: st.sampled_from(each.links))


_SALTS = st.integers(0, 2**128 - 1).map(lambda number: f"{number:032x}")


@st.composite
def _ideas(draw: Draw, currency: str) -> Idea:
    """An idea that nobody has looked at, or that is reviewed and perhaps taken up."""
    on = draw(_DAYS)
    ways = [(), (IdeaAction.REVIEW,)]
    steps = tuple(
        IdeaStep(
            action=action,
            by=draw(_KEYS),
            on=on + timedelta(days=number),
            reason=draw(_KEYS),
        )
        for number, action in enumerate(draw(st.sampled_from(ways)))
    )
    table = with_fields(Idea, on=st.just(on), complaints=_WORDS, trail=st.just(steps))
    return draw(table(currency))  # type: ignore[no-any-return]


def _checks(currency: str) -> Strategy[EffectivenessCheck]:
    """Not yet checked; or checked on a day, by a person, with a verdict."""
    open_check = by_fields(
        EffectivenessCheck,
        currency,
        **dict.fromkeys(("checked_on", "checked_by", "effective"), st.none()),
    )
    return open_check | by_fields(
        EffectivenessCheck,
        currency,
        checked_on=_DAYS,
        checked_by=_KEYS,
        effective=st.booleans(),
    )


def _entries(currency: str) -> Strategy[Entry]:
    return _TRAILS.flatmap(lambda complaint: st.sampled_from(complaint.trail))


# --- counts ---------------------------------------------------------------------------------------


def _counts(currency: str) -> Strategy[ComplaintCounts]:
    """No more in a place than there are."""
    return st.builds(
        ComplaintCounts,
        period=values_in(Period, currency),
        total=st.builds(Counted, st.integers(500, 900), st.integers(500, 900)),
        by=st.dictionaries(
            st.sampled_from(["region", "product"]),
            st.dictionaries(
                _KEYS,
                st.builds(Counted, st.integers(1, 100), st.integers(0, 100)),
                min_size=1,
                max_size=3,
            ),
        ),
        outside=st.integers(0, 9),
    )


@st.composite
def _series(draw: Draw, currency: str) -> SeriesFacts:
    """Months that follow one another, over by the day of the facts."""
    year, size = draw(st.integers(2023, 2026)), draw(st.integers(1, 6))
    points = tuple(
        CountIn(Period.month(year, month), draw(st.integers(0, 60)), draw(st.integers(1, 900)))
        for month in range(1, size + 1)
    )
    table = with_fields(SeriesFacts, as_of=st.just(points[-1].period.end), points=st.just(points))
    return draw(table(currency))  # type: ignore[no-any-return]


@st.composite
def _siblings(draw: Draw, currency: str) -> SiblingFacts:
    """The product is one of those that it is compared with."""
    places = draw(
        st.lists(
            values_in(Place, currency), min_size=1, max_size=4, unique_by=lambda each: each.name
        )
    )
    table = with_fields(
        PlacesFacts,
        dimension=st.just("product"),
        places=st.just(tuple(places)),
        unrated=st.just(()),
        at_most_once=st.just(value=False),
    )
    return SiblingFacts(product=places[0].name, siblings=draw(table(currency)))


@st.composite
def _supervision(draw: Draw, currency: str) -> SupervisionFacts:
    """One person prepares the report and another checks it."""
    asked = draw(st.integers(0, 100))
    told = dict.fromkeys(_FROM_TRAILS, st.none())
    table = with_fields(
        SupervisionFacts,
        counts=_counts,
        asked=st.just(asked),
        satisfied=st.integers(0, asked),
        prepared_by=st.just(Actor("anna")),
        checked_by=st.just(Actor("ben")),
        **told,
    )
    return draw(table(currency))  # type: ignore[no-any-return]


_FROM_TRAILS = (
    *("zone", "open_before", "came_in", "reopened", "taken_out", "merged", "open_after"),
    *("answered", "satisfied_with_process"),
)


@st.composite
def _exposures(draw: Draw, currency: str) -> Exposure:
    total = draw(st.integers(1, 10_000))
    parts = st.dictionaries(_KEYS, st.integers(0, total), min_size=1, max_size=3)
    by = draw(st.dictionaries(st.sampled_from(["region", "product"]), parts))
    return Exposure(of=draw(_KEYS), total=total, by=by)


@st.composite
def _places(draw: Draw, currency: str) -> Place:
    exposure = draw(st.integers(1, 1_000))
    return Place(draw(_KEYS), draw(st.integers(0, exposure)), exposure)


@st.composite
def _actions(draw: Draw, currency: str) -> CorrectiveAction:
    """Done on a day, checked on it or later, by somebody else."""
    done = draw(_DAYS)
    later = st.integers(0, 90).map(lambda days: done + timedelta(days=days))
    table = with_fields(
        CorrectiveAction,
        complaints=_WORDS,
        owner=st.just(Actor("anna")),
        due_on=later,
        done_on=st.just(done),
        recurrences=st.just(()),
        check=with_fields(
            EffectivenessCheck,
            due_on=later,
            checked_on=later,
            checked_by=st.just(Actor("ben")),
            effective=st.booleans(),
        ),
    )
    return draw(table(currency))  # type: ignore[no-any-return]


# --- policies -------------------------------------------------------------------------------------


def _contents(currency: str) -> Strategy[Content]:
    items = st.frozensets(_KEYS, min_size=1, max_size=2)
    return st.builds(Content, message=_KEYS, items=items)


@st.composite
def _taxonomies(draw: Draw, currency: str) -> CauseTaxonomy:
    """Groups of causes, each cause in one place."""
    names = draw(st.lists(_KEYS, min_size=2, max_size=6, unique=True))
    return CauseTaxonomy({"ours": tuple(names[::2]), "theirs": tuple(names[1::2])})


_GUIDES = st.builds(Guidance, steps=_WORDS, beware=st.just(()) | _WORDS)


def _listeners(currency: str) -> Strategy[Listeners]:
    pairs = st.lists(st.integers(0, 30), min_size=2, max_size=2).map(sorted)
    return pairs.map(lambda pair: Listeners(*pair))


@st.composite
def _shares_that_complain(draw: Draw, currency: str) -> SilentDissatisfied:
    least, most = sorted(draw(st.lists(_CHANCES, min_size=2, max_size=2)))
    return SilentDissatisfied(least=least, most=most)


@st.composite
def _word_of_mouth(draw: Draw, currency: str) -> WordOfMouth:
    """Who boycotts a shop does not buy less of it as well."""
    boycott = draw(_CHANCES)
    table = with_fields(
        WordOfMouth,
        unresolved_boycott=st.just(boycott),
        unresolved_buy_less=st.just((1 - boycott) / 2),
        many=st.integers(1, 30),
    )
    return draw(table(currency))  # type: ignore[no-any-return]


MAKERS: Mapping[type, Maker] = {
    Complaint: lambda currency: complaints(max_steps=8),
    Entry: _entries,
    Receipt: lambda currency: receipts(),
    CaseHistory: lambda currency: case_histories(max_steps=8),
    TrailSeal: _seals,
    SealLink: _links,
    SealAnchor: lambda currency: _seals(currency).map(lambda each: each.anchor),
    Commitment: with_fields(Commitment, salt=st.none() | _SALTS),
    Idea: _ideas,
    EffectivenessCheck: _checks,
    ComplaintCounts: _counts,
    SeriesFacts: _series,
    SiblingFacts: _siblings,
    Exposure: _exposures,
    Place: _places,
    PlacesFacts: with_fields(PlacesFacts, at_most_once=st.just(value=False)),
    CorrectiveAction: _actions,
    ServiceGuarantee: with_fields(
        ServiceGuarantee,
        measures=_WORDS,
        most_remedies=st.integers(1, 9),
        most_money=st.none(),
        per=st.integers(1, 400).map(timedelta),
    ),
    SupervisionFacts: _supervision,
    ComplaintRate: with_fields(ComplaintRate, confidence=_CHANCES),
    ComplaintRules: lambda currency: st.just(ComplaintRules()),
    KeptRules: lambda currency: st.just(KeptRules()),
    CauseTaxonomy: _taxonomies,
    Content: _contents,
    Obligation: lambda currency: obligation_profiles().flatmap(
        lambda profile: st.sampled_from(profile.obligations)
    ),
    ObligationProfile: lambda currency: obligation_profiles(),
    EscalationPolicy: lambda currency: escalation_policies(),
    EscalationRule: lambda currency: escalation_policies().flatmap(
        lambda policy: st.sampled_from(policy.rules)
    ),
    HandlingGuide: lambda currency: st.fixed_dictionaries(
        dict.fromkeys(ComplainantType, _GUIDES)
    ).map(HandlingGuide),
    HotSpotAlarm: with_fields(
        HotSpotAlarm, false_alarm=_CHANCES, least_ratio=st.fractions(1, 5, max_denominator=4)
    ),
    RisingComplaints: with_fields(RisingComplaints, false_alarm=_CHANCES),
    Listeners: _listeners,
    SilentDissatisfied: _shares_that_complain,
    WordOfMouth: _word_of_mouth,
    WorkingHours: lambda currency: st.integers(1, 400).map(
        lambda hours: WorkingHours(timedelta(hours=hours))
    ),
}
