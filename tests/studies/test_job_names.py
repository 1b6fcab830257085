"""The names of some jobs of the paper's presets, as they have been since results were computed under them.

A name that changes takes all results so far away from those who have them. A setting that is new gets its neutral value
into `NEUTRAL` of its class, see `identity_of`, and changes none of these. Where a job computes something else than
before, its number in `CODE_VERSIONS` grows, and the names here change with it.
"""

import pytest

from shareornot.studies import decode_study
from shareornot.studies.job import AppraiseSpec, ScoreSpec, TrainSpec, make_job

DATA = "0" * 64
"""Stands for the hash of all data."""


def names_of(study, chapter):
    seed = chapter.seeds[0]
    supernet = chapter.supernet.with_seed(seed)
    train = make_job(
        "", TrainSpec(supernet=supernet, space_sha256=DATA, images_sha256=DATA, watching=study.watching)
    ).name
    score = make_job(
        "",
        ScoreSpec(
            supernet=supernet,
            evaluation=chapter.scoring_with_seed(seed),
            pool=chapter.pool,
            train=train,
            start=0,
            stop=8,
            cells_sha256=DATA,
            images_sha256=DATA,
        ),
    ).name
    appraise = make_job(
        "", AppraiseSpec(chapter=chapter, shards=((score,),), benchmark_sha256=DATA, times_sha256=(None, None))
    ).name
    return train, score, appraise


@pytest.mark.parametrize(
    ("preset", "place", "label", "names"),
    [
        (
            "paper-v1",
            0,
            "evaluations: A4 baseline no-ft",
            ("train-f15c6a17483a1800ec6b", "score-0f93dd0435a5-0-000000000000", "appraise-e0bd1c98a4ffddfb9c54"),
        ),
        (
            "paper-v1",
            -1,
            "variants: A_FULL^RES s-k+p-r bns-ft",
            ("train-5eedd5fc44a456708c3c", "score-908f37a8b558-0-000000000000", "appraise-6e57ee95156444afca20"),
        ),
        (
            "paper-v2",
            0,
            "evaluations: A4 baseline no-ft",
            ("train-f15c6a17483a1800ec6b", "score-0f93dd0435a5-0-000000000000", "appraise-9ae2a7923623958ee806"),
        ),
        (
            "paper-v2",
            -1,
            "searches: A_FULL^RES baseline bns-ft",
            ("train-14957dd35f5acb90442b", "score-b9e282c16993-0-000000000000", "appraise-89756dc52332935a3ead"),
        ),
    ],
)
def test_the_names_of_the_presets_are_what_they_were(preset, place, label, names):
    study = decode_study({"preset": preset})
    chapter = study.chapters()[place]
    assert chapter.label == label
    assert names_of(study, chapter) == names
