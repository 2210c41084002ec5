"""The ways in which people write one sheet; the figures are worked out by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsim.device.add import Found, read_measurements
from dsim.device.add.wanted import Wanted
from dsim.device.add.wrong import refuse
from dsim.errors import DsimError, FileFormatError

ROWS = (("mobilenetv2_100@224", 0.903), ("resnet50@224", 2.51), ("efficientnet_b0@224", 1.6))
PLAIN = "network,latency_ms\n" + "".join(f"{name},{ms}\n" for name, ms in ROWS)


def read(folder: Path, raw: str | bytes, name: str = "m.csv", wanted: Wanted | None = None) -> Found:
    path = folder / name
    path.write_bytes(raw if isinstance(raw, bytes) else raw.encode())
    found = read_measurements([path], wanted=wanted)
    refuse(found.wrong)
    return found


def figures(found: Found) -> list[tuple[str, float]]:
    return [(one.reference, one.latency_ms) for one in found.networks]


def sheet(header: str, cells: tuple[str, str, str], mark: str = ",") -> str:
    rows = (f"{name}{mark}{cell}\n" for (name, _), cell in zip(ROWS, cells, strict=True))
    return header + "\n" + "".join(rows)


SAME: dict[str, str | bytes] = {
    "plain": PLAIN,
    "byte-order mark": b"\xef\xbb\xbf" + PLAIN.encode(),
    "UTF-16 with a mark": PLAIN.encode("utf-16"),
    "UTF-16 without one": PLAIN.encode("utf-16-le"),
    "UTF-16 the other way round": PLAIN.encode("utf-16-be"),
    "CR and LF": PLAIN.replace("\n", "\r\n"),
    "CR alone": PLAIN.replace("\n", "\r"),
    "no last line feed": PLAIN.rstrip(),
    "blank lines": "\n\n" + PLAIN.replace("\n", "\n\n"),
    "blank cells": PLAIN + ",\n , \n",
    "remarks": "# my phone, cool\n" + PLAIN.replace("resnet50", '# "again\nresnet50'),
    "a header behind a sign of remarks": "# a phone\n# " + PLAIN,
    "semicolons": PLAIN.replace(",", ";"),
    "a title": "My board, 30 November\n\n" + PLAIN.replace(",", ";"),
    "titles with empty cells": "My board,,\nTimed at night,\n,\n" + PLAIN,
    "tabs": PLAIN.replace(",", "\t"),
    "a table with bars": PLAIN.replace("ms\n", "ms\n---,---:\n", 1).replace(",", " | ").replace("\n", " |\n| ")[:-2].join(("| ", "")),
    "blanks": PLAIN.replace(",", "   "),
    "spreadsheet's mark": "sep=;\n" + PLAIN.replace(",", ";"),
    "blanks around": PLAIN.replace(",", " , "),
    "quotes": "".join(f'"{line.replace(",", chr(34) + "," + chr(34))}"\n' for line in PLAIN.splitlines()),
    "quotes and semicolons": "".join(f'"{line.replace(",", chr(34) + ";" + chr(34))}"\n' for line in PLAIN.splitlines()),
    "quotes and tabs": "".join(f'"{line.replace(",", chr(34) + chr(9) + chr(34))}"\n' for line in PLAIN.splitlines()),
    "R's write.csv2": '"";"network";"latency_ms"\n' + "".join(
        f'"{n}";"{name}";{f"{ms:g}".replace(".", ",")}\n' for n, (name, ms) in enumerate(ROWS, start=1)
    ),
    "single quotes": "".join(f"'{line.replace(',', chr(39) + ',' + chr(39))}'\n" for line in PLAIN.splitlines()),
    "an index": "".join(f"{n - 1 if n else ''},{line}\n" for n, line in enumerate(PLAIN.splitlines())),
    "a named index": "".join(f"{n if n else 'Unnamed: 0'},{line}\n" for n, line in enumerate(PLAIN.splitlines())),
    "capitals": PLAIN.replace("network,latency_ms", "Network,LATENCY_MS"),
    "words": PLAIN.replace("network,latency_ms", "Model name,Mean inference time (ms)"),
    "square brackets": PLAIN.replace("latency_ms", "Latency [ms]"),
    "the unit alone": PLAIN.replace("latency_ms", "ms"),
    "another order": "latency_ms,network\n" + "".join(f"{ms},{name}\n" for name, ms in ROWS),
    "decimal commas": sheet("network;latency_ms", ("0,903", "2,51", "1,6"), ";"),
    "decimal commas in quotes": sheet("network,latency_ms", ('"0,903"', '"2,51"', '"1,6"')),
    "microseconds": sheet("network,latency_us", ("903", "2510", "1600.0")),
    "micro sign": sheet("network,latency (\u00b5s)", ("903", "2510", "1600.0")),
    "Greek mu": sheet("network,latency_\u03bcs", ("903", "2510", "1600.0")),
    "micro sign of a Windows sheet": sheet("network;latency [\u00b5s]", ("903", "2510", "1600"), ";").encode("cp1252"),
    "micro sign decoded wrongly": sheet("network,latency_\u00c2\u00b5s", ("903", "2510", "1600")),
    "capital unit": sheet("network,Latency_US", ("903", "2510", "1600")),
    "seconds": sheet("network,latency_s", ("0.000903", "2.51e-3", "1.6E-03")),
    "nanoseconds": sheet("network,time_ns", ("903000", "2 510 000", "1'600'000")),
    "units in cells": sheet("network,latency", ("903 us", "2.51ms", "0.0016 s")),
    "capital units in cells": sheet("network,latency", ("903 \u00b5S", "2.51 MS", "1600 USEC")),
    "units in cells that the header repeats": sheet("network,latency_ms", ("0.903 ms", "2.51", "1.6ms")),
    "a column of units": sheet("network,latency,unit", ("903,us", "2.51,MS", "0.0016,Sec")),
    "two columns that agree": sheet("network,latency_ms,latency,unit", ("0.903,903,us", "2.51,2510,us", "1.6,1600,us")),
    "other statistics": sheet("network,mean_ms,std,min_ms,p90", ("0.903,0.1,0.8,1", "2.51,0.1,2.4,3", "1.6,0.1,1.5,2")),
    "a column for the side": "model,img_size,latency_ms\n"
    + "".join(f"{name.removesuffix('@224')},{side},{ms}\n" for (name, ms), side in zip(ROWS, ("224", "224x224", "224.0"), strict=True)),
}  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_one_sheet_in_every_dialect(tmp_path: Path, name: str) -> None:
    found = figures(read(tmp_path, SAME[name]))
    assert [reference for reference, _ in found] == [reference for reference, _ in ROWS]
    assert [ms for _, ms in found] == pytest.approx([ms for _, ms in ROWS])


def test_what_stands_beside_the_figures_is_named_once(tmp_path: Path) -> None:
    (note,) = read(tmp_path, SAME["other statistics"]).notes
    assert note.endswith("columns that are not used: std, min_ms, p90")


def test_a_sheet_may_tell_more_than_the_latency(tmp_path: Path) -> None:
    header = "network,latency_ms,p95_ms,load_ms"
    found = read(tmp_path, sheet(header, ("0.903,1.25,40", "2.51,,", "1.6,2,")))
    assert [one.beside for one in found.networks] == [{"p95_ms": 1.25, "load_ms": 40.0}, {}, {"p95_ms": 2.0}]
    with pytest.raises(
        FileFormatError, match=r"row 4, column 'load_ms': must be a positive number such as 2\.5, got '0'"
    ):
        read(tmp_path, sheet(header, ("0.903,1.25,40", "2.51,,", "1.6,2,0")))


@pytest.mark.parametrize(
    ("cells", "ms"),
    [
        (('"1,903.5"', "2510", "1600"), (1903.5, 2510.0, 1600.0)),
        (("1.903,5", "2.510", "1600"), (1903.5, 2510.0, 1600.0)),
        (('"1,234,567"', "2510.5", "1600"), (1234567.0, 2510.5, 1600.0)),
        (("0,903", "2,510", "1,600"), (0.903, 2.51, 1.6)),  # the first can only be a decimal comma
        (("0.903", "2.510", "1.600"), (0.903, 2.51, 1.6)),
    ],
)
def test_marks_between_thousands_where_the_column_tells(
    tmp_path: Path, cells: tuple[str, str, str], ms: tuple[float, ...]
) -> None:
    mark = "," if '"' in "".join(cells) else ";"
    found = read(tmp_path, sheet(f"network{mark}latency_ms", cells, mark))
    assert [one.latency_ms for one in found.networks] == pytest.approx(list(ms))


@pytest.mark.parametrize(
    ("header", "cells", "column", "what"),
    [
        ("network,latency_ms", ('"1,903"', "2510", "1600"), "latency_ms", "may be 1.903 or 1903"),
        ("network,latency_ms", ("nan", "2.5", "1.6"), "latency_ms", "positive number, got 'nan'"),
        ("network,latency_ms", ("-inf", "2.5", "1.6"), "latency_ms", "positive number, got '-inf'"),
        ("network,latency_ms", ("1e999", "2.5", "1.6"), "latency_ms", "positive number, got '1e999'"),
        ("network,latency_ms", ("-1", "2.5", "1.6"), "latency_ms", "positive number, got '-1'"),
        ("network,latency_ms", ("0.0", "2.5", "1.6"), "latency_ms", "positive number, got '0.0'"),
        ("network,latency_ms", ("n/a", "2.5", "1.6"), "latency_ms", "positive number, got 'n/a'"),
        ("network,latency_ms", ("", "2.5", "1.6"), "latency_ms", "positive number, got nothing"),
        ("network,latency_ms", ("0x10", "2.5", "1.6"), "latency_ms", "positive number, got '0x10'"),
        ("network,latency_ms", ("1_000", "2.5", "1.6"), "latency_ms", "positive number, got '1_000'"),
        ("network,latency_ms", ("0.9 us", "2.5", "1.6"), "latency_ms", "in ms by its header or unit and in us"),
        ("network,latency,unit", ("1,h", "2,ms", "3,ms"), "unit", "must be one of ns, us, ms, s, got 'h'"),
        ("network,latency", ("0.9 ms", "2.5", "1.6 ms"), "latency", "needs a unit, got '2.5'"),
        ("network,latency_s", ("9000", "2.5", "1.6"), "latency_s", "of at most an hour, got '9000'"),
    ],
)  # fmt: skip
def test_a_cell_that_is_no_latency(
    tmp_path: Path, header: str, cells: tuple[str, str, str], column: str, what: str
) -> None:
    with pytest.raises(FileFormatError) as caught:
        read(tmp_path, sheet(header, cells))
    row = 3 if "2.5" in what else 2
    assert f"m.csv, row {row}, column {column!r}: " in str(caught.value)
    assert what in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_wrong_row_is_named_at_once(tmp_path: Path) -> None:
    text = "# two remarks\n\nnetwork,latency_ms\nresnet50@224,nan\nresnet18@224,1.1\n,3\nvgg16@224,-4\nvgg11@224,1,5\n"
    with pytest.raises(FileFormatError) as caught:
        read(tmp_path, text)
    message = str(caught.value)
    assert "4 rows are wrong" in message
    assert message.count("m.csv") == 1
    for part in (
        "row 4, row 7, column 'latency_ms': a latency must be a positive number, got 'nan', '-4'; correct it",
        "row 6: names either",
        "row 8: has 3 cells",
    ):
        assert part in message
    assert "row 5" not in message


def test_rows_with_the_same_fault_stand_together(tmp_path: Path) -> None:
    text = "network,latency_ms,batch\n" + "resnet50@224,1,8\n" * 3
    with pytest.raises(
        FileFormatError, match="3 rows are wrong: row 2, row 3, row 4, column 'batch': is 8"
    ) as caught:
        read(tmp_path, text)
    assert str(caught.value).count("is 8") == 1


def test_many_wrong_rows_are_counted(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match=r"30 rows are wrong.*; and 18 more$"):
        read(tmp_path, "network,latency_ms\n" + "resnet50@224,x\n" * 30)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "must hold a header and at least one measurement"),
        ("\n# nothing\n\n", "needs a header such as network,latency_ms"),
        ("network,latency_ms\n", "must hold at least one measurement"),
        ("resnet50@224,2.51\n", "needs a header such as network,latency_ms, got 'resnet50@224,2.51'"),
        (
            "network,latency\nresnet50@224,2.51\n",
            "row 1, column 'latency': names no unit; call it latency_ms",
        ),
        ("network,fps\nresnet50@224,398\n", "needs a column of latencies"),
        ("network,latency_ms,latency_ms\nresnet50@224,1,2\n", "column 'latency_ms' occurs twice"),
        (
            "sep=;\nModell;Zeit (ms)\nresnet50;2,5\n",
            "row 2: needs a header such as network,latency_ms, got 'Modell;Zeit",
        ),
        (
            "# a phone\n\nresnet50,2.5\n",
            "row 3: needs a header such as network,latency_ms, got 'resnet50,2.5'",
        ),
        (
            "resnet50@224,2.51\nnetwork,latency_ms\nresnet18@224,1\n",  # its first row would be lost
            "row 1: needs a header such as network,latency_ms, got 'resnet50@224,2.51'",
        ),
        ("My board\nresnet50@224 2.51\n", "row 1: needs a header such as network,latency_ms, got 'My board'"),
        ('"network,latency_ms\nresnet50,2.5\n', "row 1: unexpected end of data; check the quotes there"),
        ('network,latency_ms\n"resnet50@224,2.51\n', "row 2: unexpected end of data; check the quotes there"),
        (
            "network,latency_ms,latency_us\nresnet50@224,2.51,9\n",
            "row 2: has several latencies, got 2.51 ms and 0.009 ms",
        ),
        (
            "network,resolution,latency_ms\nresnet50,224x192,1\n",
            "row 2, column 'resolution': must be the side",
        ),
        ("network,batch,latency_ms\nresnet50,many,1\n", "row 2, column 'batch': must be a whole number"),
        (
            "network,batch,latency_ms\nresnet50,8,1\n",
            "row 2, column 'batch': is 8 where a sheet's latencies are of one",
        ),
    ],
)
def test_a_sheet_that_cannot_be_read_gets_one_line(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(DsimError) as caught:
        read(tmp_path, text)
    assert what in str(caught.value)
    assert "\n" not in str(caught.value)


def test_other_files_get_one_line(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match="save the sheet as CSV"):
        read(tmp_path, b"PK\x03\x04", "m.xlsx")
    with pytest.raises(FileFormatError, match="must be a text file"):
        read(tmp_path, bytes(range(256)))


def test_a_profiles_own_networks_can_be_added_again(tmp_path: Path) -> None:
    text = 'network,graph,latency_ms,cliff\nResNet-50,resnet50@224,25,"2 of 9 layers left, once"\nX,resnet18@224,1,\n'
    assert [(one.reference, one.cliff) for one in read(tmp_path, text).networks] == [
        ("resnet50@224", "2 of 9 layers left, once"),
        ("resnet18@224", ""),
    ]


def test_a_sheet_of_several_devices_asks_which(tmp_path: Path) -> None:
    text = "device,network,latency_ms\nA,resnet50@224,1\nB,resnet50@224,2\nA,resnet18@224,3\n"
    with pytest.raises(FileFormatError, match="holds several devices; choose with --device: A, B"):
        read(tmp_path, text)
    assert figures(read(tmp_path, text, wanted=Wanted(device="A"))) == [
        ("resnet50@224", 1.0),
        ("resnet18@224", 3.0),
    ]
    with pytest.raises(FileFormatError, match="has no device 'C'; it has A, B"):
        read(tmp_path, text, wanted=Wanted(device="C"))


def test_timm_benchmark_results_are_milliseconds_of_a_batch(tmp_path: Path) -> None:
    text = (
        "model,infer_samples_per_sec,infer_step_time,infer_batch_size,infer_img_size,infer_gmacs,param_count\n"
        "resnet50,2000.0,128.0,256,224,4.11,25.56\nresnet18,4000.0,64.0,256,160,1.8,11.7\n"
    )
    found = read(tmp_path, text)
    assert [(one.reference, one.latency_ms, one.batch) for one in found.networks] == [
        ("resnet50@224", 0.5, 256),
        ("resnet18@160", 0.25, 256),
    ]
