"""Presets against timm's figures.

How the figures were obtained (lab/networks/compare_presets.py; timm 1.0.31, torch 2.13, input 1 x 3 x 224 x 224):
parameters by ``sum(p.numel() for p in timm.create_model(name).parameters())``, MACs by half of what
``torch.utils.flop_counter.FlopCounterMode`` counts in one forward pass (it counts two per multiply-add of convolution,
linear and matmul). The distilled head has two classifiers and both count.
"""

from __future__ import annotations

import pytest

from dsim.arch import PRESETS, Arch, Mixer, get_preset
from dsim.errors import UnknownNameError

TIMM = {  # name: (parameters, MACs)
    "efficientformer_l1": (12_289_928, 1_291_284_736),
    "efficientformer_l3": (31_406_000, 3_906_573_312),
    "efficientformer_l7": (82_229_328, 10_119_325_696),
    "efficientformerv2_s0": (3_600_256, 395_892_544),
    "efficientformerv2_s1": (6_185_560, 651_969_640),
    "efficientformerv2_s2": (12_710_112, 1_246_863_952),
    "efficientformerv2_l": (26_322_288, 2_552_546_880),
    "poolformer_s12": (11_915_176, 1_812_267_008),
    "poolformer_s24": (21_388_968, 3_392_208_896),
    "poolformer_s36": (30_862_760, 4_972_150_784),
    "poolformer_m36": (56_172_520, 8_758_788_096),
    "poolformer_m48": (73_473_448, 11_533_320_192),
}


def test_every_preset_has_a_figure() -> None:
    assert set(PRESETS) == set(TIMM)


@pytest.mark.parametrize("name", TIMM)
def test_parameters_and_macs_equal_timm(name: str) -> None:
    graph = get_preset(name).to_graph()
    assert (graph.params, graph.macs) == TIMM[name]
    assert graph.unknown == ()


@pytest.mark.parametrize("name", PRESETS)
def test_outputs_are_class_scores(name: str) -> None:
    graph = get_preset(name).to_graph()
    assert [graph.spec(ref).shape for ref in graph.outputs] == [(1, 1000)]


@pytest.mark.parametrize("name", PRESETS)
def test_json_round_trip(name: str) -> None:
    arch = get_preset(name)
    again = Arch.from_json(arch.to_json())
    assert again == arch
    assert hash(again) == hash(arch)
    assert again.canonical_hash() == arch.canonical_hash()


def test_presets_differ() -> None:
    assert len({arch.canonical_hash() for arch in PRESETS.values()}) == len(PRESETS)


@pytest.mark.parametrize(
    ("name", "mixer", "late"),
    [
        ("efficientformer_l3", Mixer.ATTENTION, (0, 4)),
        ("efficientformerv2_s2", Mixer.ATTENTION_V2, (4, 4)),
        ("poolformer_m48", Mixer.POOLING, (0, 0)),
    ],
)
def test_attention_stands_where_the_papers_put_it(name: str, mixer: Mixer, late: tuple[int, int]) -> None:
    stages = get_preset(name).stages
    assert tuple(stage.attention_blocks for stage in stages) == (0, 0, *late)
    assert stages[3].blocks[-1].mixer is mixer


def test_unknown_preset_lists_the_choices() -> None:
    with pytest.raises(
        UnknownNameError, match=r"efficientformer_l9.*poolformer_s12.*closest: efficientformer_l"
    ):
        get_preset("efficientformer_l9")


@pytest.mark.parametrize("name", PRESETS)
def test_description_has_a_line_for_stem_stages_and_head(name: str) -> None:
    lines = get_preset(name).describe()
    assert len(lines) == 6
    for stage, line in zip(get_preset(name).stages, lines[1:5], strict=True):
        counts = [int(part.split(" x ")[0].split()[-1]) for part in line.split("; ")[1].split("), ")]
        assert sum(counts) == stage.depth
        assert f"width {stage.width}" in line
