"""Time what `dsim advise` can write on this processor, in turns with the file as it was, and show what was predicted beside it.

Each network of timm is exported as ONNX with steps where an operator set before 17 has no operator; every rewrite that finds a place
in it is written, compared with the file as it was, and timed in ONNX Runtime on one thread. What is predicted of a form is the middle
change of the same rewrite in the other networks, as evidence would say; of merged branches, what the model of a profile says.

Usage: python -m lab.claims.rewrites --seconds 60 [--networks repvgg_a0,deit_tiny_patch16_224] [--device xeon-amx-onnxruntime] [--keep]

Run it on a machine that does nothing else: with --keep it writes the block ``rewrites`` of lab/notes/contrasts.md.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import onnxruntime
import torch

from dsim.advice import Rewrite, advise
from dsim.advice.write import write_rewrites
from dsim.device.variants import Variant
from dsim.measure.machine import this_machine
from dsim.measure.variants import PLAIN, Turn, paired_variants, time_turns
from dsim.network.price import price
from dsim.network.read import read_network
from dsim.report.table import table
from lab.marked import replace_block
from lab.networks.with_timm import timm_here
from lab.places import NOTES

NETWORKS = (
    *("repvgg_a0", "repvgg_b0", "mobileone_s0", "mobileone_s1", "mobileone_s4", "fastvit_t8", "repvit_m0_9", "repghostnet_050"),
    *("deit_tiny_patch16_224", "vit_small_patch16_224", "convnext_atto", "convnext_femto", "poolformer_s12", "mobilevitv2_050"),
    *("efficientformer_l1", "edgenext_xx_small", "levit_128s", "mixer_s32_224", "pvt_v2_b0", "resnet18"),
)  # fmt: skip
OPSET = 14  # without layer norm and GELU: exporters write them in steps
PX = 224
BACKEND = "onnxruntime"


@dataclass(frozen=True)
class Row:
    """One rewrite of one network: the change that was measured, and the one that was predicted (None where nothing says)."""

    network: str
    rewrite: str
    places: str
    plain_ms: float
    percent: float
    low_percent: float
    high_percent: float
    predicted_percent: float | None


def export(name: str, path: Path) -> None:
    """Write a network of timm with random weights, branches and all."""
    model = timm_here().create_model(name, pretrained=False).eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(model, (torch.zeros(1, 3, PX, PX),), path, dynamo=False, opset_version=OPSET)


def written_out(path: Path, device: str, folder: Path) -> dict[Rewrite, tuple[Path, str]]:
    """Write each rewrite that takes fewer operators into a file of its own; return it with what was done."""
    out = {}
    for number, one in enumerate(advise(path, device).rewrites):
        if not one.by_dsim or (one.after is not None and one.after.written_out):
            continue
        target = folder / f"{path.stem}-{number}.onnx"
        found = write_rewrites(path, target, [one])
        if found is not None:
            out[one] = (target, found.done[0].rpartition(", ")[2])
    return out


def session(path: Path) -> Any:
    """Return a call that runs a file once on one thread, with ONNX Runtime's own rewrites as users have them."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    made = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    feed = {
        made.get_inputs()[0].name: torch.randn(
            1, 3, PX, PX, generator=torch.Generator().manual_seed(0)
        ).numpy()
    }
    return lambda: made.run(None, feed)


def measure(name: str, device: str, seconds: float, folder: Path) -> tuple[Row, ...]:
    """Time all rewrites of a network in turns with it."""
    path = folder / f"{name}.onnx"
    export(name, path)
    files = written_out(path, device, folder)
    if not files:
        return ()
    runs = {PLAIN: session(path)} | {one.what: session(file) for one, (file, _) in files.items()}
    turns: list[Turn] = []
    time_turns(runs, seconds, lambda taken: turns.append({BACKEND: dict(taken)}))
    found = {one.choice: one for one in paired_variants(name, turns, "lab.claims.rewrites").get(BACKEND, ())}
    merged = {one: predicted_merge(path, device) for one in files if one.before is None}
    return tuple(
        _row(name, one, places, found[one.what], merged.get(one))
        for one, (_, places) in files.items()
        if one.what in found
    )


def predicted_merge(path: Path, device: str) -> float | None:
    """Return what the model says that merging changes, in percent."""
    priced = price(read_network(path), device)
    return (
        None
        if priced.merging is None
        else 100.0 * (priced.merging.latency_ms / priced.estimate.latency_ms - 1.0)
    )


def _row(name: str, one: Rewrite, places: str, found: Variant, predicted: float | None) -> Row:
    rewrite = one.what if one.before else one.what.partition(" (")[0]
    return Row(
        name, rewrite, places, found.plain_ms, found.percent, found.low_percent, found.high_percent, predicted
    )


def with_predictions(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Return rows of forms with the middle change of the same rewrite in the other networks."""
    out = []
    for row in rows:
        others = [one.percent for one in rows if one.rewrite == row.rewrite and one.network != row.network]
        known = (
            row.predicted_percent
            if row.predicted_percent is not None
            else statistics.median(others)
            if others
            else None
        )
        out.append(replace(row, predicted_percent=known))
    return tuple(out)


def rewrites_table(rows: Sequence[Row], networks: int, processor: str) -> str:
    """Return the table in Markdown."""
    cells = [
        (
            row.network,
            row.rewrite,
            row.places,
            f"{row.plain_ms:.3g}",
            f"{row.percent:+.1f} ({row.low_percent:+.1f} to {row.high_percent:+.1f})",
            "-" if row.predicted_percent is None else f"{row.predicted_percent:+.1f}",
        )
        for row in rows
    ]
    columns = ("network", "rewrite", "where", "ms before", "measured, % (90%)", "predicted, %")
    title = (
        f"{len(rows)} rewrites in {networks} networks: ONNX Runtime {onnxruntime.__version__}, {processor}"
    )
    return table(title, columns, cells, numbers=columns[3:]).markdown()


def main() -> None:
    """Time the rewrites, and print the table or keep it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60.0, help="for each network (default %(default)s)")
    parser.add_argument("--networks", default=",".join(NETWORKS), help="names of timm, with commas")
    parser.add_argument(
        "--device", default="xeon-amx-onnxruntime", help="profile whose model predicts merging"
    )
    parser.add_argument("--keep", action="store_true", help="write the table into lab/notes/contrasts.md")
    asked = parser.parse_args()
    names = asked.networks.split(",")
    rows: list[Row] = []
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            rows += measure(name, asked.device, asked.seconds, Path(folder))
        print(f"{name}: {sum(row.network == name for row in rows)} rewrites timed", flush=True)
    text = rewrites_table(with_predictions(rows), len(names), this_machine().processor)
    if asked.keep:
        replace_block(NOTES / "contrasts.md", "rewrites", text)
    else:
        print(text)


if __name__ == "__main__":
    main()
