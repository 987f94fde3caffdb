"""Plans of follow-ups by example: full days, leaving owners, contact rules, records, and why."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.business_time import BusinessCalendar, Closure, Opening, Weekday
from crmkit.contact import Contact, ContactCap, ContactPolicy, DoNotContact, MinimumGap, QuietHours
from crmkit.decision import explain
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.followups import (
    Anchor,
    Appointment,
    Assigned,
    AssignmentFacts,
    AssignmentPolicy,
    Cadence,
    Cancelled,
    Capacity,
    ClosedDays,
    Confirmed,
    FollowUp,
    FollowUpFacts,
    FollowUpPlanner,
    Occurrence,
    Placement,
    PlanCase,
    PortfolioOwner,
    Priority,
    Rescheduled,
    Smoothing,
    Unassigned,
    Unplaced,
    WhyUnplaced,
)
from crmkit.identifiers import Actor, CustomerId, FollowUpId
from crmkit.period import Period, Unit
from tests.followups.planning_cases import (
    ANNA,
    BEN,
    DAY,
    EVERY_DAY,
    MAY,
    MONDAY,
    OFFICE,
    asked,
    cadence,
    case,
    contact_policies,
    owner,
    plannings,
)

NOON = datetime(2026, 4, 30, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
PLANNER = FollowUpPlanner(cadences=(), priority=Priority(importance={"gold": 3}))
EVEN = evolve(PLANNER, smoothing=Smoothing.EVEN)


def by_day(plan):
    """Who is on which day of May."""
    found: dict[int, list[str]] = {}
    for one in plan.schedule:
        found.setdefault(one.on.day, []).append(str(one.customer))
    return found


def reasons(plan):
    return {str(one.customer): str(one.why) for one in plan.unplaced}


class TestDays:
    """Follow-ups go to the working days of their owner, as many a day as there is room for."""

    def test_the_important_ones_are_nearer_to_their_day(self):
        cases = [
            case("plain", asked(4, late=4)),
            case("gold", asked(4, late=4), tier="gold"),
            case("third", asked(4, late=4)),
        ]
        assert by_day(PLANNER.plan(owner(1), cases, MAY)) == {
            4: ["gold"],
            5: ["plain"],
            6: ["third"],
        }

    def test_who_can_go_elsewhere_makes_room_even_for_the_less_important(self):
        cases = [case("gold", asked(4, late=1), tier="gold"), case("plain", asked(4))]
        assert by_day(PLANNER.plan(owner(1), cases, MAY)) == {4: ["plain"], 5: ["gold"]}

    def test_who_makes_room_goes_no_further_than_needed(self):
        cases = [case("gold", asked(6, early=2, late=2), tier="gold"), case("plain", asked(6))]
        assert by_day(PLANNER.plan(owner(1), cases, MAY)) == {5: ["gold"], 6: ["plain"]}

    def test_of_two_who_are_alike_it_is_always_the_same(self):
        cases = [case("a", asked(4)), case("b", asked(4))]
        for order in (cases, cases[::-1]):
            assert by_day(PLANNER.plan(owner(1), order, MAY)) == {4: ["a"]}

    def test_nothing_important_has_to_go_for_many_that_are_not(self):
        cases = [case("gold", asked(4), tier="gold"), case("a", asked(4)), case("b", asked(4))]
        plan = PLANNER.plan(owner(1), cases, MAY)
        assert by_day(plan) == {4: ["gold"]}
        assert reasons(plan) == {"a": "full", "b": "full"}
        assert str(plan) == "1 placed, 2 not placed"
        assert str(plan.unplaced[0]) == "not placed: full"

    def test_capacity_by_weekday_and_by_date(self):
        capacity = Capacity(1, weekdays={"tuesday": 2}, dates={date(2026, 5, 6): 0})  # type: ignore[dict-item]
        cases = [case(name, asked(4, late=4)) for name in "abcde"]
        plan = PLANNER.plan(owner(capacity), cases, MAY)
        assert {day.day: load for day, load in plan.loads.items()} == {4: 1, 5: 2, 7: 1, 8: 1}

    def test_a_closed_day_is_a_reason(self):
        assert reasons(PLANNER.plan(owner(), [case("a", asked(3))], MAY)) == {"a": "closed"}

    def test_the_window_may_end_before_the_plan_begins(self):
        cases = [
            case("late", asked(6), as_of=date(2026, 5, 7)),
            case("last", asked(7), as_of=date(2026, 5, 7)),
        ]
        plan = PLANNER.plan(owner(), cases, MAY)
        assert reasons(plan) == {"late": "over"}
        assert by_day(plan) == {7: ["last"]}

    def test_what_goes_on_after_the_period_can_wait(self):
        cases = [
            case("waits", asked(29, late=3)),
            case("does not", asked(29, late=2)),
            case("first", asked(29), tier="gold"),
        ]
        plan = PLANNER.plan(owner(1), cases, MAY)
        assert {str(one.customer): one.can_wait for one in plan.unplaced} == {
            "waits": True,
            "does not": False,
        }

    def test_a_period_of_the_past_places_nothing(self):
        cases = [case("a", asked(4, late=40), as_of=date(2026, 6, 1))]
        [one] = PLANNER.plan(owner(), cases, MAY).unplaced
        assert one.why is WhyUnplaced.OVER
        assert one.can_wait

    def test_after_the_last_day_of_the_owner_nothing_is_placed(self):
        cases = [
            case("before", asked(6, late=2)),
            case("after", asked(7, late=2)),
            case("weekend", asked(9, late=1)),
            case("both", asked(9, late=2)),
        ]
        plan = PLANNER.plan(owner(leaves_on=date(2026, 5, 6)), cases, MAY)
        assert by_day(plan) == {6: ["before"]}
        assert reasons(plan) == {
            "after": "owner-leaves",
            "weekend": "closed",
            "both": "owner-leaves",
        }
        friday = PLANNER.plan(owner(leaves_on=date(2026, 5, 9)), cases[2:], MAY)
        assert reasons(friday) == {"weekend": "closed", "both": "owner-leaves"}

    def test_peaks_are_smoothed_within_windows(self):
        cases = [
            *(case(f"a{number}", asked(4, late=4)) for number in range(4)),
            case("b", asked(4)),
            case("c", asked(8)),
        ]
        assert PLANNER.plan(owner(6), cases, MAY).loads == {MONDAY: 5, date(2026, 5, 8): 1}
        assert sorted(EVEN.plan(owner(6), cases, MAY).loads.values()) == [1, 1, 1, 1, 2]

    def test_a_calendar_that_opens_once(self):
        once = BusinessCalendar(zone="UTC", hours={}, openings=[Opening(MONDAY, "10:00-11:00")])
        plan = PLANNER.plan(owner(3, once), [case("a", asked(4, early=3))], MAY)
        assert by_day(plan) == {4: ["a"]}

    def test_a_cadence_for_others_asks_for_nothing(self):
        planner = FollowUpPlanner(cadences=(evolve(Cadence.december_round(), tiers=("gold",)),))
        december = Period.month(2026, 12)
        cases = [case("gold", tier="gold"), case("plain")]
        assert [one.customer for one in planner.plan(owner(), cases, december).schedule] == ["gold"]

    def test_pauses_and_the_end_hold_as_for_the_next_follow_up(self):
        planner = FollowUpPlanner(cadences=(Cadence.december_round(),))
        away = Period.through(date(2026, 11, 25), date(2026, 12, 4))
        paused = case("a")
        paused = evolve(paused, facts=evolve(paused.facts, pauses=[away]))
        ended = evolve(case("b"), facts=evolve(case("b").facts, ends_on=date(2026, 11, 30)))
        done = case("c", handled={"december-round": date(2026, 12, 1)})
        [one] = planner.plan(owner(), [paused, ended, done], Period.month(2026, 12)).schedule
        assert (one.customer, one.on) == ("a", date(2026, 12, 7))

    def test_one_that_was_handled_on_the_day_it_was_moved_to_does_not_come_back(self):
        weekly = cadence(closed_days=ClosedDays.PREVIOUS_OPEN)
        sunday = {Anchor.HAND_OVER: date(2026, 5, 3)}
        open_ones = weekly.open_within(
            MAY, anchor=date(2026, 5, 3), calendar=OFFICE, handled=date(2026, 5, 8)
        )
        assert [one.due_on.day for one in open_ones] == [15, 22, 29]
        done = case("a", anchors=sunday, handled={"call": date(2026, 5, 8)})
        planner = FollowUpPlanner(cadences=(weekly,))
        assert by_day(planner.plan(owner(), [done], MAY)) == {15: ["a"], 22: ["a"], 29: ["a"]}

    def test_many_calendars_and_many_first_days_are_planned_as_few(self, monkeypatch):
        """What is kept in mind to save time is dropped if there is too much of it."""
        planner = FollowUpPlanner(cadences=(Cadence.after_hand_over(),))
        portfolios = [
            (
                owner(2, evolve(OFFICE, closures=[Closure(MONDAY + n % 12 * DAY)])),
                [
                    case(f"C-{n}-{m}", anchors={Anchor.HAND_OVER: date(2026, 4, 1 + m)})
                    for m in range(9)
                ],
            )
            for n in range(14)
        ]
        alone = [planner.plan(who, cases, MAY) for who, cases in portfolios]
        assert list(planner.plans(portfolios, MAY)) == alone
        monkeypatch.setattr("crmkit.followups.policies.asking._MOST_KEPT", 1)
        assert list(planner.plans(portfolios, MAY)) == alone

    def test_a_day_whose_hours_the_clock_jumps_over_is_no_working_day(self):
        by_night = BusinessCalendar(zone="Europe/Berlin", hours={Weekday.SUNDAY: ["02:10-02:50"]})
        sundays = [date(2026, 3, 22), date(2026, 3, 29), date(2026, 10, 25)]
        for day, there in zip(sundays, (1, 0, 1), strict=True):
            plan = PLANNER.plan(
                owner(1, by_night),
                [case("a", asked(day), as_of=day)],
                Period.month(2026, day.month),
            )
            assert len(plan.placements) == there
            assert reasons(plan) == ({} if there else {"a": "closed"})

    def test_a_year_and_a_quarter(self):
        planner = FollowUpPlanner(cadences=(Cadence.after_hand_over(), Cadence.december_round()))
        customer = case("a", anchors={Anchor.HAND_OVER: date(2025, 7, 31)})
        year = planner.plan(owner(), [customer], Period.year(2026))
        # What was due before the facts were known is over, and listed.
        assert [str(one.occurrence.due_on) for one in year.unplaced] == [
            "2026-02-02",
            "2026-03-02",
            "2026-03-31",
            "2026-04-30",
        ]
        assert [str(one.on) for one in year.placements] == [
            "2026-06-01",
            "2026-06-30",
            "2026-07-31",
            "2026-11-02",
            "2026-12-01",
        ]
        quarter = planner.plan(owner(), [customer], Period.quarter(2026, 4))
        assert [one.on for one in quarter.placements] == [one.on for one in year.placements[3:]]


class TestContactRules:
    """Nobody is over-called: caps, gaps, quiet hours and wishes hold in the plan."""

    def test_quiet_hours_say_from_when_on(self):
        quiet = evolve(PLANNER, contact=ContactPolicy(quiet_hours=[QuietHours("20:00-10:30")]))
        [here, there] = quiet.plan(
            owner(), [case("a", asked(4)), case("b", asked(4), zone="Europe/London")], MAY
        ).placements
        assert here.at == datetime(2026, 5, 4, 10, 30, tzinfo=BERLIN)
        assert there.at == datetime(2026, 5, 4, 11, 30, tzinfo=BERLIN)

    def test_a_gap_pushes_the_second_to_a_later_day(self):
        planner = evolve(PLANNER, contact=ContactPolicy(gaps=[MinimumGap(gap=timedelta(days=2))]))
        both = case("a", asked(4, late=4), asked(4, late=4, cadence="visit"))
        assert by_day(planner.plan(owner(), [both], MAY)) == {4: ["a"], 6: ["a"]}

    def test_a_contact_that_happened_counts(self):
        capped = evolve(PLANNER, contact=ContactPolicy(caps=[ContactCap(most=1, days=7)]))
        called = Contact(datetime(2026, 4, 30, 9, tzinfo=UTC), "letter")
        plan = capped.plan(owner(), [case("a", asked(4, late=4), contacts=[called])], MAY)
        assert by_day(plan) == {7: ["a"]}
        short = capped.plan(owner(), [case("a", asked(4, late=2), contacts=[called])], MAY)
        assert reasons(short) == {"a": "contact-rules"}

    @pytest.mark.parametrize(
        ("wish", "day"),
        [
            (DoNotContact(), None),
            (DoNotContact(channels=("letter",)), 4),
            (DoNotContact(until=datetime(2026, 5, 5, tzinfo=UTC)), 5),
            (DoNotContact(since=datetime(2026, 5, 5, tzinfo=UTC)), 4),
        ],
    )
    def test_wishes_hold_without_any_rules(self, wish, day):
        plan = PLANNER.plan(owner(), [case("a", asked(4, late=1), do_not_contact=[wish])], MAY)
        assert by_day(plan) == ({} if day is None else {day: ["a"]})

    def test_a_recall_comes_before_all_and_others_keep_away_from_it(self):
        rules = ContactPolicy(caps=[ContactCap(most=1, days=3)], exempt_purposes=["recall"])
        planner = evolve(PLANNER, contact=rules)
        customer = case(
            "a",
            asked(4, late=4),
            asked(5, cadence="recall", purpose="recall"),
            tier="gold",
        )
        other = case("b", asked(5), tier="gold")
        plan = planner.plan(owner(1), [customer, other], MAY)
        assert {one.on.day: one.occurrence.purpose for one in plan.placements} == {
            5: "recall",
            8: "keeping in touch",
        }
        assert reasons(plan) == {"b": "full"}

    def test_two_matters_of_one_customer_are_not_at_the_very_same_instant(self):
        planner = evolve(PLANNER, contact=ContactPolicy(caps=[ContactCap(most=2, days=1)]))
        three = case("a", asked(4), asked(4, cadence="visit"), asked(4, cadence="survey"))
        plan = planner.plan(owner(5), [three], MAY)
        assert [one.at.minute for one in plan.placements if one.at] == [0, 1]
        assert reasons(plan) == {"a": "contact-rules"}

    def test_the_reason_is_told_as_it_is_in_the_end(self):
        """There was no room on its day, and now there is another contact next to it as well."""
        rules = ContactPolicy(caps=[ContactCap(most=1, days=2)])
        planner = evolve(PLANNER, contact=rules)
        both = case("a", asked(4), asked(5, cadence="visit", late=1))
        full = case("gold", asked(4), tier="gold")
        plan = planner.plan(owner(1), [both, full], MAY)
        assert by_day(plan) == {4: ["gold"], 5: ["a"]}
        assert reasons(plan) == {"a": "contact-rules"}

    @given(
        st.data(),
        contact_policies,
        st.lists(st.integers(-14, 14), max_size=4),
        st.integers(0, 8),
    )
    def test_what_spares_questions_changes_no_answer(self, data, rules, days, late):
        """A day on which nothing can speak against a contact is one on which nothing does."""
        contacts = [
            Contact(
                datetime(2026, 5, 11, hour, tzinfo=UTC) + day * DAY,
                data.draw(st.sampled_from(["phone", "e-mail"])),
            )
            for day, hour in ((day, data.draw(st.integers(0, 23))) for day in days)
        ]
        planner = evolve(PLANNER, contact=rules)
        customer = case("a", asked(11, late=late), contacts=contacts)
        # A wish that will never hold makes the planner ask the policy about each day.
        never = DoNotContact(since=datetime(2090, 1, 1, tzinfo=UTC))
        asking = evolve(customer, do_not_contact=[never])
        found = planner.plan(owner(calendar=EVERY_DAY), [customer], MAY)
        assert found == planner.plan(owner(calendar=EVERY_DAY), [asking], MAY)


class TestQuestionsSpared:
    """The contact policy is asked only where it may have something to say."""

    @pytest.mark.parametrize(("hours", "day"), [(47, 4), (48, 4), (49, 5)])
    def test_a_gap_counts_to_the_hour(self, hours, day):
        gap = MinimumGap(gap=timedelta(hours=hours))
        planner = evolve(PLANNER, contact=ContactPolicy(gaps=[gap]))
        called = Contact(datetime(2026, 5, 2, 17, 0, tzinfo=BERLIN), "phone")
        customer = case("a", asked(4, late=4), contacts=[called])
        by_evening = BusinessCalendar.on_weekdays("17:00-17:30", zone="Europe/Berlin")
        assert by_day(planner.plan(owner(1, by_evening), [customer], MAY)) == {day: ["a"]}

    @pytest.mark.parametrize(("most", "day"), [(1, 8), (2, 4)])
    def test_a_cap_counts_what_lies_days_away(self, most, day):
        cap = ContactCap(most=most, days=7)
        planner = evolve(PLANNER, contact=ContactPolicy(caps=[cap]))
        called = Contact(datetime(2026, 5, 1, 9, tzinfo=UTC), "phone")
        customer = case("a", asked(4, late=4), contacts=[called])
        assert by_day(planner.plan(owner(1), [customer], MAY)) == {day: ["a"]}

    @pytest.mark.parametrize(
        ("per", "day"), [(Unit.MONTH, 1), (Unit.QUARTER, None), (Unit.YEAR, None), (Unit.WEEK, 4)]
    )
    def test_a_cap_by_the_calendar(self, per, day):
        planner = evolve(PLANNER, contact=ContactPolicy(caps=[ContactCap(most=1, per=per)]))
        called = Contact(datetime(2026, 4, 28, 9, tzinfo=UTC), "phone")
        customer = case("a", asked(1, late=4), contacts=[called])
        expected = {} if day is None else {day: ["a"]}
        assert by_day(planner.plan(owner(1), [customer], MAY)) == expected


class TestWhatIsKept:
    """What has a day keeps it, takes room, and counts for contact rules."""

    KEPT = Placement(ANNA, CustomerId("k"), asked(4, late=4), date(2026, 5, 5))

    def test_it_takes_room(self):
        cases = [case("k", kept=[self.KEPT]), case("a", asked(5, late=1))]
        plan = PLANNER.plan(owner(1), cases, MAY)
        assert by_day(plan) == {5: ["k"], 6: ["a"]}
        assert plan.kept == (self.KEPT,)
        assert str(plan) == "1 placed, 0 not placed, 1 kept"

    def test_an_overfull_day_stays_as_it_is(self):
        other = evolve(self.KEPT, customer=CustomerId("l"))
        cases = [case("k", kept=[self.KEPT]), case("l", kept=[other]), case("a", asked(5))]
        plan = PLANNER.plan(owner(1), cases, MAY)
        assert by_day(plan) == {5: ["k", "l"]}
        assert reasons(plan) == {"a": "full"}

    def test_what_another_owner_has_takes_no_room_but_counts_as_a_contact(self):
        capped = evolve(PLANNER, contact=ContactPolicy(caps=[ContactCap(most=1, days=2)]))
        theirs = evolve(self.KEPT, owner=BEN)
        customer = case("k", asked(5, late=3, cadence="visit"), kept=[theirs])
        plan = capped.plan(owner(1), [customer, case("a", asked(5))], MAY)
        assert by_day(plan) == {5: ["a"], 7: ["k"]}
        assert plan.kept == ()

    def test_on_a_closed_day_it_is_a_clash(self):
        saturday = evolve(self.KEPT, on=date(2026, 5, 9))
        plan = PLANNER.plan(owner(), [case("k", kept=[saturday])], MAY)
        assert plan.clashes == plan.kept == (saturday,)

    def test_a_kept_one_of_another_month_counts_from_its_beginning(self):
        planner = evolve(PLANNER, contact=ContactPolicy(gaps=[MinimumGap(gap=timedelta(days=5))]))
        april = evolve(self.KEPT, on=date(2026, 4, 30), occurrence=asked(date(2026, 4, 30)))
        plan = planner.plan(owner(), [case("k", asked(4, late=4), kept=[april])], MAY)
        assert by_day(plan) == {5: ["k"]}
        assert plan.kept == ()

    def test_what_is_settled_does_not_come_back(self):
        customer = case("a", asked(4), settled=[("call", MONDAY)])
        assert PLANNER.plan(owner(), [customer], MAY).schedule == ()

    def test_one_that_was_put_off_takes_the_place_of_its_cadence(self):
        planner = FollowUpPlanner(cadences=(Cadence.after_hand_over(),))
        off = evolve(
            asked(date(2026, 5, 4), cadence="after-hand-over"),
            due_on=date(2026, 6, 8),
            not_after=date(2026, 6, 8),
        )
        anchors = {Anchor.HAND_OVER: date(2026, 4, 4)}
        assert by_day(planner.plan(owner(), [case("a", anchors=anchors)], MAY)) == {4: ["a"]}
        assert planner.plan(owner(), [case("a", off, anchors=anchors)], MAY).schedule == ()


class TestWhy:
    """Each day can be explained, to the owner and to the customer."""

    def why(self, planner, who, cases):
        plan = planner.plan(who, cases, MAY)
        return [explain(one) for one in planner.why(plan, who, cases[0])]

    def test_a_full_day_and_the_next_one(self):
        cases = [case("a", asked(4, late=1)), case("b", asked(4), tier="gold")]
        assert self.why(PLANNER, owner(1), cases) == [
            "on 2026-05-05 for a, by follow up planner, as of 2026-05-01\n"
            "- noted: cadence is call\n"
            "- noted: due is 2026-05-04\n"
            "- noted: urgency is 2\n"
            "- noted: importance is 1\n"
            "- met: first day left to do it is 2026-05-04; 2026-05-05 or earlier required\n"
            "- not met: follow ups on 2026-05-04 with this one is 2; at most 1 allowed\n"
            "- met: follow ups on 2026-05-05 is 1; at most 1 allowed"
        ]

    def test_a_weekend_contact_rules_and_who_has_left(self):
        rules = ContactPolicy(
            caps=[ContactCap(most=1, days=7)], quiet_hours=[QuietHours("20:00-08:00")]
        )
        called = Contact(datetime(2026, 5, 1, 9, tzinfo=UTC), "phone")
        cases = [case("a", asked(6, early=4, late=4), contacts=[called])]
        planner = evolve(PLANNER, contact=rules)
        [text] = self.why(planner, owner(leaves_on=date(2026, 5, 7)), cases)
        assert text.splitlines()[0] == (
            "not placed: contact rules for a, by follow up planner, as of 2026-05-01"
        )
        assert text.splitlines()[6:] == [
            "- not met: contact rules on 2026-05-06; all of these are needed",
            "  - not met: contacts in 7 days is 2; at most 1 allowed",
            "- not met: contact rules on 2026-05-05; all of these are needed",
            "  - not met: contacts in 7 days is 2; at most 1 allowed",
            "- not met: contact rules on 2026-05-07; all of these are needed",
            "  - not met: contacts in 7 days is 2; at most 1 allowed",
            "- not met: contact rules on 2026-05-04; all of these are needed",
            "  - not met: contacts in 7 days is 2; at most 1 allowed",
            "- not met: anna there on 2026-05-08 is no; yes required",
            "- not met: working day on 2026-05-03 is no; yes required",
            "- not met: anna there on 2026-05-09 is no; yes required",
            "- not met: working day on 2026-05-02 is no; yes required",
            "- not met: anna there on 2026-05-10 is no; yes required",
        ]

    def test_a_day_with_room_that_was_passed_over_for_evenness(self):
        cases = [case("a", asked(4, late=1)), case("b", asked(4))]
        [text] = self.why(EVEN, owner(2), cases)
        assert "- noted: follow ups on 2026-05-04, with room for more is 1" in text

    @given(plannings(contact_policies))
    def test_the_outcome_follows_from_the_evidence(self, planning):
        planner, who, cases, period = planning
        plan = planner.plan(who, cases, period)
        told = []
        for customer in cases:
            for decision in planner.why(plan, who, customer):
                told.append(decision.outcome)
                if isinstance(decision.outcome, Placement):
                    assert decision.evidence[-1].met
                    assert decision.evidence[-1].criterion == f"follow-ups on {decision.outcome.on}"
                else:
                    days = decision.evidence[4:]
                    assert not any(item.met for item in days[1:])
                    assert any(item.met is False for item in days)
        assert {one.key for one in told} == {one.key for one in (*plan.placements, *plan.unplaced)}


class TestHandOver:
    """CHU-10: whoever leaves leaves no follow-up behind that nobody knows of."""

    LEAVER = owner(2, leaves_on=date(2026, 5, 15))

    @given(plannings(contact_policies), st.integers(0, 20), st.booleans())
    def test_everything_that_was_planned_is_in_a_plan_or_listed(self, planning, last, alike):
        planner, anna, cases, period = planning
        anna = evolve(anna, leaves_on=None)
        first = planner.plan(anna, cases, period)
        leaver = evolve(anna, leaves_on=period.start + last * DAY)
        kept = [one.with_kept(first) for one in cases]
        to = {one.facts.customer: (BEN, None)[n % 3 == 2] for n, one in enumerate(kept)}
        ben = owner(1, anna.calendar if alike else OFFICE, BEN)
        [hers, his] = planner.hand_over(leaver, kept, [(ben, [])], to.get, period)
        there = [one.key for plan in (hers, his) for one in (*plan.schedule, *plan.unplaced)]
        assert {one.key for one in first.placements} <= set(there)
        # Who works on other days may be asked for something in the next period only.
        assert not alike or {one.key for one in first.unplaced} <= set(there)
        done = [one for one in first.placements if one.on <= leaver.leaves_on]
        assert all(one in hers.kept for one in done)
        assert not any(one.on <= leaver.leaves_on for one in his.schedule)
        given_away = {one.key for one in first.placements if one not in done and to[one.customer]}
        assert given_away <= {one.key for one in (*his.schedule, *his.unplaced)}
        assert given_away.isdisjoint(one.key for one in hers.schedule)

    def test_what_was_agreed_goes_over_as_it_is(self):
        agreed = Placement(
            ANNA,
            CustomerId("a"),
            asked(19, late=3),
            date(2026, 5, 20),
            datetime(2026, 5, 20, 15, tzinfo=BERLIN),
            is_agreed=True,
        )
        loose = evolve(agreed, customer=CustomerId("b"), is_agreed=False, at=None)
        cases = [case("a", kept=[agreed]), case("b", asked(19, late=3), kept=[loose])]
        busy = [case(f"busy-{n}", asked(20)) for n in range(1)]
        [hers, his] = PLANNER.hand_over(
            self.LEAVER, cases, [(owner(1, OFFICE, BEN), busy)], lambda _: BEN, MAY
        )
        assert hers.schedule == ()
        assert his.kept == (evolve(agreed, owner=BEN),)
        assert by_day(his) == {20: ["a"], 19: ["b"]}
        assert reasons(his) == {"busy-0": "full"}

    def test_a_customer_whom_nobody_gets_is_listed_with_the_leaver(self):
        policy = AssignmentPolicy(
            owners=[
                PortfolioOwner(actor=ANNA, most=9, leaves_on=date(2026, 5, 15)),
                PortfolioOwner(actor=BEN, most=1),
            ]
        )
        cases = [case(name, asked(18)) for name in "ab"]
        assignment = policy.assign(
            AssignmentFacts(customer=one.facts.customer, as_of=date(2026, 5, 16), owner=ANNA)
            for one in cases
        )
        [hers, his] = PLANNER.hand_over(
            self.LEAVER, cases, [(owner(1, OFFICE, BEN), [])], assignment.owner_of, MAY
        )
        assert by_day(his) == {18: ["a"]}
        assert reasons(hers) == {"b": "owner-leaves"}

    def test_on_the_last_day_she_still_does_what_was_planned(self):
        kept = Placement(ANNA, CustomerId("a"), asked(15, late=4), date(2026, 5, 15))
        [hers, his] = PLANNER.hand_over(
            self.LEAVER, [case("a", kept=[kept])], [(owner(1, OFFICE, BEN), [])], lambda _: BEN, MAY
        )
        assert hers.schedule == (kept,)
        assert (his.schedule, his.unplaced) == ((), ())

    def test_what_nobody_gets_is_done_before_or_listed(self):
        """It was planned for after the last day; one of the two may be done before."""
        later = date(2026, 5, 18)
        cases = [
            case(name, kept=[Placement(ANNA, CustomerId(name), one, later, is_agreed=agreed)])
            for name, one, agreed in (
                ("early", asked(18, early=3), False),
                ("late", asked(18), False),
                ("agreed", asked(18), True),
            )
        ]
        [hers] = PLANNER.hand_over(self.LEAVER, cases, [], lambda _: None, MAY)
        assert by_day(hers) == {15: ["early"], 18: ["agreed"]}
        assert reasons(hers) == {"late": "owner-leaves"}
        assert [one.customer for one in hers.clashes] == ["agreed"]

    def test_it_is_refused_if_nobody_leaves_or_a_plan_is_missing(self):
        with pytest.raises(InvalidValue, match="leaves_on"):
            next(PLANNER.hand_over(owner(), [], [], lambda _: BEN, MAY))
        with pytest.raises(InvalidValue, match="receiver"):
            next(PLANNER.hand_over(self.LEAVER, [case("a")], [], lambda _: BEN, MAY))


class TestRecords:
    """What is placed becomes a follow-up on record, and what is on record is planned for."""

    def record(self, name="a", owner=ANNA):
        target = "hear how it goes"
        return FollowUp.of(
            asked(4, late=4), CustomerId(name), target=target, by=BEN, at=NOON, owner=owner
        )

    def facts(self, name="a"):
        return FollowUpFacts(customer=CustomerId(name), as_of=MAY.start)

    def test_a_placement_becomes_a_record_and_is_kept(self):
        [one] = PLANNER.plan(owner(), [case("a", asked(4, late=4, channel=None))], MAY).placements
        made = one.follow_up(target="hear how it goes", by=BEN, at=NOON, importance="high")
        assert (made.owner, made.due_on, made.channel) == (ANNA, MONDAY, "e-mail")
        assert (made.cadence, made.nominal_on, made.importance) == ("call", MONDAY, "high")
        customer = PlanCase.of(self.facts(), [made])
        again = PLANNER.plan(owner(), [evolve(customer, more=[one.occurrence])], MAY)
        assert again.placements == ()
        assert [(kept.on, kept.key) for kept in again.kept] == [(one.on, one.key)]

    def test_an_appointment_is_agreed(self):
        at = datetime(2026, 5, 6, 15, tzinfo=BERLIN)
        visit = Appointment(at, timedelta(hours=1), "Europe/Berlin")
        record = self.record().after(Confirmed(visit), by=ANNA, at=NOON, reason="she asked for it")
        [kept] = PlanCase.of(self.facts(), [record]).kept
        assert (kept.on, kept.at, kept.is_agreed) == (at.date(), at, True)

    def test_what_nobody_has_is_planned_and_what_is_cancelled_is_settled(self):
        waits = self.record(owner=None)
        gone = evolve(waits, id="F-2", cadence="visit").after(
            Cancelled(), by=BEN, at=NOON, reason="she moved away"
        )
        customer = PlanCase.of(
            self.facts(),
            [waits, gone],
            contacts=[Contact(NOON, "phone")],
            do_not_contact=[DoNotContact(channels=("letter",))],
            zone="Europe/London",
        )
        assert customer.settled == {("visit", MONDAY)}
        [one] = PLANNER.plan(owner(), [customer], MAY).placements
        assert one.events(waits) == (Assigned(ANNA),)
        assert customer.zone == "Europe/London"
        with pytest.raises(InvalidValue, match="nobody has"):
            Placement.of(waits)

    def test_one_that_no_cadence_asked_for_goes_by_its_number(self):
        call = FollowUp.planned(
            id=FollowUpId("F-1"),
            customer=CustomerId("a"),
            purpose="falling sales",
            target="find out why",
            due_on=MONDAY,
            not_after=date(2026, 5, 8),
            by=BEN,
            at=NOON,
        )
        full = case("b", kept=[Placement(ANNA, CustomerId("b"), asked(4), MONDAY)])
        customer = PlanCase.of(self.facts(), [call])
        [one] = PLANNER.plan(owner(1), [customer, full], MAY).placements
        assert one.key == ("a", "F-1", MONDAY)
        first, second = one.events(call)
        tuesday = MONDAY + DAY
        assert first == Rescheduled(tuesday, not_before=MONDAY, not_after=date(2026, 5, 8))
        assert second == Assigned(ANNA)
        moved = call.after(first, by=BEN, at=NOON, reason="full").after(
            second, by=BEN, at=NOON, reason="full"
        )
        assert one.events(moved) == ()
        [kept] = PlanCase.of(self.facts(), [moved]).kept
        assert kept.key == one.key
        left = moved.after(Unassigned(), by=BEN, at=NOON, reason="anna leaves")
        assert one.events(left) == (Assigned(ANNA),)

    def test_another_follow_up_is_none_of_it(self):
        [one] = PLANNER.plan(owner(), [case("a", asked(4))], MAY).placements
        with pytest.raises(InvalidValue, match="another follow-up"):
            one.events(self.record("b"))
        with pytest.raises(InvalidValue, match="another customer"):
            PlanCase.of(self.facts(), [self.record("b")])


class TestWhatIsRefused:
    """A mistake is told at once."""

    def test_a_customer_twice(self):
        with pytest.raises(InvalidValue, match="twice with different facts"):
            PLANNER.plan(owner(), [case("a"), case("a", asked(4))], MAY)
        with pytest.raises(InvalidValue, match="PlanCase"):
            PLANNER.plan(owner(), ["a"], MAY)  # type: ignore[list-item]

    @pytest.mark.parametrize(
        "terms",
        [
            {"kept": ["a"]},
            {"kept": [Placement(ANNA, CustomerId("b"), asked(4), MONDAY)]},
            {
                "kept": [
                    Placement(ANNA, CustomerId("a"), asked(4), MONDAY),
                    Placement(ANNA, CustomerId("a"), asked(4), MONDAY + DAY),
                ]
            },
            {"more": ["a"]},
            {"more": [asked(4), asked(4, late=1)]},
            {"contacts": ["a"]},
            {"do_not_contact": ["a"]},
            {"zone": "Nowhere/Land"},
            {"settled": [("call", "2026-05-04")]},
            {"settled": [(" ", MONDAY)]},
            {"facts": "a"},
        ],
    )
    def test_a_case_that_contradicts_itself(self, terms):
        facts = FollowUpFacts(customer=CustomerId("a"), as_of=MAY.start)
        with pytest.raises(InvalidValue):
            PlanCase(**{"facts": facts} | terms)

    @pytest.mark.parametrize(
        "terms",
        [
            {"cadences": ["monthly"]},
            {"cadences": [Cadence.december_round()] * 2},
            {"priority": 1},
            {"contact": None},
            {"smoothing": "flat"},
        ],
    )
    def test_a_planner_of_other_parts(self, terms):
        with pytest.raises(InvalidPolicy):
            FollowUpPlanner(**{"cadences": ()} | terms)

    def test_a_placement_has_a_day_and_an_instant(self):
        with pytest.raises(InvalidValue):
            Placement(ANNA, CustomerId("a"), asked(4), NOON)
        with pytest.raises(InvalidValue):
            Placement(ANNA, CustomerId("a"), asked(4), MONDAY, "noon")  # type: ignore[arg-type]

    def test_open_follow_ups_are_asked_for_by_a_period(self):
        with pytest.raises(InvalidValue, match="Period"):
            next(Cadence.december_round().open_within(MONDAY))  # type: ignore[arg-type]
        with pytest.raises(InvalidValue, match="handled"):
            next(Cadence.december_round().open_within(MAY, handled="x"))  # type: ignore[arg-type]


def test_equal_placements_are_one():
    """The same follow-up handed in twice is kept once, and told apart by its key."""
    one = Placement(ANNA, CustomerId("a"), asked(4), MONDAY)
    assert case("a", kept=[one, one]).kept == (one,)
    unplaced = Unplaced(Actor("x"), CustomerId("a"), asked(4), WhyUnplaced.FULL, can_wait=False)
    assert one.key == unplaced.key == ("a", "call", MONDAY)
    assert str(one) == "on 2026-05-04"
    assert isinstance(one.occurrence, Occurrence)
