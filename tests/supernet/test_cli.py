"""`dsim supernet` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from dsim.cli.main import dsim
from dsim.report.trained import show_trained
from dsim.supernet import Supernet, Trained
from dsim.supernet.augment import Scaling


def run(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(dsim, list(words))
    return result.exit_code, result.stdout, result.stderr


def test_show_says_what_was_trained_on_what(trained: Supernet) -> None:
    code, out, _ = run("supernet", "show", str(trained.home.folder))
    assert code == 0
    text = " ".join(out.split())
    assert "importance by ablation, on digits, 1,920 images seen" in text
    assert "maps have 8, 4, 2, 1 positions a side. Latency is predicted for 224 px and 4 classes" in text
    assert "stage 3, block 1" in out
    assert "training, planned" in out
    assert f"\n  dsim slim {trained.home.folder} --device iphone12 --budget 2ms\n" in out
    assert f"\n  dsim supernet check {trained.home.folder}\n" in out


@pytest.mark.parametrize(
    "words",
    [("supernet", "train", "nowhere", "--images", "10k"), ("train", "x", "--data", "y", "--images", "10k")],
)
def test_a_training_has_images_of_one_size(words: tuple[str, ...]) -> None:
    code, _, err = run(*words, "--out", "x", "--px", "224,256")
    assert code == 2
    assert "a training has images of one size, got '224,256'; give one side in pixels, such as 224" in err


def test_a_trained_design_ends_with_what_to_do_next(capsys: pytest.CaptureFixture[str]) -> None:
    scaling = Scaling((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    found = Trained(90.0, 88.0, 92.0, 91.0, 600, 3000, 640, "on digits", "random", 32, ("a", "b"), scaling)
    show_trained(found, Path("photos.model"))
    end = " ".join(capsys.readouterr().out.split())
    assert end.endswith("Next: load them as photos.model/README.md shows.")


def test_json_holds_the_same(trained: Supernet) -> None:
    code, out, _ = run("supernet", "show", str(trained.home.folder), "--json")
    facts = json.loads(out)
    assert code == 0
    assert facts["images_seen"] == 1920
    assert facts["map_sides"] == [8, 4, 2, 1]
    assert len(facts["importance"]) == 6


def test_a_check_of_too_few_designs_says_that_it_tells_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    from dsim.report.supernet import show_check
    from dsim.supernet.anchors import Anchor, Check

    anchors = tuple(Anchor("a", 500, 0, 1.0, 1.0, 50.0) for _ in range(4))
    for low, high, said in ((-1.0, 1.0, "Not known yet:"), (0.4, 0.9, ""), (-0.5, 0.2, "Caution:")):
        show_check(Check(anchors, (low + high) / 2, low, high, "on photos"))
        text = " ".join(capsys.readouterr().out.split())
        assert [word for word in ("Not known yet:", "Caution:") if word in text] == ([said] if said else [])
        assert ("--anchors 8 trains only the new ones" in text) == (low < 0.3 <= high)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("supernet", "show", "nowhere"), "nowhere/supernet.toml cannot be read"),
        (
            ("supernet", "train", "nowhere", "--out", "x", "--images", "10k"),
            "does not exist; put the pictures into",
        ),
        (("supernet", "train", "nowhere", "--out", "x", "--images", "lots"), "write 160k or 1.5M"),
        (
            ("supernet", "train", "nowhere", "--out", "x", "--images", "10"),
            "at least those of one step, 128, got 10; show more",
        ),
        (("supernet", "train", "nowhere", "--out", "nowhere/x", "--images", "10k"), "among the pictures"),
        (("train", "poolformer_s12", "--data", "a", "--out", "a", "--images", "10k"), "among the pictures"),
    ],
)
def test_errors_are_one_line(words: tuple[str, ...], message: str, tmp_path: Path) -> None:
    code, _, err = run(*words)
    assert code == 1
    assert message in err
    assert err.count("\n") == 1


def test_two_kinds_of_training_share_no_folder(trained: Supernet, digits: Path) -> None:
    words = ("train", "poolformer_s12", "--data", str(digits), "--images", "10k")
    code, _, err = run(*words, "--out", str(trained.home.folder))
    assert code == 1
    assert f"{trained.home.folder} holds a supernet; name a new folder" in " ".join(err.split())
    assert not (trained.home.folder / "training.toml").exists()
