"""Jobs: the steps of a study, each named by the content of whatever determines its result.

The name is a hash of a canonical text of: the kind of job and the version of its code, its own settings, the data it
reads, and the names of the jobs whose results it reads, which are hashes themselves. What changes a result by no more
than rounding is left out: the device, the number of threads, where files lie. So requesting a result twice computes it
once; a change recomputes the jobs that it concerns and those that depend on them, and nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shareornot.methods import has_preference
from shareornot.studies.naming import Kind, content_hash
from shareornot.studies.settings import ChapterSettings, PoolSettings, SupernetSettings, WatchingSettings, identity_of
from shareornot.supernet.settings import EvaluationSettings

CODE_VERSIONS: Mapping[Kind, int] = {"train": 1, "score": 1, "appraise": 2, "summarise": 1}
"""Whoever changes what a kind of job computes, beyond rounding, adds 1 to its number. Results of the old code then keep
their names, and are not taken for results of the new one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainSpec:
    """Train a super-net."""

    supernet: SupernetSettings
    space_sha256: str
    """SHA-256 of the cells of the space."""
    images_sha256: str
    watching: WatchingSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoreSpec:
    """Score a part of a super-net's pool."""

    supernet: SupernetSettings
    evaluation: EvaluationSettings
    pool: PoolSettings
    train: str
    """Name of the job that trains the super-net."""
    start: int
    """First position in the pool."""
    stop: int
    """Position after the last."""
    cells_sha256: str
    """SHA-256 of the cells between them."""
    images_sha256: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AppraiseSpec:
    """Judge the super-nets of one chapter: agreement, searches, bias audit, verdict."""

    chapter: ChapterSettings
    shards: tuple[tuple[str, ...], ...]
    """Names of the jobs that score, for each super-net in the order of its pool."""
    benchmark_sha256: str
    times_sha256: tuple[str | None, str | None]
    """SHA-256 of the files of measured times."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SummariseSpec:
    """Put the numbers of all appraisals into one table."""

    appraisals: tuple[str, ...]


Spec = TrainSpec | ScoreSpec | AppraiseSpec | SummariseSpec


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One step of a study."""

    name: str
    kind: Kind
    label: str
    """Name for people."""
    needs: tuple[str, ...]
    """Names of the jobs whose results it reads."""
    identity: Mapping[str, Any]
    """What determines its result, as JSON has it."""
    spec: Spec


def make_job(label: str, spec: Spec) -> Job:
    """A job with its name."""
    kind, needs, own = _describe(spec)
    identity = {"kind": kind, "code": CODE_VERSIONS[kind], **own}
    if isinstance(spec, ScoreSpec):
        family = {name: value for name, value in identity.items() if name != "cells"}
        name = f"{scores_prefix(content_hash(family)[:12], spec.start)}{spec.cells_sha256[:12]}"
    else:
        name = f"{kind}-{content_hash(identity)[:20]}"
    return Job(name=name, kind=kind, label=label, needs=needs, identity=identity, spec=spec)


def scores_prefix(family: str, start: int) -> str:
    """Common prefix of the names of all jobs that score cells of one super-net in one way from one position on.

    They differ in how many cells they score, so that each can begin with what another one has scored.
    """
    return f"score-{family}-{start}-"


def _describe(spec: Spec) -> tuple[Kind, tuple[str, ...], dict[str, Any]]:
    """Kind, needs, and the settings that determine the result."""
    match spec:
        case TrainSpec():
            return (
                "train",
                (),
                {
                    "network": identity_of(spec.supernet.network),
                    "training": identity_of(spec.supernet.training),
                    "space": spec.space_sha256,
                    "images": spec.images_sha256,
                },
            )
        case ScoreSpec():
            return (
                "score",
                (spec.train,),
                {
                    "supernet": spec.train,
                    "evaluation": scoring_identity(spec.evaluation),
                    "cells": spec.cells_sha256,
                    "images": spec.images_sha256,
                    # earlier versions did not use the method
                    **({"own": 1} if has_preference(spec.supernet.training.method) else {}),
                },
            )
        case AppraiseSpec():
            chapter = spec.chapter
            search = identity_of(chapter.search)
            for name, digest in zip(("times", "supernet_times"), spec.times_sha256, strict=True):
                search[name] = digest  # the content of the files, wherever they lie
            return (
                "appraise",
                tuple(dict.fromkeys(name for shards in spec.shards for name in shards)),
                {
                    "scores": [list(shards) for shards in spec.shards],
                    "seeds": list(chapter.seeds),
                    "space": chapter.supernet.space,
                    "variant": chapter.supernet.variant,
                    "evaluation": chapter.evaluation,
                    "benchmark": spec.benchmark_sha256,
                    "search": search,
                },
            )
        case SummariseSpec():
            return "summarise", spec.appraisals, {"appraisals": list(spec.appraisals)}


def scoring_identity(evaluation: EvaluationSettings) -> dict[str, Any]:
    """Everything that scores depend on; without adaptation and fine-tuning, training images are not used."""
    values = identity_of(evaluation)
    unused = set()
    if not evaluation.fine_tuning_steps:
        unused.add("fine_tuning_learning_rate")
        if evaluation.adaptation == "none":
            unused |= {"num_batches", "batch_size", "seed"}
    return {name: value for name, value in values.items() if name not in unused}
