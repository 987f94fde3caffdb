"""Every month the management reads what came in, what is late and what keeps coming back."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.business_time import BusinessCalendar
from crmkit.complaints.facts.counts import (
    MAX_COUNT,
    ComplaintCounts,
    Counted,
    CountedCase,
    Dimension,
)
from crmkit.complaints.facts.places import Place, PlacesFacts
from crmkit.complaints.policies.allowances import CalendarDays, WorkingHours
from crmkit.complaints.policies.control_limits import Correction
from crmkit.complaints.policies.hot_spots import HotSpotAlarm
from crmkit.complaints.policies.merging import merge_complaints
from crmkit.complaints.policies.obligations import Obligation
from crmkit.complaints.policies.profiles import ObligationProfile
from crmkit.complaints.policies.rates import ComplaintRate, RateFacts
from crmkit.complaints.policies.rules import ComplaintRules
from crmkit.complaints.policies.supervision import SupervisionFacts, supervise
from crmkit.complaints.records.complaint import Complaint
from crmkit.complaints.records.entry import Entry
from crmkit.complaints.records.events import (
    CauseFound,
    Contacted,
    LifecycleAdopted,
    Merged,
    Satisfaction,
    SatisfactionChecked,
    StatusChanged,
    Unmerged,
)
from crmkit.complaints.records.receipt import Subject
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.identifiers import Actor, ComplaintId
from crmkit.lifecycle import Lifecycle
from crmkit.period import Period
from crmkit.records import Direction
from crmkit.serialization import make_converter
from tests.complaints.builders import act, entry, note, received

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
        for name in ("service", "Service"):
            with pytest.raises(InvalidValue, match="name somebody else"):
                evolve(MONTH, checked_by=Actor(name))

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


# --- read off the trails --------------------------------------------------------------------------

SHOP = Lifecycle(
    name="shop",
    initial="new",
    final=("settled",),
    moves=[
        ("new", "take", "taken"),
        ("taken", "settle", "settled"),
        ("settled", "reopen", "taken"),
    ],
)
OLD = Lifecycle(
    name="shop-before", initial="noted", final=("noted",), moves=[("noted", "redo", "noted")]
)
SHOP_RULES = ComplaintRules(lifecycle=SHOP, guards=(), former=(OLD,))
ANSWER = ObligationProfile(
    name="house",
    obligations=[
        Obligation(
            name="take", met_by=("take",), within=CalendarDays(7), calendar="desk", anew_with=()
        )
    ],
)
ZONES = [ZoneInfo(name) for name in ("Europe/Berlin", "America/St_Johns", "Pacific/Kiritimati")]
MAY = Period.month(2026, 5)
SERVICE, SALES = Actor("service"), Actor("sales")
BEGIN = datetime(2026, 4, 20, tzinfo=UTC)


def report(complaints, month=MAY, zone=ZONES[0], **terms) -> SupervisionFacts:
    """What the management is told of these complaints."""
    return supervise(
        complaints, month, zone, prepared_by=SERVICE, checked_by=SALES, rules=SHOP_RULES, **terms
    )


def house(zone: ZoneInfo) -> tuple[ObligationProfile, ...]:
    """Everything is taken within seven days."""
    return (ANSWER.with_calendars(desk=BusinessCalendar.round_the_clock(zone=zone.key)),)


@st.composite
def moments(draw):
    """An instant from April 20 to June 12, often near the end of a month, or a week before it."""
    around = draw(st.sampled_from([None, date(2026, 5, 1), date(2026, 5, 24), date(2026, 6, 1)]))
    if around is None:
        return BEGIN + timedelta(hours=draw(st.integers(0, 24 * 53)))
    midnight = datetime.combine(around, time.min, tzinfo=draw(st.sampled_from(ZONES)))
    return midnight + timedelta(minutes=draw(st.integers(-90, 90)))


LEVELS = list(Satisfaction)
moves = st.sampled_from(["take", "settle", "reopen", "merge", "unmerge"])
whats = st.one_of(
    moves,
    moves,
    st.sampled_from(list(Direction)).map(lambda who: Contacted(channel="phone", direction=who)),
    st.tuples(st.sampled_from(LEVELS), st.sampled_from(LEVELS)).map(
        lambda said: SatisfactionChecked(outcome=said[0], process=said[1])
    ),
    st.sampled_from(["late", "rude"]).map(lambda cause: CauseFound(cause=cause)),
)


@st.composite
def trails(draw, number: str):
    """A complaint of the shop with a trail that may be out of order, as clocks differ."""
    rules = draw(st.sampled_from([SHOP_RULES, ComplaintRules(lifecycle=OLD, guards=())]))
    complaint = received(
        number,
        rules=rules,
        received_at=draw(moments()),
        about=Subject(region=draw(st.sampled_from([None, "north", "south"]))),
    )
    for what in draw(st.lists(whats, max_size=7)):
        at = draw(moments())
        if what == "merge" and complaint.merged_into is None:
            complaint = complaint.after(entry(Merged(ComplaintId("K-0")), at=at))
        elif what == "unmerge" and complaint.merged_into is not None:
            complaint = complaint.after(entry(Unmerged(), at=at))
        elif isinstance(what, str):
            if rules is SHOP_RULES and what in SHOP_RULES.allowed(complaint):
                complaint = act(complaint, what, at=at, rules=SHOP_RULES)
        elif complaint.merged_into is None or isinstance(what, Contacted):
            complaint = complaint.after(entry(what, at=at))
    return complaint


@st.composite
def shops(draw, prefix: str = "K"):
    """A few complaints with their trails."""
    size = draw(st.integers(0, 4))
    return [draw(trails(f"{prefix}-{number}")) for number in range(1, size + 1)]


def told_by(complaint: Complaint, day: date, zone: ZoneInfo) -> list[Entry]:
    """What had happened before a day began, in order of time; the receipt first of all."""
    first = complaint.trail[0]
    rest = sorted(complaint.trail[1:], key=lambda each: max(each.at, first.at).astimezone(UTC))
    return [
        each
        for each in [first, *rest]
        if max(each.at.astimezone(UTC), first.at.astimezone(UTC)).astimezone(zone).date() < day
    ]


def stands_open(entries: list[Entry]) -> bool:
    """Whether a complaint with such a trail is still somebody's to settle."""
    whats = [each.what for each in entries]
    merges = [what for what in whats if isinstance(what, Merged | Unmerged)]
    stands = [
        what.to if isinstance(what, StatusChanged) else what.status
        for what in whats
        if isinstance(what, StatusChanged | LifecycleAdopted)
    ]
    if not stands or (merges and isinstance(merges[-1], Merged)):
        return False
    return stands[-1] not in ("settled", "noted")


