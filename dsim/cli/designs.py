"""What a user may call a design on the command line: a preset, a file, or a study."""

from __future__ import annotations

import json
from pathlib import Path

from dsim.arch import PRESETS, Arch, get_preset
from dsim.errors import FileAccessError, FileFormatError
from dsim.search.files import CHOSEN


def read_design(text: str) -> Arch:
    """Give the design that a command-line argument names.

    Raises
    ------
    UnknownNameError
        It is neither a preset nor a file or folder.
    FileFormatError
        The file is no design, or the study chose none.
    """
    path = Path(text)
    if text in PRESETS or not path.exists():
        return get_preset(text)
    if path.is_dir():
        path = path / CHOSEN
    try:
        content = path.read_text(encoding="utf-8")
        raw = json.loads(content)
    except (OSError, UnicodeDecodeError) as error:
        raise FileAccessError(
            f"{path} cannot be read: {error}; name a preset, an arch.json or a study"
        ) from error
    except json.JSONDecodeError as error:
        raise FileFormatError(
            f"{path} must be JSON, got {error}; name an arch.json or a study's folder"
        ) from error
    if isinstance(raw, dict) and "chosen" in raw:
        if not raw["chosen"]:
            raise FileFormatError(
                f"{path}: the study chose no design, because nothing fits; raise its budget"
            )
        raw = raw["chosen"].get("arch") if isinstance(raw["chosen"], dict) else raw["chosen"]
    return Arch.from_dict(raw)
