"""From demand to product to channel."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.identifiers import CustomerId
from crmkit.segmentation.policies.service_channel import (
    BANK_CHANNELS,
    DemandFacts,
    DemandLevel,
    ProductLevel,
    ServiceChannel,
    ServiceChannels,
    ServiceOffer,
)
from tests.segmentation.policy_laws import DAY, assert_policy_laws


def demand(level: DemandLevel) -> DemandFacts:
    """A customer with that demand."""
    return DemandFacts(customer=CustomerId("C-7"), as_of=DAY, demand=level)


class TestServiceChannels:
    """Mass, common, automation; middle, middle, client manager; upper, premium, partner."""

    def test_laws_of_a_policy(self):
        assert_policy_laws(ServiceChannels(), [demand(level) for level in DemandLevel])

    @pytest.mark.parametrize(
        ("level", "product", "channel"),
        [
            ("mass", "common", "automation"),
            ("middle", "middle", "client-manager"),
            ("upper", "premium", "professional-partner"),
        ],
    )
    def test_the_table(self, level, product, channel):
        decision = ServiceChannels()(demand(DemandLevel(level)))
        assert (decision.outcome.product, decision.outcome.channel) == (product, channel)
        assert [item.required for item in decision.evidence if item.met] == [level]

    def test_a_table_of_ones_own(self):
        offers = [*BANK_CHANNELS[:2], evolve(BANK_CHANNELS[2], product=ProductLevel.MIDDLE)]
        assert str(ServiceChannels(offers=offers)(demand(DemandLevel.UPPER)).outcome) == (
            "middle product by professional partner"
        )

    @pytest.mark.parametrize("offers", [[], BANK_CHANNELS[:2], [*BANK_CHANNELS, BANK_CHANNELS[0]]])
    def test_each_level_of_demand_has_one_offer(self, offers):
        with pytest.raises(InvalidPolicy, match="each level of demand has one offer"):
            ServiceChannels(offers=offers)

    def test_the_order_of_the_table_does_not_matter(self):
        turned = ServiceChannels(offers=reversed(BANK_CHANNELS))
        assert turned(demand(DemandLevel.MASS)).outcome == ServiceOffer(
            DemandLevel.MASS, ProductLevel.COMMON, ServiceChannel.AUTOMATION
        )

    @pytest.mark.parametrize("changes", [{"customer": ""}, {"as_of": None}])
    def test_facts_name_a_customer_and_a_day(self, changes: dict[str, Any]):
        with pytest.raises(InvalidValue):
            evolve(demand(DemandLevel.MASS), **changes)
