"""Assign every stored network its family: one lineage, one spelling, over all devices and sources.

Usage: python -m lab.curate.families

A family is held out of every device at once, so patterns rather join too much than too little. The first that fits decides;
prefixes of other sources (cv-, tv-, hf-) and the form (+unfused) do not matter. A network that fits no pattern is named.
"""

from __future__ import annotations

import csv
import sys
from fnmatch import fnmatchcase
from pathlib import Path

import polars as pl

from dsim.graph.key import NetworkKey

ROOT = Path(__file__).resolve().parents[2]
RULES = (
    ("test_*", "timm's test networks", "toy networks for timm's own unit tests, 160 px"),
    ("probe30_*", "MobileOne", "MobileOne's probe network; its layers are unpublished"),
    ("metaformer_s12_rep", "FastViT", "PoolFormer-S12's frame with RepMixer: FastViT's first step"),
    ("fastvit*", "FastViT", "RepMixer networks; MobileCLIP's image encoders are FastViT networks"),
    ("vit_*_r*_s*", "ViT", "a plain vision transformer on a ResNet stem"),
    ("vit_hybrid*", "ViT", "a plain vision transformer on a ResNet stem"),
    ("vitamin*", "ViTamin", "convolutional stages before a plain transformer"),
    ("vit_relpos*", "ViT", "plain vision transformers with relative positions"),
    ("vit*", "ViT", "plain vision transformers"),
    ("naflexvit*", "ViT", "plain vision transformers"),
    ("flexivit*", "ViT", "plain vision transformers"),
    ("deit*", "ViT", "plain vision transformers; with and without distillation token"),
    ("beit*", "ViT", "plain vision transformers"),
    ("eva*", "ViT", "plain vision transformers"),
    ("cait*", "ViT", "deeper plain transformers from the DeiT authors"),
    ("convit*", "ViT", "a plain vision transformer whose first blocks are gated"),
    ("samvit*", "ViT", "plain vision transformers with windows"),
    ("dinov2*", "ViT", "plain vision transformers"),
    ("tnt*", "ViT", "a transformer inside a ViT"),
    ("volo*", "VOLO", "outlook attention"),
    ("xcit*", "XCiT", "cross-covariance attention"),
    ("crossvit*", "CrossViT", "two branches"),
    ("coat_*", "CoaT", "co-scale conv-attentional"),
    ("coatn*", "MaxViT", "CoAtNet and MaxViT share their code and blocks"),
    ("max*vit*", "MaxViT", "CoAtNet and MaxViT share their code and blocks"),
    ("pit*", "PiT", "a vision transformer with pooling between stages"),
    ("resmlp*", "MLP", "isotropic MLPs"),
    ("mixer*", "MLP", "isotropic MLPs"),
    ("gmixer*", "MLP", "isotropic MLPs"),
    ("gmlp*", "MLP", "isotropic MLPs"),
    ("swin*", "Swin", "V1 and V2, all sizes"),
    ("focalnet*", "FocalNet", "focal modulation in Swin's layout"),
    ("*nest_*", "NesT", "nested transformers"),
    ("davit*", "DaViT", "dual attention"),
    ("twins*", "PVT", "pyramid transformers"),
    ("pvt*", "PVT", "pyramid transformers, V1 and V2"),
    ("mit[-_]*", "PVT", "SegFormer's encoders: PVT with convolutional feed-forward blocks"),
    ("mvitv2*", "MViT", "multi-scale ViT"),
    ("hiera*", "MViT", "Hiera is MViT made simpler"),
    ("sam2_hiera*", "MViT", "Hiera is MViT made simpler"),
    ("cvt*", "CvT", "convolutional projections"),
    ("van[-_]*", "VAN", "large-kernel attention"),
    ("levit*", "LeViT", "all sizes and forms"),
    ("visformer*", "Visformer", "one lineage"),
    ("sequencer*", "Sequencer", "LSTM mixers"),
    ("nextvit*", "Next-ViT", "all sizes"),
    ("tiny_vit*", "TinyViT", "all sizes"),
    ("edgevit*", "EdgeViT", "all sizes"),
    ("edgenext*", "EdgeNeXt", "all sizes"),
    ("lowformer*", "LowFormer", "all sizes"),
    ("iformer*", "iFormer", "all sizes"),
    ("efficientvit_m*", "EfficientViT (MSRA)", "cascaded group attention"),
    ("efficientvit_*", "EfficientViT (MIT)", "linear attention; not related to EfficientViT-M"),
    ("efficientformer*", "EfficientFormer", "V1 and V2: same stem, widths and stages"),
    ("poolformer*", "MetaFormer", "MetaFormer baselines share one macro-architecture"),
    ("convformer*", "MetaFormer", "MetaFormer baselines share one macro-architecture"),
    ("caformer*", "MetaFormer", "MetaFormer baselines share one macro-architecture"),
    ("mambaout*", "MambaOut", "gated convolutional blocks"),
    ("inception_next*", "ConvNeXt", "ConvNeXt with a decomposed mixer"),
    ("convnext*", "ConvNeXt", "V1 and V2, linear or 1x1 convolution form"),
    ("convmixer*", "ConvMixer", "isotropic convolutions"),
    ("repvgg*", "RepVGG", "re-parameterised VGG-like networks"),
    ("vgg*", "VGG", "all sizes, with and without norms"),
    ("repvit*", "RepViT", "all sizes"),
    ("repnext*", "RepNeXt", "all sizes and both forms"),
    ("repghost*", "GhostNet", "ghost modules in a MobileNetV3"),
    ("ghostnet*", "GhostNet", "V1, V2 and V3 are one family"),
    ("fasternet*", "FasterNet", "all sizes"),
    ("shvit*", "SHViT", "all sizes"),
    ("starnet*", "StarNet", "all sizes"),
    ("mobileone*", "MobileOne", "re-parameterised MobileNetV1-like networks"),
    ("mobilevit*", "MobileViT", "V1 and V2 are one family"),
    ("mobilenext*", "MobileNeXt", "all widths"),
    ("mobilenetv4*", "MobileNetV4", "all sizes"),
    ("*mobilenetv3*", "MobileNetV3", "large and small, all widths"),
    ("mobilenetv2*", "MobileNetV2", "all widths and depths"),
    ("mobilenet_edgetpu*", "EfficientNet", "EdgeTPU networks are EfficientNets with fused blocks"),
    ("mobilenetv1*", "MobileNetV1", "depthwise separable convolutions without shortcuts"),
    ("mobilenet_*", "MobileNetV1", "depthwise separable convolutions without shortcuts"),
    ("mobilenetb_*", "MobileNetV1", "depthwise separable convolutions without shortcuts"),
    ("fdmobilenet*", "MobileNetV1", "MobileNetV1 with fast downsampling"),
    ("lcnet*", "LCNet", "MobileNetV1-like with squeeze-and-excitation"),
    ("tinynet*", "EfficientNet", "EfficientNet scaled down"),
    ("*mixnet*", "MixNet", "mixed depthwise kernels"),
    ("*efficientnet*", "EfficientNet", "V1, V2, Lite and EdgeTPU are one family"),
    ("efficientnetv2*", "EfficientNet", "EfficientNet with fused blocks"),
    ("*mnasnet*", "MnasNet", "with and without squeeze-and-excitation"),
    ("spnasnet*", "MnasNet", "a MnasNet found by another search"),
    ("fbnet*", "FBNet", "searched inverted residuals"),
    ("hardcorenas*", "HardCoRe-NAS", "searched inverted residuals"),
    ("shufflenet*", "ShuffleNetV2", "all widths"),
    ("squeeze*", "SqueezeNet", "fire modules, with and without shortcuts"),
    ("peleenet*", "DenseNet", "dense connections"),
    ("dpn*", "DenseNet", "dual path: dense connections beside residual ones"),
    ("*densenet*", "DenseNet", "dense connections"),
    ("rdnet*", "DenseNet", "DenseNet reloaded"),
    ("dla*", "DLA", "deep layer aggregation"),
    ("hrnet*", "HRNet", "all widths"),
    ("hgnet*", "HGNet", "V1 and V2"),
    ("*vovnet*", "VoVNet", "one-shot aggregation"),
    ("selecsls*", "SelecSLS", "all sizes"),
    ("nasnet*", "NASNet", "the NASNet search space"),
    ("pnasnet*", "NASNet", "the NASNet search space"),
    ("*inception_res*", "Inception", "one lineage"),
    ("*inception*", "Inception", "one lineage"),
    ("googlenet*", "Inception", "Inception V1"),
    ("*xception*", "Inception", "Xception comes from Inception"),
    ("cs3*", "CSP", "cross-stage partial Darknets and ResNets"),
    ("csp*", "CSP", "cross-stage partial Darknets and ResNets"),
    ("*darknet*", "CSP", "Darknet, the frame of cross-stage partial networks"),
    ("csatv2*", "CSATv2", "attention on frequencies"),
    ("*regnet*", "RegNet", "X, Y, V and Z"),
    ("*gernet*", "GERNet", "searched GPU-efficient networks"),
    ("bagnet*", "ResNet", "ResNet with small windows"),
    ("diracnet*", "ResNet", "ResNet with its shortcuts folded into weights"),
    ("*nfnet*", "ResNet", "norm-free ResNets"),
    ("nf_*", "ResNet", "norm-free ResNets"),
    ("bat_resnext*", "ResNet", "attention inside a ResNet"),
    ("*halo*", "ResNet", "attention inside a ResNet"),
    ("*botne*t*", "ResNet", "attention inside a ResNet"),
    ("lambda*", "ResNet", "attention inside a ResNet"),
    ("*resne*", "ResNet", "all ResNets: plain, pre-activated, wide, grouped, with attention or splits"),
    ("res2ne*", "ResNet", "multi-scale ResNet"),
    ("*senet154*", "ResNet", "squeeze-and-excitation on ResNeXt"),
)  # fmt: skip


def family_of(name: str) -> tuple[str, str]:
    """Return (family, reason) of a graph's name, empty where no pattern fits."""
    plain = name.partition("+")[0]
    if plain[:3] in ("cv-", "tv-", "hf-"):
        plain = plain[3:]
    return next(((family, why) for pattern, family, why in RULES if fnmatchcase(plain, pattern)), ("", ""))


def main() -> int:
    """Write dsim/data/families.csv."""
    names: set[str] = set()
    for path in (ROOT / "dsim" / "data" / "graphs").glob("*.parquet"):
        keys = pl.read_parquet(path, columns=["key"])["key"].unique()
        names |= {NetworkKey.of(key).name for key in keys}
    rows = [(name, *family_of(name)) for name in sorted(names)]
    for name, family, _ in rows:
        if not family:
            print(f"{name}: no pattern fits")
    with (ROOT / "dsim" / "data" / "families.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("name", "family", "reason"))
        writer.writerows(row for row in rows if row[1])
    return int(any(not row[1] for row in rows))


if __name__ == "__main__":
    sys.exit(main())
