"""``dsim export``: a design as code, or as a file that a runtime reads."""

from __future__ import annotations

from pathlib import Path

import click

from dsim.cli.options import json_option, print_json

FORMS = ("torch", "onnx", "torchexport", "coreml", "litert")


@click.command()
@click.argument("arch")
@click.option(
    "--to", "target", type=click.Choice(FORMS), default="torch", show_default=True, help="What to write."
)
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="Folder to write into.")
@json_option
def export(arch: str, target: str, out: Path, as_json: bool) -> None:
    """Write ARCH as code, or as a file for a runtime, with its arch.json and a README.

    ARCH is a preset (efficientformer_l1), an arch.json, or the folder of a finished study.

    What --to can be: torch (model.py, code that trains), onnx (model.onnx), torchexport (model.pt2), coreml (model.mlpackage for
    iOS 16), litert (model.tflite). A model file is read back and compared with torch before it is kept. Its weights are
    random, for timing; a trained module goes in with Python's dsim.export(..., module=trained).
    """
    from dsim.export import export as write  # deferred: help must not wait

    if target != "torch":
        click.echo(f"Writing {target} and checking it ...", err=True)
    exported = write(arch, out, target)
    if as_json:
        print_json(exported.to_dict())
        return
    for path in exported.files:
        click.echo(path)
    for line in exported.checks:
        click.echo(f"- {line}")
