"""The EfficientFormer paper's statements, each as a computed check on each device: holds, does not hold, cannot tell.

Source of the statements: Li et al., EfficientFormer: Vision Transformers at MobileNet Speed, arXiv 2206.01191.
"""

from lab.claims.paper.records import Across, Check, Inputs, Kind, Piece, Ruling, Statement
from lab.claims.paper.run import ACROSS, STATEMENTS, run_checks

__all__ = [
    "ACROSS",
    "STATEMENTS",
    "Across",
    "Check",
    "Inputs",
    "Kind",
    "Piece",
    "Ruling",
    "Statement",
    "run_checks",
]
