"""The reader of older Core ML networks against the network that one was converted from, and networks written layer by layer.

The file is coremltools', without its weights (lab/files/coreml.py): readers need none.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from dsim.errors import DsimError, FileFormatError, InvalidValueError, UnsupportedOpError
from dsim.graph.coreml import read_coreml
from dsim.graph.coreml.schema import model_class
from dsim.graph.passes import run_passes
from dsim.graph.read import as_graph
from dsim.graph.torch_reader import read_module
from lab.files.tiny import IMAGE, tiny
from tests.graph.corrupt import corrupt_bytes, how_many_read

FILE = Path(__file__).parent / "files" / "tiny_older.mlmodel"
PASSES = ("drop_identities", "fold_batch_norm", "fuse_activation")
ROUNDS = 40


def test_a_conversion_computes_what_its_network_computes() -> None:
    found, wanted = as_graph(FILE), read_module(tiny(), IMAGE)
    after, design = run_passes(found, PASSES), run_passes(wanted, PASSES)
    assert (after.macs, after.params) == (design.macs, design.params)
    kinds, of_design = [str(op.kind) for op in after.ops], [str(op.kind) for op in design.ops]
    assert [one for one in of_design if one != "reshape"] == [one for one in kinds if one != "reshape"]
    assert [op.activation for op in after.ops if op.activation] == [
        op.activation for op in design.ops if op.activation
    ]
    assert found.file is not None
    assert "older neural network" in str(found.file)
    with pytest.raises(InvalidValueError, match="sizes fixed"):
        read_coreml(FILE, (1, 3, 32, 32))


def write(path: Path, model: Any) -> Path:
    path.write_bytes(model.SerializeToString())
    return path


def five_axes() -> Any:
    """Make a classifier as converters of 2018 did: an image, five axes, 8 channels at half the size, a head of 10 classes."""
    model = model_class()()
    image = model.description.input.add(name="picture").type.imageType
    image.width, image.height, image.colorSpace = 16, 12, 20
    model.description.output.add(name="scores").type.multiArrayType.shape.append(10)
    model.description.output.add(name="label").type.stringType.SetInParent()
    network = model.neuralNetworkClassifier

    def layer(name: str, given: list[str]) -> Any:
        return network.layers.add(name=name, input=given, output=[name])

    conv = layer("conv", ["picture"]).convolution
    conv.outputChannels, conv.kernelChannels, conv.nGroups, conv.hasBias = 8, 3, 1, True
    conv.kernelSize.extend([3, 3])
    conv.stride.extend([2, 2])
    conv.same.SetInParent()
    conv.weights.float16Value = bytes(2)
    norm = layer("norm", ["conv"]).batchnorm
    norm.channels, norm.epsilon = 8, 1e-5
    # a ReLU that ends at six, as converters write it
    layer("relu", ["norm"]).activation.ReLU.SetInParent()
    layer("minus", ["relu"]).activation.linear.alpha = -1.0
    most = layer("most", ["minus"]).unary
    most.type, most.alpha, most.scale = most.THRESHOLD, -6.0, 1.0
    layer("six", ["most"]).activation.linear.alpha = -1.0
    pool = layer("pool", ["six"]).pooling
    pool.type, pool.globalPooling = pool.AVERAGE, True
    layer("flat", ["pool"]).flatten.SetInParent()
    head = layer("head", ["flat"]).innerProduct
    head.inputChannels, head.outputChannels, head.hasBias = 8, 10, True
    layer("scores", ["head"]).softmax.SetInParent()
    return model


def test_a_network_of_five_axes_reads_as_a_batch_of_one(tmp_path: Path) -> None:
    graph = as_graph(write(tmp_path / "m.mlmodel", five_axes()))
    assert graph.inputs[0].shape == (1, 3, 12, 16)
    assert graph.params == 8 * 3 * 9 + 8 + 4 * 8 - 2 * 8 + 8 * 10 + 10  # statistics of a norm are not learned
    assert graph.macs == 6 * 8 * 8 * 3 * 9 + 8 * 10
    assert [str(op.kind) for op in graph.ops][:4] == ["pad", "conv2d", "batch_norm", "relu6"]
    assert [*graph.ops][-1].outputs[0].shape == (1, 10, 1, 1)
    assert graph.file is not None
    assert graph.file.weights == "float16"


def test_what_cannot_be_read_is_one_clear_line(tmp_path: Path) -> None:
    def foreign(model: Any) -> None:
        model.neuralNetworkClassifier.layers[4].custom.className = "Mine"

    def missing(model: Any) -> None:
        model.neuralNetworkClassifier.layers[3].input[0] = "nobody"

    def empty(model: Any) -> None:
        del model.neuralNetworkClassifier.layers[:]

    def flexible(model: Any) -> None:
        model.description.input[0].type.imageType.imageSizeRange.SetInParent()

    def apart(model: Any) -> None:
        model.neuralNetworkClassifier.layers[0].convolution.kernelChannels = 5

    def huge(model: Any) -> None:
        model.neuralNetworkClassifier.layers[0].convolution.outputChannels = 2**62

    for change, error, says in (
        (foreign, UnsupportedOpError, "'most' .* got custom"),
        (missing, FileFormatError, "'nobody' must be written"),
        (empty, FileFormatError, "must have layers"),
        (flexible, UnsupportedOpError, "flexible image"),
        (apart, DsimError, "must read 5 channels, got 3"),
        (huge, FileFormatError, "a tensor must have"),
    ):
        model = five_axes()
        change(model)
        with pytest.raises(error, match=says) as refused:
            read_coreml(write(tmp_path / "m.mlmodel", model))
        assert "\n" not in str(refused.value)


def test_corrupt_files_end_in_one_line(tmp_path: Path) -> None:
    broken = partial(corrupt_bytes, FILE.read_bytes())
    assert how_many_read(read_coreml, tmp_path / "m.mlmodel", broken, ROUNDS) < ROUNDS


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the converter
@pytest.mark.parametrize("name", ["efficientformer_l1", "mobilenet_v2_like"])
def test_whole_networks_keep_their_macs_and_parameters(name: str, tmp_path: Path) -> None:
    import torch
    from torch import nn

    from dsim.arch import get_preset
    from dsim.export import build_module
    from lab.files.coreml import older_model

    def block(width: int, out: int, stride: int) -> nn.Module:
        wide = 6 * width
        return nn.Sequential(
            *(nn.Conv2d(width, wide, 1, bias=False), nn.BatchNorm2d(wide), nn.ReLU6()),
            *(nn.Conv2d(wide, wide, 3, stride, 1, groups=wide, bias=False), nn.BatchNorm2d(wide), nn.ReLU6()),
            *(nn.Conv2d(wide, out, 1, bias=False), nn.BatchNorm2d(out)),
        )

    if name == "mobilenet_v2_like":
        module: nn.Module = nn.Sequential(
            *(nn.Conv2d(3, 16, 3, 2, 1), nn.ReLU6(), block(16, 24, 2), block(24, 32, 2)),
            *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10)),
        )
    else:
        module = build_module(get_preset(name))
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.02)  # a bias of zeros is not written
    image = torch.zeros(1, 3, 224, 224)
    found = run_passes(as_graph(write(tmp_path / "m.mlmodel", older_model(module.eval(), image))), PASSES)
    wanted = run_passes(read_module(module, tuple(image.shape)), PASSES)
    assert found.macs == wanted.macs
    # a layer scale is part of the layer before, and an attention bias is written out
    free = ("reshape", "mul", "div")
    for kind in {str(op.kind) for op in wanted.ops} - set(free):
        own, design = ([op for op in graph.ops if str(op.kind) == kind] for graph in (found, wanted))
        assert len(own) == len(design), kind
        assert kind == "add" or sum(op.params for op in own) == sum(op.params for op in design), kind
