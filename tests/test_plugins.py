"""Packages that add spaces and methods, as if they were installed."""

import sys

import pytest

from shareornot.errors import SettingsError
from shareornot.methods import check_method
from shareornot.plugins import load_plugin, plugin_names
from shareornot.spaces import open_space
from shareornot.spaces.nasbench101 import space_cells
from shareornot.supernet import TrainingSettings

CODE = """
from shareornot.spaces.nasbench101 import CellSpace

SHALLOW = CellSpace(name="shallow", description="two steps at most", predicate=lambda cells: cells.depth <= 2)
OTHER = CellSpace(name="other", description="a space of another name", predicate=lambda cells: cells.depth <= 2)


def first_cell(setup, *, number: int = 1):
    '''Trains the first cell of the space.'''
    from shareornot.methods import SinglePath

    return SinglePath(setup, lambda rng, num_draws: setup.architectures[:1].repeat(num_draws)[:, None])
"""
ENTRY_POINTS = """
[shareornot.spaces]
shallow = {package}:SHALLOW
misnamed = {package}:OTHER

[shareornot.methods]
first-cell = {package}:first_cell
missing = {package}:nothing_there
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Puts a package where Python finds it, with the metadata that an installer writes."""
    monkeypatch.syspath_prepend(tmp_path)

    def put(package):
        (tmp_path / f"{package}.py").write_text(CODE)
        metadata = tmp_path / f"{package}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text(ENTRY_POINTS.format(package=package))

    yield put
    for name in ("extension", "rival"):
        sys.modules.pop(name, None)


def test_nothing_is_added_where_nothing_is_installed():
    assert plugin_names("spaces") == plugin_names("methods") == []


def test_a_space_is_found_by_its_name(install):
    install("extension")
    assert plugin_names("spaces") == ["misnamed", "shallow"]
    assert len(space_cells(open_space("shallow"))) == 69
    with pytest.raises(SettingsError, match=r"S3-enumerated, misnamed, shallow.*got 'shalow'; try"):
        open_space("shalow")


def test_a_space_under_another_name_is_refused(install):
    install("extension")
    with pytest.raises(SettingsError, match="misnamed: expected a Space of that name"):
        open_space("misnamed")


def test_a_method_is_found_by_its_name(install):
    settings = TrainingSettings(method="first-cell", options={"number": 2})
    with pytest.raises(SettingsError, match=r"method: expected one of .*, got 'first-cell'"):
        check_method(settings)
    install("extension")
    check_method(settings)
    with pytest.raises(SettingsError, match="method first-cell, number: expected a whole number, got 'two'"):
        check_method(TrainingSettings(method="first-cell", options={"number": "two"}))


def test_a_package_that_fails_is_named(install):
    install("extension")
    with pytest.raises(SettingsError, match=r"'missing' is added by an installed package, which fails"):
        check_method(TrainingSettings(method="missing"))


def test_two_packages_that_add_one_name_are_refused(install):
    install("extension")
    install("rival")
    with pytest.raises(SettingsError, match=r"expected one installed package.*extension:SHALLOW, rival:SHALLOW"):
        load_plugin("spaces", "shallow")
