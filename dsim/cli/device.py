"""``dsim device``: the profiles that there are, what each holds, and how well it predicts."""

from __future__ import annotations

from dataclasses import asdict

import click

from dsim.cli.device_add import adapt_device_command, add_device_command
from dsim.cli.device_networks import list_networks_command, plan_command
from dsim.cli.device_remove import remove_device_command
from dsim.cli.device_types import DEVICE
from dsim.cli.options import json_option, print_json, without_nan
from dsim.cli.words import Ordered, ending


@click.group(
    cls=Ordered,
    epilog=ending(
        "dsim device list iphone",
        then="`dsim device show iphone12` shows how well a profile predicts. If your device is not in the list, `dsim "
        "device plan` says what to measure on it.",
    ),
)
def device() -> None:
    """List, show, add, validate and remove device profiles.

    A profile holds what was measured on one device, with one runtime, at one precision.
    """


@device.command(
    "list",
    short_help="List device profiles.",
    epilog=ending(
        "dsim device list apple",
        "dsim device list galaxy s24",
        then="`dsim device show NAME` shows what a profile rests on; every command takes --device NAME.",
    ),
)
@click.argument("words", nargs=-1)
@click.option("--filter", "text", default="", hidden=True)  # the words, as they were given before
@click.option("--group", default="", help="Only profiles of this group. An unknown name lists the groups.")
@click.option("--all", "every", is_flag=True, help="List every profile, not only how many each maker has.")
@json_option
def list_devices(words: tuple[str, ...], text: str, group: str, every: bool, as_json: bool) -> None:
    """List the device profiles that WORDS name: a phone, chip, maker or runtime.

    Without words, the devices of each maker are listed, and how many profiles they have. Your own come first.
    """
    from dsim.device.glance import unreadable  # deferred: help must not wait for tables
    from dsim.report.device import (
        profile_lines,
        show_makers,
        show_profiles,
    )

    wanted = " ".join([*words, text]).strip()
    lines = profile_lines(wanted, group)
    for why in unreadable():
        click.echo(f"Left out: {why}", err=True)
    if as_json:
        print_json({"devices": [without_nan(line.to_dict()) for line in lines]})
    elif wanted or group or every:
        show_profiles(lines)
    else:
        show_makers(lines)


@device.command(
    "show",
    short_help="Show how well a profile predicts, and what it rests on.",
    epilog=ending(
        "dsim device show iphone12",
        then="`dsim study --device iphone12 --budget 2ms` searches for a design, and `dsim device validate iphone12` "
        "computes the error anew.",
    ),
)
@click.argument("name", type=DEVICE)
@json_option
def show_device(name: str, as_json: bool) -> None:
    """Show what profile NAME rests on, and how well it predicts.

    What was measured and by whom, the error on networks that were held out, and what the profile has never seen.
    """
    from dsim.report.profile_view import (  # deferred: help must not wait for the tables
        profile_view,
        show_profile,
    )

    content = profile_view(name)
    if as_json:
        print_json(without_nan(content.to_dict()))
    else:
        show_profile(content)


for command in (
    plan_command,
    list_networks_command,
    add_device_command,
    adapt_device_command,
    remove_device_command,
):
    device.add_command(command)


@device.command(
    "validate",
    short_help="Compute a profile's error on held-out networks.",
    epilog=ending(
        "dsim device validate iphone12",
        then="`dsim device show iphone12` shows the same figures, and what the profile has never seen.",
    ),
)
@click.argument("names", nargs=-1, type=DEVICE, required=True)
@json_option
def validate_device(names: tuple[str, ...], as_json: bool) -> None:
    """Predict each family of networks from all other families, and show the error.

    This takes about a minute for each of the profiles NAMES. For your own profiles the result is kept, and `dsim device
    show` shows it.
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
