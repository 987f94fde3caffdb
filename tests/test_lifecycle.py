"""A lifecycle is a table: what is in it may happen, and nothing else."""

from __future__ import annotations

import copy
import pickle
from enum import Enum, StrEnum
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import IllegalTransition, InvalidIdentifier, InvalidPolicy
from crmkit.lifecycle import Lifecycle
from crmkit.testing.strategies import lifecycles
from crmkit.testing.tables import surviving_mutants, table_mutants


class Status(StrEnum):
    RECEIVED = "received"
    IN_WORK = "in-work"
    ANSWERED = "answered"
    CLOSED = "closed"


class Action(StrEnum):
    TAKE = "take"
    ANSWER = "answer"
    REOPEN = "reopen"
    CLOSE = "close"


MOVES = [
    (Status.RECEIVED, Action.TAKE, Status.IN_WORK),
    (Status.IN_WORK, Action.ANSWER, Status.ANSWERED),
    (Status.ANSWERED, Action.REOPEN, Status.IN_WORK),
    (Status.ANSWERED, Action.CLOSE, Status.CLOSED),
    (Status.RECEIVED, Action.CLOSE, Status.CLOSED),
]
REQUESTS = Lifecycle(initial=Status.RECEIVED, moves=MOVES)

# The same table once more, as a matrix: a row for each status, a column for each action.
MATRIX: dict[Status, list[Status | None]] = {
    #                 take            answer           reopen          close
    Status.RECEIVED: [Status.IN_WORK, None, None, Status.CLOSED],
    Status.IN_WORK: [None, Status.ANSWERED, None, None],
    Status.ANSWERED: [None, None, Status.IN_WORK, Status.CLOSED],
    Status.CLOSED: [None, None, None, None],
}


def check_matrix(lifecycle: Lifecycle[Status, Action]) -> None:
    """Hold every cell of the matrix against the lifecycle, and where it begins and may end."""
    assert lifecycle.initial is Status.RECEIVED
    assert lifecycle.final == {Status.CLOSED}
    for status, action in product(Status, Action):
        wanted = MATRIX[status][list(Action).index(action)]
        if wanted is not None:
            assert lifecycle.after(status, action) is wanted
            assert action in lifecycle.allowed(status)
        else:
            assert action not in lifecycle.allowed(status)
            with pytest.raises(IllegalTransition):
                lifecycle.after(status, action)


class TestMatrix:
    """Every pair of a status and an action is either in the table or refused."""

    def test_every_cell(self):
        check_matrix(REQUESTS)

    @pytest.mark.parametrize(
        ("status", "action", "possible"),
        [
            (status, action, [each for each, target in zip(Action, row, strict=True) if target])
            for status, row in MATRIX.items()
            for action, target in zip(Action, row, strict=True)
            if target is None
        ],
    )
    def test_a_refused_action_names_those_that_would_have_worked(self, status, action, possible):
        with pytest.raises(IllegalTransition) as caught:
            REQUESTS.after(status, action)
        error = caught.value
        assert (error.status, error.action) == (status.value, action.value)
        assert set(error.allowed) == {each.value for each in possible}
        assert all(type(each) is str for each in (error.status, error.action, *error.allowed))

    def test_the_message_of_a_refusal(self):
        with pytest.raises(IllegalTransition) as caught:
            REQUESTS.after(Status.RECEIVED, Action.REOPEN)
        assert str(caught.value) == "cannot reopen from received; allowed: take, close"
        with pytest.raises(IllegalTransition) as caught:
            REQUESTS.after(Status.CLOSED, Action.REOPEN)
        assert str(caught.value) == (
            "cannot reopen from closed; allowed: nothing, this status is final"
        )

    @given(lifecycles(), st.data())
    def test_a_walk_of_allowed_actions_stays_on_the_table(self, lifecycle, data):
        status = lifecycle.initial
        for _ in range(8):
            actions = lifecycle.allowed(status)
            if not actions:
                break
            action = data.draw(st.sampled_from(actions))
            target = lifecycle.after(status, action)
            assert (status, action, target) in lifecycle.moves
            status = target
        assert status in lifecycle.statuses

    @given(lifecycles())
    def test_what_is_not_allowed_is_refused(self, lifecycle):
        table = {(source, action): target for source, action, target in lifecycle.moves}
        for status, action in product(lifecycle.statuses, lifecycle.actions):
            if (status, action) in table:
                assert lifecycle.after(status, action) == table[status, action]
            else:
                with pytest.raises(IllegalTransition):
                    lifecycle.after(status, action)

    def test_an_unknown_status_is_told_the_known_ones(self):
        for ask in (lambda: REQUESTS.allowed("lost"), lambda: REQUESTS.after("lost", Action.TAKE)):  # type: ignore[arg-type]
            with pytest.raises(InvalidPolicy) as caught:
                ask()
            assert str(caught.value) == (
                "unknown status; this lifecycle knows received, in-work, answered, closed"
            )

    def test_an_unknown_action_is_refused(self):
        with pytest.raises(IllegalTransition, match="cannot shout from received; allowed: take"):
            REQUESTS.after(Status.RECEIVED, "shout")  # type: ignore[arg-type]

    def test_texts_do_as_well_as_enumerations(self):
        assert REQUESTS.after("received", "take") is Status.IN_WORK  # type: ignore[arg-type]


