"""Read measurements from whichever file a user has."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from pathlib import Path

from dsim.device.add.benchmark_model import is_benchmark_csv, read_benchmark_csv
from dsim.device.add.found import MAX_BYTES, Found
from dsim.device.add.mac_lines import is_mac_results
from dsim.device.add.mac_results import read_mac_results
from dsim.device.add.perf_yaml import Wanted, read_perf_yaml
from dsim.device.add.sheet import read_sheet
from dsim.errors import FileAccessError, FileFormatError

FORMS = "a .csv or .parquet file, AI Hub's perf.yaml, the CSV of TFLite's benchmark_model, or run_on_mac.py's results.jsonl"


def read_measurements(
    paths: Sequence[Path], models: Sequence[str] = (), wanted: Wanted | None = None
) -> Found:
    """Read every file.

    Parameters
    ----------
    paths
        The files.
    models
        The networks of benchmark_model's files, in their order.
    wanted
        Which of a perf.yaml's figures are meant.

    Raises
    ------
    FileAccessError
        A file cannot be read.
    FileFormatError
        A file is none of those known, or breaks a rule.
    """
    left = list(models)
    found = Found()
    for path in paths:
        found += _one(path, left, wanted or Wanted())
    if left:
        raise FileFormatError(
            f"--model {left[0]} names a network for which there is no benchmark_model file; leave it out"
        )
    return found


def _one(path: Path, models: list[str], wanted: Wanted) -> Found:
    try:
        state = path.stat()
        if not stat.S_ISREG(state.st_mode):
            raise FileFormatError(f"{path}: must be a file, not a folder or pipe; give {FORMS}")
        if state.st_size > MAX_BYTES:
            raise FileFormatError(
                f"{path}: must not exceed {MAX_BYTES // 10**6} MB, has {state.st_size / 1e6:.0f} MB; split it"
            )
        if path.suffix.lower() == ".parquet":
            return read_sheet(path)
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise FileFormatError(
            f"{path}: must be UTF-8 text, byte {error.start} is not; give {FORMS}"
        ) from error
    except OSError as error:
        raise FileAccessError(f"{path} cannot be read: {error.strerror}; check the path") from error
    if path.suffix.lower() in (".yaml", ".yml"):
        return read_perf_yaml(path, text, wanted)
    if path.suffix.lower() == ".jsonl":
        if not is_mac_results(text):
            raise FileFormatError(
                f"{path}: must be what run_on_mac.py wrote, line 1 is not its; give {FORMS}"
            )
        return read_mac_results(path, text)
    if path.suffix.lower() not in (".csv", ".txt"):
        raise FileFormatError(f"{path}: the suffix {path.suffix!r} is unknown; give {FORMS}")
    if is_benchmark_csv(text):
        return read_benchmark_csv(path, text, models.pop(0) if models else "")
    return read_sheet(path)
