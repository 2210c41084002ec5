"""The parts of the paper's recipe, each against arithmetic by hand."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from dsim.errors import DsimError
from dsim.supernet.images import Images, Part
from dsim.supernet.paper.clipping import clip
from dsim.supernet.paper.disk import OnDisk, images_on_disk
from dsim.supernet.paper.feed import Places, picture_at
from dsim.supernet.paper.mixing import cut_box, erase, mix
from dsim.supernet.paper.published_teacher import check_classes, checked
from dsim.supernet.paper.settings import SCALING, learning_rate
from dsim.supernet.paper.views import CHANGES, crop, view
from dsim.supernet.spec import TrainSpec
from dsim.supernet.way import label_loss


def test_the_learning_rate_rises_for_five_epochs_of_three_hundred_and_falls_to_the_last() -> None:
    steps = 300 * 10
    assert learning_rate(0, steps, 2e-3) == pytest.approx(1e-6)
    assert learning_rate(25, steps, 2e-3) == pytest.approx((1e-6 + 2e-3) / 2)  # half of 50
    assert learning_rate(50, steps, 2e-3) == pytest.approx(2e-3)
    assert learning_rate(50 + 2950 // 2, steps, 2e-3) == pytest.approx((1e-5 + 2e-3) / 2)
    assert learning_rate(steps - 1, steps, 2e-3) == pytest.approx(1e-5, rel=1e-2)


def test_gradients_are_clipped_by_output() -> None:
    weight = nn.Parameter(torch.tensor([[3.0, 4.0], [0.0, 0.0]]))  # norms 5 and 0
    weight.grad = torch.tensor([[0.0, 1.0], [0.3, 0.4]])
    clip([weight], 0.01)
    # the first may have 0.01 * 5, the second 0.01 * 0.001, for zeros must move
    assert weight.grad.tolist() == [pytest.approx([0.0, 0.05]), pytest.approx([6e-6, 8e-6])]
    small = nn.Parameter(torch.tensor([10.0]))
    small.grad = torch.tensor([0.05])
    clip([small], 0.01)
    assert float(small.grad) == pytest.approx(0.05)


def test_each_picture_has_three_views_in_an_epoch_that_shows_a_third() -> None:
    first, second = (
        [picture_at(place, 30, seed=0) for place in range(start, start + 30)] for start in (0, 30)
    )
    for epoch in (first, second):
        assert sorted(Counter(epoch).values()) == [3] * 10
    assert set(first) != set(second)


def test_processes_share_a_step_and_continue_anywhere() -> None:
    spec = TrainSpec(images=32, batch=8, shards=2)
    whole = [list(Places(spec, range(n, n + 1), 0, n)) for n in (0, 1)]
    both = [place for pair in zip(*whole, strict=True) for places in pair for place in places]
    assert both == list(range(32))
    later = Places(spec, range(2), 1, 1)
    assert list(later) == [
        [*range(12, 16)],
        [*range(16, 20)],
        [*range(20, 24)],
        [*range(24, 28)],
        [*range(28, 32)],
    ]
    assert len(later) == 5


def test_mixed_labels_are_shares_of_what_is_seen() -> None:
    images = torch.zeros(2, 3, 16, 16)
    images[1] = 1.0
    cuts = 0
    for seed in range(20):
        mixed, shares = mix(images, torch.tensor([0, 2]), 3, np.random.default_rng(seed))
        assert shares.sum(dim=1).tolist() == pytest.approx([1.0, 1.0])
        # the second class's share of the first picture is what is seen of it, pasted or faded
        assert float(mixed[0].mean()) == pytest.approx(float(shares[0, 2]), abs=1e-6)
        assert float(mixed[1].mean()) == pytest.approx(float(shares[1, 2]), abs=1e-6)
        cuts += set(mixed.unique().tolist()) <= {0.0, 1.0}
    assert 0 < cuts < 20


def test_a_box_is_cut_at_the_edges() -> None:
    class Corner(np.random.Generator):
        def integers(self, *args: object, **kwargs: object) -> int:  # type: ignore[override]
            return 0

    assert cut_box(16, 16, 0.75, Corner(np.random.PCG64(0))) == (0, 4, 0, 4)  # 8 x 8 around the corner


def test_the_loss_of_shares_is_the_mean_of_the_losses() -> None:
    scores = torch.randn(1, 4)
    apart = [label_loss(scores, torch.tensor([label]), 0.1) for label in (1, 3)]
    shares = torch.tensor([[0.0, 0.25, 0.0, 0.75]])
    assert float(label_loss(scores, shares, 0.1)) == pytest.approx(
        float(0.25 * apart[0] + 0.75 * apart[1]), rel=1e-5
    )


def test_a_quarter_is_erased_in_a_box() -> None:
    images = torch.full((400, 3, 16, 16), 9.0)
    erase(images, np.random.default_rng(0))
    changed = (images != 9.0).any(dim=1)
    erased = changed.flatten(1).any(dim=1)
    assert 70 <= int(erased.sum()) <= 130  # 100 of 400, five standard deviations of 8.7 around
    area = changed[erased].float().mean(dim=(1, 2))
    assert float(area.min()) > 0.01
    assert float(area.max()) < 0.4


def test_views_are_of_the_size_and_depend_on_the_draws_alone() -> None:
    picture = Image.fromarray(np.random.default_rng(1).integers(0, 256, (40, 60, 3), dtype=np.uint8))
    for seed in range(30):
        left, top, right, bottom = crop(60, 40, np.random.default_rng(seed))
        assert 0 <= left < right <= 60
        assert 0 <= top < bottom <= 40
        one, again = (view(picture, 32, True, np.random.default_rng(seed)) for _ in range(2))
        assert one.shape == (3, 32, 32)
        assert np.array_equal(one, again)


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_keeps_a_picture_a_picture(name: str) -> None:
    picture = Image.fromarray(np.random.default_rng(1).integers(0, 256, (32, 32, 3), dtype=np.uint8))
    for strength in (0.0, 0.9, 1.0):
        for sign in (-1, 1):
            changed = CHANGES[name](picture, strength, sign)
            assert (changed.size, changed.mode) == ((32, 32), "RGB")
    assert (
        not np.array_equal(np.asarray(CHANGES[name](picture, 0.9, 1)), np.asarray(picture))
        or "contrast" in name
    )


def test_a_broken_picture_gives_its_place_to_the_next(tmp_path: Path) -> None:
    paths = tuple(tmp_path / f"{number}.png" for number in range(3))
    for number, path in enumerate(paths):
        Image.new("RGB", (20, 30), (number, 0, 0)).save(path)
    paths[1].write_bytes(b"no picture")
    seen = OnDisk(paths, 16)[0:3]
    assert seen.shape == (3, 3, 16, 16)
    assert [int(one[0, 0, 0]) for one in seen] == [0, 2, 2]
    for path in paths:
        path.write_bytes(b"no picture")
    with pytest.raises(DsimError, match="cannot be read as pictures"):
        OnDisk(paths, 16)[0:1]


def test_the_folder_needs_its_own_parts(tmp_path: Path) -> None:
    for name in ("cats", "dogs"):
        (tmp_path / name).mkdir()
        Image.new("RGB", (20, 20)).save(tmp_path / name / "1.png")
    with pytest.raises(DsimError, match="must hold train/ and val/ for the paper's recipe"):
        images_on_disk(tmp_path, 32)


class Published(nn.Module):
    """What timm's networks have, in small."""

    def __init__(self, mean: tuple[float, ...] = SCALING.mean, classes: int = 1000) -> None:
        super().__init__()
        self.pretrained_cfg = {"mean": mean, "std": SCALING.std}
        self.num_classes = classes
        self.layers = nn.Sequential(nn.Conv2d(3, 4, 8, 8), nn.Flatten(), nn.Linear(64, classes))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.layers(images)


def test_a_published_teacher_sees_images_as_the_recipe_scales_them() -> None:
    assert checked("timm:small", Published(), 32)[1] == 16 * 4 * 3 * 64 + 64 * 1000
    for other in (Published(mean=(0.5, 0.5, 0.5)), Published(classes=10)):
        with pytest.raises(DsimError, match="a teacher must see images less"):
            checked("timm:other", other, 32)


def test_a_published_teacher_decides_among_imagenets_classes() -> None:
    def images(classes: tuple[str, ...]) -> Images:
        part = Part(np.zeros((1, 3, 32, 32), np.uint8), np.zeros(1, np.int64))
        return Images("some", classes, part, part, part, 32, "", "", ())

    paper = TrainSpec(images=128, recipe="paper")
    imagenet = images(tuple(f"n{number:08}" for number in range(1000)))
    check_classes("timm:small", paper, imagenet)
    for spec, given, says in (
        (paper, images(("cats", "dogs")), "ImageNet's 1000 classes"),
        (TrainSpec(images=128), imagenet, "with --recipe plain"),
    ):
        with pytest.raises(DsimError, match=says):
            check_classes("timm:small", spec, given)
