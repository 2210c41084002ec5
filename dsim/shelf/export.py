"""Write a network of a shortlist for a runtime, with its weights."""

from __future__ import annotations

from pathlib import Path

from dsim.errors import InvalidValueError
from dsim.export.findings import Exported
from dsim.export.network import check_target, export_network
from dsim.export.timm_weights import image_words, load_weights, require_timm
from dsim.shelf.checkpoints import checkpoints
from dsim.shelf.records import Shelved, Shortlist

NAMED = 5  # networks that an error names


def chosen_of(found: Shortlist, name: str | None = None) -> Shelved:
    """Return a network of a shortlist: its first, or the first that has a name, with its tag or without.

    Raises
    ------
    InvalidValueError
        The list is empty, or has no network of that name.
    """
    if not found.rows:
        raise InvalidValueError(
            f"an export needs a network that fits, and none fits {found.budget_ms:g} ms on {found.device}; raise the budget"
        )
    row = next((row for row in found.rows if name in (None, row.name, row.network)), None)
    if row is None:
        some = ", ".join(one.name for one in found.top(NAMED))
        raise InvalidValueError(
            f"name must be of a network on the list, got {name!r}; the first of it: {some}"
        )
    return row


def check_export(folder: str | Path, to: str) -> None:
    """Refuse what cannot be written, before anything slow and before anybody is told that it is written.

    Raises
    ------
    DsimError
        The folder cannot be written, there is no such form, or timm or a package that the form needs is missing.
    """
    check_target(folder, to)
    require_timm()


def export_shelved(row: Shelved, folder: str | Path, to: str, weights: Path | None = None) -> Exported:
    """Write a published network with its weights, its branches merged, as a file for a runtime.

    Parameters
    ----------
    row
        One of a shortlist.
    folder
        Where the files go; it is made if need be.
    to
        ``"onnx"``, ``"torchexport"``, ``"coreml"`` or ``"litert"``.
    weights
        A file of its weights, in place of timm's download.

    Raises
    ------
    DsimError
        timm or a package that the form needs is missing, the weights cannot be had, the folder cannot be written, or the file
        does not give the network's scores.
    """
    check_export(folder, to)
    sized = next(one.sized for one in checkpoints() if (one.name, one.px) == (row.name, row.px))
    module = load_weights(row.name, row.px if sized else None, weights)
    notes = (
        f"top-1 as published: {row.top1:.2f}% at {row.px} px ({row.trained})",
        f"licence of the weights: {row.licence}",
        image_words(module),
        *(("its branches are merged",) if row.merge else ()),
    )
    return export_network(module, row.px, folder, to, name=row.name, notes=notes)
