"""How the site is built: MyST pages, the Furo theme, the reference from the docstrings.

Nothing is fetched, neither while building (no intersphinx) nor while reading (no fonts or scripts
from elsewhere). ``make docs`` turns every warning into an error.
"""

from importlib.metadata import version as version_of

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
