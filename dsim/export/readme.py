"""The README of an exported model."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dsim.arch import PRESETS, Arch
from dsim.export.torch_timm import timm_name

MOST_PX = 512  # what `dsim train` takes
OFFICIAL = (
    "efficientformer_l1",
    "efficientformer_l3",
    "efficientformer_l7",
)  # same state-dict keys as released


def default_name(arch: Arch) -> str:
    """Return a preset's name, or one made of the design's hash."""
    known = (name for name, preset in PRESETS.items() if preset == arch)
    return next(known, f"dsim_{arch.canonical_hash()[:8]}")


def title_of(arch: Arch, name: str | None) -> str:
    """Return what the files call a design: one line that cannot break a docstring."""
    return re.sub(r"\s+", " ", name or default_name(arch)).replace('"', "'").replace("\\", "/").strip()


def form_readme(
    arch: Arch, name: str, about: str, use: str, checks: Sequence[str], notes: Sequence[str]
) -> str:
    """Write the README beside a file that a runtime reads.

    Parameters
    ----------
    about
        What the file is: a sentence.
    use
        How to run it, in Markdown.
    checks
        What was verified, a bullet each.
    notes
        Further bullets on the design.
    """
    sections = [
        f"# {name}",
        f"{about} Written by dsim; `arch.json` is the design, which dsim reads back.",
        _bullets([*_numbers(arch), *notes]),
        "## Design",
        _design(arch),
        "## Checked",
        _bullets(checks),
        "## Use",
        use,
    ]
    return "\n\n".join(sections) + "\n"


def network_readme(name: str, about: str, use: str, checks: Sequence[str], lines: Sequence[str]) -> str:
    """Write the README beside a file of a network that is no design of dsim's; ``lines`` say what it is."""
    sections = [
        f"# {name}",
        f"{about} Written by dsim.",
        _bullets(lines),
        "## Checked",
        _bullets(checks),
        "## Use",
        use,
    ]
    return "\n\n".join(sections) + "\n"


def _bullets(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _design(arch: Arch) -> str:
    return "```\n" + "\n".join(arch.describe()) + "\n```"


def _numbers(arch: Arch) -> list[str]:
    graph = arch.to_graph()
    size = arch.resolution
    return [
        f"parameters: {graph.params:,} ({graph.params / 1e6:.2f} M)"
        + (", both classifiers counted" if arch.head.distilled else ""),
        f"multiply-accumulates at {size}x{size}: {graph.macs:,} ({graph.macs / 1e9:.3f} G)",
    ]


def readme_text(arch: Arch, name: str, notes: Sequence[str]) -> str:
    """Write the README beside a model.py: what it is, its numbers, and how to use it.

    Parameters
    ----------
    notes
        Further lines, each a bullet.
    """
    size = arch.resolution
    widths = ", ".join(f"{stage.width} channels at stride {4 << i}" for i, stage in enumerate(arch.stages))
    biases = any(block.mixer.is_attention for stage in arch.stages for block in stage.blocks)
    sections = [
        f"# {name}",
        "A vision backbone as one PyTorch file, written by dsim. `model.py` needs torch and nothing else; `arch.json` is\n"
        "the design, which dsim reads back.",
        _bullets([*_numbers(arch), *notes]),
        "## Design",
        _design(arch),
        "## Use",
        "```python\n"
        "from model import create_model\n\n"
        f"classifier = create_model(num_classes={arch.num_classes})   # scores (N, {arch.num_classes})\n"
        "backbone = create_model(features_only=True)  # four maps (N, C, H, W) for detection or segmentation\n"
        "```",
        f"`python model.py` prints the size. The maps have {widths}.\n"
        "A classifier's weights load into the backbone with `load_state_dict(weights, strict=False)`.",
    ]
    sections.append(
        f"Where timm 1.0 or later is installed, `import model` gives it the name `{timm_name(arch, name)}`, for whatever\n"
        "makes its backbones by timm's names:\n\n"
        "```python\n"
        "import model, timm\n\n"
        f'timm.create_model("{timm_name(arch, name)}", features_only=True)  # maps; feature_info tells channels, strides\n'
        f'timm.create_model("{timm_name(arch, name)}", num_classes=10, pretrained=True,\n'
        '    pretrained_cfg_overlay={"file": "weights.safetensors"})  # trained weights, with a fresh head for 10 classes\n'
        "```"
    )
    if biases:
        sections.append(
            f"Attention learned its position biases at {size}x{size}; for other image sizes they are interpolated."
        )
    if arch.head.distilled:
        sections.append(
            "Two classifiers are averaged. To train the second one with a teacher, set `model.distilled_training = True`:\n"
            "in training mode the model then gives both scores."
        )
    sections += [
        "## Train",
        "```sh\n"
        f"dsim train arch.json --data PICTURES --images 1M --px {min(size, MOST_PX)} --out trained\n"
        f"torchrun --nproc-per-node 8 -m dsim train arch.json --data PICTURES --images 1M --px {min(size, MOST_PX)} \\\n"
        "    --out trained --on cuda\n"
        "```",
        "PICTURES holds one folder of pictures for each class, all in memory, shifted and mirrored. The same command continues where it\n"
        "was interrupted, and `trained` gets a model.py with its weights. A top-1 that dsim predicts for ImageNet is for a stronger recipe,\n"
        "EfficientFormer's: 300 epochs with strong augmentation, and a teacher. On a folder with train/ and val/, eight GPUs train by it with\n\n"
        "```sh\n"
        "torchrun --nproc-per-node 8 -m dsim train arch.json --recipe paper --teacher timm:regnety_160.deit_in1k \\\n"
        "    --data IMAGENET --on cuda --out trained\n"
        "```\n\n"
        "The teacher, RegNetY-16GF, comes with timm and knows ImageNet's classes; for others, `--teacher` takes what `dsim train` made by\n"
        "this recipe on the same folder.",
    ]
    if arch in (PRESETS[preset] for preset in OFFICIAL):
        sections.append(
            "The state-dict keys are those of the official EfficientFormer code, so that the released checkpoint\n"
            "loads with `strict=True`."
        )
    return "\n\n".join(sections) + "\n"
