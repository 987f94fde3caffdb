"""Who is to be followed up next, and what the decision says about it."""

from datetime import date, datetime
from enum import StrEnum

import pytest
from attrs import evolve

from crmkit.business_time import BusinessCalendar
from crmkit.decision import explain
from crmkit.errors import InvalidIdentifier, InvalidPolicy, InvalidValue
from crmkit.followups import (
    Age,
    Anchor,
    Cadence,
    CadenceStep,
    ClosedDays,
    ContactPolicy,
    FollowUpFacts,
    next_follow_up,
    next_occurrence,
)
from crmkit.identifiers import CustomerId
from crmkit.period import Period, Unit
from crmkit.recurrence import Every

OFFICE = BusinessCalendar.on_weekdays("09:00-18:00", zone="Europe/Berlin")
RETURNS, DECEMBER = Cadence.after_hand_over(), Cadence.december_round()
AUGUST = Period.month(2026, 8)


def customer(as_of="2026-05-04", hand_over="2025-10-31", **more):
    return FollowUpFacts(
        customer=CustomerId("C-7"),
        as_of=date.fromisoformat(as_of),
        anchors={Anchor.HAND_OVER: date.fromisoformat(hand_over)},
        **more,
    )


def monthly(name, **terms):
    steps = [CadenceStep(Every(1, Unit.MONTH))]
    told = {"anchor": "hand-over", "steps": steps, "purpose": "keeping in touch"}
    return Cadence(name=name, **(told | terms))


def chosen(facts, *cadences):
    """The one that is next; with and without evidence it is the same."""
    found = next_occurrence(facts, cadences)
    assert found is not None
    assert next_follow_up(facts, cadences).outcome == found
    return found


def lines(facts, *cadences, calendar=None):
    """What the decision says, without its headline."""
    return explain(next_follow_up(facts, cadences, calendar=calendar)).splitlines()[1:]


class TestWhich:
    """Of all cadences that are for the customer, the one that is due first."""

    def test_the_earliest_of_all(self):
        facts = customer("2026-11-02")
        assert chosen(facts, RETURNS, DECEMBER).due_on == date(2026, 12, 1)
        assert chosen(facts, RETURNS).due_on == date(2027, 1, 31)

    def test_of_two_that_are_due_on_one_day_the_first_that_is_handed_in(self):
        calls, visits = monthly("calls"), monthly("visits")
        assert chosen(customer(), calls, visits).cadence == "calls"
        assert chosen(customer(), visits, calls).cadence == "visits"

    def test_what_may_still_be_done_goes_before_what_is_due_today(self):
        facts = customer("2026-12-15", "2025-12-15")
        assert chosen(facts, RETURNS, DECEMBER).cadence == "december-round"
        done = evolve(facts, handled={"december-round": date(2026, 12, 1)})
        assert chosen(done, RETURNS, DECEMBER).cadence == "after-hand-over"

    def test_by_tier(self):
        gold = monthly("gold-calls", tiers=["gold", "platinum"])
        assert next_occurrence(customer(tier="gold"), [gold])
        assert next_occurrence(customer(tier="silver"), [gold]) is None
        assert next_occurrence(customer(), [gold]) is None

    def test_by_segment(self):
        risky = monthly("care", segments=["at risk", "lost"])
        assert next_occurrence(customer(segments={"new", "lost"}), [risky])
        assert next_occurrence(customer(segments=["new"]), [risky]) is None
        assert next_occurrence(customer(), [risky]) is None

    def test_tier_and_segment_have_to_hold_both(self):
        both = monthly("care", tiers=["gold"], segments=["at risk"])
        assert next_occurrence(customer(tier="gold", segments=["at risk"]), [both])
        assert next_occurrence(customer(tier="gold"), [both]) is None
        assert next_occurrence(customer(segments=["at risk"]), [both]) is None

    def test_tiers_of_an_enumeration_are_the_same_as_their_words(self):
        class Level(StrEnum):
            GOLD = "gold"

        gold = monthly("gold-calls", tiers=[Level.GOLD], purpose=Level.GOLD)
        assert next_occurrence(customer(tier=Level.GOLD, segments=[Level.GOLD]), [gold])
        assert gold == monthly("gold-calls", tiers=["gold"], purpose="gold")

    def test_a_cadence_from_a_day_that_nobody_knows_is_silent(self):
        assert next_occurrence(customer(), [monthly("calls", anchor=Anchor.BIRTHDAY)]) is None

    def test_without_cadences_there_is_none(self):
        decision = next_follow_up(customer(), [])
        assert decision.outcome is None
        assert explain(decision) == "none for C-7, by next follow up, as of 2026-05-04"

    def test_of_pauses_and_ends_those_of_the_customer_hold(self):
        away = customer("2026-07-31", "2026-01-12", pauses=[AUGUST])
        assert chosen(away, monthly("calls")).due_on == date(2026, 9, 12)
        gone = evolve(away, ends_on=date(2026, 9, 11))
        assert next_occurrence(gone, [monthly("calls")]) is None

    @pytest.mark.parametrize("ask", [next_follow_up, next_occurrence])
    def test_two_cadences_of_one_name_could_not_be_told_apart(self, ask):
        with pytest.raises(InvalidPolicy, match=r"the same name: .* so give each its own"):
            ask(customer(), [RETURNS, RETURNS])


