"""A person is handed out whole and alone, or erased to the last byte, and everything else holds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date

import pytest
from attrs import evolve, field, frozen
from hypothesis import given
from hypothesis import strategies as st

from crmkit.complaints import (
    COMPLAINT_AGENDAS,
    COMPLAINTS,
    ROOT_CAUSES,
    TRAIL_SEALS,
    ComplaintDesk,
    Receipt,
    trail_records,
    verify_complaint,
)
from crmkit.errors import (
    AnswerErased,
    InvalidPolicy,
    InvalidValue,
    NaiveDatetime,
    VersionConflict,
)
from crmkit.followups import FOLLOW_UPS, MISSED_AGENDAS
from crmkit.identifiers import Actor, ComplaintId, CustomerId
from crmkit.loyalty import (
    POINTS_LEDGERS,
    POSTED_KEYS,
    REWARD_STOCKS,
    LoyaltyDesk,
    MergedFrom,
    posted_key,
)
from crmkit.loyalty.kept import referral_key
from crmkit.segmentation import POLICIES, RfmScale, SegmentationDesk
from crmkit.segmentation.policies.rfm import TieBreaks
from crmkit.serialization import make_converter
from crmkit.storage import Collection, Stream
from crmkit.storage.memory import MemoryStore
from crmkit.storage.subjects import (
    ERASED,
    SOMEBODY_ELSE,
    ErasureReport,
    SubjectData,
    customers_in,
    erase_subject,
    export_subject,
    find_mentions,
    rewritten,
    without_personal,
)
from crmkit.tiering import RetieringPolicy, TierLadder
from tests.loyalty.shop import BASE, FRIENDS, bought, euros, program
from tests.storage.subject_town import (
    BEN,
    CANARY,
    CLERK,
    DATA,
    DAY,
    FOREIGN,
    IDA,
    MAY,
    NOW,
    PSEUDONYM,
    club,
    complain,
    fill,
    fill_club,
    fill_complaints,
    fill_follow_ups,
    fill_texts,
    in_a_unit,
    learn_from_both,
    number_of,
    salts,
)


def town(*parts):
    store = MemoryStore()
    for part in parts or (fill,):
        part(store)
    return store


def texts_of(store):
    """Every text in a store in memory: keys, indexes, documents, snapshots, answers, messages."""
    state = store._state
    for name, records in state.records.items():
        for key, kept in records.kept.items():
            listed = [entry.decode("utf-8", "replace") for _, entry in kept.listings]
            yield "\n".join((name, key, kept.row.document, *listed))
    for (name, key), entries in state.streams.items():
        yield "\n".join((name, key, *entries))
    for place, snapshot in state.snapshots.items():
        yield "\n".join((*place, snapshot.document))
    for key, answer in state.answers_kept.items():
        yield f"{key}\n{answer.document}"
    for message in state.waiting.values():
        yield f"{message.topic}\n{message.payload}"


def leaks(store, text=CANARY):
    return [each for each in texts_of(store) if text in each]


def erase(store, who=IDA, data=DATA, pseudonym=PSEUDONYM, **terms):
    return erase_subject(store, who, data, pseudonym=pseudonym, at=NOW, **terms)


def export(store, who=IDA, data=DATA, **terms):
    return export_subject(store, who, data, at=NOW, **terms)


def whole(store, name, key):
    with store.unit_of_work() as unit:
        return unit.repository(name).get(key).record


class TestExport:
    """What is handed out is all of somebody's, and nobody else's."""

    def test_nothing_of_anybody_else_is_in_it(self):
        store = town()
        for who, other in ((IDA, FOREIGN), (BEN, CANARY)):
            text = json.dumps(export(store, who).as_json())
            assert other not in text
            assert who in text

    def test_every_word_of_theirs_that_is_kept_is_in_it(self):
        store = town()
        text = json.dumps(export(store).as_json())
        said = {
            leaf
            for kept in texts_of(store)
            for leaf in kept.split('"')
            if leaf.startswith(f"{CANARY} says")
        }
        assert len(said) > 20
        assert [leaf for leaf in said if leaf not in text] == []

    def test_every_collection_that_keeps_something_of_them_stands_in_it(self):
        parts = {part.name: len(part.documents) for part in export(town()).parts}
        nobodys = {"segmentation-policies", "fitted-models", "reward-stocks", "missed-agendas"}
        assert parts.keys() == {datum.name for datum in DATA} - nobodys
        assert parts["points-ledgers"] == 7

    def test_others_in_their_records_have_no_number(self):
        (ledger,) = (p for p in export(town()).parts if p.name == "points-ledgers")
        assert sum(SOMEBODY_ELSE in document for document in ledger.documents) >= 2

    def test_messages_and_answers_stand_as_they_are(self):
        found = export(town())
        assert [each.topic for each in found.messages].count("follow-up-missed") == 2
        assert {each.key for each in found.answers} == {"command a", f"pay:{IDA}:1"}
        assert len(found.as_json()["answers"]) == len(found.as_json()["messages"]) - 4 == 2

    def test_two_exports_are_the_same_to_the_byte(self):
        one, other = (json.dumps(export(store).as_json()) for store in (town(), town()))
        assert one == other

    def test_what_is_about_others_as_well_is_counted_and_left_out(self):
        store = town(fill_complaints, learn_from_both)
        found = export(store)
        assert found.as_json()["shared"] == {"root-causes": 1}
        assert FOREIGN not in json.dumps(found.as_json())

    def test_of_somebody_unknown_there_is_nothing(self):
        found = export(town(fill_club), CustomerId("nobody"))
        assert found.is_empty
        assert not export(town(fill_club)).is_empty

    def test_neither_the_number_nor_a_document_is_shown_by_accident(self):
        assert CANARY not in repr(export(town()))


class TestErase:
    """What is erased is gone everywhere, and what others have is as it was."""

    def test_no_trace_is_left(self):
        store = town()
        assert leaks(store)
        erase(store)
        assert leaks(store) == []

    def test_no_digest_is_left_by_which_the_number_could_be_told(self):
        store = town()
        with store.unit_of_work() as unit:
            entries = unit.stream(POINTS_LEDGERS).read(IDA)
        digests = [referral_key(IDA), *(posted_key(IDA, entry.key) for entry in entries)]
        assert all(leaks(store, digest) for digest in digests)
        erase(store)
        assert [digest for digest in digests if leaks(store, digest)] == []

    def test_once_more_there_is_nothing_to_erase(self):
        store = town()
        assert not erase(store).is_empty
        before = list(texts_of(store))
        again = erase(store)
        assert again.is_empty
        assert again.in_words().endswith("there was nothing to erase")
        assert list(texts_of(store)) == before
        assert export(store).is_empty

    def test_of_somebody_unknown_nothing_is_erased(self):
        store = town(fill_club)
        before = list(texts_of(store))
        assert erase(store, CustomerId("nobody")).is_empty
        assert list(texts_of(store)) == before

    def test_the_report_says_what_was_done_and_nothing_of_the_person(self):
        report = erase(town())
        parts = {part.name: part for part in report.parts}
        assert (parts["follow-ups"].removed, parts["follow-ups"].kept) == (3, 0)
        assert (parts["win-back-cases"].removed, parts["win-back-cases"].kept) == (1, 1)
        assert (parts["points-ledgers"].kept, parts["points-ledgers"].renamed) == (1, 1)
        assert parts["segmentation-policies"].renamed == 1
        assert (report.messages, report.answers, report.commands) == (6, 1, 1)
        assert CANARY not in repr(report) + report.in_words()
        assert "points-ledgers: 1 kept without the name (the points of" in report.in_words()

    def test_the_report_can_be_kept(self):
        report = erase(town(fill_club))
        converter = make_converter(ErasureReport)
        assert converter.loads(converter.dumps(report)) == report

    def test_both_are_erased_and_nothing_is_left_of_either(self):
        store = town()
        erase(store)
        erase(store, BEN, pseudonym=CustomerId("x-0815"))
        assert leaks(store) + leaks(store, FOREIGN) == []
        desk = club(store)
        for member in (PSEUDONYM, CustomerId("x-0815")):
            desk.verify(member)

    def test_an_erased_command_is_not_carried_out_again(self):
        store = town(fill_texts)
        told = f'{{"customer": "{IDA}", "points": 5}}'
        erase(store)
        with store.unit_of_work() as unit, pytest.raises(AnswerErased):
            unit.once("command a", told, lambda: "again", at=MAY)


class TestOthers:
    """Those who stay have what they had."""

    def test_what_they_are_handed_out_is_the_same_but_where_the_person_was_named(self):
        store = town()
        before = export(store, BEN)
        erase(store)
        after = export(store, BEN)
        assert (before.messages, before.answers) == (after.messages, after.answers)
        named = {"points-ledgers", "points-posted-keys"}
        for one, other in zip(before.parts, after.parts, strict=True):
            assert one.name == other.name
            assert one == other or one.name in named
        with town().unit_of_work() as unit:
            entries = unit.stream(POINTS_LEDGERS).read(BEN)
        (one,), (other,) = (
            [part for part in each.parts if part.name == "points-ledgers"]
            for each in (before, after)
        )
        told = (CANARY, referral_key(IDA))
        for entry, was, then in zip(entries, one.documents, other.documents, strict=True):
            kept = POINTS_LEDGERS.dumps(entry)
            assert was == then or any(text in kept for text in told)

    def test_their_records_that_name_nobody_are_the_same_to_the_byte(self):
        store = town()
        before = [each for each in texts_of(store) if CANARY not in each and FOREIGN in each]
        erase(store)
        after = set(texts_of(store))
        untouched = [each for each in before if referral_key(IDA) not in each]
        assert len(untouched) > 10
        # Snapshots of a ledger that was rewritten go; they are made anew.
        gone = {"\n".join(each.split("\n")[:3]) for each in untouched if each not in after}
        folds = ("points-account", "qualifications")
        assert gone == {f"points-ledgers\n{BEN}\n{fold}" for fold in folds}


class TestLedgers:
    """Points add up as before."""

    def test_every_balance_is_what_it_was(self):
        store = town(fill_club)
        desk = club(store)
        before = {who: desk.balance(who, DAY) for who in (IDA, BEN)}
        erase(store)
        assert desk.balance(PSEUDONYM, DAY) == before[IDA]
        assert desk.balance(BEN, DAY) == before[BEN]

    def test_ledgers_verify_and_can_be_read_whole(self):
        store = town(fill_club)
        erase(store)
        desk = club(store)
        for who in (PSEUDONYM, BEN):
            desk.verify(who)
            assert len(desk.ledger(who).entries) == 7

    def test_they_go_on(self):
        store = town(fill_club)
        erase(store)
        desk = club(store)
        desk.redeem(BEN, 50, on=DAY, key="later")
        desk.transfer(PSEUDONYM, BEN, 10, on=DAY, key="also later")
        assert not desk.redeem(BEN, 50, on=DAY, key="later").is_new
        assert desk.verify(BEN).entries == 9

    def test_what_was_written_about_both_goes_from_the_ledger_of_the_other(self):
        store = town(fill_club)
        desk = club(store)
        with store.unit_of_work() as unit:
            desk.debit(BEN, 1, on=DAY, key="by hand", reason="a slip of ours", unit=unit)
            desk.transfer(IDA, BEN, 1, on=DAY, key="wedding", reason="love, Ida Berg", unit=unit)
            unit.commit()
        erase(store)
        assert leaks(store, "Ida Berg") == []
        by_hand, wedding = desk.ledger(BEN).entries[-2:]
        assert (by_hand.reason, wedding.reason) == ("a slip of ours", ERASED)

    def test_a_reward_that_was_cancelled_is_in_stock_again(self):
        store = town(fill_club)
        erase(store)
        left = whole(store, REWARD_STOCKS, "mug").left
        club(store).roll_back(PSEUDONYM, f"mug {PSEUDONYM}", on=DAY, key="cancelled")
        assert whole(store, REWARD_STOCKS, "mug").left == left + 1

    def test_a_member_who_was_merged_can_be_erased_number_by_number(self):
        store = town(fill_club)
        desk = club(store)
        desk.merge(IDA, BEN, on=DAY, key="same person")
        points = desk.balance(IDA, DAY).available
        erase(store)
        erase(store, BEN, pseudonym=CustomerId("x-0815"))
        assert leaks(store) + leaks(store, FOREIGN) == []
        assert desk.balance(PSEUDONYM, DAY).available == points
        kinds = [type(entry.posting) for entry in desk.ledger(PSEUDONYM).entries]
        assert kinds.count(MergedFrom) == 1
        assert desk.membership(PSEUDONYM).absorbed[0].member == "x-0815"

    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["credit", "give", "redeem", "buy"]),
                st.permutations(["canary-1", "b", "c"]),
                st.integers(1, 60),
            ),
            max_size=8,
        )
    )
    def test_whatever_happened_sums_stay_and_the_number_goes(self, happened):
        store = MemoryStore()
        desk = LoyaltyDesk(store=store, program=program(BASE, FRIENDS), snapshot_every=2)
        members = [CustomerId(each) for each in ("canary-1", "b", "c")]
        for member in members:
            desk.join(member, on=DAY)
            desk.credit(member, 100, on=DAY, key=f"in {member}", reason="welcome")
        for number, (what, (one, other, _), points) in enumerate(happened):
            key = f"{number}/{one}"
            points = min(points, desk.balance(one, DAY).available)
            if what == "buy":
                desk.purchase(bought(one, DAY, f"{points}.00", referred_by=other), key=key)
            elif what == "credit" or not points:
                desk.credit(one, 7, on=DAY, key=key, reason="so")
            elif what == "give":
                desk.transfer(one, other, points, on=DAY, key=key)
            else:
                desk.redeem(one, points, on=DAY, key=key)
        before = [desk.balance(member, DAY) for member in members]
        erase(store, members[0])
        after = [PSEUDONYM, *members[1:]]
        assert [desk.balance(member, DAY) for member in after] == before
        for member in after:
            desk.verify(member)
        assert leaks(store) == leaks(store, referral_key(members[0])) == []
        with store.unit_of_work() as unit:
            for member in after:
                for entry in unit.stream(POINTS_LEDGERS).read(member):
                    assert unit.repository(POSTED_KEYS).find(posted_key(member, entry.key))


class TestComplaints:
    """A trail shows what was done, and its seal holds."""

    def kept(self, store):
        with store.unit_of_work() as unit:
            complaint = unit.repository(COMPLAINTS).get(number_of(IDA)).record
            return complaint, unit.repository(TRAIL_SEALS).get(number_of(IDA)).record

    def test_the_seal_is_intact_and_says_what_was_erased(self):
        store = town(fill_complaints)
        anchor = self.kept(store)[1].anchor
        erase(store)
        complaint, seal = self.kept(store)
        report = verify_complaint(complaint, seal, anchor=anchor)
        assert report.is_intact
        assert len(report.erased) == sum(len(link.commitments) for link in seal.links) > 15
        assert complaint.receipt.complainant == ERASED

    def test_a_trail_that_grew_after_its_seal_can_be_sealed_to_its_end(self):
        store = town(fill_complaints)

        def cut(unit):
            seals = unit.repository(TRAIL_SEALS)
            kept = seals.get(number_of(IDA))
            seals.replace(evolve(kept.record, links=kept.record.links[:3]), kept.version)

        in_a_unit(store, cut)
        erase(store)
        assert leaks(store) == []
        complaint, seal = self.kept(store)
        longer = seal.extended(trail_records(complaint), salts())
        assert verify_complaint(complaint, longer).is_intact

    def test_the_number_of_a_complaint_stays_whatever_is_in_it(self):
        """Its seal covers it; so hosts put no numbers of customers there."""
        store, number = MemoryStore(), ComplaintId(f"K/{IDA}")
        desk = ComplaintDesk(store=store)
        desk.receive(
            Receipt(id=number, received_at=MAY, channel="phone", complainant=IDA, received_by=CLERK)
        )
        erase(store)
        assert desk.get(number).receipt.complainant == ERASED
        assert whole(store, COMPLAINT_AGENDAS, number).complaint == number
        mentions = find_mentions(store, [IDA], DATA)
        assert {each.name for each in mentions} == {"complaints", "complaint-agendas"}

    def test_words_about_two_people_go_with_the_first(self):
        store = town(fill_complaints, learn_from_both)
        report = erase(store)
        assert leaks(store) == []
        cause = whole(store, ROOT_CAUSES, "R-both")
        assert (cause.explanation, cause.cause) == (ERASED, "ring")
        assert [p.kept for p in report.parts if p.name == "root-causes"] == [2]


class TestFollowUps:
    """Nobody is contacted who was erased."""

    def test_they_go_with_what_is_due_next(self):
        store = town(fill_follow_ups)
        with store.unit_of_work() as unit:
            due = unit.repository(MISSED_AGENDAS).page().items
        erase(store)
        with store.unit_of_work() as unit:
            left = unit.repository(MISSED_AGENDAS).page().items
            kept = unit.repository(FOLLOW_UPS).page().items
        assert {each.record.follow_up[:3] for each in left} <= {"F-B"}
        assert len(left) <= len(due)
        assert [each.record.customer for each in kept] == [BEN] * 3


class TestPseudonyms:
    """What takes the place of a number says nothing, and is nobody's."""

    @pytest.mark.parametrize("taken", [IDA, CustomerId(f"{IDA}-x"), BEN])
    def test_a_number_that_is_known_or_holds_the_old_one_is_refused(self, taken):
        store = town(fill_club)
        before = list(texts_of(store))
        with pytest.raises(InvalidValue) as refused:
            erase(store, pseudonym=taken)
        assert CANARY not in str(refused.value)
        assert list(texts_of(store)) == before

    def test_the_one_of_an_earlier_erasure_is_taken(self):
        store = town(fill_club)
        erase(store)
        with pytest.raises(InvalidValue, match="fresh"):
            erase(store, BEN)

    def test_a_number_that_only_others_name_is_taken(self):
        store = town(fill_complaints)
        with pytest.raises(InvalidValue, match="fresh"):
            erase(store, pseudonym=BEN)

    def test_a_scale_whose_ties_are_broken_by_customers_takes_any(self):
        """The customers stand in order where thresholds are equal."""
        store = MemoryStore()
        three = (CustomerId("a"), IDA, CustomerId("d"))
        scale = RfmScale(
            recency_at_most=(30, 30, 30),
            frequency_at_least=(3, 3, 3),
            monetary_at_least=(euros("5.00"),) * 3,
            tie_breaks=TieBreaks(recency=three, frequency=three, monetary=three),
        )
        desk = SegmentationDesk(store=store, retiering=RetieringPolicy(TierLadder.of("a", "b")))
        desk.adopt("rfm", scale, valid_from=DAY)
        erase(store)
        assert leaks(store) == []
        with store.unit_of_work() as unit:
            (kept,) = unit.repository(POLICIES).page().items
        policy = kept.record.policy
        assert isinstance(policy, RfmScale)
        assert policy.tie_breaks is not None
        assert policy.tie_breaks.recency == ("a", "d", PSEUDONYM)

    def test_instants_have_a_zone(self):
        with pytest.raises(NaiveDatetime):
            export_subject(MemoryStore(), IDA, DATA, at=NOW.replace(tzinfo=None))


