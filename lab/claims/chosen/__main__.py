"""Choose designs by halves of a profile's evidence, time them, and report.

    python -m lab.claims.chosen choose [--designs 60]          search, and write studies/chosen
    python -m lab.claims.chosen time STACK [--time 3m]         on a machine that does nothing else; goes on where it stopped
    python -m lab.claims.chosen report                         write the block `chosen` of lab/notes/intervals.md

STACK is a profile of this machine's chip. Each stack is timed in a process of its own, for a process keeps to one core.
"""

from __future__ import annotations

import click

from dsim.cli.types import DURATION
from lab.claims.chosen.choose import STACKS, choose
from lab.claims.chosen.report import chosen_block
from lab.claims.chosen.rows import read_picks, read_said, write_rows
from lab.claims.chosen.timing import time_stack
from lab.marked import replace_block
from lab.places import NOTES, STUDIES

FOLDER = STUDIES / "chosen"


@click.group()
def main() -> None:
    """Designs that halves of the evidence chose."""


@main.command("choose")
@click.option("--designs", default=60, show_default=True, help="Different designs for each stack.")
def choose_command(designs: int) -> None:
    """Search with halves, and keep what was chosen with what all models say of it."""
    picks, said = choose(STACKS, designs)
    write_rows(FOLDER, picks, said)
    for stack in STACKS:
        own = [one for one in picks if one.stack == stack]
        click.echo(f"{stack}: {len({one.design for one in own})} designs in {len(own)} choices")


@main.command("time")
@click.argument("stack", type=click.Choice(STACKS))
@click.option("--time", "seconds", type=DURATION, default="3m", show_default=True)
@click.option("--allow-busy", is_flag=True, help="Keep times that were taken while other programs ran.")
def time_command(stack: str, seconds: float, allow_busy: bool) -> None:
    """Time a stack's own designs with checks between them, then those of the other stacks."""
    timed, asked = time_stack(FOLDER, read_picks(FOLDER), stack, seconds, allow_busy)
    click.echo(f"{stack}: {timed} of {asked} designs are timed")


@main.command("report")
def report_command() -> None:
    """Judge what was timed by the rule of `lab.claims.chosen`."""
    text = chosen_block(FOLDER, read_picks(FOLDER), read_said(FOLDER))
    replace_block(NOTES / "intervals.md", "chosen", text)
    click.echo(text)


if __name__ == "__main__":
    main()
