"""Graph: the intermediate representation, its shape rules, passes and readers."""

from dsim.graph.builder import GraphBuilder
from dsim.graph.graph import Graph, Node, Ref
from dsim.graph.normal_form import normal_hash, op_counts
from dsim.graph.serial import graph_from_dict, graph_to_dict
from dsim.graph.store import load_graphs, save_graphs

__all__ = [
    "Graph",
    "GraphBuilder",
    "Node",
    "Ref",
    "graph_from_dict",
    "graph_to_dict",
    "load_graphs",
    "normal_hash",
    "op_counts",
    "save_graphs",
]
