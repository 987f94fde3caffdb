"""LOY-08 and the program figures of KPI-01: by month and function, in tallies that add up."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import CurrencyMismatch, InvalidIdentifier, InvalidValue
from crmkit.identifiers import CustomerId
from crmkit.loyalty import (
    AnswerScale,
    Intention,
    IntentionAnswer,
    MonthFigures,
    ProfitEntry,
    ProgramFigures,
    ProgramMember,
    Span,
    summarize_program,
)
from crmkit.money import Money
from crmkit.period import Period, Unit
from crmkit.records import Purchase
from crmkit.serialization import make_converter
from tests.loyalty.loyal import ANNA

MAY, JUNE = Period.month(2026, 5), Period.month(2026, 6)
AGAIN = AnswerScale("buys again", ["no", "perhaps", "surely"])
TELLS = AnswerScale("recommends", ["no", "yes"])
FUNCTIONS = ["commerce", "ground", "cabin"]
BERT = CustomerId("bert")


def member(customer=ANNA, joined_on=date(2026, 5, 4), **known):
    return ProgramMember(customer=customer, joined_on=joined_on, **known)


def bought(*days, customer=ANNA, amount=20):
    return [Purchase(customer, day, Money(amount, "EUR")) for day in days]


def june(members=(), **records):
    return summarize_program(members, months=[JUNE], **records).at(JUNE)


# --- everything at random, customer by customer ---------------------------------------------------

days = st.dates(date(2026, 4, 20), date(2026, 7, 10))


@st.composite
def customers(draw):
    """All records of a customer, who may be no member; the key is given later."""
    joined = draw(days)
    words = {
        "joined_on": joined,
        "left_on": draw(st.none() | st.integers(0, 60).map(lambda n: joined + timedelta(n))),
        "email_since": draw(st.none() | days),
        "function": draw(st.none() | st.sampled_from(FUNCTIONS)),
        "recruited_by": draw(st.none() | st.sampled_from(["crew", "web"])),
    }
    return {
        "member": draw(st.none() | st.just(words)),
        "bought": draw(st.lists(st.tuples(days, st.sampled_from([20, 20, -5])), max_size=5)),
        "profits": draw(st.lists(st.tuples(days, st.integers(-30, 30), st.booleans()), max_size=3)),
        "answers": draw(
            st.lists(
                st.tuples(days, st.sampled_from(Intention), st.sampled_from(["no", "yes"])),
                max_size=3,
            )
        ),
    }


def records_of(drawn, first=0):
    """The records of several customers, in the form in which they are summed up."""
    told: dict = {"members": [], "purchases": [], "profits": [], "answers": []}
    for number, one in enumerate(drawn, start=first):
        who = CustomerId(f"C-{number}")
        if one["member"] is not None:
            told["members"].append(ProgramMember(customer=who, **one["member"]))
        told["purchases"] += [
            Purchase(who, day, Money(amount, "EUR")) for day, amount in one["bought"]
        ]
        told["profits"] += [
            ProfitEntry(on=day, profit=Money(cents, "EUR"), customer=who if known else None)
            for day, cents, known in one["profits"]
        ]
        told["answers"] += [
            IntentionAnswer(customer=who, on=day, intention=intention, answer=TELLS.answer(word))
            for day, intention, word in one["answers"]
        ]
    return told


def figures_of(told):
    return summarize_program(**told, months=[MAY, JUNE])


crowds = st.lists(customers(), max_size=6)


class TestLaws:
    """What holds for whatever is on record."""

    @given(crowds, st.integers(0, 6))
    def test_figures_of_parts_add_up_to_those_of_the_whole(self, drawn, cut):
        one = figures_of(records_of(drawn[:cut]))
        other = figures_of(records_of(drawn[cut:], first=cut))
        assert one.merge(other) == other.merge(one) == figures_of(records_of(drawn))
        assert one.merge(ProgramFigures()) == one

    @given(crowds)
    def test_the_order_of_the_records_does_not_matter(self, drawn):
        told = records_of(drawn)
        again = {name: records[::-1] for name, records in told.items()}
        assert figures_of(again) == figures_of(told)

    @given(crowds)
    def test_months_do_not_disturb_each_other(self, drawn):
        told = records_of(drawn)
        alone = summarize_program(**told, months=[JUNE])
        assert alone.at(JUNE) == figures_of(told).at(JUNE)
        assert alone.at(MAY) == MonthFigures(month=MAY)

    @given(crowds)
    def test_the_functions_add_up_to_the_total(self, drawn):
        found = figures_of(records_of(drawn))
        total = MonthFigures(month=JUNE)
        for function in (*FUNCTIONS, "unassigned"):
            total = total.merge(found.at(JUNE, function))
        assert evolve(total, function=None) == found.at(JUNE)

    @given(crowds)
    def test_they_are_kept_as_a_document(self, drawn):
        found = figures_of(records_of(drawn))
        assert CONVERTER.loads(CONVERTER.dumps(found)) == found

    @given(crowds)
    def test_each_figure_is_what_a_person_would_count(self, drawn):
        """Once more, customer by customer and figure by figure."""
        told = records_of(drawn)
        found = figures_of(told).at(JUNE)
        last = date(2026, 6, 30)
        on_roll = [
            one
            for one in told["members"]
            if one.joined_on <= last and (one.left_on is None or one.left_on > last)
        ]
        new = [one for one in told["members"] if one.joined_on.month == 6]
        by: dict = {}
        for each in told["purchases"]:
            if not each.amount.is_negative:
                by.setdefault(each.customer, set()).add(each.on)
        inside = {who: {day for day in when if day.month == 6} for who, when in by.items()}
        again = {who: when - {min(by[who])} for who, when in inside.items()}
        profits = [each for each in told["profits"] if each.on.month == 6]
        assert (found.members, found.new_members) == (len(on_roll), len(new))
        assert found.members_with_email == sum(
            one.email_since is not None and one.email_since <= last for one in on_roll
        )
        assert found.active_members == sum(
            any(day >= one.joined_on for day in inside.get(one.customer, ())) for one in on_roll
        )
        assert found.recruited_by("crew") == sum(one.recruited_by == "crew" for one in new)
        assert found.customers == sum(bool(when) for when in inside.values())
        assert found.repeat_customers == sum(bool(when) for when in again.values())
        assert found.purchase_days == sum(map(len, inside.values()))
        assert found.repeat_purchase_days == sum(map(len, again.values()))
        known = [each.profit.minor for each in profits if each.customer is not None]
        all_of_it = sum(each.profit.minor for each in profits)
        if profits:
            assert found.profit == Money.of_minor(all_of_it, "EUR")
            assert found.known_profit == Money.of_minor(sum(known), "EUR")
        share = Fraction(sum(known), all_of_it) if all_of_it > 0 else None
        assert found.known_profit_share == share
        for intention in Intention:
            words = [
                each.answer.word
                for each in told["answers"]
                if each.intention is intention and each.on.month == 6
            ]
            counted = found.answers(intention)
            assert sum(sheet.answers for sheet in counted) == len(words)
            assert sum(sheet.counts["yes"] for sheet in counted) == words.count("yes")


class TestMembers:
    """New, active, with e-mail, and won by the crew."""

    @pytest.mark.parametrize(
        ("joined_on", "new", "members"),
        [
            (date(2026, 5, 31), 0, 1),
            (date(2026, 6, 1), 1, 1),
            (date(2026, 6, 30), 1, 1),
            (date(2026, 7, 1), 0, 0),
        ],
    )
    def test_a_member_is_new_in_the_month_of_joining(self, joined_on, new, members):
        found = june([member(joined_on=joined_on)])
        assert (found.new_members, found.members) == (new, members)

    @pytest.mark.parametrize(
        ("left_on", "members"), [(date(2026, 6, 30), 0), (date(2026, 7, 1), 1)]
    )
    def test_who_leaves_is_no_member_from_that_day_on(self, left_on, members):
        assert june([member(left_on=left_on)]).members == members

    def test_who_joins_and_leaves_within_the_month_was_new_all_the_same(self):
        one = member(joined_on=date(2026, 6, 2), left_on=date(2026, 6, 2), recruited_by="crew")
        found = june([one], purchases=bought(date(2026, 6, 2)))
        assert (found.new_members, found.members, found.active_members) == (1, 0, 0)
        assert found.recruited_by("crew") == 1

    @pytest.mark.parametrize(("since", "count"), [(date(2026, 6, 30), 1), (date(2026, 7, 1), 0)])
    def test_an_address_counts_from_the_day_it_is_known(self, since, count):
        found = june([member(email_since=since), member(BERT)])
        assert found.members_with_email == count
        assert found.email_rate == Fraction(count, 2)

    def test_who_has_left_has_no_address_to_count(self):
        gone = member(email_since=date(2026, 5, 4), left_on=date(2026, 6, 9))
        assert june([gone]).members_with_email == 0

    def test_the_crew_gets_what_the_crew_won(self):
        new = [
            member(CustomerId(f"C-{number}"), date(2026, 6, 1), recruited_by=by)
            for number, by in enumerate(["crew", "crew", "web", None])
        ]
        found = june([*new, member(recruited_by="crew")])
        assert found.new_members == 4
        assert dict(found.recruited) == {"crew": 2, "web": 1}
        assert found.recruited_by("crew") == 2
        assert found.recruited_by("phone") == 0

    @pytest.mark.parametrize(
        ("day", "active"),
        [
            (date(2026, 5, 31), 0),
            (date(2026, 6, 1), 1),
            (date(2026, 6, 30), 1),
            (date(2026, 7, 1), 0),
        ],
    )
    def test_a_member_who_buys_in_the_month_is_active(self, day, active):
        assert june([member()], purchases=bought(day)).active_members == active

    def test_active_may_be_taken_over_a_longer_time(self):
        day = date(2026, 4, 1)
        joined = [member(joined_on=date(2026, 1, 1))]
        for months, active in ((2, 0), (3, 1)):
            span = Span(months, Unit.MONTH)
            assert june(joined, purchases=bought(day), active_over=span).active_members == active

    def test_what_was_bought_before_joining_makes_no_active_member(self):
        joined = [member(joined_on=date(2026, 6, 10))]
        assert june(joined, purchases=bought(date(2026, 6, 9))).active_members == 0
        assert june(joined, purchases=bought(date(2026, 6, 10))).active_members == 1

    def test_giving_back_makes_nobody_active(self):
        assert june([member()], purchases=bought(date(2026, 6, 9), amount=-5)).active_members == 0

    def test_a_customer_stands_on_the_roll_once(self):
        with pytest.raises(InvalidValue, match="stands twice"):
            june([member(), member(joined_on=date(2026, 6, 1))])


class TestRepeatRate:
    """Who bought in the month, and had bought on an earlier day."""

    @pytest.mark.parametrize(
        ("days", "customers", "repeat"),
        [
            ([date(2026, 6, 1)], 1, 0),
            ([date(2026, 5, 31), date(2026, 6, 1)], 1, 1),
            ([date(2026, 6, 1), date(2026, 6, 1)], 1, 0),
            ([date(2026, 6, 1), date(2026, 6, 2)], 1, 1),
            ([date(2026, 5, 30), date(2026, 5, 31)], 0, 0),
            ([date(2026, 6, 1), date(2026, 7, 1)], 1, 0),
        ],
    )
    def test_a_repeat_needs_an_earlier_day(self, days, customers, repeat):
        found = june(purchases=bought(*days))
        assert (found.customers, found.repeat_customers) == (customers, repeat)
        assert found.repeat_customer_rate == (Fraction(repeat, 1) if customers else None)

    def test_the_share_of_customers_is_not_that_of_purchases(self):
        days = [*bought(date(2026, 6, 1), date(2026, 6, 2), date(2026, 6, 3), date(2026, 6, 4))]
        found = june(purchases=[*days, *bought(date(2026, 6, 9), customer=BERT)])
        assert found.repeat_customer_rate == Fraction(1, 2)
        assert found.repeat_purchase_rate == Fraction(3, 5)
        assert june().repeat_purchase_rate is None
        assert june().email_rate is None


class TestFunctions:
    """Figures of commerce, ground and cabin, in the words of the host."""

    def test_records_count_to_the_function_of_the_member(self):
        found = summarize_program(
            [member(function="cabin"), member(BERT)],
            months=[JUNE],
            purchases=bought(date(2026, 6, 1)),
            profits=[
                ProfitEntry(on=date(2026, 6, 1), profit=Money(5, "EUR"), customer=ANNA),
                ProfitEntry(on=date(2026, 6, 1), profit=Money(3, "EUR")),
                ProfitEntry(on=date(2026, 6, 1), profit=Money(2, "EUR"), function="ground"),
            ],
            answers=[
                IntentionAnswer(
                    customer=ANNA,
                    on=date(2026, 6, 2),
                    intention=Intention.REFERRAL,
                    answer=TELLS.answer("yes"),
                )
            ],
        )
        cabin, ground = found.at(JUNE, "cabin"), found.at(JUNE, "ground")
        nobody = found.at(JUNE, "unassigned")
        assert (cabin.members, cabin.customers, cabin.profit) == (1, 1, Money(5, "EUR"))
        assert [sheet.answers for sheet in cabin.referral] == [1]
        assert cabin.repurchase == ()
        assert (ground.members, ground.profit) == (0, Money(2, "EUR"))
        assert ground.known_profit_share == 0
        assert (nobody.members, nobody.profit) == (1, Money(3, "EUR"))
        assert found.at(JUNE).known_profit_share == Fraction(1, 2)
        assert [row.function for row in found.rows] == ["cabin", "ground", "unassigned"]

    def test_the_word_for_no_function_is_the_shops(self):
        found = summarize_program([member()], months=[JUNE], unassigned="others")
        assert found.at(JUNE, "others").members == 1
        with pytest.raises(InvalidIdentifier):
            summarize_program([], months=[JUNE], unassigned="")


class TestIntentions:
    """Whether they would buy again, and whether they would recommend: two answers."""

    def test_answers_on_two_scales_stay_apart(self):
        told = [
            IntentionAnswer(
                customer=ANNA, on=date(2026, 6, 2), intention=Intention.REPURCHASE, answer=answer
            )
            for answer in (TELLS.answer("yes"), AGAIN.answer("no"), TELLS.answer("no"))
        ]
        found = june(answers=told)
        assert [(sheet.scale.name, sheet.answers) for sheet in found.repurchase] == [
            ("buys again", 1),
            ("recommends", 2),
        ]
        assert found.answers(Intention.REFERRAL) == ()


class TestRefused:
    """What cannot be is not summed up."""

    @pytest.mark.parametrize(
        "month", [Period.year(2026), Period(date(2026, 6, 2), date(2026, 7, 2)), "2026-06", None]
    )
    def test_only_months_of_the_calendar(self, month):
        with pytest.raises(InvalidValue, match="month of the calendar"):
            summarize_program([], months=[month])
        with pytest.raises(InvalidValue, match="month of the calendar"):
            MonthFigures(month=month)

    @pytest.mark.parametrize(
        "numbers",
        [
            {"members": -1},
            {"members": True},
            {"active_members": 1},
            {"members_with_email": 1},
            {"repeat_customers": 1},
            {"repeat_purchase_days": 1},
            {"recruited": {"crew": 1}},
            {"recruited": {"crew": "1"}},
            {"profit": Money(1, "EUR")},
            {"known_profit": Money(1, "EUR")},
        ],
    )
    def test_a_part_is_no_more_than_the_whole(self, numbers):
        with pytest.raises(InvalidValue):
            MonthFigures(month=JUNE, **numbers)

    @pytest.mark.parametrize("words", [{"function": ""}, {"recruited": {"": 0}}])
    def test_words_are_keys(self, words):
        with pytest.raises(InvalidIdentifier):
            MonthFigures(month=JUNE, **words)

    def test_two_months_do_not_add_up(self):
        with pytest.raises(InvalidValue, match="two months"):
            MonthFigures(month=MAY).merge(MonthFigures(month=JUNE))

    def test_two_currencies_do_not_add_up(self):
        mixed = [
            ProfitEntry(on=date(2026, 6, 1), profit=Money(1, currency))
            for currency in ("EUR", "USD")
        ]
        with pytest.raises(CurrencyMismatch):
            june(profits=mixed)

    @pytest.mark.parametrize("row", [MonthFigures(month=JUNE), "june"])
    def test_rows_have_a_function(self, row):
        with pytest.raises(InvalidValue, match="with a function"):
            ProgramFigures([row])

    def test_a_month_and_function_has_one_row(self):
        with pytest.raises(InvalidValue, match="merge the two"):
            ProgramFigures([MonthFigures(month=JUNE, function="cabin")] * 2)

    @pytest.mark.parametrize(
        "words",
        [
            {"left_on": date(2026, 5, 3)},
            {"left_on": "2026-05-09"},
            {"email_since": "2026-05-09"},
            {"joined_on": None},
            {"function": ""},
            {"recruited_by": ""},
            {"customer": ""},
        ],
    )
    def test_a_member_that_cannot_be(self, words):
        with pytest.raises(InvalidValue):
            member(**words)

    @pytest.mark.parametrize(
        "words",
        [{"intention": "referral"}, {"answer": "yes"}, {"customer": ""}, {"on": "2026-06-01"}],
    )
    def test_an_answer_that_cannot_be(self, words):
        known = {
            "customer": ANNA,
            "on": date(2026, 6, 1),
            "intention": Intention.REFERRAL,
            "answer": TELLS.answer("yes"),
        }
        with pytest.raises(InvalidValue):
            IntentionAnswer(**{**known, **words})

    @pytest.mark.parametrize(
        "words", [{"profit": 5}, {"on": "2026-06-01"}, {"customer": ""}, {"function": ""}]
    )
    def test_a_profit_that_cannot_be(self, words):
        known = {"on": date(2026, 6, 1), "profit": Money(5, "EUR")}
        with pytest.raises(InvalidValue):
            ProfitEntry(**{**known, **words})


class TestProfitShare:
    """Which share of the profit comes from customers who are known."""

    @pytest.mark.parametrize(
        ("known", "others", "share"),
        [
            (3, 1, Fraction(3, 4)),
            (3, -1, Fraction(3, 2)),
            (0, 4, Fraction(0)),
            (-1, 4, Fraction(-1, 3)),
            (3, -3, None),
            (-3, 1, None),
        ],
    )
    def test_it_is_exact_and_needs_a_profit(self, known, others, share):
        profits = [
            ProfitEntry(on=date(2026, 6, 1), profit=Money(known, "EUR"), customer=ANNA),
            ProfitEntry(on=date(2026, 6, 30), profit=Money(others, "EUR")),
            ProfitEntry(on=date(2026, 7, 1), profit=Money(100, "EUR")),
        ]
        assert june(profits=profits).known_profit_share == share

    def test_where_no_profit_is_on_record_there_is_no_share(self):
        assert june().profit is None
        assert june().known_profit_share is None


CONVERTER = make_converter(ProgramFigures)
