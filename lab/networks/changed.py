"""Networks of timm in which one thing is changed, as published experiments changed it; and what timm builds only when asked."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from torch import Tensor, nn

from lab.networks.with_timm import timm_here

S12 = {"layers": (2, 2, 6, 2), "embed_dims": (64, 128, 256, 512), "mlp_ratios": (4, 4, 4, 4)}


class PlainRepMixer(nn.Module):
    """RepMixer after fusion: one 3x3 depthwise convolution, no shortcut."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(dim, dim, 3, padding=1, groups=dim)

    def forward(self, x: Tensor) -> Tensor:
        """Run it; PoolFormer's block subtracts nothing and adds its shortcut, which the caller removes."""
        return self.conv(x)


def _timm(name: str, **options: Any) -> Any:
    """Build a network of timm; its parts have names that only timm's code declares."""
    return timm_here().create_model(name, **options)


def metaformer_rep() -> nn.Module:
    """PoolFormer-S12's frame with RepMixer and an FFN as FastViT's first step has it."""
    model = _timm("poolformer_s12")
    for stage in model.stages:
        for block in stage.blocks:
            dim = block.mlp.fc1.in_channels
            block.norm1 = nn.Identity()
            block.token_mixer = PlainRepMixer(dim)
            # fused RepMixer has no shortcut of its own: res_scale and layer scale are folded into the convolution
            block.forward = partial(_no_skip, block)
            block.norm2 = nn.BatchNorm2d(dim)
    return model


def _no_skip(block: Any, x: Tensor) -> Tensor:
    x = block.token_mixer(x)
    return x + block.layer_scale2(block.mlp(block.norm2(x)))


class PlainFfn(nn.Module):
    """FastViT's FFN without the 7x7 depthwise convolution: a 1x1 pair."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.fc1, self.act, self.fc2 = nn.Conv2d(dim, 4 * dim, 1), nn.GELU(), nn.Conv2d(4 * dim, dim, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Run the pair."""
        return self.fc2(self.act(self.fc1(x)))


class DensePatch(nn.Module):
    """A 3x3 stride-2 depthwise and pointwise pair, as FastViT's variants V1 to V3 use."""

    def __init__(self, inp: int, out: int) -> None:
        super().__init__()
        self.dw, self.pw = nn.Conv2d(inp, inp, 3, 2, 1, groups=inp), nn.Conv2d(inp, out, 1)
        self.act = nn.GELU()

    def forward(self, x: Tensor) -> Tensor:
        """Run the pair."""
        return self.act(self.pw(self.act(self.dw(x))))


def fastvit_s12(mixers: tuple[str, ...], large_ffn: bool, small_patch: bool) -> nn.Module:
    """FastViT-S12 with the given token mixers, FFN kernel and patch embedding kernel."""
    fastvit = timm_here().models.fastvit
    model = fastvit.FastVit(**S12, token_mixers=mixers)
    if not large_ffn:
        for stage in model.stages:
            for block in stage.blocks:
                block.mlp = PlainFfn(block.mlp.fc1.in_channels)
    if small_patch:
        for stage in model.stages:
            if not isinstance(stage.downsample, nn.Identity):
                convs = [m for m in stage.downsample.modules() if isinstance(m, nn.Conv2d)]
                stage.downsample = DensePatch(convs[0].in_channels, convs[-1].out_channels)
    return model


def no_se(name: str) -> nn.Module:
    """RepViT without squeeze-and-excitation."""
    model = _timm(name)
    for module in model.modules():
        if hasattr(module, "se"):
            module.se = nn.Identity()
    return model


def star_sum(name: str) -> nn.Module:
    """StarNet with a sum in place of the star product."""
    model = _timm(name)
    for stage in model.stages:
        for block in stage.children():
            if hasattr(block, "f1"):
                block.forward = partial(_star_sum, block)
    return model


def _star_sum(block: Any, x: Tensor) -> Tensor:
    y = block.dwconv(x)
    y = block.act(block.f1(y)) + block.f2(y)
    return x + block.drop_path(block.dwconv2(block.g(y)))


def ef_l1_dw() -> nn.Module:
    """EfficientFormer-L1 with a 3x3 depthwise mixer in place of pooling."""
    model = _timm("efficientformer_l1")
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


CHANGED: dict[str, Callable[[], nn.Module]] = {
    "mobilenetv2_150": lambda: timm_here().models.efficientnet._gen_mobilenet_v2("mobilenetv2_100", 1.5),
    "mobilenetv2_200": lambda: timm_here().models.efficientnet._gen_mobilenet_v2("mobilenetv2_100", 2.0),
    "mobilenetv3_large_050": lambda: timm_here().models.mobilenetv3._gen_mobilenet_v3(
        "mobilenetv3_large_100", 0.5
    ),
    "mobilenetv3_large_100_gelu": lambda: _timm("mobilenetv3_large_100", act_layer="gelu"),
    "convnext_tiny_conv": lambda: _timm("convnext_tiny", conv_mlp=True),
    "convnext_small_conv": lambda: _timm("convnext_small", conv_mlp=True),
    "convnext_base_conv": lambda: _timm("convnext_base", conv_mlp=True),
    "tinynet_d_relu": lambda: _timm("tinynet_d", act_layer=nn.ReLU),
    "tinynet_e_relu": lambda: _timm("tinynet_e", act_layer=nn.ReLU),
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
