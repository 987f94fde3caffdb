"""Hypothesis strategies for segmentation: facts of customers, and the policies that sort them.

>>> from hypothesis import given, settings
>>> @settings(max_examples=20, deadline=None)
... @given(rfm_facts("EUR"), abc_tiers("EUR"))
... def every_customer_has_a_class(facts, policy):
...     assert policy(facts).outcome in policy.names
>>> every_customer_has_a_class()
"""

from crmkit.errors import MissingExtra
from crmkit.segmentation import (
    AbcTiers,
    Condition,
    CustomerMatrix,
    CustomerPyramid,
    Histogram,
    PartnerFacts,
    RelationshipFacts,
    RfmFacts,
    RfmScale,
    RfmSegmentation,
    RfmSummary,
    RuleSegments,
    SegmentMap,
    ValueScale,
)
from crmkit.testing.drawing import values

try:
    from hypothesis import strategies as st
except ImportError:
    raise MissingExtra("hypothesis", "testing") from None

__all__ = [
    "abc_tiers",
    "conditions",
    "customer_matrices",
    "customer_pyramids",
    "histograms",
    "partner_facts",
    "relationship_facts",
    "rfm_facts",
    "rfm_scales",
    "rfm_segmentations",
    "rfm_summaries",
    "rule_segments",
    "segment_maps",
    "value_scales",
]

Strategy = st.SearchStrategy


def rfm_facts(currency: str | None = None) -> Strategy[RfmFacts]:
    """Customers who bought once or often, lately or long ago, for nothing or for much."""
    return values(RfmFacts, currency)


def rfm_summaries(currency: str | None = None) -> Strategy[RfmSummary]:
    """The summaries of whole purchase histories."""
    return values(RfmSummary, currency)


def partner_facts(currency: str | None = None) -> Strategy[PartnerFacts]:
    """Partners with the sales of some years."""
    return values(PartnerFacts, currency)


def relationship_facts(currency: str | None = None) -> Strategy[RelationshipFacts]:
    """How long a customer has been one, and how the trade with them moves."""
    return values(RelationshipFacts, currency)


def histograms(currency: str | None = None) -> Strategy[Histogram]:
    """How many customers have which value."""
    return values(Histogram, currency)


def rfm_scales(currency: str | None = None) -> Strategy[RfmScale]:
    """Scales of two to six scores, with thresholds that run from the worst to the best."""
    return values(RfmScale, currency)


def segment_maps(currency: str | None = None) -> Strategy[SegmentMap]:
    """Maps in which every score has a segment."""
    return values(SegmentMap, currency)


def rfm_segmentations(currency: str | None = None) -> Strategy[RfmSegmentation]:
    """Scales with a map that fits them."""
    return values(RfmSegmentation, currency)


def abc_tiers(currency: str | None = None) -> Strategy[AbcTiers]:
    """Two to four classes, the best of which asks for the most."""
    return values(AbcTiers, currency)


def customer_pyramids(currency: str | None = None) -> Strategy[CustomerPyramid]:
    """Pyramids of four layers."""
    return values(CustomerPyramid, currency)


def conditions(currency: str | None = None) -> Strategy[Condition]:
    """Single conditions on how recently, how often and for how much somebody bought."""
    return values(Condition, currency)


def rule_segments(currency: str | None = None) -> Strategy[RuleSegments]:
    """Segments by rules that join conditions with and, or and not."""
    return values(RuleSegments, currency)


def value_scales(currency: str | None = None) -> Strategy[ValueScale]:
    """Scores of one to three factors, by bounds, ranks, steps or words."""
    return values(ValueScale, currency)


def customer_matrices(currency: str | None = None) -> Strategy[CustomerMatrix]:
    """Matrices of numbers and words, with a name for each pair of bands."""
    return values(CustomerMatrix, currency)
