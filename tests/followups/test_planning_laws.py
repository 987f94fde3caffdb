"""What holds for every plan of follow-ups, whatever the customers, the owner and the rules."""

from collections import Counter
from datetime import datetime, time
from zoneinfo import ZoneInfo

from attrs import evolve
from hypothesis import assume, given
from hypothesis import strategies as st

from crmkit.business_time.zones import in_utc
from crmkit.contact import Contact, ContactFacts
from crmkit.followups import Placement, Smoothing, WhyUnplaced
from crmkit.followups.policies.asking import Asking
from crmkit.period import Period
from tests.followups.planning_cases import (
    ANNA,
    DAY,
    all_assignments,
    contact_policies,
    days_of_may,
    plannings,
    windows_of,
)
from tests.followups.strategies import cadences, calendars, customers


def there_is_to_do(planner, owner, case, period):
    """What a customer is asked for in a period, one cadence after another."""
    facts, found = case.facts, {}
    for cadence in planner.cadences:
        anchor = facts.anchors.get(cadence.anchor)
        handled = facts.handled.get(cadence.name)
        while anchor is not None and (
            one := cadence.next_due(
                period.start,
                anchor=anchor,
                calendar=owner.calendar,
                handled=handled,
                pauses=facts.pauses,
                ends_on=facts.ends_on,
            )
        ):
            if one.due_on >= period.end:
                break
            found[one.cadence, one.nominal_on] = one
            handled = one.nominal_on
    found |= {(one.cadence, one.nominal_on): one for one in case.more}
    kept = {(one.occurrence.cadence, one.occurrence.nominal_on) for one in case.kept}
    return [one for key, one in found.items() if key not in kept and one.due_on < period.end]


def ranked(planner, owner, cases, period):
    """All that there is to do, the most important first."""
    jobs = []
    for case in cases:
        facts = case.facts
        for one in there_is_to_do(planner, owner, case, period):
            left = (one.not_after - facts.as_of).days
            score = planner.priority.verdict(left, facts.tier, facts.segments).score
            order = (-score, one.not_after, one.due_on, facts.customer, one.cadence, one.nominal_on)
            jobs.append((order, case, one))
    return [(case, one) for order, case, one in sorted(jobs, key=lambda job: job[0])]


def keys(found):
    return Counter(one.key for one in found)


def contact_of(placement):
    return Contact(placement.at, placement.channel, placement.occurrence.purpose)


def facts_of(case, owner, placement, others):
    """A follow-up that is placed, as its contact is judged at its own instant."""
    return ContactFacts(
        proposed=contact_of(placement),
        contacts=(*case.contacts, *map(contact_of, (*case.kept, *others))),
        do_not_contact=case.do_not_contact,
        zone=case.zone or owner.calendar.zone,
    )


class TestWhatIsOpen:
    """What there is to do in a period is what comes next, again and again as it is handled."""

    @given(cadences(), customers(), calendars(), st.integers(1, 400))
    def test_it_is_what_comes_next_until_the_period_is_over(self, cadence, facts, calendar, length):
        period = Period(facts.as_of, facts.as_of + length * DAY)
        terms = {
            "anchor": facts.anchors[cadence.anchor] if isinstance(cadence.anchor, str) else None,
            "calendar": calendar,
            "pauses": facts.pauses,
            "ends_on": facts.ends_on,
        }
        handled, expected = facts.handled.get(cadence.name), []
        while one := cadence.next_due(period.start, handled=handled, **terms):
            if one.due_on >= period.end:
                break
            expected.append(one)
            handled = one.nominal_on
        found = cadence.open_within(period, handled=facts.handled.get(cadence.name), **terms)
        assert list(found) == expected
        asked = Asking((cadence,), calendar, period)
        assert list(asked.of(facts)) == expected


