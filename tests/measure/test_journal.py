"""A journal that was cut off goes on; one of another machine does not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dsim.arch import get_preset
from dsim.errors import FileAccessError, FileFormatError, InvalidValueError
from dsim.measure.journal import ANEW, Entry, Head, open_journal
from dsim.measure.machine import Machine
from dsim.measure.observe import Observation, Observed
from dsim.measure.planned import CHECK, Planned, planned_design
from dsim.measure.records import RuntimeOp, Stack

HEAD = Head(Machine("chip", 2, ("avx2",), "Linux"), {"onnxruntime": Stack("ORT 1", "float32", "NCHW")}, 1, 0)
SEEN = Observation(2.5, 0.01, 2.6, 40, 1, False, (RuntimeOp("Conv", "conv", 10, 20, 0.125),))
DESIGN = Entry(
    planned_design(get_preset("efficientformer_l1"), CHECK),
    Observed({"onnxruntime": SEEN}, {"other": "no"}),
    0.5,
)
STORED = Entry(Planned("resnet18@224"), Observed({"onnxruntime": SEEN}, {}), 0.25)


def test_entries_come_back_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    journal = open_journal(path, HEAD)
    for entry in (DESIGN, STORED):
        journal.append(entry)
    again = open_journal(path, HEAD)
    assert again.head == HEAD
    assert again.entries() == (DESIGN, STORED)


def test_a_line_that_was_cut_off_is_measured_again(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    open_journal(path, HEAD).append(DESIGN)
    with path.open("a", encoding="utf-8") as file:
        file.write('{"network": "resnet18@2')
    journal = open_journal(path, HEAD)
    assert journal.entries() == (DESIGN,)
    journal.append(STORED)
    assert journal.entries() == (DESIGN, STORED)


def test_another_machine_or_runtime_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    open_journal(path, HEAD).append(DESIGN)
    other = replace(HEAD, machine=replace(HEAD.machine, processor="another"))
    newer = replace(HEAD, stacks={"onnxruntime": Stack("ORT 2", "float32", "NCHW")})
    kept = replace(HEAD, stacks={"onnxruntime": replace(HEAD.stacks["onnxruntime"], memory="kept")})
    for head in (other, newer, kept):
        with pytest.raises(InvalidValueError, match=r"; choose another --name, or give --fresh$"):
            open_journal(path, head)
        with pytest.raises(InvalidValueError, match=r"; give --fresh$"):
            open_journal(path, head, remedy=ANEW)
    both = replace(HEAD, stacks={**HEAD.stacks, "torch": Stack("Torch 1", "float32", "NCHW")})
    with pytest.raises(InvalidValueError, match=r"; go on with --backend onnxruntime, or give --fresh$"):
        open_journal(path, both, remedy=ANEW)
    assert open_journal(path, other, fresh=True).entries() == ()
    assert path.with_suffix(".jsonl.old").exists(), "nothing that was measured is thrown away"


@pytest.mark.parametrize(
    "line", ["no json\n", "[]\n", '{"network": 3}\n', '{"role": "other", "network": "a@1"}\n']
)
def test_a_broken_line_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "j.jsonl"
    open_journal(path, HEAD)
    with path.open("a", encoding="utf-8") as file:
        file.write(line)
    with pytest.raises(FileFormatError, match="line 2"):
        open_journal(path, HEAD).entries()


def test_a_journal_begins_whole_or_not_at_all(tmp_path: Path) -> None:
    """A full disk, or a kill at this moment, must not leave a file that is refused from then on."""
    resource = pytest.importorskip("resource", reason="this system bounds no files")
    path, before = tmp_path / "j.jsonl", resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20, before[1]))
    try:
        with pytest.raises(FileAccessError, match="cannot be written"):
            open_journal(path, HEAD)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []
    assert open_journal(path, HEAD).entries() == ()
