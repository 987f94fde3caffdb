"""A seal shows that a trail was changed, says what it cannot show, and outlives an erasure."""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import count, product
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from attrs import AttrsInstance, evolve, field, frozen
from hypothesis import given
from hypothesis import strategies as st

from crmkit.complaints.lifecycle import Status
from crmkit.complaints.records import seal as seal_module
from crmkit.complaints.records.complaint import Complaint
from crmkit.complaints.records.events import (
    Contacted,
    FactsRecorded,
    MessageSent,
    Noted,
    PromiseMade,
    RedressOffered,
)
from crmkit.complaints.records.seal import (
    ERASED,
    Commitment,
    SealAnchor,
    SealLink,
    TrailSeal,
    erase,
    erase_complaint,
    seal,
    seal_complaint,
    trail_records,
)
from crmkit.complaints.records.verification import (
    ErasedText,
    SealAttack,
    SealFlaw,
    SealProblem,
    SealReport,
    detected,
    verify,
    verify_complaint,
)
from crmkit.errors import InvalidIdentifier, InvalidPolicy, InvalidValue
from crmkit.identifiers import ComplaintId, CustomerId, PromiseId
from crmkit.money import Money
from crmkit.records import Direction
from crmkit.serialization import make_converter
from tests.complaints.builders import ANNA, BEN, DAY, MONDAY, allowed_by, note, standing

KEY = b"k" * 32
CANARY = "canary"

Records = tuple[AttrsInstance, ...]


def personal() -> Any:
    return field(default=None, repr=False, metadata={"personal": True})


@frozen
class Line:
    comment: str | None = personal()


@frozen(kw_only=True)
class Note:
    number: int
    text: str | None = personal()
    lines: tuple[Line, ...] = ()
    words: frozenset[str] = frozenset()
    at: datetime | None = None
    amount: Money | None = None
    _seen: int = field(default=0, init=False)


def salts() -> Callable[[], str]:
    """Salts that are all different, and the same in every run."""
    numbers: Iterator[int] = count(1)
    return lambda: hashlib.sha256(str(next(numbers)).encode()).hexdigest()[:32]


def notes(size: int) -> Records:
    return tuple(
        Note(number=n, text=f"{CANARY} {n}", lines=(Line(), Line(f"{CANARY} line {n}")))
        for n in range(size)
    )


def sealed(records: Sequence[AttrsInstance], key: bytes | None = None) -> TrailSeal:
    return seal(ComplaintId("K-1"), records, salts(), key=key)


def a_long_story() -> Complaint:
    """A real complaint with a personal text in every place where there can be one."""
    complaint = standing(
        Status.RESPONDED,
        complainant=CustomerId(f"{CANARY}-7"),
        content=f"{CANARY}: the parcel was wet",
        remedy_sought=f"{CANARY} wants a new one",
    )
    return note(
        complaint,
        FactsRecorded(f"{CANARY} left it in the rain"),
        Contacted(channel="phone", direction=Direction.INBOUND, summary=f"{CANARY} called"),
        MessageSent(kind="holding-response", contains=frozenset({"b", "a", "c"})),
        PromiseMade(
            id=PromiseId("P-1"), due_on=date(2026, 5, 8), content=f"{CANARY} gets a new one"
        ),
        RedressOffered(kind="refund", amount=Money("12.30", "EUR")),
        Noted("mood", f"{CANARY} is calm again"),
        by=BEN,
        at=MONDAY + DAY,
        override=allowed_by(ANNA),
    )


STORY = a_long_story()


