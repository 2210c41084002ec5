"""The settings of EfficientFormer's recipe, as its released training code has them.

Source: defaults of main.py in https://github.com/snap-research/EfficientFormer (commit 4382af4), which section 5 of the paper
(https://arxiv.org/abs/2206.01191) describes; 1,024 images a step are its 8 GPUs of 128. The moving average of weights that it also keeps is
left out, for it never evaluates it. Weight decay (0.025) and label smoothing (0.1) are those of `dsim.supernet.spec.TrainSpec`.
"""

from __future__ import annotations

import math

from dsim.supernet.augment import Scaling

EPOCHS = 300
BATCH = 1024
LEARNING_RATE = 2e-3
FIRST_RATE, LAST_RATE = 1e-6, 1e-5
WARM_UP = 5 / 300  # of the steps: 5 epochs of 300
CLIP = 0.01  # of a weight's norm, for each output: adaptive clipping (https://arxiv.org/abs/2102.06171)
REPEATS = 3  # views of a picture in an epoch, which then shows a third of the pictures (https://arxiv.org/abs/1901.09335)
MIXUP, CUTMIX, CUTMIX_SHARE = 0.8, 1.0, 0.5  # Beta's parameters; how often CutMix takes the place of mixup
ERASE_SHARE = 0.25
RANDAUGMENT_OPS, RANDAUGMENT_LEVEL, RANDAUGMENT_SPREAD, RANDAUGMENT_SHARE = 2, 9.0, 0.5, 0.5
CROP = 0.875  # of the shorter side, in tests
# ImageNet's pictures: their mean and standard deviation for red, green and blue, as fractions of 255
SCALING = Scaling((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def learning_rate(step: int, steps: int, peak: float) -> float:
    """Return the learning rate of step 0 to ``steps`` - 1: a line up, then half a cosine down to `LAST_RATE`."""
    warm = math.ceil(WARM_UP * steps)
    if step < warm:
        return FIRST_RATE + (peak - FIRST_RATE) * step / warm
    return LAST_RATE + (peak - LAST_RATE) * 0.5 * (
        1 + math.cos(math.pi * (step - warm) / max(steps - warm, 1))
    )
