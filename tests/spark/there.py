"""Whether Spark can be run here, and if not, what is missing."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec

__all__ = ["MISSING"]


def _missing() -> str | None:
    for library in ("pyspark", "pyarrow", "pandas"):
        if find_spec(library) is None:
            return f"{library} is not installed"
    java = os.path.join(os.environ.get("JAVA_HOME", ""), "bin", "java")
    if not (shutil.which(java) or shutil.which("java")):
        return "there is no Java: install default-jre-headless, or set JAVA_HOME"
    return None


MISSING = _missing()
