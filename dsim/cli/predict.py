"""``dsim predict``: what one network costs on a device, or on all of them."""

from __future__ import annotations

from typing import Any

import click

from dsim.cli.options import confidence_option, device_option, json_option, print_json, without_nan


@click.command()
@click.argument("model")
@device_option
@click.option(
    "--by",
    type=click.Choice(["op", "block", "kind"]),
    default="kind",
    show_default=True,
    help="How to break the time down.",
)
@click.option("--input", "shape", help="Input of a module or ONNX file, batch first, e.g. 1x3x224x224.")
@click.option("--strict", is_flag=True, help="Fail where an operator has no price.")
@confidence_option
@json_option
def predict(
    model: str, device: str, by: str, shape: str | None, strict: bool, confidence: float, as_json: bool
) -> None:
    """Predict the latency of MODEL on a device, with its interval, where the time goes, and what that rests on.

    MODEL is a preset (efficientformer_l1), an arch.json, the folder of a finished study, an .onnx file, timm:NAME, or
    model.py:function: that file is run, and the function must give a torch.nn.Module. --device takes one name, several
    with commas, or all.
    """
    from dsim.cli.networks import parse_shape, read_network  # deferred: help must not wait for the models
    from dsim.cli.predictions import on_devices, strict_check, to_dict
    from dsim.device import list_profiles
    from dsim.latency.predict import price
    from dsim.report.latency import show_devices, show_latency

    graph = read_network(model, parse_shape(shape) if shape else None)
    if device != "all" and "," not in device:
        priced = price(device, graph, confidence)
        if strict:
            strict_check(device, priced.estimate)
        if as_json:
            print_json(without_nan(to_dict(priced)))
        else:
            show_latency(model, priced, by)
        return
    names = sorted(list_profiles()) if device == "all" else [name.strip() for name in device.split(",")]
    rows = on_devices(graph, names, confidence, strict)
    if as_json:
        devices: list[dict[str, Any]] = [
            {"device": row.device, "error": row.error}
            if row.priced is None
            else without_nan(to_dict(row.priced))
            for row in rows
        ]
        print_json({"devices": devices})
    else:
        show_devices(model, graph, rows)
    if all(row.priced is None for row in rows):
        raise click.exceptions.Exit(1)
