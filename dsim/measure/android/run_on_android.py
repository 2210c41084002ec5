"""Time a bundle's LiteRT files on an Android phone that adb sees, and write one results file.

Needs Python 3.9 or later, adb, and LiteRT's benchmark_model for the phone's processor: download it (page "Performance
measurement" of the LiteRT documentation), then ``adb push benchmark_model /data/local/tmp`` and ``adb shell chmod +x
/data/local/tmp/benchmark_model``. Run it where it lies: ``python run_on_android.py --unit gpu``. Ctrl-C is safe: the same
command goes on where it stopped. Then: ``dsim device add results.jsonl --name my-phone``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

VERSION = 1  # of the results file
MANIFEST, MANIFEST_VERSION = "manifest.json", 1
FLAGS = {
    "cpu": ["--use_xnnpack=true"],
    "gpu": ["--use_gpu=true"],
    "nnapi": ["--use_nnapi=true"],
}
PLACE = "/data/local/tmp/dsim-model.tflite"
TIMEOUT_S = 600
MOST_FAILURES = 5  # one after another: the phone is gone, or nothing here runs
_COUNT = re.compile(
    r"count=(\d+)[^\n]*?\bavg=([\d.e+]+) std=([\d.e+]+)(?:[^\n]*?\bmedian=([\d.e+]+))?(?: p95=([\d.e+]+))?"
)
_LOAD = re.compile(r"timings in us: Init: ([\d.e+]+), First inference: ([\d.e+]+)")
_INFERENCE = re.compile(r"Inference(?: \(avg\))?: *([\d.e+]+)")
_DELEGATE = re.compile(
    r"(?:Explicitly applied|Though) (\w+) delegate.*?(completely|partially|not) (?:be )?executed by the delegate"
)


class StopError(Exception):
    """What ends the run, in one line."""


def main(words: list[str] | None = None) -> int:
    """Run; give the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--unit", choices=FLAGS, default="cpu", help="what the phone computes on; default: cpu"
    )
    parser.add_argument("--threads", type=int, default=1, help="threads on the CPU; default: 1")
    parser.add_argument(
        "--runs", type=int, default=50, help="runs of each model, after a warm-up; default: 50"
    )
    parser.add_argument(
        "--prefix", default="", help="words before the tool, such as 'taskset f0' for the large cores"
    )
    parser.add_argument("--serial", default="", help="the phone, if adb sees several")
    parser.add_argument("--adb", default="adb", help="the adb command; default: adb")
    parser.add_argument(
        "--tool", default="/data/local/tmp/benchmark_model", help="benchmark_model on the phone"
    )
    parser.add_argument("--out", default="results.jsonl", help="results file; default: results.jsonl here")
    asked = parser.parse_args(words)
    try:
        _run(asked, Path(__file__).resolve().parent)
    except StopError as stop:
        print(f"Error: {stop}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped; the same command continues from here.", file=sys.stderr)
        return 130
    return 0


def _run(asked: Any, folder: Path) -> None:
    text, manifest = _manifest(folder)
    head = _head(asked, hashlib.sha256(text).hexdigest(), manifest)
    out = Path(asked.out)
    done = _begin(out, head)
    entries = [entry for entry in manifest["entries"] if entry["id"] not in done]
    print(f"{len(entries)} models to time, {len(done)} done before, into {out}")
    failures = 0
    for number, entry in enumerate(entries, start=1):
        model = folder / entry["path"] / "model.tflite"
        if hashlib.sha256(model.read_bytes()).hexdigest() != entry["files"]["model.tflite"]:
            raise StopError(f"{model} was changed since dsim wrote it; copy the bundle again")
        row = {key: value for key, value in entry.items() if key not in ("path", "files", "program", "arch")}
        try:
            row.update(_time(asked, model))
            failures = 0
        except StopError as error:
            row["error"] = str(error)[:300]
            failures += 1
        _append(out, row)
        shown = row["error"] if "error" in row else f"{row['ms']:.3f} ms"
        print(f"{number}/{len(entries)} {entry['id']}: {shown}")
        if failures >= MOST_FAILURES:
            raise StopError(
                f"{failures} models failed one after another, the last with: {row['error']}; mend that and run again"
            )
    print(f"Done. On any machine: dsim device add {out} --name my-phone")


