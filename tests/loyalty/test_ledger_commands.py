"""Each command on its own: what it does to the day, what it refuses, and what it is under its
key."""

from datetime import UTC, date, datetime

import pytest
from attrs import evolve

from crmkit.errors import IdempotencyMismatch, InvalidIdentifier, InvalidValue, NaiveDatetime
from crmkit.identifiers import Actor, CustomerId
from crmkit.loyalty import (
    Accrual,
    Capture,
    ClosedLedger,
    Credit,
    Debit,
    Expiring,
    Hold,
    InsufficientPoints,
    LedgerEntry,
    LedgerRefused,
    LedgerTerms,
    Lot,
    MergedFrom,
    MergedInto,
    Passed,
    PointsLedger,
    Qualification,
    Qualified,
    Redemption,
    Release,
    Reversal,
    Rollback,
    RuleShare,
    TransferIn,
    TransferOut,
    merge_members,
    transfer,
)
from crmkit.money import Money
from tests.loyalty.ledger_words import (
    A_YEAR,
    ANNA,
    BEA,
    CEM,
    CLAMPED,
    DAY,
    LOCKED,
    MONTH_END,
    TEN_DAYS,
    figures,
    last,
    lots,
    new,
    on,
)

NOW = on(1, 10)
WHY = "a gesture"


def with_points(points=100, terms=A_YEAR, member=ANNA):
    """A member who earned points on the first of January."""
    return new(terms, member).accrue(points, on=on(1, 1), key="o")


def spent():
    """A member who has spent 60 of 100 points, and put 20 more aside."""
    return with_points().redeem(60, on=NOW, key="r").hold(20, on=NOW, key="h")


COMMANDS = {
    "accrue": lambda ledger, day: ledger.accrue(5, on=day, key="n"),
    "credit": lambda ledger, day: ledger.credit(5, on=day, key="n", reason=WHY),
    "qualify": lambda ledger, day: ledger.qualify(Qualification(on(1, 1)), on=day, key="n"),
    "redeem": lambda ledger, day: ledger.redeem(5, on=day, key="n"),
    "roll back": lambda ledger, day: ledger.roll_back("r", on=day, key="n"),
    "reverse": lambda ledger, day: ledger.reverse("o", on=day, key="n"),
    "debit": lambda ledger, day: ledger.debit(5, on=day, key="n", reason=WHY),
    "hold": lambda ledger, day: ledger.hold(5, on=day, key="n"),
    "capture": lambda ledger, day: ledger.capture("h", on=day, key="n"),
    "release": lambda ledger, day: ledger.release("h", on=day, key="n"),
    "transfer": lambda ledger, day: transfer(ledger, new(member=BEA), 5, on=day, key="n")[0],
    "transfer to": lambda ledger, day: transfer(
        with_points(member=BEA), ledger, 5, on=day, key="n"
    )[1],
    "merge": lambda ledger, day: merge_members(ledger, new(member=BEA), on=day, key="n")[0],
    "merge into": lambda ledger, day: merge_members(new(member=BEA), ledger, on=day, key="n")[1],
}
NO_HOLD = {"merge into"}


def ready(name):
    """A ledger that takes the command."""
    ledger = spent()
    return ledger.release("h", on=NOW, key="free") if name in NO_HOLD else ledger


@pytest.mark.parametrize("name", COMMANDS)
class TestEveryCommand:
    """What holds for every command."""

    def test_it_adds_one_entry_and_conserves_points(self, name):
        before = ready(name)
        after = COMMANDS[name](before, NOW)
        assert after.entries[:-1] == before.entries
        assert (after.entries[-1].key, after.entries[-1].on) == ("n", NOW)
        assert after.balance(NOW).is_conserved

    def test_a_day_that_is_over_is_refused(self, name):
        with pytest.raises(LedgerRefused):
            COMMANDS[name](ready(name), NOW - DAY)

    @pytest.mark.parametrize("day", ["2026-01-10", datetime(2026, 1, 10, tzinfo=UTC), None])
    def test_a_day_is_a_plain_date(self, name, day):
        with pytest.raises(InvalidValue):
            COMMANDS[name](ready(name), day)

    def test_again_on_any_day_it_changes_nothing(self, name):
        if "transfer" in name or "merge" in name:
            return  # Told for both ledgers below.
        after = COMMANDS[name](ready(name), NOW)
        for day in (NOW - DAY, NOW, NOW + 40 * DAY):
            assert COMMANDS[name](after, day) is after

    def test_after_a_merge_it_is_refused(self, name):
        _, closed = merge_members(
            new(member=CEM), spent().release("h", on=NOW, key="free"), on=NOW, key="m"
        )
        with pytest.raises(ClosedLedger) as refused:
            COMMANDS[name](closed, NOW)
        assert refused.value.survivor == CEM
        assert refused.value.code == "closed-ledger"

    def test_its_key_is_not_free_for_another_command(self, name):
        used = ready(name).qualify(Qualification(NOW, points=9), on=NOW, key="n")
        with pytest.raises(IdempotencyMismatch):
            COMMANDS[name](used, NOW)


