"""The contract of rules for complaints holds ours, and each promise can be broken."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from attrs import frozen
from hypothesis import Phase, settings

from crmkit.complaints import (
    COMPLAINT_LIFECYCLE,
    DEFAULT_GUARDS,
    Complaint,
    ComplaintRules,
    Entry,
    KeptRules,
    LiabilityStated,
    Noted,
    Proposal,
    StatusChanged,
)
from crmkit.decision import Evidence, equals, noted
from crmkit.errors import IllegalTransition, MissingExtra
from crmkit.lifecycle import Lifecycle
from crmkit.testing import complaint_rules
from crmkit.testing.complaint_rules import (
    ComplaintRulesContract,
    ContractBroken,
    check_complaint_rules,
)
from tests.complaints.kept_samples import OWN_RULES

FEW = 10


def refuse(_: Proposal) -> Evidence:
    return equals("willing", "no", "yes")


@frozen(kw_only=True)
class Condition:
    """A guard put together for one test."""

    on: Callable[[Proposal, str], bool]
    answer: Callable[[Proposal], Evidence] = refuse
    remedy: str = "ask on another day"

    def watches(self, proposal: Proposal, /) -> bool:
        what = proposal.entry.what
        return isinstance(what, StatusChanged) and self.on(proposal, what.action)

    def __call__(self, proposal: Proposal, /) -> Evidence:
        return self.answer(proposal)


@frozen(kw_only=True)
class Listing(Condition):
    """A guard that lists the actions that it watches."""

    actions: tuple[str, ...]


def with_guard(**terms: Any) -> ComplaintRules:
    return ComplaintRules(guards=(*DEFAULT_GUARDS, Condition(**terms)))


def contract(rules: ComplaintRules) -> ComplaintRulesContract:
    class Contract(ComplaintRulesContract):
        max_examples = FEW

        def rules(self) -> ComplaintRules:
            return rules

    return Contract()


class TestOurs(ComplaintRulesContract):
    """The rules of crmkit keep every promise, as a host would have it checked."""

    max_examples = FEW

    def rules(self) -> ComplaintRules:
        return ComplaintRules()


class TestOthers:
    """Other tables and conditions keep them too."""

    def test_rules_that_came_from_a_document(self):
        check_complaint_rules(KeptRules().rules, max_examples=FEW)

    def test_a_table_of_the_host_with_every_condition(self):
        check_complaint_rules(OWN_RULES.rules, max_examples=FEW)

    def test_a_table_without_conditions_and_without_an_end(self):
        loop = Lifecycle(initial="on", moves=[("on", "turn", "off"), ("off", "turn", "on")])
        check_complaint_rules(ComplaintRules(lifecycle=loop, guards=()), max_examples=FEW)

    def test_conditions_that_ask_for_something_of_their_own(self):
        def informed(proposal: Proposal) -> Evidence:
            notes = proposal.complaint.events(Noted)
            return equals("boss-informed", any(note.topic == "boss" for note in notes), True)

        rules = with_guard(on=lambda _, action: action == "close", answer=informed)
        check_complaint_rules(rules, remedies={"boss-informed": Noted("boss")}, max_examples=FEW)
        with pytest.raises(ContractBroken, match=r"closed.* not met on the way: boss-informed"):
            check_complaint_rules(rules, max_examples=FEW)

    def test_as_many_complaints_are_tried_as_the_profile_of_hypothesis_says(self):
        tried: list[Complaint] = []

        def note(complaint: Complaint) -> None:
            tried.append(complaint)

        class Counting(ComplaintRulesContract):
            def rules(self) -> ComplaintRules:
                return ComplaintRules()

        Counting()._for_all(note)
        assert len(tried) > FEW

    def test_a_contract_without_rules_says_what_is_missing(self):
        with pytest.raises(NotImplementedError, match="return your rules here"):
            ComplaintRulesContract().rules()


class Stamping(ComplaintRules):
    """Rules that put something of their own into every action."""

    numbers = count()

    def act(self, complaint: Complaint, action: str, **said: Any) -> Complaint:
        said["reason"] = f"{said['reason']} {next(self.numbers)}"
        return super().act(complaint, action, **said)


@pytest.fixture
def found_is_found() -> Iterator[None]:
    """The smallest complaint that breaks a promise is not asked for."""
    before = settings()
    settings.register_profile("found", parent=before, phases=[Phase.generate], database=None)
    settings.load_profile("found")
    yield
    settings.register_profile("before", parent=before)
    settings.load_profile("before")


@pytest.mark.usefixtures("found_is_found")
class TestBrokenPromises:
    """Each promise is broken by some guard, and then named."""

    def test_a_guard_that_changes_what_it_is_asked_about(self):
        def meddle(proposal: Proposal) -> Evidence:
            if proposal.entry.reason == "tried":
                object.__setattr__(proposal.complaint, "trail", proposal.complaint.trail[:0])
            return refuse(proposal)

        rules = with_guard(on=lambda _, action: action == "refer", answer=meddle)
        with pytest.raises(ContractBroken, match="to refer changes no complaint that there is"):
            contract(rules).test_a_refused_action_changes_nothing()

    def test_rules_that_add_two_entries(self):
        class Chatty(ComplaintRules):
            def act(self, complaint: Complaint, action: str, **said: Any) -> Complaint:
                return super().act(self.record(complaint, Noted("act"), **said), action, **said)

        with pytest.raises(ContractBroken, match="adds one entry to the trail"):
            contract(Chatty()).test_a_refused_action_changes_nothing()

    @pytest.mark.parametrize("remedy", ["", "  "])
    def test_a_guard_that_says_nothing(self, remedy):
        rules = with_guard(on=lambda _, action: action == "refer", remedy=remedy)
        with pytest.raises(ContractBroken, match="says what would have worked"):
            contract(rules).test_a_refusal_says_what_would_have_worked()

    def test_rules_that_do_not_say_what_can_be_done(self):
        class Vague(ComplaintRules):
            def act(self, complaint: Complaint, action: str, **said: Any) -> Complaint:
                try:
                    return super().act(complaint, action, **said)
                except IllegalTransition:
                    raise IllegalTransition(complaint.status, action, ()) from None

        with pytest.raises(ContractBroken, match="lists the actions that the table has"):
            contract(Vague()).test_a_refusal_says_what_would_have_worked()

    def test_a_guard_that_falls_over(self):
        def stumble(proposal: Proposal) -> Evidence:
            if proposal.entry.reason == "tried":
                raise KeyError("boss")
            return noted("boss", "in")

        rules = with_guard(on=lambda _, action: action == "refer", answer=stumble)
        with pytest.raises(ContractBroken, match=r"by a refusal, not KeyError\('boss'\)"):
            contract(rules).test_a_refusal_says_what_would_have_worked()

    def test_a_guard_that_watches_more_than_it_lists(self):
        guard = Listing(on=lambda _, action: action == "withdraw", actions=("close",))
        rules = ComplaintRules(guards=(*DEFAULT_GUARDS, guard))
        with pytest.raises(ContractBroken, match="to withdraw is allowed if the decision says so"):
            contract(rules).test_asking_and_acting_agree()

    def test_a_guard_that_answers_otherwise_the_second_time(self):
        asked = count()

        def moody(_: Proposal) -> Evidence:
            return noted("mood", next(asked))

        rules = with_guard(on=lambda *_: True, answer=moody)
        with pytest.raises(ContractBroken, match="is decided alike when asked twice"):
            contract(rules).test_the_same_question_gets_the_same_answer()

    def test_rules_that_add_something_of_their_own(self):
        with pytest.raises(ContractBroken, match="the same acts lead to the same complaint"):
            contract(Stamping()).test_a_trail_can_be_done_again()

    def test_rules_that_let_pass_what_they_refuse_to_record(self):
        class Sneaky(ComplaintRules):
            def act(self, complaint: Complaint, action: str, **said: Any) -> Complaint:
                before = complaint.after(Entry(what=LiabilityStated(True), **said))
                return super().act(before, action, **said)

        with pytest.raises(ContractBroken, match=r"is allowed again: refused.* facts-recorded"):
            contract(Sneaky()).test_a_trail_can_be_done_again()

    def test_a_condition_that_nothing_can_meet(self):
        rules = with_guard(on=lambda _, action: action == "dispute")
        with pytest.raises(
            ContractBroken, match=r"every status can be reached: disputed can not.*: .*willing"
        ):
            contract(rules).test_every_status_can_be_reached()

    def test_a_status_that_nobody_gets_out_of(self):
        rules = with_guard(on=lambda proposal, _: proposal.complaint.status == "accepted")
        contract(rules).test_every_status_can_be_reached()
        with pytest.raises(ContractBroken, match=r"no status is a trap: no end after accepted;"):
            contract(rules).test_no_status_is_a_trap()

    def test_a_former_table_is_held_to_it_as_well(self):
        former = Lifecycle(name="old", initial="in", moves=[("in", "refer", "out")])
        rules = ComplaintRules(
            former=(former,),
            guards=(*DEFAULT_GUARDS, Condition(on=lambda p, _: p.complaint.status == "in")),
        )
        assert rules.lifecycle is COMPLAINT_LIFECYCLE
        with pytest.raises(ContractBroken, match="every status can be reached: out can not"):
            contract(rules).test_every_status_can_be_reached()


def test_without_hypothesis_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    spec = importlib.util.spec_from_file_location("fresh_rules", complaint_rules.__file__)
    assert spec is not None
    assert spec.loader is not None
    with pytest.raises(MissingExtra, match="hypothesis is not installed"):
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
