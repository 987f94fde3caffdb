"""What the playbooks need beyond the annotations of their classes, to draw values of them."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from attrs import evolve

from crmkit.business_time import BusinessCalendar
from crmkit.complaints import Level, RecoveryLevel, RecoveryTerm, ValueBasedRecovery
from crmkit.decision import Decision
from crmkit.errors import MissingExtra
from crmkit.identifiers import CustomerId
from crmkit.money import Money
from crmkit.playbooks import (
    GoodwillCap,
    MemberClass,
    MemberComplaintFacts,
    MemberRecoveryPolicy,
    PastComplaint,
    RecoveryOffer,
    RepeatTerms,
    ValueClasses,
)
from crmkit.testing.drawing import Maker, drawn_from, values_in, with_fields
from crmkit.testing.drawing_shared import LADDER, earned_tiers
from crmkit.tiering import TierLadder

try:
    from hypothesis import strategies as st
except ImportError:
    raise MissingExtra("hypothesis", "testing") from None

__all__ = ["MAKERS"]

Strategy = st.SearchStrategy
Draw = Callable[[Strategy[Any]], Any]

_KEYS = drawn_from(str, "EUR")


@st.composite
def _member_complaints(draw: Draw, currency: str) -> MemberComplaintFacts:
    """The rooms decided about this member, by the day of the question."""
    member = draw(_KEYS)
    at = draw(drawn_from(datetime, currency))
    today: date = at.date()
    past = [
        draw(
            with_fields(
                PastComplaint,
                complaint=st.just(f"K-{number}"),
                on=st.integers(0, 800).map(lambda days: today - timedelta(days=days)),
            )(currency)
        )
        for number in range(draw(st.integers(0, 3)))
    ]
    worth = st.builds(
        lambda outcome: Decision(outcome, "value", today, (), subject=CustomerId(member)),
        _KEYS | values_in(Money, currency),
    )
    table = with_fields(
        MemberComplaintFacts,
        member=st.just(member),
        complaint=st.just("K-now"),
        at=st.just(at),
        as_of=st.just(today),
        tier=earned_tiers(member, today),
        value=st.none() | worth,
        past=st.just(tuple(past)),
    )
    return draw(table(currency))  # type: ignore[no-any-return]


# --- policies -------------------------------------------------------------------------------------


def _offers(currency: str) -> Strategy[RecoveryOffer]:
    """With a call there are a caller and a time, without one neither."""
    silent = with_fields(RecoveryOffer, caller=st.none(), call_within=st.none())
    hours = st.integers(1, 72).map(lambda count: timedelta(hours=count))
    return silent(currency) | with_fields(RecoveryOffer, caller=_KEYS, call_within=hours)(currency)


@st.composite
def _policies(draw: Draw, currency: str) -> MemberRecoveryPolicy:
    """Every tier has a class, and every level of amends its offer."""
    levels = [RecoveryLevel(name, [f"{name} by letter"]) for name in ("apology", "amends")]
    names = draw(st.lists(_KEYS, min_size=len(LADDER), max_size=len(LADDER), unique=True))
    graves = list(Level)[draw(st.integers(0, len(Level) - 1)) :]  # Never less for the graver.
    return MemberRecoveryPolicy(
        tiers=TierLadder(LADDER),
        values=ValueClasses(["any"]),
        classes=[
            MemberClass(name=name, tiers=[tier.name], values=["any"])
            for name, tier in zip(names, LADDER, strict=True)
        ],
        recovery=ValueBasedRecovery(
            terms=[RecoveryTerm(classes=[names[-1]], severities=graves, level=levels[1])],
            rest=levels[0],
        ),
        offers=[
            RecoveryOffer(level=levels[0]),
            evolve(draw(_offers(currency)), level=levels[1]),
        ],
        cap=draw(values_in(GoodwillCap, currency)),
        calendar=draw(values_in(BusinessCalendar, currency)),
        repeats=draw(st.none() | _REPEATS),
    )


_REPEATS = st.builds(
    RepeatTerms,
    count=st.integers(1, 3),
    complaints=st.integers(1, 9),
    severe=st.none() | st.integers(1, 9),
    reopened=st.booleans(),
)


def _value_classes(currency: str) -> Strategy[ValueClasses]:
    """Each class but the lowest begins at an amount, and these rise."""
    names = st.lists(_KEYS, min_size=1, max_size=3, unique=True)
    return names.flatmap(
        lambda found: st.lists(
            st.integers(1, 10**6), min_size=len(found) - 1, max_size=len(found) - 1, unique=True
        ).map(
            lambda steps: ValueClasses(
                found, [Money.of_minor(minor, currency) for minor in sorted(steps)]
            )
        )
    )


MAKERS: Mapping[type, Maker] = {
    ValueClasses: _value_classes,
    MemberComplaintFacts: _member_complaints,
    RecoveryOffer: _offers,
    RepeatTerms: lambda currency: _REPEATS,
    MemberRecoveryPolicy: _policies,
}
