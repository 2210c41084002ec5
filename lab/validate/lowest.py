"""Print the oldest versions that pyproject.toml allows, as constraints for pip.

`make lowest` installs them into an environment of its own and runs the fast tests there: a lower bound that nobody tried is a
guess, and pip takes the oldest version where another package asks for it.

Usage: python -m lab.validate.lowest > constraints
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

PROJECT = Path("pyproject.toml")
APART = ("litert", "aihub", "lab")  # extras that are installed into environments of their own
_BOUND = re.compile(r"(?P<name>[A-Za-z0-9_.-]+)(\[[^]]*\])?>=(?P<version>[0-9.]+)")


def lowest(requirements: Iterable[str]) -> dict[str, str]:
    """Return the lower bound of each package.

    Raises
    ------
    ValueError
        A requirement has none.

    Examples
    --------
    >>> lowest(["click>=8.4", "psycopg[binary]>=3.2.1"])
    {'click': '8.4', 'psycopg': '3.2.1'}
    """
    found = {}
    for requirement in requirements:
        bound = _BOUND.fullmatch(requirement)
        if bound is None:
            raise ValueError(f"a requirement must be a name and its oldest version, got {requirement!r}")
        found[bound["name"]] = bound["version"]
    return found


def main() -> None:
    """Print them."""
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    extras = [
        one for name, own in project["optional-dependencies"].items() if name not in APART for one in own
    ]
    for name, version in sorted(lowest([*project["dependencies"], *extras]).items()):
        print(f"{name}=={version}")


if __name__ == "__main__":
    main()