class TestDigitsOnly:
    """A number of digits could just as well count something."""

    TWELVE = CustomerId("12")

    def shop(self, *texts):
        store = MemoryStore()
        desk = club(store)
        for who in (self.TWELVE, BEN):
            desk.join(who, on=DAY)
            desk.credit(who, 12, on=DAY, key="12", reason="12 at once")
        desk.transfer(self.TWELVE, BEN, 12, on=DAY, key="gift")
        with store.unit_of_work() as unit:
            for text in texts:
                unit.outbox.add("told", text)
            unit.commit()
        store.deliver(lambda message: None, limit=2)  # The tiers they joined with.
        return store

    def test_it_is_replaced_where_a_field_holds_customers_and_nowhere_else(self):
        store = self.shop()
        report = erase(store, self.TWELVE)
        assert [part.name for part in report.parts][-3:] == [
            *("points-ledgers", "points-posted-keys", "memberships")
        ]
        desk = club(store)
        assert desk.balance(PSEUDONYM, DAY).available == 0
        assert [entry.key for entry in desk.ledger(PSEUDONYM).entries] == ["12", "gift"]
        assert customers_in(desk.ledger(BEN).entries[-1]) == {PSEUDONYM}
        assert export(store, self.TWELVE).is_empty

    def test_a_text_that_may_be_about_it_is_for_the_host_to_judge(self):
        store = self.shop('{"points": 12}', '{"customer": 12}')
        for ask in (erase, export):
            with pytest.raises(InvalidValue, match="names="):
                ask(store, self.TWELVE)

        def names(text):
            return '"customer": 12' in text

        assert len(export(store, self.TWELVE, names=names).messages) == 1
        assert erase(store, self.TWELVE, names=names).messages == 1

    def test_a_text_in_which_it_is_part_of_a_word_is_not(self):
        store = self.shop('{"points": 120}', "order-12", "12.5")
        assert erase(store, self.TWELVE).messages == 0


