"""A bundle for an Android phone, its script against an adb that is made up, and the way back to networks and contrasts."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner

from dsim.arch import get_preset
from dsim.cli.main import dsim
from dsim.device import find_profile
from dsim.device.add import read_measurements
from dsim.errors import FileFormatError, InvalidValueError
from dsim.latency import load_model
from dsim.measure.android import AndroidBundle, write_android_bundle
from dsim.measure.coreml.probes import probes
from dsim.measure.planned import Planned
from tests.export.designs import thin

DESIGNS = [
    thin(get_preset(name)) for name in ("efficientformer_l1", "poolformer_s12", "efficientformerv2_s0")
]
FEW = probes()[:4]  # one block with ReLU and with GELU, each once and four times
BLOCK_MS = {"relu": 0.2, "gelu": 0.5}
START_MS = 1.0
PHONE = """\
place="$(dirname "$0")/on-the-phone"
case "$1 $2 $3" in
"push "*) cp "$2" "$place" ;;
*ro.product.model) echo "Pixel 9" ;;
*ro.build.version.release) echo 16 ;;
*ro.soc.model) echo "Tensor G4" ;;
*) cat "$place" ;;
esac
"""
# benchmark_model's own words, with numbers in their places
LOG = """\
INFO: STARTING!
INFO: Explicitly applied GPU delegate, and the model graph will be {how} executed by the delegate.
INFO: count=1 curr=99999999 p5=99999999 median=99999999 p95=99999999
INFO: count=100 first=9 curr=9 min=9 max=9 avg={average} std=20 p5=9 median={us} p95=9
INFO: Inference timings in us: Init: 5, First inference: 9, Warmup (avg): 9, Inference (avg): {average}
"""


def made_up(planned: Planned, path: Path) -> None:
    """Write what the phone is to say of a network: a start, and the same for each block or operator."""
    kinds = [str(op.kind) for op in planned.graph.ops]
    copies = int(planned.key.partition("@")[0].rpartition("-x")[2]) if "-x" in planned.key else 0
    each = next((ms for name, ms in BLOCK_MS.items() if f"-{name}-" in planned.key), 0.0)
    us = 1e3 * (START_MS + copies * each if copies else 0.01 * len(kinds))
    how = "partially" if "softmax" in kinds else "completely"
    path.write_text(LOG.format(how=how, us=us, average=1.1 * us))


@pytest.fixture
def bundle(tmp_path: Path) -> AndroidBundle:
    (tmp_path / "phone.sh").write_text(PHONE)
    return write_android_bundle(DESIGNS, tmp_path / "bundle", probes=FEW, convert=made_up)


def script_of(bundle: AndroidBundle) -> ModuleType:
    spec = importlib.util.spec_from_file_location("run_on_android_here", bundle.folder / "run_on_android.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def timed(bundle: AndroidBundle, *words: str) -> tuple[int, Path]:
    out = bundle.folder.parent / "results.jsonl"
    phone = f"sh {bundle.folder.parent / 'phone.sh'}"
    return script_of(bundle).main(["--adb", phone, "--out", str(out), *words]), out


def test_a_bundle_goes_on_where_it_stopped(bundle: AndroidBundle) -> None:
    assert (bundle.designs, bundle.probes, bundle.kept, bundle.waiting) == (3, 4, 0, 0)
    again = write_android_bundle(DESIGNS, bundle.folder, probes=FEW, convert=made_up)
    assert (again.kept, again.digest) == (7, bundle.digest)
    with pytest.raises(InvalidValueError, match="at least one design"):
        write_android_bundle([], bundle.folder, convert=made_up)


def test_ctrl_c_keeps_what_was_converted_and_does_not_call_it_complete(tmp_path: Path) -> None:
    def stop(done: int, total: int, what: str) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_android_bundle(DESIGNS, tmp_path / "b", stop, probes=FEW, convert=made_up)
    raw = json.loads((tmp_path / "b" / "manifest.json").read_text())
    assert (len(raw["entries"]), raw["complete"]) == (2, False)
    assert write_android_bundle(DESIGNS, tmp_path / "b", probes=FEW, convert=made_up).kept == 2


def test_what_cannot_be_converted_is_named(tmp_path: Path) -> None:
    def fails(planned: Planned, path: Path) -> None:
        raise RuntimeError(f"no way to write {planned.key}\nand more")

    found = write_android_bundle(DESIGNS[:1], tmp_path / "b", convert=fails)
    assert found.designs == 0
    assert found.left_out[0].endswith(f"no way to write {found.left_out[0].partition(':')[0]}")


def test_networks_and_contrasts_come_back_as_the_phone_timed_them(
    bundle: AndroidBundle, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out = timed(bundle, "--unit", "gpu")
    assert code == 0
    found = read_measurements([out])
    assert found.stack is not None
    assert (found.stack.compute_unit, found.stack.soc, found.stack.runtime) == (
        "GPU",
        "Tensor G4",
        "LiteRT, Android 16",
    )
    for one, arch in zip(found.networks, DESIGNS, strict=True):
        graph = arch.to_graph()
        assert one.latency_ms == pytest.approx(0.01 * len(tuple(graph.ops)))  # the median, not the average
        assert one.error_ms == pytest.approx(0.002)  # 20 us over 100 runs
        assert one.beside == pytest.approx(
            {"p95_ms": 0.009, "load_ms": 0.014}
        )  # 5 us, and 9 for the first run
        # the delegate did not take a network whole that holds a softmax
        assert bool(one.cliff) == any(str(op.kind) == "softmax" for op in graph.ops)
    (contrast,) = found.contrasts
    assert contrast["choice"] == "activation:relu>gelu"
    assert (float(contrast["a_ms"]), float(contrast["b_ms"])) == pytest.approx((0.2, 0.5), rel=1e-3)
    lines = out.read_text().splitlines()
    assert timed(bundle, "--unit", "gpu")[0] == 0  # nothing is left to do
    assert out.read_text().splitlines() == lines
    capsys.readouterr()
    assert timed(bundle, "--unit", "cpu")[0] == 1  # another unit is another file
    assert "was begun with unit 'gpu'" in capsys.readouterr().err
    (bundle.folder / "models" / FEW[0].name / "model.tflite").write_text("other")
    out.unlink()
    assert timed(bundle)[0] == 1
    assert "was changed since dsim wrote it" in capsys.readouterr().err


def test_a_phone_that_is_not_there_is_one_line(
    bundle: AndroidBundle, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        script_of(bundle).main(["--adb", "no-such-adb", "--out", str(bundle.folder.parent / "r.jsonl")]) == 1
    )
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ms": -1.0}, "ms must be a positive number"),
        ({"ms": "fast"}, "ms must be a positive number"),
        ({"load_ms": "soon"}, "load_ms must be a positive number"),
        ({"kind": "chain"}, "kind must be design or probe"),
        ({"id": 3}, "id must be a text"),
    ],
)
def test_damage_names_its_line(bundle: AndroidBundle, change: dict[str, object], message: str) -> None:
    out = timed(bundle)[1]
    head, first, *_ = out.read_text().splitlines()
    out.write_text(f"{head}\n{json.dumps({**json.loads(first), **change})}\n")
    with pytest.raises(FileFormatError, match="line 2: ") as caught:
        read_measurements([out])
    assert message in str(caught.value)
    out.write_text(json.dumps({**json.loads(head), "unit": "tpu"}) + "\n")
    with pytest.raises(FileFormatError, match="line 1: unit must be one of cpu, gpu, nnapi"):
        read_measurements([out])


@pytest.mark.slow
def test_from_a_phone_to_a_profile(bundle: AndroidBundle, monkeypatch: pytest.MonkeyPatch) -> None:
    out = timed(bundle)[1]
    monkeypatch.setenv("DSIM_PROFILES", str(out.parent / "profiles"))
    load_model.cache_clear()
    done = CliRunner().invoke(dsim, ["device", "add", str(out), "--name", "my-phone", "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["networks"] == 3
    profile = find_profile("my-phone")
    assert (profile.compute_unit, profile.threads, profile.runtime) == ("CPU", "1", "LiteRT, Android 16")
    assert [one.choice for one in profile.contrasts] == ["activation:relu>gelu"]
    assert [(one.p95_ms, one.load_ms) for one in profile.networks] == [(0.009, 0.014)] * 3
    shown = CliRunner().invoke(dsim, ["device", "show", "my-phone"])
    assert shown.exit_code == 0, shown.output
    load_model.cache_clear()
