"""Customers who are cared for more or less, drawn at random, with builders in words of the shop."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from crmkit.followups import (
    CareEvent,
    FallingSales,
    LongSilence,
    NeglectFacts,
    NeglectPolicy,
    OpenFollowUp,
    Response,
    SalesIn,
    Unanswered,
)
from crmkit.followups.policies.steps import Age
from crmkit.identifiers import CustomerId
from crmkit.money import Money
from crmkit.period import Period, Unit
from crmkit.records import Direction

__all__ = ["AS_OF", "daily", "facts_of", "neglect_facts", "policies", "sales"]

DAY = timedelta(days=1)
AS_OF = date(2026, 5, 31)
CHANNELS = ("telephone", "visit", "letter")
RECENT, BEFORE = 3, 6


def daily(*amounts, until=AS_OF, unit_days=1, currency="EUR"):
    """Sales of periods of so many days, the last of which ends with a day."""
    end = until + DAY
    cuts = [end - unit_days * back * DAY for back in range(len(amounts), -1, -1)]
    return tuple(
        SalesIn(Period(start, stop), Money(amount, currency))
        for start, stop, amount in zip(cuts, cuts[1:], amounts, strict=False)
    )


def facts_of(**known):
    """A customer since 2024, of whom some things are known as of the end of May 2026."""
    told = {"customer": CustomerId("C-7"), "as_of": AS_OF, "since": date(2024, 1, 1)}
    return NeglectFacts(**{**told, **known})


past = st.dates(AS_OF - 200 * DAY, AS_OF)
recently = st.dates(AS_OF - 6 * DAY, AS_OF)
days = st.one_of(past, recently)
# Amounts that meet limits exactly more often than chance would have it.
amounts = st.one_of(st.sampled_from([0, 0, 7, 10, 14, 20]), st.integers(-5, 30))


@st.composite
def sales(draw):
    """Sales without a gap, of periods of one length, up to a day not long ago."""
    amounts_drawn = draw(st.lists(amounts, max_size=RECENT + BEFORE + 3))
    # In cents, where the limit can lie between two of them.
    sold = [Decimal(amount).scaleb(-2) for amount in amounts_drawn]
    return daily(*sold, until=draw(recently), unit_days=draw(st.sampled_from([1, 1, 7])))


@st.composite
def neglect_facts(draw):
    """A customer as of a day."""
    return facts_of(
        since=draw(past),
        last_inbound_on=draw(st.one_of(st.none(), days)),
        last_outbound_on=draw(st.one_of(st.none(), days)),
        events=draw(st.dictionaries(st.sampled_from([*CareEvent, "return"]), days, max_size=3)),
        sales=draw(sales()),
        open_follow_ups=draw(
            st.lists(
                st.builds(
                    OpenFollowUp,
                    st.one_of(st.none(), st.sampled_from(CHANNELS)),
                    st.dates(AS_OF - 9 * DAY, AS_OF + 9 * DAY),
                ),
                max_size=2,
            )
        ),
        taken_up=draw(
            st.dictionaries(
                st.sampled_from(
                    ["falling-sales", "long-silence", "unanswered-complaint", "unanswered-return"]
                ),
                days,
                max_size=2,
            )
        ),
    )


responses = st.lists(
    st.builds(
        Response,
        channel=st.sampled_from(CHANNELS),
        purpose=st.sampled_from(["care", "win-back"]),
        target=st.just("hear how things are"),
        after=st.integers(0, 3),
        days_late=st.integers(0, 3),
    ),
    min_size=1,
    max_size=3,
)
shares = st.sampled_from(["0.1", "0.3", "0.5", "1"])


@st.composite
def policies(draw):
    """Some triggers, in any order."""
    found = [
        Unanswered(event=CareEvent.COMPLAINT, responses=draw(responses)),
        Unanswered(event="return", responses=draw(responses)),
        FallingSales(
            falls_by=draw(shares),
            recent=draw(st.integers(1, RECENT)),
            before=draw(st.integers(1, BEFORE)),
            regular_from=draw(shares),
            responses=draw(responses),
        ),
        LongSilence(
            longest=draw(
                st.sampled_from([Age(1, Unit.DAY), Age(2, Unit.WEEK), Age(3, Unit.MONTH)])
            ),
            direction=draw(st.sampled_from([None, *Direction])),
            responses=draw(responses),
        ),
    ]
    kept = draw(st.lists(st.sampled_from(range(len(found))), min_size=1, unique=True))
    return NeglectPolicy(tuple(found[number] for number in kept))
