"""All that one run of the review has to show."""

from collections.abc import Mapping
from pathlib import Path

from attrs import frozen

from crmkit.cli.review.figures import Figures
from crmkit.cli.review.kept import Migrations
from crmkit.cli.review.lifetime import LifetimeFigures, Without
from crmkit.cli.review.policy import POLICY_DOCUMENTS, ReviewPolicy
from crmkit.cli.review.reading import PurchaseFile

__all__ = ["Result"]


@frozen(kw_only=True)
class Result:
    """What was read, by which policy it was decided, what came out, and where it was written.

    ``lifetime`` is what customers will bring, or why that cannot be told; None if nobody asked.
    ``policy_source`` is ``fitted``, ``given``, ``given-and-fitted`` or ``kept``.
    """

    file: PurchaseFile
    policy: ReviewPolicy
    policy_source: str
    figures: Figures
    migrations: Migrations | None
    lifetime: LifetimeFigures | Without | None
    files: Mapping[str, Path]

    @property
    def policy_fingerprint(self) -> str:
        """What tells these cut-points from others."""
        return POLICY_DOCUMENTS.digest(self.policy)
