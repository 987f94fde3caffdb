"""Whatever a shop keeps of its complaints is a document, and can be found again."""

from __future__ import annotations

import pkgutil
from collections import defaultdict
from datetime import UTC, date, timedelta
from importlib import import_module
from typing import Any, get_args

import attrs
import pytest
from attrs import evolve, frozen
from hypothesis import given
from hypothesis import strategies as st

import crmkit.complaints.policies
from crmkit.complaints import (
    CASE_STUDIES,
    COMPLAINT_LIFECYCLE,
    COMPLAINTS,
    CORRECTIVE_ACTIONS,
    DEFAULT_GUARDS,
    IDEAS,
    INTERNAL_NOTICES,
    ROOT_CAUSES,
    STORED_TYPES,
    ActionState,
    CauseFound,
    Complaint,
    ComplaintRules,
    Dimension,
    DoerIsNotChecker,
    DueEscalation,
    KeptRules,
    MergeConditions,
    Merged,
    ReadyGuard,
    ReopeningWindow,
    Subject,
    TrailSeal,
    count_cases,
    summarize_complaints,
)
from crmkit.decision import Decision, Evidence, noted
from crmkit.errors import InvalidPolicy
from crmkit.identifiers import ComplaintId
from crmkit.lifetime_value import STORED_TYPES as LIFETIME_VALUE_TYPES
from crmkit.period import Period
from crmkit.segmentation import STORED_TYPES as SEGMENTATION_TYPES
from crmkit.serialization import kind_of, make_converter
from crmkit.serialization.annotations import field_types, is_union
from crmkit.storage import Collection, Repository, Store
from crmkit.storage.memory import MemoryStore
from tests.complaints.builders import ANNA, BEN, DAY, HOUR, MONDAY, RULES, entry, go, note, received
from tests.complaints.kept_samples import (
    ACTION,
    CAUSE,
    IDEA,
    K1,
    K2,
    K9,
    LAST_DAY,
    NOTICE,
    OWN_RULES,
    PROFILE,
    SAMPLES,
    STUDY,
    Sample,
)
from tests.segmentation.documents import in_toml
from tests.segmentation.test_policies_as_data import (
    is_policy,
    may_be_none,
    records_in,
    values_in,
)

CONVERTER = make_converter(*STORED_TYPES)
POLICIES = [sample for sample in SAMPLES if sample.asked]
FOR_PEOPLE = [sample for sample in SAMPLES if not isinstance(sample.value, TrailSeal)]
each_sample = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
each_policy = pytest.mark.parametrize("sample", POLICIES, ids=lambda sample: sample.name)

# TOML has no null. These are for stores alone: a text that was erased has no salt any more, and a
# complaint may belong to no larger one.
FOR_STORES_ALONE = {"Commitment.salt", "ParentNamed.parent"}

# Asked for their terms, they have none, or only what KeptRules writes down for them.
WITHOUT_TERMS = {MergeConditions, ComplaintRules}


def assert_same(again: Any, sample: Sample) -> None:
    """It is equal, and what it decides is equal to the type: 1 is not ``Decimal(1)``."""
    assert again == sample.value
    assert type(again) is type(sample.value)
    assert CONVERTER.dumps(again) == CONVERTER.dumps(sample.value)
    assert repr(sample.answers(again)) == repr(sample.answers(sample.value))


class TestNothingIsForgotten:
    """Each policy of the room can be kept, and each type that is kept is tried."""

    def test_every_type_that_is_kept_has_a_sample(self):
        assert {type(sample.value) for sample in SAMPLES} == set(STORED_TYPES)

    def test_every_policy_of_the_room_is_kept(self):
        places = crmkit.complaints.policies
        modules = [
            import_module(f"{places.__name__}.{module.name}")
            for module in pkgutil.iter_modules(places.__path__)
        ]
        made = {cls for module in modules for cls in vars(module).values() if is_policy(cls)}
        terms = {*STORED_TYPES, *get_args(ReadyGuard)}
        assert made - WITHOUT_TERMS <= terms
        assert made >= WITHOUT_TERMS
        assert not any(attrs.fields(MergeConditions))

    def test_every_policy_is_asked_what_it_decides_differently(self):
        for sample in SAMPLES:
            outcomes = {repr(answer.outcome) for answer in sample.answers(sample.value)}
            assert len(outcomes) == len(sample.asked), f"ask {sample.name} something else"
        kept = {cls for cls in STORED_TYPES if is_policy(cls)}
        assert kept <= {type(sample.value) for sample in POLICIES}

    def test_every_collection_keeps_a_type_that_is_kept(self):
        kept = {
            found.record_type
            for found in vars(crmkit.complaints).values()
            if isinstance(found, Collection)
        }
        assert kept <= set(STORED_TYPES)
        assert len(kept) == 9

    def test_every_term_of_a_policy_has_a_sample_that_is_not_the_default(self):
        tried: dict[tuple[type, str], set[bool]] = defaultdict(set)
        for value in (value for sample in POLICIES for value in values_in(sample.value)):
            if not type(value).__module__.startswith("crmkit.complaints"):
                continue
            for term in attrs.fields(type(value)):
                if term.init and term.default is not attrs.NOTHING:
                    default = term.default
                    if isinstance(default, attrs.Factory):  # type: ignore[arg-type]
                        default = default.factory()
                    tried[type(value), term.name].add(getattr(value, term.name) != default)
        left = sorted(
            f"{c.__name__}.{term}" for (c, term), seen in tried.items() if True not in seen
        )
        assert tried
        assert not left, f"these are at their default in every sample: {', '.join(left)}"

    def test_each_has_a_kind_of_its_own_beside_those_of_the_other_rooms(self):
        every = (*STORED_TYPES, *SEGMENTATION_TYPES, *LIFETIME_VALUE_TYPES)
        kinds = [kind_of(cls) for cls in every]
        assert sorted(set(kinds)) == sorted(kinds)
        assert make_converter(*every).loads(CONVERTER.dumps(PROFILE)) == PROFILE


