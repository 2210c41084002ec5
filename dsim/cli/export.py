"""``dsim export``: a design as code, or as a file that a runtime reads."""

from __future__ import annotations

from pathlib import Path

import click

from dsim.cli.options import json_option, print_json
from dsim.cli.words import ending

FORMS = ("torch", "onnx", "torchexport", "coreml", "litert")
FORMULAS = ("auto", "erf", "tanh")


@click.command(
    epilog=ending(
        "dsim export efficientformer_l1 -o l1",
        "dsim export studies/iphone12-2ms --to coreml -o app",
        then="train model.py, and export the trained module from Python: dsim.export(..., module=trained). Time the "
        "file on the device itself.",
    )
)
@click.argument("arch")
@click.option(
    "--to",
    "target",
    type=click.Choice(FORMS),
    default="torch",
    show_default=True,
    help="The form to write, see above.",
)
@click.option(
    "--gelu",
    type=click.Choice(FORMULAS),
    default="auto",
    show_default=True,
    help="Formula of GELU: exact by erf, or approximate by tanh, which some runtimes do faster. auto leaves it as it is.",
)
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="Folder to write into.")
@json_option
def export(arch: str, target: str, gelu: str, out: Path, as_json: bool) -> None:
    """Write ARCH as PyTorch code, or as a model file for a runtime, with a README.

    ARCH is a preset (efficientformer_l1), an arch.json, or the folder of a finished study.

    \b
    --to torch        model.py: code that you can read and train
    --to onnx         model.onnx
    --to torchexport  model.pt2
    --to coreml       model.mlpackage, for iOS 16 and later
    --to litert       model.tflite

    Model files have random weights, for timing. Each is run and compared with PyTorch before it is kept. With --gelu, a
    check says how much the formula changes the scores.
    """  # noqa: D301 -- click reads \b as: keep these lines
    from dsim.arch.named import read_design  # deferred: help must not wait
    from dsim.export import export as write
    from dsim.export.network import check_target

    if target != "torch":
        # what is refused is refused before anybody is told that it is written
        read_design(arch)
        check_target(out, target)
        click.echo(f"Writing {target} and checking it ...", err=True)
    exported = write(arch, out, target, gelu=gelu)
    if as_json:
        print_json(exported.to_dict())
        return
    for path in exported.files:
        click.echo(path)
    for line in exported.checks:
        click.echo(f"- {line}")
