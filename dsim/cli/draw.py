"""``dsim draw``: a design, or where its time goes, as a drawing."""

from __future__ import annotations

from pathlib import Path

import click

from dsim.cli.device_types import device_named
from dsim.cli.words import ending


@click.command(
    epilog=ending(
        "dsim draw efficientformer_l1 -o l1.svg",
        "dsim draw studies/iphone12-2ms --ops --device iphone12 -o time.svg",
        then="open the file in a browser; pointing at a bar shows its figures. `dsim predict efficientformer_l1 --device iphone12 "
        "--by op` prints them.",
    )
)
@click.argument("design")
@click.option(
    "--ops", is_flag=True, help="Draw each operator with its share of the time, cumulative. Needs --device."
)
@click.option("--device", help="With --ops: profile, phone or chip, such as iphone12.")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="SVG file to write."
)
def draw(design: str, ops: bool, device: str | None, out: Path) -> None:
    """Draw DESIGN: its stages and blocks, or where its milliseconds go on a device.

    DESIGN is a preset (efficientformer_l1), an arch.json, or the folder of a finished study. With --ops it is any network that
    `dsim predict` takes.
    """
    if ops != (device is not None):
        raise click.UsageError(
            "--ops shows the time on a device, so that --ops and --device go together; give both or none"
        )
    from dsim.report.draw import draw as drawn  # deferred: help must not wait for the models

    drawing = drawn(design, out, device=device_named(device) if device else None)
    click.echo(f"{out}: {drawing.title}")
