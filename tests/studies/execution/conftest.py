"""Tasks of a module that worker processes can import too."""

import pytest

WORK = """
import os, pathlib, signal, sys, time
from shareornot.errors import Interrupted

def write(folder, name, should_stop):
    assert not should_stop()
    (folder / name).write_text(str(os.getpid()))

def write_all(folder, name, needs, should_stop):
    seen = [need for need in needs if (folder / need).exists()]
    (folder / name).write_text(" ".join(seen))

def nothing(should_stop):
    pass

def fail(should_stop):
    raise ValueError("expected to work, got this")

def leave(should_stop):
    sys.exit(3)

class Stubborn(Exception):
    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")

    def __reduce__(self):
        raise TypeError("this does not travel")

class Shy(Exception):
    def __str__(self):
        raise RuntimeError("no words")

def fail_stubbornly(should_stop):
    raise Stubborn("this", "that")

def fail_shyly(should_stop):
    raise Shy

def interrupt(should_stop):
    raise Interrupted("saved")

def wait_for_stop(folder, name, should_stop):
    (folder / f"{name}-began").touch()
    for _ in range(2400):
        if should_stop():
            (folder / f"{name}-saved").write_text(str(os.getpid()))
            raise Interrupted("saved")
        time.sleep(0.025)
    raise AssertionError("not requested")

def wait_deaf(folder, name, should_stop):
    (folder / f"{name}-began").write_text(str(os.getpid()))
    time.sleep(60)

def die_once(folder, name, should_stop):
    tries = len(list(folder.glob(f"{name}-try-*")))
    (folder / f"{name}-try-{tries}").touch()
    if not tries:
        os.kill(os.getpid(), signal.SIGKILL)
    (folder / name).touch()

def die(folder, name, should_stop):
    tries = len(list(folder.glob(f"{name}-try-*")))
    (folder / f"{name}-try-{tries}").touch()
    os.kill(os.getpid(), signal.SIGKILL)

def resume_after_death(folder, should_stop):
    done = folder / "done"
    for step in range(int(done.read_text()) if done.exists() else 0, 40):
        if step == 0:
            (folder / "pid").write_text(str(os.getpid()))
        done.write_text(str(step + 1))
        time.sleep(0.02 if step else 0)
        while step == 20 and (folder / "pid").read_text() == str(os.getpid()):
            time.sleep(0.02)  # until somebody kills this

def report_threads(folder, name, should_stop):
    (folder / name).write_text(os.environ["OMP_NUM_THREADS"])

def report_torch_threads(folder, name, should_stop):
    import torch
    (folder / name).write_text(str(torch.get_num_threads()))

def report_device(folder, name, should_stop):
    (folder / name).write_text(os.environ.get("CUDA_VISIBLE_DEVICES", "none"))
    time.sleep(0.2)

def meet(folder, name, other, should_stop):
    (folder / name).touch()
    deadline = time.monotonic() + 60
    while not (folder / other).exists():
        assert time.monotonic() < deadline, f"{name} is alone"
        time.sleep(0.01)

def wait_to_be_killed(folder, should_stop):
    mark = folder / ("second" if (folder / "first").exists() else "first")
    mark.with_suffix(".part").write_text(str(os.getpid()))
    mark.with_suffix(".part").rename(mark)
    time.sleep(60)

def overlap(folder, name, should_stop):
    (folder / f"{name}-runs").touch()
    for _ in range(15):
        time.sleep(0.02)
        assert not should_stop()
    others = len(list(folder.glob("*-runs")))
    (folder / f"{name}-runs").unlink()
    (folder / name).write_text(str(others))
"""


@pytest.fixture(scope="package")
def work(tmp_path_factory):
    """Functions of a module that worker processes can import too."""
    folder = tmp_path_factory.mktemp("modules")
    (folder / "work_of_tests.py").write_text(WORK)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        patch.setenv("PYTHONPATH", str(folder))
        import work_of_tests

        yield work_of_tests
