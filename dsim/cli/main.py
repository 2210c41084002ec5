"""Entry point: verbs loaded on demand, and the one place where domain errors become exit codes.

0 done, 1 a domain error, 2 wrong usage, 3 nothing fits, 130 interrupted.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from dsim import __version__
from dsim.errors import DsimError

OK, DOMAIN_ERROR, NOTHING_FITS, INTERRUPTED = 0, 1, 3, 130

# verb -> module, command, and the line that --help shows (so that help loads no verb)
VERBS: dict[str, tuple[str, str, str]] = {
    "study": ("dsim.cli.study", "study", "Find a backbone for a device within a latency budget."),
    "export": ("dsim.cli.export", "export", "Write a design as a PyTorch model."),
    "device": ("dsim.cli.device", "device", "List, show and validate device profiles."),
    "accuracy": ("dsim.cli.accuracy", "accuracy", "Validate the accuracy model."),
}


class LazyVerbs(click.Group):
    """A group that imports a verb when it is called; Optuna and scikit-learn take seconds to load."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the verbs in the order in which a user meets them."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one verb."""
        if cmd_name not in VERBS:
            return None
        module, name, _ = VERBS[cmd_name]
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show the verbs without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(verb, line) for verb, (_, _, line) in VERBS.items()])


@click.group(cls=LazyVerbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="dsim")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def dsim(debug: bool) -> None:
    """Which vision backbone should run on this device, within these milliseconds?

    Exit codes: 0 done, 1 an error, 2 wrong usage, 3 nothing fits, 130 interrupted.
    """


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave with its exit code."""
    args = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in args
    try:
        code = dsim.main(args=args, prog_name="dsim", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        code = INTERRUPTED
    except BrokenPipeError:
        # whoever read our output has gone; keep Python from complaining once more at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = DOMAIN_ERROR
    except DsimError as error:
        if debug:
            raise
        click.echo(f"Error: {error}", err=True)
        code = DOMAIN_ERROR
    sys.exit(code if isinstance(code, int) else OK)
