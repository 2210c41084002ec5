"""Exported models in timm's registry, and in what is built on it: a detector of our own, and a public segmenter.

timm and segmentation-models-pytorch stand in a folder of their own, so that all other tests run without them.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from dsim.arch import Arch
from dsim.export import write_torch
from tests.export.designs import THINNED, VARIANTS
from tests.export.retinanet import RetinaNet, detection_loss
from tests.export.stand_ins import stand_ins

INSTALLED = Path(sys.prefix) / "with-timm"
INSTALL = f"pip install --no-deps --target {INSTALLED} -c constraints.txt timm segmentation-models-pytorch"
# tokens and two classifiers; attention on maps; pooling before the norm; batch norm in the head
DESIGNS: dict[str, Arch] = {
    "tokens": THINNED["efficientformer_l1"],
    "maps": THINNED["efficientformerv2_s0"],
    "pool-first": THINNED["poolformer_s12"],
    "batch": VARIANTS["a"],
}

ALIKE = ("maps", "batch")  # what the head does with maps, the slow tests see to


@dataclass(frozen=True)
class Libraries:
    """The two libraries."""

    timm: ModuleType
    segmentation: ModuleType


@contextmanager
def _imported() -> Iterator[Libraries]:
    """Import both libraries, and forget them at the end: other tests ask what happens where timm is missing."""
    sys.path.append(str(INSTALLED))
    try:
        with stand_ins():
            yield Libraries(
                importlib.import_module("timm"), importlib.import_module("segmentation_models_pytorch")
            )
    finally:
        sys.path.remove(str(INSTALLED))
        for name in list(sys.modules):
            if name.partition(".")[0] in ("timm", "segmentation_models_pytorch"):
                del sys.modules[name]


@pytest.fixture(scope="module")
def libraries() -> Iterator[Libraries]:
    if not INSTALLED.is_dir():
        pytest.fail(f"timm is missing, and these tests may not be skipped; run: {INSTALL}")
    with _imported() as libraries:
        yield libraries


@pytest.fixture(scope="module")
def written(libraries: Libraries, tmp_path_factory: pytest.TempPathFactory) -> dict[str, ModuleType]:
    """The model.py of each design, imported: that registers it."""
    modules = {}
    for name, arch in DESIGNS.items():
        folder = tmp_path_factory.mktemp(name)
        write_torch(arch, folder, name=name)
        spec = importlib.util.spec_from_file_location(f"model_of_{name}", folder / "model.py")
        assert spec is not None
        assert spec.loader is not None
        modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(modules[name])
    return modules


@pytest.fixture(
    params=[pytest.param(name, marks=pytest.mark.slow if name in ALIKE else ()) for name in DESIGNS]
)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def create(libraries: Libraries, written: dict[str, ModuleType], name: str) -> Callable[..., nn.Module]:
    torch.manual_seed(0)
    return lambda **options: libraries.timm.create_model(written[name].TIMM_NAME, **options)


def _image(channels: int = 3) -> Tensor:
    return torch.randn(2, channels, 100, 75)


def test_timm_lists_the_registered_names(libraries: Libraries, written: dict[str, ModuleType]) -> None:
    names = [f"dsim_{name.replace('-', '_')}" for name in DESIGNS]
    assert libraries.timm.list_models("dsim_*") == sorted(names)


def test_a_backbone_gives_the_maps_of_the_exported_file(
    create: Callable[..., nn.Module], written: dict[str, ModuleType], name: str
) -> None:
    backbone = create(features_only=True).eval()
    own = written[name].create_model(features_only=True).eval()
    own.load_state_dict({key.removeprefix("model."): value for key, value in backbone.state_dict().items()})
    assert backbone.feature_info.channels() == [stage.width for stage in DESIGNS[name].stages]  # type: ignore[union-attr, operator]
    assert backbone.feature_info.reduction() == [4, 8, 16, 32]  # type: ignore[union-attr, operator]
    image = _image()
    with torch.no_grad():
        torch.testing.assert_close(backbone(image), own(image))


def test_some_maps_need_only_the_stages_before_them(create: Callable[..., nn.Module]) -> None:
    some = create(features_only=True, out_indices=(0, 2)).eval()
    image = _image()
    with torch.no_grad():
        first, third = some(image)
    assert (first.shape[-2:], third.shape[-2:]) == ((25, 19), (7, 5))
    assert some.feature_info.reduction() == [4, 16]  # type: ignore[union-attr, operator]
    assert not any(key.startswith(("model.network.6", "model.head")) for key in some.state_dict())


def test_the_head_is_apart_and_can_be_replaced(create: Callable[..., nn.Module], name: str) -> None:
    model = create(num_classes=5).eval()
    width = DESIGNS[name].stages[-1].width
    image = _image()
    with torch.no_grad():
        features = model.forward_features(image)  # type: ignore[operator]
        torch.testing.assert_close(model.forward_head(features), model(image))  # type: ignore[operator]
        assert model.forward_head(features, pre_logits=True).shape == (2, width)  # type: ignore[operator]
        final, maps = model.forward_intermediates(image, indices=2)  # type: ignore[operator]
        torch.testing.assert_close(final, features)
        assert [tuple(m.shape[-2:]) for m in maps] == [(7, 5), (4, 3)]
        assert model.num_features == model.head_hidden_size == width
        heads = model.get_classifier()  # type: ignore[operator]
        assert len(heads if isinstance(heads, tuple) else (heads,)) == 1 + DESIGNS[name].head.distilled
        model.reset_classifier(7)  # type: ignore[operator]
        assert model(image).shape == (2, 7)
        model.reset_classifier(0)  # type: ignore[operator]
        assert model(image).shape == (2, width)


def test_weights_load_into_another_head_other_channels_and_a_backbone(
    create: Callable[..., nn.Module], tmp_path: Path
) -> None:
    from safetensors.torch import save_file

    trained = create()
    path = tmp_path / "weights.safetensors"
    save_file(trained.state_dict(), path)
    there = {"pretrained": True, "pretrained_cfg_overlay": {"file": str(path)}}
    ten, maps, grey = (
        create(num_classes=3, **there),
        create(features_only=True, **there),
        create(in_chans=1, **there),
    )
    before = trained.state_dict()
    for key, value in ten.state_dict().items():
        if key.startswith(("head", "dist_head")):
            assert len(value) == 3
        else:
            torch.testing.assert_close(value, before[key])
    for key, value in maps.state_dict().items():
        torch.testing.assert_close(value, before[key.removeprefix("model.")])
    image = _image(channels=1)
    with torch.no_grad():  # timm adds the colours' weights up
        torch.testing.assert_close(
            grey.eval()(image), trained.eval()(image.repeat(1, 3, 1, 1)), rtol=1e-4, atol=1e-5
        )


def test_checkpoints_of_gradients_change_no_gradient(create: Callable[..., nn.Module]) -> None:
    model = create().train()
    image = _image()
    gradients = []
    for enable in (False, True):
        model.set_grad_checkpointing(enable)  # type: ignore[operator]
        model.zero_grad()
        model(image).square().sum().backward()
        gradients.append([p.grad.clone() for p in model.parameters() if p.grad is not None])
    torch.testing.assert_close(gradients[0], gradients[1], rtol=1e-3, atol=1e-4)


def _falls(model: nn.Module, loss_of: Callable[[nn.Module], Tensor], steps: int = 20) -> bool:
    """Train for some steps; return whether the last five losses are well below the first five."""
    optimiser = torch.optim.AdamW(model.train().parameters(), lr=1e-3)
    losses = []
    for _ in range(steps):
        optimiser.zero_grad()
        loss = loss_of(model)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # at 512x640 one step may leap otherwise
        optimiser.step()
        losses.append(loss.item())
    return sum(losses[-5:]) < 0.8 * sum(losses[:5])


def _detects(libraries: Libraries, name: str, height: int, width: int) -> bool:
    torch.manual_seed(0)
    backbone = libraries.timm.create_model(name, features_only=True)
    model = RetinaNet(backbone, backbone.feature_info.channels(), classes=2)
    images = torch.randn(2, 3, height, width)
    side = height / 4
    boxes = torch.tensor([[height / 4, height / 4, side, side], [height / 2, width / 2, side, side]])
    classes = torch.tensor([0, 1])
    for image, (y, x, *_) in zip(images, boxes.long().tolist(), strict=True):
        image[:, y - int(side / 2) : y + int(side / 2), x - int(side / 2) : x + int(side / 2)] += 3
    return _falls(model, lambda net: detection_loss(net(images), boxes, classes, height))


def _segments(libraries: Libraries, name: str, height: int, width: int) -> bool:
    torch.manual_seed(0)
    small = {"decoder_pyramid_channels": 32, "decoder_segmentation_channels": 32}
    model = libraries.segmentation.FPN(f"tu-{name}", encoder_weights=None, classes=2, **small)
    images = torch.randn(2, 3, height, width)
    labels = torch.zeros(2, height, width, dtype=torch.long)
    labels[:, height // 4 : height // 2, width // 4 : width // 2] = 1
    images += 3 * labels[:, None]
    return _falls(model, lambda net: functional.cross_entropy(net(images), labels))


def test_a_detector_of_our_own_learns(libraries: Libraries, written: dict[str, ModuleType]) -> None:
    assert _detects(libraries, written["tokens"].TIMM_NAME, 64, 96)


def test_a_public_segmenter_learns(libraries: Libraries, written: dict[str, ModuleType]) -> None:
    assert _segments(libraries, written["tokens"].TIMM_NAME, 64, 96)


@pytest.mark.slow
@pytest.mark.parametrize("learns", [_detects, _segments])
def test_both_learn_on_images_of_512x640(
    learns: Callable[[Libraries, str, int, int], bool],
    libraries: Libraries,
    written: dict[str, ModuleType],
    name: str,
) -> None:
    assert learns(libraries, written[name].TIMM_NAME, 512, 640)
