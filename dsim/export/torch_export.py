"""From a design to PyTorch: a folder with readable code, or a module in this process."""

from __future__ import annotations

import linecache
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, cast

from dsim.export.files import write_folder
from dsim.export.gelu import Gelu, check_gelu
from dsim.export.readme import default_name, readme_text, title_of
from dsim.export.torch_source import model_source

if TYPE_CHECKING:
    from torch import nn

    from dsim.arch import Arch


def write_torch(
    arch: Arch,
    folder: str | Path,
    *,
    name: str | None = None,
    notes: Sequence[str] = (),
    gelu: Gelu = Gelu.AUTO,
) -> tuple[Path, ...]:
    """Write a design as a self-contained, trainable PyTorch model. Needs no torch itself.

    Parameters
    ----------
    arch
        The design.
    folder
        Gets ``model.py``, ``arch.json`` and ``README.md``; it is made if need be. Files that dsim did not write, or
        that were changed since, are not replaced.
    name
        What the files call it; by default the preset's name or the start of the design's hash.
    notes
        Lines for the README, such as an estimated latency.
    gelu
        The formula of its GELUs.

    Returns
    -------
    tuple of Path
        The files.

    Raises
    ------
    FileAccessError
        The folder cannot be written, or holds somebody else's files of these names.
    InvalidValueError
        A formula is asked for, and the design has no GELU.

    Examples
    --------
    >>> import tempfile
    >>> from dsim.arch import get_preset
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in write_torch(get_preset("efficientformer_l1"), folder)]
    ['model.py', 'arch.json', 'README.md']
    """
    check_gelu(arch, gelu)
    title = title_of(arch, name)
    texts = {
        "model.py": model_source(arch, title, gelu),
        "arch.json": arch.to_json() + "\n",
        "README.md": readme_text(arch, title, notes),
    }
    write_folder(Path(folder), texts)
    return tuple(Path(folder) / file for file in texts)


def build_module(
    arch: Arch, num_classes: int | None = None, features_only: bool = False, drop_path_rate: float = 0.0
) -> nn.Module:
    """Build a design in this process, with fresh weights.

    It runs the very text that `write_torch` writes, so that what is tested here is what users get. The text comes from
    dsim's own templates and from a checked design: enumerations and numbers, no strings of the user's.

    Parameters
    ----------
    num_classes
        Class scores; the design's own number by default.
    features_only
        Four maps at strides 4, 8, 16 and 32 instead of class scores.
    drop_path_rate
        Stochastic depth in training.
    """
    classes = arch.num_classes if num_classes is None else num_classes
    module = _load(arch).create_model(classes, features_only, drop_path_rate)
    return cast("nn.Module", module)


@lru_cache(maxsize=64)
def _load(arch: Arch) -> ModuleType:
    name = f"dsim_{arch.canonical_hash()[:16]}"
    source = model_source(arch, default_name(arch))
    path = f"<model.py of {name}>"
    module = ModuleType(name)
    linecache.cache[path] = (
        len(source),
        None,
        source.splitlines(keepends=True),
        path,
    )  # tracebacks show the lines
    exec(compile(source, path, "exec"), module.__dict__)
    return module
