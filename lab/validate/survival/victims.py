"""Sound little files of every kind that dsim reads, and what reads each; most are from the tests."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

from lab.places import ROOT
from lab.validate.survival.mutate import broken
from lab.validate.survival.works import WORKS

FILES = ROOT / "tests" / "graph" / "files"
Break = Callable[[bytes, random.Random], bytes]


@dataclass(frozen=True)
class Victim:
    """A file in a folder.

    Attributes
    ----------
    name
        What it is, in words.
    file
        Its path in the folder.
    make, read
        Write the folder, and read it.
    ways
        How it is broken.
    cases
        Of a row.
    goes_on
        Whether reading it may write: what goes on with a file cuts off a last line that is not whole.
    """

    name: str
    file: str
    make: Callable[[Path], object]
    read: Callable[[Path], object]
    ways: tuple[Break, ...] = field(default=(broken,))
    cases: int = 50
    goes_on: bool = False


def victims() -> list[Victim]:
    """Return all of them; the modules that read them are imported here."""
    return [*_kept(), *_networks(), *_measurements(), *_supernet()]


def _kept() -> list[Victim]:
    """Return studies, comparisons, profiles, journals: what the tests break in a few ways."""
    from tests.test_broken_files import DATABASE, JOURNAL, READERS, TRIALS

    return [
        Victim(
            f"{one.file} ({n})", one.file, one.make, one.read, goes_on=one.file in (DATABASE, JOURNAL, TRIALS)
        )
        for n, one in enumerate(READERS)
    ]


def _networks() -> list[Victim]:
    import torch

    from dsim.graph.read import as_graph
    from lab.files.tiny import IMAGE, tiny
    from tests.graph.corrupt import corrupt_bytes, corrupt_fields, reads_or_says_why
    from tests.graph.onnx_files import exported
    from tests.graph.test_onnx_fuzz import Mixed

    def program(folder: Path) -> None:
        with torch.no_grad():
            torch.export.save(torch.export.export(tiny(), (torch.zeros(IMAGE),)), folder / "tiny.pt2")

    def copied(folder: Path) -> None:
        shutil.copytree(FILES, folder, dirs_exist_ok=True)

    def reader(file: str) -> Callable[[Path], object]:
        return lambda folder: reads_or_says_why(as_graph, folder / file)

    package = "tiny.mlpackage"
    files = (
        "tiny.tflite",
        "tiny_int8.tflite",
        f"{package}/Manifest.json",
        f"{package}/Data/com.apple.CoreML/model.mlmodel",
    )
    return [
        Victim(
            "m.onnx",
            "m.onnx",
            lambda folder: exported(Mixed(), (1, 3, 16, 16), folder / "m.onnx", 17),
            reader("m.onnx"),
            (corrupt_bytes, corrupt_fields, broken),
        ),
        *(Victim(file, file, copied, reader(file.split("/")[0])) for file in files),
        Victim("tiny.pt2", "tiny.pt2", program, reader("tiny.pt2")),
    ]


def _measurements() -> list[Victim]:
    import dsim
    from dsim.device.add import read_measurements
    from dsim.device.add.wanted import Wanted
    from dsim.device.add.wrong import refuse
    from tests.device.add.test_block_table import BLOCK, written
    from tests.device.add.test_files import BENCHMARK, OLD_PERF, OPS, PERF, SHEET

    def victim(name: str, file: str, text: str, *models: str, runtime: str = "") -> Victim:
        def read(folder: Path) -> None:
            refuse(read_measurements([folder / file], models, Wanted(runtime=runtime)).wrong)

        return Victim(name, file, lambda folder: (folder / file).write_text(text), read)

    def table(folder: Path) -> None:
        written(folder, "constant,,,,,,,,,,0.5,", BLOCK, about="# device: iphone12\n# classes: 10")

    def networks(folder: Path) -> None:
        lines = PERF.replace("npu: 70, gpu: 0, cpu: 2", "npu: 72, gpu: 0, cpu: 0").splitlines(keepends=True)
        head, one = lines[:4], "".join(lines[4:])
        more = [one.replace("MobileNet-v2", name) for name in ("MobileNet-v2", "ResNet50", "EfficientNet-B0")]
        (folder / "perf.yaml").write_text("".join((*head, *more)))

    def add(folder: Path) -> None:
        """Add a device: what is refused leaves no profile behind."""
        with mock.patch.dict(os.environ, DSIM_PROFILES=str(folder / "profiles")):
            dsim.add_device(folder / "perf.yaml", "mine", runtime="tflite", force=True)

    sheets = [
        victim("sheet of networks", "m.csv", SHEET),
        victim("sheet of operators", "ops.csv", OPS),
        victim("perf.yaml", "perf.yaml", PERF, runtime="tflite"),
        victim("perf.yaml of before", "perf.yaml", OLD_PERF),
        victim("benchmark_model", "run.csv", BENCHMARK, "mobilenetv2_100@224"),
    ]
    added = Victim(
        "perf.yaml as a device", "perf.yaml", networks, add, cases=5
    )  # the sound ones take a second
    lut = Victim(
        "lookup table", "lut.csv", table, lambda folder: refuse(read_measurements([folder / "lut.csv"]).wrong)
    )
    return [*sheets, added, lut]


def _supernet() -> list[Victim]:
    from dsim.supernet import load_supernet
    from dsim.supernet.ledger import Ledger

    work = WORKS["training of a supernet"]

    def make(folder: Path) -> None:
        work.prepare(folder)
        work.run(folder, folder)

    def load(folder: Path) -> None:
        found = load_supernet(folder / "net")
        _ = found.importance, found.evaluator.known, Ledger.read(found.home.ledger_path)

    files = ("supernet.toml", "state.safetensors", "ledger.json", "importance.parquet", "evaluated.parquet")
    return [Victim(file, f"net/{file}", make, load) for file in files]
