"""How far a shop goes for a complainant depends on the customer's class and the harm."""

from __future__ import annotations

from datetime import date

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.complaints.policies.recovery import (
    RecoveryFacts,
    RecoveryLevel,
    RecoveryTerm,
    ValueBasedRecovery,
)
from crmkit.decision import explain
from crmkit.errors import InvalidPolicy
from crmkit.identifiers import CustomerId
from crmkit.serialization import make_converter

DAY = date(2026, 5, 31)
APOLOGY = RecoveryLevel("apology", ["written apology"])
AMENDS = RecoveryLevel("amends", ["replacement at once"])
WIN_BACK = RecoveryLevel("win-back", ["call by the manager", "replacement at once"])
CLASSES, SEVERITIES = ("gold", "silver", "none"), ("low", "medium", "high", "critical")
POLICY = ValueBasedRecovery(
    terms=[
        RecoveryTerm(classes=["gold"], severities=["high", "critical"], level=WIN_BACK),
        RecoveryTerm(classes=["gold", "silver"], severities=["medium", "high"], level=AMENDS),
        RecoveryTerm(classes=CLASSES, severities=["critical"], level=WIN_BACK),
    ],
    rest=APOLOGY,
)


def case(customer_class: str, severity: str) -> RecoveryFacts:
    """A complaint of a customer of a class."""
    return RecoveryFacts(
        customer=CustomerId("C-7"), as_of=DAY, customer_class=customer_class, severity=severity
    )


cases = st.builds(case, st.sampled_from((*CLASSES, "new")), st.sampled_from(SEVERITIES))


class TestValueBasedRecovery:
    """The first term that fits decides, and nobody is left without an answer."""

    @pytest.mark.parametrize(
        ("customer_class", "severity", "level"),
        [
            ("gold", "high", WIN_BACK),
            ("gold", "medium", AMENDS),
            ("gold", "low", APOLOGY),
            ("silver", "high", AMENDS),
            ("silver", "critical", WIN_BACK),
            ("none", "critical", WIN_BACK),
            ("none", "high", APOLOGY),
            ("unheard-of", "critical", APOLOGY),
        ],
    )
    def test_by_class_and_severity(self, customer_class, severity, level):
        decision = POLICY(case(customer_class, severity))
        assert decision.outcome == level
        assert (decision.subject, decision.as_of) == ("C-7", DAY)

    @given(cases)
    def test_the_outcome_can_be_read_off_the_evidence(self, facts):
        decision = POLICY(facts)
        levels = [term.level for term in POLICY.terms]
        fits = [level for level, e in zip(levels, decision.evidence, strict=True) if e.met]
        assert decision.outcome == [*fits, APOLOGY][0]

    @given(st.lists(cases, max_size=5))
    def test_a_batch_gives_what_one_by_one_gives(self, many):
        assert POLICY.outcomes(iter(many)) == [POLICY(item).outcome for item in many]

    def test_the_decision_can_be_explained(self):
        text = explain(POLICY(case("gold", "high")))
        assert text.startswith("win back for C-7, by value based recovery, as of 2026-05-31")
        assert "- not met: term 2 amends" not in text

    def test_without_terms_everybody_gets_the_same(self):
        assert ValueBasedRecovery(terms=[], rest=APOLOGY)(case("gold", "high")).outcome == APOLOGY


class TestWhatIsRefused:
    """Terms that contradict each other."""

    def test_a_term_that_can_never_fit(self):
        hidden = RecoveryTerm(classes=["silver"], severities=["medium", "critical"], level=AMENDS)
        with pytest.raises(InvalidPolicy, match="hidden"):
            evolve(POLICY, terms=[*POLICY.terms, hidden])

    def test_the_same_term_twice(self):
        term = POLICY.terms[0]
        with pytest.raises(InvalidPolicy, match="hidden"):
            evolve(POLICY, terms=[term, term])

    def test_two_levels_of_one_name(self):
        with pytest.raises(InvalidPolicy, match="one name"):
            evolve(POLICY, rest=RecoveryLevel("amends", ["a smile"]))

    def test_a_level_without_measures(self):
        with pytest.raises(InvalidPolicy, match="one measure or more"):
            RecoveryLevel("nothing", [])

    @pytest.mark.parametrize(("classes", "severities"), [([], ["low"]), (["gold"], [])])
    def test_a_term_for_nobody(self, classes, severities):
        with pytest.raises(InvalidPolicy, match="one class or more"):
            RecoveryTerm(classes=classes, severities=severities, level=AMENDS)

    def test_one_word_is_not_taken_for_its_letters(self):
        for build in (
            lambda: RecoveryTerm(classes="gold", severities=["low"], level=AMENDS),
            lambda: RecoveryTerm(classes=["gold"], severities="low", level=AMENDS),
            lambda: RecoveryLevel("amends", "a call"),
        ):
            with pytest.raises(InvalidPolicy, match="write"):
                build()


class TestAsData:
    """Terms are data."""

    def test_written_and_read_again(self):
        converter = make_converter(ValueBasedRecovery, RecoveryFacts)
        for item in (POLICY, case("gold", "low")):
            assert converter.loads(converter.dumps(item)) == item
