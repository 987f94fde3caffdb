"""Whoever is asked first owns the matter, until a recorded hand-over is accepted."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import (
    CrmkitError,
    IllegalTransition,
    InvalidIdentifier,
    InvalidPolicy,
    InvalidValue,
    WrongActor,
)
from crmkit.identifiers import Actor
from crmkit.lifecycle import Lifecycle
from crmkit.ownership import (
    OWNERSHIP_LIFECYCLE,
    Ownership,
    OwnershipAct,
    OwnershipChange,
    OwnershipStatus,
)
from crmkit.serialization import make_converter
from crmkit.testing.tables import surviving_mutants

ANNA, BEN, CARLA = Actor("anna"), Actor("ben"), Actor("carla")
PEOPLE = (ANNA, BEN, CARLA)

UNOWNED = Ownership()
OWNED = Ownership.first_asked(ANNA)
OFFERED = Ownership(ANNA, BEN)

TAKE, OFFER, ACCEPT, DECLINE, WITHDRAW, ASSIGN = OwnershipAct
DONE = {
    "take": OwnershipChange(TAKE),
    "accept": OwnershipChange(ACCEPT),
    "decline": OwnershipChange(DECLINE),
    "withdraw": OwnershipChange(WITHDRAW),
    **{f"offer {one}": OwnershipChange.offer(one) for one in PEOPLE},
    **{f"assign {one}": OwnershipChange.assign(one) for one in PEOPLE},
}

# Everything that is possible, written out: state, act, actor -> state. Anything else is refused.
POSSIBLE = {
    (UNOWNED, "take", ANNA): OWNED,
    (UNOWNED, "take", BEN): Ownership(BEN),
    (UNOWNED, "take", CARLA): Ownership(CARLA),
    **{
        (UNOWNED, f"assign {to}", by): Ownership(to)
        for to, by in product(PEOPLE, PEOPLE)
    },
    (OWNED, "offer ben", ANNA): OFFERED,
    (OWNED, "offer carla", ANNA): Ownership(ANNA, CARLA),
    (OWNED, "assign ben", BEN): Ownership(BEN),
    (OWNED, "assign ben", CARLA): Ownership(BEN),
    (OWNED, "assign carla", BEN): Ownership(CARLA),
    (OWNED, "assign carla", CARLA): Ownership(CARLA),
    (OFFERED, "accept", BEN): Ownership(BEN),
    (OFFERED, "decline", BEN): OWNED,
    (OFFERED, "withdraw", ANNA): OWNED,
    (OFFERED, "assign ben", BEN): Ownership(BEN),
    (OFFERED, "assign ben", CARLA): Ownership(BEN),
    (OFFERED, "assign carla", BEN): Ownership(CARLA),
    (OFFERED, "assign carla", CARLA): Ownership(CARLA),
}  # fmt: skip

acts = st.sampled_from(sorted(DONE))
walks = st.lists(st.tuples(acts, st.sampled_from(PEOPLE)), max_size=30)


class TestEveryPair:
    """Every act in every state by everybody: either written out above, or refused."""

    @pytest.mark.parametrize("state", [UNOWNED, OWNED, OFFERED])
    @pytest.mark.parametrize("act", DONE)
    @pytest.mark.parametrize("by", PEOPLE)
    def test_every_cell(self, state, act, by):
        before = (state.owner, state.offered_to)
        wanted = POSSIBLE.get((state, act, by))
        if wanted is not None:
            assert state.after(DONE[act], by=by) == wanted
        else:
            with pytest.raises(CrmkitError):
                state.after(DONE[act], by=by)
        assert (state.owner, state.offered_to) == before

    @pytest.mark.parametrize("state", [UNOWNED, OWNED, OFFERED])
    @pytest.mark.parametrize("by", PEOPLE)
    def test_what_is_allowed_is_what_works(self, state, by):
        possible = {act.split()[0] for whose, act, who in POSSIBLE if (whose, who) == (state, by)}
        assert {str(act) for act in state.allowed_to(by)} == possible

    def test_an_act_at_the_wrong_time_is_told_the_right_ones(self):
        with pytest.raises(IllegalTransition, match="cannot take from owned; allowed: offer, assi"):
            OWNED.after(OwnershipChange(TAKE), by=BEN)
        with pytest.raises(IllegalTransition, match="cannot accept from owned"):
            OWNED.after(OwnershipChange(ACCEPT), by=BEN)
        with pytest.raises(IllegalTransition, match="cannot offer from offered; allowed: accept"):
            OFFERED.after(OwnershipChange.offer(CARLA), by=ANNA)

    @pytest.mark.parametrize(
        ("state", "change", "by", "message"),
        [
            (OWNED, OwnershipChange.offer(BEN), CARLA, "offer: only the owner can; .*: assign"),
            (OFFERED, DONE["withdraw"], BEN, "only the owner can; .*: accept, decline, assign"),
            (OFFERED, DONE["accept"], CARLA, "only the one it was offered to can; .*: assign"),
            (OFFERED, DONE["decline"], ANNA, "only the one it was offered to can; .*: withdraw"),
            (OWNED, OwnershipChange.assign(BEN), ANNA, "only somebody other than the owner can;"),
        ],
    )
    def test_an_act_of_the_wrong_person_says_whose_it_is(self, state, change, by, message):
        with pytest.raises(WrongActor, match=message) as caught:
            state.after(change, by=by)
        assert caught.value.action == change.act
        assert caught.value.allowed == tuple(state.allowed_to(by))

    def test_nobody_is_named_in_a_refusal(self):
        for state, act, by in product((UNOWNED, OWNED, OFFERED), DONE, PEOPLE):
            if (state, act, by) not in POSSIBLE:
                with pytest.raises(CrmkitError) as caught:
                    state.after(DONE[act], by=by)
                assert not any(name in str(caught.value) for name in PEOPLE)

    @pytest.mark.parametrize("change", [OwnershipChange.offer(ANNA), OwnershipChange.assign(ANNA)])
    def test_it_does_not_go_to_whose_it_is_already(self, change):
        by = ANNA if change.act is OFFER else BEN
        with pytest.raises(InvalidValue, match="goes to somebody else than the owner"):
            OWNED.after(change, by=by)

    def test_an_actor_without_a_name_does_nothing(self):
        with pytest.raises(InvalidIdentifier, match="actor is empty"):
            UNOWNED.after(OwnershipChange(TAKE), by=Actor(""))


class TestOneOwner:
    """From the first question on there is one owner, and only an acceptance makes another."""

    @given(walks)
    def test_it_moves_by_acceptance_or_by_assignment_only(self, walk):
        state = UNOWNED
        for act, by in walk:
            try:
                after = state.after(DONE[act], by=by)
            except CrmkitError:
                continue
            if after.owner != state.owner:
                match DONE[act]:
                    case OwnershipChange(OwnershipAct.TAKE):
                        assert state.owner is None
                        assert after.owner == by
                    case OwnershipChange(OwnershipAct.ACCEPT):
                        assert after.owner == by == state.offered_to
                    case OwnershipChange(OwnershipAct.ASSIGN, to):
                        assert after.owner == to
                        assert by != state.owner
                    case other:
                        pytest.fail(f"{other.act} moved it")
            assert after.owner is not None
            state = after

    @given(walks)
    def test_without_assignment_the_first_asked_owns_it_until_an_acceptance(self, walk):
        """An oracle that knows nothing of states: read the owner off the list of what happened."""
        state, happened = OWNED, [("take", ANNA)]
        for act, by in walk:
            if act.startswith("assign"):
                continue
            try:
                state = state.after(DONE[act], by=by)
            except CrmkitError:
                continue
            happened.append((act, by))
        assert state.owner == [by for act, by in happened if act in {"take", "accept"}][-1]
        answered = {"accept", "decline", "withdraw"}
        for (act, _), (answer, _) in zip(happened, [*happened[1:], ("", ANNA)], strict=True):
            assert not act.startswith("offer") or answer in answered | {""}

    @given(walks)
    def test_what_was_refused_might_as_well_not_have_been_tried(self, walk):
        state, accepted = UNOWNED, []
        for act, by in walk:
            try:
                state = state.after(DONE[act], by=by)
            except CrmkitError:
                continue
            accepted.append((act, by))
        again = UNOWNED
        for act, by in accepted:
            again = again.after(DONE[act], by=by)
        assert again == state

    def test_the_colleague_in_charge_takes_it_where_the_manager_is_away(self):
        declined = OFFERED.after(OwnershipChange(WITHDRAW), by=ANNA)
        offered = declined.after(OwnershipChange.offer(CARLA), by=ANNA)
        assert offered.owner == ANNA
        assert offered.after(OwnershipChange(ACCEPT), by=CARLA) == Ownership(CARLA)

    def test_an_assignment_ends_an_open_offer(self):
        assigned = OFFERED.after(OwnershipChange.assign(CARLA), by=CARLA)
        assert assigned == Ownership(CARLA)
        with pytest.raises(IllegalTransition):
            assigned.after(OwnershipChange(ACCEPT), by=BEN)


class TestTheTable:
    """The table of acts, and the states that it tells apart."""

    def test_the_states(self):
        states = [each.status for each in (UNOWNED, OWNED, OFFERED)]
        assert states == list(OwnershipStatus) == list(OWNERSHIP_LIFECYCLE.statuses)
        assert set(OWNERSHIP_LIFECYCLE.actions) == set(OwnershipAct)

    def test_every_lost_redirected_or_added_row_is_noticed(self):
        rows = {
            (state.status, DONE[act].act): after.status
            for (state, act, _), after in POSSIBLE.items()
        }

        def check(lifecycle: Lifecycle[Any, Any]) -> None:
            assert lifecycle.initial == "unowned"
            assert lifecycle.final == {"owned"}
            for status, act in product(OwnershipStatus, OwnershipAct):
                wanted = rows.get((status, act))
                if wanted is None:
                    with pytest.raises((IllegalTransition, InvalidPolicy)):
                        lifecycle.after(status, act)
                else:
                    assert lifecycle.after(status, act) == wanted

        assert surviving_mutants(OWNERSHIP_LIFECYCLE, check) == []


class TestBuilding:
    """A change or an ownership that could not be is refused."""

    @pytest.mark.parametrize("act", [OFFER, ASSIGN])
    def test_an_offer_goes_to_somebody(self, act):
        with pytest.raises(InvalidValue, match=f"ownership: {act} goes to somebody: pass to="):
            OwnershipChange(act)

    @pytest.mark.parametrize("act", [TAKE, ACCEPT, DECLINE, WITHDRAW])
    def test_an_answer_goes_to_nobody(self, act):
        with pytest.raises(InvalidValue, match=f"{act} is its actor's own: leave to= out"):
            OwnershipChange(act, BEN)

    def test_an_act_is_one_of_the_enumeration(self):
        with pytest.raises(InvalidValue, match=r"such as OwnershipAct\.OFFER"):
            OwnershipChange("take")  # type: ignore[arg-type]

    def test_keys_are_checked(self):
        with pytest.raises(InvalidIdentifier, match="the next owner is empty"):
            OwnershipChange.offer(Actor(""))
        with pytest.raises(InvalidIdentifier, match="owner begins or ends with"):
            Ownership(Actor(" anna"))
        with pytest.raises(InvalidIdentifier, match="the next owner is empty"):
            Ownership(ANNA, Actor(""))

    def test_what_nobody_owns_is_not_offered(self):
        with pytest.raises(InvalidValue, match="cannot be offered: take it first"):
            Ownership(None, BEN)

    def test_it_is_not_offered_to_its_owner(self):
        with pytest.raises(InvalidValue, match="somebody else than its owner"):
            Ownership(ANNA, ANNA)

    @pytest.mark.parametrize("change", DONE.values())
    def test_a_change_survives_being_written_down(self, change):
        converter = make_converter(OwnershipChange)
        assert converter.loads(converter.dumps(change)) == change

    @pytest.mark.parametrize("state", [UNOWNED, OWNED, OFFERED])
    def test_an_ownership_survives_being_written_down(self, state):
        converter = make_converter(Ownership)
        assert converter.loads(converter.dumps(state)) == state
