"""Load profiles by name, and those that a profile is learned with."""

from __future__ import annotations

from pathlib import Path

from dsim.device.batches import at_batch, name_at, split_name
from dsim.device.fields import read_text, read_toml
from dsim.device.folders import EVIDENCE, list_profiles, profile_folders
from dsim.device.load import load_profile
from dsim.device.named import profile_named
from dsim.device.profile import DeviceProfile
from dsim.errors import FileFormatError, unknown_name
from dsim.places import bundled_profiles_dir


def bundled_profile(name: str) -> DeviceProfile:
    """Load a profile that comes with dsim; a user's profile of the same name does not shadow it.

    Raises
    ------
    UnknownNameError
        No profile of that name comes with dsim.
    FileFormatError
        Its files break a rule.
    """
    folders = profile_folders(bundled_profiles_dir())
    if name not in folders:
        raise unknown_name("device", name, folders)
    return load_profile(folders[name])


def find_profile(name: str) -> DeviceProfile:
    """Load a profile by name, at one batch: ``my-server`` at its smallest, ``my-server@batch8`` at 8.

    A phone, a chip, a maker or other words of what a profile says of itself do as well, where one profile alone holds them
    (`dsim.device.named`): ``iPhone 12``, ``A14``.

    Raises
    ------
    UnknownNameError
        No profile is meant, or several are; the message lists the closest, or in what the several differ.
    BatchError
        It was not measured at that batch.
    FileFormatError
        Its files break a rule, or name a donor that is no profile.
    """
    folders = list_profiles()
    plain, batch = split_name(name)
    if plain not in folders:
        plain = profile_named(plain)
    profile = load_profile(folders[plain])
    if profile.donor and split_name(profile.donor)[0] not in folders:
        raise FileFormatError(
            f"{profile.folder / 'profile.toml'}, donor: {unknown_name('device', profile.donor, folders)}"
        )
    return at_batch(profile, batch)


def name_at_batch(name: str, batch: int | None = None) -> str:
    """Return the name by which a device is known everywhere, at a batch, or at what its own name asks for.

    Raises
    ------
    UnknownNameError
        There is no such profile.
    BatchError
        It was not measured at that batch.
    """
    return find_profile(name_at(name, batch)).name


def pool_of(profile: DeviceProfile) -> tuple[DeviceProfile, ...]:
    """Return the profiles that a profile is learned with, itself included, in order of name.

    A bundled profile is learned with bundled ones only, so that a user's profiles never alter it. A user's profile is
    learned with the bundled ones of the pool that it names, and itself. Evidence that is too little for a profile of its
    own (``device_profiles/_evidence``) is among them.
    """
    batch = split_name(profile.pool)[1]
    read = [load_profile(folder) for folder in pool_folders(profile) if folder != profile.folder]
    # at one batch of several, a profile is learned with what the others measured at that batch
    members = {one.name: at_batch(one, batch) for one in read if batch is None or batch in one.batches}
    members[profile.name] = profile
    return tuple(members[name] for name in sorted(members))


def _pool_in(path: Path, pool: str) -> bool:
    # a text that does not hold the name is not parsed: that takes longer than all the rest of an answer from the cache
    return pool in read_text(path) and read_toml(path).get("pool") == pool


def pool_folders(profile: DeviceProfile) -> tuple[Path, ...]:
    """Return the folders of a profile's pool in order of name, its own included; no figures are read."""
    root = bundled_profiles_dir()
    folders = profile_folders(root) | profile_folders(root / EVIDENCE)
    plain, pool = split_name(profile.name)[0], split_name(profile.pool)[0]
    members = {
        name: folder
        for name, folder in folders.items()
        if name != plain and _pool_in(folder / "profile.toml", pool)
    }
    members[plain] = profile.folder
    return tuple(members[name] for name in sorted(members))
