"""Print constraints that hold whatever the core imports at its lower bound in pyproject.toml.

That is every runtime dependency, and the libraries of the extras that the core itself makes use of.

The rest of the set keeps the pins of constraints.txt, so a red test means: the bound is wrong.
Run by ``make test-lowest``.
"""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXTRAS_OF_THE_CORE = ("holidays", "ical", "sqlalchemy")


def lower_bounds(pyproject: str) -> dict[str, str]:
    """Read ``{"attrs": "24.2", ...}`` from the text of a pyproject.toml."""
    bounds = {}
    project = tomllib.loads(pyproject)["project"]
    extras = project.get("optional-dependencies", {})
    more = [line for extra in EXTRAS_OF_THE_CORE for line in extras.get(extra, [])]
    for requirement in [*project["dependencies"], *more]:
        match = re.fullmatch(r"([A-Za-z0-9._-]+)>=([0-9.]+)", requirement)
        if match is None:
            raise SystemExit(f"expected NAME>=VERSION as a dependency, found {requirement}")
        bounds[match[1].lower()] = match[2]
    return bounds


def lowest(pyproject: str, constraints: str) -> list[str]:
    """Return the lines of constraints.txt with what the core imports at its lower bound."""
    bounds = lower_bounds(pyproject)
    pins = [line for line in constraints.splitlines() if "==" in line]
    others = [pin for pin in pins if pin.partition("==")[0].lower() not in bounds]
    return sorted([*others, *(f"{name}=={version}" for name, version in bounds.items())])


if __name__ == "__main__":
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    constraints = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    print("\n".join(lowest(pyproject, constraints)))
