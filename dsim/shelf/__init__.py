"""Off the shelf: published networks with weights, by what each costs on a device; nothing needs to be trained."""

from dsim.shelf.records import ShelfLimits, Shelved, Shortlist
from dsim.shelf.shortlist import shortlist, shortlists

__all__ = ["ShelfLimits", "Shelved", "Shortlist", "shortlist", "shortlists"]