class TestSameKeyOtherCommand:
    """Under a key that was used, another command is an error, not a silent no."""

    SHARES = (RuleShare("base", 5),)

    @pytest.mark.parametrize(
        "other",
        [
            {"points": 6},
            {"earned_on": on(1, 8)},
            {"breakdown": SHARES},
            {"qualification": Qualification(NOW, points=5)},
            {"source": "order-9"},
        ],
    )
    def test_of_an_accrual(self, other):
        ledger = new().accrue(5, on=NOW, key="n", earned_on=on(1, 9))
        assert ledger.accrue(5, on=NOW, key="n") is ledger
        assert ledger.accrue(5, on=NOW, key="n", earned_on=on(1, 9)) is ledger
        with pytest.raises(IdempotencyMismatch):
            ledger.accrue(**{"points": 5} | other, on=NOW, key="n")

    def test_of_a_credit(self):
        ledger = new().credit(5, on=NOW, key="n", reason=WHY, earned_on=on(1, 9))
        assert ledger.credit(5, on=NOW, key="n", reason=WHY) is ledger
        assert ledger.credit(5, on=NOW, key="n", reason=WHY, earned_on=on(1, 9)) is ledger
        with pytest.raises(IdempotencyMismatch):
            ledger.credit(6, on=NOW, key="n", reason=WHY)
        with pytest.raises(IdempotencyMismatch):
            ledger.credit(5, on=NOW, key="n", reason=WHY, earned_on=on(1, 8))
        with pytest.raises(IdempotencyMismatch):
            ledger.accrue(5, on=NOW, key="n")

    def test_of_what_counts(self):
        ledger = new().qualify(Qualification(NOW, points=5), on=NOW, key="n")
        with pytest.raises(IdempotencyMismatch):
            ledger.qualify(Qualification(NOW, points=6), on=NOW, key="n")
        with pytest.raises(IdempotencyMismatch):
            ledger.qualify(Qualification(NOW, points=5), on=NOW, key="n", source="o")

    def test_of_a_redemption(self):
        ledger = with_points().redeem(5, on=NOW, key="n", reward="mug")
        assert ledger.redeem(5, on=NOW, key="n", reward="mug") is ledger
        for points, reward in ((6, "mug"), (5, None), (5, "cup")):
            with pytest.raises(IdempotencyMismatch):
                ledger.redeem(points, on=NOW, key="n", reward=reward)
        with pytest.raises(IdempotencyMismatch):
            ledger.hold(5, on=NOW, key="n")
        with pytest.raises(IdempotencyMismatch):
            ledger.debit(5, on=NOW, key="n", reason=WHY)

    def test_of_a_rollback(self):
        ledger = spent().redeem(5, on=NOW, key="s").roll_back("r", 10, on=NOW, key="n")
        assert ledger.roll_back("r", 10, on=NOW, key="n") is ledger
        assert ledger.roll_back("r", on=NOW, key="n") is ledger
        assert ledger.roll_back("r", 10, on=NOW, key="n", member=ANNA) is ledger
        for what, points, member in (("r", 11, None), ("s", 10, None), ("r", 10, BEA)):
            with pytest.raises(IdempotencyMismatch):
                ledger.roll_back(what, points, on=NOW, key="n", member=member)

    def test_of_a_reversal(self):
        counts = Qualification(NOW, points=-1)
        ledger = with_points().accrue(5, on=NOW, key="p")
        ledger = ledger.reverse("o", 10, on=NOW, key="n", qualification=counts)
        assert ledger.reverse("o", 10, on=NOW, key="n") is ledger
        assert ledger.reverse("o", on=NOW, key="n", qualification=counts) is ledger
        assert ledger.reverse("o", 10, on=NOW, key="n", member=ANNA) is ledger
        others: list[tuple[str, dict]] = [
            ("o", {"points": 11}),
            ("p", {"points": 10}),
            ("o", {"points": 10, "member": BEA}),
            ("o", {"points": 10, "qualification": Qualification(NOW, points=-2)}),
            ("o", {"points": 10, "breakdown": [RuleShare("base", -10)]}),
        ]
        for what, other in others:
            with pytest.raises(IdempotencyMismatch):
                ledger.reverse(what, on=NOW, key="n", **other)

    def test_of_a_debit(self):
        ledger = with_points().debit(5, on=NOW, key="n", reason=WHY)
        with pytest.raises(IdempotencyMismatch):
            ledger.debit(6, on=NOW, key="n", reason=WHY)
        with pytest.raises(IdempotencyMismatch):
            ledger.redeem(5, on=NOW, key="n")

    def test_of_a_hold(self):
        ledger = with_points().hold(5, on=NOW, key="n", lapses_on=on(1, 12))
        for points, lapses in ((6, on(1, 12)), (5, None), (5, on(1, 13))):
            with pytest.raises(IdempotencyMismatch):
                ledger.hold(points, on=NOW, key="n", lapses_on=lapses)

    def test_of_a_capture(self):
        ledger = spent().hold(5, on=NOW, key="i").capture("h", 8, on=NOW, key="n", reward="mug")
        assert ledger.capture("h", on=NOW, key="n", reward="mug") is ledger
        for hold, points, reward in (("h", 9, "mug"), ("i", 8, "mug"), ("h", 8, None)):
            with pytest.raises(IdempotencyMismatch):
                ledger.capture(hold, points, on=NOW, key="n", reward=reward)

    def test_of_a_release(self):
        ledger = spent().hold(5, on=NOW, key="i").release("h", on=NOW, key="n")
        with pytest.raises(IdempotencyMismatch):
            ledger.release("i", on=NOW, key="n")
        with pytest.raises(IdempotencyMismatch):
            ledger.capture("h", on=NOW, key="n")

    def test_of_a_transfer(self):
        anna, bea = transfer(with_points(), new(member=BEA), 5, on=NOW, key="n")
        assert transfer(anna, bea, 5, on=NOW + DAY, key="n") == (anna, bea)
        with pytest.raises(IdempotencyMismatch):
            transfer(anna, bea, 6, on=NOW, key="n")
        with pytest.raises(IdempotencyMismatch):
            transfer(anna, new(member=CEM), 5, on=NOW, key="n")
        used = with_points(member=BEA).redeem(5, on=NOW, key="n")
        with pytest.raises(IdempotencyMismatch):
            transfer(with_points(), used, 5, on=NOW, key="n")
        with pytest.raises(IdempotencyMismatch):
            transfer(with_points(member=CEM), bea, 5, on=NOW, key="n")
        with pytest.raises(IdempotencyMismatch):
            transfer(with_points(), bea, 6, on=NOW, key="n")

    def test_of_a_merge(self):
        both, gone = merge_members(with_points(), with_points(member=BEA), on=NOW, key="n")
        assert merge_members(both, gone, on=NOW + DAY, key="n") == (both, gone)
        with pytest.raises(IdempotencyMismatch):
            merge_members(new(member=CEM), gone, on=NOW, key="n")
        with pytest.raises(IdempotencyMismatch):
            merge_members(both, new(member=CEM), on=NOW, key="n")
        used = with_points(member=BEA).redeem(1, on=NOW, key="n")
        with pytest.raises(IdempotencyMismatch):
            merge_members(new(), used, on=NOW, key="n")


