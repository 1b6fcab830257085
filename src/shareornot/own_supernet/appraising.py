"""Judge the scores of a user's super-net by what training the architectures alone gave."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from shareornot.appraisal.user_scores import AppraisedScores, appraise_scores
from shareornot.errors import DataError, SettingsError
from shareornot.own_supernet.architectures import text_of
from shareornot.own_supernet.scores import SupernetScores
from shareornot.spaces import Space, known_families
from shareornot.tables import Table
from shareornot.tables.contract import TEST, TIME, VALIDATION

Columns = dict[str, list[Any]]
"""A value for each architecture."""
MOST_MISSING = 0.5
"""Share of the scored architectures that standalone accuracies may lack, unless the call sets another."""


def appraise(
    scores: SupernetScores | Sequence[SupernetScores],
    standalone: Any,
    *,
    allow_missing: bool = False,
    **options: Any,
) -> AppraisedScores:
    """Do the scores rank architectures as training alone does, and does a search that they guide pay?

    Args:
        scores: scores of one super-net, or of several over the same architectures, such as one for each seed.
        standalone: accuracies of architectures that were trained alone. A mapping of architectures, or of their texts,
            to an accuracy or to a list with one for each training; a data frame of pandas or polars with the
            architectures in its index or in the column `architecture`, and columns as in docs/own-scores.md; or a
            `Table`. Architectures without a score are known to random search.
        allow_missing: appraise what there is, though `standalone` lacks half of the scored architectures or more.
        **options: options of `shareornot.appraisal.user_scores.appraise_scores`, such as `supernet_cost` in average
            trainings, and of `read_user_scores`, such as `unit`.

    Returns:
        The appraisal, with its `verdict` in words, and the bias audit.

    Raises:
        DataError: too many architectures without a standalone accuracy, or too few to appraise.
        UnitError: accuracies in mixed units.
    """
    several = [scores] if isinstance(scores, SupernetScores) else list(scores)
    if not several or not all(isinstance(one, SupernetScores) for one in several):
        got = type(scores).__name__ if not several else type(several[0]).__name__
        raise SettingsError(f"scores: expected what score_supernet returns, or a list of it, got {got}")
    table = _from_table(several, standalone) if isinstance(standalone, Table) else _columns_of(standalone)
    scored = list(dict.fromkeys(text for one in several for text in one.texts))
    _check_coverage(scored, table, allow_missing=allow_missing)
    known = set(table["architecture"])
    texts = [*table["architecture"], *(text for text in scored if text not in known)]
    columns: Columns = {"architecture": texts}
    for number, one in enumerate(several):
        own = one.to_dict()
        columns["proxy" if len(several) == 1 else f"proxy_{number}"] = [own.get(text) for text in texts]
    for name, values in table.items():
        if name != "architecture":
            columns[name] = [*values, *[None] * (len(texts) - len(values))]
    for name, described in _described(several[0].architectures.space, texts).items():
        columns.setdefault(name, described)
    (found,) = (results := appraise_scores(columns, **options))
    return replace(found, appraisal=replace(found.appraisal, notes=(*results.notes, *found.appraisal.notes)))


def _columns_of(standalone: Any) -> Columns:
    """Accuracies by architecture as columns, with one called `architecture`.

    Raises:
        SettingsError: nothing of the kind.
    """
    if hasattr(standalone, "iloc") and hasattr(standalone, "columns"):
        frame = standalone if "architecture" in standalone.columns else standalone.reset_index()
        columns = {str(name): frame[name].tolist() for name in frame.columns}
        if "architecture" not in columns:
            columns = {"architecture": columns.pop(str(frame.columns[0])), **columns}
    elif hasattr(standalone, "iloc") and hasattr(standalone, "to_dict"):  # a series
        return _columns_of(standalone.to_dict())
    elif hasattr(standalone, "to_dicts") or hasattr(standalone, "to_pydict"):
        columns = standalone.to_dict(as_series=False) if hasattr(standalone, "to_dicts") else standalone.to_pydict()
    elif isinstance(standalone, Mapping):
        return _of_mapping(standalone)
    else:
        raise SettingsError(
            "standalone: expected a mapping of architectures to accuracies, a data frame or a Table, got "
            f"{type(standalone).__name__}; give for example {{architecture: accuracy, ...}}"
        )
    if "architecture" not in columns:
        raise DataError(
            f"standalone: expected the column architecture, got {', '.join(columns) or 'no columns'}; rename one, or "
            "make the architectures the index"
        )
    columns["architecture"] = [text_of(value) for value in columns["architecture"]]
    others = [name for name in columns if name != "architecture"]
    if len(others) == 1:
        columns = {"architecture": columns["architecture"], "standalone": columns[others[0]]}
    return columns


def _of_mapping(standalone: Mapping[Any, Any]) -> Columns:
    """Columns of a mapping from each architecture to one accuracy, or to one for each training."""
    texts, runs = [], []
    for key, value in standalone.items():
        own = [float(one) for one in np.atleast_1d(np.asarray(value, np.float64))]
        texts.append(text_of(key))
        runs.append(own)
    num_runs = max(map(len, runs), default=0)
    padded = [[*own, *[None] * (num_runs - len(own))] for own in runs]
    if num_runs <= 1:
        return {"architecture": texts, "standalone": [own[0] if own else None for own in padded]}
    return {"architecture": texts} | {f"standalone_{run}": [own[run] for own in padded] for run in range(num_runs)}


def _from_table(several: Sequence[SupernetScores], table: Table) -> Columns:
    """What a table holds of the scored architectures.

    Raises:
        ArchitectureError: texts that are no architectures of the table's space.
    """
    texts = list(dict.fromkeys(text for one in several for text in one.texts))
    numbers = _numbers_in(several, table, texts)
    rows, held = table.rows_of(numbers)
    kept = np.flatnonzero(held)
    columns: Columns = {"architecture": [texts[place] for place in kept.tolist()]}
    names = {VALIDATION: "standalone", TEST: "test"}
    if VALIDATION not in table.metrics:
        names = {TEST: "standalone"}
    for metric, name in names.items():
        if metric in table.metrics:
            values = np.asarray(table.values(metric), np.float64)[rows[kept]]
            for run in range(values.shape[1]):
                columns[name if values.shape[1] == 1 else f"{name}_{run}"] = values[:, run].tolist()
    if TIME in table.metrics:
        columns["cost"] = table.mean(TIME)[rows[kept]].tolist()
    return columns


def _numbers_in(several: Sequence[SupernetScores], table: Table, texts: list[str]) -> np.ndarray:
    """Numbers of architectures in the space of a table: their own where they are numbers, else those of their texts."""
    own = {
        text: number
        for one in several
        for text, number in zip(one.texts, one.architectures.numbers.tolist(), strict=True)
    }
    if several[0].architectures.space.family == table.space.family:
        return np.array([own[text] for text in texts], np.int64)
    values = {text: value for one in several for text, value in zip(one.texts, one.architectures.values, strict=True)}
    if all(isinstance(values[text], int) for text in texts):
        return np.array([values[text] for text in texts], np.int64)
    return np.asarray(table.space.parse(texts), np.int64)


def _check_coverage(scored: list[str], table: Columns, *, allow_missing: bool) -> None:
    """Refuse standalone accuracies of other architectures than the scored ones.

    Raises:
        DataError: half of the scored architectures or more have none.
    """
    known = set(table["architecture"])
    missing = [text for text in scored if text not in known]
    if not missing or (allow_missing and len(missing) < len(scored)):
        return
    if len(missing) >= MOST_MISSING * len(scored):
        other = next((text for text in table["architecture"] if text not in set(scored)), None)
        example = "" if other is None else f", and has others, such as {other[:60]!r}"
        remedy = "give them the same texts" if other is not None else "train more of them alone, or score fewer"
        if len(missing) < len(scored):
            remedy += ", or pass allow_missing=True to appraise the rest"
        raise DataError(
            f"standalone: expected an accuracy of each of the {len(scored):,} scored architectures, got "
            f"{len(scored) - len(missing):,}: it lacks {missing[0][:60]!r}{example}; {remedy}"
        )


def _described(space: Space, texts: list[str]) -> Columns:
    """Features and sizes of architectures, taken from their space; those of known families follow from texts."""
    if space.family in {family.family for family in known_families()} or getattr(space, "kind", None) is not None:
        return {}
    numbers = dict(zip(space.texts(space.members), space.members.tolist(), strict=True))
    places = [place for place, text in enumerate(texts) if text in numbers]
    inside = np.array([numbers[texts[place]] for place in places], np.int32)
    found: Columns = {}
    for name, values in {**space.features(inside), **space.sizes(inside)}.items():
        column: list[Any] = [None] * len(texts)
        for place, value in zip(places, np.asarray(values).tolist(), strict=True):
            column[place] = value
        found[name] = column
    return found
