"""Around a model file: packages that are missing, folders, interruptions, the command line, the document."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from dsim.arch import Arch
from dsim.cli.export import FORMS as CHOICES
from dsim.cli.export import export as command
from dsim.cli.main import main
from dsim.errors import ExportError, FileAccessError, InvalidValueError, MissingPackageError, UnknownNameError
from dsim.export import TARGETS, build_module, export, write_torch
from dsim.export.files import staging
from dsim.export.findings import Findings, compare
from dsim.export.subject import prepare
from dsim.export.targets import FORMS
from dsim.quiet import quiet
from lab.marked import read_block
from lab.places import NOTES
from tests.export.designs import TINY, VARIANTS

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "export.md").read_text(encoding="utf-8")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize(
    ("form", "package", "extra"),
    [
        ("onnx", "onnx", "onnx"),
        ("onnx", "onnxruntime", "onnx"),
        ("coreml", "coremltools", "coreml"),
        ("litert", "litert_torch", "litert"),
    ],
)
def test_a_missing_package_is_one_line(
    form: str, package: str, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    # what brings a gigabyte is not always needed
    other = r", .*write --to onnx: .*" if form == "litert" else ""
    with pytest.raises(
        MissingPackageError, match=rf"needs {package}.*; pip install 'dsim\[{extra}\]'{other}$"
    ) as info:
        export(TINY, tmp_path / "out", form)
    assert "\n" not in str(info.value)
    assert not (tmp_path / "out").exists()


class Folder:
    """A form whose file is a folder of two files, as an .mlpackage is."""

    name, file, about = "fake", "model.mlpackage", "A fake."
    content, then = "1", None

    def __init__(self, content: str = "1", then: Callable[[], object] | None = None) -> None:
        self.content, self.then = content, then

    def require(self) -> None:
        """Ask for nothing."""

    def write(self, subject: Any, path: Path) -> None:
        (path / "Data").mkdir(parents=True)
        (path / "Data" / "weight.bin").write_text(self.content)
        (path / "Manifest.json").write_text("{}")
        os.chmod(path / "Manifest.json", 0o600)
        if self.then:
            self.then()

    def check(self, subject: Any, path: Path) -> Findings:
        return Findings(compare(subject.scores, subject, 1e-6, "nobody"), ())

    def use(self, arch: Any) -> str:
        return "Do not."


def put(monkeypatch: pytest.MonkeyPatch, folder: Path, form: Folder) -> None:
    monkeypatch.setitem(FORMS, "onnx", form)
    export(TINY, folder, "onnx")


def test_a_package_is_replaced_whole_and_only_if_it_is_dsims(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(monkeypatch, tmp_path, Folder())
    weights = tmp_path / "model.mlpackage" / "Data" / "weight.bin"
    assert (tmp_path / "model.mlpackage" / "Manifest.json").stat().st_mode & 0o777 == 0o644
    put(monkeypatch, tmp_path, Folder("2"))
    assert weights.read_text() == "2"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["README.md", "arch.json", "model.mlpackage"]
    weights.write_text("mine")
    with pytest.raises(
        FileAccessError, match=r"model\.mlpackage, which was changed or made by somebody else"
    ):
        put(monkeypatch, tmp_path, Folder("3"))
    assert weights.read_text() == "mine"


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), OSError(28, "No space left on device"), RuntimeError("x")]
)
def test_whatever_stops_it_the_folder_is_as_it_was(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise error

    expected = {OSError: FileAccessError, RuntimeError: ExportError}.get(type(error), type(error))
    with pytest.raises(expected):
        put(monkeypatch, tmp_path / "new" / "folder", Folder(then=stop))
    assert not (tmp_path / "new").exists()
    put(monkeypatch, tmp_path, Folder())
    before = contents(tmp_path)
    with pytest.raises(expected):
        put(monkeypatch, tmp_path, Folder("2", then=stop))
    assert contents(tmp_path) == before


# the whole stage is renamed; then a step aside and one in place for each of two files and a folder
@pytest.mark.parametrize("at", range(7))
def test_an_interruption_between_two_renames_takes_all_back(
    at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(monkeypatch, tmp_path, Folder())
    before = contents(tmp_path)
    calls = 0

    def interrupting(step: Callable[..., None]) -> Callable[..., None]:
        def stop_or_do(*args: Any) -> None:
            nonlocal calls
            calls += 1
            if calls == at + 1:
                raise KeyboardInterrupt
            step(*args)

        return stop_or_do

    for name in ("rename", "replace", "link"):
        monkeypatch.setattr(os, name, interrupting(getattr(os, name)))
    with pytest.raises(KeyboardInterrupt):
        put(monkeypatch, tmp_path, Folder("2"))
    assert contents(tmp_path) == before


def test_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    converted = []
    monkeypatch.setattr("dsim.stages.tempfile.mkdtemp", refused)
    with pytest.raises(FileAccessError, match=r"must be writable.*Permission denied; choose another folder"):
        put(monkeypatch, tmp_path / "out", Folder(then=lambda: converted.append(1)))
    assert not converted  # it is known before minutes are spent
    assert not (tmp_path / "out").exists()


def test_a_folder_holds_one_form(tmp_path: Path) -> None:
    write_torch(TINY, tmp_path)
    with pytest.raises(FileAccessError, match=r"one form.* holds model\.py; choose another folder"):
        export(TINY, tmp_path, "torchexport")
    (tmp_path / "model.py").unlink()
    export(TINY, tmp_path, "torchexport")


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("mine")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "README.md").symlink_to(tmp_path / "secret")
    with pytest.raises(FileAccessError, match="made by somebody else"):
        write_torch(TINY, tmp_path / "out")
    assert (tmp_path / "secret").read_text() == "mine"


def test_a_module_that_is_not_the_designs(tmp_path: Path) -> None:
    with pytest.raises(
        InvalidValueError, match=r"class scores of shape \(1, classes\), got \(1, 3, 64, 64\)"
    ):
        export(TINY, tmp_path, "torchexport", module=nn.Identity())
    with pytest.raises(InvalidValueError, match="must take images"):
        export(TINY, tmp_path, "torchexport", module=nn.Linear(3, 3))
    other = replace(
        TINY, stages=(*TINY.stages[:3], replace(TINY.stages[3], blocks=TINY.stages[3].blocks * 2))
    )
    with pytest.raises(ExportError, match="give the design's own module if you gave another"):
        export(TINY, tmp_path / "other", "torchexport", module=build_module(other))
    with pytest.raises(InvalidValueError, match="PyTorch code holds no weights"):
        export(TINY, tmp_path, module=build_module(TINY))
    with pytest.raises(UnknownNameError, match=r"unknown export form 'onx'; known: coreml.*closest: onnx"):
        export(TINY, tmp_path, "onx")


def test_exporting_leaves_the_random_state_alone(tmp_path: Path) -> None:
    torch.manual_seed(5)
    wanted = torch.randn(3)
    torch.manual_seed(5)
    export(TINY, tmp_path, "torchexport")
    assert torch.equal(torch.randn(3), wanted)


def test_scores_that_are_no_numbers_never_pass() -> None:
    subject = prepare(TINY)
    with pytest.raises(ExportError, match="must give torch's scores"):
        compare(torch.full((1, 10), float("nan")), subject, 1.0, "x")
    with pytest.raises(ExportError, match="of shape"):
        compare(torch.ones(1, 2), subject, 1.0, "x")


def test_quiet_keeps_streams_and_tells_an_error_what_was_printed(capfd: pytest.CaptureFixture[str]) -> None:
    def talk() -> None:
        with quiet():
            sys.stdout.write("to python's stream")
            os.write(2, b"to the process's stream")
            raise RuntimeError

    with pytest.raises(RuntimeError) as info:
        talk()
    assert "to the process's stream" in info.value.__notes__[0]
    assert "to python's stream" in info.value.__notes__[0]
    sys.stdout.write("again")
    assert capfd.readouterr() == ("again", "")


def test_the_command_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert CHOICES == TARGETS
    (tmp_path / "arch.json").write_text(VARIANTS["a"].to_json())
    with pytest.raises(SystemExit) as left:
        main(["export", str(tmp_path / "arch.json"), "--to", "torchexport", "-o", str(tmp_path / "out")])
    assert left.value.code == 0
    out, err = capsys.readouterr()
    assert err == "Writing torchexport and checking it ...\n"
    lines = out.splitlines()
    assert [Path(line).name for line in lines[:3]] == ["model.pt2", "arch.json", "README.md"]
    assert lines[3].startswith("- max abs difference to torch ")
    assert " ops: " in lines[4]
    assert "multiply-accumulates" in lines[5]
    with pytest.raises(SystemExit) as left:
        main(["export", "no_such_design", "--to", "torchexport", "-o", str(tmp_path / "out")])
    assert left.value.code == 1
    err = capsys.readouterr().err
    assert err.startswith("Error: unknown preset 'no_such_design'")


def test_an_interrupted_command_is_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    monkeypatch.setitem(FORMS, "onnx", Folder(then=stop))
    with pytest.raises(SystemExit) as left:
        main(["export", "efficientformerv2_s0", "--to", "onnx", "-o", str(tmp_path / "out")])
    assert left.value.code == 130
    assert capsys.readouterr().err.splitlines()[-1] == "Interrupted."
    assert list(tmp_path.iterdir()) == []


def test_staged_files_are_seen_by_nobody_before_the_end(tmp_path: Path) -> None:
    with staging(tmp_path / "out", ("README.md",)) as place:
        (place / "README.md").write_text("x")
        assert not (tmp_path / "out" / "README.md").exists()
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["README.md"]


@pytest.mark.parametrize("line", re.findall(r"^(dsim export .*?)(?:\s+#.*)?$", DOCUMENT, flags=re.MULTILINE))
def test_commands_in_the_document_parse(line: str) -> None:
    command.make_context("export", shlex.split(line)[2:])


def test_the_document_names_every_form_and_preset() -> None:
    from dsim.arch import PRESETS

    assert all(f"| `{form}` |" in DOCUMENT for form in TARGETS)
    table = read_block(NOTES / "export.md", "exports")
    assert f"| {' | '.join(FORMS)} |" in table
    for name in PRESETS:
        (row,) = [line for line in table.splitlines() if line.startswith(f"| {name} |")]
        assert len(re.findall(r"\d\.\de[+-]\d\d", row)) == len(FORMS)


@pytest.mark.parametrize("code", re.findall(r"```python\n(.*?)```", DOCUMENT, flags=re.DOTALL))
def test_examples_in_the_document_run(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "export.md", "exec"), {"__name__": "document"})
    assert capsys.readouterr().out.strip()


def test_a_module_that_was_trained_for_other_classes_is_exported_with_its_own(tmp_path: Path) -> None:
    trained = build_module(replace(TINY, num_classes=7))
    export(TINY, tmp_path / "out", "torchexport", module=trained)
    assert Arch.from_json((tmp_path / "out" / "arch.json").read_text()).num_classes == 7
    scores = torch.export.load(tmp_path / "out" / "model.pt2").module()(
        torch.zeros(1, 3, *[TINY.resolution] * 2)
    )
    assert scores.shape == (1, 7)