class TestRefusals:
    """What cannot be is refused, by an error that says why, and nothing is changed."""

    @pytest.mark.parametrize("name", ["redeem", "hold", "transfer"])
    def test_more_than_there_is(self, name):
        ledger = with_points(4, LOCKED).accrue(5, on=on(1, 12), key="p")
        with pytest.raises(InsufficientPoints) as refused:
            COMMANDS[name](ledger, on(1, 15))
        assert (refused.value.wanted, refused.value.available) == (5, 4)
        assert refused.value.code == "insufficient-points"

    def test_more_to_debit_than_there_is_even_locked(self):
        ledger = with_points(4, LOCKED)
        assert figures(ledger.debit(4, on=NOW, key="d", reason=WHY), NOW) == (0, 0, 0, 0, 0)
        with pytest.raises(InsufficientPoints) as refused:
            ledger.debit(5, on=NOW, key="d", reason=WHY)
        assert refused.value.available == 4

    @pytest.mark.parametrize("reason", ["", "  ", None])
    def test_by_hand_without_a_reason(self, reason):
        with pytest.raises(InvalidValue):
            with_points().credit(1, on=NOW, key="n", reason=reason)
        with pytest.raises(InvalidValue):
            with_points().debit(1, on=NOW, key="n", reason=reason)

    def test_earned_after_it_is_posted(self):
        with pytest.raises(InvalidValue):
            new().accrue(1, on=NOW, key="n", earned_on=NOW + DAY)
        with pytest.raises(InvalidValue):
            new().credit(1, on=NOW, key="n", earned_on=NOW + DAY, reason=WHY)

    def test_a_rollback_of_what_was_never_redeemed(self):
        for what in ("o", "h", "nothing"):
            with pytest.raises(LedgerRefused):
                spent().roll_back(what, on=NOW, key="n")

    @pytest.mark.parametrize("points", [0, 61, -1])
    def test_a_rollback_of_more_than_was_redeemed(self, points):
        with pytest.raises(LedgerRefused if points > 0 else InvalidValue):
            spent().roll_back("r", points, on=NOW, key="n")

    def test_a_rollback_of_more_than_is_left(self):
        ledger = spent().roll_back("r", 50, on=NOW, key="b")
        with pytest.raises(LedgerRefused):
            ledger.roll_back("r", 11, on=NOW, key="n")
        assert figures(ledger.roll_back("r", on=NOW, key="n"), NOW) == (80, 0, 20, 0, 0)

    def test_a_return_of_what_was_never_earned(self):
        ledger = spent().credit(5, on=NOW, key="c", reason=WHY)
        for what in ("r", "c", "nothing"):
            with pytest.raises(LedgerRefused):
                ledger.reverse(what, on=NOW, key="n")

    @pytest.mark.parametrize("points", [0, -1, 101])
    def test_a_return_of_more_than_was_earned(self, points):
        with pytest.raises(LedgerRefused if points > 0 else InvalidValue):
            spent().reverse("o", points, on=NOW, key="n")

    def test_somebody_who_was_never_merged(self):
        with pytest.raises(LedgerRefused):
            spent().reverse("o", on=NOW, key="n", member=BEA)
        with pytest.raises(LedgerRefused):
            spent().roll_back("r", on=NOW, key="n", member=BEA)

    def test_a_hold_that_lapses_on_its_own_day(self):
        for day in (NOW, NOW - DAY):
            with pytest.raises(LedgerRefused):
                with_points().hold(1, on=NOW, key="n", lapses_on=day)

    @pytest.mark.parametrize("hold", ["r", "o", "nothing"])
    def test_a_hold_that_does_not_stand(self, hold):
        with pytest.raises(LedgerRefused):
            spent().capture(hold, on=NOW, key="n")
        with pytest.raises(LedgerRefused):
            spent().release(hold, on=NOW, key="n")

    def test_a_hold_that_was_settled(self):
        for ledger in (
            spent().capture("h", 1, on=NOW, key="c"),
            spent().release("h", on=NOW, key="c"),
        ):
            with pytest.raises(LedgerRefused):
                ledger.capture("h", on=NOW, key="n")
            with pytest.raises(LedgerRefused):
                ledger.release("h", on=NOW, key="n")

    def test_more_than_is_held(self):
        with pytest.raises(InsufficientPoints) as refused:
            spent().capture("h", 21, on=NOW, key="n")
        assert (refused.value.wanted, refused.value.available) == (21, 20)

    def test_a_gift_to_oneself(self):
        with pytest.raises(InvalidValue):
            transfer(with_points(), new(), 1, on=NOW, key="n")
        with pytest.raises(InvalidValue):
            merge_members(with_points(), new(), on=NOW, key="n")

    def test_a_merge_in_the_middle_of_a_checkout(self):
        with pytest.raises(LedgerRefused):
            merge_members(new(member=BEA), spent(), on=NOW, key="n")
        both, _ = merge_members(spent(), with_points(5, member=BEA), on=NOW, key="n")
        assert figures(both, NOW) == (25, 0, 20, 0, 0)

    def test_keys_and_members_that_could_not_serve_as_such(self):
        for key in ("", " o", "o\n", "o\0"):
            with pytest.raises(InvalidIdentifier):
                new().accrue(1, on=NOW, key=key)
            with pytest.raises(InvalidIdentifier):
                PointsLedger(CustomerId(key), A_YEAR)

    def test_a_time_without_a_zone(self):
        with pytest.raises(NaiveDatetime):
            new().accrue(1, on=NOW, key="n", recorded_at=datetime(2026, 1, 10))  # noqa: DTZ001

    def test_a_breakdown_that_does_not_add_up(self):
        with pytest.raises(InvalidValue):
            new().accrue(5, on=NOW, key="n", breakdown=[RuleShare("base", 4)])
        with pytest.raises(InvalidValue):
            with_points().reverse("o", 5, on=NOW, key="n", breakdown=[RuleShare("base", -4)])


