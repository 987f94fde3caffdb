"""Ready programs: which days they give, for whom, and what comes of them."""

from datetime import date, datetime
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.business_time import BusinessCalendar, Closure
from crmkit.decision import explain
from crmkit.errors import CurrencyMismatch, InvalidPolicy, InvalidValue
from crmkit.followups import (
    FIELD_SERVICE_REPORT,
    KEY_AREA,
    SATISFACTION_FORM,
    TOP_SPENDER,
    CallFeedback,
    CallMeasure,
    Done,
    FollowUpFacts,
    InstallationDuty,
    InstallationFacts,
    InstallationTask,
    OpinionRound,
    OpinionSheet,
    OpinionTopic,
    PapersMissing,
    Proposals,
    SpenderFacts,
    TopSpenders,
    UpkeepTask,
    before_warranty_ends,
    executive_calls,
    key_area_visits,
    next_follow_up,
    post_sale_call,
    rank_spenders,
    upkeep_round,
)
from crmkit.identifiers import Actor, CustomerId, InteractionId
from crmkit.money import Money
from crmkit.period import Period, Unit
from crmkit.recurrence import Every

_TASKS = tuple(InstallationTask)
OFFICE = BusinessCalendar.on_weekdays("09:00-18:00", zone="Europe/Berlin")
MAY = date(2026, 5, 4)


def due(cadence, period, **more):
    """The days on which its follow-ups are due, as texts."""
    return [str(one.due_on) for one in cadence.due_within(period, **more)]


class TestPostSaleCall:
    """FUP-06: a call after purchase."""

    def test_one_call_a_week_after_the_last_purchase(self):
        found = post_sale_call().due_within(Period.year(2026), anchor=MAY)
        assert [(str(one.due_on), str(one.not_after), one.channel) for one in found] == [
            ("2026-05-11", "2026-05-14", "telephone")
        ]

    def test_the_shop_says_how_soon(self):
        call = post_sale_call(days_after=2, days_late=0)
        (found,) = call.due_within(Period.year(2026), anchor=MAY)
        assert found.due_on == found.not_after == date(2026, 5, 6)

    def test_not_on_the_day_of_the_purchase(self):
        with pytest.raises(InvalidValue):
            post_sale_call(days_after=0)


