"""The SQL text: whole numbers and checked names only, and the words of each engine."""

from __future__ import annotations

import re
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidIdentifier, InvalidPolicy, InvalidValue
from crmkit.money import Money
from crmkit.segmentation import AbcTiers, RfmScale
from crmkit.warehouse import (
    CutPoints,
    Dialect,
    check_sql,
    digest_of,
    histogram_sql,
    histories_sql,
    lines_sql,
    score_sql,
    spends_sql,
    summarize_sql,
    table_sql,
)

AS_OF = date(1998, 6, 30)
SCALE = RfmScale(
    recency_at_most=(90, 30),
    frequency_at_least=(2, 6),
    monetary_at_least=(Money(10, "EUR"), Money(50, "EUR")),
)


def cuts(*names: str) -> CutPoints:
    return CutPoints(scale=SCALE, tiers=AbcTiers(thresholds=(Money(400, "EUR"),), names=names))


TEXTS = {
    "summarize": lambda table: summarize_sql(table, as_of=AS_OF),
    "lines": lambda table: lines_sql(table, as_of=AS_OF),
    "table": lambda table: table_sql(table, dialect="duckdb"),
    "check": lambda table: check_sql(table, dialect="duckdb"),
    "histogram": lambda table: histogram_sql(table, "total_minor"),
    "histories": histories_sql,
    "spends": spends_sql,
    "score": lambda table: score_sql(table, cuts("A", "B")),
}
each_text = pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)


@each_text
class TestNames:
    @pytest.mark.parametrize("table", ["purchases", "shop.purchases", "a.b.C_1", "_t", "x" * 63])
    def test_a_plain_name_stands_in_the_text_as_it_is(self, text, table):
        assert re.search(rf"(FROM|TABLE) {re.escape(table)}\b", text(table))

    @pytest.mark.parametrize(
        "table",
        [
            *("", "1st", "a b", "a;b", "a--", "a'b", 'a"b', "a`b", "a.b.c.d", ".a", "a.", "a..b"),
            *("t\n", "(SELECT 1)", "tähle", "x" * 64, "crmkit_days", "CRMKIT_LINES"),
            *(None, 1, b"t"),
        ],
    )
    def test_anything_else_is_refused(self, text, table):
        with pytest.raises(InvalidIdentifier, match="make a view"):
            text(table)

    @given(table=st.text(max_size=12))
    def test_no_text_gets_in_but_a_name(self, text, table):
        try:
            made = text(table)
        except InvalidIdentifier:
            return
        assert re.fullmatch(r"[A-Za-z0-9_.]+", table)
        assert made.count(table) >= 1


class TestDialects:
    @pytest.mark.parametrize(
        ("dialect", "words"),
        [
            (Dialect.SQLITE, "COLLATE BINARY"),
            (Dialect.DUCKDB, 'COLLATE "binary"'),
            (Dialect.POSTGRESQL, 'COLLATE "C"'),
            (Dialect.SPARK, "COLLATE UTF8_BINARY"),
            (Dialect.MYSQL, "COLLATE utf8mb4_bin"),
        ],
    )
    def test_customers_are_compared_by_code_point(self, dialect, words):
        for text in (summarize_sql, lines_sql):
            assert words in text("t", as_of=AS_OF, dialect=dialect)

    def test_an_engine_can_be_named(self):
        by_name = summarize_sql("t", as_of=AS_OF, dialect="postgresql")
        assert by_name == summarize_sql("t", as_of=AS_OF, dialect=Dialect.POSTGRESQL)

    def test_mysql_has_another_word_for_whole_numbers(self):
        text = summarize_sql("t", as_of=AS_OF, dialect="mysql")
        assert "AS SIGNED" in text
        assert "BIGINT" not in text

    def test_spark_has_no_constraints_but_what_is_missing(self):
        assert "CHECK" not in table_sql("t", dialect="spark")
        assert table_sql("t", dialect="spark").count("NOT NULL") == 3

    @pytest.mark.parametrize("dialect", ["oracle", "", None, 1])
    def test_another_engine_is_refused_with_the_names_of_those_there_are(self, dialect):
        with pytest.raises(InvalidValue, match="sqlite, duckdb, postgresql, spark, mysql"):
            summarize_sql("t", as_of=AS_OF, dialect=dialect)

    @pytest.mark.parametrize("dialect", Dialect)
    def test_no_engine_is_asked_to_divide_or_to_know_dates(self, dialect):
        text = summarize_sql("t", as_of=AS_OF, dialect=dialect)
        assert not re.search(r"[/%']|DATE|DECIMAL|FLOAT|DOUBLE|REAL|AVG|RANK|NTILE", text.upper())


