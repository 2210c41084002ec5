"""Trace every measured network into dsim/data/graphs/iphones.parquet, in the form that ran on the phone.

Usage: python -m lab.networks.iphones [PREFIX...]            (needs timm)

With prefixes, only those networks are traced again and the others are kept.

Re-parameterised networks are fused first, as the phones ran them.
"""

from __future__ import annotations

import csv
import sys
import time
from functools import partial
from pathlib import Path

import timm
import torch
from timm.layers import Attention
from timm.models import efficientnet, mobilenetv3
from timm.models.fastvit import FastVit
from timm.utils.model import reparameterize_model
from torch import nn

from dsim.graph.graph import Graph
from dsim.graph.store import load_graphs, save_graphs
from dsim.graph.torch_reader import read_module
from lab.networks.own import OWN

ROOT = Path(__file__).resolve().parents[2]

S12 = {"layers": (2, 2, 6, 2), "embed_dims": (64, 128, 256, 512), "mlp_ratios": (4, 4, 4, 4)}


class PlainRepMixer(nn.Module):
    """RepMixer after fusion: one 3x3 depthwise convolution, no shortcut."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(dim, dim, 3, padding=1, groups=dim)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Run it; PoolFormer's block subtracts nothing and adds its shortcut, which the caller removes."""
        return self.conv(x)


def metaformer_rep() -> nn.Module:
    """PoolFormer-S12's frame with RepMixer and an FFN as FastViT's first step has it."""
    model = timm.create_model("poolformer_s12")
    for stage in model.stages:
        for block in stage.blocks:
            dim = block.mlp.fc1.in_channels
            block.norm1 = nn.Identity()
            block.token_mixer = PlainRepMixer(dim)
            # fused RepMixer has no shortcut of its own: res_scale and layer scale are folded into the convolution
            block.forward = partial(_no_skip, block)
            block.norm2 = nn.BatchNorm2d(dim)
    return model


def _no_skip(block: nn.Module, x: torch.Tensor) -> torch.Tensor:
    x = block.token_mixer(x)
    return x + block.layer_scale2(block.mlp(block.norm2(x)))


class PlainFfn(nn.Module):
    """FastViT's FFN without the 7x7 depthwise convolution: a 1x1 pair."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.fc1, self.act, self.fc2 = nn.Conv2d(dim, 4 * dim, 1), nn.GELU(), nn.Conv2d(4 * dim, dim, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Run the pair."""
        return self.fc2(self.act(self.fc1(x)))


