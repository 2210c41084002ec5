"""Build the wheel and install it into an environment of its own, as somebody who downloads dsim gets it.

What dsim depends on is borrowed from the environment that runs this, so that nothing is fetched.
"""

from __future__ import annotations

import site
import subprocess
import sys
import sysconfig
from pathlib import Path

from lab.places import ROOT


def build_wheel(folder: Path) -> Path:
    """Build the wheel into a folder and return its path.

    The builder comes with the test extras and is not isolated, so that building needs no network.
    """
    _run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT)
    (wheel,) = folder.glob("dsim-*.whl")
    return wheel


def install_wheel(wheel: Path, environment: Path) -> Path:
    """Install a wheel into a new environment, and return the folder of its commands (``python``, ``dsim``)."""
    _run(sys.executable, "-m", "venv", environment)
    python = environment / "bin" / "python"
    pip = (python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
    _run(*pip, "--no-deps", "--no-index", wheel)
    packages = _run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    borrowed = dict.fromkeys([sysconfig.get_path("purelib"), *site.getsitepackages()])
    Path(packages, "zz_borrowed.pth").write_text("\n".join(borrowed) + "\n", encoding="utf-8")
    return python.parent


def _run(*words: str | Path) -> str:
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, words))} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout
