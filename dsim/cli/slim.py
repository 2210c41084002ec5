"""``dsim slim``: from a trained supernet to a design for each device."""

from __future__ import annotations

from pathlib import Path

import click

from dsim.cli.device_types import BUDGET_OR_EACH, DEVICES
from dsim.cli.exits import NOTHING_FITS
from dsim.cli.options import certainty_option, json_option, print_json, rough_option
from dsim.cli.words import ending


@click.command(
    epilog=ending(
        "dsim slim photos.supernet --device iphone12 --budget 2ms",
        "dsim slim photos.supernet --device iphone12,i9-10940x \\",
        "    --budget iphone12=2ms,i9-10940x=12ms",
        then="`dsim export` turns a kept design into PyTorch code or a model file.",
    )
)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--device",
    "devices",
    type=DEVICES,
    required=True,
    help="One or several device profiles: iphone12,i9-10940x.",
)
@click.option(
    "--budget",
    "budgets",
    type=BUDGET_OR_EACH,
    required=True,
    help="Latency of one run that each may take, such as 2ms, or by device: iphone12=2ms,i9-10940x=12ms.",
)
@click.option(
    "--actions",
    type=click.Choice(["paper", "all"]),
    show_default="paper for importance by gumbel, all for ablation",
    help="paper: the three of EfficientFormer, by accuracy; all: every single change, by validation loss.",
)
@click.option(
    "--tries",
    type=click.IntRange(min=1),
    default=6,
    show_default=True,
    help="For all: how many changes of a round are evaluated, those that promise the most.",
)
@certainty_option
@rough_option
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Folder of the supernet's images, where it has moved.",
)
@click.option(
    "--details",
    is_flag=True,
    help="With the paper's actions: also print what each of the three loses and saves at every step.",
)
@json_option
@click.pass_context
def slim(
    ctx: click.Context,
    folder: Path,
    devices: tuple[str, ...],
    budgets: float | dict[str, float],
    actions: str | None,
    tries: int,
    confidence: float,
    rough: bool,
    data: Path | None,
    details: bool,
    as_json: bool,
) -> None:
    """Take the supernet in FOLDER down to each device's budget.

    Blocks and channels are taken away one step at a time, each time where the least accuracy is lost for a millisecond.
    The designs are kept in FOLDER.
    """
    from dsim.records import to_plain
    from dsim.report.slim import show_slimmed  # deferred: help must not wait for torch
    from dsim.supernet.loaded import load_supernet
    from dsim.supernet.slim_supernet import result_path
    from dsim.supernet.slim_supernet import slim as slim_supernet

    loaded = load_supernet(folder, data)
    results = slim_supernet(
        loaded, devices, budgets, actions=actions, confidence=confidence, tries=tries, rough=rough
    )
    if as_json:
        print_json({"designs": [to_plain(result) for result in results]})
    else:
        files = [result_path(loaded, result) for result in results]
        show_slimmed(results, files, loaded.data, loaded.header.asked.images, details)
    if not all(result.fits for result in results):
        ctx.exit(NOTHING_FITS)