class TestOnTheDay:
    """First days, last days, and the days between."""

    def test_a_lot_can_be_spent_from_its_first_day_through_its_last(self):
        ledger = with_points(10, LOCKED)
        for day in (on(1, 14), on(2, 1)):
            with pytest.raises(InsufficientPoints):
                ledger.redeem(1, on=day, key="r")
        for day in (on(1, 15), on(1, 31)):
            assert figures(ledger.redeem(10, on=day, key="r"), day)[0] == 0

    def test_a_balance_from_its_first_day_through_its_last(self):
        ledger = with_points(10, LOCKED)
        assert figures(ledger, on(1, 14)) == (0, 10, 0, 0, 0)
        assert figures(ledger, on(1, 15)) == (10, 0, 0, 0, 0)
        assert figures(ledger, on(1, 31)) == (10, 0, 0, 0, 0)
        assert figures(ledger, on(2, 1)) == (0, 0, 0, 0, 10)

    def test_a_hold_stands_through_the_day_before_it_lapses(self):
        ledger = with_points(10).hold(4, on=NOW, key="h", lapses_on=on(1, 12))
        assert figures(ledger, on(1, 11)) == (6, 0, 4, 0, 0)
        assert figures(ledger, on(1, 12)) == (10, 0, 0, 0, 0)
        assert ledger.capture("h", on=on(1, 11), key="c").balance(on(1, 11)).redeemed == 4
        for day in (on(1, 12), on(1, 13)):
            with pytest.raises(LedgerRefused):
                ledger.capture("h", on=day, key="c")
            with pytest.raises(LedgerRefused):
                ledger.release("h", on=day, key="c")

    def test_a_hold_that_lapses_on_the_last_day_of_its_points_gives_them_back_for_that_day(self):
        ledger = with_points(10, TEN_DAYS).hold(4, on=NOW, key="h", lapses_on=on(1, 11))
        assert figures(ledger, on(1, 11)) == (10, 0, 0, 0, 0)
        assert figures(ledger, on(1, 12)) == (0, 0, 0, 0, 10)

    def test_a_hold_that_lapses_a_day_later_gives_back_nothing(self):
        ledger = with_points(10, TEN_DAYS).hold(4, on=NOW, key="h", lapses_on=on(1, 12))
        assert figures(ledger, on(1, 11)) == (6, 0, 4, 0, 0)
        assert figures(ledger, on(1, 12)) == (0, 0, 0, 0, 10)

    def test_what_is_held_stays_when_the_rest_of_its_lot_expires(self):
        ledger = with_points(10, TEN_DAYS).hold(4, on=NOW, key="h")
        assert figures(ledger, on(1, 12)) == (0, 0, 4, 0, 6)
        later = ledger.accrue(1, on=on(1, 13), key="p").capture("h", on=on(1, 14), key="c")
        assert figures(later, on(1, 14)) == (1, 0, 0, 0, 6)

    def test_points_that_lapse_pay_a_debt_unless_their_last_day_is_over(self):
        ledger = with_points(10, TEN_DAYS).hold(10, on=NOW, key="h", lapses_on=on(1, 11))
        ledger = ledger.reverse("o", on=NOW, key="x")
        assert figures(ledger, on(1, 11)) == (0, 0, 0, 0, 0)
        ledger = with_points(10, TEN_DAYS).hold(10, on=NOW, key="h", lapses_on=on(1, 12))
        ledger = ledger.reverse("o", on=NOW, key="x")
        assert figures(ledger, on(1, 12)) == (0, 0, 0, 10, 10)

    def test_points_that_are_released_pay_a_debt(self):
        ledger = spent().reverse("o", on=NOW, key="x")
        assert figures(ledger, NOW) == (0, 0, 20, 80, 0)
        released = ledger.release("h", on=NOW, key="y")
        assert figures(released, NOW) == (0, 0, 0, 60, 0)
        captured = ledger.capture("h", 5, on=NOW, key="y")
        assert figures(captured, NOW) == (0, 0, 0, 65, 0)

    def test_points_that_are_back_pay_a_debt(self):
        ledger = spent().release("h", on=NOW, key="f").reverse("o", on=NOW, key="x")
        assert figures(ledger, NOW) == (0, 0, 0, 60, 0)
        assert figures(ledger.roll_back("r", on=NOW, key="b"), NOW) == (0, 0, 0, 0, 0)
        assert figures(ledger.roll_back("r", 25, on=NOW, key="b"), NOW) == (0, 0, 0, 35, 0)

    def test_points_that_somebody_gives_pay_a_debt(self):
        bea = with_points(member=BEA).redeem(100, on=NOW, key="r").reverse("o", on=NOW, key="x")
        _, bea = transfer(with_points(), bea, 40, on=NOW, key="gift")
        assert figures(bea, NOW) == (0, 0, 0, 60, 0)

    def test_gifts_of_somebody_with_a_hold_that_lapsed(self):
        bea = with_points(50, member=BEA).hold(50, on=on(1, 1), key="h", lapses_on=on(1, 5))
        bea = bea.reverse("o", on=on(1, 2), key="x")
        _, bea = transfer(with_points(), bea, 40, on=NOW, key="gift")
        assert figures(bea, NOW) == (40, 0, 0, 0, 0)

    @pytest.mark.parametrize(
        ("terms", "earned", "last_day"),
        [
            (MONTH_END, date(2024, 2, 29), date(2024, 2, 29)),
            (MONTH_END, date(2026, 1, 31), date(2026, 1, 31)),
            (MONTH_END, date(2026, 12, 1), date(2026, 12, 31)),
            (A_YEAR, date(2024, 2, 29), date(2025, 2, 28)),
        ],
    )
    def test_awkward_days(self, terms, earned, last_day):
        ledger = new(terms).accrue(10, on=earned, key="o")
        assert figures(ledger, last_day) == (10, 0, 0, 0, 0)
        assert figures(ledger, last_day + DAY) == (0, 0, 0, 0, 10)

    def test_expiring_names_the_last_days_in_order(self):
        ledger = with_points(10, TEN_DAYS).accrue(5, on=on(1, 2), key="p")
        ledger = ledger.accrue(6, on=on(1, 3), earned_on=on(1, 2), key="q")
        ledger = evolve(ledger, terms=LedgerTerms()).accrue(7, on=on(1, 3), key="s")
        both = (Expiring(on(1, 11), 10), Expiring(on(1, 12), 11))
        assert ledger.expiring(on(1, 3), on(1, 12)) == both
        assert ledger.expiring(on(1, 3), on(1, 11)) == both[:1]
        assert ledger.expiring(on(1, 12), on(1, 31)) == both[1:]
        assert ledger.expiring(on(1, 3), on(1, 10)) == ()
        assert ledger.expiring(on(1, 1), on(1, 31)) == both[:1]
        held = ledger.hold(10, on=on(1, 4), key="h")
        assert held.expiring(on(1, 4), on(1, 31)) == both[1:]

    def test_locked_points_expire_too(self):
        assert with_points(10, LOCKED).expiring(NOW, on(1, 31)) == (Expiring(on(1, 31), 10),)

    def test_a_day_asked_about_is_a_plain_date(self):
        ledger = with_points()
        for wrong in ("2026-01-10", datetime(2026, 1, 10, tzinfo=UTC)):
            for ask in (ledger.balance, ledger.as_of, ledger.account.balance):
                with pytest.raises(InvalidValue):
                    ask(wrong)
            with pytest.raises(InvalidValue):
                ledger.expiring(NOW, wrong)
            with pytest.raises(InvalidValue):
                ledger.expiring(wrong, NOW)


