"""Names are sets of texts, and a shop may write them as any collection."""

from datetime import UTC, datetime

import pytest

from crmkit.complaints import ComplainantType, Content, Mark, MessageSent, Obligation
from crmkit.complaints.policies.allowances import CalendarDays
from crmkit.complaints.policies.guards import WrittenPromiseNeedsOverride
from crmkit.errors import InvalidValue

AT = datetime(2026, 5, 4, tzinfo=UTC)


def suspended_by(names):
    return Obligation(
        name="answer",
        met_by=("respond",),
        within=CalendarDays(14),
        calendar="desk",
        suspended_by=names,
    )


@pytest.mark.parametrize("names", [{"leaflet"}, ["leaflet", "leaflet"], ("leaflet",)])
def test_any_collection_becomes_a_set_that_cannot_change(names):
    kept = frozenset({"leaflet"})
    assert MessageSent(kind="final-response", contains=names).contains == kept
    assert Mark("final-response", AT, names).contains == kept
    assert Content(message="final-response", items=names).items == kept
    assert suspended_by(names).suspended_by == kept
    assert hash(MessageSent(kind="final-response", contains=names)) is not None


@pytest.mark.parametrize("wrong", ["leaflet", 7, None])
def test_one_text_is_not_taken_for_its_letters(wrong):
    for make in (
        lambda: MessageSent(kind="final-response", contains=wrong),
        lambda: Mark("final-response", AT, wrong),
        lambda: Content(message="final-response", items=wrong),
        lambda: Content(message="final-response", one_of=wrong),
        lambda: suspended_by(wrong),
    ):
        with pytest.raises(InvalidValue, match="names are a set of texts"):
            make()


def test_the_types_of_complainant_are_a_set_too():
    stubborn = WrittenPromiseNeedsOverride(types=[ComplainantType.STUBBORN])
    assert stubborn.types == {ComplainantType.STUBBORN}
