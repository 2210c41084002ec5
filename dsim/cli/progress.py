"""``dsim progress``: a study in a storage, from anywhere."""

from __future__ import annotations

import click

from dsim.cli.options import json_option, print_json
from dsim.cli.words import ending


@click.command(
    epilog=ending(
        "dsim progress --storage postgresql://worker@db/dsim --name iphone12-2ms",
        "dsim progress --storage journal:///shared/log --name iphone12-2ms --json",
        then="`dsim study` with the same --storage and --name joins the workers, or writes the result where it is finished.",
    )
)
@click.option("--storage", required=True, help="Address of the storage, as for dsim study.")
@click.option("--name", default="", help="Name of the study.", show_default="the only one there")
@json_option
def progress(storage: str, name: str, as_json: bool) -> None:
    """Show how far a study in a storage is, and what it found so far.

    It takes no part in the study, and writes nothing.
    """
    from dsim.report.answer import answer_so_far  # the verb's own imports: --help must not wait for them
    from dsim.report.console import result_console, show
    from dsim.search.look import look

    seen = look(storage, name)
    click.echo(seen.words, err=True)
    if as_json:
        print_json({**seen.result.to_dict(), "done": seen.done, "open": seen.open, "trials": seen.trials})
    else:
        console = result_console()
        show(console, answer_so_far(seen.result, console.width))
