"""The networks of dsim/data/accuracy/ablated.csv, made from a design or by taking parts out of a network's summary."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from dsim.accuracy.summary import INDEX, FloatArray, summarise
from dsim.arch import Arch, Block, Mixer, Norm, get_preset


def mixed(name: str, mixer: Mixer) -> FloatArray:
    """Replace the pooling of a preset."""
    arch = get_preset(name)
    stages = [
        replace(s, blocks=tuple(replace(b, mixer=mixer) if b.mixer is Mixer.POOLING else b for b in s.blocks))
        for s in arch.stages
    ]
    return summarise(replace(arch, stages=tuple(stages)).to_graph())


def attended(name: str, stages: tuple[int, ...]) -> FloatArray:
    """Replace every block of some stages by attention."""
    arch: Arch = get_preset(name)
    attention = Block(Mixer.ATTENTION, norm=Norm.LAYER)
    changed = tuple(
        replace(s, blocks=(attention,) * s.depth) if k in stages else s for k, s in enumerate(arch.stages)
    )
    return summarise(replace(arch, stages=changed).to_graph())


def without_pools(summary: FloatArray) -> FloatArray:
    """Take the poolings out, and the residual connection around each: a network of MLPs."""
    row = summary.copy()
    row[INDEX["residuals"]] -= row[INDEX["pools"]]
    row[[INDEX["pools"], INDEX["pool_elements"]]] = 0.0
    return row


def without_gates(summary: FloatArray) -> FloatArray:
    """Take squeeze-and-excitation out: its gates and its layers on vectors, the classifier apart."""
    row = summary.copy()
    classifier = row[INDEX["classifier_params"]]
    row[INDEX["params"]] -= row[INDEX["params_vector"]] - classifier
    row[INDEX["macs"]] -= row[INDEX["macs_vector"]] - classifier
    row[INDEX["params_vector"]] = row[INDEX["macs_vector"]] = classifier
    row[[INDEX["gates"], INDEX["gate_elements"], INDEX["elements_squash"]]] = 0.0
    row[INDEX["layers_vector"]] = 1.0
    return row


def ablated(known: dict[str, FloatArray]) -> dict[str, FloatArray]:
    """Make every row of ablated.csv; ``known`` holds the traced networks by ``name@resolution``."""
    made: dict[str, FloatArray] = {
        "poolformer_s12+identity": mixed("poolformer_s12", Mixer.IDENTITY),
        "poolformer_s12+conv3": mixed("poolformer_s12", Mixer.CONV3),
        "poolformer_s12+attention_4": attended("poolformer_s12", (3,)),
        "efficientformer_l1+baseline": mixed("efficientformer_l1", Mixer.POOLING),
        "efficientformer_l1+conv3": mixed("efficientformer_l1", Mixer.CONV3),
        "efficientformer_l1+ffn": mixed("efficientformer_l1", Mixer.FFN),
    }
    edits: dict[str, Callable[[FloatArray], FloatArray]] = {"identity": without_pools, "no_se": without_gates}
    bases = [f"poolformerv2_{size}+identity" for size in ("s12", "s24", "s36", "m36", "m48")]
    for name in (*bases, "repvit_m0_9+no_se", "repvit_m1_5+no_se"):
        base, edit = name.split("+")
        made[name] = edits[edit](known[f"{base}@224"])
    return {f"{name}@224": row for name, row in made.items()}