class TestKeyAreaVisits:
    """FUP-05: periodic visits to key regions for opinions on use, design, assembly, process."""

    def test_once_a_quarter_on_any_day_of_it(self):
        found = list(key_area_visits().due_within(Period.year(2026)))
        assert [str(one.not_before) for one in found] == [
            "2026-01-01",
            "2026-04-01",
            "2026-07-01",
            "2026-10-01",
        ]
        assert found[0].not_after == date(2026, 3, 31)

    @given(st.integers(1971, 2100))
    def test_no_quarter_reaches_into_the_next(self, year):
        span = Period(date(year, 1, 1), date(year + 1, 1, 2))
        found = list(key_area_visits().due_within(span))
        for one, other in pairwise(found):
            assert one.not_after < other.not_before

    def test_for_customers_in_key_areas(self):
        for segments, is_due in (({KEY_AREA}, True), (set(), False)):
            facts = FollowUpFacts(customer=CustomerId("C-7"), as_of=MAY, segments=segments)
            outcome = next_follow_up(facts, [key_area_visits()]).outcome
            assert (outcome is not None) is is_due

    def test_as_often_as_the_shop_says(self):
        visits = key_area_visits(every=Every(1, Unit.MONTH), days_late=0, begins_on=MAY)
        assert due(visits, Period.quarter(2026, 2)) == ["2026-05-04", "2026-06-04"]

    SHEETS = (
        OpinionSheet(
            customer=CustomerId("C-7"),
            on=date(2026, 5, 4),
            area="north",
            opinions={"use": "the lid sticks", "process": "quick"},
        ),
        OpinionSheet(
            customer=CustomerId("C-8"), on=date(2026, 4, 1), opinions={OpinionTopic.USE: "content"}
        ),
        OpinionSheet(
            customer=CustomerId("C-9"), on=date(2026, 7, 1), area="north", opinions={"use": "heavy"}
        ),
    )

    def test_a_sheet_says_what_was_not_asked(self):
        assert self.SHEETS[0].not_asked() == ("design", "assembly")
        assert self.SHEETS[0].not_asked(["price", "use"]) == ("price",)

    def test_what_was_said_stays_out_of_sight(self):
        assert "lid" not in repr(self.SHEETS[0])

    def test_opinions_are_read_topic_by_topic(self):
        for sheets in (self.SHEETS, self.SHEETS[::-1]):
            spring = OpinionRound(period=Period.quarter(2026, 2), sheets=sheets)
            assert spring.on("use") == ("content", "the lid sticks")
            assert spring.on("design") == ()
            assert spring.by_area(OpinionTopic.USE) == {None: 1, "north": 1}
            assert spring.by_area("process") == {"north": 1}

    def test_and_nobody_is_left_out_unseen(self):
        spring = OpinionRound(period=Period.quarter(2026, 2), sheets=self.SHEETS)
        assert spring.not_visited(map(CustomerId, ["C-9", "C-7", "C-9", "C-1"])) == ("C-1", "C-9")

    @pytest.mark.parametrize(
        "wrong",
        [
            {"opinions": {"use": " "}},
            {"opinions": {"": "content"}},
            {"opinions": "content"},
            {"area": ""},
            {"on": "2026-05-04"},
            {"customer": ""},
        ],
    )
    def test_a_sheet_that_says_nothing_is_refused(self, wrong):
        with pytest.raises(InvalidValue):
            evolve(self.SHEETS[0], **wrong)

    def test_a_round_is_of_sheets(self):
        with pytest.raises(InvalidValue):
            OpinionRound(period=Period.year(2026), sheets=["content"])  # type: ignore[list-item]


