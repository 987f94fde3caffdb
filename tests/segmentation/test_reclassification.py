"""Classifying all customers anew at regular times, from volume, potential and a survey."""

from __future__ import annotations

from datetime import date

from attrs import evolve, frozen

from crmkit.decision import Comparison
from crmkit.identifiers import CustomerId
from crmkit.money import Money
from crmkit.period import Unit
from crmkit.segmentation import (
    Condition,
    OneOf,
    Retiered,
    RuleSegments,
    SegmentationDesk,
    SegmentRule,
)
from crmkit.storage.memory import MemoryStore
from crmkit.tiering import RetieringPolicy, ReviewCycle, TierLadder, migration_matrix

ANNA, BERT = CustomerId("anna"), CustomerId("bert")


@frozen(kw_only=True)
class SurveyedFacts:
    """What was sold to a customer, what could be, and how well the survey says we know it."""

    customer: CustomerId
    as_of: date
    volume: Money
    potential: Money
    knowledge: str | None = None


VOLUME = Condition("volume", Comparison.AT_LEAST, Money(1_000, "EUR"))
POTENTIAL = Condition("potential", Comparison.AT_LEAST, Money(500, "EUR"))
KNOWLEDGE = OneOf("knowledge", ("well", "very well"))
CLASSES = RuleSegments(
    (SegmentRule("A", VOLUME & POTENTIAL & KNOWLEDGE), SegmentRule("B", VOLUME | POTENTIAL)),
    otherwise="C",
)
LADDER = TierLadder.of("C", "B", "A")
YEARLY = ReviewCycle(date(2026, 1, 1), 1, Unit.YEAR)


class TestReclassification:
    """Regular re-classification with survey; conversions are kept as dated history with reason."""

    ANNA = SurveyedFacts(
        customer=ANNA,
        as_of=date(2026, 1, 1),
        volume=Money(1_200, "EUR"),
        potential=Money(900, "EUR"),
        knowledge="well",
    )
    BERT = evolve(ANNA, customer=BERT, volume=Money(0, "EUR"), knowledge=None)

    def desk(self) -> SegmentationDesk:
        return SegmentationDesk(
            store=MemoryStore(), retiering=RetieringPolicy(LADDER, reviews=YEARLY)
        )

    def reclassify(self, desk: SegmentationDesk, *facts: SurveyedFacts) -> Retiered:
        return desk.retier(LADDER.place(CLASSES(each)) for each in facts)

    def test_each_conversion_is_kept_with_its_day_and_reason(self):
        desk = self.desk()
        self.reclassify(desk, self.ANNA, self.BERT)
        later = date(2027, 1, 1)
        self.reclassify(
            desk,
            evolve(self.ANNA, as_of=later, potential=Money(0, "EUR"), knowledge="hardly"),
            evolve(self.BERT, as_of=later, volume=Money(5_000, "EUR"), knowledge="very well"),
        )
        kept = {who: desk.history(who).changes for who in (ANNA, BERT)}
        assert [(c.on.year, str(c.to_tier)) for c in kept[ANNA]] == [(2026, "A"), (2027, "B")]
        assert [(c.on.year, str(c.to_tier)) for c in kept[BERT]] == [(2026, "B"), (2027, "A")]
        assert "potential, knowledge not met" in kept[ANNA][-1].reason
        assert "volume, potential, knowledge met" in kept[BERT][-1].reason

    def test_between_two_reviews_nobody_is_put_down(self):
        desk = self.desk()
        self.reclassify(desk, self.ANNA)
        poor = evolve(self.ANNA, as_of=date(2026, 12, 31), volume=Money(0, "EUR"))
        assert self.reclassify(desk, poor).moved == ()
        assert YEARLY.next_from(poor.as_of) == date(2027, 1, 1)
        moved = self.reclassify(desk, evolve(poor, as_of=date(2027, 1, 1))).moved
        assert [str(decision.outcome) for decision in moved] == ["B"]

    def test_who_was_converted_can_be_counted(self):
        desk = self.desk()
        self.reclassify(desk, self.ANNA, self.BERT)
        self.reclassify(
            desk,
            evolve(self.BERT, as_of=date(2026, 7, 1), volume=Money(1_000, "EUR"), knowledge="well"),
        )
        histories = [desk.history(who) for who in (ANNA, BERT)]
        matrix = migration_matrix(histories, date(2026, 6, 30), date(2026, 7, 1))
        assert matrix.count(LADDER.tier("B"), LADDER.tier("A")) == 1
        assert matrix.customers == 2
