"""What a network may be called. Sides: timm's and torchvision's own defaults, AI Hub's input specifications."""

from __future__ import annotations

import pytest

from dsim.errors import UnknownNameError
from dsim.latency.names import find_key, names_of
from dsim.latency.networks import shared_keys


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("resnet50", "resnet50@224"),
        ("resnet50@224", "resnet50@224"),
        ("RESNET50@224", "resnet50@224"),
        ("timm:resnet50", "resnet50@224"),
        ("timm:resnet50@288", "resnet50@288"),
        ("torchvision:resnet50", "resnet50@224"),
        ("resnet50.a1_in1k", "resnet50@224"),
        ("mobilenetv2_100.ra_in1k", "mobilenetv2_100@224"),
        ("mobilenet_v2", "mobilenetv2_100@224"),
        ("torchvision:mobilenet_v3_large", "mobilenetv3_large_100@224"),
        ("vit_b_16", "vit_base_patch16_224@224"),
        ("swin_t", "swin_tiny_patch4_window7_224@224"),
        ("timm:efficientnet_b4", "efficientnet_b4@320"),
        ("torchvision:efficientnet_b4", "efficientnet_b4@380"),
        ("aihub:EfficientNet-B4", "efficientnet_b4@380"),
        ("aihub:MobileNet-v2", "mobilenetv2_100@224"),
        ("Mobile-VIT", "mobilevit_s@256"),
        ("googlenet", "tv-googlenet@224"),
        ("torchvision:efficientnet_v2_s", "tv-efficientnet_v2_s@384"),
        ("pytorchcv:resnet18", "cv-resnet18@224"),
        ("resnet18", "resnet18@224"),
        ("transformers:mit-b0", "hf-mit-b0@224"),
        ("MobileOne-S2", "mobileone_s2@224"),
        ("mobileone_s2+unfused", "mobileone_s2+unfused@224"),
        ("EfficientFormer-L1", "efficientformer_l1@224"),
    ],
)
def test_a_name_stands_for_the_network_at_its_own_side(name: str, key: str) -> None:
    assert find_key(name) == key


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("efficientnet_b4", "runs at 320 or 380 pixels"),
        ("resnet50@999", "name one of resnet50@160"),
        ("resnet5", "near: resnet50"),
        ("foo:resnet50", "a source must be one of timm"),
        ("torchvision:maxvit_s", "is not known"),
        ("design-00dce81741c7@224", "is not known"),  # one machine's own
        ("", "is not known"),
        ("@", "is not known"),
        (":", "a source must be one of"),
    ],
)
def test_what_stands_for_nothing_or_for_several_is_refused_with_choices(name: str, words: str) -> None:
    with pytest.raises(UnknownNameError) as raised:
        find_key(name)
    assert words in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1


def test_every_name_listed_finds_its_network() -> None:
    for key in sorted(shared_keys())[::7]:
        assert names_of(key)[0] == key
        for name in names_of(key):
            assert find_key(name) == key, name