class TestEvidence:
    """Which cadence, which step, and what moved it."""

    def test_a_follow_up_that_was_moved_off_a_closed_day(self):
        decision = next_follow_up(customer(), [RETURNS, DECEMBER], calendar=OFFICE)
        assert explain(decision).splitlines() == [
            "due 2026-06-01 for C-7, by next follow up, as of 2026-05-04",
            "- noted: cadence is after-hand-over",
            "- noted: step is every month up to 1 year",
            "- noted: hand over is 2025-10-31",
            "- not met: day of the cadence is 2026-05-31; an open day or else the next one "
            "required",
            "- noted: next by december round is 2026-12-01",
        ]

    @pytest.mark.parametrize(
        ("closed_days", "line"),
        [
            (
                ClosedDays.PREVIOUS_OPEN,
                "- not met: day of the cadence is 2026-05-31; an open day or else the one before "
                "required",
            ),
            (
                ClosedDays.NEAREST_OPEN,
                "- not met: day of the cadence is 2026-05-31; an open day or else the nearest one "
                "required",
            ),
            (ClosedDays.STAY, "- noted: day of the cadence is 2026-05-31"),
        ],
    )
    def test_it_says_where_closed_days_go(self, closed_days, line):
        assert lines(customer(), evolve(RETURNS, closed_days=closed_days), calendar=OFFICE)[-1] == (
            line
        )

    def test_a_follow_up_on_its_own_day(self):
        facts = customer("2026-06-02")
        assert lines(facts, RETURNS, calendar=OFFICE)[-1] == (
            "- met: day of the cadence is 2026-06-30; an open day or else the next one required"
        )
        assert lines(facts, RETURNS)[-1] == "- noted: day of the cadence is 2026-06-30"

    def test_a_date_for_everybody_and_the_days_on_which_it_may_be_done(self):
        assert lines(customer(), DECEMBER) == [
            "- noted: cadence is december-round",
            "- noted: step is every year",
            "- noted: first day for everybody is 1970-12-01",
            "- noted: day of the cadence is 2026-12-01",
            "- noted: first day to do it is 2026-12-01",
            "- noted: last day to do it is 2026-12-31",
        ]

    def test_what_was_handled(self):
        facts = customer(handled={"after-hand-over": date(2026, 5, 31), "other": date(2026, 5, 1)})
        assert "- noted: last one handled is 2026-05-31" in lines(facts, RETURNS)
        assert not any("handled" in line for line in lines(customer(), RETURNS))

    def test_a_pause_that_left_one_out(self):
        facts = customer("2026-07-31", "2026-01-12", pauses=[AUGUST, Period.month(2030, 1)])
        assert lines(facts, monthly("calls"))[-2:] == [
            "- not met: day of the cadence is 2026-08-12; a day outside 2026-08-01 to 2026-08-31 "
            "required",
            "- noted: day of the cadence is 2026-09-12",
        ]

    def test_a_pause_into_which_it_would_have_been_moved(self):
        """1 August 2026 is a Saturday, and its call goes to Monday."""
        facts = customer(
            "2026-07-31", "2026-01-01", pauses=[Period.through(date(2026, 8, 3), date(2026, 8, 4))]
        )
        assert lines(facts, monthly("calls"), calendar=OFFICE)[-2] == (
            "- not met: day of the cadence is 2026-08-01; a day outside 2026-08-03 to 2026-08-04 "
            "required"
        )

    def test_a_pause_that_changed_nothing_is_not_spoken_of(self):
        facts = customer(pauses=[AUGUST])
        assert not any("outside" in line for line in lines(facts, RETURNS))

    def test_another_cadence_that_is_not_for_the_customer(self):
        facts = customer(tier="silver", segments=["new", "lost"])
        assert lines(facts, monthly("care", tiers=["platinum", "gold"])) == [
            "- not met: tier (for care) is silver; one of gold, platinum required"
        ]
        assert lines(facts, monthly("care", segments=["at risk"])) == [
            "- not met: segment (for care) is lost, new; one of at risk required"
        ]
        assert lines(customer(), monthly("care", tiers=["gold"], segments=["at risk"])) == [
            "- not met: tier (for care) is not known; one of gold required",
            "- not met: segment (for care) is not known; one of at risk required",
        ]

    def test_a_day_that_is_not_known(self):
        assert lines(customer(), monthly("greeting", anchor=Anchor.BIRTHDAY)) == [
            "- not met: birthday (for greeting) is not known; a day required"
        ]

    def test_a_cadence_that_has_come_to_its_end(self):
        calls = monthly(
            "calls", steps=[CadenceStep(Every(1, Unit.MONTH), until=Age(1, Unit.MONTH))]
        )
        assert lines(customer(), calls) == ["- noted: calls is at its end"]

    def test_a_customer_who_is_followed_up_until_a_day(self):
        assert lines(customer(ends_on=date(2026, 5, 30)), monthly("calls")) == [
            "- not met: next by calls is 2026-05-31; 2026-05-30 or earlier required"
        ]
        assert lines(customer(), monthly("calls", ends_on=date(2026, 5, 29))) == [
            "- not met: next by calls is 2026-05-31; 2026-05-29 or earlier required"
        ]

    def test_one_that_would_be_moved_beyond_the_end(self):
        """Sunday 31 May goes to Monday, or comes from beyond the end to Friday."""
        facts = customer(ends_on=date(2026, 5, 31))
        assert lines(facts, monthly("calls"), calendar=OFFICE) == [
            "- not met: next by calls is 2026-06-01; 2026-05-31 or earlier required"
        ]
        facts = customer(ends_on=date(2026, 5, 30))
        calls = monthly("calls", closed_days=ClosedDays.PREVIOUS_OPEN)
        assert lines(facts, calls, calendar=OFFICE) == [
            "- not met: next by calls is 2026-05-31; 2026-05-30 or earlier required"
        ]

    def test_a_pause_until_the_end(self):
        facts = customer("2026-07-31", "2026-01-12", pauses=[AUGUST], ends_on=date(2026, 8, 31))
        assert lines(facts, monthly("calls")) == [
            "- not met: next by calls is 2026-08-12; a day outside 2026-08-01 to 2026-08-31 "
            "required"
        ]

    def test_what_is_not_met_is_what_the_customer_will_ask_about(self):
        decision = next_follow_up(customer(), [RETURNS, DECEMBER], calendar=OFFICE)
        assert [item.criterion for item in decision.unmet] == ["day of the cadence"]

    def test_the_decision_says_for_whom_and_when(self):
        decision = next_follow_up(customer(), [RETURNS])
        assert (decision.policy, decision.subject) == ("next-follow-up", "C-7")
        assert decision.as_of == date(2026, 5, 4)


