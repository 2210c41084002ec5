"""Inputs as users write them, and what a module or a file makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from dsim.errors import InvalidValueError, UnsupportedOpError
from dsim.graph.inputs import Inputs, Tensor, as_inputs, nested, parse_inputs
from dsim.graph.read import as_graph


def test_the_ways_to_write_one_input_are_one() -> None:
    wanted = Inputs((Tensor((1, 3, 64, 48)),))
    given: tuple[object, ...] = (
        (1, 3, 64, 48),
        [1, 3, 64, 48],
        "1x3x64x48",
        ("1x3x64x48",),
        ((1, 3, 64, 48),),
    )
    assert all(as_inputs(value) == wanted for value in given)  # type: ignore[arg-type]
    assert parse_inputs(["1x3x64x48"]) == wanted
    assert parse_inputs([]) is None is as_inputs(None)
    assert str(wanted) == "1x3x64x48"


def test_names_lists_dictionaries_and_whole_numbers() -> None:
    asked = parse_inputs(["a=1x3x8x8", "ids=1x7:int64", "images=[3x8x8, 3x9x9]", "batch.image=1x3x8x8"])
    assert asked is not None
    assert asked.by_name["ids"] == Tensor((1, 7), "int64")
    assert asked.by_name["images"] == (Tensor((3, 8, 8)), Tensor((3, 9, 9)))
    assert nested(asked.by_name)["batch"] == {"image": Tensor((1, 3, 8, 8))}


@pytest.mark.parametrize(
    ("texts", "rule"),
    [
        (["224"], "must read like"),
        (["0x3x8x8"], "must read like"),
        (["1x3xHxW"], "must read like"),
        (["a=1x3x8x8", "a=1x3x8x8"], "got a twice"),
        (["=1x3x8x8"], "must read like"),
        (["ids=1x7:float7"], "kind float, int64"),
    ],
)
def test_what_is_no_input_is_refused(texts: list[str], rule: str) -> None:
    with pytest.raises(InvalidValueError, match=rule):
        parse_inputs(texts)


class Named(nn.Module):
    """Two convolutions, each on an input of its own; the second by name only."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 8, 1), nn.Conv2d(4, 8, 1)

    def forward(self, left: torch.Tensor, *, right: torch.Tensor) -> torch.Tensor:
        return self.a(left) + self.b(right)


class ByKey(nn.Module):
    """A dictionary goes in and a dictionary comes out."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 1)

    def forward(self, batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor | None]:
        return {"scores": self.conv(batch["image"]), "loss": None}


class EachImage(nn.Module):
    """A list of images, as detection networks take them."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 1)

    def forward(self, images: list[torch.Tensor]) -> list[torch.Tensor]:
        return [self.conv(image[None]) for image in images]


class Words(nn.Module):
    """An embedding, which takes whole numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.layer = nn.Embedding(10, 4), nn.Linear(4, 5)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.layer(self.embed(ids))


class ByNameOnly(nn.Module):
    """One image, by name only."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 1)

    def forward(self, *, image: torch.Tensor) -> torch.Tensor:
        return self.conv(image)


@pytest.mark.parametrize(
    ("module", "given", "macs"),
    [
        (Named(), {"right": (1, 4, 8, 8), "left": (1, 3, 8, 8)}, 64 * (3 * 8 + 4 * 8)),
        (ByKey(), {"batch": {"image": (1, 3, 8, 8)}}, 64 * 3 * 8),
        (ByKey(), {"batch.image": "1x3x8x8"}, 64 * 3 * 8),
        (EachImage(), {"images": [(3, 8, 8), (3, 4, 4)]}, (64 + 16) * 3 * 8),
        (EachImage(), (1, 3, 8, 8), 64 * 3 * 8),
        (Words(), "1x7:int64", 7 * 4 * 5),
        (ByNameOnly(), None, 224 * 224 * 3 * 8),
    ],
)
def test_a_module_is_called_with_what_it_takes(module: nn.Module, given: object, macs: int) -> None:
    assert as_graph(module, given).macs == macs  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("module", "given", "rule"),
    [
        (Named(), (1, 3, 8, 8), r"write --input left=1x3x224x224 --input right=1x3x224x224"),
        (Named(), {"a": (1, 3, 8, 8)}, r"takes left, right"),
        (Words(), (1, 7), r"whole numbers .* --input ids=1x128:int64"),
        (ByKey(), (1, 3, 8, 8), r"takes batch"),
    ],
)
def test_other_inputs_are_refused_with_what_it_takes(module: nn.Module, given: object, rule: str) -> None:
    with pytest.raises(UnsupportedOpError, match=rule) as caught:
        as_graph(module, given)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def _save(path: Path) -> Path:
    onnx = pytest.importorskip("onnx")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    nodes = [
        helper.make_node("Conv", ["a", "w"], ["x"]),
        helper.make_node("Conv", ["b", "v"], ["y"]),
        helper.make_node("Add", ["x", "y"], ["z"]),
    ]
    weights = [
        helper.make_tensor("w", kind, [8, 3, 1, 1], [0.0] * 24),
        helper.make_tensor("v", kind, [8, 4, 1, 1], [0.0] * 32),
    ]
    inputs = [
        helper.make_tensor_value_info("a", kind, ["n", 3, "h", "w"]),
        helper.make_tensor_value_info("b", kind, ["n", 4, "h", "w"]),
    ]
    out = [helper.make_tensor_value_info("z", kind, None)]
    onnx.save(helper.make_model(helper.make_graph(nodes, "two", inputs, out, weights)), path)
    return path


def test_an_onnx_file_with_several_inputs(tmp_path: Path) -> None:
    path = _save(tmp_path / "two.onnx")
    by_name = as_graph(path, {"b": (1, 4, 8, 8), "a": (1, 3, 8, 8)})
    in_order = as_graph(path, ((1, 3, 8, 8), (1, 4, 8, 8)))
    assert by_name.macs == in_order.macs == 64 * (3 * 8 + 4 * 8)
    with pytest.raises(InvalidValueError, match=r"--input a=1x3x224x224"):
        as_graph(path)
    with pytest.raises(InvalidValueError, match=r"each shape needs a name.*'a', 'b'"):
        as_graph(path, (1, 3, 8, 8))
    with pytest.raises(InvalidValueError, match=r"one of the file's, got 'c'"):
        as_graph(path, {"c": (1, 3, 8, 8)})
