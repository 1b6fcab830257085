"""NAS-Bench-201: cells of four nodes with one of five operations on each of six edges."""

from shareornot.lazy_names import public_names
from shareornot.spaces.nasbench201.costs import flop_count, parameter_count
from shareornot.spaces.nasbench201.space import EDGES, FAMILY, OPERATIONS, SPACES, NASBench201

__all__ = ["EDGES", "FAMILY", "OPERATIONS", "SPACES", "NASBench201", "flop_count", "parameter_count"]

__dir__ = public_names(__name__)
