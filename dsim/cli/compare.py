"""``dsim compare``: the same question to several devices."""

from __future__ import annotations

from pathlib import Path

import click

from dsim.cli.device_types import DEVICE_BUDGETS, DEVICES
from dsim.cli.exits import NOTHING_FITS
from dsim.cli.options import (
    accuracy_option,
    batch_option,
    certainty_option,
    data_option,
    json_option,
    print_json,
    recipe_option,
    rough_option,
    subnets_option,
)
from dsim.cli.types import DURATION
from dsim.cli.words import ending


@click.command(
    epilog=ending(
        "dsim compare --devices iphone12,i9-10940x",
        "dsim compare --devices iphone12,i9-10940x \\",
        "    --budget iphone12=2ms,i9-10940x=30ms --time 10m",
        "dsim compare --devices iphone12,i9-10940x --accuracy photos.supernet",
        then="`dsim report studies/compare-iphone12-i9-10940x` writes the comparison as a page.",
    )
)
@click.option(
    "--devices",
    type=DEVICES,
    required=True,
    help="Two or more device profiles, separated by commas. `dsim device list` shows them.",
)
@batch_option
@click.option(
    "--budget",
    "budgets",
    type=DEVICE_BUDGETS,
    help="A latency budget for each device, such as iphone12=2ms,i9-10940x=30ms.",
)
@click.option(
    "--like",
    help="Instead of --budget: set each budget so that this preset, arch.json or study just fits it.",
    show_default="efficientformer_l1, or the supernet's middle design",
)
@click.option(
    "--what-if",
    "what_if",
    help="Design whose parts are changed one at a time, to show what each change costs on each device.",
    show_default="the design of --like",
)
@certainty_option
@recipe_option
@rough_option
@click.option(
    "--trials",
    type=click.IntRange(min=1),
    default=60,
    show_default=True,
    help="How many combinations of block types to try for each device.",
)
@click.option(
    "--fold-trials",
    type=click.IntRange(min=1),
    default=16,
    show_default=True,
    help="The same, for each search with a model learned from half of the measurements.",
)
@click.option(
    "--seeds",
    type=click.IntRange(0, 1000),
    default=5,
    show_default=True,
    help="How often to split the measurements in halves and search again; 0 leaves out comparing each device with itself too. "
    "A difference is called significant only with 3 or more.",
)
@click.option(
    "--refits",
    type=click.IntRange(2, 1000),
    default=20,
    show_default=True,
    help="How often to learn the models again from randomly drawn measurements. A difference is called significant only with 20 or more.",
)
@click.option(
    "--time",
    "time_s",
    type=DURATION,
    help="Stop after this time, such as 180s. The result says what was left out.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1, 1024),
    default=1,
    show_default=True,
    help="How many devices to work on at the same time, each in a process of its own. The result is the same.",
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
    help="TOML file that says what the search may vary. `dsim study --show-space` prints one to start from.",
)
@accuracy_option
@subnets_option
@data_option
@click.option("--name", default="", help="Name of the comparison.", show_default="compare-DEVICES")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("studies"),
    show_default=True,
    help="Folder to write the comparison's own folder into.",
)
@click.option(
    "--details",
    is_flag=True,
    help="Print everything that was found: all differences with their verdicts, and what was not searched.",
)
@json_option
@click.pass_context
def compare(
    ctx: click.Context,
    devices: tuple[str, ...],
    batch: int | None,
    budgets: dict[str, float] | None,
    like: str | None,
    what_if: str | None,
    confidence: float,
    recipe: str | None,
    rough: bool,
    trials: int,
    fold_trials: int,
    seeds: int,
    refits: int,
    time_s: float | None,
    jobs: int,
    seed: int,
    space_file: Path | None,
    supernet: Path | None,
    subnets: int,
    data: Path | None,
    name: str,
    out: Path,
    details: bool,
    as_json: bool,
) -> None:
    """Show how the best design changes from device to device, and which differences are statistically significant.

    Writes comparison.json and parquet tables into OUT/NAME. With --accuracy no design is trained. If a comparison was interrupted, the same command continues
    it; if it is finished, the same command shows it again.
    """
    from dsim.report.compared import show_comparison  # the verb's own imports: --help must not wait for them
    from dsim.search import load_space
    from dsim.shift import compare as compare_devices
    from dsim.shift import measured_of, measured_to_dict, to_dict
    from dsim.shift.spec import default_name

    if budgets and like:
        raise click.UsageError("--budget and --like both set budgets; give one of them")
    source = None
    if supernet:
        from dsim.supernet import task_source

        source = task_source(supernet, data=data, designs=0, subnets=subnets)
    found = compare_devices(
        devices,
        budgets,
        batch=batch,
        like=like,
        what_if=what_if,
        confidence=confidence,
        rough=rough,
        trials=trials,
        fold_trials=fold_trials,
        seeds=seeds,
        refits=refits,
        seed=seed,
        time_s=time_s,
        space=load_space(space_file, source.space(None) if source else None) if space_file else None,
        name=name,
        out=out,
        accuracy=source,
        recipe=recipe or "",
        jobs=jobs,
    )
    folder = out / (name or default_name([device.device for device in found.devices]))
    if as_json:
        print_json({**to_dict(found), "measured": measured_to_dict(measured_of(found, folder))})
    else:
        show_comparison(found, str(folder), details)
    if any(device.best is None for device in found.devices):
        ctx.exit(NOTHING_FITS)
