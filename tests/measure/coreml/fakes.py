"""A Mac that is not there: coremltools' names with the signatures that the installed one has, and a clock made up.

What a package takes is its ops' costs by `true_ms`, a start, and a little noise; the manifest tells the fake what a
package holds.
"""

from __future__ import annotations

import json
import platform
import random
import sys
from dataclasses import dataclass, field, fields
from enum import Enum
from functools import lru_cache
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from dsim.arch import Arch
from dsim.device.add.mac_lines import _op
from dsim.graph.serial import graph_from_dict
from dsim.latency.methods.operators.links import run_graph
from dsim.measure.coreml.bundle import _jobs
from dsim.measure.coreml.choose import PASSES, choose_chains
from dsim.measure.coreml.manifest import Manifest
from dsim.measure.planned import planned_design
from dsim.op import ACTIVATIONS, Op, OpKind

START_MS = 0.09
HEAD = {
    "dsim_version": "0",
    "precision": "float16",
    "deployment_target": "iOS16",
    "converter": "none",
    "passes": list(PASSES),
}
LINKED = frozenset({OpKind.RELU})  # takes no time of its own on the fake


def true_ms(op: Op) -> float:
    """What an op takes on the fake Mac."""
    if op.kind in LINKED:
        return 0.0
    return (
        0.002
        + op.macs / 4e8
        + (op.elements_read + op.elements_written) / 3e7
        + 0.001 * (op.kind in ACTIVATIONS)
    )


def network_ms(arch: Arch) -> float:
    return START_MS + sum(true_ms(op) for op in run_graph(arch.to_graph(), PASSES).ops if op.outputs)


def unconverted(folder: Path, designs: list[Arch]) -> Path:
    """Write a bundle's manifest and script without any package: nothing to check, nothing to convert."""
    folder.mkdir(parents=True)
    planned = [planned_design(arch) for arch in designs]
    manifest = Manifest(folder, HEAD)
    for job in _jobs(choose_chains(one.graph for one in planned).chains, planned):
        manifest.entries[job.name] = {**job.entry(), "program": {}, "files": {}}
    manifest.write(complete=True)
    script = Path(sys.modules["dsim.measure.coreml.bundle"].__file__ or "").with_name("run_on_mac.py")
    (folder / "run_on_mac.py").write_bytes(script.read_bytes())
    return folder


class ComputeUnit(Enum):
    ALL = 1
    CPU_AND_GPU = 2
    CPU_ONLY = 3
    CPU_AND_NE = 4


class DeviceType(Enum):
    IPHONE = "iphone"
    IPAD = "ipad"


class MLNeuralEngineComputeDevice:
    pass


class MLGPUComputeDevice:
    pass


class MLCPUComputeDevice:
    pass


@dataclass(frozen=True)
class AppSigningCredentials:
    development_team: str | None = ""
    provisioning_profile_uuid: str | None = None
    bundle_identifier: str | None = None


@dataclass(frozen=True)
class MLComputePlanDeviceUsage:
    preferred_compute_device: Any
    supported_compute_devices: list[Any]


@dataclass(frozen=True)
class MLComputePlanCost:
    weight: float


@dataclass(frozen=True)
class Measurement:
    statistics: Any
    samples: list[float]


@dataclass
class Script:
    """What the fake does besides: which ops leave the Neural Engine, which packages fail, when Ctrl-C comes."""

    elsewhere: frozenset[str] = frozenset()
    failing: frozenset[str] = frozenset()
    stop_after: int | None = None
    no_plan: bool = False
    devices: list[Any] = field(default_factory=list)
    timed: list[str] = field(default_factory=list)
    on_device: list[Any] = field(default_factory=list)


