"""In which way customers were lost, in the words of both sources."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidIdentifier, InvalidPolicy, InvalidValue
from crmkit.identifiers import Actor, CustomerId
from crmkit.period import Period
from crmkit.retention import (
    ChurnCause,
    CustomerGivenUp,
    CustomerLeft,
    LostClass,
    LostMapping,
    LostType,
    summarize_losses,
)
from crmkit.testing.strategies import days

MAY = Period.month(2026, 5)
ANNA = Actor("anna")
C7 = CustomerId("C-7")


@st.composite
def mappings(draw):
    """Each class has a type, and all four types occur."""
    order = draw(st.permutations(list(LostClass)))
    extra = draw(st.sampled_from(LostType))
    return LostMapping(dict(zip(order, [*LostType, extra], strict=True)))


class TestMapping:
    """CHU-02 and CHU-03: five classes and four types, with the way from one to the other."""

    def test_the_classes_and_the_types_are_those_of_the_sources(self):
        assert [str(one) for one in LostClass] == [
            "deliberately-pushed",
            "unintentionally-pushed",
            "bought-away",
            "pulled-away",
            "moved",
        ]
        assert [str(one) for one in LostType] == [
            "non-deliberately-abandoned",
            "deliberately-abandoned",
            "low-price-seeker",
            "condition-lost",
        ]

    @pytest.mark.parametrize(
        ("lost_class", "lost_type"),
        [
            ("deliberately-pushed", "deliberately-abandoned"),
            ("unintentionally-pushed", "non-deliberately-abandoned"),
            ("bought-away", "low-price-seeker"),
            ("pulled-away", "non-deliberately-abandoned"),
            ("moved", "condition-lost"),
        ],
    )
    def test_the_usual_reading(self, lost_class, lost_type):
        assert LostMapping.usual().type_of(LostClass(lost_class)) == lost_type

    @given(mappings())
    def test_there_and_back_is_among_where_one_came_from(self, mapping):
        for one in LostClass:
            assert one in mapping.classes_of(mapping.type_of(one))
        for lost_type in LostType:
            assert {mapping.type_of(one) for one in mapping.classes_of(lost_type)} == {lost_type}

    @given(mappings())
    def test_every_class_stands_under_one_type(self, mapping):
        back = mapping.classes
        assert set(back) == set(LostType)
        assert sorted(one for classes in back.values() for one in classes) == sorted(LostClass)

    @given(mappings())
    def test_back_is_one_answer_just_where_the_type_has_one_class(self, mapping):
        for lost_type in LostType:
            found, one = mapping.classes_of(lost_type), mapping.class_of(lost_type)
            assert one == (found[0] if len(found) == 1 else None)

    def test_usually_one_type_stands_for_two_classes(self):
        usual = LostMapping.usual()
        assert [str(one) for one in LostType if usual.class_of(one) is None] == [
            "non-deliberately-abandoned"
        ]

    @pytest.mark.parametrize("missing", LostClass)
    def test_no_class_is_left_out(self, missing):
        rest = {one: t for one, t in LostMapping.usual().types.items() if one is not missing}
        with pytest.raises(InvalidPolicy, match="each of the five classes a type"):
            LostMapping(rest)

    def test_no_type_is_left_out(self):
        with pytest.raises(InvalidPolicy, match="uses all four types"):
            LostMapping(dict.fromkeys(LostClass, LostType.CONDITION_LOST))


def left(on=date(2026, 5, 4), **parts):
    return CustomerLeft(customer=C7, on=on, **parts)


def given_up(on=date(2026, 5, 4), **parts):
    return CustomerGivenUp(customer=C7, on=on, decided_by=ANNA, reason="never pays", **parts)


losses = st.lists(
    st.one_of(
        st.builds(
            left,
            on=days(date(2026, 4, 25), date(2026, 6, 5)),
            causes=st.frozensets(st.sampled_from(ChurnCause)),
            lost_class=st.none() | st.sampled_from(list(LostClass)[1:]),
            region=st.none() | st.sampled_from(["north", "south"]),
        ),
        st.builds(given_up, on=days(date(2026, 4, 25), date(2026, 6, 5))),
    ),
    max_size=12,
)


class TestGivenUpIsNoChurn:
    """CHU-10: a customer who is given up on purpose is recorded apart from churn."""

    def test_who_was_given_up_is_in_no_number_of_churn(self):
        summary = summarize_losses([left(), given_up(), given_up(region="north")], MAY)
        assert (summary.left, summary.given_up) == (1, 2)
        assert summary.churn_share(10) == Fraction(1, 10)
        assert summary.by_region == {}

    def test_a_customer_who_left_cannot_be_of_the_class_of_those_given_up(self):
        with pytest.raises(InvalidValue, match="no churn: use CustomerGivenUp"):
            left(lost_class=LostClass.DELIBERATELY_PUSHED)
        assert given_up().lost_class is LostClass.DELIBERATELY_PUSHED

    def test_somebody_answers_for_it_with_a_reason(self):
        with pytest.raises(InvalidValue, match="reason why"):
            CustomerGivenUp(customer=C7, on=MAY.start, decided_by=ANNA, reason="  ")
        with pytest.raises(InvalidIdentifier, match="who decided"):
            CustomerGivenUp(customer=C7, on=MAY.start, decided_by=Actor(""), reason="never pays")
        assert "never pays" not in repr(given_up())

    @pytest.mark.parametrize("make", [left, given_up])
    def test_a_region_can_serve_as_a_key(self, make):
        with pytest.raises(InvalidIdentifier, match="region"):
            make(region="")


class TestSummary:
    """Who left in a period, why, in which way, and where (CHU-05)."""

    @given(losses, st.randoms(use_true_random=False))
    def test_the_order_does_not_matter_and_everybody_is_counted(self, found, chance):
        mixed = list(found)
        chance.shuffle(mixed)
        summary = summarize_losses(found, MAY)
        assert summarize_losses(mixed, MAY) == summary
        assert summary.left + summary.given_up + summary.outside == len(found)
        assert sum(summary.by_class.values()) + summary.class_unknown == summary.left
        assert sum(summary.by_cause.values()) + summary.causes_unknown >= summary.left

    @pytest.mark.parametrize(
        ("day", "counted"),
        [
            (date(2026, 4, 30), 0),
            (date(2026, 5, 1), 1),
            (date(2026, 5, 31), 1),
            (date(2026, 6, 1), 0),
        ],
    )
    def test_the_first_and_the_last_day_belong_to_the_period(self, day, counted):
        summary = summarize_losses([left(day)], MAY)
        assert (summary.left, summary.outside) == (counted, 1 - counted)

    def test_causes_classes_and_regions_are_counted(self):
        summary = summarize_losses(
            [
                left(causes=[ChurnCause.WEAK_SERVICE, "late-parcels"], region="north"),
                left(causes=[ChurnCause.WEAK_SERVICE], lost_class=LostClass.PULLED_AWAY),
                left(region="north"),
            ],
            MAY,
        )
        assert summary.by_cause == {"late-parcels": 1, "weak-service": 2}
        assert summary.by_class == {"pulled-away": 1}
        assert summary.by_region == {"north": 2}
        assert (summary.causes_unknown, summary.class_unknown) == (1, 2)

    @pytest.mark.parametrize("customers", [0, 1, True, 2.0])
    def test_a_share_is_of_those_who_were_there(self, customers):
        summary = summarize_losses([left(), given_up()], MAY)
        with pytest.raises(InvalidValue):
            summary.churn_share(customers)
        assert summary.churn_share(2) == Fraction(1, 2)

    def test_a_single_cause_is_not_cut_into_letters(self):
        with pytest.raises(InvalidValue, match="pass a tuple of words"):
            left(causes="weak-service")

    def test_a_datetime_is_no_day(self):
        with pytest.raises(InvalidValue, match="not a date"):
            left(on=None)
        assert left(on=MAY.start + timedelta(days=1)).on == date(2026, 5, 2)
