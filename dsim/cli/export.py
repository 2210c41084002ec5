"""``dsim export``: a design as code."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("arch")
@click.option(
    "--to", "target", type=click.Choice(["torch"]), default="torch", show_default=True, help="Form."
)
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="Folder to write into.")
def export(arch: str, target: str, out: Path) -> None:
    """Write ARCH as a self-contained PyTorch model: model.py, arch.json and a README.

    ARCH is a preset (efficientformer_l1), an arch.json, or the folder of a finished study.
    """
    from dsim.cli.designs import read_design  # deferred: help must not wait
    from dsim.export import write_torch

    files = write_torch(read_design(arch), out)
    for path in files:
        click.echo(path)
