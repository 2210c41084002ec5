"""Qualcomm AI Hub's image classifiers by the names of its perf.yaml files (AI Hub Models v0.46.1).

Each stands at the resolution that its own input specification asks for, which is what ran: Mobile-VIT is listed at 224
pixels and runs at 256.
"""

from __future__ import annotations

import re

# AI Hub's name to the key of a graph; letters and digits alone count
_GRAPHS = {
    "Beit": "beit_base_patch16_224@224",
    "ConvNext-Base": "convnext_base@224",
    "ConvNext-Tiny": "convnext_tiny@224",
    "DLA-102-X": "dla102x@224",
    "DenseNet-121": "densenet121@224",
    "EfficientFormer": "efficientformer_l1@224",
    "EfficientNet-B0": "efficientnet_b0@224",
    "EfficientNet-B4": "efficientnet_b4@380",
    "EfficientNet-V2-s": "tv-efficientnet_v2_s@384",
    "EfficientViT-b2-cls": "efficientvit_b2@224",
    "EfficientViT-l2-cls": "efficientvit_l2@224",
    "GoogLeNet": "tv-googlenet@224",
    "Inception-v3": "inception_v3@224",
    "LeViT": "levit_128s@224",
    "MNASNet05": "tv-mnasnet0_5@224",
    "Mobile-VIT": "mobilevit_s@256",
    "MobileNet-v2": "mobilenetv2_100@224",
    "MobileNet-v3-Large": "mobilenetv3_large_100@224",
    "MobileNet-v3-Small": "mobilenetv3_small_100@224",
    "NASNet": "nasnetalarge@224",
    "RegNet": "tv-regnet_x_3_2gf@224",
    "ResNeXt101": "resnext101_32x8d@224",
    "ResNeXt50": "resnext50_32x4d@224",
    "ResNet101": "resnet101@224",
    "ResNet18": "resnet18@224",
    "ResNet50": "resnet50@224",
    "Sequencer2D": "sequencer2d_s@224",
    "Shufflenet-v2": "tv-shufflenet_v2_x0_5@224",
    "SqueezeNet-1.1": "tv-squeezenet1_1@224",
    "Swin-Base": "swin_base_patch4_window7_224@224",
    "Swin-Small": "swin_small_patch4_window7_224@224",
    "Swin-Tiny": "swin_tiny_patch4_window7_224@224",
    "VIT": "vit_base_patch16_224@224",
    "WideResNet50": "wide_resnet50_2@224",
}


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


AIHUB_GRAPHS = {_plain(name): key for name, key in _GRAPHS.items()}


def aihub_graph(name: str) -> str:
    """Return the key of a network by AI Hub's name or id, empty where none is known; older files add ``Quantized``."""
    return AIHUB_GRAPHS.get(_plain(name).removesuffix("quantized"), "")


def aihub_names() -> dict[str, str]:
    """Return the key of every network by AI Hub's name."""
    return dict(_GRAPHS)
