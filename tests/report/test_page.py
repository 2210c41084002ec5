"""The page: what it holds, that no text of a profile can run in it, what it refuses, and its figures as PNG."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from dsim.arch import get_preset
from dsim.cli import main
from dsim.cli.compare import compare
from dsim.cli.main import dsim
from dsim.cli.study import study
from dsim.errors import DsimError, FileAccessError, InvalidValueError, MissingPackageError
from dsim.latency.scoring import Held
from dsim.report import packages
from dsim.report.held import keep_held, kept_held
from dsim.report.page import Page, make_page, read_subjects, render_page, write_figures
from dsim.report.page.figures import DRAWN, WIDTH, figure_spec
from dsim.report.page.fronts import Front, below_line, panels_figure
from dsim.report.page.held import MOST, held_figure
from dsim.report.page.ledger import comparison_command, joint_command
from dsim.report.page.parts import PagePart
from dsim.report.page.stages import stages_figure
from dsim.report.write_page import write_page
from dsim.search import Published, load_joint
from dsim.shift.measured import Timed, design_id, write_measured
from tests.report.records import (
    BREAK,
    LARGE,
    SCRIPT,
    SMALL,
    comparison,
    write_comparison,
    write_joint_study,
    write_study,
)

HELD = (
    Held("iphone12", f"net{SCRIPT}@224", "fam", 1.0, 1.1, 0.9, 1.3, "", "inside"),
    Held("iphone12", "far@224", "other", 1.0, 2.0, 1.8, 2.2, "", "inside"),
    Held("iphone12", "left@224", "other", 1.0, 2.0, 1.8, 2.2, "fell back", "inside"),
)
NARROW = "\N{NO-BREAK SPACE}"  # between a figure and its unit
# study.toml of a study for several devices, without its budgets
JOINT = 'schema_version = 1\nfingerprint = "a"\nmodels = {{}}\n[inputs]\nconfidence = 0.9\ntrials = 3\nseed = 0\nfits_by = "chance"\nbudgets_ms = {}\n'


class Reader(HTMLParser):
    """Collects elements, scripts and addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.scripts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.ids += [value for name, value in attrs if name == "id" and value]
        self.addresses += [value for name, value in attrs if name in ("src", "href") and value]
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.lasttag == "script" and self.scripts:
            self.scripts[-1] += data


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Page:
    folder = tmp_path_factory.mktemp("page")
    write_comparison(folder / "latency", comparison())
    write_study(folder / "one")
    (folder / "nothing").mkdir()
    return make_page(read_subjects([folder]).shown, lambda name: HELD if name == "iphone12" else None)


@pytest.fixture(scope="module")
def html(page: Page) -> str:
    return render_page(page)


@pytest.fixture(scope="module")
def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    return reader


def test_a_folder_of_folders_stands_for_all(page: Page) -> None:
    assert [part.name for part in page.parts] == ["latency", "one"]
    assert [part.title for part in page.parts] == [
        "How the best design changes over 3 devices, in ms",
        "iPhone 12, 12 Pro and 12 Pro Max (A14): the best design within 1 ms",
    ]


def test_it_opens_with_an_answer_for_each_device(page: Page, html: str) -> None:
    assert [answer.device for answer in page.answers] == [
        "iphone12",
        f"mine{SCRIPT}",
        f"odd{BREAK}",
        "iphone12",
    ]
    first = page.answers[0]
    assert first.title == "iPhone 12, 12 Pro and 12 Pro Max (A14)"
    assert first.sentence.startswith(
        "The most accurate design that fits 1 ms, l1, takes 0.900 ms (0.800 to 1.00)"
    )
    assert first.design.startswith("224 px, stem two_convs")
    assert page.answers[-1].sentence.endswith(
        "Chance that it leaves the accelerator: 2.4%, and then it is many times slower; the interval does not include that."
    )
    assert html.index('class="answers"') < html.index("<nav") < html.index("<main>")


def test_code_can_be_copied_as_it_is(html: str, read: Reader) -> None:
    code = re.findall(r"<code>([^<]*)</code></pre><button", html)
    assert len(code) == read.tags.count("pre") == read.tags.count("button")
    assert sum(line.startswith("dsim ") for line in code) == 5
    assert not [line for line in code if "\N{NO-BREAK SPACE}" in line or "\N{NON-BREAKING HYPHEN}" in line]


