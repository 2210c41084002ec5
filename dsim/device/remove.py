"""Remove a profile of the user's own: its files and what was measured for it, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dsim.device.card import is_card
from dsim.device.folders import JOURNALS, bundled_names, profile_folders
from dsim.device.named import profile_named
from dsim.errors import DsimError, FileAccessError, InvalidValueError, unknown_name
from dsim.places import user_profiles_dir

# what dsim writes into a profile's folder, beside cards
WRITTEN = (
    "profile.toml",
    "networks.csv",
    "contrasts.csv",
    "placements.csv",
    "ops.parquet",
    "graphs.parquet",
    "measured.toml",
    "variants.csv",
)


@dataclass(frozen=True)
class Removal:
    """What removing a profile deletes.

    Attributes
    ----------
    name, folder
        Of the profile.
    files
        What is deleted: the profile's files, and the journals of measurements that were made under its name.
    left
        What stays in its folder, for dsim did not write it.
    shadowed
        Whether a profile of this name comes with dsim, which is then found under it again.
    """

    name: str
    folder: Path
    files: tuple[Path, ...]
    left: tuple[Path, ...]
    shadowed: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the object that ``dsim device remove --json`` prints."""
        return {
            "device": self.name,
            "folder": str(self.folder),
            "files": list(map(str, self.files)),
            "left": list(map(str, self.left)),
            "shadowed": self.shadowed,
        }


def plan_removal(name: str) -> Removal:
    """Say what `remove_device` would delete; nothing is deleted.

    Parameters
    ----------
    name
        Exactly as ``dsim device list`` shows it.

    Raises
    ------
    InvalidValueError
        The profile comes with dsim.
    UnknownNameError
        The user has no profile of this name.
    """
    own, bundled = profile_folders(user_profiles_dir()), bundled_names()
    if name not in own:
        if _meant(name) in bundled:
            raise InvalidValueError(
                f"only profiles of your own can be removed, and {_meant(name)!r} comes with dsim; "
                f"yours are: {', '.join(own) or 'none'}"
            )
        raise unknown_name("device", name, own)
    folder = own[name]
    if folder.is_symlink():  # what it points to lies elsewhere, and stays
        return Removal(name, folder, (folder,), (), name in bundled)
    inside = sorted(folder.iterdir())
    files = [path for path in inside if path.name in WRITTEN or is_card(path.name)]
    left = tuple(path for path in inside if path not in files)
    return Removal(name, folder, (*files, *_journals(name, own)), left, name in bundled)


def _meant(name: str) -> str:
    try:
        return profile_named(name)
    except DsimError:
        return name


def _journals(name: str, own: dict[str, Path]) -> list[Path]:
    """Return the journals of a measurement under this name, unless a profile of another backend was made of them too."""
    if any(other.startswith(f"{name}-") for other in own):
        return []
    folder = user_profiles_dir() / JOURNALS
    # a profile's name has no dot, so that what stands before the first one is the whole name
    return sorted(path for path in folder.glob("*.jsonl") if path.name.partition(".")[0] == name)


def remove_device(name: str) -> Removal:
    """Delete a profile of the user's own, as ``dsim device remove`` does.

    Parameters
    ----------
    name
        Exactly as ``dsim device list`` shows it.

    Returns
    -------
    Removal
        What was deleted, and what stays.

    Raises
    ------
    InvalidValueError
        The profile comes with dsim.
    UnknownNameError
        The user has no profile of this name.
    FileAccessError
        A file cannot be deleted.
    """
    plan = plan_removal(name)
    # the last file to go is the one that makes the folder a profile, so that a removal that failed can be repeated
    for path in sorted(plan.files, key=lambda path: path.name == WRITTEN[0]):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise FileAccessError(f"{path} cannot be deleted: {error.strerror}; make it writable") from error
    if not plan.left and not plan.folder.is_symlink() and plan.folder.exists():
        try:
            plan.folder.rmdir()
        except OSError as error:
            raise FileAccessError(f"{plan.folder} cannot be deleted: {error.strerror}") from error
    return plan
