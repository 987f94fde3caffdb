"""Loyalty: the points of a program, its tiers, and how loyal customers really are.

A :class:`Program` says how points are earned, how long they last and which tiers they lead to; a
:class:`LoyaltyDesk` keeps the members of one in the store of the host. Points stand in lots with
their own last days, and every point is accounted for on every day:

>>> from datetime import date
>>> from crmkit.identifiers import CustomerId
>>> ledger = PointsLedger(CustomerId("C-7"), LedgerTerms(ExpiresAfter(365), lock=Lock(14)))
>>> ledger = ledger.accrue(100, on=date(2026, 1, 5), key="order-1")
>>> ledger = ledger.redeem(80, on=date(2026, 2, 1), key="coffee")
>>> ledger.balance(date(2026, 2, 1)).available
20
>>> ledger = ledger.reverse("order-1", on=date(2026, 2, 9), key="order-1-back")
>>> balance = ledger.balance(date(2026, 2, 9))
>>> balance.deficit, balance.is_conserved
(80, True)

Who comes back has not said that they are fond of us: :class:`LoyaltyTypePolicy` asks for the
reason.
"""

from crmkit.loyalty.comparison.replay import (
    MemberReplay,
    ProgramReplay,
    TierGroup,
    replay_program,
)
from crmkit.loyalty.comparison.replay_difference import ReplayDifference, compare_replays
from crmkit.loyalty.comparison.replay_events import (
    PointsRedeemed,
    RefusedRedemption,
    UnmatchedRefund,
)
from crmkit.loyalty.comparison.replay_ledger import MemberLedger, replay_member
from crmkit.loyalty.comparison.tier_costs import TierBenefits, TierCost, TierCosts, TierCostTable
from crmkit.loyalty.comparison.tier_simulation import (
    TierMover,
    TierSimulation,
    TierUse,
    simulate_tiers,
)
from crmkit.loyalty.desk import (
    TIER_CHANGED_TOPIC,
    GivenBack,
    LoyaltyDesk,
    NotAMember,
    Posted,
    Purchased,
    Rewarded,
)
from crmkit.loyalty.facts.answer_counts import AnswerCounts, AnswerMean
from crmkit.loyalty.facts.earning import BasketLine, CapPeriod, Credited, EarningFacts, ReturnFacts
from crmkit.loyalty.facts.figures import MonthFigures, ProgramFigures
from crmkit.loyalty.facts.loyal import LoyaltyFacts, LoyaltyReason, RepeatPurchasing, Span
from crmkit.loyalty.facts.profile import LoyaltyMeasure, Measurement, MeasureProfile, Reading
from crmkit.loyalty.facts.tier_facts import TierFacts, TierMember
from crmkit.loyalty.kept import (
    COUPONS,
    MEMBERSHIPS,
    POINTS_ACCOUNT,
    POINTS_LEDGERS,
    POSTED_KEYS,
    QUALIFICATIONS,
    REWARD_STOCKS,
    STORED_TYPES,
    SUBJECT_DATA,
    Absorbed,
    Counted,
    Membership,
    PostedKey,
    posted_key,
)
from crmkit.loyalty.lifecycle import (
    COUPON_LIFECYCLE,
    RESERVATION_LIFECYCLE,
    CouponAction,
    CouponStatus,
    ReservationAction,
    ReservationStatus,
)
from crmkit.loyalty.policies.coupons import CouponFacts, CouponPolicy, CouponVerdict
from crmkit.loyalty.policies.development import (
    DevelopmentAdvice,
    DevelopmentFacts,
    DevelopmentStance,
    LoyaltyDevelopment,
    Obstacle,
    ObstacleKind,
)
from crmkit.loyalty.policies.drivers import DriverFacts, DriverOrder, LoyaltyDriver
from crmkit.loyalty.policies.earning import EarningRules
from crmkit.loyalty.policies.earning_checks import InvalidEarningRules, RuleFinding, RuleFlaw
from crmkit.loyalty.policies.earning_returns import PointsReturn, ReturnBasis
from crmkit.loyalty.policies.earning_terms import (
    BaseRate,
    EarningCap,
    EarningCondition,
    EarningEffect,
    EarningRule,
    FixedBonus,
    Multiplier,
    Multiplying,
    ReferralBonus,
    Stacking,
)
from crmkit.loyalty.policies.levels import LevelStandard, LoyaltyLevel, LoyaltyLevels, NextLevel
from crmkit.loyalty.policies.liability import (
    Breakage,
    LiabilityFacts,
    PointsLiability,
    estimate_breakage,
)
from crmkit.loyalty.policies.maintenance import (
    MAINTENANCE_LADDER,
    Maintenance,
    MaintenanceFacts,
    MaintenancePlan,
    MaintenanceStep,
    MaintenanceStepNote,
    MaintenanceTerm,
)
from crmkit.loyalty.policies.measures import (
    AnswerParts,
    LoyaltyIndex,
    LoyaltyScore,
    MeasureRange,
    MeasureTerm,
    MissingMeasure,
)
from crmkit.loyalty.policies.point_value import PointValue
from crmkit.loyalty.policies.program import Program, ProgramCaution
from crmkit.loyalty.policies.rewards import (
    Redeemed,
    Reward,
    RewardCatalog,
    RewardFacts,
    RewardLimit,
    RewardPolicy,
    RewardVerdict,
)
from crmkit.loyalty.policies.tier_policy import TierPolicy
from crmkit.loyalty.policies.tier_replay import replay_terms, replay_tiers, with_manual
from crmkit.loyalty.policies.tier_standing import Shortfall, TierGoal, TierStanding, tier_standing
from crmkit.loyalty.policies.tier_terms import (
    AfterReturn,
    AtReset,
    Reaching,
    TierBasis,
    TierThreshold,
)
from crmkit.loyalty.policies.tier_windows import (
    AnniversaryWindow,
    CalendarWindow,
    RollingWindow,
    SinceJoining,
    SinceLastChange,
    TierWindow,
)
from crmkit.loyalty.policies.types import (
    LatentConvention,
    LoyaltyType,
    LoyaltyTypePolicy,
    LoyaltyTypeVerdict,
    ReasonQuestion,
)
from crmkit.loyalty.records.accrued import Accrued, ReferralCredit, TakenBack
from crmkit.loyalty.records.answers import AnswerScale, ScaledAnswer
from crmkit.loyalty.records.coupon import Coupon, CouponEvent, CouponId, CouponStanding, ShareOff
from crmkit.loyalty.records.entries import (
    Accrual,
    Capture,
    Credit,
    Debit,
    Hold,
    LedgerEntry,
    MergedFrom,
    MergedInto,
    Posting,
    Qualified,
    Redemption,
    Release,
    Reversal,
    Rollback,
    TransferIn,
    TransferOut,
)
from crmkit.loyalty.records.lots import InsufficientPoints, Lot
from crmkit.loyalty.records.manual_tier import AfterManual, ManualTier, ManualWins
from crmkit.loyalty.records.qualification import Qualification
from crmkit.loyalty.records.reward import (
    OutOfStock,
    PieceMoved,
    PieceReserved,
    Restocked,
    RewardStock,
    StockMove,
)
from crmkit.loyalty.records.roll import Intention, IntentionAnswer, ProfitEntry, ProgramMember
from crmkit.loyalty.records.shares import RuleShare
from crmkit.loyalty.records.terms import (
    ExpiresAfter,
    ExpiresAtMonthEnd,
    ExpiresAtYearEnd,
    Expiry,
    LedgerTerms,
    Lock,
    NeverExpires,
    OverReturn,
)
from crmkit.loyalty.summary.program import summarize_program
from crmkit.loyalty.tally.account import ClosedLedger, Held, LedgerRefused, Passed, PointsAccount
from crmkit.loyalty.tally.balance import Balance, Expiring
from crmkit.loyalty.tally.cohorts import PointsByMonth, PointsCohort, points_by_month
from crmkit.loyalty.tally.joining import merge_members, transfer
from crmkit.loyalty.tally.ledger import EntryNote, EntryStamp, PointsLedger

