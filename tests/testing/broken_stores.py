"""Stores that each break one promise, as adapters have done: the contract must find every one."""

from __future__ import annotations

import unicodedata

from attrs import asdict, evolve

from crmkit.errors import CrmkitError, Refused, VersionConflict
from crmkit.storage import Message
from crmkit.storage.unit import Unit
from crmkit.storage.unit.changes import Answer, Changes, Outcome, Shelf
from tests.testing.plain_store import Kept, PlainStore

# --- commits --------------------------------------------------------------------------------------


class LosesUpdates(PlainStore):
    """Writes without the version in its condition."""

    def check(self, changes):
        super().check(evolve(changes, seen={}))


class LosesEntries(PlainStore):
    """Appends wherever the stream ends by now."""

    def check(self, changes):
        super().check(evolve(changes, lengths={}))


class ChecksOnlyWhatItWrites(PlainStore):
    """Holds the versions of what was written, and not those of what the decision rests on."""

    def check(self, changes):
        seen = {place: each for place, each in changes.seen.items() if place in changes.records}
        super().check(evolve(changes, seen=seen))


class RefusesEverything(PlainStore):
    """Takes any other commit for a conflict."""

    def unit_of_work(self):
        began = self.commits = getattr(self, "commits", 0)

        def apply(changes: Changes) -> None:
            if self.commits != began:
                raise VersionConflict("everything", began, self.commits)
            self.apply(changes)
            self.commits += 1

        return Unit(self.view(), apply)


class CommitsTwice(PlainStore):
    """Has committed when it says that it has not, so the work is done again."""

    def apply(self, changes):
        super().apply(changes)
        if changes.entries and not hasattr(self, "hiccup"):
            self.hiccup = True
            raise VersionConflict("a lost connection", 0, None)


class CommitsHalf(PlainStore):
    """Writes the records before it looks at the streams."""

    def check(self, changes):
        super().check(evolve(changes, lengths={}))
        self.write_records(changes)
        super().check(evolve(changes, seen={}, records={}, shelves={}))


class WritesThroughAtOnce(PlainStore):
    """Commits where it should roll back."""

    def unit_of_work(self):
        unit = super().unit_of_work()
        rollback = unit.rollback

        def commit_anyway() -> None:
            try:
                unit.commit()
            except CrmkitError:
                rollback()

        unit.rollback = commit_anyway  # type: ignore[method-assign]
        return unit


class LeavesMessagesBehind(PlainStore):
    """Writes the outbox on another connection, which nobody rolls back."""

    def unit_of_work(self):
        store = self

        class Outspoken(Unit):
            def rollback(self):
                if self._work._view is not None:
                    store.write_messages(self._work.changes)
                super().rollback()

        return Outspoken(self.view(), self.apply)


# --- what a unit sees -----------------------------------------------------------------------------


class ReadsLive(PlainStore):
    """Looks at the newest state each time, and not at the one in which the unit began."""

    def view(self):
        return self.kept


class ReadsWhatIsNotCommitted(PlainStore):
    """Shows each unit what the others are about to write."""

    def __init__(self):
        super().__init__()
        self.changes = Changes()

    def unit_of_work(self):
        unit = super().unit_of_work()
        unit._work._changes = self.changes
        return unit

    def apply(self, changes):
        self.changes = Changes()
        super().apply(changes)


class TakesAnySnapshot(PlainStore):
    """Gives the snapshot of one stream for that of another."""

    class View(Kept):
        def snapshot(self, stream, key, fold):
            return next((each for name, each in self.snapshots.items() if name[2] == fold), None)

    def view(self):
        return self.View(**asdict(self.kept, recurse=False))


class SortsEntries(PlainStore):
    """Reads the entries of a stream in the order that the database likes."""

    def write_streams(self, changes):
        super().write_streams(changes)
        for place in changes.entries:
            entries = self.kept.streams[place]
            entries.update(zip(entries, sorted(entries.values()), strict=True))


# --- keys and indexes -----------------------------------------------------------------------------


class _Alters(PlainStore):
    """Alters the keys of records on their way in and out."""

    def altered(self, key):
        raise NotImplementedError

    def unit_of_work(self):
        view, altered = self.view(), self.altered

        class View:
            def row(self, collection, key):
                return view.row(collection, altered(key))

            def __getattr__(self, name):
                return getattr(view, name)

        return Unit(View(), self.apply)

    def apply(self, changes):
        for name in ("seen", "records"):
            found = getattr(changes, name).items()
            setattr(changes, name, {(where, self.altered(key)): it for (where, key), it in found})
        super().apply(changes)


class FoldsCase(_Alters):
    """Takes ``a`` and ``A`` for one key, as the default of many databases does."""

    def altered(self, key):
        return key.casefold()


class Normalizes(_Alters):
    """Takes an accent for the same, however it is written."""

    def altered(self, key):
        return unicodedata.normalize("NFC", key)


class CutsKeysOff(_Alters):
    """Keeps 254 characters of a key without a word."""

    def altered(self, key):
        return key[:254]


