"""Whether a trail still is what was sealed, and how much that answer is worth."""

import hmac
from collections.abc import Iterator, Sequence
from enum import StrEnum

from attrs import AttrsInstance, frozen

from crmkit.complaints.records.complaint import Complaint
from crmkit.complaints.records.seal import (
    SealAnchor,
    SealLink,
    TrailSeal,
    check_key,
    check_same,
    link_digest,
    trail_records,
)
from crmkit.complaints.records.sealed_text import ERASED, commitment_digest, personal_texts
from crmkit.identifiers import ComplaintId

__all__ = [
    "ErasedText",
    "SealAttack",
    "SealFlaw",
    "SealProblem",
    "SealReport",
    "detected",
    "verify",
    "verify_complaint",
]


class SealAttack(StrEnum):
    """What somebody could do to records and to their seal."""

    EDIT = "edit"
    DELETE = "delete"
    """Take out a record that is not the newest."""
    INSERT = "insert"
    """Put a forged record in between, with a link of its own."""
    SWAP = "swap"
    DUPLICATE = "duplicate"
    TRUNCATE = "truncate"
    """Cut off the newest records."""
    REWRITE = "rewrite"
    """Change records, and compute a new chain for all of them."""
    APPEND = "append"
    """Put a forged record at the end, and go on with the chain."""


_BY_A_KEY = (SealAttack.REWRITE, SealAttack.APPEND)
_BY_AN_ANCHOR = (SealAttack.TRUNCATE, SealAttack.REWRITE)
_IN_WORDS = {
    SealAttack.EDIT: "a record that was edited",
    SealAttack.DELETE: "a record that was deleted between others",
    SealAttack.INSERT: "a record that was put in between others",
    SealAttack.SWAP: "records that changed places",
    SealAttack.DUPLICATE: "a record that was duplicated",
    SealAttack.TRUNCATE: "newest records that were cut off",
    SealAttack.REWRITE: "a chain that was computed anew for other records",
    SealAttack.APPEND: "records that were forged and put at the end",
}


def detected(*, keyed: bool, anchored: bool) -> tuple[SealAttack, ...]:
    """What a verification notices, by whether it has a key and an anchor of the whole chain.

    Only a key or an anchor shows that a whole chain was computed anew, only an anchor that it was
    cut, and only a key that it was drawn out.

    >>> detected(keyed=True, anchored=False)[-2:]
    (<SealAttack.REWRITE: 'rewrite'>, <SealAttack.APPEND: 'append'>)
    """
    unseen = {*_BY_A_KEY, *_BY_AN_ANCHOR}
    unseen -= set(_BY_A_KEY if keyed else ())
    unseen -= set(_BY_AN_ANCHOR if anchored else ())
    return tuple(attack for attack in SealAttack if attack not in unseen)


class SealFlaw(StrEnum):
    """In what way records and their seal do not fit each other."""

    LENGTH = "length"
    """There are more or fewer records than links."""
    TEXTS = "texts"
    """A record has other personal texts than it had."""
    TEXT = "text"
    """A personal text is not the one that was sealed."""
    ERASURE = "erasure"
    """A text was erased and its salt kept, or the other way round."""
    LINK = "link"
    """A record or its place is not what was sealed, or the key is another."""
    ANCHOR = "anchor"
    """The chain is shorter than it was, or ends otherwise."""


@frozen
class SealProblem:
    """One thing that does not fit: at which record (0 is the receipt), where in it, and how."""

    number: int
    flaw: SealFlaw
    path: str | None = None


@frozen
class ErasedText:
    """A personal text that was erased: of which record, and where in it."""

    number: int
    path: str


@frozen(kw_only=True)
class SealReport:
    """What a verification found, and what it could not have found.

    Erased texts are no problem, and stand here because a seal cannot tell who erased them.
    ``anchored_up_to`` is how many records the anchor vouches for: what came after it is no better
    off than without an anchor.
    """

    complaint: ComplaintId
    length: int
    keyed: bool
    anchored_up_to: int = 0
    problems: tuple[SealProblem, ...] = ()
    erased: tuple[ErasedText, ...] = ()

    @property
    def is_intact(self) -> bool:
        """Whether nothing was noticed."""
        return not self.problems

    @property
    def first_broken(self) -> int | None:
        """The number of the first record that does not fit its seal; 0 is the receipt."""
        return min((problem.number for problem in self.problems), default=None)

    @property
    def detects(self) -> tuple[SealAttack, ...]:
        """What this verification would have noticed."""
        # What the anchor does not reach, it does not vouch for.
        anchored = self.anchored_up_to > 0 and self.anchored_up_to >= self.length
        return detected(keyed=self.keyed, anchored=anchored)

    @property
    def misses(self) -> tuple[SealAttack, ...]:
        """What could have been done all the same."""
        return tuple(attack for attack in SealAttack if attack not in self.detects)

    def in_words(self) -> str:
        """The report as a text: what was found, what would have been, and what would not."""
        broken = self.first_broken
        verdict = "intact" if broken is None else f"broken at record {broken}"
        lines = [f"seal of {self.length} records: {verdict}"]
        lines += [f"- record {p.number}: {_FLAWS[p.flaw]}{_at(p.path)}" for p in self.problems]
        lines += [f"- record {e.number}: erased{_at(e.path)}" for e in self.erased]
        lines.append(f"it would show {_listed(self.detects)}")
        lines.append(f"it cannot show {_listed(self.misses, _BLIND)}")
        if self.anchored_up_to:
            lines.append(f"the anchor vouches for the first {self.anchored_up_to} records only")
        return "\n".join(lines)


