"""``dsim shortlist``: published networks that fit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from dsim.shelf import Shortlist


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
    default=10,
    show_default=True,
    help="How many networks to show, the most accurate first.",
)
@click.option(
    "--details", is_flag=True, help="Say of each how it was trained, who measured it and how to load it."
)
@click.option(
    "--export",
    "folder",
    type=click.Path(path_type=Path),
    help="Write one of them, with its weights and its branches merged, into this folder. Needs timm.",
)
@click.option("--name", help="With --export: which one.", show_default="the first")
@click.option(
    "--to",
    "target",
    type=click.Choice(("onnx", "coreml", "litert", "torchexport")),
    help="With --export: the form of the file.",
    show_default="what the device's runtime reads",
)
@click.option(
    "--weights",
    type=click.Path(path_type=Path),
    help="With --export: a file of its weights, in place of timm's download.",
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
    memory: float | None,
    size: float | None,
    px: tuple[int, ...],
    confidence: float,
    rough: bool,
    top: int,
    details: bool,
    folder: Path | None,
    name: str | None,
    target: str | None,
    weights: Path | None,
    as_json: bool,
) -> None:
    """List published networks, with weights, that fit a latency budget on a device.

    All are checkpoints of timm with a published ImageNet top-1. A latency is the one that was measured on that device, or else
    predicted with its interval. Nothing needs to be trained.
    """
    from dsim.report.shelf import show_shortlists  # deferred: help must not wait
    from dsim.shelf import ShelfLimits, shortlists

    if folder is None and (name or target or weights):
        raise click.UsageError("--name, --to and --weights go with --export; add --export DIR")
    if folder is not None and len(budgets_ms) > 1:
        raise click.UsageError("--export takes one budget, got several; leave all but one out")
    to = _form_of(device, batch, folder, target) if folder is not None else ""
    found = shortlists(
        device, budgets_ms, ShelfLimits(params, macs, memory, size, px), confidence, batch, rough
    )
    if folder is not None:
        _export(found[0], folder, name, to, weights, as_json)
    elif as_json:
        plain = [one.to_dict(top) for one in found]
        print_json(plain[0] if len(plain) == 1 else {"shortlists": plain})
    else:
        show_shortlists(found, top, details)
    if not any(one.rows for one in found):
        ctx.exit(NOTHING_FITS)


def _form_of(device: str, batch: int | None, folder: Path, target: str | None) -> str:
    """Return the form to write; what cannot be written is refused before anything is priced, which takes a while."""
    from dsim.device.find import name_at_batch
    from dsim.report.names import device_words
    from dsim.report.next_steps import form_for
    from dsim.shelf.export import check_export

    to = target or form_for(device_words(name_at_batch(device, batch)).runtime)[0]
    check_export(folder, to)
    return to


def _export(
    found: Shortlist, folder: Path, name: str | None, to: str, weights: Path | None, as_json: bool
) -> None:
    """Write one of a shortlist, and say what was verified."""
    from dsim.shelf.export import chosen_of, export_shelved

    row = chosen_of(found, name)
    click.echo(f"Writing {row.name} at {row.px} px as {to}, and checking it ...", err=True)
    written = export_shelved(row, folder, to, weights)
    if as_json:
        print_json({"name": row.name, "px": row.px, "licence": row.licence, **written.to_dict()})
        return
    for path in written.files:
        click.echo(path)
    for line in (*written.checks, f"licence of the weights: {row.licence}"):
        click.echo(f"- {line}")
