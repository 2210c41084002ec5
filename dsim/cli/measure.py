"""``dsim measure``: time networks on this machine and make device profiles of it."""

from __future__ import annotations

from pathlib import Path

import click

from dsim.cli.options import json_option, print_json, without_nan
from dsim.cli.types import DURATION

DEFAULT_SECONDS = 600.0
COREML = "coreml"
MOST_IMAGES = 1024  # in a run
BUNDLE_DESIGNS = 4  # about a thousand packages and a gigabyte


def _batches(ctx: click.Context, param: click.Parameter, value: str) -> tuple[int, ...]:
    """Read ``1,8``."""
    parts = [item.strip() for item in value.split(",")]
    if not all(item.isdigit() and 1 <= int(item[:7]) <= MOST_IMAGES for item in parts):
        raise click.BadParameter(
            f"must be numbers of images from 1 to {MOST_IMAGES} with commas, such as 1,8, got {value!r}"
        )
    return tuple(sorted({int(item) for item in parts}))


@click.command("measure")
@click.option("--backend", "backends", multiple=True, required=True, help="Runtime to time; may be repeated.")
@click.option("--name", default="", help="Name of the new profile; with several backends its first part.")
@click.option("--title", default="", help="What lists call the machine; default the processor's own name.")
@click.option(
    "--time", "seconds", type=DURATION, default=DEFAULT_SECONDS, show_default="10m", help="When to stop."
)
@click.option(
    "--batch",
    "batches",
    default="1",
    callback=_batches,
    show_default=True,
    help="Images in a run, such as 8 or 1,8: the profile holds each, and prices nothing else.",
)
@click.option(
    "--checks",
    type=click.IntRange(0, 1000),
    default=20,
    show_default=True,
    help="Designs that are held out for good.",
)
@click.option(
    "--networks", "most", type=click.IntRange(0), default=10_000, help="Stop after so many networks."
)
@click.option(
    "--bundle",
    type=click.Path(path_type=Path),
    help="With --backend coreml: folder to write for a Mac, which does the timing.",
)
@click.option(
    "--searches",
    type=click.IntRange(0, 100),
    default=0,
    show_default=True,
    help="Then search each new profile under 6 budgets, so many times each, and time what was chosen.",
)
@click.option(
    "--contrasts",
    type=click.Choice(("with", "without", "only")),
    default="with",
    show_default=True,
    help="Time blocks that differ in activation or norm alone: with the networks (a quarter of the time, from 5 minutes on), "
    "without them, or only them, for profiles that exist.",
)
@click.option(
    "--compared",
    type=click.Path(path_type=Path),
    help="Folder of a comparison: time the designs that it names, and write them beside its predictions. Makes no profile.",
)
@click.option("--fresh", is_flag=True, help="Begin anew, rather than go on with what was timed before.")
@click.option("--allow-busy", is_flag=True, help="Keep figures that were taken while something else ran.")
@json_option
def measure(
    backends: tuple[str, ...],
    name: str,
    title: str,
    seconds: float,
    batches: tuple[int, ...],
    checks: int,
    most: int,
    bundle: Path | None,
    searches: int,
    contrasts: str,
    compared: Path | None,
    fresh: bool,
    allow_busy: bool,
    as_json: bool,
) -> None:
    """Time networks on this machine, and make a device profile of what was found.

    Designs of the search space and reference networks are timed in turns, from end to end and op by op where the runtime
    tells, on one thread, at each batch of --batch. What was timed is kept: the same command goes on where the last one stopped. Backends:
    onnxruntime, openvino, openvino-bf16 and others; a wrong name lists them all.
    """
    if bundle is not None or COREML in backends:
        if batches != (1,):
            raise click.UsageError("--bundle times one image; leave out --batch")
        _bundle(backends, bundle, min(most, BUNDLE_DESIGNS), seconds, as_json)
        return
    if not name:
        raise click.UsageError("--name is needed: what the new profile is called, e.g. my-server")
    # deferred: help must not wait for torch
    from dsim.cli.contrasts import show_contrasts
    from dsim.cli.measurement import (
        ONLY,
        WITHOUT,
        Request,
        begin,
        finish,
        run,
        run_chosen,
        run_contrasts,
        told_when_stopped,
    )
    from dsim.measure.searched import chosen_designs
    from dsim.measure.searched import searches as wanted_searches
    from dsim.report.measuring import score_row, show_measured, split_scores
    from dsim.report.progress import measure_progress

    if 1 not in batches and contrasts == ONLY:
        raise click.UsageError(
            "--contrasts only times blocks with one image; give --batch 1, or leave it out"
        )
    contrasts = contrasts if 1 in batches else WITHOUT
    request = Request(backends, name, title, seconds, checks, most, fresh, allow_busy, contrasts, batches)
    if compared is not None:
        if batches != (1,):
            raise click.UsageError("--compared times designs with one image; leave out --batch")
        from dsim.cli.compared import measure_compared

        measure_compared(request, compared, as_json)
        return
    begun = begin(request)
    for why in begun.found.missing.values():
        click.echo(f"Left out: {why}", err=True)
    with told_when_stopped(begun), measure_progress(seconds) as show:
        if contrasts == ONLY:
            run_contrasts(begun, seconds, show)
        else:
            run(begun, show)
    if contrasts == ONLY:
        show_contrasts(begun, as_json)
        return
    made, held, folders = finish(begun)
    if searches:
        chosen = chosen_designs(wanted_searches(begun.profiles, searches))
        with told_when_stopped(begun), measure_progress(seconds) as show:
            run_chosen(begun, chosen, show, min(one.batches[0] for one in made.values()))
        made, held, folders = finish(begun)
    if as_json:
        keys = (
            "networks",
            "median_percent",
            "within_5_percent",
            "within_10_percent",
            "spearman",
            "covered_percent",
            "in_budget_percent",
        )
        scores = {
            profile: {
                what: {k: None if v == "-" else float(v) for k, v in zip(keys, score_row(one), strict=True)}
                for what, one in split_scores(profile, held[profile]).items()
            }
            for profile in held
        }
        about = {p: {"folder": str(folders[p]), **one.addition.measured} for p, one in made.items()}
        print_json({"profiles": without_nan(about), "scores": without_nan(scores)})
        return
    show_measured(made, held)
    for profile, folder in folders.items():
        click.echo(f"{profile} is in {folder}. Try: dsim device show {profile}")


