"""A design without its head: the same weights and maps as the exported module that gives four maps."""

from __future__ import annotations

import pytest
import torch

from dsim.arch import backbone_graph, backbone_pieces, get_preset, read_sides
from dsim.errors import InvalidValueError
from dsim.export import build_module
from tests.export.designs import THINNED, VARIANTS

DESIGNS = {**VARIANTS, **{name: THINNED[name] for name in ("efficientformer_l1", "efficientformerv2_s0")}}


@pytest.mark.parametrize("name", DESIGNS)
def test_weights_and_last_map_are_those_of_the_exported_backbone(name: str) -> None:
    arch, image = DESIGNS[name], (64, 96)
    graph = backbone_graph(arch, image)
    module = build_module(arch, features_only=True).eval()
    with torch.no_grad():
        last = module(torch.zeros(1, 3, *image))[-1]
    assert [graph.spec(ref).shape for ref in graph.outputs] == [tuple(last.shape)]
    # at another size than the design's own, attention's table of positions is stretched and so another
    own = backbone_graph(arch, (arch.resolution, arch.resolution))
    assert own.params == sum(parameter.numel() for parameter in module.parameters())


def test_l1_loses_its_head_and_nothing_else() -> None:
    """The head's MACs are those of two linear layers from 448 channels to 1000 scores."""
    l1 = get_preset("efficientformer_l1")
    whole = l1.to_graph((1, 3, 512, 640))
    assert whole.macs - backbone_graph(l1, (512, 640)).macs == 2 * 448 * 1000
    assert sum(piece.graph.macs for piece in backbone_pieces(l1, (512, 640))) == whole.macs - 2 * 448 * 1000


@pytest.mark.parametrize("text", ["", "512x", "500x640", "x640", "640x640x3", "8192", "-32", "6 40"])
def test_a_size_that_no_design_can_have_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError, match="multiples of 32 from 32 to 4096"):
        read_sides(text)
