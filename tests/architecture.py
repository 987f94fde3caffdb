"""The house plan as tables, and the functions that hold source code against it.

The tables are the drawing: to add a module, write it into the table where it belongs. Each checker
takes the path of a file below ``src/crmkit`` and its source text, so a planted defect is as easy to
check as a real file; it yields one line for each violation, ready to be shown.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

PACKAGE = Path(__file__).resolve().parent.parent / "src" / "crmkit"

# --- the drawing: who may import whom -------------------------------------------------------------

# The shared modules: each may import those above it. A large one may be a folder. Whatever lies in
# storage/ is the port, but for the adapters, which stand below in rows of their own.
SHARED = (
    "errors",
    "identifiers",
    "money",
    "period",
    "recurrence",
    "business_time",
    "decision",
    "lifecycle",
    "records",
    "tiering",
    "ownership",
    "contact",
    "serialization",
    "storage",
)

# The floor plan of every room: each file or folder may import the shared modules and those above.
# Summing records up into facts may take a page or two of its own (tally, summary), statistics may
# (numerics, models, simulation), and so may holding one policy against another (comparison).
FLOOR_PLAN = (
    "lifecycle",
    "records",
    "facts",
    "tally",
    "summary",
    "numerics",
    "models",
    "simulation",
    "policies",
    "comparison",
    "kept",
    "desk",
    "__init__",
)

# A room never imports another room.
ROOMS = (
    "customers",
    "interactions",
    "segmentation",
    "lifetime_value",
    "loyalty",
    "retention",
    "satisfaction",
    "service",
    "complaints",
    "followups",
    "campaigns",
    "sales",
    "scorecards",
)

# Around the rooms; these do not import one another.
AROUND = (
    "storage.memory",
    "storage.sqlite",
    "storage.sqlalchemy",
    "storage.threads",
    "intake",
    "warehouse",
    "playbooks",
    "examples",
)

# On top; nothing imports these, and they do not import each other.
ON_TOP = ("testing", "cli")

RANKS: dict[str, int] = {
    "": -1,  # crmkit/__init__.py is a docstring
    **{name: rank for rank, name in enumerate(SHARED)},
    **{f"{room}.{file}": 100 + rank for room in ROOMS for rank, file in enumerate(FLOOR_PLAN)},
    "storage.retrying": 150,
    **dict.fromkeys(AROUND, 200),
    **dict.fromkeys(ON_TOP, 300),
    "__main__": 400,
}

WHERE_TO_GO = "add it to SHARED, ROOMS, FLOOR_PLAN, AROUND or ON_TOP in tests/architecture.py"

# --- who may import which library -----------------------------------------------------------------

ANYWHERE = ("",)
LIBRARIES: dict[str, tuple[str, ...]] = {
    "attr": ANYWHERE,
    "attrs": ANYWHERE,
    "dateutil": ("period", "recurrence"),
    "cattrs": ("serialization",),
    # extra: holidays
    "holidays": ("business_time.national",),
    # extra: ical
    "icalendar": ("business_time.events", "followups.records.calendar_feed"),
    # extra: review
    "rich": ("cli",),
    "matplotlib": ("cli",),
    "jinja2": ("cli",),
    # extra: sqlalchemy
    "sqlalchemy": ("storage.sqlalchemy",),
    # extra: spark
    "pyspark": ("warehouse.spark",),
    "pyarrow": ("warehouse.spark",),
    # extra: testing
    "hypothesis": ("testing",),
    "pytest": ("testing",),
}

# Libraries of extras that a core module may use, imported where they are used and not before.
LATE = ("holidays", "icalendar")

# --- what no module, no pure module, and no module of the core may do -----------------------------

CODE_FROM_DATA = {"pickle", "marshal", "shelve", "dateutil.parser"}
CODE_FROM_TEXT = {"eval", "exec", "compile", "__import__"}

CLOCKS_AND_DICE = {"time", "random", "secrets"}
# Waiting takes time, and waiting for a time that nobody can guess takes chance.
MAY_WAIT = ("storage.retrying",)
CLOCK_AND_ENVIRONMENT = {
    *("now", "today", "utcnow", "utcfromtimestamp"),
    *("environ", "getenv", "urandom", "uuid1", "uuid4", "getnode"),
}
GLOBAL_STATE = {
    *("getcontext", "setcontext", "localcontext", "setlocale"),
    *("filterwarnings", "simplefilter", "resetwarnings"),
    *("setrecursionlimit", "set_int_max_str_digits"),
}

OUTSIDE_WORLD = {
    *("asyncio", "concurrent", "ctypes", "ftplib", "gc", "getpass", "http", "importlib", "io"),
    *("locale", "logging", "multiprocessing", "os", "pathlib", "platform", "shutil", "signal"),
    *("smtplib", "socket", "sqlite3", "ssl", "subprocess", "tempfile", "threading", "urllib"),
    "webbrowser",
}
READ_AND_WRITE = {"open", "input", "print", "breakpoint"}
READ_AND_WRITE_METHODS = {"read_text", "write_text", "read_bytes", "write_bytes"}

# Near money and near the cut points of a score there is no float.
WITHOUT_FLOATS = ("money", "records", "tiering", "segmentation", "loyalty")


# --- names ----------------------------------------------------------------------------------------


def module_of(path: str) -> str:
    """Name the module: ``segmentation/policies/abc.py`` is ``segmentation.policies.abc``."""
    parts = PurePosixPath(path).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def cell_of(module: str) -> str | None:
    """Find the row of the table a module stands in; ``None`` if there is none."""
    if module in ROOMS:
        return f"{module}.__init__"
    if module in RANKS:
        return module
    # A folder stands in the table as one row: segmentation.policies.abc, cli.review.
    parts = module.split(".")
    folders = [".".join(parts[:size]) for size in range(len(parts) - 1, 0, -1)]
    named = [name for name in folders if name in RANKS]
    return named[0] if named else None


def lies_in(module: str, place: str) -> bool:
    """Whether the module is the place or lies below it; everything lies in ``""``."""
    return place == "" or module == place or module.startswith(f"{place}.")


def room_of(cell: str) -> str | None:
    """Name the room a row belongs to, if it belongs to one."""
    first = cell.partition(".")[0]
    return first if first in ROOMS else None


def is_core(cell: str) -> bool:
    """Whether the row is a shared module or in a room: the part that is a pure function."""
    return RANKS[cell] < RANKS["intake"]


def real_modules() -> frozenset[str]:
    """Name every module there is."""
    return frozenset(module_of(path) for path in real_files())


def real_files() -> dict[str, str]:
    """Read every file of the package: path below ``src/crmkit`` -> source."""
    return {
        path.relative_to(PACKAGE).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(PACKAGE.rglob("*.py"))
    }


# --- imports --------------------------------------------------------------------------------------


def imports_of(
    path: str, source: str, modules: frozenset[str] = frozenset()
) -> Iterator[tuple[int, str]]:
    """Yield line and dotted name of whatever the file imports, at any depth, absolute or relative.

    ``from crmkit import money`` is an import of ``crmkit.money``, because ``modules`` knows it.
    """
    package = ["crmkit", *PurePosixPath(path).parts[:-1]]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = f"{origin}.{alias.name}"
                is_module = inner.removeprefix("crmkit.") in modules or inner in CODE_FROM_DATA
                yield node.lineno, inner if is_module else origin


def targets_of(path: str, source: str, modules: frozenset[str]) -> Iterator[tuple[int, str]]:
    """Yield line and module name below ``crmkit`` of the file's imports from the package itself."""
    for line, name in imports_of(path, source, modules):
        if lies_in(name, "crmkit"):
            yield line, name.removeprefix("crmkit").removeprefix(".")


