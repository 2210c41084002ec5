"""Collect the classes that a design needs from `torch_parts`, as text.

The parts are ordinary modules that the linters and mypy check. They are read as text and never imported, so that
writing a model.py needs no torch.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources

# in the order in which they appear in an exported file
MODULES = ("layers", "mlps", "attention", "residual", "blocks", "embeddings")

WHOLE: dict[str, str] = {  # a name that the text uses: the line that brings it
    "sys": "import sys",
    "warnings": "import warnings",
    "torch": "import torch",
    "F": "import torch.nn.functional as F",
}
FROM: dict[str, str] = {  # a name that the text uses: the module that it comes from
    "Callable": "collections.abc",
    "Sequence": "collections.abc",
    "ModuleType": "types",
    "Any": "typing",
    "NamedTuple": "typing",
    "Tensor": "torch",
    "nn": "torch",
    "checkpoint": "torch.utils.checkpoint",
}


@dataclass(frozen=True, slots=True)
class Snippet:
    """A top-level class, function or constant: its text, and the names that it uses."""

    name: str
    text: str
    uses: frozenset[str]
    is_constant: bool


@cache
def library() -> dict[str, Snippet]:
    """Read every snippet, in the order in which an exported file shows them."""
    found: dict[str, Snippet] = {}
    for module in MODULES:
        source = (
            resources.files("dsim.export.torch_parts").joinpath(f"{module}.py").read_text(encoding="utf-8")
        )
        lines = source.splitlines()
        for node in ast.parse(source).body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                name = node.name
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                name = node.targets[0].id
            else:
                continue
            text = "\n".join(lines[node.lineno - 1 : node.end_lineno])
            found[name] = Snippet(name, text, names_in(node), isinstance(node, ast.Assign))
    return found


def names_in(node: ast.AST) -> frozenset[str]:
    """Return every name that a piece of code mentions."""
    return frozenset(child.id for child in ast.walk(node) if isinstance(child, ast.Name))


def collect(roots: Iterable[str]) -> list[Snippet]:
    """Return the snippets that ``roots`` need, themselves included, each behind what it uses."""
    known = library()
    wanted: set[str] = set()
    queue = [name for name in roots if name in known]
    while queue:
        name = queue.pop()
        if name not in wanted:
            wanted.add(name)
            queue += [used for used in known[name].uses if used in known]
    return [snippet for name, snippet in known.items() if name in wanted]


def join(snippets: Iterable[Snippet]) -> str:
    """Write snippets below each other: constants in one paragraph, the rest two blank lines apart."""
    text = ""
    previous: Snippet | None = None
    for snippet in snippets:
        if previous is not None:
            text += "\n" if snippet.is_constant and previous.is_constant else "\n\n\n"
        text += snippet.text
        previous = snippet
    return text


def imports_for(used: frozenset[str]) -> str:
    """Return the import lines for the names that a text uses, standard library first."""
    lines = [line for name, line in WHOLE.items() if name in used]
    names: dict[str, list[str]] = {}
    for name in sorted(used & FROM.keys()):
        names.setdefault(FROM[name], []).append(name)
    lines += [f"from {module} import {', '.join(found)}" for module, found in sorted(names.items())]
    groups = ([line for line in lines if "torch" not in line], [line for line in lines if "torch" in line])
    return "\n\n".join("\n".join(group) for group in groups if group)