class PagesInAnotherOrder(PlainStore):
    """Sorts keys as a language does."""

    class View(Kept):
        def rows(self, collection, above, limit):
            found = super().rows(collection, "", 10_000)
            found.sort(key=lambda each: (each[1].casefold(), each[1]))
            wanted = (above.casefold(), above)
            return [each for each in found if (each[1].casefold(), each[1]) > wanted][:limit]

        def keys(self, stream, above, limit):
            return sorted(super().keys(stream, above, limit), key=str.casefold)

        def answers(self, above, limit):
            return super().answers(above, limit)[::-1]

    def view(self):
        return self.View(**asdict(self.kept, recurse=False))


class LetsOldListingsStand(PlainStore):
    """Lists a record where it was, too."""

    def write_records(self, changes):
        before = dict(self.kept.listed_at)
        super().write_records(changes)
        for place in changes.records.keys() & self.kept.listed_at.keys() & before.keys():
            self.kept.listed_at[place] |= before[place]


class UsesVersionsTwice(PlainStore):
    """Begins at version 1 again when a record was removed and added anew."""

    def write_records(self, changes):
        super().write_records(evolve(changes, floors={}))


class SearchesByOldIndexes(PlainStore):
    """Does not notice that the indexes have changed."""

    class View(Kept):
        def shelf(self, collection):
            return Shelf(super().shelf(collection).floor)

    def view(self):
        return self.View(**asdict(self.kept, recurse=False))


# --- commands -------------------------------------------------------------------------------------


class KeepsAnswersOfUnitsThatFail(PlainStore):
    """Writes down the answer to a command before the command has happened."""

    def check(self, changes):
        try:
            super().check(changes)
        except VersionConflict:
            self.write_answers(evolve(changes, rewritten_answers={}))
            raise


class ActsTwice(PlainStore):
    """Forgets the answers, and so does everything again."""

    def write_answers(self, changes):
        """Nothing is kept."""


class AnswersTheLast(PlainStore):
    """Overwrites the answer of whoever was quicker."""

    def check(self, changes):
        super().check(evolve(changes, answers={}))


class TakesAnyPayload(PlainStore):
    """Gives the kept answer to a command that is another one."""

    def unit_of_work(self):
        class Careless(Unit):
            def once(self, key, payload, action, **more):
                return super().once(key, "", action, **more)

        return Careless(self.view(), self.apply)


class ForgetsRefusals(PlainStore):
    """Keeps what went well and nothing else."""

    def write_answers(self, changes):
        answers = {k: v for k, v in changes.answers.items() if v.outcome is not Outcome.REFUSED}
        super().write_answers(evolve(changes, answers=answers))


class KeepsWhatARefusedCommandWrote(PlainStore):
    """Keeps the refusal, and the half of the command that came before it."""

    def unit_of_work(self):
        class Halfway(Unit):
            def once(self, key, payload, action, **more):
                written: list[Changes] = []

                def watched():
                    try:
                        return action()
                    finally:
                        written.append(self._work.changes.copy())

                try:
                    return super().once(key, payload, watched, **more)
                except Refused:
                    for changes in written:
                        self._work.changes.entries |= changes.entries
                    raise

        return Halfway(self.view(), self.apply)


class KeepsErrorsAsAnswers(PlainStore):
    """Takes a typing error for the answer to its command, for good."""

    def unit_of_work(self):
        store = self

        class Stubborn(Unit):
            def once(self, key, payload, action, **more):
                try:
                    return super().once(key, payload, action, **more)
                except Refused:
                    raise
                except CrmkitError:
                    answer = Answer("", 0, "wrong\nwrong", Outcome.REFUSED)
                    store.kept.kept_answers.setdefault(key, answer)
                    raise

        return Stubborn(self.view(), self.apply)


class ForgetsTooMuch(PlainStore):
    """Forgets answers that are not old yet."""

    def forget_answers(self, *, before):
        forgotten = len(self.kept.kept_answers)
        self.kept.kept_answers.clear()
        return forgotten


# --- messages -------------------------------------------------------------------------------------


class SkipsMessages(PlainStore):
    """Takes a message for handed over although its handler failed."""

    def deliver(self, handler, *, limit=100):
        failed = []

        def take(message: Message) -> None:
            try:
                handler(message)
            except Exception as error:
                failed.append(error)

        count = super().deliver(take, limit=limit)
        for error in failed:
            raise error
        return count


class ReadsTheOutboxByACursor(PlainStore):
    """Numbers messages when they are left, and never looks back behind the last that it took."""

    def __init__(self):
        super().__init__()
        self.cursor = 0

    def unit_of_work(self):
        unit = super().unit_of_work()
        self.kept.last_message += 10
        first_number = self.kept.last_message
        apply = unit._apply

        def apply_with_numbers(changes: Changes) -> None:
            last, self.kept.last_message = self.kept.last_message, first_number
            try:
                apply(changes)
            finally:
                self.kept.last_message = last
                self.kept.waiting.sort(key=lambda message: message.id)

        unit._apply = apply_with_numbers
        return unit

    def deliver(self, handler, *, limit=100):
        def take(message: Message) -> None:
            handler(message)
            self.cursor = message.id

        self.kept.waiting = [each for each in self.kept.waiting if each.id > self.cursor]
        return super().deliver(take, limit=limit)