def wrong_direction(path: str, source: str, modules: frozenset[str] = frozenset()) -> Iterator[str]:
    """Report each import that does not point down the table."""
    module = module_of(path)
    cell = cell_of(module)
    if cell is None:
        yield f"{path}: {module} is in no table; {WHERE_TO_GO}"
        return
    for line, target in targets_of(path, source, modules):
        other = cell_of(target)
        if other is None:
            yield f"{path}:{line}: imports {target}, which is in no table"
        elif room_of(cell) and room_of(other) and room_of(cell) != room_of(other):
            yield f"{path}:{line}: a room imports another room ({target})"
        elif other != cell and RANKS[other] >= RANKS[cell]:
            yield f"{path}:{line}: {cell or 'crmkit'} may not import {target}, which is above"


def foreign_library(path: str, source: str) -> Iterator[str]:
    """Report each import of a library from where it does not belong."""
    module = module_of(path)
    for line, name in imports_of(path, source):
        library = name.partition(".")[0]
        if library == "crmkit" or library in sys.stdlib_module_names:
            continue
        places = LIBRARIES.get(library)
        if places is None:
            yield f"{path}:{line}: {library} is no dependency; the table LIBRARIES knows which are"
        elif not any(lies_in(module, place) for place in places):
            yield f"{path}:{line}: {library} may be imported in {', '.join(places)} only"


