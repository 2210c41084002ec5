"""The house rules that a reviewer would otherwise have to remember."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import networkx as nx
import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "dsim"
LAB = ROOT / "lab"
FILES = sorted(PACKAGE.rglob("*.py"))

# what each part may import of dsim, beside itself and the small shared leaves
LEAVES = {
    "bounds",
    "cache",
    "errors",
    "files",
    "kendall",
    "limits",
    "locks",
    "normal",
    "openers",
    "packages",
    "parents",
    "places",
    "progress",
    "quiet",
    "records",
    "rounding",
    "stages",
    "threads",
    "unbeaten",
    "units",
    "callable_module",
    "summaries",
    "version",
}
MAY: dict[str, set[str]] = {
    "errors": set(),
    "files": {"errors", "records"},
    "kendall": set(),
    "limits": {"errors", "units"},
    "locks": {"errors"},
    "normal": set(),
    "openers": set(),
    "packages": {"errors", "quiet"},
    "parents": set(),
    "places": set(),
    "quiet": set(),
    "records": {"errors"},
    "rounding": set(),
    "stages": {"errors"},
    "cache": {"errors", "files", "places"},
    "progress": set(),
    "threads": set(),
    "unbeaten": set(),
    "bounds": {"records"},
    "summaries": set(),
    "version": set(),
    "units": set(),
    "callable_module": set(),
    "attrs": set(),
    "no_macs": set(),
    "op": {"attrs", "no_macs"},
    "graph": {"op", "attrs"},
    "arch": {"op", "attrs", "graph"},
    "device": {"op", "attrs", "graph"},
    "latency": {"op", "attrs", "graph", "device"},
    "network": {"op", "attrs", "graph", "arch", "device", "latency"},
    "accuracy": {"op", "attrs", "graph", "arch"},
    "shelf": {"op", "attrs", "graph", "device", "latency", "accuracy", "export"},
    "advice": {"op", "attrs", "graph", "device", "latency", "network", "accuracy"},
    "confirm": {"op", "attrs", "graph", "arch", "device", "latency", "search", "shift", "export", "own"},
    "own": {"op", "attrs", "graph", "arch", "device", "latency"},
    "search": {"op", "attrs", "graph", "arch", "device", "latency", "accuracy", "export", "shelf"},
    "shift": {"op", "attrs", "graph", "arch", "device", "latency", "accuracy", "search"},
    "export": {"op", "attrs", "graph", "arch"},
    "supernet": {"op", "attrs", "graph", "arch", "device", "latency", "search", "export"},
    "measure": {"op", "attrs", "graph", "arch", "device", "latency", "accuracy", "search", "shift", "export"},
    "report": {
        "op",
        "attrs",
        "graph",
        "arch",
        "device",
        "latency",
        "network",
        "accuracy",
        "advice",
        "confirm",
        "search",
        "shelf",
        "measure",
        "shift",
        "supernet",
    },
}
HOMES: dict[str, set[str]] = {
    "cattrs": {"records"},
    "networkx": {"graph"},
    "onnx": {"graph"},
    "onnxruntime": {"advice", "export", "measure"},
    "coremltools": {"graph", "export", "measure"},
    "tflite": {"graph"},
    "litert_torch": {"export", "measure"},
    "ai_edge_litert": {"export", "measure"},
    "openvino": {"measure"},
    "qai_hub": {"confirm"},
    "torch": {
        "graph",
        "export",
        "measure",
        "supernet",
        "latency",
        "accuracy",
    },  # the last two for type annotations only
    "sklearn": {"latency", "accuracy", "supernet", "measure"},
    "optuna": {"search", "supernet"},
    "click": {"cli"},
    "rich": {"cli", "report"},
    "threadpoolctl": {"threads"},
    "altair": {"report"},
    "vl_convert": {"report"},
    "jinja2": {"report"},
    "PIL": {"supernet"},
    "safetensors": {"supernet"},
}
MAX_LINES = 350


def part_of(path: Path) -> str:
    inside = path.relative_to(PACKAGE)
    if inside.stem == "__main__":
        return "cli"  # `python -m dsim` is the command line
    return inside.parts[0] if len(inside.parts) > 1 else inside.stem


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield every imported module, and whether it is imported for type checkers only."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        child
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for child in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node in typing_only
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module, node in typing_only
        elif isinstance(node, ast.ImportFrom):
            raise AssertionError(f"{path}: relative imports hide what is imported")


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_run_one_way(path: Path) -> None:
    part = part_of(path)
    for module, typing_only in imports(path):
        root, *rest = module.split(".")
        if root == "dsim" and rest and part in MAY:
            assert rest[0] in MAY[part] | LEAVES | {part}, f"{part} must not import {module}"
        assert root != "lab", "lab/ feeds and proves dsim; dsim never imports it"
        if root == "dsim" and part not in ("cli", "__init__"):
            assert rest[:1] != ["cli"], "nobody imports cli"
        if root in HOMES and not typing_only:
            assert part in HOMES[root], f"{root} has no home in {part}"
            if root == "torch":
                assert part in {"graph", "export", "measure", "supernet"}, (
                    f"{part} may name torch in annotations only"
                )


def module_of(path: Path) -> str:
    """Return the name by which a file is imported."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def import_graph(files: dict[str, Path]) -> nx.DiGraph[str]:
    """Return who imports whom, wherever in a file the import stands; imports for type checkers alone are left out.

    In a file that calls ``import_module``, as the front door and the command line do, a name in quotes is an import too.
    Whoever imports a module runs the ``__init__`` of the packages around it, so these count too.
    """
    graph: nx.DiGraph[str] = nx.DiGraph()
    for name, path in files.items():
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text)
        skipped = {
            child
            for node in ast.walk(tree)
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
            for branch in node.body
            for child in ast.walk(branch)
        }
        wanted: set[str] = set()
        for node in ast.walk(tree):
            if node in skipped:
                continue
            if isinstance(node, ast.Import):
                wanted |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                wanted |= {
                    inside if (inside := f"{node.module}.{alias.name}") in files else node.module
                    for alias in node.names
                }
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and "import_module" in text:
                wanted.add(node.value)
        for module in wanted & set(files):
            around = [".".join(module.split(".")[:n]) for n in range(1, module.count(".") + 1)]
            graph.add_edges_from(
                (name, one)
                for one in (module, *around)
                if one in files and one != name and not name.startswith(f"{one}.")
            )
            if name.startswith(f"{module}."):
                graph.add_edge(name, module)  # it asks for its own package by name
    return graph


