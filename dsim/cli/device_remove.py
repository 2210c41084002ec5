"""``dsim device remove``: a profile of the user's own, deleted after a question."""

from __future__ import annotations

import sys

import click

from dsim.cli.options import json_option, print_json
from dsim.cli.words import ending


@click.command(
    "remove",
    short_help="Delete one of your own profiles.",
    epilog=ending(
        "dsim device remove mine",
        then="`dsim device list` shows the profiles that are left, and `dsim device add` makes a new one.",
    ),
)
@click.argument("name")
@click.option("--yes", is_flag=True, help="Delete without asking; needed where there is no terminal.")
@json_option
def remove_device_command(name: str, yes: bool, as_json: bool) -> None:
    """Delete your own profile NAME and what dsim measured for it.

    What would be deleted is listed first. Profiles that come with dsim cannot be removed.
    """
    from dsim.device.remove import plan_removal, remove_device  # deferred: help reads no profiles
    from dsim.errors import InvalidValueError

    plan = plan_removal(name)
    if not yes:
        if not sys.stdin.isatty():
            raise InvalidValueError(
                f"deleting {name!r} needs a yes, and there is no terminal to ask on; give --yes to delete "
                f"{', '.join(map(str, plan.files))}"
            )
        click.echo(f"This deletes the profile {name}:", err=True)
        for path in plan.files:
            click.echo(f"  {path}", err=True)
        click.confirm("Delete these files?", abort=True, err=True)
    done = remove_device(name)
    if as_json:
        print_json(done.to_dict())
        return
    click.echo(f"Removed {name}; deleted:")
    for path in done.files:
        click.echo(f"  {path}")
    if done.left:
        click.echo(f"Left in place, for dsim did not write it: {', '.join(map(str, done.left))}")
    if done.shadowed:
        click.echo(f"{name} is now the profile that comes with dsim.")
