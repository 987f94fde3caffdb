"""What was done to erase a person, so that it can be shown; nothing of the person is in it."""

from datetime import datetime

from attrs import frozen

__all__ = ["ErasedPart", "ErasureReport"]


@frozen(kw_only=True)
class ErasedPart:
    """What was done in one collection or stream.

    ``removed`` records or streams are gone; ``kept`` ones stay without personal texts, under the
    pseudonym, and ``why`` says for which reason. ``renamed`` are those of others, in which the
    number stood.
    """

    name: str
    removed: int = 0
    kept: int = 0
    renamed: int = 0
    why: str | None = None

    def in_words(self) -> str:
        """What was done, in a line."""
        done = [f"{self.removed} removed"] if self.removed else []
        if self.kept:
            why = "" if self.why is None else f" ({self.why})"
            done.append(f"{self.kept} kept without the name{why}")
        if self.renamed:
            done.append(f"the number replaced in {self.renamed} of others")
        return f"{self.name}: {', '.join(done)}"


@frozen(kw_only=True)
class ErasureReport:
    """What was done to erase a person; it says nothing of them, so it can be kept.

    ``messages`` had not been handed over and were taken back. Of ``answers`` to commands the text
    is gone, but not that the command was carried out; ``commands`` are forgotten altogether,
    because the number stood in their key.
    """

    at: datetime
    parts: tuple[ErasedPart, ...] = ()
    messages: int = 0
    answers: int = 0
    commands: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether there was nothing to erase."""
        return not (self.parts or self.messages or self.answers or self.commands)

    def in_words(self) -> str:
        """The report as a text, a line for each thing that was done."""
        lines = [part.in_words() for part in self.parts]
        counts = (
            ("messages taken back", self.messages),
            ("answers to commands erased", self.answers),
            ("commands forgotten", self.commands),
        )
        lines += [f"{what}: {count}" for what, count in counts if count]
        done = lines or ["there was nothing to erase"]
        return "\n".join([f"erased at {self.at.isoformat()}", *(f"- {line}" for line in done)])
