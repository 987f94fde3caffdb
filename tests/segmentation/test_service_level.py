"""What a company puts into the customers of one class."""

from __future__ import annotations

import pytest

from crmkit.errors import InvalidPolicy
from crmkit.segmentation.policies.service_level import ServiceLevel, check_every_class, read_only


class TestServiceLevel:
    """Priorities count from 1, contacts from 0."""

    def test_the_least_that_makes_sense(self):
        level = ServiceLevel(priority=1, contacts_per_year=0, support=["a catalog"])
        assert level.support == ("a catalog",)

    @pytest.mark.parametrize(("priority", "contacts"), [(0, 1), (1, -1)])
    def test_less_is_refused(self, priority, contacts):
        with pytest.raises(InvalidPolicy, match="priorities count from 1"):
            ServiceLevel(priority=priority, contacts_per_year=contacts)


class TestTables:
    """A table names each class once, and stays as it is."""

    def test_what_is_missing_and_what_is_unknown_is_listed(self):
        with pytest.raises(InvalidPolicy) as caught:
            check_every_class({"A": 1, "X": 2}, ["A", "C", "B"], "the support")
        assert str(caught.value) == ("the support names each class once; missing: B, C; unknown: X")

    def test_only_missing(self):
        with pytest.raises(InvalidPolicy, match="missing: B; unknown: none"):
            check_every_class({"A": 1}, ["A", "B"], "the support")

    def test_only_unknown(self):
        with pytest.raises(InvalidPolicy, match="missing: none; unknown: X"):
            check_every_class({"A": 1, "X": 2}, ["A"], "the support")

    def test_every_class_once(self):
        check_every_class({"B": 1, "A": 2}, ["A", "B"], "the support")

    def test_nobody_changes_a_table_afterwards(self):
        source = {"A": 1}
        table = read_only(source)
        source["A"] = 2
        assert table == {"A": 1}
        with pytest.raises(TypeError):
            table["A"] = 3  # type: ignore[index]
