"""Say of every network by when it was published: lab/claims/reality/dates.csv, which the backtest trains and tests by.

Usage: python -m lab.curate.dates timm-0.6.12-py3-none-any.whl

Of timm's wheel of 2022-11-23 only the names of networks are read: what it holds was published by then, whatever its paper's date.
A network that it lacks takes the date of the first arXiv paper of its design from RULES. Where neither says anything the
date stays empty, and the backtest counts the network as later: in doubt, nothing is learned from it.
"""

from __future__ import annotations

import csv
import re
import sys
import zipfile
from fnmatch import fnmatchcase
from pathlib import Path

from dsim.accuracy.tables import read_rows
from lab.claims.reality.dates import FILE, RECIPE, bare

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "dsim" / "data"
RELEASE, RELEASED = "timm 0.6.12 (PyPI, 2022-11-23) holds it", "2022-11"
LATER = "later than timm 0.6.12 or not dated"
# the first that fits decides; an arXiv number says year and month of the first version
RULES: tuple[tuple[str, str], ...] = (
    ("EdgeNeXt-*", "2206.10589"),
    ("PoolFormer-*", "2111.11418"),
    ("StarNet-*", "2403.19967"),
    ("bagnet*", "1904.00760"),
    ("beit3_*", "2208.10442"),
    ("bninception", "1502.03167"),
    ("caformer*", "2210.13452"),
    ("convformer*", "2210.13452"),
    ("poolformerv2*", "2210.13452"),
    ("coat_*", "2104.06399"),
    ("convnext_*_conv", "2303.14189"),
    ("convnextv2_*", "2301.00808"),
    ("cvt-*", "2103.15808"),
    ("davit_*", "2204.03645"),
    ("diracnet*", "1706.00388"),
    ("dla*", "1707.06484"),
    ("edgevit_*", "2205.03436"),
    ("efficientformer_l1_dw", "2212.08059"),
    ("efficientformerv2_*", "2212.08059"),
    ("efficientnet_v2_s", "2104.00298"),
    ("efficientvit_m*", "2305.07027"),
    ("eva02_*", "2303.11331"),
    ("fasternet_*", "2303.03667"),
    ("fastvit_mci*", "2311.17049"),
    ("fastvit_*", "2303.14189"),
    ("metaformer_s12_rep", "2303.14189"),
    ("fbnet_cb", "1812.03443"),
    ("fdmobilenet_*", "1802.03750"),
    ("flexivit_*", "2212.08013"),
    ("focalnet_*", "2203.11926"),
    ("ghostnet", "1911.11907"),
    ("ghostnetv2_*", "2211.12905"),
    ("ghostnetv3_*", "2404.11202"),
    ("googlenet", "1409.4842"),
    ("hgnetv2_*", "2304.08069"),
    ("hiera_*", "2306.00989"),
    ("hieradet_*", "2408.00714"),
    ("sam2_hiera_*", "2408.00714"),
    ("hrnet_w*_ssld", "2103.05959"),
    ("hrnet_w18_small_v1", "1908.07919"),
    ("iformer_*", "2501.15369"),
    ("inception_next_*", "2303.16900"),
    ("legacy_xception", "1610.02357"),
    ("levit_conv_128*", "2104.01136"),
    ("levit_conv_192", "2104.01136"),
    ("levit_conv_256", "2104.01136"),
    ("levit_conv_384", "2104.01136"),
    ("lowformer_*", "2409.03460"),
    ("mambaout_*", "2405.07992"),
    ("maxvit_*_tf_*", "2204.01697"),
    ("mit-b*", "2105.15203"),
    ("mnasnet0_5", "1807.11626"),
    ("mobilenet_w*", "1704.04861"),
    ("mobilenetb_w*", "1704.04861"),
    ("mobilenetv1_1??", "1704.04861"),
    ("mobilenetv2_150", "1801.04381"),
    ("mobilenetv2_200", "1801.04381"),
    ("mobilenetv2_w*", "1801.04381"),
    ("mobilenetv2b_w*", "1801.04381"),
    ("mobilenetv3_large_050", "1905.02244"),
    ("mobilenetv3_large_w*", "1905.02244"),
    ("mobilenext_*", "2007.02269"),
    ("mobileone_*", "2206.04040"),
    ("probe30_*", "2206.04040"),
    ("mvitv2_base_cls", "2112.01526"),
    ("nest_*_jx", "2105.12723"),
    ("nextvit_*", "2207.05501"),
    ("peleenet", "1804.06882"),
    ("preresnet*", "1603.05027"),
    ("sepreresnet*", "1709.01507"),
    ("seresnet1?", "1709.01507"),
    ("seresnext101_64x4d", "1709.01507"),
    ("pvt-*", "2102.12122"),
    ("rdnet_*", "2403.19588"),
    ("regnet_x_3_2gf", "2003.13678"),
    ("regnetx0*", "2003.13678"),
    ("regnetx_004_tv", "2003.13678"),
    ("repghostnet_*", "2211.06088"),
    ("repnext_*", "2406.16004"),
    ("repvgg_a?", "2101.03697"),
    ("repvit_*", "2307.09283"),
    ("resnet1?", "1512.03385"),
    ("resnet18_w*", "1512.03385"),
    ("resnetbc*", "1512.03385"),
    ("resnet101[cs]", "1812.01187"),
    ("resnet152[cs]", "1812.01187"),
    ("resnet50[cs]", "1812.01187"),
    ("resnetv2_*_bit", "1912.11370"),
    ("resnext14_*", "1611.05431"),
    ("resnext26_*", "1611.05431"),
    ("samvit_*", "2304.02643"),
    ("shufflenet*v2_*", "1807.11164"),
    ("shufflenet_v2_*", "1807.11164"),
    ("shvit_*", "2401.16456"),
    ("spnasnet", "1904.02877"),
    ("squeeze*net*", "1602.07360"),
    ("starnet_*", "2403.19967"),
    ("swinv2_base_window12_192", "2111.09883"),
    ("tiny_vit_*", "2207.10666"),
    ("tnt_s_legacy_*", "2103.00112"),
    ("van-*", "2202.09741"),
    ("vit_base_patch14_dinov2", "2304.07193"),
    ("vit_small_patch14_dinov2", "2304.07193"),
    ("vit_*_dinov3*", "2508.10104"),
    ("vit_*_rope_*", "2403.13298"),
    ("vit_*siglip*", "2303.15343"),
    ("vitamin_*", "2404.02132"),
    ("vovnet27s", "1904.09730"),
    ("xcit_*", "2106.09681"),
)
# recipes whose row of recipes.csv cites no paper, and which came later all the same
RECIPES: tuple[tuple[str, str], ...] = (
    ("*|ra4_e3600_r224_in1k", "2404.10518"),
    ("*|ra4_e3600_r256_in1k", "2404.10518"),
    ("*|ra4_e3600_r384_in1k", "2404.10518"),
    ("*|sbb_in1k", ""),
)