class TestAnUntouchedTrail:
    """What nobody touched is intact, with or without a key and an anchor."""

    @pytest.mark.parametrize("key", [None, KEY])
    @pytest.mark.parametrize("anchored", [False, True])
    def test_it_is_intact(self, key, anchored):
        chain = seal_complaint(STORY, salts(), key=key)
        anchor = chain.anchor if anchored else None
        report = verify_complaint(STORY, chain, key=key, anchor=anchor)
        assert report.is_intact
        assert report.first_broken is None
        assert report.erased == ()
        assert report.length == len(STORY.trail) + 1 == len(chain.links)

    @given(st.lists(st.integers(0, 6), max_size=5))
    def test_extending_bit_by_bit_is_sealing_at_once(self, sizes):
        salt, chain = salts(), TrailSeal(ComplaintId("K-1"))
        for size in sorted(sizes):
            chain = chain.extended(notes(size), salt)
        assert chain == sealed(notes(max(sizes, default=0)))

    def test_extending_does_not_look_at_what_is_sealed(self):
        calls, salt = count(), salts()
        chain = seal(ComplaintId("K-1"), notes(2), salt)

        def counted() -> str:
            next(calls)
            return salt()

        unlooked: list[Any] = [None, None, *notes(3)[2:]]
        longer = chain.extended(unlooked, counted)
        assert longer.links[:2] == chain.links
        assert next(calls) == 2

    def test_nothing_is_sealed_at_first(self):
        empty = TrailSeal(ComplaintId("K-1"))
        assert empty.anchor is None
        assert verify((), empty).is_intact

    def test_the_zone_of_an_instant_does_not_matter_and_the_instant_does(self):
        def at(instant: datetime) -> Records:
            return (Note(number=1, at=instant),)

        noon = datetime(2026, 5, 4, 12, tzinfo=UTC)
        chain = sealed(at(noon))
        for zone in (ZoneInfo("Europe/Rome"), timezone(timedelta(hours=-9))):
            assert verify(at(noon.astimezone(zone)), chain).is_intact
        assert not verify(at(noon + timedelta(microseconds=1)), chain).is_intact
        first = datetime(1, 1, 1, tzinfo=ZoneInfo("Asia/Tokyo"))
        last = datetime.max.replace(tzinfo=ZoneInfo("America/New_York"))
        for edge in (first, last):
            assert verify(at(edge), sealed(at(edge))).is_intact

    def test_what_was_written_down_and_read_again_is_intact(self):
        converter = make_converter(Complaint, TrailSeal)
        chain = seal_complaint(STORY, salts(), key=KEY)
        story = converter.loads(converter.dumps(STORY), Complaint)
        again = converter.loads(converter.dumps(chain), TrailSeal)
        assert again == chain
        assert verify_complaint(story, again, key=KEY, anchor=chain.anchor).is_intact

    def test_the_order_of_a_set_does_not_matter(self):
        @frozen
        class Bag:
            numbers: frozenset[int]

        # Both numbers want the same place of the set, so the first to come is the first to leave.
        forth, back = frozenset([0, 8]), frozenset([8, 0])
        assert list(forth) != list(back)
        assert sealed((Bag(forth),)) == sealed((Bag(back),))

    def test_a_link_can_be_computed_by_anybody_else(self):
        """The documented form, written by hand: stable JSON, SHA-256 or HMAC-SHA-256."""
        instant = datetime(1970, 1, 1, 1, tzinfo=UTC)
        record = Note(number=1, text="hello", at=instant, amount=Money("1.50", "EUR"))
        salt = salts()()
        inner = hashlib.sha256(f'["{salt}","text","hello"]'.encode()).hexdigest()
        body = json.dumps(
            {
                "before": "",
                "complaint": "K-1",
                "format": 1,
                "number": 0,
                "record": {
                    "data": {
                        "amount": "1.50 EUR",
                        "at": 3_600_000_000,
                        "lines": [],
                        "number": 1,
                        "text": {"commitment": inner},
                        "words": [],
                    },
                    "kind": "note",
                },
            },
            separators=(",", ":"),
        ).encode()
        assert sealed((record,)).links == (
            SealLink(hashlib.sha256(body).hexdigest(), (Commitment("text", salt, inner),)),
        )
        keyed = hmac.new(KEY, body, hashlib.sha256).hexdigest()
        assert sealed((record,), KEY).links[0].digest == keyed


def edited(records: Records, chain: TrailSeal) -> tuple[Records, TrailSeal]:
    return (*records[:1], evolve(records[1], number=99), *records[2:]), chain  # type: ignore[misc]


def chosen(*places: int) -> Callable[[Records, TrailSeal], tuple[Records, TrailSeal]]:
    """Put records and their links in another order, or leave some out."""

    def attack(records: Records, chain: TrailSeal) -> tuple[Records, TrailSeal]:
        links = tuple(chain.links[place] for place in places)
        return tuple(records[place] for place in places), TrailSeal(chain.complaint, links)

    return attack


def rewritten(records: Records, chain: TrailSeal) -> tuple[Records, TrailSeal]:
    other, _ = edited(records, chain)
    return other, sealed(other)


