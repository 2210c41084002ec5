"""The other verbs of ``dsim measure``: contrasts of blocks, designs of a comparison, and a bundle for a Mac."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dsim.cli.backends import TimesBackends, backend_option, needed
from dsim.cli.options import json_option, print_json, without_nan
from dsim.cli.types import DURATION
from dsim.cli.words import ending

if TYPE_CHECKING:
    from dsim.measure.android import AndroidBundle


@click.command(
    "contrasts",
    short_help="Time what another activation or norm costs.",
    cls=TimesBackends,
    epilog=ending(
        "dsim measure contrasts --backend onnxruntime --name my-server --time 15m",
        then="`dsim device show my-server` shows the contrasts, and every search on the profile uses them.",
    ),
)
@backend_option
@click.option("--name", default="", help="The name that `dsim measure` got; the profiles must exist.")
@click.option(
    "--design",
    default="",
    help="Time whole variants of this design instead of blocks: a preset, an arch.json, or the folder of a study.",
)
@click.option(
    "--time",
    "seconds",
    type=DURATION,
    default="10m",
    show_default=True,
    help="How long it may take. With --design, building and compiling the variants is part of it.",
)
@click.option("--fresh", is_flag=True, help="Begin anew instead of continuing with what was timed before.")
@json_option
def contrasts_command(
    backends: tuple[str, ...], name: str, design: str, seconds: float, fresh: bool, as_json: bool
) -> None:
    """Time what another activation or norm costs, and add it to profiles that exist.

    A contrast is two blocks that differ in activation or norm alone. They are timed on all backends in turns. `dsim measure` spends a
    quarter of its own time on this; here it is timed by itself.

    With --design, a whole network is timed with one activation or norm changed everywhere outside attention, all
    variants in random turns. What is compared is the ratio within a turn, so that a machine that changes its speed does no harm.
    """
    needed(backends, name)
    if design:
        _time_variants(backends, name, design, seconds, fresh, as_json)
        return
    from dsim.measure.front import add_contrasts  # deferred: help must not wait for torch
    from dsim.measure.measurement import ONLY, Request, begin
    from dsim.report.console import result_console, show_table
    from dsim.report.contrasts import contrast_table

    begun = begin(Request(backends, name, "", seconds, 0, 0, fresh, False, ONLY))
    for why in begun.found.missing.values():
        click.echo(f"Left out: {why}", err=True)
    found = add_contrasts(begun)
    for line in found.left_out:
        click.echo(f"Left out: {line}", err=True)
    if as_json:
        print_json(found.to_dict())
        return
    show_table(result_console(), contrast_table(found.profiles))
    for profile in found.profiles:
        click.echo(f"{profile.name} is in {profile.folder}. Next: dsim device show {profile.name}")


def _time_variants(
    backends: tuple[str, ...], name: str, design: str, seconds: float, fresh: bool, as_json: bool
) -> None:
    from dsim.measure.variant_run import time_variants  # deferred: help must not wait for torch
    from dsim.report.console import result_console, show_table
    from dsim.report.variants import variant_table

    found = time_variants(design, backends, name, seconds, fresh)
    for line in (*found.missing.values(), *found.left_out):
        click.echo(f"Left out: {line}", err=True)
    if as_json:
        print_json(found.to_dict())
        return
    show_table(result_console(), variant_table(found.variants))


@click.command(
    "compared",
    short_help="Time the designs that a comparison names.",
    cls=TimesBackends,
    epilog=ending(
        "dsim measure compared studies/two --backend onnxruntime --name my-server",
        then="`dsim report studies/two` writes a page that shows predicted and timed side by side.",
    ),
)
@click.argument("folder", type=click.Path(path_type=Path))
@backend_option
@click.option(
    "--name", default="", help="The name that `dsim measure` got; FOLDER must compare its profiles."
)
@click.option(
    "--time", "seconds", type=DURATION, default="10m", show_default=True, help="How long to time designs."
)
@click.option("--fresh", is_flag=True, help="Begin anew instead of continuing with what was timed before.")
@click.option("--allow-busy", is_flag=True, help="Keep times that were taken while other programs ran.")
@json_option
def compared_command(
    folder: Path,
    backends: tuple[str, ...],
    name: str,
    seconds: float,
    fresh: bool,
    allow_busy: bool,
    as_json: bool,
) -> None:
    """Time the designs that the comparison in FOLDER names, and write the times beside its predictions.

    This tests the comparison: it makes no profile, and nothing is learned from these times.
    """
    needed(backends, name)
    from dsim.measure.front import compared_request, time_compared  # deferred: help must not wait for torch
    from dsim.measure.measurement import begin_compared
    from dsim.report.console import result_console, show_table
    from dsim.report.timed import agreement_table, timed_table

    comparison, request = compared_request(folder, backends, name, seconds, fresh, allow_busy)
    begun = begin_compared(request)
    for why in begun.found.missing.values():
        click.echo(f"Left out: {why}", err=True)
    found = time_compared(begun, comparison, folder)
    if as_json:
        print_json(without_nan(found.to_dict()))
        return
    console = result_console()
    show_table(console, agreement_table(found.comparison, found.timed))
    for device in found.devices:
        show_table(console, timed_table(found.comparison, found.timed, device))
    if found.left:
        click.echo(
            f"{found.left} of {found.designs} designs have no time yet: there was not enough time, or other programs ran. "
            "The same command continues."
        )


@click.command(
    "bundle",
    short_help="Write what a Mac or a phone needs to time networks.",
    epilog=ending(
        "dsim measure bundle for-my-mac --designs 4",
        "dsim measure bundle for-my-phone --runtime litert",
        then="copy the folder to a Mac, run `python run_on_mac.py` there, and give the results to "
        "`dsim device add results.jsonl --name my-iphone`.",
    ),
)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--designs",
    type=click.IntRange(1, 100),
    default=4,
    show_default=True,
    help="How many designs to write, whole and op by op; for Core ML four take about a gigabyte.",
)
@click.option(
    "--time",
    "seconds",
    type=DURATION,
    default="10m",
    show_default=True,
    help="Begin no further package after this long; the same command continues.",
)
@click.option(
    "--runtime",
    type=click.Choice(["coreml", "litert"]),
    default="coreml",
    show_default=True,
    help="coreml for a Mac or iPhone, litert for an Android phone.",
)
@json_option
def bundle_command(folder: Path, designs: int, seconds: float, runtime: str, as_json: bool) -> None:
    """Write into FOLDER what a Mac needs to time networks on itself or on an iPhone, or an Android phone through LiteRT.

    The folder can be written on any system, and holds a script that does the timing: run_on_mac.py, or run_on_android.py, which
    runs LiteRT's benchmark_model through adb. Needs pip install 'dsim[coreml]' or 'dsim[litert]'.
    """
    from dsim.measure.coreml import Bundle  # deferred: help must not wait for torch
    from dsim.measure.front import bundle

    made = bundle(folder, designs, seconds=seconds, runtime=runtime)
    if as_json:
        print_json(made.to_dict())
        return
    if not isinstance(made, Bundle):
        _show_android(made)
        return
    click.echo(
        f"{made.packages} packages ({made.probes} probes, {made.chains} chains of ops, {made.designs} designs; {made.size_bytes / 1e6:.0f} MB, "
        f"{made.kept} kept from before) are in {made.folder}."
    )
    if made.waiting:
        click.echo(
            f"{made.waiting} packages are still to be written: give the same command, or a longer --time."
        )
    for what in made.left_out:
        click.echo(f"Left out: {what}")
    click.echo(
        "Next: copy the folder to a Mac and run there: python run_on_mac.py (docs/measuring-coreml.md)"
    )


def _show_android(made: AndroidBundle) -> None:
    click.echo(
        f"{made.designs + made.probes} models ({made.probes} probes, {made.designs} designs; {made.kept} kept from before) are in {made.folder}."
    )
    if made.waiting:
        click.echo(
            f"{made.waiting} models are still to be written: give the same command, or a longer --time."
        )
    for what in made.left_out:
        click.echo(f"Left out: {what}")
    click.echo(
        f"Next: connect a phone and run: python {made.folder / 'run_on_android.py'} --unit gpu (its first lines say what it needs)"
    )
