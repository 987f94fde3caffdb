"""What crmkit raises when a caller breaks an agreement.

A business "no" is never an exception: it is a :class:`~crmkit.decision.Decision`. What is raised
here is named after the broken agreement, keeps its parts as attributes, carries a stable ``code``
to match on, and says in lower case what would have worked. No message carries personal data:
neither a name nor the raw content of a field. Every error can travel from one process to another.
"""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from attrs import frozen

__all__ = [
    "AlreadyKept",
    "AnswerErased",
    "CannotFit",
    "CorruptStore",
    "CrmkitError",
    "CurrencyMismatch",
    "ForeignStore",
    "IdempotencyMismatch",
    "IllegalTransition",
    "InvalidDocument",
    "InvalidIdentifier",
    "InvalidMoney",
    "InvalidPolicy",
    "InvalidSegmentMap",
    "InvalidValue",
    "MissingExtra",
    "NaiveDatetime",
    "NewerSchema",
    "NotKept",
    "NothingToFit",
    "Problem",
    "Refused",
    "StoreBusy",
    "StoreError",
    "StoreFull",
    "UnitMismatch",
    "UnitOfWorkClosed",
    "UnknownCustomer",
    "UnreadableSource",
    "VersionConflict",
]


class CrmkitError(Exception):
    """The root of everything crmkit raises on purpose; catch it to catch them all."""

    code: ClassVar[str] = "crmkit-error"

    def __reduce__(self) -> tuple[Any, ...]:
        # The children take their parts, not the message: pickle must not call them with it.
        return _again, (type(self), self.args, vars(self))


def _again(cls: type[CrmkitError], args: tuple[object, ...], parts: dict[str, Any]) -> CrmkitError:
    error = cls.__new__(cls, *args)
    vars(error).update(parts)
    return error


# --- values and terms ----------------------------------------------------------------------------


class InvalidValue(CrmkitError, ValueError):
    """A value cannot mean what it was used for."""

    code = "invalid-value"


class InvalidMoney(InvalidValue):
    """An amount or currency that no exact sum of money could be made of."""

    code = "invalid-money"


class CurrencyMismatch(InvalidValue):
    """Two currencies met where only one makes sense; nothing is converted silently."""

    code = "currency-mismatch"

    def __init__(self, left: str, right: str) -> None:
        """Keep both currencies; convert one of them with ``ExchangeRates`` first."""
        super().__init__(
            f"cannot combine {left} with {right}: convert one side first, for example with "
            f"ExchangeRates(to={left!r}, rates={{{right!r}: ...}})"
        )
        self.left = left
        self.right = right


class InvalidIdentifier(InvalidValue):
    """A text that no store could keep safely as a key."""

    code = "invalid-identifier"


class NaiveDatetime(InvalidValue):
    """A datetime without a time zone: it names no instant."""

    code = "naive-datetime"

    def __init__(self, what: str) -> None:
        """Name the field that was handed a naive datetime."""
        super().__init__(
            f"{what} needs a time zone: pass an aware datetime, "
            f"such as datetime(2026, 3, 1, 9, 30, tzinfo=ZoneInfo('Europe/Berlin'))"
        )
        self.what = what


class InvalidPolicy(InvalidValue):
    """The terms of a policy, scale or table contradict each other."""

    code = "invalid-policy"


class InvalidSegmentMap(InvalidPolicy):
    """A segment map leaves scores without a name, or gives a score two names."""

    code = "invalid-segment-map"

    def __init__(
        self,
        message: str,
        *,
        gaps: Sequence[object] = (),
        overlaps: Sequence[object] = (),
    ) -> None:
        """List every uncovered and every doubly covered score."""
        super().__init__(message)
        self.gaps = tuple(gaps)
        self.overlaps = tuple(overlaps)


class NothingToFit(InvalidValue):
    """A population without a single customer cannot say where its cut-points lie."""

    code = "nothing-to-fit"


class CannotFit(InvalidValue):
    """The data cannot say what the parameters of a model are, however hard one looks."""

    code = "cannot-fit"

    def __init__(self, reason: str, instead: str) -> None:
        """Say what is wrong with the data, and what would have worked."""
        super().__init__(f"cannot fit: {reason}; {instead}")
        self.reason = reason
        self.instead = instead


class UnitMismatch(InvalidValue):
    """A model and facts, or two tables of facts, count time in different units."""

    code = "unit-mismatch"

    def __init__(self, left: str, right: str) -> None:
        """Keep both units; nothing is converted silently."""
        super().__init__(
            f"one side counts in {left}s, the other in {right}s: summarize the purchases in one "
            f"unit, and fit the model to facts in that unit"
        )
        self.left = left
        self.right = right


