"""Replaying a member's years gives what deciding every day would have given."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from crmkit.loyalty import (
    ManualTier,
    Qualification,
    TierFacts,
    TierPolicy,
    replay_terms,
    replay_tiers,
)
from crmkit.tiering import TierHistory, retier
from tests.loyalty.tier_words import (
    FIRST,
    LAST,
    MEMBER,
    ONE_DAY,
    every_day,
    given_by_hand,
    joined,
    policies,
    qualifications,
)

untils = st.dates(FIRST, LAST)


def daily(history: TierHistory, first: date, last: date) -> list[str]:
    """The tier at the end of each day."""
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [str(history.tier_on(on)) for on in days]


class TestReplayLaws:
    """Only days on which something can change are looked at, and none of those is missed."""

    @given(policies(), joined, qualifications, given_by_hand)
    def test_replaying_is_deciding_every_day(
        self,
        policy: TierPolicy,
        joined_on: date,
        known: list[Qualification],
        manual: list[ManualTier],
    ):
        days = list(every_day(policy, joined_on, known, LAST, manual))
        by_terms = replay_terms(policy, MEMBER, joined_on, known, LAST, manual=manual)
        assert daily(by_terms, joined_on, LAST) == [today.by_terms for today in days]
        held = replay_tiers(policy, MEMBER, joined_on, known, LAST, manual=manual)
        assert daily(held, joined_on, LAST) == [today.held for today in days]

    @given(policies(), joined, qualifications, given_by_hand)
    def test_the_policy_itself_asked_every_day_keeps_the_same_history(
        self,
        policy: TierPolicy,
        joined_on: date,
        known: list[Qualification],
        manual: list[ManualTier],
    ):
        kept, on = TierHistory(MEMBER), joined_on
        while on <= joined_on + timedelta(days=150):
            facts = TierFacts.of(MEMBER, joined_on, known, on, kept, manual)
            decision = policy.by_terms(facts)
            kept = retier(kept, decision)
            again = TierFacts.of(MEMBER, joined_on, known, on, kept, manual)
            assert policy.by_terms(again).outcome == kept.tier
            on += ONE_DAY
        whole = replay_terms(policy, MEMBER, joined_on, known, on - ONE_DAY, manual=manual)
        assert [(c.on, c.to_tier) for c in kept.changes] == [
            (c.on, c.to_tier) for c in whole.changes
        ]

    @given(policies(), joined, qualifications, given_by_hand, untils)
    def test_it_can_be_run_as_rarely_as_one_likes(
        self,
        policy: TierPolicy,
        joined_on: date,
        known: list[Qualification],
        manual: list[ManualTier],
        pause: date,
    ):
        whole = replay_terms(policy, MEMBER, joined_on, known, LAST, manual=manual)
        pause = max(pause, joined_on)
        kept = replay_terms(policy, MEMBER, joined_on, known, pause, manual=manual)
        for decided_through in (pause, None):
            resumed = replay_terms(
                policy,
                MEMBER,
                joined_on,
                known,
                LAST,
                manual=manual,
                history=kept,
                decided_through=decided_through,
            )
            assert resumed == whole

    @given(policies(), joined, qualifications, untils)
    def test_what_comes_later_changes_nothing_before_it(
        self, policy: TierPolicy, joined_on: date, known: list[Qualification], until: date
    ):
        until = max(until, joined_on)
        whole = replay_terms(policy, MEMBER, joined_on, known, LAST)
        assert replay_terms(policy, MEMBER, joined_on, known, until) == whole.as_of(until)

    @given(policies(), joined, qualifications, st.randoms(use_true_random=False))
    def test_the_order_of_what_is_known_does_not_matter(self, policy, joined_on, known, random):
        shuffled = list(known)
        random.shuffle(shuffled)
        whole = replay_terms(policy, MEMBER, joined_on, known, LAST)
        assert replay_terms(policy, MEMBER, joined_on, shuffled, LAST) == whole

    @given(policies(), joined, qualifications, given_by_hand)
    def test_at_most_one_change_a_day_and_each_to_another_tier(
        self, policy, joined_on, known, manual
    ):
        held = replay_tiers(policy, MEMBER, joined_on, known, LAST, manual=manual)
        assert held.changes[0].on == joined_on
        assert all(left.on < right.on for left, right in pairwise(held.changes))
