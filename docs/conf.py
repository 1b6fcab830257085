"""How `make docs` builds the documentation site."""

import re

from sphinx.util import logging

from shareornot import __version__

project = "shareornot"
author = "The shareornot developers"
project_copyright = "the shareornot developers"
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
default_role = "code"
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3

autodoc_default_options = {"members": True}
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
napoleon_use_ivar = True
napoleon_custom_sections = ["References"]
add_module_names = False
python_maximum_signature_line_length = 100

html_theme = "furo"
html_title = "shareornot"
html_copy_source = False
html_show_sourcelink = False

logger = logging.getLogger(__name__)


HIDDEN_COLON = "\ue000"


def hide_colons(app, what, name, obj, options, lines):  # noqa: ANN001, ANN201, ARG001 (the signature is Sphinx's)
    """Hide the colons in the first line of an attribute's docstring, which Napoleon would split into type and words."""
    if what in ("attribute", "data", "property") and lines:
        lines[0] = lines[0].replace(":", HIDDEN_COLON)


def check_sections(app, what, name, obj, options, lines):  # noqa: ANN001, ANN201, ARG001
    """Restore the colons, and warn where a sentence was read as a type: `Returns` has none, `Raises` has exceptions."""
    lines[:] = [line.replace(HIDDEN_COLON, ":") for line in lines]
    for line in lines:
        if re.match(r"\s*:r?type\b", line):
            logger.warning("%s: a sentence was read as a type: %s", name, line.strip())
        raised = re.match(r"\s*:raises (.*?):", line)
        if raised and not re.fullmatch(r"[A-Za-z.]+(, [A-Za-z.]+)*", raised[1]):
            logger.warning("%s: expected the name of an exception in Raises, got %r", name, raised[1])


def setup(app):  # noqa: ANN001, ANN201
    """Prepare each docstring for `sphinx.ext.napoleon`, whose priority is 500, and check what it has made of it."""
    app.connect("autodoc-process-docstring", hide_colons, priority=100)
    app.connect("autodoc-process-docstring", check_sections, priority=900)
