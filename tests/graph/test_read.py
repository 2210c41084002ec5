"""One way from whatever a user holds to a Graph."""

from __future__ import annotations

import subprocess
import sys

import pytest

from dsim.arch import get_preset
from dsim.errors import InvalidValueError, UnsupportedOpError
from dsim.graph.read import as_graph
from dsim.graph.torch_reader import read_module
from tests.graph.modules import Residual


def test_designs_graphs_and_modules_all_become_graphs() -> None:
    arch = get_preset("poolformer_s12")
    graph = as_graph(arch)
    assert graph == arch.to_graph()
    assert as_graph(graph) is graph
    module = Residual()
    assert as_graph(module, (1, 3, 16, 16)).hash() == read_module(module, (1, 3, 16, 16)).hash()


@pytest.mark.parametrize("thing", [None, "poolformer_s12", 3, Residual])
def test_anything_else_is_refused(thing: object) -> None:
    with pytest.raises((InvalidValueError, UnsupportedOpError), match=r"got|read"):
        as_graph(thing)  # type: ignore[arg-type]


def test_graphs_do_not_need_torch() -> None:
    code = "import sys, dsim.graph, dsim.graph.passes, dsim.graph.read; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
