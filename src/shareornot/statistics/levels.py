"""The level of significance and of confidence that every test and every interval of the product uses."""

SIGNIFICANCE = 0.05
"""A test is significant where its p-value, corrected where it has to be, lies below."""
CONFIDENCE = 1 - SIGNIFICANCE
"""Of intervals."""
POWER = 0.8
"""The probability to reach a decision that counts as enough super-nets."""