def inserted(place: int) -> Callable[[Records, TrailSeal], tuple[Records, TrailSeal]]:
    """Put in a forged record, with a link that somebody without the key made for it."""

    def attack(records: Records, chain: TrailSeal) -> tuple[Records, TrailSeal]:
        forged: Any = Note(number=77, text="it was settled")
        others = (*records[:place], forged, *records[place:])
        before = TrailSeal(chain.complaint, chain.links[:place])
        link = before.extended(others[: place + 1], lambda: "f" * 32).links[-1]
        links = (*chain.links[:place], link, *chain.links[place:])
        return others, TrailSeal(chain.complaint, links)

    return attack


ATTACKS = {
    SealAttack.EDIT: edited,
    SealAttack.DELETE: chosen(0, 2, 3),
    SealAttack.INSERT: inserted(2),
    SealAttack.SWAP: chosen(0, 2, 1, 3),
    SealAttack.DUPLICATE: chosen(0, 1, 1, 2, 3),
    SealAttack.TRUNCATE: chosen(0, 1, 2),
    SealAttack.REWRITE: rewritten,
    SealAttack.APPEND: inserted(4),
}

# What the docs promise, once more: attack -> plain, with a key, with an anchor, with both.
PROMISED = {
    "edit": (True, True, True, True),
    "delete": (True, True, True, True),
    "insert": (True, True, True, True),
    "swap": (True, True, True, True),
    "duplicate": (True, True, True, True),
    "truncate": (False, False, True, True),
    "rewrite": (False, True, True, True),
    "append": (False, True, False, True),
}
MODES = ((False, False), (True, False), (False, True), (True, True))


class TestAttacks:
    """Eight attacks in four modes: noticed exactly as documented."""

    @pytest.mark.parametrize("attack", SealAttack)
    @pytest.mark.parametrize(("keyed", "anchored"), MODES)
    def test_it_is_noticed_exactly_as_documented(self, attack, keyed, anchored):
        records, key = notes(4), KEY if keyed else None
        chain = sealed(records, key)
        anchor = chain.anchor if anchored else None
        others, other_chain = ATTACKS[attack](records, chain)
        report = verify(others, other_chain, key=key, anchor=anchor)
        promised = PROMISED[attack][MODES.index((keyed, anchored))]
        assert report.is_intact is not promised
        assert (attack in report.detects) is promised
        assert (attack in report.misses) is not promised
        assert (attack in detected(keyed=keyed, anchored=anchored)) is promised

    def test_the_table_of_the_docs_says_the_same(self):
        lines = (seal_module.__doc__ or "").splitlines()
        table = [line for line in lines if line.startswith("|")][2:]
        cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
        assert {row[0].split()[0]: tuple(cell == "yes" for cell in row[1:]) for row in cells} == (
            PROMISED
        )

    @pytest.mark.parametrize(
        ("attack", "first"),
        [
            (SealAttack.EDIT, 1),
            (SealAttack.DELETE, 1),
            (SealAttack.INSERT, 3),
            (SealAttack.SWAP, 1),
            (SealAttack.DUPLICATE, 2),
        ],
    )
    def test_it_says_where_the_chain_breaks_first(self, attack, first):
        records = notes(4)
        report = verify(*ATTACKS[attack](records, sealed(records)))
        assert report.first_broken == first

    @given(st.data())
    def test_any_change_of_any_record_is_noticed(self, data):
        records = list(notes(4))
        chain = sealed(records)
        place = data.draw(st.integers(0, 3))
        change: Any = data.draw(
            st.sampled_from(
                [
                    {"number": 77},
                    {"text": "other"},
                    {"text": None},
                    {"text": ERASED},
                    {"lines": ()},
                    {"lines": (Line(f"{CANARY} line {place}"), Line())},
                    {"words": frozenset({"x"})},
                    {"amount": Money(0, "EUR")},
                ]
            )
        )
        records[place] = evolve(records[place], **change)
        report = verify(records, chain)
        assert {problem.number for problem in report.problems} == {place}

    @given(st.data())
    def test_any_change_of_any_link_is_noticed(self, data):
        records, links = notes(4), list(sealed(notes(4)).links)
        place = data.draw(st.integers(0, 3))
        flipped = "0" * 64
        first, *rest = links[place].commitments
        links[place] = data.draw(
            st.sampled_from(
                [
                    SealLink(flipped, links[place].commitments),
                    evolve(links[place], commitments=()),
                    evolve(links[place], commitments=(first,)),
                    evolve(links[place], commitments=(first, first)),
                    evolve(links[place], commitments=(first, *rest, first)),
                    evolve(links[place], commitments=(evolve(first, digest=flipped), *rest)),
                    evolve(links[place], commitments=(evolve(first, salt="0" * 32), *rest)),
                    evolve(links[place], commitments=(evolve(first, salt=None), *rest)),
                    evolve(links[place], commitments=(evolve(first, path="texts"), *rest)),
                ]
            )
        )
        report = verify(records, TrailSeal(ComplaintId("K-1"), tuple(links)))
        assert report.first_broken == place

    def test_records_and_links_are_as_many(self):
        records, chain = notes(4), sealed(notes(4))
        length = SealProblem(3, SealFlaw.LENGTH)
        assert verify(records[:3], chain).problems == (length,)
        assert verify(records, TrailSeal(chain.complaint, chain.links[:3])).problems == (length,)

    def test_another_key_or_none_does_not_do(self):
        chain = sealed(notes(2), KEY)
        for key in (None, b"x" * 32):
            flaws = {problem.flaw for problem in verify(notes(2), chain, key=key).problems}
            assert flaws == {SealFlaw.LINK}

    def test_the_chain_of_another_complaint_does_not_do(self):
        chain = seal(ComplaintId("K-2"), notes(2), salts())
        assert not verify(notes(2), TrailSeal(ComplaintId("K-1"), chain.links)).is_intact
        other = seal(ComplaintId("K-2"), trail_records(STORY), salts())
        with pytest.raises(InvalidValue, match="belongs to another complaint"):
            verify_complaint(STORY, other)

    def test_an_entry_of_a_real_trail_that_was_changed(self):
        chain = seal_complaint(STORY, salts())
        late = evolve(STORY.trail[3], at=MONDAY + 3 * DAY)
        trail = (*STORY.trail[:3], late, *STORY.trail[4:])
        report = verify_complaint(Complaint(STORY.receipt, trail), chain)
        assert report.problems == (SealProblem(4, SealFlaw.LINK),)