class TestDocuments:
    """Written down and read back it is the same, and decides the same."""

    @each_sample
    def test_json_reads_back(self, sample):
        assert_same(CONVERTER.loads(CONVERTER.dumps(sample.value)), sample)

    @pytest.mark.parametrize("sample", FOR_PEOPLE, ids=lambda sample: sample.name)
    def test_toml_reads_back_with_what_is_none_left_out(self, sample):
        assert_same(CONVERTER.loads_toml(in_toml(CONVERTER.dumps(sample.value))), sample)

    def test_what_may_be_none_may_be_left_out(self):
        required = set()
        for record in {cls for kept in STORED_TYPES for cls in records_in(kept)}:
            types = field_types(record)
            required |= {
                f"{record.__name__}.{term.name}"
                for term in attrs.fields(record)
                if term.init and term.default is attrs.NOTHING and may_be_none(types[term.name])
            }
        assert required == FOR_STORES_ALONE

    def test_no_row_holds_none_among_others(self):
        for record in {cls for kept in STORED_TYPES for cls in records_in(kept)}:
            for held in field_types(record).values():
                parts = [] if is_union(held) else get_args(held)
                assert not any(may_be_none(part) for part in parts)

    def test_documents_of_other_terms_are_told_apart(self):
        texts = {CONVERTER.dumps(sample.value) for sample in SAMPLES}
        assert len(texts) == len({CONVERTER.digest(sample.value) for sample in SAMPLES})
        assert len(texts) == len(SAMPLES)

    @each_policy
    def test_what_a_policy_decided_can_be_kept_too(self, sample):
        answers = sample.answers(sample.value)
        (outcome,) = {type(answer.outcome) for answer in answers}
        decided: Any = Decision[tuple[DueEscalation, ...]] if outcome is tuple else Decision
        others = {outcome} - {bool, tuple, *STORED_TYPES}
        converter = make_converter(decided, *STORED_TYPES, *others)
        for decision in answers:
            again = converter.loads(converter.dumps(decision))
            assert again == decision
            assert type(again.outcome) is type(decision.outcome)


@frozen
class BossAgrees:
    """A condition that a host wrote itself."""

    remedy = "ask the boss"

    def watches(self, _proposal: Any) -> bool:
        return True

    def __call__(self, _proposal: Any) -> Evidence:
        return noted("boss", "agrees")