class TestName:
    """A record says by name and version which table it follows."""

    def test_a_table_has_a_name_and_a_version(self):
        named = Lifecycle(initial="a", moves=[("a", "go", "b")], name="requests", version=2)
        assert (named.name, named.version) == ("requests", 2)
        assert named != Lifecycle(initial="a", moves=[("a", "go", "b")], name="requests")

    @pytest.mark.parametrize("version", [0, -1, True, "2"])
    def test_versions_count_from_one(self, version):
        with pytest.raises(InvalidPolicy, match="counts from 1"):
            Lifecycle(initial="a", moves=[("a", "go", "b")], version=version)

    def test_a_name_can_serve_as_a_key(self):
        with pytest.raises(InvalidIdentifier):
            Lifecycle(initial="a", moves=[("a", "go", "b")], name="")


class TestOrder:
    """Statuses and actions come in the order of the table."""

    def test_statuses_begin_with_the_initial_one(self):
        assert REQUESTS.statuses == tuple(Status)
        late = Lifecycle(initial="b", moves=[("a", "go", "c"), ("b", "go", "a")])
        assert late.statuses == ("b", "a", "c")

    def test_actions_come_once(self):
        assert REQUESTS.actions == (Action.TAKE, Action.ANSWER, Action.REOPEN, Action.CLOSE)
        assert REQUESTS.allowed(Status.ANSWERED) == (Action.REOPEN, Action.CLOSE)
        assert REQUESTS.allowed(Status.CLOSED) == ()


class TestFinal:
    """Final is the status in which a record may rest for ever."""

    def test_a_status_without_a_way_out_is_final(self):
        assert REQUESTS.final == {Status.CLOSED}
        assert REQUESTS.is_final(Status.CLOSED)
        assert not REQUESTS.is_final(Status.ANSWERED)

    def test_a_status_with_a_way_out_can_be_declared_final(self):
        member = Lifecycle(
            initial="active",
            moves=[("active", "pause", "paused"), ("paused", "resume", "active")],
            final=["active"],
        )
        assert member.final == {"active"}
        assert member.is_final("active")

    def test_a_lifecycle_may_go_round_for_ever(self):
        door = Lifecycle(initial="shut", moves=[("shut", "open", "ajar"), ("ajar", "shut", "shut")])
        assert door.final == frozenset()


