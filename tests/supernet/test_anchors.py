"""Anchors: designs trained alone, and the order in which the supernet puts them."""

from __future__ import annotations

import itertools
import subprocess
import sys
from dataclasses import replace

import polars as pl
import pytest

import dsim
from dsim.errors import UnavailableError
from dsim.supernet import Supernet, check
from dsim.supernet.anchors import alone_training, rank_correlation, state_path, train_alone
from dsim.supernet.spec import ALONE


def test_tau_counts_pairs() -> None:
    one, other = [1.0, 2.0, 3.0, 4.0, 5.0], [2.0, 1.0, 3.0, 5.0, 4.0]
    pairs = list(itertools.combinations(range(5), 2))
    agree = sum((one[i] - one[j]) * (other[i] - other[j]) > 0 for i, j in pairs)
    tau, low, high = rank_correlation(one, other, 0)
    assert tau == pytest.approx((agree - (len(pairs) - agree)) / len(pairs))  # 8 of 10 pairs agree: 0.6
    assert low <= tau <= high
    assert rank_correlation(one, one, 0) == pytest.approx((1.0, 1.0, 1.0))


def test_what_is_trained_is_kept(trained: Supernet) -> None:
    found = check(trained, 4, images=32 * 4)
    table = pl.read_parquet(trained.home.folder / "anchors.parquet")
    assert table["subnet"].to_list() == [one.subnet for one in found.anchors]
    spent = trained.evaluator.ledger.spent["anchors"]
    assert (spent.images, spent.passes, spent.evaluations) == (4 * 32 * 4, 16, 4)
    again = check(trained, 4, images=32 * 4)
    assert again == found
    assert trained.evaluator.ledger.spent["anchors"] == spent


def test_a_training_alone_goes_on_from_where_it_was_stopped(trained: Supernet) -> None:
    spec = replace(trained.header.spec, importance=ALONE, images=32 * 4)
    subnet, parts = trained.choices.smallest, (trained.images.search,)
    ((losses, _),), whole = train_alone(trained, subnet, spec, parts)
    state = state_path(trained, subnet, spec)
    state.unlink()
    _, stopped = alone_training(trained, subnet, spec)
    stopped.step()
    stopped.save_to(state)  # as Ctrl-C leaves it
    ((again, _),), cost = train_alone(trained, subnet, spec, parts)
    assert again == pytest.approx(losses)
    assert (cost.images, cost.passes, cost.macs) == (whole.images, whole.passes, whole.macs)
    state.unlink()


def test_one_command_at_a_time_writes_into_a_folder(trained: Supernet) -> None:
    hold = "import sys; from dsim.supernet.home import Home\nwith Home(sys.argv[1]).alone(): print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(trained.home.folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(UnavailableError, match="another one works on it; wait"):
            dsim.slim(trained, "iphone12", "2ms")
        other.communicate(b"\n")
    with trained.alone():
        list(trained.evaluate([trained.choices.largest]))  # what holds it may use it
