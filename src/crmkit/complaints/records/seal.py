"""A seal on the trail of a complaint: whoever changes it afterwards breaks a link of a chain.

Each record, the receipt first and then every entry, gets a link: a digest over the link before it,
its number, the complaint, and what it says. A personal text goes in as a commitment, a digest over
the text and a random salt; so the text can be erased later, together with its salt, and the chain
still holds.

What a verification notices, and what it cannot:

| somebody could      | plain | with a key | with an anchor | with both |
|---|---|---|---|---|
| edit a record       | yes   | yes        | yes            | yes       |
| delete one within   | yes   | yes        | yes            | yes       |
| insert one within   | yes   | yes        | yes            | yes       |
| swap two            | yes   | yes        | yes            | yes       |
| duplicate one       | yes   | yes        | yes            | yes       |
| truncate the tail   | no    | no         | yes            | yes       |
| rewrite everything  | no    | yes        | yes            | yes       |
| append a forged one | no    | yes        | no             | yes       |

A plain chain can be computed by everybody, so who can write the records can write a new chain for
other ones, or go on with this one; a key that is kept elsewhere prevents that. A chain that ends
early is still a chain; an anchor, the length and the last digest kept elsewhere, shows that it was
longer. It vouches for the records up to it; those that came later stand as if there were none. No
seal can tell who erased a personal text, or whether the text had been changed before: verify first,
then erase.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Sequence

from attrs import AttrsInstance, field, frozen

from crmkit.complaints.records.complaint import Complaint
from crmkit.complaints.records.sealed_text import (
    ERASED,
    canonical_text,
    commitment_digest,
    personal_texts,
    sealed_form,
    without_personal_texts,
)
from crmkit.errors import InvalidValue
from crmkit.identifiers import ComplaintId, check_identifier

__all__ = [
    "ERASED",
    "Commitment",
    "SealAnchor",
    "SealLink",
    "TrailSeal",
    "check_key",
    "check_same",
    "erase",
    "erase_complaint",
    "link_digest",
    "seal",
    "seal_complaint",
    "trail_records",
    "without_salts",
]

SHORTEST_KEY = 32
"""Bytes of a key: as long as the digest, which RFC 2104 calls for."""

_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_SALT = re.compile(r"[0-9a-f]{32,128}", re.ASCII)


def _check_digest(text: str) -> None:
    if _DIGEST.fullmatch(text) is None:
        raise InvalidValue("a digest is 64 hexadecimal digits, in lower case")


@frozen
class Commitment:
    """What a seal knows of a personal text: where it stands, a digest, and the salt to check it.

    Without its salt the text has been erased, and nobody can find it out by trying.

    :raises InvalidValue: if the digest or the salt is not made of hexadecimal digits.
    """

    path: str
    salt: str | None = field(repr=False)
    digest: str

    def __attrs_post_init__(self) -> None:
        _check_digest(self.digest)
        if self.salt is not None and _SALT.fullmatch(self.salt) is None:
            raise InvalidValue(
                "a salt is 32 to 128 hexadecimal digits in lower case: pass secrets.token_hex"
            )


@frozen
class SealLink:
    """The link of one record: the digest of all up to it, and its personal texts.

    :raises InvalidValue: if the digest is not made of hexadecimal digits.
    """

    digest: str
    commitments: tuple[Commitment, ...] = ()

    def __attrs_post_init__(self) -> None:
        _check_digest(self.digest)


@frozen
class SealAnchor:
    """How long a chain was and how it ended: keep it elsewhere, to notice that it was cut.

    :raises InvalidValue: if the length is below 1, or the digest is none.
    """

    length: int
    head: str

    def __attrs_post_init__(self) -> None:
        _check_digest(self.head)
        if type(self.length) is not int or self.length < 1:
            raise InvalidValue("the length of an anchor counts from 1: there is nothing before")


@frozen
class TrailSeal:
    """The chain over the records of one complaint."""

    complaint: ComplaintId
    links: tuple[SealLink, ...] = ()

    def __attrs_post_init__(self) -> None:
        check_identifier(self.complaint, "complaint")

    def extended(
        self,
        records: Sequence[AttrsInstance],
        new_salt: Callable[[], str],
        *,
        key: bytes | None = None,
    ) -> "TrailSeal":
        """Seal the records that are new; those that are sealed already are not looked at.

        ``new_salt`` gives a fresh random text of at least 32 hexadecimal digits each time, such as
        ``lambda: secrets.token_hex(16)``. A text that reads ``(erased)`` is sealed as erased.

        :raises InvalidPolicy: if a record holds what cannot be sealed, such as a personal number.
        :raises InvalidValue: if there are fewer records than links, a salt comes twice, be it from
            before, or is none, or the key is short.
        """
        check_key(key)
        known = len(self.links)
        if len(records) < known:
            raise InvalidValue("fewer records than links: a trail only grows; verify the seal")
        links = list(self.links)
        # One text under one salt is one digest, by which a text that was erased could be told.
        salts = {each.salt for link in links for each in link.commitments if each.salt is not None}
        for number, record in enumerate(records[known:], start=known):
            commitments = tuple(
                _commit(path, text, new_salt(), salts)
                for path, text in personal_texts(record).items()
            )
            before = links[-1].digest if links else ""
            digest = link_digest(self.complaint, number, before, record, commitments, key=key)
            links.append(SealLink(digest, commitments))
        return TrailSeal(self.complaint, tuple(links))

    @property
    def anchor(self) -> SealAnchor | None:
        """What to keep elsewhere; None while nothing is sealed."""
        return SealAnchor(len(self.links), self.links[-1].digest) if self.links else None


def seal(
    complaint: ComplaintId,
    records: Sequence[AttrsInstance],
    new_salt: Callable[[], str],
    *,
    key: bytes | None = None,
) -> TrailSeal:
    """Seal the records of a complaint from the first one on; see :meth:`TrailSeal.extended`."""
    return TrailSeal(complaint).extended(records, new_salt, key=key)


def seal_complaint(
    complaint: Complaint, new_salt: Callable[[], str], *, key: bytes | None = None
) -> TrailSeal:
    """Seal a complaint as it stands; with every further entry, extend the seal.

    >>> from datetime import UTC, datetime
    >>> from itertools import count
    >>> from crmkit.complaints.records.receipt import Receipt
    >>> from crmkit.identifiers import Actor
    >>> complaint = Complaint.received(Receipt(
    ...     id=ComplaintId("K-1"), received_at=datetime(2026, 5, 4, 9, 30, tzinfo=UTC),
    ...     channel="phone", received_by=Actor("anna"),
    ... ))
    >>> salts = count(1)  # In earnest: lambda: secrets.token_hex(16)
    >>> sealed = seal_complaint(complaint, lambda: f"{next(salts):032x}")
    >>> sealed.anchor.length
    2
    """
    return seal(complaint.id, trail_records(complaint), new_salt, key=key)


def trail_records(complaint: Complaint) -> tuple[AttrsInstance, ...]:
    """What a seal covers: the receipt, then every entry."""
    return (complaint.receipt, *complaint.trail)


def link_digest(
    complaint: ComplaintId,
    number: int,
    before: str,
    record: AttrsInstance,
    commitments: Sequence[Commitment],
    *,
    key: bytes | None,
) -> str:
    """The digest of one link: SHA-256, or HMAC-SHA-256 with a key, over what it stands for.

    That is stable JSON of the complaint, the number of the record, the digest of the link before
    (empty for the first) and the record with each personal text replaced by its commitment.

    :raises KeyError: if a personal text has no commitment.
    """
    digests = {each.path: each.digest for each in commitments}
    body = canonical_text(
        {
            "format": 1,
            "complaint": complaint,
            "number": number,
            "before": before,
            "record": sealed_form(record, digests),
        }
    )
    if key is None:
        return hashlib.sha256(body).hexdigest()
    return hmac.new(key, body, hashlib.sha256).hexdigest()


def check_key(key: bytes | None) -> None:
    """Refuse a key that could be guessed.

    :raises InvalidValue: if the key is shorter than 32 bytes.
    """
    if key is not None and (type(key) is not bytes or len(key) < SHORTEST_KEY):
        raise InvalidValue(f"a key has at least {SHORTEST_KEY} bytes: pass secrets.token_bytes(32)")


def check_same(complaint: Complaint, sealed: TrailSeal) -> None:
    """Refuse the seal of another complaint.

    :raises InvalidValue: if it is one.
    """
    if sealed.complaint != complaint.id:
        raise InvalidValue("this seal belongs to another complaint: pass its own")


def _commit(path: str, text: str, salt: str, used: set[str]) -> Commitment:
    if salt in used:
        raise InvalidValue("a salt came twice: new_salt gives a fresh random text each time")
    used.add(salt)
    digest = commitment_digest(salt, path, text)
    return Commitment(path, None if text == ERASED else salt, digest)


# --- erasure --------------------------------------------------------------------------------------


def erase(
    records: Sequence[AttrsInstance], sealed: TrailSeal
) -> tuple[tuple[AttrsInstance, ...], TrailSeal]:
    """Erase every personal text, and the salts by which one could be guessed; the chain holds.

    Keep both results, and neither of the arguments. Verify first: whether a text had been changed
    before it was erased cannot be found out afterwards.

    :raises InvalidValue: if some records are not sealed yet.
    """
    if len(records) != len(sealed.links):
        raise InvalidValue("not every record is sealed: extend the seal first")
    erased = tuple(without_personal_texts(record) for record in records)
    return erased, without_salts(sealed)


def without_salts(sealed: TrailSeal) -> TrailSeal:
    """The seal of records whose personal texts are erased; those that are not sealed yet will be
    sealed as erased."""
    links = tuple(
        SealLink(link.digest, tuple(Commitment(c.path, None, c.digest) for c in link.commitments))
        for link in sealed.links
    )
    return TrailSeal(sealed.complaint, links)


def erase_complaint(complaint: Complaint, sealed: TrailSeal) -> tuple[Complaint, TrailSeal]:
    """Erase the personal texts of a complaint; see :func:`erase`.

    :raises InvalidValue: if the seal is that of another complaint, or does not reach its end.
    """
    check_same(complaint, sealed)
    _, seal_after = erase(trail_records(complaint), sealed)
    receipt = without_personal_texts(complaint.receipt)
    return Complaint(receipt, without_personal_texts(complaint.trail)), seal_after
