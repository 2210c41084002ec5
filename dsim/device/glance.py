"""What a profile says of itself, read in a moment: its profile.toml, and how much it measured. No figure is parsed."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from dsim.device.batches import stated_batches
from dsim.device.fields import parse_toml, read_text
from dsim.device.folders import list_profiles
from dsim.errors import DsimError

# how people call who made a chip or a phone: words that a profile's chip, phone or title begins with
MAKERS: dict[str, tuple[str, ...]] = {
    "AMD": ("amd", "epyc", "ryzen"),
    "Apple": ("apple", "iphone", "ipad"),
    "Google": ("google", "pixel", "tensor"),
    "Hailo": ("hailo",),
    "Intel": ("intel", "i5", "i7", "i9", "xeon", "core i", "core ultra"),
    "MediaTek": ("mediatek", "helio", "dimensity"),
    "NVIDIA": ("nvidia", "geforce", "rtx", "jetson"),
    "NXP": ("nxp", "i.mx", "imx"),
    "Qualcomm": (
        "qualcomm",
        "snapdragon",
        "qcs",
        "qcm",
        "sa8",
        "iq",
        "q 6690",
        "rb3",
        "hexagon",
        "dragonwing",
    ),
    "Raspberry Pi": ("raspberry",),
    "Renesas": ("renesas", "rz/", "rz v"),
    "Samsung": ("samsung", "galaxy", "exynos"),
    "Xiaomi": ("xiaomi", "mi 8", "redmi"),
}


@dataclass(frozen=True)
class Glance:
    """What a profile is, without its figures.

    Attributes
    ----------
    name, title, soc, chip, compute_unit, runtime, precision, threads, group, method, donor, measures, rough
        As in `dsim.device.profile.DeviceProfile`; empty where the file does not say.
    batches
        Images in a run, of everything measured, as far as it states them.
    models
        Phones or machines that its figures are of.
    makers
        Who made the chip or the phone, as far as their names tell.
    folder
        Where it lies.
    """

    name: str
    title: str
    soc: str
    chip: str
    compute_unit: str
    runtime: str
    precision: str
    threads: str
    group: str
    method: str
    donor: str
    measures: str
    rough: str
    batches: tuple[int, ...]
    models: tuple[str, ...]
    makers: tuple[str, ...]
    folder: Path

    @property
    def texts(self) -> tuple[str, ...]:
        """Everything that it may be called by."""
        return (
            self.name,
            self.title,
            self.soc,
            self.chip,
            self.compute_unit,
            self.runtime,
            self.precision,
            self.group,
            *self.models,
            *self.makers,
        )


def glance(folder: Path) -> Glance:
    """Read what a profile says of itself.

    Raises
    ------
    FileFormatError
        Its profile.toml is not TOML.
    """
    return _glance(folder, read_text(folder / "profile.toml"))


@lru_cache(maxsize=1024)  # a name is looked up in all profiles, and one command looks up several
def _glance(folder: Path, content: str) -> Glance:
    raw = parse_toml(content, folder / "profile.toml")

    def text(key: str) -> str:
        return str(raw.get(key, ""))

    models = raw.get("models")
    names = tuple(str(name) for name in models) if isinstance(models, dict) else ()
    return Glance(
        folder.name,
        text("title"),
        text("soc"),
        text("chip"),
        text("compute_unit"),
        text("runtime"),
        text("precision"),
        text("threads"),
        text("group"),
        text("method"),
        text("donor"),
        text("measures"),
        text("rough"),
        (stated_batches(raw["batch"], folder / "profile.toml")[1] if "batch" in raw else ()) or (1,),
        names,
        makers_of(folder.name, text("title"), text("soc"), text("chip"), *names),
        folder,
    )


def makers_of(*texts: str) -> tuple[str, ...]:
    """Return the makers that texts name, or whose chips and phones they name."""
    plain = [" " + " ".join(text.lower().replace("-", " ").split()) for text in texts]
    found = [
        name for name, words in MAKERS.items() if any(f" {word}" in text for word in words for text in plain)
    ]
    apple = any(re.fullmatch(r" [am]\d{1,2}", text) for text in plain)  # A14, M1
    return tuple(sorted({*found, *(("Apple",) if apple else ())}))


def glances() -> tuple[Glance, ...]:
    """Read what every profile says of itself, in order of name; one that cannot be read hides no other (`unreadable`)."""
    return tuple(one for one in _read_each() if isinstance(one, Glance))


def unreadable() -> tuple[DsimError, ...]:
    """Return what is wrong with each profile that cannot be read, in order of name."""
    return tuple(one for one in _read_each() if isinstance(one, DsimError))


def _read_each() -> Iterator[Glance | DsimError]:
    for _, folder in sorted(list_profiles().items()):
        try:
            yield glance(folder)
        except DsimError as error:
            yield error


def counted(folder: Path) -> tuple[int, int, int]:
    """Count a profile's measured networks, each once, its figures of networks, and its measured operators."""
    networks, figures, ops = set(), 0, 0
    path = folder / "networks.csv"
    if path.exists():
        rows = csv.reader(read_text(path).splitlines())
        head = next(rows, [])
        at = {name: n for n, name in enumerate(head)}
        for row in rows:
            figures += 1
            kept = {name: row[n].strip() if n < len(row) else "" for name, n in at.items() if name in _SKIP}
            if "network" in at and not any(kept.values()):
                networks.add(row[at["network"]].strip())
    if (folder / "ops.parquet").exists():
        ops = _rows(folder / "ops.parquet")
    return len(networks), figures, ops


_SKIP = ("repeats", "role")  # a figure that repeats another, or is held out for good, counts for nothing


def _rows(path: Path) -> int:
    """Read the number of rows from a parquet file's own table of contents."""
    import polars as pl  # deferred: a profile without operators needs none

    try:
        return int(pl.scan_parquet(path).select(pl.len()).collect().item())
    except (OSError, pl.exceptions.PolarsError):
        return 0
