"""What the documents say is what the project does: commands, examples, names, sources, marked blocks."""

from __future__ import annotations

import contextlib
import csv
import re
import shlex
import tomllib
from pathlib import Path

import click
import pytest

import dsim
from dsim.cli.main import VERBS
from dsim.cli.main import dsim as root_command
from dsim.search import Space
from dsim.search.space_file import load_space, space_toml
from lab.marked import read_block

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = "\n".join(
    path.read_text(encoding="utf-8") for path in (ROOT / "README.md", *ROOT.glob("docs/*.md"))
)
EXAMPLES = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
SHELL = re.findall(r"```sh\n(.*?)```", README, flags=re.DOTALL)
COMMANDS = sorted(
    set(re.findall(r"`(dsim [a-z][^`]*)`", README))  # not `dsim VERB` and `dsim --debug`
    | {line for block in SHELL for line in block.splitlines() if line.startswith("dsim ")}
)


def leaves() -> dict[str, click.Command]:
    """Return every command by its words, e.g. ``device list``."""
    found = {}
    context = click.Context(root_command)
    for verb in VERBS:
        command = root_command.get_command(context, verb)
        assert command is not None
        if isinstance(command, click.Group):
            found.update({f"{verb} {name}": child for name, child in command.commands.items()})
        if not isinstance(command, click.Group) or command.invoke_without_command:
            found[verb] = command
    return found


@pytest.mark.parametrize("code", EXAMPLES, ids=[f"example-{i}" for i in range(len(EXAMPLES))])
def test_python_examples_run(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {"__name__": "readme"})
    assert capsys.readouterr().out.strip()


def test_there_are_examples_of_every_verb_in_python() -> None:
    text = "\n".join(EXAMPLES)
    for verb in ("dsim.search(", "dsim.predict(", "dsim.top1(", "dsim.export("):
        assert verb in text


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_in_the_readme_parse(line: str) -> None:
    words = shlex.split(line.partition(" > ")[0], comments=True)[1:]
    known = leaves()
    name = " ".join(words[:2]) if " ".join(words[:2]) in known else words[0]
    command = known[name]
    # parsing only: raises a usage error for what the command does not take
    with contextlib.suppress(click.exceptions.Exit):  # an option that prints and ends, such as --show-space
        command.make_context(name, words[len(name.split()) :])


@pytest.mark.parametrize("name", leaves())
def test_every_command_is_documented_and_has_help(name: str) -> None:
    assert f"dsim {name}" in DOCUMENTS
    command = leaves()[name]
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.name != "help" and not parameter.hidden:
            assert parameter.help, f"dsim {name} {parameter.opts[0]} has no help"


def test_help_of_the_groups_needs_no_verb() -> None:
    context = click.Context(root_command, info_name="dsim")
    text = root_command.get_help(context)
    for verb, (_, line) in VERBS.items():
        assert verb in text
        assert line.split()[0] in text


def test_every_name_of_the_front_door_is_documented() -> None:
    for name in dsim.__all__:
        assert getattr(dsim, name).__doc__, f"dsim.{name} has no docstring"


def test_make_targets_in_the_documents_exist() -> None:
    targets = set(
        re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    )
    for document in ("README.md", "CONTRIBUTING.md", ".ci/run", ".pre-commit-config.yaml"):
        asked = set(
            re.findall(
                r"^\s*make ([a-z]+)|`make ([a-z]+)`",
                (ROOT / document).read_text(encoding="utf-8"),
                flags=re.M,
            )
        )
        assert {a or b for a, b in asked} <= targets | {"help"}, document
    assert "make test" in (ROOT / ".ci/run").read_text(encoding="utf-8")


def test_both_commands_use_the_pinned_torch() -> None:
    assert re.search(
        r"^torch==2\.13\.0$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    installs = re.findall(r"pip install.*", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert installs
    # build/lowest.txt pins torch, too: it stands in pyproject.toml
    assert all(re.search(r"-c (constraints|build/lowest)\.txt", line) for line in installs)


def test_the_run_in_the_documents_is_there() -> None:
    shown, everything = (read_block(ROOT / page, "run") for page in ("README.md", "docs/search.md"))
    for text in (shown, everything):
        assert "$ dsim study --device iphone12 --budget 2ms" in text
    for part in ("chance that a new measurement is within", "Pareto front", "Not searched", "Cost:"):
        assert part in everything


def test_notice_names_every_laboratory_that_is_quoted() -> None:
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    for path in (*ROOT.glob("device_profiles/*/*.csv"), *ROOT.glob("dsim/data/accuracy/*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            sources = {row["source"] for row in csv.DictReader(file) if row.get("source")}
        for source in sources:
            assert source in notice, f"{path.name} quotes {source!r}, which NOTICE does not name"


def test_the_page_on_spaces_shows_the_usual_one_and_its_example_is_a_space(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "space.md").read_text(encoding="utf-8")
    block = page.partition("<!-- begin: space -->")[2].partition("<!-- end: space -->")[0]
    assert block.strip() == f"```toml\n{space_toml(Space())}```"
    (example,) = re.findall(r"## An example.*?```toml\n(.*?)```", page, flags=re.DOTALL)
    path = tmp_path / "space.toml"
    path.write_text(example)
    space = load_space(path)
    assert set(tomllib.loads(example)) == set(Space().to_dict())
    result = dsim.search("iphone12", 4.0, space=space, trials=2)
    assert result.fastest.arch.resolution == 256
    assert {str(block.mixer) for block in result.fastest.arch.stages[0].blocks} == {"conv3"}
