"""Options of the verbs that train."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., Any])


def training_options(command: _Command) -> _Command:
    """Add ``--on``, ``--seed``, ``--batch``, ``--teacher``, ``--shards`` and ``--no-flip``."""
    options = (
        click.option("--on", "device", default="cpu", show_default=True, help="cpu or cuda."),
        click.option(
            "--seed",
            type=click.IntRange(0, 2**32 - 1),
            default=0,
            show_default=True,
            help="Same seed, same weights.",
        ),
        click.option(
            "--batch", type=click.IntRange(min=8), default=128, show_default=True, help="Images in a step."
        ),
        click.option(
            "--teacher",
            type=click.Path(path_type=Path),
            help="Folder of a model that `dsim train` made on the same images: its decisions are learned beside the labels.",
        ),
        click.option(
            "--shards",
            type=click.IntRange(min=1),
            help="Parts of a batch with statistics of their own, which the processes of torchrun share.",
            show_default="one for each process",
        ),
        click.option(
            "--no-flip", is_flag=True, help="Do not mirror images: left and right mean something in them."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command
