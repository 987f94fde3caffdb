"""Profiles that are ready to use: a service desk, ISO 10002, and three financial regulators.

They are a start, and no legal advice. The numbers were read from public pages about the rules, each
profile names its source and the day whose text it follows; whoever relies on one checks it against
the rules in force. Where a rule says "promptly" or "immediately", the number is a default of
crmkit; so is it that a complaint which is reopened has its time limits anew. Only the profile of
the service desk has its calendar: bind the others to yours.

>>> FCA_DISP.missing_calendars
('jurisdiction',)
"""

from datetime import date, timedelta

from crmkit.business_time import BusinessCalendar
from crmkit.complaints.policies.allowances import (
    Allowance,
    BusinessDays,
    CalendarDays,
    DayCount,
    DayEnd,
    Months,
    Weeks,
    WorkingHours,
    Years,
)
from crmkit.complaints.policies.obligations import Content, Excuse, Obligation, Window
from crmkit.complaints.policies.profiles import ObligationProfile

__all__ = [
    "FCA_DISP",
    "IMMEDIATELY",
    "IRELAND_CPC",
    "ISO_10002",
    "PROMPTLY",
    "READY_PROFILES",
    "RG_271",
    "RG_271_SUPERANNUATION",
    "SERVICE_DESK",
    "service_desk",
]

JURISDICTION = "jurisdiction"
"""The calendar whose days are the business days of the country."""
DESK = "desk"
"""The calendar of the hours in which the support desk is there."""

PROMPTLY = BusinessDays(1)
"""What "promptly" is taken for: by the end of the next business day. A default of crmkit."""

IMMEDIATELY = BusinessDays(1, counting=DayCount.INCLUDING)
"""What "immediately" is taken for: by the end of the same business day. A default of crmkit."""

_ACKNOWLEDGED = ("acknowledge", "acknowledgement")
_RESOLVED = ("accept",)
_WITHDRAWN = Excuse(("withdraw",))
_REOPENED = ("reopen",)


# --- a service desk ---


def service_desk(
    calendar: BusinessCalendar | None = None, within: timedelta = timedelta(hours=24)
) -> ObligationProfile:
    """The profile of a desk that answers each message within so many hours.

    Without a calendar these are hours by the clock, day and night: 24 hours from Saturday noon are
    Sunday noon. With the hours of a desk, they are working hours. An acknowledgement or a response
    is an answer; asking the customer back stops the clock. Who disputes an answer, or comes back
    later, is answered anew.
    """
    reply = Obligation(
        name="reply",
        met_by=(*_ACKNOWLEDGED, "respond", "reply", "final-response"),
        within=WorkingHours(within),
        calendar=DESK,
        suspended_by=frozenset({"complainant"}),
        excused_by=(_WITHDRAWN,),
        anew_with=("dispute", *_REOPENED),
        consequence="the promise of the service desk is broken",
        source="promise of the service desk: a reply within so many hours, 24 unless it says else",
    )
    return ObligationProfile(
        name="service-desk",
        obligations=(reply,),
        calendars={DESK: calendar or BusinessCalendar.round_the_clock()},
        source="promise of the service desk; the 24 hours are a default of crmkit",
        source_date=date(2026, 11, 22),
    )


SERVICE_DESK = service_desk()
"""A reply within 24 hours by the clock, as of the receipt."""


# --- ISO 10002 ---


_DISPUTED = Excuse(("dispute",))


def _stage(
    name: str,
    met_by: tuple[str, ...],
    within: Allowance,
    after: str,
    anew_with: tuple[str, ...],
    excused_by: tuple[Excuse, ...] = (_WITHDRAWN,),
) -> Obligation:
    return Obligation(
        name=name,
        starts_with=(after,),
        met_by=met_by,
        within=within,
        calendar=JURISDICTION,
        excused_by=excused_by,
        anew_with=anew_with,
        source="ISO 10002:2018, operation of the complaints-handling process",
    )


ISO_10002 = ObligationProfile(
    name="iso-10002",
    obligations=(
        _stage("acknowledge", _ACKNOWLEDGED, IMMEDIATELY, "receive", anew_with=()),
        _stage("assess", ("assess",), PROMPTLY, "receive", anew_with=_REOPENED),
        _stage(
            "respond",
            ("respond", "final-response"),
            BusinessDays(10),
            "assess",
            anew_with=("assess", "dispute"),
        ),
        _stage(
            "close",
            ("close",),
            BusinessDays(10),
            "respond",
            anew_with=("respond",),
            excused_by=(_WITHDRAWN, _DISPUTED),
        ),
    ),
    source="ISO 10002:2018, as described on public pages; the days are defaults of crmkit",
    source_date=date(2018, 7, 30),
)
"""The stages of ISO 10002, each with a time: the standard asks for promptness and names no days.

It has complaints acknowledged immediately, then assessed, investigated, answered and closed. What
is disputed stays open, and is answered anew; what is reopened is assessed anew.
"""


