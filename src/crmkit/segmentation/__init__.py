"""Segmentation: who the customers are, by what they did, and why.

>>> from datetime import date
>>> from crmkit.identifiers import CustomerId
>>> from crmkit.money import Money
>>> from crmkit.records import Purchase
>>> bought = [
...     Purchase(CustomerId("anna"), date(2026, 1, 5), Money("40.00", "EUR")),
...     Purchase(CustomerId("anna"), date(2026, 3, 1), Money("60.00", "EUR")),
...     Purchase(CustomerId("bert"), date(2025, 2, 1), Money("15.00", "EUR")),
... ]
>>> summary = summarize_rfm(bought, as_of=date(2026, 3, 31))
>>> segmentation = RfmSegmentation(scale=RfmScale.fit(summary), segments=CUSTOMARY_SEGMENTS)
>>> segmentation(summary["anna"]).outcome, segmentation(summary["bert"]).outcome
('need attention', 'lost')
"""

from crmkit.segmentation.facts import CustomerValue, Histogram, RfmFacts, ValuedFacts
from crmkit.segmentation.policies.nested_rfm import NestedRfmScale
from crmkit.segmentation.policies.rfm import RfmScale, TieBreaks
from crmkit.segmentation.policies.scoring import RfmScore, Ties
from crmkit.segmentation.policies.segment_map import (
    CUSTOMARY_SEGMENTS,
    RfmSegmentation,
    Segment,
    SegmentMap,
)
from crmkit.segmentation.summary import RfmColumns, RfmSummary, summarize_rfm
from crmkit.segmentation.tally import Counting, MonetaryMeasure, Refunds, SummaryRules

__all__ = [
    "CUSTOMARY_SEGMENTS",
    "Counting",
    "CustomerValue",
    "Histogram",
    "MonetaryMeasure",
    "NestedRfmScale",
    "Refunds",
    "RfmColumns",
    "RfmFacts",
    "RfmScale",
    "RfmScore",
    "RfmSegmentation",
    "RfmSummary",
    "Segment",
    "SegmentMap",
    "SummaryRules",
    "TieBreaks",
    "Ties",
    "ValuedFacts",
    "summarize_rfm",
]