def test_a_front_with_a_dot_below_its_line_says_why() -> None:
    later = replace(SMALL, arch=LARGE.arch, latency_ms=0.85, high_ms=1.1, top1_low=79.5)
    straight, beaten = (
        Front("x", "X", 1.0, "ms", designs, SMALL, ()) for designs in ((SMALL, LARGE), (SMALL, later))
    )
    assert below_line([straight]) == ""
    assert "below a line" in below_line([straight, beaten])
    assert "below a line" in panels_figure([beaten]).caption


def test_the_chosen_design_and_measured_networks_carry_names() -> None:
    measured = tuple(Published(f"Net-{n}", 0.7 + 0.2 * n, 78.0 + n, "a paper") for n in range(3))
    figure = panels_figure([Front("x", "X", 1.0, "ms", (SMALL, LARGE), SMALL, measured)])
    text = json.dumps(figure.panels[0].chart.to_dict(validate=False))
    for name in ("chosen design", "Net-0", "Net-1", "Net-2"):
        assert f'"name": "{name}"' in text


def test_it_loads_nothing_and_holds_vega_once(html: str, read: Reader) -> None:
    assert all(address.startswith(("#", "data:")) for address in read.addresses)
    assert "default-src 'none'" in html
    assert len(read.scripts) == 4
    assert sum("vegaEmbed=" in script for script in read.scripts) == 1
    assert len(html) < 1_500_000


def test_no_text_of_a_record_can_run(html: str, read: Reader) -> None:
    assert SCRIPT not in html
    assert BREAK not in html
    assert "img" not in read.tags
    assert "&lt;script&gt;alert(1)" in html
    charts = json.loads(read.scripts[1])
    assert SCRIPT in json.dumps(charts)  # told as text, and only there


def test_every_chart_has_a_place_a_name_and_a_table(html: str, read: Reader, page: Page) -> None:
    charts = json.loads(read.scripts[1])
    assert set(charts) <= set(read.ids)
    assert len(read.ids) == len(set(read.ids))
    assert all(chart["description"] for chart in charts.values())
    figures = [f for part in page.parts for section in part.sections for f in section.figures]
    assert read.tags.count("details") == len(figures) + 1  # and the contents
    assert read.tags.count("caption") == read.tags.count("table")
    assert all(figure.data.rows for figure in figures)
    assert not re.search(r"\bnan\b", re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL))


def test_what_it_says(html: str) -> None:
    for text in (
        "Of 6 losses with another device",
        "30% of the milliseconds of the best design for iphone12",
        "No two of these devices differ in the chip alone",
        "Of the 2 that can be judged, 1 save significantly more",
        "No longer installed",
        "measured by others",
        "The price of certainty",
        "the chance that it takes no longer is",
        "of 1 designs",  # of the halves
        "f" * 64,
        "256\N{NO-BREAK SPACE}px lies outside",
        "net&lt;script&gt;",
    ):
        assert text in html, text
    assert "left@224" not in html  # it left the accelerator


def test_the_same_records_give_the_same_page(page: Page, html: str) -> None:
    assert render_page(page) == html


def test_its_command_is_one_that_dsim_takes() -> None:
    line, space = comparison_command(comparison(), "latency")
    words = shlex.split(line)
    assert words[:2] == ["dsim", "compare"]
    assert space is None
    # split, not converted: one of its devices is on no machine
    options, rest, _ = compare.make_parser(click.Context(compare)).parse_args(words[2:])
    assert options["name"] == "latency"
    assert not rest


def test_a_study_that_fits_nothing_says_so(tmp_path: Path) -> None:
    write_study(tmp_path / "tight", fits=False)
    html = render_page(make_page(read_subjects([tmp_path / "tight"]).shown, lambda _: None))
    assert "No design fits 1\N{NO-BREAK SPACE}ms. The fastest design takes" in html
    assert "--space space.toml" in html
    assert "dsim device validate NAME" in html


def test_one_design_for_several_devices_has_a_part(tmp_path: Path) -> None:
    write_joint_study(tmp_path / "both")
    write_study(tmp_path / "one")
    html = render_page(make_page(read_subjects([tmp_path]).shown, lambda _: None)).replace(NARROW, " ")
    assert "3 answers" in html
    assert "One design for iphone12 and mine" in html
    assert "gives up 2.0 (1.2 to 2.8) points of top\N{NON-BREAKING HYPHEN}1" in html
    assert "best for mine" in html
    assert "both-iphone12" in html  # where the study for one of them lies
    assert SCRIPT not in html


