"""Whether as many customers come back as the probabilities of their coming back say."""

import math
from collections import Counter

from attrs import frozen

from crmkit.errors import InvalidValue
from crmkit.lifetime_value.comparison.holdout import outcomes_of
from crmkit.lifetime_value.models.base import RepeatPurchaseModel
from crmkit.lifetime_value.summary import HoldoutSplit

__all__ = ["Calibration", "CalibrationGroup", "purchase_calibration"]


@frozen(kw_only=True)
class CalibrationGroup:
    """Customers who were about as likely to come back in the holdout."""

    lowest: float
    """The least probability among them."""
    highest: float
    """The greatest."""
    customers: int
    predicted: float
    """Which part of them was expected to come back: their mean probability."""
    came_back: int

    @property
    def actual(self) -> float:
        """Which part of them came back."""
        return self.came_back / self.customers


@frozen
class Calibration:
    """Predicted against actual shares of customers who came back in the holdout.

    Nobody sees whether a customer is alive, but a purchase shows it: so what is judged is the
    probability of at least one purchase in the holdout, in which that of being alive is a factor.
    """

    groups: tuple[CalibrationGroup, ...]
    """Customers by their probability, the least likely first."""
    brier_score: float
    """The mean squared distance of each probability from what came of it (1 or 0): the lower, the
    better (Brier 1950, Monthly Weather Review 78, p. 1)."""

    @property
    def customers(self) -> int:
        """All customers of the calibration."""
        return sum(group.customers for group in self.groups)

    @property
    def predicted(self) -> float:
        """Which part of all customers was expected to come back."""
        return math.fsum(g.predicted * g.customers for g in self.groups) / self.customers

    @property
    def actual(self) -> float:
        """Which part of all customers came back."""
        return sum(group.came_back for group in self.groups) / self.customers

    @property
    def reference_score(self) -> float:
        """The Brier score of saying of everybody that they come back like all: what to beat."""
        return self.actual * (1.0 - self.actual)

    @property
    def expected_error(self) -> float:
        """How far predicted and actual share of a group lie apart, on the mean over customers."""
        apart = (abs(g.predicted - g.actual) * g.customers for g in self.groups)
        return math.fsum(apart) / self.customers


def purchase_calibration(
    model: RepeatPurchaseModel, split: HoldoutSplit, *, groups: int = 10
) -> Calibration:
    """Group customers by their probability of coming back, and see which part of each did.

    The probability that a customer makes at least one purchase in the holdout is computed once for
    each distinct row. Groups are equally large (ten are deciles), as far as equal customers let
    them: customers with equal probabilities stay together, so that a group may be larger, smaller,
    or missing. Of a model that counts opportunities, as BG/BB does, it is the probability that a
    customer takes at least one of those in the holdout.

    :raises InvalidValue: if the number of groups is not a whole number of at least 1, or the model
        counts opportunities and the holdout is shorter than one.
    :raises NothingToFit: if there is no customer in the calibration.
    :raises UnitMismatch: if the model counts time in another unit than the calibration.
    """
    if type(groups) is not int or groups < 1:
        raise InvalidValue("customers are put into a whole number of groups: 1 or more")
    horizon, outcomes = outcomes_of(model, split)
    probabilities = {
        facts: min(1.0, max(0.0, 1.0 - model.conditional_pmf(facts, 0, horizon)))
        for facts in {outcome.facts for outcome in outcomes}
    }
    customers: Counter[float] = Counter()
    came_back: Counter[float] = Counter()
    for outcome in outcomes:
        probability = probabilities[outcome.facts]
        customers[probability] += outcome.customers
        came_back[probability] += outcome.customers if outcome.purchases else 0
    squares = (
        came_back[p] * (1.0 - p) ** 2 + (number - came_back[p]) * p**2
        for p, number in customers.items()
    )
    return Calibration(
        tuple(
            CalibrationGroup(
                lowest=members[0],
                highest=members[-1],
                customers=sum(customers[p] for p in members),
                predicted=math.fsum(customers[p] * p for p in members)
                / sum(customers[p] for p in members),
                came_back=sum(came_back[p] for p in members),
            )
            for members in _grouped(customers, groups)
        ),
        math.fsum(squares) / customers.total(),
    )


def _grouped(customers: Counter[float], groups: int) -> list[list[float]]:
    """Probabilities in ascending order, each in the group where the middle of its customers is."""
    members: dict[int, list[float]] = {}
    before, total = 0, customers.total()
    for probability in sorted(customers):
        number = customers[probability]
        members.setdefault((2 * before + number) * groups // (2 * total), []).append(probability)
        before += number
    return list(members.values())
