"""What a user may call a design on the command line: a preset, a file, or a study."""

from __future__ import annotations

from pathlib import Path

from dsim.arch import PRESETS, Arch, get_preset
from dsim.errors import FileFormatError, InvalidValueError
from dsim.files import read_json
from dsim.search.files import CHOSEN

_REMEDY = "name a preset, an arch.json, or the folder of a finished study"


def read_design(text: str) -> Arch:
    """Return the design that a command-line argument names.

    Raises
    ------
    UnknownNameError
        It is neither a preset nor a file or folder.
    FileAccessError
        The file cannot be read.
    FileFormatError
        The file is no design, or the study chose none.
    """
    path = Path(text)
    if text in PRESETS or not path.exists():
        return get_preset(text)
    if path.is_dir():
        found = [path / name for name in (CHOSEN, "arch.json") if (path / name).exists()]
        if not found:
            raise FileFormatError(f"{path} must hold a finished study, and has no {CHOSEN}; {_REMEDY}")
        path = found[0]
    raw = read_json(path, _REMEDY)
    if isinstance(raw, dict) and "chosen" in raw:
        if not raw["chosen"]:
            raise FileFormatError(
                f"{path}: the study chose no design, because nothing fits; raise its budget"
            )
        raw = raw["chosen"].get("arch") if isinstance(raw["chosen"], dict) else raw["chosen"]
    try:
        return Arch.from_dict(raw)
    except (FileFormatError, InvalidValueError) as error:
        raise FileFormatError(f"{path} must hold a design: {error}") from error
