"""``dsim device networks`` and ``dsim device plan``: what a device of one's own may be measured with."""

from __future__ import annotations

from dataclasses import asdict

import click

from dsim.cli.options import json_option, print_json


@click.command("networks")
@click.option("--filter", "wanted", default="", help="Show only networks of which a name holds this text.")
@json_option
def list_networks_command(wanted: str, as_json: bool) -> None:
    """List the reference networks by every name that a file of measurements may use for them."""
    from dsim.latency.methods.few_shot.listing import (
        reference_networks,  # deferred: help must not wait for tables
    )
    from dsim.report.reference import show_networks

    found = reference_networks(wanted)
    if as_json:
        print_json({"networks": [asdict(one) for one in found]})
    else:
        show_networks(found, wanted)


@click.command("plan")
@click.option(
    "--count",
    type=click.IntRange(1, 100),
    default=10,
    show_default=True,
    help="How many networks. A shorter plan is the beginning of a longer one.",
)
@json_option
def plan_command(count: int, as_json: bool) -> None:
    """Say which networks to measure first on a device of which nothing is known, and why.

    Chosen are networks of timm and torchvision that a small device can run, each time the one that leaves the least
    uncertainty about all other reference networks, by what the bundled devices differ in.
    """
    from dsim.latency.methods.few_shot.plan import plan  # deferred: help must not wait for tables
    from dsim.report.reference import show_plan

    steps = plan(count)
    if as_json:
        print_json({"plan": [asdict(step) for step in steps]})
    else:
        show_plan(steps)
