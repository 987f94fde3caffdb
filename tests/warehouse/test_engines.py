"""One result everywhere: in Python, sqlite, DuckDB and PostgreSQL, to the last digit."""

from __future__ import annotations

from datetime import date
from functools import cache
from random import Random

import pytest
from hypothesis import given
from psycopg import NotSupportedError

from crmkit.lifetime_value import RefundRule
from crmkit.warehouse import (
    AMOUNT_LIMIT,
    CustomerSummary,
    CutPoints,
    Dialect,
    Histograms,
    ScoredCustomer,
    check_sql,
    count_histories,
    count_spends,
    day_of,
    digest_of,
    histogram_sql,
    histories_sql,
    lines_of,
    lines_sql,
    score_sql,
    spends_sql,
    summarize_lines,
    summarize_sorted,
    summarize_sql,
    table_sql,
)
from tests.segmentation.builders import cdnow_master
from tests.warehouse.engines import ENGINES, opened
from tests.warehouse.histories import AS_OF, CUSTOMERS, TODAY, histories, refund_rules


@pytest.fixture(scope="module", params=ENGINES)
def engine(request):
    with opened(request.param) as one:
        yield one


def summaries_in(engine, as_of=AS_OF, refunds=RefundRule.NET):
    query = summarize_sql("purchases", as_of=as_of, dialect=engine.dialect, refunds=refunds)
    return sorted(CustomerSummary(*row) for row in engine.ask(query))


def keep_summaries(engine, as_of=AS_OF):
    """Make the summaries a table of their own, as a warehouse would."""
    engine.run("DROP TABLE IF EXISTS summaries")
    query = summarize_sql("purchases", as_of=as_of, dialect=engine.dialect)
    engine.run(f"CREATE TABLE summaries AS {query}")


def histograms_in(engine):
    counts = {
        what: dict(engine.ask(histogram_sql("summaries", column)))
        for what, column in (
            ("recency", "recency_days"),
            ("frequency", "purchase_days"),
            ("monetary", "total_minor"),
        )
    }
    return Histograms.of_counts(**counts, currency="EUR")


def counts_in(engine, query):
    return {row[:-1]: row[-1] for row in engine.ask(query)}


class TestLaws:
    @given(lines=histories(), refunds=refund_rules())
    def test_an_engine_finds_what_the_kernel_finds(self, engine, lines, refunds):
        engine.fill(lines)
        expected = summarize_lines(lines, as_of=AS_OF, refunds=refunds)
        assert summaries_in(engine, refunds=refunds) == expected

    @given(lines=histories())
    def test_an_engine_sorts_lines_for_the_kernel(self, engine, lines):
        engine.fill(lines)
        rows = engine.ask(lines_sql("purchases", as_of=AS_OF, dialect=engine.dialect))
        expected = summarize_lines(lines, as_of=AS_OF)
        assert list(summarize_sorted(rows, as_of=AS_OF)) == expected

    @given(lines=histories(max_size=25))
    def test_an_engine_counts_and_scores_as_the_kernel_does(self, engine, lines):
        summaries = summarize_lines([("Zoe", TODAY, 7), *lines], as_of=AS_OF)
        engine.fill([("Zoe", TODAY, 7), *lines])
        keep_summaries(engine)
        histograms = histograms_in(engine)
        assert histograms == Histograms.of(summaries, "EUR")
        cuts = CutPoints.fit(histograms)
        scored = sorted(ScoredCustomer(*row) for row in engine.ask(score_sql("summaries", cuts)))
        assert scored == list(cuts.score(summaries))
        assert counts_in(engine, histories_sql("summaries")) == count_histories(summaries)
        assert counts_in(engine, spends_sql("summaries")) == count_spends(summaries)


# --- the permanent test ---------------------------------------------------------------------------

CDNOW_END = date(1998, 6, 30)
MADE_END = date(2025, 12, 31)


@cache
def cdnow_lines():
    return list(lines_of(cdnow_master()))


@cache
def made_lines():
    """Twenty thousand lines with refunds, gifts, days shared, and names of many scripts."""
    dice = Random(7)
    first, last = day_of(date(2023, 1, 1)), day_of(MADE_END) + 30
    amounts = [0, -1, -2_500, *range(100, 20_000, 37)]
    return [
        (
            f"{dice.choice(CUSTOMERS)}{dice.randrange(500)}",
            dice.randrange(first, last, 3),
            dice.choice(amounts) if dice.random() < 0.95 else -dice.randrange(5_000),
        )
        for _ in range(20_000)
    ]


CASES = [
    pytest.param(
        cdnow_lines,
        CDNOW_END,
        23_570,
        ("0c70398addfbce44", "a1929682d76d283b"),
        id="CDNOW",
    ),
    pytest.param(
        made_lines,
        MADE_END,
        5215,
        ("ec2eb6a89efc1c1f", "a313f7f51f3ffcb9"),
        id="made up",
    ),
]


