"""Real packages, converted here: what lies in a bundle, and what happens when it is interrupted, damaged or in the way."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import platform
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from dsim.arch import Arch, get_preset
from dsim.errors import ExportError, FileAccessError, FileFormatError, InvalidValueError, MissingPackageError
from dsim.export.mil_program import load_program, ops_of
from dsim.measure.coreml import Bundle, bundle, write_bundle
from dsim.measure.coreml.chain import Chain
from dsim.measure.coreml.choose import Chosen, choose_chains
from dsim.measure.coreml.package import write_chain
from dsim.quiet import quiet
from tests.export.designs import VARIANTS, thin
from tests.thorough import cases

TINY = thin(get_preset("efficientformer_l1"))


def every_kind() -> dict[str, Chain]:
    """One chain for each form and kind of op, over designs that hold every choice of the search space."""
    out: dict[str, Chain] = {}
    for chain in choose_chains(arch.to_graph() for arch in [*VARIANTS.values(), TINY]).chains:
        out.setdefault(f"{chain.form}-{chain.op.label}", chain)
    return out


def a_few() -> Chosen:
    """A short bundle: three chains."""
    kinds = every_kind()
    return Chosen(tuple(kinds[name] for name in ("serial-add", "fan-conv2d", "behind-gelu")), ())


@pytest.fixture(autouse=True)
def _coremltools() -> None:
    with quiet():
        pytest.importorskip("coremltools")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    with quiet():
        pytest.importorskip("coremltools")
    return write_bundle([TINY], tmp_path_factory.mktemp("bundles") / "new" / "bundle", chosen=a_few())


def manifest_of(folder: Path) -> dict[str, list[dict[str, object]]]:
    return dict(json.loads((folder / "manifest.json").read_text()))


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow if number % 3 else ())
        for number, name in enumerate(cases(sorted(every_kind())[::3], sorted(every_kind())))
    ],
)
def test_coremltools_leaves_every_copy(name: str, tmp_path: Path) -> None:
    chain = every_kind()[name]
    ops = write_chain(chain, 3, tmp_path / "c.mlpackage")  # which refuses anything else
    assert sum(ops.values()) >= 3


@pytest.mark.slow
def test_what_lies_in_a_bundle(written: Bundle) -> None:
    raw = manifest_of(written.folder)
    assert (written.chains, written.designs, written.packages, written.waiting) == (3, 1, 10, 0)
    assert written.left_out == ()
    text = (written.folder / "manifest.json").read_bytes()
    assert hashlib.sha256(text).hexdigest() == written.digest
    for entry in raw["entries"]:
        package = written.folder / str(entry["path"])
        files = entry["files"]
        assert isinstance(files, dict)
        assert {file.relative_to(package).as_posix() for file in package.rglob("*") if file.is_file()} == set(
            files
        )
        for inside, digest in files.items():
            assert hashlib.sha256((package / inside).read_bytes()).hexdigest() == digest
    (design,) = (entry for entry in raw["entries"] if entry["kind"] == "design")
    assert Arch.from_dict(design["arch"]) == TINY
    script = written.folder / "run_on_mac.py"
    assert script.read_bytes() == Path(bundle.__file__).with_name("run_on_mac.py").read_bytes()
    assert written.size_bytes == sum(f.stat().st_size for f in written.folder.rglob("*/**/*") if f.is_file())


@pytest.mark.slow
def test_packages_hold_the_copies_that_the_manifest_states(written: Bundle) -> None:
    convs = {}
    for entry in manifest_of(written.folder)["entries"]:
        if entry["kind"] == "chain" and entry["op"]["op"] == "conv2d":  # type: ignore[index]
            with quiet():
                ops = ops_of(load_program(written.folder / str(entry["path"])))
            convs[entry["copies"]] = sum(op.op_type == "conv" for op in ops)
            assert all(op.outputs[0].dtype.__name__.endswith("fp16") for op in ops if op.op_type == "conv")
    assert convs
    assert all(copies == count for copies, count in convs.items())


@pytest.mark.slow
def test_going_on_converts_what_is_missing_or_damaged_alone(written: Bundle) -> None:
    made: list[str] = []
    kept = write_bundle([TINY], written.folder, lambda done, total, what: made.append(what), chosen=a_few())
    assert (kept.kept, kept.packages, made) == (10, 10, [""])
    entry = manifest_of(written.folder)["entries"][0]
    model = written.folder / str(entry["path"]) / "Data" / "com.apple.CoreML" / "model.mlmodel"
    model.write_bytes(model.read_bytes()[:-1])
    made.clear()
    left = die_while_writing(model.parents[3])
    mended = write_bundle([TINY], written.folder, lambda done, total, what: made.append(what), chosen=a_few())
    assert (mended.kept, mended.packages, made) == (9, 10, [entry["id"], ""])
    assert not left.exists()
    assert not list(written.folder.rglob(".*"))


def die_while_writing(folder: Path) -> Path:
    """Return what a process leaves in a folder that ends in the middle of writing there, as by ``kill -9``."""
    call = (
        "import os\nfrom pathlib import Path\nfrom dsim.stages import staged\n"
        f"with staged(Path({str(folder)!r})) as stage:\n"
        "    (stage.new / 'half').write_text('')\n    print(stage.place, flush=True)\n    os._exit(9)\n"
    )
    done = subprocess.run([sys.executable, "-c", call], capture_output=True, text=True, check=False)
    assert done.returncode == 9
    left = Path(done.stdout.strip())
    assert (left / "new" / "half").exists()
    return left


def test_time_is_bounded(tmp_path: Path) -> None:
    done = write_bundle([TINY], tmp_path / "b", seconds=0.0)
    assert done.packages == 0
    assert done.waiting > 100
    assert json.loads((tmp_path / "b" / "manifest.json").read_text())["complete"] is False


@pytest.mark.slow
def test_ctrl_c_keeps_what_was_converted(tmp_path: Path) -> None:

    def stop(done: int, total: int, what: str) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_bundle([TINY], tmp_path / "b", stop, chosen=a_few())
    raw = json.loads((tmp_path / "b" / "manifest.json").read_text())
    assert (len(raw["entries"]), raw["complete"]) == (2, False)
    assert write_bundle([TINY], tmp_path / "b", seconds=0.0, chosen=a_few()).kept == 2


def test_what_cannot_be_converted_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(chain: Chain, copies: int, path: Path) -> dict[str, int]:
        if copies > 4:
            raise ExportError("coremltools must leave 8 add, got 1")
        path.mkdir()
        (path / "one").write_text("x")
        return {}

    monkeypatch.setattr(bundle, "write_chain", fail)
    monkeypatch.setattr(bundle, "write_design", lambda arch, path: fail(None, 9, path))  # type: ignore[arg-type]
    done = write_bundle([TINY], tmp_path / "b", chosen=a_few())
    assert done.packages == 0
    assert len(done.left_out) == 4
    assert all("must leave 8 add, got 1" in line for line in done.left_out)
    assert not list((tmp_path / "b").rglob("one"))  # a chain without all its lengths is of no use


def test_folders_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FileAccessError, match="must be a folder, and is a file"):
        write_bundle([TINY], tmp_path / "file" / "b")
    with pytest.raises(FileAccessError, match="a folder of its own"):
        write_bundle([TINY], tmp_path)
    with pytest.raises(InvalidValueError, match="at least one design"):
        write_bundle([], tmp_path / "b")
    for text, message in (
        ("{", "must be JSON"),
        ("[]", "must be 1"),
        ('{"dsim_coreml_bundle": 2}', "got '2'"),
    ):
        folder = tmp_path / f"b{len(text)}"
        folder.mkdir()
        (folder / "manifest.json").write_text(text)
        with pytest.raises(FileFormatError, match=message):
            write_bundle([TINY], folder)


@pytest.mark.slow
def test_other_versions_do_not_mix(written: Bundle, tmp_path: Path) -> None:
    raw = json.loads((written.folder / "manifest.json").read_text())
    (tmp_path / "manifest.json").write_text(json.dumps({**raw, "converter": "coremltools 8.0"}))
    with pytest.raises(FileFormatError, match="written with converter"):
        write_bundle([TINY], tmp_path)


def test_a_missing_converter_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "coremltools", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'dsim\[coreml\]'"):
        write_bundle([TINY], tmp_path / "b")


@pytest.mark.slow
def test_the_script_takes_real_packages_up_to_core_ml(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the installed coremltools: everything but Core ML itself, which is not on Linux."""
    folder = write_bundle([TINY], tmp_path / "b", chosen=a_few()).folder
    spec = importlib.util.spec_from_file_location("run_on_linux", folder / "run_on_mac.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    out = tmp_path / "results.jsonl"
    if sys.platform == "darwin":
        pytest.skip("here it would run")
    assert module.main(["--out", str(out)]) == 1
    assert "Core ML runs on macOS alone" in capsys.readouterr().err
    with monkeypatch.context() as patch, quiet():
        patch.setattr(
            module, "sys", SimpleNamespace(platform="darwin", stderr=sys.stderr)
        )  # for the script alone
        patch.setattr(platform, "mac_ver", lambda: ("14.5", ("", "", ""), "arm64"))
        assert module.main(["--out", str(out)]) in (0, 1)
    head, *rows = (json.loads(line) for line in out.read_text().splitlines())
    assert head["coremltools"] >= "9.0"
    assert rows
    for row in rows:
        assert row["error"] == "Failed to load model"  # what coremltools says where there is no Core ML
