"""Time a bundle's packages on this Mac, or on an iPhone connected to it, and write one results file.

Needs macOS 14.4 or later, Python 3.9 or later and coremltools 9 (``pip install coremltools``); an iPhone also needs Xcode.
Run it where it lies: ``python run_on_mac.py``. Ctrl-C is safe: the same command goes on where it stopped. Then, on any
machine: ``dsim device add results.jsonl --name my-iphone``.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import hashlib
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

VERSION = 1  # of the results file
MANIFEST, MANIFEST_VERSION = "manifest.json", 1
LEAST_MACOS, LEAST_COREMLTOOLS = (14, 4), (9, 0)
UNITS = {
    "cpuAndNeuralEngine": "CPU_AND_NE",
    "all": "ALL",
    "cpuAndGPU": "CPU_AND_GPU",
    "cpuOnly": "CPU_ONLY",
}
BATCH = 10  # predictions between two looks at the clock
LEAST_RUNS, MOST_RUNS = 30, 500
NARROW = 0.005  # standard error of the median, as a share of it: enough
MOST_FAILURES = 5  # one after another: the device is gone, or nothing here runs


class StopError(Exception):
    """What ends the run, in one line."""


def main(words: list[str] | None = None) -> int:
    """Run; give the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--device", default="", help="name of a connected iPhone or iPad; default: this Mac")
    parser.add_argument("--compute-units", choices=UNITS, default="cpuAndNeuralEngine")
    parser.add_argument("--out", default="results.jsonl", help="results file; default: results.jsonl here")
    parser.add_argument("--seconds", type=float, default=5.0, help="at most, for each package; default: 5")
    parser.add_argument(
        "--team", default="", help="Apple development team, to sign the app that runs on a phone"
    )
    asked = parser.parse_args(words)
    try:
        asyncio.run(_run(asked, Path(__file__).resolve().parent))
    except StopError as stop:
        print(f"Error: {stop}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped; the same command continues from here.", file=sys.stderr)
        return 130
    return 0


async def _run(asked: Any, folder: Path) -> None:
    ct = _coremltools()
    text, manifest = _manifest(folder)
    device = await _device(ct, asked.device, asked.team) if asked.device else None
    head = _head(ct, asked, device, hashlib.sha256(text).hexdigest(), manifest)
    out = Path(asked.out)
    done = _begin(out, head)
    entries = [entry for entry in manifest["entries"] if entry["id"] not in done]
    print(f"{len(entries)} packages to time, {len(done)} done before, into {out}")
    failures = 0
    for number, entry in enumerate(entries, start=1):
        _check(folder, entry)
        row = {key: value for key, value in entry.items() if key not in ("path", "files", "program")}
        try:
            row.update(await _time(ct, folder / entry["path"], asked, device))
            failures = 0
        except Exception as error:  # whatever Core ML or the phone raises: one package, not the run
            row["error"] = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
            failures += 1
        _append(out, row)
        shown = row["error"] if "error" in row else f"{statistics.median(row['samples_ms']):.3f} ms"
        print(f"{number}/{len(entries)} {entry['id']}: {shown}")
        if failures >= MOST_FAILURES:
            raise StopError(
                f"{failures} packages failed one after another, the last with: {row['error']}; mend that and run again"
            )
    print(f"Done. On any machine: dsim device add {out} --name my-device")


def _coremltools() -> Any:
    """Import coremltools, on a Mac that is new enough."""
    if sys.platform != "darwin":
        raise StopError(
            f"Core ML runs on macOS alone, this is {platform.system() or sys.platform}; copy the folder to a Mac"
        )
    system = platform.mac_ver()[0]
    if _numbers(system) < LEAST_MACOS:
        raise StopError(f"macOS must be 14.4 or later, this is {system}; update it")
    try:
        import coremltools as ct
    except ImportError as error:
        raise StopError(
            f"coremltools cannot be imported ({error}); pip install 'coremltools>=9.0'"
        ) from error
    if _numbers(ct.__version__) < LEAST_COREMLTOOLS:
        raise StopError(
            f"coremltools must be 9.0 or later, this is {ct.__version__}; pip install --upgrade coremltools"
        )
    return ct


