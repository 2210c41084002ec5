"""The wheel, installed in an empty environment elsewhere, does the main job with the profiles that it carries."""

from __future__ import annotations

import json
import os
import site
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def run(*command: str | Path, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    keep = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**keep, **env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}: {done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    # no isolation: the builder is installed with the test extras, so that building needs no network
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    (path,) = folder.glob("dsim-*.whl")
    return path


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
    assert not any(name.startswith(("tests/", "scripts/")) for name in names)


def test_installed_elsewhere_it_does_the_main_job(wheel: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "env"
    run(sys.executable, "-m", "venv", "--without-pip", elsewhere, cwd=tmp_path)
    python = elsewhere / "bin" / "python"
    purelib = run(
        python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=tmp_path
    ).stdout.strip()
    # dsim comes from the wheel alone; what it depends on is borrowed from this environment, so as not to fetch it again
    run(
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        purelib,
        wheel,
        cwd=tmp_path,
    )
    borrowed = [sysconfig.get_path("purelib"), *site.getsitepackages()]
    Path(purelib, "zz_borrowed.pth").write_text("\n".join(dict.fromkeys(borrowed)) + "\n")
    where = run(python, "-c", "import dsim; print(dsim.__file__)", cwd=tmp_path).stdout.strip()
    assert where.startswith(purelib), "the checkout must not be what is tested"
    code = "from dsim.cli import main; main()"
    study = ("study", "--device", "iphone12", "--budget", "2ms", "--trials", "2", "--json")
    done = run(python, "-c", code, *study, cwd=tmp_path)
    answer = json.loads(done.stdout)
    assert answer["chosen"]["high_ms"] <= 2.0
    assert (tmp_path / "studies" / "iphone12-2ms" / "model" / "model.py").is_file()
