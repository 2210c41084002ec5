"""``dsim device``: the profiles that there are, what each holds, and how well it predicts."""

from __future__ import annotations

import click

from dsim.cli.options import json_option, print_json


@click.group()
def device() -> None:
    """List, show and validate device profiles."""


@device.command("list")
@json_option
def list_devices(as_json: bool) -> None:
    """List every profile: those that come with dsim, and your own."""
    from dsim.report.device import profile_lines, show_profiles  # deferred: help must not wait for tables

    lines = profile_lines()
    if as_json:
        print_json({"devices": [line.to_dict() for line in lines]})
    else:
        show_profiles(lines)


@device.command("show")
@click.argument("name")
@json_option
def show_device(name: str, as_json: bool) -> None:
    """Show the card of profile NAME: evidence, sources, held-out error, and what it has never seen."""
    from dsim.report.card import card, show_card  # deferred: help must not wait for the models

    content = card(name)
    if as_json:
        print_json(content.to_dict())
    else:
        show_card(content)
