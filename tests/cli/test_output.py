"""What the verbs print: tables for people, one JSON object for programs, one line where something is wrong."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from dsim.cli import main
from dsim.cli.main import LazyVerbs
from dsim.cli.main import dsim as root_command
from dsim.cli.options import print_json, without_nan
from dsim.device import bundled_names
from dsim.errors import InvalidValueError

PROGRAM = [sys.executable, "-c", "from dsim.cli import main; main()"]


def run(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(args)
    captured = capsys.readouterr()
    return int(stop.value.code or 0), captured.out, captured.err


def run_json(capsys: pytest.CaptureFixture[str], *args: str) -> dict[str, Any]:
    code, out, err = run(capsys, *args, "--json")
    assert code == 0, err
    assert out.count("\n") == 1, "one object on one line and nothing else"
    value = json.loads(out)
    assert value["schema_version"] == 1
    assert isinstance(value, dict)
    return value


def test_device_list(capsys: pytest.CaptureFixture[str]) -> None:
    devices = run_json(capsys, "device", "list")["devices"]
    assert [device["name"] for device in devices] == sorted(bundled_names())
    assert all(device["where"] == "bundled" and device["networks"] <= device["figures"] for device in devices)
    assert all(device["networks"] or device["ops"] for device in devices)
    code, out, _ = run(capsys, "device", "list", "--all")
    assert code == 0
    lines = out.splitlines()
    assert all(sum(line.split(" ")[0] == name for line in lines) == 1 for name in bundled_names()), (
        "one line each"
    )


def test_the_short_list_counts_every_profile_and_fits_a_screen(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "device", "list")
    assert code == 0
    lines = out.splitlines()
    assert len(lines) <= 30
    counts = [int(found[1]) for line in lines if (found := re.match(r"[A-Z][\w ]+? +(\d+)   ", line))]
    assert sum(counts) == len(bundled_names())
    for said in ("iPhone 12 Pro Max", "Galaxy S24", "Pixel 6", "RTX 3090", "Core i9-10940X"):
        assert said in out


def test_device_list_by_what_people_call_it(capsys: pytest.CaptureFixture[str]) -> None:
    def names(*args: str) -> list[str]:
        return [device["name"] for device in run_json(capsys, "device", "list", *args)["devices"]]

    assert names("iPhone", "12") == names("iPhone 12") == names("--filter", "iPhone 12") == ["iphone12"]
    assert set(names("galaxy", "s24")) == {n for n in bundled_names() if n.startswith("galaxy-s24")}
    assert names("--group", "iphone") == ["iphone12", "iphone13", "iphone14"]
    assert names("A15", "--group", "iphone") == ["iphone13"]
    # words are explained where they are used
    for args, explained in ((("iphone12",), True), (("--group", "phone-gpu"), False)):
        code, out, err = run(capsys, "device", "list", *args)
        assert ("Tells apart:" in out) == ("tells apart" in out) == explained
        assert ".  `" not in out
    code, out, err = run(capsys, "device", "list", "--group", "iphones")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "iphone" in err
    code, out, err = run(capsys, "device", "list", "toaster")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "'toaster'" in err


def test_a_users_profile_is_listed_and_shadows(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dsim.places import bundled_profiles_dir

    mine = tmp_path / "iphone12"
    mine.mkdir()
    for file in (bundled_profiles_dir() / "iphone12").iterdir():
        (mine / file.name).write_bytes(file.read_bytes())
    monkeypatch.setenv("DSIM_PROFILES", str(tmp_path))
    where = {device["name"]: device["where"] for device in run_json(capsys, "device", "list")["devices"]}
    assert where["iphone12"] == "yours"
    assert where["iphone13"] == "bundled"


def test_a_broken_profile_is_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "profile.toml").write_text("name = ")
    monkeypatch.setenv("DSIM_PROFILES", str(tmp_path))
    for verb in (
        ["device", "show", "mine"],
        ["study", "--device", "mine", "--budget", "2ms", "--out", str(tmp_path / "o")],
    ):
        code, out, err = run(capsys, *verb)
        assert code == 1
        assert out == ""
        assert "profile.toml" in err
        assert err.count("\n") == 1


def test_device_show_without_networks(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "device", "show", "m5-ane")
    assert code == 0
    assert "operators predicted without its shape" in " ".join(out.split())


def test_device_show(capsys: pytest.CaptureFixture[str]) -> None:
    card = run_json(capsys, "device", "show", "iphone12")
    assert card["soc"] == "A14"
    assert card["reference"]["protocol"] in {source["protocol"] for source in card["sources"]}
    assert sum(source["figures"] for source in card["sources"]) == card["figures"]
    assert card["reference_networks"] <= card["networks"] <= card["figures"]
    assert card["validated"]
    assert 0 < card["held_out"]["median_error"] < 50
    assert card["held_out"]["networks"] <= card["reference_networks"]
    assert "activation:gelu>silu" in card["identified"]
    code, out, err = run(capsys, "device", "show", "iPhone 12")
    assert code == 0
    assert err == "'iPhone 12' is the profile iphone12.\n"
    for part in (
        "Operators that no such network holds",
        "How far off:",
        "How the cost of one choice",
        "Sources",
    ):
        assert part in out


def test_device_show_learns_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dsim.places import bundled_profiles_dir

    mine = tmp_path / "profiles" / "mine"
    mine.mkdir(parents=True)
    for file in (bundled_profiles_dir() / "m5-ane").iterdir():
        if file.name != "card.toml":
            (mine / file.name).write_bytes(file.read_bytes())
    about = (mine / "profile.toml").read_text().replace('name = "m5-ane"', 'name = "mine"')
    (mine / "profile.toml").write_text(about)
    monkeypatch.setenv("DSIM_PROFILES", str(mine.parent))
    monkeypatch.setenv("DSIM_CACHE", str(tmp_path / "cache"))
    for name in ("mine", "iphone12", "pixel4-cpu-1large-float"):
        code, out, err = run(capsys, "device", "show", name)
        assert (code, err) == (0, "")
        assert ("dsim device validate mine" in " ".join(out.split())) == (name == "mine")
    assert not (tmp_path / "cache").exists(), "nothing was learned, so nothing is kept"


def test_device_show_of_an_unknown_device(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "device", "show", "iphone21")
    assert code == 1
    assert "unknown device 'iphone21'" in err


def test_device_validate_wants_names_or_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "device", "validate")[0] == 2
    assert run(capsys, "device", "validate", "iphone12", "--all")[0] == 2


def test_predict_and_top1_agree_with_the_library(capsys: pytest.CaptureFixture[str]) -> None:
    import dsim

    design = dsim.get_preset("efficientformer_l1")
    told = run_json(capsys, "predict", "efficientformer_l1", "--device", "iphone12")
    estimate = dsim.predict(design, device="iphone12")
    assert told["latency_ms"] == pytest.approx(estimate.latency_ms, rel=1e-12)
    assert sum(op["latency_ms"] for op in told["ops"]) + told["fixed_ms"] == pytest.approx(told["latency_ms"])
    wanted = {
        "schema_version",
        "device",
        "latency_ms",
        "low_ms",
        "high_ms",
        "confidence",
        "complete",
        "question",
        "error_families",
        "evidence",
    }
    assert wanted | {"p_cliff", "params", "macs", "ops"} <= set(told)
    for shares in told["evidence"].values():
        assert sum(shares.values()) == pytest.approx(1.0)
    assert told["macs"] == design.to_graph().macs
    told = run_json(capsys, "top1", "efficientformer_l1")
    assert told["top1"] == dsim.top1(design).top1
    for verb in (["predict", "efficientformer_l1", "--device", "iphone12"], ["top1", "efficientformer_l1"]):
        code, out, _ = run(capsys, *verb)
        assert code == 0
        assert "90% interval" in out


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """Let ``dsim fail`` raise what the list holds."""
    raised: list[BaseException] = []

    @click.command()
    def fail() -> None:
        raise raised[0]

    monkeypatch.setattr(LazyVerbs, "get_command", lambda self, ctx, name: fail)
    return raised


def test_errors_are_translated_in_one_place(
    failing: list[BaseException], capsys: pytest.CaptureFixture[str]
) -> None:
    failing[:] = [InvalidValueError("a rule, a value, a remedy")]
    assert run(capsys, "fail") == (1, "", "Error: a rule, a value, a remedy\n")
    for args in (["--debug", "fail"], ["fail", "--debug"]):
        with pytest.raises(InvalidValueError):
            main(args)
    failing[:] = [RuntimeError("a fault")]
    code, _, err = run(capsys, "fail")
    assert code == 1
    assert "RuntimeError: a fault; this is a fault of dsim" in err
    failing[:] = [KeyboardInterrupt()]
    code, _, err = run(capsys, "fail")
    assert code == 130
    assert err.strip() == "Interrupted."


def test_a_broken_pipe_is_silence() -> None:
    reader, writer = os.pipe()
    os.close(reader)  # whoever read our output is gone before we write
    done = subprocess.run(
        [*PROGRAM, "device", "list"], stdout=writer, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writer)
    assert done.returncode == 0
    assert not done.stderr


def test_json_holds_no_nan(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"value": without_nan((float("nan"), 1.0))})
    assert json.loads(capsys.readouterr().out) == {"schema_version": 1, "value": [None, 1.0]}
    with pytest.raises(ValueError, match="not JSON compliant"):
        print_json({"value": float("nan")})


def test_the_root_command_knows_its_verbs() -> None:
    context = click.Context(root_command)
    assert root_command.list_commands(context)
    assert root_command.get_command(context, "nonsense") is None