# --- United Kingdom: FCA Handbook, DISP 1 ---

_THIRD_DAY = BusinessDays(3, until=DayEnd.CLOSE_OF_BUSINESS)
_RESOLVED_BY_THIRD_DAY = Excuse(_RESOLVED, within=_THIRD_DAY)
_OMBUDSMAN = frozenset({"ombudsman-website", "waiver-wording"})
_OMBUDSMAN_ENCLOSURES = _OMBUDSMAN | {"ombudsman-leaflet"}

FCA_DISP = ObligationProfile(
    name="fca-disp",
    jurisdiction="GB",
    obligations=(
        Obligation(
            name="acknowledge",
            met_by=_ACKNOWLEDGED,
            within=PROMPTLY,
            calendar=JURISDICTION,
            content=(
                Content(message="acknowledgement", items=frozenset({"answer-within-eight-weeks"})),
            ),
            excused_by=(_RESOLVED_BY_THIRD_DAY, _WITHDRAWN),
            source="DISP 1.6.1: a prompt written acknowledgement, which tells of the eight weeks",
        ),
        Obligation(
            name="summary-resolution",
            starts_with=_RESOLVED,
            starts_within=_THIRD_DAY,
            met_by=("summary-resolution",),
            within=PROMPTLY,
            calendar=JURISDICTION,
            content=(
                Content(
                    message="summary-resolution",
                    items=frozenset(
                        {
                            "complaint-made",
                            "considered-resolved",
                            "ombudsman-right",
                            "ombudsman-further-information",
                            *_OMBUDSMAN,
                        }
                    ),
                ),
            ),
            source="DISP 1.5.4: a summary resolution communication, promptly",
        ),
        Obligation(
            name="final-response",
            met_by=("final-response", "holding-response"),
            within=Weeks(8),
            calendar=JURISDICTION,
            content=(
                Content(
                    message="final-response",
                    items=_OMBUDSMAN_ENCLOSURES | {"six-month-window"},
                    one_of=frozenset(
                        {"accepts", "offers-without-accepting", "rejects-with-reasons"}
                    ),
                ),
                Content(
                    message="holding-response",
                    items=_OMBUDSMAN_ENCLOSURES
                    | {"reason-for-delay", "expected-date", "ombudsman-right"},
                ),
            ),
            excused_by=(_RESOLVED_BY_THIRD_DAY, _WITHDRAWN),
            anew_with=_REOPENED,
            consequence="the complainant may turn to the Financial Ombudsman Service",
            source="DISP 1.6.2: by the end of eight weeks after receipt",
        ),
    ),
    windows=(
        Window(
            name="ombudsman-referral",
            starts_with=("final-response", "summary-resolution"),
            within=Months(6),
            calendar=JURISDICTION,
            source="DISP 1.6.2 and 2.8.2: six months from the final response",
        ),
    ),
    retention=Window(
        name="retention",
        within=Years(3),
        calendar=JURISDICTION,
        source="DISP 1.9.1: three years from receipt; five for UCITS portfolio management",
    ),
    source="FCA Handbook, DISP 1.5, 1.6 and 1.9, as shown on public pages",
    source_date=date(2026, 6, 1),
)
"""Complaints to firms under the rules of the Financial Conduct Authority.

A complaint that the complainant accepts as resolved by the close of the third business day after
receipt is exempt from the time limits, and gets a summary resolution communication instead. An
acknowledgement that was missed before that stays missed. Complaints about payment services and
electronic money have a shorter limit (DISP 1.6.2A), which is not in this profile. After a holding
response the rules name no further day, so nothing more is due by this profile: let an escalation
watch over it. The action ``acknowledge`` is taken for an acknowledgement in writing that says what
it has to; a message is held against it.
"""


# --- Ireland: Consumer Protection Code ---

_RESOLVED_IN_FIVE_DAYS = Excuse(_RESOLVED, within=BusinessDays(5))

