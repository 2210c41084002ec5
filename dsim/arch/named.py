"""What a user may call a design: a preset, a file, or the folder of a study."""

from __future__ import annotations

import os
from pathlib import Path

from dsim.arch.arch import Arch
from dsim.arch.presets import PRESETS, get_preset
from dsim.errors import FileAccessError, FileFormatError, InvalidValueError, unknown_name
from dsim.files import read_json
from dsim.graph.files import is_network_file

CHOSEN = "chosen.json"  # what a study found, in its folder
_REMEDY = "name a preset, an arch.json, or the folder of a finished study"


def read_design(name: str | Path | Arch) -> Arch:
    """Return the design that a preset's name, an arch.json, a study's folder or a design itself stands for.

    Raises
    ------
    UnknownNameError
        It is neither a preset nor a file or folder.
    InvalidValueError
        It is something else.
    FileAccessError
        The file cannot be read.
    FileFormatError
        The file is not a design, or the study chose none.
    """
    if isinstance(name, Arch):
        return name
    if not isinstance(name, str | os.PathLike):
        raise InvalidValueError(
            f"a design must be a dsim.Arch, a preset's name or a path, got {type(name).__name__}; give for example "
            "found.chosen.arch of what dsim.search found"
        )
    path = Path(name)
    if not str(name).strip():
        raise InvalidValueError(f"a design must be named, got {name!r}; {_REMEDY}")
    if is_network_file(name):
        raise FileFormatError(
            f"{name} is a network's file, and a design is asked for: what dsim can build; `dsim predict` and `dsim advise` read "
            f"the file; else {_REMEDY}"
        )
    if str(name) in PRESETS:
        return get_preset(str(name))
    if not path.exists():
        if len(path.parts) > 1 or path.suffix == ".json":
            raise FileAccessError(f"{path} must be a file or folder, and does not exist; {_REMEDY}")
        raise unknown_name("preset", str(name), PRESETS, "and no file or folder here is called so")
    if path.is_dir():
        found = [path / file for file in (CHOSEN, "arch.json") if (path / file).exists()]
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