class TestStaff:
    """Somebody who works here may have the number of a customer for a key."""

    def test_what_they_did_stays(self):
        store = town(fill_complaints, fill_follow_ups)
        before = set(texts_of(store))
        assert erase(store, CustomerId("anna"), names=lambda _: False).is_empty
        assert set(texts_of(store)) == before

    def test_also_for_a_customer_of_that_number(self):
        store = MemoryStore()
        desk, anna = club(store), CustomerId("anna")
        desk.join(anna, on=DAY)
        desk.credit(anna, 5, on=DAY, key="sorry", reason="sorry", by=Actor("anna"))
        erase(store, anna)
        (entry,) = desk.ledger(PSEUDONYM).entries
        assert (entry.by, entry.reason) == ("anna", ERASED)


class TestTexts:
    """A message names somebody if their number is a word of it."""

    @pytest.mark.parametrize(
        "payload",
        ["C-7", "to C-7.", "order:C-7:1", '{"a": ["C-7"]}', '{"C-7": 1}', '{"t": "a\\nC-7"}'],
    )
    def test_as_a_word(self, payload):
        assert self.erased(payload) == 1

    @pytest.mark.parametrize(
        "payload", ["C-70", "C-7-2", "XC-7", "C-7.2", "C-7@mail", "c-7", '{"t": "C-7-2"}', "[1]"]
    )
    def test_not_as_part_of_another(self, payload):
        assert self.erased(payload) == 0

    def test_written_in_escapes(self):
        assert self.erased('{"who": "\\u00c4-7"}', CustomerId("Ä-7")) == 1

    def test_in_the_topic(self):
        store = MemoryStore()
        in_a_unit(store, lambda unit: unit.outbox.add("news of C-7", "{}"))
        assert erase(store, CustomerId("C-7")).messages == 1

    def erased(self, payload, who=CustomerId("C-7")):  # noqa: B008
        store = MemoryStore()
        in_a_unit(store, lambda unit: unit.outbox.add("told", payload))
        return erase(store, who).messages

    def test_many_messages_and_answers_are_looked_through(self):
        store = MemoryStore()

        def many(unit):
            for number in range(1_100):
                unit.outbox.add("told", "C-7" if number % 100 == 99 else "C-8")
                told = "C-7" if number % 100 == 99 else "C-8"
                unit.once(f"{number:04}", "{}", lambda told=told: told, at=MAY)

        in_a_unit(store, many)
        report = erase(store, CustomerId("C-7"))
        assert (report.messages, report.answers) == (11, 11)


