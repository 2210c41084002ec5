"""The README of an exported model."""

from __future__ import annotations

from collections.abc import Sequence

from dsim.arch import PRESETS, Arch

OFFICIAL = (
    "efficientformer_l1",
    "efficientformer_l3",
    "efficientformer_l7",
)  # same state-dict keys as released


def readme_text(arch: Arch, name: str, notes: Sequence[str]) -> str:
    """Write what the model is, its numbers, and how to use it.

    Parameters
    ----------
    notes
        Further lines, each a bullet.
    """
    graph = arch.to_graph()
    size = arch.resolution
    numbers = [
        f"parameters: {graph.params:,} ({graph.params / 1e6:.2f} M)"
        + (", both classifiers counted" if arch.head.distilled else ""),
        f"multiply-accumulates at {size}x{size}: {graph.macs:,} ({graph.macs / 1e9:.3f} G)",
        *notes,
    ]
    widths = ", ".join(f"{stage.width} channels at stride {4 << i}" for i, stage in enumerate(arch.stages))
    biases = any(block.mixer.is_attention for stage in arch.stages for block in stage.blocks)
    sections = [
        f"# {name}",
        "A vision backbone as one PyTorch file, written by dsim. `model.py` needs torch and nothing else; `arch.json` is\n"
        "the design, which dsim reads back.",
        "\n".join(f"- {line}" for line in numbers),
        "## Design",
        "```\n" + "\n".join(arch.describe()) + "\n```",
        "## Use",
        "```python\n"
        "from model import create_model\n\n"
        f"classifier = create_model(num_classes={arch.num_classes})   # scores (N, {arch.num_classes})\n"
        "backbone = create_model(features_only=True)  # four maps (N, C, H, W) for detection or segmentation\n"
        "```",
        f"`python model.py` prints the size. The maps have {widths}.\n"
        "A classifier's weights load into the backbone with `load_state_dict(weights, strict=False)`.",
    ]
    if biases:
        sections.append(
            f"Attention learned its position biases at {size}x{size}; for other image sizes they are interpolated."
        )
    if arch.head.distilled:
        sections.append(
            "Two classifiers are averaged. To train the second one with a teacher, set `model.distilled_training = True`:\n"
            "in training mode the model then gives both scores."
        )
    if arch in (PRESETS[preset] for preset in OFFICIAL):
        sections.append(
            "The state-dict keys are those of the official EfficientFormer code, so that the released checkpoint\n"
            "loads with `strict=True`."
        )
    return "\n\n".join(sections) + "\n"
