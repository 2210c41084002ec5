"""State-dict keys of EfficientFormer are the official implementation's, so that its checkpoints load with strict=True.

The names below are written out from the structure of models/efficientformer.py in snap-research/EfficientFormer: a
stem that is a Sequential; ``network``, a list in which stages (even) and Embeddings (odd) alternate; a Flat module that
takes an index of its own before the first Meta3D block of stage 4.
"""

from __future__ import annotations

import pytest
import torch

from dsim.arch import get_preset
from dsim.export import build_module

BATCH_NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
LAYER = ("weight", "bias")

OFFICIAL_STEM_L1 = {
    "patch_embed.0.weight": (24, 3, 3, 3),
    "patch_embed.0.bias": (24,),
    "patch_embed.1.weight": (24,),
    "patch_embed.1.bias": (24,),
    "patch_embed.1.running_mean": (24,),
    "patch_embed.1.running_var": (24,),
    "patch_embed.1.num_batches_tracked": (),
    "patch_embed.3.weight": (48, 24, 3, 3),
    "patch_embed.3.bias": (48,),
    "patch_embed.4.weight": (48,),
    "patch_embed.4.bias": (48,),
    "patch_embed.4.running_mean": (48,),
    "patch_embed.4.running_var": (48,),
    "patch_embed.4.num_batches_tracked": (),
}
OFFICIAL_META3D_L1 = {  # the last block: network.6.3 is Flat, network.6.4 the only Meta3D
    "network.6.4.layer_scale_1": (448,),
    "network.6.4.layer_scale_2": (448,),
    "network.6.4.norm1.weight": (448,),
    "network.6.4.norm1.bias": (448,),
    "network.6.4.token_mixer.attention_biases": (8, 49),
    "network.6.4.token_mixer.attention_bias_idxs": (49, 49),
    "network.6.4.token_mixer.qkv.weight": (1536, 448),
    "network.6.4.token_mixer.qkv.bias": (1536,),
    "network.6.4.token_mixer.proj.weight": (448, 1024),
    "network.6.4.token_mixer.proj.bias": (448,),
    "network.6.4.norm2.weight": (448,),
    "network.6.4.norm2.bias": (448,),
    "network.6.4.mlp.fc1.weight": (1792, 448),
    "network.6.4.mlp.fc1.bias": (1792,),
    "network.6.4.mlp.fc2.weight": (448, 1792),
    "network.6.4.mlp.fc2.bias": (448,),
}
OFFICIAL_HEAD_L1 = {
    "norm.weight": (448,),
    "norm.bias": (448,),
    "head.weight": (1000, 448),
    "head.bias": (1000,),
    "dist_head.weight": (1000, 448),
    "dist_head.bias": (1000,),
}


def _meta4d(prefix: str) -> set[str]:
    keys = {f"{prefix}.layer_scale_1", f"{prefix}.layer_scale_2"}
    keys |= {f"{prefix}.mlp.{fc}.{name}" for fc in ("fc1", "fc2") for name in LAYER}
    return keys | {f"{prefix}.mlp.{norm}.{name}" for norm in ("norm1", "norm2") for name in BATCH_NORM}


def _embedding(prefix: str) -> set[str]:
    return {f"{prefix}.proj.{name}" for name in LAYER} | {f"{prefix}.norm.{name}" for name in BATCH_NORM}


def _official(meta4d: tuple[int, int, int, int], flat: int, meta3d: int) -> set[str]:
    """Every key, given the number of Meta4D blocks per stage, Flat's index in stage 4 and the number of Meta3D."""
    keys = set(OFFICIAL_STEM_L1) | set(OFFICIAL_HEAD_L1)
    for stage, count in enumerate(meta4d):
        for block in range(count):
            keys |= _meta4d(f"network.{2 * stage}.{block}")
    for place in (1, 3, 5):
        keys |= _embedding(f"network.{place}")
    for block in range(flat + 1, flat + 1 + meta3d):
        keys |= {key.replace("network.6.4.", f"network.6.{block}.") for key in OFFICIAL_META3D_L1}
    return keys


def _state(name: str) -> dict[str, torch.Tensor]:
    with torch.device("meta"):
        return build_module(get_preset(name)).state_dict()


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("efficientformer_l1", _official((3, 2, 6, 3), flat=3, meta3d=1)),
        ("efficientformer_l3", _official((4, 4, 12, 2), flat=2, meta3d=4)),
        ("efficientformer_l7", _official((6, 6, 18, 0), flat=0, meta3d=8)),
    ],
)
def test_keys_are_the_official_ones(name: str, keys: set[str]) -> None:
    assert set(_state(name)) == keys


def test_shapes_in_l1() -> None:
    shapes = {key: tuple(value.shape) for key, value in _state("efficientformer_l1").items()}
    expected = OFFICIAL_STEM_L1 | OFFICIAL_META3D_L1 | OFFICIAL_HEAD_L1
    expected |= {"network.0.0.mlp.fc1.weight": (192, 48, 1, 1), "network.5.proj.weight": (448, 224, 3, 3)}
    assert {key: shapes[key] for key in expected} == expected


def test_a_checkpoint_in_official_form_loads_strictly() -> None:
    checkpoint = {
        key: torch.zeros(value.shape, dtype=value.dtype)
        for key, value in _state("efficientformer_l1").items()
    }
    model = build_module(get_preset("efficientformer_l1"))
    assert str(model.load_state_dict(checkpoint, strict=True)) == "<All keys matched successfully>"


def test_bias_indices_count_offsets_as_the_official_code_does() -> None:
    points = [(y, x) for y in range(7) for x in range(7)]
    seen: dict[tuple[int, int], int] = {}
    rows = [
        [seen.setdefault((abs(a[0] - b[0]), abs(a[1] - b[1])), len(seen)) for b in points] for a in points
    ]
    module = build_module(get_preset("efficientformer_l1"))
    assert module.get_buffer("network.6.4.token_mixer.attention_bias_idxs").tolist() == rows