_FLAWS = {
    SealFlaw.LENGTH: "there are not as many records as links",
    SealFlaw.TEXTS: "it has other personal texts than were sealed",
    SealFlaw.TEXT: "a personal text is not the one that was sealed",
    SealFlaw.ERASURE: "a text was erased without its salt, or a salt without its text",
    SealFlaw.LINK: "it is not what was sealed in this place, or the key is another",
    SealFlaw.ANCHOR: "the chain is shorter than the anchor says, or another",
}
_BLIND = "who erased a text, or whether it was changed before that"


def _at(path: str | None) -> str:
    return "" if path is None else f" ({path})"


def _listed(attacks: Sequence[SealAttack], *others: str) -> str:
    return "; ".join([*(_IN_WORDS[attack] for attack in attacks), *others])


def verify(
    records: Sequence[AttrsInstance],
    sealed: TrailSeal,
    *,
    key: bytes | None = None,
    anchor: SealAnchor | None = None,
) -> SealReport:
    """Hold the records of a complaint, the receipt first, against their seal.

    A seal that was made with a key is verified with the same. The anchor may be an older one: it
    vouches for the records up to it. Pass one for a trail that may have been cut.

    :raises InvalidValue: if the key is short.
    """
    check_key(key)
    problems = [*_unlike(records, sealed, key), *_cut(sealed, anchor)]
    return SealReport(
        complaint=sealed.complaint,
        length=len(records),
        keyed=key is not None,
        anchored_up_to=0 if anchor is None else anchor.length,
        problems=tuple(sorted(problems, key=lambda problem: problem.number)),
        erased=tuple(
            ErasedText(number, commitment.path)
            for number, link in enumerate(sealed.links)
            for commitment in link.commitments
            if commitment.salt is None
        ),
    )


def verify_complaint(
    complaint: Complaint,
    sealed: TrailSeal,
    *,
    key: bytes | None = None,
    anchor: SealAnchor | None = None,
) -> SealReport:
    """Hold a complaint against its seal; see :func:`verify`.

    :raises InvalidValue: if the seal is that of another complaint, or the key is short.
    """
    check_same(complaint, sealed)
    return verify(trail_records(complaint), sealed, key=key, anchor=anchor)


def _unlike(
    records: Sequence[AttrsInstance], sealed: TrailSeal, key: bytes | None
) -> Iterator[SealProblem]:
    """Where records and links do not fit; each link is held against the one kept before it."""
    before = ""
    for number, (record, link) in enumerate(zip(records, sealed.links, strict=False)):
        texts = personal_texts(record)
        if sorted(texts) != sorted(each.path for each in link.commitments):
            yield SealProblem(number, SealFlaw.TEXTS)
        else:
            yield from _texts_unlike(number, texts, link)
            wanted = link_digest(
                sealed.complaint, number, before, record, link.commitments, key=key
            )
            if not hmac.compare_digest(wanted, link.digest):
                yield SealProblem(number, SealFlaw.LINK)
        before = link.digest
    if len(records) != len(sealed.links):
        yield SealProblem(min(len(records), len(sealed.links)), SealFlaw.LENGTH)


def _texts_unlike(number: int, texts: dict[str, str], link: SealLink) -> Iterator[SealProblem]:
    for each in link.commitments:
        text = texts[each.path]
        if (each.salt is None) is not (text == ERASED):
            yield SealProblem(number, SealFlaw.ERASURE, each.path)
        elif each.salt is not None:
            wanted = commitment_digest(each.salt, each.path, text)
            if not hmac.compare_digest(wanted, each.digest):
                yield SealProblem(number, SealFlaw.TEXT, each.path)


def _cut(sealed: TrailSeal, anchor: SealAnchor | None) -> Iterator[SealProblem]:
    if anchor is None:
        return
    if len(sealed.links) < anchor.length:
        yield SealProblem(len(sealed.links), SealFlaw.ANCHOR)
    elif not hmac.compare_digest(sealed.links[anchor.length - 1].digest, anchor.head):
        yield SealProblem(anchor.length - 1, SealFlaw.ANCHOR)
