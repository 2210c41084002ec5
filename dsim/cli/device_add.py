"""``dsim device add`` and ``dsim device adapt``: a user's own device."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from dsim.cli.options import json_option, print_json, without_nan
from dsim.cli.words import ending

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
    for option in reversed(  # click shows first what is added last
        (
            click.option(
                "--like",
                default="",
                help="Bundled profile of a device with the same runtime.",
                show_default="the profile that fits best",
            ),
            click.option("--title", default="", help="What lists call the device.", show_default="its name"),
            click.option(
                "--model",
                "models",
                multiple=True,
                help="Network that a benchmark_model file is about; once for each file.",
            ),
            click.option(
                "--map",
                "names",
                multiple=True,
                metavar="NAME=GRAPH",
                callback=_mapped,
                help="Your file's network NAME is dsim's network GRAPH, such as MyNet=resnet50@224; may be repeated.",
            ),
            click.option("--device", default="", help="Which device to read, if a file has several."),
            click.option("--runtime", default="", help="Which runtime to read, if a file has several."),
            click.option("--precision", default="", help="Which precision to read, if a file has several."),
            click.option("--force", is_flag=True, help="Replace a profile that has this name already."),
        )
    ):
        command = option(command)
    return command


@click.command(
    "add",
    short_help="Make a profile from your own measurements.",
    epilog=ending(
        "dsim device add mine.csv --name mine",
        then="`dsim device adapt mine` says how good the profile is and what to measure next; every command takes "
        "--device mine.",
    ),
)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--name", required=True, help="Name of the new profile: small letters, digits, hyphens.")
@import_options
@json_option
def add_device_command(files: tuple[Path, ...], name: str, as_json: bool, **options: Any) -> None:
    """Make a device profile from the measurements in FILES. Three networks are enough.

    \b
    FILES can be
      .csv, .parquet   columns network and latency_ms (docs/adapting.md)
      perf.yaml, .json of Qualcomm AI Hub, of a network or a job
      .csv, .log       of TFLite's benchmark_model
      lut.csv          of `dsim table`, with blocks that you timed
      results.jsonl    of `dsim measure bundle`

    If a row is wrong, dsim says which and why, and writes nothing. `dsim device networks` lists the names of networks.
    """  # noqa: D301 -- click reads \b as: keep these lines
    from dsim.own.front import add_device  # deferred: help must not wait for the models
    from dsim.report.adapting import show_added

    added = add_device(files, name, **options)
    if as_json:
        print_json(added.to_dict())
    else:
        show_added(added)


@click.command(
    "adapt",
    short_help="Say how good your profile is, and what to measure next.",
    epilog=ending(
        "dsim device adapt mine",
        "dsim device adapt mine --from mine.csv",
        then="measure the networks that it lists, add them to your file, and run `dsim device add` again.",
    ),
)
@click.argument("name")
@click.option(
    "--from",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    help="File of measurements to make the profile from first; may be repeated.",
)
@import_options
@json_option
def adapt_device_command(name: str, files: tuple[Path, ...], as_json: bool, **options: Any) -> None:
    """Say how well profile NAME predicts from its few measurements, and what to measure next.

    The models of all bundled devices are adapted to yours by the networks that you measured.
    """
    from dsim.device import find_profile  # deferred: help must not wait for the models
    from dsim.own.front import adapt
    from dsim.report.adapting import show_advice

    advice = adapt(name, files, **options)
    if as_json:
        print_json({"device": name, **without_nan(advice.to_dict())})
    else:
        show_advice(find_profile(name), advice)
