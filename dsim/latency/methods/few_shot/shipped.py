"""What every donor says of the reference networks, as it comes with dsim: ``dsim/data/donors.npz``.

Learning all donors takes four minutes or more, which nobody should wait for who adds a device. The file says what it was made
of; where the bundled figures, the graphs or the format of fits differ from that, it is not used, and all is learned anew.
``lab/validate/donor_table.py`` makes it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsim.cache import arrays_from_bytes, arrays_to_bytes, look_up
from dsim.device.folders import bundled_folders
from dsim.files import write_atomic
from dsim.latency.content import content_hash
from dsim.latency.features import FloatArray

FILE = Path(__file__).resolve().parents[3] / "data" / "donors.npz"
BOARDS = "boards"  # the group of profiles that the file does not rest on


@dataclass(frozen=True)
class Shipped:
    """What the file holds, for N networks and D donors.

    Attributes
    ----------
    keys, macs
        (N,) the networks' keys and multiply-accumulates.
    names
        (D,) the donors.
    said, log_ms
        (N, D) log milliseconds by the donors' models, and the same with what they measured in place of it.
    rates
        (D, P + 1) fine log rates that say what the donors' models say.
    vectors
        (N, F) fine vectors by the passes that the networks went through.
    """

    keys: tuple[str, ...]
    macs: FloatArray
    names: NDArray[np.str_]
    said: FloatArray
    log_ms: FloatArray
    rates: FloatArray
    vectors: dict[tuple[str, ...], FloatArray]


@lru_cache(maxsize=1)
def shipped() -> Shipped | None:
    """Return what comes with dsim, or None where it was made of other data than is here."""
    return read_shipped(FILE, evidence_key())


def read_shipped(file: Path, key: str) -> Shipped | None:
    """Read a file; None where it is missing, damaged, or was made of something else than ``key`` stands for."""
    return look_up(file, lambda content: _read(content, key))


def _read(content: bytes, key: str) -> Shipped | None:
    head, arrays = arrays_from_bytes(content)
    if head["made_of"] != key:
        return None
    said, timed = arrays["said"].astype(np.float64), arrays["timed"]
    log_ms = said.copy()
    log_ms[timed] = arrays["measured"]
    return Shipped(
        tuple(head["keys"]),
        arrays["macs"],
        np.array(head["names"]),
        said,
        log_ms,
        arrays["rates"].astype(np.float64),
        {tuple(one): arrays[f"vectors_{n}"].astype(np.float64) for n, one in enumerate(head["passes"])},
    )


def write_shipped(file: Path, key: str, content: Shipped) -> None:
    """Write a file; estimates and vectors keep seven digits, figures all of theirs."""
    timed = content.log_ms != content.said
    arrays = {
        "macs": content.macs,
        "said": content.said.astype(np.float32),
        "timed": timed,
        "measured": content.log_ms[timed],
        "rates": content.rates.astype(np.float32),
    }
    for n, vectors in enumerate(content.vectors.values()):
        arrays[f"vectors_{n}"] = vectors.astype(np.float32)
    names = [str(name) for name in content.names]
    passes = [list(one) for one in content.vectors]
    head = {"made_of": key, "keys": content.keys, "names": names, "passes": passes}
    write_atomic(file, arrays_to_bytes(head, arrays))


def evidence_key() -> str:
    """Return a hash of all that the donors learn from, and of the format of fits."""
    return key_of(bundled_folders())


def key_of(folders: Iterable[Path]) -> str:
    """Return the hash for some folders of profiles; boards do not count."""
    return content_hash(folder for folder in folders if not _board(folder))


def _board(folder: Path) -> bool:
    """Tell whether a folder holds a board: those teach nobody, and no network is a reference for being timed there alone."""
    group = tomllib.loads((folder / "profile.toml").read_text(encoding="utf-8")).get("group")
    return bool(group == BOARDS)
