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

from crmkit.segmentation.comparison import (
    Change,
    Mover,
    MoveReasons,
    PolicyComparison,
    compare_policies,
    possible_changes,
    smallest_change,
)
from crmkit.segmentation.desk import Retiered, SegmentationDesk
from crmkit.segmentation.facts import CustomerValue, Histogram, RfmFacts, ValuedFacts
from crmkit.segmentation.kept import (
    EARNED_TIERS,
    POLICIES,
    STORED_TYPES,
    TIER_HISTORIES,
    PolicyVersion,
    policy_on,
)
from crmkit.segmentation.policies.abc_tiers import AbcTiers
from crmkit.segmentation.policies.conditions import (
    AllOf,
    AnyOf,
    Condition,
    FieldMismatch,
    Known,
    Not,
    OneOf,
    UnknownField,
)
from crmkit.segmentation.policies.ladder import CutConvention
from crmkit.segmentation.policies.nested_rfm import NestedRfmScale
from crmkit.segmentation.policies.pareto import (
    CurvePoint,
    Focus,
    ParetoFocus,
    ParetoReport,
    concentration_curve,
    gini,
)
from crmkit.segmentation.policies.pyramid import CustomerPyramid, PyramidLayer
from crmkit.segmentation.policies.rfm import RfmScale, TieBreaks
from crmkit.segmentation.policies.rules import Overlap, RuleSegments, SegmentRule
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
    "EARNED_TIERS",
    "POLICIES",
    "STORED_TYPES",
    "TIER_HISTORIES",
    "AbcTiers",
    "AllOf",
    "AnyOf",
    "Change",
    "Condition",
    "Counting",
    "CurvePoint",
    "CustomerPyramid",
    "CustomerValue",
    "CutConvention",
    "FieldMismatch",
    "Focus",
    "Histogram",
    "Known",
    "MonetaryMeasure",
    "MoveReasons",
    "Mover",
    "NestedRfmScale",
    "Not",
    "OneOf",
    "Overlap",
    "ParetoFocus",
    "ParetoReport",
    "PolicyComparison",
    "PolicyVersion",
    "PyramidLayer",
    "Refunds",
    "Retiered",
    "RfmColumns",
    "RfmFacts",
    "RfmScale",
    "RfmScore",
    "RfmSegmentation",
    "RfmSummary",
    "RuleSegments",
    "Segment",
    "SegmentMap",
    "SegmentRule",
    "SegmentationDesk",
    "SummaryRules",
    "TieBreaks",
    "Ties",
    "UnknownField",
    "ValuedFacts",
    "compare_policies",
    "concentration_curve",
    "gini",
    "policy_on",
    "possible_changes",
    "smallest_change",
    "summarize_rfm",
]
