"""``dsim shortlist``: published networks that fit."""

from __future__ import annotations

import click

from dsim.cli.exits import NOTHING_FITS
from dsim.cli.options import (
    batch_option,
    certainty_option,
    device_option,
    json_option,
    limit_options,
    print_json,
    rough_option,
)
from dsim.cli.types import BUDGETS, SIDES
from dsim.cli.words import ending


@click.command(
    epilog=ending(
        "dsim shortlist --device iphone12 --budget 2ms",
        "dsim shortlist --device i9-10940x --budget 5ms,10ms --params 15M --px 224",
        then="`dsim study --device iphone12 --budget 2ms` designs a network for the same budget, which you train.",
    )
)
@device_option
@batch_option
@click.option(
    "--budget",
    "budgets_ms",
    type=BUDGETS,
    required=True,
    help="The most time that one run may take, such as 2ms; several with commas.",
)
@limit_options
@click.option("--px", type=SIDES, default=(), help="Sides of the image that are allowed, such as 224,256.")
@certainty_option
@rough_option
@click.option(
    "--top",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="How many networks to show, the most accurate first.",
)
@click.option(
    "--details", is_flag=True, help="Say of each how it was trained, who measured it and how to load it."
)
@json_option
@click.pass_context
def shortlist(
    ctx: click.Context,
    device: str,
    batch: int | None,
    budgets_ms: tuple[float, ...],
    params: float | None,
    macs: float | None,
    px: tuple[int, ...],
    confidence: float,
    rough: bool,
    top: int,
    details: bool,
    as_json: bool,
) -> None:
    """List published networks, with weights, that fit a latency budget on a device.

    All are checkpoints of timm with a published ImageNet top-1. A latency is the one that was measured on that device, or else
    predicted with its interval. Nothing needs to be trained.
    """
    from dsim.report.shelf import show_shortlists  # deferred: help must not wait
    from dsim.shelf import Limits, shortlists

    found = shortlists(device, budgets_ms, Limits(params, macs, px), confidence, batch, rough)
    if as_json:
        plain = [one.to_dict(top) for one in found]
        print_json(plain[0] if len(plain) == 1 else {"shortlists": plain})
    else:
        show_shortlists(found, top, details)
    if not any(one.rows for one in found):
        ctx.exit(NOTHING_FITS)