def _numbers(version: str) -> tuple[int, ...]:
    """Return the first two numbers of a version."""
    digits = ["".join(c for c in part if c.isdigit()) for part in version.split(".")[:2]]
    return tuple(int(part or 0) for part in digits)


def _manifest(folder: Path) -> tuple[bytes, dict[str, Any]]:
    path = folder / MANIFEST
    try:
        text = path.read_bytes()
        raw = json.loads(text)
    except (OSError, ValueError) as error:
        raise StopError(f"{path} cannot be read: {error}; copy the whole bundle") from error
    found = raw.get("dsim_coreml_bundle") if isinstance(raw, dict) else None
    if found != MANIFEST_VERSION:
        raise StopError(
            f"{path} must be a bundle of version {MANIFEST_VERSION}, got {found!r}; write it again with dsim"
        )
    return text, raw


async def _device(ct: Any, name: str, team: str) -> Any:
    """Find a connected phone or tablet by its name, and put coremltools' runner app on it."""
    remote = ct.models.ml_program.experimental.remote_device
    try:
        kinds = (remote.DeviceType.IPHONE, remote.DeviceType.IPAD)
        found = [one for kind in kinds for one in remote.Device.get_connected_devices(kind)]
    except Exception as error:
        raise StopError(f"devices cannot be listed ({error}); install Xcode and start it once") from error
    for one in found:
        if one.name == name:
            break
    else:
        names = ", ".join(repr(one.name) for one in found) or "none"
        raise StopError(
            f"no connected device is called {name!r}; connected: {names}; unlock it, trust this Mac, use a cable"
        )
    try:
        signing = remote.AppSigningCredentials(development_team=team)
        return await one.prepare_for_model_debugging(credentials=signing)
    except Exception as error:
        raise StopError(
            f"{name!r} cannot run models ({error}); turn on its developer mode, and give --team"
        ) from error


def _head(ct: Any, asked: Any, device: Any, digest: str, manifest: dict[str, Any]) -> dict[str, Any]:
    """Say what is measured on."""
    about = {
        "name": platform.node(),
        "type": "mac",
        "os_version": platform.mac_ver()[0],
        "os_build_number": "",
    }
    if device is not None:
        about = {key: str(getattr(device, key)) for key in ("name", "os_version", "os_build_number")}
        about["type"] = str(device.type.value)
    return {
        "dsim_mac_results": VERSION,
        "bundle": digest,
        "compute_units": asked.compute_units,
        "device": about,
        "macos": platform.mac_ver()[0],
        "mac": _chip(),
        "coremltools": ct.__version__,
        "dsim_version": manifest["dsim_version"],
        "precision": manifest["precision"],
        "deployment_target": manifest["deployment_target"],
        "passes": manifest["passes"],
    }


def _chip() -> str:
    try:
        command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return platform.machine()


def _begin(out: Path, head: dict[str, Any]) -> set[str]:
    """Begin the results file, or read which packages it has; what failed is tried again."""
    try:
        content = out.read_bytes() if out.exists() else b""
        if not content:
            _append(out, head)
            return set()
        whole = content[: content.rfind(b"\n") + 1]  # a last line that was cut off goes
        lines = [json.loads(line) for line in whole.splitlines()]
        if whole != content:
            with out.open("r+b") as file:
                file.truncate(len(whole))
    except OSError as error:
        raise StopError(f"{out} cannot be read or written: {error.strerror}; choose another --out") from error
    except ValueError as error:
        raise StopError(f"{out} holds a line that is not JSON; choose another --out") from error
    if not lines:
        _append(out, head)
        return set()
    for key in ("dsim_mac_results", "bundle", "compute_units", "device", "coremltools"):
        if lines[0].get(key) != head[key]:
            raise StopError(
                f"{out} was begun with {key} {lines[0].get(key)!r}, this is {head[key]!r}; choose another --out"
            )
    return {row["id"] for row in lines[1:] if "error" not in row}


