"""What a file's operator set keeps ONNX Runtime from fusing on a processor.

ONNX Runtime looks for layer norms in steps twice. Before it moves transposes, it puts LayerNormalization in their place where the
file's operator set has that operator: 17 and later. After it has moved them, it looks in all files; by then a transpose that stood in
front of the steps has moved into them, and they no longer look like a layer norm. Where another transpose stood behind (ConvNeXt's
norms between convolutions) all steps stay; where none did (in front of a linear layer) most of them are still fused in another way.

GELU by erf has no transpose to meet and is fused in all files; GELU by tanh is not fused in any.

Source: onnxruntime/core/optimizer/graph_transformer_utils.cc and layer_norm_fusion.cc; a test asks the installed ONNX Runtime.
"""

from __future__ import annotations

from dataclasses import dataclass

from dsim.device.profile import DeviceProfile
from dsim.device.tells import unit_of
from dsim.graph.forms import Form, form_of
from dsim.graph.graph import Graph
from dsim.op import OpKind

KIND = "operator set"
NORM_SET = 17  # the first operator set of ONNX with LayerNormalization
RUNTIME = "ONNX Runtime"
FEW = 4  # norms up to which nothing was gained where it was timed (lab/notes/contrasts.md)
# sides of contrasts
BETWEEN = f"layer norms in steps, most between two transposes, operator set before {NORM_SET}"
BEHIND = f"layer norms in steps, most behind one transpose, operator set before {NORM_SET}"
SOME = f"up to {FEW} layer norms in steps behind a transpose, operator set before {NORM_SET}"
RAISED = f"the same steps, operator set {NORM_SET}"
IN_STEPS = Form(str(OpKind.LAYER_NORM), "", written_out=True)


@dataclass(frozen=True, slots=True)
class Unfused:
    """Layer norms that stay in steps for a file's operator set: all steps between transposes, some of them behind one."""

    operator_set: int
    between: int
    behind: int

    @property
    def norms(self) -> int:
        """How many there are."""
        return self.between + self.behind

    @property
    def side(self) -> str:
        """The words of contrasts for networks with such norms: what they cost depends on how many there are, and on where they stand."""
        if self.norms <= FEW:
            return SOME
        return BETWEEN if self.between >= self.behind else BEHIND


def unfused_norms(graph: Graph, profile: DeviceProfile) -> Unfused | None:
    """Return which layer norms ONNX Runtime leaves in steps for the operator set of the file that a network was read from.

    None where there are none: on other runtimes and units, of other formats, and in files of a set that lets it fuse them.
    """
    if graph.file is None or not 0 < graph.file.operator_set < NORM_SET or not _applies(profile):
        return None
    transposes = {index for index, node in enumerate(graph.nodes) if node.op.kind is OpKind.TRANSPOSE}
    # what is read by anything but a transpose
    others = {
        ref.node for index, node in enumerate(graph.nodes) if index not in transposes for ref in node.inputs
    } | {ref.node for ref in graph.outputs}
    norms = [
        index
        for index, node in enumerate(graph.nodes)
        if form_of(node.op) == IN_STEPS and node.inputs[0].node in transposes
    ]
    between = sum(index not in others for index in norms)
    return Unfused(graph.file.operator_set, between, len(norms) - between) if norms else None


def operator_set_notes(graph: Graph, profile: DeviceProfile) -> tuple[str, ...]:
    """Say that a price leaves out what norms in steps cost, where the file's operator set keeps them so."""
    found = unfused_norms(graph, profile)
    if found is None:
        return ()
    return (
        f"{RUNTIME} leaves {found.norms} of its layer norms in steps in a file of operator set {found.operator_set} and fuses them from "
        f"{NORM_SET} on; the price is of fused ones. `dsim advise` says what that gained elsewhere, and can raise the set",
    )


def accelerator_words(graph: Graph, profile: DeviceProfile) -> str:
    """Say what an old operator set does to norms in steps on an accelerator behind ONNX Runtime; empty elsewhere.

    There it looks once, for its second look is at nodes of a processor alone: what an old file keeps from the first stays in steps.
    """
    old = graph.file is not None and 0 < graph.file.operator_set < NORM_SET
    if not old or not profile.runtime.startswith(RUNTIME) or unit_of(profile.compute_unit) in ("cpu", ""):
        return ""
    return (
        f"for an accelerator {RUNTIME} itself fuses norms in steps only in files of operator set {NORM_SET} and later, "
        "as its source code says; nothing was timed"
    )


def _applies(profile: DeviceProfile) -> bool:
    return profile.runtime.startswith(RUNTIME) and unit_of(profile.compute_unit) == "cpu"