class TestKeptRules:
    """The rules of a desk are data: tables, and those conditions of crmkit that apply."""

    def test_a_shop_that_says_nothing_gets_the_rules_of_crmkit(self):
        assert KeptRules().rules == RULES
        assert KeptRules.of(RULES) == KeptRules()

    def test_every_condition_of_crmkit_can_be_written_down(self):
        assert {type(guard) for guard in DEFAULT_GUARDS} == set(get_args(ReadyGuard))
        assert {type(guard) for guard in OWN_RULES.guards} == set(get_args(ReadyGuard))

    def test_rules_come_back_as_they_were(self):
        kept = KeptRules.of(OWN_RULES.rules)
        again = CONVERTER.loads(CONVERTER.dumps(kept))
        assert isinstance(again, KeptRules)
        assert again.rules == OWN_RULES.rules
        assert [table.version for table in (again.rules.lifecycle, *again.rules.former)] == [2, 1]

    def test_a_complaint_goes_on_under_rules_that_were_read_back(self):
        rules = CONVERTER.loads(CONVERTER.dumps(KeptRules())).rules
        one, other = received(), received(rules=rules)
        assert one == other
        way = ("acknowledge", "assess", "investigate", "respond", "accept", "close", "reopen")
        assert go(other, *way, rules=rules) == go(one, *way)

    def test_tables_are_in_plain_words(self):
        table = KeptRules().lifecycle
        words = [table.initial, *table.final, *(word for move in table.moves for word in move)]
        assert {type(word) for word in words} == {str}
        assert KeptRules().lifecycle == COMPLAINT_LIFECYCLE

    def test_a_shop_writes_down_which_conditions_apply(self):
        kept = CONVERTER.loads_toml(
            """
            kind = "kept-rules"
            version = 1
            [data]
            guards = [
                { kind = "doer-is-not-checker" },
                { kind = "reopening-window", within = "P30DT0S", roles = ["lead"] },
            ]
            """
        )
        assert kept.rules.guards == (
            DoerIsNotChecker(),
            ReopeningWindow(within=timedelta(days=30), roles=("lead",)),
        )

    def test_a_condition_of_the_host_is_code_and_joins_later(self):
        own = ComplaintRules(guards=(*DEFAULT_GUARDS, BossAgrees()))
        with pytest.raises(InvalidPolicy, match="add BossAgrees after reading"):
            KeptRules.of(own)
        again = CONVERTER.loads(CONVERTER.dumps(KeptRules())).rules
        assert evolve(again, guards=(*again.guards, BossAgrees())) == own

    def test_rules_that_do_not_hold_together_are_refused(self):
        with pytest.raises(InvalidPolicy, match="which no lifecycle has"):
            KeptRules(guards=[DoerIsNotChecker(doing=("sing",))])


def found(records: Repository[Any], index: str, *prefix: Any, **terms: Any) -> list[str]:
    """The keys of what an index finds, in its order."""
    page = records.query(index, prefix=prefix, **terms)
    return [stored.record.id for stored in page.items]


TWENTIES = Period(date(2020, 1, 1), date(2030, 1, 1))
REGIONS = ("north", "south", None)
SOME = st.lists(
    st.tuples(
        st.sampled_from(REGIONS),
        st.sampled_from(["late", "broken", None]),
        st.sampled_from(["phone", "letter"]),
        st.integers(0, 60),
        st.booleans(),
    ),
    max_size=6,
)


class TestFindingComplaints:
    """The complaints behind a number are found by index."""

    def test_those_of_a_month_in_the_order_of_receipt(self, store: Store):
        with store.unit_of_work() as unit:
            complaints = unit.repository(COMPLAINTS)
            for number, days in (("K-1", 40), ("K-2", 3), ("K-3", 0)):
                complaints.add(received(number, received_at=MONDAY + days * DAY))
            assert found(complaints, "by-received") == ["K-3", "K-2", "K-1"]
            june = MONDAY + 28 * DAY
            assert found(complaints, "by-received", end=june) == ["K-3", "K-2"]
            assert found(complaints, "by-received", start=june) == ["K-1"]

    def test_those_about_a_place(self, store: Store):
        about = Subject(product="P-1", unit="shop", region="north", employee=BEN)  # type: ignore[arg-type]
        with store.unit_of_work() as unit:
            complaints = unit.repository(COMPLAINTS)
            stored = complaints.add(received("K-1", about=about))
            complaints.add(received("K-2", received_at=MONDAY - HOUR, channel="letter"))
            for dimension, value in (
                (Dimension.PRODUCT, "P-1"),
                (Dimension.UNIT, "shop"),
                (Dimension.REGION, "north"),
                (Dimension.EMPLOYEE, "ben"),
                (Dimension.CHANNEL, "phone"),
            ):
                assert found(complaints, "by-place", dimension, value) == ["K-1"]
            assert found(complaints, "by-place", Dimension.CHANNEL, "letter") == ["K-2"]
            assert found(complaints, "by-place", Dimension.CAUSE) == []
            blamed = note(stored.record, CauseFound(cause="late", unit="dispatch", person=ANNA))
            complaints.replace(blamed, stored.version)
            assert found(complaints, "by-place", Dimension.CAUSE, "late") == ["K-1"]
            assert found(complaints, "by-place", Dimension.UNIT, "dispatch") == ["K-1"]
            assert found(complaints, "by-place", Dimension.UNIT, "shop") == []
            assert found(complaints, "by-place", Dimension.EMPLOYEE, "anna") == ["K-1"]

    @given(SOME)
    def test_an_index_finds_as_many_as_were_counted(self, some):
        with MemoryStore().unit_of_work() as unit:
            complaints = unit.repository(COMPLAINTS)
            every: list[Complaint] = []
            for number, (region, cause, channel, days, merged) in enumerate(some):
                complaint = received(
                    f"K-{number}",
                    about=Subject(region=region),
                    channel=channel,
                    received_at=MONDAY + days * DAY,
                )
                if cause is not None:
                    complaint = note(complaint, CauseFound(cause=cause))
                if merged:
                    complaint = complaint.after(entry(Merged(ComplaintId("K-0"))))
                complaints.add(complaint)
                every.append(complaint)
            counts = summarize_complaints(count_cases(every, UTC), TWENTIES)
            for dimension in Dimension:
                known = found(complaints, "by-place", dimension)
                unknown = counts.unknown(dimension).complaints
                assert len(known) == counts.total.complaints - unknown
                for value, here in counts.by.get(dimension, {}).items():
                    assert len(found(complaints, "by-place", dimension, value)) == here.complaints


