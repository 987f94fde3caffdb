"""Misconduct towards a customer has consequences once it is verified, and not before."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.complaints.policies.conduct import (
    CONDUCT_PENALTY,
    ConductFacts,
    ConductPenalty,
    Measures,
    Misconduct,
    ShirkingFacts,
    ShirkingMeasure,
    ShirkingPenalty,
)
from crmkit.decision import explain
from crmkit.errors import InvalidPolicy, InvalidValue
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


def shirked(before: int = 0, *, serious: bool = False, by: str | None = "E-1") -> ShirkingFacts:
    """Somebody who was asked first passed it on, or let it lie."""
    verified_by = None if by is None else Actor(by)
    return ShirkingFacts(
        employee=Actor("E-7"), as_of=DAY, before=before, is_serious=serious, verified_by=verified_by
    )


class TestShirkingPenalty:
    """Who shirks what they were asked first is criticized, then disciplined; if serious, moved."""

    POLICY = ShirkingPenalty(disciplined_after=1)

    @pytest.mark.parametrize(
        ("facts", "measure"),
        [
            (shirked(), ShirkingMeasure.CRITICISM),
            (shirked(1), ShirkingMeasure.DISCIPLINE),
            (shirked(5), ShirkingMeasure.DISCIPLINE),
            (shirked(serious=True), ShirkingMeasure.TRANSFER),
            (shirked(3, serious=True), ShirkingMeasure.TRANSFER),
            (shirked(3, serious=True, by=None), ShirkingMeasure.NONE),
            (shirked(by="e-7"), ShirkingMeasure.NONE),
        ],
    )
    def test_what_follows(self, facts, measure):
        decision = self.POLICY(facts)
        assert (decision.outcome, decision.subject) == (measure, "E-7")

    @given(st.integers(0, 9), st.integers(0, 9), st.booleans())
    def test_who_shirks_more_often_is_never_let_off_more_lightly(self, before, more, serious):
        order = list(ShirkingMeasure)
        policy = ShirkingPenalty(disciplined_after=4)
        one = policy(shirked(before, serious=serious)).outcome
        assert order.index(one) <= order.index(policy(shirked(before + more)).outcome) or serious

    def test_it_can_be_explained(self):
        text = explain(self.POLICY(shirked(1)))
        assert text.startswith("discipline for E-7, by shirking penalty, as of 2026-05-31")
        assert "- met: shirked before is 1; at least 1 required" in text
        assert "- not met: serious is no; yes required" in text

    @pytest.mark.parametrize("times", [0, -1])
    def test_a_first_time_is_criticized_at_most(self, times):
        with pytest.raises(InvalidPolicy, match="once or more"):
            ShirkingPenalty(disciplined_after=times)

    @pytest.mark.parametrize("times", [-1, True])
    def test_nobody_shirked_less_than_never(self, times):
        with pytest.raises(InvalidValue, match="whole number"):
            shirked(times)

    def test_written_and_read_again(self):
        converter = make_converter(ShirkingPenalty, ShirkingFacts)
        for item in (self.POLICY, shirked(2)):
            assert converter.loads(converter.dumps(item)) == item
