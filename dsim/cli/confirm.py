"""``dsim confirm``: time a few designs of a study on the device, and hear what that says of its answer."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dsim.cli.options import json_option, print_json, without_nan
from dsim.cli.words import ending

if TYPE_CHECKING:  # importing it loads the models
    from dsim.confirm.aihub import Outgoing


@click.command(
    epilog=ending(
        "dsim confirm studies/mine --out to-time",
        "dsim confirm studies/mine --results to-time/results.csv",
        "dsim confirm studies/mine --submit aihub",
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
    "--submit",
    type=click.Choice(["aihub"]),
    help="Have the designs timed by Qualcomm AI Hub, which needs a token, and restate the answer. What would be sent is "
    "shown and asked for first. A second run fetches the results and sends nothing.",
)
@click.option(
    "--hosted",
    default="",
    help="With --submit: what the service calls the device.",
    show_default="the phone of the device's profile",
)
@click.option("--more", is_flag=True, help="With --submit: send what is to be timed next, too.")
@click.option(
    "--yes", is_flag=True, help="With --submit: send without asking; needed where there is no terminal."
)
@click.option(
    "--keep-as",
    default="",
    help="With times: the profile of your own that gets the times.",
    show_default="the study's device with -timed behind it",
)
@click.option("--no-keep", is_flag=True, help="With times: keep them in no profile.")
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
    submit: str | None,
    hosted: str,
    more: bool,
    yes: bool,
    keep_as: str,
    no_keep: bool,
    most: int,
    form: str | None,
    as_json: bool,
) -> None:
    """Find out on the device whether the answer of STUDY is right.

    STUDY is the folder of a finished study of one device. Without --results, dsim says which 3 to 8 of its designs to
    time: those whose times most reduce what the choice may lose. With --results, it says whether the choice is confirmed,
    changed, or not yet certain, and what to time next; the times also become evidence of a profile of your own. Nothing is sent
    anywhere without --submit, which was tested on made responses and never on the real service.
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
    if submit and (results or out):
        raise click.UsageError("--submit brings its own files and times: leave out --out and --results.")
    if (hosted or more or yes) and not submit:
        raise click.UsageError("--hosted, --more and --yes say how to send: they need --submit aihub.")
    if (keep_as or no_keep) and (not (results or submit) or (keep_as and no_keep)):
        raise click.UsageError(
            "--keep-as and --no-keep say what becomes of times: give one of the two, with --results or --submit."
        )
    if submit:
        from dsim.confirm.aihub import failures, time_on_aihub
        from dsim.confirm.aihub_client import open_aihub

        service = open_aihub()
        results = time_on_aihub(study, service, _agree(yes), device=hosted, most=most, more=more)
        if not results:
            raise click.Abort
        for failed in failures(study):
            click.echo(f"Not timed: {failed}", err=True)
    if results:
        found = restated(study, results)
        kept = None if no_keep else keep(study, results, keep_as)
        if as_json:
            print_json(without_nan({**found.to_dict(), "profile": kept.to_dict() if kept else None}))
            return
        show_confirmed(
            found, results, shlex.join(["dsim", "confirm", str(study), "--submit", submit]) if submit else ""
        )
        if kept:
            show_kept(kept, found.result.spec.budget_ms)
        return
    if out:
        from dsim.confirm.kit import check_kit

        check_kit(study, out, form or "")
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


def _agree(yes: bool) -> Callable[[Outgoing], bool]:
    """Return how to ask before anything is sent."""

    def ask(outgoing: Outgoing) -> bool:
        from dsim.errors import InvalidValueError

        jobs = outgoing.jobs
        click.echo(
            f"This sends {len(outgoing.files)} models with random weights to {outgoing.where}:", err=True
        )
        for path in outgoing.files:
            click.echo(f"  {path}, {path.stat().st_size / 1e6:.1f} MB", err=True)
        how = f"{jobs.compile_options} {jobs.profile_options}".strip()
        click.echo(f"They are compiled and timed on {jobs.device!r} ({how}), under your account.", err=True)
        if yes:
            return True
        if not sys.stdin.isatty():
            raise InvalidValueError(
                "sending needs a yes, and there is no terminal to ask on; give --yes to send these files"
            )
        return click.confirm(f"Send these {outgoing.size_bytes / 1e6:.1f} MB?", err=True)

    return ask