class TestExecutiveCalls:
    """FUP-07: senior managers regularly call top spenders; feedback, profile, measures."""

    @staticmethod
    def ranked(*amounts):
        return rank_spenders(
            {
                CustomerId(f"C-{number}"): Money(spent, "EUR")
                for number, spent in enumerate(amounts)
            },
            as_of=MAY,
        )

    def test_for_those_who_spend_most(self):
        calls = executive_calls()
        assert (calls.segments, calls.purpose) == ((TOP_SPENDER,), "executive-call")
        assert due(calls, Period.year(2026)) == [
            "2026-01-01",
            "2026-04-01",
            "2026-07-01",
            "2026-10-01",
        ]

    def test_the_first_two(self):
        ranked = self.ranked(900, 4_000, 120, 2_000)
        assert TopSpenders(count=2).among(ranked) == ("C-1", "C-3")

    def test_all_who_share_the_last_place_are_in(self):
        ranked = self.ranked(900, 4_000, 900, 120)
        assert [(facts.customer, facts.place) for facts in ranked] == [
            ("C-1", 1),
            ("C-0", 2),
            ("C-2", 2),
            ("C-3", 4),
        ]
        assert TopSpenders(count=2).among(ranked) == ("C-1", "C-0", "C-2")

    @pytest.mark.parametrize(("share", "count"), [("0.01", 1), ("0.25", 1), ("0.26", 2), ("1", 4)])
    def test_a_share_is_rounded_up(self, share, count):
        assert len(TopSpenders(share=share).among(self.ranked(4, 3, 2, 1))) == count

    def test_who_spent_nothing_is_no_top_spender(self):
        assert TopSpenders(share=1).among(self.ranked(5, 0, -3)) == ("C-0",)

    @given(st.lists(st.integers(-3, 9), max_size=12), st.integers(1, 14))
    def test_nobody_outside_spent_more_than_somebody_inside(self, amounts, count):
        ranked = self.ranked(*amounts)
        inside = set(TopSpenders(count=count).among(ranked))
        spent = {facts.customer: facts.spent.minor for facts in ranked}
        outside = [spent[customer] for customer in spent if customer not in inside]
        assert all(spent[one] > max(outside, default=-1_000) for one in inside)
        assert len(inside) >= min(count, sum(amount > 0 for amount in amounts))

    @given(st.permutations([("C-1", 5), ("C-2", 5), ("C-3", 7), ("C-4", 0)]))
    def test_the_order_of_customers_does_not_matter(self, told):
        spent = {CustomerId(name): Money(amount, "EUR") for name, amount in told}
        assert rank_spenders(spent, as_of=MAY) == rank_spenders(
            dict(sorted(spent.items())), as_of=MAY
        )

    def test_it_says_why_not(self):
        text = explain(TopSpenders(count=1)(self.ranked(3, 9)[1]))
        assert text.splitlines()[1:] == [
            "- not met: top spenders; all of these are needed",
            "  - met: spent is 3.00 EUR; more than 0.00 EUR required",
            "  - not met: place is 2; at most 1 allowed",
            "- noted: customers is 2",
        ]

    def test_amounts_are_of_one_currency(self):
        with pytest.raises(CurrencyMismatch):
            rank_spenders(
                {CustomerId("C-1"): Money(1, "EUR"), CustomerId("C-2"): Money(1, "CHF")}, as_of=MAY
            )

    @pytest.mark.parametrize(
        "wrong",
        [
            {},
            {"count": 1, "share": "0.1"},
            {"count": 0},
            {"count": True},
            {"share": 0},
            {"share": "1.01"},
        ],
    )
    def test_it_is_one_count_or_one_share(self, wrong):
        with pytest.raises(InvalidPolicy):
            TopSpenders(**wrong)

    @pytest.mark.parametrize(
        "wrong", [{"place": 0}, {"place": 3}, {"place": 1.0}, {"customers": 2.0}, {"spent": 5}]
    )
    def test_a_place_is_one_among_all(self, wrong):
        known = {"customer": "C-7", "as_of": MAY, "spent": Money(5, "EUR")}
        with pytest.raises(InvalidValue):
            SpenderFacts(**{**known, "place": 1, "customers": 2, **wrong})

    FEEDBACK = CallFeedback(
        interaction=InteractionId("I-1"),
        customer=CustomerId("C-7"),
        on=MAY,
        by=Actor("director"),
        said="deliveries come late",
        learned={"diet": "vegetarian"},
        measures=(
            CallMeasure(what="deliver by Tuesday", due_on=date(2026, 5, 8)),
            CallMeasure(what="say how it went", due_on=date(2026, 5, 8), channel="telephone"),
        ),
    )

    def test_measures_become_follow_ups_that_nobody_forgets(self):
        found = self.FEEDBACK.proposals()
        assert [
            (one.target, one.channel, str(one.not_before), str(one.due_on)) for one in found
        ] == [
            ("deliver by Tuesday", None, "2026-05-04", "2026-05-08"),
            ("say how it went", "telephone", "2026-05-04", "2026-05-08"),
        ]

    def test_each_measure_of_each_call_has_a_number_of_its_own(self):
        twice = evolve(self.FEEDBACK, measures=self.FEEDBACK.measures[:1] * 2)
        again = evolve(twice, interaction=InteractionId("I-2"))
        ids = {one.id for feedback in (twice, again) for one in feedback.proposals()}
        assert len(ids) == 4
        assert {one.id for one in twice.proposals()} <= ids

    def test_some_are_due_at_once(self):
        now = evolve(self.FEEDBACK, measures=[CallMeasure(what="say sorry", due_on=MAY)])
        assert [one.due_on for one in now.proposals()] == [MAY]

    def test_the_commerce_department_hears_of_it(self):
        assert self.FEEDBACK.departments == ("commerce",)

    def test_what_was_said_stays_out_of_sight(self):
        for word in ("late", "vegetarian", "Tuesday"):
            assert word not in repr(self.FEEDBACK)
            assert word not in repr(self.FEEDBACK.proposals())

    @pytest.mark.parametrize(
        "wrong",
        [
            {"said": " "},
            {"departments": ()},
            {"departments": "commerce"},
            {"learned": {"diet": ""}},
            {"learned": {"": "vegetarian"}},
            {"learned": "vegetarian"},
            {"measures": ("deliver",)},
            {"on": date(2026, 5, 9)},
            {"by": ""},
            {"customer": ""},
            {"interaction": ""},
        ],
    )
    def test_feedback_that_leads_nowhere_is_refused(self, wrong):
        with pytest.raises(InvalidValue):
            evolve(self.FEEDBACK, **wrong)

    @pytest.mark.parametrize("wrong", [{"what": ""}, {"due_on": "Tuesday"}, {"channel": ""}])
    def test_a_measure_says_what_and_by_when(self, wrong):
        with pytest.raises(InvalidValue):
            evolve(self.FEEDBACK.measures[0], **wrong)