class TestTerms:
    def test_the_last_day_is_a_whole_number(self):
        assert "WHERE day <= 10407\n" in summarize_sql("t", as_of=AS_OF)
        assert "WHERE day <= -1\n" in summarize_sql("t", as_of=date(1969, 12, 31))

    def test_an_instant_is_no_last_day(self):
        with pytest.raises(InvalidValue):
            summarize_sql("t", as_of=datetime(1998, 6, 30))  # noqa: DTZ001

    def test_a_text_is_no_rule_for_refunds(self):
        with pytest.raises(InvalidPolicy, match="NET, IGNORE"):
            summarize_sql("t", as_of=AS_OF, refunds="net")  # type: ignore[arg-type]

    @pytest.mark.parametrize("column", ["customer_id", "monetary", "1", None])
    def test_customers_are_counted_by_a_column_of_the_summaries(self, column):
        with pytest.raises(InvalidIdentifier, match="total_minor"):
            histogram_sql("t", column)

    def test_a_class_has_a_name_in_any_script(self):
        assert "THEN '金牌 1' ELSE 'Übrige'" in score_sql("t", cuts("金牌 1", "Übrige"))

    @pytest.mark.parametrize("name", ["A'", "A\\", "A;", 'A"', "A:b", "A%s", "A{}"])
    def test_the_name_of_a_class_holds_nothing_that_sql_would_read(self, name):
        with pytest.raises(InvalidPolicy, match="goes into the SQL"):
            score_sql("t", cuts(name, "B"))

    def test_where_no_class_was_reached_all_are_in_the_last(self):
        nobody = CutPoints(scale=SCALE, tiers=AbcTiers(thresholds=(None, None)))
        assert "'C' AS tier" in score_sql("t", nobody)

    def test_the_best_score_is_asked_for_first(self):
        expected = "CASE WHEN recency_days <= 30 THEN 3 WHEN recency_days <= 90 THEN 2 ELSE 1 END"
        assert expected in score_sql("t", cuts("A", "B"))


class TestDigest:
    ROWS = (("anna", 1), ("Ä", -2), ("a b", 3))

    @given(st.permutations(ROWS))
    def test_the_order_of_the_rows_does_not_matter(self, rows):
        assert digest_of(rows) == digest_of(self.ROWS)

    def test_every_value_matters(self):
        others = [(*self.ROWS, self.ROWS[0]), self.ROWS[1:], (("anna", 2), *self.ROWS[1:])]
        assert len({digest_of(rows) for rows in (self.ROWS, *others)}) == 4

    @pytest.mark.parametrize("value", [1.0, True, None, b"a", date(2026, 1, 1)])
    def test_a_value_is_a_text_or_a_whole_number(self, value):
        with pytest.raises(InvalidValue, match="CAST what is something else"):
            digest_of([("anna", value)])

    @pytest.mark.parametrize("text", ["a\tb", "a\nb", "a\n"])
    def test_rows_cannot_be_confused(self, text):
        with pytest.raises(InvalidValue, match="no tab and no newline"):
            digest_of([(text, 1)])