class TestMerged:
    """Two members turn out to be one customer, and what each did can still be undone."""

    def two(self):
        """Both bought and spent, under the same keys."""
        anna = with_points(100, A_YEAR).redeem(30, on=on(1, 2), key="r")
        bea = with_points(50, TEN_DAYS, BEA).redeem(20, on=on(1, 2), key="r")
        return merge_members(anna, bea, on=on(1, 5), key="m")

    def test_the_survivor_has_everything(self):
        both, gone = self.two()
        assert figures(both, on(1, 5)) == (100, 0, 0, 0, 0)
        assert lots(both, on(1, 5)) == {"bea:o": (30, on(1, 11)), "o": (70, on(1, 1, 2027))}
        assert figures(gone, on(1, 5)) == (0, 0, 0, 0, 0)
        assert gone.balance(on(1, 5)).transferred_out == 30
        assert both.balance(on(1, 5)).received == 30

    def test_each_name_has_its_own_keys(self):
        both, _ = self.two()
        hers = both.reverse("o", on=on(1, 6), key="x", member=BEA)
        assert last(hers).points == 50
        assert figures(hers, on(1, 6)) == (50, 0, 0, 0, 0)
        own = both.reverse("o", on=on(1, 6), key="x")
        assert last(own).points == 100
        assert figures(own, on(1, 6)) == (0, 0, 0, 0, 0)
        back = both.roll_back("r", on=on(1, 6), key="x", member=BEA)
        assert lots(back, on(1, 6)) == {"bea:o": (50, on(1, 11)), "o": (70, on(1, 1, 2027))}
        assert both.roll_back("r", on=on(1, 6), key="x").balance(on(1, 6)).available == 130

    def test_what_was_undone_before_the_merge_is_not_undone_again(self):
        bea = with_points(50, member=BEA).redeem(20, on=on(1, 2), key="r")
        bea = bea.roll_back("r", 15, on=on(1, 3), key="b").reverse("o", 30, on=on(1, 3), key="x")
        both, _ = merge_members(new(), bea, on=on(1, 5), key="m")
        with pytest.raises(LedgerRefused):
            both.roll_back("r", 6, on=on(1, 6), key="c", member=BEA)
        with pytest.raises(LedgerRefused):
            both.reverse("o", 21, on=on(1, 6), key="y", member=BEA)
        both = both.roll_back("r", on=on(1, 6), key="c", member=BEA)
        both = both.reverse("o", on=on(1, 6), key="y", member=BEA)
        assert figures(both, on(1, 6)) == (0, 0, 0, 0, 0)
        for undo, what in ((both.roll_back, "r"), (both.reverse, "o")):
            with pytest.raises(LedgerRefused):
                undo(what, on=on(1, 6), key="z", member=BEA)

    def test_nor_what_expired_before_it_or_after(self):
        bea = with_points(50, TEN_DAYS, BEA).redeem(20, on=on(1, 2), key="r")
        late, _ = merge_members(new(), bea, on=on(1, 20), key="m")
        late = late.reverse("o", on=on(1, 21), key="x", member=BEA)
        assert (last(late).expired, last(late).deficit) == (30, 20)
        early, _ = merge_members(new(), bea, on=on(1, 5), key="m")
        early = early.reverse("o", on=on(1, 21), key="x", member=BEA)
        assert (last(early).expired, last(early).deficit) == (30, 20)

    def test_and_after_a_merge_of_a_merge(self):
        cem = with_points(50, TEN_DAYS, CEM).redeem(20, on=on(1, 2), key="r")
        bea = with_points(7, A_YEAR, BEA)
        bea, _ = merge_members(bea, cem, on=on(1, 3), key="m1")
        bea = bea.roll_back("r", 5, on=on(1, 4), key="b", member=CEM)
        bea = bea.reverse("o", 10, on=on(1, 4), key="x", member=CEM)
        anna, _ = merge_members(new(), bea, on=on(1, 5), key="m2")
        assert lots(anna, on(1, 5)) == {
            "bea:cem:o": (25, on(1, 11)),
            "bea:o": (7, on(1, 1, 2027)),
        }
        back = anna.roll_back("r", on=on(1, 6), key="c", member=CEM)
        assert last(back).lots[0].points == 15
        assert lots(back, on(1, 6))["bea:cem:o"] == (40, on(1, 11))
        late = anna.reverse("o", on=on(1, 12), key="y", member=CEM)
        assert (last(late).expired, last(late).points) == (25, 40)
        assert lots(late, on(1, 12)) == {}
        assert late.balance(on(1, 12)).deficit == 8
        with pytest.raises(LedgerRefused):
            late.reverse("o", on=on(1, 12), key="z", member=CEM)

    def test_what_expired_on_the_way_is_counted_on_the_way(self):
        cem = with_points(10, TEN_DAYS, CEM)
        bea, _ = merge_members(new(member=BEA), cem, on=on(1, 3), key="m1")
        anna, _ = merge_members(new(), bea, on=on(1, 20), key="m2")
        gone = anna.reverse("o", on=on(1, 21), key="x", member=CEM)
        assert (last(gone).expired, last(gone).deficit) == (10, 0)

    def test_what_one_owes_the_other_pays(self):
        owing = with_points(10, member=BEA).redeem(10, on=NOW, key="r")
        owing = owing.reverse("o", on=NOW, key="x")
        one, _ = merge_members(with_points(25), owing, on=NOW, key="m")
        assert figures(one, NOW) == (15, 0, 0, 0, 0)
        other, gone = merge_members(owing, with_points(25), on=NOW, key="m")
        assert figures(other, NOW) == (15, 0, 0, 0, 0)
        assert gone.balance(NOW).is_conserved
        poor, _ = merge_members(with_points(4), owing, on=NOW, key="m")
        assert figures(poor, NOW) == (0, 0, 0, 6, 0)

    def test_a_merge_that_is_finished_later_pays_with_nothing_that_expired(self):
        """The ledger of the one who went was kept, that of the survivor is posted a month later."""
        owing = with_points(10, TEN_DAYS).redeem(10, on=on(1, 1), key="r")
        owing = owing.reverse("o", on=on(1, 2), key="x")
        bea = with_points(4, TEN_DAYS, BEA)
        _, gone = merge_members(owing, bea, on=on(1, 5), key="m")
        late, _ = merge_members(owing, gone, on=on(2, 5), key="m")
        assert figures(late, on(2, 5)) == (0, 0, 0, 10, 4)

    def test_what_counted_for_one_counts_for_both(self):
        counts = Qualification(on(1, 1), points=5, spend=Money("9.99", "EUR"), visits=1)
        bea = new(member=BEA).accrue(50, on=on(1, 1), key="o", qualification=counts)
        both, _ = merge_members(with_points(), bea, on=on(1, 5), key="m")
        both = both.reverse("o", 10, on=on(1, 6), key="x", member=BEA)
        both = both.reverse("o", on=on(1, 7), key="y", member=BEA)
        known = both.qualifications()
        assert sum(each.points for each in known) == 0
        assert [each.visits for each in known] == [1, 0, -1]
        assert [each.spend for each in known] == [
            Money("9.99", "EUR"),
            Money("-1.99", "EUR"),
            Money("-8.00", "EUR"),
        ]

    def test_gifts_that_went_on_are_not_followed(self):
        anna, bea = transfer(with_points(10), new(member=BEA), 10, on=NOW, key="gift")
        assert figures(anna.reverse("o", on=NOW, key="x"), NOW) == (0, 0, 0, 10, 0)
        with pytest.raises(LedgerRefused):
            bea.reverse("gift", on=NOW, key="x")

    def test_of_several_who_were_merged_each_is_found_by_name(self):
        both, _ = self.two()
        cem = with_points(5, member=CEM).redeem(2, on=on(1, 2), key="r")
        all_three, _ = merge_members(both, cem, on=on(1, 6), key="m2")
        back = all_three.roll_back("r", on=on(1, 6), key="b", member=CEM)
        assert lots(back, on(1, 6))["cem:o"] == (5, on(1, 1, 2027))
        assert lots(back, on(1, 6))["bea:o"] == (30, on(1, 11))
        with pytest.raises(LedgerRefused):
            all_three.reverse("o", on=on(1, 6), key="x", member=CustomerId("dan"))

    def test_merging_in_a_circle_is_refused(self):
        both, gone = self.two()
        with pytest.raises(ClosedLedger):
            merge_members(gone, both, on=on(1, 6), key="again")


