"""Entry point: verbs loaded on demand, and the one place where domain errors become click errors.

The exit codes are those of `dsim.cli.exits`.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NoReturn

import click

from dsim.cli.exits import INTERRUPTED, NOTHING_FITS, OK, stop_on_signals
from dsim.cli.streams import FULL, leave_unread, make_usable
from dsim.cli.words import ending
from dsim.errors import DsimError, NothingFitsError
from dsim.report.progress import shown
from dsim.version import __version__

# verb -> module, and the line that --help shows (so that help loads no verb); the command is named like the verb
VERBS: dict[str, tuple[str, str]] = {
    "study": ("dsim.cli.study", "Find the most accurate backbone that fits a latency budget on a device."),
    "progress": ("dsim.cli.progress", "Show how far a study in a shared storage is."),
    "shortlist": ("dsim.cli.shortlist", "List published networks that fit a latency budget on a device."),
    "compare": ("dsim.cli.compare", "Show how the best design changes from device to device."),
    "report": ("dsim.cli.report", "Write studies and comparisons as one HTML page."),
    "predict": ("dsim.cli.predict", "Predict the latency of a network on a device."),
    "table": ("dsim.cli.table", "Write what every block costs on a device: the lookup table."),
    "advise": ("dsim.cli.advise", "Say how to rewrite a network so that it runs faster on a device."),
    "top1": ("dsim.cli.top1", "Predict the ImageNet accuracy of a design."),
    "draw": ("dsim.cli.draw", "Draw a design, or what a device spends its time on."),
    "confirm": ("dsim.cli.confirm", "Time a few designs of a study on the device, and restate its answer."),
    "export": ("dsim.cli.export", "Write a design as a PyTorch model, or as a file for a runtime."),
    "supernet": ("dsim.cli.supernet", "Train all designs of a space in one network, on your own images."),
    "slim": ("dsim.cli.slim", "Take a supernet down to the budgets of any number of devices."),
    "train": ("dsim.cli.train", "Train one design on your own images, and test it."),
    "device": ("dsim.cli.device", "List, show, add and validate device profiles."),
    "measure": ("dsim.cli.measure", "Time networks on this machine, and make a device profile."),
}


class LazyVerbs(click.Group):
    """A group that imports a verb when it is called; torch, Optuna and scikit-learn take seconds to load."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs in the order in which a user meets them."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one verb."""
        if cmd_name not in VERBS:
            return None
        command = getattr(importlib.import_module(VERBS[cmd_name][0]), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show the verbs without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(verb, line) for verb, (_, line) in VERBS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a verb; what dsim raises on purpose becomes one line, and its traceback is for ``--debug``."""
        try:
            with shown():
                value = super().invoke(ctx)
            sys.stdout.flush()  # a pipe that broke shows here, not when Python closes the file
            return value
        except BrokenPipeError as error:
            leave_unread()  # nobody reads standard output any more (`| head`), and wants nothing else
            raise click.exceptions.Exit(OK) from error
        except DsimError as error:
            if ctx.params["debug"]:
                raise
            if isinstance(error, NothingFitsError):
                raise NothingFits(str(error)) from error
            raise click.ClickException(str(error)) from error
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if ctx.params["debug"]:
                raise
            if isinstance(error, OSError) and error.errno in FULL:
                raise _no_room(error) from error
            raise click.ClickException(
                f"{type(error).__name__}: {error}; this is a fault of dsim: run it again as `dsim --debug ...` and report it"
            ) from error


def _no_room(error: OSError) -> click.ClickException:
    if not error.filename:
        leave_unread()  # most likely it was standard output
    return click.ClickException(
        f"{error.filename or 'standard output, or a file,'} cannot be written: {error.strerror}; make room, and give the "
        "same command again"
    )


class NothingFits(click.ClickException):
    """No design keeps to the limits."""

    exit_code = NOTHING_FITS


@click.group(
    cls=LazyVerbs,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=ending(
        "dsim device list iphone",
        "dsim study --device iphone12 --budget 2ms",
        then="`dsim COMMAND --help` explains each command, with an example.",
    ),
)
@click.version_option(__version__, prog_name="dsim")
@click.option("--debug", is_flag=True, help="Show the whole traceback when something fails.")
def dsim(debug: bool) -> None:
    """Find the vision backbone to run on your device within your milliseconds.

    Exit codes: 0 done, 1 error, 2 wrong usage, 3 no design fits, 130
    interrupted.
    """


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave with its exit code."""
    args = list(sys.argv[1:] if argv is None else argv)
    if "--debug" in args:  # wherever it stands: whoever adds it repeats a command that failed
        args = ["--debug", *(arg for arg in args if arg != "--debug")]
    make_usable()
    stop_on_signals()
    try:
        try:
            code = dsim.main(args=args, prog_name="dsim", standalone_mode=False)
        except OSError as error:  # what --help and --version print comes before any verb
            if error.errno not in FULL:
                raise
            raise _no_room(error) from error
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt) as stop:
        notes = [note for one in (stop, stop.__cause__) for note in getattr(one, "__notes__", ())]
        with suppress(OSError):  # a terminal that was closed cannot be written
            click.echo("\n".join(("Interrupted.", *notes)), err=True)
        code = INTERRUPTED
    sys.exit(code if isinstance(code, int) else OK)
