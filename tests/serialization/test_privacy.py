"""What is wrong with a document is told without repeating anything that stands in it.

A canary is put into every place of every document, as a value and as a key; no message, ``repr`` or
traceback may sing.
"""

from __future__ import annotations

import copy
import json
import traceback
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from crmkit.decision import Decision, Evidence, all_of, at_least, noted, one_of
from crmkit.errors import CrmkitError
from crmkit.identifiers import Actor, CustomerId, InteractionId, OrderId, ProductId, PromiseId
from crmkit.money import ExchangeRates, Money
from crmkit.period import Period, Rate
from crmkit.records import Direction, Interaction, Promise, Purchase
from crmkit.serialization import make_converter
from crmkit.tiering import Tier, TierChange, TierHistory, TierLadder
from tests.serialization import shop

TODAY = date(2026, 6, 30)
AT = datetime(2026, 3, 1, 9, 30, tzinfo=shop.BERLIN)
WHO = CustomerId("C-7")
GOLD = Tier("gold", 3)

# One of each type, with every field filled: the canary is to sit in all of them.
SAMPLES: list[Any] = [
    Purchase(
        WHO, TODAY, Money("-12.30", "EUR"), order=OrderId("O-2"), product=ProductId("P-1"),
        channel="web", refund_of=OrderId("O-1"), recorded_at=AT,
    ),
    Interaction(
        id=InteractionId("I-1"), customer=WHO, at=AT, channel="phone", direction=Direction.INBOUND,
        purpose="care", actor=Actor("A-1"), summary="said", recorded_at=AT,
    ),
    Promise(
        id=PromiseId("V-1"), customer=WHO, given_on=TODAY, due_on=TODAY, kept_on=TODAY,
        content="flowers", actor=Actor("A-1"),
    ),
    Decision(
        GOLD, "tiers", TODAY,
        (at_least("n", 1, 2), all_of("a", noted("n", AT), one_of("w", "a", "ab"))), "C-7", "0123",
    ),
    Evidence("n", Money(1, "EUR"), timedelta(1), True),
    ExchangeRates(to="EUR", rates={"USD": Fraction(1, 3), "JPY": 1}),
    Period.month(2026, 3),
    Rate(Decimal("0.1")),
    TierLadder.of("bronze", "silver", "gold"),
    TierHistory(
        WHO,
        (TierChange(on=TODAY, from_tier=None, to_tier=GOLD, reason="r", policy="p",
                    recorded_at=AT),),
    ),
    shop.EXAMPLE,
    shop.Ages(1, 2),
    shop.Bundle((shop.Label("a"), shop.Bundle((shop.Label("b"),)))),
    shop.Shelf(shop.Pot(3), (shop.Labelled("x"), shop.Vase(1)), "note", shop.Color.RED, 0.5),
    shop.Till(Money(5, "EUR"), 3),
]  # fmt: skip
KEPT = make_converter(*{type(sample) for sample in SAMPLES}, shop.Label)

CANARIES: list[Any] = [
    *("Mueller", "anna.mueller@example.org", "4915790000001", "1971-02-03", "Hauptstr. 7 \u200b"),
    *("1971-02-29", "49157900.01 EUR", "49157900.017 EUR", "49157900.01 ZZZ", "4915790000001/0"),
    *("49157900.01E+1", "1971-02-03T04:05:06+99:00", "1971-02-03T04:05:06+01:00[Mueller/Anna]"),
    *(4915790000001, -4915790000001, 49157900.01, 4915790000001 * 10**60, "\ud800Mueller"),
    *(["Mueller"], {"Mueller": "4915790000001"}, {"kind": "Mueller", "value": "Mueller"}),
]
SONGS = ["mueller", "491579", "1971", "hauptstr"]


def places(raw: Any) -> Iterator[tuple[str, Callable[[Any, Any], Any]]]:
    """Every place in a document, and how to put something there; as a value, and as a key."""

    def put(path: list[Any], at: str) -> Callable[[Any, Any], Any]:
        def into(document: Any, canary: Any) -> Any:
            changed = copy.deepcopy(document)
            inner = changed
            for step in path[:-1]:
                inner = inner[step]
            if at == "value":
                inner[path[-1]] = canary
            elif at == "key":
                inner[str(canary)] = inner.pop(path[-1])
            else:
                inner[path[-1]] = [canary, inner[path[-1]]]
            return changed

        return into

    def walk(inner: Any, path: list[Any]) -> Iterator[tuple[str, Callable[[Any, Any], Any]]]:
        steps = inner.items() if isinstance(inner, dict) else enumerate(inner)
        for step, item in steps:
            here = [*path, step]
            yield f"{here} as a value", put(here, "value")
            yield f"{here} in a list", put(here, "list")
            if isinstance(inner, dict):
                yield f"{here} as a key", put(here, "key")
            if isinstance(item, dict | list):
                yield from walk(item, here)

    yield from walk(raw, [])


def song(error: BaseException) -> str:
    """All that a log could show of an error."""
    shown = "".join(traceback.format_exception(error))
    return f"{error!s} {error!r} {error.args!r} {vars(error)!r} {shown}".lower()


def refusal(document: Any) -> CrmkitError | None:
    try:
        KEPT.load(document)
    except CrmkitError as error:
        return error
    return None


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: type(sample).__name__)
def test_no_canary_sings(sample):
    """Every place of every document, every canary: refused without a word of it, or taken whole."""
    document = json.loads(KEPT.dumps(sample))
    refused = 0
    for name, put in places(document):
        for canary in CANARIES:
            error = refusal(put(document, canary))
            if error is not None:
                refused += 1
                sung = song(error)
                assert not any(word in sung for word in SONGS), (name, canary, str(error))
                assert error.__cause__ is None
                assert error.__suppress_context__ or error.__context__ is None
    assert refused > 100


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: type(sample).__name__)
@pytest.mark.parametrize("broken", ["Mueller", '{"Mueller"', '"Mueller', "{'Mueller': 1}"])
def test_a_text_that_cannot_be_parsed_is_not_repeated(sample, broken):
    text = KEPT.dumps(sample)
    for spoiled in (broken, text[:-1] + broken, text.replace("}", broken, 1)):
        for read in (KEPT.loads, KEPT.loads_toml):
            with pytest.raises(CrmkitError) as caught:
                read(spoiled)
            assert "mueller" not in song(caught.value)


def test_what_cannot_be_written_is_not_repeated():
    for outcome in ("\ud800Mueller", 4915790000001 * 10**60, Decimal("NaN4915790000001")):
        with pytest.raises(CrmkitError) as caught:
            KEPT.dumps(Decision(outcome, "p", TODAY))
        assert not any(word in song(caught.value) for word in SONGS)


def test_the_canaries_can_sing():
    """The check would notice: an error that repeats the value is caught by it."""
    for canary in CANARIES:
        with pytest.raises(ValueError, match=r".") as caught:
            raise ValueError(f"bad value {json.dumps(canary)}")
        assert any(word in song(caught.value) for word in SONGS), canary