class TestDigests:
    """The digests stand here for good: who changes one changes what a shop has been told."""

    @pytest.mark.parametrize(("lines", "as_of", "customers", "digests"), CASES)
    def test_in_python(self, lines, as_of, customers, digests):
        summaries = list(summarize_sorted(sorted(lines()), as_of=as_of))
        assert len(summaries) == customers
        assert summaries == summarize_lines(lines(), as_of=as_of)
        scored = CutPoints.fit(Histograms.of(summaries, "USD")).score(summaries)
        assert (digest_of(summaries)[:16], digest_of(scored)[:16]) == digests

    @pytest.mark.parametrize(("lines", "as_of", "customers", "digests"), CASES)
    def test_in_an_engine(self, engine, lines, as_of, customers, digests):
        engine.fill(lines())
        keep_summaries(engine, as_of)
        cuts = CutPoints.fit(histograms_in(engine))
        assert len(engine.ask("SELECT customer_id FROM summaries")) == customers
        found = (engine.ask("SELECT * FROM summaries"), engine.ask(score_sql("summaries", cuts)))
        assert tuple(digest_of(rows)[:16] for rows in found) == digests

    def test_the_digest_tells_a_cent(self):
        summaries = summarize_lines(made_lines(), as_of=MADE_END)
        one = summaries[0]
        others = [one._replace(total_minor=one.total_minor + 1), *summaries[1:]]
        assert digest_of(others) != digest_of(summaries)


# --- what engines would do otherwise --------------------------------------------------------------


class TestKeys:
    """Two keys that an engine takes for one are two customers."""

    LINES = (("anna", TODAY, 1), ("ANNA", TODAY, 2))

    @pytest.mark.parametrize("dialect", [Dialect.SQLITE, Dialect.DUCKDB])
    def test_a_column_that_ignores_case(self, dialect):
        with opened(dialect) as engine:
            engine.run("DROP TABLE purchases")
            engine.run(
                "CREATE TABLE purchases "
                "(customer_id VARCHAR COLLATE NOCASE, day INTEGER, amount_minor BIGINT)"
            )
            engine.insert(self.LINES)
            assert summaries_in(engine) == summarize_lines(self.LINES, as_of=AS_OF)

    def test_a_column_that_is_sorted_like_a_dictionary(self):
        """PostgreSQL with ICU takes both for one, and neither stands where the kernel wants it."""
        with opened(Dialect.POSTGRESQL) as engine:
            try:
                engine.run(
                    "CREATE COLLATION lenient "
                    "(provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
                )
            except NotSupportedError:
                pytest.skip("this PostgreSQL was built without ICU")
            engine.run("ALTER TABLE purchases ALTER customer_id TYPE text COLLATE lenient")
            engine.insert([*self.LINES, ("Zoe", TODAY, 3)])
            expected = summarize_lines([*self.LINES, ("Zoe", TODAY, 3)], as_of=AS_OF)
            assert summaries_in(engine) == expected
            rows = engine.ask(lines_sql("purchases", as_of=AS_OF, dialect=engine.dialect))
            assert list(summarize_sorted(rows, as_of=AS_OF)) == expected


class TestGuards:
    BAD = (
        (None, TODAY, 1),
        ("anna", None, 1),
        ("anna", TODAY, None),
        ("anna", TODAY, AMOUNT_LIMIT),
        ("anna", TODAY, -AMOUNT_LIMIT),
        ("anna", 2_932_897, 1),
        ("anna", -719_163, 1),
    )

    @pytest.mark.parametrize("line", BAD)
    def test_a_canonical_table_takes_no_such_line(self, engine, line):
        with pytest.raises(Exception, match=r"(?i)constraint|null"):
            engine.insert([line])

    def test_the_edges_are_taken(self, engine):
        edges = [
            ("anna", 2_932_896, AMOUNT_LIMIT - 1),
            ("anna", -719_162, 1 - AMOUNT_LIMIT),
        ]
        engine.fill(edges)
        assert engine.ask(check_sql("purchases", dialect=engine.dialect)) == [(2, 0, 0, 0)]

    def test_a_table_of_anything_is_counted_before_it_is_summed_up(self, engine):
        engine.run("DROP TABLE IF EXISTS loose")
        engine.run(
            "CREATE TABLE loose "
            "(customer_id VARCHAR(9), day INTEGER, amount_minor DOUBLE PRECISION)"
        )
        bad = ", ".join(str(line).replace("None", "NULL") for line in (*self.BAD, ("c", 1, 12.5)))
        engine.run(f"INSERT INTO loose VALUES {bad}")  # noqa: S608
        found = engine.ask(check_sql("loose", dialect=engine.dialect))[0]
        assert found[:3] == (8, 3, 4)
        assert found[3] >= 1

    def test_a_sum_beyond_64_bits_is_an_error(self, engine):
        engine.fill([("anna", TODAY, AMOUNT_LIMIT - 1)] * 1025)
        with pytest.raises(Exception, match=r"(?i)out of range|overflow"):
            summaries_in(engine)
        engine.fill([])

    @pytest.mark.parametrize("line", [("c", 1, 12.5), ("c", 1, "x"), (b"c", 1, 1), ("c", 1.5, 1)])
    def test_sqlite_takes_no_other_type_either(self, line):
        with opened(Dialect.SQLITE) as sqlite:
            sqlite.run("CREATE TABLE loose (customer_id, day, amount_minor)")
            sqlite.insert([line], table="loose")
            assert sqlite.ask(check_sql("loose", dialect="sqlite"))[0][3] == 1

    def test_a_second_table_has_another_name(self, engine):
        engine.run("DROP TABLE IF EXISTS more")
        engine.run(table_sql("more", dialect=engine.dialect))
        assert engine.ask(check_sql("more", dialect=engine.dialect)) == [(0, 0, 0, 0)]
