"""``dsim export``: a design as code, or as a file that a runtime reads."""

from __future__ import annotations

from pathlib import Path

import click

FORMS = ("torch", "onnx", "torchexport")


@click.command()
@click.argument("arch")
@click.option("--to", "target", type=click.Choice(FORMS), default="torch", show_default=True, help="Form.")
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="Folder to write into.")
def export(arch: str, target: str, out: Path) -> None:
    """Write ARCH for other programs, with its arch.json and a README.

    ARCH is a preset (efficientformer_l1), an arch.json, or the folder of a finished study. The forms: torch (a
    self-contained model.py), onnx (model.onnx), torchexport (model.pt2). What is written is read back and compared
    with torch; weights are random, for timing.
    """
    from dsim.cli.designs import read_design  # deferred: help must not wait
    from dsim.export import export as write

    exported = write(read_design(arch), out, target)
    for path in exported.files:
        click.echo(path)
    for line in exported.checks:
        click.echo(f"  {line}")