class TestFacts:
    """What is known of a customer."""

    def test_birthdays_stay_out_of_logs(self):
        facts = customer()
        assert "2025" not in repr(facts)

    def test_nothing_can_be_changed_afterwards(self):
        facts = customer(handled={"calls": date(2026, 5, 1)})
        for days in (facts.anchors, facts.handled):
            with pytest.raises(TypeError, match="does not support item assignment"):
                days["calls"] = date(2026, 5, 4)

    def test_pauses_and_segments_have_one_order(self):
        pauses = [Period.month(2026, 9), AUGUST, AUGUST]
        assert customer(pauses=pauses).pauses == (AUGUST, Period.month(2026, 9))
        assert customer(segments=["new", "new"]).segments == frozenset({"new"})

    @pytest.mark.parametrize(
        ("wrong", "problem"),
        [
            ({"anchors": [date(2026, 5, 4)]}, "anchors are days by name"),
            ({"anchors": {"hand-over": "2026-05-04"}}, "a day in anchors is a str, not a date"),
            ({"anchors": {"hand-over": datetime(2026, 5, 4)}}, "not a date: say which"),  # noqa: DTZ001
            ({"handled": date(2026, 5, 4)}, "handled are days by name"),
            ({"handled": {"calls": None}}, "a day in handled is a NoneType"),
            ({"pauses": [date(2026, 8, 1)]}, "pauses are periods, such as"),
            ({"segments": "gold"}, r"pass a tuple of names, such as \('gold',\)"),
            ({"ends_on": "2026-05-04"}, "ends_on is a str, not a date"),
            ({"as_of": None}, "as_of is a NoneType, not a date"),
        ],
    )
    def test_what_is_no_day_or_period_is_refused(self, wrong, problem):
        with pytest.raises(InvalidValue, match=problem):
            evolve(customer(), **wrong)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"customer": CustomerId("")},
            {"tier": ""},
            {"tier": 5},
            {"segments": [""]},
            {"anchors": {" ": date(2026, 5, 4)}},
        ],
    )
    def test_names_are_keys(self, wrong):
        with pytest.raises(InvalidIdentifier):
            evolve(customer(), **wrong)


