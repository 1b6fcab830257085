"""Floor 2: searches on a table, their costs and their regrets."""

from shareornot.lazy_names import public_names
from shareornot.search.budgets import (
    TopK,
    guided_regret,
    random_search_runs_at,
)
from shareornot.search.comparison import PAPER_V1, Comparison, ComparisonProtocol, compare_searches
from shareornot.search.contract import SearchRuns
from shareornot.search.evolution import evolution_runs
from shareornot.search.evolution_settings import EvolutionSettings, FirstPopulation
from shareornot.search.expectation import ExpectedRegret, expected_random_regret
from shareornot.search.guided import guided_order, guided_runs, trivial_guides
from shareornot.search.local_search import local_search_runs
from shareornot.search.nasbench101.pass_times import PassTimeFit, fit_pass_times
from shareornot.search.random_search import random_search_runs
from shareornot.search.regret import (
    CurveSummary,
    RegretCurves,
    finish_times,
    incumbent_regret,
    regret_at,
    time_grid,
)
from shareornot.search.simulated_table import simulated_table
from shareornot.search.table import Answer, Landscape, SearchTable
from shareornot.search.time_models import SupernetCost, supernet_cost, training_times

__all__ = [
    "PAPER_V1",
    "Answer",
    "Comparison",
    "ComparisonProtocol",
    "CurveSummary",
    "EvolutionSettings",
    "ExpectedRegret",
    "FirstPopulation",
    "Landscape",
    "PassTimeFit",
    "RegretCurves",
    "SearchRuns",
    "SearchTable",
    "SupernetCost",
    "TopK",
    "compare_searches",
    "evolution_runs",
    "expected_random_regret",
    "finish_times",
    "fit_pass_times",
    "guided_order",
    "guided_regret",
    "guided_runs",
    "incumbent_regret",
    "local_search_runs",
    "random_search_runs",
    "random_search_runs_at",
    "regret_at",
    "simulated_table",
    "supernet_cost",
    "time_grid",
    "training_times",
    "trivial_guides",
]

__dir__ = public_names(__name__)
