"""What the task's model sees of a design: the pieces add up, and the sums say what the design has."""

from __future__ import annotations

import numpy as np
import pytest

from dsim.arch import Arch, Mixer, get_preset
from dsim.search import Space
from dsim.search.mix import mix_from, parameters
from dsim.supernet.task.summary import BLOCKS, STAGE_COLUMNS, summarise

# every kind of block, both attentions, all stems
WIDE = Space(mixers=(tuple(mixer for mixer in Mixer if not mixer.is_attention),) * 4)


def random_design(seed: int, resolution: int) -> Arch:
    rng = np.random.default_rng(seed)
    mix = mix_from(WIDE, {name: row[int(rng.integers(len(row)))] for name, row in parameters(WIDE).items()})
    depths = [max(int(rng.choice(row)), mix.attention_in(stage)) for stage, row in enumerate(WIDE.depths)]
    widths = [int(rng.choice(row)) for row in WIDE.widths]
    return mix.arch(widths, depths, [float(rng.choice(row)) for row in WIDE.mlp_ratios], resolution)


@pytest.mark.parametrize(("seed", "resolution"), [(n, px) for n in range(6) for px in (32, 64, 224)])
def test_sums_say_what_a_design_has(seed: int, resolution: int) -> None:
    arch = random_design(seed, resolution)
    whole = summarise(arch.to_graph(), resolution)
    pieces = np.sum([summarise(piece.graph, resolution) for piece in arch.pieces()], axis=0)
    assert whole == pytest.approx(pieces)
    for index, stage in enumerate(arch.stages):
        row = dict(zip(STAGE_COLUMNS, whole[index * len(STAGE_COLUMNS) :], strict=False))
        assert row["width"] == stage.width
        for kind in BLOCKS:
            count = sum(block.mixer is kind for block in stage.blocks)
            count = stage.attention_blocks if kind is Mixer.ATTENTION else count
            assert row[str(kind)] == pytest.approx(count), (index, kind)
        # a plain MLP has one hidden layer; with a convolution between, it has two
        twice = (Mixer.FFN, Mixer.ATTENTION_V2)
        layers = [
            (2 if block.mixer in twice else 1, int(block.mlp_ratio * stage.width)) for block in stage.blocks
        ]
        assert row["hidden_layers"] == sum(count for count, _ in layers)
        assert row["hidden"] == sum(count * hidden for count, hidden in layers)


def test_a_published_design_is_read() -> None:
    l1 = get_preset("efficientformer_l1")
    row = summarise(l1.to_graph(), 224)
    last = dict(zip(STAGE_COLUMNS, row[3 * len(STAGE_COLUMNS) :], strict=False))
    # the paper's table: stage 4 has 448 channels, three pooling blocks and one of attention
    assert (last["width"], last["pooling"], last["attention"], last["hidden"]) == (448, 3, 1, 4 * 4 * 448)
