"""Rules of repetition as text: what is refused, and the one text that a rule is kept as."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidValue
from crmkit.recurrence.grammar import parse_rule, text_of_rule
from tests.patience import refused_soon
from tests.recurrence.strategies import rules

HOSTILE = [
    pytest.param("FREQ=SECONDLY", "FREQ is one of DAILY"),
    pytest.param("FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30", "FREQ is one of DAILY"),
    pytest.param("FREQ=MINUTELY", "FREQ is one of DAILY"),
    pytest.param("FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30", "FREQ is one of DAILY"),
    pytest.param("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "there is no such day"),
    pytest.param("FREQ=MONTHLY;BYMONTH=2,4;BYMONTHDAY=31,-31", "there is no such day"),
    pytest.param("FREQ=DAILY;COUNT=1000000000", "COUNT is a whole number from 1 to 10000"),
    pytest.param("FREQ=DAILY;COUNT=10001", "COUNT is a whole number from 1 to 10000"),
    pytest.param("FREQ=DAILY;COUNT=0", "COUNT is a whole number"),
    pytest.param("FREQ=DAILY;INTERVAL=0", "INTERVAL is a whole number from 1 to 1000"),
    pytest.param("FREQ=DAILY;INTERVAL=-1", "INTERVAL is a whole number"),
    pytest.param("FREQ=DAILY;INTERVAL=1001", "INTERVAL is a whole number"),
    pytest.param("FREQ=DAILY;INTERVAL=two", "INTERVAL is a whole number"),
    pytest.param("FREQ=DAILY;INTERVAL=1.5", "INTERVAL is a whole number"),
    pytest.param("FREQ=DAILY;INTERVAL=" + "9" * 1900, "INTERVAL is a whole number"),
    pytest.param("FREQ=YEARLY;BYMONTH=13", "BYMONTH is a whole number from 1 to 12$"),
    pytest.param("FREQ=YEARLY;BYMONTH=0", "BYMONTH is a whole number from 1 to 12$"),
    pytest.param("FREQ=YEARLY;BYMONTH=-1", "BYMONTH is a whole number from 1 to 12$"),
    pytest.param("FREQ=YEARLY;BYMONTH=5L", "BYMONTH is a whole number"),
    pytest.param("FREQ=YEARLY;BYMONTH=", "BYMONTH is a whole number"),
    pytest.param("FREQ=YEARLY;BYMONTH=1,,2", "BYMONTH is a whole number"),
    pytest.param("FREQ=YEARLY;BYMONTH", "BYMONTH is a whole number"),
    pytest.param("FREQ=MONTHLY;BYMONTHDAY=0", "from 1 to 31, or -31 to -1 from the end"),
    pytest.param("FREQ=MONTHLY;BYMONTHDAY=32", "from 1 to 31, or -31 to -1 from the end"),
    pytest.param("FREQ=MONTHLY;BYMONTHDAY=-32", "from 1 to 31, or -31 to -1 from the end"),
    pytest.param("FREQ=MONTHLY;BYDAY=XX", "written like MO,WE or 4TH or -1MO"),
    pytest.param("FREQ=MONTHLY;BYDAY=", "written like MO,WE or 4TH or -1MO"),
    pytest.param("FREQ=YEARLY;BYDAY=54MO", "written like MO,WE or 4TH or -1MO"),
    pytest.param("FREQ=YEARLY;BYDAY=0MO", "written like MO,WE or 4TH or -1MO"),
    pytest.param("FREQ=YEARLY;BYDAY=MO,-0TU", "written like MO,WE or 4TH or -1MO"),
    pytest.param("FREQ=MONTHLY;BYDAY=6MO", "numbered from 1 to 5 within a month"),
    pytest.param("FREQ=YEARLY;BYMONTH=3;BYDAY=-6MO", "numbered from 1 to 5 within a month"),
    pytest.param("FREQ=WEEKLY;BYDAY=1MO", "a number only in a rule that is MONTHLY or YEARLY"),
    pytest.param("FREQ=DAILY;BYDAY=-1MO", "a number only in a rule that is MONTHLY or YEARLY"),
    pytest.param("FREQ=WEEKLY;BYMONTHDAY=1", "no meaning in a WEEKLY rule"),
    pytest.param("FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS chooses among days"),
    pytest.param("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0", "BYSETPOS is a whole number from 1 to 366"),
    pytest.param("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=-367", "BYSETPOS is a whole number from 1 to 366"),
    pytest.param("FREQ=WEEKLY;WKST=1", "WKST is one of MO"),
    pytest.param("FREQ=DAILY;COUNT=2;UNTIL=20270101", "COUNT or UNTIL, not both"),
    pytest.param("FREQ=DAILY;FREQ=DAILY", "FREQ stands twice"),
    pytest.param("FREQ=DAILY;interval=1;INTERVAL=1", "INTERVAL stands twice"),
    pytest.param("INTERVAL=2", "the rule has no FREQ"),
    pytest.param("FREQ=", "FREQ is one of DAILY"),
    pytest.param("FREQ=YEARLY;BYWEEKNO=20", "a part of the rule is not known"),
    pytest.param("FREQ=YEARLY;BYYEARDAY=1", "a part of the rule is not known"),
    pytest.param("FREQ=DAILY;BYHOUR=9", "a part of the rule is not known"),
    pytest.param("FREQ=YEARLY;BYEASTER=0", "a part of the rule is not known"),
    pytest.param("FREQ=DAILY;X-MORE=1", "a part of the rule is not known"),
    pytest.param("RDATE:FREQ=DAILY", "a part of the rule is not known"),
    pytest.param("FREQ=DAILY;;COUNT=2", "a part of the rule is not known"),
    pytest.param("FREQ=DAILY;;", "a part of the rule is not known"),
    pytest.param(";FREQ=DAILY", "a part of the rule is not known"),
    pytest.param("FREQ =DAILY", "a part of the rule is not known"),
    pytest.param("", "a part of the rule is not known"),
    pytest.param(";", "a part of the rule is not known"),
    pytest.param("garbage", "a part of the rule is not known"),
    pytest.param("FREQ=YEARLY;BYDAY=" + "MO," * 400_000, "of 2,000 ASCII characters at most"),
    pytest.param(";" * 1_000_000, "of 2,000 ASCII characters at most"),
    # Small letters that are no ASCII have capital ones that are.
    pytest.param("FREQ=DAILY;\u0131NTERVAL=2", "of 2,000 ASCII characters at most"),
    pytest.param("FREQ=DAILY;INTERVAL=\u0662", "of 2,000 ASCII characters at most"),
    pytest.param(None, "a rule is a text such as FREQ=MONTHLY;BYDAY=2TU"),
    pytest.param(["FREQ=DAILY"], "a rule is a text such as FREQ=MONTHLY;BYDAY=2TU"),
    pytest.param(b"FREQ=DAILY", "a rule is a text such as FREQ=MONTHLY;BYDAY=2TU"),
]


def read_or_refused(text):
    try:
        rule = parse_rule(text)
    except InvalidValue:
        return
    assert parse_rule(text_of_rule(rule)) == rule


class TestRefusals:
    """A rule that is hostile, mistaken or not supported is refused at once, and says why."""

    @pytest.mark.parametrize(("rule", "message"), HOSTILE)
    def test_what_is_refused(self, rule, message):
        refused_soon(InvalidValue, lambda: parse_rule(rule))
        with pytest.raises(InvalidValue, match=message):
            parse_rule(rule)

    @pytest.mark.parametrize(
        "rule",
        [
            "FREQ=DAILY;COUNT=10000",
            "FREQ=DAILY;INTERVAL=1000",
            "FREQ=YEARLY;BYDAY=-53MO,53MO",
            "FREQ=MONTHLY;BYDAY=-5MO,5MO",
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
            "FREQ=DAILY;BYMONTH=2,3;BYMONTHDAY=30",
            "FREQ=MONTHLY;BYMONTHDAY=31,-31;BYSETPOS=366,-366",
        ],
    )
    def test_what_is_just_allowed(self, rule):
        assert text_of_rule(parse_rule(rule)) == rule

    @given(st.text(st.sampled_from("FREQ=DAILYBMONTHSEP;:,+-0123456789 \n"), max_size=40))
    def test_whatever_is_written_is_read_or_refused(self, text):
        read_or_refused(text)

    @given(rules(), st.integers(0, 60), st.sampled_from(";,=-0Z "))
    def test_a_rule_with_a_character_changed_is_read_or_refused(self, text, place, character):
        read_or_refused(text[:place] + character + text[place + 1 :])


class TestTheOneText:
    """Rules that say the same in another order are one rule, with one text."""

    @given(rules())
    def test_the_text_of_a_rule_reads_as_the_rule(self, text):
        rule = parse_rule(text)
        kept = text_of_rule(rule)
        assert parse_rule(kept) == rule
        assert text_of_rule(parse_rule(kept)) == kept
        assert len(kept) <= len(text)

    @given(rules(), st.randoms())
    def test_order_repetition_and_small_letters_do_not_matter(self, text, random):
        def shuffled(items):
            return random.sample(items, len(items))

        parts = [part.split("=") for part in text.split(";")]
        again = ";".join(
            f"{name}={','.join(shuffled(value.split(',') * (2 if name.startswith('BY') else 1)))}"
            for name, value in shuffled(parts)
        )
        assert parse_rule(again.lower()) == parse_rule(text)
        assert hash(parse_rule(again.lower())) == hash(parse_rule(text))

    @pytest.mark.parametrize(
        ("text", "kept"),
        [
            ("freq=weekly;byday=mo;", "FREQ=WEEKLY;BYDAY=MO"),
            ("INTERVAL=01;WKST=MO;FREQ=DAILY", "FREQ=DAILY"),
            ("FREQ=WEEKLY;WKST=SU;INTERVAL=+2", "FREQ=WEEKLY;INTERVAL=2;WKST=SU"),
            ("FREQ=MONTHLY;BYMONTHDAY=-1,15,1,-2", "FREQ=MONTHLY;BYMONTHDAY=1,15,-2,-1"),
            ("FREQ=MONTHLY;BYDAY=FR,+1MO,-1MO,FR,MO", "FREQ=MONTHLY;BYDAY=-1MO,MO,1MO,FR"),
            ("UNTIL=20261231;FREQ=YEARLY;BYMONTH=9,03", "FREQ=YEARLY;UNTIL=20261231;BYMONTH=3,9"),
            ("FREQ=DAILY;COUNT=007", "FREQ=DAILY;COUNT=7"),
        ],
    )
    def test_what_goes_without_saying_is_left_out(self, text, kept):
        assert text_of_rule(parse_rule(text)) == kept
