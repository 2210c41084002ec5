"""The reader of Core ML files against the network that one was converted from, and at its bounds.

The package is coremltools', without its weights (lab/files/coreml.py): readers need none.
"""

from __future__ import annotations

import json
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from dsim.errors import DsimError, FileAccessError, FileFormatError, InvalidValueError, UnsupportedOpError
from dsim.graph.coreml import read_coreml
from dsim.graph.coreml.schema import model_class
from dsim.graph.passes import run_passes
from dsim.graph.read import as_graph
from dsim.graph.torch_reader import read_module
from lab.files.tiny import IMAGE, tiny
from tests.graph.corrupt import corrupt_bytes, how_many_read
from tests.graph.test_onnx import kernels

PACKAGE = Path(__file__).parent / "files" / "tiny.mlpackage"
SPECIFICATION = PACKAGE / "Data" / "com.apple.CoreML" / "model.mlmodel"
PASSES = ("drop_identities", "fold_batch_norm", "fuse_activation")
ROUNDS = 40


@pytest.mark.parametrize("path", [PACKAGE, SPECIFICATION], ids=["package", "file"])
def test_a_conversion_has_the_kernels_of_its_network(path: Path) -> None:
    found, wanted = as_graph(path), read_module(tiny(), IMAGE)
    after, design = run_passes(found, PASSES), run_passes(wanted, PASSES)
    assert kernels(after) == kernels(design)
    assert (after.macs, after.params) == (design.macs, design.params)
    assert found.file is not None
    assert (found.file.weights, found.file.activations) == ("float16", "float16")


def changed(path: Path, change: Any) -> Path:
    """Write the specification with a change to it."""
    model = model_class().FromString(SPECIFICATION.read_bytes())
    change(model)
    path.write_bytes(model.SerializeToString())
    return path


def operations(model: Any) -> Any:
    function = model.mlProgram.functions["main"]
    return function.block_specializations[function.opset].operations


def test_what_is_not_known_stays_by_name_with_shapes(tmp_path: Path) -> None:
    def change(model: Any) -> None:
        next(one for one in operations(model) if one.type == "gelu").type = "mystery"

    graph = read_coreml(changed(tmp_path / "m.mlmodel", change))
    assert graph.unknown == ("coreml::mystery",)
    assert graph.macs == read_coreml(PACKAGE).macs


def test_flexible_sizes_and_other_kinds_are_one_clear_line(tmp_path: Path) -> None:
    def flexible(model: Any) -> None:
        model.mlProgram.functions["main"].inputs[0].type.tensorType.dimensions[2].unknown.variadic = False

    def pipeline(model: Any) -> None:
        model.pipeline.SetInParent()

    for change, says in (
        (flexible, "flexible shape"),
        (pipeline, "several models"),
    ):
        with pytest.raises(UnsupportedOpError, match=says) as error:
            read_coreml(changed(tmp_path / "m.mlmodel", change))
        assert "\n" not in str(error.value)
    with pytest.raises(InvalidValueError, match="sizes fixed"):
        read_coreml(PACKAGE, (1, 3, 32, 32))


@pytest.mark.parametrize(
    "place", ["../../secret.mlmodel", "/etc/passwd", "..\\secret.mlmodel", "link.mlmodel"]
)
def test_a_package_opens_nothing_outside_itself(place: str, tmp_path: Path) -> None:
    package = tmp_path / "m.mlpackage"
    shutil.copytree(PACKAGE, package)
    secret = tmp_path / "secret.mlmodel"
    secret.write_bytes(SPECIFICATION.read_bytes())
    (package / "Data" / "link.mlmodel").symlink_to(secret)
    manifest = json.loads((package / "Manifest.json").read_text())
    manifest["itemInfoEntries"][manifest["rootModelIdentifier"]]["path"] = place
    (package / "Manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(FileFormatError, match="inside the package"):
        as_graph(package)


def test_packages_that_are_none(tmp_path: Path) -> None:
    package = tmp_path / "m.mlpackage"
    with pytest.raises(FileAccessError, match="no such file"):
        as_graph(package)
    package.mkdir()
    with pytest.raises(FileFormatError, match="Manifest"):
        as_graph(package)
    for text in ("", "[]", "{}", '{"rootModelIdentifier": 1, "itemInfoEntries": {}}'):
        (package / "Manifest.json").write_text(text)
        with pytest.raises(DsimError):
            as_graph(package)
    empty = tmp_path / "m.mlmodel"
    empty.write_bytes(b"")
    with pytest.raises(FileFormatError, match="got none"):
        as_graph(empty)
    empty.write_bytes(b"\xff" * 40)
    with pytest.raises(FileFormatError, match="cannot be parsed"):
        as_graph(empty)


def test_corrupt_files_end_in_one_line(tmp_path: Path) -> None:
    broken = partial(corrupt_bytes, SPECIFICATION.read_bytes())
    assert how_many_read(read_coreml, tmp_path / "m.mlmodel", broken, ROUNDS) < ROUNDS
