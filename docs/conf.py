"""How `make docs` builds the documentation site."""

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
