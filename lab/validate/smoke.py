"""Walk the three main roads as a user does: the installed command, an empty cache, nothing patched.

``python -m lab.validate.smoke`` builds and installs the wheel (`lab.validate.wheel`), and works in an empty folder, outside
the checkout. It ends at the first step that fails.
"""

from __future__ import annotations

import json
import os
import resource
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from lab.places import ROOT
from lab.validate.wheel import build_wheel, install_wheel

HANG_S = 1800  # far beyond what any step takes: a guard against a hang, not a measure of speed
SHEET = """network,latency_ms
mobilenetv2_100@224,9.1
resnet50@224,61.3
efficientnet_b0@224,15.2
mobilenetv3_large_100@224,7.4
efficientformer_l1@224,29.0
"""


class Road:
    """Runs commands in one empty folder and says how long each took."""

    def __init__(self, folder: Path, command: Path) -> None:
        self.folder = folder
        self.command = command
        keep = {
            key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "OMP_NUM_THREADS")
        }
        self.env = {
            **keep,
            "DSIM_CACHE": str(folder / "cache"),
            "DSIM_PROFILES": str(folder / "profiles"),
            "COLUMNS": "110",
        }

    def dsim(self, words: str) -> str:
        """Run one dsim command and return what it prints on standard output."""
        print(f"$ dsim {words}", flush=True)
        return self._run([str(self.command), *shlex.split(words)])

    def python(self, code: str) -> str:
        """Run a few lines of Python where dsim is installed."""
        return self._run([str(self.command.with_name("python")), "-c", code])

    def _run(self, words: list[str]) -> str:
        began, used = time.perf_counter(), _processor_s()
        done = subprocess.run(
            words, cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=HANG_S, check=False
        )
        took = f"  ({time.perf_counter() - began:.1f} s, {_processor_s() - used:.1f} s of processor time)"
        if done.returncode != 0:
            sys.exit(f"{shlex.join(words)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
        print(took, flush=True)
        return done.stdout


def _processor_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def need(holds: bool, what: str) -> None:
    """End the walk where something is not as a user must find it."""
    if not holds:
        sys.exit(f"smoke: {what}")


def study_and_export(road: Road) -> None:
    """Find a design for an iPhone 12, and export it to PyTorch and ONNX."""
    answer = json.loads(road.dsim("study --device iphone12 --budget 2ms --json"))
    need(answer["chosen"]["needs_ms"] <= 2.0, "the chosen design must fit the budget")
    road.dsim("export studies/iphone12-2ms --to torch -o backbone")
    code = (
        "import sys; sys.path.insert(0, 'backbone'); import torch; from model import create_model; "
        "print(tuple(create_model().eval()(torch.zeros(1, 3, 224, 224)).shape))"
    )
    need("(1, 1000)" in road.python(code), "the exported model must give a thousand scores")
    road.dsim("export studies/iphone12-2ms --to onnx -o backbone-onnx")
    need(any((road.folder / "backbone-onnx").glob("*.onnx")), "the export must hold an .onnx file")


def own_device(road: Road) -> None:
    """Add a device from a sheet of five networks, and search for it."""
    (road.folder / "mine.csv").write_text(SHEET, encoding="utf-8")
    road.dsim("device add mine.csv --name mine")
    need("mine" in road.dsim("device list --filter mine"), "the list must show the new device")
    road.dsim("device show mine")
    predicted = json.loads(road.dsim("predict efficientformer_l1 --device mine --json"))
    need(
        predicted["low_ms"] < 29.0 < predicted["high_ms"], "a network that was measured lies in its interval"
    )
    road.dsim("device adapt mine")
    answer = json.loads(road.dsim("study --device mine --budget 40ms --trials 40 --json"))
    need(answer["chosen"]["needs_ms"] <= 40.0, "the chosen design must fit the budget")


def comparison(road: Road) -> None:
    """Compare two devices, and write the page."""
    road.dsim("compare --devices iphone12,mine --trials 10 --seeds 1 --fold-trials 4 --refits 2 --name both")
    road.dsim("report studies/both -o page.html")
    page = (road.folder / "page.html").read_text(encoding="utf-8")
    need("iphone12" in page and "mine" in page, "the page must name both devices")


def main() -> None:
    """Walk the roads one after the other."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="dsim-smoke-") as place:
        folder = Path(place)
        command = install_wheel(build_wheel(folder / "wheels"), folder / "environment") / "dsim"
        (folder / "work").mkdir()
        road = Road(folder / "work", command)
        where = road.python("import dsim; print(dsim.__file__)")
        need(str(ROOT) not in where, f"the checkout must not be what is tested, got {where}")
        for walk in (study_and_export, own_device, comparison):
            print(f"--- {walk.__doc__}", flush=True)
            walk(road)
    print(f"smoke: all three roads walked in {time.perf_counter() - began:.0f} s (asked: under 240)")


if __name__ == "__main__":
    main()