def half_hours(owner, one, as_of, period):
    """Working time on the days on which a follow-up may be done, every half hour."""
    zone = ZoneInfo(owner.calendar.zone)
    for day in windows_of(owner, one, as_of, period):
        for count in range(48):
            at = datetime.combine(day, time(count // 2, 30 * (count % 2)), zone)
            if owner.calendar.is_open(at):
                yield at


class TestNobodyIsForgotten:
    """Every follow-up that is due has a day, or a reason why it has none."""

    @given(plannings(contact_policies))
    def test_each_is_placed_or_listed_once(self, planning):
        planner, owner, cases, period = planning
        plan = planner.plan(owner, cases, period)
        expected = Counter(
            (case.facts.customer, one.cadence, one.nominal_on)
            for case in cases
            for one in there_is_to_do(planner, owner, case, period)
        )
        assert keys(plan.placements) + keys(plan.unplaced) == expected

    @given(plannings(contact_policies))
    def test_the_reason_is_true(self, planning):
        planner, owner, cases, period = planning
        plan = planner.plan(owner, cases, period)
        by_customer = {case.facts.customer: case for case in cases}
        for one in plan.unplaced:
            as_of = by_customer[one.customer].facts.as_of
            window = one.occurrence
            stays = evolve(owner, leaves_on=None)
            if_there = windows_of(stays, window, as_of, period)
            days = windows_of(owner, window, as_of, period)
            over = max(window.not_before, as_of, period.start) > min(window.not_after, period.last)
            assert over == (one.why is WhyUnplaced.OVER)
            assert (not over and not if_there) == (one.why is WhyUnplaced.CLOSED)
            assert bool(if_there and not days) == (one.why is WhyUnplaced.OWNER_LEAVES)
            assert one.can_wait == (window.not_after >= period.end)

    @given(plannings(contact_policies))
    def test_who_is_refused_by_contact_rules_is_so_all_day_long(self, planning):
        planner, owner, cases, period = planning
        plan = planner.plan(owner, cases, period)
        by_customer = {case.facts.customer: case for case in cases}
        for one in plan.unplaced:
            if one.why is WhyUnplaced.CONTACT_RULES:
                case = by_customer[one.customer]
                placed = [other for other in plan.placements if other.customer == one.customer]
                channel = one.occurrence.channel or "phone"
                for at in half_hours(owner, one.occurrence, case.facts.as_of, period):
                    tried = Placement(ANNA, one.customer, one.occurrence, at.date(), at, channel)
                    facts = facts_of(case, owner, tried, placed)
                    assert not planner.contact(facts).outcome.allowed

    @given(plannings())
    def test_the_days_of_who_is_full_are_full(self, planning):
        planner, owner, cases, period = planning
        plan = planner.plan(owner, cases, period)
        by_customer = {case.facts.customer: case for case in cases}
        for one in plan.unplaced:
            if one.why is WhyUnplaced.FULL and not by_customer[one.customer].do_not_contact:
                as_of = by_customer[one.customer].facts.as_of
                for day in windows_of(owner, one.occurrence, as_of, period):
                    assert plan.loads.get(day, 0) == owner.capacity.on(day)


class TestNothingIsBroken:
    """Windows, working days, capacity, contact rules and wishes hold in every plan."""

    @given(plannings(contact_policies))
    def test_windows_and_working_days(self, planning):
        planner, owner, cases, period = planning
        as_of = {case.facts.customer: case.facts.as_of for case in cases}
        for one in planner.plan(owner, cases, period).placements:
            assert one.owner == ANNA
            assert one.on in windows_of(owner, one.occurrence, as_of[one.customer], period)

    @given(plannings(contact_policies))
    def test_capacity(self, planning):
        planner, owner, cases, period = planning
        for day, load in planner.plan(owner, cases, period).loads.items():
            assert load <= owner.capacity.on(day)

    @given(plannings(contact_policies))
    def test_the_instant_is_on_the_day_in_working_hours(self, planning):
        planner, owner, cases, period = planning
        for one in planner.plan(owner, cases, period).placements:
            assert str(one.at.tzinfo) == owner.calendar.zone
            assert one.at.date() == one.on
            assert owner.calendar.is_open(one.at)

    @given(plannings(contact_policies))
    def test_contact_rules_hold_for_each_with_all_others(self, planning):
        planner, owner, cases, period = planning
        plan = planner.plan(owner, cases, period)
        for case in cases:
            placed = [one for one in plan.placements if one.customer == case.facts.customer]
            for one in placed:
                others = [other for other in placed if other is not one]
                verdict = planner.contact(facts_of(case, owner, one, others)).outcome
                assert verdict.allowed

    @given(plannings(contact_policies))
    def test_the_instant_is_the_first_of_the_day_for_who_has_nothing_else(self, planning):
        planner, owner, cases, period = planning
        plan = planner.plan(owner, cases, period)
        by_customer = {case.facts.customer: case for case in cases}
        alone = Counter(one.customer for one in (*plan.placements, *plan.unplaced))
        for one in plan.placements:
            case = by_customer[one.customer]
            if alone[one.customer] == 1 and not case.contacts:
                facts = facts_of(case, owner, one, ())
                start = owner.calendar.next_opening(
                    one.at.replace(hour=0, minute=0, second=0, microsecond=0)
                )
                early = planner.contact(evolve(facts, proposed=evolve(facts.proposed, at=start)))
                if in_utc(start) < in_utc(one.at):
                    assert not early.outcome.allowed


class TestAgain:
    """Nothing depends on the order of what comes in, and what is planned stays planned."""

    @given(plannings(contact_policies), st.randoms(use_true_random=False))
    def test_order_and_duplicates_do_not_matter(self, planning, shuffled):
        planner, owner, cases, period = planning
        again = [
            evolve(case, more=case.more[::-1], contacts=case.contacts[::-1] * 2)
            for case in cases + cases[:2]
        ]
        shuffled.shuffle(again)
        other = evolve(planner, cadences=planner.cadences[::-1])
        assert other.plan(owner, again, period) == planner.plan(owner, cases, period)

    @given(plannings(contact_policies))
    def test_planning_twice_changes_nothing(self, planning):
        planner, owner, cases, period = planning
        plan = planner.plan(owner, cases, period)
        again = planner.plan(owner, [case.with_kept(plan) for case in cases], period)
        assert again.placements == ()
        assert again.kept == again.schedule == plan.placements
        assert again.unplaced == plan.unplaced
        assert again.clashes == ()

    @given(plannings(contact_policies), days_of_may)
    def test_a_later_day_leaves_what_was_planned_where_it_was(self, planning, later):
        planner, owner, cases, period = planning
        plan = planner.plan(owner, cases, period)
        kept = [case.with_kept(plan) for case in cases]
        assume(all(later >= case.facts.as_of for case in cases))
        aged = [evolve(case, facts=evolve(case.facts, as_of=later)) for case in kept]
        again = planner.plan(owner, aged, period)
        assert again.kept == plan.placements
        assert again.placements == () or all(one.on >= later for one in again.placements)
        assert keys(again.schedule) + keys(again.unplaced) == keys(plan.placements) + keys(
            plan.unplaced
        )

    @given(st.lists(plannings(contact_policies, most=2), min_size=2, max_size=4))
    def test_many_owners_are_planned_as_each_alone(self, plannings):
        planner, _, _, period = plannings[0]
        portfolios = [(owner, cases) for _, owner, cases, _ in plannings]
        alone = [planner.plan(owner, cases, period) for owner, cases in portfolios]
        assert list(planner.plans(portfolios, period)) == alone


class TestAgainstAllAssignments:
    """Every way to give follow-ups their days is tried; none is better than the plan."""

    @given(plannings(most=3))
    def test_as_many_as_can_be_and_the_most_important_ones(self, planning):
        planner, owner, cases, period = planning
        cases = [evolve(case, do_not_contact=()) for case in cases]
        jobs, best = self.slow(planner, owner, cases, period)
        plan = planner.plan(owner, cases, period)
        placed = keys(plan.placements)
        found = tuple(
            (case.facts.customer, one.cadence, one.nominal_on) in placed for case, one in jobs
        )
        assert found == max(best)
        assert sum(found) == max(map(sum, best))

    @given(plannings(most=3))
    def test_no_plan_is_more_even(self, planning):
        planner, owner, cases, period = planning
        planner = evolve(planner, smoothing=Smoothing.EVEN)
        cases = [evolve(case, do_not_contact=()) for case in cases]
        _, best = self.slow(planner, owner, cases, period)
        plan = planner.plan(owner, cases, period)
        assert sum(load**2 for load in plan.loads.values()) == best[max(best)]

    @given(plannings())
    def test_nothing_lies_further_from_its_day_than_a_day_with_room(self, planning):
        planner, owner, cases, period = planning
        planner = evolve(planner, smoothing=Smoothing.DUE_DAY)
        cases = [evolve(case, do_not_contact=()) for case in cases]
        plan = planner.plan(owner, cases, period)
        as_of = {case.facts.customer: case.facts.as_of for case in cases}
        for one in plan.placements:
            due = one.occurrence.due_on
            for day in windows_of(owner, one.occurrence, as_of[one.customer], period):
                if plan.loads.get(day, 0) < owner.capacity.on(day):
                    assert abs(one.on - due) <= abs(day - due)

    def slow(self, planner, owner, cases, period):
        """By which of them are placed, the least sum of squares of what a day has."""
        jobs = ranked(planner, owner, cases, period)
        choices = [windows_of(owner, one, case.facts.as_of, period) for case, one in jobs]
        size = 1
        for choice in choices:
            size *= len(choice) + 1
        assume(size <= 3_000)
        best: dict[tuple[bool, ...], int] = {}
        for days in all_assignments(choices, owner.capacity.on):
            loads = Counter(day for day in days if day is not None)
            squares = sum(load**2 for load in loads.values())
            placed = tuple(day is not None for day in days)
            best[placed] = min(squares, best.get(placed, squares))
        return jobs, best
