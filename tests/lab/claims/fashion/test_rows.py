"""Workers of the experiment: what one has taken, another leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("PIL", reason="needs pip install 'dsim[supernet]'")

from lab.claims.fashion.rows import locked


def test_one_worker_alone_has_a_job(tmp_path: Path) -> None:
    with locked(tmp_path / "locks" / "job", wait=False) as mine:
        assert mine
        with locked(tmp_path / "locks" / "job", wait=False) as other:
            assert not other
        with locked(tmp_path / "locks" / "another", wait=False) as other:
            assert other
    with locked(tmp_path / "locks" / "job", wait=False) as again:
        assert again
