"""Feed: which pictures a step sees. Every picture is seen once before any is seen again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from dsim.supernet.augment import Scaling, augmented
from dsim.supernet.draws import draws
from dsim.supernet.images import Part


@dataclass(frozen=True, eq=False)
class Feed:
    """Training pictures in batches.

    Attributes
    ----------
    part
        Where they come from.
    batch
        Pictures in a step.
    scaling, flip
        See `dsim.supernet.augment`.
    seed
        Of order and augmentation.
    device
        Where batches go.
    shards
        Equal parts that a batch lies in.
    """

    part: Part
    batch: int
    scaling: Scaling
    flip: bool
    seed: int
    device: str = "cpu"
    shards: int = 1

    def __call__(self, step: int, shard: int = 0) -> tuple[Tensor, Tensor]:
        """Return images (N, 3, px, px) and labels (N,) of one shard of a step."""
        count = len(self.part)
        positions = np.arange(step * self.batch, (step + 1) * self.batch)
        index = np.empty(self.batch, np.int64)
        for epoch in np.unique(positions // count):
            mine = positions // count == epoch
            order = draws(self.seed, "order", int(epoch)).permutation(count)
            index[mine] = order[positions[mine] % count]
        size = self.batch // self.shards
        index = index[shard * size : (shard + 1) * size]
        images = torch.from_numpy(
            augmented(self.part.images[index], self.seed, step, self.flip, shard, self.shards)
        )
        labels = torch.from_numpy(self.part.labels[index])
        return self.scaling(self._there(images)), self._there(labels)

    def _there(self, values: Tensor) -> Tensor:
        """Copy to the device; a GPU copies from pinned memory while the processor goes on."""
        return values if self.device == "cpu" else values.pin_memory().to(self.device, non_blocking=True)
