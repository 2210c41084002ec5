"""``dsim device``: the profiles that there are, what each holds, and how well it predicts."""

from __future__ import annotations

from dataclasses import asdict

import click

from dsim.cli.device_add import adapt_device_command, add_device_command
from dsim.cli.device_networks import list_networks_command, plan_command
from dsim.cli.options import json_option, print_json, without_nan
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
@click.argument("names", nargs=-1, type=DEVICE, required=True)
@json_option
def validate_device(names: tuple[str, ...], as_json: bool) -> None:
    """Predict every family of profiles NAMES from the others, and show how far off that is.

    What is found of your own profiles is kept beside their figures, for `dsim device show`.
    """
    from dsim.report.console import result_console, show_table  # deferred: help must not wait for the models
    from dsim.report.held import validate_profiles
    from dsim.report.validation import validation_summary

    found = []
    for one in validate_profiles(names):
        found.append(one)
        click.echo(
            f"{one.device}: {one.card.networks} networks, median error {one.card.median_error:.1f}%", err=True
        )
    if as_json:
        devices = [{"device": one.device, "group": one.group, **asdict(one.card)} for one in found]
        print_json({"devices": [without_nan(one) for one in devices]})
    else:
        console = result_console()
        for data in validation_summary(found):
            show_table(console, data)
