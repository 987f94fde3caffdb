"""An error is named after the broken agreement, says what would have worked, and keeps quiet."""

from __future__ import annotations

import copy
import inspect
import pickle
import re
from typing import Any

import pytest

from crmkit import errors
from crmkit.errors import (
    AlreadyKept,
    CrmkitError,
    CurrencyMismatch,
    IllegalTransition,
    InvalidDocument,
    InvalidMoney,
    InvalidSegmentMap,
    InvalidValue,
    MissingExtra,
    NaiveDatetime,
    NewerSchema,
    NotKept,
    Problem,
    StoreError,
    UnknownCustomer,
    VersionConflict,
)

ALL = [
    cls for cls in vars(errors).values() if inspect.isclass(cls) and issubclass(cls, CrmkitError)
]

# One of each that takes its parts, with its message and its parts.
MADE: list[tuple[CrmkitError, str, dict[str, Any]]] = [
    (
        CurrencyMismatch("EUR", "USD"),
        "cannot combine EUR with USD: convert one side first, for example with "
        "ExchangeRates(to='EUR', rates={'USD': ...})",
        {"left": "EUR", "right": "USD"},
    ),
    (
        NaiveDatetime("recorded_at"),
        "recorded_at needs a time zone: pass an aware datetime, such as "
        "datetime(2026, 3, 1, 9, 30, tzinfo=ZoneInfo('Europe/Berlin'))",
        {"what": "recorded_at"},
    ),
    (
        InvalidSegmentMap("the map has gaps", gaps=[(1, 1)], overlaps=[(5, 5)]),
        "the map has gaps",
        {"gaps": ((1, 1),), "overlaps": ((5, 5),)},
    ),
    (InvalidSegmentMap("the map is empty"), "the map is empty", {"gaps": (), "overlaps": ()}),
    (
        IllegalTransition("received", "close", ["acknowledge", "reject"]),
        "cannot close from received; allowed: acknowledge, reject",
        {"status": "received", "action": "close", "allowed": ("acknowledge", "reject")},
    ),
    (
        IllegalTransition("closed", "close", []),
        "cannot close from closed; allowed: nothing, this status is final",
        {"allowed": ()},
    ),
    (
        InvalidDocument([Problem("$.a", "is missing"), Problem("$.b[2]", "expected a text")]),
        "$.a: is missing; $.b[2]: expected a text",
        {"problems": (Problem("$.a", "is missing"), Problem("$.b[2]", "expected a text"))},
    ),
    (
        NewerSchema("rfm-scale", 3, 2),
        "rfm-scale has schema version 3, this release reads up to 2: upgrade crmkit to open it",
        {"what": "rfm-scale", "found": 3, "known": 2},
    ),
    (
        UnknownCustomer(),
        "this customer has no purchase in the summary: ask with get() or in",
        {},
    ),
    (
        MissingExtra("rich", "review"),
        "rich is not installed: pip install 'crmkit[review]'",
        {"library": "rich", "extra": "review"},
    ),
    (
        VersionConflict("tiers", 3, 4),
        "version conflict in tiers: expected version 3, but it is 4 now; "
        "read it again and decide again",
        {"collection": "tiers", "expected": 3, "actual": 4},
    ),
    (
        VersionConflict("tiers", 3, None),
        "version conflict in tiers: expected version 3, but nothing is kept there any more; "
        "read it again and decide again",
        {"actual": None},
    ),
    (
        AlreadyKept("tiers"),
        "tiers already keeps a record with this key: use replace(record, version)",
        {"collection": "tiers"},
    ),
    (
        NotKept("tiers"),
        "tiers keeps no record with this key: use add(record), or find(key), which gives None",
        {"collection": "tiers"},
    ),
]


class TestTree:
    """One root; what is also a ValueError or an ImportError can be caught as such."""

    def test_everything_public_is_listed_and_everything_listed_is_public(self):
        assert {cls.__name__ for cls in ALL} | {"Problem"} == set(errors.__all__)

    def test_every_code_is_stable_kebab_case_and_unique(self):
        codes = [cls.code for cls in ALL]
        assert len(set(codes)) == len(codes)
        for cls in ALL:
            words = re.findall("[A-Z][a-z]+", cls.__name__)
            assert cls.code == "-".join(words).lower()

    @pytest.mark.parametrize("cls", ALL)
    def test_each_has_one_of_the_two_families(self, cls):
        assert issubclass(cls, CrmkitError)
        assert not (issubclass(cls, InvalidValue) and issubclass(cls, StoreError))
        assert issubclass(cls, InvalidValue) is issubclass(cls, ValueError)

    def test_an_unknown_customer_is_a_key_error(self):
        with pytest.raises(KeyError):
            raise UnknownCustomer

    def test_a_missing_extra_is_an_import_error(self):
        with pytest.raises(ImportError):
            raise MissingExtra("rich", "review")

    @pytest.mark.parametrize("cls", ALL)
    def test_each_says_in_one_sentence_what_it_means(self, cls):
        assert cls.__doc__
        assert cls.__doc__.splitlines()[0].endswith(".")


class TestParts:
    """The message says what would have worked; its parts are attributes."""

    @pytest.mark.parametrize(
        ("error", "message", "parts"), MADE, ids=lambda made: type(made).__name__
    )
    def test_message_and_parts(self, error, message, parts):
        assert str(error) == message
        assert {name: getattr(error, name) for name in parts} == parts

    def test_a_problem_is_a_place_and_what_would_have_worked(self):
        assert str(Problem("$.items[2].amount", "expected money")) == (
            "$.items[2].amount: expected money"
        )


class TestTravel:
    """Errors are raised in worker processes and read in others."""

    @pytest.mark.parametrize("error", [made[0] for made in MADE], ids=lambda e: type(e).__name__)
    def test_it_arrives_with_all_its_parts(self, error):
        for again in (
            pickle.loads(pickle.dumps(error)),  # noqa: S301 - our own bytes
            copy.copy(error),
            copy.deepcopy(error),
        ):
            assert type(again) is type(error)
            assert str(again) == str(error)
            assert vars(again) == vars(error)
            assert again.args == error.args

    def test_a_plain_one_arrives_with_its_message_and_its_notes(self):
        error = InvalidMoney("too much")
        error.add_note("in line 7")
        again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
        assert (str(again), again.__notes__) == ("too much", ["in line 7"])

    def test_the_error_of_a_host_arrives_too(self):
        again = pickle.loads(pickle.dumps(OutOfStock("tulips", 3)))  # noqa: S301 - our own bytes
        assert (again.product, again.left, str(again)) == ("tulips", 3, "only 3 tulips left")


class OutOfStock(CrmkitError):
    """An error that a host derived, with parts of its own."""

    def __init__(self, product: str, left: int) -> None:
        super().__init__(f"only {left} {product} left")
        self.product = product
        self.left = left
