"""One of a shortlist is written with its weights; and what is refused before anything slow."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import dsim
from dsim.cli.main import dsim as command
from dsim.errors import InvalidValueError, MissingPackageError
from dsim.export.timm_weights import require_timm
from dsim.shelf import ShelfLimits, Shortlist
from dsim.shelf.export import chosen_of

NAME = "repvit_m0_9.dist_300e_in1k"


def run(*words: str) -> Result:
    return CliRunner().invoke(command, ["shortlist", "--device", "iphone12", "--budget", "2ms", *words])


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--name", NAME), 2, "add --export DIR"),
        (("--export", "x", "--budget", "1ms,2ms"), 2, "leave all but one out"),
        # told before anything is priced: nothing fits so small a budget
        (("--export", "/dev/null/x", "--to", "onnx", "--budget", "0.0001ms"), 1, "/dev/null"),
    ],
)  # fmt: skip
def test_bad_input_ends_in_one_line(words: tuple[str, ...], code: int, said: str) -> None:
    done = run(*words)
    assert done.exit_code == code, done.output
    assert said in done.output
    assert "Writing" not in done.output


def test_where_nothing_fits_nothing_is_written() -> None:
    with pytest.raises(InvalidValueError, match="an export needs a network that fits"):
        chosen_of(Shortlist("iphone12", 0.1, 0.9, ShelfLimits(), (), 900))


def test_a_name_must_be_on_the_list() -> None:
    with pytest.raises(InvalidValueError, match="name must be of a network on the list, got 'vit_huge'"):
        chosen_of(dsim.shortlist("iphone12", "2ms"), "vit_huge")


def _timm_loads() -> bool:
    if importlib.util.find_spec("timm") is None:
        return False
    try:
        require_timm()
    except MissingPackageError:
        return False
    return True


@pytest.mark.skipif(_timm_loads(), reason="says what happens without timm")
def test_without_timm_one_line_says_what_to_install(tmp_path: Path) -> None:
    done = run("--export", str(tmp_path / "x"), "--to", "onnx")
    assert done.exit_code == 1
    assert "timm" in done.output
    assert "install" in done.output
    assert "Writing" not in done.output
    assert not (tmp_path / "x").exists()


@pytest.mark.slow
def test_it_is_written_with_its_weights_and_its_branches_merged(tmp_path: Path) -> None:
    """Weights come from a file, so that nothing is downloaded."""
    timm = pytest.importorskip("timm")
    import onnxruntime
    import torch

    torch.manual_seed(3)
    plain = timm.create_model(NAME)
    for layer in plain.modules():  # statistics that are not those of a new network: merging must use them
        if isinstance(layer, torch.nn.BatchNorm2d | torch.nn.BatchNorm1d):
            torch.nn.init.uniform_(layer.running_mean, -0.2, 0.2)
            torch.nn.init.uniform_(layer.running_var, 0.5, 1.5)
    torch.save(plain.state_dict(), tmp_path / "weights.pth")
    words = ("--export", str(tmp_path / "app"), "--name", NAME, "--to", "onnx")
    done = run(*words, "--weights", str(tmp_path / "weights.pth"), "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["name"], told["px"], told["licence"]) == (NAME, 224, "apache-2.0")
    image = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        wanted = plain.eval()(image)
    session = onnxruntime.InferenceSession(tmp_path / "app" / "model.onnx")
    (scores,) = session.run(None, {"image": image.numpy()})
    torch.testing.assert_close(torch.from_numpy(scores), wanted, rtol=1e-3, atol=1e-3)
    text = (tmp_path / "app" / "README.md").read_text(encoding="utf-8")
    assert "licence of the weights: apache-2.0" in text
    assert "its branches are merged" in text
    missing = run(*words, "--weights", str(tmp_path / "none.pth"))
    assert missing.exit_code == 1
    assert "must be a file of weights" in missing.output
