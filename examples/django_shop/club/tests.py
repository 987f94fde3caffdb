"""The tests of the shop, run by ``manage.py test``: of its store, and of its orders.

They commit for real (``TransactionTestCase``), because that is what they are about.
"""

# ruff: noqa: D102, PT027, S101, SIM117

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from io import StringIO
from itertools import count
from threading import Barrier
from unittest.mock import patch

from django.apps import apps
from django.core.management import call_command
from django.db import DatabaseError, connection, connections, transaction
from django.db.utils import ConnectionDoesNotExist
from django.test import Client, TransactionTestCase

from club import store as store_module
from club.faults import typed_errors
from club.management.commands.pack_cards import pack
from club.models import Card, KeyField, Letter, Order, Parcel
from club.program import DESK
from club.store import DjangoStore
from club.transactions import together
from club.writing import Writing
from crmkit.errors import StoreBusy, StoreError, StoreFull, VersionConflict
from crmkit.identifiers import CustomerId
from crmkit.storage import StoreUnavailable
from crmkit.testing.contracts import StoreContract

ANNA = CustomerId("M-7")
MAY = date(2026, 5, 4)


class TestStore(StoreContract, TransactionTestCase):
    """The models of the shop keep what crmkit promises, as every store does."""

    max_examples = 5

    def new_store(self):
        for model in apps.get_app_config("club").get_models():
            model.objects.all().delete()
        return DjangoStore()

    def test_every_key_is_compared_by_code_point_whatever_the_database_is_set_to(self):
        collation = {"postgresql": "C", "sqlite": None}[connection.vendor]
        for model in apps.get_app_config("club").get_models():
            keys = {field.column for field in model._meta.fields if isinstance(field, KeyField)}
            with connection.cursor() as cursor:
                columns = connection.introspection.get_table_description(
                    cursor, model._meta.db_table
                )
            found = {each.name: each.collation for each in columns if each.name in keys}
            assert found == dict.fromkeys(keys, collation)


class TestInsideOfATransaction(TransactionTestCase):
    """Inside of ``atomic()`` a unit of work is a part of what the shop does."""

    def test_what_was_committed_goes_with_the_transaction_of_the_shop(self):
        with transaction.atomic():
            Order.objects.create(number="A-1", member=ANNA, cents=1, placed_on=MAY)
            DESK.join(ANNA, on=MAY)
            assert DESK.membership(ANNA).joined_on == MAY
            transaction.set_rollback(True)
        assert (Order.objects.count(), Card.objects.count()) == (0, 0)

    def test_a_conflict_leaves_the_transaction_of_the_shop_usable(self):
        DESK.join(ANNA, on=MAY)
        with transaction.atomic():
            Order.objects.create(number="A-1", member=ANNA, cents=1, placed_on=MAY)
            unit = DESK.store.unit_of_work()
            DESK.credit(ANNA, 5, on=MAY, key="one", reason="sorry", unit=unit)
            DESK.credit(ANNA, 5, on=MAY, key="two", reason="sorry")
            with self.assertRaises(VersionConflict):
                unit.commit()
        assert Order.objects.count() == 1
        assert DESK.balance(ANNA, MAY).available == 5

    def test_messages_do_not_leave_before_the_transaction_of_the_shop_is_kept(self):
        with transaction.atomic():
            DESK.join(ANNA, on=MAY)
            with self.assertRaises(StoreError):
                DESK.store.deliver(print)
            transaction.set_rollback(True)
        assert DESK.store.deliver(print) == 0

    def test_inside_no_connection_of_its_own_is_opened(self):
        no_snapshot = patch.object(store_module, "_snapshot", side_effect=AssertionError)
        with no_snapshot, transaction.atomic():
            DESK.join(ANNA, on=MAY)

    def test_outside_each_unit_has_a_connection_which_it_closes(self):
        with patch.object(store_module, "_numbers", count(1_000)):
            with DESK.store.unit_of_work(), DESK.store.unit_of_work():
                own = [connections["default-1000"], connections["default-1001"]]
                assert all(each.connection is not None for each in own)
        assert all(each.connection is None for each in own)
        for name in ("default-1000", "default-1001"):
            with self.assertRaises(ConnectionDoesNotExist):
                connections[name]

    def test_work_is_done_again_from_its_start_after_a_conflict(self):
        for error in (VersionConflict("memberships", 1, 2), StoreBusy("wait")):
            troubles = [error]

            def work(unit, troubles=troubles):
                Order.objects.create(
                    number=f"A-{len(Order.objects.all())}", member=ANNA, cents=1, placed_on=MAY
                )
                if troubles:
                    raise troubles.pop()

            together(work)
        assert sorted(Order.objects.values_list("number", flat=True)) == ["A-0", "A-1"]

    def test_errors_of_the_database_are_those_of_crmkit_and_quote_nothing(self):
        class Driver(Exception):
            sqlstate = ""

        for state, kind in {
            "40001": StoreBusy,
            "53100": StoreFull,
            "42P01": StoreUnavailable,
        }.items():
            cause = Driver("M-7 is secret")
            cause.sqlstate = state
            with self.assertRaises(kind) as raised, typed_errors():
                raise DatabaseError("M-7 is secret") from cause
            assert "M-7" not in str(raised.exception)


