"""From sums over ops to what a regression learns from, and which designs lie in a space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsim.arch import Mixer
from dsim.search.space import Space
from dsim.supernet.task.summary import BLOCKS, STAGE_COLUMNS, STAGES, Floats

Bools = NDArray[np.bool_]
ROUNDING = 1e-6
_KINDS = tuple(BLOCKS)
_ATTENTION = _KINDS.index(Mixer.ATTENTION)


@dataclass(frozen=True)
class StageValues:
    """What N designs have in each stage.

    Attributes
    ----------
    width, depth, ratio
        (N, 4): channels, blocks, and hidden channels of MLPs as a multiple of the width, on average.
    blocks
        (N, 4, 7): how many blocks of each kind, in the order of `BLOCKS`.
    """

    width: Floats
    depth: Floats
    ratio: Floats
    blocks: Floats

    @classmethod
    def of(cls, summaries: Floats) -> StageValues:
        """Read summaries (N, S) of whole designs."""
        cut = summaries[:, : STAGES * len(STAGE_COLUMNS)].reshape(-1, STAGES, len(STAGE_COLUMNS))
        width, blocks, hidden, layers = cut[..., 0], cut[..., 1:-2], cut[..., -2], cut[..., -1]
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.nan_to_num(hidden / layers / width, nan=0.0, posinf=0.0, neginf=0.0)
        return cls(width, blocks.sum(axis=2), ratio, blocks)


def features_of(summaries: Floats) -> Floats:
    """Return what is learned from (N, P): the choices of `choices_of`, and logarithms of parameters and MACs."""
    sizes = np.log(np.maximum(summaries[:, -2:], 1.0))
    return np.concatenate([choices_of(summaries), sizes], axis=1)


def choices_of(summaries: Floats) -> Floats:
    """Return what a space lets vary (N, C).

    For each stage: logarithm of the width, depth, MLP ratio, attention blocks, and which share of the other blocks is of
    which kind.
    """
    found = StageValues.of(summaries)
    attention, plain = found.blocks[..., _ATTENTION], np.delete(found.blocks, _ATTENTION, axis=2)
    shares = plain / np.maximum(plain.sum(axis=2, keepdims=True), 1.0)
    widths, flat = np.log(np.maximum(found.width, 1.0)), shares.reshape(len(summaries), -1)
    return np.concatenate([widths, found.depth, found.ratio, attention, flat], axis=1)


def inside(summaries: Floats, space: Space) -> Bools:
    """Tell which designs (N,) have nothing that a space does not offer."""
    found = StageValues.of(summaries)
    kept = np.ones(len(summaries), dtype=bool)
    for stage in range(STAGES):
        attention = space.attention_blocks[stage - 2] if stage >= 2 else (0,)
        kept &= np.isin(found.width[:, stage], space.widths[stage])
        kept &= np.isin(found.depth[:, stage], space.depths[stage])
        kept &= np.isin(found.blocks[:, stage, _ATTENTION], attention)
        for place, kind in enumerate(_KINDS):
            if kind is not Mixer.ATTENTION and kind not in space.mixers[stage]:
                kept &= found.blocks[:, stage, place] == 0.0
        least, most = min(space.mlp_ratios[stage]), max(space.mlp_ratios[stage])
        cut = 1.0 / np.maximum(found.width[:, stage], 1.0)  # hidden channels are whole
        kept &= (found.ratio[:, stage] > least - cut) & (found.ratio[:, stage] <= most + ROUNDING)
        kept &= (found.blocks[:, stage] >= 0.0).all(axis=1)
    return kept
