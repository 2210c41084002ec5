"""``dsim train``: train one design on the user's own images, and test it."""

from __future__ import annotations

from pathlib import Path

import click
from click.core import ParameterSource

from dsim.cli.options import json_option, print_json
from dsim.cli.training import training_options
from dsim.cli.types import SIDE
from dsim.cli.words import ending


@click.command(
    epilog=ending(
        "dsim train photos.supernet/slim-iphone12-2ms.json --data photos \\",
        "    --from photos.supernet --images 500k --out photos.model",
        "dsim train efficientformer_l1 --data photos --images 1M \\",
        "    --px 224 --out photos.model",
        "dsim train studies/mine --recipe paper --data imagenet \\",
        "    --on cuda --out mine.model",
        then="load model.py and weights.safetensors of OUT, as its README shows.",
    )
)
@click.argument("design")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder with one folder of images for each class, as for `dsim supernet train`.",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder of the trained model.")
@click.option(
    "--images",
    help="How many images to show, such as 160k: the bound of the cost. Needed but for --recipe paper.",
    show_default="300 epochs with --recipe paper",
)
@click.option(
    "--recipe",
    type=click.Choice(["plain", "paper"]),
    default="plain",
    show_default=True,
    help="plain keeps images in memory, shifted and mirrored; paper is EfficientFormer's for ImageNet, read from disk.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=0),
    help="With --recipe paper: processes that read images.",
    show_default="one for each processor",
)
@click.option(
    "--from",
    "start",
    type=click.Path(path_type=Path),
    help="Supernet whose weights the design begins with; size and split of the images are then the supernet's.",
)
@click.option(
    "--px",
    type=SIDE,
    help="Side of the training images in pixels, 16 to 512.",
    show_default="32; the design's with --recipe paper",
)
@training_options
@json_option
def train(
    design: str,
    data: Path,
    out: Path,
    images: str | None,
    recipe: str,
    workers: int | None,
    start: Path | None,
    px: int | None,
    device: str,
    seed: int,
    batch: int,
    teacher: Path | None,
    shards: int | None,
    no_flip: bool,
    as_json: bool,
) -> None:
    """Train DESIGN on your own images, and test it on images that no step has seen.

    DESIGN is a preset, an arch.json, a study's folder, or what `dsim slim` kept. Writes PyTorch code, the weights and the
    accuracy into OUT. A training that was interrupted continues when the same command is run again.

    --recipe paper, taught by --teacher timm:regnety_160.deit_in1k (needs timm), is what a predicted ImageNet top-1 is
    for: DATA then has train/ and val/, 1,024 images make a step, and `torchrun --nproc-per-node 8 -m dsim train ... --on
    cuda` shares them. It was tested on small images on a processor, never on ImageNet.
    """
    from dsim.records import to_plain
    from dsim.report.trained import show_trained  # deferred: help must not wait for torch
    from dsim.supernet import train_design
    from dsim.supernet.processes import is_first

    if images is None and recipe == "plain":
        raise click.UsageError(
            "--images says how many images to show, and is missing: give it, such as --images 160k."
        )
    if workers is not None and recipe == "plain":
        raise click.UsageError("--workers reads images for --recipe paper alone: leave it out.")
    usual = click.get_current_context().get_parameter_source("batch") is ParameterSource.DEFAULT
    result = train_design(
        design,
        data,
        out,
        images=images,
        recipe=recipe,
        workers=workers,
        start=start,
        px=px,
        seed=seed,
        device=device,
        flip=not no_flip,
        batch=None if usual else batch,  # the recipe's own
        teacher=teacher,
        shards=shards,
    )
    if not is_first():
        return
    if as_json:
        print_json(to_plain(result))
    else:
        show_trained(result, out)
