import inspect

import pytest

from shareornot import statistics


@pytest.mark.parametrize("name", statistics.__all__)
def test_public_names_are_documented_and_no_modules(name):
    thing = getattr(statistics, name)
    assert not inspect.ismodule(thing)
    if inspect.isfunction(thing) or inspect.isclass(thing):
        assert thing.__doc__


def test_everything_imported_is_public():
    shown = {
        name for name, thing in vars(statistics).items() if not name.startswith("_") and not inspect.ismodule(thing)
    }
    assert shown == set(statistics.__all__)
