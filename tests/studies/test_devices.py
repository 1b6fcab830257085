import subprocess
import sys

import pytest
import torch

from shareornot.errors import SettingsError
from shareornot.studies.devices import choose_device


def test_auto_is_what_is_there():
    assert choose_device("auto") == ("cuda" if torch.cuda.is_available() else "cpu")


def test_named_device():
    assert choose_device("cpu") == "cpu"


@pytest.mark.parametrize("device", ["gpu9", "cuda:99"])
def test_device_that_is_not_there(device):
    with pytest.raises(SettingsError, match=f"got '{device}'") as raised:
        choose_device(device)
    assert "privateuseone" not in str(raised.value)  # PyTorch's list of all kinds of devices


def test_without_pytorch_the_remedy_is_named():
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from shareornot.studies.devices import choose_device\n"
        "from shareornot.errors import MissingExtraError\n"
        "try: choose_device('auto')\n"
        "except MissingExtraError as error: print(error)\n"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "pip install 'shareornot[train]'" in told
