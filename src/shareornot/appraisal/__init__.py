"""Floor 4: scores against truth.

Agreement with standalone accuracies, noise ceilings, free baselines, searches at equal cost, the bias audit, and the
verdict in words. Nothing here trains or needs PyTorch. `user_scores/` reads the score files that users bring;
`appraisal.py` is the place to start.
"""
