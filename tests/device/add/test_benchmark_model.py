"""What TFLite's benchmark_model prints, laid out as its own writer does; sums are worked out by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsim.device.add import Found, read_measurements
from dsim.errors import FileFormatError

MODEL = "mobilenetv2_100@224"
INIT = "Profiling Info for Benchmark Initialization:"
REGULAR = "Operator-wise Profiling Info for Regular Benchmark Runs:"
Rows = list[tuple[str, float, int]]
PREPARING: Rows = [("ModifyGraphWithDelegate", 6.3, 1), ("AllocateTensors", 5.1, 1)]
PLAIN: Rows = [("CONV_2D", 0.9, 1), ("DEPTHWISE_CONV_2D", 0.4, 1), ("SOFTMAX", 0.7, 1)]  # 2.0 ms
SEVERAL: Rows = [("CONV_2D", 0.5, 3), ("DEPTHWISE_CONV_2D", 0.1, 5)]  # 2.0 ms
XNNPACK: Rows = [
    ("Convolution (NHWC, F32) IGEMM", 1.2, 1),
    ("Fully Connected (NC, F32) GEMM", 0.8, 1),
]  # 2.0 ms
DELEGATE: Rows = [("TfLiteGpuDelegateV2", 1.5, 1), ("SOFTMAX", 0.5, 1)]  # 2.0 ms
LOG = """STARTING!
Num threads: [1]
Graph: [nets/mine.tflite]
Initialized session in 18.7ms.
Running benchmark for at least 1 iterations and at least 0.5 seconds but terminate if exceeding 150 seconds.
count=1 first=64000 curr=64000 min=64000 max=64000 avg=64000 std=0
Running benchmark for at least 50 iterations and at least 1 seconds but terminate if exceeding 150 seconds.
count=50 first=2200 curr=2000 min=1900 max=2300 avg=2050 std=15