class TestMentions:
    """What no rule finds is listed for somebody to read."""

    def test_free_texts_of_others_are_found_and_left(self):
        store = town(fill_complaints, fill_follow_ups, fill_club, fill_texts)
        found = find_mentions(store, ["FOREIGN SAYS: it leaks", "no such text"], DATA)
        assert [(each.name, each.key) for each in found] == [("complaints", "K-2")]
        assert "K-2" not in repr(found)

    def test_in_streams_messages_and_answers_too(self):
        store = town(fill_club, fill_texts)
        names = [each.name for each in find_mentions(store, [CANARY], DATA)]
        assert {"points-ledgers", "outbox", "answers"} <= set(names)
        erase(store)
        assert find_mentions(store, [CANARY], DATA) == ()


class TestConflicts:
    """What somebody changes meanwhile is not lost: the erasure begins again."""

    def test_a_change_in_between_is_a_conflict_and_nothing_happens(self):
        store = town(fill_club)
        desk = club(store)

        class Meanwhile(MemoryStore):
            """Somebody spends points just before the commit."""

            def _apply(self, changes):
                if changes.erased_streams:
                    desk.redeem(IDA, 1, on=DAY, key="quick")
                store._apply(changes)

        meanwhile = Meanwhile()
        meanwhile._state = store._state
        with pytest.raises(VersionConflict):
            erase(meanwhile)
        assert leaks(store)
        assert desk.verify(IDA).entries == 7 + 1
        assert not erase(store).is_empty
        assert leaks(store) == []

    def test_what_was_written_after_the_search_began_waits_for_the_next_time(self):
        store = MemoryStore()

        class Late(MemoryStore):
            """A complaint comes in while the rest is looked through."""

            begun = 0

            def unit_of_work(self):
                self.begun += 1
                if self.begun == 2:
                    complain(store, IDA)
                return store.unit_of_work()

        assert erase(Late()).is_empty
        assert not erase(store).is_empty


