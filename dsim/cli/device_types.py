"""Parameter types for devices, by their names or by what people call them, and for budgets by device."""

from __future__ import annotations

import click

from dsim.cli.types import BUDGET


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


class Device(click.ParamType[str]):
    """A device profile; the verb gets its name."""

    name = "device"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read ``iPhone 12``; what it was taken for is told on standard error."""
        return device_named(str(value))


DEVICE = Device()


class Devices(click.ParamType[tuple[str, ...]]):
    """Several device profiles."""

    name = "devices"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Read ``iphone12,i9-10940x``."""
        if isinstance(value, tuple):  # already converted
            return value
        names = tuple(device_named(word.strip()) for word in str(value).split(",") if word.strip())
        if not names:
            self.fail(f"give one device profile or several, such as iphone12, got {str(value)!r}", param, ctx)
        return names


DEVICES = Devices()


class DeviceBudget(click.ParamType[tuple[str, float | None]]):
    """A device profile, alone or with a budget of its own in milliseconds."""

    name = "device"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, float | None]:
        """Read ``iphone12`` or ``iphone12=2ms``."""
        if isinstance(value, tuple):  # already converted
            return value
        name, equals, budget = (word.strip() for word in str(value).partition("="))
        if "=" in budget:
            self.fail(
                f"several devices must each have a --device of their own, got {str(value)!r}; give --device iphone12=2ms --device "
                "galaxy-s24-qnn-float=1ms",
                param,
                ctx,
            )
        return device_named(name), BUDGET.convert(budget, param, ctx) if equals else None


DEVICE_BUDGET = DeviceBudget()


class DeviceBudgets(click.ParamType[dict[str, float]]):
    """A latency budget for each device, given to the verb in milliseconds."""

    name = "budgets"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> dict[str, float]:
        """Read ``iphone12=2ms,i9-10940x=30ms``."""
        if isinstance(value, dict):  # already converted
            return value
        budgets: dict[str, float] = {}
        for word in str(value).split(","):
            if not word.strip():
                continue
            name, budget = DEVICE_BUDGET.convert(word, param, ctx) if "=" in word else (word.strip(), None)
            if budget is None or name in budgets:
                self.fail(
                    f"each device must have one budget like iphone12=2ms, got {word.strip()!r}", param, ctx
                )
            budgets[name] = budget
        return budgets


DEVICE_BUDGETS = DeviceBudgets()


class BudgetOrEach(click.ParamType["float | dict[str, float]"]):
    """One latency budget, or one for each device, given to the verb in milliseconds."""

    name = "budgets"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float | dict[str, float]:
        """Read ``2ms`` or ``iphone12=2ms,i9-10940x=30ms``."""
        if isinstance(value, dict) or "=" in str(value):
            return DEVICE_BUDGETS.convert(value, param, ctx)
        return BUDGET.convert(value, param, ctx)


BUDGET_OR_EACH = BudgetOrEach()