class TestGifts:
    """Points that are given expire when they would have there."""

    def test_they_keep_all_their_days(self):
        anna = with_points(10, LOCKED).accrue(5, on=on(1, 2), key="p")
        _, bea = transfer(anna, new(A_YEAR, BEA), 12, on=on(1, 16), key="gift")
        assert lots(bea, on(1, 16)) == {
            "gift:1": (10, on(1, 31)),
            "gift:2": (2, on(2, 1)),
        }

    def test_locked_points_are_not_given(self):
        with pytest.raises(InsufficientPoints):
            transfer(with_points(10, LOCKED), new(member=BEA), 1, on=on(1, 14), key="gift")

    def test_a_gift_that_arrives_late_is_finished_and_not_given_twice(self):
        anna, _ = transfer(with_points(10, TEN_DAYS), new(member=BEA), 4, on=NOW, key="gift")
        again, bea = transfer(anna, new(member=BEA), 4, on=on(1, 11), key="gift")
        assert again is anna
        assert figures(bea, on(1, 11)) == (4, 0, 0, 0, 0)
        _, late = transfer(anna, new(member=BEA), 4, on=on(1, 12), key="gift")
        assert figures(late, on(1, 12)) == (0, 0, 0, 0, 4)


class TestWhatEntriesSay:
    """An entry says what it did, when, by whom and why."""

    def test_every_command_writes_its_own(self):
        said = {
            name: type(COMMANDS[name](ready(name), NOW).entries[-1].posting) for name in COMMANDS
        }
        assert said == {
            "accrue": Accrual,
            "credit": Credit,
            "qualify": Qualified,
            "redeem": Redemption,
            "roll back": Rollback,
            "reverse": Reversal,
            "debit": Debit,
            "hold": Hold,
            "capture": Capture,
            "release": Release,
            "transfer": TransferOut,
            "transfer to": TransferIn,
            "merge": MergedFrom,
            "merge into": MergedInto,
        }

    def test_notes_are_kept(self):
        at = datetime(2026, 1, 10, 9, tzinfo=UTC)
        note = {"recorded_at": at, "by": Actor("till 3")}
        ledger = new().accrue(5, on=NOW, key="a", reason="a test", **note)
        entry = ledger.entry("a")
        assert (entry.recorded_at, entry.by, entry.reason) == (at, "till 3", "a test")
        given = ledger.credit(5, on=NOW, key="b", reason=WHY, **note).entry("b")
        assert (given.recorded_at, given.by, given.reason) == (at, "till 3", WHY)
        assert ledger.entry("nothing") is None

    def test_what_was_earned_with_what_is_kept(self):
        shares = [RuleShare("base", 3), RuleShare("tuesday", 2)]
        ledger = new().accrue(5, on=NOW, key="a", breakdown=shares, source="order-9")
        assert last(ledger).breakdown == tuple(shares)
        assert last(ledger).source == "order-9"
        ledger = ledger.reverse("a", 2, on=NOW, key="x", breakdown=[RuleShare("tuesday", -2)])
        assert last(ledger).breakdown == (RuleShare("tuesday", -2),)

    def test_what_pays_a_debt_is_named(self):
        ledger = with_points(10).redeem(10, on=NOW, key="r").reverse("o", on=NOW, key="x")
        ledger = ledger.accrue(25, on=NOW, key="p")
        assert last(ledger).settled == (Lot("p", 10, NOW, NOW, on(1, 10, 2027)),)

    def test_a_statement_tells_of_expiry_and_lapse_on_their_days(self):
        ledger = with_points(10, TEN_DAYS).hold(4, on=NOW, key="h", lapses_on=on(1, 20))
        lines = list(ledger.statement(on(2, 1)))
        assert lines[:2] == list(ledger.entries)
        lot = ledger.entries[0].posting.lot
        assert lines[2:] == [
            Passed(on(1, 12), expired=(lot.part(6),)),
            Passed(on(1, 20), lapsed="h"),
            Passed(on(1, 20), expired=(lot.part(4),)),
        ]
        assert list(ledger.statement(on(1, 1))) == [ledger.entries[0]]

    def test_a_statement_tells_of_what_had_expired_as_it_came(self):
        ledger = new(TEN_DAYS).accrue(9, on=on(3, 1), earned_on=on(1, 1), key="o")
        lines = list(ledger.statement(on(3, 1)))
        assert lines == [ledger.entries[0], Passed(on(3, 1), expired=(last(ledger).lot,))]

    def test_a_lapse_that_pays_says_so(self):
        ledger = with_points(10).hold(10, on=NOW, key="h", lapses_on=on(1, 12))
        ledger = ledger.reverse("o", 3, on=NOW, key="x")
        lot = ledger.entries[0].posting.lot
        assert list(ledger.statement(on(1, 12)))[3:] == [
            Passed(on(1, 12), lapsed="h", settled=(lot.part(3),))
        ]

    def test_what_counts_for_the_tier_comes_from_purchases_and_returns(self):
        bought = Qualification(on(1, 1), points=10, spend=Money("10", "EUR"), visits=1, key="o")
        ledger = new().accrue(10, on=on(1, 1), key="o", qualification=bought)
        other = Qualification(NOW, visits=1)
        ledger = ledger.qualify(other, on=NOW, key="q").reverse("o", 5, on=NOW, key="x")
        back = Qualification(NOW, points=-5, spend=Money("-5", "EUR"), earned_on=on(1, 1), key="o")
        assert ledger.qualifications() == (bought, other, back)

    def test_a_return_may_say_itself_what_no_longer_counts(self):
        bought = Qualification(on(1, 1), points=10)
        ledger = new().accrue(10, on=on(1, 1), key="o", qualification=bought)
        said = Qualification(NOW, points=-7)
        ledger = ledger.reverse("o", 5, on=NOW, key="x", qualification=said)
        assert ledger.qualifications() == (bought, said)

    def test_points_without_a_purchase_count_nothing(self):
        assert with_points().reverse("o", on=NOW, key="x").qualifications() == ()


