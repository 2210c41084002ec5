"""The classes of Core ML's specification, without the converter that they come with.

coremltools takes five seconds to import and prints what it does not know. Its specification is a package of its own inside,
which protobuf's compiler wrote; it is loaded by its place, under a name of its own. Where coremltools is imported as well,
protobuf keeps one class for both.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from dsim.errors import MissingPackageError

NAME = "dsim_coreml_specification"


def model_class() -> Any:
    """Return the class of a model's specification.

    Raises
    ------
    MissingPackageError
        coremltools is not installed.
    """
    found = None if sys.modules.get("coremltools", ...) is None else find_spec("coremltools")
    places = list(found.submodule_search_locations or []) if found is not None else []
    if not places:
        raise MissingPackageError(
            "a Core ML file needs coremltools, which is not installed; pip install 'dsim[files]'"
        )
    if NAME not in sys.modules:
        folder = Path(places[0]) / "proto"
        spec = spec_from_file_location(NAME, folder / "__init__.py", submodule_search_locations=[str(folder)])
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        sys.modules[NAME] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[NAME]
            raise
    return import_module(f"{NAME}.Model_pb2").Model