def _bundle(
    backends: tuple[str, ...], folder: Path | None, number: int, seconds: float, as_json: bool
) -> None:
    """Write what a Mac needs; Core ML runs nowhere else."""
    from dsim.errors import UnavailableError
    from dsim.measure.coreml import write_bundle
    from dsim.measure.plan import covering_designs
    from dsim.report.progress import bundle_progress

    if set(backends) != {COREML}:
        raise click.UsageError("--bundle goes with --backend coreml alone")
    if folder is None:
        raise UnavailableError(
            "Core ML runs on Apple's systems, and is timed there by a script; give --bundle DIR to write it"
        )
    with bundle_progress() as show:
        made = write_bundle(covering_designs(max(1, number)), folder, show, seconds=seconds)
    if as_json:
        print_json(
            {
                "folder": str(made.folder),
                "digest": made.digest,
                "chains": made.chains,
                "designs": made.designs,
                "packages": made.packages,
                "kept": made.kept,
                "left_out": list(made.left_out),
                "waiting": made.waiting,
                "size_bytes": made.size_bytes,
            }
        )
        return
    click.echo(
        f"{made.packages} packages ({made.chains} chains of ops, {made.designs} designs; {made.size_bytes / 1e6:.0f} MB, "
        f"{made.kept} kept from before) are in {made.folder}."
    )
    if made.waiting:
        click.echo(
            f"{made.waiting} packages are still to be written: the same command goes on, --time says how long."
        )
    for what in made.left_out:
        click.echo(f"Left out: {what}")
    click.echo("Copy the folder to a Mac and run: python run_on_mac.py (docs/measuring-coreml.md)")
