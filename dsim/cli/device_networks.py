"""``dsim device networks`` and ``dsim device plan``: what a device of one's own may be measured with."""

from __future__ import annotations

from dataclasses import asdict

import click

from dsim.cli.options import json_option, print_json
from dsim.cli.words import ending


@click.command(
    "networks",
    short_help="List the networks that your measurements may name.",
    epilog=ending(
        "dsim device networks --filter mobilenet",
        then="`dsim device plan` says which of them to measure first.",
    ),
)
@click.option("--filter", "wanted", default="", help="Only networks with this text in a name.")
@json_option
def list_networks_command(wanted: str, as_json: bool) -> None:
    """List the reference networks, with every name that your file of measurements may use for them."""
    from dsim.latency.methods.few_shot.listing import (
        reference_networks,  # deferred: help must not wait for tables
    )
    from dsim.report.reference import network_plain, show_networks

    found = reference_networks(wanted)
    if as_json:
        print_json({"networks": [network_plain(one) for one in found]})
    else:
        show_networks(found, wanted)


@click.command(
    "plan",
    short_help="Say which networks to measure first on a new device.",
    epilog=ending(
        "dsim device plan --count 5",
        then="time these networks on the device, write them into a file with the columns network and latency_ms, and "
        "run `dsim device add mine.csv --name mine`.",
    ),
)
@click.option(
    "--count",
    type=click.IntRange(1, 100),
    default=10,
    show_default=True,
    help="How many networks to list. The first ones tell the most.",
)
@json_option
def plan_command(count: int, as_json: bool) -> None:
    """Say which networks to measure first on a new device, and why.

    All are networks of timm or torchvision that a small device can run. Each is the one that tells the most about all
    other networks, after those before it.
    """
    from dsim.latency.methods.few_shot.plan import plan  # deferred: help must not wait for tables
    from dsim.report.reference import show_plan

    steps = plan(count)
    if as_json:
        print_json({"plan": [asdict(step) for step in steps]})
    else:
        show_plan(steps)
