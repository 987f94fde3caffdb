"""Terms by which a member has no plan, two, or a worse one, are refused with all findings."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.complaints import Level, RecoveryLevel, RecoveryTerm, ValueBasedRecovery
from crmkit.errors import CurrencyMismatch, InvalidIdentifier, InvalidPolicy
from crmkit.money import Money
from crmkit.playbooks import (
    GoodwillCap,
    InvalidRecoveryTerms,
    MemberClass,
    RecoveryOffer,
    RepeatTerms,
    ValueClasses,
)
from tests.playbooks.club import (
    AMENDS,
    APOLOGY,
    BOARD,
    CLASSES,
    OFFERS,
    RECOVERY,
    SEVERITIES,
    WIN_BACK,
    facts,
    policy,
)

HOUR = timedelta(hours=1)


def found(**terms):
    """Everything that is wrong with the terms of the club, changed like this."""
    with pytest.raises(InvalidRecoveryTerms) as refused:
        policy(**terms)
    assert str(refused.value) == "; ".join(refused.value.findings)
    return list(refused.value.findings)


def of(name, tiers, values):
    return MemberClass(name=name, tiers=tiers, values=values)


def recovery(*terms, rest=APOLOGY):
    return ValueBasedRecovery(
        terms=[RecoveryTerm(classes=c, severities=s, level=level) for c, s, level in terms],
        rest=rest,
    )


class TestOnePlanForEverybody:
    def test_a_gap_is_told(self):
        assert found(classes=CLASSES[:2]) == [
            "gap: gold of low is no class",
            "gap: gold of high is no class",
            "win-back is for best, which is no class of members",
            "amends is for best, which is no class of members",
        ]

    def test_an_overlap_is_told(self):
        more = (*CLASSES, of("old", ["silver", "gold"], ["low"]))
        assert found(classes=more) == [
            "overlap: silver of low is many and old",
            "overlap: gold of low is best and old",
        ]

    def test_a_slip_of_the_pen_is_told(self):
        slip = of("best", ["gold", "gould", "low"], ["low", "high", "gold"])
        assert found(classes=(*CLASSES[:2], slip)) == [
            "best is for gould, which is no tier",
            "best is for low, which is no tier",
            "best is for gold, which is no class of value",
        ]

    def test_a_level_for_nobody_is_told(self):
        wrong = recovery((["best", "beast"], ["high", "hihg"], WIN_BACK))
        assert (
            found(recovery=wrong)
            == [
                "win-back is for beast, which is no class of members",
                "win-back is for hihg, which is no severity",
                "no offer for amends, with its measures",
            ][:2]
        )

    def test_a_level_without_an_offer_is_told(self):
        assert found(offers=OFFERS[1:]) == ["no offer for apology, with its measures"]

    def test_an_offer_with_other_measures_is_not_that_of_the_level(self):
        other = RecoveryOffer(level=RecoveryLevel("apology", ["written apology", "flowers"]))
        assert found(offers=(other, *OFFERS[1:])) == ["no offer for apology, with its measures"]

    def test_two_offers_for_a_level_are_told_once(self):
        assert found(offers=(OFFERS[0], OFFERS[0], OFFERS[0], *OFFERS[1:])) == [
            "two offers for apology"
        ]

    def test_an_offer_that_nobody_gets_is_told(self):
        assert found(repeats=None) == ["nobody ever gets board"]
        above = RecoveryOffer(
            level=RecoveryLevel("moon", ["the moon"]),
            goodwill_points=900,
            caller="director",
            call_within=HOUR,
        )
        assert found(offers=(*OFFERS, above)) == ["nobody ever gets moon"]

    def test_everything_is_told_at_once(self):
        fewer = RecoveryOffer(level=BOARD, goodwill_points=1)
        assert found(classes=CLASSES[1:], offers=(*OFFERS[:3], fewer)) == [
            "gap: bronze of low is no class",
            "gap: silver of low is no class",
            "amends is for many, which is no class of members",
            "board stands above win-back and gives fewer points",
            "board stands above win-back and calls back later, or not at all",
        ]


class TestNobodyGetsLess:
    """A better member, or a graver harm, never leads to less: terms that do so are no terms."""

    def test_a_higher_tier_that_gets_less(self):
        classes = (of("best", ["silver"], ["low", "high"]), of("many", ["bronze", "gold"], VALUES))
        of_severe = recovery((["best"], ["critical"], AMENDS))
        assert found(classes=classes, recovery=of_severe, offers=OFFERS[:2]) == [
            "gold of low with a critical complaint gets less than silver of low with a critical "
            "complaint",
            "gold of high with a critical complaint gets less than silver of high with a critical "
            "complaint",
        ]

    def test_a_more_valuable_member_who_gets_less(self):
        classes = (of("few", TIERS, ["low"]), of("many", TIERS, ["high"]))
        first = found(classes=classes, recovery=recovery((["few"], ["high", "critical"], AMENDS)))
        assert first[0] == (
            "bronze of high with a high complaint gets less than bronze of low with a high "
            "complaint"
        )
        assert len(first) == 7  # Three tiers, two severities; and nobody gets the highest offer.
        assert first[-1] == "nobody ever gets board"

    def test_a_severer_complaint_that_gets_less(self):
        """The last severity was forgotten, so it falls to the rest."""
        forgot = recovery((["best", "good", "many"], ["medium", "high"], AMENDS))
        told = found(recovery=forgot, offers=OFFERS[:3])
        assert len(told) == 6
        assert told[0] == (
            "bronze of low with a critical complaint gets less than bronze of low with a high "
            "complaint"
        )

    def test_a_higher_level_gives_no_fewer_points(self):
        dear = RecoveryOffer(level=APOLOGY, goodwill_points=301)
        assert found(offers=(dear, *OFFERS[1:])) == [
            "amends stands above apology and gives fewer points"
        ]

    @pytest.mark.parametrize("higher", [{"caller": "manager", "call_within": 10 * HOUR}, {}])
    def test_a_higher_level_calls_no_later(self, higher):
        slow = RecoveryOffer(level=WIN_BACK, goodwill_points=500, **higher)
        assert found(offers=(*OFFERS[:2], slow, OFFERS[3])) == [
            "win-back stands above amends and calls back later, or not at all"
        ]

    def test_as_much_is_not_less(self):
        same = [
            RecoveryOffer(level=level, goodwill_points=300, caller="agent", call_within=HOUR)
            for level in (APOLOGY, AMENDS, WIN_BACK)
        ]
        assert policy(offers=same)(facts()).outcome.goodwill_points == 300

    @given(st.lists(st.integers(0, 2), min_size=24, max_size=24), st.booleans())
    def test_terms_are_taken_exactly_if_nobody_gets_less(self, steps, lifted):
        """Any table at all: it is refused, or it rises along all three axes."""
        table = dict(zip(PLACES, steps, strict=True))
        if lifted:
            table = {place: max(table[low] for low in no_better_than(place)) for place in PLACES}
        rises = all(table[low] <= table[place] for place in PLACES for low in no_better_than(place))
        told = findings_of(table)
        assert any("gets less than" in each for each in told) is not rises
        if not told:
            assert all(
                decided_by(table)(facts(*place)).outcome.step == table[place] for place in PLACES
            )


TIERS, VALUES = ["bronze", "silver", "gold"], ["low", "high"]
AXES = (TIERS, VALUES, SEVERITIES)
PLACES = [*product(TIERS, VALUES, SEVERITIES)]


def no_better_than(place):
    """All who are no better members, and were harmed no more."""
    ways = [axis[: axis.index(word) + 1] for axis, word in zip(AXES, place, strict=True)]
    return [*product(*ways)]


def decided_by(table):
    """Terms that give each place its own level."""
    levels = (APOLOGY, AMENDS, WIN_BACK)
    return policy(
        classes=[of(f"{t}-{v}", [t], [v]) for t, v in product(TIERS, VALUES)],
        recovery=recovery(*(([f"{t}-{v}"], [s], levels[n]) for (t, v, s), n in table.items())),
        offers=OFFERS[:3],
    )


def findings_of(table):
    try:
        decided_by(table)
    except InvalidRecoveryTerms as refused:
        return refused.findings
    return ()


class TestParts:
    """Each part of the terms says itself what cannot be meant."""

    @pytest.mark.parametrize(
        ("names", "steps"),
        [
            ([], []),
            (["low", "low"], []),
            (["low", "high"], ["1.00", "2.00"]),
            (["low", "mid", "high"], ["1.00"]),
            (["low", "mid", "high"], ["2.00", "2.00"]),
            (["low", "mid", "high"], ["2.00", "1.00"]),
        ],
    )
    def test_classes_of_value_rise(self, names, steps):
        with pytest.raises(InvalidPolicy):
            ValueClasses(names, [Money(step, "EUR") for step in steps])

    def test_steps_are_of_one_currency(self):
        with pytest.raises(CurrencyMismatch):
            ValueClasses(["a", "b", "c"], [Money("1.00", "EUR"), Money("2.00", "USD")])

    def test_words_are_keys(self):
        for wrong in (lambda: ValueClasses([""]), lambda: of("", TIERS, VALUES)):
            with pytest.raises(InvalidIdentifier):
                wrong()
        with pytest.raises(InvalidIdentifier):
            RecoveryOffer(level=AMENDS, caller=" ", call_within=HOUR)

    def test_a_text_is_not_several(self):
        with pytest.raises(InvalidPolicy, match=r"write \('gold',\)"):
            of("best", "gold", VALUES)

    @pytest.mark.parametrize(("tiers", "values"), [([], VALUES), (TIERS, [])])
    def test_a_class_is_for_somebody(self, tiers, values):
        with pytest.raises(InvalidPolicy, match="one tier or more"):
            of("best", tiers, values)

    @pytest.mark.parametrize(
        "terms",
        [
            {"goodwill_points": -1},
            {"goodwill_points": True},
            {"caller": "agent"},
            {"call_within": HOUR},
            {"caller": "agent", "call_within": 0 * HOUR},
        ],
    )
    def test_an_offer_is_one(self, terms):
        with pytest.raises(InvalidPolicy):
            RecoveryOffer(level=AMENDS, **terms)

    @pytest.mark.parametrize(
        "terms",
        [
            {},
            {"complaints": 0},
            {"severe": True},
            {"same_cause": -1},
            {"reopened": True, "count": 0},
            {"reopened": True, "unit": "year"},
        ],
    )
    def test_repetition_is_said(self, terms):
        with pytest.raises(InvalidPolicy):
            RepeatTerms(**terms)

    @pytest.mark.parametrize(
        ("points", "terms"), [(-1, {}), (True, {}), (1, {"count": 0}), (1, {"unit": "year"})]
    )
    def test_a_cap_is_one(self, points, terms):
        with pytest.raises(InvalidPolicy):
            GoodwillCap(points, **terms)

    def test_a_cap_of_nothing_is_allowed(self):
        assert policy(cap=GoodwillCap(0))(facts()).outcome.goodwill_points == 0

    def test_all_severities_are_asked_for(self):
        assert set(SEVERITIES) == set(Level)
        assert RECOVERY.rest == APOLOGY