class TestTerms:
    """What a cadence may be told."""

    @pytest.mark.parametrize(
        "wrong",
        [{"name": ""}, {"purpose": ""}, {"purpose": 5}, {"channel": ""}, {"anchor": ""}],
    )
    def test_names_are_keys(self, wrong):
        with pytest.raises(InvalidIdentifier):
            evolve(RETURNS, **wrong)

    @pytest.mark.parametrize(
        ("wrong", "problem"),
        [
            ({"exact_age": "within"}, "pass a member of ExactAge: within, beyond"),
            ({"closed_days": "stay"}, "pass a member of ClosedDays: next-open, previous-open, "),
        ],
    )
    def test_choices_are_members_of_their_enumeration(self, wrong, problem):
        with pytest.raises(InvalidPolicy, match=problem):
            evolve(RETURNS, **wrong)

    @pytest.mark.parametrize(
        ("wrong", "problem"),
        [
            ({"tiers": "gold"}, "pass a tuple of names"),
            ({"ends_on": "2026-05-04"}, "ends_on is a str, not a date"),
        ],
    )
    def test_other_terms(self, wrong, problem):
        with pytest.raises(InvalidValue, match=problem):
            evolve(RETURNS, **wrong)

    @pytest.mark.parametrize(
        ("asked", "problem"),
        [
            ({"day": "2026-05-04"}, "the day asked about is a str"),
            ({"anchor": "2026-05-04"}, "the anchor is a str"),
            ({"handled": "2026-05-04"}, "handled is a str"),
            ({"ends_on": "2026-05-04"}, "ends_on is a str"),
            ({"pauses": [8]}, "pauses are periods"),
        ],
    )
    def test_what_is_no_day_is_refused(self, asked, problem):
        day = date(2026, 5, 4)
        with pytest.raises(InvalidValue, match=problem):
            RETURNS.next_due(**({"day": day, "anchor": day} | asked))

    def test_a_period_is_wanted_at_once(self):
        with pytest.raises(InvalidValue, match="due within a Period, such as"):
            RETURNS.due_within(date(2026, 5, 4), anchor=date(2026, 5, 4))  # type: ignore[arg-type]

    def test_the_order_of_tiers_does_not_matter(self):
        assert monthly("calls", tiers=["b", "a", "a"]) == monthly("calls", tiers=["a", "b"])

    def test_the_pressure_on_a_customer_is_at_hand_here_too(self):
        assert ContactPolicy().name == "contact-pressure"
