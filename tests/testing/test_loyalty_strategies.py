"""The strategies for loyalty lead into every corner, and not one point gets lost in them."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.vendor.pretty import pretty

from crmkit.errors import MissingExtra
from crmkit.loyalty import (
    STORED_TYPES,
    AfterReturn,
    AtReset,
    BaseRate,
    CapPeriod,
    ClosedLedger,
    EarningEffect,
    Expiry,
    LedgerTerms,
    ManualWins,
    NeverExpires,
    OverReturn,
    PointsAccount,
    PointsLedger,
    Posting,
    Reaching,
    ReferralBonus,
    ReturnBasis,
    SinceLastChange,
    Stacking,
    TierBasis,
    TierFacts,
    TierWindow,
)
from crmkit.serialization import make_converter
from crmkit.testing import loyalty as public
from crmkit.testing import loyalty_terms
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
from crmkit.tiering import Downgrade

# Found is found: the smallest example is not asked for.
REACH = settings(
    max_examples=2_000,
    phases=[Phase.generate],
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
CONVERTER = make_converter(*STORED_TYPES)
DAY = timedelta(days=1)


def finds(strategy: st.SearchStrategy[Any], condition: Callable[[Any], object]) -> None:
    """There is an example that meets the condition: the strategy reaches that corner."""
    find(strategy, lambda drawn: bool(condition(drawn)), settings=REACH)


def finds_all(
    strategy: st.SearchStrategy[Any], tell: Callable[[Any], Iterable[Any]], wanted: Iterable[Any]
) -> None:
    """Examples in which, taken together, everything that is wanted occurs."""
    left = set(wanted)

    def nothing_is_left(drawn: Any) -> bool:
        left.difference_update(tell(drawn))
        return not left

    finds(strategy, nothing_is_left)


def kinds(items: Iterable[object]) -> set[type]:
    return {type(item) for item in items}


def then(ledger: PointsLedger) -> Any:
    """The balance on the day of the last entry."""
    return ledger.balance(ledger.account.on or date(2020, 1, 1))


class TestCornersOfLedgers:
    def test_ledgers_that_hold_everything_that_can_be_posted(self):
        finds_all(
            points_ledgers(max_steps=10),
            lambda ledger: kinds(entry.posting for entry in ledger.entries),
            get_args(Posting),
        )

    @pytest.mark.parametrize(
        "corner",
        [
            lambda ledger: not ledger.entries,
            lambda ledger: len(ledger.entries) > 6,
            lambda ledger: then(ledger).held,
            lambda ledger: then(ledger).pending,
            lambda ledger: then(ledger).expired,
            lambda ledger: ledger.account.merged_into,
            lambda ledger: ledger.merged,
            lambda ledger: any(getattr(e.posting, "settled", ()) for e in ledger.entries),
            lambda ledger: any(getattr(e.posting, "breakdown", ()) for e in ledger.entries),
            lambda ledger: ledger.qualifications(),
            lambda ledger: len({lot.valid_through for lot in ledger.account.lots}) > 2,
        ],
        ids=[
            *("empty", "long", "held", "pending", "expired", "ended", "taken over"),
            *("settled", "by rules", "counts for a tier", "several last days"),
        ],
    )
    def test_ledgers_with_all_that_makes_them_hard(self, corner):
        finds(points_ledgers(max_steps=10), corner)

    @pytest.mark.parametrize(
        ("over_return", "told"),
        [(OverReturn.DEBT, "deficit"), (OverReturn.CLAMP, "waived")],
    )
    def test_ledgers_on_which_more_came_back_than_was_left(self, over_return, told):
        terms = st.just(LedgerTerms(over_return=over_return))
        finds(
            points_ledgers(terms=terms, max_steps=12),
            lambda ledger: any(getattr(e.posting, told, 0) for e in ledger.entries),
        )

    def test_walks_on_which_every_command_is_taken(self):
        finds_all(
            ledger_walks(max_steps=10),
            lambda walk: [command.name for command in walk.commands],
            public._COMMANDS,
        )

    def test_terms_of_every_kind(self):
        finds_all(ledger_terms(), lambda terms: [type(terms.expiry)], get_args(Expiry))
        finds_all(ledger_terms(), lambda terms: [terms.over_return], OverReturn)
        finds(ledger_terms(), lambda terms: terms.lock is None)
        finds(ledger_terms(), lambda terms: terms.never_spendable(date(2026, 1, 31)))

    def test_qualifications_that_give_and_take(self):
        on = date(2026, 5, 4)
        finds(qualifications(on), lambda one: one.is_return and one.counts_for < on)
        finds(qualifications(on), lambda one: one.points > 0 and one.spend is None)


class TestLawsOfLedgers:
    @given(ledger_walks())
    def test_not_one_point_is_lost_at_any_step(self, walk):
        """Whatever was credited is somewhere, and no lot is below zero."""
        for ledger in walk.ledgers:
            account = ledger.account
            assert then(ledger).is_conserved
            assert all(lot.points > 0 for lot in account.lots)
            assert all(lot.points > 0 for held in account.holds for lot in held.lots)

    @given(points_ledgers(), st.integers(0, 2_000))
    def test_nor_on_any_day_before_or_after(self, ledger, ago):
        last = ledger.account.on or date(2026, 1, 1)
        for day in (last - ago * DAY, last + ago * DAY):
            balance = ledger.balance(day)
            assert balance.is_conserved
            assert min(balance.available, balance.pending, balance.held, balance.deficit) >= 0

    @given(ledger_walks())
    def test_a_walk_is_its_commands_one_after_the_other(self, walk):
        assert len(walk.ledgers) == len(walk.commands) + 1
        for before, command, after in zip(
            walk.ledgers, walk.commands, walk.ledgers[1:], strict=False
        ):
            assert command(before) == after
            assert after.entries[:-1] == before.entries
            assert (after.entries[-1].key, after.entries[-1].on) == (command.key, command.on)
        assert walk.ledger == walk.ledgers[-1]

    @given(ledger_walks(max_steps=5))
    def test_a_command_that_comes_again_changes_nothing(self, walk):
        for command, after in zip(walk.commands, walk.ledgers[1:], strict=True):
            assert command(after) == after
            if walk.ledger.account.merged_into is None:
                assert command(walk.ledger) == walk.ledger

    @given(points_ledgers())
    def test_the_account_is_the_fold_of_the_entries(self, ledger):
        account = PointsAccount()
        for entry in ledger.entries:
            account = account.after(entry)
        assert account == ledger.account

    @given(points_ledgers())
    def test_entries_are_read_back_the_same(self, ledger):
        for entry in ledger.entries:
            assert CONVERTER.loads(CONVERTER.dumps(entry)) == entry
        assert CONVERTER.loads(CONVERTER.dumps(ledger.account)) == ledger.account

    @given(points_ledgers(max_steps=0))
    def test_without_steps_it_is_empty(self, ledger):
        assert ledger.entries == ()

    @given(points_ledgers(may_end=False), st.data())
    def test_a_ledger_that_has_not_ended_takes_a_further_command(self, ledger, data):
        command = data.draw(ledger_commands(ledger))
        assert command(ledger).account.entries == len(ledger.entries) + 1
        later = (ledger.account.on or date(2026, 1, 1)) + 40 * DAY
        assert data.draw(ledger_commands(ledger, later))(ledger).account.on == later

    @given(ledger_walks(terms=st.just(LedgerTerms())))
    def test_only_on_the_terms_that_are_asked_for(self, walk):
        assert isinstance(walk.ledger.terms.expiry, NeverExpires)
        assert then(walk.ledger).pending == then(walk.ledger).expired == 0

    @given(ledger_walks(max_steps=3))
    def test_a_walk_is_shown_as_its_commands(self, walk):
        """Whoever looks at a counterexample reads the story, not every ledger on the way."""
        shown = pretty(walk)
        assert all(command.key in shown for command in walk.commands)
        assert "PointsLedger" not in shown

    def test_who_was_merged_takes_nothing_more(self):
        walk = find(
            ledger_walks(), lambda one: one.ledger.account.merged_into is not None, settings=REACH
        )
        with pytest.raises(ClosedLedger):
            walk.ledger.credit(1, on=walk.commands[-1].on, key="more", reason="one more")


class TestPrograms:
    def test_rules_of_every_kind(self):
        finds_all(
            earning_rules(),
            lambda rules: kinds(rule.gives for rule in rules.rules),
            get_args(EarningEffect),
        )
        finds_all(earning_rules(), lambda r: [rule.stacking for rule in r.rules], Stacking)
        finds_all(
            earning_rules(),
            lambda r: [cap.per for cap in (*r.caps, *(c for rule in r.rules for c in rule.caps))],
            CapPeriod,
        )
        finds(earning_rules(), lambda rules: len(rules.rules) > 4)
        finds(earning_rules(), lambda rules: any(rule.when.tiers for rule in rules.rules))

    @given(earning_rules(max_rules=0))
    def test_there_is_always_a_base_rate(self, rules):
        assert [type(rule.gives) for rule in rules.rules] == [BaseRate]

    @given(earning_rules(tiers=[]))
    def test_without_tiers_no_rule_asks_for_one(self, rules):
        assert not any(rule.when.tiers for rule in rules.rules)

    @given(earning_rules(), earning_facts())
    def test_what_is_earned_is_the_sum_of_its_parts(self, rules, facts):
        accrued = rules(facts).outcome
        assert accrued.points == sum(share.points for share in accrued.shares) >= 0
        assert rules.points([facts]) == [accrued.points]

    def test_purchases_that_earn_and_that_do_not(self):
        both = st.tuples(earning_rules(), earning_facts())
        finds(both, lambda pair: pair[0](pair[1]).outcome.points == 0)
        finds(both, lambda pair: len(pair[0](pair[1]).outcome.shares) > 1)
        finds(both, lambda pair: pair[0](pair[1]).outcome.referral)
        finds(earning_facts(), lambda facts: len(facts.lines) > 1 and facts.tier and facts.channel)
        finds(earning_facts(), lambda facts: facts.total.is_zero)
        finds(earning_facts(tiers=[]), lambda facts: facts.is_first_purchase and not facts.tier)

    @given(programs())
    def test_programs_are_read_back_the_same(self, program):
        text = CONVERTER.dumps(program)
        assert CONVERTER.loads(text) == program
        assert CONVERTER.dumps(CONVERTER.loads(text)) == text

    @pytest.mark.parametrize("with_tiers", [True, False])
    def test_programs_with_tiers_or_without(self, with_tiers):
        @given(programs(with_tiers=with_tiers))
        def as_asked_for(program: Any) -> None:
            assert (program.tiers is not None) is with_tiers

        as_asked_for()

    def test_programs_of_every_kind(self):
        finds_all(programs(), lambda program: [program.tiers is None], [True, False])
        finds_all(programs(), lambda program: [program.returns], ReturnBasis)
        finds(programs(), lambda program: program.point_value)
        finds(programs(), lambda program: program.cautions())
        finds(
            programs(with_tiers=True),
            lambda program: any(rule.when.tiers for rule in program.earning.rules),
        )


class TestTiers:
    def test_policies_of_every_kind(self):
        finds_all(tier_policies(), lambda policy: [type(policy.window)], get_args(TierWindow))
        finds_all(tier_policies(), lambda policy: [policy.downgrade], Downgrade)
        finds_all(tier_policies(), lambda policy: [policy.reaching], Reaching)
        finds_all(tier_policies(), lambda policy: [policy.returns], AfterReturn)
        finds_all(tier_policies(), lambda policy: policy.thresholds[0].bases, TierBasis)
        finds_all(tier_policies(), lambda policy: [len(policy.ladder.tiers)], [2, 3, 4])

    @pytest.mark.parametrize(
        "corner",
        [
            lambda policy: policy.grace and policy.landing and policy.reviews,
            lambda policy: isinstance(policy.reviews, AtReset),
            lambda policy: isinstance(policy.window, SinceLastChange) and policy.grace,
            lambda policy: len(policy.thresholds[0].bases) == 3,
        ],
        ids=["waits", "at each reset", "restarts", "everything"],
    )
    def test_policies_with_all_that_makes_them_hard(self, corner):
        finds(tier_policies(), corner)

    @given(tier_policies())
    def test_policies_are_read_back_the_same(self, policy):
        converter = make_converter(type(policy))
        assert converter.loads(converter.dumps(policy)) == policy


class TestMemberships:
    @pytest.mark.parametrize(
        "corner",
        [
            lambda member: not member.tiers.changes,
            lambda member: len(member.tiers.changes) > 1,
            lambda member: any(
                c.from_tier and c.to_tier and c.to_tier < c.from_tier for c in member.tiers.changes
            ),
            lambda member: len(member.manual) > 1,
            lambda member: any(each.wins is ManualWins.FIXED for each in member.manual),
            lambda member: member.survivor,
            lambda member: len(member.absorbed) > 1,
        ],
        ids=["new", "risen", "fallen", "by hand", "fixed", "merged", "took over two"],
    )
    def test_members_with_all_that_makes_them_hard(self, corner):
        finds(memberships(), corner)

    @given(memberships())
    def test_memberships_are_read_back_the_same(self, member):
        text = CONVERTER.dumps(member)
        assert CONVERTER.loads(text) == member
        assert CONVERTER.dumps(CONVERTER.loads(text)) == text

    @given(tier_policies(), st.data())
    def test_the_tiers_are_those_of_the_policy(self, policy, data):
        """What was written by the terms can be decided on: with the tiers given by hand."""
        member = data.draw(memberships(policy=policy))
        for change in member.tiers.changes:
            assert change.to_tier is None or policy.ladder.position(change.to_tier) >= 0
        on = member.tiers.changes[-1].on if member.tiers.changes else member.joined_on
        facts = TierFacts.of(member.member, member.joined_on, [], on, member.tiers, member.manual)
        assert policy(facts).outcome in policy.ladder.tiers


@pytest.mark.parametrize("module", [public, loyalty_terms], ids=lambda module: module.__name__)
def test_without_hypothesis_it_says_which_extra_to_install(monkeypatch, module):
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    monkeypatch.setitem(sys.modules, "crmkit.testing.loyalty_terms", loyalty_terms)
    spec = importlib.util.spec_from_file_location("fresh", module.__file__)
    assert spec is not None
    assert spec.loader is not None
    with pytest.raises(MissingExtra, match=r"hypothesis is not installed"):
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


def test_the_referral_of_a_rule_is_for_both():
    finds(
        earning_rules(),
        lambda rules: any(
            isinstance(rule.gives, ReferralBonus) and rule.gives.referrer and rule.gives.referred
            for rule in rules.rules
        ),
    )
