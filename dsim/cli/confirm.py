"""``dsim confirm``: time a few designs of a study on the device, and hear what that says of its answer."""

from __future__ import annotations

from pathlib import Path

import click

from dsim.cli.options import json_option, print_json, without_nan
from dsim.cli.words import ending


@click.command(
    epilog=ending(
        "dsim confirm studies/mine --out to-time",
        "dsim confirm studies/mine --results to-time/results.csv",
        then="`dsim study --device NAME-timed` searches again with the times; `dsim device remove NAME-timed` forgets them.",
    )
)
@click.argument("study", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Write a model file of each design and a sheet for the times into this folder.",
)
@click.option(
    "--results",
    multiple=True,
    type=click.Path(path_type=Path),
    help="File with times, in any form that `dsim device add` reads. Repeat it for several.",
)
@click.option(
    "--keep-as",
    default="",
    help="With --results: the profile of your own that gets the times.",
    show_default="the study's device with -timed behind it",
)
@click.option("--no-keep", is_flag=True, help="With --results: keep the times in no profile.")
@click.option(
    "--most",
    type=click.IntRange(3, 8),
    default=8,
    show_default=True,
    help="How many designs to time at most.",
)
@click.option(
    "--to",
    "form",
    type=click.Choice(["onnx", "coreml", "litert"]),
    help="With --out: the form of the model files.",
    show_default="what the device's runtime reads",
)
@json_option
def confirm(
    study: Path,
    out: Path | None,
    results: tuple[Path, ...],
    keep_as: str,
    no_keep: bool,
    most: int,
    form: str | None,
    as_json: bool,
) -> None:
    """Find out on the device whether the answer of STUDY is right.

    STUDY is the folder of a finished study. Without --results, dsim says which 3 to 8 of its designs to time: those
    whose times most reduce what the choice may lose. With --results, it says whether the choice is confirmed, changed,
    or not yet certain, and what to time next; the times also become evidence of a profile of your own. Nothing is sent
    anywhere.
    """
    from dsim.confirm import confirm as restated  # deferred: help must not wait for the models
    from dsim.confirm import keep
    from dsim.confirm import plan as planned
    from dsim.report.confirm import show_confirmed, show_kept, show_plan

    if results and out:
        raise click.UsageError(
            "--out writes what to time, --results reads what was timed: give one of the two."
        )
    if form and not out:
        raise click.UsageError("--to needs --out FOLDER: it says in which form to write.")
    if (keep_as or no_keep) and (not results or (keep_as and no_keep)):
        raise click.UsageError(
            "--keep-as and --no-keep say what becomes of --results FILE: give one of the two with it."
        )
    if results:
        found = restated(study, results)
        kept = None if no_keep else keep(study, results, keep_as)
        if as_json:
            print_json(without_nan({**found.to_dict(), "profile": kept.to_dict() if kept else None}))
            return
        show_confirmed(found, results)
        if kept:
            show_kept(kept, found.result.spec.budget_ms)
        return
    plan = planned(study, most)
    if out:
        from dsim.confirm.kit import write_kit

        written = write_kit(plan, out, form or "")
        for path in written:
            click.echo(path, err=as_json)
    if as_json:
        print_json(without_nan(plan.to_dict()))
    else:
        show_plan(plan, study, out)