def by_hand(complaints: list[Complaint], month: Period, zone: ZoneInfo) -> dict[str, int]:
    """Each number once more, the long way round: trail by trail, and each prefix of it."""
    rows: Counter[str] = Counter()
    for complaint in complaints:
        before = told_by(complaint, month.start, zone)
        after = told_by(complaint, month.end, zone)
        if not after:
            continue
        rows["open_before"] += stands_open(before)
        rows["open_after"] += stands_open(after)
        rows["came_in"] += not before
        for size in range(len(before) + 1, len(after) + 1):
            was = stands_open(after[: size - 1]) or size == 1
            now = stands_open(after[:size])
            moved = isinstance(after[size - 1].what, Merged | Unmerged)
            if was and not now:
                rows["merged" if moved else "closed"] += 1
            if now and not was:
                rows["taken_out" if moved else "reopened"] += 1
        within = [each for each in complaint.trail if each in after and each not in before]
        for each in within:
            what = each.what
            rows["repeat_contacts"] += (
                isinstance(what, Contacted) and what.direction is Direction.INBOUND
            )
        asked = [each.what for each in within if isinstance(each.what, SatisfactionChecked)]
        if asked:
            content = ("satisfied", "very-satisfied")
            rows["asked"] += 1
            rows["answered"] += asked[-1].outcome != "no-answer"
            rows["satisfied"] += asked[-1].outcome in content
            rows["satisfied_with_process"] += asked[-1].process in content
        merges = [each.what for each in after if isinstance(each.what, Merged | Unmerged)]
        if merges and isinstance(merges[-1], Merged):
            continue
        rows["counted"] += not before
        actions = [each.what.action for each in after if isinstance(each.what, StatusChanged)]
        received_on = complaint.received_at.astimezone(zone).date()
        rows["overdue"] += "take" not in actions and received_on + timedelta(days=7) < month.last
    return dict(rows)


