"""What a file of measurements may call a network: data only, so that no file makes dsim run code."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from dsim.device import bundled_names
from dsim.device.find import bundled_profile
from dsim.errors import FileFormatError
from dsim.graph import Graph
from dsim.graph.read import as_graph
from dsim.latency.networks import shared_keys


@dataclass(frozen=True)
class Known:
    """Networks that come with dsim.

    Attributes
    ----------
    keys
        ``name@resolution``.
    aliases
        Key by what sources call the network, letters and digits only.
    """

    keys: frozenset[str]
    aliases: dict[str, str]


@lru_cache(maxsize=1)
def known_networks() -> Known:
    """Collect the networks that some bundled device was measured on."""
    keys: set[str] = set()
    aliases: dict[str, set[str]] = {}
    for name in bundled_names():
        for row in bundled_profile(name).networks:
            if row.graph in shared_keys():
                keys.add(row.graph)
                aliases.setdefault(_plain(row.network), set()).add(row.graph)
    return Known(
        frozenset(keys), {name: next(iter(found)) for name, found in aliases.items() if len(found) == 1}
    )


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def resolve(reference: str, folder: Path, where: str) -> tuple[str, Graph | None]:
    """Give a network's key, and its graph where dsim does not bring it.

    Parameters
    ----------
    reference
        ``name@resolution``, a name that sources use, or the path of an .onnx or arch.json file.
    folder
        What relative paths start from.
    where
        File and row, for messages.

    Raises
    ------
    FileFormatError
        It is none of these; the message names the closest.
    DsimError
        The file that it names cannot be read.
    """
    known = known_networks()
    key = reference if "@" in reference else f"{reference}@224"
    if key in known.keys:
        return key, None
    if _plain(reference) in known.aliases:
        return known.aliases[_plain(reference)], None
    suffix = Path(reference).suffix.lower()
    if suffix in (".onnx", ".json"):
        path = folder / reference
        if suffix == ".onnx":
            graph = as_graph(path, None)
        else:
            from dsim.arch.named import read_design  # deferred: most files name no design

            graph = read_design(str(path)).to_graph()
        side = graph.inputs[0].shape[-1]
        name = re.sub(r"[^A-Za-z0-9_.-]", "-", Path(reference).stem)
        return f"own-{name}@{side}", graph
    near = difflib.get_close_matches(key, known.keys, n=3, cutoff=0.3)
    raise FileFormatError(
        f"{where}: network {reference[:80]!r} is not known; give a key like resnet50@224 or the path of an .onnx or arch.json file"
        + (f"; near: {', '.join(near)}" if near else "")
    )
