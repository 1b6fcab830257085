"""Replays of what was published: the paper's tables and statements, from published or own evaluations."""
