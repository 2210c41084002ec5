"""Record what dsim predicts, so that a change that should move nothing can be shown to have moved nothing.

``python -m lab.validate.baseline record FILE`` learns every profile afresh and writes the held-out prediction of each measured
network, with the results of four studies. ``--profiles NAME,NAME`` and ``--studies NAME,NAME`` record a part (``none`` for
nothing). ``python -m lab.validate.baseline compare BEFORE AFTER`` prints what differs, and ends with 1 where anything does.

On one machine two records agree within a relative 1e-6. On another processor, trees may split elsewhere: the record holds the
processor's name, and the comparison says when the two are not the same.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

RELATIVE = 1e-6
STUDIES = {
    "iphone12": 2.0,
    "galaxy-s25-qnn-float": 1.5,
    "pixel4-gpu-tflite": 30.0,
    "i9-10940x": 10.0,
}  # device: budget in milliseconds; one for each way of learning
TRIALS = 60


def processor() -> str:
    """Return the name of this machine's processor, for a record."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()


def held_out_figures(name: str) -> dict[str, list[float]]:
    """Return estimate, low and high end in milliseconds of every measured network of a profile, each without its family."""
    from dsim.latency.hold_out import held_out

    found = held_out(
        name, fresh=True
    )  # what comes with dsim must not answer for the code that is being judged
    rows = sorted(found, key=lambda one: (one.graph, one.measured_ms))
    return {f"{one.graph} {one.measured_ms:.9g}": [one.predicted_ms, one.low_ms, one.high_ms] for one in rows}


def study_figures(device: str, budget_ms: float) -> dict[str, Any]:
    """Return the chosen design of a study and its front, with all figures."""
    from dsim.search import StudySpec, run_study

    with tempfile.TemporaryDirectory() as folder:
        found = run_study(StudySpec(device, budget_ms, trials=TRIALS, out=Path(folder)))
    assert found.chosen is not None
    return {
        "chosen": found.chosen.arch.to_dict(),
        "chosen figures": list(found.chosen.figures),
        "front": [[*one.figures, one.params, one.macs] for one in found.front],
    }


def record(profiles: Sequence[str], studies: Sequence[str]) -> dict[str, Any]:
    """Return a record: the processor, held-out predictions by profile, results by study."""
    out: dict[str, Any] = {"processor": processor(), "held_out": {}, "studies": {}}
    for name in profiles:
        began = time.process_time()
        out["held_out"][name] = held_out_figures(name)
        print(
            f"{name}: {len(out['held_out'][name])} networks, {time.process_time() - began:.0f} s", flush=True
        )
    for name in studies:
        out["studies"][f"{name} {STUDIES[name]:g} ms"] = study_figures(name, STUDIES[name])
        print(f"study of {name}", flush=True)
    return out


def differences(before: Any, after: Any, where: str = "") -> Iterator[str]:
    """Yield what differs between two records, numbers by more than the relative tolerance; what only one holds is passed over at the top."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            if key in before and key in after:
                yield from differences(before[key], after[key], f"{where} / {key}" if where else str(key))
            else:
                yield f"{where} / {key}: only {'before' if key in before else 'after'}"
    elif isinstance(before, list) and isinstance(after, list):
        if len(before) != len(after):
            yield f"{where}: {len(before)} before, {len(after)} after"
        for n, (one, other) in enumerate(zip(before, after, strict=False)):
            yield from differences(one, other, f"{where} [{n}]")
    elif isinstance(before, int | float) and isinstance(after, int | float):
        if abs(before - after) > RELATIVE * max(abs(before), abs(after)):
            yield f"{where}: {before!r} before, {after!r} after"
    elif before != after:
        yield f"{where}: {before!r} before, {after!r} after"


def compare(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Return the differences of the profiles and studies that both records hold."""
    out: list[str] = []
    for part in ("held_out", "studies"):
        for name in sorted(before[part].keys() & after[part].keys()):
            out += differences(before[part][name], after[part][name], name)
    return out


def _chosen(words: str, known: Sequence[str]) -> list[str]:
    if words == "none":
        return []
    asked = words.split(",") if words else list(known)
    if strange := sorted(set(asked) - set(known)):
        sys.exit(f"unknown: {', '.join(strange)}; known: {', '.join(known)}")
    return asked


def main() -> int:
    """Record, or compare two records."""
    from dsim.device.folders import bundled_names

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    recorder = verbs.add_parser("record", help="learn afresh and write FILE")
    recorder.add_argument("file", type=Path)
    recorder.add_argument("--profiles", default="", help="names, separated by commas; all by default")
    recorder.add_argument("--studies", default="", help="devices, separated by commas; all four by default")
    comparer = verbs.add_parser("compare", help="print what differs between two records")
    comparer.add_argument("before", type=Path)
    comparer.add_argument("after", type=Path)
    asked = parser.parse_args()
    if asked.verb == "record":
        with tempfile.TemporaryDirectory() as cache:
            os.environ["DSIM_CACHE"] = cache  # nothing that was learned before may answer
            found = record(_chosen(asked.profiles, bundled_names()), _chosen(asked.studies, list(STUDIES)))
        asked.file.write_text(json.dumps(found, indent=1), encoding="utf-8")
        return 0
    before, after = (json.loads(path.read_text(encoding="utf-8")) for path in (asked.before, asked.after))
    if before["processor"] != after["processor"]:
        print(f"two processors: {before['processor']} before, {after['processor']} after")
    found_differences = compare(before, after)
    print("\n".join(found_differences[:50]) or "nothing differs")
    print(f"{len(found_differences)} differences")
    return int(bool(found_differences))


if __name__ == "__main__":
    sys.exit(main())
