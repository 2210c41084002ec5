"""Time attention in one op against attention in steps, in ONNX Runtime on this processor: what an export in operator set 23 would gain.

Each network is a row of plain vision transformer blocks (layer norm, attention, GELU in one op) with random weights, written in four
files that compute the same and differ in attention alone. They are timed in turns on one thread.

Usage: python -m lab.claims.rewrites.attention --seconds 60 [--keep]

Run it on the profile's chip. With --keep it writes the block ``attention`` of lab/notes/contrasts.md and the pack
``onnxruntime-attention`` of device_profiles/_contrasts, which `dsim advise` reads.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnxruntime
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from dsim.advice.evidence import ATTENTION_OP, ATTENTION_STEPS
from dsim.device import DeviceProfile, GradedContrast
from dsim.device.form_notes import KIND
from dsim.device.variants import Variant
from dsim.measure.variants import PLAIN, time_turns
from dsim.report.table import table
from lab.claims.rewrites.here import profile_here
from lab.claims.rewrites.pack import WIDEST, made_here, write_pack
from lab.claims.rewrites.timed import paired
from lab.marked import replace_block
from lab.places import NOTES

Array = np.ndarray[Any, Any]
SOURCE = "lab.claims.rewrites.attention"
PACK = "onnxruntime-attention"
BLOCKS = 3
# tokens, width, heads: patches of 32 and 16 px of 224 px, of 16 px of 384 and 512 px, with a class token
SIZES = ((50, 384, 6), (197, 192, 3), (197, 384, 6), (577, 192, 3), (577, 384, 6), (1025, 384, 6))
OPSET = 23  # the first with Attention
TOKENS, HEADS, MICROSOFT = "over tokens", "over heads", "com.microsoft"
WORDS = {
    TOKENS: "one op that takes tokens (Attention)",
    HEADS: "one op that takes heads (Attention), as torch.onnx.export writes it",
    MICROSOFT: "one op of com.microsoft (MultiHeadAttention)",
}
COLUMNS = ("tokens, width", "attention", "ms in steps", "measured, % (90%)")


@dataclass
class Pen:
    """Collects nodes and weights; equal seeds give equal weights, whatever the form."""

    nodes: list[NodeProto] = field(default_factory=list)
    weights: dict[str, Array] = field(default_factory=dict)
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def matrix(self, name: str, rows: int, columns: int) -> str:
        """Add a weight, and return its name."""
        self.weights[name] = (self.rng.standard_normal((rows, columns)) / rows**0.5).astype(np.float32)
        return name

    def constant(self, name: str, values: Any) -> str:
        """Add a constant, and return its name."""
        self.weights[name] = np.asarray(values)
        return name

    def add(self, op: str, *inputs: str, outs: int = 1, domain: str = "", **attrs: Any) -> list[str]:
        """Add a node, and return what it writes."""
        made = [f"t{len(self.nodes)}_{place}" for place in range(outs)]
        self.nodes.append(helper.make_node(op, list(inputs), made, domain=domain, **attrs))
        return made


def network(form: str, tokens: int, width: int, heads: int) -> ModelProto:
    """Return blocks whose attention is written in a form: `PLAIN` for steps."""
    pen, x = Pen(), "x"
    ones, zeros = (
        pen.constant(name, np.full(width, value, np.float32)) for name, value in (("one", 1), ("zero", 0))
    )
    for block in range(BLOCKS):
        (normed,) = pen.add("LayerNormalization", x, ones, zeros)
        (qkv,) = pen.add("MatMul", normed, pen.matrix(f"qkv{block}", width, 3 * width))
        mixed = _attention(pen, form, qkv, (tokens, width, heads))
        (out,) = pen.add("MatMul", mixed, pen.matrix(f"out{block}", width, width))
        (x,) = pen.add("Add", x, out)
        (normed,) = pen.add("LayerNormalization", x, ones, zeros)
        (wide,) = pen.add("MatMul", normed, pen.matrix(f"up{block}", width, 4 * width))
        (curved,) = pen.add("Gelu", wide)
        (out,) = pen.add("MatMul", curved, pen.matrix(f"down{block}", 4 * width, width))
        (x,) = pen.add("Add", x, out)
    shape = [1, tokens, width]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("x", x)]
    stored = [numpy_helper.from_array(array, name) for name, array in pen.weights.items()]
    graph = helper.make_graph(pen.nodes, "blocks", ends[:1], ends[1:], stored)
    sets = [helper.make_opsetid("", OPSET), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=sets, ir_version=11)


def _attention(pen: Pen, form: str, qkv: str, sizes: tuple[int, int, int]) -> str:
    tokens, width, heads = sizes
    each = width // heads
    scale = each**-0.5
    if form in (TOKENS, MICROSOFT):
        parts = pen.add("Split", qkv, outs=3, axis=2, num_outputs=3)
        if form == TOKENS:
            return pen.add("Attention", *parts, q_num_heads=heads, kv_num_heads=heads, scale=scale)[0]
        return pen.add("MultiHeadAttention", *parts, domain="com.microsoft", num_heads=heads, scale=scale)[0]
    (apart,) = pen.add("Reshape", qkv, pen.constant("apart", [1, tokens, 3, heads, each]))
    (turned,) = pen.add("Transpose", apart, perm=[2, 0, 3, 1, 4])
    axis = pen.constant("axis", [0])
    q, k, v = (
        pen.add("Squeeze", part, axis)[0] for part in pen.add("Split", turned, outs=3, axis=0, num_outputs=3)
    )
    if form == HEADS:
        (mixed,) = pen.add("Attention", q, k, v, scale=scale)
    else:
        (scaled,) = pen.add("Mul", q, pen.constant("scale", np.float32(scale)))
        (keys,) = pen.add("Transpose", k, perm=[0, 1, 3, 2])
        (scores,) = pen.add("MatMul", scaled, keys)
        (mixed,) = pen.add("MatMul", pen.add("Softmax", scores, axis=-1)[0], v)
    (back,) = pen.add("Transpose", mixed, perm=[0, 2, 1, 3])
    return pen.add("Reshape", back, pen.constant("joined", [1, tokens, width]))[0]


def session(model: ModelProto) -> Callable[[], Any]:
    """Return a call that runs a model once on one thread, with ONNX Runtime's own rewrites as users have them."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    made = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    given = made.get_inputs()[0]
    feed = {given.name: np.random.default_rng(1).standard_normal(given.shape).astype(np.float32)}
    return lambda: made.run(None, feed)[0]