class HandsOverTheNewestFirst(PlainStore):
    """Hands messages over in the wrong order."""

    class View(Kept):
        def messages(self, above, limit):
            return super().messages(above, limit)[::-1]

    def view(self):
        return self.View(**asdict(self.kept, recurse=False))


class HandsOverAgainAndAgain(PlainStore):
    """Never notes that a message was taken."""

    def forget_messages(self, taken):
        """Nothing is noted."""


class LosesMessages(PlainStore):
    """Commits the records and forgets the messages."""

    def write_messages(self, changes):
        """Nothing is kept."""


# --- what is erased -------------------------------------------------------------------------------


class KeepsWhatWasErased(PlainStore):
    """Writes the new entries of a stream behind the old ones."""

    def write_streams(self, changes):
        super().write_streams(evolve(changes, erased_streams=set()))


class NumbersEntriesAnew(PlainStore):
    """Takes a stream that was written anew for the old one if it is as long."""

    def write_streams(self, changes):
        super().write_streams(changes)
        for place in changes.erased_streams & self.kept.streams.keys():
            documents = self.kept.streams[place].values()
            self.kept.streams[place] = dict(enumerate(documents, 1))


class RefusesACommandThatWasRemoved(PlainStore):
    """Writes the new answers first, and then removes what was to be removed."""

    def write_answers(self, changes):
        super().write_answers(evolve(changes, rewritten_answers={}))
        super().write_answers(evolve(changes, answers={}))


class KeepsOldSnapshots(PlainStore):
    """Erases the entries of a stream, and not what they amounted to."""

    def write_streams(self, changes):
        before = dict(self.kept.snapshots)
        super().write_streams(changes)
        self.kept.snapshots = {**before, **changes.snapshots}


class SendsWhatWasTakenBack(PlainStore):
    """Lets a message leave that was taken back."""

    def write_messages(self, changes):
        super().write_messages(evolve(changes, dropped_messages=set()))


class ForgetsThatACommandWasCarriedOut(PlainStore):
    """Removes an answer that was to be erased."""

    def write_answers(self, changes):
        rewritten = dict.fromkeys(changes.rewritten_answers)
        super().write_answers(evolve(changes, rewritten_answers=rewritten))


_SHARED = Kept()


class IsNeverNew(PlainStore):
    """Opens the same store again and calls it a new one."""

    def __init__(self):
        super().__init__()
        self.kept = _SHARED


BROKEN = {
    LosesUpdates: "no update is lost",
    LosesEntries: "no entry is lost",
    ChecksOnlyWhatItWrites: "what was read by key is as it was",
    RefusesEverything: "units that have nothing in common all commit: VersionConflict was raised",
    CommitsTwice: "a try sees what others have committed before it",
    CommitsHalf: "no record is kept",
    WritesThroughAtOnce: "no record is kept",
    LeavesMessagesBehind: "no message is kept",
    ReadsLive: "a unit sees what there was",
    ReadsWhatIsNotCommitted: "others see nothing of a unit",
    TakesAnySnapshot: "a snapshot speaks for its own stream",
    SortsEntries: "entries are read in their order",
    FoldsCase: "every key has a record of its own",
    Normalizes: "every key has a record of its own",
    CutsKeysOff: "every key has a record of its own",
    PagesInAnotherOrder: "keys are in the order of their code points",
    LetsOldListingsStand: "a record is found where it is listed now",
    UsesVersionsTwice: "a record that was added anew has a new version",
    SearchesByOldIndexes: "outdated indexes are noticed",
    KeepsAnswersOfUnitsThatFail: "no answer is kept",
    ActsTwice: "the answer is kept",
    AnswersTheLast: "one command is answered once",
    TakesAnyPayload: "a key stands for one command only",
    ForgetsRefusals: "a refused command stays refused",
    KeepsWhatARefusedCommandWrote: "nothing else of a refused command is kept",
    KeepsErrorsAsAnswers: "an error comes through: VersionConflict was expected",
    ForgetsTooMuch: "one answer is older than an hour",
    SkipsMessages: "what was not taken comes again",
    ReadsTheOutboxByACursor: "no message is skipped, and none repeated",
    HandsOverTheNewestFirst: "messages leave in the order of the commits",
    HandsOverAgainAndAgain: "what was not taken comes again",
    LosesMessages: "the message is kept",
    KeepsWhatWasErased: "the new entries stand in their place",
    NumbersEntriesAnew: "old entries are not counted any more",
    RefusesACommandThatWasRemoved: "the answer that was given last is kept",
    KeepsOldSnapshots: "no snapshot of the old entries is kept: CorruptStore was raised",
    SendsWhatWasTakenBack: "what was taken back does not leave",
    ForgetsThatACommandWasCarriedOut: "an answer that was erased is not given",
    IsNeverNew: "there is no ",
}
"""What each of them breaks, in the words of the contract."""
