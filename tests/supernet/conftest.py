"""One folder of digits and one trained supernet for all tests that only read them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("PIL", reason="needs pip install 'dsim[supernet]'")
pytest.importorskip("safetensors", reason="needs pip install 'dsim[supernet]'")

import torch

from dsim.supernet import Supernet, train
from tests.supernet.small import SMALL, write_digits

OPTIONS = {
    "space": SMALL,
    "importance": "ablation",
    "batch": 32,
    "flip": False,
    "subnets": 3,
    "precision": "float32",
    "threads": 1,
}
IMAGES = 32 * 60


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_digits(tmp_path_factory.mktemp("data") / "digits")


@pytest.fixture(scope="session")
def trained(digits: Path, tmp_path_factory: pytest.TempPathFactory) -> Supernet:
    return train(digits, tmp_path_factory.mktemp("supernets") / "digits.supernet", images=IMAGES, **OPTIONS)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
