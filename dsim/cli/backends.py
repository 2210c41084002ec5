"""``--backend``: a choice that lists itself, and says what is installed here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from dsim.measure.backends import BACKENDS, not_installed

COREML = "coreml"
_Command = TypeVar("_Command", bound=Callable[..., Any])


class BackendName(click.ParamType[str]):
    """The name of a runtime that networks can be timed on."""

    name = "name"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Refuse what is not a backend; the message lists them all."""
        text = str(value)
        if text == COREML:
            self.fail(
                "Core ML runs only on Apple's systems: `dsim measure bundle DIR` writes what a Mac times",
                param,
                ctx,
            )
        if text not in BACKENDS:
            self.fail(f"{text!r} is not one of {', '.join(BACKENDS)}", param, ctx)
        return text


def backend_option(command: _Command) -> _Command:
    """Add ``--backend``, which may be repeated."""
    return click.option(
        "--backend",
        "backends",
        type=BackendName(),
        multiple=True,
        help="Runtime to time, from the list below; may be repeated.",
    )(command)


def backend_list() -> list[tuple[str, str]]:
    """Return each backend's name with what it is, and how to install what it lacks."""
    out = []
    for name, backend in BACKENDS.items():
        lacks = not_installed(backend)
        how = f"pip install 'dsim[{backend.extra}]'" if backend.extra else f"pip install {' '.join(lacks)}"
        out.append((name, f"{backend.about}; not installed: {how}" if lacks else backend.about))
    return out


class TimesBackends(click.Command):
    """A command whose help lists the backends."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the backends above the end."""
        with formatter.section("Backends"):
            formatter.write_dl(backend_list())
        super().format_epilog(ctx, formatter)


def needed(backends: tuple[str, ...], name: str) -> None:
    """Refuse a call without backend or name.

    Raises
    ------
    UsageError
        One of the two is missing.
    """
    if not backends:
        raise click.UsageError(f"--backend is needed: the runtime to time, one of {', '.join(BACKENDS)}")
    if not name:
        raise click.UsageError("--name is needed: what the profile is called, such as my-server")
