"""Loyalty: the points of a program, its tiers, and how loyal customers really are."""

from crmkit.loyalty.facts.loyal import LoyaltyFacts, LoyaltyReason, RepeatPurchasing, Span
from crmkit.loyalty.policies.levels import LevelStandard, LoyaltyLevel, LoyaltyLevels, NextLevel
from crmkit.loyalty.records.answers import AnswerScale, ScaledAnswer
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
from crmkit.loyalty.records.qualification import Qualification
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
from crmkit.loyalty.tally.account import ClosedLedger, Held, LedgerRefused, Passed, PointsAccount
from crmkit.loyalty.tally.balance import Balance, Expiring
from crmkit.loyalty.tally.joining import merge_members, transfer
from crmkit.loyalty.tally.ledger import EntryNote, EntryStamp, PointsLedger

__all__ = [
    "Accrual",
    "AnswerScale",
    "Balance",
    "Capture",
    "ClosedLedger",
    "Credit",
    "Debit",
    "EntryNote",
    "EntryStamp",
    "ExpiresAfter",
    "ExpiresAtMonthEnd",
    "ExpiresAtYearEnd",
    "Expiring",
    "Expiry",
    "Held",
    "Hold",
    "InsufficientPoints",
    "LedgerEntry",
    "LedgerRefused",
    "LedgerTerms",
    "LevelStandard",
    "Lock",
    "Lot",
    "LoyaltyFacts",
    "LoyaltyLevel",
    "LoyaltyLevels",
    "LoyaltyReason",
    "MergedFrom",
    "MergedInto",
    "NeverExpires",
    "NextLevel",
    "OverReturn",
    "Passed",
    "PointsAccount",
    "PointsLedger",
    "Posting",
    "Qualification",
    "Qualified",
    "Redemption",
    "Release",
    "RepeatPurchasing",
    "Reversal",
    "Rollback",
    "ScaledAnswer",
    "Span",
    "TransferIn",
    "TransferOut",
    "merge_members",
    "transfer",
]
