"""Where a training may write: not among the pictures, and not into the folder of another kind of training."""

from __future__ import annotations

from pathlib import Path

from dsim.errors import InvalidValueError
from dsim.files import check_folder

SUPERNET, DESIGN = "supernet.toml", "training.toml"
_HOLDS = {SUPERNET: "a supernet", DESIGN: "a trained design"}


def check_place(folder: Path, data: str | Path, own: str) -> None:
    """Refuse a folder that a training must not write into, before anything is written.

    Parameters
    ----------
    folder
        Where it would write.
    data
        Folder of the pictures.
    own
        What this kind of training writes first: SUPERNET or DESIGN.

    Raises
    ------
    InvalidValueError
        The folder lies among the pictures, where it would be taken for a class, or holds another kind of training, whose
        files have the same names.
    FileAccessError
        It cannot be made or written.
    """
    check_folder(folder)
    if Path(data).resolve() in (folder.resolve(), *folder.resolve().parents):
        raise InvalidValueError(
            f"--out must not lie among the pictures, got {folder} with pictures in {data}; name a new folder beside them"
        )
    for file, what in _HOLDS.items():
        if file != own and (folder / file).exists():
            raise InvalidValueError(
                f"--out must be a folder of its own, and {folder} holds {what}; name a new folder"
            )