class TestTheRegister:
    """A table that would miss something is refused, and one that misses something leaks."""

    def test_a_collection_stands_once_and_behind_the_one_it_goes_through(self):
        for data in ((*DATA, DATA[0]), DATA[::-1]):
            for ask in (erase, export):
                with pytest.raises(InvalidPolicy):
                    ask(MemoryStore(), data=data)
            with pytest.raises(InvalidPolicy):
                find_mentions(MemoryStore(), ["a"], data)

    def test_what_stays_has_a_reason_and_what_goes_through_another_says_how(self):
        with pytest.raises(InvalidPolicy, match="reason"):
            SubjectData(FOLLOW_UPS, stays=" ")
        with pytest.raises(InvalidPolicy, match="whose="):
            SubjectData(MISSED_AGENDAS, through=FOLLOW_UPS)

    @pytest.mark.parametrize(
        "left_out",
        [
            *(datum.name for datum in DATA if datum.name not in ("complaints", "follow-ups")),
        ],
    )
    def test_a_collection_that_is_left_out_leaks(self, left_out):
        """The control: otherwise the check above could not fail."""
        clean = {"complaint-agendas", "missed-agendas", "corrective-actions"}
        clean |= {"case-studies", "complaint-ideas", "trail-seals", "reward-stocks"}
        store = town()
        erase(store, data=tuple(datum for datum in DATA if datum.name != left_out))
        assert bool(leaks(store)) is (left_out not in clean)

    def test_without_reward_stocks_a_digest_leaks(self):
        store = town(fill_club)
        digest = posted_key(IDA, f"mug {IDA}")
        erase(store, data=tuple(datum for datum in DATA if datum.name != "reward-stocks"))
        assert leaks(store, digest)

    def test_without_the_seals_a_seal_is_broken(self):
        store = town(fill_complaints)
        erase(store, data=tuple(datum for datum in DATA if datum.name != "trail-seals"))
        with store.unit_of_work() as unit:
            complaint = unit.repository(COMPLAINTS).get(number_of(IDA)).record
            seal = unit.repository(TRAIL_SEALS).get(number_of(IDA)).record
        assert not verify_complaint(complaint, seal).is_intact


