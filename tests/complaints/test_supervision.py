"""Every month the management reads what came in, what is late and what keeps coming back."""

from __future__ import annotations

from datetime import date

import pytest
from attrs import evolve

from crmkit.complaints.facts.counts import MAX_COUNT, ComplaintCounts, Counted
from crmkit.complaints.policies.control_limits import Correction
from crmkit.complaints.policies.hot_spots import HotSpotAlarm, Place, PlacesFacts
from crmkit.complaints.policies.rates import ComplaintRate, RateFacts
from crmkit.complaints.policies.supervision import SupervisionFacts
from crmkit.errors import InvalidValue
from crmkit.identifiers import Actor
from crmkit.period import Period
from crmkit.serialization import make_converter

DAY = date(2026, 5, 31)
ALARM = HotSpotAlarm(false_alarm="0.05", correction=Correction.BONFERRONI, minimum_count=5)
REGIONS = PlacesFacts(
    as_of=DAY, dimension="region", places=(Place("north", 14, 820), Place("south", 4, 900))
)
CAUSES = {"attitude": Counted(4), "late": Counted(4), "method": Counted(9), "thanks": Counted(0, 2)}
MONTH = SupervisionFacts(
    counts=ComplaintCounts(
        period=Period.month(2026, 5), total=Counted(1_018, 3), by={"cause": CAUSES}
    ),
    closed=1_000,
    overdue=2,
    repeat_contacts=509,
    satisfied=7,
    asked=9,
    prepared_by=Actor("service"),
    checked_by=Actor("sales"),
    rates=(
        ComplaintRate(confidence="0.95")(RateFacts(as_of=DAY, count=18, exposure=1_720)).outcome,
    ),
    hot_spots=(ALARM(REGIONS).outcome,),
)
QUIET = evolve(
    MONTH,
    counts=ComplaintCounts(period=Period.month(2026, 5)),
    repeat_contacts=0,
    rates=(),
    hot_spots=(),
)


class TestSupervisionReport:
    """As data and as text; the doer and the checker differ."""

    def test_as_text(self):
        assert MONTH.to_text().splitlines() == [
            "complaints from 2026-05-01 to 2026-05-31",
            "received: 1,018, praise: 3, closed: 1,000, overdue: 2",
            "repeat contacts: 509 (0.5 for each complaint)",
            "satisfied: 7 of 9 asked",
            "rate: 104.651 per 10,000 customers, between 62.0229 and 165.394 with 95 % confidence",
            "causes: method 9, attitude 4, late 4, not known 1,001",
            "hot spots by region: north: 14 complaints against 8.6 expected in 820 customers; "
            "upper limit 13",
            "prepared by service, checked by sales",
        ]

    def test_a_quiet_month(self):
        assert QUIET.repeat_contact_rate is None
        assert "repeat contacts: 0\n" in QUIET.to_text()
        assert "causes: none\n" in QUIET.to_text()

    def test_who_prepares_does_not_check(self):
        with pytest.raises(InvalidValue, match="name somebody else"):
            evolve(MONTH, checked_by=MONTH.prepared_by)

    @pytest.mark.parametrize("name", ["closed", "overdue", "repeat_contacts", "satisfied", "asked"])
    @pytest.mark.parametrize("number", [-1, MAX_COUNT + 1, True])
    def test_numbers_out_of_range(self, name, number):
        with pytest.raises(InvalidValue, match="whole"):
            evolve(MONTH, **{name: number})

    def test_more_satisfied_than_asked(self):
        assert evolve(MONTH, satisfied=9).satisfied == 9
        with pytest.raises(InvalidValue, match="than were asked"):
            evolve(MONTH, satisfied=10)

    @pytest.mark.parametrize("report", [MONTH, QUIET])
    def test_written_and_read_again(self, report):
        converter = make_converter(SupervisionFacts)
        assert converter.loads(converter.dumps(report)) == report