class IllegalTransition(CrmkitError):
    """An action that the lifecycle does not allow from where the record stands."""

    code = "illegal-transition"

    def __init__(self, status: str, action: str, allowed: Iterable[str]) -> None:
        """Keep the status, the refused action and the actions that would have worked."""
        self.status = str(status)
        self.action = str(action)
        self.allowed = tuple(str(a) for a in allowed)
        options = ", ".join(self.allowed) or "nothing, this status is final"
        super().__init__(f"cannot {self.action} from {self.status}; allowed: {options}")


# --- documents and files -------------------------------------------------------------------------


@frozen
class Problem:
    """One thing wrong with a document: where (``$.items[2].amount``) and what would have worked."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


class InvalidDocument(InvalidValue):
    """A document that does not describe what it was read as; each problem is listed by its path."""

    code = "invalid-document"

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Keep all problems, in the order in which the document shows them."""
        self.problems = tuple(problems)
        super().__init__("; ".join(str(problem) for problem in self.problems))


class NewerSchema(CrmkitError):
    """What was kept was written by a newer release than this one; nothing was changed."""

    code = "newer-schema"

    def __init__(self, what: str, found: int, known: int) -> None:
        """Keep the version that was found and the newest one that this release can read."""
        super().__init__(
            f"{what} has schema version {found}, this release reads up to {known}: "
            f"upgrade crmkit to open it"
        )
        self.what = what
        self.found = found
        self.known = known


class UnknownCustomer(CrmkitError, KeyError):
    """A summary was asked for a customer who has bought nothing in it."""

    code = "unknown-customer"

    def __init__(self) -> None:
        """The customer is left out, because the key may identify a person."""
        super().__init__("this customer has no purchase in the summary: ask with get() or in")

    def __str__(self) -> str:
        return str(self.args[0])


class UnreadableSource(CrmkitError):
    """A file that cannot be read as what the caller said it is."""

    code = "unreadable-source"


class MissingExtra(CrmkitError, ImportError):
    """A feature needs an optional library that is not installed."""

    code = "missing-extra"

    def __init__(self, library: str, extra: str) -> None:
        """Name the library and the extra that brings it."""
        super().__init__(f"{library} is not installed: pip install 'crmkit[{extra}]'")
        self.library = library
        self.extra = extra


# --- stores --------------------------------------------------------------------------------------


class StoreError(CrmkitError):
    """Something that a store could not do as agreed."""

    code = "store-error"


class VersionConflict(StoreError):
    """Somebody else kept a newer version first; read again and decide again."""

    code = "version-conflict"

    def __init__(self, collection: str, expected: int, actual: int | None) -> None:
        """Keep the version that the caller had seen and the one that is there (None: gone)."""
        there = "nothing is kept there any more" if actual is None else f"it is {actual} now"
        super().__init__(
            f"version conflict in {collection}: expected version {expected}, but {there}; "
            f"read it again and decide again"
        )
        self.collection = collection
        self.expected = expected
        self.actual = actual


class AlreadyKept(StoreError):
    """A record with this key is kept already; replace it instead of adding it."""

    code = "already-kept"

    def __init__(self, collection: str) -> None:
        """Name the collection; the key is left out because it may identify a person."""
        super().__init__(
            f"{collection} already keeps a record with this key: use replace(record, version)"
        )
        self.collection = collection


class NotKept(StoreError):
    """Nothing is kept under this key."""

    code = "not-kept"

    def __init__(self, collection: str) -> None:
        """Name the collection; the key is left out because it may identify a person."""
        super().__init__(
            f"{collection} keeps no record with this key: use add(record), or find(key), "
            f"which gives None"
        )
        self.collection = collection


class IdempotencyMismatch(StoreError):
    """An idempotency key came back with another payload: two commands share one key."""

    code = "idempotency-mismatch"


class Refused(CrmkitError):
    """A command was refused for good: the refusal is kept, and the same whenever it comes again.

    ``reason`` is the ``code`` of the error that the command met the first time, ``text`` its
    message.
    """

    code = "refused"

    def __init__(self, reason: str, text: str) -> None:
        """Take the code and the message of what the command met."""
        super().__init__(text)
        self.reason = reason
        self.text = text


class AnswerErased(StoreError):
    """A command was carried out before, and its answer was erased together with personal data."""

    code = "answer-erased"


class UnitOfWorkClosed(StoreError):
    """A unit of work was used after its end."""

    code = "unit-of-work-closed"


class CorruptStore(StoreError):
    """The file is damaged, truncated or empty; nothing was written to it."""

    code = "corrupt-store"


class ForeignStore(StoreError):
    """The file belongs to another program; nothing was written to it."""

    code = "foreign-store"


class StoreBusy(StoreError):
    """Another writer held the store for longer than the caller was ready to wait."""

    code = "store-busy"


class StoreFull(StoreError):
    """There is no room left to write; what was kept before is intact."""

    code = "store-full"
