"""``dsim table``: the price of every block on a device, as a file."""

from __future__ import annotations

from pathlib import Path

import click

from dsim.cli.options import batch_option, device_option, json_option, print_json
from dsim.cli.words import ending


@click.command(
    epilog=ending(
        "dsim table --device iphone12 -o lut.csv",
        "dsim table --device i9-10940x --space space.toml -o lut.csv",
        then="read it with any program for tables. Put in what you timed yourself, with the word measured as its evidence, and "
        "`dsim device add lut.csv --name mine` makes a profile of it.",
    )
)
@device_option
@batch_option
@click.option(
    "--space",
    "space_file",
    type=click.Path(path_type=Path),
    help="TOML file that says which blocks there are. `dsim study --show-space` prints one to start from.",
    show_default="the usual space",
)
@click.option(
    "-o", "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="CSV file to write."
)
@json_option
def table(device: str, batch: int | None, space_file: Path | None, out: Path, as_json: bool) -> None:
    """Write what every block of a search space costs on a device.

    This is the lookup table of EfficientFormer's search: a row for each stem, downsampler, block and head, with its latency
    and what that rests on, and a row for the time that no block carries. A design takes the sum of its rows. The first lines of
    the file say how far such sums are off what dsim predicts.
    """
    from dsim.files import check_folder
    from dsim.report.console import result_console, show_line  # deferred: help must not wait for the models
    from dsim.search import load_space
    from dsim.search.price_table import price_table

    check_folder(out.parent)  # before the work, not after
    found = price_table(device, load_space(space_file) if space_file else None, batch=batch)
    found.write(out)
    if as_json:
        print_json({**found.to_dict(), "file": str(out)})
        return
    console = result_console()
    show_line(console, f"{out}:", f"{len(found.rows):,} rows for {found.device} at {found.resolution} px")
    for line in found.says():
        show_line(console, "Note:", line)
