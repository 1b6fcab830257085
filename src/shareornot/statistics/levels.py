"""The level of significance and of confidence that every test and every interval of the product uses."""

SIGNIFICANCE = 0.05
"""Level below which a p-value, corrected for multiple tests where there are several, is significant."""
CONFIDENCE = 1 - SIGNIFICANCE
"""Confidence of intervals."""
POWER = 0.8
"""The probability to reach a decision that counts as enough super-nets."""
