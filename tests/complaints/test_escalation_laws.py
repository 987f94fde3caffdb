"""Each escalation fires exactly once, in due order, however late or often the host asks."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.complaints.facts.history import CaseHistory, FiredEscalation, Wait
from crmkit.complaints.policies.escalation import EscalationPolicy
from crmkit.serialization import make_converter
from tests.complaints.escalation_cases import (
    MINUTES,
    WHENS,
    cases,
    instant,
    known_at,
    policies,
    stepped,
)
from tests.segmentation.documents import in_toml

CONVERTER = make_converter(EscalationPolicy)
END = instant(MINUTES - 1)
POLLS = st.lists(WHENS, max_size=8)


def fired(
    policy: EscalationPolicy, history: CaseHistory, minute: int
) -> tuple[FiredEscalation, ...]:
    return tuple(due.fired for due in policy.due(history, instant(minute)))


class TestOracle:
    """Stepping through a case minute by minute gives the same."""

    @given(policies(), cases())
    def test_what_fires_is_what_stepping_through_every_minute_finds(self, policy, history):
        due = policy.due(history, END)
        found = [(each.rule, each.level, each.fell_due_at) for each in due]
        expected = [item for rule in policy.rules for item in stepped(rule, history)]
        assert sorted(found) == sorted(expected)


class TestExactlyOnce:
    """Polled 0, 1 or n times late, twice at an instant, or back in time: the same set, once each.

    The host that is polled knows at each instant only what was on record by then.
    """

    @given(policies(), cases(), POLLS)
    def test_any_pattern_of_polls_fires_what_one_poll_at_the_end_fires(
        self, policy, history, polls
    ):
        seen: tuple[FiredEscalation, ...] = ()
        for minute in [*polls, MINUTES - 1]:
            known = evolve(known_at(history, instant(minute)), fired=seen)
            found = policy.due(known, instant(minute))
            assert list(found) == sorted(found, key=lambda due: due.fell_due_at)
            assert all(due.fell_due_at <= instant(minute) for due in found)
            new = tuple(due.fired for due in found)
            assert not set(new) & set(seen)
            assert len(set(new)) == len(new)
            seen += new
        assert set(seen) == set(fired(policy, history, MINUTES - 1))

    @given(policies(), cases(), WHENS)
    def test_asked_twice_at_one_instant_nothing_is_left_the_second_time(
        self, policy, history, minute
    ):
        once = evolve(history, fired=fired(policy, history, minute))
        assert policy.due(once, instant(minute)) == ()

    @given(policies(), cases(), WHENS, WHENS)
    def test_what_was_due_earlier_is_the_beginning_of_what_is_due_later(
        self, policy, history, one, other
    ):
        first, second = sorted([one, other])
        early, late = fired(policy, history, first), fired(policy, history, second)
        assert late[: len(early)] == early

    @given(policies(), cases(), st.data())
    def test_what_is_recorded_out_of_order_leaves_exactly_the_rest(self, policy, history, data):
        everything = fired(policy, history, MINUTES - 1)
        some = data.draw(st.sets(st.sampled_from(everything))) if everything else set()
        told = evolve(history, fired=tuple(some))
        assert fired(policy, told, MINUTES - 1) == tuple(f for f in everything if f not in some)

    @given(policies(), cases(), WHENS, st.integers(1, 3000), st.integers(1, 2000))
    def test_a_wait_recorded_too_late_fires_nothing_twice(
        self, policy, history, minute, before, length
    ):
        """Deadlines move, and what has fired stands for the same level: none gets one more."""
        told = fired(policy, history, minute)
        start = max(minute - before, 0)
        wait = Wait("complainant", instant(start), instant(start + length))
        moved = evolve(history, waits=(*history.waits, wait), fired=told)
        new = fired(policy, moved, MINUTES - 1)
        for rule in policy.rules:
            rounds = sum(mark.name in rule.since for mark in history.marks)
            for level in rule.levels:
                of_it = [f for f in (*told, *new) if (f.rule, f.level) == (rule.name, level.level)]
                most = 1 + (rule.repeats if level is rule.highest else 0)
                assert len(of_it) <= most * rounds

    @given(policies(), policies(), cases(), WHENS)
    def test_other_rules_of_the_same_names_fire_nothing_twice(
        self, policy, swapped, history, minute
    ):
        """Levels that were told under the old terms are not told again under the new ones."""
        told = fired(policy, history, minute)
        new = fired(swapped, evolve(history, fired=told), MINUTES - 1)
        assert not set(new) & set(told)
        old_rules = {rule.name: rule for rule in policy.rules}
        for rule in swapped.rules:
            old = old_rules.get(rule.name, rule)
            rounds = max(
                sum(mark.name in each.since for mark in history.marks) for each in (rule, old)
            )
            for level in {*rule.levels, *old.levels}:
                of_it = [f for f in (*told, *new) if (f.rule, f.level) == (rule.name, level.level)]
                most = 1 + max(each.repeats for each in (rule, old))
                assert len(of_it) <= most * rounds

    @given(policies(), policies(), cases(), WHENS)
    def test_two_sets_of_rules_with_other_names_do_not_disturb_each_other(
        self, policy, other, history, minute
    ):
        """Levels of the same number and role on one case, told by two sets side by side."""
        renamed = evolve(
            other, rules=[evolve(rule, name=f"other-{rule.name}") for rule in other.rules]
        )
        told = evolve(history, fired=fired(policy, history, minute))
        assert renamed.due(told, instant(minute)) == renamed.due(history, instant(minute))
        both = evolve(told, fired=(*told.fired, *fired(renamed, told, minute)))
        assert policy.due(both, instant(minute)) == renamed.due(both, instant(minute)) == ()


class TestNextDue:
    """It tells a host when to ask next."""

    @given(policies(), cases(), WHENS, WHENS)
    def test_it_is_never_later_than_the_first_thing_that_is_due(
        self, policy, history, asked, minute
    ):
        ahead = policy.next_due(history, instant(asked))
        due = policy.due(history, instant(minute))
        if due:
            assert ahead is not None
            assert ahead <= due[0].fell_due_at

    @given(policies(), cases())
    def test_asking_only_when_it_says_finds_everything(self, policy, history):
        asked = history.received_at
        seen: tuple[FiredEscalation, ...] = ()
        while True:
            told = evolve(history, fired=seen)
            ahead = policy.next_due(told, asked)
            if ahead is None or ahead > END:
                break
            asked = max(asked, ahead)
            seen += tuple(due.fired for due in policy.due(told, asked))
        assert set(seen) == set(fired(policy, history, MINUTES - 1))

    @given(policies(), cases(), WHENS)
    def test_asked_at_that_instant_and_not_before_there_is_something_due(
        self, policy, history, minute
    ):
        """As long as nothing happens to the case in between."""
        known = known_at(history, instant(minute))
        ahead = policy.next_due(known, instant(minute))
        if ahead is None:
            assert policy.due(known, END) == ()
        else:
            assert policy.due(known, ahead)[0].fell_due_at == ahead
            assert policy.due(known, ahead - timedelta(microseconds=1)) == ()


class TestDecision:
    """A decision gives what is due, and its evidence why."""

    @given(policies(), cases(), WHENS)
    def test_the_outcome_can_be_computed_again_from_the_evidence(self, policy, history, minute):
        told = evolve(history, fired=fired(policy, history, minute // 2))
        decision = policy(told, instant(minute))
        assert decision.outcome == policy.due(told, instant(minute))
        met = [(e.criterion, e.parts[0].required) for e in decision.evidence if e.met]
        due = [(f"{each.rule}, level {each.level}", each.fell_due_at) for each in decision.outcome]
        assert sorted(met) == sorted(due)


class TestData:
    """What is written down and read back, in JSON or TOML, tells the same people the same."""

    @given(policies(), cases(), WHENS)
    def test_it_reads_back(self, policy, history, minute):
        text = CONVERTER.dumps(policy)
        for again in (CONVERTER.loads(text), CONVERTER.loads_toml(in_toml(text))):
            assert again == policy
            assert again.due(history, instant(minute)) == policy.due(history, instant(minute))


class TestZones:
    """Instants are instants, in whichever zone they are told."""

    @given(policies(), cases(), WHENS)
    def test_the_zone_in_which_a_case_is_told_does_not_matter(self, policy, history, minute):
        berlin = ZoneInfo("Europe/Berlin")
        marks = tuple(evolve(mark, at=mark.at.astimezone(berlin)) for mark in history.marks)
        told = evolve(history, marks=marks)
        at = instant(minute).astimezone(ZoneInfo("America/New_York"))
        assert policy.due(told, at) == policy.due(history, instant(minute))
        assert policy.next_due(told, at) == policy.next_due(history, instant(minute))