class TestAnchor:
    """An anchor vouches for the records up to it."""

    def test_an_older_anchor_serves_a_trail_that_has_grown(self):
        salt = salts()
        old = seal(ComplaintId("K-1"), notes(2), salt)
        longer = old.extended(notes(5), salt)
        assert verify(notes(5), longer, anchor=old.anchor).is_intact

    @pytest.mark.parametrize("keyed", [False, True])
    def test_a_report_claims_no_more_than_it_reaches(self, keyed):
        """What was written after the anchor can be cut, and without a key be forged."""
        key, salt = KEY if keyed else None, salts()
        old = seal(ComplaintId("K-1"), notes(2), salt, key=key)
        chain = old.extended(notes(4), salt, key=key)
        report = verify(notes(4), chain, key=key, anchor=old.anchor)
        assert report.is_intact
        assert report.anchored_up_to == 2
        assert report.misses == (
            (SealAttack.TRUNCATE,)
            if keyed
            else (SealAttack.TRUNCATE, SealAttack.REWRITE, SealAttack.APPEND)
        )
        assert report.in_words().endswith("the anchor vouches for the first 2 records only")
        cut = verify(
            notes(3), TrailSeal(chain.complaint, chain.links[:3]), key=key, anchor=old.anchor
        )
        assert cut.is_intact

    def test_what_came_after_it_can_be_cut(self):
        anchor = sealed(notes(2)).anchor
        assert verify(notes(2), sealed(notes(2)), anchor=anchor).is_intact
        assert verify(notes(1), sealed(notes(1)), anchor=anchor).problems == (
            SealProblem(1, SealFlaw.ANCHOR),
        )

    def test_another_chain_of_that_length_does_not_do(self):
        records = notes(3)
        _, other = rewritten(records, sealed(records))
        report = verify(rewritten(records, other)[0], other, anchor=sealed(records).anchor)
        assert report.problems == (SealProblem(2, SealFlaw.ANCHOR),)

    @pytest.mark.parametrize(("length", "head"), [(0, "0" * 64), (True, "0" * 64), (1, "0" * 63)])
    def test_it_is_made_of_a_length_and_a_digest(self, length, head):
        with pytest.raises(InvalidValue):
            SealAnchor(length, head)


