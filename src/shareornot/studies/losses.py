"""The training losses of super-nets, from the logs of the jobs that trained them.

A log is no result: what cannot be read is left out, and nothing else depends on it.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float64

from shareornot.appraisal.chapter import Chapter
from shareornot.errors import ShareOrNotError
from shareornot.studies.execution.log import LOG_NAME, read_log
from shareornot.studies.store import Store


def with_losses(chapter: Chapter, store: Store, shards: Sequence[Sequence[str]]) -> Chapter:
    """A chapter with the loss curve of each of its super-nets whose log can be read.

    Args:
        chapter: what was found about the super-nets.
        store: holds the jobs.
        shards: names of the jobs that scored, for each super-net in the order of the chapter's pools.
    """
    return replace(chapter, losses=losses_of([pool.name for pool in chapter.appraisal.pools], store, shards))


def losses_of(
    names: Sequence[str], store: Store, shards: Sequence[Sequence[str]]
) -> dict[str, Float64[np.ndarray, " epochs"]]:
    """Mean loss in each epoch by name of the super-net, for those whose log can be read; see `with_losses`."""
    return {
        name: losses
        for name, jobs in zip(names, shards, strict=True)
        if jobs and (losses := _losses(store, jobs[0])) is not None
    }


def _losses(store: Store, score_job: str) -> Float64[np.ndarray, " epochs"] | None:
    """Mean loss in each epoch of the super-net that a job scored; None if no log holds it."""
    try:
        train_job = str(store.read_job(score_job)["identity"]["supernet"])
    except (ShareOrNotError, LookupError, TypeError):
        return None
    lines = read_log(store.path(train_job) / LOG_NAME).lines
    losses = np.array([line.measures["loss"] for line in lines if "loss" in line.measures], np.float64)
    return losses if len(losses) else None