class TestReadOffTheTrails:
    """Every number of the report can be had again, by hand, from the trails."""

    NAMES = (
        "open_before",
        "came_in",
        "closed",
        "reopened",
        "merged",
        "taken_out",
        "open_after",
        "repeat_contacts",
        "asked",
        "answered",
        "satisfied",
        "satisfied_with_process",
    )

    @settings(max_examples=200)
    @given(shops(), st.sampled_from(ZONES), st.sampled_from([4, 5, 6]))
    def test_each_number_is_that_counted_by_hand(self, complaints, zone, number):
        month = Period.month(2026, number)
        found = report(complaints, month, zone)
        hand = by_hand(complaints, month, zone)
        assert {name: getattr(found, name) for name in self.NAMES} == {
            name: hand.get(name, 0) for name in self.NAMES
        }
        assert found.counts.total == Counted(hand.get("counted", 0), 0)

    @given(shops(), st.sampled_from(ZONES), st.sampled_from([4, 5, 6]))
    def test_what_is_overdue_is_that_counted_by_hand(self, complaints, zone, number):
        month = Period.month(2026, number)
        whole = [each for each in complaints if not any(each.events(Merged))]
        found = report(whole, month, zone, profiles=house(zone))
        assert found.overdue == by_hand(whole, month, zone).get("overdue", 0)
        assert report(whole, month, zone).overdue == 0

    @given(shops(), st.sampled_from(ZONES))
    def test_what_is_open_after_a_month_is_open_before_the_next(self, complaints, zone):
        months = [report(complaints, Period.month(2026, n), zone) for n in (4, 5, 6)]
        assert [month.open_before for month in months[1:]] == [m.open_after for m in months[:2]]
        assert months[0].open_before == 0
        assert sum(month.came_in or 0 for month in months) == len(complaints)

    @given(shops(), st.sampled_from(ZONES))
    def test_every_dimension_adds_up_to_the_total(self, complaints, zone):
        counts = report(complaints, zone=zone).counts
        for dimension in Dimension:
            known = sum(pair.complaints for pair in counts.by.get(dimension, {}).values())
            assert known + counts.unknown(dimension).complaints == counts.total.complaints

    @given(shops(), st.randoms(use_true_random=False))
    def test_neither_order_nor_repetition_matters(self, complaints, random):
        mixed = [*complaints, *complaints[::2]]
        random.shuffle(mixed)
        assert report(mixed, profiles=house(ZONES[0])) == report(
            complaints, profiles=house(ZONES[0])
        )

    @given(shops("A"), shops("B"), st.sampled_from(ZONES))
    def test_two_branches_make_one_report(self, one, other, zone):
        whole = report([*one, *other], zone=zone, profiles=house(zone))
        parts = [report(part, zone=zone, profiles=house(zone)) for part in (one, other)]
        assert parts[0].merge(parts[1]) == parts[1].merge(parts[0]) == whole

    @given(shops(), moments())
    def test_what_happened_later_changes_nothing(self, complaints, at):
        """A report of May that is asked for in July is the one that was due in June."""
        later = [
            each.after(entry(Contacted(channel="phone", direction=Direction.INBOUND), at=at))
            for each in complaints
        ]
        if at.astimezone(ZONES[0]).date() >= MAY.end:
            assert report(later) == report(complaints)