class TestErasure:
    """Personal texts go, the chain holds, and nothing of them is left anywhere."""

    @pytest.mark.parametrize("key", [None, KEY])
    def test_the_chain_holds(self, key):
        chain = seal_complaint(STORY, salts(), key=key)
        story, after = erase_complaint(STORY, chain)
        report = verify_complaint(story, after, key=key, anchor=chain.anchor)
        assert report.is_intact
        assert after.anchor == chain.anchor
        assert (story.status, story.owner) == (STORY.status, STORY.owner)

    def test_no_byte_of_a_text_or_a_salt_is_left(self):
        converter = make_converter(Complaint, TrailSeal, SealReport)
        chain = seal_complaint(STORY, salts())
        kept = [c.salt for link in chain.links for c in link.commitments if c.salt]
        written = converter.dumps(STORY)
        assert written.count(CANARY) == 7
        assert kept[0] in converter.dumps(chain)
        story, after = erase_complaint(STORY, chain)
        report = verify_complaint(story, after)
        left = "".join(
            [*map(converter.dumps, (story, after, report)), repr(story), repr(after), repr(report)]
        )
        assert not any(secret in left for secret in (CANARY, "because", *kept))

    def test_the_report_lists_what_was_erased(self):
        story, after = erase_complaint(STORY, seal_complaint(STORY, salts()))
        erased = verify_complaint(story, after).erased
        assert erased[:3] == tuple(
            ErasedText(0, path) for path in ("complainant", "content", "remedy_sought")
        )
        last = len(story.trail)
        assert erased[-3:] == tuple(
            ErasedText(last, path) for path in ("what.text", "reason", "override.reason")
        )

    def test_what_was_nothing_stays_nothing(self):
        records, _ = erase(notes(1), sealed(notes(1)))
        assert records == (Note(number=0, text=ERASED, lines=(Line(), Line(ERASED))),)

    def test_erasing_twice_is_erasing_once(self):
        once = erase(notes(3), sealed(notes(3)))
        assert erase(*once) == once

    def test_the_trail_goes_on_after_it(self):
        records, chain = erase(notes(2), sealed(notes(2)))
        records = (*records, *notes(3)[2:])
        assert verify(records, chain.extended(records, salts())).is_intact

    @given(st.integers(0, 3))
    def test_any_other_change_is_noticed_afterwards_as_well(self, place):
        erased, chain = erase(notes(4), sealed(notes(4)))
        records = list(erased)
        records[place] = evolve(records[place], number=77)
        assert verify(records, chain).problems == (SealProblem(place, SealFlaw.LINK),)

    def test_a_text_without_its_salt_or_a_salt_without_its_text_is_tampering(self):
        records, chain = notes(2), sealed(notes(2))
        erased, chain_after = erase(records, chain)
        half = [
            SealProblem(number, SealFlaw.ERASURE, path)
            for number, path in product((0, 1), ("text", "lines[1].comment"))
        ]
        assert verify(erased, chain).problems == tuple(half)
        assert verify(records, chain_after).problems == tuple(half)

    def test_a_text_that_was_erased_before_it_was_sealed_counts_as_erased(self):
        records = (Note(number=1, text=ERASED),)
        report = verify(records, sealed(records))
        assert report.is_intact
        assert report.erased == (ErasedText(0, "text"),)

    def test_the_seal_reaches_to_the_end(self):
        with pytest.raises(InvalidValue, match="extend the seal first"):
            erase(notes(3), sealed(notes(2)))
        other = seal(ComplaintId("K-2"), trail_records(STORY), salts())
        with pytest.raises(InvalidValue, match="belongs to another complaint"):
            erase_complaint(STORY, other)

    def test_one_text_in_two_places_has_two_digests(self):
        """Otherwise equal texts could be told by their digests once they are erased."""
        records = (Note(number=1, text="yes"), Note(number=2, text="yes", lines=(Line("yes"),)))
        digests = [c.digest for link in sealed(records).links for c in link.commitments]
        assert len(set(digests)) == 3


