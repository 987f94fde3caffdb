"""Where complaints pile up: one place held against all, with limits that respect small numbers."""

from collections.abc import Callable
from enum import StrEnum
from fractions import Fraction
from math import floor

from attrs import field, frozen

from crmkit.complaints.facts.places import Measure, Place, PlacesFacts
from crmkit.complaints.numerics import binomial_at_least, first_true, hypergeometric_at_least
from crmkit.complaints.policies.control_limits import Correction, level_of
from crmkit.complaints.policies.rates import check_share, decimal_of
from crmkit.decision import Decision, Evidence, at_least, at_most, noted
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.money import as_fraction

__all__ = [
    "HotSpot",
    "HotSpotAlarm",
    "HotSpots",
    "Measure",
    "Place",
    "PlacesFacts",
    "ProductVerdict",
    "RedesignAlarm",
    "SiblingFacts",
]


@frozen(kw_only=True)
class HotSpot:
    """A place at which more happened than chance explains."""

    place: str
    measure: Measure
    count: int
    expected: Fraction
    exposure: int
    of: str
    upper_limit: int

    def __str__(self) -> str:
        """Say it as a person would."""
        return (
            f"{self.place}: {self.count:,} {self.measure} against {float(self.expected):,.1f} "
            f"expected in {self.exposure:,} {self.of}; upper limit {self.upper_limit:,}"
        )


@frozen(kw_only=True)
class HotSpots:
    """The hot spots of one dimension, those least likely by chance first."""

    dimension: str
    spots: tuple[HotSpot, ...] = ()

    @property
    def is_alarm(self) -> bool:
        """Whether there is any."""
        return bool(self.spots)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the places."""
        return tuple(spot.place for spot in self.spots)

    def __str__(self) -> str:
        """List them, or say that there is none."""
        listed = "; ".join(str(spot) for spot in self.spots) or "none"
        return f"hot spots by {self.dimension}: {listed}"


def _as_exact(number: "int | str | Fraction") -> Fraction:
    return as_fraction(number, "a term of an alarm")


@frozen(kw_only=True)
class HotSpotAlarm:
    """Raise an alarm where complaints, praise or repairs are more than chance explains.

    Each place is held against all places by the exact conditional test of Przyborowski and Wilenski
    (1940): given how many cases there are in all, a place with a tenth of the customers has the
    binomial chance of its count; where each case counts at most once (``at_most_once``), it has the
    hypergeometric chance, as in the exact test of Fisher (1935). Being above the whole and being
    above the others is then one and the same question. ``false_alarm`` is the one-sided chance, and
    ``correction`` says whether it is that of each place or of all of them together. An alarm takes
    ``minimum_count`` cases and more than ``least_ratio`` times the rate of the other places, so
    that a large place does not raise one over a difference that matters to nobody, and a place that
    is most of the shop can.

    Places that differ for lasting reasons of their own raise true alarms again and again: then
    compare each with its own past (:class:`~crmkit.complaints.policies.rising.RisingComplaints`).

    :raises InvalidPolicy: if a term is out of range.

    >>> from datetime import date
    >>> from crmkit.decision import explain
    >>> alarm = HotSpotAlarm(
    ...     false_alarm="0.05", correction=Correction.BONFERRONI, minimum_count=5, least_ratio="1.5"
    ... )
    >>> places = (Place("north", 12, 820), Place("south", 3, 900), Place("west", 2, 700))
    >>> facts = PlacesFacts(as_of=date(2026, 5, 31), dimension="region", places=places)
    >>> print(explain(alarm(facts)))
    hot spots by region: north: 12 complaints against 5.8 expected in 820 customers; upper limit \
