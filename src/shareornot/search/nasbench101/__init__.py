"""The compiled searches on cells of NASBench-101, and the model of how long their passes take.

Evolution here follows the protocols of NASBench-101 and of the paper exactly, raw specifications included. The tests
compare each compiled search with a plain twin, cell by cell.
"""