class TestUpkeepRound:
    """CUS-12: five tasks keep the files of customers in order."""

    def test_five_tasks_each_quarter_in_their_order(self):
        found = upkeep_round()
        assert [cadence.purpose for cadence in found] == [
            "sales-analysis",
            "grading",
            "name-register",
            "area-analysis",
            "visit-plan",
        ]
        assert len(UpkeepTask) == len({cadence.name for cadence in found}) == 5
        for cadence in found:
            assert due(cadence, Period.quarter(2026, 2)) == ["2026-04-01"]
            assert cadence.channel is None

    def test_as_often_as_the_shop_says(self):
        yearly = upkeep_round(every=Every(1, Unit.YEAR), days_late=9, begins_on=date(2026, 1, 5))
        assert {tuple(due(cadence, Period.year(2027))) for cadence in yearly} == {("2027-01-05",)}
        assert {cadence.days_late for cadence in yearly} == {9}


class TestBeforeWarrantyEnds:
    """SVC-02: in warranty repairs are free, so somebody looks before it ends."""

    @pytest.mark.parametrize(
        ("hand_over", "months", "before", "day"),
        [
            ("2025-05-31", 12, 1, "2026-04-30"),
            ("2024-02-29", 24, 1, "2026-01-29"),
            ("2024-08-31", 24, 6, "2026-02-28"),
        ],
    )
    def test_so_many_months_before(self, hand_over, months, before, day):
        check = before_warranty_ends(months=months, months_before=before)
        assert due(check, Period.year(2026), anchor=date.fromisoformat(hand_over)) == [day]

    def test_once(self):
        check = before_warranty_ends(months=12)
        assert len(due(check, Period(MAY, date(2040, 1, 1)), anchor=MAY)) == 1

    @pytest.mark.parametrize(("months", "before"), [(12, 12), (1, 1), (12, 0), (12, 13), (1.5, 1)])
    def test_between_its_beginning_and_its_end(self, months, before):
        with pytest.raises(InvalidPolicy):
            before_warranty_ends(months=months, months_before=before)


