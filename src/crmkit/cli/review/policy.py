"""By what a review decides: RFM segments, ABC classes and the customer pyramid, as one document."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from crmkit.cli.documents import read_document
from crmkit.segmentation import (
    CUSTOMARY_SEGMENTS,
    AbcTiers,
    CustomerPyramid,
    NestedRfmScale,
    PyramidLayer,
    RfmScale,
    RfmSegmentation,
    RfmSummary,
    SegmentMap,
)
from crmkit.serialization import make_converter
from crmkit.tiering import Tier, TierLadder

__all__ = ["POLICY_DOCUMENTS", "ReviewPolicy", "Terms", "read_terms", "write_policy"]

_TOP = 100
"""The rank of the best tier on every ladder."""


@frozen(kw_only=True)
class ReviewPolicy:
    """The policies of one review, each fitted or set by hand: what ``--save-policy`` writes."""

    segmentation: RfmSegmentation
    abc: AbcTiers
    pyramid: CustomerPyramid

    @property
    def ladders(self) -> dict[str, TierLadder]:
        """The names that each policy gives, on a ladder: segments as tiers, the first the best.

        Ranks are counted from the top, so that the best of three tiers and the best of two are as
        high, should a later review have other tiers.
        """
        names = {
            "segment": self.segmentation.segments.names,
            "abc": self.abc.names,
            "pyramid": [layer.value for layer in PyramidLayer],
        }
        return {
            ladder: TierLadder(Tier(name, _TOP - place) for place, name in enumerate(listed))
            for ladder, listed in names.items()
        }


_PARTS = (RfmScale, NestedRfmScale, SegmentMap, RfmSegmentation, AbcTiers, CustomerPyramid)

POLICY_DOCUMENTS = make_converter(ReviewPolicy, *_PARTS)
"""Reads and writes every document that ``--policy`` takes."""


@frozen(kw_only=True)
class Terms:
    """What was laid down before a file is read; None is fitted to its customers."""

    scale: RfmScale | NestedRfmScale | None = None
    segments: SegmentMap | None = None
    abc: AbcTiers | None = None
    pyramid: CustomerPyramid | None = None

    def with_part(self, part: Any) -> "Terms":
        """These terms, and those of one more document, which win."""
        match part:
            case ReviewPolicy():
                terms = self.with_part(part.segmentation)
                return evolve(terms, abc=part.abc, pyramid=part.pyramid)
            case RfmSegmentation():
                return evolve(self, scale=part.scale, segments=part.segments)
            case RfmScale() | NestedRfmScale():
                return evolve(self, scale=part)
            case SegmentMap():
                return evolve(self, segments=part)
            case AbcTiers():
                return evolve(self, abc=part)
            case _:
                return evolve(self, pyramid=part)

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to be fitted."""
        return None not in (self.scale, self.abc, self.pyramid)

    def fitted_to(self, summary: RfmSummary) -> ReviewPolicy:
        """The policy of a review: what is laid down as it is, the rest by the customers.

        :raises InvalidPolicy: if the scale and the segments that were laid down do not fit.
        """
        segments = self.segments or CUSTOMARY_SEGMENTS
        revenue = summary.monetary_histogram()
        return ReviewPolicy(
            segmentation=RfmSegmentation(
                scale=self.scale or RfmScale.fit(summary, bins=segments.bins), segments=segments
            ),
            abc=self.abc or AbcTiers.fit(revenue),
            pyramid=self.pyramid or CustomerPyramid.fit(revenue),
        )


def read_terms(paths: Iterable[Path]) -> Terms:
    """Read the documents of ``--policy``; of two about the same thing the later one wins.

    :raises Refusal: if one cannot be read, naming it and everything wrong with it.
    """
    terms = Terms()
    for path in paths:
        terms = terms.with_part(read_document(path, POLICY_DOCUMENTS, "policy"))
    return terms


def write_policy(policy: ReviewPolicy) -> str:
    """Write the policy down, so that another review can use the same cut-points."""
    return POLICY_DOCUMENTS.dumps(policy) + "\n"
