from pathlib import Path

from lab.curate.raw_tables import RELEASED, raw_frame, raw_rows


def test_rows_that_were_kept_back_follow_the_others_where_there_are_any(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("network,layers\nfirst,3\n")
    assert raw_rows(tmp_path, "a.csv") == [{"network": "first", "layers": "3"}]
    (tmp_path / RELEASED).mkdir()
    (tmp_path / RELEASED / "a.csv").write_text("network,layers\nlater,\n")
    assert [row["network"] for row in raw_rows(tmp_path, "a.csv")] == ["first", "later"]
    assert raw_frame(tmp_path, "a.csv")["layers"].to_list() == [3, None]
