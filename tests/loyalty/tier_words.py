"""Words to tell stories of program tiers with, and an oracle that looks at every single day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from dateutil.relativedelta import relativedelta
from hypothesis import strategies as st

from crmkit.identifiers import Actor, CustomerId
from crmkit.loyalty import (
    AfterManual,
    AfterReturn,
    AnniversaryWindow,
    AtReset,
    CalendarWindow,
    ManualTier,
    ManualWins,
    Qualification,
    Reaching,
    RollingWindow,
    SinceJoining,
    SinceLastChange,
    TierFacts,
    TierPolicy,
    TierThreshold,
    TierWindow,
)
from crmkit.money import Money
from crmkit.period import Unit
from crmkit.tiering import Downgrade, Grace, ReviewCycle, Tier, TierHistory, TierLadder

LADDER = TierLadder.of("bronze", "silver", "gold")
BRONZE, SILVER, GOLD = LADDER
MEMBER = CustomerId("M-7")
JOINED = date(2026, 1, 1)
ONE_DAY = timedelta(days=1)

POINTS = (TierThreshold(tier=SILVER, points=1_000), TierThreshold(tier=GOLD, points=5_000))


def day(text: str) -> date:
    """A day of 2026, or a whole one: ``day("03-01")``, ``day("2027-03-01")``."""
    return date.fromisoformat(text if len(text) > 5 else f"2026-{text}")


def earns(*entries: str) -> list[Qualification]:
    """Points in words: ``earns("03-01 1000", "04-01 -200 for 03-01")``."""
    found = []
    for entry in entries:
        on, points, *rest = entry.split()
        earned_on = day(rest[1]) if rest else None
        found.append(Qualification(day(on), points=int(points), earned_on=earned_on))
    return found


def by_points(window: TierWindow, **terms: Any) -> TierPolicy:
    """Silver from 1,000 points, gold from 5,000."""
    return TierPolicy(BRONZE, POINTS, window, **terms)


def told(history: TierHistory) -> list[str]:
    """The changes in words: ``["2026-01-01 bronze", ...]``."""
    return [f"{change.on} {change.to_tier}" for change in history.changes]


def facts(
    qualifications: Iterable[Qualification],
    as_of: str,
    history: TierHistory | None = None,
    manual: Iterable[ManualTier] = (),
    joined_on: date = JOINED,
) -> TierFacts:
    """What is known of the member by a day."""
    return TierFacts.of(MEMBER, joined_on, qualifications, day(as_of), history, manual)


def by_hand(tier: Tier, from_on: str, until: str, **terms: Any) -> ManualTier:
    """A tier given by hand."""
    return ManualTier(
        tier=tier,
        from_on=day(from_on),
        until=day(until),
        reason="status match",
        by=Actor("desk-4"),
        **terms,
    )


# --- made at random -------------------------------------------------------------------------------

FIRST, LAST = date(2023, 11, 25), date(2025, 3, 31)
units = st.sampled_from(Unit)
graces = st.builds(Grace, st.integers(1, 3), st.sampled_from([Unit.DAY, Unit.WEEK, Unit.MONTH]))
rolling = st.builds(
    RollingWindow, st.integers(1, 40), st.sampled_from([Unit.DAY, Unit.WEEK])
) | st.builds(RollingWindow, st.integers(1, 7), st.sampled_from([Unit.MONTH, Unit.QUARTER]))
calendar = st.builds(
    CalendarWindow, st.sampled_from([Unit.MONTH, Unit.QUARTER, Unit.YEAR]), st.integers(1, 12)
)
anniversary = st.builds(
    AnniversaryWindow, st.integers(1, 5), st.sampled_from([Unit.DAY, Unit.WEEK, Unit.MONTH])
)
since_change = st.just(SinceLastChange()) | st.builds(
    SinceLastChange, st.integers(2, 6), st.sampled_from([Unit.WEEK, Unit.MONTH])
)
windows = st.one_of(rolling, calendar, anniversary, since_change, st.just(SinceJoining()))
cycles = st.builds(ReviewCycle, st.dates(FIRST, date(2024, 3, 31)), st.integers(1, 5), units)

TABLES = (
    ((TierThreshold(tier=SILVER, points=10), TierThreshold(tier=GOLD, points=30)), Reaching.ALL),
    (
        (
            TierThreshold(tier=SILVER, spend=Money("10.00", "EUR"), visits=2),
            TierThreshold(tier=GOLD, spend=Money("20.00", "EUR"), visits=2),
        ),
        Reaching.ALL,
    ),
    (
        (
            TierThreshold(tier=SILVER, points=10, visits=2),
            TierThreshold(tier=GOLD, points=20, visits=4),
        ),
        Reaching.ANY,
    ),
)


@st.composite
def policies(draw: st.DrawFn) -> TierPolicy:
    """Any policy whose terms go together."""
    thresholds, reaching = draw(st.sampled_from(TABLES))
    window = draw(windows)
    falls = draw(st.sampled_from(Downgrade))
    waits: dict[str, Any] = {}
    if falls is not Downgrade.NEVER:
        resets = window.cycle(JOINED) is not None
        waits["reviews"] = draw(st.none() | cycles | (st.just(AtReset()) if resets else st.none()))
        waits["landing"] = draw(st.none() | graces)
        restarts = isinstance(window, SinceLastChange) and waits["reviews"] is None
        waits["grace"] = draw(graces if restarts else st.none() | graces)
    back = draw(st.sampled_from(AfterReturn))
    return TierPolicy(
        BRONZE,
        thresholds,
        window,
        reaching=reaching,
        downgrade=falls,
        returns=AfterReturn.UNDER_TERMS if isinstance(window, SinceLastChange) else back,
        **waits,
    )


@st.composite
def one_qualification(draw: st.DrawFn) -> Qualification:
    """A purchase, a return, or something posted late."""
    on = draw(st.dates(FIRST, LAST - timedelta(days=60)))
    late = draw(st.sampled_from([0, 0, 0, 1, 20, 50]))
    amount = draw(st.sampled_from([1, 3, 10, 10, 15, 20, 30, -3, -10, -20]))
    return Qualification(
        on,
        points=amount,
        spend=Money(amount, "EUR"),
        visits=draw(st.integers(1, 2)) if amount > 0 else -1,
        earned_on=on - timedelta(days=late) if late else None,
    )


qualifications = st.lists(one_qualification(), max_size=10)
joined = st.dates(FIRST, FIRST + timedelta(days=100))


@st.composite
def one_by_hand(draw: st.DrawFn) -> ManualTier:
    """A tier given by hand, for at most half a year."""
    from_on = draw(st.dates(FIRST, LAST))
    return ManualTier(
        tier=draw(st.sampled_from(LADDER.tiers)),
        from_on=from_on,
        until=from_on + timedelta(days=draw(st.integers(0, 180))),
        reason="status match",
        by=Actor("desk-4"),
        wins=draw(st.sampled_from(ManualWins)),
        then=draw(st.sampled_from(AfterManual)),
    )


given_by_hand = st.lists(one_by_hand(), max_size=2)


# --- the oracle -----------------------------------------------------------------------------------


class Today(NamedTuple):
    """What the oracle found for one day."""

    on: date
    by_terms: str
    held: str


STEPS = {
    Unit.DAY: relativedelta(days=1),
    Unit.WEEK: relativedelta(weeks=1),
    Unit.MONTH: relativedelta(months=1),
    Unit.QUARTER: relativedelta(months=3),
    Unit.YEAR: relativedelta(years=1),
}
NAMES = ("bronze", "silver", "gold")


@lru_cache(maxsize=100_000)
def window_of(window: TierWindow, on: date, joined_on: date, changed_on: date | None) -> date:
    """The first day in the window of a day, found by counting up from the beginning."""
    match window:
        case RollingWindow(count, unit):
            return max(on + ONE_DAY - STEPS[unit] * count, joined_on)
        case CalendarWindow(unit, first_month):
            months = {Unit.MONTH: 1, Unit.QUARTER: 3, Unit.YEAR: 12}[unit]
            first = date(on.year - 1, first_month, 1)
            while first + relativedelta(months=months) <= on:
                first += relativedelta(months=months)
            return max(first, joined_on)
        case AnniversaryWindow(count, unit):
            return spans(joined_on, count, unit, on)[-1]
        case SinceLastChange(count, unit):
            first = joined_on if changed_on is None else changed_on + ONE_DAY
            if count is None or unit is None:
                return first
            return max(first, spans(changed_on or joined_on, count, unit, on)[-1])
        case _:
            return joined_on


def spans(begin: date, count: int, unit: Unit, on: date) -> list[date]:
    """The beginnings of all spans through a day."""
    found = [begin]
    while (after := begin + STEPS[unit] * (count * len(found))) <= on:
        found.append(after)
    return found


@lru_cache(maxsize=1_000)
def review_days(reviews: ReviewCycle) -> frozenset[date]:
    """The days of all reviews, one by one."""
    return frozenset(spans(reviews.first_on, reviews.every, reviews.unit, date(2030, 1, 1)))


def reached(policy: TierPolicy, counted: Sequence[Qualification]) -> int:
    """The position of the tier that a pile of qualifications reaches, threshold by threshold."""
    best = 0
    for position, threshold in enumerate(policy.thresholds, start=1):
        verdicts = []
        if threshold.points is not None:
            verdicts.append(sum(q.points for q in counted) >= threshold.points)
        if threshold.spend is not None:
            spent = sum((q.spend for q in counted if q.spend), Money("0.00", "EUR"))
            verdicts.append(spent >= threshold.spend)
        if threshold.visits is not None:
            verdicts.append(sum(q.visits for q in counted) >= threshold.visits)
        enough = all(verdicts) if policy.reaching is Reaching.ALL else any(verdicts)
        best = position if enough else best
    return best


class Oracle:
    """Decides each day of a member from all there is, and remembers what it decided."""

    def __init__(self, policy: TierPolicy, joined_on: date, known: Iterable[Qualification]) -> None:
        self.policy, self.joined_on, self.known = policy, joined_on, list(known)
        self.earned: dict[date, int] = {}
        self.changes: list[tuple[date, int | None, int]] = []

    def is_review(self, on: date, changed_on: date | None) -> bool:
        """Whether there is a review on a day."""
        reviews, window = self.policy.reviews, self.policy.window
        if isinstance(reviews, AtReset):
            restarted = changed_on if isinstance(window, SinceLastChange) else None
            if restarted is not None and on <= restarted + ONE_DAY:
                return False  # The window has just begun, and those here last longer than a day.
            return window_of(window, on, self.joined_on, restarted) == on
        return reviews is not None and on in review_days(reviews)

    def earned_on(self, on: date, changed_on: date | None, *, leave_out: bool = False) -> int:
        """The position earned on a day."""
        window = self.policy.window
        known = [q for q in self.known if q.on <= on]
        if leave_out:
            known = [q for q in known if not (q.on == on and q.is_return)]
        start = window_of(window, on, self.joined_on, changed_on)
        best = reached(self.policy, [q for q in known if start <= q.counts_for <= on])
        begin = self.joined_on
        if isinstance(window, SinceLastChange) and changed_on is not None:
            begin = changed_on + ONE_DAY
        tumbles = not isinstance(window, RollingWindow | SinceJoining)
        if tumbles and self.is_review(on, changed_on) and start > begin:
            end = start - ONE_DAY
            before = window_of(window, end, self.joined_on, changed_on)
            closed = [q for q in known if before <= q.counts_for <= end]
            best = max(best, reached(self.policy, closed))
        return best

    def changed_on(self) -> date | None:
        """The day of the last change, coming in at the entry left aside."""
        real = [on for on, before, after in self.changes if before is not None or after > 0]
        return real[-1] if real else None

    def falls(self, on: date, held: int, changed_on: date | None) -> bool:
        """Whether a tier that is not earned on a day falls on it."""
        policy, (since, came_from, _) = self.policy, self.changes[-1]
        if policy.downgrade is Downgrade.NEVER or on <= since:
            return False
        below = on
        while below > since and self.earned[below - ONE_DAY] < held:
            below -= ONE_DAY
        wait = max(below, since + ONE_DAY)
        if policy.grace is not None:
            wait = max(wait, below + STEPS[policy.grace.unit] * policy.grace.count)
        if policy.landing is not None and came_from is not None and came_from > held:
            wait = max(wait, since + STEPS[policy.landing.unit] * policy.landing.count)
        if policy.reviews is None:
            return on >= wait
        return any(
            self.is_review(wait + timedelta(days=n), changed_on)
            for n in range((on - wait).days + 1)
        )

    def decide(self, on: date, manual: Sequence[ManualTier]) -> int:
        """The position held by the terms from a day on."""
        changed_on = self.changed_on()
        earned = self.earned[on] = self.earned_on(on, changed_on)
        held = self.changes[-1][2] if self.changes else None
        outcome = earned
        if held is not None and earned < held:
            outcome = held
            if self.falls(on, held, changed_on):
                one_step = self.policy.downgrade is Downgrade.ONE_STEP
                outcome = held - 1 if one_step else earned
            undone = self.earned_on(on, changed_on, leave_out=True) >= held
            if self.policy.returns is AfterReturn.AT_ONCE and undone:
                outcome = earned
        for each in manual:
            if each.then is AfterManual.FALL and each.until == on:
                outcome = max(outcome, NAMES.index(each.tier.name))
        if outcome != held:
            self.changes.append((on, held, outcome))
        return outcome


def by_hand_on(manual: Sequence[ManualTier], on: date, by_terms: int) -> int:
    """What is held on a day, tiers given by hand included."""
    there = [each for each in manual if each.from_on <= on <= each.until]
    floors = [NAMES.index(e.tier.name) for e in there if e.wins is ManualWins.FLOOR]
    held = max([by_terms, *floors])
    fixed = [each for each in there if each.wins is ManualWins.FIXED]
    for each in sorted(fixed, key=lambda e: e.from_on):
        held = NAMES.index(each.tier.name)
    return held


def every_day(
    policy: TierPolicy,
    joined_on: date,
    known: Iterable[Qualification],
    until: date,
    manual: Sequence[ManualTier] = (),
) -> Iterator[Today]:
    """Decide every single day, each from all there is."""
    oracle, on = Oracle(policy, joined_on, known), joined_on
    while on <= until:
        by_terms = oracle.decide(on, manual)
        yield Today(on, NAMES[by_terms], NAMES[by_hand_on(manual, on, by_terms)])
        on += ONE_DAY
