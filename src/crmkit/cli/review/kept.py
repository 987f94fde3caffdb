"""What a review keeps in its store, and what a later one reads there: who moved.

Each ladder (segments, ABC classes, the pyramid) has a stream of moves. A move is one change, with
its day and its reason, and all customers whom it concerns: so the history of every customer is
kept, and twenty thousand of them are written in one transaction of a few dozen entries.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from itertools import chain

from attrs import Factory, define, frozen

from crmkit.cli.refusal import Refusal
from crmkit.cli.review.figures import Outcomes, decide
from crmkit.cli.review.policy import POLICY_DOCUMENTS, ReviewPolicy
from crmkit.cli.review.reasons import GONE, reasons_of
from crmkit.identifiers import CustomerId
from crmkit.money import Money
from crmkit.segmentation import RfmSummary
from crmkit.storage import Collection, Index, Stored, Stream, UnitOfWork
from crmkit.storage.subjects import SubjectData
from crmkit.tiering import (
    Migration,
    MigrationMatrix,
    Tier,
    TierChange,
    TierHistory,
    TierLadder,
)

__all__ = [
    "REVIEWS",
    "SUBJECT_DATA",
    "TIER_MOVES",
    "Migrations",
    "Moves",
    "Review",
    "TierMove",
    "keep_review",
    "last_review",
    "tier_history",
]


@frozen(kw_only=True)
class TierMove:
    """Customers who moved together: one change and everyone whom it concerns."""

    change: TierChange
    customers: tuple[CustomerId, ...]


@frozen(kw_only=True)
class Moves:
    """Who moved on one ladder since the review before.

    ``by_cut_points`` counts those who would have stayed where they were under the cut-points of the
    review before: they did not change, the population around them did.
    """

    ladder: str
    matrix: MigrationMatrix
    by_cut_points: int


@frozen(kw_only=True)
class Migrations:
    """Who moved between two reviews, ladder by ladder."""

    since: date
    as_of: date
    ladders: tuple[Moves, ...]


@frozen(kw_only=True)
class Review:
    """One review as it is kept: as of when, by which policy, and what it amounted to.

    ``fingerprint`` tells whether another review came to the same outcomes.
    """

    as_of: date
    customers: int
    revenue: Money
    policy: ReviewPolicy
    fingerprint: str
    migrations: Migrations | None


REVIEWS = Collection(
    "reviews",
    Review,
    key=lambda review: review.as_of.isoformat(),
    indexes=(Index("by-day", lambda review: (review.as_of,)),),
)
"""One review a day; the last one of a day stands."""

TIER_MOVES = Stream("tier-moves", (TierMove,))
"""The moves on each ladder: ``segment``, ``abc`` and ``pyramid``."""

SUBJECT_DATA = (SubjectData(REVIEWS), SubjectData(TIER_MOVES))
"""What is kept of a customer: the number, in a review's policy and among those who moved."""


def last_review(unit: UnitOfWork, *, before: date | None = None) -> Stored[Review] | None:
    """The last review that is kept, or the last one before a day."""
    page = unit.repository(REVIEWS).query("by-day", end=before, descending=True, limit=1)
    return page.items[0] if page.items else None


def tier_history(unit: UnitOfWork, ladder: str, customer: CustomerId) -> TierHistory:
    """Everything that is kept of one customer on one ladder."""
    moves = unit.stream(TIER_MOVES).read(ladder)
    changes = tuple(move.change for move in moves if customer in move.customers)
    return TierHistory(customer, changes)


# --- keeping --------------------------------------------------------------------------------------


def keep_review(
    unit: UnitOfWork, policy: ReviewPolicy, summary: RfmSummary, outcomes: Outcomes
) -> Migrations | None:
    """Keep a review and every move, and say who moved since the last review of an earlier day.

    None means that there was none. The same review a second time changes nothing.

    :raises Refusal: if the store holds a later review, or that of another shop.
    """
    last = last_review(unit)
    fingerprint = _fingerprint(policy, summary, outcomes)
    if last is not None:
        _check_order(last.record, summary)
        if (last.record.as_of, last.record.fingerprint) == (summary.as_of, fingerprint):
            return last.record.migrations
    earlier = last_review(unit, before=summary.as_of)
    before = None if earlier is None else earlier.record
    # A review of the same day is replaced, also by one in the currency that was forgotten first.
    _check_shop(before is None or before.revenue.currency == summary.currency)
    migrations = _keep_moves(unit, policy, summary, outcomes, before)
    review = Review(
        as_of=summary.as_of,
        customers=len(summary),
        revenue=summary.revenue,
        policy=policy,
        fingerprint=fingerprint,
        migrations=migrations,
    )
    reviews = unit.repository(REVIEWS)
    if last is not None and last.record.as_of == summary.as_of:
        reviews.replace(review, last.version)
    else:
        reviews.add(review)
    return migrations


