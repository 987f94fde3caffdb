"""FUP-11: customers leave for lack of care; falling daily sales, a call, a visit the next day."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.business_time import BusinessCalendar
from crmkit.decision import explain
from crmkit.errors import CurrencyMismatch, InvalidIdentifier, InvalidPolicy, InvalidValue
from crmkit.followups import (
    Age,
    Cancelled,
    CareEvent,
    Cause,
    FallingSales,
    FollowUp,
    LongSilence,
    NeglectFacts,
    NeglectPolicy,
    OpenFollowUp,
    Proposal,
    Proposals,
    Response,
    SalesIn,
    Unanswered,
    sales_by,
)
from crmkit.identifiers import Actor, CustomerId, InteractionId, PromiseId
from crmkit.money import Money
from crmkit.period import Period, Unit
from crmkit.records import Direction, Interaction, Promise, Purchase
from tests.followups.care import AS_OF, DAY, daily, facts_of, neglect_facts, policies
from tests.followups.strategies import calendars

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = BusinessCalendar.on_weekdays("09:00-18:00", zone="Europe/Berlin")
EVENING = datetime(2026, 5, 31, 18, 0, tzinfo=BERLIN)
CALL = Response(channel="telephone", purpose="care", target="ask how things are")


def planned(proposals, at=EVENING):
    """The follow-ups that proposals become."""
    return [each.follow_up(by=Actor("anna"), at=at) for each in proposals]


def taken_up(facts, follow_ups):
    """The same customer once somebody has these on the list."""
    again = NeglectFacts.of(
        facts.customer, as_of=facts.as_of, since=facts.since, zone=BERLIN, follow_ups=follow_ups
    )
    return evolve(
        facts,
        open_follow_ups=(*facts.open_follow_ups, *again.open_follow_ups),
        taken_up={**facts.taken_up, **again.taken_up},
    )


class TestLaws:
    """Nobody is forgotten, and nobody is called twice."""

    @given(neglect_facts(), policies(), calendars())
    def test_what_is_planned_is_not_proposed_again(self, facts, policy, calendar):
        found = policy(facts, calendar=calendar).outcome
        again = taken_up(facts, planned(found))
        assert policy(again, calendar=calendar).outcome == Proposals()

    @given(neglect_facts(), policies())
    def test_nor_once_it_is_done(self, facts, policy):
        """What is no longer open is still taken up, by its trigger."""
        again = taken_up(facts, planned(policy(evolve(facts, open_follow_ups=())).outcome))
        assert policy(evolve(again, open_follow_ups=())).outcome == Proposals()

    @given(neglect_facts(), policies(), calendars())
    def test_one_proposal_for_each_channel(self, facts, policy, calendar):
        channels = [each.channel for each in policy(facts, calendar=calendar).outcome]
        assert len(channels) == len(set(channels))

    @given(neglect_facts(), policies(), calendars())
    def test_every_cause_is_answered_or_somebody_has_it_on_the_list(self, facts, policy, calendar):
        """As reckoned day by day: as soon as the soonest answer, and for all causes."""
        asked = dict[str, list[tuple[date, date, Cause]]]()
        for trigger in policy.triggers:
            since = trigger(facts).outcome
            for response in trigger.responses if since is not None else ():
                due = day_after(day_after(facts.as_of, 0, calendar), response.after, calendar)
                last = day_after(due, response.days_late, calendar)
                cause = Cause(trigger.name, since)
                asked.setdefault(response.channel, []).append((due, last, cause))
        expected = {}
        for channel, answers in asked.items():
            due, last = min(each[0] for each in answers), min(each[1] for each in answers)
            listed = [each.due_on for each in facts.open_follow_ups if each.channel == channel]
            if not listed or min(listed) > last:
                causes = tuple(dict.fromkeys(each[2] for each in answers))
                expected[channel] = (due, last, causes)
        assert {
            each.channel: (each.due_on, each.not_after, each.causes)
            for each in policy(facts, calendar=calendar).outcome
        } == expected

    @given(neglect_facts(), policies())
    def test_nothing_is_proposed_without_a_cause(self, facts, policy):
        decision = policy(facts)
        causes = {
            Cause(trigger.name, trigger(facts).outcome)
            for trigger in policy.triggers
            if trigger(facts).outcome is not None
        }
        assert {cause for each in decision.outcome for cause in each.causes} <= causes
        assert sum(item.met is True for item in decision.evidence) == len(causes)

    @given(neglect_facts(), policies(), calendars())
    def test_it_is_due_on_a_working_day_from_the_day_of_the_facts_on(self, facts, policy, calendar):
        for each in policy(facts, calendar=calendar).outcome:
            assert each.due_on >= facts.as_of
            assert calendar is None or calendar.is_business_day(each.due_on)

    @given(neglect_facts(), policies())
    def test_the_soonest_stands_first(self, facts, policy):
        due = [each.due_on for each in policy(facts).outcome]
        assert due == sorted(due)

    @given(neglect_facts(), policies())
    def test_the_order_of_what_is_open_does_not_matter_nor_do_duplicates(self, facts, policy):
        open_ones = facts.open_follow_ups
        again = evolve(facts, open_follow_ups=[*open_ones[::-1], *open_ones])
        assert policy(again) == policy(facts)

    @given(st.lists(neglect_facts(), max_size=3), policies())
    def test_the_list_of_the_neglected_is_that_of_each_one(self, customers, policy):
        assert list(policy.proposals(customers)) == [
            each for facts in customers for each in policy(facts).outcome
        ]


def day_after(day, count, calendar):
    """The so-manieth working day from a day on, looked for day by day."""
    if calendar is None:
        return day + count * DAY
    while not calendar.is_business_day(day):
        day += DAY
    for _ in range(count):
        day += DAY
        while not calendar.is_business_day(day):
            day += DAY
    return day


class TestFallingSales:
    """Falling daily sales: call, and visit on the next day."""

    def test_a_call_today_and_a_visit_tomorrow(self):
        facts = facts_of(as_of=date(2026, 6, 4), sales=daily(*[100] * 28, *[50] * 7))
        policy = NeglectPolicy((FallingSales(),))
        assert [
            (each.channel, str(each.due_on), each.purpose)
            for each in policy(facts, calendar=OFFICE).outcome
        ] == [
            ("telephone", "2026-06-04", "falling-sales"),
            ("visit", "2026-06-05", "falling-sales"),
        ]

    def test_over_the_weekend_the_next_day_is_monday(self):
        """5 June 2026 is a Friday."""
        facts = facts_of(as_of=date(2026, 6, 5), sales=daily(*[100] * 28, *[50] * 7))
        due = [each.due_on for each in NeglectPolicy.usual()(facts, calendar=OFFICE).outcome][-1:]
        assert due == [date(2026, 6, 8)]

    def test_on_a_saturday_the_call_is_on_monday_and_the_visit_on_tuesday(self):
        facts = facts_of(as_of=date(2026, 6, 6), sales=daily(*[100] * 28, *[50] * 7))
        found = NeglectPolicy((FallingSales(),))(facts, calendar=OFFICE).outcome
        assert [each.due_on for each in found] == [date(2026, 6, 8), date(2026, 6, 9)]

    @pytest.mark.parametrize(
        ("sold", "falls"), [("69.99", True), ("70.00", True), ("70.01", False), ("100.00", False)]
    )
    def test_down_by_just_the_share_is_enough(self, sold, falls):
        facts = facts_of(sales=daily(*["10.00"] * 10, sold))
        found = FallingSales(falls_by="0.30", recent=1, before=10)(
            evolve(facts, sales=daily(*["100.00"] * 10, sold))
        )
        assert (found.outcome == AS_OF) is falls

    @given(neglect_facts(), st.integers(1, 3), st.integers(1, 6), st.integers(1, 10))
    def test_as_sales_a_day_in_exact_fractions_have_it(self, facts, recent, before, tenths):
        trigger = FallingSales(
            falls_by=Fraction(tenths, 10), recent=recent, before=before, regular_from="0.5"
        )
        sold = facts.sales[-recent - before :]
        expected = None
        if len(sold) == recent + before:
            old, new = sold[:before], sold[before:]
            regular = 2 * sum(each.amount.minor > 0 for each in old) >= before
            sold_before = a_day(old)
            fell = a_day(new) <= (1 - Fraction(tenths, 10)) * sold_before
            since = facts.taken_up.get("falling-sales", date.min)
            if regular and sold_before > 0 and fell and new[0].period.start > since:
                expected = sold[-1].period.last
        assert trigger(facts).outcome == expected

    def test_months_of_unequal_length_are_held_against_each_other_by_the_day(self):
        """10 a day in February and in March: nothing fell."""
        months = [
            SalesIn(Period.month(2026, month), Money(10 * days, "EUR"))
            for month, days in ((1, 31), (2, 28))
        ]
        facts = facts_of(sales=months)
        assert FallingSales(falls_by="0.01", recent=1, before=1)(facts).outcome is None
        one_less = [months[0], SalesIn(Period.month(2026, 2), Money(277, "EUR"))]
        found = FallingSales(falls_by="0.01", recent=1, before=1)(evolve(facts, sales=one_less))
        assert found.outcome == date(2026, 2, 28)

    def test_who_buys_now_and_then_is_not_missed_after_a_week_without(self):
        sales = daily(*[0] * 13, 900, *[0] * 13, 900, *[0] * 7)
        assert FallingSales()(facts_of(sales=sales)).outcome is None

    def test_half_of_the_days_are_regular_enough(self):
        sales = daily(*[0, 100] * 14, *[0] * 7)
        assert FallingSales()(facts_of(sales=sales)).outcome == AS_OF
        sales = daily(0, 0, *[0, 100] * 13, *[0] * 7)
        assert FallingSales()(facts_of(sales=sales)).outcome is None

    def test_of_three_days_two_are_half(self):
        trigger = FallingSales(recent=1, before=3)
        assert trigger(facts_of(sales=daily(0, 0, 9, 0))).outcome is None
        assert trigger(facts_of(sales=daily(0, 9, 9, 0))).outcome == AS_OF

    def test_who_gave_everything_back_cannot_buy_less(self):
        trigger = FallingSales(recent=1, before=2)
        assert trigger(facts_of(sales=daily(9, -9, 0))).outcome is None
        assert trigger(facts_of(sales=daily(9, -8, 0))).outcome == AS_OF

    def test_a_limit_between_two_cents_is_not_reached_by_the_upper_one(self):
        """A third of 1.00 is 0.33 and a bit."""
        trigger = FallingSales(falls_by=Fraction(2, 3), recent=1, before=1)
        assert trigger(facts_of(sales=daily("1.00", "0.33"))).outcome == AS_OF
        assert trigger(facts_of(sales=daily("1.00", "0.34"))).outcome is None

    def test_what_was_taken_up_is_judged_again_with_new_sales_only(self):
        sales = daily(*[100] * 28, *[50] * 7)
        first = AS_OF - 6 * DAY
        for day, falls in ((first - DAY, True), (first, False)):
            facts = facts_of(sales=sales, taken_up={"falling-sales": day})
            assert (FallingSales()(facts).outcome is not None) is falls

    def test_it_says_what_is_missing(self):
        text = explain(FallingSales()(facts_of(sales=daily(1, 2))))
        assert "- not met: periods known is 2; at least 35 required" in text

    @pytest.mark.parametrize(
        "wrong",
        [
            {"falls_by": 0},
            {"falls_by": "1.01"},
            {"regular_from": 0},
            {"regular_from": 2},
            {"recent": 0},
            {"before": 0},
            {"before": True},
            {"responses": ()},
            {"responses": ("call",)},
        ],
    )
    def test_terms_that_mean_nothing_are_refused(self, wrong):
        with pytest.raises(InvalidPolicy):
            FallingSales(**wrong)


def a_day(sold):
    return Fraction(sum(each.amount.minor for each in sold), sum(each.period.days for each in sold))


class TestLongSilence:
    """Nobody is left alone for longer than somebody decided."""

    @pytest.mark.parametrize(
        ("last", "since"),
        [("2026-02-27", "2026-05-28"), ("2026-02-28", "2026-05-29"), ("2026-03-01", None)],
    )
    def test_three_months_are_not_too_long_yet_and_a_day_more_is(self, last, since):
        found = LongSilence()(
            facts_of(as_of=date(2026, 5, 31), last_outbound_on=date.fromisoformat(last))
        )
        assert found.outcome == (date.fromisoformat(since) if since else None)

    def test_from_31_august_three_months_end_with_november(self):
        """Months are those of the calendar: none of them has thirty days by decree."""
        for day, neglected in (("2025-11-30", False), ("2025-12-01", True)):
            facts = facts_of(as_of=date.fromisoformat(day), last_inbound_on=date(2025, 8, 31))
            assert (LongSilence()(facts).outcome is not None) is neglected

    def test_whose_call_it_was_matters_only_if_that_is_said(self):
        facts = facts_of(last_inbound_on=AS_OF, last_outbound_on=date(2026, 1, 1))
        assert LongSilence()(facts).outcome is None
        assert LongSilence(direction=Direction.OUTBOUND)(facts).outcome == date(2026, 4, 2)
        assert LongSilence(direction=Direction.INBOUND)(facts).outcome is None

    def test_who_was_never_contacted_is_silent_since_the_beginning(self):
        assert LongSilence()(facts_of(since=date(2026, 1, 1))).outcome == date(2026, 4, 2)
        assert LongSilence()(facts_of(since=date(2026, 5, 1))).outcome is None
        text = explain(LongSilence()(facts_of(since=date(2026, 1, 1))))
        assert "- met: last contact is never" in text

    def test_a_silence_that_was_taken_up_begins_anew(self):
        facts = facts_of(since=date(2025, 1, 1), taken_up={"long-silence": date(2026, 2, 1)})
        assert LongSilence()(facts).outcome == date(2026, 5, 2)

    @given(neglect_facts(), st.integers(0, 400))
    def test_it_does_not_end_by_itself(self, facts, more):
        since = LongSilence()(facts).outcome
        later = evolve(facts, as_of=facts.as_of + more * DAY)
        assert since is None or LongSilence()(later).outcome == since

    @given(neglect_facts(), st.integers(1, 120))
    def test_it_began_on_the_day_on_which_it_is_first_seen(self, facts, length):
        trigger = LongSilence(longest=Age(length, Unit.DAY))
        quiet = facts_of(since=facts.since)
        since = trigger(quiet).outcome
        expected = facts.since + (length + 1) * DAY
        assert since == (expected if expected <= AS_OF else None)

    def test_a_silence_that_outlasts_the_calendar_is_never_too_long(self):
        facts = facts_of(as_of=date.max, since=date(9990, 1, 1))
        assert LongSilence(longest=Age(20, Unit.YEAR))(facts).outcome is None

    @pytest.mark.parametrize("wrong", [{"longest": 90}, {"direction": "outbound"}])
    def test_terms_that_mean_nothing_are_refused(self, wrong):
        with pytest.raises(InvalidPolicy):
            LongSilence(**wrong)


class TestUnanswered:
    """A complaint, or whatever else calls for an answer."""

    @pytest.mark.parametrize(
        ("answered", "is_open"),
        [(None, True), ("2026-05-19", True), ("2026-05-20", True), ("2026-05-21", False)],
    )
    def test_an_answer_comes_on_a_later_day(self, answered, is_open):
        """Of a contact on the same day nobody knows whether it came before."""
        facts = facts_of(
            events={CareEvent.COMPLAINT: date(2026, 5, 20)},
            last_outbound_on=date.fromisoformat(answered) if answered else None,
        )
        assert Unanswered()(facts).outcome == (date(2026, 5, 20) if is_open else None)

    def test_that_the_customer_called_is_no_answer(self):
        facts = facts_of(events={"complaint": date(2026, 5, 20)}, last_inbound_on=AS_OF)
        assert Unanswered()(facts).outcome == date(2026, 5, 20)

    @pytest.mark.parametrize(("taken_up", "is_open"), [("2026-05-19", True), ("2026-05-20", False)])
    def test_what_was_taken_up_is_not_taken_up_again(self, taken_up, is_open):
        facts = facts_of(
            events={"complaint": date(2026, 5, 20)},
            taken_up={"unanswered-complaint": date.fromisoformat(taken_up)},
        )
        assert (Unanswered()(facts).outcome is not None) is is_open

    def test_what_did_not_happen_needs_none(self):
        found = Unanswered(event="return")(facts_of(events={"complaint": AS_OF}))
        assert found.outcome is None
        assert explain(found).endswith("- not met: return is not known; a day required")

    @pytest.mark.parametrize(
        ("event", "error"),
        [("", InvalidIdentifier), ("a, b", InvalidPolicy), ("x" * 250, InvalidIdentifier)],
    )
    def test_an_event_has_a_name(self, event, error):
        if event:
            with pytest.raises(error):
                Unanswered(event=event)
        else:
            with pytest.raises(error):
                Unanswered(event=event)(facts_of(events={event: AS_OF}))


class TestPolicy:
    """One call a customer, whatever gave cause for it."""

    def test_a_complaint_in_a_long_silence_is_one_call(self):
        facts = facts_of(events={"complaint": AS_OF}, last_outbound_on=date(2026, 1, 1))
        (call,) = NeglectPolicy.usual()(facts).outcome
        assert call.causes == (
            Cause("unanswered-complaint", AS_OF),
            Cause("long-silence", date(2026, 4, 2)),
        )
        assert call.target == "hear it and answer it"
        assert (call.due_on, call.not_after) == (AS_OF, AS_OF + DAY)

    def test_the_first_trigger_is_the_weightiest_and_the_soonest_answer_the_day(self):
        slow = evolve(CALL, purpose="slow", after=3, days_late=2)
        policy = NeglectPolicy(
            (LongSilence(responses=(slow,)), Unanswered(responses=(evolve(CALL, days_late=9),)))
        )
        (call,) = policy(facts_of(events={"complaint": AS_OF})).outcome
        assert (call.purpose, call.due_on, call.not_after) == ("slow", AS_OF, AS_OF + 5 * DAY)

    def test_a_trigger_that_asks_twice_for_a_call_is_one_cause_of_one_call(self):
        later = evolve(CALL, purpose="win-back", after=3)
        (call,) = NeglectPolicy((LongSilence(responses=(CALL, later)),))(facts_of()).outcome
        assert call.causes == (Cause("long-silence", date(2024, 4, 2)),)
        assert (call.purpose, call.due_on) == ("care", AS_OF)

    @pytest.mark.parametrize(("due", "proposed"), [(-30, 0), (0, 0), (5, 0), (6, 1)])
    def test_nobody_calls_who_is_called_anyway_by_then(self, due, proposed):
        facts = facts_of(open_follow_ups=[OpenFollowUp("telephone", AS_OF + due * DAY)])
        decision = NeglectPolicy((LongSilence(),))(facts)
        assert len(decision.outcome) == proposed
        noted = [item.criterion for item in decision.evidence if item.met is None]
        assert noted == ([] if proposed else ["open-by-telephone"])

    def test_a_visit_is_no_call(self):
        facts = facts_of(open_follow_ups=[OpenFollowUp("visit", AS_OF), OpenFollowUp(None, AS_OF)])
        assert len(NeglectPolicy((LongSilence(),))(facts).outcome) == 1

    def test_of_several_open_calls_the_soonest_is_named(self):
        calls = [OpenFollowUp("telephone", AS_OF + days * DAY) for days in (3, 1)]
        decision = NeglectPolicy((LongSilence(),))(facts_of(open_follow_ups=calls))
        assert [item.observed for item in decision.evidence if item.met is None] == [AS_OF + DAY]

    def test_it_says_that_there_is_nothing_to_propose(self):
        content = facts_of(last_outbound_on=AS_OF)
        assert explain(NeglectPolicy.usual()(content)).startswith("nothing to propose for C-7")

    @pytest.mark.parametrize("triggers", [(), (LongSilence(), LongSilence()), ("long-silence",)])
    def test_each_trigger_once_and_at_least_one(self, triggers):
        with pytest.raises(InvalidPolicy):
            NeglectPolicy(triggers)

    def test_their_names_fit_where_they_are_kept(self):
        many = [Unanswered(event=f"{number}{'x' * 50}") for number in range(5)]
        with pytest.raises(InvalidIdentifier):
            NeglectPolicy(tuple(many))

    @pytest.mark.parametrize(
        "wrong", [{"after": -1}, {"after": 367}, {"days_late": -1}, {"days_late": 1.0}]
    )
    def test_an_answer_is_not_put_off_for_ever(self, wrong):
        with pytest.raises(InvalidPolicy):
            evolve(CALL, **wrong)

    @pytest.mark.parametrize("wrong", [{"channel": ""}, {"purpose": " "}, {"target": " "}])
    def test_an_answer_says_how_and_what_for(self, wrong):
        with pytest.raises(InvalidValue):
            evolve(CALL, **wrong)


class TestProposals:
    """What is proposed becomes a follow-up once somebody agrees."""

    PROPOSAL = Proposal(
        customer=CustomerId("C-7"),
        purpose="care",
        target="ask how things are",
        channel="telephone",
        due_on=date(2026, 6, 1),
        not_before=date(2026, 6, 1),
        not_after=date(2026, 6, 8),
        causes=(Cause("long-silence", date(2026, 4, 2)), Cause("falling-sales", AS_OF)),
        needs=("report",),
    )

    def test_the_follow_up_says_all_that_was_proposed_and_why(self):
        (call,) = planned([self.PROPOSAL])
        assert isinstance(call, FollowUp)
        assert (call.customer, call.purpose, call.channel) == ("C-7", "care", "telephone")
        assert (call.target, call.needs) == ("ask how things are", ("report",))
        assert call.proposed_by == "long-silence, falling-sales"
        assert (
            call.trail[0].reason == "long-silence since 2026-04-02; falling-sales since 2026-05-31"
        )
        assert (str(call.not_before), str(call.due_on), str(call.not_after)) == (
            "2026-06-01",
            "2026-06-01",
            "2026-06-08",
        )
        assert (call.owner, call.cadence) == (None, None)

    def test_it_may_be_done_before_it_is_due(self):
        (call,) = planned([evolve(self.PROPOSAL, not_before=AS_OF)])
        assert (call.not_before, call.due_on) == (AS_OF, date(2026, 6, 1))

    def test_somebody_can_have_it_at_once(self):
        call = self.PROPOSAL.follow_up(
            by=Actor("anna"), at=EVENING, owner=Actor("ben"), importance="high"
        )
        assert (call.owner, call.importance) == ("ben", "high")

    def test_proposed_again_later_it_has_the_same_number(self):
        later = evolve(self.PROPOSAL, due_on=date(2026, 6, 3), causes=self.PROPOSAL.causes[:1])
        assert later.id == self.PROPOSAL.id

    @pytest.mark.parametrize(
        "other",
        [
            {"customer": "C-8"},
            {"channel": "visit"},
            {"channel": None},
            {"about": "the second"},
            {"causes": (Cause("long-silence", date(2026, 4, 3)),)},
            {"causes": (Cause("falling-sales", date(2026, 4, 2)),)},
        ],
    )
    def test_another_one_has_another_number(self, other):
        assert evolve(self.PROPOSAL, **other).id != self.PROPOSAL.id

    def test_without_a_channel_it_is_read_without_one(self):
        assert str(evolve(self.PROPOSAL, channel=None)) == "care, due 2026-06-01"

    @pytest.mark.parametrize(
        "wrong",
        [
            {"due_on": date(2026, 5, 31)},
            {"due_on": date(2026, 6, 9)},
            {"due_on": "2026-06-01"},
            {"causes": ()},
            {"causes": ("long-silence",)},
            {"target": ""},
            {"purpose": ""},
            {"channel": ""},
            {"about": ""},
            {"customer": ""},
        ],
    )
    def test_what_contradicts_itself_is_refused(self, wrong):
        with pytest.raises(InvalidValue):
            evolve(self.PROPOSAL, **wrong)

    @pytest.mark.parametrize(
        ("trigger", "since"), [("", AS_OF), ("a, b", AS_OF), ("a", "2026-05-31")]
    )
    def test_a_cause_has_a_name_and_a_day(self, trigger, since):
        with pytest.raises(InvalidValue):
            Cause(trigger, since)


class TestFacts:
    """What is known of a customer as of a day."""

    @staticmethod
    def call(number, at, direction=Direction.OUTBOUND, customer="C-7"):
        return Interaction(
            id=InteractionId(str(number)),
            customer=CustomerId(customer),
            at=at,
            channel="telephone",
            direction=direction,
        )

    def test_contacts_are_of_the_day_that_it_was_in_the_shop(self):
        calls = [
            self.call(1, datetime(2026, 5, 3, 22, 30, tzinfo=UTC)),
            self.call(2, datetime(2026, 5, 2, 12, 0, tzinfo=UTC), Direction.INBOUND),
            self.call(3, datetime(2026, 5, 30, 12, 0, tzinfo=UTC), customer="C-8"),
            self.call(4, datetime(2026, 5, 31, 22, 30, tzinfo=UTC)),
        ]
        for told in (calls, calls[::-1]):
            facts = NeglectFacts.of(
                CustomerId("C-7"), as_of=AS_OF, since=AS_OF, zone=BERLIN, interactions=told
            )
            assert facts.last_contact_on(Direction.OUTBOUND) == date(2026, 5, 4)
            assert facts.last_contact_on(Direction.INBOUND) == date(2026, 5, 2)
            assert facts.last_contact_on() == date(2026, 5, 4)

    def test_a_promise_is_broken_on_the_day_after_it_was_due(self):
        def promise(number, due, customer="C-7", kept=None):
            return Promise(
                id=PromiseId(str(number)),
                customer=CustomerId(customer),
                given_on=date(2026, 1, 1),
                due_on=due,
                kept_on=kept,
            )

        told = [
            promise(1, date(2026, 5, 3)),
            promise(2, date(2026, 5, 6)),
            promise(3, AS_OF),
            promise(4, date(2026, 5, 9), customer="C-8"),
            promise(5, date(2026, 5, 9), kept=date(2026, 5, 9)),
        ]
        facts = NeglectFacts.of(
            CustomerId("C-7"),
            as_of=AS_OF,
            since=AS_OF,
            zone=BERLIN,
            promises=told,
            events={"complaint": date(2026, 5, 2)},
        )
        assert facts.events == {
            "complaint": date(2026, 5, 2),
            "promise-broken": date(2026, 5, 7),
        }

    def test_follow_ups_are_open_as_long_as_they_are_owed(self):
        call, visit = planned(
            [TestProposals.PROPOSAL, evolve(TestProposals.PROPOSAL, channel="visit")]
        )
        foreign = evolve(call, customer=CustomerId("C-8"), channel="letter")
        (off,) = planned([evolve(TestProposals.PROPOSAL, channel="chat")])
        off = off.after(Cancelled(), by=Actor("anna"), at=EVENING, reason="moved away")
        facts = NeglectFacts.of(
            CustomerId("C-7"),
            as_of=AS_OF,
            since=AS_OF,
            zone=BERLIN,
            follow_ups=[visit, foreign, off, call],
        )
        due = date(2026, 6, 1)
        assert facts.open_follow_ups == (
            OpenFollowUp("telephone", due),
            OpenFollowUp("visit", due),
        )
        assert facts.taken_up == {"long-silence": AS_OF, "falling-sales": AS_OF}

    def test_the_last_follow_up_of_a_trigger_is_the_day_up_to_which_it_is_taken_up(self):
        told = [
            each
            for days in (0, 3, 1)
            for each in planned([TestProposals.PROPOSAL], at=EVENING - days * DAY)
        ]
        for follow_ups in (told, told[::-1]):
            facts = NeglectFacts.of(
                CustomerId("C-7"), as_of=AS_OF, since=AS_OF, zone=BERLIN, follow_ups=follow_ups
            )
            assert facts.taken_up["long-silence"] == AS_OF

    def test_what_was_planned_later_or_by_a_cadence_was_not_taken_up(self):
        later = planned([TestProposals.PROPOSAL], at=EVENING + timedelta(days=1))
        by_hand = [evolve(each, proposed_by=None) for each in planned([TestProposals.PROPOSAL])]
        facts = NeglectFacts.of(
            CustomerId("C-7"), as_of=AS_OF, since=AS_OF, zone=BERLIN, follow_ups=later + by_hand
        )
        assert facts.taken_up == {}

    @pytest.mark.parametrize("zone", ["Europe/Berlin", None])
    def test_the_zone_is_one(self, zone):
        with pytest.raises(InvalidValue):
            NeglectFacts.of(CustomerId("C-7"), as_of=AS_OF, since=AS_OF, zone=zone)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"since": AS_OF + DAY},
            {"last_inbound_on": AS_OF + DAY},
            {"last_outbound_on": AS_OF + DAY},
            {"last_outbound_on": EVENING},
            {"events": {"complaint": AS_OF + DAY}},
            {"events": {"": AS_OF}},
            {"events": {"complaint": "today"}},
            {"events": [("complaint", AS_OF)]},
            {"taken_up": {"long-silence": EVENING}},
            {"sales": daily(1, until=AS_OF + DAY)},
            {"sales": (*daily(1, until=AS_OF - 2 * DAY), *daily(1))},
            {"sales": daily(1, 2)[::-1]},
            {"sales": (100,)},
            {"open_follow_ups": ("telephone",)},
            {"customer": ""},
        ],
    )
    def test_facts_that_cannot_be_are_refused(self, wrong):
        with pytest.raises(InvalidValue):
            facts_of(**wrong)

    def test_sales_are_of_one_currency(self):
        with pytest.raises(CurrencyMismatch):
            facts_of(sales=(*daily(1, until=AS_OF - DAY), *daily(1, currency="CHF")))

    @pytest.mark.parametrize(
        "wrong",
        [
            lambda: SalesIn(AS_OF, Money(1, "EUR")),  # type: ignore[arg-type]
            lambda: SalesIn(Period.year(2026), 1),  # type: ignore[arg-type]
            lambda: OpenFollowUp("", AS_OF),
            lambda: OpenFollowUp("telephone", EVENING),
        ],
    )
    def test_parts_that_cannot_be_are_refused(self, wrong):
        with pytest.raises(InvalidValue):
            wrong()


class TestSalesBy:
    """Purchases summed up by day, week or month, counted back from the day of the facts."""

    @staticmethod
    def bought(*days):
        return [Purchase(CustomerId("C-7"), day, Money(10, "EUR")) for day in days]

    @given(
        st.dates(date(2023, 1, 1), date(2027, 12, 31)),
        st.integers(1, 14),
        st.sampled_from(Unit),
        st.lists(st.integers(-500, 500), max_size=20),
    )
    def test_every_purchase_in_the_span_is_in_one_period(self, as_of, count, unit, offsets):
        bought = self.bought(*(as_of + offset * DAY for offset in offsets))
        sold = sales_by(bought, as_of=as_of, count=count, unit=unit, currency="EUR")
        assert len(sold) == count
        assert sold[-1].period.last == as_of
        for each in sold:
            within = sum(purchase.on in each.period for purchase in bought)
            assert each.amount == Money(10 * within, "EUR")
        facts_of(as_of=as_of, since=as_of, sales=sold)  # No gap, and nothing out of order.

    def test_months_are_those_of_the_calendar(self):
        sold = sales_by((), as_of=date(2026, 3, 30), count=3, unit=Unit.MONTH, currency="EUR")
        assert [str(each.period.start) for each in sold] == [
            "2025-12-31",
            "2026-01-31",
            "2026-02-28",
        ]

    def test_the_last_month_of_30_march_begins_with_the_last_of_february(self):
        (sold,) = sales_by((), as_of=date(2026, 3, 30), count=1, unit=Unit.MONTH, currency="EUR")
        assert sold.period == Period(date(2026, 2, 28), date(2026, 3, 31))

    def test_what_was_given_back_is_taken_off(self):
        bought = self.bought(AS_OF)
        refund = [Purchase(CustomerId("C-7"), AS_OF, Money(-30, "EUR"))]
        (sold,) = sales_by(bought + refund, as_of=AS_OF, count=1, unit=Unit.DAY, currency="EUR")
        assert sold.amount == Money(-20, "EUR")

    @pytest.mark.parametrize("count", [0, True, 1.0])
    def test_a_count_of_periods_is_one_or_more(self, count):
        with pytest.raises(InvalidValue):
            sales_by((), as_of=AS_OF, count=count, unit=Unit.DAY, currency="EUR")

    def test_nothing_is_exchanged(self):
        with pytest.raises(CurrencyMismatch):
            sales_by(self.bought(AS_OF), as_of=AS_OF, count=1, unit=Unit.DAY, currency="CHF")
