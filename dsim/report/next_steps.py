"""What to do with a study's result, as commands that can be copied."""

from __future__ import annotations

import math
import shlex
from dataclasses import replace

from dsim.search import StudyResult, StudySpec

# what a runtime's name begins with or holds, and the form of model file that it reads; the first that matches
FORMS = {
    "core ml": ("coreml", "a Core ML"),
    "coreml": ("coreml", "a Core ML"),
    "openvino": ("onnx", "an ONNX"),
    "onnx": ("onnx", "an ONNX"),
    "litert": ("litert", "a LiteRT"),
    "tensorflow lite": ("litert", "a LiteRT"),
    "tflite": ("litert", "a LiteRT"),
    "qnn": ("onnx", "an ONNX"),
    "torch": ("torchexport", "a torch.export"),
}


def next_steps(result: StudyResult, runtime: str) -> tuple[tuple[str, str], ...]:
    """Return (what for, command), most important first.

    Parameters
    ----------
    runtime
        Of the device; empty where it is not known.
    """
    folder = shlex.quote(str(result.spec.folder))
    steps = []
    if result.chosen is None:
        if result.nearest_feasible_budget_ms is not None:
            budget = rounded_up(result.nearest_feasible_budget_ms)
            steps.append(("search within a budget that a design fits:", _study(result.spec, f"{budget:g}ms")))
        elif surest := max((one.chance for one in result.certainty if one.best), default=None):
            less = replace(result.spec, confidence=surest)
            command = _study(less, f"{less.budget_ms:g}ms")
            name = f"{result.spec.folder.name}-{surest * 100:g}"  # its own name is this study's, whose folder it cannot have
            steps.append(("ask for less certainty:", f"{command} --name {shlex.quote(name)}"))
    else:
        form = form_for(runtime)
        if task := result.spec.task:
            what = "train it for long, and test it:"
            steps.append(
                (what, f"dsim train {folder} --data DATA --from {task.supernet} --images 1M --out model")
            )
        if result.spec.backbone:  # the other forms hold a classifier
            step = ("write it as PyTorch code, for a detector or segmenter:", "torch -o backbone")
        else:
            step = (f"time it before you train it, as {form[1]} file on the device:", f"{form[0]} -o app")
        steps.append((step[0], f"dsim export {folder} --to {step[1]}"))
    if not (result.cost.interrupted or result.cost.capped):  # a page takes finished studies only
        steps.append(("see it as a page with charts:", f"dsim report {folder}"))
    return tuple(steps)


def form_for(runtime: str) -> tuple[str, str]:
    """Return the form of model file that a runtime reads, as ``--to`` calls it and as people do, with its article."""
    return next(
        (form for word, form in FORMS.items() if word in runtime.lower()), ("torchexport", "a torch.export")
    )


def rounded_up(budget_ms: float) -> float:
    """Round to three digits, and never below what is needed."""
    step = 10.0 ** (math.floor(math.log10(budget_ms)) - 2)
    return float(f"{math.ceil(budget_ms / step) * step:.12g}")


def _study(spec: StudySpec, budget: str) -> str:
    """Return the command of a study at a budget, with the options that differ from the defaults."""
    words = ["dsim", "study", "--device", spec.device, "--budget", budget]
    usual = StudySpec(spec.device, spec.budget_ms)
    for option in ("confidence", "recipe", "trials", "seed", "out"):
        if getattr(spec, option) != getattr(usual, option):
            words += [f"--{option}", str(getattr(spec, option))]
    words += spec.limits.options
    if spec.backbone:
        words += ["--task", "backbone", "--px", spec.backbone]
    if spec.task:
        words += spec.task.options
    else:
        px = spec.space.resolution
        if spec.space != usual.space.fixed(resolution=px):
            words += ["--space", "SPACE.toml"]
        if px != usual.space.resolution and not spec.backbone:
            words += ["--px", str(px)]
    return shlex.join(words)
