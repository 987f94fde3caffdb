"""What repeats is data: it comes back from JSON and TOML as it was, and is read strictly."""

from __future__ import annotations

from pathlib import Path

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

import crmkit.recurrence
from crmkit.errors import InvalidDocument
from crmkit.period import Unit
from crmkit.recurrence import Every, InFold, InGap, MonthEnd, RecurrenceRule, WallTime
from crmkit.serialization import make_converter
from tests.architecture import imports_of
from tests.recurrence.strategies import rules
from tests.recurrence.test_every import rhythms

CONVERTER = make_converter(Every, RecurrenceRule, WallTime)
wall_times = st.builds(
    WallTime,
    st.times().map(lambda at: at.replace(microsecond=0)),
    st.sampled_from(InGap),
    st.sampled_from(InFold),
)


@frozen
class Round:
    """A policy of a host that is called out at a time of day."""

    on: Every | RecurrenceRule
    at: WallTime | None = None


class TestDocuments:
    """A rhythm, a rule or a wall time is written by whoever knows it, and read back equal."""

    @given(st.one_of(rhythms, rules().map(RecurrenceRule), wall_times))
    def test_each_comes_back_from_json(self, value):
        text = CONVERTER.dumps(value)
        assert CONVERTER.loads(text) == value
        assert CONVERTER.dumps(CONVERTER.loads(text)) == text

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            (
                'kind = "every"\nversion = 1\n[data]\ninterval = 3\nunit = "month"',
                Every(3, Unit.MONTH),
            ),
            (
                'kind = "every"\nversion = 1\n'
                '[data]\ninterval = 1\nunit = "year"\nmonth_end = "last-day"',
                Every(1, Unit.YEAR, MonthEnd.LAST_DAY),
            ),
            (
                'kind = "recurrence-rule"\nversion = 1\n[data]\ntext = "BYDAY=2TU;FREQ=MONTHLY"',
                RecurrenceRule("FREQ=MONTHLY;BYDAY=2TU"),
            ),
            ('kind = "wall-time"\nversion = 1\n[data]\nat = "09:30"', WallTime("09:30")),
            (
                'kind = "wall-time"\nversion = 1\n'
                '[data]\nat = "02:30:00"\ngap = "refuse"\nfold = "second"',
                WallTime("02:30", InGap.REFUSE, InFold.SECOND),
            ),
        ],
    )
    def test_people_write_them_in_toml(self, text, value):
        assert CONVERTER.loads_toml(text) == value

    @given(st.one_of(rhythms, rules().map(RecurrenceRule)), st.none() | wall_times)
    def test_a_place_may_hold_a_rhythm_or_a_rule(self, on, at):
        converter = make_converter(Round)
        assert converter.loads(converter.dumps(Round(on, at))) == Round(on, at)

    @pytest.mark.parametrize(
        ("data", "message"),
        [
            ('{"interval":0,"unit":"month"}', "from 1 to 1,000"),
            ('{"interval":1,"unit":"fortnight"}', "expected one of day, week"),
            ('{"interval":1,"unit":"month","month_end":"drift"}', "expected one of clamp, skip"),
            ('{"interval":true,"unit":"month"}', "expected a whole number"),
        ],
    )
    def test_what_is_no_rhythm_is_refused_with_its_place(self, data, message):
        with pytest.raises(InvalidDocument, match=message):
            CONVERTER.loads(f'{{"kind":"every","version":1,"data":{data}}}')

    def test_a_hostile_rule_in_a_document_is_refused_with_its_place(self):
        with pytest.raises(InvalidDocument, match=r"\$\.data.*FREQ is one of DAILY"):
            CONVERTER.loads(
                '{"kind":"recurrence-rule","version":1,"data":{"text":"FREQ=SECONDLY"}}'
            )


def test_no_other_library_has_a_say_in_which_days_these_are():
    """Releases of dateutil differ; the days are counted here, so that they cannot."""
    folder = Path(crmkit.recurrence.__file__).parent
    files = sorted(folder.glob("*.py"))
    assert len(files) > 5
    for file in files:
        names = [name for _, name in imports_of(f"recurrence/{file.name}", file.read_text("utf-8"))]
        assert not any(name.startswith("dateutil") for name in names), file.name
