"""What the folding passes claim, done to real weights: the network computes the same.

Batch norm and layer scale are folded into the weights of the exported module by the formulas written out here, wherever
the passes say that they can be, and nowhere else. The outputs must not move, and the graph of the folded module must be
the one that the pass gives.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from torch import nn

from dsim.arch import Arch, get_preset
from dsim.attrs import ConstantAttrs
from dsim.export import build_module
from dsim.graph import Graph, normal_hash
from dsim.graph.passes import PASSES
from dsim.graph.torch_reader import read_module
from dsim.op import OpKind
from tests.strategies import archs
from tests.thorough import THOROUGH, cases

SCALED = (OpKind.CONV2D, OpKind.LINEAR, OpKind.LAYER_NORM, OpKind.GROUP_NORM, OpKind.BATCH_NORM)


def _random_module(arch: Arch, seed: int) -> nn.Module:
    """Return a module in double precision whose statistics and scales are nowhere trivial."""
    torch.manual_seed(seed)
    module = build_module(arch).double().eval()
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if "layer_scale" in name:
                parameter.uniform_(0.5, 1.5)
            elif parameter.ndim == 1:
                parameter.add_(torch.randn_like(parameter) * 0.3)
            else:
                parameter.mul_(5)
        for layer in module.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.running_mean.normal_(0, 0.5)
                layer.running_var.uniform_(0.5, 2)
    return module


def _parent(module: nn.Module, path: str) -> tuple[nn.Module, str]:
    head, _, name = path.rpartition(".")
    return module.get_submodule(head), name


def _fold_batch_norms(module: nn.Module, graph: Graph) -> int:
    """Fold each batch norm that the pass removes into the convolution before it, and take it out of the module."""
    left = {
        node.scope for node in PASSES["fold_batch_norm"](graph).nodes if node.op.kind is OpKind.BATCH_NORM
    }
    folded = 0
    for node in graph.nodes:
        if node.op.kind is not OpKind.BATCH_NORM or node.scope in left:
            continue
        norm = module.get_submodule(node.scope)
        conv = module.get_submodule(graph.nodes[node.inputs[0].node].scope)
        assert isinstance(norm, nn.BatchNorm2d)
        assert isinstance(conv, nn.Conv2d)
        assert conv.bias is not None
        factor = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        with torch.no_grad():
            conv.weight.mul_(factor.view(-1, 1, 1, 1))
            conv.bias.copy_((conv.bias - norm.running_mean) * factor + norm.bias)
        parent, name = _parent(module, node.scope)
        setattr(parent, name, nn.Identity())
        folded += 1
    return folded


def _fold_layer_scales(module: nn.Module, graph: Graph) -> int:
    """Fold each layer scale that follows a layer with weights into that layer, and take it out of the module."""
    seen: dict[str, int] = {}
    folded = 0
    for node in graph.nodes:
        if (
            node.op.kind is not OpKind.MUL
            or not isinstance(node.op.attrs, ConstantAttrs)
            or not node.op.attrs.params
        ):
            continue
        seen[node.scope] = seen.get(node.scope, 0) + 1
        block = module.get_submodule(node.scope)
        name = f"layer_scale_{seen[node.scope]}" if hasattr(block, "layer_scale_1") else "layer_scale"
        before = graph.nodes[node.inputs[0].node]
        if before.op.kind not in SCALED:
            continue
        layer = module.get_submodule(before.scope)
        scale = getattr(block, name)
        with torch.no_grad():
            layer.weight.mul_(scale.view(-1, *[1] * (layer.weight.ndim - 1)))
            layer.bias.mul_(scale)
        setattr(block, name, None)
        folded += 1
    return folded


def _check(arch: Arch, seed: int) -> tuple[int, int]:
    shape = (1, 3, arch.resolution, arch.resolution)
    module = _random_module(arch, seed)
    image = torch.randn(2, *shape[1:], dtype=torch.float64)
    with torch.no_grad():
        wanted = module(image)
    norms = scales = 0
    for name, fold in (("fold_batch_norm", _fold_batch_norms), ("fold_layer_scale", _fold_layer_scales)):
        graph = read_module(module, shape)
        claimed = PASSES[name](graph)
        count = fold(module, graph)
        assert count == len(graph.nodes) - len(claimed.nodes)
        assert normal_hash(read_module(module, shape)) == normal_hash(claimed)
        with torch.no_grad():
            torch.testing.assert_close(module(image), wanted, rtol=1e-9, atol=1e-9)
        norms, scales = (count, scales) if name == "fold_batch_norm" else (norms, count)
    return norms, scales


@pytest.mark.parametrize(
    ("name", "norms", "scales"),
    [
        # 2 in the stem, 2 in each of 14 4D blocks, 3 transitions; the mul after pooling stays, so one per 4D block
        ("efficientformer_l1", 2 + 2 * 14 + 3, 14 + 2),
        # 2 + 3 in each of 14 FFNs + 3 transitions + 6 in 2 strided attentions, 5 in 2 others + 5 in the downsampling;
        # the head's norm follows a sum and stays
        pytest.param(
            *("efficientformerv2_s0", 2 + 3 * 14 + 3 + 6 * 2 + 5 * 2 + 5, 14 + 4),
            marks=pytest.mark.skipif(not THOROUGH, reason="slow; run make thorough"),
        ),
        ("poolformer_s12", 0, 12),
    ],
)
def test_presets(name: str, norms: int, scales: int) -> None:
    assert _check(replace(get_preset(name), resolution=64), seed=1) == (norms, scales)


@pytest.mark.slow
@settings(max_examples=cases(2, 10), deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(archs(max_depth=2, resolutions=(32, 64)))
def test_random_designs(arch: Arch) -> None:
    _check(arch, seed=2)
