"""Exported models: they run alone, train, and serve as backbones at other image sizes."""

from __future__ import annotations

import ast
import importlib.util
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
import torch
from hypothesis import HealthCheck, given, settings

from dsim.arch import PRESETS, Arch, Downsample, Mixer, Stage, get_preset
from dsim.export import build_module, write_torch
from dsim.export.torch_source import model_source
from dsim.supernet.images import MOST_PX
from tests.export.designs import THINNED, TINY
from tests.strategies import archs

L1 = get_preset("efficientformer_l1")
FAMILIES = ("efficientformer_l1", "efficientformerv2_s0", "poolformer_s12")


def _with_attention_in_stage_3(resolution: int = 224) -> Arch:
    stages = list(L1.stages)
    stages[2] = Stage.of(32, 2, Mixer.POOLING, downsample=Downsample.CONV_NORM, attention_blocks=1)
    return replace(L1, stages=tuple(stages), resolution=resolution)


def test_the_folder_holds_a_model_that_runs_alone(tmp_path: Path) -> None:
    files = write_torch(L1, tmp_path / "l1", notes=("latency on some phone: 1.4 ms",))
    assert [path.name for path in files] == ["model.py", "arch.json", "README.md"]
    assert Arch.from_json((tmp_path / "l1" / "arch.json").read_text()) == L1
    readme = (tmp_path / "l1" / "README.md").read_text()
    assert "12,289,928" in readme
    assert "1,291,284,736" in readme
    assert "latency on some phone: 1.4 ms" in readme
    # -I: no site folder of the user, no current folder: dsim cannot be imported by chance
    run = subprocess.run(
        [sys.executable, "-I", str(files[0])],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        timeout=120,
    )
    assert run.stdout.splitlines() == ["parameters: 12,289,928", "output shape: (1, 1000)"]


def test_writing_a_model_loads_no_torch(tmp_path: Path) -> None:
    code = (
        "import sys; from dsim.arch import get_preset; from dsim.export import write_torch;"
        f"write_torch(get_preset('poolformer_s12'), {str(tmp_path / 'x')!r}); assert 'torch' not in sys.modules"
    )
    root = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120, cwd=root)


@pytest.mark.parametrize("name", PRESETS)
def test_the_file_imports_torch_only_and_holds_no_dead_code(name: str) -> None:
    source = model_source(get_preset(name), name)
    tree = ast.parse(source)
    modules = {
        (node.module or "") if isinstance(node, ast.ImportFrom) else alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    standard = {"__future__", "collections", "sys", "types", "typing", "warnings"}
    # timm's is the one import that may fail: see the tests without timm, and with a broken one
    assert {module.split(".")[0] for module in modules} <= {*standard, "torch", "timm"}
    defined = [node for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)]
    used = {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    assert {node.name for node in defined} <= used
    assert all(ast.get_docstring(node) for node in defined)
    imported = {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom) and getattr(node, "module", "") != "__future__"
        for alias in node.names
    }
    assert imported <= used
    assert max(len(line) for line in source.splitlines()) <= 110


