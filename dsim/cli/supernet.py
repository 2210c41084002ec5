"""``dsim supernet``: train all designs of a space in one network, on the user's own images, and show what it holds."""

from __future__ import annotations

from pathlib import Path

import click

from dsim.cli.options import json_option, print_json, without_nan
from dsim.cli.training import training_options
from dsim.cli.types import DURATION, SIDE
from dsim.cli.words import Ordered, ending


@click.group(
    cls=Ordered,
    epilog=ending(
        "dsim supernet train photos --out photos.supernet --images 160k",
        "dsim supernet show photos.supernet",
        then="`dsim slim photos.supernet --device iphone12 --budget 2ms` finds a design.",
    ),
)
def supernet() -> None:
    """Train all designs of a space in one network, on your own images.

    One training serves any number of devices, for latency has no part in it. Needs pip install 'dsim[supernet]'.
    """


@supernet.command(
    "train",
    short_help="Train a supernet on a folder of images.",
    epilog=ending(
        "dsim supernet train photos --out photos.supernet \\",
        "    --images 160k --time 15m",
        then="`dsim slim photos.supernet --device iphone12 --budget 2ms` finds a design.",
    ),
)
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder of the supernet.")
@click.option("--images", required=True, help="How many images to show, such as 160k: the bound of the cost.")
@click.option(
    "--time",
    "time_s",
    type=DURATION,
    help="What training may take, such as 15m. Up to forty steps are timed first; where they say that it takes longer, fewer "
    "images are shown.",
)
@click.option(
    "--px", type=SIDE, default=32, show_default=True, help="Side of the training images in pixels, 16 to 512."
)
@click.option(
    "--space",
    "space_name",
    help="TOML file of what may vary, as for dsim study, where keys that are left out keep small values; or a design, such "
    "as efficientformer_l3, for all that can be cut out of it.",
)
@click.option(
    "--importance",
    type=click.Choice(["gumbel", "ablation"]),
    default="gumbel",
    show_default=True,
    help="How blocks are weighed. gumbel: the EfficientFormer paper's own; ablation: the largest design teaches smaller "
    "ones, and each block is taken out of random ones.",
)
@click.option(
    "--from",
    "start",
    type=click.Path(path_type=Path),
    help="Trained weights of the space's largest design, to begin with: a file of safetensors, or a folder that `dsim train` "
    "made.",
)
@training_options
@click.option(
    "--subnets",
    type=click.IntRange(min=1),
    default=4,
    show_default=True,
    help="For ablation: out of how many random designs each block is taken.",
)
@json_option
def train_command(
    data: Path,
    out: Path,
    images: str,
    time_s: float | None,
    px: int,
    space_name: str | None,
    importance: str,
    start: Path | None,
    device: str,
    seed: int,
    batch: int,
    teacher: Path | None,
    shards: int | None,
    subnets: int,
    no_flip: bool,
    as_json: bool,
) -> None:
    """Train a supernet on DATA: a folder with one folder of JPEG or PNG images for each class.

    DATA may also hold train/, val/ and test/ with such folders. A training that was interrupted continues when the same
    command is run again.
    """
    from dsim import supernet as library  # deferred: help must not wait for torch
    from dsim.supernet.processes import is_first

    trained = library.train(
        data,
        out,
        images=images,
        px=px,
        space=library.load_choices(space_name),
        importance=importance,
        start=start,
        seed=seed,
        time=time_s,
        device=device,
        flip=not no_flip,
        batch=batch,
        teacher=teacher,
        shards=shards,
        subnets=subnets,
    )
    if is_first():
        _show(trained.home.folder, as_json)


@supernet.command(
    "check",
    short_help="Train some designs alone, and compare the order.",
    epilog=ending(
        "dsim supernet check photos.supernet --anchors 24",
        then="trust `dsim slim` as far as the correlation goes.",
    ),
)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--anchors",
    type=click.IntRange(min=4),
    default=24,
    show_default=True,
    help="How many designs to train alone.",
)
@click.option(
    "--images",
    help="How many images each is shown, such as 40k.",
    show_default="a quarter of the supernet's",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Folder of the supernet's images, where it has moved.",
)
@json_option
def check_command(folder: Path, anchors: int, images: str | None, data: Path | None, as_json: bool) -> None:
    """Train random designs of the supernet in FOLDER alone, and compare their order with the supernet's.

    Every finished training is kept. What was interrupted continues when the same command is run again.
    """
    from dsim.records import to_plain
    from dsim.report.supernet import show_check  # deferred: help must not wait for torch
    from dsim.supernet import check, load_supernet

    found = check(load_supernet(folder, data), anchors, images=images)
    if as_json:
        print_json({**to_plain(found), "useful": found.useful})
    else:
        show_check(found)


@supernet.command(
    "show",
    short_help="Show what a supernet holds and what it cost.",
    epilog=ending(
        "dsim supernet show photos.supernet",
        then="`dsim slim photos.supernet --device iphone12 --budget 2ms` finds a design.",
    ),
)
@click.argument("folder", type=click.Path(path_type=Path))
@json_option
def show_command(folder: Path, as_json: bool) -> None:
    """Show the supernet in FOLDER: what it was trained on, what each block is worth, its loss and its cost."""
    _show(folder, as_json)


def _show(folder: Path, as_json: bool) -> None:
    from dsim.report.supernet import show_supernet, supernet_facts  # deferred: help must not wait for torch

    if as_json:
        print_json(without_nan(supernet_facts(folder)))
    else:
        show_supernet(folder)
