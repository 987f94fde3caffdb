"""The program that is replayed: read from a file, or the one of the example."""

from importlib.resources import files
from pathlib import Path

from crmkit.cli.documents import read_document
from crmkit.cli.refusal import Refusal
from crmkit.loyalty import BaseRate, Program
from crmkit.serialization import make_converter

__all__ = ["currencies_of", "read_program", "text_of_program"]

_DOCUMENTS = make_converter(Program)
_EXAMPLE = "programs/example.toml"


def read_program(path: Path | None) -> Program:
    """Read a program; without a path, that of the example.

    :raises Refusal: if it cannot be read, or is no program.
    """
    if path is None:
        found: Program = _DOCUMENTS.loads_toml(_example(), Program)
        return found
    program: Program = read_document(path, _DOCUMENTS, "program")
    return program


def _example() -> str:
    return files(__package__).joinpath(_EXAMPLE).read_text(encoding="utf-8")


def text_of_program(read_from: Path | None, program: Program, path: Path) -> str:
    """The program as a document; what was read as TOML is written as it was.

    :raises Refusal: if a program that was read as JSON is to be written as TOML.
    """
    if path.suffix.lower() != ".toml":
        return _DOCUMENTS.dumps(program) + "\n"
    if read_from is None:
        return _example()
    if read_from.suffix.lower() != ".toml":
        raise Refusal(f"--save-program writes what was read as JSON to a .json file, not to {path}")
    return read_from.read_text(encoding="utf-8")


def currencies_of(program: Program) -> frozenset[str]:
    """The currencies that a program gives points for."""
    rates = (rule.gives for rule in program.earning.rules)
    return frozenset(rate.per.currency for rate in rates if isinstance(rate, BaseRate))