Inference timings in us: Init: 18777, First inference: 64791, Warmup (avg): 37758.2, Inference (avg): 2050
"""


def table(title: str, rows: Rows, start: bool = False) -> str:
    """Lay a table out as CSV, its operators in two orders and by type."""
    total = sum(ms * calls for _, ms, calls in rows)
    header = f"node type, {'start, ' if start else ''}first, avg_ms, %, cdf%, mem KB, times called, name"
    lines = [
        f"{kind}, {'0.0, ' if start else ''}{ms:.3f}, {ms:.3f}, {100 * ms * calls / total:.3f}%, 0.000%, 0.000, {calls}, [{kind}]:{n}"
        for n, (kind, ms, calls) in enumerate(rows)
    ]
    by_time = sorted(lines, reverse=True)
    kinds = [f"{kind}, {calls}, {ms * calls:.3f}, 9.000%, 9.000%, 0.000, {calls}" for kind, ms, calls in rows]
    us = 1000 * total
    return "\n".join([
        title, "============================== Run Order ==============================", header, *lines, "",
        "============================== Top by Computation Time ==============================", header, *by_time, "",
        f"Number of nodes executed: {len(rows)}",
        "============================== Summary by node type ==============================",
        "node type, count, avg_ms, avg %, cdf %, mem KB, times called", *kinds, "",
        f"Timings (microseconds): count=50 first={us:.0f} curr={us:.0f} min={us:.0f} max={us:.0f} avg={us:.0f} std=3",
        "Memory (bytes): count=0", f"{len(rows)} nodes observed", "", "", "",
    ])  # fmt: skip


def lined_up(title: str, rows: Rows) -> str:
    """Lay a table out as it stands in the log."""
    total = sum(ms * calls for _, ms, calls in rows)
    lines = [
        f"\t{kind:>24}\t{ms:9.3f}\t{ms:9.3f}\t{100 * ms * calls / total:7.3f}%\t  0.000%\t    0.000\t{calls:9}\t[x]:{n}"
        for n, (kind, ms, calls) in enumerate(rows)
    ]
    header = "\t             [node type]\t  [first]\t [avg ms]\t     [%]\t  [cdf%]\t  [mem KB]\t[times called]\t[Name]"
    rule = "============================== Run Order =============================="
    return "\n".join([title, rule, header, *lines, "", ""])


def read(folder: Path, text: str, name: str = "run.csv", model: str = MODEL, **names: str) -> Found:
    path = folder / name
    path.write_text(text)
    return read_measurements([path], (model,) if model else (), names=names)


@pytest.mark.parametrize(
    "text",
    [
        table(REGULAR, PLAIN),
        table(INIT, PREPARING) + table(REGULAR, PLAIN),
        table("", PLAIN),
        table("", PREPARING) + table("", PLAIN),
        table(REGULAR, PLAIN, start=True),
        table(REGULAR, SEVERAL),
        table(INIT, PREPARING) + table(REGULAR, XNNPACK),
        table(REGULAR, DELEGATE),
        table(REGULAR, DELEGATE) + table("Delegate internal:", XNNPACK),
        lined_up(INIT, PREPARING)
        + lined_up(REGULAR, PLAIN)
        + "Timings (microseconds): count=50 avg=2000 std=3\n",
        "".join(f"INFO: {line}\n" for line in (table(INIT, PREPARING) + table(REGULAR, PLAIN)).splitlines()),
        "".join(f"I/tflite  ( 1234): {line}\n" for line in table(REGULAR, PLAIN).splitlines()),
        table(REGULAR, PLAIN).replace("\n", "\r\n"),
    ],
)
def test_a_run_is_the_sum_of_the_calls_of_its_operators(tmp_path: Path, text: str) -> None:
    (network,) = read(tmp_path, text).networks
    assert (network.reference, network.latency_ms) == (MODEL, pytest.approx(2.0))


@pytest.mark.parametrize(
    "text",
    [
        LOG,
        LOG + lined_up(INIT, PREPARING) + lined_up(REGULAR, PLAIN),
        LOG + table(INIT, PREPARING) + table(REGULAR, PLAIN),
        "".join(f"INFO: {line}\n" for line in LOG.splitlines()),
        "".join(f"11-28 21:12:53.123  1234  1234 I tflite  : {line}\n" for line in LOG.splitlines()),
        LOG.replace("Inference (avg): 2050", "Inference (avg): 2.05e+03"),
        "Average inference timings in us: Warmup: 83235, Init: 38467, Inference: 2050\n",
    ],
)
@pytest.mark.parametrize("name", ["run.log", "run.txt", "run.csv", "run"])
def test_a_log_says_microseconds_of_a_run(tmp_path: Path, text: str, name: str) -> None:
    (network,) = read(tmp_path, text, name).networks
    assert (network.reference, network.latency_ms) == (MODEL, pytest.approx(2.05))


def test_operators_of_the_regular_runs_are_kept_in_order(tmp_path: Path) -> None:
    found = read(tmp_path, LOG + lined_up(INIT, PREPARING) + lined_up(REGULAR, PLAIN))
    assert [one.kernels for one in found.kernels] == [
        (("CONV_2D", 0.9), ("DEPTHWISE_CONV_2D", 0.4), ("SOFTMAX", 0.7))
    ]
    several = read(tmp_path, table(REGULAR, SEVERAL))
    assert not several.kernels, "which of the calls was which is not told"
    assert "are not matched" in several.notes[0]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (table(REGULAR, PLAIN).partition("\n\n")[0] + "\n", "the file ends with them"),
        (table(REGULAR, PLAIN).replace(table(REGULAR, PLAIN).splitlines()[4] + "\n", ""), "rows are 80% of a run"),
        (table(INIT, PREPARING), "only what is done before the first run"),
        (LOG.partition("Inference timings")[0], "stops before the regular runs"),
        (LOG.replace("(avg): 2050", "(avg): nan"), "row 10: a latency must be a positive number, got 'nan'"),
        (table(REGULAR, PLAIN).replace(", 0.900, 0.900,", ", 0.900, 9.900,"), "sum to 11 ms and the line Timings says 2 ms"),
        (table(REGULAR, PLAIN).replace(", 0.900, 0.900,", ", 0.900, -0.900,"), "row 4, column 'avg_ms': a latency must be"),
        (table(REGULAR, PLAIN).replace("avg_ms", "middle"), "'avg ms' is missing"),
    ],
)  # fmt: skip
def test_what_stops_early_or_is_wrong_says_so(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(FileFormatError) as caught:
        read(tmp_path, text)
    assert what in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_network_is_named_by_the_user(tmp_path: Path) -> None:
    with pytest.raises(
        FileFormatError, match=r"says that mine\.tflite ran, not what is in it; name it with --model"
    ):
        read(tmp_path, LOG, model="")
    for name in ("mine.tflite", "mine", "run.csv", "run"):
        (network,) = read(tmp_path, LOG, model="", **{name: "resnet50@224"}).networks
        assert network.graph == "resnet50@224"
    with pytest.raises(FileFormatError, match=r"--map other=\.\.\. names a network that no file holds"):
        read(tmp_path, LOG, other="resnet50@224")


def test_two_runs_in_one_log_take_a_name_each(tmp_path: Path) -> None:
    path = tmp_path / "runs.log"
    path.write_text(LOG + LOG.replace("2050", "9000"))
    found = read_measurements([path], ("resnet18@224", "resnet50@224"))
    assert [(one.reference, one.latency_ms) for one in found.networks] == [
        ("resnet18@224", 2.05),
        ("resnet50@224", 9.0),
    ]
