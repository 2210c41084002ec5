"""How a command's help ends: an example, and what to do next."""

from __future__ import annotations

import click


class Ordered(click.Group):
    """A group that lists its commands as they were added: in the order in which a user meets them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in that order."""
        return list(self.commands)


def ending(*examples: str, then: str) -> str:
    """Return the end of a command's help, for click's ``epilog``.

    Parameters
    ----------
    examples
        Command lines as a user types them.
    then
        What comes next, as a sentence.
    """
    lines = "\n".join(f"  {line}" for line in examples)
    return f"\b\n{'Example' if len(examples) == 1 else 'Examples'}:\n{lines}\n\nNext: {then}"
