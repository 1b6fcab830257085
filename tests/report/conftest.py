"""An appraisal with made-up numbers, which needs no table and no search, and an audit of the embedded benchmark."""

import numpy as np
import pytest

from shareornot.appraisal.appraisal import Appraisal
from shareornot.appraisal.audit import audit_space
from shareornot.appraisal.beyond_baselines import BeyondBaselines
from shareornot.appraisal.budget_comparison import BudgetComparison, RivalComparison, ScoredPool
from shareornot.appraisal.ranking_quality import ranking_quality
from shareornot.appraisal.verdict import Helped, Trust, Verdict
from shareornot.report.chapter import Chapter
from shareornot.search import CurveSummary
from shareornot.spaces import open_space
from shareornot.spaces.nasbench101 import space_cells, structural_features
from shareornot.statistics import EffectSize, NoiseCeiling, paper_interval, spearman, student_interval
from shareornot.studies.provenance import Provenance, UsedData
from shareornot.tables import open_benchmark


def made_up_verdict(answer, sentence, details=()):
    """A verdict with a given first answer."""
    return Verdict(
        helped=Helped(answer=answer, num_trained=10, sentence=sentence, more_supernets=None),
        trust=Trust(answer="partly", sentence="The scores can be trusted in part.", more_supernets=None),
        details=details,
    )


RIVALS = (
    ("random search", "random search", 0.02, False),
    ("local search", "local search", 0.018, True),
    ("number of parameters", "baseline", 0.012, True),
)


def rival(name, kind, regret, tested, num_trained, several):
    differences = np.array([0.008, 0.01, 0.012][: 3 if several else 1]) - regret
    return RivalComparison(
        name=name,
        kind=kind,
        regret=regret,
        difference=student_interval(differences),
        p_value=0.01 * num_trained if several else None,
        effect=EffectSize(d=-0.6, low=-1.0, high=0.0, confidence=0.95) if several else None,
        superiority=0.7,
        tested=tested,
    )


def curve(num_runs, scale):
    time_s = np.geomspace(1, 1000, 50)
    mean = scale * 0.05 / (1 + time_s)
    return CurveSummary(
        time_s=time_s,
        mean=mean,
        low=mean * 0.8,
        high=mean * 1.2,
        num_runs=num_runs,
        confidence=0.95,
    )