class TestFindingWhatPrevents:
    """What is done so that it does not happen again is found by what a shop asks."""

    def test_what_is_done_and_not_judged_waits_for_its_check(self, store: Store):
        with store.unit_of_work() as unit:
            actions = unit.repository(CORRECTIVE_ACTIONS)
            stored = actions.add(ACTION)
            assert found(actions, "by-due") == found(actions, "by-owner", ANNA) == ["A-1"]
            assert found(actions, "by-check") == []
            actions.replace(ACTION.done(LAST_DAY), stored.version)
            assert found(actions, "by-due") == found(actions, "by-owner", ANNA) == []
            assert found(actions, "by-check") == ["A-1"]

    def test_what_was_done_in_vain_is_found_by_the_last_day_it_happened_again(self, store: Store):
        first, last = LAST_DAY + timedelta(days=9), LAST_DAY + timedelta(days=30)
        done = ACTION.done(LAST_DAY)
        again = done.recurred(K9, last).recurred(ComplaintId("K-8"), first)
        with store.unit_of_work() as unit:
            actions = unit.repository(CORRECTIVE_ACTIONS)
            actions.add(again)
            actions.add(evolve(done, id="A-2").recurred(K9, first))
            actions.add(evolve(done, id="A-3").recurred(K9, LAST_DAY))
            actions.add(evolve(ACTION, id="A-4").recurred(K9, first))
            actions.add(evolve(done, id="A-5"))
            assert found(actions, "by-recurrence") == ["A-2", "A-1"]
            assert found(actions, "by-recurrence", start=last) == ["A-1"]
            # What has proven to be of no use needs no check any more.
            assert found(actions, "by-check") == ["A-3", "A-5"]
            assert again.state(last) is ActionState.INEFFECTIVE

    def test_an_action_is_found_by_what_it_was_for_and_what_came_after(self, store: Store):
        with store.unit_of_work() as unit:
            actions = unit.repository(CORRECTIVE_ACTIONS)
            actions.add(ACTION.done(LAST_DAY).recurred(K9, LAST_DAY).recurred(K1, LAST_DAY))
            for number in (K1, K2, K9):
                assert found(actions, "by-complaint", number) == ["A-1"]
            assert found(actions, "by-complaint", "K-5") == []

    def test_root_causes_by_cause_unit_and_complaint(self, store: Store):
        with store.unit_of_work() as unit:
            causes = unit.repository(ROOT_CAUSES)
            causes.add(CAUSE)
            causes.add(evolve(CAUSE, id="R-2", found_on=date(2026, 5, 2), unit="sales"))
            assert found(causes, "by-cause", "packaging") == ["R-2", "R-1"]
            assert found(causes, "by-cause", "late") == []
            causes.add(evolve(CAUSE, id="R-0", found_on=date(2026, 5, 22), cause="attitude"))
            assert found(causes, "by-unit", "dispatch") == ["R-1", "R-0"]
            assert found(causes, "by-unit", "dispatch", start=date(2026, 5, 21)) == ["R-0"]
            assert found(causes, "by-complaint", K2) == ["R-0", "R-1", "R-2"]

    def test_notices_by_each_unit_that_was_told(self, store: Store):
        with store.unit_of_work() as unit:
            notices = unit.repository(INTERNAL_NOTICES)
            notices.add(NOTICE)
            assert found(notices, "by-unit", "dispatch") == ["N-1"]
            assert found(notices, "by-unit", "sales", start=NOTICE.on) == ["N-1"]
            assert found(notices, "by-unit", "sales", end=NOTICE.on) == []
            assert found(notices, "by-complaint", K1) == ["N-1"]

    def test_the_library_and_ideas_by_the_complaints_they_came_from(self, store: Store):
        with store.unit_of_work() as unit:
            unit.repository(CASE_STUDIES).add(STUDY)
            unit.repository(IDEAS).add(IDEA)
            assert found(unit.repository(CASE_STUDIES), "by-complaint", K9) == ["S-1"]
            assert found(unit.repository(CASE_STUDIES), "by-area", "packaging") == ["S-1"]
            assert found(unit.repository(IDEAS), "by-complaint", K2) == ["I-1"]
            assert found(unit.repository(IDEAS), "by-status", "under-review") == ["I-1"]
