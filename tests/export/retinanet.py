"""A small RetinaNet (https://arxiv.org/abs/1708.02002): a pyramid, one anchor a position, focal loss."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class RetinaNet(nn.Module):
    """Class scores and boxes for each position of the maps at strides 8, 16 and 32."""

    def __init__(self, backbone: nn.Module, channels: list[int], classes: int, width: int = 32) -> None:
        super().__init__()
        self.backbone = backbone
        self.lateral = nn.ModuleList(nn.Conv2d(inputs, width, 1) for inputs in channels[1:])
        self.tower = nn.Sequential(nn.Conv2d(width, width, 3, padding=1), nn.ReLU())
        self.scores = nn.Conv2d(width, classes, 3, padding=1)
        self.boxes = nn.Conv2d(width, 4, 3, padding=1)
        nn.init.constant_(self.scores.bias, -4.6)  # type: ignore[arg-type] # one position in a hundred holds an object

    def forward(self, images: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Return (scores, boxes) a level, from the finest to the coarsest."""
        maps = self.backbone(images)[1:]
        above: Tensor | None = None
        pyramid = []
        for lateral, fine in zip(reversed(self.lateral), reversed(maps), strict=True):  # type: ignore[call-overload]
            level = lateral(fine)
            if above is not None:
                level = level + functional.interpolate(above, level.shape[-2:])
            above = level
            pyramid.append(self.tower(level))
        return [(self.scores(level), self.boxes(level)) for level in reversed(pyramid)]


def detection_loss(answers: list[tuple[Tensor, Tensor]], boxes: Tensor, classes: Tensor, size: int) -> Tensor:
    """Focal loss of the scores, plus the distance of the boxes where an object's centre lies.

    Each image holds one square object: ``boxes`` (N, 4) as centre, height and width in pixels; ``size`` is the image's.
    """
    total = torch.zeros(())
    for scores, offsets in answers:
        stride = size / scores.shape[-2]
        rows, columns = (boxes[:, :2] / stride).long().unbind(1)
        image = torch.arange(len(boxes))
        target = torch.zeros_like(scores)
        target[image, classes, rows, columns] = 1
        chance = torch.sigmoid(scores)
        wrong = (target - chance).abs()
        weight = torch.where(target > 0, 0.25, 0.75)
        entropy = functional.binary_cross_entropy_with_logits(scores, target, reduction="none")
        total = total + (weight * wrong**2 * entropy).sum() / len(boxes)
        total = total + functional.smooth_l1_loss(offsets[image, :, rows, columns], boxes / size)
    return total
