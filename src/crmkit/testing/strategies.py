"""Hypothesis strategies for the values of crmkit, for the property tests of hosts.

Each gives values that the type accepts, the awkward ones among them: amounts of no cents and of
very many, currencies without decimals, the last day of February, instants in the hour that a clock
change repeats, and customers who buy often, once, on one day twice, or bring things back.

>>> from hypothesis import given
>>> from crmkit.money import Money, sum_money
>>> @given(money("EUR"), weights())
... def parts_make_the_whole(amount, weights):
...     assert sum_money(amount.allocate(weights), "EUR") == amount
>>> parts_make_the_whole()
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from crmkit.testing.shared import (
    business_calendars,
    currencies,
    days,
    decisions,
    evidence,
    evidence_values,
    exchange_rates,
    identifiers,
    instants,
    interactions,
    lifecycles,
    money,
    periods,
    promises,
    purchase_histories,
    purchases,
    rates,
    ratios,
    repeat_purchase_facts,
    roundings,
    texts,
    units,
    weights,
)

if TYPE_CHECKING:
    from crmkit.testing.complaint_parts import (
        causes,
        complaint_events,
        receipts,
        severities,
    )
    from crmkit.testing.complaint_terms import (
        allowances,
        escalation_policies,
        obligation_profiles,
    )
    from crmkit.testing.complaints import (
        case_histories,
        complaints,
    )
    from crmkit.testing.drawing import (
        values,
    )
    from crmkit.testing.follow_ups import (
        appointments,
        follow_ups,
        visit_reports,
    )
    from crmkit.testing.lifetime_value import (
        counted_facts,
        counted_renewals,
        counted_spend,
        expected_values,
        holdout_splits,
        markov_tables,
        renewal_models,
        renewal_values,
        repeat_purchase_models,
        repeat_purchase_summaries,
        retention_values,
        spend_models,
    )
    from crmkit.testing.loyalty import (
        earning_facts,
        earning_rules,
        ledger_commands,
        ledger_terms,
        ledger_walks,
        memberships,
        points_ledgers,
        programs,
        qualifications,
        tier_policies,
    )
    from crmkit.testing.retention import (
        win_backs,
    )
    from crmkit.testing.segmentation import (
        abc_tiers,
        conditions,
        customer_matrices,
        customer_pyramids,
        histograms,
        partner_facts,
        relationship_facts,
        rfm_facts,
        rfm_scales,
        rfm_segmentations,
        rfm_summaries,
        rule_segments,
        segment_maps,
        value_scales,
    )
    from crmkit.testing.shops import (
        shop_histories,
    )
    from crmkit.testing.zones import (
        dst_edges,
    )

__all__ = [
    "abc_tiers",
    "allowances",
    "appointments",
    "business_calendars",
    "case_histories",
    "causes",
    "complaint_events",
    "complaints",
    "conditions",
    "counted_facts",
    "counted_renewals",
    "counted_spend",
    "currencies",
    "customer_matrices",
    "customer_pyramids",
    "days",
    "decisions",
    "dst_edges",
    "earning_facts",
    "earning_rules",
    "escalation_policies",
    "evidence",
    "evidence_values",
    "exchange_rates",
    "expected_values",
    "follow_ups",
    "histograms",
    "holdout_splits",
    "identifiers",
    "instants",
    "interactions",
    "ledger_commands",
    "ledger_terms",
    "ledger_walks",
    "lifecycles",
    "markov_tables",
    "memberships",
    "money",
    "obligation_profiles",
    "partner_facts",
    "periods",
    "points_ledgers",
    "programs",
    "promises",
    "purchase_histories",
    "purchases",
    "qualifications",
    "rates",
    "ratios",
    "receipts",
    "relationship_facts",
    "renewal_models",
    "renewal_values",
    "repeat_purchase_facts",
    "repeat_purchase_models",
    "repeat_purchase_summaries",
    "retention_values",
    "rfm_facts",
    "rfm_scales",
    "rfm_segmentations",
    "rfm_summaries",
    "roundings",
    "rule_segments",
    "segment_maps",
    "severities",
    "shop_histories",
    "spend_models",
    "texts",
    "tier_policies",
    "units",
    "value_scales",
    "values",
    "visit_reports",
    "weights",
    "win_backs",
]

# What has a module of its own is imported when it is asked for: all rooms together take longer
# to import than Hypothesis does.
_ELSEWHERE = {
    name: module
    for module, names in {
        "complaint_parts": (
            "causes",
            "complaint_events",
            "receipts",
            "severities",
        ),
        "complaint_terms": (
            "allowances",
            "escalation_policies",
            "obligation_profiles",
        ),
        "complaints": (
            "case_histories",
            "complaints",
        ),
        "drawing": ("values",),
        "follow_ups": (
            "appointments",
            "follow_ups",
            "visit_reports",
        ),
        "lifetime_value": (
            "counted_facts",
            "counted_renewals",
            "counted_spend",
            "expected_values",
            "holdout_splits",
            "markov_tables",
            "renewal_models",
            "renewal_values",
            "repeat_purchase_models",
            "repeat_purchase_summaries",
            "retention_values",
            "spend_models",
        ),
        "loyalty": (
            "earning_facts",
            "earning_rules",
            "ledger_commands",
            "ledger_terms",
            "ledger_walks",
            "memberships",
            "points_ledgers",
            "programs",
            "qualifications",
            "tier_policies",
        ),
        "retention": ("win_backs",),
        "segmentation": (
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
        ),
        "shops": ("shop_histories",),
        "zones": ("dst_edges",),
    }.items()
    for name in names
}


def __getattr__(name: str) -> Any:
    if name not in _ELSEWHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"crmkit.testing.{_ELSEWHERE[name]}"), name)
