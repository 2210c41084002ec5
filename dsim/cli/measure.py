"""``dsim measure``: time networks on this machine and make device profiles of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from dsim.cli.backends import TimesBackends, backend_option, needed
from dsim.cli.measure_verbs import bundle_command, compared_command, contrasts_command
from dsim.cli.options import json_option, print_json, without_nan
from dsim.cli.types import DURATION, once
from dsim.cli.words import Ordered, ending

MOST_IMAGES = 1024  # in a run
_Command = TypeVar("_Command", bound=Callable[..., Any])
# options of before, each with what does its work now
_GONE = {
    "bundle": "`dsim measure bundle DIR` does that now",
    "compared": "`dsim measure compared DIR` does that now",
    "contrasts": "`dsim measure contrasts` times blocks alone, and `--no-contrasts` leaves them out",
}


class Measure(TimesBackends, Ordered):
    """A group that measures when it is called without a verb."""


def _batches(ctx: click.Context, param: click.Parameter, value: str) -> tuple[int, ...]:
    """Read ``1,8``."""
    parts = [item.strip() for item in value.split(",")]
    if not all(item.isdigit() and 1 <= int(item[:7]) <= MOST_IMAGES for item in parts):
        raise click.BadParameter(
            f"must be numbers of images from 1 to {MOST_IMAGES} with commas, such as 1,8, got {value!r}"
        )
    return tuple(sorted(once("number of images", [int(one) for one in parts], "", param, ctx)))


def _gone(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    if value is not None:
        raise click.UsageError(f"{param.opts[0]} is no option any more: {_GONE[str(param.name)]}")


def _old(name: str) -> Callable[[_Command], _Command]:
    return click.option(f"--{name}", hidden=True, expose_value=False, callback=_gone, is_eager=True)


@click.group(
    "measure",
    cls=Measure,
    invoke_without_command=True,
    subcommand_metavar="[VERB ...]",
    epilog=ending(
        "dsim measure --backend onnxruntime --name my-server --time 10m",
        then="`dsim device show my-server` shows how well the new profile predicts, and `dsim study --device "
        "my-server --budget 10ms` searches for a design.",
    ),
)
@backend_option
@click.option("--name", default="", help="Name of the new profile; with several backends its first part.")
@click.option(
    "--title", default="", help="What lists call this machine; without it the processor's own name."
)
@click.option(
    "--time",
    "seconds",
    type=DURATION,
    default="10m",
    show_default=True,
    help="How long to time networks, such as 30m or 2h.",
)
@click.option(
    "--batch",
    "batches",
    default="1",
    callback=_batches,
    show_default=True,
    help="Images in a run, such as 8 or 1,8. The profile predicts for these batches only.",
)
@click.option(
    "--checks",
    type=click.IntRange(0, 1000),
    default=20,
    show_default=True,
    help="How many designs to hold out: they show how well the profile predicts, and are never learned from.",
)
@click.option(
    "--networks",
    type=click.IntRange(0),
    default=10_000,
    show_default=True,
    help="Stop after this many networks.",
)
@click.option(
    "--searches",
    type=click.IntRange(0, 100),
    default=0,
    show_default=True,
    help="Afterwards search each new profile under 6 budgets, this many times each, and time the designs found.",
)
@click.option(
    "--sustained",
    type=DURATION,
    show_default="none",
    help="Also run each network without a pause for so long, such as 20s: what a run takes at the end is its sustained latency. "
    "It is part of --time.",
)
@click.option(
    "--no-contrasts",
    is_flag=True,
    help="Time no blocks that differ in activation or norm alone; else they get a quarter of the time, if that is "
    "5 minutes or more.",
)
@click.option("--fresh", is_flag=True, help="Begin anew instead of continuing with what was timed before.")
@click.option("--allow-busy", is_flag=True, help="Keep times that were taken while other programs ran.")
@_old("bundle")
@_old("compared")
@_old("contrasts")
@json_option
@click.pass_context
def measure(
    ctx: click.Context,
    backends: tuple[str, ...],
    name: str,
    title: str,
    seconds: float,
    batches: tuple[int, ...],
    checks: int,
    networks: int,
    searches: int,
    sustained: float | None,
    no_contrasts: bool,
    fresh: bool,
    allow_busy: bool,
    as_json: bool,
) -> None:
    """Time networks on this machine, and make a device profile from the times.

    Designs of the search space and reference networks are timed on one thread, as a whole and, where the runtime
    reports it, op by op. What was timed is kept: the same command continues where the last one stopped.
    """
    if ctx.invoked_subcommand:
        given = [p.opts[0] for p in ctx.command.params if _was_given(ctx, p)]
        if given:
            verb = ctx.invoked_subcommand
            raise click.UsageError(f"options follow the verb: dsim measure {verb} {given[0]} ...")
        return
    needed(backends, name)
    from dsim.measure.front import make_profiles  # deferred: help must not wait for torch
    from dsim.measure.measurement import Request, begin, contrasts_with
    from dsim.report.measuring import show_measured

    begun = begin(
        Request(
            backends, name, title, seconds, checks, networks, fresh, allow_busy,
            contrasts_with(batches, not no_contrasts), batches, sustained or 0.0,
        )
    )  # fmt: skip
    for why in begun.found.missing.values():
        click.echo(f"Left out: {why}", err=True)
    made = make_profiles(begun, searches)
    if as_json:
        print_json(without_nan(made.to_dict()))
        return
    show_measured(made.made, made.held)
    for profile, folder in made.folders.items():
        click.echo(f"{profile} is in {folder}. Next: dsim device show {profile}")


def _was_given(ctx: click.Context, param: click.Parameter) -> bool:
    source = ctx.get_parameter_source(str(param.name))
    return source is not None and source.name == "COMMANDLINE"


measure.add_command(contrasts_command)
measure.add_command(compared_command)
measure.add_command(bundle_command)
