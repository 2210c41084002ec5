"""The script that runs on a Mac, against a coremltools that is not there; its signatures are those of the installed one."""

from __future__ import annotations

import ast
import dataclasses
import gc
import hashlib
import importlib.util
import inspect
import json
import platform
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from dsim.arch import get_preset
from dsim.measure.coreml import bundle
from dsim.quiet import quiet
from tests.export.designs import thin
from tests.measure.coreml import fakes
from tests.measure.coreml.fakes import DeviceType, Phone, Script, pretend, unconverted

TINY = thin(get_preset("poolformer_s12"))
SOURCE = Path(bundle.__file__).with_name("run_on_mac.py")


class Mac:
    """A bundle on a Mac."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder, self.out = folder / "bundle", folder / "results.jsonl"
        unconverted(self.folder, [TINY])
        self.script = Script()
        pretend(patch, self.script)
        spec = importlib.util.spec_from_file_location("run_on_mac_copy", self.folder / "run_on_mac.py")
        assert spec is not None
        assert spec.loader is not None
        self.module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.module)

    def run(self, *words: str) -> int:
        return int(self.module.main(["--out", str(self.out), *words]))

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.read_text().splitlines()]

    def keep(self, count: int) -> list[str]:
        """Shorten the bundle."""
        path = self.folder / "manifest.json"
        raw = json.loads(path.read_text())
        raw["entries"] = raw["entries"][:count]
        path.write_text(json.dumps(raw))
        return [entry["id"] for entry in raw["entries"]]


@pytest.fixture
def mac(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mac]:
    gc.freeze()  # the script collects garbage after each package, and need not look through what other tests hold
    yield Mac(tmp_path, monkeypatch)
    gc.unfreeze()


def one_error(captured: pytest.CaptureFixture[str]) -> str:
    lines = captured.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("Error: ")
    return lines[0]


def test_it_is_python_3_9_and_needs_the_standard_library_alone() -> None:
    tree = ast.parse(SOURCE.read_text(), feature_version=(3, 9))
    modules = {
        (node.module or "") if isinstance(node, ast.ImportFrom) else alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert {name.split(".")[0] for name in modules} - {"coremltools"} <= sys.stdlib_module_names


def test_every_package_is_timed_once(mac: Mac) -> None:
    ids = mac.keep(9)
    assert mac.run() == 0
    head, *rows = mac.lines
    text = (mac.folder / "manifest.json").read_bytes()
    assert head["bundle"] == hashlib.sha256(text).hexdigest()
    assert (head["compute_units"], head["macos"], head["coremltools"]) == (
        "cpuAndNeuralEngine",
        "14.5",
        "9.0",
    )
    assert [row["id"] for row in rows] == ids == mac.script.timed
    for row in rows:
        assert len(row["samples_ms"]) >= 30
        assert {unit for _, unit, _ in row["plan"]} == {"neural_engine"}
        assert "const" not in {op for op, _, _ in row["plan"]}
        assert not {"path", "files", "program"} & set(row)


def test_ctrl_c_then_the_same_command_goes_on(mac: Mac, capsys: pytest.CaptureFixture[str]) -> None:
    ids = mac.keep(6)
    mac.script.stop_after = 4
    assert mac.run() == 130
    assert "the same command continues" in capsys.readouterr().err
    with mac.out.open("a") as file:
        file.write('{"id": "cut off wh')
    mac.script.stop_after = None
    assert mac.run() == 0
    assert Counter(mac.script.timed) == Counter([*ids, ids[3]])  # the one that was cut off began twice
    assert [row["id"] for row in mac.lines[1:]] == ids


def test_what_failed_is_tried_again(mac: Mac) -> None:
    ids = mac.keep(4)
    mac.script.failing = frozenset({ids[1]})
    assert mac.run() == 0
    failed = next(row for row in mac.lines[1:] if row["id"] == ids[1])
    assert failed["error"] == "Failed to load model"
    mac.script.failing = frozenset()
    assert mac.run() == 0
    assert mac.lines[-1]["id"] == ids[1]
    assert "samples_ms" in mac.lines[-1]
    assert len(mac.script.timed) == 4


def test_a_device_that_is_gone_ends_the_run(mac: Mac, capsys: pytest.CaptureFixture[str]) -> None:
    mac.script.failing = frozenset(mac.keep(20))
    assert mac.run() == 1
    assert "5 packages failed one after another, the last with: Failed to load model" in one_error(capsys)
    assert len(mac.lines) == 6


def test_times_are_kept_without_a_plan(mac: Mac) -> None:
    mac.keep(1)
    mac.script.no_plan = True
    assert mac.run() == 0
    row = mac.lines[1]
    assert "plan" not in row
    assert row["plan_error"] == "no plan"


def test_a_phone_by_its_name(mac: Mac, capsys: pytest.CaptureFixture[str]) -> None:
    mac.keep(1)
    mac.script.devices = [Phone("Other", DeviceType.IPAD), Phone("My iPhone", DeviceType.IPHONE)]
    assert mac.run("--device", "My iPhone", "--team", "ABC") == 0
    assert mac.lines[0]["device"] == {
        "name": "My iPhone",
        "type": "iphone",
        "os_version": "18.1",
        "os_build_number": "22B83",
    }
    assert mac.script.on_device[0].prepared
    capsys.readouterr()
    assert mac.run("--device", "Mine") == 1
    assert "no connected device is called 'Mine'; connected: 'My iPhone', 'Other'" in one_error(capsys)
    mac.script.devices = []
    assert mac.run("--device", "Mine") == 1
    assert "connected: none" in one_error(capsys)


def test_results_of_two_kinds_do_not_mix(mac: Mac, capsys: pytest.CaptureFixture[str]) -> None:
    mac.keep(1)
    assert mac.run() == 0
    capsys.readouterr()
    assert mac.run("--compute-units", "all") == 1
    assert "was begun with compute_units 'cpuAndNeuralEngine', this is 'all'" in one_error(capsys)
    mac.keep(0)
    assert mac.run() == 1
    assert "was begun with bundle" in one_error(capsys)
    mac.out.write_text("hello\n")
    assert mac.run() == 1
    assert "holds a line that is not JSON" in one_error(capsys)


def test_a_changed_package_is_refused(mac: Mac, capsys: pytest.CaptureFixture[str]) -> None:
    mac.keep(1)
    path = mac.folder / "manifest.json"
    raw = json.loads(path.read_text())
    package = mac.folder / raw["entries"][0]["path"]
    package.mkdir(parents=True)
    (package / "model").write_text("weights")
    raw["entries"][0]["files"] = {"model": hashlib.sha256(b"weights").hexdigest()}
    path.write_text(json.dumps(raw))
    assert mac.run() == 0
    (package / "model").write_text("Weights")
    mac.out.unlink()
    capsys.readouterr()
    assert mac.run() == 1
    assert "was changed since dsim wrote it" in one_error(capsys)
    (package / "model").unlink()
    assert mac.run() == 1
    assert "cannot be read" in one_error(capsys)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda patch, mac: patch.setattr(sys, "platform", "linux"), "Core ML runs on macOS alone"),
        (
            lambda patch, mac: patch.setattr(platform, "mac_ver", lambda: ("14.3.1", ("", "", ""), "")),
            "macOS must be 14.4 or later, this is 14.3.1",
        ),
        (lambda patch, mac: patch.setitem(sys.modules, "coremltools", None), "pip install 'coremltools"),
        (
            lambda patch, mac: patch.setattr(sys.modules["coremltools"], "__version__", "8.3.0"),
            "must be 9.0 or later, this is 8.3.0",
        ),
        (lambda patch, mac: (mac.folder / "manifest.json").write_text("{"), "cannot be read"),
        (lambda patch, mac: (mac.folder / "manifest.json").write_text("{}"), "must be a bundle of version 1"),
        (lambda patch, mac: mac.out.mkdir(), "choose another --out"),
    ],
)
def test_what_is_missing_is_one_line(
    change: Any, message: str, mac: Mac, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    change(monkeypatch, mac)
    assert mac.run() == 1
    assert message in one_error(capsys)


def installed() -> ModuleType:
    """The real package, which Linux has too, but for Core ML itself."""
    with quiet():
        real = pytest.importorskip("coremltools")
        import coremltools.models.ml_program.experimental  # noqa: F401  (the script reads it by attribute)
    return real


def parameters(function: Any) -> list[tuple[str, Any, bool]]:
    return [
        (one.name, one.kind, one.default is not inspect.Parameter.empty)
        for one in inspect.signature(function).parameters.values()
    ]


@pytest.mark.parametrize(
    "name",
    [
        "models.MLModel.__init__",
        "models.utils.compile_model",
        "models.ml_program.experimental.perf_utils.MLModelBenchmarker.__init__",
        "models.ml_program.experimental.perf_utils.MLModelBenchmarker.benchmark_predict",
        "models.ml_program.experimental.remote_device.Device.get_connected_devices",
        "models.ml_program.experimental.remote_device.Device.prepare_for_model_debugging",
        "models.ml_program.experimental.remote_device.AppSigningCredentials",
        "models.ml_program.experimental.compute_plan_utils.load_compute_plan_from_path_on_device",
        "models.compute_plan.MLComputePlan.get_compute_device_usage_for_mlprogram_operation",
        "models.compute_plan.MLComputePlan.get_estimated_cost_for_mlprogram_operation",
        "models.compute_plan.MLComputePlanDeviceUsage",
        "models.compute_plan.MLComputePlanCost",
    ],
)
def test_the_fake_takes_what_the_installed_package_takes(name: str) -> None:
    real, fake = (_reach(ct, name) for ct in (installed(), fakes.coremltools(Script())))
    assert parameters(real) == parameters(fake)
    assert inspect.iscoroutinefunction(real) == inspect.iscoroutinefunction(fake)


def test_the_installed_package_has_what_the_script_reads() -> None:
    ct = installed()
    assert {unit.name for unit in ct.ComputeUnit} == {unit.name for unit in fakes.ComputeUnit}
    tools = ct.models.ml_program.experimental
    for kind in fakes.DeviceType:
        assert tools.remote_device.DeviceType[kind.name].value == kind.value
    fields_of = {
        tools.perf_utils.MLModelBenchmarker.Measurement: {"statistics", "samples"},
        tools.remote_device.Device: {"name", "type", "os_version", "os_build_number"},
        ct.models.compute_plan.MLModelStructure: {"program"},
        ct.models.compute_plan.MLModelStructureProgram: {"functions"},
        ct.models.compute_plan.MLModelStructureProgramFunction: {"block"},
        ct.models.compute_plan.MLModelStructureProgramBlock: {"operations"},
        ct.models.compute_plan.MLModelStructureProgramOperation: {"operator_name"},
    }
    for record, names in fields_of.items():
        assert names <= {field.name for field in dataclasses.fields(record)}
    assert isinstance(ct.models.compute_plan.MLComputePlan.model_structure, property)
    for name in ("MLNeuralEngineComputeDevice", "MLGPUComputeDevice", "MLCPUComputeDevice"):
        assert inspect.isclass(getattr(ct.models.compute_device, name))


def _reach(ct: Any, name: str) -> Any:
    for part in name.split("."):
        ct = getattr(ct, part)
    return ct
