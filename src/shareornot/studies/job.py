"""A piece of a study: one step of the work, named by the content of whatever determines its result.

The name is the hash of a canonical text of: the kind of work and the version of its code, its own settings, the data it
reads, and the names of the pieces whose results it reads, which are hashes themselves. What changes the result by no
more than rounding does is left out: on which device, with how many threads, where files lie. So
asking twice computes once, and what has changed is computed anew together with all that rests on it, and nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from shareornot.studies.naming import Kind, content_hash
from shareornot.studies.settings import RunSettings
from shareornot.studies.study_settings import ChapterSettings, Watching
from shareornot.supernet.settings import EvaluationSettings

CODE_VERSIONS: dict[Kind, int] = {"train": 1, "score": 1, "appraise": 1, "summarise": 1}
"""Whoever changes what a kind of work computes, beyond rounding, adds 1 to its number. Finished pieces of the old code
then keep their names, and are not taken for results of the new one."""
NOT_IDENTITY = {"forward_size"}
"""Settings that change the speed, and numbers by rounding at most."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainWork:
    """Train a super-net."""

    settings: RunSettings
    space_sha256: str
    """Of the cells of the space."""
    images_sha256: str
    watching: Watching


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoreWork:
    """Score a part of a super-net's pool."""

    settings: RunSettings
    evaluation: EvaluationSettings
    train: str
    """The piece that trains the super-net."""
    start: int
    """First position in the pool."""
    stop: int
    """Position after the last."""
    cells_sha256: str
    """Of the cells between them."""
    images_sha256: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AppraiseWork:
    """Judge the super-nets of one space, variant and evaluation: agreement, searches, bias audit, verdict."""

    settings: RunSettings
    """Of the first super-net."""
    chapter: ChapterSettings
    shards: tuple[tuple[str, ...], ...]
    """The pieces that score, for each super-net in the order of its pool."""
    benchmark_sha256: str
    times_sha256: tuple[str | None, str | None]
    """Of the files of measured times."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SummariseWork:
    """Put the numbers of all appraisals into one table."""

    appraisals: tuple[str, ...]


Work = TrainWork | ScoreWork | AppraiseWork | SummariseWork


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """One step of the work."""

    name: str
    kind: Kind
    label: str
    """What a person calls it."""
    needs: tuple[str, ...]
    """Names of the pieces whose results it reads."""
    spec: Mapping[str, Any]
    """What determines its result, as JSON has it."""
    work: Work


def make_piece(label: str, work: Work) -> Piece:
    """A piece with its name."""
    kind, needs, own = _describe(work)
    spec = {"kind": kind, "code": CODE_VERSIONS[kind], **own}
    return Piece(name=f"{kind}-{content_hash(spec)[:20]}", kind=kind, label=label, needs=needs, spec=spec, work=work)


def _describe(work: Work) -> tuple[Kind, tuple[str, ...], dict[str, Any]]:
    """Kind, needs, and what determines the result."""
    match work:
        case TrainWork():
            return (
                "train",
                (),
                {
                    "network": identity(work.settings.network),
                    "training": identity(work.settings.training),
                    "space": work.space_sha256,
                    "images": work.images_sha256,
                },
            )
        case ScoreWork():
            return (
                "score",
                (work.train,),
                {
                    "supernet": work.train,
                    "evaluation": _scoring_identity(work.evaluation),
                    "cells": work.cells_sha256,
                    "images": work.images_sha256,
                },
            )
        case AppraiseWork():
            search = identity(work.chapter.search)
            for name, digest in zip(("times", "supernet_times"), work.times_sha256, strict=True):
                search[name] = digest  # what is in the files, wherever they lie
            return (
                "appraise",
                tuple(dict.fromkeys(name for shards in work.shards for name in shards)),
                {
                    "scores": [list(shards) for shards in work.shards],
                    "seeds": list(work.chapter.seeds),
                    "space": work.chapter.space,
                    "variant": work.chapter.variant,
                    "benchmark": work.benchmark_sha256,
                    "search": search,
                },
            )
        case SummariseWork():
            return "summarise", work.appraisals, {"appraisals": list(work.appraisals)}


def identity(settings: Any) -> dict[str, Any]:
    """The fields of settings that determine a result, as JSON has them."""
    values = {}
    for one in fields(settings):
        if one.name not in NOT_IDENTITY:
            value = getattr(settings, one.name)
            if hasattr(value, "__dataclass_fields__"):
                value = identity(value)
            values[one.name] = list(value) if isinstance(value, tuple) else value
    return values


def _scoring_identity(evaluation: EvaluationSettings) -> dict[str, Any]:
    """What the scores depend on; without adaptation and fine-tuning no training image is looked at."""
    values = identity(evaluation)
    unused = set()
    if not evaluation.fine_tuning_steps:
        unused.add("fine_tuning_learning_rate")
        if evaluation.adaptation == "none":
            unused |= {"num_batches", "batch_size", "seed"}
    return {name: value for name, value in values.items() if name not in unused}
