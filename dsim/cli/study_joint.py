"""``dsim study`` for several devices: one design that fits them all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from dsim.cli.exits import CONTINUES, INTERRUPTED, NOTHING_FITS
from dsim.cli.options import print_json, without_nan


def study_joint(ctx: click.Context, budgets: dict[str, float], as_json: bool, **asked: Any) -> None:
    """Search, and show what was found; ``asked`` as for `dsim.search.search_joint`."""
    from dsim.report.joint import show_joint  # deferred: help must not wait
    from dsim.search import search_joint

    found = search_joint(budgets, **asked)
    if as_json:
        print_json(without_nan(found.to_dict()))
    else:
        show_joint(found)
    if found.cost.interrupted:
        click.echo(CONTINUES, err=True)
        ctx.exit(INTERRUPTED)
    if not found.fits:
        ctx.exit(NOTHING_FITS)


def budget_each(
    devices: Sequence[tuple[str, float | None]], budgets_ms: object, unknown: Sequence[str]
) -> dict[str, float]:
    """Return the budget of each device; ``unknown`` are options given that several devices do not take."""
    budgets = {name: ms for name, ms in devices if ms is not None}
    if len(budgets) < len(devices) or budgets_ms is not None:
        raise click.UsageError(
            "several devices must differ and have a budget each, without --budget; give --device iphone12=2ms --device "
            "galaxy-s24-qnn-float=1ms"
        )
    if unknown:
        raise click.UsageError(f"{unknown[0]} does not go with several devices; leave it out")
    return budgets


def one_side(px: str | None, task: str) -> int | None:
    """Return the side of the image; several devices take one, of a classifier."""
    if task != "classify" or not (px is None or (px.isascii() and px.isdigit())):
        raise click.UsageError(
            f"several devices need classifiers of one size of image, got --task {task}, --px {px}; give one side, such as --px 224"
        )
    return None if px is None else int(px)
