"""The reader of torch.export programs against the module itself; and files of strangers, of which nothing may run."""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from dsim.errors import DsimError, FileAccessError, FileFormatError, InvalidValueError, UnsupportedOpError
from dsim.graph.pt2 import read_pt2
from dsim.graph.pt2.archive import MAX_JSON_BYTES
from dsim.graph.read import as_graph
from dsim.graph.torch_reader import read_module
from lab.files.tiny import IMAGE, tiny
from tests.graph.corrupt import corrupt_bytes, how_many_read

ROUNDS = 30
MODEL = "models/model.json"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program as torch.export.save writes it."""
    path = tmp_path_factory.mktemp("pt2") / "tiny.pt2"
    with torch.no_grad():
        torch.export.save(torch.export.export(tiny(), (torch.zeros(IMAGE),)), path)
    return path


def rewritten(
    source: Path, path: Path, change: Callable[[Any], None], more: dict[str, bytes] | None = None
) -> Path:
    """Write an archive with a change to its program, and files in place of others."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        root = old.namelist()[0].partition("/")[0]
        for name in old.namelist():
            raw = old.read(name)
            if name.endswith(MODEL):
                text = json.loads(raw)
                change(text)
                raw = json.dumps(text).encode()
            if name.removeprefix(f"{root}/") not in (more or {}):
                new.writestr(name, raw)
        for name, raw in (more or {}).items():
            new.writestr(name if name.startswith("../") else f"{root}/{name}", raw)
    return path


def nothing(text: Any) -> None:
    """Leave a program as it is."""


def test_a_program_has_the_graph_of_its_module(program: Path) -> None:
    found = as_graph(program)
    assert found == read_module(tiny(), IMAGE)
    assert found.file is not None
    assert (found.file.weights, found.file.activations) == ("float32", "float32")
    with pytest.raises(InvalidValueError, match="sizes are fixed"):
        as_graph(program, (1, 3, 32, 32))
    assert as_graph(program, IMAGE) == found


def test_regions_run_in_place(tmp_path: Path) -> None:
    class Quiet(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.head = nn.Conv2d(3, 4, 1), nn.Conv2d(4, 2, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            with torch.no_grad():
                a, b = self.conv(x).split(2, 1)
            return self.head(torch.cat((b, a), 1))

    path = tmp_path / "m.pt2"
    torch.export.save(torch.export.export(Quiet().eval(), (torch.zeros(IMAGE),)), path)
    assert read_pt2(path) == read_module(Quiet(), IMAGE)


def test_a_pickle_in_the_archive_does_not_run(program: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    # what pickle.dumps gives for an object whose __reduce__ is (os.mkdir, (path,))
    pickled = b"cos\nmkdir\n(S'" + str(ran).encode() + b"'\ntR."
    files = {"data/sample_inputs/model.pt": pickled, "data/weights/weight_0": pickled, "../../evil": pickled}
    found = read_pt2(rewritten(program, tmp_path / "m.pt2", nothing, files))
    assert found.macs == read_pt2(program).macs
    assert not ran.exists()
    assert not (tmp_path.parent.parent / "evil").exists()


def test_an_expression_in_a_size_is_not_evaluated(program: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    evil = {"as_expr": {"expr_str": f"__import__('os').mkdir({str(ran)!r})", "hint": {"as_int": 1}}}

    def size(text: Any) -> None:
        values = text["graph_module"]["graph"]["tensor_values"]
        values["x" if "x" in values else next(reversed(values))]["sizes"][0] = evil

    def symbol(text: Any) -> None:
        text["graph_module"]["graph"]["sym_int_values"]["s0"] = evil
        text["range_constraints"]["s0"] = {"min_val": 1, "max_val": 2}

    def guard(text: Any) -> None:
        text["guards_code"] = [f"__import__('os').mkdir({str(ran)!r})"]

    for change in (size, symbol):
        with pytest.raises(UnsupportedOpError, match="sizes must be fixed") as error:
            read_pt2(rewritten(program, tmp_path / "m.pt2", change))
        assert "\n" not in str(error.value)
    read_pt2(rewritten(program, tmp_path / "m.pt2", guard))
    assert not ran.exists()


@pytest.mark.parametrize(
    "target", ["os.system", "torch.ops.aten.__class__.mro", "torch.ops.os.system.default", "builtins.eval"]
)
def test_an_operator_is_a_name_and_is_never_called(target: str, program: Path, tmp_path: Path) -> None:
    def change(text: Any) -> None:
        nodes = text["graph_module"]["graph"]["nodes"]
        next(one for one in nodes if ".gelu." in one["target"])["target"] = target

    found = read_pt2(rewritten(program, tmp_path / "m.pt2", change))
    assert len(found.unknown) == 1


def test_archives_that_are_too_large_or_none(program: Path, tmp_path: Path) -> None:
    path = tmp_path / "m.pt2"
    with pytest.raises(FileAccessError, match="no such file"):
        as_graph(path)
    path.write_bytes(b"")
    with pytest.raises(FileFormatError, match="archive"):
        as_graph(path)
    bomb = {MODEL: b" " * (MAX_JSON_BYTES + 1)}
    with pytest.raises(FileFormatError, match="at most"):
        as_graph(rewritten(program, path, nothing, bomb))
    with pytest.raises(FileFormatError, match="must be JSON"):
        as_graph(rewritten(program, path, nothing, {MODEL: b"[" * 100_000}))
    with pytest.raises(FileFormatError, match="one program, got 2"):
        as_graph(rewritten(program, path, nothing, {"models/other.json": b"{}"}))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data/aotinductor/model/code.so", b"")
    with pytest.raises(FileFormatError, match="got none"):
        as_graph(path)
    path.unlink()
    path.mkdir()
    with pytest.raises(FileAccessError, match="folder"):
        as_graph(path)


def test_corrupt_programs_end_in_one_line(program: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(program) as archive:
        (name,) = [one for one in archive.namelist() if one.endswith(MODEL)]
        raw = archive.read(name)

    def broken(rng: random.Random) -> bytes:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr(name, rng.choice((corrupt_bytes, _changed))(raw, rng))
        return file.getvalue()

    assert how_many_read(read_pt2, tmp_path / "m.pt2", broken, ROUNDS) < ROUNDS


def _changed(raw: bytes, rng: random.Random) -> bytes:
    """Put other values in the place of some of a program's."""
    text = json.loads(raw)
    for _ in range(rng.randint(1, 4)):
        here: Any = text["graph_module"]
        while isinstance(here, dict | list) and here:
            place = rng.choice(list(here) if isinstance(here, dict) else range(len(here)))
            if not isinstance(here[place], dict | list) or rng.random() < 0.1:
                here[place] = rng.choice((None, -1, 2**62, "x", [], {}, 0.5, True, {"as_int": 3}))
                break
            here = here[place]
    return json.dumps(text).encode()


def test_errors_are_of_one_family(tmp_path: Path) -> None:
    (tmp_path / "m.pt2").write_bytes(b"PK\x03\x04 and nothing more")
    with pytest.raises(DsimError):
        read_pt2(tmp_path / "m.pt2")