def _imported(folder: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("model_to_import", folder / "model.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_file_can_be_imported_where_timm_is_missing_or_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_torch(TINY, tmp_path, name="tiny")
    monkeypatch.setitem(sys.modules, "timm", None)  # what Python itself puts there to refuse an import
    assert _imported(tmp_path).create_model(3).eval()(torch.zeros(1, 3, 32, 32)).shape == (1, 3)
    monkeypatch.delitem(sys.modules, "timm")
    (tmp_path / "timm").mkdir()
    (tmp_path / "timm" / "__init__.py").write_text(
        "raise RuntimeError('operator torchvision::nms does not exist')"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.warns(UserWarning, match=r"it does not know dsim_tiny: operator torchvision::nms"):
        _imported(tmp_path)


def test_only_what_a_design_uses_is_there() -> None:
    plain = model_source(get_preset("poolformer_s12"), "s12")
    assert "Attention" not in plain
    assert "LinearMlp" not in plain
    assert "def group_norm" in plain
    assert "group_norm" not in model_source(L1, "l1")


@pytest.mark.parametrize("name", ["it's mine", '"""', "back\\", 'two\nlines"', ""])
def test_a_name_cannot_break_the_file(tmp_path: Path, name: str) -> None:
    write_torch(L1, tmp_path, name=name)
    assert ast.get_docstring(ast.parse((tmp_path / "model.py").read_text()))


@pytest.mark.parametrize("name", FAMILIES)
def test_four_maps_at_512x640(name: str) -> None:
    arch = THINNED[name]
    backbone = build_module(arch, features_only=True).eval()
    with torch.no_grad():
        maps = backbone(torch.randn(1, 3, 512, 640))
    assert [tuple(m.shape) for m in maps] == [
        (1, stage.width, 512 // stride, 640 // stride)
        for stage, stride in zip(arch.stages, (4, 8, 16, 32), strict=True)
    ]
    assert all(torch.isfinite(m).all() for m in maps)


def test_maps_with_token_blocks_in_stages_3_and_4() -> None:
    backbone = build_module(_with_attention_in_stage_3(64), features_only=True).eval()
    with torch.no_grad():
        shapes = [tuple(m.shape) for m in backbone(torch.randn(2, 3, 96, 64))]
    assert shapes == [(2, 48, 24, 16), (2, 96, 12, 8), (2, 32, 6, 4), (2, 448, 3, 2)]


@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(archs(max_depth=2, resolutions=(64,)))
def test_random_designs_run_at_sizes_that_are_not_multiples_of_32(arch: Arch) -> None:
    module = build_module(arch).eval()
    with torch.no_grad():
        scores = module(torch.randn(2, 3, 100, 75))
    assert scores.shape == (2, arch.num_classes)
    assert torch.isfinite(scores).all()


@pytest.mark.parametrize("name", ["efficientformer_l1", "efficientformerv2_s0"])
def test_backbone_maps_are_those_inside_the_classifier(name: str) -> None:
    arch = replace(get_preset(name), resolution=64)
    classifier = build_module(arch).eval()
    backbone = build_module(arch, features_only=True).eval()
    left = backbone.load_state_dict(classifier.state_dict(), strict=False)
    assert not left.missing_keys
    assert all(key.startswith(("norm", "head", "dist_head")) for key in left.unexpected_keys)
    seen: list[torch.Tensor] = []
    for place in (0, 2, 4, 6):
        classifier.get_submodule(f"network.{place}").register_forward_hook(
            lambda _m, _i, out: seen.append(out)
        )
    image = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        classifier(image)
        maps = backbone(image)
    for inside, given_out in zip(seen, maps, strict=True):
        flat = given_out.flatten(2).transpose(1, 2) if inside.ndim == 3 else given_out
        torch.testing.assert_close(inside, flat)


def test_stretched_biases_agree_where_grids_agree() -> None:
    """A table that is linear in the offset stays so: at twice the size less one, every second entry is the old one."""
    module = build_module(replace(L1, resolution=128))
    attention = module.get_submodule("network.6.4.token_mixer")
    table = attention.get_parameter("attention_biases")
    with torch.no_grad():
        table.copy_(torch.randn(8, 16))
        old, new = attention.bias((4, 4)), attention.bias((7, 7))  # type: ignore[operator]
    corner = new[:, 0].view(8, 7, 7)[:, ::2, ::2]
    torch.testing.assert_close(corner, old[:, 0].view(8, 4, 4))


@pytest.mark.parametrize("name", FAMILIES)
def test_training_reaches_every_parameter(name: str) -> None:
    torch.manual_seed(0)
    model = build_module(THINNED[name], drop_path_rate=0.1).train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3)
    images, labels = torch.randn(4, 3, 64, 64), torch.tensor([0, 1, 2, 3])
    losses = []
    for step in range(4):
        for block in model.modules():
            if step == 0 and hasattr(block, "drop_path_rate"):
                block.drop_path_rate = 0.0  # the first step must reach all branches
        optimiser.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        if step == 0:
            missing = [
                name for name, p in model.named_parameters() if p.grad is None or not p.grad.isfinite().all()
            ]
            assert missing == []
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]


def test_initial_weights_are_sane() -> None:
    torch.manual_seed(0)
    model = build_module(get_preset("efficientformer_l1")).eval()
    weights = torch.cat([p.flatten() for n, p in model.named_parameters() if n.endswith("fc1.weight")])
    assert weights.mean().abs() < 1e-3
    assert abs(weights.std().item() - 0.02) < 1e-3
    assert weights.abs().max() <= 2
    assert {p.unique().item() for n, p in model.named_parameters() if "layer_scale" in n} == {
        torch.tensor(1e-5).item()
    }
    with torch.no_grad():
        scores = model(torch.randn(2, 3, 224, 224))
    assert torch.isfinite(scores).all()
    assert scores.abs().max() < 10


def test_distilled_training_gives_both_scores() -> None:
    model = build_module(replace(L1, resolution=32, num_classes=5))
    image = torch.randn(2, 3, 32, 32)
    assert model.train()(image).shape == (2, 5)
    model.distilled_training = True  # type: ignore[assignment]
    both = model(image)
    assert isinstance(both, tuple)
    assert [tuple(s.shape) for s in both] == [(2, 5), (2, 5)]
    assert model.eval()(image).shape == (2, 5)


def test_stochastic_depth_grows_and_spares_inference() -> None:
    model = build_module(replace(L1, resolution=32), drop_path_rate=0.2)
    rates = [block.drop_path_rate for block in model.modules() if hasattr(block, "drop_path_rate")]
    assert rates == sorted(rates)
    assert rates[0] == 0
    assert rates[-1] == pytest.approx(0.2)
    image = torch.randn(1, 3, 32, 32)
    with torch.no_grad():
        assert torch.equal(model.eval()(image), model(image))


def test_the_readme_names_sizes_that_dsim_train_takes(tmp_path: Path) -> None:
    write_torch(replace(L1, resolution=640), tmp_path)
    assert (
        f"dsim train arch.json --data PICTURES --images 1M --px {MOST_PX}"
        in (tmp_path / "README.md").read_text()
    )


def test_the_readme_of_another_design_makes_no_claim_about_checkpoints(tmp_path: Path) -> None:
    write_torch(replace(L1, resolution=256), tmp_path)
    assert "checkpoint" not in (tmp_path / "README.md").read_text()
    assert json.loads((tmp_path / "arch.json").read_text())["resolution"] == 256
