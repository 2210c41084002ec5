"""``dsim report``: one page of studies and comparisons."""

from __future__ import annotations

from pathlib import Path

import click

from dsim.cli.options import json_option, print_json
from dsim.cli.words import ending


@click.command(
    epilog=ending(
        "dsim report studies/iphone12-2ms -o report.html",
        then="open the file in a browser; it works offline.",
    )
)
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="HTML file to write.",
    show_default="report.html, or none with --png or --svg",
)
@click.option(
    "--png", type=click.Path(path_type=Path), help="Folder to write every figure into, as a PNG file."
)
@click.option("--svg", type=click.Path(path_type=Path), help="The same, as SVG files.")
@click.option(
    "--held-out",
    is_flag=True,
    help="Compute held-out predictions that are not known yet, to show how well each profile predicts. Takes minutes.",
)
@click.option("--force", is_flag=True, help="Replace the HTML file even if dsim did not make it.")
@json_option
def report(
    folders: tuple[Path, ...],
    out: Path | None,
    png: Path | None,
    svg: Path | None,
    held_out: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Write the studies and comparisons in FOLDERS as one HTML page.

    A folder may also hold several studies or comparisons; those that are unfinished are named and left out. Needs pip install 'dsim[report]'.
    """
    from dsim.report.write_page import write_page  # the verb's own imports: --help must not wait for them

    page = out or (None if png or svg else Path("report.html"))
    written = write_page(folders, page, png, svg, held_out, force)
    for line in written.left_out:
        click.echo(f"Left out: {line}", err=True)
    if as_json:
        print_json({"files": [str(path) for path in written.files], "left_out": list(written.left_out)})
        return
    for path in written.files:
        click.echo(path)
