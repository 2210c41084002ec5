"""Made-up raw figures through the readers; what must come out is worked out by hand."""

import csv
import zipfile
from pathlib import Path

from dsim.attrs import ConvAttrs, LinearAttrs
from dsim.device.load import load_profile
from dsim.op import OpKind
from lab.curate import iphones
from lab.curate.aihub import cliff_of, numbers_of
from lab.curate.dates import released
from lab.curate.families import family_of
from lab.curate.phone_ops import measured_op
from lab.curate.read_rules import first_fit
from lab.curate.stored_sizes import graph_key

XCODE = "CoreML (Xcode 14 report; iOS 16; all units)"
COLUMNS = (
    "network,timm_name,resolution,device,compute_unit,runtime,latency_ms,top1,params_m,macs_g,source,table"
)
FIGURES = (
    f"ResNet50,resnet50,224,iPhone 12,npu,{XCODE},1.0,,25.6,4.1,RepViT paper (arXiv) [a],Table 1",
    f"ResNet50,resnet50,224,iPhone 12,npu,{XCODE},1.6,,25.6,4.1,FastViT paper (arXiv),Table 2",
    f"ResNet50,resnet50,224,iPhone 12,gpu,{XCODE},9.0,,25.6,4.1,RepViT paper (arXiv),not the engine",
    f"EfficientFormerV2-S0,efficientformerv2_s0,,iPhone 12 Pro,npu,{XCODE},0.9,,3.5,0.4,RepViT paper (arXiv),dense-prediction",
    "MobileNetV2 x1.5,,,iPhone 13,npu,CoreML,0.8,,6.8,0.7,MobileOne paper (arXiv),DIGITISED +-0.05",
    f"iFormer-M,,512,iPhone 14,npu,{XCODE},4.0,,8.9,,iFormer paper (arXiv),Table 3",
)