@pytest.fixture(scope="session")
def make_appraisal():
    """Super-nets that see the truth through noise; those that diverged give the same score to every cell."""

    def make(num_supernets=3, num_diverged=0, num_cells=60, **changes):
        pools, standalone, values = [], [], []
        for seed in range(num_supernets + num_diverged):
            rng = np.random.default_rng(seed)
            truth = np.random.default_rng(99).uniform(0.4, 0.95, num_cells)
            proxies = np.clip(truth * 0.5 + rng.normal(0, 0.1, num_cells), 0, 1)
            if seed >= num_supernets:
                proxies = np.full(num_cells, 0.1)
            pools.append(ScoredPool(name=f"seed-{seed}", cells=np.arange(num_cells, dtype=np.int32), proxies=proxies))
            standalone.append(truth)
            values.append(spearman(proxies, truth).value)
        good = np.array([value for value in values if value is not None])
        several = num_supernets > 1
        comparisons = tuple(
            BudgetComparison(
                num_trained=k,
                budget_s=10.0 * k,
                num_random_trainings=1000.0 * k,
                guided_regret=0.01,
                random_regret=0.02,
                evolution_regret=0.015,
                difference=student_interval(np.array([-0.012, -0.01, -0.008][: 3 if several else 1])),
                p_value=0.01 * k if several else None,
                effect=EffectSize(d=-0.5, low=-1.0, high=0.0, confidence=0.95) if several else None,
                superiority=0.7,
                evolution_difference=student_interval(np.array([-0.006, -0.005, -0.004])),
                evolution_p_value=0.04,
                evolution_effect=EffectSize(d=-0.3, low=-0.5, high=-0.1, confidence=0.95),
                rivals=tuple(rival(*one, k, several=several) for one in RIVALS),
            )
            for k in (1, 10)
        )
        content = {
            "benchmark": "made up",
            "space": "A_FULL",
            "variant": None,
            "num_cells": 2_532,
            "num_known": 2_000,
            "architectures": open_space("nasbench101"),
            "proxy_unit": "fraction",
            "pools": tuple(pools),
            "standalone": tuple(standalone),
            "spearmans": tuple(values),
            "agreement": student_interval(good),
            "paper_agreement": paper_interval(good),
            "quality": ranking_quality(
                [pool.proxies for pool in pools[:num_supernets]], standalone[:num_supernets], (1, 10)
            ),
            "ceiling": NoiseCeiling(share=1.0, num_cells=2_000, single_run=0.8, one_against_others=0.85, ceiling=0.9),
            "share_of_ceiling": float(good.mean() / 0.9),
            "baselines": {"number of parameters": 0.5, "training time": -0.1},
            "comparisons": comparisons,
            "curves": {
                "random": curve(500, 1),
                "evolution": curve(500, 0.9),
                "local": curve(500, 0.8),
                "baseline": curve(3, 0.7),
                "guided": curve(num_supernets, 0.5),
            },
            "time_unit": "seconds",
            "beyond_baselines": BeyondBaselines(
                agreement=student_interval(good),
                differences={"number of parameters": student_interval(good - 0.5)},
                size="number of parameters",
                partial_given_size=student_interval(good / 2),
                partial_given_all=student_interval(good / 2),
                at_equal_size=student_interval(good / 2),
            ),
            "verdict": ("helped", "Sharing weights helped.", ("First.", "Second.")),
            "notes": (),
        }
        content |= changes
        return Appraisal(**content | {"verdict": made_up_verdict(*content["verdict"])})

    return make


def digits_audit(space="A_FULL", liking="residual", num_supernets=2, num_cells=300, variant=None):
    """The audit of made-up super-nets that see the truth and like one structure."""
    table = open_benchmark("digits")
    rng = np.random.default_rng(0)
    cells = np.sort(rng.choice(space_cells(open_space(space), 5), num_cells, replace=False)).astype(np.int32)
    truth = table.query_many(cells, "validation_accuracy")[0]
    structure = structural_features(cells)[liking].astype(float)
    proxies = truth / 2 + 0.4 * structure / max(structure.max(), 1) + 0.001 * rng.random((num_supernets, num_cells))
    pools = [
        ScoredPool(name=f"seed-{seed}", cells=cells, proxies=np.clip(row, 0, 1)) for seed, row in enumerate(proxies)
    ]
    return audit_space(table, open_space(space), pools, rng, variant=variant)


@pytest.fixture(scope="session")
def audit():
    return digits_audit()


@pytest.fixture(scope="session")
def make_audit():
    return digits_audit


@pytest.fixture(scope="session")
def chapter(make_appraisal, audit):
    """One super-net of four diverged; cells are those of NASBench-101."""
    return Chapter(
        appraisal=make_appraisal(num_diverged=1, notes=("Percentages were taken for such.",)),
        audit=audit,
        losses={"seed-0": np.linspace(2.3, 0.5, 300), "seed-1": np.array([2.3, np.nan])},
    )


@pytest.fixture(scope="session")
def provenance():
    return Provenance(
        title="A small report",
        command="shareornot appraise results/a4",
        versions={"shareornot": "0.1.0", "numpy": "2.0"},
        seeds=(0, 1),
        settings={"training": {"epochs": 3}, "space": "A_FULL"},
        data_sets=(UsedData(name="digits", sha256="ab" * 32, size_bytes=12345),),
        duration_s=12.5,
        date="2026-03-01T12:30:00+00:00",
    )
