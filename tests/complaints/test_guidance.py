"""Guidance that a host can show beside a case, for every type of complainant."""

from __future__ import annotations

import pytest

from crmkit.complaints.policies.guidance import (
    GUIDANCE,
    WRONG_MOVES,
    Guidance,
    HandlingGuide,
    WrongMove,
)
from crmkit.complaints.records.complainant import ComplainantType
from crmkit.errors import InvalidPolicy
from crmkit.serialization import make_converter


class TestWrongMoves:
    """Six ways to make a complaint worse, each with what to do in its place."""

    def test_each_stands_once_with_its_way_out(self):
        assert [note.move for note in WRONG_MOVES] == list(WrongMove)
        assert len(WRONG_MOVES) == 6
        assert all(note.shows_as and note.instead for note in WRONG_MOVES)


class TestGuidance:
    """Emotional: calm and listen; stubborn: understand, then persuade; prepared: guarded."""

    @pytest.mark.parametrize(
        ("kind", "words"),
        [
            (ComplainantType.EMOTIONAL, ("calm", "listen", "comfort")),
            (ComplainantType.STUBBORN, ("understand", "persuade")),
            (ComplainantType.PREPARED, ("guard", "confident", "sincere", "promise in writing")),
        ],
    )
    def test_each_type_is_met_in_its_own_way(self, kind, words):
        text = GUIDANCE.to_text(kind)
        assert [word for word in words if word not in text] == []

    def test_only_a_prepared_complainant_is_to_beware_of(self):
        wary = [kind for kind in ComplainantType if "beware" in GUIDANCE.to_text(kind)]
        assert wary == [ComplainantType.PREPARED]

    def test_a_type_without_guidance_is_refused(self):
        with pytest.raises(InvalidPolicy, match="missing: stubborn, prepared"):
            HandlingGuide({ComplainantType.EMOTIONAL: Guidance(steps=("listen",))})

    def test_guidance_to_do_nothing_is_refused(self):
        with pytest.raises(InvalidPolicy, match="one step or more"):
            Guidance(steps=())

    def test_a_shop_writes_its_own_words_as_data(self):
        converter = make_converter(HandlingGuide)
        assert converter.loads(converter.dumps(GUIDANCE)) == GUIDANCE
