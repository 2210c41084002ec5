"""Ask the commands about every small case of a folder, and write each answer beside the right one.

``python -m lab.validate.cases FOLDER --write lab/notes/cases.md``. The right answers stand in ``lab/validate/cases.toml``, worked out by
hand. FOLDER holds ``csv/``, ``bm/``, ``onnx/``, ``mods.py`` and ``tv.py`` (the last needs timm and torchvision). Profiles
that the cases make go into a temporary folder.
"""

from __future__ import annotations

import csv
import json
import os
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
from click.testing import CliRunner

from dsim.files import write_atomic

RIGHT = Path(__file__).with_suffix(".toml")
DESKTOP = "i9-10940x"  # no accelerator to leave, and any operator may run there
BESIDE = "network,latency_ms\nresnet50@224,250\nefficientnet_b0@224,60\n"  # what makes a third measurement a device
PRECISION = 1e-9  # of sums that the commands work out themselves
READ_OFF = 1e-3  # of figures that are given with three digits


@dataclass(frozen=True)
class Row:
    """One case: what was asked, the right answer, the answer, and whether they agree."""

    case: str
    right: str
    now: str
    agrees: bool


@dataclass(frozen=True)
class Answer:
    """What a command said: its JSON, or the line of its refusal; and all of its words."""

    values: dict[str, Any]
    refusal: str
    words: str


def ask(*args: str) -> Answer:
    """Run one dsim command in this process and return its answer."""
    from dsim.cli.main import dsim

    done = CliRunner().invoke(dsim, [*args, "--json"], standalone_mode=True)
    if done.exit_code != 0:
        lines = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
        return Answer({}, lines[-1].removeprefix("Error: ") if lines else repr(done.exception), done.output)
    return Answer(json.loads(done.stdout), "", done.output)


def sheets(folder: Path, case: dict[str, Any]) -> Iterator[Row]:
    """Add a device from each sheet."""
    for name in case["files"]:
        yield _added(f"csv/{name}.csv", ask("device", "add", str(folder / "csv" / f"{name}.csv"), "--name", "case", "--force"), case)  # fmt: skip


def benchmarks(folder: Path, case: dict[str, Any]) -> Iterator[Row]:
    """Add a device from each output of benchmark_model, with two other networks beside it."""
    for name in case["files"]:
        with tempfile.TemporaryDirectory() as place:
            beside = Path(place) / "beside.csv"
            beside.write_text(BESIDE, encoding="utf-8")
            answer = ask("device", "add", str(folder / "bm" / name), str(beside), "--model", "mobilenetv2_100", "--name", "case", "--force")  # fmt: skip
        yield _added(f"bm/{name}", answer, case)


def _added(what: str, answer: Answer, case: dict[str, Any]) -> Row:
    if "refused" in case:
        return _refused(what, answer, case)
    if answer.refusal:
        allowed = bool(case.get("or_refused")) and _said(answer.refusal, case)
        return Row(what, case["right"], f"refused: {answer.refusal}", allowed)
    stored = _stored(Path(answer.values["folder"]))
    wanted = case.get("ms", {})
    if isinstance(wanted, float):
        wanted = {"mobilenetv2_100@224": [wanted]}
    agrees = all(
        len(stored.get(key, [])) == len(figures)
        and all(abs(a - b) <= READ_OFF * b for a, b in zip(sorted(stored[key]), figures, strict=True))
        for key, figures in wanted.items()
    )
    agrees &= sum(map(len, stored.values())) >= case.get("networks", 0)
    shown = ", ".join(f"{key} {ms:g}" for key, figures in sorted(stored.items()) for ms in figures)
    notes = [str(note) for note in answer.values.get("notes", ())]
    now = f"{shown} ms" + "".join(f"; {note}" for note in notes)
    return Row(what, case["right"], now, bool(agrees) and _said(" ".join(notes), case))


