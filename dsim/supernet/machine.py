"""What training needs of this machine: a device, a precision, a number of threads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypedDict

import torch

from dsim.errors import UnavailableError
from dsim.supernet.processes import Processes, count_processes
from dsim.supernet.spec import TrainSpec


class Settings(TypedDict):
    """Fields of `TrainSpec` that a run keeps from its beginning, whatever machine goes on with it."""

    threads: int
    precision: str
    shards: int


def kept_settings(
    begun: TrainSpec | None, threads: int | None, precision: str | None, shards: int | None, device: str
) -> Settings:
    """Return what is asked for; else what the run was begun with; else what suits this machine.

    Raises
    ------
    InvalidValueError
        The shards cannot be shared evenly by the processes that torchrun has started.
    """
    processes = count_processes()
    parts = shards or (begun.shards if begun else processes)
    Processes(0, processes).shards(parts)
    return Settings(
        threads=threads or (begun.threads if begun else torch.get_num_threads()),
        precision=precision or (begun.precision if begun else usual_precision(device)),
        shards=parts,
    )


def check_device(device: str) -> None:
    """Refuse a device that torch does not have.

    Raises
    ------
    UnavailableError
        There is no CUDA GPU.
    """
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise UnavailableError(
            f"device {device} needs a CUDA GPU and a torch with CUDA, and this machine offers none; use --on cpu"
        )


def usual_precision(device: str) -> str:
    """Return bfloat16 where it is quicker: on GPUs, and on processors with AMX."""
    quick = device != "cpu" or bool(torch.cpu.get_capabilities().get("amx_bf16"))
    return "bfloat16" if quick else "float32"


@contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """Let torch use so many threads inside a block."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
