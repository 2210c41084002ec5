"""The path of the module that a node came from, as exporters write it down."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnx import NodeProto

SCOPES_KEY = "pkg.torch.onnx.name_scopes"  # torch.onnx.export(dynamo=True)
_QUOTED = re.compile(r"'([^']{0,200})'")
MAX_SCOPE = 200


def scope_of(node: NodeProto) -> str:
    """Read a module path; "" where the file does not tell.

    Examples
    --------
    "/stages/stages.0/conv/Conv" (torch.onnx.export repeats a list's name) is "stages.0.conv".
    """
    for entry in node.metadata_props:
        if entry.key == SCOPES_KEY:
            found = _QUOTED.findall(entry.value[:4000])
            return str(found[-2]) if len(found) > 1 else ""
    parts = node.name[:MAX_SCOPE].strip("/").split("/")[:-1]
    path: list[str] = []
    for part in parts:
        if path and part.startswith(f"{path[-1]}."):
            path.pop()
        path.append(part)
    return ".".join(path)
