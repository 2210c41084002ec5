"""Random numbers by (seed, purpose, step): what a step draws depends on nothing that ran before it.

So a run that was killed and goes on draws what an uninterrupted run would have drawn.
"""

from __future__ import annotations

import numpy as np

# a visible table, so that no two purposes share a stream
PURPOSES = {
    "order": 1,  # in which order pictures are shown
    "augment": 2,  # shifts and flips
    "subnets": 3,  # which sub-networks a step trains
    "paths": 4,  # the noise on the paths of `gumbel`
    "ablation": 5,  # sub-networks out of which blocks are taken
    "sample": 6,  # the pictures that batch norms are recomputed on
    "anchors": 7,  # sub-networks that are trained alone
    "bootstrap": 8,  # which anchors an interval leaves out and doubles
    "predictor": 9,  # designs that the task's model is learned from
    "views": 10,  # crops and changes of pictures, by the paper's recipe
    "mixing": 11,  # what is erased, and what is mixed, by the paper's recipe
}


def draws(seed: int, purpose: str, step: int = 0) -> np.random.Generator:
    """Return the generator of one step of one purpose."""
    return np.random.Generator(np.random.Philox(key=[seed, PURPOSES[purpose]], counter=[0, 0, 0, step]))
