"""``dsim device add`` and ``dsim device adapt``: a user's own device."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from dsim.cli.options import json_option, print_json, without_nan

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _mapped(ctx: click.Context, param: click.Parameter, words: tuple[str, ...]) -> dict[str, str]:
    """Part each NAME=GRAPH at its last sign of equality: a file's name may hold one, a graph's does not."""
    out = {}
    for word in words:
        name, _, graph = word.rpartition("=")
        if not name.strip() or not graph.strip():
            raise click.BadParameter(f"needs NAME=GRAPH, got {word[:80]!r}; e.g. --map MyNet=resnet50@224")
        out[name.strip()] = graph.strip()
    return out


def import_options(command: _Command) -> _Command:
    """Add the options that say what the files are and what the profile is called like."""
    for option in (
        click.option(
            "--like",
            default="",
            help="Bundled profile with the same runtime; without it the nearest is chosen.",
        ),
        click.option("--title", default="", help="What lists call the device; default its name."),
        click.option(
            "--model",
            "models",
            multiple=True,
            help="Network that a run of benchmark_model was made with; once a run.",
        ),
        click.option(
            "--map",
            "names",
            multiple=True,
            metavar="NAME=GRAPH",
            callback=_mapped,
            help="Look the file's network NAME up as GRAPH, e.g. MyNet=resnet50@224; may be repeated.",
        ),
        click.option("--device", default="", help="Which device, where a file holds several."),
        click.option("--runtime", default="", help="Which runtime, where a file holds several."),
        click.option("--precision", default="", help="Which precision, where a file holds several."),
        click.option("--force", is_flag=True, help="Replace a profile of that name."),
    ):
        command = option(command)
    return command


@click.command("add")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--name", required=True, help="Name of the new profile: small letters, digits, hyphens.")
@import_options
@json_option
def add_device_command(files: tuple[Path, ...], name: str, as_json: bool, **options: Any) -> None:
    """Make a device profile of the measurements in FILES.

    FILES are CSV or Parquet (columns: network or op, latency_ms; docs/adapting.md), Qualcomm AI Hub's perf.yaml, the CSV
    or log of TFLite's benchmark_model, or the results.jsonl of a Core ML bundle (docs/measuring-coreml.md). Three networks are enough. Nothing is written where a row breaks a rule.
    """
    from dsim.own.front import add_device  # deferred: help must not wait for the models
    from dsim.report.adapting import show_added

    added = add_device(files, name, **options)
    if as_json:
        print_json(added.to_dict())
    else:
        show_added(added)


@click.command("adapt")
@click.argument("name")
@click.option(
    "--from",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    help="File of measurements; may be repeated.",
)
@import_options
@json_option
def adapt_device_command(name: str, files: tuple[Path, ...], as_json: bool, **options: Any) -> None:
    """Adapt what is known of all devices to NAME by a few of its networks, and say what to measure next.

    With --from, the profile is made first, as `dsim device add` does.
    """
    from dsim.device import find_profile  # deferred: help must not wait for the models
    from dsim.own.front import adapt
    from dsim.report.adapting import show_advice

    advice = adapt(name, files, **options)
    if as_json:
        print_json({"device": name, **without_nan(advice.to_dict())})
    else:
        show_advice(find_profile(name), advice)
