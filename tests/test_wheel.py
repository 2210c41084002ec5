"""The wheel, installed in an empty environment elsewhere, does the main job with the profiles that it carries."""

from __future__ import annotations

import json
import os
import subprocess
import zipfile
from pathlib import Path

import pytest

from lab.places import ROOT
from lab.validate.wheel import build_wheel, install_wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


def test_wheel_carries_profiles_data_and_notices(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    profiles = ROOT / "device_profiles"
    for file in profiles.rglob("*"):
        if file.is_file():
            assert f"dsim/device_profiles/{file.relative_to(profiles).as_posix()}" in names
    for file in (ROOT / "dsim" / "data").rglob("*"):
        if file.is_file():
            assert file.relative_to(ROOT).as_posix() in names
    for file in (ROOT / "dsim" / "report" / "page" / "templates").iterdir():
        assert file.relative_to(ROOT).as_posix() in names
    assert any(name.endswith("licenses/NOTICE") for name in names)
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_wheel_carries_no_laboratory_and_no_tests(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.partition("/")[0] for name in archive.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"dsim"}


@pytest.mark.slow
def test_installed_elsewhere_it_does_the_main_job(wheel: Path, tmp_path: Path) -> None:
    commands = install_wheel(wheel, tmp_path / "env")
    # an installed dsim must not find this checkout
    env = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}

    def run(*words: str | Path) -> str:
        done = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{words}: {done.stdout}\n{done.stderr}"
        return done.stdout

    where = Path(run(commands / "python", "-c", "import dsim; print(dsim.__file__)").strip())
    assert where.is_relative_to(tmp_path), "the checkout must not be what is tested"
    study = ("study", "--device", "iphone12", "--budget", "2ms", "--trials", "2", "--json")
    answer = json.loads(run(commands / "dsim", *study))
    assert answer["chosen"]["needs_ms"] <= 2.0
    assert (tmp_path / "studies" / "iphone12-2ms" / "model" / "model.py").is_file()
