"""What was bought, what was said, what was promised: frozen, dated and free of contradictions."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidIdentifier, InvalidValue, NaiveDatetime
from crmkit.identifiers import CustomerId, InteractionId, OrderId, ProductId, PromiseId
from crmkit.money import Money
from crmkit.records import Direction, Interaction, Promise, PromiseState, Purchase
from crmkit.testing.strategies import (
    instants,
    interactions,
    promises,
    purchase_histories,
    purchases,
)

BERLIN = ZoneInfo("Europe/Berlin")
MARCH_1 = date(2026, 3, 1)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NAIVE = datetime(2026, 3, 1, 9, 30)  # noqa: DTZ001 - a naive datetime, to be refused
PRICE = Money("12.30", "EUR")
CUSTOMER = CustomerId("C-7")
SECRET = "Anna said she is getting divorced"

CALL = Interaction(
    id=InteractionId("I-1"),
    customer=CUSTOMER,
    at=NOON,
    channel="phone",
    direction=Direction.INBOUND,
    summary=SECRET,
)
PROMISE = Promise(
    id=PromiseId("V-1"), customer=CUSTOMER, given_on=MARCH_1, due_on=date(2026, 3, 10),
    content=SECRET,
)  # fmt: skip


def changed(record: Any, **fields: Any) -> Any:
    """The record with some fields changed, right or wrong."""
    return attrs.evolve(record, **fields)


class TestPurchase:
    """One line of what a customer bought or gave back, on a day of the shop."""

    def test_a_purchase_and_a_refund(self):
        bought = Purchase(CUSTOMER, MARCH_1, PRICE, order=OrderId("O-1"))
        given_back = Purchase(CUSTOMER, MARCH_1, -PRICE, refund_of=OrderId("O-1"))
        assert not bought.is_refund
        assert given_back.is_refund

    def test_a_free_article_is_a_purchase(self):
        assert not Purchase(CUSTOMER, MARCH_1, Money.zero("EUR")).is_refund

    @pytest.mark.parametrize("amount", ["0.00", "0.01"])
    def test_a_refund_of_an_order_gives_something_back(self, amount):
        with pytest.raises(InvalidValue) as caught:
            Purchase(CUSTOMER, MARCH_1, Money(amount, "EUR"), refund_of=OrderId("O-1"))
        assert str(caught.value) == (
            "a refund has a negative amount: pass what was given back as -amount"
        )

    @pytest.mark.parametrize("on", [NOON, NAIVE, "2026-03-01", 20260301, None])
    def test_it_belongs_to_a_day(self, on):
        with pytest.raises(InvalidValue, match=r"^the day of a purchase is a"):
            Purchase(CUSTOMER, on, PRICE)

    @pytest.mark.parametrize("amount", ["12.30", 12, 12.3, Decimal("12.30"), None])
    def test_its_amount_is_money(self, amount):
        with pytest.raises(InvalidValue) as caught:
            Purchase(CUSTOMER, MARCH_1, amount)
        assert str(caught.value) == (
            "the amount of a purchase is Money, such as Money('12.30', 'EUR')"
        )

    @pytest.mark.parametrize("field", ["order", "product", "channel", "refund_of"])
    def test_its_keys_are_keys(self, field):
        terms: dict[str, Any] = {field: " "}
        with pytest.raises(InvalidIdentifier, match=rf"^{field} "):
            Purchase(CUSTOMER, MARCH_1, -PRICE, **terms)
        with pytest.raises(InvalidIdentifier, match=r"^customer "):
            Purchase(CustomerId(""), MARCH_1, PRICE)

    def test_what_is_not_known_is_left_out(self):
        bought = Purchase(CUSTOMER, MARCH_1, PRICE)
        rest = (bought.order, bought.product, bought.channel, bought.refund_of, bought.recorded_at)
        assert rest == (None, None, None, None, None)

    def test_details_are_named(self):
        with pytest.raises(TypeError):
            Purchase(CUSTOMER, MARCH_1, PRICE, "O-1")  # type: ignore[call-arg,arg-type]

    @given(purchases())
    def test_it_is_a_value(self, bought):
        assert changed(bought) == bought
        assert hash(changed(bought)) == hash(bought)
        with pytest.raises(AttributeError):
            bought.amount = PRICE


class TestDayOfAnInstant:
    """Instants become days in a named zone."""

    @pytest.mark.parametrize(
        ("at", "zone", "day"),
        [
            ("2026-03-01T22:59:59+00:00", BERLIN, "2026-03-01"),
            ("2026-03-01T23:00:00+00:00", BERLIN, "2026-03-02"),
            ("2026-07-01T21:59:59+00:00", BERLIN, "2026-07-01"),
            ("2026-07-01T22:00:00+00:00", BERLIN, "2026-07-02"),
            ("2026-03-01T04:59:59+00:00", ZoneInfo("America/New_York"), "2026-02-28"),
            ("2026-03-01T05:00:00+00:00", ZoneInfo("America/New_York"), "2026-03-01"),
            ("2026-03-01T12:00:00+14:00", UTC, "2026-02-28"),
            ("2026-03-29T01:30:00+01:00", BERLIN, "2026-03-29"),
        ],
    )
    def test_it_is_the_day_that_the_clock_of_the_shop_showed(self, at, zone, day):
        bought = Purchase.at(CUSTOMER, datetime.fromisoformat(at), PRICE, zone=zone)
        assert bought.on == date.fromisoformat(day)

    @given(instants(), st.sampled_from(["UTC", "Asia/Shanghai", "Pacific/Apia", "Asia/Kathmandu"]))
    def test_the_same_instant_is_the_same_day_however_it_is_written(self, at, key):
        zone = ZoneInfo(key)
        elsewhere = at.astimezone(timezone(timedelta(hours=-11)))
        one = Purchase.at(CUSTOMER, at, PRICE, zone=zone)
        assert one == Purchase.at(CUSTOMER, elsewhere, PRICE, zone=zone)

    def test_everything_else_is_handed_on(self):
        bought = Purchase.at(
            CUSTOMER,
            NOON,
            -PRICE,
            zone=BERLIN,
            order=OrderId("O-2"),
            product=ProductId("P-1"),
            channel="web",
            refund_of=OrderId("O-1"),
            recorded_at=NOON,
        )
        assert bought == Purchase(
            CUSTOMER,
            MARCH_1,
            -PRICE,
            order=OrderId("O-2"),
            product=ProductId("P-1"),
            channel="web",
            refund_of=OrderId("O-1"),
            recorded_at=NOON,
        )

    @pytest.mark.parametrize(
        ("at", "hours"),
        [(datetime.max.replace(tzinfo=UTC), 5), (datetime.min.replace(tzinfo=UTC), -5)],
    )
    def test_beyond_the_calendar_there_is_no_day(self, at, hours):
        with pytest.raises(InvalidValue) as caught:
            Purchase.at(CUSTOMER, at, PRICE, zone=timezone(timedelta(hours=hours)))
        assert str(caught.value) == (
            "the day of a purchase is outside the calendar: stay within the years 1 to 9999"
        )

    @pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
    def test_the_zone_of_the_machine_is_never_used_instead(self, zone: Any):
        with pytest.raises(InvalidValue, match="the zone of a shop is a tzinfo"):
            Purchase.at(CUSTOMER, NOON, PRICE, zone=zone)


class TestNaiveDatetimes:
    """A naive datetime is refused everywhere with a clear error."""

    @pytest.mark.parametrize(
        "build",
        [
            lambda: Purchase(CUSTOMER, MARCH_1, PRICE, recorded_at=NAIVE),
            lambda: Purchase.at(CUSTOMER, NAIVE, PRICE, zone=BERLIN),
            lambda: Purchase.at(CUSTOMER, NOON, PRICE, zone=BERLIN, recorded_at=NAIVE),
            lambda: changed(CALL, at=NAIVE),
            lambda: changed(CALL, recorded_at=NAIVE),
        ],
    )
    def test_it_names_no_instant(self, build):
        with pytest.raises(NaiveDatetime):
            build()

    @pytest.mark.parametrize("value", [MARCH_1, "2026-03-01T09:30:00Z", 0])
    def test_an_instant_is_a_datetime(self, value):
        for record, field in ((CALL, "at"), (CALL, "recorded_at")):
            with pytest.raises(InvalidValue, match="pass an aware datetime"):
                changed(record, **{field: value})

    @pytest.mark.parametrize("value", [NAIVE, NOON, "2026-03-01", 0])
    def test_a_day_is_a_date(self, value):
        for field in ("given_on", "due_on", "kept_on"):
            with pytest.raises(InvalidValue, match=rf"^{field} is a"):
                changed(PROMISE, **{field: value})
        with pytest.raises(InvalidValue, match=r"^as_of is a"):
            PROMISE.state(value)


class TestInteraction:
    """A contact with a customer that has happened."""

    @pytest.mark.parametrize(
        ("field", "what"),
        [
            ("id", "interaction"),
            ("customer", "customer"),
            ("channel", "channel"),
            ("purpose", "purpose"),
            ("actor", "actor"),
        ],
    )
    def test_its_keys_are_keys(self, field, what):
        with pytest.raises(InvalidIdentifier, match=rf"^{what} "):
            changed(CALL, **{field: "\u200b"})

    def test_who_turned_to_whom(self):
        assert [direction.value for direction in Direction] == ["inbound", "outbound"]

    @given(interactions())
    def test_it_is_a_value(self, contact):
        assert changed(contact) == contact
        assert hash(changed(contact)) == hash(contact)


class TestPrivacy:
    """Personal data is marked as such in the field and stays out of ``repr``."""

    @pytest.mark.parametrize(("record", "field"), [(CALL, "summary"), (PROMISE, "content")])
    def test_what_was_said_does_not_show(self, record, field):
        assert getattr(record, field) == SECRET
        assert SECRET not in repr(record)
        assert SECRET not in str(record)

    def test_every_free_text_of_the_records_is_marked(self):
        """A field that holds words about a person says so; a new one has to be looked at."""
        marked = {
            (record.__name__, field.name)
            for record in (Purchase, Interaction, Promise)
            for field in attrs.fields(record)
            if field.metadata.get("personal")
        }
        assert marked == {("Interaction", "summary"), ("Promise", "content")}
        for record in (Interaction, Promise):
            for field in attrs.fields(record):
                assert bool(field.metadata.get("personal")) is not field.repr


class TestPromise:
    """A promise is open until its due day has passed, kept in time, or broken."""

    @pytest.mark.parametrize(
        ("kept_on", "states"),
        [
            #       as of  03-01   03-09    03-10   03-11     03-12
            (None, ["open", "open", "open", "broken", "broken"]),
            ("2026-03-01", ["kept", "kept", "kept", "kept", "kept"]),
            ("2026-03-10", ["open", "open", "kept", "kept", "kept"]),
            ("2026-03-11", ["open", "open", "open", "broken", "broken"]),
            ("2026-03-12", ["open", "open", "open", "broken", "broken"]),
        ],
    )
    def test_the_table_of_states(self, kept_on, states):
        promise = changed(PROMISE, kept_on=date.fromisoformat(kept_on) if kept_on else None)
        days = [date(2026, 3, number) for number in (1, 9, 10, 11, 12)]
        assert [promise.state(day).value for day in days] == states

    @given(promises(), st.integers(0, 90), st.integers(0, 90))
    def test_once_kept_or_broken_it_stays_so(self, promise, days, later):
        first = promise.state(promise.given_on + timedelta(days=days))
        then = promise.state(promise.given_on + timedelta(days=days + later))
        assert first in (PromiseState.OPEN, then)

    def test_it_may_be_due_and_kept_on_the_day_it_was_given(self):
        at_once = changed(PROMISE, due_on=MARCH_1, kept_on=MARCH_1)
        assert at_once.state(MARCH_1) is PromiseState.KEPT

    @pytest.mark.parametrize(
        "days", [{"due_on": date(2026, 2, 28)}, {"kept_on": date(2026, 2, 28)}]
    )
    def test_nothing_is_due_or_kept_before_it_was_promised(self, days):
        with pytest.raises(InvalidValue) as caught:
            changed(PROMISE, **days)
        assert str(caught.value) == ("a promise is due and kept on the day it was given, or later")

    @pytest.mark.parametrize(
        ("field", "what"), [("id", "promise"), ("customer", "customer"), ("actor", "actor")]
    )
    def test_its_keys_are_keys(self, field, what):
        with pytest.raises(InvalidIdentifier, match=rf"^{what} "):
            changed(PROMISE, **{field: ""})


class TestPurchaseHistories:
    """The strategy gives histories that look like those of customers."""

    @given(purchase_histories())
    def test_a_history_is_of_one_currency_and_of_the_days_asked_for(self, history):
        assert {line.amount.currency for line in history} == {"EUR"}
        assert all(date(2024, 1, 1) <= line.on <= date(2026, 6, 30) for line in history)

    @given(purchase_histories(refunds=False, currency="JPY", max_customers=2))
    def test_refunds_can_be_left_out(self, history):
        assert not any(line.is_refund for line in history)
        assert len({line.customer for line in history}) <= 2

    @given(purchase_histories())
    def test_what_is_given_back_was_bought_before(self, history):
        for refund in (line for line in history if line.is_refund):
            assert any(
                line.on <= refund.on and line.amount.minor >= -refund.amount.minor
                for line in history
                if line.customer == refund.customer and not line.is_refund
            )
