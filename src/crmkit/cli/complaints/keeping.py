"""Keeping the cases of a file in a store, and adding there what a later file has that is new."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, timedelta
from itertools import chain, islice
from pathlib import Path

from attrs import Factory, define

from crmkit.cli.complaints.cases import CaseFile, rules_of
from crmkit.cli.complaints.continuing import Contradicts, entries_to_add
from crmkit.cli.refusal import Refusal
from crmkit.cli.review.writing import make_folder
from crmkit.complaints.desk import ComplaintDesk
from crmkit.complaints.kept import COMPLAINTS
from crmkit.complaints.policies.profiles import ObligationProfile
from crmkit.complaints.policies.rules import ComplaintRules
from crmkit.complaints.records.complaint import Complaint
from crmkit.complaints.records.entry import Entry
from crmkit.complaints.records.events import StatusChanged
from crmkit.errors import CrmkitError, NewerSchema, StoreError
from crmkit.storage import UnitOfWork
from crmkit.storage.sqlite import SqliteStore

__all__ = ["Keeper", "keeper_of"]

_TICK = timedelta(microseconds=1)

_TOGETHER = 5_000
"""So many cases are kept together, or none of them."""


@define
class Keeper:
    """Keeps case after case, and counts what became of each.

    ``new`` cases were not there yet, ``unchanged`` ones had all that the file says; ``continued``
    ones got ``added`` entries. Those that are ``contradicted`` do not go on from what is kept, and
    stay as they are there. Of those ``redescribed`` the file says otherwise what came in; the
    first description stays, for a receipt is never changed.
    """

    file: CaseFile
    rules: ComplaintRules
    desk: ComplaintDesk
    new: int = 0
    unchanged: int = 0
    continued: int = 0
    added: int = 0
    redescribed: int = 0
    contradicted: list[str] = Factory(list)

    @property
    def counts(self) -> Mapping[str, int]:
        """What became of all cases, by one word each."""
        return {
            "new": self.new,
            "unchanged": self.unchanged,
            "continued": self.continued,
            "contradicted": len(self.contradicted),
        }

    def keep_all(self, cases: Iterable[Complaint]) -> Iterator[Complaint]:
        """Keep the cases one by one; gives each as it is known as of the day asked about.

        So many are kept together that memory does not grow with the file. If an import is broken
        off, the next one passes over what is there already.
        """
        source = iter(cases)
        for first in source:
            with self.desk.store.unit_of_work() as unit:
                for case in chain((first,), islice(source, _TOGETHER - 1)):
                    yield self.keep(case, unit)
                unit.commit()

    def keep(self, case: Complaint, unit: UnitOfWork) -> Complaint:
        """Keep a case, or what is new in it; gives it as it is known as of the day asked about.

        One that contradicts what is kept, or has gone on since that day, is given as the file has
        it.
        """
        stored = unit.repository(COMPLAINTS).find(case.id)
        if stored is None:
            self.new += 1
            return self.desk.keep(case, unit=unit)
        kept = stored.record
        try:
            entries = entries_to_add(kept, case, self.rules, is_log=self.file.is_log)
        except Contradicts:
            self.contradicted.append(case.id)
            return case
        self.redescribed += _described(kept) != _described(case)
        self.unchanged += not entries
        self.continued += bool(entries)
        self.added += len(entries)
        for entry in entries:
            kept = self._add(kept, entry, unit)
        return case if self._has_gone_on(kept) else kept

    def _add(self, kept: Complaint, entry: Entry, unit: UnitOfWork) -> Complaint:
        if isinstance(entry.what, StatusChanged):
            return self.desk.act(
                kept.id,
                entry.what.action,
                by=entry.by,
                at=entry.at,
                reason=entry.reason,
                role=entry.role,
                recorded_at=entry.recorded_at,
                unit=unit,
            )
        return self.desk.record(
            kept.id,
            entry.what,
            by=entry.by,
            at=entry.at,
            reason=entry.reason,
            role=entry.role,
            recorded_at=entry.recorded_at,
            unit=unit,
        )

    def _has_gone_on(self, kept: Complaint) -> bool:
        """Whether more is known of the case by now than on the day asked about."""
        # What a table does not date stands at the very end of the day; an event of a log that does
        # is one of the next.
        end = (self.file.as_of - _TICK if self.file.is_log else self.file.as_of).astimezone(UTC)
        return any(entry.known_at.astimezone(UTC) > end for entry in kept.trail)


def _described(case: Complaint) -> tuple[object, ...]:
    receipt = case.receipt
    return receipt.channel, receipt.about, receipt.content


@contextmanager
def keeper_of(path: Path, file: CaseFile, profile: ObligationProfile | None) -> Iterator[Keeper]:
    """A store to keep the cases of a file in.

    :raises Refusal: if it cannot be used.
    """
    make_folder(path)
    rules = rules_of(file.rules)
    profiles = () if profile is None else (profile,)
    try:
        with SqliteStore.open(path, create=True) as store:
            desk = ComplaintDesk(store=store, rules=rules, profiles=profiles)
            yield Keeper(file=file, rules=rules, desk=desk)
    except (StoreError, NewerSchema) as error:
        raise Refusal(f"the store {path}: {_in_plain_words(error)}") from error


def _in_plain_words(error: CrmkitError) -> str:
    """The message, without what only a programmer can do."""
    return str(error).replace("it exists unless create=True makes it, and the", "see whether the")
