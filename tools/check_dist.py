"""Check what was built: the wheel holds only the package, typed, with its licence.

Usage: ``python tools/check_dist.py DIRECTORY``, where DIRECTORY holds one wheel and one sdist.
"""

import sys
import tarfile
import zipfile
from collections.abc import Iterable
from email.parser import Parser
from pathlib import Path

RUNTIME = {"attrs", "cattrs", "python-dateutil"}
NEVER_SHIPPED = (".venv", ".git/", "__pycache__", ".coverage", ".hypothesis", "mutants/")


def wheel_problems(names: Iterable[str], metadata: str) -> list[str]:
    """Say what is wrong with a wheel that holds these files and this METADATA."""
    files = list(names)
    problems = [
        f"not part of the package: {name}"
        for name in files
        if not name.startswith("crmkit/") and ".dist-info/" not in name
    ]
    problems += [f"build output: {name}" for name in files if name.endswith((".pyc", ".pyo"))]
    if "crmkit/py.typed" not in files:
        problems.append("crmkit/py.typed is missing: users would not get the types")
    if not any(name.endswith("/licenses/LICENSE") for name in files):
        problems.append("the licence is missing")
    requirements = Parser().parsestr(metadata).get_all("Requires-Dist") or []
    runtime = {line.split(">=")[0].strip() for line in requirements if "extra ==" not in line}
    if runtime != RUNTIME:
        problems.append(f"runtime dependencies are {sorted(runtime)}, not {sorted(RUNTIME)}")
    return problems


def sdist_problems(names: Iterable[str]) -> list[str]:
    """Say what is wrong with a source distribution that holds these files."""
    files = [name.partition("/")[2] for name in names]
    problems = [
        f"does not belong in a release: {name}"
        for name in files
        if any(part in name for part in NEVER_SHIPPED)
    ]
    wanted = ("LICENSE", "README.md", "constraints.txt", "src/crmkit/__init__.py")
    return problems + [f"missing: {name}" for name in wanted if name not in files]


def main(directory: Path) -> list[str]:
    """Open the one wheel and the one sdist in the directory and return every problem."""
    (wheel,) = directory.glob("*.whl")
    (sdist,) = directory.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        problems = wheel_problems(names, archive.read(metadata).decode())
    with tarfile.open(sdist) as archive:
        problems += sdist_problems(archive.getnames())
    return problems


if __name__ == "__main__":
    found = main(Path(sys.argv[1]))
    print("\n".join(found) if found else "wheel and sdist hold what they should")
    sys.exit(bool(found))
