"""Causes of complaints are counted once, in one group, and a shop adds its own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.complaints.records.causes import CAUSES, CauseTaxonomy
from crmkit.complaints.records.complainant import ComplainantType
from crmkit.errors import InvalidIdentifier, InvalidPolicy, InvalidValue
from crmkit.serialization import make_converter

words = st.text("abcdefgh-", min_size=1, max_size=6).filter(lambda word: word == word.strip())
groupings = st.dictionaries(
    words, st.lists(words, min_size=1, max_size=4), min_size=1, max_size=4
).filter(lambda groups: len(flat(groups)) == len(set(flat(groups))))


def flat(groups: dict[str, list[str]]) -> list[str]:
    """Every cause of every group."""
    return [cause for causes in groups.values() for cause in causes]


class TestCauses:
    """What was promised, what was delivered, how people were treated."""

    @pytest.mark.parametrize(
        ("cause", "group"),
        [
            ("overpromise", "expectation"),
            ("hidden-info", "expectation"),
            ("product", "quality"),
            ("packaging", "quality"),
            ("blemish", "quality"),
            ("misuse", "quality"),
            ("attitude", "service"),
            ("method", "service"),
        ],
    )
    def test_each_cause_stands_in_its_group(self, cause, group):
        assert CAUSES.group_of(cause) == group
        assert cause in CAUSES.causes_of(group)

    def test_there_are_eight_of_them(self):
        assert len(CAUSES.causes) == 8

    def test_an_unknown_cause_is_refused_and_the_known_ones_are_named(self):
        with pytest.raises(InvalidValue, match=r"overpromise, hidden-info.*extended") as refusal:
            CAUSES.group_of("weather")
        assert "weather" not in str(refusal.value)

    def test_an_unknown_group_is_refused(self):
        with pytest.raises(InvalidValue, match="expectation, quality, service"):
            CAUSES.causes_of("weather")

    @given(groupings)
    def test_groups_partition_the_causes(self, groups):
        taxonomy = CauseTaxonomy(groups)
        assert sorted(taxonomy.causes) == sorted(flat(groups))
        for cause in taxonomy.causes:
            assert cause in taxonomy
            assert [g for g, causes in groups.items() if cause in causes] == [
                taxonomy.group_of(cause)
            ]


class TestExtending:
    """A shop keeps the causes it has and adds the words of its trade."""

    def test_new_causes_in_old_and_new_groups(self):
        wider = CAUSES.extended({"own-brand": ["smell"]}, service=["waiting-time"])
        assert wider.group_of("smell") == "own-brand"
        assert wider.group_of("waiting-time") == "service"
        assert set(CAUSES.causes) < set(wider.causes)

    def test_the_taxonomy_extended_stays_as_it_was(self):
        CAUSES.extended(service=["waiting-time"])
        assert "waiting-time" not in CAUSES

    def test_a_cause_that_is_there_already_is_refused(self):
        with pytest.raises(InvalidPolicy, match="twice: packaging"):
            CAUSES.extended(delivery=["packaging"])

    def test_extending_by_nothing_changes_nothing(self):
        assert CAUSES.extended() == CAUSES


class TestWhatIsRefused:
    """A taxonomy in which a complaint would be lost or counted twice is not built."""

    @pytest.mark.parametrize("groups", [{}, {"service": []}, {"a": ["x"], "b": []}])
    def test_nothing_to_choose_from(self, groups):
        with pytest.raises(InvalidPolicy, match="one cause or more"):
            CauseTaxonomy(groups)

    @pytest.mark.parametrize("groups", [{"a": [" x"]}, {"": ["x"]}])
    def test_words_that_are_no_keys(self, groups):
        with pytest.raises(InvalidIdentifier):
            CauseTaxonomy(groups)

    def test_one_word_is_not_taken_for_its_letters(self):
        with pytest.raises(InvalidPolicy, match="write"):
            CAUSES.extended(service="slow")

    def test_groups_cannot_be_changed_from_outside(self):
        groups = {"a": ["x"]}
        taxonomy = CauseTaxonomy(groups)
        groups["a"].append("y")
        assert taxonomy.causes == ("x",)


class TestAsData:
    """Taxonomies are data."""

    @given(groupings)
    def test_written_and_read_again(self, groups):
        converter = make_converter(CauseTaxonomy)
        taxonomy = CauseTaxonomy(groups)
        assert converter.loads(converter.dumps(taxonomy)) == taxonomy

    def test_equal_taxonomies_have_one_hash(self):
        assert hash(CAUSES) == hash(CAUSES.extended())


class TestComplainantType:
    """Three kinds of talks, stored as words."""

    def test_the_words(self):
        assert [*ComplainantType] == ["emotional", "stubborn", "prepared"]