class TestReport:
    """A report says what it found, what it would have found, and what it could not."""

    def test_a_plain_verification(self):
        assert verify(notes(2), sealed(notes(2))).in_words().splitlines() == [
            "seal of 2 records: intact",
            "it would show a record that was edited; a record that was deleted between others; "
            "a record that was put in between others; "
            "records that changed places; a record that was duplicated",
            "it cannot show newest records that were cut off; "
            "a chain that was computed anew for other records; "
            "records that were forged and put at the end; "
            "who erased a text, or whether it was changed before that",
        ]

    def test_an_anchored_one_with_a_broken_and_an_erased_record(self):
        records, chain = erase(notes(2), sealed(notes(2), KEY))
        edit, _ = edited(records, chain)
        words = verify(edit, chain, key=KEY, anchor=chain.anchor).in_words().splitlines()
        assert words[:4] == [
            "seal of 2 records: broken at record 1",
            "- record 1: it is not what was sealed in this place, or the key is another",
            "- record 0: erased (text)",
            "- record 0: erased (lines[1].comment)",
        ]
        assert words[-2:] == [
            "it cannot show who erased a text, or whether it was changed before that",
            "the anchor vouches for the first 2 records only",
        ]

    def test_a_text_is_named_by_its_place(self):
        other = (Note(number=0, text="x", lines=(Line(), Line(f"{CANARY} line 0"))),)
        words = verify(other, sealed(notes(1))).in_words()
        assert "- record 0: a personal text is not the one that was sealed (text)" in words
        assert CANARY not in words

    def test_a_report_and_an_anchor_survive_being_written_down(self):
        converter = make_converter(SealReport, SealAnchor)
        chain = sealed(notes(3))
        report = verify(erase(notes(3), chain)[0], chain, anchor=chain.anchor)
        assert report.problems
        assert report.erased == ()
        assert converter.loads(converter.dumps(report)) == report
        assert converter.loads(converter.dumps(chain.anchor)) == chain.anchor

    def test_salts_stay_out_of_the_repr(self):
        assert salts()() not in repr(sealed(notes(1)))


class TestTerms:
    """What could not serve is refused."""

    @pytest.mark.parametrize("key", [b"k" * 31, b"", "k" * 32])
    def test_a_key_is_long_enough(self, key):
        for use in (lambda: sealed(notes(1), key), lambda: verify((), sealed(()), key=key)):
            with pytest.raises(InvalidValue, match="a key has at least 32 bytes"):
                use()

    @pytest.mark.parametrize("salt", ["", "0" * 31, "0" * 129, "g" * 32, "A" * 32, "٣" * 32])
    def test_a_salt_is_long_and_hexadecimal(self, salt):
        with pytest.raises(InvalidValue, match="32 to 128 hexadecimal digits"):
            seal(ComplaintId("K-1"), notes(1), lambda: salt)

    def test_a_salt_comes_once(self):
        with pytest.raises(InvalidValue, match="a salt came twice"):
            seal(ComplaintId("K-1"), notes(1), lambda: "0" * 32)

    def test_a_salt_of_before_does_not_come_again(self):
        """A generator that begins anew with each process would give every text one salt."""
        with pytest.raises(InvalidValue, match="a salt came twice"):
            sealed(notes(1)).extended(notes(2), salts())

    def test_a_trail_only_grows(self):
        with pytest.raises(InvalidValue, match="fewer records than links"):
            sealed(notes(2)).extended(notes(1), salts())

    @pytest.mark.parametrize(
        "digest", ["", "0" * 63, "0" * 65, "G" * 64, "A" * 64, "0" * 64 + "\n"]
    )
    def test_a_digest_is_one(self, digest):
        with pytest.raises(InvalidValue, match="64 hexadecimal digits"):
            SealLink(digest)
        with pytest.raises(InvalidValue, match="64 hexadecimal digits"):
            Commitment("text", None, digest)

    def test_a_seal_names_its_complaint(self):
        with pytest.raises(InvalidIdentifier, match="complaint is empty"):
            TrailSeal(ComplaintId(""))

    def test_only_a_text_can_be_erased_later(self):
        @frozen
        class Aged:
            age: int | None = personal()

        assert sealed((Aged(),)).links[0].commitments == ()
        with pytest.raises(InvalidPolicy, match="age is personal and no text"):
            sealed((Aged(7),))

    def test_a_set_has_no_places_for_texts(self):
        @frozen
        class Bag:
            lines: frozenset[Line]

        with pytest.raises(InvalidPolicy, match="lines holds personal texts in a set"):
            sealed((Bag(frozenset({Line("x")})),))

    def test_what_has_no_one_form_is_not_sealed(self):
        @frozen
        class Loose:
            items: list[int]

        with pytest.raises(InvalidPolicy):
            sealed((Loose([1]),))
