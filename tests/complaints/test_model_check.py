"""Every sequence of actions, tried: an independent model says what each of them has to do."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
from attrs import evolve, frozen
from hypothesis import given
from hypothesis import strategies as st

from crmkit.complaints.lifecycle import COMPLAINT_LIFECYCLE, Action, Status
from crmkit.complaints.policies.guards import (
    DEFAULT_GUARDS,
    AssessmentFirst,
    DoerIsNotChecker,
    FactsBeforeLiability,
    FactsBeforeResponse,
    Proposal,
    RecourseBeforeClosing,
    ReopeningWindow,
    SatisfactionBeforeClosing,
)
from crmkit.complaints.policies.merging import merge_complaints, unmerge_complaint
from crmkit.complaints.policies.rules import ActionRefused, ComplaintRules
from crmkit.complaints.records.complaint import Complaint
from crmkit.complaints.records.entry import Entry
from crmkit.complaints.records.events import (
    Assessed,
    Event,
    FactsRecorded,
    LiabilityStated,
    LifecycleAdopted,
    Merged,
    RecourseExhausted,
    SatisfactionChecked,
    Severity,
    StatusChanged,
    Unmerged,
    WaitingEnded,
    WaitingStarted,
)
from crmkit.errors import CrmkitError, IllegalTransition, InvalidValue
from crmkit.identifiers import Actor
from crmkit.ownership import HandOverRefused, Ownership, OwnershipAct, OwnershipChange
from crmkit.serialization import make_converter
from tests.complaints.builders import (
    ANNA,
    ASKED,
    BEN,
    DAY,
    HOUR,
    MATRIX,
    MONDAY,
    allowed_by,
    entry,
    proposal,
    receipt,
    received,
)

CONVERTER = make_converter(Complaint)
WINDOW = 1  # in days: the day of the closing, and the next
RULES = ComplaintRules(
    guards=(
        *(guard for guard in DEFAULT_GUARDS if not isinstance(guard, ReopeningWindow)),
        ReopeningWindow(within=timedelta(days=WINDOW)),
    )
)
EARLIER = received("K-0", received_at=MONDAY - HOUR, complainant="C-1")

# Deep enough that nothing new is found below: with that, sequences of any length have been tried.
DEPTH = 20
DEEPEST, SITUATIONS, STEPS = 16, 1_792, 62_720

# --- what can be tried ----------------------------------------------------------------------------


@frozen
class Move:
    """Something that one of two people tries, or a day that passes."""

    what: str
    by: Actor = ANNA
    override: Actor | None = None


NOTES: dict[str, Event] = {
    "facts": FactsRecorded("the parcel was lost"),
    "severity": Assessed(Severity()),
    "satisfaction": ASKED,
    "recourse": RecourseExhausted(),
    "liability": LiabilityStated(accepted=True),
    "wait": WaitingStarted("complainant"),
    "wait no more": WaitingEnded(),
    "adopt": LifecycleAdopted("complaint", 1, "closed"),
}
OFFERS: dict[Actor, Event] = {
    by: OwnershipChange(OwnershipAct.OFFER, BEN if by == ANNA else ANNA) for by in (ANNA, BEN)
}
ANSWERS: dict[str, Event] = {
    "accept it": OwnershipChange(OwnershipAct.ACCEPT),
    "decline it": OwnershipChange(OwnershipAct.DECLINE),
    "retract it": OwnershipChange(OwnershipAct.RETRACT),
}
# Anna once more, under another spelling.
ALIAS = Actor("ANNA")
MOVES = (
    *(Move(action, by) for action in Action for by in (ANNA, BEN)),
    Move(Action.CLOSE, ALIAS),
    *(Move(Action.REOPEN, ANNA, by) for by in (ANNA, BEN, ALIAS)),
    *map(Move, NOTES),
    *map(Move, ("merge", "unmerge", "a day passes")),
)
# Whose it is depends on nothing else, so that is tried on random walks alone.
HAND_OVERS = tuple(Move(what, by) for what in ("offer it", *ANSWERS) for by in (ANNA, BEN, ALIAS))

# --- the model ------------------------------------------------------------------------------------


@frozen(kw_only=True)
class Model:
    """All of a complaint that what happens next can depend on."""

    status: str = "received"
    severity: bool = False
    facts: bool = False
    fresh_facts: bool = False
    satisfaction: bool = False
    recourse: bool = False
    answered_by: Actor | None = None
    days_at_rest: int = 0
    waiting: bool = False
    merged: bool = False
    owner: Actor = ANNA
    offered_to: Actor | None = None

    @property
    def is_at_rest(self) -> bool:
        return self.status in ("closed", "withdrawn")

    def after(self, move: Move) -> Model | None:
        """How it stands after a move; None if the move has to be refused."""
        match move.what:
            case "a day passes":
                days = min(self.days_at_rest + self.is_at_rest, WINDOW + 1)
                return evolve(self, days_at_rest=days)
            case "unmerge":
                return evolve(self, merged=False) if self.merged else None
            case _ if self.merged:
                return None
            case "merge":
                return evolve(self, merged=True)
            case "wait":
                return None if self.waiting else evolve(self, waiting=True)
            case "wait no more":
                return evolve(self, waiting=False) if self.waiting else None
            case "facts":
                return evolve(self, facts=True, fresh_facts=True)
            case "liability":
                return self if self.facts else None
            case "severity":
                return evolve(self, severity=True)
            case "satisfaction":
                return evolve(self, satisfaction=True)
            case "recourse":
                return evolve(self, recourse=True)
            case "adopt":
                return self if self.status == "closed" else None
            case "offer it":
                if move.by != self.owner or self.offered_to is not None:
                    return None
                return evolve(self, offered_to=BEN if move.by == ANNA else ANNA)
            case "accept it":
                if move.by != self.offered_to:
                    return None
                return evolve(self, owner=move.by, offered_to=None)
            case "decline it":
                return None if move.by != self.offered_to else evolve(self, offered_to=None)
            case "retract it":
                offered = move.by == self.owner and self.offered_to is not None
                return evolve(self, offered_to=None) if offered else None
            case action:
                return self._moved(action, move)

    def _moved(self, action: str, move: Move) -> Model | None:
        to = MATRIX[self.status].get(action)
        if to is None or not self._holds(action, move):
            return None
        moved = evolve(self, status=to, days_at_rest=0)
        match action:
            case "respond":
                return evolve(moved, answered_by=move.by, satisfaction=False)
            case "dispute":
                return evolve(moved, fresh_facts=False, recourse=False)
            case "refer":
                return evolve(moved, recourse=False)
            case "reopen":
                return evolve(
                    moved, severity=False, fresh_facts=False, satisfaction=False, recourse=False
                )
            case _:
                return moved

    def _holds(self, action: str, move: Move) -> bool:
        match action:
            case "assess" | "investigate":
                return self.severity
            case "respond":
                return self.fresh_facts
            case "close":
                exhausted = self.recourse or self.status not in ("disputed", "referred")
                checker = ANNA if move.by == ALIAS else move.by
                return self.satisfaction and exhausted and checker != self.answered_by
            case "reopen":
                other = move.override not in (None, move.by, ALIAS)
                return self.days_at_rest <= WINDOW or other
            case _:
                return True


# --- the exploration ------------------------------------------------------------------------------


@frozen
class Node:
    """A complaint, the one that it can be merged into, and what the clock says."""

    complaint: Complaint
    other: Complaint
    at: datetime

    def attempt(self, move: Move, rules: ComplaintRules) -> Node:
        """Try a move; whatever is refused raises."""
        by, at = move.by, self.at
        match move.what:
            case "a day passes":
                return evolve(self, at=at + DAY)
            case "merge":
                both = merge_complaints(
                    rules, self.complaint, self.other, by=by, at=at, reason="one matter"
                )
                return Node(both.complaint, both.into, at)
            case "unmerge":
                both = unmerge_complaint(
                    self.complaint, self.other, by=by, at=at, reason="two matters"
                )
                return Node(both.complaint, both.into, at)
            case note if note in NOTES or note in ANSWERS or note == "offer it":
                what = (NOTES | ANSWERS).get(note) or OFFERS.get(by, OFFERS[ANNA])
                grown = rules.record(self.complaint, what, by=by, at=at, reason="noted")
                return evolve(self, complaint=grown)
            case action:
                override = None if move.override is None else allowed_by(move.override)
                return evolve(
                    self,
                    complaint=rules.act(
                        self.complaint, action, by=by, at=at, reason="done", override=override
                    ),
                )


@frozen
class Explored:
    """How much was tried, and from which situations nothing leads to rest any more."""

    models: frozenset[Model]
    edges: int
    refused: int
    depth: int
    traps: frozenset[Model] = frozenset()


def beginning(rules: ComplaintRules) -> Node:
    return Node(rules.receive(receipt("K-1", complainant="C-1")), EARLIER, MONDAY)


def explore(rules: ComplaintRules, depth: int, moves: tuple[Move, ...] = MOVES) -> Explored:
    """Try every sequence of moves up to a depth, each situation only once, and check each step."""
    seen: dict[Model, int] = {Model(): 0}
    waiting = deque([(Model(), beginning(rules))])
    edges = refused = 0
    comes_from: dict[Model, set[Model]] = {}
    while waiting:
        model, node = waiting.popleft()
        if seen[model] == depth:
            continue
        for move in moves:
            edges += 1
            reached = check_step(model, node, move, rules)
            if reached is None:
                refused += 1
                continue
            after = model.after(move)
            assert after is not None
            comes_from.setdefault(after, set()).add(model)
            if after not in seen:
                seen[after] = seen[model] + 1
                check_record(after, reached.complaint, rules)
                waiting.append((after, reached))
    traps = frozenset(seen) - leading_to_rest(seen, comes_from)
    return Explored(frozenset(seen), edges, refused, max(seen.values()), traps)


def leading_to_rest(models: Iterable[Model], comes_from: dict[Model, set[Model]]) -> set[Model]:
    """The situations from which some sequence of moves brings the complaint to rest."""
    waiting = [each for each in models if each.is_at_rest and not each.merged]
    leading: set[Model] = set()
    while waiting:
        model = waiting.pop()
        if model not in leading:
            leading.add(model)
            waiting += comes_from.get(model, ())
    return leading


def check_step(model: Model, node: Node, move: Move, rules: ComplaintRules) -> Node | None:
    """Do one move as the model says, and see that the trail grows by one entry, or by nothing."""
    complaint, before, other = node.complaint, node.complaint.trail, node.other.trail
    check_verdict(model, node, move, rules)
    try:
        reached = node.attempt(move, rules)
    except (ActionRefused, HandOverRefused, IllegalTransition, InvalidValue) as refusal:
        assert model.after(move) is None, (move, model)
        assert (complaint.trail, node.other.trail) == (before, other)
        assert complaint.trail is before
        check_standing(model, complaint)
        check_refusal(model, move, refusal)
        return None
    after = model.after(move)
    assert after is not None, (move, model)
    trail = reached.complaint.trail
    assert trail[: len(before)] == before == complaint.trail
    assert len(trail) == len(before) + (move.what != "a day passes")
    check_standing(after, reached.complaint)
    return reached


def check_refusal(model: Model, move: Move, refusal: Exception) -> None:
    """It says what would have worked: the actions of the table, or what is missing."""
    if move.what not in list(Action):
        assert str(refusal)
        return
    possible = tuple(MATRIX[model.status])
    if isinstance(refusal, ActionRefused):
        assert refusal.allowed == (() if model.merged else possible)
        assert len(refusal.remedies) == len(refusal.decision.unmet) > 0
    else:
        assert isinstance(refusal, IllegalTransition)
        assert refusal.allowed == possible
        assert move.what not in possible


def check_verdict(model: Model, node: Node, move: Move, rules: ComplaintRules) -> None:
    """The rules, asked beforehand, say what happens."""
    if move.what in list(Action):
        override = None if move.override is None else allowed_by(move.override)
        asked = proposal(node.complaint, move.what, by=move.by, at=node.at, override=override)
    elif move.what == "liability" and not model.merged:
        asked = Proposal(node.complaint, entry(NOTES["liability"], by=move.by, at=node.at))
    else:
        return
    assert rules(asked).outcome is (model.after(move) is not None)


def check_standing(model: Model, complaint: Complaint) -> None:
    """Where the complaint stands is where the model has it."""
    assert complaint.status == model.status
    assert complaint.status in list(Status)
    assert (complaint.waiting_on is not None) is model.waiting
    assert (complaint.merged_into is not None) is model.merged
    assert complaint.ownership == Ownership(model.owner, model.offered_to)


def check_record(model: Model, complaint: Complaint, rules: ComplaintRules) -> None:
    """What is on record is lawful, replays to the same, and can be written down."""
    check_trail(complaint.trail)
    rules.verify(complaint)
    replayed = Complaint(complaint.receipt, complaint.trail)
    assert replayed == complaint
    check_standing(model, replayed)
    text = CONVERTER.dumps(complaint)
    again = CONVERTER.loads(text)
    assert again == complaint
    assert CONVERTER.dumps(again) == text
    check_standing(model, again)


def check_trail(trail: tuple[Entry, ...]) -> None:
    """The promises of the room, read off the trail alone."""
    facts = asked = merged = False
    answered_by: Actor | None = None
    for each in trail:
        match each.what:
            case FactsRecorded():
                facts = True
            case SatisfactionChecked():
                asked = True
            case LiabilityStated(accepted=True):
                assert facts
            case Merged():
                merged = True
            case Unmerged():
                merged = False
            case StatusChanged("respond"):
                assert facts
                answered_by, asked = each.by, False
            case StatusChanged("close"):
                assert asked
                assert each.by != answered_by
        assert not merged or isinstance(each.what, Merged)


class TestEverySequence:
    """Two people, the passing of days, waiting, merging, and all that the conditions ask for."""

    def test_every_sequence_of_actions(self):
        found = explore(RULES, DEPTH)
        print(  # noqa: T201 - the depth that was reached, for pytest -s
            f"model check: {len(found.models):,} situations and {found.edges:,} steps, "
            f"{found.refused:,} of them refused; nothing new below a depth of {found.depth}"
        )
        assert found.depth == DEEPEST < DEPTH
        assert {model.status for model in found.models} == set(Status)
        assert (len(found.models), found.edges) == (SITUATIONS, STEPS)
        assert found.traps == frozenset()
        assert 0 < found.refused < found.edges
        assert any(model.merged and model.status == "closed" for model in found.models)
        assert any(model.days_at_rest > WINDOW for model in found.models)

    @given(st.lists(st.sampled_from(MOVES + HAND_OVERS), max_size=60))
    def test_any_walk_at_all(self, moves):
        """Without taking two situations for one: the model leaves out nothing that matters."""
        model, node = Model(), beginning(RULES)
        for move in moves:
            reached = check_step(model, node, move, RULES)
            after = model.after(move)
            if reached is not None and after is not None:
                model, node = after, reached
        check_record(model, node.complaint, RULES)

    def test_it_starts_where_a_complaint_starts(self):
        assert explore(RULES, 0) == Explored(
            frozenset({Model()}), 0, 0, 0, traps=frozenset({Model()})
        )

    def test_the_model_knows_the_table(self):
        assert COMPLAINT_LIFECYCLE.initial == Model().status


def without(kind: type) -> ComplaintRules:
    return ComplaintRules(guards=tuple(g for g in RULES.guards if not isinstance(g, kind)))


class Careless(ComplaintRules):
    """Rules that write down what they refuse."""

    def act(self, complaint: Complaint, action: str, **terms: Any) -> Complaint:
        try:
            return super().act(complaint, action, **terms)
        except CrmkitError:
            noted = entry(RecourseExhausted(), at=terms["at"])
            object.__setattr__(complaint, "trail", (*complaint.trail, noted))
            raise


class TestPlantedDefects:
    """The exploration notices what it is there to notice."""

    @pytest.mark.parametrize(
        "kind",
        [
            AssessmentFirst,
            DoerIsNotChecker,
            FactsBeforeLiability,
            FactsBeforeResponse,
            RecourseBeforeClosing,
            ReopeningWindow,
            SatisfactionBeforeClosing,
        ],
    )
    def test_a_condition_that_is_missing(self, kind):
        with pytest.raises(AssertionError):
            explore(without(kind), DEPTH)

    def test_a_refusal_that_changes_something(self):
        with pytest.raises(AssertionError):
            explore(Careless(guards=RULES.guards), 2)
