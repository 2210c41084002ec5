"""The steps that make device_profiles/ and dsim/data/ out of raw figures, in their order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lab.curate import (
    aihub,
    ane,
    boards,
    checkpoints,
    contrasts,
    dates,
    desktop,
    families,
    galaxy_s26,
    iphones,
    names,
    one_table,
    phones,
    quantised,
    top1,
)

# A step reads raw figures from the first folder and writes into the second, which stands for the repository's root. The later
# ones also read what lies in the repository: the graphs, which lab.networks makes, and what the steps before them made.
STEPS: dict[str, Callable[[Path, Path], None]] = {
    "iphones": iphones.curate,
    "one_table": one_table.curate,
    "phones": phones.curate,
    "boards": boards.curate,
    "desktop": desktop.curate,
    "aihub": aihub.curate,
    "ane": ane.curate,
    "contrasts": contrasts.curate,
    "galaxy_s26": galaxy_s26.curate,
    "top1": top1.curate,
    "quantised": quantised.curate,
    "checkpoints": checkpoints.curate,
    "families": families.curate,
    "names": names.curate,
    "dates": dates.curate,
}