10, by hot spots, as of 2026-05-31
    - noted: places compared is 3
    - noted: correction is bonferroni
    - not met: region north is 12; at most 10 allowed
      - noted: expected is 5.76033
      - noted: customers is 820
      - noted: chance is 0.00220117
    - met: region south is 3; at most 11 allowed
      ...
    """

    false_alarm: Fraction = field(converter=_as_exact)
    correction: Correction
    minimum_count: int
    least_ratio: Fraction = field(default=Fraction(1), converter=_as_exact)

    def __attrs_post_init__(self) -> None:
        check_share(self.false_alarm, "the chance of a false alarm")
        if self.minimum_count < 1 or self.least_ratio < 1:
            raise InvalidPolicy("an alarm takes one case or more, and no less than is expected")

    def __call__(self, facts: PlacesFacts, /) -> Decision[HotSpots]:
        """Judge every place, and say of each what was expected and where its limit lies."""
        compared = at_least("places-compared", len(facts.places), 2)
        exposure = sum(place.exposure for place in facts.places)
        if not compared.met or not exposure:
            return Decision(
                HotSpots(dimension=facts.dimension), "hot-spots", facts.as_of, (compared,)
            )
        total = sum(place.count for place in facts.places)
        chance_of = {place: _chance(facts, place, total, exposure) for place in facts.places}
        chances = [chance_of[place](place.count) for place in facts.places]
        level = level_of(chances, self.false_alarm, self.correction)
        evidence, found = [], []
        for place, chance in zip(facts.places, chances, strict=True):
            share = Fraction(place.exposure, exposure)
            spot = self._spot(facts, place, total, share, chance_of[place], level)
            item = _evidence_of(facts, spot, chance)
            evidence.append(item)
            if not item.met:
                found.append((chance, spot))
        spots = tuple(spot for _, spot in sorted(found, key=lambda pair: pair[0]))
        head = (
            noted("places-compared", len(facts.places)),
            noted("correction", str(self.correction)),
            *(noted("not-judged-for-want-of-exposure", name) for name in facts.unrated),
            *([noted("at-no-place", facts.unplaced)] if facts.unplaced else []),
        )
        outcome = HotSpots(dimension=facts.dimension, spots=spots)
        return Decision(outcome, "hot-spots", facts.as_of, (*head, *evidence))

    def _spot(
        self,
        facts: PlacesFacts,
        place: Place,
        total: int,
        share: Fraction,
        chance: Callable[[int], float],
        level: float,
    ) -> HotSpot:
        by_chance = first_true(lambda k: chance(k) <= level, 0) - 1
        # So many here are the ratio times the rate of all the others, given the total.
        weight = self.least_ratio * share
        matters = floor(total * weight / (weight + 1 - share))
        limit = max(by_chance, self.minimum_count - 1, matters)
        return HotSpot(
            place=place.name,
            measure=facts.measure,
            count=place.count,
            expected=total * share,
            exposure=place.exposure,
            of=facts.of,
            upper_limit=limit,
        )


def _chance(facts: PlacesFacts, place: Place, total: int, exposure: int) -> Callable[[int], float]:
    """The chance of so many at a place or more, given how many there are in all."""
    if facts.at_most_once:
        return lambda k: hypergeometric_at_least(k, place.exposure, total, exposure)
    share = float(Fraction(place.exposure, exposure))
    return lambda k: binomial_at_least(k, total, share)


def _evidence_of(facts: PlacesFacts, spot: HotSpot, chance: float) -> Evidence:
    judged = at_most(f"{facts.dimension}-{spot.place}", spot.count, spot.upper_limit)
    return Evidence(
        judged.criterion,
        judged.observed,
        judged.required,
        judged.met,
        judged.comparison,
        parts=(
            noted("expected", decimal_of(spot.expected)),
            noted(spot.of, spot.exposure),
            noted("chance", chance),
        ),
    )


# --- a product that is repaired more than its siblings --------------------------------------------


class ProductVerdict(StrEnum):
    """What to do about a product."""

    KEEP = "keep"
    """It is repaired no more than its siblings."""
    STOP_OR_REDESIGN = "stop-or-redesign"
    """It is repaired more than chance explains: stop selling it, or change it."""


@frozen(kw_only=True)
class SiblingFacts:
    """A product among its siblings: repairs or complaints, and units sold, of each.

    :raises InvalidValue: if the product is not among them.
    """

    product: str
    siblings: PlacesFacts

    def __attrs_post_init__(self) -> None:
        if self.product not in [place.name for place in self.siblings.places]:
            raise InvalidValue("the product is one of the siblings it is compared with")


@frozen
class RedesignAlarm:
    """A product that is repaired more often than its siblings is stopped or designed anew.

    >>> from datetime import date
    >>> alarm = RedesignAlarm(HotSpotAlarm(
    ...     false_alarm="0.01", correction=Correction.BONFERRONI, minimum_count=5, least_ratio=2
    ... ))
    >>> sold = (Place("sofa-a", 40, 1_000), Place("sofa-b", 9, 1_100), Place("sofa-c", 5, 800))
    >>> siblings = PlacesFacts(
    ...     as_of=date(2026, 5, 31), dimension="product", places=sold, of="units sold",
    ...     measure=Measure.REPAIRS,
    ... )
    >>> alarm(SiblingFacts(product="sofa-a", siblings=siblings)).outcome
    <ProductVerdict.STOP_OR_REDESIGN: 'stop-or-redesign'>
    """

    alarm: HotSpotAlarm

    def __call__(self, facts: SiblingFacts, /) -> Decision[ProductVerdict]:
        """Judge one product; the evidence shows its siblings too."""
        hot = self.alarm(facts.siblings)
        is_hot = facts.product in hot.outcome.names
        outcome = ProductVerdict.STOP_OR_REDESIGN if is_hot else ProductVerdict.KEEP
        return Decision(outcome, "redesign-alarm", hot.as_of, hot.evidence, subject=facts.product)
