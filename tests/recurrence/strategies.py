"""Rules drawn at random."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from tests.recurrence.oracle import WEEKDAYS

__all__ = ["FIRST_DAYS", "rules"]

FIRST_DAYS = (date(1999, 1, 1), date(2030, 12, 31))


@st.composite
def rules(draw, *, as_others_mean_it=False, until=True):
    """A rule of any kind; it may well give no day at all.

    ``as_others_mean_it`` leaves out where dateutil does not follow RFC 5545: plain and numbered
    weekdays side by side (of which it takes what is in both), and BYSETPOS in a weekly rule (where
    in the first week it chooses among the days from the first one on). ``until=False`` draws none
    that ends by a day.
    """
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    numbered = frequency in ("MONTHLY", "YEARLY")
    parts = {"FREQ": frequency}

    def now_and_then(part, values):
        if draw(st.sampled_from([True, False, False])):
            parts[part] = draw(values)

    def some(values, size=3):
        return st.lists(values, min_size=1, max_size=size, unique=True).map(
            lambda found: ",".join(map(str, found))
        )

    def from_both_ends(most):
        return st.one_of(st.integers(1, most), st.integers(-most, -1))

    now_and_then("INTERVAL", st.integers(1, 5))
    now_and_then("BYMONTH", some(st.integers(1, 12)))
    if frequency != "WEEKLY":
        now_and_then("BYMONTHDAY", some(from_both_ends(28 if "BYMONTH" in parts else 31)))
    kinds = [st.sampled_from(WEEKDAYS)]
    if numbered:
        most = 5 if frequency == "MONTHLY" or "BYMONTH" in parts else 53
        pairs = st.tuples(from_both_ends(most), st.sampled_from(WEEKDAYS))
        kinds.append(pairs.map(lambda pair: f"{pair[0]}{pair[1]}"))
        if not as_others_mean_it:
            kinds.append(st.one_of(*kinds))
    now_and_then("BYDAY", st.sampled_from(kinds).flatmap(lambda kind: some(kind, 4)))
    chooses = frequency != "WEEKLY" or not as_others_mean_it
    if chooses and {"BYMONTH", "BYMONTHDAY", "BYDAY"} & parts.keys():
        now_and_then("BYSETPOS", some(from_both_ends(4), 2))
    now_and_then("WKST", st.sampled_from(WEEKDAYS))
    ends = draw(st.sampled_from(["", "", "COUNT", "UNTIL"]))
    if ends == "COUNT":
        parts["COUNT"] = str(draw(st.integers(1, 40)))
    if ends == "UNTIL" and until:
        parts["UNTIL"] = draw(st.dates(*FIRST_DAYS)).strftime("%Y%m%d")
    return ";".join(f"{part}={value}" for part, value in parts.items())