def main() -> None:
    """Write the table for all stored networks and all published results."""
    held = released(Path(sys.argv[1]))
    with (DATA / "families.csv").open(newline="", encoding="utf-8") as file:
        names = {bare(row["name"]) for row in csv.DictReader(file)}
    for table in ("top1.csv", "ablated.csv", "contrasts.csv"):
        names |= {bare(row["network"]) for row in read_rows(table)}
    with FILE.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("name", "published", "source"))
        for name in sorted(names):
            writer.writerow((name, *dated(name, held)))
        for key, arxiv in RECIPES:
            writer.writerow((RECIPE + key, *_by(arxiv)))


def released(wheel: Path) -> frozenset[str]:
    """Return the names of the networks that a wheel of timm registers."""
    with zipfile.ZipFile(wheel) as archive:
        files = [name for name in archive.namelist() if name.startswith("timm/models/")]
        code = "\n".join(archive.read(name).decode() for name in files if name.endswith(".py"))
    return frozenset(re.findall(r"@register_model\s*\ndef (\w+)\(", code))


def dated(name: str, held: frozenset[str]) -> tuple[str, str]:
    """Return the month by which a network was published, empty where nothing says so, and the source."""
    if name in held:
        return RELEASED, RELEASE
    for pattern, arxiv in RULES:
        if fnmatchcase(name, pattern):
            return _by(arxiv)
    return _by("")


def _by(arxiv: str) -> tuple[str, str]:
    return (f"20{arxiv[:2]}-{arxiv[2:4]}", f"arXiv {arxiv}") if arxiv else ("", LATER)


if __name__ == "__main__":
    main()
