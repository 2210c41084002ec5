"""The machine that measurements run on: its name, how busy it is, and the core that is used."""

from __future__ import annotations

import os
import platform
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_INFO = Path("/proc/cpuinfo")
# instruction sets that decide how fast a network runs
_FLAGS = ("avx2", "avx512f", "avx512_bf16", "avx512_vnni", "amx_tile", "amx_bf16", "amx_int8", "asimd", "sve")


@dataclass(frozen=True)
class Machine:
    """What networks were timed on.

    Attributes
    ----------
    processor
        The name that it gives itself, with family and model where that name is no product's.
    cores
        That this process may use.
    flags
        Instruction sets that matter here.
    system
        Operating system and architecture.
    """

    processor: str
    cores: int
    flags: tuple[str, ...]
    system: str


def this_machine() -> Machine:
    """Describe the machine at hand."""
    info = _read_info()
    given = info.get("flags", info.get("Features", "")).split()
    name = info.get("model name") or _asked_mac() or platform.processor() or platform.machine()
    if "cpu family" in info:
        name += f", family {info['cpu family']} model {info.get('model', '?')}"
    return Machine(
        name,
        len(_cores()),
        tuple(flag for flag in _FLAGS if flag in given),
        f"{platform.system()} {platform.machine()}",
    )


def load() -> float:
    """Return the mean number of running tasks over the last minute; 0 where the system does not say."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def pin_to_one_core() -> tuple[int, int | None]:
    """Keep this process on its last core with one thread of torch, and give it and another core for helpers.

    The other one is None where there is no other.

    Where a system pins no processes (macOS), nothing changes and the core is -1.
    """
    import torch

    torch.set_num_threads(1)
    cores = _cores()
    if not hasattr(os, "sched_setaffinity"):
        return -1, None
    os.sched_setaffinity(0, {cores[-1]})
    return cores[-1], cores[0] if len(cores) > 1 else None


def _cores() -> list[int]:
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def _read_info() -> dict[str, str]:
    """Read what Linux says about the first processor."""
    out: dict[str, str] = {}
    with suppress(OSError):
        for line in _INFO.read_text(encoding="utf-8").splitlines():
            key, colon, value = line.partition(":")
            if not colon:
                break
            out[key.strip()] = value.strip()
    return out


def _asked_mac() -> str:
    """Ask macOS for the chip's name."""
    if platform.system() != "Darwin":
        return ""
    with suppress(OSError, subprocess.SubprocessError):
        asked = ("/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string")
        return subprocess.run(asked, capture_output=True, text=True, timeout=5, check=True).stdout.strip()
    return ""