def test_where_nothing_fits_several_devices_the_page_says_by_how_much(tmp_path: Path) -> None:
    subjects = read_subjects([write_joint_study(tmp_path / "both", fits=False)])
    html = render_page(make_page(subjects.shown, lambda _: None)).replace(NARROW, " ")
    share = max(SMALL.needs_ms / 1.0, SMALL.needs_ms / 0.5)
    assert f"every budget times {share:g} would do" in html
    assert "What to do next" not in html


def test_the_command_of_several_devices_is_one_that_dsim_takes(tmp_path: Path) -> None:
    line, space = joint_command(load_joint(write_joint_study(tmp_path / "both")))
    words = shlex.split(line)
    options, rest, _ = study.make_parser(click.Context(study)).parse_args(words[2:])
    assert options["devices"] == ["iphone12=1.0ms", "mine=0.5ms"]
    assert options["name"] == "both"
    assert not rest
    assert space is None


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (None, "does not exist"),
        ({"study.toml": JOINT.format("[]")}, "budgets_ms"),
        ({}, "got neither"),
        ({"devices/x/study.toml": ""}, "unfinished comparison"),
        ({"comparison.json": "{"}, "must be JSON"),
        ({"comparison.json": '{"schema_version": 99}'}, "schema_version 1"),
        ({"study.toml": "x = 1"}, "schema_version 1, got None"),
        ({"study.toml": "schema_version = 7"}, "schema_version 1, got 7"),
        ({"study.toml": "["}, "study.toml must be TOML"),
        ({"a/comparison.json": "[]"}, "schema_version 1"),
    ],
)
def test_what_is_no_result_is_one_line(tmp_path: Path, files: dict[str, str] | None, said: str) -> None:
    folder = tmp_path / "f"
    for name, text in (files or {}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    if files == {}:
        folder.mkdir()
    with pytest.raises(DsimError, match=re.escape(said)) as error:
        read_subjects([folder])
    assert "\n" not in str(error.value)


def test_a_study_without_its_result_is_not_finished(tmp_path: Path) -> None:
    folder = write_study(tmp_path / "half")
    (folder / "chosen.json").unlink()
    with pytest.raises(DsimError, match="was not finished"):
        read_subjects([folder])


def test_a_folder_named_twice_is_refused(tmp_path: Path) -> None:
    folder = write_study(tmp_path / "twice")
    with pytest.raises(DsimError, match="once"):
        read_subjects([folder, tmp_path])


def test_figures_are_written(page: Page, tmp_path: Path) -> None:
    sections = {section.key: section for section in page.parts[0].sections}
    assert len([figure for section in sections.values() for figure in section.figures]) == 13
    some = PagePart(
        "p1",
        "some",
        "Some",
        (replace(sections["regret"], figures=sections["regret"].figures[:1]), sections["what-if"]),
    )
    written = write_figures(Page("some", (), (some,)), tmp_path / "png")
    assert [path.name for path in written] == ["regret.png", "what-if.png", "what-if-top1.png"]
    for path in written:
        assert path.read_bytes().startswith(b"\x89PNG")
        assert path.stat().st_size > 5_000


def test_a_long_title_takes_lines_and_pushes_no_panel_away() -> None:
    name = "AMD EPYC Zen 3 (Milan), one core of a virtual machine, ONNX Runtime 1.32.0, CPU, float32"
    figure = stages_figure([(name, get_preset("efficientformer_l1"))] * 3)
    drawn = DRAWN["svg"](figure_spec(figure)).decode()
    wide = re.search(r' width="(\d+)', drawn)
    assert wide is not None
    assert WIDTH < int(wide.group(1)) < 1.3 * WIDTH  # axes stand beside the panels
    assert "float32: 224 px, stem" in drawn


def test_a_front_as_svg_is_small_and_one_picture(tmp_path: Path) -> None:
    page = make_page(read_subjects([write_study(tmp_path / "one")]).shown, lambda _: None)
    front = next(path for path in write_figures(page, tmp_path / "svg", "svg") if path.name == "front.svg")
    text = front.read_text(encoding="utf-8")
    assert len(text) < 60_000
    assert text.startswith('<svg role="img" aria-label="iPhone 12')
    assert text.count("aria-") == 1
    assert "chosen design" in text
    assert "<script" not in text


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study, out = write_study(tmp_path / "s"), tmp_path / "new" / "report.html"
    for _ in range(2):  # the second time it is replaced
        with pytest.raises(SystemExit) as stop:
            main(["report", str(study), "-o", str(out)])
        assert stop.value.code == 0
        assert capsys.readouterr().out.strip() == str(out)
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit):
        main(["report", str(study), "-o", str(tmp_path / "file" / "r.html")])
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "must be a folder, and is a file" in said