class DensePatch(nn.Module):
    """A 3x3 stride-2 depthwise and pointwise pair, as FastViT's variants V1 to V3 use."""

    def __init__(self, inp: int, out: int) -> None:
        super().__init__()
        self.dw, self.pw = nn.Conv2d(inp, inp, 3, 2, 1, groups=inp), nn.Conv2d(inp, out, 1)
        self.act = nn.GELU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Run the pair."""
        return self.act(self.pw(self.act(self.dw(x))))


def fastvit_s12(mixers: tuple[str, ...], large_ffn: bool, small_patch: bool) -> nn.Module:
    """FastViT-S12 with the given token mixers, FFN kernel and patch embedding kernel."""
    model = FastVit(**S12, token_mixers=mixers)
    if not large_ffn:
        for stage in model.stages:
            for block in stage.blocks:
                block.mlp = PlainFfn(block.mlp.fc1.in_channels)
    if small_patch:
        for stage in model.stages:
            if not isinstance(stage.downsample, nn.Identity):
                old = stage.downsample.proj[0]
                convs = [m for m in stage.downsample.modules() if isinstance(m, nn.Conv2d)]
                stage.downsample = DensePatch(convs[0].in_channels, convs[-1].out_channels)
                del old
    return model


def no_se(name: str) -> nn.Module:
    """RepViT without squeeze-and-excitation."""
    model = timm.create_model(name)
    for module in model.modules():
        if hasattr(module, "se"):
            module.se = nn.Identity()
    return model


def star_sum(name: str) -> nn.Module:
    """StarNet with a sum in place of the star product."""
    model = timm.create_model(name)
    for stage in model.stages:
        for block in stage.children():
            if hasattr(block, "f1"):
                block.forward = partial(_star_sum, block)
    return model


def _star_sum(block: nn.Module, x: torch.Tensor) -> torch.Tensor:
    y = block.dwconv(x)
    y = block.act(block.f1(y)) + block.f2(y)
    return x + block.drop_path(block.dwconv2(block.g(y)))


def ef_l1_dw() -> nn.Module:
    """EfficientFormer-L1 with a 3x3 depthwise mixer in place of pooling."""
    model = timm.create_model("efficientformer_l1")
    for module in list(model.modules()):
        if module.__class__.__name__ == "MetaBlock2d":
            dim = module.mlp.fc1.in_channels
            module.token_mixer = nn.Sequential(
                nn.Conv2d(dim, dim, 3, padding=1, groups=dim, bias=False), nn.BatchNorm2d(dim)
            )
    return model


def probe30(act: type[nn.Module]) -> nn.Module:
    """Return a stand-in for MobileOne's probe: 30 convolutions of a VGG-like frame, an activation after each.

    The layers of the original are not published, so it serves only to convert a contrast into an order of size.
    """
    layers: list[nn.Module] = []
    last = 3
    for width, depth in ((64, 2), (128, 6), (256, 12), (512, 10)):
        for i in range(depth):
            layers += [
                nn.Conv2d(
                    last,
                    width,
                    3,
                    2 if i == 0 else 1,
                    1,
                    groups=1 if last == 3 else width if last == width else 1,
                ),
                act(),
            ]
            last = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(last, 1000))


BUILD = {
    **OWN,
    "mobilenetv2_150": lambda: efficientnet._gen_mobilenet_v2("mobilenetv2_100", 1.5),
    "mobilenetv2_200": lambda: efficientnet._gen_mobilenet_v2("mobilenetv2_100", 2.0),
    "mobilenetv3_large_050": lambda: mobilenetv3._gen_mobilenet_v3("mobilenetv3_large_100", 0.5),
    "mobilenetv3_large_100_gelu": lambda: timm.create_model("mobilenetv3_large_100", act_layer="gelu"),
    "convnext_tiny_conv": lambda: timm.create_model("convnext_tiny", conv_mlp=True),
    "convnext_small_conv": lambda: timm.create_model("convnext_small", conv_mlp=True),
    "convnext_base_conv": lambda: timm.create_model("convnext_base", conv_mlp=True),
    "tinynet_d_relu": lambda: timm.create_model("tinynet_d", act_layer=nn.ReLU),
    "tinynet_e_relu": lambda: timm.create_model("tinynet_e", act_layer=nn.ReLU),
    "metaformer_s12_rep": metaformer_rep,
    "fastvit_s12_step3": lambda: fastvit_s12(("repmixer",) * 4, large_ffn=False, small_patch=False),
    "fastvit_s12_step5": lambda: fastvit_s12(("repmixer",) * 4, large_ffn=True, small_patch=False),
    "fastvit_s12_v1": lambda: fastvit_s12(("repmixer",) * 4, large_ffn=False, small_patch=True),
    "fastvit_s12_v2": lambda: fastvit_s12(
        ("repmixer",) * 3 + ("attention",), large_ffn=False, small_patch=True
    ),
    "fastvit_s12_v3": lambda: fastvit_s12(
        ("repmixer",) * 2 + ("attention",) * 2, large_ffn=False, small_patch=True
    ),
    "efficientformer_l1_dw": ef_l1_dw,
    "repvit_m0_9_nose": lambda: no_se("repvit_m0_9"),
    "repvit_m1_5_nose": lambda: no_se("repvit_m1_5"),
    "starnet_s1_sum": lambda: star_sum("starnet_s1"),
    "starnet_s3_sum": lambda: star_sum("starnet_s3"),
    "starnet_s4_sum": lambda: star_sum("starnet_s4"),
    "probe30_relu": lambda: probe30(nn.ReLU),
    "probe30_gelu": lambda: probe30(nn.GELU),
    "probe30_silu": lambda: probe30(nn.SiLU),
}
SIZED = (
    "deit",
    "vit_",
    "swin",
    "maxvit",
    "coatnet",
    "convit",
    "pit",
    "efficientformer",
    "efficientvit_m",
    "resmlp",
    "fastvit_mci",
    "levit",
)


def build(name: str, size: int) -> nn.Module:
    """Return the network in the form that ran on the phone."""
    if name in BUILD:
        model = BUILD[name]()
    else:
        default = timm.get_pretrained_cfg(name)
        fixed = default is not None and default.input_size[-1] != size and name.startswith(SIZED)
        kwargs = {"img_size": size} if fixed and not name.startswith("fastvit") else {}
        try:
            model = timm.create_model(name, **kwargs)
        except TypeError:
            model = timm.create_model(name, resolution=size)
    for module in model.modules():
        if isinstance(module, Attention):
            module.fused_attn = False
        if name.startswith("efficientformer_") and hasattr(module, "attention_biases"):
            # timm fixes the bias table at 7 x 7 tokens; its stage runs at stride 32
            side = size // 32
            module.attention_biases = nn.Parameter(torch.zeros(module.num_heads, side * side))
            module.attention_bias_idxs = torch.zeros(side * side, side * side, dtype=torch.long)
    return reparameterize_model(model.eval())


def main() -> None:
    """Trace and store; networks that cannot be traced are named."""
    keys: set[str] = set()
    published: dict[str, str] = {}
    for path in sorted((ROOT / "device_profiles").glob("iphone*/*.csv")):
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                found = [row.get(c, "") for c in ("graph", "graph_a", "graph_b")]
                keys |= {k for k in found if k}
                if row.get("graph") and row.get("params_m"):
                    published[row["graph"]] = f"{row['params_m']}/{row['macs_g']}"
    path = ROOT / "dsim" / "data" / "graphs" / "iphones.parquet"
    prefixes = tuple(sys.argv[1:])
    graphs: dict[str, Graph] = load_graphs(path) if prefixes else {}
    for key in sorted(k for k in keys if not prefixes or k.startswith(prefixes)):
        name, size = key.split("@")
        start = time.time()
        try:
            with torch.device("meta"):
                model = build(name, int(size))
            graphs[key] = read_module(model, (1, 3, int(size), int(size)))
        except Exception as error:
            print(f"{key}: NOT TRACED: {type(error).__name__} {str(error)[:150]}", flush=True)
            continue
        g = graphs[key]
        print(
            f"{key}: {len(g.nodes)} ops, {g.params / 1e6:.2f} M, {g.macs / 1e9:.3f} G (published {published.get(key, '-')}) "
            f"{sorted(set(g.unknown))} {time.time() - start:.1f}s",
            flush=True,
        )
    save_graphs(path, {key: graph for key, graph in graphs.items() if key in keys})


if __name__ == "__main__":
    main()
