"""Statistics that a reviewer would sign: agreement, noise ceiling, intervals, comparison of searches, power."""

from shareornot.lazy_names import public_names
from shareornot.statistics.agreement import (
    Agreement,
    Coefficient,
    agreement_within_top,
    diverged,
    kendall_tau,
    pearson,
    sparse_kendall_tau,
    spearman,
    weighted_kendall_tau,
    within_top,
)
from shareornot.statistics.bias_audit import AuditedScores, BiasAudit, Condition, RatedGroup, audit_bias
from shareornot.statistics.ceiling import (
    NoiseCeiling,
    highest_spearman,
    noise_ceiling,
    share_of_ceiling,
    simulated_ceiling,
)
from shareornot.statistics.chosen_top import (
    agreement_in_chosen_top,
    ceiling_in_chosen_top,
    training_in_chosen_top,
)
from shareornot.statistics.comparison import (
    Significance,
    holm,
    mean_difference,
    smallest_wilcoxon_p,
    student_t_test,
    welch_t_test,
    wilcoxon_signed_rank,
)
from shareornot.statistics.effect import (
    EffectSize,
    cohens_d,
    probability_of_superiority,
    standardized_difference,
    superiority_from_d,
)
from shareornot.statistics.false_discoveries import benjamini_hochberg
from shareornot.statistics.feature_columns import FeatureColumn, feature_columns
from shareornot.statistics.feature_effects import (
    StandardizedEffect,
    StructureEffect,
)
from shareornot.statistics.intervals import Interval, bootstrap_interval, paper_interval, student_interval
from shareornot.statistics.levels import CONFIDENCE, POWER, SIGNIFICANCE
from shareornot.statistics.noise_model import NoiseModel, fit_noise_model
from shareornot.statistics.partial import PoolRanks, RankStatistics, partial_correlation, rank_statistics
from shareornot.statistics.pools import first_evaluations, num_repeats
from shareornot.statistics.power import num_supernets_needed, smallest_detectable_effect, t_test_power
from shareornot.statistics.rank_residuals import rank_fractions, rank_residuals
from shareornot.statistics.reliability import (
    one_run_against_others,
    reliability_of_mean,
    single_run_agreement,
    spearman_brown,
)
from shareornot.statistics.rival_tests import RivalRuns, more_supernets, verdict_power
from shareornot.statistics.selection import (
    best_rank_at_k,
    best_regret_at_k,
    incumbent_probabilities,
    precision_at_k,
    random_best_rank_at_k,
    random_best_regret_at_k,
)
from shareornot.statistics.significance import CorrelationTest, correlation_test
from shareornot.statistics.small_tree import Leaf, Question, SmallTree, grow_tree
from shareornot.statistics.two_way import blocks_of, two_way_interval

__all__ = [
    "CONFIDENCE",
    "POWER",
    "SIGNIFICANCE",
    "Agreement",
    "AuditedScores",
    "BiasAudit",
    "Coefficient",
    "Condition",
    "CorrelationTest",
    "EffectSize",
    "FeatureColumn",
    "Interval",
    "Leaf",
    "NoiseCeiling",
    "NoiseModel",
    "PoolRanks",
    "Question",
    "RankStatistics",
    "RatedGroup",
    "RivalRuns",
    "Significance",
    "SmallTree",
    "StandardizedEffect",
    "StructureEffect",
    "agreement_in_chosen_top",
    "agreement_within_top",
    "audit_bias",
    "benjamini_hochberg",
    "best_rank_at_k",
    "best_regret_at_k",
    "blocks_of",
    "bootstrap_interval",
    "ceiling_in_chosen_top",
    "cohens_d",
    "correlation_test",
    "diverged",
    "feature_columns",
    "first_evaluations",
    "fit_noise_model",
    "grow_tree",
    "highest_spearman",
    "holm",
    "incumbent_probabilities",
    "kendall_tau",
    "mean_difference",
    "more_supernets",
    "noise_ceiling",
    "num_repeats",
    "num_supernets_needed",
    "one_run_against_others",
    "paper_interval",
    "partial_correlation",
    "pearson",
    "precision_at_k",
    "probability_of_superiority",
    "random_best_rank_at_k",
    "random_best_regret_at_k",
    "rank_fractions",
    "rank_residuals",
    "rank_statistics",
    "reliability_of_mean",
    "share_of_ceiling",
    "simulated_ceiling",
    "single_run_agreement",
    "smallest_detectable_effect",
    "smallest_wilcoxon_p",
    "sparse_kendall_tau",
    "spearman",
    "spearman_brown",
    "standardized_difference",
    "student_interval",
    "student_t_test",
    "superiority_from_d",
    "t_test_power",
    "training_in_chosen_top",
    "two_way_interval",
    "verdict_power",
    "weighted_kendall_tau",
    "welch_t_test",
    "wilcoxon_signed_rank",
    "within_top",
]

__dir__ = public_names(__name__)
