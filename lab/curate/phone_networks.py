"""Names of the mobile benchmark's networks to graph keys: pytorchcv's, timm's where it is the same network, or our own."""

from __future__ import annotations

# Hugging Face name to timm's network and resolution
SAME = {
    "beit-base-patch16-224": "beit_base_patch16_224@224",
    "beit-base-patch16-384": "beit_base_patch16_384@384",
    "deit-base-distilled-patch16-224": "deit_base_distilled_patch16_224@224",
    "deit-base-distilled-patch16-384": "deit_base_distilled_patch16_384@384",
    "deit-small-distilled-patch16-224": "deit_small_distilled_patch16_224@224",
    "deit-tiny-distilled-patch16-224": "deit_tiny_distilled_patch16_224@224",
    "dinov2-base-imagenet1k-1-layer": "vit_base_patch14_dinov2@224",
    "dinov2-small-imagenet1k-1-layer": "vit_small_patch14_dinov2@224",
    "efficientformer-l1-300": "efficientformer_l1@224",
    "efficientformer-l3-300": "efficientformer_l3@224",
    "efficientformer-l7-300": "efficientformer_l7@224",
    "focalnet-base": "focalnet_base_srf@224",
    "focalnet-small": "focalnet_small_srf@224",
    "focalnet-tiny": "focalnet_tiny_srf@224",
    "levit-128": "levit_128+unfused@224",
    "levit-128S": "levit_128s+unfused@224",
    "levit-192": "levit_192+unfused@224",
    "levit-384": "levit_384+unfused@224",
    "mobilevit-small": "mobilevit_s@256",
    "mobilevit-x-small": "mobilevit_xs@256",
    "mobilevit-xx-small": "mobilevit_xxs@256",
    "poolformer_m36": "poolformer_m36@224",
    "poolformer_m48": "poolformer_m48@224",
    "poolformer_s12": "poolformer_s12@224",
    "poolformer_s36": "poolformer_s36@224",
    "swin-base-patch4-window12-384": "swin_base_patch4_window12_384@384",
    "swin-base-patch4-window7-224": "swin_base_patch4_window7_224@224",
    "swin-small-patch4-window7-224": "swin_small_patch4_window7_224@224",
    "swin-tiny-patch4-window7-224": "swin_tiny_patch4_window7_224@224",
    "swinv2-base-patch4-window12-192-22k": "swinv2_base_window12_192@192",
    "swinv2-base-patch4-window16-256": "swinv2_base_window16_256@256",
    "swinv2-base-patch4-window8-256": "swinv2_base_window8_256@256",
    "swinv2-tiny-patch4-window16-256": "swinv2_tiny_window16_256@256",
    "swinv2-tiny-patch4-window8-256": "swinv2_tiny_window8_256@256",
    "vit-base-patch16-224-in21k": "vit_base_patch16_224@224",
    "vit-base-patch16-384": "vit_base_patch16_384@384",
    "vit-base-patch32-224-in21k": "vit_base_patch32_224@224",
    "vit-base-patch32-384": "vit_base_patch32_384@384",
    "vit-hybrid-base-bit-384": "vit_base_r50_s16_384@384",
    "vit-msn-base": "vit_base_patch16_224@224",
    "vit-msn-small": "vit_small_patch16_224@224",
}
# built by measured_networks.py
OWN = ("cvt-", "mit-", "pvt-", "van-")
# a segmentation network; a ViT of 3,136 tokens that nothing else here resembles; and two whose stated work is 0.70 of that of
# timm's network of the same name at the resolution in their name
LEFT_OUT = (
    "mobilevitv2-1.5-voc-deeplabv3",
    "vit-msn-base-4",
    "mobilevitv2-1.0-imagenet1k-256",
    "mobilevitv2-2.0-imagenet1k-256",
)


def graph_of(model: str, family: str) -> str:
    """Return the graph key of a network of the benchmark, empty where there is none."""
    if family == "cnn":
        return f"cv-{model}@224"
    if model in SAME:
        return SAME[model]
    if model.startswith(OWN):
        plain = model.removesuffix("-384").removesuffix("-224")
        return f"hf-{plain}@{384 if model.endswith('-384') else 224}"
    if model in LEFT_OUT:
        return ""
    raise SystemExit(
        f"network {model!r} has neither a graph nor a place in LEFT_OUT; add it to phone_networks.py"
    )
