"""``dsim accuracy``: how far off the accuracy model is."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from dsim.cli.options import json_option, print_json, without_nan


@click.group()
def accuracy() -> None:
    """Validate the accuracy model."""


@accuracy.command("validate")
@click.option("--write", type=click.Path(path_type=Path), help="Write the tables as a Markdown document.")
@json_option
def validate_accuracy(write: Path | None, as_json: bool) -> None:
    """Predict the top-1 of every family of networks from the others, and show how far off that is (minutes)."""
    from rich.markdown import Markdown  # deferred: help must not wait for the models

    from dsim.accuracy.docs import accuracy_document
    from dsim.accuracy.validate import validate
    from dsim.files import write_atomic
    from dsim.report.console import result_console

    found = validate()
    document = accuracy_document(found)
    if write:
        write_atomic(write, document)
    if as_json:
        print_json(without_nan(asdict(found)))
    else:
        result_console().print(Markdown(document))
