"""Parameter types that the verbs share."""

from __future__ import annotations

import click

from dsim.errors import InvalidValueError
from dsim.units import milliseconds, parse_seconds


class Duration(click.ParamType[float]):
    """A duration with its unit, given to the verb in seconds."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read ``2ms``; a bare number is wrong usage."""
        if isinstance(value, float):  # a default, or already converted
            return value
        try:
            return parse_seconds(str(value))
        except InvalidValueError as error:
            self.fail(str(error), param, ctx)


DURATION = Duration()


class Budget(click.ParamType[float]):
    """A latency budget with its unit, given to the verb in milliseconds."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read ``2ms``; a bare number is wrong usage."""
        try:
            return milliseconds(str(value))
        except InvalidValueError as error:
            self.fail(str(error), param, ctx)


BUDGET = Budget()


class Device(click.ParamType[str]):
    """A device profile, by its name or by what people call it; the verb gets its name."""

    name = "device"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read ``iPhone 12``; what it was taken for is told on standard error."""
        return device_named(str(value))


def device_named(text: str) -> str:
    """Return a profile's name for what a user called it, and say so where it was called otherwise.

    Raises
    ------
    UnknownNameError
        No profile is meant, or several are.
    """
    from dsim.device.named import profile_named  # deferred: help reads no profiles

    name = profile_named(text)
    if name != text:
        click.echo(f"{text!r} is the profile {name}.", err=True)
    return name


DEVICE = Device()
