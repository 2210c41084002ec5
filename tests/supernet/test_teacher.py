"""A teacher: a trained model whose decisions are learned beside the labels."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from dsim.errors import DsimError
from dsim.supernet import Supernet, load_supernet, train, train_design
from dsim.supernet.evaluator import batches_of
from dsim.supernet.images import read_images
from dsim.supernet.ledger import Ledger
from dsim.supernet.teacher import load_teacher
from dsim.supernet.way import Targets
from tests.supernet.conftest import OPTIONS
from tests.supernet.small import write_digits

SHORT = {"images": 32 * 12, "batch": 32, "threads": 1, "precision": "float32", "flip": False}


@pytest.fixture(scope="module")
def teacher(trained: Supernet, digits: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "digits.model"
    train_design(trained.arch(trained.choices.largest), digits, folder, start=trained, **SHORT)
    return folder


def test_it_decides_as_the_written_model_does(teacher: Path, trained: Supernet) -> None:
    spec = trained.header.spec
    taught = load_teacher(teacher, spec, trained.images)
    decided, labels = [], []
    for images, wanted in batches_of(trained.images.search, trained.header.scaling, spec):
        decided.append(taught(images))
        labels.append(wanted)
    right = (torch.cat(decided) == torch.cat(labels)).float().mean()
    from dsim.supernet.trained_model import read_trained

    assert 100 * float(right) == pytest.approx(read_trained(teacher)[1].search_accuracy)


def test_the_loss_is_half_on_each_by_hand() -> None:
    """Two classes, one picture: cross entropy is log(1 + exp(wrong - right))."""
    scores = torch.tensor([[[2.0, 0.0]], [[0.5, 1.5]]])  # (classifiers, pictures, classes)
    targets = Targets(torch.tensor([0]), torch.tensor([1]))
    first, second = (torch.log1p(torch.exp(torch.tensor(gap))) for gap in (-2.0, -1.0))
    assert float(targets.loss(scores, 0.0)) == pytest.approx(float(first + second) / 2)
    assert torch.equal(targets.merged(scores), torch.tensor([[1.25, 0.75]]))
    one = scores[:1]  # a single classifier learns both
    wrong = torch.log1p(torch.exp(torch.tensor(2.0)))
    assert float(targets.loss(one, 0.0)) == pytest.approx(float(first + wrong) / 2)


@pytest.mark.parametrize("importance", ["ablation", pytest.param("gumbel", marks=pytest.mark.slow)])
def test_a_taught_supernet_keeps_its_books(
    importance: str, teacher: Path, digits: Path, tmp_path: Path
) -> None:
    options = {**OPTIONS, "subnets": 1, "images": 32 * 4, "importance": importance}
    found = train(digits, tmp_path / "taught", teacher=teacher, **options)
    assert any(note.startswith("taught by digits.model, ") for note in found.header.notes)
    ledger = Ledger.read(found.home.ledger_path)
    planned, spent = ledger.planned["training"], ledger.spent["training"]
    assert (planned.passes, planned.macs) == (spent.passes, spent.macs)
    passes = 4 if importance == "ablation" else 1
    assert spent.passes == 4 * (passes + 1)
    taught = found.net.arch(found.choices.largest).to_graph().macs  # the teacher is the largest design
    own = sum(_way_macs(found, step) for step in range(4))
    assert spent.macs == 32 * (3 * own + 4 * taught)
    with pytest.raises(DsimError, match="asks for something else: teacher"):
        train(digits, tmp_path / "taught", **options)
    state = load_file(found.home.state_path)
    gradient = state["exp_avg/head.dist_head.weight"] - state["exp_avg/head.head.weight"]
    assert gradient.abs().max() > 0  # without a teacher, both classifiers have the same gradient


def _way_macs(found: Supernet, step: int) -> int:
    from dsim.supernet.ways import WAYS

    spec = found.header.spec
    return WAYS[spec.importance](found.net, spec, spec.steps).macs(step)


def test_a_taught_design_says_so(teacher: Path, digits: Path, tmp_path: Path, trained: Supernet) -> None:
    design = trained.arch(trained.choices.smallest)
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        result = train_design(design, digits, folder, teacher=teacher, **{**SHORT, "images": 64})
    assert result.teacher.startswith("digits.model, ")
    assert "taught by digits.model" in (folders[0] / "README.md").read_text()
    one, two = (load_file(folder / "weights.safetensors") for folder in folders)
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_a_teacher_that_does_not_fit_is_refused(teacher: Path, trained: Supernet, tmp_path: Path) -> None:
    spec = trained.header.spec
    other = read_images(write_digits(tmp_path / "three", 20, 3), 32)
    with pytest.raises(DsimError, match="must know the classes that are trained, 3 from digit-0"):
        load_teacher(teacher, spec, other)
    with pytest.raises(DsimError, match="must be trained on images of the same size, got 32 px and 28 px"):
        load_teacher(teacher, spec, read_images(trained.data, 28))
    with pytest.raises(DsimError, match="may have seen test images"):
        load_teacher(teacher, spec, read_images(trained.data, 32, seed=1))
    with pytest.raises(DsimError, match=r"cannot be read.*name a folder that `dsim train` made"):
        load_teacher(tmp_path, spec, trained.images)
    assert load_supernet(trained.home.folder).header.asked.teacher == ""
