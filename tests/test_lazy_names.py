import pkgutil
import subprocess
import sys
from importlib import import_module

import pytest

import shareornot
import shareornot.images
import shareornot.methods
import shareornot.studies
import shareornot.supernet

LAZY = [shareornot, shareornot.images, shareornot.methods, shareornot.studies, shareornot.supernet]


@pytest.mark.parametrize("package", LAZY, ids=lambda package: package.__name__)
def test_completion_lists_every_public_name_and_each_loads(package):
    assert set(package.__all__) <= set(dir(package))
    for name in package.__all__:
        assert getattr(package, name) is not None


PACKAGES = sorted(one.name for one in pkgutil.walk_packages(shareornot.__path__, "shareornot.") if one.ispkg)
PUBLIC = [name for name in PACKAGES if name != "shareornot.cli" and hasattr(import_module(name), "__all__")]


@pytest.mark.parametrize("name", ["shareornot", *PUBLIC])
def test_completion_lists_public_names_alone(name):
    package = import_module(name)
    shown = {one for one in dir(package) if not one.startswith("__")}
    assert set(package.__all__) <= shown
    for other in shown - set(package.__all__):
        assert f"{name}.{other}" in PACKAGES, f"{other} is neither public nor a sub-package"


def test_an_unknown_name_is_refused_as_by_any_module():
    with pytest.raises(AttributeError, match=r"module 'shareornot.methods' has no attribute 'unform'"):
        shareornot.methods.unform  # noqa: B018


def test_importing_the_package_loads_no_module_of_it():
    code = "import sys, shareornot, shareornot.supernet; print([m for m in sys.modules if m in ('torch', 'numpy')])"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed == "[]\n"
