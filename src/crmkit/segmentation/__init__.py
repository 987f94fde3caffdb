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
    SUBJECT_DATA,
    TIER_HISTORIES,
    PolicyVersion,
    policy_on,
)
from crmkit.segmentation.policies.abc_tiers import AbcTiers
from crmkit.segmentation.policies.buyer_class import (
    INCLINATION,
    BuyerClass,
    BuyerClasses,
    BuyerFacts,
)
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
from crmkit.segmentation.policies.credit_grade import CreditFacts, CreditGrades, GradeStandard
from crmkit.segmentation.policies.decline import (
    DeclineDetector,
    RelationshipFacts,
    RelationshipTrend,
)
from crmkit.segmentation.policies.ladder import CutConvention
from crmkit.segmentation.policies.lifecycle_stage import (
    CENTRAL_TASKS,
    LifecycleStage,
    LifecycleStages,
)
from crmkit.segmentation.policies.lists import CustomerLists, ListGround, Listing
from crmkit.segmentation.policies.matrix import (
    CustomerMatrix,
    MatrixAxis,
    MatrixCell,
    MatrixWordAxis,
)
from crmkit.segmentation.policies.named_owner import (
    LATER_PREFERENCES,
    CareFacts,
    LaterStage,
    NamedOwner,
    OwnerNeed,
)
from crmkit.segmentation.policies.nested_rfm import NestedRfmScale
from crmkit.segmentation.policies.normalization import (
    FixedBounds,
    RankCuts,
    ScoreStep,
    StepTable,
    WordParts,
)
from crmkit.segmentation.policies.ordinal import LOW_MIDDLE_HIGH, OrdinalScale
from crmkit.segmentation.policies.pareto import (
    CurvePoint,
    Focus,
    ParetoFocus,
    ParetoReport,
    concentration_curve,
    gini,
)
from crmkit.segmentation.policies.partner_abc import (
    PartnerAbc,
    PartnerClass,
    PartnerFacts,
    PartnerRole,
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
from crmkit.segmentation.policies.service_channel import (
    BANK_CHANNELS,
    DemandFacts,
    DemandLevel,
    ProductLevel,
    ServiceChannel,
    ServiceChannels,
    ServiceOffer,
)
from crmkit.segmentation.policies.service_level import ServiceLevel
from crmkit.segmentation.policies.two_scores import CompanyScores, TwoScores
from crmkit.segmentation.policies.value_score import (
    MissingFactor,
    ValueFactor,
    ValueScale,
    ValueScore,
)
from crmkit.segmentation.policies.value_segments import (
    SegmentDimensions,
    SegmentPlan,
    SpendingAdvice,
    SpendingReview,
    ValueSegment,
    ValueSegments,
)
from crmkit.segmentation.summary import RfmColumns, RfmSummary, summarize_rfm
from crmkit.segmentation.tally import Counting, MonetaryMeasure, Refunds, SummaryRules

__all__ = [
    "BANK_CHANNELS",
    "CENTRAL_TASKS",
    "CUSTOMARY_SEGMENTS",
    "EARNED_TIERS",
    "INCLINATION",
    "LATER_PREFERENCES",
    "LOW_MIDDLE_HIGH",
    "POLICIES",
    "STORED_TYPES",
    "SUBJECT_DATA",
    "TIER_HISTORIES",
    "AbcTiers",
    "AllOf",
    "AnyOf",
    "BuyerClass",
    "BuyerClasses",
    "BuyerFacts",
    "CareFacts",
    "Change",
    "CompanyScores",
    "Condition",
    "Counting",
    "CreditFacts",
    "CreditGrades",
    "CurvePoint",
    "CustomerLists",
    "CustomerMatrix",
    "CustomerPyramid",
    "CustomerValue",
    "CutConvention",
    "DeclineDetector",
    "DemandFacts",
    "DemandLevel",
    "FieldMismatch",
    "FixedBounds",
    "Focus",
    "GradeStandard",
    "Histogram",
    "Known",
    "LaterStage",
    "LifecycleStage",
    "LifecycleStages",
    "ListGround",
    "Listing",
    "MatrixAxis",
    "MatrixCell",
    "MatrixWordAxis",
    "MissingFactor",
    "MonetaryMeasure",
    "MoveReasons",
    "Mover",
    "NamedOwner",
    "NestedRfmScale",
    "Not",
    "OneOf",
    "OrdinalScale",
    "Overlap",
    "OwnerNeed",
    "ParetoFocus",
    "ParetoReport",
    "PartnerAbc",
    "PartnerClass",
    "PartnerFacts",
    "PartnerRole",
    "PolicyComparison",
    "PolicyVersion",
    "ProductLevel",
    "PyramidLayer",
    "RankCuts",
    "Refunds",
    "RelationshipFacts",
    "RelationshipTrend",
    "Retiered",
    "RfmColumns",
    "RfmFacts",
    "RfmScale",
    "RfmScore",
    "RfmSegmentation",
    "RfmSummary",
    "RuleSegments",
    "ScoreStep",
    "Segment",
    "SegmentDimensions",
    "SegmentMap",
    "SegmentPlan",
    "SegmentRule",
    "SegmentationDesk",
    "ServiceChannel",
    "ServiceChannels",
    "ServiceLevel",
    "ServiceOffer",
    "SpendingAdvice",
    "SpendingReview",
    "StepTable",
    "SummaryRules",
    "TieBreaks",
    "Ties",
    "TwoScores",
    "UnknownField",
    "ValueFactor",
    "ValueScale",
    "ValueScore",
    "ValueSegment",
    "ValueSegments",
    "ValuedFacts",
    "WordParts",
    "compare_policies",
    "concentration_curve",
    "gini",
    "policy_on",
    "possible_changes",
    "smallest_change",
    "summarize_rfm",
]
