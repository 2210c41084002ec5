"""Feed of the paper's recipe: views of pictures on disk, made by processes of their own, erased and mixed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from functools import lru_cache
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from dsim.supernet.draws import draws
from dsim.supernet.images import Images, Part
from dsim.supernet.paper.disk import OnDisk
from dsim.supernet.paper.mixing import erase, mix
from dsim.supernet.paper.settings import REPEATS, SCALING
from dsim.supernet.paper.views import view
from dsim.supernet.processes import Processes
from dsim.supernet.spec import TrainSpec


class Views(Dataset[tuple[Tensor, int]]):
    """The view at each place of a training, counted from its first picture: what it shows depends on the seed and the place."""

    def __init__(self, part: Part, spec: TrainSpec) -> None:
        self._pictures, self._labels = cast(OnDisk, part.images), part.labels
        self._seed, self._flip = spec.seed, spec.flip

    def __getitem__(self, place: int) -> tuple[Tensor, int]:
        number = picture_at(place, len(self._labels), self._seed)
        picture = self._pictures.picture(number)
        values = view(picture, self._pictures.px, self._flip, draws(self._seed, "views", place))
        return torch.from_numpy(values), int(self._labels[number])


def picture_at(place: int, count: int, seed: int) -> int:
    """Return which picture stands at a place: each one `REPEATS` times, in an order of the epoch's own."""
    epoch, within = divmod(place, count)
    return int(_order(seed, epoch, count)[within // REPEATS])


@lru_cache(maxsize=2)
def _order(seed: int, epoch: int, count: int) -> NDArray[np.int64]:
    return draws(seed, "order", epoch).permutation(count)


class PaperFeed:
    """Gives what each step sees; see `dsim.supernet.feed.Feed`.

    Parameters
    ----------
    part
        Training pictures, on disk.
    spec
        What is trained.
    classes
        How many there are.
    shards
        Which of a step's shards this process works on.
    workers
        Processes that make views; 0 makes them here.
    """

    def __init__(self, part: Part, spec: TrainSpec, classes: int, shards: range, workers: int) -> None:
        self._views, self._spec, self._classes = Views(part, spec), spec, classes
        self._shards, self._workers = shards, workers
        self._next: tuple[int, int] | None = None
        self._batches: Iterator[tuple[Tensor, Tensor]] = iter(())

    def __call__(self, step: int, shard: int = 0) -> tuple[Tensor, Tensor]:
        """Return images (N, 3, px, px) and shares of classes (N, classes) of one shard of a step."""
        if self._next != (step, shard):
            self._batches = iter(self._loader(step, shard))
        images, labels = next(self._batches)
        place = self._shards.index(shard) + 1
        self._next = (step, self._shards[place]) if place < len(self._shards) else (step + 1, self._shards[0])
        rng = draws(self._spec.seed, "mixing", step * self._spec.shards + shard)
        scaled = SCALING(images.to(self._spec.device, non_blocking=True))
        erase(scaled, rng)
        return mix(scaled, labels.to(self._spec.device), self._classes, rng)

    def _loader(self, step: int, shard: int) -> DataLoader[tuple[Tensor, int]]:
        return DataLoader(
            self._views,
            batch_sampler=Places(self._spec, self._shards, step, shard),
            num_workers=self._workers,
            pin_memory=self._spec.device != "cpu",
            worker_init_fn=_leave_ctrl_c if self._workers else None,
        )


class Places(Sampler[list[int]]):
    """The places of each shard of a process, from one shard of a step on to the end of the training."""

    def __init__(self, spec: TrainSpec, shards: range, step: int, shard: int) -> None:
        self._spec, self._shards, self._first = spec, shards, (step, shard)

    def __iter__(self) -> Iterator[list[int]]:
        size = self._spec.batch // self._spec.shards
        for step in range(self._first[0], self._spec.steps):
            for shard in self._shards:
                if (step, shard) >= self._first:
                    start = step * self._spec.batch + shard * size
                    yield list(range(start, start + size))

    def __len__(self) -> int:
        left = (self._spec.steps - self._first[0]) * len(self._shards)
        return left - self._shards.index(self._first[1])


def paper_feed(
    pictures: Images, spec: TrainSpec, processes: Processes, workers: int | None = None
) -> PaperFeed:
    """Return the feed of one of the processes that train; see `PaperFeed`."""
    each = max((os.cpu_count() or 1) // processes.count, 1) if workers is None else workers
    shards = processes.shards(spec.shards)
    return PaperFeed(pictures.train, spec, len(pictures.classes), shards, each)


def _leave_ctrl_c(number: int) -> None:
    """Leave Ctrl-C to the training, which finishes its step and keeps it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
