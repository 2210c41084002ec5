"""``dsim predict``: what one network costs on a device, or on all of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dsim.cli.device_types import device_named
from dsim.cli.options import confidence_option, json_option, print_json, without_nan
from dsim.cli.words import ending
from dsim.errors import InvalidValueError

if TYPE_CHECKING:
    from dsim.network.price import Priced


@click.command(
    epilog=ending(
        "dsim predict efficientformer_l1 --device iphone12",
        "dsim predict model.py:build --device iphone12,pixel6-cpu",
        "dsim predict efficientformer_l1 --device iphone12 --px 512x640",
        "dsim predict model.tflite --device galaxy-s24-tflite-float",
        then="`dsim study --device iphone12 --budget 2ms` searches for a design that fits; `--by block` shows where the "
        "time goes.",
    )
)
@click.argument("model")
@click.option(
    "--device",
    required=True,
    help="Profile, phone or chip, such as iphone12; several with commas; or all. `dsim device list` shows them.",
)
@click.option(
    "--by",
    type=click.Choice(["op", "block", "kind"]),
    default="kind",
    show_default=True,
    help="Show the time of each kind of operator, each block or each operator.",
)
@click.option(
    "--input",
    "inputs",
    multiple=True,
    help="Shape of the input, batch first, such as 1x3x224x224. For several inputs repeat it as NAME=1x3x224x224.",
)
@click.option(
    "--px", help="Size of the image, 640 or 512x640 (height x width): short for --input 1x3x512x640."
)
@click.option(
    "--strict",
    is_flag=True,
    help="Fail if the profile cannot price an operator. Otherwise the result is called an incomplete estimate.",
)
@click.option(
    "--merge",
    is_flag=True,
    help="Merge parallel linear branches first, as RepVGG or MobileOne do before they ship.",
)
@click.option(
    "--draw",
    "drawing",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also draw the network into this file: net.dot is for Graphviz, net.txt is text.",
)
@confidence_option
@json_option
def predict(
    model: str,
    device: str,
    by: str,
    inputs: tuple[str, ...],
    px: str | None,
    strict: bool,
    merge: bool,
    drawing: Path | None,
    confidence: float,
    as_json: bool,
) -> None:
    """Predict the latency of MODEL on a device, with an interval, and show where the time goes.

    MODEL is a preset (efficientformer_l1), an arch.json, the folder of a finished study, a network's file (.onnx, .tflite,
    .mlpackage, .mlmodel, .pt2), timm:NAME, or model.py:function. In the last case dsim runs the file, and the function must
    return a torch.nn.Module; all other files are data.
    """
    from dsim.device import list_profiles  # deferred: help must not wait for the models
    from dsim.graph.inputs import parse_inputs
    from dsim.network import read_network
    from dsim.network.price import price, price_on
    from dsim.report.latency import show_devices, show_latency

    asked = [name.strip() for name in device.split(",") if name.strip()]
    several = device == "all" or len(asked) > 1
    profile = "" if several else device_named("".join(asked))  # a wrong name is told before a network is read
    graph = read_network(model, parse_inputs(_shapes(inputs, px)))
    if drawing:
        from dsim.graph.structure import draw  # deferred: it loads networkx

        draw(graph, drawing)
    if not several:
        priced = price(graph, profile, confidence, strict=strict, merge=merge)
        if as_json:
            print_json(_plain(model, priced))
        else:
            show_latency(model, priced, by)
        return
    names = sorted(list_profiles()) if device == "all" else asked
    rows = price_on(graph, names, confidence, strict=strict, merge=merge)
    if as_json:
        told = [row.to_dict() if row.priced is None else _plain(model, row.priced) for row in rows]
        print_json({"devices": told})
    else:
        show_devices(model, graph, rows)
    if all(row.priced is None for row in rows):
        raise click.exceptions.Exit(1)


def _plain(model: str, priced: Priced) -> dict[str, Any]:
    """Return the documented keys: the price, and what else is known of the network on the device."""
    from dsim.records import to_plain
    from dsim.report.latency import known_metrics

    plain: dict[str, Any] = without_nan(
        {**priced.to_dict(), "metrics": to_plain(known_metrics(model, priced))}
    )
    return plain


def _shapes(inputs: tuple[str, ...], px: str | None) -> tuple[str, ...]:
    if px is None:
        return inputs
    if inputs:
        raise InvalidValueError("--px is short for --input, and both were given; leave one out")
    from dsim.arch import read_sides  # deferred: help must not wait for it

    return ("1x3x{}x{}".format(*read_sides(px, step=1)),)  # other networks than designs take any size
