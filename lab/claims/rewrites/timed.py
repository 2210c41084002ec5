"""Time each rewrite of a network in turns with the file that differs from it in that alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import onnxruntime
import torch

from dsim.advice import Rewrite, Way, advise
from dsim.advice.write import write_rewrites
from dsim.device import find_profile
from dsim.device.operator_set import unfused_norms
from dsim.device.variants import Variant
from dsim.graph.onnx.load import load_model
from dsim.graph.onnx.rewriting import OPSETS, raised
from dsim.measure.variants import PLAIN, paired_variants, time_turns
from dsim.network.price import price
from dsim.network.read import read_network
from lab.claims.rewrites.networks import OPSET, PX, export

BACKEND = "onnxruntime"
SOURCE = "lab.claims.rewrites"
Turns = Sequence[Mapping[str, float]]


@dataclass(frozen=True)
class Timed:
    """One rewrite of one network: where, and what it changed.

    ``model_percent`` is what the model of a profile says of merged branches, ``side`` what a contrast of operator sets begins with.
    """

    network: str
    rewrite: Rewrite
    where: str
    found: Variant
    model_percent: float | None = None
    side: str = ""


def measure(name: str, device: str, seconds: float, folder: Path) -> tuple[Timed, ...]:
    """Time all rewrites of a network."""
    path = folder / "plain.onnx"
    export(name, path)
    files = written_out(path, device, folder)
    runs = {PLAIN: session(path)} | {one.what: session(file) for one, file, _ in files}
    for opset in {base for one, _, _ in files if (base := _base(one)) != PLAIN}:
        file = folder / f"{opset}.onnx"
        file.write_bytes(raised(load_model(path), int(opset)).SerializeToString())
        runs[opset] = session(file)
    turns: list[Mapping[str, float]] = []
    if files:
        # on one thread, processor time is what an undisturbed run takes, whatever else the machine does
        time_turns(runs, seconds, turns.append, clock=time.process_time)
    out = []
    for one, _, where in files:
        found = paired(name, turns, _base(one), one.what)
        if found is not None:
            said = predicted_merge(path, device) if one.way is Way.BRANCHES else None
            out.append(
                Timed(name, one, where, found, said, side_of(path, device) if one.operator_set else "")
            )
    return tuple(out)


def _base(one: Rewrite) -> str:
    """Name the file that differs from a rewritten one in the rewrite alone: a form that needs a later operator set has one in that set."""
    return str(OPSETS[one.after]) if one.after is not None and OPSETS[one.after] > OPSET else PLAIN


def paired(network: str, turns: Turns, before: str, after: str) -> Variant | None:
    """Return what one file takes beside another; None where they shared too few turns."""
    pairs = [{BACKEND: {PLAIN: turn[before], after: turn[after]}} for turn in turns]
    return next(iter(paired_variants(network, pairs, SOURCE).get(BACKEND, ())), None)


def written_out(path: Path, device: str, folder: Path) -> list[tuple[Rewrite, Path, str]]:
    """Write each rewrite that takes fewer operators into a file of its own; return it with the file and what was done.

    Rows behind the tokens are left out, for on a processor they are more work and nothing else, and so are folded constants, which
    ONNX Runtime folds itself.
    """
    out = []
    for number, one in enumerate(advise(path, device, among=()).rewrites):
        if (
            not one.by_dsim
            or one.way in (Way.LENGTHS, Way.CONSTANTS)
            or (one.after is not None and one.after.written_out)
        ):
            continue
        target = folder / f"rewritten-{number}.onnx"
        found = write_rewrites(path, target, [one])
        if found is not None:
            out.append((one, target, found.done[0].rpartition(", ")[2]))
    return out


def session(path: Path) -> Callable[[], object]:
    """Return a call that runs a file once on one thread, with ONNX Runtime's own rewrites as users have them."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    made = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    image = torch.randn(1, 3, PX, PX, generator=torch.Generator().manual_seed(0)).numpy()
    feed = {made.get_inputs()[0].name: image}
    return lambda: made.run(None, feed)


def side_of(path: Path, device: str) -> str:
    """Return where the norms stand that a file's operator set keeps in steps."""
    found = unfused_norms(read_network(path), find_profile(device))
    return found.side if found else ""


def predicted_merge(path: Path, device: str) -> float | None:
    """Return what the model says that merging changes, in percent."""
    priced = price(read_network(path), device)
    return (
        None
        if priced.merging is None
        else 100.0 * (priced.merging.latency_ms / priced.estimate.latency_ms - 1.0)
    )
