"""Putting items onto places: as many as can be, the first ones first, and as even as can be."""

from collections import Counter
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from crmkit.followups.policies.board import Board, places_in


@st.composite
def boards(draw, places=4, items=5):
    """Some places with room, and items with the places that each can go to."""
    size = draw(st.integers(1, places))
    room = draw(st.lists(st.integers(0, 3), min_size=size, max_size=size))
    load = draw(st.lists(st.integers(0, 3), min_size=size, max_size=size))
    masks = draw(st.lists(st.integers(0, 2**size - 1), max_size=items))
    cost = draw(st.lists(st.integers(0, size - 1), min_size=items, max_size=items))
    return load, room, masks, lambda item, place: abs(place - cost[item])


def filled(drawn, *, even=False):
    load, room, masks, cost = drawn
    board = Board([*load], [*room], cost, even=even)
    placed = tuple(board.put(item, mask) for item, mask in enumerate(masks))
    return board, placed


def every_way(drawn):
    """All ways to put the items, by which of them have a place."""
    _, room, masks, _ = drawn
    choices = [(None, *places_in(mask)) for mask in masks]
    for ways in product(*choices):
        counts = Counter(place for place in ways if place is not None)
        if all(count <= room[place] for place, count in counts.items()):
            yield tuple(place is not None for place in ways), counts


class TestBoard:
    """What a place is short of goes to the most important, and nobody is refused without need."""

    @given(boards())
    def test_no_other_way_places_more_or_more_important_ones(self, drawn):
        _, placed = filled(drawn)
        ways = {ways for ways, _ in every_way(drawn)}
        assert placed == max(ways)
        assert sum(placed) == max(map(sum, ways))

    @given(boards(), st.booleans())
    def test_everybody_is_where_they_may_be(self, drawn, even):
        board, placed = filled(drawn, even=even)
        board.level() if even else board.settle()
        load, room, masks, _ = drawn
        assert {item for item, has in enumerate(placed) if has} == set(board.where)
        assert all(masks[item] >> place & 1 for item, place in board.where.items())
        counts = Counter(board.where.values())
        assert board.load == [before + counts[place] for place, before in enumerate(load)]
        assert board.room == [before - counts[place] for place, before in enumerate(room)]
        assert min(board.room) >= 0

    @given(boards(), st.booleans())
    def test_levelled_loads_are_as_even_as_can_be(self, drawn, even):
        """From wherever it starts."""
        board, placed = filled(drawn, even=even)
        board.level()
        load = drawn[0]
        squares = [
            sum((before + counts[place]) ** 2 for place, before in enumerate(load))
            for ways, counts in every_way(drawn)
            if ways == placed
        ]
        assert sum(count**2 for count in board.load) == min(squares)

    @given(boards(places=8, items=14))
    def test_nobody_settles_for_a_place_if_a_better_one_is_free(self, drawn):
        board, _ = filled(drawn)
        board.settle()
        _, _, masks, cost = drawn
        for item, place in board.where.items():
            for other in places_in(masks[item]):
                assert board.room[other] == 0 or cost(item, place) <= cost(item, other)

    @given(boards(), st.booleans())
    def test_who_stays_is_never_moved(self, drawn, even):
        load, room, masks, cost = drawn
        board = Board([*load], [*room], cost, even=even)
        seen: dict[int, int] = {}
        for item, mask in enumerate(masks):
            stays = item % 2 == 0
            if board.put(item, mask, stays=stays) and stays:
                seen[item] = board.where[item]
        board.level() if even else board.settle()
        assert {item: board.where[item] for item in seen} == seen

    def test_others_give_way_along_a_chain(self):
        """The first is moved to the second place, the second to the third, and there is room."""
        board = Board([0, 0, 0], [1, 1, 1])
        assert [board.put(item, mask) for item, mask in enumerate([0b011, 0b110, 0b001])] == [
            True,
            True,
            True,
        ]
        assert board.where == {0: 1, 1: 2, 2: 0}

    def test_a_full_place_says_nothing_about_others(self):
        """Nobody leaves the first place; between the other two there still is a way."""
        board = Board([0, 0, 0], [1, 1, 1])
        masks = [0b001, 0b001, 0b110, 0b010]
        assert [board.put(item, mask) for item, mask in enumerate(masks)] == [
            True,
            False,
            True,
            True,
        ]
        assert board.where == {0: 0, 2: 2, 3: 1}

    def test_what_is_full_for_good_is_not_looked_at_again(self):
        board = Board([0, 0], [1, 1])
        assert [board.put(item, 0b01) for item in range(3)] == [True, False, False]
        assert board.put(3, 0b11)
        assert not board.put(4, 0b11)