class TestBuilding:
    """A table that does not hold together is refused when it is built."""

    def refused(self, moves: Any, initial: str = "a", **terms: Any) -> str:
        with pytest.raises(InvalidPolicy) as caught:
            Lifecycle(initial=initial, moves=moves, **terms)
        return str(caught.value)

    def test_it_has_a_move(self):
        message = "a lifecycle needs at least one move: (from, by, to)"
        assert self.refused([]) == message
        assert self.refused(iter([]), final={"a"}) == message

    def test_two_rows_do_not_begin_alike(self):
        assert self.refused([("a", "go", "b"), ("a", "go", "c")]) == (
            "two moves begin alike, so the next status is open: a by go"
        )
        twice = [("b", "go", "c"), ("a", "go", "b"), ("a", "go", "b"), ("b", "go", "d")]
        assert self.refused([*twice, ("b", "stop", "d")]).endswith(": a by go, b by go")

    def test_every_status_can_be_reached(self):
        assert self.refused([("a", "go", "b"), ("d", "go", "b"), ("c", "go", "b")]) == (
            "lifecycle: c, d can never be reached"
        )
        assert self.refused([("b", "go", "a")]) == "lifecycle: b can never be reached"

    def test_the_initial_status_stands_in_the_table(self):
        assert self.refused([("a", "go", "b")], initial="z") == (
            "lifecycle: a, b can never be reached"
        )

    def test_no_way_out_has_to_be_declared(self):
        moves = [("a", "go", "b"), ("a", "stop", "c")]
        assert self.refused(moves, final={"b"}) == (
            "lifecycle: c has no way out: declare it final, or add a move"
        )
        assert self.refused(moves, final=[]) == (
            "lifecycle: b, c has no way out: declare it final, or add a move"
        )

    def test_a_final_status_stands_in_the_table(self):
        assert self.refused([("a", "go", "b")], final={"b", "typo"}) == (
            "lifecycle: typo is declared final but stands in no move"
        )

    def test_there_is_no_trap(self):
        """From every status a final one can be reached."""
        moves = [("a", "go", "b"), ("a", "slip", "c"), ("c", "turn", "d"), ("d", "turn", "c")]
        assert self.refused(moves) == "lifecycle: c, d can never come to an end"
        out = ("d", "climb", "b")
        assert Lifecycle(initial="a", moves=[*moves, out]).final == {"b"}

    @given(lifecycles())
    def test_what_was_built_holds_together(self, lifecycle):
        """Checked by walking: every status is reached, and an end is reached from everywhere."""
        ways = {status: set() for status in lifecycle.statuses}  # type: dict[str, set[str]]
        for source, _, target in lifecycle.moves:
            ways[source].add(target)

        def reached(start: str) -> set[str]:
            seen = {start}
            for _ in ways:
                seen |= {target for status in seen for target in ways[status]}
            return seen

        assert reached(lifecycle.initial) == set(lifecycle.statuses)
        assert all(reached(status) & lifecycle.final for status in lifecycle.statuses)

    @given(lifecycles(), st.randoms(use_true_random=False))
    def test_the_order_of_the_rows_changes_nothing_that_may_happen(self, lifecycle, random):
        rows = list(lifecycle.moves)
        random.shuffle(rows)
        other = Lifecycle(initial=lifecycle.initial, moves=rows)
        assert set(other.statuses) == set(lifecycle.statuses)
        assert other.final == lifecycle.final
        for status in lifecycle.statuses:
            assert set(other.allowed(status)) == set(lifecycle.allowed(status))

    def test_it_is_a_value(self):
        again = Lifecycle(initial=Status.RECEIVED, moves=iter(MOVES))
        assert again == REQUESTS
        assert hash(again) == hash(REQUESTS)
        assert again != Lifecycle(initial=Status.RECEIVED, moves=MOVES[:-1])
        for copied in (copy.copy(REQUESTS), copy.deepcopy(REQUESTS)):
            assert copied == REQUESTS
            check_matrix(copied)
        sent = pickle.loads(pickle.dumps(REQUESTS))  # noqa: S301 - our own
        assert sent == REQUESTS
        check_matrix(sent)
        with pytest.raises(AttributeError):
            REQUESTS.moves = ()  # type: ignore[misc]
        assert repr(again) == (
            f"Lifecycle(initial={Status.RECEIVED!r}, moves={tuple(MOVES)!r}, "
            f"final=frozenset({{{Status.CLOSED!r}}}), name='lifecycle', version=1)"
        )


