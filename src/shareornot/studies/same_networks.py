"""Whether the super-nets of a folder have the networks that its settings mean now.

A study states what differs from the defaults. Where a version changes a default, such as the size of the network of an
embedded benchmark, super-nets that an earlier version trained differ from the present settings.
"""

import contextlib
from typing import Any

from shareornot.errors import DataError, MissingDataError
from shareornot.studies.settings import identity_of
from shareornot.studies.store import Store
from shareornot.studies.study_settings import StudySettings


def check_networks(store: Store, study: StudySettings) -> None:
    """Compare the networks of finished trainings of the last run with those of the study's chapters.

    Args:
        store: store of the folder.
        study: study that it holds.

    Raises:
        DataError: a network that no chapter has; the message names what differs, and the remedy.
    """
    try:
        planned = store.read_plan()
    except (MissingDataError, DataError):  # nothing was run, or the next run writes it again
        return
    expected = [identity_of(chapter.supernet.network) for chapter in study.chapters()]
    for job in planned:
        if job.kind != "train" or not store.is_finished(job.name):
            continue
        with contextlib.suppress(DataError):  # a damaged job is found, and reported, where it is read
            found = store.read_job(job.name)["identity"].get("network")
            if isinstance(found, dict) and found not in expected:
                break
    else:
        return
    raise DataError(
        f"{store.folder}: expected super-nets of the network that these settings mean in this version, got an earlier "
        f"one ({_difference(found, expected[0])}); train in another folder, or state the network in study.toml"
    )


def _difference(found: dict[str, Any], expected: dict[str, Any]) -> str:
    """The settings that differ, such as `num_stacks 2, not 3`."""
    return ", ".join(
        f"{name} {found.get(name)}, not {expected.get(name)}"
        for name in sorted({*found, *expected})
        if found.get(name) != expected.get(name)
    )
