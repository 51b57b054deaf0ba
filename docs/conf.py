"""How Sphinx builds the documentation: `make docs`, without network and without warnings.

The source folder is the whole checkout, not docs/, so that a link from a page to a notebook, a scenario or
the changelog is the same when it is read here and on a code host. `-c docs` tells Sphinx where this file is.
"""

import sys
from importlib.metadata import version as installed
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))

project = "market"
author = "the authors of market"
version = release = installed("market")
root_doc = "docs/index"
include_patterns = ["docs/**", "notebooks/*.ipynb", "CHANGELOG.md", "CONTRIBUTING.md"]
exclude_patterns = ["**/.*", ".*", "docs/_*", "build", "runs"]

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx-mathjax-offline",  # brings MathJax along, so that no page asks anybody for it
    "market_docs",  # docs/_ext: what is generated from the registries, the schema and the commands
]
suppress_warnings = ["config.cache"]  # of values that cannot be pickled

myst_enable_extensions = ["dollarmath", "amsmath", "deflist"]
myst_heading_anchors = 4
nb_execution_mode = "off"  # the test suite runs them; what they show is kept in them

smartquotes_action = "D"  # dashes; quotation marks in formulas are meant
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # shapes and units are in the docstrings
napoleon_use_rtype = False
napoleon_use_param = False

html_theme = "pydata_sphinx_theme"
html_title = "market"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_extra_path = ["_root"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "navigation_with_keys": False,
    "show_prev_next": True,
    "header_links_before_dropdown": 7,
    "navbar_align": "left",
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": [],
    "footer_end": [],
    "show_nav_level": 2,
    "back_to_top_button": False,
}
html_sidebars = {page: [] for page in ("docs/index", "docs/tutorial", "CONTRIBUTING", "CHANGELOG")}