def too_early(path: str, source: str) -> Iterator[str]:
    """Report each import of a late library that would run as soon as its module is imported."""
    late = [line for line, name in imports_of(path, source) if name.partition(".")[0] in LATE]
    functions = [
        range(node.lineno, (node.end_lineno or node.lineno) + 1)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    for line in late:
        if not any(line in function for function in functions):
            yield f"{path}:{line}: the library of an extra is imported in the function that uses it"


# --- conduct --------------------------------------------------------------------------------------


def called_or_named(source: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, kind and name of what the purity rules look at: calls, attributes and globals."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.lineno, "call", node.func.id
        if isinstance(node, ast.Attribute):
            yield node.lineno, "attribute", node.attr
        if isinstance(node, ast.Global):
            yield node.lineno, "global", ", ".join(node.names)
        if isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, "name", alias.name) for alias in node.names)


def runs_data(path: str, source: str) -> Iterator[str]:
    """Report what could run code out of data or guess a date, which no module may do."""
    for line, name in imports_of(path, source):
        if any(lies_in(name, bad) for bad in CODE_FROM_DATA):
            yield f"{path}:{line}: imports {name}, which turns data into code or guesses"
    for line, kind, name in called_or_named(source):
        if kind == "call" and name in CODE_FROM_TEXT:
            yield f"{path}:{line}: calls {name}()"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and ast.unparse(node).endswith("parser.parse"):
            yield f"{path}:{node.lineno}: parser.parse guesses dates; take a named format"


def asks_the_world(path: str, source: str) -> Iterator[str]:
    """Report clocks, dice, the environment and global state; only the command line may use them.

    The core may moreover not touch files, processes, threads or the network.
    """
    cell = cell_of(module_of(path))
    if cell is None or cell == "cli":
        return
    modules = OUTSIDE_WORLD if is_core(cell) else set()
    if cell not in MAY_WAIT:
        modules = CLOCKS_AND_DICE | modules
    for line, name in imports_of(path, source):
        if name.partition(".")[0] in modules:
            yield f"{path}:{line}: imports {name}; time, chance and files come in from outside"
    named = CLOCK_AND_ENVIRONMENT | GLOBAL_STATE
    methods = named | (READ_AND_WRITE_METHODS if is_core(cell) else set())
    wanted = {"call": READ_AND_WRITE if is_core(cell) else set(), "attribute": methods}
    for line, kind, name in called_or_named(source):
        if kind == "global" or name in wanted.get(kind, named):
            yield f"{path}:{line}: {kind} {name}: the same question must get the same answer"


def has_floats(path: str, source: str) -> Iterator[str]:
    """Report float literals and conversions where amounts and cut points live."""
    if not any(lies_in(module_of(path), place) for place in WITHOUT_FLOATS):
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield f"{path}:{node.lineno}: the float {node.value}: take Decimal, Fraction or int"
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "float":
            yield f"{path}:{node.lineno}: float(): keep it Decimal, Fraction or int"
