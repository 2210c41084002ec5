"""``dsim device``: the profiles that there are, what each holds, and how well it predicts."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from dsim.cli.device_add import adapt_device_command, add_device_command
from dsim.cli.device_networks import list_networks_command, plan_command
from dsim.cli.options import json_option, print_json, without_nan, write_option
from dsim.cli.types import DEVICE


@click.group()
def device() -> None:
    """List, show and validate device profiles."""


device.add_command(add_device_command)
device.add_command(adapt_device_command)
device.add_command(list_networks_command)
device.add_command(plan_command)


@device.command("list")
@click.option(
    "--filter", "text", default="", help="Those that a text may mean: a phone, a chip, a maker, a runtime."
)
@click.option("--group", default="", help="Those of one group; a wrong name lists the groups.")
@json_option
def list_devices(text: str, group: str, as_json: bool) -> None:
    """List every profile, one a line: those that come with dsim, and your own."""
    from dsim.report.device import profile_lines, show_profiles  # deferred: help must not wait for tables

    lines = profile_lines(text, group)
    if as_json:
        print_json({"devices": [without_nan(line.to_dict()) for line in lines]})
    else:
        show_profiles(lines)


@device.command("show")
@click.argument("name", type=DEVICE)
@json_option
def show_device(name: str, as_json: bool) -> None:
    """Show the card of profile NAME: evidence, sources, held-out error, and what it has never seen. Learns nothing."""
    from dsim.report.card import card, show_card  # deferred: help must not wait for the tables

    content = card(name)
    if as_json:
        print_json(without_nan(content.to_dict()))
    else:
        show_card(content)


@device.command("validate")
@click.argument("names", nargs=-1, type=DEVICE)
@click.option("--all", "every", is_flag=True, help="Every profile that comes with dsim.")
@click.option("--cards", is_flag=True, help="Write what was found into each profile's card.toml.")
@write_option
@json_option
def validate_device(
    names: tuple[str, ...], every: bool, cards: bool, write: Path | None, as_json: bool
) -> None:
    """Predict every family of profiles NAMES from the others, and show how far off that is."""
    if bool(names) == every:
        raise click.UsageError("name the profiles to validate, or give --all")
    from dsim.cli.validate import validate_profiles  # deferred: help must not wait for the models
    from dsim.device import bundled_names
    from dsim.report.console import result_console, show_table
    from dsim.report.marked import replace_block

    found, tables = validate_profiles(bundled_names() if every else names, cards)
    if write:
        replace_block(write, "dsim device validate", "\n".join(data.markdown() for data in tables))
    if as_json:
        devices = [{"device": one.device, "group": one.group, **asdict(one.card)} for one in found]
        print_json({"devices": [without_nan(one) for one in devices]})
    else:
        console = result_console()
        for data in tables:
            show_table(console, data)


@device.command("simulate")
@click.argument("names", nargs=-1)
@click.option(
    "--known-only", is_flag=True, help="Leave out networks new to every device, which take most of the time."
)
@click.option(
    "--errors",
    type=click.Path(path_type=Path),
    help="File to write the standardised errors to; few-shot intervals are read from dsim/data/fewshot.csv.",
)
@write_option
def simulate_devices(
    names: tuple[str, ...], known_only: bool, errors: Path | None, write: Path | None
) -> None:
    """Treat bundled devices NAMES as new, by default all, and show what few measurements are worth.

    One device takes some minutes, all of them about an hour.
    """
    if (errors or write) and (names or known_only):
        raise click.UsageError("--errors and --write need every device; leave NAMES and --known-only out")
    from dsim.cli.simulate import simulate_devices_as_new  # deferred: help must not wait for the models
    from dsim.files import write_atomic
    from dsim.latency.fewshot.errors import quantiles_csv
    from dsim.report.console import result_console, show_table
    from dsim.report.marked import replace_block
    from dsim.report.simulation import simulation_tables, standardised_errors

    found = simulate_devices_as_new(names, known_only)
    tables = simulation_tables(found)
    if errors:
        write_atomic(errors, quantiles_csv(standardised_errors(found)))
    if write:
        replace_block(write, "dsim device simulate", "\n".join(data.markdown() for data in tables))
    console = result_console()
    for data in tables:
        show_table(console, data)
