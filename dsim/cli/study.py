"""``dsim study``: the main job."""

from __future__ import annotations

from pathlib import Path

import click

from dsim.cli.exits import INTERRUPTED, NOTHING_FITS
from dsim.cli.options import (
    batch_option,
    confidence_option,
    device_option,
    json_option,
    print_json,
)
from dsim.cli.types import BUDGET, DURATION


def _show_space(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from dsim.search import Space
        from dsim.search.space_file import space_toml  # deferred: help must not wait for the models

        click.echo(space_toml(Space()), nl=False)
        ctx.exit()


@click.command()
@device_option
@batch_option
@click.option(
    "--budget",
    "budget_ms",
    type=BUDGET,
    required=True,
    help="Hard latency budget of one run (of one image), such as 2ms.",
)
@confidence_option
@click.option(
    "--trials",
    type=click.IntRange(min=1),
    default=240,
    show_default=True,
    help="How many mixes of block types to try.",
)
@click.option(
    "--time", "time_s", type=DURATION, help="Stop after this long, such as 60s; the same command goes on."
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Same inputs and seed, same answer.",
)
@click.option(
    "--space",
    "space_file",
    type=click.Path(path_type=Path),
    help="TOML file of what may vary; --show-space prints one to start from.",
)
@click.option(
    "--show-space",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_space,
    help="Print the usual space as a TOML file, with what each key means, and do nothing else.",
)
@click.option("--name", default="", help="Name of the study; <device>-<budget> by default.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("studies"),
    show_default=True,
    help="Folder of studies.",
)
@click.option(
    "--storage",
    help="URL of a database for the trials, for several workers; a file in the study's folder by default.",
)
@click.option(
    "--details",
    is_flag=True,
    help="Print all that was found: the front, every interval, and what was not searched.",
)
@json_option
@click.pass_context
def study(
    ctx: click.Context,
    device: str,
    batch: int | None,
    budget_ms: float,
    confidence: float,
    trials: int,
    time_s: float | None,
    seed: int,
    space_file: Path | None,
    name: str,
    out: Path,
    storage: str | None,
    details: bool,
    as_json: bool,
) -> None:
    """Find the most accurate backbone that fits a latency budget on a device.

    Writes study.toml, chosen.json, front.parquet and a PyTorch model into OUT/NAME. The same command goes on with a
    study that was interrupted, and shows one that is finished.
    """
    from dsim.report.study import show_study  # the verb's own imports: --help must not wait for them
    from dsim.search import load_space, search

    result = search(
        device,
        budget_ms,
        batch=batch,
        confidence=confidence,
        trials=trials,
        time_s=time_s,
        seed=seed,
        space=load_space(space_file) if space_file else None,
        name=name,
        out=out,
        storage=storage,
    )
    if as_json:
        print_json(result.to_dict())
    else:
        show_study(result, details)
    if result.cost.interrupted:
        click.echo("Interrupted; the same command goes on from here.", err=True)
        ctx.exit(INTERRUPTED)
    if result.chosen is None:
        ctx.exit(NOTHING_FITS)
