"""Floor 6: a super-net of the user's own, trained, scored and judged from Python.

`score_supernet`, `train_supernet` and `appraise` are the whole way; `check_supernet` looks for what people get wrong
before anything long runs, and `probe` looks at initial weights. `activation` lists the methods that activate an
architecture in other packages. The names load on first use.
"""

from typing import TYPE_CHECKING

from shareornot.lazy_names import lazy_names

if TYPE_CHECKING:
    from shareornot.own_supernet.activation import METHODS
    from shareornot.own_supernet.appraising import appraise
    from shareornot.own_supernet.findings import Finding, SupernetWarning
    from shareornot.own_supernet.probing import probe
    from shareornot.own_supernet.scores import SupernetScores
    from shareornot.own_supernet.scoring import score_supernet
    from shareornot.own_supernet.self_check import check_supernet
    from shareornot.own_supernet.training import train_supernet

_HOME = {
    "METHODS": "activation",
    "Finding": "findings",
    "SupernetScores": "scores",
    "SupernetWarning": "findings",
    "appraise": "appraising",
    "check_supernet": "self_check",
    "probe": "probing",
    "score_supernet": "scoring",
    "train_supernet": "training",
}

__all__ = [
    "METHODS",
    "Finding",
    "SupernetScores",
    "SupernetWarning",
    "appraise",
    "check_supernet",
    "probe",
    "score_supernet",
    "train_supernet",
]

__getattr__, __dir__ = lazy_names(__name__, _HOME)
