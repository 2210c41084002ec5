"""``dsim predict``: what one network costs on a device, or on all of them."""

from __future__ import annotations

import click

from dsim.cli.options import confidence_option, json_option, print_json, without_nan
from dsim.cli.types import device_named


@click.command()
@click.argument("model")
@click.option(
    "--device",
    required=True,
    help="A device profile by its name, or a phone or chip that one profile alone is of; several with commas; or all.",
)
@click.option(
    "--by",
    type=click.Choice(["op", "block", "kind"]),
    default="kind",
    show_default=True,
    help="How to break the time down.",
)
@click.option(
    "--input",
    "inputs",
    multiple=True,
    help="Input, batch first, e.g. 1x3x224x224; with several inputs NAME=1x3x224x224, once for each.",
)
@click.option("--strict", is_flag=True, help="Fail where an operator has no price.")
@click.option("--merge", is_flag=True, help="Price it with its parallel linear branches merged, as it ships.")
@confidence_option
@json_option
def predict(
    model: str,
    device: str,
    by: str,
    inputs: tuple[str, ...],
    strict: bool,
    merge: bool,
    confidence: float,
    as_json: bool,
) -> None:
    """Predict the latency of MODEL on a device, with its interval, where the time goes, and what that rests on.

    MODEL is a preset (efficientformer_l1), an arch.json, the folder of a finished study, an .onnx file, timm:NAME, or
    model.py:function: that file is run, and the function must give a torch.nn.Module. --device takes one name, several
    with commas, or all.
    """
    from dsim.device import list_profiles  # deferred: help must not wait for the models
    from dsim.graph.inputs import parse_inputs
    from dsim.network import read_network
    from dsim.network.price import price, price_on
    from dsim.report.latency import show_devices, show_latency

    graph = read_network(model, parse_inputs(inputs))
    if device != "all" and "," not in device:
        priced = price(graph, device_named(device), confidence, strict=strict, merge=merge)
        if as_json:
            print_json(without_nan(priced.to_dict()))
        else:
            show_latency(model, priced, by)
        return
    names = sorted(list_profiles()) if device == "all" else [name.strip() for name in device.split(",")]
    rows = price_on(graph, names, confidence, strict=strict, merge=merge)
    if as_json:
        print_json({"devices": [without_nan(row.to_dict()) for row in rows]})
    else:
        show_devices(model, graph, rows)
    if all(row.priced is None for row in rows):
        raise click.exceptions.Exit(1)
