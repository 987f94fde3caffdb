"""Whose customer it is: select, then assign; whoever leaves leaves the customers behind."""

from collections import Counter
from datetime import date
from itertools import product

import pytest
from attrs import evolve
from hypothesis import assume, given
from hypothesis import strategies as st

from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.followups import (
    AssignmentFacts,
    AssignmentPolicy,
    CustomerUnassigned,
    OwnerChange,
    OwnerChangeReason,
    OwnerHistory,
    PortfolioOwner,
    WhyUnassigned,
)
from crmkit.identifiers import Actor, CustomerId

JUNE = date(2026, 6, 1)
ANNA, BEN, EVA = Actor("anna"), Actor("ben"), Actor("eva")
HEAD = Actor("head of sales")


def customer(name="C-7", owner=None, **facts):
    return AssignmentFacts(customer=CustomerId(name), as_of=JUNE, owner=owner, **facts)


owners = st.lists(
    st.builds(
        PortfolioOwner,
        actor=st.sampled_from([ANNA, BEN, EVA]),
        most=st.integers(0, 4),
        has=st.integers(0, 2),
        tiers=st.sampled_from([(), (), ("gold",), ("gold", "silver")]),
        segments=st.sampled_from([(), (), ("north",)]),
        leaves_on=st.sampled_from([None, None, None, date(2026, 5, 31), JUNE]),
    ),
    max_size=3,
    unique_by=lambda owner: owner.actor,
)
policies = st.builds(
    AssignmentPolicy,
    owners=owners,
    tiers=st.sampled_from([(), (), (), ("gold", "silver")]),
    segments=st.sampled_from([(), (), (), ("north",)]),
)
customers = st.lists(
    st.builds(
        AssignmentFacts,
        customer=st.sampled_from([CustomerId(f"C-{number}") for number in range(9)]),
        as_of=st.just(JUNE),
        owner=st.sampled_from([None, ANNA, BEN, Actor("gone")]),
        tier=st.sampled_from(["gold", "silver", None]),
        segments=st.sampled_from([(), ("north",)]),
        score=st.integers(0, 2),
    ),
    max_size=6,
    unique_by=lambda facts: facts.customer,
)


def is_for(scope, facts):
    return (not scope.tiers or facts.tier in scope.tiers) and (
        not scope.segments or bool(facts.segments & {*scope.segments})
    )


def keeps(policy, facts):
    """The owner with whom a customer stays."""
    return [
        owner
        for owner in policy.owners
        if owner.actor == facts.owner and (owner.leaves_on is None or owner.leaves_on >= JUNE)
    ]


