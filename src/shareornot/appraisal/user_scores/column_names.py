"""What columns are called: the names with a meaning, the names that mean the same, and what other names give away."""

import re
from collections.abc import Sequence

from shareornot.appraisal.user_scores.wording import shown

ARCHITECTURE_NAMES = ("architecture", "module_hash", "cell")
"""A text; an official hash of NASBench-101; a unique index. The first that is there is taken."""
PROXY_NAMES = ("proxy", "proxy_validation_accuracy")
SUPERNET_NAMES = ("supernet", "super_net", "supernet_id", "super_net_id", "supernet_name", "super_net_name")
RUN_NAMES = ("seed", "run", "seed_id", "run_id", "supernet_seed", "supernet_run")
"""Names that may mean the super-net; they do where each architecture has one row for each value."""
SINGLE_NAMES = ("space", "variant", "cost", "position", "supernet_cost", "scoring_cost")
REPEATED = ("standalone", "test", "proxy")
"""Names that may carry numbers, such as `standalone_0`, `standalone_1`, ..."""
_KNOWN = {*ARCHITECTURE_NAMES, *PROXY_NAMES, *SUPERNET_NAMES, *SINGLE_NAMES, "standalone", "test", "seed"}
_NUMBERED = re.compile(rf"({'|'.join(REPEATED)})(?:[_.]?(\d{{1,9}})|\[(\d{{1,9}})\])")
_INDEX = re.compile(
    r"|unnamed:?_?\d*(_level_\d+)?|__index_level_\d+__|index|idx|level_\d+|row|row_?(number|id|index|nr|no)|no\.?|nr\.?|"
    r"(.+_)?(id|uid|uuid|guid|idx|index)|trial|trial_number|number|#"
)
_SCORE_WORDS = frozenset(
    [
        "proxy",
        "standalone",
        "test",
        "val",
        "valid",
        "validation",
        "acc",
        "accuracy",
        "accuracies",
        "top1",
        "top5",
        "loss",
        "losses",
        "error",
        "errors",
        "err",
        "score",
        "scores",
        "rank",
        "ranks",
        "ranking",
        "reward",
        "fitness",
        "regret",
        "auc",
        "f1",
        "map",
        "miou",
        "perplexity",
        "ppl",
        "std",
        "stdev",
        "stddev",
        "stderr",
        "sem",
        "var",
        "variance",
        "kendall",
        "spearman",
        "value",
        "values",
        "objective",
        "metric",
        "naswot",
        "nwot",
        "synflow",
        "logsynflow",
        "snip",
        "grasp",
        "fisher",
        "jacov",
        "jacob",
        "zen",
        "zenscore",
        "zico",
        "ntk",
        "nregions",
        "epe",
        "gradnorm",
        "gradsign",
        "croze",
    ]
)
_SCORE_PHRASES = re.compile(r"(^|_)(jacob_cov|grad_norm|l2_norm|epe_nas|zen_score|top_[15])($|_)")
_TIME_WORDS = frozenset(
    ["time", "duration", "elapsed", "runtime", "date", "datetime", "timestamp", "started", "finished", "created"]
)
STATE = "how the run went"
"""Why a column such as `state` is no structure."""
_STATE_NAMES = frozenset(
    (
        *("state", "status", "seed", "run", "epoch", "epochs", "position", "hash", "module_hash", "cell"),
        *("done", "pid", "host", "hostname", "node_ip", "training_iteration", "iterations_since_restore"),
        *("notes", "user", "tags", "group", "job_type", "sweep", "_step", "step", "artifact_uri", "logdir", "log_dir"),
    )
)

_SIZE_THINGS = frozenset(
    [
        "param",
        "params",
        "parameter",
        "parameters",
        "weight",
        "weights",
        "flop",
        "flops",
        "mac",
        "macs",
        "madd",
        "madds",
        "adds",
        "latency",
    ]
)
_SIZE_UNITS = frozenset(
    [
        "k",
        "m",
        "g",
        "b",
        "mb",
        "kb",
        "gb",
        "mib",
        "million",
        "millions",
        "billion",
        "billions",
        "ms",
        "us",
        "s",
        "sec",
        "seconds",
        "count",
        "total",
        "num",
        "number",
        "mean",
        "avg",
        "cpu",
        "gpu",
        "mobile",
        "edge",
        "edgegpu",
        "tpu",
        "fpga",
        "pixel3",
        "raspi4",
        "eyeriss",
        "inference",
        "in",
    ]
)
_SIZED = frozenset(
    [
        "model",
        "network",
        "net",
        "file",
        "weight",
        "weights",
        "parameter",
        "param",
        "params",
        "checkpoint",
        "storage",
        "memory",
        "arch",
    ]
)


def normalized(name: str) -> str:
    """The name in lower case, without separators and decorations.

    Spaces and hyphens become underscores; quotes and marks of Markdown around it, letters without a width, and `(%)` or
    `[s]` behind it are removed.
    """
    plain = re.sub(r"[\u200b-\u200f\u2060\ufeff]", "", name).strip().strip("'\"").lower()
    plain = re.sub(r"^(\*\*|\*|`)(.+)\1$", r"\2", plain)
    plain = re.sub(r"[\s_]*(%|\(%\)|\[%\]|\(s\)|\[s\])$", "", plain)
    return re.sub(r"^stand_alone", "standalone", re.sub(r"[\s\-]+", "_", plain))


def numbered(name: str) -> tuple[str, int] | None:
    """The kind and number of a column such as `standalone_2`; None for other names."""
    found = _NUMBERED.fullmatch(normalized(name))
    return (found[1], int(found[2] or found[3])) if found else None


def is_known_name(name: str) -> bool:
    """Whether a name has a meaning of its own."""
    return normalized(name) in _KNOWN or numbered(name) is not None


def is_index_name(name: str) -> bool:
    """Whether a name is that of an index, which counts rows and does not describe an architecture."""
    return _INDEX.fullmatch(normalized(name)) is not None


def not_structure(name: str, others: Sequence[str]) -> str | None:
    """Why a column of this name is no structural feature, in words; None where it may be one.

    Args:
        name: name of the column.
        others: names of all columns.
    """
    plain = normalized(name)
    if is_index_name(name):
        return "an index"
    if is_size_name(name):
        return None
    repeated = re.fullmatch(r"(.+)\.\d+", name)
    if repeated and repeated[1] in others:
        return f"a copy of {shown(repeated[1])}"
    words = set(re.split(r"[^a-z0-9]+", plain))
    if plain in _STATE_NAMES:
        return STATE
    if words & _SCORE_WORDS or _SCORE_PHRASES.search(plain):
        return "another score"
    if words & _TIME_WORDS:
        return "a time"
    return None


def is_size_name(name: str) -> bool:
    """Whether a column of this name measures the size of an architecture: parameters, operations, latency.

    `num_params`, `cifar10_params` and `latency_ms` do; `params_lr`, `batch_size` and `kernel_size` do not.
    """
    words = [word for word in re.split(r"[^a-z0-9]+", normalized(name)) if word]
    while words and words[-1] in _SIZE_UNITS:
        words.pop()
    if not words:
        return False
    if words[-1] == "size":
        return all(word in _SIZED for word in words[:-1])
    return words[-1] in _SIZE_THINGS
