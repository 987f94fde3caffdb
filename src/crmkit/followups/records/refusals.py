"""What is raised when something cannot be true of a follow-up that the table would allow."""

from collections.abc import Iterable

from crmkit.errors import CrmkitError

__all__ = ["FollowUpRefused", "PapersMissing"]


class FollowUpRefused(CrmkitError):
    """The lifecycle would allow it, but it cannot be true of this follow-up; nothing was changed.

    :ivar action: what was refused.
    :ivar instead: what would have worked.
    """

    code = "follow-up-refused"

    def __init__(self, action: str, why: str, instead: str) -> None:
        """Keep what was refused, and what would have worked."""
        super().__init__(f"cannot {action}: {why}; {instead}")
        self.action = str(action)
        self.instead = instead


class PapersMissing(FollowUpRefused):
    """A follow-up counts as done when all papers are in that it needs.

    :ivar missing: the papers that are not in.
    """

    code = "papers-missing"

    def __init__(self, missing: Iterable[str]) -> None:
        """Keep the papers that are not in."""
        self.missing = tuple(missing)
        listed = ", ".join(self.missing)
        super().__init__("do", "papers are not in that it needs", f"hand in {listed}")