class TestAssignment:
    """ORG-02: customers are selected, then assigned, and nobody is lost on the way."""

    @given(policies, customers)
    def test_everybody_has_an_owner_or_a_reason(self, policy, facts):
        found = policy.assign(facts)
        named = Counter(one.customer for one in (*found.assigned, *found.unassigned))
        assert named == Counter(one.customer for one in facts)
        before = {one.customer: one.owner for one in facts}
        for one in (*found.assigned, *found.unassigned):
            assert one.before == before[one.customer]

    @given(policies, customers, st.randoms(use_true_random=False))
    def test_order_and_duplicates_do_not_matter(self, policy, facts, shuffled):
        again = [*facts, *facts[:2]]
        shuffled.shuffle(again)
        other = evolve(policy, owners=policy.owners[::-1])
        assert other.assign(again) == policy.assign(facts)

    @given(policies, customers)
    def test_assigning_again_moves_nobody(self, policy, facts):
        found = policy.assign(facts)
        again = policy.assign([evolve(one, owner=found.owner_of(one.customer)) for one in facts])
        assert again.moved == ()
        assert again.loads == found.loads
        assert {one.customer for one in again.unassigned} == {
            one.customer for one in found.unassigned
        }

    @given(policies, customers)
    def test_whoever_is_looked_after_stays(self, policy, facts):
        found = policy.assign(facts)
        for one in facts:
            if is_for(policy, one) and keeps(policy, one):
                assert found.owner_of(one.customer) == one.owner

    @given(policies, customers)
    def test_nobody_new_goes_to_who_leaves_or_does_not_suit(self, policy, facts):
        by_actor = {owner.actor: owner for owner in policy.owners}
        by_customer = {one.customer: one for one in facts}
        for one in policy.assign(facts).moved:
            owner = by_actor[one.to]
            assert owner.leaves_on is None
            assert is_for(owner, by_customer[one.customer])

    @given(policies, customers)
    def test_the_reason_is_true(self, policy, facts):
        by_customer = {one.customer: one for one in facts}
        found = policy.assign(facts)
        for one in found.unassigned:
            known = by_customer[one.customer]
            suited = [
                owner for owner in policy.owners if owner.leaves_on is None and is_for(owner, known)
            ]
            if not is_for(policy, known):
                assert one.why is WhyUnassigned.NOT_SELECTED
            elif not suited:
                assert one.why is WhyUnassigned.NOBODY_SUITS
            else:
                assert one.why is WhyUnassigned.FULL
                loads = found.loads
                assert all(owner.has + loads.get(owner.actor, 0) >= owner.most for owner in suited)

    @given(policies, customers)
    def test_no_other_way_places_more_or_is_more_even(self, policy, facts):
        """All ways are tried."""
        selected = [one for one in facts if is_for(policy, one)]
        looking = sorted(
            (one for one in selected if not keeps(policy, one)),
            key=lambda one: (-one.score, one.customer),
        )
        has = Counter({owner.actor: owner.has for owner in policy.owners})
        has.update(one.owner for one in selected if keeps(policy, one))
        most = {owner.actor: owner.most for owner in policy.owners}
        choices = [
            [None]
            + [
                owner.actor
                for owner in policy.owners
                if owner.leaves_on is None and is_for(owner, one)
            ]
            for one in looking
        ]
        best: dict[tuple[bool, ...], int] = {}
        for way in product(*choices):
            counts = Counter(actor for actor in way if actor is not None)
            if all(has[actor] + count <= most[actor] for actor, count in counts.items()):
                squares = sum((has[actor] + counts[actor]) ** 2 for actor in most)
                placed = tuple(actor is not None for actor in way)
                best[placed] = min(squares, best.get(placed, squares))
        found = policy.assign(facts)
        placed = tuple(found.owner_of(one.customer) is not None for one in looking)
        assert placed == max(best)
        loads = {
            owner.actor: owner.has + found.loads.get(owner.actor, 0) for owner in policy.owners
        }
        assert sum(load**2 for load in loads.values()) == best[placed]

    def test_customers_of_who_leaves_are_shared_out(self):
        """CHU-10: the customers are the company's; to whom they go is said with the history."""
        policy = AssignmentPolicy(
            owners=[
                PortfolioOwner(actor=ANNA, most=9, leaves_on=date(2026, 5, 31)),
                PortfolioOwner(actor=BEN, most=9, has=1),
                PortfolioOwner(actor=EVA, most=9),
            ]
        )
        facts = [customer(f"C-{number}", ANNA) for number in range(3)]
        found = policy.assign([*facts, customer("C-9")])
        assert found.loads == {BEN: 2, EVA: 2}
        assert str(found) == "4 assigned, 0 not assigned"
        first = next(one for one in found.moved if one.customer == "C-0")
        change = first.change(on=JUNE, by=HEAD)
        assert (change.reason, change.to) == (OwnerChangeReason.OWNER_LEFT, first.to)
        fresh = next(one for one in found.moved if one.customer == "C-9")
        assert fresh.change(on=JUNE, by=HEAD).reason is OwnerChangeReason.ASSIGNED

    def test_who_could_go_elsewhere_makes_the_numbers_even(self):
        policy = AssignmentPolicy(
            owners=[
                PortfolioOwner(actor=ANNA, most=9, segments=("north",)),
                PortfolioOwner(actor=BEN, most=9, tiers=("gold",)),
            ]
        )
        both = customer("C-1", tier="gold", segments=("north",))
        only_anna = customer("C-2", segments=("north",))
        assert policy.assign([both, only_anna]).loads == {ANNA: 1, BEN: 1}

    def test_on_the_last_day_they_are_still_hers(self):
        anna = PortfolioOwner(actor=ANNA, most=9, leaves_on=JUNE)
        policy = AssignmentPolicy(owners=[anna])
        assert policy.assign([customer(owner=ANNA)]).owner_of(CustomerId("C-7")) == ANNA
        later = evolve(customer(owner=ANNA), as_of=date(2026, 6, 2))
        assert policy.assign([later]).unassigned == (
            CustomerUnassigned(CustomerId("C-7"), WhyUnassigned.NOBODY_SUITS, ANNA),
        )

    def test_a_customer_is_one_customer(self):
        policy = AssignmentPolicy(owners=[PortfolioOwner(actor=ANNA, most=1)])
        with pytest.raises(InvalidValue, match="twice"):
            policy.assign([customer(), customer(tier="gold")])
        with pytest.raises(InvalidValue, match="AssignmentFacts"):
            policy.assign(["C-7"])  # type: ignore[list-item]

    def test_an_owner_stands_once(self):
        with pytest.raises(InvalidPolicy, match="twice"):
            AssignmentPolicy(owners=[PortfolioOwner(actor=ANNA, most=1)] * 2)
        with pytest.raises(InvalidPolicy, match="PortfolioOwner"):
            AssignmentPolicy(owners=["anna"])  # type: ignore[list-item]

    @pytest.mark.parametrize("count", [-1, 1.5, True, 10_000_001])
    def test_counts_are_whole_numbers(self, count):
        with pytest.raises(InvalidPolicy, match="whole number"):
            PortfolioOwner(actor=ANNA, most=count)
        with pytest.raises(InvalidPolicy, match="whole number"):
            PortfolioOwner(actor=ANNA, most=1, has=count)

    def test_facts_are_checked(self):
        with pytest.raises(InvalidValue, match="whole number"):
            customer(score=1.5)
        with pytest.raises(InvalidValue):
            customer(owner=" ")
        with pytest.raises(InvalidValue):
            PortfolioOwner(actor=ANNA, most=1, leaves_on="2026-06-01")  # type: ignore[arg-type]


