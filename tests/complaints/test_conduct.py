"""Misconduct towards a customer has consequences once it is verified, and not before."""

from __future__ import annotations

from datetime import date

import pytest

from crmkit.complaints.policies.conduct import (
    CONDUCT_PENALTY,
    ConductFacts,
    ConductPenalty,
    Measures,
    Misconduct,
)
from crmkit.decision import explain
from crmkit.errors import InvalidPolicy
from crmkit.identifiers import Actor
from crmkit.serialization import make_converter

DAY = date(2026, 5, 31)


def report(misconduct: str, verified_by: str | None) -> ConductFacts:
    """A report about an employee."""
    return ConductFacts(
        employee=Actor("E-7"),
        as_of=DAY,
        misconduct=misconduct,
        verified_by=Actor(verified_by) if verified_by else None,
    )


class TestConductPenalty:
    """A verified quarrel, or seeking goods: one major demerit, and the effect is repaired."""

    @pytest.mark.parametrize("misconduct", Misconduct)
    def test_verified_misconduct(self, misconduct):
        decision = CONDUCT_PENALTY(report(misconduct, "E-1"))
        assert decision.outcome == Measures(1, True)
        assert decision.subject == "E-7"

    @pytest.mark.parametrize("verified_by", [None, "E-7", "e-7"])
    def test_what_nobody_else_verified_has_no_consequence(self, verified_by):
        decision = CONDUCT_PENALTY(report("quarrel", verified_by))
        assert decision.outcome == Measures(0, False)
        assert [item.criterion for item in decision.unmet] == ["verified-by-somebody-else"]

    def test_what_is_not_named_is_not_penalized(self):
        assert CONDUCT_PENALTY(report("late", "E-1")).outcome == Measures(0, False)

    def test_it_can_be_explained(self):
        assert explain(CONDUCT_PENALTY(report("quarrel", None))).startswith("0 major demerits for")
        two = ConductPenalty(penalized=("quarrel",), major_demerits=2)
        text = explain(two(report("quarrel", "E-1")))
        assert text.startswith("2 major demerits, and the effect is repaired for E-7")

    @pytest.mark.parametrize("terms", [((), 1), (("quarrel",), 0)])
    def test_a_penalty_of_nothing_is_refused(self, terms):
        with pytest.raises(InvalidPolicy, match="one demerit or more"):
            ConductPenalty(penalized=terms[0], major_demerits=terms[1])

    def test_one_word_is_not_taken_for_its_letters(self):
        with pytest.raises(InvalidPolicy, match="write"):
            ConductPenalty(penalized="quarrel", major_demerits=1)

    def test_written_and_read_again(self):
        converter = make_converter(ConductPenalty, ConductFacts)
        for item in (CONDUCT_PENALTY, report("quarrel", "E-1")):
            assert converter.loads(converter.dumps(item)) == item
