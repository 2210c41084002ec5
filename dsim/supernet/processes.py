"""Processes: those that torchrun starts train one set of weights, by torch's DistributedDataParallel.

A step's batch lies in shards, and batch norms take their statistics over a shard. Each process works on some of the
shards; gradients are the mean over all. So the weights depend on the number of shards, and not on the number of processes.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from dsim.errors import InvalidValueError, UnavailableError
from dsim.progress import watched_by


@dataclass(frozen=True)
class Processes:
    """Which process this is, of those that train together.

    Attributes
    ----------
    rank
        From 0; the first alone writes and tells how far it is.
    count
        How many there are.
    """

    rank: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the one that writes."""
        return self.rank == 0

    def shards(self, count: int) -> range:
        """Return which shards of a batch this process works on.

        Raises
        ------
        InvalidValueError
            They cannot be shared evenly.
        """
        if count % self.count:
            raise InvalidValueError(
                f"the shards of a batch must be shared evenly by the processes, got {count} shards for {self.count} processes; "
                f"choose another --shards, or start {count} processes"
            )
        mine = count // self.count
        return range(self.rank * mine, (self.rank + 1) * mine)

    def total(self, value: float, device: str = "cpu") -> float:
        """Return the sum of a value over all processes."""
        if self.count == 1:
            return value
        box = torch.tensor(value, dtype=torch.float64, device=device)
        dist.all_reduce(box)
        return float(box)

    def wait(self) -> None:
        """Wait until all processes are here."""
        if self.count > 1:
            dist.barrier()

    def together(
        self, run: Callable[..., Tensor], weights: Iterable[nn.Parameter], all_used: bool
    ) -> Callable[..., Tensor]:
        """Return what runs the network such that going backwards averages gradients over processes.

        Parameters
        ----------
        all_used
            Whether every step uses all weights.
        """
        if self.count == 1:
            return run
        return DistributedDataParallel(_Owner(run, weights), find_unused_parameters=not all_used)


class _Owner(nn.Module):
    """Owns the weights that are averaged, and nothing else: statistics of batch norms stay where they are."""

    def __init__(self, run: Callable[..., Tensor], weights: Iterable[nn.Parameter]) -> None:
        super().__init__()
        self.weights = nn.ParameterList(weights)
        self._run = (run,)  # in a tuple, where torch does not look for modules with buffers to keep equal

    def forward(self, *inputs: object) -> Tensor:
        """Run the network."""
        return self._run[0](*inputs)


def collecting(run: Callable[..., Tensor], last: bool) -> AbstractContextManager[None]:
    """Return the context of one pass: before the last one of a step, gradients are only added up on the spot."""
    if last or not isinstance(run, DistributedDataParallel):
        return nullcontext()
    context: AbstractContextManager[None] = run.no_sync()
    return context


def count_processes() -> int:
    """Return how many processes torchrun has started; 1 without it."""
    return dist.get_world_size() if dist.is_initialized() else int(os.environ.get("WORLD_SIZE", "1"))


def is_first() -> bool:
    """Tell whether this process is the only one, or the first that torchrun has started."""
    return (dist.get_rank() if dist.is_initialized() else int(os.environ.get("RANK", "0"))) == 0


def refuse_processes(what: str) -> None:
    """Refuse to let each process that torchrun has started do the same work, and write the same files.

    Raises
    ------
    UnavailableError
        There are several.
    """
    if (count := count_processes()) > 1:
        raise UnavailableError(
            f"{what} needs one process, and torchrun has started {count}; run it without torchrun"
        )


@contextmanager
def joined(device: str) -> Iterator[Processes]:
    """Train with the other processes that torchrun has started, where it has; only the first shows how far it is.

    Raises
    ------
    UnavailableError
        There are fewer GPUs than processes.
    InvalidValueError
        The device names one GPU for all of them.
    """
    if count_processes() == 1:
        yield Processes()
        return
    if device != "cpu":
        _take_gpu(device)
    begun = dist.is_initialized()
    if not begun:
        dist.init_process_group("gloo" if device == "cpu" else "nccl")
    try:
        processes = Processes(dist.get_rank(), dist.get_world_size())
        with nullcontext() if processes.first else watched_by(None), warnings.catch_warnings():
            # it speaks of speed, and comes from channels-last maps
            warnings.filterwarnings("ignore", message="Grad strides do not match bucket view strides")
            yield processes
    finally:
        if not begun:
            dist.destroy_process_group()


def _take_gpu(device: str) -> None:
    """Let ``cuda`` mean a GPU of this process's own."""
    if device != "cuda":
        raise InvalidValueError(
            f"device must be cuda where torchrun gives each process a GPU, got {device!r}; use --on cuda"
        )
    number, known = int(os.environ.get("LOCAL_RANK", "0")), torch.cuda.device_count()
    if number >= known:
        raise UnavailableError(
            f"each process needs a GPU of its own, and this machine has {known}; start as many with --nproc-per-node"
        )
    torch.cuda.set_device(number)
