"""Where dsim keeps things: bundled profiles, the user's profiles, cached fits."""

from __future__ import annotations

import os
from pathlib import Path


def bundled_profiles_dir() -> Path:
    """Return the folder of the profiles that come with dsim: inside the package in a wheel, beside it in a checkout."""
    package = Path(__file__).resolve().parent
    inside = package / "device_profiles"
    return inside if inside.is_dir() else package.parent / "device_profiles"


def user_profiles_dir() -> Path:
    """Return the folder of the user's own profiles: ``$DSIM_PROFILES``, else the platform's data folder."""
    chosen = os.environ.get("DSIM_PROFILES")
    if chosen:
        return Path(chosen)
    import platformdirs  # only needed where no folder was named

    return Path(platformdirs.user_data_dir("dsim")) / "device_profiles"


def cache_dir() -> Path:
    """Return the folder of cached fits: ``$DSIM_CACHE``, else the platform's cache folder."""
    chosen = os.environ.get("DSIM_CACHE")
    if chosen:
        return Path(chosen)
    import platformdirs  # only needed where no folder was named

    return Path(platformdirs.user_cache_dir("dsim"))
