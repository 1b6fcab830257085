"""NAS-Bench-1Shot1: three product spaces of NASBench-101 cells, and the authors' incomplete enumerations of them."""

from shareornot.lazy_names import public_names
from shareornot.spaces.nasbench1shot1.enumeration import enumerated_topologies, pruned_topologies
from shareornot.spaces.nasbench1shot1.space import FAMILY, PARENTS, PUBLISHED, SPACES, OneShotSpace

__all__ = ["FAMILY", "PARENTS", "PUBLISHED", "SPACES", "OneShotSpace", "enumerated_topologies", "pruned_topologies"]

__dir__ = public_names(__name__)