def test_iphone_figures_get_graph_lab_cliff_and_error(tmp_path: Path) -> None:
    (tmp_path / "latency_published.csv").write_text("\n".join((COLUMNS, *FIGURES)) + "\n")
    iphones.curate(tmp_path, tmp_path)
    twelve = load_profile(tmp_path / "device_profiles" / "iphone12")
    told = [(row.graph, row.latency_ms, row.lab, row.source, row.cliff) for row in twelve.networks]
    fast = "FastViT paper (arXiv)"
    assert told == [
        # 1.6 is more than 1.5 times the other source's 1.0
        (
            "resnet50@224",
            1.6,
            "fastvit",
            fast,
            "1.6 times the 1.0 ms of RepViT paper (arXiv) on an iPhone 12",
        ),
        ("resnet50@224", 1.0, "repvit", "RepViT paper (arXiv)", ""),
        # neither the table of dense prediction nor the network says the side, so there is no graph
        ("", 0.9, "repvit", "RepViT paper (arXiv)", ""),
    ]
    # RepViT quotes EfficientFormerV2-S0 in its tables of classifiers only
    assert [row.repeats for row in twelve.networks] == ["", "", ""]
    with (tmp_path / "device_profiles/iphone12/contrasts.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == len(twelve.contrasts) > 20
    (wide,) = load_profile(tmp_path / "device_profiles" / "iphone13").networks
    assert (wide.graph, wide.resolution, wide.error_ms) == ("mobilenetv2_150@224", 224, 0.05)
    (windowed,) = load_profile(tmp_path / "device_profiles" / "iphone14").networks
    assert (windowed.graph, windowed.resolution) == ("", 512)


def operator(**said: object) -> dict[str, object]:
    empty = dict.fromkeys(("in_h", "out_h", "in_c", "out_c", "kernel_h", "stride", "groups", "gpu_kernel"))
    return empty | {"model": "resnet18", "op_index": 3, "latency_us": 250.0} | said


def test_an_operator_of_a_phone_gets_its_padding_groups_and_activation() -> None:
    row = operator(
        op="DEPTHWISE_CONV_2D",
        in_h=56,
        out_h=28,
        in_c=64,
        out_c=1,
        kernel_h=3,
        stride=2,
        gpu_kernel="depthwise_linked_:_relu",
    )
    timed = measured_op(row)
    assert timed is not None
    # (28 - 1) * 2 + 3 - 56 = 1 column is wanted beyond the image, half of it rounded up on each side
    assert timed.op.attrs == ConvAttrs(64, (3, 3), (2, 2), (1, 1), groups=64)
    assert timed.op.activation is OpKind.RELU
    assert timed.op.outputs[0].shape == (1, 64, 28, 28)
    assert (timed.latency_ms, timed.network, timed.position) == (0.25, "cv-resnet18@224", 3)
    layer = measured_op(operator(op="FULLY_CONNECTED", in_c=512, out_c=1000))
    assert layer is not None
    assert layer.op.attrs == LinearAttrs(1000)
    torn = operator(op="CONV_2D_GROUP", in_h=8, out_h=8, in_c=6, out_c=8, kernel_h=1, stride=1, groups=4)
    assert measured_op(torn) is None  # 6 channels make no 4 groups


def test_the_first_rule_that_fits_decides() -> None:
    rules = ({"name": "vit_*_r*", "kind": "hybrid"}, {"name": "vit*", "side": "512", "kind": "large"})
    assert (first_fit(rules, name="vit_small_r26", side="224") or {})["kind"] == "hybrid"
    assert first_fit(rules, name="vit_small", side="224") is None
    assert (first_fit(rules, name="vit_small", side="512") or {})["kind"] == "large"
    assert family_of("cv-resnet18_w4+unfused")[0] == "ResNet"
    assert family_of("nothing_like_it") == ("", "")


def test_a_wheel_of_timm_tells_the_networks_that_it_registers(tmp_path: Path) -> None:
    wheel = tmp_path / "timm.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(
            "timm/models/a.py",
            "@register_model\ndef b_net(x):\n    pass\n\n@register_model\ndef a_net(x):\n    pass\n",
        )
        archive.writestr("timm/layers/b.py", "@register_model\ndef c_net(x):\n    pass\n")
    assert released(wheel) == ("a_net", "b_net")


SIZES = {
    "mobileone_s0@224": (2.08, 0.27),
    "mobileone_s0+unfused@224": (5.29, 1.07),
    "resnet18@224": (11.69, 1.82),
}


def test_a_row_of_a_desktop_gets_the_form_that_its_parameters_tell() -> None:
    def key(name: str, params_m: float, macs_g: float | None, runtime: str) -> str:
        return graph_key(name, 224, params_m, macs_g, runtime, SIZES)

    assert key("mobileone_s0", 5.29, None, "torch 2.4 eager nchw") == "mobileone_s0+unfused@224"
    assert key("mobileone_s0", 2.08, None, "torch 2.9 eager nchw") == "mobileone_s0@224"
    assert key("resnet18", 11.7, None, "torch 2.4 eager nchw") == "resnet18@224"
    # 20% more parameters than what is stored, but the same work: a head that nobody stored
    assert key("resnet18", 14.0, 1.82, "torch 2.4 eager nchw") == "resnet18@224"
    assert key("resnet18", 14.0, 2.5, "torch 2.4 eager nchw") == ""
    assert key("resnet19", 11.7, 1.82, "torch 2.4 eager nchw") == ""


def test_a_network_that_left_the_npu_is_a_cliff() -> None:
    row = {"latency_ms": 3.0, "layers_on_npu": 90, "layers_on_gpu": None, "layers_on_cpu": 10}
    assert cliff_of(row, False) == "10 of 100 layers left the NPU: 0 on the GPU, 10 on the CPU"
    assert cliff_of(row, True) == ""  # where nothing reached the NPU, that is the profile
    assert cliff_of(row | {"layers_on_cpu": 0}, False) == ""
    assert numbers_of("w8a8_mixed_int16") == "w8a8"
