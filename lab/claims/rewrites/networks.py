"""The networks whose rewrites are timed, as files of an operator set without layer norm and GELU: exporters write them in steps."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch

from lab.networks.with_timm import timm_here

# those that the table of 20 was asked of, then more that norm over channels beside convolutions
NETWORKS = (
    *("repvgg_a0", "repvgg_b0", "mobileone_s0", "mobileone_s1", "mobileone_s4", "fastvit_t8", "repvit_m0_9", "repghostnet_050"),
    *("deit_tiny_patch16_224", "vit_small_patch16_224", "convnext_atto", "convnext_femto", "poolformer_s12", "mobilevitv2_050"),
    *("efficientformer_l1", "edgenext_xx_small", "levit_128s", "mixer_s32_224", "pvt_v2_b0", "resnet18"),
    *("convnextv2_atto", "mambaout_femto", "tiny_vit_5m_224", "convnext_tiny", "coat_lite_tiny", "pit_ti_224", "coatnext_nano_rw_224"),
)  # fmt: skip
# networks once more with another formula of GELU: no small one of timm has it
WITH = "+"
BY_TANH = tuple(
    f"{name}{WITH}gelu_tanh"
    for name in ("deit_tiny_patch16_224", "mixer_s32_224", "efficientformer_l1", "convnext_atto")
)
OPSET = 14
PX = 224


def export(name: str, path: Path) -> None:
    """Write a network of timm with random weights, branches and all; ``NAME+ACTIVATION`` for one with another activation."""
    timm = timm_here()
    plain, _, act = name.partition(WITH)
    other = {"act_layer": timm.layers.get_act_layer(act)} if act else {}
    model = timm.create_model(plain, pretrained=False, **other).eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(model, (torch.zeros(1, 3, PX, PX),), str(path), dynamo=False, opset_version=OPSET)


def family(name: str) -> str:
    """Return the line of networks that one is of: a network of the same line is nearly known."""
    return name.partition("_")[0].removesuffix("v2")