def coremltools(script: Script) -> ModuleType:
    """Make the module."""

    class MLModel:
        def __init__(
            self, model, is_temp_package=False, mil_program=None, skip_model_load=False,
            compute_units=ComputeUnit.ALL, weights_dir=None, function_name=None, optimization_hints=None,
        ) -> None:  # fmt: skip
            assert skip_model_load, "the benchmarker loads it once more"
            assert isinstance(compute_units, ComputeUnit)
            self.entry = _entry_of(Path(model))
            self.compute_unit = compute_units

    class MLModelBenchmarker:
        def __init__(self, model, device=None) -> None:
            self.model, self.device = model, device
            script.on_device.append(device)

        async def benchmark_predict(self, inputs=None, iterations=1, warmup=False):
            entry = self.model.entry
            if entry["id"] in script.failing:
                raise ValueError("Failed to load model\nand more")
            if script.stop_after is not None and len(script.timed) >= script.stop_after:
                raise KeyboardInterrupt
            if warmup:
                script.timed.append(entry["id"])
            rng = random.Random(f"{entry['id']} {warmup}")
            ms = START_MS + sum(true_ms(op) for op in _ops_of(entry))
            samples = [ms * (1 + 0.0005 * rng.random()) for _ in range(iterations)]
            return Measurement(None, samples)

    class Device:
        @staticmethod
        def get_connected_devices(device_type):
            return [one for one in script.devices if one.type is device_type]

        async def prepare_for_model_debugging(self, credentials=None, working_directory=None, clean=False):
            raise NotImplementedError

    class MLComputePlan:
        def __init__(self, entry: dict[str, Any]) -> None:
            ops = [
                SimpleNamespace(operator_name=f"ios16.{op.label}", op=op)
                for op in _ops_of(entry)
                if op.outputs
            ]
            block = SimpleNamespace(operations=[SimpleNamespace(operator_name="const"), *ops])
            function = SimpleNamespace(block=block)
            self.model_structure = SimpleNamespace(program=SimpleNamespace(functions={"main": function}))
            self.total = sum(true_ms(one.op) for one in ops) or 1.0

        def get_compute_device_usage_for_mlprogram_operation(self, operation):
            away = operation.op.label in script.elsewhere
            preferred = MLCPUComputeDevice() if away else MLNeuralEngineComputeDevice()
            return MLComputePlanDeviceUsage(preferred, [preferred])

        def get_estimated_cost_for_mlprogram_operation(self, operation):
            return MLComputePlanCost(true_ms(operation.op) / self.total)

    def compile_model(model, destination_path=None):
        path = Path(destination_path)
        path.mkdir()
        (path / "from").write_text(model)
        return destination_path

    async def load_compute_plan_from_path_on_device(path, compute_units=ComputeUnit.ALL, device=None):
        if script.no_plan:
            raise ValueError("no plan")
        return MLComputePlan(_entry_of(Path((Path(path) / "from").read_text())))

    ct = ModuleType("coremltools")
    spaces: dict[str, Any] = {
        "perf_utils": SimpleNamespace(MLModelBenchmarker=MLModelBenchmarker),
        "remote_device": SimpleNamespace(
            Device=Device, DeviceType=DeviceType, AppSigningCredentials=AppSigningCredentials
        ),
        "compute_plan_utils": SimpleNamespace(
            load_compute_plan_from_path_on_device=load_compute_plan_from_path_on_device
        ),
    }
    kinds = SimpleNamespace(
        MLNeuralEngineComputeDevice=MLNeuralEngineComputeDevice,
        MLGPUComputeDevice=MLGPUComputeDevice,
        MLCPUComputeDevice=MLCPUComputeDevice,
    )
    models = SimpleNamespace(
        MLModel=MLModel,
        compute_device=kinds,
        compute_plan=SimpleNamespace(
            MLComputePlan=MLComputePlan,
            MLComputePlanDeviceUsage=MLComputePlanDeviceUsage,
            MLComputePlanCost=MLComputePlanCost,
        ),
        utils=SimpleNamespace(compile_model=compile_model),
        ml_program=SimpleNamespace(experimental=SimpleNamespace(**spaces)),
    )
    for name, value in {"__version__": "9.0", "ComputeUnit": ComputeUnit, "models": models}.items():
        setattr(ct, name, value)
    return ct


@dataclass
class Phone:
    """A connected device as coremltools describes one."""

    name: str
    type: DeviceType
    os_version: str = "18.1"
    os_build_number: str = "22B83"
    prepared: bool = False

    async def prepare_for_model_debugging(self, credentials=None, working_directory=None, clean=False):
        assert isinstance(credentials, AppSigningCredentials)
        assert {f.name for f in fields(self)} >= {"name", "type", "os_version", "os_build_number"}
        return Phone(self.name, self.type, prepared=True)


def _entry_of(package: Path) -> dict[str, Any]:
    folder = package.parent.parent
    path = folder / "manifest.json"
    return _entries(folder, path.stat().st_mtime_ns)[package]


@lru_cache(maxsize=4)
def _entries(folder: Path, written: int) -> dict[Path, dict[str, Any]]:
    manifest = json.loads((folder / "manifest.json").read_text())
    return {folder / one["path"]: one for one in manifest["entries"]}


def _ops_of(entry: dict[str, Any]) -> list[Op]:
    if entry["kind"] == "chain":
        return [_op(raw) for raw in entry["unit"]] * entry["copies"]
    return list(run_graph(graph_from_dict(entry["graph"]), PASSES).ops)


def pretend(patch: pytest.MonkeyPatch, script: Script) -> None:
    """Make this machine a Mac with the fake coremltools."""
    patch.setattr(sys, "platform", "darwin")
    patch.setattr(platform, "mac_ver", lambda: ("14.5", ("", "", ""), "arm64"))
    patch.setitem(sys.modules, "coremltools", coremltools(script))
