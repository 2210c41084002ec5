"""Read the judgements behind the bundled data, which lie as tables in the folder ``rules`` beside this file.

They rest on what the sources say, or on two measured figures that contradict each other; never on what a model of ours predicts.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent / "rules"
Rule = Mapping[str, str]


@cache
def read_toml(name: str) -> dict[str, Any]:
    """Read a table of rules in TOML."""
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))


@cache
def read_csv(name: str) -> tuple[Rule, ...]:
    """Read a table of rules in CSV, from the top."""
    with (FOLDER / name).open(newline="", encoding="utf-8") as file:
        return tuple(csv.DictReader(file))


def first_fit(rules: Iterable[Rule], **said: str) -> Rule | None:
    """Return the first rule whose patterns all fit; a pattern that is empty or left out fits everything.

    Examples
    --------
    >>> first_fit([{"name": "resnet*", "family": "ResNet"}, {"name": "", "family": "other"}], name="vgg16")["family"]
    'other'
    """
    return next(
        (
            rule
            for rule in rules
            if all(not rule.get(key) or fnmatchcase(value, rule[key]) for key, value in said.items())
        ),
        None,
    )
