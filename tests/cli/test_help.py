"""Every command's help shows an example that parses, says what comes next, and fits a terminal of 80 columns."""

from __future__ import annotations

import shlex

import click
import pytest
from click.testing import CliRunner

from dsim.cli.main import dsim

WIDTH = 80
# words that a reader stumbles over, with what to say instead
STUMBLES = {
    "holds a latency budget": "fits a latency budget",
    "hold a latency budget": "fit a latency budget",
    "goes on": "continues",
    "When to stop": "say what is stopped",
    "by default": "show_default",
    "a finding takes": "say what is significant",
}


def commands() -> dict[str, click.Command]:
    """Return every command by its words, groups and the program itself included."""
    found: dict[str, click.Command] = {}

    def walk(words: str, command: click.Command) -> None:
        found[words] = command
        if isinstance(command, click.Group):
            context = click.Context(command)
            for name in command.list_commands(context):
                child = command.get_command(context, name)
                assert child is not None
                walk(f"{words} {name}", child)

    walk("dsim", dsim)
    return found


COMMANDS = commands()


def text_of(words: str) -> str:
    done = CliRunner().invoke(dsim, [*words.split()[1:], "--help"], prog_name="dsim")
    assert done.exit_code == 0
    return done.stdout


def examples(text: str) -> list[str]:
    """Return the command lines below the word Example; a line that ends in a backslash goes on."""
    _, _, end = text.replace("Examples:", "Example:").partition("Example:")
    lines = end.partition("Next:")[0].replace("\\\n", " ").splitlines()
    return [line.strip() for line in lines if line.strip()]


def test_every_command_is_walked() -> None:
    assert {"dsim", "dsim study", "dsim device add", "dsim measure", "dsim measure bundle"} <= set(COMMANDS)


@pytest.mark.parametrize("words", COMMANDS)
def test_help_fits_and_ends_with_an_example_and_the_next_step(words: str) -> None:
    text = text_of(words)
    wide = [line for line in text.splitlines() if len(line) > WIDTH]
    assert not wide
    assert "\\b" not in text, "a mark for click, which it reads only where the text is not raw"
    assert examples(text), "an example is needed"
    assert "Next: " in text.partition("Example")[2], "what comes next is needed, behind the example"
    plain = " ".join(text.split())
    assert not [words for words in STUMBLES if words in plain]
    assert "..." not in plain.partition("Commands:")[2].partition("Backends:")[0].partition("Example")[0]


@pytest.mark.parametrize("words", COMMANDS)
def test_examples_parse(words: str) -> None:
    for line in examples(text_of(words)):
        parts = shlex.split(line)
        name = max((one for one in COMMANDS if f"{line} ".startswith(f"{one} ")), key=len)
        assert name == words or words == "dsim" or isinstance(COMMANDS[words], click.Group)
        # parsing only: raises a usage error for what the command does not take
        COMMANDS[name].make_context(name, parts[len(name.split()) :])