def test_no_imports_run_in_a_circle() -> None:
    graph = import_graph({module_of(path): path for path in (*FILES, *LAB.rglob("*.py"))})
    circles = [sorted(part) for part in nx.strongly_connected_components(graph) if len(part) > 1]
    assert not circles, (
        f"imports must run one way, also those inside functions; these modules form circles: {circles}"
    )


def test_a_circle_is_found(tmp_path: Path) -> None:
    texts = {
        "a": "def f():\n    from b import g",
        "b": "import c",
        "c": "import_module('a.x')",
        "a.x": "import a",
    }
    files = {name: tmp_path / f"{name}.py" for name in texts}
    for name, text in texts.items():
        files[name].write_text(text)
    circles = [part for part in nx.strongly_connected_components(import_graph(files)) if len(part) > 1]
    assert circles == [{"a", "b", "c", "a.x"}]


def test_every_part_has_a_rule() -> None:
    parts = {part_of(path) for path in FILES}
    assert parts <= set(MAY) | {"cli", "__init__", "data"}, "a new part needs a place in the order"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_one_idea_per_file(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_LINES


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_nothing_runs_what_it_loads(path: Path) -> None:
    modules = {module.split(".")[0] for module, _ in imports(path)}
    assert not modules & {"pickle", "dill", "cloudpickle", "shelve", "marshal"}
    text = path.read_text(encoding="utf-8")
    # joblib also reads files, by pickle; its processes alone are used
    assert set(re.findall(r"import joblib|from joblib\S* import [\w, ]*\w", text)) <= {
        "from joblib import Parallel, delayed"
    }
    assert "torch.load(" not in text
    assert "allow_pickle=True" not in text


def test_no_places_that_users_do_not_have() -> None:
    text_files = [
        *FILES,
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/*.md"),
        *ROOT.glob("device_profiles/**/*.toml"),
    ]
    for path in text_files:
        for line in path.read_text(encoding="utf-8").splitlines():
            assert not re.search(r"\.\./shared|/(work|farm|root)/", line), f"{path}: {line}"