IRELAND_CPC = ObligationProfile(
    name="ireland-cpc",
    jurisdiction="IE",
    obligations=(
        Obligation(
            name="acknowledge",
            met_by=_ACKNOWLEDGED,
            within=BusinessDays(5),
            calendar=JURISDICTION,
            excused_by=(_RESOLVED_IN_FIVE_DAYS, _WITHDRAWN),
            source="Consumer Protection Code: acknowledge within 5 business days",
        ),
        Obligation(
            name="progress-update",
            met_by=("progress-update", "final-response"),
            within=BusinessDays(20),
            calendar=JURISDICTION,
            excused_by=(_RESOLVED_IN_FIVE_DAYS, _WITHDRAWN),
            repeats_every=BusinessDays(20),
            repeats_until=("final-response",),
            anew_with=_REOPENED,
            source="Consumer Protection Code: an update at least every 20 business days",
        ),
        Obligation(
            name="final-response",
            met_by=("final-response", "holding-response"),
            within=BusinessDays(40),
            calendar=JURISDICTION,
            content=(
                Content(
                    message="holding-response",
                    items=frozenset({"expected-date", "ombudsman-right"}),
                ),
            ),
            excused_by=(_RESOLVED_IN_FIVE_DAYS, _WITHDRAWN),
            anew_with=_REOPENED,
            consequence="tell the complainant by when to expect an answer, and of the ombudsman",
            source="Consumer Protection Code: resolve within 40 business days",
        ),
        Obligation(
            name="result-letter",
            starts_with=("respond",),
            met_by=("result-letter", "final-response"),
            early_counts=True,
            within=BusinessDays(5),
            calendar=JURISDICTION,
            excused_by=(_RESOLVED_IN_FIVE_DAYS, _WITHDRAWN),
            anew_with=("respond",),
            source="Consumer Protection Code: the result within 5 business days of conclusion",
        ),
        Obligation(
            name="short-record",
            starts_with=_RESOLVED,
            starts_within=BusinessDays(5),
            met_by=("short-record",),
            early_counts=True,
            within=PROMPTLY,
            calendar=JURISDICTION,
            source="Consumer Protection Code: a short record if resolved within 5 business days",
        ),
    ),
    source="Central Bank of Ireland, Consumer Protection Code 2012, as summed up by Lloyd's",
    source_date=date(2012, 1, 1),
)
"""Complaints to firms that the Central Bank of Ireland regulates.

What the complainant accepts as resolved within five business days needs a short record and nothing
else. A revised code applies since 24 March 2026: check these numbers against it; among others, it
has complaints that come by electronic means acknowledged at once. An answer after the fortieth
business day is met by saying when to expect it, and that the Financial Services and Pensions
Ombudsman (FSPO) is open to the complainant; updates go on until the final response.
"""


# --- Australia: ASIC Regulatory Guide 271 ---


def _rg_271(name: str, days: int, excused_by: tuple[Excuse, ...] = ()) -> ObligationProfile:
    afca = frozenset({"afca-right", "afca-contact"})
    return ObligationProfile(
        name=name,
        jurisdiction="AU",
        obligations=(
            Obligation(
                name="acknowledge",
                met_by=_ACKNOWLEDGED,
                within=BusinessDays(1),
                calendar=JURISDICTION,
                excused_by=(_WITHDRAWN,),
                source="RG 271: acknowledge within 24 hours, or one business day",
            ),
            Obligation(
                name="idr-response",
                met_by=("final-response", "delay-notice"),
                within=CalendarDays(days),
                calendar=JURISDICTION,
                content=(
                    Content(
                        message="final-response",
                        items=afca,
                        one_of=frozenset({"accepts", "rejects-with-reasons-and-findings"}),
                    ),
                    Content(message="delay-notice", items=afca | {"reason-for-delay"}),
                ),
                excused_by=(*excused_by, _WITHDRAWN),
                anew_with=_REOPENED,
                consequence="the complainant may turn to AFCA",
                source=f"RG 271: an answer no later than {days} calendar days after receipt",
            ),
        ),
        source="ASIC Regulatory Guide 271, as shown on public pages",
        source_date=date(2021, 10, 5),
    )


RG_271 = _rg_271("rg-271", days=30, excused_by=(_RESOLVED_IN_FIVE_DAYS,))
"""Complaints to Australian financial firms: the standard limit of 30 calendar days.

"24 hours or one business day" is counted as the business day; a stricter desk replaces it by 24
working hours of a calendar that is open round the clock. What the complainant accepts as resolved
by the end of the fifth business day needs no answer in writing (RG 271.71), unless they ask for one
or it is about hardship, or a claim that was declined or about its value (RG 271.75): take the
excuse out for these. A notice of delay only counts for the reasons that RG 271 names. Complaints
about credit can have a limit of 21 days, which is not in this profile. AFCA is the Australian
Financial Complaints Authority.
"""

RG_271_SUPERANNUATION = _rg_271("rg-271-superannuation", days=45)
"""The same for superannuation: 45 calendar days, and always an answer in writing."""

READY_PROFILES = (
    SERVICE_DESK,
    ISO_10002,
    FCA_DISP,
    IRELAND_CPC,
    RG_271,
    RG_271_SUPERANNUATION,
)
"""All of them."""
