"""Who moved between two days."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidValue
from crmkit.tiering import Migration, MigrationMatrix, Movement, Tier, TierHistory, migration_matrix
from tests.tiering.words import (
    CUSTOMER,
    GOLD,
    KEPT,
    LADDER,
    NEW_YEAR,
    SILVER,
    day,
    days,
    histories,
    history,
    noon,
)


class TestMigrationMatrix:
    """Who went from which tier to which between two days: every customer is counted once."""

    SHOP = (
        history("01-01 gold"),
        history("01-01 gold", "02-01 silver"),
        history("01-01 silver", "02-01 gold"),
        history("02-01 silver"),
        history("01-01 silver", "02-01 none"),
        history("06-01 silver"),
    )

    @given(st.lists(histories, max_size=8), days, days)
    def test_the_number_of_customers_is_conserved(self, shop, one, other):
        matrix = migration_matrix(shop, min(one, other), max(one, other))
        places = [*matrix.tiers, None]
        assert matrix.customers == len(shop)
        assert sum(matrix.total(movement) for movement in Movement) == len(shop)
        assert sum(matrix.were_in(place) for place in places) == len(shop)
        assert sum(matrix.are_in(place) for place in places) == len(shop)

    @given(st.lists(histories, max_size=8), days, days)
    def test_rows_and_columns_add_up_to_the_heads_of_each_day(self, shop, one, other):
        one, other = min(one, other), max(one, other)
        matrix = migration_matrix(shop, one, other)
        places = [*LADDER, None]
        for place in places:
            assert matrix.were_in(place) == sum(each.tier_on(one) == place for each in shop)
            assert matrix.are_in(place) == sum(each.tier_on(other) == place for each in shop)
            assert matrix.were_in(place) == sum(matrix.count(place, to) for to in places)
            assert matrix.are_in(place) == sum(matrix.count(came, place) for came in places)

    @given(st.lists(histories, max_size=6), st.randoms(use_true_random=False))
    def test_the_order_of_customers_does_not_matter(self, shop, random):
        shuffled = random.sample(shop, len(shop))
        from_on, to_on = date(2026, 1, 1), date(2027, 1, 1)
        assert migration_matrix(shuffled, from_on, to_on) == migration_matrix(shop, from_on, to_on)

    @given(st.lists(histories, max_size=6), days)
    def test_nobody_moves_within_a_day(self, shop, on):
        matrix = migration_matrix(shop, on, on)
        still = matrix.total(Movement.STAYED) + matrix.total(Movement.OUTSIDE)
        assert still == matrix.customers

    def test_each_way_of_moving_is_told_apart(self):
        matrix = migration_matrix(self.SHOP, day("01-31"), day("02-28"))
        assert {movement: matrix.total(movement) for movement in Movement} == dict.fromkeys(
            Movement, 1
        )
        assert matrix.tiers == (GOLD, SILVER)

    def test_the_table_lists_the_best_tier_first_and_those_in_none_last(self):
        matrix = migration_matrix(self.SHOP, day("01-31"), day("02-28"))
        assert matrix.to_table().splitlines() == [
            r"| from \ to | gold | silver | none |",
            "| --- | ---: | ---: | ---: |",
            "| gold | 1 | 1 | 0 |",
            "| silver | 1 | 0 | 1 |",
            "| none | 0 | 1 | 1 |",
        ]
        assert [str(row.from_tier) for row in matrix.migrations] == [
            *("gold", "gold", "silver", "silver"),
            *("None", "None"),
        ]

    def test_another_name_for_a_rank_is_no_move(self):
        assert Migration(Tier("gold", 3), Tier("golden", 3), 5).movement is Movement.STAYED

    def test_a_tier_under_two_names_has_two_rows_in_a_fixed_order(self):
        renamed = TierHistory(CUSTOMER).changed(GOLD, on=NEW_YEAR, reason="earned")
        renamed = renamed.changed(Tier("aurum", 3), on=day("02-01"), reason="renamed")
        matrix = migration_matrix([renamed], NEW_YEAR, day("03-01"))
        assert [tier.name for tier in matrix.tiers] == ["aurum", "gold"]

    def test_what_was_known_then_can_be_had_again(self):
        late = TierHistory(CUSTOMER).changed(
            GOLD, on=NEW_YEAR, reason="earned", recorded_at=noon("03-01")
        )
        known = migration_matrix([late], NEW_YEAR, day("02-01"), known_by=noon("02-01"))
        assert known.total(Movement.OUTSIDE) == 1

    def test_it_can_be_kept(self):
        matrix = migration_matrix(self.SHOP, day("01-31"), day("02-28"))
        assert KEPT.loads(KEPT.dumps(matrix)) == matrix

    @pytest.mark.parametrize(
        ("terms", "message"),
        [
            ({"to_on": date(2025, 12, 31)}, "swap the days"),
            ({"from_on": noon("01-01")}, "the first day of a migration matrix"),
            ({"to_on": noon("01-01")}, "the second day of a migration matrix"),
            ({"migrations": (Migration(None, GOLD, 1),) * 2}, "counts each way"),
        ],
    )
    def test_a_matrix_that_contradicts_itself_is_refused(self, terms, message):
        fine: dict[str, Any] = {"from_on": NEW_YEAR, "to_on": NEW_YEAR, "migrations": ()}
        assert MigrationMatrix(**fine).customers == 0
        with pytest.raises(InvalidValue, match=message):
            MigrationMatrix(**fine | terms)
