"""Names for scores: which customers are champions, and which are about to leave.

A map is checked when it is built: every possible score has exactly one name, or the error lists all
that have none and all that have two.
"""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Self

from attrs import field, frozen

from crmkit.decision import Decision, Evidence, all_of, at_least, at_most, noted, one_of
from crmkit.errors import InvalidPolicy, InvalidSegmentMap
from crmkit.segmentation.facts import RfmFacts
from crmkit.segmentation.policies.nested_rfm import NestedRfmScale
from crmkit.segmentation.policies.rfm import RfmScale
from crmkit.segmentation.policies.scoring import RfmScore, check_bins, every_score
from crmkit.segmentation.summary import RfmSummary

__all__ = ["CUSTOMARY_SEGMENTS", "RfmSegmentation", "Segment", "SegmentMap"]

ScoreRange = tuple[int, int]


@frozen(kw_only=True)
class Segment:
    """A name for a range of scores, such as champions: recency 4 to 5 and frequency 4 to 5.

    Each range includes both ends; None means any score. ``codes`` names single scores instead, such
    as ``("543", "553")``.

    :raises InvalidPolicy: if a range runs backwards or below 1, or ranges and codes are mixed.
    """

    name: str
    recency: ScoreRange | None = None
    frequency: ScoreRange | None = None
    monetary: ScoreRange | None = None
    codes: tuple[str, ...] = ()

    def __attrs_post_init__(self) -> None:
        if not self.name.strip():
            raise InvalidPolicy("a segment needs a name")
        ranges = [r for r in (self.recency, self.frequency, self.monetary) if r is not None]
        if any(not 1 <= low <= high for low, high in ranges):
            raise InvalidPolicy("a range of scores runs from low to high, the lowest score being 1")
        if self.codes and ranges:
            raise InvalidPolicy("a segment is told by ranges or by codes, not by both")

    def evidence(self, score: RfmScore, *, highest: int) -> Evidence:
        """How a score fits this segment, bound by bound; those that every score keeps are left out.

        ``highest`` is the best score there is.
        """
        if self.codes:
            return one_of(f"segment {self.name}", str(score), self.codes)
        return all_of(f"segment {self.name}", *self._parts(score, highest))

    def _parts(self, score: RfmScore, highest: int) -> Iterator[Evidence]:
        for what, value, allowed in (
            ("recency-score", score.recency, self.recency),
            ("frequency-score", score.frequency, self.frequency),
            ("monetary-score", score.monetary, self.monetary),
        ):
            low, high = allowed or (1, highest)
            if low > 1:
                yield at_least(what, value, low)
            if high < highest:
                yield at_most(what, value, high)

    def asks_beyond(self, bins: int) -> bool:
        """Whether it names a score that a scale of so many bins does not give."""
        ranges = (self.recency, self.frequency, self.monetary)
        known = {str(score) for score in every_score(bins)} if self.codes else set()
        return not known.issuperset(self.codes) or any(r and r[1] > bins for r in ranges)

    def covers(self, score: RfmScore) -> bool:
        """Whether a score has this name."""
        if self.codes:
            return str(score) in self.codes
        pairs = (
            (score.recency, self.recency),
            (score.frequency, self.frequency),
            (score.monetary, self.monetary),
        )
        return all(allowed is None or allowed[0] <= v <= allowed[1] for v, allowed in pairs)