class TestInstallationDuty:
    """SVC-03: install and commission within the stated time, and train the user's staff."""

    FACTS = InstallationFacts(
        customer=CustomerId("C-7"),
        as_of=MAY,
        delivered_on=MAY,
        agreed=InstallationTask,
        complete_by=date(2026, 5, 17),
    )

    def test_three_tasks_by_the_last_working_day_that_the_contract_allows(self):
        """17 May 2026 is a Sunday."""
        found = InstallationDuty()(self.FACTS, calendar=OFFICE).outcome
        assert [(one.purpose, str(one.due_on), str(one.not_after)) for one in found] == [
            ("install", "2026-05-15", "2026-05-17"),
            ("commission", "2026-05-15", "2026-05-17"),
            ("train", "2026-05-15", "2026-05-17"),
        ]
        assert {one.not_before for one in found} == {MAY}
        assert len({one.id for one in found}) == 3

    def test_without_a_calendar_all_days_are_open(self):
        found = InstallationDuty()(self.FACTS).outcome
        assert {str(one.due_on) for one in found} == {"2026-05-17"}

    def test_never_before_the_delivery(self):
        closed = BusinessCalendar.on_weekdays(
            "09:00-18:00",
            zone="Europe/Berlin",
            closures=[Closure(date(2026, 5, day)) for day in range(4, 18)],
        )
        found = InstallationDuty()(self.FACTS, calendar=closed).outcome
        assert {one.due_on for one in found} == {MAY}

    def test_the_job_is_closed_with_two_papers(self):
        """SVC-04: a field service report, and a form that the customer completed."""
        *others, last = InstallationDuty()(self.FACTS).outcome
        assert {one.needs for one in others} == {(FIELD_SERVICE_REPORT,)}
        assert last.needs == (FIELD_SERVICE_REPORT, SATISFACTION_FORM)

    def test_and_not_without_them(self):
        *_, last = InstallationDuty()(self.FACTS).outcome
        at = datetime(2026, 5, 8, 12, 0, tzinfo=ZoneInfo("Europe/Berlin"))
        visit = last.follow_up(by=Actor("anna"), at=at, owner=Actor("ben"))
        done = Done(
            interaction=InteractionId("I-1"),
            customer=CustomerId("C-7"),
            at=at,
            on=at.date(),
            channel="visit",
            papers=(FIELD_SERVICE_REPORT,),
        )
        with pytest.raises(PapersMissing, match=SATISFACTION_FORM):
            visit.after(done, by=Actor("ben"), at=at, reason="done")
        closed = evolve(done, papers=(FIELD_SERVICE_REPORT, SATISFACTION_FORM))
        assert visit.after(closed, by=Actor("ben"), at=at, reason="done").done == closed

    def test_only_what_the_contract_asks_for_and_is_not_done(self):
        left = evolve(self.FACTS, agreed=_TASKS[::-2], done=_TASKS[:1])
        (train,) = InstallationDuty()(left).outcome
        assert (train.purpose, train.needs[-1]) == ("train", SATISFACTION_FORM)

    def test_without_a_contract_nothing(self):
        decision = InstallationDuty()(evolve(self.FACTS, agreed=(), complete_by=None))
        assert decision.outcome == Proposals()
        assert "- noted: install is not agreed" in explain(decision)

    def test_what_is_done_is_noted(self):
        decision = InstallationDuty()(evolve(self.FACTS, done=InstallationTask))
        assert decision.outcome == Proposals()
        assert "- noted: train is done" in explain(decision)

    @pytest.mark.parametrize(("day", "in_time"), [("2026-05-17", True), ("2026-05-18", False)])
    def test_it_says_when_the_time_is_over(self, day, in_time):
        decision = InstallationDuty()(evolve(self.FACTS, as_of=date.fromisoformat(day)))
        assert decision.evidence[-1].met is in_time
        assert len(decision.outcome) == 3

    @pytest.mark.parametrize(
        "wrong",
        [
            {"complete_by": date(2026, 5, 3)},
            {"complete_by": None},
            {"complete_by": "soon"},
            {"agreed": ("paint",)},
            {"done": 1},
            {"customer": ""},
        ],
    )
    def test_facts_that_cannot_be_are_refused(self, wrong):
        with pytest.raises(InvalidValue):
            evolve(self.FACTS, **wrong)

    @pytest.mark.parametrize("wrong", [{"papers": ()}, {"channel": ""}, {"papers": "report"}])
    def test_terms_that_mean_nothing_are_refused(self, wrong):
        with pytest.raises(InvalidValue):
            InstallationDuty(**wrong)


def test_shares_are_exact():
    assert TopSpenders(share="0.1").share == Fraction(1, 10)