class TestOneMonth:
    """May in Berlin, case by case."""

    def at(self, day: int, month: int = 5, hour: int = 12) -> datetime:
        return datetime(2026, month, day, hour, tzinfo=ZONES[0])

    def case(self, number: str, at: datetime, *moves: tuple[str, datetime], **terms) -> Complaint:
        complaint = received(number, received_at=at, rules=SHOP_RULES, **terms)
        for action, when in moves:
            complaint = act(complaint, action, at=when, rules=SHOP_RULES)
        return complaint

    def may(self) -> list[Complaint]:
        at = self.at
        spanning = self.case("K-1", at(20, 4), ("take", at(21, 4)), ("settle", at(8)))
        waiting = self.case("K-2", at(3), about=Subject(region="north"))
        again = self.case(
            "K-3",
            at(4),
            ("take", at(5)),
            ("settle", at(6)),
            ("reopen", at(31)),
            ("settle", at(1, 6)),
        )
        called = note(
            self.case("K-4", at(30), complainant="C-1"),
            Contacted(channel="phone", direction=Direction.INBOUND),
            at=at(31, hour=23),
            rules=SHOP_RULES,
        )
        happy = note(
            self.case("K-5", at(9), ("take", at(10)), ("settle", at(11))),
            SatisfactionChecked(
                outcome=Satisfaction.DISSATISFIED, process=Satisfaction.VERY_SATISFIED
            ),
            at=at(12),
            rules=SHOP_RULES,
        )
        twice = self.case("K-6", at(31), complainant="C-1")
        both = merge_complaints(
            SHOP_RULES, twice, called, by=SERVICE, at=at(31, hour=23), reason="one matter"
        )
        june = self.case("K-7", at(1, 6, 0))
        return [spanning, waiting, again, both.into, happy, both.complaint, june]

    def test_as_text(self):
        praise = [CountedCase(on=date(2026, 5, 9), employee="tom", praise=True)]
        found = report(self.may(), profiles=house(ZONES[0]), praise=praise)
        assert found.to_text().splitlines() == [
            "complaints from 2026-05-01 to 2026-05-31, in Europe/Berlin",
            "received: 4, praise: 1, closed: 3, overdue: 1",
            "open: 1 before, 5 came in, 1 reopened, 0 taken out of others, 3 closed, "
            "1 merged into others, 3 after",
            "repeat contacts: 1 (0.25 for each complaint)",
            "satisfied: 0 of 1 asked, 1 with the process; 1 answered",
            "causes: not known 4",
            "prepared by service, checked by sales",
        ]
        assert (found.counts.of("region", "north").complaints, found.counts.outside) == (1, 1)

    def test_an_empty_month(self):
        text = report([]).to_text()
        assert "open: 0 before, 0 came in, " in text
        assert "repeat contacts: 0\n" in text

    def test_a_cause_that_was_found_later_is_not_known_yet(self):
        told = self.case("K-1", self.at(4))
        found = note(told, CauseFound(cause="late"), at=self.at(2, 6), rules=SHOP_RULES)
        assert report([found]).causes == ()
        june = note(told, CauseFound(cause="late"), at=self.at(31), rules=SHOP_RULES)
        assert report([june]).causes == (("late", 1),)

    @pytest.mark.parametrize(("days", "overdue"), [(23, 1), (24, 0)])
    def test_what_is_due_at_the_end_of_the_month_is_not_overdue_in_it(self, days, overdue):
        """Seven days from the 24th are over when the 31st is, and then it is June."""
        waiting = self.case("K-1", self.at(days, hour=9))
        found = report([waiting], profiles=house(ZONES[0]))
        assert found.overdue == overdue

    def test_what_is_done_at_the_first_instant_of_june_was_overdue_in_may(self):
        taken = self.case("K-1", self.at(4), ("take", self.at(1, 6, 0)))
        assert report([taken], profiles=house(ZONES[0])).overdue == 1
        assert report([taken], Period.month(2026, 6), profiles=house(ZONES[0])).overdue == 0

    def test_of_one_that_is_merged_nothing_is_owed(self):
        one = self.case("K-1", self.at(2), complainant="C-1")
        two = self.case("K-2", self.at(3), complainant="C-1")
        both = merge_complaints(
            SHOP_RULES, two, one, by=SERVICE, at=self.at(20), reason="one matter"
        )
        assert report([both.complaint, both.into], profiles=house(ZONES[0])).overdue == 1

    def test_a_midnight_that_the_clock_jumps_over(self):
        """Paraguay put its clocks forward at midnight on the first of October 2017."""
        zone = ZoneInfo("America/Asuncion")
        last = datetime(2017, 9, 30, 23, 59, tzinfo=zone)
        waiting = received("K-1", received_at=last - timedelta(days=7), rules=SHOP_RULES)
        minutes = ObligationProfile(
            name="house",
            obligations=[
                Obligation(name="take", met_by=("take",), within=WorkingHours(168), calendar="desk")
            ],
        ).with_calendars(desk=BusinessCalendar.round_the_clock(zone=zone.key))
        found = report([waiting], Period.month(2017, 9), zone, profiles=(minutes,))
        assert (found.came_in, found.overdue) == (1, 1)

    def test_what_another_clock_dated_before_the_receipt(self):
        told = self.case("K-1", self.at(1, hour=0), ("take", self.at(30, 4)))
        assert report([told]).came_in == 1
        assert (
            report([told], Period.month(2026, 4)).to_text()
            == report([], Period.month(2026, 4)).to_text()
        )

    def test_what_was_recorded_out_of_order_counts_when_it_happened(self):
        """Settled in May and taken up in June, as the clocks say, whatever was written first."""
        told = self.case("K-1", self.at(4), ("take", self.at(5, 6)), ("settle", self.at(20)))
        may, june = report([told]), report([told], Period.month(2026, 6))
        assert (may.closed, may.open_after) == (1, 0)
        assert (june.open_before, june.reopened, june.open_after) == (0, 1, 1)

    def test_a_lifecycle_that_is_not_known(self):
        with pytest.raises(InvalidPolicy, match="complaint, version 1"):
            report([received()])

    @pytest.mark.parametrize("zone", [UTC, None])
    def test_a_zone_without_a_name(self, zone):
        with pytest.raises(InvalidValue, match="has a name"):
            report([], zone=zone)