# --- a host's own records -------------------------------------------------------------------------


@frozen
class Profile:
    """What a host keeps in its own words."""

    customer: CustomerId
    age: int | None = field(default=None, metadata={"personal": True})
    likes: tuple[str, ...] = field(default=(), metadata={"personal": True})
    friends: frozenset[CustomerId] = frozenset()
    seen: date | None = None


@frozen
class Visit:
    """An entry of a host."""

    shop: str
    with_whom: CustomerId | None = None


PROFILES = Collection("profiles", Profile, key=lambda profile: profile.customer)
VISITS = Stream("visits", (Visit,))


@frozen
class Book:
    """What a host keeps by customer."""

    owner: CustomerId
    debts: Mapping[CustomerId, str] = field(factory=dict, hash=False)
    friends: Mapping[str, CustomerId] = field(factory=dict, hash=False)
    notes: Mapping[str, str] = field(factory=dict, hash=False, metadata={"personal": True})


BOOKS = Collection("books", Book, key=lambda book: book.owner)


class TestOwnRecords:
    """A host's own collections are erased like those of the rooms."""

    def kept(self, stays):
        store = MemoryStore()
        likes = Profile(IDA, 41, ("tea",), frozenset({BEN, CustomerId("c")}), DAY)

        def write(unit):
            unit.repository(PROFILES).add(likes)
            unit.repository(PROFILES).add(Profile(BEN, friends=frozenset({IDA})))
            unit.stream(VISITS).append(IDA, [Visit("north")] * 1_200, 0)
            unit.stream(VISITS).append(BEN, [Visit("south")], 0)

        in_a_unit(store, write)
        data = (
            SubjectData(PROFILES, whose=lambda each: (each.customer,), stays=stays),
            SubjectData(VISITS, whose=lambda key: (key,), stays=stays),
        )
        return store, data

    def test_personal_numbers_and_lists_go_as_well(self):
        store, data = self.kept("we count ages")
        erase(store, data=data)
        profile = whole(store, PROFILES, PSEUDONYM)
        assert (profile.age, profile.likes, profile.seen) == (None, (), DAY)
        assert profile.friends == {BEN, "c"}
        assert whole(store, PROFILES, BEN).friends == {PSEUDONYM}
        with store.unit_of_work() as unit:
            assert unit.stream(VISITS).keys() == (BEN, PSEUDONYM)

    def test_a_stream_may_go_altogether(self):
        store, data = self.kept(None)
        report = erase(store, data=data)
        assert [(part.name, part.removed) for part in report.parts] == [
            *(("profiles", 1), ("visits", 1))
        ]
        with store.unit_of_work() as unit:
            assert unit.stream(VISITS).keys() == (BEN,)
            assert unit.stream(VISITS).length(IDA) == 0

    def test_mappings_are_looked_through_by_their_keys_and_values(self):
        book = Book(BEN, {IDA: f"{CANARY} owes me"}, {"best": IDA, CANARY: BEN}, {CANARY: CANARY})
        store = MemoryStore()
        in_a_unit(store, lambda unit: unit.repository(BOOKS).add(book))
        data = (SubjectData(BOOKS, whose=lambda each: (each.owner,), stays="a book is a book"),)
        erase(store, data=data)
        kept = whole(store, BOOKS, BEN)
        assert (set(kept.debts), dict(kept.friends)) == (
            {PSEUDONYM},
            {"best": PSEUDONYM, CANARY: BEN},
        )
        erase(store, BEN, data=data, pseudonym=CustomerId("x-0815"))
        assert whole(store, BOOKS, "x-0815").notes == {}
        assert customers_in({"a": Profile(BEN)}) == {BEN}

    def test_walking_a_record(self):
        ben = Profile(BEN, friends=frozenset({IDA}))
        assert customers_in(ben) == {IDA, BEN}
        assert rewritten(ben, lambda text, _: text) is ben
        assert rewritten(ben, lambda text, _: text.upper()).customer == BEN.upper()
        assert without_personal(ben) is ben
        assert without_personal((Profile(BEN, 3),)) == (Profile(BEN),)

    def test_many_streams_and_long_ones_are_looked_through(self):
        store = MemoryStore()
        data = (SubjectData(VISITS, whose=lambda key: (key,)),)

        def many(unit):
            for number in range(250):
                with_whom = IDA if number % 100 == 99 else None
                unit.stream(VISITS).append(f"n-{number:03}", [Visit("north", with_whom)], 0)
            long = [Visit("south")] * 1_300 + [Visit("south", IDA)]
            unit.stream(VISITS).append("z", long, 0)

        in_a_unit(store, many)
        (part,) = erase(store, data=data).parts
        assert (part.removed, part.renamed) == (0, 3)
        assert leaks(store) == []

    def test_many_records_are_looked_through_page_by_page(self):
        store = MemoryStore()
        data = (SubjectData(PROFILES, whose=lambda each: (each.customer,)),)

        def many(unit):
            for number in range(1_100):
                friends = frozenset({IDA}) if number % 500 == 499 else frozenset()
                profile = Profile(CustomerId(f"n-{number:04}"), friends=friends)
                unit.repository(PROFILES).add(profile)

        in_a_unit(store, many)
        (part,) = erase(store, data=data).parts
        assert (part.removed, part.renamed) == (0, 2)
