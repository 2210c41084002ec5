"""Merge parallel linear branches into one layer: a network as it ships, from the one that was trained."""

from dsim.graph.merging.merge import Merged, merge_branches

__all__ = ["Merged", "merge_branches"]
