"""The tracer on a few networks; parameters and work are those that their papers state, or another program counts."""

import importlib.util
from pathlib import Path

import pytest
import torch
from torch import nn

from dsim.arch import get_preset
from dsim.graph import Graph, save_graphs
from dsim.graph.key import NetworkKey
from dsim.graph.torch_reader import read_module
from lab.networks.builders import build, source_of
from lab.networks.own import OWN
from lab.networks.trace import main, named_keys, trace_all

needs_timm = pytest.mark.skipif(
    importlib.util.find_spec("timm") is None, reason="timm is an extra: pip install -e '.[lab]'"
)


def traced(*keys: str, most_params: float = float("inf")) -> dict[str, Graph]:
    found: dict[str, Graph] = {}
    trace_all(keys, found.update, most_params)
    return found


def test_a_key_says_who_builds_the_network() -> None:
    names = ("cv-resnet18", "tv-googlenet", "hf-pvt-tiny", "resnet18", "levit_128+unfused")
    assert [source_of(name) for name in names] == ["cv", "tv", "hf", "timm", "timm"]


def test_networks_written_from_their_papers_have_the_size_that_others_count() -> None:
    with torch.device("meta"):
        model = OWN["shufflenetv2_x1_0"]().eval()
    # torchvision's ShuffleNetV2 x1.0 has 2,278,604 parameters; the paper states 146 M multiply-accumulates
    graph = read_module(model, (1, 3, 224, 224))
    assert graph.params == 2_278_604
    assert graph.macs / 1e6 == pytest.approx(146, rel=0.02)
    # PVT, Table 1: 13.2 M parameters
    assert sum(p.numel() for p in build(NetworkKey("hf-pvt-tiny", 224)).parameters()) / 1e6 == pytest.approx(
        13.2, abs=0.05
    )


@pytest.mark.slow
def test_a_fresh_trace_is_compared_with_what_is_stored(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--compare", "hf-pvt-tiny@224"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "nothing differs"


def test_what_cannot_be_traced_is_named_and_what_is_too_large_is_left_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["hf-none-such@224"]) == 1
    assert "hf-none-such@224: NOT TRACED: ValueError" in capsys.readouterr().out
    assert traced("hf-pvt-tiny@224", most_params=1e6) == {}


def test_keys_are_taken_from_networks_and_contrasts_but_for_what_a_profile_stores(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "networks.csv").write_text("network,graph\nx,x@224\ny,\n")
    (tmp_path / "a" / "contrasts.csv").write_text("graph_a,graph_b\ny@256,design-1@256\n")
    save_graphs(
        tmp_path / "a" / "graphs.parquet", {"design-1@256": get_preset("efficientformer_l1").to_graph()}
    )
    assert named_keys(tmp_path) == {"x@224", "y@256"}


def test_every_network_that_a_bundled_profile_names_is_stored(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert capsys.readouterr().out == ""


@needs_timm
@pytest.mark.slow
def test_branches_are_merged_unless_the_key_says_not_to() -> None:
    found = traced("resnet18@224", "mobileone_s0@224", "mobileone_s0+unfused@224", "fastvit_mci0@256")
    assert found["resnet18@224"].params == 11_689_512  # torchvision's count
    # MobileCLIP's encoder ends in an embedding of 512, where a classifier has 1,000 outputs
    assert found["fastvit_mci0@256"].nodes[-1].op.outputs[0].shape == (1, 512)
    # MobileOne, Table 9: 2.1 M parameters as it runs; 5.3 M as it is trained
    assert found["mobileone_s0@224"].params / 1e6 == pytest.approx(2.1, abs=0.05)
    assert found["mobileone_s0+unfused@224"].params / 1e6 == pytest.approx(5.3, abs=0.05)


@needs_timm
@pytest.mark.slow
def test_networks_with_a_fixed_side_are_built_for_another() -> None:
    model: nn.Module = build(NetworkKey("efficientformer_l1", 384))
    graph = read_module(model, (1, 3, 384, 384))
    # attention runs at stride 32, so on 12 x 12 tokens: 8 heads of 144 x 144 scores
    assert (1, 8, 144, 144) in {node.op.outputs[0].shape for node in graph.nodes}
