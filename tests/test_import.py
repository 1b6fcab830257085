"""What is imported when, and how long it takes."""

import pkgutil
import resource
import subprocess
import sys
from importlib import import_module

import pytest

import shareornot

PACKAGES = [
    "appraisal",
    "cli",
    "images",
    "own_supernet",
    "report",
    "reproduction",
    "search",
    "spaces",
    "statistics",
    "studies",
    "supernet",
    "tables",
]
HELP = "import sys; sys.argv = ['shareornot', '--help']; from shareornot.cli import main; main()"
LIGHT = [
    "shareornot.tables",
    "shareornot.spaces.nasbench101",
    "shareornot.cli.app",
    "shareornot.report",
    "shareornot.report.audit_files",
    "shareornot.search",
    "shareornot.statistics",
    "shareornot.appraisal.appraisal",
    "shareornot.appraisal.audit",
    "shareornot.studies.measured_times",
    "shareornot.appraisal.user_scores",
    "shareornot.studies.status",
    "shareornot.studies.store",
    "shareornot.reproduction.replay",
    "shareornot.tables.space_table",
    "shareornot.studies.supernets",
    "shareornot.supernet.settings",
]
"""Whoever queries a table or appraises scores has no PyTorch."""


def run(code):
    """Run in a fresh interpreter, without the hook of the tests; give what it prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def seconds(code):
    """Processor's time of the fastest of five, so that a busy machine does not count."""
    run(code)
    times = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run(code)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(times)


@pytest.mark.parametrize("code", ["import shareornot", HELP], ids=["package", "help"])
def test_starting_takes_at_most_half_a_second(code):
    assert seconds(code) <= 0.5


def test_starting_imports_next_to_nothing():
    heavy = {"torch", "numba", "scipy", "matplotlib", "pyarrow", "pydantic", "bokeh", "requests"}
    watched = f"import atexit, sys; atexit.register(lambda: print('|', *({heavy} & set(sys.modules))))\n{HELP}"
    assert run(watched).rpartition("|")[2].strip() == ""


def test_no_pytorch_where_none_is_needed():
    code = "import sys\nfrom importlib import import_module\n"
    code += f"for name in {LIGHT}:\n    import_module(name)\n    print(name, 'torch' in sys.modules)\n"
    assert run(code).splitlines() == [f"{name} False" for name in LIGHT]


def test_every_module_of_the_light_floors_is_free_of_pytorch():
    names = [
        one.name
        for package in ("appraisal", "cli", "report", "search", "spaces", "statistics", "tables")
        for one in pkgutil.iter_modules(import_module(f"shareornot.{package}").__path__, f"shareornot.{package}.")
    ]
    assert len(names) > 40
    code = f"import sys\nfrom importlib import import_module\nfor name in {names}:\n    import_module(name)\n"
    assert run(code + "print('torch' in sys.modules)") == "False\n"


@pytest.mark.parametrize("package", PACKAGES)
def test_public_names_are_there(package):
    module = import_module(f"shareornot.{package}")
    names = getattr(module, "__all__", [])
    assert list(names) == sorted(names, key=lambda name: (not name.isupper(), name[0].islower(), name))
    assert all(hasattr(module, name) for name in names)


def test_public_names_of_the_root_load_on_first_use():
    code = "import shareornot, sys\nprint('numpy' in sys.modules)\nshareornot.Cell\nprint('numpy' in sys.modules)"
    assert run(code).split() == ["False", "True"]
    assert all(hasattr(shareornot, name) for name in shareornot.__all__)
    assert set(shareornot.__all__) <= set(dir(shareornot))


def test_a_name_that_is_not_there():
    with pytest.raises(AttributeError, match="module 'shareornot' has no attribute 'Sell'"):
        _ = shareornot.Sell
