"""Whoever is asked first owns a matter until a hand-over is accepted."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidIdentifier, InvalidValue
from crmkit.identifiers import Actor
from crmkit.ownership import (
    HandOverRefused,
    Ownership,
    OwnershipAct,
    OwnershipChange,
    same_actor,
)
from crmkit.serialization import make_converter

ANNA, BEN, CARA = (Actor(name) for name in ("anna", "ben", "cara"))
PEOPLE = (ANNA, BEN, CARA)
NAMING = (OwnershipAct.OFFER, OwnershipAct.REASSIGN)
CHANGES = [
    OwnershipChange(act, to)
    for act in OwnershipAct
    for to in (PEOPLE if act in NAMING else (None,))
]

acts = st.lists(st.tuples(st.sampled_from(CHANGES), st.sampled_from(PEOPLE)), max_size=30)


def expected(matter, change, by):
    """The rules once more, as a list of what is possible; None where it is refused."""
    owner, offered, to = matter.owner, matter.offered_to, change.to
    possible = {
        OwnershipAct.TAKE: owner is None and Ownership(by),
        OwnershipAct.OFFER: owner == by and not offered and to != by and Ownership(owner, to),
        OwnershipAct.ACCEPT: offered == by and Ownership(by),
        OwnershipAct.DECLINE: offered == by and Ownership(owner),
        OwnershipAct.RETRACT: owner == by and offered and Ownership(owner),
        OwnershipAct.REASSIGN: owner not in (to, by) and Ownership(to),
    }
    return possible[change.act] or None


def step(matter, change, by):
    try:
        return matter.after(change, by=by)
    except HandOverRefused:
        return None


class TestHandOver:
    """It stays with its owner until somebody else has said yes."""

    @pytest.mark.parametrize(
        "matter",
        [
            Ownership(),
            *(Ownership(owner) for owner in PEOPLE),
            *(Ownership(a, b) for a, b in product(PEOPLE, PEOPLE) if a != b),
        ],
        ids=str,
    )
    def test_every_act_by_everybody_in_every_state(self, matter):
        for change, by in product(CHANGES, PEOPLE):
            assert step(matter, change, by) == expected(matter, change, by), (change, by)

    @given(acts)
    def test_once_asked_it_is_somebody_s_for_ever(self, done):
        matter = Ownership.first_asked(ANNA)
        for change, by in done:
            matter = step(matter, change, by) or matter
            assert matter.owner in PEOPLE
            assert matter.offered_to != matter.owner

    @given(acts)
    def test_it_changes_hands_only_with_a_yes_or_an_open_reassignment(self, done):
        matter = Ownership.first_asked(ANNA)
        for change, by in done:
            after = step(matter, change, by)
            if after is not None and after.owner != matter.owner:
                accepted = change.act is OwnershipAct.ACCEPT and matter.offered_to == by
                reassigned = change.act is OwnershipAct.REASSIGN and by != matter.owner
                assert accepted or reassigned
            matter = after or matter

    def test_a_manager_who_is_away_declines_nothing_and_the_owner_asks_the_deputy(self):
        matter = Ownership.first_asked(ANNA)
        matter = matter.after(OwnershipChange(OwnershipAct.OFFER, BEN), by=ANNA)
        with pytest.raises(HandOverRefused, match="offered already: retract that first"):
            matter.after(OwnershipChange(OwnershipAct.OFFER, CARA), by=ANNA)
        matter = matter.after(OwnershipChange(OwnershipAct.RETRACT), by=ANNA)
        matter = matter.after(OwnershipChange(OwnershipAct.OFFER, CARA), by=ANNA)
        assert matter.owner == ANNA
        assert matter.after(OwnershipChange(OwnershipAct.ACCEPT), by=CARA) == Ownership(CARA)

    def test_a_refusal_says_what_would_have_worked(self):
        with pytest.raises(HandOverRefused) as caught:
            Ownership(ANNA).after(OwnershipChange(OwnershipAct.TAKE), by=BEN)
        assert caught.value.code == "hand-over-refused"
        assert str(caught.value) == (
            "ownership stays as it is: somebody owns the matter: let them offer it"
        )


# Each reads as the one before it.
ALIASES = [
    ("anna", "Anna"),
    ("anna", "ANNA"),
    ("anna k", "anna  k"),
    ("anna k", "anna\u00a0k"),
    ("anna", "\uff41\uff4e\uff4e\uff41"),
    ("ren\u00e9", "rene\u0301"),
    ("stra\u00dfe", "STRASSE"),
    ("anna", "anna\ufe0f"),
    ("anna", "an\u034fna"),
    ("anna", "anna\u3164"),
]


class TestAliases:
    """Nobody becomes a second person by writing their name otherwise."""

    @pytest.mark.parametrize(("one", "other"), ALIASES)
    def test_two_spellings_are_one_person(self, one, other):
        assert same_actor(Actor(one), Actor(other))
        assert same_actor(Actor(other), Actor(one))

    @pytest.mark.parametrize(
        ("one", "other"),
        [("anna", "hanna"), ("anna k", "annak"), ("anna-1", "anna-2"), ("rene", "ren\u00e9")],
    )
    def test_two_names_are_two(self, one, other):
        assert not same_actor(Actor(one), Actor(other))

    def test_nobody_is_nobody_s_second_self(self):
        assert not same_actor(None, None)
        assert not same_actor(ANNA, None)
        assert not same_actor(None, ANNA)

    @pytest.mark.parametrize(("one", "other"), ALIASES)
    def test_nobody_hands_over_to_themselves(self, one, other):
        matter, to = Ownership(Actor(one)), Actor(other)
        with pytest.raises(HandOverRefused, match="offer it to somebody else"):
            matter.after(OwnershipChange(OwnershipAct.OFFER, to), by=Actor(one))

    @pytest.mark.parametrize(("one", "other"), ALIASES)
    def test_nobody_gets_rid_of_their_own_under_another_spelling(self, one, other):
        matter = Ownership(Actor(one))
        with pytest.raises(HandOverRefused, match="an owner offers a matter; others reassign it"):
            matter.after(OwnershipChange(OwnershipAct.REASSIGN, BEN), by=Actor(other))
        with pytest.raises(HandOverRefused, match="reassign it to somebody else"):
            matter.after(OwnershipChange(OwnershipAct.REASSIGN, Actor(other)), by=BEN)

    def test_only_the_owner_as_they_are_known_offers(self):
        with pytest.raises(HandOverRefused, match="only the owner offers"):
            Ownership(ANNA).after(OwnershipChange(OwnershipAct.OFFER, BEN), by=Actor("Anna"))


class TestTerms:
    """An act that hands over names somebody; no other does."""

    @pytest.mark.parametrize("act", OwnershipAct)
    def test_who_is_named(self, act):
        wrong = None if act in NAMING else BEN
        with pytest.raises(InvalidValue, match="name whom the matter goes to"):
            OwnershipChange(act, wrong)

    def test_names_can_serve_as_keys(self):
        with pytest.raises(InvalidIdentifier):
            OwnershipChange(OwnershipAct.OFFER, Actor(""))
        with pytest.raises(InvalidIdentifier):
            Ownership.first_asked(Actor(" anna"))

    @pytest.mark.parametrize(("owner", "offered"), [(None, BEN), (ANNA, ANNA), (ANNA, "Anna")])
    def test_a_matter_is_offered_by_its_owner_to_somebody_else(self, owner, offered):
        with pytest.raises(InvalidValue, match="offered by its owner, to somebody else"):
            Ownership(owner, offered)

    @pytest.mark.parametrize("names", [("",), (ANNA, ""), (ANNA, " ben")])
    def test_an_owner_has_a_name(self, names):
        with pytest.raises(InvalidIdentifier):
            Ownership(*names)
        with pytest.raises(InvalidIdentifier):
            Ownership().after(OwnershipChange(OwnershipAct.TAKE), by=Actor(""))

    @pytest.mark.parametrize("change", CHANGES, ids=str)
    def test_it_is_data(self, change):
        converter = make_converter(OwnershipChange)
        assert converter.loads(converter.dumps(change)) == change