@frozen(kw_only=True)
class SegmentMap:
    """A name for every score there is, proved total when it is built.

    With ``first_match`` the order of the segments decides where ranges overlap; without it overlaps
    are errors. ``bins`` says how many scores each dimension has.

    :raises InvalidSegmentMap: listing every score without a name (``gaps``) and every score with
        two (``overlaps``), any segment that earlier ones hide completely, and any that names a
        score which the bins do not have.
    :raises InvalidPolicy: if there are fewer than two bins.

    >>> SegmentMap(bins=2, segments=(
    ...     Segment(name="regulars", frequency=(2, 2)),
    ...     Segment(name="new", recency=(2, 2)),
    ... ))
    Traceback (most recent call last):
    ...
    crmkit.errors.InvalidSegmentMap: 2 scores have no segment: 111, 112; 2 scores have several: \
221 (regulars, new), 222 (regulars, new)
    """

    segments: tuple[Segment, ...]
    bins: int = 5
    first_match: bool = False
    _names: Mapping[RfmScore, Segment] = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        check_bins(self.bins)
        found = {
            score: [segment for segment in self.segments if segment.covers(score)]
            for score in every_score(self.bins)
        }
        self._check(found)
        names = {score: segments[0] for score, segments in found.items()}
        object.__setattr__(self, "_names", MappingProxyType(names))

    def _check(self, found: Mapping[RfmScore, list[Segment]]) -> None:
        if len({segment.name for segment in self.segments}) != len(self.segments):
            raise InvalidSegmentMap("two segments share one name: give each its own")
        gaps = [score for score, segments in found.items() if not segments]
        several = {} if self.first_match else {s: fs for s, fs in found.items() if len(fs) > 1}
        won = {segments[0].name for segments in found.values() if segments}
        unseen = [s.name for s in self.segments if self.first_match and s.name not in won]
        beyond = [s.name for s in self.segments if s.asks_beyond(self.bins)]
        complaints = []
        if gaps:
            complaints.append(f"{len(gaps)} scores have no segment: {', '.join(map(str, gaps))}")
        if several:
            listed = (f"{s} ({', '.join(f.name for f in fs)})" for s, fs in several.items())
            complaints.append(f"{len(several)} scores have several: {', '.join(listed)}")
        if unseen:
            complaints.append(f"never reached behind earlier segments: {', '.join(unseen)}")
        if beyond:
            complaints.append(f"there are scores from 1 to {self.bins} only: {', '.join(beyond)}")
        if complaints:
            raise InvalidSegmentMap("; ".join(complaints), gaps=gaps, overlaps=list(several))

    @classmethod
    def from_codes(cls, codes: Mapping[str, Iterable[str]], *, bins: int = 5) -> Self:
        """Make a map from lists of scores: ``{"champions": ["555", "554"], ...}``.

        :raises InvalidSegmentMap: as for any map, and if a segment lists no score.
        """
        segments = tuple(Segment(name=name, codes=tuple(listed)) for name, listed in codes.items())
        # A segment told by nothing stands for every score, which is not what an empty list says.
        empty = [segment.name for segment in segments if not segment.codes]
        if empty:
            raise InvalidSegmentMap(f"these segments list no score: {', '.join(empty)}")
        return cls(segments=segments, bins=bins)

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in the order of the map."""
        return tuple(segment.name for segment in self.segments)

    def name_of(self, score: RfmScore) -> str:
        """The name of a score.

        :raises InvalidPolicy: if the score lies outside the bins of the map.
        """
        return self._segment_of(score).name

    def _segment_of(self, score: RfmScore) -> Segment:
        segment = self._names.get(score)
        if segment is None:
            raise InvalidPolicy(
                f"this map names scores from 1 to {self.bins}: fit the scale with bins={self.bins}"
            )
        return segment

    def __call__(self, scored: Decision[RfmScore], /) -> Decision[str]:
        """Name the segment of a customer who was scored before.

        The evidence is the score, how it fits the segment (and, where the first match wins, why
        the earlier segments did not), and what the score itself was decided on.
        """
        score = scored.outcome
        segment = self._segment_of(score)
        asked: list[Segment] = [segment]
        if self.first_match:
            asked = list(self.segments[: self.segments.index(segment) + 1])
        evidence = (
            noted("rfm-score", str(score)),
            *(candidate.evidence(score, highest=self.bins) for candidate in asked),
            *scored.evidence,
        )
        return Decision(segment.name, "segment-map", scored.as_of, evidence, scored.subject)

    def outcomes(self, scores: Iterable[RfmScore | Decision[RfmScore]], /) -> list[str]:
        """Name the segments of many scores at once, without evidence."""
        listed: list[Any] = list(scores)
        if Decision in set(map(type, listed)):
            listed = [s.outcome if isinstance(s, Decision) else s for s in listed]
        # Millions of outcomes share a few hundred scores, and which one it is is known faster by
        # its identity than by its value.
        distinct = dict(zip(map(id, listed), listed, strict=True))
        names = {identity: self.name_of(score) for identity, score in distinct.items()}
        return list(map(names.__getitem__, map(id, listed)))


@frozen(kw_only=True)
class RfmSegmentation:
    """Segment customers by a scale and a map: what a shop asks for when it says RFM.

    :raises InvalidPolicy: if the scale and the map differ in the number of scores.
    """

    scale: RfmScale | NestedRfmScale
    segments: SegmentMap

    def __attrs_post_init__(self) -> None:
        if self.scale.bins != self.segments.bins:
            raise InvalidPolicy(
                f"the scale has scores up to {self.scale.bins}, the map up to "
                f"{self.segments.bins}: fit one to the other"
            )

    def __call__(self, facts: RfmFacts, /) -> Decision[str]:
        """Name the segment of one customer, with the thresholds as evidence."""
        return self.segments(self.scale(facts))

    def outcomes(self, facts: RfmSummary | Iterable[RfmFacts], /) -> list[str]:
        """Name the segments of many customers at once; a summary is read in its own order."""
        return self.segments.outcomes(self.scale.outcomes(facts))


CUSTOMARY_SEGMENTS = SegmentMap(
    segments=(
        Segment(name="champions", recency=(4, 5), frequency=(4, 5)),
        Segment(name="loyal", recency=(3, 3), frequency=(4, 5)),
        Segment(name="potential loyalist", recency=(4, 5), frequency=(2, 3)),
        Segment(name="new", recency=(5, 5), frequency=(1, 1)),
        Segment(name="promising", recency=(4, 4), frequency=(1, 1)),
        Segment(name="need attention", recency=(3, 3), frequency=(3, 3)),
        Segment(name="about to sleep", recency=(3, 3), frequency=(1, 2)),
        Segment(name="can't lose", recency=(1, 2), frequency=(5, 5)),
        Segment(name="at risk", recency=(1, 2), frequency=(3, 4)),
        Segment(name="hibernating", recency=(2, 2), frequency=(1, 2)),
        Segment(name="lost", recency=(1, 1), frequency=(1, 2)),
    )
)
"""The eleven names in wide use, on recency and frequency, each score in exactly one.

The names are customary; their bands differ from vendor to vendor, and the published default maps
that were examined leave scores without a name or name them twice. Money is left to the tiers."""
