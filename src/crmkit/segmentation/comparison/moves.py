"""Two policies, many customers: who moves when one replaces the other, and why."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from types import MappingProxyType
from typing import Generic, TypeVar

import attrs
from attrs import frozen

from crmkit.decision import Decision, Evidence, Policy, explain
from crmkit.errors import InvalidValue
from crmkit.tiering import Tier

__all__ = ["MoveReasons", "Mover", "PolicyComparison", "compare_policies"]

FactsT = TypeVar("FactsT")
OutcomeT = TypeVar("OutcomeT")

_AT_ONCE = 10_000


@frozen
class Mover(Generic[FactsT, OutcomeT]):
    """A customer whom the new policy decides on differently, with the facts that both looked at."""

    facts: FactsT
    before: OutcomeT
    after: OutcomeT

    @property
    def customer(self) -> str | None:
        """Whom the facts are about, if they say so."""
        customer: str | None = getattr(self.facts, "customer", None)
        return customer


@frozen
class MoveReasons(Generic[OutcomeT]):
    """Why a customer moves: both decisions, without the evidence on which they agree."""

    before: Decision[OutcomeT]
    after: Decision[OutcomeT]

    def __str__(self) -> str:
        return f"before: {explain(self.before)}\nafter: {explain(self.after)}"


@frozen(kw_only=True)
class PolicyComparison(Generic[FactsT, OutcomeT]):
    """How many customers go from which outcome to which when a policy is replaced, and who.

    ``counts`` holds every way from an old outcome to a new one, those who stay included. ``movers``
    are in the order of the facts; where only some were kept, ``moved`` still counts all of them.
    """

    old: Policy[FactsT, OutcomeT]
    new: Policy[FactsT, OutcomeT]
    counts: Mapping[tuple[OutcomeT, OutcomeT], int]
    movers: tuple[Mover[FactsT, OutcomeT], ...]

    @property
    def customers(self) -> int:
        """How many were compared."""
        return sum(self.counts.values())

    @property
    def unchanged(self) -> int:
        """How many get the same outcome from both."""
        return sum(count for (before, after), count in self.counts.items() if before == after)

    @property
    def moved(self) -> int:
        """How many get another outcome from the new policy."""
        return self.customers - self.unchanged

    def count(self, before: OutcomeT, after: OutcomeT) -> int:
        """How many go this way."""
        return self.counts.get((before, after), 0)

    def why(self, mover: Mover[FactsT, OutcomeT]) -> MoveReasons[OutcomeT]:
        """Ask both policies again, this time for their evidence; what they agree on is left out."""
        before, after = self.old(mover.facts), self.new(mover.facts)
        return MoveReasons(_without(before, after.evidence), _without(after, before.evidence))

    def to_table(self) -> str:
        """The counts as a Markdown table: a row for each old outcome, a column for each new one."""
        outcomes = sorted({outcome for way in self.counts for outcome in way}, key=_best_first)
        lines = [["old \\ new", *map(str, outcomes)], ["---", *("---:" for _ in outcomes)]]
        for before in outcomes:
            counts = [str(self.count(before, after)) for after in outcomes]
            lines.append([str(before), *counts])
        return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def compare_policies(
    old: Policy[FactsT, OutcomeT],
    new: Policy[FactsT, OutcomeT],
    facts: Iterable[FactsT],
    *,
    keep_movers: int | None = None,
) -> PolicyComparison[FactsT, OutcomeT]:
    """Ask two policies about the same customers.

    Only outcomes are computed, in batches where a policy offers ``outcomes``; the evidence of a
    mover is asked for with :meth:`PolicyComparison.why`. For millions of customers that are read
    from a stream, ``keep_movers`` says how many movers to keep at most; all are counted.

    :raises InvalidValue: if ``keep_movers`` is negative.
    """
    if keep_movers is not None and keep_movers < 0:
        raise InvalidValue("keep_movers is how many movers to keep: 0 or more, or None for all")
    counts: Counter[tuple[OutcomeT, OutcomeT]] = Counter()
    movers: list[Mover[FactsT, OutcomeT]] = []
    rest = iter(facts)
    while chunk := list(islice(rest, _AT_ONCE)):
        ways = list(zip(_outcomes(old, chunk), _outcomes(new, chunk), strict=True))
        counts.update(ways)
        moving = (
            Mover(each, before, after)
            for each, (before, after) in zip(chunk, ways, strict=True)
            if before != after
        )
        movers += islice(moving, None if keep_movers is None else keep_movers - len(movers))
    return PolicyComparison(
        old=old, new=new, counts=MappingProxyType(dict(counts)), movers=tuple(movers)
    )


def _outcomes(policy: Policy[FactsT, OutcomeT], facts: Sequence[FactsT]) -> list[OutcomeT]:
    batch = getattr(policy, "outcomes", None)
    return [policy(each).outcome for each in facts] if batch is None else list(batch(facts))


def _without(decision: Decision[OutcomeT], shared: tuple[Evidence, ...]) -> Decision[OutcomeT]:
    return attrs.evolve(
        decision, evidence=tuple(item for item in decision.evidence if item not in shared)
    )


def _best_first(outcome: object) -> tuple[int, str]:
    return (-outcome.rank if isinstance(outcome, Tier) else 0, str(outcome))
