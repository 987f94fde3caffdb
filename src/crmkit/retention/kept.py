"""How win-backs are kept, and found again: by status, by the next day of contact, by customer."""

from crmkit.retention.comparison.calibration_report import CalibrationReport
from crmkit.retention.policies.decline import ActivityDecline
from crmkit.retention.policies.economics import WinBackAccount, WinBackEconomics
from crmkit.retention.policies.hold_out import HoldOut
from crmkit.retention.policies.lost_class import LostClassPolicy
from crmkit.retention.policies.uplift import RecoveryUplift
from crmkit.retention.policies.uplift_verdict import UpliftTest
from crmkit.retention.policies.warning import ChurnWarning
from crmkit.retention.policies.weights import ChurnWeights
from crmkit.retention.policies.win_back import WinBackPolicy
from crmkit.retention.records.causes import PreventionPlan
from crmkit.retention.records.losses import CustomerGivenUp, CustomerLeft
from crmkit.retention.records.lost import LostMapping
from crmkit.retention.records.win_back import WinBackCase
from crmkit.retention.tally.losses import LossSummary
from crmkit.storage import Collection, Index, IndexValue
from crmkit.storage.subjects import SubjectData, without_personal

__all__ = ["STORED_TYPES", "SUBJECT_DATA", "WIN_BACK_CASES"]

Places = list[tuple[IndexValue, ...]]


def _by_contact(case: WinBackCase) -> Places:
    return [(case.contact_from,)] if case.contact_from is not None else []


WIN_BACK_CASES = Collection(
    "win-back-cases",
    WinBackCase,
    key=lambda case: case.id,
    indexes=(
        Index("by-status", lambda case: (str(case.status), case.lost_on)),
        Index("by-contact", _by_contact),
        Index("by-customer", lambda case: (case.customer, case.lost_on)),
    ),
)
"""Every win-back with its trail: one record, one version.

``by-status`` lists them by status and the day of the loss, ``by-contact`` those that wait for a
contact by the first day on which it may be made (who is held out is not among them), and
``by-customer`` all of a customer."""


def _closed_without_texts(case: WinBackCase) -> WinBackCase | None:
    return None if case.is_open else without_personal(case)


SUBJECT_DATA = (
    SubjectData(
        WIN_BACK_CASES,
        whose=lambda case: (case.customer,),
        stays="what win-backs cost and brought adds up with it",
        erased=_closed_without_texts,
    ),
)
"""What is kept of a customer: an open win-back goes, a closed one still counts, without its
reasons."""

STORED_TYPES = (
    ActivityDecline,
    CalibrationReport,
    ChurnWarning,
    ChurnWeights,
    CustomerGivenUp,
    CustomerLeft,
    HoldOut,
    LossSummary,
    LostClassPolicy,
    LostMapping,
    PreventionPlan,
    RecoveryUplift,
    UpliftTest,
    WinBackAccount,
    WinBackCase,
    WinBackEconomics,
    WinBackPolicy,
)
"""Every type of retention that can be kept: ``make_converter(*STORED_TYPES)``."""
