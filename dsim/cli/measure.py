"""``dsim measure``: time networks on this machine and make device profiles of it."""

from __future__ import annotations

import click

from dsim.cli.options import json_option, print_json, without_nan
from dsim.cli.types import DURATION

DEFAULT_SECONDS = 600.0


@click.command("measure")
@click.option("--backend", "backends", multiple=True, required=True, help="Runtime to time; may be repeated.")
@click.option("--name", required=True, help="Name of the new profile; with several backends its first part.")
@click.option("--title", default="", help="What lists call the machine; default the processor's own name.")
@click.option(
    "--time", "seconds", type=DURATION, default=DEFAULT_SECONDS, show_default="10m", help="When to stop."
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
@click.option("--fresh", is_flag=True, help="Begin anew, rather than go on with what was timed before.")
@click.option("--allow-busy", is_flag=True, help="Keep figures that were taken while something else ran.")
@json_option
def measure(
    backends: tuple[str, ...],
    name: str,
    title: str,
    seconds: float,
    checks: int,
    most: int,
    fresh: bool,
    allow_busy: bool,
    as_json: bool,
) -> None:
    """Time networks on this machine, and make a device profile of what was found.

    Designs of the search space and reference networks are timed in turns, from end to end and op by op where the runtime
    tells, on one thread. What was timed is kept: the same command goes on where the last one stopped. Backends:
    onnxruntime, openvino, openvino-bf16 and others; a wrong name lists them all.
    """
    from dsim.cli.measurement import Request, begin, finish, run  # deferred: help must not wait for torch
    from dsim.report.measuring import score_row, show_measured, split_scores
    from dsim.report.progress import measure_progress

    begun = begin(Request(backends, name, title, seconds, checks, most, fresh, allow_busy))
    for why in begun.found.missing.values():
        click.echo(f"Left out: {why}", err=True)
    try:
        with measure_progress(seconds) as show:
            run(begun, show)
    except KeyboardInterrupt:
        click.echo(f"What was timed is kept in {begun.journal.path}; the same command goes on.", err=True)
        raise
    made, held, folders = finish(begun)
    if as_json:
        keys = (
            "networks",
            "median_percent",
            "within_5_percent",
            "within_10_percent",
            "spearman",
            "covered_percent",
        )
        scores = {
            profile: {
                what: {k: None if v == "-" else float(v) for k, v in zip(keys, score_row(one), strict=True)}
                for what, one in split_scores(profile, held[profile]).items()
            }
            for profile in made
        }
        about = {p: {"folder": str(folders[p]), **one.addition.measured} for p, one in made.items()}
        print_json({"profiles": without_nan(about), "scores": without_nan(scores)})
        return
    show_measured(made, held)
    for profile, folder in folders.items():
        click.echo(f"{profile} is in {folder}. Try: dsim device show {profile}")
