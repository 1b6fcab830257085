import subprocess
import sys

from shareornot.study import execution


def test_the_public_names_are_there_and_sorted_by_kind():
    assert all(hasattr(execution, name) for name in execution.__all__)
    assert {"Executor", "InProcess", "LocalProcesses", "RayCluster", "Task", "only_runner", "watch_run"} <= set(
        execution.__all__
    )


def test_importing_it_is_light():
    heavy = ("torch", "ray", "pandas", "tensorboard", "rich")
    code = f"import sys, shareornot.study.execution; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
