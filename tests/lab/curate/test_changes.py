from pathlib import Path

import polars as pl
import pytest

from lab.curate.__main__ import main, run
from lab.curate.changes import changes, difference, take_over
from lab.places import ROOT

IPHONE = "device_profiles/iphone12"


def write(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text, encoding="utf-8")


def test_files_are_told_apart_by_what_they_say(tmp_path: Path) -> None:
    made, root = tmp_path / "made", tmp_path / "root"
    write(root, f"{IPHONE}/profile.toml", 'passes = ["a", "b"]\nname = "x"\n')
    write(made, f"{IPHONE}/profile.toml", 'name = "x"\npasses = [\n    "a",\n    "b",\n]\n')
    write(root, f"{IPHONE}/networks.csv", "network,latency_ms\na,1\nb,2\n")
    write(made, f"{IPHONE}/networks.csv", "network,latency_ms\na,1\nb,3\nc,4\n")
    write(root, f"{IPHONE}/contrasts.csv", "choice\n")
    write(root, f"{IPHONE}/card.toml", "x = 1\n")  # made by validation, so no step misses it
    write(made, "device_profiles/iphone13/networks.csv", "network\n")
    write(made, "device_profiles/rtx3090-eager/networks.csv", "network\n")
    write(root, "device_profiles/rtx3090-eager/networks.csv", "network\n")
    found = tuple(changes(made, root, ("iphones",)))
    assert [(one.path.removeprefix("device_profiles/"), one.what) for one in found] == [
        ("iphone12/contrasts.csv", "would go: no step makes it any more"),
        ("iphone12/networks.csv", "lines that go: 1, lines that come: 2, the first new one: b,3"),
        ("iphone13/networks.csv", "would be new"),
        ("rtx3090-eager/networks.csv", "would be overwritten, and desktop owns it"),
    ]
    take_over(found, made, root)
    assert not (root / IPHONE / "contrasts.csv").exists()
    assert tuple(changes(made, root, ("iphones", "desktop"))) == ()


def test_a_table_in_another_order_is_another_table(tmp_path: Path) -> None:
    write(tmp_path, "before.csv", "a\nb\n")
    write(tmp_path, "after.csv", "b\na\n")
    told = difference(tmp_path / "before.csv", tmp_path / "after.csv")
    assert told == "the same lines in another order or number"


def test_tables_of_numbers_are_compared_by_their_rows(tmp_path: Path) -> None:
    before, after = tmp_path / "before.parquet", tmp_path / "after.parquet"
    table = pl.DataFrame({"a": [1.0, 2.0]})
    table.write_parquet(before, compression="zstd")
    table.write_parquet(after, compression="uncompressed")
    assert before.read_bytes() != after.read_bytes()
    assert difference(before, after) == ""
    table.head(1).write_parquet(after)
    assert difference(before, after) == "another table: 2 rows before, 1 after"


def test_a_step_is_checked_then_made_then_agrees(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    committed = (ROOT / "dsim/data/families.csv").read_text(encoding="utf-8")
    write(tmp_path, "dsim/data/families.csv", committed.replace("squeezenet", "squeezenot", 1))
    assert run(tmp_path, tmp_path, ("families",), False, ()) == 1
    assert "1 file would change" in capsys.readouterr().out
    assert run(tmp_path, tmp_path, ("families",), True, ()) == 1
    assert (tmp_path / "dsim/data/families.csv").read_text(encoding="utf-8") == committed
    assert run(tmp_path, tmp_path, ("families",), False, ()) == 0


def test_the_command_says_what_it_lacks_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(
        SystemExit, match=r"^Error: RAW must be the folder of raw figures, and none was given"
    ):
        main(["check"])
    with pytest.raises(SystemExit, match=r"^Error: RAW must be a folder with latency_published\.csv"):
        main(["check", str(tmp_path)])
    with pytest.raises(SystemExit, match=r"^Error: --steps must be of iphones, .*got 'iphone'"):
        main(["check", str(tmp_path), "--steps", "iphone"])