@patch("club.views.timezone.localdate", new=lambda: MAY)
class TestOrders(TransactionTestCase):
    """An order and its points are kept together, or neither is."""

    def put(self, number="A-1", member=ANNA, cents=4250, **more):
        body = {"member": member, "cents": cents, **more}
        return Client().put(f"/orders/{number}", body, content_type="application/json")

    def at_once(self, count, work):
        gate = Barrier(count)

        def run(number):
            gate.wait()
            try:
                return work(number)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(count) as threads:
            return list(threads.map(run, range(count)))

    def test_an_order_earns_points(self):
        answer = self.put()
        assert (answer.status_code, answer.json()) == (201, {"available": 42, "tier": "bronze"})
        assert Client().get("/members/M-7/points").json()["available"] == 42

    def test_an_order_that_comes_again_earns_nothing_more(self):
        self.put()
        again = self.put()
        assert (again.status_code, again.json()["available"]) == (200, 42)
        assert self.put(cents=1).status_code == 422

    def test_points_that_are_not_there_let_no_order_be_kept(self):
        self.put()
        answer = self.put("A-2", spend_points=43)
        assert answer.status_code == 422
        assert answer.json()["message"] == "43 points are not there: at most 42 can be taken"
        assert Order.objects.count() == 1
        assert self.put("A-2", spend_points=42).json()["available"] == 42

    def test_a_new_member_whose_first_order_is_refused_is_no_member(self):
        assert self.put(spend_points=1).status_code == 422
        assert Client().get("/members/M-7/points").status_code == 404

    def test_if_the_points_cannot_be_kept_the_order_is_not(self):
        with patch.object(Writing, "_write_lines", side_effect=StoreBusy("wait")):
            assert self.put().status_code == 503
        assert (Order.objects.count(), Card.objects.count(), Letter.objects.count()) == (0, 0, 0)

    def test_what_makes_no_sense_is_refused(self):
        for wrong in ({"cents": 0}, {"member": ""}, {"spend_points": -1}, {"points": 1}):
            assert self.put(**wrong).status_code == 400, wrong
        assert self.put("A" * 41).status_code == 400

    def test_what_the_database_says_about_an_order_is_told_to_nobody(self):
        error = DatabaseError("Key (member)=(M-7) is secret")
        with (
            patch.object(Order.objects, "get_or_create", side_effect=error),
            self.assertLogs("django.request", "ERROR") as logs,
        ):
            answer = self.put()
        assert answer.status_code == 503
        assert "M-7" not in f"{answer.json()} {logs.output}"

    def test_tills_at_once_lose_no_order_and_no_point(self):
        answers = self.at_once(4, lambda number: self.put(f"A-{number}", cents=1_000))
        assert [each.status_code for each in answers] == [201] * 4
        assert DESK.balance(ANNA, MAY).available == 40

    def test_one_order_that_comes_four_times_at_once_is_one_order(self):
        answers = self.at_once(4, lambda _: self.put())
        assert sorted(each.status_code for each in answers) == [200, 200, 200, 201]
        assert DESK.balance(ANNA, MAY).available == 42

    def test_points_are_not_spent_twice_by_two_tills_at_once(self):
        self.put()
        answers = self.at_once(2, lambda number: self.put(f"B-{number}", cents=50, spend_points=42))
        assert sorted(each.status_code for each in answers) == [201, 422]
        assert DESK.balance(ANNA, MAY).available == 0

    def test_a_card_is_packed_once_for_another_tier(self):
        self.put(cents=100_000)

        def pack_and_die(message):
            pack(message)
            if Parcel.objects.exists():
                raise InterruptedError

        for _ in range(2):
            with self.assertRaises(InterruptedError):
                DESK.store.deliver(pack_and_die)
        out = StringIO()
        call_command("pack_cards", stdout=out)
        call_command("pack_cards", stdout=out)
        assert list(Parcel.objects.values_list("member", "text")) == [("M-7", "your silver card")]