def measure(sizes: tuple[int, int, int], seconds: float) -> dict[str, Variant]:
    """Return what each form in one op takes beside steps, in one network."""
    runs = {form: session(network(form, *sizes)) for form in (PLAIN, *WORDS)}
    turns: list[Mapping[str, float]] = []
    time_turns(runs, seconds, turns.append, clock=time.process_time)
    found = {form: paired(named(sizes), turns, PLAIN, form) for form in WORDS}
    return {form: one for form, one in found.items() if one is not None}


def named(sizes: tuple[int, int, int]) -> str:
    """Return what a network is called."""
    tokens, width, _ = sizes
    return f"{BLOCKS} blocks of a ViT, {width} wide, {tokens} tokens"


def contrasts_of(
    rows: Mapping[tuple[int, int, int], Mapping[str, Variant]], profile: DeviceProfile
) -> tuple[GradedContrast, ...]:
    """Return the contrasts of the op that takes tokens, the quickest; but for those whose interval is too wide to say anything."""
    found = [(sizes, one[TOKENS]) for sizes, one in rows.items() if TOKENS in one]
    return tuple(
        made_here(
            profile, variant, KIND, (ATTENTION_STEPS, ATTENTION_OP), network=named(sizes),
            context=f"random weights, one thread; files of operator set {OPSET}", shapes=f"{sizes[0]} tokens, {sizes[2]} heads",
            why="both files ask for the same operator set and differ in attention alone", program=SOURCE,
        )
        for sizes, variant in found
        if variant.high_percent - variant.low_percent <= WIDEST
    )  # fmt: skip


def attention_table(rows: Mapping[tuple[int, int, int], Mapping[str, Variant]], title: str) -> str:
    """Return the table in Markdown."""
    cells = [
        (
            f"{sizes[0]}, {sizes[1]}",
            WORDS[form],
            f"{one.plain_ms:.3g}",
            f"{one.percent:+.1f} ({one.low_percent:+.1f} to {one.high_percent:+.1f})",
        )
        for sizes, found in rows.items()
        for form, one in found.items()
    ]
    return table(title, COLUMNS, cells, numbers=COLUMNS[2:]).markdown()


def main() -> None:
    """Time the forms, and print the table or keep it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60.0, help="for each network (default %(default)s)")
    parser.add_argument("--device", default="epyc-zen4-onnxruntime", help="profile of this processor")
    parser.add_argument("--keep", action="store_true", help="write the table and the pack")
    asked = parser.parse_args()
    profile, here = profile_here(asked.device)
    rows = {}
    for sizes in SIZES:
        rows[sizes] = measure(sizes, asked.seconds)
        print(f"{named(sizes)}: timed", flush=True)
    text = attention_table(rows, f"Attention in one op: {here}")
    print(text)
    if asked.keep:
        replace_block(NOTES / "contrasts.md", "attention", text)
        write_pack(contrasts_of(rows, profile), PACK)


if __name__ == "__main__":
    main()
