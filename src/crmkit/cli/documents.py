"""Documents that options name: policies, cadences, programs, in JSON or TOML."""

from pathlib import Path
from typing import Any

from crmkit.cli.refusal import Refusal
from crmkit.errors import CrmkitError
from crmkit.serialization import DocumentConverter

__all__ = ["read_document"]


def read_document(path: Path, documents: DocumentConverter, what: str) -> Any:
    """Read a document; a name that ends in .toml is TOML, any other JSON.

    :raises Refusal: if it cannot be read, naming it and everything wrong with it.
    """
    try:
        text = path.read_text(encoding="utf-8")
        is_toml = path.suffix.lower() == ".toml"
        return documents.loads_toml(text) if is_toml else documents.loads(text)
    except OSError as error:
        why = (error.strerror or "not a usable path").lower()
        raise Refusal(f"cannot read the {what} {path}: {why}") from error
    except (CrmkitError, ValueError) as error:
        why = str(error) if isinstance(error, CrmkitError) else "it is not UTF-8 text"
        raise Refusal(f"the {what} {path} cannot be used: {why}") from error
