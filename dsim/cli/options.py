"""Options and outputs that several verbs share."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from dsim.cli.device_types import DEVICE
from dsim.cli.types import BYTES, COUNT

SCHEMA_VERSION = 1

_Command = TypeVar("_Command", bound=Callable[..., Any])


def json_option(command: _Command) -> _Command:
    """Add ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")(
        command
    )


def confidence_option(command: _Command) -> _Command:
    """Add ``--confidence``."""
    return _confidence("Level of the intervals: at 0.9, 9 of 10 new measurements fall inside.")(command)


def certainty_option(command: _Command) -> _Command:
    """Add ``--confidence`` to a verb that holds designs to a budget."""
    return _confidence(
        "The chance with which a design must fit its budget; leaving the accelerator counts against it. Also the level of the intervals."
    )(command)


def _confidence(what: str) -> Callable[[_Command], _Command]:
    return click.option(
        "--confidence",
        type=click.FloatRange(0.0, 1.0, min_open=True, max_open=True),
        default=0.9,
        show_default=True,
        help=what,
    )


def device_option(command: _Command) -> _Command:
    """Add ``--device``."""
    return click.option(
        "--device",
        type=DEVICE,
        required=True,
        help="Profile, phone or chip, such as iphone12 or 'iPhone 12'. `dsim device list` shows them.",
    )(command)


def rough_option(command: _Command) -> _Command:
    """Add ``--rough``."""
    return click.option("--rough", is_flag=True, help="Set a budget on a profile that is marked rough too.")(
        command
    )


def batch_option(command: _Command) -> _Command:
    """Add ``--batch``."""
    return click.option(
        "--batch",
        type=click.IntRange(min=1),
        help="How many images run at once, if the profile was measured at several batch sizes.",
        show_default="its smallest",
    )(command)


def limit_options(command: _Command) -> _Command:
    """Add ``--params``, ``--macs``, ``--memory`` and ``--size``."""
    numbers = "in the numbers that the device uses"
    for name, kind, what in (
        ("--size", BYTES, f"that weights may take in a file, {numbers}, such as 12MB"),
        ("--memory", BYTES, f"that activations may take at once, {numbers}, such as 4MB"),
        ("--macs", COUNT, "multiply-accumulates, such as 1G"),
        ("--params", COUNT, "parameters, such as 15M"),
    ):
        command = click.option(name, type=kind, help=f"The most {what}.")(command)
    return command


def accuracy_option(command: _Command) -> _Command:
    """Add ``--accuracy``, as ``supernet``."""
    return click.option(
        "--accuracy",
        "supernet",
        type=click.Path(path_type=Path),
        help="A supernet's folder: rank designs on its images, instead of by ImageNet top-1.",
    )(command)


def subnets_option(command: _Command) -> _Command:
    """Add ``--subnets``."""
    return click.option(
        "--subnets",
        type=click.IntRange(min=16),
        default=100,
        show_default=True,
        help="With --accuracy: how many designs to evaluate in the supernet, to learn how others rank.",
    )(command)


def data_option(command: _Command) -> _Command:
    """Add ``--data``."""
    return click.option(
        "--data",
        type=click.Path(path_type=Path),
        help="With --accuracy: folder of the supernet's images, where it has moved.",
    )(command)


def print_json(values: Mapping[str, Any]) -> None:
    """Print one JSON object on standard output, with its schema's version first.

    Milliseconds, raw counts and percent, as everywhere.
    """
    click.echo(json.dumps({"schema_version": SCHEMA_VERSION, **values}, allow_nan=False))


def without_nan(value: Any) -> Any:
    """Return plain values for JSON, which has neither nan nor infinity: null instead."""
    if isinstance(value, dict):
        return {key: without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


recipe_option = click.option(
    "--recipe",
    help="How it would be trained, such as epochs=100,teacher=none,px=224. Parts: epochs, teacher (none, convnet, transformer, "
    "self), augment (basic, medium, strong), px. What is left out is 300 epochs, convnet, strong, the design's own px.",
)