def _append(out: Path, row: dict[str, Any]) -> None:
    try:
        with out.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, separators=(",", ":")) + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StopError(f"{out} cannot be written: {error.strerror}; choose another --out") from error


def _check(folder: Path, entry: dict[str, Any]) -> None:
    """Refuse a package that is not what was written."""
    package = folder / entry["path"]
    for inside, wanted in entry["files"].items():
        try:
            found = hashlib.sha256((package / inside).read_bytes()).hexdigest()
        except OSError as error:
            raise StopError(
                f"{package / inside} cannot be read: {error.strerror}; copy the whole bundle"
            ) from error
        if found != wanted:
            raise StopError(f"{package / inside} was changed since dsim wrote it; copy the bundle again")


async def _time(ct: Any, package: Path, asked: Any, device: Any) -> dict[str, Any]:
    """Time one package, and ask Core ML where its ops run."""
    units = getattr(ct.ComputeUnit, UNITS[asked.compute_units])
    tools = ct.models.ml_program.experimental
    model = ct.models.MLModel(
        str(package), compute_units=units, skip_model_load=True
    )  # the benchmarker loads it
    benchmarker = tools.perf_utils.MLModelBenchmarker(model=model, device=device)
    samples: list[float] = []
    began = time.monotonic()
    while True:
        measured = await benchmarker.benchmark_predict(iterations=BATCH, warmup=not samples)
        samples += measured.samples
        if time.monotonic() - began > asked.seconds or len(samples) >= MOST_RUNS:
            break
        if len(samples) >= LEAST_RUNS and _error(samples) < NARROW * statistics.median(samples):
            break
    del benchmarker
    gc.collect()  # lets go of the model, here and on the phone
    row: dict[str, Any] = {"samples_ms": [round(value, 6) for value in samples]}
    with tempfile.TemporaryDirectory() as place:
        try:
            compiled = ct.models.utils.compile_model(str(package), str(Path(place) / "model.mlmodelc"))
            load = tools.compute_plan_utils.load_compute_plan_from_path_on_device
            plan = await load(path=compiled, compute_units=units, device=device)
            row["plan"] = _plan(ct, plan)
        except Exception as error:  # the times are worth keeping without the plan
            row["plan_error"] = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
    return row


def _error(samples: list[float]) -> float:
    """Return the standard error of the median, from the quartiles."""
    low, _, high = statistics.quantiles(samples, n=4)
    return 1.2533 * (high - low) / 1.349 / math.sqrt(len(samples))


def _plan(ct: Any, plan: Any) -> list[list[Any]]:
    """Return (op, preferred unit, share of the cost that Core ML estimates) of each op that runs."""
    devices = ct.models.compute_device
    names = {
        devices.MLNeuralEngineComputeDevice: "neural_engine",
        devices.MLGPUComputeDevice: "gpu",
        devices.MLCPUComputeDevice: "cpu",
    }
    program = plan.model_structure.program
    if program is None:
        raise ValueError("the compute plan is of no ML program")
    rows: list[list[Any]] = []
    for op in program.functions["main"].block.operations:
        if op.operator_name.rpartition(".")[2] == "const":
            continue  # part of the program's text, not of what runs
        usage = plan.get_compute_device_usage_for_mlprogram_operation(op)
        cost = plan.get_estimated_cost_for_mlprogram_operation(op)
        unit = "unknown"
        if usage is not None:
            preferred = usage.preferred_compute_device
            unit = next((name for kind, name in names.items() if isinstance(preferred, kind)), "unknown")
        rows.append([op.operator_name, unit, None if cost is None else round(float(cost.weight), 6)])
    return rows


if __name__ == "__main__":
    sys.exit(main())
