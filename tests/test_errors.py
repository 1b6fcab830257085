import pickle

import pytest

from shareornot import errors
from shareornot.errors import ShareOrNotError, message_of

FAMILY = {name: value for name, value in vars(errors).items() if isinstance(value, type)}
BUILTIN = {
    "ArchitectureError": ValueError,
    "CellError": ValueError,
    "JobError": RuntimeError,
    "UnknownCellError": KeyError,
    "UnitError": ValueError,
    "SettingsError": ValueError,
    "DataError": ValueError,
    "MissingDataError": FileNotFoundError,
    "MissingExtraError": ImportError,
}


def test_all_belong_to_one_family_which_the_module_describes():
    assert set(FAMILY) == {"ShareOrNotError", "Interrupted", *BUILTIN}
    assert all(issubclass(error, ShareOrNotError) for error in FAMILY.values())
    assert all(name in (errors.__doc__ or "") for name in FAMILY)


@pytest.mark.parametrize(("name", "builtin"), BUILTIN.items())
def test_each_is_what_python_users_expect_too(name, builtin):
    with pytest.raises(builtin):
        raise FAMILY[name]("text")


@pytest.mark.parametrize("error", FAMILY.values())
def test_messages_are_shown_as_they_are_and_travel_between_processes(error):
    message = "epochs: expected 1, got '0'; say more"
    assert str(error(message)) == message
    again = pickle.loads(pickle.dumps(error(message)))
    assert (type(again), str(again)) == (error, message)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("this is no file."), "this is no file"),
        (ValueError("\n  the first line:\nthe second"), "the first line"),
        (KeyError(), "KeyError"),
        (OSError("a" * 300), "a" * 200),
    ],
)
def test_messages_of_other_packages_are_embedded_in_ours(error, words):
    assert message_of(error) == words
