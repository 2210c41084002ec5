"""``dsim advise``: what to write differently in a network that exists, on one device."""

from __future__ import annotations

from pathlib import Path

import click

from dsim.cli.options import device_option, json_option, print_json, without_nan
from dsim.cli.words import ending


@click.command(
    epilog=ending(
        "dsim advise net.onnx --device galaxy-s26-npu-litert --write better.onnx",
        "dsim advise timm:repvgg_b0 --device epyc-zen4-onnxruntime --details",
        then="time both files in turns on the device. `dsim predict better.onnx --device NAME` prices the new one.",
    )
)
@click.argument("model")
@device_option
@click.option(
    "--write",
    type=click.Path(path_type=Path),
    help="Write the network with the proposed rewrites into this .onnx file. MODEL must be an .onnx file too.",
)
@click.option(
    "--untimed",
    is_flag=True,
    help="With --write: also do rewrites of which nothing is known on this device, so that you can time them there.",
)
@click.option(
    "--only",
    multiple=True,
    type=click.Choice(("forms", "branches", "opset", "constants", "lengths")),
    help="With --write: write this kind of rewrite alone, whatever is known of it, so that you can time it by itself. Repeat for more.",
)
@click.option("--details", is_flag=True, help="Also show what is not proposed, and why.")
@click.option(
    "--input",
    "inputs",
    multiple=True,
    help="Shape of the input, batch first, such as 1x3x224x224. For several inputs repeat it as NAME=1x3x224x224.",
)
@json_option
def advise(
    model: str,
    device: str,
    write: Path | None,
    untimed: bool,
    only: tuple[str, ...],
    details: bool,
    inputs: tuple[str, ...],
    as_json: bool,
) -> None:
    """Say what to write differently in MODEL so that it runs faster on a device, without training it again.

    A rewrite keeps what the network computes. There are five kinds, as --only calls them:

    \b
      forms      GELU, layer norm or softmax in one op, or written out in steps
      branches   one convolution in place of parallel branches
      opset      a later operator set of ONNX
      constants  what can be computed beforehand is stored
      lengths    rows added behind the tokens of a plain vision transformer, and
                 masked, so that attention has a length that suits the device

    A rewrite is proposed where both ways were timed on the same chip, unit and runtime, in otherwise the same network (grade A)
    or by the same laboratory (grade B). Other functions that were faster there are listed apart: they need retraining.

    MODEL is what `dsim predict` reads. With --write, both files are run on random inputs first; a file whose outputs
    differ by more than rounding is not written.
    """  # noqa: D301 -- click reads \b as: keep these lines
    from dsim.advice import advise as run  # deferred: help must not wait for the models
    from dsim.graph.inputs import parse_inputs
    from dsim.report.advice import show_advice

    if (untimed or only) and write is None:
        raise click.UsageError(
            f"{'--only' if only else '--untimed'} needs --write FILE: it says what to write."
        )
    found = run(model, device, parse_inputs(inputs), write=write, untimed=untimed, only=only)
    if as_json:
        print_json(without_nan(found.to_dict()))
    else:
        show_advice(found, details)
