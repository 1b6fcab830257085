"""The terms of a report and what they mean, for the list of definitions and for the links that lead there."""

import re

TERMS = {
    "super-net": "A network that holds the weights of all architectures of a space. Architectures share them.",
    "score": "The estimate of an architecture's quality by a super-net: accuracy on validation images with the shared "
    "weights, or whatever a score file holds. Only the order of the scores is used.",
    "standalone accuracy": "Accuracy of an architecture that was trained alone, from scratch; mean over its runs.",
    "Spearman correlation": "Correlation of the ranks by score and by standalone accuracy, from \u22121 to 1.",
    "noise ceiling": "The highest Spearman correlation that any scores could reach with the table. A network that is "
    "trained twice does not reach the same accuracy, so even the true accuracies would not correlate perfectly.",
    "free baseline": "A number that ranks architectures without any training, such as the number of parameters.",
    "partial correlation": "The Spearman correlation that remains after what free baselines explain is taken out of "
    "both scores and accuracies.",
    "regret": "Test accuracy of the best architecture of the space minus that of the architecture that a search "
    "chose by validation accuracy; in points of test accuracy.",
    "guided search": "Train the super-net, score a pool of architectures, and train the best by score alone.",
    "TOP-k": "The time at which the guided search has trained its k best architectures. It includes training the "
    "super-net, scoring the pool, and k trainings. All searches are compared at the same time.",
    "random search": "Train architectures of the space in random order.",
    "regularized evolution": "Train mutations of the best of a few recent architectures; the oldest member of the "
    "population is removed.",
    "local search": "Train the neighbours of the best architecture so far; restart if none of them is better.",
    "95 % interval": "Covers the true value in 95 % of repetitions with other super-nets and other architectures.",
    "d": "A difference of means in standard deviations: 0.2 is small, 0.5 medium, 0.8 large.",
    "rank residual": "Rank by score minus rank by standalone accuracy, in points of rank: positive means over-rated.",
    "equal accuracy": "Between architectures of equal standalone rank. Noisy scores under-rate whatever good "
    "architectures have; this comparison removes that effect.",
    "BNS-FT": "Batch-norm statistics are adapted to each architecture before it is scored; NO-FT: they are not.",
}


def term_id(term: str) -> str:
    """The anchor of a term's definition."""
    return "term-" + re.sub(r"[^a-z0-9]+", "-", term.lower()).strip("-")