__all__ = [
    "COUPONS",
    "COUPON_LIFECYCLE",
    "MAINTENANCE_LADDER",
    "MEMBERSHIPS",
    "POINTS_ACCOUNT",
    "POINTS_LEDGERS",
    "POSTED_KEYS",
    "QUALIFICATIONS",
    "RESERVATION_LIFECYCLE",
    "REWARD_STOCKS",
    "STORED_TYPES",
    "SUBJECT_DATA",
    "TIER_CHANGED_TOPIC",
    "Absorbed",
    "Accrual",
    "Accrued",
    "AfterManual",
    "AfterReturn",
    "AnniversaryWindow",
    "AnswerCounts",
    "AnswerMean",
    "AnswerParts",
    "AnswerScale",
    "AtReset",
    "Balance",
    "BaseRate",
    "BasketLine",
    "Breakage",
    "CalendarWindow",
    "CapPeriod",
    "Capture",
    "ClosedLedger",
    "Counted",
    "Coupon",
    "CouponAction",
    "CouponEvent",
    "CouponFacts",
    "CouponId",
    "CouponPolicy",
    "CouponStanding",
    "CouponStatus",
    "CouponVerdict",
    "Credit",
    "Credited",
    "Debit",
    "DevelopmentAdvice",
    "DevelopmentFacts",
    "DevelopmentStance",
    "DriverFacts",
    "DriverOrder",
    "EarningCap",
    "EarningCondition",
    "EarningEffect",
    "EarningFacts",
    "EarningRule",
    "EarningRules",
    "EntryNote",
    "EntryStamp",
    "ExpiresAfter",
    "ExpiresAtMonthEnd",
    "ExpiresAtYearEnd",
    "Expiring",
    "Expiry",
    "FixedBonus",
    "GivenBack",
    "Held",
    "Hold",
    "InsufficientPoints",
    "Intention",
    "IntentionAnswer",
    "InvalidEarningRules",
    "LatentConvention",
    "LedgerEntry",
    "LedgerRefused",
    "LedgerTerms",
    "LevelStandard",
    "LiabilityFacts",
    "Lock",
    "Lot",
    "LoyaltyDesk",
    "LoyaltyDevelopment",
    "LoyaltyDriver",
    "LoyaltyFacts",
    "LoyaltyIndex",
    "LoyaltyLevel",
    "LoyaltyLevels",
    "LoyaltyMeasure",
    "LoyaltyReason",
    "LoyaltyScore",
    "LoyaltyType",
    "LoyaltyTypePolicy",
    "LoyaltyTypeVerdict",
    "Maintenance",
    "MaintenanceFacts",
    "MaintenancePlan",
    "MaintenanceStep",
    "MaintenanceStepNote",
    "MaintenanceTerm",
    "ManualTier",
    "ManualWins",
    "MeasureProfile",
    "MeasureRange",
    "MeasureTerm",
    "Measurement",
    "MemberLedger",
    "MemberReplay",
    "Membership",
    "MergedFrom",
    "MergedInto",
    "MissingMeasure",
    "MonthFigures",
    "Multiplier",
    "Multiplying",
    "NeverExpires",
    "NextLevel",
    "NotAMember",
    "Obstacle",
    "ObstacleKind",
    "OutOfStock",
    "OverReturn",
    "Passed",
    "PieceMoved",
    "PieceReserved",
    "PointValue",
    "PointsAccount",
    "PointsByMonth",
    "PointsCohort",
    "PointsLedger",
    "PointsLiability",
    "PointsRedeemed",
    "PointsReturn",
    "Posted",
    "PostedKey",
    "Posting",
    "ProfitEntry",
    "Program",
    "ProgramCaution",
    "ProgramFigures",
    "ProgramMember",
    "ProgramReplay",
    "Purchased",
    "Qualification",
    "Qualified",
    "Reaching",
    "Reading",
    "ReasonQuestion",
    "Redeemed",
    "Redemption",
    "ReferralBonus",
    "ReferralCredit",
    "RefusedRedemption",
    "Release",
    "RepeatPurchasing",
    "ReplayDifference",
    "ReservationAction",
    "ReservationStatus",
    "Restocked",
    "ReturnBasis",
    "ReturnFacts",
    "Reversal",
    "Reward",
    "RewardCatalog",
    "RewardFacts",
    "RewardLimit",
    "RewardPolicy",
    "RewardStock",
    "RewardVerdict",
    "Rewarded",
    "Rollback",
    "RollingWindow",
    "RuleFinding",
    "RuleFlaw",
    "RuleShare",
    "ScaledAnswer",
    "ShareOff",
    "Shortfall",
    "SinceJoining",
    "SinceLastChange",
    "Span",
    "Stacking",
    "StockMove",
    "TakenBack",
    "TierBasis",
    "TierBenefits",
    "TierCost",
    "TierCostTable",
    "TierCosts",
    "TierFacts",
    "TierGoal",
    "TierGroup",
    "TierMember",
    "TierMover",
    "TierPolicy",
    "TierSimulation",
    "TierStanding",
    "TierThreshold",
    "TierUse",
    "TierWindow",
    "TransferIn",
    "TransferOut",
    "UnmatchedRefund",
    "compare_replays",
    "estimate_breakage",
    "merge_members",
    "points_by_month",
    "posted_key",
    "replay_member",
    "replay_program",
    "replay_terms",
    "replay_tiers",
    "simulate_tiers",
    "summarize_program",
    "tier_standing",
    "transfer",
    "with_manual",
]
