"""Owners, portfolios and planners drawn at random, and a slow look at what a plan may be."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import product

from attrs import evolve
from hypothesis import strategies as st

from crmkit.business_time import BusinessCalendar, Closure, Weekday
from crmkit.contact import Contact, ContactCap, ContactPolicy, DoNotContact, MinimumGap, QuietHours
from crmkit.followups import (
    Anchor,
    Cadence,
    CadenceStep,
    Capacity,
    FollowUpFacts,
    FollowUpOwner,
    FollowUpPlanner,
    Occurrence,
    PlanCase,
    Priority,
    Smoothing,
)
from crmkit.identifiers import Actor, CustomerId
from crmkit.period import Period, Unit
from crmkit.recurrence import Every

DAY = timedelta(days=1)
MAY = Period.month(2026, 5)
MONDAY = date(2026, 5, 4)
OFFICE = BusinessCalendar.on_weekdays("09:00-18:00", zone="Europe/Berlin")
EVERY_DAY = BusinessCalendar.every_day("10:00-16:00", zone="UTC")
CALENDARS = (
    OFFICE,
    EVERY_DAY,
    BusinessCalendar.on_weekdays(
        "08:00-17:00", zone="Asia/Shanghai", closures=[Closure(MONDAY + n * DAY) for n in range(3)]
    ),
    BusinessCalendar(
        zone="America/New_York",
        hours={Weekday.MONDAY: ("22:00-02:00",), Weekday.THURSDAY: ("09:00-11:00", "14:00-15:00")},
    ),
)
ZONES = ("Europe/Berlin", "Asia/Shanghai", "America/New_York", None)
ANNA, BEN = Actor("anna"), Actor("ben")


def owner(capacity=2, calendar=OFFICE, actor=ANNA, leaves_on=None):
    """Somebody who follows up."""
    if isinstance(capacity, int):
        capacity = Capacity(capacity)
    return FollowUpOwner(actor=actor, calendar=calendar, capacity=capacity, leaves_on=leaves_on)


def asked(due, *, early=0, late=0, cadence="call", purpose="keeping in touch", channel="phone"):
    """A follow-up that somebody asks for, due on a day of May 2026 or on a date."""
    day = date(2026, 5, due) if isinstance(due, int) else due
    return Occurrence(cadence, 0, purpose, channel, day, day, day - early * DAY, day + late * DAY)


def case(name, *more, as_of=MAY.start, tier=None, anchors=None, handled=None, **others):
    """A customer, and what is asked for beyond cadences."""
    facts = FollowUpFacts(
        customer=CustomerId(name),
        as_of=as_of,
        tier=tier,
        anchors=anchors or {},
        handled=handled or {},
    )
    return PlanCase(facts=facts, more=more, **others)


def cadence(every=1, unit=Unit.WEEK, name="call", **terms):
    """A rhythm from the hand-over on."""
    return Cadence(
        name=name,
        anchor=Anchor.HAND_OVER,
        steps=(CadenceStep(Every(every, unit)),),
        purpose="keeping in touch",
        **terms,
    )


# --- drawn ones: what happens lies in a period or near to it, so that it matters -----------------

days_of_may = st.dates(date(2026, 4, 20), date(2026, 6, 5))
periods = st.builds(
    lambda first, length: Period(first, first + length * DAY),
    st.dates(date(2026, 4, 27), date(2026, 5, 12)),
    st.one_of(st.integers(1, 5), st.integers(1, 14)),
)
CADENCES = (
    (),
    (),
    (cadence(),),
    (cadence(2, name="visit", days_early=2, days_late=4), cadence(3, Unit.DAY, name="letter")),
)
contact_policies = st.builds(
    ContactPolicy,
    caps=st.lists(
        st.builds(
            ContactCap,
            most=st.integers(1, 2),
            days=st.integers(1, 7),
            channels=st.sampled_from([(), ("phone",)]),
        ),
        max_size=2,
    ),
    gaps=st.lists(
        st.builds(MinimumGap, gap=st.integers(1, 60).map(lambda hours: timedelta(hours=hours))),
        max_size=1,
    ),
    quiet_hours=st.lists(
        st.builds(
            QuietHours,
            st.sampled_from(["18:00-11:00", "09:00-20:00", "00:00-24:00"]),
            days=st.lists(st.sampled_from(Weekday), min_size=1, max_size=3, unique=True),
        ),
        max_size=2,
    ),
    exempt_purposes=st.sampled_from([(), (), ("recall",)]),
)
no_rules = st.just(ContactPolicy())


@st.composite
def planners(draw, contact=no_rules):
    """A planner with few cadences, or none."""
    return FollowUpPlanner(
        cadences=draw(st.sampled_from(CADENCES)),
        priority=Priority(importance={"gold": 3, "silver": 2}),
        contact=draw(contact),
        smoothing=draw(st.sampled_from(Smoothing)),
    )


def near(period):
    """The days of a period and those around it."""
    return st.dates(period.start - 3 * DAY, period.end + 3 * DAY)


@st.composite
def owners(draw, period):
    """Somebody with little time, who may leave."""
    capacity = Capacity(
        draw(st.integers(0, 3)),
        weekdays=draw(st.dictionaries(st.sampled_from(Weekday), st.integers(0, 3), max_size=2)),
        dates=draw(st.dictionaries(near(period), st.integers(0, 3), max_size=2)),
    )
    leaves_on = draw(st.one_of(st.none(), st.none(), near(period)))
    return owner(capacity, draw(st.sampled_from(CALENDARS)), leaves_on=leaves_on)


def occurrences(period):
    """Follow-ups that are due about that time."""
    return st.builds(
        asked,
        near(period),
        early=st.integers(0, 6),
        late=st.integers(0, 6),
        cadence=st.sampled_from(["call", "visit", "survey"]),
        purpose=st.sampled_from(["keeping in touch", "recall"]),
        channel=st.sampled_from(["phone", "phone", "e-mail", None]),
    )


@st.composite
def contacts(draw, period):
    """A contact that happened, or is planned elsewhere, in the daytime."""
    day = datetime.combine(draw(near(period)), time(draw(st.integers(0, 23))), UTC)
    return Contact(day, draw(st.sampled_from(["phone", "e-mail"])), "keeping in touch")


@st.composite
def wishes(draw, period):
    """What a customer does not want, for some time or for good."""
    since = draw(st.one_of(st.none(), contacts(period).map(lambda contact: contact.at)))
    until = None if since is None else since + draw(st.integers(1, 90)) * timedelta(hours=1)
    return DoNotContact(
        channels=draw(st.sampled_from([(), ("phone",)])),
        since=since,
        until=draw(st.sampled_from([until, None])),
    )


@st.composite
def cases(draw, period, most=5):
    """Some customers of an owner."""
    found = []
    for number in range(draw(st.integers(0, most))):
        more = st.lists(
            occurrences(period), max_size=3, unique_by=lambda one: (one.cadence, one.nominal_on)
        )
        drawn = case(
            f"C-{number}",
            *draw(more),
            as_of=period.start + draw(st.sampled_from([-9, 0, 0, 0, 1, 4])) * DAY,
            tier=draw(st.sampled_from(["gold", "silver", None])),
            anchors=draw(st.sampled_from([{}, {Anchor.HAND_OVER: draw(near(period)) - 28 * DAY}])),
            zone=draw(st.sampled_from(ZONES)),
        )
        if draw(st.integers(0, 2)) == 0:
            drawn = evolve(
                drawn,
                contacts=draw(st.lists(contacts(period), max_size=2)),
                do_not_contact=draw(st.one_of(st.just([]), wishes(period).map(lambda one: [one]))),
            )
        found.append(drawn)
    return found


@st.composite
def plannings(draw, contact=no_rules, most=5):
    """A planner, an owner, customers and a period."""
    period = draw(periods)
    return draw(planners(contact)), draw(owners(period)), draw(cases(period, most)), period


# --- a slow look ----------------------------------------------------------------------------------


def windows_of(owner, one, as_of, period):
    """The days of a period on which an owner could do a follow-up, if contact rules allow."""
    days = (period.start + count * DAY for count in range(period.days))
    return [
        day
        for day in days
        if max(one.not_before, as_of) <= day <= one.not_after
        and owner.calendar.is_business_day(day)
        and (owner.leaves_on is None or day <= owner.leaves_on)
    ]


def all_assignments(choices, room):
    """Every way to give each of some follow-ups one of its days, or none, within the room."""
    for days in product(*([None, *choice] for choice in choices)):
        if all(days.count(day) <= room(day) for day in set(days) if day is not None):
            yield days
