"""``dsim study``: the main job."""

from __future__ import annotations

from pathlib import Path

import click

from dsim.cli.device_types import DEVICE_BUDGET
from dsim.cli.exits import CONTINUES, INTERRUPTED, NOTHING_FITS
from dsim.cli.options import (
    accuracy_option,
    batch_option,
    certainty_option,
    data_option,
    json_option,
    limit_options,
    print_json,
    recipe_option,
    rough_option,
    subnets_option,
)
from dsim.cli.study_joint import budget_each, one_side, study_joint
from dsim.cli.types import BUDGETS, DURATION
from dsim.cli.words import ending


def _show_space(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from dsim.search import Space
        from dsim.search.space_file import space_toml  # deferred: help must not wait for the models

        click.echo(space_toml(Space()), nl=False)
        ctx.exit()


@click.command(
    epilog=ending(
        "dsim study --device iphone12 --budget 2ms",
        "dsim study --device iphone12 --budget 2ms --params 10M --memory 2MB",
        "dsim study --device iphone12 --budget 2ms --accuracy photos.supernet",
        "dsim study --device iphone12=2ms --device galaxy-s24-qnn-float=1ms",
        "dsim study --device iphone12 --budget 8ms --task backbone --px 512x640",
        then="`dsim export studies/iphone12-2ms --to coreml -o app` writes the design for a runtime, and `dsim report "
        "studies/iphone12-2ms` draws the whole front.",
    )
)
@click.option(
    "--device",
    "devices",
    type=DEVICE_BUDGET,
    multiple=True,
    required=True,
    help="Profile, phone or chip, such as iphone12 or 'iPhone 12'. `dsim device list` shows them. Several, each as "
    "NAME=BUDGET: one design that fits them all.",
)
@batch_option
@click.option(
    "--budget",
    "budgets_ms",
    type=BUDGETS,
    help="The most time that one run may take, such as 2ms. Several with commas, such as 1ms,2ms: a table with one answer each.",
)
@limit_options
@certainty_option
@recipe_option
@rough_option
@click.option(
    "--trials",
    type=click.IntRange(min=1),
    default=240,
    show_default=True,
    help="How many combinations of block types to try. Each stands for thousands of designs.",
)
@click.option(
    "--time",
    "time_s",
    type=DURATION,
    help="Stop after this time, such as 60s; several budgets or sizes share it. The same command continues.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Seed of the random choices. The same inputs and seed give the same answer.",
)
@click.option(
    "--space",
    "space_file",
    type=click.Path(path_type=Path),
    help="TOML file that says what the search may vary. --show-space prints one to start from.",
)
@click.option(
    "--show-space",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_space,
    help="Print the default search space as a TOML file, with comments, and stop.",
)
@accuracy_option
@click.option(
    "--trained",
    type=click.IntRange(min=0),
    default=8,
    show_default=True,
    help="With --accuracy: how many of the best designs to train alone. Each round keeps the better half, and the last "
    "are tested. 0 trains none.",
)
@click.option(
    "--train-images",
    help="With --accuracy: how many images the last of them are shown, such as 160k.",
    show_default="as many as the supernet",
)
@subnets_option
@data_option
@click.option(
    "--px",
    help="Side of the image, such as 256. Several with commas, such as 192,224,256: each is searched, and the best is shown. With "
    "--task backbone, height x width, such as 512x640.",
    show_default="the space's",
)
@click.option(
    "--task",
    type=click.Choice(["classify", "backbone"]),
    default="classify",
    show_default=True,
    help="What the network is for. backbone: a detector or segmenter. Its four maps at --px are priced, without a head.",
)
@click.option("--name", default="", help="Name of the study.", show_default="DEVICE-BUDGET")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("studies"),
    show_default=True,
    help="Folder to write the study's own folder into.",
)
@click.option(
    "--storage",
    help="Address of a storage for the trials. All commands with the same one and --name share the work: "
    "postgresql://USER@HOST/DB, journal:///SHARED/FILE or grpc://HOST:PORT.",
    show_default="a file in the study's folder",
)
@click.option(
    "--details",
    is_flag=True,
    help="Print everything that was found: the front, all intervals, what was not searched.",
)
@json_option
@click.pass_context
def study(
    ctx: click.Context,
    devices: tuple[tuple[str, float | None], ...],
    batch: int | None,
    budgets_ms: tuple[float, ...] | None,
    params: float | None,
    macs: float | None,
    memory: float | None,
    size: float | None,
    confidence: float,
    recipe: str | None,
    rough: bool,
    trials: int,
    time_s: float | None,
    seed: int,
    space_file: Path | None,
    supernet: Path | None,
    trained: int,
    train_images: str | None,
    subnets: int,
    data: Path | None,
    px: str | None,
    task: str,
    name: str,
    out: Path,
    storage: str | None,
    details: bool,
    as_json: bool,
) -> None:
    """Find the most accurate backbone that fits a latency budget on a device.

    Writes study.toml, chosen.json, front.parquet and a PyTorch model into OUT/NAME. If a study was interrupted, the same
    command continues it; if it is finished, the same command shows it again.
    """
    from dsim.report.budgets import show_budgets
    from dsim.report.study import show_study  # the verb's own imports: --help must not wait for them
    from dsim.search import load_sizes, load_space, search_budgets

    if len(devices) > 1:
        alone = {"--accuracy": supernet, "--storage": storage, "--time": time_s, "--batch": batch}
        study_joint(
            ctx,
            budget_each(devices, budgets_ms, [*(one for one, given in alone.items() if given is not None)]),
            as_json,
            px=one_side(px, task),
            confidence=confidence,
            recipe=recipe or "",
            rough=rough,
            trials=trials,
            seed=seed,
            space=load_space(space_file) if space_file else None,
            params=params,
            macs=macs,
            memory=memory,
            size=size,
            name=name,
            out=out,
        )
        return
    device, own_ms = devices[0]
    if own_ms is not None and budgets_ms is not None:
        raise click.UsageError(
            f"a device has one place for its budget, got {device}={own_ms:g}ms and --budget; leave one out"
        )
    budgets_ms = budgets_ms or ((own_ms,) if own_ms is not None else ())
    if not budgets_ms:
        raise click.UsageError("Missing option '--budget'.")
    source = None
    if supernet:
        from dsim.supernet import task_source

        source = task_source(supernet, data=data, designs=trained, images=train_images, subnets=subnets)
    space = None
    if space_file:
        base = source.space(None) if source else None
        if task == "backbone":  # whose top-1 is of one size
            space = load_space(space_file, base)
        else:
            space, several = load_sizes(space_file, base)
            px = px or several or None
    if source:
        source.space(space)  # refused before anything is said
        click.echo(f"After the search: {source.plan}.", err=True)
    found = search_budgets(
        device,
        budgets_ms,
        px=px,
        backbone=task == "backbone",
        params=params,
        macs=macs,
        memory=memory,
        size=size,
        batch=batch,
        confidence=confidence,
        rough=rough,
        trials=trials,
        time_s=time_s,
        seed=seed,
        space=space,
        accuracy=source,
        recipe=recipe or "",
        name=name,
        out=out,
        storage=storage,
    )
    results, one = found.studies, len(budgets_ms) == 1
    if as_json:
        print_json(results[0].to_dict() if one else found.to_dict())
    elif one:
        show_study(results[0], details)
    else:
        show_budgets(found, details)
    if results[-1].cost.interrupted:
        if left := sorted(budgets_ms)[len(results) :]:
            click.echo(f"Not begun: {', '.join(f'{ms:g} ms' for ms in left)}.", err=True)
        click.echo(CONTINUES, err=True)
        ctx.exit(INTERRUPTED)
    if all(found.chosen is None for found in results):
        ctx.exit(NOTHING_FITS)
