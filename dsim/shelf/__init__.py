"""Off the shelf: published networks with weights, by what each costs on a device; nothing needs to be trained."""

from dsim.shelf.records import Limits, Shelved, Shortlist
from dsim.shelf.shortlist import shortlist, shortlists

__all__ = ["Limits", "Shelved", "Shortlist", "shortlist", "shortlists"]
