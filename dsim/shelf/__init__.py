"""Off the shelf: published networks with weights, by what each costs on a device; nothing needs to be trained."""

from dsim.shelf.metrics import Metric, Metrics, metrics
from dsim.shelf.records import ShelfLimits, Shelved, Shortlist
from dsim.shelf.shortlist import shortlist, shortlists

__all__ = ["Metric", "Metrics", "ShelfLimits", "Shelved", "Shortlist", "metrics", "shortlist", "shortlists"]
