"""Read measurements from whichever file a user has."""

from __future__ import annotations

import stat
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from dsim.device.add.aihub_job import read_aihub_job
from dsim.device.add.android_results import is_android_results, read_android_results
from dsim.device.add.benchmark_model import is_benchmark_output, read_benchmark_output
from dsim.device.add.block_table import is_block_table, read_block_table
from dsim.device.add.decode import decode
from dsim.device.add.found import MAX_BYTES, Found
from dsim.device.add.mac_lines import is_mac_results
from dsim.device.add.mac_results import read_mac_results
from dsim.device.add.perf_yaml import read_perf_yaml
from dsim.device.add.sheet import read_parquet, read_sheet
from dsim.device.add.wanted import Wanted
from dsim.errors import FileAccessError, FileFormatError
from dsim.graph.files import is_network_file

FORMS = (
    "a .csv, .tsv or .parquet file, AI Hub's perf.yaml or a job's results (.json), what TFLite's benchmark_model printed (.csv, .txt, .log), "
    "or results.jsonl of run_on_mac.py or run_on_android.py"
)
TEXTS = (".csv", ".tsv", ".tab", ".txt", ".log", "")


def read_measurements(
    paths: Sequence[Path],
    models: Sequence[str] = (),
    wanted: Wanted | None = None,
    names: Mapping[str, str] | None = None,
) -> Found:
    """Read every file.

    Parameters
    ----------
    paths
        The files.
    models
        The networks of benchmark_model's files, in their order.
    wanted
        Which device, runtime and precision is meant, where a file holds several.
    names
        What to look a network up under, by the name that a file has for it.

    Returns
    -------
    Found
        Rows that break a rule are in its ``wrong``, so that the caller can tell them together with names that it does
        not know; `dsim.device.add.wrong.refuse` raises them.

    Raises
    ------
    FileAccessError
        A file cannot be read.
    FileFormatError
        A file is of no known kind, or breaks a rule as a whole.
    """
    left = list(models)
    found = Found()
    for path in paths:
        found += _one(path, left, wanted or Wanted(), names or {}, len(paths) == 1)
    if left:
        raise FileFormatError(
            f"--model {left[0]} names a network for which there is no benchmark_model file; leave it out"
        )
    return _renamed(found, names or {})


def _renamed(found: Found, names: Mapping[str, str]) -> Found:
    """Put the user's names in place of a file's."""
    met = {one.reference for one in found.networks}
    strange = sorted(set(names) - met)
    if strange:
        raise FileFormatError(
            f"--map {strange[0][:80]}=... names a network that no file holds; they hold {', '.join(sorted(met))[:300]}"
        )
    networks = (replace(one, graph=names.get(one.reference, one.graph)) for one in found.networks)
    kernels = (replace(one, reference=names.get(one.reference, one.reference)) for one in found.kernels)
    return replace(found, networks=tuple(networks), kernels=tuple(kernels))


def _one(path: Path, models: list[str], wanted: Wanted, names: Mapping[str, str], alone: bool) -> Found:
    suffix = path.suffix.lower()
    try:
        state = path.stat()
        if is_network_file(path):
            raise FileFormatError(
                f"{path} must hold measurements, and is a network's file; write its path into the column 'network' of a sheet (.csv), "
                "beside its latency_ms"
            )
        if not stat.S_ISREG(state.st_mode):
            raise FileFormatError(f"{path}: must be a file, not a folder or pipe; give {FORMS}")
        if state.st_size > MAX_BYTES:
            raise FileFormatError(
                f"{path}: must not exceed {MAX_BYTES // 10**6} MB, has {state.st_size / 1e6:.0f} MB; split it"
            )
        if suffix == ".parquet":
            return read_parquet(path, wanted)
        raw = path.read_bytes()
    except OSError as error:
        raise FileAccessError(f"{path} cannot be read: {error.strerror}; check the path") from error
    if suffix not in (*TEXTS, ".yaml", ".yml", ".json", ".jsonl"):
        save = "save the sheet as CSV" if suffix in (".xlsx", ".xls", ".ods", ".numbers") else f"give {FORMS}"
        raise FileFormatError(f"{path}: the suffix {path.suffix!r} is unknown; {save}")
    text = decode(raw, path, FORMS)
    if suffix in (".yaml", ".yml"):
        return read_perf_yaml(path, text, wanted, names, alone)
    if suffix == ".json":
        return read_aihub_job(path, text)
    if suffix == ".jsonl":
        if is_android_results(text):
            return read_android_results(path, text)
        if not is_mac_results(text):
            raise FileFormatError(
                f"{path}: must be what run_on_mac.py or run_on_android.py wrote, line 1 is not its; give {FORMS}"
            )
        return read_mac_results(path, text)
    if is_benchmark_output(text):
        return read_benchmark_output(path, text, models, names, wanted.known)
    if is_block_table(text):
        return read_block_table(path, text)
    return read_sheet(path, text, wanted)
