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
    """

    part: Part
    batch: int
    scaling: Scaling
    flip: bool
    seed: int
    device: str = "cpu"

    def __call__(self, step: int) -> tuple[Tensor, Tensor]:
        """Return images (N, 3, px, px) and labels (N,) of one step."""
        count = len(self.part)
        positions = np.arange(step * self.batch, (step + 1) * self.batch)
        index = np.empty(self.batch, np.int64)
        for epoch in np.unique(positions // count):
            mine = positions // count == epoch
            order = draws(self.seed, "order", int(epoch)).permutation(count)
            index[mine] = order[positions[mine] % count]
        images = torch.from_numpy(augmented(self.part.images[index], self.seed, step, self.flip))
        labels = torch.from_numpy(self.part.labels[index])
        return self.scaling(images.to(self.device)), labels.to(self.device)