def test_a_missing_package_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "PACKAGES", ("no_such_package",))
    with pytest.raises(MissingPackageError, match=r"pip install 'dsim\[report\]'"):
        packages.need_page_packages()


def test_of_many_held_out_networks_some_are_drawn_and_all_are_counted() -> None:
    many = [
        replace(HELD[0], graph=f"n{i}@224", measured_ms=1.0 + i, predicted_ms=1.1 * (1 + i))
        for i in range(1000)
    ]
    figure = held_figure({"iphone12": many})
    assert figure
    assert len(figure.data.rows) == MOST
    assert figure.panels[0].title == "iphone12: median error 10.0% of 1000"
    assert "that many are drawn" in figure.caption


def test_held_out_predictions_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSIM_CACHE", str(tmp_path))
    assert kept_held("iphone12") is None
    keep_held("iphone12", HELD)
    assert kept_held("iphone12") == HELD
    (path,) = (tmp_path / "held").iterdir()
    path.write_text("[{}]")
    assert kept_held("iphone12") is None


def test_help_names_its_options() -> None:
    from dsim.cli.report import report

    assert {"folders", "out", "png", "svg", "held_out", "force", "as_json"} == {
        p.name for p in report.params if isinstance(p, click.Parameter)
    }


def test_timed_designs_stand_beside_their_predictions(tmp_path: Path) -> None:
    folder = write_comparison(tmp_path / "latency", comparison())
    timed = Timed("iphone12", design_id(SMALL.arch), 1.25, 0.01, 50, 0.2, "chip", "runtime 1")
    write_measured(folder, [timed])
    (part,) = make_page(read_subjects([folder]).shown, lambda name: None).parts
    (section,) = (one for one in part.sections if one.key == "timed")
    summary, column = section.tables
    assert [row[0] for row in summary.rows] == ["iphone12"]
    assert any("1.25" in cell for row in column.rows for cell in row)


def test_what_is_unfinished_is_named_and_left_out(tmp_path: Path) -> None:
    studies = tmp_path / "studies"
    write_study(studies / "done")
    (write_study(studies / "half") / "chosen.json").unlink()
    (write_study(studies / "torn") / "front.parquet").write_bytes(b"torn")
    (studies / "compare" / "devices" / "iphone12").mkdir(parents=True)
    (studies / "notes").mkdir()  # neither a study nor a comparison
    out = tmp_path / "r.html"
    done = CliRunner().invoke(dsim, ["report", str(studies), "-o", str(out), "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["files"] == [str(out)]
    assert done.stderr.splitlines() == [f"Left out: {line}" for line in told["left_out"]]
    for line, name, why in zip(
        told["left_out"],
        ("compare", "half", "torn"),
        ("an unfinished comparison", "was not finished", "must be a parquet file"),
        strict=True,
    ):
        assert str(studies / name) in line
        assert why in line
    with pytest.raises(DsimError, match=r"got 2 that are not; the first: .*compare.* unfinished"):
        read_subjects([studies / "compare", studies / "half"])


def test_a_page_is_not_written_under_a_name_of_another_kind(tmp_path: Path) -> None:
    with pytest.raises(
        InvalidValueError, match=r"written as HTML, got the file name 'r\.pdf'; end it in \.html"
    ):
        write_page([tmp_path], tmp_path / "r.pdf")
    assert list(tmp_path.iterdir()) == []


def test_only_pages_of_dsim_are_written_over(tmp_path: Path) -> None:
    study, out = write_study(tmp_path / "one"), tmp_path / "r.html"
    out.write_text("<!DOCTYPE html><title>mine</title>")
    with pytest.raises(FileAccessError, match=r"r\.html must be new or a page that dsim made.*--force"):
        write_page([study], out)
    assert "mine" in out.read_text()
    assert write_page([study], out, force=True).files == (out,)
    assert write_page([study], out).files == (out,)  # its own page
    out.write_text("")  # nothing is lost
    assert write_page([study], out).files == (out,)
