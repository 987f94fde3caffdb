"""How much contact a customer is to bear, and when they may be contacted again."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.business_time import Weekday
from crmkit.contact import (
    Contact,
    ContactCap,
    ContactFacts,
    ContactPolicy,
    ContactVerdict,
    DoNotContact,
    MinimumGap,
    QuietHours,
)
from crmkit.decision import explain
from crmkit.errors import InvalidPolicy, InvalidValue, NaiveDatetime
from crmkit.identifiers import CustomerId, InteractionId
from crmkit.period import Unit
from crmkit.records import Direction, Interaction
from crmkit.serialization import make_converter
from tests.contact.oracle import allows, first_allowed

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
QUARTER_HOUR = timedelta(minutes=15)


def at(day: int, hour: int = 12, minute: int = 0, *, month: int = 5, zone=BERLIN) -> datetime:
    """A time in 2026; 4 May is a Monday."""
    return datetime(2026, month, day, hour, minute, tzinfo=zone)


def facts(proposed, *contacts, stops=(), zone="Europe/Berlin", channel="phone", purpose=None):
    return ContactFacts(
        proposed=Contact(proposed, channel, purpose),
        contacts=[one if isinstance(one, Contact) else Contact(one, channel) for one in contacts],
        do_not_contact=stops,
        zone=zone,
    )


def free_from(policy, *arguments, **more):
    """When the policy allows it; the instant itself if it does at once."""
    return policy(facts(*arguments, **more)).outcome.allowed_from


# --- random policies and histories, in quarters of an hour ----------------------------------------

ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"]
CHANNELS, PURPOSES = ["phone", "e-mail", "visit"], ["service", "offer", None]
# Around a night in which the clocks of many zones change.
INSTANTS = st.integers(0, 96 * 14).map(
    lambda n: datetime(2026, 3, 24, tzinfo=UTC) + n * QUARTER_HOUR
)
SCOPES = st.fixed_dictionaries(
    {
        "channels": st.lists(st.sampled_from(CHANNELS), max_size=1),
        "purposes": st.lists(st.sampled_from(PURPOSES[:2]), max_size=1),
    }
)
CONTACTS = st.builds(Contact, INSTANTS, st.sampled_from(CHANNELS), st.sampled_from(PURPOSES))
CAPS = st.one_of(
    st.builds(
        lambda most, days, scope: ContactCap(most=most, days=days, **scope),
        st.integers(1, 3),
        st.integers(1, 5),
        SCOPES,
    ),
    st.builds(
        lambda most, per, scope: ContactCap(most=most, per=per, **scope),
        st.integers(1, 3),
        st.sampled_from([Unit.DAY, Unit.WEEK, Unit.MONTH]),
        SCOPES,
    ),
)
GAPS = st.builds(
    lambda quarters, scope: MinimumGap(gap=quarters * QUARTER_HOUR, **scope),
    st.integers(1, 300),
    SCOPES,
)
QUIET = st.builds(
    lambda windows, days, scope: QuietHours(windows, days=days, **scope),
    st.lists(
        st.sampled_from(
            ["20:00-08:00", "22:15-06:30", "12:00-13:00", "00:00-02:30", "23:30-24:00"]
        ),
        min_size=1,
        max_size=2,
    ),
    st.lists(st.sampled_from(list(Weekday)), min_size=1, unique=True),
    SCOPES,
)
STOPS = st.builds(
    lambda begin, quarters, scope: DoNotContact(
        since=begin, until=begin + quarters * QUARTER_HOUR, **scope
    ),
    INSTANTS,
    st.integers(1, 400),
    SCOPES,
)
POLICIES = st.builds(
    ContactPolicy,
    caps=st.lists(CAPS, max_size=3),
    gaps=st.lists(GAPS, max_size=2),
    quiet_hours=st.lists(QUIET, max_size=2),
    exempt_purposes=st.sampled_from([(), (), ("service",)]),
)
FACTS = st.builds(
    ContactFacts,
    proposed=CONTACTS,
    contacts=st.lists(CONTACTS, max_size=8),
    do_not_contact=st.lists(STOPS, max_size=2),
    zone=st.sampled_from(ZONES),
)


class TestLaws:
    """What holds for every policy and every customer."""

    @given(POLICIES, FACTS)
    def test_the_verdict_is_that_of_a_slow_look(self, policy, told):
        assert policy(told).outcome.allowed == allows(policy, told, told.proposed.at)

    @settings(max_examples=40)
    @given(POLICIES, FACTS)
    def test_a_refusal_says_the_earliest_instant_that_is_allowed(self, policy, told):
        found = policy(told).outcome.allowed_from
        soon = timedelta(days=21)
        expected = first_allowed(policy, told, QUARTER_HOUR, soon)
        if expected is None:
            assert found is None or found - told.proposed.at > soon
        else:
            assert found == expected

    @given(POLICIES, FACTS)
    def test_what_it_says_is_allowed_then_is(self, policy, told):
        free = policy(told).outcome.allowed_from
        assert free is not None  # Every wish of these customers ends some day.
        then = attrs.evolve(told, proposed=attrs.evolve(told.proposed, at=free))
        assert policy(then).outcome == ContactVerdict(True, free)

    @given(POLICIES, FACTS, st.randoms())
    def test_the_order_of_contacts_and_telling_one_twice_do_not_matter(self, policy, told, dice):
        shuffled = [*told.contacts, *told.contacts]
        dice.shuffle(shuffled)
        assert policy(attrs.evolve(told, contacts=shuffled)) == policy(told)

    @given(POLICIES, FACTS, CONTACTS)
    def test_one_more_contact_never_allows_more(self, policy, told, more):
        fuller = attrs.evolve(told, contacts=[*told.contacts, more])
        if policy(fuller).outcome.allowed:
            assert policy(told).outcome.allowed

    @given(POLICIES, FACTS)
    def test_a_refusal_names_what_stands_against_it(self, policy, told):
        decision = policy(told)
        refused = any(item.met is False for item in decision.evidence)
        assert refused is not decision.outcome.allowed

    @settings(max_examples=40)
    @given(POLICIES, st.lists(CONTACTS, max_size=25), st.sampled_from(ZONES))
    def test_who_keeps_to_the_policy_never_breaks_a_cap(self, policy, wanted, zone):
        """Planned in any order: each contact goes where the policy first allows it."""
        kept: list[Contact] = []
        for one in wanted:
            free = policy(ContactFacts(proposed=one, contacts=kept, zone=zone)).outcome.allowed_from
            assert free is not None
            kept.append(attrs.evolve(one, at=free))
        for one in kept:
            others = [other for other in kept if other is not one]
            told = ContactFacts(proposed=one, contacts=others, zone=zone)
            if one.purpose not in policy.exempt_purposes and not any(
                other.purpose in policy.exempt_purposes for other in others
            ):
                assert allows(policy, told, one.at)


class TestCaps:
    """Not too many contacts."""

    def test_the_third_of_a_week_waits_until_the_first_is_a_week_ago(self):
        policy = ContactPolicy(caps=[ContactCap(most=2, days=7)])
        assert free_from(policy, at(8), at(4), at(6)) == at(11, 0)
        assert free_from(policy, at(11, 0), at(4), at(6)) == at(11, 0)

    def test_it_counts_days_of_the_customer_not_hours(self):
        policy = ContactPolicy(caps=[ContactCap(most=1, days=1)])
        late = at(4, 23, 30)
        assert free_from(policy, at(5, 0, 10), late) == at(5, 0, 10)
        # In New York it is still the afternoon of the same day.
        told = facts(at(5, 0, 10), late, zone="America/New_York")
        assert policy(told).outcome.allowed_from == at(5, 0, zone=NEW_YORK)

    @pytest.mark.parametrize(
        ("unit", "expected"),
        [
            (Unit.DAY, at(21, 0)),
            (Unit.WEEK, at(25, 0)),
            (Unit.MONTH, at(1, 0, month=6)),
            (Unit.QUARTER, at(1, 0, month=7)),
            (Unit.YEAR, datetime(2027, 1, 1, tzinfo=BERLIN)),
        ],
    )
    def test_a_unit_of_the_calendar_begins_anew(self, unit, expected):
        policy = ContactPolicy(caps=[ContactCap(most=1, per=unit)])
        assert free_from(policy, at(20, 15), at(20, 9)) == expected

    def test_what_is_planned_already_counts_too(self):
        policy = ContactPolicy(caps=[ContactCap(most=1, days=7)])
        assert free_from(policy, at(4), at(6)) == at(13, 0)
        assert free_from(policy, at(4), at(11)) == at(4)

    def test_only_contacts_of_its_scope_are_counted(self):
        policy = ContactPolicy(
            caps=[ContactCap(most=1, days=7, channels=["phone"], purposes=["offer"])]
        )
        offered = Contact(at(4), "phone", "offer")
        assert free_from(policy, at(5), offered, purpose="offer") == at(11, 0)
        assert free_from(policy, at(5), offered, purpose="service") == at(5)
        assert free_from(policy, at(5), offered, purpose="offer", channel="e-mail") == at(5)
        assert free_from(policy, at(5), Contact(at(4), "phone"), purpose="offer") == at(5)

    def test_an_exempt_purpose_passes_but_counts_for_others(self):
        policy = ContactPolicy(caps=[ContactCap(most=1, days=7)], exempt_purposes=["recall"])
        decision = policy(facts(at(5), at(4), purpose="recall"))
        assert decision.outcome.allowed
        assert "noted: exempt from caps and gaps is yes" in explain(decision)
        recalled = Contact(at(5), "phone", "recall")
        assert free_from(policy, at(6), recalled) == at(12, 0)

    def test_a_midnight_that_the_clock_jumps_over(self):
        """Beirut puts its clocks forward at midnight: the day begins at one."""
        policy = ContactPolicy(caps=[ContactCap(most=1, days=1)])
        zone = ZoneInfo("Asia/Beirut")
        called = datetime(2026, 3, 28, 10, 0, tzinfo=zone)
        told = facts(datetime(2026, 3, 28, 12, 0, tzinfo=zone), called, zone="Asia/Beirut")
        found = policy(told).outcome.allowed_from
        assert found is not None
        assert found.isoformat(" ") == "2026-03-29 01:00:00+03:00"

    @pytest.mark.parametrize(
        "wrong",
        [
            {"most": 0, "days": 7},
            {"most": True, "days": 7},
            {"most": 1},
            {"most": 1, "days": 7, "per": Unit.WEEK},
            {"most": 1, "days": 0},
            {"most": 1, "days": 3_661},
            {"most": 1, "days": 1.5},
            {"most": 1, "per": "month"},
        ],
    )
    def test_a_cap_that_makes_no_sense_is_refused(self, wrong):
        with pytest.raises(InvalidPolicy, match="a cap "):
            ContactCap(**wrong)


class TestGaps:
    """Not too close together."""

    POLICY = ContactPolicy(gaps=[MinimumGap(gap=timedelta(hours=48))])

    def test_it_is_held_to_the_second(self):
        assert free_from(self.POLICY, at(6), at(4)) == at(6)
        early = at(6) - timedelta(microseconds=1)
        assert free_from(self.POLICY, early, at(4)) == at(6)

    def test_it_is_held_on_both_sides(self):
        assert free_from(self.POLICY, at(5), at(4), at(7)) == at(9)
        assert free_from(self.POLICY, at(5), at(7)) == at(5)

    def test_hours_are_hours_when_the_clocks_change(self):
        """From noon before to noon after the night of 29 March there are only 23 hours."""
        policy = ContactPolicy(gaps=[MinimumGap(gap=timedelta(hours=24))])
        assert free_from(policy, at(29, month=3), at(28, month=3)) == at(29, 13, month=3)

    @pytest.mark.parametrize(
        "wrong", [timedelta(0), timedelta(hours=-1), 48, timedelta(days=3_661)]
    )
    def test_a_gap_that_is_none_is_refused(self, wrong):
        with pytest.raises(InvalidPolicy, match="a gap "):
            MinimumGap(gap=wrong)


class TestQuietHours:
    """Not by night, by the clock of the customer."""

    NIGHT = ContactPolicy(quiet_hours=[QuietHours("20:00-08:00")])

    @pytest.mark.parametrize(
        ("proposed", "expected"),
        [
            (at(4, 19, 59), at(4, 19, 59)),
            (at(4, 20), at(5, 8)),
            (at(5, 7, 59), at(5, 8)),
            (at(5, 8), at(5, 8)),
        ],
    )
    def test_the_evening_is_quiet_and_so_is_the_morning(self, proposed, expected):
        assert free_from(self.NIGHT, proposed) == expected

    def test_the_zone_of_the_customer_counts(self):
        noon = at(4, 12)
        told = facts(noon, zone="America/New_York")  # six in the morning
        found = self.NIGHT(told).outcome.allowed_from
        assert found is not None
        assert (found, found.tzinfo) == (at(4, 8, zone=NEW_YORK), NEW_YORK)

    def test_the_evening_of_saturday_runs_into_sunday_and_sunday_into_monday(self):
        policy = ContactPolicy(
            quiet_hours=[QuietHours("22:00-06:00", days=[Weekday.SATURDAY, Weekday.SUNDAY])]
        )
        assert free_from(policy, at(8, 23)) == at(8, 23)
        assert free_from(policy, at(10, 3)) == at(10, 6)
        assert free_from(policy, at(11, 3)) == at(11, 6)
        assert free_from(policy, at(12, 3)) == at(12, 3)

    def test_quiet_days_and_quiet_nights_add_up(self):
        policy = ContactPolicy(
            quiet_hours=[
                QuietHours("20:00-08:00"),
                QuietHours("00:00-24:00", days=[Weekday.SUNDAY], channels=["phone"]),
            ]
        )
        assert free_from(policy, at(9, 21)) == at(11, 8)
        assert free_from(policy, at(9, 21), channel="e-mail") == at(10, 8)
        said = explain(policy(facts(at(10))))
        assert "anything but 20:00-08:00, 00:00-24:00 on Sunday required" in said

    def test_the_hour_that_is_shown_twice_is_quiet_twice(self):
        policy = ContactPolicy(quiet_hours=[QuietHours("02:00-03:00")])
        first = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)
        found = free_from(policy, first)
        assert found == datetime(2026, 10, 25, 3, 0, tzinfo=BERLIN)
        assert found - first.astimezone(UTC) == timedelta(minutes=90)

    def test_a_quiet_hour_ends_to_the_second(self):
        policy = ContactPolicy(quiet_hours=[QuietHours("20:00-08:00:30")])
        assert free_from(policy, at(4, 21)) == at(5, 8).replace(second=30)

    def test_a_week_that_is_all_quiet_is_refused(self):
        with pytest.raises(InvalidPolicy, match="nobody could ever"):
            ContactPolicy(quiet_hours=[QuietHours("00:00-12:00"), QuietHours("12:00-24:00")])

    def test_a_channel_that_is_always_quiet_is_refused_for_good(self):
        policy = ContactPolicy(quiet_hours=[QuietHours("00:00-24:00", channels=["phone"])])
        decision = policy(facts(at(4)))
        assert decision.outcome == ContactVerdict(False, None)
        assert str(decision.outcome) == "refused for good"
        assert policy(facts(at(4), channel="letter")).outcome.allowed

    @pytest.mark.parametrize("wrong", [{"windows": ()}, {"windows": ("20:00-08:00",), "days": ()}])
    def test_quiet_hours_without_any_are_refused(self, wrong):
        with pytest.raises(InvalidPolicy, match="a window and a day"):
            QuietHours(**wrong)

    def test_a_day_that_is_none_is_refused(self):
        with pytest.raises(InvalidPolicy, match="weekdays"):
            QuietHours("20:00-08:00", days=["someday"])  # type: ignore[list-item]

    def test_a_window_that_cannot_be_read_is_refused(self):
        with pytest.raises(InvalidValue, match="written like"):
            QuietHours("8 to 20")


class TestWishes:
    """Not against the will of the customer."""

    NONE = ContactPolicy()

    def test_a_wish_holds_from_its_first_to_just_before_its_last_instant(self):
        stops = [DoNotContact(since=at(4), until=at(6))]
        assert free_from(self.NONE, at(3), stops=stops) == at(3)
        assert free_from(self.NONE, at(4), stops=stops) == at(6)
        assert free_from(self.NONE, at(6), stops=stops) == at(6)

    def test_one_wish_after_another(self):
        stops = [
            DoNotContact(since=at(5), until=at(9)),
            DoNotContact(since=at(3), until=at(6)),
            DoNotContact(until=at(4)),
        ]
        assert free_from(self.NONE, at(2), stops=stops) == at(9)

    def test_a_wish_without_an_end_holds_for_ever(self):
        decision = self.NONE(facts(at(4), stops=[DoNotContact(channels=["phone"])]))
        assert decision.outcome == ContactVerdict(False, None)
        assert "not met: asked not to be contacted is yes; no required" in explain(decision)
        told = facts(at(4), channel="letter", stops=[DoNotContact(channels=["phone"])])
        assert self.NONE(told).outcome.allowed

    def test_it_holds_for_an_exempt_purpose_too(self):
        policy = ContactPolicy(exempt_purposes=["recall"])
        told = facts(at(4), purpose="recall", stops=[DoNotContact(purposes=["recall"])])
        assert not policy(told).outcome.allowed

    def test_it_is_told_by_the_reason_but_not_in_its_repr(self):
        assert "ill" not in repr(DoNotContact(reason="is ill"))

    def test_it_cannot_end_before_it_begins(self):
        with pytest.raises(InvalidValue, match="ends after it begins"):
            DoNotContact(since=at(4), until=at(4))

    def test_it_needs_a_zone(self):
        with pytest.raises(NaiveDatetime):
            DoNotContact(since=datetime(2026, 5, 4))  # noqa: DTZ001


class TestFacts:
    """What the policy is told."""

    def test_an_outbound_interaction_is_a_contact(self):
        called = Interaction(
            id=InteractionId("I-1"),
            customer=CustomerId("C-7"),
            at=at(4),
            channel="phone",
            direction=Direction.OUTBOUND,
            purpose="offer",
        )
        assert Contact.of(called) == Contact(at(4), "phone", "offer")
        with pytest.raises(InvalidValue, match="outbound"):
            Contact.of(attrs.evolve(called, direction=Direction.INBOUND))

    def test_the_decision_says_whom_it_is_about(self):
        told = attrs.evolve(facts(at(4)), customer=CustomerId("C-7"))
        decision = ContactPolicy(name="quiet-week")(told)
        assert (decision.subject, decision.policy, decision.as_of) == ("C-7", "quiet-week", at(4))
        assert str(decision.outcome) == "allowed"

    @pytest.mark.parametrize(
        ("wrong", "message"),
        [
            ({"zone": "Europe"}, "IANA"),
            ({"zone": 7}, "IANA"),
            ({"proposed": at(4)}, "proposed is Contact"),
            ({"contacts": [at(4)]}, "contacts are Contact"),
            ({"do_not_contact": ["phone"]}, "is DoNotContact"),
            ({"customer": ""}, "customer is empty"),
        ],
    )
    def test_facts_of_another_kind_are_refused(self, wrong, message):
        good = {"proposed": Contact(at(4), "phone"), "zone": BERLIN}
        with pytest.raises(InvalidValue, match=message):
            ContactFacts(**{**good, **wrong})

    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda: ContactPolicy(caps=[7]), "ContactCap"),  # type: ignore[list-item]
            (lambda: ContactPolicy(gaps=[timedelta(1)]), "MinimumGap"),  # type: ignore[list-item]
            (
                lambda: ContactPolicy(quiet_hours=["20:00-08:00"]),  # type: ignore[list-item]
                "QuietHours",
            ),
        ],
    )
    def test_a_policy_of_other_things_is_refused(self, make, message):
        with pytest.raises(InvalidPolicy, match=message):
            make()

    def test_a_word_is_not_taken_for_its_letters(self):
        with pytest.raises(InvalidValue, match="pass a tuple of words"):
            ContactCap(most=1, days=7, channels="phone")

    @pytest.mark.parametrize(("channel", "purpose"), [("", None), ("phone", " ")])
    def test_words_are_keys(self, channel, purpose):
        with pytest.raises(InvalidValue):
            Contact(at(4), channel, purpose)

    def test_a_contact_has_an_instant(self):
        with pytest.raises(NaiveDatetime):
            Contact(datetime(2026, 5, 4), "phone")  # noqa: DTZ001
        with pytest.raises(InvalidValue, match="year 2 to the year 9998"):
            Contact(datetime(1, 1, 1, tzinfo=UTC), "phone")

    def test_at_the_end_of_the_calendar_a_refusal_is_for_good(self):
        last = datetime(9998, 12, 30, 12, 0, tzinfo=UTC)
        for policy in (
            ContactPolicy(caps=[ContactCap(most=1, days=7)]),
            ContactPolicy(caps=[ContactCap(most=1, days=3_660)]),
            ContactPolicy(gaps=[MinimumGap(gap=timedelta(days=3_660))]),
        ):
            told = facts(last + timedelta(hours=1), last, zone="UTC")
            assert policy(told).outcome == ContactVerdict(False, None)

    def test_a_policy_is_data(self):
        policy = ContactPolicy(
            caps=[ContactCap(most=2, days=7), ContactCap(most=4, per=Unit.MONTH)],
            gaps=[MinimumGap(gap=timedelta(hours=48), channels=["phone"])],
            quiet_hours=[QuietHours("20:00-08:00", days=[Weekday.SUNDAY])],
            exempt_purposes=["recall"],
        )
        converter = make_converter(ContactPolicy)
        assert converter.loads(converter.dumps(policy)) == policy

    def test_a_shop_writes_it_as_toml(self):
        policy = make_converter(ContactPolicy).loads_toml(
            """
            kind = "contact-policy"
            version = 1

            [data]
            gaps = [{ gap = "P2DT0S", channels = ["phone"] }]
            quiet_hours = [{ windows = ["20:00-08:00"] }]

            [[data.caps]]
            most = 2
            days = 7
            """
        )
        assert policy == ContactPolicy(
            caps=[ContactCap(most=2, days=7)],
            gaps=[MinimumGap(gap=timedelta(days=2), channels=["phone"])],
            quiet_hours=[QuietHours("20:00-08:00")],
        )
