"""Time networks on real runtimes, and make device profiles of what was found.

``dsim.measure("onnxruntime", "my-server")`` measures this machine; `contrasts`, `compared` and `bundle` are the other
verbs of ``dsim measure``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from dsim.callable_module import make_callable

if TYPE_CHECKING:
    from dsim.measure.front import bundle, compared, contrasts, measure
    from dsim.measure.results import ComparedDesigns, NewContrasts, NewProfiles

# name here -> where it is defined; loaded when first used, because whoever reads one file of this folder needs no search
_WHERE = {
    "ComparedDesigns": "dsim.measure.results",
    "NewContrasts": "dsim.measure.results",
    "NewProfiles": "dsim.measure.results",
    "bundle": "dsim.measure.front",
    "compared": "dsim.measure.front",
    "contrasts": "dsim.measure.front",
    "measure": "dsim.measure.front",
}

__all__ = ["ComparedDesigns", "NewContrasts", "NewProfiles", "bundle", "compared", "contrasts", "measure"]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'dsim.measure' has no attribute {name!r}; it has: {', '.join(__all__)}")
    return getattr(importlib.import_module(_WHERE[name]), name)


make_callable(__name__, "measure")
