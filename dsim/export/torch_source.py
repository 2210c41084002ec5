"""The source of an exported model.py: the design as a table, the classes that it uses, and the network."""

from __future__ import annotations

import ast
import itertools
import textwrap

from dsim.arch import Activation, Arch, Block, Mixer, Stage
from dsim.export.gelu import Gelu
from dsim.export.snippets import collect, imports_for, join, names_in
from dsim.export.torch_network import network_source

TORCH_ACTIVATIONS: dict[Activation, str] = {
    Activation.RELU: "nn.ReLU",
    Activation.RELU6: "nn.ReLU6",
    Activation.GELU: "nn.GELU",
    Activation.SILU: "nn.SiLU",
    Activation.HARDSWISH: "nn.Hardswish",
}
TABLE_NAMES = frozenset({"NamedTuple", "nn"})  # what the design's table uses
LINE = 100
TANH_GELU = "TanhGELU"
_TANH_CLASS = f'''class {TANH_GELU}(nn.GELU):
    """GELU by the tanh formula."""

    def __init__(self) -> None:
        super().__init__(approximate="tanh")
'''


def model_source(arch: Arch, name: str, gelu: Gelu = Gelu.AUTO) -> str:
    """Write the model.py of a design.

    Parameters
    ----------
    arch
        The design.
    name
        What the file calls it; one line.
    gelu
        The formula of its GELUs.

    Returns
    -------
    str
        Python source that needs torch alone.
    """
    network = network_source(arch, name)
    mentioned = names_in(ast.parse(network))
    snippets = collect(mentioned)
    body = "\n\n\n".join(
        (
            f"{_banner('the design')}\n\n{_table(arch, gelu)}",
            f"{_banner('what it is made of')}\n\n\n{join(snippets)}",
            f"{_banner('the network')}\n\n\n{network}",
        )
    )
    used = mentioned.union(TABLE_NAMES, *(snippet.uses for snippet in snippets))
    imports = imports_for(frozenset(used))
    return f"{_docstring(arch, name)}\n\nfrom __future__ import annotations\n\n{imports}\n\n{body}\n"


def _banner(title: str) -> str:
    return f"# ---- {title} ".ljust(LINE, "-")


def _docstring(arch: Arch, name: str) -> str:
    design = "\n".join(
        textwrap.fill(line, LINE, initial_indent="    ", subsequent_indent="        ")
        for line in arch.describe()
    )
    blocks = [block for stage in arch.stages for block in stage.blocks]
    sources = ["EfficientFormer, https://arxiv.org/abs/2206.01191"]
    if any(block.mixer in (Mixer.ATTENTION_V2, Mixer.FFN) for block in blocks):
        sources.append("EfficientFormerV2, https://arxiv.org/abs/2212.08059")
    if any(block.mixer is Mixer.POOLING for block in blocks):
        sources.append("PoolFormer, https://arxiv.org/abs/2111.11418")
    papers = "\n".join(f"    {source}" for source in sources)
    return f'''"""{name}: a vision backbone, written by dsim. It needs torch and nothing else.

{design}

Use it, or run it to see its size:

    model = create_model(num_classes=10)
    backbone = create_model(features_only=True)  # four maps, at strides 4, 8, 16 and 32

Any image size from 32 pixels upwards works; attention learned at one size is stretched to another.
The ideas come from
{papers}
"""'''


def _activation(activation: Activation, gelu: Gelu) -> str:
    """Return the class of an activation."""
    by_tanh = activation is Activation.GELU and gelu is Gelu.TANH
    return TANH_GELU if by_tanh else TORCH_ACTIVATIONS[activation]


def _table(arch: Arch, gelu: Gelu) -> str:
    stem = (
        ""
        if arch.stem_activation is None
        else f"STEM_ACTIVATION = {_activation(arch.stem_activation, gelu)}\n"
    )
    if gelu is Gelu.TANH:
        stem = f"\n\n{_TANH_CLASS}" + (f"\n\n{stem}" if stem else "")
    stages = "\n".join(
        f'    StageDesign(\n        width={stage.width},\n        transition="{stage.downsample}",\n'
        f"        blocks=({_runs(stage, gelu)}),\n    ),"
        for stage in arch.stages
    )
    return f'''RESOLUTION = {arch.resolution}  # height and width of the images that it was designed for, in pixels
NUM_CLASSES = {arch.num_classes}
{stem}

class Blocks(NamedTuple):
    """Equal blocks in a row."""

    count: int
    mixer: str  # how positions exchange information
    mlp_ratio: float  # hidden channels of the MLP as a multiple of the stage's width
    activation: type[nn.Module]
    norm: str  # batch: behind every convolution; layer, group: before each branch
    layer_scale: float | None  # initial value of the learned scale on each branch


class StageDesign(NamedTuple):
    """Blocks of one width."""

    width: int
    transition: str  # what halves the map of the stage before
    blocks: tuple[Blocks, ...]


STAGES = (
{stages}
)'''


def _runs(stage: Stage, gelu: Gelu) -> str:
    runs = [_run(block, len(list(run)), gelu) for block, run in itertools.groupby(stage.blocks)]
    if len(runs) == 1:
        return f"{runs[0]},"
    return "\n" + "".join(f"            {run},\n" for run in runs) + "        "


def _run(block: Block, count: int, gelu: Gelu) -> str:
    activation = _activation(block.activation, gelu)
    return f'Blocks({count}, "{block.mixer}", {block.mlp_ratio!r}, {activation}, "{block.norm}", {block.layer_scale!r})'
