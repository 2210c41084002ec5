"""Records: one codec reads and writes every frozen record, and words what does not fit."""

from dsim.records.base import MAX_INTEGER, HasForm, Sparse, changed_fields, shown
from dsim.records.codec import (
    from_json,
    from_npz,
    from_plain,
    from_rows,
    from_toml,
    from_versioned,
    parse_json,
    row_schema,
    to_json,
    to_npz,
    to_plain,
    to_rows,
    to_toml,
    to_versioned,
    without_nan,
)

__all__ = [
    "MAX_INTEGER",
    "HasForm",
    "Sparse",
    "changed_fields",
    "from_json",
    "from_npz",
    "from_plain",
    "from_rows",
    "from_toml",
    "from_versioned",
    "parse_json",
    "row_schema",
    "shown",
    "to_json",
    "to_npz",
    "to_plain",
    "to_rows",
    "to_toml",
    "to_versioned",
    "without_nan",
]
