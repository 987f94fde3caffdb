"""What the warehouse needs beyond the annotations of its classes, to draw values of them."""

from collections.abc import Callable, Mapping
from typing import Any

from crmkit.errors import MissingExtra
from crmkit.testing.drawing import Maker, drawn_from
from crmkit.warehouse import CustomerSummary

try:
    from hypothesis import strategies as st
except ImportError:
    raise MissingExtra("hypothesis", "testing") from None

__all__ = ["MAKERS"]

Strategy = st.SearchStrategy
Draw = Callable[[Strategy[Any]], Any]

_KEYS = drawn_from(str, "EUR")


@st.composite
def _summaries(draw: Draw, currency: str) -> CustomerSummary:
    """A customer who bought once or often; all numbers tell of the same days."""
    days = draw(st.integers(1, 3) | st.integers(1, 300))
    between = draw(st.integers(days - 1, 3 * days)) if days > 1 else 0
    first, recency = draw(st.integers(18_000, 20_000)), draw(st.integers(0, 900))
    return CustomerSummary(
        customer_id=draw(_KEYS),
        first_day=first,
        last_day=first + between,
        purchase_days=days,
        recency_days=recency,
        repeat_purchases=days - 1,
        days_at_last_purchase=between,
        customer_age_days=between + recency,
        total_minor=draw(st.integers(0, 10**7)),
        repeat_minor=draw(st.integers(0, 10**6)) if days > 1 else 0,
    )


MAKERS: Mapping[type, Maker] = {CustomerSummary: _summaries}
