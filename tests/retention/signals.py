"""Signals, weights and customers drawn at random, and a few that are written out."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import strategies as st

from crmkit.identifiers import CustomerId
from crmkit.retention import ChurnFacts, ChurnWeights, PastCustomer, Signal

DAY = date(2026, 5, 31)
C7 = CustomerId("C-7")
NAMES = ["complaints", "service-events", "activity", "app-removed", "card-at-rival"]
LEVELS = ["low", "middle", "high"]


def about(**signals: Any) -> ChurnFacts:
    """What is known of a customer; a word of two parts is written with an underscore."""
    named = {name.replace("_", "-"): value for name, value in signals.items()}
    return ChurnFacts(customer=C7, as_of=DAY, signals=named)


def complaints(**parts: Any) -> Signal:
    return Signal("complaints", {"none": -0.3, "one": 0.6, "several": 1.4}, cuts=(1, 2), **parts)


def service(**parts: Any) -> Signal:
    return Signal("service-events", {"none": -0.2, "some": 0.9}, cuts=(1,), **parts)


def activity(**parts: Any) -> Signal:
    return Signal("activity", {"holding": -0.6, "falling": 1.1, "silent": 1.7}, **parts)


def weights(**parts: Any) -> ChurnWeights:
    return ChurnWeights(base_rate=0.08, signals=[complaints(), service(), activity()], **parts)


heft = st.floats(-8, 8)
words = st.sampled_from(LEVELS)


@st.composite
def word_weights(draw: Any) -> ChurnWeights:
    """Signals whose levels are words, some of them of one kind."""
    names = draw(st.lists(st.sampled_from(NAMES[2:]), min_size=1, unique=True))
    return ChurnWeights(
        base_rate=draw(st.floats(0.001, 0.999)),
        signals=[
            Signal(
                name,
                {level: draw(heft) for level in LEVELS},
                kind=draw(st.sampled_from([name, "purchases"])),
            )
            for name in names
        ],
    )


known = st.dictionaries(st.sampled_from(NAMES[2:]), words)


def with_signals(signals: dict[str, Any]) -> ChurnFacts:
    return ChurnFacts(customer=C7, as_of=DAY, signals=signals)


def past(left: bool, count: int = 1, **signals: Any) -> list[PastCustomer]:
    return [PastCustomer(about(**signals), left=left)] * count


histories = st.lists(
    st.builds(PastCustomer, st.builds(with_signals, known), left=st.booleans()),
    min_size=2,
    max_size=30,
).filter(lambda history: len({each.left for each in history}) == 2)