changes = st.builds(
    OwnerChange,
    on=st.dates(date(2026, 1, 1), date(2026, 2, 1)),
    to=st.sampled_from([None, ANNA, BEN]),
    reason=st.sampled_from([OwnerChangeReason.ASSIGNED, OwnerChangeReason.HANDED_OVER]),
    by=st.just(HEAD),
)


class TestOwnerHistory:
    """The file of a customer says who had them, whoever leaves."""

    @given(st.lists(changes, max_size=5), st.dates(date(2025, 12, 30), date(2026, 2, 3)))
    def test_the_owner_of_a_day_is_the_last_change_up_to_it(self, drawn, day):
        history = OwnerHistory(customer=CustomerId("C-7"))
        for change in sorted(drawn, key=lambda change: change.on):
            last = history.changes[-1:]
            assume(not last or (last[0].to, last[0].reason) != (change.to, change.reason))
            history = history.after(change)
        expected = None
        for change in history.changes:
            if change.on <= day:
                expected = change.to
        assert history.owner_on(day) == expected
        assert history.owner == history.owner_on(date(2026, 3, 1))

    def test_nothing_is_slipped_in_before(self):
        history = OwnerHistory(
            customer=CustomerId("C-7"),
            changes=[
                OwnerChange(on=JUNE, to=ANNA, reason=OwnerChangeReason.ASSIGNED, by=HEAD),
            ],
        )
        with pytest.raises(InvalidValue, match="in order"):
            history.after(
                OwnerChange(
                    on=date(2026, 5, 31), to=BEN, reason=OwnerChangeReason.HANDED_OVER, by=HEAD
                )
            )
        with pytest.raises(InvalidValue, match="stays who it was"):
            history.after(history.changes[0])

    @pytest.mark.parametrize(
        "reason", [OwnerChangeReason.DELIBERATE_EXIT, OwnerChangeReason.CUSTOMER_LOST]
    )
    def test_giving_up_on_purpose_is_told_apart_from_churn(self, reason):
        """CHU-10."""
        gone = OwnerChange(on=JUNE, to=None, reason=reason, by=HEAD)
        assert OwnerHistory(customer=CustomerId("C-7"), changes=[gone]).owner is None
        with pytest.raises(InvalidValue, match="has no owner"):
            evolve(gone, to=ANNA)

    def test_changes_are_checked(self):
        with pytest.raises(InvalidValue, match="OwnerChangeReason"):
            OwnerChange(on=JUNE, to=ANNA, reason="because", by=HEAD)  # type: ignore[arg-type]
        with pytest.raises(InvalidValue, match="OwnerChange"):
            OwnerHistory(customer=CustomerId("C-7"), changes=["anna"])  # type: ignore[list-item]
