"""One round of transitions in ``complaints.py``; reads the table and prints JSON.

It is written as the documentation of transitions writes it: the model makes its own machine, states
and transitions are lists of texts and dictionaries, conditions and callbacks are methods of the
model and are called by name, what belongs to an action comes in as one event. There are no
automatic transitions, because those would lead past the table and its conditions.
"""

# mypy: ignore-errors

import json
import sys
from datetime import timedelta

from transitions import Machine

from benchmarks._complaints_steps import MONDAY, STEPS, made, walk, write

HALF_A_YEAR = timedelta(days=180)


class Case:
    """The model: what is known of a case, and its audit."""

    def __init__(self, number, received_at, channel, complainant, received_by):
        """A complaint comes in."""
        self.number = number
        self.received_at = received_at
        self.channel = channel
        self.complainant = complainant
        self.received_by = received_by
        self.open_children = 0
        self.audit = []  # (what, by, at, reason, from, to)

    def is_signed(self, event):
        """Nothing is done without a name, an instant and a reason."""
        told = event.kwargs
        aware = told["at"].utcoffset() is not None
        return bool(told["by"].strip()) and aware and bool(told["reason"].strip())

    def is_assessed(self, event):
        """Somebody has said how severe it is."""
        return self.since("severity", ("reopen",))

    def has_facts(self, event):
        """The facts are on record."""
        return self.since("facts", ("dispute", "reopen"))

    def satisfaction_is_asked(self, event):
        """They were asked how satisfied they are."""
        return self.since("satisfaction", ("respond", "reopen"))

    def is_checked_by_another(self, event):
        """Who answered does not close."""
        for line in reversed(self.audit):
            if line[0] == "respond":
                return line[1] != event.kwargs["by"]
        return True

    def recourse_is_exhausted(self, event):
        """No way is left to the complainant."""
        return self.since("recourse", ("dispute", "refer", "reopen"))

    def children_are_closed(self, event):
        """Its parts are closed."""
        return self.open_children == 0

    def is_in_time(self, event):
        """It may still be reopened."""
        return event.kwargs["at"] - self.audit[-1][2] <= HALF_A_YEAR

    def write_down(self, event):
        """Write down who did what, when and why."""
        told, move = event.kwargs, event.transition
        line = (event.event.name, told["by"], told["at"], told["reason"], move.source, move.dest)
        self.audit.append(line)

    def since(self, what, anew_after):
        """Whether something is on record, after the last time one of the actions was."""
        for line in reversed(self.audit):
            if line[0] == what:
                return True
            if line[0] in anew_after:
                return False
        return False


CONDITIONS = {
    "assess": ["is_assessed"],
    "investigate": ["is_assessed"],
    "respond": ["has_facts"],
    "close": ["satisfaction_is_asked", "is_checked_by_another", "children_are_closed"],
    "reopen": ["is_in_time"],
}


def arguments_of(table):
    """What makes the machine."""
    moves = []
    for source, action, target in table["moves"]:
        conditions = ["is_signed", *CONDITIONS.get(action, ())]
        if action == "close" and source in ("disputed", "referred"):
            conditions.append("recourse_is_exhausted")
        moves.append(
            {"trigger": action, "source": source, "dest": target, "conditions": conditions}
        )
    return {
        "states": table["statuses"],
        "transitions": moves,
        "initial": table["initial"],
        "auto_transitions": False,
        "send_event": True,
        "after_state_change": "write_down",
    }


def new_case():
    """A case that follows no machine yet."""
    return Case("K-1017", MONDAY, "phone", "C-4711", "anna")


def go(case, step):
    """Take a step; what is put on record is no transition, and costs next to nothing."""
    if not step.is_action:
        case.audit.append((step.name, step.by, step.at, step.reason, None, None))
        return case
    done = getattr(case, step.name)(by=step.by, at=step.at, reason=step.reason)
    assert done is not step.refused
    return case


def read(case):
    """The audit, as both sides can say it."""
    moves = (line for line in case.audit if line[4] is not None)
    return [(by, at.isoformat(), reason, source, to) for _, by, at, reason, source, to in moves]


def main():
    """Measure a machine for every case, and one machine that all cases share."""
    arguments = arguments_of(json.load(sys.stdin))
    shared = Machine(model=None, **arguments)

    def own():
        case = new_case()
        case.machine = Machine(model=case, **arguments)
        return case

    def added():
        case = new_case()
        shared.add_model(case)
        shared.models.clear()  # It looks through all it has before it takes in one more.
        return case

    seconds, audited = walk(own, go, read)
    sharing, audited_sharing = walk(added, go, read)
    assert audited_sharing == audited
    seconds["actions, shared"] = sharing["actions"]
    seconds["created"] = made(lambda: go(own(), STEPS[0]))
    seconds["created, shared"] = made(lambda: go(added(), STEPS[0]))
    write(seconds, audited)


if __name__ == "__main__":
    main()
