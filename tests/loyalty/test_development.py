"""LOY-05 and LOY-06: whom to develop and how, and the order of what loyalty grows from."""

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.decision import explain
from crmkit.errors import InvalidIdentifier, InvalidPolicy, InvalidValue
from crmkit.loyalty import (
    DevelopmentFacts,
    DriverFacts,
    DriverOrder,
    LoyaltyDevelopment,
    LoyaltyDriver,
    LoyaltyType,
    Obstacle,
    ObstacleKind,
)
from crmkit.serialization import make_converter
from tests.loyalty.loyal import ANNA, DAY

NO_DELIVERY = Obstacle(ObstacleKind.COMPANY_RULE, "no delivery outside the city")
NO_BRANCH = Obstacle(ObstacleKind.ENVIRONMENT, "the next branch is an hour away")
ADVISE = LoyaltyDevelopment(
    ways={
        LoyaltyType.INERTIA: ["a named contact"],
        LoyaltyType.LATENT: ["deliver"],
        LoyaltyType.SUPER_VALUE: ["ask for advice"],
    }
)


def of_type(kind, *obstacles):
    return DevelopmentFacts(customer=ANNA, as_of=DAY, type=kind, obstacles=obstacles)


kinds = st.none() | st.sampled_from(LoyaltyType)
obstacles = st.lists(st.sampled_from([NO_DELIVERY, NO_BRANCH]), max_size=2, unique=True)
anybody = st.builds(lambda kind, found: of_type(kind, *found), kinds, obstacles)


class TestLoyaltyDevelopment:
    """Price is left out, latent has an obstacle, and only super-value is a feeling."""

    @pytest.mark.parametrize(
        ("kind", "stance"),
        [
            (None, "ask-first"),
            ("monopoly", "develop"),
            ("inertia", "develop"),
            ("latent", "remove-obstacle"),
            ("convenience", "develop"),
            ("price", "leave"),
            ("incentive", "develop"),
            ("super-value", "cherish"),
        ],
    )
    def test_what_to_do_depends_on_the_type(self, kind, stance):
        decision = ADVISE(of_type(None if kind is None else LoyaltyType(kind)))
        assert str(decision.outcome) == str(decision.outcome.stance) == stance
        assert explain(decision).startswith(stance.replace("-", " "))

    @given(anybody)
    def test_only_super_value_is_emotional(self, facts):
        decision = ADVISE(facts)
        is_emotional = facts.type is LoyaltyType.SUPER_VALUE
        assert decision.outcome.is_emotional is is_emotional
        assert decision.evidence[0].met is (None if facts.type is None else is_emotional)

    @given(anybody)
    def test_only_latent_lists_what_is_in_the_way(self, facts):
        is_latent = facts.type is LoyaltyType.LATENT
        assert ADVISE(facts).outcome.obstacles == (facts.obstacles if is_latent else ())

    def test_latent_without_an_obstacle_has_somebody_look_for_it(self):
        told = explain(ADVISE(of_type(LoyaltyType.LATENT))).splitlines()
        assert told[-1] == "- not met: obstacles on record is 0; more than 0 required"

    def test_each_obstacle_is_told_with_its_kind(self):
        decision = ADVISE(of_type(LoyaltyType.LATENT, NO_DELIVERY, NO_BRANCH))
        assert explain(decision).splitlines()[-3:] == [
            "- met: obstacles on record is 2; more than 0 required",
            "- noted: company rule is no delivery outside the city",
            "- noted: environment is the next branch is an hour away",
        ]

    def test_the_ways_are_those_of_the_shop(self):
        assert ADVISE(of_type(LoyaltyType.INERTIA)).outcome.ways == ("a named contact",)
        assert ADVISE(of_type(LoyaltyType.MONOPOLY)).outcome.ways == ()
        assert ADVISE(of_type(None)).outcome.ways == ()

    def test_the_price_type_has_no_ways(self):
        with pytest.raises(InvalidPolicy, match="does not become loyal"):
            LoyaltyDevelopment(ways={LoyaltyType.PRICE: ["a lower price"]})
        assert ADVISE(of_type(LoyaltyType.PRICE)).outcome.ways == ()

    @pytest.mark.parametrize("ways", [{"inertia": ["a call"]}, {LoyaltyType.INERTIA: "a call"}])
    def test_ways_are_texts_by_type(self, ways):
        with pytest.raises(InvalidPolicy):
            LoyaltyDevelopment(ways=ways)

    @given(st.lists(anybody, max_size=6))
    def test_a_batch_gives_what_one_by_one_gives(self, many):
        assert ADVISE.outcomes(iter(many)) == [ADVISE(item).outcome for item in many]

    def test_it_is_kept_as_a_document(self):
        converter = make_converter(LoyaltyDevelopment)
        assert converter.loads(converter.dumps(ADVISE)) == ADVISE

    @pytest.mark.parametrize("kind", ["latent", LoyaltyType])
    def test_a_type_is_a_loyalty_type(self, kind):
        with pytest.raises(InvalidValue, match="LoyaltyType"):
            of_type(kind)

    @pytest.mark.parametrize("found", ["no delivery", None])
    def test_an_obstacle_is_one(self, found):
        with pytest.raises(InvalidValue, match="Obstacle"):
            of_type(LoyaltyType.LATENT, found)

    @pytest.mark.parametrize(("kind", "what"), [("company-rule", "x"), (ObstacleKind, "x")])
    def test_the_kind_of_an_obstacle_is_named(self, kind, what):
        with pytest.raises(InvalidValue, match="company rule"):
            Obstacle(kind, what)

    def test_an_obstacle_says_what_it_is(self):
        with pytest.raises(InvalidIdentifier):
            Obstacle(ObstacleKind.ENVIRONMENT, "")