def _fingerprint(policy: ReviewPolicy, summary: RfmSummary, outcomes: Outcomes) -> str:
    rows = zip(summary.columns.customers, *outcomes.by_ladder.values(), strict=True)
    text = "\n".join(chain([POLICY_DOCUMENTS.dumps(policy)], map("\t".join, rows)))
    return hashlib.sha256(text.encode()).hexdigest()


def _check_order(last: Review, summary: RfmSummary) -> None:
    if summary.as_of < last.as_of:
        raise Refusal(
            f"the store holds a review as of {last.as_of} already, and reviews run forward: name "
            f"another place with --output-dir or --store, or keep nothing with --no-store"
        )


def _check_shop(is_same: bool) -> None:
    if not is_same:
        raise Refusal(
            "the store holds reviews of another shop (no customer in common, or another currency): "
            "name another place with --output-dir or --store"
        )


def _keep_moves(
    unit: UnitOfWork,
    policy: ReviewPolicy,
    summary: RfmSummary,
    outcomes: Outcomes,
    before: Review | None,
) -> Migrations | None:
    customers = summary.columns.customers
    reasons = reasons_of(policy, outcomes)
    log = unit.stream(TIER_MOVES)
    standings: dict[str, _Standing] = {}
    for name, ladder in policy.ladders.items():
        kept = log.read(name)
        standing = _Standing.of(kept, None if before is None else before.as_of)
        _check_shop(standing.knows_any_of(customers))
        decided = zip(customers, outcomes.by_ladder[name], reasons[name], strict=True)
        log.append(name, standing.moved(decided, ladder, summary.as_of, name), len(kept))
        standings[name] = standing
    if before is None:
        return None
    old = outcomes if before.policy == policy else decide(before.policy, summary)
    moves = []
    for name, standing in standings.items():
        under_old = dict(zip(customers, old.by_ladder[name], strict=True))
        moves.append(standing.moves(name, before.as_of, summary.as_of, under_old))
    return Migrations(since=before.as_of, as_of=summary.as_of, ladders=tuple(moves))


@define
class _Standing:
    """Where every customer stands on a ladder: on the day of the review before, and now."""

    then: dict[CustomerId, Tier | None] = Factory(dict)
    now: dict[CustomerId, Tier | None] = Factory(dict)

    @classmethod
    def of(cls, moves: Iterable[TierMove], since: date | None) -> "_Standing":
        """Take the kept moves together."""
        standing = cls()
        for move in moves:
            tiers = dict.fromkeys(move.customers, move.change.to_tier)
            standing.now.update(tiers)
            if since is not None and move.change.on <= since:
                standing.then.update(tiers)
        return standing

    def knows_any_of(self, customers: Iterable[CustomerId]) -> bool:
        """Whether this can be the same shop; before its first review it always can."""
        return not self.now or not self.now.keys().isdisjoint(customers)

    def moved(
        self,
        decided: Iterable[tuple[CustomerId, str, str]],
        ladder: TierLadder,
        on: date,
        policy: str,
    ) -> list[TierMove]:
        """The moves to what was decided, and out for those who are gone; now they stand there."""
        together: dict[tuple[Tier | None, Tier | None, str], list[CustomerId]] = {}
        tiers = {tier.name: tier for tier in ladder}
        gone = dict.fromkeys(customer for customer, tier in self.now.items() if tier is not None)
        for customer, name, reason in decided:
            gone.pop(customer, None)
            held = self.now.get(customer)
            if held is None or held.name != name:
                together.setdefault((held, tiers[name], reason), []).append(customer)
        for customer in gone:
            together.setdefault((self.now[customer], None, GONE), []).append(customer)
        for (_, to_tier, _), customers in together.items():
            self.now.update(dict.fromkeys(customers, to_tier))
        return [
            TierMove(
                change=TierChange(
                    on=on, from_tier=held, to_tier=to_tier, reason=reason, policy=policy
                ),
                customers=tuple(customers),
            )
            for (held, to_tier, reason), customers in together.items()
        ]

    def moves(
        self, ladder: str, since: date, as_of: date, under_old: Mapping[CustomerId, str]
    ) -> Moves:
        """Who went from where to where; ``under_old`` is where the old policy puts them."""
        ways: Counter[tuple[Tier | None, Tier | None]] = Counter()
        by_cut_points = 0
        for customer, after in self.now.items():
            held = self.then.get(customer)
            if held is not None or after is not None:
                ways[held, after] += 1
            if held is not None and held != after and under_old.get(customer) == held.name:
                by_cut_points += 1
        ordered = sorted(ways.items(), key=lambda item: tuple(map(_place, item[0])))
        migrations = tuple(Migration(*way, customers) for way, customers in ordered)
        matrix = MigrationMatrix(from_on=since, to_on=as_of, migrations=migrations)
        return Moves(ladder=ladder, matrix=matrix, by_cut_points=by_cut_points)


def _place(tier: Tier | None) -> tuple[bool, int, str]:
    """Highest first, and no tier last."""
    return (True, 0, "") if tier is None else (False, -tier.rank, tier.name)