def _stored(folder: Path) -> dict[str, list[float]]:
    figures: dict[str, list[float]] = {}
    with (folder / "networks.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            figures.setdefault(row["graph"], []).append(float(row["latency_ms"]))
    return figures


def _said(text: str, case: dict[str, Any]) -> bool:
    return all(word in text for word in case.get("says", ()))


def _refused(what: str, answer: Answer, case: dict[str, Any]) -> Row:
    if not answer.refusal:
        return Row(what, case["right"], "read", False)
    one_line = len(answer.refusal.splitlines()) == 1
    return Row(what, case["right"], f"refused: {answer.refusal}", one_line and all(word in answer.refusal for word in case["refused"]))  # fmt: skip


def counts(folder: Path, case: dict[str, Any], names: list[str]) -> Iterator[Row]:
    """Read each network and compare what it counts."""
    for name in names:
        given = [part for shape in case.get("input", ()) for part in ("--input", shape)]
        answer = ask("predict", str(folder / name), "--device", DESKTOP, *given)
        if "refused" in case:
            yield _refused(name, answer, case)
        elif answer.refusal:
            yield Row(name, case["right"], f"refused: {answer.refusal}", bool(case.get("or_refused")))
        else:
            yield _counted(name, answer.values, case)


def _counted(name: str, values: dict[str, Any], case: dict[str, Any]) -> Row:
    macs, params, lower_bound = values["macs"], values["params"], not values["complete"]
    agrees = abs(macs - case["macs"]) <= PRECISION * macs if "macs" in case else abs(macs / 1e9 - case["macs_g"]) < 0.005  # fmt: skip
    agrees &= params == case.get("params", params)
    at_least = "at least " if lower_bound else ""
    if case.get("at_least"):
        agrees &= lower_bound and values["high_ms"] is None
    return Row(name, case["right"], f"{at_least}{macs:,} MACs, {params:,} parameters", bool(agrees))


def merged(folder: Path, case: dict[str, Any]) -> Iterator[Row]:
    """Price a training form merged, beside the form that its own authors' code merges."""
    for name in case["names"]:
        given = ask("predict", str(folder / name), "--device", "iphone12")
        ours = ask("predict", str(folder / name), "--device", "iphone12", "--merge")
        theirs = ask("predict", str(folder / case["like"]), "--device", "iphone12")
        if given.refusal or ours.refusal or theirs.refusal:
            yield Row(
                name, case["right"], f"refused: {given.refusal or ours.refusal or theirs.refusal}", False
            )
            continue
        same = all(ours.values[key] == theirs.values[key] for key in ("macs", "params"))
        same &= abs(ours.values["latency_ms"] / theirs.values["latency_ms"] - 1) < PRECISION
        now = (
            f"{given.values['latency_ms']:.2f} ms as given, {ours.values['latency_ms']:.2f} merged "
            f"({ours.values['params'] / 1e6:.2f} M parameters); theirs {theirs.values['latency_ms']:.2f}"
        )
        yield Row(f"{name} --merge", case["right"], now, same)


def batches(folder: Path, case: dict[str, Any]) -> Iterator[Row]:
    """Ask for one network at several batches."""
    for name in case["names"]:
        for shape in case["input"]:
            answer = ask("predict", str(folder / name), "--device", case["device"], "--input", shape)
            what = f"{name} at {shape} on {case['device']}"
            if "refused" in case:
                yield _refused(what, answer, case)
                continue
            one = ask("predict", str(folder / name), "--device", case["device"], "--input", case["same_as"])
            if answer.refusal or one.refusal:
                yield Row(what, case["right"], f"refused: {answer.refusal or one.refusal}", False)
                continue
            ms, alone = answer.values["latency_ms"], one.values["latency_ms"]
            yield Row(what, case["right"], f"{ms:.4g} ms an image, at batch 1 {alone:.4g}", abs(ms / alone - 1) < PRECISION)  # fmt: skip


def every_case(folder: Path) -> Iterator[Row]:
    """Go through all cases, in the order of cases.toml."""
    right = tomllib.loads(RIGHT.read_text(encoding="utf-8"))
    for case in right["sheets"]:
        yield from sheets(folder, case)
    for case in right["benchmarks"]:
        yield from benchmarks(folder, case)
    for case in right["onnx"]:
        yield from counts(folder, case, [f"onnx/{name}.onnx" for name in case["files"]])
    for case in right["modules"]:
        yield from counts(folder, case, case["names"])
    for case in right["merged"]:
        yield from merged(folder, case)
    for case in right["batches"]:
        yield from batches(folder, case)


def page(rows: list[Row]) -> str:
    """Lay the rows out as a page of Markdown."""
    agree = sum(row.agrees for row in rows)
    lines = [
        "# Small cases that people bring, and what dsim answers",
        "",
        "Files of measurements, networks and questions of the kinds that people report to tools like this one. Written by",
        "`python -m lab.validate.cases FOLDER --write lab/notes/cases.md`; the right answers are worked out by hand in `lab/validate/cases.toml`.",
        "",
        f"{agree} of {len(rows)} answers agree.",
        "",
        "| case | right answer | dsim's answer | agrees |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {row.case} | {_cell(row.right)} | {_cell(row.now)} | {'yes' if row.agrees else '**no**'} |"
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    short = text if len(text) <= 400 else f"{text[:400]} ..."
    return short.replace("|", "\\|").replace("\n", " ")


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--write", type=click.Path(path_type=Path), help="Page to write; without it the page is printed."
)
def main(folder: Path, write: Path | None) -> None:
    """Ask about every case in FOLDER."""
    with tempfile.TemporaryDirectory() as profiles:
        os.environ["DSIM_PROFILES"] = profiles
        rows = list(every_case(folder))
    shown = [
        replace(row, now=row.now.replace(f"{folder}/", "").replace(profiles, "PROFILES")) for row in rows
    ]
    if write:
        write_atomic(write, page(shown))
    else:
        click.echo(page(shown))
    for row in shown:
        if not row.agrees:
            click.echo(f"{row.case}: {row.now}", err=True)


if __name__ == "__main__":
    main()
