"""Floor 1: what an architecture is.

Its number, text, structure, features, isomorphism and mutation; one folder for each family of spaces. Nothing here
knows a data set, a network or a standalone accuracy.
"""
