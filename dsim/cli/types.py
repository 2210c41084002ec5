"""Parameter types that the verbs share."""

from __future__ import annotations

from typing import TypeVar

import click

from dsim.errors import InvalidValueError
from dsim.units import bytes_of, count, each_once, milliseconds, parse_seconds

T = TypeVar("T")


def once(
    what: str, values: list[T], unit: str, param: click.Parameter | None, ctx: click.Context | None
) -> list[T]:
    """Return values none of which is given twice; else it is wrong usage."""
    try:
        each_once(what, values, unit)
    except InvalidValueError as error:
        raise click.BadParameter(str(error), ctx, param) from error
    return values


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


class Budgets(click.ParamType[tuple[float, ...]]):
    """Several latency budgets with their units, given to the verb in milliseconds and in ascending order."""

    name = "durations"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, ...]:
        """Read ``1ms,2ms``."""
        budgets = [BUDGET.convert(one, param, ctx) for one in str(value).split(",")]
        return tuple(sorted(once("budget", budgets, "ms", param, ctx)))


BUDGETS = Budgets()


class Count(click.ParamType[float]):
    """A number of things, such as 15M."""

    name = "count"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read ``15M`` or ``1.5G``."""
        try:
            return count(str(value))
        except InvalidValueError as error:
            self.fail(str(error), param, ctx)


COUNT = Count()


class Bytes(click.ParamType[float]):
    """A size of memory or of a file, such as 24MB; the verb gets bytes."""

    name = "size"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read ``24MB`` or ``512KiB``; a bare number is wrong usage."""
        try:
            return bytes_of(str(value))
        except InvalidValueError as error:
            self.fail(str(error), param, ctx)


BYTES = Bytes()


class Sides(click.ParamType[tuple[int, ...]]):
    """Sides of an image in pixels."""

    name = "sides"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """Read ``224,256``."""
        if isinstance(value, tuple):  # a default
            return value
        parts = [one.strip() for one in str(value).split(",")]
        if not all(one.isascii() and one.isdigit() and int(one) > 0 for one in parts):
            self.fail(
                f"sides are positive whole numbers of pixels, got {str(value)!r}; write 224,256", param, ctx
            )
        return tuple(sorted(once("side", [int(one) for one in parts], " px", param, ctx)))


SIDES = Sides()


class Side(click.ParamType[int]):
    """The side of the images of one training, in pixels."""

    name = "side"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read ``224``; several sides are wrong usage."""
        text = str(value)
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            self.fail(
                f"a training has images of one size, got {text!r}; give one side in pixels, such as 224",
                param,
                ctx,
            )
        return int(text)


SIDE = Side()