def _manifest(folder: Path) -> tuple[bytes, dict[str, Any]]:
    path = folder / MANIFEST
    try:
        text = path.read_bytes()
        raw = json.loads(text)
    except (OSError, ValueError) as error:
        raise StopError(f"{path} cannot be read: {error}; copy the whole bundle") from error
    found = raw.get("dsim_android_bundle") if isinstance(raw, dict) else None
    if found != MANIFEST_VERSION:
        raise StopError(
            f"{path} must be a bundle of version {MANIFEST_VERSION}, got {found!r}; write it again with dsim"
        )
    return text, raw


def _adb(asked: Any, *words: str) -> str:
    command = [*shlex.split(asked.adb), *(["-s", asked.serial] if asked.serial else []), *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    except FileNotFoundError as error:
        raise StopError(
            f"{command[0]} cannot be run; install Android's platform tools, or give --adb"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise StopError(
            f"{words[0]} took longer than {TIMEOUT_S} s; unplug the phone and plug it in again"
        ) from error
    said = done.stdout + done.stderr
    if done.returncode:
        raise StopError((said.strip().splitlines() or [f"adb {words[0]} ended with {done.returncode}"])[-1])
    return said


def _head(asked: Any, digest: str, manifest: dict[str, Any]) -> dict[str, Any]:
    """Say what is measured on."""

    def prop(name: str) -> str:
        return _adb(asked, "shell", "getprop", name).strip()

    return {
        "dsim_android_results": VERSION,
        "bundle": digest,
        "unit": asked.unit,
        "threads": asked.threads,
        "prefix": asked.prefix,
        "device": {
            "name": prop("ro.product.model") or "unknown",
            "os_version": prop("ro.build.version.release") or "unknown",
            "soc": prop("ro.soc.model"),
        },
        "dsim_version": manifest["dsim_version"],
        "passes": manifest["passes"],
    }


def _time(asked: Any, model: Path) -> dict[str, Any]:
    """Time one model, and read what benchmark_model says of it."""
    _adb(asked, "push", str(model), PLACE)
    words = [*shlex.split(asked.prefix), asked.tool, f"--graph={PLACE}", f"--num_threads={asked.threads}"]
    words += [f"--num_runs={asked.runs}", "--warmup_runs=10", *FLAGS[asked.unit]]
    said = _adb(asked, "shell", " ".join(map(shlex.quote, words)))
    told, counts = _INFERENCE.search(said), _COUNT.findall(said)
    if told is None or not counts:
        lines = [line for line in said.strip().splitlines() if "ERROR" in line] or said.strip().splitlines()
        raise StopError(f"benchmark_model gave no time: {lines[-1] if lines else 'nothing'}")
    count, average, spread, median, p95 = counts[-1]  # those before are the warm-up's
    load = _LOAD.search(said)
    placed = [how for name, how in _DELEGATE.findall(said) if name.lower() == asked.unit]
    return {
        "ms": float(median or average) / 1e3,  # older tools give no median
        "error_ms": float(spread) / 1e3 / int(count) ** 0.5,
        "runs": int(count),
        "delegate": placed[-1] if placed else "",
        **({"p95_ms": float(p95) / 1e3} if p95 else {}),  # nor this
        **(
            {"load_ms": sum(float(us) for us in load.groups()) / 1e3} if load else {}
        ),  # until the first answer
    }


def _begin(out: Path, head: dict[str, Any]) -> set[str]:
    """Begin the results file, or read which models it has; what failed is tried again."""
    try:
        lines = (
            [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
            if out.exists()
            else []
        )
    except (OSError, ValueError) as error:
        raise StopError(
            f"{out} cannot be read ({error}); remove its last line, or choose another --out"
        ) from error
    if not lines:
        _append(out, head)
        return set()
    for key in ("dsim_android_results", "bundle", "unit", "threads", "prefix", "device"):
        if lines[0].get(key) != head[key]:
            raise StopError(
                f"{out} was begun with {key} {lines[0].get(key)!r}, this is {head[key]!r}; choose another --out"
            )
    return {row["id"] for row in lines[1:] if "error" not in row}


def _append(out: Path, row: dict[str, Any]) -> None:
    try:
        with out.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, separators=(",", ":")) + "\n")
    except OSError as error:
        raise StopError(f"{out} cannot be written: {error.strerror}; choose another --out") from error


if __name__ == "__main__":
    sys.exit(main())
