"""What is known of loyal customers, and the policies about them, by the converter of the room."""

from datetime import date

import pytest

from crmkit.loyalty import (
    STORED_TYPES,
    DriverOrder,
    Intention,
    IntentionAnswer,
    LoyaltyReason,
    ProfitEntry,
    ProgramMember,
    summarize_program,
)
from crmkit.money import Money
from crmkit.period import Period
from crmkit.serialization import make_converter
from tests.loyalty.loyal import ANNA, DAY, LEVELS, SCALE, loyal
from tests.loyalty.test_development import ADVISE
from tests.loyalty.test_maintenance import PLAN
from tests.loyalty.test_measures import BEST, INDEX, REWEIGHT, profile
from tests.loyalty.test_types import DICK_BASU, SOURCE

CONVERTER = make_converter(*STORED_TYPES)
MEMBER = ProgramMember(customer=ANNA, joined_on=DAY, function="cabin", recruited_by="crew")
PROFIT = ProfitEntry(on=DAY, profit=Money("12.30", "EUR"), customer=ANNA)
ANSWER = IntentionAnswer(
    customer=ANNA, on=DAY, intention=Intention.REFERRAL, answer=SCALE.answer("some")
)
FIGURES = summarize_program(
    [MEMBER], months=[Period.month(2026, 6)], profits=[PROFIT], answers=[ANSWER]
)


@pytest.mark.parametrize(
    "kept",
    [
        *(LEVELS, SOURCE, DICK_BASU, INDEX, REWEIGHT, ADVISE, PLAN, DriverOrder()),
        *(MEMBER, PROFIT, ANSWER, FIGURES),
        loyal("some", 4, LoyaltyReason.HABIT, ["recommends us"]),
        loyal(),
        profile(BEST),
    ],
    ids=lambda kept: type(kept).__name__,
)
def test_what_is_kept_comes_back_as_it_was(kept):
    again = CONVERTER.loads(CONVERTER.dumps(kept))
    assert again == kept
    assert type(again) is type(kept)


def test_a_member_comes_back_with_all_days():
    """Days that are not given stay away."""
    left = ProgramMember(
        customer=ANNA, joined_on=DAY, left_on=date(2026, 7, 1), email_since=date(2026, 1, 1)
    )
    assert CONVERTER.loads(CONVERTER.dumps(left)) == left