def driven(*in_place):
    return DriverFacts(customer=ANNA, as_of=DAY, in_place=in_place)


drivers = st.sets(st.sampled_from(LoyaltyDriver)).map(lambda found: driven(*found))


class TestDriverOrder:
    """Satisfaction is the base, delight the key, trust the end point."""

    @pytest.mark.parametrize(
        ("in_place", "then"),
        [
            ([], "satisfaction"),
            (["satisfaction"], "delight"),
            (["satisfaction", "delight"], "trust"),
            (["satisfaction", "delight", "trust"], None),
            (["delight", "trust"], "satisfaction"),
            (["satisfaction", "trust"], "delight"),
        ],
    )
    def test_the_first_that_is_missing_comes_next(self, in_place, then):
        assert DriverOrder()(driven(*in_place)).outcome == then

    @given(drivers)
    def test_what_comes_next_is_never_in_place_and_all_below_it_are(self, facts):
        order = DriverOrder()
        then = order(facts).outcome
        below = order.order if then is None else order.order[: order.order.index(then)]
        assert set(below) <= facts.in_place
        assert then not in facts.in_place

    @given(st.lists(drivers, max_size=5))
    def test_a_batch_gives_what_one_by_one_gives(self, many):
        order = DriverOrder()
        assert order.outcomes(iter(many)) == [order(item).outcome for item in many]

    def test_it_says_what_is_missing(self):
        assert explain(DriverOrder()(driven("delight"))).splitlines() == [
            "satisfaction for anna, by driver order, as of 2026-06-30",
            "- not met: satisfaction is no; yes required",
            "- met: delight is yes; yes required",
            "- not met: trust is no; yes required",
        ]

    def test_a_shop_may_have_an_order_of_its_own(self):
        order = DriverOrder(order=["quality", "care"])
        assert order(driven("quality")).outcome == "care"
        converter = make_converter(DriverOrder)
        assert converter.loads(converter.dumps(order)) == order

    def test_a_driver_that_the_order_does_not_know_is_refused(self):
        for asked in (DriverOrder(), lambda one: DriverOrder().outcomes([one])):
            with pytest.raises(InvalidValue, match="satisfaction, delight, trust"):
                asked(driven("price"))

    @pytest.mark.parametrize("order", [[], ["care", "care"], "care"])
    def test_an_order_names_each_driver_once(self, order):
        with pytest.raises(InvalidPolicy):
            DriverOrder(order=order)

    @pytest.mark.parametrize("words", [[""], [7]])
    def test_drivers_are_words(self, words):
        with pytest.raises(InvalidIdentifier):
            DriverOrder(order=words)
        with pytest.raises(InvalidIdentifier):
            driven(*words)

    def test_drivers_say_nothing_about_how_loyal_somebody_is(self):
        """N-08: what is in place is something to work on, and no level or type comes of it."""
        all_in_place = driven(*LoyaltyDriver)
        assert not hasattr(all_in_place, "attachment")
        assert evolve(all_in_place, in_place=()).in_place == frozenset()
