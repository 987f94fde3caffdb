"""How tiers and policies are kept, and found again."""

from datetime import date, timedelta
from typing import Generic, TypeVar

from attrs import frozen

from crmkit.identifiers import check_identifier
from crmkit.period import check_date
from crmkit.segmentation.policies.abc_tiers import AbcTiers
from crmkit.segmentation.policies.buyer_class import BuyerClasses
from crmkit.segmentation.policies.credit_grade import CreditGrades
from crmkit.segmentation.policies.decline import DeclineDetector
from crmkit.segmentation.policies.lifecycle_stage import LifecycleStages
from crmkit.segmentation.policies.lists import CustomerLists
from crmkit.segmentation.policies.matrix import CustomerMatrix
from crmkit.segmentation.policies.named_owner import NamedOwner
from crmkit.segmentation.policies.nested_rfm import NestedRfmScale
from crmkit.segmentation.policies.pareto import ParetoFocus, ParetoReport
from crmkit.segmentation.policies.partner_abc import PartnerAbc
from crmkit.segmentation.policies.pyramid import CustomerPyramid
from crmkit.segmentation.policies.rfm import RfmScale
from crmkit.segmentation.policies.rules import RuleSegments
from crmkit.segmentation.policies.segment_map import RfmSegmentation, SegmentMap
from crmkit.segmentation.policies.service_channel import ServiceChannels
from crmkit.segmentation.policies.two_scores import CompanyScores, TwoScores
from crmkit.segmentation.policies.value_score import ValueScale
from crmkit.segmentation.policies.value_segments import SpendingReview, ValueSegments
from crmkit.serialization import make_converter
from crmkit.storage import Collection, Index, IndexValue, Repository
from crmkit.storage.subjects import SubjectData
from crmkit.tiering import RetieringPolicy, TierHistory, TierLadder

__all__ = [
    "EARNED_TIERS",
    "POLICIES",
    "STORED_TYPES",
    "SUBJECT_DATA",
    "TIER_HISTORIES",
    "PolicyVersion",
    "policy_on",
]

PolicyT = TypeVar("PolicyT")


@frozen(kw_only=True)
class PolicyVersion(Generic[PolicyT]):
    """The terms of a policy from a day on, under the name by which the shop knows it.

    A changed policy is a new version from a later day, so that a decision of the past can be had
    again under the terms of its day.

    :raises InvalidValue: if the name could not serve as a key, or the day is not a plain date.
    """

    name: str
    valid_from: date
    policy: PolicyT

    def __attrs_post_init__(self) -> None:
        check_identifier(self.name, "the name of a policy")
        check_date(self.valid_from, "valid_from")

    @property
    def key(self) -> str:
        """The key of this version: one a day."""
        return f"{self.name} {self.valid_from.isoformat()}"


STORED_TYPES = (
    AbcTiers,
    BuyerClasses,
    CompanyScores,
    CreditGrades,
    CustomerLists,
    CustomerMatrix,
    CustomerPyramid,
    DeclineDetector,
    LifecycleStages,
    NamedOwner,
    NestedRfmScale,
    ParetoFocus,
    ParetoReport,
    PartnerAbc,
    RetieringPolicy,
    RfmScale,
    RfmSegmentation,
    RuleSegments,
    SegmentMap,
    ServiceChannels,
    SpendingReview,
    TierHistory,
    TierLadder,
    TwoScores,
    ValueScale,
    ValueSegments,
)
"""Every type of segmentation that can be kept: ``make_converter(*STORED_TYPES)``."""


def _by_tier(history: TierHistory) -> list[tuple[IndexValue, ...]]:
    return [] if history.tier is None else [(history.tier.name, history.since, history.customer)]


TIER_HISTORIES = Collection(
    "tier-histories",
    TierHistory,
    key=lambda history: history.customer,
    indexes=(Index("by-tier", _by_tier),),
)
"""The tier that each customer holds and held; ``by-tier`` finds the members of a tier, the longest
standing first."""

EARNED_TIERS = Collection("earned-tiers", TierHistory, key=lambda history: history.customer)
"""The tier earned at each decision: what grace periods and reviews are counted on."""

POLICIES: Collection[PolicyVersion[object]] = Collection(
    "segmentation-policies",
    PolicyVersion,
    key=lambda version: version.key,
    indexes=(Index("by-name", lambda version: (version.name, version.valid_from)),),
    converter=make_converter(PolicyVersion, *STORED_TYPES),
)
"""The versions of every policy; ``by-name`` finds those of one policy by the day they began."""

SUBJECT_DATA = (
    SubjectData(TIER_HISTORIES, whose=lambda history: (history.customer,)),
    SubjectData(EARNED_TIERS, whose=lambda history: (history.customer,)),
    SubjectData(POLICIES),
)
"""What is kept of a customer: the tiers go, and a policy that names customers names one less."""


def policy_on(
    policies: Repository[PolicyVersion[object]], name: str, day: date
) -> PolicyVersion[object] | None:
    """The version of a policy that was valid on a day, None before the first."""
    page = policies.query(
        "by-name", prefix=(name,), end=day + timedelta(days=1), descending=True, limit=1
    )
    return page.items[0].record if page.items else None
