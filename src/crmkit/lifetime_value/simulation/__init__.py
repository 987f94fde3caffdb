"""Customers who behave as a model says, to test models and pipelines against.

Of real customers nobody knows who has left, nor what they will do; of these both is known. Chance
comes in as an argument: the same seed makes the same customers.
"""

from crmkit.lifetime_value.simulation.contracts import (
    ContractModel,
    SimulatedContract,
    simulate_contracts,
)
from crmkit.lifetime_value.simulation.customers import (
    MOST_PURCHASES,
    PurchaseModel,
    SimulatedCustomer,
    simulate_customers,
)
from crmkit.lifetime_value.simulation.draws import RandomSource
from crmkit.lifetime_value.simulation.purchases import SimulatedShop, simulate_purchases
from crmkit.lifetime_value.simulation.spend import Spend, simulate_spend

__all__ = [
    "MOST_PURCHASES",
    "ContractModel",
    "PurchaseModel",
    "RandomSource",
    "SimulatedContract",
    "SimulatedCustomer",
    "SimulatedShop",
    "Spend",
    "simulate_contracts",
    "simulate_customers",
    "simulate_purchases",
    "simulate_spend",
]
