"""How a command's help ends: an example, and what to do next."""

from __future__ import annotations


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
