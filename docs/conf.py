"""Settings of Sphinx: the pages of docs/, a reference made of docstrings, and pictures drawn here."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import gallery  # noqa: E402
import notebook_pages  # noqa: E402
import pictures  # noqa: E402
import reference  # noqa: E402

from graphkit import __version__ as release  # noqa: E402

project = "graphkit"
author = "The graphkit developers"
version = release
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "mathml",
]
exclude_patterns = ["_build", "_templates", "_made/*.md"]
templates_path = ["_templates"]
# a reference whose number is in the first sentence only
suppress_warnings = ["ref.footnote"]
nitpicky = True
# types of other packages in signatures; the build fetches no inventories
nitpick_ignore_regex = [("py:.*", r"(?!graphkit).*")]

myst_enable_extensions = ["dollarmath", "colon_fence", "deflist", "attrs_block", "attrs_inline"]
myst_heading_anchors = 3

default_role = "code"
autosummary_generate = True
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_typehints_format = "short"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
python_display_short_literal_types = True
python_use_unqualified_type_names = True
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
napoleon_preprocess_types = False

html_theme = "pydata_sphinx_theme"
html_title = "graphkit"
html_static_path = ["_static"]
html_css_files = ["graphkit.css"]
html_js_files = [("graphkit.js", {"defer": "defer"})]
html_show_sourcelink = False
# pages without others below them
html_sidebars = {name: [] for name in ("tutorial", "gallery", "index")}
html_copy_source = False
html_context = {"default_mode": "auto"}
html_theme_options = {
    "logo": {"text": "graphkit"},
    "navigation_with_keys": False,
    "collapse_navigation": True,
    "show_toc_level": 2,
    "header_links_before_dropdown": 7,
    "navbar_persistent": ["search-button"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_prev_next": True,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
copyright = "The graphkit developers. BSD-3-Clause"
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True


def stale(drawn: Path) -> bool:
    """Whether the code has changed since the pictures were drawn."""
    code = [*HERE.glob("*.py"), *(HERE.parent / "graphkit").rglob("*.py")]
    return not drawn.exists() or drawn.stat().st_mtime < max(p.stat().st_mtime for p in code)


def setup(app: Any) -> None:
    """Draw the pictures, write the pages of the reference, and resolve names by what they are."""
    made = HERE / "_made"
    if stale(made / "figures.md"):
        pictures.draw_all(made)
        gallery.draw_all(made)
    reference.write_pages(HERE / "reference")
    notebook_pages.write_pages(HERE.parent / "notebooks", HERE / "notebooks", made)
    app.connect("missing-reference", reference.resolve)
    app.connect("autodoc-process-docstring", reference.settle_docstring, priority=100)
    app.connect("autodoc-skip-member", reference.skip_member)
