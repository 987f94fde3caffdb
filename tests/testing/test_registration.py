"""Hypothesis knows the classes of crmkit, and pays for those that somebody imports."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAD = "import sys\nimport hypothesis\nfrom hypothesis import find, strategies as st\n"


def in_a_new_process(program: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    ).stdout.strip()


class TestImports:
    """Who never uses crmkit does not import it with Hypothesis."""

    def test_no_room_is_imported_with_hypothesis(self):
        shown = "print(sorted(name for name in sys.modules if name.startswith('crmkit')))"
        assert in_a_new_process(HEAD + shown) == str(
            ["crmkit", "crmkit.testing", "crmkit.testing.registration"]
        )

    @pytest.mark.parametrize(
        "program",
        [
            HEAD + "from crmkit.complaints import Complaint",
            "from crmkit.complaints import Complaint\n" + HEAD,
            HEAD + "from crmkit.complaints.records import complaint\nComplaint=complaint.Complaint",
        ],
        ids=["hypothesis first", "crmkit first", "from deep inside"],
    )
    def test_a_complaint_is_known_whoever_comes_first(self, program):
        asked = "\nprint(type(find(st.from_type(Complaint), lambda _: True)).__name__)"
        assert in_a_new_process(program + asked) == "Complaint"

    def test_a_room_keeps_its_own_loader(self):
        program = HEAD + (
            "import crmkit.contact as room\n"
            "print(type(room.__loader__).__name__, room.__spec__.loader is room.__loader__)"
        )
        assert in_a_new_process(program) == "SourceFileLoader True"

    def test_identifiers_are_keys_that_the_library_takes(self):
        program = HEAD + (
            "from hypothesis import given\n"
            "from crmkit.identifiers import CustomerId, check_identifier\n"
            "given(st.from_type(CustomerId))(lambda text: check_identifier(text))()"
        )
        assert in_a_new_process(program) == ""

    def test_what_a_host_registers_wins(self):
        program = HEAD + (
            "from crmkit.money import Money\n"
            "st.register_type_strategy(Money, st.just(Money('1.00', 'EUR')))\n"
            "print(find(st.from_type(Money), lambda _: True))"
        )
        assert in_a_new_process(program) == "1.00 EUR"

    def test_offered_twice_is_offered_once(self):
        program = HEAD + (
            "from crmkit.testing.registration import offer\n"
            "before = len(sys.meta_path); offer(); print(len(sys.meta_path) - before)"
        )
        assert in_a_new_process(program) == "0"
