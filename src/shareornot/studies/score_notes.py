"""Sentences about the scores of a folder: how reliable they are, on how many images, and what the method returns."""

from pathlib import Path

import numpy as np

from shareornot.appraisal.own_word import OWN, read_own
from shareornot.appraisal.scores_file import read_scores
from shareornot.spaces import open_space
from shareornot.statistics.split_half import QUESTIONABLE
from shareornot.studies.appraisal_job import join_shards
from shareornot.studies.scoring import PROXIES
from shareornot.studies.store import Store


def score_notes(folder: Path, evaluation: str) -> tuple[list[str], list[str]]:
    """The reliability of the scores of each super-net, and warnings where it is low.

    Args:
        folder: folder of the super-nets.
        evaluation: name in the study.

    Returns:
        Lines for each super-net that is scored, and sentences about those whose reliability is below 0.9.
    """
    store = Store(folder)
    lines, warnings = [], []
    for job in store.read_plan():
        if job.chapter is None or job.chapter.evaluation != evaluation:
            continue
        for number, names in enumerate(job.chapter.shards):
            if not all(store.is_finished(name) for name in names):
                continue
            scores = join_shards([read_scores(store.path(name) / PROXIES) for name in names])
            seed = scores.origin["evaluation"].get("seed", number)
            images, reliability = scores.origin["num_validation_images"], scores.reliability
            value = "unknown" if reliability is None else f"{reliability:.2f}"
            lines.append(f"Super-net {seed}: reliability of the scores {value}, on {images:,} validation images")
            own = [read_own(store.path(name) / OWN) for name in names if (store.path(name) / OWN).exists()]
            choices = np.array([one.choice for one in own if one.choice is not None], np.int32)
            if len(choices):
                space = open_space(job.chapter.space)
                lines.append(f"Super-net {seed}: the method itself returns {space.texts(choices)[0]}")
            if reliability is not None and reliability < QUESTIONABLE:
                warnings.append(
                    f"super-net {seed}: the scores have a reliability of {value}, below {QUESTIONABLE}, so noise "
                    f"reduces "
                    f"every correlation; score more than {images:,} validation images if there are more, with "
                    "--images"
                )
    return lines, warnings