def full(**changes: Any) -> SupervisionFacts:
    """A report that was read off the trails, but for these numbers."""
    numbers: dict[str, Any] = {
        "zone": "Europe/Berlin",
        "open_before": 10,
        "came_in": 1_020,
        "reopened": 3,
        "taken_out": 1,
        "merged": 2,
        "open_after": 32,
        "answered": 8,
        "satisfied_with_process": 6,
    }
    return evolve(MONTH, **(numbers | changes))


class TestWhatDoesNotAddUp:
    """A report cannot contradict itself."""

    @pytest.mark.parametrize("name", ["open_before", "came_in", "reopened", "taken_out", "merged"])
    def test_open_cases(self, name):
        with pytest.raises(InvalidValue, match="is open after"):
            full(**{name: 0})

    @pytest.mark.parametrize("changes", [{"closed": 1_001}, {"open_after": 31}])
    def test_cases_let_go(self, changes):
        with pytest.raises(InvalidValue, match="is open after"):
            full(**changes)

    @pytest.mark.parametrize(
        "changes", [{"answered": 6}, {"answered": 10}, {"satisfied_with_process": 10}]
    )
    def test_answers(self, changes):
        with pytest.raises(InvalidValue, match="were asked"):
            full(**changes)

    def test_more_counted_than_came_in(self):
        with pytest.raises(InvalidValue, match="than came in"):
            full(came_in=1_017, open_after=29)

    @pytest.mark.parametrize("name", ["zone", "merged", "answered"])
    def test_half_a_report(self, name):
        with pytest.raises(InvalidValue, match=r"says all|in a zone"):
            full(**{name: None})

    @pytest.mark.parametrize("name", ["open_before", "answered"])
    def test_numbers_out_of_range(self, name):
        with pytest.raises(InvalidValue, match="whole"):
            full(**{name: -1})

    @pytest.mark.parametrize("other", [MONTH, full(zone="UTC"), full(checked_by=Actor("audit"))])
    def test_two_reports_that_are_not_of_one_kind(self, other):
        with pytest.raises(InvalidValue, match="become one"):
            full().merge(other)

    def test_reports_without_trails_become_one_as_well(self):
        twice = MONTH.merge(MONTH)
        assert (twice.closed, twice.asked, twice.zone) == (2_000, 18, None)
        assert (twice.rates, twice.hot_spots) == ((), ())

    def test_written_and_read_again(self):
        converter = make_converter(SupervisionFacts)
        assert converter.loads(converter.dumps(full())) == full()
