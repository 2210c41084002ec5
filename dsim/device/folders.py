"""The folders of profiles: the user's own, and those that come with dsim."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from dsim.errors import FileAccessError
from dsim.files import check_folder
from dsim.places import bundled_profiles_dir, user_profiles_dir
from dsim.stages import clear_dead, stages_in

# combinations with too few networks for a profile of their own: read with their pool, listed nowhere
EVIDENCE = "_evidence"
# journals of what dsim measured, beside the user's profiles
JOURNALS = "_measured"


def profile_folders(root: Path) -> dict[str, Path]:
    """Return the folders below ``root`` that hold a profile, by name; none where there is no such folder.

    A profile that a killed dsim was replacing is put in its place first.

    Raises
    ------
    FileAccessError
        It cannot be looked into, as another user's home.
    """
    if stages_in(root):
        with suppress(FileAccessError):  # whoever writes there says it
            clear_dead(root)
    try:
        found = sorted(root.iterdir()) if root.is_dir() else []
        return {path.name: path for path in found if (path / "profile.toml").is_file()}
    except OSError as error:
        raise FileAccessError(
            f"folder {root} cannot be looked into: {error.strerror}; allow it, or name a folder for your own profiles in DSIM_PROFILES"
        ) from error


def writable_profiles_dir() -> Path:
    """Return the folder of the user's own profiles, made or not, which may be written.

    Raises
    ------
    FileAccessError
        It cannot be made or written.
    """
    root = user_profiles_dir()
    check_folder(root, "let $DSIM_PROFILES name a folder that your profiles may be written into")
    return root


def bundled_names() -> tuple[str, ...]:
    """Return the names of the profiles that come with dsim."""
    return tuple(profile_folders(bundled_profiles_dir()))


def bundled_folders() -> tuple[Path, ...]:
    """Return the folders of everything measured that comes with dsim, evidence without a profile of its own included."""
    root = bundled_profiles_dir()
    return (*profile_folders(root).values(), *profile_folders(root / EVIDENCE).values())


def list_profiles() -> dict[str, Path]:
    """Return every profile's folder by name; a user's profile shadows a bundled one of the same name."""
    return {**profile_folders(bundled_profiles_dir()), **profile_folders(user_profiles_dir())}
