"""The spread of many effects over few super-nets, each steadied by all the others.

Two or three super-nets hardly tell how much one effect varies from seed to seed, but twenty structures together tell
how much effects vary. Empirical Bayes takes what each says of itself and what all say together at their worth, which is
how effects of thousands of genes are tested with three samples.

References: Smyth 2004, "Linear models and empirical Bayes methods for assessing differential expression in microarray
experiments".
"""

import numpy as np
from jaxtyping import Float
from scipy import optimize, special

MIN_STRUCTURES = 8
"""With fewer the others say too little: every variance is taken as it is."""

Values = Float[np.ndarray, " structures"]


def moderated_variances(variances: Values, degrees: Values) -> tuple[Values, Values]:
    """Variances drawn to each other as far as they look alike, and their degrees of freedom, which grow by that.

    A variance s^2 with f degrees of freedom becomes (f0 s0^2 + f s^2) / (f0 + f) with f0 + f degrees, where f0 and s0
    fit mean and variance of all log s^2. The structures overlap, so f0 is at most their number.

    Args:
        variances: of each effect over super-nets, in units in which they can be compared; at least 0.
        degrees: of freedom of each, positive.

    Returns:
        The same variances and degrees where there are fewer than 8, or where they tell nothing.
    """
    if len(variances) < MIN_STRUCTURES or not (variances > 0).any():
        return variances, degrees
    # a spread of exactly zero, as of two copies of a super-net, would be an outlier on the scale of logarithms
    floored = np.maximum(variances, 1e-5 * np.median(variances[variances > 0]))
    expected = special.digamma(degrees / 2) - np.log(degrees / 2)
    logs = np.log(floored) - expected
    left = float(logs.var(ddof=1) - special.polygamma(1, degrees / 2).mean())
    most = float(len(variances))
    prior = min(2 * _inverse_trigamma(left), most) if left > special.polygamma(1, most / 2) else most
    typical = np.exp(logs.mean() + special.digamma(prior / 2) - np.log(prior / 2))
    total = prior + degrees
    return np.asarray((prior * typical + degrees * variances) / total), np.asarray(total)


def _inverse_trigamma(value: float) -> float:
    """Where the trigamma function, which falls from infinity to zero, has a positive value."""
    return float(np.exp(optimize.brentq(lambda log: float(special.polygamma(1, np.exp(log))) - value, -50, 50)))
