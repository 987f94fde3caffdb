"""How the site is built: MyST pages, the Furo theme, the reference from the docstrings.

Nothing is fetched, neither while building (no intersphinx) nor while reading (no fonts or scripts
from elsewhere). ``make docs`` turns every warning into an error.
"""

import ast
import pkgutil
from importlib.metadata import version as version_of

from sphinx.application import Sphinx
from sphinx.pycode import ModuleAnalyzer

import crmkit

project = "crmkit"
author = "The crmkit maintainers"
copyright = "The crmkit maintainers"
version = release = version_of("crmkit")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.viewcode"]
exclude_patterns = ["_build"]
source_suffix = {".md": "markdown"}
default_role = "code"
highlight_language = "python"

myst_enable_extensions = ["colon_fence", "deflist", "fieldlist", "substitution"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = False
autodoc_default_options = {"members": True}
python_use_unqualified_type_names = True

html_theme = "furo"
html_title = f"crmkit {release}"
html_show_sphinx = False
html_copy_source = False


def setup(app: Sphinx) -> None:
    """Let the front doors show their values before any page is read."""
    app.connect("config-inited", _show_values)


def _show_values(_app: Sphinx, _config: object) -> None:
    """Document the values that a front door offers, such as a ready policy, like its classes.

    What is said of a value stands below it, in the module where it was made; autodoc looks for it
    at the front door alone. Only the words are shown: many a value fills a page.
    """
    for found in pkgutil.iter_modules(crmkit.__path__):
        if found.ispkg:
            door = _analyzed(f"crmkit.{found.name}")
            imports = [
                node for node in ast.parse(door.code).body if isinstance(node, ast.ImportFrom)
            ]
            for node in imports:
                behind = _analyzed(f"{node.module}")
                for name in (alias.name for alias in node.names):
                    if words := behind.attr_docs.get(("", name)):
                        door.attr_docs["", name] = [*words, "", ":meta hide-value:", ""]
                        door.tagorder[name] = len(door.tagorder)


def _analyzed(module: str) -> ModuleAnalyzer:
    analyzer = ModuleAnalyzer.for_module(module)
    analyzer.analyze()
    return analyzer