class TestSnapshots:
    """A ledger goes on from an account, without the entries before it."""

    def goes_on(self):
        ledger = spent()
        return PointsLedger.continued(ANNA, ledger.terms, ledger.account)

    def test_it_knows_what_there_is_and_takes_commands(self):
        ledger = self.goes_on()
        assert not ledger.is_whole
        assert spent().is_whole
        assert figures(ledger, NOW) == figures(spent(), NOW)
        after = ledger.redeem(5, on=NOW, key="n")
        assert figures(after, NOW) == (15, 0, 20, 0, 0)
        assert after.redeem(5, on=NOW, key="n") is after
        assert not after.is_whole

    def test_it_does_not_look_back(self):
        ledger = self.goes_on()
        asks = [
            lambda: ledger.reverse("o", on=NOW, key="n"),
            lambda: ledger.roll_back("r", on=NOW, key="n"),
            lambda: ledger.balance(NOW - DAY),
            lambda: ledger.expiring(NOW - DAY, NOW),
            lambda: ledger.as_of(NOW - DAY),
            lambda: ledger.known_by(datetime(2026, 1, 1, tzinfo=UTC)),
            lambda: ledger.statement(NOW),
            ledger.qualifications,
        ]
        for ask in asks:
            with pytest.raises(LedgerRefused):
                ask()

    def test_nor_does_one_that_took_over_such_a_one(self):
        bea = with_points(member=BEA)
        bea = PointsLedger.continued(BEA, bea.terms, bea.account)
        both, _ = merge_members(with_points(), bea, on=NOW, key="m")
        assert not both.is_whole
        with pytest.raises(LedgerRefused):
            both.qualifications()


class TestEntriesOfSomebodyElse:
    """Entries come from a store, and a ledger refuses what cannot be true of it."""

    def test_a_key_is_in_a_ledger_once(self):
        ledger = with_points()
        entry = LedgerEntry("o", NOW, Redemption(lots=[ledger.account.lots[0].part(5)]))
        with pytest.raises(LedgerRefused):
            ledger.posted(entry)
        with pytest.raises(LedgerRefused):
            PointsLedger(ANNA, A_YEAR, entries=[*ledger.entries, entry])
        assert ledger.posted(evolve(entry, key="r")).balance(NOW).redeemed == 5

    def test_entries_stand_in_the_order_of_their_days(self):
        ledger = with_points().redeem(5, on=NOW, key="r").accrue(1, on=on(1, 20), key="p")
        first, second, third = ledger.entries
        with pytest.raises(LedgerRefused):
            PointsLedger(ANNA, A_YEAR, entries=[first, third, second])

    def test_terms_that_clamp_and_terms_that_do_not(self):
        for terms, owed in ((A_YEAR, 60), (CLAMPED, 0)):
            ledger = with_points(60, terms).redeem(60, on=NOW, key="r")
            assert ledger.reverse("o", on=NOW, key="x").balance(NOW).deficit == owed