class TestPictures:
    """The table and the diagram of the documentation are printed from the lifecycle itself."""

    def test_the_table(self):
        assert REQUESTS.to_table().splitlines() == [
            "| from | by | to |",
            "|---|---|---|",
            "| received | take | in-work |",
            "| in-work | answer | answered |",
            "| answered | reopen | in-work |",
            "| answered | close | closed |",
            "| received | close | closed |",
        ]

    def test_the_diagram(self):
        assert REQUESTS.to_mermaid().splitlines() == [
            "stateDiagram-v2",
            '    state "received" as s0',
            '    state "in-work" as s1',
            '    state "answered" as s2',
            '    state "closed" as s3',
            "    [*] --> s0",
            "    s0 --> s1: take",
            "    s1 --> s2: answer",
            "    s2 --> s1: reopen",
            "    s2 --> s3: close",
            "    s0 --> s3: close",
            "    s3 --> [*]",
        ]

    def test_an_enumeration_of_any_kind_is_shown_by_its_values(self):
        class Old(str, Enum):  # noqa: UP042 - as hosts of older Pythons have it
            BEGUN = "begun"
            DONE = "done"

        job = Lifecycle(initial=Old.BEGUN, moves=[(Old.BEGUN, "finish", Old.DONE)])
        assert job.to_table().splitlines()[2] == "| begun | finish | done |"
        assert '    state "done" as s1' in job.to_mermaid().splitlines()

    def test_names_may_hold_what_the_pictures_use_themselves(self):
        odd = Lifecycle(initial="customer's", moves=[("customer's", "yes|no", 'the "end"')])
        assert odd.to_table().splitlines()[2] == '| customer\'s | yes\\|no | the "end" |'
        assert odd.to_mermaid().splitlines()[1:5] == [
            '    state "customer\'s" as s0',
            '    state "the #quot;end#quot;" as s1',
            "    [*] --> s0",
            "    s0 --> s1: yes|no",
        ]


class TestTableMutants:
    """Every row that is lost, redirected or added is noticed by a test of every cell."""

    def test_the_matrix_notices_every_change(self):
        assert surviving_mutants(REQUESTS, check_matrix) == []

    def test_every_small_change_is_tried(self):
        changes = [mutant.change for mutant in table_mutants(REQUESTS)]
        statuses, rows = len(Status), len(MOVES)
        empty_cells = statuses * len(Action) - rows
        lost, redirected, added = rows, rows * (statuses - 1), empty_cells * statuses
        begins, ends = statuses - 1, statuses
        assert len(changes) == len(set(changes)) == lost + redirected + added + begins + ends
        assert "received may not take" in changes
        assert "received may take, to closed" in changes
        assert "received may take, to in-work" not in changes
        assert "closed may also reopen, to in-work" in changes
        assert "it begins answered" in changes
        assert "closed does not end" in changes
        assert "answered may end" in changes

    @given(lifecycles())
    def test_no_change_leaves_the_terms_as_they_are(self, lifecycle):
        terms = (lifecycle.initial, set(lifecycle.moves), lifecycle.final)
        for mutant in table_mutants(lifecycle):
            assert (mutant.initial, set(mutant.moves), mutant.final) != terms

    def test_a_test_of_a_few_cells_misses_changes(self):
        def hasty(lifecycle: Lifecycle[Status, Action]) -> None:
            assert lifecycle.after(Status.RECEIVED, Action.TAKE) is Status.IN_WORK

        survivors = surviving_mutants(REQUESTS, hasty)
        assert "answered may not reopen" in survivors
        assert "closed may also reopen, to in-work" in survivors
        assert "received may take, to closed" not in survivors

    def test_whoever_stops_the_run_stops_it(self):
        def impatient(lifecycle: Lifecycle[Status, Action]) -> None:
            if lifecycle != REQUESTS:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            surviving_mutants(REQUESTS, impatient)

    def test_a_test_that_fails_on_the_table_itself_is_no_test(self):
        def wrong(_: object) -> None:
            raise AssertionError("always")

        with pytest.raises(AssertionError, match="always"):
            surviving_mutants(REQUESTS, wrong)
