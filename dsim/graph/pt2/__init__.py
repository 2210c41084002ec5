"""Read torch.export programs (.pt2) from their archive and JSON, never through torch.export.load."""

from dsim.graph.pt2.reader import read_pt2

__all__ = ["read_pt2"]
