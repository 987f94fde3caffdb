"""The desk of segmentation: load, decide, keep, in one transaction."""

from collections.abc import Iterable
from contextlib import nullcontext
from datetime import date, datetime

from attrs import frozen

from crmkit.decision import Decision
from crmkit.errors import InvalidValue
from crmkit.identifiers import CustomerId
from crmkit.segmentation.kept import (
    EARNED_TIERS,
    POLICIES,
    TIER_HISTORIES,
    PolicyVersion,
    policy_on,
)
from crmkit.storage import Collection, Page, Store, UnitOfWork
from crmkit.tiering import RetieringFacts, RetieringPolicy, Tier, TierHistory, retier

__all__ = ["Retiered", "SegmentationDesk"]


@frozen(kw_only=True)
class Retiered:
    """What a run of re-tiering did: who moved, with the decision, and how many stayed."""

    moved: tuple[Decision[Tier], ...]
    unchanged: int


@frozen(kw_only=True)
class SegmentationDesk:
    """Keeps the tiers of customers and the versions of policies in the store of the host.

    Every method takes an open unit of work of the host, which it joins and never commits; without
    one it opens its own and commits it.

    >>> from crmkit.storage.memory import MemoryStore
    >>> from crmkit.tiering import TierLadder
    >>> ladder = TierLadder.of("base", "silver", "gold")
    >>> desk = SegmentationDesk(store=MemoryStore(), retiering=RetieringPolicy(ladder))
    >>> earned = Decision(ladder.tier("gold"), "yearly-spend", date(2026, 3, 1), subject="C-7")
    >>> [str(decision.outcome) for decision in desk.retier([earned]).moved]
    ['gold']
    >>> desk.history(CustomerId("C-7")).since
    datetime.date(2026, 3, 1)
    """

    store: Store
    retiering: RetieringPolicy

    def retier(
        self,
        earned: Iterable[Decision[Tier]],
        *,
        recorded_at: datetime | None = None,
        unit: UnitOfWork | None = None,
    ) -> Retiered:
        """Decide for each customer which tier to hold, and keep every change with its reason.

        Each decision names its customer as the subject. Running it twice for one day changes
        nothing the second time.

        :raises InvalidValue: if a decision names no customer, or its day lies before the last
            change that was kept.
        """
        moved: list[Decision[Tier]] = []
        unchanged = 0
        with self._joined(unit) as joined:
            for decision in earned:
                verdict = self._retier_one(joined, decision, recorded_at)
                if verdict is None:
                    unchanged += 1
                else:
                    moved.append(verdict)
            self._finish(joined, unit)
        return Retiered(moved=tuple(moved), unchanged=unchanged)

    def _retier_one(
        self, unit: UnitOfWork, earned: Decision[Tier], recorded_at: datetime | None
    ) -> Decision[Tier] | None:
        """The decision that moved a customer, None if the tier stays."""
        if earned.subject is None:
            raise InvalidValue("a decision to keep names its customer: Decision(..., subject=...)")
        customer = CustomerId(earned.subject)
        before = None
        if self.retiering.grace is not None or self.retiering.reviews is not None:
            # Both count from the day the earned tier fell; a missed review is made up only so.
            before = self._write(unit, EARNED_TIERS, customer, earned, recorded_at)
        held = _history(unit, TIER_HISTORIES, customer)
        verdict = self.retiering(RetieringFacts.of(held, earned, earned_before=before))
        after = self._write(unit, TIER_HISTORIES, customer, verdict, recorded_at)
        return None if after == held else verdict

    def _write(
        self,
        unit: UnitOfWork,
        collection: Collection[TierHistory],
        customer: CustomerId,
        decision: Decision[Tier],
        recorded_at: datetime | None,
    ) -> TierHistory:
        histories = unit.repository(collection)
        stored = histories.find(customer)
        if stored is None:
            return histories.add(
                retier(TierHistory(customer), decision, recorded_at=recorded_at)
            ).record
        after = retier(stored.record, decision, recorded_at=recorded_at)
        if after != stored.record:
            histories.replace(after, stored.version)
        return after

    def history(self, customer: CustomerId, *, unit: UnitOfWork | None = None) -> TierHistory:
        """The tiers that a customer holds and held; an empty history if none was ever kept."""
        with self._joined(unit) as joined:
            return _history(joined, TIER_HISTORIES, customer)

    def members(
        self,
        tier: Tier,
        *,
        limit: int = 100,
        after: str | None = None,
        unit: UnitOfWork | None = None,
    ) -> Page[TierHistory]:
        """The customers who hold a tier, the longest standing first, page by page."""
        with self._joined(unit) as joined:
            return joined.repository(TIER_HISTORIES).query(
                "by-tier", prefix=(tier.name,), limit=limit, after=after
            )

    def adopt(
        self, name: str, policy: object, *, valid_from: date, unit: UnitOfWork | None = None
    ) -> PolicyVersion[object]:
        """Keep a policy as valid from a day on; the versions before it stay.

        Adopting the same terms for the same day again changes nothing.

        :raises InvalidValue: if other terms were adopted for that day already.
        """
        version = PolicyVersion(name=name, valid_from=valid_from, policy=policy)
        with self._joined(unit) as joined:
            policies = joined.repository(POLICIES)
            stored = policies.find(version.key)
            if stored is None:
                policies.add(version)
            elif stored.record != version:
                raise InvalidValue(
                    "other terms were adopted for that day already: adopt these from another day"
                )
            self._finish(joined, unit)
        return version

    def policy_on(self, name: str, day: date, *, unit: UnitOfWork | None = None) -> object | None:
        """The terms of a policy that were valid on a day, None before the first version."""
        with self._joined(unit) as joined:
            version = policy_on(joined.repository(POLICIES), name, day)
        return None if version is None else version.policy

    def _joined(self, unit: UnitOfWork | None) -> "UnitOfWork | nullcontext[UnitOfWork]":
        return self.store.unit_of_work() if unit is None else nullcontext(unit)

    def _finish(self, joined: UnitOfWork, unit: UnitOfWork | None) -> None:
        """Commit a unit of our own; one that was handed in is the host's to commit."""
        if unit is None:
            joined.commit()


def _history(
    unit: UnitOfWork, collection: Collection[TierHistory], customer: CustomerId
) -> TierHistory:
    stored = unit.repository(collection).find(customer)
    return TierHistory(customer) if stored is None else stored.record
