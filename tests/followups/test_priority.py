"""FUP-08: what is urgent and important comes first, and says how hard to try."""

from datetime import date, timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.business_time import BusinessCalendar, Weekday
from crmkit.decision import explain
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.followups import (
    Capacity,
    FollowUpMethod,
    FollowUpOwner,
    Priority,
    PriorityFacts,
    UrgencyBand,
)
from crmkit.identifiers import Actor, CustomerId

MONDAY = date(2026, 5, 4)
PRIORITY = Priority(importance={"gold": 3, "silver": 2, "partner": 5})


def facts(left=20, tier=None, segments=()):
    return PriorityFacts(
        customer=CustomerId("C-7"),
        as_of=MONDAY,
        not_after=MONDAY + timedelta(days=left),
        tier=tier,
        segments=segments,
    )


class TestPriority:
    """Urgency by the time that is left, importance by tier and segment; the product ranks."""

    @given(
        st.integers(-40, 60),
        st.sampled_from(["gold", "silver", "iron", None]),
        st.sets(st.sampled_from(["partner", "silver", "north"])),
    )
    def test_the_outcome_is_the_same_with_and_without_evidence(self, left, tier, segments):
        decision = PRIORITY(facts(left, tier, segments))
        outcome = decision.outcome
        assert outcome == PRIORITY.verdict(left, tier, frozenset(segments))
        assert outcome.score == outcome.urgency * outcome.importance
        said = {item.criterion: item for item in decision.evidence}
        assert said["urgent"].met is (outcome.urgency >= 3)
        assert said["important"].met is (outcome.importance >= 3)
        ranks = {"gold": 3, "silver": 2, "partner": 5}
        known = [ranks[name] for name in {*segments, tier} if name in ranks]
        assert outcome.importance == max(known, default=1)

    @given(st.integers(-40, 60), st.integers(0, 40))
    def test_less_time_is_never_less_urgent(self, left, less):
        assert PRIORITY.verdict(left - less).urgency >= PRIORITY.verdict(left).urgency

    @pytest.mark.parametrize(
        ("left", "urgency"), [(-9, 4), (-1, 4), (0, 3), (2, 3), (3, 2), (7, 2), (8, 1), (99, 1)]
    )
    def test_bands_hold_up_to_their_day(self, left, urgency):
        assert PRIORITY(facts(left)).outcome.urgency == urgency

    @pytest.mark.parametrize(
        ("left", "tier", "method"),
        [
            (0, "gold", "at once, in person, by visit"),
            (20, "gold", "personal, by visit"),
            (0, None, "at once, by telephone"),
            (20, "silver", "light, by e-mail"),
        ],
    )
    def test_the_four_fields_have_a_method_each(self, left, tier, method):
        assert str(PRIORITY(facts(left, tier)).outcome) == method

    def test_it_says_why(self):
        assert explain(PRIORITY(facts(-3, "silver", ("partner",)))) == (
            "at once, in person, by visit for C-7, by urgency by importance, as of 2026-05-04\n"
            "- noted: days left is -3\n"
            "- noted: urgency is 4\n"
            "- met: urgent is 4; at least 3 required\n"
            "- noted: importance of partner is 5\n"
            "- met: important is 5; at least 3 required"
        )
        [*_, ranked, _] = PRIORITY(facts()).evidence
        assert ranked.criterion == "importance of everybody else"

    def test_without_bands_nothing_is_urgent(self):
        assert Priority(bands=()).verdict(-9).urgency == 1

    @pytest.mark.parametrize(
        "terms",
        [
            {"importance": {"gold": 0}},
            {"importance": {"gold": True}},
            {"importance": "gold"},
            {"otherwise": 1_001},
            {"later": 0},
            {"later": 3},
            {"urgent_from": 0},
            {"important_from": "3"},
            {"bands": ["soon"]},
            {"bands": [UrgencyBand(2, 3), UrgencyBand(2, 2)]},
            {"bands": [UrgencyBand(2, 2), UrgencyBand(3, 3)]},
        ],
    )
    def test_terms_that_make_no_sense(self, terms):
        with pytest.raises(InvalidPolicy):
            Priority(**terms)

    @pytest.mark.parametrize("band", [(-2, 1), (3_661, 1), (1.0, 1), (1, 0), (1, 1.0)])
    def test_bands_that_make_no_sense(self, band):
        with pytest.raises(InvalidPolicy):
            UrgencyBand(*band)

    def test_words_and_days_are_checked(self):
        with pytest.raises(InvalidValue):
            FollowUpMethod(" ", "visit")
        with pytest.raises(InvalidValue):
            facts(tier=" ")
        with pytest.raises(InvalidValue):
            Priority(importance={" ": 3})


class TestCapacity:
    """How many follow-ups somebody can do in a day."""

    @given(
        st.integers(0, 9),
        st.dictionaries(st.sampled_from(Weekday), st.integers(0, 9)),
        st.dictionaries(st.dates(MONDAY, MONDAY + timedelta(days=9)), st.integers(0, 9)),
        st.dates(MONDAY, MONDAY + timedelta(days=9)),
    )
    def test_the_date_comes_before_the_weekday(self, a_day, weekdays, dates, day):
        weekday = tuple(Weekday)[day.weekday()]
        expected = dates.get(day, weekdays.get(weekday, a_day))
        assert Capacity(a_day, weekdays=weekdays, dates=dates).on(day) == expected

    @pytest.mark.parametrize("words", [{"sunday": 1, "friday": 2}])
    def test_weekdays_may_be_words(self, words):
        assert list(Capacity(3, weekdays=words).weekdays) == [Weekday.FRIDAY, Weekday.SUNDAY]

    @pytest.mark.parametrize(
        "terms",
        [
            {"a_day": -1},
            {"a_day": True},
            {"a_day": 10_001},
            {"a_day": 1, "weekdays": {Weekday.FRIDAY: -1}},
            {"a_day": 1, "weekdays": {"someday": 1}},
            {"a_day": 1, "weekdays": 3},
            {"a_day": 1, "dates": {MONDAY: 1.5}},
            {"a_day": 1, "dates": [MONDAY]},
        ],
    )
    def test_counts_that_make_no_sense(self, terms):
        with pytest.raises(InvalidPolicy):
            Capacity(**terms)

    def test_dates_are_dates(self):
        with pytest.raises(InvalidValue):
            Capacity(1, dates={"2026-05-04": 1})  # type: ignore[dict-item]

    def test_an_owner_has_a_calendar_a_capacity_and_a_last_day(self):
        office = BusinessCalendar.on_weekdays("09:00-18:00", zone="Europe/Berlin")
        anna = FollowUpOwner(
            actor=Actor("anna"), calendar=office, capacity=Capacity(3), leaves_on=MONDAY
        )
        assert anna.is_there_on(MONDAY)
        assert not anna.is_there_on(MONDAY + timedelta(days=1))
        with pytest.raises(InvalidValue):
            FollowUpOwner(
                actor=Actor("anna"),
                calendar=office,
                capacity=Capacity(3),
                leaves_on="2026-05-04",  # type: ignore[arg-type]
            )

    @pytest.mark.parametrize("terms", [{"calendar": None}, {"capacity": 3}])
    def test_an_owner_of_other_parts(self, terms):
        office = BusinessCalendar.on_weekdays("09:00-18:00", zone="Europe/Berlin")
        anna = FollowUpOwner(actor=Actor("anna"), calendar=office, capacity=Capacity(3))
        with pytest.raises(InvalidPolicy):
            evolve(anna, **terms)
