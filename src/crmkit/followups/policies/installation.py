"""What a contract asks for after delivery: install, put to work, and train who will use it."""

from collections.abc import Iterable, Iterator
from datetime import date
from enum import StrEnum

from attrs import field, frozen

from crmkit.business_time import BusinessCalendar
from crmkit.decision import Decision, at_most, noted
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.followups.facts import as_names, as_text
from crmkit.followups.policies.closed_days import ClosedDays, moved
from crmkit.followups.records.proposal import Cause, Proposal, Proposals
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.period import check_date

__all__ = [
    "FIELD_SERVICE_REPORT",
    "SATISFACTION_FORM",
    "InstallationDuty",
    "InstallationFacts",
    "InstallationTask",
]

FIELD_SERVICE_REPORT = "field-service-report"
"""The report of whoever was on site, carefully completed."""

SATISFACTION_FORM = "satisfaction-form"
"""The form on which the customer says how content they are, completed by the customer."""


class InstallationTask(StrEnum):
    """What a contract may ask for after delivery, in the order in which it is done."""

    INSTALL = "install"
    """Put it up where it will work."""
    COMMISSION = "commission"
    """Set it to work, and hand it over."""
    TRAIN = "train"
    """Teach those who will work with it."""


def _tasks(tasks: Iterable[InstallationTask]) -> tuple[InstallationTask, ...]:
    found = set(tasks) if isinstance(tasks, Iterable) else {None}
    if not all(isinstance(task, InstallationTask) for task in found):
        raise InvalidValue("tasks are members of InstallationTask, such as InstallationTask.TRAIN")
    return tuple(task for task in InstallationTask if task in found)


@frozen(kw_only=True)
class InstallationFacts:
    """What was delivered to a customer, and what the contract says about it.

    ``agreed`` are the tasks that the contract or the technical agreement asks for, ``complete_by``
    the last day that it allows, and ``done`` the tasks that are done.

    :raises InvalidValue: if something is agreed without a day, or the day lies before the delivery.
    """

    customer: CustomerId
    as_of: date
    delivered_on: date
    agreed: tuple[InstallationTask, ...] = field(default=(), converter=_tasks)
    complete_by: date | None = None
    done: tuple[InstallationTask, ...] = field(default=(), converter=_tasks)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.as_of, "as_of")
        check_date(self.delivered_on, "delivered_on")
        if self.complete_by is not None:
            check_date(self.complete_by, "complete_by")
            if self.complete_by < self.delivered_on:
                raise InvalidValue("what is delivered is installed on the day, or later")
        elif self.agreed:
            raise InvalidValue("the contract says by when: pass complete_by")


@frozen(kw_only=True)
class InstallationDuty:
    """Install, commission and train within the time that the contract states, if it asks for it.

    Each task that is agreed and not done becomes a follow-up. All may be done from the delivery on
    and are due on the last day allowed, or on the working day before it. Each needs ``papers``, and
    the last of them ``closing_papers`` as well.

    Source: SVC-03 of the requirements, and SVC-04 for the papers.

    :raises InvalidPolicy: if the papers are none.

    >>> from crmkit.decision import explain
    >>> facts = InstallationFacts(
    ...     customer=CustomerId("C-7"), as_of=date(2026, 5, 4), delivered_on=date(2026, 5, 4),
    ...     agreed=(InstallationTask.INSTALL, InstallationTask.TRAIN),
    ...     complete_by=date(2026, 5, 17),
    ... )
    >>> office = BusinessCalendar.on_weekdays("09:00-18:00", zone="Europe/Berlin")
    >>> print(explain(InstallationDuty()(facts, calendar=office)))
    install by visit, due 2026-05-15; train by visit, due 2026-05-15 for C-7, by installation \
duty, as of 2026-05-04
    - noted: delivered on is 2026-05-04
    - noted: install is agreed
    - noted: commission is not agreed
    - noted: train is agreed
    - met: day is 2026-05-04; 2026-05-17 or earlier required
    """

    channel: str = field(default="visit", converter=as_text)
    papers: tuple[str, ...] = field(default=(FIELD_SERVICE_REPORT,), converter=as_names)
    closing_papers: tuple[str, ...] = field(default=(SATISFACTION_FORM,), converter=as_names)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.channel, "channel")
        if not self.papers:
            raise InvalidPolicy("a visit on site is reported: name a paper")

    def __call__(
        self, facts: InstallationFacts, /, *, calendar: BusinessCalendar | None = None
    ) -> Decision[Proposals]:
        """The tasks that are still to be done, and by when; without a calendar all days are open.

        :raises InvalidValue: if the calendar has not opened for a year.
        """
        left = tuple(task for task in facts.agreed if task not in facts.done)
        evidence = [noted("delivered-on", facts.delivered_on)]
        evidence.extend(noted(task, _stand(facts, task)) for task in InstallationTask)
        if left and facts.complete_by is not None:
            evidence.append(at_most("day", facts.as_of, facts.complete_by))
        found = tuple(self._proposals(facts, left, calendar))
        return Decision(
            Proposals(found),
            "installation-duty",
            facts.as_of,
            tuple(evidence),
            subject=facts.customer,
        )

    def _proposals(
        self,
        facts: InstallationFacts,
        left: tuple[InstallationTask, ...],
        calendar: BusinessCalendar | None,
    ) -> Iterator[Proposal]:
        last = facts.complete_by or facts.delivered_on
        due = last if calendar is None else moved(last, ClosedDays.PREVIOUS_OPEN, calendar)
        for task in left:
            closes = task is left[-1]
            yield Proposal(
                customer=facts.customer,
                purpose=task,
                target=_TARGETS[task],
                channel=self.channel,
                due_on=max(due, facts.delivered_on),
                not_before=facts.delivered_on,
                not_after=last,
                causes=(Cause("installation-duty", facts.delivered_on),),
                about=task,
                needs=(*self.papers, *(self.closing_papers if closes else ())),
            )


def _stand(facts: InstallationFacts, task: InstallationTask) -> str:
    if task not in facts.agreed:
        return "not agreed"
    return "done" if task in facts.done else "agreed"


_TARGETS = {
    InstallationTask.INSTALL: "it stands where it will work",
    InstallationTask.COMMISSION: "it works, and is handed over",
    InstallationTask.TRAIN: "those who will work with it can",
}
