"""Parameter types that the verbs share."""

from __future__ import annotations

import click

from dsim.errors import InvalidValueError
from dsim.units import parse_seconds


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
