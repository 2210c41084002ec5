"""Rows of a pack from made-up raw rows; ends of spreads are worked out by hand."""

from dsim.device.graded import packs
from dsim.measure.contrast_evidence import SOURCE
from lab.curate.contrasts import contrast_row
from lab.curate.read_rules import read_toml

RAW = {
    "ms": "4", "device": "a board", "compute_unit": "npu", "runtime": "R 1.0", "source": "a zoo [zoo:list.md @1]", "table": "one",
    "licence": "MIT", "top1": "80.1",
}  # fmt: skip
SAID = {
    "kind": "se",
    "before": "none",
    "after": "a gate",
    "runtime": "R",
    "chip": "X",
    "spread": "rounded to 1 ms",
}


def test_rounded_milliseconds_are_half_a_step_wide() -> None:
    row = contrast_row({**SAID, "round_ms": 1.0}, RAW, {**RAW, "ms": "95", "table": "two"})
    assert (row["before_low_ms"], row["before_high_ms"]) == ("3.5", "4.5")
    assert (row["after_low_ms"], row["after_high_ms"]) == ("94.5", "95.5")
    assert (row["version"], row["unit"], row["source"], row["table"]) == ("1.0", "npu", "a zoo", "one; two")
    assert (row["before_top1"], row["measures"], row["batch"]) == ("80.1", "latency", "1")


def test_rounded_frames_are_turned_into_milliseconds() -> None:
    # 4 ms are 250 frames a second: from 249.5 to 250.5 of them
    row = contrast_row({**SAID, "round_fps": 1.0}, RAW, RAW)
    assert (row["before_low_ms"], row["before_high_ms"]) == ("3.99202", "4.00802")


def test_probes_keep_their_smallest_and_largest_run() -> None:
    probe = {**RAW, "min_ms": "3.9", "max_ms": "4.4", "runs": "50"}
    row = contrast_row(SAID, probe, {**RAW, "min_ms": "", "max_ms": ""})
    assert (row["before_low_ms"], row["before_high_ms"]) == ("3.9", "4.4")
    assert (row["after_low_ms"], row["after_high_ms"]) == ("", "")
    assert row["spread"] == "smallest and largest of 50 runs"


def test_every_pair_of_the_rules_is_in_a_pack() -> None:
    pairs = sum(
        len(group["pairs"]) for pack in read_toml("contrasts.toml")["pack"] for group in pack["group"]
    )
    assert pairs == sum(one.source != SOURCE for one in packs())  # what we timed ourselves was not curated
